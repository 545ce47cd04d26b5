"""The documents that describe the service: landing page, conformance, collections, queryables, schemas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from service.editions.scoring import METHOD_VERSION
from service.ogc.collections import Collection, Features
from service.ogc.systems import CRS84, EVERY, stored_in

ROOT = "/ogc"
JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA = "application/schema+json"
OPENAPI_30_TYPE = "application/vnd.oai.openapi+json;version=3.0"
OPENAPI_31_TYPE = "application/vnd.oai.openapi+json;version=3.1"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
DESCRIBED_BY = "describedBy"  # case does not count in a relation, but GDAL 3.6 knows it in this spelling only
PART_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
PART_2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/"
PART_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
CONFORMANCE = (
    *(PART_1 + name for name in ("core", "oas30", "html", "geojson")),
    PART_2 + "crs",
    *(PART_3 + name for name in ("queryables", "queryables-query-parameters")),
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ABOUT = (
    "Neighbourhoods, services and scores of every place of this site, for GIS programs. "
    "Public reads need no key. Show the attribution of what you use."
)
Links = list[dict[str, str]]


def link(href: str, rel: str, kind: str, title: str) -> dict[str, str]:
    """Write one link."""
    return {"href": href, "rel": rel, "type": kind, "title": title}


def in_both_forms(address: str, form: str, data: str, query: str = "") -> Links:
    """Link a document to itself and to the same in the other form.

    Parameters
    ----------
    address : str
        Without a query.
    form : {"json", "html"}
        Of the document at hand.
    data : str
        Media type of the other form than HTML.
    query : str
        Canonical query without ``f``.
    """
    kinds = {"json": data, "html": HTML}
    ask = f"{query}&" if query else ""
    return [
        link(f"{address}?{ask}f={name}", "self" if name == form else "alternate", kind, _titles(name, form))
        for name, kind in sorted(kinds.items(), key=lambda item: item[0] != form)
    ]


def _titles(name: str, form: str) -> str:
    return "This document" if name == form else f"This document as {name.upper()}"


def landing(base: str, title: str, form: str) -> dict[str, Any]:
    """Describe the service: where its collections, its API document and its conformance are."""
    return {
        "title": f"{title}: OGC API - Features",
        "description": ABOUT,
        "links": [
            *in_both_forms(base + "/", form, JSON),
            link(f"{base}/api?f=json", "service-desc", OPENAPI_30_TYPE, "API document, OpenAPI 3.0"),
            link(f"{base}/api?f=openapi31", "service-desc", OPENAPI_31_TYPE, "API document, OpenAPI 3.1"),
            link(f"{base}/api?f=html", "service-doc", HTML, "API document for people"),
            link(f"{base}/conformance", "conformance", JSON, "Standards this service follows"),
            link(f"{base}/collections", "data", JSON, "Collections of features"),
        ],
    }


def conformance(base: str, form: str) -> dict[str, Any]:
    """List the conformance classes that are kept."""
    return {"conformsTo": list(CONFORMANCE), "links": in_both_forms(f"{base}/conformance", form, JSON)}


def collections_document(base: str, collections: Iterable[Collection], form: str) -> dict[str, Any]:
    """List all collections."""
    return {
        "links": in_both_forms(f"{base}/collections", form, JSON),
        "crs": [system.address for system in EVERY],
        "collections": [collection_document(base, collection, "") for collection in collections],
    }


def collection_document(base: str, collection: Collection, form: str, edition: str = "") -> dict[str, Any]:
    """Describe one collection: extent, systems, where its features and queryables are.

    Parameters
    ----------
    base : str
        Address of the service.
    collection : Collection
        The collection.
    form : {"json", "html", ""}
        Of the document at hand; empty where it is part of the list of all.
    edition : str
        Edition that the address pinned, kept in the links; empty for the newest.
    """
    address = f"{base}/collections/{collection.id}"
    pin = f"edition={quote(edition, safe='')}" if edition else ""
    features = collection.features()
    return {
        "id": collection.id,
        "title": collection.title,
        "description": collection.about,
        "attribution": " ".join(collection.attribution),
        "edition": collection.edition.id,
        "method": METHOD_VERSION,
        "itemType": "feature",
        "extent": {"spatial": {"bbox": [features.extent], "crs": CRS84.address}},
        "crs": [system.address for system in features.systems],
        "storageCrs": stored_in(features.systems).address,
        "links": [*in_both_forms(address, form or "json", JSON, pin), *_ways_on(address, pin)],
    }


def _ways_on(address: str, pin: str) -> Links:
    ask = f"?{pin}&f=" if pin else "?f="
    return [
        link(f"{address}/items{ask}json", "items", GEOJSON, "Features as GeoJSON"),
        link(f"{address}/items{ask}html", "items", HTML, "Features as a table"),
        link(f"{address}/queryables{'?' if pin else ''}{pin}", QUERYABLES, SCHEMA, "What features can be asked for by"),
        link(f"{address}/schema{'?' if pin else ''}{pin}", DESCRIBED_BY, SCHEMA, "What a feature carries"),
    ]


def queryables(base: str, collection: Collection, features: Features) -> dict[str, Any]:
    """Describe, as JSON Schema, what features can be asked for by.

    Geometry is asked for by ``bbox``, so it is not one of them.
    """
    found = {part.name: part.schema() for part in features.properties if part.asked}
    document = _schema(f"{base}/collections/{collection.id}/queryables", f"{collection.title}: queryables", found)
    return document | {"additionalProperties": False}


def schema(base: str, collection: Collection, features: Features) -> dict[str, Any]:
    """Describe a feature as JSON Schema, so that programs know the kinds of its properties before they read any.

    Any property may be null, which means not known; programs that read schemas do not expect that to be said.
    """
    carried = {part.name: part.schema() for part in features.properties}
    return _schema(
        f"{base}/collections/{collection.id}/schema",
        f"{collection.title}: a feature",
        {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": carried, "additionalProperties": False},
        },
    )


def _schema(identity: str, title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": identity, "type": "object", "title": title, "properties": properties}


def link_header(links: Sequence[dict[str, str]]) -> str:
    """Write links as the header ``Link`` does."""
    return ", ".join(f'<{part["href"]}>; rel="{part["rel"]}"; type="{part["type"]}"' for part in links)
