"""GeoJSON by address: neighbourhoods of a layer, sites, and councils of large places."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from geodata.errors import EditionTooOld
from service.access.layer_columns import check_area
from service.drawing.features import councils, lines, sites
from service.drawing.layer_body import layer_body
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION, score
from service.editions.views import ACCESS, View
from service.encodings import choose_encoding
from service.queries import BadQuery
from service.web.answers import answer, answer_headers, is_known, keep_in_lane
from service.web.bodies import BodyResponse
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
from service.web.late_routes import Routes

router = Routes(tags=["GeoJSON"])
GEOJSON = "application/geo+json"
FORM = "5"
"""Part of an answer's tag: to be raised whenever the same figures would be written differently."""


def answer_key(edition: Edition, view: View, kind: str, more: str = "") -> str:
    """Everything that an answer depends on."""
    return " ".join((kind, FORM, edition.id, METHOD_VERSION, view.place, view.layer, view.query(edition=""), more))


@router.get("/geojson/{place}/sites", response_class=Response)
def show_sites(request: Request, edition: RequestedEdition, view: RequestedView, service: ServiceText = "") -> Response:
    """Sites in a place and within 30 km of it, as points; with ``within`` those in the footprint only."""
    wanted = read_name("service", service)
    known = sorted(edition.site_services())
    if wanted and wanted not in known:
        raise BadQuery("service", f"service is {wanted!r}; expected one of {', '.join(known)}.")
    key = answer_key(edition, view, "sites", f"{wanted} {view.accepting}".strip())
    return answer(
        request,
        key,
        lambda: sites(edition, view, wanted or None),
        media_type=GEOJSON,
        pinned=bool(view.edition),
        edition=edition,
    )


@router.get("/geojson/{place}/lines", response_class=Response)
def show_lines(request: Request, edition: RequestedEdition, view: RequestedView) -> Response:
    """Give main roads and water in a place as lines; none where it was built without a street network."""
    key = answer_key(edition, view, "lines")
    return answer(
        request, key, lambda: lines(edition, view), media_type=GEOJSON, pinned=bool(view.edition), edition=edition
    )


@router.get("/geojson/{place}/outlines", response_class=Response)
def show_outlines(request: Request, edition: RequestedEdition, place: str) -> Response:
    """Give the outlines of all neighbourhoods as maps of this site draw them: in a compact form, not as GeoJSON."""
    if not edition.prepared.has_outlines:
        raise EditionTooOld(f"This edition of {edition.place['name']} keeps no outlines for a map of all of it.")
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    pinned = bool(request.query_params.get("edition"))
    headers = answer_headers(f"outlines {FORM} {place} {edition.id}", encoding, pinned=pinned)
    keep_in_lane(request, edition)
    if is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(edition.prepared.outlines(encoding), headers=headers, media_type="application/json")


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
        edition=edition,
    )


@router.get("/geojson/{place}/{layer}", response_class=Response)
def show_layer(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    detail: DetailText = "",
    bbox: BoxText = None,  # type: ignore[assignment]
) -> Response:
    """Neighbourhoods of one layer with their figures; with ``bbox`` only those whose rectangle touches it."""
    return layer_answer(request, edition, view, detail, bbox)


def layer_answer(request: Request, edition: Edition, view: View, detail: str, bbox: str | None) -> Response:
    """Answer with a layer; `detail` and `bbox` as they came, None for no box."""
    shown, box = read_detail(detail) if detail else "full", None if bbox is None else read_bbox(bbox)
    if view.layer == ACCESS:
        check_area(edition, view)
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    key, pinned = answer_key(edition, view, "layer", f"{shown} {box}"), bool(view.edition)
    headers = answer_headers(key, encoding, pinned=pinned)
    if is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    body = layer_body(edition, view, shown, box, encoding)
    keep_in_lane(request, edition, lying=body.lying)
    return BodyResponse(body, headers=headers, media_type=GEOJSON)
