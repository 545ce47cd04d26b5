"""Practice figures carried home (M6) and areas of 2011 to 2021 (M11): sums by hand, laws, real totals, refusals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from geodata.lookups import read_exact_fit
from geodata.population import read_single_year
from geodata.registrations import read_qof, read_registrations
from geodata.tables import read_table
from layers.apportion import practice_to_neighbourhood, to_2021


def lists(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["practice_code", "lsoa11cd", "patients"])


LISTS = lists(
    ("P", "E1", 60), ("P", "E2", 20), ("P", "W1", 20),
    ("Q", "E1", 20), ("Q", "E2", 80), ("Q", "E3", 100),
    ("R", "E1", 20), ("R", "NO2011", 10),
)  # fmt: skip
RATES = pd.Series({"P": 0.10, "Q": 0.20, "S": 0.50})
RESIDENTS = pd.Series({"E1": 100.0, "E2": 80.0})


# M6 by hand


def test_a_rate_by_hand():
    found = practice_to_neighbourhood(LISTS, RATES, RESIDENTS)
    # E1: (60 x .1 + 20 x .2) / 80, R has no rate; E2: (20 x .1 + 80 x .2) / 100.
    assert found.table["value"].tolist() == pytest.approx([0.125, 0.18])
    assert found.table["known_share"].tolist() == [0.8, 1.0]
    assert found.table["coverage"].tolist() == [1.0, 1.25]
    assert found.table["effective_practices"].tolist() == pytest.approx([1 / (0.36 + 0.04 + 0.04), 1 / (0.04 + 0.64)])
    assert found.table["note"].tolist() == ["", ""]
    assert found.patients.to_dict() == {"all": 330, "inside": 200, "outside": 130, "without_figure": 20}
    assert found.practices.to_dict() == {"registered": 3, "without_figure": 1, "without_patients": 1}
    assert found.grade == "apportioned"


def test_a_count_by_hand():
    found = practice_to_neighbourhood(LISTS, RATES * 100, RESIDENTS, kind="count", whole_lists=True)
    # P: 10 over 60, 20, 20 of 100; Q: 20 over 20, 80, 100 of 200.
    assert found.table["value"].tolist() == pytest.approx([6 + 2, 2 + 8])
    # S has 50 and no patients; 2 follow P's patients to Wales, 10 Q's to E3.
    assert found.amounts.to_dict() == pytest.approx({"all": 80, "inside": 18, "outside": 12, "unplaced": 50})


@pytest.mark.parametrize(
    ("residents", "hidden", "flagged", "note"),
    [
        (100, False, False, ""),
        (80, False, False, ""),  # 125 %
        (79, False, True, "126.6 % as many registered as live here"),
        (133, False, False, ""),
        (134, False, True, "74.6 % as many registered as live here"),
        (200, False, True, "50.0 % as many registered as live here"),
        (201, True, True, "49.8 % as many registered as live here: not shown"),
        (0, True, True, "no residents known: not shown"),
        (np.nan, True, True, "no residents known: not shown"),
    ],
)
def test_doubtful_coverage_is_flagged_and_bad_coverage_hidden(residents, hidden, flagged, note):
    table = practice_to_neighbourhood(LISTS, RATES, pd.Series({"E1": float(residents)})).table.loc["E1"]
    assert (table["hidden"], table["flagged"], table["note"]) == (hidden, flagged, note)
    assert np.isnan(table["value"]) == hidden


def test_nobody_registered_is_not_zero():
    table = practice_to_neighbourhood(LISTS, RATES, pd.Series({"E1": 100.0, "E9": 50.0})).table.loc["E9"]
    assert np.isnan(table["value"])
    assert table["coverage"] == 0
    assert table["note"] == "0.0 % as many registered as live here: not shown"


def test_practices_without_the_figure_leave_it_missing():
    found = practice_to_neighbourhood(LISTS, pd.Series({"P": 0.1, "Q": np.nan}), pd.Series({"E1": 100.0, "E3": 100.0}))
    assert found.table["value"].tolist()[0] == 0.1
    assert np.isnan(found.table.loc["E3", "value"])
    assert found.table.loc["E3", "note"] == "no practice with patients here has the figure"
    assert found.practices["without_figure"] == 2


CASES = 1_000


def test_counts_are_conserved_and_rates_stay_within_their_practices():
    # A thousand small worlds in one call: their codes are apart, so none can help another.
    rng = np.random.default_rng(6)
    worlds = []
    for world in range(CASES):
        cells = rng.integers(0, 40, (rng.integers(1, 6), 4)) * (rng.random((1, 4)) < 0.8)
        worlds.append((cells, rng.integers(0, 50, len(cells)), [f"E{world}-{area}" for area in range(3)] + ["W1"]))
    registered = lists(
        *(
            (f"{world}-{g}", area, n)
            for world, (cells, _, areas) in enumerate(worlds)
            for g, row in enumerate(cells)
            for area, n in zip(areas, row, strict=True)
        )
    )
    amounts = pd.Series(
        {f"{world}-{g}": float(c) for world, (_, given, _) in enumerate(worlds) for g, c in enumerate(given)}
    )
    residents = pd.Series(1.0, [area for _, _, areas in worlds for area in areas[:3]])
    counts = practice_to_neighbourhood(registered, amounts, residents, kind="count", whole_lists=True)
    rates = practice_to_neighbourhood(registered, amounts, residents)
    for cells, given, areas in worlds:
        # A second route, in exact fractions.
        sizes = [Fraction(int(row.sum())) for row in cells]
        for i, area in enumerate(areas[:3]):
            parts = [(int(c), int(row[i]), size) for c, row, size in zip(given, cells, sizes, strict=True) if row[i]]
            if not parts:
                assert np.isnan(counts.table.at[area, "value"])
                continue
            exact = sum(Fraction(c * n) / size for c, n, size in parts)
            assert counts.table.at[area, "value"] == pytest.approx(float(exact))
            assert (
                min(c for c, _, _ in parts) - 1e-9
                <= rates.table.at[area, "value"]
                <= max(c for c, _, _ in parts) + 1e-9
            )
            assert 1 - 1e-9 <= counts.table.at[area, "effective_practices"] <= len(parts) + 1e-9
    account = counts.amounts
    assert account["inside"] + account["outside"] + account["unplaced"] == pytest.approx(amounts.sum())
    assert account["inside"] == pytest.approx(counts.table["value"].sum())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "median"}, "medians and ranks cannot"),
        ({"kind": "count"}, "may be cut to a place"),
        ({"registrations": pd.concat([LISTS, LISTS.iloc[:1]])}, "practice P and area E1 are there twice"),
        ({"registrations": LISTS.assign(patients=-1)}, "zero or more"),
        ({"registrations": LISTS.assign(patients=np.nan)}, "zero or more"),
        ({"registrations": LISTS.rename(columns={"lsoa11cd": "area"})}, "one column lsoa11cd or lsoa21cd"),
        ({"values": -RATES}, "practice P is -0.1"),
        ({"values": RATES * np.inf}, "practice P is inf"),
        ({"residents": -RESIDENTS}, "residents of E1 are negative"),
        ({"residents": pd.Series({"E01099999": 5.0})}, "codes of the same year"),
    ],
)
def test_impossible_registrations_are_refused(change, says):
    given = {"registrations": LISTS, "values": RATES, "residents": RESIDENTS} | change
    with pytest.raises(ValueError, match=says):
        practice_to_neighbourhood(**given)


# M11 by hand

FIT = pd.DataFrame(
    [("A", "a", "U"), ("B", "b1", "S"), ("B", "b2", "S"), ("C", "cd", "M"), ("D", "cd", "M"),
     ("E", "e1", "X"), ("E", "e2", "X"), ("F", "e2", "X")],
    columns=["lsoa11cd", "lsoa21cd", "chgind"],
)  # fmt: skip
PEOPLE = pd.Series({"a": 10.0, "b1": 30.0, "b2": 10.0, "cd": 5.0, "e1": 10.0, "e2": 40.0})
COUNTS = pd.Series({"A": 7.0, "B": 100.0, "C": 3.0, "D": 4.0, "E": 50.0, "F": 6.0})


def test_counts_to_2021_by_hand():
    found = to_2021(COUNTS, FIT, PEOPLE)
    assert found["value"].to_dict() == {"a": 7, "b1": 75, "b2": 25, "cd": 7, "e1": 10, "e2": 46}
    assert found["grade"].to_dict() == {
        "a": "",
        "b1": "modelled",
        "b2": "modelled",
        "cd": "",
        "e1": "modelled",
        "e2": "modelled",
    }


def test_rates_to_2021_by_hand():
    among = pd.Series({"A": 10.0, "B": 200.0, "C": 10.0, "D": 30.0, "E": 100.0, "F": 20.0})
    found = to_2021(COUNTS / among, FIT, PEOPLE, kind="rate", denominators=among)["value"]
    assert found.to_dict() == pytest.approx({"a": 0.7, "b1": 0.5, "b2": 0.5, "cd": 7 / 40, "e1": 0.5, "e2": 46 / 100})


def test_an_unknown_part_is_not_zero():
    found = to_2021(COUNTS.mask(COUNTS.index == "C").drop("F"), FIT, PEOPLE)["value"]
    assert found.isna().to_dict() == {"a": False, "b1": False, "b2": False, "cd": True, "e1": False, "e2": True}


def test_only_the_areas_of_the_values_come_back():
    assert to_2021(COUNTS[["A"]], FIT, PEOPLE).index.tolist() == ["a"]


def test_nobody_in_the_targets_splits_evenly():
    found = to_2021(COUNTS[["B"]], FIT, PEOPLE * 0)["value"]
    assert found.to_dict() == {"b1": 50, "b2": 50}


def test_totals_before_and_after_are_equal():
    rng = np.random.default_rng(11)
    apart = [FIT.assign(**{name: FIT[name] + str(case) for name in ("lsoa11cd", "lsoa21cd")}) for case in range(CASES)]
    fit = pd.concat(apart, ignore_index=True)
    counts = pd.Series(rng.integers(0, 10**6, 6 * CASES).astype(float), fit["lsoa11cd"].unique())
    people = pd.Series(rng.integers(0, 4, 6 * CASES) * 700.0, fit["lsoa21cd"].unique())  # often nobody
    found = to_2021(counts, fit, people)["value"]
    assert len(found) == 6 * CASES
    assert (found >= 0).all()
    links = fit.groupby("lsoa21cd")["lsoa11cd"].first()
    case = links.str[1:].astype(int).reindex(found.index)
    before = counts.groupby(counts.index.str[1:].astype(int)).sum()
    np.testing.assert_allclose(found.groupby(case).sum(), before, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "median"}, "a median does not add up"),
        ({"kind": "rank"}, "a rank does not add up"),
        ({"kind": "rate"}, "with its denominators"),
        ({"values": pd.Series({"Z": 1.0})}, "Z is not an LSOA of 2011"),
        ({"values": pd.Series([1.0, 2.0], ["A", "A"])}, "A is there twice"),
        ({"values": COUNTS * np.inf}, "not finite"),
        ({"residents": PEOPLE.drop("b2")}, "residents of b2 in 2021 are not known"),
        ({"residents": -PEOPLE}, "are not known"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(change, says):
    given = {"values": COUNTS, "exact_fit": FIT, "residents": PEOPLE} | change
    with pytest.raises(ValueError, match=says):
        to_2021(**given)


# England


@pytest.fixture(scope="module")
def england(sources_dir) -> dict[str, pd.DataFrame]:
    census = {"residents": "All usual residents"}
    ages = sources_dir / "population/lsoa11_mid2020_population_single_year.parquet"
    return {
        "lists": read_registrations(sources_dir / "indicators/gp-reg-pat-prac-lsoa-all_england_2022-07.parquet").table,
        "qof": read_qof(sources_dir / "indicators/qof_2021-22_prevalence_by_practice.csv").table,
        "fit": read_exact_fit(sources_dir / "geography/lsoa11_lsoa21_exact_fit_lookup_england.csv.gz").table,
        "census": read_table(sources_dir / "population/lsoa21_census2021_age_six_bands.csv.gz", census).table,
        "2011": read_single_year(ages).table,
        "lookup": pd.read_csv(sources_dir / "geography/lsoa21_lookup_england.csv.gz"),
    }


def test_england_is_conserved_and_luton_is_whole(england):
    lists, qof, fit = england["lists"], england["qof"], england["fit"]
    residents = england["2011"]["all_ages"] if "all_ages" in england["2011"] else england["2011"].sum(axis=1)
    sizes = lists.groupby("practice_code")["patients"].sum()
    register = (qof["dm_share"] * sizes).dropna()
    found = practice_to_neighbourhood(lists, register, residents, kind="count", whole_lists=True)
    assert found.patients["all"] == 61_768_942
    assert found.patients["outside"] == 27_415 + 13_886
    assert found.practices["registered"] == 6_484
    assert found.amounts[["inside", "outside", "unplaced"]].sum() == pytest.approx(register.sum(), rel=1e-12)
    carried = to_2021(found.table["patients"], fit, england["census"]["residents"])
    assert len(carried) == 33_755
    assert carried["value"].notna().all()
    assert carried["value"].sum() == pytest.approx(61_768_942 - 27_415 - 13_886, rel=1e-12)
    luton = england["lookup"].loc[england["lookup"]["LAD24CD"] == "E06000032", "LSOA21CD"]
    old = fit.loc[fit["lsoa21cd"].isin(luton), "lsoa11cd"].unique()
    assert lists.loc[lists["lsoa11cd"].isin(old), "patients"].sum() == 257_591
    assert carried["value"].reindex(luton).sum() == pytest.approx(257_591, rel=1e-12)
    assert carried.loc[luton, "grade"].eq("modelled").mean() < 0.2


def test_diabetes_carried_home_agrees_with_a_second_route(england):
    lists, rates = england["lists"], england["qof"]["dm_share"]
    residents = england["2011"]["all_ages"] if "all_ages" in england["2011"] else england["2011"].sum(axis=1)
    table = practice_to_neighbourhood(lists, rates, residents).table
    for code in table.index[:: len(table) // 20]:
        here = lists[lists["lsoa11cd"] == code].merge(rates.rename("rate").reset_index(), on="practice_code")
        assert table.loc[code, "value"] == pytest.approx(np.average(here["rate"], weights=here["patients"]))
    assert 0.05 < table["value"].mean() < 0.1
    assert table["value"].std() < rates.std()  # it smooths towards practice means
    assert table["hidden"].mean() < 0.01
    assert table["known_share"].mean() > 0.98
