"""The fictional borough with names that try to run: every text of its files, definitions and own lists is hostile."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import geodata.demo
from service.building import prepare
from service.commands.main import app
from tests.conftest import draw_less

NASTY = r"<img src=x onerror=alert(1)> ${alert(1)} \x3cb ` </script> C:\2019"
"""Each of these has run, or has broken a page, where a name was put into HTML or into a script unescaped."""

FILES = Path(geodata.demo.__file__).parent / "files"
FOLDERS = ("deprivation", "geography", "indicators", "networks", "population", "sites")
NAMED = {  # in the files with a heading: the columns that hold names for people
    "geography/lsoa21_lookup_demo.csv": (
        "LSOA21NM", "MSOA21NM", "MSOA21HCLNM", "WD24NM", "LAD24NM", "RGN24NM", "SICBL24NM", "ICB24NM", "RUC21NM",
    ),
    "geography/team_areas.csv": ("footprint",),
    "sites/ace_libraries_england_2023.csv": ("name",),
    "sites/family_hubs_childrens_centres.csv": ("name",),
    "sites/gias_open_establishments.csv": ("name",),
}  # fmt: skip
IN_ORDER = ("sites/edispensary_active.csv", "sites/egdpprac.csv", "sites/epraccur.csv")  # no heading; 2nd = the name
GEOJSON = {
    "sites/govuk_community_diagnostic_centres.geojson": "name",
    "sites/nhsuk_dental_practices.geojson": "practice_name",
}
OWN_TEAM, OWN_SITE, OWN_TITLE = f"Patch {NASTY}", f"Pantry {NASTY}", f"Checks {NASTY}"
SOURCE = ("period=2024/25", "source=own")


def nasty(name: str) -> str:
    """Make a name hostile; an empty one stays empty."""
    return f"{name} {NASTY}" if name else name


def hostile_files(target: Path) -> Path:
    """Copy the borough's files, with hostile names in them."""
    for folder in FOLDERS:
        shutil.copytree(FILES / folder, target / folder)
    for name, columns in NAMED.items():
        rows = _rows(target / name)
        places = [rows[0].index(column) for column in columns]
        _write(target / name, [rows[0], *(_spoiled(row, places) for row in rows[1:])])
    for name in IN_ORDER:
        _write(target / name, [_spoiled(row, [1]) for row in _rows(target / name)])
    for name, column in GEOJSON.items():
        data = json.loads((target / name).read_text("utf-8"))
        for feature in data["features"]:
            feature["properties"][column] = nasty(feature["properties"][column])
        (target / name).write_text(json.dumps(data), "utf-8")
    _spoil_hospitals(target / "sites/Hospital.csv")
    return target


def _spoil_hospitals(path: Path) -> None:
    """The list of hospitals parts its columns by a sign of its own."""
    lines = path.read_text("latin-1").splitlines()
    place = lines[0].split("¬").index("OrganisationName")
    spoiled = ["¬".join(_spoiled(line.split("¬"), [place])) for line in lines[1:]]
    path.write_text("\n".join([lines[0], *spoiled]) + "\n", "latin-1")


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _spoiled(row: list[str], places: list[int]) -> list[str]:
    return [nasty(cell) if place in places else cell for place, cell in enumerate(row)]


def hostile_store(folder: Path) -> Path:
    """Build the borough from hostile files, definitions and own lists; return the store."""
    files, store = hostile_files(folder / "sources"), folder / "store"
    with pytest.MonkeyPatch.context() as patch:
        draw_less(patch)
        patch.setattr(prepare, "find_place", lambda name, find=prepare.find_place: _hostile_place(find(name)))
        patch.setattr(prepare, "load_indicators", lambda load=prepare.load_indicators: _hostile_indicators(load()))
        patch.setattr(prepare, "load_focuses", lambda load=prepare.load_focuses: _hostile_focuses(load()))
        prepare.build("demo", sources=files, store=store, offline=True)
    _import_own(folder, store)
    return store


def _hostile_place(place: Any) -> Any:
    return replace(place, name=nasty(place.name))


def _hostile_indicators(indicators: dict[str, Any]) -> dict[str, Any]:
    return {
        key: replace(each, name=nasty(each.name), short=nasty(each.short), unit=nasty(each.unit))
        for key, each in indicators.items()
    }


def _hostile_focuses(focuses: dict[str, Any]) -> dict[str, Any]:
    return {key: replace(each, title=nasty(each.title), question=nasty(each.question)) for key, each in focuses.items()}


def _import_own(folder: Path, store: Path) -> None:
    codes = [row[0] for row in _rows(FILES / "geography/lsoa21_population_weighted_centroids.csv")[1:121]]
    _write(folder / "patches.csv", [["footprint", "lsoa21cd"], *([OWN_TEAM, code] for code in codes)])
    _write(folder / "pantries.csv", [["name", "postcode"], [OWN_SITE, "ZX1 1AA"]])
    counts = [[code, str(5 + place % 30), str(60 + place)] for place, code in enumerate(codes)]
    _write(folder / "checks.csv", [["lsoa21cd", "count", "denominator"], *counts])
    _import(store, folder / "patches.csv", "footprints", "patches", OWN_TEAM)
    _import(store, folder / "pantries.csv", "sites", "pantries", OWN_SITE, "service=food_bank", *SOURCE)
    about = ("unit=percent", "polarity=low", "about=places", *SOURCE)
    _import(store, folder / "checks.csv", "indicator", "checks", OWN_TITLE, *about)


def _import(store: Path, file: Path, kind: str, name: str, title: str, *declared: str) -> None:
    words = ["import", "demo", str(file), "--as", kind, "--name", name, "--title", title, "--store", str(store)]
    words += [part for text in declared for part in ("--declare", text)]
    settings = [key for key in os.environ if key.startswith("EVENREACH_")]
    result = CliRunner().invoke(app, words, env=dict.fromkeys(settings))
    assert result.exit_code == 0, result.output
