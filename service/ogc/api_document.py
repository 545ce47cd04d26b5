"""The OpenAPI document of ``/ogc``: 3.0, as the standard asks, and the same in 3.1.

Each collection has an operation of its own for its items, because its queryables are its parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.editions.views import DEFAULT_RHO
from service.ogc.collections import Collection
from service.ogc.documents import ABOUT, GEOJSON, HTML, JSON, OPENAPI_30_TYPE, OPENAPI_31_TYPE, SCHEMA
from service.ogc.parameters import DIAL, FARTHEST, LIMIT, MOST
from service.ogc.properties import LONGEST_TEXT, TRUTHS, Property
from service.ogc.systems import CRS84, DEGREES, EVERY
from service.queries import EDITION, WITHIN

OPENAPI_30, OPENAPI_31 = "3.0.3", "3.1.0"
Document = dict[str, Any]
FORM: Document = {"style": "form", "explode": False}
ERRORS = {
    "400": "A parameter that cannot be used; the answer names it",
    "404": "No such collection or feature",
    "503": "Nothing is built for this place yet, or the service is busy; Retry-After says when to come back",
    "405": "Another method than GET, HEAD or OPTIONS",
    "414": "The address is too long",
    "416": "The range begins after the end; one that cannot be read is passed over",
    "431": "A header is too long",
}


def api_document(base: str, title: str, version: str, collections: Iterable[Collection], openapi: str) -> Document:
    """Describe every operation under ``/ogc``.

    Parameters
    ----------
    base : str
        Address of the service.
    title, version : str
        Of the site and of the program.
    collections : iterable of Collection
        All that are served.
    openapi : {"3.0.3", "3.1.0"}
        Version of the OpenAPI specification to write.

    Returns
    -------
    dict
        Both versions say the same: nothing that is written differently in the two is used.
    """
    listed = list(collections)
    filters = {_key(part): _filter(part) for each in listed for part in each.features().properties if part.asked}
    return {
        "openapi": openapi,
        "info": {"title": f"{title}: OGC API - Features", "description": ABOUT, "version": version},
        "servers": [{"url": base}],
        "tags": [
            {"name": "Capabilities", "description": "What there is"},
            {"name": "Data", "description": "Features"},
        ],
        "paths": {**_fixed_paths(), **{_path(each): _items(each) for each in listed}},
        "components": {
            "parameters": {
                **_of_paths(),
                **_of_pages(),
                **_of_systems(),
                **_of_views(),
                **dict(sorted(filters.items())),
            },
            "schemas": SCHEMAS,
            "responses": {status: _error(text) for status, text in ERRORS.items()},
        },
    }


def _path(collection: Collection) -> str:
    return f"/collections/{collection.id}/items"


def _fixed_paths() -> Document:
    collection = {"$ref": "#/components/parameters/collectionId"}
    feature = {"$ref": "#/components/parameters/featureId"}
    of_collection = "/collections/{collectionId}"
    paths = {
        "/": _read("getLandingPage", "Landing page", "landingPage", ["f"]),
        "/conformance": _read("getConformance", "Conformance classes", "confClasses", ["f"]),
        "/api": _read("getApi", "This document", "anyObject", ["fApi"], media=(JSON, OPENAPI_30_TYPE, OPENAPI_31_TYPE)),
        "/collections": _read("getCollections", "All collections", "collections", ["f"]),
        of_collection: _read("describeCollection", "One collection", "collection", ["f", "edition"]),
        f"{of_collection}/queryables": _read(
            "getQueryables", "What features can be asked for by", "anyObject", ["f", "edition"], media=(SCHEMA,)
        ),
        f"{of_collection}/schema": _read(
            "getSchema", "What features carry", "anyObject", ["f", "edition", "within"], media=(SCHEMA,)
        ),
        f"{of_collection}/items/{{featureId}}": _read(
            "getFeature",
            "One feature",
            "feature",
            ["f", "edition", "crs", "within", "rhoOfScores"],
            media=(GEOJSON,),
            tag="Data",
        ),
    }
    for path, operations in paths.items():
        if of_collection in path:
            operations["parameters"] = [collection, *([feature] if "featureId" in path else [])]
    return paths


def _read(
    name: str, summary: str, schema: str, parameters: list[str], *, media: tuple[str, ...] = (JSON,), tag: str = ""
) -> Document:
    content = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}} for kind in media}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": [tag or "Capabilities"],
            "parameters": [{"$ref": f"#/components/parameters/{each}"} for each in parameters],
            "responses": {
                "200": {"description": summary, "content": {**content, HTML: {"schema": {"type": "string"}}}},
                "304": {"description": "The client holds this very answer already"},
                **{status: {"$ref": f"#/components/responses/{status}"} for status in ERRORS},
            },
        }
    }


def _items(collection: Collection) -> Document:
    features = collection.features()
    names = ["f", "limit", "offset", "bbox", "datetime", "within", "edition"]
    names += ["crs", "bbox-crs"] if len(features.systems) > len(DEGREES) else ["crsDegrees", "bbox-crsDegrees"]
    names += [DIAL] if collection.focus else []
    names += [_key(part) for part in features.properties if part.asked]
    summary = f"Features of {collection.title}"
    found = _read(f"getItems.{collection.id}", summary, "featureCollection", names, media=(GEOJSON,), tag="Data")
    found["get"]["description"] = collection.about
    return found


def _key(part: Property) -> str:
    return f"by-{part.kind}-{part.name}"


def _filter(part: Property) -> Document:
    schema: Document = {"type": part.kind}
    if part.kind == "string":
        schema |= {"minLength": 1, "maxLength": LONGEST_TEXT}
    elif part.kind == "boolean":
        schema = {"type": "string", "enum": list(TRUTHS)}
    return _parameter(part.name, f"Features with this value only. {part.about}", schema)


def _parameter(name: str, about: str, schema: Document, **more: Any) -> Document:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema, **more}


def _of_paths() -> Document:
    """Describe what stands in a path: a collection, a feature."""
    return {
        "collectionId": {
            "name": "collectionId",
            "in": "path",
            "required": True,
            "description": "Id of a collection, as /collections lists it",
            "schema": {"type": "string"},
        },
        "featureId": {
            "name": "featureId",
            "in": "path",
            "required": True,
            "description": "Id of a feature: the code of a neighbourhood, or service and code of a site",
            "schema": {"type": "string"},
        },
    }


def _of_pages() -> Document:
    """Describe the form of an answer, and which features stand on it."""
    return {
        "f": _parameter("f", "Form of the answer; else Accept decides", {"type": "string", "enum": ["json", "html"]}),
        "fApi": _parameter(
            "f", "Form: OpenAPI 3.0, 3.1, or a page", {"type": "string", "enum": ["json", "openapi31", "html"]}
        ),
        "limit": _parameter(
            "limit",
            f"Features on a page; more than {MOST} counts as {MOST}. A page ends early where it would be long",
            {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            **FORM,
        ),
        "offset": _parameter(
            "offset",
            "Features to pass over; follow the link next instead",
            {"type": "integer", "minimum": 0, "maximum": FARTHEST, "default": 0},
        ),
        "bbox": _parameter(
            "bbox",
            "Features that touch this box: least and then greatest of each axis, in the axis order of bbox-crs",
            {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
            **FORM,
        ),
        "datetime": _parameter(
            "datetime",
            "A moment or an interval (RFC 3339). Features have no time of their own, so all of them match any",
            {"type": "string"},
            **FORM,
        ),
    }


def _of_systems() -> Document:
    """Describe the systems of coordinates: every one, and for editions without metres those in degrees."""
    everywhere = [system.address for system in EVERY]
    degrees = [system.address for system in DEGREES]
    of_features, of_box = "System that coordinates are wanted in", "System of the numbers of bbox"

    def systems(name: str, about: str, among: list[str]) -> Document:
        return _parameter(name, about, {"type": "string", "enum": among, "default": CRS84.address})

    return {
        "crs": systems("crs", of_features, everywhere),
        "crsDegrees": systems("crs", of_features, degrees),
        "bbox-crs": systems("bbox-crs", of_box, everywhere),
        "bbox-crsDegrees": systems("bbox-crs", of_box, degrees),
    }


def _of_views() -> Document:
    """Describe what is looked at: an edition, a part of the place, the dial."""
    dial: Document = {"type": "number", "minimum": 1, "maximum": 20, "default": DEFAULT_RHO}
    return {
        "edition": _parameter(
            "edition", "Id of an edition; the newest when left out", {"type": "string", "pattern": f"^{EDITION}$"}
        ),
        "within": _parameter(
            "within",
            "lad:CODE, ward:CODE, msoa:CODE or team:NAME; ranks are then those within it",
            {"type": "string", "pattern": f"^(?:{WITHIN})$"},
        ),
        DIAL: _parameter(DIAL, "The dial: 1 to 20, at most two decimals", dial),
        "rhoOfScores": _parameter(DIAL, "The dial: 1 to 20, at most two decimals; for scores alone", dial),
    }


def _error(text: str) -> Document:
    return {
        "description": text,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/exception"}}},
    }


TEXT = {"type": "string"}
LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
ANY_OBJECT = {"type": "object"}
GEOMETRY = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Point", "Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {}},
    },
}


def _object(required: list[str], **properties: Any) -> Document:
    return {"type": "object", "required": required, "properties": properties}


FEATURE: Document = {
    "type": {"type": "string", "enum": ["Feature"]},
    "id": TEXT,
    "geometry": GEOMETRY,
    "properties": ANY_OBJECT,
    "links": LINKS,
    "evenreach": ANY_OBJECT,
}
SCHEMAS: Document = {
    "anyObject": ANY_OBJECT,
    "link": _object(["href", "rel", "type"], href=TEXT, rel=TEXT, type=TEXT, title=TEXT),
    "landingPage": _object(["links"], title=TEXT, description=TEXT, links=LINKS),
    "confClasses": _object(["conformsTo"], conformsTo={"type": "array", "items": TEXT}, links=LINKS),
    "collection": _object(
        ["id", "links"],
        id=TEXT,
        title=TEXT,
        description=TEXT,
        attribution=TEXT,
        edition=TEXT,
        method=TEXT,
        itemType={"type": "string", "enum": ["feature"]},
        extent=ANY_OBJECT,
        crs={"type": "array", "items": TEXT},
        storageCrs=TEXT,
        links=LINKS,
    ),
    "collections": _object(
        ["links", "collections"],
        links=LINKS,
        crs={"type": "array", "items": TEXT},
        collections={"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
    ),
    "feature": _object(["type", "id", "geometry", "properties", "links"], **FEATURE),
    "featureCollection": _object(
        ["type", "features", "links", "numberMatched", "numberReturned"],
        type={"type": "string", "enum": ["FeatureCollection"]},
        links=LINKS,
        numberMatched={"type": "integer", "minimum": 0},
        numberReturned={"type": "integer", "minimum": 0},
        evenreach=ANY_OBJECT,
        features={
            "type": "array",
            "items": _object(
                ["type", "id", "geometry", "properties"],
                **{name: part for name, part in FEATURE.items() if name not in ("links", "evenreach")},
            ),
        },
    ),
    "exception": _object(
        ["code", "description"],
        code={"type": "string", "description": "Stable name of the kind of error"},
        description=TEXT,
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        parameter={"type": "string", "description": "The parameter at fault"},
        hint=TEXT,
        request_id=TEXT,
    ),
}
