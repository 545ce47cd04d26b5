"""What fairness costs, and how every candidate compares (methods M7)."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layers.siting_arrays import SAME, Aim, Solved, Tried, journeys, try_all
from layers.siting_plans import PlanMeasures, Question, SitingPlan, measured, plan_of
from layers.siting_solve import best_with, enumerable, solve, tried_plan

STEPS = (0.5, 1.0, 2.0, 4.0)  # times kappa: from near the mean (0) towards the longest journey (infinity)
SIDE_WORK = 150_000_000  # cells looked at for the proof of a plan that is only compared: a tenth of the one asked for


@dataclass(frozen=True)
class PriceRow:
    """The best plan of one objective, measured like all the others.

    Attributes
    ----------
    objective : {"mean", "fair", "worst", "coverage"}
    strength : float or None
        Aversion to long journeys as a multiple of kappa: 0 for mean, infinite for worst; None for coverage, which is
        on no such scale.
    plan : SitingPlan
        Proved to be the best as far as its `gap` says; the question's own aim is given more work than the others.
    measures : PlanMeasures
        With the one kappa and limit of all rows.
    price : float
        Mean minutes over the least mean: 1.04 = 4 % further on average.
    """

    objective: str
    strength: float | None
    plan: SitingPlan
    measures: PlanMeasures
    price: float


@dataclass(frozen=True)
class FairnessPrice:
    """What fairness costs.

    Attributes
    ----------
    rows : tuple of PriceRow
        By growing strength, coverage last (only with a limit).
    price_of_fairness : float
        Mean minutes of the fair plan over those of the mean plan, at least 1 where both are proved best.
    kappa : float
    """

    rows: tuple[PriceRow, ...]
    price_of_fairness: float
    kappa: float


@dataclass(frozen=True)
class Rival:
    """One site that could be chosen, beside the others.

    Attributes
    ----------
    site : hashable
    chosen : bool
        Whether the plan chooses it.
    opened, closed, open_sites : tuple
        The best plan with this site in it, under the objective asked for: as in `SitingPlan`.
    measures : PlanMeasures
        Of that plan.
    ranks : dict
        ``mean``, ``worst``, ``coverage`` (with a limit), ``fair``: 1 = the best plan under that objective has this
        site or is no better than the best plan with it. Equals share a rank. None where a plan with it leaves people
        out of reach, or was not worked out.
    values : dict
        The value of the best plan with this site under each objective, as ranked.
    proved : bool
        Whether the plan with this site is the best there is under the objective asked for; if not, it is the best that
        exchanging sites found.
    """

    site: Hashable
    chosen: bool
    opened: tuple[Hashable, ...]
    closed: tuple[Hashable, ...]
    open_sites: tuple[Hashable, ...]
    measures: PlanMeasures
    ranks: dict[str, int | None]
    values: dict[str, float | None]
    proved: bool


@dataclass(frozen=True)
class SitingStudy:
    """One siting question answered in full.

    Attributes
    ----------
    plan : SitingPlan
    measures : PlanMeasures
        Of the plan.
    price : FairnessPrice or None
        None where it was not asked for, or no plan lets everybody reach a site, or all journeys take no time.
    rivals : tuple of Rival
    kappa : float or None
    """

    plan: SitingPlan
    measures: PlanMeasures
    price: FairnessPrice | None
    rivals: tuple[Rival, ...]
    kappa: float | None


def study(question: Question, worst: NDArray[np.bool_] | None, *, with_price: bool, with_rivals: bool) -> SitingStudy:
    """Work out a question's plan, and on the same combinations what fairness costs and how the candidates compare."""
    aims = _aims(question, with_price)
    tried = try_all(question.task, aims) if enumerable(question.task) else None
    solved = [_solved(question, aim, tried, number) for number, aim in enumerate(aims)]
    plan = plan_of(question, solved[0])
    price = _price(question, aims, solved, worst) if with_price and question.kappa is not None else None
    compared = _rivals(question, aims, solved, tried, worst) if with_rivals else ()
    return SitingStudy(plan, measures_of(question, solved[0], worst), price, compared, question.kappa)


def _aims(question: Question, with_price: bool) -> list[Aim]:
    """List the aim asked for, then the others that can be worked out, then the steps of fairness."""
    names = ["mean", "worst"] + ["coverage"] * (question.limit is not None) + ["fair"] * (question.kappa is not None)
    aims = [question.aim(question.task.aim.objective)]
    aims += [question.aim(name) for name in names if name != aims[0].objective]
    if with_price and question.kappa is not None:
        aims += [question.aim("fair", question.kappa * step) for step in STEPS if step != 1]
    return aims


def _solved(question: Question, aim: Aim, tried: Tried | None, number: int) -> Solved:
    """Find the best plan of an aim; the first one is asked for and has the time to be proved, the others have less."""
    task = replace(question.task, aim=aim)
    if tried is not None:
        return tried_plan(task, tried, number)
    return solve(task, work=SIDE_WORK if number else None)


def measures_of(question: Question, solved: Solved, worst: NDArray[np.bool_] | None) -> PlanMeasures:
    """Measure a solution with the limit and the one kappa of its question."""
    task = question.task
    if solved.shares is None:
        return measured(task.of(solved.chosen), task.demand, question.limit, question.kappa, worst)
    row, minutes, people = journeys(task, solved.shares)
    return measured(minutes, people, question.limit, question.kappa, None if worst is None else worst[row])


def _price(
    question: Question, aims: list[Aim], solved: list[Solved], worst: NDArray[np.bool_] | None
) -> FairnessPrice | None:
    kappa, found = question.kappa, []
    if kappa is None:
        return None
    for aim, answer in zip(aims, solved, strict=True):
        if math.isfinite(answer.value):
            asked = question.aimed(aim.objective, aim.kappa if aim.objective == "fair" else None)
            plan = plan_of(asked, answer)
            found.append((aim, plan, measures_of(question, answer, worst)))
    means = [measures.mean for aim, _, measures in found if aim.objective == "mean"]
    if not means or not means[0] > 0:
        return None
    rows = [
        PriceRow(aim.objective, _strength(aim, kappa), plan, measures, measures.mean / means[0])
        for aim, plan, measures in found
    ]
    rows.sort(key=lambda row: (row.strength is None, row.strength or 0.0))
    fair = [row.price for row in rows if row.objective == "fair" and row.strength == 1]
    return FairnessPrice(tuple(rows), fair[0], kappa) if fair else None


def _strength(aim: Aim, kappa: float) -> float | None:
    if aim.objective == "fair":
        return aim.kappa / kappa
    return {"mean": 0.0, "worst": math.inf}.get(aim.objective)


def _rivals(
    question: Question,
    aims: list[Aim],
    solved: list[Solved],
    tried: Tried | None,
    worst: NDArray[np.bool_] | None,
) -> tuple[Rival, ...]:
    """Best plan with each free site, and its rank under every objective."""
    task = question.task
    if task.choose == 0:
        return ()
    sites = np.sort(task.free)
    count = sum(1 for aim in aims if aim.objective != "fair" or aim.kappa == question.kappa)
    having = [None if tried is None else tried.having(int(site)) for site in sites]
    columns: dict[str, list[Solved | None]] = {
        aims[k].objective: [
            _with(question, aims[k], solved[k], k, int(site))
            if tried is None or among is None
            else tried_plan(replace(task, aim=aims[k]), tried, k, among)
            for site, among in zip(sites, having, strict=True)
        ]
        for k in range(count)
    }
    values = {name: [None if found is None else found.value for found in column] for name, column in columns.items()}
    ranks = {name: _ranks(column) for name, column in values.items()}
    asked = columns[task.aim.objective]
    return tuple(
        _rival(question, solved[0], asked[number], int(site), number, values, ranks, worst, tried is not None)
        for number, site in enumerate(sites)
    )


def _rival(
    question: Question,
    best: Solved,
    found: Solved | None,
    site: int,
    number: int,
    values: dict[str, list[float | None]],
    ranks: dict[str, list[int | None]],
    worst: NDArray[np.bool_] | None,
    proved: bool,
) -> Rival:
    assert found is not None
    task, total = question.task, float(question.task.demand.sum())
    opened = np.sort(np.concatenate([task.kept, found.chosen])) if len(found.chosen) else task.kept
    shown = {
        name: None if value is None or math.isinf(value) else total - value if name == "coverage" else value
        for name, value in ((name, column[number]) for name, column in values.items())
    }
    return Rival(
        site=question.cost.columns[site],
        chosen=site in best.chosen,
        opened=question.names(np.setdiff1d(opened, question.existing)),
        closed=question.names(np.setdiff1d(question.existing, opened)),
        open_sites=question.names(opened),
        measures=measures_of(question, found, worst),
        ranks={name: column[number] for name, column in ranks.items()},
        values=shown,
        proved=proved or (task.capacity is not None and found.bound == found.value),
    )


def _with(question: Question, aim: Aim, best: Solved, number: int, site: int) -> Solved | None:
    """Best plan that holds one site, not every plan having been tried; None where that is not worked out."""
    task = replace(question.task, aim=aim)
    if site in best.chosen:
        return best
    if task.capacity is None:
        chosen = best_with(task, best.chosen, site)
        return Solved(chosen, task.value(chosen), -math.inf, "exchanged")
    if number > 0:
        return None
    held = replace(task, kept=np.append(task.kept, site), free=task.free[task.free != site], choose=task.choose - 1)
    found = solve(held)
    return replace(found, chosen=np.append(found.chosen, site))


def _ranks(values: list[float | None]) -> list[int | None]:
    """Rank 1 = least; equals, up to rounding, share one; none for what is infinite or was not worked out."""
    known = np.array([value for value in values if value is not None])
    return [
        None if value is None or math.isinf(value) else 1 + int((known < value - SAME * max(1.0, abs(value))).sum())
        for value in values
    ]
