"""Need position and targeting score (methods M1): sums by hand, refusals, and laws over random places."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.gradient import fifths, multiples, positions, ranks, ridits
from layers.targeting import check_dial, need_fifth, need_position, need_rank, targeting_score

LAW = settings(max_examples=1_000)
ROUNDED = 1.1e-9  # figures are rounded at nine decimals: half a unit in the position, as much again in the multiple
CODES = pd.Index([f"E0100{i:04d}" for i in range(130)], dtype=object)
Case = list[tuple[int, int]]


def read_case(drawn: bytes) -> Case:
    """Three bytes a neighbourhood: its need, 0 to 12 so that ties are common, and its people in tenths."""
    return [(drawn[i] % 13, 1 + 256 * drawn[i + 1] + drawn[i + 2]) for i in range(0, len(drawn) - 2, 3)]


NEIGHBOURHOODS = st.binary(min_size=3, max_size=30).map(read_case)  # one to ten of them
DIAL = st.integers(100, 2_000).map(lambda hundredths: hundredths / 100)
STEEP = st.integers(101, 2_000).map(lambda hundredths: hundredths / 100)


def scores(*values: float) -> pd.Series:
    return pd.Series(values, index=CODES[: len(values)], dtype=float, name="need_score")


def place(case: Case) -> tuple[pd.Series, pd.Series]:
    """Need scores that floating point cannot hold exactly, and people."""
    levels, tenths = zip(*case, strict=True)
    need = scores(*(0.1 + 7.3 * level for level in levels))
    return need, pd.Series(np.array(tenths) / 10, index=need.index, name="eligible")


def exact_positions(case: Case) -> list[Fraction]:
    """Second route: whole tenths of people, one neighbourhood at a time."""
    everyone = sum(tenths for _, tenths in case)
    below = [sum(tenths for other, tenths in case if other < level) for level, _ in case]
    level_with = [sum(tenths for other, tenths in case if other == level) for level, _ in case]
    return [Fraction(2 * under + same, 2 * everyone) for under, same in zip(below, level_with, strict=True)]


# By hand


def test_dial_of_three_by_hand():
    need = scores(20, 80)
    position = need_position(need, pd.Series([1_000, 1_000], index=need.index))
    # Midpoints of the lower and upper half of the people: 0.25 and 0.75; 2 (1 + 2u) / 4 = 0.75 and 1.25.
    assert position.tolist() == [0.25, 0.75]
    assert targeting_score(position, rho=3).tolist() == [0.75, 1.25]
    assert targeting_score(position).tolist() == [0.75, 1.25]  # three is the default


def test_position_by_hand_with_a_tie_and_unequal_people():
    need = scores(50, 10, 50, 90)
    people = pd.Series([100, 300, 100, 500], index=need.index)
    # Of 1,000: 300 at 10 -> 150; 200 at 50 -> 300 + 100; 500 at 90 -> 500 + 250.
    assert need_position(need, people).tolist() == [0.4, 0.15, 0.4, 0.75]


def test_series_carry_their_name_and_index():
    need = scores(1, 2)
    position = need_position(need, pd.Series([1, 1], index=need.index))
    for found, name in [
        (position, "need_position"),
        (targeting_score(position), "targeting_score"),
        (need_rank(need), "rank"),
        (need_fifth(need), "need_fifth"),
    ]:
        assert found.name == name
        assert found.index.equals(need.index)


def test_one_neighbourhood_is_in_the_middle_and_gets_the_average():
    need = scores(42)
    position = need_position(need, pd.Series([7.5], index=need.index))
    assert position.tolist() == [0.5]
    assert targeting_score(position, rho=20).tolist() == [1.0]


def test_ends_of_the_dial_by_hand():
    ends = scores(0, 1).rename("need_position")
    assert targeting_score(ends, rho=3).tolist() == [0.5, 1.5]
    assert targeting_score(ends, rho=4).tolist() == [0.4, 1.6]
    assert targeting_score(ends, rho=1).tolist() == [1.0, 1.0]


def test_nobody_lives_here_takes_no_room_but_keeps_a_position():
    need = scores(10, 50, 90)
    position = need_position(need, pd.Series([100, 0, 100], index=need.index))
    assert position.tolist() == [0.25, 0.5, 0.75]


def test_rank_and_fifth_by_hand():
    need = scores(30, 90, 30, np.nan, 10, 70)
    # 90 is first, 70 second, the two 30s share the third, so 10 is fifth; the missing one has none.
    assert need_rank(need).tolist() == [3, 1, 3, pd.NA, 5, 2]
    # Five are ranked: ceil(5 x rank / 5) is the rank itself.
    assert need_fifth(need).tolist() == [3, 1, 3, pd.NA, 5, 2]


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, {5: 1}), (2, {3: 1, 5: 1}), (5, {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}), (7, None), (125, None)]
)
def test_fifths_by_count_of_neighbourhoods(count, sizes):
    found = need_fifth(scores(*range(count)))
    by_hand = [-(-5 * rank // count) for rank in range(count, 0, -1)]  # the last has the greatest need
    assert found.tolist() == by_hand
    if sizes:
        assert found.value_counts().to_dict() == sizes
    if count == 125:
        assert found.value_counts().tolist() == [25] * 5


def test_no_score_anywhere_is_missing_everywhere():
    need = scores(np.nan, np.nan)
    position = need_position(need, pd.Series([10, 10], index=need.index))
    assert position.isna().all()
    assert targeting_score(position).isna().all()
    assert need_rank(need).isna().all()
    assert need_fifth(need).isna().all()


def test_scores_only_where_nobody_lives_give_no_position():
    need = scores(5, np.nan)
    assert need_position(need, pd.Series([0, 10], index=need.index)).isna().all()


def test_formulas_on_plain_arrays_by_hand():
    need, people = np.array([10.0, 30.0, 10.0, 80.0]), np.array([1.0, 2.0, 1.0, 4.0])
    assert ridits(need, people).tolist() == [1 / 8, 3 / 8, 1 / 8, 6 / 8]
    gap = np.array([10.0, np.nan, 10.0, 80.0])
    assert positions(gap, people).tolist()[0::2] == [0.166666667, 0.166666667]  # 1 of the 6 whose need is known
    assert np.isnan(positions(gap, people)[1])
    assert multiples(np.array([0.0, 0.5, 1.0, np.nan]), 3.0).tolist()[:3] == [0.5, 1.0, 1.5]
    assert ranks(gap).tolist() == [2, 0, 2, 1]
    assert fifths(ranks(gap)).tolist() == [4, 0, 4, 2]
    assert fifths(np.zeros(3, dtype=np.int64)).tolist() == [0, 0, 0]


# Refusals


def test_different_neighbourhoods_are_refused():
    need = scores(1, 2)
    with pytest.raises(ValueError, match=r"^need scores and people are not for the same neighbourhoods in the same"):
        need_position(need, pd.Series([1, 1], index=need.index[::-1]))


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, "nan"), (-1, "-1.0"), (np.inf, "inf")])
def test_people_that_are_no_count_are_refused(bad, shown):
    need = scores(1, 2)
    with pytest.raises(ValueError, match=rf"^people of E01000001 is {shown}; expected zero or more$"):
        need_position(need, pd.Series([1, bad], index=need.index, dtype=float))


def test_nobody_at_all_is_refused():
    need = scores(1, 2)
    with pytest.raises(ValueError, match=r"^nobody is eligible in these neighbourhoods; a position needs people$"):
        need_position(need, pd.Series([0, 0], index=need.index))


@pytest.mark.parametrize("bad", [-0.01, 1.01])
def test_a_position_outside_0_to_1_is_refused(bad):
    with pytest.raises(ValueError, match=rf"^need position of E01000001 is {bad}; it runs from 0 to 1$"):
        targeting_score(scores(0.5, bad))


@pytest.mark.parametrize("bad", [0.99, 20.01, -3, float("nan"), float("inf")])
def test_a_dial_outside_1_to_20_is_refused(bad):
    with pytest.raises(ValueError, match=rf"^rho is {bad}; the dial runs from 1 \(equal per head\) to 20$"):
        targeting_score(scores(0.5), rho=bad)


def test_a_dial_of_three_decimals_is_refused():
    with pytest.raises(ValueError, match=r"^rho is 3\.125; the dial takes at most two decimals$"):
        targeting_score(scores(0.5), rho=3.125)


@pytest.mark.parametrize("good", [1, 1.01, 3, 4.25, 19.99, 20])
def test_a_good_dial_is_given_back(good):
    assert check_dial(good) == good


# Laws


@LAW
@given(NEIGHBOURHOODS)
def test_position_is_the_exact_share_of_people(case):
    found = need_position(*place(case)).to_numpy()
    assert np.abs(found - [float(u) for u in exact_positions(case)]).max() <= 6e-10
    assert 0 < found.min() <= found.max() < 1


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_means_over_the_people_are_a_half_and_one(case, rho):
    need, people = place(case)
    position = need_position(need, people)
    assert abs(np.average(position, weights=people) - 0.5) <= ROUNDED
    assert abs(np.average(targeting_score(position, rho=rho), weights=people) - 1) <= 2 * ROUNDED


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_nobody_is_below_the_floor_or_above_the_ceiling(case, rho):
    score = targeting_score(need_position(*place(case)), rho=rho).tolist()
    assert min(score) >= 2 / (rho + 1) - ROUNDED > 0
    assert max(score) <= 2 * rho / (rho + 1) + ROUNDED


@LAW
@given(NEIGHBOURHOODS, STEEP)
def test_strictly_higher_need_gets_more_and_ties_get_the_same(case, rho):
    need, people = place(case)
    share = targeting_score(need_position(need, people), rho=rho).tolist()
    by_need = sorted(set(zip(need, share, strict=True)))  # one share for each need, or a need is there twice
    assert len(by_need) == len({level for level, _ in case})
    assert all(lower < higher for (_, lower), (_, higher) in pairwise(by_need))


@LAW
@given(NEIGHBOURHOODS)
def test_a_dial_of_one_is_equal_per_head(case):
    assert set(targeting_score(need_position(*place(case)), rho=1)) == {1.0}


@LAW
@given(NEIGHBOURHOODS, st.integers(0, 9), st.integers(1, 99), DIAL)
def test_splitting_a_neighbourhood_into_parts_of_equal_need_changes_nothing(case, which, percent, rho):
    which %= len(case)
    level, tenths = case[which]
    part = tenths * percent // 100
    split = [*case[:which], (level, part), *case[which + 1 :], (level, tenths - part)]
    before, after = (targeting_score(need_position(*place(each)), rho=rho).to_numpy() for each in (case, split))
    assert np.abs(after[:-1] - before).max() <= 3 * ROUNDED
    assert abs(after[-1] - before[which]) <= 3 * ROUNDED


@LAW
@given(NEIGHBOURHOODS, st.binary(min_size=13, max_size=13))
def test_a_strictly_increasing_rescaling_of_need_changes_nothing(case, drawn):
    need, people = place(case)
    ladder = list(accumulate(1e-3 * 1.1**step for step in drawn))  # steps of a thousandth to thirty million
    rescaled = scores(*(ladder[level] for level, _ in case))
    assert need_position(rescaled, people).equals(need_position(need, people))
    assert need_rank(rescaled).equals(need_rank(need))


@LAW
@given(NEIGHBOURHOODS, st.integers(0, 2**32 - 1))
def test_row_order_is_irrelevant(case, seed):
    need, people = place(case)
    mixed = np.random.default_rng(seed).permutation(len(case))
    mixed_need, mixed_people = need.iloc[mixed], people.iloc[mixed]
    position = need_position(need, people).to_numpy()[mixed]
    assert np.abs(need_position(mixed_need, mixed_people).to_numpy() - position).max() <= ROUNDED
    assert need_rank(mixed_need).tolist() == need_rank(need).iloc[mixed].tolist()


@LAW
@given(NEIGHBOURHOODS, st.binary(min_size=10, max_size=10))
def test_missing_need_stays_missing_and_counts_for_nobody(case, gaps):
    need, people = place(case)
    gap = np.frombuffer(gaps, dtype=np.uint8)[: len(case)] % 3 == 0
    holed, known = need.mask(gap), ~gap
    position, rank, fifth = need_position(holed, people), need_rank(holed), need_fifth(holed)
    for found in (position, rank, fifth):
        assert found.isna().tolist() == gap.tolist()
    if known.any():
        alone = need_position(need[known], people[known])
        assert np.abs(position[known] - alone).max() <= ROUNDED
        assert rank[known].equals(need_rank(need[known]))
        assert fifth[known].equals(need_fifth(need[known]))


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_slope_and_relative_index_of_the_multiple_are_the_dial(case, rho):
    need, people = place(case)
    if need.nunique() < 2:
        return
    u = need_position(need, people)
    share = targeting_score(u, rho=rho)
    # Least squares of the multiple on the position, weighted by people.
    root = np.sqrt(people.to_numpy())
    design = np.column_stack([root, root * u])
    (least, slope), *_ = np.linalg.lstsq(design, root * share.to_numpy(), rcond=None)
    assert slope == pytest.approx(2 * (rho - 1) / (rho + 1), abs=1e-6)
    assert (least + slope) / least == pytest.approx(rho, rel=1e-6)


@LAW
@given(NEIGHBOURHOODS)
def test_rank_is_one_more_than_those_of_greater_need(case):
    need, _ = place(case)
    by_hand = [1 + sum(other > level for other, _ in case) for level, _ in case]
    assert need_rank(need).tolist() == by_hand
    assert need_fifth(need).tolist() == [-(-5 * rank // len(case)) for rank in by_hand]


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_the_web_process_and_the_tables_say_the_same(case, rho):
    need, people = place(case)
    position = positions(need.to_numpy(), people.to_numpy())
    assert position.tolist() == need_position(need, people).tolist()
    assert multiples(position, rho).tolist() == targeting_score(need_position(need, people), rho=rho).tolist()
    assert ranks(need.to_numpy()).tolist() == need_rank(need).tolist()
