"""Indices of Deprivation: File 7 by its headers, ranks that may tie, deciles that must agree with them."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from geodata.deprivation import DENOMINATORS, MEASURES, read_file7, read_file9, read_file10, read_underlying

# Twenty neighbourhoods with the ranks 1 to 20: two to each decile.
CODES = [f"E0101{number:04d}" for number in range(5_001, 5_021)]
DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"
RANK = "Rank (where 1 is most deprived)"


def file7(year: int = 2021, council_year: int = 2024) -> pd.DataFrame:
    """Give a File 7 as published, every cell as text."""
    table = {
        f"LSOA code ({year})": CODES,
        f"LSOA name ({year})": [f"Luton {i:03d}A" for i in range(20)],
        f"Local Authority District code ({council_year})": ["E06000032"] * 20,
        f"Local Authority District name ({council_year})": ["Luton"] * 20,
    }
    for title in MEASURES.values():
        table[f"{title} Score{' (rate)' if 'Income' in title else ''}"] = [f"{40 - rank}.5" for rank in range(1, 21)]
        table[f"{title} {RANK}"] = [str(rank) for rank in range(1, 21)]
        table[f"{title} {DECILE}"] = [str((rank + 1) // 2) for rank in range(1, 21)]
    for title in DENOMINATORS.values():
        table[f"{title}: mid 2022"] = [""] * 20
    return pd.DataFrame(table)


@pytest.fixture
def saved(written):
    return lambda table, name="file7.csv": written(name, table.to_csv(index=False))


def test_every_measure_reads_with_score_rank_and_decile(saved):
    table = read_file7(saved(file7().iloc[::-1])).table
    assert table.index.tolist() == CODES
    assert table.loc[CODES[2], ["imd_score", "imd_rank", "imd_decile"]].tolist() == [37.5, 3, 2]
    assert table["lad24cd"].unique().tolist() == ["E06000032"]
    for measure in MEASURES:
        assert table[f"{measure}_rank"].tolist() == list(range(1, 21))


def test_a_column_published_blank_is_unknown_everywhere(saved):
    table = read_file7(saved(file7())).table
    assert table[list(DENOMINATORS)].isna().all().all()


def test_2019_reads_on_2011_codes(saved):
    table = read_file7(saved(file7(2011, 2019)), edition=2019).table
    assert table.index.name == "lsoa11cd"
    assert {"lsoa11nm", "lad19cd", "lad19nm"} <= set(table)


@pytest.mark.parametrize(
    ("published", "varied"),
    [
        (f"Income {DECILE}", "Income Decile (where 1 is most deprived 10% of LSO"),
        (f"Crime {RANK}", "crime  rank (Where 1 is Most Deprived)"),
        ("LSOA code (2021)", "LSOA Code (2021)"),
        (
            "Income Deprivation Affecting Older People (IDAOPI) Score (rate)",
            "Income Deprivation Affecting Older People Index (IDAOPI) Score",
        ),
        ("Total population: mid 2022", "Total population: mid 2022 (excluding prisoners)"),
    ],
)
def test_small_differences_of_a_header_are_forgiven(saved, published, varied):
    table = file7()
    assert published in table
    assert read_file7(saved(table.rename(columns={published: varied}))).rows_read == 20


def test_ranks_may_tie(saved):
    table = file7()
    table.loc[3, [f"Income {RANK}", f"Income {DECILE}"]] = ["3", "2"]
    assert read_file7(saved(table)).table["income_rank"].tolist()[:5] == [1, 2, 3, 3, 5]


def test_a_file_cut_to_a_place_keeps_national_ranks_if_told_how_many_there_were(saved, refused):
    table = file7()
    for title in MEASURES.values():
        table[f"{title} {RANK}"] = [str(rank * 100) for rank in range(1, 21)]
    path = saved(table)
    assert read_file7(path, ranked_areas=2_000).table["imd_decile"].tolist()[:3] == [1, 1, 2]
    refused("out-of-range", ["row 2", CODES[0], "rank 100.0", "1 to 20", "cut from a larger one"], read_file7, path)


@pytest.mark.parametrize(
    ("column", "value", "rule", "says"),
    [
        (f"Crime {DECILE}", "9", "decile-disagrees", ["row 5", CODES[3], "crime_decile", "decile 9", "rank 4 of 20"]),
        (f"Crime {RANK}", "0", "out-of-range", ["row 5", CODES[3], "crime_rank"]),
        (f"Crime {RANK}", "21", "out-of-range", ["row 5", CODES[3], "1 to 20"]),
        (f"Crime {RANK}", "3.5", "out-of-range", ["row 5", CODES[3], "3.5"]),
        (f"Crime {RANK}", "n/a", "not-a-number", ["row 5", "Crime Rank", "'n/a'"]),
        ("Crime Score", "1e309", "not-finite", ["row 5", "Crime Score"]),
        ("Crime Score", "NaN", "not-finite", ["row 5", "Crime Score"]),
        ("LSOA code (2021)", CODES[0], "doubled-code", ["row 5", CODES[0]]),
        ("LSOA code (2021)", "W01000001", "wrong-nation", ["row 5", "Wales"]),
        ("LSOA code (2021)", "E02003270", "wrong-level", ["row 5", "MSOA"]),
        ("LSOA code (2021)", "E01009999", "wrong-vintage", ["row 5", "E01009999"]),
        ("Total population: mid 2022", "-3", "negative", ["row 5", "Total population"]),
    ],
)
def test_a_fault_is_refused_by_row_and_code(saved, refused, column, value, rule, says):
    table = file7()
    table.loc[3, column] = value
    refused(rule, says, read_file7, saved(table), known_codes=CODES)


def test_a_lost_column_or_the_other_edition_is_refused(saved, refused):
    refused("missing-column", ["'Crime Rank'"], read_file7, saved(file7().drop(columns=f"Crime {RANK}")))
    refused("wrong-vintage", ["2011", "2021"], read_file7, saved(file7(2011, 2019)))
    refused("wrong-vintage", ["2021", "2011"], read_file7, saved(file7()), edition=2019)


def test_underlying_indicators_keep_their_names_and_gaps(written):
    text = f"LSOA21CD,income_domain_numerator,Housing Affordability (rate)\n{CODES[0]},,0.5\n{CODES[1]},15,0.25\n"
    table = read_underlying(written("u.csv", text)).table
    np.testing.assert_array_equal(table["income_domain_numerator"], [np.nan, 15])
    assert table["housing_affordability_rate"].tolist() == [0.5, 0.25]
    old = read_underlying(written("v.csv", text.replace("LSOA21CD", "LSOA11CD"))).table
    assert old.index.name == "lsoa11cd"


@pytest.mark.realdata
def test_the_real_file_7_of_2025_is_whole_and_read_in_half_a_second(sources_dir):
    path = sources_dir / "deprivation" / "iod2025_file7_lsoa21_england.csv.gz"
    seconds = []
    for _ in range(3):
        start = time.process_time()
        table = read_file7(path).table
        seconds.append(time.process_time() - start)
    assert len(table) == 33_755
    assert sorted(table["imd_rank"]) == list(range(1, 33_756))
    top = table.sort_values("imd_rank").iloc[0]
    assert (top.name, top["lsoa21nm"], top["imd_score"]) == ("E01021988", "Tendring 018A", 94.223)
    distinct = {"income": 33_752, "education": 33_754, "barriers": 33_754, "adult_skills": 33_749, "idaci": 33_719}
    assert {measure: table[f"{measure}_rank"].nunique() for measure in distinct} == distinct
    assert table[["idaci_score", "idaopi_score", "total_population"]].isna().all().all()
    assert min(seconds) < 0.5


@pytest.mark.realdata
def test_the_real_files_of_2019_are_whole(sources_dir):
    folder = sources_dir / "deprivation"
    table = read_file7(folder / "iod2019_file7_lsoa11_england.csv.gz", edition=2019).table
    assert len(table) == 32_844
    assert table["imd_rank"].nunique() == 32_818
    domains = read_file9(folder / "iod2019_file9_transformed_scores_lsoa11.csv.gz").table
    weights = {"income": 0.225, "employment": 0.225, "education": 0.135, "health": 0.135}
    weights |= dict.fromkeys(("crime", "barriers", "living_environment"), 0.093)
    score = sum(weight * domains[f"{domain}_transformed"] for domain, weight in weights.items())
    assert (score - table["imd_score"]).abs().max() < 0.0009
    councils = read_file10(folder / "iod2019_file10_lad19_summaries.csv").table
    assert len(councils) == 317
    assert councils.loc["E06000001", ["imd_average_rank", "imd_average_score", "imd_extent"]].tolist() == [
        22581.98,
        35.037,
        0.4973,
    ]
    assert councils.loc["E06000001", "employment_scale"] == 9715.25


@pytest.mark.realdata
def test_the_real_underlying_indicators_keep_their_gaps(sources_dir):
    folder = sources_dir / "deprivation"
    table = read_underlying(folder / "iod2025_underlying_indicators_lsoa21.csv.gz").table
    assert table.shape == (33_755, 25)
    assert table["employment_domain_numerator"].isna().sum() == 21
    assert table["entry_to_higher_education_indicator"].isna().sum() == 34
    assert read_underlying(folder / "iod2019_underlying_indicators_lsoa11.csv.gz").table.shape == (32_844, 24)
