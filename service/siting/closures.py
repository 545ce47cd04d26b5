"""What closing each of today's sites would mean, one at a time, side by side: the figures of a closure test each."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.editions.edition import Edition
from service.editions.views import View
from service.siting.comparisons import measures_of
from service.siting.effects import MINUTES_DECIMALS, Journeys, whole
from service.siting.plans import journeys_of
from service.siting.questions import ask
from service.siting.requests import MOST_SITES, NEW, SitingRequest
from service.siting.words import words_of
from service.web.queries import BadQuery

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
    sites = _inside(edition, view, request.service)
    wanted = SitingRequest(
        request.service,
        add=-1,
        close=tuple(sites),
        demand=request.demand,
        minutes=request.minutes,
        mode=request.mode,
        growth=request.growth,
    )
    question = ask(edition, view.but(layer=""), wanted)
    placed = [site for site in question.sites if site.role == "closable"]
    today = measures_of(question.measures(question.existing))
    rows = []
    for site in placed:
        left = [name for name in question.existing if name != site.id]
        after = measures_of(question.measures(left)) if left else {"mean_min": None, "covered": 0}
        rows.append(
            {
                "id": site.id,
                "name": site.name,
                "postcode": site.postcode or None,
                "mean_min": after["mean_min"],
                "longer": _longer(journeys_of(question, left, None)),
                "lost": whole(today["covered"] - after["covered"]),
            }
        )
    return {
        "words": words_of(question),
        "before_min": today["mean_min"],
        "rows": sorted(rows, key=_most_missed),
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


def _longer(journeys: Journeys) -> int:
    """Count the people whose way gets longer, as `service.siting.effects.changed` lists them."""
    later = np.round(journeys.after, MINUTES_DECIMALS) > np.round(journeys.before, MINUTES_DECIMALS)
    return int(np.round(journeys.people[later]).sum())


def _most_missed(row: Row) -> tuple[float, str, str]:
    """Sort by the average journey after, the longest first; where some reach no site it comes before all."""
    mean = row["mean_min"]
    return (-float("inf") if mean is None else -mean, row["name"], row["id"])
