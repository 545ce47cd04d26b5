"""Minutes over the streets and timetable of an edition, for its sites and for any other points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.networks import StreetNetwork, held_modes, load_network
from geodata.timetables import Timetable, holds_timetable, load_timetable
from layers.routing import SNAP_LIMIT_M
from layers.travel_time import travel_matrix
from service.travel.edition_times import TRANSIT

Minutes = NDArray[np.float64]


@dataclass(frozen=True)
class Ways:
    """The ways to travel that are known: a graph for each mode, and a timetable or None."""

    networks: Mapping[str, StreetNetwork]
    timetable: Timetable | None = None

    def modes(self) -> list[str]:
        """Name the modes, public transport last."""
        return [*self.networks, *([TRANSIT] if self.timetable is not None else [])]


def ways_in(folder: Path, mode: str = "") -> Ways:
    """Read what a folder holds: all of it, or only what one mode needs.

    Raises
    ------
    ValueError
        If it does not hold the mode.
    """
    wanted = held_modes(folder) if not mode else list(dict.fromkeys(["walk", "walk" if mode == TRANSIT else mode]))
    networks = {name: load_network(folder, name) for name in wanted}
    timed = mode == TRANSIT or (not mode and holds_timetable(folder))
    return Ways(networks, load_timetable(folder) if timed else None)


def minutes_over(ways: Ways, mode: str, origins: pd.DataFrame, points: pd.DataFrame) -> Minutes:
    """Minutes from every neighbourhood to points, by one mode.

    Parameters
    ----------
    ways : Ways
    mode : str
        One of ``ways.modes()``.
    origins : pandas.DataFrame, shape (n, ...), index lsoa21cd
        ``centroid_x_m``, ``centroid_y_m`` (EPSG:27700) and ``area_m2``.
    points : pandas.DataFrame, shape (m, ...)
        ``site_id``, ``easting``, ``northing`` (EPSG:27700) and ``lsoa21cd``.

    Returns
    -------
    float64 array, shape (n, m)
        In steps of a 32-bit number, as they are stored. inf out of reach; NaN where there is no centroid, and
        for a point more than 1 km from every street that people may walk on: it lies outside the file.
    """
    on_map = metres_to_street(ways.networks["walk"], points["easting"], points["northing"]) <= SNAP_LIMIT_M
    found = np.full((len(origins), len(points)), np.nan)
    found[:, on_map] = travel_matrix(
        origins,
        points[on_map].reset_index(drop=True),
        mode=mode,
        network=ways.networks["walk" if mode == TRANSIT else mode],
        timetable=ways.timetable if mode == TRANSIT else None,
        off_network="out of reach",
    )
    return found.astype(np.float32).astype(float)


def metres_to_street(network: StreetNetwork, x: pd.Series, y: pd.Series) -> Minutes:
    """Metres from each point to the nearest node of a network; inf where the point has no place."""
    points = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    placed = np.isfinite(points).all(axis=1)
    away = np.full(len(points), np.inf)
    if placed.any():
        away[placed] = network.tree.query(points[placed])[0]
    return away
