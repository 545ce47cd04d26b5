"""Siting questions that are handed to HiGHS, through scipy (methods M7).

Longest journeys, people within a limit and capacities. A limit on the nodes of the search, not on its time, so that
every machine gives the same answer; what is not proved by then is said with the bound.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.siting_arrays import Matrix, Rows, Shares, Solved, Task, Vector, journeys
from layers.siting_errors import TooManyPairs

HIGHS = "HiGHS, mixed-integer programme"
NODES = 20_000
TOLERANCE = 1e-6  # of a value: what HiGHS itself takes for equal
APART = 1e4  # times that one journey costs another at most, in what HiGHS is given first
FAINT = 1e6  # a mean cost this much below that of the longest journey is lost in HiGHS's tolerance
MOST_PAIRS = 100_000  # of neighbourhoods and sites with capacities

Reach = NDArray[np.bool_]


def most_covered(reach: Reach, demand: Vector, choose: int) -> tuple[Rows, float]:
    """Choose the sites that have most people in reach (maximal covering).

    Parameters
    ----------
    reach : array of bool, shape (f, n)
        Which neighbourhoods each free site reaches.
    demand : array, shape (n,)
        People whom no kept site reaches.
    choose : int

    Returns
    -------
    chosen : array of int, shape (choose,)
    bound : float
        No plan reaches more people.

    References
    ----------
    Church and ReVelle (1974).
    """
    from scipy.sparse import coo_array, hstack, identity

    patterns, alike = np.unique(reach, axis=1, return_inverse=True)
    people = np.bincount(alike.ravel(), weights=demand, minlength=patterns.shape[1])
    people = np.where(patterns.any(axis=0), people, 0.0)
    sites, groups = patterns.shape
    covered = hstack([coo_array(-patterns.T.astype(float)), identity(groups)], format="csr")
    one = np.concatenate([np.ones(sites), np.zeros(groups)])[None, :]
    answer = _milp(
        np.concatenate([np.zeros(sites), -people]),
        [(covered, -np.inf, 0.0), (one, choose, choose)],
        integer=np.arange(sites + groups) < sites,
    )
    return _largest(answer.x[:sites], choose), min(float(demand.sum()), -float(answer.mip_dual_bound))


def any_cover(reach: Reach, choose: int) -> Rows | bool | None:
    """Find `choose` sites that together reach everybody.

    Parameters
    ----------
    reach : array of bool, shape (f, n)
    choose : int

    Returns
    -------
    array of int, None or False
        Sites (at most `choose`); None if there are none such; False if that was not found out.
    """
    patterns = np.unique(reach, axis=1)
    if not patterns.any(axis=0).all():
        return None
    sites = len(reach)
    answer = _milp(
        np.zeros(sites),
        [(patterns.T.astype(float), 1.0, np.inf), (np.ones((1, sites)), 0, choose)],
        integer=np.ones(sites, dtype=bool),
    )
    if answer.status == 2:
        return None
    return np.flatnonzero(answer.x > 0.5) if answer.x is not None else False


def least_longest(table: Matrix, base: Vector, choose: int) -> tuple[Rows, float]:
    """Make the longest journey short (p-center): the shortest time in which sites that cover everybody exist.

    Parameters
    ----------
    table : array, shape (f, n)
        Minutes to each free site.
    base : array, shape (n,)
        Minutes to the nearest kept site.
    choose : int

    Returns
    -------
    chosen : array of int
        At most `choose`; empty where none let everybody reach one.
    bound : float
        No plan has a shorter longest journey; infinite where none reaches everybody.

    References
    ----------
    Minieka (1970): coverings for one limit after another, here by halving.
    """
    least = float(np.minimum(base, table.min(axis=0)).max())
    times = np.unique(np.concatenate([table.ravel(), base]))
    times = times[(times >= least) & np.isfinite(times)]
    low, high, plan, undecided = 0, len(times), np.empty(0, dtype=np.intp), math.inf
    while low < high:
        middle = (low + high) // 2
        far = base > times[middle]
        found = any_cover(table[:, far] <= times[middle], choose) if far.any() else np.empty(0, dtype=np.intp)
        if isinstance(found, np.ndarray):
            high, plan = middle, found
        else:
            undecided = min(undecided, float(times[middle])) if found is False else undecided
            low = middle + 1
    shortest = float(times[low]) if low < len(times) else math.inf
    return plan, min(shortest, undecided)


def with_capacities(task: Task) -> Solved:
    """Choose sites and send people to them so that no site takes more than it can.

    Parameters
    ----------
    task : Task
        With a capacity.

    Returns
    -------
    Solved
        Value infinite where people cannot all be placed, the bound too where that is proved.

    Raises
    ------
    TooManyPairs
        If there are too many pairs of neighbourhoods and sites for a proof.
    """
    pairs = int((task.demand > 0).sum()) * (len(task.kept) + len(task.free))
    if pairs > MOST_PAIRS:
        raise TooManyPairs(
            f"capacities need at most {MOST_PAIRS:,} pairs of neighbourhoods and sites; there are {pairs:,}"
        )
    return _worst_with_capacities(task) if task.aim.objective == "worst" else _sum_with_capacities(task)


def _sum_with_capacities(task: Task) -> Solved:
    top = full_cost_from(task) if task.aim.objective == "fair" else math.inf
    found = _sum_up_to(task, top)
    longest = 0.0 if found.shares is None else float(journeys(task, found.shares)[1].max())
    if not top < longest < math.inf:
        return found
    again = _sum_up_to(task, longest)  # no room nearby: tell the long journeys apart
    best = min(found, again, key=lambda each: each.value)
    fine = again.bound > longest - math.log(FAINT) / task.aim.kappa
    return replace(best, bound=min(best.value, max(found.bound, again.bound) if fine else found.bound))


def _sum_up_to(task: Task, top: float) -> Solved:
    """Solve with costs that grow up to `top` minutes only, so that the bound holds and the short ones still count."""
    chosen, bound = _placed(task, arc_costs(task, top))
    if chosen is None:
        return Solved(np.empty(0, dtype=np.intp), math.inf, bound, HIGHS)
    shares = sent(task, chosen, top=top)
    value = math.inf if shares is None else value_of_shares(task, shares)
    return Solved(chosen, value, _bound_in_units(task, bound, value, top), HIGHS, shares)


def _worst_with_capacities(task: Task) -> Solved:
    usable = np.concatenate([task.kept, task.free])
    people = task.demand > 0
    minutes = task.minutes[people][:, usable]
    times = np.unique(minutes[np.isfinite(minutes)])
    times = times[times >= minutes.min(axis=1).max()]
    low, high, plan, undecided = 0, len(times), None, math.inf
    while low < high:
        middle = (low + high) // 2
        allowed = np.where(task.minutes <= times[middle], 0.0, np.inf)
        chosen, bound = _placed(task, allowed)
        if chosen is not None:
            high, plan = middle, chosen
        else:
            undecided = min(undecided, float(times[middle])) if bound < math.inf else undecided
            low = middle + 1
    if plan is None:
        return Solved(np.empty(0, dtype=np.intp), math.inf, undecided, HIGHS)
    longest = float(times[low])
    shares = sent(task, plan, longest)
    value = math.inf if shares is None else value_of_shares(task, shares)
    return Solved(plan, value, min(longest, undecided, value), HIGHS, shares)


def full_cost_from(task: Task) -> float:
    """Minutes from which every journey costs a fair plan the same at first.

    The longest of anybody to a site that may be open, but at most what costs `APART` times the journey of those who
    are furthest from their nearest site: HiGHS would take short journeys beside longer ones for free.
    """
    minutes = task.minutes[np.ix_(task.demand > 0, np.concatenate([task.kept, task.free]))]
    nearest, reached = minutes.min(axis=1), np.isfinite(minutes)
    furthest = float(nearest[np.isfinite(nearest)].max(initial=0.0))
    return min(float(minutes[reached].max(initial=0.0)), furthest + math.log(APART) / task.aim.kappa)


def arc_costs(task: Task, top: float = math.inf) -> Matrix:
    """Cost to the aim of sending one person from each neighbourhood to each site, shape (n, m); infinite = never.

    For a fair plan 1 for `top` minutes and for more, and less the shorter the journey is.
    """
    if task.aim.objective == "coverage":
        return np.where(task.minutes <= task.aim.limit, 0.0, np.where(np.isfinite(task.minutes), 1.0, np.inf))
    if task.aim.objective == "fair":
        below = np.exp(task.aim.kappa * np.minimum(task.minutes - top, 0.0))
        return np.where(np.isfinite(task.minutes), below, np.inf)
    return task.minutes


def _bound_in_units(task: Task, bound: float, value: float, top: float) -> float:
    total = float(task.demand.sum())
    if task.aim.objective == "mean":
        bound /= total
    elif task.aim.objective == "fair":
        bound = top + math.log(max(bound / total, 1e-300)) / task.aim.kappa
    return value if bound >= value - TOLERANCE * max(1.0, abs(value)) else bound


def _placed(task: Task, costs: Matrix) -> tuple[Rows | None, float]:
    """Choose sites so that everybody has a place at the least sum of costs; the bound (infinite = impossible)."""
    from scipy.sparse import coo_array

    assert task.capacity is not None
    usable, rows = np.concatenate([task.kept, task.free]), np.flatnonzero(task.demand > 0)
    demand, cost = task.demand[rows], costs[np.ix_(rows, usable)]
    neighbourhood, site = np.nonzero(np.isfinite(cost))
    arcs, sites, slack = len(site), len(usable), len(rows) if task.aim.objective == "coverage" else 0
    size = sites + arcs + slack
    arc, one = sites + np.arange(arcs), np.ones(arcs)
    place = coo_array(
        (
            np.concatenate([one, np.ones(slack)]),
            (np.concatenate([neighbourhood, np.arange(slack)]), np.concatenate([arc, sites + arcs + np.arange(slack)])),
        ),
        shape=(len(rows), size),
    ).tocsr()
    opened = coo_array(
        (np.concatenate([one, -one]), (np.tile(np.arange(arcs), 2), np.concatenate([arc, site]))), shape=(arcs, size)
    ).tocsr()
    room = np.minimum(task.capacity[usable], demand.sum())
    full = coo_array(
        (
            np.concatenate([demand[neighbourhood], -room]),
            (np.concatenate([site, np.arange(sites)]), np.concatenate([arc, np.arange(sites)])),
        ),
        shape=(sites, size),
    ).tocsr()
    picked = np.zeros((1, size))
    picked[0, len(task.kept) : sites] = 1.0
    lower = np.zeros(size)
    lower[: len(task.kept)] = 1.0
    per_person = np.concatenate([cost[neighbourhood, site] * demand[neighbourhood], demand[:slack]])
    scale = max(1.0, float(np.median(per_person[per_person > 0]))) if (per_person > 0).any() else 1.0
    answer = _milp(
        np.concatenate([np.zeros(sites), per_person / scale]),
        [(place, 1.0, 1.0), (opened, -np.inf, 0.0), (full, -np.inf, 0.0), (picked, task.choose, task.choose)],
        integer=np.arange(size) < sites,
        lower=lower,
    )
    if answer.x is None:
        return None, math.inf if answer.status == 2 else 0.0
    chosen = task.free[_largest(answer.x[len(task.kept) : sites], task.choose)]
    return chosen, float(answer.mip_dual_bound) * scale


def sent(task: Task, chosen: Rows, longest: float = math.inf, top: float = math.inf) -> Shares | None:
    """Send people to open sites within their capacities: first as the aim wants it, then at the least mean.

    Parameters
    ----------
    task : Task
    chosen : array of int
    longest : float
        Nobody travels longer (for `worst`).
    top : float
        Minutes that cost no less than longer ones (for `fair`).

    Returns
    -------
    Shares or None
        None if there is no room for everybody; for coverage some may have no place.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    assert task.capacity is not None
    opened, rows = np.sort(np.concatenate([task.kept, chosen])), np.flatnonzero(task.demand > 0)
    minutes = task.minutes[np.ix_(rows, opened)]
    neighbourhood, site = np.nonzero(np.isfinite(minutes) & (minutes <= longest))
    cost = (arc_costs(task, top) if task.aim.objective == "fair" else task.minutes)[rows[neighbourhood], opened[site]]
    demand, size = task.demand[rows], len(site)
    slack = len(rows) if task.aim.objective == "coverage" else 0
    if slack:  # an extra journey never outweighs one more person within the limit, nor a place for one more
        most = (2 * len(opened) + 2) * max(1.0, float(cost.max(initial=0.0)))
        cost = np.concatenate([cost + most * (cost > task.aim.limit), np.full(slack, 2 * most)])
    column = np.concatenate([np.arange(size), size + np.arange(slack)])
    of = np.concatenate([neighbourhood, np.arange(slack)])
    place = coo_array((np.ones(size + slack), (of, column)), shape=(len(rows), size + slack))
    full = coo_array((np.ones(size), (site, np.arange(size))), shape=(len(opened), size + slack))
    room = np.minimum(task.capacity[opened], demand.sum())
    scale = max(float(np.median(cost)), 1e-12)
    answer = linprog(cost / scale, A_ub=full.tocsr(), b_ub=room, A_eq=place.tocsr(), b_eq=demand, method="highs")
    if answer.x is None:
        return None
    people = np.zeros((len(task.demand), len(opened)))
    people[rows[neighbourhood], site] = np.where(answer.x[:size] > TOLERANCE, answer.x[:size], 0.0)
    return Shares(people, opened)


def value_of_shares(task: Task, shares: Shares) -> float:
    """Value of an aim over people who were sent to sites; those without a place are out of reach."""
    _, minutes, people = journeys(task, shares)
    return float(task.aim.values(minutes[None, :], people)[0])


def _largest(values: Vector, count: int) -> Rows:
    """Return the rows of the largest values, in order: what HiGHS gives as 0 or 1 up to its tolerance."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


def _milp(
    cost: Vector, rows: list[tuple[Any, float, float]], *, integer: NDArray[np.bool_], lower: Vector | None = None
) -> Any:
    """Solve one programme whose variables lie between 0 (or `lower`) and 1."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    return milp(
        cost,
        integrality=integer.astype(int),
        bounds=Bounds(np.zeros(len(cost)) if lower is None else lower, np.ones(len(cost))),
        constraints=[LinearConstraint(matrix, low, high) for matrix, low, high in rows],
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
