"""Indicators of access in a build: how far the nearest site is, and what is supplied within a walk (methods M7).

Times are estimated from distance whatever streets an edition knows, so that one measure is scaled over all of England.
A figure stands only where the list of sites is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geodata import site_places
from geodata.catalogue import Source
from geodata.definitions import Indicator
from geodata.reading import Reading
from geodata.services import giving
from layers.access import nearest
from layers.access_arrays import E2SFCA_STEPS, Pairs, floating_catchment_of
from layers.eligible import eligible_people
from layers.near_sites import Homes, Points, estimated_pairs

REGISTRATIONS, GPS = "gp_registrations", "patients_per_gp"
PER = 1000.0
DECIMALS = 9  # whoever reaches the very same sites shares one value, whatever the order of the sums
TINY = 1e-9  # sums in another order differ by less
GP_SUPPLY = "fte"  # column of sites: full-time equivalent GPs, modelled


def access_indicators(
    nation: pd.DataFrame,
    sites: pd.DataFrame,
    catalogue: Mapping[str, Source],
    indicators: Mapping[str, Indicator],
) -> pd.DataFrame:
    """Work out every indicator that comes from where sites are.

    Parameters
    ----------
    nation : pandas.DataFrame, index lsoa21cd
        ``lad24cd``, ``population``, ages, ``centroid_x_m``, ``centroid_y_m``, ``area_m2``.
    sites : pandas.DataFrame
        As `geodata.site_places.all_sites` gives them, with ``fte`` (see `gp_fte`).
    catalogue, indicators : mapping
        Where lists are whole, and what is wanted.

    Returns
    -------
    pandas.DataFrame, index lsoa21cd
        One column for each indicator with ``nearest`` (minutes) or ``catchment`` (supply per 1,000 people);
        NaN = not known here.
    """
    found: dict[str, Any] = {}
    for indicator in indicators.values():
        service = indicator.nearest or indicator.catchment
        if not service:
            continue
        listed = site_places.of_service(sites, service)
        whole = site_places.complete_in(catalogue, service, nation["lad24cd"], listed)
        placed = whole & nation[["area_m2", "centroid_x_m"]].notna().all(axis=1)
        if indicator.nearest:
            minutes = nearest(nation[placed], listed, mode=indicator.mode)["travel_time_min"]
            found[indicator.id] = minutes.reindex(nation.index)
        else:
            found[indicator.id] = catchment(nation, listed, indicator).where(placed)
    return pd.DataFrame(found, index=nation.index)


def catchment(nation: pd.DataFrame, sites: pd.DataFrame, indicator: Indicator) -> pd.Series:
    """Give the supply within an estimated half hour, shared among the people in reach of each site (E2SFCA).

    Parameters
    ----------
    nation : pandas.DataFrame, index lsoa21cd
        As for `access_indicators`.
    sites : pandas.DataFrame
        Of the service; ``supply``, ``fte`` and ``accepting_*`` as the indicator wants them.
    indicator : Indicator
        ``mode``, ``supply`` (a column of sites), ``accepting`` ("children": only sites known to take them) and
        ``demand_ages`` (whom the supply is for; everybody if left out).

    Returns
    -------
    pandas.Series, index lsoa21cd
        Per 1,000 people of those ages; 0 where nothing is in reach. Missing where their number is not known, and
        where a site is in reach that such people reach too; where a site with unknown supply is in reach, and
        everywhere if no supply is known; and, for sites that were asked whether they take new patients, where at
        least half of those in reach, near ones counting more as in the catchment, have not answered.
    """
    homes = Homes(*(nation[name].to_numpy(dtype=float) for name in ("centroid_x_m", "centroid_y_m", "area_m2")))
    people = eligible_people(nation, indicator.demand_ages).to_numpy(dtype=float)
    supply = sites[indicator.supply].to_numpy(dtype=float)
    if np.isnan(supply).all():
        return pd.Series(np.nan, index=nation.index, name=indicator.id)
    pairs = _pairs(homes, sites, nation.index, indicator.mode)
    silent = np.zeros(len(nation), dtype=bool)
    if indicator.accepting:
        answers = sites[f"accepting_{indicator.accepting}"]
        takes, open_answer = answers.eq(True).to_numpy(), answers.isna().to_numpy()
        silent = _mostly(pairs, open_answer)
        supply = np.where(takes, supply, 0.0)
    access = floating_catchment_of(pairs, people, supply, method="e2sfca").access * PER
    access = access.round(DECIMALS)
    return pd.Series(np.where(silent | np.isnan(people), np.nan, access), index=nation.index, name=indicator.id)


def _pairs(homes: Homes, sites: pd.DataFrame, codes: pd.Index, mode: str) -> Pairs:
    places = sites["lsoa21cd"].astype(object).where(sites["lsoa21cd"].notna(), "")
    east, north = (sites[axis].to_numpy(dtype=float) for axis in ("easting", "northing"))
    points = Points(east, north, codes.get_indexer(pd.Index(places)).astype(np.int64))
    return estimated_pairs(homes, points, limit=max(E2SFCA_STEPS), mode=mode)


def _mostly(pairs: Pairs, wanted: np.ndarray) -> np.ndarray:
    """Tell where these sites are at least half of those in reach, each counting by its step of the catchment."""
    ends = list(E2SFCA_STEPS)
    weight = np.array([*E2SFCA_STEPS.values(), 0.0])[np.searchsorted(ends, pairs.minutes)]
    all_sites, these = (
        np.bincount(pairs.origin, weight * part, minlength=pairs.n) for part in (1.0, wanted[pairs.site])
    )
    return np.asarray((all_sites > 0) & (2 * these >= all_sites - TINY))


def gp_fte(sites: pd.DataFrame, councils: pd.Series, readings: Mapping[str, Reading]) -> pd.Series:
    """Full-time equivalent GPs at each GP site, modelled: those of its council, split by list size.

    Parameters
    ----------
    sites : pandas.DataFrame
        As `geodata.site_places.all_sites` gives them.
    councils : pandas.Series, index lsoa21cd
        ``lad24cd`` of each neighbourhood.
    readings : mapping of source id to Reading
        Registrations (for list sizes) and GPs by council; all missing where either is not held.

    Returns
    -------
    pandas.Series, index of sites
        Of a practice split over its sites as its ``supply`` is. A practice younger than the registrations
        counts with the mean list of its council. Missing for other services, and where the council has no figure.
    """
    practices = sites[sites["service"].isin(giving("gp"))]
    if REGISTRATIONS not in readings or GPS not in readings or practices.empty:
        return pd.Series(np.nan, index=sites.index)
    registrations = readings[REGISTRATIONS].table
    lists = registrations.groupby("practice_code")["patients"].sum()
    whole = practices["part_of"].where(practices["part_of"].notna(), practices["site_id"])
    of_whole = practices["service"].eq("gp")
    home = practices["site_id"][of_whole].to_numpy(), practices["lsoa21cd"][of_whole].map(councils).to_numpy()
    council = whole.map(pd.Series(home[1], index=home[0]))
    patients = whole.map(lists).astype(float) * practices["supply"].astype(float)
    patients = patients.fillna(patients.groupby(council).transform("mean"))
    share = patients / patients.groupby(council).transform("sum")
    gps = council.map(readings[GPS].table["gps"]).astype(float)
    return (gps * share).reindex(sites.index).rename(GP_SUPPLY)
