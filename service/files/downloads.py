"""The scores table as a file: CSV, GeoJSON, XLSX, GeoPackage, GeoParquet, PDF, with the same rows and figures.

CSV and GeoJSON need numpy alone and are written where they are asked for; the others load heavy
libraries and belong in the workshop or on the command line.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from service.drawing.features import collection, sites
from service.editions.at_work import edition_at_work
from service.editions.edition import Edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.file_table import Table, describing_text, table_of

if TYPE_CHECKING:
    from service.files.map_style import StyleRule

EXCEL_CSV = "excel.csv"
LIGHT = ("csv", EXCEL_CSV, "geojson")
HEAVY = ("xlsx", "gpkg", "parquet", "pdf")
KINDS = (*LIGHT, *HEAVY)
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    EXCEL_CSV: "text/csv; charset=utf-8; header=present",
    "geojson": "application/geo+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
}
WRITTEN = "3"
"""Part of the tag of every file: to be raised whenever the same figures would be written differently."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # full-width forms too: Excel reads them


class UnknownKind(LookupError):
    """No download has this file extension."""

    def __init__(self, kind: str, kinds: Iterable[str] = KINDS) -> None:
        super().__init__(f"No download of kind {kind!r}; choose one of {', '.join(kinds)}.")


def safe_text(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_cell(value: Any) -> str:
    """Write one value: empty for not known, the shortest decimal that gives the same number back."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def csv_bytes(table: Table) -> bytes:
    """Write the table as tidy CSV: UTF-8, one header row, LF, no comments."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows(zip(*([csv_cell(value) for value in column.values] for column in table.columns), strict=True))
    return text.getvalue().encode()


def excel_csv_bytes(table: Table) -> bytes:
    """Write the same CSV with the mark in front by which Excel knows that it is UTF-8."""
    return codecs.BOM_UTF8 + csv_bytes(table)


def csv_metadata(table: Table, file: str) -> bytes:
    """Describe a CSV file by the W3C's "CSV on the Web" vocabulary; goes beside it as ``FILE-metadata.json``.

    Parameters
    ----------
    table : Table
        What the file holds.
    file : str
        Its address, as seen from where the description is.
    """
    types = {"text": "string", "whole": "integer", "number": "double", "truth": "boolean"}
    document = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": file,
        "dc:title": table.facts["title"],
        "dc:description": describing_text(table.facts),
        "dc:rights": table.facts["attribution"],
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\n"], "header": True},
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "datatype": types[column.kind],
                    "dc:description": column.about,
                    **({"dc:source": list(column.sources)} if column.sources else {}),
                }
                for column in table.columns
            ],
            "primaryKey": _key_of(table),
        },
        "evenreach:facts": table.facts,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _key_of(table: Table) -> str | list[str]:
    """Name the columns that tell the rows apart: a list gives a site its code within its service alone."""
    first, *more = (column.name for column in table.columns)
    return [first, "service"] if first == "site_id" and "service" in more else first


def geojson_bytes(edition: Edition, view: View) -> bytes:
    """Write the table as RFC 7946 GeoJSON with the outlines as published: the same bytes as ``/geojson``."""
    if view.layer == "sites":
        return sites(edition, view, view.service or None)
    return collection(edition, score(edition, view), detail="full")


def write_table(edition: Edition, view: View, path: Path, kind: str) -> Path:
    """Write one file of the scores of a view.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        What to write.
    path : pathlib.Path
        The file; replaced if it is there.
    kind : {"csv", "excel.csv", "geojson", "xlsx", "gpkg", "parquet", "pdf"}
        Which format. A CSV gets ``FILE-metadata.json`` beside it; the others carry their facts inside.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnknownKind
        If there is no such format.
    UnknownFocus, UnknownFootprint
        If the edition does not have what the view names.
    """
    if kind not in KINDS:
        raise UnknownKind(kind)
    if kind == "geojson":
        put(path, geojson_bytes(edition, view))
        return path
    if kind == "pdf":
        from service.files.view_pdf import pdf_bytes

        put(path, pdf_bytes(edition, view))
        return path
    table = table_of(edition, view)
    if kind in ("csv", EXCEL_CSV):
        put(path, csv_bytes(table) if kind == "csv" else excel_csv_bytes(table))
        put(path.with_name(f"{path.name}-metadata.json"), csv_metadata(table, path.name))
    elif kind == "xlsx":
        from service.files.spreadsheet import xlsx_bytes

        put(path, xlsx_bytes(table))
    elif kind == "gpkg":
        from service.files.geofiles import write_geopackage

        write_geopackage(table, edition.stored, path, style_of(edition, view, table))
    else:
        from service.files.geofiles import parquet_bytes

        put(path, parquet_bytes(table, edition.stored))
    return path


def style_of(edition: Edition, view: View, table: Table) -> list[StyleRule]:
    """Give the rules by which a GIS program draws a file: those of the map."""
    from service.files.map_style import area_rules, site_rules
    from service.pages.drawn_layers import drawn_layer

    if table.scores is None:
        services = next((column.values for column in table.columns if column.name == "service"), [])
        return site_rules(services)
    return area_rules(drawn_layer(edition, view, table.scores))


def make(store: str, path: str, kind: str, view: dict[str, Any], edition: str) -> str:
    """Write one file; the job that the workshop runs."""
    opened = edition_at_work(store, view["place"], edition)
    return str(write_table(opened, View(**view), Path(path), kind))


def describe(store: str, path: str, view: dict[str, Any], edition: str, file: str) -> str:
    """Write the description of a CSV file; the job that the workshop runs for a large place."""
    opened = edition_at_work(store, view["place"], edition)
    put(Path(path), csv_metadata(table_of(opened, View(**view)), file))
    return path


def file_query(view: View) -> str:
    """Write a view as the query string of its files: of sites with the service and who takes new patients."""
    return view.query(service=view.service, accepting=view.accepting) if view.layer == "sites" else view.query()


def kind_of(path: Path) -> str:
    """Read the kind of a file from its name: what follows the last dot, and ``excel.csv``."""
    name = path.name.lower()
    return EXCEL_CSV if name.endswith(f".{EXCEL_CSV}") else name.rpartition(".")[2]


def put(path: Path, content: bytes) -> None:
    """Write a file whole: whoever reads it meanwhile finds the old one."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)
