"""Postcodes: one way to write them, and where each live one in England is."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.cells import TextTable, open_table
from geodata.codes import checked_codes, without_spaces
from geodata.crs import check_grid
from geodata.errors import UnknownPostcode
from geodata.reading import Reading

# Outward code: one or two letters, a digit, and perhaps a digit or letter. Inward: a digit, two letters.
_FORM = r"([A-Z]{1,2}[0-9][A-Z0-9]?|GIR)([0-9][A-Z]{2})"
_WHOLE = re.compile(_FORM)
GAZETTEER_COLUMNS = ("pcds", "easting", "northing", "lsoa21cd", "laua")


def normalise(text: str) -> str:
    """Return a postcode in capitals with one space, whatever case and spacing it came in.

    Parameters
    ----------
    text : str
        "lu1  2tl", "LU12TL", " LU1 2TL".

    Returns
    -------
    str
        "LU1 2TL".

    Raises
    ------
    UnknownPostcode
        If it does not have the form of a postcode. The text itself is not repeated.
    """
    found = _WHOLE.fullmatch("".join(text.upper().split()))
    if found is None:
        raise UnknownPostcode("That does not look like a postcode. One looks like LU1 2TL.")
    return f"{found[1]} {found[2]}"


def normalise_all(postcodes: pd.Series) -> pd.Series:
    """Return a column of postcodes in the form of `normalise`, missing where it has not that form."""
    bare = without_spaces(postcodes.astype("str").str.upper())
    spaced = bare.str.slice(stop=-3) + " " + bare.str.slice(start=-3)
    return spaced.where(bare.str.fullmatch(_FORM).fillna(False).astype(bool))


def read_postcodes(path: Path, *, known_codes: Collection[str] | None = None) -> Reading:
    """Read the live postcodes of England, or of a part of it.

    Parameters
    ----------
    path : pathlib.Path
        ``.parquet``, ``.csv.gz`` or ``.csv`` with pcds, oseast1m, osnrth1m, lsoa21 and laua.
    known_codes : collection of str, optional
        Every LSOA code of 2021; any other is refused.

    Returns
    -------
    Reading
        Columns ``pcds``, ``easting``, ``northing`` (metres, EPSG:27700), ``lsoa21cd``, ``laua``.

    Raises
    ------
    BadFile
        With the file, row, column and rule: a doubled postcode, another form, a place off the grid.
    """
    cells = open_table(path)
    table = pd.DataFrame(
        {
            "pcds": cells.text("pcds"),
            "easting": cells.numbers("oseast1m", minimum=0, required=True),
            "northing": cells.numbers("osnrth1m", minimum=0, required=True),
            "lsoa21cd": cells.text("lsoa21"),
            "laua": cells.text("laua"),
        }
    )
    _check_areas(cells, table["lsoa21cd"], known_codes)
    form = table["pcds"].str.fullmatch(_FORM.replace(")(", ") (")).fillna(False)
    pcds = table["pcds"]
    says = "{value!r} is not a postcode as ONS writes it"
    cells.refuse(~form.astype(bool), says, rule="bad-postcode", column="pcds", values=pcds)
    if not _rising(pa.array(pcds, type=pa.string())):
        cells.refuse(pcds.duplicated(), "{value} is there twice", rule="doubled-code", column="pcds", values=pcds)
    check_grid(table["easting"], table["northing"], path.name, first_row=cells.first_row, unit="postcode's point")
    return Reading(table, cells.rows)


def _rising(texts: pa.Array) -> bool:
    """Whether each text is above the one before, as in the published file: then none is there twice."""
    return bool(pc.all(pc.less(texts[:-1], texts[1:])).as_py())


def _check_areas(cells: TextTable, codes: pd.Series, known_codes: Collection[str] | None) -> None:
    """Check each area once, at the row where it first stands: 1.5 million rows name 33,755 areas."""
    firsts = codes.drop_duplicates()
    right = firsts.str.fullmatch(r"E01\d{6}").fillna(False).astype(bool)
    if known_codes is not None:
        held = pa.array(known_codes, type=pa.string())
        right &= np.asarray(pc.is_in(pa.array(firsts, type=pa.string()), value_set=held))
    for row, code in firsts[~right].items():
        checked_codes(
            pd.Series([code], dtype="str"), file=cells.file, column="lsoa21", vintage=2021,
            first_row=int(str(row)) + cells.first_row, known_codes=known_codes,
        )  # fmt: skip


class Gazetteer:
    """Where each postcode is.

    Parameters
    ----------
    table : pandas.DataFrame
        As `read_postcodes` returns it.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table.loc[:, list(GAZETTEER_COLUMNS)].reset_index(drop=True)
        self._known = pa.array(self._table["pcds"], type=pa.string())

    def __len__(self) -> int:
        """Return the number of postcodes."""
        return len(self._table)

    def find(self, postcodes: pd.Series) -> pd.DataFrame:
        """Find many postcodes at once.

        Parameters
        ----------
        postcodes : pandas.Series of str
            In any case and spacing.

        Returns
        -------
        pandas.DataFrame
            With the index of ``postcodes`` and the columns of the gazetteer; a row is all missing where
            the postcode is not in it.
        """
        wanted = pa.array(normalise_all(postcodes), type=pa.string())
        distinct = pc.unique(wanted).drop_null()
        # The few that are wanted are hashed, not the million that are known.
        which = pc.index_in(self._known, value_set=distinct).fill_null(-1).to_numpy()
        held = np.flatnonzero(which >= 0)[::-1]  # the first of equals is written last
        row = np.full(len(distinct) + 1, -1)  # the last is that of a missing postcode
        row[which[held]] = held
        found = self._table.reindex(row[pc.index_in(wanted, value_set=distinct).fill_null(-1).to_numpy()])
        return found.set_axis(postcodes.index)

    def one(self, postcode: str) -> pd.Series:
        """Return the row of one postcode; raise UnknownPostcode if it is not in the gazetteer."""
        row = self.find(pd.Series([normalise(postcode)])).iloc[0]
        if pd.isna(row["pcds"]):
            raise UnknownPostcode("That postcode is not a live postcode of the area covered.")
        return row
