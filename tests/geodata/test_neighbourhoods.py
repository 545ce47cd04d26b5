"""The one joined table: nobody is lost, doubled or invented, and an unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from geodata import neighbourhoods
from geodata.crs import GRID
from geodata.definitions import Indicator, load_indicators
from geodata.errors import BadJoin
from geodata.neighbourhoods import KEYED, check_codes, indicator_values, join, with_boundaries
from geodata.reading import Reading

CODES = pd.Index(["E01000001", "E01000002", "E01000003"], name="lsoa21cd")
INDICATOR = Indicator(
    "damp_share", "Damp homes", "Damp", "share", 1, "2021", "Homes.", "census2021_tenure", "measured", "Causes.",
    count=("a", "b"), denominator="homes",
)  # fmt: skip


def reading(index: Any = CODES, **columns: Any) -> Reading:
    return Reading(table := pd.DataFrame(columns, index=index), len(table))


@pytest.fixture
def readings() -> dict[str, Reading]:
    """The least that a join needs: three neighbourhoods, in another order in each source."""
    deprivation = {"imd_score": [50.0, 20.0, 5.0], "imd_rank": [1.0, 2.0, 3.0], "imd_decile": [1.0, 5.0, 10.0]}
    return {
        "lsoa21_lookup": reading(lsoa21nm=["A", "B", "C"], lad24cd=["E06000001"] * 3, lad24nm=["Here"] * 3),
        "population_mid2022": reading(CODES[::-1], population=[3.0, 2.0, 1.0], households=[1.0, np.nan, 1.0]),
        "iod2025_file7": reading(CODES[[1, 0, 2]], **{name: [v[1], v[0], v[2]] for name, v in deprivation.items()}),
    }


def test_each_neighbourhood_stands_once_in_code_order_with_what_is_said_of_it(readings: dict[str, Reading]) -> None:
    table, totals = join(readings, {})
    assert list(table.index) == list(CODES)
    assert table["population"].tolist() == [1.0, 2.0, 3.0]
    assert table["imd_rank"].tolist() == [1.0, 2.0, 3.0]
    assert table["imd_score"].tolist() == [50.0, 20.0, 5.0]
    assert np.isnan(table.loc["E01000002", "households"])
    assert [vars(total) for total in totals] == [{"name": "residents", "before": 6.0, "after": 6.0}]


def test_what_is_not_held_is_missing_and_not_zero(readings: dict[str, Reading]) -> None:
    table, _ = join(readings, {"damp_share": INDICATOR})
    for column in ("centroid_x_m", "centroid_y_m", "age_0_4", "residents_0_15", "damp_share"):
        assert table[column].isna().all(), column


@pytest.mark.parametrize("source", sorted(set(KEYED) - {"lsoa21_lookup"}))
def test_a_source_that_lost_a_neighbourhood_is_named_with_the_first(readings: dict[str, Reading], source: str) -> None:
    readings[source] = reading(CODES[:1], value=[1.0])
    with pytest.raises(BadJoin) as caught:
        check_codes(readings)
    assert (caught.value.rule, caught.value.file, caught.value.code) == ("code-lost", source, "E01000002")
    assert f"source '{source}' has no row for 2 of 3 neighbourhoods, the first E01000002" in str(caught.value)


def test_a_source_with_a_neighbourhood_that_the_look_up_lacks_is_named(readings: dict[str, Reading]) -> None:
    readings["census2021_tenure"] = reading([*CODES, "E01999999"], value=[1.0] * 4)
    with pytest.raises(BadJoin) as caught:
        join(readings, {})
    assert (caught.value.rule, caught.value.code) == ("code-unknown", "E01999999")
    assert "'census2021_tenure' has a row for, unknown to the look-up, 1 of 3" in str(caught.value)


def test_a_look_up_with_a_doubled_neighbourhood_is_refused(readings: dict[str, Reading]) -> None:
    readings["lsoa21_lookup"] = reading([*CODES, "E01000001"], lsoa21nm=list("ABCA"))
    with pytest.raises(BadJoin, match=r"'lsoa21_lookup' has more than one row for 1 .*E01000001 \[code-doubled\]"):
        join(readings, {})


def test_a_source_with_a_doubled_neighbourhood_is_refused(readings: dict[str, Reading]) -> None:
    deprivation = readings["iod2025_file7"].table
    twice = pd.concat([deprivation, deprivation.iloc[:1]])
    with pytest.raises(BadJoin) as caught:
        join(readings | {"iod2025_file7": Reading(twice, 4)}, {})
    assert (caught.value.rule, caught.value.file, caught.value.code) == ("code-doubled", "iod2025_file7", "E01000002")


def test_people_who_do_not_add_up_are_refused() -> None:
    with pytest.raises(BadJoin, match=r"6 residents before the join, 5 after \[total-changed\]"):
        neighbourhoods._equal("residents", pd.Series([1, 2, 3]), pd.Series([1, 2, 2]))


def test_a_share_is_its_counts_over_its_denominator(readings: dict[str, Reading]) -> None:
    readings["census2021_tenure"] = reading(a=[1.0, np.nan, 1.0], b=[2.0, 2.0, 2.0], homes=[10.0, 10.0, 0.0])
    values = indicator_values(readings, INDICATOR, CODES)
    assert values.name == "damp_share"
    assert values["E01000001"] == 0.3
    assert np.isnan(values["E01000002"]), "one unknown count makes the share unknown"
    assert np.isnan(values["E01000003"]), "a share of nothing is unknown, not zero or endless"


def test_a_column_is_taken_as_it_is(readings: dict[str, Reading]) -> None:
    rank = replace(INDICATOR, id="imd", source="iod2025_file7", column="imd_rank", count=(), denominator="")
    assert indicator_values(readings, rank, CODES)[CODES].tolist() == [1.0, 2.0, 3.0]


def test_every_indicator_gets_a_column_but_those_of_sites_and_practices(readings: dict[str, Reading]) -> None:
    wanted = no_file7(load_indicators())
    table, _ = join({name: readings[name] for name in readings}, wanted)
    later = {name for name, part in wanted.items() if part.from_sites or part.by_practice}
    assert set(wanted) - later <= set(table.columns)
    assert {"family_hub_walk_min", "gp_supply_per_1000", "gp_diabetes_share"} <= later
    assert not later & set(table.columns)


def no_file7(indicators: dict[str, Indicator]) -> dict[str, Indicator]:
    return {name: part for name, part in indicators.items() if part.source != "iod2025_file7"}


def squares(codes: list[str]) -> gpd.GeoDataFrame:
    shapes = [box(500_000 + 100 * i, 200_000, 500_100 + 100 * i, 200_050) for i in range(len(codes))]
    return gpd.GeoDataFrame({"lsoa21nm": codes}, geometry=shapes, index=pd.Index(codes, name="lsoa21cd"), crs=GRID)


def test_each_neighbourhood_gets_its_own_boundary_and_area(readings: dict[str, Reading]) -> None:
    table, _ = join(readings, {})
    boundaries = squares(["E01000003", "E01000001", "E01000009", "E01000002"])
    joined = with_boundaries(table, boundaries)
    assert list(joined.index) == list(CODES)
    assert joined.crs == GRID
    assert joined["area_m2"].tolist() == [5000.0] * 3
    for code in CODES:
        assert joined.geometry[code].equals(boundaries.geometry[code])


def test_a_neighbourhood_without_a_boundary_is_named(readings: dict[str, Reading]) -> None:
    table, _ = join(readings, {})
    with pytest.raises(BadJoin) as caught:
        with_boundaries(table, squares(["E01000001", "E01000003"]))
    assert (caught.value.rule, caught.value.code) == ("code-lost", "E01000002")
    assert "1 of 3 neighbourhoods have no boundary, the first E01000002" in str(caught.value)
