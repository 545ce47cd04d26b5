"""Places like this one, and neighbourhoods that do better than their need would suggest (methods M10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layers.similar_arrays import PeerLine, better_than_expected, distances, quartiles

DEVIANTS_NEED = 5  # neighbourhoods: fewer do not show what goes with a need


def similar_places(
    context: pd.DataFrame, place: str, k: int, *, variables: Sequence[str] | None = None
) -> pd.DataFrame:
    """Find the k places nearest to one by straight distance over z-scored context.

    Parameters
    ----------
    context : pandas.DataFrame, shape (n, variables), index code
        One row a council (or neighbourhood). A place that lacks a variable cannot be a peer. Councils
        that were merged come through `merge_predecessors` first.
    place : str
        Whose peers; it is never among them.
    k : int
        How many, at least 1.
    variables : sequence of str, optional
        Columns to compare by; all of them unless named. A constant one tells nothing and adds nothing.

    Returns
    -------
    pandas.DataFrame, shape (k, 1), index code, nearest first, equals by code
        ``distance`` in standard deviations.

    Raises
    ------
    ValueError
        If the place or a variable is unknown, a code stands twice, a figure of the place is missing, nothing
        varies, or fewer than k others have every figure.

    References
    ----------
    methods M10.
    """
    names = list(context.columns) if variables is None else list(variables)
    unknown = [name for name in names if name not in context.columns]
    if unknown or not names:
        raise ValueError(f"no context variable {unknown[0]!r}" if unknown else "similarity needs a context variable")
    if place not in context.index or not context.index.is_unique:
        raise ValueError(f"{place} has to stand once among the places")
    known = context[names][np.isfinite(context[names].to_numpy(dtype=float)).all(axis=1)].sort_index()
    if place not in known.index:
        raise ValueError(f"{place} lacks {', '.join(names)} or part of it: no peers can be found")
    if not 1 <= k < len(known):
        raise ValueError(f"{k} peers asked for; {len(known) - 1} other places have every variable")
    distance = distances(known.to_numpy(dtype=float), int(known.index.get_loc(place)))
    others = pd.DataFrame({"distance": distance}, index=known.index).drop(index=place)
    return others.sort_values("distance", kind="stable").head(k)


def peer_line(values: pd.Series, peers: Sequence[str], *, place: str | None = None) -> PeerLine:
    """Median and quartiles of a measure over the peers.

    Parameters
    ----------
    values : pandas.Series, index code
        One figure a place.
    peers : sequence of str
        From `similar_places`, or an official list.
    place : str, optional
        Refused among the peers: no place is its own peer.

    Returns
    -------
    PeerLine

    Raises
    ------
    ValueError
        If the place is among its peers, or a peer stands twice.
    """
    codes = list(peers)
    if place in codes or len(set(codes)) < len(codes):
        raise ValueError("a place is not its own peer, and a peer counts once")
    return quartiles(values.reindex(codes).to_numpy(dtype=float))


def merge_predecessors(context: pd.DataFrame, people: pd.Series, successor: pd.Series) -> pd.DataFrame:
    """Give a merged council the mean, over the people, of the districts it was made from.

    Parameters
    ----------
    context : pandas.DataFrame, shape (n, variables), index code of the older district
    people : pandas.Series, shape (n,), same index
        Residents, above 0.
    successor : pandas.Series, shape (n,), same index
        Code of today's council; its own code where nothing changed.

    Returns
    -------
    pandas.DataFrame, index code of today's council
        A variable that any predecessor lacks is missing.

    Raises
    ------
    ValueError
        If indexes differ, people are not above 0, or a successor is missing.
    """
    if not (context.index.equals(people.index) and context.index.equals(successor.index)):
        raise ValueError("context, people and successors are not for the same districts in the same order")
    counts = people.to_numpy(dtype=float)
    if not (np.isfinite(counts) & (counts > 0)).all() or successor.isna().any():
        raise ValueError("every district needs people and a successor")
    today = pd.Index(successor, name=context.index.name)
    weighted = context.astype(float).mul(counts, axis=0).set_axis(today)
    lacking = context.isna().set_axis(today).groupby(level=0).any()
    total = pd.Series(counts, index=today).groupby(level=0).sum()
    return weighted.groupby(level=0).sum().div(total, axis=0).mask(lacking)


def positive_deviants(
    outcome: pd.Series,
    need: pd.Series,
    people: pd.Series,
    lower: pd.Series,
    upper: pd.Series,
    *,
    polarity: int = 1,
) -> pd.DataFrame:
    """Mark neighbourhoods whose outcome is better than expected at the same need, beyond noise.

    Two kinds of noise: that of the neighbourhood's own count (its limits), and the scatter usual
    among neighbourhoods of equal need. Without the second, large counts would mark a third of a place.

    Parameters
    ----------
    outcome, need, people : pandas.Series, shape (n,), same index
        Measure, need position or score (high = more need; it must not contain the outcome), residents.
    lower, upper : pandas.Series, shape (n,), same index
        Limits of the outcome. With 95 % limits up to one ordinary neighbourhood in 40 is marked by
        chance: worth a visit, not a verdict.
    polarity : {1, -1}
        1: a high outcome is worse; -1: it is better.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), same index
        ``expected`` from a line on need through all OTHER neighbourhoods, weighted by people;
        ``better_by``, above 0 where it does better; ``positive_deviant``, true where both limits are on
        the better side and it is better by 1.96 times the usual scatter (from the median). Missing
        where a figure is.

    Raises
    ------
    ValueError
        If indexes differ, fewer than 5 have every figure, or a figure is impossible.

    References
    ----------
    methods M10.
    """
    series = [outcome, need, people, lower, upper]
    if any(not each.index.equals(outcome.index) for each in series) or polarity not in (1, -1):
        raise ValueError("figures are not for the same neighbourhoods in the same order, or polarity is not 1 or -1")
    y, x, p, low, high = (each.to_numpy(dtype=float) for each in series)
    if any(np.isinf(each).any() for each in (y, x, p)) or (p < 0).any():
        raise ValueError("outcomes and need must be finite, and people zero or more")
    if ((low > y) | (high < y)).any():
        raise ValueError(f"limits of {outcome.index[(low > y) | (high < y)][0]} are not around its value")
    known = ~np.isnan(y) & ~np.isnan(x) & (p > 0)
    if known.sum() < DEVIANTS_NEED:
        raise ValueError(f"{known.sum()} with outcome, need and people; at least {DEVIANTS_NEED} are needed")
    found = better_than_expected(y, x, p, low, high, polarity=polarity)
    deviant = pd.Series(found.deviant, index=outcome.index, dtype="boolean").mask(found.unknown)
    columns = {"expected": found.expected, "better_by": found.better_by, "positive_deviant": deviant}
    return pd.DataFrame(columns, index=outcome.index)
