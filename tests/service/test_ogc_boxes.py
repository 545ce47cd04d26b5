"""Which features touch a box: against shapely, and at the edges where a box alone would be wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.ogc.boxes import touches, touching, within

whole = st.integers(-8, 8)


def _box(west: int, south: int, wide: int, high: int) -> tuple[float, float, float, float]:
    return float(west), float(south), float(west + wide), float(south + high)


@st.composite
def polygons(draw):
    """A star around a point, so that it never crosses itself; sometimes with a hole; sometimes two of them."""
    parts = []
    for shift in range(draw(st.integers(1, 2))):
        turns = np.sort(draw(st.lists(st.integers(0, 359), min_size=4, max_size=9, unique=True)))
        reach = [draw(st.integers(2, 6)) for _ in turns]
        angle = np.radians(turns)
        ring = np.column_stack([np.cos(angle) * reach + 14 * shift, np.sin(angle) * reach])
        star = shapely.make_valid(shapely.Polygon(ring))
        parts += [part for part in shapely.get_parts(star) if part.geom_type == "Polygon"]
    if draw(st.booleans()):
        parts = [part.difference(shapely.Point(0.3, 0.2).buffer(0.7, quad_segs=2)) for part in parts]
    return shapely.union_all(parts)


@settings(max_examples=60)
@given(polygons(), whole, whole, st.integers(0, 5), st.integers(0, 5))
def test_touching_a_box_is_what_shapely_says(shape, west, south, wide, high):
    box = _box(west, south, wide, high)
    assume(not shape.is_empty and shape.geom_type in ("Polygon", "MultiPolygon"))
    area = (
        shapely.Point(box[:2])
        if not wide and not high
        else shapely.box(*box)
        if wide and high
        else shapely.LineString([box[:2], box[2:]])
    )
    assume(not 0 < shapely.distance(shape.boundary, area) < 1e-9)  # so near that rounding decides
    assert touches(json.loads(shapely.to_geojson(shape)), box) == shapely.intersects(shape, area)


RING = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(3, 3), (7, 3), (7, 7), (3, 7)]])
CORNER = shapely.Polygon([(0, 0), (10, 0), (10, 1), (1, 1), (1, 10), (0, 10)])


@pytest.mark.parametrize(
    ("shape", "box", "expected"),
    [
        (RING, (4, 4, 6, 6), False),  # wholly in the hole
        (RING, (2, 2, 8, 8), True),  # around the hole
        (RING, (1, 1, 2, 2), True),  # wholly in the polygon
        (RING, (-5, -5, 20, 20), True),  # around it all
        (RING, (10, 10, 12, 12), True),  # a corner in common
        (RING, (3, 4, 3, 5), True),  # a line along the hole's edge
        (RING, (5, 5, 5, 5), False),  # a point in the hole
        (CORNER, (4, 4, 9, 9), False),  # in its box, not in it
        (CORNER, (0.5, 0.5, 0.5, 0.5), True),
    ],
)
def test_boxes_by_hand(shape, box, expected):
    assert touches(json.loads(shapely.to_geojson(shape)), box) is expected


def test_boxes_against_boxes():
    boxes = np.array([[0, 0, 1, 1], [2, 2, 3, 3], [1, 1, 2, 2]], dtype=float)
    assert touching(boxes, (1, 1, 1.5, 1.5)).tolist() == [True, False, True]
    assert within(boxes, (0, 0, 2, 2)).tolist() == [True, False, True]
