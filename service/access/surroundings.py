"""The people who live round a place: they use the same sites, so they share the supply (methods M7).

Without them a surgery just outside the border would look as if it served the few streets inside alone. The build
writes where they live and how many of each focus's ages there are; the web process reads plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layers.estimated_times import DETOUR, SPEED_KM_H, speed_m_per_min
from service.access.requests import MOST_MINUTES
from service.editions.edition import WEB

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from layers.gradient import Vector
    from service.editions.edition import Edition

FIGURES, CODES = "surroundings.npy", "surroundings_codes.npy"
LEADING = ("centroid_x_m", "centroid_y_m", "area_m2", "population")
REACH_M = 2 * MOST_MINUTES * max(speed_m_per_min(mode) for mode in SPEED_KM_H) / DETOUR  # there and back by others


@dataclass(frozen=True)
class Surroundings:
    """Neighbourhoods round a place, near enough for their people to use a site that the place's people use.

    Attributes
    ----------
    codes : array of str, shape (r,)
    x, y, area : array, shape (r,)
        Population-weighted centroid in metres (EPSG:27700), and square metres.
    people : array, shape (r,)
        Of the ages wanted; NaN where not known.
    """

    codes: NDArray[np.str_]
    x: Vector
    y: Vector
    area: Vector
    people: Vector


def write_surroundings(web: Path, nation: pd.DataFrame, members: pd.Index, eligible: Mapping[str, pd.Series]) -> None:
    """Write the neighbourhoods within reach of a place: 46 km, two hours' estimated drive at the most.

    Parameters
    ----------
    web : Path
        Folder of the edition's web files.
    nation : pandas.DataFrame, index lsoa21cd
        All neighbourhoods held: ``centroid_x_m``, ``centroid_y_m``, ``area_m2``, ``population``.
    members : pandas.Index
        The place's.
    eligible : mapping of focus to pandas.Series, index lsoa21cd
        People of the ages that each focus counts, in the order of the edition's focuses.
    """
    from scipy.spatial import cKDTree

    points = nation[["centroid_x_m", "centroid_y_m"]]
    placed = points.notna().all(axis=1)
    inside, outside = placed & nation.index.isin(members), placed & ~nation.index.isin(members)
    near = nation.loc[outside].sort_index()
    if len(near) and inside.any():
        away, _ = cKDTree(points[inside].to_numpy()).query(points.loc[near.index].to_numpy(), k=1)
        near = near[away <= REACH_M]
    columns = [near[name] for name in LEADING] + [people.reindex(near.index) for people in eligible.values()]
    figures = np.array([column.to_numpy(dtype=float) for column in columns]).reshape(len(columns), len(near))
    np.save(web / FIGURES, figures)
    np.save(web / CODES, near.index.to_numpy(dtype="U9"))


def surroundings_of(edition: Edition, focus: str | None) -> Surroundings | None:
    """Read the neighbourhoods round a place, with the people of a focus's ages, or all residents for None.

    Returns
    -------
    Surroundings or None
        None for an edition from before these were kept.
    """
    web = edition.stored.folder / WEB
    if not (web / FIGURES).is_file():
        return None
    figures = np.load(web / FIGURES, mmap_mode="r")
    row = len(LEADING) - 1 if focus is None else len(LEADING) + list(edition.focuses).index(focus)
    if row >= len(figures):  # a focus that came after the build
        row = len(LEADING) - 1
    x, y, area = (np.asarray(figures[number]) for number in range(3))
    return Surroundings(np.load(web / CODES, mmap_mode="r"), x, y, area, np.asarray(figures[row]))
