"""Sites near people by the straight line, on plain arrays: all within a radius, and the nearest (methods M7).

Sites are sorted into square cells as wide as the radius, so that only nine cells are searched for each neighbourhood:
all of England takes about a second, without a table of every neighbourhood by every site.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from layers.access_arrays import Pairs
from layers.estimated_times import DETOUR, least_distance_m, speed_m_per_min

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]
AT_ONCE = 2_000_000  # pairs looked at together, so that memory stays small
FIRST_SEARCH, LAST_SEARCH = 30.0, 2_000.0  # minutes


@dataclass(frozen=True)
class Homes:
    """Where people live.

    Attributes
    ----------
    x, y, area : array, shape (n,)
        Population-weighted centroid (EPSG:27700, metres; NaN = not known) and square metres.
    """

    x: Vector
    y: Vector
    area: Vector

    @cached_property
    def least(self) -> Vector:
        """Least distance to a site in the neighbourhood itself, metres."""
        return least_distance_m(self.area)


@dataclass(frozen=True)
class Points:
    """Where sites are.

    Attributes
    ----------
    x, y : array, shape (m,)
        EPSG:27700, metres. Every site has a place: how near one without is to anybody is not known.
    home : array of int, shape (m,)
        Row of the neighbourhood that it lies in; -1 = in none of these.
    """

    x: Vector
    y: Vector
    home: Numbers

    def __post_init__(self) -> None:
        """Refuse a site without a place."""
        unplaced = np.flatnonzero(~(np.isfinite(self.x) & np.isfinite(self.y)))
        if len(unplaced):
            raise ValueError(f"site {unplaced[0] + 1} has no place: easting and northing are wanted")


def estimated_pairs(homes: Homes, points: Points, *, limit: float, mode: str = "walk") -> Pairs:
    """Every site within a time that is estimated from distance.

    Parameters
    ----------
    homes, points : Homes, Points
        People and sites.
    limit : float
        Minutes, above zero and finite; exactly the limit is within.
    mode : {"walk", "cycle", "drive"}
        4.8, 15 and 30 km/h, the straight line times 1.3.

    Returns
    -------
    Pairs
        By neighbourhood, then site; the same times as `layers.estimated_times.estimated_minutes` gives.

    Raises
    ------
    ValueError
        If the limit is not above zero and finite, or the mode has no speed.
    """
    speed = speed_m_per_min(mode)
    if not 0 < limit < np.inf:
        raise ValueError(f"the limit is {limit}; expected minutes above zero")
    known = np.isfinite(homes.x) & np.isfinite(homes.y)
    origin, site, minutes = _pairs(homes, points, np.flatnonzero(known), limit, speed)
    return Pairs(origin.astype(np.int32), site.astype(np.int32), minutes, len(homes.x), len(points.x), ~known)


def estimated_nearest(
    homes: Homes, points: Points, *, mode: str = "walk", pairs: Pairs | None = None
) -> tuple[NDArray[np.int32], Vector]:
    """Find the nearest site of each neighbourhood, however far.

    Parameters
    ----------
    homes, points : Homes, Points
        People and sites.
    mode : {"walk", "cycle", "drive"}
    pairs : Pairs, optional
        What `estimated_pairs` gave for them: whoever has a pair needs no further search.

    Returns
    -------
    site : array of int32, shape (n,)
        The first of equally near ones; -1 where there is no site or no centroid.
    minutes : array, shape (n,)
        inf where there is no site, NaN where there is no centroid.
    """
    n, speed = len(homes.x), speed_m_per_min(mode)
    known = np.isfinite(homes.x) & np.isfinite(homes.y)
    site, minutes = np.full(n, -1, np.int32), np.where(known, np.inf, np.nan)
    if pairs is not None:
        _take_first(site, minutes, pairs.origin.astype(np.int64), pairs.site.astype(np.int64), pairs.minutes)
    count = len(points.x)
    rest = np.flatnonzero(known & (site < 0))
    limit = FIRST_SEARCH
    while len(rest) * count > AT_ONCE:  # in wider and wider circles, then among all sites
        _take_first(site, minutes, *_pairs(homes, points, rest, limit, speed))
        rest, limit = rest[site[rest] < 0], limit * 4
        if limit > LAST_SEARCH:
            break
    if not count:
        return site, minutes
    for block in np.array_split(rest, len(rest) * count // AT_ONCE + 1):
        each = _minutes(homes, points, block[:, None], np.arange(count)[None, :], speed)
        best = each.argmin(axis=1)
        site[block], minutes[block] = best, each[np.arange(len(block)), best]
    return site, minutes


def _take_first(site: NDArray[np.int32], minutes: Vector, origin: Numbers, near: Numbers, each: Vector) -> None:
    """Put down the nearest site of each neighbourhood that has a pair, the first of equally near ones."""
    order = np.lexsort((near, each, origin))
    rows, at = np.unique(origin[order], return_index=True)
    first = order[at]
    site[rows], minutes[rows] = near[first], each[first]


def _pairs(homes: Homes, points: Points, rows: Numbers, limit: float, speed: float) -> tuple[Numbers, Numbers, Vector]:
    """Pairs of some neighbourhoods within a time, by neighbourhood, then site."""
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for origin, site in _candidates(homes, points, rows, limit * speed / DETOUR + 1.0):
        minutes = _minutes(homes, points, origin, site, speed)
        near = minutes <= limit
        parts.append((origin[near], site[near], minutes[near]))
    origin, site, minutes = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((site, origin))
    return origin[order], site[order], minutes[order]


def _minutes(homes: Homes, points: Points, origin: Numbers, site: Numbers, speed: float) -> Vector:
    distance = np.hypot(homes.x[origin] - points.x[site], homes.y[origin] - points.y[site])
    inside = points.home[site] == origin
    return np.asarray(np.where(inside, np.fmax(distance, homes.least[origin]), distance) * DETOUR / speed)


def _candidates(homes: Homes, points: Points, known: Numbers, radius: float) -> Iterator[tuple[Numbers, Numbers]]:
    """Give rows of homes and of sites whose cells touch, a good number at a time."""
    if not len(points.x) or not len(known):
        return
    west, south = points.x.min(), points.y.min()
    across, up = ((values / radius) for values in (points.x - west, points.y - south))
    width = int(across.max()) + 4
    cell = (up.astype(np.int64) + 1) * width + across.astype(np.int64) + 1
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    column = np.clip(np.floor((homes.x[known] - west) / radius), -2, width - 2).astype(np.int64) + 1
    row = np.floor((homes.y[known] - south) / radius).astype(np.int64) + 1
    for step in (-1, 0, 1):
        middle = (row + step) * width + column
        first = np.searchsorted(cell, middle - 1, side="left")
        count = np.searchsorted(cell, middle + 1, side="right") - first
        # Columns run over from one row of cells to the next only at its empty margins.
        for part in _blocks(count):
            many, start = count[part], first[part]
            at = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(start, many)
            yield np.repeat(known[part], many), order[at]


def _blocks(count: Numbers) -> Iterator[slice]:
    """Part rows so that no block has many more pairs than are looked at together."""
    ends = np.cumsum(count)
    begun = 0
    while begun < len(count):
        before = ends[begun - 1] if begun else 0
        end = max(begun + 1, int(np.searchsorted(ends, before + AT_ONCE, side="right")))
        yield slice(begun, end)
        begun = end
