"""Files of the demo borough: the same rows and figures in all five formats, safe in a spreadsheet, open in GIS."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pytest

from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import (
    KINDS,
    UnknownKind,
    csv_bytes,
    csv_cell,
    safe_text,
    write_table,
)
from service.files.file_table import ABOUT_COLUMNS, Column, Table, facts_of, table_of
from service.files.spreadsheet import HEADER_ROW, SHEET, xlsx_bytes
from service.routes.downloads import content_disposition, file_name

LEADING = ["lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm", "population", "eligible"]
CLOSING = [
    "need_score", "need_position", "need_fifth", "targeting_score", "rank", "rank_low", "rank_high",
    "top_fifth_chance", "certainty", "grade", "note",
]  # fmt: skip
VIEW = View("demo", focus="best-start", rho=4.25)
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
    if kind == "csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return [{name: number(cell) for name, cell in row.items()} for row in csv.DictReader(stream)]
    if kind == "geojson":
        return [feature["properties"] for feature in json.loads(path.read_bytes())["features"]]
    if kind == "xlsx":
        cells = list(openpyxl.load_workbook(path)[SHEET].iter_rows(min_row=HEADER_ROW + 1, values_only=True))
        return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    table = gpd.read_parquet(path) if kind == "parquet" else gpd.read_file(path, engine="pyogrio")
    plain = table.drop(columns="geometry").astype(object).where(table.drop(columns="geometry").notna(), None)
    return plain.to_dict("records")


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_carries_the_same_rows_and_figures(kind: str, files: dict[str, Path], edition: Edition) -> None:
    table = table_of(edition, VIEW)
    names = [column.name for column in table.columns]
    values = zip(*(column.values for column in table.columns), strict=True)
    wanted = [dict(zip(names, row, strict=True)) for row in values]
    assert len(wanted) == edition.count
    assert rows_of(kind, files[kind]) == wanted  # every digit of every double


@pytest.mark.parametrize("kind", KINDS)
def test_columns_stand_in_the_published_order(kind: str, files: dict[str, Path], edition: Edition) -> None:
    names = list(rows_of(kind, files[kind])[0])
    indicators = [part["indicator"] for part in edition.focuses["best-start"]["ingredients"]]
    assert names == [*LEADING, *indicators, *CLOSING]


@pytest.mark.parametrize("kind", KINDS)
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


def test_the_workbook_follows_the_rules_for_accessible_sheets(files: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(files["xlsx"])
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Scores"]
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert sheet["A1"].value
        assert all(cell.font.name == "Arial" and cell.font.sz >= 12 for row in sheet for cell in row if cell.value)
    assert list(book[SHEET].tables) == ["scores"]


def test_outlines_are_whole_and_on_the_right_grid(files: dict[str, Path], edition: Edition) -> None:
    grid, package = gpd.read_parquet(files["parquet"]), gpd.read_file(files["gpkg"], engine="pyogrio")
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
    name = '=HYPERLINK("http://x.example","a")\nb "c" [d](http://x.example) $$e$$ *'
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


@pytest.mark.parametrize("kind", KINDS)
def test_sites_come_in_every_format(kind: str, edition: Edition, tmp_path: Path) -> None:
    path = write_table(edition, View("demo", layer="sites"), tmp_path / f"sites.{kind}", kind)
    rows = rows_of(kind, path)
    assert len(rows) == len(edition.sites())
    assert [row["name"] for row in rows] == [site["name"] for site in edition.sites()]


def test_an_unknown_kind_names_the_known_ones(edition: Edition, tmp_path: Path) -> None:
    with pytest.raises(UnknownKind, match="csv, geojson, xlsx, gpkg, parquet"):
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
