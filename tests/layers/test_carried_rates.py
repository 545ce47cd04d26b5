"""GP figures carried home all at once (methods M6, M11): a sum by hand, laws, and the figure-by-figure route."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.lookups import read_exact_fit
from geodata.population import read_mid2022
from geodata.registrations import read_qof, read_registrations
from geodata.tables import read_table
from layers.apportion import practice_to_neighbourhood, to_2021
from layers.carried_rates import CarriedRates, carry_rates, link_weights
from layers.coverage import coverage_note, flagged, hidden

OLD = ["E01000001", "E01000002", "E01000003"]  # areas of 2011
NEW = pd.Index(["E01000001", "E01033770", "E01033771"], name="lsoa21cd")
# E01000001 is unchanged but for what merges into it; E01000003 is split into two.
FIT = pd.DataFrame(
    {
        "lsoa11cd": ["E01000001", "E01000002", "E01000003", "E01000003"],
        "lsoa21cd": ["E01000001", "E01000001", "E01033770", "E01033771"],
    }
)
CENSUS = pd.Series([900.0, 100.0, 300.0], index=NEW)
ROWS = [
    ("G1", "E01000001", 600.0), ("G2", "E01000001", 200.0), ("G1", "E01000002", 100.0), ("G2", "E01000003", 400.0),
    ("G3", "E01000003", 40.0), ("G1", "W01000001", 30.0), ("G2", "NO2011", 8.0), ("G9", "E01000009", 5.0),
]  # fmt: skip
REGISTERED = pd.DataFrame(ROWS, columns=["practice_code", "lsoa11cd", "patients"])
RATES = pd.DataFrame({"dm": [0.10, 0.05, np.nan], "mh": [0.01, 0.02, 0.5]}, index=["G1", "G2", "G3"])
RESIDENTS = pd.Series([1000.0, 100.0, 700.0], index=NEW)


@pytest.fixture
def carried() -> CarriedRates:
    return carry_rates(REGISTERED, RATES, RESIDENTS, link_weights(FIT, CENSUS))


def test_weights_of_a_split_area_follow_census_residents() -> None:
    weights = link_weights(FIT, CENSUS)
    assert weights["weight"].tolist() == [1.0, 1.0, 0.25, 0.75]


def test_rates_by_hand(carried: CarriedRates) -> None:
    # First area: 700 patients of G1 and 200 of G2: (700 x 0.10 + 200 x 0.05) / 900 = 80 / 900.
    assert carried.values["dm"].iloc[0] == pytest.approx(80 / 900, abs=1e-12)
    assert carried.registration["patients"].tolist() == [900.0, 110.0, 330.0]
    # The split area has 400 of G2 and 40 of G3, which has no rate: 0.05 over the 400 alone, in both parts.
    assert carried.values["dm"].iloc[1] == pytest.approx(0.05, rel=1e-12)
    assert carried.known_share["dm"].iloc[1] == pytest.approx(400 / 440, rel=1e-12)
    assert carried.values["mh"].iloc[1] == pytest.approx((400 * 0.02 + 40 * 0.5) / 440, abs=1e-12)


def test_the_parts_of_a_split_area_tie() -> None:
    # Both parts of E01000003 have the patients of one area, in other numbers: one rate, to the last digit.
    for left in range(1, 200, 7):
        census = pd.Series([900.0, float(left), 300.0], index=NEW)
        found = carry_rates(REGISTERED, RATES, RESIDENTS * 0 + 1.0, link_weights(FIT, census))
        assert (found.values.iloc[1] == found.values.iloc[2]).all(), left


def test_coverage_effective_practices_and_what_is_hidden_by_hand(carried: CarriedRates) -> None:
    table = carried.registration
    assert table["coverage"].tolist() == pytest.approx([0.9, 1.1, 330 / 700], rel=1e-12)
    assert table["effective_practices"].tolist()[:2] == pytest.approx(
        [900**2 / (700**2 + 200**2), 440**2 / (400**2 + 40**2)], rel=1e-12
    )
    assert table["hidden"].tolist() == [False, False, True], "330 of 700 are fewer than half"
    assert carried.values.iloc[2].isna().all()
    assert table["flagged"].tolist() == [False, False, True]


def test_every_patient_is_accounted_for(carried: CarriedRates) -> None:
    assert carried.persons == {"all": 1383.0, "placed": 1340.0, "without_area": 8.0, "abroad": 35.0}
    assert carried.account(NEW[:1]) == {
        "practices": 2.0, "all": 1338.0, "inside": 900.0, "elsewhere": 400.0, "abroad": 30.0, "without_area": 8.0,
    }  # fmt: skip
    whole = carried.account(NEW)
    assert whole["inside"] + whole["elsewhere"] + whole["abroad"] + whole["without_area"] == whole["all"]


def test_registrations_by_areas_of_2021_need_no_links() -> None:
    now = pd.DataFrame({"practice_code": ["G1"], "lsoa21cd": ["E01033770"], "patients": [90.0]})
    found = carry_rates(now, RATES, RESIDENTS)
    assert found.registration["patients"].tolist() == [0.0, 90.0, 0.0]
    assert found.values["dm"].iloc[1] == 0.10
    assert found.values["dm"].iloc[[0, 2]].isna().all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rates": pd.concat([RATES, RATES])}, "practice G1 is there twice"),
        ({"links": None}, "need the links to those of 2021"),
        ({"residents": pd.Series([1.0], index=["E01000077"])}, "are the codes of the same year?"),
    ],
)
def test_what_cannot_be_carried_is_refused(change: dict[str, object], says: str) -> None:
    given = {"rates": RATES, "residents": RESIDENTS, "links": link_weights(FIT, CENSUS)} | change
    with pytest.raises(ValueError, match=says):
        carry_rates(REGISTERED, **given)


def test_an_area_that_is_not_held_is_left_out_and_its_patients_live_abroad() -> None:
    links = link_weights(FIT, CENSUS[["E01000001"]])
    assert links["lsoa11cd"].tolist() == ["E01000001", "E01000002"]
    found = carry_rates(REGISTERED, RATES, RESIDENTS[["E01000001"]], links)
    assert found.persons == {"all": 1383.0, "placed": 900.0, "without_area": 8.0, "abroad": 475.0}


def test_links_that_double_patients_are_noticed() -> None:
    links = link_weights(FIT, CENSUS).assign(weight=[1.0, 1.0, 0.25, 1.5])
    with pytest.raises(AssertionError, match="lost or doubled"):
        carry_rates(REGISTERED, RATES, RESIDENTS, links)


def test_a_split_area_without_known_residents_is_refused() -> None:
    with pytest.raises(ValueError, match="residents of E01033771 in 2021 are not known"):
        link_weights(FIT, CENSUS.drop("E01033771"))


PRACTICES = [f"G{k}" for k in range(4)]
Drawn = tuple[list[list[int]], list[float | None], list[int]]
cases = st.tuples(
    st.lists(st.lists(st.integers(0, 400), min_size=3, max_size=3), min_size=4, max_size=4).filter(
        lambda rows: any(map(any, rows))
    ),
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=4, max_size=4),
    st.lists(st.integers(1, 500), min_size=3, max_size=3),
)


def carried_from(case: Drawn) -> tuple[CarriedRates, pd.DataFrame, pd.Series, pd.Series]:
    """Carry a drawn case, with so few residents that nothing is hidden."""
    counts, rates, census = case
    pairs = [
        (practice, area, float(count))
        for practice, row in zip(PRACTICES, counts, strict=True)
        for area, count in zip(OLD, row, strict=True)
    ]
    registered = pd.DataFrame(pairs, columns=["practice_code", "lsoa11cd", "patients"])
    values = pd.Series([np.nan if rate is None else rate for rate in rates], index=PRACTICES)
    people = pd.Series(np.array(census, dtype=float), index=NEW)
    found = carry_rates(registered, values.to_frame("rate"), people * 0 + 1e-3, link_weights(FIT, people))
    return found, registered, values, people


@settings(max_examples=350)  # of three areas each: more than 1,000 cases
@given(case=cases)
def test_laws_and_the_sums_written_out(case: Drawn) -> None:
    counts, rates, (_, left, right) = case
    found = carried_from(case)[0]
    table = found.registration
    assert table["patients"].sum() == pytest.approx(sum(map(sum, counts)))
    effective = table["effective_practices"].dropna()
    assert ((effective >= 1 - 1e-12) & (effective <= 4 + 1e-9)).all()
    shares = ([1.0, 1.0, 0.0], [0.0, 0.0, left / (left + right)], [0.0, 0.0, right / (left + right)])
    for area, share in enumerate(shares):
        living = [sum(n * s for n, s in zip(row, share, strict=True)) for row in counts]
        known = [(n, rate) for n, rate in zip(living, rates, strict=True) if rate is not None and n > 0]
        value = found.values["rate"].iloc[area]
        if not known:
            assert np.isnan(value), "nobody at a practice that has the rate: unknown, not zero"
            continue
        wanted = sum(n * rate for n, rate in known) / sum(n for n, _ in known)
        assert value == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        assert min(rate for _, rate in known) - 1e-12 <= value <= max(rate for _, rate in known) + 1e-12
        assert table["effective_practices"].iloc[area] == pytest.approx(sum(living) ** 2 / sum(n * n for n in living))


@settings(max_examples=30)
@given(case=cases)
def test_the_same_as_one_figure_at_a_time_over_areas_of_2011_and_then_2021(case: Drawn) -> None:
    found, registered, values, people = carried_from(case)
    one = practice_to_neighbourhood(registered, values, pd.Series(1e-3, index=OLD)).table
    among = (one["known_share"] * one["patients"]).where(one["value"].notna())
    fit = FIT.assign(chgind="")
    both = to_2021(one["value"].fillna(0), fit, people, kind="rate", denominators=among.fillna(0))["value"]
    assert np.allclose(both, found.values["rate"], rtol=1e-9, atol=1e-12, equal_nan=True)


def test_hidden_below_half_and_doubtful_outside_three_quarters_to_five_quarters() -> None:
    coverage = np.array([0.499, 0.5, 0.749, 0.75, 1.25, 1.251, np.nan])
    assert hidden(coverage).tolist() == [True, False, False, False, False, False, True]
    assert flagged(coverage).tolist() == [True, True, True, False, False, True, True]
    assert coverage_note(1.0) == ""
    words = "patients are registered for every 100 residents"
    assert coverage_note(0.4) == f"GP figures: fewer than 50 {words}, too few to show any"
    assert coverage_note(0.6) == f"GP figures: fewer than 75 {words}, so read them with care"
    assert coverage_note(1.3) == f"GP figures: more than 125 {words}, so read them with care"
    assert [coverage_note(edge) for edge in (0.75, 1.25)] == ["", ""]
    assert "not known" in coverage_note(float("nan"))


@pytest.mark.realdata
def test_england_is_carried_as_one_figure_at_a_time_and_nobody_is_lost(sources_dir: Path) -> None:
    registered = read_registrations(
        sources_dir / "indicators/gp-reg-pat-prac-lsoa-all_england_2022-07.parquet", vintage=None
    ).table
    rates = read_qof(sources_dir / "indicators/qof_2021-22_prevalence_by_practice.csv").table[["dm_share", "mh_share"]]
    fit = read_exact_fit(sources_dir / "geography/lsoa11_lsoa21_exact_fit_lookup_england.csv.gz").table
    residents = read_mid2022(sources_dir / "population/lsoa21_mid2022_population_census2021_households.csv.gz").table[
        "population"
    ]
    census = read_table(
        sources_dir / "population/lsoa21_census2021_age_six_bands.csv.gz", {"all": "All usual residents"}
    ).table["all"]
    found = carry_rates(registered, rates, residents, link_weights(fit, census))
    assert found.persons == {"all": 61_768_942.0, "placed": 61_727_641.0, "without_area": 27_415.0, "abroad": 13_886.0}
    assert found.registration["hidden"].sum() == 36
    everywhere = pd.Series(1.0, index=fit["lsoa11cd"].drop_duplicates())
    one = practice_to_neighbourhood(registered, rates["dm_share"], everywhere).table
    among = one["known_share"] * one["patients"]
    wanted = to_2021(one["value"], fit, census, kind="rate", denominators=among)["value"]
    shown = found.values["dm_share"].dropna()
    assert len(shown) == 33_755 - 36
    assert (shown - wanted[shown.index]).abs().max() < 1e-12
