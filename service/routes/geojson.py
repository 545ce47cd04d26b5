"""GeoJSON by address: neighbourhoods of a layer, sites, and councils of large places."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from service.access.layer_columns import check_area
from service.drawing.features import collection, councils, lines, sites
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION, score
from service.editions.views import ACCESS, View
from service.web.answers import answer
from service.web.dependencies import (
    BoxText,
    DetailText,
    RequestedEdition,
    RequestedView,
    ServiceText,
    read_bbox,
    read_detail,
    read_name,
)
from service.web.queries import BadQuery

router = APIRouter(tags=["GeoJSON"])
GEOJSON = "application/geo+json"


def answer_key(edition: Edition, view: View, kind: str, more: str = "") -> str:
    """Everything that an answer depends on."""
    return " ".join((kind, edition.id, METHOD_VERSION, view.place, view.layer, view.but(edition="").query(), more))


@router.get("/geojson/{place}/sites", response_class=Response)
def show_sites(request: Request, edition: RequestedEdition, view: RequestedView, service: ServiceText = "") -> Response:
    """Sites in a place and within 30 km of it, as points; with ``within`` those in the footprint only."""
    wanted = read_name("service", service)
    known = sorted({site["service"] for site in edition.sites()})
    if wanted and wanted not in known:
        raise BadQuery("service", f"service is {wanted!r}; expected one of {', '.join(known)}.")
    key = answer_key(edition, view, "sites", f"{wanted} {view.accepting}".strip())
    return answer(
        request, key, lambda: sites(edition, view, wanted or None), media_type=GEOJSON, pinned=bool(view.edition)
    )


@router.get("/geojson/{place}/lines", response_class=Response)
def show_lines(request: Request, edition: RequestedEdition, view: RequestedView) -> Response:
    """Give main roads and water in a place as lines; none where it was built without a street network."""
    key = answer_key(edition, view, "lines")
    return answer(request, key, lambda: lines(edition, view), media_type=GEOJSON, pinned=bool(view.edition))


@router.get("/geojson/{place}/councils", response_class=Response)
def show_councils(request: Request, edition: RequestedEdition, view: RequestedView) -> Response:
    """Councils of a place with the means of a view over their neighbourhoods."""
    key = answer_key(edition, view, "councils")
    return answer(
        request,
        key,
        lambda: councils(edition, score(edition, view)),
        media_type=GEOJSON,
        pinned=bool(view.edition),
    )


@router.get("/geojson/{place}/{layer}", response_class=Response)
def show_layer(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    detail: DetailText = "",
    bbox: BoxText = "",
) -> Response:
    """Neighbourhoods of one layer with their figures; with ``bbox`` only those that touch the box."""
    shown, box = read_detail(detail) if detail else "full", read_bbox(bbox)
    if view.layer == ACCESS:
        check_area(edition, view)
    key = answer_key(edition, view, "layer", f"{shown} {box}")

    def make() -> bytes:
        scores = score(edition, view)
        inside = np.flatnonzero(np.isin(scores.rows, edition.rows_in_box(*box))) if box else None
        return collection(edition, scores, detail=shown, chosen=inside)

    return answer(request, key, make, media_type=GEOJSON, pinned=bool(view.edition))
