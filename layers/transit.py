"""Door-to-door times on foot and by public transport (methods M7): a connection scan for every departure at once.

The scan runs backwards through the day. For each connection it knows the earliest arrival at every site of
somebody who sits in it: the best of staying on, walking to the site from the next stop, and changing. So one
scan answers every departure minute of every neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from layers.estimated_times import DETOUR, speed_m_per_min
from layers.routing import Doors, door_minutes, doors

if TYPE_CHECKING:
    from geodata.street_network import StreetNetwork
    from geodata.timetables import Timetable

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

WALK_LIMIT_MIN = 20.0  # to the first stop and from the last
CHANGE_WALK_LIMIT_MIN = 10.0  # between two stops
CHANGE_MIN = 1.0  # least time between getting off and getting on again
STOP_SNAP_LIMIT_M = 500.0  # a stop further from every street than this is not served on foot
EVERY_S = 60
DAY_S = 10**6  # more seconds than any timetable has
BLOCK_BYTES = 128_000_000


@dataclass(frozen=True)
class Legs:
    """Walks of at most a limit, as pairs.

    Attributes
    ----------
    start, end : int array, shape (k,)
        Row numbers, in order of start.
    seconds : float array, shape (k,)
    """

    start: Rows
    end: Rows
    seconds: Floats


@dataclass(frozen=True)
class Boarding:
    """The connections in the order of their stop and departure, to find the next one at a stop.

    Attributes
    ----------
    key : int array, shape (c,)
        Stop and departure in one number, ascending.
    stop : int array, shape (c,)
    place_of : int array, shape (c,)
        Where each connection stands in this order.
    """

    key: NDArray[np.int64]
    stop: Rows
    place_of: Rows

    def first(self, stop: Rows, seconds: Floats) -> Rows:
        """Place of the first connection that leaves a stop at a time or later; `c` where there is none.

        Timetables are in whole seconds: who comes within the second in which a bus leaves catches it.
        """
        found = np.searchsorted(self.key, stop * DAY_S + np.floor(seconds + 1e-6).astype(np.int64))
        served = np.append(self.stop, -1)[found] == stop
        return np.where(served, found, len(self.key))


def transit_minutes(
    walk: StreetNetwork,
    timetable: Timetable,
    origins: Floats,
    sites: Floats,
    *,
    limit_min: float = np.inf,
    walk_limit_min: float = WALK_LIMIT_MIN,
    change_walk_limit_min: float = CHANGE_WALK_LIMIT_MIN,
    change_min: float = CHANGE_MIN,
) -> Floats:
    """Median minutes from door to door over the departures of the window, on foot and by public transport.

    Parameters
    ----------
    walk : StreetNetwork
        The streets for people on foot.
    timetable : Timetable
        Its ``window_s`` is the time of departure: somebody leaves at every whole minute from its begin until
        before its end (at its begin alone where both are the same).
    origins : array, shape (n, 2)
        Where people start, EPSG:27700.
    sites : array, shape (m, 2)
        Where they go.
    limit_min : float
        A longer median is out of reach.
    walk_limit_min : float
        Longest walk to the first and from the last stop. The walk all the way may be longer.
    change_walk_limit_min : float
        Longest walk between two stops on the way.
    change_min : float
        Least minutes between getting off and getting on again, besides the walk; above 0.

    Returns
    -------
    array, shape (n, m)
        Minutes from leaving to arriving, waiting included; never more than on foot. ``inf``: out of reach
        for half of the departures or more.

    Raises
    ------
    ValueError
        If a point is too far from every street, the timetable is out of order, or a limit is not valid.

    References
    ----------
    Dibbelt, Pajor, Strasser and Wagner (2018), Connection Scan Algorithm: the profile scan, here with one
    lane for each site.
    """
    _check(timetable, change_min, (limit_min, walk_limit_min, change_walk_limit_min))
    origin_at, site_at = doors(walk, origins), doors(walk, sites)
    # The mean of the two middle departures may be within the limit though one of them is not.
    on_foot = 60 * door_minutes(walk, origin_at, site_at, limit_min=2 * limit_min)
    leave = departures_s(timetable)
    worst = float(min(on_foot.max(initial=0), 120 * limit_min))  # whoever boards later had better walk
    hours = (float(leave[0]), float(leave[-1]) + worst)
    ride = _Ride.prepared(walk, timetable, hours, change_walk_limit_min * 60, change_min * 60)
    access = _legs(walk, origin_at, ride.stops_at, walk_limit_min)
    egress = _legs(walk, ride.stops_at, site_at, walk_limit_min)
    minutes = np.empty((len(origins), len(sites)))
    step = max(1, BLOCK_BYTES // (8 * (ride.connections + 1)))
    for first in range(0, len(sites), step):
        chosen = slice(first, first + step)
        arrive = ride.arrivals(_dense(egress, ride.stops, len(sites), chosen))
        for origin, near in enumerate(_by_start(access, len(origins))):
            minutes[origin, chosen] = _median_minutes(leave, near, ride.boarding, arrive, on_foot[origin, chosen])
    return np.where(minutes <= limit_min + 1e-9, minutes, np.inf)


def departures_s(timetable: Timetable) -> Floats:
    """Every whole minute of the window at which people leave, in seconds after midnight, shape (d,)."""
    begin, end = timetable.window_s
    return np.arange(begin, max(end, begin + 1), EVERY_S, dtype=float)


def _stop_doors(walk: StreetNetwork, timetable: Timetable) -> Doors:
    """Put the stops on the network; one that is too far from every street cannot be walked to, and is `inf` away."""
    stops = doors(walk, np.column_stack([timetable.x_m, timetable.y_m]), limit_m=np.inf)
    most = STOP_SNAP_LIMIT_M * DETOUR / speed_m_per_min("walk")
    return replace(stops, minutes=np.where(stops.minutes <= most, stops.minutes, np.inf))


def _legs(walk: StreetNetwork, starts: Doors, ends: Doors, limit_min: float) -> Legs:
    found = []
    step = max(1, BLOCK_BYTES // (8 * max(1, len(ends.node))))
    for first in range(0, max(1, len(starts.node)), step):
        minutes = door_minutes(walk, starts[first : first + step], ends, limit_min=limit_min)
        start, end = np.nonzero(np.isfinite(minutes))
        found.append((start + first, end, 60 * minutes[start, end]))
    start, end, seconds = (np.concatenate(column) for column in zip(*found, strict=True))
    return Legs(start, end, seconds)


def _dense(legs: Legs, rows: int, columns: int, chosen: slice) -> Floats:
    """Seconds as a table, shape (rows, chosen columns); `inf` where there is no walk."""
    table = np.full((rows, columns), np.inf)
    table[legs.start, legs.end] = legs.seconds
    return table[:, chosen]


def _by_start(legs: Legs, count: int) -> Iterator[tuple[Rows, Floats]]:
    """Yield ends and seconds of the walks from each start in turn."""
    for first, last in pairwise(np.searchsorted(legs.start, np.arange(count + 1))):
        yield legs.end[first:last], legs.seconds[first:last]


@dataclass(frozen=True)
class _Ride:
    """What a scan needs of one day: connections in order, and which ones can be boarded after each."""

    stops: int
    stops_at: Doors
    connections: int
    boarding: Boarding
    trip: list[int]
    trips: int
    to_stop: list[int]
    arrival_s: list[float]
    may_board: list[bool]
    may_alight: list[bool]
    change_begins: list[int]
    change_to: Rows

    @classmethod
    def prepared(
        cls, walk: StreetNetwork, timetable: Timetable, hours: tuple[float, float], walk_limit_s: float, change_s: float
    ) -> _Ride:
        """Take the connections that leave within these hours (seconds), and the stops that can be walked to."""
        used = np.flatnonzero((timetable.departure_s >= hours[0]) & (timetable.departure_s <= hours[1]))
        from_stop, to_stop = timetable.from_stop[used].astype(np.intp), timetable.to_stop[used].astype(np.intp)
        stops_at = _stop_doors(walk, timetable)
        departure = timetable.departure_s[used].astype(np.int64)
        arrival = timetable.arrival_s[used].astype(float)
        order = np.lexsort((np.arange(len(used)), departure, from_stop))
        place_of = np.empty(len(used), dtype=np.intp)
        place_of[order] = np.arange(len(used))
        boarding = Boarding((from_stop * DAY_S + departure)[order], from_stop[order], place_of)
        begins, changes = _changes(walk, stops_at, from_stop, to_stop, arrival, boarding, walk_limit_s, change_s)
        trips, trip = np.unique(timetable.trip[used], return_inverse=True)
        return cls(
            len(stops_at.node), stops_at, len(used), boarding, trip.tolist(), len(trips), to_stop.tolist(),
            arrival.tolist(), timetable.may_board[used].tolist(), timetable.may_alight[used].tolist(),
            begins.tolist(), changes,
        )  # fmt: skip

    def arrivals(self, egress_s: Floats) -> Floats:
        """Earliest arrival at each site of somebody who waits for a connection, shape (c + 1, m), seconds.

        Rows are in the order of `boarding`: taking that connection or a later one at the same stop. The
        last row, of no connection, is ``inf``.
        """
        waiting = np.full((self.connections + 1, egress_s.shape[1]), np.inf)
        sitting = np.full((self.trips, egress_s.shape[1]), np.inf)
        place_of = self.boarding.place_of.tolist()
        stop = np.append(self.boarding.stop, -1)
        is_last = (stop[1:] != stop[:-1]).tolist()
        for c in range(self.connections - 1, -1, -1):
            best, place = sitting[self.trip[c]], place_of[c]
            if self.may_alight[c]:
                np.minimum(best, egress_s[self.to_stop[c]] + self.arrival_s[c], out=best)
                changes = self.change_to[self.change_begins[c] : self.change_begins[c + 1]]
                if len(changes):
                    np.minimum(best, np.minimum.reduce(waiting[changes]), out=best)
            if not is_last[place]:
                waiting[place] = waiting[place + 1]
            if self.may_board[c]:
                np.minimum(best, waiting[place], out=waiting[place])
        return waiting


def _changes(
    walk: StreetNetwork,
    stops_at: Doors,
    from_stop: Rows,
    to_stop: Rows,
    arrival_s: Floats,
    boarding: Boarding,
    walk_limit_s: float,
    change_s: float,
) -> tuple[Rows, Rows]:
    """For each connection, the places in `boarding` that can be reached by a change after it.

    Returns the begin of each connection's stretch, shape (c + 1,), and the places, shape (k,).
    """
    stops = len(stops_at.node)
    left_from, reached = np.unique(from_stop), np.unique(to_stop)
    legs = _legs(walk, stops_at[reached], stops_at[left_from], walk_limit_s / 60)
    start, end, seconds = reached[legs.start], left_from[legs.end], legs.seconds
    between = start != end
    same = np.intersect1d(reached, left_from)  # who stays at the stop does not walk
    start, end = np.concatenate([start[between], same]), np.concatenate([end[between], same])
    seconds = np.concatenate([seconds[between], np.zeros(len(same))])
    order = np.lexsort((end, start))
    start, end, seconds = start[order], end[order], seconds[order]
    first = np.searchsorted(start, np.arange(stops + 1))
    count = np.diff(first)[to_stop]
    row = np.repeat(np.arange(len(to_stop)), count)
    leg = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first[to_stop], count)
    place = boarding.first(end[leg], arrival_s[row] + seconds[leg] + change_s)
    some = place < len(boarding.key)
    return np.concatenate([[0], np.cumsum(np.bincount(row[some], minlength=len(to_stop)))]), place[some]


def _median_minutes(
    leave_s: Floats, near: tuple[Rows, Floats], boarding: Boarding, arrive_s: Floats, on_foot_s: Floats
) -> Floats:
    """Median over the departures of one origin, shape (m,): on foot or by the first connection in reach."""
    stop, seconds = near
    taken = np.broadcast_to(on_foot_s, (len(leave_s), len(on_foot_s))).copy()
    places = boarding.first(stop[None, :], leave_s[:, None] + seconds[None, :])
    for column in places.T:
        if column[0] < len(boarding.key):
            np.minimum(taken, arrive_s[column] - leave_s[:, None], out=taken)
    taken.sort(axis=0)
    middle = len(leave_s) // 2
    median = taken[middle] if len(leave_s) % 2 else (taken[middle - 1] + taken[middle]) / 2
    return np.asarray(median / 60)


def _check(timetable: Timetable, change_min: float, limits: tuple[float, ...]) -> None:
    if not change_min > 0:
        raise ValueError(f"a change takes {change_min} minutes: more than 0 is wanted")
    if not min(limits) >= 0:
        raise ValueError(f"limits of {', '.join(map(str, limits))} minutes: 0 or more are wanted")
    if (np.diff(timetable.departure_s) < 0).any():
        raise ValueError("the connections of the timetable are not in order of departure")
    backwards = np.flatnonzero(timetable.arrival_s < timetable.departure_s)
    if len(backwards):
        raise ValueError(f"connection {backwards[0]} of the timetable arrives before it leaves")
