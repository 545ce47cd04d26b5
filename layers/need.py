"""Need score from weighted indicators, and summaries of a place (methods M4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.place_summaries import PlaceSummary, summarise
from layers.weighting import WEIGHT_TOLERANCE, weighted_score


@dataclass(frozen=True)
class NeedScore:
    """Scores and the parts they are made of.

    Attributes
    ----------
    score : pandas.Series, shape (n,), index lsoa21cd
        High = more need; missing where less than two thirds of the weight is known.
    parts : pandas.DataFrame, shape (n, k)
        What each indicator adds; a row adds up to its score. Missing where the indicator is.
    weight_known : pandas.Series, shape (n,)
        Share of the weight that is known, 0 to 1.
    """

    score: pd.Series
    parts: pd.DataFrame
    weight_known: pd.Series


def need_score(
    scaled: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    aggregate: str = "arithmetic",
    as_published: bool = False,
) -> NeedScore:
    """Weighted mean of scaled indicators, with the parts that add up to it.

    Parameters
    ----------
    scaled : pandas.DataFrame, shape (n, k), index lsoa21cd
        Indicators on 0-100, high = more need.
    weights : mapping of column to float
        Positive; they sum to 1 within 1e-9 unless `as_published`.
    aggregate : {"arithmetic", "geometric"}
        Geometric is of ``max(1, value)``: it lets one low value hold a score down.
    as_published : bool
        Take the weights as they are, even where they do not sum to 1 (the Indices' sum to .999).

    Returns
    -------
    NeedScore
        Where an indicator is missing, the weights of the others are scaled up if they carry at
        least two thirds; else there is no score.

    Raises
    ------
    ValueError
        If weights and columns differ, a weight is not positive, or they do not sum to 1.
    """
    weight = _weights(scaled, weights, as_published=as_published)
    values = scaled[list(weights)].to_numpy(dtype=float)
    score, parts, carried = weighted_score(values, weight, aggregate=aggregate, as_published=as_published)
    return NeedScore(
        pd.Series(score, index=scaled.index, name="need_score"),
        pd.DataFrame(parts, index=scaled.index, columns=list(weights)),
        pd.Series(carried, index=scaled.index, name="weight_known"),
    )


def _weights(scaled: pd.DataFrame, weights: Mapping[str, float], *, as_published: bool) -> np.ndarray:
    unknown = [name for name in weights if name not in scaled.columns]
    if unknown:
        raise ValueError(f"no indicator {unknown[0]!r}; there are {', '.join(map(str, scaled.columns))}")
    weight = np.array(list(weights.values()), dtype=float)
    if not (weight > 0).all():
        raise ValueError(f"every weight must be above 0; they are {dict(weights)}")
    if not as_published and abs(weight.sum() - 1) > WEIGHT_TOLERANCE:
        raise ValueError(f"weights sum to {weight.sum():.9g}, not to 1")
    return weight


def place_summary(score: pd.Series, rank: pd.Series, people: pd.Series, *, areas: int) -> PlaceSummary:
    """Summarise the deprivation of a council, care board or footprint as File 10 of the Indices does.

    Parameters
    ----------
    score, rank : pandas.Series, shape (n,)
        High score and rank 1 = most deprived, over all `areas` of England.
    people : pandas.Series, shape (n,)
        Residents by the Indices' own denominators (or ours, then said so).
    areas : int
        How many areas England was divided into.

    Returns
    -------
    PlaceSummary

    Raises
    ------
    ValueError
        If a value is missing or nobody lives in the place.

    References
    ----------
    English Indices of Deprivation 2019, File 10 and its notes: methods M4.
    """
    scores, ranks, counts = (column.to_numpy(dtype=float, na_value=np.nan) for column in (score, rank, people))
    return summarise(scores, ranks, counts, areas)
