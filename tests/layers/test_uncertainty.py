"""Certainty of ranks (methods M9): quantiles, hand cases, second routes, coverage of a known truth, refusals."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from geodata.lookups import read_lookup
from geodata.tables import read_table
from layers import rank_draws
from layers.need import need_score
from layers.rank_draws import beta_quantile, gamma_quantile
from layers.scaling import ridit
from layers.uncertainty import Evidence, drivers, rank_intervals

PLAIN = {"scales": ("ridit",), "aggregates": ("arithmetic",)}


def series(values: object, n: int | None = None) -> pd.Series:
    values = np.asarray(values, dtype=float)
    return pd.Series(values, [f"E01{i:06d}" for i in range(len(values) if n is None else n)])


def people(n: int) -> pd.Series:
    return series(np.full(n, 1_500.0))


def counted(share: object, among: float, *, weight: float = 1.0, **named: object) -> Evidence:
    values = series(share)
    return Evidence(values, weight, count=values * among, denominator=values * 0 + among, **named)


def made(n: int, seed: int = 1, indicators: int = 3, among: int = 300) -> tuple[dict[str, Evidence], pd.Series]:
    """Random counts from a known need; gives the evidence and the need."""
    rng = np.random.default_rng(seed)
    need, evidence = rng.standard_normal(n), {}
    for j in range(indicators):
        size = rng.integers(among // 2, 2 * among, n)
        true = 1 / (1 + np.exp(2 - 0.5 * need - 0.2 * rng.standard_normal(n)))
        count = series(rng.binomial(size, true))
        evidence[f"i{j}"] = Evidence(count / size, 1.0 + j, count=count, denominator=series(size))
    return evidence, series(need)


# The posterior in closed form


@pytest.mark.parametrize("a", [0.5, 1.5, 5.5, 50.5, 900.5])
@pytest.mark.parametrize("b", [1.5, 2.5, 40.5, 1_500.5])
def test_beta_quantiles_are_close_to_scipys(a, b):
    z = np.array([-1.8, -1.0, 0.0, 1.0, 1.8])
    deviation = stats.beta(a, b).std()
    found, exact = beta_quantile(z, np.array(a), np.array(b)), stats.beta(a, b).ppf(stats.norm.cdf(z))
    np.testing.assert_allclose(found, exact, atol=0.09 * deviation)
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("a", [0.5, 1.5, 5.5, 50.5, 900.5])
def test_gamma_quantiles_are_close_to_scipys(a):
    z = np.array([-1.8, -1.0, 0.0, 1.0, 1.8])
    exact = stats.gamma(a).ppf(stats.norm.cdf(z))
    np.testing.assert_allclose(gamma_quantile(z, np.array(a)), exact, atol=0.08 * np.sqrt(a))


# By hand


def test_far_apart_counts_are_sure():
    found = rank_intervals({"a": counted([0.1, 0.3, 0.5, 0.7, 0.9], 10_000.0)}, people(5))
    assert found["rank_low"].tolist() == [5, 4, 3, 2, 1]
    assert found["rank_high"].tolist() == [5, 4, 3, 2, 1]
    assert found["top_fifth_chance"].tolist() == [0, 0, 0, 0, 1]
    assert found["certainty"].tolist() == ["surely out"] * 4 + ["surely in"]


def test_low_is_worse_where_the_polarity_says_so():
    found = rank_intervals({"a": counted([0.1, 0.3, 0.5, 0.7, 0.9], 10_000.0, polarity=-1)}, people(5))
    assert found["rank_low"].tolist() == [1, 2, 3, 4, 5]


def test_two_alike_swap_half_the_time():
    # Five with the two highest alike: each is top in about half the draws.
    found = rank_intervals({"a": counted([0.1, 0.2, 0.3, 0.5, 0.5], 1_000.0)}, people(5), draws=4_000, **PLAIN)
    assert found["top_fifth_chance"].iloc[3:].tolist() == pytest.approx([0.5, 0.5], abs=0.03)
    assert found[["rank_low", "rank_high"]].iloc[3:].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert found["certainty"].tolist()[3:] == ["borderline"] * 2


def test_chance_of_overtaking_is_that_of_the_posteriors():
    share, among = [0.05, 0.06, 0.07, 0.20, 0.22], 400.0
    found = rank_intervals({"a": counted(share, among)}, people(5), draws=8_000, **PLAIN)
    rng = np.random.default_rng(5)
    upper, lower = (rng.beta(s * among + 0.5, among - s * among + 0.5, 400_000) for s in (0.22, 0.20))
    assert found["top_fifth_chance"].iloc[4] == pytest.approx((upper > lower).mean(), abs=0.02)


def test_rates_vary_as_a_gamma():
    count, exposure = series([4.0, 5, 6, 20, 25]), series([1e5] * 5)
    item = Evidence(count, 1.0, count=count, denominator=exposure, noise="rate", per=1e5)
    found = rank_intervals({"a": item}, people(5), draws=8_000, **PLAIN)
    rng = np.random.default_rng(5)
    upper, lower = (rng.gamma(r + 0.5, size=400_000) for r in (25, 20))
    assert found["top_fifth_chance"].iloc[4] == pytest.approx((upper > lower).mean(), abs=0.02)


def test_weights_alone_move_ranks_where_indicators_disagree():
    a, b = series([90.0, 10, 50, 50.2, 0]), series([10.0, 90, 50, 50.1, 0])
    found = rank_intervals({"a": Evidence(a, 1.0), "b": Evidence(b, 1.0)}, people(5), scales=("min_max",),
                           aggregates=("arithmetic",))  # fmt: skip
    assert found["rank_low"].iloc[:2].tolist() == [1, 1]
    assert found["rank_high"].iloc[:2].min() >= 3
    assert found["rank_low"].iloc[4] == 5


def test_more_than_a_third_without_counts_is_method_only():
    sure = counted([0.1, 0.3, 0.5, 0.7, 0.9], 10_000.0, weight=2.0)
    more = Evidence(series([1.0, 2, 3, 4, 5]), 1.01)
    third = Evidence(series([1.0, 2, 3, 4, 5]), 1.0)
    assert set(rank_intervals({"a": sure, "b": more}, people(5))["certainty"]) == {"method only"}
    assert set(rank_intervals({"a": sure, "b": third}, people(5))["certainty"]) == {"surely in", "surely out"}
    only = rank_intervals({"b": third}, people(5))
    assert only["rank_low"].tolist() == [5, 4, 3, 2, 1]
    assert set(only["certainty"]) == {"method only"}


def test_counts_missing_in_one_neighbourhood_make_it_method_only_there():
    item = counted([0.1, 0.3, 0.5, 0.7, 0.9], 10_000.0)
    gap = item.count.mask(item.count.index == "E01000004")
    found = rank_intervals({"a": Evidence(item.values, 1.0, count=gap, denominator=item.denominator)}, people(5))
    assert found["certainty"].tolist() == ["surely out"] * 4 + ["method only"]


# Fallbacks that are stated


def test_ties_everywhere_share_the_first_rank():
    found = rank_intervals({"a": Evidence(series([3.0] * 10), 1.0), "b": Evidence(series([0.0] * 10), 1.0)}, people(10))
    assert (found["rank_high"] == 1).all()
    assert set(found["certainty"]) == {"method only"}


def test_equal_scores_share_the_better_rank_in_every_draw():
    scores = np.random.default_rng(3).integers(0, 9, (40, 25)) / 8 - 0.5
    expected = stats.rankdata(-scores, method="min", axis=1)
    assert rank_draws._ranked(scores).tolist() == expected.tolist()
    assert rank_draws._ranked(-np.zeros((2, 1))).tolist() == [[1], [1]]


def test_one_neighbourhood_is_first_and_in_no_fifth():
    found = rank_intervals({"a": counted([0.5], 100.0)}, people(1))
    assert found[["rank_low", "rank_high", "top_fifth_chance"]].to_numpy().tolist() == [[1, 1, 0]]


def test_no_score_is_missing_never_last():
    evidence = {"a": counted([0.1, 0.2, np.nan, 0.4], 500.0, weight=2.0), "b": counted([0.1, np.nan, 0.3, 0.4], 500.0)}
    found = rank_intervals(evidence, people(4).mask(series(range(4)) == 3))
    # The second lacks a third of the weight and keeps its score; the third lacks two thirds; the fourth its people.
    assert found["rank_low"].isna().tolist() == [False, False, True, True]
    assert found["certainty"].isna().tolist() == [False, False, True, True]
    assert found["rank_high"].max() == 2


def test_an_empty_indicator_leaves_nothing_to_rank():
    found = rank_intervals({"a": Evidence(series([np.nan] * 3), 1.0)}, people(3))
    assert found.isna().all(axis=None)


def test_ranks_are_within_the_place_on_the_scale_of_the_reference():
    evidence, _ = made(400)
    members = people(400).index[100:130]
    found = rank_intervals(evidence, people(400), members=members, **PLAIN)
    assert found.index.equals(members)
    assert found["rank_high"].max() <= 30
    whole = rank_intervals(evidence, people(400), **PLAIN)
    assert found["rank_low"].astype(float).corr(whole.loc[members, "rank_low"].astype(float), method="spearman") > 0.95


# The same bytes, and other routes


def test_one_process_and_two_give_the_same_table():
    evidence, _ = made(60)
    councils = series(np.arange(60) % 3).astype(str)
    given = partial(rank_intervals, evidence, people(60), councils=councils, draws=450)
    alone = given()
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        together = given(run=pool.map)
    pd.testing.assert_frame_equal(alone, together, check_exact=True)
    pd.testing.assert_frame_equal(alone, given(run=lambda work, units: reversed([work(u) for u in reversed(units)])))
    assert not given(seed=2)["top_fifth_chance"].equals(alone["top_fifth_chance"])


@cache
def second_route(among: int, draws: int) -> pd.DataFrame:
    """The loop an analyst would write, in pandas."""
    evidence, _ = made(200, among=among)
    rng, ranks = np.random.default_rng(99), []
    for _ in range(draws):
        weight = {name: item.weight * rng.uniform(0.75, 1.25) for name, item in evidence.items()}
        score = 0.0
        for name, item in evidence.items():
            observed = item.values.sort_values()
            drawn = rng.beta(item.count + 0.5, item.denominator - item.count + 0.5)
            scaled = ridit(observed, observed * 0 + 1)
            far = observed.iloc[-1] - observed.iloc[0], scaled.iloc[-1] - scaled.iloc[0]
            x = [observed.iloc[0] - far[0], *observed, observed.iloc[-1] + far[0]]
            y = [scaled.iloc[0] - far[1], *scaled, scaled.iloc[-1] + far[1]]
            score += weight[name] / sum(weight.values()) * np.interp(drawn, x, y)
        ranks.append(pd.Series(score, item.values.index).rank(ascending=False))
    table = pd.concat(ranks, axis=1)
    low, high = table.quantile(0.05, axis=1), table.quantile(0.95, axis=1)
    return pd.DataFrame({"low": low, "high": high, "top": (5 * table <= len(table)).mean(axis=1)})


@pytest.mark.parametrize("among", [20, 300])
@pytest.mark.parametrize("route", ["one by one", "by moments", "by moments, ranked in steps"])
def test_every_route_agrees_with_a_plain_loop(monkeypatch, route, among):
    evidence, _ = made(200, among=among)
    if route != "one by one":
        monkeypatch.setattr(rank_draws, "DRAWN_ONE_BY_ONE", 0)
    if route.endswith("steps"):
        monkeypatch.setattr(rank_draws, "RANKED_EXACTLY", 0)
    found = rank_intervals(evidence, people(200), **PLAIN)
    expected = second_route(among, 1_000)
    room = 3 if route == "one by one" or among > 100 else 5  # of 200; counts near 3 are far from normal
    assert (found["rank_low"].astype(float) - expected["low"]).abs().mean() < room
    assert (found["rank_high"].astype(float) - expected["high"]).abs().mean() < room
    assert (found["top_fifth_chance"] - expected["top"]).abs().max() < 0.08
    widths = (found["rank_high"] - found["rank_low"]).mean(), (expected["high"] - expected["low"]).mean()
    assert widths[0] == pytest.approx(widths[1], rel=0.05)


def test_the_interval_covers_a_known_truth():
    # Counts of one share, known truth; shrunk to the council, as the truth varies around it.
    inside = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth = 1 / (1 + np.exp(-(-1.5 + 0.5 * rng.standard_normal(300))))
        size = rng.integers(60, 300, 300)
        count = series(rng.binomial(size, truth))
        item = Evidence(count / size, 1.0, count=count, denominator=series(size))
        true_rank = series(truth).rank(ascending=False)
        for shrinkage in ((False, True), (True,)):
            found = rank_intervals({"a": item}, people(300), councils=series(np.zeros(300)).astype(str), draws=400,
                                   scales=("ridit",), aggregates=("arithmetic",), shrinkage=shrinkage)  # fmt: skip
            inside.append(true_rank.between(found["rank_low"].astype(float), found["rank_high"].astype(float)).mean())
    assert 0.85 < np.mean(inside[::2]) < 0.95
    assert 0.87 < np.mean(inside[1::2]) < 0.94


def test_larger_counts_give_narrower_intervals():
    evidence, _ = made(100, indicators=1, among=200)
    item = evidence["i0"]
    larger = Evidence(item.values, 1.0, count=item.count * 16, denominator=item.denominator * 16)
    widths = [
        (found["rank_high"] - found["rank_low"]).mean()
        for found in (rank_intervals({"a": given}, people(100), **PLAIN) for given in (item, larger))
    ]
    assert widths[1] < widths[0] / 2


# Refusals


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"evidence": {}}, "no indicator"),
        ({"draws": 10}, "at least 20"),
        ({"scales": ("log",)}, "log"),
        ({"aggregates": ()}, "nothing"),
        ({"shrinkage": (True,)}, "councils are needed"),
        ({"members": pd.Index(["E01999999"])}, "not in the reference set"),
        ({"people": pd.Series([1.0, -1, 1], [f"E01{i:06d}" for i in range(3)])}, "zero or more"),
        ({"people": people(2)}, "same neighbourhoods"),
        ({"evidence": {"a": Evidence(series([1.0, 2, 3]), 0.0)}}, "weight of a is 0"),
        ({"evidence": {"a": Evidence(series([1.0, 2, 3]), 1.0, polarity=0)}}, "polarity"),
        ({"evidence": {"a": Evidence(series([1.0, 2, np.inf]), 1.0)}}, "infinite"),
        ({"evidence": {"a": Evidence(series([1.0, 2, 3]), 1.0, count=series([1.0, 2, 3]))}}, "without the other"),
        ({"evidence": {"a": counted([0.1, 0.2, 1.2], 10.0)}}, "above its denominator"),
        ({"evidence": {"a": counted([0.1, 0.2, -0.2], 10.0)}}, "negative"),
        ({"evidence": {"a": counted([0.1, 0.2, 0.3], 10.0, per=100.0)}}, "do not give its values"),
    ],
)
def test_impossible_evidence_is_refused(change, says):
    given = {"evidence": {"a": counted([0.1, 0.2, 0.3], 100.0)}, "people": people(3)} | change
    with pytest.raises(ValueError, match=says):
        rank_intervals(given.pop("evidence"), given.pop("people"), **given)


# Drivers


def test_drivers_by_hand():
    scaled = pd.DataFrame({"a": [90.0, 50, 10], "b": [10.0, 50, 20]}, ["E1", "E2", "E3"])
    # Scores 50, 50, 15: ranks 1, 1, 3. By b alone 10, 50, 20: ranks 3, 1, 2. By a alone 1, 2, 3.
    found = drivers(scaled, {"a": 0.5, "b": 0.5})
    assert found["a"].tolist() == [2, 0, -1]
    assert found["b"].tolist() == [0, 1, 0]


def test_drivers_agree_with_scoring_again():
    rng = np.random.default_rng(3)
    scaled = pd.DataFrame(rng.uniform(0, 100, (60, 4)), series(range(60)).index, list("abcd"))
    weights = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
    members = scaled.index[10:40]
    found = drivers(scaled, weights, aggregate="geometric", members=members)
    rank = lambda w: need_score(scaled, w, aggregate="geometric").score[members].rank(ascending=False)  # noqa: E731
    without = {name: weight / 0.7 for name, weight in weights.items() if name != "b"}
    pd.testing.assert_series_equal(found["b"], rank(without) - rank(weights), check_names=False)


def test_no_score_has_no_drivers_and_one_indicator_none_at_all():
    scaled = pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, np.nan]}, ["E1", "E2"])
    assert drivers(scaled, {"a": 0.5, "b": 0.5}).loc["E2"].isna().all()
    with pytest.raises(ValueError, match="only indicator"):
        drivers(scaled, {"a": 1.0})


# Luton


@pytest.mark.realdata
def test_luton_on_census_counts(sources_dir):
    folder = sources_dir / "population"
    lookup = read_lookup(sources_dir / "geography/lsoa21_lookup_england.csv.gz").table
    names = {"households": "Total", "one": "-1 (overcrowded)", "two": "-2 or less (overcrowded)"}
    rooms = read_table(folder / "lsoa21_census2021_occupancy_rating.csv.gz", names).table
    names = {"households": "Total", "none": "Household is not deprived in any dimension",
             "single": "Household is deprived in one dimension"}  # fmt: skip
    homes = read_table(folder / "lsoa21_census2021_household_deprivation.csv.gz", names).table
    evidence = {}
    for name, count, among in (
        ("overcrowded", rooms["one"] + rooms["two"], rooms["households"]),
        ("deprived", homes["households"] - homes["none"] - homes["single"], homes["households"]),
    ):
        evidence[name] = Evidence(count / among, 1.0, count=count, denominator=among)
    everyone = rooms["households"]
    luton = lookup.index[lookup["lad24cd"] == "E06000032"]
    found = rank_intervals(evidence, everyone, members=luton, councils=lookup["lad24cd"].reindex(rooms.index))
    scaled = pd.DataFrame({name: ridit(item.values, everyone) for name, item in evidence.items()})
    rank = need_score(scaled, dict.fromkeys(evidence, 0.5)).score[luton].rank(ascending=False)
    assert len(found) == 125
    assert rank.between(found["rank_low"].astype(float), found["rank_high"].astype(float)).mean() > 0.97
    assert (found["certainty"][rank <= 12] == "surely in").mean() > 0.7
    assert (found["certainty"][rank > 60] == "surely out").all()
    assert 2 <= (found["certainty"] == "borderline").sum() <= 40
    assert found["top_fifth_chance"].sum() == pytest.approx(25, abs=0.5)
