"""Plans of sites that cannot be made: the field each reason is about, and what a build or a page says of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from layers import siting_errors
from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.queries import BadQuery
from service.siting import plans
from service.siting.closures import closures_of
from service.siting.plans import plan_sites
from service.siting.requests import SitingRequest

VIEW = View("demo")
ASKED = SitingRequest("family_hub", candidates=("library",))
API = "/api/v1/places/demo/sitings"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.mark.parametrize(
    ("reason", "field", "hint"),
    [
        ("TooManySites", "add", "fewer sites"),
        ("TooManyPairs", "capacity", "smaller area, name fewer"),
        ("NoRoomInReach", "capacity", "Let sites take more people"),
        ("OutOfReach", "candidates", "nearer to these people"),
        ("Undecided", "candidates", "fewer candidates, choose a smaller area"),
        ("NoAversion", "objective", "shortest average"),
        ("Nobody", "demand", "another focus"),
        ("NoPlan", "candidates", ""),
    ],
)
def test_each_reason_names_its_field(
    edition: Edition, monkeypatch: pytest.MonkeyPatch, reason: str, field: str, hint: str
) -> None:
    def refuse(*given: Any, **options: Any) -> None:
        raise getattr(siting_errors, reason)("everybody in reach, nobody, more sites wanted")  # words do not count

    monkeypatch.setattr(plans, "study_sites", refuse)
    with pytest.raises(BadQuery) as told:
        plan_sites(edition, VIEW, ASKED)
    assert told.value.parameter == field
    assert hint in told.value.hint
    if reason != "NoAversion":  # that one has a sentence of its own
        assert str(told.value) == "Everybody in reach, nobody, more sites wanted."


def test_a_site_outside_the_area_is_no_candidate_for_it(served: Any, edition: Edition) -> None:
    within = f"ward:{edition.footprints('ward')[0]['code']}"
    inside = set(edition.codes[edition.rows_within(within)].tolist())
    away = next(s for s in edition.sites() if s["service"] == "library" and s["lsoa21cd"] not in inside)
    body = {"service": "family_hub", "candidates": [f"site:{away['site_id']}"], "within": within}
    answer = served.ask("POST", API, json=body)
    assert answer.status_code == 422, answer.text[:200]
    assert answer.json()["parameter"] == "candidates"


def test_candidates_out_of_reach_are_refused_with_who_reaches_none(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.siting import questions

    measured = questions.minutes_to

    def cut_off(*given: Any) -> Any:
        found = measured(*given)
        found[0] = float("inf")
        return found

    monkeypatch.setattr(questions, "minutes_to", cut_off)
    code = str(edition.codes[0])
    with pytest.raises(BadQuery, match=rf"in reach of {code} \(1 neighbourhoods") as told:
        plan_sites(edition, VIEW, ASKED)
    assert told.value.parameter == "candidates"
    assert plan_sites(edition, VIEW, SitingRequest("family_hub", ("library",), objective="coverage"))["after"][
        "covered"
    ]


def test_where_none_stands_there_is_none_to_close(edition: Edition) -> None:
    held = {site["lsoa21cd"] for site in edition.sites() if site["service"] == "family_hub"}
    empty = next(
        f"ward:{ward['code']}"
        for ward in edition.footprints("ward")
        if not held & set(edition.codes[edition.rows_within(f"ward:{ward['code']}")].tolist())
    )
    with pytest.raises(BadQuery, match="No site of this service stands in the area") as told:
        closures_of(edition, View("demo", within=empty), ASKED)
    assert told.value.parameter == "service"


def test_the_only_site_that_closes_leaves_everybody_without(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.siting import questions

    gather = questions.options
    monkeypatch.setattr(
        questions, "options", lambda *given: ([s for s in gather(*given)[0] if s.role == "closable"][:1], [])
    )
    monkeypatch.setattr(questions, "_check_number", lambda *given: None)
    found = closures_of(edition, VIEW, ASKED)
    (row,) = found["rows"]
    assert row["mean_min"] is None
    assert row["longer"] == round(edition.population().sum())
    assert row["lost"] > 0


def test_a_refused_postcode_keeps_the_focus_of_the_service(served: Any) -> None:
    form = {"state": "service=family_hub", "postcode": "LU1 2TL"}
    answer = served.ask("POST", "/places/demo/siting/points", data=form)
    assert answer.status_code == 422
    assert '<option value="best-start" selected>' in answer.text
    kept = served.ask("POST", "/places/demo/siting/points", data=form | {"state": "service=family_hub&focus=core"})
    assert '<option value="best-start" selected>' not in kept.text


def test_the_cheap_check_comes_before_the_routes(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.siting import questions

    monkeypatch.setattr(questions, "minutes_to", lambda *given: pytest.fail("routed before it was checked"))
    with pytest.raises(BadQuery, match="More sites are wanted than there are candidates"):
        plan_sites(edition, VIEW, SitingRequest("family_hub", ("library",), add=30))


def test_people_of_a_site_are_at_most_what_an_address_carries(served: Any) -> None:
    body = {"service": "family_hub", "candidates": ["library"]}
    held = served.ask("POST", API, json=body | {"capacity": {"each": 999_999_999}})
    assert held.status_code == 200, held.text[:200]
    over = served.ask("POST", API, json=body | {"capacity": {"each": 1_000_000_000}})
    assert over.status_code == 422
    assert over.json()["parameter"].startswith("capacity")
    assert re.search("less than or equal to 999999999", over.json()["detail"])
