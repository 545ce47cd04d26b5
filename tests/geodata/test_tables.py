"""Plain tables by area: one reader, columns by published header."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geodata.tables import read_table

A, B = "E01015693", "E01015694"
TENURE = f'LSOA21CD,Total,"Owned: Owns outright"\n{B},200,50\n{A},100,\n'
COLUMNS = {"households": "Total", "owned": "Owned: Owns outright"}


def test_columns_come_by_header_and_rows_by_code(written):
    reading = read_table(written("tenure.csv", TENURE), COLUMNS)
    assert reading.table.index.tolist() == [A, B]
    assert reading.table["households"].tolist() == [100, 200]
    np.testing.assert_array_equal(reading.table["owned"], [np.nan, 50])
    assert reading.rows_read == 2


def test_header_case_and_spaces_do_not_matter(written):
    text = TENURE.replace("Owned: Owns outright", "OWNED:  owns  Outright").replace("LSOA21CD", "lsoa21cd")
    assert read_table(written("tenure.csv", text), COLUMNS).table["owned"].notna().sum() == 1


def test_parquet_reads_the_same(tmp_path):
    path = tmp_path / "tenure.parquet"
    pq.write_table(pa.table({"LSOA21CD": [B, A], "Total": [200, 100], "Owned: Owns outright": [50, None]}), path)
    assert read_table(path, COLUMNS).table["households"].tolist() == [100, 200]


def test_other_areas_read_by_their_own_key(written):
    path = written("english.csv", "MSOA21CD,Main language is English\nE02003270,6000\n")
    table = read_table(path, {"english": "Main language is English"}, key="msoa21cd", key_header="MSOA21CD").table
    assert table.loc["E02003270", "english"] == 6000


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("Total", "All", "missing-column", ["'Total'"]),
        ("LSOA21CD", "LSOA11CD", "wrong-vintage", ["LSOA11CD"]),
        ("LSOA21CD", "LSOA code (2011)", "wrong-vintage", ["LSOA code (2011)"]),
        ("LSOA21CD", "area", "missing-column", ["'LSOA21CD'"]),
        (A, B, "doubled-code", ["row 3", B]),
        (A, "W01000001", "wrong-nation", ["row 3", "Wales"]),
        (A, "S01006506", "wrong-nation", ["row 3", "Scotland"]),
        (A, "E02003270", "wrong-level", ["row 3", "MSOA"]),
        (A, "E01000001", "wrong-vintage", ["row 3", "E01000001"]),
        ("200", "lots", "not-a-number", ["row 2", "'Total'", "'lots'"]),
        ("200", "1e309", "not-finite", ["row 2", "'Total'"]),
        ("200", "-1", "negative", ["row 2", "'Total'"]),
        ("200", "200,7", "wrong-width", ["row 2", "4 cells where 3"]),
    ],
)
def test_a_fault_is_refused_by_row_and_column(written, refused, old, new, rule, says):
    path = written("tenure.csv", TENURE.replace(old, new))
    refused(rule, says, read_table, path, COLUMNS, minimum=0, known_codes={A, B})


# England totals: the README of the published files.
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "header", "total"),
    [
        ("ethnic_group", "Total", 56_490_108),
        ("disability", "Total", 56_490_046),
        ("age_six_bands", "All usual residents", 56_489_608),
        ("tenure", "Total", 23_436_382),
    ],
)
def test_the_real_census_tables_have_their_totals(sources_dir, name, header, total):
    path = sources_dir / "population" / f"lsoa21_census2021_{name}.csv.gz"
    table = read_table(path, {"all": header}, minimum=0).table
    assert len(table) == 33_755
    assert table["all"].sum() == pytest.approx(total, abs=0)
