"""The formulas of need position and targeting score on plain arrays, without tables.

`layers.targeting` offers the same with guards and labels; the web process, which holds arrays and
no tables, calls these (methods M1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]

DECIMALS = 9  # figures are rounded once, here, so that every format carries the same number


def ridits(values: Vector, people: Vector) -> Vector:
    """People at lower values plus half of those at the same value, as a share of all.

    Parameters
    ----------
    values, people : array, shape (n,)
        Any real values without gaps, and the people who live with each.

    Returns
    -------
    array, shape (n,)
        Between 0 and 1; its mean over the people is 1/2.
    """
    distinct, group = np.unique(values, return_inverse=True)
    at_value = np.bincount(group, weights=people, minlength=len(distinct))
    below = np.cumsum(at_value) - at_value
    return np.asarray(((below + at_value / 2) / people.sum())[group], dtype=np.float64)


def positions(need: Vector, people: Vector) -> Vector:
    """Need position of each neighbourhood; a neighbourhood without a need score has none (NaN)."""
    known = np.isfinite(need)
    result = np.full(len(need), np.nan)
    if people[known].sum() > 0:
        result[known] = np.round(ridits(need[known], people[known]), DECIMALS)
    return result


def multiples(position: Vector, rho: float) -> Vector:
    """Per-head share as a multiple of the average, from the need position and the dial."""
    return np.asarray(np.round(2 * (1 + (rho - 1) * position) / (rho + 1), DECIMALS), dtype=np.float64)


def ranks(need: Vector) -> Counts:
    """Rank by need: 1 = greatest need, equal needs share the better rank, 0 = no need score."""
    known = np.isfinite(need)
    ascending = np.sort(-need[known])
    result = np.zeros(len(need), dtype=np.int64)
    result[known] = np.searchsorted(ascending, -need[known], side="left") + 1
    return result


def fifths(rank: Counts) -> Counts:
    """Need fifth from the rank: ``ceil(5 rank / N)``, 1 = greatest need, 0 = no need score."""
    ranked = int((rank > 0).sum())
    return np.zeros_like(rank) if ranked == 0 else -(-5 * rank // ranked)
