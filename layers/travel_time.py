"""How long it takes to get from where people live to where a service is (methods M7).

Without a street network a time is estimated from the straight line, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.estimated_times import DETOUR, ESTIMATED, SPEED_KM_H, least_distance_m, speed_m_per_min
from layers.routing import SNAP_LIMIT_M, door_minutes, doors, nearest_nodes
from layers.transit import transit_minutes

if TYPE_CHECKING:
    from geodata.street_network import StreetNetwork
    from geodata.timetables import Timetable

__all__ = [
    "DETOUR", "ESTIMATED", "SPEED_KM_H", "estimated_min", "straight_line_m", "travel_matrix", "travel_times",
]  # fmt: skip

Floats = NDArray[np.float64]
OffNetwork = Literal["refuse", "out of reach"]


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
    least = least_distance_m(origins["area_m2"].to_numpy(dtype=float))
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
    return np.asarray(distance_m * DETOUR / speed_m_per_min(mode))


def travel_matrix(
    origins: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    mode: str = "walk",
    network: StreetNetwork | None = None,
    timetable: Timetable | None = None,
    limit_min: float = np.inf,
    off_network: OffNetwork = "refuse",
) -> Floats:
    """Minutes from every population-weighted centroid to every site by one mode.

    Without a network the time is estimated from the straight line. With one, the way from the centroid
    to the street and from the street to the site counts like an estimated line.

    Parameters
    ----------
    origins : pandas.DataFrame, shape (n, ...), index lsoa21cd
        ``centroid_x_m``, ``centroid_y_m`` (EPSG:27700) and ``area_m2``.
    sites : pandas.DataFrame, shape (m, ...)
        ``easting``, ``northing`` (EPSG:27700) and ``lsoa21cd``, the neighbourhood a site lies in.
    mode : {"walk", "cycle", "drive", "transit"}
        How people travel; transit is on foot and by public transport, and needs the walk network.
    network : StreetNetwork, optional
        The streets of that mode.
    timetable : Timetable, optional
        For transit; its window says when people leave.
    limit_min : float
        More minutes are out of reach.
    off_network : {"refuse", "out of reach"}
        What is done with a point more than 1,000 metres from every street. Where it is not refused, a site
        is out of reach, and from a neighbourhood nothing is known: it lies beyond the edge of the streets.

    Returns
    -------
    array, shape (n, m)
        Minutes; ``inf`` out of reach; NaN where a neighbourhood has no centroid, or is off the streets. To
        a site in the neighbourhood itself at least the time for ``(2/3) sqrt(area / pi)``, as in
        `straight_line_m`.

    Raises
    ------
    ValueError
        If the mode, the network and the timetable do not belong together, a site has no place, or a
        point lies too far from every street.
    """
    _check_mode(mode, network, timetable)
    if not limit_min >= 0:
        raise ValueError(f"the cut-off is {limit_min} minutes: it must be 0 or more")
    if network is None:
        minutes = estimated_min(straight_line_m(origins, sites), mode=mode)
        return np.where(minutes > limit_min, np.inf, minutes)
    starts, ends = _points(origins, ("centroid_x_m", "centroid_y_m")), _points(sites, ("easting", "northing"))
    unplaced = np.flatnonzero(~np.isfinite(ends).all(axis=1))
    if len(unplaced):
        raise ValueError(f"site {sites['site_id'].iloc[unplaced[0]]!r} has no place: easting and northing are wanted")
    from_row, to_row = np.flatnonzero(np.isfinite(starts).all(axis=1)), np.arange(len(sites))
    if off_network == "out of reach":
        from_row, to_row = from_row[_on_streets(network, starts[from_row])], to_row[_on_streets(network, ends)]
    found = _routed(network, timetable, starts[from_row], ends[to_row], mode, limit_min)
    found = np.maximum(found, _inside_min(origins.iloc[from_row], sites.iloc[to_row], network.mode))
    minutes = np.full((len(origins), len(sites)), np.nan)
    minutes[from_row] = np.inf
    minutes[np.ix_(from_row, to_row)] = np.where(found <= limit_min, found, np.inf)
    return minutes


def travel_times(
    origins: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    mode: str = "walk",
    network: StreetNetwork | None = None,
    timetable: Timetable | None = None,
    limit_min: float = np.inf,
    off_network: OffNetwork = "refuse",
) -> pd.DataFrame:
    """List minutes from every neighbourhood to every site within reach; parameters as `travel_matrix`.

    Returns
    -------
    pandas.DataFrame, shape (pairs, 3)
        ``lsoa21cd``, ``site_id``, ``travel_time_min``, in the order of the neighbourhoods, then of the
        sites. A pair out of reach is no row; one whose time is not known (no centroid, off the streets) is a row
        without minutes.

    Raises
    ------
    ValueError
        As `travel_matrix`.
    """
    minutes = travel_matrix(
        origins, sites, mode=mode, network=network, timetable=timetable, limit_min=limit_min, off_network=off_network
    )
    row, column = np.nonzero(~np.isinf(minutes))
    return pd.DataFrame(
        {
            "lsoa21cd": origins.index.to_numpy()[row],
            "site_id": sites["site_id"].to_numpy()[column],
            "travel_time_min": minutes[row, column],
        }
    )


def _check_mode(mode: str, network: StreetNetwork | None, timetable: Timetable | None) -> None:
    """Refuse a mode without what it needs."""
    if mode == "transit":
        if network is None or timetable is None:
            raise ValueError("transit needs a street network for people on foot and a timetable")
    elif mode not in SPEED_KM_H:
        raise ValueError(f"no speed for {mode!r}; choose one of {', '.join(SPEED_KM_H)}, or transit with a timetable")
    elif timetable is not None:
        raise ValueError(f"a timetable is for transit, not for {mode!r}")
    wanted = "walk" if mode == "transit" else mode
    if network is not None and network.mode != wanted:
        raise ValueError(f"{mode!r} needs the {wanted} network, not the {network.mode} network")


def _points(table: pd.DataFrame, columns: tuple[str, str]) -> Floats:
    """Coordinates, shape (n, 2)."""
    return np.column_stack([table[column].to_numpy(dtype=float) for column in columns])


def _on_streets(network: StreetNetwork, points: Floats) -> NDArray[np.bool_]:
    """Tell which points have a street within the limit."""
    _, metres = nearest_nodes(network, points[:, 0], points[:, 1], limit_m=np.inf)
    return np.asarray(metres <= SNAP_LIMIT_M)


def _routed(
    network: StreetNetwork, timetable: Timetable | None, starts: Floats, ends: Floats, mode: str, limit_min: float
) -> Floats:
    """Minutes from points to points over the network, the ways to and from the street included."""
    if timetable is not None:
        return transit_minutes(network, timetable, starts, ends, limit_min=limit_min)
    return door_minutes(network, doors(network, starts), doors(network, ends), limit_min=limit_min)


def _inside_min(origins: pd.DataFrame, sites: pd.DataFrame, mode: str) -> Floats:
    """Least minutes: those of the mean distance in a neighbourhood to a site inside it, else 0, shape (n, m)."""
    inside = origins.index.to_numpy()[:, None] == sites["lsoa21cd"].to_numpy()[None, :]
    least = estimated_min(least_distance_m(origins["area_m2"].to_numpy(dtype=float)), mode=mode)
    return np.where(inside, least[:, None], 0.0)
