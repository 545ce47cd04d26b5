"""Boundaries in metres of the British National Grid, as an edition keeps them for GIS programs.

Written at build by `service.building.encode_grid`, because the web process turns no metres into degrees or back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from service.editions.edition import WEB
from service.editions.fragments import Fragments

if TYPE_CHECKING:
    from service.editions.edition import Edition

GRID_SHAPES = "shapes_grid"
GRID_BOXES = "boxes_grid.npy"
HELD = 64


@dataclass(frozen=True)
class Grid:
    """Geometries of all neighbourhoods as published, encoded, and the box of each, in metres."""

    shapes: Fragments
    boxes: np.ndarray


def grid_of(edition: Edition) -> Grid | None:
    """Give the boundaries in metres; None for an edition that was built without them."""
    return _opened(edition.stored.folder / WEB)


@lru_cache(maxsize=HELD)
def _opened(folder: Path) -> Grid | None:
    if not (folder / GRID_BOXES).is_file():
        return None
    return Grid(Fragments(folder, GRID_SHAPES), np.asarray(np.load(folder / GRID_BOXES, mmap_mode="r")))
