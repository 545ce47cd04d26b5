"""Columns of cells that tell about single persons, whatever their header says: NHS numbers, births, postcodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from geodata.errors import BadFile
from geodata.upload.postcodes import tidy_postcode

_NHS_NUMBER = re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{4}(\.0)?", re.ASCII)
_MONTH = r"(?:\d{1,2}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)"
_DAY = re.compile(
    rf"\d{{1,2}}[-/. ]{_MONTH}[-/. ](?:\d{{4}}|\d{{2}})|(?:19|20)\d{{2}}[-/]\d{{1,2}}[-/]\d{{1,2}}([ T].*)?",
    re.IGNORECASE | re.ASCII,
)
ENOUGH = 3  # fewer dates than this tell nothing
A_YEAR = 366
OFTEN = 9  # chance gives one valid NHS number in eleven


@dataclass
class _Column:
    """What the cells of one column have been so far; a day or postcode is no longer looked for where one is none."""

    cells: int = 0
    days: set[str] | None = field(default_factory=set)
    postcodes: bool = True
    valid: int = 0
    other: int = 0
    first: int = 0
    number: int = 0


class PersonColumns:
    """Watches the cells of a file, column by column.

    Parameters
    ----------
    header : sequence of str
        Column names.
    roles : mapping of str to int
        Which column is what.
    """

    def __init__(self, header: Sequence[str], roles: Mapping[str, int]) -> None:
        self._header = header
        coded = "code" in roles
        kept = {roles[role] for role in ("code", "footprint") if role in roles}
        figures = coded and "footprint" not in roles
        self._columns = {
            at: _Column(days=set() if coded else None, postcodes=figures)
            for at in range(len(header))
            if at not in kept or not coded
        }

    def look(self, row: int, cells: Iterable[str]) -> None:
        """Take notice of the cells of one row of data."""
        for at, cell in enumerate(cells):
            text, column = cell.strip(), self._columns.get(at)
            if column is None or not text:
                continue
            column.cells += 1
            column.first = column.first or row
            if column.days is not None:
                if _DAY.fullmatch(text):
                    column.days.add(text)
                else:
                    column.days = None
            if column.postcodes and tidy_postcode(text) is None:
                column.postcodes = False
            if len(text) >= 10 and _NHS_NUMBER.fullmatch(text):
                column.number = column.number or row
                if _is_nhs_number(text.removesuffix(".0")):
                    column.valid += 1
                else:
                    column.other += 1

    def refuse(self) -> None:
        """Refuse a file with a column about single persons.

        Raises
        ------
        BadFile
            person-level. No cell is repeated.
        """
        for at, column in self._columns.items():
            says = _about(column)
            if says:
                row = column.number if "NHS" in says else column.first
                raise BadFile(f"the column holds {says}", rule="person-level", row=row, column=self._header[at])


def _about(column: _Column) -> str:
    """Say what a column holds about single persons; nothing if it does not."""
    often = column.valid >= ENOUGH and column.valid >= OFTEN * column.other
    if often or 0 < column.valid == column.cells:
        return "NHS numbers"
    if column.days and len(column.days) >= max(ENOUGH, min(column.cells / 2, A_YEAR)):
        return "a date for each row, as dates of birth are"
    if column.cells and column.postcodes:
        return "postcodes beside the codes of areas"
    return ""


def _is_nhs_number(cell: str) -> bool:
    """Whether ten digits have the check digit of an NHS number (modulus 11)."""
    digits = [int(letter) for letter in cell if letter.isdigit()]
    rest = 11 - sum(digit * (10 - i) for i, digit in enumerate(digits[:9])) % 11
    return rest != 10 and rest % 11 == digits[9]
