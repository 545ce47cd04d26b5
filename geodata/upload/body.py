"""The rows below the header of a file that a user brings: which are data, and where all others went."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from geodata.errors import BadFile
from geodata.upload.layout import Layout
from geodata.upload.persons import PersonColumns
from geodata.upload.report import Findings
from geodata.upload.text import CODE, Row

PLACE_ROLES = ("postcode", "easting", "northing", "longitude", "latitude", "x", "y")
_TOTALS = {"total", "totals", "grand total", "subtotal", "sub-total", "sum", "all", "all areas", "england", "average"}
_NO_AREA = {
    *("unknown", "not known", "not stated", "no fixed abode", "other", "unallocated", "unmatched", "not found"),
    *("out of area", "outside area", "no lsoa", "missing", "invalid", "null", "na", "n/a"),
}
_PSEUDO_CODE = re.compile(r"[A-Z]9{8}")
_PROSE = re.compile(
    r"(source|notes?|footnotes?|©|\(c\)|copyright|crown|contains|data|published|produced|contact|caveat|please|this "
    r"|these |https?:|www\.|\*|\[|\d+[.)]\s|end of)",
    re.IGNORECASE,
)
_SWALLOWED = re.compile(r"[\r\n][\s'\"]*[A-Za-z]\d{8}\b")
LONG = 10  # cells shorter than this cannot hide another row
PROSE_WORDS = 4


@dataclass
class Body:
    """The rows of data, as columns of cells.

    Attributes
    ----------
    rows : list of int
        Row number of each row of data.
    cells : dict of str to list of str
        Cells by role, in the order of ``rows``.
    rows_read : int
        Rows below the header, of every sort.
    """

    rows: list[int] = field(default_factory=list)
    cells: dict[str, list[str]] = field(default_factory=dict)
    rows_read: int = 0

    def __len__(self) -> int:
        """Return the number of rows of data."""
        return len(self.rows)

    def keep(self, wanted: Sequence[bool]) -> Body:
        """Return the body with only some of its rows."""
        rows = [row for row, yes in zip(self.rows, wanted, strict=True) if yes]
        cells = {
            role: [cell for cell, yes in zip(column, wanted, strict=True) if yes] for role, column in self.cells.items()
        }
        return Body(rows, cells, self.rows_read)


class BodyReader:
    """Sorts the rows below a header.

    Parameters
    ----------
    layout : Layout
        Header and roles.
    delimiter : str
        For telling a quoted cell that has swallowed other rows.
    max_rows, max_columns : int
        Limits.
    findings : Findings
        Takes every fault and note.
    """

    def __init__(self, layout: Layout, delimiter: str, max_rows: int, max_columns: int, findings: Findings) -> None:
        self.body = Body(cells={role: [] for role in layout.roles})
        self._layout = layout
        self._delimiter = delimiter
        self._max_rows, self._max_columns = max_rows, max_columns
        self._findings = findings
        self._header = [" ".join(cell.split()).casefold() for cell in layout.header]
        self._width = len(layout.header)
        self._roles = [(self.body.cells[role], at) for role, at in layout.roles.items()]
        self._keys = [at for role, at in layout.roles.items() if role == "code" or role in PLACE_ROLES]
        self._others = [at for at in layout.roles.values() if at not in self._keys]
        self._coded = "code" in layout.roles
        self._pending: list[Row] = []
        self._counts: Counter[str] = Counter()
        self._first: dict[str, tuple[int, str]] = {}
        self._persons = PersonColumns(layout.header, layout.roles)

    def read(self, rows: Iterator[Row]) -> Body:
        """Read all rows and return those of data.

        Raises
        ------
        BadFile
            too-many-rows, too-many-columns, person-level, no-rows or filter-finds-nothing.
        """
        for number, cells in rows:
            if number > self._layout.header_row:
                self.body.rows_read += 1
                self._check_size(number, cells)
                self._sort(number, cells)
        self._end()
        return self.body

    def _check_size(self, number: int, cells: list[str]) -> None:
        if self.body.rows_read > self._max_rows:
            raise BadFile(f"there are more than {self._max_rows:,} rows", rule="too-many-rows", row=number)
        if len(cells) > self._max_columns:
            message = f"the row has {len(cells):,} cells; {self._max_columns} columns is the limit"
            raise BadFile(message, rule="too-many-columns", row=number)

    def _sort(self, number: int, cells: list[str]) -> None:
        """Put one row where it belongs."""
        if not "".join(cells).strip():
            return self._skip("blank-rows", number, "")
        short = len(cells) < self._width
        full = cells + [""] * (self._width - len(cells)) if short else cells
        keyed = self._is_keyed(full)
        if not keyed and self._is_aside(number, full):
            return None
        if self._layout.only and any(
            " ".join(full[at].split()).casefold() != value.casefold() for at, value in self._layout.only
        ):
            return self._skip("filtered-rows", number, full[self._layout.only[0][0]])
        if not keyed:
            self._pending.append((number, cells))
            return None
        for waiting in self._pending:
            self._take(*waiting)
        self._pending.clear()
        return self._take(number, cells)

    def _is_keyed(self, cells: list[str]) -> bool:
        """Whether a row says which area or place it is about."""
        if self._coded:
            cell = cells[self._keys[0]].strip()
            return bool(CODE.fullmatch(cell)) and not _PSEUDO_CODE.fullmatch(cell.upper())
        return any(any(map(str.isdigit, cells[at])) for at in self._keys)

    def _is_aside(self, number: int, cells: list[str]) -> bool:
        """Whether a row is a repeated header, a total, or about no area; it is counted then."""
        if [" ".join(cell.split()).casefold() for cell in cells[: self._width]] == self._header:
            self._skip("repeated-header", number, cells[self._keys[0]])
            return True
        if not self._coded:
            return False
        key = cells[self._keys[0]].strip().casefold()
        first = next(cell for cell in cells if cell.strip()).strip().casefold().rstrip(":")
        if key in _NO_AREA or _PSEUDO_CODE.fullmatch(key.upper()):
            self._skip("no-area-row", number, key)
            return True
        if key.rstrip(":") in _TOTALS or (not key and first in _TOTALS):
            self._skip("total-row", number, first)
            return True
        return False

    def _skip(self, rule: str, number: int, value: str) -> None:
        self._counts[rule] += 1
        self._first.setdefault(rule, (number, value))

    def _take(self, number: int, cells: list[str]) -> None:
        """Take a row of data, or refuse its width."""
        self._look_closely(number, cells)
        if len(cells) != self._width and (len(cells) < self._width or "".join(cells[self._width :]).strip()):
            message = f"{len(cells)} cells where the header has {self._width}"
            self._findings.add("wrong-width", message, row=number, value=self._delimiter.join(cells))
            return  # what its cells hold is guesswork
        self.body.rows.append(number)
        for column, at in self._roles:
            column.append(cells[at])

    def _look_closely(self, number: int, cells: list[str]) -> None:
        """Look for what tells about persons, and for rows swallowed by an open quotation mark."""
        self._persons.look(number, cells)
        for cell in cells:
            if len(cell) < LONG:
                continue
            if "\n" in cell or "\r" in cell:
                delimiters = max(self._width - 1, 1)
                if _SWALLOWED.search(cell) or cell.count(self._delimiter) >= delimiters:
                    self._findings.add("swallowed-rows", "a quoted cell holds other rows", row=number, value=cell)

    def _end(self) -> None:
        """Tell footers from faulty rows at the end, and give the account of what was passed over."""
        for number, cells in self._pending:
            if self.body.rows and self._is_footer(cells):
                self._skip("footer-rows", number, next(cell for cell in cells if cell.strip()))
            else:
                self._take(number, cells)
        self._persons.refuse()
        self._findings.skipped += sum(self._counts.values())
        for rule, count in self._counts.items():
            row, value = self._first[rule]
            says = "the first of them is named" if count > 1 else "it is named"
            message = f"{count:,} {'rows were' if count > 1 else 'row was'} passed over; {says}"
            self._findings.add(rule, message, row=row, value=value or None, times=count)
        if not self.body.rows and not self._findings.refused:
            rule = "filter-finds-nothing" if self._counts["filtered-rows"] else "no-rows"
            message = "no row has the values declared in only" if self._counts["filtered-rows"] else "there is no data"
            raise BadFile(message, rule=rule, row=self._layout.header_row)

    def _is_footer(self, cells: list[str]) -> bool:
        full = cells + [""] * (self._width - len(cells))
        filled = [cell.strip() for cell in full if cell.strip()]
        if _PROSE.match(filled[0]) and not any(map(str.isdigit, filled[0][:1])):
            return True
        if not any(full[at].strip() for at in self._others) and self._coded:
            return True
        return len(filled) == 1 and (len(filled[0].split()) >= PROSE_WORDS or bool(_PROSE.match(filled[0])))
