"""From bytes nobody vouches for to rows of text cells: what kind of file, which encoding, which delimiter."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from geodata.errors import BadFile
from geodata.upload.report import Findings

LONGEST_CELL = 32_767  # what a spreadsheet can hold in one cell
LONGEST_LINE = 2_000_000
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright bars", "¬": "not signs"}
CODE = re.compile(r"['=\"\s]*[A-Za-z]{1,2}\s?\d{3,}[\d\s]*\"?")
Row = tuple[int, list[str]]

# How the first bytes give away another kind of file, and what to do then.
_MAGIC = (
    (b"PK\x05\x06", "an empty zip archive", None),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "In the spreadsheet program choose Save as, CSV UTF-8."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"BZh", "a bzip2 archive", "Unpack it first."),
    (b"PAR1", "a Parquet file", None),
    (b"SQLite format 3", "a GeoPackage or other SQLite database", None),
    (b"%PDF", "a PDF document", "Ask the publisher for the table behind it."),
    (b"\x89PNG", "a picture", None),
    (b"\xff\xd8\xff", "a picture", None),
    (b"GIF8", "a picture", None),
    (b"\x00\x00\x27\x0a", "part of a shapefile", None),
    (b"{\\rtf", "a text document (RTF)", "Save the table alone, as CSV."),
    (b"MZ", "a program", None),
    (b"\x7fELF", "a program", None),
)
_WORKBOOKS = (
    (b"xl/", "an Excel workbook", "In the spreadsheet program choose Save as, CSV UTF-8; one sheet at a time."),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet", "Choose Save as, CSV; one sheet at a time."),
    (b"word/", "a Word document", "Save the table alone, as CSV."),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13})


@dataclass(frozen=True)
class Text:
    """A file known to be delimited text.

    Attributes
    ----------
    data : bytes
        Its content.
    encoding : str
        Python's name of the encoding; every byte is known to fit it.
    delimiter : str
        One character.
    """

    data: bytes
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[Row]:
        """Give each row with its number, blank ones as well.

        Raises
        ------
        BadFile
            bad-quote, cell-too-long or line-too-long, where the reading gets there.
        """
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _unreadable(str(error), number + 1) from None
            number += 1
            yield number, cells

    def _lines(self) -> Iterator[str]:
        stream = io.TextIOWrapper(io.BytesIO(self.data), encoding=self.encoding, newline="")
        for number, line in enumerate(stream, 1):
            if len(line) > LONGEST_LINE:
                message = f"the line is {len(line):,} characters long; {LONGEST_LINE:,} is the limit"
                raise BadFile(message, rule="line-too-long", row=number)
            yield line


def open_text(data: bytes, findings: Findings) -> Text:
    """Understand bytes as delimited text, and note what was understood.

    Raises
    ------
    BadFile
        empty-file, wrong-kind, bad-encoding or nul-byte.
    """
    data = data.rstrip(b"\x1a")
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise BadFile("the file is empty", rule="empty-file")
    _refuse_other_kinds(data)
    encoding = _encoding(data)
    head = io.TextIOWrapper(io.BytesIO(data[:131_072]), encoding=encoding, errors="ignore", newline="").read()
    _refuse_other_texts(head)
    delimiter = _delimiter(head)
    findings.facts |= {"encoding": encoding.removesuffix("-sig"), "delimiter": DELIMITERS[delimiter]}
    if encoding != "utf-8-sig":
        findings.add("other-encoding", f"the text was read as {encoding}")
    if delimiter != ",":
        findings.add("other-delimiter", f"cells are parted by {DELIMITERS[delimiter]}")
    return Text(data, encoding, delimiter)


def _refuse_other_kinds(data: bytes) -> None:
    kind, hint = next(((kind, hint) for magic, kind, hint in _MAGIC if data.startswith(magic)), (None, None))
    if data.startswith(b"PK\x03\x04"):
        found = next(((name, tip) for part, name, tip in _WORKBOOKS if part in data), None)
        kind, hint = found or ("a zip archive", "Unpack it first.")
    if kind:
        raise BadFile(f"this is {kind}, not a delimited text table", rule="wrong-kind", hint=hint)


def _refuse_other_texts(head: str) -> None:
    start = head.lstrip().casefold()
    kind, hint = None, None
    if start.startswith(("<!doctype html", "<html")):
        kind, hint = "a web page", "The address may have changed, or ask to log in."
    elif start.startswith("<"):
        kind, hint = "an XML file", None
    elif start.startswith("{") or re.match(r"\[\s*[{\[]", start):
        kind, hint = "a JSON file", None
    if kind:
        raise BadFile(f"this is {kind}, not a delimited text table", rule="wrong-kind", hint=hint)


def _encoding(data: bytes) -> str:
    if data.startswith(_UTF32):
        raise BadFile("the text is UTF-32; UTF-8 is expected", rule="bad-encoding")
    if data.startswith(_UTF16):
        text = _tried(data, "utf-16")
        if text is None:
            raise BadFile("the text starts as UTF-16 and does not go on as such", rule="bad-encoding")
        if "\0" in text:
            raise BadFile("there is a NUL character", rule="nul-byte", row=text[: text.index("\0")].count("\n") + 1)
        return "utf-16"
    if b"\0" in data:
        if max(data[:4000:2].count(0), data[1:4000:2].count(0)) > len(data[:4000]) * 0.4:
            raise BadFile("the text looks like UTF-16 without a byte order mark", rule="bad-encoding")
        raise BadFile("there is a NUL character", rule="nul-byte", row=data[: data.index(0)].count(b"\n") + 1)
    if len(data) - len(data.translate(None, _CONTROL)) > len(data) * 0.005 + 2:
        raise BadFile("this is a binary file, not a delimited text table", rule="wrong-kind")
    for encoding in ("utf-8-sig", "cp1252"):
        if _tried(data, encoding) is not None:
            return encoding
    raise BadFile("the text is neither UTF-8, UTF-16 nor Windows-1252", rule="bad-encoding", row=_first_bad_row(data))


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _first_bad_row(data: bytes) -> int | None:
    """Row where the text stops being Windows-1252, which is where both encodings have failed."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError as error:
        return data[: error.start].count(b"\n") + 1
    return None


def _delimiter(head: str) -> str:
    """Tell the delimiter by the cells it yields: area codes that stand alone, then rows of one width."""
    if head[:6].casefold().startswith("sep=") and head[4:5] in DELIMITERS:
        return head[4]
    lines = io.StringIO(head, newline="").readlines()[:200]
    scores = {delimiter: _score(lines, delimiter) for delimiter in DELIMITERS}
    best = max(scores.values())
    return next(delimiter for delimiter, score in scores.items() if score == best)


def _score(lines: list[str], delimiter: str) -> tuple[int, int]:
    """Return how many rows hold an area code on its own, and how many have the most frequent width."""
    rows = []
    with contextlib.suppress(csv.Error):  # an open quotation mark: told when the rows are read
        for row in csv.reader(lines, delimiter=delimiter):
            if len(row) > 1 and any(map(str.strip, row)):
                rows.append(row)
    alone = sum(any(CODE.fullmatch(cell) for cell in row) for row in rows)
    return alone, max(Counter(map(len, rows)).values(), default=0)


def _unreadable(error: str, row: int) -> BadFile:
    if "field limit" in error:
        return BadFile(f"a cell is longer than {LONGEST_CELL:,} characters", rule="cell-too-long", row=row)
    if "unexpected end" in error:
        return BadFile("a quotation mark is opened and never closed", rule="bad-quote", row=row)
    return BadFile("there is text between a closing quotation mark and the delimiter", rule="bad-quote", row=row)
