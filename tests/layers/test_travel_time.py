"""Times estimated from distance (methods M7): sums by hand, the refusal, and laws over random maps."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.travel_time import ESTIMATED, estimated_min, straight_line_m

LAW = settings(max_examples=1_000)
METRES = st.binary(min_size=14, max_size=14).map(lambda drawn: np.frombuffer(drawn, dtype=np.uint8).astype(float) * 40)


def origins(*rows: tuple[float, float, float]) -> pd.DataFrame:
    codes = pd.Index([f"E0100{i:04d}" for i in range(len(rows))], dtype=object)
    return pd.DataFrame(list(rows), index=codes, columns=["centroid_x_m", "centroid_y_m", "area_m2"], dtype=float)


def sites(*rows: tuple[float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["easting", "northing", "lsoa21cd"])


def test_distance_by_hand():
    places = origins((0, 0, 9 * math.pi), (300, 400, 9 * math.pi))
    found = straight_line_m(places, sites((300, 400, "E09999999"), (0, 0, "E09999999"), (3, 404, "E09999999")))
    assert found == pytest.approx(np.array([[500, 0, math.hypot(3, 404)], [0, 500, math.hypot(297, 4)]]))


def test_a_site_in_the_neighbourhood_is_not_on_everybodys_doorstep():
    disc = 300**2 * math.pi  # mean distance to the middle of a disc of 300 metres: 200
    found = straight_line_m(
        origins((0, 0, disc)), sites((0, 0, "E01000000"), (150, 0, "E01000000"), (0, 250, "E01000000"))
    )
    assert found.tolist() == [pytest.approx([200, 200, 250])]


def test_a_site_just_outside_is_taken_at_its_distance():
    assert straight_line_m(origins((0, 0, 1e6)), sites((10, 0, "E01000001"))).tolist() == [[10]]
    assert straight_line_m(origins((0, 0, 1e6)), sites((10, 0, None))).tolist() == [[10]]


def test_only_the_candidates_are_measured():
    places = origins((0, 0, 1), (100, 0, 1))
    listed = sites((10, 0, ""), (20, 0, ""), (30, 0, ""))
    assert straight_line_m(places, listed, np.array([[0, 2], [2, 1]])).tolist() == [[10, 30], [70, 80]]


@pytest.mark.parametrize(("mode", "by_hand"), [("walk", 65.0), ("cycle", 20.8), ("drive", 10.4)])
def test_minutes_by_hand(mode, by_hand):
    # 4 km x 1.3 = 5.2 km at 4.8, 15 and 30 km an hour.
    assert estimated_min(np.array([4_000.0, 0.0]), mode=mode).tolist() == [pytest.approx(by_hand), 0]


def test_on_foot_unless_said_otherwise_and_labelled():
    assert estimated_min(np.array([800.0])).tolist() == [pytest.approx(13.0)]
    assert ESTIMATED == "estimated from distance"


def test_an_unknown_distance_is_an_unknown_time():
    assert np.isnan(estimated_min(np.array([np.nan]))).all()


@pytest.mark.parametrize("mode", ["transit", "", "Walk"])
def test_a_mode_without_a_speed_is_refused(mode):
    with pytest.raises(ValueError, match=rf"^no speed for '{mode}'; choose one of walk, cycle, drive$"):
        estimated_min(np.array([1.0]), mode=mode)


@LAW
@given(METRES, st.integers(1, 10**8))
def test_distance_is_at_least_the_line_and_inside_at_least_the_mean_of_a_disc(points, area):
    places = origins((points[0], points[1], area), (points[2], points[3], area))
    listed = sites(*((points[i], points[i + 1], f"E0100000{i % 3}") for i in range(4, 14, 2)))
    found = straight_line_m(places, listed)
    least = 2 / 3 * math.sqrt(area / math.pi)
    spots = list(zip(listed["easting"], listed["northing"], listed["lsoa21cd"], strict=True))
    for row, code in enumerate(places.index):
        x, y = points[2 * row : 2 * row + 2]
        wanted = [max(math.hypot(x - e, y - n), least if lies_in == code else 0) for e, n, lies_in in spots]
        assert np.abs(found[row] - wanted).max() < 1e-9


@LAW
@given(METRES)
def test_time_grows_in_proportion_to_distance_and_modes_differ_by_speed_alone(distance):
    walk, cycle, drive = (estimated_min(distance, mode=mode) for mode in ("walk", "cycle", "drive"))
    assert np.allclose(walk, distance * 1.3 * 60 / 4_800, rtol=1e-12)
    assert np.allclose(estimated_min(distance * 3), walk * 3, rtol=1e-12)
    assert np.allclose(cycle * 15, walk * 4.8, rtol=1e-12)
    assert np.allclose(drive * 30, cycle * 15, rtol=1e-12)
