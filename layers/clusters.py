"""Where high or low values gather: local Moran and Getis-Ord Gi* with permutations (methods M8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

PERMUTATIONS = 9_999
FALSE_DISCOVERY_RATE = 0.05
SEED = 20_211_201
BLOCK = 1_000  # permutations drawn from one child of the seed
TIE = 1e-9  # sums of the same values in another order differ by less; counted as equal
NOT_SIGNIFICANT, NO_VALUE, NO_NEIGHBOUR = "not significant", "no value", "no neighbour with a value"
Vector = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Contiguity:
    """Which neighbourhoods touch, at an edge or a corner.

    Attributes
    ----------
    codes : pandas.Index, shape (n,)
        As the boundaries.
    first, second : array of int, shape (2 m,)
        Positions of the m pairs, each both ways, sorted by `first`, then `second`.
    joined : tuple of str
        Islands, which touch nothing and were joined to the nearest neighbourhood.
    """

    codes: pd.Index
    first: Indices
    second: Indices
    joined: tuple[str, ...] = ()

    def degree(self) -> Indices:
        """Return the number of neighbours of each, shape (n,)."""
        return np.bincount(self.first, minlength=len(self.codes))


def queen_neighbours(boundaries: gpd.GeoSeries) -> Contiguity:
    """Find which boundaries share an edge or a corner; join islands to the nearest.

    Parameters
    ----------
    boundaries : geopandas.GeoSeries, shape (n,), index lsoa21cd
        As published, in metres, before any simplification (which opens and closes gaps).

    Returns
    -------
    Contiguity
        Between boundaries at equal distance an island is joined to the one with the lowest code.

    Raises
    ------
    ValueError
        If there are fewer than two, a code is there twice, or a shape is missing.
    """
    if len(boundaries) < 2:
        raise ValueError("one neighbourhood has no neighbours: at least two are needed")
    if not boundaries.index.is_unique:
        raise ValueError(f"{boundaries.index[boundaries.index.duplicated()][0]} is there twice")
    shapes = boundaries.to_numpy()
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if absent.any():
        raise ValueError(f"{boundaries.index[absent][0]} has no boundary")
    tree = shapely.STRtree(shapes)
    pairs = tree.query(shapes, predicate="intersects")
    pairs = pairs[:, pairs[0] != pairs[1]]
    islands = np.flatnonzero(np.bincount(pairs[0], minlength=len(shapes)) == 0)
    bridges = _nearest(tree, shapes, islands, boundaries.index)
    pairs = np.unique(np.hstack([pairs, bridges, bridges[::-1]]), axis=1)
    joined = tuple(str(code) for code in boundaries.index[islands])
    return Contiguity(boundaries.index, pairs[0].astype(np.int64), pairs[1].astype(np.int64), joined)


def _nearest(tree: shapely.STRtree, shapes: np.ndarray, islands: Indices, codes: pd.Index) -> Indices:
    """Return pairs (island, nearest), shape (2, number of islands)."""
    if not len(islands):
        return np.empty((2, 0), dtype=np.int64)
    island, other = tree.query_nearest(shapes[islands], exclusive=True, all_matches=True)
    found = pd.DataFrame({"island": islands[island], "other": other, "code": codes[other]})
    found = found[found["island"] != found["other"]].sort_values(["island", "code"]).drop_duplicates("island")
    return found[["island", "other"]].to_numpy(dtype=np.int64).T


def local_clusters(
    values: pd.Series, neighbours: Contiguity, *, permutations: int = PERMUTATIONS, seed: int = SEED
) -> pd.DataFrame:
    """Local Moran: neighbourhoods that are like, or unlike, those around them.

    Parameters
    ----------
    values : pandas.Series, index as ``neighbours.codes``
        Any measure; a neighbourhood without a value takes no part and is nobody's neighbour.
    neighbours : Contiguity
        Each neighbour counts the same; weights of a row sum to 1.
    permutations : int
        Draws of other neighbourhoods' values to the places around each one.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    pandas.DataFrame, index as `values`
        ``statistic``, ``p_value`` (two-sided, at least ``2 / (permutations + 1)``), ``q_value`` (after
        Benjamini-Hochberg) and ``cluster``: "high among high", "low among low", "high among low", "low among
        high", "not significant" at a false discovery rate of 5 %, "no value" or "no neighbour with a value".

    Raises
    ------
    ValueError
        If values and neighbours are of other areas, a value is infinite, fewer than two have values, or
        all values are the same.

    References
    ----------
    ``I_i = (n - 1) z_i sum_j w_ij z_j / sum z^2``: Anselin (1995). Methods M8.
    """
    return _tested(values, neighbours, permutations, seed, [_moran])[0]


def hot_spots(
    values: pd.Series, neighbours: Contiguity, *, permutations: int = PERMUTATIONS, seed: int = SEED
) -> pd.DataFrame:
    """Getis-Ord Gi*: neighbourhoods where high or low values gather, their own counted in.

    Parameters
    ----------
    values, neighbours, permutations, seed
        As for `local_clusters`; a neighbourhood is here also its own neighbour.

    Returns
    -------
    pandas.DataFrame, index as `values`
        ``statistic`` (standard deviations from what is expected; positive = high), ``p_value``, ``q_value`` and
        ``cluster``: "hot spot", "cold spot", "not significant", "no value" or "no neighbour with a value".

    Raises
    ------
    ValueError
        As for `local_clusters`.

    References
    ----------
    Ord and Getis (1995), with binary weights; p-values by conditional permutation. Methods M8.
    """
    return _tested(values, neighbours, permutations, seed, [_gi_star])[0]


def clusters_and_hot_spots(
    values: pd.Series, neighbours: Contiguity, *, permutations: int = PERMUTATIONS, seed: int = SEED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `local_clusters` and `hot_spots` return, in half the time: both rest on the same draws.

    Parameters and errors are those of `local_clusters`.

    Returns
    -------
    tuple of pandas.DataFrame
        Local Moran, then Gi*.

    References
    ----------
    Methods M8.
    """
    moran, spots = _tested(values, neighbours, permutations, seed, [_moran, _gi_star])
    return moran, spots


@dataclass(frozen=True)
class _Part:
    """The neighbourhoods that take part: deviations from the mean, sum over neighbours, number of neighbours."""

    z: Vector
    around: Vector
    degree: Indices


Measure = Callable[[_Part], tuple[Vector, np.ndarray]]


def _moran(part: _Part) -> tuple[Vector, np.ndarray]:
    lag = part.around / np.maximum(part.degree, 1)
    statistic = (len(part.z) - 1) * part.z * lag / (part.z @ part.z)
    own, others = np.where(part.z > 0, "high", "low"), np.where(lag > 0, "high", "low")
    return statistic, np.char.add(np.char.add(own, " among "), others)


def _gi_star(part: _Part) -> tuple[Vector, np.ndarray]:
    n, size = len(part.z), part.degree + 1.0
    spread = np.sqrt(part.z @ part.z / n)
    # Zero where a neighbourhood touches all others: its surroundings are the whole place.
    scale = spread * np.sqrt(np.maximum(n * size - size**2, 0) / (n - 1))
    statistic = np.divide(part.around + part.z, scale, out=np.zeros(n), where=scale > 0)
    return statistic, np.where(statistic > 0, "hot spot", "cold spot")


def _tested(
    values: pd.Series, neighbours: Contiguity, permutations: int, seed: int, measures: Sequence[Measure]
) -> list[pd.DataFrame]:
    _check(values, neighbours, permutations)
    known = values.notna().to_numpy()
    place = np.cumsum(known) - 1  # position among those that take part
    both = known[neighbours.first] & known[neighbours.second]
    first, second = place[neighbours.first[both]], place[neighbours.second[both]]
    z = values.to_numpy(dtype=float)[known]
    z = z - z.mean()
    around = np.bincount(first, weights=z[second], minlength=len(z)).astype(np.float64)
    part = _Part(z, around, np.bincount(first, minlength=len(z)))
    p_value = _two_sided(part, permutations, seed)
    found = (measure(part) for measure in measures)
    return [_table(values.index, known, part.degree > 0, statistic, p_value, label) for statistic, label in found]


def _check(values: pd.Series, neighbours: Contiguity, permutations: int) -> None:
    if not values.index.equals(neighbours.codes):
        raise ValueError("values and neighbours must be of the same neighbourhoods in the same order")
    if permutations < 99:
        raise ValueError(f"{permutations} permutations; at least 99 are needed")
    known = values.dropna()
    if np.isinf(known.to_numpy(dtype=float)).any():
        raise ValueError("a value is infinite")
    if len(known) < 2:
        raise ValueError(f"{len(known)} of {len(values)} neighbourhoods have a value; at least two are needed")
    if not known.max() > known.min():
        raise ValueError("every neighbourhood has the same value: there is nothing to gather")


def _table(
    index: pd.Index, known: np.ndarray, linked: np.ndarray, statistic: Vector, p_value: Vector, label: np.ndarray
) -> pd.DataFrame:
    q_value = np.full(len(p_value), np.nan)
    if linked.any():
        q_value[linked] = _q_values(p_value[linked])
    label = np.where(q_value <= FALSE_DISCOVERY_RATE, label, NOT_SIGNIFICANT)
    parts = {"statistic": (statistic, np.nan), "p_value": (p_value, np.nan), "q_value": (q_value, np.nan)}
    table = pd.DataFrame(index=index)
    for name, (figures, missing) in parts.items():
        column = np.full(len(index), missing)
        column[known] = np.where(linked, figures, np.nan)
        table[name] = column
    clusters = np.full(len(index), NO_VALUE, dtype=object)
    clusters[known] = np.where(linked, label, NO_NEIGHBOUR)
    return table.assign(cluster=clusters)


def _q_values(p_value: Vector) -> Vector:
    """Give the least share of false discoveries at which each would be one: Benjamini and Hochberg (1995)."""
    order = np.argsort(p_value)
    stepped = p_value[order] * (len(p_value) / np.arange(1.0, len(p_value) + 1))
    found = np.empty(len(p_value))
    found[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return np.clip(found, 0.0, 1.0)


def _two_sided(part: _Part, permutations: int, seed: int) -> Vector:
    """Twice the smaller share of draws at or beyond the sum over neighbours, never above 1.

    Moran's statistic and Gi* both rise or fall with that sum, so they share it. The draws are shared
    by all neighbourhoods: each draw is an order of all n; a neighbourhood with k neighbours takes the
    first k that are not itself, which is a random choice among the others.
    """
    longest = int(part.degree.max(initial=0))
    upper, lower = np.zeros(len(part.z), dtype=np.int64), np.zeros(len(part.z), dtype=np.int64)
    sizes = [BLOCK] * (permutations // BLOCK) + [permutations % BLOCK] * (permutations % BLOCK > 0)
    for block, size in enumerate(sizes):
        above, below = _beyond(part, _orders(len(part.z), longest + 1, size, seed, block))
        upper += above
        lower += below
    return np.minimum(1.0, 2 * (np.minimum(upper, lower) + 1) / (permutations + 1))


@lru_cache(maxsize=16)  # many columns of one place take the same orders
def _orders(n: int, length: int, draws: int, seed: int, block: int) -> Indices:
    """Return the first `length` places of random orders of n, shape (draws, at most n): child `block` of the seed."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    if n <= 8 * length:
        return rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)[:, :length]
    chosen = np.empty((draws, length), dtype=np.int64)
    for k in range(length):
        again = np.arange(draws)
        while len(again):  # a place already taken is drawn again
            chosen[again, k] = rng.integers(n, size=len(again))
            again = again[(chosen[again, :k] == chosen[again, k, None]).any(axis=1)]
    return chosen


def _beyond(part: _Part, orders: Indices) -> tuple[Indices, Indices]:
    """Return how many draws reach at least, and at most, the sum over each one's neighbours."""
    n, draws = len(part.z), len(orders)
    drawn = part.z[orders]
    sums = np.hstack([np.zeros((draws, 1)), np.cumsum(drawn, axis=1)])  # column k: the first k
    slack = TIE * np.abs(part.z).max()
    high, low = part.around - slack, part.around + slack
    above, below = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for k in np.unique(part.degree):
        ours = np.flatnonzero(part.degree == k)
        ordered = np.sort(sums[:, k])
        above[ours] = draws - np.searchsorted(ordered, high[ours], side="left")
        below[ours] = np.searchsorted(ordered, low[ours], side="right")
    # Draws that hold the neighbourhood itself among its first k: leave it out, take one more.
    draw, place = np.nonzero(np.arange(orders.shape[1]) < part.degree[orders])
    own = orders[draw, place]
    k = part.degree[own]
    wrong, right = sums[draw, k], sums[draw, k + 1] - part.z[own]
    above += _counted(own, (right >= high[own]).astype(float) - (wrong >= high[own]), n)
    below += _counted(own, (right <= low[own]).astype(float) - (wrong <= low[own]), n)
    return above, below


def _counted(own: Indices, change: Vector, n: int) -> Indices:
    return np.rint(np.bincount(own, weights=change, minlength=n)).astype(np.int64)
