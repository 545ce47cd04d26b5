"""The context that an edition keeps: figures of councils and sub-ICB locations, and series over time."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

LEVEL_NAMES = {"lad": "council", "sub_icb": "sub-ICB location", "lsoa": "neighbourhood"}


class ContextOfEdition:
    """Part of `Edition`: what `service.building.context` wrote. Never part of a neighbourhood's score."""

    _web: Path

    def context(self, level: str = "lad") -> dict[str, Any]:
        """All context of one kind of area: ``lad`` (councils), ``sub_icb`` or ``lsoa``.

        Returns
        -------
        dict
            ``codes`` and ``names`` of the areas; ``variables``, each with id, name, unit, polarity (+1 high is
            worse, -1 high is better, 0 neither), source, peers (similar councils are sought by it), known (how
            many areas) and its ``years`` (or quarters, months); ``values``, an array (variables, most years,
            areas), NaN = not known; ``counts`` and ``denominators``, arrays of the same shape or None. Empty
            lists where nothing is held.
        """
        facts = self._context["levels"].get(level)
        if facts is None:
            empty = np.empty((0, 0, 0))
            return {"codes": [], "names": [], "variables": [], "values": empty, "counts": None, "denominators": None}
        return {**facts, **{name: self._block(level, name) for name in ("values", "counts", "denominators")}}

    def context_series(self, code: str) -> list[dict[str, Any]]:
        """Every variable that is known for one area, over time.

        Parameters
        ----------
        code : str
            Of a council, a sub-ICB location or a neighbourhood.

        Returns
        -------
        list of dict
            The variable's facts with ``level``, ``years``, ``values``, ``counts`` and ``denominators`` (lists;
            None = not known). Empty if nothing is known of the area.
        """
        for level in self._context["levels"]:
            block = self.context(level)
            if code not in block["codes"]:
                continue
            at = block["codes"].index(code)
            found = []
            for k, variable in enumerate(block["variables"]):
                steps = len(variable["years"])
                series = {
                    name: [_plain(value) for value in block[name][k, :steps, at]]
                    if block[name] is not None
                    else [None] * steps
                    for name in ("values", "counts", "denominators")
                }
                if any(value is not None for value in series["values"]):
                    found.append({**variable, "level": level, **series})
            return found
        return []

    def context_areas(self, level: str = "lad") -> list[dict[str, str]]:
        """Councils (``lad``) or sub-ICB locations (``sub_icb``) that the place lies in: code and name."""
        named: dict[str, str] = self._context["place"].get(level, {})
        return [{"code": code, "name": name} for code, name in named.items()]

    def _block(self, level: str, name: str) -> np.ndarray | None:
        path = self._web / f"context_{level}_{name}.npy"
        return np.asarray(np.load(path, mmap_mode="r")) if path.exists() else None

    @cached_property
    def _context(self) -> dict[str, Any]:
        path = self._web / "context.json"
        if not path.exists():  # an edition from before context was kept
            return {"levels": {}, "place": {}}
        found: dict[str, Any] = orjson.loads(path.read_bytes())
        return found


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
