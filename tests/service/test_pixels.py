"""The map in pixels: its size, its colours against the classes, what it says inside, and how it is served."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.drawing.picture import HEIGHT, WIDTH
from service.editions.edition import Edition, open_edition
from service.editions.scoring import METHOD_VERSION, score
from service.editions.views import View
from service.files.pictures import png_bytes, with_texts
from service.pages.drawn_layers import drawn_layer
from tests.service.conftest import Served

VIEW = View("demo")


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def made(edition: Edition) -> bytes:
    return png_bytes(edition, VIEW)


def test_it_is_twice_as_fine_as_the_drawing(made: bytes) -> None:
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.size == (2 * WIDTH, 2 * HEIGHT)


def test_every_class_has_its_colour_on_the_map_and_in_the_legend(made: bytes, edition: Edition) -> None:
    shown = np.asarray(Image.open(io.BytesIO(made)).convert("RGB"))
    lines = drawn_layer(edition, VIEW, score(edition, VIEW)).legend
    for line in lines:
        wanted = [int(line.colour[start : start + 2], 16) for start in (1, 3, 5)]
        found = (shown == wanted).all(axis=2)
        assert found[:, :WIDTH].sum() > 2_000  # on the map
        assert found[:, int(1.4 * WIDTH) :].sum() > 1_000  # in the legend


def test_words_are_drawn_with_letters_of_our_own(made: bytes) -> None:
    shown = np.asarray(Image.open(io.BytesIO(made)).convert("L"))
    assert (shown[40:100, 56:700] < 64).sum() > 1_500  # the title


def test_it_carries_its_credits_inside(made: bytes, edition: Edition) -> None:
    with Image.open(io.BytesIO(made)) as picture:
        picture.load()
        texts = dict(picture.info)
    assert all(sentence in texts["Copyright"] for sentence in edition.attribution("targeting"))
    assert texts["Source"] == f"Edition {edition.id}, method version {METHOD_VERSION}"
    assert "Places are deprived, people are not" in texts["Description"]


def test_texts_beyond_ascii_survive(made: bytes) -> None:
    with Image.open(io.BytesIO(with_texts(made, {"Comment": "Łódź <b> \x01"}))) as picture:
        picture.load()
        assert picture.info["Comment"] == "Łódź <b> \x01"


def test_the_same_view_gives_the_same_bytes(made: bytes, edition: Edition) -> None:
    assert png_bytes(edition, VIEW) == made


def test_it_is_served_and_kept(served: Served, made: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = served.get("/pictures/demo/targeting.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content == made
    monkeypatch.setattr(served.app.state.workshop, "run", None)  # no job could be begun
    assert served.get("/pictures/demo/targeting.png").content == made
    assert (
        served.get("/pictures/demo/targeting.png", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/pictures/demo/nothing.png", 404),
        ("/pictures/nowhere/targeting.png", 404),
        ("/pictures/demo/targeting.png?service=none_such", 422),
        ("/pictures/demo/targeting.png?rho=0", 422),
        ("/pictures/demo/targeting.png?within=team:Nowhere", 404),
        ("/pictures/demo/targeting.png?size=9", 422),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_it_is_begun(served: Served, path: str, status: int) -> None:
    assert served.get(path).status_code == status
