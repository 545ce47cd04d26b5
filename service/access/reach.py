"""Which sites people reach, in how many minutes: those of a view, and others who use the same sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.access_arrays import E2SFCA_STEPS, Pairs, nearest_of, pairs_within
from layers.estimated_times import DETOUR, SPEED_KM_H, speed_m_per_min
from layers.near_sites import Homes, Points, estimated_nearest, estimated_pairs
from service.access.surroundings import Surroundings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.gradient import Counts, Vector
    from service.access.requests import AccessAsked
    from service.editions.edition import Edition


@dataclass(frozen=True)
class Reach:
    """Times from people to sites.

    Attributes
    ----------
    rows : array of int, shape (r,)
        Neighbourhoods of the edition, those of the view among them.
    others : array of int, shape (s,)
        Neighbourhoods round the place, by their row in its surroundings.
    sites : array of int, shape (m,)
        Row numbers in ``edition.sites()``; without those that lie outside the streets of the edition's network, unless
        all of them do: then no time is known.
    nearest : array of int, shape (r,)
        Which of `sites`; -1 = none in reach or not known.
    nearest_min : array, shape (r,)
        inf = none in reach, NaN = not known.
    pairs : Pairs
        Up to the longest time wanted; origins are `rows`, then `others`.
    """

    rows: Counts
    others: Counts
    sites: Counts
    nearest: NDArray[np.int32]
    nearest_min: Vector
    pairs: Pairs


def reach_of(edition: Edition, view_rows: Counts, question: AccessAsked, around: Surroundings | None) -> Reach:
    """Find who reaches which sites of a service.

    Parameters
    ----------
    edition : Edition
    view_rows : array of int
        Neighbourhoods of the view.
    question : AccessAsked
        Service, mode, minutes.
    around : Surroundings, optional
        Who lives round the place; left out of times by public transport, which are not known for them.

    Returns
    -------
    Reach
        From the network of the edition where it has one, else estimated from distance; those round the place
        are always estimated.
    """
    sites = np.array(edition.site_rows(question.service, accepting=question.accepting), dtype=np.int64)
    limit = float(max(question.minutes, max(E2SFCA_STEPS)))
    if edition.network is not None:
        return _over_network(edition, sites, question.mode, limit, around)
    rows, others = _neighbours(edition, view_rows, around, 2 * limit * speed_m_per_min(question.mode) / DETOUR)
    homes, points = _homes(edition, rows, around, others), _points(edition, rows, around, others, sites)
    pairs = estimated_pairs(homes, points, limit=limit, mode=question.mode)
    nearest, minutes = estimated_nearest(_first(homes, len(rows)), points, mode=question.mode, pairs=_of(pairs, rows))
    return Reach(rows, others, sites, nearest, minutes, pairs)


def _over_network(edition: Edition, sites: Counts, mode: str, limit: float, around: Surroundings | None) -> Reach:
    """Take times over the network; those who live round the place are added at estimated times."""
    rows = np.arange(edition.count)
    matrix = edition.minutes(mode, sites)
    beyond = np.isnan(matrix).all(axis=0)  # sites outside the streets of the file: nobody's way there is known
    if not beyond.all():
        sites, matrix = sites[~beyond], matrix[:, ~beyond]
    nearest, minutes = nearest_of(matrix)
    pairs = pairs_within(matrix, limit)
    if around is None or mode not in SPEED_KM_H:
        return Reach(rows, np.empty(0, np.int64), sites, nearest, minutes, pairs)
    others = np.arange(len(around.codes))
    nobody = np.empty(0, np.int64)
    homes, points = _homes(edition, nobody, around, others), _points(edition, nobody, around, others, sites)
    more = estimated_pairs(homes, points, limit=limit, mode=mode)
    return Reach(rows, others, sites, nearest, minutes, _joined(pairs, more))


def _neighbours(
    edition: Edition, view_rows: Counts, around: Surroundings | None, reach_m: float
) -> tuple[Counts, Counts]:
    """Rows of the edition and of its surroundings that can share a site with the view, and all of the view."""
    x, y, _ = edition.centroids()
    here = np.isfinite(x[view_rows]) & np.isfinite(y[view_rows])
    if not here.any():
        return view_rows, np.empty(0, np.int64)
    sides = [(part[view_rows][here].min() - reach_m, part[view_rows][here].max() + reach_m) for part in (x, y)]

    def inside(east: Vector, north: Vector) -> NDArray[np.bool_]:
        (west, right), (south, top) = sides
        return np.asarray((east >= west) & (east <= right) & (north >= south) & (north <= top))

    wanted = inside(x, y)
    wanted[view_rows] = True
    others = np.empty(0, np.int64) if around is None else np.flatnonzero(inside(around.x, around.y))
    return np.flatnonzero(wanted), others


def _homes(edition: Edition, rows: Counts, around: Surroundings | None, others: Counts) -> Homes:
    parts = [[column[rows] for column in edition.centroids()]]
    if around is not None:
        parts.append([column[others] for column in (around.x, around.y, around.area)])
    return Homes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _points(edition: Edition, rows: Counts, around: Surroundings | None, others: Counts, sites: Counts) -> Points:
    """Where sites are, with the number of the home they lie in, of `rows` and then `others`."""
    listed = edition.sites()
    codes = np.array([listed[row]["lsoa21cd"] or "" for row in sites.tolist()], dtype="U9")
    home = _found(edition.codes[rows], codes)
    if around is not None:
        elsewhere = _found(np.asarray(around.codes)[others], codes)
        home = np.where((home < 0) & (elsewhere >= 0), elsewhere + len(rows), home)
    east, north = edition.site_points()
    return Points(east[sites], north[sites], home)


def _found(codes: NDArray[np.str_], wanted: NDArray[np.str_]) -> Counts:
    """Place of each wanted code among sorted ones, -1 where it is not there."""
    if not len(codes):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[at] == wanted, at, -1)


def _first(homes: Homes, count: int) -> Homes:
    return Homes(homes.x[:count], homes.y[:count], homes.area[:count])


def _of(pairs: Pairs, rows: Counts) -> Pairs:
    """Pairs of the first neighbourhoods, as many as there are rows."""
    end = int(np.searchsorted(pairs.origin, len(rows)))
    return Pairs(pairs.origin[:end], pairs.site[:end], pairs.minutes[:end], len(rows), pairs.m)


def _joined(first: Pairs, more: Pairs) -> Pairs:
    """Put the neighbourhoods of one after those of the other."""
    unknown = [np.zeros(part.n, bool) if part.unknown is None else part.unknown for part in (first, more)]
    return Pairs(
        np.concatenate([first.origin, more.origin + np.int32(first.n)]),
        np.concatenate([first.site, more.site]),
        np.concatenate([first.minutes, more.minutes]),
        first.n + more.n,
        first.m,
        np.concatenate(unknown),
    )
