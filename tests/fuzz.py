"""Schemathesis over an API document of a real server: cases within the document, and cases that break it.

Random names would all be unknown, so the document is narrowed to names that the demo borough has, and a few it has not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

NAMES = {
    "place": ["demo", "nowhere"],
    "lsoa21cd": ["E01900001", "W01000001"],
    "edition": ["", "no-such"],
    "focus": ["", "core", "best-start", "no-such"],
    "within": ["", "lad:E06900001", "team:None"],
    "service": ["", "gp", "no_such"],
    "indicator": ["", "overcrowded_share", "no_such"],
    "collection": ["demo-neighbourhoods", "demo-sites", "demo-no-such"],
    "collectionId": ["demo-neighbourhoods", "demo-sites", "demo-no-such"],
    "featureId": ["E01900001", "E01999999"],
}
LIGHT_KINDS = ["csv", "geojson", "json", "certificate.json", "sites.csv"]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)
CONFIGURATION = """
hooks = "hooks.py"
[checks.negative_data_rejection]
expected-statuses = ["400", "404", "405", "408", "413", "414", "415", "422", "503"]
"""
HOOKS = """
import schemathesis


@schemathesis.hook
def filter_query(context, query):
    # A list of one is written as that one is: the server could not tell that it is meant to be wrong.
    return not any(isinstance(value, list) and len(value) == 1 for value in (query or {}).values())
"""
DONE = re.compile(r"(\d+) generated(?:, (\d+) passed)?")


def narrowed(document: dict[str, Any], *, heavy: bool) -> dict[str, Any]:
    """Put real names where any name may stand; leave out files that only the workshop makes, unless wanted."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for part in operation.get("parameters", []) if isinstance(operation, dict) else []:
                _narrow(part, heavy=heavy or "siting" in path)
    for part in document.get("components", {}).get("parameters", {}).values():
        _narrow(part, heavy=heavy)
    return document


def _narrow(part: dict[str, Any], *, heavy: bool) -> None:
    schema = part.get("schema", {})
    free = part.get("in") == "query" and "pattern" not in schema  # any text is right, and matches nothing
    if part.get("name") in NAMES and "enum" not in schema and not free:
        schema.pop("pattern", None)
        schema["enum"] = NAMES[part["name"]]
    elif part.get("name") == "limit":
        schema.pop("maximum", None)  # OGC API - Features 7.15.2: more than the most is no error, the most is given
    elif part.get("name") == "kind" and not heavy:
        schema["enum"] = [kind for kind in schema["enum"] if kind in LIGHT_KINDS]


def fuzz(address: str, document: str, folder: Path, *, examples: int, seed: int | None, heavy: bool = False) -> int:
    """Try every operation of a document with so many examples each.

    Parameters
    ----------
    address, document : str
        Of the server, and the path of its document.
    folder : pathlib.Path
        For the narrowed document.
    examples : int
        Cases an operation.
    seed : int or None
        Other cases with another seed; the same ones each time without.
    heavy : bool
        Files that the workshop makes are asked for as well.

    Returns
    -------
    int
        How many cases were tried; an AssertionError says which of them failed.
    """
    found = httpx.get(address + document).json()
    base = found.get("servers", [{"url": ""}])[0]["url"]
    base = base if base.startswith("http") else address
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "document.json").write_text(json.dumps(narrowed(found, heavy=heavy)))
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    (folder / "hooks.py").write_text(HOOKS)
    chance = ["--generation-deterministic"] if seed is None else ["--seed", str(seed)]
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += ["--config-file", "schemathesis.toml", "run", "document.json", "--url", base, "--phases", "fuzzing"]
    command += ["--max-examples", str(examples), "--checks", ",".join(CHECKS), "--warnings", "off", *chance]
    command += ["--continue-on-failure", "--suppress-health-check", "all", "--no-color"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = "\n".join(line[:500] for line in done.stdout.splitlines()) + done.stderr[-2000:]
    assert done.returncode == 0, said
    match = DONE.search(done.stdout)
    assert match, said
    return int(match[1])
