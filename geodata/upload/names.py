"""Texts that are kept from own tables: the names of footprints and sites."""

from __future__ import annotations

import re
import unicodedata

from geodata.upload.body import Body
from geodata.upload.layout import Layout
from geodata.upload.numbers import is_date
from geodata.upload.report import Findings

LONGEST_NAME = 120
_EXCEL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", re.IGNORECASE)
# Two letters that one UTF-8 letter becomes when it is read as Windows-1252, and the mark of a letter lost.
_GARBLED = re.compile("Ã[\x80-\xbf€ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|Â[\xa0-\xbf]|\ufffd")


def checked_names(
    body: Body, role: str, layout: Layout, findings: Findings, *, codes: list[str], missing: str = ""
) -> list[str]:
    """Return names with single spaces, "" where empty; refuse those that cannot be names.

    Parameters
    ----------
    body, role, layout, findings
        The rows, and which column.
    codes : list of str
        What to name each row by.
    missing : str
        The rule that an empty name breaks; "" if it may be empty.
    """
    column, garbled = layout.name(role), 0
    names = [" ".join(cell.split()) for cell in body.cells[role]]
    faults: dict[str, tuple[str, str] | None] = {name: _fault(name) for name in set(names)}
    for row, name, code in zip(body.rows, names, codes, strict=True):
        fault = faults[name] if name else (missing, "the name is empty") if missing else None
        if fault:
            findings.add(fault[0], fault[1], row=row, column=column, code=code, value=name)
        garbled += bool(_GARBLED.search(name))
        if garbled == 1 and _GARBLED.search(name):
            first = (row, name)
    if garbled:
        message = f"{garbled:,} names hold letters that an encoding may have damaged"
        findings.add("garbled-text", message, row=first[0], column=column, value=first[1], times=garbled)
    return names


def _fault(name: str) -> tuple[str, str] | None:
    if len(name) > LONGEST_NAME:
        return "text-too-long", f"the name has {len(name):,} characters; {LONGEST_NAME} is the limit"
    if any(
        unicodedata.category(letter) in ("Cc", "Cs", "Co") or letter in "\u202e\u202d\u2066\u2067\u2068"
        for letter in name
    ):
        return "control-character", "the name holds a control character"
    if is_date(name):
        return "excel-date", f"{name!r} looks like a date; a name is expected"
    if _EXCEL_ERROR.fullmatch(name):
        return "excel-error", f"{name!r} is the error of a formula"
    if name.startswith("="):
        return "formula", f"{name!r} is a formula"
    return None
