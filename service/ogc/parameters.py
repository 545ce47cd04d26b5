"""The parameters of ``/ogc``: read as the standard says, and refused with their name where they cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from service.ogc.boxes import Box
from service.ogc.properties import Property, Value
from service.ogc.systems import CRS84, EVERY, NATIONAL_GRID, System
from service.queries import BadQuery, check_parameters, read_bbox

LIMIT, MOST = 100, 10_000
FARTHEST = 999_999_999
COORDINATE = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?")
AROUND = 1e-6  # degrees: what makes a box of a point
WIDEST = 10_000_000.0  # metres either way: wider than any map of the grid
FOUR, SIX = 4, 6
OPEN_ENDS = ("", "..")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
OF_ITEMS = ("f", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "within", "edition")
OF_ITEM = ("f", "crs", "within", "edition")
DIAL = "rho"
KEPT = ("crs", "bbox", "bbox-crs", "datetime", "within", DIAL, "edition")


@dataclass(frozen=True)
class ItemsQuery:
    """What ``/items`` is asked for.

    Attributes
    ----------
    limit, offset : int
        How many features at most, and how many before them are passed over.
    boxes : tuple of Box
        Features touch one of them; empty for no box, two where a box spans the 180th meridian. In `box_system`,
        the first axis first.
    system : System
        In which coordinates are wanted.
    asked : dict of name to (text, value)
        Properties and the value that features must have.
    kept : dict of name to text
        The other parameters as they came, for links to other pages of the same features.
    """

    limit: int
    offset: int
    boxes: tuple[Box, ...]
    box_system: System
    system: System
    asked: Mapping[str, tuple[str, Value]]
    kept: Mapping[str, str]

    def query(self, *, form: str, offset: int | None = None, limit: int | None = None, edition: str = "") -> str:
        """Write the canonical query of the same features, from another offset and of a named edition if wanted."""
        start = self.offset if offset is None else offset
        pin = {"edition": edition} if edition else {}
        parts = {**self.kept, **pin, **{name: text for name, (text, _) in self.asked.items()}}
        parts["limit"] = str(self.limit if limit is None else limit)
        if start:
            parts["offset"] = str(start)
        return urlencode({**parts, "f": form})


def check_names(given: list[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """Refuse unknown and doubled parameters, and give the rest by name."""
    check_parameters(given, frozenset(known))
    return dict(given)


def read_items(given: Mapping[str, str], properties: Sequence[Property], systems: Sequence[System]) -> ItemsQuery:
    """Read the parameters of ``/items``.

    Parameters
    ----------
    given : mapping
        Names are known and not doubled.
    properties : sequence of Property
        Of the collection.
    systems : sequence of System
        In which the collection can be given.

    Raises
    ------
    BadQuery
        Naming the parameter at fault.
    """
    box_system = read_system("bbox-crs", given, systems)
    read_datetime(given)
    asked = {part.name: (given[part.name], part.read(given[part.name])) for part in properties if part.name in given}
    kept = {name: given[name] for name in KEPT if name in given}
    return ItemsQuery(
        limit=min(_whole("limit", given, LIMIT, least=1), MOST),
        offset=_whole("offset", given, 0, most=FARTHEST),
        boxes=read_boxes(given["bbox"], box_system) if "bbox" in given else (),
        box_system=box_system,
        system=read_system("crs", given, systems),
        asked=asked,
        kept=kept,
    )


def _whole(name: str, given: Mapping[str, str], usual: int, *, least: int = 0, most: int | None = None) -> int:
    """Read a whole number of ASCII digits."""
    text = given.get(name)
    if text is None:
        return usual
    number = int(text) if re.fullmatch("[0-9]{1,4000}", text) else -1
    if number < least or (most is not None and number > most):
        span = f"a whole number from {least}" + (f" to {most}" if most else "")
        raise BadQuery(name, f"{name} is {text[:40]!r}; expected {span}.", hint=f"Give {span}.")
    return number


def read_system(name: str, given: Mapping[str, str], systems: Sequence[System]) -> System:
    """Read ``crs`` or ``bbox-crs``: an address of one of the systems, CRS84 when left out."""
    text = given.get(name)
    if text is None:
        return CRS84
    for system in systems:
        if text == system.address:
            return system
    there = ", ".join(system.address for system in systems)
    if any(text == system.address for system in EVERY):
        raise BadQuery(name, f"This edition was built without {text}.", hint=f"Give one of {there}.")
    raise BadQuery(name, f"{name} is {text[:80]!r}; expected one of {there}.", hint=f"Give one of {there}.")


def read_boxes(text: str, system: System) -> tuple[Box, ...]:
    """Read ``bbox``: four numbers, or six with heights, which are passed over.

    Parameters
    ----------
    text : str
        Least and then greatest of each axis, in the axis order of the system.
    system : System
        That of ``bbox-crs``.

    Returns
    -------
    tuple of Box
        With x first. Two boxes where a box in degrees spans the 180th meridian, else one; a box may be a line
        or a point.

    Raises
    ------
    BadQuery
        If it is no box, or clearly in another system, or with its axes the other way round.
    """
    parts = text.split(",")
    if len(parts) not in (FOUR, SIX) or not all(COORDINATE.fullmatch(part) for part in parts):
        raise _bad_box(text, "expected four numbers: the least of both axes, then the greatest.")
    numbers = [float(part) for part in parts]
    if len(numbers) == SIX:
        if numbers[2] > numbers[5]:
            raise _bad_box(text, "its least height is above its greatest.")
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if system.swapped:
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    west, south, east, north = numbers
    _check_span(text, numbers, system)
    if south > north or (west > east and system.grid):
        raise _bad_box(text, "the least of an axis is above its greatest.", "The least of both axes come first.")
    if west > east:
        return (west, south, 180.0, north), (-180.0, south, east, north)
    if not system.grid:
        _check_order((west, south, east, north), system)
    return ((west, south, east, north),)


def _check_span(text: str, numbers: list[float], system: System) -> None:
    degrees = all(abs(number) <= most for number, most in zip(numbers, (180, 90, 180, 90), strict=True))
    if system.grid and degrees and any(numbers):
        raise _bad_box(text, "these look like degrees; bbox-crs says metres.", "Leave out bbox-crs for degrees.")
    if system.grid and max(map(abs, numbers)) > WIDEST:
        raise _bad_box(text, "it reaches beyond 10,000 km from the grid's origin.")
    if not system.grid and not degrees:
        hint = f"For metres of the British National Grid add bbox-crs={NATIONAL_GRID.address}."
        order = "latitude from -90 to 90 first" if system.swapped else "longitude from -180 to 180 first"
        raise _bad_box(text, f"it is not a box in degrees, {order}.", hint)


def _check_order(box: Box, system: System) -> None:
    """Refuse, as `read_bbox` does, a box that would be in England with its axes the other way round."""
    west, south, east, north = box
    around = max(west - AROUND, -180), max(south - AROUND, -90), min(east + AROUND, 180), min(north + AROUND, 90)
    try:
        read_bbox(",".join(f"{edge:.9f}" for edge in around))
    except BadQuery as error:
        wanted = "latitude first: south,west,north,east" if system.swapped else "longitude first: west,south,east,north"
        raise BadQuery("bbox", str(error), hint=f"Give {wanted}.") from None


def _bad_box(text: str, reason: str, hint: str = "") -> BadQuery:
    return BadQuery("bbox", f"bbox is {text[:120]!r}; {reason}", hint=hint or "Such as bbox=-0.5,51.8,-0.3,52.0.")


def read_datetime(given: Mapping[str, str]) -> None:
    """Check ``datetime``: a moment or an interval. No feature has a time of its own, so all of them match any.

    Raises
    ------
    BadQuery
        If it is neither.
    """
    text = given.get("datetime")
    if text is None:
        return
    ends = text.split("/")
    moments = [_moment(end) for end in ends if end not in OPEN_ENDS]
    open_ends = len(ends) - len(moments)
    if len(ends) > 2 or (len(ends) == 1 and open_ends) or any(moment is None for moment in moments):
        wanted = "a date, a time such as 2026-01-31T12:00:00Z, or two of them with / between, .. for an open end"
        raise BadQuery("datetime", f"datetime is {text[:80]!r}; expected {wanted}.", hint=f"Give {wanted}.")
    known = [moment for moment in moments if moment is not None]
    if len(known) == 2 and known[0] > known[1]:
        raise BadQuery("datetime", f"datetime is {text[:80]!r}: it ends before it begins.")


def _moment(text: str) -> float | None:
    try:
        if DATE.fullmatch(text):
            return datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp()
        if MOMENT.fullmatch(text):
            whole = re.sub(r"\.[0-9]+", "", text.upper())
            return datetime.fromisoformat(whole.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
    return None
