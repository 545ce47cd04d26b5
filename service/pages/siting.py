"""What the siting page shows: the form with its sites and candidates, and the plan it led to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from service.pages.planner import area_name, footprint_choices
from service.pages.ranked_table import question
from service.pages.siting_lists import candidate_lists, count_words, gap_words, listed_words, named, sites_of
from service.pages.siting_result import OBJECTIVES
from service.pages.wording import upper_first
from service.queries import BadQuery
from service.siting.requests import (
    MINUTES_DEFAULT,
    MODE_DEFAULT,
    NEW,
    SITE,
    Asked,
    minutes_text,
    read_point,
    view_query,
)
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.web.dependencies import Slip

DEMANDS = {
    "people": "Everybody who lives here",
    "eligible": "The ages the service is for",
    "targeting": "These ages, and more where need is greater",
}
FIELDS = {
    "service": "service",
    "candidates": "candidates",
    "add": "add",
    "close": "close",
    "keep": "close",
    "forbid": "forbid",
    "objective": "objective",
    "demand": "demand",
    "minutes": "minutes",
    "mode": "mode",
    "point": "point",
    "points": "point",
    "capacity": "capacity",
    "growth": "growth",
    "focus": "focus",
    "within": "within",
    "rho": "rho",
    "postcode": "postcode",
}
LABELS = {
    "add": "“How many more sites?”",
    "minutes": "“Within how many minutes?”",
    "point": "the place of your own",
    "capacity": "“Most people one site can serve”",
    "growth": "“New homes”",
}
EACH = "each:"


def siting_form(
    edition: Edition, view: View, asked: Asked, *, error: BadQuery | None = None, slips: Iterable[Slip] = ()
) -> dict[str, Any]:
    """Gather what the form shows.

    Parameters
    ----------
    edition, view
        The edition and the view.
    asked : Asked
        What was sent, as it came.
    error : BadQuery or None
        Why there is no plan.
    slips : iterable of Slip
        Fields of the view that could not be used.

    Returns
    -------
    dict
        For ``siting.html``: ``heading``, ``form`` and ``errors``.
    """
    errors = [{"text": slip.sentence, "href": f"#{slip.parameter}"} for slip in slips]
    if error is not None:
        errors.append({"text": _plain(error), "href": f"#{FIELDS.get(error.parameter, 'service')}"})
    services = [entry for entry in edition.services() if entry["near"] or entry["inside"]]
    chosen = asked.service or first_service(edition)
    existing = sites_of(edition, view, chosen)
    lists = candidate_lists(edition, view, asked, services, chosen)
    title, gap = _title(services, chosen), gap_words(edition, view, chosen)
    too_large = edition.large and not view.within
    return {
        "heading": f"Choose sites in {area_name(edition, view)}",
        "errors": errors,
        "form": {
            "address": f"/places/{view.place}/siting",
            "point_address": f"/places/{view.place}/siting/points",
            "faults": {each["href"].removeprefix("#"): each["text"] for each in errors},
            "service": title,
            "services": _service_options(services, chosen),
            "add": asked.add or "1",
            "objective": asked.objective or "mean",
            "objectives": [{"value": name, "text": aim, "hint": why} for name, (aim, why) in OBJECTIVES.items()],
            "minutes": asked.minutes or minutes_text(MINUTES_DEFAULT),
            "demands": _options(DEMANDS, asked.demand or "people"),
            "modes": _mode_options(edition, asked.mode or MODE_DEFAULT),
            "time_basis": edition.time_basis(_mode(edition, asked.mode)),
            "focuses": [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()],
            "footprints": footprint_choices(edition, view),
            "existing": [_existing(view, site, asked, chosen) for site in existing],
            "candidate_lists": lists,
            "singles": _other_singles(asked, lists),
            "closing_for_certain": [site for site in asked.forbid if site in asked.close],
            "gap": gap,
            "listed": listed_words(title["plural"], len(existing), lists, gap, too_large=too_large),
            "points": [_point(text, number) for number, text in enumerate(_filled(asked.point), 1)],
            "growth": _filled(asked.growth),
            "capacity": next((text.removeprefix(EACH) for text in asked.capacity if text.startswith(EACH)), ""),
            "other_capacities": [text for text in _filled(asked.capacity) if not text.startswith(EACH)],
            "keep": _kept(edition, asked),
            "too_large": too_large,
            "closures": _closures_address(view, asked, chosen),
            "state": state_query(view, asked),
            "more": _more(view, asked, errors),
        },
    }


def first_service(edition: Edition) -> str:
    """Name the service that the form begins with: Family Hubs where there are any."""
    names = [entry["id"] for entry in edition.services() if entry["near"] or entry["inside"]]
    return "family_hub" if "family_hub" in names else (names[0] if names else NEW)


def state_query(view: View, asked: Asked) -> str:
    """Write the form as it stands as a query string: what the postcode's own form carries along."""
    names = ("service", "add", "objective", "demand", "minutes", "mode")
    single = [(name, getattr(asked, name)) for name in names]
    lists = ("candidates", "close", "keep", "forbid", "point", "capacity", "growth")
    many = [(name, text) for name in lists for text in getattr(asked, name)]
    return "&".join(
        filter(None, (view_query(view, asked.service), urlencode([pair for pair in (*single, *many) if pair[1]])))
    )


def as_asked(asked: Asked) -> Asked:
    """Read what people type into the form in the words of an address: a bare number of people is that of each site."""
    return replace(asked, capacity=[_room(text.strip()) for text in asked.capacity])


def _room(text: str) -> str:
    bare = text.replace(",", "")
    return f"{EACH}{bare}" if bare.isascii() and bare.isdigit() else text


def _plain(error: BadQuery) -> str:
    """Say what is wrong by the names that the form gives its fields."""
    said = str(error)
    label = LABELS.get(error.parameter)
    if label and said.startswith(f"{error.parameter} is "):
        said = label + said.removeprefix(error.parameter)
    return f"{said[:1].upper()}{said[1:]} {error.hint}".strip()


def _title(services: Sequence[dict[str, Any]], chosen: str) -> dict[str, Any]:
    found = next((entry for entry in services if entry["id"] == chosen), None)
    return (
        {"id": chosen, "name": found["name"], "plural": found["plural"]}
        if found
        else {
            "id": chosen,
            "name": "Site",
            "plural": "Sites",
        }
    )


def _service_options(services: Sequence[dict[str, Any]], chosen: str) -> list[dict[str, Any]]:
    options = [
        {
            "value": entry["id"],
            "text": f"{entry['plural']} ({count_words(entry)})",
            "selected": entry["id"] == chosen,
        }
        for entry in services
    ]
    return [*options, {"value": NEW, "text": "Something new, with no site yet", "selected": chosen == NEW}]


def _kept(edition: Edition, asked: Asked) -> list[dict[str, str]]:
    """Name the sites that an address keeps open whatever comes."""
    names = {str(site["site_id"]): str(site["name"]) for site in edition.sites()} if asked.keep else {}
    return [{"id": text, "name": names.get(text, text)} for text in _filled(asked.keep)]


def _existing(view: View, site: dict[str, Any], asked: Asked, service: str) -> dict[str, Any]:
    closing = closing_address(view, replace(asked, service=service), str(site["site_id"]))
    return {**named(site), "closable": site["site_id"] in asked.close, "closing": closing}


def _closures_address(view: View, asked: Asked, service: str) -> str:
    """Give the address that closes each site by itself, all else as it was asked."""
    shared = state_query(view, Asked(service=service, **_shared(asked)))
    return f"/places/{view.place}/siting?{shared}&show=closures"


def closing_address(view: View, asked: Asked, site_id: str) -> str:
    """Give the address that closes one site with nothing in its place, all else as it was asked."""
    closing = Asked(service=asked.service, add="-1", close=[site_id], **_shared(asked))
    return f"/places/{view.place}/siting{question(state_query(view, closing))}"


def _other_singles(asked: Asked, lists: Sequence[dict[str, Any]]) -> list[str]:
    """Give the single sites of an address that stand in none of the lists that are shown."""
    shown = {f"{SITE}{site['id']}" for entry in lists for site in entry["sites"]}
    return [value for value in asked.candidates if value.startswith(SITE) and value not in shown]


def _shared(asked: Asked) -> dict[str, Any]:
    """Fields that a closure keeps of the form."""
    return {name: getattr(asked, name) for name in ("objective", "demand", "minutes", "mode", "growth")}


def _mode(edition: Edition, mode: str) -> str:
    return mode if mode in edition.modes() else edition.modes()[0]


def _mode_options(edition: Edition, chosen: str) -> list[dict[str, Any]]:
    return _options({mode: upper_first(MODE_WORDS[mode]) for mode in edition.modes()}, chosen)


def _options(titles: dict[str, str], chosen: str) -> list[dict[str, Any]]:
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in titles.items()]


def _point(text: str, number: int) -> dict[str, Any]:
    try:
        name, longitude, latitude = read_point(text, number)
    except BadQuery:
        return {"value": text, "name": text, "lon": None, "lat": None}
    return {"value": text, "name": name, "lon": longitude, "lat": latitude}


def _filled(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.strip()]


def _more(view: View, asked: Asked, errors: Sequence[dict[str, str]]) -> bool:
    """Open the further choices where one of them is used, or wrong."""
    faults = {each["href"].removeprefix("#") for each in errors}
    used = (
        asked.capacity or _filled(asked.growth) or asked.demand == "targeting" or asked.mode not in ("", MODE_DEFAULT)
    )
    return bool(used or view.rho != 3 or faults & {"capacity", "growth", "rho", "mode"})
