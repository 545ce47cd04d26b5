"""Prepared bytes in, slices out: the JSON is right to the last letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from service.building.encode import TOLERANCES, tolerance
from service.drawing.features import collection, councils, records, shown_indicator, sites, view_facts
from service.drawing.pieces import encoded
from service.editions.edition import Edition, open_edition
from service.editions.layer_figures import figures
from service.editions.scoring import AFTER, LEADING, Scores, score
from service.editions.views import View

FOCUSES = ("core", "best-start", "building-blocks")


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def scores_of(edition: Edition, **view: Any) -> Scores:
    return score(edition, View("demo", **view))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False)))
def test_numbers_read_back_the_same_and_an_unknown_is_null(values: list[float]) -> None:
    texts = encoded(np.array(values, dtype=float))
    assert len(texts) == len(values)
    for value, text in zip(values, texts, strict=True):
        back = orjson.loads(text)
        assert back == value if value == value else back is None
        assert b"NaN" not in text


def test_whole_numbers_have_no_point() -> None:
    assert encoded(np.array([3.0, 0.0, 0.5, np.nan, -2.0, 1e6])) == [b"3", b"0", b"0.5", b"null", b"-2", b"1000000"]
    assert encoded(np.array([])) == []


@pytest.mark.parametrize("focus", FOCUSES)
def test_a_collection_carries_every_neighbourhood_once_with_its_figures(edition: Edition, focus: str) -> None:
    scores = scores_of(edition, focus=focus)
    data = orjson.loads(collection(edition, scores, detail="none"))
    assert list(data) == ["type", "features", "evenreach"]
    assert [feature["id"] for feature in data["features"]] == edition.codes.tolist()
    for at, feature in enumerate(data["features"]):
        assert list(feature) == ["type", "id", "geometry", "properties"]
        assert feature["geometry"] is None
        properties = feature["properties"]
        assert list(properties) == scores.names()
        assert properties["lsoa21cd"] == feature["id"]
        assert properties["need_score"] == scores.need_score[at]
        assert properties["targeting_score"] == scores.targeting_score[at]
        assert properties["rank"] == scores.rank[at]
        assert properties["rank_low"] == scores.rank_low[at] <= properties["rank_high"] == scores.rank_high[at]
        assert properties["top_fifth_chance"] == scores.top_fifth_chance[at]
        assert properties["certainty"] == scores.certainty[at]


def test_the_published_order_of_columns(edition: Edition) -> None:
    names = scores_of(edition).names()
    own = list(edition.focuses["core"]["ingredients"])
    assert names == [*LEADING, "eligible", *(part["indicator"] for part in own), *AFTER]
    assert names[: len(LEADING)] == [
        "lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm", "population",
    ]  # fmt: skip
    within = scores_of(edition, within="ward:E05900001").names()
    assert within.index("place_rank") == within.index("rank") + 1
    assert [name for name in within if name != "place_rank"] == names


def test_a_chosen_part_is_a_part_of_the_whole(edition: Edition) -> None:
    scores = scores_of(edition)
    whole = orjson.loads(collection(edition, scores, detail="map"))["features"]
    some = orjson.loads(collection(edition, scores, detail="map", chosen=np.array([3, 50])))["features"]
    assert some == [whole[3], whole[50]]
    none = orjson.loads(collection(edition, scores, detail="map", chosen=np.array([], dtype=int)))
    assert none["features"] == []


def test_records_and_collection_say_the_same(edition: Edition) -> None:
    scores = scores_of(edition, focus="best-start", rho=4.25, within="ward:E05900002")
    table = orjson.loads(records(edition, scores))
    features = orjson.loads(collection(edition, scores, detail="none"))["features"]
    assert table["rows"] == [feature["properties"] for feature in features]
    assert table["columns"] == scores.names()
    assert table["count"] == len(scores) == len(features)
    assert table["dial"] == pytest.approx(scores.dial())


def test_a_view_without_any_score_has_a_dial_of_nulls(edition: Edition) -> None:
    scores = scores_of(edition)
    blank = np.full(len(scores), np.nan)
    nothing = scores.rank * 0
    unknown = replace(
        scores, eligible=blank, need_score=blank, need_position=blank, targeting_score=blank, rank=nothing,
        place_rank=nothing, need_fifth=nothing, note=[""] * len(scores),
    )  # fmt: skip
    data = orjson.loads(records(edition, unknown))
    assert data["dial"] == {"least": None, "most": None, "ratio": None}
    for row in data["rows"]:
        assert {row[name] for name in ("eligible", "need_score", "targeting_score", "rank", "need_fifth", "note")} == {
            None
        }


def test_councils_are_means_over_people(edition: Edition) -> None:
    scores = scores_of(edition, rho=4.25)
    (council,) = orjson.loads(councils(edition, scores))["features"]
    people = scores.eligible
    assert council["id"] == "E06900001"
    assert council["properties"]["neighbourhoods"] == edition.count
    assert council["properties"]["mean_targeting_score"] == pytest.approx(1, abs=1e-6)
    assert council["properties"]["mean_need_score"] == pytest.approx(
        (scores.need_score * people).sum() / people.sum(), abs=1e-6
    )
    assert council["properties"]["in_greatest_need_fifth"] == (scores.need_fifth == 1).sum() == edition.count / 5


@pytest.mark.parametrize("indicator", ["", "overcrowded_share"])
def test_a_council_has_the_figures_of_its_middle_neighbourhood(edition: Edition, indicator: str) -> None:
    scores = score(edition, View("demo", rho=4.25, indicator=indicator))
    (council,) = orjson.loads(councils(edition, scores))["features"]
    middle = {name: figure for name, figure in council["properties"].items() if name.startswith("middle_")}
    row = np.argsort(scores.need_position)[(edition.count - 1) // 2]
    for name in ("need_position", "need_score", "need_fifth", "targeting_score"):
        assert middle.pop(f"middle_{name}") == pytest.approx(float(getattr(scores, name)[row]), abs=1e-6)
    assert (scores.need_position < scores.need_position[row]).sum() == (edition.count - 1) // 2
    for name in ("imd_decile", *([indicator] if indicator else [])):
        values = np.sort(np.asarray(figures(edition, scores, name), dtype=float))
        assert middle.pop(f"middle_{name}") == pytest.approx(values[(np.isfinite(values).sum() - 1) // 2], abs=1e-6)
    assert middle == {}


def test_a_council_without_a_figure_has_no_middle_one(edition: Edition) -> None:
    nothing = np.full(edition.count, np.nan)
    scores = scores_of(edition)
    unknown = replace(scores, need_position=nothing, need_score=nothing, targeting_score=nothing)
    (council,) = orjson.loads(councils(edition, unknown))["features"]
    assert council["properties"]["middle_need_score"] is None
    assert council["properties"]["middle_need_fifth"] is None
    assert council["properties"]["middle_imd_decile"] is not None


def test_sites_are_points_with_an_id_of_their_own(edition: Edition) -> None:
    data = orjson.loads(sites(edition, View("demo"), None))
    assert len({feature["id"] for feature in data["features"]}) == len(data["features"]) == len(edition.sites())
    for feature in data["features"]:
        longitude, latitude = feature["geometry"]["coordinates"]
        assert -9 < longitude < 2.5 < latitude
        assert not {"lon", "lat"} & set(feature["properties"])
        assert isinstance(feature["properties"]["inside"], bool)
    assert data["evenreach"]["layer"] == "sites"
    only = orjson.loads(sites(edition, View("demo"), "gp"))
    assert only["features"] == [f for f in data["features"] if f["properties"]["service"] == "gp"]
    assert only["evenreach"]["service"] == "gp"


def test_the_indicator_that_is_shown_unless_one_is_asked_for(edition: Edition) -> None:
    assert shown_indicator(edition, View("demo", "best-start")) == "idaci_rank"
    assert shown_indicator(edition, View("demo", "best-start", indicator="rented_share")) == "rented_share"


def test_every_answer_says_edition_method_view_and_attribution(edition: Edition) -> None:
    facts = view_facts(edition, View("demo", "core", 4.25, "ward:E05900001", "need"))
    assert facts["edition"] == edition.id
    assert (facts["place"], facts["fictional"], facts["rho"], facts["within"]) == ("demo", True, 4.25, "ward:E05900001")
    assert facts["attribution"] == edition.attribution("need")
    assert facts["attribution"]
    assert facts["method"]


def test_simplified_outlines_still_share_their_edges(edition: Edition) -> None:
    shapes = shapely.from_geojson([text.decode() for text in edition.shapes("map").many(np.arange(len(edition.codes)))])
    assert shapely.coverage_is_valid(shapes)
    wave = [(50 + (i % 2) * 0.4, float(i)) for i in range(101)]
    west = shapely.Polygon([(0, 0), *wave, (0, 100)])
    east = shapely.Polygon([(100, 0), *wave, (100, 100)])
    coarse = shapely.coverage_simplify(np.array([west, east]), tolerance(20_000, TOLERANCES))
    assert shapely.get_num_coordinates(coarse).sum() < 40 < shapely.get_num_coordinates([west, east]).sum()
    assert shapely.coverage_is_valid(coarse)
