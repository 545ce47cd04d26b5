"""Both API documents in OpenAPI 3.1: their schemas are JSON Schema of 2020-12, and what is answered keeps to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.service.conftest import Served
from tests.service.examples import EXAMPLES, HOOD, OF_OWN_TABLES

DOCUMENTS = {"/openapi.json": "", "/ogc/api?f=openapi31": "/ogc"}
NEEDS_OWN_TABLES = OF_OWN_TABLES.partition("?")[0].replace("demo", "{place}")
POSTED = {
    "/api/v1/places/{place}/share-outs": {"budget": 1000, "over": "msoas"},
    "/api/v1/places/{place}/sitings": {"service": "family_hub", "candidates": ["library"]},
}


@pytest.fixture(scope="module", params=DOCUMENTS)
def described(request: pytest.FixtureRequest, served: Served) -> tuple[dict[str, Any], str]:
    """Give a document, and the path that its own begin with."""
    return served.json(request.param), DOCUMENTS[request.param]


def parts(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a document, with the key that it stands under."""
    yield key, value
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from parts(part, str(name))


def test_every_schema_is_a_json_schema(described: tuple[dict[str, Any], str]) -> None:
    document, _ = described
    schemas = [part for key, part in parts(document["paths"]) if key == "schema"]
    schemas += document["components"]["schemas"].values()
    schemas += [part["schema"] for part in document["components"].get("parameters", {}).values()]
    assert document["openapi"].startswith("3.1.")
    assert len(schemas) > 50
    for schema in schemas:
        Draft202012Validator.check_schema(schema)
        assert {"nullable", "discriminator"}.isdisjoint(key for key, _ in parts(schema)), schema  # words of 3.0
    for _, reference in (part for part in parts(document) if part[0] == "$ref"):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]


def test_answers_keep_to_their_schemas(described: tuple[dict[str, Any], str], served: Served) -> None:
    document, base = described
    seen = 0
    for path, operations in document["paths"].items():
        for method in operations.keys() & {"get", "post"}:
            operation = operations[method]
            content = operation["responses"]["200"].get("content", {})
            schemas = {kind: each["schema"] for kind, each in content.items() if "json" in kind and "schema" in each}
            for address in addresses(base + path) if schemas else ():
                answer = served.ask(method, address, **({"json": POSTED[path]} if method == "post" else {}))
                kind = answer.headers["content-type"]
                if kind.startswith("text/html"):
                    continue
                assert answer.status_code == 200, address
                schema = schemas[kind] | {"components": document["components"]}
                faults = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json())
                assert [f"{fault.json_path}: {fault.message[:200]}" for fault in faults] == [], address
                seen += 1
    assert seen >= 15


def addresses(path: str) -> list[str]:
    """Examples of a path, whatever it calls its parameters."""
    if path == NEEDS_OWN_TABLES:
        return []  # the borough has none: tests.service.test_own_tables asks for it
    names = {"place": "demo", "collectionId": "demo-scores-core", "featureId": HOOD}
    return list(EXAMPLES.get(path, ())) or [re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)]
