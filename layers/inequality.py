"""How a measure changes with need: slope, gap, concentration, groups, and whether a resource follows (methods M2, M5).

Need position runs from 0 (least need) to 1 (greatest), so a positive slope, gap or concentration index
means more of the measure where need is greater.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.gradient import fifths, ranks
from layers.inequality_arrays import SlopeIndex, concentration_of, described, group_mean
from layers.proportionality import ProportionalityRatio, proportionality_of
from layers.slope import Schedule, Vector, check_limits, drawn_ends, known_rows, limit_pair, line_of

GROUPS_ALLOWED = range(5, 101)
BY_WHERE_PEOPLE_LIVE = "by where people live, not by person"


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
    return described(line, drawn, source, len(value), confidence, draws, seed, transform)


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
        """Average over the people of each group."""
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
    return concentration_of(y, u, p)


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
    rows = [group_mean(y, p[:, column]) for column in range(p.shape[1])]
    names = ("value", "people", "people_left_out", "neighbourhoods_unknown")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    columns["value"] = [np.nan if value is None else value for value in columns["value"]]
    return pd.DataFrame(columns, index=people_by_group.columns.rename("group"))


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
    for each in (outcome, need_position, people):
        if not each.index.equals(resource.index):
            raise ValueError("values, need positions and people are not for the same neighbourhoods in the same order")
    pairs = [
        None if limits is None else limit_pair(resource, limits["lower"], limits["upper"])
        for limits in (resource_limits, outcome_limits)
    ]
    return proportionality_of(
        *(each.to_numpy(dtype=float) for each in (resource, outcome, need_position, people)),
        resource_limits=pairs[0],
        outcome_limits=pairs[1],
        confidence=confidence,
        draws=draws,
        seed=seed,
        schedule=schedule,
        names=resource.index.tolist(),
    )


def _check_draws(draws: int, confidence: float) -> None:
    if draws < 0 or not 0 < confidence < 1:
        raise ValueError(f"expected 0 draws or more and a confidence such as 0.95; got {draws} and {confidence}")
