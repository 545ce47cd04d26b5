"""What a user declares about a file they bring: the facts that a table cannot say itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from geodata.errors import DataError
from geodata.upload.report import shown
from geodata.upload.rules import RULES

KINDS = ("footprints", "indicator", "resource", "sites")
LONGEST_BYTES = 2048
LONGEST_TEXT = 200
VINTAGES = ("2021", "2011")
_COLUMNS_OF = {
    "footprints": ("code", "footprint"),
    "indicator": ("code", "value", "count", "denominator"),
    "resource": ("code", "amount"),
    "sites": (
        *("postcode", "easting", "northing", "longitude", "latitude", "x", "y"),
        *("name", "site_id", "address", "capacity"),
    ),
}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "vintage": {"2021": "2021", "2011": "2011"},
    "polarity": {"1": "1", "+1": "1", "high": "1", "-1": "-1", "low": "-1"},
    "about": {"people": "people", "providers": "providers", "places": "places", "modelled": "modelled"},
    "source": {"open": "open", "own": "own"},
    "small_values": {"yes": "yes", "no": "no"},
    "overlaps": {"allow": "allow", "refuse": "refuse"},
    "unknown_postcodes": {"refuse": "refuse", "skip": "skip"},
    "crs": {
        **dict.fromkeys(("epsg:27700", "27700", "bng"), "EPSG:27700"),
        **dict.fromkeys(("epsg:4326", "4326", "wgs84"), "EPSG:4326"),
    },
}
_REQUIRED = {
    "footprints": (),
    "indicator": ("unit", "polarity", "period", "about", "source"),
    "resource": ("unit", "period", "about", "source"),
    "sites": ("service", "period", "source"),
}
_OPTIONAL = {
    "footprints": ("vintage", "overlaps", "only"),
    "indicator": ("vintage", "small_values", "only"),
    "resource": ("vintage", "only"),
    "sites": ("crs", "unknown_postcodes", "only"),
}
_SAYS = {
    "unit": "percent, share, per 1,000, pounds, hours, ...",
    "polarity": "1 if a high value means more need, -1 if a low one does",
    "period": "the time the figures are about, such as 2023/24",
    "about": "people, providers, places or modelled",
    "source": "open for published data, own for your own",
    "service": "what the sites offer, such as food_bank",
}
_SERVICE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PERCENT = {"percent", "%", "pct", "percentage", "per cent"}
_SHARE = {"share", "proportion", "fraction"}
_PEOPLE = {"people", "persons", "patients", "residents", "children", "adults", "count", "number of people"}
_MONEY = {"pounds", "pound", "gbp", "£", "£s"}
_PER = re.compile(r".*\bper[ _]?([1-9][0-9]{0,2}(?:,?000){0,2})\b.*")


class BadDeclaration(DataError):
    """What was declared about a file is incomplete, unknown or contradictory; the file was not opened."""


@dataclass(frozen=True)
class Unit:
    """What a figure is counted in.

    Attributes
    ----------
    text : str
        As declared.
    kind : {"percent", "share", "rate", "money", "people", "count", "other"}
        What the checks make of it.
    per : float or None
        What count over denominator is multiplied by: 100, 1, 1,000; None where nothing is.
    """

    text: str
    kind: str
    per: float | None = None

    @classmethod
    def of(cls, text: str) -> Unit:
        """Understand a declared unit."""
        plain = " ".join(text.casefold().split())
        if plain in _PERCENT:
            return cls(text, "percent", 100.0)
        if plain in _SHARE:
            return cls(text, "share", 1.0)
        if plain in _MONEY:
            return cls(text, "money")
        if plain in _PEOPLE:
            return cls(text, "people")
        per = _PER.fullmatch(plain)
        return cls(text, "rate", float(per[1].replace(",", ""))) if per else cls(text, "other")


@dataclass(frozen=True)
class Declared:
    """A file's kind and what was declared about it, checked; made by `declare`.

    Attributes
    ----------
    kind : {"footprints", "indicator", "resource", "sites"}
        What the file is.
    file : str
        Its name, for messages only: never opened.
    facts : dict of str to str
        Declarations in their one spelling, such as ``polarity`` "1" or "-1".
    columns : dict of str to str
        Role of a column ("code", "value", ...) to its header, where that was declared.
    only : tuple of (str, str)
        Header and value that a row must have to be used.
    """

    kind: str
    file: str
    facts: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    only: tuple[tuple[str, str], ...] = ()

    @property
    def vintage(self) -> int:
        """Census year of the codes, 2021 unless declared."""
        return int(self.facts.get("vintage", "2021"))

    @property
    def unit(self) -> Unit:
        """The declared unit."""
        return Unit.of(self.facts.get("unit", ""))

    def says(self, name: str, value: str) -> bool:
        """Whether a fact was declared with this value."""
        return self.facts.get(name) == value


def declare(kind: str, file: str, facts: Mapping[str, str] | None = None) -> Declared:
    """Check what is declared about a file.

    Parameters
    ----------
    kind : {"footprints", "indicator", "resource", "sites"}
        What the file is.
    file : str
        Its name as the user has it.
    facts : mapping of str to str
        Names and values as given: ``unit``, ``polarity``, ``period``, ``about``, ``source`` for an indicator;
        the same without polarity for a resource; ``service``, ``period``, ``source`` for sites. Optional:
        ``vintage`` (2021 or 2011), ``only`` ("COLUMN=VALUE; COLUMN=VALUE"), ``small_values``, ``overlaps``,
        ``crs``, ``unknown_postcodes``, and ``code_column``, ``value_column`` and so on, which name a header, or
        "none" where no column has that role.

    Returns
    -------
    Declared

    Raises
    ------
    BadDeclaration
        unknown-kind, unknown-declaration, missing-declaration, bad-declaration or declaration-too-long.
    """
    given = {name.strip(): " ".join(value.split()) for name, value in (facts or {}).items()}
    if kind not in KINDS:
        raise _bad("unknown-kind", file, f"{shown(kind)!r} is none of {', '.join(KINDS)}")
    if sum(len(name.encode()) + len(value.encode()) for name, value in given.items()) > LONGEST_BYTES:
        raise _bad("declaration-too-long", file, f"the declarations are longer than {LONGEST_BYTES:,} bytes")
    columns = {f"{role}_column": role for role in _COLUMNS_OF[kind]}
    possible = (*_REQUIRED[kind], *_OPTIONAL[kind], *columns)
    for name, value in given.items():
        if name not in possible:
            message = f"{shown(name)!r} is not declared for {kind}; possible are {', '.join(possible)}"
            raise _bad("unknown-declaration", file, message, name)
        if not value or len(value) > LONGEST_TEXT or shown(value, LONGEST_TEXT) != value:
            raise _bad("bad-declaration", file, f"{name} is empty, too long or holds control characters", name)
    missing = [name for name in _REQUIRED[kind] if name not in given]
    if missing:
        says = "; ".join(f"{name} ({_SAYS[name]})" for name in missing)
        raise _bad("missing-declaration", file, f"not declared: {says}")
    settled = {name: _settled(name, value, file) for name, value in given.items() if name not in (*columns, "only")}
    named = {columns[name]: value for name, value in given.items() if name in columns}
    return Declared(kind, shown(file), settled, named, _only(given.get("only", ""), file))


def _settled(name: str, value: str, file: str) -> str:
    """Return a value in its one spelling."""
    if name in _CHOICES:
        choices = _CHOICES[name]
        if value.casefold() not in choices:
            raise _bad("bad-declaration", file, f"{name}={shown(value)!r}; possible are {', '.join(choices)}", name)
        return choices[value.casefold()]
    if name == "service" and not _SERVICE.fullmatch(value):
        message = f"service={shown(value)!r}; small letters, digits and _ are expected, such as food_bank"
        raise _bad("bad-declaration", file, message, name)
    return value


def _only(text: str, file: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of header and value of a filter."""
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        header, sign, value = (piece.strip() for piece in part.partition("="))
        if not (header and sign):
            raise _bad("bad-declaration", file, f"only={shown(part)!r}; COLUMN=VALUE is expected", "only")
        pairs.append((header, value))
    return tuple(pairs)


def _bad(rule: str, file: str, message: str, name: str | None = None) -> BadDeclaration:
    return BadDeclaration(message, rule=rule, file=shown(file), column=name, hint=RULES[rule].hint)
