"""Areas that meet edge to edge, moved to a grid so that they still do.

Two areas that share a corner move it to the same place. What can go wrong is small: an islet or a creek narrower than
the grid folds flat, or a corner steps over an edge. There, and only there, all edges are noded on the grid again, and
each face between them that was land goes to the area that held most of it.

References
----------
Hobby (1999), Practical segment intersection with finite precision output: snap rounding, which GEOS does here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

ROUNDS = 10  # of mending: two are the rule, each takes in the neighbours of the one before


class Rounded(NamedTuple):
    """Areas on a grid, shape (n,), and which of them took more than rounding."""

    shapes: np.ndarray
    mended: np.ndarray


def on_grid(shapes: np.ndarray, decimals: int) -> Rounded:
    """Round the corners of areas that meet edge to edge, and mend what folds or crosses by that.

    Parameters
    ----------
    shapes : array of shapely polygons or multipolygons, shape (n,)
        Each valid, without overlaps but for what their publisher overlooked.
    decimals : int
        Of the rounded coordinates.

    Returns
    -------
    Rounded
        Valid shapes that share whole edges, outer rings against the clock (RFC 7946). Parts and holes that lie
        within one step of the grid are left out.

    Raises
    ------
    ValueError
        If an area is smaller than the grid, or edges cannot be made to meet.
    """
    scale = 10.0**decimals
    exact = shapely.transform(shapes, lambda points: points * scale)
    rounded = shapely.transform(exact, np.rint)
    mended = np.zeros(len(shapes), dtype=bool)
    looked_at, near = np.arange(len(shapes)), np.array([], dtype=int)
    for _ in range(ROUNDS):
        broken = looked_at[_broken(rounded[looked_at])]
        if not len(broken):
            shrunk = shapely.transform(rounded, lambda points: points / scale)
            return Rounded(np.asarray(shapely.orient_polygons(shrunk)), mended)
        near = _beside(rounded, np.union1d(near, broken))
        noded = _noded(rounded[near], exact[near])
        changed = ~shapely.equals_exact(shapely.normalize(rounded[near]), shapely.normalize(noded))
        rounded[near[changed]], mended[near[changed]] = noded[changed], True
        looked_at = _beside(rounded, near)
    raise ValueError("the edges of these areas cannot be made to meet")


def _broken(shapes: np.ndarray) -> np.ndarray:
    """Tell which areas are not valid, or do not share whole edges with their neighbours."""
    return np.asarray(~shapely.is_valid(shapes) | ~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))


def _beside(shapes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of some areas and of those near them."""
    boxes = np.asarray(shapely.box(*shapely.bounds(shapes).T))
    return np.unique(shapely.STRtree(boxes).query(boxes[rows])[1])


def _noded(shapes: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Build areas anew from the faces between their edges, with corners on whole numbers."""
    edges = shapely.union_all(shapely.get_rings(shapely.get_parts(shapes)), grid_size=1)
    faces = shapely.get_parts(shapely.polygonize([edges]))
    face, area = shapely.STRtree(exact).query(faces)
    held = shapely.area(shapely.intersection(faces[face], shapely.make_valid(exact)[area]))
    land = np.bincount(face, held, len(faces)) > shapely.area(faces) / 2
    order = np.lexsort((area, -held, face))
    most = order[np.unique(face[order], return_index=True)[1]]
    given = most[land[face[most]]]
    found = [shapely.coverage_union_all(faces[face[given[area[given] == row]]]) for row in range(len(shapes))]
    if any(shape.is_empty for shape in found):
        raise ValueError("an area is too small for this grid")
    return np.array(found)
