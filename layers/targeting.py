"""Need position, targeting score and share-out: something for everyone, more where need is greater (methods M1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.certificate import canonical, certificate
from layers.gradient import fifths, multiples, positions, ranks
from layers.matched_dial import MatchedDial, need_matched_dial
from layers.share_out import Recipient, ShareOut, divide
from layers.share_rule import DIAL_DEFAULT, DIAL_HIGH, DIAL_LOW, STANDARD, Rule, check_dial
from layers.whole_units import whole_units

__all__ = [
    "DIAL_DEFAULT",
    "DIAL_HIGH",
    "DIAL_LOW",
    "MatchedDial",
    "Rule",
    "ShareOut",
    "canonical",
    "certificate",
    "check_dial",
    "need_fifth",
    "need_matched_dial",
    "need_position",
    "need_rank",
    "share_out",
    "share_table",
    "targeting_score",
    "whole_units",
]


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


def share_out(
    need_score: pd.Series,
    people: pd.Series,
    budget: float,
    *,
    rule: Rule = STANDARD,
    in_need: pd.Series | None = None,
    footprints: pd.DataFrame | None = None,
) -> ShareOut:
    """Divide a budget so that everyone gets something and more goes where need is greater, exactly.

    Parameters
    ----------
    need_score : pandas.Series, shape (n,), index lsoa21cd
        High = more need. A missing score is refused unless the rule says what it meets.
    people : pandas.Series, shape (n,), index lsoa21cd
        Eligible people, zero or more; where there is nobody nothing is given.
    budget : float
        In pounds (unit None or "pence") or in posts, sessions or the like (unit "whole"): above 0.
    rule : Rule
        Form and dial or floor, unit, minimum, what a missing score meets; without one the dial at 3.
    in_need : pandas.Series, shape (n,), index lsoa21cd, or None
        Count form only: people in need; missing as for need.
    footprints : pandas.DataFrame or None
        Columns ``footprint`` and ``lsoa21cd``: share over these; what none lists is the row "rest of place".

    Returns
    -------
    ShareOut
        Recipients by code, every figure a `Fraction`; `share_table` gives it as a table of numbers.

    Raises
    ------
    ValueError
        If indexes differ, an input is missing, negative, infinite or doubled, nobody is eligible or (count form) in
        need, footprints overlap, or the budget is out of range, no whole number of units or below the minimum.

    References
    ----------
    Marmot et al. (2010), Fair Society, Healthy Lives: the principle. Hamilton's largest remainders for whole units.
    The formulas are this project's choice: methods M1.
    """
    _same_index(need_score, people)
    if in_need is not None:
        _same_index(in_need, people)
    pairs = None if footprints is None else list(zip(footprints["footprint"], footprints["lsoa21cd"], strict=True))
    return divide(
        [str(code) for code in people.index],
        need_score.to_numpy(dtype=float, na_value=np.nan).tolist(),
        people.to_numpy(dtype=float, na_value=np.nan).tolist(),
        budget,
        rule=rule,
        in_need=None if in_need is None else in_need.to_numpy(dtype=float, na_value=np.nan).tolist(),
        footprints=pairs,
    )


def share_table(share: ShareOut) -> pd.DataFrame:
    """Give a share-out as a table of numbers.

    Parameters
    ----------
    share : ShareOut
        A budget divided.

    Returns
    -------
    pandas.DataFrame, shape (recipients, 8), index recipient
        ``need, people, in_need, position, multiple, quota, amount, achieved`` as floats, missing where not known.
    """
    rows = [[np.nan if value is None else float(value) for value in row[1:]] for row in share.recipients]
    names = pd.Index([row.code for row in share.recipients], name="recipient")
    return pd.DataFrame(rows, index=names, columns=list(Recipient._fields[1:]), dtype=float)


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
