"""Cells of published files: every fault of a delimited file is refused by row, column and rule."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geodata.cells import open_table, tidy_header

TABLE = "code,name,n\nA,NA,1\nB,None,\nC,null,3.5\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.encode("utf-16"),
        gzip.compress(TABLE.encode(), mtime=0),
        b'"code","name","n"\n"A","NA","1"\n"B","None",""\n"C","null","3.5"\n',
        (TABLE + "\n").encode(),
    ],
    ids=["utf-8", "with a mark", "crlf", "utf-16", "gzip", "quoted", "empty last line"],
)
def test_every_good_form_reads_the_same_and_names_like_na_do_not_vanish(written, content):
    cells = open_table(written("t.csv", content))
    assert cells.text("name").tolist() == ["NA", "None", "null"]
    np.testing.assert_array_equal(cells.numbers("n"), [1.0, np.nan, 3.5])


def test_windows_letters_are_read(written):
    cells = open_table(written("t.csv", "name\nSt Mary’s\n".encode("cp1252")))
    assert cells.text("name").tolist() == ["St Mary’s"]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_ends(written):
    cells = open_table(written("t.csv", 'name,n\n"The ""Old"" Mill,\n1 High St",5\n'))
    assert cells.text("name").tolist() == ['The "Old" Mill,\n1 High St']
    assert cells.numbers("n").tolist() == [5.0]


def test_parquet_reads_like_text(tmp_path):
    path = tmp_path / "t.parquet"
    column = pa.array(["A", "A", "B"]).dictionary_encode()
    pq.write_table(pa.table({"code": column, "n": pa.array([1, None, 3], pa.int32())}), path)
    cells = open_table(path)
    assert cells.text("code").tolist() == ["A", "A", "B"]
    np.testing.assert_array_equal(cells.numbers("N"), [1.0, np.nan, 3.0])


def test_thousands_separators_are_numbers(written):
    assert open_table(written("t.csv", 'n\n"1,234"\n"12,345,678.5"\n-7\n')).numbers("n").tolist() == [
        1234.0,
        12345678.5,
        -7.0,
    ]


def test_header_case_spaces_and_a_cut_end_are_forgiven(written):
    long = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
    cells = open_table(written("t.csv", f"LSOA21 cd , {long[:-4]}\nE01,3\n"))
    assert cells.find("lsoa21CD") == 0
    assert cells.find(long) == 1
    assert cells.find("LSOA11CD") is None
    assert tidy_header("\ufeffLsoa 21CD ") == "lsoa21cd"


@pytest.mark.parametrize(
    ("content", "rule", "says"),
    [
        (b"", "empty-file", ["empty"]),
        (b" \n \n", "empty-file", ["empty"]),
        (b"code,n\n", "empty-file", ["no row below"]),
        (b"<!DOCTYPE html><html>log in</html>", "wrong-kind", ["web page", "log in"]),
        (b"PK\x03\x04....", "wrong-kind", ["zip archive"]),
        (b"SQLite format 3\0....", "wrong-kind", ["GeoPackage"]),
        (b"PAR1....", "wrong-kind", ["Parquet"]),
        (b"%PDF-1.7", "wrong-kind", ["PDF"]),
        (b'{"features": []}', "wrong-kind", ["JSON"]),
        (b"\x00\x01\x02", "wrong-kind", ["binary"]),
        (gzip.compress(TABLE.encode(), mtime=0)[:-12], "wrong-kind", ["cut short"]),
        (b"name\n\x81\xff\n", "bad-encoding", ["neither UTF-8"]),
        (b"code,n,Code\nA,1,2\n", "doubled-column", ["row 1", "twice"]),
        (b"code,n\nA,1\nB,2,3\nC,4,5\n", "wrong-width", ["row 3", "3 cells where 2", "2 such rows"]),
        (b"code,n\nA,1\nB\n", "wrong-width", ["row 3", "1 cells where 2"]),
    ],
)
def test_a_file_that_is_no_table_is_refused(written, refused, content, rule, says):
    refused(rule, says, open_table, written("t.csv", content))


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("abc", "not-a-number"),
        ("NA", "not-a-number"),
        ("None", "not-a-number"),
        ("null", "not-a-number"),
        ("12%", "not-a-number"),
        ("*", "not-a-number"),
        ('"1,23"', "not-a-number"),
        ("1e309", "not-finite"),
        ("inf", "not-finite"),
        ("-Infinity", "not-finite"),
        ("NaN", "not-finite"),
        ("-1", "negative"),
    ],
)
def test_a_cell_that_is_no_count_is_refused_by_row_and_column(written, refused, cell, rule):
    path = written("t.csv", f"code,n\nA,1\nB,{cell}\n")
    error = refused(rule, ["row 3", "column 'n'"], lambda p: open_table(p).numbers("n", minimum=0), path)
    assert error.row == 3


def test_an_empty_cell_is_refused_only_where_a_number_is_needed(written, refused):
    path = written("t.csv", "code,n\nA,1\nB,\n")
    assert np.isnan(open_table(path).numbers("n")[1])
    refused("missing-value", ["row 3"], lambda p: open_table(p).numbers("n", required=True), path)


def test_a_missing_column_is_named_with_those_there_are(written, refused):
    path = written("t.csv", TABLE)
    refused("missing-column", ["'people'", "'code'", "'name'"], lambda p: open_table(p).numbers("people"), path)


def test_a_file_without_a_header_counts_its_rows_from_one(written, refused):
    cells = open_table(written("t.csv", "A,1\nB,2\n"), header=False, width=2)
    assert cells.text("column 1").tolist() == ["A", "B"]
    refused("wrong-width", ["row 2", "3 cells"], open_table, written("u.csv", "A,1\nB,2,3\n"), header=False, width=2)


def test_a_damaged_parquet_file_is_refused(tmp_path, refused):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"code": ["A"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    refused("wrong-kind", ["damaged"], open_table, path)


def test_numbers_that_are_not_finite_are_refused_in_parquet_too(tmp_path, refused):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": [1.0, np.inf]}), path)
    refused("not-finite", ["row 3"], lambda p: open_table(p).numbers("n"), path)
