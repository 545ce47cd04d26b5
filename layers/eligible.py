"""How many people of a focus's ages live in each neighbourhood today (methods M1, eligible people).

The newest count of residents has no ages, the Census has broad ages and the last estimate by single
year is older. The three are multiplied: residents today, times the Census share of the broad age
band, times the older estimate's share of the wanted ages within that band.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.gradient import DECIMALS

ELIGIBLE_DECIMALS = 1
OLDEST = 120
# broad band of the Census -> its Census columns, and the parts of the older estimate with their ages
BANDS: dict[str, tuple[tuple[str, ...], dict[str, tuple[int, int]]]] = {
    "0-15": (("residents_0_15",), {"age_0_4": (0, 4), "age_5_10": (5, 10), "age_11_15": (11, 15)}),
    "16-64": (
        ("residents_16_24", "residents_25_34", "residents_35_49", "residents_50_64"),
        {"age_16_17": (16, 17), "age_18_64": (18, 64)},
    ),
    "65+": (("residents_65_plus",), {"age_65_74": (65, 74), "age_75_84": (75, 84), "age_85_plus": (85, OLDEST)}),
}


def eligible_people(table: pd.DataFrame, ages: tuple[int, int] | None) -> pd.Series:
    """Residents of the given ages, kept to 0.1.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, ...), index lsoa21cd
        ``population`` (mid-2022), Census 2021 age counts ``residents_0_15`` .. ``residents_65_plus`` with their
        total ``residents_total``, and mid-2020 ``age_0_4`` .. ``age_85_plus`` (75+ and 85+ are parts of 65+).
    ages : tuple of int or None
        First and last age, both counted; None = everyone.

    Returns
    -------
    pandas.Series, shape (n,), index lsoa21cd
        Persons; the raw population for everyone. Where the older estimate has nobody in a band that
        the Census has people in, the share of the whole table stands in.

    Raises
    ------
    ValueError
        If the ages cut through a band that the sources do not divide.
    """
    if ages is None:
        return table["population"].astype(float).rename("eligible")
    ages = (ages[0], min(ages[1], OLDEST))
    older = _older_parts(table)
    total = pd.Series(0.0, index=table.index)
    for census, parts in BANDS.values():
        inside = _inside(parts, ages)
        if not inside:
            continue
        band_share = table[list(census)].sum(axis=1, skipna=False) / table["residents_total"]
        total = total + band_share * _share_within(older, list(parts), inside)
    # Rounded in two steps: a half that floating point left a hair below or above is a half again.
    return (table["population"] * total).round(DECIMALS).round(ELIGIBLE_DECIMALS).rename("eligible")


def raw_count(table: pd.DataFrame, ages: tuple[int, int] | None) -> pd.Series:
    """Count the same ages in the older estimate alone, for setting beside the modelled figure."""
    if ages is None:
        return table["all_ages"].astype(float)
    older = _older_parts(table)
    chosen = [part for _, parts in BANDS.values() for part in _inside(parts, (ages[0], min(ages[1], OLDEST)))]
    return older[chosen].sum(axis=1, skipna=False)


def _older_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Give the older estimate as parts that do not overlap."""
    parts = table[["age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_85_plus"]].copy()
    parts["age_65_74"] = table["age_65_plus"] - table["age_75_plus"]
    parts["age_75_84"] = table["age_75_plus"] - table["age_85_plus"]
    return parts


def _inside(parts: dict[str, tuple[int, int]], ages: tuple[int, int]) -> list[str]:
    """Name the parts of a band that lie within the ages; refuse ages that cut through one."""
    inside = []
    for name, (first, last) in parts.items():
        if ages[0] <= first and last <= ages[1]:
            inside.append(name)
        elif first <= ages[1] and ages[0] <= last:
            raise ValueError(f"ages {ages[0]} to {ages[1]} cut through {first} to {last}, which no source divides")
    return inside


def _share_within(older: pd.DataFrame, band: list[str], inside: list[str]) -> pd.Series:
    of_band, chosen = older[band].sum(axis=1, skipna=False), older[inside].sum(axis=1, skipna=False)
    overall = float(chosen.sum() / of_band.sum()) if of_band.sum() > 0 else np.nan
    share = chosen / of_band.where(of_band > 0)
    return share.where((of_band > 0) | of_band.isna(), overall)
