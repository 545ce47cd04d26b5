"""Full-page maps, the script of a place's frame, and the same map as a picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION, score
from service.editions.views import View
from service.embeds.addresses import builder_address, map_query, oembed_address, with_query
from service.pages.elsewhere import elsewhere
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.map import map_page
from service.pages.map_key import services_of
from service.pages.map_pictures import map_picture, picture_query
from service.pages.take_away import downloads_of
from service.queries import BadQuery, read_name
from service.routes.heavy import check_area, heavy_answer
from service.web.addresses import comment_address, public_address
from service.web.answers import answer, answer_page
from service.web.dependencies import RequestedEdition, RequestedView, RequestedWorkshop, ServiceText
from service.web.late_routes import Routes

router = Routes(include_in_schema=False)
SCRIPT = "text/javascript; charset=utf-8"
PIXELS = "service.files.pictures:make_png"
DRAWING = "6"
"""Part of a picture's tag: to be raised whenever the same figures would be drawn differently."""


def read_service(text: str, edition: Edition) -> str:
    """Read the name of a service whose sites are wanted; empty for all."""
    name, known = read_name("service", text), services_of(edition)
    if name and name not in known:
        raise BadQuery("service", f"service is {name!r}.", hint=f"Give one of {', '.join(sorted(known))}.")
    return name


@router.get("/maps/{place}/frame.js")
def frame_script(request: Request, edition: RequestedEdition, place: str) -> Response:
    """Give the script that makes the empty map of a place: folium's, kept at build."""
    return frame_answer(request, edition, place)


def frame_answer(request: Request, edition: Edition, place: str) -> Response:
    """Answer with the script of the empty map, to a page or to an embed."""
    pinned = bool(request.query_params.get("edition"))
    key = f"frame {place} {edition.id}"
    return answer(request, key, lambda: edition.frame()[1].encode(), media_type=SCRIPT, pinned=pinned, edition=edition)


@router.get("/maps/{place}/{layer}")
def show_map(request: Request, edition: RequestedEdition, view: RequestedView, service: ServiceText = "") -> Response:
    """Show one layer as a full-page map."""
    drawn = _page(request, edition, view, read_service(service, edition))
    body = site_pages(request).draw("map/page.html", drawn).encode()
    return answer_page(request, body, edition)


@router.get("/pictures/{place}/{layer}.svg")
def show_picture(
    request: Request, edition: RequestedEdition, view: RequestedView, service: ServiceText = ""
) -> Response:
    """Draw one layer as a picture, for print, PDF and pages without a script."""
    wanted = read_service(service, edition)
    key = f"picture {DRAWING} {METHOD_VERSION} {view.place} {edition.id} {view.layer} {picture_query(view, wanted)}"
    return answer(
        request,
        key,
        lambda: map_picture(edition, view, score(edition, view), service=wanted).encode(),
        media_type="image/svg+xml",
        pinned=bool(view.edition),
        edition=edition,
    )


@router.get("/pictures/{place}/{layer}.png")
async def show_pixels(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    workshop: RequestedWorkshop,
    service: ServiceText = "",
) -> Response:
    """Draw one layer as a picture in pixels, for slides and documents."""
    wanted = read_service(service, edition)
    check_area(edition, view)
    key = f"pixels {DRAWING} {METHOD_VERSION} {view.place} {edition.id} {view.layer} {picture_query(view, wanted)}"
    store = str(edition.stored.folder.parent.parent)
    job = {"store": store, "view": asdict(view), "edition": edition.id, "service": wanted}
    pinned = bool(view.edition)
    return await heavy_answer(request, workshop, PIXELS, job, key=key, kind="image/png", pinned=pinned, keep=True)


def _page(request: Request, edition: Edition, view: View, service: str) -> dict[str, Any]:
    drawn = map_page(edition, view, score(edition, view), service=service)
    public = public_address(request.app.state.settings)
    return furniture(edition, layer=view.layer) | {
        "page_title": f"{drawn.layer.title}: map of {edition.place['name']}",
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "map": drawn,
        "downloads": downloads_of(view.but(service=service or view.service), view.layer),
        "attribution": [*drawn.attribution, *drawn.site_attribution],
        "pixels_address": with_query(f"/pictures/{view.place}/{view.layer}.png", map_query(view)),
        "embed_address": builder_address(view.but(service=service or view.service)),
        "oembed": oembed_address(public, with_query(f"/maps/{view.place}/{view.layer}", map_query(view))),
        "elsewhere": elsewhere(edition, view, public),
        "breadcrumbs": breadcrumbs((str(edition.place["name"]), drawn.table), ("Map", "")),
    }
