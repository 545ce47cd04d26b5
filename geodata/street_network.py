"""Streets as graphs, one for each mode, with the main roads and the water to draw; kept as plain arrays.

`geodata.networks` makes them from an OpenStreetMap file; an edition keeps them in a folder of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

MODES = ("walk", "cycle", "drive")
MAIN_ROAD, WATER = "main_road", "water"
FACTS = "streets.json"


@dataclass(frozen=True)
class StreetNetwork:
    """The streets that one mode may use, as a directed graph.

    Attributes
    ----------
    mode : str
        ``walk``, ``cycle`` or ``drive``.
    x_m, y_m : float64 array, shape (nodes,)
        EPSG:27700, metres.
    tail, head : int32 array, shape (edges,)
        One edge for each direction that is allowed, from node ``tail`` to node ``head``; no pair twice.
    minutes : float64 array, shape (edges,)
        Above 0.
    """

    mode: str
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    minutes: NDArray[np.float64]

    @cached_property
    def tree(self) -> cKDTree:
        """The nodes as a k-d tree, made when first asked for."""
        from scipy.spatial import cKDTree  # not above: the web process reads this file

        return cKDTree(np.column_stack([self.x_m, self.y_m]))


@dataclass(frozen=True)
class StreetLine:
    """A main road or a stretch of water, to draw.

    Attributes
    ----------
    kind : str
        ``main_road`` or ``water``.
    name : str
        May be empty.
    coords : float64 array, shape (k, 2)
        EPSG:27700, metres; a closed line of water is its bank.
    """

    kind: str
    name: str
    coords: NDArray[np.float64]


@dataclass(frozen=True)
class Streets:
    """All that is kept of one file of streets.

    Attributes
    ----------
    networks : mapping of mode to StreetNetwork
    lines : tuple of StreetLine
    facts : dict
        ``file``, ``sha256``, ``date`` (ISO, or None where the file does not say), ``box`` (west, south, east, north
        in degrees), ``speeds``, ``modes`` (for each: nodes, edges, share of the streets in its largest part) and
        ``left_out`` (reason and number).
    """

    networks: Mapping[str, StreetNetwork]
    lines: tuple[StreetLine, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def write_streets(folder: Path, streets: Streets) -> None:
    """Write graphs, lines and facts into a folder; it is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for mode, network in streets.networks.items():
        np.save(folder / f"{mode}-nodes.npy", np.vstack([network.x_m, network.y_m]))
        np.save(folder / f"{mode}-edges.npy", np.vstack([network.tail, network.head]).astype(np.int32))
        np.save(folder / f"{mode}-minutes.npy", network.minutes)
    lengths = np.array([len(line.coords) for line in streets.lines], dtype=np.int64)
    points = np.vstack([line.coords for line in streets.lines]) if len(lengths) else np.empty((0, 2))
    np.save(folder / "lines-starts.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    np.save(folder / "lines-points.npy", points)
    named = [[line.kind, line.name] for line in streets.lines]
    text = json.dumps({"facts": streets.facts, "lines": named}, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / FACTS).write_text(text, encoding="utf-8")


def load_network(folder: Path, mode: str) -> StreetNetwork:
    """Read the graph of one mode back.

    Raises
    ------
    ValueError
        If the folder holds no streets for the mode.
    """
    if not (folder / f"{mode}-nodes.npy").is_file():
        raise ValueError(f"no streets are held for {mode[:40]!r}; there are {', '.join(held_modes(folder)) or 'none'}")
    x, y = np.load(folder / f"{mode}-nodes.npy")
    tail, head = np.load(folder / f"{mode}-edges.npy")
    return StreetNetwork(mode, x, y, tail, head, np.load(folder / f"{mode}-minutes.npy"))


def held_modes(folder: Path) -> list[str]:
    """Name the modes that a folder holds streets for."""
    return [mode for mode in MODES if (folder / f"{mode}-nodes.npy").is_file()]


def load_lines(folder: Path) -> tuple[StreetLine, ...]:
    """Read main roads and water back; none where the folder holds no streets."""
    if not (folder / FACTS).is_file():
        return ()
    named = json.loads((folder / FACTS).read_text(encoding="utf-8"))["lines"]
    starts, points = np.load(folder / "lines-starts.npy"), np.load(folder / "lines-points.npy")
    return tuple(StreetLine(kind, name, points[starts[k] : starts[k + 1]]) for k, (kind, name) in enumerate(named))


def load_facts(folder: Path) -> dict[str, Any] | None:
    """Read what is known of the file of streets; None where the folder holds none."""
    if not (folder / FACTS).is_file():
        return None
    found: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))["facts"]
    return found


def load_streets(folder: Path) -> Streets:
    """Read all back; ValueError where the folder holds no streets."""
    facts = load_facts(folder)
    if facts is None:
        raise ValueError(f"no streets are held in {folder.name}")
    return Streets({mode: load_network(folder, mode) for mode in held_modes(folder)}, load_lines(folder), facts)
