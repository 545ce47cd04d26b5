"""The page of councils like one of a place's own."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from service.measures.similar_places import (
    COMPARED_BY,
    MOST,
    K,
    councils_of,
    read_council,
    read_k,
    read_peers,
    read_variables,
)
from service.pages.compare import compare_page
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.wording import labelled
from service.queries import BadQuery
from service.routes.fairness import AskedPeers
from service.web.addresses import comment_address
from service.web.answers import answer_page
from service.web.dependencies import EditionText, RequestedEdition
from service.web.late_routes import Routes

router = Routes(default_response_class=HTMLResponse, include_in_schema=False)
FIELDS = ("k", "variables", "peers")
LABELS = {"k": "How many peers", "variables": "Alike in what"}


@router.get("/places/{place}/compare")
def show_compare(
    request: Request,
    opened: RequestedEdition,
    asked: AskedPeers,
    edition: EditionText = "",
) -> Response:
    """Set a council of the place beside the councils most like it; a slip of the form is named beside its field."""
    if not opened.context_areas():
        return _nothing_held(request, opened)
    chosen = read_council(opened, asked.council)
    slips: dict[str, str] = {}
    drawn: dict[str, Any] = {}
    try:
        named = read_peers(opened, chosen, asked.peers)
        names = read_variables(opened, asked.variables)
        drawn = compare_page(opened, chosen, read_k(asked.k), asked.variables, names, named)
    except BadQuery as error:
        if error.parameter not in FIELDS:
            raise
        slips[error.parameter] = labelled(error, error.parameter, LABELS.get(error.parameter, error.parameter))
        drawn = _form_alone(opened, chosen)
    context = furniture(opened) | {
        "page_title": drawn["heading"],
        "wide": True,
        "pinned": edition,
        "comment_address": comment_address(request),
        "breadcrumbs": breadcrumbs((opened.place["name"], drawn["planner_address"]), ("Compare", "")),
        "errors": [{"text": text, "href": f"#{name}"} for name, text in slips.items()],
        "faults": slips,
        **drawn,
    }
    body = site_pages(request).draw("compare.html", context).encode()
    if slips:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer_page(request, body, opened)


def _nothing_held(request: Request, opened: RequestedEdition) -> Response:
    """Say that an edition holds no figures of councils."""
    context = furniture(opened) | {
        "page_title": f"{opened.place['name']} and councils like it",
        "detail": "No figures of councils are held in this edition. Build the place again with their sources.",
        "places": [],
    }
    return HTMLResponse(site_pages(request).draw("error.html", context), 404, {"Cache-Control": "no-store"})


def _form_alone(opened: RequestedEdition, council: str) -> dict[str, Any]:
    """Give the form with its usual values, where what was asked for cannot be compared."""
    return {
        "heading": f"How {opened.place['name']} compares with councils like it",
        "councils": [
            {"value": part["code"], "text": part["name"], "selected": part["code"] == council}
            for part in councils_of(opened)
        ],
        "k": K,
        "most": MOST,
        "by": [{"value": name, "text": title} for name, title in COMPARED_BY.items()],
        "peers": [],
        "planner_address": f"/places/{opened.place['id']}",
    }
