"""The properties that features of a collection carry: name, kind and one sentence each, and how one is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from service.editions.edition import Edition
from service.editions.scoring import AFTER, LEADING
from service.editions.site_names import in_order
from service.editions.views import View
from service.files.column_words import ABOUT_COLUMNS, ABOUT_SITES
from service.files.file_table import NUMBERS_OF_SITES, TRUTHS_OF_SITES, about_column
from service.queries import BadQuery

Kind = Literal["string", "integer", "number", "boolean"]
Value = str | float | bool
KINDS: dict[str, Kind] = {"text": "string", "whole": "integer", "number": "number"}
RESERVED = frozenset(
    ("f", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "edition", "rho", "within", "filter", "properties")
)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
NUMBER = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{1,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")
WANTED = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a plain number, such as 12 or 0.25",
    "boolean": "true or false",
}
TRUTHS = {"true": True, "false": False, "1": True, "0": False}  # the latter as GDAL writes them
LONGEST_TEXT = 500
ROOM = 24  # bytes for a value and its marks: more than most have
FACTS: dict[str, tuple[Kind, str]] = {
    "lsoa21cd": ("string", ABOUT_COLUMNS["lsoa21cd"]),
    "lsoa21nm": ("string", ABOUT_COLUMNS["lsoa21nm"]),
    "msoa21cd": ("string", "Code of the wider area (MSOA 2021)"),
    "msoa21nm": ("string", "Official name of the wider area (MSOA 2021)"),
    "msoa21hclnm": ("string", ABOUT_COLUMNS["msoa21hclnm"]),
    "wd24cd": ("string", "Code of the ward, 2024"),
    "wd24nm": ("string", ABOUT_COLUMNS["wd24nm"]),
    "lad24cd": ("string", ABOUT_COLUMNS["lad24cd"]),
    "lad24nm": ("string", ABOUT_COLUMNS["lad24nm"]),
    "icb24cd": ("string", "Code of the integrated care board, 2024"),
    "icb24nm": ("string", "Integrated care board, 2024"),
    "rgn24nm": ("string", "Region"),
    "population": ("integer", ABOUT_COLUMNS["population"]),
    "households": ("integer", "Households"),
    "imd_score": ("number", ABOUT_COLUMNS["imd_score"]),
    "imd_rank": ("integer", ABOUT_COLUMNS["imd_rank"]),
    "imd_decile": ("integer", ABOUT_COLUMNS["imd_decile"]),
}
NOT_ASKED_FOR = ("households",)


@dataclass(frozen=True)
class Property:
    """One property of a collection's features.

    Attributes
    ----------
    name, about : str
        Its published name and one sentence.
    kind : {"string", "integer", "number", "boolean"}
        What its values are; any of them may be null, which means not known.
    asked : bool
        Features can be asked for by its value.
    """

    name: str
    about: str
    kind: Kind
    asked: bool = True

    def read(self, text: str) -> Value:
        """Read a value that features are asked for by.

        Raises
        ------
        BadQuery
            If the text is not of the property's kind, or has a control character.
        """
        if self.kind == "boolean" and text in TRUTHS:
            return TRUTHS[text]
        if self.kind in ("integer", "number") and NUMBER.fullmatch(text):
            number = float(text)
            if self.kind == "number" or number.is_integer():
                return number
        if self.kind == "string" and CONTROL.search(text):
            raise BadQuery(self.name, f"{self.name} has a control character.", hint="Leave it out: no text has one.")
        if self.kind == "string" and 0 < len(text) <= LONGEST_TEXT:
            return text
        wanted = WANTED[self.kind]
        raise BadQuery(self.name, f"{self.name} is {text[:80]!r}; expected {wanted}.", hint=f"Give {wanted}.")

    def schema(self) -> dict[str, str]:
        """Describe the property as JSON Schema does."""
        return {"title": self.name, "description": self.about, "type": self.kind}


def room_for(part: Property) -> int:
    """Say how many bytes a property may take in a feature, its name included."""
    return len(part.name) + ROOM


def properties_of_neighbourhoods(edition: Edition) -> list[Property]:
    """List names, residents and deprivation of a neighbourhood, then every indicator of the edition."""
    held = edition.facts(0) if edition.count else {}
    facts = [Property(name, about, kind, name not in NOT_ASKED_FOR) for name, (kind, about) in FACTS.items()]
    indicators = [_column(edition, name) for name in edition.indicators]
    return [*(fact for fact in facts if fact.name in held), *indicators]


def properties_of_scores(edition: Edition, view: View) -> list[Property]:
    """List the columns of the scores table in the published order, without working them out."""
    after = [
        *AFTER[: AFTER.index("rank") + 1],
        *(["place_rank"] if view.within else []),
        *AFTER[AFTER.index("rank") + 1 :],
    ]
    indicators = dict.fromkeys(str(part["indicator"]) for part in edition.focuses[view.focus]["ingredients"])
    names = [*LEADING, "eligible", *indicators, *after]
    return [_column(edition, name, view) for name in names]


def _column(edition: Edition, name: str, view: View | None = None) -> Property:
    about, kind = about_column(edition, name, view)
    return Property(name, about, KINDS[kind], name not in RESERVED)


def properties_of_sites(sites: Iterable[dict[str, Any]]) -> list[Property]:
    """List every property that any site has."""
    kinds: dict[str, set[type]] = {}
    for site in sites:
        for name, value in site.items():
            kinds.setdefault(name, set()).update(() if value is None else (type(value),))
    return [_of_site(name, kinds[name]) for name in in_order(tuple(kinds))]


def _of_site(name: str, found: set[type]) -> Property:
    kind: Kind = "string"
    if found == {bool} or (not found and name in TRUTHS_OF_SITES):
        kind = "boolean"
    elif (found and found <= {int, float}) or (not found and name in NUMBERS_OF_SITES):
        kind = "number"
    about = ABOUT_SITES.get(name) or name.replace("_", " ").capitalize()
    return Property(name, about, kind, name not in RESERVED)
