"""Files that ``evenreach site`` takes through the gate: candidates, and people who are still to come."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from service.commands.check import open_own_table, refuse_file
from service.commands.output import Output, Refusal

if TYPE_CHECKING:
    import pandas as pd

    from service.editions.edition import Edition
    from service.editions.views import View

SITES = {"service": "candidate", "period": "not given", "source": "own"}
GROWTH = ["unit=people", "period=to come", "about=modelled", "source=own"]
Candidate = tuple[str, float, float, float | None]


def candidates_of(
    file: Path,
    declared: list[str],
    edition: Edition,
    view: View,
    output: Output,
    *,
    sources: Path | None,
    store: Path,
) -> list[Candidate]:
    """Read a list of candidates: name, longitude, latitude, and the people each can take if the list says.

    Raises
    ------
    Refusal
        If a candidate has no place, or lies outside the area; it names the row.
    typer.Exit
        If the gate refuses the file; its report is printed.
    """
    from geodata.crs import to_degrees

    given = {text.partition("=")[0] for text in declared}
    facts = [*declared, *(f"{name}={value}" for name, value in SITES.items() if name not in given)]
    table = _read(file, "sites", facts, edition, output, sources=sources, store=store)
    lost = table[["easting", "northing"]].isna().any(axis=1)
    if lost.any():
        raise Refusal(f"{file.name}, row {int(table.loc[lost, 'row'].iloc[0])}: where the site stands is not known")
    longitude, latitude = to_degrees(table["easting"].to_numpy(), table["northing"].to_numpy())
    table = table.assign(lon=longitude.round(6), lat=latitude.round(6))
    _check_inside(file, table, edition, view)
    room = [None if math.isnan(people) else float(people) for people in table["capacity"].tolist()]
    return list(zip(_called(table), table["lon"].tolist(), table["lat"].tolist(), room, strict=True))


def _called(table: pd.DataFrame) -> list[str]:
    """Names of sites; the identifier where there is none."""
    return [str(name or site) for name, site in zip(table["name"].tolist(), table["site_id"].tolist(), strict=True)]


def _check_inside(file: Path, table: pd.DataFrame, edition: Edition, view: View) -> None:
    """Refuse a candidate outside the area, by its row."""
    from service.siting.sites import area_words, row_of_point

    within = set(edition.rows_within(view.within).tolist())
    columns = (table[name].tolist() for name in ("row", "lon", "lat"))
    for called, row, longitude, latitude in zip(_called(table), *columns, strict=True):
        if row_of_point(edition, longitude, latitude) not in within:
            area = area_words(edition, view)
            raise Refusal(f"{file.name}, row {row}: {called!r} lies outside {area}; candidates stand inside it")


def growth_of(
    file: Path, edition: Edition, view: View, output: Output, *, store: Path
) -> tuple[tuple[str, float], ...]:
    """Read people who are still to come: code of a neighbourhood (2021) and a number.

    Raises
    ------
    Refusal
        If a number is missing, below zero or too large, or a row is about no neighbourhood of the area; it names
        the row.
    typer.Exit
        If the gate refuses the file; its report is printed.
    """
    from service.siting.requests import MOST_PEOPLE
    from service.siting.sites import area_words

    table = _read(file, "resource", GROWTH, edition, output, sources=None, store=store)
    inside = set(edition.codes[edition.rows_within(view.within)].tolist())
    for row, code, people in zip(*(table[name].tolist() for name in ("row", "lsoa21cd", "amount")), strict=True):
        if code not in inside:
            raise _elsewhere(file, row, code, area_words(edition, view))
        if not 0 <= people <= MOST_PEOPLE:
            said = "how many people is not known" if math.isnan(people) else f"{people:,.10g} people"
            raise Refusal(f"{file.name}, row {row}, {code}: {said}; give a number from 0 to {MOST_PEOPLE:,}")
    return tuple(zip(table["lsoa21cd"].tolist(), table["amount"].tolist(), strict=True))


def _read(
    file: Path, kind: str, declared: list[str], edition: Edition, output: Output, *, sources: Path | None, store: Path
) -> pd.DataFrame:
    """Take a file through the gate; end with its report where it is refused, or is in part about another place."""
    place = str(edition.place["id"])
    upload = open_own_table(file, kind, declared, output, place=place, sources=sources, store=store)
    if upload.table is None:
        refuse_file(upload.report.as_dict(), output)
    outside = next((item for item in upload.report.items if item.rule == "outside-place"), None)
    if outside is not None:
        raise _elsewhere(file, outside.row, outside.code, str(edition.place["name"]))
    return upload.table


def _elsewhere(file: Path, row: object, code: object, area: str) -> Refusal:
    """Refuse people who are added where the plan does not look, as an address or JSON that adds them is refused."""
    said = f"{file.name}, row {row}: people are added to {code}, which is no neighbourhood of {area}"
    return Refusal(f"{said}; give 2021 codes of neighbourhoods in the area that is looked at")
