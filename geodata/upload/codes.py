"""Area codes in files that users bring: tidied, held against every code ONS has issued, and explained."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geodata.code_names import NAMES, NATIONS

CODES_FILE = Path(__file__).parent / "lsoa_codes.csv"
_FICTIONAL = re.compile(r"E01900\d{3}")  # the demo borough; ONS issues none of these
BOTH = frozenset((2011, 2021))
_LSOA = re.compile(r"E01\d{6}")
_CODE = re.compile(r"[A-Z]\d{8}")
_NORTHERN_IRELAND = re.compile(r"95[A-Z]{2}\d{2}[A-Z]?\d?|N2\d{7}")
_NAME = re.compile(r".*[^\W\d].*\b\d{3}[A-Z]{1,2}\b.*")
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
_NOISE = re.compile(r"[\s\u200b\u200c\u200d\u2060\ufeff]+")


@dataclass(frozen=True)
class Areas:
    """The neighbourhoods of a place.

    Attributes
    ----------
    place : str
        Its name, for messages.
    codes : frozenset of str
        Every ``lsoa21cd`` of it.
    codes_2011 : frozenset of str
        Every ``lsoa11cd`` of it, for files on the areas of 2011; empty if not at hand.
    """

    place: str
    codes: frozenset[str]
    codes_2011: frozenset[str] = frozenset()

    @classmethod
    def of(cls, place: str, codes: Collection[str], codes_2011: Collection[str] = ()) -> Areas:
        """Make it of any collections of codes."""
        return cls(place, frozenset(map(str, codes)), frozenset(map(str, codes_2011)))

    def of_vintage(self, vintage: int) -> frozenset[str]:
        """Return the codes of a census year; empty if they are not at hand."""
        return self.codes if vintage == 2021 else self.codes_2011


def tidy_code(cell: str) -> str:
    """Return a code in capitals without spaces, invisible letters or a spreadsheet's text mark."""
    text = cell.strip().lstrip("'")
    quoted = _FORMULA_TEXT.fullmatch(text)
    return _NOISE.sub("", quoted[1] if quoted else text).upper()


def is_fictional(code: str) -> bool:
    """Whether a code is of the demo borough, which ONS does not know."""
    return bool(_FICTIONAL.fullmatch(code))


@cache
def _issued() -> tuple[list[str], list[tuple[str, frozenset[int]]]]:
    """First codes of all ranges, and for each the last code and its census years."""
    years = {"both": BOTH, "2011": frozenset((2011,)), "2021": frozenset((2021,))}
    with CODES_FILE.open(encoding="ascii", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row["first"] for row in rows], [(row["last"], years[row["vintage"]]) for row in rows]


def vintages(code: str) -> frozenset[int]:
    """Return the census years in which ONS issued a code of an LSOA in England; none if it never did."""
    if is_fictional(code):
        return BOTH
    firsts, rest = _issued()
    at = bisect_right(firsts, code) - 1
    if at < 0 or code > rest[at][0]:
        return frozenset()
    return rest[at][1]


def misfit(cell: str, code: str) -> tuple[str, str] | None:
    """Return rule and message for what is not the code of an LSOA in England; None if it has that form.

    Parameters
    ----------
    cell, code : str
        As it came, and as `tidy_code` returns it.
    """
    if not code:
        return "missing-code", "the area code is empty"
    if _LSOA.fullmatch(code):
        return None
    if (_CODE.fullmatch(code) and code[0] in NATIONS) or _NORTHERN_IRELAND.fullmatch(code):
        return "wrong-nation", f"{code} is in {NATIONS[code[0]]}; only England is covered"
    if _CODE.fullmatch(code) and code[:3] in NAMES:
        return "wrong-level", f"{code} is {NAMES[code[:3]]}; a Lower layer Super Output Area (E01) is needed"
    if (_NAME.fullmatch(cell) and not _LSOA.match(code)) or not any(map(str.isdigit, code)):
        return "name-not-code", f"{cell.strip()[:60]!r} is a name; a code such as E01015693 is needed"
    return "bad-code", f"{code[:60]!r} is not the code of a neighbourhood; E01 and six digits are expected"
