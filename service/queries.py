"""Strict reading of query strings: plain decimals in ASCII digits, known names, nothing else.

An empty parameter means its default, because forms send empty fields.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote_plus, unquote_to_bytes

from service.editions.views import DEFAULT_RHO

Detail = Literal["full", "map", "none", "figures"]
Box = tuple[float, float, float, float]
ENGLAND: Box = (-7.0, 49.8, 2.2, 56.0)  # with some room

NAME = "[a-z0-9][a-z0-9_-]{0,63}"
RHO = r"(?:[1-9]|1[0-9])(?:\.[0-9]{1,2})?|20(?:\.0{1,2})?"
WITHIN = r"(?:lad|ward|msoa):[A-Z][0-9]{8}|team:[^\x00-\x1f\x7f]{1,80}"
EDITION = "[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
NUMBER = r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?"
PAGE = "[1-9][0-9]{0,4}"
LSOA = "[A-Z][0-9]{8}"


class BadQuery(ValueError):
    """A query parameter is unknown, doubled or out of range.

    Parameters
    ----------
    parameter : str
        Its name.
    message, hint : str
        What came and what was expected; what to do.
    """

    def __init__(self, parameter: str, message: str, *, hint: str = "") -> None:
        self.parameter = parameter
        self.hint = hint
        super().__init__(message)


def read_rho(text: str) -> float:
    """Read the dial: a plain decimal from 1 to 20 with at most two decimals.

    Parameters
    ----------
    text : str
        As it came; empty for the default of 3.

    Returns
    -------
    float
        From 1 to 20.

    Raises
    ------
    BadQuery
        For anything else: ``nan``, ``1e1``, ``1_0``, other alphabets' digits, three decimals.
    """
    if not text:
        return DEFAULT_RHO
    _match("rho", RHO, text, "a number from 1 to 20 with at most two decimals, such as 3 or 4.25")
    return float(text)


def read_within(text: str) -> str:
    """Read a footprint: ``lad:``, ``ward:`` or ``msoa:`` and a code, or ``team:`` and a name; empty for all."""
    if text:
        _match("within", WITHIN, text, "lad:CODE, ward:CODE, msoa:CODE or team:NAME")
    return text


def read_bbox(text: str) -> Box:
    """Read a box of longitude and latitude: west, south, east, north; no form sends it, so an empty one is no box.

    Raises
    ------
    BadQuery
        Unless there are four plain numbers, west below east and south below north, within the globe; or where the
        box would lie in England if longitude came first.
    """
    wanted = "four numbers in degrees: west,south,east,north"
    _match("bbox", ",".join([NUMBER] * 4), text, wanted)
    west, south, east, north = (float(part) for part in text.split(","))
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadQuery("bbox", "bbox is not a box on the globe.", hint=f"Give {wanted}.")
    if not _meet((west, south, east, north), ENGLAND) and _meet((south, west, north, east), ENGLAND):
        raise BadQuery(
            "bbox",
            "bbox is far from England, and would be in it with its numbers the other way round.",
            hint="Give longitude first: west,south,east,north.",
        )
    return west, south, east, north


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def read_page(text: str) -> int:
    """Read a page number, from 1."""
    if not text:
        return 1
    _match("page", PAGE, text, "a whole number from 1")
    return int(text)


def read_name(parameter: str, text: str) -> str:
    """Read the name of a focus, an indicator, a service: lower case letters, digits, hyphens, underscores."""
    if text:
        _match(parameter, NAME, text, "a name in lower case letters, digits and hyphens")
    return text


def read_edition(text: str) -> str:
    """Read the id of an edition; empty for the newest."""
    if text:
        _match("edition", EDITION, text, "the id of an edition, as every answer carries it")
    return text


def read_detail(text: str) -> Detail:
    """Read how much is wanted: geometry full, map (simplified) or none, or only the figures of a map."""
    for detail in ("full", "map", "none", "figures"):
        if text == detail:
            return detail
    if text:
        says = "detail is not one of full, map, none, figures."
        raise BadQuery("detail", says, hint="Give full, map, none or figures.")
    return "map"


def _match(parameter: str, pattern: str, text: str, wanted: str) -> None:
    if not re.fullmatch(pattern, text):
        raise BadQuery(parameter, f"{parameter} is {text[:80]!r}; expected {wanted}.", hint=f"Give {wanted}.")


def check_text(query: bytes) -> None:
    """Refuse a query string whose signs are not UTF-8: they would be read as other signs than were meant.

    Raises
    ------
    BadQuery
        Naming the first parameter at fault.
    """
    for part in query.split(b"&"):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            name = unquote_plus(part.partition(b"=")[0].decode("latin-1"))[:80]
            raise BadQuery(name, f"{name} is not written in UTF-8.", hint="Write %C3%A9 for é, and so on.") from None


def check_parameters(
    given: list[tuple[str, str]], known: frozenset[str], repeatable: frozenset[str] = frozenset()
) -> None:
    """Refuse an unknown parameter, and one that is given twice where it is no list.

    Parameters
    ----------
    given : list of (name, value)
        The query string, in order.
    known, repeatable : frozenset of str
        What this address understands, and which of it may be given more than once.

    Raises
    ------
    BadQuery
        Naming the first parameter at fault.
    """
    seen: set[str] = set()
    hint = f"This address understands {', '.join(sorted(known))}." if known else "This address takes no parameters."
    for name, _ in given:
        if name not in known:
            raise BadQuery(name[:80], f"There is no parameter {name[:80]!r} here.", hint=hint)
        if name in seen and name not in repeatable:
            raise BadQuery(name, f"{name} is given twice.", hint=f"Give {name} once.")
        seen.add(name)
