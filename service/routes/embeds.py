"""Maps for other sites' pages: the embed itself, its picture and table, and what oEmbed asks."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from layers.map_layers import LAYERS, UnknownLayer
from service.editions.edition import Edition
from service.editions.views import View
from service.embeds.addresses import oembed_address
from service.embeds.oembed import oembed, read_format, read_size, read_url
from service.embeds.options import LEGENDS, TABLES, TITLE, EmbedOptions, read_options
from service.embeds.page import THEME, EmbedPage, embed_page, framed
from service.embeds.render import Linked, render
from service.embeds.snippet import fragment
from service.pages.furniture import site_pages
from service.queries import BadQuery, read_edition
from service.routes.maps import frame_answer, read_service
from service.web.addresses import public_address
from service.web.answers import HTML, answer_page
from service.web.api_answers import PROBLEM_JSON
from service.web.dependencies import (
    RequestedEdition,
    RequestedEditions,
    RequestedView,
    ViewWords,
    check_names,
    described,
    read_view,
)
from service.web.late_routes import Routes

router = Routes()
STYLE = "text/css; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
NOT_OF_THE_MAP = ("sort", "find", "page")  # words of the planner that an embed leaves out

TitleText = Annotated[str, described("Heading in your own words; that of the layer when left out", TITLE)]
TableText = Annotated[str, described("Whether the table is unfolded at first: closed when left out", "|".join(TABLES))]
LegendText = Annotated[
    str, described("Where the legend stands in a wide frame: beside when left out", "|".join(LEGENDS))
]


def page_of(request: Request, edition: Edition, view: View, options: EmbedOptions) -> EmbedPage:
    """Gather the embed of a view, with the colours and the name of this site."""
    pages = site_pages(request)
    return embed_page(
        edition,
        view,
        options,
        assets=request.app.state.assets,
        theme=pages.theme(),
        tenant=pages.tenant.name,
        service=read_service(view.service, edition),
    )


@router.get(THEME, include_in_schema=False)
def embed_theme(request: Request) -> Response:
    """Give the tenant's colours to embeds: a frame in a sandbox may not use those of the site's own pages."""
    return answer_page(request, site_pages(request).theme().encode(), media_type=STYLE)


@router.get("/embed/{place}/frame.js", include_in_schema=False)
def embed_frame(request: Request, edition: RequestedEdition, place: str) -> Response:
    """Give the script of a place's empty map to embeds."""
    return frame_answer(request, edition, place)


@router.get("/embed/{place}/{layer}", include_in_schema=False)
def show_embed(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    title: TitleText = "",
    table: TableText = "",
    legend: LegendText = "",
) -> Response:
    """Show one map with its legend and table, to stand in another page."""
    page = page_of(request, edition, view, read_options(title, table, legend))
    discovery = oembed_address(public_address(request.app.state.settings), page.address)
    body = render(page, Linked(), site_pages(request), oembed=discovery).encode()
    return _answer(request, view, edition, body, HTML)


@router.get("/embed/{place}/{layer}/fragment", include_in_schema=False)
def show_fragment(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    title: TitleText = "",
    table: TableText = "",
    legend: LegendText = "",
) -> Response:
    """Give the picture and the table of a map as HTML to copy, for content systems that strip frames."""
    page = page_of(request, edition, view, read_options(title, table, legend))
    body = fragment(page, site_pages(request), public_address(request.app.state.settings)).encode()
    return _answer(request, view, edition, body, TEXT)


def _answer(request: Request, view: View, edition: Edition, body: bytes, media_type: str) -> Response:
    """Answer with a page; it names files of this version, so even one of a pinned edition is asked for again."""
    return answer_page(request, body, edition, media_type=media_type)


OEMBED: dict[str, Any] = {
    "type": "object",
    "required": ["version", "type", "title"],
    "properties": {
        "version": {"type": "string", "enum": ["1.0"]},
        "type": {"type": "string", "enum": ["rich", "link"], "description": "link: too little room for a frame"},
        "provider_name": {"type": "string"},
        "provider_url": {"type": "string"},
        "title": {"type": "string"},
        "cache_age": {"type": "integer"},
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "html": {"type": "string", "description": "A plain link, a frame, and the script that fits its height"},
    },
}
PROBLEM: dict[str, Any] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
OEMBED_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "How to frame the map", "content": {"application/json": {"schema": OEMBED}}},
    501: {"description": "XML was asked for, which is not given", "content": PROBLEM},
}


@router.get("/oembed", tags=["embeds"], response_class=Response, responses=OEMBED_ANSWERS)
def describe_embed(
    request: Request,
    editions: RequestedEditions,
    url: Annotated[str, Query(description="Full address of a map, an embed or a place's page of this site")] = "",
    format: Annotated[str, described("json, which is usual; xml is answered by 501", "json")] = "",
    maxwidth: Annotated[str, described("The most pixels that the frame may be wide", "[1-9][0-9]{0,4}")] = "",
    maxheight: Annotated[str, described("The most pixels that the frame may be high", "[1-9][0-9]{0,4}")] = "",
    dnt: Annotated[str, Query(description="Do not track, which some editors ask: nobody is, with or without")] = "",
) -> Response:
    """Say how to frame a map, from its address (oEmbed 1.0, type rich, or link where there is too little room)."""
    read_format(format)
    width, height = read_size("maxwidth", maxwidth), read_size("maxheight", maxheight)
    public = public_address(request.app.state.settings)
    place, layer, given = read_url(url, public)
    pages = site_pages(request)
    try:
        edition, view, options = _asked(editions, place, layer, given)
        service = read_service(view.service, edition)
        page = framed(edition, view, options, tenant=pages.tenant.name, service=service)
    except BadQuery as error:
        raise BadQuery("url", f"The address in url cannot be used: {error}", hint=error.hint) from None
    body = orjson.dumps(oembed(page, pages, public, width=width, height=height))
    return answer_page(request, body, media_type="application/json")


def _asked(
    editions: RequestedEditions, place: str, layer: str, given: dict[str, str]
) -> tuple[Edition, View, EmbedOptions]:
    """Read the view and the options of an address that was handed over as text."""
    known = {field.name for field in fields(ViewWords)}
    words = {name: text for name, text in given.items() if name in known}
    rest = {name: text for name, text in given.items() if name not in known and name not in NOT_OF_THE_MAP}
    unknown = sorted(set(rest) - set(vars(EmbedOptions())))
    if unknown:
        raise BadQuery(unknown[0], f"There is no parameter {unknown[0][:80]!r} in the address of a map.")
    if layer not in LAYERS:
        raise UnknownLayer(layer)
    edition = editions.get(place, read_edition(words.get("edition", "")))
    view = read_view(edition, ViewWords(**words), layer)
    check_names(edition, view)
    return edition, view, read_options(**rest)
