"""What the siting page shows: the form with its sites and candidates, and the plan it led to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from geodata.services import giving
from service.pages.planner import area_name, footprint_choices
from service.pages.ranked_table import question
from service.pages.siting_result import OBJECTIVES
from service.pages.wording import fixed
from service.siting.requests import (
    LISTED,
    MINUTES_DEFAULT,
    MODE_DEFAULT,
    NEW,
    OWN,
    SITE,
    Asked,
    minutes_text,
    read_point,
)
from service.web.queries import BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.web.dependencies import Slip

DEMANDS = {
    "people": "Everybody who lives here",
    "eligible": "The ages the service is for",
    "targeting": "These ages, and more where need is greater",
}
MODES = {"walk": "On foot", "cycle": "By bicycle", "drive": "By car", "transit": "By public transport"}
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
MOST_LISTED = 300


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
    chosen = asked.service or _first(services)
    existing = _sites(edition, view, chosen)
    candidates = _candidates(edition, view, asked, {site["site_id"] for site in existing})
    return {
        "heading": f"Choose sites in {area_name(edition, view)}",
        "errors": errors,
        "form": {
            "address": f"/places/{view.place}/siting",
            "point_address": f"/places/{view.place}/siting/points",
            "faults": {each["href"].removeprefix("#"): each["text"] for each in errors},
            "service": _title(services, chosen),
            "services": _service_options(services, chosen),
            "add": asked.add or "1",
            "objective": asked.objective or "mean",
            "objectives": [{"value": name, "text": title, "hint": why} for name, (title, why) in OBJECTIVES.items()],
            "minutes": asked.minutes or minutes_text(MINUTES_DEFAULT),
            "demands": _options(DEMANDS, asked.demand or "people"),
            "modes": _mode_options(edition, asked.mode or MODE_DEFAULT),
            "time_basis": edition.time_basis(_mode(edition, asked.mode)),
            "focuses": [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()],
            "footprints": footprint_choices(edition, view),
            "existing": [_existing(view, site, asked, chosen) for site in existing],
            "candidate_lists": _candidate_lists(edition, services, asked, chosen),
            "candidates": candidates,
            "ruled_out": sum(site["forbidden"] for site in candidates),
            "singles": [value for value in asked.candidates if value.startswith(SITE)],
            "points": [_point(text, number) for number, text in enumerate(_filled(asked.point), 1)],
            "growth": _filled(asked.growth),
            "capacity": next((text.removeprefix(EACH) for text in asked.capacity if text.startswith(EACH)), ""),
            "other_capacities": [text for text in _filled(asked.capacity) if not text.startswith(EACH)],
            "keep": _kept(edition, asked),
            "too_large": edition.large and not view.within,
            "state": state_query(view, asked),
            "more": _more(view, asked, errors),
        },
    }


def state_query(view: View, asked: Asked) -> str:
    """Write the form as it stands as a query string: what the postcode's own form carries along."""
    names = ("service", "add", "objective", "demand", "minutes", "mode")
    single = [(name, getattr(asked, name)) for name in names]
    lists = ("candidates", "close", "keep", "forbid", "point", "capacity", "growth")
    many = [(name, text) for name in lists for text in getattr(asked, name)]
    return "&".join(filter(None, (view.query(), urlencode([pair for pair in (*single, *many) if pair[1]]))))


def as_asked(asked: Asked) -> Asked:
    """Read what people type into the form in the words of an address: a bare number of people is that of each site."""
    bare = [text.strip().replace(",", "") for text in asked.capacity]
    return replace(asked, capacity=[f"{EACH}{text}" if text.isascii() and text.isdigit() else text for text in bare])


def _plain(error: BadQuery) -> str:
    """Say what is wrong by the names that the form gives its fields."""
    said = str(error)
    label = LABELS.get(error.parameter)
    if label and said.startswith(f"{error.parameter} is "):
        said = label + said.removeprefix(error.parameter)
    return f"{said[:1].upper()}{said[1:]} {error.hint}".strip()


def _first(services: Sequence[dict[str, Any]]) -> str:
    """Name the service that the form begins with: Family Hubs where there are any."""
    names = [entry["id"] for entry in services]
    return "family_hub" if "family_hub" in names else (names[0] if names else NEW)


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
            "text": f"{entry['plural']} ({fixed(entry['inside'])} here)",
            "selected": entry["id"] == chosen,
        }
        for entry in services
    ]
    return [*options, {"value": NEW, "text": "Something new, with no site yet", "selected": chosen == NEW}]


def _sites(edition: Edition, view: View, service: str) -> list[dict[str, Any]]:
    """Sites of a service inside the area of the view, by name; none where there are too many to choose among."""
    if edition.large and not view.within:
        return []
    kinds = set(giving(service))
    found = [
        site for site in edition.sites(within=view.within) if site["service"] in kinds and site.get("inside", True)
    ]
    return sorted(found, key=lambda site: (str(site["name"]), str(site["site_id"])))


def _candidates(edition: Edition, view: View, asked: Asked, existing: set[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in asked.candidates:
        if not name.startswith(SITE):
            found |= {str(site["site_id"]): site for site in _listed(edition, view, name)}
    sites = sorted(found.values(), key=lambda site: (str(site["name"]), str(site["site_id"])))
    shown = [site for site in sites if site["site_id"] not in existing][:MOST_LISTED]
    return [{**_named(site), "forbidden": site["site_id"] in asked.forbid} for site in shown]


def _listed(edition: Edition, view: View, name: str) -> list[dict[str, Any]]:
    """Sites inside the area of the view that one word for candidates means."""
    if not name.startswith(OWN):
        return _sites(edition, view, name)
    own = [site for site in edition.sites(within=view.within) if site.get("own") == name.removeprefix(OWN)]
    return [site for site in own if site.get("inside", True)]


def _kept(edition: Edition, asked: Asked) -> list[dict[str, str]]:
    """Name the sites that an address keeps open whatever comes."""
    names = {str(site["site_id"]): str(site["name"]) for site in edition.sites()} if asked.keep else {}
    return [{"id": text, "name": names.get(text, text)} for text in _filled(asked.keep)]


def _existing(view: View, site: dict[str, Any], asked: Asked, service: str) -> dict[str, Any]:
    closing = Asked(service=service, add="-1", close=[site["site_id"]], **_shared(asked))
    return {
        **_named(site),
        "closable": site["site_id"] in asked.close,
        "closing": f"/places/{view.place}/siting{question(state_query(view, closing))}",
    }


def _shared(asked: Asked) -> dict[str, Any]:
    """Fields that a closure keeps of the form."""
    return {name: getattr(asked, name) for name in ("objective", "demand", "minutes", "mode", "growth")}


def _named(site: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(site["site_id"]),
        "name": str(site["name"]),
        "postcode": str(site.get("postcode") or ""),
        "lon": site["lon"],
        "lat": site["lat"],
    }


def _candidate_lists(
    edition: Edition, services: Sequence[dict[str, Any]], asked: Asked, chosen: str
) -> list[dict[str, Any]]:
    """Offer every list with sites here that are not all of the service itself: services, and lists of users."""
    others = [entry for entry in services if not entry["own"] and not {*giving(entry["id"])} <= {*giving(chosen)}]
    lists = [(entry["id"], entry["plural"], entry["inside"]) for entry in others]
    own = Counter(str(site["own"]) for site in edition.own.sites if site.get("inside", True))
    lists += [(f"{OWN}{name}", f"Your own list: {name}", count) for name, count in sorted(own.items())]
    return [
        {"value": value, "text": f"{title} ({fixed(count)} here)", "checked": value in asked.candidates}
        for value, title, count in lists
        if count
    ]


def _mode(edition: Edition, mode: str) -> str:
    return mode if mode in edition.modes() else edition.modes()[0]


def _mode_options(edition: Edition, chosen: str) -> list[dict[str, Any]]:
    return _options({mode: MODES.get(mode, mode) for mode in edition.modes()}, chosen)


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
    return bool(used or LISTED in asked.capacity or view.rho != 3 or faults & {"capacity", "growth", "rho", "mode"})
