"""Neighbourhoods as features: what is published about them, or their scores for one focus."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from geodata.errors import UnknownNeighbourhood
from service.editions.edition import WEB, Edition
from service.editions.layer_figures import figures
from service.editions.scoring import LEADING, Scores, score
from service.ogc import boxes
from service.ogc.grid import grid_of
from service.ogc.properties import Property, Value, properties_of_neighbourhoods, properties_of_scores, room_for
from service.ogc.systems import DEGREES, NATIONAL_GRID, System

if TYPE_CHECKING:
    from layers.gradient import Counts
    from service.editions.fragments import Fragments
    from service.editions.views import View

PAIR = re.compile(rb"\[(-?[0-9.eE+-]+),(-?[0-9.eE+-]+)\]")
FOUND_IN_WORDS = tuple(name for name in LEADING if name != "population")
NOT_SHOWN = ("centroid", "near")


class Areas:
    """Neighbourhoods of a view as features, in code order; a base for the two kinds of them.

    Attributes
    ----------
    edition : Edition
        What they are of.
    rows : array of int, shape (n,)
        Row numbers in the edition.
    within : str
        The footprint that they lie in; empty for the whole place.
    properties : list of Property
        What each feature carries, in order.
    """

    edition: Edition
    rows: Counts
    within: str
    properties: list[Property]

    def __len__(self) -> int:
        """Count the neighbourhoods."""
        return len(self.rows)

    @cached_property
    def systems(self) -> tuple[System, ...]:
        """Systems the features can be given in, the one they are kept in last."""
        return DEGREES if grid_of(self.edition) is None else (*DEGREES, NATIONAL_GRID)

    @property
    def extent(self) -> list[float]:
        """Box of the whole place in degrees."""
        return list(self.edition.bounds)

    def ids(self, index: Counts) -> list[str]:
        """Name some features by their codes."""
        found: list[str] = self.edition.codes[self.rows[index]].tolist()
        return found

    def find(self, identity: str) -> int | None:
        """Give the index of a feature, or None if there is no such neighbourhood here."""
        try:
            row = self.edition.row(identity)
        except UnknownNeighbourhood:
            return None
        index = int(np.searchsorted(self.rows, row))
        return index if index < len(self.rows) and self.rows[index] == row else None

    def in_box(self, box: boxes.Box, system: System) -> np.ndarray:
        """Tell which features touch a box: bool, shape (n,). Boundaries are looked at, not only their boxes."""
        grid = grid_of(self.edition) if system.grid else None
        shapes = self.edition.shapes("full") if grid is None else grid.shapes
        around = (self.edition.boxes if grid is None else grid.boxes)[self.rows]
        found = boxes.touching(around, box)
        for index in np.flatnonzero(found & ~boxes.within(around, box)).tolist():
            found[index] = boxes.touches(orjson.loads(shapes[int(self.rows[index])]), box)
        return found

    def sizes(self, index: Counts, system: System) -> Counts:
        """Say about how many bytes some features have when they are written, without reading them."""
        rows = self.rows[index]
        columns = sum(map(room_for, self.properties))
        return np.asarray(self._shapes(system).sizes(rows) + self._words().sizes(rows) + columns)

    def _words(self) -> Fragments:
        """Give the prepared words of neighbourhoods that features carry."""
        raise NotImplementedError

    def _shapes(self, system: System) -> Fragments:
        grid = grid_of(self.edition) if system.grid else None
        return self.edition.shapes("full") if grid is None else grid.shapes

    def geometries(self, index: Counts, system: System) -> list[bytes]:
        """Give encoded geometries as published, in a system."""
        found = self._shapes(system).many(self.rows[index])
        return [PAIR.sub(rb"[\2,\1]", text) for text in found] if system.swapped else found

    def matching(self, name: str, value: Value) -> np.ndarray:
        """Tell which features have a value of a property: bool, shape (n,)."""
        if name == "lsoa21cd":
            return np.asarray(self.edition.codes[self.rows] == value)
        if isinstance(value, str):
            return self._with_text(name, value)
        return np.asarray(self._figures(name) == value)

    def _with_text(self, name: str, value: str) -> np.ndarray:
        raise NotImplementedError

    def _figures(self, name: str) -> Any:
        raise NotImplementedError


class Neighbourhoods(Areas):
    """What is published about each neighbourhood of a place."""

    def __init__(self, edition: Edition, within: str = "") -> None:
        self.edition = edition
        self.within = within
        self.rows = edition.rows_within(within)
        self.properties = properties_of_neighbourhoods(edition)

    def _words(self) -> Fragments:
        return self.edition.fact_fragments

    def records(self, index: Counts) -> list[dict[str, Any]]:
        """Give the properties of some features."""
        rows = self.rows[index]
        values = {name: plain(self.edition.indicator_values(name), rows) for name in self.edition.indicators}
        return [
            {name: fact for name, fact in self.edition.facts(row).items() if name not in NOT_SHOWN}
            | {name: column[place] for name, column in values.items()}
            for place, row in enumerate(rows.tolist())
        ]

    def _with_text(self, name: str, value: str) -> np.ndarray:
        return holding(self.edition, "names" if name in FOUND_IN_WORDS else "facts", name, value)[self.rows]

    def _figures(self, name: str) -> Any:
        if name == "population":
            return self.edition.population()[self.rows]
        held = self.edition.deprivation()
        return (held[name] if name in held else self.edition.indicator_values(name))[self.rows]


class ScoredNeighbourhoods(Areas):
    """Scores of neighbourhoods for one focus, as the scores table has them."""

    def __init__(self, edition: Edition, view: View) -> None:
        self.edition = edition
        self.view = view
        self.within = view.within
        self.rows = edition.rows_within(view.within)
        self.properties = properties_of_scores(edition, view)

    def _words(self) -> Fragments:
        return self.edition.name_fragments

    @cached_property
    def scores(self) -> Scores:
        """The figures, worked out when they are first wanted: a description does without them."""
        return score(self.edition, self.view)

    def records(self, index: Counts) -> list[dict[str, Any]]:
        """Give the properties of some features."""
        names = [part.name for part in self.properties if part.name not in LEADING]
        columns = [plain(self._figures(name), index) for name in names]
        words = self.edition.names(self.rows[index])
        return [
            word | dict(zip(names, values, strict=True))
            for word, values in zip(words, zip(*columns, strict=True), strict=True)
        ]

    def _with_text(self, name: str, value: str) -> np.ndarray:
        if name in FOUND_IN_WORDS:
            return holding(self.edition, "names", name, value)[self.rows]
        return np.array([text == value for text in self._figures(name)], dtype=bool)

    def _figures(self, name: str) -> Any:
        if name == "population":
            return self.edition.population()[self.rows]
        values = figures(self.edition, self.scores, name)
        if isinstance(values, list) or values.dtype.kind != "i":
            return values
        return np.where(values == 0, np.nan, values)  # ranks and fifths: 0 = not known


def holding(edition: Edition, words: str, name: str, value: str) -> np.ndarray:
    """Tell which neighbourhoods have a text under a name in their prepared words: bool, shape (n,).

    Looks through the bytes as they are; inside a text a quotation mark has a backslash, so that nothing
    but a member of an object can be found.
    """
    folder = edition.stored.folder / WEB
    held = np.load(folder / f"{words}.npy", mmap_mode="r")
    starts = np.load(folder / f"{words}_starts.npy", mmap_mode="r")
    piece = re.escape(orjson.dumps(name) + b":" + orjson.dumps(value))
    places = [match.start() for match in re.finditer(piece, held)]
    found = np.zeros(edition.count, dtype=bool)
    found[np.searchsorted(starts, places, side="right") - 1] = True
    return found


def plain(values: Any, index: Counts) -> list[Any]:
    """Turn the figures of some features into plain values, with None for what is not known.

    A column of whole numbers has no point, in any other each value has one: programs take the kind of a column
    from the first values they read.
    """
    if isinstance(values, list):
        return [values[item] or None for item in index.tolist()]
    chosen, known = np.asarray(values, dtype=float)[index], np.isfinite(values)
    make = int if (values[known] == np.trunc(values[known])).all() else float
    return [make(value) if is_known else None for value, is_known in zip(chosen.tolist(), known[index], strict=True)]
