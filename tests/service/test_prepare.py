"""Whole builds of the demo borough from files of which one is lost or spoilt: refused, or carried on and said."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

import geodata.demo
from geodata.catalogue import load_catalogue
from geodata.definitions import load_focuses, load_indicators
from geodata.errors import BadDefinition, BadFile, BadJoin, BadSource, DataError, SourceMissing, UnknownPlace
from geodata.store import MANIFEST
from service.building.prepare import BuildResult, build
from service.editions.edition import Edition, open_edition
from service.editions.scoring import NO_PEOPLE, NO_SCORE, score
from service.editions.views import View
from tests.conftest import draw_less

BOUNDARIES = "geography/lsoa21_bgc_demo.geojson"
LOOKUP = "geography/lsoa21_lookup_demo.csv"
CENTROIDS = "geography/lsoa21_population_weighted_centroids.csv"
POSTCODES = "geography/postcodes_demo.csv"
TEAMS = "geography/team_areas.csv"
FILE7 = "deprivation/iod2025_file7_lsoa21_demo.csv"
UNDERLYING = "deprivation/iod2025_underlying_indicators_lsoa21.csv"
POPULATION = "population/lsoa21_mid2022_population_census2021_households.csv"
AGE_BANDS = "population/lsoa21_age_bands_mid2020_apportioned.csv"
CENSUS_AGE = "population/lsoa21_census2021_age_six_bands.csv"
EXACT_FIT = "geography/lsoa11_lsoa21_exact_fit_lookup_demo.csv"
REGISTRATIONS = "indicators/gp-reg-pat-prac-lsoa-all_demo_2022-07.csv"
QOF = "indicators/qof_2021-22_prevalence_by_practice.csv"
HEALTH_INDEX = "indicators/ons_health_index_2019-2021_indicators_ltla.csv"
PROFICIENCY = "population/msoa21_census2021_english_proficiency.csv"
TENURE = "population/lsoa21_census2021_tenure.csv"
OCCUPANCY = "population/lsoa21_census2021_occupancy_rating.csv"
PRACTICES = "sites/epraccur.csv"
HUBS = "sites/family_hubs_childrens_centres.csv"
KEYED = (FILE7, UNDERLYING, CENTROIDS, POPULATION, AGE_BANDS, CENSUS_AGE, TENURE)
EVERYWHERE = 120
SILENT = 17  # neighbourhoods where half or more of the dentists in reach have not said whether they take children
NO_AGES = ("age_bands_mid2020", "census2021_age")
BY_AGE = [name for name, focus in load_focuses().items() if focus.ages]
GPS, DENTISTS, CENTRES = "gp_supply_per_1000", "child_dentists_per_1000", "diagnostic_centre_drive_min"
FROM_UNDERLYING = ["illness_disability_ratio", "acute_morbidity", "years_of_life_lost", "mental_health_indicator"]
FROM_PRACTICES = [name for name, part in load_indicators().items() if part.by_practice]
PAGES = (
    "/",
    "/places/demo",
    "/places/demo?focus=best-start&rho=4.25",
    "/places/demo?focus=building-blocks&within=ward:E05900001",
    "/places/demo/neighbourhoods/E01900001",
    "/places/demo/neighbourhoods/E01900001?focus=best-start",
    "/places/demo/neighbourhoods/E01900001?focus=building-blocks",
    "/indicators/overcrowded_share?place=demo",
    "/indicators/family_hub_walk_min?place=demo",
    "/indicators/adult_skills_share?place=demo",
    "/methods",
    "/sources",
    "/maps/demo/targeting?focus=best-start",
    "/maps/demo/indicator?indicator=rented_share",
    "/pictures/demo/need.svg?focus=best-start",
    "/pictures/demo/indicator.svg?indicator=adult_skills_share",
    "/downloads/demo/targeting.csv?focus=best-start",
    "/geojson/demo/need?focus=best-start",
    "/geojson/demo/need?focus=building-blocks",
    "/geojson/demo/indicator?indicator=family_hub_walk_min",
    "/geojson/demo/sites",
    "/geojson/demo/councils?focus=best-start",
    "/api/v1/places",
    "/api/v1/places/demo/scores?focus=best-start",
    "/api/v1/places/demo/neighbourhoods/E01900001?focus=best-start",
)


@pytest.fixture(autouse=True)
def few_draws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw less where a build is not compared with the one that all tests share: none of these looks at certainty."""
    if "demo_store" not in request.fixturenames:
        draw_less(monkeypatch)


@pytest.fixture
def attempt(demo_copy: Path, tmp_path: Path) -> Callable[[], BuildResult]:
    """Build the demo borough from the copy of its files."""
    return lambda: build("demo", sources=demo_copy, store=tmp_path / "store", offline=True)


@pytest.fixture
def opened(attempt: Callable[[], BuildResult], tmp_path: Path) -> Callable[[], Edition]:
    """Build from the copy, and open what was built."""

    def make() -> Edition:
        attempt()
        return open_edition(tmp_path / "store", "demo")

    return make


def change(path: Path, old: str, new: str, *, times: int = 1) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, times), "utf-8")


def drop_row(path: Path, starts: str) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(starts)]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept), "utf-8")


def set_cell(path: Path, code: str, column: str, value: str) -> None:
    """Set one cell of a table that is keyed on its first column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    (row,) = [row for row in rows if row[0] == code]
    row[rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def header_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def refused(
    attempt: Callable[[], BuildResult], kind: type[DataError], rule: str, says: list[str], store: Path
) -> DataError:
    """Expect that a build is refused by this rule with these words, and that nothing is stored."""
    with pytest.raises(kind) as caught:
        attempt()
    assert caught.value.rule == rule, str(caught.value)
    for word in [*says, f"[{rule}]"]:
        assert word in str(caught.value), f"{word!r} is not in: {caught.value}"
    assert not list(store.rglob(MANIFEST))
    assert not list(store.rglob("*.npy"))
    return caught.value


def status_of(report: dict[str, Any]) -> dict[str, str]:
    return {source["id"]: source["status"] for source in report["sources"]}


def source_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(source for source in report["sources"] if source["id"] == name)


# What a build cannot do without


@pytest.mark.parametrize("file", [BOUNDARIES, LOOKUP, FILE7, POPULATION])
def test_without_a_required_source_nothing_is_built(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str
) -> None:
    (demo_copy / file).unlink()
    refused(attempt, SourceMissing, "source-missing", [Path(file).name, f"keep it as {file}"], tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_missing_source_of_a_real_place_comes_with_its_publishers_page(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissing) as caught:
        build("luton", sources=tmp_path / "empty", store=tmp_path / "store", cache=tmp_path / "cache", offline=True)
    source = next(source for source in load_catalogue().values() if source.files[0] == caught.value.file)
    assert source.required
    assert source.landing_page.startswith("https://")
    assert source.landing_page in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_an_unknown_place_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownPlace, match=r"No place 'aldermuth'; choose one of .*demo"):
        build("aldermuth", store=tmp_path / "store", offline=True)


def test_an_unknown_place_code_is_refused(attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path) -> None:
    change(demo_copy / LOOKUP, "E06900001", "E06900009", times=-1)
    refused(attempt, BadDefinition, "unknown-code", ["demo.toml", "'lad24cd'", "E06900001"], tmp_path / "store")


# What a build can do without: said, never zero


@pytest.mark.parametrize(
    ("file", "source", "unknown", "without_score"),
    [
        (POSTCODES, "postcodes", [GPS, DENTISTS], ["child-dental", "gp-access"]),
        (CENTROIDS, "lsoa21_centroids", ["family_hub_walk_min", GPS, DENTISTS, CENTRES], ["child-dental", "gp-access"]),
        (HUBS, "family_hubs", ["family_hub_walk_min"], []),
        (
            UNDERLYING,
            "iod2025_underlying",
            ["adult_skills_share", "housing_affordability", *FROM_UNDERLYING],
            ["building-blocks", "long-term-conditions", "mental-health"],
        ),
        (AGE_BANDS, "age_bands_mid2020", ["aged_75_share", "aged_85_share", DENTISTS], BY_AGE),
        (CENSUS_AGE, "census2021_age", ["older_share", "young_adult_share", DENTISTS], BY_AGE),
        (REGISTRATIONS, "gp_registrations", [*FROM_PRACTICES, GPS], ["diagnostics", "gp-access"]),
        (QOF, "qof", FROM_PRACTICES, ["diagnostics"]),
        (EXACT_FIT, "lsoa_2011_2021_exact_fit", FROM_PRACTICES, ["diagnostics"]),
        (HEALTH_INDEX, "health_index", [], []),
        (PROFICIENCY, "census2021_english_proficiency", [], []),
        (OCCUPANCY, "census2021_occupancy", ["overcrowded_share"], []),
        (TEAMS, "team_areas", [], []),
        (PRACTICES, "gp_practices", [GPS], ["gp-access"]),
    ],
)
def test_without_an_optional_source_the_build_goes_on_and_says_so(
    attempt: Callable[[], BuildResult],
    demo_copy: Path,
    tmp_path: Path,
    serve: Callable[[Path], Any],
    file: str,
    source: str,
    unknown: list[str],
    without_score: list[str],
) -> None:
    (demo_copy / file).unlink()
    report = attempt().report
    assert status_of(report)[source] == "missing"
    assert source_of(report, source)["rows_read"] is None
    assert source_of(report, source)["file"] == Path(file).name
    edition = open_edition(tmp_path / "store", "demo")
    assert source not in edition.manifest["sources"]
    for name, facts in edition.indicators.items():
        known = EVERYWHERE - SILENT * (name == DENTISTS)
        assert facts["known"] == (0 if name in unknown else known), name
        assert np.isnan(edition.indicator_values(name)).all() == (name in unknown), name
    for focus in edition.focuses:
        scores = score(edition, View("demo", focus))
        if focus in without_score:
            for figures in (scores.need_score, scores.need_position, scores.targeting_score):
                assert np.isnan(figures).all()
            assert not scores.rank.any()
            notes = {note.split("; GP figures")[0] for note in scores.note}
            assert notes == {NO_PEOPLE if source in NO_AGES else NO_SCORE}
        else:
            asked = scores.parts if focus == "child-dental" else ()
            silent = np.isnan(edition.indicator_values(DENTISTS)) if DENTISTS in asked else np.zeros(EVERYWHERE, bool)
            assert np.array_equal(np.isfinite(scores.targeting_score), ~silent)
            lost = [edition.indicators[name]["short"] for name in scores.parts if name in unknown]
            for note in np.array(scores.note)[~silent].tolist():
                assert all(f"{short}: not known here" in note for short in lost)
                assert bool(note) == bool(lost) or note.startswith("GP figures")
    web = serve(tmp_path / "store")
    for address in PAGES:
        answer = web.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:400]}"
        if "json" in answer.headers["content-type"]:
            answer.json()


def test_practices_cannot_be_placed_without_postcodes_and_that_is_said(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    (demo_copy / POSTCODES).unlink()
    report = attempt().report
    for name in ("gp_practices", "dental_practices"):
        assert source_of(report, name)["status"] == "held, not used in this edition"
        assert "no postcode look-up" in source_of(report, name)["warning"]
    assert report["sites"]["gp"] == {"inside": 0, "near": 0}
    edition = open_edition(tmp_path / "store", "demo")
    near = edition.facts(0)["near"]
    assert near["gp"] == {"site_id": None, "name": None, "distance_m": None, "travel_time_min": None}
    assert near["family_hub"]["distance_m"] > 0
    assert edition.find_postcode("ZX1 1AA") is None


def test_without_centroids_no_distance_is_made_up(opened: Callable[[], Edition], demo_copy: Path) -> None:
    (demo_copy / CENTROIDS).unlink()
    facts = opened().facts(0)
    assert facts["centroid"] == [None, None]
    for service, near in facts["near"].items():
        assert near["distance_m"] is None, service
        assert near["travel_time_min"] is None, service


def test_a_service_whose_list_is_not_whole_is_not_known_here_although_sites_are_held(
    opened: Callable[[], Edition], demo_copy: Path
) -> None:
    hubs = demo_copy / HUBS
    lines = [line for line in hubs.read_text("utf-8").splitlines() if not line.endswith(",yes")]
    hubs.write_text("\n".join(lines) + "\n", "utf-8")
    edition = opened()
    # No Family Hub is listed in the council: its list cannot be whole, whatever the catalogue says.
    assert edition.indicators["family_hub_walk_min"]["known"] == 0
    assert edition.facts(0)["near"]["family_hub"]["site_id"] is None
    assert edition.facts(0)["near"]["childrens_centre"]["distance_m"] > 0


def test_one_empty_cell_is_unknown_there_and_nowhere_else(
    opened: Callable[[], Edition], demo_copy: Path, demo_store: Path
) -> None:
    set_cell(demo_copy / TENURE, "E01900001", "Total", "")
    (children,) = [name for name in header_of(demo_copy / CENSUS_AGE) if "15" in name]
    set_cell(demo_copy / CENSUS_AGE, "E01900002", children, "")
    edition, whole = opened(), open_edition(demo_store, "demo")
    rented = edition.indicator_values("rented_share")
    assert np.isnan(rented[0])
    assert np.array_equal(rented[1:], whole.indicator_values("rented_share")[1:])
    best_start = score(edition, View("demo", "best-start"))
    assert np.flatnonzero(np.isnan(best_start.need_score)).tolist() == [1]
    assert best_start.note[1] == NO_PEOPLE
    assert np.isnan(best_start.eligible[1])
    assert np.isnan(best_start.targeting_score[1])
    people = best_start.eligible[np.arange(EVERYWHERE) != 1]
    shares = best_start.targeting_score[np.arange(EVERYWHERE) != 1]
    assert np.average(shares, weights=people) == pytest.approx(1, abs=1e-8)
    blocks = score(edition, View("demo", "building-blocks"))
    assert np.isfinite(blocks.need_score).all()
    assert blocks.note[0].endswith("not known here, the other weights are scaled up")
    assert set(blocks.note[1:]) == {""}
    parts = np.array([values[0] for values in blocks.parts.values()])
    assert np.nansum(parts) == pytest.approx(blocks.need_score[0], abs=1e-8)


def test_a_rank_that_is_blank_leaves_its_weight_to_the_others(opened: Callable[[], Edition], demo_copy: Path) -> None:
    path = demo_copy / FILE7
    (crime,) = [name for name in header_of(path) if name.startswith("Crime Rank")]
    (decile,) = [name for name in header_of(path) if name.startswith("Crime Decile")]
    set_cell(path, "E01900001", crime, "")
    set_cell(path, "E01900001", decile, "")
    scores = score(opened(), View("demo"))
    assert np.isfinite(scores.need_score).all()
    assert scores.note[0].startswith("Crime rank: not known here")
    assert np.isnan(scores.parts["crime_rank"][0])


# Joins


@pytest.mark.parametrize("file", KEYED)
def test_a_neighbourhood_that_a_source_lost_is_named(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str
) -> None:
    drop_row(demo_copy / file, "E01900005,")
    catalogue = load_catalogue(Path(geodata.demo.__file__).parent / "sources.toml")
    (source,) = [name for name, found in catalogue.items() if found.files[0] == Path(file).name]
    says = [f"source '{source}'", "no row for 1 of 125 neighbourhoods", "E01900005"]
    assert refused(attempt, BadJoin, "code-lost", says, tmp_path / "store").code == "E01900005"


@pytest.mark.parametrize("file", [*KEYED, LOOKUP])
def test_a_neighbourhood_that_a_source_has_twice_is_named(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str
) -> None:
    path = demo_copy / file
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[5]]) + "\n", "utf-8")
    says = [path.name, f"row {len(lines) + 1}", "E01900005", "twice"]
    refused(attempt, BadFile, "doubled-code", says, tmp_path / "store")


@pytest.mark.parametrize(
    ("file", "code", "rule", "words"),
    [
        (POPULATION, "E01999999", "wrong-vintage", "not in the look-up"),
        (POPULATION, "S01900005", "wrong-nation", "Scotland"),
        (POPULATION, "W01900005", "wrong-nation", "Wales"),
        (POPULATION, "95AA01S1", "wrong-nation", "Northern Ireland"),
        (POPULATION, "E02900005", "wrong-level", "MSOA"),
        (POPULATION, "", "missing-code", "empty"),
        (FILE7, "E01999999", "wrong-vintage", "not in the look-up"),
        (FILE7, "S01900005", "wrong-nation", "Scotland"),
        (TENURE, "E01999999", "wrong-vintage", "not in the look-up"),
        (TENURE, "E02900005", "wrong-level", "MSOA"),
        (CENTROIDS, "W01900005", "wrong-nation", "Wales"),
        (LOOKUP, "S01900005", "wrong-nation", "Scotland"),
        (LOOKUP, "E02900005", "wrong-level", "MSOA"),
    ],
)
def test_a_code_that_does_not_belong_is_named_with_its_row(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str, code: str, rule: str, words: str
) -> None:
    change(demo_copy / file, "E01900005", code)
    says = [Path(file).name, "row 6", code, words]
    refused(attempt, BadFile, rule, says, tmp_path / "store")


@pytest.mark.parametrize("file", [POPULATION, TENURE, CENTROIDS, BOUNDARIES, FILE7])
def test_codes_of_2011_in_data_of_2021_are_told(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str
) -> None:
    path = demo_copy / file
    for new, old in (("LSOA21CD", "LSOA11CD"), ("(2021)", "(2011)")):
        path.write_text(path.read_text("utf-8").replace(new, old), "utf-8")
    refused(attempt, BadFile, "wrong-vintage", [path.name, "2011"], tmp_path / "store")


def test_a_footprint_with_an_unknown_code_is_refused(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    change(demo_copy / TEAMS, "E01900010", "E01999999")
    says = ["team_areas.csv", "row 2", "E01999999", "not in the look-up"]
    refused(attempt, BadFile, "wrong-vintage", says, tmp_path / "store")


# Single files


def swapped(coordinates: Any) -> Any:
    nested = isinstance(coordinates[0], list)
    return [swapped(part) for part in coordinates] if nested else coordinates[::-1]


def respoil(path: Path, spoil: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(path.read_text("utf-8"))
    spoil(data)
    path.write_text(json.dumps(data), "utf-8")


def test_boundaries_that_miss_a_neighbourhood_of_the_place(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    respoil(demo_copy / BOUNDARIES, lambda data: data["features"].pop(4))
    says = ["lsoa21_boundaries", "1 of 120 neighbourhoods have no boundary", "E01900005"]
    refused(attempt, BadJoin, "code-lost", says, tmp_path / "store")


def test_boundaries_with_swapped_axes(attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path) -> None:
    def swap(data: dict[str, Any]) -> None:
        for feature in data["features"]:
            feature["geometry"]["coordinates"] = swapped(feature["geometry"]["coordinates"])

    respoil(demo_copy / BOUNDARIES, swap)
    says = ["lsoa21_bgc_demo.geojson", "row 1", "latitude first", "Swap the two coordinates"]
    refused(attempt, BadFile, "swapped-axes", says, tmp_path / "store")


def test_boundaries_that_do_not_meet_are_mended_and_said(attempt: Callable[[], BuildResult], demo_copy: Path) -> None:
    def shift(data: dict[str, Any]) -> None:
        """Move a corner that the first area shares into its neighbours, by seven centimetres."""
        corners = {tuple(corner) for other in data["features"][1:] for corner in other["geometry"]["coordinates"][0]}
        geometry = data["features"][0]["geometry"]
        (ring,) = geometry["coordinates"]
        place = next(place for place in range(1, len(ring) - 1) if tuple(ring[place]) in corners)
        x, y = ring[place]
        both = [[*ring[:place], [x + by, y], *ring[place + 1 :]] for by in (-1e-6, 1e-6)]
        geometry["coordinates"] = [max(both, key=lambda outer: shapely.Polygon(outer).area)]

    respoil(demo_copy / BOUNDARIES, shift)
    account = source_of(attempt().report, "lsoa21_boundaries")
    assert account["mended"] == ["E01900002"]  # of two that held all of a face, the first keeps it
    says = "boundaries that did not meet their neighbours exactly were mended: E01900002 (1 in all)"
    assert account["warning"] == says


def test_boundaries_in_another_system(attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path) -> None:
    system = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    respoil(demo_copy / BOUNDARIES, lambda data: data.update(crs=system))
    refused(attempt, BadFile, "wrong-crs", ["lsoa21_bgc_demo.geojson", "EPSG:27700"], tmp_path / "store")


def test_a_decile_that_disagrees_with_its_rank(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    path = demo_copy / FILE7
    header = header_of(path)
    (decile,) = [name for name in header if name.startswith("Index of Multiple Deprivation") and "Decile" in name]
    with path.open(encoding="utf-8", newline="") as file:
        old = int(list(csv.reader(file))[5][header.index(decile)])
    set_cell(path, "E01900005", decile, str(old % 10 + 1))
    says = [path.name, "row 6", "'imd_decile'", "E01900005", f"decile {old % 10 + 1} disagrees with rank", "33,755"]
    refused(attempt, BadFile, "decile-disagrees", says, tmp_path / "store")


@pytest.mark.parametrize(
    ("file", "content", "kind", "rule", "words"),
    [
        (POPULATION, b"PK\x03\x04rest", BadFile, "wrong-kind", "zip archive"),
        (POPULATION, b"", BadSource, "empty-file", "empty"),
        (POPULATION, b"LSOA21CD,population_mid2022,households_census2021\n", BadFile, "empty-file", "no row"),
        (BOUNDARIES, b"<html><body>Sign in</body></html>", BadFile, "wrong-kind", "web page"),
        (BOUNDARIES, b'{"type":"FeatureCollection","features":[', BadFile, "wrong-kind", "JSON"),
        (FILE7, b"a,b\n1,2\n", BadFile, "missing-column", "LSOA code (2021)"),
    ],
)
def test_a_file_of_the_wrong_kind(
    attempt: Callable[[], BuildResult],
    demo_copy: Path,
    tmp_path: Path,
    file: str,
    content: bytes,
    kind: type[DataError],
    rule: str,
    words: str,
) -> None:
    (demo_copy / file).write_bytes(content)
    refused(attempt, kind, rule, [Path(file).name, words], tmp_path / "store")


@pytest.mark.parametrize(
    ("file", "column"),
    [
        (POPULATION, "population_mid2022"),
        (LOOKUP, "ICB24CD"),
        (TENURE, "Total"),
        (TEAMS, "footprint"),
        (POSTCODES, "pcds"),
    ],
)
def test_a_missing_column_is_named(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path, file: str, column: str
) -> None:
    change(demo_copy / file, column, "something_else")
    refused(attempt, BadFile, "missing-column", [Path(file).name, f"'{column}'"], tmp_path / "store")


def test_residents_who_are_not_counted_stop_the_build(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    set_cell(demo_copy / POPULATION, "E01900005", "population_mid2022", "")
    says = ["row 6", "'population_mid2022'", "a number is needed"]
    refused(attempt, BadFile, "missing-value", says, tmp_path / "store")


def test_a_refused_build_leaves_the_edition_before_it(
    attempt: Callable[[], BuildResult], demo_copy: Path, tmp_path: Path
) -> None:
    first = attempt().edition
    change(demo_copy / POPULATION, "E01900005", "E01999999")
    with pytest.raises(BadFile):
        attempt()
    assert open_edition(tmp_path / "store", "demo").id == first
    assert {path.name for path in (tmp_path / "store" / "demo").iterdir()} == {".lock", "current", first}


# Sites


def test_a_practice_at_an_unknown_postcode_is_listed_with_the_reason(demo_store: Path) -> None:
    report = open_edition(demo_store, "demo").report
    left_out = {part["reason"]: part for part in source_of(report, "gp_practices")["left_out"]}
    assert left_out["postcode not in the look-up"] == {
        "reason": "postcode not in the look-up",
        "rows": 1,
        "examples": ["Z90010 at ZX4 9ZZ"],
    }
    assert "Z90010" not in {site["site_id"] for site in open_edition(demo_store, "demo").sites()}


def test_sites_outside_the_place_but_near_are_kept_and_said(opened: Callable[[], Edition], demo_copy: Path) -> None:
    hubs = demo_copy / HUBS
    far = 'Elsewhere,Far Away Family Hub,"1 Far Street",ZX9 9ZZ,51.5,-0.1,no,,yes'
    hubs.write_text(hubs.read_text("utf-8") + far + "\n", "utf-8")
    edition = opened()
    assert edition.report["sites"] == {
        "gp": {"inside": 9, "near": 1},
        "dental": {"inside": 7, "near": 1},
        "family_hub": {"inside": 3, "near": 0},
        "childrens_centre": {"inside": 3, "near": 1},
        "pharmacy": {"inside": 10, "near": 1},
        "school": {"inside": 15, "near": 0},
        "library": {"inside": 4, "near": 0},
        "hospital": {"inside": 3, "near": 0},
        "diagnostic_centre": {"inside": 1, "near": 1},
    }
    outside = {site["name"] for site in edition.sites() if not site["inside"]}
    assert {"Skelmarsh Surgery", "Skelmarsh Children's Centre"} <= outside
    assert "Far Away Family Hub" not in {site["name"] for site in edition.sites()}
    left_out = {part["reason"]: part["rows"] for part in source_of(edition.report, "family_hubs")["left_out"]}
    assert left_out["outside the place"] == 1


def test_every_row_of_every_source_is_accounted_for(demo_store: Path) -> None:
    edition = open_edition(demo_store, "demo")
    used = [source for source in edition.report["sources"] if source["status"] == "used"]
    assert len(used) >= 17
    for source in used:
        accounted = source["rows_used"] + sum(part["rows"] for part in source["left_out"])
        assert accounted == source["rows_read"], source["id"]
        assert all(part["reason"] and part["rows"] > 0 for part in source["left_out"]), source["id"]
        assert source["attribution"], source["id"]
        assert source["sha256"] == edition.manifest["sources"][source["id"]]["sha256"]
    assert edition.sources == edition.report["sources"]


def test_people_are_the_same_before_and_after(demo_store: Path) -> None:
    edition = open_edition(demo_store, "demo")
    (total,) = edition.report["totals"]
    assert total["name"] == "residents"
    assert total["before"] == total["after"] > 0
    assert edition.count == EVERYWHERE == edition.manifest["neighbourhoods"]
    assert edition.population().sum() == edition.manifest["population"] == edition.place["population"]
    assert len(set(edition.codes.tolist())) == EVERYWHERE


# The same files give the same bytes


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_build_of_what_is_there_already_adds_nothing(tmp_path: Path, few_draws: None) -> None:
    first = build("demo", store=tmp_path / "store", offline=True).edition
    assert build("demo", store=tmp_path / "store", offline=True).edition == first
    assert {path.name for path in (tmp_path / "store" / "demo").iterdir()} == {".lock", "current", first}


def test_the_order_of_rows_in_a_file_changes_no_figure(
    opened: Callable[[], Edition], demo_copy: Path, demo_store: Path
) -> None:
    for file in (POPULATION, TENURE, FILE7, CENTROIDS, LOOKUP, TEAMS, POSTCODES):
        lines = (demo_copy / file).read_text("utf-8").splitlines()
        (demo_copy / file).write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", "utf-8")
    respoil(demo_copy / BOUNDARIES, lambda data: data["features"].reverse())
    shutil.copytree(Path(geodata.demo.__file__).parent / "files" / "networks", demo_copy / "networks")
    mixed, plain = tree(opened().stored.folder / "web"), tree(open_edition(demo_store, "demo").stored.folder / "web")
    assert [name for name in plain if name != "meta.json" and plain[name] != mixed[name]] == []


def test_a_source_found_at_the_top_of_the_folder_does_as_well(
    attempt: Callable[[], BuildResult], demo_copy: Path
) -> None:
    shutil.move(demo_copy / POPULATION, demo_copy)
    assert status_of(attempt().report)["population_mid2022"] == "used"
