"""What FastAPI leaves out of the API document: path parameters that dependencies read, and our errors."""

from __future__ import annotations

import re
from typing import Any

from layers.map_layers import LAYERS
from service.files.downloads import KINDS
from service.web.queries import LSOA

METHODS = ("get", "post")
NOT_MODIFIED = "The client holds this very answer already"
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
ERRORS = {
    "404": "No such place, layer, focus, footprint or edition",
    "422": "A parameter that cannot be used",
    "503": "Nothing is built for this place yet, or the service is busy; Retry-After says when to come back",
    "default": "Any other problem",
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
    schemas["Problem"] = PROBLEM
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(path, operations[method])
                if method == "get":
                    operations[method]["responses"]["304"] = {"description": NOT_MODIFIED}
    return document


def _complete(path: str, operation: dict[str, Any]) -> None:
    given = operation.setdefault("parameters", [])
    known = {part["name"] for part in given if part["in"] == "path"}
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in known]
    for part in given:
        if part["in"] == "path":
            part.update(PATH_PARAMETERS.get(part["name"], {}))
    given[:0] = [{"name": name, "in": "path", "required": True, **PATH_PARAMETERS[name]} for name in missing]
    answers = operation.setdefault("responses", {})
    for status, description in ERRORS.items():
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[status] = {"description": description, "content": content}
