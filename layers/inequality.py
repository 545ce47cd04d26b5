"""How a measure changes with need: slope, gap, concentration, groups, and whether a resource follows (methods M2, M5).

Need position runs from 0 (least need) to 1 (greatest), so a positive slope, gap or concentration index
means more of the measure where need is greater.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.gradient import fifths, ranks
from layers.slope import (
    Limits,
    Line,
    Schedule,
    Vector,
    check_limits,
    drawn_ends,
    known_rows,
    limits_of,
    line_of,
    relative,
)

GROUPS_ALLOWED = range(5, 101)
NEAR_ZERO = 0.01  # of the mean: a fitted value this close to zero divides nothing
ROUNDING = 1e-9  # an equal share per head is not "less where need is greater" by its last bit
BY_WHERE_PEOPLE_LIVE = "by where people live, not by person"


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


def slope_index(
    value: pd.Series,
    need_position: pd.Series,
    people: pd.Series,
    *,
    transform: str | None = None,
    lower: pd.Series | None = None,
    upper: pd.Series | None = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    schedule: Schedule = map,
) -> SlopeIndex:
    """Slope and relative index of inequality: least squares of the value on need position, weighted by people.

    Parameters
    ----------
    value, need_position, people : pandas.Series, shape (n,), same index
        Neighbourhoods, or groups from `need_groups`. Positions 0 (least need) to 1.
    transform : {None, "log", "logit"}
        Fit the logarithm (rates) or log odds (proportions); the ends are turned back before they are compared.
    lower, upper : pandas.Series, shape (n,), optional
        Limits of each value at `confidence`: the index's limits are simulated from them. Without
        them neighbourhoods (30 or more) are given random weights instead (Bayesian bootstrap).
    confidence : float
        Of the limits given and of those returned.
    draws, seed : int
        Simulated draws and what starts them; 0 draws give no limits.
    schedule : callable like map
        Runs the blocks of draws, here or in a pool; the answer is the same to the last bit.

    Returns
    -------
    SlopeIndex

    Raises
    ------
    ValueError
        If indexes differ, a figure is impossible, fewer than 5 neighbourhoods or groups have a
        value, all have one position, or the transform cannot take a value.

    References
    ----------
    Low and Low (2004); OHID's slope index of inequality; Rubin (1981) for the weights: methods M5.
    """
    _check_draws(draws, confidence)
    line = line_of(value, need_position, people, transform=transform, lower=lower, upper=upper, confidence=confidence)
    source = line.limits_from(draws)
    drawn = drawn_ends(line, source, draws, [seed], schedule)
    return _described(line, drawn, source, len(value), confidence, draws, seed, transform)


def need_groups(
    value: pd.Series,
    need_position: pd.Series,
    people: pd.Series,
    groups: int = 10,
    *,
    lower: pd.Series | None = None,
    upper: pd.Series | None = None,
) -> pd.DataFrame:
    """Merge neighbourhoods into groups of need, ``ceil(groups x rank / N)``, for `slope_index` or a chart.

    Parameters
    ----------
    value, need_position, people : pandas.Series, shape (n,), same index
        As for `slope_index`; neighbourhoods that lack one are left out.
    groups : int
        5 to 100.
    lower, upper : pandas.Series, shape (n,), optional
        Limits of each value, taken as symmetric and independent.

    Returns
    -------
    pandas.DataFrame, index need_group (1 = greatest need)
        ``value`` (mean over the people), ``lower``, ``upper`` (missing without limits), ``need_position``,
        ``people``, ``neighbourhoods``. Ties can leave a group out.

    Raises
    ------
    ValueError
        As `slope_index`, or if groups are not 5 to 100.
    """
    if groups not in GROUPS_ALLOWED:
        raise ValueError(f"{groups} groups; a slope is drawn over 5 to 100")
    known = known_rows(value, need_position, people)
    check_limits(value, lower, upper, known)
    u, y, p = (each.to_numpy(dtype=float)[known] for each in (need_position, value, people))
    group = -(-groups * ranks(u) // max(len(u), 1))
    total = np.bincount(group, weights=p, minlength=groups + 1)
    number = np.flatnonzero(total > 0)

    def over_people(numbers: Vector) -> Vector:
        return np.asarray(np.bincount(group, weights=p * numbers, minlength=groups + 1)[number] / total[number])

    merged = pd.DataFrame({"value": over_people(y)}, index=pd.Index(number, name="need_group"))
    half = np.full(len(y), np.nan)
    if lower is not None and upper is not None:
        half = (upper - lower).to_numpy(dtype=float)[known] / 2
    spread = np.sqrt(np.bincount(group, weights=(p * half) ** 2, minlength=groups + 1)[number]) / total[number]
    merged["lower"], merged["upper"] = merged["value"] - spread, merged["value"] + spread
    merged["need_position"], merged["people"] = over_people(u), total[number]
    merged["neighbourhoods"] = np.bincount(group, minlength=groups + 1)[number]
    return merged


@dataclass(frozen=True)
class Gap:
    """Worst need fifth against the best: two views that can move apart.

    Attributes
    ----------
    worst, best : float
        Mean over the people of the fifth of greatest and of least need.
    absolute : float
        Worst minus best, in the measure's unit.
    relative : float or None
        Worst over best; None where the best fifth is not above 0.
    """

    worst: float
    best: float
    absolute: float
    relative: float | None


def gap(value: pd.Series, need_position: pd.Series, people: pd.Series) -> Gap:
    """Absolute and relative gap between the need fifths ``ceil(5 rank / N)`` at either end.

    Parameters
    ----------
    value, need_position, people : pandas.Series, shape (n,), same index
        Fifths are made over all neighbourhoods with a position; those without a value do not count.

    Returns
    -------
    Gap

    Raises
    ------
    ValueError
        If a figure is impossible, or a fifth at one end holds nobody with a value (few neighbourhoods, ties).

    References
    ----------
    methods M5 and its "one meaning each".
    """
    known = known_rows(value, need_position, people)
    fifth = fifths(ranks(need_position.to_numpy(dtype=float)))
    ends = []
    for number, name in ((1, "greatest"), (5, "least")):
        inside = known & (fifth == number)
        if not inside.any():
            raise ValueError(f"nobody with a value lives in the fifth of {name} need: no gap can be given")
        ends.append(
            float(np.average(value.to_numpy(dtype=float)[inside], weights=people.to_numpy(dtype=float)[inside]))
        )
    worst, best = ends
    return Gap(worst, best, worst - best, worst / best if best > 0 else None)


def concentration_index(value: pd.Series, need_position: pd.Series, people: pd.Series) -> float:
    """Concentration index ``2 cov_P(y, u) / mean``: -1 to 1, positive = concentrated where need is greater.

    Parameters
    ----------
    value, need_position, people : pandas.Series, shape (n,), same index
        Values zero or more, with a true zero; neighbourhoods that lack one figure are left out.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a figure is impossible, a value is negative, or the mean is 0.

    References
    ----------
    Kakwani, Wagstaff and van Doorslaer (1997); methods M5.
    """
    known = known_rows(value, need_position, people)
    y, u, p = (each.to_numpy(dtype=float)[known] for each in (value, need_position, people))
    if (y < 0).any():
        raise ValueError("a concentration index needs values of zero or more")
    if not (y * p).sum() > 0:
        raise ValueError("the mean is 0: a concentration index is not defined")
    share = p / p.sum()
    average = (share * y).sum()
    return float(2 * (share * (y - average) * (u - (share * u).sum())).sum() / average)


def by_group(value: pd.Series, people_by_group: pd.DataFrame) -> pd.DataFrame:
    """Mean of a neighbourhood measure for each group over where it lives.

    Places, not persons: label it with `BY_WHERE_PEOPLE_LIVE` wherever it is shown.

    Parameters
    ----------
    value : pandas.Series, shape (n,)
        One figure a neighbourhood.
    people_by_group : pandas.DataFrame, shape (n, groups), same index
        People of each group; a missing cell is unknown, not 0.

    Returns
    -------
    pandas.DataFrame, index group
        ``value`` (missing where the group lives nowhere with a value), ``people`` it is over,
        ``people_left_out`` (they live where there is no value), ``neighbourhoods_unknown`` (missing cells).

    Raises
    ------
    ValueError
        If indexes differ, people are negative or infinite, or a value is infinite.

    References
    ----------
    methods M5, "By group".
    """
    if not value.index.equals(people_by_group.index):
        raise ValueError("values and people are not for the same neighbourhoods in the same order")
    y, p = value.to_numpy(dtype=float), people_by_group.to_numpy(dtype=float)
    if np.isinf(y).any() or np.isinf(p).any() or (p < 0).any():
        raise ValueError("values must be finite, and people of each group zero or more")
    counted = np.nan_to_num(p)
    people = counted[~np.isnan(y)].sum(axis=0)
    with np.errstate(invalid="ignore"):
        average = (np.nan_to_num(y)[:, None] * counted).sum(axis=0) / np.where(people > 0, people, np.nan)
    columns = {
        "value": average,
        "people": people,
        "people_left_out": counted[np.isnan(y)].sum(axis=0),
        "neighbourhoods_unknown": np.isnan(p).sum(axis=0),
    }
    return pd.DataFrame(columns, index=people_by_group.columns.rename("group"))


@dataclass(frozen=True)
class ProportionalityRatio:
    """Whether a resource rises with need as steeply as an outcome does.

    Attributes
    ----------
    resource, outcome : SlopeIndex
        Both on the same need position and the same neighbourhoods.
    ratio, lower, upper : float or None
        RII of the resource over RII of the outcome, with limits; 1 = in proportion.
    fifths : float or None
        The plainer comparison: top to bottom need fifth of the resource over that of the outcome.
    basis : {"relative index", "fifths"}
        Which of the two to show; fifths where there can be no verdict.
    verdict : {"inverse care", "too flat", "proportionate", "steeper than need", None}
    words : str
        The verdict, or why there is none, in one or two sentences.
    """

    resource: SlopeIndex
    outcome: SlopeIndex
    ratio: float | None
    lower: float | None
    upper: float | None
    fifths: float | None
    basis: str
    verdict: str | None
    words: str


def proportionality_ratio(
    resource: pd.Series,
    outcome: pd.Series,
    need_position: pd.Series,
    people: pd.Series,
    *,
    resource_limits: pd.DataFrame | None = None,
    outcome_limits: pd.DataFrame | None = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    schedule: Schedule = map,
) -> ProportionalityRatio:
    """Relative index of a resource per head over that of a need outcome, with a verdict in words.

    Parameters
    ----------
    resource, outcome : pandas.Series, shape (n,), same index
        Resource per head (spend, contacts, staff, access) and outcome (bad = high), zero or more.
        Neighbourhoods that lack either are left out of both.
    need_position, people : pandas.Series, shape (n,), same index
        The position must come from need without its access and supply indicators: never circular.
    resource_limits, outcome_limits : pandas.DataFrame, columns ``lower`` and ``upper``, optional
        Limits of each value. With one of them the other side is taken as exactly known; with
        neither, both are put on the same random weights of neighbourhoods.
    confidence, draws, seed, schedule
        As for `slope_index`.

    Returns
    -------
    ProportionalityRatio
        A verdict only where the outcome's RII is above 1 beyond doubt (lower limit) and both are defined;
        limits of the ratio that straddle 1 are "proportionate" before anything else is said.

    Raises
    ------
    ValueError
        As `slope_index`; if a value is negative.

    References
    ----------
    methods M2.
    """
    _check_draws(draws, confidence)
    shared = resource.notna() & outcome.notna()
    pairs = [(resource.where(shared), resource_limits), (outcome.where(shared), outcome_limits)]
    lines = []
    for values, limits in pairs:
        if (values < 0).any():
            raise ValueError(f"{(values < 0).idxmax()} has {values.min():g}; a ratio needs values of zero or more")
        low, high = (None, None) if limits is None else (limits["lower"], limits["upper"])
        lines.append(
            line_of(values, need_position, people, transform=None, lower=low, upper=high, confidence=confidence)
        )
    resampled = resource_limits is None and outcome_limits is None
    slopes, drawn = [], []
    for number, line in enumerate(lines):
        source = "exact" if draws and line.error is None and not resampled else line.limits_from(draws)
        if source == "exact":
            ends: Vector | None = np.tile(line.ends(), (draws, 1))
        else:  # one stream for shared weights, so that both move together; one each for independent noise
            ends = drawn_ends(line, source, draws, [seed] if resampled else [seed, number], schedule)
        slopes.append(_described(line, ends, source, len(resource), confidence, draws, seed, None))
        drawn.append(ends)
    low_ratio, high_ratio = _ratio_limits(drawn[0], drawn[1], confidence)
    by_fifth = _fifth_ratio([values for values, _ in pairs], need_position, people)
    return _judged(slopes[0], slopes[1], low_ratio, high_ratio, by_fifth)


def _fifth_ratio(measures: list[pd.Series], need_position: pd.Series, people: pd.Series) -> float | None:
    try:
        top_to_bottom = [gap(values, need_position, people).relative for values in measures]
    except ValueError:  # too few neighbourhoods, or ties, for fifths
        return None
    resource, outcome = top_to_bottom
    return resource / outcome if resource is not None and outcome else None


def _ratio_limits(resource: Vector | None, outcome: Vector | None, confidence: float) -> Limits:
    if resource is None or outcome is None:
        return None, None
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = relative(resource) / relative(outcome)
    return limits_of(ratio[~np.isnan(ratio)], confidence)


def _judged(
    resource: SlopeIndex, outcome: SlopeIndex, lower: float | None, upper: float | None, by_fifth: float | None
) -> ProportionalityRatio:
    """Verdict and words of methods M2."""
    plain = "not known for need fifths either" if by_fifth is None else f"{by_fifth:.2f} by need fifths"
    if resource.rii is None or outcome.rii is None:
        which = "outcome" if outcome.rii is None else "resource"
        words = (
            f"No verdict: the relative index of the {which} is not defined, as its line comes near 0 at one end. "
            f"Top to bottom, resource over outcome is {plain}."
        )
        return ProportionalityRatio(resource, outcome, None, None, None, by_fifth, "fifths", None, words)
    ratio = resource.rii / outcome.rii
    if outcome.rii_lower is None or outcome.rii_lower <= 1 or lower is None or upper is None:
        words = (
            "No verdict: it is not certain that the outcome is worse where need is greater. "
            f"Top to bottom, resource over outcome is {plain}."
        )
        return ProportionalityRatio(resource, outcome, ratio, lower, upper, by_fifth, "fifths", None, words)
    verdict, meaning = _verdict(resource, lower, upper)
    words = (
        f"{verdict.capitalize()}: {meaning}. The most needy end has {resource.rii:.2f} times the resource per head "
        f"of the least needy, and {outcome.rii:.2f} times the outcome; ratio {ratio:.2f} ({lower:.2f} to {upper:.2f})."
    )
    return ProportionalityRatio(resource, outcome, ratio, lower, upper, by_fifth, "relative index", verdict, words)


def _verdict(resource: SlopeIndex, lower: float, upper: float) -> tuple[str, str]:
    if lower <= 1 + ROUNDING and upper >= 1 - ROUNDING:
        return "proportionate", "the resource cannot be told from one that rises just as steeply as need"
    if resource.rii is not None and resource.rii < 1 - ROUNDING:
        unsure = resource.rii_upper is not None and resource.rii_upper >= 1
        caution = ", though equal shares lie within its limits" if unsure else ""
        return "inverse care", f"less of the resource goes where need is greater{caution}"
    if upper < 1:
        return "too flat", "the resource rises less steeply than need"
    return "steeper than need", "the resource rises more steeply than need"


def _check_draws(draws: int, confidence: float) -> None:
    if draws < 0 or not 0 < confidence < 1:
        raise ValueError(f"expected 0 draws or more and a confidence such as 0.95; got {draws} and {confidence}")


def _described(
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
