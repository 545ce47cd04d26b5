"""Finding a source: the folder, the cache, and publishers that answer well, badly, or not at all."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geodata.boundaries import read_boundaries
from geodata.catalogue import Source, load_catalogue
from geodata.download import Patience
from geodata.errors import BadSource, DataError, SourceMissing
from geodata.locate import Located, locate
from geodata.lookups import read_centroids
from geodata.publishers import count_rows
from tests.geodata.publishers import FINGERTIPS, LANDING_PAGE, LAYER, LSOAS, REPORT, Publisher

HASTY = Patience(
    connect_s=0.5, read_s=0.15, whole_s=0.2, attempts=2, back_off_s=0.01, page_rows=3, fresh_s=0, settled_s=0
)
CATALOGUE = load_catalogue()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as running:
        yield running


def played(way: str, publisher: Publisher) -> Source:
    """Take a real source of the catalogue and point it at the server."""
    if way == "arcgis":
        real, path = CATALOGUE["lsoa21_boundaries"], LAYER
    elif way == "ods":
        real, path = CATALOGUE["gp_practices"], f"{REPORT}?report=epraccur"
    elif way == "govuk":
        real, path = CATALOGUE["iod2025_file7"], LANDING_PAGE
    else:
        real, path = CATALOGUE["fingertips_isolation"], f"{FINGERTIPS}?indicator_ids=90280,90638"
    assert real.fetch == way
    least = None if real.least_rows is None else 5
    return replace(real, address=publisher.address + path, hosts=(), expected_rows=5, least_rows=least)


def partial_files(cache: Path) -> list[str]:
    return [path.name for path in cache.rglob("*") if path.name.startswith(".partial-")]


def ask(source: Source, cache: Path, **options: object) -> Located:
    return locate(source, folder=None, cache=cache, patience=HASTY, **options)  # type: ignore[arg-type]


WAYS = ("arcgis", "ods", "govuk", "file")
DOWN = "out of service"
SLOW = "too slow"
CUT = "cut short"
LOGIN = "'Sign in & continue' came in place of the file"
OTHER_HOST = "redirects to http://localhost, which is not its own"
REFUSED = "answers 403: it asks for a login, or refuses us"
GONE = "answers 404: the file is not at its address any more"
FAULTS = [
    *((way, "down", SourceMissing, "publisher-down", DOWN) for way in WAYS),
    *((way, "slow", SourceMissing, "publisher-slow", SLOW) for way in WAYS),
    *((way, "drips", SourceMissing, "publisher-slow", SLOW) for way in WAYS),
    *((way, "cut short", BadSource, "cut-short", CUT) for way in WAYS),
    *((way, "redirected to a login page", BadSource, "login-page", OTHER_HOST) for way in WAYS),
    *((way, "login page in place of the file", BadSource, "login-page", LOGIN) for way in ("arcgis", "ods", "file")),
    ("govuk", "login page in place of the file", BadSource, "asset-not-found", "links to no file named File_7"),
    *((way, "forbidden", BadSource, "login-page", REFUSED) for way in WAYS),
    *((way, "gone", SourceMissing, "moved", GONE) for way in WAYS),
    *((way, "nothing in it", BadSource, "empty-file", "sent nothing") for way in WAYS),
    *((way, "redirected to itself", BadSource, "login-page", "more than 5 redirects") for way in WAYS),
    ("arcgis", "stops silently", BadSource, "paged-short", "stopped at 4 rows of the 5 it counts"),
    ("arcgis", "gives the same page again", BadSource, "paged-twice", "E01015693 came twice"),
    ("arcgis", "one too few", BadSource, "wrong-count", "counts 4 rows, and 5 are expected"),
    ("arcgis", "asks for a token", BadSource, "login-page", "asks for a login now: 499 Token Required"),
    ("arcgis", "wrong question", BadSource, "publisher-error", "error: 400 Invalid query parameters"),
    ("arcgis", "says a page with no list", BadSource, "wrong-shape", "no list of features"),
    ("arcgis", "changed in shape", BadSource, "wrong-shape", "column 'LSOA21CD': a column is not in the answer"),
    ("ods", "changed in shape", BadSource, "wrong-shape", "row 1: 26 columns came where the report has 27"),
    ("ods", "a header where there was none", BadSource, "wrong-shape", "'Organisation Code' is not an organisation"),
    ("ods", "one too few", BadSource, "wrong-count", "has 4 rows, and at least 5 are expected"),
    ("govuk", "link gone", BadSource, "asset-not-found", "links to no file named File_7*IoD2025*.csv"),
    ("govuk", "two links", BadSource, "asset-ambiguous", "links to several: File_7_IoD2025_All_Ranks"),
    ("govuk", "links to another host", BadSource, "login-page", "links to localhost, which is not its own"),
    ("govuk", "changed in shape", BadSource, "wrong-shape", "column 'LSOA code (2021)': a column is not in the file"),
    ("govuk", "one too few", BadSource, "wrong-count", "has 4 rows, and 5 are expected"),
    ("file", "changed in shape", BadSource, "wrong-shape", "column 'Area Code': a column is not in the file"),
    ("file", "one too few", BadSource, "wrong-count", "has 0 rows, and at least 5 are expected"),
]


@pytest.mark.parametrize(("way", "fault", "kind", "rule", "words"), FAULTS)
def test_a_fault_is_named_and_nothing_stays(
    publisher: Publisher, tmp_path: Path, way: str, fault: str, kind: type[DataError], rule: str, words: str
):
    source = played(way, publisher)
    publisher.fault = fault
    with pytest.raises(kind, match=re.escape(words)) as caught:
        ask(source, tmp_path)
    assert caught.value.rule == rule
    assert caught.value.file == source.id
    assert source.landing_page in str(caught.value)
    assert f"{source.folder}/{source.files[0]}" in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("way", "fault"), [(way, fault) for way, fault, *_ in FAULTS if fault != "drips"])
def test_the_last_good_copy_stays_and_its_date_is_said(publisher: Publisher, tmp_path: Path, way: str, fault: str):
    source = played(way, publisher)
    good = ask(source, tmp_path)
    before = good.path.read_bytes()
    backdate(tmp_path, source)
    publisher.fault = fault
    kept = ask(source, tmp_path)
    assert (kept.origin, kept.sha256, kept.path.read_bytes()) == ("cache", good.sha256, before)
    assert kept.warning is not None
    assert "the last good copy, of 3 November 2026, is used" in kept.warning
    assert source.title in kept.warning
    assert partial_files(tmp_path) == []


def backdate(cache: Path, source: Source) -> None:
    pointer = cache / source.id / "copy.json"
    told = json.loads(pointer.read_text())
    pointer.write_text(json.dumps(told | {"fetched": datetime(2026, 11, 3, 9, tzinfo=UTC).isoformat()}))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["", "down once", "sends plain bytes"])
def test_a_publisher_that_answers_well(publisher: Publisher, tmp_path: Path, way: str, fault: str):
    publisher.fault = fault
    steps: list[tuple[int, int | None]] = []
    found = ask(played(way, publisher), tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert (found.origin, found.warning) == ("publisher", None)
    assert found.bytes == found.path.stat().st_size
    assert count_rows(found.path, name=found.path.name, headless=way == "ods") == 5
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1][0] > 0
    assert partial_files(tmp_path) == []


def test_a_publisher_that_nobody_answers_for(tmp_path: Path):
    with Publisher() as publisher:
        source = played("ods", publisher)
    with pytest.raises(SourceMissing, match="could not be reached") as caught:
        ask(source, tmp_path)
    assert caught.value.rule == "publisher-down"


def test_pages_are_put_together_whole_and_in_order(publisher: Publisher, tmp_path: Path):
    found = ask(played("arcgis", publisher), tmp_path)
    held = json.loads(found.path.read_bytes())
    assert found.path.name == "lsoa21_boundaries.geojson"
    assert [feature["properties"]["LSOA21CD"] for feature in held["features"]] == LSOAS
    pages = [asked for asked in publisher.asked if "resultOffset" in asked]
    assert [re.findall(r"resultOffset=(\d+)", page)[0] for page in pages] == ["0", "2", "4"]
    assert "returnCountOnly" in publisher.asked[0]


def test_points_are_kept_as_a_table_in_metres(publisher: Publisher, tmp_path: Path):
    real = CATALOGUE["lsoa21_centroids"]
    found = ask(replace(real, address=publisher.address + LAYER, expected_rows=5), tmp_path)
    with found.path.open(newline="") as text:
        rows = list(csv.reader(text))
    assert rows[0] == ["LSOA21CD", "x", "y"]
    assert rows[1] == ["E01015693", "505000.25", "222000.5"]
    assert "outSR=27700" in publisher.asked[-1]
    assert found.path.name in real.files


def test_what_a_publisher_sends_goes_through_the_readers(publisher: Publisher, tmp_path: Path):
    outlines = ask(played("arcgis", publisher), tmp_path)
    assert read_boundaries(outlines.path).table.index.tolist() == LSOAS
    points = ask(replace(CATALOGUE["lsoa21_centroids"], address=publisher.address + LAYER, expected_rows=5), tmp_path)
    assert read_centroids(points.path).table["centroid_x_m"].tolist() == [505000.25 + step for step in range(5)]


def test_a_fixed_edition_is_not_asked_for_again_at_once(publisher: Publisher, tmp_path: Path):
    source = played("govuk", publisher)
    ask(source, tmp_path)
    asked = len(publisher.asked)
    again = locate(source, folder=None, cache=tmp_path, patience=Patience())
    assert (again.origin, again.warning, len(publisher.asked)) == ("cache", None, asked)


def test_a_damaged_copy_is_not_used(publisher: Publisher, tmp_path: Path):
    source = played("ods", publisher)
    found = ask(source, tmp_path)
    held = bytearray(found.path.read_bytes())
    held[10] ^= 1
    found.path.write_bytes(held)
    with pytest.raises(SourceMissing, match=r"is damaged and was not used.*\[source-missing\]"):
        ask(source, tmp_path, offline=True)
    assert ask(source, tmp_path).origin == "publisher"


def test_a_newer_answer_replaces_the_copy(publisher: Publisher, tmp_path: Path):
    source = replace(played("file", publisher), least_rows=None)
    first = ask(source, tmp_path)
    publisher.fault = "one too few"
    second = ask(source, tmp_path)
    assert second.sha256 != first.sha256
    assert locate(source, folder=None, cache=tmp_path, offline=True).sha256 == second.sha256


def test_offline_asks_nobody(publisher: Publisher, tmp_path: Path):
    with pytest.raises(SourceMissing, match=r"its publisher was not asked; looked for epraccur\.csv"):
        ask(played("ods", publisher), tmp_path, offline=True)
    assert publisher.asked == []


def test_a_source_without_a_download_says_where_to_get_it(tmp_path: Path):
    with pytest.raises(SourceMissing) as caught:
        ask(CATALOGUE["population_mid2022"], tmp_path)
    told = str(caught.value)
    assert "its publisher offers no download that this reads" in told
    assert "https://www.ons.gov.uk/" in told
    assert "keep it as population/lsoa21_mid2022_population_census2021_households.csv.gz" in told


def test_a_cache_that_cannot_be_written(publisher: Publisher, tmp_path: Path):
    (tmp_path / "gp_practices").write_text("in the way")
    with pytest.raises(BadSource, match="the cache cannot be written") as caught:
        ask(played("ods", publisher), tmp_path)
    assert caught.value.rule == "cache-not-writable"


def small(**changes: object) -> Source:
    return replace(CATALOGUE["gp_practices"], fetch="none", **changes)  # type: ignore[arg-type]


def test_the_folder_comes_first_and_its_top_is_looked_at_too(tmp_path: Path):
    folder, cache = tmp_path / "data", tmp_path / "cache"
    (folder / "sites").mkdir(parents=True)
    (folder / "epraccur.csv").write_text("top\n")
    source = small(expected_rows=None)
    assert locate(source, folder=folder, cache=cache).path == folder / "epraccur.csv"
    (folder / "sites" / "EPRACCUR.CSV").write_text("inside\n")
    found = locate(source, folder=folder, cache=cache)
    assert found.path == folder / "sites" / "EPRACCUR.CSV"
    assert (found.origin, found.bytes) == ("folder", 7)
    assert not cache.exists()


def test_a_cut_file_in_the_folder_is_said(tmp_path: Path):
    (tmp_path / "epraccur.csv").write_text("A81001,ONE\nA81002,TWO\n")
    source = replace(CATALOGUE["gp_practices"], expected_rows=3)
    found = locate(source, folder=tmp_path, cache=tmp_path / "cache")
    assert found.warning == "epraccur.csv has 2 rows; this edition (report of February 2026) has 3"


def test_an_empty_file_and_an_absent_folder_are_refused(tmp_path: Path):
    (tmp_path / "epraccur.csv").touch()
    with pytest.raises(BadSource, match=r"epraccur\.csv: the file is empty"):
        locate(small(), folder=tmp_path, cache=tmp_path / "cache")
    with pytest.raises(SourceMissing, match="nowhere: the sources folder is not there"):
        locate(small(), folder=tmp_path / "nowhere", cache=tmp_path / "cache")


def test_a_file_of_the_place_comes_before_a_file_of_another(tmp_path: Path):
    source = CATALOGUE["lsoa21_boundaries"]
    for name in ("lsoa21_bgc_luton.geojson", "lsoa21_bgc_bromley.geojson", "lsoa21_bgc_milton_keynes.geojson"):
        (tmp_path / name).write_text('{"type":"FeatureCollection","features":[]}')

    def chosen(place: str) -> str:
        return locate(source, folder=tmp_path, cache=tmp_path / "cache", place=place, offline=True).path.name

    assert chosen("luton") == "lsoa21_bgc_luton.geojson"
    assert chosen("milton-keynes") == "lsoa21_bgc_milton_keynes.geojson"
    (tmp_path / "lsoa21_bgc_england.parquet").write_bytes(b"x")
    assert chosen("luton") == "lsoa21_bgc_england.parquet"


def test_a_source_absent_from_the_folder_is_taken_from_the_cache_with_its_date(publisher: Publisher, tmp_path: Path):
    source = played("ods", publisher)
    ask(source, tmp_path / "cache")
    backdate(tmp_path / "cache", source)
    (tmp_path / "data").mkdir()
    found = locate(source, folder=tmp_path / "data", cache=tmp_path / "cache")
    assert found.origin == "cache"
    assert found.warning is not None
    assert "not in the sources folder; the copy of 3 November 2026 is used" in found.warning


@pytest.mark.realdata
def test_every_source_is_found_in_the_folder_with_its_rows(sources_dir: Path, tmp_path: Path):
    for source in CATALOGUE.values():
        found = locate(source, folder=sources_dir, cache=tmp_path, offline=True)
        assert (found.origin, found.path.name, found.warning) == ("folder", source.files[0], None), source.id
