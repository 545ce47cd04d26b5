"""The cells of a published file, before any of them has a meaning.

Delimited files (plain or gzip) and Parquet come in as columns of text; a reader then says what each
column means. Every cell is either understood or refused by row and column: "NA" in a name stays a
name, "NA" in a number is an error, and an empty cell is missing, never zero.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from geodata.errors import BadFile

# How the first bytes of a file give away that it is not the table it should be.
OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a GeoPackage or other SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x89PNG", "a picture"),
)
TRUNCATED_AT_LEAST = 40  # a header cut short by another program is recognised from this many letters on
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")


def refuse_where(
    bad: pd.Series | np.ndarray,
    says: str,
    *,
    rule: str,
    file: str,
    first_row: int,
    column: str | None = None,
    codes: pd.Series | None = None,
    values: pd.Series | None = None,
    hint: str | None = None,
) -> None:
    """Raise BadFile for the first row that is marked as bad; do nothing if none is.

    Parameters
    ----------
    bad : array of bool, shape (n,)
        Which rows break the rule.
    says : str
        The message, with ``{code}`` and ``{value}`` where those of the row belong.
    rule, file, column, hint : str
        As in `geodata.errors.DataError`.
    first_row : int
        Row number of the first of the n rows.
    codes, values : pandas.Series, shape (n,), optional
        What to name the row by, and the value at fault.

    Raises
    ------
    BadFile
        Naming file, row, column, code and rule, and how many rows are like it.
    """
    rows = np.flatnonzero(np.asarray(bad, dtype=bool))
    if not len(rows):
        return
    first = int(rows[0])
    code, value = (None if s is None or pd.isna(s.iloc[first]) else str(s.iloc[first])[:80] for s in (codes, values))
    more = f" ({len(rows):,} such rows)" if len(rows) > 1 else ""
    raise BadFile(
        says.format(code=code, value=value) + more,
        rule=rule,
        file=file,
        row=first + first_row,
        column=column,
        code=code,
        value=value,
        hint=hint,
    )


def tidy_header(header: str) -> str:
    """Return a header without the differences that mean nothing: case, spaces, byte order mark."""
    return "".join(header.replace("\ufeff", "").casefold().split())


@dataclass(frozen=True)
class TextTable:
    """A file as columns of cells, before any of them has a meaning.

    Attributes
    ----------
    file : str
        Name of the file, for messages.
    headers : tuple of str
        As published; for a file without a header, "column 1" and so on.
    columns : tuple of pyarrow.ChunkedArray
        One per header: text as it came, or numbers where a Parquet file holds numbers.
    first_row : int
        Row number of the first data row: 2 below a header, 1 without one.
    """

    file: str
    headers: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    first_row: int = 2

    @property
    def rows(self) -> int:
        """Number of data rows."""
        return len(self.columns[0])

    def find(self, header: str) -> int | None:
        """Return the position of a header, forgiving case, spaces and a cut-off end; None if absent."""
        wanted = tidy_header(header)
        tidied = [tidy_header(name) for name in self.headers]
        if wanted in tidied:
            return tidied.index(wanted)
        cut = [i for i, name in enumerate(tidied) if len(name) >= TRUNCATED_AT_LEAST and wanted.startswith(name)]
        return cut[0] if len(cut) == 1 else None

    def position(self, header: str) -> int:
        """Return the position of a header; raise BadFile (missing-column) if the file lacks it."""
        found = self.find(header)
        if found is None:
            raise BadFile(
                f"there is no column {header!r}; the file has {', '.join(repr(h) for h in self.headers[:6])}"
                + (f" and {len(self.headers) - 6} more" if len(self.headers) > 6 else ""),
                rule="missing-column",
                file=self.file,
                column=header,
            )
        return found

    def text(self, header: str) -> pd.Series:
        """Return a column as trimmed text; an empty cell is missing."""
        return pd.Series(_trimmed(self.columns[self.position(header)]).to_pandas(), dtype="str")

    def numbers(self, header: str, *, minimum: float | None = None, required: bool = False) -> np.ndarray:
        """Return a column as float64, an empty cell as NaN.

        Parameters
        ----------
        header : str
            The published header.
        minimum : float, optional
            The least value that makes sense, 0 for counts.
        required : bool
            Whether an empty cell is an error.

        Raises
        ------
        BadFile
            missing-column, not-a-number, not-finite, negative or missing-value, naming the row.
        """
        position = self.position(header)
        column, name = self.columns[position], self.headers[position]
        values, blank = self._parsed(column, name)
        infinite = ~np.isfinite(values) & ~blank
        if infinite.any():
            given = column.to_pandas()
            self.refuse(infinite, "{value!r} is not a finite number", rule="not-finite", column=name, values=given)
        if required:
            self.refuse(blank, "the cell is empty; a number is needed", rule="missing-value", column=name)
        if minimum is not None:
            rule = "negative" if minimum == 0 else "out-of-range"
            says = f"{{value}} is below {minimum:g}"
            self.refuse(values < minimum, says, rule=rule, column=name, values=pd.Series(values))
        return values

    def _parsed(self, column: pa.ChunkedArray, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return values (NaN where empty) and which cells are empty."""
        if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
            blank = column.is_null().to_numpy()
            if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
                says = f"the column holds {column.type}, not numbers"
                raise BadFile(says, rule="not-a-number", file=self.file, column=name)
            return column.cast(pa.float64()).to_numpy(), blank
        trimmed = _trimmed(column)
        blank = trimmed.is_null().to_numpy()
        try:
            return trimmed.cast(pa.float64()).to_numpy(), blank
        except pa.ArrowInvalid:
            return self._parsed_one_by_one(trimmed, name), blank

    def _parsed_one_by_one(self, column: pa.ChunkedArray, name: str) -> np.ndarray:
        """Parse cells one at a time: for thousands separators, or to find the row that is not a number."""
        values = np.full(len(column), np.nan)
        for i, cell in enumerate(column.to_pylist()):
            if cell is None:
                continue
            try:
                values[i] = float(cell.replace(",", "") if _THOUSANDS.match(cell) else cell)
            except ValueError:
                raise BadFile(
                    f"{cell[:80]!r} is not a number",
                    rule="not-a-number",
                    file=self.file,
                    row=i + self.first_row,
                    column=name,
                    value=cell,
                ) from None
        return values

    def refuse(
        self,
        bad: pd.Series | np.ndarray,
        says: str,
        *,
        rule: str,
        column: str,
        codes: pd.Series | None = None,
        values: pd.Series | None = None,
        hint: str | None = None,
    ) -> None:
        """Raise BadFile for the first bad row of this file; see `refuse_where`."""
        refuse_where(
            bad, says, rule=rule, file=self.file, first_row=self.first_row, column=column, codes=codes,
            values=values, hint=hint,
        )  # fmt: skip


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text without spaces at either end, empty cells as nulls."""
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def open_table(path: Path, *, header: bool = True, width: int | None = None) -> TextTable:
    """Open a delimited file (plain or gzip) or a Parquet file as columns of cells.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv``, ``.csv.gz`` or ``.parquet``; the content decides, not the name.
    header : bool
        Whether row 1 holds column names. ODS reports have none.
    width : int, optional
        The number of columns a file without a header must have.

    Returns
    -------
    TextTable

    Raises
    ------
    BadFile
        empty-file, wrong-kind, bad-encoding, wrong-width or doubled-column.
    """
    data = unpacked(path)
    if data[:4] == b"PAR1" and path.suffix == ".parquet":
        return _open_parquet(path)
    text = decoded(data, path.name)
    if header:
        headers = tuple(name.strip() for name in next(csv.reader(io.StringIO(text, newline=""))))
    else:
        headers = tuple(f"column {i + 1}" for i in range(width or 1))
    _refuse_doubled(headers, path.name)
    table = _parse(text, headers, path.name, skip=1 if header else 0)
    if table.num_rows == 0:
        raise BadFile("there is a header and no row below it", rule="empty-file", file=path.name)
    return TextTable(path.name, headers, tuple(table.columns), first_row=2 if header else 1)


def unpacked(path: Path) -> bytes:
    """Return the bytes of the file, without gzip."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise BadFile("the compressed file is cut short or damaged", rule="wrong-kind", file=path.name) from None
    if not data.strip():
        raise BadFile("the file is empty", rule="empty-file", file=path.name)
    return data


def decoded(data: bytes, file: str) -> str:
    """Return the text of a delimited file: UTF-8, UTF-16 with a mark, or Windows-1252."""
    for magic, kind in OTHER_KINDS:
        if data.startswith(magic):
            raise BadFile(f"this is {kind}, not a delimited text file", rule="wrong-kind", file=file)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in data:
        raise BadFile("this is a binary file, not a delimited text file", rule="wrong-kind", file=file)
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        start = text[:200].lstrip().lower()
        if start.startswith(("<!doctype", "<html", "<?xml")):
            raise BadFile(
                "this is a web page, not a delimited text file",
                rule="wrong-kind",
                file=file,
                hint="The address may have changed, or ask to log in.",
            )
        if start.startswith(("{", "[")):
            raise BadFile("this is JSON, not a delimited text file", rule="wrong-kind", file=file)
        return text
    raise BadFile("the text is neither UTF-8, UTF-16 nor Windows-1252", rule="bad-encoding", file=file)


def _refuse_doubled(headers: tuple[str, ...], file: str) -> None:
    """Refuse two columns of the same name; columns without a name do not matter."""
    counts = Counter(tidy_header(name) for name in headers if name)
    for name in headers:
        if counts[tidy_header(name)] > 1:
            raise BadFile(f"the column {name!r} is there twice", rule="doubled-column", file=file, row=1, column=name)


def _parse(text: str, headers: tuple[str, ...], file: str, *, skip: int) -> pa.Table:
    """Split text into columns of text; a row of another width is refused."""
    names = [str(i) for i in range(len(headers))]
    faults: list[tuple[int | None, int, str]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        """Note a row of another width for the refusal; a blank one is passed over."""
        if row.text.strip():
            faults.append((row.number, row.actual_columns, row.text))
        return "skip"

    data = text.encode()
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(data),
            # One thread: only then does a faulty row know its number. The files are small.
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows=skip, use_threads=False, block_size=max(len(data) + 1, 1024)
            ),
            parse_options=pa_csv.ParseOptions(newlines_in_values='"' in text, invalid_row_handler=note),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise BadFile(f"the rows cannot be told apart: {error}", rule="wrong-width", file=file) from None
    if faults:
        number, actual, row_text = faults[0]
        raise BadFile(
            f"{actual} cells where {len(headers)} columns are expected" + _more(len(faults)),
            rule="wrong-width",
            file=file,
            row=number,
            value=row_text.strip(),
        )
    return table


def _more(count: int) -> str:
    return f" ({count:,} such rows)" if count > 1 else ""


def _open_parquet(path: Path) -> TextTable:
    """Open a Parquet file, dictionaries unpacked, geometry left out."""
    try:
        table = pa_parquet.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise BadFile("the Parquet file is cut short or damaged", rule="wrong-kind", file=path.name) from None
    headers = tuple(table.column_names)
    _refuse_doubled(headers, path.name)
    if table.num_rows == 0:
        raise BadFile("the table has no rows", rule="empty-file", file=path.name)
    columns = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return TextTable(path.name, headers, tuple(columns))
