"""Change over time and targets on plain arrays, without tables (methods M5, M10).

`layers.trends` offers the same with guards and labels; the web process, which holds arrays and no tables, calls these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

TREND_POINTS = 5
TREND_CRITICAL = 9.5495  # chi-squared, one degree of freedom, two in a thousand: the Fingertips rule
RANGE_FACTOR = 2.66  # 3 / 1.128: from the mean moving range to three standard deviations
CHANCE_NEEDS = TREND_POINTS  # fewer points than a trend needs say nothing of where it leads
LIMITS_AT = 1.959963984540054  # standard errors from the value to a 95 % limit
NOT_ENOUGH = "not enough points"


@dataclass(frozen=True)
class RecentTrend:
    """Whether a proportion rose or fell over five years, and by how much.

    Attributes
    ----------
    trend : {"increasing", "decreasing", "no significant change", "not enough points"}
    chi_squared : float or None
        For linear trend; above 9.5495 it is significant.
    first_year, last_year : int or None
    first, last : float or None
        Proportion in those years.
    change, relative_change : float or None
        Last minus first; the same over first (None from 0).
    change_per_year : float or None
        Slope of the line, weighted by the denominators.
    """

    trend: str
    chi_squared: float | None = None
    first_year: int | None = None
    last_year: int | None = None
    first: float | None = None
    last: float | None = None
    change: float | None = None
    relative_change: float | None = None
    change_per_year: float | None = None


def recent_trend_of(years: NDArray[np.int64], count: Vector, denominator: Vector) -> RecentTrend:
    """Recent trend of the five known years up to the latest; the run must be whole.

    Parameters
    ----------
    years, count, denominator : array, shape (n,)
        In order of time, nothing missing, denominators above 0.

    Returns
    -------
    RecentTrend
    """
    if len(years) < TREND_POINTS or years[-1] - years[-TREND_POINTS] != TREND_POINTS - 1:
        return RecentTrend(NOT_ENOUGH)
    years, x, n = years[-TREND_POINTS:], count[-TREND_POINTS:], denominator[-TREND_POINTS:]
    time = np.arange(TREND_POINTS, dtype=float)
    slopes = [_slope(time[kept], x[kept], n[kept]) for kept in ~np.eye(TREND_POINTS, dtype=bool)]
    slope, statistic = _slope(time, x, n), _chi_squared(time, x, n)
    steady = all(each > 0 for each in slopes) or all(each < 0 for each in slopes)
    trend = "no significant change"
    if statistic > TREND_CRITICAL and steady:
        trend = "increasing" if slope > 0 else "decreasing"
    first, last = float(x[0] / n[0]), float(x[-1] / n[-1])
    relative = (last - first) / first if first > 0 else None
    return RecentTrend(trend, statistic, int(years[0]), int(years[-1]), first, last, last - first, relative, slope)


@dataclass(frozen=True)
class ControlLimits:
    """Limits within which a steady process moves (XmR chart).

    Attributes
    ----------
    mean, lower, upper : float
        Mean of the points, and 2.66 mean moving ranges to either side. A limit may lie beyond what
        the measure can be (below 0): it is then no limit on that side.
    mean_moving_range : float
        Mean difference from one point to the next, without sign.
    outside : tuple
        Labels of the points outside the limits.
    """

    mean: float
    lower: float
    upper: float
    mean_moving_range: float
    outside: tuple[object, ...]


def control_limits_of(points: Vector, labels: Sequence[object]) -> ControlLimits:
    """Control limits of points in order of time; NaN = missing, and no range beside it.

    Raises
    ------
    ValueError
        If a value is infinite, or no two points follow each other.
    """
    if np.isinf(points).any():
        raise ValueError("control limits need finite values")
    moving = np.abs(np.diff(points))
    moving = moving[~np.isnan(moving)]
    if not len(moving):
        raise ValueError("control limits need two points that follow each other")
    average, spread = float(np.nanmean(points)), float(moving.mean())
    lower, upper = average - RANGE_FACTOR * spread, average + RANGE_FACTOR * spread
    outside = tuple(labels[int(at)] for at in np.flatnonzero((points < lower) | (points > upper)))
    return ControlLimits(average, lower, upper, spread, outside)


def path_at(times: Vector, *, baseline: float, goal: float, start: float, due: float) -> Vector:
    """Where a measure should be on its way to a target: ``b + (g - b)(t - t0)/(t1 - t0)``, the goal after that.

    Raises
    ------
    ValueError
        If `due` is not after `start`, a number is not finite, or a time lies before `start`.
    """
    if not (all(map(math.isfinite, (baseline, goal, start, due))) and due > start):
        raise ValueError(f"a path from {baseline} at {start} to {goal} at {due} leads nowhere; due must be after start")
    if not (times >= start).all():
        raise ValueError(f"the path starts at {start}; it has no value before")
    along = np.minimum((times - start) / (due - start), 1.0)
    return np.where(along == 1, goal, baseline + (goal - baseline) * along)


@dataclass(frozen=True)
class TargetVerdict:
    """How a target stands.

    Attributes
    ----------
    verdict : {"met", "missed", "on track", "uncertain", "off track", "not enough points"}
        Missed: the goal was due at the latest point or before it, and is not reached.
    time, value, expected : float or None
        Latest point, and the path there.
    run_rate : float or None
        Change per unit of time that would still reach the goal; None at the due time or later.
    chance : float or None
        Chance (0-1) that the line so far arrives; None under 5 points or at the due time or later.
    """

    verdict: str
    time: float | None = None
    value: float | None = None
    expected: float | None = None
    run_rate: float | None = None
    chance: float | None = None


def verdict_of(
    time: Vector,
    value: Vector,
    lower: Vector,
    upper: Vector,
    *,
    baseline: float,
    goal: float,
    start: float,
    due: float,
    polarity: int,
    draws: int,
    seed: int,
) -> TargetVerdict:
    """Compare the latest point and its limits with the path to a target.

    Parameters
    ----------
    time, value, lower, upper : array, shape (n,)
        Known points since `start`, in order of time; limits may be NaN.
    baseline, goal, start, due, polarity, draws, seed
        As for `layers.trends.verdict`.

    Returns
    -------
    TargetVerdict
    """
    path_at(np.array([start, due]), baseline=baseline, goal=goal, start=start, due=due)
    if not len(time) or not time[-1] > start:
        return TargetVerdict(NOT_ENOUGH)
    now, last, low, high = (float(each[-1]) for each in (time, value, lower, upper))
    expected = float(path_at(np.array([now]), baseline=baseline, goal=goal, start=start, due=due)[0])
    best, worst = (low, high) if polarity == 1 else (high, low)
    reached = polarity * last <= polarity * goal
    if reached and (polarity * goal <= polarity * baseline or now >= due):
        found = "met"
    elif now >= due:
        found = "missed"
    elif polarity * worst <= polarity * expected:
        found = "on track"
    elif polarity * best > polarity * expected:
        found = "off track"
    else:
        found = "uncertain"
    if now >= due:
        return TargetVerdict(found, now, last, expected)
    chance = _chance(time, value, (upper - lower) / (2 * LIMITS_AT), goal, due, polarity, draws, seed)
    return TargetVerdict(found, now, last, expected, (goal - last) / (due - now), chance)


def _slope(time: Vector, x: Vector, n: Vector) -> float:
    """Change of the proportion per unit of time, by least squares weighted by the denominators."""
    total = n.sum()
    across = total * (time * x).sum() - x.sum() * (time * n).sum()
    return float(across / (total * (time**2 * n).sum() - (time * n).sum() ** 2))


def _chi_squared(time: Vector, x: Vector, n: Vector) -> float:
    """Chi-squared for linear trend; 0 where nobody or everybody has it."""
    total, cases = n.sum(), x.sum()
    if cases in (0, total):
        return 0.0
    across = total * (time * x).sum() - cases * (time * n).sum()
    spread = total * (time**2 * n).sum() - (time * n).sum() ** 2
    return float(total * across**2 / (cases * (total - cases) * spread))


def _chance(
    time: Vector, value: Vector, half: Vector, goal: float, due: float, polarity: int, draws: int, seed: int
) -> float | None:
    """Share of seeded draws in which a straight line through the points arrives at the goal.

    The line's ends and the noise of the point to come are drawn together (the posterior of ordinary
    least squares). Noise is never taken to be less than the points' own limits say.
    """
    if len(time) < CHANCE_NEEDS or draws == 0:
        return None
    centred = time - time.mean()
    slope = (centred * value).sum() / (centred**2).sum()
    left = value - value.mean() - slope * centred
    ahead = due - time.mean()
    random = np.random.default_rng(np.random.SeedSequence(seed))
    variance = (left**2).sum() / random.chisquare(len(time) - 2, draws)
    if np.isfinite(half).any():
        variance = np.maximum(variance, np.nanmean(half**2))
    reach = np.sqrt(variance * (1 + 1 / len(time) + ahead**2 / (centred**2).sum()))
    arrived = value.mean() + slope * ahead + reach * random.standard_normal(draws)
    return float((polarity * arrived <= polarity * goal).mean())
