"""Postcodes in own lists of sites: their form, and the place of each in a list of postcodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geodata.upload.declared import Declared
from geodata.upload.report import Findings

if TYPE_CHECKING:
    import pandas as pd

    from geodata.postcodes import Gazetteer

FAR_M = 1000.0
_FORM = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})", re.ASCII)


def tidy_postcode(cell: str) -> str | None:
    """Return a postcode in capitals with one space, None if it has not the form of one.

    Examples
    --------
    >>> tidy_postcode("lu12tl")
    'LU1 2TL'
    """
    found = _FORM.fullmatch("".join(cell.split()).upper().strip("'"))
    return f"{found[1]} {found[2]}" if found else None


def placed(table: pd.DataFrame, gazetteer: Gazetteer, declared: Declared, findings: Findings) -> pd.DataFrame:
    """Place sites at their postcodes where they have no coordinates, and say what is not in the list.

    Parameters
    ----------
    table : pandas.DataFrame
        As `geodata.upload.sites.read_sites` gives it.
    gazetteer : Gazetteer
        Every live postcode.
    declared : Declared
        ``unknown_postcodes``: refuse (unless declared otherwise) or skip.
    findings : Findings
        Takes unknown-postcode and postcode-far.

    Returns
    -------
    pandas.DataFrame
        The same columns and ``lsoa21cd`` of the postcode, missing where a site has none.
    """
    found = gazetteer.find(table["postcode"].where(table["postcode"] != ""))
    unknown = (table["postcode"] != "") & found["pcds"].isna()
    skipped = unknown & table["easting"].isna() & declared.says("unknown_postcodes", "skip")
    for row, postcode, has_point in zip(
        table["row"][unknown], table["postcode"][unknown], table["easting"][unknown].notna(), strict=True
    ):
        lenient = has_point or declared.says("unknown_postcodes", "skip")
        message = f"{postcode} is not a live postcode" + ("; the coordinates are used" if has_point else "")
        findings.add(
            "unknown-postcode", message, row=row, value=postcode, severity="warning" if lenient else "reject"
        )  # fmt: skip
    findings.skipped += int(skipped.sum())
    apart = ((table["easting"] - found["easting"]) ** 2 + (table["northing"] - found["northing"]) ** 2) ** 0.5
    for row, postcode, metres in zip(
        table["row"][apart > FAR_M], table["postcode"][apart > FAR_M], apart[apart > FAR_M], strict=True
    ):
        message = f"the coordinates are {metres / 1000:.1f} km from {postcode}"
        findings.add("postcode-far", message, row=row, value=postcode)
    return table.assign(
        easting=table["easting"].fillna(found["easting"]),
        northing=table["northing"].fillna(found["northing"]),
        lsoa21cd=found["lsoa21cd"],
    )[~skipped].reset_index(drop=True)
