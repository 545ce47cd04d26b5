"""Streets from an OpenStreetMap file (PBF), as graphs for people on foot, by bicycle and by car.

A node stands where a street bends, meets another or ends. What the tags mean is said in `geodata.street_rules`; bans
on turning at a junction, opening hours and ferries are not read, and counted where the file has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.crs import check_degrees, to_grid
from geodata.errors import BadFile
from geodata.hashes import sha256_of
from geodata.street_network import (
    MAIN_ROAD,
    MODES,
    WATER,
    StreetLine,
    StreetNetwork,
    Streets,
    held_modes,
    load_facts,
    load_lines,
    load_network,
    load_streets,
    write_streets,
)
from geodata.street_rules import FACTOR_OPEN, FACTOR_TOWN, STREETS, Tags, directions, drive_km_h, passable

__all__ = [
    "MODES", "Speeds", "StreetLine", "StreetNetwork", "Streets", "held_modes", "load_facts", "load_lines",
    "load_network", "load_streets", "read_streets", "write_streets",
]  # fmt: skip

MAIN_ROADS = frozenset({"motorway", "trunk", "primary", "secondary"})
RIVERS = frozenset({"river", "canal", "tidal_channel"})
LEAST_WATER_M2 = 20_000.0
LINE_TOLERANCE_M = 8.0
SHORTEST_MIN = 1e-6  # no edge takes no time: a zero in a sparse matrix is no edge
FERRY = "ferry"
KEYS_READ = {
    osmium.osm.NODE: ("barrier",),
    osmium.osm.WAY: ("highway", "waterway", "natural", "route"),
    osmium.osm.RELATION: ("restriction",),
}
HINT = "Download the file again, or cut it again around the place, with some kilometres to spare."


@dataclass(frozen=True)
class Speeds:
    """How fast people go, in km/h, and which part of the limit cars make."""

    walk: float = 4.8
    cycle: float = 15.0
    drive_town: float = FACTOR_TOWN
    drive_open: float = FACTOR_OPEN


@dataclass
class _Ways:
    """What is kept of the ways of a file while it is read."""

    refs: list[list[int]] = field(default_factory=list)
    lon: list[list[float]] = field(default_factory=list)
    lat: list[list[float]] = field(default_factory=list)
    along: list[list[float]] = field(default_factory=list)  # km/h for each mode, 0 where it may not go
    against: list[list[float]] = field(default_factory=list)
    drawn: list[tuple[str, str, list[float], list[float]]] = field(default_factory=list)
    barriers: dict[str, set[int]] = field(default_factory=lambda: {mode: set() for mode in MODES})
    without_place: int = 0
    turn_bans: int = 0
    ferries: int = 0
    newest: str = ""


def read_streets(path: Path, *, speeds: Speeds | None = None) -> Streets:
    """Read the streets of a file.

    Parameters
    ----------
    path : Path
        OpenStreetMap PBF, cut to about the place.
    speeds : Speeds, optional
        Walking at 4.8 and cycling at 15 km/h, driving at 0.6 of the limit, and 0.8 from 50 miles an hour.

    Returns
    -------
    Streets
        A graph for each mode: its largest part in which every node can be reached from every other.

    Raises
    ------
    BadFile
        unreadable-network (cut short, or no PBF), no-streets, or out-of-range (of another country).
    """
    speeds = speeds or Speeds()
    try:
        ways, header = _read(path, speeds)
    except (RuntimeError, OSError, ValueError) as error:
        message = f"not a whole OpenStreetMap PBF file: {str(error)[:120]}"
        raise BadFile(message, rule="unreadable-network", file=path.name, hint=HINT) from error
    if not ways.refs:
        raise BadFile("the file has no street that people may use", rule="no-streets", file=path.name, hint=HINT)
    lon, lat = np.concatenate(ways.lon), np.concatenate(ways.lat)
    check_degrees(lon, lat, path.name, unit="street corner")
    segments = _segments(ways, *to_grid(lon, lat))
    built = {mode: _network(segments, ways.barriers[mode], mode) for mode in MODES}
    empty = [mode for mode, (network, _) in built.items() if not len(network.tail)]
    if empty:
        message = f"the file has no street for {' or '.join(empty)}"
        raise BadFile(message, rule="no-streets", file=path.name, hint=HINT)
    facts = {
        "file": path.name,
        "sha256": sha256_of(path),
        "date": _date(header, ways.newest),
        "box": [round(float(edge), 5) for edge in (lon.min(), lat.min(), lon.max(), lat.max())],
        "speeds": vars(speeds),
        "modes": {mode: about for mode, (_, about) in built.items()},
        "left_out": _left_out(ways),
    }
    return Streets({mode: network for mode, (network, _) in built.items()}, _lines(ways.drawn), facts)


def _read(path: Path, speeds: Speeds) -> tuple[_Ways, Any]:
    """Go through the file once: barriers among its nodes, then its ways, then bans on turning."""
    wanted = osmium.FileProcessor(str(path)).with_locations()
    for kind, keys in KEYS_READ.items():
        only = osmium.filter.KeyFilter(*keys)
        only.enable_for(kind)
        wanted = wanted.with_filter(only)
    ways = _Ways()
    for entry in cast(Iterable[Any], wanted):
        if entry.is_node():
            tags = dict(entry.tags)
            for mode in MODES:
                if not passable(tags, mode):
                    ways.barriers[mode].add(entry.id)
        elif entry.is_way():
            _add_way(ways, entry, speeds)
        else:
            ways.turn_bans += 1
    return ways, wanted.header


def _add_way(ways: _Ways, way: Any, speeds: Speeds) -> None:
    tags = dict(way.tags)
    ways.ferries += tags.get("route") == FERRY
    kind = _drawn_as(tags)
    street = tags.get("highway") in STREETS
    if not street and not kind:
        return
    placed = [(node.ref, node.location.lon, node.location.lat) for node in way.nodes if node.location.valid()]
    ways.without_place += len(way.nodes) - len(placed)
    if len(placed) < 2:
        return
    refs, lon, lat = (list(part) for part in zip(*placed, strict=True))
    if kind:
        ways.drawn.append((kind, tags.get("name") or tags.get("ref") or "", lon, lat))
    along, against = _speeds(tags, speeds) if street else ([], [])
    if any(along) or any(against):
        ways.refs.append(refs)
        ways.lon.append(lon)
        ways.lat.append(lat)
        ways.along.append(along)
        ways.against.append(against)
        ways.newest = max(ways.newest, f"{way.timestamp:%Y-%m-%d}" if way.timestamp.year > 2000 else "")


def _speeds(tags: Tags, speeds: Speeds) -> tuple[list[float], list[float]]:
    """Return km/h of each mode along and against a way; 0 where it may not go."""
    driven = drive_km_h(tags, town=speeds.drive_town, open_road=speeds.drive_open)
    fast = {"walk": (speeds.walk, speeds.walk), "cycle": (speeds.cycle, speeds.cycle), "drive": driven}
    allowed = {mode: directions(tags, mode) for mode in MODES}
    return tuple([fast[mode][side] * allowed[mode][side] for mode in MODES] for side in (0, 1))  # type: ignore[return-value]


@dataclass(frozen=True)
class _Segments:
    """Straight pieces of streets: from one node to the next, by row of ``x`` and ``y``."""

    refs: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    metres: NDArray[np.float64]
    along: NDArray[np.float64]
    against: NDArray[np.float64]


def _segments(ways: _Ways, x: NDArray[np.float64], y: NDArray[np.float64]) -> _Segments:
    refs, first, node = np.unique(np.concatenate(ways.refs), return_index=True, return_inverse=True)
    lengths = np.array([len(part) for part in ways.refs])
    way = np.repeat(np.arange(len(lengths)), lengths)
    inner = way[1:] == way[:-1]
    start, end = node[:-1][inner], node[1:][inner]
    x, y = x[first], y[first]
    along, against = (np.array(part)[way[:-1][inner]] for part in (ways.along, ways.against))
    metres = np.hypot(x[start] - x[end], y[start] - y[end])
    return _Segments(refs, x, y, start, end, metres, along, against)


def _network(segments: _Segments, barriers: set[int], mode: str) -> tuple[StreetNetwork, dict[str, Any]]:
    """Build the graph of one mode and keep its largest part; say how large that is."""
    start, end, x, y = _cut_at_barriers(segments, barriers)
    column = MODES.index(mode)
    tail, head, minutes = [], [], []
    for one, other, speed in ((start, end, segments.along), (end, start, segments.against)):
        chosen = (speed[:, column] > 0) & (one != other)
        tail.append(one[chosen])
        head.append(other[chosen])
        minutes.append(segments.metres[chosen] / (speed[chosen, column] * 1000 / 60))
    whole = _shortest(np.concatenate(tail), np.concatenate(head), np.concatenate(minutes))
    return _largest_part(mode, x, y, *whole)


def _cut_at_barriers(
    segments: _Segments, barriers: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """End every piece of street at a barrier on its own side of it: one can come up to it, not through."""
    closed = np.isin(segments.refs, np.fromiter(barriers, dtype=np.int64, count=len(barriers)))
    start, end = segments.start.copy(), segments.end.copy()
    count, extra = len(segments.x), []
    for side in (start, end):
        at = np.flatnonzero(closed[side])
        extra.append(side[at])
        side[at] = np.arange(count, count + len(at))
        count += len(at)
    rows = np.concatenate([np.arange(len(segments.x)), *extra])
    return start, end, segments.x[rows], segments.y[rows]


def _shortest(
    tail: NDArray[np.int64], head: NDArray[np.int64], minutes: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Keep the quickest of several streets between the same two nodes."""
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], np.maximum(minutes[order], SHORTEST_MIN)
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    return tail[first], head[first], minutes[first]


def _largest_part(
    mode: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    minutes: NDArray[np.float64],
) -> tuple[StreetNetwork, dict[str, Any]]:
    used = np.unique(np.concatenate([tail, head]))
    graph = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(len(x), len(x)))
    _, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label[used]) if len(used) else np.zeros(1, dtype=int)
    kept = used[label[used] == int(sizes.argmax())] if len(used) else used
    row = np.full(len(x), -1, dtype=np.int64)
    row[kept] = np.arange(len(kept))
    inner = (row[tail] >= 0) & (row[head] >= 0)
    network = StreetNetwork(
        mode, x[kept], y[kept], row[tail][inner].astype(np.int32), row[head][inner].astype(np.int32), minutes[inner]
    )
    share = len(kept) / len(used) if len(used) else 0.0
    about = {"nodes": len(kept), "edges": int(inner.sum()), "largest_part_share": round(share, 6),
             "nodes_left_out": len(used) - len(kept)}  # fmt: skip
    return network, about


def _drawn_as(tags: Tags) -> str:
    if tags.get("highway") in MAIN_ROADS:
        return MAIN_ROAD
    if tags.get("waterway") in RIVERS or tags.get("natural") in ("water", "coastline"):
        return "" if tags.get("tunnel") in ("yes", "culvert") else WATER
    return ""


def _lines(drawn: list[tuple[str, str, list[float], list[float]]]) -> tuple[StreetLine, ...]:
    """Join the pieces of one road or river, and drop what is too small to see on a map."""
    pieces: dict[tuple[str, str], list[shapely.Geometry]] = {}
    for kind, name, lon, lat in drawn:
        x, y = to_grid(lon, lat)
        line = shapely.LineString(np.column_stack([x, y]))
        closed = len(lon) > 3 and (lon[0], lat[0]) == (lon[-1], lat[-1])
        if kind == WATER and closed and shapely.area(shapely.polygons(shapely.get_coordinates(line))) < LEAST_WATER_M2:
            continue
        pieces.setdefault((kind, name), []).append(line)
    found = []
    for (kind, name), lines in sorted(pieces.items(), key=lambda entry: entry[0]):
        merged = shapely.line_merge(shapely.union_all(lines)) if len(lines) > 1 else lines[0]
        parts = shapely.get_parts(shapely.simplify(merged, LINE_TOLERANCE_M))
        found += [StreetLine(kind, name, shapely.get_coordinates(part).round(1)) for part in parts]
    return tuple(found)


def _date(header: Any, newest: str) -> str | None:
    """Return the day that the file says it is of, else that of the newest change to a street in it."""
    told = str(header.get("osmosis_replication_timestamp"))[:10]
    return told or newest or None


def _left_out(ways: _Ways) -> list[dict[str, Any]]:
    counted = {
        "bans on turning at a junction": ways.turn_bans,
        "ferries": ways.ferries,
        "points of streets past the edge of the file": ways.without_place,
    }
    return [{"reason": reason, "rows": rows} for reason, rows in counted.items() if rows]
