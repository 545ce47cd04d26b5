"""Need position and targeting score: something for everyone, more where need is greater (methods M1)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from layers.gradient import fifths, multiples, positions, ranks

DIAL_DEFAULT = 3.0
DIAL_LOW, DIAL_HIGH = 1.0, 20.0


def need_position(need_score: pd.Series, people: pd.Series) -> pd.Series:
    """Share of people in neighbourhoods of lower need plus half of those at the same need.

    Parameters
    ----------
    need_score : pandas.Series, shape (n,), index lsoa21cd
        High = more need. A missing score stays missing: it is never taken for zero.
    people : pandas.Series, shape (n,), index lsoa21cd
        Eligible people, zero or more.

    Returns
    -------
    pandas.Series, shape (n,), index lsoa21cd
        Between 0 and 1; ties share one value; the mean over the people with a score is 1/2.

    Raises
    ------
    ValueError
        If the two indexes differ, or people are missing, negative, infinite or nobody.

    References
    ----------
    The midpoint (ridit) of the slope index of inequality; methods M1.
    """
    _same_index(need_score, people)
    counts = _people(people)
    return pd.Series(positions(need_score.to_numpy(dtype=float), counts), index=need_score.index, name="need_position")


def targeting_score(need_position: pd.Series, *, rho: float = DIAL_DEFAULT) -> pd.Series:
    """Per-head share as a multiple of the average: a universal floor, then more with need.

    Parameters
    ----------
    need_position : pandas.Series, shape (n,), index lsoa21cd
        Between 0 and 1; its mean over the people is 1/2. Missing stays missing.
    rho : float
        The dial: share per head at the most needy end over the least needy end, 1 to 20.

    Returns
    -------
    pandas.Series, shape (n,), index lsoa21cd
        From ``2 / (rho + 1)`` to ``2 rho / (rho + 1)``; mean over the people 1.0 = the average per head.

    Raises
    ------
    ValueError
        If a position lies outside 0 to 1, or rho outside 1 to 20.

    References
    ----------
    Marmot et al. (2010), Fair Society, Healthy Lives: the principle. The linear gradient is this
    project's choice: methods M1.
    """
    check_dial(rho)
    outside = need_position[(need_position < 0) | (need_position > 1)]
    if len(outside):
        raise ValueError(f"need position of {outside.index[0]} is {outside.iloc[0]}; it runs from 0 to 1")
    return pd.Series(
        multiples(need_position.to_numpy(dtype=float), rho), index=need_position.index, name="targeting_score"
    )


def need_rank(need_score: pd.Series) -> pd.Series:
    """Rank by need, 1 = greatest; equal scores share the better rank; missing without a score."""
    rank = pd.Series(ranks(need_score.to_numpy(dtype=float)), index=need_score.index, name="rank", dtype="Int64")
    return rank.mask(rank == 0)


def need_fifth(need_score: pd.Series) -> pd.Series:
    """Need fifth ``ceil(5 rank / N)`` within the neighbourhoods given, 1 = greatest need."""
    rank = ranks(need_score.to_numpy(dtype=float))
    fifth = pd.Series(fifths(rank), index=need_score.index, name="need_fifth", dtype="Int64")
    return fifth.mask(fifth == 0)


def check_dial(rho: float) -> float:
    """Return the dial if it is a number from 1 to 20 with at most two decimals.

    Raises
    ------
    ValueError
        Otherwise, saying what came.
    """
    if not (math.isfinite(rho) and DIAL_LOW <= rho <= DIAL_HIGH):
        raise ValueError(f"rho is {rho}; the dial runs from 1 (equal per head) to 20")
    if round(rho, 2) != rho:
        raise ValueError(f"rho is {rho}; the dial takes at most two decimals")
    return rho


def _same_index(need_score: pd.Series, people: pd.Series) -> None:
    if not need_score.index.equals(people.index):
        raise ValueError("need scores and people are not for the same neighbourhoods in the same order")


def _people(people: pd.Series) -> np.ndarray:
    counts = people.to_numpy(dtype=float)
    bad = ~np.isfinite(counts) | (counts < 0)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(f"people of {people.index[first]} is {people.iloc[first]}; expected zero or more")
    if counts.sum() <= 0:
        raise ValueError("nobody is eligible in these neighbourhoods; a position needs people")
    return counts
