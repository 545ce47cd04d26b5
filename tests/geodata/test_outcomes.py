"""Readers of outcomes over time and of patients per GP: what is held back stays unknown, what is wrong is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import geodata.demo
from geodata.errors import BadFile
from geodata.outcomes import read_fingertips, read_patients_per_gp, read_quarterly

DEMO = Path(geodata.demo.__file__).parent / "files" / "indicators"
HEADER = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,"
    "Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Upper CI 99.8 limit,Count,"
    "Denominator,Value note,Recent Trend,Compared to England value or percentiles,"
    "Compared to Region value or percentiles,Time period Sortable,New data,Compared to goal"
)
ROW = "93,Uptake,E12000006,East,E06000032,Luton,UA,Persons,5 yrs,,,2023/24,80,70,90,60,95,8,10,,,,,20230000,,"
QUARTERS = "indicator,quarter,lsoa21cd,numerator,denominator\nUptake,2024-Q1,E01015693,3,4\n"
PER_GP = "ltla24_code,total_patients,total_gp_fte,patients_per_gp\nE06000032,3000.0,1.5,2000.0\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "given.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_fingertips_row_is_read_and_one_about_a_part_of_an_area_left_out(tmp_path: Path) -> None:
    part = ROW.replace("5 yrs,,,", "5 yrs,Ethnic groups,White,")
    reading = read_fingertips(written(tmp_path, "\n".join([HEADER, ROW, part]) + "\n"))
    (row,) = reading.table.to_dict("records")
    assert (row["indicator_id"], row["area_code"], row["period"]) == ("93", "E06000032", "2023/24")
    assert (row["value"], row["lower"], row["upper"], row["count"], row["denominator"]) == (80, 70, 90, 8, 10)
    assert [(left.reason, left.rows) for left in reading.left_out] == [("about a part of an area", 1)]
    assert reading.rows_read == 2


def test_a_small_count_that_is_held_back_is_unknown() -> None:
    table = read_fingertips(DEMO / "fingertips_all_data_lsoa_outcomes.csv").table
    held = table[table["note"] != ""]
    assert len(held) > 100
    assert held[["value", "lower", "upper", "count"]].isna().all().all()
    shown = table[table["note"] == ""]
    assert np.allclose(100 * shown["count"] / shown["denominator"], shown["value"], atol=1e-4)


@pytest.mark.parametrize(
    ("reader", "text", "rule", "says"),
    [
        (read_fingertips, f"{HEADER}\n{ROW}\n{ROW}\n", "doubled-code", "row 3, column 'Area Code', E06000032"),
        (read_fingertips, f"{HEADER}\n{ROW.replace('E06000032', '')}\n", "missing-value", "row 2, column 'Area Code'"),
        (read_fingertips, f"{HEADER}\n{ROW.replace(',80,', ',many,')}\n", "not-a-number", "column 'Value'"),
        (read_quarterly, QUARTERS + "Uptake,2024-Q1,E01015693,1,4\n", "doubled-code", "row 3"),
        (read_quarterly, QUARTERS.replace("2024-Q1", "Q1 2024"), "bad-quarter", "'Q1 2024' is not a quarter"),
        (read_quarterly, QUARTERS.replace(",3,4", ",5,4"), "count-above", "5.0 are counted among fewer"),
        (read_quarterly, QUARTERS.replace("E01015693", "E06000032"), "wrong-level", "is a council"),
        (read_quarterly, QUARTERS.replace(",3,4", ",-1,4"), "negative", "numerator"),
        (read_patients_per_gp, PER_GP.replace("2000.0", "1500.0"), "wrong-sum", "1500.0 is not the number"),
        (read_patients_per_gp, PER_GP.replace("E06000032", "E01015693"), "wrong-level", "a council is needed"),
        (read_patients_per_gp, PER_GP + PER_GP.splitlines()[1] + "\n", "doubled-code", "row 3"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, reader: Callable[[Path], object], text: str, rule: str, says: str
) -> None:
    with pytest.raises(BadFile) as caught:
        reader(written(tmp_path, text))
    assert caught.value.rule == rule, str(caught.value)
    assert says in str(caught.value)
    assert caught.value.file == "given.csv"


def test_the_demo_quarters_are_read_whole() -> None:
    table = read_quarterly(DEMO / "quarterly_outcomes_by_lsoa.csv").table
    assert len(table) == 1920
    assert table["period"].nunique() == 8
    assert (table["count"] <= table["denominator"]).all()


@pytest.mark.realdata
def test_patients_per_gp_of_every_council(sources_dir: Path) -> None:
    table = read_patients_per_gp(sources_dir / "indicators/patients_per_gp_by_ltla.csv").table
    assert len(table) == 296
    assert table.loc["E06000001"].round(1).tolist() == [92592.0, 57.3, 1615.1]
