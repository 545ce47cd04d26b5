"""Neighbourhoods with their codes, names and the areas above them: wards, MSOAs, team areas, 2011 areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo import names
from geodata.demo.land import ORIGIN, REGIONS, Array, Labels, Land, make_land

TEAM_SIZES = {"north": [20, 20, 20, 20], "south": [20, 20]}
WARD_SIZES = {"north": [10, 11, 9, 10, 9, 11, 10, 10], "south": [10, 9, 11, 10]}
MSOA_SIZES = [5, 4, 6, 5]  # within a team area
# Rows of make_land that 2011 divided otherwise: one merged since, one half of which was its neighbour's
# (irregular), one that was a single area with its neighbour.
MERGED, RECUT, SPLIT = 31, 58, 12


@dataclass(frozen=True)
class Areas:
    """The demo's geography.

    Attributes
    ----------
    table : pandas.DataFrame, index lsoa21cd
        Names and codes of every level, ``team`` (empty outside the borough), ``x_m``, ``y_m`` (centroid of
        homes), ``inside`` (in the borough), ``bank`` and ``homes`` (points).
    outline : dict of str to polygon
        lsoa21cd to its polygon in metres; together a valid coverage.
    outline_2011 : dict of str to polygon
        The same for lsoa11cd.
    exact_fit : pandas.DataFrame
        LSOA11CD, LSOA11NM, LSOA21CD, LSOA21NM, CHGIND: one row per pair that shares land.
    shares_2011 : pandas.DataFrame
        lsoa11cd, lsoa21cd, half, homes: which half of the area of 2021 each pair is, and its home points.
    land : Land
        The homes and the river; ``home_code`` gives each home its lsoa21cd.
    home_code : ndarray of str
    """

    table: pd.DataFrame
    outline: dict[str, BaseGeometry]
    outline_2011: dict[str, BaseGeometry]
    exact_fit: pd.DataFrame
    shares_2011: pd.DataFrame
    land: Land
    home_code: NDArray[np.str_]


def neighbours_of(polygons: list[BaseGeometry], region_of: Labels) -> NDArray[np.bool_]:
    """Return the symmetric table of who shares an edge with whom on the same bank."""
    count = len(polygons)
    touching = np.zeros((count, count), dtype=bool)
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    for i, j in zip(left, right, strict=True):
        if i < j and region_of[i] == region_of[j]:
            shared = shapely.intersection(polygons[i], polygons[j]).length
            touching[i, j] = touching[j, i] = shared > 1
    return touching


def connected(members: Labels, touching: NDArray[np.bool_]) -> bool:
    """Whether one can walk between all members without leaving them."""
    reached = {int(members[0])}
    frontier = list(reached)
    wanted = {int(m) for m in members}
    while frontier:
        here = frontier.pop()
        new = {int(k) for k in np.flatnonzero(touching[here])} & wanted - reached
        reached |= new
        frontier += list(new)
    return reached == wanted


def divide(members: Labels, sizes: list[int], centre: Array, touching: NDArray[np.bool_]) -> list[Labels]:
    """Cut neighbourhoods into connected, compact groups of the sizes given, halving again and again."""
    if len(sizes) == 1:
        return [members]
    half = len(sizes) // 2
    first = sum(sizes[:half])
    best: tuple[float, Labels, Labels] | None = None
    for angle in np.linspace(0, 2 * np.pi, 72, endpoint=False):
        order = members[np.argsort(centre[members] @ np.array([np.cos(angle), np.sin(angle)]), kind="stable")]
        one, other = order[:first], order[first:]
        if connected(one, touching) and connected(other, touching):
            spread = sum(float(((centre[part] - centre[part].mean(axis=0)) ** 2).sum()) for part in (one, other))
            if best is None or spread < best[0]:
                best = (spread, one, other)
    if best is None:
        raise RuntimeError("no straight cut leaves two connected groups; change the seed or the sizes")
    return divide(best[1], sizes[:half], centre, touching) + divide(best[2], sizes[half:], centre, touching)


def named(groups: list[Labels], centre: Array, anchors: names.Anchors) -> list[str]:
    """Give each group the name whose anchor is nearest, each name once."""
    middle = np.array([centre[group].mean(axis=0) for group in groups])
    anchor = ORIGIN + 1000 * np.array(list(anchors.values()))
    distance = ((middle[:, None, :] - anchor[None, :, :]) ** 2).sum(axis=2)
    row, column = linear_sum_assignment(distance)
    chosen = dict(zip(row.tolist(), column.tolist(), strict=True))
    return [list(anchors)[chosen[k]] for k in range(len(groups))]


def labels_of(groups: list[Labels], texts: list[str]) -> dict[int, str]:
    """Return row to group text."""
    return {int(row): text for group, text in zip(groups, texts, strict=True) for row in group}


def make_areas(draws: np.random.RandomState) -> Areas:
    """Build the whole geography from one stream of random numbers."""
    land = make_land(draws, (MERGED, RECUT))
    count = len(land.region_of)
    whole = [
        shapely.union_all([p for p, (a, _) in zip(land.halves, land.owner, strict=True) if a == row])
        for row in range(count)
    ]
    centre = np.array([land.homes[land.area_of == row].mean(axis=0) for row in range(count)])
    touching = neighbours_of(whole, land.region_of)
    bank = np.array([REGIONS[r][1] for r in land.region_of])
    inside = np.array([REGIONS[r][0] == "borough" for r in land.region_of])

    teams: list[Labels] = []
    wards: list[Labels] = []
    for side in ("north", "south"):
        members = np.flatnonzero(inside & (bank == side))
        teams += divide(members, TEAM_SIZES[side], centre, touching)
        wards += divide(members, WARD_SIZES[side], centre, touching)
    msoas = [part for team in teams for part in divide(team, MSOA_SIZES, centre, touching)]
    msoas.sort(key=lambda group: -float(centre[group, 1].mean()))
    wards.sort(key=lambda group: -float(centre[group, 1].mean()))

    team_of = labels_of(teams, named(teams, centre, names.TEAM_NAMES))
    ward_names = named(wards, centre, names.WARD_NAMES)
    msoa_names = named(msoas, centre, names.MSOA_NAMES)
    rows: list[dict[str, object]] = []
    for number, group in enumerate(msoas, start=1):
        ordered = group[np.argsort(-centre[group, 1], kind="stable")]
        for letter, row in zip("ABCDEFGH", ordered, strict=False):
            ward = next(k for k, members in enumerate(wards) if row in members)
            rows.append(_row(int(row), number, letter, msoa_names[number - 1], ward + 1, ward_names[ward]))
    for letter, row in zip("ABCDE", np.flatnonzero(~inside), strict=True):
        rows.append(_row(int(row), 0, letter, names.NEIGHBOUR_MSOA, len(wards) + 1, names.NEIGHBOUR_WARD))
    table = pd.DataFrame(rows)
    table["lsoa21cd"] = [names.code(names.LSOA_PREFIX, k) for k in range(1, count + 1)]
    at = table["row"].to_numpy()
    table["team"] = [team_of.get(int(row), "") for row in at]
    table["bank"], table["inside"] = bank[at], inside[at]
    table["homes"] = np.bincount(land.area_of, minlength=count)[at]
    centroid = np.array([_centroid(land, whole[row], row) for row in at])
    table["x_m"], table["y_m"] = centroid[:, 0], centroid[:, 1]
    table = table.set_index("lsoa21cd")
    code_of = dict(zip(at.tolist(), table.index, strict=True))
    home_code = np.array([code_of[int(row)] for row in land.area_of])
    half = next(p for p, (a, h) in zip(land.halves, land.owner, strict=True) if (a, h) == (RECUT, 0))
    partners = (_longest_edge(whole[SPLIT], SPLIT, whole, touching), _longest_edge(half, RECUT, whole, touching))
    fit, shares, outline_2011 = _areas_of_2011(land, table, code_of, partners)
    outline = {code_of[row]: whole[row] for row in range(count)}
    return Areas(table, outline, outline_2011, fit, shares, land, home_code)


def _row(row: int, msoa: int, letter: str, msoa_name: str, ward: int, ward_name: str) -> dict[str, object]:
    """Return the names and codes of one neighbourhood (``msoa`` 0: the neighbouring council)."""
    council = (names.BOROUGH_CODE, names.BOROUGH) if msoa else (names.NEIGHBOUR_CODE, names.NEIGHBOUR)
    msoa_code = names.code(names.MSOA_PREFIX, msoa or len(names.MSOA_NAMES) + 1)
    msoa_label = f"{council[1]} {msoa or 1:03d}"
    return {
        "row": row, "lsoa21nm": f"{msoa_label}{letter}", "msoa21cd": msoa_code, "msoa21nm": msoa_label,
        "msoa21hclnm": msoa_name, "wd24cd": names.code(names.WARD_PREFIX, ward), "wd24nm": ward_name,
        "lad24cd": council[0], "lad24nm": council[1],
    }  # fmt: skip


def _centroid(land: Land, polygon: BaseGeometry, row: int) -> Array:
    """Return where people live on average: the mean of the homes, or the nearest home if that is outside."""
    homes = land.homes[land.area_of == row]
    mean = homes.mean(axis=0)
    if shapely.contains_xy(polygon, mean[0], mean[1]):
        return np.asarray(np.round(mean, 2))
    inside = homes[shapely.contains_xy(polygon, homes)]
    return np.asarray(inside[np.argmin(((inside - mean) ** 2).sum(axis=1))])


def _longest_edge(shape: BaseGeometry, row: int, whole: list[BaseGeometry], touching: NDArray[np.bool_]) -> int:
    """Return the neighbour of a row that shares the longest edge with a shape."""
    others = [int(k) for k in np.flatnonzero(touching[row]) if k not in (MERGED, RECUT, SPLIT)]
    return max(others, key=lambda k: float(shapely.intersection(shape, whole[k]).length))


def _areas_of_2011(
    land: Land, table: pd.DataFrame, code_of: dict[int, str], partners: tuple[int, int]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, BaseGeometry]]:
    """Return the exact fit, the homes of each pair and the outlines of the areas as they were in 2011."""
    old = {name: names.code(names.LSOA_PREFIX, number) for number, name in enumerate("SABXY", start=201)}
    special: dict[tuple[int, int], tuple[str, str]] = {
        (SPLIT, 0): (old["S"], "S"), (partners[0], 0): (old["S"], "S"),
        (MERGED, 0): (old["A"], "M"), (MERGED, 1): (old["B"], "M"),
        (partners[1], 0): (old["X"], "X"), (RECUT, 0): (old["X"], "X"), (RECUT, 1): (old["Y"], "X"),
    }  # fmt: skip
    pairs: list[tuple[str, str, str, int, int]] = []
    pieces: dict[str, list[Polygon]] = {}
    for polygon, (row, half) in zip(land.halves, land.owner, strict=True):
        now = code_of[int(row)]
        then, change = special.get((int(row), int(half)), (now, "U"))
        homes = int(((land.area_of == row) & (land.half_of == half)).sum())
        pairs.append((then, now, change, int(half), homes))
        pieces.setdefault(then, []).append(polygon)
    frame = pd.DataFrame(pairs, columns=["lsoa11cd", "lsoa21cd", "change", "half", "homes"]).sort_values(
        ["lsoa11cd", "lsoa21cd"]
    )
    frame = frame.reset_index(drop=True)
    first = frame.groupby("lsoa11cd")["lsoa21cd"].first()
    council = frame["lsoa11cd"].map(first).map(table["lad24nm"])
    old_names = frame["lsoa11cd"].map(first).map(table["lsoa21nm"])
    made_up = frame["lsoa11cd"].isin(list(old.values()))
    letters = frame["lsoa11cd"].map(dict(zip(old.values(), "PQRST", strict=True)))
    old_names = old_names.where(~made_up, old_names.str[:-1] + letters.fillna(""))
    fit = pd.DataFrame(
        {
            "LSOA11CD": frame["lsoa11cd"], "LSOA11NM": old_names, "LSOA21CD": frame["lsoa21cd"],
            "LSOA21NM": frame["lsoa21cd"].map(table["lsoa21nm"]), "CHGIND": frame["change"],
            "LAD22CD": frame["lsoa21cd"].map(table["lad24cd"]), "LAD22NM": council,
        }
    )  # fmt: skip
    outlines = {code: shapely.union_all(parts) for code, parts in sorted(pieces.items())}
    return fit, frame.drop(columns="change"), outlines
