"""How long it takes to get from where people live to where a service is (methods M7).

Without a street network a time is estimated from the straight line, and says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ESTIMATED = "estimated from distance"
DETOUR = 1.3
SPEED_KM_H = {"walk": 4.8, "cycle": 15.0, "drive": 30.0}


def straight_line_m(
    origins: pd.DataFrame, sites: pd.DataFrame, candidates: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """Distance from every population-weighted centroid to sites, as the crow flies.

    Parameters
    ----------
    origins : pandas.DataFrame, shape (n, ...), index lsoa21cd
        ``centroid_x_m``, ``centroid_y_m`` (EPSG:27700) and ``area_m2``.
    sites : pandas.DataFrame, shape (m, ...)
        ``easting``, ``northing`` (EPSG:27700) and ``lsoa21cd``, the neighbourhood a site lies in.
    candidates : array, shape (n, k), optional
        Row numbers of the sites wanted for each origin; all sites if left out.

    Returns
    -------
    array, shape (n, m) or (n, k)
        Metres. To a site in the neighbourhood itself at least ``(2/3) sqrt(area / pi)``, the mean
        distance to the middle of a disc of that size: not everybody lives on its doorstep.
    """
    chosen = np.arange(len(sites))[None, :] if candidates is None else candidates
    east, north = sites["easting"].to_numpy(dtype=float)[chosen], sites["northing"].to_numpy(dtype=float)[chosen]
    x, y = (origins[column].to_numpy(dtype=float)[:, None] for column in ("centroid_x_m", "centroid_y_m"))
    distance = np.hypot(x - east, y - north)
    inside = origins.index.to_numpy()[:, None] == sites["lsoa21cd"].to_numpy()[chosen]
    least = (2 / 3) * np.sqrt(origins["area_m2"].to_numpy(dtype=float) / np.pi)
    return np.asarray(np.where(inside, np.maximum(distance, least[:, None]), distance))


def estimated_min(distance_m: NDArray[np.float64], *, mode: str = "walk") -> NDArray[np.float64]:
    """Minutes for a straight-line distance: times 1.3 for the detour, at the mode's usual speed.

    Parameters
    ----------
    distance_m : array
        Metres as the crow flies.
    mode : {"walk", "cycle", "drive"}
        4.8, 15 and 30 km/h.

    Returns
    -------
    array
        Minutes, to be labelled "estimated from distance". Comparing modes would compare one line
        with itself.

    Raises
    ------
    ValueError
        If the mode has no speed here.
    """
    if mode not in SPEED_KM_H:
        raise ValueError(f"no speed for {mode!r}; choose one of {', '.join(SPEED_KM_H)}")
    return np.asarray(distance_m * DETOUR / (SPEED_KM_H[mode] * 1000 / 60))
