"""What FastAPI leaves out of the API document: path parameters that dependencies read, and our errors."""

from __future__ import annotations

import re
from typing import Any

from layers.map_layers import LAYERS
from service.files.downloads import KINDS
from service.queries import LSOA
from service.web.api_answers import ANSWERS, NOT_MODIFIED, PROBLEM_JSON, READY, SCHEMAS, can_be_held, refusals

METHODS = ("get", "post")
KINDS_OF = {
    "/downloads/{place}/share-out.{kind}": ("csv", "xlsx", "pdf", "certificate.json"),
    "/downloads/{place}/siting.{kind}": ("csv", "sites.csv", "xlsx", "pdf", "geojson", "json"),
}
PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "place": {"description": "Id of a place", "schema": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}},
    "layer": {"description": "A map layer", "schema": {"type": "string", "enum": list(LAYERS)}},
    "kind": {"description": "File format", "schema": {"type": "string", "enum": list(KINDS)}},
    "lsoa21cd": {"description": "Code of a neighbourhood", "schema": {"type": "string", "pattern": f"^{LSOA}$"}},
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the kind of error"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string", "description": "The parameter at fault"},
        "hint": {"type": "string", "description": "What to do"},
        "request_id": {"type": "string"},
    },
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add path parameters, problem answers and 304 to every operation.

    Parameters
    ----------
    document : dict
        As FastAPI made it; changed in place.

    Returns
    -------
    dict
        The same document.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {"Problem": PROBLEM, **SCHEMAS}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(path, operations[method])
                operations[method]["responses"] = _answers(path, method, operations[method].get("responses", {}))
    return document


def _complete(path: str, operation: dict[str, Any]) -> None:
    given = operation.setdefault("parameters", [])
    known = {part["name"] for part in given if part["in"] == "path"}
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in known]
    for part in given:
        if part["in"] == "path":
            part.update(_path_parameter(path, part["name"]))
    given[:0] = [{"name": name, "in": "path", "required": True, **_path_parameter(path, name)} for name in missing]


def _path_parameter(path: str, name: str) -> dict[str, Any]:
    """Describe a parameter of the path; a plan of sites and a share-out have kinds of file of their own."""
    if name == "kind" and path in KINDS_OF:
        return {"description": "File format", "schema": {"type": "string", "enum": list(KINDS_OF[path])}}
    return PATH_PARAMETERS.get(name, {})


def _answers(path: str, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """Describe every answer of an operation: what the route says of its own, and what all may answer."""
    good = given.get("200", {"description": "Successful Response"})
    if path in ANSWERS:
        kind, schema = ANSWERS[path]
        good = good | {"content": {kind: {"schema": schema}}}
    kept = {"304": {"description": NOT_MODIFIED}} if can_be_held(path, method) else {}
    problem = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    known = {status: {"description": about, "content": problem} for status, about in refusals(path, method).items()}
    if path == READY:  # tells the same when there is nothing to serve
        known["503"] = {"description": "Nothing is built yet", "content": good["content"]}
    own = {status: said for status, said in given.items() if status not in ("200", "422")}
    return {"200": good, **kept, **known, **own}
