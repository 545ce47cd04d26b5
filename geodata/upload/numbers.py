"""Figures in files that users bring: a number, a typed note why there is none, or a rule that is broken."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

Note = Literal[
    "", "empty", "suppressed", "not-available", "not-applicable", "low", "low-reliability", "provisional", "revised",
    "estimated",
]  # fmt: skip
UNKNOWN: tuple[Note, ...] = ("empty", "not-available", "not-applicable", "low", "low-reliability")
FLAGS: tuple[Note, ...] = ("provisional", "revised", "estimated", "low-reliability")

_MARKERS: dict[str, Note] = {
    **dict.fromkeys(("*", "**", "***", "[c]", "(c)", "c", "ds", "s", "[s]", "~", "suppressed", "sup"), "suppressed"),
    **dict.fromkeys(
        ("[x]", "x", "..", "...", "…", ":", "-", "–", "—", "--", ".", "na", "n/a", "null"), "not-available"
    ),
    **dict.fromkeys(("none", "missing", "not available", "no data", "not known", "[m]", "\\n"), "not-available"),
    **dict.fromkeys(("[z]", "z", "n.a.", "not applicable"), "not-applicable"),
    **dict.fromkeys(("[low]", "low"), "low"),
    **dict.fromkeys(("[u]", "u"), "low-reliability"),
}
# Fewer than a few: the cell says that there is a figure, and hides it.
_FEWER = re.compile(
    r"(<|<=|≤|less than|fewer than|under)\s?\d{1,2}|\d{1,2} or (fewer|less)|[01]\s?(-|–|to)\s?\d{1,2}", re.IGNORECASE
)
_FLAG = re.compile(r"(.*\d%?)\s?\[(p|r|e|u|f|b)\]", re.IGNORECASE)
_FLAG_NOTES: dict[str, Note] = {
    "p": "provisional",
    "r": "revised",
    "b": "revised",
    "e": "estimated",
    "f": "estimated",
    "u": "low-reliability",
}
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d*)?e[+-]?\d{1,4}", re.IGNORECASE | re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([, \u00a0\u2009\u202f'’])\d{3}(\1\d{3})*(\.\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+%?|[+-]?\d+,\d{1,2}%?", re.ASCII)
_COMMAS = re.compile(r"[+-]?\d+(,\d+)+(\.\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|∞|1\.#inf|1\.#ind|-1\.#ind)", re.IGNORECASE)
_MONTHS = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\d{{1,2}}[-/ ]{_MONTHS}([-/ ]\d{{2,4}})?|{_MONTHS}[-/ ]\d{{1,4}}|\d{{1,4}}/\d{{1,2}}/\d{{2,4}}"
    r"|\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}:\d{2}(:\d{2})?",
    re.IGNORECASE,
)  # fmt: skip
_EXCEL_ERROR = re.compile(r"#(n/a|div/0!|ref!|value!|name\?|num!|null!|spill!|calc!|#+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one cell says.

    Attributes
    ----------
    value : float or None
        None where there is no number; never zero in its place.
    note : str
        Why there is none, or what is said about it; "" for a plain number.
    rule : str
        The rule that is broken; "" if none is.
    message : str
        What came and what was expected.
    percent, money, scientific : bool
        Whether the cell had a percent sign, a pound sign, or was written as 1.2E+05.
    """

    value: float | None
    note: Note = ""
    rule: str = ""
    message: str = ""
    percent: bool = False
    money: bool = False
    scientific: bool = False


EMPTY = Figure(None, "empty")


def read_figure(cell: str) -> Figure:
    """Read one cell as a figure.

    Parameters
    ----------
    cell : str
        As it came.

    Returns
    -------
    Figure
        A number, a note, or a broken rule.

    Examples
    --------
    >>> read_figure("1,234.5").value
    1234.5
    >>> read_figure("<5").note
    'suppressed'
    >>> read_figure("12,5").rule
    'decimal-comma'
    """
    text = cell.strip()
    if _PLAIN.fullmatch(text):
        return _number(text)
    text = text.strip("\u200b\u200c\u200d\u2060\ufeff").lstrip("'").replace("−", "-").strip()
    if not text:
        return EMPTY
    marker = _MARKERS.get(" ".join(text.casefold().split()))
    if marker:
        return Figure(None, marker)
    if _FEWER.fullmatch(text):
        return Figure(None, "suppressed")
    flagged = _FLAG.fullmatch(text)
    if flagged:
        return _noted(_signed(flagged[1].strip()), _FLAG_NOTES[flagged[2].lower()])
    return _signed(text)


def looks_like_figure(cell: str) -> bool:
    """Whether a cell reads as a figure or as a marker in its place."""
    return not read_figure(cell).rule


def is_date(text: str) -> bool:
    """Whether text has the form a spreadsheet gives to what it takes for a date."""
    return _DATE.fullmatch(text.strip()) is not None


def _noted(figure: Figure, note: Note) -> Figure:
    if figure.rule:
        return figure
    return Figure(figure.value, note, "", "", figure.percent, figure.money, figure.scientific)


def _signed(text: str) -> Figure:
    """Read a number that may have a percent or pound sign."""
    percent, money = text.endswith("%"), "£" in text[:2]
    bare = text.removesuffix("%").strip() if percent else text
    bare = bare.replace("£", "", 1).strip() if money else bare
    figure = _bare(bare, text)
    if figure.rule or not (percent or money):
        return figure
    return Figure(figure.value, figure.note, "", "", percent, money, figure.scientific)


def _bare(text: str, given: str) -> Figure:
    if _PLAIN.fullmatch(text):
        return _number(text)
    if _THOUSANDS.fullmatch(text):
        return _number(re.sub(r"[^\d.+-]", "", text))
    if _SCIENTIFIC.fullmatch(text):
        read = _number(text)
        return read if read.rule else Figure(read.value, scientific=True)
    rule, says = _fault(text)
    return Figure(None, rule=rule, message=f"{given[:60]!r} {says}")


def _number(text: str) -> Figure:
    value = float(text)
    if not math.isfinite(value):
        return Figure(None, rule="not-finite", message=f"{text[:60]!r} is larger than any number that can be kept")
    return Figure(value)


def _fault(text: str) -> tuple[str, str]:
    """Return the rule that a cell breaks which is neither number nor marker, and what to say."""
    if _NOT_FINITE.fullmatch(text):
        return "not-finite", "is not a finite number"
    if _EXCEL_ERROR.fullmatch(text):
        return "excel-error", "is the error of a formula"
    if text.startswith(("=", "@")):
        return "formula", "is a formula"
    if is_date(text):
        return "excel-date", "looks like a date"
    if _COMMAS.fullmatch(text) and not _DECIMAL_COMMA.fullmatch(text):
        return "misplaced-thousands", "has its commas in the wrong places"
    if _DECIMAL_COMMA.fullmatch(text):
        return "decimal-comma", "has a comma where a decimal point is expected"
    return "not-a-number", "is not a number"
