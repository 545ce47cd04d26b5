"""Postcodes: one form, however they are typed; an unknown one is never placed."""

from __future__ import annotations

import string

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import UnknownPostcode
from geodata.postcodes import Gazetteer, normalise, normalise_all, read_postcodes

A, B = "E01015693", "E01015694"
TABLE = (
    "pcds,oseast1m,osnrth1m,lsoa21,laua\n"
    f"LU1 2TL,509000,221000,{A},E06000032\nLU1 1LZ,508000,221500,{B},E06000032\nW1A 1AA,529000,181000,{B},E06000032\n"
)

capital, digit = st.sampled_from(string.ascii_uppercase), st.sampled_from(string.digits)
outward = st.one_of(
    st.tuples(capital, digit),
    st.tuples(capital, digit, digit),
    st.tuples(capital, digit, capital),
    st.tuples(capital, capital, digit),
    st.tuples(capital, capital, digit, digit),
    st.tuples(capital, capital, digit, capital),
).map("".join)
inward = st.tuples(digit, capital, capital).map("".join)


@given(outward, inward, st.data())
def test_case_and_spaces_never_matter(first, last, data):
    gap = st.text(alphabet=" \t\u00a0", max_size=3)
    typed = "".join(data.draw(gap) + (c.lower() if data.draw(st.booleans()) else c) for c in first + last)
    assert normalise(typed) == f"{first} {last}"
    assert normalise_all(pd.Series([typed])).tolist() == [f"{first} {last}"]


@given(outward, inward)
def test_the_normal_form_stays_as_it_is(first, last):
    assert normalise(normalise(first + last)) == f"{first} {last}"


@given(st.text(max_size=10))
def test_one_and_many_agree_on_any_text(text):
    try:
        expected = normalise(text)
    except UnknownPostcode:
        expected = None
    found = normalise_all(pd.Series([text], dtype="str")).iloc[0]
    assert found == expected if expected else pd.isna(found)


@pytest.mark.parametrize("text", ["", "LU1", "LU1 2T", "12 345", "LU1 2TL 3", "E01015693", "LÜ1 2TL"])
def test_text_of_another_form_is_refused_and_not_repeated(text):
    with pytest.raises(UnknownPostcode, match="LU1 2TL") as caught:
        normalise(text)
    assert not text or text not in str(caught.value).replace("LU1 2TL", "")


def test_postcodes_read_and_are_found_in_any_form(written):
    gazetteer = Gazetteer(read_postcodes(written("pc.csv", TABLE)).table)
    assert len(gazetteer) == 3
    wanted = pd.Series(["w1a1aa", "LU9 9ZZ", None, "lu1  2tl", "nonsense"], index=list("abcde"))
    found = gazetteer.find(wanted)
    assert found.index.tolist() == list("abcde")
    assert found["pcds"].notna().tolist() == [True, False, False, True, False]
    assert found.loc["d", ["pcds", "easting", "lsoa21cd"]].tolist() == ["LU1 2TL", 509_000, A]
    assert gazetteer.one("lu11lz")["lsoa21cd"] == B
    with pytest.raises(UnknownPostcode, match="not a live postcode"):
        gazetteer.one("LU9 9ZZ")


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("LU1 1LZ", "LU1 2TL", "doubled-code", ["row 3", "LU1 2TL"]),
        ("LU1 1LZ", "LU11LZ", "bad-postcode", ["row 3", "LU11LZ"]),
        ("508000", "", "missing-value", ["row 3", "oseast1m"]),
        ("508000,221500", "0,0", "wrong-crs", ["row 3", "looks like degrees"]),
        (A, "W01000001", "wrong-nation", ["row 2", "Wales"]),
        (A, "E01000001", "wrong-vintage", ["row 2", "E01000001"]),
        ("lsoa21", "lsoa11", "missing-column", ["'lsoa21'"]),
    ],
)
def test_a_fault_is_refused_by_row(written, refused, old, new, rule, says):
    refused(rule, says, read_postcodes, written("pc.csv", TABLE.replace(old, new)), known_codes={A, B})


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_the_order_of_the_file_does_not_matter_and_hides_no_double(written, refused, order):
    head, *rows = TABLE.splitlines()
    rows = [sorted(rows)[k] for k in order]
    found = Gazetteer(read_postcodes(written("pc.csv", "\n".join([head, *rows]))).table).find(pd.Series(["LU1 2TL"]))
    assert found["lsoa21cd"].tolist() == [A]
    for row in rows:
        doubled = "\n".join([head, *rows[: rows.index(row)], row, *rows[rows.index(row) :]])
        refused("doubled-code", [row[:7]], read_postcodes, written("pc.csv", doubled))


def test_a_postcode_asked_for_twice_is_found_twice_and_one_known_twice_at_its_first_place():
    known = pd.DataFrame({"pcds": ["LU1 2TL", "LU1 1LZ", "LU1 2TL"], "easting": [1.0, 2.0, 3.0], "northing": 0.0})
    found = Gazetteer(known.assign(lsoa21cd=A, laua="E06000032")).find(pd.Series(["LU1 2TL", None, "lu12tl"]))
    assert found["easting"].fillna(-1).tolist() == [1.0, -1.0, 1.0]


@pytest.mark.realdata
def test_the_real_postcodes_are_whole(sources_dir):
    folder = sources_dir / "geography"
    england = read_postcodes(folder / "postcodes_england.parquet").table
    assert len(england) == 1_486_073
    assert england["lsoa21cd"].nunique() == 33_755
    assert len(read_postcodes(folder / "postcodes_seed_icbs.csv.gz").table) == 105_947
