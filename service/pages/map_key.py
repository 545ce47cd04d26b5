"""The key of a map's sites: each service with its symbol, how many sites it has here, and whether that is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.map_layers import SITE_SYMBOLS, site_symbols
from service.access.requests import asked
from service.editions.services import takes_new
from service.editions.views import ACCESS, DEFAULT_RHO
from service.memory import Memory

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

FAMILY_PLACES = ("family_hub", "childrens_centre")
KEYS_REMEMBERED = 300  # views
CROWDED = 60
"""A map of scores starts with family hubs and children's centres, unless there are more of them than this."""


@dataclass(frozen=True)
class ServiceKey:
    """One service in the key of the sites."""

    id: str
    name: str
    colour: str
    path: str
    count_text: str
    shown: bool


def keys_of(edition: Edition, view: View, service: str) -> list[ServiceKey]:
    """List the services of a map with their sites: the same at every dial, so that they are counted once."""

    def counted() -> list[ServiceKey]:
        """Count them."""
        whole = view.layer in ("sites", ACCESS) or bool(service)
        return service_keys(edition, view, shown_sites(edition, view, service), all_shown=whole)

    same = view.but(rho=DEFAULT_RHO, weights="", edition="")
    return _KEYS.get((edition.serial, same, service), counted)


def shown_sites(edition: Edition, view: View, service: str) -> list[int]:
    """Rows of the sites of one service or of all; on the layer of access of those that give the service asked about."""
    if view.layer == ACCESS:
        question = asked(edition, view)
        return edition.site_rows(question.service, accepting=question.accepting)
    listed, accepting = edition.sites(), accepting_of(view)
    rows = edition.site_columns.rows_of(service) if service else list(range(len(listed)))
    return [row for row in rows if takes_new(listed[row], accepting)] if accepting else rows


def accepting_of(view: View) -> str:
    """Name the ages whose being taken narrows the sites of a map; on maps of scores nothing does."""
    return view.accepting if view.layer in ("sites", ACCESS) else ""


def services_of(edition: Edition) -> set[str]:
    """Name the services whose sites can be shown: those with a symbol of their own, and those of own lists."""
    return set(SITE_SYMBOLS) | {str(site["service"]) for site in edition.own.sites}


def service_keys(edition: Edition, view: View, sites: list[int], *, all_shown: bool) -> list[ServiceKey]:
    """List the services of a map.

    Parameters
    ----------
    edition, view : Edition, View
        The footprint's own sites are counted where the view has one, else those of the place.
    sites : list of int
        Those that can be shown, outside the place too, by row in ``edition.sites()``.
    all_shown : bool
        Every box starts ticked.
    """
    kinds = edition.site_kinds
    inside = Counter(kinds[row] for row in _inside(edition, view, sites))
    listed = {kinds[row] for row in sites}
    return [
        ServiceKey(
            id=service,
            name=symbol.plural,
            colour=symbol.colour,
            path=symbol.path,
            count_text=count_words(inside[service], _list_is_whole(edition, view, service)),
            shown=all_shown or (service in FAMILY_PLACES and inside[service] <= CROWDED),
        )
        for service, symbol in site_symbols(listed).items()
    ]


def _inside(edition: Edition, view: View, sites: list[int]) -> list[int]:
    """Take the sites in what is shown: the place, or its footprint."""
    columns, rows = edition.site_columns, np.array(sites, dtype=np.int64)
    if not view.within:
        return [int(row) for row in rows[columns.inside[rows]]]
    return [int(row) for row in rows[np.isin(columns.areas[rows], edition.rows_within(view.within))]]


def _list_is_whole(edition: Edition, view: View, service: str) -> bool:
    """Tell whether all sites of a service are known in what is shown."""
    return bool(edition.complete_rows(service)[edition.rows_within(view.within)].all())


def count_words(count: int, whole: bool) -> str:
    """Say how many sites are here; where the list is not whole, that more may be."""
    if whole:
        return f"{count:,} here"
    return f"{count:,} listed, list not complete" if count else "not known here"


_KEYS: Memory[list[ServiceKey]] = Memory(KEYS_REMEMBERED, 1, lambda _: 1)
