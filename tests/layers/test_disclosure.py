"""Counts of people protected (M12): every count from 0 by hand, the law that a small count is never told, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as thousand
from hypothesis import strategies as st

from layers.disclosure import STAND_IN, Protected, protect, protected_share

COUNTS = st.lists(st.one_of(st.integers(0, 400), st.none()), min_size=1, max_size=40)
NAN = float("nan")


def array(counts: list[int | None]) -> np.ndarray:
    return np.array([NAN if count is None else float(count) for count in counts])


def test_every_count_up_to_22_by_hand():
    shown = protect(np.arange(23.0))
    assert shown.texts() == [
        *["0", "*", "*", "*", "*", "*", "*", "*", "10", "10", "10", "10", "10"],
        *["15", "15", "15", "15", "15", "20", "20", "20", "20", "20"],
    ]
    assert shown.used().tolist()[:9] == [0, 4, 4, 4, 4, 4, 4, 4, 10]


def test_what_is_not_known_stays_so():
    found = protect(np.array([NAN, 0.0, 3.0]))
    assert found.texts() == ["", "0", "*"]
    assert np.isnan(found.used()[0])
    assert found.suppressed.tolist() == [False, False, True]


def test_a_count_that_a_model_shared_out_need_not_be_whole():
    assert protect(np.array([0.2, 7.4, 7.5, 12.4, 12.5])).texts() == ["*", "*", "10", "10", "15"]


def test_what_rests_on_a_hidden_count_is_hidden_too():
    found = protect(np.array([0.0, 40.0, NAN]), also=np.array([True, True, True]))
    assert found.texts() == ["*", "*", ""]


def test_a_share_comes_from_rounded_counts():
    count, denominator = protect(np.array([9.0, 3.0, 0.0, 12.0, 8.0])), protect(np.array([22.0, 30.0, 40.0, 6.0, 0.0]))
    # 10 of 20; the count hidden; none of 40; the denominator hidden; nobody to be a share of.
    assert np.array_equal(protected_share(count, denominator, 100), [50, NAN, 0, NAN, NAN], equal_nan=True)


def test_a_total_is_a_range():
    total = protect(np.array([0.0, 3.0, 7.0, 9.0, 21.0, NAN])).total()
    # Hidden: 1 to 7 each. 10 stands for 8 to 12, 20 for 18 to 22.
    assert (total.low, total.used, total.high) == (2 + 8 + 18, 8 + 10 + 20, 14 + 12 + 22)


def test_the_sum_of_unknown_counts_is_not_zero():
    with pytest.raises(ValueError, match="there is no total"):
        protect(np.array([NAN, NAN])).total()


@thousand(max_examples=1000)
@given(COUNTS, st.data())
def test_another_small_count_changes_nothing_that_can_be_seen(counts, data):
    raw = array(counts)
    other = raw.copy()
    for place in np.flatnonzero((raw >= 1) & (raw <= 7)):
        other[place] = data.draw(st.integers(1, 7))
    one, two = protect(raw), protect(other)
    assert one.texts() == two.texts()
    assert one.used().tobytes() == two.used().tobytes()
    if np.isfinite(raw).any():
        assert one.total() == two.total()


@thousand(max_examples=1000)
@given(COUNTS)
def test_what_is_shown_is_near_and_totals_hold_the_truth(counts):
    raw = array(counts)
    found = protect(raw)
    shown = np.isfinite(found.shown)
    assert (np.abs(found.shown[shown] - raw[shown]) <= 2).all()
    assert set(np.flatnonzero(found.suppressed)) == set(np.flatnonzero((raw >= 1) & (raw <= 7)))
    assert (found.used()[found.suppressed] == STAND_IN).all()
    if np.isfinite(raw).any():
        total = found.total()
        assert total.low <= np.nansum(raw) <= total.high
        assert total.low <= total.used <= total.high


@thousand(max_examples=1000)
@given(COUNTS)
def test_protecting_twice_is_protecting_once(counts):
    once = protect(array(counts))
    twice = protect(once.used())
    assert once.texts() == twice.texts()


@pytest.mark.parametrize("bad", [-1.0, float("inf")])
def test_impossible_counts_are_refused(bad):
    with pytest.raises(ValueError, match="finite and zero or more"):
        protect(np.array([1.0, bad]))


@pytest.mark.parametrize(("shown", "hidden"), [([3.0], [False]), ([-5.0], [False]), ([10.0], [True])])
def test_figures_that_no_protection_has_made_are_refused(shown, hidden):
    with pytest.raises(ValueError, match="not protected"):
        Protected(np.array(shown), np.array(hidden))
