"""How each publisher is asked, and how its answer is checked before anything is kept.

ArcGIS (ONS Open Geography) hands out pages and stops silently at a limit of its own, so its count is asked
first and every code is looked for twice. ODS reports are 27 columns without a header. GOV.UK changes the
address of a file with every correction, so its landing page is read for the link.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast
from urllib.parse import unquote, urljoin, urlsplit

import orjson
import pyarrow.parquet

from geodata.catalogue import Source
from geodata.download import Line
from geodata.errors import DataError

ODS_COLUMNS = 27
ODS_CODE = re.compile(r"[A-Z0-9]{3,12}")
csv.field_size_limit(10_000_000)


def ask_publisher(line: Line, to: Path) -> str:
    """Write the source, checked, into ``to``.

    Parameters
    ----------
    line : Line
        An open line to the publisher of the source.
    to : pathlib.Path
        A temporary file; it holds rubbish if an error is raised.

    Returns
    -------
    str
        The name to keep the file by: its ending says its format.

    Raises
    ------
    SourceMissing, BadSource
        If the publisher does not answer, or what came is not what was asked for.
    """
    return WAYS[line.source.fetch](line, to)


def count_rows(path: Path, *, name: str, headless: bool = False) -> int | None:
    """Count the rows of a CSV, GeoJSON or Parquet file, the header left out; None for any other kind.

    Raises
    ------
    ValueError
        If the file cannot be read to its end.
    """
    try:
        if name.lower().endswith((".csv", ".csv.gz")):
            with _text(path, name) as text:
                return sum(1 for row in csv.reader(text) if row) - (not headless)
        if name.lower().endswith(".parquet"):
            return int(pyarrow.parquet.read_metadata(path).num_rows)
        if name.lower().endswith(".geojson"):
            return len(orjson.loads(path.read_bytes())["features"])
    except (csv.Error, EOFError, OSError, KeyError, TypeError, zlib.error, pyarrow.ArrowException) as error:
        raise ValueError(f"{name} cannot be read to its end") from error
    return None


def _ask_arcgis(line: Line, to: Path) -> str:
    source = line.source
    layer = source.address.rstrip("/") + "/query"
    count = line.json(layer, {"where": source.where, "returnCountOnly": "true", "f": "json"}).get("count")
    if not isinstance(count, int):
        line.fail("wrong-shape", "the publisher did not give its count of rows")
    _compare(line, count, "the publisher counts")
    rows = _arcgis_rows(line, layer, count)
    if source.layout == "polygons":
        _write_geojson(rows, to)
        return f"{source.id}.geojson"
    _write_csv(rows, source, to)
    return f"{source.id}.csv"


def _arcgis_rows(line: Line, layer: str, count: int) -> Iterator[dict[str, Any]]:
    """Yield every row of a layer once, page by page, and refuse a page that is short, empty or given twice."""
    source = line.source
    asked = {
        "where": source.where,
        "outFields": ",".join(source.fields),
        "orderByFields": ",".join(source.key_columns),
        "returnGeometry": "false" if source.layout == "table" else "true",
        "outSR": "4326" if source.layout == "polygons" else "27700",
        "f": "geojson" if source.layout == "polygons" else "json",
    }
    if source.layout == "polygons":
        asked["geometryPrecision"] = "6"
    done: set[tuple[str, ...]] = set()
    while len(done) < count:
        page = {"resultOffset": str(len(done)), "resultRecordCount": str(line.patience.page_rows)}
        rows = line.json(layer, asked | page).get("features")
        if not isinstance(rows, list):
            line.fail("wrong-shape", "a page has no list of features")
        if not rows:
            line.fail("paged-short", f"the publisher stopped at {len(done):,} rows of the {count:,} it counts")
        for row in rows:
            code = _code(line, row)
            if code in done:
                line.fail("paged-twice", f"{'+'.join(code)} came twice: the publisher gave the same page again")
            done.add(code)
            yield row
    if len(done) > count:
        line.fail("paged-short", f"{len(done):,} rows came, and the publisher counts {count:,}")


def _code(line: Line, row: Any) -> tuple[str, ...]:
    values = _values(row)
    for column in line.source.fields:
        if column not in values:
            line.fail("wrong-shape", "a column is not in the answer any more", column=column)
    if line.source.layout != "table" and not row.get("geometry"):
        line.fail("wrong-shape", f"{values[line.source.fields[0]]} came without its place on the map")
    return tuple(str(values[column]) for column in line.source.key_columns)


def _values(row: Any) -> dict[str, Any]:
    found = (row.get("properties") or row.get("attributes")) if isinstance(row, dict) else None
    return found if isinstance(found, dict) else {}


def _write_geojson(rows: Iterator[dict[str, Any]], to: Path) -> None:
    with to.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[')
        for number, row in enumerate(rows):
            out.write((b",\n" if number else b"\n") + orjson.dumps(row))
        out.write(b"\n]}\n")


def _write_csv(rows: Iterator[dict[str, Any]], source: Source, to: Path) -> None:
    place = ("x", "y") if source.layout == "points" else ()
    with to.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*source.fields, *place])
        for row in rows:
            values = _values(row)
            writer.writerow([*(values[column] for column in source.fields), *(row["geometry"][axis] for axis in place)])


def _ask_ods(line: Line, to: Path) -> str:
    line.save(line.source.address, to)
    rows = 0
    with _reading(line), _text(to, "report.csv") as text:
        for rows, row in enumerate(csv.reader(text), start=1):
            if len(row) != ODS_COLUMNS:
                line.fail("wrong-shape", f"{len(row)} columns came where the report has {ODS_COLUMNS}", row=rows)
            if not ODS_CODE.fullmatch(row[0]):
                line.fail("wrong-shape", f"{row[0][:40]!r} is not an organisation code", row=rows, column="1")
    _compare(line, rows, "the report has")
    return line.source.files[0]


def _ask_govuk(line: Line, to: Path) -> str:
    text, where = line.page(line.source.address)
    link = _asset_link(line, text, where)
    line.save(link, to)
    name = _file_name(link)
    _check_table(line, to, name)
    return name


def _ask_file(line: Line, to: Path) -> str:
    line.save(line.source.address, to)
    name = line.source.files[0]
    _check_table(line, to, name)
    return name


def _asset_link(line: Line, text: str, where: str) -> str:
    """Find the one link of a landing page to the file, not to the page that previews it."""
    links = _Links()
    links.feed(text)
    pattern = line.source.asset.lower()
    found = {
        link: _file_name(link)
        for link in (urljoin(where, href) for href in links.found)
        if fnmatchcase(_file_name(link).lower(), pattern) and "preview" not in urlsplit(link).path
    }
    if not found:
        line.fail("asset-not-found", f"the landing page links to no file named {line.source.asset}")
    if len(found) > 1:
        line.fail("asset-ambiguous", f"the landing page links to several: {', '.join(sorted(found.values()))}")
    link = next(iter(found))
    if urlsplit(link).hostname not in {urlsplit(line.source.address).hostname, *line.source.hosts}:
        line.fail("login-page", f"the landing page links to {urlsplit(link).hostname}, which is not its own")
    return link


class _Links(HTMLParser):
    """Collect where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _file_name(link: str) -> str:
    # The last step of the path only: a name from a web page must not lead out of the cache folder.
    return PurePosixPath(unquote(urlsplit(link).path)).name


def _check_table(line: Line, path: Path, name: str) -> None:
    """Check the headers and the count of a downloaded file."""
    if name.lower().endswith((".csv", ".csv.gz")):
        with _reading(line), _text(path, name) as text:
            headers = {_plain(header) for header in next(csv.reader(text), [])}
        for wanted in (*line.source.key_columns, *line.source.columns.values()):
            if _plain(wanted) not in headers:
                line.fail("wrong-shape", "a column is not in the file any more", row=1, column=wanted)
    with _reading(line):
        rows = count_rows(path, name=name)
    if rows is not None:
        _compare(line, rows, "the file has")


def _compare(line: Line, rows: int, who: str) -> None:
    source = line.source
    if not source.living and source.expected_rows is not None and rows != source.expected_rows:
        line.fail("wrong-count", f"{who} {rows:,} rows, and {source.expected_rows:,} are expected")
    if source.least_rows is not None and rows < source.least_rows:
        line.fail("wrong-count", f"{who} {rows:,} rows, and at least {source.least_rows:,} are expected")


@contextmanager
def _reading(line: Line) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (csv.Error, EOFError, OSError, zlib.error, ValueError):
        line.fail("cut-short", "the file cannot be read to its end")


@contextmanager
def _text(path: Path, name: str) -> Iterator[TextIOWrapper]:
    """Open a delimited file, plain or gzipped, to be looked over; a wrong byte does not stop the count."""
    gzipped = name.lower().endswith(".gz")
    with (
        path.open("rb") as raw,
        gzip.open(raw) if gzipped else nullcontext(raw) as plain,
        TextIOWrapper(cast(IO[bytes], plain), encoding="utf-8-sig", errors="replace", newline="") as text,
    ):
        yield text


def _plain(header: str) -> str:
    return " ".join(header.lower().split())


WAYS: dict[str, Callable[[Line, Path], str]] = {
    "arcgis": _ask_arcgis,
    "ods": _ask_ods,
    "govuk": _ask_govuk,
    "file": _ask_file,
}
