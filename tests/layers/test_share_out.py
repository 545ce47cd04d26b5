"""Sharing out a budget (methods M1): sums by hand, refusals, and laws in exact arithmetic over random places."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.share_out import Recipient, Rule, ShareOut, divide
from layers.targeting import need_matched_dial, need_position, share_out, share_table, targeting_score
from layers.whole_units import exact, whole_units, written

LAW = settings(max_examples=1_000)
NAN = float("nan")
HALF = Fraction(1, 2)
Case = list[tuple[int, int, int]]


def read_case(drawn: bytes) -> Case:
    """Three bytes a neighbourhood: need 0 to 12, people in tenths (a few have nobody), tenths of people in need."""
    rows = [(drawn[i] % 13, 40 * (drawn[i + 1] % 60), drawn[i + 2]) for i in range(0, len(drawn) - 2, 3)]
    rows[0] = (rows[0][0], 7 + rows[0][1], 1 + rows[0][2])  # somebody lives in the first, somebody in need
    return [(need, tenths, min(needy, tenths)) for need, tenths, needy in rows]


NEIGHBOURHOODS = st.binary(min_size=3, max_size=27).map(read_case)  # one to nine of them
DIAL = st.integers(100, 2_000).map(lambda hundredths: hundredths / 100)
FLOOR = st.integers(1, 100).map(lambda hundredths: hundredths / 100)
UNITS = st.integers(1, 400)


def code(i: int) -> str:
    return f"E0100{i:04d}"


def share(
    case: Case,
    budget: float,
    rule: Rule,
    order: list[int] | None = None,
    footprints: list[tuple[str, str]] | None = None,
) -> ShareOut:
    """The function under test, over need scores that floating point cannot hold exactly."""
    order = list(range(len(case))) if order is None else order
    return divide(
        [code(i) for i in order],
        [0.1 + 7.3 * case[i][0] for i in order],
        [case[i][1] / 10 for i in order],
        budget,
        rule=rule,
        in_need=[case[i][2] / 10 for i in order] if rule.form == "count" else None,
        footprints=footprints,
    )


def positions_by_hand(case: Case) -> list[Fraction]:
    """Second route: whole tenths of people, every pair of neighbourhoods compared."""
    everyone = sum(tenths for _, tenths, _ in case)
    return [
        Fraction(sum(2 * t if other < level else t for other, t, _ in case if other <= level), 2 * everyone)
        for level, _, _ in case
    ]


def quotas_by_hand(case: Case, budget: int, rule: Rule) -> list[Fraction]:
    """Second route: the published formulas, literally."""
    everyone, needy = sum(t for _, t, _ in case), sum(n for _, _, n in case)
    if rule.form == "count":
        f = Fraction(round(100 * rule.floor), 100)
        parts = [f * Fraction(t, everyone) + (1 - f) * Fraction(n, needy) for _, t, n in case]
    else:
        rho = Fraction(round(100 * rule.rho), 100)
        r = [2 * (1 + (rho - 1) * u) / (rho + 1) for u in positions_by_hand(case)]
        parts = [Fraction(t, everyone) * multiple for (_, t, _), multiple in zip(case, r, strict=True)]
    lived_in, minimum = sum(t > 0 for _, t, _ in case), int(rule.minimum)
    return [
        minimum * (t > 0) + (budget - lived_in * minimum) * part for part, (_, t, _) in zip(parts, case, strict=True)
    ]


def units_by_hand(case: Case, quotas: list[Fraction], total: int) -> list[int]:
    """Second route: round down, then hand out one unit after the other to whoever is furthest below its quota."""
    given, served = [int(q) for q in quotas], set()
    u = positions_by_hand(case)
    while sum(given) < total:
        waiting = [i for i in range(len(case)) if i not in served]
        first = max(waiting, key=lambda i: (quotas[i] - given[i], u[i], case[i][1], -i))
        given[first] += 1
        served.add(first)
    return given


def amounts(result: ShareOut) -> list[Fraction]:
    return [row.amount for row in result.recipients]


def lived_in(result: ShareOut) -> list[Recipient]:
    return [row for row in result.recipients if row.people]


# By hand


def test_two_neighbourhoods_by_hand():
    result = divide(["A", "B"], [20, 80], [1_000, 1_000], 100, rule=Rule(unit="whole"))
    # Positions 1/4 and 3/4; multiples 3/4 and 5/4; quotas 37.5 and 62.5; the tie goes to the higher need.
    assert [row.position for row in result.recipients] == [Fraction(1, 4), Fraction(3, 4)]
    assert [row.multiple for row in result.recipients] == [Fraction(3, 4), Fraction(5, 4)]
    assert [row.quota for row in result.recipients] == [Fraction(75, 2), Fraction(125, 2)]
    assert amounts(result) == [37, 63]
    assert result.planned == (Fraction(3, 4), Fraction(5, 4), Fraction(5, 3))
    assert result.achieved == (Fraction(37, 50), Fraction(63, 50), Fraction(63, 37))  # 37 and 63 where 50 is average


def test_the_odd_penny_goes_to_more_people_then_the_first_code():
    three = divide(["C", "A", "B"], [5, 5, 5], [10, 10, 10], 100, rule=Rule(unit="pence"))
    assert [(row.code, row.amount) for row in three.recipients] == [
        ("A", Fraction("33.34")),
        ("B", Fraction("33.33")),
        ("C", Fraction("33.33")),
    ]
    # One penny over 5, 15 and 20 people: 1/8, 3/8 and 1/2 of it.
    penny = divide(["A", "B", "C"], [5, 5, 5], [5, 15, 20], 0.01, rule=Rule(rho=1, unit="pence"))
    assert amounts(penny) == [0, 0, Fraction(1, 100)]
    # Quotas 1.5 and 4.5: equal remainders and equal need, so the larger gets the unit.
    assert amounts(divide(["A", "B"], [5, 5], [100, 300], 6, rule=Rule(unit="whole"))) == [1, 5]


def test_count_form_by_hand():
    result = divide(["A", "B"], [9, 1], [100, 300], 400, rule=Rule(form="count"), in_need=[50, 50])
    # 400 [.5 x 100/400 + .5 x 50/100] = 150, and 400 [.5 x 300/400 + .5 x 50/100] = 250.
    assert amounts(result) == [150, 250]
    assert [row.multiple for row in result.recipients] == [Fraction(3, 2), Fraction(5, 6)]


def test_minimum_by_hand():
    result = divide(["A", "B"], [20, 80], [1_000, 1_000], 10, rule=Rule(unit="whole", minimum=2))
    # Two each, the other 6 as 2.25 and 3.75: 4.25 and 5.75.
    assert [row.quota for row in result.recipients] == [Fraction(17, 4), Fraction(23, 4)]
    assert amounts(result) == [4, 6]
    assert result.planned == (Fraction(17, 20), Fraction(23, 20), Fraction(23, 17))


def test_footprints_by_hand():
    need, people = pd.Series([20.0, 80, 50], ["A", "B", "C"]), pd.Series([500.0, 500, 1_000], ["A", "B", "C"])
    teams = pd.DataFrame({"footprint": ["north", "north"], "lsoa21cd": ["A", "B"]})
    result = share_out(need, people, 80, rule=Rule(unit="whole"), footprints=teams)
    # Positions 1/8, 7/8, 1/2; the team's mean is 1/2, its multiple 1: half the people, half the units.
    north, rest = result.recipients
    assert (north.code, north.need, north.people, north.amount) == ("north", HALF, 1_000, 40)
    assert (rest.code, rest.need, rest.people, rest.amount) == ("rest of place", HALF, 1_000, 40)
    assert [row.recipient for row in result.neighbourhoods] == ["north", "north", "rest of place"]


def test_tables_come_back_as_numbers():
    need, people = pd.Series([80.0, 20], ["B", "A"]), pd.Series([1_000.0, 1_000], ["B", "A"])
    table = share_table(share_out(need, people, 100, rule=Rule(unit="whole")))
    assert table.index.tolist() == ["A", "B"]
    assert table["amount"].tolist() == [37.0, 63.0]
    assert table["in_need"].isna().all()


def test_one_neighbourhood_gets_everything():
    result = divide(["A"], [7], [3], 12.34, rule=Rule(unit="pence", rho=20))
    assert amounts(result) == [Fraction("12.34")]
    assert result.achieved == (1, 1, 1)
    assert any("No neighbourhood has more need" in note for note in result.notes)


def test_too_few_units_says_who_gets_nothing_and_what_to_do():
    codes = [code(i) for i in range(125)]
    result = divide(codes, list(range(125)), [1_800] * 125, 40, rule=Rule(unit="whole"))
    assert result.below_one_unit
    assert len(result.with_nothing) == 85
    assert result.people_with_nothing == 85 * 1_800
    assert result.achieved.least == 0
    assert result.achieved.ratio is None
    assert result.notes[0] == (
        "40 units over 125 recipients: the smallest quota is 0.16 of a unit. 85 recipients with 153,000 people get "
        "nothing. Share over wards or team areas, or plan for a longer period."
    )
    several = divide(codes, list(range(125)), [1_800] * 125, 130, rule=Rule(unit="whole"))
    assert several.notes[0].endswith("or plan for a longer period, or set a minimum for each.")
    least = divide(codes, list(range(125)), [1_800] * 125, 130, rule=Rule(unit="whole", minimum=1))
    assert not least.below_one_unit
    assert least.with_nothing == ()


def test_order_not_distance_is_always_said_of_a_dial():
    said = "uses the order of need, not its distance"
    assert any(said in note for note in divide(["A", "B"], [1, 2], [5, 5], 9).notes)
    assert divide(["A", "B"], [1, 2], [5, 5], 9, rule=Rule(rho=1)).notes == ()


@pytest.mark.realdata
def test_luton_at_a_dial_of_three(sources_dir):
    deprivation = pd.read_csv(sources_dir / "deprivation/iod2025_file7_lsoa21_england.csv.gz", index_col=0)
    luton = deprivation[deprivation.iloc[:, 1] == "E06000032"]
    residents = pd.read_csv(
        sources_dir / "population/lsoa21_mid2022_population_census2021_households.csv.gz", index_col=0
    )["population_mid2022"].reindex(luton.index)
    need = luton[next(column for column in luton if "Score" in column)]
    sessions = share_out(need, residents, 40, rule=Rule(unit="whole"))
    assert (len(sessions.recipients), len(sessions.with_nothing)) == (125, 85)
    money = share_out(need, residents, 250_000, rule=Rule(unit="pence"))
    assert float(money.planned.ratio) == pytest.approx(2.97, abs=0.005)
    assert float(money.achieved.ratio) == pytest.approx(2.97, abs=0.005)
    assert sum(amounts(money)) == 250_000


def test_numbers_are_read_as_printed_and_written_in_full():
    assert exact(0.1, "x") == Fraction(1, 10)
    assert exact(np.float64(1e-7), "x") == Fraction(1, 10**7)
    assert exact(np.int64(7), "x") == 7
    assert [written(Fraction(x)) for x in ("0.05", "-2.5", "3", "1/3", "-7/6", "0")] == [
        "0.05",
        "-2.5",
        "3",
        "1/3",
        "-7/6",
        "0",
    ]


# Need-matched dial


def test_need_matched_dial_by_hand():
    assert need_matched_dial(2.3456, 1.5, 3.1, 0.2).rho == 2.35
    assert need_matched_dial(2.5, 1.5, 3.1, 0.2) == (2.5, "The outcome is 2.50 times as bad at the most needy end.")
    assert need_matched_dial(0.5, 0.4, 0.6, 0.2).rho == 1
    assert need_matched_dial(25.0, 21.0, 30.0, 0.2) == (20, "The outcome is 25.00 times as bad; the dial ends at 20.")


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ((1.4, 0.9, 2.1, 5.0), "The limits 0.90 to 2.10 include 1: no slope is shown."),
        ((1.4, 1.0, 2.1, 5.0), "The limits 1.00 to 2.10 include 1: no slope is shown."),
        ((-3.0, -9.0, -1.0, -0.1), "The fitted value at the least needy end is -0.1, not above 0."),
        ((None, None, None, 0.0), "The fitted value at the least needy end is 0, not above 0."),
        ((None, None, None, None), "The relative index of inequality or its limits are not known."),
        ((2.0, NAN, 3.0, 1.0), "The relative index of inequality or its limits are not known."),
    ],
)
def test_need_matched_dial_is_not_defined(given_, why):
    assert need_matched_dial(*given_) == (None, why)


def test_limits_that_do_not_enclose_the_index_are_refused():
    with pytest.raises(ValueError, match=r"^the limits 2 to 3 do not enclose the relative index of inequality 1\.5$"):
        need_matched_dial(1.5, 2, 3, 1)


# Refusals

TWO = (["A", "B"], [1.0, 2.0], [5.0, 5.0])


@pytest.mark.parametrize(
    ("budget", "rule", "says"),
    [
        (-1, Rule(), r"the budget is -1; expected above 0 and at most 1,000,000,000,000"),
        (0, Rule(), r"the budget is 0; expected above 0"),
        (10**13, Rule(), r"the budget is 10000000000000; expected above 0 and at most"),
        (1e308, Rule(), r"the budget is 1e\+308; expected above 0"),
        (float("inf"), Rule(), r"the budget is inf; expected a finite number"),
        (NAN, Rule(), r"the budget is nan; expected a finite number"),
        (2.5, Rule(unit="whole"), r"the budget is 2\.5; expected whole units"),
        (10.001, Rule(unit="pence"), r"the budget is 10\.001; expected whole pence"),
        (5, Rule(unit="pence", minimum=3), r"the budget of 5 is below the minimum: 2 recipients at 3 each need 6"),
        (5, Rule(unit="whole", minimum=3), r"the budget of 5 is below the minimum: 2 recipients at 3 each need 6"),
    ],
)
def test_a_budget_that_cannot_be_shared_is_refused(budget, rule, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        divide(*TWO, budget, rule=rule)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rho": 0.99}, r"rho is 0\.99; the dial runs from 1"),
        ({"rho": 20.01}, r"rho is 20\.01; the dial runs from 1"),
        ({"rho": NAN}, r"rho is nan; the dial runs from 1"),
        ({"rho": 3.125}, r"rho is 3\.125; the dial takes at most two decimals"),
        ({"floor": 0}, r"the floor share is 0; expected above 0 and at most 1"),
        ({"floor": 1.01}, r"the floor share is 1\.01; expected above 0 and at most 1"),
        ({"floor": NAN}, r"the floor share is nan; expected a finite number"),
        ({"minimum": -1}, r"the minimum is -1; expected zero or more"),
        ({"minimum": 1.5, "unit": "whole"}, r"the minimum is 1\.5; expected whole units"),
        ({"form": "flat"}, r"form is 'flat'; choose dial, count"),
        ({"unit": "euro"}, r"unit is 'euro'; choose None, pence, whole"),
        ({"missing": "zero"}, r"missing is 'zero'; choose refuse, average"),
    ],
)
def test_a_rule_out_of_range_is_refused(wrong, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        Rule(**wrong)


@pytest.mark.parametrize(
    ("codes", "need", "people", "says"),
    [
        (["A", "A"], [1, 2], [5, 5], r"neighbourhood A is there more than once"),
        (["A", "B"], [1], [5, 5], r"there are 2 codes, 1 need scores and 2 people"),
        (["A", "B"], [1, 2], [5, -1], r"people of B is -1; expected zero or more"),
        (["A", "B"], [1, 2], [NAN, 5], r"people of A is nan; expected zero or more"),
        (["A", "B"], [1, 2], [0, 0], r"nobody is eligible in these neighbourhoods"),
        (["A", "B"], [1, NAN], [5, 5], r"need score of B is missing \(1 in all\); a missing value is never zero"),
        (["A", "B"], [1, float("inf")], [5, 5], r"need score of B is inf; expected a finite number"),
        (["A", "B"], [NAN, NAN], [5, 5], r"no neighbourhood has a need score"),
        ([], [], [], r"nobody is eligible"),
    ],
)
def test_bad_neighbourhoods_are_refused(codes, need, people, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        divide(codes, need, people, 10)


@pytest.mark.parametrize(
    ("form", "in_need", "says"),
    [
        ("dial", [1, 2], r"the dial form came with counts of people in need"),
        ("count", None, r"the count form came with no counts of people in need"),
        ("count", [1], r"there are 2 codes and 1 counts of people in need"),
        ("count", [0, 0], r"nobody is in need in these neighbourhoods"),
        ("count", [-1, 2], r"-1 of 5 people are in need in A; expected 0 or more"),
        ("count", [1, NAN], r"count of people in need of B is missing"),
    ],
)
def test_bad_counts_are_refused(form, in_need, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        divide(*TWO, 10, rule=Rule(form=form), in_need=in_need)


def test_people_in_need_of_other_ages_may_be_more_than_the_eligible_people():
    shared = divide(*TWO, 10, rule=Rule(form="count"), in_need=[9, 2])
    # Five people each: half of 10 by head is 2.5 each, the other 5 by need is 45/11 and 10/11.
    assert [row.amount for row in shared.recipients] == [
        Fraction(5, 2) + Fraction(45, 11),
        Fraction(5, 2) + Fraction(10, 11),
    ]
    assert shared.notes == ("A: more people in need than eligible people; the two may be of different ages.",)


def test_people_in_need_where_nobody_lives_are_refused():
    with pytest.raises(ValueError, match=r"^3 of 0 people are in need in B"):
        divide(["A", "B"], [1, 2], [5, 0], 10, rule=Rule(form="count"), in_need=[1, 3])


def test_more_in_need_than_eligible_in_one_place_is_said():
    result = divide(["A", "B"], [1, 2], [5, 50], 10, rule=Rule(form="count"), in_need=[10, 5])
    assert result.notes == ("A: more people in need than eligible people; the two may be of different ages.",)


@pytest.mark.parametrize(
    ("footprints", "says"),
    [
        ([("x", "A"), ("y", "A")], r"A is in x and in y; footprints of a share-out may not overlap"),
        ([("x", "A"), ("x", "A")], r"A is in x and in x"),
        ([("x", "Z")], r"footprint x lists Z, which is not among the neighbourhoods"),
        ([("rest of place", "A")], r"a footprint is called 'rest of place'"),
        ([], r"no footprint lists a neighbourhood"),
    ],
)
def test_bad_footprints_are_refused(footprints, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        divide(*TWO, 10, footprints=footprints)


def test_tables_of_different_neighbourhoods_are_refused():
    need, people = pd.Series([1.0, 2], ["A", "B"]), pd.Series([5.0, 5], ["B", "A"])
    with pytest.raises(ValueError, match="not for the same neighbourhoods"):
        share_out(need, people, 10)


def test_whole_units_refuses_quotas_that_do_not_add_up():
    with pytest.raises(ValueError, match=r"^quotas add up to 1\.5, not to the 2 units$"):
        whole_units([Fraction(3, 2)], 2, need=[HALF], people=[Fraction(1)], codes=["A"])
    with pytest.raises(ValueError, match=r"^a quota is negative or goes to nobody"):
        whole_units([Fraction(2)], 2, need=[HALF], people=[Fraction(0)], codes=["A"])


# Laws of the dial form


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS)
def test_second_route_gives_the_same_quotas_and_units(case, rho, units):
    result = share(case, units, Rule(rho=rho, unit="whole"))
    quotas = quotas_by_hand(case, units, result.rule)
    assert [row.quota for row in result.recipients] == quotas
    assert amounts(result) == units_by_hand(case, quotas, units)
    assert [row.position for row in result.recipients] == positions_by_hand(case)


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_nobody_is_below_the_floor_and_the_mean_is_one(case, rho):
    rows = share(case, 100, Rule(rho=rho)).recipients
    floor = 2 / (Fraction(str(rho)) + 1)
    assert min(row.multiple for row in rows) >= floor > 0
    assert sum(row.people * row.multiple for row in rows) == sum(row.people for row in rows)


@LAW
@given(NEIGHBOURHOODS, st.integers(101, 2_000))
def test_strictly_higher_need_gets_strictly_more_per_head(case, hundredths):
    rows = lived_in(share(case, 100, Rule(rho=hundredths / 100)))
    for a, b in combinations(rows, 2):
        assert (a.need > b.need) == (a.multiple > b.multiple)
        assert (a.need == b.need) == (a.multiple == b.multiple)


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.sampled_from([None, "pence", "whole"]))
def test_the_budget_is_spent_exactly(case, rho, budget, unit):
    assert sum(amounts(share(case, budget, Rule(rho=rho, unit=unit)))) == budget


@LAW
@given(NEIGHBOURHOODS, UNITS)
def test_a_dial_of_one_is_equal_per_head(case, budget):
    rows = share(case, budget, Rule(rho=1)).recipients
    everyone = sum(row.people for row in rows)
    assert [row.amount for row in rows] == [budget * row.people / everyone for row in rows]


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS)
def test_doubling_the_budget_doubles_the_amounts(case, rho, budget):
    once, twice = (amounts(share(case, times * budget, Rule(rho=rho))) for times in (1, 2))
    assert twice == [2 * amount for amount in once]


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.integers(0, 8), st.integers(0, 100))
def test_splitting_a_neighbourhood_into_parts_of_equal_need_changes_no_amount(case, rho, budget, which, percent):
    which %= len(case)
    level, tenths, _ = case[which]
    part = tenths * percent // 100
    split = [*case[:which], (level, part, 0), *case[which + 1 :], (level, tenths - part, 0)]
    before, after = (amounts(share(each, budget, Rule(rho=rho))) for each in (case, split))
    assert after[which] + after[-1] == before[which]
    assert [*after[:which], *after[which + 1 : -1]] == [*before[:which], *before[which + 1 :]]


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.lists(st.integers(1, 10**6), min_size=13, max_size=13))
def test_a_strictly_increasing_rescaling_of_need_changes_nothing(case, rho, units, steps):
    ladder = np.cumsum(steps).tolist()
    rescaled = [(ladder[level], tenths, needy) for level, tenths, needy in case]
    before, after = (share(each, units, Rule(rho=rho, unit="whole")) for each in (case, rescaled))
    assert amounts(after) == amounts(before)
    assert [row.quota for row in after.recipients] == [row.quota for row in before.recipients]


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_relative_and_slope_index_of_the_multiple_are_the_dial(case, rho):
    rows = lived_in(share(case, 100, Rule(rho=rho)))
    if len({row.need for row in rows}) < 2:
        return
    # Least squares of the multiple on the position, weighted by people: the normal equations, exactly.
    w, x, y = zip(*((row.people, row.position, row.multiple) for row in rows), strict=True)
    s, sx, sy = sum(w), sum(map(lambda a, b: a * b, w, x)), sum(map(lambda a, b: a * b, w, y))
    sxx, sxy = sum(a * b * b for a, b in zip(w, x, strict=True)), sum(map(lambda a, b, c: a * b * c, w, x, y))
    slope = (s * sxy - sx * sy) / (s * sxx - sx * sx)
    intercept = (sy - slope * sx) / s
    dial = Fraction(str(rho))
    assert slope == 2 * (dial - 1) / (dial + 1)
    assert (intercept + slope) / intercept == dial


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.randoms(use_true_random=False))
def test_row_order_is_irrelevant(case, rho, units, shuffler: random.Random):
    order = list(range(len(case)))
    shuffler.shuffle(order)
    rule = Rule(rho=rho, unit="whole")
    assert share(case, units, rule, order) == share(case, units, rule)


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.integers(1, 2**9 - 1))
def test_missing_need_is_refused_or_gets_the_average(case, rho, units, gaps):
    need = [NAN if gaps >> i & 1 else level for i, (level, _, _) in enumerate(case)]
    codes, people = [code(i) for i in range(len(case))], [tenths / 10 for _, tenths, _ in case]
    known = [row for row, value in zip(case, need, strict=True) if value == value]
    if len(known) == len(case):
        return
    with pytest.raises(ValueError, match="need score"):
        divide(codes, need, people, units, rule=Rule(rho=rho))
    if not known:
        return
    result = divide(codes, need, people, units, rule=Rule(rho=rho, missing="average"))
    assert sum(amounts(result)) == units
    everyone = sum(row.people for row in result.recipients)
    for row in result.recipients:
        if row.need is None:
            assert row.amount == units * row.people / everyone
            assert (row.position, row.multiple) == (HALF, 1)
    if sum(tenths for _, tenths, _ in known):
        assert [row.position for row in result.recipients if row.need is not None] == positions_by_hand(known)


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS)
def test_nobody_gets_nothing_and_units_are_less_than_one_from_the_quota(case, rho, units):
    for row in share(case, units, Rule(rho=rho, unit="whole")).recipients:
        assert abs(row.amount - row.quota) < 1
        assert row.people or row.amount == 0 == row.quota


@LAW
@given(st.binary(min_size=2, max_size=9), DIAL, UNITS)
def test_at_equal_people_higher_need_never_gets_fewer_units(levels, rho, units):
    rows = share([(level % 7, 1_234, 0) for level in levels], units, Rule(rho=rho, unit="whole")).recipients
    for a, b in combinations(rows, 2):
        assert a.need <= b.need or a.amount >= b.amount
        assert a.need >= b.need or a.amount <= b.amount


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS)
def test_below_one_unit_is_said_exactly_when_it_is_so(case, rho, units):
    result = share(case, units, Rule(rho=rho, unit="whole"))
    living = lived_in(result)
    assert result.below_one_unit == any(row.quota < 1 for row in living)
    assert result.people_with_nothing == sum(row.people for row in living if row.amount == 0)
    assert result.below_one_unit or not result.with_nothing
    per_head = [row.amount / row.people / (units / sum(r.people for r in living)) for row in living]
    assert (result.achieved.least, result.achieved.most) == (min(per_head), max(per_head))


@LAW
@given(NEIGHBOURHOODS, DIAL)
def test_positions_and_multiples_agree_with_the_published_ones(case, rho):
    rows = share(case, 1, Rule(rho=rho)).recipients
    need = pd.Series([float(row.need) for row in rows])
    position = need_position(need, pd.Series([float(row.people) for row in rows]))
    assert np.abs(position - [float(row.position) for row in rows]).max() <= 6e-10
    assert np.abs(targeting_score(position, rho=rho) - [float(row.multiple) for row in rows]).max() <= 2e-9


# Laws of footprints


@LAW
@given(NEIGHBOURHOODS, DIAL, UNITS, st.binary(min_size=9, max_size=9))
def test_the_quota_of_a_footprint_is_the_sum_of_its_neighbourhoods(case, rho, units, drawn):
    lists = [(f"team {byte % 3}", code(i)) for i, byte in enumerate(drawn[: len(case)]) if byte % 4]
    if not lists:
        return
    alone = {row.code: row for row in share(case, units, Rule(rho=rho)).recipients}
    result = share(case, units, Rule(rho=rho, unit="whole"), footprints=lists)
    assert sum(amounts(result)) == units
    team_of = {lsoa: team for team, lsoa in lists}
    for row in result.recipients:
        members = [alone[c] for c in alone if team_of.get(c, "rest of place") == row.code]
        assert row.quota == sum(m.quota for m in members)
        assert row.people == sum(m.people for m in members)
        assert row.need == row.position
        if row.people:
            assert row.position == sum(m.people * m.position for m in members) / row.people
    assert ("rest of place" in [row.code for row in result.recipients]) == (len(lists) < len(case))


# Laws of the count form


@LAW
@given(NEIGHBOURHOODS, FLOOR, UNITS)
def test_count_form_second_route_floor_and_total(case, floor, units):
    rule = Rule(form="count", floor=floor, unit="whole")
    result = share(case, units, rule)
    quotas = quotas_by_hand(case, units, rule)
    assert [row.quota for row in result.recipients] == quotas
    assert amounts(result) == units_by_hand(case, quotas, units)
    assert min(row.multiple for row in result.recipients) >= Fraction(str(floor))
    assert sum(row.people * row.multiple for row in result.recipients) == sum(row.people for row in result.recipients)
    assert all(row.people or not row.amount for row in result.recipients)


@LAW
@given(NEIGHBOURHOODS, FLOOR, UNITS, st.randoms(use_true_random=False))
def test_count_form_doubles_and_ignores_row_order(case, floor, budget, shuffler: random.Random):
    rule, order = Rule(form="count", floor=floor), list(range(len(case)))
    shuffler.shuffle(order)
    once = share(case, budget, rule)
    assert amounts(share(case, 2 * budget, rule)) == [2 * amount for amount in amounts(once)]
    assert share(case, budget, rule, order) == once


@LAW
@given(st.lists(st.integers(0, 1_234), min_size=2, max_size=9).filter(any), FLOOR, UNITS)
def test_count_form_at_equal_people_more_in_need_never_get_fewer_units(needy, floor, units):
    rows = share([(0, 1_234, n) for n in needy], units, Rule(form="count", floor=floor, unit="whole")).recipients
    for a, b in combinations(rows, 2):
        assert a.in_need <= b.in_need or a.amount >= b.amount


@LAW
@given(NEIGHBOURHOODS, UNITS)
def test_count_form_with_a_floor_of_all_is_equal_per_head(case, budget):
    assert amounts(share(case, budget, Rule(form="count", floor=1))) == amounts(share(case, budget, Rule(rho=1)))


@LAW
@given(NEIGHBOURHOODS, FLOOR, UNITS, st.integers(1, 2**9 - 1))
def test_a_missing_count_gets_the_average(case, floor, budget, gaps):
    rows = [(level, tenths, None if gaps >> i & 1 else needy) for i, (level, tenths, needy) in enumerate(case)]
    if not any(needy for _, _, needy in rows):
        return
    result = divide(
        [code(i) for i in range(len(rows))],
        [level for level, _, _ in rows],
        [tenths / 10 for _, tenths, _ in rows],
        budget,
        rule=Rule(form="count", floor=floor, missing="average"),
        in_need=[NAN if needy is None else needy / 10 for _, _, needy in rows],
    )
    assert sum(amounts(result)) == budget
    assert all(row.multiple == 1 for row in result.recipients if row.in_need is None)


# Laws of the minimum


@LAW
@given(NEIGHBOURHOODS, DIAL, st.integers(0, 400), st.integers(0, 9))
def test_minimum_second_route_total_and_floor(case, rho, more, minimum):
    units = minimum * sum(tenths > 0 for _, tenths, _ in case) + more
    rule = Rule(rho=rho, unit="whole", minimum=minimum)
    if not units:
        return
    result = share(case, units, rule)
    quotas = quotas_by_hand(case, units, rule)
    assert [row.quota for row in result.recipients] == quotas
    assert amounts(result) == units_by_hand(case, quotas, units)
    for row in result.recipients:
        assert row.amount >= minimum if row.people else row.amount == 0
        assert abs(row.amount - row.quota) < 1


@LAW
@given(NEIGHBOURHOODS, DIAL, st.integers(1, 400), st.integers(1, 9))
def test_a_budget_below_the_minimum_is_refused(case, rho, units, minimum):
    lived = sum(tenths > 0 for _, tenths, _ in case)
    if units >= lived * minimum:
        return
    with pytest.raises(ValueError, match=f"^the budget of {units} is below the minimum: {lived} recipients"):
        share(case, units, Rule(rho=rho, unit="whole", minimum=minimum))


@LAW
@given(NEIGHBOURHOODS, DIAL, st.integers(1, 100_000), st.integers(1, 90))
def test_minimum_in_pence_and_without_units_give_the_same_quotas(case, rho, budget, minimum):
    if budget < minimum * len(case):
        return
    pence, money = (share(case, budget, Rule(rho=rho, unit=unit, minimum=minimum)) for unit in ("pence", None))
    assert [row.quota for row in pence.recipients] == [row.quota for row in money.recipients] == amounts(money)
    assert all(abs(row.amount - row.quota) < Fraction(1, 100) for row in pence.recipients)
