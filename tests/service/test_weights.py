"""Weights of a reader's own, and focuses of a user's own: read strictly, honoured everywhere, second routes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from geodata.definitions import own_focuses, read_focus
from geodata.errors import BadDefinition
from layers.shrinkage import shrink_to_council
from service.building.prepare import build
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.editions.weights import check_weights, ingredients_of, read_weights, weights_text
from service.queries import BadQuery

FOCUS = "building-blocks"
CHOSEN = "employment_deprived_share:2,overcrowded_share:0"
OWN = """
title = "Crowded and rented"
question = "Where are homes crowded and rented?"
strength = "strong"
strength_why = "Counted in the Census."
ages = "all"
scale = "ridit"
shrink = {shrink}

[[ingredients]]
indicator = "overcrowded_share"
weight = 0.6
justification = "Crowded homes spread infection."

[[ingredients]]
indicator = "rented_share"
weight = 0.4
justification = "Renting is less secure."
"""


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def view(weights: str) -> View:
    return View("demo", FOCUS, weights=read_weights(weights))


# Reading


def test_weights_have_one_text() -> None:
    assert read_weights("b_share:0.50,a_share:2.0") == read_weights("a_share:2,b_share:0.5") == "a_share:2,b_share:0.5"
    assert read_weights("") == ""


@pytest.mark.parametrize(
    "text",
    ["a", "a:", ":1", "a:-1", "a:1e3", "a:nan", "a:inf", "a:1;b:2", "a:1,", ",a:1", "a:1,a:2", "A:1", "a:1.1234567",
     "a:99999", "a:１"],
)  # fmt: skip
def test_what_is_no_weight_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadQuery) as refused:
        read_weights(text)
    assert refused.value.parameter == "weights"


def test_weights_of_another_focus_and_none_at_all_are_refused(edition: Edition) -> None:
    with pytest.raises(BadQuery, match="'income_rank', which is not an indicator of the focus 'building-blocks'"):
        check_weights(edition, FOCUS, "income_rank:1")
    nothing = ",".join(f"{part['indicator']}:0" for part in edition.focuses[FOCUS]["ingredients"])
    with pytest.raises(BadQuery, match="Every weight is 0"):
        check_weights(edition, FOCUS, nothing)


def test_weights_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("rented_share = 0\novercrowded_share = 1.5\n", encoding="utf-8")
    assert weights_text(str(file)) == "overcrowded_share:1.5,rented_share:0"
    assert weights_text("overcrowded_share=1.5, rented_share=0") == "overcrowded_share:1.5,rented_share:0"
    file.write_text("rented_share = -1\n", encoding="utf-8")
    with pytest.raises(BadQuery, match=r"mine.toml: rented_share is -1; expected a number from 0 to 9999"):
        weights_text(str(file))
    file.write_text("rented_share = \n", encoding="utf-8")
    with pytest.raises(BadQuery, match=r"mine.toml: cannot be read as TOML"):
        weights_text(str(file))


# Scoring


def test_own_weights_by_a_second_route(edition: Edition) -> None:
    names = [part["indicator"] for part in edition.focuses[FOCUS]["ingredients"]]
    weight = {part["indicator"]: part["weight"] for part in edition.focuses[FOCUS]["ingredients"]}
    weight |= {"employment_deprived_share": 2.0, "overcrowded_share": 0.0}
    scaled = dict(zip(names, np.asarray(edition.scaled(FOCUS)), strict=True))
    expected = sum(weight[name] * scaled[name] for name in names) / sum(weight.values())
    found = score(edition, view(CHOSEN))
    np.testing.assert_allclose(found.need_score, expected, atol=1e-8)
    assert list(found.parts) == [name for name in names if name != "overcrowded_share"]
    np.testing.assert_allclose(sum(found.parts.values()), found.need_score, atol=1e-8)


@pytest.mark.parametrize("focus", ["core", "best-start", FOCUS])
def test_the_focus_own_weights_give_its_own_order(edition: Edition, focus: str) -> None:
    own = ",".join(f"{part['indicator']}:{part['weight']}" for part in edition.focuses[focus]["ingredients"])
    usual, found = score(edition, View("demo", focus)), score(edition, View("demo", focus, weights=read_weights(own)))
    assert found.rank.tolist() == usual.rank.tolist()
    total = sum(part["weight"] for part in edition.focuses[focus]["ingredients"])
    np.testing.assert_allclose(found.need_score, usual.need_score / total, atol=1e-6)


def test_one_indicator_alone_is_its_scale(edition: Edition) -> None:
    names = [part["indicator"] for part in edition.focuses[FOCUS]["ingredients"]]
    alone = ",".join(f"{name}:{int(name == 'rented_share')}" for name in names)
    found = score(edition, view(alone))
    np.testing.assert_allclose(found.need_score, np.asarray(edition.scaled(FOCUS))[names.index("rented_share")])
    assert [part["weight"] for part in ingredients_of(edition, view(alone))] == [1]


def test_how_sure_is_not_claimed_for_own_weights(edition: Edition, served: Any) -> None:
    found = score(edition, view(CHOSEN))
    assert not found.certain
    assert set(found.certainty) == {""}
    page = served.get(f"/places/demo?focus={FOCUS}&weights={CHOSEN}").text
    assert "How sure the ranks are is not worked out for weights of your own." in page
    answer = served.json(f"/api/v1/places/demo/clusters?focus={FOCUS}&weights={CHOSEN}")
    assert (answer["available"], answer["weights"]) == (False, read_weights(CHOSEN))
    assert "not worked out for weights of your own" in answer["notes"][0]


def test_every_answer_honours_them(edition: Edition, served: Any) -> None:
    expected = score(edition, view(CHOSEN)).need_score.tolist()
    query = f"focus={FOCUS}&weights={CHOSEN}"
    table = served.json(f"/api/v1/places/demo/scores?{query}")
    assert table["weights"] == read_weights(CHOSEN)
    assert [row["need_score"] for row in table["rows"]] == expected
    drawn = served.json(f"/geojson/demo/need?{query}&detail=none")["features"]
    assert [part["properties"]["need_score"] for part in drawn] == expected
    rows = csv.DictReader(io.StringIO(served.get(f"/downloads/demo/targeting.csv?{query}").text))
    assert [float(row["need_score"]) for row in rows] == expected
    code = edition.codes[0]
    one = served.json(f"/api/v1/places/demo/neighbourhoods/{code}?{query}")
    assert one["scores"]["need_score"] == expected[0]
    assert sum(reason["weight"] for reason in one["reasons"]) == pytest.approx(1)
    assert sum(reason["part"] for reason in one["reasons"]) == pytest.approx(expected[0])
    body = {"budget": 1000, "focus": FOCUS, "weights": CHOSEN}
    shared = served.ask("POST", "/api/v1/places/demo/share-outs", json=body).json()
    assert shared["certificate"]["context"]["weights"] == read_weights(CHOSEN)
    usual = served.ask("POST", "/api/v1/places/demo/share-outs", json=body | {"weights": ""}).json()
    assert shared["recipients"] != usual["recipients"]


def test_links_keep_them_and_another_focus_drops_them(served: Any) -> None:
    page = served.get(f"/places/demo?focus={FOCUS}&weights={CHOSEN}").text
    assert 'name="weights" value="employment_deprived_share:2,overcrowded_share:0"' in page
    assert "weights=employment_deprived_share%3A2%2Covercrowded_share%3A0" in page
    assert "Back to the usual weights" in page
    other = served.get(f"/places/demo?focus=core&weights={CHOSEN}")
    assert other.status_code == 200
    assert "Back to the usual weights" not in other.text
    said = "Your own weights were for another focus. They fell away"
    assert said in other.text
    shared = served.get(f"/places/demo/share-out?budget=9&focus=core&weights={CHOSEN}")
    assert shared.status_code == 200
    assert said in shared.text
    assert "your own weights" not in shared.text[shared.text.index("share-rule") :].lower()


def test_weights_of_no_indicator_are_a_slip_beside_the_field(served: Any) -> None:
    for path in ("/places/demo?", "/places/demo/share-out?budget=9&"):
        answer = served.get(f"{path}weights=x:1")
        assert answer.status_code == 422
        assert '<a href="#weights">' in answer.text
        assert 'id="weights"' in answer.text
        assert "The usual weights are used" in answer.text


def test_both_signs_between_indicator_and_weight_are_read_everywhere(served: Any) -> None:
    rows = [
        served.json(f"/api/v1/places/demo/scores?focus={FOCUS}&weights={text}")["rows"]
        for text in (CHOSEN, CHOSEN.replace(":", "="))
    ]
    assert rows[0] == rows[1]


def test_a_slip_in_the_form_is_named(served: Any) -> None:
    page = served.get(f"/places/demo?focus={FOCUS}&weights=lots").text
    assert "Enter weights as name=number with commas between" in page
    typed = served.get(f"/places/demo?focus={FOCUS}&weights=overcrowded_share%3D0,%20rented_share:%202").text
    assert "Back to the usual weights" in typed
    answer = served.get(f"/api/v1/places/demo/scores?focus={FOCUS}&weights=lots")
    assert (answer.status_code, answer.json()["parameter"]) == (422, "weights")


def test_the_order_of_weights_does_not_matter(served: Any) -> None:
    other = ",".join(reversed(CHOSEN.split(",")))
    tags = {served.get(f"/geojson/demo/need?focus={FOCUS}&weights={text}").headers["etag"] for text in (CHOSEN, other)}
    assert len(tags) == 1


def test_on_the_command_line(demo_store: Path, tmp_path: Path, edition: Edition) -> None:
    def run(weights: str) -> Any:
        words = ["score", "demo", "--focus", FOCUS, "--weights", weights, "--out", str(out), "--store", str(demo_store)]
        return CliRunner().invoke(app, [*words, "--json"])

    out = tmp_path / "scores.csv"
    done = run(CHOSEN.replace(":", "="))
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["weights"] == read_weights(CHOSEN)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["need_score"]) for row in rows] == score(edition, view(CHOSEN)).need_score.tolist()
    assert {row["certainty"] for row in rows} == {""}
    assert run("lots").exit_code == 2
    refused = run("income_rank=1")
    assert refused.exit_code == 1
    assert "not an indicator of the focus" in refused.stdout


# A focus of a user's own


@pytest.fixture(scope="module")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for name, shrink in (("crowded", "false"), ("crowded-shrunk", "true")):
        (folder / f"{name}.toml").write_text(OWN.format(shrink=shrink), encoding="utf-8")
    files = [folder / "crowded.toml", folder / "crowded-shrunk.toml"]
    build("demo", store=folder / "store", offline=True, focus_files=files)
    return folder


def test_an_own_focus_is_scored_as_ours_are(own_store: Path, edition: Edition) -> None:
    held = open_edition(own_store / "store", "demo")
    assert list(held.focuses)[-2:] == ["crowded", "crowded-shrunk"]
    found = score(held, View("demo", "crowded"))
    names = [part["indicator"] for part in edition.focuses[FOCUS]["ingredients"]]
    scaled = dict(zip(names, np.asarray(edition.scaled(FOCUS)), strict=True))  # the same scale: everyone counts
    np.testing.assert_allclose(
        found.need_score, 0.6 * scaled["overcrowded_share"] + 0.4 * scaled["rented_share"], atol=1e-8
    )
    assert {"surely in", "borderline", "surely out"} == set(found.certainty)  # both are counted
    assert held.clusters("focus:crowded") is not None


def test_shrinking_draws_small_numbers_to_the_council(own_store: Path) -> None:
    held = open_edition(own_store / "store", "demo")
    plain, shrunk = (score(held, View("demo", name)) for name in ("crowded", "crowded-shrunk"))
    assert held.focuses["crowded-shrunk"]["shrink"] is True
    assert not np.array_equal(plain.need_score, shrunk.need_score)
    import pandas as pd

    count, among = held.indicator_counts("overcrowded_share") or (np.array([]), np.array([]))
    council = pd.Series([held.facts(row)["lad24cd"] for row in range(120)])
    share = shrink_to_council(pd.Series(count), pd.Series(among), council).share
    scaled = np.asarray(held.scaled("crowded-shrunk"))[0]
    inside = score(held, View("demo", "crowded-shrunk")).rows
    order = np.argsort(share.to_numpy()[inside], kind="stable")
    assert (np.diff(scaled[inside][order]) >= 0).all()


def test_what_is_no_focus_is_refused_by_file_and_rule(tmp_path: Path) -> None:
    def refused(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadDefinition) as error:
            own_focuses([path])
        return str(error.value.item()["rule"])

    good = OWN.format(shrink="false")
    assert refused("core.toml", good) == "doubled-focus"
    assert refused("mine.toml", good.replace("0.6", "0.7")) == "weights-do-not-add-up"
    assert refused("mine.toml", good.replace("rented_share", "altitude")) == "unknown-indicator"
    assert refused("Mine.toml", good) == "bad-name"
    ranks = good.replace("rented_share", "income_rank").replace("overcrowded_share", "crime_rank")
    assert refused("mine.toml", ranks.replace("shrink = false", "shrink = true")) == "nothing-to-shrink"
    (tmp_path / "twice.toml").write_text(good, encoding="utf-8")
    with pytest.raises(BadDefinition, match="there already"):
        own_focuses([tmp_path / "twice.toml"] * 2)
    assert read_focus(tmp_path / "twice.toml").shrink is False
