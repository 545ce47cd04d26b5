"""Is a resource as steep as need: known slopes found again, one figure for page, JSON and command, nothing circular."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from layers.inequality import proportionality_ratio
from layers.proportionality import proportionality_of
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.inequalities import inequality
from service.measures.inequality_words import sentences
from service.measures.proportionality import finite, proportionality, proportionality_answer, usable_outcomes, why_not
from service.pages.proportionality import _row
from service.queries import BadQuery
from tests.service.conftest import Served

VIEW = View("demo")
OUTCOME = "household_deprived_share"
ADDRESS = "/api/v1/places/demo/proportionality?resource={}&outcome={}"


def run(*words: object, exit_code: int = 0) -> Result:
    names = [name for name in os.environ if name.startswith("EVENREACH_")]
    result = CliRunner().invoke(app, list(map(str, words)), env=dict.fromkeys(names), terminal_width=200)
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    return result


def bring(store: Path, folder: Path, name: str, amounts: np.ndarray, codes: list[str], *declared: str) -> None:
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("lsoa21cd", "amount"), *zip(codes, amounts.tolist(), strict=True)])
    facts = [part for text in (*declared, "period=2024", "source=own") for part in ("--declare", text)]
    run("import", "demo", path, "--as", "resource", "--name", name, "--store", store, *facts)


@pytest.fixture(scope="module")
def store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo borough with resources whose slope along need is known."""
    folder = tmp_path_factory.mktemp("resources")
    store = Path(shutil.copytree(demo_store, folder / "store"))
    edition = open_edition(store, "demo")
    position, people = score(edition, VIEW).need_position, edition.population()
    outcome = edition.indicator_values(OUTCOME)
    codes = edition.codes.tolist()
    places = ("unit=pounds", "about=places")
    bring(store, folder, "level", 20 * people, codes, *places)
    bring(store, folder, "upside-down", (30 - 20 * position) * people, codes, *places)
    bring(store, folder, "like-need", 1000 * outcome * people, codes, *places)
    bring(store, folder, "dialled", (10 + 90 * position) * people, codes, *places)
    bring(store, folder, "people-met", np.where(np.arange(120) < 9, 3, 20), codes, "unit=people", "about=people")
    bring(store, folder, "people-seen", np.arange(120) % 30, codes, "unit=people", "about=people")
    return store


@pytest.fixture(scope="module")
def edition(store: Path) -> Edition:
    return open_edition(store, "demo")


@pytest.fixture(scope="module")
def served(store: Path) -> Iterator[Served]:
    opened = Served(store)
    yield opened
    opened.close()


# Known slopes


@pytest.mark.parametrize(
    ("resource", "rii", "verdict"),
    [
        ("level", 1.0, "too flat"),
        ("upside-down", 1 / 3, "inverse care"),
        ("like-need", None, "proportionate"),
        ("dialled", 10.0, "steeper than need"),
    ],
)
def test_a_slope_that_was_put_in_is_found(edition, resource, rii, verdict):
    found = proportionality(edition, VIEW, resource, OUTCOME).ratio
    assert found is not None
    if rii is not None:
        assert found.resource.rii == pytest.approx(rii, rel=1e-6)
    else:
        assert found.ratio == pytest.approx(1)
    assert found.verdict == verdict
    assert found.words.startswith(verdict.capitalize())


def test_the_figures_are_those_of_the_method(edition):
    """The same through tables with labels, with people and need taken from the scores."""
    scores = score(edition, VIEW)
    series = [
        pd.Series(values, index=edition.codes)
        for values in (
            edition.indicator_values("dialled"), edition.indicator_values(OUTCOME),
            scores.need_position, scores.eligible,
        )
    ]  # fmt: skip
    again = proportionality_ratio(*series)
    found = proportionality(edition, VIEW, "dialled", OUTCOME).ratio
    assert found is not None
    assert replace(found, fifths=again.fifths) == again  # need fifths come from counts here


def test_plain_arrays_name_what_is_wrong():
    one = np.arange(40.0)
    with pytest.raises(ValueError, match=r"^3 has -1; a ratio needs values of zero or more"):
        proportionality_of(np.where(one == 2, -1, one), one, (one + 0.5) / 40, np.ones(40))


# Never circular


def test_need_is_taken_without_the_outcome_and_without_access(edition):
    view = View("demo", focus="building-blocks")
    found = proportionality(edition, view, "level", OUTCOME)
    assert [part["indicator"] for part in found.need.left_out] == [OUTCOME]
    assert any("it is the measure itself" in note for note in found.notes)
    near = View("demo", focus="best-start")
    left_out = proportionality(edition, near, "level", "rented_share").need.left_out
    assert "family_hub_walk_min" in {part["indicator"] for part in left_out}


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        ("income_rank", "It is a rank"),
        ("housing_affordability", "It is an index"),
        ("family_hub_walk_min", "access is not an outcome"),
        ("dialled", "It is a resource"),
        ("nothing", "no indicator"),
    ],
)
def test_what_cannot_be_an_outcome_is_refused(edition, outcome, why):
    with pytest.raises(BadQuery, match=why) as refusal:
        proportionality(edition, VIEW, "level", outcome)
    assert refusal.value.parameter == "outcome"
    assert OUTCOME in refusal.value.hint


def test_only_a_resource_is_held_against_an_outcome(edition):
    with pytest.raises(BadQuery, match="resource is 'rented_share'"):
        proportionality(edition, VIEW, "rented_share", OUTCOME)


def test_usable_outcomes_have_a_true_zero(edition):
    usable = usable_outcomes(edition)
    assert OUTCOME in usable
    assert not [name for name in usable if edition.indicators[name]["unit"].startswith(("rank", "index", "minutes"))]
    assert {name for name in edition.indicators if why_not(edition, name) == ""} == set(usable)


@pytest.mark.parametrize(("focus", "why"), [("core", "the need itself"), ("best-start", "no true zero")])
def test_a_need_score_is_no_outcome(edition, focus, why):
    with pytest.raises(BadQuery, match=why) as refusal:
        proportionality(edition, VIEW, "dialled", focus)
    assert refusal.value.parameter == "outcome"


def test_need_fifths_of_the_outcome_are_summed_again_as_inequality_does(edition):
    found = proportionality(edition, VIEW, "level", OUTCOME)
    assert edition.indicator_counts(OUTCOME) is not None
    fifths = inequality(edition, VIEW, OUTCOME).fifths
    assert found.ratio.fifths == pytest.approx(fifths[4].value / fifths[0].value)
    assert any("summed again from counts" in note for note in found.notes)


# Honest about small places and small counts


def test_too_few_neighbourhoods_give_no_verdict(edition):
    team = edition.footprints("team")[0]["name"]
    found = proportionality(edition, View("demo", within=f"team:{team}"), "level", OUTCOME)
    assert found.ratio is not None
    assert found.ratio.verdict is None
    assert any("there are no limits, so no verdict" in note for note in found.notes)


def test_one_neighbourhood_gives_no_ratio(edition):
    code = edition.footprints("msoa")[0]["code"]
    answer = proportionality_answer(proportionality(edition, View("demo", within=f"msoa:{code}"), "level", OUTCOME))
    assert (answer["ratio"], answer["verdict"], answer["neighbourhoods"]) == (None, None, 0)
    assert answer["words"].startswith("No ratio can be given")


def test_counts_that_are_not_shown_are_stood_in_for_and_it_is_said(edition):
    found = proportionality(edition, VIEW, "people-met", OUTCOME)
    assert found.ratio is not None
    assert found.ratio.resource.units == 120
    assert any("4 stands in for a count that is not shown" in note for note in found.notes)


def test_a_verdict_that_would_rest_on_hidden_counts_is_withheld(edition):
    found = proportionality(edition, VIEW, "people-seen", OUTCOME)
    assert found.ratio is None
    assert "28 of 120 neighbourhoods rest on a count that is not shown" in found.problem
    assert "withheld" in proportionality_answer(found)["words"]
    seen = inequality(edition, VIEW, "people-seen")
    assert (seen.slope, seen.direction, seen.concentration, seen.everyone) == (None, "unclear", None, None)
    assert seen.gap.absolute is None
    assert [row.value for row in seen.fifths] == [None] * 5
    assert {group.value for kind in seen.groups for group in kind.groups} == {None}
    assert "withheld" in sentences(seen)[0]


def test_limits_without_end_are_none():
    assert finite({"a": [float("inf"), 1.5], "b": float("nan")}) == {"a": [None, 1.5], "b": None}


# One figure in all three


def test_command_json_and_page_give_the_same_figure(store, served, edition):
    by_json = served.json(ADDRESS.format("dialled", OUTCOME))
    words = ("proportionality", "demo", "--resource", "dialled", "--outcome", OUTCOME, "--store", store)
    by_command = json.loads(run(*words, "--json").stdout)
    assert by_command == by_json
    page = served.get("/indicators/dialled?place=demo").text
    assert by_json["words"] in page or f"{by_json['ratio']:.2f}" in page
    row = next(row for row in edition.own.overview("dialled") if row["outcome"] == OUTCOME)
    assert (row["ratio"], row["lower"], row["upper"]) == tuple(by_json[key] for key in ("ratio", "lower", "upper"))
    text = run(*words).stdout
    assert by_json["words"] in text.replace("\n", " ")
    assert f"{by_json['ratio']:.2f}" in text
    assert run(*words, "--quiet").output == ""


def test_a_resource_has_most_and_least_of_itself_not_of_need(served):
    page = served.get("/indicators/level?place=demo").text
    assert "1 (most)" in page
    assert "most need)" not in page
    assert "worst fifth" not in page
    assert "1 (most need)" in served.get(f"/indicators/{OUTCOME}?place=demo").text


def test_perhaps_inverse_care_stands_on_the_page_of_the_resource():
    row = {
        "outcome": "x",
        "name": "X",
        "verdict": "inverse care",
        "words": "",
        "lower": 0.2,
        "upper": 0.9,
        "ratio": 0.4,
    }
    row |= {"resource_rii": 0.8, "outcome_rii": 2.0, "fifths": 0.5}
    assert _row(row | {"perhaps": True})["verdict"].startswith("Perhaps inverse care")
    assert _row(row | {"perhaps": False})["verdict"].startswith("Inverse care")


def test_the_answer_carries_edition_method_and_attribution(served, edition):
    answer = served.get(ADDRESS.format("level", OUTCOME))
    found = answer.json()
    assert found["edition"] == edition.id
    assert {"method", "attribution", "resource_index", "outcome_index", "need_without", "notes"} <= set(found)
    assert "rho" not in found
    again = served.get(ADDRESS.format("level", OUTCOME), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("resource=level", 422, "outcome"),
        (f"outcome={OUTCOME}", 422, "resource"),
        (f"resource=none&outcome={OUTCOME}", 422, "resource"),
        ("resource=level&outcome=income_rank", 422, "outcome"),
        (f"resource=level&outcome={OUTCOME}&rho=3", 422, "rho"),
        (f"resource=Level!&outcome={OUTCOME}", 422, "resource"),
        (f"resource=level&outcome={OUTCOME}&within=ward:E05000000", 404, "within"),
        (f"resource=level&outcome={OUTCOME}&focus=none", 404, "focus"),
    ],
)
def test_a_bad_question_is_answered_with_what_is_wrong(served, query, status, parameter):
    answer = served.get(f"/api/v1/places/demo/proportionality?{query}")
    assert (answer.status_code, answer.json().get("parameter")) == (status, parameter)
    assert answer.headers["content-type"] == "application/problem+json"


def test_bad_words_of_the_command(store):
    words = ("proportionality", "demo", "--store", store)
    assert "cannot be the outcome" in run(*words, "--resource", "level", "--outcome", "rank", exit_code=1).stderr
    assert "Resources here:" in run(*words, "--resource", "none", "--outcome", OUTCOME, exit_code=1).stderr
    run(*words, exit_code=2)


def test_a_large_place_is_compared_in_the_workshop(served, edition, monkeypatch):
    monkeypatch.setattr(Edition, "large", property(lambda self: True))
    found = served.json(ADDRESS.format("upside-down", "rented_share"))
    monkeypatch.undo()
    assert served.app.state.workshop.process_ids
    assert found == json.loads(json.dumps(proportionality_answer(
        proportionality(edition, VIEW, "upside-down", "rented_share")
    )))  # fmt: skip


def test_the_page_of_an_indicator_says_nothing_of_proportion(served):
    assert "Is it as steep as need?" not in served.get("/indicators/rented_share?place=demo").text
