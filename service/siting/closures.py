"""What closing each of today's sites would mean, one at a time, side by side: the figures of a closure test each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from layers.siting import PlanMeasures, closure_test
from service.editions.edition import Edition
from service.editions.views import View
from service.queries import BadQuery
from service.siting.effects import change_of, minutes
from service.siting.questions import Question, ask
from service.siting.requests import MOST_SITES, NEW, SitingRequest
from service.siting.sites import Option
from service.siting.words import words_of

Row = dict[str, Any]


def closures_of(edition: Edition, view: View, request: SitingRequest) -> dict[str, Any]:
    """Close every site of a service in the area by itself, with nothing in its place.

    Parameters
    ----------
    edition, view
        The edition, and the area, focus and dial looked at.
    request : SitingRequest
        Its service, demand, people added, minutes and mode count; candidates, limits and what may close do not.

    Returns
    -------
    dict
        ``words``, ``before_min`` (average today), and ``rows``, the one that is missed most first: ``id``, ``name``,
        ``postcode``, ``mean_min`` (average after; None where some people then reach no site), ``longer`` (people
        with a longer way) and ``lost`` (people, weighted as the plan weighs them, no longer within the minutes).

    Raises
    ------
    BadQuery
        As `service.siting.plans.plan_sites`; if no site of the service stands in the area.
    """
    closing = replace(
        request,
        add=-1,
        close=tuple(_inside(edition, view, request.service)),
        candidates=(),
        keep=(),
        forbid=(),
        points=(),
        capacity=(),
    )
    question = ask(edition, view.but(layer=""), closing)
    today = question.measures(question.existing)
    rows = [_closed(question, site, today) for site in question.sites if site.role == "closable"]
    return {
        "words": words_of(question),
        "before_min": minutes(today.mean),
        "rows": sorted(rows, key=_most_missed),
    }


def _closed(question: Question, site: Option, today: PlanMeasures) -> Row:
    """Close one site by itself (methods M7); where it is the only one, nobody reaches any."""
    if len(question.existing) == 1:
        mean, covered, change = None, 0.0, np.where(np.isfinite(question.cost[site.id]), np.inf, 0.0)
    else:
        found = closure_test(question.cost, question.demand, question.existing, site.id, limit=question.request.minutes)
        mean, covered = minutes(found.after.mean), found.after.covered or 0.0
        change = change_of(*(found.changes[name].to_numpy() for name in ("before_min", "after_min")))
    return {
        "id": site.id,
        "name": site.name,
        "postcode": site.postcode or None,
        "mean_min": mean,
        "longer": int(np.round(question.people[change > 0]).sum()),
        "lost": round(today.covered or 0.0) - round(covered),
    }


def _inside(edition: Edition, view: View, service: str) -> list[str]:
    """Ids of the sites of a service that stand in the area."""
    inside = set(edition.codes[edition.rows_within(view.within)].tolist())
    known = {entry["id"] for entry in edition.services()}
    held = [edition.sites()[row] for row in edition.site_rows(service)] if service in known else []
    found = [str(site["site_id"]) for site in held if site.get("lsoa21cd") in inside]
    if not found and (service in known or service == NEW):
        raise BadQuery("service", "No site of this service stands in the area, so none can close.")
    if len(found) > MOST_SITES:
        said = f"{len(found):,} sites are too many to close one by one; at most {MOST_SITES:,} can be compared."
        raise BadQuery("within", said, hint="Choose a smaller area.")
    return found


def _most_missed(row: Row) -> tuple[float, str, str]:
    """Sort by the average journey after, the longest first; where some reach no site it comes before all."""
    mean = row["mean_min"]
    return (-float("inf") if mean is None else -mean, row["name"], row["id"])
