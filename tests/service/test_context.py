"""Context of councils, sub-ICB locations and neighbourhoods: carried over, never lost, never made up."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import geodata.demo
from geodata.context import load_variables
from geodata.definitions import load_indicators
from service.building.context import merged_districts
from service.editions.edition import Edition, open_edition

FILES = Path(geodata.demo.__file__).parent / "files"
LOOKUP = pd.DataFrame(
    {"lad22cd": ["E07000001", "E07000002", "E06000003"], "lad24cd": ["E06000063", "E06000063", "E06000003"]},
    index=["E01000001", "E01000002", "E01000003"],
)
PEOPLE = pd.Series([100.0, 300.0, 50.0], index=LOOKUP.index)


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def rows_of(name: str) -> list[dict[str, str]]:
    with (FILES / "indicators" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def series(edition: Edition, code: str, name: str) -> dict[str, Any]:
    (found,) = [part for part in edition.context_series(code) if part["id"] == name]
    return found


def test_districts_that_merged_are_averaged_over_their_people() -> None:
    wide = pd.DataFrame(
        {"E07000001": [10.0, 1.0], "E07000002": [20.0, np.nan], "E06000003": [7.0, 8.0], "E07000099": [5.0, 6.0]}
    )
    found = merged_districts(wide, LOOKUP, PEOPLE)
    # (100 x 10 + 300 x 20) / 400 = 17.5; in the second row one of the two is not known, so neither is the sum.
    assert found.loc["E06000063", 0] == 17.5
    assert np.isnan(found.loc["E06000063", 1])
    assert found.loc["E06000003"].tolist() == [7.0, 8.0]
    assert found.loc["E07000099"].tolist() == [5.0, 6.0], "a district that the look-up does not have keeps its code"
    assert "E07000001" not in found.index


def test_no_variable_of_context_is_an_indicator_of_a_score() -> None:
    assert not set(load_variables()) & set(load_indicators())
    for variable in load_variables().values():
        assert variable.name.strip(), variable.id
        assert variable.unit.strip(), variable.id
        assert variable.polarity in (1, 0, -1)


def test_the_demo_has_twelve_councils_to_compare_by_name(edition: Edition) -> None:
    block = edition.context()
    assert len(block["codes"]) == len(block["names"]) == 12
    assert "Aldermouth" in block["names"]
    assert "Wexholme" in block["names"], "a council that only the outcomes file names"
    assert block["values"].shape[::2] == (len(block["variables"]), 12)
    peers = [part["id"] for part in block["variables"] if part["peers"]]
    assert len(peers) >= 4
    for k, part in enumerate(block["variables"]):
        assert part["known"] == np.isfinite(block["values"][k]).any(axis=0).sum(), part["id"]
        if part["peers"]:
            assert part["known"] == 12, part["id"]


def test_the_health_index_is_as_published_year_by_year(edition: Edition) -> None:
    published = {
        row["year"]: float(row["value"])
        for row in rows_of("ons_health_index_2019-2021_indicators_ltla.csv")
        if row["ltla21_code"] == "E06900007" and row["indicator"] == "Life expectancy"
    }
    found = series(edition, "E06900007", "life_expectancy")
    assert found["years"] == ["2019", "2020", "2021"]
    assert found["values"] == [published[year] for year in found["years"]]
    assert found["counts"] == [None] * 3, "an average has no count"


def test_annual_outcomes_of_a_neighbourhood_keep_their_counts_and_gaps(edition: Edition) -> None:
    rows = [
        row
        for row in rows_of("fingertips_all_data_lsoa_outcomes.csv")
        if row["Area Code"] == "E01900005" and row["Indicator ID"] == "990602"
    ]
    found = series(edition, "E01900005", "overweight_year_6")
    assert found["years"] == [row["Time period"] for row in rows]
    for key, column in (("values", "Value"), ("counts", "Count")):
        assert found[key] == [float(row[column]) if row[column] else None for row in rows]
    known = [row["Denominator"] if row["Count"] else None for row in rows]
    assert found["denominators"] == [None if part is None else float(part) for part in known]


def test_quarters_of_the_borough_are_summed_over_its_neighbourhoods(edition: Edition) -> None:
    rows = [
        row for row in rows_of("quarterly_outcomes_by_lsoa.csv") if row["indicator"] == "MMR first dose by 24 months"
    ]
    found = series(edition, "E06900001", "mmr_first_dose")
    assert len(found["years"]) == 8
    for k, quarter in enumerate(found["years"]):
        count, among = (
            sum(int(row[name]) for row in rows if row["quarter"] == quarter) for name in ("numerator", "denominator")
        )
        assert (found["counts"][k], found["denominators"][k]) == (count, among)
        assert found["values"][k] == pytest.approx(100 * count / among, rel=1e-12)


def test_a_number_that_is_held_back_is_unknown_and_not_zero(edition: Edition) -> None:
    starred = [row for row in rows_of("talking_therapies_monthly_by_sicbl_2022-23.csv") if row["value"] == "*"]
    assert {row["sicbl22_code"] for row in starred} == {"E38900003"}
    block = edition.context("sub_icb")
    assert block["codes"] == ["E38900001", "E38900002", "E38900003"]
    assert edition.context_areas("sub_icb") == [{"code": "E38900001", "name": "NHS Alder Estuary ICB - Z9Z9Z"}]
    assert not (block["values"] == 0).any()
    referrals = series(edition, "E38900001", "therapies_referrals")
    assert referrals["years"][0] == "2022-07"
    assert all(value % 5 == 0 for value in referrals["values"])


def test_an_area_that_is_not_known_has_no_series(edition: Edition) -> None:
    assert edition.context_series("E06000032") == []
    assert edition.context("county")["codes"] == []


@pytest.mark.realdata
def test_the_real_context_covers_every_council_of_england(real_store: Any, sources_dir: Path) -> None:
    edition = open_edition(real_store("luton"), "luton")
    block = edition.context()
    assert len(block["codes"]) == 296
    assert edition.context_areas() == [{"code": "E06000032", "name": "Luton"}]
    children = series(edition, "E06000032", "child_poverty")
    assert round(children["values"][-1], 1) == 24.6
    # Cumberland came from three districts; the Health Index of 2021 knows those.
    cumberland = series(edition, "E06000063", "life_expectancy")["values"][-1]
    assert not {"E07000026", "E07000028", "E07000029"} & set(block["codes"])
    with (sources_dir / "indicators/ons_health_index_2019-2021_indicators_ltla.csv").open(encoding="utf-8") as file:
        published = [
            float(row["value"])
            for row in csv.DictReader(file)
            if row["ltla21_code"] in {"E07000026", "E07000028", "E07000029"}
            and (row["indicator"], row["year"]) == ("Life expectancy", "2021")
        ]
    assert len(published) == 3
    assert min(published) < cumberland < max(published)
    unknown = [
        code
        for k, code in enumerate(block["codes"])
        if not np.isfinite(block["values"][[p["id"] for p in block["variables"]].index("life_expectancy"), :, k]).any()
    ]
    assert unknown == ["E06000053", "E09000001"], "the Isles of Scilly and the City of London are not in it"
    therapies = series(edition, edition.context_areas("sub_icb")[0]["code"], "therapies_recovery")
    assert len(therapies["years"]) == 11
    assert all(30 < value < 70 for value in therapies["values"])
