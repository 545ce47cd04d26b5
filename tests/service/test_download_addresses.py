"""Addresses of files: sites that nobody is among, what a description leads to, names and tags of what is sent."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import urljoin

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pytest
from fastapi import Request

from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.files.downloads import KINDS, write_table
from service.files.file_table import table_of
from service.pages.elsewhere import elsewhere
from service.routes.downloads import answer_key, asked_query, file_name
from tests.service.conftest import Served


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def nobody(edition: Edition) -> View:
    """Sites of a wider area that has none."""
    code = next(part["code"] for part in edition.footprints("msoa") if not edition.sites(within=f"msoa:{part['code']}"))
    return View("demo", layer="sites", within=f"msoa:{code}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_of_no_sites_is_a_file_with_every_heading(
    kind: str, edition: Edition, nobody: View, tmp_path: Path
) -> None:
    names = [column.name for column in table_of(edition, View("demo", layer="sites")).columns]
    path = write_table(edition, nobody, tmp_path / f"sites.{kind}", kind)
    if kind in ("csv", "excel.csv"):
        assert path.read_text(encoding="utf-8-sig").splitlines() == [",".join(names)]
    elif kind == "geojson":
        assert json.loads(path.read_bytes())["features"] == []
    elif kind == "xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[-1]
        assert names in [[cell for cell in row if cell] for row in sheet.iter_rows(values_only=True)]
    elif kind in ("gpkg", "parquet"):
        table = gpd.read_file(path) if kind == "gpkg" else gpd.read_parquet(path)
        assert (len(table), list(table.columns)) == (0, [*names, "geometry"])
    else:
        assert path.read_bytes().startswith(b"%PDF-")


def test_headings_do_not_change_with_the_filter(edition: Edition) -> None:
    whole = [column.name for column in table_of(edition, View("demo", layer="sites")).columns]
    for view in (View("demo", layer="sites", service="gp"), View("demo", layer="sites", accepting="adults")):
        assert [column.name for column in table_of(edition, view).columns] == whole


def test_no_site_is_served_as_well(served: Served) -> None:
    answer = served.get("/downloads/demo/sites.parquet?service=gp&accepting=adults")
    assert answer.status_code == 200
    assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0


@pytest.mark.parametrize("asked", ["", "?service=dental", "?within=lad:E06900001&rho=5"])
def test_the_description_of_a_csv_leads_to_it(served: Served, edition: Edition, asked: str) -> None:
    layer = "sites" if "service" in asked else "need"
    asked = asked.replace("E06900001", str(edition.footprints("lad")[0]["code"]))
    for pinned in ("", f"edition={edition.id}"):
        query = "&".join(filter(None, (asked or "?", pinned))).replace("?&", "?").rstrip("?")
        beside = f"http://test/downloads/demo/{layer}.csv-metadata.json{query}"
        described = served.json(beside)
        found = served.get(urljoin(beside, described["url"]))
        assert found.content == served.get(f"/downloads/demo/{layer}.csv{query}").content
        assert found.text.split("\n")[0].split(",") == [part["name"] for part in described["tableSchema"]["columns"]]


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("need.csv", ""),
        ("access.csv", "?service=gp"),
        ("access.csv", "?focus=gp-access&service=gp"),
        ("targeting.csv", "?within=lad:CODE&rho=4"),
        ("targeting.csv", "?rho=4&within=lad%3ACODE"),
        ("targeting.excel.csv", "?within=lad:CODE&rho=4.0&focus="),
    ],
)
def test_a_csv_leads_to_a_description_of_exactly_its_address(
    served: Served, edition: Edition, file: str, asked: str
) -> None:
    address = f"http://test/downloads/demo/{file}{asked.replace('CODE', str(edition.footprints('lad')[0]['code']))}"
    link = served.get(address).headers["link"]
    assert link.endswith('>; rel="describedby"; type="application/csvm+json"')
    beside = urljoin(address, link[1 : link.index(">")])
    described = served.get(beside)
    assert urljoin(beside, described.json()["url"]) == address


def test_the_same_file_under_another_address_has_a_description_of_another_tag(served: Served) -> None:
    tags = {name: set() for name in ("csv", "csv-metadata.json")}
    for name, found in tags.items():
        for asked in ("rho=4&focus=core", "focus=core&rho=4.0"):
            found.add(served.get(f"/downloads/demo/need.{name}?{asked}").headers["etag"])
    assert [len(found) for found in tags.values()] == [1, 2]


def test_signs_that_no_address_may_hold_are_escaped_in_the_link() -> None:
    query = b"a=\">,<\\ \xc3\xa9&b=%3E'(ward:1)"
    request = Request({"type": "http", "query_string": query})
    assert asked_query(request) == "?a=%22%3E,%3C%5C%20%C3%A9&b=%3E'(ward:1)"


def test_the_description_for_a_large_place_is_made_in_the_workshop(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/downloads/demo/imd.csv-metadata.json?rho=6.5"
    light = served.get(address)
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 10)

    def refuse(*_: object) -> None:
        raise AssertionError("made in the web process")

    monkeypatch.setattr("service.routes.downloads.table_of", refuse)
    heavy = served.get(address)
    assert (heavy.status_code, heavy.headers["content-type"]) == (200, "application/csvm+json")
    assert heavy.content == light.content


def test_different_content_has_different_names_and_what_does_not_count_is_left_out(edition: Edition) -> None:
    first, second = list(edition.indicators)[:2]
    for one, other in (
        (View("demo", layer="indicator", indicator=first), View("demo", layer="indicator", indicator=second)),
        (View("demo"), View("demo", weights="income_rank:1")),
        (View("demo", focus="core"), View("demo", focus="best-start")),
    ):
        assert file_name(edition, one, "csv") != file_name(edition, other, "csv")
    assert first in file_name(edition, View("demo", layer="indicator", indicator=first), "csv")
    assert file_name(edition, View("demo", layer="imd"), "csv") == f"evenreach_demo_imd_{edition.id}.csv"
    assert "own-weights" in file_name(edition, View("demo", weights="income_rank:1"), "csv")
    assert "rho" not in file_name(edition, View("demo", layer="access", service="gp"), "csv")


def test_a_tag_changes_with_how_files_are_written(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answer_key(edition, View("demo"), "csv")
    monkeypatch.setattr("service.routes.downloads.WRITTEN", "next")
    assert answer_key(edition, View("demo"), "csv") != before


def test_addresses_for_other_programs_keep_the_service_of_sites(served: Served, edition: Edition) -> None:
    view = View("demo", layer="sites", service="dental", accepting="children")
    found = elsewhere(edition, view, "http://test")
    for name in ("csv", "geojson"):
        assert "service=dental&accepting=children" in found[name]
        assert served.get(found[name]).status_code == 200


@pytest.mark.parametrize("layer", ["targeting", "sites"])
def test_addresses_for_other_programs_can_be_kept_and_lead_to_what_columns_mean(
    served: Served, edition: Edition, layer: str
) -> None:
    page = served.get(f"/maps/demo/{layer}?rho=5").text
    found = elsewhere(edition, View("demo", layer=layer, rho=5.0), "http://127.0.0.1:8000")
    assert found["kept"]
    for name, address in found["kept"].items():
        assert address.replace(f"edition={edition.id}", "").rstrip("?&") == found[name]
        assert served.get(address).status_code == 200
        assert address.replace("&", "&amp;") in page
    for address in found["columns"].values():
        assert served.get(address).status_code == 200
    assert not elsewhere(edition, View("demo", layer=layer, edition=edition.id), "http://test")["kept"]
