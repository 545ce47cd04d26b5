"""A siting question with its names, and the plans that answer it (methods M7)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.siting_arrays import (
    Aim,
    Matrix,
    Rows,
    Shares,
    Solved,
    Task,
    Vector,
    journeys,
    kolm_pollak,
    mean_of,
    percentile_of,
)
from layers.siting_errors import NoPlan, NoRoomInReach, OutOfReach, Undecided
from layers.siting_inputs import (
    checked_capacity,
    checked_choice,
    checked_cost,
    checked_demand,
    checked_objective,
    checked_sites,
    columns_of,
)

TAIL = 0.95
UNDECIDED = "it could not be found out in the work allowed: name fewer sites, or ask for another objective"
FULL = (
    "the sites within reach of some people have no room for all of them: let sites take more people, add sites near "
    "these people, or ask for coverage"
)


@dataclass(frozen=True)
class SitingPlan:
    """Which sites are open, what that achieves and what is proved about it.

    Attributes
    ----------
    chosen : tuple
        Sites picked among candidates and closable sites, in the order of the cost table.
    opened, closed : tuple
        New sites that open; sites open today that close.
    open_sites : tuple
        Every site open under the plan, kept ones included.
    objective : {"mean", "worst", "coverage", "fair"}
    value, bound : float
        What the plan achieves, and what no plan can better: minutes, or people within the limit for coverage.
    gap : float
        Distance of the two as a share of the value; 0 = proved best.
    method : str
        How it was found, in words.
    limit, kappa : float or None
        As used by the objective.
    assignment : pandas.Series, shape (n,), index of the cost table
        The nearest open site; the one that takes most of the neighbourhood where capacities are set; None if no open
        site is in reach.
    cost : pandas.Series, shape (n,), index of the cost table
        Minutes to it (mean over its people where capacities split them); infinite = none in reach.
    shares : pandas.DataFrame or None
        Where capacities are set: columns ``neighbourhood``, ``site``, ``people``, ``minutes``.
    """

    chosen: tuple[Hashable, ...]
    opened: tuple[Hashable, ...]
    closed: tuple[Hashable, ...]
    open_sites: tuple[Hashable, ...]
    objective: str
    value: float
    bound: float
    gap: float
    method: str
    limit: float | None
    kappa: float | None
    assignment: pd.Series
    cost: pd.Series
    shares: pd.DataFrame | None = None


@dataclass(frozen=True)
class PlanMeasures:
    """What a set of open sites gives its people.

    Attributes
    ----------
    people : float
        Demand in all.
    mean, p95, maximum : float
        Minutes over the people: mean; shortest time within which 95 % of them reach a site; longest. Infinite where
        some of them reach none.
    worst_fifth_mean : float or None
        Mean over the people of the worst need fifth; None where no fifth was given or nobody lives in it.
    fair_k : float or None
        Kolm-Pollak minutes; None without kappa.
    covered : float or None
        People within the limit; None without a limit.
    out_of_reach : float
        People who reach no open site.
    """

    people: float
    mean: float
    p95: float
    maximum: float
    worst_fifth_mean: float | None
    fair_k: float | None
    covered: float | None
    out_of_reach: float


@dataclass(frozen=True)
class Question:
    """A siting question that has been read: the table's names beside its arrays.

    Attributes
    ----------
    cost : pandas.DataFrame, shape (n, m)
    task : Task
        With the aim asked for.
    existing : array of int
        Columns that are open today.
    limit, kappa : float or None
    """

    cost: pd.DataFrame
    task: Task
    existing: Rows
    limit: float | None
    kappa: float | None

    def names(self, columns: Rows) -> tuple[Hashable, ...]:
        """Names of columns, in the order of the table."""
        return tuple(self.cost.columns[column] for column in np.sort(columns))

    def aim(self, objective: str, kappa: float | None = None) -> Aim:
        """One objective with this question's limit, and its aversion unless another is given."""
        used = self.kappa if kappa is None else kappa
        return Aim(objective, math.nan if self.limit is None else self.limit, math.nan if used is None else float(used))

    def aimed(self, objective: str, kappa: float | None = None) -> Question:
        """Ask the same with another objective or aversion."""
        aim = self.aim(objective, kappa)
        return replace(self, task=replace(self.task, aim=aim), kappa=self.kappa if kappa is None else kappa)


def read_question(
    cost: pd.DataFrame,
    demand: pd.Series,
    *,
    add: int,
    existing: Sequence[Hashable],
    closable: Sequence[Hashable],
    forbidden: Sequence[Hashable],
    objective: str,
    limit: float | None,
    capacity: pd.Series | None,
    kappa: float | None,
) -> Question:
    """Read and check what `layers.siting.choose_sites` is given; raises what it says."""
    checked_objective(objective, limit, kappa)
    minutes, people = checked_cost(cost), checked_demand(demand, cost)
    kept, free = checked_sites(cost, existing, closable, forbidden)
    choose = checked_choice(add, len(list(closable)), len(free))
    if len(kept) + choose == 0:
        raise ValueError("no site would be open: add at least one, or keep one")
    room = checked_capacity(capacity, cost, people, kept, free, choose)
    task = Task(minutes, people, kept, free, choose, Aim("mean"), room)
    now = columns_of(cost, list(existing), "existing")
    question = Question(cost, task, now, None if limit is None else float(limit), kappa)
    return question.aimed(objective)


def plan_of(question: Question, solved: Solved) -> SitingPlan:
    """Put names to the columns of a solution, and turn its value into the objective's own unit.

    Raises
    ------
    OutOfReach, NoRoomInReach, Undecided
        If the plan leaves people without a site in reach, which only coverage may.
    """
    task = question.task
    if not math.isfinite(solved.value):
        raise _unreached(question) if math.isinf(solved.bound) else Undecided(UNDECIDED)
    value, bound = solved.value, min(solved.bound, solved.value)
    gap = 0.0 if value <= bound else (value - bound) / value
    if task.aim.objective == "coverage":
        total = float(task.demand.sum())
        value, bound = total - value, total - bound
        gap = 0.0 if value >= bound else (bound - value) / bound
    now, opened = set(question.existing.tolist()), np.sort(np.concatenate([task.kept, solved.chosen]))
    site, minutes = nearest_open(question.cost, task.minutes, opened)
    shares = None
    if solved.shares is not None:
        site, minutes, shares = _sent(question, solved.shares, site, minutes)
    return SitingPlan(
        chosen=question.names(solved.chosen),
        opened=question.names(np.array([j for j in opened if j not in now], dtype=np.intp)),
        closed=question.names(np.setdiff1d(question.existing, opened)),
        open_sites=question.names(opened),
        objective=task.aim.objective,
        value=value,
        bound=bound,
        gap=gap,
        method=solved.method,
        limit=question.limit,
        kappa=question.kappa,
        assignment=site,
        cost=minutes,
        shares=shares,
    )


def _sent(
    question: Question, shares: Shares, nearest: pd.Series, minutes: pd.Series
) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Site that takes most of each neighbourhood, mean minutes of its people, and everybody's journeys."""
    task, names = question.task, question.cost.columns.to_numpy(dtype=object)[shares.opened]
    row, site = np.nonzero(shares.people)
    people, time = shares.people[row, site], task.minutes[row, shares.opened[site]]
    table = pd.DataFrame(
        {"neighbourhood": question.cost.index[row], "site": names[site], "people": people, "minutes": time}
    )
    placed = task.demand > 0
    most = pd.Series(np.where(shares.people.any(axis=1), names[shares.people.argmax(axis=1)], None), dtype=object)
    where, spent, number = journeys(task, shares)
    mean = np.full(len(task.demand), np.nan)
    total = np.bincount(where, weights=number, minlength=len(mean))
    mean[placed] = (np.bincount(where, weights=number * spent, minlength=len(mean)) / np.where(total > 0, total, 1))[
        placed
    ]
    return (
        nearest.where(~placed, most.to_numpy()),
        minutes.where(~placed, mean),
        table,
    )


def measured(
    minutes: Vector, people: Vector, limit: float | None, kappa: float | None, worst: NDArray[np.bool_] | None
) -> PlanMeasures:
    """Measure minutes to the open site that each neighbourhood, or part of one, goes to."""
    here = people > 0
    fifth = None if worst is None else mean_of(minutes[worst], people[worst])
    return PlanMeasures(
        people=float(people.sum()),
        mean=mean_of(minutes, people),
        p95=percentile_of(minutes[here], people[here], TAIL),
        maximum=float(minutes[here].max()),
        worst_fifth_mean=None if fifth is None or math.isnan(fifth) else fifth,
        fair_k=None if kappa is None else float(kolm_pollak(minutes[here][None, :], people[here], kappa)[0]),
        covered=None if limit is None else float(people[minutes <= limit].sum()),
        out_of_reach=float(people[np.isinf(minutes)].sum()),
    )


def nearest_open(cost: pd.DataFrame, minutes: Matrix, opened: Rows) -> tuple[pd.Series, pd.Series]:
    """Nearest open site of each neighbourhood (the first of equals) and the minutes to it."""
    best = minutes[:, opened].argmin(axis=1)
    least = minutes[np.arange(len(minutes)), opened[best]]
    names = cost.columns.to_numpy(dtype=object)[opened[best]]
    site = pd.Series(np.where(np.isfinite(least), names, None), index=cost.index, name="site", dtype=object)
    return site, pd.Series(least, index=cost.index, name="cost")


def _unreached(question: Question) -> NoPlan:
    """Say who reaches nothing, whatever is chosen; or that everybody could, were there room."""
    cost, task = question.cost, question.task
    usable = np.concatenate([task.kept, task.free])
    out = (task.demand > 0) & ~np.isfinite(task.minutes[:, usable]).any(axis=1)
    if out.any():
        return OutOfReach(
            f"no site that is kept or could open is in reach of {cost.index[int(np.flatnonzero(out)[0])]} "
            f"({int(out.sum())} neighbourhoods, {task.demand[out].sum():,.0f} people): raise the cut-off, add "
            "candidates, or ask for coverage"
        )
    if task.capacity is not None and _everybody_reaches_one(task):
        return NoRoomInReach(FULL)
    return OutOfReach(
        f"no {task.choose} of the {len(task.free)} sites to choose among let everybody reach one: add more sites, "
        "raise the cut-off, or ask for coverage"
    )


def _everybody_reaches_one(task: Task) -> bool:
    """Tell whether some choice of sites has one in reach of everybody, were there room at each."""
    from layers.siting_models import any_cover

    far = np.isinf(task.base()) & (task.demand > 0)
    return not far.any() or any_cover(np.isfinite(task.minutes[far][:, task.free]).T, task.choose) is not None
