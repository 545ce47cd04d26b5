"""Real places through every door: pages, maps, GeoJSON, JSON and files carry the figures of a second calculation.

The second calculation (`tests.reference`) reads the publishers' files itself and imports nothing of ours.
Scores agree within `TOLERANCE`, ranks, fifths and counts exactly, and the rows are the same in the same order.
"""

from __future__ import annotations

import csv
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import openpyxl
import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from geodata.deprivation import read_file7, read_file10
from layers.need import place_summary
from service.commands.main import app
from service.editions.edition import open_edition
from tests.conftest import SOAK, RealStore
from tests.reference import PLACES, Reference
from tests.service.conftest import Served

TOLERANCE = 1e-8
EXACT = ("population", "need_fifth", "rank")
FOCUSES = ("core", "building-blocks", "best-start")
DIALS = (1.0, 3.0, 4.25)
VIEWS = tuple(product(FOCUSES, DIALS))
EVERY_FOCUS_AND_DIAL_ONCE = tuple(zip(FOCUSES, DIALS, strict=True))
FORMATS = ("csv", "xlsx", "geojson", "gpkg", "parquet")
NAMES = ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm")
SURE = ("rank_low", "rank_high", "top_fifth_chance", "certainty")
CLOSING = ("need_score", "need_position", "need_fifth", "targeting_score", "rank", *SURE, "grade", "note")
ON_A_MAP = {"need": 0.05 + TOLERANCE, "targeting": 1e-6}  # one decimal; six of the position that the dial turns
ENGLAND = 33_755
COUNTS = {
    "luton": 125,
    "milton-keynes": 166,
    "bromley": 199,
    "blmk": 587,
    "south-east-london": 1_040,
    "lancashire-and-south-cumbria": 1_060,
}
SMALL = pytest.mark.parametrize("place", PLACES)
Columns = dict[str, list[Any]]


def views(place: str) -> tuple[tuple[str, float], ...]:
    """Every focus at every dial for Luton; for the others each focus and each dial once, for time."""
    return VIEWS if place == "luton" else EVERY_FOCUS_AND_DIAL_ONCE


def files(place: str) -> list[tuple[tuple[str, float], str]]:
    """Every focus for Luton and a third of them elsewhere, and each format; in the soak every format of every focus."""
    if SOAK:
        return list(product(EVERY_FOCUS_AND_DIAL_ONCE, FORMATS))
    formats = FORMATS if place != "england" else tuple(kind for kind in FORMATS if kind != "xlsx")  # half a minute
    *others, last = EVERY_FOCUS_AND_DIAL_ONCE
    others = others if place == "luton" else others[[*PLACES, "england"].index(place) % 3 :: 3]
    return [(view, "csv") for view in others] + [(last, kind) for kind in formats]


pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def reference(sources_dir: Path) -> Reference:
    return Reference(sources_dir)


@pytest.fixture(scope="module")
def http(real_store: RealStore) -> Iterator[Served]:
    """The application over the real store; a place is served as soon as it is built."""
    opened = Served(real_store.folder)
    yield opened
    opened.close()


def address(kind: str, place: str, rest: str, focus: str, rho: float, **more: str) -> str:
    return f"/{kind}/{place}{rest}?{urlencode({'focus': focus, 'rho': f'{rho:g}', **more})}"


def fetched(http: Served, path: str) -> Any:
    answer = http.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
    return orjson.loads(answer.content)


def columns_of(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


def features_of(collection: dict[str, Any]) -> Columns:
    features = collection["features"]
    found = columns_of([feature["properties"] for feature in features])
    assert [feature["id"] for feature in features] == found["lsoa21cd"]
    return found


def check(found: Columns, place: str, focus: str, rho: float, reference: Reference) -> None:
    """Compare a whole table with the reference: columns and their order, rows and their order, every figure."""
    expected = reference.scores(place, focus, rho)
    indicators = [part["indicator"] for part in reference.definitions[focus]["ingredients"]]
    assert list(found) == [*NAMES, "population", "eligible", *indicators, *CLOSING]
    published = reference.lookup.loc[expected.index]
    assert found["lsoa21cd"] == expected.index.tolist()
    for name in NAMES[1:]:
        assert found[name] == published[name.upper()].tolist(), name
    for name in SURE:
        assert [value is None for value in found[name]] == [rank is None for rank in found["rank"]], name
    assert all(low <= high for low, high in zip(found["rank_low"], found["rank_high"], strict=True) if low)
    for name in expected:
        figures, wanted = np.array(found[name], dtype=float), expected[name].to_numpy(dtype=float)
        assert np.array_equal(np.isnan(figures), np.isnan(wanted)), f"{name}: other gaps"
        worst = np.nanmax(np.abs(figures - wanted), initial=0)
        assert worst <= (0 if name in EXACT else TOLERANCE), f"{place} {focus} {rho} {name}: {worst}"
    gaps = reference.focus(focus, expected.index).parts.loc[expected.index].isna().any(axis=1).tolist()
    assert [note is not None for note in found["note"]] == gaps


# Files


def cell(text: str) -> Any:
    if text == "":
        return None
    try:
        return float(text)
    except ValueError:
        return text


def columns_in(path: Path) -> Columns:
    """Read a file as its users' programs do, by another way than it was written where there is one."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        return {name: [cell(row[i]) for row in rows] for i, name in enumerate(header)}
    if path.suffix == ".geojson":
        return features_of(orjson.loads(path.read_bytes()))
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path, read_only=True)["Scores"]
        rows = list(sheet.iter_rows(values_only=True))
        start = next(i for i, row in enumerate(rows) if row[0] == "lsoa21cd")
        return {name: list(part) for name, part in zip(rows[start], zip(*rows[start + 1 :], strict=True), strict=True)}
    if path.suffix == ".gpkg":
        database = sqlite3.connect(path)
        names = [name for _, name, *_ in database.execute("pragma table_info(scores)") if name not in ("fid", "geom")]
        rows = database.execute(f"select {', '.join(names)} from scores order by fid").fetchall()
        database.close()
        return {name: list(part) for name, part in zip(names, zip(*rows, strict=True), strict=True)}
    names = [name for name in pq.read_schema(path).names if name != "geometry"]
    return pq.read_table(path, columns=names).to_pydict()


def write(store: Path, place: str, focus: str, rho: float, out: Path) -> Path:
    words = ["score", place, "--focus", focus, "--rho", f"{rho:g}", "--out", str(out), "--store", str(store), "--quiet"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.soak_too
@SMALL
def test_written_files_carry_the_reference(place: str, real_store: RealStore, reference: Reference, tmp_path: Path):
    store = real_store(place)
    for (focus, rho), kind in files(place):
        out = write(store, place, focus, rho, tmp_path / f"scores.{kind}")
        check(columns_in(out), place, focus, rho, reference)


def test_a_command_of_its_own_writes_the_same(real_store: RealStore, reference: Reference, tmp_path: Path):
    out = tmp_path / "luton.csv"
    command = [sys.executable, "-m", "service.commands.main", "score", "luton", "--focus", "best-start"]
    done = subprocess.run(
        [*command, "--rho", "4.25", "--store", str(real_store("luton")), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    check(columns_in(out), "luton", "best-start", 4.25, reference)


# Answers


@SMALL
def test_geojson_and_json_carry_the_reference(place: str, http: Served, real_store: RealStore, reference: Reference):
    real_store(place)
    for focus, rho in views(place):
        answer = fetched(http, address("api/v1/places", place, "/scores", focus, rho))
        check(columns_of(answer["rows"]), place, focus, rho, reference)
        assert answer["columns"] == list(answer["rows"][0])
        assert answer["count"] == len(answer["rows"])
        for layer in ("need", "targeting"):
            answer = fetched(http, address("geojson", place, f"/{layer}", focus, rho, detail="none"))
            check(features_of(answer), place, focus, rho, reference)
            assert (answer["evenreach"]["focus"], answer["evenreach"]["rho"]) == (focus, rho)


class MapFacts(HTMLParser):
    """What a page with a map says of it: the address of its figures, and its legend."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.geojson = ""
        self.legend: dict[int, str] = {}
        self._line: int | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.geojson = given.get("data-geojson") or self.geojson
        if tag == "li":
            self._line = int(given["data-class"]) if given.get("data-class") else None

    def handle_data(self, text: str) -> None:
        if self._line is not None:
            self.legend[self._line] = f"{self.legend.get(self._line, '')} {text.strip()}".strip()


def check_map(features: list[dict[str, Any]], layer: str, expected: pd.DataFrame, rho: float) -> None:
    """Compare what a map draws: each neighbourhood's fifth, and its figure as near as the map shows it."""
    assert [feature["id"] for feature in features] == expected.index.tolist()
    figure = "need_position" if layer == "targeting" else "need_score"
    columns = {name: [feature["properties"][name] for feature in features] for name in ("need_fifth", figure)}
    shown = pd.DataFrame(columns, index=expected.index, dtype=float)
    assert shown["need_fifth"].to_numpy() == pytest.approx(expected["need_fifth"].to_numpy(dtype=float), nan_ok=True)
    if layer == "targeting":  # the script turns the dial: methods, the targeting score
        figures, wanted = 2 * (1 + (rho - 1) * shown["need_position"]) / (rho + 1), expected["targeting_score"]
    else:
        figures, wanted = shown["need_score"], expected["need_score"]
    assert figures.to_numpy() == pytest.approx(wanted.to_numpy(), abs=ON_A_MAP[layer], nan_ok=True)


@SMALL
def test_maps_show_the_reference(place: str, http: Served, real_store: RealStore, reference: Reference):
    real_store(place)
    for (focus, rho), layer in product(views(place), ("need", "targeting")):
        page = MapFacts(http.get(address("maps", place, f"/{layer}", focus, rho)).text)
        check_map(fetched(http, page.geojson)["features"], layer, reference.scores(place, focus, rho), rho)
        if layer == "targeting":
            fifths = reference.scores(place, focus, rho)["need_fifth"].value_counts()
            counted = {number: int(text.split(" neighbourhood")[0].split()[-1]) for number, text in page.legend.items()}
            assert sorted(counted.values()) == sorted(fifths.tolist())


class Planner(HTMLParser):
    """The figures that a reader of the planner sees: the cells of the ranked table, and the dial's own words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.dial: dict[str, list[str]] = {}
        self._code = self._dial = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "tr":
            self._code = given.get("data-code") or ""
            if self._code:
                self.rows[self._code] = []
        elif tag in ("td", "th") and self._code:
            self.rows[self._code].append("")
        if given.get("data-dial"):
            self._dial = given["data-dial"] or ""
            self.dial.setdefault(self._dial, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("span", "strong"):
            self._dial = ""

    def handle_data(self, text: str) -> None:
        if self._code and self.rows[self._code]:
            self.rows[self._code][-1] += text
        elif self._dial:
            self.dial[self._dial][-1] += text


def rounds_to(text: str, value: float, decimals: int) -> bool:
    """Whether a text shows a value to so many decimals (a half may go either way)."""
    shown = text.split()[0].replace(",", "")
    return len(shown.partition(".")[2]) == decimals and abs(float(shown) - value) <= 0.5 * 10.0**-decimals + TOLERANCE


def check_planner(text: str, place: str, focus: str, rho: float, reference: Reference) -> list[str]:
    """Compare every figure that is seen with the reference; return the codes in the order of the rows."""
    page, expected = Planner(text), reference.scores(place, focus, rho)
    for code, cells in page.rows.items():
        wanted, names = expected.loc[code], reference.lookup.loc[code]
        first = [re.match(r"\s*(\d+)", cells[0]), re.match(r"\s*(\d)", cells[4])]  # what follows says how sure it is
        assert [found and found[1] for found in first] == [f"{wanted['rank']:.0f}", f"{wanted['need_fifth']:.0f}"]
        assert names["MSOA21HCLNM"] in cells[1]
        assert names["LSOA21NM"] in cells[1]
        assert rounds_to(cells[2], wanted["need_score"], 1)
        assert rounds_to(cells[3], wanted["targeting_score"], 2)
        assert cells[3].split()[1:] == ["×", "average"]
        assert rounds_to(cells[5], wanted["eligible"], 0)
    share = expected["targeting_score"][expected["eligible"] > 0]
    assert rounds_to(page.dial["floor"][0], share.min(), 2)
    assert rounds_to(page.dial["top"][0], share.max(), 2)
    assert rounds_to(page.dial["ratio"][0], share.max() / share.min(), 2)
    assert set(page.dial["rho"]) == {f"{rho:g}"}
    return list(page.rows)


@SMALL
def test_the_planner_shows_the_reference(place: str, http: Served, real_store: RealStore, reference: Reference):
    real_store(place)
    for focus, rho in views(place):
        expected = reference.scores(place, focus, rho)["rank"].sort_values(kind="stable").index.tolist()
        size = len(expected) if len(expected) <= 200 else 100
        last = -(-len(expected) // size)
        for page in {1, last}:
            text = http.get(address("places", place, "", focus, rho, page=str(page))).text
            assert check_planner(text, place, focus, rho, reference) == expected[size * (page - 1) : size * page]


def test_the_dial_of_three_in_lutons_own_numbers(http: Served, real_store: RealStore):
    real_store("luton")
    assert Planner(http.get("/places/luton").text).dial["ratio"] == ["2.97"]


@SMALL
def test_reasons_add_up_to_the_score(place: str, http: Served, real_store: RealStore, reference: Reference):
    real_store(place)
    for focus in FOCUSES:
        members = reference.members(place)
        for code in members[:: len(members) // 4]:
            answer = fetched(http, address("api/v1/places", place, f"/neighbourhoods/{code}", focus, 3))
            wanted = reference.focus(focus, members).parts.loc[code]
            parts = {reason["indicator"]: reason["part"] for reason in answer["reasons"]}
            assert list(parts) == wanted.index.tolist()
            found = np.array(list(parts.values()), dtype=float)
            assert np.allclose(found, wanted, atol=TOLERANCE, rtol=0, equal_nan=True)
            assert abs(np.nansum(found) - answer["scores"]["need_score"]) <= TOLERANCE


def by_listed_sites(focus: str, place: str) -> bool:
    """Whether a distance that only some councils' lists allow takes part: in a place whose lists are all whole."""
    return (focus, place) == ("best-start", "luton")


def test_a_neighbourhood_has_one_need_score_in_every_place(http: Served, real_store: RealStore, reference: Reference):
    real_store("luton", "blmk", "milton-keynes")
    for focus in FOCUSES:
        found = {}
        for place in ("blmk", "luton", "milton-keynes"):
            rows = fetched(http, address("api/v1/places", place, "/scores", focus, 3))["rows"]
            found[place] = {row["lsoa21cd"]: (row["need_score"], row["eligible"]) for row in rows}
        for place in ("luton", "milton-keynes"):
            same = found[place] == {code: found["blmk"][code] for code in found[place]}
            assert same == (not by_listed_sites(focus, place)), (focus, place)


# England


@pytest.fixture(scope="module")
def england(http: Served, real_store: RealStore) -> dict[str, Columns]:
    """The scores table of England by focus, at a dial of three."""
    real_store("england")
    asked = {focus: fetched(http, address("api/v1/places", "england", "/scores", focus, 3)) for focus in FOCUSES}
    return {focus: columns_of(answer["rows"]) for focus, answer in asked.items()}


@pytest.mark.slow
def test_england_carries_the_reference(england: dict[str, Columns], http: Served, reference: Reference):
    for focus, rho in EVERY_FOCUS_AND_DIAL_ONCE:
        for layer in ("need", "targeting"):
            answer = fetched(http, address("geojson", "england", f"/{layer}", focus, rho, detail="none"))
            check(features_of(answer), "england", focus, rho, reference)
        rows = fetched(http, address("api/v1/places", "england", "/scores", focus, rho))["rows"]
        check(columns_of(rows), "england", focus, rho, reference)


@pytest.mark.slow
@pytest.mark.soak_too
def test_files_of_england_carry_the_reference(real_store: RealStore, reference: Reference, tmp_path: Path):
    store = real_store("england")
    for (focus, rho), kind in files("england"):
        out = write(store, "england", focus, rho, tmp_path / f"england.{kind}")
        check(columns_in(out), "england", focus, rho, reference)
        out.unlink()


@pytest.mark.slow
def test_pages_of_england_show_the_reference(england: dict[str, Columns], http: Served, reference: Reference):
    for focus, rho in EVERY_FOCUS_AND_DIAL_ONCE:
        expected = reference.scores("england", focus, rho)["rank"].sort_values(kind="stable").index.tolist()
        for page in (1, 338):
            text = http.get(address("places", "england", "", focus, rho, page=str(page))).text
            assert check_planner(text, "england", focus, rho, reference) == expected[100 * (page - 1) : 100 * page]
        shown = MapFacts(http.get(address("maps", "england", "/targeting", focus, rho)).text)
        box = fetched(http, f"{shown.geojson}&bbox=-0.5,51.85,-0.37,51.93")
        found, wanted = features_of(box), reference.scores("england", focus, rho)
        assert len(found["lsoa21cd"]) > 100
        for name in ("need_score", "targeting_score", "rank"):
            assert np.allclose(found[name], wanted.loc[found["lsoa21cd"], name], atol=TOLERANCE, rtol=0)


@pytest.mark.slow
def test_a_neighbourhood_has_in_england_the_score_it_has_at_home(
    england: dict[str, Columns], http: Served, real_store: RealStore
):
    real_store("luton", "blmk")
    for focus, columns in england.items():
        need = dict(zip(columns["lsoa21cd"], columns["need_score"], strict=True))
        for place in ("luton", "blmk"):
            rows = fetched(http, address("api/v1/places", place, "/scores", focus, 3))["rows"]
            same = [row["need_score"] for row in rows] == [need[row["lsoa21cd"]] for row in rows]
            assert same == (not by_listed_sites(focus, place)), (focus, place)


@pytest.mark.slow
def test_core_is_the_published_index_of_multiple_deprivation(england: dict[str, Columns], reference: Reference):
    core = pd.DataFrame(england["core"]).set_index("lsoa21cd")
    published = reference.deprivation.loc[core.index]
    imd = "Index of Multiple Deprivation (IMD)"
    assert len(core) == ENGLAND
    assert (core["need_score"] - published[f"{imd} Score"]).abs().max() <= 0.001
    assert (core["rank"] - published[f"{imd} Rank (where 1 is most deprived)"]).abs().max() <= 1
    decile = published[f"{imd} Decile (where 1 is most deprived 10% of LSOAs)"]
    assert (np.ceil(10 * core["rank"] / ENGLAND) == decile).sum() == ENGLAND


@pytest.mark.slow
def test_england_is_every_neighbourhood_once(england: dict[str, Columns], reference: Reference):
    for columns in england.values():
        assert len(set(columns["lsoa21cd"])) == len(columns["lsoa21cd"]) == ENGLAND
        assert sum(columns["population"]) == int(reference.residents.sum()) == 57_106_398


# Place summaries


def test_summaries_of_all_councils_are_the_published_ones_of_2019(sources_dir: Path):
    folder = sources_dir / "deprivation"
    areas = read_file7(folder / "iod2019_file7_lsoa11_england.csv.gz", edition=2019).table
    published = read_file10(folder / "iod2019_file10_lad19_summaries.csv").table
    groups = dict(iter(areas.groupby("lad19cd")))
    assert set(groups) == set(published.index)
    assert len(published) == 317
    found = pd.DataFrame(
        {
            code: vars(place_summary(part["imd_score"], part["imd_rank"], part["total_population"], areas=len(areas)))
            for code, part in groups.items()
        }
    ).T
    for own, theirs, within in [
        ("average_score", "imd_average_score", 0.001),
        ("decile_1_share", "imd_share_in_decile_1", 0.0001),
        ("extent", "imd_extent", 0.0001),
        ("average_rank", "imd_average_rank", 0.15),
        ("local_concentration", "imd_local_concentration", 0.2),
    ]:
        assert (found[own] - published[theirs]).abs().max() <= within, own


# What a place is


@pytest.mark.parametrize(("place", "count"), COUNTS.items())
def test_nobody_is_lost(place: str, count: int, real_store: RealStore, reference: Reference):
    edition = open_edition(real_store(place), place)
    members = reference.members(place)
    assert edition.codes.tolist() == members.tolist()
    assert len(set(members)) == edition.count == count
    assert edition.population().sum() == reference.residents[members].sum() == edition.report["population"]
    (residents,) = edition.report["totals"]
    assert residents["before"] == residents["after"] == reference.residents.sum()


@pytest.mark.parametrize(("place", "people"), [("luton", 226_973), ("milton-keynes", 292_180), ("bromley", 329_578)])
def test_residents_are_those_of_the_source(place: str, people: int, real_store: RealStore):
    assert open_edition(real_store(place), place).report["population"] == people


def test_lancashire_and_south_cumbria_is_its_own_neighbourhoods(real_store: RealStore, reference: Reference):
    place = "lancashire-and-south-cumbria"
    codes = open_edition(real_store(place), place).codes
    districts = reference.lookup["LAD22CD"][codes].value_counts()
    assert len(codes) == 1_060
    assert districts["E07000029"] == 6  # former Copeland
    assert districts["E07000163"] == 3  # former Craven
    assert "E07000030" not in districts  # former Eden


def test_blmk_has_four_neighbourhoods_of_buckinghamshire(real_store: RealStore, reference: Reference):
    codes = open_edition(real_store("blmk"), "blmk").codes
    councils = reference.lookup["LAD24NM"][codes]
    assert len(codes) == 587
    beyond = councils.index[councils == "Buckinghamshire"].tolist()
    assert beyond == ["E01017669", "E01017670", "E01017695", "E01017696"]
    assert councils.value_counts().to_dict() == {
        "Central Bedfordshire": 175,
        "Milton Keynes": 166,
        "Luton": 125,
        "Bedford": 117,
        "Buckinghamshire": 4,
    }


@pytest.mark.parametrize(("place", "practices"), [("luton", 24), ("milton-keynes", 23), ("bromley", 41)])
def test_open_practices_are_placed_inside(place: str, practices: int, http: Served, real_store: RealStore):
    store = real_store(place)
    shown = [site["properties"] for site in fetched(http, f"/geojson/{place}/sites?service=gp")["features"]]
    assert sum(site["inside"] for site in shown) == practices
    assert open_edition(store, place).report["sites"]["gp"]["inside"] == practices


def test_luton_has_25_hubs_and_centres_of_which_5_are_hubs(http: Served, real_store: RealStore):
    real_store("luton")
    sites = [site["properties"] for site in fetched(http, "/geojson/luton/sites")["features"]]
    inside = [site["service"] for site in sites if site["inside"]]
    assert inside.count("family_hub") == 5
    assert inside.count("family_hub") + inside.count("childrens_centre") == 25


def test_the_walk_to_a_hub_is_known_only_where_the_list_is_whole(http: Served, real_store: RealStore):
    real_store("luton", "milton-keynes", "bromley")
    for place, known in (("luton", True), ("milton-keynes", False), ("bromley", False)):
        rows = fetched(http, f"/api/v1/places/{place}/scores?focus=best-start")["rows"]
        assert {row["family_hub_walk_min"] is not None for row in rows} == {known}
        assert all(row["need_score"] is not None for row in rows)
