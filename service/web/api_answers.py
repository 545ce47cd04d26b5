"""What each address answers, for the API document: media types, the shape of JSON, and every status there can be."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

JSON, GEOJSON, PROBLEM_JSON = "application/json", "application/geo+json", "application/problem+json"
CSVW = "application/csvm+json"
ABOUT_PLACE = ("place", "name", "fictional", "edition", "method", "attribution")


def _object(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: Schema | None = None) -> Schema:
    return {"type": "array", "items": items or {}}


TEXT, NUMBER, WHOLE, OBJECT = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "object"}
PLACE_FACTS = _object(
    ABOUT_PLACE,
    place={**TEXT, "description": "Id of the place"},
    name=TEXT,
    fictional={"type": "boolean"},
    edition={**TEXT, "description": "Id of the edition that the figures come from"},
    method={**TEXT, "description": "Version of the method"},
    attribution=_list(TEXT),
)
FEATURE = _object(
    ("type", "geometry", "properties"),
    type={"const": "Feature"},
    id=TEXT,
    geometry={"type": ["object", "null"], "required": ["type", "coordinates"]},
    properties=OBJECT,
)
SCHEMAS: dict[str, Schema] = {
    "PlaceFacts": PLACE_FACTS,
    "FeatureCollection": {
        **_object(
            ("type", "features", "evenreach"),
            type={"const": "FeatureCollection"},
            features=_list({"$ref": "#/components/schemas/Feature"}),
            evenreach={"$ref": "#/components/schemas/PlaceFacts"},
        ),
        "description": "RFC 7946, longitude and latitude, with the facts of the place and the view beside it",
    },
    "Feature": FEATURE,
}


def _about(*more: str) -> Schema:
    """Give the schema of an answer about a place, with what it has besides the facts."""
    return {"allOf": [{"$ref": "#/components/schemas/PlaceFacts"}, {"type": "object", "required": list(more)}]}


FEATURES: Schema = {"$ref": "#/components/schemas/FeatureCollection"}
API = "/api/v1/places"
ANSWERS: dict[str, tuple[str, Schema]] = {
    "/geojson/{place}/sites": (GEOJSON, FEATURES),
    "/geojson/{place}/lines": (GEOJSON, FEATURES),
    "/geojson/{place}/councils": (GEOJSON, FEATURES),
    "/geojson/{place}/{layer}": (GEOJSON, FEATURES),
    API: (JSON, _object(("method", "places"), method=TEXT, places=_list(_object(("id", "name", "edition"))))),
    f"{API}/{{place}}/scores": (JSON, _about("columns", "count", "rows")),
    f"{API}/{{place}}/neighbourhoods/{{lsoa21cd}}": (JSON, _about("neighbourhood", "scores", "reasons")),
    f"{API}/{{place}}/inequality": (JSON, _about()),
    f"{API}/{{place}}/missed-need": (JSON, _about("areas", "budget", "designs")),
    f"{API}/{{place}}/similar": (JSON, _about("council", "peers")),
    f"{API}/{{place}}/series": (JSON, _about()),
    f"{API}/{{place}}/proportionality": (JSON, _about()),
    f"{API}/{{place}}/access": (JSON, _about("service", "fifths", "neighbourhoods")),
    f"{API}/{{place}}/clusters": (JSON, _about("counts", "rows")),
    f"{API}/{{place}}/need-matched-dial": (JSON, _about()),
    "/downloads/{place}/{layer}.csv-metadata.json": (CSVW, _object(("@context", "url", "tableSchema"))),
    "/downloads/{place}/{layer}.excel.csv-metadata.json": (CSVW, _object(("@context", "url", "tableSchema"))),
    "/health/live": (JSON, _object(("status",), status={"const": "live"})),
    "/health/ready": (
        JSON,
        _object(("status", "places", "damaged", "behind"), status={"enum": ["ready", "degraded", "empty"]}),
    ),
}

NOT_MODIFIED = "The client holds this very answer already"
ALWAYS = {
    "400": "The request could not be read: a missing or doubled Host, a body that is no JSON",
    "405": "Another method than the ones listed here",
    "414": "The address is too long",
    "431": "A header is too long",
    "422": "A parameter or a field that cannot be used",
    "503": "Nothing is built for this place yet, or the service is busy; Retry-After says when to come back",
}
WITH_A_NAME = {
    "404": "No such place, layer, focus, footprint or edition",
    "410": "The edition is too old for this: the place has to be built again",
}
WITH_A_BODY = {
    "408": "The body took too long to arrive",
    "413": "The body is too large",
    "415": "The body is not of a kind that can be read",
}
BEYOND = "The range begins after the end; one that cannot be read, or several, are passed over and the whole is sent"
READY = "/health/ready"
NOT_CACHED = ("/health/live", READY)


def refusals(path: str, method: str) -> dict[str, str]:
    """List the statuses beside 200 and 304 that an operation can answer, with what each means.

    Parameters
    ----------
    path : str
        Template of the address.
    method : str
        In lower case.
    """
    named = WITH_A_NAME if "{" in path or path == "/oembed" else {}
    held = {"416": BEYOND} if can_be_held(path, method) else {}
    return ALWAYS | named | held | (WITH_A_BODY if method == "post" else {})


def can_be_held(path: str, method: str) -> bool:
    """Tell whether an answer carries a tag, so that a client may be told that it holds it (304)."""
    return method == "get" and path not in NOT_CACHED
