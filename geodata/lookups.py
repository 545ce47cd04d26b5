"""Look-ups of ONS: from a neighbourhood to the areas above it, its centroid, and its code of 2011."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from geodata.cells import open_table
from geodata.codes import checked_codes
from geodata.crs import check_grid
from geodata.reading import Reading
from geodata.tables import key_codes

LOOKUP_COLUMNS = (
    *("lsoa21nm", "msoa21cd", "msoa21nm", "msoa21hclnm", "wd24cd", "wd24nm", "lad22cd", "lad24cd", "lad24nm"),
    *("lad25cd", "utla23cd", "utla23nm", "rgn24cd", "rgn24nm", "sicbl24cd", "sicbl24nm", "icb24cd", "icb24nm"),
    "ruc21nm",
)
CHANGES = {"U": "unchanged", "S": "split", "M": "merged", "X": "irregular"}


def read_lookup(path: Path) -> Reading:
    """Read the look-up from LSOA 2021 to everything above it.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd``, sorted, with the text columns of ``LOOKUP_COLUMNS``.

    Raises
    ------
    BadFile
        A missing column, an empty cell, or a code that is doubled or not of an LSOA in England.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA21CD")
    table = pd.DataFrame({column: cells.text(column.upper()) for column in LOOKUP_COLUMNS})
    for column in LOOKUP_COLUMNS:
        says = "the cell is empty; every area lies in one of these"
        cells.refuse(table[column].isna(), says, rule="missing-value", column=column.upper(), codes=codes)
    table.index = pd.Index(codes, name="lsoa21cd")
    return Reading(table.sort_index(), cells.rows)


def read_centroids(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read population-weighted centroids: where the people of a neighbourhood live on average.

    Returns
    -------
    Reading
        Table indexed by ``lsoa21cd``, sorted: ``centroid_x_m``, ``centroid_y_m``, EPSG:27700.

    Raises
    ------
    BadFile
        With the file, row, column and rule; degrees or swapped axes are named as such.
    """
    cells = open_table(path)
    codes = key_codes(cells, "LSOA21CD", known_codes=known_codes)
    x, y = cells.numbers("x", required=True), cells.numbers("y", required=True)
    check_grid(x, y, path.name, first_row=cells.first_row, unit="centroid")
    table = pd.DataFrame({"centroid_x_m": x, "centroid_y_m": y}, index=pd.Index(codes, name="lsoa21cd"))
    return Reading(table.sort_index(), cells.rows)


def read_exact_fit(path: Path) -> Reading:
    """Read the exact-fit table from LSOA 2011 to LSOA 2021: one row per pair that shares land.

    Returns
    -------
    Reading
        Columns ``lsoa11cd``, ``lsoa21cd`` and ``chgind``: U unchanged, S split, M merged, X irregular.

    Raises
    ------
    BadFile
        A pair that is there twice, an unknown indicator, or a code that is not of an LSOA in England.
    """
    cells = open_table(path)
    table = pd.DataFrame(
        {
            "lsoa11cd": key_codes(cells, "LSOA11CD", unique=False),
            "lsoa21cd": key_codes(cells, "LSOA21CD", unique=False),
            "chgind": cells.text("CHGIND").str.upper(),
        }
    )
    unknown = ~table["chgind"].isin(list(CHANGES))
    says = "{value!r} is not a kind of change; U, S, M or X is expected"
    cells.refuse(unknown, says, rule="unknown-status", column="CHGIND", codes=table["lsoa11cd"], values=table["chgind"])
    doubled = table.duplicated(["lsoa11cd", "lsoa21cd"])
    says = "the pair with {value} is there twice"
    cells.refuse(
        doubled, says, rule="doubled-code", column="LSOA11CD", codes=table["lsoa11cd"], values=table["lsoa21cd"]
    )
    table = table.sort_values(["lsoa21cd", "lsoa11cd"]).reset_index(drop=True)
    return Reading(table, cells.rows)


def read_footprints(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read footprints: named lists of neighbourhoods, one ``footprint,lsoa21cd`` per row.

    A neighbourhood may lie in one footprint only, since figures are added up over footprints.

    Returns
    -------
    Reading
        Columns ``footprint`` and ``lsoa21cd``, in the order of the names, then of the codes.

    Raises
    ------
    BadFile
        A footprint without a name, a doubled code, or a code that is unknown.
    """
    cells = open_table(path)
    codes = checked_codes(
        cells.text("lsoa21cd"), file=path.name, column="lsoa21cd", vintage=2021, known_codes=known_codes
    )
    table = pd.DataFrame({"footprint": cells.text("footprint"), "lsoa21cd": codes})
    gap = table["footprint"].isna()
    cells.refuse(gap, "the footprint has no name", rule="missing-value", column="footprint", codes=codes)
    table = table.sort_values(["footprint", "lsoa21cd"]).reset_index(drop=True)
    return Reading(table, cells.rows)
