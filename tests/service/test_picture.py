"""The picture: well-formed, self-contained, and every text in it stays text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from layers.map_classes import class_numbers, legend
from layers.map_layers import map_layer
from service.drawing.picture import Area, Caption, Site, picture, rings_of

SVG = "{http://www.w3.org/2000/svg}"
NASTY = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    r"\x3cimg src=x onerror=alert(1)\x3e",
    "`+alert(1)+`",
    "</script><script>alert(1)</script>",
    "C:\\2019",
    "a\x00b\ud800c\x1b",
    "]]><!--",
]
CAPTION = Caption("Need score", "Two squares", "Two squares side by side", ("Source: a test.",))


def square(west, south):
    return np.array([[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]], float)


def two_squares(label="Left & right"):
    return [Area("E01000001", [square(0, 51)], 1, label), Area("E01000002", [square(1, 51)], 0, label)]


def drawn(areas, caption=CAPTION, **more):
    layer = map_layer("need", focus={"title": "Overall"})
    numbers = class_numbers(layer, np.array([1.0, np.nan]))
    lines = legend(layer, numbers, np.array([60.0, np.nan]))
    return picture(layer, areas, lines, caption, **more)


def test_it_is_one_well_formed_document_with_title_and_description():
    root = ElementTree.fromstring(drawn(two_squares()))
    assert root.tag == SVG + "svg"
    assert root.find(SVG + "title").text == "Need score"
    assert root.find(SVG + "desc").text == "Two squares side by side"
    assert root.get("role") == "img"


def test_equal_input_gives_equal_text():
    assert drawn(two_squares()) == drawn(two_squares())


def test_a_missing_figure_is_hatched_never_coloured():
    root = ElementTree.fromstring(drawn(two_squares()))
    fills = [path.get("fill") for path in root.iter(SVG + "path") if path.get("fill-rule")]
    assert fills == ["#14305c", "url(#hatch)"]


def test_the_outline_leaves_out_the_shared_edge():
    root = ElementTree.fromstring(drawn(two_squares()))
    (outline,) = [path.get("d") for path in root.iter(SVG + "path") if path.get("stroke-width") == "1.2"]
    assert outline.count("M") <= 3
    assert outline.count(" ") < 14  # six edges, not eight


def test_the_legend_gives_ranges_and_counts():
    text = " ".join(ElementTree.fromstring(drawn(two_squares())).itertext())
    assert "60.0 of 100" in text
    assert "1 neighbourhood" in text
    assert "No figure (hatched)" in text
    assert "Source: a test." in text
    assert "km" in text


def test_sites_are_drawn_and_counted():
    sites = [Site("gp", 0.5, 51.5), Site("gp", 1.5, 51.5), Site("family_hub", 1.2, 51.2), Site("unknown", 1, 51)]
    text = " ".join(ElementTree.fromstring(drawn(two_squares(), sites=sites)).itertext())
    assert "GP practices: 2" in text
    assert "Family hubs: 1" in text


def test_nothing_refers_to_another_file():
    text = drawn(two_squares())
    assert text.count("http") == 1  # the name of the SVG language itself
    assert "href" not in text
    assert "<style" not in text
    assert " style=" not in text


@pytest.mark.parametrize("nasty", NASTY)
def test_every_text_stays_text(nasty):
    caption = Caption(nasty, nasty, nasty, (nasty,), (nasty,))
    text = drawn(two_squares(nasty), caption)
    root = ElementTree.fromstring(text.encode())
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "desc", "defs", "pattern", "clipPath", "rect", "text", "g", "path"}
    clean = "".join(letter for letter in nasty if letter >= " " and letter != "\ud800")
    assert root.find(SVG + "title").text == clean


def test_an_empty_map_can_be_drawn():
    ElementTree.fromstring(drawn([]))


def test_rings_of_every_kind_of_geometry():
    ring = square(0, 51).tolist()
    assert rings_of(None) == []
    assert len(rings_of({"type": "Polygon", "coordinates": [ring, ring]})) == 2
    assert len(rings_of({"type": "MultiPolygon", "coordinates": [[ring], [ring, ring]]})) == 3
