"""Rates and their limits (methods M5): sums by hand, published figures, laws over random counts, coverage."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import gammainccinv, gammaincinv

from layers.rates import (
    EUROPEAN_STANDARD_POPULATION_2013,
    directly_standardised_rate,
    indirectly_standardised_ratio,
    mean,
    proportion,
    quantile_group,
    rate,
)

CASES = 1_000
Z95 = 1.959963984540054  # standard normal, one in forty above
BANDS = list(EUROPEAN_STANDARD_POPULATION_2013.index)
TOP_BANDS = EUROPEAN_STANDARD_POPULATION_2013[["85-89", "90+"]]


def series(*values: float) -> pd.Series:
    return pd.Series(values, index=[f"E0100000{i}" for i in range(len(values))], dtype=float)


def one_row(found: pd.DataFrame, row: int = 0) -> list[float]:
    return found.iloc[row].tolist()


def by_band(*rows: list[float], bands: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        list(rows), index=[f"E0800000{i}" for i in range(len(rows))], columns=bands or BANDS, dtype=float
    )


# By hand and as published


@pytest.mark.parametrize(
    ("count", "of", "lower", "upper"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, score method without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_limits_as_newcombe_printed_them(count, of, lower, upper):
    found = proportion(series(count), series(of))
    assert one_row(found.round(4)) == [round(count / of, 4), lower, upper]


def test_wilson_limits_by_hand():
    # 1 of 4 at z = 2 (95.45 %): (1 + 2 -+ 2 sqrt(1 + 3/4)) / (4 + 4) = (3 -+ sqrt 7) / 8.
    found = proportion(series(1), series(4), confidence=math.erf(2 / math.sqrt(2)))
    assert one_row(found) == pytest.approx([0.25, (3 - math.sqrt(7)) / 8, (3 + math.sqrt(7)) / 8], abs=1e-12)


def test_nobody_and_everybody_have_an_exact_end():
    found = proportion(series(0, 50), series(50, 50))
    assert found["lower"].iloc[0] == 0
    assert found["upper"].iloc[1] == 1


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    # Exact Poisson limits as in every table of them (Armitage and Berry).
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (5, 1.623, 11.668), (9, 4.115, 17.085)],
)
def test_exact_limits_of_small_counts_as_tabled(count, lower, upper):
    assert one_row(rate(series(count), series(1), per=1).round(3)) == [count, lower, upper]


def test_byars_limits_by_hand():
    # 16 events at z = 2: 16 (1 - 1/144 - 2/12)^3 and 17 (1 - 1/153 + 2/(3 sqrt 17))^3.
    found = rate(series(16), series(8), per=1, confidence=math.erf(2 / math.sqrt(2)))
    lower, upper = 16 * (1 - 1 / 144 - 1 / 6) ** 3, 17 * (1 - 1 / 153 + 2 / (3 * math.sqrt(17))) ** 3
    assert one_row(found) == pytest.approx([2, lower / 8, upper / 8], abs=1e-12)


def test_rates_as_the_department_of_healths_own_package_gives_them():
    # PHStatsMethods 0.1.16 (Department of Health and Social Care), counts of 3, 9, 10, 65 and 82.
    found = rate(series(3, 9, 10, 65, 82), series(100, 100, 100, 100, 10_000), per=100_000)
    expected = [
        [3_000, 618.672122896, 8767.273069742],
        [9_000, 4115.373097378, 17084.803451419],
        [10_000, 4787.449913968, 18391.458605756],
        [65_000, 50163.187710459, 82849.138545940],
        [820, 652.149116581, 1017.848394012],
    ]
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-10)
    wide = rate(series(3, 82), series(100, 10_000), per=1_000, confidence=0.998)
    np.testing.assert_allclose(
        wide.to_numpy(), [[30, 1.905333776, 130.622407792], [8.2, 5.6817825, 11.40440289]], rtol=1e-8
    )


def test_mean_as_the_department_of_healths_own_package_gives_it():
    found = mean(series(3, 9, 10, 65, 82))
    np.testing.assert_allclose(one_row(found), [33.8, -11.934717574, 79.534717574], rtol=1e-9)
    assert found.index.tolist() == ["all"]


def test_standardised_rates_as_the_department_of_healths_own_package_gives_them():
    counts = by_band(list(range(1, 20)), [0, 0, 0, 1, 0, 2, 1, 0, 3, 2, 4, 5, 3, 6, 8, 9, 12, 7, 5])
    people = by_band([1_000 + 100 * i for i in range(19)], [900 - 30 * i for i in range(19)])
    direct = directly_standardised_rate(counts, people)
    expected = [[458.879961684, 386.233504403, 539.790241081], [563.155602061, 429.627240666, 723.128105146]]
    np.testing.assert_allclose(direct.to_numpy(), expected, rtol=1e-10)
    reference = pd.Series([(5 * i + 1) / 10_000 for i in range(19)], index=BANDS)
    ratio = indirectly_standardised_ratio(counts.sum(axis=1), people, reference)
    expected = [[0.9765625, 0.842628075, 1.125732496], [1.461988304, 1.135240076, 1.853446204]]
    np.testing.assert_allclose(ratio.to_numpy(), expected, rtol=1e-8)


def test_quantiles_as_the_department_of_healths_own_package_gives_them():
    values = series(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5)
    assert quantile_group(values, 5).tolist() == [3, 5, 3, 5, 1, 1, 4, 1, 1, 3, 1]


def test_european_standard_population_is_whole():
    # Eurostat (2013): 19 bands of five years to 90+, 100,000 people, 19,500 of them aged 65 and over.
    standard = EUROPEAN_STANDARD_POPULATION_2013
    assert len(standard) == 19
    assert standard.sum() == 100_000
    assert standard["65-69":].sum() == 19_500
    assert standard[["0-4", "35-39", "90+"]].tolist() == [5_000, 7_000, 1_000]


def test_direct_standardisation_by_hand():
    counts, people = by_band([6, 24], bands=list(TOP_BANDS.index)), by_band([100, 200], bands=list(TOP_BANDS.index))
    # Shares .6 and .4: .6 x .06 + .4 x .12 = .084; variance .36 x 6/100^2 + .16 x 24/200^2 = .000312.
    found = directly_standardised_rate(counts, people, TOP_BANDS, per=1_000)
    byar = rate(series(30), series(1), per=1)
    stretch = math.sqrt(0.000312 / 30)
    expected = [84 + 1_000 * stretch * (limit - 30) for limit in (30, byar["lower"].iloc[0], byar["upper"].iloc[0])]
    assert one_row(found) == pytest.approx(expected, abs=1e-9)


def test_mean_by_hand():
    # 2, 4, 6: mean 4, deviation 2, t of two degrees of freedom at 97.5 % is 4.302653.
    found = mean(series(2, 4, 6))
    half = 4.302652729911275 * 2 / math.sqrt(3)
    assert one_row(found) == pytest.approx([4, 4 - half, 4 + half], abs=1e-9)


def test_means_by_group_leave_out_what_is_missing_and_give_one_value_no_limits():
    found = mean(series(2, 4, math.nan, 7), pd.Series(["b", "b", "b", "a"], index=series(0, 0, 0, 0).index))
    assert found["value"].to_dict() == {"a": 7, "b": 3}
    assert found.loc["a", ["lower", "upper"]].isna().all()


# Laws, over many random counts


@pytest.fixture(scope="module")
def drawn() -> tuple[pd.Series, pd.Series]:
    random = np.random.default_rng(20)
    people = random.integers(1, 5_000, CASES)
    return pd.Series(random.binomial(people, random.uniform(0, 1, CASES))), pd.Series(people)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.998])
def test_wilson_limits_solve_the_score_equation(drawn, confidence):
    count, people = drawn
    found = proportion(count, people, confidence=confidence)
    z = brentq(lambda x: math.erf(x / math.sqrt(2)) - confidence, 0, 10, xtol=1e-14)
    for limit in (found["lower"], found["upper"]):
        left, right = (found["value"] - limit) ** 2, z**2 * limit * (1 - limit) / people
        assert np.abs(left - right).max() < 1e-9
    assert ((found["lower"] >= 0) & (found["lower"] <= found["value"])).all()
    assert ((found["upper"] <= 1) & (found["upper"] >= found["value"])).all()


def poisson_at_most(events: int, expected: float) -> float:
    return math.fsum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(events + 1))


@pytest.mark.parametrize("count", range(10))
def test_exact_limits_leave_one_in_forty_on_either_side(count):
    _, lower, upper = one_row(rate(series(count), series(1), per=1))
    assert poisson_at_most(count, upper) == pytest.approx(0.025, abs=1e-9)
    if count:
        assert 1 - poisson_at_most(count - 1, lower) == pytest.approx(0.025, abs=1e-9)


def test_byars_limits_are_within_a_fifth_of_a_percent_of_exact_ones():
    counts = np.arange(10, 10 + CASES)
    found = rate(pd.Series(counts), pd.Series(np.ones(CASES)), per=1)
    # The exact ones by another function than chi-squared.
    exact_lower, exact_upper = gammaincinv(counts, 0.025), gammainccinv(counts + 1, 0.025)
    assert np.abs(found["lower"] / exact_lower - 1).max() < 0.002
    assert np.abs(found["upper"] / exact_upper - 1).max() < 0.002


def test_rates_scale_with_per_and_shrink_with_people(drawn):
    count, people = drawn
    one, many = rate(count, people, per=1), rate(count, people, per=1_000)
    np.testing.assert_allclose(many, one * 1_000, rtol=1e-12)
    wide, narrow = rate(count, people, per=1), rate(count * 100, people * 100, per=1)
    some = count > 0
    assert ((narrow["upper"] - narrow["lower"])[some] < (wide["upper"] - wide["lower"])[some]).all()


def test_byars_lower_limit_below_zero_is_missing(monkeypatch):
    monkeypatch.setattr("layers.rates.BYAR_FROM", 1)  # from 10 events no confidence comes near it
    found = rate(series(1), series(100), per=1, confidence=0.998)
    assert np.isnan(found["lower"].iloc[0])
    assert found["upper"].iloc[0] > 0.01


def test_direct_standardisation_in_exact_fractions():
    random = np.random.default_rng(3)
    counts = by_band(*random.integers(0, 40, (CASES, 19)).tolist())
    people = by_band(*random.integers(500, 3_000, (CASES, 19)).tolist())
    found = directly_standardised_rate(counts, people)
    standard = [int(people) for people in EUROPEAN_STANDARD_POPULATION_2013]
    for row in range(0, CASES, 50):
        pairs = list(zip(standard, counts.iloc[row], people.iloc[row], strict=True))
        exact = sum(Fraction(w) * int(x) / int(n) for w, x, n in pairs)
        assert found["value"].iloc[row] == pytest.approx(float(exact), rel=1e-12)
        variance = sum((Fraction(w) / int(n)) ** 2 * int(x) for w, x, n in pairs)
        events = int(counts.iloc[row].sum())
        more = events + 1
        byar = more * (1 - 1 / (9 * more) + Z95 / (3 * math.sqrt(more))) ** 3
        upper = float(exact) + math.sqrt(variance / events) * (byar - events)
        assert found["upper"].iloc[row] == pytest.approx(upper, rel=1e-9)
    assert ((found["lower"] < found["value"]) & (found["value"] < found["upper"])).all()


def test_a_place_with_the_standards_own_ages_keeps_its_crude_rate():
    random = np.random.default_rng(4)
    counts = by_band(*random.integers(1, 40, (CASES, 19)).tolist())
    people = by_band(*([(EUROPEAN_STANDARD_POPULATION_2013 * 2).tolist()] * CASES))
    crude = rate(counts.sum(axis=1), people.sum(axis=1), per=100_000)
    np.testing.assert_allclose(directly_standardised_rate(counts, people), crude, rtol=1e-9)


def test_the_reference_itself_is_as_expected():
    counts = by_band(list(range(1, 20)))
    people = by_band([1_000] * 19)
    found = indirectly_standardised_ratio(counts.sum(axis=1), people, counts.iloc[0] / 1_000, per=100)
    assert found["value"].iloc[0] == pytest.approx(100, abs=1e-9)


@pytest.mark.parametrize("groups", [2, 5, 10])
@pytest.mark.parametrize("polarity", [1, -1])
def test_quantile_groups_follow_the_formula_in_exact_fractions(groups, polarity):
    random = np.random.default_rng(groups)
    for n in (groups, 11, 33, 125, 1_000):
        values = pd.Series(random.integers(0, n, max(n, groups)).astype(float))
        found = quantile_group(values, groups, polarity=polarity)
        size = Fraction(len(values), groups)
        rank = [1 + int((polarity * values > polarity * value).sum()) for value in values]
        assert found.tolist() == [groups + 1 - math.ceil((len(values) + 1 - each) / size) for each in rank]


def test_a_missing_value_has_no_quantile_group_and_moves_no_other():
    values = series(5, math.nan, 4, 3, 2, 1)
    assert quantile_group(values, 5).tolist() == [1, pd.NA, 2, 3, 4, 5]


# Coverage: 90 % limits hold the truth in 85 to 95 of a hundred places


def covered(found: pd.DataFrame, truth: float) -> float:
    return float(((found["lower"] <= truth) & (truth <= found["upper"])).mean())


@pytest.mark.parametrize(("share", "people"), [(0.05, 400), (0.3, 150), (0.9, 300)])
def test_proportions_cover(share, people):
    counts = pd.Series(np.random.default_rng(5).binomial(people, share, 4_000))
    assert 0.85 <= covered(proportion(counts, counts * 0 + people, confidence=0.9), share) <= 0.95


@pytest.mark.parametrize("events", [12, 40, 300])
def test_rates_cover(events):
    counts = pd.Series(np.random.default_rng(6).poisson(events, 4_000))
    assert 0.85 <= covered(rate(counts, counts * 0 + 1_000, per=1_000, confidence=0.9), events) <= 0.95


def test_standardised_rates_and_means_cover():
    random = np.random.default_rng(7)
    risk, people = np.linspace(0.001, 0.02, 19), random.integers(200, 900, 19)
    counts = by_band(*random.poisson(risk * people, (4_000, 19)).tolist())
    denominators = by_band(*([people.tolist()] * 4_000))
    truth = float((risk * EUROPEAN_STANDARD_POPULATION_2013).sum())
    assert 0.85 <= covered(directly_standardised_rate(counts, denominators, confidence=0.9), truth) <= 0.95
    values = pd.Series(random.normal(3, 2, 12_000))
    assert 0.85 <= covered(mean(values, pd.Series(np.arange(12_000) // 6), confidence=0.9), 3) <= 0.95


# What is missing, and what is refused


def test_missing_and_nobody_give_missing_never_zero():
    found = proportion(series(math.nan, 3, 0), series(10, math.nan, 0))
    assert found.isna().all(axis=None)
    assert rate(series(math.nan, 0), series(10, 0), per=1).isna().all(axis=None)


def test_all_zero_counts_are_zero_with_an_upper_limit():
    found = rate(series(0, 0), series(1_000, 2_000), per=1_000)
    assert found["value"].tolist() == [0, 0]
    assert found["lower"].tolist() == [0, 0]
    assert (found["upper"] > 0).all()


def test_under_ten_events_there_is_no_standardised_rate():
    nine, ten = [0] * 18 + [9], [0] * 18 + [10]
    found = directly_standardised_rate(by_band(nine, ten), by_band([500] * 19, [500] * 19))
    assert found.iloc[0].isna().all()
    assert found.iloc[1].notna().all()


def test_an_unknown_band_is_not_an_empty_one():
    counts, people = by_band([5] * 19, [5] * 19), by_band([500] * 19, [500] * 19)
    counts.iloc[0, 3], counts.iloc[1, 4], people.iloc[1, 4] = math.nan, 0, 0
    assert directly_standardised_rate(counts, people).isna().all(axis=None)


def test_a_count_above_its_denominator_is_refused_in_a_proportion_and_allowed_in_a_rate():
    with pytest.raises(ValueError, match=r"^count of E01000001 is 12, above its denominator 10$"):
        proportion(series(1, 12), series(10, 10))
    assert rate(series(12), series(10), per=1)["value"].iloc[0] == 1.2  # admissions: more than one a person


@pytest.mark.parametrize("measure", [proportion, lambda x, n: rate(x, n, per=1)])
def test_figures_that_are_no_counts_are_refused(measure):
    with pytest.raises(ValueError, match=r"^count of E01000001 is -1; expected zero or more$"):
        measure(series(1, -1), series(10, 10))
    with pytest.raises(ValueError, match=r"^denominator of E01000000 is inf; expected zero or more$"):
        measure(series(1), series(math.inf))
    with pytest.raises(ValueError, match=r"^count of E01000000 is 2, among nobody \(denominator 0\)$"):
        measure(series(2), series(0))
    with pytest.raises(ValueError, match="not for the same rows in the same order"):
        measure(series(1, 2), series(1, 2).iloc[::-1])


@pytest.mark.parametrize("confidence", [0, 1, 95, math.nan])
def test_a_confidence_that_is_no_share_is_refused(confidence):
    with pytest.raises(ValueError, match="expected a share such as"):
        proportion(series(1), series(2), confidence=confidence)


def test_a_rate_per_nothing_is_refused():
    with pytest.raises(ValueError, match="a rate per 0 says nothing"):
        rate(series(1), series(2), per=0)


def test_other_age_bands_are_refused():
    bands = [*BANDS[:-1], "90-94"]
    with pytest.raises(ValueError, match="expected the age bands 0-4"):
        directly_standardised_rate(by_band([1] * 19, bands=bands), by_band([9] * 19, bands=bands))
    with pytest.raises(ValueError, match="not for the same places and age bands"):
        indirectly_standardised_ratio(series(1), by_band([1] * 19), pd.Series(0.1, index=bands))


def test_quantiles_of_too_few_or_infinite_values_are_refused():
    with pytest.raises(ValueError, match=r"^3 values cannot make 5 groups$"):
        quantile_group(series(1, 2, 3), 5)
    with pytest.raises(ValueError, match="E01000001 is infinite"):
        quantile_group(series(1, math.inf), 2)
    with pytest.raises(ValueError, match="expected polarity 1 or -1"):
        quantile_group(series(1, 2), 2, polarity=0)
    with pytest.raises(ValueError, match="finite"):
        mean(series(1, math.inf))
