"""Whether two answers say the same: the same areas, the same figures, boundaries equal within rounding."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import shapely

ROUNDING_DEGREES = 6e-7
"""Half of the sixth decimal, and a little for the arithmetic."""
MENDED, MENDED_DEGREES = ("E01025148", "E01025169"), 5e-6
"""Neighbourhoods that overlap as published, so that ours are mended, and by how much: less than half a metre."""
DOUBLE = 1e-9

Feature = dict[str, Any]


class Differs(AssertionError):
    """Two answers do not say the same, so that a ratio between them would mean nothing."""


def features(body: bytes) -> dict[str, Feature]:
    """Give the features of a FeatureCollection by code; some servers give it as the feature's id alone."""
    found = json.loads(body)["features"]
    return {feature["properties"].setdefault("lsoa21cd", feature.get("id")): feature for feature in found}


def same(ours: bytes, theirs: bytes, *, more_ours: bool = False) -> tuple[int, int]:
    """Compare two answers, area by area and figure by figure.

    Parameters
    ----------
    ours, theirs : bytes
        FeatureCollections; `theirs` may carry more columns and more decimals.
    more_ours : bool
        Ours may hold more areas: a box filter by bounding boxes finds a few more than one by shapes.

    Returns
    -------
    int, int
        Areas in both, and areas only in ours.

    Raises
    ------
    Differs
        With the first difference.
    """
    mine, other = features(ours), features(theirs)
    missing, extra = sorted(other.keys() - mine.keys()), sorted(mine.keys() - other.keys())
    if missing or (extra and not more_ours):
        raise Differs(f"areas only in theirs: {missing[:3]}, only in ours: {extra[:3]}")
    for code, feature in other.items():
        _same_figures(code, mine[code]["properties"], feature["properties"])
        _same_shape(code, mine[code]["geometry"], feature["geometry"])
    return len(other), len(extra)


def _same_figures(code: str, ours: Feature, theirs: Feature) -> None:
    for name, value in ours.items():
        if name not in theirs:
            raise Differs(f"{code}: theirs has no column {name}")
        if not _equal(value, theirs[name]):
            raise Differs(f"{code}: {name} is {value!r} in ours, {theirs[name]!r} in theirs")


def _equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=DOUBLE, abs_tol=DOUBLE)
    return bool(ours == theirs)


def _same_shape(code: str, ours: Feature, theirs: Feature) -> None:
    mine, other = _corners(ours), _corners(theirs)
    if mine.shape == other.shape and np.abs(mine - other).max() <= ROUNDING_DEGREES:
        return
    shapes = [shapely.from_geojson(json.dumps(shape)) for shape in (ours, theirs)]
    apart = shapely.hausdorff_distance(*shapes)
    if apart > (MENDED_DEGREES if code in MENDED else 2 * ROUNDING_DEGREES):
        raise Differs(f"{code}: the boundaries are {apart:.2g} degrees apart")


def _corners(shape: Feature) -> np.ndarray:
    parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return np.concatenate([np.asarray(ring, dtype=float)[:, :2] for part in parts for ring in part])
