"""The methods find what the fictional borough was made from: its hidden need, its slopes, its stories.

`truth.csv` holds the need that everything in the borough was drawn from, by a generator that shares no code with
`layers`. Some tests ask the published files; others draw counts anew from the same need, by formulas written out
here, often enough to see whether limits hold the truth as often as they say.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geodata.demo
from layers.apportion import practice_to_neighbourhood, to_2021
from layers.clusters import local_clusters, queen_neighbours
from layers.inequality import proportionality_ratio, slope_index
from layers.rates import proportion
from layers.scaling import ridit
from layers.similar import positive_deviants
from layers.targeting import need_matched_dial, need_position
from layers.trends import recent_trend
from layers.uncertainty import Evidence, rank_intervals
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View

FILES = Path(geodata.demo.__file__).parent / "files"
YEARS = ("2020/21", "2021/22", "2022/23", "2023/24", "2024/25")
# Log odds of an outcome: level, slope on the need, drift by year, and whether a high value is good.
OUTCOMES = {
    990301: (1.75, -0.50, (0.10, 0.04, 0.0, -0.02, 0.05), 1),
    990602: (-0.75, 0.32, (0.0, 0.06, 0.03, 0.02, 0.04), -1),
    990912: (-0.15, -0.28, (-0.5, -0.3, 0.0, 0.1, 0.15), 1),
}
VACCINATED, OVERWEIGHT, CHECKED = OUTCOMES
DOES_WELL, POCKET = "does well despite need", "poor pocket in a well-off ward"
WELL_BY = 1.6
GAINS, GAINS_FROM = "Harbour and Lantern", "2024-Q2"
COVERED = pytest.approx(0.9, abs=0.05)  # 85 to 95 of a hundred


@pytest.fixture(scope="module")
def teams() -> pd.Series:
    return pd.read_csv(FILES / "geography" / "team_areas.csv", index_col="lsoa21cd")["footprint"].sort_index()


@pytest.fixture(scope="module")
def truth(teams: pd.Series) -> pd.DataFrame:
    return pd.read_csv(FILES / "truth.csv", index_col="lsoa21cd", keep_default_na=False).loc[teams.index]


@pytest.fixture(scope="module")
def people(truth: pd.DataFrame) -> pd.Series:
    table = pd.read_csv(FILES / "population" / "lsoa21_mid2022_population_census2021_households.csv", index_col=0)
    return table.loc[truth.index, "population_mid2022"].astype(float)


@pytest.fixture(scope="module")
def position(truth: pd.DataFrame, people: pd.Series) -> pd.Series:
    """Need position by the published index, which is all that a user knows."""
    table = pd.read_csv(FILES / "deprivation" / "iod2025_file7_lsoa21_demo.csv", index_col=0)
    return need_position(table.loc[truth.index, "Index of Multiple Deprivation (IMD) Score"].astype(float), people)


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(FILES / "indicators" / "fingertips_all_data_lsoa_outcomes.csv")


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def chance(truth: pd.DataFrame, outcome: int, year: int) -> pd.Series:
    """The true chance behind a count, as the borough was made."""
    level, slope, drift, good = OUTCOMES[outcome]
    odds = level + slope * truth["latent_need"] + drift[year] + good * WELL_BY * (truth["story"] == DOES_WELL)
    return 1 / (1 + np.exp(-odds))


def counted(published: pd.DataFrame, truth: pd.DataFrame, outcome: int, year: str) -> tuple[pd.Series, pd.Series]:
    """Published counts and denominators of the neighbourhoods; small counts are missing."""
    rows = published[
        (published["Indicator ID"] == outcome)
        & (published["Area Type"] == "LSOA21")
        & (published["Time period"] == year)
    ].set_index("Area Code")
    return rows.loc[truth.index, "Count"].astype(float), rows.loc[truth.index, "Denominator"].astype(float)


def inside(limits: pd.DataFrame, value: pd.Series) -> pd.Series:
    return (limits["lower"] <= value) & (value <= limits["upper"])


# ---- the order of need -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("focus", "least"), [("core", 0.95), ("building-blocks", 0.85), ("best-start", 0.85)])
def test_a_need_score_finds_the_order_of_the_hidden_need(edition, truth, focus, least):
    scores = score(edition, View("demo", focus=focus))
    found = pd.Series(scores.need_score, [str(code) for code in edition.codes[scores.rows]])
    assert found.corr(truth["latent_need"].reindex(found.index), method="spearman") > least


def test_the_neighbourhoods_of_greatest_hidden_need_are_found(edition, truth):
    scores = score(edition, View("demo"))
    fifth = pd.Series(scores.need_fifth, [str(code) for code in edition.codes[scores.rows]])
    neediest = truth["latent_need"].nlargest(len(truth) // 5).index
    assert (fifth[neediest] == 1).mean() > 0.8
    assert (fifth[neediest] <= 2).all()


def test_the_poor_pocket_is_found_in_its_well_off_ward(edition, truth):
    (pocket,) = truth.index[truth["story"] == POCKET]
    scores = score(edition, View("demo"))
    codes = [str(code) for code in edition.codes[scores.rows]]
    assert scores.need_fifth[codes.index(pocket)] == 1
    shapes = gpd.read_parquet(edition.stored.path("neighbourhoods.parquet")).geometry.loc[codes]
    found = local_clusters(pd.Series(scores.need_score, codes), queen_neighbours(shapes), permutations=1999)
    # Unlike its neighbours: the sign of local Moran says so even where a map of tests finds nothing sure.
    assert found.loc[pocket, "statistic"] == found["statistic"].min() < 0
    assert found.loc[pocket, "p_value"] < 0.1


def test_clusters_of_high_need_lie_where_it_was_put(edition, truth):
    scores = score(edition, View("demo"))
    codes = [str(code) for code in edition.codes[scores.rows]]
    shapes = gpd.read_parquet(edition.stored.path("neighbourhoods.parquet")).geometry.loc[codes]
    found = local_clusters(pd.Series(scores.need_score, codes), queen_neighbours(shapes), permutations=1999)["cluster"]
    need = truth["latent_need"].loc[codes]
    assert (found == "high among high").sum() >= 5
    assert need[found == "high among high"].min() > need.median()
    assert need[found == "low among low"].max() < need.median()


# ---- the files as published --------------------------------------------------------------------------------------


def test_limits_of_the_published_counts_hold_the_truth(published, truth):
    held = []
    for outcome in (VACCINATED, CHECKED):  # almost no small counts there: what is blank is not blank by chance
        for number, year in enumerate(YEARS):
            count, among = counted(published, truth, outcome, year)
            found = proportion(count, among, confidence=0.9)
            held.append(inside(found, chance(truth, outcome, number))[count.notna()])
    assert pd.concat(held).mean() == COVERED


def test_the_slope_of_health_checks_is_found_year_by_year(published, truth, position):
    apart = []
    for number, year in enumerate(YEARS):
        count, among = counted(published, truth, CHECKED, year)
        value = proportion(count, among)
        found = slope_index(value["value"], position, among, lower=value["lower"], upper=value["upper"], draws=2000)
        true = slope_index(chance(truth, CHECKED, number), position, among, draws=0).sii
        assert found.sii < 0
        apart.append((found.sii - true) / ((found.sii_upper - found.sii_lower) / 3.92))
    assert abs(np.mean(apart)) < 1.96 / np.sqrt(len(YEARS)) * 1.5
    assert np.abs(apart).max() < 4


def test_the_neighbourhood_that_does_well_despite_need_is_found(published, truth, position, people):
    (well,) = truth.index[truth["story"] == DOES_WELL]
    marked = []
    for outcome, (*_, good) in OUTCOMES.items():
        pairs = [counted(published, truth, outcome, year) for year in YEARS]
        count = sum(count.fillna(0) for count, _ in pairs)
        among = sum(among.where(count.notna(), 0) for count, among in pairs)
        value = proportion(count, among)
        found = positive_deviants(
            value["value"], position, people, value["lower"], value["upper"], polarity=-1 if good == 1 else 1
        )
        assert found.loc[well, "better_by"] > 0
        marked.append(found["positive_deviant"].fillna(False).astype(bool))
    everywhere = marked[0] & marked[1] & marked[2]
    assert list(everywhere.index[everywhere]) == [well]
    assert max(mark.mean() for mark in marked) < 0.06  # and few ordinary ones with it


def test_only_the_outcome_that_was_made_to_rise_is_said_to_rise(published):
    whole = published[published["Area Name"] == "Aldermouth"]
    found = {}
    for outcome in OUTCOMES:
        rows = whole[whole["Indicator ID"] == outcome]
        years = [int(year[:4]) for year in rows["Time period"]]
        count, among = (pd.Series(rows[name].astype(float).to_numpy(), years) for name in ("Count", "Denominator"))
        found[outcome] = recent_trend(count, among).trend
    flat = "no significant change"
    assert found == {VACCINATED: flat, OVERWEIGHT: flat, CHECKED: "increasing"}


def test_the_team_area_that_gained_is_the_one_that_did(teams):
    table = pd.read_csv(FILES / "indicators" / "quarterly_outcomes_by_lsoa.csv")
    table["team"], table["after"] = table["lsoa21cd"].map(teams), table["quarter"] >= GAINS_FROM
    for name, rows in table.groupby("indicator"):
        sums = rows.groupby(["team", "after"])[["numerator", "denominator"]].sum()
        shares = proportion(sums["numerator"], sums["denominator"])
        change = shares["value"].unstack()
        assert (change[True] - change[False]).idxmax() == GAINS, name
    screened = shares.unstack()  # breast screening: enough women for its limits to part
    apart = screened.index[screened["lower"][True] > screened["upper"][False]]
    assert list(apart) == [GAINS]


def test_figures_of_practices_follow_the_need_and_understate_it(truth, position, people):
    lists = pd.read_csv(FILES / "indicators" / "gp-reg-pat-prac-lsoa-all_demo_2022-07.csv")
    lists = lists.rename(
        columns={"PRACTICE_CODE": "practice_code", "LSOA_CODE": "lsoa11cd", "NUMBER_OF_PATIENTS": "patients"}
    )[["practice_code", "lsoa11cd", "patients"]]
    prevalence = pd.read_csv(FILES / "indicators" / "qof_2021-22_prevalence_by_practice.csv", index_col=0)
    residents = pd.read_csv(FILES / "population" / "lsoa11_mid2020_population_single_year.csv", index_col=0)["All Ages"]
    fit = pd.read_csv(FILES / "geography" / "lsoa11_lsoa21_exact_fit_lookup_demo.csv")
    fit = fit.rename(columns={"LSOA11CD": "lsoa11cd", "LSOA21CD": "lsoa21cd", "CHGIND": "chgind"})
    today = people.reindex(fit["lsoa21cd"].unique()).fillna(1500.0)
    for condition, by_need in {"DEP": 0.022, "SMOK": 0.045}.items():
        carried = practice_to_neighbourhood(lists, prevalence[f"{condition}-prevalence"], residents.astype(float))
        rate = to_2021(
            carried.table["value"], fit, today, kind="rate", denominators=carried.table["patients"].where(
                carried.table["value"].notna()
            )
        )["value"].reindex(truth.index)  # fmt: skip
        assert rate.corr(truth["latent_need"], method="spearman") > 0.5, condition
        true = slope_index(by_need * truth["latent_need"], position, people, draws=0).sii
        assert 0 < slope_index(rate, position, people, draws=0).sii < true, condition


# ---- counts drawn anew from the same need ------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [VACCINATED, CHECKED])
def test_limits_hold_the_truth_as_often_as_they_say(published, truth, position, outcome):
    random = np.random.default_rng(20_401)
    share = chance(truth, outcome, 3)
    _, among = counted(published, truth, outcome, YEARS[3])
    true = slope_index(share, position, among, draws=0)
    values, slopes, ratios = [], [], []
    for seed in range(200):
        count = pd.Series(random.binomial(among.astype(int), share).astype(float), truth.index)
        found = proportion(count, among, confidence=0.9)
        line = slope_index(
            found["value"], position, among, lower=found["lower"], upper=found["upper"],
            confidence=0.9, draws=400, seed=seed,
        )  # fmt: skip
        values.append(inside(found, share).mean())
        slopes.append(line.sii_lower <= true.sii <= line.sii_upper)
        ratios.append(line.rii_lower <= true.rii <= line.rii_upper)
    assert np.mean(values) == COVERED
    assert np.mean(slopes) == COVERED
    assert np.mean(ratios) == COVERED


def test_ranges_of_ranks_hold_the_true_rank_and_surely_means_surely(truth, people):
    random, need = np.random.default_rng(20_402), truth["latent_need"]
    weights = (0.5, 0.3, 0.2)
    held, inside_top, outside_top = [], [], []
    for seed in range(10):
        evidence, shares = {}, []
        for weight, (level, slope, size) in zip(
            weights, ((-1.2, 0.6, 400), (-0.5, 0.5, 600), (-2.0, 0.7, 500)), strict=True
        ):
            odds = level + slope * need + random.normal(0, 0.25, len(need))
            share = 1 / (1 + np.exp(-odds))
            among = pd.Series(random.integers(size // 2, 2 * size, len(need)).astype(float), need.index)
            count = pd.Series(random.binomial(among.astype(int), share).astype(float), need.index)
            evidence[str(level)] = Evidence(count / among, weight, 1, count, among)
            shares.append(weight * ridit(share, people))
        rank = sum(shares).rank(ascending=False)
        found = rank_intervals(evidence, people, councils=pd.Series("one", need.index), draws=400, seed=seed)
        held.append(((found["rank_low"] <= rank) & (rank <= found["rank_high"])).mean())
        top = rank <= len(rank) // 5
        inside_top.append(top[found["certainty"] == "surely in"])
        outside_top.append(top[found["certainty"] == "surely out"])
    assert np.mean(held) == COVERED
    assert len(pd.concat(inside_top)) > 10 * 10  # and it does say so of many
    assert pd.concat(inside_top).mean() > 0.9
    assert pd.concat(outside_top).mean() < 0.1


def test_a_resource_is_judged_as_it_was_made(truth, position, people):
    random = np.random.default_rng(20_403)
    outcome = 1 - chance(truth, CHECKED, 3)  # not taken up: bad = high
    among = pd.Series(900.0, truth.index)
    made = {
        "proportionate": outcome * 40,
        "too flat": pd.Series(20.0, truth.index) + 15 * outcome,
        "inverse care": (1 - outcome) ** 2 * 40,
        "steeper than need": outcome**3 * 100,
    }
    said: dict[str, list[str | None]] = {name: [] for name in made}
    for seed in range(40):
        count = pd.Series(random.binomial(among.astype(int), outcome).astype(float), truth.index)
        seen = proportion(count, among)
        for name, resource in made.items():
            noisy = resource * np.exp(random.normal(0, 0.05, len(resource)))
            found = proportionality_ratio(noisy, seen["value"], position, people, draws=400, seed=seed)
            said[name].append(found.verdict)
    for name, verdicts in said.items():
        assert np.mean([verdict == name for verdict in verdicts]) >= 0.85, (name, verdicts)


def test_the_need_matched_dial_is_as_steep_as_the_truth(truth, position):
    random = np.random.default_rng(20_404)
    outcome = 1 - chance(truth, VACCINATED, 3)
    among = pd.Series(400.0, truth.index)
    true = slope_index(outcome, position, among, draws=0).rii
    dials = []
    for seed in range(60):
        count = pd.Series(random.binomial(among.astype(int), outcome).astype(float), truth.index)
        value = proportion(count, among)
        found = slope_index(
            value["value"], position, among, lower=value["lower"], upper=value["upper"], draws=400, seed=seed
        )
        dials.append(need_matched_dial(found.rii, found.rii_lower, found.rii_upper, found.intercept).rho)
    assert all(dial is not None for dial in dials)
    assert np.median([dial for dial in dials if dial is not None]) == pytest.approx(true, rel=0.05)


def test_a_trend_is_called_where_there_is_one_and_not_where_there_is_none():
    random = np.random.default_rng(20_405)
    years = pd.Index(range(2020, 2025))
    among = pd.Series(3000.0, years)
    called = {
        drift: [
            recent_trend(
                pd.Series(random.binomial(3000, 1 / (1 + np.exp(-(0.5 + drift * np.arange(5))))).astype(float), years),
                among,
            ).trend
            for _ in range(400)
        ]
        for drift in (0.0, 0.15)
    }
    assert np.mean([trend != "no significant change" for trend in called[0.0]]) < 0.01  # by the rule 2 in 1,000
    assert np.mean([trend == "increasing" for trend in called[0.15]]) > 0.95
