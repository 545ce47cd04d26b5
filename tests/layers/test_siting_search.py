"""The search that large siting questions get (methods M7): against every plan, other solvers, and its own bound."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from layers import siting_solve
from layers.siting import choose_sites, rivals, study_sites

KAPPA = 0.04
OBJECTIVES = ("mean", "worst", "coverage", "fair")


def county(seed: int, neighbourhoods: int, sites: int) -> tuple[pd.DataFrame, pd.Series]:
    """Minutes on foot over a square, people of three sizes of neighbourhood."""
    rng = np.random.default_rng(seed)
    where, there = rng.uniform(0, 10_000, (neighbourhoods, 2)), rng.uniform(0, 10_000, (sites, 2))
    cost = pd.DataFrame(cdist(where, there) * 1.3 / 80)
    return cost, pd.Series(rng.choice([400.0, 1_500.0, 2_900.0], neighbourhoods))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_search_finds_what_trying_every_combination_finds(monkeypatch, objective):
    for seed in range(3):
        cost, demand = county(seed, 90, 24)
        options = {"existing": [0, 1], "closable": [1], "objective": objective, "limit": 30.0, "kappa": 0.03}
        tried = choose_sites(cost, demand, add=3, **options)
        assert tried.method == "every combination tried (8,855)"
        monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", 0)
        found = choose_sites(cost, demand, add=3, **options)
        monkeypatch.undo()
        assert found.value == pytest.approx(tried.value, rel=1e-9)
        assert found.gap == pytest.approx(0, abs=1e-9)
        assert found.method != tried.method


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_bound_of_a_large_question_holds_and_is_close(objective):
    cost, demand = county(10, 150, 60)
    plan = choose_sites(cost, demand, add=8, objective=objective, limit=20.0, kappa=0.05)
    assert 0 <= plan.gap <= 0.001
    rng = np.random.default_rng(0)
    for _ in range(200):  # no plan betters the bound
        chosen = rng.choice(60, 8, replace=False)
        nearest = cost[chosen].min(axis=1)
        value = {
            "mean": np.average(nearest, weights=demand),
            "worst": nearest.max(),
            "coverage": -demand[nearest <= 20].sum(),
            "fair": np.log(np.average(np.exp(0.05 * nearest), weights=demand)) / 0.05,
        }[objective]
        assert value >= (-plan.bound if objective == "coverage" else plan.bound) - 1e-9


def test_a_proof_that_stops_early_says_how_far_it_came(monkeypatch):
    cost, demand = county(11, 200, 70)
    whole = choose_sites(cost, demand, add=7)
    monkeypatch.setattr("layers.siting_solve.WORK", 1.0)
    early = choose_sites(cost, demand, add=7)
    assert early.bound <= whole.bound <= whole.value <= early.value
    assert early.gap == pytest.approx((early.value - early.bound) / early.value)
    assert 0 < early.gap < 0.05


def test_what_is_only_compared_gets_less_work_than_the_plan_asked_for(monkeypatch):
    cost, demand = county(11, 200, 70)
    monkeypatch.setattr("layers.siting_compare.SIDE_WORK", 1.0)
    found = study_sites(cost, demand, add=7, kappa=KAPPA, with_rivals=False)
    assert found.price is not None
    gaps = {(row.objective, row.strength): row.plan.gap for row in found.price.rows}
    assert found.plan.gap == gaps["mean", 0.0] == 0
    early = [row for row in found.price.rows if row.plan.gap > 0]
    assert early
    assert all(row.plan.bound <= row.plan.value for row in early)
    monkeypatch.undo()
    whole = {row.strength: row.plan for row in study_sites(cost, demand, add=7, kappa=KAPPA).price.rows}  # type: ignore[union-attr]
    assert all(row.plan.bound <= whole[row.strength].value + 1e-9 for row in early)


def test_long_journeys_do_not_overflow_the_fair_search(monkeypatch):
    cost, demand = county(12, 40, 9)
    cost.iloc[0, 1:] = 5_000.0
    options = {"add": 3, "objective": "fair", "kappa": 0.9}
    tried = choose_sites(cost, demand, **options)
    monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", 0)
    found = choose_sites(cost, demand, **options)
    assert 0 in found.chosen
    assert found.value == pytest.approx(tried.value, rel=1e-9)
    assert found.bound <= found.value


def test_sites_on_islands_are_found_where_there_are_enough(monkeypatch):
    """Five islands of 12 neighbourhoods and 4 sites: five sites reach everybody only if each island has one."""
    monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", 0)
    cost, demand = county(13, 60, 20)
    island = np.arange(60)[:, None] % 5 == np.arange(20)[None, :] % 5
    cost = cost.where(island, np.inf)
    for objective in ("mean", "worst", "fair"):
        plan = choose_sites(cost, demand, add=5, objective=objective, kappa=0.05)
        assert sorted(site % 5 for site in plan.chosen) == [0, 1, 2, 3, 4]
        with pytest.raises(ValueError, match="no 4 of the 20 sites to choose among let everybody reach one"):
            choose_sites(cost, demand, add=4, objective=objective, kappa=0.05)


def test_rivals_of_a_large_question_are_good_and_say_that_they_are_not_proved(monkeypatch):
    cost, demand = county(14, 90, 24)
    options = {"add": 4, "limit": 30.0, "kappa": 0.03}
    exact = rivals(cost, demand, **options)
    monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", 0)
    found = rivals(cost, demand, **options)
    assert not any(row.proved for row in found)
    for theirs, ours in zip(exact, found, strict=True):
        assert ours.chosen == theirs.chosen
        for objective in OBJECTIVES:
            best, value = theirs.values[objective], ours.values[objective]
            assert abs(value - best) <= (0.2 if objective == "worst" else 0.05) * best
            assert (value <= best + 1e-9) if objective == "coverage" else (value >= best - 1e-9)


def test_a_study_of_a_large_question_is_one_answer():
    cost, demand = county(15, 125, 45)
    found = study_sites(cost, demand, add=6, limit=30.0, objective="fair")
    assert found.plan.gap <= 0.001
    assert found.price.price_of_fairness >= 1 - 1e-6
    assert len(found.rivals) == 45
    assert {row.ranks["fair"] for row in found.rivals if row.chosen} == {1}


# -- spopt, on shared definitions: no capacities, everything in reach


@pytest.fixture(scope="module")
def shared():
    """40 neighbourhoods, 12 sites of which one is open already, and the sites spopt opens."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp  # these take seconds to import
        from spopt.locate import MCLP, PCenter, PMedian
    cost, demand = county(20, 40, 12)
    minutes, people = cost.to_numpy(), demand.to_numpy()
    open_now = np.eye(12, dtype=int)[0]
    shifted = np.exp(KAPPA * (minutes - minutes.max()))
    models = {
        "mean": PMedian.from_cost_matrix(minutes, people, 4, predefined_facilities_arr=open_now),
        "fair": PMedian.from_cost_matrix(shifted, people, 4, predefined_facilities_arr=open_now),
        "worst": PCenter.from_cost_matrix(minutes, 4, predefined_facilities_arr=open_now),
        "coverage": MCLP.from_cost_matrix(minutes, people, 25.0, 4, predefined_facilities_arr=open_now),
    }
    opened = {}
    for name, model in models.items():
        model.solve(pulp.HiGHS(msg=False))
        opened[name] = [site for site, variable in enumerate(model.fac_vars) if variable.value() > 0.5]
    return cost, demand, opened


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("most", [200_000, 0])
def test_spopt_agrees(shared, monkeypatch, objective, most):
    cost, demand, opened = shared
    monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", most)
    plan = choose_sites(cost, demand, add=3, existing=[0], objective=objective, limit=25.0, kappa=KAPPA)
    nearest = cost[opened[objective]].min(axis=1)
    value = {
        "mean": np.average(nearest, weights=demand),
        "worst": nearest.max(),
        "coverage": demand[nearest <= 25].sum(),
        "fair": np.log(np.average(np.exp(KAPPA * nearest), weights=demand)) / KAPPA,
    }[objective]
    assert 0 in opened[objective]
    assert len(opened[objective]) == 4
    assert plan.value == pytest.approx(value, rel=1e-9)
