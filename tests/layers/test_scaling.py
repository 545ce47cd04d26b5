"""Scales (methods M4, step 4): sums by hand, refusals, and laws over random indicators."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.scaling import exponential, min_max, ridit, z_score

LAW = settings(max_examples=1_000)
CODES = pd.Index([f"E0100{i:04d}" for i in range(130)], dtype=object)
Case = tuple[list[int | None], list[int]]


def read_case(drawn: bytes) -> Case:
    """Three bytes a neighbourhood: a level of 0 to 12, or none at 13, and its people in tenths."""
    triples = [drawn[i : i + 3] for i in range(0, len(drawn) - 2, 3)]
    levels = [None if triple[0] % 14 == 13 else triple[0] % 14 for triple in triples]
    return levels, [1 + 256 * triple[1] + triple[2] for triple in triples]


CASES = st.binary(min_size=3, max_size=36).map(read_case)


def indicator(values: list[float | None]) -> pd.Series:
    return pd.Series(values, index=CODES[: len(values)], dtype=float, name="overcrowded_share")


def inexact(levels: list[int | None]) -> pd.Series:
    """Values that floating point cannot hold exactly."""
    return indicator([None if level is None else 0.1 + 0.7 * level for level in levels])


def people_of(tenths: list[int]) -> pd.Series:
    return pd.Series(np.array(tenths) / 10, index=CODES[: len(tenths)])


def known(series: pd.Series) -> np.ndarray:
    return series.dropna().to_numpy()


# By hand


def test_ridit_by_hand():
    scaled = ridit(indicator([0.02, 0.10, 0.02, None]), people_of([1_000, 2_000, 1_000, 9_000]))
    # Of 400 people where it is known, 200 at .02 -> 100 of 400 = 25; 200 at .10 -> 200 + 100 = 75.
    assert scaled.tolist()[:3] == [25.0, 75.0, 25.0]
    assert math.isnan(scaled.iloc[3])
    assert scaled.name == "overcrowded_share"
    assert scaled.index.equals(CODES[:4])


def test_ridit_leaves_out_those_who_are_not_eligible():
    assert ridit(indicator([1, 2, 3]), people_of([10, 0, 10])).tolist() == [25.0, 50.0, 75.0]


def test_ridit_of_nothing_known_is_nothing():
    assert ridit(indicator([None, None]), people_of([10, 10])).isna().all()


def test_z_score_by_hand():
    # Mean 4, deviation 2: z = -1, -1, 1, 1 -> 100/3 and 200/3.
    assert z_score(indicator([2, 2, 6, 6, None])).tolist()[:4] == pytest.approx([100 / 3] * 2 + [200 / 3] * 2)
    assert math.isnan(z_score(indicator([2, 6, None])).iloc[2])


def test_z_score_is_cut_at_three_deviations():
    # Ninety-nine zeros and a hundred: mean 1, deviation sqrt(99) = 9.95, z = 9.95, cut to 3.
    scaled = z_score(indicator([0] * 99 + [100]))
    assert scaled.iloc[-1] == 100
    assert scaled.iloc[0] == pytest.approx((-1 / math.sqrt(99) + 3) / 6 * 100)


def test_min_max_by_hand():
    assert min_max(indicator([5, 10, 30, None])).tolist()[:3] == [0.0, 20.0, 100.0]
    assert math.isnan(min_max(indicator([5, 10, None])).iloc[2])


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, -3.3, 1e9])
def test_a_constant_indicator_says_nothing(value):
    constant = indicator([value] * 10 + [None])
    for scale in (z_score, min_max):
        assert scale(constant).tolist()[:10] == [50.0] * 10
        assert math.isnan(scale(constant).iloc[10])
    assert ridit(constant, people_of([10] * 11)).tolist()[:10] == [50.0] * 10


def test_exponential_by_hand():
    ranks = pd.Series([1, 2, 3, 4], index=CODES[:4], name="income_rank")
    # R = 1, 3/4, 1/2, 1/4 of the four; 1 - exp(-100/23) = .98706...
    reach = 1 - math.exp(-100 / 23)
    by_hand = [100.0, -23 * math.log(1 - 0.75 * reach), -23 * math.log(1 - 0.5 * reach), -23 * math.log(1 - reach / 4)]
    assert exponential(ranks, 4).tolist() == pytest.approx(by_hand, abs=1e-12)
    assert exponential(ranks, 4).round(3).tolist() == [100.0, 31.009, 15.647, 6.518]
    assert exponential(ranks, 4).name == "income_rank"


def test_exponential_keeps_a_missing_rank_missing():
    assert exponential(pd.Series([1, np.nan]), 2).isna().tolist() == [False, True]


def test_the_most_deprived_tenth_of_england_lies_above_50():
    scaled = exponential(pd.Series(np.arange(1, 33_756)), 33_755).to_numpy()
    assert (scaled[:3_376] > 50).all()
    # The curve passes 50 where R = 1 / (1 + exp(-50/23)): 10.2 % of the areas lie above.
    assert (scaled > 50).sum() == 3_447 == math.ceil(33_755 * (1 - 1 / (1 + math.exp(-50 / 23))))
    assert scaled[0] == pytest.approx(100, abs=1e-9)
    assert 0 < scaled[-1] < 0.001


# Refusals


@pytest.mark.parametrize("bad", [np.nan, -0.1, np.inf])
def test_ridit_refuses_people_that_are_no_count(bad):
    with pytest.raises(ValueError, match=r"^people must be zero or more everywhere to scale 'overcrowded_share'$"):
        ridit(indicator([1, 2]), pd.Series([1, bad], index=CODES[:2]))


def test_ridit_refuses_values_where_nobody_lives():
    with pytest.raises(ValueError, match=r"^nobody lives where 'overcrowded_share' is known$"):
        ridit(indicator([1, None]), people_of([0, 10]))


@pytest.mark.parametrize("bad", [0, 5, -1])
def test_exponential_refuses_a_rank_outside_the_areas(bad):
    with pytest.raises(ValueError, match=rf"^rank of E01000001 is {bad}; it runs from 1 to 4$"):
        exponential(pd.Series([1, bad], index=CODES[:2]), 4)


# Laws


@LAW
@given(CASES)
def test_ridit_is_the_exact_share_of_people_with_mean_50(case):
    levels, tenths = case
    held = [(level, count) for level, count in zip(levels, tenths, strict=True) if level is not None]
    scaled = ridit(inexact(levels), people_of(tenths))
    assert scaled.isna().tolist() == [level is None for level in levels]
    if not held:
        return
    everyone = sum(count for _, count in held)
    by_hand = [
        Fraction(sum(count * ((other < level) + (other <= level)) for other, count in held), 2 * everyone) * 100
        for level, _ in held
    ]
    found = known(scaled)
    assert np.abs(found - [float(share) for share in by_hand]).max() < 1e-9
    assert 0 < found.min() <= found.max() < 100
    assert np.average(found, weights=[count for _, count in held]) == pytest.approx(50, abs=1e-9)


@LAW
@given(CASES, st.integers(0, 11), st.integers(1, 99))
def test_ridit_is_not_moved_by_splitting_order_or_rescaling(case, which, percent):
    levels, tenths = case
    scaled = ridit(inexact(levels), people_of(tenths)).to_numpy()
    which %= len(levels)
    part = tenths[which] * percent // 100
    split = ridit(
        inexact([*levels, levels[which]]),
        people_of([*tenths[:which], part, *tenths[which + 1 :], tenths[which] - part]),
    ).to_numpy()
    assert np.allclose(split, [*scaled, scaled[which]], atol=1e-9, equal_nan=True)
    backwards = ridit(inexact(levels)[::-1], people_of(tenths)[::-1]).to_numpy()[::-1]
    assert np.allclose(backwards, scaled, atol=1e-9, equal_nan=True)
    cubed = ridit(inexact(levels) ** 3, people_of(tenths)).to_numpy()
    assert np.array_equal(cubed, scaled, equal_nan=True)


@LAW
@given(CASES)
def test_z_score_and_min_max_keep_bounds_order_and_gaps(case):
    levels, _ = case
    values = inexact(levels)
    for scale in (z_score, min_max):
        scaled = scale(values).to_numpy()
        assert np.isnan(scaled).tolist() == [level is None for level in levels]
        by_level = sorted({pair for pair in zip(levels, scaled.tolist(), strict=True) if pair[0] is not None})
        assert len(by_level) == len({level for level, _ in by_level})  # ties share one figure
        assert [figure for _, figure in by_level] == sorted(figure for _, figure in by_level)
        assert all(0 <= figure <= 100 for _, figure in by_level)
    if len(by_level) > 1:
        assert (by_level[0][1], by_level[-1][1]) == (0, pytest.approx(100))


@LAW
@given(CASES, st.integers(1, 1_000), st.integers(-1_000, 1_000))
def test_z_score_and_min_max_do_not_know_the_unit(case, factor, shift):
    values = inexact(case[0])
    for scale in (z_score, min_max):
        moved, scaled = scale(values * factor + shift).to_numpy(), scale(values).to_numpy()
        assert np.allclose(moved, scaled, atol=1e-6, equal_nan=True)


@LAW
@given(CASES)
def test_z_score_by_a_second_route(case):
    levels = case[0]
    held = [level for level in levels if level is not None]
    if len(set(held)) < 2:
        return
    mean = Fraction(sum(held), len(held))
    deviation = math.sqrt(sum((level - mean) ** 2 for level in held) / len(held))
    by_hand = [50 + 100 / 6 * max(-3, min(3, float(level - mean) / deviation)) for level in held]
    assert known(z_score(inexact(levels))).tolist() == pytest.approx(by_hand, abs=1e-9)


@LAW
@given(st.integers(1, 40_000), st.binary(min_size=1, max_size=6))
def test_exponential_falls_with_rank_from_100_and_its_top_tenth_is_above_50(areas, shares):
    ranks = np.unique([1, areas, *(1 + share * (areas - 1) // 255 for share in shares)])
    scaled = exponential(pd.Series(ranks), areas).to_numpy()
    assert scaled[0] == pytest.approx(100, abs=1e-9)
    assert (np.diff(scaled) < 0).all()
    assert scaled[-1] > 0
    assert (scaled[ranks <= areas / 10] > 50).all()
    assert (scaled[ranks > 1 + 0.1022 * areas] < 50).all()
    by_hand = [-23 * math.log1p((1 - (rank - 1) / areas) * math.expm1(-100 / 23)) for rank in ranks.tolist()]
    assert scaled.tolist() == pytest.approx(by_hand, abs=1e-9)
