"""The one joined table: every neighbourhood of a nation once, with all that its sources say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.crs import GRID
from geodata.definitions import Indicator
from geodata.errors import BadJoin
from geodata.reading import Reading

ENGLAND = 33_755  # neighbourhoods (2021 LSOAs) of England
LOOKUP_COLUMNS = (
    "lsoa21nm", "msoa21cd", "msoa21nm", "msoa21hclnm", "wd24cd", "wd24nm", "lad24cd", "lad24nm",
    "icb24cd", "icb24nm", "rgn24nm",
)  # fmt: skip
IMD_COLUMNS = ("imd_score", "imd_rank", "imd_decile")
BASE = "lsoa21_lookup"
KEYED = (
    "lsoa21_lookup", "lsoa21_centroids", "iod2025_file7", "iod2025_underlying", "population_mid2022",
    "age_bands_mid2020", "census2021_age", "census2021_ethnic_group", "census2021_disability",
    "census2021_tenure", "census2021_accommodation", "census2021_occupancy", "census2021_household_deprivation",
)  # fmt: skip
AGE_BANDS = ("all_ages", "age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_65_plus",
             "age_75_plus", "age_85_plus")  # fmt: skip
CENSUS_AGES = (
    "residents_total",
    "residents_0_15",
    "residents_16_24",
    "residents_25_34",
    "residents_35_49",
    "residents_50_64",
    "residents_65_plus",
)


@dataclass(frozen=True)
class Total:
    """A sum before and after the join; the two are equal or the join is refused."""

    name: str
    before: float
    after: float


def check_codes(readings: Mapping[str, Reading]) -> None:
    """Refuse sources keyed on ``lsoa21cd`` that do not hold the very same neighbourhoods.

    Raises
    ------
    BadJoin
        Naming the source, how many codes are lost, doubled or unknown, and the first of them.
    """
    base = readings[BASE].table.index
    for name in KEYED:
        if name not in readings:
            continue
        index = readings[name].table.index
        for codes, what, rule in (
            (index[index.duplicated()], "has more than one row for", "code-doubled"),
            (base.difference(index), "has no row for", "code-lost"),
            (index.difference(base), "has a row for, unknown to the look-up,", "code-unknown"),
        ):
            if len(codes):
                raise BadJoin(
                    f"source {name!r} {what} {len(codes):,} of {len(base):,} neighbourhoods, the first {codes[0]}",
                    rule=rule,
                    file=readings[name].file or name,
                    code=str(codes[0]),
                    hint="Is it of another year, or cut to another place?",
                )


def join(readings: Mapping[str, Reading], indicators: Mapping[str, Indicator]) -> tuple[pd.DataFrame, list[Total]]:
    """Join what every source says of each neighbourhood of the nation, geometry apart.

    Parameters
    ----------
    readings : mapping of source id to Reading
        Look-up, File 7 and population at least; others where they are held.
    indicators : mapping
        Definitions; one column each is made. Where the source is not held the column is missing. Those from
        the nearest site or by GP practice are not made here: they need more than a join.

    Returns
    -------
    pandas.DataFrame, shape (n, ...), index lsoa21cd, sorted
        Names, codes, residents, centroids, deprivation, ages, one column per indicator.
    list of Total
        Residents before and after.

    Raises
    ------
    BadJoin
        If a code is lost, doubled or unknown, or people do not add up.
    """
    check_codes(readings)
    lookup = readings[BASE].table
    population = readings["population_mid2022"].table
    parts: list[pd.DataFrame | pd.Series] = [
        lookup[[column for column in LOOKUP_COLUMNS if column in lookup]],
        population[["population", "households"]],
        readings["iod2025_file7"].table[list(IMD_COLUMNS)],
    ]
    parts += _optional(readings, "lsoa21_centroids", ("centroid_x_m", "centroid_y_m"), lookup.index)
    parts += _optional(readings, "age_bands_mid2020", AGE_BANDS, lookup.index)
    parts += _optional(readings, "census2021_age", CENSUS_AGES, lookup.index)
    parts += [
        indicator_values(readings, indicator, lookup.index)
        for indicator in indicators.values()
        if not indicator.from_sites and not indicator.by_practice
    ]
    table = pd.concat(parts, axis=1).sort_index()
    table.index.name = "lsoa21cd"
    if len(table) != len(lookup) or not table.index.is_unique:
        raise BadJoin(
            f"{len(lookup):,} neighbourhoods before the join, {len(table):,} after", rule="code-doubled", file=BASE
        )
    return table, [_equal("residents", population["population"], table["population"])]


def indicator_values(readings: Mapping[str, Reading], indicator: Indicator, index: pd.Index) -> pd.Series:
    """Values of one indicator from its source; missing everywhere if the source is not held."""
    if indicator.source not in readings:
        return pd.Series(np.nan, index=index, name=indicator.id)
    source = readings[indicator.source].table
    if indicator.column:
        return source[indicator.column].astype(float).rename(indicator.id)
    count = source[list(indicator.count)].sum(axis=1, skipna=False)
    denominator = source[indicator.denominator]
    return (count / denominator.where(denominator > 0)).rename(indicator.id)


def with_boundaries(table: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the published boundary to each neighbourhood of a place.

    Parameters
    ----------
    table : pandas.DataFrame, index lsoa21cd
        The place's rows of the joined table.
    boundaries : geopandas.GeoDataFrame, index lsoa21cd
        EPSG:27700; may hold more than the place.

    Returns
    -------
    geopandas.GeoDataFrame, shape (n, ...), EPSG:27700
        With ``area_m2``.

    Raises
    ------
    BadJoin
        If a neighbourhood has no boundary.
    """
    lost = table.index.difference(boundaries.index)
    if len(lost):
        raise BadJoin(
            f"{len(lost):,} of {len(table):,} neighbourhoods have no boundary, the first {lost[0]}",
            rule="code-lost",
            file="lsoa21_boundaries",
            code=str(lost[0]),
        )
    joined = gpd.GeoDataFrame(table, geometry=boundaries.geometry.loc[table.index], crs=GRID)
    joined["area_m2"] = joined.geometry.area.round(1)
    return joined


def _optional(
    readings: Mapping[str, Reading], name: str, columns: tuple[str, ...], index: pd.Index
) -> list[pd.DataFrame]:
    """Return columns of a source that a build can do without: missing everywhere if it is not held."""
    if name in readings:
        return [readings[name].table[list(columns)]]
    return [pd.DataFrame(np.nan, index=index, columns=list(columns))]


def _equal(name: str, before: pd.Series, after: pd.Series) -> Total:
    total = Total(name, float(before.sum()), float(after.sum()))
    if total.before != total.after:
        raise BadJoin(
            f"{total.before:,.0f} {name} before the join, {total.after:,.0f} after", rule="total-changed", file=BASE
        )
    return total
