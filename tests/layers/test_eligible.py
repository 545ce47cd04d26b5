"""Eligible people (methods M1): sums by hand, the refusal, and laws over random neighbourhoods."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.eligible import eligible_people, raw_count

LAW = settings(max_examples=250)  # of four to ten neighbourhoods each: more than 1,000 cases
CENSUS = ["residents_0_15", *(f"residents_{ages}" for ages in ("16_24", "25_34", "35_49", "50_64", "65_plus"))]
OLDER = ["age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_65_plus", "age_75_plus", "age_85_plus"]
COLUMNS = pd.Index(["population", *CENSUS, "residents_total", *OLDER, "all_ages"], dtype=object)
CODES = pd.Index([f"E0100{i:04d}" for i in range(10)], dtype=object, name="lsoa21cd")
EVERY_AGE = [(0, 4), (5, 10), (11, 15), (16, 17), (18, 64), (65, 74), (75, 84), (85, 120)]


def table(*rows: tuple[float, list[float], list[float]]) -> pd.DataFrame:
    """Residents today; six Census bands; the older estimate's eight columns (75+ and 85+ are parts of 65+)."""
    return pd.DataFrame(
        np.array([[today, *census, sum(census), *older, sum(older[:6])] for today, census, older in rows], dtype=float),
        index=CODES[: len(rows)],
        columns=COLUMNS,
    )


#                 today  0-15 16-24 25-34 35-49 50-64  65+    0-4 5-10 11-15 16-17 18-64 65+ 75+ 85+
NEW_ESTATE = table((2_000, [200, 100, 200, 200, 100, 200], [30, 40, 50, 20, 480, 100, 40, 10]))


@pytest.mark.parametrize(
    ("ages", "by_hand"),
    [
        ((0, 4), 100.0),  # 2,000 x 200/1,000 x 30/120
        ((0, 10), 233.3),  # 2,000 x 200/1,000 x 70/120
        ((0, 15), 400.0),
        ((0, 17), 448.0),  # 400 and 2,000 x 600/1,000 x 20/500
        ((18, 64), 1_152.0),
        ((18, 120), 1_552.0),  # those, and 2,000 x 200/1,000 aged 65 and over
        ((65, 120), 400.0),
        ((65, 200), 400.0),
        ((65, 74), 240.0),  # 400 x 60/100
        ((75, 84), 120.0),
        ((75, 120), 160.0),
        ((85, 120), 40.0),
        ((0, 120), 2_000.0),
    ],
)
def test_eligible_people_by_hand(ages, by_hand):
    found = eligible_people(NEW_ESTATE, ages)
    assert found.tolist() == [by_hand]
    assert found.name == "eligible"
    assert found.index.equals(NEW_ESTATE.index)


def test_everyone_is_the_count_of_residents_as_it_is():
    found = eligible_people(NEW_ESTATE, None)
    assert found.tolist() == [2_000.0]
    assert found.name == "eligible"


@pytest.mark.parametrize(
    ("ages", "by_hand"),
    [(None, 720.0), ((0, 4), 30.0), ((0, 17), 140.0), ((65, 74), 60.0), ((75, 120), 40.0), ((18, 200), 580.0)],
)
def test_raw_count_is_that_of_the_older_estimate_alone(ages, by_hand):
    assert raw_count(NEW_ESTATE, ages).tolist() == [by_hand]


def test_a_band_that_was_empty_takes_the_share_of_the_whole_table():
    two = table(
        (1_000, [500, 100, 100, 100, 100, 100], [0, 0, 0, 20, 480, 100, 40, 10]),
        (1_000, [500, 100, 100, 100, 100, 100], [30, 30, 60, 20, 480, 100, 40, 10]),
    )
    assert eligible_people(two, (0, 4)).tolist() == [125.0, 125.0]  # 1,000 x 500/1,000 x 30/120


def test_what_is_missing_stays_missing():
    gaps = table(*[(1_000, [200, 100, 100, 100, 100, 400], [10, 10, 20, 20, 480, 100, 40, 10])] * 4)
    gaps.loc[gaps.index[0], "residents_0_15"] = np.nan
    gaps.loc[gaps.index[1], "age_5_10"] = np.nan
    gaps.loc[gaps.index[2], "population"] = np.nan
    assert eligible_people(gaps, (0, 4)).isna().tolist() == [True, True, True, False]
    assert eligible_people(gaps, (65, 120)).isna().tolist() == [False, False, True, False]
    assert raw_count(gaps, (0, 10)).isna().tolist() == [False, True, False, False]


def test_a_half_of_a_tenth_goes_to_the_even_tenth_whatever_the_order_of_the_sums():
    # 1,471 x 325/1,300 x 50/50 = 367.75 exactly; 1,469 x 325/1,300 = 367.25.
    older = [50, 0, 0, 0, 10, 0, 0, 0]
    two = table((1_471, [325, 975, 0, 0, 0, 0], older), (1_469, [325, 975, 0, 0, 0, 0], older))
    assert eligible_people(two, (0, 4)).tolist() == [367.8, 367.2]


@pytest.mark.parametrize(
    ("ages", "cut"), [((0, 3), "0 to 4"), ((3, 10), "0 to 4"), ((18, 40), "18 to 64"), ((66, 80), "65 to 74")]
)
def test_ages_that_no_source_divides_are_refused(ages, cut):
    says = rf"^ages {ages[0]} to {ages[1]} cut through {cut}, which no source divides$"
    for count in (eligible_people, raw_count):
        with pytest.raises(ValueError, match=says):
            count(NEW_ESTATE, ages)


def read_neighbourhood(drawn: bytes) -> tuple[int, list[int], list[int]]:
    """Fifteen bytes: residents, six Census bands, ages of the older estimate in tenths; nobody only by chance."""
    ages = [1 + 7 * byte for byte in drawn[7:15]]
    parts = [*ages[:5], sum(ages[5:]), sum(ages[6:]), ages[7]]
    return 1 + 16 * drawn[0], list(drawn[1:7]), parts


SOME_ROWS = st.binary(min_size=60, max_size=150).map(
    lambda drawn: [read_neighbourhood(drawn[i : i + 15]) for i in range(0, len(drawn) - 14, 15)]
)
AGES = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(sorted)  # first and last of the parts of `EVERY_AGE`


@LAW
@given(SOME_ROWS, AGES)
def test_eligible_people_are_the_exact_sum_of_products_to_the_nearest_tenth(cases, chosen):
    """Each row by itself, in whole numbers; so ages add up, and rows do not know of each other."""
    first, last = chosen
    ages = (EVERY_AGE[first][0], EVERY_AGE[last][1])
    rows = table(*((today, census, [count / 10 for count in tenths]) for today, census, tenths in cases))
    for (today, census, tenths), found in zip(cases, eligible_people(rows, ages).tolist(), strict=True):
        if not sum(census):
            assert math.isnan(found)
            continue
        parts = [*tenths[:5], tenths[5] - tenths[6], tenths[6] - tenths[7], tenths[7]]
        exact = Fraction(0)
        for band, residents in ((range(3), census[0]), (range(3, 5), sum(census[1:5])), (range(5, 8), census[5])):
            inside = sum(parts[i] for i in band if first <= i <= last)
            exact += Fraction(today * residents * inside, sum(census) * sum(parts[i] for i in band))
        assert found == round(exact * 10) / 10
        assert 0 <= found <= today


@LAW
@given(SOME_ROWS, st.sampled_from([first for first, _ in EVERY_AGE[1:]]))
def test_the_raw_counts_of_younger_and_older_add_up_to_everyone(cases, age):
    rows = table(*((today, census, [count / 10 for count in tenths]) for today, census, tenths in cases))
    younger, older = raw_count(rows, (0, age - 1)), raw_count(rows, (age, 120))
    assert (younger + older).tolist() == pytest.approx(raw_count(rows, None).tolist())
