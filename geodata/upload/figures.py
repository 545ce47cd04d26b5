"""Columns of figures in own tables: units, signs, ranges, and value against count and denominator."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import starmap

from geodata.errors import BadFile
from geodata.upload.body import Body
from geodata.upload.declared import Declared, Unit
from geodata.upload.layout import Layout
from geodata.upload.numbers import FLAGS, UNKNOWN, Figure, read_figure
from geodata.upload.report import Findings

LIMIT = {"percent": 100.0, "share": 1.0}
MOST_PEOPLE = 1e9  # no count of people in a neighbourhood comes near
ENOUGH_TO_JUDGE = 3
# A value published with rounded counts may differ from their quotient by this many people, or this share of the base.
ROUNDED_BY, ROUNDED_SHARE = 3.0, 0.02
# Read the other way round, 1.234 is one thousand two hundred and thirty-four.
_POINTED = re.compile(r"\s*[1-9]\d{0,2}(\.\d{3})+\s*")
_COUNTED = Unit("a count", "count")


@dataclass(frozen=True)
class FigureColumn:
    """One column of figures.

    Attributes
    ----------
    name : str
        Its header.
    values : list of float or None
        None where there is no figure.
    notes, markers : list of str
        Typed note of each cell ("" for a plain number), and the text it came from.
    """

    name: str
    values: list[float | None]
    notes: list[str]
    markers: list[str]


def read_column(
    body: Body, role: str, layout: Layout, declared: Declared, findings: Findings, *, codes: list[str], delimiter: str
) -> FigureColumn:
    """Read a column of figures in the declared unit, and refuse each cell that breaks a rule."""
    unit = declared.unit if role in ("value", "amount") else _COUNTED
    cells, name = body.cells[role], layout.name(role)
    figures = [_marked(read_figure(cell), cell, delimiter) for cell in cells]
    if _counts_people(role, unit, layout, declared):
        figures = [_of_people(figure, cell) for figure, cell in zip(figures, cells, strict=True)]
    figures = [_in_unit(figure, cell, unit) for figure, cell in zip(figures, cells, strict=True)]
    figures = _refuse_foreign_points(figures, cells, delimiter)
    if not declared.says("small_values", "yes"):
        figures = _refuse_fractions(figures, unit)
    for row, cell, code, figure in zip(body.rows, cells, codes, figures, strict=True):
        if figure.rule:
            findings.add(figure.rule, figure.message, row=row, column=name, code=code, value=cell)
    _tell_spelling(figures, role, body, codes, name, findings)
    values = [_scaled(figure, unit) for figure in figures]
    markers = [
        cell.strip() if figure.note not in ("", "empty") else "" for cell, figure in zip(cells, figures, strict=True)
    ]
    return FigureColumn(name, values, [figure.note for figure in figures], markers)


def _marked(figure: Figure, cell: str, delimiter: str) -> Figure:
    """Refuse commas in numbers where cells are parted by semicolons: they may be decimal marks."""
    if delimiter == ";" and figure.value is not None and "," in cell:
        return _broken(
            "decimal-comma", f"{cell.strip()[:60]!r} has a comma, in a file as continental programs write it"
        )
    return figure


def _counts_people(role: str, unit: Unit, layout: Layout, declared: Declared) -> bool:
    """Tell whether a column is of own counts of people, which are protected."""
    if not (declared.says("about", "people") and declared.says("source", "own")) or declared.unit.kind == "money":
        return False
    if role in ("count", "denominator"):
        return True
    return unit.kind not in (*LIMIT, "rate") and not {"count", "denominator"} <= set(layout.roles)


def _of_people(figure: Figure, cell: str) -> Figure:
    """Hold one figure against what a count of people can be."""
    if figure.value is None:
        return figure
    if figure.value < 0:
        return _broken("negative", f"{cell.strip()[:60]} is below zero; people are counted")
    if figure.value > MOST_PEOPLE:
        return _broken("too-many-people", f"{cell.strip()[:60]} is above {MOST_PEOPLE:,.0f}; people are counted")
    return figure


def _in_unit(figure: Figure, cell: str, unit: Unit) -> Figure:
    """Hold one figure against the unit."""
    value = figure.value
    if value is None:
        return figure
    shown = cell.strip()[:60]
    if figure.percent and unit.kind not in LIMIT:
        return _broken("percent-sign", f"{shown!r} has a percent sign; the unit is {unit.text}")
    if figure.money and unit.kind != "money":
        return _broken("currency-sign", f"{shown!r} has a pound sign; the unit is {unit.text}")
    if value < 0 and unit.kind != "other":
        return _broken("negative", f"{shown} is below zero")
    limit = 100.0 if figure.percent else LIMIT.get(unit.kind)
    if limit is not None and value > limit:
        if unit.kind == "share" and not figure.percent and value <= 100:
            return _broken("percent-off-by-100", f"{shown} is above 1; it looks like a percentage")
        return _broken("out-of-range", f"{shown} is above {limit:g}; the unit is {unit.text}")
    return figure


def _refuse_foreign_points(figures: list[Figure], cells: list[str], delimiter: str) -> list[Figure]:
    """Refuse points that may be thousands separators: all with three digits behind, in a file with semicolons."""
    pointed = [cell for cell, figure in zip(cells, figures, strict=True) if figure.value is not None and "." in cell]
    if delimiter != ";" or not pointed or not all(map(_POINTED.fullmatch, pointed)):
        return figures
    says = "may be thousands, as continental programs write them"
    return [
        _broken("decimal-comma", f"{cell.strip()!r} {says}") if figure.value is not None and "." in cell else figure
        for cell, figure in zip(cells, figures, strict=True)
    ]


def _refuse_fractions(figures: list[Figure], unit: Unit) -> list[Figure]:
    """Refuse percentages that are all 1 or less: they look like shares, whole column or all without a sign."""
    if unit.kind != "percent":
        return figures
    bare = [figure.value for figure in figures if figure.value and not figure.percent]
    signed = [figure.value for figure in figures if figure.value and figure.percent]
    if not bare or max(bare) > 1 or (len(bare) < ENOUGH_TO_JUDGE and not (signed and max(signed) > 1)):
        return figures
    return [
        _broken("percent-off-by-100", f"{figure.value:g} of at most 100; it looks like a share of at most 1")
        if figure.value and not figure.percent
        else figure
        for figure in figures
    ]


def _broken(rule: str, message: str) -> Figure:
    return Figure(None, rule=rule, message=message)


def _scaled(figure: Figure, unit: Unit) -> float | None:
    """Return the value in the declared unit: 12% is 0.12 where a share is declared."""
    if figure.value is not None and figure.percent and unit.kind == "share":
        return figure.value / 100
    return figure.value


def _tell_spelling(
    figures: list[Figure], role: str, body: Body, codes: list[str], name: str, findings: Findings
) -> None:
    """Warn of numbers that may have lost digits, and of counts that are not whole."""
    lossy = [i for i, figure in enumerate(figures) if figure.scientific and figure.value is not None]
    broken = [i for i, figure in enumerate(figures) if figure.value is not None and figure.value % 1]
    warnings = [("scientific-notation", lossy, "{:,} figures are written as 1.2E+05")]
    if role in ("count", "denominator"):
        warnings.append(("count-not-whole", broken, "{:,} counts are not whole"))
    for rule, found, says in warnings:
        if found:
            at, count = found[0], len(found)
            value = body.cells[role][at]
            findings.add(
                rule, says.format(count), row=body.rows[at], column=name, code=codes[at], value=value, times=count
            )


def tell_notes(columns: list[FigureColumn], body: Body, codes: list[str], findings: Findings) -> None:
    """Say how many cells hold a marker, by what it means."""
    groups = (("suppressed-values", ("suppressed",)), ("missing-values", UNKNOWN), ("flagged-values", FLAGS))
    for column in columns:
        for rule, kinds in groups:
            known = rule == "flagged-values"
            found = [
                i
                for i, note in enumerate(column.notes)
                if note in kinds and (column.values[i] is not None) == known
            ]  # fmt: skip
            if found:
                counted = Counter(column.markers[i] or "empty" for i in found).most_common(4)
                message = f"{len(found):,} cells: " + ", ".join(starmap("{!r} {:,} times".format, counted))
                row, code = body.rows[found[0]], codes[found[0]]
                findings.add(rule, message, row=row, column=column.name, code=code, times=len(found))


def combined(
    columns: dict[str, FigureColumn],
    body: Body,
    codes: list[str],
    layout: Layout,
    declared: Declared,
    findings: Findings,
) -> list[float | None]:
    """Return the value of each row: as given, else count over denominator in the declared unit.

    Raises
    ------
    BadFile
        bad-declaration, where the unit does not say how count and denominator make a value.
    """
    given = columns["value"].values if "value" in columns else None
    if not {"count", "denominator"} <= set(columns):
        return given or []
    unit = declared.unit
    if given is None and unit.per is None:
        message = f"unit={unit.text} does not say how count and denominator make a value; percent, share or per N does"
        raise BadFile(message, rule="bad-declaration", column="unit")
    pairs = zip(columns["count"].values, columns["denominator"].values, strict=True)
    made: list[float | None] = []
    for i, (count, denominator) in enumerate(pairs):
        value, fault = _quotient(count, denominator, columns["denominator"].notes[i], unit)
        if fault is None and given is not None:
            fault = _contradiction(given[i], count, denominator, unit)
        if fault:
            rule, message = fault
            findings.add(rule, message, row=body.rows[i], column=layout.name("count"), code=codes[i])
        made.append(value)
    return made if given is None else given


def _quotient(
    count: float | None, denominator: float | None, note: str, unit: Unit
) -> tuple[float | None, tuple[str, str] | None]:
    if count is None:
        return None, None
    if denominator is None:
        empty = note == "empty"
        return None, ("missing-denominator", f"the count is {count:g} and the denominator empty") if empty else None
    if count > denominator and unit.kind in LIMIT:
        rule = "zero-denominator" if denominator == 0 else "count-above-denominator"
        return None, (rule, f"the count is {count:g}, the denominator {denominator:g}")
    if denominator == 0:
        return None, ("zero-denominator", f"the count is {count:g}, the denominator 0") if count else None
    fault = ("events-above-denominator", f"the count is {count:g}, the denominator {denominator:g}")
    return (count / denominator * unit.per if unit.per else None), fault if count > denominator else None


def _contradiction(
    value: float | None, count: float | None, denominator: float | None, unit: Unit
) -> tuple[str, str] | None:
    """Hold a value against count over denominator, allowing for rounded counts; a rate may be adjusted for age."""
    if value is None or count is None or not denominator or unit.per is None or unit.kind == "rate":
        return None
    if abs(value / unit.per * denominator - count) <= max(ROUNDED_BY, ROUNDED_SHARE * denominator):
        return None
    quotient = count / denominator * unit.per
    return "value-contradicts-count", f"the value is {value:g}; {count:g} of {denominator:g} is {quotient:.4g}"
