"""The nearest site (methods M7): sums by hand, refusals, and laws over random maps."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.access import NEIGHBOURS, nearest

LAW = settings(max_examples=500)  # of two neighbourhoods each: 1,000 cases
CHECK = settings(max_examples=250)  # what is no law of the methods, and slow


def origins(*rows: tuple[float, float, float]) -> pd.DataFrame:
    codes = pd.Index([f"E0100000{i}" for i in range(len(rows))], dtype=object)
    return pd.DataFrame(list(rows), index=codes, columns=["centroid_x_m", "centroid_y_m", "area_m2"], dtype=float)


def sites(*rows: tuple[float, float, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["easting", "northing", "lsoa21cd"])
    return table.assign(site_id=[f"site-{i}" for i in range(len(rows))])


def test_nearest_by_hand():
    found = nearest(origins((0, 0, 1), (1_000, 0, 1)), sites((480, 0, None), (300, 400, None), (1_000, 80, None)))
    assert found["site_id"].tolist() == ["site-0", "site-2"]
    assert found["distance_m"].tolist() == [480.0, 80.0]
    assert found["travel_time_min"].tolist() == [7.8, 1.3]  # x 1.3 at 80 metres a minute
    assert found.columns.tolist() == ["site_id", "distance_m", "travel_time_min"]


def test_the_site_inside_is_not_the_nearest_where_one_outside_is_nearer():
    disc = 300**2 * math.pi  # inside at least 200 metres
    found = nearest(origins((0, 0, disc)), sites((10, 0, "E01000000"), (0, 150, "E01000001")))
    assert found.loc["E01000000"].tolist() == ["site-1", 150.0, 2.4]  # 2.4375 minutes


def test_another_mode_by_hand():
    assert nearest(origins((0, 0, 1)), sites((3_000, 4_000, None)), mode="drive")["travel_time_min"].tolist() == [13.0]


def test_minutes_come_from_the_whole_distance_not_from_the_rounded_one():
    # 3.1152 m x 1.3 / 80 = 0.05062 -> 0.1; from 3.0 or 3.1 it would still be 0.0 or 0.1, from 3.07 it is 0.0.
    found = nearest(origins((0, 0, 1)), sites((3.0765, 0, None)))
    assert found.loc["E01000000"].tolist()[1:] == [3.1, 0.0]  # 0.04999 minutes; 3.1 metres would be 0.1


def test_equally_near_sites_go_to_the_first_even_where_many_share_a_spot():
    crowd = [(0.0, 100.0, None)] * (3 * NEIGHBOURS)
    found = nearest(origins((0, 0, 1)), sites((0, -100, None), *crowd))
    assert found["site_id"].tolist() == ["site-0"]
    assert nearest(origins((0, 0, 1)), sites(*crowd, (0, -100, None)))["site_id"].tolist() == ["site-0"]


def test_a_crowd_of_sites_inside_does_not_hide_the_nearer_one_outside():
    disc = 3_000**2 * math.pi  # inside at least 2 km
    inside = [(float(i), 0.0, "E01000000") for i in range(2 * NEIGHBOURS)]
    found = nearest(origins((0, 0, disc)), sites(*inside, (0, 1_500, "E01000001")))
    assert found["distance_m"].tolist() == [1_500.0]
    assert found["site_id"].tolist() == [f"site-{2 * NEIGHBOURS}"]


def test_no_site_is_no_answer_never_zero():
    found = nearest(origins((0, 0, 1), (5, 5, 1)), sites().astype({"easting": float, "northing": float}))
    assert found.isna().all(axis=None)
    assert found.index.tolist() == ["E01000000", "E01000001"]
    assert found.columns.tolist() == ["site_id", "distance_m", "travel_time_min"]


def test_no_centroid_is_no_answer_for_that_neighbourhood_alone():
    found = nearest(origins((np.nan, 0, 1), (100, 0, 1)), sites((100, 80, None)))
    assert found["distance_m"].isna().tolist() == [True, False]
    assert found["site_id"].isna().tolist() == [True, False]
    assert found["travel_time_min"].iloc[1] == 1.3
    assert nearest(origins((np.nan, np.nan, 1)), sites((100, 80, None))).isna().all(axis=None)


def test_no_neighbourhood_is_no_row():
    assert nearest(origins(), sites((1, 1, None))).empty


def test_a_mode_without_a_speed_is_refused():
    with pytest.raises(ValueError, match=r"^no speed for 'transit'; choose one of walk, cycle, drive$"):
        nearest(origins((0, 0, 1)), sites((1, 1, None)), mode="transit")


def read_map(drawn: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two neighbourhoods, then three bytes a site: on a grid of 100 metres, so that ties are common."""
    numbers = [byte % 16 * 100.0 for byte in drawn]
    places = origins((numbers[0], numbers[1], 1 + 2e4 * drawn[2]), (numbers[3], numbers[4], 1 + 2e4 * drawn[5]))
    lie_in = ("E01000000", "E01000001", "E01000002", None)
    rows = [(numbers[i], numbers[i + 1], lie_in[drawn[i + 2] % 4]) for i in range(6, len(drawn) - 2, 3)]
    return places, sites(*rows)


MAPS = st.binary(min_size=9, max_size=6 + 3 * 20).map(read_map)


@LAW
@given(MAPS)
def test_nearest_is_the_first_of_the_nearest_of_all(case):
    places, listed = case
    found = nearest(places, listed)
    spots = list(zip(listed["easting"], listed["northing"], listed["lsoa21cd"], strict=True))
    for (code, x, y, area), (site, metres, minutes) in zip(
        places.itertuples(), found.itertuples(index=False), strict=True
    ):
        least = 2 / 3 * math.sqrt(area / math.pi)
        away = [max(math.hypot(x - e, y - n), least if lies_in == code else 0) for e, n, lies_in in spots]
        best = min(away)
        assert metres == pytest.approx(best, abs=0.051)
        assert minutes == pytest.approx(best * 1.3 / 80, abs=0.051)
        assert site == f"site-{next(i for i, each in enumerate(away) if each <= best + 1e-9)}"


@CHECK
@given(MAPS)
def test_order_of_neighbourhoods_is_irrelevant(case):
    places, listed = case
    assert list(nearest(places[::-1], listed).itertuples())[::-1] == list(nearest(places, listed).itertuples())
