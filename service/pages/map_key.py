"""The key of a map's sites: each service with its symbol, how many sites it has here, and whether that is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.map_layers import site_symbols

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

FAMILY_PLACES = ("family_hub", "childrens_centre")
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
