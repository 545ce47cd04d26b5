"""The page on access: who can reach which service, by need."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from service.pages.access import access_page
from service.pages.access_form import forgiven_access
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.web.addresses import comment_address
from service.web.answers import answer_page
from service.web.dependencies import AskedWords, Forgiven, RequestedEdition
from service.web.late_routes import Routes

router = Routes(default_response_class=HTMLResponse, include_in_schema=False)


async def asked_view(opened: RequestedEdition, words: AskedWords) -> Forgiven:
    """Read the form of the page; see `service.pages.access_form.forgiven_access`."""
    return await forgiven_access(opened, words)


@router.get("/places/{place}/access")
def show_access(
    request: Request, edition: RequestedEdition, asked: Annotated[Forgiven, Depends(asked_view)]
) -> Response:
    """Show who can reach a service: in short, on a map, by neighbourhood, need fifth and group."""
    view = asked.view
    errors = [{"text": slip.sentence, "href": f"#{slip.parameter}"} for slip in asked.errors]
    public_url = site_pages(request).tenant.public_url
    drawn = access_page(edition, view, errors, public_url=public_url)
    context = furniture(edition, layer=view.layer) | {
        "page_title": drawn["heading"],
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "breadcrumbs": breadcrumbs((str(edition.place["name"]), drawn["planner_address"]), ("Access", "")),
        "errors": errors,
        "notices": asked.notices,
        **drawn,
    }
    body = site_pages(request).draw("access.html", context).encode()
    if errors:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer_page(request, body, edition)
