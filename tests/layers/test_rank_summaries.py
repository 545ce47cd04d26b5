"""Drawn ranks summed up for a place and its parts (methods M9): by hand, laws, and a second route."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from layers.rank_summaries import CLASSES, DrawnRanks, class_names, classes, interval, ranks_among

ALL_COUNTED = 1.0


def drawn(ranks: object, counted: object = ALL_COUNTED) -> DrawnRanks:
    table = np.asarray(ranks, dtype=np.uint16)
    return DrawnRanks(table, np.broadcast_to(np.asarray(counted, dtype=float), len(table)).copy())


def random_ranks(areas: int, draws: int, seed: int, *, ties: bool = False) -> np.ndarray:
    values = np.random.default_rng(seed).integers(0, areas // 3 + 2 if ties else 10**9, (areas, draws))
    return rankdata(values, method="min", axis=0).astype(np.uint16)


def test_an_interval_and_a_chance_by_hand():
    # 10 neighbourhoods, 20 draws: the first is first in 19 draws and third in one, the third the other way round.
    ranks = np.tile(np.arange(1, 11)[:, None], (1, 20))
    ranks[0, 7], ranks[2, 7] = 3, 1
    found = drawn(ranks).within()
    # 5 and 95 % of 20 draws: the first and the last but none (floor .95, ceiling 18.05) of the ordered ranks.
    assert found.low[:3].tolist() == [1, 2, 1]
    assert found.high[:3].tolist() == [3, 2, 3]
    # The fifth of 10 has 2: rank 1 or 2.
    assert found.chance.tolist() == [19 / 20, 1, 1 / 20, *[0] * 7]
    assert class_names(found.code)[:4] == ["surely in", "surely in", "surely out", "surely out"]


def test_the_classes_by_hand():
    chance, counted = np.array([0.95, 0.9, 0.5, 0.1, 0.95, 0.95]), np.array([1, 1, 1, 1, 2 / 3, 0.66])
    found = class_names(classes(chance, counted))
    assert found == ["surely in", "surely in", "borderline", "surely out", "surely in", "method only"]
    assert class_names(np.array([0])) == [""]


def test_ranks_within_a_part_are_among_its_own():
    place = drawn([[1, 5], [2, 4], [3, 3], [4, 2], [5, 1], [6, 6]])
    found = place.within(np.array([5, 1, 3]))
    assert found.low.tolist() == [3, 1, 1]
    assert found.high.tolist() == [3, 2, 2]


def test_fewer_than_five_have_ranks_but_no_fifth():
    found = drawn(np.tile(np.arange(1, 5)[:, None], (1, 30))).within()
    assert found.low.tolist() == [1, 2, 3, 4]
    assert np.isnan(found.chance).all()
    assert found.code.tolist() == [0] * 4


def test_no_score_is_missing_and_takes_no_rank():
    place = drawn([[9, 9], [1, 2], [2, 1], [3, 3], [4, 4], [5, 5]], [np.nan, 1, 1, 1, 1, 1])
    found = place.within()
    assert (found.low[0], found.high[0], found.code[0]) == (0, 0, 0)
    assert np.isnan(found.chance[0])
    assert found.low[1:].tolist() == [1, 1, 3, 4, 5]
    assert found.chance[1:3].tolist() == [0.5, 0.5]


def test_nobody_with_a_score_gives_nothing():
    found = drawn(np.ones((3, 4)), np.nan).within(np.array([0, 2]))
    assert found.low.tolist() == [0, 0]
    assert np.isnan(found.chance).all()


@settings(max_examples=200)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 99), st.booleans())
def test_ranks_among_are_those_of_scipy(areas, draws, seed, ties):
    values = random_ranks(areas, draws, seed, ties=ties)
    np.testing.assert_array_equal(ranks_among(values), rankdata(values, method="min", axis=0))


@pytest.mark.parametrize("areas", [12, 90])
def test_counting_and_sorting_give_the_same_summary(areas):
    ranks = random_ranks(areas, 70, 3, ties=True)
    counted, ordered = interval(ranks, among=areas), np.sort(ranks, axis=1)
    assert counted[0].tolist() == ordered[:, 3].tolist()  # floor(.05 x 69)
    assert counted[1].tolist() == ordered[:, 66].tolist()  # ceiling(.95 x 69)
    np.testing.assert_array_equal(counted[2], (ranks <= areas // 5).mean(axis=1))
    sorted_route = interval(ranks.astype(np.uint32), among=10**6)  # more ranked than there are draws
    np.testing.assert_array_equal(sorted_route[0], counted[0])
    np.testing.assert_array_equal(sorted_route[1], counted[1])


@settings(max_examples=60)
@given(st.integers(6, 80), st.integers(0, 99), st.booleans())
def test_many_parts_at_once_are_each_part_alone(areas, seed, gaps):
    rng = np.random.default_rng(seed)
    counted = np.where(rng.random(areas) < 0.2 * gaps, np.nan, 0.9)
    ranks, scored = np.zeros((areas, 40)), np.isfinite(counted)
    ranks[scored] = random_ranks(int(scored.sum()), 40, seed, ties=True)
    place = drawn(ranks, counted)
    parts = [np.sort(rng.choice(areas, size=rng.integers(1, areas + 1), replace=False)) for _ in range(12)]
    for rows, found in zip(parts, place.within_each(parts), strict=True):
        alone = place.within(rows)
        for name in ("low", "high", "chance", "code"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))


@settings(max_examples=60)
@given(st.integers(5, 60), st.integers(0, 99))
def test_laws_of_a_summary(areas, seed):
    found = drawn(random_ranks(areas, 50, seed)).within()
    assert ((found.low >= 1) & (found.low <= found.high) & (found.high <= areas)).all()
    # In every draw without ties just so many are in the top fifth.
    assert found.chance.sum() == pytest.approx(areas // 5)
    assert set(class_names(found.code)) <= set(CLASSES)
