"""Good plans by exchanging sites, and proof of how far from the best they can be at most (methods M7).

For objectives that are sums over people (mean, fair, people beyond a limit): a table of what each free site costs each
neighbourhood, its people included, of which every neighbourhood takes the least among open sites. Numpy only.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from layers.siting_arrays import Matrix, Rows, Vector

PROVED = 1e-9  # of the value: closer than this is proved
BETTER = 1e-12  # of the value: less is rounding
FIRST_STEPS, LATER_STEPS, LEAST_STEPS = 400, 60, 20  # subgradient steps at the whole question, and at its parts
PATIENCE = 6  # steps without a better bound before they are halved
SMALLEST_STEP = 1e-3
KEPT_SPEED = 0.5  # of the last direction, against zigzag
TRY_AT = (10, 20, 40, 80, 160, 320)  # steps at which the sites that gain most may make a better plan
FEW = 2_000  # combinations that are tried one by one at the end of a branch
ROUND = 4  # times the table is gone through to look at all exchanges
WORK = 1_500_000_000  # cells looked at before the proof stops with the gap it has: about two seconds


def greedy(table: Matrix, base: Vector, choose: int, begun: Rows | None = None) -> Rows:
    """Choose sites one by one, each the best addition to those before.

    Parameters
    ----------
    table : array, shape (f, n)
        What each free site costs each neighbourhood, its people included; finite.
    base : array, shape (n,)
        The same at the nearest kept site; infinite where there is none.
    choose : int
    begun : array of int, optional
        Sites that are chosen already.

    Returns
    -------
    array of int, shape (choose,)
        Rows of the table; the first of equals.
    """
    chosen = np.empty(0, dtype=np.intp) if begun is None else begun
    now = np.minimum(base, table[chosen].min(axis=0, initial=np.inf))
    while len(chosen) < choose:
        value = np.minimum(table, now).sum(axis=1)
        value[chosen] = np.inf
        best = int(value.argmin())
        chosen = np.append(chosen, best)
        now = np.minimum(now, table[best])
    return chosen


def interchange(table: Matrix, base: Vector, chosen: Rows, *, most: int = 1_000) -> tuple[Rows, float, int]:
    """Exchange one chosen site for another, the best exchange first, until none lowers the sum.

    Parameters
    ----------
    table, base
        As for `greedy`, finite.
    chosen : array of int
        The plan to begin with.
    most : int
        Exchanges.

    Returns
    -------
    chosen, value, rounds
        No worse than the plan it began with; how often all exchanges were looked at.

    Notes
    -----
    All exchanges at once: whoever goes to a site that leaves goes to the newcomer or to his second nearest, all others
    stay or go to the newcomer (Whitaker 1983).
    """
    chosen = chosen.copy()
    value = float(np.minimum(base, table[chosen].min(axis=0, initial=np.inf)).sum())
    rounds = 0
    while len(chosen) and rounds < most:
        rounds += 1
        change = exchanges(table, base, chosen)
        change[:, chosen] = np.inf
        place, site = np.unravel_index(int(change.argmin()), change.shape)
        trial = chosen.copy()
        trial[place] = site
        new = float(np.minimum(base, table[trial].min(axis=0)).sum())
        if not new < value - BETTER * abs(value):
            break
        chosen, value = trial, new
    return chosen, value, rounds


def exchanges(table: Matrix, base: Vector, chosen: Rows) -> Matrix:
    """Sum after each exchange, shape (chosen, f)."""
    own = np.vstack([table[chosen], base])
    nearest = own.argmin(axis=0)
    column = np.arange(table.shape[1])
    first = own[nearest, column]
    own[nearest, column] = np.inf
    stay = np.minimum(table, first)
    leave = np.minimum(table, np.minimum(own.min(axis=0), base)) - stay
    goes = (nearest[None, :] == np.arange(len(chosen))[:, None]).astype(np.float64)
    return np.asarray(goes @ leave.T + stay.sum(axis=1))


@dataclass
class Best:
    """The best plan known, as rows of the whole table."""

    chosen: Rows
    value: float
    seen: set[bytes] = field(default_factory=set)
    cells: float = 0.0

    def offer(self, table: Matrix, base: Vector, plan: Rows) -> None:
        """Better a plan that was not tried before by exchanging sites, and keep it if it is the best."""
        name = np.sort(plan).astype(np.int64).tobytes()
        if name in self.seen:
            return
        self.seen.add(name)
        chosen, value, rounds = interchange(table, base, plan)
        self.cells += ROUND * rounds * table.size
        self.seen.add(np.sort(chosen).astype(np.int64).tobytes())
        if value < self.value * (1 - BETTER):
            self.chosen, self.value = chosen, value


@dataclass(frozen=True)
class Branch:
    """Part of all plans: some sites are in it for sure, some may be, all others are not."""

    sure: Rows
    maybe: Rows
    prices: Vector


def exchange_longest(minutes: Matrix, base: Vector, demand: Vector, chosen: Rows) -> Rows:
    """Exchange sites as `interchange` does, for the shortest longest journey, then the least mean.

    Parameters
    ----------
    minutes : array, shape (f, n)
    base, demand : array, shape (n,)
    chosen : array of int
        The plan to begin with.

    Returns
    -------
    array of int
    """
    chosen = chosen.copy()
    best = _longest_then_mean(np.minimum(base, minutes[chosen].min(axis=0, initial=np.inf))[None, :], demand)[:, 0]
    while len(chosen):
        found: tuple[float, float, int, int] | None = None
        for place in range(len(chosen)):
            rest = np.minimum(base, minutes[np.delete(chosen, place)].min(axis=0, initial=np.inf))
            longest, mean = _longest_then_mean(np.minimum(minutes, rest), demand)
            longest[chosen] = np.inf
            site = int(np.lexsort((mean, longest))[0])
            entry = (float(longest[site]), float(mean[site]), place, site)
            found = entry if found is None or entry[:2] < found[:2] else found
        if found is None or not found[:2] < (best[0], best[1] * (1 - BETTER)):
            break
        chosen[found[2]], best = found[3], np.array(found[:2])
    return chosen


def _longest_then_mean(minutes: Matrix, demand: Vector) -> Matrix:
    return np.array([minutes.max(axis=1), minutes @ demand])


def best_sum(
    table: Matrix, base: Vector, choose: int, *, start: Rows | None = None, work: float = WORK
) -> tuple[Rows, float, float]:
    """Find the plan of least sum, with a proof (greedy, interchange, Lagrangian bound, branches).

    Parameters
    ----------
    table : array, shape (f, n)
        What each free site costs each neighbourhood, its people included; finite, 0 or more.
    base : array, shape (n,)
        The same at the nearest kept site; infinite where there is none.
    choose : int
        From 1 to f - 1.
    start : array of int, shape (choose,), optional
        A plan to begin with; the greedy one if left out.
    work : float
        Cells of the table to look at before the proof stops with the gap it has. Not a time, so that every machine
        gives the same answer.

    Returns
    -------
    chosen : array of int, shape (choose,)
    value : float
        Its sum.
    bound : float
        No plan has less; at most `value`.

    References
    ----------
    Teitz and Bart (1968); Cornuejols, Fisher and Nemhauser (1977): methods M7.
    """
    start = greedy(table, base, choose) if start is None else start
    best = Best(start, math.inf)
    best.offer(table, base, start)
    everything = Branch(np.empty(0, dtype=np.intp), np.arange(len(table)), _first_prices(table, base, best.chosen))
    queue: list[tuple[float, int, Branch]] = [(-math.inf, 0, everything)]
    number, spent = 0, 0.0
    while queue and queue[0][0] < best.value * (1 - PROVED) and (number == 0 or spent + best.cells < work):
        bound, _, branch = heapq.heappop(queue)
        steps = min(FIRST_STEPS if number == 0 else LATER_STEPS, int(LEAST_STEPS + work / table.size))
        low, parts, cells = _look_at(table, base, choose, branch, best, steps)
        spent += cells
        for part in parts:
            number += 1
            heapq.heappush(queue, (max(bound, low), number, part))
    bound = min([best.value, *(entry[0] for entry in queue)])
    return best.chosen, best.value, bound if bound < best.value * (1 - PROVED) else best.value


def _first_prices(table: Matrix, base: Vector, chosen: Rows) -> Vector:
    """Half way between the nearest and the second nearest site of a plan."""
    own = np.sort(np.vstack([table[chosen], base]), axis=0)
    return np.asarray(np.where(np.isfinite(own[1]), (own[0] + own[1]) / 2, own[0]))


def _look_at(
    table: Matrix, base: Vector, choose: int, branch: Branch, best: Best, steps: int
) -> tuple[float, list[Branch], float]:
    """Bound one branch; give the parts of it that may hold something better, and the cells looked at."""
    left = choose - len(branch.sure)
    if left < 1 or math.comb(len(branch.maybe), left) <= FEW:
        return math.inf, [], _finish(table, base, branch.sure, branch.maybe, left, best)
    now = np.minimum(base, table[branch.sure].min(axis=0, initial=np.inf))
    own = np.minimum(table[branch.maybe], best.value)
    climb = _climb(own, now, left, branch, best, (table, base), steps)
    cells = float(climb.steps * own.size)
    enough = best.value * (1 - PROVED)
    if climb.bound >= enough:
        return climb.bound, [], cells
    order = np.argsort(climb.gains, kind="stable")
    last_in, first_out = climb.gains[order[left - 1]], climb.gains[order[left]]
    out = climb.bound + climb.gains - last_in >= enough  # with this site the bound is as high as the best plan
    sure = climb.bound + first_out - climb.gains >= enough  # without it the bound is
    sure &= ~out
    maybe = ~out & ~sure
    inside, open_rows = np.append(branch.sure, branch.maybe[sure]), branch.maybe[maybe]
    left = choose - len(inside)
    if left < 0 or left > len(open_rows):
        return climb.bound, [], cells
    if math.comb(len(open_rows), left) <= FEW:
        cells += _finish(table, base, inside, open_rows, left, best)
        return climb.bound, [], cells
    site = int(np.flatnonzero(maybe)[climb.gains[maybe].argmin()])
    row, rest = branch.maybe[site], open_rows[open_rows != branch.maybe[site]]
    parts = [Branch(np.append(inside, row), rest, climb.prices), Branch(inside, rest, climb.prices)]
    return climb.bound, parts, cells


@dataclass(frozen=True)
class Climb:
    """The highest bound reached on one branch, its prices, what each site gains at them, and the steps taken."""

    bound: float
    prices: Vector
    gains: Vector
    steps: int


def _climb(
    table: Matrix, base: Vector, choose: int, branch: Branch, best: Best, whole: tuple[Matrix, Vector], steps: int
) -> Climb:
    """Raise the Lagrangian bound by subgradient steps.

    Each neighbourhood pays a price for being served, at most what its nearest sure site costs it. A site gains the
    prices above its costs; the prices less the gains of the best `choose` sites are a sum that no plan undercuts.
    """
    prices = np.minimum(branch.prices, base)
    top, top_prices, top_gains = -math.inf, prices, np.zeros(len(table))
    length, stalled, direction, number = 1.0, 0, np.zeros_like(prices), 0
    room = np.empty_like(table)
    for number in range(1, steps + 1):
        np.subtract(table, prices, out=room)
        np.minimum(room, 0.0, out=room)
        gains = room.sum(axis=1)
        picked = np.argpartition(gains, choose - 1)[:choose] if choose else np.empty(0, dtype=np.intp)
        bound = float(prices.sum() + gains[picked].sum())
        if bound > top + 1e-7 * abs(best.value):
            top, top_prices, top_gains, stalled = bound, prices, gains, 0
        else:
            top, top_prices, top_gains = (bound, prices, gains) if bound > top else (top, top_prices, top_gains)
            stalled += 1
        if number == 1 or (number in TRY_AT and not len(branch.sure)):
            best.offer(*whole, np.append(branch.sure, branch.maybe[picked]))
        slope = 1.0 - (room[picked] < 0).sum(axis=0)
        slope[(slope > 0) & (prices >= base)] = 0.0
        direction = KEPT_SPEED * direction + slope
        size = float(direction @ direction)
        if top >= best.value * (1 - PROVED) or length < SMALLEST_STEP or size == 0:
            break
        if stalled >= PATIENCE:
            length, stalled, prices, direction = length / 2, 0, top_prices, np.zeros_like(prices)
            continue
        prices = np.minimum(prices + length * (best.value - bound) / size * direction, base)
    return Climb(top, top_prices, top_gains, number)


def _finish(table: Matrix, base: Vector, sure: Rows, maybe: Rows, left: int, best: Best) -> float:
    """Try the few plans that are left one by one; the cells looked at."""
    now = np.minimum(base, table[sure].min(axis=0, initial=np.inf))
    listed = list(combinations(range(len(maybe)), left)) if left >= 0 else []
    plans = np.array(listed, dtype=np.intp).reshape(len(listed), max(left, 0))
    own = table[maybe]
    for start in range(0, len(plans), 256):
        block = plans[start : start + 256]
        values = np.minimum(own[block].min(axis=1), now).sum(axis=1) if left else np.array([now.sum()])
        row = int(values.argmin())
        if values[row] < best.value * (1 - BETTER):
            best.chosen, best.value = np.append(sure, maybe[block[row]]), float(values[row])
    return float(plans.size * len(base))
