"""A plan in plain words: what was asked, what was left out, and why a request cannot be met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.siting import SitingStudy
from service.siting.requests import NEW
from service.web.queries import BadQuery

if TYPE_CHECKING:
    from service.siting.questions import Question

OBJECTIVES = {
    "mean": "the shortest journey on average",
    "worst": "the shortest journey for whoever has the longest",
    "coverage": "the most people within {minutes} minutes",
    "fair": "a fair spread of journeys: long ones count for more",
}
BY_WHERE_PEOPLE_LIVE = "Groups are by where people live, not by person."
NEW_SERVICE = "a new service"
RANKED_BY_AIM = "With these limits, candidates are ranked by the aim asked for alone."
NOT_COMPARED = "There are too many sites with limits to compare this plan with others: name fewer sites for that."
TOO_LONG = "What was asked is too long for a link. The JSON file holds it all."
MODES = {"walk": "on foot", "cycle": "by bicycle", "drive": "by car", "transit": "by public transport"}


def words_of(question: Question) -> dict[str, str]:
    """Say in words what a plan is about: objective, demand, travel times, service, area."""
    request, edition = question.request, question.edition
    return {
        "objective": OBJECTIVES[request.objective].format(minutes=f"{request.minutes:g}"),
        "demand": question.counted.words,
        "time_basis": edition.time_basis(request.mode),
        "mode": MODES.get(request.mode, request.mode),
        "service": NEW_SERVICE if request.service == NEW else str(edition.service(request.service)["name"]),
        "services": NEW_SERVICE if request.service == NEW else str(edition.service(request.service)["plural"]),
        "area": question.area,
    }


def notes_of(question: Question, study: SitingStudy | None) -> list[str]:
    """Say what has to be known beside the figures."""
    notes = [*_sites_notes(question), *question.remarks, *question.counted.notes]
    if not question.request.query(question.view):
        notes.append(TOO_LONG)
    left_out = [f"Need is taken without {part['name']}: {part['why']}." for part in question.need.left_out]
    return [*notes, *_plan_notes(question, study), *left_out, BY_WHERE_PEOPLE_LIVE]


def _sites_notes(question: Question) -> list[str]:
    """Say which open sites count, and that people use those next door too."""
    words = words_of(question)
    today = [site for site in question.sites if site.exists]
    outside = sum(not site.inside for site in today)
    if not today:
        return ["No site is open today, so there is no “before”."]
    notes = []
    if outside:
        which = f"{outside:,} of the {len(today):,}" if outside < len(today) else f"All {outside:,}"
        notes.append(
            f"{which} sites that are open today stand outside {words['area']}. "
            "They count, since people use them too; sites farther than 30 km do not."
        )
    else:
        notes.append(f"All {len(today):,} sites that are open today stand in {words['area']}.")
    if question.request.service != NEW and question.edition.service(question.request.service).get("old"):
        notes.append(f"The list of {words['services']} is years old: look at each site before you decide.")
    return notes


def _plan_notes(question: Question, study: SitingStudy | None) -> list[str]:
    request, notes = question.request, []
    if request.demand == "targeting":
        notes.append("Averages weigh people more where need is greater. Need fifths and groups count people alike.")
    if study is not None and study.plan.shares is not None:
        notes.append(
            "With limits on what sites can take, people are shared out over sites: a journey after is the average of "
            "its neighbourhood. Before counts the nearest site, as if it had no limit."
        )
        notes.append(RANKED_BY_AIM if question.compared else NOT_COMPARED)
    if study is None:
        notes.append("Nothing takes the place of what closes: everybody goes to the nearest site that stays open.")
    elif study.plan.gap > 0:
        notes.append(f"No plan can be better by more than {100 * study.plan.gap:.2f} per cent.")
    if study is not None and any(not rival.proved for rival in study.rivals):
        notes.append("There are too many plans to try them all: other candidates are compared by exchanging sites.")
    return notes


def refusal(error: ValueError, question: Question) -> BadQuery:
    """Name the field that a refusal of the method is about."""
    message = str(error)
    said = f"{message[:1].upper()}{message[1:]}{'' if message.endswith('.') else '.'}"
    if message.startswith("capacity"):
        return BadQuery("capacity", said, hint="Allow more people a site, add more sites, or leave the limits out.")
    if "more sites wanted" in message:
        return BadQuery("add", said, hint="Ask for fewer sites, or name more candidates.")
    if "in reach" in message or "reach one" in message or "everybody" in message:
        return BadQuery("candidates", said, hint="Name candidates nearer to these people, or ask for coverage.")
    if "kappa" in message or "journey takes 0" in message:
        return BadQuery("objective", said, hint="Ask for the shortest average instead.")
    if "nobody" in message:
        return BadQuery("demand", said, hint="Choose another focus, area or demand.")
    return BadQuery("candidates", said)
