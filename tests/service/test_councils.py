"""Councils joined from what was prepared are, byte for byte, what is written afresh; boxes are found by runs."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import orjson
import pytest

from layers.gradient import ranks
from service.drawing.councils import councils_of, dial_of
from service.drawing.features import feature_list, last
from service.drawing.layer_body import is_at_hand, layer_body
from service.drawing.prepared import FIRST
from service.editions import edition as editions
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.mark.parametrize("layer", ["targeting", "need"])
@pytest.mark.parametrize("rho", [1.0, 3.0, 4.25, 20.0])
def test_every_council_is_joined_as_it_would_be_written(edition: Edition, layer: str, rho: float) -> None:
    for council in edition.footprints("lad"):
        for named in (council["code"], council["name"]):
            view = View("demo", rho=rho, layer=layer, within=f"lad:{named}")
            assert councils_of(edition, view, "full") is not None
            assert is_at_hand(edition, view, "full", "", boxed=False)
            features = feature_list(edition, score(edition, view), detail="full")
            body = layer_body(edition, view, "full", None, "")
            assert b"".join(body.parts) == FIRST + b",".join(features) + last(edition, view)
            assert body.length == sum(map(len, body.parts))


def test_only_the_usual_focus_of_a_council_is_joined(edition: Edition) -> None:
    usual = View("demo", within=f"lad:{edition.footprints('lad')[0]['code']}")
    others = (
        usual.but(focus="best-start"),
        usual.but(weights="income_rank:2"),
        usual.but(layer="imd"),
        usual.but(within=""),
        usual.but(within=f"ward:{edition.footprints('ward')[0]['code']}"),
    )
    assert all(councils_of(edition, view, "full") is None for view in others)
    assert councils_of(edition, usual, "map") is None


def test_a_name_that_reads_like_a_column_is_not_cut() -> None:
    name = '","need_score":1,"targeting_score":2,'
    start = b'{"type":"Feature","properties":{"lsoa21nm":' + orjson.dumps(name) + b',"need_score":1,"targeting_score":'
    assert dial_of(start + b'null,"rank":null}}') == (len(start), len(start) + len(b"null"))


def test_footprints_carry_the_ranks_of_their_place_whatever_was_asked_before(edition: Edition) -> None:
    within = f"ward:{edition.footprints('ward')[1]['code']}"
    asked = itertools.product(("core", "best-start"), ("", "overcrowded_share:0"), range(2))
    for focus, weights, _ in asked:
        weights = weights if focus == "best-start" else ""
        found = score(edition, View("demo", focus, within=within, weights=weights))
        whole = score(edition, View("demo", focus, weights=weights))
        assert found.place_rank.tolist() == ranks(np.asarray(whole.need_score))[found.rows].tolist()
        assert found.place_rank.dtype == np.int64


@pytest.mark.parametrize("run", [1, 7, 64, 1_000])
def test_boxes_are_found_by_runs_of_neighbours_as_one_by_one(
    demo_store: Path, monkeypatch: pytest.MonkeyPatch, run: int
) -> None:
    monkeypatch.setattr(editions, "NEIGHBOURS", run)
    edition = open_edition(demo_store, "demo")
    boxes = edition.boxes.copy()
    boxes[3] = np.nan  # a neighbourhood without a boundary touches nothing, and hides no other
    monkeypatch.setitem(edition.__dict__, "boxes", boxes)
    west, south, east, north = edition.bounds
    rng, found = np.random.default_rng(1), 0
    for _ in range(200):
        x, y = np.sort(rng.uniform(west - 0.01, east + 0.01, 2)), np.sort(rng.uniform(south - 0.01, north + 0.01, 2))
        least_x, least_y, most_x, most_y = boxes.T
        inside = (least_x <= x[1]) & (most_x >= x[0]) & (least_y <= y[1]) & (most_y >= y[0])
        rows = edition.rows_in_box(x[0], y[0], x[1], y[1])
        assert rows.tolist() == np.flatnonzero(inside).tolist()
        found += len(rows)
    assert found
    assert (
        edition.rows_in_box(*boxes[0][:2], *boxes[0][:2]).tolist()
        == np.flatnonzero(
            (boxes[:, 0] <= boxes[0, 0])
            & (boxes[:, 2] >= boxes[0, 0])
            & (boxes[:, 1] <= boxes[0, 1])
            & (boxes[:, 3] >= boxes[0, 1])
        ).tolist()
    )
