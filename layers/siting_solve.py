"""Find the best sites: which way is used when, and what it proves (methods M7)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from layers.siting_arrays import MOST_COMBINATIONS, Matrix, Rows, Solved, Task, Tried, Vector, try_all
from layers.siting_errors import Undecided
from layers.siting_search import WORK, best_sum, exchange_longest, exchanges, greedy, interchange

MOST_CELLS = 400_000_000  # combinations x neighbourhoods
WIDEST = 650.0  # exponents from -650 to 650 are what a number holds, with room for sums
SEARCHED = "greedy and interchange, Lagrangian bound"
COVERED = "HiGHS, coverings"
ROUNDING = 1e-9  # of the people
STARTS = 3  # plans to begin exchanging from, where the longest journey counts
SMALL = 100_000  # cells of a table in which exchanges go on until none is better


def enumerable(task: Task) -> bool:
    """Tell whether all plans are few enough to be tried one by one."""
    few = task.combinations <= MOST_COMBINATIONS and task.combinations * len(task.demand) <= MOST_CELLS
    return few and task.capacity is None


def tried_plan(task: Task, tried: Tried, number: int, among: Rows | None = None) -> Solved:
    """Pick the best of all plans that were tried."""
    chosen = np.asarray(tried.plans[tried.best(number, among)], dtype=np.intp)
    value = task.value(chosen)
    return Solved(chosen, value, value, f"every combination tried ({task.combinations:,})")


def solve(task: Task, *, work: float | None = None) -> Solved:
    """Find the best plan of a task.

    Parameters
    ----------
    task : Task
    work : float, optional
        Cells of a table of sums to look at before the proof stops with the gap it has; `WORK` if left out.

    Returns
    -------
    Solved
        Value infinite where no plan lets everybody reach a site (not for coverage).
    """
    if task.capacity is not None:
        from layers.siting_models import with_capacities

        return with_capacities(task)
    if enumerable(task):
        return tried_plan(task, try_all(task, [task.aim]), 0)
    peopled = replace(task, minutes=task.minutes[task.demand > 0], demand=task.demand[task.demand > 0])
    if task.aim.objective in ("mean", "fair"):
        return _least_sum(peopled, WORK if work is None else work)
    return {"worst": _least_longest, "coverage": _most_covered}[task.aim.objective](peopled)


@dataclass(frozen=True)
class Sums:
    """A task as sums over people.

    Attributes
    ----------
    table : array, shape (f, n)
        What each free site costs each neighbourhood, its people included; finite.
    base : array, shape (n,)
        The same at the nearest kept site; infinite where there is none.
    impossible : float
        A sum that no plan reaches in which everybody has a site.
    """

    table: Matrix
    base: Vector
    impossible: float


def sums(task: Task) -> Sums:
    """Turn mean, fair or coverage into sums over people; for coverage, the mean decides among equals."""
    minutes = np.ascontiguousarray(np.column_stack([task.minutes[:, task.free], task.base()]).T)
    reached = np.isfinite(minutes)
    per_person = np.where(reached, minutes, 0.0)
    longest = float(per_person.max(initial=0.0))
    if task.aim.objective == "fair":
        per_person = np.exp(exponents(task, per_person))
    elif task.aim.objective == "coverage":
        per_person = np.where(reached, minutes, 2 * longest + 1)
        least = float(task.demand[task.demand > 0].min())
        reached = np.ones_like(reached)
        per_person = per_person + (minutes > task.aim.limit) * (1 + task.demand.sum() * per_person.max() / least)
    cost = per_person * task.demand
    impossible = 1 + float(np.where(reached, cost, 0.0).max(axis=0).sum())
    out = impossible * (1 + task.demand / task.demand.sum())  # the fewer people reach nothing, the better
    table = np.where(reached, cost, out)
    base = np.where(reached[-1], cost[-1], np.inf)
    return Sums(np.ascontiguousarray(table[:-1]), base, impossible)


def exponents(task: Task, minutes: Matrix) -> Matrix:
    """Exponents ``kappa (d - longest d)``; raised where a whole table of them would vanish."""
    top, low = _span(task)
    raised = max(0.0, task.aim.kappa * (top - low) - WIDEST)
    return np.asarray(np.minimum(task.aim.kappa * (minutes - top) + raised, WIDEST))


def _span(task: Task) -> tuple[float, float]:
    used = task.minutes[:, np.concatenate([task.kept, task.free])]
    used = used[np.isfinite(used)]
    return float(used.max(initial=0.0)), float(used.min(initial=np.inf)) if len(used) else 0.0


def _bound_of(task: Task, bound: float) -> float:
    """Turn the bound of a sum into the aim's unit."""
    mean = bound / float(task.demand.sum())
    if task.aim.objective != "fair":
        return mean
    top, low = _span(task)
    raised = max(0.0, task.aim.kappa * (top - low) - WIDEST)
    return top + (math.log(mean) - raised) / task.aim.kappa if mean > 0 else 0.0


def _least_sum(task: Task, work: float) -> Solved:
    asked = sums(task)
    rows, total, bound = best_sum(asked.table, asked.base, task.choose, work=work)
    if total >= asked.impossible:
        start = _reaching_all(task, asked)
        if start is None:
            return Solved(task.free[rows], math.inf, math.inf, SEARCHED)
        rows, total, bound = best_sum(asked.table, asked.base, task.choose, start=start, work=work)
    chosen = task.free[rows]
    value = task.value(chosen)
    return Solved(chosen, value, min(value, _bound_of(task, bound)) if bound < total else value, SEARCHED)


def _reaching_all(task: Task, asked: Sums) -> Rows | None:
    """Sites with which everybody reaches one; None if there are none such."""
    from layers.siting_models import any_cover

    far = np.isinf(asked.base)
    found = any_cover(np.isfinite(task.minutes[far][:, task.free]).T, task.choose)
    if found is False:
        raise Undecided("it could not be found out whether everybody can reach a site: raise the cut-off or add sites")
    return None if found is None else greedy(asked.table, asked.base, task.choose, np.asarray(found))


def _least_longest(task: Task) -> Solved:
    from layers.siting_models import least_longest

    minutes, base = np.ascontiguousarray(task.minutes[:, task.free].T), task.base()
    rows, bound = least_longest(minutes, base, task.choose)
    if math.isinf(bound):
        return Solved(task.free[: task.choose], math.inf, math.inf, COVERED)
    longest = float(np.minimum(base, minutes[rows].min(axis=0, initial=np.inf)).max())
    chosen = task.free[_least_mean_within(task, rows, longest)]
    value = task.value(chosen)
    return Solved(chosen, value, min(value, bound), COVERED)


def _least_mean_within(task: Task, rows: Rows, longest: float) -> Rows:
    """Better the mean of a plan by exchanges that leave nobody a journey over the longest it has."""
    within = replace(
        task, minutes=np.where(task.minutes <= longest, task.minutes, np.inf), aim=replace(task.aim, objective="mean")
    )
    asked = sums(within)
    return interchange(asked.table, asked.base, greedy(asked.table, asked.base, task.choose, rows))[0]


def _most_covered(task: Task) -> Solved:
    from layers.siting_models import most_covered

    far = task.base() > task.aim.limit
    near = task.aim.limit >= task.minutes[far][:, task.free].T
    rows, reached = most_covered(near, task.demand[far], task.choose)
    asked = sums(task)
    chosen = task.free[interchange(asked.table, asked.base, rows)[0]]
    value = task.value(chosen)
    bound = float(task.demand[far].sum()) - reached
    return Solved(chosen, value, value if bound >= value - ROUNDING * task.demand.sum() else max(0.0, bound), COVERED)


def best_with(task: Task, best: Rows, site: int) -> Rows:
    """Good plan that has one site, by exchanges from the best plan without it; the site first.

    Parameters
    ----------
    task : Task
    best : array of int
        Columns of the best plan.
    site : int
        Column of the site that has to be in it.

    Returns
    -------
    array of int, shape (choose,)
    """
    row = int(np.flatnonzero(task.free == site)[0])
    rows = np.array([int(np.flatnonzero(task.free == column)[0]) for column in best], dtype=np.intp)
    if task.aim.objective == "worst":
        minutes, base = np.ascontiguousarray(task.minutes[:, task.free].T), task.base()
        base = np.minimum(base, minutes[row])
        people = task.demand > 0
        minutes, base, demand = minutes[:, people], base[people], task.demand[people]
        starts = [np.delete(rows, place) for place in range(len(rows))]
        starts.sort(key=lambda start: float(np.minimum(base, minutes[start].min(axis=0, initial=np.inf)).max()))
        starts = starts[:STARTS]
        plans = [exchange_longest(minutes, base, demand, start) for start in starts]
        longest = [np.minimum(base, minutes[plan].min(axis=0, initial=np.inf)).max() for plan in plans]
        found = plans[int(np.argmin(longest))]
    else:
        asked = sums(task)
        place = int(exchanges(asked.table, asked.base, rows)[:, row].argmin())
        base = np.minimum(asked.base, asked.table[row])
        most = 1_000 if asked.table.size <= SMALL else 1
        found = interchange(asked.table, base, np.delete(rows, place), most=most)[0]
    return np.asarray(task.free[np.append(row, found)])
