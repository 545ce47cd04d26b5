"""Which reader opens which source, and in what order."""

from __future__ import annotations

from pathlib import Path

import pytest

import geodata.demo
from geodata.catalogue import Source, load_catalogue
from geodata.errors import BadFile, DataError
from geodata.readers import LEANING_ON_POSTCODES, OTHER_VINTAGE, POSTCODES, READERS, read_all, readable

DEMO = Path(geodata.demo.__file__).parent
CATALOGUE = load_catalogue(DEMO / "sources.toml")
FILES = {
    name: path
    for name, source in CATALOGUE.items()
    if source.reader and (path := DEMO / "files" / source.folder / source.files[0]).is_file()
}


@pytest.mark.parametrize("catalogue", [CATALOGUE, load_catalogue()], ids=["demo", "england"])
def test_every_reader_that_a_catalogue_names_is_there(catalogue: dict[str, Source]) -> None:
    assert {source.reader for source in catalogue.values() if source.reader} <= set(READERS)


def test_every_reader_is_named_by_a_catalogue() -> None:
    named = {source.reader for catalogue in (CATALOGUE, load_catalogue()) for source in catalogue.values()}
    assert set(READERS) <= named


def test_a_build_opens_no_source_of_another_vintage() -> None:
    for name in OTHER_VINTAGE:
        assert not readable(load_catalogue()[name]), name
    assert readable(load_catalogue()["iod2025_file7"])
    assert not readable(load_catalogue()["streets"])


def test_every_demo_source_is_read_and_every_row_accounted_for() -> None:
    told: list[str] = []
    readings = read_all(FILES, CATALOGUE, told.append)
    assert set(readings) == {name for name in FILES if readable(CATALOGUE[name])}
    assert told[:2] == [CATALOGUE["lsoa21_lookup"].title, CATALOGUE[POSTCODES].title]
    assert len(told) == len(set(told)) == len(readings)
    for name, reading in readings.items():
        assert reading.rows_read == len(reading.table) + sum(part.rows for part in reading.left_out), name
        assert reading.rows_read == CATALOGUE[name].expected_rows, name


def test_the_look_up_is_read_first_whatever_the_order_of_the_files() -> None:
    told: list[str] = []
    read_all(dict(reversed(FILES.items())), dict(reversed(CATALOGUE.items())), told.append)
    assert told[:2] == [CATALOGUE["lsoa21_lookup"].title, CATALOGUE[POSTCODES].title]


def test_practices_are_left_out_where_no_postcodes_are_held() -> None:
    readings = read_all({name: path for name, path in FILES.items() if name != POSTCODES}, CATALOGUE)
    assert not set(readings) & {*LEANING_ON_POSTCODES, POSTCODES}
    assert "family_hubs" in readings


def test_files_of_sources_that_no_reader_opens_are_passed_over(tmp_path: Path) -> None:
    unread = {"streets": tmp_path / "absent.osm.pbf", "no_such_source": tmp_path / "absent.csv"}
    few = {name: FILES[name] for name in ("lsoa21_lookup", "population_mid2022")}
    assert set(read_all(few | unread, CATALOGUE)) == set(few)


@pytest.mark.parametrize("name", sorted(set(FILES) - {"lsoa21_lookup"} - set(OTHER_VINTAGE)))
def test_a_spoilt_file_stops_the_build_and_is_named(tmp_path: Path, name: str) -> None:
    broken = tmp_path / FILES[name].name
    broken.write_bytes(b"PK\x03\x04 not what it should be")
    few = {part: FILES[part] for part in ("lsoa21_lookup", POSTCODES)} | {name: broken}
    with pytest.raises(DataError) as caught:
        read_all(few, CATALOGUE)
    assert caught.value.file == broken.name
    assert caught.value.rule == "wrong-kind"


READ_BY_AREA = {"mid2022", "age_bands", "centroids", "footprints", "tables"}


@pytest.mark.parametrize(
    "name",
    sorted(name for name in FILES if CATALOGUE[name].reader in READ_BY_AREA and CATALOGUE[name].key != "MSOA21CD"),
)
def test_a_code_that_the_look_up_lacks_is_named_in_every_table_of_neighbourhoods(tmp_path: Path, name: str) -> None:
    text = FILES[name].read_text("utf-8")
    assert "E01900011" in text
    strange = tmp_path / FILES[name].name
    strange.write_text(text.replace("E01900011", "E01000011"), "utf-8")
    with pytest.raises(BadFile, match=rf"{strange.name}, row \d+, .*E01000011 is not in the look-up"):
        read_all({"lsoa21_lookup": FILES["lsoa21_lookup"], name: strange}, CATALOGUE)
