"""An own table settled on a place: sums by hand, nobody lost from 2011 to 2021, small counts never told, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hundred
from hypothesis import strategies as st

from geodata.upload.gate import Declared, declare
from service.own.settle import BadImport, Home, Settled, settle_figures, settle_footprints

NAN = float("nan")
# A is unchanged; B was split into B1 (300 people) and B2 (100); C and D were merged into M; E was split into F,
# in the place, and G, outside it.
LINKS = pd.DataFrame(
    [
        ("A", "A", "U", 500), ("B", "B1", "S", 300), ("B", "B2", "S", 100),
        ("C", "M", "M", 800), ("D", "M", "M", 800), ("E", "F", "S", 150), ("E", "G", "S", 50),
    ],
    columns=["lsoa11cd", "lsoa21cd", "chgind", "residents"],
)  # fmt: skip
PLACE = ["A", "B1", "B2", "F", "M"]
HOME = Home("Town", pd.Series([500.0, 300, 100, 150, 1000], index=PLACE), LINKS)
FACTS = {"unit": "visits", "period": "2024", "about": "places", "source": "own"}


def said(kind: str = "resource", **facts: str) -> Declared:
    more = {"polarity": "1"} if kind == "indicator" else {}
    return declare(kind, "own.csv", FACTS | more | facts)


def amounts(code: str = "lsoa21cd", **rows: float) -> pd.DataFrame:
    return pd.DataFrame({code: list(rows), "amount": list(rows.values()), "note": "", "row": range(2, 2 + len(rows))})


def parts(code: str = "lsoa21cd", **rows: tuple[float, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows.values(), columns=["value", "count", "denominator"]).assign(note="")
    table[code] = list(rows)
    return table


def column(found: Settled, name: str) -> dict[str, float]:
    return dict(zip(found.table["lsoa21cd"], found.table[name], strict=True))


# Amounts


def test_a_resource_per_head_by_hand():
    found = settle_figures(amounts(A=10, M=0, Z=7), said(), HOME)
    # 10 of 500 residents is 20 per 1,000; nothing for 1,000 is 0; Z is not in the place.
    assert column(found, "value") == {"A": 20, "M": 0}
    assert column(found, "amount") == {"A": 10, "M": 0}
    assert found.totals == [{"name": "amount", "before": 17, "inside": 10, "outside": 7, "not_known": 0}]
    assert found.protection is None


def test_money_is_per_resident():
    assert column(settle_figures(amounts(A=1000), said(unit="pounds"), HOME), "value") == {"A": 2}


def test_a_resource_given_as_a_rate_stays_one():
    found = settle_figures(amounts(A=12.5), said(unit="hours per 1,000"), HOME)
    assert column(found, "value") == {"A": 12.5}
    assert found.totals == []


def test_amounts_of_2011_are_split_by_residents_and_added_where_merged():
    found = settle_figures(amounts("lsoa11cd", A=5, B=8, C=3, D=4, E=12), said(vintage="2011"), HOME)
    # 8 over 300 and 100 people; 3 + 4; 12 over 150 in the place and 50 outside it.
    assert column(found, "amount") == {"A": 5, "B1": 6, "B2": 2, "F": 9, "M": 7}
    assert found.totals == [{"name": "amount", "before": 32, "inside": 29, "outside": 3, "not_known": 0}]
    assert found.modelled
    assert found.notes == ["Areas of 2011 that were split are shared out by residents at Census 2021."]


def test_half_of_a_merged_area_is_not_the_whole_of_it():
    found = settle_figures(amounts("lsoa11cd", A=5, C=3), said(vintage="2011"), HOME)
    assert np.isnan(column(found, "value")["M"])
    assert found.totals == [{"name": "amount", "before": 8, "inside": 5, "outside": 0, "not_known": 3}]


@hundred(max_examples=100)
@given(st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 10_000), min_size=1))
def test_nothing_is_lost_on_the_way_from_2011(rows):
    found = settle_figures(amounts("lsoa11cd", **rows), said(vintage="2011"), HOME)
    total = found.totals[0]
    assert total["before"] == sum(rows.values())
    assert total["before"] == pytest.approx(total["inside"] + total["outside"] + total["not_known"])
    assert found.table["amount"].sum() == pytest.approx(total["inside"])


# Shares and rates


def test_a_share_of_2011_is_made_again_from_its_parts():
    declared = said("indicator", unit="percent", vintage="2011")
    found = settle_figures(parts("lsoa11cd", C=(50, 10, 20), D=(20, 20, 100)), declared, HOME)
    assert column(found, "value") == {"M": pytest.approx(25)}  # 30 of 120, not the mean of 50 and 20
    assert column(found, "denominator") == {"M": 120}


def test_a_rate_without_parts_is_weighted_by_residents():
    declared = said("indicator", unit="percent", about="modelled", vintage="2011")
    found = settle_figures(parts("lsoa11cd", B=(40, NAN, NAN), C=(10, NAN, NAN), D=(30, NAN, NAN)), declared, HOME)
    assert column(found, "value") == {"B1": pytest.approx(40), "B2": pytest.approx(40), "M": pytest.approx(20)}


def test_what_is_given_is_kept_where_nothing_is_carried_over():
    found = settle_figures(parts(A=(12.3, 1, 8)), said("indicator", unit="percent", source="open"), HOME)
    assert column(found, "value") == {"A": 12.3}


# Protection

PEOPLE = {"about": "people", "unit": "visits"}


def test_counts_of_people_are_kept_only_protected():
    found = settle_figures(amounts(A=3, B1=0, B2=9, M=NAN), said(**PEOPLE), HOME)
    shown, formula = column(found, "amount"), column(found, "formula")
    assert np.array_equal([shown[code] for code in ("A", "B1", "B2", "M")], [NAN, 0, 10, NAN], equal_nan=True)
    # 4 of 500 stands in for a count that is not shown, and nothing for one that is not known.
    assert formula["A"] == 8
    assert np.isnan(formula["M"])
    assert found.table["note"].tolist() == ["protected", "", "", ""]
    assert found.protection is not None
    assert found.protection["hidden"] == 1
    assert found.totals[0]["before"] == 4 + 0 + 10


def test_a_share_of_people_is_made_of_rounded_parts():
    declared = said("indicator", unit="percent", about="people")
    found = settle_figures(parts(A=(50, 11, 22), B1=(10, 4, 40), M=(75, 3, 4)), declared, HOME)
    values = column(found, "value")
    assert values["A"] == 50  # 10 of 20
    assert np.isnan(values["B1"])
    assert np.isnan(values["M"])
    formula = column(found, "formula")
    assert formula["B1"] == 10  # 4 stands in, of 40
    assert formula["M"] == 100  # 4 of 4, both stand-ins
    assert found.protection is not None
    assert found.protection["hidden"] == 2


@pytest.mark.parametrize("vintage", ["2021", "2011"])
@hundred(max_examples=60)
@given(data=st.data())
def test_another_small_count_changes_no_byte_that_is_kept(vintage, data):
    codes = PLACE if vintage == "2021" else list("ABCDE")
    one = {code: data.draw(st.integers(0, 60)) for code in codes}
    two = {code: data.draw(st.integers(1, 7)) if 1 <= count <= 7 else count for code, count in one.items()}
    key = f"lsoa{vintage[2:]}cd"
    found = [settle_figures(amounts(key, **rows), said(**PEOPLE, vintage=vintage), HOME) for rows in (one, two)]
    assert found[0].table.to_csv() == found[1].table.to_csv()
    assert (found[0].totals, found[0].notes, found[0].protection) == (
        found[1].totals, found[1].notes, found[1].protection,
    )  # fmt: skip


def test_what_rests_on_a_hidden_count_of_2011_is_hidden():
    found = settle_figures(amounts("lsoa11cd", C=3, D=40), said(**PEOPLE, vintage="2011"), HOME)
    assert np.isnan(column(found, "amount")["M"])
    assert found.table["note"].tolist() == ["protected"]


def test_a_split_area_is_protected_again():
    found = settle_figures(amounts("lsoa11cd", B=10), said(**PEOPLE, vintage="2011"), HOME)
    shown = column(found, "amount")  # 7.5 of 300 people and 2.5 of 100
    assert shown["B1"] == 10
    assert np.isnan(shown["B2"])


def test_money_is_no_count_of_people():
    assert settle_figures(amounts(A=3), said(about="people", unit="pounds"), HOME).protection is None


# Refusals


@pytest.mark.parametrize(
    ("table", "facts", "rule"),
    [
        (parts(A=(50, NAN, NAN)), {"unit": "percent", "about": "people"}, "parts-needed"),
        (parts(A=(50, 10, NAN)), {"unit": "percent", "about": "people"}, "parts-needed"),
        (parts("lsoa11cd", A=(50, NAN, NAN)), {"unit": "median days", "vintage": "2011"}, "cannot-carry"),
        (parts(Z=(50, NAN, NAN)), {"unit": "days"}, "nothing-left"),
        (parts(A=(3, NAN, NAN)), {"unit": "patients"}, "people-declared"),
    ],
)
def test_what_cannot_be_taken_is_refused(table, facts, rule):
    with pytest.raises(BadImport) as refusal:
        settle_figures(table, said("indicator", **facts), HOME)
    assert refusal.value.rule == rule


def test_codes_of_2011_need_the_exact_fit_table():
    with pytest.raises(BadImport, match="no table from areas of 2011") as refusal:
        settle_figures(amounts("lsoa11cd", A=5), said(vintage="2011"), Home("Town", HOME.population))
    assert refusal.value.rule == "no-exact-fit"


# Footprints


def lines(code: str, *pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["footprint", code])


def test_footprints_are_cut_to_the_place():
    table = lines("lsoa21cd", ("North", "B1"), ("North", "A"), ("North", "G"), ("South", "M"))
    found = settle_footprints(table, declare("footprints", "teams.csv"), HOME)
    assert found.table.to_numpy().tolist() == [["North", "A"], ["North", "B1"], ["South", "M"]]
    assert found.notes == ["1 neighbourhoods outside Town were left out"]


def test_footprints_of_2011_take_every_part_of_a_split_area():
    table = lines("lsoa11cd", ("North", "A"), ("North", "B"), ("South", "C"), ("South", "D"))
    found = settle_footprints(table, declare("footprints", "teams.csv", {"vintage": "2011"}), HOME)
    assert found.table.to_numpy().tolist() == [["North", "A"], ["North", "B1"], ["North", "B2"], ["South", "M"]]


def test_a_footprint_that_cuts_through_a_merged_area_is_refused():
    table = lines("lsoa11cd", ("North", "C"), ("South", "D"))
    with pytest.raises(BadImport, match="'North' holds a part of M only") as refusal:
        settle_footprints(table, declare("footprints", "teams.csv", {"vintage": "2011"}), HOME)
    assert refusal.value.rule == "footprint-cut"


def test_footprints_of_another_place_are_refused():
    with pytest.raises(BadImport, match="no footprint has a neighbourhood of Town"):
        settle_footprints(lines("lsoa21cd", ("North", "Z")), declare("footprints", "teams.csv"), HOME)
