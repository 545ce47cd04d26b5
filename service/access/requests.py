"""What a reader asks about access: a service, a way to travel, minutes, a measure, whose demand; read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from service.editions.services import ACCEPTING
from service.editions.views import DEFAULT_FOCUS, USUAL_SERVICE
from service.queries import BadQuery, read_name
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.editions.edition import Edition
    from service.editions.views import View

DEFAULT_MINUTES = 20
MOST_MINUTES = 60
MINUTES = "[1-9]|[1-5][0-9]|60"
MODES = tuple(MODE_WORDS)
DEMANDS = {
    "eligible": "people of the ages that the focus counts",
    "people": "all residents",
    "targeting": "people of the ages that the focus counts, counted more where need is greater",
}
DEFAULT_DEMAND = "eligible"


class Measure(NamedTuple):
    """One way to measure access: what it is called, its unit, and whether a high figure is good (+1) or bad (-1)."""

    name: str
    unit: str
    better: int
    decimals: int


MEASURES = {
    "nearest": Measure("Time to the nearest site", "minutes", -1, 1),
    "within": Measure("Sites within {minutes} minutes", "sites", 1, 0),
    "2sfca": Measure("Supply in reach, shared with others within {minutes} minutes (2SFCA)", "per 1,000 people", 1, 3),
    "e2sfca": Measure(
        "Supply in reach, shared with others, near sites counting more (E2SFCA)", "per 1,000 people", 1, 3
    ),
}
DEFAULT_MEASURE = "nearest"
ADULT = 18
NEW_PATIENTS = {"children": "child", "adults": "adult"}
NONE_LISTED = "Leave accepting out, or ask for dental practices."


@dataclass(frozen=True)
class AccessAsked:
    """A question about access with nothing left out.

    Attributes
    ----------
    service, mode, measure, demand : str
        As `Edition.services`, `Edition.modes`, `MEASURES` and `DEMANDS` name them.
    minutes : int
        T, 1 to 60: for sites within T and for 2SFCA. E2SFCA has its own steps.
    accepting : {"", "children", "adults"}
        Count only sites known to take new NHS patients of these ages.
    """

    service: str
    mode: str
    minutes: int
    measure: str
    demand: str
    accepting: str

    @property
    def measured(self) -> Measure:
        """The measure, its name with the minutes in it."""
        found = MEASURES[self.measure]
        return found._replace(name=found.name.format(minutes=self.minutes))


def asked(edition: Edition, view: View) -> AccessAsked:
    """Fill in what a view leaves to the usual, and check that the edition has it.

    Raises
    ------
    UnknownService, UnknownMode
        If the edition has no site of the service, or no times for the mode.
    BadQuery
        If a word cannot be read, or the service has no list of who accepts new patients of these ages.
    """
    service = read_name("service", view.service) or usual_service(edition)
    mode = read_mode(view.mode) or usual_mode(edition, service)
    accepting = _one_of("accepting", view.accepting, ACCEPTING)
    found = edition.service(service)
    edition.time_basis(mode)
    if accepting and accepting not in (listed := listed_as_taking(edition, service)):
        which = f"new {NEW_PATIENTS[accepting]} NHS patients" if listed else "new NHS patients"
        said = f"{found['plural']}: which of them take {which} is not listed."
        hint = f"Leave accepting out, or give {' or '.join(listed)}." if listed else NONE_LISTED
        raise BadQuery("accepting", said, hint=hint)
    return AccessAsked(
        service=service,
        mode=mode,
        minutes=int(read_minutes(view.minutes) or DEFAULT_MINUTES),
        measure=_one_of("measure", view.measure, MEASURES) or DEFAULT_MEASURE,
        demand=_one_of("demand", view.demand, DEMANDS) or DEFAULT_DEMAND,
        accepting=accepting,
    )


def listed_as_taking(edition: Edition, service: str) -> tuple[str, ...]:
    """Name the ages of whom it is listed, for any site of a service, whether it takes new NHS patients."""
    sites = edition.sites(service)
    return tuple(who for who in ACCEPTING if any(site.get(f"accepting_{who}") is not None for site in sites))


def says_who_accepts(edition: Edition, service: str) -> bool:
    """Tell whether it is listed for any site of a service if it takes new NHS patients."""
    return bool(listed_as_taking(edition, service))


def counted_names(edition: Edition, question: AccessAsked) -> tuple[str, str]:
    """Name one of the sites that count, and several: dental practices known to take new child NHS patients."""
    facts = edition.service(question.service)
    takes = f" known to take new {NEW_PATIENTS[question.accepting]} NHS patients" if question.accepting else ""
    return f"{facts['name']}{takes}", f"{facts['plural']}{takes}"


def usual_service(edition: Edition) -> str:
    """Name the service of a view that names none: GP practices, else the first that the place has."""
    names = [entry["id"] for entry in edition.services()]
    return USUAL_SERVICE if USUAL_SERVICE in names or not names else str(names[0])


def usual_mode(edition: Edition, service: str = "") -> str:
    """Name the way to travel of a view that names none: the service's usual one, else the first of the edition."""
    return edition.usual_mode(service or usual_service(edition))


def usual_focus(edition: Edition, service: str = "", accepting: str = "") -> str:
    """Name the focus of a view of access that names none: the one that says whom the service is for.

    Parameters
    ----------
    service, accepting : str
        As asked for. Of practices that take adults a focus on children says nothing.
    """
    focus = edition.usual_focus(service or usual_service(edition))
    ages = edition.focuses.get(focus, {}).get("ages") or None
    for_children = ages is not None and int(ages[1]) < ADULT
    return DEFAULT_FOCUS if accepting == "adults" and for_children else focus


def canonical(edition: Edition, words: dict[str, str]) -> dict[str, str]:
    """Read the access words of an address for a `View`: each checked, the usual ones left empty.

    Parameters
    ----------
    words : dict
        ``mode``, ``minutes``, ``measure``, ``demand``, ``accepting`` and ``service`` as they came, "" = not given.

    Returns
    -------
    dict
        The same keys. The service stays as given: an empty one means all of them on other layers.

    Raises
    ------
    BadQuery
        If one cannot be read.
    """
    usual = {
        "mode": usual_mode(edition, words["service"]) if words["mode"] else "",
        "minutes": str(DEFAULT_MINUTES),
        "measure": DEFAULT_MEASURE,
        "demand": DEFAULT_DEMAND,
    }
    read = {
        "service": read_name("service", words["service"]),
        "mode": read_mode(words["mode"]),
        "minutes": read_minutes(words["minutes"]),
        "measure": _one_of("measure", words["measure"], MEASURES),
        "demand": _one_of("demand", words["demand"], DEMANDS),
        "accepting": _one_of("accepting", words["accepting"], ACCEPTING),
    }
    return {name: "" if text == usual.get(name) else text for name, text in read.items()}


def read_mode(text: str) -> str:
    """Read one way to travel; several at once are refused."""
    if "," in text:
        said = f"mode is {text[:40]!r}: an answer holds one way to travel, so that no two are compared by mistake."
        hint = "Give one mode. Without a street network all are the same straight line, at different speeds."
        raise BadQuery("mode", said, hint=hint)
    return _one_of("mode", text, MODES)


def read_minutes(text: str) -> str:
    """Read a number of minutes: a whole number from 1 to 60, without leading zeros; empty for the usual."""
    if text and not (text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 3):
        _refuse("minutes", text, f"a whole number from 1 to {MOST_MINUTES}")
    if text and int(text) > MOST_MINUTES:
        _refuse("minutes", text, f"a whole number from 1 to {MOST_MINUTES}")
    return text


def _one_of(parameter: str, text: str, choices: Collection[str]) -> str:
    if text and text not in choices:
        _refuse(parameter, text, f"one of {', '.join(choices)}")
    return text


def _refuse(parameter: str, text: str, wanted: str) -> None:
    raise BadQuery(parameter, f"{parameter} is {text[:40]!r}; expected {wanted}.", hint=f"Give {wanted}.")
