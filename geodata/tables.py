"""Plain tables: one code column, and columns of numbers by area. One reader serves them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from geodata.cells import TextTable, open_table
from geodata.codes import checked_codes, level_of_header
from geodata.errors import BadFile
from geodata.reading import Reading


def read_table(
    path: Path,
    source_columns: Mapping[str, str],
    *,
    key: str = "lsoa21cd",
    key_header: str = "LSOA21CD",
    known_codes: Collection[str] | None = None,
    minimum: float | None = None,
) -> Reading:
    """Read a plain table of numbers by area: a Census 2021 table, for example.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.csv.gz`` or ``.parquet``.
    source_columns : mapping of str to str
        Our column name to the published header. Header case and spaces do not matter.
    key, key_header : str
        Our name of the code column, and the published one.
    known_codes : collection of str, optional
        All codes of the right vintage; any other is refused.
    minimum : float, optional
        The least value that makes sense: 0 for counts.

    Returns
    -------
    Reading
        Table indexed by ``key``, sorted, one float64 column per entry; an empty cell is NaN.

    Raises
    ------
    BadFile
        With the file, row, column and rule.
    """
    cells = open_table(path)
    codes = key_codes(cells, key_header, known_codes=known_codes)
    values = {own: cells.numbers(header, minimum=minimum) for own, header in source_columns.items()}
    table = pd.DataFrame(values, index=pd.Index(codes, name=key)).sort_index()
    return Reading(table, cells.rows)


def key_codes(
    cells: TextTable, header: str, *, known_codes: Collection[str] | None = None, unique: bool = True
) -> pd.Series:
    """Return the area codes of a key column, checked against the level and year its header names.

    Raises
    ------
    BadFile
        missing-column, wrong-vintage, or any rule of `geodata.codes.checked_codes`.
    """
    level, year = level_of_header(header)
    other = {"2021": "2011", "2011": "2021"}.get(year)
    if other and cells.find(header) is None:
        rival = next((name for name in cells.headers if level_of_header(name) == (level, other)), None)
        if rival is not None:
            raise BadFile(
                f"the codes are those of {other} ({rival}); codes of {year} are needed",
                rule="wrong-vintage",
                file=cells.file,
                column=rival,
                hint="Areas were split and merged in between; carry the figures over with the exact-fit table.",
            )
    position = cells.position(header)
    return checked_codes(
        cells.text(header),
        file=cells.file,
        column=cells.headers[position],
        level=level,
        vintage=int(year) if year else None,
        first_row=cells.first_row,
        known_codes=known_codes,
        unique=unique,
    )
