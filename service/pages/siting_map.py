"""The sites of a plan on the map of need: marks for the page's script, and a picture for paper and without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from markupsafe import Markup

from layers.map_layers import SiteSymbol
from service.drawing.picture import FOOT, HEAD, HEIGHT, MARGIN, SIDE, WIDTH, Site
from service.editions.edition import Edition
from service.editions.scoring import Scores
from service.editions.views import View
from service.pages.map import MapPage, map_page
from service.pages.map_pictures import picture_with

LAYER = "need"
WIDE, HIGH = WIDTH - SIDE - 2 * MARGIN - 16, HEIGHT - HEAD - FOOT - 12  # of the map in the picture
DISC = "M8 2a6 6 0 1 0 .01 0z"
RING = f"{DISC}M8 4.6a3.4 3.4 0 1 1-.01 0z"
PLAN_SYMBOLS = {
    "kept": SiteSymbol("Stays open", "Staying open", "#0b0c0c", DISC),
    "closable": SiteSymbol("May close", "May close", "#6b2a84", f"{RING}M8 6.4a1.6 1.6 0 1 0 .01 0z"),
    "opened": SiteSymbol(
        "Opens", "Opening", "#c4290f", "M8 0l2.4 5.2 5.6.7-4.1 3.9L13 15.5 8 12.7 3 15.5l1.1-5.7L0 5.9l5.6-.7z"
    ),
    "closed": SiteSymbol(
        "Closes",
        "Closing",
        "#6b2a84",
        "M3.2 1 8 5.8 12.8 1 15 3.2 10.2 8l4.8 4.8-2.2 2.2L8 10.2 3.2 15 1 12.8 5.8 8 1 3.2z",
    ),
    "candidate": SiteSymbol("Could open", "Could open", "#0b0c0c", RING),
    "not_chosen": SiteSymbol("Could open, not chosen", "Could open, not chosen", "#0b0c0c", RING),
    "forbidden": SiteSymbol("Ruled out", "Ruled out", "#5d666d", "M2 2h12v12H2zM4.6 4.6v6.8h6.8V4.6z"),
}
"""How a site is drawn by what becomes of it: a shape of its own beside the colour."""

BEFORE = ("kept", "closable", "candidate", "forbidden")
AFTER = ("kept", "opened", "closed", "not_chosen", "forbidden")
DRAWN_LAST = ("forbidden", "not_chosen", "kept", "closed", "opened")


def siting_map(edition: Edition, view: View, scores: Scores, *, with_picture: bool) -> MapPage:
    """Give the map of need that the sites stand on: without the services' own sites, which are drawn by their part.

    Parameters
    ----------
    edition, view, scores
        As for `service.pages.map.map_page`.
    with_picture : bool
        Whether paper gets the picture of need; a plan has a picture of its own.
    """
    page = map_page(edition, view.but(layer=LAYER), scores)
    return replace(page, services=(), sites="", picture=page.picture if with_picture else "")


def marks_of(sites: Iterable[Mapping[str, Any]]) -> str:
    """Write the sites of a plan for the page's script, as JSON."""
    marks = [
        {
            "name": site["name"],
            "postcode": site["postcode"] or "",
            **{key: site[key] for key in ("lon", "lat", "status", "inside")},
        }
        for site in _drawn(sites)
    ]
    return orjson.dumps(marks).decode()


def key_lines(sites: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Give the lines of the key: of a plan those that it has, with counts; before there is one, all that may come."""
    if sites is None:
        return [_line(status, PLAN_SYMBOLS[status].name) for status in BEFORE]
    counts = {status: sum(site["status"] == status and site["inside"] for site in sites) for status in AFTER}
    lines = [_line(status, f"{PLAN_SYMBOLS[status].plural}: {count:,}") for status, count in counts.items() if count]
    outside = sum(site["status"] == "kept" and not site["inside"] for site in sites)
    return [*lines, _line("kept", f"Open outside the area: {outside:,}") | {"outside": True}] if outside else lines


def shapes() -> list[dict[str, Any]]:
    """Give the shape of every status, whether the key has a line for it or not: what the page's script draws with."""
    return [_line(status, symbol.name) for status, symbol in PLAN_SYMBOLS.items()]


def siting_picture(
    edition: Edition, view: View, scores: Scores, sites: Iterable[Mapping[str, Any]], title: str
) -> Markup:
    """Draw need with the sites of a plan as an SVG document, to stand in the page: the map alone, as large as can be.

    Parameters
    ----------
    edition, view, scores
        As for `service.pages.map.map_page`.
    sites : iterable of mapping
        ``status``, ``lon``, ``lat`` and ``inside``, as a plan has them.
    title : str
        What the picture is of.
    """
    marks = [Site(site["status"], site["lon"], site["lat"]) for site in _drawn(sites) if site["inside"]]
    drawn = picture_with(edition, view.but(layer=LAYER), scores, marks, symbols=PLAN_SYMBOLS, title=title)
    whole = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    drawn = drawn.replace(whole, f'viewBox="{MARGIN} {HEAD} {WIDE} {HIGH}"', 1)  # the page has its own title and key
    return Markup(drawn)  # nosec B704 # by service.drawing.picture alone, which escapes every text


def _drawn(sites: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Put the sites that matter most on top."""
    return sorted(sites, key=lambda site: DRAWN_LAST.index(site["status"]))


def _line(status: str, text: str) -> dict[str, Any]:
    symbol = PLAN_SYMBOLS[status]
    return {"status": status, "text": text, "path": symbol.path, "colour": symbol.colour}
