"""What the pages under ``/ogc`` show: the same documents, for people, with addresses of this site alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from service.ogc.collections import Collection
from service.ogc.documents import ROOT, Links
from service.ogc.items import Item, Page
from service.ogc.parameters import DIAL, OF_ITEM, ItemsQuery
from service.ogc.systems import EVERY, System
from service.pages.furniture import breadcrumbs
from service.pages.wording import UNKNOWN

SERVICE = "Data for GIS programs"
OUR_OWN = re.compile(rf"https?://[^/]+(?:/.*?)?(?={ROOT}(?:[/?]|$))")
SHOWN_TYPES = {"application/geo+json": "GeoJSON", "application/json": "JSON", "text/html": "page"}
NAMES = {system.address: f"{system.name[0].upper()}{system.name[1:]}" for system in EVERY}
SHOWN_TYPES |= {"application/schema+json": "JSON Schema"}
EDITION = "edition="
NOTE = "note"  # says what is missing: without one nothing is


def local(address: str) -> str:
    """Turn an absolute address of this service into one that works on whatever host the page came from."""
    return OUR_OWN.sub("", address, count=1)


def links_of(links: Links) -> list[dict[str, str]]:
    """List links for a page: address, title and what they lead to."""
    return [
        {"href": local(part["href"]), "text": part["title"], "kind": SHOWN_TYPES.get(part["type"], part["type"])}
        for part in links
        if part["rel"] != "self"
    ]


def document_page(document: dict[str, Any], links: Links) -> dict[str, Any]:
    """Gather what the page of a small document shows."""
    title = document.get("title") or SERVICE
    return {
        "page_title": title,
        "document": document,
        "stored_as": NAMES.get(document.get("storageCrs", ""), ""),
        "links": links_of(links),
        "breadcrumbs": breadcrumbs((SERVICE, ROOT + "/"), (title, "")) if document.get("title") else None,
    }


def collections_page(document: dict[str, Any]) -> dict[str, Any]:
    """Gather what the list of collections shows."""
    shown = [
        {
            **each,
            "address": f"{ROOT}/collections/{each['id']}?f=html",
            "items": f"{ROOT}/collections/{each['id']}/items?f=html",
        }
        for each in document["collections"]
    ]
    return document_page({"title": "Collections", "collections": shown, "crs": document["crs"]}, document["links"])


def items_page(collection: Collection, page: Page, query: ItemsQuery) -> dict[str, Any]:
    """Gather what a page of features shows: every property in a table, and ways to other pages."""
    ways = {part["rel"]: local(part["href"]) for part in page.links}
    kept = urlencode({name: query.kept[name] for name in (*OF_ITEM, DIAL) if name in query.kept} | {"f": "html"})
    names = [part.name for part in page.features.properties]
    rows = [
        {
            "id": identity,
            "address": f"{ROOT}/collections/{collection.id}/items/{quote(identity, safe='')}?{kept}",
            "values": [_shown(name, record.get(name)) for name in names],
            "shape": _shape(geometry),
        }
        for identity, geometry, record in zip(page.ids, page.geometries, page.records(), strict=True)
    ]
    return _of_collection(collection, "Features", page.links) | {
        "names": names,
        "rows": rows,
        "matched": page.matched,
        "first": query.offset + 1,
        "last": query.offset + page.returned,
        "before": ways.get("prev"),
        "after": ways.get("next"),
        "start": f"{ROOT}/collections/{collection.id}/items?{query.query(form='html', offset=0)}",
        "system": query.system.name,
    }


def item_page(collection: Collection, item: Item, system: System) -> dict[str, Any]:
    """Gather what one feature shows: its properties with what they are, and its geometry."""
    about = {part.name: part.about for part in item.features.properties}
    return _of_collection(collection, item.id, item.links) | {
        "rows": [
            {"name": name, "about": about.get(name, ""), "value": _shown(name, value)}
            for name, value in item.record.items()
        ],
        "geometry": item.geometry.decode(),
        "shape": _shape(item.geometry),
        "system": system.name,
    }


def api_page(document: dict[str, Any]) -> dict[str, Any]:
    """Gather what the API document shows as a page: every operation with its parameters."""
    parameters = document["components"]["parameters"]

    def named(references: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [parameters[each["$ref"].rpartition("/")[2]] for each in references]

    operations = [
        {
            "path": ROOT + path,
            "summary": found["get"]["summary"],
            "parameters": named([*found.get("parameters", []), *found["get"]["parameters"]]),
        }
        for path, found in document["paths"].items()
    ]
    forms = [
        {"href": f"{ROOT}/api?f=json", "text": "OpenAPI 3.0", "kind": "JSON"},
        {"href": f"{ROOT}/api?f=openapi31", "text": "OpenAPI 3.1", "kind": "JSON"},
    ]
    return document_page({"title": "API document", "operations": operations}, []) | {"links": forms}


def _of_collection(collection: Collection, title: str, links: Links) -> dict[str, Any]:
    address = f"{ROOT}/collections/{collection.id}?f=html"
    return {
        "page_title": f"{title} – {collection.title}",
        "heading": collection.title,
        "title": title,
        "wide": True,
        "place": collection.edition.place,
        "collection": {"title": collection.title, "about": collection.about, "address": address},
        "attribution": collection.attribution,
        "edition_id": collection.edition.id,
        "pinned": collection.edition.id if any(EDITION in part["href"] for part in links) else "",
        "links": links_of(links),
        "breadcrumbs": breadcrumbs((SERVICE, ROOT + "/"), (collection.title, address), (title, "")),
    }


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "" if name == NOTE else UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _shape(geometry: bytes) -> str:
    """Say in a few words what a geometry is."""
    found = orjson.loads(geometry)
    if found["type"] == "Point":
        return "Point " + ", ".join(str(number) for number in found["coordinates"])
    parts = found["coordinates"] if found["type"] == "MultiPolygon" else [found["coordinates"]]
    points = [point for part in parts for point in part[0]]
    x, y = [point[0] for point in points], [point[1] for point in points]
    return f"{found['type']}, {min(x)} to {max(x)}, {min(y)} to {max(y)}"
