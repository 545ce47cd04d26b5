"""Numbers of people behind the figures: taken as published, spread without losing anyone, never made up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.counted import (
    GROUP_KINDS,
    counts_behind,
    people_by_group,
    people_in_need,
    spread_over_neighbourhoods,
)
from geodata.definitions import load_indicators
from geodata.errors import BadJoin
from geodata.reading import Reading

CODES = pd.Index(["E01000001", "E01000002", "E01000003"], name="lsoa21cd")
MSOA = pd.Series(["E02000001", "E02000001", "E02000002"], index=CODES)


def reading(index: pd.Index, **columns: list[float]) -> Reading:
    return Reading(pd.DataFrame(columns, index=index), len(index), file="given.csv")


def test_people_in_need_are_the_published_numerators_and_a_blank_stays_unknown() -> None:
    table = reading(
        CODES[::-1],
        income_domain_numerator=[300.0, 200.0, 100.0],
        income_deprivation_affecting_children_index_idaci_numerator=[30.0, np.nan, 10.0],
        income_deprivation_affecting_older_people_index_idaopi_numerator=[3.0, 2.0, np.nan],
    )
    found = people_in_need({"iod2025_underlying": table}, CODES)
    assert found["income"].tolist() == [100.0, 200.0, 300.0]
    assert found["idaci"].isna().tolist() == [False, True, False]
    assert found["idaopi"].isna().tolist() == [True, False, False]
    assert people_in_need({}, CODES).isna().all().all(), "what is not held is missing, not zero"


def test_msoa_people_spread_by_residents_by_hand() -> None:
    counts = pd.DataFrame({"well": [90.0, 7.0], "not_well": [10.0, 3.0]}, index=["E02000001", "E02000002"])
    residents = pd.Series([100.0, 300.0, 50.0], index=CODES)
    spread = spread_over_neighbourhoods(counts, MSOA, residents, "given.csv")
    # 90 over 100 and 300 people: 22.5 and 67.5; 10: 2.5 and 7.5; the third is alone in its MSOA.
    assert spread["well"].tolist() == [22.5, 67.5, 7.0]
    assert spread["not_well"].tolist() == [2.5, 7.5, 3.0]


def test_an_unknown_number_of_residents_leaves_its_msoa_unknown() -> None:
    counts = pd.DataFrame({"well": [90.0, 7.0]}, index=["E02000001", "E02000002"])
    residents = pd.Series([100.0, np.nan, 50.0], index=CODES)
    spread = spread_over_neighbourhoods(counts, MSOA, residents, "given.csv")["well"]
    assert spread.isna().tolist() == [True, True, False]


def test_an_msoa_without_a_row_is_refused_by_name() -> None:
    counts = pd.DataFrame({"well": [90.0]}, index=["E02000001"])
    with pytest.raises(BadJoin, match="no row for 1 MSOAs of the look-up, the first E02000002") as caught:
        spread_over_neighbourhoods(counts, MSOA, pd.Series(1.0, index=CODES), "given.csv")
    assert (caught.value.rule, caught.value.file, caught.value.code) == ("code-lost", "given.csv", "E02000002")


def test_a_kind_of_group_is_there_only_if_its_table_is() -> None:
    table = reading(CODES, disabled=[1.0, 2.0, 3.0], not_disabled=[9.0, 8.0, 7.0], residents_total=[10.0] * 3)
    found = people_by_group({"census2021_disability": table}, MSOA, pd.Series(1.0, index=CODES))
    assert list(found) == ["disability"]
    assert list(found["disability"]) == ["disabled", "not_disabled"]
    assert found["disability"].sum(axis=1).tolist() == [10.0] * 3


def test_english_is_the_only_kind_that_is_spread_and_it_says_so() -> None:
    spread = [kind.id for kind in GROUP_KINDS if kind.level == "msoa"]
    assert spread == ["english_proficiency"]
    assert all(bool(kind.note) == (kind.id in spread) for kind in GROUP_KINDS)


def test_counts_and_denominators_divide_to_the_indicator() -> None:
    table = reading(
        CODES, overcrowded_by_1=[3.0, 0.0, np.nan], overcrowded_by_2_or_more=[1.0, 0.0, 2.0],
        households_total=[40.0, 0.0, 50.0],
    )  # fmt: skip
    found = counts_behind({"census2021_occupancy": table}, load_indicators(), CODES)
    assert list(found) == ["overcrowded_share"], "a share is counted only where its table is held"
    pair = found["overcrowded_share"]
    assert pair["count"].tolist()[:2] == [4.0, 0.0]
    assert np.isnan(pair["count"].iloc[2]), "an unknown part makes the count unknown"
    assert pair["denominator"].tolist() == [40.0, 0.0, 50.0]
