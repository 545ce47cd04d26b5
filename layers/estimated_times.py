"""Travel times estimated from the straight line, over plain arrays (methods M7); where no streets are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ESTIMATED = "estimated from distance"
DETOUR = 1.3
SPEED_KM_H = {"walk": 4.8, "cycle": 15.0, "drive": 30.0}


def speed_m_per_min(mode: str) -> float:
    """Metres a minute of a mode.

    Raises
    ------
    ValueError
        If the mode has no speed here.
    """
    if mode not in SPEED_KM_H:
        raise ValueError(f"no speed for {mode!r}; choose one of {', '.join(SPEED_KM_H)}")
    return SPEED_KM_H[mode] * 1000 / 60


def least_distance_m(area_m2: ArrayLike) -> NDArray[np.float64]:
    """Return the mean distance to the middle of a disc: ``(2/3) sqrt(area / pi)``, in metres.

    Not everybody in a neighbourhood lives on the doorstep of a site in it.
    """
    return np.asarray((2 / 3) * np.sqrt(np.asarray(area_m2, dtype=float) / np.pi))


def estimated_minutes(
    origins: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    easting: ArrayLike,
    northing: ArrayLike,
    inside: NDArray[np.bool_],
    *,
    mode: str = "walk",
) -> NDArray[np.float64]:
    """Minutes from every neighbourhood to points: the straight line times 1.3, at the mode's usual speed.

    Parameters
    ----------
    origins : tuple of three arrays, shape (n,)
        Centroid in metres east and north (EPSG:27700), and area in square metres.
    easting, northing : array_like, shape (m,)
        EPSG:27700, metres.
    inside : bool array, shape (n, m)
        Whether a point lies in the neighbourhood itself: it is then at least `least_distance_m` away.
    mode : {"walk", "cycle", "drive"}
        4.8, 15 and 30 km/h.

    Returns
    -------
    float64 array, shape (n, m)
        NaN where a centroid or a point is not known.

    Raises
    ------
    ValueError
        If the mode has no speed here.
    """
    speed = speed_m_per_min(mode)
    x, y, area = origins
    distance = np.hypot(x[:, None] - np.asarray(easting, dtype=float), y[:, None] - np.asarray(northing, dtype=float))
    least = np.where(inside, least_distance_m(area)[:, None], 0.0)
    return np.asarray(np.where(np.isnan(distance), np.nan, np.fmax(distance, least)) * DETOUR / speed)
