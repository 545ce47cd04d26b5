"""Map pages and pictures of the demo borough, through the application itself."""

from __future__ import annotations

import asyncio
import html
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import httpx
import pytest

from layers.map_layers import LAYERS
from service.app import create_app
from service.settings import Settings

OWN = "http://127.0.0.1:8000/"  # the address that people use, where none is set


@pytest.fixture(scope="module")
def ask(demo_store: Path):
    app = create_app(Settings(store=demo_store, log_level="error"))

    def answer(path, **headers):
        async def fetch():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(fetch())

    return answer


def spec_of(page):
    return json.loads(html.unescape(re.search(r'data-spec="([^"]*)"', page).group(1)))


def counts_in(page):
    return [int(count.replace(",", "")) for count in re.findall(r"<span>([\d,]+) neighbourhoods?</span>", page)]


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_a_page_and_a_picture(ask, layer):
    page, drawn = ask(f"/maps/demo/{layer}"), ask(f"/pictures/demo/{layer}.svg")
    assert (page.status_code, drawn.status_code) == (200, 200)
    assert drawn.headers["content-type"] == "image/svg+xml"
    ElementTree.fromstring(drawn.text)
    assert f'src="/pictures/demo/{layer}.svg' in page.text  # without a script the picture stands in
    assert "Fictional" in page.text
    assert "fictional" in drawn.text


@pytest.mark.parametrize("layer", LAYERS)
def test_a_page_holds_no_inline_script_or_style_and_no_other_host(ask, layer):
    page = ask(f"/maps/demo/{layer}")
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
    found = re.findall(r'(?:src|href|action)="((?:https?:)?//[^"]*)', page.text)
    assert [address for address in found if not address.startswith(OWN)] == []
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/maps/demo/altitude", "/pictures/demo/altitude.svg", "/maps/atlantis/need"])
def test_what_is_unknown_is_not_found(ask, path):
    assert ask(path).status_code == 404


@pytest.mark.parametrize("query", ["rho=0", "rho=nan", "service=tea", "zoom=3", "within=lad:"])
def test_what_cannot_be_read_is_refused(ask, query):
    assert ask(f"/maps/demo/need?{query}").status_code == 422


def test_an_unknown_footprint_or_indicator_is_not_found(ask):
    assert ask("/maps/demo/need?within=team:Nowhere").status_code == 404
    assert ask("/maps/demo/indicator?indicator=tea").status_code == 404


@pytest.mark.parametrize("layer", ["targeting", "need", "imd", "indicator"])
def test_legend_and_geojson_tell_the_same_story(ask, layer):
    page = ask(f"/maps/demo/{layer}")
    spec = spec_of(page.text)
    address = html.unescape(re.search(r'data-geojson="([^"]*)"', page.text).group(1))
    rows = [feature["properties"] for feature in ask(address).json()["features"]]
    assert sum(counts_in(page.text)) == len(rows)
    known = [row for row in rows if row[spec["classColumn"]] is not None]
    missing = len(rows) - len(known)
    assert ('data-class="0"' in page.text) == (missing > 0)
    drawn = "need_position" if layer == "targeting" else spec["column"]  # of which the script makes multiples
    assert all(drawn in row for row in rows)
    assert all("msoa21hclnm" in row and "lsoa21nm" in row for row in rows)


def test_the_fifths_of_a_legend_are_counted_from_the_rows(ask):
    page = ask("/maps/demo/need")
    rows = ask("/geojson/demo/need?detail=none").json()["features"]
    fifths = [row["properties"]["need_fifth"] for row in rows]
    expected = [fifths.count(fifth) for fifth in (1, 2, 3, 4, 5)]
    assert counts_in(page.text)[:5] == expected


def test_the_dial_moves_the_ranges_and_not_the_classes(ask):
    flat, steep = ask("/maps/demo/targeting?rho=1").text, ask("/maps/demo/targeting?rho=4.25").text
    assert re.findall(r"data-range>([^<]*)<", flat) == ["1.00 times the average"] * 5
    assert counts_in(flat) == counts_in(steep)
    assert "The dial is at 4.25" in steep


def test_a_footprint_is_a_map_of_its_own(ask):
    (team, *_) = ask("/api/v1/places").json()["places"] and re.findall(
        r'value="(team:[^"]*)"', ask("/places/demo").text
    )
    page = ask("/maps/demo/need?within=" + html.unescape(team))
    rows = ask("/geojson/demo/need?detail=none&within=" + html.unescape(team)).json()["features"]
    assert sum(counts_in(page.text)) == len(rows)


def test_an_indicator_can_be_chosen(ask):
    page = ask("/maps/demo/indicator")
    options = re.findall(r'<option value="([a-z0-9_]+)"', page.text)
    assert len(options) > 3
    chosen = ask(f"/maps/demo/indicator?indicator={options[-1]}")
    assert spec_of(chosen.text)["column"] == options[-1]


def test_one_service_alone_can_be_shown(ask):
    page = ask("/maps/demo/sites?service=gp").text
    assert 'value="gp" autocomplete="off" checked' in page
    assert 'value="dental"' not in page
    assert "Dental practices" not in ask("/pictures/demo/sites.svg?service=gp").text


def test_the_frame_of_a_pinned_edition_never_changes(ask):
    page = ask("/maps/demo/need").text
    address = re.search(r'src="(/maps/demo/frame\.js\?edition=[^"]*)"', page).group(1)
    script = ask(address)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert "http" not in script.text
    assert ask("/maps/demo/frame.js").text == script.text


@pytest.mark.parametrize("path", ["/maps/demo/need", "/pictures/demo/need.svg", "/maps/demo/frame.js"])
def test_the_same_answer_has_the_same_tag(ask, path):
    first = ask(path)
    again = ask(path, **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert ask(path).text == first.text


def test_attribution_stands_on_the_map_and_on_the_picture(ask):
    page, drawn = ask("/maps/demo/need").text, ask("/pictures/demo/need.svg").text
    sentence = ask("/geojson/demo/need?detail=none").json()["evenreach"]["attribution"][0]
    assert sentence in html.unescape(page)
    assert sentence.split()[0] in drawn


def test_a_large_place_is_drawn_by_council_first(ask, monkeypatch):
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 10)
    page = ask("/maps/demo/need?rho=1.25").text
    assert 'data-councils="/geojson/demo/councils?rho=1.25"' in page
    assert "detail=full" in page  # a box of it is fetched as published
    assert "Choose one on the map, or zoom in, to see its neighbourhoods" in page
    drawn = ask("/pictures/demo/need.svg?rho=1.25").text
    councils = ask("/geojson/demo/councils").json()["features"]
    assert drawn.count('fill-rule="evenodd"') == len(councils)
    assert "Zoom in" not in drawn
