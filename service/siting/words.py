"""A plan in plain words: what was asked, what was left out, and why a request cannot be met."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layers.siting import SitingStudy
from layers.siting_errors import (
    NoAversion,
    Nobody,
    NoJourneys,
    NoRoom,
    NoRoomInReach,
    OutOfReach,
    TooManyPairs,
    TooManySites,
    Undecided,
)
from service.pages.wording import and_words
from service.queries import BadQuery
from service.siting.capacities import without_room
from service.siting.requests import NEW
from service.siting.sites import Option, gaps_near, listed
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.siting.questions import Question

OBJECTIVES = {
    "mean": "the shortest journey on average",
    "worst": "the shortest journey for whoever has the longest",
    "coverage": "the most people within {minutes} minutes",
    "fair": "a fair spread of journeys: long ones count for more",
}
COUNTED_OUTSIDE = "They count, since people use them too; sites farther than 30 km do not."
SHOWN_OUTSIDE = 3  # the table of sites lists them all
BY_WHERE_PEOPLE_LIVE = "Groups are by where people live, not by person, and count all ages."
NEW_SERVICE = "a new service"
RANKED_BY_AIM = "With these limits, candidates are ranked by the aim asked for alone."
NOT_COMPARED = "There are too many sites with limits to compare this plan with others: name fewer sites for that."
NO_FAIR = "How fair journeys are cannot be said: {}."
TOO_LONG = "What was asked is too long for a link. The JSON file holds it all."
REASONS: dict[type, tuple[str, str]] = {
    TooManySites: ("add", "Ask for fewer sites, or name more candidates."),
    TooManyPairs: ("capacity", "Choose a smaller area, name fewer candidates, or leave the limits out."),
    NoRoomInReach: ("capacity", "Let sites take more people, name candidates near these people, or ask for coverage."),
    OutOfReach: ("candidates", "Name candidates nearer to these people, or ask for coverage."),
    Undecided: ("candidates", "Name fewer candidates, choose a smaller area, or ask for another aim."),
    Nobody: ("demand", "Choose another focus, area or demand."),
}


def words_of(question: Question) -> dict[str, str]:
    """Say in words what a plan is about: objective, demand, travel times, service, area."""
    request, edition = question.request, question.edition
    return {
        "objective": OBJECTIVES[request.objective].format(minutes=f"{request.minutes:g}"),
        "demand": question.counted.words,
        "time_basis": edition.time_basis(request.mode),
        "mode": MODE_WORDS.get(request.mode, request.mode),
        "service": NEW_SERVICE if request.service == NEW else str(edition.service(request.service)["name"]),
        "services": NEW_SERVICE if request.service == NEW else str(edition.service(request.service)["plural"]),
        "area": question.area,
    }


def notes_of(question: Question, study: SitingStudy | None, words: dict[str, str], query: str) -> list[str]:
    """Say what has to be known beside the figures; `words` and `query` as the plan gives them."""
    notes = [*_sites_notes(question, words), *question.remarks, *question.counted.notes]
    if not query:
        notes.append(TOO_LONG)
    left_out = [f"Need is taken without {part['name']}: {part['why']}." for part in question.need.left_out]
    return [*notes, *_plan_notes(question, study), *left_out, BY_WHERE_PEOPLE_LIVE]


def _sites_notes(question: Question, words: dict[str, str]) -> list[str]:
    """Say which open sites count, and that people use those next door too."""
    today = [site for site in question.sites if site.exists]
    outside = sum(not site.inside for site in today)
    if not today:
        return ["No site is open today, so there is no “before”."]
    notes = []
    if outside:
        which = f"{outside:,} of the {len(today):,}" if outside < len(today) else f"All {outside:,}"
        many = "sites that are open today stand" if outside > 1 or len(today) > 1 else "site that is open today stands"
        counted = COUNTED_OUTSIDE if question.capacity is None else "The table of sites lists them all."
        notes.append(f"{which} {many} outside {words['area']}: {_outside(question)}. {counted}")
    else:
        notes.append(f"All {len(today):,} sites that are open today stand in {words['area']}.")
    notes += _gaps(question)
    if question.request.service != NEW and question.edition.service(question.request.service).get("old"):
        notes.append(f"The list of {words['services']} is years old: look at each site before you decide.")
    return notes


def _outside(question: Question) -> str:
    """Name the open sites outside the area, those nearest to somebody who is counted first."""
    away = question.cost.min()
    found = sorted(
        (site for site in question.sites if site.exists and not site.inside), key=lambda site: (away[site.id], site.id)
    )
    named = [f"{site.name} ({site.postcode})" if site.postcode else site.name for site in found[:SHOWN_OUTSIDE]]
    more = len(found) - len(named)
    return f"{', '.join(named)} and {more:,} more" if more else and_words(named)


def _gaps(question: Question) -> list[str]:
    """Say where next door a site may stand that no list names."""
    service = question.request.service
    if service == NEW:
        return []
    councils = gaps_near(question.edition, service, question.scores.rows)
    if not councils:
        return []
    plural = question.edition.service(service)["plural"]
    which = "lists" if len(councils) > 1 else "list"
    are = "are" if len(councils) > 1 else "is"
    return [f"The {which} of {plural} for {listed(councils)} {are} not complete: a site there may be nearer."]


def _room_notes(question: Question) -> list[str]:
    """Say what limits on sites mean for those outside the area, and for a closure."""
    if question.capacity is None:
        return []
    if not question.choose:
        return ["Limits on what sites can take are not used where nothing is to be chosen."]
    sites = without_room(question.request, question.sites)
    if not sites:
        return []
    area = question.area
    which = (
        f"The {len(sites):,} sites outside {area} take" if len(sites) > 1 else f"{sites[0].name}, outside {area}, takes"
    )
    return [
        f"{which} nobody from here, as sites have limits and their places are for the people round them. "
        "Give one a limit by its id to count its places."
    ]


def _same_places(question: Question) -> list[str]:
    """Name candidates that stand at one point: no plan can tell them apart."""
    at: dict[tuple[float, float], list[Option]] = {}
    for site in question.sites:
        if site.id in set(question.free):
            at.setdefault((site.longitude, site.latitude), []).append(site)
    shared = [sites for sites in at.values() if len(sites) > 1]
    names = [f"{and_words([site.name for site in sites])} ({sites[0].postcode or 'one point'})" for sites in shared]
    return [f"At the same address, so equally good: {listed(names, '; ')}."] if names else []


def _plan_notes(question: Question, study: SitingStudy | None) -> list[str]:
    request, notes = question.request, [*_room_notes(question), *_same_places(question)]
    if request.demand == "targeting":
        notes.append("Averages weigh people more where need is greater. Need fifths and groups count people alike.")
    if study is not None and study.plan.shares is not None:
        notes.append(
            "With limits on what sites can take, people are shared out over sites: a journey after is the average of "
            "its neighbourhood. Before counts the nearest site, wherever it stands, as if it had no limit."
        )
        notes.append(RANKED_BY_AIM if question.compared else NOT_COMPARED)
    if study is None:
        notes.append("Nothing takes the place of what closes: everybody goes to the nearest site that stays open.")
    if unproved := _unproved(study):
        notes.append(f"{unproved:,} of the plans for other aims: the best that was found, not proved to be the best.")
    if study is not None and any(not rival.proved for rival in study.rivals):
        notes.append("There are too many plans to try them all: other candidates are compared by exchanging sites.")
    return notes


def _no_room(error: NoRoom, question: Question) -> BadQuery:
    """Say how many people no plan of this size has a place for."""
    weighed = ", counted more where need is greater" if question.request.demand == "targeting" else ""
    said = f"There is not room for everybody: sites can take at most {math.floor(error.most):,} of {error.people:,.0f} "
    said += f"people{weighed}. {math.ceil(error.short):,} have no place."
    if without_room(question.request, question.sites):
        said += f" Sites outside {question.area} take nobody from here."
    return BadQuery("capacity", said, hint="Let sites take more people, add more sites, or leave the limits out.")


def _unproved(study: SitingStudy | None) -> int:
    """Count the plans beside the one asked for whose proof was cut short."""
    rows = () if study is None or study.price is None else study.price.rows
    asked = "" if study is None else study.plan.objective
    others = [row for row in rows if row.objective != asked or row.strength not in (None, 0.0, 1.0, math.inf)]
    return sum(row.plan.gap > 0 for row in others)


def refusal(error: ValueError, question: Question) -> BadQuery:
    """Name the field that a refusal of the method is about."""
    if isinstance(error, NoRoom):
        return _no_room(error, question)
    if isinstance(error, NoAversion):
        why = "nobody who counts can reach a site" if isinstance(error, NoJourneys) else "every journey takes 0 minutes"
        return BadQuery("objective", NO_FAIR.format(why), hint="Ask for the shortest average instead.")
    message = str(error)
    said = f"{message[:1].upper()}{message[1:]}{'' if message.endswith('.') else '.'}"
    for reason in type(error).__mro__:
        if reason in REASONS:
            field, hint = REASONS[reason]
            return BadQuery(field, said, hint=hint)
    return BadQuery("candidates", said)
