"""JSON for programs: the list of places, the scores table, and reasons that add up to the score."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layers.rank_summaries import CLASSES
from service.editions.edition import Edition, open_edition
from service.editions.scoring import AFTER, LEADING, score
from service.editions.views import View

FOCUSES = (
    "core", "age-well", "best-start", "building-blocks", "child-dental", "diagnostics", "gp-access", "immunisation",
    "long-term-conditions", "mental-health",
)  # fmt: skip
SCORES = "/api/v1/places/demo/scores"
ONE = "/api/v1/places/demo/neighbourhoods/"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def test_the_list_of_places_says_what_each_has(served: Any, edition: Edition) -> None:
    answer = served.json("/api/v1/places")
    (place,) = answer["places"]
    assert answer["method"] == "1.0"
    assert (place["id"], place["name"], place["kind"]) == ("demo", "Aldermouth", "fictional borough")
    assert place["fictional"] is True
    assert place["edition"] == edition.id
    assert (place["neighbourhoods"], place["population"]) == (120, int(edition.population().sum()))
    assert place["footprints"] == {"lad": 1, "ward": 12, "msoa": 24, "team": 6}
    assert [focus["id"] for focus in place["focuses"]] == list(FOCUSES)
    for focus in place["focuses"]:
        assert set(focus) == {"id", "title", "strength", "ages", "measured_share", "oldest", "newest"}
        assert 0 < focus["measured_share"] <= 1
        assert 2000 < focus["oldest"] <= focus["newest"] < 2100
    assert set(place["deprivation"]) == {
        "average_score", "average_rank", "decile_1_share", "extent", "local_concentration",
    }  # fmt: skip
    assert place["attribution"] == ["Fictional data made for Evenreach."]


def test_an_empty_store_has_no_places(tmp_path: Path, serve: Callable[[Path], Any]) -> None:
    assert serve(tmp_path / "nothing").json("/api/v1/places")["places"] == []


def test_a_place_with_no_whole_edition_is_left_out_and_named_nowhere(
    demo_store: Path, tmp_path: Path, serve: Callable[[Path], Any]
) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    path = open_edition(store, "demo").stored.path("web/imd.npy")
    path.write_bytes(path.read_bytes()[:-1])
    web = serve(store)
    assert web.json("/api/v1/places")["places"] == []
    answer = web.get(SCORES)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:evenreach:error:damaged-edition"
    assert "imd.npy" not in answer.text, "files of the server are for its log"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("focus", FOCUSES)
def test_the_scores_table_has_the_published_columns_in_order(served: Any, edition: Edition, focus: str) -> None:
    table = served.json(f"{SCORES}?focus={focus}")
    own = [part["indicator"] for part in edition.focuses[focus]["ingredients"]]
    assert table["columns"] == [*LEADING, "eligible", *own, *AFTER]
    assert len(table["rows"]) == table["count"] == 120
    assert [row["lsoa21cd"] for row in table["rows"]] == edition.codes.tolist()
    assert all(list(row) == table["columns"] for row in table["rows"])
    known = [row for row in table["rows"] if row["need_score"] is not None]
    assert len(known) == 120 or focus == "child-dental"  # a dentist's answer may not be known
    for row in known:
        assert 1 <= row["rank_low"] <= row["rank_high"] <= 120
        assert 0 <= row["top_fifth_chance"] <= 1
        assert row["certainty"] in CLASSES
        assert row["need_fifth"] == -(-5 * row["rank"] // len(known))
        assert 0 < row["need_position"] < 1
        assert row["grade"] in ("measured", "apportioned", "modelled", "imputed")
    people = np.array([row["eligible"] for row in known])
    position = np.array([row["need_position"] for row in known])
    assert np.average(position, weights=people) == pytest.approx(0.5, abs=1e-8)
    shares = [row["targeting_score"] for row in known]
    assert table["dial"] == {
        "least": min(shares), "most": max(shares), "ratio": pytest.approx(max(shares) / min(shares)),
    }  # fmt: skip


def test_the_dial_at_one_gives_everybody_the_same(served: Any) -> None:
    rows = served.json(f"{SCORES}?rho=1")["rows"]
    assert {row["targeting_score"] for row in rows} == {1}


@pytest.mark.parametrize("same", ["rho=3.0", "rho=3.00", "rho=3", "focus=core", "focus=core&rho=3&within="])
def test_a_default_that_is_written_out_gives_the_same_bytes_and_tag(served: Any, same: str) -> None:
    plain, written = served.get(SCORES), served.get(f"{SCORES}?{same}")
    assert written.content == plain.content
    assert written.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("focus", FOCUSES)
def test_the_reasons_of_every_neighbourhood_add_up_to_its_score(served: Any, edition: Edition, focus: str) -> None:
    ingredients = edition.focuses[focus]["ingredients"]
    rows = {row["lsoa21cd"]: row for row in served.json(f"{SCORES}?focus={focus}")["rows"]}
    for code in edition.codes.tolist()[::7]:
        answer = served.json(f"{ONE}{code}?focus={focus}")
        reasons = answer["reasons"]
        assert [reason["indicator"] for reason in reasons] == [part["indicator"] for part in ingredients]
        whole = answer["scores"]["need_score"]
        parts = [reason["part"] for reason in reasons if reason["part"] is not None]
        assert len(parts) == len(reasons) or focus == "child-dental"  # a dentist's answer may not be known
        assert whole is None or sum(parts) == pytest.approx(whole, abs=1e-6)
        for reason, part in zip(reasons, ingredients, strict=True):
            assert reason["value"] == rows[code][reason["indicator"]]
            assert (reason["weight"], reason["justification"]) == (part["weight"], part["justification"])
            assert reason["part"] is None or reason["part"] >= 0
            assert reason["unit"]
        assert answer["scores"] == {name: value for name, value in rows[code].items() if name not in LEADING}
        assert answer["neighbourhood"]["lsoa21cd"] == code


def test_what_is_near_says_on_what_it_rests(served: Any, edition: Edition) -> None:
    answer = served.json(f"{ONE}E01900001")
    assert answer["time_basis"] == "estimated from distance"
    for service, near in answer["neighbourhood"]["near"].items():
        if not edition.service(service)["complete"]:  # not known here, and no far one is named instead
            assert near["name"] is near["travel_time_min"] is None, service
            continue
        assert near["name"], service
        assert near["travel_time_min"] == pytest.approx(near["distance_m"] * 1.3 / 80, abs=0.06)
    assert answer["attribution"]
    assert answer["fictional"] is True


def test_a_neighbourhood_outside_the_footprint_has_no_figures_in_it(served: Any, edition: Edition) -> None:
    inside = edition.codes[edition.rows_within("ward:E05900001")].tolist()
    outside = next(code for code in edition.codes.tolist() if code not in inside)
    answer = served.json(f"{ONE}{outside}?within=ward:E05900001")
    assert (answer["scores"], answer["reasons"]) == (None, [])
    assert answer["neighbourhood"]["lsoa21cd"] == outside
    within = served.json(f"{ONE}{inside[0]}?within=ward:E05900001")
    expected = score(edition, View("demo", within="ward:E05900001"))
    assert within["scores"]["rank"] == expected.rank[0]
    assert within["scores"]["place_rank"] == expected.place_rank[0]


@pytest.mark.parametrize(
    "code", ["E01999999", "E02900001", "e01900001", "S01000001", "E01900001%00", "..", "%27", "x" * 300]
)
def test_an_unknown_neighbourhood_is_said(served: Any, code: str) -> None:
    answer = served.get(f"{ONE}{code}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] in ("urn:evenreach:error:unknown-neighbourhood", "urn:evenreach:error:not-found")
    assert len(answer.json().get("detail", "")) < 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", SCORES, 405),
        ("DELETE", "/api/v1/places", 405),
        ("GET", "/api/v1/places/demo", 404),
        ("GET", "/api/v1/places/demo/scores/", 404),
        ("GET", "/api/v1/places/nowhere/scores", 404),
        ("GET", "/api/v1/places/luton/scores", 503),
        ("GET", "/api/v1/places?focus=core", 422),
        ("GET", f"{SCORES}?detail=map", 422),
        ("GET", f"{SCORES}?bbox=1,54,1.1,54.1", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_same_form(served: Any, method: str, path: str, status: int) -> None:
    answer = served.ask(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize("path", [f"{SCORES}/", "/api/v1/places/", "/places/demo/", "/geojson/demo/need/"])
def test_no_redirect_is_made_of_the_host_that_a_client_claims(served: Any, path: str) -> None:
    answer = served.get(path, headers={"host": "elsewhere.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_numbers_are_finite_and_nothing_unknown_is_zero(served: Any, edition: Edition) -> None:
    for path in ("/api/v1/places", SCORES, f"{ONE}E01900001"):
        text = served.get(path).text
        assert "NaN" not in text
        assert "Infinity" not in text
    unknown = np.isnan(edition.indicator_values("housing_affordability"))
    rows = served.json(f"{SCORES}?focus=building-blocks")["rows"]
    assert [row["housing_affordability"] is None for row in rows] == unknown.tolist()
