"""What an access answer says in plain sentences, and what has to be known to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.access.requests import DEMANDS, MEASURES
from service.pages.wording import ages_words, day, lower_first
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.access.figures import AccessFigures
    from service.editions.edition import Edition

NOT_SURROUNDED = (
    "This edition does not know who lives round the place. Supply near its edge is shared out among people inside "
    "only, so it looks better there than it is. Build the place again to mend this."
)
OTHERS_ESTIMATED = "Times of people who live round the place are estimated from distance."
OTHERS_LEFT_OUT = (
    "Times by public transport are known only inside the place: people from round about who use the same sites are "
    "not counted, so supply near the edge looks better than it is."
)
NOT_PEOPLE = "These are estimates for places, from where people live on average. They do not say who can use a site."
PATIENTS = {"children": "child", "adults": "adult"}
HALF = 0.5


def headlines(answer: dict[str, Any]) -> list[str]:
    """Say in a few sentences what the answer holds.

    Parameters
    ----------
    answer : dict
        As `service.access.answers.access_answer` makes it.
    """
    service, mode, who = answer["service"], MODE_WORDS[answer["request"]["mode"]], answer["who"]
    everyone, fifths, minutes = answer["everyone"], answer["fifths"], answer["request"]["minutes"]
    said = []
    if everyone["nearest_min"] is not None:
        said.append(
            f"{service['name']}: {who} here are on average {everyone['nearest_min']:.1f} minutes {mode} from the "
            f"nearest one ({answer['time_basis']})."
        )
    if everyone["share_within"] is not None:
        said.append(
            f"{_per_100(everyone['share_within'])} of 100 {who} live within {minutes} minutes of one"
            + _ends(fifths, "share_within", lambda share: f"{_per_100(share)} of 100")
        )
    if everyone["people_out_of_reach"]:
        said.append(f"{everyone['people_out_of_reach']:,} {who} have none in reach at all.")
    said.append(_direction(answer))
    spots = answer["blackspots"]
    if spots["count"]:
        named = "neighbourhood has" if spots["count"] == 1 else "neighbourhoods have"
        said.append(f"{spots['count']:,} {named} both great need and poor access: {spots['people']:,} {who}.")
    else:
        said.append("No neighbourhood has both the greatest need and the worst access here.")
    return said


def who_counts(ages: tuple[int, int] | list[int] | None) -> str:
    """Name the people of an answer in the middle of a sentence: people, or children aged 0 to 4."""
    return lower_first(ages_words(ages)) if ages else "people"


def _ends(fifths: list[dict[str, Any]], column: str, shown: Any) -> str:
    worst, best = fifths[0][column], fifths[-1][column]
    if worst is None or best is None:
        return "."
    return f": {shown(worst)} where need is greatest, {shown(best)} where it is least."


def _per_100(share: float) -> str:
    """Write a share as people in 100, never rounded up to all of them or down to none."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "more than 99"
    return "fewer than 1" if whole == 0 and share > 0 else f"{whole:d}"


def _direction(answer: dict[str, Any]) -> str:
    measured = answer["measure"]["name"]
    if answer["slope"] is None:
        return f"Whether access follows need cannot be said: {answer['slope_problem']}."
    meant = f"(measured as: {lower_first(measured)})"
    if answer["direction"] == "better":
        return f"Access is better where need is greater {meant}."
    if answer["direction"] == "worse":
        return f"Access is worse where need is greater {meant}."
    return f"It is not certain that access changes with need {meant}."


def notes_of(edition: Edition, figures: AccessFigures, service: dict[str, Any]) -> list[str]:
    """Say what a reader has to know: where times and supply come from, what is not known, who is counted."""
    question, basis = figures.asked, edition.time_basis(figures.asked.mode)
    found = [f"Times {MODE_WORDS[question.mode]}: {basis}. {NOT_PEOPLE}"]
    found.append(f"Supply: {service['supply']}")
    if question.demand != "eligible":
        found.append(f"Supply is shared among: {DEMANDS[question.demand]}.")
    if question.demand == "targeting":
        found.append("Where there is no need score, and outside the place, people count as the average does.")
    found += _whose_demand(edition, figures)
    unknown = int((~figures.known).sum())
    if unknown:
        found.append(
            f"Not known here: {unknown:,} neighbourhoods where the list of {service['plural']} is not known to be "
            "complete, or the time is not known. They are left out, not counted as 0."
        )
    if figures.demand_unknown:
        found.append(
            f"How many people share the supply is not known in {figures.demand_unknown:,} neighbourhoods, so nobody "
            "is counted there."
        )
    if question.accepting:
        counts = edition.accepting_counts(question.service, question.accepting)
        when = f" (as of {day(edition.accepting_date)})" if edition.accepting_date else ""
        found.append(
            f"Only practices known to take new {PATIENTS[question.accepting]} NHS patients{when} are counted: "
            f"{counts['yes']:,} inside the place. {counts['no']:,} do not take them, and of {counts['unknown']:,} "
            "it is not known: they are not counted."
        )
    if service["old"]:
        found.append(f"The list of {service['plural']} is years old.")
    out = int(np.isposinf(figures.nearest_min).sum())
    if out and MEASURES[question.measure].better < 0:
        found.append(f"{out:,} neighbourhoods out of reach have no minutes: means and the slope are over the others.")
    return [*found, *(f"Need is taken without {part['name']}: {part['why']}." for part in figures.need.left_out)]


def _whose_demand(edition: Edition, figures: AccessFigures) -> list[str]:
    if edition.network is not None and figures.asked.mode == "transit":
        return [OTHERS_LEFT_OUT]
    if not figures.surrounded:
        return [NOT_SURROUNDED]
    if figures.others < HALF:
        return []
    said = f"{figures.others:,.0f} people outside this area can reach the same sites and share their supply."
    return [said, *([OTHERS_ESTIMATED] if edition.network is not None else [])]
