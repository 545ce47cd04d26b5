"""Places, focuses and indicators: definitions kept as TOML, read and checked here."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.errors import BadDefinition, UnknownFocus, UnknownPlace
from geodata.toml_entries import are_texts, build_entry, read_toml, refuse_type

FOLDER = Path(__file__).parent
GRADES = ("measured", "apportioned", "modelled", "imputed")  # from the surest to the least sure
STRENGTHS = ("strong", "fair", "proxy")
SCALES = ("ridit", "z_score", "min_max", "exponential")
AGGREGATES = ("arithmetic", "geometric")
SAME_WITHIN = 1e-9


@dataclass(frozen=True)
class Indicator:
    """One measured column, and what has to be known about it.

    Attributes
    ----------
    column : str
        Column of the source that holds the value; or `count` and `denominator`, columns whose sums
        make a share.
    polarity : int
        +1 high = more need, -1 low = more need.
    ranked : bool
        The value is a rank among the areas of England (or of the demo's nation).
    nearest : str
        The service whose nearest site is meant.
    catchment : str
        The service whose supply within half an hour is meant, shared among all in reach of each site.
    mode : str
        How people travel to it, at the usual speed over the straight line.
    supply, accepting, demand_ages
        Of a catchment: the column of sites that is supplied, whom a site must be known to take as new patients
        ("children", "adults"; empty = no matter), and the ages it is for (None = everybody).
    also : tuple of str
        Sources that it rests on besides `source`.
    by_practice : str
        Column of a table by GP practice, carried to where its patients live (methods M6).
    """

    id: str
    name: str
    short: str
    unit: str
    polarity: int
    period: str
    about: str
    source: str
    grade: str
    not_for: str
    decimals: int = 1
    column: str = ""
    count: tuple[str, ...] = ()
    denominator: str = ""
    ranked: bool = False
    nearest: str = ""
    by_practice: str = ""
    catchment: str = ""
    mode: str = "walk"
    supply: str = "supply"
    accepting: str = ""
    demand_ages: tuple[int, int] | None = None
    also: tuple[str, ...] = ()

    @property
    def from_sites(self) -> bool:
        """Whether it says how well people can reach a service."""
        return bool(self.nearest or self.catchment)


@dataclass(frozen=True)
class Ingredient:
    """An indicator in a focus: how much it weighs, and why it is there."""

    indicator: str
    weight: float
    justification: str


@dataclass(frozen=True)
class Focus:
    """A theme: indicators, weights, scale, eligible ages and an honest strength.

    Attributes
    ----------
    ages : tuple of int or None
        First and last eligible age; None = everyone.
    as_published : bool
        The weights are a publisher's and need not sum to 1.
    shrink : bool
        Draw small numbers towards their council before scoring, where an indicator has counts.
    """

    id: str
    title: str
    question: str
    strength: str
    strength_why: str
    ages: tuple[int, int] | None
    scale: str
    ingredients: tuple[Ingredient, ...]
    aggregate: str = "arithmetic"
    as_published: bool = False
    shrink: bool = False

    @property
    def weights(self) -> dict[str, float]:
        """Weights by indicator."""
        return {part.indicator: part.weight for part in self.ingredients}


@dataclass(frozen=True)
class Place:
    """A dated set of neighbourhoods with a name, nothing else.

    Attributes
    ----------
    take, leave : mapping of look-up column to codes
        Neighbourhoods with such a code are taken; of those, the ones to leave are taken away.
    add, drop : tuple of str
        Single neighbourhoods.
    catalogue : str
        Which catalogue its sources are in: "england" or "demo".
    """

    id: str
    name: str
    kind: str
    about: str
    valid_from: datetime.date
    valid_to: datetime.date | None = None
    take: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leave: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    everywhere: bool = False
    catalogue: str = "england"
    fictional: bool = False

    def members(self, lookup: pd.DataFrame) -> pd.Index:
        """Codes of the place, in order.

        Parameters
        ----------
        lookup : pandas.DataFrame, index lsoa21cd
            One row per neighbourhood, with the columns that `take` and `leave` name.

        Raises
        ------
        BadDefinition
            If a code or column of the definition is not in the look-up, or nothing is left.
        """
        taken = pd.Series(self.everywhere, index=lookup.index)
        for column, codes in self.take.items():
            taken |= _having(self, lookup, column, codes)
        for column, codes in self.leave.items():
            taken &= ~_having(self, lookup, column, codes)
        for code in self.add + self.drop:
            if code not in lookup.index:
                raise BadDefinition(
                    f"place {self.id!r} names a neighbourhood that is not in the look-up",
                    rule="unknown-code",
                    file=f"{self.id}.toml",
                    code=code,
                )
        taken[list(self.add)] = True
        taken[list(self.drop)] = False
        if not taken.any():
            raise BadDefinition(f"place {self.id!r} has no neighbourhood", rule="empty-place", file=f"{self.id}.toml")
        return lookup.index[taken].sort_values()


def _having(place: Place, lookup: pd.DataFrame, column: str, codes: tuple[str, ...]) -> pd.Series:
    file = f"{place.id}.toml"
    if column not in lookup.columns:
        raise BadDefinition("no such column in the look-up", rule="unknown-column", file=file, column=column)
    missing = [code for code in codes if not (lookup[column] == code).any()]
    if missing:
        raise BadDefinition(
            "the look-up has no neighbourhood with this code",
            rule="unknown-code",
            file=file,
            column=column,
            code=missing[0],
            hint="Codes change with their year: is it from another edition?",
        )
    return lookup[column].isin(codes)


@cache
def load_places(folder: Path = FOLDER / "places") -> dict[str, Place]:
    """Every defined place by id."""
    return {place.id: place for place in map(read_place, sorted(folder.glob("*.toml")))}


@cache
def load_indicators(path: Path = FOLDER / "indicators.toml") -> dict[str, Indicator]:
    """Every defined indicator by id."""
    return {
        name: _check_indicator(build_entry(Indicator, {"id": name, **entry}, path.name), path.name)
        for name, entry in read_toml(path).items()
    }


@cache
def load_focuses(folder: Path = FOLDER / "focuses") -> dict[str, Focus]:
    """Every defined focus by id, ``core`` first."""
    focuses = [read_focus(path) for path in sorted(folder.glob("*.toml"))]
    return {focus.id: focus for focus in sorted(focuses, key=lambda focus: (focus.id != "core", focus.id))}


def own_focuses(paths: Sequence[Path]) -> dict[str, Focus]:
    """Read focuses of a user's own, each named after its file.

    Raises
    ------
    BadDefinition
        If a file is no focus, or has the name of one of ours or of another file.
    """
    found: dict[str, Focus] = {}
    for path in paths:
        focus = read_focus(path)
        if focus.id in load_focuses() or focus.id in found:
            raise BadDefinition(
                "a focus of this name is there already", rule="doubled-focus", file=path.name, value=focus.id,
                hint="Give the file another name.",
            )  # fmt: skip
        found[focus.id] = focus
    return found


def find_place(name: str) -> Place:
    """Return the place of this name, or raise UnknownPlace naming those there are."""
    places = load_places()
    if name not in places:
        raise UnknownPlace(f"No place {name[:80]!r}; choose one of {', '.join(places)}.")
    return places[name]


def find_focus(name: str) -> Focus:
    """Return the focus of this name, or raise UnknownFocus naming those there are."""
    focuses = load_focuses()
    if name not in focuses:
        raise UnknownFocus(f"No focus {name[:80]!r}; choose one of {', '.join(focuses)}.")
    return focuses[name]


def read_place(path: Path) -> Place:
    """Read one place.

    Raises
    ------
    BadDefinition
        If a key is unknown or missing, or the dates run backwards.
    """
    entry = read_toml(path)
    for key in ("take", "leave"):
        codes_by_column = entry.get(key, {})
        if not isinstance(codes_by_column, dict) or not all(map(are_texts, codes_by_column.values())):
            refuse_type(path.name, key, codes_by_column, "lists of codes by column of the look-up")
        entry[key] = {column: tuple(codes) for column, codes in codes_by_column.items()}
    place: Place = build_entry(Place, {"id": path.stem, **entry}, path.name)
    if place.valid_to is not None and place.valid_to < place.valid_from:
        raise BadDefinition(f"valid_to {place.valid_to} is before valid_from", rule="dates-backwards", file=path.name)
    return place


def read_focus(path: Path, indicators: Mapping[str, Indicator] | None = None) -> Focus:
    """Read one focus, a user's own file as well as ours.

    Raises
    ------
    BadDefinition
        If it names an unknown indicator, its weights do not sum to 1, or a justification is missing.
    """
    known = load_indicators() if indicators is None else indicators
    entry = read_toml(path)
    parts = entry.pop("ingredients", [])
    ages = entry.pop("ages", None)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        refuse_type(path.name, "ingredients", parts, "one table per indicator")
    focus: Focus = build_entry(
        Focus,
        {
            "id": path.stem,
            "ages": None if ages in (None, "all") else _ages(ages, path.name),
            "ingredients": tuple(build_entry(Ingredient, part, path.name) for part in parts),
            **entry,
        },
        path.name,
    )
    _check_focus(focus, known, path.name)
    return focus


def _check_focus(focus: Focus, indicators: Mapping[str, Indicator], file: str) -> None:
    def refuse(message: str, rule: str, **where: Any) -> None:
        """Refuse the focus for one reason."""
        raise BadDefinition(message, rule=rule, file=file, **where)

    names = [part.indicator for part in focus.ingredients]
    if not names:
        refuse("a focus needs at least one indicator", "no-indicator")
    for part in focus.ingredients:
        if part.indicator not in indicators:
            refuse(
                f"no indicator has this name; there are {', '.join(indicators)}",
                "unknown-indicator",
                value=part.indicator,
                column=part.indicator,
            )
        if not (math.isfinite(part.weight) and part.weight > 0):
            refuse(f"weight {part.weight} is not above 0", "bad-weight", column=part.indicator)
        if not part.justification.strip():
            refuse("every indicator needs a sentence of justification", "no-justification", column=part.indicator)
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        refuse("an indicator is listed twice", "doubled-indicator", column=doubled[0])
    total = math.fsum(part.weight for part in focus.ingredients)
    if not focus.as_published and abs(total - 1) > SAME_WITHIN:
        refuse(f"weights sum to {total:.9g}, not to 1", "weights-do-not-add-up")
    for value, allowed, key in (
        (focus.scale, SCALES, "scale"),
        (focus.strength, STRENGTHS, "strength"),
        (focus.aggregate, AGGREGATES, "aggregate"),
    ):
        if value not in allowed:
            refuse(f"{key} is {value!r}; choose one of {', '.join(allowed)}", f"bad-{key}", column=key)
    if focus.scale == "exponential" and not all(indicators[name].ranked for name in names):
        refuse("the exponential scale is for ranks only", "bad-scale", column="scale")
    if focus.shrink and not any(indicators[name].count for name in names):
        refuse("shrink needs an indicator made of a count and a denominator", "nothing-to-shrink", column="shrink")


def _check_indicator(indicator: Indicator, file: str) -> Indicator:
    if indicator.polarity not in (1, -1):
        raise BadDefinition("polarity is +1 or -1", rule="bad-polarity", file=file, column=indicator.id)
    if indicator.grade not in GRADES:
        raise BadDefinition(
            f"grade {indicator.grade!r} is not one of {', '.join(GRADES)}",
            rule="bad-grade",
            file=file,
            column=indicator.id,
        )
    counted = bool(indicator.count and indicator.denominator)
    ways = [bool(indicator.column), counted, bool(indicator.nearest), bool(indicator.catchment)]
    ways.append(bool(indicator.by_practice))
    if sum(ways) != 1:
        raise BadDefinition(
            "an indicator comes from one column, from count and denominator, from the nearest site, from the supply "
            "in reach, or from a column by practice",
            rule="bad-derivation",
            file=file,
            column=indicator.id,
        )
    return indicator


def _ages(ages: Any, file: str) -> tuple[int, int]:
    whole = isinstance(ages, list) and len(ages) == 2 and all(type(age) is int for age in ages)
    if not whole or not 0 <= ages[0] <= ages[1]:
        raise BadDefinition(
            f'ages are {ages!r}; give the first and the last age, or "all"', rule="bad-ages", file=file, column="ages"
        )
    return ages[0], ages[1]
