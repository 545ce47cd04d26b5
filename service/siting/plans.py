"""Choose sites over a view: the same plan for page, JSON, files and command line (methods M7).

For the workshop and the command line: tables and solvers are loaded here. Every figure is worked out once, here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from layers.gradient import Vector
from layers.siting import SitingPlan, SitingStudy, study_sites
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import View
from service.queries import BadQuery
from service.siting.capacities import capacity_facts
from service.siting.comparisons import measures_of, price_part, rivals_part
from service.siting.effects import Journeys, by_group, by_need_fifth, changed, minutes, neighbourhoods, whole
from service.siting.questions import Question, ask
from service.siting.requests import SitingRequest
from service.siting.sites import Option
from service.siting.words import notes_of, refusal, words_of

KAPPA_DECIMALS = 6


def plan_sites(edition: Edition, view: View, request: SitingRequest) -> dict[str, Any]:
    """Choose the best sites for a view, and say what that changes for whom.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus (ages and need), dial, footprint.
    request : SitingRequest
        What is asked; with nothing but sites to close and none to add it is a closure test.

    Returns
    -------
    dict
        Plain data. ``sites`` with role and status; ``before`` and ``after`` (None before where no site is open):
        minutes over the people counted, and people within the limit; ``proof`` of the objective's own value;
        ``price`` of fairness; ``rivals``; ``fifths``, ``groups``, ``gainers``, ``losers``, ``neighbourhoods``;
        ``notes``. Minutes to six decimals (pages and files round them, once), people in whole numbers, None = not
        known or no site in reach. No clock: the same input gives the same answer.

    Raises
    ------
    BadQuery
        If the request cannot be met; it names the field.
    UnknownFocus, UnknownFootprint
        If the edition does not have what the view names.
    """
    question = ask(edition, view.but(layer=""), request)
    try:
        study = _studied(question) if question.choose else None
    except ValueError as error:
        raise error if isinstance(error, BadQuery) else refusal(error, question) from None
    return _answer(question, study)


def _studied(question: Question) -> SitingStudy:
    """Solve a question; where there are to be fewer sites than today, those that may close are candidates to stay."""
    request, fewer = question.request, question.request.add < 0
    _check_reach(question)
    return study_sites(
        question.cost,
        question.demand,
        add=question.choose if fewer else request.add,
        existing=question.kept if fewer else question.existing,
        closable=() if fewer else request.close,
        forbidden=question.ids("forbidden"),
        objective=request.objective,
        limit=request.minutes,
        capacity=question.capacity,
        kappa=question.kappa,
        worst_fifth=question.worst_fifth,
        with_price=question.compared,
        with_rivals=question.compared,
    )


def _check_reach(question: Question) -> None:
    """Refuse to cover more people where no site that could open is within the minutes of anybody."""
    if question.request.objective != "coverage":
        return
    table = question.cost[question.free].to_numpy()[question.demand.to_numpy() > 0]
    if not (table <= question.request.minutes).any():
        said = f"No candidate is within {question.request.minutes:g} minutes of anybody who is counted."
        raise BadQuery("minutes", said, hint="Allow more minutes, another mode, or name other candidates.")


def _answer(question: Question, study: SitingStudy | None) -> dict[str, Any]:
    """Write a plan down as plain data."""
    edition, view, request = question.edition, question.view, question.request
    plan = study.plan if study else None
    opened = [str(site) for site in plan.open_sites] if plan else question.kept
    journeys = journeys_of(question, opened, plan)
    sites = {site.id: site for site in question.sites}
    words, query = words_of(question), request.query(view)
    gainers, losers = changed(edition, journeys, {site.id: site.name for site in question.sites})
    return {
        "place": edition.place["id"],
        "name": edition.place["name"],
        "fictional": bool(edition.place.get("fictional")),
        "edition": edition.id,
        "method": METHOD_VERSION,
        "attribution": edition.attribution("access"),
        "request": request_facts(view, request),
        "query": query,
        "words": words,
        "kappa": None if question.kappa is None else round(question.kappa, KAPPA_DECIMALS),
        "sites": [_site(site, site.id in opened, question.capacity) for site in question.sites],
        "before": _measured(question, question.existing),
        "after": _measured(question, opened, plan.shares if plan else None) or _nobody(question),
        "proof": _proof(plan),
        "price": price_part(study, sites),
        "rivals": rivals_part(study, sites),
        "fifths": by_need_fifth(journeys),
        "groups": by_group(edition, journeys),
        "gainers": gainers,
        "losers": losers,
        "neighbourhoods": neighbourhoods(edition, journeys),
        "notes": notes_of(question, study, words, query),
    }


def request_facts(view: View, request: SitingRequest) -> dict[str, Any]:
    """Give the view and the request as they were understood, every value written out, to be posted again as it is."""
    return {
        "focus": view.focus,
        "rho": view.rho,
        "within": view.within,
        "weights": view.weights,
        "service": request.service,
        "candidates": list(request.candidates),
        "points": [{"name": name, "lon": x, "lat": y} for name, x, y in request.points],
        "add": request.add,
        "close": list(request.close),
        "keep": list(request.keep),
        "forbid": list(request.forbid),
        "objective": request.objective,
        "demand": request.demand,
        "minutes": request.minutes,
        "mode": request.mode,
        **capacity_facts(request),
        "growth": [{"lsoa21cd": code, "people": people} for code, people in request.growth],
        "closure": request.closure,
    }


def _measured(question: Question, opened: Sequence[str], shares: pd.DataFrame | None = None) -> dict[str, Any] | None:
    """Measure some open sites; None where there are none."""
    if not opened:
        return None
    found = question.measures(opened, shares)
    return measures_of(found) | {"people": whole(found.people), "out_of_reach": whole(found.out_of_reach)}


def _nobody(question: Question) -> dict[str, Any]:
    """Measures where the last site closes: nobody reaches one."""
    people = whole(question.demand.sum())
    gone = dict.fromkeys(("mean_min", "worst_fifth_mean_min", "p95_min", "maximum_min", "fair_k"))
    return {**gone, "covered": 0, "people": people, "out_of_reach": people}


def _proof(plan: SitingPlan | None) -> dict[str, Any]:
    """Give the value of the objective, what no plan can better, and how far the two are apart, as a share."""
    if plan is None:
        return {"value": None, "bound": None, "gap": None, "method": "nothing was to be chosen"}
    return {
        "value": minutes(plan.value),
        "bound": minutes(plan.bound),
        "gap": round(plan.gap, 6),
        "method": plan.method,
    }


def _site(site: Option, is_open: bool, room: pd.Series | None) -> dict[str, Any]:
    return {
        "id": site.id,
        "name": site.name,
        "postcode": site.postcode or None,
        "lon": site.longitude,
        "lat": site.latitude,
        "service": site.service,
        "role": site.role,
        "status": _status(site, is_open),
        "inside": site.inside,
        "capacity": None if room is None or not np.isfinite(room[site.id]) else whole(room[site.id]),
    }


def _status(site: Option, is_open: bool) -> str:
    if is_open:
        return "kept" if site.exists else "opened"
    if site.exists:
        return "closed"
    return "forbidden" if site.role == "forbidden" else "not_chosen"


def journeys_of(question: Question, opened: Sequence[str], plan: SitingPlan | None) -> Journeys:
    """Collect the way from each neighbourhood before and after: by a plan, or to the nearest of what stays open."""
    before, site_before = _nearest(question.cost, question.existing)
    if plan is not None:
        after = plan.cost.to_numpy(dtype=np.float64)
        site_after: list[str | None] = plan.assignment.where(plan.assignment.notna(), None).tolist()
    else:
        after, site_after = _nearest(question.cost, opened)
    return Journeys(
        rows=question.scores.rows[question.used],
        people=question.people,
        fifth=question.need.fifth[question.used],
        before=before if question.existing else np.full(len(before), np.nan),
        after=after,
        site_before=site_before,
        site_after=site_after,
        limit=question.request.minutes,
    )


def _nearest(cost: pd.DataFrame, opened: Sequence[str]) -> tuple[Vector, list[str | None]]:
    """Minutes to the nearest of some sites, and its id; infinite and None where there is none in reach."""
    table = cost[list(opened)].to_numpy(dtype=np.float64)
    if not len(opened):
        return np.full(len(cost), np.inf), [None] * len(cost)
    best = table.argmin(axis=1)
    least = table[np.arange(len(table)), best]
    return least, [str(opened[number]) if np.isfinite(away) else None for number, away in zip(best, least, strict=True)]
