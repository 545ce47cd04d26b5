"""A worked example laid out as a spreadsheet: what is given, and for every other cell a figure and its formula.

A page shows the figures, the workbook carries the formulas too; both follow from one list of parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FIRST_ROW = 4  # title, sentence and an empty row stand above
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Value = float | int | str | None


@dataclass(frozen=True)
class Fact:
    """One named figure; without a formula it is given.

    Attributes
    ----------
    key : str
        How formulas name it, in braces.
    style : {"plain", "whole", "pounds", "percent", "text"}
        How it is written.
    """

    key: str
    title: str
    value: Value
    formula: str = ""
    style: str = "plain"


@dataclass(frozen=True)
class Column:
    """One column of a table: a figure a row, and one formula for all rows or one for each.

    In a formula ``{key}`` is the cell of the same row, ``{key_all}`` the whole column and ``{key_1}`` its first row.
    """

    key: str
    title: str
    values: Sequence[Value]
    formula: str | Sequence[str] = ""
    style: str = "plain"

    def formula_of(self, row: int) -> str:
        """Give the formula of a row, not yet filled in; empty = given."""
        return self.formula if isinstance(self.formula, str) else self.formula[row]


@dataclass
class Sheet:
    """One worksheet: parts below each other.

    Attributes
    ----------
    method : str
        Whose page shows it: ``m1``.
    name : str
        Of the worksheet, at most 31 letters.
    title, text : str
        What the example is, and what to try.
    """

    method: str
    name: str
    title: str
    text: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    _row: int = FIRST_ROW
    _known: dict[str, str] = field(default_factory=dict)

    def facts(self, caption: str, *facts: Fact) -> Sheet:
        """Add named figures, one a row."""
        for number, fact in enumerate(facts):
            self._known[fact.key] = f"$B${self._row + 2 + number}"
        rows = [
            [_cell(fact.title, "", "text"), _cell(fact.value, self._filled(fact.formula, {}), fact.style)]
            for fact in facts
        ]
        return self._add(caption, ["What", "Figure"], rows)

    def table(self, caption: str, *columns: Column) -> Sheet:
        """Add a table; the first column names its rows."""
        count = len(columns[0].values)
        first, last = self._row + 2, self._row + 1 + count
        letters = dict(zip((column.key for column in columns), LETTERS, strict=False))
        for key, letter in letters.items():
            self._known[f"{key}_all"] = f"${letter}${first}:${letter}${last}"
            self._known |= {f"{key}_{row + 1}": f"${letter}${first + row}" for row in range(count)}
        rows = []
        for row in range(count):
            here = {key: f"{letter}{first + row}" for key, letter in letters.items()}
            rows.append(
                [
                    _cell(column.values[row], self._filled(column.formula_of(row), here), column.style)
                    for column in columns
                ]
            )
        return self._add(caption, [column.title for column in columns], rows)

    def _filled(self, formula: str, here: dict[str, str]) -> str:
        return "=" + formula.format(**{**self._known, **here}) if formula else ""

    def _add(self, caption: str, header: list[str], rows: list[list[dict[str, Any]]]) -> Sheet:
        self.parts.append({"caption": caption, "row": self._row, "header": header, "rows": rows})
        self._row += len(rows) + 3
        return self

    def plain(self) -> dict[str, Any]:
        """Give the sheet as plain data, for JSON."""
        return {
            "method": self.method,
            "name": self.name,
            "title": self.title,
            "text": self.text,
            "parts": self.parts,
        }


def _cell(value: Value, formula: str, style: str) -> dict[str, Any]:
    """Give a cell; a missing figure is an empty one."""
    if isinstance(value, float) and math.isnan(value):
        value = None
    cell: dict[str, Any] = {"value": value, "style": "text" if isinstance(value, str) else style}
    return cell | ({"formula": formula} if formula else {})


def numbers(values: Any) -> list[float]:
    """Give an array, a Series or fractions as plain numbers."""
    return [float(value) for value in values]
