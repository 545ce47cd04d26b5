"""Trends and targets (methods M5, M10): sums by hand, laws over random years, chances that come true."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from layers.trend_arrays import TREND_CRITICAL
from layers.trends import (
    FinancialQuarter,
    control_limits,
    financial_quarter,
    gap_as_people,
    recent_trend,
    target_path,
    verdict,
)

LAW = settings(max_examples=1_000, deadline=None)
FIVE_YEARS = st.lists(st.tuples(st.integers(1, 400), st.integers(400, 2_000)), min_size=5, max_size=5)


def years(*values: float, start: int = 2020) -> pd.Series:
    return pd.Series(values, index=range(start, start + len(values)), dtype=float)


def chi_squared(x: list[int], n: list[int]) -> float:
    """Second route: people times the squared correlation of having it with the year."""
    time, having = np.arange(len(x)), np.array(x) / np.array(n)
    people = np.array(n)
    share = having @ people / people.sum()
    middle = time @ people / people.sum()
    across = ((time - middle) * (having - share)) @ people / people.sum()
    return people.sum() * across**2 / (share * (1 - share) * (((time - middle) ** 2) @ people / people.sum()))


# Recent trend


def test_trend_by_hand():
    # 10, 20, 30, 40, 50 of 100: n = 500, X = 150, t = 0-4; sum t x = 400, sum t n = 1,000, sum t^2 n = 3,000.
    # 500 (500 x 400 - 150 x 1,000)^2 / (150 x 350 (500 x 3,000 - 1,000^2)) = 1.25e12 / 2.625e10 = 47.619.
    found = recent_trend(years(10, 20, 30, 40, 50), years(*[100] * 5))
    assert found.trend == "increasing"
    assert found.chi_squared == pytest.approx(1_000 / 21)
    assert (found.first_year, found.last_year, found.first, found.last) == (2020, 2024, 0.1, 0.5)
    assert (found.change, found.relative_change, found.change_per_year) == pytest.approx((0.4, 4, 0.1))


def test_the_critical_value_is_two_in_a_thousand():
    assert pytest.approx(stats.chi2.isf(0.002, 1), abs=5e-5) == TREND_CRITICAL


def test_one_odd_year_makes_no_trend():
    # Chi-squared is far above the limit, but without the last year the others fall.
    found = recent_trend(years(104, 103, 102, 101, 200), years(*[1_000] * 5))
    assert found.chi_squared > TREND_CRITICAL
    assert found.trend == "no significant change"


@LAW
@given(FIVE_YEARS)
def test_trend_agrees_with_correlation_and_turns_with_time(drawn):
    x, n = zip(*drawn, strict=True)
    found, turned = recent_trend(years(*x), years(*n)), recent_trend(years(*x[::-1]), years(*n[::-1]))
    assert found.chi_squared == pytest.approx(chi_squared(x, n), rel=1e-9, abs=1e-9)
    assert turned.chi_squared == pytest.approx(found.chi_squared, rel=1e-9, abs=1e-9)
    assert turned.change == pytest.approx(-found.change, abs=1e-12)
    mirror = {"increasing": "decreasing", "decreasing": "increasing"}
    assert turned.trend == mirror.get(found.trend, found.trend)
    if found.trend != "no significant change":
        assert found.chi_squared > 9.5495
        rows = [[row for row in range(5) if row != out] for out in range(5)]
        slopes = [
            np.polyfit(kept, [x[i] / n[i] for i in kept], 1, w=[math.sqrt(n[i]) for i in kept])[0] for kept in rows
        ]
        assert len({slope > 0 for slope in slopes}) == 1


@LAW
@given(FIVE_YEARS, st.integers(2, 6))
def test_more_people_at_the_same_proportions_never_unmake_a_trend(drawn, times):
    x, n = zip(*drawn, strict=True)
    found, more = recent_trend(years(*x), years(*n)), recent_trend(years(*x) * times, years(*n) * times)
    assert more.chi_squared == pytest.approx(found.chi_squared * times, rel=1e-9, abs=1e-9)
    assert found.trend in (more.trend, "no significant change")


def test_steady_proportions_seldom_show_a_trend_and_steep_ones_do():
    random = np.random.default_rng(1)
    found = [
        recent_trend(years(*random.binomial(2_000, share)), years(*[2_000] * 5)).trend
        for share in [np.full(5, 0.2)] * 1_000 + [np.linspace(0.16, 0.24, 5)] * 200
    ]
    false = sum(trend != "no significant change" for trend in found[:1_000])
    assert false / 1_000 <= 0.006  # two in a thousand, and the leave-one-out rule takes some away
    assert found[1_000:].count("increasing") > 190


def test_only_the_last_five_years_count():
    found = recent_trend(years(900, 10, 20, 30, 40, 50), years(*[1_000] * 6))
    assert found == recent_trend(years(10, 20, 30, 40, 50, start=2021), years(*[1_000] * 5, start=2021))
    shuffled = years(10, 20, 30, 40, 50).iloc[[3, 0, 4, 2, 1]]
    assert recent_trend(shuffled, shuffled * 0 + 1_000) == recent_trend(years(10, 20, 30, 40, 50), years(*[1_000] * 5))


@pytest.mark.parametrize(
    "count", [years(1, 2, 3, 4), years(1, 2, math.nan, 4, 5), years(1, 2, 3, 4, 5).drop(2022), years()]
)
def test_fewer_points_or_a_broken_run_are_not_enough(count):
    count = count.astype(float).set_axis(count.index.astype(int))
    found = recent_trend(count, count * 0 + 100)
    assert found.trend == "not enough points"
    assert found.change is None


@pytest.mark.parametrize("count", [0, 100])
def test_nobody_or_everybody_is_no_change(count):
    found = recent_trend(years(*[count] * 5), years(*[100] * 5))
    assert (found.trend, found.chi_squared, found.change) == ("no significant change", 0, 0)
    assert (found.relative_change is None) == (count == 0)


@pytest.mark.parametrize(("count", "of"), [(-1, 10), (11, 10), (math.inf, 10), (1, math.inf)])
def test_impossible_counts_are_refused(count, of):
    with pytest.raises(ValueError, match="expected 0 to all of them"):
        recent_trend(years(1, 2, 3, 4, count), years(10, 10, 10, 10, of))
    with pytest.raises(ValueError, match="expected 0 to all of them"):
        gap_as_people(0.5, years(of), years(count))


def test_a_year_twice_or_in_words_is_refused():
    twice = pd.Series([1.0, 2.0], index=[2020, 2020])
    with pytest.raises(ValueError, match="one row a year"):
        recent_trend(twice, twice + 5)
    words = pd.Series([1.0], index=["2020/21"])
    with pytest.raises(ValueError, match="one row a year"):
        recent_trend(words, words)


# Control limits


def test_control_limits_by_hand():
    # Mean 12; ranges 2, 4, 2, 4, 2: mean 2.8; 12 -+ 2.66 x 2.8 = 7.448.
    found = control_limits(pd.Series([11, 13, 9, 11, 15, 13], index=list("abcdef")))
    assert found.mean == 12
    assert found.mean_moving_range == pytest.approx(2.8)
    assert (found.lower, found.upper) == pytest.approx((4.552, 19.448))
    assert found.outside == ()


def test_a_point_outside_is_named():
    values = pd.Series([10, 11, 10, 11, 10, 11, 10, 30], index=[f"2024/25-Q{i}" for i in range(8)], dtype=float)
    assert control_limits(values).outside == ("2024/25-Q7",)


def test_a_gap_is_no_range():
    # Ranges 2 and 2; the step over the gap (100) is none.
    found = control_limits(pd.Series([10, 12, math.nan, 110, 112]))
    assert found.mean_moving_range == 2
    assert found.mean == 61


def test_a_steady_process_stays_inside():
    random = np.random.default_rng(2)
    outside = [len(control_limits(pd.Series(random.normal(50, 4, 24))).outside) for _ in range(1_000)]
    assert sum(outside) / 24_000 < 0.01  # three deviations: about three in a thousand


def test_constant_points_have_no_width_and_one_point_no_limits():
    assert control_limits(pd.Series([5.0, 5.0])).upper == 5
    for values in ([5.0], [5.0, math.nan, 6.0], []):
        with pytest.raises(ValueError, match="two points that follow each other"):
            control_limits(pd.Series(values, dtype=float))
    with pytest.raises(ValueError, match="finite"):
        control_limits(pd.Series([5.0, math.inf]))


# Financial quarters


def test_quarters_are_read_written_and_ordered():
    found = financial_quarter(" 2026/27-Q2 ")
    assert found == FinancialQuarter(2026, 2)
    assert str(found) == "2026/27-Q2"
    assert found.first_month == (2026, 7)
    assert financial_quarter("2026/27-Q4").first_month == (2027, 1)
    assert str(financial_quarter("1999/00-Q1")) == "1999/00-Q1"


@LAW
@given(st.integers(1990, 2098), st.integers(1, 4), st.integers(0, 40))
def test_quarters_count_up_by_one(year, quarter, later):
    start = FinancialQuarter(year, quarter)
    number = start.number + later
    end = FinancialQuarter(number // 4, number % 4 + 1)
    assert financial_quarter(str(end)) == end
    assert (end > start) == (later > 0)
    months = 12 * (end.first_month[0] - start.first_month[0]) + end.first_month[1] - start.first_month[1]
    assert months == 3 * later


@pytest.mark.parametrize("text", ["2026-Q2", "2026/28-Q2", "2026/27-Q5", "2026/27 Q2", "26/27-Q2", "", "2026/27-Q2x"])
def test_other_texts_are_no_quarters(text):
    with pytest.raises(ValueError, match="expected one like 2026/27-Q2"):
        financial_quarter(text)


# Target path and verdict


def points(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["time", "value", "lower", "upper"]).set_index("time")
    return table.astype(float)


TARGET = {"baseline": 20.0, "goal": 10.0, "start": 2020, "due": 2030}


def test_path_by_hand():
    found = target_path(pd.Index([2020, 2023, 2030, 2031]), **TARGET)
    assert found.tolist() == [20, 17, 10, 10]  # and after the due time the goal stays


@LAW
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 1))
def test_path_is_a_straight_line_between_its_ends(baseline, goal, share):
    found = target_path(pd.Index([2020 + 10 * share]), baseline=baseline, goal=goal, start=2020, due=2030).iloc[0]
    assert found == pytest.approx(baseline + (goal - baseline) * share, abs=1e-9)
    assert min(baseline, goal) - 1e-9 <= found <= max(baseline, goal) + 1e-9


def test_a_path_that_leads_nowhere_is_refused():
    for wrong in ({"due": 2020}, {"goal": math.nan}, {"baseline": math.inf}):
        with pytest.raises(ValueError, match="leads nowhere; due must be after start"):
            target_path(pd.Index([2020]), **(TARGET | wrong))
    with pytest.raises(ValueError, match="it has no value before"):
        target_path(pd.Index([2019]), **TARGET)


@pytest.mark.parametrize(
    ("value", "lower", "upper", "expected"),
    # In 2025 the path is at 15 on its way down from 20 to 10.
    [
        (9.8, 9, 10.6, "met"),
        (14, 13.2, 14.8, "on track"),
        (14, 13.2, 15.0, "on track"),
        (14.5, 13.5, 15.5, "uncertain"),
        (15.5, 14.6, 16.4, "uncertain"),
        (17, 16, 18, "off track"),
        (14, math.nan, math.nan, "uncertain"),
        (9, math.nan, math.nan, "met"),
    ],
)
def test_verdicts(value, lower, upper, expected):
    found = verdict(points((2020, 20, 19, 21), (2025, value, lower, upper)), **TARGET)
    assert found.verdict == expected
    assert (found.time, found.value, found.expected) == (2025, value, 15)
    assert found.run_rate == pytest.approx((10 - value) / 5)
    # The same upside down, where high is better.
    turned = verdict(
        points((2020, -20, -21, -19), (2025, -value, -upper, -lower)),
        **(TARGET | {"baseline": -20.0, "goal": -10.0}),
        polarity=-1,
    )
    assert turned.verdict == expected


def test_not_enough_points():
    before = points((2018, 25, 24, 26), (2020, 20, 19, 21))
    assert verdict(before, **TARGET).verdict == "not enough points"
    assert verdict(before.iloc[:0], **TARGET).verdict == "not enough points"
    unknown = points((2020, 20, 19, 21), (2022, math.nan, 1, 2))
    assert verdict(unknown, **TARGET).verdict == "not enough points"


def test_at_the_due_time_there_is_no_run_rate_and_no_chance():
    found = verdict(points((2020, 20, 19, 21), (2030, 11, 10.5, 11.5)), **TARGET)
    assert (found.verdict, found.expected, found.run_rate, found.chance) == ("missed", 10, None, None)
    assert verdict(points((2031, 9, 8, 10)), **TARGET).verdict == "met"
    unsure = points((2020, 20, 19, 21), (2030, 10.5, 9.5, 11.5))  # once it is due there is nothing left to wait for
    assert verdict(unsure, **TARGET).verdict == "missed"


def test_a_goal_that_lets_things_get_worse_is_met_only_when_due():
    hold = TARGET | {"goal": 24.0}
    assert verdict(points((2025, 21, 20.5, 21.5)), **hold).verdict == "on track"
    assert verdict(points((2030, 23, 22, 25)), **hold).verdict == "met"


def test_chance_agrees_with_the_t_distribution():
    table = points(*((2020 + year, 20 - 0.8 * year + wobble, math.nan, math.nan) for year, wobble in enumerate(
        [0.3, -0.9, 0.6, 0.9, -1.2, 0.4]
    )))  # fmt: skip
    found = verdict(table, **TARGET, draws=200_000)
    time, value = table.index.to_numpy(), table["value"].to_numpy()
    fit = stats.linregress(time, value)
    left = value - fit.intercept - fit.slope * time
    spread = ((time - time.mean()) ** 2).sum()
    noise = math.sqrt((left**2).sum() / 4 * (1 + 1 / 6 + (2030 - time.mean()) ** 2 / spread))
    exact = stats.t.cdf((10 - fit.intercept - fit.slope * 2030) / noise, 4)
    assert found.chance == pytest.approx(exact, abs=0.005)


def test_chances_come_true():
    random = np.random.default_rng(3)
    said, arrived = [], []
    for seed in range(600):
        slope = random.uniform(-1.8, -0.2)
        noise = random.normal(0, 0.7, 7)
        table = points(*((2020 + t, 20 + slope * t + noise[t], math.nan, math.nan) for t in range(6)))
        said.append(verdict(table, **TARGET, draws=400, seed=seed).chance)
        arrived.append(20 + slope * 10 + noise[6] <= 10)
    assert np.mean(said) == pytest.approx(np.mean(arrived), abs=0.05)
    sure = np.array(said) > 0.9
    assert np.array(arrived)[sure].mean() > 0.85


def test_chance_is_seeded_and_needs_five_points():
    table = points(
        (2020, 20, 19, 21), (2021, 19.5, 18.5, 20.5), (2022, 17.5, 16.5, 18.5), (2023, 17, 16, 18), (2024, 16, 15, 17)
    )
    first, again = verdict(table, **TARGET), verdict(table, **TARGET)
    assert first == again
    assert first.chance != verdict(table, **TARGET, seed=1).chance
    assert 0 < first.chance < 1
    assert verdict(table.iloc[:4], **TARGET).chance is None
    assert verdict(table, **TARGET, draws=0).chance is None


def test_points_own_limits_keep_a_chance_from_being_too_sure():
    straight = [(2020 + t, 20 - 1.05 * t) for t in range(5)]
    bare = verdict(points(*((t, v, math.nan, math.nan) for t, v in straight)), **TARGET)
    noisy = verdict(points(*((t, v, v - 2, v + 2) for t, v in straight)), **TARGET)
    assert bare.chance == 1
    assert 0.5 < noisy.chance < 0.8


def test_quarters_serve_as_time():
    quarters = [financial_quarter(f"2026/27-Q{i}") for i in range(1, 5)]
    table = points(*((each.number, 20 - i, 19 - i, 21 - i) for i, each in enumerate(quarters)))
    due = financial_quarter("2028/29-Q3").number
    found = verdict(table, baseline=20, goal=10, start=quarters[0].number, due=due)
    assert (found.verdict, found.expected, found.run_rate) == ("uncertain", 17, -1)


def test_impossible_points_are_refused():
    with pytest.raises(ValueError, match="point 2021 is 5 with limits 6 to 7; expected it between them"):
        verdict(points((2021, 5, 6, 7)), **TARGET)
    with pytest.raises(ValueError, match="point 2021 is inf"):
        verdict(points((2021, math.inf, 1, math.inf)), **TARGET)
    with pytest.raises(ValueError, match="a time stands twice"):
        verdict(points((2021, 5, 4, 7), (2021, 5, 4, 7)), **TARGET)
    with pytest.raises(ValueError, match="expected polarity 1 or -1"):
        verdict(points((2021, 5, 4, 7)), **TARGET, polarity=2)


# Gap as people


def test_gap_as_people_by_hand():
    people, reached = years(100, 100, 40, 3), years(90, 99, 0, math.nan)
    # 95 of 100 less 90; more than 95 already; 38 of 40; not known.
    assert gap_as_people(0.95, people, reached).tolist() == [5, 0, 38, pd.NA]


def test_seven_percent_of_a_hundred_is_seven():
    assert 0.07 * 100 > 7  # what floating point makes of it
    assert gap_as_people(0.07, years(100), years(0)).tolist() == [7]


@LAW
@given(st.integers(0, 1_000), st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 100)), min_size=1, max_size=5))
def test_gap_is_just_enough_people(thousandths, drawn):
    goal = thousandths / 1_000
    people = [n for n, _ in drawn]
    reached = [n * share // 100 for n, share in drawn]
    found = gap_as_people(goal, years(*people), years(*reached)).tolist()
    for n, x, more in zip(people, reached, found, strict=True):
        assert more >= 0
        assert x + more >= Fraction(thousandths, 1_000) * n
        assert more == 0 or x + more - 1 < Fraction(thousandths, 1_000) * n


@pytest.mark.parametrize("goal", [-0.1, 1.1, math.nan])
def test_a_goal_that_is_no_share_is_refused(goal):
    with pytest.raises(ValueError, match="expected a share of the people"):
        gap_as_people(goal, years(10), years(5))
