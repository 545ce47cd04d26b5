"""Features under ``/ogc`` as part of a view: short pages, one edition through all of them, dial and footprint."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from urllib.parse import urlencode

import jsonschema
import numpy as np
import pytest

from geodata.store import MANIFEST, _seal
from geodata.store import open_edition as open_stored
from service.building.facts import attribution
from service.ogc import items as written
from service.ogc.collections import collections_of, find_collection
from tests.service.test_ogc import CRS84, EVERY, GRID, LAT_LON, SCORES, items, links, local, refused


def pages_of(served, address):
    while address:
        page = served.json(address)
        yield page
        following = links(page, "next")
        address = local(following[0]["href"]) if following else ""


@pytest.mark.parametrize("name", EVERY)
def test_a_page_ends_early_where_it_would_be_long_and_goes_on_at_the_next(served, monkeypatch, name):
    whole = [each["id"] for each in items(served, name, limit=1000)["features"]]
    monkeypatch.setattr("service.ogc.items.PAGE_BYTES", 20_000)
    found = list(pages_of(served, f"/ogc/collections/{name}/items?limit=997&crs={GRID}"))
    assert len(found) > 2
    assert [each["id"] for page in found for each in page["features"]] == whole
    for before, page in pairwise(found):
        assert page["numberReturned"] == len(page["features"])
        back = served.json(local(links(page, "prev")[0]["href"]))
        assert back["features"][-1]["id"] == before["features"][-1]["id"]
    monkeypatch.setattr("service.ogc.items.PAGE_BYTES", 1)
    assert items(served, name, limit=997, crs=LAT_LON)["numberReturned"] == 1


@pytest.mark.parametrize("name", EVERY)
def test_what_a_feature_takes_is_known_before_it_is_read(served, name):
    """A page holds no more than it may: properties count as well as boundaries."""
    features = find_collection(served.app.state.editions, name).features()
    index = np.arange(len(features))
    for system in features.systems:
        guessed = features.sizes(index, system) + written.AROUND
        page = served.get(f"/ogc/collections/{name}/items?limit=1000&{urlencode({'crs': system.address})}")
        assert len(page.content) - 10_000 < guessed.sum() < 2 * len(page.content)


def test_a_page_for_people_has_a_hundred_rows_at_most(served):
    text = served.get(f"{SCORES}/items?limit=10000&f=html").text
    assert text.count('<tr class="govuk-table__row"><th scope="row"') == 100
    assert "Features 1 to 100 of 120" in text
    assert "limit=100&amp;offset=100&amp;f=html" in text


def test_a_page_with_nothing_says_why(served):
    assert "Nothing matches." in served.get(f"{SCORES}/items?lad24nm=Elsewhere&f=html").text
    beyond = served.get(f"{SCORES}/items?offset=5000&limit=7&f=html").text
    assert "There is nothing on this page; 120 match" in beyond
    assert f'href="{SCORES}/items?limit=7&amp;f=html"' in beyond


def test_pages_after_the_first_are_of_the_same_edition(served):
    page = items(served, limit=50, offset=50)
    pin = f"edition={page['evenreach']['edition']}"
    for rel, wanted in (("self", False), ("alternate", False), ("next", True), ("prev", True)):
        assert (pin in links(page, rel)[0]["href"]) is wanted, rel
    assert "immutable" in served.get(local(links(page, "next")[0]["href"])).headers["cache-control"]


def test_pages_are_not_torn_when_an_edition_is_published_meanwhile(demo_store, serve, tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.store.verify", lambda stored, under="": None)  # the newer one is a copy
    older = tmp_path / "store"
    shutil.copytree(demo_store, older, symlinks=True)
    opened = serve(older)
    first = opened.json(f"{SCORES}/items?limit=60")
    edition = open_stored(older, "demo", check=False)
    newer = older / "demo" / f"{edition.id[:-8]}ffffffff"
    shutil.copytree(edition.folder, newer)
    manifest = dict(edition.manifest) | {"edition": newer.name}
    (newer / MANIFEST).write_text(json.dumps(manifest | {"seal": _seal(manifest)}))
    current = older / "demo" / "current"
    current.write_text(current.read_text().replace(edition.id, newer.name))
    assert opened.app.state.editions.get("demo").id == newer.name
    second = opened.json(local(links(first, "next")[0]["href"]))
    assert second["evenreach"]["edition"] == first["evenreach"]["edition"] == edition.id


def test_one_feature_keeps_the_dial_and_the_footprint(served):
    within = f"team:{served.app.state.editions.get('demo').footprints('team')[0]['name']}"
    asked = {"rho": "10", "within": within}
    page = items(served, limit=1000, **asked)
    assert {name: page["evenreach"][name] for name in ("rho", "within")} == {"rho": 10.0, "within": within}
    feature = page["features"][-1]
    one = served.json(f"{SCORES}/items/{feature['id']}?{urlencode(asked)}")
    assert one["properties"] == feature["properties"]
    assert one["evenreach"] == page["evenreach"]
    assert served.json(local(links(one, "self")[0]["href"])) == one
    assert served.json(f"{SCORES}/items/{feature['id']}")["properties"] != feature["properties"]
    text = served.get(f"{SCORES}/items?f=html&{urlencode(asked)}").text
    link = f"{SCORES}/items/{feature['id']}?{urlencode({'within': within, 'rho': '10', 'f': 'html'})}"
    assert link.replace("&", "&amp;") in text
    assert served.get(link).status_code == 200
    schema = served.json(f"{SCORES}/schema?{urlencode({'within': within})}")
    known = {name: value for name, value in feature["properties"].items() if value is not None}
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(feature | {"properties": known}))
    everybody = {each["id"] for each in items(served, limit=1000)["features"]}
    outside = min(everybody - {each["id"] for each in page["features"]})
    refused(served, f"{SCORES}/items/{outside}?{urlencode(asked)}", status=404)
    refused(served, "/ogc/collections/demo-sites/items/gp-X?rho=3", "rho")


def test_an_edition_of_before_offers_degrees_alone_and_says_that_access_is_not_known(
    demo_store, serve, tmp_path, monkeypatch
):
    monkeypatch.setattr("geodata.store.verify", lambda stored, under="": None)  # some of its files are gone
    older = tmp_path / "store"
    shutil.copytree(demo_store, older, symlinks=True)
    folder = open_stored(older, "demo", check=False).folder / "web"
    for name in ("shapes_grid.npy", "shapes_grid_starts.npy", "boxes_grid.npy", "site_points.npy"):
        (folder / name).unlink()
    opened = serve(older)
    collection = opened.json(SCORES)
    assert (collection["crs"], collection["storageCrs"]) == ([CRS84, LAT_LON], CRS84)
    page = items(opened, limit=5)
    assert page["numberReturned"] == 5
    assert page["features"] == items(opened, limit=5, crs=CRS84)["features"]
    refused(opened, f"{SCORES}/items?{urlencode({'crs': GRID})}", "crs")
    refused(opened, f"{SCORES}/items?{urlencode({'bbox': '0,0,1,1', 'bbox-crs': GRID})}", "bbox-crs")
    for path in ("/geojson/demo/access", "/downloads/demo/access.csv", "/downloads/demo/access.xlsx"):
        answer = opened.get(path)
        assert (answer.status_code, answer.json()["type"]) == (410, "urn:evenreach:error:edition-too-old"), path
    answer = opened.get("/places/demo/access")
    assert answer.status_code == 410
    assert "built again" in answer.text


def test_neighbourhoods_carry_the_sentence_of_every_indicator(served, demo_store):
    """The layer of deprivation alone has fewer sources than the collection has columns."""
    from geodata.catalogue import load_catalogue
    from geodata.definitions import load_indicators

    catalogue, indicators = load_catalogue(), load_indicators().values()
    said = attribution(catalogue, dict.fromkeys(catalogue), indicators)
    wanted = {catalogue[name].attribution for part in indicators for name in (part.source, *part.also)}
    for layer in ("targeting", "need", "indicator"):
        assert wanted <= set(said[layer])
    assert not wanted <= set(said["imd"])
    edition = served.app.state.editions.get("demo")
    sentences = {"imd": ["one"], "indicator": ["two"], "sites": ["three"], "targeting": ["four"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(edition.meta, "attribution", sentences)
        found = {each.kind: each.attribution for each in collections_of(edition)}
    assert [found[kind] for kind in ("neighbourhoods", "sites", "scores-core")] == [["two"], ["three"], ["four"]]


def test_the_tag_of_the_api_document_changes_with_the_program(served, monkeypatch):
    before = served.get("/ogc/api")
    monkeypatch.setattr(served.app, "version", "99")
    after = served.get("/ogc/api")
    assert after.json()["info"]["version"] == "99"
    assert before.headers["etag"] != after.headers["etag"]


def test_other_sites_may_read_links_and_systems(served):
    shown = served.get(f"{SCORES}/items?limit=1").headers["access-control-expose-headers"].split(", ")
    assert {"Link", "Content-Crs", "ETag"} <= set(shown)
