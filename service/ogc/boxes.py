"""Whether a GeoJSON geometry touches a box: exactly, and with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layers.gradient import Vector

Box = tuple[float, float, float, float]


def touching(boxes: np.ndarray, box: Box) -> np.ndarray:
    """Tell which boxes share a point with one, edges included.

    Parameters
    ----------
    boxes : array of float, shape (n, 4)
        Least x, least y, greatest x, greatest y.
    box : tuple of four floats
        In the same order and system.

    Returns
    -------
    array of bool, shape (n,)
    """
    west, south, east, north = box
    inside = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return np.asarray(inside)


def within(boxes: np.ndarray, box: Box) -> np.ndarray:
    """Tell which boxes lie wholly in one."""
    west, south, east, north = box
    inside = (boxes[:, 0] >= west) & (boxes[:, 2] <= east) & (boxes[:, 1] >= south) & (boxes[:, 3] <= north)
    return np.asarray(inside)


def touches(geometry: dict[str, Any], box: Box) -> bool:
    """Tell whether a polygon or several share a point with a box.

    Parameters
    ----------
    geometry : dict
        A GeoJSON Polygon or MultiPolygon.
    box : tuple of four floats
        West, south, east and north in the geometry's own system; it may be a line or a point.
    """
    return any(_polygon_touches(rings, box) for rings in _polygons(geometry))


def _polygons(geometry: dict[str, Any]) -> Iterator[list[Vector]]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for part in parts:
        yield [np.asarray(ring, dtype=float) for ring in part]


def _polygon_touches(rings: list[Vector], box: Box) -> bool:
    """Tell whether an edge meets the box; if none does, the box is wholly in the polygon or wholly out of it."""
    if any(_edges_touch(ring, box) for ring in rings):
        return True
    return sum(_crossings(ring, box[0], box[1]) for ring in rings) % 2 == 1


def _edges_touch(ring: Vector, box: Box) -> bool:
    """Cut every edge by the two strips whose meeting is the box, and ask whether a piece is left."""
    begin, step = ring[:-1], np.diff(ring, axis=0)
    low, high = np.array(box[:2]), np.array(box[2:])
    level = step == 0
    beside = (begin >= low) & (begin <= high)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (low - begin) / step, (high - begin) / step
    enter = np.where(level, np.where(beside, 0.0, np.inf), np.minimum(one, two)).max(axis=1)
    leave = np.where(level, np.where(beside, 1.0, -np.inf), np.maximum(one, two)).min(axis=1)
    return bool((np.maximum(enter, 0.0) <= np.minimum(leave, 1.0)).any())


def _crossings(ring: Vector, x: float, y: float) -> int:
    """Count the edges that a ray from a point to the east crosses."""
    (x1, y1), (x2, y2) = ring[:-1].T, ring[1:].T
    spans = (y1 > y) != (y2 > y)
    at = x1[spans] + (y - y1[spans]) * (x2[spans] - x1[spans]) / (y2[spans] - y1[spans])
    return int((at > x).sum())
