"""Area codes: what a code is, and a refusal that says what it is instead."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from geodata.codes import checked_codes, level_of_header, without_spaces
from geodata.errors import BadFile


def check(*codes, **named):
    return checked_codes(pd.Series(codes, dtype="str"), file="t.csv", column="LSOA21CD", **named)


@pytest.mark.parametrize("strange", ["", *"\t\n\x0b\x1c\x85\u00a0\u2003\u200bé~"])
def test_no_white_space_of_any_kind_is_left(strange):
    texts = [f" {strange}E01 {strange} 0{strange}", "E0 1", None, ""]
    found = without_spaces(pd.Series(texts, dtype="str"))
    assert found.fillna("missing").tolist() == [re.sub(r"\s+", "", texts[0]), "E01", "missing", ""]


def test_small_letters_and_spaces_are_mended():
    assert check("e01015693", " E01 015694").tolist() == ["E01015693", "E01015694"]


@pytest.mark.parametrize(
    ("header", "level", "year"),
    [
        ("LSOA21CD", "lsoa", "2021"),
        ("LSOA11CD", "lsoa", "2011"),
        ("LSOA code (2011)", "lsoa", "2011"),
        ("LSOA 2021 Code", "lsoa", "2021"),
        ("MSOA21CD", "msoa", "2021"),
        ("OA21CD", "oa", "2021"),
        ("LAD24CD", "lad", "2024"),
        ("Local Authority District code (2019)", "lad", "2019"),
        ("area", "lsoa", ""),
    ],
)
def test_a_header_names_its_level_and_year(header, level, year):
    assert level_of_header(header) == (level, year)


@pytest.mark.parametrize(
    ("code", "rule", "says"),
    [
        ("W01000001", "wrong-nation", "Wales"),
        ("S01006506", "wrong-nation", "Scotland"),
        ("N00000001", "wrong-nation", "Northern Ireland"),
        ("95AA01S1", "wrong-nation", "Northern Ireland"),
        ("E02003270", "wrong-level", "MSOA"),
        ("E00000001", "wrong-level", "Output Area"),
        ("E06000032", "wrong-level", "a council"),
        ("E0101569", "bad-code", "E0101569 is not the code"),
        ("E99000001", "bad-code", "E99000001"),
        ("", "missing-code", "empty"),
        (None, "missing-code", "empty"),
        ("E01015693", "doubled-code", "twice"),
    ],
)
def test_a_code_that_does_not_belong_is_refused_by_row(code, rule, says):
    with pytest.raises(BadFile, match=says) as caught:
        check("E01015693", code)
    assert caught.value.rule == rule
    assert "t.csv, row 3, column 'LSOA21CD'" in str(caught.value)


def test_codes_of_the_other_census_are_told():
    with pytest.raises(BadFile, match="LSOA of 2021") as caught:
        check("E01000001", "E01035000", vintage=2011)
    assert caught.value.rule == "wrong-vintage"
    with pytest.raises(BadFile, match="E01015700 is not in the look-up of 2021: a code of 2011, perhaps") as caught:
        check("E01015693", "E01015700", vintage=2021, known_codes={"E01015693"})
    assert (caught.value.rule, caught.value.row) == ("wrong-vintage", 3)
