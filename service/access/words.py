"""What an access answer says in plain sentences, and what has to be known to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.access.need_words import direction_words
from service.access.requests import DEMANDS, MEASURES, NEW_PATIENTS
from service.pages.wording import ages_words, and_words, day, inside_sentence, lower_first
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
TOO_FAR_TO_WALK = " Few people walk that far: choose another way to travel."
LONG_WALK = 60.0  # minutes
MOST_NAMED = 3
EVERYONE = "people"
WORST_HERE = "worst here"
WORST = {
    "nearest": "the longest way",
    "within": "the fewest sites",
    "2sfca": "the least in reach for each person",
    "e2sfca": "the least in reach for each person",
}
HALF = 0.5


def headlines(answer: dict[str, Any]) -> list[str]:
    """Say in a few sentences what the answer holds.

    Parameters
    ----------
    answer : dict
        As `service.access.answers.access_answer` makes it.
    """
    mode, who, where = MODE_WORDS[answer["request"]["mode"]], answer["who"], _where(answer)
    everyone, fifths, minutes = answer["everyone"], answer["fifths"], answer["request"]["minutes"]
    said = [*_known_for(answer), *_who_takes(answer), *_all_ages(answer)]
    if everyone["nearest_min"] is not None:
        far = answer["request"]["mode"] == "walk" and everyone["nearest_min"] > LONG_WALK
        said.append(
            f"{answer['counted']['name']}: {who} {where} are on average {everyone['nearest_min']:.1f} minutes {mode} "
            f"from the nearest one ({answer['time_basis']}).{TOO_FAR_TO_WALK if far else ''}"
        )
    if everyone["share_within"] in (0, 1):
        which = "All" if everyone["share_within"] else "No"
        said.append(f"{which} {who} {where} live within {minutes} minutes of one.")
    elif everyone["share_within"] is not None:
        said.append(
            f"{_per_100(everyone['share_within'])} of 100 {who} live within {minutes} minutes of one"
            + _ends(fifths, "share_within", lambda share: f"{_per_100(share)} of 100")
        )
    if everyone["people_out_of_reach"]:
        said.append(f"{everyone['people_out_of_reach']:,} {who} have none in reach at all.")
    return [*said, direction_words(answer), _spots_said(answer)]


def _known_for(answer: dict[str, Any]) -> list[str]:
    """Say first for how many neighbourhoods there is a figure, and where, unless there is one everywhere."""
    known = answer["known"]
    if known["neighbourhoods"] == known["of"]:
        return []
    named = _councils(known)
    listed = answer["service"]["complete"] or not (named or known["councils_of"] == 1)
    why = (
        "elsewhere it is not known where people live"
        if listed
        else f"elsewhere the list of {answer['service']['plural']} is not known to be complete"
    )
    where = f" ({named})" if named else ""
    return [
        f"Known for {known['neighbourhoods']:,} of {known['of']:,} neighbourhoods{where}: {why}. "
        "What follows is about these alone."
    ]


def _councils(known: dict[str, Any]) -> str:
    """Name the councils with a figure, or count them; nothing where each has one."""
    names, count = known["councils"], known["councils_of"]
    if len(names) == count:
        return ""
    if len(names) > MOST_NAMED:
        return f"in {len(names):,} of {count:,} councils"
    return and_words(names) if names else ""


def _where(answer: dict[str, Any]) -> str:
    known = answer["known"]
    if known["neighbourhoods"] == known["of"]:
        return "here"
    named = _councils(known)
    return f"in {named.removeprefix('in ')}" if named else "where it is known"


def _all_ages(answer: dict[str, Any]) -> list[str]:
    """Say that everybody is counted, where the service is for some ages and the focus asked for is not."""
    usual = answer["usual"]
    if answer["who"] != EVERYONE or usual["who"] == EVERYONE:
        return []
    return [f"People of all ages are counted: for {usual['who']} alone, choose the focus “{usual['title']}”."]


def _who_takes(answer: dict[str, Any]) -> list[str]:
    """Say how many of the sites here are known to take new patients, where only those count."""
    who = answer["request"]["accepting"]
    if not who:
        return []
    counts, service = answer["accepting"][who], answer["service"]
    when = f" (as of {day(answer['accepting']['date'])})" if answer["accepting"]["date"] else ""
    plural = inside_sentence(service["plural"])
    return [
        f"Known to take new {NEW_PATIENTS[who]} NHS patients{when}: {counts['yes']:,} of the "
        f"{sum(counts.values()):,} {plural} inside the place. {counts['no']:,} do not take them, and of "
        f"{counts['unknown']:,} it is not known. Only those known to take them are counted."
    ]


def _spots_said(answer: dict[str, Any]) -> str:
    """Say how many neighbourhoods have great need and poor access; none is poor where all have a site near."""
    spots, minutes, who = answer["blackspots"], answer["request"]["minutes"], answer["who"]
    count, people = spots["count"], f"{spots['people']:,} {who}"
    if not count:
        return "No neighbourhood has both the greatest need and the worst access here."
    if spots["kind"] == WORST_HERE:
        have = "neighbourhood of great need has" if count == 1 else "neighbourhoods of great need have"
        worst = WORST[answer["request"]["measure"]]
        return f"{count:,} {have} {worst} here, but with a site within {minutes} minutes: {people}."
    have = "neighbourhood has" if count == 1 else "neighbourhoods have"
    near = f" {spots['near']:,} of them still {_has(spots['near'])} a site within {minutes} minutes."
    return f"{count:,} {have} both great need and poor access: {people}.{near if spots['near'] else ''}"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def who_counts(ages: tuple[int, int] | list[int] | None) -> str:
    """Name the people of an answer in the middle of a sentence: people, or children aged 0 to 4."""
    return lower_first(ages_words(ages)) if ages else EVERYONE


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


def notes_of(edition: Edition, figures: AccessFigures, service: dict[str, Any], who: str) -> list[str]:
    """Say what a reader has to know: where times and supply come from, what is not known, who is counted."""
    question, basis = figures.asked, edition.time_basis(figures.asked.mode)
    found = [f"Times {MODE_WORDS[question.mode]}: {basis}. {NOT_PEOPLE}"]
    found.append(f"Supply: {service['supply']}")
    if question.demand != "eligible":
        found.append(f"Supply is shared among: {DEMANDS[question.demand]}.")
    if question.demand == "targeting":
        found.append("Where there is no need score, and outside the place, people count as the average does.")
    found += _whose_demand(edition, figures, EVERYONE if question.demand == "people" else who)
    unknown = int((~figures.known).sum())
    if unknown:
        found.append(
            f"Not known here: {unknown:,} neighbourhoods where the list of {service['plural']} is not known to be "
            "complete, or the time is not known. They are left out, not counted as 0."
        )
    if figures.demand_unknown:
        found.append(
            f"How many people share the supply is not known in {figures.demand_unknown:,} neighbourhoods, so "
            "each person's share is not known there, nor anywhere that uses the same sites."
        )
    if service["old"]:
        found.append(f"The list of {service['plural']} is years old.")
    out = int(np.isposinf(figures.nearest_min).sum())
    if out and MEASURES[question.measure].better < 0:
        found.append(f"{out:,} neighbourhoods out of reach have no minutes: averages and the line are over the others.")
    return [*found, *(f"Need is taken without {part['name']}: {part['why']}." for part in figures.need.left_out)]


def _whose_demand(edition: Edition, figures: AccessFigures, who: str) -> list[str]:
    if edition.network is not None and figures.asked.mode == "transit":
        return [OTHERS_LEFT_OUT]
    if not figures.surrounded:
        return [NOT_SURROUNDED]
    if figures.others < HALF:
        return []
    said = f"{figures.others:,.0f} {who} outside this area can reach the same sites and share their supply."
    return [said, *([OTHERS_ESTIMATED] if edition.network is not None else [])]
