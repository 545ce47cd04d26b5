"""Times from neighbourhoods to sites, estimated or over streets (methods M7): by hand, refusals and laws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geodata.street_network import StreetNetwork
from geodata.timetables import Timetable
from layers.access import floating_catchment, within
from layers.routing import door_minutes, doors
from layers.travel_time import travel_matrix, travel_times

EIGHT = 8 * 3600


def origins(*rows: tuple[float, float, float]) -> pd.DataFrame:
    codes = pd.Index([f"E0100{i:04d}" for i in range(len(rows))], dtype=object)
    return pd.DataFrame(list(rows), index=codes, columns=["centroid_x_m", "centroid_y_m", "area_m2"], dtype=float)


def sites(*rows: tuple[float, float, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["easting", "northing", "lsoa21cd"])
    return table.assign(site_id=[f"site-{i}" for i in range(len(rows))])


def ring(mode: str, metres_a_minute: float) -> StreetNetwork:
    """Three sides of a square of 800 metres, the fourth missing: (0, 0), (0, 800), (800, 800), (800, 0)."""
    minutes = np.full(6, 800 / metres_a_minute)
    tail, head = np.array([0, 1, 2, 1, 2, 3], dtype=np.int32), np.array([1, 2, 3, 0, 1, 2], dtype=np.int32)
    return StreetNetwork(mode, np.array([0.0, 0, 800, 800]), np.array([0.0, 800, 800, 0]), tail, head, minutes)


WALK, DRIVE = ring("walk", 80), ring("drive", 500)
BUS = Timetable(
    np.array(["a", "b"]), np.array(["Guildhall", "Harbour"]), np.array([0.0, 800]), np.array([0.0, 0]),
    np.array([0], dtype=np.int32), np.array([1], dtype=np.int32), np.array([0], dtype=np.int32),
    np.array([EIGHT + 300], dtype=np.int32), np.array([EIGHT + 900], dtype=np.int32), "2025-06-03", (EIGHT, EIGHT),
)  # fmt: skip
HOME, THERE = origins((0, 0, 1)), sites((800, 0, None), (0, 800, None))


def test_without_a_network_it_is_the_estimated_line():
    assert travel_matrix(HOME, THERE).tolist() == [[pytest.approx(13)] * 2]
    assert travel_matrix(HOME, THERE, mode="drive").tolist() == [[pytest.approx(2.08)] * 2]
    assert travel_matrix(HOME, sites((800, 0, None), (0, 801, None)), limit_min=13.0001).tolist() == [
        [pytest.approx(13), math.inf]
    ]


def test_over_streets_it_is_the_way_round():
    assert travel_matrix(HOME, THERE, network=WALK).tolist() == [[30, 10]]
    assert travel_matrix(HOME, THERE, mode="drive", network=DRIVE).tolist() == [[pytest.approx(4.8), 1.6]]


def test_with_a_timetable_it_is_the_bus_where_that_is_quicker():
    assert travel_matrix(HOME, THERE, mode="transit", network=WALK, timetable=BUS).tolist() == [[15, 10]]


def test_the_ways_to_and_from_the_street_count_like_an_estimated_line():
    beside = origins((-80, 0, 1))  # 80 metres x 1.3 at 80 and at 500 metres a minute
    assert travel_matrix(beside, THERE, network=WALK).tolist() == [[pytest.approx(31.3), pytest.approx(11.3)]]
    behind = sites((800, -160, None))
    assert travel_matrix(beside, behind, network=WALK).tolist() == [[pytest.approx(33.9)]]
    assert travel_matrix(beside, behind, mode="drive", network=DRIVE)[0, 0] == pytest.approx(4.8 + 240 * 1.3 / 500)
    by_bus = travel_matrix(beside, behind, mode="transit", network=WALK, timetable=BUS)
    assert by_bus.tolist() == [[pytest.approx(15 + 2.6)]]


def test_neighbours_do_not_walk_to_the_street_and_back():
    beside = origins((-80, 0, 1))
    near = sites((-80, 0, None), (-80, 40, None), (80, 0, None))
    assert travel_matrix(beside, near, network=WALK).tolist() == [[0, pytest.approx(0.65), pytest.approx(2.6)]]


@pytest.mark.parametrize(
    ("mode", "network", "speed"), [("walk", WALK, 80), ("drive", DRIVE, 500), ("transit", WALK, 80)]
)
def test_to_a_site_inside_it_is_at_least_the_mean_way(mode, network, speed):
    disc = 900**2 * math.pi  # mean distance to the middle: 600 metres
    own = sites((0, 0, "E01000000"), (0, 0, "E01000001"), (800, 0, "E01000000"))
    found = travel_matrix(
        origins((0, 0, disc)), own, mode=mode, network=network, timetable=BUS if mode == "transit" else None
    )
    plain = {"walk": 30, "drive": 4.8, "transit": 15}[mode]
    assert found.tolist() == [[pytest.approx(600 * 1.3 / speed), 0, pytest.approx(max(plain, 600 * 1.3 / speed))]]


def test_the_limit_counts_the_whole_way():
    disc = 900**2 * math.pi
    own = sites((0, 0, "E01000000"))  # 600 metres x 1.3 on average: 9.75 minutes
    assert travel_matrix(origins((0, 0, disc)), own, network=WALK, limit_min=9).tolist() == [[math.inf]]
    beside = doors(WALK, np.array([[-80.0, 0]])), doors(WALK, np.array([[0.0, 800]]))
    assert door_minutes(WALK, *beside, limit_min=11.3 + 1e-9).tolist() == [[pytest.approx(11.3)]]
    assert door_minutes(WALK, *beside, limit_min=11).tolist() == [[math.inf]]


def test_no_centroid_is_not_known_and_beyond_the_limit_is_out_of_reach():
    places = origins((np.nan, 0, 1), (0, 0, 1))
    for network in (None, WALK):
        found = travel_matrix(places, THERE, network=network, limit_min=14)
        assert np.isnan(found[0]).all()
        assert found[1].tolist() == ([pytest.approx(13)] * 2 if network is None else [math.inf, 10])


def test_the_list_names_pairs_in_reach_or_not_known_and_no_others():
    places = origins((np.nan, 0, 1), (0, 0, 1), (800, 800, 1))
    found = travel_times(places, THERE, network=WALK, limit_min=20)
    assert found.columns.tolist() == ["lsoa21cd", "site_id", "travel_time_min"]
    unknown = found[found["travel_time_min"].isna()]
    assert unknown[["lsoa21cd", "site_id"]].to_numpy().tolist() == [["E01000000", "site-0"], ["E01000000", "site-1"]]
    assert found.dropna().to_numpy().tolist() == [
        ["E01000001", "site-1", 10],
        ["E01000002", "site-0", 10],
        ["E01000002", "site-1", 10],
    ]
    assert travel_times(places, THERE.iloc[:0], network=WALK).empty
    assert travel_times(places.iloc[:0], THERE).empty


def test_what_is_not_known_stays_so_from_the_list_of_times_to_access():
    places = origins((np.nan, 0, 1), (0, 0, 1), (-3_000, 0, 1), (0, 800, 1))
    times = travel_times(places, THERE, network=WALK, limit_min=15, off_network="out of reach")
    cost = times.set_axis(["lsoa21cd", "site", "cost"], axis=1)
    assert within(cost, places.index, limit=15).tolist() == [pd.NA, 1, pd.NA, 1]
    people, supply = pd.Series(100.0, index=places.index), pd.Series(1.0, index=THERE["site_id"])
    # Who cannot be placed is in nobody's reach: the other 200 share the one site that they reach.
    found = floating_catchment(cost, people, supply, limit=15)
    assert found.fillna(-1).tolist() == [-1, 1 / 200, -1, 1 / 200]


def test_a_point_off_the_streets_is_refused_or_out_of_reach():
    away = sites((800, 0, None), (5_000, 0, None))
    with pytest.raises(ValueError, match=r"^point 1 at 5000, 0 is 4,200 m from the nearest street of the walk network"):
        travel_matrix(HOME, away, network=WALK)
    assert travel_matrix(HOME, away, network=WALK, off_network="out of reach").tolist() == [[30, math.inf]]
    places = origins((0, 0, 1), (-3_000, 0, 1), (np.nan, 0, 1))
    for mode, day in (("walk", None), ("transit", BUS)):
        found = travel_matrix(places, away, mode=mode, network=WALK, timetable=day, off_network="out of reach")
        assert found[0].tolist() == [15 if day else 30, math.inf]
        assert np.isnan(found[1:]).all()  # nothing is known of where there are no streets


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mode": "transit"}, r"^transit needs a street network for people on foot and a timetable$"),
        ({"mode": "transit", "network": WALK}, r"^transit needs a street network for people on foot and a timetable$"),
        ({"mode": "transit", "network": DRIVE, "timetable": BUS}, r"^'transit' needs the walk network, not the drive"),
        ({"mode": "cycle", "network": WALK}, r"^'cycle' needs the cycle network, not the walk network$"),
        ({"mode": "walk", "network": WALK, "timetable": BUS}, r"^a timetable is for transit, not for 'walk'$"),
        ({"mode": "fly"}, r"^no speed for 'fly'; choose one of walk, cycle, drive, or transit with a timetable$"),
        ({"limit_min": -1}, r"^the cut-off is -1 minutes: it must be 0 or more$"),
        ({"network": WALK, "limit_min": math.nan}, r"^the cut-off is nan minutes: it must be 0 or more$"),
    ],
)
def test_what_does_not_belong_together_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        travel_matrix(HOME, THERE, **asked)


def test_a_site_without_a_place_is_named():
    with pytest.raises(ValueError, match=r"^site 'site-1' has no place: easting and northing are wanted$"):
        travel_matrix(HOME, sites((0, 0, None), (np.nan, 0, None)), network=WALK)


def test_a_bus_is_never_slower_than_the_walk_even_where_it_makes_a_detour():
    rng = np.random.default_rng(4)
    places = origins(*((x, y, 1e5) for x, y in rng.uniform(-200, 1_000, (20, 2))))
    listed = sites(*((x, y, f"E0100{k:04d}") for k, (x, y) in enumerate(rng.uniform(-200, 1_000, (15, 2)))))
    slow = replace(BUS, arrival_s=BUS.arrival_s + 3_600)
    walk = travel_matrix(places, listed, network=WALK)
    for day in (BUS, slow):
        found = travel_matrix(places, listed, mode="transit", network=WALK, timetable=day)
        assert (found <= walk + 1e-9).all()
    assert np.allclose(travel_matrix(places, listed, mode="transit", network=WALK, timetable=slow), walk)
    assert (travel_matrix(places, listed, mode="transit", network=WALK, timetable=BUS) < walk - 1).any()
