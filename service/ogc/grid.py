"""Boundaries in metres of the British National Grid, as an edition keeps them for GIS programs.

Written at build by `service.building.encode_grid`, because the web process turns no metres into degrees or back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from service.editions.edition import WEB
from service.editions.fragments import Fragments

if TYPE_CHECKING:
    from service.editions.edition import Edition

GRID_SHAPES = "shapes_grid"
GRID_BOXES = "boxes_grid.npy"


@dataclass(frozen=True)
class Grid:
    """Geometries of all neighbourhoods as published, encoded, and the box of each, in metres."""

    shapes: Fragments
    boxes: np.ndarray


def grid_of(edition: Edition) -> Grid | None:
    """Give the boundaries in metres; None for an edition that was built without them."""
    if edition not in _OPENED:
        _OPENED[edition] = _open(edition.stored.folder / WEB)
    return _OPENED[edition]


def _open(folder: Path) -> Grid | None:
    if not (folder / GRID_BOXES).is_file():
        return None
    return Grid(Fragments(folder, GRID_SHAPES), np.asarray(np.load(folder / GRID_BOXES, mmap_mode="r")))


_OPENED: WeakKeyDictionary[Edition, Grid | None] = WeakKeyDictionary()
