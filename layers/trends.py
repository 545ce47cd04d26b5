"""Change over time and targets: recent trend, control limits, path and verdict (methods M5, M10)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.trend_arrays import (
    ControlLimits,
    RecentTrend,
    TargetVerdict,
    Vector,
    control_limits_of,
    path_at,
    recent_trend_of,
    verdict_of,
)

QUARTER = re.compile(r"(\d{4})/(\d{2})-Q([1-4])")


@dataclass(frozen=True, order=True)
class FinancialQuarter:
    """A quarter of the financial year, April to March; quarters compare and sort in time.

    Attributes
    ----------
    year : int
        Calendar year in which the financial year starts.
    quarter : int
        1 = April to June, 4 = January to March.
    """

    year: int
    quarter: int

    @property
    def number(self) -> int:
        """Whole number that rises by one each quarter: the time for paths and limits."""
        return 4 * self.year + self.quarter - 1

    @property
    def first_month(self) -> tuple[int, int]:
        """Calendar year and month (1-12) in which it starts."""
        return (self.year, 3 * self.quarter + 1) if self.quarter < 4 else (self.year + 1, 1)

    def __str__(self) -> str:
        return f"{self.year}/{(self.year + 1) % 100:02}-Q{self.quarter}"


def financial_quarter(text: str) -> FinancialQuarter:
    """Read a financial quarter such as ``2026/27-Q2``.

    Raises
    ------
    ValueError
        If the text has another form, or its two years do not follow each other.
    """
    found = QUARTER.fullmatch(text.strip())
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise ValueError(f"{text!r} is no financial quarter; expected one like 2026/27-Q2")
    return FinancialQuarter(int(found[1]), int(found[3]))


def recent_trend(count: pd.Series, denominator: pd.Series) -> RecentTrend:
    """Recent trend by the Fingertips rule, over the five years up to the latest known one.

    Parameters
    ----------
    count, denominator : pandas.Series, index year (whole numbers), same index
        Those who have it and all who might, a year; a missing year or figure breaks the run.

    Returns
    -------
    RecentTrend
        A direction only where chi-squared for trend is above 9.5495 and the slope keeps its sign
        whichever point is left out.

    Raises
    ------
    ValueError
        If a year stands twice, or a count is negative, infinite or above its denominator.

    References
    ----------
    OHID, Fingertips technical guidance, recent trends; Armitage (1955): methods M5.
    """
    years, x, n = _annual(count, denominator)
    return recent_trend_of(years, x, n)


def control_limits(values: pd.Series) -> ControlLimits:
    """Control limits of quarterly or monthly points: mean and 2.66 times the mean moving range.

    Parameters
    ----------
    values : pandas.Series, shape (n,), in order of time
        A missing point counts nowhere; the two steps beside it are not ranges.

    Returns
    -------
    ControlLimits

    Raises
    ------
    ValueError
        If a value is infinite, or no two points follow each other.

    References
    ----------
    Wheeler (1993); methods M5.
    """
    points = values.to_numpy(dtype=float)
    return control_limits_of(points, values.index.tolist())


def target_path(times: pd.Index, *, baseline: float, goal: float, start: float, due: float) -> pd.Series:
    """Where a measure should be on its way to a target: ``b + (g - b)(t - t0)/(t1 - t0)``.

    Parameters
    ----------
    times : pandas.Index, shape (n,)
        Years, or numbers of financial quarters; none before `start`.
    baseline, goal : float
        Value at `start`, and to be reached at `due`; after that the goal stays.

    Returns
    -------
    pandas.Series, shape (n,), index `times`

    Raises
    ------
    ValueError
        If `due` is not after `start`, a number is not finite, or a time lies before `start`.

    References
    ----------
    methods M10.
    """
    along = path_at(times.to_numpy(dtype=float), baseline=baseline, goal=goal, start=start, due=due)
    return pd.Series(along, index=times, name="target_path")


def verdict(
    points: pd.DataFrame,
    *,
    baseline: float,
    goal: float,
    start: float,
    due: float,
    polarity: int = 1,
    draws: int = 10_000,
    seed: int = 0,
) -> TargetVerdict:
    """Compare the latest point and its limits with the path to a target.

    Parameters
    ----------
    points : pandas.DataFrame, index time (numbers), columns ``value``, ``lower``, ``upper`` (95 %)
        Points before `start` do not count; a value without limits can be met, else it is uncertain.
    baseline, goal, start, due : float
        As for `target_path`.
    polarity : {1, -1}
        1: high is worse, so the good side is below; -1: the good side is above.
    draws, seed : int
        For the chance: lines through the points since `start`, redrawn with their noise.

    Returns
    -------
    TargetVerdict
        Met: the value has reached the goal. Missed: it was due by the latest point, and is not reached.
        On track: both limits on the good side of the path. Off track: both on the bad side. Uncertain:
        the path lies between them. Not enough points: none after the start. A goal that lets the
        measure get worse is met only when it is due.

    Raises
    ------
    ValueError
        If the path leads nowhere, a time stands twice, limits are not around their value, or a figure is infinite.

    References
    ----------
    methods M10.
    """
    if polarity not in (1, -1) or draws < 0:
        raise ValueError(f"expected polarity 1 or -1 and 0 draws or more; got {polarity} and {draws}")
    path_at(np.array([start, due]), baseline=baseline, goal=goal, start=start, due=due)
    since = _points_since(points, start)
    value, low, high = since.to_numpy(dtype=float).T
    return verdict_of(
        since.index.to_numpy(dtype=float), value, low, high,
        baseline=baseline, goal=goal, start=start, due=due, polarity=polarity, draws=draws, seed=seed,
    )  # fmt: skip


def gap_as_people(goal: float, people: pd.Series, count: pd.Series) -> pd.Series:
    """People still to be reached for each neighbourhood to stand at the goal: ``max(0, ceil(g n) - x)``.

    Parameters
    ----------
    goal : float
        Share of the people, 0 to 1.
    people, count : pandas.Series, shape (n,), same index
        All of them, and those reached; zero or more. Missing stays missing.

    Returns
    -------
    pandas.Series of Int64, shape (n,)
        Whole people. Worked in exact fractions: 7 % of 100 is 7, never 8.

    Raises
    ------
    ValueError
        If the goal is not a share, a count is negative, infinite or above its people, or indexes differ.

    References
    ----------
    methods M10, "Gap as people".
    """
    if not 0 <= goal <= 1:
        raise ValueError(f"goal is {goal}; expected a share of the people, 0 to 1")
    x, n = _counted(count, people)
    share, known = Fraction(repr(float(goal))), ~np.isnan(x)
    gap = pd.Series(pd.NA, index=people.index, name="gap_as_people", dtype="Int64")
    gap[known] = [
        max(0, math.ceil(math.ceil(share * Fraction(repr(float(of)))) - Fraction(repr(float(have)))))
        for of, have in zip(n[known], x[known], strict=True)
    ]
    return gap


def _annual(count: pd.Series, denominator: pd.Series) -> tuple[NDArray[np.int64], Vector, Vector]:
    """Known years in order, with their counts and denominators."""
    if not pd.api.types.is_integer_dtype(count.index.dtype) or not count.index.is_unique:
        raise ValueError("a recent trend needs one row a year, under the year as a whole number")
    x, n = _counted(count, denominator)
    known = ~np.isnan(x) & (n > 0)
    order = np.argsort(count.index[known].to_numpy())
    return count.index[known].to_numpy(dtype=np.int64)[order], x[known][order], n[known][order]


def _counted(count: pd.Series, people: pd.Series) -> tuple[Vector, Vector]:
    """Check counts and those they are among; both are missing where either is."""
    if not count.index.equals(people.index):
        raise ValueError("counts and people are not for the same rows in the same order")
    x, n = (each.to_numpy(dtype=float, na_value=np.nan) for each in (count, people))
    bad = np.flatnonzero((x < 0) | (n < 0) | np.isinf(x) | np.isinf(n) | (x > n))
    if len(bad):
        raise ValueError(f"{count.index[bad[0]]} has {x[bad[0]]:g} of {n[bad[0]]:g}; expected 0 to all of them")
    missing = np.isnan(x) | np.isnan(n)
    return np.where(missing, np.nan, x), np.where(missing, np.nan, n)


def _points_since(points: pd.DataFrame, start: float) -> pd.DataFrame:
    """Known points from the start on, in order of time."""
    if not points.index.is_unique:
        raise ValueError("a time stands twice among the points")
    known = points.loc[points["value"].notna() & (points.index >= start), ["value", "lower", "upper"]].sort_index()
    found = known.astype(float)
    value, low, high = found.to_numpy().T
    wrong = np.flatnonzero((low > value) | (high < value) | np.isinf(found.to_numpy()).any(axis=1))
    if len(wrong):
        at = wrong[0]
        came = f"point {found.index[at]} is {value[at]:g} with limits {low[at]:g} to {high[at]:g}"
        raise ValueError(f"{came}; expected it between them")
    return found
