"""The catalogue: what it must say about every source, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geodata.catalogue import LICENCES, load_catalogue
from geodata.errors import BadDefinition
from geodata.publishers import count_rows

GOOD = """
[gp_practices]
title = "GP practices"
publisher = "NHS England"
licence = "OGL-3.0"
attribution = "Contains information from NHS England."
edition = "February 2026"
period = "February 2026"
kind = "sites"
files = ["epraccur.csv"]
"""
READ_NOW = {
    "lsoa21_boundaries",
    "lsoa21_lookup",
    "lsoa21_centroids",
    "lsoa_2011_2021_exact_fit",
    "postcodes",
    "iod2025_file7",
    "iod2025_underlying",
    "iod2019_file7",
    "population_mid2022",
    "age_bands_mid2020",
    "single_year_mid2020",
    "gp_practices",
    "dental_practices",
    "dental_pages",
    "family_hubs",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_source_says_whose_it_is_and_where_it_is_published():
    for source in load_catalogue().values():
        assert source.licence in LICENCES
        assert source.attribution.endswith((".", ".)"))
        assert source.landing_page.startswith("https://")
        assert source.accepted_formats or not source.reader, f"{source.id} has a reader and says no format"


def test_only_what_a_build_cannot_do_without_is_required():
    required = {source.id for source in load_catalogue().values() if source.required}
    assert required == {"lsoa21_boundaries", "lsoa21_lookup", "iod2025_file7", "population_mid2022"}


def test_what_is_read_now_and_what_is_only_held():
    catalogue = load_catalogue()
    read = {source.id for source in catalogue.values() if source.status == "read"}
    assert read >= READ_NOW
    assert {"hoc_prevalence", "fingertips_isolation"} <= set(catalogue) - read
    assert {"pharmacies", "libraries", "schools", "hospitals", "diagnostic_centres", "gp_branches"} <= read
    assert {"qof", "gp_registrations", "health_index", "talking_therapies", "patients_per_gp"} <= read
    assert catalogue["hoc_prevalence"].status == "held, not read yet"


def test_where_a_list_of_services_is_whole():
    hubs = load_catalogue()["family_hubs"]
    luton, blackburn, milton_keynes, bromley = "E06000032", "E06000008", "E06000042", "E09000006"
    assert [hubs.is_complete_for("family_hub", c) for c in (luton, blackburn, milton_keynes)] == [True, True, False]
    assert hubs.is_complete_for("childrens_centre", milton_keynes)
    assert not hubs.is_complete_for("childrens_centre", bromley)
    assert load_catalogue()["gp_practices"].is_complete_for("gp", bromley)


def test_no_two_columns_of_a_table_share_a_header():
    for source in load_catalogue().values():
        assert len(set(source.columns.values())) == len(source.columns), source.id


def test_a_small_catalogue_is_read(tmp_path: Path):
    source = load_catalogue(written(tmp_path, GOOD))["gp_practices"]
    assert (source.files, source.fetch) == (("epraccur.csv",), "none")
    assert (source.required, source.expected_rows, source.status) == (False, None, "held, not read yet")


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ('licenze = "OGL-3.0"', "unknown-key", "column 'licenze', gp_practices: no source has a key 'licenze'"),
        ('id = "other"', "unknown-key", "column 'id'"),
        ("files = []", "missing-key", "every source needs files"),
        ('attribution = " "', "missing-key", "column 'attribution', gp_practices: every source needs attribution"),
        ('licence = "GPL"', "bad-licence", "column 'licence', gp_practices: 'GPL' is not one of OGL-3.0, OPL-3.0"),
        ('fetch = "ftp"', "bad-value", "'ftp' is not one of arcgis, ods, govuk, file, none"),
        ('fetch = "ods"', "missing-key", "a source fetched by 'ods' needs an address"),
        ('fetch = "ods"\naddress = "https://example.test/a"', "missing-key", "needs a page for people"),
        ('landing_page = "www.gov.uk"', "bad-value", "'www.gov.uk' is not a web address"),
        ("required = 1", "bad-type", "column 'required', gp_practices: 1 is not of the kind bool"),
        ("expected_rows = -1", "bad-type", "column 'expected_rows'"),
        ("expected_rows = true", "bad-type", "column 'expected_rows'"),
        ("files = [7]", "bad-type", "column 'files'"),
        ('files = ["../epraccur.csv"]', "bad-value", "'../epraccur.csv' leaves the sources folder"),
        ('complete_for = {gp = ["Luton"]}', "bad-value", "'Luton' is neither a council code nor '*'"),
        ("columns = {total = 3}", "bad-type", "column 'columns.total'"),
    ],
)
def test_a_bad_entry_is_refused_with_file_source_and_key(tmp_path: Path, change: str, rule: str, words: str):
    key = re.split(r"\s*=", change, maxsplit=1)[0]
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key} =")]
    with pytest.raises(BadDefinition, match=re.escape(words)) as caught:
        load_catalogue(written(tmp_path, "\n".join([*kept, change])))
    assert (caught.value.rule, caught.value.file) == (rule, "sources.toml")


def test_an_absent_attribution_is_refused(tmp_path: Path):
    kept = "\n".join(line for line in GOOD.splitlines() if not line.startswith("attribution"))
    with pytest.raises(BadDefinition, match="every source needs attribution"):
        load_catalogue(written(tmp_path, kept))


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path):
    with pytest.raises(BadDefinition, match=r"sources\.toml: not a readable TOML file"):
        load_catalogue(written(tmp_path, "[gp_practices\n"))


@pytest.mark.realdata
def test_every_published_file_is_in_the_catalogue_once(sources_dir: Path):
    held = {(path.parent.name, path.name) for path in sources_dir.glob("*/*") if path.name != "README.md"}
    named = {(source.folder, name) for source in load_catalogue().values() for name in source.files if "*" not in name}
    assert held - named == set()


@pytest.mark.realdata
def test_files_that_cover_less_have_the_rows_that_the_catalogue_says(sources_dir: Path):
    for source in load_catalogue().values():
        for name, expected in source.rows_by_file.items():
            path = sources_dir / source.folder / name
            assert count_rows(path, name=name, headless=source.fetch == "ods") == expected, name
