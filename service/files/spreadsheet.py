"""The scores table as a workbook by the government's rules for accessible spreadsheets.

Cover, contents and notes are written by gptables; the table itself is written by its XlsxWriter in
the same theme, because gptables keeps a format for every cell, which a table of all England cannot carry.
"""

from __future__ import annotations

import datetime
import io
import warnings
from typing import Any

import pandas as pd
from gptables import Cover, GPTable
from gptables.core.wrappers import GPWorkbook

from service.files.file_table import Column, Table, describing_lines

SHEET = "Scores"
WIDEST = 44
MOST_NAMED = 3
A4 = 9
HEADER_ROW = 3
BODY = {"font_name": "Arial", "font_size": 12}
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class Exact(float):
    """A number written with all its digits: the 16 that XlsxWriter writes do not give every double back."""

    def __format__(self, pattern: str) -> str:
        """Return the shortest text that reads back as the same number."""
        return repr(float(self))


def xlsx_bytes(table: Table, *more: Table) -> bytes:
    """Write cover, contents, notes and one table, or several, each on a sheet of its own.

    Parameters
    ----------
    table, *more : Table
        Columns and facts; the first is what the workbook is about. Sheets have different names.

    Returns
    -------
    bytes
        The workbook; the same table gives the same bytes.
    """
    target = io.BytesIO()
    book = GPWorkbook(target, options={**OPTIONS, "default_format_properties": dict(BODY)})  # it writes into these
    built = datetime.datetime.fromisoformat(table.facts["built"][:10])
    said = f"Edition {table.facts['edition']}, method version {table.facts['method']}. "
    said += " ".join(table.facts["attribution"])
    book.set_properties({"title": table.facts["title"], "author": "Evenreach", "created": built, "comments": said})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gptables remarks on empty cells; the cover says what they mean
        book.add_worksheet("Cover").write_cover(_cover(table))
        _write_listing(book, "Contents", _contents(table, *more), "contents_table", "Table of contents")
        _write_listing(book, "Notes", _notes(table, *more), "notes_table", "Notes")
    for number, each in enumerate((table, *more)):
        _write_scores(book, each, f"{'sites' if each.facts.get('rows') == 'sites' else 'scores'}{number or ''}")
    book.close()
    return target.getvalue()


def _cover(table: Table) -> Cover:
    sources = [f"{source['title']}, {source['publisher']}, {source['edition']}" for source in table.facts["sources"]]
    return Cover(
        title=_prose(table.facts["title"]),
        intro=[_prose(line) for line in describing_lines(table.facts)],
        about=[_prose(line) for line in (*table.facts["attribution"], *sources)],
        width=100,
    )


def _sheet(table: Table) -> str:
    return str(table.facts.get("sheet", SHEET))


def _prose(text: str) -> str:
    """Keep gptables from reading a link or a note mark into a text."""
    return text.replace("](", "] (").replace("$$", "$ $")


def _contents(*tables: Table) -> pd.DataFrame:
    about = {"Notes": "What each column means", **{_sheet(each): _prose(each.facts["title"]) for each in tables}}
    links = [{name: f"internal:'{name}'!A1"} for name in about]
    return pd.DataFrame({"Worksheet": links, "What it holds": list(about.values())})


def _notes(*tables: Table) -> pd.DataFrame:
    columns = {column.name: column for table in tables for column in table.columns}.values()
    listed = {
        "Column": [column.name for column in columns],
        "What it means": [_prose(column.about) for column in columns],
        "Source": [_prose("; ".join(column.sources)) for column in columns],
    }
    return pd.DataFrame(listed if any(listed["Source"]) else {name: listed[name] for name in list(listed)[:2]})


def _write_listing(book: GPWorkbook, name: str, listing: pd.DataFrame, table_name: str, title: str) -> None:
    about = "This worksheet contains one table."
    sheet = GPTable(table=listing, table_name=table_name, title=title, instructions=about, index_columns={2: 0})
    book.add_worksheet(name).write_gptable(sheet, True)


def _write_scores(book: GPWorkbook, table: Table, name: str) -> None:
    sheet = book.add_worksheet(_sheet(table))
    theme = book.theme
    sheet.write_string(0, 0, table.facts["title"], book.add_format(theme.title_format))
    rows = table.facts.get("rows", "neighbourhoods")
    about = f"This worksheet contains one table of {len(table)} {rows}. {table.facts['caution']}"
    sheet.write_string(1, 0, about, book.add_format(BODY))
    sheet.write_string(2, 0, _source_line(table), book.add_format(theme.source_format))
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    heading = book.add_format(theme.column_heading_format)
    for number, column in enumerate(table.columns):
        _write_column(book, sheet, number, column)
    headers = [{"header": column.name, "header_format": heading} for column in table.columns]
    area = (HEADER_ROW, 0, HEADER_ROW + max(len(table), 1), len(table.columns) - 1)
    sheet.add_table(*area, {"name": name, "columns": headers, "autofilter": False, "style": None})


def _source_line(table: Table) -> str:
    """Say in a line whose data these are; the sentences that their licences ask for stand on the cover."""
    first, *more = list(dict.fromkeys(str(source["publisher"]) for source in table.facts["sources"])) or ["see Cover"]
    named = f"{first} and {len(more)} more" if len(more) > MOST_NAMED else ", ".join([first, *more])
    return f"Source: {named}. Attribution and licences: see the worksheet Cover."


def _write_column(book: GPWorkbook, sheet: Any, number: int, column: Column) -> None:
    is_text = column.kind in ("text", "truth")
    pattern = "@" if is_text else "0" if column.kind == "whole" else "0" + _places(column.decimals)
    wrapped = {"text_wrap": True, "valign": "top"} if is_text else {"valign": "top"}
    cell = book.add_format({**BODY, "num_format": pattern, **wrapped})
    write = sheet.write_string if is_text else sheet.write_number
    for row, value in enumerate(column.values, HEADER_ROW + 1):
        if value is not None:
            write(row, number, _cell(column, value), cell)
    longest = max((len(str(value)) for value in column.values if column.kind == "text" and value), default=10)
    sheet.set_column(number, number, min(WIDEST, max(12, longest, len(column.name)) * 1.15))


def _cell(column: Column, value: Any) -> Any:
    if column.kind == "truth":
        return "true" if value else "false"
    return Exact(value) if column.kind == "number" else value


def _places(decimals: int) -> str:
    return "." + "0" * decimals if decimals else ""
