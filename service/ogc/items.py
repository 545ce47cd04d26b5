"""Features on their way out: a page of them, or one, as GeoJSON with links to what comes before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from service.editions.scoring import METHOD_VERSION
from service.ogc.areas import ScoredNeighbourhoods
from service.ogc.collections import Collection, Features
from service.ogc.documents import GEOJSON, HTML, JSON, Links, in_both_forms, link
from service.ogc.errors import UnknownFeature
from service.ogc.parameters import ItemsQuery
from service.ogc.systems import System

if TYPE_CHECKING:
    from layers.gradient import Counts

PAGE_BYTES = 2 * 2**20
"""A page ends early where it would be longer, boundaries and properties together; the rest is on the next one."""
PAGE_ROWS = 100
"""A page for people has no more features than this."""
AROUND = 80
"""Bytes of a feature beside its geometry and its properties."""


@dataclass(frozen=True)
class Page:
    """Features of one answer.

    Attributes
    ----------
    matched : int
        Features that match the query, on all pages.
    features, index : Features, array of int
        Of the collection, and which of them are on this page.
    system : System
        In which their coordinates are wanted.
    links : list
        To itself, its other form, and the pages before and after it.
    """

    matched: int
    features: Features
    index: Counts
    system: System
    links: Links

    @property
    def returned(self) -> int:
        """Count the features."""
        return len(self.index)

    @property
    def ids(self) -> list[str]:
        """Name the features."""
        return self.features.ids(self.index)

    @property
    def geometries(self) -> list[bytes]:
        """Read the geometries of the features, encoded; whoever asks keeps what it gets."""
        return self.features.geometries(self.index, self.system)

    def records(self) -> list[dict[str, Any]]:
        """Give the properties of the features."""
        return self.features.records(self.index)


def page_of(base: str, collection: Collection, features: Features, query: ItemsQuery, form: str) -> Page:
    """Find the features of a query, and give those of its page."""
    matching = np.flatnonzero(_matches(features, query))
    step = min(query.limit, PAGE_ROWS) if form == "html" else query.limit
    wanted = matching[query.offset : query.offset + step]
    index = wanted[: _fitting(features.sizes(wanted, query.system))]
    before = matching[: query.offset][-step:]
    run = Run(len(matching), step, len(index), _fitting(features.sizes(before, query.system)[::-1]))
    links = _links(f"{base}/collections/{collection.id}", query, form, run, collection.edition.id)
    return Page(len(matching), features, index, query.system, links)


def _matches(features: Features, query: ItemsQuery) -> np.ndarray:
    found = np.ones(len(features), dtype=bool)
    for name, (_, value) in query.asked.items():
        found &= features.matching(name, value)
    if query.boxes:
        found &= reduce(np.logical_or, (features.in_box(box, query.box_system) for box in query.boxes))
    return found


def _fitting(sizes: Counts) -> int:
    """Say how many features of these sizes fit into a page, one at least."""
    return max(1, int(np.searchsorted(np.cumsum(sizes + AROUND), PAGE_BYTES, side="right")))


class Run(NamedTuple):
    """How many features match, a page wants, this page has, and fit into the page before it."""

    matched: int
    step: int
    returned: int
    before: int


def _links(address: str, query: ItemsQuery, form: str, run: Run, edition: str) -> Links:
    """Link a page to itself, its other form and its neighbours; these name the edition, so that all are of one."""
    items, kind = f"{address}/items", GEOJSON if form == "json" else HTML
    other = "html" if form == "json" else "json"
    links = [
        link(f"{items}?{query.query(form=form)}", "self", kind, "This page"),
        link(f"{items}?{query.query(form=other)}", "alternate", HTML if form == "json" else GEOJSON, f"As {other}"),
        link(address + pinned(query.kept), "collection", JSON, "The collection"),
    ]
    if run.returned and query.offset + run.returned < run.matched:
        after = query.query(form=form, offset=query.offset + run.returned, limit=run.step, edition=edition)
        links.append(link(f"{items}?{after}", "next", kind, "Next page"))
    if query.offset and run.matched:
        end = min(query.offset, run.matched)
        size = min(run.step, run.before, end)
        before = query.query(form=form, offset=end - size, limit=size, edition=edition)
        links.append(link(f"{items}?{before}", "prev", kind, "Page before"))
    return links


def pinned(kept: Mapping[str, str]) -> str:
    """Write the query that keeps the edition of an address, if it named one."""
    return f"?{urlencode({'edition': kept['edition']})}" if "edition" in kept else ""


def items_document(collection: Collection, page: Page) -> bytes:
    """Write a page of features as a GeoJSON FeatureCollection."""
    features = [
        {"type": "Feature", "id": identity, "geometry": orjson.Fragment(geometry), "properties": record}
        for identity, geometry, record in zip(page.ids, page.geometries, page.records(), strict=True)
    ]
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "links": page.links,
            "numberMatched": page.matched,
            "numberReturned": page.returned,
            "evenreach": evidence(collection, page.features),
            "features": features,
        }
    )


def evidence(collection: Collection, features: Features) -> dict[str, Any]:
    """Say what every answer carries: edition, method, attribution, the footprint and, of scores, the dial."""
    dial = {"rho": features.view.rho} if isinstance(features, ScoredNeighbourhoods) else {}
    return {
        "place": collection.edition.place["id"],
        "fictional": bool(collection.edition.place.get("fictional")),
        "edition": collection.edition.id,
        "method": METHOD_VERSION,
        **dial,
        "within": features.within or None,
        "attribution": collection.attribution,
    }


@dataclass(frozen=True)
class Item:
    """One feature with its links."""

    id: str
    geometry: bytes
    record: dict[str, Any]
    links: Links
    features: Features


def item_of(
    base: str,
    collection: Collection,
    features: Features,
    identity: str,
    system: System,
    kept: dict[str, str],
    form: str,
) -> Item:
    """Find one feature.

    Parameters
    ----------
    base, collection, features
        Where to look.
    identity : str
        The feature's id.
    system : System
        In which coordinates are wanted.
    kept : dict of name to text
        Parameters that links to the same feature keep.
    form : {"json", "html"}
        Of the document at hand.

    Raises
    ------
    UnknownFeature
        If the collection has no such feature.
    """
    place = features.find(identity)
    if place is None:
        raise UnknownFeature(f"{collection.id} has no feature {identity[:80]!r}.")
    index = np.array([place])
    address = f"{base}/collections/{collection.id}"
    itself = f"{address}/items/{quote(identity, safe='')}"
    links = in_both_forms(itself, form, GEOJSON, urlencode(kept))
    links.append(link(address + pinned(kept), "collection", JSON, "The collection"))
    return Item(identity, features.geometries(index, system)[0], features.records(index)[0], links, features)


def item_document(collection: Collection, item: Item) -> bytes:
    """Write one feature as GeoJSON."""
    return orjson.dumps(
        {
            "type": "Feature",
            "id": item.id,
            "geometry": orjson.Fragment(item.geometry),
            "properties": item.record,
            "links": item.links,
            "evenreach": evidence(collection, item.features),
        }
    )
