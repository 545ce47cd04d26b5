"""Features on their way out: a page of them, or one, as GeoJSON with links to what comes before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from service.editions.scoring import METHOD_VERSION
from service.ogc.collections import Collection, Features
from service.ogc.documents import GEOJSON, HTML, JSON, Links, in_both_forms, link
from service.ogc.errors import UnknownFeature
from service.ogc.parameters import ItemsQuery
from service.ogc.systems import System

if TYPE_CHECKING:
    from layers.gradient import Counts

PAGE_BYTES = 8 * 2**20
"""A page ends early where its boundaries would be longer; the rest is on the next one."""


@dataclass(frozen=True)
class Page:
    """Features of one answer.

    Attributes
    ----------
    matched : int
        Features that match the query, on all pages.
    features, index : Features, array of int
        Of the collection, and which of them are on this page.
    geometries : list of bytes
        Of those on this page, encoded.
    links : list
        To itself, its other form, and the pages before and after it.
    """

    matched: int
    features: Features
    index: Counts
    geometries: list[bytes]
    links: Links

    @property
    def returned(self) -> int:
        """Count the features."""
        return len(self.index)

    @property
    def ids(self) -> list[str]:
        """Name the features."""
        return self.features.ids(self.index)

    def records(self) -> list[dict[str, Any]]:
        """Give the properties of the features."""
        return self.features.records(self.index)


def page_of(base: str, collection: Collection, features: Features, query: ItemsQuery, form: str) -> Page:
    """Find the features of a query, and give those of its page."""
    matching = np.flatnonzero(_matches(features, query))
    wanted = matching[query.offset : query.offset + query.limit]
    geometries = _first_bytes(features.geometries(wanted, query.system))
    index = wanted[: len(geometries)]
    links = _links(f"{base}/collections/{collection.id}", query, form, len(matching), len(index))
    return Page(len(matching), features, index, geometries, links)


def _matches(features: Features, query: ItemsQuery) -> np.ndarray:
    found = np.ones(len(features), dtype=bool)
    for name, (_, value) in query.asked.items():
        found &= features.matching(name, value)
    if query.boxes:
        found &= reduce(np.logical_or, (features.in_box(box, query.box_system) for box in query.boxes))
    return found


def _first_bytes(geometries: list[bytes]) -> list[bytes]:
    """Give as many as fit into a page, one at least."""
    ends = np.cumsum([len(text) for text in geometries])
    return geometries[: max(1, int(np.searchsorted(ends, PAGE_BYTES, side="right")))]


def _links(address: str, query: ItemsQuery, form: str, matched: int, returned: int) -> Links:
    items, kind = f"{address}/items", GEOJSON if form == "json" else HTML
    other = "html" if form == "json" else "json"
    links = [
        link(f"{items}?{query.query(form=form)}", "self", kind, "This page"),
        link(f"{items}?{query.query(form=other)}", "alternate", HTML if form == "json" else GEOJSON, f"As {other}"),
        link(address + pinned(query.kept), "collection", JSON, "The collection"),
    ]
    if returned and query.offset + returned < matched:
        after = query.query(form=form, offset=query.offset + returned)
        links.append(link(f"{items}?{after}", "next", kind, "Next page"))
    if query.offset and matched:
        start = max(0, min(query.offset, matched) - query.limit)
        before = query.query(form=form, offset=start, limit=min(query.limit, query.offset))
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
            "evenreach": evidence(collection),
            "features": features,
        }
    )


def evidence(collection: Collection) -> dict[str, Any]:
    """Say what every answer carries: edition, method and attribution."""
    return {
        "place": collection.edition.place["id"],
        "fictional": bool(collection.edition.place.get("fictional")),
        "edition": collection.edition.id,
        "method": METHOD_VERSION,
        "attribution": collection.attribution,
    }


@dataclass(frozen=True)
class Item:
    """One feature with its links."""

    id: str
    geometry: bytes
    record: dict[str, Any]
    links: Links


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
    return Item(identity, features.geometries(index, system)[0], features.records(index)[0], links)


def item_document(collection: Collection, item: Item) -> bytes:
    """Write one feature as GeoJSON."""
    return orjson.dumps(
        {
            "type": "Feature",
            "id": item.id,
            "geometry": orjson.Fragment(item.geometry),
            "properties": item.record,
            "links": item.links,
            "evenreach": evidence(collection),
        }
    )
