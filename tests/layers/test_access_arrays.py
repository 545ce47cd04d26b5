"""Access on arrays (methods M7): sums by hand, refusals, laws over random maps, and PySAL's own figures."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.access import floating_catchment, nearest, within
from layers.access_arrays import Pairs, floating_catchment_of, nearest_of, pairs_within, within_of
from layers.near_sites import Homes, Points, estimated_nearest, estimated_pairs

LAW = settings(max_examples=1_000, deadline=None)
INF, NAN = np.inf, np.nan

# Three neighbourhoods of 100, 300 and 50 people, two sites of 2 and 3; the third neighbourhood reaches nothing.
TABLE = np.array([[5.0, 15.0], [25.0, 10.0], [INF, 31.0]])
PEOPLE, OFFERED = np.array([100.0, 300.0, 50.0]), np.array([2.0, 3.0])


def test_pairs_keep_what_is_within_and_the_limit_itself():
    pairs = pairs_within(TABLE, 15)
    assert list(zip(pairs.origin, pairs.site, pairs.minutes, strict=True)) == [(0, 0, 5), (0, 1, 15), (1, 1, 10)]
    assert (pairs.n, pairs.m) == (3, 2)
    assert pairs.origin.dtype == pairs.site.dtype == np.int32


def test_nearest_by_hand():
    site, minutes = nearest_of(np.array([[5, 15], [25, 10], [INF, INF], [NAN, 3], [7, 7]]))
    assert site.tolist() == [0, 1, -1, -1, 0]  # equally near: the first
    assert minutes.tolist()[:3] == [5, 10, INF]
    assert np.isnan(minutes[3])
    assert minutes[4] == 7
    assert nearest_of(np.empty((2, 0)))[1].tolist() == [INF, INF]


def test_sites_within_by_hand_and_unknown_is_no_zero():
    pairs = pairs_within(np.array([[5, 15], [25, 10], [NAN, 1], [INF, INF]]), 20)
    assert within_of(pairs, 10).tolist()[:2] == [1, 1]
    assert within_of(pairs, 20).tolist()[:2] == [2, 1]
    assert np.isnan(within_of(pairs, 20)[2])
    assert within_of(pairs, 20)[3] == 0


def test_two_steps_by_hand():
    found = floating_catchment_of(pairs_within(TABLE), PEOPLE, OFFERED, limit=20)
    # Within 20 minutes: site 0 has 100 people (2/100), site 1 has 400 (3/400).
    assert found.access.tolist() == pytest.approx([2 / 100 + 3 / 400, 3 / 400, 0])
    assert found.ratios.tolist() == pytest.approx([0.02, 0.0075])
    assert (found.stranded, found.reachable) == (0, 5)
    alone = floating_catchment_of(pairs_within(TABLE), PEOPLE, OFFERED, limit=7)
    assert alone.access.tolist() == pytest.approx([0.02, 0, 0])
    assert (alone.stranded, alone.reachable) == (3, 2)


def test_enhanced_by_hand():
    found = floating_catchment_of(pairs_within(TABLE), PEOPLE, OFFERED, method="e2sfca")
    # Site 0: 100 x 1 + 300 x .22 = 166; site 1: 100 x .68 + 300 x 1 = 368 (10 minutes are still the first step).
    first, second = 2 / 166, 3 / 368
    assert found.access.tolist() == pytest.approx([first + 0.68 * second, 0.22 * first + second, 0])
    other = floating_catchment_of(pairs_within(TABLE), PEOPLE, OFFERED, method="e2sfca", steps={12: 1, 31: 0.5})
    assert other.access[2] == pytest.approx(0.5 * 3 / (0.5 * 100 + 300 + 0.5 * 50))


def test_a_site_of_unknown_supply_makes_access_unknown_where_it_is_in_reach_only():
    found = floating_catchment_of(pairs_within(TABLE), PEOPLE, np.array([NAN, 3.0]), limit=20)
    assert np.isnan(found.access[0])
    assert found.access.tolist()[1:] == pytest.approx([3 / 400, 0])


def test_people_of_unknown_number_make_access_unknown_wherever_they_share_a_site():
    table = np.array([[5.0, INF, INF], [5.0, INF, 5.0], [INF, 5.0, 5.0]])
    people = np.array([1_000.0, NAN, 500.0])
    found = floating_catchment_of(pairs_within(table), people, np.array([1.0, 2.0, 0.0]), limit=20)
    assert np.isnan(found.ratios).tolist() == [True, False, False]
    assert np.isnan(found.access).tolist() == [True, True, False]
    assert found.access[2] == 2 / 500  # a practice that takes nobody gives nobody anything, however many they are
    assert np.isnan(found.reachable)
    assert found.stranded == 0
    away = floating_catchment_of(pairs_within(table), people, np.array([1.0, 2.0, 0.0]), limit=3)
    assert (away.access.tolist(), away.stranded, away.reachable) == ([0, 0, 0], 3, 0)


def test_a_site_of_unknown_supply_that_nobody_needs_is_unknown_all_the_same():
    found = floating_catchment_of(
        pairs_within(np.array([[5.0, INF], [INF, 5.0]])), np.array([0.0, 10.0]), np.array([NAN, 3.0]), limit=20
    )
    assert np.isnan(found.access).tolist() == [True, False]
    assert np.isnan(found.ratios).tolist() == [True, False]
    assert (np.isnan(found.stranded), found.reachable) == (True, 3)


def test_tables_keep_what_is_not_known():
    cost = LONG.assign(cost=[5.0, NAN, 25.0, 10.0])
    counts = within(cost, DEMAND.index, limit=15)
    assert counts.fillna(-1).to_dict() == {"E1": -1, "E2": 1, "E3": 0}
    found = floating_catchment(cost, DEMAND, SUPPLY, limit=20)
    assert found.fillna(-1).to_dict() == pytest.approx({"E1": -1, "E2": 3 / 300, "E3": 0})
    unknown = floating_catchment(LONG, DEMAND.replace(300, NAN), SUPPLY, limit=20)
    assert unknown.isna().to_dict() == {"E1": True, "E2": True, "E3": False}


def test_a_neighbourhood_without_a_time_has_no_access_and_a_site_without_people_strands_its_supply():
    pairs = pairs_within(np.array([[NAN, NAN], [5.0, INF]]))
    found = floating_catchment_of(pairs, np.array([10.0, 20.0]), OFFERED, limit=20)
    assert np.isnan(found.access[0])
    assert found.access[1] == 0.1
    assert found.stranded == 3
    nobody = floating_catchment_of(pairs_within(TABLE), np.zeros(3), OFFERED, limit=20)
    assert nobody.access.tolist() == [0, 0, 0]
    assert nobody.stranded == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gravity"}, r"^method is 'gravity'; choose one of 2sfca, e2sfca$"),
        ({}, r"^2sfca needs a limit in minutes, zero or more; it is None$"),
        ({"limit": NAN}, r"^2sfca needs a limit in minutes, zero or more; it is nan$"),
        ({"method": "e2sfca", "steps": {20: 1, 10: 0.5}}, r"^steps end at 20, 10; expected rising minutes$"),
        ({"method": "e2sfca", "steps": {}}, r"^steps end at nothing; expected rising minutes$"),
        ({"method": "e2sfca", "steps": {10: -1}}, r"^weights are -1; expected zero or more$"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        floating_catchment_of(pairs_within(TABLE), PEOPLE, OFFERED, **options)


@pytest.mark.parametrize(
    ("demand", "supply", "message"),
    [
        ([1, 2], [1, 2], r"^demand has shape \(2,\); expected 3 figures$"),
        ([1, 2, 3], [1], r"^supply has shape \(1,\); expected 2 figures$"),
        ([1, -1, 3], [1, 2], r"^demand 2 is -1; expected a number, zero or more$"),
        ([1, 2, 3], [1, -2], r"^supply 2 is -2; expected a number, zero or more$"),
        ([1, 2, INF], [1, 2], r"^demand 3 is inf; expected a number, zero or more$"),
    ],
)
def test_impossible_figures_are_refused(demand, supply, message):
    with pytest.raises(ValueError, match=message):
        floating_catchment_of(pairs_within(TABLE), np.array(demand, float), np.array(supply, float), limit=5)


def test_a_negative_time_and_a_limit_that_is_none_are_refused():
    with pytest.raises(ValueError, match=r"^row 2, column 1 is -1; a time is zero or more$"):
        pairs_within(np.array([[1.0], [-1.0]]), 5)
    with pytest.raises(ValueError, match=r"^the limit is nan; expected minutes, zero or more$"):
        pairs_within(TABLE, NAN)


LONG = pd.DataFrame(
    {"lsoa21cd": ["E1", "E1", "E2", "E2"], "site": ["a", "b", "a", "b"], "cost": [5.0, 15.0, 25.0, 10.0]}
)
DEMAND, SUPPLY = pd.Series({"E1": 100.0, "E2": 300.0, "E3": 50.0}), pd.Series({"a": 2.0, "b": 3.0})


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_tables_say_the_same_whatever_their_labels_are(kind):
    cost = LONG.astype({"lsoa21cd": kind, "site": kind}).iloc[::-1]
    found = floating_catchment(cost, DEMAND, SUPPLY, limit=20)
    assert found.to_dict() == pytest.approx({"E1": 2 / 100 + 3 / 400, "E2": 3 / 400, "E3": 0})
    assert within(cost, DEMAND.index, limit=15).to_dict() == {"E1": 2, "E2": 1, "E3": 0}


@pytest.mark.parametrize(
    ("cost", "demand", "supply", "message"),
    [
        (LONG.rename(columns={"cost": "minutes"}), DEMAND, SUPPLY, r"^the table of costs has no column 'cost'"),
        (LONG.assign(cost=[1, 2, -2, 3]), DEMAND, SUPPLY, r"^cost in row 3 is -2; expected minutes"),
        (
            LONG.assign(cost=[1, 2, 3, INF]),
            DEMAND,
            SUPPLY,
            r"^cost in row 4 is inf; .* leave out what is out of reach$",
        ),
        (LONG.assign(site=["a", "a", "a", "b"]), DEMAND, SUPPLY, r"^row 2: 'E1' and 'a' are there twice$"),
        (LONG, DEMAND.drop("E2"), SUPPLY, r"^row 3: there is no neighbourhood 'E2' among those given$"),
        (LONG, DEMAND, SUPPLY.drop("b"), r"^row 2: there is no site 'b' among those given$"),
        (LONG, pd.concat([DEMAND, DEMAND]), SUPPLY, r"^demand has 'E1' twice$"),
        (LONG, DEMAND.replace(50, -2), SUPPLY, r"^demand of 'E3' is -2; expected a number, zero or more$"),
    ],
)
def test_a_table_with_a_fault_is_refused_by_name(cost, demand, supply, message):
    with pytest.raises(ValueError, match=message):
        floating_catchment(cost, demand, supply, limit=20)


def drawn(numbers: bytes, neighbourhoods: int = 4, sites: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times on a grid of 2.5 minutes, some out of reach; demand and supply, some of it 0."""
    figures = np.frombuffer(numbers, np.uint8).astype(float)
    count = neighbourhoods * sites
    minutes = np.where(figures[:count] >= 200, INF, figures[:count] % 16 * 2.5).reshape(neighbourhoods, sites)
    return minutes, figures[count : count + neighbourhoods] // 8 * 10, figures[-sites:] // 16


CASES = st.binary(min_size=19, max_size=19).map(drawn)
METHODS = ({"limit": 20.0}, {"method": "e2sfca"})


@LAW
@given(CASES)
def test_what_is_shared_out_is_the_supply_in_reach(case):
    minutes, demand, supply = case
    for options in METHODS:
        found = floating_catchment_of(pairs_within(minutes), demand, supply, **options)
        assert math.isclose((demand * found.access).sum(), found.reachable, rel_tol=1e-9, abs_tol=1e-9)
        assert math.isclose(found.stranded + found.reachable, supply.sum(), rel_tol=1e-9)


@LAW
@given(CASES)
def test_another_site_never_lowers_access_and_a_shorter_limit_never_adds_reach(case):
    minutes, demand, supply = case
    fewer, more = pairs_within(minutes[:, :2]), pairs_within(minutes)
    assert (nearest_of(minutes)[1] <= nearest_of(minutes[:, :2])[1]).all()
    assert (within_of(more, 20) >= within_of(fewer, 20)).all()
    assert (within_of(more, 10) <= within_of(more, 20)).all()
    assert set(zip(*pairs_of(pairs_within(minutes, 10)), strict=True)) <= set(zip(*pairs_of(more), strict=True))
    for options in METHODS:
        before = floating_catchment_of(fewer, demand, supply[:2], **options).access
        assert (floating_catchment_of(more, demand, supply, **options).access >= before - 1e-12).all()


def pairs_of(pairs: Pairs) -> tuple[list[int], list[int]]:
    return pairs.origin.tolist(), pairs.site.tolist()


@settings(max_examples=25, deadline=None)
@given(CASES)
def test_pysal_says_the_same_where_something_is_in_reach(case):
    from access import fca, weights

    minutes, demand, supply = case
    pairs = pairs_within(minutes, 30)
    cost = pd.DataFrame({"lsoa21cd": pairs.origin, "site": pairs.site, "cost": pairs.minutes})
    people, offered = pd.Series(demand + 1.0), pd.Series(supply)  # nobody in reach divides by zero in PySAL
    if cost.empty:
        return
    for options, peer in (
        ({"limit": 20}, {"max_cost": 20}),
        ({"method": "e2sfca"}, {"weight_fn": weights.step_fn({10: 1, 20: 0.68, 30: 0.22})}),
    ):
        theirs = fca.two_stage_fca(
            people.to_frame("demand"), offered.to_frame("supply"), cost, demand_index=True, supply_index=True,
            demand_name="demand", supply_name="supply", cost_origin="lsoa21cd", cost_dest="site", **peer,
        )  # fmt: skip
        ours = floating_catchment(cost, people, offered, **options)
        assert ours[theirs.index].to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-9, abs=1e-12)
        assert (ours.drop(theirs.index) == 0).all()  # the one difference: they have no row where nothing is in reach


def test_estimated_pairs_are_those_of_every_neighbourhood_with_every_site():
    rng = np.random.default_rng(3)
    for round_ in range(120):
        n, m = int(rng.integers(1, 25)), int(rng.integers(0, 25))
        x, y, area = rng.uniform(0, 9_000, n), rng.uniform(-4_000, 12_000, n), rng.uniform(1e4, 2e7, n)
        east, north, home = rng.uniform(0, 9_000, m), rng.uniform(0, 9_000, m), rng.integers(-1, n, m)
        if round_ % 3 == 0:
            x[rng.integers(n)] = NAN
        mode, speed = (("walk", 80.0), ("cycle", 250.0), ("drive", 500.0))[round_ % 3]
        limit = float(rng.uniform(1, 60))
        away = np.hypot(x[:, None] - east, y[:, None] - north)
        least = 2 / 3 * np.sqrt(area / math.pi)
        away = np.where(home[None, :] == np.arange(n)[:, None], np.maximum(away, least[:, None]), away)
        minutes = away * 1.3 / speed
        found = estimated_pairs(Homes(x, y, area), Points(east, north, home), limit=limit, mode=mode)
        origin, site = np.nonzero(minutes <= limit)
        assert pairs_of(found) == (origin.tolist(), site.tolist())
        assert found.minutes == pytest.approx(minutes[origin, site], rel=1e-12)
        assert found.unknown.tolist() == np.isnan(x).tolist()
        near, time = estimated_nearest(Homes(x, y, area), Points(east, north, home), mode=mode, pairs=found)
        known = np.isfinite(x)
        if m:
            assert time[known] == pytest.approx(minutes[known].min(axis=1), rel=1e-12)
            assert near[known].tolist() == minutes[known].argmin(axis=1).tolist()
        assert (near[~known] == -1).all()
        assert np.isnan(time[~known]).all()


def test_the_nearest_is_found_far_from_everything(monkeypatch):
    monkeypatch.setattr("layers.near_sites.AT_ONCE", 8)
    x = np.array([0.0, 100.0, 90_000.0, 400_000.0, NAN])
    homes = Homes(x, np.zeros(5), np.ones(5))
    points = Points(np.array([10.0, 20.0]), np.zeros(2), np.full(2, -1))
    site, minutes = estimated_nearest(homes, points)
    assert site.tolist() == [0, 1, 1, 1, -1]
    assert minutes[3] == pytest.approx(399_980 * 1.3 / 80)
    with pytest.raises(ValueError, match=r"^the limit is 0; expected minutes above zero$"):
        estimated_pairs(homes, points, limit=0)
    with pytest.raises(ValueError, match=r"^no speed for 'transit'"):
        estimated_pairs(homes, points, limit=5, mode="transit")


def test_a_site_without_a_place_is_refused():
    with pytest.raises(ValueError, match=r"^site 2 has no place: easting and northing are wanted$"):
        Points(np.array([10.0, NAN]), np.zeros(2), np.full(2, -1))


def test_the_two_ways_to_the_nearest_site_say_the_same():
    rng = np.random.default_rng(8)
    for mode in ("walk", "cycle", "drive"):
        n, m = 200, 90
        homes = Homes(rng.uniform(0, 20_000, n), rng.uniform(0, 20_000, n), rng.uniform(1e5, 9e6, n))
        homes.x[:3] = NAN
        points = Points(rng.uniform(0, 20_000, m), rng.uniform(0, 20_000, m), rng.integers(-1, n, m))
        codes = np.array([f"E{i}" for i in range(n)], dtype=object)
        table = nearest(
            pd.DataFrame({"centroid_x_m": homes.x, "centroid_y_m": homes.y, "area_m2": homes.area}, index=codes),
            pd.DataFrame(
                {
                    "site_id": np.arange(m),
                    "easting": points.x,
                    "northing": points.y,
                    "lsoa21cd": [codes[row] if row >= 0 else None for row in points.home],
                }
            ),
            mode=mode,
        )
        site, minutes = estimated_nearest(homes, points, mode=mode)
        assert table["site_id"].fillna(-1).tolist() == site.tolist()
        assert table["travel_time_min"].to_numpy() == pytest.approx(minutes, abs=0.051, nan_ok=True)
