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

LAW = settings(max_examples=1_000)
CENSUS = ["residents_0_15", "residents_16_24", "residents_25_34", "residents_35_49", "residents_50_64", "residents_65_plus"]  # fmt: skip
OLDER = ["age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_65_plus", "age_75_plus", "age_85_plus"]
COLUMNS = pd.Index(["population", *CENSUS, "residents_total", *OLDER, "all_ages"], dtype=object)
CODES = pd.Index([f"E0100{i:04d}" for i in range(4)], dtype=object, name="lsoa21cd")
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
    return 1 + 16 * drawn[0], [byte for byte in drawn[1:7]], parts


NEIGHBOURHOODS = st.binary(min_size=15, max_size=15).map(read_neighbourhood)


@LAW
@given(NEIGHBOURHOODS, st.sampled_from(EVERY_AGE))
def test_eligible_people_are_the_exact_product_to_the_nearest_tenth(case, ages):
    today, census, tenths = case
    if not sum(census):
        return
    found = eligible_people(table((today, census, [count / 10 for count in tenths])), ages).item()
    parts = [*tenths[:5], tenths[5] - tenths[6], tenths[6] - tenths[7], tenths[7]]
    which = EVERY_AGE.index(ages)
    band = range(3) if which < 3 else range(3, 5) if which < 5 else range(5, 8)
    census_band = (census[0], sum(census[1:5]), census[5])[0 if which < 3 else 1 if which < 5 else 2]
    exact = Fraction(today * census_band, sum(census)) * Fraction(parts[which], sum(parts[i] for i in band))
    assert found == round(exact * 10) / 10


@LAW
@given(NEIGHBOURHOODS, st.sampled_from([0, 5, 11, 16]), st.sampled_from([18, 65, 75, 85]))
def test_the_ages_add_up_to_the_residents(case, child, adult):
    today, census, tenths = case
    one = table((today, census, [count / 10 for count in tenths]))
    parts = [(0, child - 1), (child, adult - 1), (adult, 120)]
    counts = [eligible_people(one, ages).item() for ages in parts[child == 0 :]]
    if not sum(census):
        assert all(map(math.isnan, counts))
        return
    assert all(0 <= count <= today for count in counts)
    assert sum(counts) == pytest.approx(today, abs=0.05 * len(counts) + 1e-9)


@LAW
@given(NEIGHBOURHOODS, NEIGHBOURHOODS, st.sampled_from(EVERY_AGE))
def test_rows_do_not_know_of_each_other(one, other, ages):
    rows = [(today, [1 + band for band in census], tenths) for today, census, tenths in (one, other)]
    assert eligible_people(table(*rows), ages).iloc[0] == eligible_people(table(rows[0]), ages).item()
