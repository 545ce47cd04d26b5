"""Who can reach what: here, the nearest site (methods M7)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from layers.travel_time import estimated_min, straight_line_m

NEIGHBOURS = 8  # candidates by plain distance before the allowance for a site inside its own neighbourhood


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
        ``site_id``, ``distance_m`` and ``travel_time_min``; missing where there is no site. Equally
        near sites: the one that comes first in `sites`.
    """
    if sites.empty or origins.empty:
        return pd.DataFrame(
            {"site_id": None, "distance_m": np.nan, "travel_time_min": np.nan}, index=origins.index
        ).astype({"site_id": object})
    tree = cKDTree(sites[["easting", "northing"]].to_numpy(dtype=float))
    points = origins[["centroid_x_m", "centroid_y_m"]].to_numpy(dtype=float)
    candidates = np.sort(np.atleast_2d(tree.query(points, k=min(NEIGHBOURS, len(sites)))[1].reshape(len(origins), -1)))
    distance = straight_line_m(origins, sites, candidates)
    best = distance.argmin(axis=1)
    row = np.arange(len(origins))
    metres = distance[row, best]
    return pd.DataFrame(
        {
            "site_id": sites["site_id"].to_numpy()[candidates[row, best]],
            "distance_m": metres.round(1),
            "travel_time_min": estimated_min(metres, mode=mode).round(1),
        },
        index=origins.index,
    )
