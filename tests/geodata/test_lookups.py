"""Look-ups: from a neighbourhood upwards, to its centroid, and back to 2011."""

from __future__ import annotations

import pytest

from geodata.lookups import LOOKUP_COLUMNS, read_centroids, read_exact_fit, read_footprints, read_lookup


@pytest.fixture
def lookup_text():
    header = ",".join(["LSOA21CD", *(column.upper() for column in LOOKUP_COLUMNS)])
    rows = [",".join([code, *(f"{column}-{code[-1]}" for column in LOOKUP_COLUMNS)]) for code in (B, A)]
    return "\n".join([header, *rows]) + "\n"


A, B = "E01015693", "E01015694"


def test_the_look_up_reads_sorted_by_code(written, lookup_text):
    table = read_lookup(written("lookup.csv", lookup_text)).table
    assert table.index.tolist() == [A, B]
    assert tuple(table) == LOOKUP_COLUMNS
    assert table.loc[A, "msoa21hclnm"] == "msoa21hclnm-3"


def test_a_look_up_with_a_gap_a_doubled_code_or_a_lost_column_is_refused(written, refused, lookup_text):
    gap = lookup_text.replace("wd24nm-3", "")
    refused("missing-value", ["row 3", "WD24NM", A], read_lookup, written("a.csv", gap))
    refused("doubled-code", ["row 3", B], read_lookup, written("b.csv", lookup_text.replace(A, B)))
    refused("missing-column", ["'LAD24CD'"], read_lookup, written("c.csv", lookup_text.replace("LAD24CD", "LAD")))
    old = lookup_text.replace("LSOA21CD", "LSOA11CD")
    refused("wrong-vintage", ["2011", "2021"], read_lookup, written("d.csv", old))


def test_centroids_read_in_metres(written):
    text = f"LSOA21CD,x,y,LONG,LAT\n{B},509100.5,221300,-0.4,51.9\n{A},509000,221000.25,-0.4,51.9\n"
    table = read_centroids(written("pwc.csv", text)).table
    assert table.loc[A].tolist() == [509000.0, 221000.25]
    assert list(table) == ["centroid_x_m", "centroid_y_m"]


@pytest.mark.parametrize(
    ("row", "rule", "says"),
    [
        (f"{A},-0.42,51.88", "wrong-crs", ["row 2", "looks like degrees"]),
        (f"{A},221000,509000", "swapped-axes", ["row 2", "northing first"]),
        (f"{A},,221000", "missing-value", ["row 2", "'x'"]),
        (f"{A},509000,NaN", "not-finite", ["row 2", "'y'"]),
        ("W01000001,509000,221000", "wrong-nation", ["row 2", "Wales"]),
    ],
)
def test_a_wrong_centroid_is_refused(written, refused, row, rule, says):
    refused(rule, says, read_centroids, written("pwc.csv", f"LSOA21CD,x,y\n{row}\n"))


EXACT = f"LSOA11CD,LSOA21CD,CHGIND\n{A},{A},U\n{B},E01033770,S\n{B},E01033771,S\n"


def test_the_exact_fit_keeps_every_pair(written):
    table = read_exact_fit(written("fit.csv", EXACT)).table
    assert table["lsoa11cd"].tolist() == [A, B, B]
    assert table["chgind"].tolist() == ["U", "S", "S"]


def test_a_faulty_pair_is_refused(written, refused):
    refused("doubled-code", ["row 4", B], read_exact_fit, written("a.csv", EXACT.replace("E01033771", "E01033770")))
    refused("unknown-status", ["row 2", "'Q'", A], read_exact_fit, written("b.csv", EXACT.replace(",U", ",Q")))
    swapped = EXACT.replace(f"{B},E01033770", f"E01033770,{B}")
    refused("wrong-vintage", ["row 3", "E01033770"], read_exact_fit, written("c.csv", swapped))


def test_footprints_read_by_name(written):
    table = read_footprints(written("teams.csv", f"Footprint,LSOA21CD\nNorth,{B}\nEast,{A}\n")).table
    assert table.to_numpy().tolist() == [["East", A], ["North", B]]


@pytest.mark.parametrize(
    ("rows", "rule", "says"),
    [
        (f"North,{A}\nEast,{A}", "doubled-code", ["row 3", A]),
        (f",{A}", "missing-value", ["row 2", "no name"]),
        ("North,E02003270", "wrong-level", ["row 2", "MSOA"]),
        ("North,E01999999", "wrong-vintage", ["row 2", "E01999999"]),
    ],
)
def test_a_faulty_footprint_is_refused(written, refused, rows, rule, says):
    path = written("teams.csv", f"footprint,lsoa21cd\n{rows}\n")
    refused(rule, says, read_footprints, path, known_codes={A, B})


@pytest.mark.realdata
def test_the_real_look_up_has_every_area_of_england(sources_dir):
    table = read_lookup(sources_dir / "geography" / "lsoa21_lookup_england.csv.gz").table
    assert len(table) == 33_755
    counts = {"msoa21cd": 6_856, "wd24cd": 6_784, "lad24cd": 296, "rgn24cd": 9, "sicbl24cd": 106, "icb24cd": 42}
    assert {column: table[column].nunique() for column in counts} == counts
    assert (table["icb24cd"] == "E54000048").sum() == 1_060
    assert (table["icb24cd"] == "E54000024").sum() == 587


@pytest.mark.realdata
def test_the_real_centroids_and_exact_fit_are_whole(sources_dir):
    folder = sources_dir / "geography"
    codes = read_lookup(folder / "lsoa21_lookup_england.csv.gz").table.index
    centroids = read_centroids(folder / "lsoa21_population_weighted_centroids.csv.gz", known_codes=codes).table
    assert centroids.index.equals(codes)
    fit = read_exact_fit(folder / "lsoa11_lsoa21_exact_fit_lookup_england.csv.gz").table
    assert fit["chgind"].value_counts().to_dict() == {"U": 31_810, "S": 1_842, "M": 194, "X": 9}
    assert set(fit["lsoa21cd"]) == set(codes)
    assert fit["lsoa11cd"].nunique() == 32_844
