"""Streets of the demo borough as an OpenStreetMap PBF: a street at every home, main roads, the river, three bridges.

Streets join each home to its relative neighbours (two homes that no third is closer to), never across
the water. Heron Bridge carries people on foot and bicycles only, the other two carry everything, so the
modes part ways at the river.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx  # type: ignore[import-untyped]
import numpy as np
import osmium
import shapely
from scipy.spatial import Delaunay, cKDTree
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geodata.demo import names
from geodata.demo.areas import Areas
from geodata.demo.degrees import to_degrees
from geodata.demo.land import ORIGIN, Array, Labels

BRIDGES = (("Heron Bridge", 3.1, "footway"), ("Guildhall Bridge", 6.2, "primary"), ("Harbour Bridge", 8.1, "secondary"))
# Places that main roads join: km east, km north.
PLACES = {
    "Guildhall": (6.4, 5.9), "Harbour": (9.0, 5.9), "Larkmead": (2.7, 7.7), "Priory": (5.0, 6.0), "Windmill": (6.4,
    8.5),
    "Station": (7.2, 7.0), "Heron": (3.1, 5.8), "Southbank": (6.2, 4.0), "Orchard": (3.9, 3.0), "St Osyn's": (8.9, 3.1),
    "Skelmarsh": (0.1, 6.3),
}  # fmt: skip
MAIN_ROADS = (
    ("Harbour Road", "Guildhall", "Harbour"), ("Priory Road", "Guildhall", "Priory"), ("Larkmead Road", "Priory",
    "Larkmead"),
    ("Windmill Road", "Station", "Windmill"), ("Station Road", "Guildhall", "Station"), ("Heron Road", "Priory",
    "Heron"),
    ("Skelmarsh Road", "Heron", "Skelmarsh"), ("Bridge Street", "Guildhall", "Southbank"), ("Orchard Road",
    "Southbank", "Orchard"),
    ("St Osyn's Road", "Southbank", "St Osyn's"), ("Dock Road", "Harbour", "St Osyn's"),
)  # fmt: skip
MAIN_ROAD_PULL = 0.55  # a main road is preferred as if it were this much shorter


@dataclass(frozen=True)
class Streets:
    """The street graph: nodes are rows of ``at`` (metres); edges carry ``length``, ``kind`` and ``name``."""

    graph: nx.Graph
    at: Array
    river: LineString


def _relative_neighbours(at: Array) -> list[tuple[int, int]]:
    """Return the pairs of points that no third point is closer to than they are to each other."""
    triangles = Delaunay(at).simplices
    sides = {(int(min(a, b)), int(max(a, b))) for tri in triangles for a, b in zip(tri, np.roll(tri, 1), strict=True)}
    near: dict[int, set[int]] = {}
    for a, b in sides:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)

    def gap(i: int, j: int) -> float:
        """Metres between two junctions."""
        return float(np.hypot(*(at[i] - at[j])))

    return [
        (a, b)
        for a, b in sorted(sides)
        if all(max(gap(a, k), gap(b, k)) >= gap(a, b) for k in near[a] | near[b] if k not in (a, b))
    ]


def _join_parts(graph: nx.Graph, at: Array, dry: BaseGeometry, river: LineString) -> None:
    """Join stray parts to the nearest street of another part that can be reached without crossing water."""
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    for part in parts[2:]:  # the two banks come first
        members = sorted(part)
        others = np.array(sorted(set(graph) - part))
        distance, row = cKDTree(at[others]).query(at[members], k=min(20, len(others)))
        for flat in np.argsort(distance, axis=None, kind="stable"):
            i, k = np.unravel_index(flat, distance.shape)
            a, b = members[int(i)], int(others[row[i, k]])
            line = LineString([at[a], at[b]])
            if dry.covers(line) and not line.crosses(river):
                graph.add_edge(a, b, length=line.length, kind="residential")
                break


def make_streets(areas: Areas, draws: np.random.RandomState) -> Streets:
    """Draw the streets, the bridges and the main roads."""
    river = areas.land.river
    at = areas.land.homes
    dry = shapely.buffer(shapely.union_all(list(areas.outline.values())), 2)
    shapely.prepare(dry)
    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(range(len(at)))
    for a, b in _relative_neighbours(at):
        line = LineString([at[a], at[b]])
        if dry.covers(line) and not line.crosses(river):
            graph.add_edge(a, b, length=line.length, kind="residential")
    _join_parts(graph, at, dry, river)
    _build_bridges(
        graph, at, river, dict(zip(areas.table["row"], areas.table["bank"], strict=True)), areas.land.area_of
    )
    _build_main_roads(graph, at)
    _name_the_rest(graph, at, draws)
    return Streets(graph, at, river)


def _build_bridges(graph: nx.Graph, at: Array, river: LineString, bank: dict[int, str], area_of: Labels) -> None:
    north = np.array([bank[int(row)] == "north" for row in area_of])
    for name, east_km, kind in BRIDGES:
        east = ORIGIN[0] + 1000 * east_km
        cut = river.intersection(LineString([(east, ORIGIN[1]), (east, ORIGIN[1] + 10_000)]))
        water = shapely.get_coordinates(cut)[0]
        ends = []
        for side in (north, ~north):
            rows = np.flatnonzero(side)
            ends.append(int(rows[np.argmin(((at[rows] - water) ** 2).sum(axis=1))]))
        graph.add_edge(*ends, length=float(np.hypot(*(at[ends[0]] - at[ends[1]]))), kind=kind, name=name, bridge=True)


def nearest_node(at: Array, km: tuple[float, float]) -> int:
    """Return the street node nearest to a point in km."""
    return int(np.argmin(((at - (ORIGIN + 1000 * np.array(km))) ** 2).sum(axis=1)))


def _cost(a: int, b: int, edge: dict[str, object]) -> float | None:
    """Return the length as a driver feels it; nothing where a car cannot go."""
    length = float(str(edge["length"]))
    if edge["kind"] == "footway":
        return None
    return length * (MAIN_ROAD_PULL if edge["kind"] in ("primary", "secondary") else 1.0)


def drive(streets_graph: nx.Graph, at: Array, start: str, end: str) -> list[int]:
    """Return the nodes of the way by car between two of ``PLACES``."""
    ends = nearest_node(at, PLACES[start]), nearest_node(at, PLACES[end])
    return [int(node) for node in nx.shortest_path(streets_graph, *ends, weight=_cost)]


def _build_main_roads(graph: nx.Graph, at: Array) -> None:
    for number, (name, start, end) in enumerate(MAIN_ROADS):
        path = drive(graph, at, start, end)
        for a, b in pairwise(path):
            if graph.edges[a, b]["kind"] == "residential":
                graph.edges[a, b].update(kind="primary" if number < 4 else "secondary", name=name)


def _name_the_rest(graph: nx.Graph, at: Array, draws: np.random.RandomState) -> None:
    """Give small streets a name by where they are; one in twenty is a footpath."""
    for a, b in sorted((min(e), max(e)) for e in graph.edges):
        edge = graph.edges[a, b]
        if edge["kind"] == "residential":
            block = (at[a] // 400).astype(int)
            edge["name"] = names.STREETS[int(block[0] * 7 + block[1] * 13) % len(names.STREETS)]
            quiet = graph.degree[a] > 2 and graph.degree[b] > 2
            if quiet and draws.uniform() < 0.08:
                edge["kind"] = "footway"


def _ways(graph: nx.Graph) -> list[tuple[list[int], dict[str, str]]]:
    """Return ways: chains of edges of one kind and name between crossings, with their tags."""
    left = {(min(e), max(e)) for e in graph.edges}
    ways: list[tuple[list[int], dict[str, str]]] = []

    def same(a: int, b: int, c: int, d: int) -> bool:
        """Tell whether two stretches are of one street."""
        one, two = graph.edges[a, b], graph.edges[c, d]
        return all(one.get(key) == two.get(key) for key in ("kind", "name", "bridge"))

    for edge in sorted(left):
        if edge not in left:
            continue
        left.remove(edge)
        chain = list(edge)
        for _ in range(2):
            while graph.degree[chain[-1]] == 2:
                onward = next(k for k in graph[chain[-1]] if k != chain[-2])
                key = (min(chain[-1], onward), max(chain[-1], onward))
                if key not in left or not same(chain[-2], chain[-1], *key):
                    break
                left.remove(key)
                chain.append(onward)
            chain.reverse()
        facts = graph.edges[chain[0], chain[1]]
        kind = facts["kind"]
        tags = {"highway": kind, "name": facts["name"]}
        tags |= (
            {"maxspeed": {"primary": "40 mph", "secondary": "30 mph"}.get(kind, "20 mph")} if kind != "footway" else {}
        )
        tags |= {"bicycle": "yes"} if kind == "footway" and facts.get("bridge") else {}
        tags |= {"bridge": "yes", "layer": "1"} if facts.get("bridge") else {}
        ways.append((chain, tags))
    return ways


def write_pbf(streets: Streets, path: Path) -> None:
    """Write nodes, streets and the river, uncompressed, so that the same streets give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    header = osmium.io.Header()
    header.set("generator", "Evenreach demo, fictional data")
    target = osmium.io.File(str(path), "pbf,pbf_compression=none")
    river = np.array(streets.river.coords)
    degrees = to_degrees(np.vstack([streets.at, river]))
    writer = osmium.SimpleWriter(target, header=header)
    for number, (longitude, latitude) in enumerate(degrees, start=1):
        writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=(longitude, latitude)))
    for number, (chain, tags) in enumerate(_ways(streets.graph), start=1):
        writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=[node + 1 for node in chain], tags=tags))
    first = len(streets.at) + 1
    nodes = list(range(first, first + len(river)))
    writer.add_way(
        osmium.osm.mutable.Way(id=900_001, version=1, nodes=nodes, tags={"waterway": "river", "name": "River Alder"})
    )
    writer.close()
