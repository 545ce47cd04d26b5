"""Indicators of different units on one scale, high = more need (methods M4, step 4).

Every function takes values that already point the right way (high = more need) and keeps what is
missing missing. The reference set is whatever is passed in: England where all of it is held.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from layers.gradient import ridits

Z_LIMIT = 3.0
EXPONENTIAL_CONSTANT = 23.0  # English Indices of Deprivation: research and technical reports


def where_known(values: pd.Series, other: pd.Series) -> pd.Series:
    """Return values as floats, missing where another column of the same neighbourhoods, in the same order, is."""
    found = np.where(other.notna(), values.to_numpy(dtype=float), np.nan)
    return pd.Series(found, index=values.index, name=values.name)


def ridit(values: pd.Series, people: pd.Series) -> pd.Series:
    """Share of people (0-100) at lower values plus half of those at the same value.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        High = more need.
    people : pandas.Series, shape (n,)
        Eligible people; neighbourhoods without a value do not count.

    Returns
    -------
    pandas.Series, shape (n,)
        0 to 100, mean over the people 50.

    Raises
    ------
    ValueError
        If people are missing or negative, or nobody lives where a value is known.
    """
    known = values.notna().to_numpy()
    counts = people.to_numpy(dtype=float)
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError(f"people must be zero or more everywhere to scale {values.name!r}")
    scaled = np.full(len(values), np.nan)
    if known.any():
        if counts[known].sum() <= 0:
            raise ValueError(f"nobody lives where {values.name!r} is known")
        scaled[known] = 100 * ridits(values.to_numpy(dtype=float)[known], counts[known])
    return pd.Series(scaled, index=values.index, name=values.name)


def z_score(values: pd.Series) -> pd.Series:
    """Put standard deviations from the mean, cut at plus and minus 3, on 0 to 100: ``(z + 3) / 6 x 100``.

    A constant indicator says nothing about who needs more: every value becomes 50.
    """
    if not values.max() > values.min():  # not by the deviation: that of ten times 0.1 is not quite zero
        return values * 0.0 + 50.0
    z = ((values - values.mean()) / values.std(ddof=0)).to_numpy(dtype=float)
    scaled = (np.clip(z, -Z_LIMIT, Z_LIMIT) + Z_LIMIT) / (2 * Z_LIMIT) * 100
    return pd.Series(scaled, index=values.index, name=values.name)


def min_max(values: pd.Series) -> pd.Series:
    """Smallest value 0, largest 100; a constant indicator is 50 everywhere."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) * 100 if high > low else values * 0.0 + 50.0


def exponential(rank: pd.Series, areas: int) -> pd.Series:
    """Exponential transformation of a rank, as the Indices of Deprivation publish their domains.

    Parameters
    ----------
    rank : pandas.Series, shape (n,)
        1 = most deprived.
    areas : int
        How many areas were ranked (33,755 in 2025).

    Returns
    -------
    pandas.Series, shape (n,)
        Above 0 to 100; a tenth of the areas lie above 50.

    Raises
    ------
    ValueError
        If a rank lies outside 1 to ``areas``.

    References
    ----------
    ``X = -23 ln(1 - R (1 - exp(-100 / 23)))``, ``R = (N - rank + 1) / N``: methods M4.
    """
    if ((rank < 1) | (rank > areas)).any():
        outside = rank[(rank < 1) | (rank > areas)]
        raise ValueError(f"rank of {outside.index[0]} is {outside.iloc[0]}; it runs from 1 to {areas}")
    share = (areas - rank + 1) / areas
    constant = EXPONENTIAL_CONSTANT
    scaled = -constant * np.log(1 - share.to_numpy(dtype=float) * (1 - np.exp(-100 / constant)))
    return pd.Series(scaled, index=rank.index, name=rank.name)
