"""Populations: counts that add up, never negative, never silently empty."""

from __future__ import annotations

import pytest

from geodata.population import read_age_bands, read_mid2022, read_sape, read_single_year

A, B = "E01015693", "E01015694"
MID = f"LSOA21CD,LAD24CD,population_mid2022,households_census2021\n{B},E06000032,1500,600\n{A},E06000032,1721,\n"
BANDS = (
    "LSOA21CD,all_ages,age_0_4,age_5_10,age_11_15,age_16_17,age_18_64,age_65_plus,age_75_plus,age_85_plus,basis\n"
    f"{A},100.0,10.0,10.0,10.0,5.0,45.0,20.0,9.0,2.0,U\n{B},50.1,5.0,5.0,5.0,5.0,20.0,10.1,5.0,1.0,S\n"
)


def test_residents_read_and_an_unknown_count_of_households_stays_unknown(written):
    table = read_mid2022(written("mid.csv", MID)).table
    assert table.loc[A, "population"] == 1721
    assert table["households"].isna().tolist() == [True, False]


def test_a_faulty_population_is_refused(written, refused):
    refused("missing-value", ["row 2"], read_mid2022, written("a.csv", MID.replace("1500", "")))
    refused("negative", ["row 2", "-1500"], read_mid2022, written("b.csv", MID.replace("1500", "-1500")))
    refused("not-a-number", ["row 2", "'many'"], read_mid2022, written("c.csv", MID.replace("1500", "many")))
    refused("doubled-code", ["row 3", B], read_mid2022, written("d.csv", MID.replace(A, B)))
    refused("wrong-vintage", ["2011"], read_mid2022, written("e.csv", MID.replace("LSOA21CD", "LSOA11CD")))


def test_age_bands_read_with_their_basis(written):
    table = read_age_bands(written("bands.csv", BANDS)).table
    assert table.loc[A, "age_0_4"] == 10
    assert table["basis"].tolist() == ["U", "S"]


def test_bands_that_do_not_add_up_or_have_no_basis_are_refused(written, refused):
    refused("wrong-sum", ["row 2", A], read_age_bands, written("a.csv", BANDS.replace("100.0", "101.0")))
    refused("unknown-status", ["row 3", "'Z'", B], read_age_bands, written("b.csv", BANDS.replace(",S\n", ",Z\n")))


def single_year(total: int) -> str:
    ages = [str(age) for age in range(90)] + ["90+"]
    return f"LSOA11CD,All Ages,{','.join(ages)}\n{A},{total},{','.join(['1'] * 91)}\n"


def test_single_years_read_on_2011_codes_and_must_add_up(written, refused):
    table = read_single_year(written("ages.csv", single_year(91))).table
    assert table.index.name == "lsoa11cd"
    assert table[["all_ages", "age_0", "age_90_plus"]].iloc[0].tolist() == [91, 1, 1]
    refused("wrong-sum", ["row 2", A], read_single_year, written("b.csv", single_year(92)))
    path = written("c.csv", single_year(91).replace("LSOA11CD", "LSOA21CD"))
    refused("wrong-vintage", ["2021", "2011"], read_single_year, path)


def test_the_official_layout_by_sex_reads(written):
    ages = [f"{sex}{age}" for sex in "FM" for age in range(91)]
    text = f"LAD 2023 Code,LSOA 2021 Code,LSOA 2021 Name,Total,{','.join(ages)}\nE06000032,{A},Luton 007A,182,"
    table = read_sape(written("sape.csv", text + ",".join(["1"] * 182) + "\n")).table
    assert table[["all_ages", "female_0", "male_90"]].iloc[0].tolist() == [182, 1, 1]


@pytest.mark.realdata
def test_the_real_totals_are_those_published(sources_dir):
    folder = sources_dir / "population"
    mid = read_mid2022(folder / "lsoa21_mid2022_population_census2021_households.csv.gz").table
    assert len(mid) == 33_755
    assert mid["population"].sum() == 57_106_398
    assert mid["households"].sum() == 23_436_067
    single = read_single_year(folder / "lsoa11_mid2020_population_single_year.parquet").table
    assert len(single) == 32_844
    assert single["all_ages"].sum() == 56_550_138
    bands = read_age_bands(folder / "lsoa21_age_bands_mid2020_apportioned.csv.gz").table
    assert bands["all_ages"].sum() == pytest.approx(56_550_138, abs=1)
    assert bands["age_0_4"].sum() == pytest.approx(3_239_447, abs=1)
    assert bands["age_65_plus"].sum() == pytest.approx(10_464_019, abs=1)
    sape = read_sape(folder / "sape_lsoa21_mid2024_single_year_sex_westminster.csv.gz").table
    assert len(sape) == 123
