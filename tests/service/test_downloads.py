"""Files of the demo borough: the same rows and figures in every format, safe in a spreadsheet, open in GIS."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pytest

from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.column_words import ABOUT_COLUMNS
from service.files.downloads import (
    EXCEL_CSV,
    KINDS,
    UnknownKind,
    csv_bytes,
    csv_cell,
    csv_metadata,
    kind_of,
    safe_text,
    write_table,
)
from service.files.file_table import Column, Table, describing_lines, facts_of, table_of
from service.files.spreadsheet import HEADER_ROW, SHEET, xlsx_bytes
from service.routes.downloads import content_disposition, file_name
from tests.service.conftest import Served

LEADING = ["lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm", "population", "eligible"]
CLOSING = [
    "need_score", "need_position", "need_fifth", "targeting_score", "rank", "rank_low", "rank_high",
    "top_fifth_chance", "certainty", "grade", "note",
]  # fmt: skip
TABLES = [kind for kind in KINDS if kind != "pdf"]  # a page prints a choice of columns: test_view_pdf.py
VIEW = View("demo", focus="best-start", rho=4.25)
HOSTILE = '=HYPERLINK("http://x.example","a")\nb "c" [d](http://x.example) $$e$$ *'
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def files(edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("downloads")
    return {kind: write_table(edition, VIEW, folder / f"scores.{kind}", kind) for kind in KINDS}


def number(text: str) -> Any:
    if text == "":
        return None
    try:
        return float(text)
    except ValueError:
        return text


def rows_of(kind: str, path: Path) -> Rows:
    if kind in ("csv", EXCEL_CSV):
        with path.open(encoding="utf-8" if kind == "csv" else "utf-8-sig", newline="") as stream:
            return [{name: number(cell) for name, cell in row.items()} for row in csv.DictReader(stream)]
    if kind == "geojson":
        return [feature["properties"] for feature in json.loads(path.read_bytes())["features"]]
    if kind == "xlsx":
        cells = list(openpyxl.load_workbook(path).worksheets[-1].iter_rows(min_row=HEADER_ROW + 1, values_only=True))
        return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    table = gpd.read_parquet(path) if kind == "parquet" else gpd.read_file(path, layer=0)
    plain = table.drop(columns="geometry").astype(object).where(table.drop(columns="geometry").notna(), None)
    return plain.to_dict("records")


@pytest.mark.parametrize("kind", TABLES)
def test_every_format_carries_the_same_rows_and_figures(kind: str, files: dict[str, Path], edition: Edition) -> None:
    table = table_of(edition, VIEW)
    names = [column.name for column in table.columns]
    values = zip(*(column.values for column in table.columns), strict=True)
    wanted = [dict(zip(names, row, strict=True)) for row in values]
    assert len(wanted) == edition.count
    assert rows_of(kind, files[kind]) == wanted  # every digit of every double


@pytest.mark.parametrize("kind", TABLES)
def test_columns_stand_in_the_published_order(kind: str, files: dict[str, Path], edition: Edition) -> None:
    names = list(rows_of(kind, files[kind])[0])
    indicators = [part["indicator"] for part in edition.focuses["best-start"]["ingredients"]]
    assert names == [*LEADING, *indicators, *CLOSING]


@pytest.mark.parametrize("kind", TABLES)
def test_how_sure_a_rank_is_stands_in_every_format(kind: str, files: dict[str, Path], edition: Edition) -> None:
    scores = score(edition, VIEW)
    for row, low, high, chance, name in zip(
        rows_of(kind, files[kind]),
        scores.rank_low,
        scores.rank_high,
        scores.top_fifth_chance,
        scores.certainty,
        strict=True,
    ):
        assert (row["rank_low"], row["rank_high"], row["top_fifth_chance"]) == (low or None, high or None, chance)
        assert row["certainty"] == name


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_view_gives_the_same_bytes(
    kind: str, files: dict[str, Path], edition: Edition, tmp_path: Path
) -> None:
    again = write_table(edition, VIEW, tmp_path / f"scores.{kind}", kind)
    assert again.read_bytes() == files[kind].read_bytes()
    assert {path.name for path in tmp_path.iterdir()} <= {f"scores.{kind}", f"scores.{kind}-metadata.json"}


def facts_in(kind: str, path: Path) -> Any:
    if kind == "csv":
        return json.loads(path.with_name(path.name + "-metadata.json").read_bytes())["evenreach:facts"]
    if kind == "geojson":
        return json.loads(path.read_bytes())["evenreach"]
    if kind == "parquet":
        return json.loads(pq.read_schema(path).metadata[b"evenreach"])
    if kind == "xlsx":
        return " ".join(str(row[0]) for row in openpyxl.load_workbook(path)["Cover"].iter_rows(values_only=True))
    info = subprocess.run(["ogrinfo", "-ro", path], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^  (\w+)=(.*)$", info, re.MULTILINE))


@pytest.mark.parametrize("kind", ["csv", "geojson", "parquet"])
def test_the_facts_travel_with_the_file(kind: str, files: dict[str, Path], edition: Edition) -> None:
    facts = facts_in(kind, files[kind])
    assert facts["edition"] == edition.id
    assert (facts["focus"], facts["rho"], facts["place"], facts["fictional"]) == ("best-start", 4.25, "demo", True)
    assert facts["attribution"] == edition.attribution("targeting")
    assert facts["method"]


def test_the_cover_of_the_workbook_says_what_it_holds(files: dict[str, Path], edition: Edition) -> None:
    text = facts_in("xlsx", files["xlsx"])
    spread = score(edition, VIEW).dial()
    dial = f"Dial 4.25: per head, the least is {spread['least']:.2f} times the average"
    assert spread["ratio"] < 4.25, "the dial's own number would overstate what this place gets"
    for part in (
        edition.id,
        "best-start",
        dial,
        f"that is {spread['ratio']:.2f} times",
        "(fictional)",
        *edition.attribution("targeting"),
    ):
        assert part in text


def test_the_geopackage_opens_in_gdal(gdal: str, files: dict[str, Path], edition: Edition) -> None:
    answer = subprocess.run([gdal, "-ro", "-so", files["gpkg"], "scores"], capture_output=True, text=True, check=True)
    assert answer.stderr == ""  # no warning either
    assert f"Feature Count: {edition.count}" in answer.stdout
    assert 'ID["EPSG",27700]' in answer.stdout
    assert "lsoa21cd: String" in answer.stdout
    facts = facts_in("gpkg", files["gpkg"])
    assert (facts["edition"], facts["rho"], facts["focus"]) == (edition.id, "4.25", "best-start")


def test_the_workbook_opens_in_libreoffice(libreoffice: str, files: dict[str, Path], tmp_path: Path) -> None:
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [
        libreoffice,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        every_sheet,
    ]
    subprocess.run([*command, "--outdir", tmp_path, files["xlsx"]], capture_output=True, check=True, timeout=120)
    sheets = {path.stem.removeprefix("scores-"): path.read_text("utf-8") for path in tmp_path.glob("*.csv")}
    assert set(sheets) == {"Cover", "Contents", "Notes", "Scores"}
    rows = list(csv.DictReader(sheets["Scores"].splitlines()[HEADER_ROW:]))
    known = rows_of("csv", files["csv"])
    assert [row["lsoa21cd"] for row in rows] == [row["lsoa21cd"] for row in known]
    assert [number(row["rank"]) for row in rows] == [row["rank"] for row in known]


def test_both_csv_files_open_in_libreoffice_with_codes_and_names_as_text(
    libreoffice: str, edition: Edition, files: dict[str, Path], tmp_path: Path
) -> None:
    hostile = tmp_path / "hostile.csv"
    hostile.write_bytes(csv_bytes(made_up(edition, HOSTILE)))
    command = [libreoffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--infilter=CSV:44,34,76,1", "--convert-to", "fods", "--outdir", str(tmp_path)]
    asked = [*command, str(files["csv"]), str(files[EXCEL_CSV]), str(hostile)]
    subprocess.run(asked, capture_output=True, check=True, timeout=120)
    for name in ("scores", "scores.excel"):
        cells = cells_of(tmp_path / f"{name}.fods")
        assert len(cells) == edition.count + 1
        assert cells[0][0] == ("string", "lsoa21cd")  # the mark in front is no letter of the first name
        names = [column.name for column in table_of(edition, VIEW).columns]
        for number, known in enumerate(rows_of("csv", files["csv"]), 1):
            row = dict(zip(names, cells[number], strict=False))
            assert row["lsoa21cd"] == ("string", known["lsoa21cd"])
            assert row["lsoa21nm"] == ("string", known["lsoa21nm"])
            assert row["rank"] == ("float", str(int(known["rank"])))
    assert "table:formula" not in (tmp_path / "hostile.fods").read_text("utf-8")
    assert cells_of(tmp_path / "hostile.fods")[1][1][0] == "string"


def cells_of(path: Path) -> list[list[tuple[str, str]]]:
    """Read type and text of every cell of a flat OpenDocument sheet."""
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    rows = []
    for row in ElementTree.parse(path).iter(f"{table}table-row"):
        found: list[tuple[str, str]] = []
        for cell in row.findall(f"{table}table-cell"):
            kind = cell.get(f"{office}value-type", "")
            text = cell.get(f"{office}value") or "".join(cell.itertext()).strip()
            found += [(kind, text)] * int(cell.get(f"{table}number-columns-repeated", "1") if kind else "1")
        if any(kind for kind, _ in found):
            rows += [found] * int(row.get(f"{table}number-rows-repeated", "1"))
    return rows


def test_the_csv_for_excel_is_the_same_file_with_a_mark_in_front(files: dict[str, Path]) -> None:
    assert files[EXCEL_CSV].read_bytes() == b"\xef\xbb\xbf" + files["csv"].read_bytes()
    described = json.loads(files[EXCEL_CSV].with_name("scores.excel.csv-metadata.json").read_bytes())
    assert described["url"] == "scores.excel.csv"


def test_a_kind_is_read_from_the_name_of_a_file() -> None:
    assert [kind_of(Path(name)) for name in ("a.csv", "a.b/c.XLSX", "a.Excel.CSV", "excel.csv", "a")] == [
        "csv", "xlsx", "excel.csv", "csv", "a",
    ]  # fmt: skip


def test_the_files_for_gis_say_what_their_columns_mean(files: dict[str, Path], edition: Edition) -> None:
    wanted = {column.name: column.about for column in table_of(edition, VIEW).columns}
    schema = pq.read_schema(files["parquet"])
    assert {name: schema.field(name).metadata[b"description"].decode() for name in wanted} == wanted
    with closing(sqlite3.connect(files["gpkg"])) as package:
        said = package.execute("SELECT column_name, description FROM gpkg_data_columns WHERE table_name = 'scores'")
        assert dict(said.fetchall()) == wanted
        assert package.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_outlines_are_whole_and_on_the_right_grid(files: dict[str, Path], edition: Edition) -> None:
    grid, package = gpd.read_parquet(files["parquet"]), gpd.read_file(files["gpkg"], layer="scores")
    degrees = gpd.read_file(files["geojson"], engine="pyogrio")
    assert grid.crs.to_epsg() == package.crs.to_epsg() == 27700
    assert degrees.total_bounds == pytest.approx(edition.bounds, abs=1e-6)
    assert grid.area.to_numpy() == pytest.approx(package.area.to_numpy(), rel=1e-12)
    assert grid.is_valid.all()
    assert grid.to_crs(4326).total_bounds == pytest.approx(edition.bounds, abs=1e-4)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert safe_text(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"
    assert safe_text("St Mary's - east") == "St Mary's - east"


def test_cells_of_a_csv() -> None:
    assert [csv_cell(value) for value in (None, "", 3, 3.0, -1.5, 0.1, 1e-9)] == [
        "",
        "",
        "3",
        "3",
        "-1.5",
        "0.1",
        "1e-09",
    ]


def made_up(edition: Edition, name: str) -> Table:
    columns = [Column("lsoa21cd", "", "text", ["E01000001"]), Column("lsoa21nm", "", "text", [name])]
    return Table(columns, facts_of(edition, VIEW), None)


def test_a_hostile_name_stays_text(edition: Edition, tmp_path: Path) -> None:
    name = HOSTILE
    row = next(csv.reader(csv_bytes(made_up(edition, name)).decode().splitlines(keepends=True)[1:], strict=True))
    assert row[1] == "'" + name
    (tmp_path / "a.xlsx").write_bytes(xlsx_bytes(made_up(edition, name)))
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")[SHEET]["B5"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_within_a_footprint_the_place_wide_rank_is_kept_beside(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    table = table_of(edition, View("demo", within=f"team:{team['name']}"))
    names = [column.name for column in table.columns]
    assert len(table) == team["count"]
    assert names[names.index("rank") + 1] == "place_rank"


def test_the_deprivation_layer_and_the_indicator_layer_carry_their_own_columns(edition: Edition) -> None:
    imd = table_of(edition, View("demo", layer="imd"))
    assert [column.name for column in imd.columns][-3:] == ["imd_score", "imd_rank", "imd_decile"]
    indicator = next(iter(edition.indicators))
    shown = table_of(edition, View("demo", layer="indicator", indicator=indicator))
    assert shown.columns[-1].name == indicator


@pytest.mark.parametrize("kind", TABLES)
def test_sites_come_in_every_format(kind: str, edition: Edition, tmp_path: Path) -> None:
    path = write_table(edition, View("demo", layer="sites"), tmp_path / f"sites.{kind}", kind)
    rows = rows_of(kind, path)
    assert len(rows) == len(edition.sites())
    assert [row["name"] for row in rows] == [site["name"] for site in edition.sites()]
    if kind != "geojson":  # whose features are their own order
        assert list(rows[0])[:7] == ["site_id", "service", "name", "address", "postcode", "lsoa21cd", "inside"]


def test_a_table_of_sites_speaks_of_sites(edition: Edition) -> None:
    table = table_of(edition, View("demo", layer="sites"))
    assert table.facts["title"] == f"{edition.place['name']}: Sites by service"
    assert not [column.name for column in table.columns if column.about == column.name.replace("_", " ")]
    described = json.loads(csv_metadata(table, "sites.csv"))
    assert described["tableSchema"]["primaryKey"] == ["site_id", "service"]
    keys = [(site["service"], site["site_id"]) for site in edition.sites()]
    assert len(set(keys)) == len(keys)
    assert not [line for line in describing_lines(table.facts) if line.startswith(("Focus", "Dial"))]


def test_a_file_of_sites_holds_the_service_asked_for(served: Served, edition: Edition) -> None:
    for asked, wanted in (
        ("service=dental", edition.sites("dental")),
        ("accepting=children", [site for site in edition.sites() if site.get("accepting_children") is True]),
    ):
        csv_file, json_file = (served.get(f"/downloads/demo/sites.{kind}?{asked}") for kind in ("csv", "geojson"))
        names = [row["name"] for row in csv.DictReader(csv_file.text.splitlines())]
        assert names == [site["name"] for site in wanted]
        assert [feature["properties"]["name"] for feature in json_file.json()["features"]] == names
        assert asked.partition("=")[2] in csv_file.headers["content-disposition"]
        assert asked in csv_file.headers["link"]
    assert csv_file.headers["etag"] != served.get("/downloads/demo/sites.csv").headers["etag"]
    refused = served.get("/downloads/demo/sites.csv?service=none_such")
    assert (refused.status_code, refused.json()["parameter"]) == (422, "service")


def test_an_unknown_kind_names_the_known_ones(edition: Edition, tmp_path: Path) -> None:
    with pytest.raises(UnknownKind, match=r"csv, excel\.csv, geojson, xlsx, gpkg, parquet, pdf"):
        write_table(edition, VIEW, tmp_path / "a.doc", "doc")


def test_every_published_column_is_explained() -> None:
    assert set(LEADING) | set(CLOSING) <= set(ABOUT_COLUMNS)


def test_a_file_name_says_what_is_inside_and_is_safe_in_a_header(edition: Edition) -> None:
    name = file_name(edition, View("demo", within='team:Ünder "Hill"/\r\nX'), "csv")
    header = content_disposition(name)
    header.encode("latin-1")
    assert name.endswith(f"{edition.id}.csv")
    assert "\n" not in header
    assert "filename*=UTF-8''" in header
    assert "%C3%9Cnder" in header
