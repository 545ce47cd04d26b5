"""What the script of a map draws a whole place from: outlines in a compact form, and the figures of its layer.

The outlines are read by a second route, which was written from what `encode_outlines` says of its form.
"""

from __future__ import annotations

import gzip
import html
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import numpy as np
import orjson
import pytest
import shapely

from layers.map_layers import LAYERS
from service.building.outlines import STEP, encode_outlines
from service.drawing.features import collection
from service.drawing.prepared import Prepared
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from tests.benchmarks.peers.outlines import read_outlines

ADDRESS = "/geojson/demo/outlines"


def read(body: bytes) -> tuple[dict[str, shapely.MultiPolygon], list[list[int]]]:
    """Give the shapes by code, in degrees, and the lines that each area goes along (backwards: below 0)."""
    found = read_outlines(body)
    return found.shapes, found.used


def squares(*boxes: tuple[float, float, float, float]) -> list[shapely.Polygon]:
    """Squares by west, south, east and north, in thousandths of a degree east of 1 and north of 52."""
    return [shapely.box(1 + w / 1e3, 52 + s / 1e3, 1 + e / 1e3, 52 + n / 1e3) for w, s, e, n in boxes]


def codes(count: int) -> list[str]:
    return [f"E01{90_098 + number:06}" for number in range(count)]


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def test_outlines_are_the_boundaries_of_the_map_on_a_grid(edition: Edition) -> None:
    shapes, _ = read(edition.prepared.outlines())
    assert list(shapes) == edition.codes.tolist()
    half = np.array(STEP) / 2 + 5e-6  # both are rounded
    drawn = [shapely.from_geojson(orjson.dumps(edition.geometry(row))) for row in range(edition.count)]
    for outline, shape in zip(shapes.values(), drawn, strict=True):
        stretched = [shapely.transform(one, lambda corners: corners / half) for one in (outline, shape)]
        assert shapely.hausdorff_distance(*stretched) < 2**0.5, "no corner leaves its cell of the grid"
        assert [len(part.interiors) for part in outline.geoms] == [
            len(part.interiors) for part in shapely.get_parts(shape)
        ]
    assert sum(shape.area for shape in shapes.values()) == pytest.approx(shapely.unary_union(drawn).area, rel=1e-3)


def test_neighbours_go_along_the_same_line_and_back(edition: Edition) -> None:
    _, used = read(edition.prepared.outlines())
    along = Counter(number for area in used for number in area)
    assert max(along.values()) == 1, "each way once"
    back = [number for number in along if number < 0]
    assert len(back) > len(along) / 3, "most lines lie between two neighbourhoods"


def test_islands_enclaves_and_parts_come_back() -> None:
    ring, enclave = squares((0, 0, 9, 9), (3, 3, 6, 6))
    parts = shapely.MultiPolygon(squares((20, 0, 21, 1), (30, 0, 31, 1)))
    alone = squares((40, 0, 41, 1))[0]
    given = [shapely.difference(ring, enclave), enclave, parts, alone]
    shapes, used = read(encode_outlines(codes(4), np.array(shapely.orient_polygons(given))))
    assert list(shapes) == codes(4)  # which reach into the next hundred
    assert [used[0][1]] == [~number for number in used[1]], "the hole of the one is the edge of the other"
    for outline, shape in zip(shapes.values(), given, strict=True):
        assert shapely.hausdorff_distance(outline, shape) < max(STEP)
        assert shapely.get_num_geometries(outline) == shapely.get_num_geometries(shape)
        assert outline.area == pytest.approx(shape.area, rel=0.03)


def test_what_is_smaller_than_the_grid_makes_it_finer_but_a_hole_may_close() -> None:
    large, tiny, hole = squares((0, 0, 9, 9), (20, 0, 20.01, 0.01), (3, 3, 3.01, 3.01))
    shapes, _ = read(encode_outlines(codes(2), np.array([large, tiny])))
    assert shapely.hausdorff_distance(shapes[codes(2)[1]], tiny) < max(STEP) / 10
    closed, _ = read(encode_outlines(codes(1), np.array([shapely.difference(large, hole)])))
    assert not closed[codes(1)[0]].geoms[0].interiors
    with pytest.raises(ValueError, match="too small"):
        encode_outlines(codes(1), np.array([shapely.box(1, 52, 1 + 1e-8, 52 + 1e-8)]))


def test_the_address_gives_the_same_outlines_under_each_encoding(served: Any, edition: Edition) -> None:
    plain = served.get(ADDRESS, headers={"accept-encoding": "identity"})
    assert plain.content == edition.prepared.outlines()
    assert plain.headers["content-type"] == "application/json"
    assert plain.headers["access-control-allow-origin"] == "*", "an embed asks from a sandbox"
    assert gzip.decompress(edition.prepared.outlines("gzip")) == plain.content
    assert brotli.decompress(edition.prepared.outlines("br")) == plain.content
    tags = {plain.headers["etag"]}
    for encoding in ("gzip", "br"):
        packed = served.get(ADDRESS, headers={"accept-encoding": encoding})
        assert (packed.headers["content-encoding"], packed.content) == (encoding, plain.content)
        assert int(packed.headers["content-length"]) == len(edition.prepared.outlines(encoding))
        tags.add(packed.headers["etag"])
    assert len(tags) == 3
    again = served.get(ADDRESS, headers={"accept-encoding": "identity", "if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in served.get(f"{ADDRESS}?edition={edition.id}").headers["cache-control"]
    assert "immutable" not in plain.headers["cache-control"]


def data_of(page: str) -> tuple[str, str]:
    """Addresses of the figures and of the outlines that a page with a map names."""
    found = dict(re.findall(r'data-(geojson|outlines)="([^"]*)"', page))
    return html.unescape(found["geojson"]), html.unescape(found["outlines"])


def test_a_map_of_a_whole_place_asks_for_outlines_and_figures(served: Any, edition: Edition) -> None:
    figures, outlines = data_of(served.get("/maps/demo/targeting?rho=5&focus=best-start").text)
    assert outlines == f"{ADDRESS}?edition={edition.id}"
    assert figures == "/geojson/demo/targeting?focus=best-start&detail=figures", "they are the same at every dial"
    for path in ("/places/demo?rho=5", "/embed/demo/targeting"):
        assert data_of(served.get(path).text) == ("/geojson/demo/targeting?detail=figures", outlines)
    ward = edition.footprints("ward")[0]["code"]
    figures, outlines = data_of(served.get(f"/maps/demo/need?within=ward:{ward}").text)
    assert (figures, outlines) == (f"/geojson/demo/need?within=ward%3A{ward}&detail=map", "")


def test_an_edition_without_outlines_gives_its_boundaries_as_geojson(
    demo_store: Path, serve: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prepared, "has_outlines", False)  # as in one that was built before they were kept
    site = serve(demo_store)
    assert data_of(site.get("/maps/demo/need").text) == ("/geojson/demo/need?detail=map", "")
    refused = site.get(ADDRESS)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (410, "edition-too-old")


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "sites"])
def test_figures_are_the_columns_of_the_layer_as_its_map_shows_them(edition: Edition, layer: str) -> None:
    view = View("demo", focus="best-start", rho=7.25, layer=layer)
    scores = score(edition, view)
    whole, drawn = (orjson.loads(collection(edition, scores, detail=detail)) for detail in ("none", "figures"))
    assert drawn["evenreach"] == whole["evenreach"]
    names = {"lsoa21nm", "msoa21hclnm", "lad24nm"}
    for full, short in zip(whole["features"], drawn["features"], strict=True):
        assert (short["id"], short["geometry"]) == (full["id"], None)
        figures = {name: value for name, value in short["properties"].items() if name not in names}
        assert 0 < len(figures) <= 3
        assert {name: short["properties"][name] for name in names} == {
            name: edition.names([edition.row(full["id"])])[0][name] for name in names
        }
        for name, value in figures.items():
            known = full["properties"][name]
            rounded = isinstance(known, float) and known != value
            assert value == (pytest.approx(known, abs=0.051) if rounded else known), name
            assert not rounded or len(str(value).partition(".")[2]) <= (6 if name == "need_position" else 2), name


def test_figures_do_not_change_with_the_dial(edition: Edition) -> None:
    views = [View("demo", rho=rho) for rho in (1.0, 3.0, 20.0)]
    found = [orjson.loads(collection(edition, score(edition, view), detail="figures")) for view in views]
    assert found[0]["features"] == found[1]["features"] == found[2]["features"]
    assert [data["evenreach"]["rho"] for data in found] == [1, 3, 20]
    for feature in found[0]["features"]:
        assert "targeting_score" not in feature["properties"]


def test_layers_do_not_get_each_others_figures(edition: Edition) -> None:
    for focus in ("core", "best-start"):  # prepared, and remembered
        for layer, column in (("targeting", "need_position"), ("need", "need_score"), ("targeting", "need_position")):
            view = View("demo", focus=focus, layer=layer)
            data = orjson.loads(collection(edition, score(edition, view), detail="figures"))
            assert list(data["features"][0]["properties"])[3] == column
