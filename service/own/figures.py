"""The own tables of an edition as the web process sees them: arrays and plain facts, protected before they came here.

Written by `service.own.encode`; the names of the files are fixed here, for both.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from layers.gradient import Vector

FACTS = "own.json"
OVERVIEWS = "own_proportionality.json"
NOT_SHOWN = "protected"
NOTE_WORDS = {
    NOT_SHOWN: "not shown: it rests on a count of 1 to 7",
    "suppressed": "suppressed in the table that was imported",
    "empty": "empty in the table that was imported",
}
ARRAYS = ("value", "formula", "count", "denominator")


class OwnFigures:
    """What users brought to a place.

    Attributes
    ----------
    tables : list of dict
        Every own table by name: name, kind, title and what is known of it.
    indicators : dict of name to dict
        Facts of the imported indicators and resources, in the form of an edition's indicators, with ``own``
        true and ``kind``.
    sets : dict of name to list of dict
        Imported footprints: code (``set/name``), name, set, count, start.
    sites : list of dict
        Imported sites, in the form of an edition's sites.
    without_clusters : dict of str to str
        Why a column, as `service.editions.certainty.cluster_name` names it, has no clusters.
    """

    def __init__(self, web: Path) -> None:
        self._web = web
        path = web / FACTS
        found: dict[str, Any] = orjson.loads(path.read_bytes()) if path.is_file() else {}
        self.tables: list[dict[str, Any]] = found.get("tables", [])
        self.indicators: dict[str, dict[str, Any]] = found.get("indicators", {})
        self.sets: dict[str, list[dict[str, Any]]] = found.get("sets", {})
        self.sites: list[dict[str, Any]] = found.get("sites", [])
        self._order: list[str] = found.get("order", [])
        self.without_clusters: dict[str, str] = found.get("without_clusters", {})
        self._clustered: list[str] = found.get("clusters", [])
        self._notes: dict[str, list[str]] = found.get("notes", {})

    def title(self, name: str) -> str:
        """Title of an own table."""
        return str(next(table["title"] for table in self.tables if table["name"] == name))

    def values(self, name: str) -> Vector:
        """Values of an own indicator, or what there is per head of an own resource; NaN = not known or not shown."""
        return self._array("value", name)

    def formula_values(self, name: str) -> Vector:
        """Give the same as formulas take them: worked out with 4 where a count is not shown."""
        return self._array("formula", name)

    def counts(self, name: str) -> tuple[Vector, Vector] | None:
        """Count and denominator behind a share; None where there are none. Not for resources: they count no share."""
        facts = self.indicators[name]
        if not facts["counted"]:
            return None
        return self._array("count", name), self._array("denominator", name)

    def hidden_counts(self, name: str) -> np.ndarray:
        """Tell where a count is known and not shown."""
        protected = np.array([note == NOT_SHOWN for note in self._notes[name]], dtype=bool)
        return protected & np.isfinite(self.formula_values(name)) & ~np.isfinite(self._array("count", name))

    def amounts(self, name: str) -> Vector:
        """How much of a resource each neighbourhood has, in its own unit; NaN = not known or not shown."""
        return self._array("count", name)

    def overview(self, resource: str) -> list[dict[str, Any]]:
        """How steep a resource is beside each outcome, as it was worked out for its page; none in a large place."""
        return self._overviews.get(resource, [])

    def notes(self, name: str) -> list[str]:
        """Say for each neighbourhood why a figure is missing, or what it was marked with; empty if nothing."""
        return [NOTE_WORDS.get(note, note.replace("-", " ")) for note in self._notes[name]]

    def sentences(self, name: str) -> list[str]:
        """Say how the counts behind an own indicator or resource are protected; nothing if they need not be."""
        protection = self.indicators[name]["protection"]
        if not protection:
            return []
        hidden = f"{protection['hidden']:,} neighbourhoods have a count that is not shown."
        return [f"{protection['sentence']} {hidden} {protection['stand_in']}"]

    def clusters(self, name: str) -> np.ndarray | None:
        """Figures of the clusters of an own column, shape (5, n), as `building.certainty` makes them; None if none."""
        return self._clusters[self._clustered.index(name)] if name in self._clustered else None

    def rows(self, entry: dict[str, Any]) -> np.ndarray:
        """Row numbers of an imported footprint."""
        return self._footprint_rows[entry["start"] : entry["start"] + entry["count"]]

    def _array(self, kind: str, name: str) -> Vector:
        return np.asarray(self._arrays[ARRAYS.index(kind), self._order.index(name)])

    @cached_property
    def _arrays(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "own_arrays.npy", mmap_mode="r"))

    @cached_property
    def _clusters(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "own_clusters.npy", mmap_mode="r"))

    @cached_property
    def _overviews(self) -> dict[str, list[dict[str, Any]]]:
        path = self._web / OVERVIEWS
        found: dict[str, list[dict[str, Any]]] = orjson.loads(path.read_bytes()) if path.is_file() else {}
        return found

    @cached_property
    def _footprint_rows(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "own_footprint_rows.npy", mmap_mode="r"))
