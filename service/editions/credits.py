"""Which published sources a column rests on, and the sentences that a file of some columns has to carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from geodata.services import giving, load_services, sources_of
from service.editions.scoring import LEADING
from service.editions.views import ACCESS
from service.editions.weights import ingredients_of

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

AREAS = ("lsoa21_boundaries", "lsoa21_lookup", "oa21_lookup")
FILE7, BEHIND_RANKS = "iod2025_file7", "iod2025_underlying"
DEPRIVATION = (FILE7,)
RESIDENTS = ("population_mid2022",)
AGES = (*RESIDENTS, "census2021_age", "age_bands_mid2020")  # what `layers.eligible` multiplies
DRAWN = ("rank_low", "rank_high", "top_fifth_chance", "certainty", "certainty_class")
CHILDREN = "idaci_rank"  # where its rate is not published, the rate is found among children of the ages counted
JOURNEYS = ("postcodes", "lsoa21_centroids", "streets", "timetable")
SITES = ("postcodes", "dental_pages", "gp_registrations", "patients_per_gp")
NAMES = ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm")


def sources_behind(edition: Edition, view: View, columns: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Name the sources that each column of a view rests on.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Whose columns they are: the focus, own weights, layer, service and indicator count.
    columns : iterable of str
        Published names.

    Returns
    -------
    dict of str to list of dict
        Facts of the sources that the edition used, the nearest first. A column of a user's own list has none.
    """
    used = {str(source["id"]): source for source in edition.sources if source.get("status") == "used"}
    return {
        name: [used[source] for source in dict.fromkeys(_ids(edition, view, name)) if source in used]
        for name in columns
    }


def credits_for(behind: Mapping[str, list[dict[str, Any]]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Gather the sources of all columns, each once in the order of the columns, and the sentences they ask for."""
    found = {str(source["id"]): source for sources in behind.values() for source in sources}
    return list(found.values()), list(dict.fromkeys(str(source["attribution"]) for source in found.values()))


def sentences_of(edition: Edition, view: View) -> list[str]:
    """Give the sentences that the figures of a view have to carry, without working them out."""
    column = {"imd": "imd_rank", "indicator": view.indicator, "clusters": "cluster"}.get(view.layer)
    columns = (column,) if column else ("eligible", "need_score", *DRAWN)
    return credits_for(sources_behind(edition, view, (*LEADING, *columns)))[1]


def _ids(edition: Edition, view: View, name: str) -> list[str]:
    if view.layer == "sites":
        return [*_lists(view.service), *SITES, *AREAS]
    if name in NAMES:
        return list(AREAS)
    if name == "population":
        return list(RESIDENTS)
    if name == "eligible":
        return list(_ages_of(edition, view))
    if name.startswith("imd_"):
        return list(DEPRIVATION)
    if name in edition.indicators:
        return _of_indicator(edition, name)
    if view.layer == "clusters" and view.indicator:
        return [*_of_indicator(edition, view.indicator), *AREAS]
    if view.layer == ACCESS and name != "need_fifth_without_access":
        return [*_lists(view.service), *SITES, *JOURNEYS, *AGES, *_of_focus(edition, view)]
    return [*_of_focus(edition, view), *(_of_draws(edition, view) if name in DRAWN else ())]


def _of_focus(edition: Edition, view: View) -> list[str]:
    """Give the sources of the indicators that a view scores with, then those of the people they are for."""
    parts = [source for part in ingredients_of(edition, view) for source in _of_indicator(edition, part["indicator"])]
    return [*parts, *_ages_of(edition, view), *AREAS]


def _ages_of(edition: Edition, view: View) -> tuple[str, ...]:
    """Give the sources of the number of people that a focus counts: of everyone, the count of residents alone."""
    return AGES if edition.focuses[view.focus].get("ages") else RESIDENTS


def _of_draws(edition: Edition, view: View) -> list[str]:
    """Give what ranks are drawn from beside the score's own sources: the people behind published ranks."""
    used = [str(part["indicator"]) for part in ingredients_of(edition, view)]
    ranked = any(FILE7 in _of_indicator(edition, name) for name in used)
    return [*((BEHIND_RANKS,) if ranked else ()), *(AGES if CHILDREN in used else ())]


def _of_indicator(edition: Edition, name: str) -> list[str]:
    facts = edition.indicators[name]
    first = [str(source) for source in (facts.get("source"), *facts.get("also", ())) if source]
    return [*first, *(JOURNEYS if facts.get("access") else ())]


def _lists(service: str) -> tuple[str, ...]:
    """Name the lists that sites of a service stand in; those of all services where none is asked for."""
    known = load_services()
    kinds = [known[kind] for kind in giving(service) if kind in known] if service else list(known.values())
    return sources_of(kinds)
