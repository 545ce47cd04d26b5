"""Who can reach what: the nearest site, sites within a time, floating catchments, on labelled tables (methods M7).

`layers.access_arrays` holds the formulas on plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.access_arrays import Pairs, floating_catchment_of, within_of
from layers.travel_time import estimated_min, straight_line_m

NEIGHBOURS = 8  # candidates by plain distance before the allowance for a site inside its own neighbourhood
SAME_M = 1e-6  # distances closer than this may be the same


def nearest(origins: pd.DataFrame, sites: pd.DataFrame, *, mode: str = "walk") -> pd.DataFrame:
    """Find the nearest site of each neighbourhood, estimated from distance.

    Parameters
    ----------
    origins : pandas.DataFrame, shape (n, ...), index lsoa21cd
        ``centroid_x_m``, ``centroid_y_m``, ``area_m2``.
    sites : pandas.DataFrame, shape (m, ...)
        ``site_id``, ``easting``, ``northing``, ``lsoa21cd``; may be empty.
    mode : {"walk", "cycle", "drive"}
        How people travel.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index lsoa21cd
        ``site_id``, ``distance_m`` and ``travel_time_min``; missing where there is no site or no
        centroid. Equally near sites: the one that comes first in `sites`.

    Raises
    ------
    ValueError
        If the mode has no speed here.
    """
    known = origins[["centroid_x_m", "centroid_y_m"]].notna().all(axis=1)
    if sites.empty or not known.any():
        return pd.DataFrame(
            {"site_id": None, "distance_m": np.nan, "travel_time_min": np.nan}, index=origins.index
        ).astype({"site_id": object})
    chosen, metres = _nearest_rows(origins[known], sites)
    found = pd.DataFrame(
        {
            "site_id": sites["site_id"].to_numpy()[chosen],
            "distance_m": metres.round(1),
            "travel_time_min": estimated_min(metres, mode=mode).round(1),
        },
        index=origins.index[known],
    )
    return found.reindex(origins.index)


def _nearest_rows(origins: pd.DataFrame, sites: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Row number of the nearest site of each neighbourhood, and how far it is."""
    count = min(NEIGHBOURS, len(sites))
    tree = cKDTree(sites[["easting", "northing"]].to_numpy(dtype=float))
    plain, candidates = tree.query(origins[["centroid_x_m", "centroid_y_m"]].to_numpy(dtype=float), k=count)
    candidates = np.sort(candidates.reshape(len(origins), count))
    distance = straight_line_m(origins, sites, candidates)
    row = np.arange(len(origins))
    best = distance.argmin(axis=1)
    chosen, metres = candidates[row, best], distance[row, best]
    # Where many sites share a spot or the neighbourhood itself, one that is no candidate may be as near.
    unsure = np.flatnonzero(metres >= plain.reshape(len(origins), count).max(axis=1) - SAME_M)
    if len(unsure) and count < len(sites):
        every = straight_line_m(origins.iloc[unsure], sites)
        chosen[unsure], metres[unsure] = every.argmin(axis=1), every.min(axis=1)
    return chosen, metres


def within(cost: pd.DataFrame, neighbourhoods: pd.Index, *, limit: float) -> pd.Series:
    """Count the sites within a time of each neighbourhood.

    Parameters
    ----------
    cost : pandas.DataFrame, shape (k, 3)
        ``lsoa21cd``, ``site``, ``cost``: minutes between those that are in reach of each other, each pair once. A
        missing cost = not known, and nothing is from that neighbourhood.
    neighbourhoods : pandas.Index, shape (n,)
        All of them, those that reach nothing included.
    limit : float
        Minutes; exactly the limit is within.

    Returns
    -------
    pandas.Series, shape (n,), index lsoa21cd
        Whole numbers, 0 where nothing is in reach, missing where it is not known.

    Raises
    ------
    ValueError
        If a pair is there twice or for an unknown neighbourhood, or a cost is negative or infinite.
    """
    sites = pd.Index(pd.unique(cost["site"]))
    counts = within_of(_pairs(cost, neighbourhoods, sites), limit)
    return pd.Series(counts, index=neighbourhoods, name="sites_within").astype("Int64")


def floating_catchment(
    cost: pd.DataFrame,
    demand: pd.Series,
    supply: pd.Series,
    *,
    method: str = "2sfca",
    limit: float | None = None,
    steps: Mapping[float, float] | None = None,
) -> pd.Series:
    """Supply per person in reach, shared with everyone who reaches it: 2SFCA, or E2SFCA with weights by steps.

    Parameters
    ----------
    cost : pandas.DataFrame, shape (k, 3)
        As for `within`. Text columns are looked up much faster as categories.
    demand : pandas.Series, shape (n,), index lsoa21cd
        People who may use a site, zero or more; missing = not known.
    supply : pandas.Series, shape (m,), index site
        What each site offers, zero or more; missing = not known.
    method : {"2sfca", "e2sfca"}
        One limit for all, or weights that fall by steps.
    limit : float, optional
        Minutes of "2sfca"; needed there.
    steps : mapping of minutes to weight, optional
        Of "e2sfca": up to 10 minutes 1, to 20 0.68, to 30 0.22 if left out; a step's end still belongs to it.

    Returns
    -------
    pandas.Series, shape (n,), index lsoa21cd
        Supply per person; ``sum(demand * access)`` is the supply with demand in reach. 0 where nothing is in reach
        (PySAL leaves that empty); missing where a site is whose supply, or whose people, are not all known, and where
        a time is not known.

    Raises
    ------
    ValueError
        If a pair is there twice, or for a neighbourhood or site that is not among demand or supply; a cost, demand or
        supply is negative or infinite; or as `layers.access_arrays.floating_catchment_of`.

    References
    ----------
    Luo and Wang (2003); Luo and Qi (2009); methods M7.
    """
    for name, figures in (("demand", demand), ("supply", supply)):
        _check_figures(figures, name)
    found = floating_catchment_of(
        _pairs(cost, demand.index, supply.index),
        demand.to_numpy(dtype=float),
        supply.to_numpy(dtype=float),
        method=method,
        limit=limit,
        steps=steps,
    )
    return pd.Series(found.access, index=demand.index, name="access")


def _check_figures(figures: pd.Series, name: str) -> None:
    """Refuse a label that is there twice and a figure that is impossible, by its label."""
    twice = figures.index[figures.index.duplicated()]
    if len(twice):
        raise ValueError(f"{name} has {twice[0]!r} twice")
    values = figures.to_numpy(dtype=float)
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{name} of {figures.index[row]!r} is {values[row]:g}; expected a number, zero or more")


def _pairs(cost: pd.DataFrame, neighbourhoods: pd.Index, sites: pd.Index) -> Pairs:
    """Turn a long table of costs into row numbers and minutes.

    Raises
    ------
    ValueError
        Naming the first row at fault.
    """
    lacking = [column for column in ("lsoa21cd", "site", "cost") if column not in cost]
    if lacking:
        raise ValueError(f"the table of costs has no column {lacking[0]!r}; expected lsoa21cd, site, cost")
    minutes = cost["cost"].to_numpy(dtype=float)
    wrong = (minutes < 0) | np.isinf(minutes)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"cost in row {row + 1} is {minutes[row]:g}; expected minutes, zero or more: leave out what is out of reach"
        )
    origin = _rows(cost["lsoa21cd"], neighbourhoods, "neighbourhood")
    site = _rows(cost["site"], sites, "site")
    pair = origin.astype(np.int64) * len(sites) + site
    if len(pair) > 1 and not (pair[1:] > pair[:-1]).all():
        order = np.argsort(pair, kind="stable")
        same = np.flatnonzero(pair[order][1:] == pair[order][:-1])
        if len(same):
            row = int(order[same[0] + 1])
            who, where = cost["lsoa21cd"].iloc[row], cost["site"].iloc[row]
            raise ValueError(f"row {row + 1}: {who!r} and {where!r} are there twice")
    known = np.ones(len(neighbourhoods), dtype=bool)
    known[origin[np.isnan(minutes)]] = False
    if not known.all():
        origin, site, minutes = (column[known[origin]] for column in (origin, site, minutes))
    return Pairs(origin, site, minutes, len(neighbourhoods), len(sites), ~known)


def _rows(labels: pd.Series, index: pd.Index, what: str) -> NDArray[np.int32]:
    """Row number of each label in an index, looked up once a category where there are categories."""
    if isinstance(labels.dtype, pd.CategoricalDtype):
        rows = np.append(index.get_indexer(labels.cat.categories), -1)[labels.cat.codes.to_numpy()]
    else:
        rows = index.get_indexer(pd.Index(labels))
    unknown = np.flatnonzero(rows < 0)
    if len(unknown):
        row = int(unknown[0])
        raise ValueError(f"row {row + 1}: there is no {what} {labels.iloc[row]!r} among those given")
    return np.asarray(rows, dtype=np.int32)
