"""Clusters (methods M8): contiguity, sums by hand, exact enumeration, agreement with esda, refusals."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import false_discovery_control

from geodata.boundaries import read_boundaries
from geodata.deprivation import read_file7
from layers.clusters import (
    NO_NEIGHBOUR,
    NO_VALUE,
    NOT_SIGNIFICANT,
    Contiguity,
    hot_spots,
    local_clusters,
    queen_neighbours,
)


def squares(*corners: tuple[float, float]) -> gpd.GeoSeries:
    codes = [f"E0100{i:04d}" for i in range(len(corners))]
    return gpd.GeoSeries([shapely.box(x, y, x + 1, y + 1) for x, y in corners], index=codes, crs="EPSG:27700")


def grid(side: int) -> gpd.GeoSeries:
    return squares(*((x, y) for y in range(side) for x in range(side)))


def as_weights(neighbours: Contiguity) -> Any:
    from libpysal.weights import W  # it and esda take seconds to import

    around = {i: [] for i in range(len(neighbours.codes))}
    for first, second in zip(neighbours.first, neighbours.second, strict=True):
        around[int(first)].append(int(second))
    return W(around, silence_warnings=True)


def pairs(neighbours: Contiguity) -> set[tuple[int, int]]:
    return set(zip(neighbours.first.tolist(), neighbours.second.tolist(), strict=True))


# Contiguity


def test_edges_and_corners_are_neighbours():
    found = queen_neighbours(grid(3))
    assert found.degree().tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert found.joined == ()
    assert {(b, a) for a, b in pairs(found)} == pairs(found)


def test_an_island_is_joined_to_the_nearest_and_counted():
    found = queen_neighbours(squares((0, 0), (1, 0), (9, 0), (2.5, 0)))
    assert found.joined == ("E01000002", "E01000003")
    assert pairs(found) == {(0, 1), (1, 0), (1, 3), (3, 1), (2, 3), (3, 2)}


def test_between_equally_near_ones_the_lowest_code_takes_the_island():
    shapes = squares((0, 0), (1, 0), (10, 0), (11, 0), (5.5, 0))
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0]):
        found = queen_neighbours(shapes.iloc[order])
        codes = {(found.codes[a], found.codes[b]) for a, b in pairs(found)}
        assert ("E01000004", "E01000001") in codes
        assert ("E01000004", "E01000002") not in codes


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        (grid(1), "one neighbourhood has no neighbours"),
        (gpd.GeoSeries([shapely.box(0, 0, 1, 1), None], index=["a", "b"]), "b has no boundary"),
        (gpd.GeoSeries([shapely.box(0, 0, 1, 1)] * 2, index=["a", "a"]), "a is there twice"),
    ],
)
def test_what_has_no_neighbours_is_refused(shapes, says):
    with pytest.raises(ValueError, match=says):
        queen_neighbours(shapes)


# The statistics


def test_local_moran_by_hand():
    # In a row: 1, 2, 3, 6; mean 3, z = -2, -1, 0, 3, sum of squares 14, n - 1 = 3.
    neighbours = queen_neighbours(squares((0, 0), (1, 0), (2, 0), (3, 0)))
    found = local_clusters(pd.Series([1.0, 2, 3, 6], neighbours.codes), neighbours)
    expected = [3 * -2 * -1 / 14, 3 * -1 * -1 / 14, 0, 0]
    assert found["statistic"].tolist() == pytest.approx(expected, abs=1e-12)


def test_gi_star_by_hand():
    # Own and next: -3, -3, 2, 3 of z; spread sqrt(14/4); size 2, 3, 3, 2 of n = 4: sqrt((4 s - s^2)/3).
    neighbours = queen_neighbours(squares((0, 0), (1, 0), (2, 0), (3, 0)))
    found = hot_spots(pd.Series([1.0, 2, 3, 6], neighbours.codes), neighbours)
    spread = np.sqrt(3.5)
    ends, middle = np.sqrt(4 / 3), 1.0
    expected = [-3 / (spread * ends), -3 / (spread * middle), 2 / (spread * middle), 3 / (spread * ends)]
    assert found["statistic"].tolist() == pytest.approx(expected)


def exact_p_values(values: np.ndarray, neighbours: Contiguity) -> list[float]:
    """Every choice of neighbours among the others, counted."""
    found = []
    for i in range(len(values)):
        around = neighbours.second[neighbours.first == i]
        others = [j for j in range(len(values)) if j != i]
        sums = np.array([values[list(chosen)].sum() for chosen in combinations(others, len(around))])
        ours = values[around].sum()
        found.append(min(1.0, 2 * min((sums >= ours - 1e-9).mean(), (sums <= ours + 1e-9).mean())))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_p_values_are_those_of_every_possible_permutation(seed):
    neighbours = queen_neighbours(grid(3))
    values = pd.Series(np.random.default_rng(seed).exponential(size=9), neighbours.codes)
    expected = exact_p_values(values.to_numpy(), neighbours)
    for method in (local_clusters, hot_spots):
        found = method(values, neighbours, permutations=50_000)["p_value"]
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_ties_count_on_both_sides():
    neighbours = queen_neighbours(grid(3))
    values = pd.Series([0.1, 0.2, 0.3] * 3, neighbours.codes)
    expected = exact_p_values(values.to_numpy(), neighbours)
    np.testing.assert_allclose(local_clusters(values, neighbours, permutations=20_000)["p_value"], expected, atol=0.03)


def planted(side: int = 20) -> tuple[pd.Series, Contiguity]:
    """Noise, with a high block in one corner and a low one in the opposite."""
    neighbours = queen_neighbours(grid(side))
    values = np.random.default_rng(7).standard_normal((side, side))
    values[:4, :4] += 4
    values[-4:, -4:] -= 4
    return pd.Series(values.ravel(), neighbours.codes), neighbours


def test_planted_clusters_are_found_and_the_rest_is_plain():
    values, neighbours = planted()
    found = local_clusters(values, neighbours)["cluster"].to_numpy().reshape(20, 20)
    assert (found[1:3, 1:3] == "high among high").all()
    assert (found[-3:-1, -3:-1] == "low among low").all()
    assert (found[6:14, 6:14] == NOT_SIGNIFICANT).mean() > 0.95
    spots = hot_spots(values, neighbours)["cluster"].to_numpy().reshape(20, 20)
    assert (spots[:3, :3] == "hot spot").all()
    assert (spots[-3:, -3:] == "cold spot").all()


def test_nothing_is_found_in_noise():
    _, neighbours = planted()
    flagged = 0
    for seed in range(20):
        noise = pd.Series(np.random.default_rng(100 + seed).standard_normal(400), neighbours.codes)
        flagged += (local_clusters(noise, neighbours, permutations=999)["cluster"] != NOT_SIGNIFICANT).any()
    assert flagged <= 3  # 5 % of twenty, with chance's room


def test_the_same_seed_gives_the_same_table():
    values, neighbours = planted(8)
    again = [local_clusters(values, neighbours, permutations=1_500, seed=seed) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(again[0], again[1])
    assert not again[0]["p_value"].equals(again[2]["p_value"])


def test_q_values_are_those_of_scipy():
    values, neighbours = planted(8)
    found = local_clusters(values, neighbours, permutations=199)  # few, so that many p-values are equal
    assert found["q_value"].tolist() == false_discovery_control(found["p_value"]).tolist()


def test_a_change_of_unit_changes_nothing():
    values, neighbours = planted(8)
    pd.testing.assert_frame_equal(
        local_clusters(values, neighbours, permutations=999),
        local_clusters(3 * values + 7, neighbours, permutations=999),
    )


def test_missing_values_take_no_part():
    values, neighbours = planted(8)
    values.iloc[[1, 8, 9, 30]] = np.nan  # all around the first, and one more
    for method in (local_clusters, hot_spots):
        found = method(values, neighbours, permutations=999)
        assert found["cluster"].iloc[0] == NO_NEIGHBOUR
        assert (found["cluster"].iloc[[1, 8, 9, 30]] == NO_VALUE).all()
        assert found[["statistic", "p_value", "q_value"]].iloc[[0, 1, 8, 9, 30]].isna().all(axis=None)
        assert found["p_value"].notna().sum() == 59


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: v * 0, "the same value"),
        (lambda v: v * np.nan, "0 of 16 neighbourhoods have a value"),
        (lambda v: v.where(v.index == v.index[0]), "1 of 16"),
        (lambda v: v.mask(v.index == v.index[0], np.inf), "infinite"),
        (lambda v: v.iloc[::-1], "same order"),
    ],
)
def test_values_that_cannot_gather_are_refused(change, says):
    values, neighbours = planted(4)
    with pytest.raises(ValueError, match=says):
        local_clusters(change(values), neighbours)


def test_too_few_permutations_are_refused():
    values, neighbours = planted(4)
    with pytest.raises(ValueError, match="at least 99"):
        hot_spots(values, neighbours, permutations=10)


# esda folds a p-value to one side, which it calls too small; ours is two-sided, so twice that.


@pytest.mark.filterwarnings("ignore:The alternative hypothesis")
def test_statistics_and_p_values_are_those_of_esda():
    from esda import G_Local, Moran_Local

    values, neighbours = planted()
    values = values + 20  # esda's G is a share of the sum, which must be positive
    weights, permutations = as_weights(neighbours), 9_999
    moran = Moran_Local(values.to_numpy(), weights, permutations=permutations, n_jobs=1, seed=1)
    ours = local_clusters(values, neighbours, permutations=permutations)
    np.testing.assert_allclose(ours["statistic"], moran.Is, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours["p_value"].clip(upper=0.98) / 2, np.minimum(moran.p_sim, 0.49), atol=0.03)
    spots = G_Local(values.to_numpy(), weights, transform="B", star=True, permutations=permutations, n_jobs=1, seed=1)
    ours = hot_spots(values, neighbours, permutations=permutations)
    np.testing.assert_allclose(ours["statistic"], spots.Zs, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours["p_value"].clip(upper=0.98) / 2, np.minimum(spots.p_sim, 0.49), atol=0.03)


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:The alternative hypothesis")
def test_luton_gathers_as_esda_says(sources_dir):
    from esda import Moran_Local

    outlines = read_boundaries(sources_dir / "geography/lsoa21_bgc_luton.geojson").table.geometry
    score = read_file7(sources_dir / "deprivation/iod2025_file7_lsoa21_england.csv.gz").table["imd_score"]
    neighbours = queen_neighbours(outlines)
    assert (len(neighbours.codes), neighbours.joined) == (125, ())
    values = score.reindex(neighbours.codes)
    found = local_clusters(values, neighbours)
    moran = Moran_Local(values.to_numpy(), as_weights(neighbours), permutations=9_999, n_jobs=1, seed=1)
    np.testing.assert_allclose(found["statistic"], moran.Is, rtol=1e-9, atol=1e-12)
    assert np.abs(found["p_value"].clip(upper=0.98) / 2 - np.minimum(moran.p_sim, 0.49)).max() < 0.03
    sure = found["cluster"] != NOT_SIGNIFICANT
    assert 5 < sure.sum() < 60
    quadrant = pd.Series(moran.q, neighbours.codes).map(
        {1: "high among high", 2: "low among high", 3: "low among low", 4: "high among low"}
    )
    assert (found["cluster"][sure] == quadrant[sure]).all()
