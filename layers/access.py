"""Who can reach what: here, the nearest site (methods M7)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

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
