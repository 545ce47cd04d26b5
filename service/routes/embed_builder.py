"""The page that makes an embed: choices, live preview, and what there is to copy."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from service.access.requests import canonical
from service.editions.edition import Edition
from service.editions.views import ACCESS, ACCESS_WORDS, View
from service.embeds.addresses import USUAL_LAYER
from service.embeds.builder import FIELDS, builder_form, builder_result, idle_fields, layers_of, read_keep
from service.embeds.options import TITLE_LENGTH, EmbedOptions, read_options
from service.embeds.page import EmbedPage
from service.pages.access_form import SLIPS, forgiven_access
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.map_key import services_of
from service.queries import BadQuery
from service.routes.embeds import LegendText, TableText, TitleText, page_of
from service.web.addresses import public_address
from service.web.answers import answer_page
from service.web.dependencies import (
    AskedWords,
    Forgiven,
    RequestedEdition,
    Slip,
    ViewWords,
    as_typed,
    described,
    forgiven_view,
    requested_layer,
)
from service.web.late_routes import Routes

router = Routes(default_response_class=HTMLResponse, include_in_schema=False)
TITLE_SLIP = f"Enter a heading of at most {TITLE_LENGTH} characters, on one line"


@router.get("/places/{place}/embed")
async def show_builder(
    request: Request,
    edition: RequestedEdition,
    words: AskedWords,
    layer: Annotated[str, Query(description="The layer of the map; targeting when left out")] = "",
    title: TitleText = "",
    table: TableText = "",
    legend: LegendText = "",
    keep: Annotated[str, described("today: stay with this edition; updates: follow the newest", "today|updates")] = "",
) -> Response:
    """Make a map for a page of your own: choose, look, copy."""
    kept = read_keep(keep)
    asked = await _asked_view(edition, words, await requested_layer(layer or USUAL_LAYER))
    return await run_in_threadpool(_page, request, edition, asked, _options(title, table, legend), kept)


def _page(
    request: Request, edition: Edition, asked: Forgiven, chosen: tuple[EmbedOptions, list[Slip]], keep: str
) -> Response:
    options, title_slips = chosen
    slips = [_within_reach(slip) for slip in (*asked.slips, *title_slips)]
    view = asked.view.but(edition=edition.id) if keep == "today" else asked.view
    page: EmbedPage | None = None
    try:
        page = page_of(request, edition, view, options)
    except BadQuery as error:  # a place too large for one map of access
        slips.append(Slip(error.parameter if error.parameter in FIELDS else "within", str(error).rstrip(".")))
    errors = [{"text": slip.sentence, "href": f"#{slip.parameter}"} for slip in slips if slip.wrong]
    context = _context(edition) | {
        "view": asked.view,
        "options": options,
        "form": builder_form(edition, asked.view, options, keep, errors),
        "result": _result(request, edition, page, view) if page else None,
        "origins": request.app.state.settings.embed_origins,
        "errors": errors,
        "typed": as_typed(request, slips),
        "notices": [slip.sentence for slip in slips if not slip.wrong],
    }
    body = site_pages(request).draw("embed.html", context).encode()
    if errors:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer_page(request, body, edition)


def _within_reach(slip: Slip) -> Slip:
    """Say of what this form has no field for that it fell away, beside the layer, and where it can be chosen."""
    if slip.parameter in FIELDS or not slip.wrong:
        return slip
    said = f"One setting of the map, {slip.parameter}, could not be used and fell away. {slip.sentence}"
    return Slip("layer", f"{said.rstrip('.')}. To do so, go back to the map’s own page")


def _result(request: Request, edition: Edition, page: EmbedPage, view: View) -> dict[str, Any]:
    return builder_result(edition, view, page, site_pages(request), public_address(request.app.state.settings))


def _context(edition: Edition) -> dict[str, Any]:
    name = str(edition.place["name"])
    return furniture(edition) | {
        "page_title": f"Put a map of {name} on your web page",
        "wide": True,
        "breadcrumbs": breadcrumbs((name, f"/places/{edition.place['id']}"), ("Put it on your page", "")),
    }


async def _asked_view(edition: Edition, words: ViewWords, layer: str) -> Forgiven:
    """Read the view of the form, with what is wrong with its words, those that fall away among them.

    Raises
    ------
    BadQuery, UnknownFocus, UnknownIndicator
        For what no person types into a form.
    """
    if layer != ACCESS:
        canonical(edition, {name: getattr(words, name) for name in ACCESS_WORDS} | {"service": ""})
    all_words = replace(words, **dict.fromkeys(ACCESS_WORDS, ""))
    found, every = await _used_view(edition, words, layer), await forgiven_view(edition, all_words)
    told = {slip.parameter for slip in found.slips}
    return Forgiven(found.view, [*found.slips, *(slip for slip in every.errors if slip.parameter not in told)])


async def _used_view(edition: Edition, words: ViewWords, layer: str) -> Forgiven:
    """Read the view of the form; words that its layer does not use fall away, as other layers are a click away."""
    if layer not in layers_of(edition):
        layer = USUAL_LAYER
    idle = idle_fields(edition, layer, indicator=words.indicator, within=words.within, demand=words.demand)
    words = replace(words, **dict.fromkeys(idle, ""), weights="" if "focus" in idle else words.weights)
    if layer == ACCESS:
        return await forgiven_access(edition, words)
    wrong = bool(words.service) and words.service not in services_of(edition)
    slips = [Slip("service", SLIPS["service"])] if wrong else []
    words = ViewWords(
        words.focus,
        words.rho,
        words.within,
        words.indicator,
        words.edition,
        words.weights,
        service="" if wrong else words.service,
        accepting=words.accepting if layer == "sites" else "",
    )
    found = await forgiven_view(edition, words)
    return Forgiven(found.view.but(layer=layer), [*slips, *found.slips])


def _options(title: str, table: str, legend: str) -> tuple[EmbedOptions, list[Slip]]:
    try:
        return read_options(title, table, legend), []
    except BadQuery as error:
        if error.parameter != "title":
            raise
        return read_options("", table, legend), [Slip("title", TITLE_SLIP)]
