"""Populations of neighbourhoods: mid-year estimates of ONS, by age where they are published."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from geodata.cells import TextTable, open_table
from geodata.reading import Reading
from geodata.tables import key_codes

AGE_BANDS = (
    *("age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_65_plus"),
    *("age_75_plus", "age_85_plus"),
)
SUMMED_BANDS = AGE_BANDS[:6]  # 75 and over, 85 and over are parts of 65 and over
BASES = {"U": "unchanged", "M": "merged", "S": "split", "X": "irregular"}
ROUNDING = 0.51  # bands are published to one decimal, so six of them add up to within this


def read_mid2022(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read residents at mid-2022 and the households of the Census 2021.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd``, sorted: ``population`` (persons) and ``households``, float64.

    Raises
    ------
    BadFile
        With the file, row, column and rule; a neighbourhood without a population is refused.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA21CD", known_codes=known_codes)
    table = pd.DataFrame(
        {
            "population": cells.numbers("population_mid2022", minimum=0, required=True),
            "households": cells.numbers("households_census2021", minimum=0),
        },
        index=pd.Index(codes, name="lsoa21cd"),
    )
    return Reading(table.sort_index(), cells.rows)


def read_age_bands(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read age bands at mid-2020, carried from LSOA 2011 to LSOA 2021.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd``, sorted: ``all_ages``, the bands of ``AGE_BANDS`` (persons) and
        ``basis``: U or M whole areas of 2011, S or X split by Census 2021 residents (modelled).

    Raises
    ------
    BadFile
        With the file, row, column and rule; bands that do not add up to all ages are refused.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA21CD", known_codes=known_codes)
    columns = ("all_ages", *AGE_BANDS)
    table = pd.DataFrame({column: cells.numbers(column, minimum=0, required=True) for column in columns})
    table["basis"] = cells.text("basis").str.upper()
    unknown = ~table["basis"].isin(list(BASES))
    says = "{value!r} is not a basis; U, M, S or X is expected"
    cells.refuse(unknown, says, rule="unknown-status", column="basis", codes=codes, values=table["basis"])
    _check_sum(cells, table[list(SUMMED_BANDS)].sum(axis=1), table["all_ages"], codes)
    table.index = pd.Index(codes, name="lsoa21cd")
    return Reading(table.sort_index(), cells.rows)


def read_single_year(path: Path) -> Reading:
    """Read residents at mid-2020 by single year of age, on LSOA 2011.

    Returns
    -------
    Reading
        Table indexed by ``lsoa11cd``, sorted: ``all_ages``, ``age_0`` to ``age_89``, ``age_90_plus``.

    Raises
    ------
    BadFile
        With the file, row, column and rule; ages that do not add up to all ages are refused.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA11CD")
    headers = {"all_ages": "All Ages", **{f"age_{age}": str(age) for age in range(90)}, "age_90_plus": "90+"}
    table = pd.DataFrame({own: cells.numbers(header, minimum=0, required=True) for own, header in headers.items()})
    _check_sum(cells, table.iloc[:, 1:].sum(axis=1), table["all_ages"], codes)
    table.index = pd.Index(codes, name="lsoa11cd")
    return Reading(table.sort_index(), cells.rows)


def read_sape(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read the ONS small-area estimates by sex and single year of age, on LSOA 2021 (mid-2021 on).

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd``, sorted: ``all_ages``, ``female_0`` to ``female_90``, ``male_0`` to
        ``male_90``; the last of each is 90 and over.

    Raises
    ------
    BadFile
        With the file, row, column and rule; ages that do not add up to the total are refused.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA 2021 Code", known_codes=known_codes)
    headers = {"all_ages": "Total"}
    headers |= {f"{sex}_{age}": f"{sex[0].upper()}{age}" for sex in ("female", "male") for age in range(91)}
    table = pd.DataFrame({own: cells.numbers(header, minimum=0, required=True) for own, header in headers.items()})
    _check_sum(cells, table.iloc[:, 1:].sum(axis=1), table["all_ages"], codes)
    table.index = pd.Index(codes, name="lsoa21cd")
    return Reading(table.sort_index(), cells.rows)


def _check_sum(cells: TextTable, parts: pd.Series, total: pd.Series, codes: pd.Series) -> None:
    """Refuse a row whose ages do not add up to its total."""
    off = (parts - total).abs() > ROUNDING
    says = "the ages do not add up to the total: they miss it by {value}"
    cells.refuse(off, says, rule="wrong-sum", column="all ages", codes=codes, values=(parts - total).round(1))
