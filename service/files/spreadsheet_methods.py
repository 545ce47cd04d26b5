"""The worked examples as a workbook with live formulas: change what is given, and every figure follows."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from typing import Any

from service.editions.scoring import METHOD_VERSION

TITLE = "Evenreach: the methods worked out, with live formulas"
ABOUT = (
    "Each worksheet is one example from the methods pages. "
    "Blue figures, those without a formula, are given: change them, and the others follow.",
    "Every formula gives the figure that the program gives; tests hold the two together to nine decimals.",
    "What needs random draws (limits of slopes, certainty of ranks, shuffles of clusters) cannot be done here. "
    "Where an example uses such a figure it is given, and says so.",
    "All places in it are made up.",
)
COVER = "Cover"
FONT = {"font_name": "Arial", "font_size": 12}
PATTERNS = {"plain": "General", "whole": "#,##0", "pounds": "£#,##0.00", "percent": "0.0%", "text": "@"}
CREATED = datetime.datetime(2026, 1, 1)  # the same examples give the same bytes
WIDEST, NARROWEST = 40, 13
HEADER_HEIGHT = 48
Sheets = Sequence[Mapping[str, Any]]


def methods_workbook(sheets: Sheets, *, cached: bool = True) -> bytes:
    """Write the examples as a workbook.

    Parameters
    ----------
    sheets : sequence of mapping
        From `service.worked.write.worked`, or the file it wrote.
    cached : bool
        Whether each formula carries its figure, for programs that show a file without working it out.

    Returns
    -------
    bytes
        XLSX; the same examples give the same bytes.
    """
    import xlsxwriter  # not before it is wanted: the web process starts without it

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": TITLE, "author": "Evenreach", "created": CREATED})
        book.formats[0].set_font_name("Arial")
        book.formats[0].set_font_size(12)
        _write_cover(book, sheets)
        for sheet in sheets:
            _write_sheet(book, sheet, cached=cached)
    return target.getvalue()


def _write_cover(book: Any, sheets: Sheets) -> None:
    page = book.add_worksheet(COVER)
    heading = book.add_format({**FONT, "bold": True, "font_size": 16})
    wrapped = book.add_format({**FONT, "text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 90)
    page.set_column(1, 1, 60)
    _set_paper(page)
    page.write_string(0, 0, TITLE, heading)
    lines = (*ABOUT, f"Method version {METHOD_VERSION}.")
    for row, line in enumerate(lines, 1):
        page.write_string(row, 0, line, wrapped)
        page.set_row(row, 34)  # two lines: a program may not fit the height itself
    first = len(lines) + 2
    for column, text in enumerate(("Worksheet", "What it shows")):
        page.write_string(first, column, text, book.add_format({**FONT, "bold": True, "bottom": 1}))
    link = book.add_format({**FONT, "font_color": "#1d70b8", "underline": 1})
    for row, sheet in enumerate(sheets, first + 1):
        page.write_url(row, 0, f"internal:'{sheet['name']}'!A1", link, sheet["name"])
        page.write_string(row, 1, sheet["title"], wrapped)


def _write_sheet(book: Any, sheet: Mapping[str, Any], *, cached: bool) -> None:
    page = book.add_worksheet(sheet["name"])
    caption = book.add_format({**FONT, "bold": True})
    header = book.add_format({**FONT, "bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    numeric = book.add_format(
        {**FONT, "bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "align": "right"}
    )
    page.write_string(0, 0, sheet["title"], book.add_format({**FONT, "bold": True, "font_size": 14}))
    page.write_string(1, 0, sheet["text"], book.add_format(FONT))
    for part in sheet["parts"]:
        page.write_string(part["row"] - 1, 0, part["caption"], caption)
        page.set_row(part["row"], HEADER_HEIGHT if len(part["header"]) > 2 else None)
        for column, title in enumerate(part["header"]):
            words = all(cells[column]["style"] == "text" for cells in part["rows"])
            page.write_string(part["row"], column, title, header if words else numeric)
        for row, cells in enumerate(part["rows"], part["row"] + 1):
            for column, cell in enumerate(cells):
                _write_cell(book, page, row, column, cell, cached=cached)
    _set_widths(page, sheet)
    _set_paper(page)


def _set_paper(page: Any) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)


def _write_cell(book: Any, page: Any, row: int, column: int, cell: Mapping[str, Any], *, cached: bool) -> None:
    value, formula = cell["value"], cell.get("formula")
    look = {**FONT, "num_format": PATTERNS[cell["style"]]}
    if formula:
        page.write_formula(
            row, column, formula, book.add_format({**look, "num_format": _pattern(cell)}), value if cached else 0
        )
    elif isinstance(value, str):
        page.write_string(row, column, value, book.add_format(look))
    elif value is not None:
        page.write_number(row, column, value, book.add_format({**look, "font_color": "#1d4ed8"}))


def _pattern(cell: Mapping[str, Any]) -> str:
    """Give the pattern of a formula: as text a cell would show the formula itself."""
    return "General" if cell["style"] == "text" else PATTERNS[cell["style"]]


def _set_widths(page: Any, sheet: Mapping[str, Any]) -> None:
    names = [str(cells[0]["value"]) for part in sheet["parts"] for cells in part["rows"]]
    page.set_column(0, 0, min(WIDEST, max(NARROWEST, max(map(len, names)) + 2)))
    widest = max(len(part["header"]) for part in sheet["parts"])
    page.set_column(1, widest - 1, NARROWEST + 2)
