"""The house holds: imports point down, one layer reads data, the web stays light, and the repository stays clean."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
RANK = {"geodata": 0, "layers": 1, "service": 2}
TOP_LEVEL = {
    "pyproject.toml",
    "service",
    "geodata",
    "layers",
    "notebooks",
    "tests",
    "Dockerfile",
    "README.md",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
}
WEB_ONLY = {"fastapi", "starlette", "folium", "branca", "granian", "jinja2"}
HEAVY = ["geopandas", "pandas", "shapely", "pyproj", "pyogrio", "folium", "scipy", "mapclassify", "pyarrow"]
PARSERS = {
    "pandas": "read_",
    "geopandas": "read_",
    "pyogrio": "read_",
    "pyarrow.csv": "",
    "pyarrow.parquet": "read_",
    "pyarrow.feather": "read_",
    "csv": ("reader", "DictReader"),
    "openpyxl": "load_workbook",
    "xlrd": "open_workbook",
    "osmium": "",
}
WRITING_METHODS = {"to_parquet", "to_file", "to_csv", "to_excel", "to_feather"}
WRITERS = ("pyogrio.write_", "pyarrow.parquet.write_", "pyarrow.csv.write_", "xlsxwriter.", "gptables.")
WRITING_MODULES = (
    "geodata.",
    "service.files.downloads",
    "service.files.geofiles",
    "service.files.spreadsheet",
    "service.building.prepare",
)


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the three packages, by its dotted name."""
    return {name: ast.parse(path.read_text("utf-8")) for name, path in module_files()}


def module_files() -> Iterator[tuple[str, Path]]:
    for package in RANK:
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            if "node_modules" not in path.parts:
                parts = path.relative_to(REPOSITORY).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from run_time_nodes(child)


@cache
def imported_names(name: str) -> list[str]:
    """Dotted names that a module imports, `from a import b` as `a.b`."""
    found = []
    for node in run_time_nodes(modules()[name]):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively: write the whole name"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def imported_modules(name: str) -> set[str]:
    """Those of our own modules that a module imports."""
    known = modules()
    found = set()
    for imported in imported_names(name):
        if imported in known:
            found.add(imported)
        elif imported.rpartition(".")[0] in known:
            found.add(imported.rpartition(".")[0])
    return found - {name}


@cache
def names_used(name: str) -> set[str]:
    """Dotted names that a module uses, with import aliases resolved: `pd.read_csv` gives `pandas.read_csv`."""
    tree = modules()[name]
    alias_of: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            alias_of |= {alias.asname: alias.name for alias in node.names if alias.asname}
            alias_of |= {top: top for alias in node.names if not alias.asname for top in [alias.name.split(".")[0]]}
        elif isinstance(node, ast.ImportFrom):
            alias_of |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
    parts = (text.partition(".") for text in used)
    return {alias_of[first] + dot + rest for first, dot, rest in parts if first in alias_of}


def tracked_files() -> list[str]:
    listing = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git repository: what belongs to it cannot be listed")
    return [name for name in answer.stdout.splitlines() if (REPOSITORY / name).exists()]


def test_imports_point_down():
    upward = [
        f"{name} imports {imported}"
        for name in modules()
        for imported in imported_modules(name)
        if RANK[imported.split(".")[0]] > RANK[name.split(".")[0]]
    ]
    assert upward == []


def test_no_module_imports_itself_by_a_detour():
    try:
        TopologicalSorter({name: imported_modules(name) for name in modules()}).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_nothing_imports_notebooks_or_tests():
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        for imported in imported_names(name)
        if imported.split(".")[0] in {"notebooks", "tests"}
    ]
    assert wrong == []


def test_web_and_map_libraries_stay_in_the_service():
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        for imported in imported_names(name)
        if not name.startswith("service") and imported.split(".")[0] in WEB_ONLY
    ]
    assert wrong == []


def test_only_geodata_parses_data_files():
    wrong = [
        f"{name} uses {used}"
        for name in modules()
        if not name.startswith("geodata")
        for used in names_used(name)
        for parser, starts in PARSERS.items()
        if used.startswith(f"{parser}.") and used.removeprefix(f"{parser}.").startswith(starts)
    ]
    assert wrong == []


def test_only_the_store_builds_and_downloads_write_data_files():
    wrong = [
        f"{name} uses {used}"
        for name in modules()
        if not name.startswith(WRITING_MODULES)
        for used in names_used(name)
        if used.startswith(WRITERS)
    ]
    wrong += [
        f"{name} calls {node.attr}"
        for name, tree in modules().items()
        if not name.startswith(WRITING_MODULES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in WRITING_METHODS
    ]
    assert wrong == []


def test_methods_read_no_file_clock_or_setting():
    forbidden = {"open", "os", "pathlib", "datetime", "time", "logging", "requests", "httpx", "pydantic_settings"}
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        if name.startswith("layers")
        for imported in imported_names(name)
        if imported.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_answering_a_request_imports_no_heavy_library():
    script = f"import service.app, sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []


def test_top_level_is_as_fixed():
    found = {name.split("/")[0] for name in tracked_files()}
    assert {name for name in found if not name.startswith(".")} == TOP_LEVEL


# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w./])/(?:work|root|home/\w+|opt/(?:wheels|pypi))" + r"(?:/|\b)",
            r"registry\.npm" + r"js\.org",
            r"(?:test\.)?pypi" + r"\.org",
            r"python" + r"hosted\.org",
            r"deb\.debian" + r"\.org",
            r"contract" + r"\.md",
            r"issues " + r"show",
            r"\bthis " + r"session\b",
            r"\bhelper " + r"[A-H]\b",
            r"\bissue " + r"#?\d",
        ]
    )
)
BINARY = {".parquet", ".gpkg", ".png", ".pbf", ".zip", ".xlsx", ".ods", ".gz", ".jpg", ".ico"}


def test_repository_holds_no_machine_path_registry_address_or_private_word():
    wrong = []
    for name in tracked_files():
        path = REPOSITORY / name
        if path.suffix not in BINARY:
            text = path.read_text("utf-8", errors="replace")
            wrong += [f"{name}: {found.group()}" for found in FORBIDDEN.finditer(text)]
    assert wrong == []
