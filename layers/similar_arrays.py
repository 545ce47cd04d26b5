"""Distances between places and what a need leads one to expect, on plain arrays, without tables (methods M10).

`layers.similar` offers the same with guards and labels; the web process, which holds arrays and no tables, calls these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SCATTER_LIMIT = 1.959963984540054  # usual scatters: one ordinary neighbourhood in 40 lies further on the good side
MEDIAN_TO_DEVIATION = 1.482602218505602  # from the median distance to a standard deviation, whatever a few outliers do


@dataclass(frozen=True)
class PeerLine:
    """What similar places have: the line and band to hold a figure against.

    Attributes
    ----------
    median, lower_quartile, upper_quartile : float or None
        Of the peers that have a value; None where none has.
    peers, known : int
        Peers, and those of them with a value.
    """

    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    peers: int
    known: int


def quartiles(values: Vector) -> PeerLine:
    """Median and quartiles over peers; NaN = a peer without a value."""
    found = values[np.isfinite(values)]
    if not len(found):
        return PeerLine(None, None, None, len(values), 0)
    low, middle, high = (float(value) for value in np.quantile(found, [0.25, 0.5, 0.75]))
    return PeerLine(middle, low, high, len(values), len(found))


def distances(values: Vector, row: int) -> Vector:
    """Straight distance of every place from one, over z-scored variables.

    Parameters
    ----------
    values : array, shape (n, variables)
        No gaps. A constant variable tells nothing and adds nothing.
    row : int
        The place from which distance is taken.

    Returns
    -------
    array, shape (n,)
        In standard deviations; 0 at `row`.

    Raises
    ------
    ValueError
        If no variable varies.
    """
    z = z_scores(values)
    return np.asarray(np.sqrt(((z - z[row]) ** 2).sum(axis=1)))


def z_scores(values: Vector) -> Vector:
    """Give standard deviations from the mean; a constant column is 0 everywhere."""
    varies = values.max(axis=0) > values.min(axis=0)
    if not varies.any():
        raise ValueError("no context variable varies: every place is the same")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(varies, (values - values.mean(axis=0)) / values.std(axis=0), 0.0)


@dataclass(frozen=True)
class Expected:
    """What others of the same need lead one to expect.

    Attributes
    ----------
    expected : array, shape (n,)
        From a line through all OTHER neighbourhoods; NaN where a figure is missing.
    better_by : array, shape (n,)
        Above 0 where it does better.
    deviant : array of bool, shape (n,)
        Better beyond its own noise and the usual scatter.
    unknown : array of bool, shape (n,)
        Where that cannot be said.
    """

    expected: Vector
    better_by: Vector
    deviant: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


def better_than_expected(
    outcome: Vector, need: Vector, people: Vector, lower: Vector, upper: Vector, *, polarity: int
) -> Expected:
    """Hold an outcome against the line on need through all other neighbourhoods.

    Parameters
    ----------
    outcome, need, people, lower, upper : array, shape (n,)
        Measure, need (high = more), people, and limits of the measure; NaN = not known.
    polarity : {1, -1}
        1: a high outcome is worse.

    Returns
    -------
    Expected
    """
    known = ~np.isnan(outcome) & ~np.isnan(need) & (people > 0)
    expected = np.full(len(outcome), np.nan)
    expected[known] = expected_from_others(outcome[known], need[known], people[known])
    clear = expected - upper if polarity == 1 else lower - expected
    better = polarity * (expected - outcome)
    usual = MEDIAN_TO_DEVIATION * float(np.nanmedian(np.abs(better)))
    return Expected(expected, better, (clear > 0) & (better > SCATTER_LIMIT * usual), np.isnan(clear))


def expected_from_others(y: Vector, x: Vector, people: Vector) -> Vector:
    """Value of the weighted line at each row, fitted to all the other rows.

    What a row pulls its own fitted value by (its leverage) is known, so one fit serves all. A row
    that alone holds up the line has no others to be expected from.
    """
    share = people / people.sum()
    centred = x - (share * x).sum()
    spread = (share * centred**2).sum()
    level = (share * y).sum()
    flat = not x.max() > x.min()
    slope = 0.0 if flat else (share * centred * y).sum() / spread
    leverage = share * (1 + (0.0 if flat else centred**2 / spread))
    rest = 1 - leverage
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(rest > 1e-9, (level + slope * centred - leverage * y) / rest, np.nan)
