"""The form of the access page: its choices, and what a person typed that could not be used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from geodata.errors import UnknownService
from service.access.requests import (
    DEMANDS,
    MEASURES,
    AccessAsked,
    asked,
    canonical,
    listed_as_taking,
    usual_focus,
    usual_mode,
    usual_service,
)
from service.editions.views import ACCESS, ACCESS_WORDS, View
from service.pages.planner import footprint_choices
from service.pages.siting_lists import count_words
from service.pages.wording import ages_words, upper_first
from service.queries import BadQuery
from service.travel.edition_times import MODE_WORDS, UnknownMode
from service.web.dependencies import Forgiven, Slip, ViewWords, forgiven_view

if TYPE_CHECKING:
    from service.editions.edition import Edition

SLIPS = {
    "service": "Choose a service from the list: this place has none of that name",
    "mode": "Choose one way to travel from the list",
    "minutes": "Enter a whole number of minutes from 1 to 60",
    "measure": "Choose what the map shows from the list",
    "demand": "Choose who shares what is in reach from the list",
    "accepting": "Choose which practices count from the list",
}
FOLDED = ("measure", "demand", "accepting", "focus")
ALL_COUNT = "Which of these sites take new NHS patients is not listed. All of them are counted."
MEASURE_TITLES = {
    "nearest": "How long to the nearest",
    "within": "How many within the minutes above",
    "2sfca": "How much for each 1,000 people, within the minutes above",
    "e2sfca": "How much for each 1,000 people, near ones counting more",
}
DEMAND_TITLES = {
    "eligible": "{}, as the focus counts",
    "people": "Everyone who lives here",
    "targeting": "The same people, more weight where need is greater",
}
ACCEPTING_TITLES = {
    "": "All practices",
    "children": "Only those known to take new child NHS patients",
    "adults": "Only those known to take new adult NHS patients",
}


async def forgiven_access(opened: Edition, words: ViewWords) -> Forgiven:
    """Give the view of the access form, layer ``access``: a slip of any field is named, not refused.

    Raises
    ------
    BadQuery, UnknownFocus, UnknownIndicator
        For what no person types into the form.
    """
    slips = []
    for name in ACCESS_WORDS:
        fault = _fault(opened, words, name)
        if fault is not None:
            slips.append(fault)
            words = replace(words, **{name: ""})
    words = replace(words, focus=words.focus or usual_focus(opened, words.service, words.accepting))
    found = await forgiven_view(opened, words)
    return Forgiven(found.view.but(layer=ACCESS), [*slips, *found.slips])


def _fault(opened: Edition, words: ViewWords, name: str) -> Slip | None:
    """Say what is wrong with one access word, if anything; those after it are left out of the trial."""
    given = getattr(words, name)
    if not given:
        return None
    before = ACCESS_WORDS[: ACCESS_WORDS.index(name) + 1]
    try:
        canonical(opened, {word: getattr(words, word) if word == name else "" for word in ACCESS_WORDS})
    except BadQuery:
        return Slip(name, SLIPS[name])
    if name == "accepting" and words.accepting not in listed_as_taking(opened, words.service or usual_service(opened)):
        return Slip(name, ALL_COUNT, wrong=False)
    try:
        asked(opened, View(place=opened.place["id"], **{word: getattr(words, word) for word in before}))
    except (BadQuery, UnknownService, UnknownMode):
        return Slip(name, SLIPS[name])
    return None


def access_form(edition: Edition, view: View, question: AccessAsked, errors: list[dict[str, str]]) -> dict[str, Any]:
    """Gather the choices of the form, the chosen ones marked.

    Parameters
    ----------
    edition, view
        The edition and the view shown.
    question : AccessAsked
        The view's access words with nothing left out.
    errors : list of dict
        ``text`` and ``href`` of each field at fault.

    Returns
    -------
    dict
        For ``parts/access_form.html``.
    """
    faults = {error["href"].removeprefix("#"): error["text"] for error in errors}
    takes = listed_as_taking(edition, question.service)
    usual = edition.focuses[usual_focus(edition, question.service, question.accepting)]
    focuses = [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()]
    ages = ages_words(edition.focuses[view.focus]["ages"])
    kept = View(view.place, rho=view.rho, edition=view.edition, weights=view.weights)
    return {
        "address": f"/places/{view.place}/access",
        "hidden": parse_qsl(kept.query()),
        "services": [choice(entry["id"], _service_text(entry), question.service) for entry in edition.services()],
        "modes": _modes(edition, view, question),
        "minutes": str(question.minutes),
        "measures": [choice(name, MEASURE_TITLES[name], question.measure) for name in MEASURES],
        "demands": [choice(name, DEMAND_TITLES[name].format(ages), question.demand) for name in DEMANDS],
        "accepting": _accepting(takes, question.accepting),
        "focuses": [{"id": "", "title": f"The usual: {usual['title']}"}, *focuses],
        "focus": "" if edition.focuses[view.focus] is usual else view.focus,
        "footprints": footprint_choices(edition, view),
        "faults": faults,
        "more": bool(set(FOLDED) & set(faults)) or bool(view.measure or view.demand or view.accepting),
    }


def choice(value: str, text: str, chosen: str) -> dict[str, Any]:
    """One choice of a list, as the page's macros take it."""
    return {"value": value, "text": text, "selected": value == chosen}


def _service_text(entry: dict[str, Any]) -> str:
    """Name a service with how many sites are here, or why that is not known."""
    return f"{entry['plural']} ({count_words(entry)}{', old list' if entry['old'] else ''})"


def _modes(edition: Edition, view: View, question: AccessAsked) -> list[dict[str, Any]]:
    """Choices of how to travel, first the way that is usual for the service, which follows when that is changed."""
    usual = MODE_WORDS[usual_mode(edition, question.service)]
    first = choice("", f"The usual way: {usual}", view.mode)
    return [first, *(choice(mode, _mode_text(edition, mode), view.mode) for mode in edition.modes())]


def _mode_text(edition: Edition, mode: str) -> str:
    words = upper_first(MODE_WORDS[mode])
    return words if edition.network else f"{words} (estimated)"


def _accepting(takes: tuple[str, ...], chosen: str) -> list[dict[str, Any]]:
    """Choices of which practices count; none where no list says who takes new patients."""
    if not takes:
        return []
    names = [name for name in ACCEPTING_TITLES if not name or name in takes]
    return [choice(name, ACCEPTING_TITLES[name], chosen) for name in names]
