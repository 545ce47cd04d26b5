"""Walk and bus, door to door (methods M7): journeys by hand, and a slow second route over random days."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.street_network import StreetNetwork
from geodata.timetables import Timetable
from layers.transit import departures_s, transit_minutes

EIGHT = 8 * 3600
MINUTE_M = 80.0  # on foot


def street(*minutes: float) -> StreetNetwork:
    """One straight street: a node at every step, walked in these minutes, 80 metres a minute."""
    x = np.concatenate([[0.0], np.cumsum(minutes)]) * MINUTE_M
    at = np.arange(len(minutes), dtype=np.int32)
    there, back = np.concatenate([at, at + 1]), np.concatenate([at + 1, at])
    return StreetNetwork("walk", x, np.zeros(len(x)), there, back, np.array([*minutes, *minutes], dtype=float))


def timetable(walk: StreetNetwork, stops: list[int], hops: list[tuple[int, int, int, float, float]], last: int = 0):
    """A day from hops of (trip, from stop, to stop, minutes after eight); people leave from eight on."""
    hops = sorted(hops, key=lambda hop: (hop[3], hop[0], hop[4]))
    trip, start, end = (np.array([hop[k] for hop in hops], dtype=np.int32) for k in range(3))
    leave, arrive = (np.array([EIGHT + round(60 * hop[k]) for hop in hops], dtype=np.int32) for k in (3, 4))
    named = np.array([f"stop-{k}" for k in range(len(stops))])
    at = walk.x_m[stops], walk.y_m[stops]
    return Timetable(named, named, *at, start, end, trip, leave, arrive, "2025-06-03", (EIGHT, EIGHT + 60 * last))


def points(walk: StreetNetwork, *nodes: int) -> np.ndarray:
    return np.column_stack([walk.x_m[list(nodes)], walk.y_m[list(nodes)]])


def one(walk: StreetNetwork, day: Timetable, start: int, end: int, **limits: float) -> float:
    found = transit_minutes(walk, day, points(walk, start), points(walk, end), **limits)
    assert found.shape == (1, 1)
    return float(found[0, 0])


ROAD = street(5, 40, 40, 3)  # home - stop 0 - stop 1 - stop 2 - library


def test_a_journey_by_hand():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 1, 7, 12), (0, 1, 2, 12, 19)])
    # Leave at 8:00, 5 minutes to the stop, bus at 8:07, at the last stop at 8:19, 3 minutes to the library.
    assert one(ROAD, day, 0, 4) == 22


def test_who_arrives_when_the_bus_leaves_catches_it_and_a_second_later_misses_it():
    caught = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 5, 15), (1, 0, 2, 35, 45)])
    assert one(ROAD, caught, 0, 4) == 18
    missed = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 5 - 1 / 60, 15), (1, 0, 2, 35, 45)])
    assert one(ROAD, missed, 0, 4) == 48


def test_the_median_is_over_every_minute_of_the_window():
    # Buses every 10 minutes from 8:05, 10 minutes on board: leaving at 8:00 .. 8:09 takes 18, 27, 26 .. 19 minutes.
    day = timetable(ROAD, [1, 2, 3], [(k, 0, 2, 5 + 10 * k, 15 + 10 * k) for k in range(6)], last=10)
    assert len(departures_s(day)) == 10
    assert one(ROAD, day, 0, 4) == (22 + 23) / 2
    assert one(ROAD, replace(day, window_s=(EIGHT, EIGHT + 300)), 0, 4) == 25  # 18, 27, 26, 25, 24


def test_a_change_takes_a_minute_or_more():
    hops = [(0, 0, 1, 5, 10), (1, 1, 2, 10, 15), (2, 1, 2, 11, 19), (3, 1, 2, 12, 21)]
    day = timetable(ROAD, [1, 2, 3], hops)
    assert one(ROAD, day, 0, 4) == 22  # the bus at 8:10 is missed, that at 8:11 is caught
    assert one(ROAD, day, 0, 4, change_min=2) == 24
    assert one(ROAD, day, 0, 4, change_min=1 / 60) == 22


def test_who_stays_on_board_does_not_change():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 1, 5, 10), (0, 1, 2, 10, 15), (1, 1, 2, 11, 14)])
    assert one(ROAD, day, 0, 4) == 17  # by the second bus; who stays on arrives at 8:18
    assert one(ROAD, day, 0, 4, change_min=2) == 18


def test_a_change_between_two_stops_is_walked_and_has_a_limit():
    walk = street(5, 40, 6, 40, 3)
    hops = [(0, 0, 1, 5, 10), (1, 2, 3, 16, 20), (2, 2, 3, 17, 30)]
    day = timetable(walk, [1, 2, 3, 4], hops)
    assert one(walk, day, 0, 5) == 33  # 8:10, 6 minutes on foot and one more to change: 8:17
    assert one(walk, day, 0, 5, change_walk_limit_min=5) == 94


def test_walks_to_and_from_stops_have_a_limit_but_the_walk_all_the_way_has_none():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 5, 10)])
    assert one(ROAD, day, 0, 4) == 13
    assert one(ROAD, day, 0, 4, walk_limit_min=4.9) == 88
    assert one(ROAD, day, 0, 4, walk_limit_min=5) == 13


def test_slower_than_walking_is_walked():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 60, 200)])
    assert one(ROAD, day, 0, 4) == 88
    assert one(ROAD, day, 4, 0) == 88  # the bus does not come back


def test_where_nobody_may_get_on_or_off_nobody_does():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 1, 5, 10), (0, 1, 2, 10, 15), (1, 1, 2, 30, 40)])
    assert one(ROAD, day, 0, 4) == 18
    assert one(ROAD, replace(day, may_board=np.array([False, True, True])), 0, 4) == 88
    assert one(ROAD, replace(day, may_board=np.array([True, False, True])), 0, 4) == 18  # already on board
    assert one(ROAD, replace(day, may_alight=np.array([True, False, True])), 0, 4) == 43  # off early, next bus
    assert one(ROAD, replace(day, may_alight=np.array([False, False, True])), 0, 4) == 88


def test_no_bus_that_day_is_the_walk():
    assert one(ROAD, timetable(ROAD, [1, 2], []), 0, 4) == 88
    assert one(ROAD, timetable(ROAD, [], []), 0, 4) == 88


def test_buses_after_midnight_belong_to_the_day():
    late = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 16 * 60 + 20, 16 * 60 + 31)])  # 24:20
    late = replace(late, window_s=(86_400 + 600, 86_400 + 600))  # leave at 24:10
    assert one(ROAD, late, 0, 4) == 24


def test_beyond_the_limit_is_out_of_reach_and_the_middle_of_two_departures_counts():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 5, 15)], last=2)  # 18 minutes, then 88 on foot
    assert one(ROAD, day, 0, 4) == 53
    assert one(ROAD, day, 0, 4, limit_min=53) == 53
    assert one(ROAD, day, 0, 4, limit_min=52.9) == np.inf


def test_a_stop_far_from_every_street_is_not_reached_on_foot():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 10, 20)])
    assert one(ROAD, replace(day, y_m=day.y_m + 240.0), 0, 4) == pytest.approx(20 + 240 * 1.3 / 80 + 3)
    away = replace(day, y_m=day.y_m + np.array([501.0, 0, 0]))
    assert one(ROAD, away, 0, 4) == 88


def test_a_door_beside_the_street_is_walked_to():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 2, 7, 15)])
    door = points(ROAD, 0) + np.array([0, 80])  # 80 metres x 1.3 at 80 metres a minute
    assert transit_minutes(ROAD, day, door, points(ROAD, 4))[0, 0] == pytest.approx(18)
    missed = points(ROAD, 0) + np.array([0, 160])
    assert transit_minutes(ROAD, day, missed, points(ROAD, 4))[0, 0] == pytest.approx(2.6 + 88)


def test_worked_in_blocks_it_is_the_same(monkeypatch):
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 1, 5, 10), (0, 1, 2, 12, 15), (1, 2, 0, 20, 40)], last=3)
    every = points(ROAD, 0, 1, 2, 3, 4)
    whole = transit_minutes(ROAD, day, every, every)
    monkeypatch.setattr("layers.transit.BLOCK_BYTES", 1)
    monkeypatch.setattr("layers.street_search.BLOCK_BYTES", 1)
    assert transit_minutes(ROAD, day, every, every).tolist() == whole.tolist()
    assert transit_minutes(ROAD, day, every[:0], every).shape == (0, 5)
    assert transit_minutes(ROAD, day, every, every[:0]).shape == (5, 0)


def test_what_cannot_be_answered_is_refused():
    day = timetable(ROAD, [1, 2, 3], [(0, 0, 1, 5, 10), (0, 1, 2, 12, 15)])
    with pytest.raises(ValueError, match=r"^a change takes 0 minutes: more than 0 is wanted$"):
        one(ROAD, day, 0, 4, change_min=0)
    with pytest.raises(ValueError, match=r"^limits of -1, 20\.0, 10\.0 minutes: 0 or more are wanted$"):
        one(ROAD, day, 0, 4, limit_min=-1)
    with pytest.raises(ValueError, match=r"^the connections of the timetable are not in order of departure$"):
        one(ROAD, replace(day, departure_s=day.departure_s[::-1]), 0, 4)
    with pytest.raises(ValueError, match=r"^connection 1 of the timetable arrives before it leaves$"):
        one(ROAD, replace(day, arrival_s=day.arrival_s - np.array([0, 600], dtype=np.int32)), 0, 4)
    with pytest.raises(ValueError, match=r"^point 0 at 0, 1001 is 1,001 m from the nearest street of the walk network"):
        transit_minutes(ROAD, day, points(ROAD, 0) + np.array([0, 1001]), points(ROAD, 4))


def earliest(day: Timetable, walks: np.ndarray, access: np.ndarray, egress: np.ndarray, leave: float) -> float:
    """Second route: relax every connection and change again and again until nothing gets earlier."""
    on_board: dict[int, float] = {}  # trip: the departure from which one can sit in it
    at_stop = {k: leave + minutes for k, minutes in enumerate(access) if minutes <= 20}  # when one can board
    alight: dict[int, float] = {}
    while True:
        before = dict(on_board), dict(at_stop), dict(alight)
        hops = zip(day.trip, day.from_stop, day.to_stop, day.departure_s, day.arrival_s, strict=True)
        for trip, start, end, departs, arrives in ((*hop[:3], hop[3] / 60, hop[4] / 60) for hop in hops):
            if at_stop.get(start, math.inf) <= departs + 1e-9:
                on_board[trip] = min(on_board.get(trip, math.inf), departs)
            if on_board.get(trip, math.inf) <= departs:
                alight[end] = min(alight.get(end, math.inf), arrives)
                for other in range(len(access)):
                    if walks[end, other] <= 10:
                        ready = arrives + walks[end, other] + 1
                        at_stop[other] = min(at_stop.get(other, math.inf), ready)
        if before == (on_board, at_stop, alight):
            break
    return min([math.inf, *(when + egress[stop] for stop, when in alight.items() if egress[stop] <= 20)])


def read_day(drawn: bytes) -> tuple[StreetNetwork, Timetable]:
    """A street of ten nodes, five stops on it, and up to eight buses that call at some of them."""
    walk = street(*(1 + byte % 16 for byte in drawn[:9]))
    hops = []
    for trip, first in enumerate(range(9, len(drawn) - 5, 6)):
        clock, stops = drawn[first] % 40, [byte % 5 for byte in drawn[first + 1 : first + 4]]
        for k, (a, b) in enumerate(pairwise(stops)):
            arrive = clock + drawn[first + 4 + k] % 12  # several hops may take no time, as in real timetables
            hops.append((trip, a, b, clock, arrive))
            clock = arrive
    return walk, timetable(walk, [0, 2, 4, 6, 9], hops, last=drawn[0] % 5)


@settings(max_examples=300)
@given(st.binary(min_size=15, max_size=9 + 6 * 8).map(read_day), st.integers(0, 9), st.integers(0, 9))
def test_every_departure_agrees_with_a_slow_second_route(case, start, end):
    walk, day = case
    at = walk.x_m / MINUTE_M
    foot = np.abs(at[:, None] - at[None, :])
    stops = np.array([0, 2, 4, 6, 9])
    ways = foot[np.ix_(stops, stops)], foot[start, stops], foot[stops, end]
    taken = [
        min(earliest(day, *ways, leave / 60) - leave / 60, foot[start, end]) for leave in departures_s(day).tolist()
    ]
    found = one(walk, day, start, end)
    assert found == pytest.approx(float(np.median(taken)))
    assert found <= foot[start, end] + 1e-9
    for limit in (5.0, 20.0):
        assert one(walk, day, start, end, limit_min=limit) == (pytest.approx(found) if found <= limit else np.inf)
