"""How sure the ranks of an edition are, what moves them, where values gather: what `building.certainty` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from layers.gradient import Counts, Vector
from layers.rank_summaries import DrawnRanks, Intervals
from service.memory import Memory
from service.own.figures import OwnFigures

KEEPS_DRAWS = 2_000  # up to so many neighbourhoods every draw is kept, so that any footprint can be summed up
CERTAINTY_ROWS = 5  # low, high, chance, code, share of the weight that has counts
REMEMBERED_BYTES = 2**20
LARGEST_REMEMBERED = 2**18  # those of a whole large place are read out of its file in no time
CLUSTERS = (
    "no value", "no neighbour with a value", "not significant",
    "high among high", "high among low", "low among high", "low among low",
)  # fmt: skip
HOT_SPOTS = ("no value", "no neighbour with a value", "not significant", "hot spot", "cold spot")


def cluster_name(*, focus: str = "", indicator: str = "") -> str:
    """Name the column whose clusters are wanted."""
    return f"indicator:{indicator}" if indicator else f"focus:{focus}"


@dataclass(frozen=True)
class Clusters:
    """Where the values of one column gather in the place, one entry a neighbourhood (methods M8).

    Attributes
    ----------
    moran, hot_spot_z, q_value : array, shape (n,)
        Local Moran, Gi* in standard deviations, and the p-value after Benjamini-Hochberg; NaN = no part.
    cluster, hot_spot : array of int, shape (n,)
        Places in `CLUSTERS` and `HOT_SPOTS`.
    """

    moran: Vector
    hot_spot_z: Vector
    q_value: Vector
    cluster: Counts
    hot_spot: Counts


class CertaintyOfEdition:
    """Part of `service.editions.edition.Edition`: the arrays that `service.building.certainty` wrote."""

    _web: Path
    own: OwnFigures
    codes: np.ndarray

    def footprint(self, within: str) -> dict[str, Any]:
        """As in `service.editions.edition.Edition`."""
        raise NotImplementedError

    def rows_within(self, within: str) -> Counts:
        """As in `service.editions.edition.Edition`."""
        raise NotImplementedError

    def certainty(self, focus: str, within: str = "") -> Intervals | None:
        """Rank interval, chance of the top fifth and class of each neighbourhood, ranked in the place or a footprint.

        Parameters
        ----------
        focus : str
            A focus of the edition.
        within : str
            A footprint; empty for the whole place.

        Returns
        -------
        Intervals or None
            In the order of ``rows_within(within)``. None where it was not worked out: in an edition from before
            it was, and in a footprint that was imported into a very large place.
        """
        return self._intervals.get((focus, within), lambda: self._certainty(focus, within))

    def _certainty(self, focus: str, within: str) -> Intervals | None:
        figures, count = self._sure(focus), len(self.codes)
        if figures is None:
            return None
        if not within:
            return _intervals(figures[:, :count])
        if figures.shape[1] == count:
            ranks = np.load(self._web / f"draws-{focus}.npy", mmap_mode="r")
            return DrawnRanks(ranks, np.asarray(figures[4, :count])).within(self.rows_within(within))
        entry = self.footprint(within)
        if "start" not in entry or "set" in entry:
            return None
        start = count + entry["start"]
        return _intervals(figures[:, start : start + entry["count"]])

    def _sure(self, focus: str) -> np.ndarray | None:
        """Give the figures of a focus as they lie in its file; None in an edition from before there were any."""
        if focus not in self._sures:
            path = self._web / f"certainty-{focus}.npy"
            self._sures[focus] = np.asarray(np.load(path, mmap_mode="r")) if path.exists() else None
        return self._sures[focus]

    def rank_changes(self, focus: str) -> Vector | None:
        """Rank change in the place when each ingredient of a focus is left out, shape (k, n)."""
        path = self._web / f"drivers-{focus}.npy"
        return np.load(path, mmap_mode="r") if path.exists() else None

    def scaled(self, focus: str) -> Vector | None:
        """Ingredients of a focus on their scale of 0-100, shape (k, n); NaN = not known."""
        if focus not in self._scaled:
            path = self._web / f"scaled-{focus}.npy"
            self._scaled[focus] = np.asarray(np.load(path, mmap_mode="r")) if path.exists() else None
        return self._scaled[focus]

    def clusters(self, name: str) -> Clusters | None:
        """Clusters of one column, as `cluster_name` names it; None where there are none, see `clusters_missing`."""
        names: list[str] = self._clusters_facts["names"]
        found = self._clusters[names.index(name)] if name in names else self.own.clusters(name)
        if found is None:
            return None
        moran, spot, q_value, cluster, hot = found
        whole = (np.asarray(codes, dtype=np.int64) for codes in (cluster, hot))
        return Clusters(np.asarray(moran), np.asarray(spot), np.asarray(q_value), *whole)

    def clusters_missing(self, name: str) -> str:
        """Say why there are no clusters of a column."""
        reasons: dict[str, str] = self._clusters_facts["missing"] | self.own.without_clusters
        return reasons.get(name, "this was not worked out when the edition was built")

    def islands(self) -> list[str]:
        """List the neighbourhoods that touch no other and were joined to the nearest."""
        return list(self._clusters_facts["islands"])

    @cached_property
    def _clusters_facts(self) -> dict[str, Any]:
        path = self._web / "clusters.json"
        if not path.exists():  # an edition from before clusters were kept
            return {"names": [], "islands": [], "missing": {}}
        found: dict[str, Any] = orjson.loads(path.read_bytes())
        return found

    @cached_property
    def _clusters(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "clusters.npy", mmap_mode="r"))

    @cached_property
    def _scaled(self) -> dict[str, Vector | None]:
        return {}

    @cached_property
    def _sures(self) -> dict[str, np.ndarray | None]:
        return {}

    @cached_property
    def _intervals(self) -> Memory[Intervals | None]:
        return Memory(REMEMBERED_BYTES, LARGEST_REMEMBERED, _bytes_of)


def _bytes_of(kept: Intervals | None) -> int:
    return 0 if kept is None else sum(figures.nbytes for figures in vars(kept).values())


def _intervals(figures: np.ndarray) -> Intervals:
    low, high, chance, code = (np.asarray(row) for row in figures[:4])
    return Intervals(low.astype(np.int64), high.astype(np.int64), chance, code.astype(np.int64))
