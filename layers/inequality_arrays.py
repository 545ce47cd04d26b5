"""The figures of inequality on plain arrays, without tables (methods M5).

`layers.inequality` offers the same with guards and labels; the web process, which holds arrays and no tables, calls
these. Need position runs from 0 (least need) to 1 (greatest).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from layers.slope import Limits, Line, Schedule, Vector, drawn_ends, limits_of, line_from, relative

NEAR_ZERO = 0.01  # of the mean: a fitted value this close to zero divides nothing
MEANS_NEED = 10  # neighbourhoods: fewer say too little about their own scatter around a mean


@dataclass(frozen=True)
class SlopeIndex:
    """Slope and relative index of inequality, and the fitted ends they come from.

    Attributes
    ----------
    sii, sii_lower, sii_upper : float
        Fitted value at the greatest need minus that at the least, in the measure's unit.
    rii, rii_lower, rii_upper : float
        The same two as a ratio; None where it is not defined (`note` says why).
    intercept, intercept_lower, intercept_upper : float
        Fitted value at the least need (position 0).
    mean : float
        Over the people.
    units, left_out : int
        Neighbourhoods or groups used; those without a value, a position or people.
    limits_from : {"values", "neighbourhoods", "exact", "none"}
        Each value's own limits; random weights on the neighbourhoods; values taken as exactly known
        beside another measure that has limits; or nothing (limits are None).
    confidence, draws, seed, transform
        As asked for: enough to repeat the limits to the last bit.
    note : str
        What a reader has to know; empty if nothing.
    """

    sii: float
    sii_lower: float | None
    sii_upper: float | None
    rii: float | None
    rii_lower: float | None
    rii_upper: float | None
    intercept: float
    intercept_lower: float | None
    intercept_upper: float | None
    mean: float
    units: int
    left_out: int
    limits_from: str
    confidence: float
    draws: int
    seed: int
    transform: str | None
    note: str


def slope_of(
    value: Vector,
    position: Vector,
    people: Vector,
    *,
    transform: str | None = None,
    limits: tuple[Vector, Vector] | None = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    schedule: Schedule = map,
    names: Sequence[object] | None = None,
) -> SlopeIndex:
    """Slope and relative index of inequality: `layers.inequality.slope_index` on plain arrays.

    Parameters
    ----------
    value, position, people : array, shape (n,)
        NaN = not known; people are finite.
    limits : (lower, upper), optional
        Of each value at `confidence`.
    transform, confidence, draws, seed, schedule
        As for `slope_index`.
    names : sequence, shape (n,), optional
        What a message calls the rows; their numbers when left out.

    Returns
    -------
    SlopeIndex

    Raises
    ------
    ValueError
        As `slope_index`.
    """
    called = range(1, len(value) + 1) if names is None else names
    line = line_from(value, position, people, transform=transform, limits=limits, confidence=confidence, names=called)
    source = line.limits_from(draws)
    drawn = drawn_ends(line, source, draws, [seed], schedule)
    return described(line, drawn, source, len(value), confidence, draws, seed, transform)


@dataclass(frozen=True)
class Fifth:
    """A measure over the people of one need fifth.

    Attributes
    ----------
    fifth : int
        1 = greatest need.
    value, lower, upper : float or None
        None where nobody with a value lives, or there is nothing to draw limits from.
    people : float
        Those the value is over: of the denominators where there are counts, else of the neighbourhoods' people.
    neighbourhoods : int
        With a value.
    """

    fifth: int
    value: float | None
    lower: float | None
    upper: float | None
    people: float
    neighbourhoods: int


def by_fifth(
    value: Vector,
    fifth: NDArray[np.int64],
    people: Vector,
    *,
    counts: tuple[Vector, Vector] | None = None,
    scale: float = 1.0,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> list[Fifth]:
    """Measure of each need fifth: re-summed from counts where there are any, else the mean over the people.

    Parameters
    ----------
    value, people : array, shape (n,)
        Measure (NaN = not known) and people.
    fifth : array of int, shape (n,)
        Need fifths from `layers.gradient.fifths`; 0 = no need score.
    counts : (count, denominator), optional
        Behind the measure; limits are then Wilson's of the sums. Without them limits come from random weights on
        the fifth's neighbourhoods (10 or more).
    scale : float
        By how much the measure is larger than the share that the counts make: 100 for percentages.
    confidence, draws, seed
        Of the limits.

    Returns
    -------
    list of Fifth
        Five, greatest need first.

    References
    ----------
    Methods M5; Wilson (1927); Rubin (1981).
    """
    rows = []
    for number in range(1, 6):
        inside = (fifth == number) & np.isfinite(value) & (people > 0)
        if counts is None:
            found = _mean_of(value[inside], people[inside], confidence, draws, [seed, number])
        else:
            found = _pooled(counts[0][inside], counts[1][inside], scale, confidence)
        rows.append(Fifth(number, *found, int(inside.sum())))
    return rows


def _mean_of(
    value: Vector, people: Vector, confidence: float, draws: int, entropy: list[int]
) -> tuple[float | None, float | None, float | None, float]:
    if not len(value):
        return None, None, None, 0.0
    middle, total = float(np.average(value, weights=people)), float(people.sum())
    if len(value) < MEANS_NEED or draws == 0:
        return middle, None, None, total
    drawn = weighted_means(value, people, draws, entropy)
    return middle, *limits_of(drawn, confidence), total


def weighted_means(value: Vector, people: Vector, draws: int, entropy: list[int]) -> Vector:
    """Draw the mean over the people with random weights of mean 1 on the neighbourhoods, in blocks."""
    per_block = max(1, 2_000_000 // len(value))
    seeds = np.random.SeedSequence(entropy).spawn(-(-draws // per_block))
    found = []
    for number, seed in enumerate(seeds):
        size = min(per_block, draws - number * per_block)
        weight = np.random.default_rng(seed).standard_exponential((size, len(value))) * people
        found.append((weight * value).sum(axis=1) / weight.sum(axis=1))
    return np.concatenate(found)


def _pooled(
    count: Vector, denominator: Vector, scale: float, confidence: float
) -> tuple[float | None, float | None, float | None, float]:
    known = np.isfinite(count) & np.isfinite(denominator)
    total = float(denominator[known].sum())
    if not total > 0:
        return None, None, None, 0.0
    x = np.array([count[known].sum()])
    low, high = wilson(x, np.array([total]), confidence)
    return scale * float(x[0] / total), scale * float(low[0]), scale * float(high[0]), total


def wilson(count: Vector, denominator: Vector, confidence: float = 0.95) -> tuple[Vector, Vector]:
    """Wilson score limits of proportions; NaN where the denominator is 0 or something is missing.

    References
    ----------
    Wilson (1927); OHID technical guidance, proportions: methods M5. `layers.rates.proportion` is the same with guards.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(denominator > 0, count / denominator, np.nan)
        middle, width = count + z**2 / 2, z * np.sqrt(z**2 / 4 + count * (1 - value))
        lower, upper = ((middle + sign * width) / (denominator + z**2) for sign in (-1, 1))
    return np.where(count == 0, value, lower), np.where(count == denominator, value, upper)


def concentration_of(value: Vector, position: Vector, people: Vector) -> float:
    """Concentration index ``2 cov_P(y, u) / mean`` over rows that are all known and above 0 in the mean."""
    share = people / people.sum()
    average = (share * value).sum()
    return float(2 * (share * (value - average) * (position - (share * position).sum())).sum() / average)


def group_mean(value: Vector, people: Vector) -> tuple[float | None, float, float, int]:
    """Mean of a measure over where a group lives.

    Parameters
    ----------
    value : array, shape (n,)
        One figure a neighbourhood; NaN = not known.
    people : array, shape (n,)
        People of the group; NaN = unknown, not 0.

    Returns
    -------
    value, people, people_left_out, neighbourhoods_unknown
        None where the group lives nowhere with a value; people it is over; those who live where there is no value;
        missing cells.
    """
    counted = np.nan_to_num(people)
    known = ~np.isnan(value)
    total = float(counted[known].sum())
    mean = float((np.nan_to_num(value) * counted).sum() / total) if total > 0 else None
    return mean, total, float(counted[~known].sum()), int(np.isnan(people).sum())


def described(
    line: Line,
    drawn: Vector | None,
    source: str,
    rows: int,
    confidence: float,
    draws: int,
    seed: int,
    transform: str | None,
) -> SlopeIndex:
    """Turn the fitted and drawn ends into the index, its limits and a note."""
    least, most = (float(end) for end in line.ends())
    average = float(np.average(line.back(line.value), weights=line.people))
    sii_limits: Limits = (None, None)
    rii_limits: Limits = (None, None)
    end_limits: Limits = (None, None)
    if drawn is not None:
        sii_limits = limits_of(drawn[:, 1] - drawn[:, 0], confidence)
        end_limits = limits_of(drawn[:, 0], confidence)
    notes = []
    near_zero = NEAR_ZERO * abs(average) if transform is None else 0.0  # what is turned back is never below 0
    if least <= near_zero or (end_limits[0] is not None and end_limits[0] <= 0):
        notes.append("RII is not defined: the fitted value at the least need is at or near 0.")
    elif most <= near_zero:
        notes.append("RII is not defined: the fitted value at the greatest need is at or near 0.")
    elif drawn is not None:
        rii_limits = limits_of(relative(drawn), confidence)
    rii = None if notes else most / least
    if source == "neighbourhoods":
        notes.append("Limits from random weights on the neighbourhoods: the values have no limits of their own.")
    elif drawn is None:
        notes.append("No limits: the values have none of their own, or no draws were asked for.")
    return SlopeIndex(
        sii=most - least,
        sii_lower=sii_limits[0],
        sii_upper=sii_limits[1],
        rii=rii,
        rii_lower=rii_limits[0],
        rii_upper=rii_limits[1],
        intercept=least,
        intercept_lower=end_limits[0],
        intercept_upper=end_limits[1],
        mean=average,
        units=len(line.value),
        left_out=rows - len(line.value),
        limits_from=source,
        confidence=confidence,
        draws=draws,
        seed=seed,
        transform=transform,
        note=" ".join(notes),
    )
