"""No ratio may count between two answers that differ: what compares them must see each kind of difference."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from peers.contests import spread
from peers.same import Differs, same

SQUARE = [[0.0, 51.0], [0.01, 51.0], [0.01, 51.01], [0.0, 51.01], [0.0, 51.0]]


def answer(*areas: str, score: object = 1.25, note: object = None, corners: list[list[float]] = SQUARE) -> bytes:
    shape = {"type": "Polygon", "coordinates": [corners]}
    properties = {"targeting_score": score, "note": note}
    kept = [{"id": code, "geometry": shape, "properties": {"lsoa21cd": code} | properties} for code in areas]
    return json.dumps({"features": kept}).encode()


def test_more_decimals_and_another_order_are_the_same():
    finer = [[x + 4e-7, y - 4e-7] for x, y in SQUARE]
    assert same(answer("A", "B"), answer("B", "A", score=1.25 + 1e-12, corners=finer)) == (2, 0)


def test_a_polygon_of_one_part_may_be_written_as_several():
    theirs = json.loads(answer("A"))
    theirs["features"][0]["geometry"] = {"type": "MultiPolygon", "coordinates": [[SQUARE]]}
    assert same(answer("A"), json.dumps(theirs).encode()) == (1, 0)


@pytest.mark.parametrize(
    ("theirs", "named"),
    [
        (answer("A"), "only in ours: ['B']"),
        (answer("A", "B", "C"), "only in theirs: ['C']"),
        (answer("A", "B", score=1.250001), "targeting_score"),
        (answer("A", "B", score=None), "targeting_score"),
        (answer("A", "B", note="imputed"), "note"),
        (answer("A", "B", corners=[[x + 3e-6, y] for x, y in SQUARE]), "degrees apart"),
        (answer("A", "B").replace(b'"note"', b'"notes"'), "no column note"),
    ],
)
def test_each_difference_stops_the_run(theirs, named):
    with pytest.raises(Differs, match=named.replace("[", r"\[").replace("]", r"\]")):
        same(answer("A", "B"), theirs)


def test_a_box_may_find_more_but_never_fewer():
    assert same(answer("A", "B"), answer("A"), more_ours=True) == (1, 1)
    with pytest.raises(Differs, match="only in theirs"):
        same(answer("A"), answer("A", "B"), more_ours=True)


def test_a_spread_is_the_median_with_its_ends():
    assert spread([3.0, 1.0, 250.0], "x") == "3 x [1-250]"
