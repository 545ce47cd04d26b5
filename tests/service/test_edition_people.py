"""People behind the figures of an edition: as published, cut to the place, and GP lists with what they rest on."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import geodata.demo
from geodata.errors import BadJoin, UnknownFocus, UnknownGroups
from service.building.carried_home import EXACT_FIT, REGISTRATIONS
from service.building.prepare import build
from service.editions.edition import Edition, open_edition
from service.editions.people import need_kind
from service.editions.scoring import score
from service.editions.views import View
from service.pages.gp_figures import SMOOTHED, gp_place_words, gp_words

FILES = Path(geodata.demo.__file__).parent / "files"
LISTS = "indicators/gp-reg-pat-prac-lsoa-all_demo_2022-07.csv"
GP = "gp_diabetes_share"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def published(name: str, key: str) -> dict[str, dict[str, str]]:
    with (FILES / name).open(encoding="utf-8", newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def number(text: str) -> float:
    return float(text) if text else np.nan


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("income", "income_domain_numerator"),
        ("idaci", "income_deprivation_affecting_children_index_idaci_numerator"),
        ("idaopi", "income_deprivation_affecting_older_people_index_idaopi_numerator"),
    ],
)
def test_people_in_need_are_those_published(edition: Edition, kind: str, column: str) -> None:
    rows = published("deprivation/iod2025_underlying_indicators_lsoa21.csv", "LSOA21CD")
    wanted = [number(rows[code][column]) for code in edition.codes.tolist()]
    assert np.array_equal(edition.in_need(kind), wanted, equal_nan=True)


def test_the_kind_of_need_follows_the_ages_of_the_focus(edition: Edition) -> None:
    assert [need_kind(ages) for ages in (None, [0, 4], [0, 17], [0, 18], [18, 120], [59, 120], [60, 120])] == [
        "income", "idaci", "idaci", "income", "income", "income", "idaopi",
    ]  # fmt: skip
    people, kind = edition.in_need_for("best-start")
    assert kind == "idaci"
    assert np.isnan(people).sum() == 8, "held back in eight neighbourhoods, and so unknown"
    assert edition.in_need_for("age-well")[1] == "idaopi"
    with pytest.raises(UnknownFocus):
        edition.in_need_for("no-such-focus")
    with pytest.raises(UnknownGroups, match="income, idaci, idaopi"):
        edition.in_need("teeth")


def test_groups_are_those_of_the_census(edition: Edition) -> None:
    rows = published("population/lsoa21_census2021_ethnic_group.csv", "LSOA21CD")
    people = edition.group_people("ethnic_group")
    (facts,) = [kind for kind in edition.group_kinds() if kind["kind"] == "ethnic_group"]
    assert [group["id"] for group in facts["groups"]] == list(people) == ["asian", "black", "mixed", "white", "other"]
    assert facts["level"] == "lsoa"
    assert people["white"].tolist() == [float(rows[code]["White"]) for code in edition.codes.tolist()]
    assert sum(people.values()).tolist() == [float(rows[code]["Total"]) for code in edition.codes.tolist()]
    with pytest.raises(UnknownGroups, match="ethnic_group, disability, english_proficiency"):
        edition.group_people("shoe_size")


def test_english_of_an_msoa_adds_up_over_its_neighbourhoods(edition: Edition) -> None:
    rows = published("population/msoa21_census2021_english_proficiency.csv", "MSOA21CD")
    people = edition.group_people("english_proficiency")
    (facts,) = [kind for kind in edition.group_kinds() if kind["kind"] == "english_proficiency"]
    assert facts["level"] == "msoa"
    assert "cannot tell them apart" in facts["note"]
    header = "Main language is not English (English or Welsh in Wales): Cannot speak English well"
    for entry in edition.footprints("msoa"):
        inside = edition.rows_within(f"msoa:{entry['code']}")
        assert people["english_not_well"][inside].sum() == pytest.approx(float(rows[entry["code"]][header])), entry


def test_a_share_is_its_count_over_its_denominator(edition: Edition) -> None:
    counted = [name for name in edition.indicators if edition.indicator_counts(name) is not None]
    assert set(counted) == {
        "overcrowded_share", "household_deprived_share", "rented_share", "disabled_share", "older_share",
        "aged_75_share", "aged_85_share", "private_rented_share", "young_adult_share",
    }  # fmt: skip
    for name in counted:
        count, among = edition.indicator_counts(name) or (np.nan, np.nan)
        assert np.allclose(count / among, edition.indicator_values(name), rtol=1e-12), name
    assert edition.indicator_counts(GP) is None, "an apportioned rate has no count of its own"


# GP figures


def test_coverage_and_practices_of_a_neighbourhood_from_the_published_rows(edition: Edition) -> None:
    with (FILES / LISTS).open(encoding="utf-8", newline="") as file:
        patients = {
            row["PRACTICE_CODE"]: float(row["NUMBER_OF_PATIENTS"])
            for row in csv.DictReader(file)
            if row["LSOA_CODE"] == "E01900002"
        }
    qof = published("indicators/qof_2021-22_prevalence_by_practice.csv", "OrganisationCode")
    row, lists = edition.row("E01900002"), edition.registration
    assert lists is not None
    total = sum(patients.values())
    assert lists.patients[row] == total
    assert lists.coverage[row] == pytest.approx(total / edition.population()[row], rel=1e-12)
    assert lists.effective_practices[row] == pytest.approx(total**2 / sum(n * n for n in patients.values()), rel=1e-12)
    known = {code: n for code, n in patients.items() if code in qof}
    mean = sum(n * float(qof[code]["DM-prevalence"]) for code, n in known.items()) / sum(known.values())
    assert edition.indicator_values(GP)[row] == pytest.approx(mean, abs=1e-12)


def test_every_registered_patient_is_accounted_for(edition: Edition) -> None:
    with (FILES / LISTS).open(encoding="utf-8", newline="") as file:
        rows = [(row["LSOA_CODE"], float(row["NUMBER_OF_PATIENTS"])) for row in csv.DictReader(file)]
    persons = edition.registration.persons
    assert persons["all"] == sum(count for _, count in rows)
    assert persons["abroad"] == sum(count for code, count in rows if code.startswith("W")) > 0
    assert persons["without_area"] == sum(count for code, count in rows if code == "NO2011") > 0
    lists = edition.registration.lists
    assert lists["inside"] == pytest.approx(edition.registration.patients.sum())
    assert lists["all"] == pytest.approx(sum(lists[part] for part in ("inside", "elsewhere", "abroad", "without_area")))
    assert edition.report["registrations"]["persons"] == persons


def test_doubtful_figures_are_flagged_wherever_the_focus_uses_them(edition: Edition) -> None:
    lists = edition.registration
    (doubtful,) = np.flatnonzero((lists.coverage > 1.25) | (lists.coverage < 0.75))
    with_gp, without = score(edition, View("demo", "mental-health")), score(edition, View("demo", "core"))
    words = "more than 125 patients are registered for every 100 residents, so read them with care"
    assert words in with_gp.note[doubtful]
    assert "129.8 are registered for every 100" in gp_words(edition, View("demo", "mental-health"), int(doubtful))
    assert sum(note != "" for note in with_gp.note) == 1
    assert not any(without.note)
    assert set(with_gp.grade) == {"apportioned"} or "modelled" in with_gp.grade
    assert SMOOTHED in gp_words(edition, View("demo", "mental-health"), 0)
    assert gp_words(edition, View("demo", "core"), 0) == ""
    words = gp_place_words(edition)
    assert words[0].startswith(
        "Carried over from 13 practices that have any patient in Aldermouth. Of the 234,050 people"
    )
    assert words[-1].startswith("Doubtful in 1, where")


def test_pages_say_whose_patients_the_figures_rest_on(served: Any) -> None:
    for address in (f"/indicators/{GP}?place=demo", "/sources?place=demo"):
        page = served.get(address)
        assert page.status_code == 200, address
        assert "13 practices that have any patient in Aldermouth" in page.text, address
    assert "Carried over from GP practices" not in served.get("/indicators/rented_share?place=demo").text
    assert SMOOTHED in served.get("/places/demo/neighbourhoods/E01900002?focus=mental-health").text


def rebuilt(folder: Path, store: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Edition:
    """Build the demo from files whose list of patients was changed."""
    path = folder / LISTS
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    header = list(rows[0])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(change(rows))
    build("demo", sources=folder, store=store, offline=True)
    return open_edition(store, "demo")


@pytest.mark.usefixtures("few_draws")
def test_where_too_few_are_registered_nothing_is_shown_and_the_rest_stands(
    demo_copy: Path, tmp_path: Path, edition: Edition, serve: Callable[[Path], Any]
) -> None:
    gone = "E01900002"

    def thin(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"NUMBER_OF_PATIENTS": "3"} if row["LSOA_CODE"] == gone else row for row in rows]

    changed = rebuilt(demo_copy, tmp_path / "store", thin)
    row = changed.row(gone)
    assert changed.registration.coverage[row] < 0.5
    values, before = changed.indicator_values(GP), edition.indicator_values(GP)
    assert np.isnan(values[row])
    others = np.arange(changed.count) != row
    assert np.array_equal(values[others], before[others])
    for focus in ("long-term-conditions", "mental-health", "age-well"):
        scores = score(changed, View("demo", focus))
        assert np.isfinite(scores.need_score[row]), "at least two thirds of the weight is still known"
        assert "too few to show any" in scores.note[row]
        assert "Recorded" in scores.note[row]
    answer = serve(tmp_path / "store").json(f"/api/v1/places/demo/neighbourhoods/{gone}?focus=mental-health")
    assert answer["registration"]["coverage"] < 0.5
    assert answer["registration"]["note"].endswith("too few to show any")
    page = serve(tmp_path / "store").get(f"/places/demo/neighbourhoods/{gone}?focus=mental-health").text
    assert "too few to show any" in page


@pytest.mark.usefixtures("few_draws")
def test_registrations_by_areas_of_2021_are_carried_without_the_exact_fit(demo_copy: Path, tmp_path: Path) -> None:
    (demo_copy / "geography/lsoa11_lsoa21_exact_fit_lookup_demo.csv").unlink()

    def newer(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = [row for row in rows if row["LSOA_CODE"] < "E01900120" or not row["LSOA_CODE"].startswith("E")]
        return [row | {"LSOA_CODE": row["LSOA_CODE"].replace("NO2011", "NO2021")} for row in kept]

    changed = rebuilt(demo_copy, tmp_path / "store", newer)
    assert EXACT_FIT not in changed.manifest["sources"]
    assert REGISTRATIONS in changed.manifest["sources"]
    with (demo_copy / LISTS).open(encoding="utf-8", newline="") as file:
        listed = {row["LSOA_CODE"] for row in csv.DictReader(file)}
    known = [code in listed for code in changed.codes.tolist()]
    assert np.isfinite(changed.indicator_values(GP)).tolist() == known, "where nobody is registered nothing is known"
    assert 90 < sum(known) < 120


@pytest.mark.usefixtures("few_draws")
def test_lists_of_other_areas_are_refused_by_name(demo_copy: Path, tmp_path: Path) -> None:
    def elsewhere(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [row | {"LSOA_CODE": row["LSOA_CODE"].replace("E019", "E010")} for row in rows]

    with pytest.raises(BadJoin, match="nobody in the registrations lives in these neighbourhoods") as caught:
        rebuilt(demo_copy, tmp_path / "store", elsewhere)
    assert caught.value.file == Path(LISTS).name


def test_an_edition_from_before_these_were_kept_says_that_nothing_is_known(edition: Edition, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(edition.stored.folder, tmp_path / "old"))
    for name in ("in_need.npy", "groups.npy", "counts.npy", "registration.npy", "context.json"):
        (folder / "web" / name).unlink()
    older = open_edition(edition.stored.folder.parents[1], "demo")
    older._web = folder / "web"
    older.meta = {
        name: part for name, part in older.meta.items() if name not in ("group_kinds", "counted", "registration")
    }
    assert np.isnan(older.in_need("income")).all()
    assert older.group_kinds() == []
    assert older.indicator_counts("rented_share") is None
    assert older.registration is None
    assert older.context()["codes"] == []
    assert older.context_series("E06900001") == []
    assert gp_place_words(older) == ["No list of registered patients is held, so no figure from GP practices is shown."]
