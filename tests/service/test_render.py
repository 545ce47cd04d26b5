"""The folium frame: the same bytes each time, no other host, no text from data in a script."""

from __future__ import annotations

import math
import re

import pytest

from service.drawing.render import ELEMENT_ID, frame

LUTON = (-0.505917, 51.854604, -0.349955, 51.927629)
NASTY = ["<img src=x onerror=alert(1)>", "${alert(1)}", r"\x3cimg\x3e", "`", "</script><script>x</script>", '" x="']


def test_equal_bounds_give_equal_bytes():
    assert frame(LUTON, title="Map of Luton") == frame(LUTON, title="Map of Luton")


def test_nothing_is_asked_of_another_host():
    drawn = frame(LUTON)
    others = r"https?:|//[a-z]|cdn|jquery|bootstrap|d3\.|fontawesome"
    assert not re.search(others, drawn.html + drawn.script, re.IGNORECASE)


def test_there_is_no_inline_script_or_style():
    drawn = frame(LUTON)
    assert "<script" not in drawn.html
    assert "style" not in drawn.html
    assert "<" not in drawn.script


def test_the_script_makes_the_named_map_and_fits_the_place():
    drawn = frame(LUTON)
    assert f'id="{ELEMENT_ID}"' in drawn.html
    assert drawn.script.startswith(f"var {ELEMENT_ID} = L.map(")
    assert f"{ELEMENT_ID}.fitBounds(" in drawn.script
    assert '"animate": false' in drawn.script
    assert "[[51.854604, -0.505917], [51.927629, -0.349955]]" in drawn.script  # Leaflet takes (lat, lon)


def test_the_map_is_one_labelled_region():
    html = frame(LUTON, title="Map of Luton").html
    assert 'role="region" aria-label="Map of Luton"' in html
    assert html.count("<div") == 1


@pytest.mark.parametrize("text", NASTY)
def test_a_title_stays_text(text):
    drawn = frame(LUTON, title=text)
    assert text not in drawn.script
    assert drawn.html.count("<") == 2
    assert drawn.html.count('"') == frame(LUTON, title="x").html.count('"')


@pytest.mark.parametrize(
    "bounds",
    [(0.1, 51.0, -0.1, 52.0), (-0.1, 52.0, 0.1, 51.0), (430000.0, 220000.0, 440000.0, 230000.0), (math.nan, 51, 1, 52)],
)
def test_bounds_that_are_not_degrees_are_refused(bounds):
    with pytest.raises(ValueError, match="west, south, east, north in degrees"):
        frame(bounds)
