"""The land: an outline, a river that cuts it, and a coverage of neighbourhoods on both banks.

About 6,000 points stand for clusters of homes. Balanced clusters of them become neighbourhoods; the
union of their Voronoi cells gives each one its irregular edge. Cells never cross the river or the
council border, so neither does any neighbourhood. Every edge is shared exactly: all lines are noded
together, and a vertex is rounded to degrees once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

ORIGIN = np.array([600_000.0, 460_000.0])
HOMES_PER_AREA = 50  # points in an average neighbourhood
ROUGHNESS = 0.12
SIMPLIFIED_TO_M = 14.0

OUTLINE_KM = [
    (1.5, 8.1), (1.9, 8.9), (2.9, 8.7), (3.5, 9.4), (4.4, 9.2), (4.9, 9.8), (6.2, 9.6), (6.5, 9.0), (7.4, 9.2),
    (7.9, 9.9),
    (9.2, 9.5), (9.4, 8.4), (10.3, 8.0), (10.2, 6.9), (11.2, 6.5), (11.3, 5.5), (10.3, 5.15), (9.6, 5.0), (8.8, 4.8),
    (9.7, 4.6), (10.6, 4.4), (11.4, 4.3), (10.9, 3.4), (10.2, 3.2), (10.1, 2.2), (9.0, 1.9), (8.6, 1.0), (7.3, 1.3),
    (6.6, 0.6), (5.3, 0.9), (4.9, 1.7), (4.0, 1.1), (2.6, 1.3), (2.3, 2.3), (1.0, 2.7), (1.3, 3.9), (0.8, 4.6),
    (1.5, 5.6),
    (0.7, 6.3), (1.3, 7.1), (0.9, 7.7),
]  # fmt: skip
NEIGHBOUR_KM = [
    (2.1, 8.8), (1.0, 9.3), (0.3, 8.5), (-0.8, 8.6), (-1.3, 7.3), (-0.7, 6.4), (-1.5, 5.3), (-0.9, 4.0), (-1.1,
    2.8), (0.0, 2.6),
    (0.5, 1.6), (2.4, 1.7), (4.0, 5.0),
]  # fmt: skip
RIVER_KM = [
    (-2.0, 5.1), (-1.0, 5.7), (0.2, 5.2), (1.4, 5.5), (2.6, 5.2), (3.5, 4.4), (4.6, 4.1), (5.5, 4.6), (6.3, 5.1),
    (7.2, 5.15),
    (8.2, 4.85), (8.7, 4.8), (9.3, 4.8),
]  # fmt: skip
# Where homes are dense: km east, km north, spread in km, weight.
TOWNS = [
    (6.3, 6.0, 0.9, 5.0), (8.6, 6.0, 0.8, 3.0), (6.1, 4.0, 0.7, 3.2), (7.4, 4.1, 0.6, 1.5), (2.7, 7.7, 0.7, 2.4),
    (3.4, 3.0, 0.7, 1.8), (4.8, 6.6, 0.9, 1.6), (8.6, 2.9, 0.8, 0.9), (5.0, 8.4, 0.7, 1.0), (3.2, 6.0, 0.6, 1.2),
]  # fmt: skip
REGIONS = (("borough", "north", 80), ("borough", "south", 40), ("neighbour", "north", 3), ("neighbour", "south", 2))


@dataclass(frozen=True)
class Land:
    """The coverage in metres, before groups and codes.

    Attributes
    ----------
    homes : ndarray, shape (n, 2)
        Eastings and northings; each point is a cluster of homes.
    area_of : ndarray, shape (n,)
        The neighbourhood (0, 1, ...) each point belongs to.
    half_of : ndarray, shape (n,)
        0 or 1: which half of the neighbourhood, for the areas that were divided otherwise in 2011.
    halves : list of Polygon
        A valid coverage; two pieces for every neighbourhood in ``divided``, else one.
    owner : ndarray
        The (neighbourhood, half) of each piece.
    region_of : ndarray, shape (areas,)
        Row of ``REGIONS``.
    river : LineString
        The middle of the river.
    """

    homes: Array
    area_of: Labels
    half_of: Labels
    halves: list[Polygon]
    owner: Labels
    region_of: Labels
    river: LineString


def smooth(points_km: Array, *, closed: bool) -> Array:
    """Round the corners twice (Chaikin's corner cutting)."""
    for _ in range(2):
        following = np.roll(points_km, -1, axis=0) if closed else points_km[1:]
        here = points_km if closed else points_km[:-1]
        cut = np.stack([0.75 * here + 0.25 * following, 0.25 * here + 0.75 * following], axis=1).reshape(-1, 2)
        points_km = cut if closed else np.vstack([points_km[:1], cut, points_km[-1:]])
    return points_km


def wander(points_km: list[tuple[float, float]], draws: np.random.RandomState, *, closed: bool) -> Array:
    """Return a natural-looking line in metres: smoothed, then displaced at ever finer midpoints."""
    line = smooth(np.array(points_km), closed=closed)
    if closed:
        line = np.vstack([line, line[:1]])
    for _ in range(3):
        step = np.diff(line, axis=0)
        offset = draws.normal(0, ROUGHNESS, len(step))[:, None] * np.stack([-step[:, 1], step[:, 0]], axis=1)
        line = np.insert(line, np.arange(1, len(line)), line[:-1] + step / 2 + offset, axis=0)
    return np.asarray(np.round(ORIGIN + 1000 * line, 1))


def density(at: Array) -> Array:
    """Return the relative density of homes at points in metres."""
    km = (at - ORIGIN) / 1000
    total = np.full(len(at), 0.3)
    for east, north, spread, weight in TOWNS:
        total += weight * np.exp(-((km[:, 0] - east) ** 2 + (km[:, 1] - north) ** 2) / (2 * spread**2))
    return total


def scatter(region: BaseGeometry, count: int, draws: np.random.RandomState) -> Array:
    """Return ``count`` points of a region, denser in the towns and never closer than 25 m."""
    west, south, east, north = region.bounds
    inner = shapely.buffer(region, -20)
    shapely.prepare(inner)
    kept: list[Array] = []
    grid: set[tuple[int, int]] = set()
    while len(kept) < count:
        trial = np.column_stack([draws.uniform(west, east, 4000), draws.uniform(south, north, 4000)])
        likely = draws.uniform(0, 8, 4000) < density(trial)
        for point in trial[likely & shapely.contains_xy(inner, trial)]:
            cell = (int(point[0] // 35), int(point[1] // 35))
            if cell not in grid and len(kept) < count:
                grid.add(cell)
                kept.append(np.round(point, 1))
    return np.array(kept)


def balanced_clusters(points: Array, count: int, draws: np.random.RandomState) -> Labels:
    """Group points into compact clusters of similar size (k-means whose crowded centres shrink)."""
    centres = points[draws.choice(len(points), count, replace=False)]
    pull = np.ones(count)
    label = np.zeros(len(points), dtype=np.int64)
    target = len(points) / count
    for _ in range(120):
        squared = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        label = np.argmin(squared * pull, axis=1)
        size = np.bincount(label, minlength=count)
        pull = np.clip(pull * (np.maximum(size, 3) / target) ** 0.15, 0.3, 3.5)
        for k in np.flatnonzero(size):
            centres[k] = points[label == k].mean(axis=0)
    return label


def faces_of(lines: list[BaseGeometry]) -> list[Polygon]:
    """Node all lines together, on a 10 cm grid, and return the faces between them."""
    noded = shapely.union_all(lines, grid_size=0.1)
    return [face for face in shapely.polygonize([noded]).geoms if isinstance(face, Polygon)]


def regions_of(borough: Polygon, neighbour: Polygon, river: LineString) -> list[BaseGeometry]:
    """Return the four parts of the land in the order of ``REGIONS``."""
    pieces = split(shapely.union_all([borough, neighbour]), river).geoms
    banks = sorted(pieces, key=lambda part: -part.area)[:2]
    banks.sort(key=lambda part: -part.centroid.y)
    parts = {"borough": borough, "neighbour": neighbour}
    return [shapely.intersection(parts[council], banks[bank == "south"]) for council, bank, _ in REGIONS]


def tidy(faces: list[Polygon], owner: Labels, region_of: Labels) -> Labels:
    """Give the stray pieces of a neighbourhood to the one they share the longest edge with."""
    owner = owner.copy()
    array = np.array(faces, dtype=object)
    for area in range(len(region_of)):
        mine = np.flatnonzero(owner == area)
        whole = shapely.union_all(array[mine])
        if whole.geom_type == "Polygon":
            continue
        pieces = sorted(shapely.get_parts(whole), key=lambda part: -part.area)[1:]
        for piece in pieces:
            inside = mine[shapely.contains_xy(piece, shapely.get_coordinates(shapely.point_on_surface(array[mine])))]
            shared: dict[int, float] = {}
            for k in np.flatnonzero((owner != area) & (region_of[owner] == region_of[area])):
                length = shapely.intersection(shapely.boundary(piece), shapely.boundary(array[k])).length
                shared[int(owner[k])] = shared.get(int(owner[k]), 0.0) + float(length)
            owner[inside] = max(shared, key=lambda k: shared[k])
    return owner


def make_land(draws: np.random.RandomState, divided: tuple[int, ...]) -> Land:
    """Draw the land, scatter the homes and grow the neighbourhoods.

    Parameters
    ----------
    draws : numpy.random.RandomState
        The stream of random numbers (its sequence is frozen by numpy).
    divided : tuple of int
        Neighbourhoods (rows) that are kept as two pieces, for the 2011 edition of the boundaries.
    """
    borough = Polygon(wander(OUTLINE_KM, draws, closed=True))
    beyond = Polygon(wander(NEIGHBOUR_KM, draws, closed=True)).difference(shapely.buffer(borough, 0))
    neighbour = max(getattr(beyond, "geoms", [beyond]), key=lambda part: part.area)
    river = LineString(wander(RIVER_KM, draws, closed=False))
    regions = regions_of(borough, neighbour, river)

    homes: list[Array] = []
    area_of: list[Labels] = []
    home_region: list[Labels] = []
    region_of: list[int] = []
    for number, (region, (_, _, count)) in enumerate(zip(regions, REGIONS, strict=True)):
        points = scatter(region, count * HOMES_PER_AREA, draws)
        homes.append(points)
        area_of.append(balanced_clusters(points, count, draws) + len(region_of))
        home_region.append(np.full(len(points), number))
        region_of += [number] * count
    points, labels, where = np.vstack(homes), np.concatenate(area_of), np.concatenate(home_region)
    regions_array = np.array(region_of)

    land = shapely.union_all([borough, neighbour])
    cells = shapely.voronoi_polygons(MultiPoint(points), extend_to=land, only_edges=True)
    lines = [shapely.intersection(cells, land), borough.boundary, neighbour.boundary, shapely.intersection(river, land)]
    faces = faces_of(lines)
    middles = shapely.get_coordinates(shapely.point_on_surface(np.array(faces, dtype=object)))
    home_of = np.full(len(faces), -1)
    for number, region in enumerate(regions):
        here = np.flatnonzero(shapely.contains_xy(shapely.buffer(region, 0.5), middles) & (home_of < 0))
        mine = np.flatnonzero(where == number)
        home_of[here] = mine[cKDTree(points[mine]).query(middles[here])[1]]
    faces = [face for face, home in zip(faces, home_of, strict=True) if home >= 0]
    home_of = home_of[home_of >= 0]

    owner = tidy(faces, labels[home_of], regions_array)
    labels = settle(faces, owner, points, labels)
    half_of = np.zeros(len(points), dtype=np.int64)
    for area in divided:
        mine = labels == area
        half_of[mine] = points[mine, 0] > np.median(points[mine, 0])
    atoms = owner * 2 + half_of[home_of] * np.isin(owner, divided)
    kinds = np.unique(atoms)
    array = np.array(faces, dtype=object)
    pieces = np.array([shapely.union_all(array[atoms == kind]) for kind in kinds], dtype=object)
    simple = shapely.coverage_simplify(pieces, tolerance=SIMPLIFIED_TO_M)
    return Land(points, labels, half_of, list(simple), np.column_stack([kinds // 2, kinds % 2]), regions_array, river)


def settle(faces: list[Polygon], owner: Labels, points: Array, labels: Labels) -> Labels:
    """Return each home's neighbourhood after tidying: that of the face it stands in."""
    tree = shapely.STRtree(faces)
    home, face = tree.query(shapely.points(points), predicate="within")
    settled = labels.copy()
    settled[home] = owner[face]
    return settled
