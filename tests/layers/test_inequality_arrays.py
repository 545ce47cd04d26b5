"""Figures of inequality on plain arrays (methods M5): by hand, by a second route, and the same as with labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.gradient import fifths, ranks
from layers.inequality import concentration_index, gap, slope_index
from layers.inequality_arrays import by_fifth, concentration_of, group_mean, slope_of, weighted_means, wilson
from layers.rates import proportion

NAN = float("nan")
SEEDS = st.integers(0, 2**32 - 1)


def place(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    people = random.integers(1, 3_000, n).astype(float)
    order = np.argsort(random.random(n))
    position = np.empty(n)
    position[order] = (np.cumsum(people[order]) - people[order] / 2) / people.sum()
    return 5 + random.random(n) * 10 + 8 * position, position, people


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.sampled_from([None, "log"]), st.booleans())
def test_slope_without_labels_is_the_one_with_labels_to_the_last_bit(seed, transform, with_limits):
    value, position, people = place(seed)
    limits = (value * 0.9, value * 1.2) if with_limits else None
    found = slope_of(value, position, people, transform=transform, limits=limits, draws=130, seed=seed)
    index = pd.Index([f"E{i:08}" for i in range(len(value))])
    labelled = [pd.Series(each, index=index) for each in (value, position, people)]
    own = {"lower": pd.Series(limits[0], index=index), "upper": pd.Series(limits[1], index=index)} if limits else {}
    assert found == slope_index(*labelled, transform=transform, draws=130, seed=seed, **own)


def test_a_message_names_the_row():
    value, position, people = place(1)
    position[7] = 1.5
    with pytest.raises(ValueError, match=r"need position of 8 is 1\.5; expected 0 to 1"):
        slope_of(value, position, people)
    with pytest.raises(ValueError, match=r"need position of E8 is 1\.5"):
        slope_of(value, position, people, names=[f"E{row + 1}" for row in range(len(value))])


def test_wilson_limits_of_published_examples():
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    low, high = wilson(np.array([81.0, 15, 0, 1]), np.array([263.0, 148, 20, 29]))
    assert low == pytest.approx([0.2553, 0.0624, 0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=8), st.sampled_from([0.9, 0.95])
)
def test_wilson_limits_are_those_of_the_rates(pairs, confidence):
    count = np.array([float(min(pair)) for pair in pairs])
    among = np.array([float(max(pair)) for pair in pairs])
    table = proportion(pd.Series(count), pd.Series(among), confidence=confidence)
    low, high = wilson(count, among, confidence)
    assert low == pytest.approx(table["lower"].to_numpy(), abs=1e-12, nan_ok=True)
    assert high == pytest.approx(table["upper"].to_numpy(), abs=1e-12, nan_ok=True)


def test_need_fifths_are_summed_from_counts_and_never_averaged_from_rates():
    # Two neighbourhoods in fifth 1: 1 of 10 and 90 of 190. 91 of 200 is .455; the mean of the rates is .287.
    value, fifth = np.array([0.1, 90 / 190, 0.5]), np.array([1, 1, 5])
    count, among = np.array([1.0, 90, 5]), np.array([10.0, 190, 10])
    first, second, *_, last = by_fifth(value, fifth, among, counts=(count, among))
    assert (first.value, first.people, first.neighbourhoods) == (0.455, 200, 2)
    assert (first.lower, first.upper) == pytest.approx(
        tuple(float(x) for x in np.array(wilson(np.array([91.0]), np.array([200.0]))).ravel())
    )
    assert (second.value, second.lower, second.people) == (None, None, 0)
    assert last.value == 0.5


def test_need_fifths_without_counts_are_means_over_people_and_unknown_is_not_zero():
    value, fifth = np.array([10.0, 20, NAN, 7]), np.array([1, 1, 1, 0])
    first = by_fifth(value, fifth, np.array([300.0, 100, 500, 50]))[0]
    assert (first.value, first.people, first.neighbourhoods) == (12.5, 400, 2)
    assert (first.lower, first.upper) == (None, None)  # two neighbourhoods say nothing about their scatter


def test_limits_of_a_mean_cover_it_and_hang_on_the_seed_alone():
    random = np.random.default_rng(3)
    people = random.integers(500, 2_000, 40).astype(float)
    hits = 0
    for seed in range(200):
        value = 10 + random.normal(0, 2, 40)
        row = by_fifth(value, np.ones(40, dtype=np.int64), people, draws=400, confidence=0.9, seed=seed)[0]
        assert row.lower is not None
        assert row.upper is not None
        hits += row.lower <= 10 <= row.upper
    assert 0.83 <= hits / 200 <= 0.96, hits / 200
    assert (weighted_means(value, people, 70, [1]) == weighted_means(value, people, 70, [1])).all()
    assert (weighted_means(value, people, 70, [1]) != weighted_means(value, people, 70, [2])).any()


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_gap_and_concentration_are_those_with_labels(seed):
    value, position, people = place(seed)
    labelled = [pd.Series(each) for each in (value, position, people)]
    rows = by_fifth(value, fifths(ranks(position)), people, draws=0)
    found = gap(*labelled)
    assert (rows[0].value, rows[4].value) == pytest.approx((found.worst, found.best), rel=1e-12)
    assert concentration_of(value, position, people) == pytest.approx(concentration_index(*labelled), rel=1e-12)


def test_a_group_lives_where_it_is_counted():
    # 30 x 10 + 10 x 20 over 40 people; where the value is missing 5 more live; one cell is unknown.
    assert group_mean(np.array([10.0, 20, NAN, 50]), np.array([30.0, 10, 5, NAN])) == (12.5, 40, 5, 1)
    assert group_mean(np.array([NAN]), np.array([5.0])) == (None, 0, 5, 0)
