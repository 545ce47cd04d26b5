"""Whom a map has to credit: the publishers of the figures, of the ground and of the sites that stand on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from geodata.services import giving, load_services, sources_of
from service.access.requests import asked
from service.drawing.features import shown_indicator
from service.editions.credits import AREAS, sentences_of
from service.editions.views import ACCESS
from service.pages.wording import credits_once

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

GROUND = "streets"
PLACED = "postcodes"  # what a site without a place of its own is put on the map by
BESIDE = {"dental": ("dental_pages",), "gp": ("gp_registrations", "patients_per_gp")}
"""What the sites of a service say of themselves beside their list."""


def map_credits(edition: Edition, view: View) -> list[str]:
    """Give the sentences that the areas and the ground of a map have to carry.

    Parameters
    ----------
    edition, view : Edition, View
        As for `service.pages.map.map_page`.
    """
    figures = _sentences(edition, AREAS) if view.layer == "sites" else sentences_of(edition, _whole(edition, view))
    ground = _sentences(edition, [GROUND]) if edition.network else []
    return credits_once([*figures, *ground])


def site_credits(edition: Edition, services: Iterable[str], before: Iterable[str] = ()) -> list[str]:
    """Give the sentences that sites on a map have to carry beside those that stand there already.

    Parameters
    ----------
    edition : Edition
        An open edition.
    services : iterable of str
        Whose sites are shown; none need no sentence. Those of own lists have no source.
    before : iterable of str
        What `map_credits` gave.
    """
    kinds, known = list(dict.fromkeys(kind for service in services for kind in giving(service))), load_services()
    lists = sources_of(known[kind] for kind in kinds if kind in known)
    names = [*lists, *(name for kind in kinds for name in BESIDE.get(kind, ())), *([PLACED] if lists else [])]
    there = set(before)
    return [sentence for sentence in credits_once(_sentences(edition, names)) if sentence not in there]


def _whole(edition: Edition, view: View) -> View:
    """Fill in what a view leaves to the usual: the indicator shown, the service asked about."""
    if view.layer == "indicator":
        return view.but(indicator=shown_indicator(edition, view))
    return view.but(service=asked(edition, view).service) if view.layer == ACCESS else view


def _sentences(edition: Edition, names: Iterable[str]) -> list[str]:
    used = {str(source["id"]): source for source in edition.sources if source.get("status") == "used"}
    return [str(used[name]["attribution"]) for name in dict.fromkeys(names) if name in used]
