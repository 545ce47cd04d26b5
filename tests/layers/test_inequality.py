"""Inequality and proportionality (methods M2, M5): sums by hand, laws over random places, truth recovered."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.inequality import (
    BY_WHERE_PEOPLE_LIVE,
    by_group,
    concentration_index,
    gap,
    need_groups,
    proportionality_ratio,
    slope_index,
)

LAW = settings(max_examples=1_000, deadline=None)
CHECK = settings(max_examples=250, deadline=None)  # what is no law of the methods, and slow
SEEDS = st.integers(0, 2**32 - 1)
CODES = pd.Index([f"E0100{i:04d}" for i in range(1_000)], dtype=object)
Place = tuple[pd.Series, pd.Series, pd.Series]


def series(values) -> pd.Series:
    values = np.asarray(values, dtype=float)
    return pd.Series(values, index=CODES[: len(values)])


def ridits(need: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Second route: each neighbourhood against each other."""
    lower, same = need[:, None] > need, need[:, None] == need
    return (lower + same / 2) @ people / people.sum()


def place(seed: int, size: int | None = None) -> Place:
    """Values, need positions and people of a place with ties in need."""
    random = np.random.default_rng(seed)
    n = size or int(random.integers(5, 30))
    people = random.integers(1, 3_000, n).astype(float)
    need = np.concatenate([[0, 100], random.integers(0, 100, n - 2)]).astype(float)
    return series(random.normal(50, 20, n)), series(ridits(need, people)), series(people)


def fifths_of_1000(*values: float) -> Place:
    """Five groups of 1,000 people in order of need: positions .1, .3, .5, .7, .9."""
    return series(values), series([0.1, 0.3, 0.5, 0.7, 0.9]), series([1_000] * 5)


# Slope index: by hand and by a second route


def test_slope_by_hand():
    # 10 + 20 u at .1, .3, .5, .7, .9: ends 10 and 30.
    found = slope_index(*fifths_of_1000(12, 16, 20, 24, 28))
    assert (found.sii, found.rii, found.intercept, found.mean) == pytest.approx((20, 3, 10, 20), abs=1e-12)
    assert (found.units, found.left_out, found.limits_from, found.sii_lower) == (5, 0, "none", None)
    assert "No limits" in found.note


def test_slope_off_the_line_by_hand():
    # Deviations of u -.4 -.2 0 .2 .4 (squares sum .4), of y -4 0 4 0 0: slope (1.6 + 0) / .4 = 4 around a mean of 4.
    found = slope_index(*fifths_of_1000(0, 4, 8, 4, 4))
    assert (found.sii, found.intercept) == pytest.approx((4, 2), abs=1e-12)
    assert found.rii == pytest.approx(3, abs=1e-12)


def test_slope_of_the_published_life_expectancy_input():
    # Input of the example in the documentation of OHID's PHEindicatormethods (two areas of ten deciles, most
    # deprived first); reference values by numpy.linalg.lstsq on square-root weights, as its method is described.
    people = [21675, 20065, 19750, 24713, 20112, 19618, 22408, 19752, 18939, 19312]
    value = np.array([70.5, 71.6, 72.5, 73.5, 73.1, 76.2, 78.7, 80.6, 80.9, 80])
    error = series([0.23, 0.26, 0.3, 0.16, 0.79, 0.78, 0.4, 0.28, 0.23, 0.35])
    share = np.array(people) / sum(people)
    rank = np.cumsum(share) - share / 2  # from the most deprived: need runs the other way
    root = np.sqrt(share)
    design = np.column_stack([root, root * (1 - rank)])
    (least, slope), *_ = np.linalg.lstsq(design, root * value, rcond=None)
    y, u, p = series(value), series(1 - rank), series(people)
    found = slope_index(y, u, p, lower=y - 1.959963984540054 * error, upper=y + 1.959963984540054 * error)
    assert (found.sii, found.rii) == pytest.approx((slope, (least + slope) / least), abs=1e-9)
    assert -13 < found.sii < -11  # twelve years of life between the ends
    # Limits: the slope is a weighted sum of the values, so its standard error is known.
    weights = np.linalg.inv(design.T @ design) @ (design.T * root)
    spread = math.sqrt(((weights[1] * error.to_numpy()) ** 2).sum())
    assert found.sii_lower == pytest.approx(slope - 1.96 * spread, abs=0.03 * spread + 0.02)
    assert found.sii_upper == pytest.approx(slope + 1.96 * spread, abs=0.03 * spread + 0.02)


@LAW
@given(SEEDS)
def test_slope_is_weighted_least_squares(seed):
    y, u, p = place(seed)
    slope, least = np.polyfit(u, y, 1, w=np.sqrt(p))
    found = slope_index(y, u, p, draws=0)
    assert (found.sii, found.intercept) == pytest.approx((slope, least), abs=1e-9 * 3_000)
    if found.rii is not None:
        assert found.rii == pytest.approx((least + slope) / least, rel=1e-8)


@LAW
@given(SEEDS, st.floats(1.01, 20))
def test_index_of_the_dial_is_the_dial(seed, rho):
    _, u, p = place(seed)
    found = slope_index(2 * (1 + (rho - 1) * u) / (rho + 1), u, p, draws=0)
    assert found.rii == pytest.approx(rho, rel=1e-9)
    assert found.sii == pytest.approx(2 * (rho - 1) / (rho + 1), rel=1e-9)


@CHECK
@given(SEEDS, st.floats(0.5, 9), st.floats(-40, 40))
def test_slope_follows_a_change_of_unit_and_ignores_row_order(seed, times, plus):
    y, u, p = place(seed)
    plain, changed = slope_index(y, u, p, draws=0), slope_index(y * times + plus, u, p, draws=0)
    assert changed.sii == pytest.approx(plain.sii * times, abs=1e-8)
    assert changed.intercept == pytest.approx(plain.intercept * times + plus, abs=1e-8)
    mixed = np.random.default_rng(seed).permutation(len(y))
    assert slope_index(y.iloc[mixed], u.iloc[mixed], p.iloc[mixed], draws=0).sii == pytest.approx(plain.sii, abs=1e-9)


@CHECK
@given(SEEDS, st.integers(1, 99))
def test_splitting_a_neighbourhood_changes_no_index(seed, percent):
    y, u, p = place(seed)
    parts = p.copy()
    parts.iloc[0] *= percent / 100
    rows = [*range(len(y)), 0]
    split = [series(each.to_numpy()[rows]) for each in (y, u, parts)]
    split[2].iloc[-1] = p.iloc[0] * (1 - percent / 100)
    assert slope_index(*split, draws=0).sii == pytest.approx(slope_index(y, u, p, draws=0).sii, abs=1e-8)
    assert concentration_index(abs(split[0]), *split[1:]) == pytest.approx(concentration_index(abs(y), u, p), abs=1e-9)


@pytest.mark.parametrize(
    ("transform", "curve", "ends"),
    [
        ("log", lambda u: 40 * 3**u, (40, 120)),
        ("logit", lambda u: 1 / (1 + np.exp(2 - 3 * u)), (1 / (1 + math.exp(2)), 1 / (1 + math.exp(-1)))),
    ],
)
def test_fitted_ends_are_transformed_back(transform, curve, ends):
    _, u, p = place(1, 40)
    found = slope_index(curve(u), u, p, transform=transform)
    assert found.intercept == pytest.approx(ends[0], rel=1e-9)
    assert found.sii == pytest.approx(ends[1] - ends[0], rel=1e-9)
    assert found.rii == pytest.approx(ends[1] / ends[0], rel=1e-9)
    assert found.rii_lower <= found.rii <= found.rii_upper or found.rii_lower == pytest.approx(found.rii, rel=1e-9)


# Slope index: limits


def test_limits_agree_with_redrawing_every_value():
    y, u, p = place(3, 60)
    error = 2 + 3 * u
    found = slope_index(y, u, p, lower=y - 1.96 * error, upper=y + 1.96 * error, draws=20_000, seed=1)
    drawn = np.random.default_rng(0).normal(y, error, (20_000, 60))
    root = np.sqrt(p.to_numpy())
    least, slope = np.linalg.lstsq(np.column_stack([root, root * u]), (drawn * root).T, rcond=None)[0]
    spread = slope.std()
    for ours, theirs in [
        ((found.sii_lower, found.sii_upper), np.quantile(slope, [0.025, 0.975])),
        ((found.intercept_lower, found.intercept_upper), np.quantile(least, [0.025, 0.975])),
    ]:
        assert np.abs(np.array(ours) - theirs).max() < 0.06 * spread
    assert np.quantile((least + slope) / least, [0.025, 0.975]) == pytest.approx(
        [found.rii_lower, found.rii_upper], rel=0.02
    )


def test_without_limits_neighbourhoods_are_weighted_at_random():
    random = np.random.default_rng(8)
    _, u, p = place(8, 400)
    y = series(20 + 10 * u + random.normal(0, 1 + 4 * u))
    found = slope_index(y, u, p, draws=4_000)
    # Second route: the sandwich standard error of weighted least squares.
    share = (p / p.sum()).to_numpy()
    design = np.column_stack([np.ones(400), u])
    bread = np.linalg.inv(design.T * share @ design)
    left = y.to_numpy() - design @ (bread @ (design.T * share @ y.to_numpy()))
    spread = math.sqrt((bread @ ((design.T * (share * left) ** 2) @ design) @ bread)[1, 1])
    assert found.limits_from == "neighbourhoods"
    assert "random weights" in found.note
    assert (found.sii_upper - found.sii_lower) / 2 == pytest.approx(1.96 * spread, rel=0.08)


@pytest.mark.parametrize("own_limits", [True, False])
def test_same_seed_same_bits_whatever_runs_the_blocks(own_limits):
    y, u, p = place(4, 300)
    limits = {"lower": y - 3, "upper": y + 3} if own_limits else {}

    def backwards(draw, blocks):
        results = {number: draw(block) for number, block in reversed(list(enumerate(blocks)))}
        return [results[number] for number in sorted(results)]

    with ThreadPoolExecutor(4) as pool:
        found = [
            slope_index(y, u, p, draws=1_000, seed=9, schedule=how, **limits) for how in (map, backwards, pool.map)
        ]
    assert found[0] == found[1] == found[2]
    assert slope_index(y, u, p, draws=1_000, seed=10, **limits).sii_lower != found[0].sii_lower


@pytest.mark.parametrize("own_limits", [True, False])
def test_ninety_percent_limits_cover(own_limits):
    random = np.random.default_rng(12)
    _, u, p = place(12, 125)
    error = random.uniform(1, 4, 125)
    hits = np.zeros(3)
    for seed in range(600):
        y = series(30 + 24 * u + random.normal(0, error))
        limits = {"lower": y - 1.645 * error, "upper": y + 1.645 * error} if own_limits else {}
        found = slope_index(y, u, p, confidence=0.9, draws=400, seed=seed, **limits)
        hits += [
            found.sii_lower <= 24 <= found.sii_upper,
            found.rii_lower <= 1.8 <= found.rii_upper,
            found.intercept_lower <= 30 <= found.intercept_upper,
        ]
    assert ((hits / 600 >= 0.85) & (hits / 600 <= 0.95)).all(), hits / 600


def test_a_thousand_draws_of_england_take_well_under_a_second():
    random = np.random.default_rng(13)
    n = 33_755
    u, p = (random.permutation(n) + 0.5) / n, random.integers(1_000, 3_000, n).astype(float)
    y, u, p = pd.Series(10 + u + random.normal(size=n)), pd.Series(u), pd.Series(p)
    spent = []
    for _ in range(3):
        started = time.process_time()
        slope_index(y, u, p, draws=1_000)
        spent.append(time.process_time() - started)
    assert min(spent) < 0.8, spent


# Slope index: where it is not defined, and what is refused


def test_constant_and_all_zero_measures():
    found = slope_index(*fifths_of_1000(7, 7, 7, 7, 7))
    assert (found.sii, found.rii) == pytest.approx((0, 1), abs=1e-12)
    nothing = slope_index(*fifths_of_1000(0, 0, 0, 0, 0))
    assert nothing.sii == 0
    assert nothing.rii is None
    assert nothing.note.startswith("RII is not defined: the fitted value at the least need is at or near 0.")


def test_rii_is_not_defined_where_an_end_is_near_zero():
    assert slope_index(*fifths_of_1000(1, 3, 5, 7, 9)).rii is None  # 10 u: nothing at the least need
    falling = slope_index(*fifths_of_1000(9, 7, 5, 3, 1))
    assert falling.rii is None
    assert "greatest need is at or near 0" in falling.note
    y, u, p = fifths_of_1000(3, 5, 7, 9, 11)  # 2 + 10 u, but the noise reaches below 0 at the least need
    assert slope_index(y, u, p, lower=y - 4, upper=y + 4).rii is None


def test_rows_without_a_figure_or_people_are_left_out_and_counted():
    y, u, p = place(5, 20)
    y.iloc[0], u.iloc[1], p.iloc[2] = math.nan, math.nan, 0
    found = slope_index(y, u, p, draws=0)
    kept = slope_index(y.iloc[3:], u.iloc[3:], p.iloc[3:], draws=0)
    assert (found.units, found.left_out) == (17, 3)
    assert found.sii == pytest.approx(kept.sii, abs=1e-9)


def test_too_few_groups_are_refused():
    y, u, p = fifths_of_1000(1, 2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"^1 with a value; a slope needs at least 5 neighbourhoods or groups$"):
        slope_index(y.iloc[:1], u.iloc[:1], p.iloc[:1])
    with pytest.raises(ValueError, match="every neighbourhood has the same need position"):
        slope_index(y, u * 0 + 0.5, p)


@pytest.mark.parametrize(
    ("row", "bad", "message"),
    [
        (0, math.inf, "value of E01000000 is inf; expected a finite number"),
        (1, 1.2, "need position of E01000000 is 1.2; expected 0 to 1"),
        (2, -4, "people of E01000000 is -4; expected zero or more"),
        (2, math.nan, "people of E01000000 is nan; expected zero or more"),
    ],
)
@pytest.mark.parametrize("measure", [slope_index, gap, concentration_index, need_groups])
def test_impossible_figures_are_refused(measure, row, bad, message):
    figures = fifths_of_1000(1, 2, 3, 4, 5)
    figures[row].iloc[0] = bad
    with pytest.raises(ValueError, match=f"^{message}$"):
        measure(*figures)


def test_limits_that_cannot_be_are_refused():
    y, u, p = fifths_of_1000(1, 2, 3, 4, 5)
    with pytest.raises(ValueError, match="limits come in pairs"):
        slope_index(y, u, p, lower=y)
    with pytest.raises(ValueError, match="E01000000 has 1 with limits 2 to 3; expected it between them"):
        slope_index(y, u, p, lower=y + 1, upper=y + 2)
    with pytest.raises(ValueError, match="E01000003 has 4 with limits nan to 5"):
        slope_index(y, u, p, lower=y.mask(y == 4), upper=y + 1)
    with pytest.raises(ValueError, match="not for the same neighbourhoods"):
        slope_index(y, u, p, lower=y.iloc[::-1], upper=y)


def test_what_a_transform_cannot_take_is_refused():
    y, u, p = fifths_of_1000(0, 0.2, 0.3, 0.4, 0.5)
    with pytest.raises(ValueError, match="E01000000 has 0, which log cannot take; merge neighbourhoods into groups"):
        slope_index(y, u, p, transform="log")
    with pytest.raises(ValueError, match="E01000004 has 1, which logit cannot take"):
        slope_index(y + 0.5, u, p, transform="logit")
    with pytest.raises(ValueError, match="choose log, logit or None"):
        slope_index(y, u, p, transform="square")
    with pytest.raises(ValueError, match="expected 0 draws or more and a confidence"):
        slope_index(y, u, p, draws=-1)


# Groups of need


def test_groups_by_hand():
    y = series(range(10))
    u = series(np.arange(0.05, 1, 0.1))
    p = series([100, 300] * 5)
    found = need_groups(y, u, p, 5, lower=y - 1, upper=y + 1)
    # The greatest need first: (8 x 100 + 9 x 300) / 400 = 8.75; error sqrt(100^2 + 300^2) / 400 of a half width.
    assert found.index.tolist() == [1, 2, 3, 4, 5]
    assert found["value"].tolist() == pytest.approx([8.75, 6.75, 4.75, 2.75, 0.75])
    assert (found["upper"] - found["value"]).tolist() == pytest.approx([math.sqrt(10) / 4] * 5)
    assert found["people"].tolist() == [400] * 5
    assert found["neighbourhoods"].tolist() == [2] * 5
    assert found.loc[1, "need_position"] == pytest.approx(0.925)


@CHECK
@given(SEEDS, st.integers(5, 20))
def test_groups_keep_people_and_mean_and_a_straight_line(seed, groups):
    y, u, p = place(seed, 40)
    found = need_groups(y, u, p, groups)
    assert found["people"].sum() == p.sum()
    assert np.average(found["value"], weights=found["people"]) == pytest.approx(np.average(y, weights=p), abs=1e-9)
    assert found["need_position"].is_monotonic_decreasing
    line = need_groups(3 + 4 * u, u, p, groups)
    if len(line) >= 5:
        index = slope_index(line["value"], line["need_position"], line["people"])
        assert (index.intercept, index.sii) == pytest.approx((3, 4), abs=1e-9)


@pytest.mark.parametrize("groups", [1, 4, 101])
def test_other_numbers_of_groups_are_refused(groups):
    with pytest.raises(ValueError, match="a slope is drawn over 5 to 100"):
        need_groups(*place(1, 20), groups)


# Gap and concentration


def test_gap_by_hand():
    y, u, p = place(6, 10)
    order = u.to_numpy().argsort()
    y.iloc[order] = np.arange(10.0, 20)
    found = gap(y, series(np.sort(u.to_numpy()) * 0 + np.arange(0.05, 1, 0.1))[y.index], p * 0 + 10)
    ends = y.to_numpy()[[8, 9]].mean(), y.to_numpy()[[0, 1]].mean()
    assert (found.worst, found.best) == pytest.approx(ends)
    assert (found.absolute, found.relative) == pytest.approx((ends[0] - ends[1], ends[0] / ends[1]))


def test_absolute_and_relative_gap_can_move_apart():
    before, after = gap(*fifths_of_1000(10, 12, 14, 16, 20)), gap(*fifths_of_1000(4, 5, 6, 8, 10))
    assert after.absolute < before.absolute
    assert after.relative > before.relative
    assert gap(*fifths_of_1000(0, 1, 2, 3, 4)).relative is None


@LAW
@given(SEEDS)
def test_gap_is_between_the_fifths_by_rank(seed):
    y, u, p = place(seed)
    n = len(y)
    rank = np.array([1 + (u > own).sum() for own in u])
    worst, best = 5 * rank <= n, 5 * rank > 4 * n
    if worst.any() and best.any():
        found = gap(y, u, p)
        assert found.worst == pytest.approx((y * p)[worst].sum() / p[worst].sum(), abs=1e-9)
        assert found.best == pytest.approx((y * p)[best].sum() / p[best].sum(), abs=1e-9)
    else:
        with pytest.raises(ValueError, match="no gap can be given"):
            gap(y, u, p)


def test_concentration_by_hand():
    # 1 and 3 for halves of the people: covariance (1 x .25 + 1 x .25) / 2 = .25; 2 x .25 / 2 = .25.
    y, u, p = series([1, 3]), series([0.25, 0.75]), series([500, 500])
    assert concentration_index(y, u, p) == 0.25
    assert concentration_index(y[::-1].set_axis(y.index), u, p) == -0.25


@LAW
@given(SEEDS)
def test_concentration_is_twice_the_area_off_the_diagonal(seed):
    y, u, p = place(seed)
    y = y.abs()
    # Second route: the concentration curve, from the least need on, ties as one group.
    table = pd.DataFrame({"u": u, "people": p, "total": y * p}).groupby("u").sum()
    people = np.concatenate([[0], (table["people"] / p.sum()).cumsum()])
    total = np.concatenate([[0], (table["total"] / (y * p).sum()).cumsum()])
    area = ((total[1:] + total[:-1]) / 2 * np.diff(people)).sum()
    found = concentration_index(y, u, p)
    assert found == pytest.approx(1 - 2 * area, abs=1e-9)
    assert -1 < found < 1
    assert concentration_index(y * 7, u, p) == pytest.approx(found, abs=1e-12)
    assert concentration_index(y * 0 + 3, u, p) == pytest.approx(0, abs=1e-12)


def test_concentration_of_nothing_or_below_nothing_is_refused():
    with pytest.raises(ValueError, match="the mean is 0"):
        concentration_index(*fifths_of_1000(0, 0, 0, 0, 0))
    with pytest.raises(ValueError, match="zero or more"):
        concentration_index(*fifths_of_1000(-1, 1, 2, 3, 4))


# By group


def test_by_group_by_hand():
    value = series([10, 20, math.nan])
    people = pd.DataFrame({"a": [30, 10, 5], "b": [0, 0, 9], "c": [math.nan, 4, 1]}, index=value.index, dtype=float)
    found = by_group(value, people)
    assert found.loc["a"].tolist() == [12.5, 40, 5, 0]  # (300 + 200) / 40; 5 live where nothing is known
    assert np.isnan(found.loc["b", "value"])
    assert found.loc["c"].tolist() == [20, 4, 1, 1]
    assert BY_WHERE_PEOPLE_LIVE == "by where people live, not by person"


@CHECK
@given(SEEDS)
def test_groups_that_make_up_everybody_average_to_the_place(seed):
    y, _, p = place(seed)
    shares = np.random.default_rng(seed).dirichlet([1, 1, 1], len(y))
    people = pd.DataFrame(shares * p.to_numpy()[:, None], index=y.index, columns=["a", "b", "c"])
    found = by_group(y, people)
    assert np.average(found["value"], weights=found["people"]) == pytest.approx(np.average(y, weights=p), abs=1e-9)
    assert found["value"].between(y.min() - 1e-9, y.max() + 1e-9).all()


def test_by_group_refuses_impossible_people():
    value = series([1, 2])
    for bad in (-1, math.inf):
        with pytest.raises(ValueError, match="people of each group zero or more"):
            by_group(value, pd.DataFrame({"a": [bad, 1]}, index=value.index))
    with pytest.raises(ValueError, match="not for the same neighbourhoods"):
        by_group(value, pd.DataFrame({"a": [1, 1]}))


# Proportionality ratio (M2)


def borough(seed: int, resource_rii: float, outcome_rii: float, noise: float = 0.02, size: int = 125):
    """Resource and outcome that rise with need by the ratios asked for, with a little scatter."""
    random = np.random.default_rng(seed)
    _, u, p = place(seed, size)
    lines = [10 * (1 + (ratio - 1) * u) + random.normal(0, 10 * noise, size) for ratio in (resource_rii, outcome_rii)]
    return *lines, u, p


@pytest.mark.parametrize(
    ("resource_rii", "outcome_rii", "verdict"),
    [(0.7, 2.0, "inverse care"), (1.4, 2.5, "too flat"), (2.0, 2.0, "proportionate"), (3.0, 1.5, "steeper than need")],
)
def test_verdicts(resource_rii, outcome_rii, verdict):
    found = proportionality_ratio(*borough(21, resource_rii, outcome_rii), draws=1_000)
    assert found.verdict == verdict
    assert found.basis == "relative index"
    assert found.ratio == pytest.approx(resource_rii / outcome_rii, rel=0.05)
    assert found.lower <= found.ratio <= found.upper
    assert found.words.startswith(verdict.capitalize())


def test_ratio_is_one_index_over_the_other_by_hand():
    resource, u, p = fifths_of_1000(12, 16, 20, 24, 28)  # RII 3
    outcome = 5 + 25 * u  # RII 6
    limits = pd.DataFrame({"lower": outcome - 0.5, "upper": outcome + 0.5})
    found = proportionality_ratio(resource, outcome, u, p, outcome_limits=limits)
    assert (found.resource.rii, found.outcome.rii, found.ratio) == pytest.approx((3, 6, 0.5), rel=1e-9)
    assert found.resource.rii_lower == pytest.approx(3, rel=1e-9)
    assert (found.resource.limits_from, found.outcome.limits_from) == ("exact", "values")
    assert found.verdict == "too flat"
    # Top to bottom fifth: 28 / 12 over 27.5 / 7.5.
    assert found.fifths == pytest.approx((28 / 12) / (27.5 / 7.5))


def test_equal_per_head_is_too_flat_not_inverse_care():
    _, outcome, u, p = borough(22, 1, 2.2)
    found = proportionality_ratio(outcome * 0 + 3.3, outcome, u, p, draws=1_000)
    assert found.resource.rii == pytest.approx(1, abs=1e-12)
    assert found.verdict == "too flat"


def test_inverse_care_says_when_equal_shares_are_possible_too():
    resource, outcome, u, p = borough(28, 0.97, 2.5, noise=0.15)
    found = proportionality_ratio(resource, outcome, u, p, draws=1_000)
    assert found.resource.rii < 1 < found.resource.rii_upper
    assert found.verdict == "inverse care"
    assert found.words.startswith("Perhaps inverse care: ")
    assert f"{found.resource.rii_lower:.2f} to {found.resource.rii_upper:.2f}, include equal shares" in found.words
    sure = proportionality_ratio(*borough(21, 0.7, 2.0), draws=1_000)
    assert sure.resource.rii_upper < 1
    assert "perhaps" not in sure.words.lower()


def test_a_resource_in_exact_proportion_is_proportionate():
    _, outcome, u, p = borough(23, 1, 2.2, noise=0.1)
    found = proportionality_ratio(outcome * 0.3, outcome, u, p, draws=1_000)
    assert (found.ratio, found.lower, found.upper) == pytest.approx((1, 1, 1), abs=1e-9)
    assert found.verdict == "proportionate"


def test_no_verdict_unless_the_outcome_is_surely_worse_where_need_is_greater():
    found = proportionality_ratio(*borough(24, 2.0, 1.01, noise=0.3), draws=1_000)
    assert found.outcome.rii_lower <= 1
    assert found.verdict is None
    assert found.basis == "fifths"
    assert "No verdict: it is not certain that the outcome is worse where need is greater." in found.words
    assert f"{found.fifths:.2f} by need fifths" in found.words


def test_no_verdict_without_limits():
    resource, u, p = fifths_of_1000(12, 16, 20, 24, 28)
    found = proportionality_ratio(resource, resource * 2, u, p)
    assert (found.ratio, found.lower, found.verdict) == (pytest.approx(1), None, None)


@pytest.mark.parametrize("swapped", [False, True])
def test_fifths_are_given_where_an_index_is_not_defined(swapped):
    steep, u, p = series(10 * np.arange(0.005, 1, 0.01)), series(np.arange(0.005, 1, 0.01)), series([500] * 100)
    plain = 5 + 5 * u
    pair = (plain, steep) if swapped else (steep, plain)
    found = proportionality_ratio(*pair, u, p, draws=1_000)
    assert found.ratio is None
    assert found.verdict is None
    assert found.basis == "fifths"
    expected = (9 / 1) / ((5 + 4.5) / (5 + 0.5))
    assert found.fifths == pytest.approx(1 / expected if swapped else expected)
    assert f"index of the {'outcome' if swapped else 'resource'} is not defined" in found.words


def test_neighbourhoods_that_lack_either_are_left_out_of_both():
    resource, outcome, u, p = borough(25, 2, 2)
    resource.iloc[0], outcome.iloc[1] = math.nan, math.nan
    found = proportionality_ratio(resource, outcome, u, p, draws=200)
    assert found.resource.units == found.outcome.units == 123
    assert found.resource.left_out == 2


@CHECK
@given(SEEDS, st.floats(0.1, 50), st.floats(0.1, 50))
def test_units_of_money_and_outcome_do_not_matter(seed, pounds, cases):
    resource, outcome, u, p = borough(seed, 1.5, 2.5, size=12)
    plain = proportionality_ratio(resource, outcome, u, p, draws=0)
    changed = proportionality_ratio(resource * pounds, outcome * cases, u, p, draws=0)
    assert changed.ratio == pytest.approx(plain.ratio, rel=1e-9)
    assert changed.fifths == (None if plain.fifths is None else pytest.approx(plain.fifths, rel=1e-9))


@pytest.mark.parametrize("own_limits", ["both", "outcome", "neither"])
def test_ninety_percent_limits_of_the_ratio_cover(own_limits):
    random = np.random.default_rng(26)
    _, u, p = place(26, 125)
    hits = 0
    for seed in range(400):
        resource_noise = 0 if own_limits == "outcome" else 1
        resource = 10 + 5 * u + random.normal(0, resource_noise, 125)
        outcome = 10 + 10 * u + random.normal(0, 1.5, 125)
        limits = {}
        if own_limits == "both":
            limits["resource_limits"] = pd.DataFrame({"lower": resource - 1.645, "upper": resource + 1.645})
        if own_limits != "neither":
            half = 1.5 * 1.645
            limits["outcome_limits"] = pd.DataFrame({"lower": outcome - half, "upper": outcome + half})
        found = proportionality_ratio(resource, outcome, u, p, confidence=0.9, draws=300, seed=seed, **limits)
        hits += found.lower <= 0.75 <= found.upper
    assert 0.85 <= hits / 400 <= 0.95, hits / 400


def test_a_negative_resource_is_refused():
    resource, outcome, u, p = borough(27, 2, 2)
    resource.iloc[3] = -1
    with pytest.raises(ValueError, match="E01000003 has -1; a ratio needs values of zero or more"):
        proportionality_ratio(resource, outcome, u, p)
