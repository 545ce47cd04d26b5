"""Where the next site should go, what closing one does, and what fairness costs (methods M7).

A plan keeps some sites open, chooses others among candidates, and sends everybody to the nearest open one. Costs are
minutes; what `layers.siting_arrays` works out on plain arrays has names and guards here.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from layers.siting_arrays import OBJECTIVES, kappa_of
from layers.siting_closure import Closure, closure_test
from layers.siting_compare import FairnessPrice, PriceRow, Rival, SitingStudy, study
from layers.siting_errors import NoAversion
from layers.siting_inputs import checked_cost, checked_demand, checked_fifth, columns_of
from layers.siting_plans import PlanMeasures, SitingPlan, measured, plan_of, read_question
from layers.siting_solve import solve

__all__ = [
    "OBJECTIVES",
    "Closure",
    "FairnessPrice",
    "PlanMeasures",
    "PriceRow",
    "Rival",
    "SitingPlan",
    "SitingStudy",
    "choose_sites",
    "closure_test",
    "plan_measures",
    "present_kappa",
    "price_of_fairness",
    "rivals",
    "study_sites",
]


def choose_sites(
    cost: pd.DataFrame,
    demand: pd.Series,
    *,
    add: int,
    existing: Sequence[Hashable] = (),
    closable: Sequence[Hashable] = (),
    forbidden: Sequence[Hashable] = (),
    objective: str = "mean",
    limit: float | None = None,
    capacity: pd.Series | None = None,
    kappa: float | None = None,
) -> SitingPlan:
    """Choose the best sites to open, and which closable ones to keep.

    Parameters
    ----------
    cost : pandas.DataFrame, shape (n, m), index lsoa21cd, columns site
        Minutes from every neighbourhood to every site, existing ones and candidates; infinite = out of reach.
    demand : pandas.Series, shape (n,), same index
        People, 0 or more. Neighbourhoods without any do not count, not even for `worst`.
    add : int
        Sites to add. ``add + len(closable)`` are chosen in all, among candidates and closable sites.
    existing : sequence
        Sites open today. All stay open but the closable ones.
    closable : sequence, part of `existing`
        May close, each to be replaced by a candidate if that is better.
    forbidden : sequence
        Never open in the plan. A closable site may be forbidden: it closes, and another takes its place.
    objective : {"mean", "worst", "coverage", "fair"}
        Least mean minutes (p-median); least longest minutes (p-center); most people within `limit` (maximal covering);
        least Kolm-Pollak minutes.
    limit : float, optional
        Minutes that count as covered, needed for coverage.
    capacity : pandas.Series, index site, optional
        People each usable site can take, infinity = no limit. People are then sent where it serves the objective,
        a neighbourhood may be split, and everybody has a place (for coverage: in sum there must be room for everybody
        too, but whoever reaches no site with room is left without one).
    kappa : float, optional
        Aversion per minute for `fair`; from the present network if left out (`present_kappa`).

    Returns
    -------
    SitingPlan
        Of equally good plans the one of least mean; where all are tried, then closable sites that stay, then the
        table's order.

    Raises
    ------
    ValueError
        If the table has gaps, negatives or doubled names, demand does not fit it, a site is both kept and forbidden,
        more sites are wanted than there are, capacity is below demand, or no plan lets everybody reach a site.

    References
    ----------
    ReVelle and Swain (1970); Hakimi (1964); Church and ReVelle (1974); Horton, Logan et al. (2024): methods M7.
    """
    if objective == "fair" and kappa is None:
        kappa = present_kappa(cost, demand, existing, add=add, forbidden=forbidden)
    question = read_question(
        cost,
        demand,
        add=add,
        existing=existing,
        closable=closable,
        forbidden=forbidden,
        objective=objective,
        limit=limit,
        capacity=capacity,
        kappa=kappa,
    )
    return plan_of(question, solve(question.task))


def present_kappa(
    cost: pd.DataFrame,
    demand: pd.Series,
    existing: Sequence[Hashable] = (),
    *,
    add: int = 1,
    forbidden: Sequence[Hashable] = (),
) -> float:
    """Aversion to long journeys, per minute: ``sum D d / sum D d^2`` on the network as it is today.

    Parameters
    ----------
    cost, demand, forbidden
        As for `choose_sites`.
    existing : sequence
        Every site open today. Where there is none, or none in anybody's reach, the plan of `add` sites with the least
        mean takes its place.
    add : int
        Sites of that plan.

    Returns
    -------
    float
        One number for all plans that are compared. People who reach nothing today are left out of it.

    Raises
    ------
    ValueError
        As `choose_sites`; if every journey takes 0 minutes.
    """
    minutes, people = checked_cost(cost), checked_demand(demand, cost)
    now = minutes[:, columns_of(cost, list(existing), "existing")].min(axis=1, initial=np.inf)
    if not np.isfinite(now[people > 0]).any():
        never = [name for name in forbidden if name not in set(existing)]
        now = choose_sites(cost, demand, add=add, existing=existing, forbidden=never).cost.to_numpy(dtype=float)
    return kappa_of(now, people)


def plan_measures(
    cost: pd.DataFrame,
    demand: pd.Series,
    open_sites: Sequence[Hashable],
    *,
    limit: float | None = None,
    kappa: float | None = None,
    worst_fifth: pd.Series | None = None,
    shares: pd.DataFrame | None = None,
) -> PlanMeasures:
    """Measure what a set of open sites gives its people: `SitingPlan.open_sites`, or the sites open today.

    Parameters
    ----------
    cost, demand
        As for `choose_sites`.
    open_sites : sequence
        Columns of the table; everybody goes to the nearest.
    limit, kappa : float, optional
        For `covered` and `fair_k`.
    worst_fifth : pandas.Series of bool, index of the cost table, optional
        Whether each neighbourhood is in the fifth of greatest need, no gaps.
    shares : pandas.DataFrame, optional
        `SitingPlan.shares` of a plan with capacities: measured instead of the nearest site.

    Returns
    -------
    PlanMeasures

    Raises
    ------
    ValueError
        As `choose_sites`; if no site is open, or it is not said of every neighbourhood whether it is in that fifth.
    """
    minutes, people = checked_cost(cost), checked_demand(demand, cost)
    if not len(open_sites):
        raise ValueError("no site is open: there is nothing to measure")
    worst = checked_fifth(worst_fifth, cost)
    if shares is not None:
        row = cost.index.get_indexer(pd.Index(shares["neighbourhood"]))
        worst = None if worst is None else worst[row]
        return measured(
            shares["minutes"].to_numpy(dtype=float), shares["people"].to_numpy(dtype=float), limit, kappa, worst
        )
    nearest = minutes[:, columns_of(cost, list(open_sites), "open")].min(axis=1)
    return measured(nearest, people, limit, kappa, worst)


def price_of_fairness(
    cost: pd.DataFrame, demand: pd.Series, *, add: int, worst_fifth: pd.Series | None = None, **options: Any
) -> FairnessPrice:
    """Trace what fairness costs: the best plan of every objective, from least mean to least maximum.

    Parameters
    ----------
    cost, demand, add
        As for `choose_sites`.
    worst_fifth : pandas.Series of bool, optional
        As for `plan_measures`.
    **options
        ``existing``, ``closable``, ``forbidden``, ``limit``, ``capacity``, ``kappa``: as for `choose_sites`.

    Returns
    -------
    FairnessPrice
        One kappa for all rows.

    Raises
    ------
    ValueError
        As `choose_sites`.
    """
    found = study_sites(cost, demand, add=add, worst_fifth=worst_fifth, with_rivals=False, **options)
    if found.price is None:
        raise NoAversion("every journey takes 0 minutes: there is nothing to trade")
    return found.price


def rivals(
    cost: pd.DataFrame,
    demand: pd.Series,
    *,
    add: int,
    objective: str = "mean",
    worst_fifth: pd.Series | None = None,
    **options: Any,
) -> tuple[Rival, ...]:
    """Compare the sites to choose among: the best plan with each, and its rank under every objective.

    Parameters
    ----------
    cost, demand, add, objective
        As for `choose_sites`.
    worst_fifth, **options
        As for `price_of_fairness`.

    Returns
    -------
    tuple of Rival
        In the order of the cost table; empty where nothing is chosen.

    Raises
    ------
    ValueError
        As `choose_sites`.
    """
    found = study_sites(
        cost, demand, add=add, objective=objective, worst_fifth=worst_fifth, with_price=False, **options
    )
    return found.rivals


def study_sites(
    cost: pd.DataFrame,
    demand: pd.Series,
    *,
    add: int,
    existing: Sequence[Hashable] = (),
    closable: Sequence[Hashable] = (),
    forbidden: Sequence[Hashable] = (),
    objective: str = "mean",
    limit: float | None = None,
    capacity: pd.Series | None = None,
    kappa: float | None = None,
    worst_fifth: pd.Series | None = None,
    with_price: bool = True,
    with_rivals: bool = True,
) -> SitingStudy:
    """Answer one siting question in full: the plan, the price of fairness and the rivals, tried once for all three.

    Parameters
    ----------
    cost, demand, add, existing, closable, forbidden, objective, limit, capacity, kappa
        As for `choose_sites`.
    worst_fifth : pandas.Series of bool, optional
        As for `plan_measures`.
    with_price, with_rivals : bool
        Whether to work these parts out.

    Returns
    -------
    SitingStudy
        Its plan is that of `choose_sites`.

    Raises
    ------
    ValueError
        As `choose_sites`.
    """
    if kappa is None:
        try:
            kappa = present_kappa(cost, demand, existing, add=add, forbidden=forbidden)
        except ValueError:
            if objective == "fair":
                raise
    question = read_question(
        cost,
        demand,
        add=add,
        existing=existing,
        closable=closable,
        forbidden=forbidden,
        objective=objective,
        limit=limit,
        capacity=capacity,
        kappa=kappa,
    )
    worst = checked_fifth(worst_fifth, cost)
    return study(question, worst, with_price=with_price, with_rivals=with_rivals)
