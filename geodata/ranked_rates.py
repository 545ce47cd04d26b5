"""Rates and numbers of people behind published ranks of the Indices of Deprivation, for how sure a rank is.

A rank says nothing of chance. Where the Indices publish the rate that is ranked and how many people it counts,
draws can be made of the rate in place of the rank: its order is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geodata.counted import IN_NEED, UNDERLYING
from geodata.reading import Reading

FILE7 = "iod2025_file7"
EMPLOYMENT = "employment_domain_numerator"
# indicator: column of the rate, column of the rank, people counted
BEHIND = {
    "income_rank": ("income_score", "income_rank", IN_NEED["income"]),
    "employment_rank": ("employment_score", "employment_rank", EMPLOYMENT),
    "employment_deprived_share": ("employment_score", "employment_rank", EMPLOYMENT),
    "idaci_rank": ("idaci_score", "idaci_rank", IN_NEED["idaci"]),
    "idaopi_rank": ("idaopi_score", "idaopi_rank", IN_NEED["idaopi"]),
}


def rates_behind_ranks(
    readings: Mapping[str, Reading], index: pd.Index, children: pd.Series
) -> dict[str, pd.DataFrame]:
    """Return rate, count and denominator behind each rank (or rate) that the Indices publish with its people.

    Parameters
    ----------
    readings : mapping of source id to Reading
        File 7 and the underlying indicators; without the latter there are none.
    index : pandas.Index
        Neighbourhoods wanted.
    children : pandas.Series, index lsoa21cd
        People aged 0 to 15, for the rate of children where the publisher's file leaves it out.

    Returns
    -------
    dict of indicator id to pandas.DataFrame, index lsoa21cd
        ``rate`` (0-1, high = more deprived), ``count`` (rounded to 5 by the publisher) and ``denominator``, found as
        count over rate. Where the publisher holds the rate back it is put between those ranked next to it, and
        count and denominator are missing. A file without any rate of children is helped by children counted among
        all children, put in the order of the published ranks.
    """
    if FILE7 not in readings or UNDERLYING not in readings:
        return {}
    published, people = readings[FILE7].table, readings[UNDERLYING].table
    found = {}
    for indicator, (score, rank, counted) in BEHIND.items():
        if score not in published or rank not in published or counted not in people:
            continue
        rate, order = (published[column].reindex(index).astype(float) for column in (score, rank))
        count = people[counted].reindex(index).astype(float)
        if rate.isna().all() and indicator == "idaci_rank":
            rate = _in_order(count / children.reindex(index).where(lambda people: people > 0), order)
        if rate.isna().all():
            continue
        count = count.where(rate > 0)
        placed = _placed(rate, order)
        found[indicator] = pd.DataFrame({"rate": placed, "count": count, "denominator": count / rate})
    return found


def _placed(rate: pd.Series, rank: pd.Series) -> pd.Series:
    """Fill a rate that is held back with one between those of its neighbours in rank."""
    held_back = rate.isna() & rank.notna()
    known = rate.notna() & rank.notna()
    if not held_back.any() or not known.any():
        return rate
    order = rank[known].sort_values()
    between = np.interp(rank[held_back], order.to_numpy(), rate[order.index].to_numpy())
    return rate.where(~held_back, pd.Series(between, rank.index[held_back]))


def _in_order(estimate: pd.Series, rank: pd.Series) -> pd.Series:
    """Put estimated rates in the order of ranks: the highest to rank 1."""
    known = estimate.notna() & rank.notna()
    codes = rank[known].sort_values(kind="stable").index
    ordered = np.sort(np.minimum(estimate[known].to_numpy(), 1.0))[::-1]
    return pd.Series(ordered, codes).reindex(estimate.index)
