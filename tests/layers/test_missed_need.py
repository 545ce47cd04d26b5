"""Missed need (methods M3): sums by hand, what is missing stays missing, refusals, laws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.gradient import multiples, positions
from layers.missed_need import missed_need, reach

LAW = settings(max_examples=1_000)
NAN = float("nan")
NEED = np.array([10.0, 60, 130])
PEOPLE = np.array([200.0, 200, 400])
WORST = np.array([False, False, True])
SCORE = np.array([0.5, 0.9, 1.3])


def test_three_designs_by_hand():
    found = missed_need(NEED, PEOPLE, areas=WORST, targeting_score=SCORE, budget=800)
    equal, fixed, dial = found.designs
    assert [design.design for design in found.designs] == ["equal per head", "fixed areas", "dial"]
    # One pound a head reaches 200 people in need of 800: 600 pounds go to others.
    assert (equal.under_coverage, equal.with_nothing, equal.leakage, equal.per_person_in_need) == (0, 0, 0.75, 1)
    # 800 pounds for the 400 of the third: 70 of the 200 in need are outside; 2 pounds x 130 = 260 reach need.
    assert (fixed.under_coverage, fixed.with_nothing) == (0.35, 0.35)
    assert fixed.leakage == pytest.approx(1 - 260 / 800)
    assert fixed.per_person_in_need == pytest.approx(260 / 200)
    # The dial gives .5, .9 and 1.3 pounds a head: 100 + 180 + 520 = 800; 5 + 54 + 169 = 228 reach people in need.
    assert (dial.under_coverage, dial.with_nothing) == (0.35, 0)
    assert dial.leakage == pytest.approx(1 - 228 / 800)
    assert dial.per_person_in_need == pytest.approx(228 / 200)
    assert (found.people_in_need, found.people) == (200, 800)
    assert found.notes == ("People in need are rounded to 5. Places are deprived, people are not.",)


def test_missing_people_in_need_are_left_out_and_never_zero():
    need = np.array([10.0, NAN, 130])
    found = missed_need(need, PEOPLE, areas=WORST, targeting_score=SCORE, budget=800)
    assert (found.people_in_need, found.people) == (140, 600)
    assert (found.neighbourhoods_not_known, found.people_not_known) == (1, 200)
    equal, fixed, dial = found.designs
    assert (equal.money_not_judged, fixed.money_not_judged) == (0.25, 0)
    assert dial.money_not_judged == pytest.approx(180 / 800)
    assert equal.leakage == pytest.approx(1 - 140 / 600)
    assert fixed.under_coverage == pytest.approx(10 / 140)
    assert any("not known: 1." in note for note in found.notes)
    zero = missed_need(np.array([10.0, 0, 130]), PEOPLE, areas=WORST, targeting_score=SCORE, budget=800)
    assert zero.designs[0].leakage != equal.leakage


def test_no_fixed_area_here_spends_nothing_and_says_so():
    found = missed_need(NEED, PEOPLE, areas=np.zeros(3, dtype=bool), targeting_score=SCORE, budget=800)
    fixed = found.designs[1]
    assert (fixed.under_coverage, fixed.with_nothing, fixed.leakage, fixed.per_person_in_need) == (1, 1, None, 0)
    assert "Nobody lives in the fixed areas: that design spends nothing here." in found.notes


def test_a_share_out_in_whole_units_is_judged_as_rounded():
    # Two of three sessions reach the last, one the second: 10 of 200 people in need get nothing.
    found = reach("sessions", np.array([0.0, 1, 2]), NEED, PEOPLE)
    assert found.with_nothing == 0.05
    assert found.under_coverage == 0.05  # 1 for 200 and 2 for 400 are both above 3 for 800
    assert found.leakage == pytest.approx(1 - (60 / 200 + 2 * 130 / 400) / 3)


def test_amounts_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r"^amount in row 2 is -1; expected zero or more$"):
        reach("wrong", np.array([0.0, -1, 2]), NEED, PEOPLE)


def test_more_in_need_than_people_all_count_as_in_need():
    found = missed_need(np.array([5.0, 60, 130]), np.array([3.0, 200, 400]), areas=WORST, targeting_score=SCORE)
    assert "Neighbourhoods with more people in need than people: 1. Everyone there counts as in need." in found.notes
    assert 0 <= found.designs[0].leakage <= 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"people_in_need": np.array([10.0, 60])}, r"people in need, people, scores and areas have shapes"),
        ({"people_in_need": np.array([-5.0, 60, 130])}, r"people in need in row 1 is -5; expected zero or more"),
        ({"people_in_need": np.array([10.0, np.inf, 130])}, r"people in need in row 2 is inf; expected zero or more"),
        ({"people_in_need": np.full(3, NAN)}, r"0 of 0 people are in need; expected some"),
        ({"people_in_need": np.zeros(3)}, r"0 of 800 people are in need; expected some"),
        ({"people_in_need": np.array([300.0, 300, 300])}, r"900 of 800 people are in need; expected some, and at most"),
        ({"people": np.array([NAN, 200, 400])}, r"people in row 1 is nan; expected zero or more"),
        ({"people": np.array([200.0, 200, -1])}, r"people in row 3 is -1; expected zero or more"),
        ({"people": np.array([200.0, 0, 400])}, r"people in need in row 2 is 60; expected none where nobody lives"),
        ({"targeting_score": np.array([0.5, NAN, 1.3])}, r"targeting score in row 2 is nan; expected a number above 0"),
        ({"targeting_score": np.array([0.5, 0, 1.3])}, r"targeting score in row 2 is 0; expected a number above 0"),
        ({"areas": np.array([0.0, 0, 1])}, r"areas are float64; expected true or false"),
        ({"budget": 0}, r"the budget is 0; expected a number above 0"),
        ({"budget": NAN}, r"the budget is nan; expected a number above 0"),
    ],
)
def test_bad_input_is_refused(change, says):
    good = {"people_in_need": NEED, "people": PEOPLE, "areas": WORST, "targeting_score": SCORE, "budget": 800.0}
    with pytest.raises(ValueError, match=f"^{says}"):
        missed_need(**(good | change))


@LAW
@given(st.binary(min_size=8, max_size=80), st.integers(100, 2_000).map(lambda hundredths: hundredths / 100))
def test_laws_of_the_three_designs(drawn, rho):
    rows = [drawn[i : i + 4] for i in range(0, len(drawn) - 3, 4)]
    people = np.array([1.0 + row[0] for row in rows])
    need = np.array([min(5.0 * (row[1] // 5), living) for row, living in zip(rows, people, strict=True)])
    areas = np.array([row[2] % 2 == 1 for row in rows])
    if not need.any():
        return
    score = multiples(positions(np.array([row[3] % 7 for row in rows], dtype=float), people), rho)
    found = missed_need(need, people, areas=areas, targeting_score=score, budget=1_000)
    equal, fixed, dial = found.designs
    for design in found.designs:
        assert 0 <= design.with_nothing <= design.under_coverage <= 1
        if design.leakage is not None:
            assert -1e-12 <= design.leakage <= 1
            # What does not leak reaches people in need: the money is spent once.
            assert math.isclose(
                design.per_person_in_need * need.sum(), 1_000 * (1 - design.leakage), rel_tol=1e-9, abs_tol=1e-9
            )
    assert equal.under_coverage == equal.with_nothing == dial.with_nothing == 0
    assert math.isclose(fixed.with_nothing, need[~areas].sum() / need.sum(), abs_tol=1e-12)
    assert math.isclose(equal.leakage, 1 - need.sum() / people.sum(), abs_tol=1e-12)
    if not areas.all():
        assert fixed.under_coverage == fixed.with_nothing
    if rho == 1:
        assert math.isclose(dial.leakage, equal.leakage, abs_tol=1e-12)


@LAW
@given(st.binary(min_size=4, max_size=40), st.integers(1, 50))
def test_a_steeper_dial_leaks_less_where_more_are_in_need_in_needier_places(drawn, steps):
    people = np.array([1.0 + byte for byte in drawn])
    share = np.linspace(0.1, 0.6, len(drawn))  # of people in need, rising with the order of need
    u = positions(np.arange(len(drawn), dtype=float), people)
    leaks = [
        missed_need(share * people, people, areas=share > 0.5, targeting_score=multiples(u, rho)).designs[2].leakage
        for rho in (1.0, 1 + steps / 50, 3.0, 20.0)
    ]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(leaks))


def test_people_in_need_of_other_ages_than_those_served_by_hand():
    # 100 and 300 children under 5 are served; need is counted among children under 16: 100 of 400 and 600 of 800.
    need, served, children = np.array([100.0, 600]), np.array([100.0, 300]), np.array([400.0, 800])
    found = missed_need(
        need,
        served,
        areas=np.array([True, False]),
        targeting_score=np.array([0.7, 1.1]),
        budget=400,
        same_ages=children,
    )
    equal, fixed, dial = found.designs
    # One pound for each child served: 100 x 1/4 + 300 x 3/4 = 250 of 400 pounds reach need, over 700 in need.
    assert (equal.under_coverage, equal.leakage) == (0, pytest.approx(1 - 250 / 400))
    assert equal.per_person_in_need == pytest.approx(250 / 700)
    assert (fixed.under_coverage, fixed.leakage) == (pytest.approx(600 / 700), 0.75)
    # 0.7 and 1.1 pounds a head: 70 and 330 pounds; the first is below the average of 1.
    assert dial.under_coverage == pytest.approx(100 / 700)
    assert dial.per_person_in_need == pytest.approx((70 / 4 + 330 * 3 / 4) / 700)


def test_what_reaches_need_is_not_known_where_its_ages_are_not():
    unknown = np.full(3, NAN)
    found = missed_need(NEED, PEOPLE, areas=WORST, targeting_score=SCORE, budget=800, same_ages=unknown)
    assert [(each.leakage, each.per_person_in_need) for each in found.designs] == [(None, None)] * 3
    assert [each.under_coverage for each in found.designs] == [0, 0.35, 0.35]
