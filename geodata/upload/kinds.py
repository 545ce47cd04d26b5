"""Kinds of own tables keyed by neighbourhood: footprints, an indicator, a resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from geodata.upload.body import Body
from geodata.upload.codes import Areas, is_fictional, misfit, tidy_code, vintages
from geodata.upload.declared import Declared
from geodata.upload.figures import FigureColumn, combined, read_column, tell_notes
from geodata.upload.layout import Layout
from geodata.upload.names import checked_names
from geodata.upload.report import Findings
from geodata.upload.rules import Severity

Columns = dict[str, list[Any]]
SMALL_COUNT = 7
ENOUGH_TO_COMPARE = 10
EXAMPLES = 3


def code_column(body: Body, layout: Layout, declared: Declared, areas: Areas | None, findings: Findings) -> list[str]:
    """Check every code, and return them tidied; a row outside the place is "" and is to be left out.

    Rows that break a rule keep their tidied code, for the messages about their other cells.
    """
    checker = _CodeChecker(layout.name("code"), declared, areas, findings)
    codes = [checker.check(row, cell) for row, cell in zip(body.rows, body.cells["code"], strict=True)]
    checker.end(sum(map(bool, codes)))
    return codes


class _CodeChecker:
    """Checks codes one by one and counts what is to be said once."""

    def __init__(self, column: str, declared: Declared, areas: Areas | None, findings: Findings) -> None:
        self._column, self._vintage, self._findings = column, declared.vintage, findings
        self._known = areas.of_vintage(self._vintage) if areas else frozenset()
        self._place = areas.place if areas else ""
        if areas:
            findings.facts["place"] = areas.place if self._known else f"not checked: codes of {self._vintage}"
        self._only_in: Counter[int] = Counter()
        self._outside: list[tuple[int, str]] = []
        self._tidied: list[tuple[int, str]] = []

    def check(self, row: int, cell: str) -> str:
        """Return one code tidied, "" if it lies outside the place."""
        code = tidy_code(cell)
        if code != cell.strip():
            self._tidied.append((row, cell))
        if code in self._known:
            self._only_in.update(vintages(code) if len(vintages(code)) == 1 else ())
            return code
        fault = misfit(cell, code) or self._misdated(code)
        if fault:
            rule, message = fault
            self._findings.add(rule, message, row=row, column=self._column, code=code or None, value=cell)
            return code or "?"
        if self._known:
            self._outside.append((row, code))
            return ""
        return code

    def _misdated(self, code: str) -> tuple[str, str] | None:
        years = vintages(code)
        if is_fictional(code) and self._known and not any(map(is_fictional, self._known)):
            years = frozenset()
        if len(years) == 1:
            self._only_in.update(years)
        if self._vintage in years:
            return None
        if not years:
            return "code-not-issued", f"{code} is not a code that ONS has issued"
        return "wrong-vintage", f"{code} is a neighbourhood of {min(years)} only; codes of {self._vintage} are declared"

    def end(self, kept: int) -> None:
        """Say what concerns many rows."""
        if len(self._only_in) > 1:
            message = ", ".join(f"{count:,} codes of {year} only" for year, count in sorted(self._only_in.items()))
            self._findings.add("mixed-vintages", message, column=self._column)
        if self._tidied:
            row, cell = self._tidied[0]
            message = f"{len(self._tidied):,} codes were put in capitals without spaces"
            self._findings.add("tidied-codes", message, row=row, value=cell, times=len(self._tidied))
        if self._outside:
            self._end_outside(kept)

    def _end_outside(self, kept: int) -> None:
        (row, code), count = self._outside[0], len(self._outside)
        if not kept:
            message = f"none of the {count:,} neighbourhoods is in {self._place}"
            self._findings.add("no-row-in-place", message, row=row, column=self._column, code=code)
        message = f"{count:,} rows are outside {self._place}"
        self._findings.add("outside-place", message, row=row, column=self._column, code=code, times=count)
        self._findings.skipped += count


def read_footprints(
    body: Body, layout: Layout, declared: Declared, areas: Areas | None, findings: Findings, delimiter: str
) -> Columns:
    """Check footprints: ``row``, ``footprint``, ``lsoa21cd`` (or ``lsoa11cd``)."""
    codes = code_column(body, layout, declared, areas, findings)
    body, codes = _inside(body, codes)
    names = checked_names(body, "footprint", layout, findings, codes=codes, missing="missing-footprint")
    first: dict[tuple[str, str], int] = {}
    members: dict[str, set[str]] = {}
    for row, name, code in zip(body.rows, names, codes, strict=True):
        if (name, code) in first and name:
            message = f"{code} is in {name!r} already, at row {first[name, code]}"
            findings.add("doubled-row", message, row=row, column=layout.name("code"), code=code, value=name)
        first.setdefault((name, code), row)
        members.setdefault(code, set()).add(name)
    _tell_overlaps(members, first, layout, declared, findings)
    _tell_spelling(names, findings, layout.name("footprint"))
    _tell_missing(codes, declared, areas, findings)
    return {"row": body.rows, "footprint": names, _key(declared): codes}


def _tell_overlaps(
    members: dict[str, set[str]],
    first: dict[tuple[str, str], int],
    layout: Layout,
    declared: Declared,
    findings: Findings,
) -> None:
    severity: Severity = "reject" if declared.says("overlaps", "refuse") else "warning"
    for code, names in members.items():
        if len(names) > 1 and code != "?":
            listed = sorted(names, key=lambda name: first[name, code])
            row, message = first[listed[1], code], f"{code} is in {len(names)} footprints: {', '.join(listed[:4])}"
            column = layout.name("footprint")
            findings.add("overlapping-footprints", message, row=row, column=column, code=code, severity=severity)


def _tell_spelling(names: list[str], findings: Findings, column: str) -> None:
    spellings: dict[str, set[str]] = {}
    for name in set(names):
        spellings.setdefault("".join(name.casefold().split()), set()).add(name)
    for alike in sorted(map(sorted, spellings.values())):
        if len(alike) > 1:
            findings.add("footprint-spelling", f"{' and '.join(map(repr, alike))} are kept apart", column=column)


def read_indicator(
    body: Body, layout: Layout, declared: Declared, areas: Areas | None, findings: Findings, delimiter: str
) -> Columns:
    """Check an indicator: ``row``, code, ``value``, ``count``, ``denominator``, ``note``, ``marker``."""
    codes = code_column(body, layout, declared, areas, findings)
    _refuse_doubled(body, codes, layout, findings)
    body, codes = _inside(body, codes)
    columns: dict[str, FigureColumn] = {
        role: read_column(body, role, layout, declared, findings, codes=codes, delimiter=delimiter)
        for role in ("value", "count", "denominator")
        if role in layout.roles
    }
    value = combined(columns, body, codes, layout, declared, findings)
    tell_notes(list(columns.values()), body, codes, findings)
    _tell_figures(value, findings, _first_name(layout, "value", "count"))
    if "count" in columns or declared.unit.kind == "people":
        _tell_small(columns["count" if "count" in columns else "value"], body, codes, declared, findings)
    _tell_missing(codes, declared, areas, findings)
    gap: list[float | None] = [None] * len(body)
    notes = _first_of(columns, lambda column: column.notes)
    return {
        "row": body.rows,
        _key(declared): codes,
        "value": value,
        "count": columns["count"].values if "count" in columns else gap,
        "denominator": columns["denominator"].values if "denominator" in columns else gap,
        # A row with nobody in count and denominator has no share.
        "note": [
            note or ("" if known is not None else "not-applicable") for note, known in zip(notes, value, strict=True)
        ],
        "marker": _first_of(columns, lambda column: column.markers),
    }


def read_resource(
    body: Body, layout: Layout, declared: Declared, areas: Areas | None, findings: Findings, delimiter: str
) -> Columns:
    """Check a resource: ``row``, code, ``amount``, ``note``, ``marker``."""
    codes = code_column(body, layout, declared, areas, findings)
    _refuse_doubled(body, codes, layout, findings)
    body, codes = _inside(body, codes)
    amount = read_column(body, "amount", layout, declared, findings, codes=codes, delimiter=delimiter)
    tell_notes([amount], body, codes, findings)
    _tell_figures(amount.values, findings, layout.name("amount"))
    _tell_small(amount, body, codes, declared, findings)
    _tell_missing(codes, declared, areas, findings)
    found: Columns = {"row": body.rows, _key(declared): codes, "amount": amount.values}
    return {**found, "note": amount.notes, "marker": amount.markers}


def _key(declared: Declared) -> str:
    return "lsoa21cd" if declared.vintage == 2021 else "lsoa11cd"


def _inside(body: Body, codes: list[str]) -> tuple[Body, list[str]]:
    """Leave out the rows outside the place."""
    if all(codes):
        return body, codes
    return body.keep([bool(code) for code in codes]), [code for code in codes if code]


def _refuse_doubled(body: Body, codes: list[str], layout: Layout, findings: Findings) -> None:
    first: dict[str, int] = {}
    for row, code in zip(body.rows, codes, strict=True):
        if code in first and code not in ("", "?"):
            message = f"{code} is there already, at row {first[code]}"
            findings.add("doubled-code", message, row=row, column=layout.name("code"), code=code)
        first.setdefault(code, row)


def _tell_figures(values: list[float | None], findings: Findings, column: str) -> None:
    """Refuse a column without any figure; say if all are alike."""
    known = [value for value in values if value is not None]
    if not known and not findings.refused:
        findings.add("no-values", "no row has a figure", column=column)
    if len(known) >= ENOUGH_TO_COMPARE and len(set(known)) == 1:
        findings.add("constant-values", f"all {len(known):,} figures are {known[0]:g}", column=column)


def _tell_small(column: FigureColumn, body: Body, codes: list[str], declared: Declared, findings: Findings) -> None:
    if not (declared.says("about", "people") and declared.says("source", "own")):
        return
    if declared.unit.kind == "money":
        return
    small = [i for i, value in enumerate(column.values) if value is not None and 0 < value <= SMALL_COUNT]
    if small:
        message = f"{len(small):,} counts of people lie from 1 to {SMALL_COUNT}"
        findings.add(
            "small-counts", message, row=body.rows[small[0]], column=column.name, code=codes[small[0]], times=len(small)
        )


def _tell_missing(codes: list[str], declared: Declared, areas: Areas | None, findings: Findings) -> None:
    """Say which neighbourhoods of the place have no row."""
    known = areas.of_vintage(declared.vintage) if areas else frozenset()
    gone = sorted(known - set(codes))
    if areas and gone and len(gone) < len(known):
        examples = ", ".join(gone[:EXAMPLES]) + (" ..." if len(gone) > EXAMPLES else "")
        message = f"{len(gone):,} of the {len(known):,} neighbourhoods of {areas.place} have no row: {examples}"
        findings.add("areas-missing", message, times=len(gone))


def _first_name(layout: Layout, *roles: str) -> str:
    return next(layout.name(role) for role in roles if role in layout.roles)


def _first_of(columns: dict[str, FigureColumn], part: Callable[[FigureColumn], list[str]]) -> list[str]:
    """Row by row, what the first of the columns has to say."""
    return [next(filter(None, said), "") for said in zip(*map(part, columns.values()), strict=True)]
