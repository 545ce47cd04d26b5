"""Own lists of sites, by postcode, by easting and northing, or by longitude and latitude."""

from __future__ import annotations

from typing import Any

from geodata.errors import BadFile
from geodata.upload.body import PLACE_ROLES, Body
from geodata.upload.declared import Declared
from geodata.upload.layout import Layout
from geodata.upload.names import checked_names
from geodata.upload.numbers import read_figure
from geodata.upload.postcodes import tidy_postcode
from geodata.upload.report import Findings

Numbers = list[float | None]
GRID, DEGREES = "EPSG:27700", "EPSG:4326"  # as in geodata.crs, which needs libraries that a list of postcodes does not


def read_sites(body: Body, layout: Layout, declared: Declared, findings: Findings) -> dict[str, list[Any]]:
    """Check a list of sites.

    Returns
    -------
    dict of str to list
        ``row``, ``site_id``, ``name``, ``address``, ``postcode`` ("" where none), ``easting``, ``northing``
        (metres, EPSG:27700; None where only a postcode is given) and ``capacity``.
    """
    blank = [""] * len(body)
    named = {
        role: checked_names(body, role, layout, findings, codes=blank) if role in layout.roles else blank
        for role in ("site_id", "name", "address")
    }
    postcodes = _postcodes(body, layout, findings)
    easting, northing, placed = _points(body, layout, declared, findings)
    for i, row in enumerate(body.rows):
        if not (named["name"][i] or named["site_id"][i]):
            findings.add("missing-name", "the site has neither name nor identifier", row=row)
        if postcodes[i] == "" and not placed[i]:
            findings.add("missing-place", "the site has neither postcode nor coordinates", row=row)
    _refuse_doubled(body, named["site_id"], named["name"], layout, findings)
    places: dict[str, list[Any]] = {
        "postcode": [text or "" for text in postcodes],
        "easting": easting,
        "northing": northing,
    }
    return {"row": body.rows, **named, **places, "capacity": _capacity(body, layout, findings)}


def _postcodes(body: Body, layout: Layout, findings: Findings) -> list[str | None]:
    """Postcodes in one spelling, "" where empty, None where refused."""
    if "postcode" not in layout.roles:
        return [""] * len(body)
    found: list[str | None] = []
    for row, cell in zip(body.rows, body.cells["postcode"], strict=True):
        postcode = tidy_postcode(cell) if cell.strip() else ""
        if postcode is None:
            message = f"{cell.strip()[:40]!r} is not a whole postcode"
            findings.add("bad-postcode", message, row=row, column=layout.name("postcode"), value=cell)
        found.append(postcode)
    return found


def _points(body: Body, layout: Layout, declared: Declared, findings: Findings) -> tuple[Numbers, Numbers, list[bool]]:
    """Eastings and northings of all sites, and which sites say something about their point."""
    pair = _axes(layout, declared)
    if pair is None:
        return [None] * len(body), [None] * len(body), [False] * len(body)
    (first, second), system = pair
    x, y = (_numbers(body, role, layout, findings) for role in (first, second))
    said = [bool(a.strip() or b.strip()) for a, b in zip(body.cells[first], body.cells[second], strict=True)]
    for i, row in enumerate(body.rows):
        if (x[i] is None) != (y[i] is None):
            gone = first if x[i] is None else second
            if not body.cells[gone][i].strip():
                findings.add("half-coordinate", f"the {gone} is missing", row=row, column=layout.name(gone))
            x[i] = y[i] = None
    from geodata.upload.points import on_grid

    return *on_grid(x, y, system, body.rows, layout.name(first), findings), said


def _axes(layout: Layout, declared: Declared) -> tuple[tuple[str, str], str] | None:
    """Return the two columns and the system of coordinates, None where there are none."""
    pairs = {("easting", "northing"): GRID, ("longitude", "latitude"): DEGREES, ("x", "y"): ""}
    wanted = declared.facts.get("crs", "")
    there = {pair: system for pair, system in pairs.items() if pair[0] in layout.roles}
    if not there:
        return None
    pair, system = next((item for item in there.items() if item[1] == wanted), next(iter(there.items())))
    if pair == ("x", "y") and not wanted:
        raise BadFile("the columns x and y do not say what they hold", rule="crs-not-declared", column="x")
    if wanted and system and wanted != system:
        message = f"{wanted} is declared, and the columns are {layout.name(pair[0])} and {layout.name(pair[1])}"
        raise BadFile(message, rule="wrong-crs", column=layout.name(pair[0]))
    return pair, system or wanted


def _numbers(body: Body, role: str, layout: Layout, findings: Findings) -> Numbers:
    """Read a column of plain numbers; a refused cell is None."""
    figures = [read_figure(cell) for cell in body.cells[role]]
    for row, cell, figure in zip(body.rows, body.cells[role], figures, strict=True):
        if figure.rule:
            findings.add(figure.rule, figure.message, row=row, column=layout.name(role), value=cell)
    return [figure.value for figure in figures]


def _capacity(body: Body, layout: Layout, findings: Findings) -> Numbers:
    if "capacity" not in layout.roles:
        return [None] * len(body)
    values = _numbers(body, "capacity", layout, findings)
    for row, value in zip(body.rows, values, strict=True):
        if value is not None and value < 0:
            findings.add("negative", f"{value:g} is below zero", row=row, column=layout.name("capacity"))
    return values


def _refuse_doubled(body: Body, ids: list[str], names: list[str], layout: Layout, findings: Findings) -> None:
    """Refuse an identifier that is there twice; without identifiers, a name at one and the same place."""
    first: dict[object, int] = {}
    places = zip(*(body.cells[role] for role in PLACE_ROLES if role in layout.roles), strict=True)
    for i, (row, place) in enumerate(zip(body.rows, places, strict=True)):
        key = ids[i].casefold() or (names[i].casefold(), *("".join(cell.casefold().split()) for cell in place))
        if key in first and (ids[i] or names[i]):
            called = ids[i] or names[i]
            findings.add("doubled-site", f"{called!r} is there already, at row {first[key]}", row=row, value=called)
        first.setdefault(key, row)
