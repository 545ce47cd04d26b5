"""The workbook against the government's rules for accessible spreadsheets, read back with another library.

The rules are those of the Analysis Function's checklist of the basics; each test holds one part of it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.files.downloads import write_table

VIEWS = {
    "scores": View("demo", focus="best-start", rho=4.25),
    "dentists": View("demo", layer="indicator", indicator="child_dentists_per_1000"),  # with neighbourhoods not known
    "sites": View("demo", layer="sites"),
}


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module", params=VIEWS)
def path(request: pytest.FixtureRequest, edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(edition, VIEWS[request.param], tmp_path_factory.mktemp("rules") / "a.xlsx", "xlsx")


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def test_there_is_a_cover_a_contents_sheet_notes_and_one_sheet_for_each_table(book: Workbook) -> None:
    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert len(book.sheetnames) == 4
    assert all(len(name) <= 31 for name in book.sheetnames)
    listed = {cell.value: cell.hyperlink.location for cell in book["Contents"]["A"] if cell.hyperlink}
    assert listed == {name: f"'{name}'!A1" for name in book.sheetnames[2:]}


def test_every_table_is_marked_up_named_and_headed_by_one_row_of_unique_names(book: Workbook) -> None:
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        assert table.displayName.isidentifier()
        assert table.headerRowCount == 1
        cells = sheet[table.ref]
        heads = [str(cell.value or "") for cell in cells[0]]
        assert all(heads)
        assert len(set(heads)) == len(heads)
        assert [column.name for column in table.tableColumns] == heads


def test_tables_begin_in_column_a_and_nothing_stands_beside_or_below_them(book: Workbook) -> None:
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        assert table.ref.startswith("A")
        assert table.ref.split(":")[1] == sheet.dimensions.split(":")[1]
        rows = list(sheet[table.ref])[1:]
        assert rows
        assert all(any(cell.value is not None for cell in row) for row in rows)  # no blank row
        assert all(row[0].value is not None for row in rows)


def test_nothing_is_merged_hidden_filtered_frozen_split_filled_or_a_picture(book: Workbook, path: Path) -> None:
    for sheet in book:
        assert sheet.sheet_state == "visible"
        assert not sheet.merged_cells.ranges
        assert sheet.auto_filter.ref is None
        assert all(table.autoFilter is None for table in sheet.tables.values())
        assert sheet.freeze_panes is None
        assert not any(size.hidden for size in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))
        assert all(cell.fill.fill_type is None for row in sheet for cell in row)
        assert not sheet.oddHeader.center.text
        assert not sheet.oddFooter.center.text
    members = zipfile.ZipFile(path).namelist()
    assert not [name for name in members if "drawing" in name or "media" in name or "vba" in name.lower()]


def test_letters_are_arial_of_12_points_or_more_and_text_in_tables_wraps(book: Workbook) -> None:
    for sheet in book:
        cells = [cell for row in sheet for cell in row if cell.value is not None]
        assert {cell.font.name for cell in cells} == {"Arial"}
        assert min(cell.font.sz for cell in cells) >= 12
        assert not any(cell.font.vertAlign for cell in cells)  # no superscript
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        texts = [cell for row in sheet[table.ref] for cell in row if isinstance(cell.value, str)]
        assert all(cell.alignment.wrap_text for cell in texts)


def test_every_sheet_has_its_title_in_a1_and_says_how_many_tables_it_holds(book: Workbook) -> None:
    titles = [sheet["A1"].value for sheet in book]
    assert all(titles)
    assert all(sheet["A1"].font.b and sheet["A1"].font.sz == 16 for sheet in book)
    assert all("one table" in sheet["A2"].value for sheet in book.worksheets[1:])


def test_sources_stand_above_the_table_and_empty_cells_are_explained(book: Workbook, edition: Edition) -> None:
    sheet = book.worksheets[3]
    (table,) = sheet.tables.values()
    above = " ".join(str(row[0]) for row in sheet.iter_rows(max_row=4, values_only=True) if row[0])
    assert "An empty cell means not known" in above
    cover = " ".join(str(row[0]) for row in book["Cover"].iter_rows(values_only=True) if row[0])
    assert all(sentence in cover for sentence in edition.attribution("targeting"))
    assert f"Edition: {edition.id}. Method version:" in cover
    assert int(table.ref[1 : table.ref.index(":")]) == 4


def test_the_file_says_what_it_is_and_opens_on_its_cover(book: Workbook, edition: Edition) -> None:
    assert book.active.title == "Cover"
    assert all(sheet.sheet_view.selection[0].activeCell == "A1" for sheet in book)
    assert edition.place["name"] in book.properties.title
    assert book.properties.creator == "Evenreach"
    assert edition.id in book.properties.description


def test_notes_explain_every_column_and_no_cell_is_a_formula(book: Workbook) -> None:
    explained = {row[0] for row in book["Notes"].iter_rows(min_row=3, values_only=True)}
    sheet = book.worksheets[3]
    (table,) = sheet.tables.values()
    assert {column.name for column in table.tableColumns} <= explained
    assert not [cell for row in sheet for cell in row if cell.data_type == "f"]
