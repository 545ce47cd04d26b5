"""Summaries of the deprivation of a place, in the Indices of Deprivation's own five ways (methods M4).

On plain arrays: the web process summarises any footprint with it. `layers.need.place_summary` is the
same for tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.gradient import Vector

EXTENT_FULL, EXTENT_LAST = 10, 30  # percentiles that count whole, and the last that counts at all


@dataclass(frozen=True)
class PlaceSummary:
    """How deprived a place is as a whole, in the Indices of Deprivation's own five ways.

    Attributes
    ----------
    average_score, average_rank : float
        Means over the people; average rank counts up with deprivation (most deprived = N).
    decile_1_share : float
        Share (0-1) of neighbourhoods in the most deprived tenth of England.
    extent : float
        Share (0-1) of people in the most deprived three tenths, the nearer the top the more they count.
    local_concentration : float
        Mean rank, counting up, of the neighbourhoods that hold the place's most deprived tenth of people.
    """

    average_score: float
    average_rank: float
    decile_1_share: float
    extent: float
    local_concentration: float


def summarise(score: Vector, rank: Vector, people: Vector, areas: int) -> PlaceSummary:
    """Summarise a set of neighbourhoods.

    Parameters
    ----------
    score, rank, people : array, shape (n,)
        High score and rank 1 = most deprived, over all `areas`; residents.
    areas : int
        How many areas were ranked.

    Returns
    -------
    PlaceSummary

    Raises
    ------
    ValueError
        If a value is missing, or nobody lives there.
    """
    if not (np.isfinite(score).all() and np.isfinite(rank).all() and np.isfinite(people).all()):
        raise ValueError("a place summary needs score, rank and people of every neighbourhood")
    if people.sum() <= 0:
        raise ValueError("nobody lives in this place")
    upward = areas + 1 - rank
    return PlaceSummary(
        average_score=float(np.average(score, weights=people)),
        average_rank=float(np.average(upward, weights=people)),
        decile_1_share=float((np.ceil(10 * rank / areas) == 1).mean()),
        extent=float(np.average(_extent_weight(np.ceil(100 * rank / areas)), weights=people)),
        local_concentration=_local_concentration(upward, people),
    )


def _extent_weight(percentile: Vector) -> Vector:
    steps = EXTENT_LAST - EXTENT_FULL - 1
    sloping = 0.95 - (percentile - EXTENT_FULL - 1) * 0.9 / steps
    return np.asarray(np.where(percentile <= EXTENT_FULL, 1.0, np.where(percentile <= EXTENT_LAST, sloping, 0.0)))


def _local_concentration(upward: Vector, people: Vector) -> float:
    order = np.argsort(-upward, kind="stable")
    counted = people[order]
    before = np.cumsum(counted) - counted
    taken = np.clip(people.sum() / 10 - before, 0, counted)  # the last one only as far as the tenth reaches
    return float(np.average(upward[order], weights=taken))
