"""What a need score rests on in effect: how its indicators run together, and how much each moves it (methods M4)."""

from __future__ import annotations

import pandas as pd


def correlations(scaled: pd.DataFrame) -> pd.DataFrame:
    """Correlation of every two indicators on their scales.

    Parameters
    ----------
    scaled : pandas.DataFrame, shape (n, k)
        On 0-100, high = more need; missing values are left out in pairs.

    Returns
    -------
    pandas.DataFrame, shape (k, k)
        -1 to 1; missing for an indicator that is constant or not known.
    """
    return scaled.astype(float).corr()


def effective_weights(parts: pd.DataFrame) -> pd.Series:
    """Share of the differences in a score that each indicator brings about.

    Parameters
    ----------
    parts : pandas.DataFrame, shape (n, k)
        What each indicator adds to each score; a row adds up to it. Rows without any are left out.

    Returns
    -------
    pandas.Series, index as the columns
        ``cov(part, score) / var(score)``; they add up to 1. Missing where all scores are the same.
        Below 0: the indicator runs against the score.
    """
    known = parts.dropna(how="all").fillna(0.0)
    score = known.sum(axis=1)
    variance = score.var()
    if len(known) < 2 or not variance > 0:
        return pd.Series(float("nan"), index=parts.columns)
    return pd.Series({name: known[name].cov(score) / variance for name in known.columns})


def rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Spearman's correlation over the neighbourhoods where both are known; missing for fewer than three."""
    both = first.notna() & second.notna()
    if int(both.sum()) < 3:
        return float("nan")
    return float(first[both].rank().corr(second[both].rank()))
