"""Outcomes over time: the Fingertips download, quarterly counts, and patients per GP by council.

Series for pages and trends; none of them is part of a neighbourhood's score.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from geodata.cells import TextTable, open_table
from geodata.codes import checked_codes
from geodata.reading import LeftOut, Reading

QUARTER = re.compile(r"(?:19|20)\d\d-Q[1-4]")
NUMBERS = {
    "value": "Value",
    "lower": "Lower CI 95.0 limit",
    "upper": "Upper CI 95.0 limit",
    "count": "Count",
    "denominator": "Denominator",
}


def read_fingertips(path: Path) -> Reading:
    """Read the download of all data of some indicators from Fingertips.

    Rows about a part of an area (a deprivation decile, an ethnic group) are left out and counted.

    Returns
    -------
    Reading
        Columns ``indicator_id`` and ``indicator`` (text as published), ``area_code``, ``area_name``,
        ``area_type``, ``sex``, ``age``, ``period``, ``value``, ``lower``, ``upper`` (95 % limits), ``count``,
        ``denominator`` (missing where held back) and ``note``.

    Raises
    ------
    BadFile
        missing-column, missing-value, not-a-number or doubled-code, naming the row.
    """
    cells = open_table(path)
    named = {
        "indicator_id": "Indicator ID", "indicator": "Indicator Name", "area_code": "Area Code",
        "area_name": "Area Name", "area_type": "Area Type", "sex": "Sex", "age": "Age", "period": "Time period",
    }  # fmt: skip
    table = pd.DataFrame({own: cells.text(header) for own, header in named.items()})
    for own in ("indicator_id", "area_code", "period"):
        says = "the cell is empty; every row is of an indicator, an area and a period"
        cells.refuse(table[own].isna(), says, rule="missing-value", column=named[own], codes=table["area_code"])
    for own, header in NUMBERS.items():
        table[own] = cells.numbers(header)
    table["note"] = cells.text("Value note").fillna("")
    part = cells.text("Category Type").notna()
    whole = table[~part].reset_index(drop=True)
    keys = ["indicator_id", "area_code", "sex", "age", "period"]
    doubled = np.zeros(len(table), dtype=bool)
    doubled[np.flatnonzero(~part)] = whole.duplicated(keys).to_numpy()
    says = "the same indicator, area and period is there twice"
    cells.refuse(doubled, says, rule="doubled-code", column="Area Code", codes=table["area_code"])
    left_out = (LeftOut("about a part of an area", int(part.sum())),) if part.any() else ()
    return Reading(whole, cells.rows, left_out)


def read_quarterly(path: Path) -> Reading:
    """Read quarterly counts of outcomes by neighbourhood: indicator, quarter, lsoa21cd, numerator, denominator.

    Returns
    -------
    Reading
        Columns ``indicator``, ``area_code``, ``period`` (``2023-Q2``), ``count`` and ``denominator`` (persons).

    Raises
    ------
    BadFile
        missing-column, missing-value, bad-quarter, count-above, a broken code, not-a-number, negative or
        doubled-code, naming the row.
    """
    cells = open_table(path)
    area = checked_codes(
        cells.text("lsoa21cd"), file=path.name, column="lsoa21cd", level="lsoa", vintage=2021,
        first_row=cells.first_row, unique=False,
    )  # fmt: skip
    indicator, quarter = cells.text("indicator"), cells.text("quarter")
    cells.refuse(indicator.isna(), "no indicator", rule="missing-value", column="indicator", codes=area)
    says = "{value!r} is not a quarter such as 2023-Q2"
    strange = ~quarter.fillna("").str.fullmatch(QUARTER)
    cells.refuse(strange, says, rule="bad-quarter", column="quarter", codes=area, values=quarter)
    count, among = (cells.numbers(name, minimum=0, required=True) for name in ("numerator", "denominator"))
    says = "{value} are counted among fewer"
    cells.refuse(count > among, says, rule="count-above", column="numerator", codes=area, values=pd.Series(count))
    table = pd.DataFrame(
        {"indicator": indicator, "area_code": area, "period": quarter, "count": count, "denominator": among}
    )
    return _once(cells, table, ["indicator", "area_code", "period"])


def read_patients_per_gp(path: Path) -> Reading:
    """Read registered patients and fully qualified GPs (full-time equivalents) by council of 2024.

    Returns
    -------
    Reading
        Index ``lad24cd``: ``patients``, ``gps`` and ``patients_per_gp``.

    Raises
    ------
    BadFile
        missing-column, a code that is no council's, not-a-number, negative, or wrong-sum where the ratio is
        not that of the two figures.
    """
    cells = open_table(path)
    council = checked_codes(
        cells.text("ltla24_code"), file=path.name, column="ltla24_code", level="lad", first_row=cells.first_row
    )
    headers = {"patients": "total_patients", "gps": "total_gp_fte", "patients_per_gp": "patients_per_gp"}
    values = {own: cells.numbers(header, minimum=0) for own, header in headers.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(values["patients"] / values["gps"] / values["patients_per_gp"] - 1) > 1e-3
    says = "{value} is not the number of patients over that of GPs"
    given = pd.Series(values["patients_per_gp"])
    cells.refuse(off, says, rule="wrong-sum", column="patients_per_gp", codes=council, values=given)
    return Reading(pd.DataFrame(values, index=pd.Index(council, name="lad24cd")).sort_index(), cells.rows)


def _once(cells: TextTable, table: pd.DataFrame, keys: list[str]) -> Reading:
    says = f"the same {', '.join(keys)} is there twice"
    cells.refuse(table.duplicated(keys), says, rule="doubled-code", column=keys[0], codes=table["area_code"])
    return Reading(table.sort_values(keys).reset_index(drop=True), cells.rows)
