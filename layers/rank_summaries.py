"""What many drawn ranks say of a place, and of any part of it (methods M9). Plain arrays only, no tables.

A build draws ranks once for a whole place. Within a council, ward or team area the same draws are ranked
again among its own neighbourhoods; the web process can do so too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Counts, Vector

INTERVAL = (0.05, 0.95)
SURELY_IN, SURELY_OUT = 0.9, 0.1
UNCOUNTED_ALLOWED = 1 / 3
TOLERANCE = 1e-9
CLASSES = ("surely in", "borderline", "surely out", "method only")
FEWEST = 5  # neighbourhoods with a score: below it there is no fifth
_PAIRED = 24  # up to so many neighbourhoods are compared in pairs, more are sorted
_SORTED_AT_ONCE = 2_048
_CELLS_AT_ONCE = 4_000_000

Ranks = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]


@dataclass(frozen=True)
class Intervals:
    """Rank interval, chance of the top fifth and class of some neighbourhoods.

    Attributes
    ----------
    low, high : array of int, shape (n,)
        5 and 95 % of draws, 1 = greatest need; 0 = no score.
    chance : array, shape (n,)
        Share of draws in the top fifth, 0-1; NaN = no score, or fewer than five neighbourhoods with one.
    code : array of int, shape (n,)
        1 to 4: place in `CLASSES`, counted from 1; 0 = none.
    """

    low: Counts
    high: Counts
    chance: Vector
    code: Counts


@dataclass(frozen=True)
class DrawnRanks:
    """Ranks of every draw within a place.

    Attributes
    ----------
    ranks : array of unsigned int, shape (n, draws)
        1 = greatest need; any number where there is no score.
    counted : array, shape (n,)
        Share of the weight that has counts, 0-1; NaN = no score.
    """

    ranks: Ranks
    counted: Vector

    def within(self, rows: Counts | None = None) -> Intervals:
        """Sum up the draws for the place, or for the neighbourhoods of one of its footprints.

        Parameters
        ----------
        rows : array of int, shape (k,), optional
            Rows of the footprint; default all.

        Returns
        -------
        Intervals
            In the order of `rows`; ranks run among those with a score.
        """
        chosen = np.arange(len(self.ranks)) if rows is None else rows
        scored = np.isfinite(self.counted[chosen])
        inside = chosen[scored]
        found = Intervals(
            np.zeros(len(chosen), np.int64),
            np.zeros(len(chosen), np.int64),
            np.full(len(chosen), np.nan),
            np.zeros(len(chosen), np.int64),
        )
        if not len(inside):
            return found
        low, high, chance = interval(self._among(inside))
        found.low[scored], found.high[scored] = low, high
        if len(inside) >= FEWEST:
            found.chance[scored] = chance
            found.code[scored] = classes(chance, self.counted[inside])
        return found

    def within_each(self, groups: Sequence[Counts]) -> list[Intervals]:
        """Sum up the draws for many footprints: what `within` gives for each, many small ones at a time."""
        found: list[Intervals | None] = [None] * len(groups)
        alike: dict[int, list[int]] = {}
        for number, rows in enumerate(groups):
            if len(rows) <= _PAIRED and np.isfinite(self.counted[rows]).all():
                alike.setdefault(len(rows), []).append(number)
            else:
                found[number] = self.within(rows)
        for size, numbers in alike.items():
            step = max(1, _CELLS_AT_ONCE // (size * self.ranks.shape[1]))
            for start in range(0, len(numbers), step):
                some = numbers[start : start + step]
                rows = np.array([groups[number] for number in some])
                for number, interval_ in zip(some, self._alike(rows), strict=True):
                    found[number] = interval_
        return [each for each in found if each is not None]

    def _alike(self, rows: Counts) -> list[Intervals]:
        """Sum up footprints of one size, shape (footprints, size); all have scores."""
        count, size = rows.shape
        drawn = self.ranks[rows]
        better = np.zeros(drawn.shape, dtype=np.uint8)
        for one in range(size):
            for other in range(size):
                if one != other:
                    better[:, one] += (drawn[:, other] < drawn[:, one]).view(np.uint8)
        low, high, chance = interval((better + np.uint8(1)).reshape(count * size, -1), size)
        code = classes(chance, self.counted[rows].ravel())
        if size < FEWEST:
            chance, code = np.full(count * size, np.nan), np.zeros(count * size, np.int64)
        parts = (figures.reshape(count, size) for figures in (low, high, chance, code))
        return [Intervals(*each) for each in zip(*parts, strict=True)]

    def _among(self, inside: Counts) -> Ranks:
        """Rank the draws of some neighbourhoods among themselves; all with a score are ranked already."""
        if len(inside) == len(self.ranks) and bool((np.diff(inside) > 0).all()):
            return self.ranks
        if len(inside) == int(np.isfinite(self.counted).sum()):
            return self.ranks[inside]
        return ranks_among(self.ranks[inside])


def ranks_among(values: Ranks) -> Ranks:
    """Rank each column: 1 = smallest, equal values share the better rank.

    Parameters
    ----------
    values : array of unsigned int, shape (k, draws)
        Below 65,536.

    Returns
    -------
    array of uint16, shape (k, draws)
    """
    if len(values) <= _PAIRED:
        paired = [1 + (values < row).sum(axis=0, dtype=np.uint16) for row in values]
        return np.asarray(paired, dtype=np.uint16).reshape(values.shape)
    k, draws = values.shape
    # Value and row in one number: sorting plain numbers is several times as quick as ordering them.
    keys = np.ascontiguousarray(values.T).astype(np.uint64) * k + np.arange(k, dtype=np.uint64)
    keys = keys.astype(np.uint32) if int(values.max()) * k + k < 2**32 else keys
    keys.sort(axis=1)
    value, row = keys // keys.dtype.type(k), (keys % keys.dtype.type(k)).astype(np.int64)
    place = np.broadcast_to(np.arange(1, k + 1, dtype=np.uint16), (draws, k)).copy()
    place[:, 1:][value[:, 1:] == value[:, :-1]] = 0
    np.maximum.accumulate(place, axis=1, out=place)
    result = np.empty((draws, k), dtype=np.uint16)
    np.put_along_axis(result, row, place, axis=1)
    return result.T


def interval(ranks: Ranks, among: int = 0) -> tuple[Counts, Counts, Vector]:
    """Return the ends of the rank interval and the chance of the top fifth of each row.

    Parameters
    ----------
    ranks : array of unsigned int, shape (n, draws)
        1 = greatest need.
    among : int
        How many were ranked together; n when left out.
    """
    n, draws = ranks.shape
    among = among or n
    ends = int(np.floor(INTERVAL[0] * (draws - 1))), int(np.ceil(INTERVAL[1] * (draws - 1)))
    low, high, chance = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    if among <= draws:
        place = ranks + (np.arange(n, dtype=np.int64) * (among + 1))[:, None]
        upto = np.bincount(place.ravel(), minlength=n * (among + 1)).reshape(n, among + 1).cumsum(axis=1)
        low[:], high[:] = ((upto > end).argmax(axis=1) for end in ends)
        chance[:] = upto[:, among // 5] / draws
        return low, high, chance
    for start in range(0, n, _SORTED_AT_ONCE):
        some = slice(start, start + _SORTED_AT_ONCE)
        ordered = np.sort(ranks[some], axis=1)
        low[some], high[some] = ordered[:, ends[0]], ordered[:, ends[1]]
        chance[some] = np.less_equal(ordered, among // 5).mean(axis=1)
    return low, high, chance


def classes(chance: Vector, counted: Vector) -> Counts:
    """Class of each neighbourhood as a place in `CLASSES`, from 1.

    "Method only" where more than a third of the weight has no counts, whatever the chance.
    """
    code = np.select([chance >= SURELY_IN, chance <= SURELY_OUT], [1, 3], 2)
    return np.where(counted < 1 - UNCOUNTED_ALLOWED - TOLERANCE, 4, code).astype(np.int64)


def class_names(code: Counts) -> list[str]:
    """Write the classes in words; empty where there is none."""
    names = ("", *CLASSES)
    return [names[number] for number in code.tolist()]
