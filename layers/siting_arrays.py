"""What a set of open sites gives its people, on plain arrays, without tables (methods M7).

`layers.siting` offers the same with names and guards. Costs are minutes: rows are neighbourhoods, columns sites,
infinite = out of reach. High is worse everywhere in this file, so that every objective is made as small as it gets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from layers.siting_errors import NoAversion, NoJourneys

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

OBJECTIVES = ("mean", "worst", "coverage", "fair")
MOST_COMBINATIONS = 200_000
SAME = 1e-12  # of a value: sums of the same numbers in another order differ by less
NO_PLACE = 1e-6  # of a neighbourhood's people: less is a solver's rounding
BLOCK = 100_000  # numbers worked on at once while combinations are tried: what fits a processor's own memory


@dataclass(frozen=True)
class Aim:
    """One objective, ready to be worked out.

    Attributes
    ----------
    objective : {"mean", "worst", "coverage", "fair"}
    limit : float
        Minutes that count as covered; not used by the others.
    kappa : float
        Aversion to long journeys per minute; not used by the others.
    """

    objective: str
    limit: float = math.nan
    kappa: float = math.nan

    def values(self, minutes: Matrix, demand: Vector) -> Vector:
        """Work the objective out for many plans at once, the smaller the better.

        Parameters
        ----------
        minutes : array, shape (plans, n)
            From every neighbourhood to its nearest open site.
        demand : array, shape (n,)
            People; above 0 in sum.

        Returns
        -------
        array, shape (plans,)
            Mean minutes, longest minutes of anybody, people beyond the limit, or Kolm-Pollak minutes.
        """
        people = demand > 0
        if not people.all():
            minutes, demand = minutes[:, people], demand[people]
        if self.objective == "mean":
            return np.asarray(minutes @ demand / demand.sum())
        if self.objective == "worst":
            return np.asarray(minutes.max(axis=1))
        if self.objective == "coverage":
            return np.asarray((minutes > self.limit) @ demand)
        return kolm_pollak(minutes, demand, self.kappa)


def kolm_pollak(minutes: Matrix, demand: Vector, kappa: float) -> Vector:
    """Work out the fair mean ``ln(sum D e^(kappa d) / sum D) / kappa`` of each row of minutes.

    Parameters
    ----------
    minutes : array, shape (plans, n)
    demand : array, shape (n,)
        Above 0.
    kappa : float
        Above 0, per minute.

    Returns
    -------
    array, shape (plans,)
        Minutes, from the mean (everybody travels alike) towards the longest; infinite if anybody reaches nothing.

    References
    ----------
    Horton, Logan et al. (2024), the Kolm-Pollak equally-distributed equivalent for facility location: methods M7.
    """
    return _fair_means(minutes, demand, [kappa])[0]


def _fair_means(minutes: Matrix, demand: Vector, kappas: list[float]) -> list[Vector]:
    """Fair means for growing kappas; where one is twice the last, its exponentials are those squared."""
    longest = minutes.max(axis=1)
    reached = np.isfinite(longest)
    top = np.where(reached, longest, 0.0)  # taken out before the exponential, so that nothing overflows
    below = (minutes if reached.all() else np.where(reached[:, None], minutes, 0.0)) - top[:, None]
    share, means, last, powers = demand / demand.sum(), [], math.nan, below
    for kappa in kappas:
        powers = np.square(powers, out=powers) if kappa == 2 * last else np.exp(kappa * below)
        means.append(np.where(reached, top + np.log(powers @ share) / kappa, np.inf))
        last = kappa
    return means


def kappa_of(minutes: Vector, demand: Vector) -> float:
    """Aversion per minute from a network: ``sum D d / sum D d^2`` over the people who reach it.

    Raises
    ------
    ValueError
        If nobody reaches a site, or everybody is at one already.

    References
    ----------
    Horton, Logan et al. (2024): methods M7.
    """
    here = (demand > 0) & np.isfinite(minutes)
    if not here.any():
        raise NoJourneys("kappa is not defined: nobody reaches a site")
    squares = float((demand[here] * minutes[here] ** 2).sum())
    if not squares > 0:
        raise NoAversion("kappa is not defined: every journey takes 0 minutes")
    return float((demand[here] * minutes[here]).sum()) / squares


def percentile_of(minutes: Vector, demand: Vector, share: float) -> float:
    """Shortest time within which at least this share of the people reach a site."""
    order = np.argsort(minutes, kind="stable")
    total = np.cumsum(demand[order])
    row = int(np.searchsorted(total, share * total[-1] * (1 - SAME)))
    return float(minutes[order][min(row, len(order) - 1)])


def mean_of(minutes: Vector, demand: Vector) -> float:
    """Mean minutes over the people; infinite if some of them reach nothing, NaN where nobody lives."""
    people = demand > 0
    if not people.any():
        return math.nan
    return float(minutes[people] @ demand[people] / demand[people].sum())


@dataclass(frozen=True)
class Task:
    """Which sites to choose among, for whom and to what end.

    Attributes
    ----------
    minutes : array, shape (n, m)
        Without gaps; infinite = out of reach.
    demand : array, shape (n,)
    kept : array of int
        Columns that are open whatever happens.
    free : array of int
        Columns to choose among: closable sites first, which are preferred where plans are equally good.
    choose : int
        How many of `free` are open.
    aim : Aim
    capacity : array, shape (m,), or None
        People a site can take; infinite = no limit.
    """

    minutes: Matrix
    demand: Vector
    kept: Rows
    free: Rows
    choose: int
    aim: Aim
    capacity: Vector | None = None

    @property
    def combinations(self) -> int:
        """Number of plans there are."""
        return math.comb(len(self.free), self.choose)

    def base(self) -> Vector:
        """Minutes to the nearest kept site; infinite where there is none."""
        return np.asarray(self.minutes[:, self.kept].min(axis=1, initial=np.inf))

    def of(self, chosen: Rows) -> Vector:
        """Minutes to the nearest site that is open under a plan."""
        return np.asarray(np.minimum(self.base(), self.minutes[:, chosen].min(axis=1, initial=np.inf)))

    def value(self, chosen: Rows) -> float:
        """Value of a plan, the smaller the better, worked out one way whoever found it."""
        return float(self.aim.values(self.of(chosen)[None, :], self.demand)[0])


@dataclass(frozen=True)
class Shares:
    """Who goes where under capacities.

    Attributes
    ----------
    people : array, shape (n, k)
        Of each neighbourhood at each open site.
    opened : array of int, shape (k,)
    """

    people: Matrix
    opened: Rows


@dataclass(frozen=True)
class Solved:
    """A plan and what is proved about it: `value` and `bound` are the smaller the better, as `Aim.values` has them."""

    chosen: Rows
    value: float
    bound: float
    method: str
    shares: Shares | None = None


@dataclass(frozen=True)
class Tried:
    """Every plan there is, with its value under each aim.

    Attributes
    ----------
    plans : array of int, shape (plans, choose)
        Columns of the cost table, in the order of `Task.free`.
    values : array, shape (aims, plans)
        The smaller the better.
    means : array, shape (plans,)
        Mean minutes, for plans that are equally good otherwise.
    """

    plans: NDArray[np.intp]
    values: Matrix
    means: Vector

    def having(self, site: int) -> Rows:
        """Rows of the plans that have a site."""
        return np.flatnonzero((self.plans == site).any(axis=1))

    def best(self, aim: int, among: Rows | None = None) -> int:
        """Row of the best plan, of some or of all: least value, then least mean, then the first."""
        value = self.values[aim] if among is None else self.values[aim, among]
        least = value.min()
        equal = np.flatnonzero(value <= least + SAME * max(1.0, abs(least)) if np.isfinite(least) else np.isinf(value))
        equal = equal if among is None else among[equal]
        mean = self.means[equal]
        lowest = mean.min()
        alike = mean <= lowest + SAME * max(1.0, abs(lowest)) if np.isfinite(lowest) else np.isinf(mean)
        return int(equal[np.flatnonzero(alike)[0]])


def try_all(task: Task, aims: list[Aim]) -> Tried:
    """Work out every combination of the free sites under each aim.

    Parameters
    ----------
    task : Task
        Its own aim is not looked at, nor its capacity.
    aims : list of Aim

    Returns
    -------
    Tried

    Notes
    -----
    Combinations come in the order of their columns, so that neighbours share their first sites; the minima of these
    are worked out once.
    """
    people = task.demand > 0
    demand = task.demand[people]
    base, table = task.base()[people], np.ascontiguousarray(task.minutes[people][:, task.free].T)
    size = max(1, BLOCK // max(1, len(demand)))
    plans, values, means = [], [], []
    source = combinations(range(len(task.free)), task.choose)
    average = Aim("mean")
    while block := list(islice(source, size)):
        rows = np.array(block, dtype=np.intp).reshape(len(block), task.choose)
        minutes = _minima(base, table, rows)
        plans.append(task.free[rows])
        means.append(average.values(minutes, demand))
        values.append(_each(aims, minutes, demand))
    return Tried(np.concatenate(plans), np.concatenate(values, axis=1), np.concatenate(means))


def _each(aims: list[Aim], minutes: Matrix, demand: Vector) -> Matrix:
    """Values of plans under each aim, the fair ones together."""
    values = np.empty((len(aims), len(minutes)))
    fair = sorted((aim.kappa, row) for row, aim in enumerate(aims) if aim.objective == "fair")
    for (_, row), mean in zip(fair, _fair_means(minutes, demand, [kappa for kappa, _ in fair]), strict=True):
        values[row] = mean
    for row, aim in enumerate(aims):
        if aim.objective != "fair":
            values[row] = aim.values(minutes, demand)
    return values


def _minima(base: Vector, table: Matrix, rows: NDArray[np.intp]) -> Matrix:
    """Nearest minutes of each combination; equal beginnings of combinations are worked out once."""
    minutes, parent = base[None, :], np.zeros(len(rows), dtype=np.intp)
    new = np.zeros(len(rows), dtype=bool)
    new[:1] = True
    for depth in range(rows.shape[1]):
        new[1:] |= rows[1:, depth] != rows[:-1, depth]
        first = np.flatnonzero(new)
        minutes = np.minimum(minutes[parent[first]], table[rows[first, depth]])
        parent = np.cumsum(new) - 1
    return np.asarray(minutes[parent]) if len(minutes) < len(rows) else minutes


def journeys(task: Task, shares: Shares) -> tuple[Rows, Vector, Vector]:
    """List who travels how long under capacities: rows, minutes and people; those without a place never arrive."""
    row, site = np.nonzero(shares.people)
    minutes, people = task.minutes[row, shares.opened[site]], shares.people[row, site]
    missing = task.demand - shares.people.sum(axis=1)
    out = np.flatnonzero(missing > NO_PLACE * np.maximum(1.0, task.demand))
    return np.append(row, out), np.append(minutes, np.full(len(out), np.inf)), np.append(people, missing[out])
