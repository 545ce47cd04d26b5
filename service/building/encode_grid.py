"""Encode the boundaries of an edition in metres, for GIS programs; `service.ogc.grid` reads what this writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from service.editions.fragments import write_fragments
from service.ogc.grid import GRID_BOXES, GRID_SHAPES

GRID_DECIMALS = 2  # a centimetre


def write_grid(web: Path, boundaries: np.ndarray) -> None:
    """Write boundaries in metres, to the centimetre.

    Parameters
    ----------
    web : Path
        The web folder of an edition that is being made.
    boundaries : array of shapely geometries, shape (n,)
        EPSG:27700, rounded to `GRID_DECIMALS`, in code order, outer rings against the clock.
    """
    write_fragments(web, GRID_SHAPES, (text.replace(" ", "").encode() for text in shapely.to_geojson(boundaries)))
    np.save(web / GRID_BOXES, shapely.bounds(boundaries))
