"""Registrations, recorded prevalence, Health Index, talking therapies: read whole, faults refused by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geodata.registrations import (
    holds_whole_lists,
    read_health_index,
    read_qof,
    read_registrations,
    read_talking_therapies,
)

HEADER = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS\n"
A, B = "E01015693", "E01015694"


def row(practice: str, area: str, patients: object, sex: str = "ALL") -> str:
    return f'GP_PRAC_PAT_LIST,01JUL2022,{practice},"THE MILL, LUTON",{area},{sex},{patients}\n'


LISTS = HEADER + row("E81002", B, 7) + row("E81001", A, "1,200").replace("1,200", '"1,200"') + row("E81001", B, 30)


def test_every_row_is_kept_and_sorted(written):
    text = LISTS + row("E81001", "W01000123", 2) + row("E81001", "NO2011", 5)
    reading = read_registrations(written("gp.csv", text))
    assert reading.rows_read == 5
    assert reading.left_out == ()
    assert reading.table.columns.tolist() == ["practice_code", "lsoa11cd", "patients"]
    assert reading.table.to_numpy().tolist() == [
        ["E81001", A, 1200], ["E81001", B, 30], ["E81001", "NO2011", 5], ["E81001", "W01000123", 2], ["E81002", B, 7],
    ]  # fmt: skip
    assert holds_whole_lists(reading.table)
    assert not holds_whole_lists(read_registrations(written("cut.csv", LISTS)).table)


def test_later_headers_and_areas_of_2021_are_read(written):
    text = LISTS.replace("NUMBER_OF_PATIENTS", "Number of Patients") + row("E81001", "NO2021", 1)
    table = read_registrations(written("gp.csv", text), vintage=2021).table
    assert table["patients"].sum() == 1238
    assert "lsoa21cd" in table.columns


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("", "lsoa11cd"),
        (row("E81001", "NO2011", 1), "lsoa11cd"),
        (row("E81001", "NO2021", 1), "lsoa21cd"),
        (row("E81001", "E01034000", 1), "lsoa21cd"),
    ],
)
def test_the_year_of_the_areas_is_told_by_their_codes(written, more, key):
    assert key in read_registrations(written("gp.csv", LISTS + more), vintage=None).table.columns


def test_areas_of_two_years_in_one_file_are_refused(written, refused):
    text = LISTS + row("E81001", "NO2021", 1) + row("E81001", "NO2011", 1)
    refused("wrong-vintage", ["row 6", "NO2011"], read_registrations, written("gp.csv", text), vintage=None)


def test_parquet_reads_the_same(tmp_path, written):
    path = tmp_path / "gp.parquet"
    columns = {
        "PRACTICE_CODE": ["E81002", "E81001", "E81001"],
        "LSOA_CODE": [B, A, B],
        "NUMBER_OF_PATIENTS": [7, 1200, 30],
    }
    pq.write_table(pa.table(columns), path)
    assert read_registrations(path).table.equals(read_registrations(written("gp.csv", LISTS)).table)


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("PRACTICE_CODE", "PRACTICE", "missing-column", ["PRACTICE_CODE"]),
        ("NUMBER_OF_PATIENTS", "LIST", "missing-column", ["NUMBER_OF_PATIENTS"]),
        ("E81002", "", "missing-code", ["row 2"]),
        (f"{B},ALL,7", ",ALL,7", "missing-code", ["row 2", "E81002"]),
        (f"{B},ALL,7", "E02003270,ALL,7", "bad-code", ["row 2", "E02003270"]),
        (f"{B},ALL,7", "Luton 001A,ALL,7", "bad-code", ["row 2", "'LUTON 001A'"]),
        (f"{B},ALL,7", "E01034000,ALL,7", "wrong-vintage", ["row 2", "2011"]),
        (f"{B},ALL,7", "NO2021,ALL,7", "wrong-vintage", ["row 2", "NO2021"]),
        ("ALL,7", "FEMALE,7", "wrong-selection", ["row 2", "'FEMALE'", "both sexes"]),
        ("ALL,7", "ALL,", "missing-value", ["row 2"]),
        ("ALL,7", "ALL,*", "not-a-number", ["row 2", "'*'"]),
        ("ALL,7", "ALL,-7", "negative", ["row 2"]),
        ("ALL,7", "ALL,7.5", "not-whole", ["row 2", "7.5"]),
        ("E81002", "E81001", "doubled-code", ["row 4", "E81001", B]),
    ],
)
def test_a_faulty_registration_is_refused_by_row(written, refused, old, new, rule, says):
    text = LISTS.replace(old, new, 1) if old != "E81002" or new else LISTS.replace("E81002", "", 1)
    refused(rule, says, read_registrations, written("gp.csv", text))


QOF = "OrganisationCode,QOF-DM,DM019-BP,DM-prevalence,LD-prevalence\nE81002,70.5,0.51,0.08,\nE81001,68,,0.07,1.04\n"


def test_prevalence_comes_as_shares_by_practice(written):
    table = read_qof(written("qof.csv", QOF)).table
    assert table.columns.tolist() == ["qof_dm_points", "dm019_bp_share", "dm_share", "ld_share"]
    assert table.index.tolist() == ["E81001", "E81002"]
    np.testing.assert_array_equal(table["ld_share"], [1.04, np.nan])  # a small special list, as published
    np.testing.assert_array_equal(table["dm019_bp_share"], [np.nan, 0.51])


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("OrganisationCode", "Code", "missing-column", ["OrganisationCode"]),
        ("-prevalence", "-rate", "missing-column", ["DM-prevalence"]),
        ("0.08", "8", "out-of-range", ["row 2", "DM-prevalence", "E81002", "percentage"]),
        ("0.08", "-0.08", "negative", ["row 2"]),
        ("0.08", "n/a", "not-a-number", ["row 2", "'n/a'"]),
        ("E81001", "E81002", "doubled-code", ["row 3", "E81002"]),
        ("E81001", "", "missing-code", ["row 3"]),
    ],
)
def test_faulty_prevalence_is_refused_by_row(written, refused, old, new, rule, says):
    refused(rule, says, read_qof, written("qof.csv", QOF.replace(old, new)))


INDEX = (
    "ltla21_code,year,indicator,value\n"
    "E07000026,2020,Smoking,12.5\nE06000032,2021,Smoking,\nE06000032,2020,Smoking,15\n"
)


def test_health_index_is_read_by_council_year_and_indicator(written):
    table = read_health_index(written("index.csv", INDEX)).table
    assert table["lad21cd"].tolist() == ["E06000032", "E06000032", "E07000026"]
    assert table["year"].tolist() == [2020, 2021, 2020]
    np.testing.assert_array_equal(table["value"], [15, np.nan, 12.5])


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("E07000026", A, "wrong-level", ["row 2", A]),
        ("E07000026", "W06000001", "wrong-nation", ["row 2", "Wales"]),
        ("2021", "2020", "doubled-code", ["row 4", "E06000032"]),
        ("2021", "20.5", "out-of-range", ["row 3", "year"]),
        ("Smoking,12.5", ",12.5", "missing-value", ["row 2", "indicator"]),
        ("12.5", "high", "not-a-number", ["row 2"]),
    ],
)
def test_a_faulty_health_index_is_refused_by_row(written, refused, old, new, rule, says):
    refused(rule, says, read_health_index, written("index.csv", INDEX.replace(old, new, 1)))


THERAPIES = (
    "sicbl22_code,date,name,value\nE38000130,July 2022,Count_ReferralsReceived,560\n"
    "E38000130,August 2022,Count_Deterioration,*\nE38000007,May 2023,Count_Deterioration,\n"
)


def test_numbers_held_back_are_missing_not_zero(written):
    table = read_talking_therapies(written("therapies.csv", THERAPIES)).table
    assert table["sicbl22cd"].tolist() == ["E38000007", "E38000130", "E38000130"]
    assert table["month"].tolist() == ["2023-05", "2022-07", "2022-08"]
    np.testing.assert_array_equal(table["value"], [np.nan, 560, np.nan])


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("E38000130", "E54000024", "bad-code", ["row 2", "E54000024", "sub-ICB"]),
        ("E38000130", "", "missing-code", ["row 2"]),
        ("July 2022", "2022-07", "bad-month", ["row 2", "'2022-07'"]),
        ("July 2022", "Juli 2022", "bad-month", ["row 2"]),
        ("560", "-560", "negative", ["row 2"]),
        ("Count_ReferralsReceived", "", "missing-value", ["row 2"]),
    ],
)
def test_faulty_therapies_are_refused_by_row(written, refused, old, new, rule, says):
    refused(rule, says, read_talking_therapies, written("therapies.csv", THERAPIES.replace(old, new, 1)))


# The published files


@pytest.mark.realdata
def test_registrations_of_england_are_whole(sources_dir: Path):
    folder = sources_dir / "indicators"
    reading = read_registrations(folder / "gp-reg-pat-prac-lsoa-all_england_2022-07.parquet")
    table = reading.table
    assert reading.rows_read == 865_965
    assert table["practice_code"].nunique() == 6_484
    assert table["patients"].sum() == 61_768_942
    english = table["lsoa11cd"].str.startswith("E01")
    assert table.loc[english, "lsoa11cd"].nunique() == 32_844
    assert table.loc[table["lsoa11cd"] == "NO2011", "patients"].sum() == 27_415
    assert holds_whole_lists(table)
    cut = read_registrations(folder / "gp-reg-pat-prac-lsoa-all_seed_places_2022-07.csv").table
    assert (len(cut), cut["patients"].sum(), cut["practice_code"].nunique()) == (80_798, 4_968_869, 1_881)
    assert not holds_whole_lists(cut)
    both = cut.merge(table, on=["practice_code", "lsoa11cd"], suffixes=("", "_england"))
    assert len(both) == len(cut)
    assert (both["patients"] == both["patients_england"]).all()


@pytest.mark.realdata
def test_published_context_is_whole(sources_dir: Path):
    folder = sources_dir / "indicators"
    qof = read_qof(folder / "qof_2021-22_prevalence_by_practice.csv").table
    assert qof.shape == (6_470, 24)
    assert qof.filter(like="_share").max().max() == 1.040323
    index = read_health_index(folder / "ons_health_index_2019-2021_indicators_ltla.csv").table
    assert (len(index), index["lad21cd"].nunique(), index["indicator"].nunique()) == (48_813, 307, 53)
    luton = index[(index["lad21cd"] == "E06000032") & (index["year"] == 2021)].set_index("indicator")["value"]
    assert luton[["Life expectancy", "Child poverty"]].round(1).tolist() == [80.2, 24.6]
    therapies = read_talking_therapies(folder / "talking_therapies_monthly_by_sicbl_2022-23.csv").table
    assert (len(therapies), therapies["sicbl22cd"].nunique(), therapies["value"].isna().sum()) == (12_826, 106, 79)
