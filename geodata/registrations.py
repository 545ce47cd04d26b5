"""What GP practices and services publish: who is registered where, and what practices, councils and care boards record.

Registrations and recorded prevalence are by practice and are carried to neighbourhoods later. The
Health Index (councils) and talking therapies (sub-ICB locations) stay where they are: context, never
part of a neighbourhood's score.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from geodata.cells import TextTable, open_table
from geodata.codes import FIRST_LSOA21, LAST_LSOA21, checked_codes
from geodata.errors import BadFile
from geodata.reading import Reading

PATIENT_HEADERS = ("NUMBER_OF_PATIENTS", "Number of Patients")  # releases from 2020 on differ in this one
EVERYONE = "ALL"
# English area, area of another nation, or the publisher's marker for a patient who could not be placed.
_AREA = re.compile(r"E01\d{6}|[WS]01\d{6}|[N9][A-Z0-9]{5,8}|NO20[12]1")
_MARKER = re.compile(r"NO(20[12]1)")
_SUB_ICB = re.compile(r"E38\d{6}")
HIGHEST_SHARE = 1.1  # special lists (care homes, for one) record just over the whole list; above this it is per cent
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


def read_registrations(path: Path, *, vintage: int | None = 2011) -> Reading:
    """Read patients registered at a GP practice, by the LSOA they live in.

    Every row is kept: Wales, and patients who could not be placed, too. Their share belongs to the
    practice's list.

    Parameters
    ----------
    path : pathlib.Path
        CSV as published, or Parquet with the same columns; sexes together.
    vintage : {2011, 2021} or None
        Which LSOAs the release counts by: 2011 up to 2022. None = as its codes say.

    Returns
    -------
    Reading
        Columns ``practice_code``, ``lsoa11cd`` (or ``lsoa21cd``: any nation's area, or ``NO2011``) and
        ``patients`` (persons), sorted by practice and area.

    Raises
    ------
    BadFile
        missing-column, missing-code, bad-code, wrong-vintage, doubled-code, missing-value,
        not-a-number, not-whole, negative or wrong-selection, naming the row.
    """
    cells = open_table(path)
    by_practice, practices = pd.factorize(_practice_codes(cells, "PRACTICE_CODE"), sort=True)
    practice = pd.Series(practices.take(by_practice))
    by_area, areas = _distinct(cells, "LSOA_CODE", practice)
    area = pd.Series(areas.take(by_area))
    vintage = vintage or _vintage(areas)
    _refuse_areas(cells, vintage, areas, by_area, practice, area)
    _refuse_one_sex(cells, practice)
    header = next((name for name in PATIENT_HEADERS if cells.find(name) is not None), PATIENT_HEADERS[0])
    patients = cells.numbers(header, minimum=0, required=True)
    says = "{value} is not a whole number of patients"
    cells.refuse(patients % 1 != 0, says, rule="not-whole", column=header, codes=practice, values=pd.Series(patients))
    pair = by_practice.astype(np.int64) * len(areas) + by_area
    says = "the pair with {value} is there twice"
    doubled = pd.Series(pair).duplicated()
    cells.refuse(doubled, says, rule="doubled-code", column="LSOA_CODE", codes=practice, values=area)
    table = pd.DataFrame({"practice_code": practice, f"lsoa{vintage % 100}cd": area, "patients": patients})
    return Reading(table.iloc[np.argsort(pair, kind="stable")].reset_index(drop=True), cells.rows)


def holds_whole_lists(registrations: pd.DataFrame) -> bool:
    """Whether a registrations table can hold practices' whole lists, not those cut to a place.

    A whole file always has patients beyond England's neighbourhoods: Welsh ones and ones who could not
    be placed. A file that was cut to chosen areas has none.

    Parameters
    ----------
    registrations : pandas.DataFrame
        From `read_registrations`.

    Returns
    -------
    bool
        False: rates can still be carried to its areas, counts cannot.
    """
    area = registrations.filter(regex=r"^lsoa\d\dcd$").iloc[:, 0]
    return bool((~area.str.startswith("E01")).any())


def _practice_codes(cells: TextTable, header: str, *, unique: bool = False) -> pd.Series:
    """Return practice codes in capitals; an empty one, and where wanted a doubled one, is refused."""
    codes = cells.text(header).str.upper()
    cells.refuse(codes.isna(), "the practice code is empty", rule="missing-code", column=header)
    if unique:
        says = "the practice is there twice"
        cells.refuse(codes.duplicated(), says, rule="doubled-code", column=header, codes=codes)
    return codes


def _distinct(cells: TextTable, header: str, practice: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Return which of the distinct codes of a column each row has, and those codes, in capitals and in order."""
    text = cells.text(header)
    at, labels = pd.factorize(text.str.upper(), sort=True)
    cells.refuse(at < 0, "the area code is empty", rule="missing-code", column=header, codes=practice)
    return at, pd.Index(labels)


def _vintage(areas: pd.Index) -> int:
    """Tell by its codes which LSOAs a release counts by: new areas, or patients without an area of that year."""
    newer = (areas >= FIRST_LSOA21) & (areas <= LAST_LSOA21)
    return 2021 if newer.any() or "NO2021" in areas else 2011


def _refuse_areas(
    cells: TextTable, vintage: int, areas: pd.Index, at: np.ndarray, practice: pd.Series, area: pd.Series
) -> None:
    """Refuse what is no area or patient without one, and areas of another year."""
    names = pd.Series(areas)
    says = "{value!r} is neither an LSOA nor a patient who could not be placed (NO2011, NO2021)"
    strange = (~names.str.fullmatch(_AREA)).to_numpy()[at]
    cells.refuse(strange, says, rule="bad-code", column="LSOA_CODE", codes=practice, values=area)
    newer = (names >= FIRST_LSOA21) & (names <= LAST_LSOA21)
    marked = names.str.extract(_MARKER)[0]
    wrong = (marked.notna() & (marked != str(vintage))) | (newer if vintage == 2011 else False)
    says = f"{{value}} belongs to other areas; those of {vintage} are expected"
    hint = "Releases up to 2022 count by areas of 2011, later ones by those of 2021."
    rule = "wrong-vintage"
    cells.refuse(wrong.to_numpy()[at], says, rule=rule, column="LSOA_CODE", codes=practice, values=area, hint=hint)


def _refuse_one_sex(cells: TextTable, practice: pd.Series) -> None:
    """Refuse a file of one sex, or of sexes apart: its counts are not of whole lists."""
    if cells.find("SEX") is None:
        return
    sex = cells.text("SEX").str.upper()
    says = "{value!r} patients; the file of both sexes together (ALL) is needed"
    cells.refuse(sex != EVERYONE, says, rule="wrong-selection", column="SEX", codes=practice, values=sex)


def read_qof(path: Path) -> Reading:
    """Read recorded prevalence and achievement of the Quality and Outcomes Framework, one row per practice.

    Parameters
    ----------
    path : pathlib.Path
        CSV with ``OrganisationCode`` and columns such as ``DM-prevalence`` (share of the register's
        own list), ``DM019-BP`` (share achieved) and ``QOF-DM`` (points).

    Returns
    -------
    Reading
        Index ``practice_code``, sorted; float64 columns ``dm_share`` and so on (0-1, missing = NaN),
        ``dm019_bp_share``, ``qof_dm_points``.

    Raises
    ------
    BadFile
        missing-column, missing-code, doubled-code, not-a-number, negative, or out-of-range where a
        share looks like a percentage.
    """
    cells = open_table(path)
    practice = _practice_codes(cells, "OrganisationCode", unique=True)
    measures = {_qof_name(header): header for header in cells.headers[1:]}
    if not any(header.casefold().endswith("-prevalence") for header in measures.values()):
        says = "there is no column of prevalence, such as 'DM-prevalence'"
        raise BadFile(says, rule="missing-column", file=cells.file, column="DM-prevalence")
    values = {own: cells.numbers(header, minimum=0) for own, header in measures.items()}
    for own, header in measures.items():
        if own.endswith("_share"):
            says = "{value} is above the whole list: a share from 0 to 1 is expected, not a percentage"
            given = pd.Series(values[own])
            cells.refuse(
                values[own] > HIGHEST_SHARE, says, rule="out-of-range", column=header, codes=practice, values=given
            )
    table = pd.DataFrame(values, index=pd.Index(practice, name="practice_code")).sort_index()
    return Reading(table, cells.rows)


def _qof_name(header: str) -> str:
    """Return our name of a published column: ``dm_share``, ``dm019_bp_share``, ``qof_dm_points``."""
    bare = header.casefold().strip().replace("-", "_")
    return f"{bare}_points" if bare.startswith("qof_") else f"{bare.removesuffix('_prevalence')}_share"


def read_health_index(path: Path) -> Reading:
    """Read the indicators under the ONS Health Index: values by council of 2021 and year.

    Context only: no neighbourhood's score may use a value that is known for its council alone.

    Returns
    -------
    Reading
        Columns ``lad21cd``, ``year`` (int), ``indicator`` (as published) and ``value`` (in the
        indicator's unit, missing = NaN), in that order of sorting.

    Raises
    ------
    BadFile
        missing-column, an area code that is not a council's, missing-value, out-of-range, not-a-number
        or doubled-code, naming the row.
    """
    cells = open_table(path)
    council = checked_codes(
        cells.text("ltla21_code"), file=path.name, column="ltla21_code", level="lad", first_row=cells.first_row,
        unique=False,
    )  # fmt: skip
    year, indicator = cells.numbers("year", required=True), cells.text("indicator")
    odd = (year % 1 != 0) | (year < 1990) | (year > 2100)
    says = "{value} is not a year"
    cells.refuse(odd, says, rule="out-of-range", column="year", codes=council, values=pd.Series(year))
    cells.refuse(indicator.isna(), "no indicator", rule="missing-value", column="indicator", codes=council)
    table = pd.DataFrame(
        {"lad21cd": council, "year": year.astype(np.int64), "indicator": indicator, "value": cells.numbers("value")}
    )
    return _sorted_once(cells, table, ["lad21cd", "year", "indicator"])


def read_talking_therapies(path: Path) -> Reading:
    """Read NHS Talking Therapies: monthly counts and percentages by sub-ICB location of 2022.

    Context only, as the Health Index is. The publisher holds small numbers back, with a star or an
    empty cell: they are missing here, never zero, and sums over months are not to be made of the rest.

    Returns
    -------
    Reading
        Columns ``sicbl22cd``, ``month`` (``2022-07``), ``measure`` (as published) and ``value`` (persons
        or per cent, as the measure's name says), in that order of sorting.

    Raises
    ------
    BadFile
        missing-column, missing-code, bad-code, bad-month, missing-value, not-a-number, negative or
        doubled-code, naming the row.
    """
    cells = open_table(path)
    area = cells.text("sicbl22_code").str.upper()
    cells.refuse(area.isna(), "the area code is empty", rule="missing-code", column="sicbl22_code")
    strange = ~area.str.fullmatch(_SUB_ICB)
    says = "{code} is not the code of a sub-ICB location"
    cells.refuse(strange, says, rule="bad-code", column="sicbl22_code", codes=area, values=area)
    given, measure = cells.text("date"), cells.text("name")
    month = given.map({name: _month(name) for name in given.dropna().unique()})
    says = "{value!r} is not a month such as 'July 2022'"
    cells.refuse(month.isna(), says, rule="bad-month", column="date", codes=area, values=given)
    cells.refuse(measure.isna(), "no measure", rule="missing-value", column="name", codes=area)
    value = _held_back_as_missing(cells).numbers("value", minimum=0)
    table = pd.DataFrame({"sicbl22cd": area, "month": month, "measure": measure, "value": value})
    return _sorted_once(cells, table, ["sicbl22cd", "month", "measure"])


def _month(text: str) -> str | None:
    """Return ``2022-07`` for ``July 2022``, None for anything else."""
    found = re.fullmatch(r"([A-Za-z]+) (\d{4})", text)
    name = found[1].capitalize() if found else ""
    return f"{found[2]}-{MONTHS.index(name) + 1:02d}" if found and name in MONTHS else None


def _held_back_as_missing(cells: TextTable) -> TextTable:
    """Return the table with the publisher's star as an empty cell of the value column."""
    position = cells.position("value")
    text = cells.text("value")
    columns = list(cells.columns)
    columns[position] = pa.chunked_array([pa.array(text.mask(text == "*"), type=pa.string(), from_pandas=True)])
    return TextTable(cells.file, cells.headers, tuple(columns), cells.first_row)


def _sorted_once(cells: TextTable, table: pd.DataFrame, keys: list[str]) -> Reading:
    """Return the table sorted by its keys, refusing the same keys twice."""
    says = f"the same {', '.join(keys[1:])} is there twice"
    cells.refuse(table.duplicated(keys), says, rule="doubled-code", column=keys[0], codes=table[keys[0]])
    return Reading(table.sort_values(keys).reset_index(drop=True), cells.rows)
