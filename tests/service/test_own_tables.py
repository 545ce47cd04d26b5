"""Own tables in editions: imported whole or not at all, replaced, taken along by builds, served and protected."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from geodata import store as editions
from geodata.own import OwnTable, read_own
from geodata.population import read_single_year
from service.building.prepare import build
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.own import tables as own_tables
from service.own.settle import IMPORT_RULES
from tests.service.conftest import Served

REPOSITORY = Path(__file__).resolve().parents[2]
OWN = ("period=2024/25", "source=own")
PEOPLE, PLACES = ("about=people", *OWN), ("about=places", *OWN)
OPEN = ("about=people", "source=open", "period=mid-2020")


def run(*words: object, declare: tuple[str, ...] = (), exit_code: int = 0) -> Result:
    names = [name for name in os.environ if name.startswith("EVENREACH_")]
    declared = [part for text in declare for part in ("--declare", text)]
    result = CliRunner().invoke(app, [*map(str, words), *declared], env=dict.fromkeys(names), terminal_width=200)
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    return result


def imported(store: Path, file: Path, kind: str, name: str, *more: str, declare: tuple[str, ...] = ()) -> Any:
    words = ("import", "demo", file, "--as", kind, "--name", name, "--store", store, "--json", *more)
    return json.loads(run(*words, declare=declare).stdout)


def refused(store: Path, file: Path, kind: str, name: str, *more: str, declare: tuple[str, ...] = ()) -> Any:
    words = ("import", "demo", file, "--as", kind, "--name", name, "--store", store, "--json", *more)
    return json.loads(run(*words, declare=declare, exit_code=1).stdout)


def written(path: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


def traces(store: Path) -> dict[str, bytes]:
    """Every file of a store but its lock."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, demo_store: Path) -> Path:
    """Tables that a team might bring, about every neighbourhood of the demo borough, and one outside it."""
    folder = tmp_path_factory.mktemp("own-files")
    codes = open_edition(demo_store, "demo").codes.tolist()
    # Two neighbourhoods outside the place stand in its look-up files; 125 have a code.
    outside = "E01900121"
    assert outside not in codes
    visits: list[tuple[object, ...]] = [(code, place % 40) for place, code in enumerate([*codes, outside])]
    written(folder / "visits.csv", "lsoa21cd,amount", visits)
    written(folder / "grants.csv", "lsoa21cd,amount", [(code, 1000 + 10 * n) for n, code in enumerate(codes)])
    checks: list[tuple[object, ...]] = [(code, place % 30, 30 + place) for place, code in enumerate(codes)]
    written(folder / "checks.csv", "lsoa21cd,count,denominator", checks)
    patches: list[tuple[object, ...]] = [(f"Patch {place % 3 + 1}", code) for place, code in enumerate(codes)]
    written(folder / "patches.csv", "footprint,lsoa21cd", patches)
    written(folder / "crossing.csv", "footprint,lsoa21cd", [*patches, ("Patch 2", codes[0])])
    written(folder / "pantries.csv", "name,postcode", [("Pantry", "zx1 1aa"), ("=Larder()", "ZX1 1AB")][:1])
    return folder


@pytest.fixture
def store(demo_store: Path, tmp_path: Path) -> Path:
    """A store of its own with the demo borough in it."""
    return Path(shutil.copytree(demo_store, tmp_path / "store"))


@pytest.fixture(scope="module")
def furnished(demo_store: Path, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo borough with one table of each kind, only read by tests."""
    store = Path(shutil.copytree(demo_store, tmp_path_factory.mktemp("furnished") / "store"))
    imported(store, files / "patches.csv", "footprints", "patches")
    imported(store, files / "crossing.csv", "footprints", "crossing")
    imported(store, files / "pantries.csv", "sites", "pantries", declare=("service=food_bank", *OWN))
    declared = ("unit=percent", "polarity=low", *PEOPLE)
    imported(store, files / "checks.csv", "indicator", "checks", "--title", "Health checks", declare=declared)
    imported(store, files / "visits.csv", "resource", "visits", declare=("unit=visits", *PEOPLE))
    imported(store, files / "grants.csv", "resource", "grants", declare=("unit=pounds", *PLACES))
    return store


@pytest.fixture(scope="module")
def edition(furnished: Path) -> Edition:
    return open_edition(furnished, "demo")


@pytest.fixture(scope="module")
def served_own(furnished: Path) -> Iterator[Served]:
    opened = Served(furnished)
    yield opened
    opened.close()


# An import


def test_an_import_is_a_new_edition_and_the_old_one_stays(store, files):
    before = traces(store)
    old = open_edition(store, "demo").id
    done = imported(store, files / "visits.csv", "resource", "visits", declare=("unit=visits", *PEOPLE))
    assert done["edition"] != old
    assert open_edition(store, "demo").id == done["edition"]
    assert done["rows"] == 120
    assert done["report"]["skipped"] == 1
    after = traces(store)
    assert {name: after[name] for name in before if name != "demo/current"} == {
        name: content for name, content in before.items() if name != "demo/current"
    }
    assert open_edition(store, "demo", old).own.tables == []


def test_the_same_import_again_makes_the_same_edition(store, files):
    declared = ("unit=pounds", *PLACES)
    first = imported(store, files / "grants.csv", "resource", "grants", declare=declared)
    again = imported(store, files / "grants.csv", "resource", "grants", "--replace", declare=declared)
    assert first["edition"] == again["edition"]


def test_a_name_is_used_once_unless_the_table_is_replaced(store, files):
    imported(store, files / "patches.csv", "footprints", "patches")
    before = traces(store)
    error = refused(store, files / "crossing.csv", "footprints", "patches")["error"]
    assert error["rule"] == "name-taken"
    assert traces(store) == before
    imported(store, files / "crossing.csv", "footprints", "patches", "--replace")
    opened = open_edition(store, "demo")
    assert [table["name"] for table in opened.own.tables] == ["patches"]
    assert sum(entry["count"] for entry in opened.footprints("own:patches")) == 121


@pytest.mark.parametrize("name", ["Visits", "-visits", "a" * 41, "visits/..", "rank", "income_rank", "core", ""])
def test_a_name_that_is_none_or_means_something_else_is_refused(demo_store, files, name):
    error = refused(demo_store, files / "patches.csv", "footprints", name)["error"]
    assert error["rule"] == "bad-name"
    assert open_edition(demo_store, "demo").own.tables == []


def test_a_file_that_the_gate_refuses_leaves_no_trace(store, tmp_path):
    bad = written(tmp_path / "bad.csv", "lsoa21cd,amount", [("E01900001", 5), ("E02000001", 7)])
    before = traces(store)
    report = refused(store, bad, "resource", "bad", declare=("unit=visits", *PLACES))
    assert report["accepted"] is False
    assert report["totals"]["wrong-level"] == 1
    assert traces(store) == before


def test_wrong_usage_and_a_place_that_is_not_built(files, tmp_path):
    run("import", "demo", files / "patches.csv", "--as", "footprints", exit_code=2)
    words = ("import", "luton", files / "patches.csv", "--as", "footprints", "--name", "patches")
    assert "evenreach build luton" in run(*words, "--store", tmp_path / "none", exit_code=1).stderr


def test_a_percentage_of_people_needs_its_parts(store, tmp_path):
    rows = [(f"E01900{n:03d}", 40 + n) for n in range(1, 30)]
    bare = written(tmp_path / "bare.csv", "lsoa21cd,value", rows)
    declared = ("unit=percent", "polarity=1", *PEOPLE)
    assert refused(store, bare, "indicator", "bare", declare=declared)["error"]["rule"] == "parts-needed"
    for place in (("--place", "demo"), ()):  # a check says what an import would
        words = ("check", bare, "--as", "indicator", "--store", store, "--json", *place)
        report = json.loads(run(*words, declare=declared, exit_code=1).stdout)
        assert report["items"][0]["rule"] == "parts-needed"
        assert report["rows_read"] == report["stored"] + report["rejected"] + report["skipped"]


def test_sites_of_a_service_that_has_a_published_list_are_refused(store, files):
    declared = ("service=gp", *OWN)
    error = refused(store, files / "pantries.csv", "sites", "own-gp", declare=declared)["error"]
    assert error["rule"] == "service-listed"
    assert "gp_own" in error["hint"]


def test_every_rule_of_an_import_has_a_sentence_and_is_met_in_a_test():
    here = (REPOSITORY / "tests/service/test_own_settle.py").read_text("utf-8") + Path(__file__).read_text("utf-8")
    assert {rule: here.count(f'"{rule}"') > 0 for rule in IMPORT_RULES} == dict.fromkeys(IMPORT_RULES, True)


def test_people_are_told_what_was_stored(store, files):
    words = ("import", "demo", files / "visits.csv", "--as", "resource", "--name", "visits", "--store", store)
    text = run(*words, declare=("unit=visits", *PEOPLE)).stdout
    assert "121 rows read, 1 passed over; 120 rows kept" in text
    assert "21 neighbourhoods have a count that is not shown." in text
    assert "amount: 2,349 after protection" in text
    assert "before" not in text
    assert run(*words, "--replace", "--quiet", declare=("unit=visits", *PEOPLE)).output == ""


# What is kept


def test_no_raw_count_is_kept(store, files, tmp_path):
    """Other counts within 1 to 7 in the file: not one public byte differs."""
    text = (files / "visits.csv").read_text("utf-8").splitlines()
    header, rows = text[0], [line.split(",") for line in text[1:]]
    others = [f"{code},{8 - int(count) if 1 <= int(count) <= 7 else count}" for code, count in rows]
    (tmp_path / "visits.csv").write_text("\n".join([header, *others]) + "\n", encoding="utf-8")
    declared = ("unit=visits", *PEOPLE)
    one = imported(store, files / "visits.csv", "resource", "visits", declare=declared)
    held = traces(store / "demo" / one["edition"])
    two = imported(store, tmp_path / "visits.csv", "resource", "visits", "--replace", declare=declared)
    assert one["edition"] == two["edition"]
    assert traces(store / "demo" / two["edition"]) == held
    assert one["sha256"] == two["sha256"]
    assert one["hash_of"] == "protected table"


def test_the_account_of_a_protected_table_holds_no_cell(edition):
    facts = {own.name: own.facts for own in read_own(edition.stored)}
    assert set(facts["visits"]["report"]) == {"rows_read", "stored", "rejected", "skipped"}
    assert "items" in facts["grants"]["report"]


def test_figures_of_a_resource(edition):
    row = edition.row("E01900013")  # the thirteenth: 12 visits
    people = edition.population()[row]
    assert edition.own.amounts("visits")[row] == 10
    assert edition.indicator_values("visits")[row] == 10 / people * 1000
    assert np.isnan(edition.indicator_values("visits")[edition.row("E01900002")])
    assert edition.own.formula_values("visits")[edition.row("E01900002")] == pytest.approx(
        4000 / edition.population()[edition.row("E01900002")]
    )
    facts = edition.indicators["visits"]
    assert (facts["own"], facts["kind"], facts["unit"]) == (True, "resource", "visits per 1,000 residents")
    assert edition.indicators["grants"]["unit"] == "pounds per resident"
    assert edition.indicator_values("grants")[row] == (1000 + 10 * row) / people
    assert edition.indicator_counts("visits") is None


def test_figures_of_an_indicator(edition):
    row = edition.row("E01900012")  # 11 of 41: 10 of 40
    assert edition.indicator_values("checks")[row] == 25
    count, denominator = edition.indicator_counts("checks") or (None, None)
    assert count is not None
    assert denominator is not None
    assert (count[row], denominator[row]) == (10, 40)
    facts = edition.indicators["checks"]
    assert (facts["name"], facts["polarity"], facts["grade"]) == ("Health checks", -1, "measured")
    assert facts["known"] == int(np.isfinite(edition.indicator_values("checks")).sum())
    assert sum(facts["counts"]) == facts["known"]


def test_imported_footprints(edition):
    names = [entry["name"] for entry in edition.footprints("own:patches")]
    assert names == ["Patch 1", "Patch 2", "Patch 3"]
    assert len(edition.rows_within("team:patches/Patch 2")) == 40
    assert len(edition.rows_within("team:crossing/Patch 2")) == 41
    assert edition.footprint("team:patches/Patch 2")["kind"] == "team"
    with pytest.raises(LookupError, match=r"write team:crossing/Patch 2 or team:patches/Patch 2"):
        edition.footprint("team:Patch 2")
    assert "Patch 2" not in [entry["name"] for entry in edition.footprints("team")]


def test_imported_sites(edition):
    sites = edition.sites("food_bank")
    assert [(site["site_id"], site["name"], site["own"]) for site in sites] == [("pantries-1", "Pantry", "pantries")]
    assert sites[0]["lsoa21cd"] in edition.codes
    assert sites[0]["inside"] is True


def test_sites_by_coordinates_fall_into_boundaries(store, tmp_path):
    opened = open_edition(store, "demo")
    hub = next(site for site in opened.sites("gp") if site["inside"])
    rows = [("Here", hub["lon"], hub["lat"]), ("Far off", -3.5, 50.7)]
    file = written(tmp_path / "points.csv", "name,longitude,latitude", rows)
    done = imported(store, file, "sites", "points", declare=("service=kitchen", *OWN))
    assert done["notes"] == [
        "1 of 1 sites stand in the place",
        "1 sites have no point within 30 km of the place and were left out",
    ]
    assert open_edition(store, "demo").sites("kitchen")[0]["lsoa21cd"] == hub["lsoa21cd"]


def test_postcodes_are_found_in_the_edition_where_no_list_is_at_hand(store, files, monkeypatch):
    monkeypatch.setattr("service.commands.check.gazetteer_of", lambda *given: None)
    done = imported(store, files / "pantries.csv", "sites", "pantries", declare=("service=food_bank", *OWN))
    assert "placed by the postcodes that the place was built with" in done["report"]["facts"]["postcodes"]
    assert open_edition(store, "demo").sites("food_bank")[0]["inside"] is True


def test_codes_of_2011_are_carried_over(store, tmp_path):
    links = own_tables.read_links(open_edition(store, "demo").stored)
    assert links is not None
    here = set(open_edition(store, "demo").codes)
    codes = sorted(links.loc[links["lsoa21cd"].isin(here), "lsoa11cd"].unique())
    file = written(tmp_path / "old.csv", "lsoa11cd,amount", [(code, 100) for code in codes])
    done = imported(store, file, "resource", "old", declare=("unit=visits", "vintage=2011", *PLACES))
    total = done["totals"][0]
    assert total["before"] == 100 * len(codes)
    assert total["inside"] + total["outside"] == pytest.approx(total["before"])
    assert done["grade"] == "modelled"
    assert np.nansum(open_edition(store, "demo").own.amounts("old")) == pytest.approx(total["inside"])


@pytest.mark.realdata
def test_residents_of_2011_areas_are_all_there_in_luton(real_store, sources_dir, tmp_path):
    """Mid-2020 estimates on 2011 areas of all England, carried to Luton: as many as ONS publishes for the borough."""
    store = Path(shutil.copytree(real_store("luton") / "luton", tmp_path / "store" / "luton")).parent
    people = read_single_year(sources_dir / "population/lsoa11_mid2020_population_single_year.parquet").table
    file = written(tmp_path / "people.csv", "lsoa11cd,amount", list(people["all_ages"].astype(int).items()))
    facts = [part for text in ("unit=residents", "vintage=2011", *OPEN) for part in ("--declare", text)]
    words = ("import", "luton", file, "--as", "resource", "--name", "people", "--store", store, "--json", *facts)
    done = json.loads(run(*words).stdout)
    assert done["totals"] == [
        {"name": "amount", "before": 213_528, "inside": pytest.approx(213_528), "outside": 0, "not_known": 0}
    ]
    assert done["report"]["skipped"] == len(people) - 121  # Luton has 121 areas of 2011 and 125 of 2021
    amounts = open_edition(store, "luton").own.amounts("people")
    assert (len(amounts), np.isnan(amounts).sum()) == (125, 0)


# Builds


@pytest.mark.usefixtures("few_draws")
def test_a_build_takes_own_tables_along(furnished, tmp_path):
    store = Path(shutil.copytree(furnished, tmp_path / "store"))
    before = open_edition(store, "demo")
    result = build("demo", store=store, offline=True)
    after = open_edition(store, "demo")
    assert result.report["own_tables"] == {
        "carried": ["checks", "crossing", "grants", "pantries", "patches", "visits"],
        "lost": [],
    }
    assert after.own.tables == before.own.tables
    assert after.indicators == before.indicators
    for name in before.own.indicators:
        assert after.indicator_values(name).tobytes() == before.indicator_values(name).tobytes()


@pytest.mark.usefixtures("few_draws")
def test_a_build_over_damaged_own_tables_takes_the_whole_ones_before_and_says_so(furnished, tmp_path):
    store = Path(shutil.copytree(furnished, tmp_path / "store"))
    current = open_edition(store, "demo")
    path = current.stored.path("own/patches.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    result = build("demo", store=store, offline=True)
    own = result.report["own_tables"]
    assert own["carried"] == ["checks", "crossing", "pantries", "patches", "visits"]  # as before the last import
    assert len(own["lost"]) == 1
    assert current.id in own["lost"][0]
    assert "own/patches.parquet" in own["lost"][0]


def test_an_import_never_copies_a_damaged_file(store, files):
    current = open_edition(store, "demo")
    path = current.stored.path("web/population.npy")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    error = refused(store, files / "patches.csv", "footprints", "patches")["error"]
    assert error["rule"] == "file-changed"
    assert "web/population.npy" in error["file"]


def test_an_import_beside_another_is_done_again_on_the_new_edition(store, files, monkeypatch):
    """While the table is settled someone else publishes: neither of the two tables is lost."""
    settle: Callable[..., OwnTable] = own_tables.settled
    rivals = iter(["grants"])

    def settled(*given: Any, **named: Any) -> OwnTable:
        rival = next(rivals, None)
        if rival:
            imported(store, files / "grants.csv", "resource", rival, declare=("unit=pounds", *PLACES))
        return settle(*given, **named)

    monkeypatch.setattr(own_tables, "settled", settled)
    imported(store, files / "patches.csv", "footprints", "patches")
    assert [table["name"] for table in open_edition(store, "demo").own.tables] == ["grants", "patches"]


KILLED = """
import hashlib, os, shutil, signal, sys
from pathlib import Path
from geodata.upload.gate import declare, open_upload
from service.commands.check import areas_of
from service.own.tables import import_own

store, file, step, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with file.open("rb") as stream:
    upload = open_upload(stream, declare("footprints", file.name), areas=areas_of("demo", store))
seen, module = 0, shutil if step == "copyfile" else os
real = getattr(module, step)

def counted(*given, **named):
    global seen
    seen += 1
    if seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)

setattr(module, step, counted)
import_own(store, "demo", upload, name="patches", sha256=hashlib.sha256(file.read_bytes()).hexdigest())
print(seen)
"""


@pytest.mark.parametrize(("step", "number"), [("copyfile", 3), ("fsync", 20), ("replace", 1), ("replace", 2)])
def test_an_import_killed_at_any_step_leaves_the_old_or_the_new(store, files, step, number):
    old = open_edition(store, "demo").id
    words = [sys.executable, "-c", KILLED, str(store), str(files / "patches.csv"), step, str(number)]
    ended = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr + ended.stdout
    left = open_edition(store, "demo")  # whole: every file is held against the manifest
    assert left.id == old
    imported(store, files / "patches.csv", "footprints", "patches")
    assert [table["name"] for table in open_edition(store, "demo").own.tables] == ["patches"]
    assert len(editions.editions(store, "demo")) == 2
    assert not list((store / "demo").glob(".writing-*"))


# Served


def test_the_map_and_its_legend_say_what_is_not_shown(served_own):
    page = served_own.get("/maps/demo/indicator?indicator=visits").text
    assert "Counts of people are protected" in page
    found = served_own.json("/geojson/demo/indicator?indicator=visits&detail=none")
    values = {each["id"]: each["properties"]["visits"] for each in found["features"]}
    assert values["E01900002"] is None
    assert values["E01900013"] > 0


def test_own_indicators_have_pages_and_files(served_own):
    assert "Health checks" in served_own.get("/indicators/checks?place=demo").text
    text = served_own.get("/downloads/demo/indicator.csv?indicator=checks").text
    assert text.splitlines()[0].split(",")[7:] == ["checks", "checks_note"]
    assert "not shown: it rests on a count of 1 to 7" in text


def test_imported_footprints_are_seen_and_shared_over(served_own):
    assert served_own.json("/api/v1/places/demo/scores?within=team:patches/Patch 1")["count"] == 40
    page = served_own.get("/places/demo?within=team:patches/Patch 1").text
    assert '<option value="team:patches/Patch 1" selected>' in page
    own = served_own.json("/api/v1/places")["places"][0]["own_tables"]
    assert {"name": "patches", "kind": "footprints", "title": "Patches"} in own
    shared = served_own.get("/downloads/demo/share-out.csv?budget=1000&over=own:patches")
    assert shared.status_code == 200
    refusal = served_own.get("/downloads/demo/share-out.csv?budget=1000&over=own:crossing")
    assert refusal.status_code == 422
    assert "may not overlap" in refusal.json()["detail"]
    assert served_own.get("/downloads/demo/share-out.csv?budget=1000&over=teams").status_code == 200


def test_own_indicators_have_clusters(served_own, edition):
    found = served_own.json("/api/v1/places/demo/clusters?indicator=grants")
    clusters = edition.clusters("indicator:grants")
    assert clusters is not None
    assert np.isfinite(clusters.moran).all()
    assert found["edition"] == edition.id
    assert edition.clusters("indicator:patches") is None


def test_own_sites_are_drawn(served_own):
    page = served_own.get("/maps/demo/sites").text
    assert "Food bank (1 here)" in " ".join(page.split())
    assert served_own.get("/maps/demo/targeting?service=food_bank").status_code == 200
    picture = served_own.get("/pictures/demo/sites.svg?service=food_bank").text
    assert "Food bank: 1" in picture
    refusal = served_own.get("/maps/demo/sites?service=bakery")
    assert refusal.status_code == 422


def test_the_sources_page_lists_own_tables(served_own):
    page = served_own.get("/sources?place=demo").text
    assert "Health checks" in page
    assert "patches.csv" in page
