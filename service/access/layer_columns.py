"""The map layer of access: its columns, its words and its classes, the same for map, picture, GeoJSON and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.access_classes import AccessClasses, access_classes
from layers.map_layers import MapLayer, map_layer
from service.access.figures import COLUMNS, AccessFigures, access_figures, nearest_names
from service.access.requests import DEMANDS, AccessAsked, asked, counted_names
from service.queries import BadQuery
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

AMONG = "among the neighbourhoods asked for: the whole place, or those of within="
ABOUT = {
    "access_demand": "People who share what is in reach, as asked for",
    "need_fifth_without_access": "Fifth of neighbourhoods by need, without indicators of access and supply, "
    f"{AMONG}; 1 is the greatest need",
    "access_status": "in reach: a site is within the minutes asked for; further: the nearest takes longer; out of "
    "reach: no site can be reached at all; not known here: the list of sites is not complete, or it is not known where "
    "people live",
    "nearest_site_id": "Code of the nearest site",
    "nearest_site": "Name of the nearest site",
    "nearest_min": "Minutes to the nearest site from where people live on average, also beyond the minutes asked for; "
    "empty where none can be reached or it is not known",
    "sites_within": "Sites within the minutes asked for; 0 is none, empty is not known",
    "access_2sfca": "Supply per 1,000 people within the minutes asked for, shared with everyone who reaches it (2SFCA)",
    "access_e2sfca": "Supply per 1,000 people, shared with everyone who reaches it; up to 10 minutes it counts whole, "
    "to 20 by 0.68, to 30 by 0.22 (E2SFCA)",
    "access_fifth": f"Fifth of neighbourhoods by the measure asked for, {AMONG}; 1 is the worst access",
    "access_class": "Class on the map; 1 is the worst access",
}
NAMES = tuple(ABOUT)
ALSO = ({"column": "nearest_site", "name": "Nearest"},)  # what a map says of a neighbourhood beside its figure
TEXT = ("access_status", "nearest_site_id", "nearest_site")
WHOLE = ("need_fifth_without_access", "sites_within", "access_fifth", "access_class")
NONE_IS_ZERO = ("need_fifth_without_access", "access_fifth")
DECIMALS = {"access_demand": 1, "nearest_min": 1, "access_2sfca": 3, "access_e2sfca": 3}
TITLES = {
    "nearest": "{plural}: time to the nearest",
    "within": "{plural} within {minutes} minutes",
    "2sfca": "{plural} for each 1,000 people, within {minutes} minutes",
    "e2sfca": "{plural} for each 1,000 people, near ones counting more",
}
VALUE_NAMES = {
    "nearest": "Time to the nearest",
    "within": "Within {minutes} minutes",
    "2sfca": "For each 1,000 people",
    "e2sfca": "For each 1,000 people",
}
FOR_PROGRAMS = (
    "GET the same address with within=lad:CODE; on the command line give --within lad:CODE, or use evenreach access."
)
UNITS = {"nearest": "minutes", "within": "", "2sfca": "", "e2sfca": ""}


def layer_of(edition: Edition, view: View) -> MapLayer:
    """Give the layer ``access`` of a view, with the names of its classes."""
    found = access_figures(edition, view)
    question = found.asked
    return map_layer(
        "access",
        indicator={
            "id": COLUMNS[question.measure],
            "title": title(edition, question),
            "name": VALUE_NAMES[question.measure].format(minutes=question.minutes),
            "unit": UNITS[question.measure],
            "decimals": question.measured.decimals,
            "polarity": -question.measured.better,
            "about": how_measured(edition, question),
            "labels": classes_of(found).labels,
        },
    )


def classes_of(found: AccessFigures) -> AccessClasses:
    """Put the measure asked for in classes."""
    return access_classes(found.value, measure=found.asked.measure, decimals=found.asked.measured.decimals)


def column(edition: Edition, view: View, name: str) -> Any:
    """Return one column of the layer over the rows of a view.

    Returns
    -------
    array or list, shape (n,)
        NaN, 0 of fifths and an empty text mean not known; minutes are NaN where no site is in reach too.
    """
    found = access_figures(edition, view)
    if name in COLUMNS.values():
        values = getattr(found, name)
        return np.where(np.isinf(values), np.nan, values)
    if name in ("nearest_site_id", "nearest_site"):
        key = "site_id" if name == "nearest_site_id" else "name"
        return [str((site or {}).get(key) or "") for site in nearest_names(edition, found)]
    if name == "access_class":
        return classes_of(found).numbers
    return {
        "access_demand": found.demand,
        "need_fifth_without_access": found.need.fifth,
        "access_status": found.status,
        "access_fifth": found.fifth,
    }[name]


def title(edition: Edition, question: AccessAsked) -> str:
    """Name what the layer shows."""
    _, plural = counted_names(edition, question)
    return TITLES[question.measure].format(plural=plural, minutes=question.minutes)


def how_measured(edition: Edition, question: AccessAsked) -> str:
    """Say in one or two sentences how people travel, and what the times rest on."""
    said = f"Times {MODE_WORDS[question.mode]}: {edition.time_basis(question.mode)}."
    if question.accepting:
        said += f" Only sites known to take new NHS patients count ({question.accepting})."
    return said


def facts_of(edition: Edition, view: View) -> dict[str, Any]:
    """Return what an answer says of the layer: what was asked, nothing left out, and what the times rest on."""
    question = asked(edition, view)
    return {
        "service": question.service,
        "service_name": edition.service(question.service)["name"],
        "mode": question.mode,
        "minutes": question.minutes,
        "measure": question.measure,
        "demand": question.demand,
        "accepting": question.accepting or None,
        "time_basis": edition.time_basis(question.mode),
        "title": title(edition, question),
    }


def words_of(edition: Edition, view: View) -> list[str]:
    """Say in sentences what a file of the layer shows."""
    question = asked(edition, view)
    return [
        f"Service: {edition.service(question.service)['plural']}. {how_measured(edition, question)}",
        f"Minutes asked for: {question.minutes}. Those who share what is in reach: {DEMANDS[question.demand]}",
    ]


def check_area(edition: Edition, view: View) -> None:
    """Refuse to work out access for all of a large place while somebody waits for a page.

    Raises
    ------
    BadQuery
        If the place is large and no area of it was chosen.
    """
    if edition.large and not view.within:
        said = f"{edition.place['name']} has {edition.count:,} neighbourhoods: too many for one map of access."
        raise BadQuery("within", f"{said} Choose one council.", hint=FOR_PROGRAMS)
