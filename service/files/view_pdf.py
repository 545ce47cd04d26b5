"""A view as tagged PDF: the map, what it shows, its classes, its table and its sources, to print or send."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from layers.map_classes import value_text
from layers.map_layers import HATCHED_LABEL, site_symbols
from service.drawing.features import councils
from service.editions.edition import COUNCILS_ABOVE, Edition
from service.editions.scoring import LEADING, score
from service.editions.views import ACCESS, View, dial_text
from service.files.file_table import Column, Table, describing_lines, table_of
from service.files.typeset import tagged_pdf
from service.pages.drawn_layers import drawn_layer
from service.pages.map import MapPage, map_page
from service.pages.map_pictures import map_picture
from service.pages.wording import credits_once

TEMPLATE = Path(__file__).parent / "view.typ"
NAMES = ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "lad24nm", "population")
SHOWN = {
    "imd": ("imd_rank", "imd_score", "imd_decile"),
    "certainty": ("rank", "need_score", "rank_low", "rank_high", "top_fifth_chance", "certainty"),
    "clusters": ("value", "cluster", "hot_spot", "q_value"),
    ACCESS: ("nearest_site", "nearest_min", "sites_within", "access_2sfca", "access_e2sfca", "access_fifth"),
    "sites": ("name", "service", "postcode", "lsoa21cd"),
}
SCORES = ("rank", "need_score", "need_fifth", "targeting_score", "rank_low", "rank_high", "certainty")
HEADS = {
    "lsoa21cd": "Code",
    "lsoa21nm": "Neighbourhood",
    "msoa21hclnm": "Part of",
    "lad24nm": "Council",
    "population": "Residents",
    "rank": "Rank",
    "need_score": "Need score",
    "need_fifth": "Need fifth",
    "targeting_score": "Share per head",
    "rank_low": "Rank from",
    "rank_high": "Rank to",
    "certainty": "How sure",
    "top_fifth_chance": "Chance of greatest-need fifth",
    "imd_rank": "Rank in England",
    "imd_score": "Score",
    "imd_decile": "Decile in England",
    "value": "Value",
    "cluster": "Cluster",
    "hot_spot": "Hot spot",
    "q_value": "q-value",
    "nearest_site": "Nearest",
    "nearest_min": "Minutes to it",
    "sites_within": "Sites in reach",
    "access_2sfca": "Per 1,000",
    "access_e2sfca": "Per 1,000, near more",
    "access_fifth": "Fifth by access",
    "name": "Name",
    "service": "Service",
    "postcode": "Postcode",
}
WIDTHS = {"text": 2.0, "lsoa21cd": 1.75, "lsoa21nm": 2.3, "name": 4.5, "postcode": 1.4, "certainty": 1.5}
COUNCIL_COLUMNS = (
    ("lad24nm", "Council", 2.5, None),
    ("neighbourhoods", "Neighbourhoods", 1.5, 0),
    ("population", "Residents", 1.3, 0),
    ("in_greatest_need_fifth", "In the fifth of greatest need", 1.5, 0),
    ("mean_need_fifth", "Mean need fifth", 1.2, 2),
    ("mean_need_score", "Mean need score", 1.2, 1),
    ("mean_targeting_score", "Mean share per head", 1.3, 2),
)
MOST_ROWS = COUNCILS_ABOVE
ROOMY, NARROW = 8.5, 7.0  # points
LAST = float("inf")
EMPTY = "An empty cell means not known."


def pdf_bytes(edition: Edition, view: View) -> bytes:
    """Write a view as tagged PDF.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Any layer. Of more than 2,000 neighbourhoods the councils are listed, of more sites than that none.

    Returns
    -------
    bytes
        PDF/UA-1; the same view gives the same bytes.
    """
    scores = score(edition, view)
    service = view.service if view.layer == "sites" else ""
    page = map_page(edition, view, scores, service=service)
    table = table_of(edition, view)
    title, made, notes = _listed(edition, view, table)
    facts = table.facts
    content = {
        "title": _title(edition, view, page),
        "description": f"{facts['title']}: map, classes, a table of the main columns, and sources. Edition "
        f"{facts['edition']}, method version {facts['method']}. {facts['caution']}",
        "keywords": [str(edition.place["name"]), f"edition {facts['edition']}", f"method version {facts['method']}"],
        "fictional": facts["fictional"],
        "alt": page.description,
        "shows": [*describing_lines(facts), *(note for note in (page.layer.note, *page.notes) if note)],
        "classes": _classes(page),
        "classes_title": "Classes on the map" if page.legend else "Sites on the map",
        "table_title": title,
        "table_notes": notes,
        "table": made,
        "sources": _sources(facts),
        "footer": f"{facts['title']}. Edition {facts['edition']}, method version {facts['method']}",
    }
    picture = map_picture(edition, view, scores, service=service, headed=False)
    return tagged_pdf(TEMPLATE, content, picture=picture, built=facts["built"])


def _title(edition: Edition, view: View, page: MapPage) -> str:
    where = f"{edition.footprint(view.within)['name']}, " if view.within else ""
    dial = f", dial at {dial_text(view.rho)}" if page.layer.id == "targeting" else ""
    return f"{page.layer.title}, {where}{edition.place['name']}{dial}"


def _sources(facts: dict[str, Any]) -> list[str]:
    named = [
        ", ".join(str(source[key]) for key in ("title", "publisher", "edition", "licence") if source[key])
        for source in facts["sources"]
    ]
    return [*credits_once(facts["attribution"]), *named]


def _classes(page: MapPage) -> dict[str, Any] | None:
    """Give the legend as a table; sites in its place where there are no classes."""
    if page.legend:
        rows = [[line.label or line.range, line.range, line.count_text] for line in page.legend]
        if page.hatched:
            rows.append([HATCHED_LABEL, "as its colour", page.hatched.removeprefix(f"{HATCHED_LABEL}. ")])
        heads = ["Class", page.layer.value_name, "Neighbourhoods"]
        return _made([(head, width, False) for head, width in zip(heads, (3.0, 2.0, 2.0), strict=True)], rows)
    if page.services:
        rows = [[service.name, service.count_text] for service in page.services]
        return _made([("Service", 3.0, False), ("Sites", 2.0, False)], rows)
    return None


def _made(columns: list[tuple[str, float, bool]], rows: list[list[str]], *, size: float = ROOMY) -> dict[str, Any]:
    named = [{"head": head, "width": width, "right": right} for head, width, right in columns]
    return {"columns": named, "rows": rows, "size": size}


def _listed(edition: Edition, view: View, table: Table) -> tuple[str, dict[str, Any], list[str]]:
    """Give the heading of the table, the table, and what to say before it."""
    if view.layer == "sites":
        return _listed_sites(table)
    if len(table) > MOST_ROWS:
        said = f"{len(table):,} neighbourhoods are too many to print: the CSV file lists them. Means are over people."
        return "Councils", _council_rows(edition, view), [said, EMPTY]
    names = [*NAMES, *_shown(view, table)]
    if len(set(filter(None, _values(table, "lad24nm")))) < 2:
        names.remove("lad24nm")
    ordered = {ACCESS: "Worst access first.", "imd": "Most deprived first."}.get(view.layer, "Greatest need first.")
    return "Neighbourhoods", _rows(table, names, _order(edition, view, table)), [ordered, EMPTY]


def _listed_sites(table: Table) -> tuple[str, dict[str, Any], list[str]]:
    """List the sites inside the place; those around it stand in the other files."""
    inside = [row for row, truth in enumerate(_values(table, "inside")) if truth]
    if len(inside) > MOST_ROWS:
        return "Sites", _made([], []), [f"{len(inside):,} sites are too many to print: the CSV file lists them."]
    outside = len(table) - len(inside)
    said = [f"{outside:,} sites outside the area, as far as 30 km from it, are in the CSV file."] if outside else []
    return "Sites", _rows(table, SHOWN["sites"], inside), [*said, EMPTY]


def _shown(view: View, table: Table) -> tuple[str, ...]:
    """Name the columns of a layer that a page has room for."""
    if view.layer == "indicator":
        return tuple(column.name for column in table.columns if column.name not in (*LEADING, *NAMES))
    return SHOWN.get(view.layer, SCORES)


def _values(table: Table, name: str) -> list[Any]:
    return next((column.values for column in table.columns if column.name == name), [None] * len(table))


def _order(edition: Edition, view: View, table: Table) -> list[int]:
    """Put the rows in order: by rank where there is one, else by class on the map and then by the value itself."""
    ranks = _values(table, "imd_rank" if view.layer == "imd" else "rank")
    if any(ranks):
        return sorted(range(len(table)), key=lambda row: (ranks[row] or LAST, row))
    drawn = drawn_layer(edition, view, score(edition, view))
    worst = np.where(np.isnan(drawn.values), np.inf, -drawn.layer.polarity * drawn.values)
    classes = np.where(drawn.numbers > 0, drawn.numbers, drawn.numbers.max() + 1)
    return [int(row) for row in np.lexsort((np.arange(len(table)), worst, classes))]


def _rows(table: Table, names: Sequence[str], order: Sequence[int]) -> dict[str, Any]:
    found = {column.name: column for column in table.columns}
    columns = [
        found[name] for name in names if name in found and any(value is not None for value in found[name].values)
    ]
    heads = [(HEADS.get(each.name) or each.about, _width(each), each.kind != "text") for each in columns]
    rows = [[_cell(column, column.values[row]) for column in columns] for row in order]
    return _made(heads, rows, size=NARROW)


def _width(column: Column) -> float:
    if column.name not in HEADS:
        return 3.5  # an indicator, headed by its whole sentence
    return WIDTHS.get(column.name) or (WIDTHS["text"] if column.kind == "text" else 1.15)


def _cell(column: Column, value: Any) -> str:
    if column.name == "service":
        return site_symbols([str(value)])[str(value)].name
    if value is None or isinstance(value, str):
        return value or ""
    if column.kind == "truth":
        return "yes" if value else "no"
    if column.kind == "whole":
        return f"{value:,}"
    return value_text(float(value), 0 if column.name == "population" else column.decimals)


def _council_rows(edition: Edition, view: View) -> dict[str, Any]:
    """List the councils of a large place, greatest need first."""
    found = [feature["properties"] for feature in orjson.loads(councils(edition, score(edition, view)))["features"]]
    found.sort(key=lambda facts: (-(facts["mean_need_score"] or 0), facts["lad24cd"]))
    rows = [
        [
            str(facts[name]) if decimals is None else value_text(facts[name], decimals)
            for name, _, _, decimals in COUNCIL_COLUMNS
        ]
        for facts in found
    ]
    heads = [(head, width, decimals is not None) for _, head, width, decimals in COUNCIL_COLUMNS]
    return _made(heads, rows, size=NARROW)
