"""Times in Newport, read off the published timetable by hand, and networkx over the streets of Leeds and Newport."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from geodata.networks import read_streets
from geodata.timetables import read_timetable
from layers.routing import door_minutes, doors, network_minutes
from layers.transit import transit_minutes

NEWPORT, FEED = "newport-2023-06-13.osm.pbf", "newport-20230613_gtfs.zip"
MORNING = ("08:00", "10:00")  # leave at every minute of these two hours of Tuesday 6 June 2023


def clock(text: str) -> float:
    """Minutes after midnight."""
    return sum(int(part) * each for part, each in zip(text.split(":"), (60, 1, 1 / 60), strict=False))


# From stop, to stop, the buses that go from the one to the other as the timetable prints them.
DIRECT = {
    "Ruskin Avenue to Market Square": ("5310AWB30373", "5310WDB47972", [
        ("08:35:05", "08:54:00"), ("08:39:40", "08:52:00"), ("09:10:51", "09:24:00"), ("09:39:40", "09:52:00"),
        ("10:09:40", "10:22:00")]),
    "Channel View to Market Square": ("5310AWB30478", "5310WDB47974", [
        ("08:57:41", "09:13:00"), ("09:53:48", "10:09:00"), ("10:53:48", "11:09:00")]),
    "Market Square to Friendly Fox": ("5310WDB47974", "5310AWB30481", [
        ("08:00:00", "08:21:46"), ("09:00:00", "09:15:46"), ("10:00:00", "10:15:46")]),
    "Handpost to Queensway": ("5310AWB30433", "5310AWB30328", [
        ("08:04:40", "08:10:03"), ("08:18:50", "08:24:33"), ("08:47:25", "08:53:01"), ("08:47:42", "08:51:21"),
        ("08:56:00", "09:03:00"), ("09:08:00", "09:12:15"), ("09:19:25", "09:23:19"), ("09:32:10", "09:38:25"),
        ("09:47:42", "09:51:21"), ("10:04:00", "10:08:15")]),
    "Primrose Way to Friars Walk": ("5310AWB33461", "5310AWB32207", [
        ("08:58:00", "09:40:00"), ("09:58:00", "10:40:00"), ("10:58:00", "11:40:00")]),
    "Hilla Road to Woodland Drive": ("5310GWX16403", "5310AWB33060", [
        ("08:02:34", "08:13:53"), ("08:07:45", "08:20:35"), ("09:02:34", "09:13:53"), ("09:02:34", "09:14:28"),
        ("09:32:34", "09:44:28"), ("10:02:34", "10:13:53")]),
}  # fmt: skip
# Leave at, from stop, to stop, arrive at: with one change, read off two pages of the timetable.
CHANGES = {
    # 2A 09:05:02 to Friars Walk 09:24:00, three minutes on foot, R1 from Market Square 09:30:00.
    "Wells Close to Rogerstone Vicarage": ("09:04", "5310AWB30414", "5310AWB33056", "09:43:00"),
    # R1 09:30:00 to Cwm Lane 09:39:08, there the 1 at 09:41:06.
    "Market Square to Rolls Walk": ("09:04", "5310WDB47972", "5310AWB30366", "09:44:00"),
}
# Leave at, from a street corner (metres), walk to a stop, bus leaves, bus arrives, at a stop, walk to a street corner.
CORNERS = {
    "Rhiwderin to Kingsway": (
        "08:50", (326601.6, 187375.4), "5310AWB30478", "08:57:41", "09:13:00", "5310WDB47974", (331191.8, 188034.7)),
    "High Cross to the station": (
        "09:02", (327047.6, 188735.5), "5310AWB30373", "09:10:51", "09:24:00", "5310WDB47972", (331130.6, 188455.5)),
}  # fmt: skip


class Newport:
    """The streets and the timetable as geodata reads them, and the feed as it was published."""

    def __init__(self, folder) -> None:
        self.streets = read_streets(folder / NEWPORT)
        self.walk = self.streets.networks["walk"]
        self.day = read_timetable(folder / FEED, day="2023-06-06", window=MORNING, box=self.streets.facts["box"])
        self.feed = folder / FEED

    def at(self, *stops: str) -> np.ndarray:
        row = {stop: k for k, stop in enumerate(self.day.stop_id.tolist())}
        return np.array([[self.day.x_m[row[stop]], self.day.y_m[row[stop]]] for stop in stops])

    def leaving(self, text: str):
        return replace(self.day, window_s=(round(60 * clock(text)),) * 2)

    def table(self, name: str) -> list[dict[str, str]]:
        with zipfile.ZipFile(self.feed) as held, held.open(name) as opened:
            return list(csv.DictReader(io.TextIOWrapper(opened, "utf-8-sig")))


@pytest.fixture(scope="module")
def newport(sources_dir) -> Newport:
    return Newport(sources_dir / "networks")


def test_the_buses_written_down_here_are_those_of_the_published_feed(newport):
    runs = {row["service_id"] for row in newport.table("calendar.txt") if row["tuesday"] == "1"}
    trips = {row["trip_id"] for row in newport.table("trips.txt") if row["service_id"] in runs}
    calls: dict[str, list[dict[str, str]]] = {}
    for row in newport.table("stop_times.txt"):
        if row["trip_id"] in trips:
            calls.setdefault(row["trip_id"], []).append(row)
    for name, (start, end, buses) in DIRECT.items():
        published = set()
        for called in calls.values():
            stops = [row["stop_id"] for row in called]
            if start in stops and end in stops[stops.index(start) + 1 :]:
                first = called[stops.index(start)]
                last = called[stops.index(start) + 1 + stops[stops.index(start) + 1 :].index(end)]
                published.add((first["departure_time"], last["arrival_time"]))
        assert sorted(bus for bus in published if "08" <= bus[0] <= buses[-1][0]) == buses, name


@pytest.mark.parametrize("pair", DIRECT)
def test_the_bus_takes_what_the_timetable_says(newport, pair):
    start, end, buses = DIRECT[pair]
    taken = []
    for minute in range(8 * 60, 10 * 60):
        taken.append(min(clock(arrives) for leaves, arrives in buses if clock(leaves) >= minute - 1e-9) - minute)
    found = transit_minutes(newport.walk, newport.day, newport.at(start), newport.at(end))
    assert found[0, 0] == pytest.approx(float(np.median(taken)), abs=1e-6)


@pytest.mark.parametrize("pair", CHANGES)
def test_a_change_takes_what_two_pages_of_the_timetable_say(newport, pair):
    leave, start, end, arrive = CHANGES[pair]
    found = transit_minutes(newport.walk, newport.leaving(leave), newport.at(start), newport.at(end))
    assert found[0, 0] == pytest.approx(clock(arrive) - clock(leave), abs=1e-6)


def graph_of(network) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(network.x_m)))
    for tail, head, minutes in zip(network.tail, network.head, network.minutes, strict=True):
        graph.add_edge(int(tail), int(head), minutes=float(minutes))
    return graph


def by_networkx(network, start: int, end: int) -> float:
    return float(nx.dijkstra_path_length(graph_of(network), start, end, weight="minutes"))


@pytest.mark.parametrize("pair", CORNERS)
def test_from_a_street_corner_one_walks_to_the_bus_and_from_it(newport, pair):
    leave, home, first, leaves, arrives, last, goal = CORNERS[pair]
    stops = doors(newport.walk, newport.at(first, last))
    ends = doors(newport.walk, np.array([home, goal]), limit_m=1)
    foot, after = (
        by_networkx(newport.walk, int(start), int(end)) + minutes
        for start, end, minutes in (
            (ends.node[0], stops.node[0], ends.minutes[0] + stops.minutes[0]),
            (stops.node[1], ends.node[1], ends.minutes[1] + stops.minutes[1]),
        )
    )
    found = transit_minutes(newport.walk, newport.leaving(leave), np.array([home]), np.array([goal]))[0, 0]
    assert clock(leave) + foot <= clock(leaves)
    assert foot > 5
    assert found == pytest.approx(clock(arrives) + after - clock(leave), abs=1e-6)


def test_where_walking_is_quicker_one_walks(newport):
    pair = newport.at("5310WDB47974", "5310WDB24077")  # Market Square to Queensway, around the corner
    found = transit_minutes(newport.walk, newport.day, pair[:1], pair[1:])[0, 0]
    ends = doors(newport.walk, pair)
    foot = by_networkx(newport.walk, int(ends.node[0]), int(ends.node[1])) + ends.minutes.sum()
    assert found == pytest.approx(foot)


def test_transit_is_never_slower_than_walking_and_a_tighter_cut_off_never_adds(newport):
    rows = np.arange(0, len(newport.day.stop_id), 6)
    stops = np.column_stack([newport.day.x_m[rows], newport.day.y_m[rows]])
    foot = door_minutes(newport.walk, doors(newport.walk, stops), doors(newport.walk, stops))
    whole = transit_minutes(newport.walk, newport.day, stops, stops)
    assert (whole <= foot + 1e-9).all()
    assert (whole < foot - 5).mean() > 0.05
    within = transit_minutes(newport.walk, newport.day, stops, stops, limit_min=30)
    assert np.array_equal(within, np.where(whole <= 30, whole, np.inf))


@pytest.mark.realdata
@pytest.mark.parametrize("mode", ["walk", "cycle", "drive"])
def test_routes_agree_with_networkx_on_leeds(sources_dir, mode):
    network = read_streets(sources_dir / "networks" / "leeds-its-example.osm.pbf").networks[mode]
    every = np.arange(len(network.x_m))
    found = network_minutes(network, every, every)
    graph = graph_of(network)
    for start in every[::3]:
        wanted = nx.single_source_dijkstra_path_length(graph, int(start), weight="minutes")
        assert np.abs(found[start] - [wanted.get(end, np.inf) for end in every.tolist()]).max() < 1e-9
    assert np.isfinite(found).mean() > 0.9  # one part, though one-way streets may end at the edge
    some = every[:: len(every) // 20]
    backwards = network_minutes(network, every, some)
    assert np.array_equal(np.isinf(backwards), np.isinf(found[:, some]))
    assert np.allclose(backwards, found[:, some], rtol=1e-12)
