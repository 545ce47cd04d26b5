"""Siting (methods M7): every plan tried by a second route, sums by hand, laws, and what is refused."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from layers import siting_search, siting_solve
from layers.siting import (
    choose_sites,
    closure_test,
    plan_measures,
    present_kappa,
    price_of_fairness,
    rivals,
    study_sites,
)
from layers.siting_errors import NoRoom, NoRoomInReach, OutOfReach, TooManyPairs, Undecided

LAW = settings(max_examples=1_000, deadline=None)
CHECK = settings(max_examples=250, deadline=None)  # whole questions, answered four times each
SEEDS = st.integers(0, 2**32 - 1)
OBJECTIVES = ("mean", "worst", "coverage", "fair")
LIMIT, KAPPA = 12.0, 0.07


def question(seed: int, rows: int = 8, columns: int = 6, out_of_reach: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Random minutes with ties among them, and people, some neighbourhoods without any."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, 40, (rows, columns)).astype(float)
    minutes += rng.random((rows, columns)) * (rng.random() < 0.5)
    minutes[rng.random((rows, columns)) < out_of_reach] = np.inf
    people = rng.integers(0, 900, rows).astype(float)
    people[0] += 1
    cost = pd.DataFrame(minutes, index=[f"E{i}" for i in range(rows)], columns=[f"s{j}" for j in range(columns)])
    return cost, pd.Series(people, index=cost.index)


def worth(minutes, people, objective: str) -> float:
    """Second route to the value of a plan: one person's neighbourhood after another, in plain Python."""
    here = [(d, n) for d, n in zip(minutes, people, strict=True) if n > 0]
    total = math.fsum(n for _, n in here)
    if objective == "coverage":
        return math.fsum(n for d, n in here if d <= LIMIT)
    if any(math.isinf(d) for d, _ in here):
        return math.inf
    if objective == "mean":
        return math.fsum(d * n for d, n in here) / total
    if objective == "worst":
        return max(d for d, _ in here)
    return math.log(math.fsum(n * math.exp(KAPPA * d) for d, n in here) / total) / KAPPA


def every_plan(cost, demand, objective, choose, kept=(), free=None):
    """Value of each plan, by the names it chooses."""
    free = list(cost.columns) if free is None else free
    table = {name: cost[name].tolist() for name in cost.columns}
    people = demand.tolist()
    plans = {}
    for chosen in combinations(free, choose):
        opened = [*kept, *chosen]
        nearest = [min(table[name][i] for name in opened) for i in range(len(people))]
        plans[chosen] = worth(nearest, people, objective)
    return plans


def best_of(plans, objective):
    return max(plans.values()) if objective == "coverage" else min(plans.values())


@pytest.fixture(params=["every combination", "search"])
def way(request, monkeypatch):
    """Both ways to the same answer: all plans tried, and the search that large questions get."""
    if request.param == "search":
        monkeypatch.setattr(siting_solve, "MOST_COMBINATIONS", 0)
        monkeypatch.setattr(siting_search, "FEW", 1)
    return request.param


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_brute_force_agrees_for_every_number_of_sites(way, objective):
    for seed in range(4 if way == "search" else 12):
        cost, demand = question(seed)
        for choose in range(1, 7):
            plan = choose_sites(cost, demand, add=choose, objective=objective, limit=LIMIT, kappa=KAPPA)
            plans = every_plan(cost, demand, objective, choose)
            assert plan.value == pytest.approx(best_of(plans, objective), rel=1e-12)
            assert plans[plan.chosen] == pytest.approx(plan.value, rel=1e-12)
            assert plan.gap == 0
            assert plan.bound == plan.value


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_brute_force_agrees_with_kept_closable_and_forbidden_sites(way, objective):
    for seed in range(100, 103 if way == "search" else 112):
        cost, demand = question(seed)
        names = list(np.random.default_rng(seed).permutation(cost.columns))
        existing, closable, forbidden = names[:3], names[1:3], names[3:4]
        free = [name for name in cost.columns if name in names[1:3] + names[4:]]
        for add in range(3):
            plan = choose_sites(
                cost,
                demand,
                add=add,
                existing=existing,
                closable=closable,
                forbidden=forbidden,
                objective=objective,
                limit=LIMIT,
                kappa=KAPPA,
            )
            plans = every_plan(cost, demand, objective, add + 2, kept=names[:1], free=free)
            assert plan.value == pytest.approx(best_of(plans, objective), rel=1e-12)
            assert plans[plan.chosen] == pytest.approx(plan.value, rel=1e-12)
            assert set(plan.open_sites) == {names[0], *plan.chosen}
            assert set(plan.closed) == set(closable) - set(plan.chosen)
            assert set(plan.opened) == set(plan.chosen) - set(existing)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_brute_force_agrees_where_sites_are_out_of_reach(way, objective):
    refused = 0
    for seed in range(200, 206 if way == "search" else 230):
        cost, demand = question(seed, out_of_reach=0.35)
        for choose in (1, 2, 4):
            best = best_of(every_plan(cost, demand, objective, choose), objective)
            if math.isinf(best):
                refused += 1
                with pytest.raises(ValueError, match="reach"):
                    choose_sites(cost, demand, add=choose, objective=objective, limit=LIMIT, kappa=KAPPA)
            else:
                plan = choose_sites(cost, demand, add=choose, objective=objective, limit=LIMIT, kappa=KAPPA)
                assert plan.value == pytest.approx(best, rel=1e-12)
    assert (refused > 0) == (objective != "coverage")


def placed(cost, demand, capacity, opened, objective) -> float:
    """Second route under capacities: the transport problem of one set of open sites; infinite if there is no room."""
    minutes = cost[opened].to_numpy()
    n, k = minutes.shape
    value = {
        "mean": minutes,
        "worst": minutes,
        "coverage": -(minutes <= LIMIT).astype(float),
        "fair": np.exp(KAPPA * minutes),
    }[objective]
    room = np.kron(np.ones((1, n)), np.eye(k))
    place = np.kron(np.eye(n), np.ones((1, k)))
    people = demand.to_numpy()

    def solved(allowed):
        upper = np.where(allowed.ravel(), np.inf, 0)
        return linprog(
            value.ravel(),
            A_ub=room,
            b_ub=capacity[opened].to_numpy(),
            A_eq=None if objective == "coverage" else place,
            b_eq=None if objective == "coverage" else people,
            bounds=list(zip(np.zeros(n * k), upper, strict=True)),
        )

    if objective == "coverage":  # not everybody has to be placed
        answer = linprog(
            value.ravel(),
            A_ub=np.vstack([room, place]),
            b_ub=np.concatenate([capacity[opened].to_numpy(), people]),
        )
        return -answer.fun
    if objective == "worst":
        fits = [time for time in np.unique(minutes) if solved(minutes <= time).status == 0]
        return fits[0] if fits else math.inf
    answer = solved(np.ones_like(minutes, dtype=bool))
    if answer.status != 0:
        return math.inf
    mean = answer.fun / people.sum()
    return math.log(mean) / KAPPA if objective == "fair" else mean


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_brute_force_agrees_under_capacities(objective):
    for seed in range(300, 303):
        cost, demand = question(seed, rows=6, columns=5)
        rng = np.random.default_rng(seed)
        capacity = pd.Series(demand.sum() * rng.uniform(0.25, 0.8, 5), index=cost.columns)
        for choose in (1, 2, 3):
            plans = {
                chosen: placed(cost, demand, capacity, ["s0", *chosen], objective)
                for chosen in combinations(["s1", "s2", "s3", "s4"], choose)
                if capacity[["s0", *chosen]].sum() >= demand.sum() or objective == "coverage"
            }
            options = {
                "add": choose,
                "existing": ["s0"],
                "objective": objective,
                "limit": LIMIT,
                "kappa": KAPPA,
                "capacity": capacity,
            }
            most = capacity["s0"] + capacity.drop("s0").nlargest(choose).sum()
            if most < demand.sum():
                with pytest.raises(ValueError, match="capacity is below demand by"):
                    choose_sites(cost, demand, **options)
                continue
            plan = choose_sites(cost, demand, **options)
            assert plan.value == pytest.approx(best_of(plans, objective), rel=1e-6)
            assert plan.gap <= 1e-6
            taken = plan.shares.groupby("site")["people"].sum()
            assert (taken <= capacity[taken.index] + 1e-6).all()
            if objective != "coverage":
                home = plan.shares.groupby("neighbourhood")["people"].sum().reindex(cost.index, fill_value=0.0)
                np.testing.assert_allclose(home, demand, rtol=1e-6, atol=1e-6)


def test_fair_plans_under_capacities_with_closable_and_forbidden_sites():
    for seed in range(310, 314):
        cost, demand = question(seed)
        far = cost.assign(s4=600.0)  # forbidden, and far from everybody: it must not blur the others
        rng = np.random.default_rng(seed)
        capacity = pd.Series(demand.sum() * rng.uniform(0.3, 0.8, 6), index=cost.columns)
        plans = {
            chosen: placed(far, demand, capacity, ["s0", *chosen], "fair")
            for chosen in combinations(["s1", "s2", "s3", "s5"], 2)
        }
        options = {"existing": ["s0", "s1"], "closable": ["s1"], "forbidden": ["s4"], "objective": "fair"}
        plan = choose_sites(far, demand, add=1, **options, kappa=KAPPA, capacity=capacity)
        assert plan.value == pytest.approx(best_of(plans, "fair"), rel=1e-6)
        assert plan.gap <= 1e-6


def two_towns(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Minutes on foot in two towns 60 km apart, 15 neighbourhoods and 4 sites in each; one site outside both."""
    rng = np.random.default_rng(seed)
    homes, there = (np.concatenate([rng.normal(0, 1_500, (n, 2)), rng.normal(0, 1_500, (n, 2))]) for n in (15, 4))
    homes[15:, 0] += 60_000
    there[4:, 0] += 60_000
    minutes = np.hypot(*(homes[:, None] - np.vstack([there, [0, 9_000]])[None]).transpose(2, 0, 1)) * 1.3 / 80
    return pd.DataFrame(minutes), pd.Series(rng.integers(900, 2_500, 30).astype(float))


def test_two_towns_far_apart_each_get_a_site_whether_or_not_room_is_counted():
    for seed in range(4):
        cost, demand = two_towns(seed)
        options = {"add": 2, "objective": "fair", "kappa": 0.03}
        free = choose_sites(cost, demand, **options)
        room = choose_sites(cost, demand, **options, capacity=pd.Series(1.01 * demand.sum(), index=cost.columns))
        assert room.chosen == free.chosen
        assert room.value == pytest.approx(free.value, rel=1e-6)
        assert room.gap <= 1e-6


def test_where_there_is_no_room_nearby_long_journeys_are_told_apart():
    cost, demand = two_towns(9)
    cost = cost.drop(columns=range(5, 8))
    capacity = pd.Series({0: 9e9, 1: 9e9, 2: 9e9, 3: 9e9, 4: demand[15:].sum() / 2, 8: 9e9})  # half must travel
    options = {"add": 1, "existing": [4], "objective": "fair", "kappa": 0.03, "capacity": capacity}
    plan = choose_sites(cost, demand, **options)
    fits = {site: plan_value(cost, demand, capacity, [4, site]) for site in (0, 1, 2, 3, 8)}
    assert plan.value == pytest.approx(min(fits.values()), rel=1e-6)
    assert plan.bound <= plan.value
    assert plan.gap <= 1e-6


def plan_value(cost, demand, capacity, opened) -> float:
    """Fair minutes of one set of open sites under capacities, at a scale where long journeys count."""
    minutes, people = cost[opened].to_numpy(), demand.to_numpy()
    top = minutes.max()
    answer = linprog(
        np.exp(0.03 * (minutes - top)).ravel(),
        A_ub=np.kron(np.ones((1, len(people))), np.eye(len(opened))),
        b_ub=np.minimum(capacity[opened].to_numpy(), people.sum()),
        A_eq=np.kron(np.eye(len(people)), np.ones((1, len(opened)))),
        b_eq=people,
    )
    return top + math.log(answer.fun / people.sum()) / 0.03


def test_room_for_everybody_everywhere_changes_nothing():
    cost, demand = question(7)
    room = pd.Series(np.inf, index=cost.columns)
    for objective in OBJECTIVES:
        options = {"add": 2, "objective": objective, "limit": LIMIT, "kappa": KAPPA}
        free = choose_sites(cost, demand, **options)
        assert choose_sites(cost, demand, **options, capacity=room).value == pytest.approx(free.value, rel=1e-6)


# Two towns of 100 and 300 people 30 minutes apart, a village of 10 people 60 minutes from either; a site in each.
TOWNS = pd.DataFrame(
    [[0.0, 30.0, 60.0], [30.0, 0.0, 60.0], [60.0, 60.0, 0.0]],
    index=["small", "large", "village"],
    columns=["S", "L", "V"],
)
PEOPLE = pd.Series([100.0, 300.0, 10.0], index=TOWNS.index)


def test_one_site_by_hand():
    # In the large town: (100 x 30 + 10 x 60) / 410; the longest is 60 minutes wherever it goes.
    plan = choose_sites(TOWNS, PEOPLE, add=1)
    assert plan.chosen == ("L",)
    assert plan.value == pytest.approx(3_600 / 410, rel=1e-15)
    assert plan.cost.tolist() == [30.0, 0.0, 60.0]
    assert plan.assignment.tolist() == ["L", "L", "L"]


def test_two_sites_differ_by_objective():
    # S and L leave 10 people 60 minutes away: mean 600/410. L and V: 100 people 30 minutes away, mean 3000/410.
    assert choose_sites(TOWNS, PEOPLE, add=2).chosen == ("S", "L")
    assert choose_sites(TOWNS, PEOPLE, add=2, objective="worst").chosen == ("L", "V")
    assert choose_sites(TOWNS, PEOPLE, add=2, objective="coverage", limit=29).chosen == ("S", "L")
    # K of S and L: ln((400 + 10 e^(60k)) / 410) / k; of L and V: ln((310 + 100 e^(30k)) / 410) / k. At k = 0.1:
    fair = choose_sites(TOWNS, PEOPLE, add=2, objective="fair", kappa=0.1)
    assert fair.chosen == ("L", "V")
    assert fair.value == pytest.approx(math.log((310 + 100 * math.exp(3)) / 410) / 0.1, rel=1e-14)
    mild = choose_sites(TOWNS, PEOPLE, add=2, objective="fair", kappa=0.01)
    assert mild.chosen == ("S", "L")


def test_measures_by_hand():
    found = plan_measures(
        TOWNS, PEOPLE, ["L"], limit=30, kappa=0.1, worst_fifth=pd.Series([True, False, True], index=TOWNS.index)
    )
    assert found.mean == pytest.approx(3_600 / 410, rel=1e-15)
    assert found.maximum == 60
    assert found.p95 == 30  # 400 of 410 people, 97.6 %, are within 30 minutes; 300, 73 %, within less
    assert found.covered == 400
    assert found.worst_fifth_mean == pytest.approx((100 * 30 + 10 * 60) / 110, rel=1e-15)
    expected = math.log((300 + 100 * math.exp(3) + 10 * math.exp(6)) / 410) / 0.1
    assert found.fair_k == pytest.approx(expected, rel=1e-14)
    assert found.out_of_reach == 0


def test_kappa_by_hand():
    # Site in the large town: sum D d = 3,600 and sum D d^2 = 100 x 900 + 10 x 3,600 = 126,000.
    assert present_kappa(TOWNS, PEOPLE, ["L"]) == pytest.approx(3_600 / 126_000, rel=1e-15)
    assert present_kappa(TOWNS, PEOPLE, add=1) == present_kappa(TOWNS, PEOPLE, ["L"])  # the mean-optimal plan
    assert choose_sites(TOWNS, PEOPLE, add=1, existing=["L"], objective="fair").kappa == 3_600 / 126_000


def test_a_closable_site_stays_where_it_is_as_good():
    double = TOWNS.assign(L2=TOWNS["L"])
    plan = choose_sites(double, PEOPLE, add=0, existing=["L2"], closable=["L2"])
    assert (plan.chosen, plan.opened, plan.closed) == (("L2",), (), ())


def test_a_closable_site_that_is_forbidden_is_replaced():
    plan = choose_sites(TOWNS, PEOPLE, add=0, existing=["L"], closable=["L"], forbidden=["L"])
    assert (plan.opened, plan.closed) == (("S",), ("L",))


def test_capacity_splits_a_neighbourhood():
    # L takes 150: all of the village's 10 people gain as much from S as from L, so 140 to 150 of the large town stay.
    capacity = pd.Series({"S": 400.0, "L": 150.0, "V": 0.0})
    plan = choose_sites(TOWNS, PEOPLE, add=2, forbidden=["V"], capacity=capacity)
    assert plan.value == pytest.approx((150 * 30 + 10 * 60) / 410, rel=1e-9)
    large = plan.shares[plan.shares["neighbourhood"] == "large"].set_index("site")["people"]
    assert large.to_dict() == pytest.approx({"S": 150.0, "L": 150.0})
    assert plan.cost["large"] == pytest.approx(15.0)


def test_capacity_below_demand_says_by_how_much():
    capacity = pd.Series({"S": 100.0, "L": 200.0, "V": 50.0})
    with pytest.raises(ValueError, match=r"capacity is below demand by 110\.0: .* at most 300\.0 of 410\.0 people"):
        choose_sites(TOWNS, PEOPLE, add=2, capacity=capacity)


def test_closing_a_site_by_hand():
    found = closure_test(TOWNS, PEOPLE, ["S", "L"], "L", limit=29)
    assert found.moved == 300 + 0  # the village is as near to S, which comes first
    assert found.changes["change_min"].tolist() == [0.0, 30.0, 0.0]
    assert found.changes["site_after"].tolist() == ["S", "S", "S"]
    assert (found.before.mean, found.after.mean) == pytest.approx((600 / 410, 9_600 / 410))
    assert (found.before.covered, found.after.covered) == (400, 100)
    assert found.before.fair_k is not None
    with pytest.raises(ValueError, match="is the only one open"):
        closure_test(TOWNS, PEOPLE, ["L"], "L")
    with pytest.raises(ValueError, match="site V is not open today"):
        closure_test(TOWNS, PEOPLE, ["L", "S"], "V")


def test_closing_a_site_that_alone_is_in_reach():
    cost = TOWNS.replace(60.0, np.inf)
    found = closure_test(cost, PEOPLE, ["L", "V"], "V", limit=30)
    assert found.changes.loc["village", "change_min"] == np.inf
    assert found.changes.loc["village", "site_after"] is None
    assert found.after.out_of_reach == 10
    assert found.after.mean == np.inf
    later = closure_test(cost, PEOPLE, ["S", "L"], "S")
    assert math.isnan(later.changes.loc["village", "change_min"])


def test_price_of_fairness_by_hand():
    found = price_of_fairness(TOWNS, PEOPLE, add=2, kappa=0.1, limit=29)
    assert [(row.objective, row.strength) for row in found.rows] == [
        ("mean", 0.0),
        ("fair", 0.5),
        ("fair", 1.0),
        ("fair", 2.0),
        ("fair", 4.0),
        ("worst", math.inf),
        ("coverage", None),
    ]
    assert found.price_of_fairness == pytest.approx(3_000 / 600)  # ten people's hour against a hundred's half hours
    assert [row.price for row in found.rows] == pytest.approx([1, 1, 5, 5, 5, 5, 1])


def test_rivals_by_hand():
    found = {row.site: row for row in rivals(TOWNS, PEOPLE, add=1, existing=[], limit=29, kappa=0.01)}
    # One site: mean (300 x 30 + 10 x 60), 3,600, (100 + 300) x 60 over 410; longest 60; covered 100, 300, 10.
    assert {site: row.ranks["mean"] for site, row in found.items()} == {"S": 2, "L": 1, "V": 3}
    assert {site: row.ranks["worst"] for site, row in found.items()} == {"S": 1, "L": 1, "V": 1}
    assert {site: row.ranks["coverage"] for site, row in found.items()} == {"S": 2, "L": 1, "V": 3}
    assert [row.chosen for row in found.values()] == [False, True, False]
    assert found["V"].measures.mean == pytest.approx(24_000 / 410)
    assert found["V"].values["coverage"] == 10


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_rival_has_the_best_plan_with_it(objective):
    for seed in range(400, 404):
        cost, demand = question(seed)
        plans = every_plan(cost, demand, objective, 3)
        options = {"add": 3, "limit": LIMIT, "kappa": KAPPA}
        best = {
            site: best_of({chosen: value for chosen, value in plans.items() if site in chosen}, objective)
            for site in cost.columns
        }
        for row in rivals(cost, demand, objective=objective, **options):
            assert row.values[objective] == pytest.approx(best[row.site], rel=1e-12)
            better = [value for value in best.values() if abs(value - best[row.site]) > 1e-9]
            ahead = sum(
                value > best[row.site] if objective == "coverage" else value < best[row.site] for value in better
            )
            assert row.ranks[objective] == 1 + ahead
            assert row.proved


def test_a_study_holds_what_its_parts_say(way):
    cost, demand = question(500, rows=30, columns=12)
    options = {"add": 2, "existing": ["s0", "s1"], "closable": ["s1"], "limit": LIMIT}
    for objective in OBJECTIVES:
        found = study_sites(cost, demand, objective=objective, **options)
        alone = choose_sites(cost, demand, objective=objective, kappa=found.kappa, **options)
        assert found.plan.value == pytest.approx(alone.value, rel=1e-12)
        assert found.measures == plan_measures(cost, demand, found.plan.open_sites, limit=LIMIT, kappa=found.kappa)
        assert found.price.kappa == present_kappa(cost, demand, ["s0", "s1"])
        assert len(found.rivals) == 11
        for row in found.rivals:
            assert set(row.opened) | {"s0", "s1"} - set(row.closed) == set(row.open_sites)
            if row.chosen:
                assert row.ranks[objective] == 1
        mean = {row.objective: row.measures.mean for row in found.price.rows if row.strength in (0.0, 1.0)}
        assert found.price.price_of_fairness == pytest.approx(mean["fair"] / mean["mean"])


def test_a_study_under_capacities_says_what_it_did_not_work_out():
    cost, demand = question(501)
    room = pd.Series(demand.sum() * 0.5, index=cost.columns)
    found = study_sites(cost, demand, add=3, capacity=room, limit=LIMIT)
    assert {row.ranks["worst"] for row in found.rivals} == {1, None}
    assert min(row.ranks["mean"] for row in found.rivals) == 1
    assert all(row.proved for row in found.rivals)
    assert found.measures.mean == pytest.approx(found.plan.value)


def test_a_study_of_coverage_where_not_everybody_can_be_reached():
    cost = TOWNS.copy()
    cost.loc["village"] = np.inf
    found = study_sites(cost, PEOPLE, add=1, objective="coverage", limit=29)
    assert found.plan.value == 300
    assert found.plan.assignment["village"] is None
    assert found.price is None
    assert {row.ranks["mean"] for row in found.rivals} == {None}


# -- laws


@LAW
@given(SEEDS)
def test_adding_a_site_never_makes_anything_worse(seed):
    cost, demand = question(seed)
    options = {"limit": LIMIT, "kappa": KAPPA}
    order = list(np.random.default_rng(seed).permutation(cost.columns))
    before = plan_measures(cost, demand, order[:2], **options)
    after = plan_measures(cost, demand, order[:3], **options)
    for figure in ("mean", "p95", "maximum", "fair_k", "out_of_reach"):
        assert getattr(after, figure) <= getattr(before, figure) + 1e-12
    assert after.covered >= before.covered


@LAW
@given(SEEDS, st.floats(1e-3, 3))
def test_the_fair_mean_lies_between_mean_and_longest(seed, kappa):
    cost, demand = question(seed)
    found = plan_measures(cost, demand, ["s0", "s3"], kappa=kappa)
    assert found.mean - 1e-9 <= found.fair_k <= found.maximum + 1e-9
    stronger = plan_measures(cost, demand, ["s0", "s3"], kappa=2 * kappa)
    assert stronger.fair_k >= found.fair_k - 1e-9


@CHECK
@given(SEEDS)
def test_names_order_and_scale_change_no_plan(seed):
    rng = np.random.default_rng(seed)
    cost, demand = question(seed)
    options = {"add": 2, "existing": ["s5"], "objective": ("mean", "fair")[seed % 2]}
    plan = choose_sites(cost, demand, **options, kappa=KAPPA)
    mixed = cost.loc[rng.permutation(cost.index), rng.permutation(cost.columns)]
    again = choose_sites(mixed, 3 * demand, **options, kappa=KAPPA)
    assert again.value == pytest.approx(plan.value, rel=1e-12)
    slower = choose_sites(2 * cost, demand, **options, kappa=KAPPA / 2)
    assert slower.chosen == plan.chosen
    assert slower.value == pytest.approx(2 * plan.value, rel=1e-12)


@CHECK
@given(SEEDS)
def test_more_freedom_never_makes_the_best_plan_worse(seed):
    cost, demand = question(seed)
    objective = ("mean", "worst", "fair")[seed % 3]
    values = [
        choose_sites(cost, demand, objective=objective, kappa=KAPPA, **options).value
        for options in (
            {"add": 1, "existing": ["s0", "s1"], "forbidden": ["s2"]},
            {"add": 1, "existing": ["s0", "s1"]},
            {"add": 1, "existing": ["s0", "s1"], "closable": ["s1"]},
            {"add": 3},
        )
    ]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(values))


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_the_price_rows_trade_mean_for_fairness(seed):
    cost, demand = question(seed)
    rows = price_of_fairness(cost, demand, add=2, kappa=KAPPA, limit=LIMIT).rows
    by_name = {row.objective: row.measures for row in rows if row.strength in (0.0, 1.0, math.inf, None)}
    assert all(by_name["mean"].mean <= row.measures.mean + 1e-9 for row in rows)
    assert all(by_name["fair"].fair_k <= row.measures.fair_k + 1e-9 for row in rows)
    assert all(by_name["worst"].maximum <= row.measures.maximum + 1e-9 for row in rows)
    assert all(by_name["coverage"].covered >= row.measures.covered for row in rows)
    assert all(row.price >= 1 - 1e-12 for row in rows)


def test_the_same_question_twice_gives_the_same_answer(way):
    cost, demand = question(600, rows=20, columns=10)
    for objective in OBJECTIVES:
        first, second = (
            study_sites(cost, demand, add=3, objective=objective, limit=LIMIT, kappa=KAPPA) for _ in range(2)
        )
        assert repr(first) == repr(second)


# -- bad input

GOOD = {"add": 1}
BAD = [
    ({"add": 4}, "more sites wanted than candidates: 4 wanted (4 to add), 3 to choose among"),
    (
        {"add": 2, "existing": ["S"], "closable": ["S"], "forbidden": ["V"]},
        "more sites wanted than candidates: 3 wanted (2 to add and 1 in place of those that may close), 2 to choose",
    ),
    ({"add": -1}, "-1 sites to add; expected a whole number"),
    ({"add": 1.5}, "1.5 sites to add; expected a whole number"),
    ({"add": 0}, "no site would be open"),
    ({"existing": ["S"], "forbidden": ["S"]}, "site S is both kept and forbidden"),
    ({"closable": ["S"]}, "site S may close but is not open today"),
    ({"existing": ["X"]}, "existing site X is not in the cost table"),
    ({"forbidden": ["X"]}, "forbidden site X is not in the cost table"),
    ({"existing": ["S", "S"]}, "existing site S is named more than once"),
    ({"objective": "best"}, "no objective 'best'; choose one of mean, worst, coverage, fair"),
    ({"objective": "coverage"}, "coverage needs a limit in minutes"),
    ({"objective": "coverage", "limit": -5.0}, "limit is -5.0; expected a number above 0"),
    ({"objective": "fair", "kappa": math.nan}, "kappa is nan; expected a number above 0"),
    ({"capacity": pd.Series({"S": 500.0})}, "no capacity for site L (2 in all); give infinity for no limit"),
    ({"capacity": pd.Series({"S": 500.0, "L": -1.0, "V": 9.0})}, "capacity of site L is -1.0; expected zero or more"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_a_question_without_an_answer_is_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        choose_sites(TOWNS, PEOPLE, **{**GOOD, **options})


def with_cell(value) -> pd.DataFrame:
    cost = TOWNS.astype(object)
    cost.loc["large", "V"] = value
    return cost


TABLES = [
    (with_cell(math.nan), PEOPLE, "the cost from large to V is not known (1 such cells)"),
    (with_cell(-1.0), PEOPLE, "the cost from large to V is below 0 (1 such cells)"),
    (with_cell("near"), PEOPLE, "the cost table holds something that is no number"),
    (TOWNS.iloc[:0], PEOPLE.iloc[:0], "the cost table has shape (0, 3)"),
    (TOWNS.iloc[:, :0], PEOPLE, "the cost table has shape (3, 0)"),
    (TOWNS[["S", "S"]], PEOPLE, "site S is there more than once in the cost table"),
    (pd.concat([TOWNS, TOWNS]), PEOPLE, "neighbourhood small is there more than once in the cost table"),
    (TOWNS.iloc[:2], PEOPLE, "demand for village, which has no row of costs: the cost table has 2"),
    (TOWNS, PEOPLE.iloc[:2], "no demand for village: the cost table has 3 neighbourhoods and demand 2"),
    (TOWNS, PEOPLE.replace(10.0, math.nan), "demand of village is nan; expected zero or more"),
    (TOWNS, -PEOPLE, "demand of small is -100.0; expected zero or more"),
    (TOWNS, 0 * PEOPLE, "nobody is in these neighbourhoods: siting needs people"),
    (TOWNS, pd.concat([PEOPLE, PEOPLE]), "demand of small is there more than once"),
]


@pytest.mark.parametrize(("cost", "demand", "message"), TABLES)
def test_a_table_that_does_not_fit_is_refused(cost, demand, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        choose_sites(cost, demand, add=1)


FIFTHS = [
    (pd.Series({"small": True}), "no need fifth for large (2 in all); expected true or false for each"),
    (pd.Series({"small": True, "large": None, "village": False}), "no need fifth for large (1 in all)"),
    (pd.Series([True, False], index=["small", "small"]), "the need fifth of small is there more than once"),
]


@pytest.mark.parametrize(("fifth", "message"), FIFTHS)
def test_a_need_fifth_that_is_not_known_is_refused(fifth, message):
    for asked in (
        lambda: plan_measures(TOWNS, PEOPLE, ["S"], worst_fifth=fifth),
        lambda: closure_test(TOWNS, PEOPLE, ["S", "L"], "S", worst_fifth=fifth),
        lambda: study_sites(TOWNS, PEOPLE, add=1, worst_fifth=fifth),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            asked()


def test_nobody_in_reach_says_who():
    cost = TOWNS.copy()
    cost.loc["village"] = np.inf
    with pytest.raises(ValueError, match=r"in reach of village \(1 neighbourhoods, 10 people\): raise the cut-off"):
        choose_sites(cost, PEOPLE, add=2)
    islands = TOWNS.where(TOWNS == 0, np.inf)
    with pytest.raises(ValueError, match="no 2 of the 3 sites to choose among let everybody reach one"):
        choose_sites(islands, PEOPLE, add=2)


# A (100 people) reaches only s0, B (10) only s1.
APART = pd.DataFrame([[5.0, np.inf], [np.inf, 5.0]], index=["A", "B"], columns=["s0", "s1"])
LIVING = pd.Series({"A": 100.0, "B": 10.0})


@pytest.mark.parametrize("objective", ["mean", "worst", "fair"])
def test_sites_in_reach_that_are_too_small_are_the_reason(objective):
    small = pd.Series({"s0": 50.0, "s1": 100.0})
    with pytest.raises(NoRoomInReach, match="the sites within reach of some people have no room for all of them"):
        choose_sites(APART, LIVING, add=2, objective=objective, kappa=KAPPA, capacity=small)
    with pytest.raises(OutOfReach, match="no 1 of the 2 sites to choose among let everybody reach one"):
        choose_sites(APART, LIVING, add=1, objective=objective, kappa=KAPPA, capacity=10 * small)
    with pytest.raises(NoRoom) as told:
        choose_sites(APART, LIVING, add=1, objective=objective, kappa=KAPPA, capacity=small)
    assert (told.value.short, told.value.most, told.value.people) == (10.0, 100.0, 110.0)
    covering = choose_sites(APART, LIVING, add=2, objective="coverage", limit=6.0, capacity=small)
    assert covering.value == 60.0


@pytest.mark.parametrize("objective", ["mean", "worst", "fair"])
def test_a_proof_that_was_cut_short_is_no_proof_that_there_is_no_plan(monkeypatch, objective):
    from layers import siting_models

    stopped = SimpleNamespace(x=None, status=1)
    monkeypatch.setattr(siting_models, "_milp", lambda *given, **options: stopped)
    with pytest.raises(Undecided, match="it could not be found out in the work allowed"):
        choose_sites(
            TOWNS, PEOPLE, add=2, objective=objective, kappa=KAPPA, capacity=pd.Series(500.0, index=TOWNS.columns)
        )


def test_journeys_of_no_time_have_no_kappa():
    with pytest.raises(ValueError, match="every journey takes 0 minutes"):
        choose_sites(0 * TOWNS, PEOPLE, add=1, objective="fair")
    with pytest.raises(ValueError, match="nothing to trade"):
        price_of_fairness(0 * TOWNS, PEOPLE, add=1)


def test_too_many_pairs_with_capacities_are_refused(monkeypatch):
    from layers import siting_models

    monkeypatch.setattr(siting_models, "MOST_PAIRS", 8)
    with pytest.raises(TooManyPairs, match="capacities need at most 8 pairs of neighbourhoods and sites; there are 9"):
        choose_sites(TOWNS, PEOPLE, add=3, capacity=pd.Series(500.0, index=TOWNS.columns))
