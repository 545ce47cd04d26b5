"""Rates, proportions and means with the limits that OHID publishes (methods M5)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Vector = NDArray[np.float64]

BYAR_FROM = 10  # events; below it the exact limits are used, and no directly standardised rate is given

# Eurostat (2013), Revision of the European Standard Population: people per 100,000 by five-year age band.
# Eurostat parts the ends further (0 and 1-4, 90-94 and 95+); OHID uses them joined, as here.
EUROPEAN_STANDARD_POPULATION_2013 = pd.Series(
    {
        "0-4": 5_000,
        "5-9": 5_500,
        "10-14": 5_500,
        "15-19": 5_500,
        "20-24": 6_000,
        "25-29": 6_000,
        "30-34": 6_500,
        "35-39": 7_000,
        "40-44": 7_000,
        "45-49": 7_000,
        "50-54": 7_000,
        "55-59": 6_500,
        "60-64": 6_000,
        "65-69": 5_500,
        "70-74": 5_000,
        "75-79": 4_000,
        "80-84": 2_500,
        "85-89": 1_500,
        "90+": 1_000,
    },
    name="european_standard_population_2013",
)


def proportion(count: pd.Series, denominator: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """Proportion with Wilson score limits.

    Parameters
    ----------
    count, denominator : pandas.Series, shape (n,), same index
        Those who have it, and all who might; zero or more. A missing one makes the row missing.
    confidence : float
        Share of such limits that hold the true proportion, above 0 and below 1.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index of `count`
        ``value``, ``lower``, ``upper``, 0 to 1; missing where the denominator is 0.

    Raises
    ------
    ValueError
        If a count is negative, infinite or above its denominator, or the indexes differ.

    References
    ----------
    Wilson (1927); Newcombe (1998); OHID technical guidance, proportions: methods M5.
    """
    x, n = _counts(count, denominator)
    above = np.flatnonzero(x > n)
    if len(above):
        first = above[0]
        raise ValueError(f"count of {count.index[first]} is {x[first]:g}, above its denominator {n[first]:g}")
    z = _normal_quantile(confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(n > 0, x / n, np.nan)
        middle, width = x + z**2 / 2, z * np.sqrt(z**2 / 4 + x * (1 - value))
        lower, upper = (middle - width) / (n + z**2), (middle + width) / (n + z**2)
    lower = np.where(x == 0, value, lower)  # 0 of n: exactly 0, not a rounding error beside it
    upper = np.where(x == n, value, upper)
    return _table(count.index, value, lower, upper)


def rate(count: pd.Series, denominator: pd.Series, *, per: float, confidence: float = 0.95) -> pd.DataFrame:
    """Events per so many people, with Byar's limits from 10 events and exact chi-squared limits below.

    Parameters
    ----------
    count, denominator : pandas.Series, shape (n,), same index
        Events, and people (or person-years) among whom they happened; zero or more.
    per : float
        The rate is per this many, for example 1,000 or 100,000.
    confidence : float
        Share of such limits that hold the true rate, above 0 and below 1.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index of `count`
        ``value``, ``lower``, ``upper``. Missing where the denominator is 0 or something is missing;
        Byar's lower limit is missing where it falls below 0.

    Raises
    ------
    ValueError
        If a count is negative or infinite, events happened among nobody, or the indexes differ.

    References
    ----------
    Breslow and Day (1987); Armitage and Berry (2002); OHID technical guidance, rates: methods M5.
    """
    x, n = _counts(count, denominator)
    _check_per(per)
    lower, upper = _event_limits(x, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        value, low, high = (np.where(n > 0, events * per / n, np.nan) for events in (x, lower, upper))
    return _table(count.index, value, low, high)


def mean(values: pd.Series, groups: pd.Series | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
    """Mean of the known values with limits from Student's t.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        One measurement a row, each counting once; missing ones do not count.
    groups : pandas.Series, shape (n,), same index, optional
        A mean for each group; without it, one row called ``all``.
    confidence : float
        Share of such limits that hold the true mean, above 0 and below 1.

    Returns
    -------
    pandas.DataFrame, shape (groups, 3)
        ``value``, ``lower``, ``upper``; one value alone has no limits.

    Raises
    ------
    ValueError
        If a value is infinite or the indexes differ.

    References
    ----------
    OHID technical guidance, means: methods M5.
    """
    if np.isinf(values.to_numpy(dtype=float)).any():
        raise ValueError("a mean needs finite values")
    if groups is not None and not groups.index.equals(values.index):
        raise ValueError("values and groups are not for the same rows in the same order")
    keys = pd.Series("all", index=values.index) if groups is None else groups
    found = values.astype(float).groupby(keys, sort=True).agg(["mean", "std", "count"])
    known = found["count"].to_numpy(dtype=float)
    quantile = stats.t.ppf((1 + _check_confidence(confidence)) / 2, np.where(known > 1, known - 1, np.nan))
    value = found["mean"].to_numpy(dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = quantile * found["std"].to_numpy(dtype=float) / np.sqrt(known)
    return _table(found.index, value, value - half, value + half)


def directly_standardised_rate(
    count: pd.DataFrame,
    denominator: pd.DataFrame,
    standard: pd.Series = EUROPEAN_STANDARD_POPULATION_2013,
    *,
    per: float = 100_000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rate that a place would have if its ages were those of the standard population (Dobson's limits).

    Parameters
    ----------
    count, denominator : pandas.DataFrame, shape (n, bands), same index and columns
        Events and people of each place (row) in each age band (column).
    standard : pandas.Series, shape (bands,)
        Standard population of the same bands; part of them for part of the ages.
    per, confidence : float
        As for `rate`.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index of `count`
        ``value``, ``lower``, ``upper``. Missing under 10 events, and where a band has no people or a
        missing count: an unknown band is not an empty one.

    Raises
    ------
    ValueError
        If the bands differ, or a count is negative, infinite, or among nobody.

    References
    ----------
    Dobson et al. (1991); OHID technical guidance, directly standardised rates: methods M5.
    """
    _check_per(per)
    x, n = _bands(count, denominator, standard)
    share = standard.to_numpy(dtype=float) / standard.to_numpy(dtype=float).sum()
    events = x.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(n > 0, share / n, np.nan)
        value = (weight * x).sum(axis=1)
        lower, upper = _event_limits(events, confidence)
        stretch = np.sqrt((weight**2 * x).sum(axis=1) / events)
    value[~(events >= BYAR_FROM)] = np.nan
    return _table(
        count.index, value * per, (value + stretch * (lower - events)) * per, (value + stretch * (upper - events)) * per
    )


def indirectly_standardised_ratio(
    count: pd.Series,
    denominator: pd.DataFrame,
    reference_rate: pd.Series,
    *,
    per: float = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Events over those expected if the reference rates held here, with the limits of a count.

    Parameters
    ----------
    count : pandas.Series, shape (n,)
        Events of each place, all ages.
    denominator : pandas.DataFrame, shape (n, bands), same index
        People of each place in each age band.
    reference_rate : pandas.Series, shape (bands,)
        Events per person in each band of the reference population.
    per : float
        1 gives a ratio, 100 the form in which mortality ratios are often printed.
    confidence : float
        Share of such limits that hold the true ratio, above 0 and below 1.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index of `count`
        ``value`` (1 = as expected), ``lower``, ``upper``; missing where nothing is expected.

    Raises
    ------
    ValueError
        If the bands differ, a figure is negative or infinite, or events happened where none could be expected.

    References
    ----------
    OHID technical guidance, indirectly standardised ratios: methods M5.
    """
    if set(denominator.columns) != set(reference_rate.index) or not denominator.index.equals(count.index):
        raise ValueError("counts, people and reference rates are not for the same places and age bands")
    rates = _not_negative(reference_rate, "reference rate")
    people = denominator[list(reference_rate.index)]
    for band in people.columns:
        _not_negative(people[band], f"people aged {band}")
    expected = pd.Series(people.to_numpy(dtype=float) @ rates, index=count.index)
    return rate(count, expected, per=per, confidence=confidence)


def quantile_group(values: pd.Series, groups: int = 10, *, polarity: int = 1) -> pd.Series:
    """Group by rank as OHID does: ``floor(k + 1 - ceil((n + 1 - rank) / (n / k)))``, ties to the least rank.

    Not the need fifth or IMD decile, which are ``ceil(k rank / n)``: only for rates grouped OHID's way.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        A missing value has no group and is not counted.
    groups : int
        How many, at least 2: 5 for fifths, 10 for tenths.
    polarity : {1, -1}
        1: high values are group 1 (more need); -1: low values are.

    Returns
    -------
    pandas.Series of Int64, shape (n,)
        1 = greatest need. Ties may leave a group small or empty.

    Raises
    ------
    ValueError
        If a value is infinite, there are fewer values than groups, or polarity is another number.

    References
    ----------
    OHID technical guidance, assigning deprivation categories: methods M5.
    """
    if polarity not in (1, -1) or groups < 2:
        raise ValueError(f"expected polarity 1 or -1 and 2 groups or more; got {polarity} and {groups}")
    numbers = values.to_numpy(dtype=float)
    known = ~np.isnan(numbers)
    if np.isinf(numbers).any():
        raise ValueError(f"{values.index[np.isinf(numbers)][0]} is infinite; it cannot be ranked")
    n = int(known.sum())
    if n < groups:
        raise ValueError(f"{n} values cannot make {groups} groups")
    rank = stats.rankdata(-polarity * numbers[known], method="min").astype(np.int64)
    group = pd.Series(pd.NA, index=values.index, name="quantile_group", dtype="Int64")
    group[known] = groups + 1 + (-(n + 1 - rank) * groups) // n  # in whole numbers: n / k is seldom exact
    return group


def _event_limits(count: Vector, confidence: float) -> tuple[Vector, Vector]:
    """Limits of a number of events: Byar's from 10, exact chi-squared below."""
    z, tail = _normal_quantile(confidence), (1 - confidence) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        byar_lower = count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3
        more = count + 1
        byar_upper = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
        exact_lower = np.where(count == 0, 0.0, stats.chi2.ppf(tail, 2 * count) / 2)
        exact_upper = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
    byar_lower = np.where(byar_lower < 0, np.nan, byar_lower)
    large = count >= BYAR_FROM
    return np.where(large, byar_lower, exact_lower), np.where(large, byar_upper, exact_upper)


def _counts(count: pd.Series, denominator: pd.Series) -> tuple[Vector, Vector]:
    if not count.index.equals(denominator.index):
        raise ValueError("counts and denominators are not for the same rows in the same order")
    x, n = _not_negative(count, "count"), _not_negative(denominator, "denominator")
    nobody = np.flatnonzero((n == 0) & (x > 0))
    if len(nobody):
        raise ValueError(f"count of {count.index[nobody[0]]} is {x[nobody[0]]:g}, among nobody (denominator 0)")
    return x, n


def _bands(count: pd.DataFrame, denominator: pd.DataFrame, standard: pd.Series) -> tuple[Vector, Vector]:
    bands = list(standard.index)
    for table in (count, denominator):
        if set(table.columns) != set(bands) or len(table.columns) != len(bands):
            raise ValueError(f"expected the age bands {', '.join(map(str, bands))}; got {list(table.columns)}")
    if not (_not_negative(standard, "standard population") > 0).all():
        raise ValueError("every age band of the standard population needs people")
    pairs = [_counts(count[band], denominator[band]) for band in bands]
    return np.column_stack([x for x, _ in pairs]), np.column_stack([n for _, n in pairs])


def _not_negative(numbers: pd.Series, what: str) -> Vector:
    """Return the numbers if each is missing, or zero or more."""
    found = numbers.to_numpy(dtype=float, na_value=np.nan)
    bad = np.flatnonzero((found < 0) | np.isinf(found))
    if len(bad):
        raise ValueError(f"{what} of {numbers.index[bad[0]]} is {found[bad[0]]:g}; expected zero or more")
    return np.asarray(found, dtype=np.float64)


def _check_confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected a share such as 0.95")
    return confidence


def _normal_quantile(confidence: float) -> float:
    return float(stats.norm.ppf((1 + _check_confidence(confidence)) / 2))


def _check_per(per: float) -> None:
    if not (math.isfinite(per) and per > 0):
        raise ValueError(f"a rate per {per} says nothing; expected a number above 0")


def _table(index: pd.Index, value: Vector, lower: Vector, upper: Vector) -> pd.DataFrame:
    """Table of value and limits; where there is no value there are no limits."""
    known = np.isfinite(value)
    limits = {"lower": np.where(known, lower, np.nan), "upper": np.where(known, upper, np.nan)}
    return pd.DataFrame({"value": value, **limits}, index=index)
