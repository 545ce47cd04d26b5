"""OGC API - Features over the demo borough: the abstract test suites of parts 1 to 3, and second routes to figures."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from urllib.parse import quote, urlencode

import jsonschema
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from service.ogc.parameters import read_items
from service.ogc.systems import EVERY as EVERY_SYSTEM
from service.queries import BadQuery

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
LAT_LON = "http://www.opengis.net/def/crs/EPSG/0/4326"
GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
BASE = "http://127.0.0.1:8000/ogc"
PARTS = "http://www.opengis.net/spec/ogcapi-features-"
SCORES = "/ogc/collections/demo-scores-core"
EVERY = ("demo-neighbourhoods", "demo-sites", "demo-scores-core")
JSON_FORMS = {"application/json", "application/geo+json", "application/schema+json"}
LAT_LON_OF_GRID = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def links(document, rel):
    return [link for link in document["links"] if link["rel"] == rel]


def local(address):
    assert address.startswith(BASE), address
    return address.removeprefix("http://127.0.0.1:8000")


def items(served, collection="demo-scores-core", **asked):
    return served.json(f"/ogc/collections/{collection}/items?{urlencode(asked)}")


def refused(served, path, parameter=None, status=400):
    answer = served.get(path)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:200]}"
    assert answer.headers["content-type"] == "application/json"
    fault = answer.json()
    assert {"code", "description"} <= set(fault)
    assert fault["status"] == status
    if parameter:
        assert fault["parameter"] == parameter
    return fault


# Part 1, core: landing page, API document, conformance


@pytest.mark.parametrize("path", ["/ogc", "/ogc/"])
def test_landing_page_leads_to_everything(served, path):
    document = served.json(path)
    for rel, kind in (
        ("service-desc", "application/vnd.oai.openapi+json;version=3.0"),
        ("service-doc", "text/html"),
        ("conformance", "application/json"),
        ("data", "application/json"),
    ):
        link = next(link for link in links(document, rel) if link["type"] == kind)
        answer = served.get(local(link["href"]))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)


def test_conformance_names_what_is_tested_here(served):
    classes = served.json("/ogc/conformance")["conformsTo"]
    assert classes == [
        *(f"{PARTS}1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
        f"{PARTS}2/1.0/conf/crs",
        *(f"{PARTS}3/1.0/conf/{name}" for name in ("queryables", "queryables-query-parameters")),
    ]


def test_api_document_has_every_operation_and_fixed_parameters(served):
    answer = served.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["openapi"].startswith("3.0.")
    assert document["servers"] == [{"url": BASE}]
    assert {"/", "/conformance", "/api", "/collections", "/collections/{collectionId}"} <= set(document["paths"])
    ids = [collection["id"] for collection in served.json("/ogc/collections")["collections"]]
    for name in ids:
        given = document["paths"][f"/collections/{name}/items"]["get"]["parameters"]
        found = {part["name"]: part for part in (resolved(document, each) for each in given)}
        queryables = served.json(f"/ogc/collections/{name}/queryables")["properties"]
        assert set(queryables) < set(found)
        assert found["bbox"]["schema"] == {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
        assert (found["bbox"]["style"], found["bbox"]["explode"]) == ("form", False)
        assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
        assert found["datetime"]["schema"] == {"type": "string"}
        assert {found[each]["in"] for each in ("bbox", "limit", "datetime", "crs", "bbox-crs")} == {"query"}
    names = {operation["get"]["operationId"] for operation in document["paths"].values()}
    assert len(names) == len(document["paths"])


def resolved(document, part):
    for step in part.get("$ref", "#").split("/")[1:]:
        document = document[step]
    return document if "$ref" in part else part


def test_newer_api_document_by_parameter_and_by_media_type(served):
    newer = served.get("/ogc/api?f=openapi31")
    assert newer.json()["openapi"].startswith("3.1.")
    assert newer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.1"
    for kind in ("application/vnd.oai.openapi+json;version=3.1", "application/openapi+json;version=3.1"):
        assert served.get("/ogc/api", headers={"Accept": kind}).content == newer.content
    older = served.get("/ogc/api").json()
    assert {**newer.json(), "openapi": ""} == {**older, "openapi": ""}


def test_every_reference_of_the_api_document_leads_somewhere(served):
    document = served.json("/ogc/api")
    for reference in set(re.findall(r'"#/([^"]+)"', served.get("/ogc/api").text)):
        found = document
        for step in reference.split("/"):
            found = found[step]


# Part 1, core: collections


def test_collections_and_each_collection_say_the_same(served):
    document = served.json("/ogc/collections")
    assert links(document, "self")
    assert links(document, "alternate")
    focuses = next(place for place in served.json("/api/v1/places")["places"] if place["id"] == "demo")["focuses"]
    wanted = {"demo-neighbourhoods", "demo-sites", *(f"demo-scores-{focus['id']}" for focus in focuses)}
    assert {collection["id"] for collection in document["collections"]} == wanted
    for collection in document["collections"]:
        assert served.json(f"/ogc/collections/{collection['id']}") == collection
        assert all(link["rel"] and link["type"] for link in collection["links"])
        kinds = {link["type"] for link in links(collection, "items")}
        assert kinds == {"application/geo+json", "text/html"}
        assert collection["crs"] == [CRS84, LAT_LON, GRID]
        assert collection["storageCrs"] == GRID
        assert "Fictional" in collection["attribution"]
        (west, south, east, north), *_ = collection["extent"]["spatial"]["bbox"]
        assert collection["extent"]["spatial"]["crs"] == CRS84
        assert -9 < west < east < 3
        assert 49 < south < north < 61


@pytest.mark.parametrize("name", EVERY)
def test_all_features_lie_in_the_extent(served, name):
    west, south, east, north = served.json(f"/ogc/collections/{name}")["extent"]["spatial"]["bbox"][0]
    found = items(served, name, limit=1000)
    bounds = shapely.bounds([shapely.geometry.shape(each["geometry"]) for each in found["features"]])
    assert np.allclose([west, south], bounds[:, :2].min(axis=0), atol=1e-9)
    assert np.allclose([east, north], bounds[:, 2:].max(axis=0), atol=1e-9)


def test_unknown_collections_features_and_addresses(served):
    for path in ("/ogc/collections/nowhere", "/ogc/collections/demo", "/ogc/collections/demo-scores-magic/items"):
        assert refused(served, path, status=404)["code"] == "unknown-collection"
    for path in (f"{SCORES}/items/E01999999", f"{SCORES}/items/a/b", "/ogc/collections/demo-sites/items/gp-nothing"):
        assert refused(served, path, status=404)["code"] == "unknown-feature"
    refused(served, "/ogc/nothing", status=404)
    assert served.ask("POST", f"{SCORES}/items").status_code == 405


# Part 1, core: features


@pytest.mark.parametrize("name", EVERY)
def test_following_next_gives_every_feature_once_and_prev_leads_back(served, name):
    whole = items(served, name, limit=10_000)
    assert whole["numberMatched"] == whole["numberReturned"] == len(whole["features"])
    seen, pages, address = [], [], f"/ogc/collections/{name}/items?limit=13"
    while address:
        page = served.json(address)
        assert page["numberMatched"] == whole["numberMatched"]
        assert page["numberReturned"] == len(page["features"]) <= 13
        assert "timeStamp" not in page
        seen += page["features"]
        pages.append(page)
        following = links(page, "next")
        address = local(following[0]["href"]) if following else ""
    assert seen == whole["features"]
    for before, page in pairwise(pages):
        assert served.json(local(links(page, "prev")[0]["href"]))["features"] == before["features"]
    assert not links(pages[0], "prev")


def test_page_before_is_never_longer_than_what_lies_before(served):
    page = items(served, limit=50, offset=20)
    before = served.json(local(links(page, "prev")[0]["href"]))
    assert before["numberReturned"] == 20
    beyond = items(served, limit=10, offset=5000)
    assert (beyond["numberReturned"], beyond["numberMatched"]) == (0, 120)
    assert not links(beyond, "next")
    last = served.json(local(links(beyond, "prev")[0]["href"]))
    assert last["features"] == items(served, limit=10, offset=110)["features"]


def test_limits(served):
    assert items(served)["numberReturned"] == 100
    for limit in ("10001", "1000000000", "9" * 40):
        assert items(served, limit=limit)["numberReturned"] == 120
    for limit in ("0", "-1", "1.5", "1e3", "ten", "", "٣", "+5"):
        refused(served, f"{SCORES}/items?{urlencode({'limit': limit})}", "limit")
    for offset in ("-1", "x", "", "1000000000"):
        refused(served, f"{SCORES}/items?{urlencode({'offset': offset})}", "offset")
    for name in ("limit", "offset"):  # longer than Python reads, where a site allows so long an address
        with pytest.raises(BadQuery, match=f"{name} is '999"):
            read_items({name: "9" * 5000}, [], EVERY_SYSTEM)


def test_links_of_features_have_both_forms(served):
    page = served.get(f"{SCORES}/items?limit=2&need_fifth=1")
    document = page.json()
    kinds = {link["rel"]: link["type"] for link in document["links"]}
    assert kinds["self"] == "application/geo+json"
    assert kinds["alternate"] == "text/html"
    assert served.get(local(links(document, "self")[0]["href"])).content == page.content
    header = page.headers["link"]
    for link in document["links"]:
        assert f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' in header


@pytest.mark.parametrize("name", EVERY)
def test_one_feature_is_that_of_the_page(served, name):
    for feature in items(served, name, limit=200)["features"][::23]:
        found = served.json(f"/ogc/collections/{name}/items/{quote(feature['id'], safe='')}")
        assert {key: found[key] for key in feature} == feature
        assert {link["rel"] for link in found["links"]} == {"self", "alternate", "collection"}
        assert served.get(local(links(found, "self")[0]["href"])).json() == found


def test_datetime_is_read_and_matches_all(served):
    for moment in (
        "2026-01-31",
        "2026-01-31T12:00:00Z",
        "2020-02-29T23:59:59.5+01:00",
        "2020-01-01T00:00:00Z/2021-01-01T00:00:00Z",
        "../2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z/..",
        "/2021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z/",
        "../..",
    ):
        assert items(served, datetime=moment)["numberMatched"] == 120, moment
    for moment in (
        "",
        "..",
        "yesterday",
        "2021-02-30",
        "2021-01-01T25:00:00Z",
        "2021/2022/2023",
        "2022-01-01/2021-01-01",
        "99999",
    ):
        refused(served, f"{SCORES}/items?{urlencode({'datetime': moment})}", "datetime")


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/ogc?what=1", "what"),
        ("/ogc/conformance?limit=1", "limit"),
        ("/ogc/collections?bbox=0,50,1,51", "bbox"),
        (f"{SCORES}?limit=1", "limit"),
        (f"{SCORES}/items?colour=red", "colour"),
        (f"{SCORES}/items?Limit=1", "Limit"),
        (f"{SCORES}/items?limit=1&limit=1", "limit"),
        (f"{SCORES}/items?need_fifth=1&need_fifth=2", "need_fifth"),
        (f"{SCORES}/items?households=3", "households"),
        (f"{SCORES}/items/E01900001?limit=1", "limit"),
        (f"{SCORES}/items?f=gml", "f"),
        (f"{SCORES}/items?f=", "f"),
        (f"{SCORES}/items?edition=2000-01-01-00000000", "edition"),
        (f"{SCORES}/items?edition=../..", "edition"),
        (f"{SCORES}/items?edition=", "edition"),
        (f"{SCORES}/items?within=lad:E06000032", "within"),
        (f"{SCORES}/items?within=", "within"),
        (f"{SCORES}/items?rho=nan", "rho"),
        (f"{SCORES}/items?rho=", "rho"),
        ("/ogc/collections/demo-sites/items?rho=3", "rho"),
        ("/ogc/api?f=yaml", "f"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(served, path, parameter):
    refused(served, path, parameter)


# bbox


def shapes(served, name, **asked):
    found = items(served, name, limit=1000, **asked)["features"]
    return {each["id"]: shapely.geometry.shape(each["geometry"]) for each in found}


@pytest.mark.parametrize("name", EVERY)
def test_boxes_select_what_shapely_selects(served, name):
    everything = shapes(served, name)
    west, south, east, north = served.json(f"/ogc/collections/{name}")["extent"]["spatial"]["bbox"][0]
    generator = np.random.default_rng(5)
    for _ in range(6):
        x, y = np.sort(generator.uniform(west, east, 2)), np.sort(generator.uniform(south, north, 2))
        box = [float(round(edge, 6)) for edge in (x[0], y[0], x[1], y[1])]
        wanted = {key for key, shape in everything.items() if shape.intersects(shapely.box(*box))}
        text = ",".join(map(str, box))
        assert set(shapes(served, name, bbox=text)) == wanted
        swapped = ",".join(str(box[place]) for place in (1, 0, 3, 2))
        assert set(shapes(served, name, bbox=swapped, **{"bbox-crs": LAT_LON})) == wanted


@pytest.mark.parametrize("name", EVERY)
def test_boxes_in_metres_select_in_metres(served, name):
    everything = shapes(served, name, crs=GRID)
    bounds = shapely.bounds(list(everything.values()))
    west, south, east, north = *bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)
    box = (round(west + 0.3 * (east - west)), round(south), round(east), round(north - 0.4 * (north - south)))
    wanted = {key for key, shape in everything.items() if shape.intersects(shapely.box(*box))}
    assert 0 < len(wanted) < len(everything)
    assert set(shapes(served, name, bbox=",".join(map(str, box)), **{"bbox-crs": GRID})) == wanted


def test_boxes_as_the_standard_writes_them(served):
    assert items(served, bbox="-180,-90,180,90")["numberMatched"] == 120
    assert items(served, bbox="-180,-90,-1000,180,90,1000")["numberMatched"] == 120  # heights are passed over
    assert items(served, bbox="177.0,50.0,-177.0,56.0")["numberMatched"] == 0  # across the 180th meridian
    assert items(served, bbox="1.0,50.0,-177.0,56.0")["numberMatched"] == 120
    assert items(served, bbox="0,0,0,0")["numberMatched"] == 0
    everything = shapes(served, "demo-neighbourhoods")
    inside = everything["E01900044"].representative_point()
    point = f"{inside.x},{inside.y},{inside.x},{inside.y}"
    assert list(shapes(served, "demo-neighbourhoods", bbox=point)) == ["E01900044"]  # which area is this in?
    assert items(served, bbox="1.1e0,5.4E1,+1.2,55")["numberMatched"] > 0


@pytest.mark.parametrize(
    ("box", "system", "said"),
    [
        ("1,2,3", "", "four numbers"),
        ("1,2,3,4,5", "", "four numbers"),
        ("", "", "four numbers"),
        ("a,b,c,d", "", "four numbers"),
        ("nan,0,1,1", "", "four numbers"),
        ("0,0,inf,1", "", "four numbers"),
        ("0,0,1e400,1", "", "four numbers"),
        ("1.0,54.2,1.2,54.0", "", "above its greatest"),
        ("0,51,9,0,52,5", "", "height"),
        ("500000,200000,510000,210000", "", "degrees"),
        ("-0.5,51.8,-0.3,200", "", "degrees"),
        ("1.0,99,1.2,100", "", "degrees"),
        ("1.0,54.0,1.2,54.2", GRID, "look like degrees"),
        ("510000,200000,500000,210000", GRID, "above its greatest"),
        ("0,0,1e30,1e30", GRID, "beyond"),
        ("54.0,1.0,54.2,1.2", "", "the other way round"),
        ("54.0,1.0,0,54.2,1.2,9", CRS84, "the other way round"),
        ("54.1,1.1,54.1,1.1", "", "the other way round"),
        ("1.0,54.0,1.2,54.2", LAT_LON, "the other way round"),
    ],
)
def test_boxes_that_are_none_say_why(served, box, system, said):
    asked = {"bbox": box} | ({"bbox-crs": system} if system else {})
    fault = refused(served, f"{SCORES}/items?{urlencode(asked)}", "bbox")
    assert said in fault["description"]
    if said == "the other way round":
        assert ("latitude first" if system == LAT_LON else "longitude first") in fault["hint"]


@pytest.mark.parametrize(
    ("box", "system"), [("30,-2,31,-1", ""), ("-2,30,-1,31", LAT_LON), ("-90,-180,-90,-180", LAT_LON)]
)
def test_boxes_elsewhere_either_way_round_are_empty(served, box, system):
    asked = {"bbox": box} | ({"bbox-crs": system} if system else {})
    assert items(served, **asked)["numberMatched"] == 0


# Part 2: systems


@pytest.mark.parametrize("name", EVERY)
def test_the_three_systems_give_the_same_places(served, name):
    answers = {}
    for system in ("", CRS84, LAT_LON, GRID):
        asked = urlencode({"limit": 1000} | ({"crs": system} if system else {}))
        answer = served.get(f"/ogc/collections/{name}/items?{asked}")
        assert answer.headers["content-crs"] == f"<{system or CRS84}>"
        answers[system] = [shapely.geometry.shape(each["geometry"]) for each in answer.json()["features"]]
    usual = shapely.get_coordinates(answers[CRS84])
    assert np.array_equal(shapely.get_coordinates(answers[""]), usual)
    assert np.array_equal(shapely.get_coordinates(answers[LAT_LON]), usual[:, ::-1])
    metres = shapely.get_coordinates(answers[GRID])
    assert np.array_equal(metres, metres.round(2))
    # Their operation may be another (the national grid file), so a few metres are allowed.
    carried = np.column_stack(LAT_LON_OF_GRID.transform(metres[:, 0], metres[:, 1]))
    assert np.abs(carried - usual).max() < 1e-4
    assert all(shapely.is_ccw(shape.exterior) for shape in answers[GRID] if shape.geom_type == "Polygon")


def test_one_feature_in_a_system(served):
    for system in (CRS84, LAT_LON, GRID):
        answer = served.get(f"{SCORES}/items/E01900004?{urlencode({'crs': system})}")
        assert answer.headers["content-crs"] == f"<{system}>"
        page = items(served, lsoa21cd="E01900004", crs=system)
        assert answer.json()["geometry"] == page["features"][0]["geometry"]


@pytest.mark.parametrize("parameter", ["crs", "bbox-crs"])
@pytest.mark.parametrize(
    "system", ["", "EPSG:27700", "27700", f"{GRID}1", "http://www.opengis.net/def/crs/EPSG/0/3857"]
)
def test_unknown_systems_are_refused(served, parameter, system):
    refused(served, f"{SCORES}/items?{urlencode({parameter: system})}", parameter)


# Part 3: queryables


@pytest.mark.parametrize("name", EVERY)
def test_queryables_are_a_schema_and_every_one_selects(served, name):
    answer = served.get(f"/ogc/collections/{name}/queryables", headers={"Accept": "application/schema+json"})
    assert answer.headers["content-type"] == "application/schema+json"
    document = answer.json()
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"{BASE}/collections/{name}/queryables"
    assert document["type"] == "object"
    assert document["additionalProperties"] is False
    collection = served.json(f"/ogc/collections/{name}")
    assert links(collection, "http://www.opengis.net/def/rel/ogc/1.0/queryables")[0]["href"] == document["$id"]
    features = items(served, name, limit=1000)["features"]
    for queryable, schema in document["properties"].items():
        known = [each["properties"][queryable] for each in features if each["properties"][queryable] is not None]
        if not known:
            continue
        wanted = known[len(known) // 2]
        text = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
        found = items(served, name, limit=1000, **{queryable: text})
        assert schema["type"] in ("string", "integer", "number", "boolean")
        assert [each["id"] for each in found["features"]] == [
            each["id"] for each in features if each["properties"][queryable] == wanted
        ], queryable


def test_several_conditions_all_hold(served):
    found = items(served, need_fifth=1, lad24nm="Aldermouth", bbox="1.0,54.0,1.13,54.1", limit=1000)
    assert found["numberMatched"] > 0
    assert all(each["properties"]["need_fifth"] == 1 for each in found["features"])
    assert items(served, need_fifth=1, lad24nm="Elsewhere")["numberMatched"] == 0
    assert items(served, lsoa21nm='", "lad24nm":"Aldermouth')["numberMatched"] == 0
    assert items(served, lad24nm="Aldermout")["numberMatched"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("need_fifth", "one"),
        ("need_fifth", "1.5"),
        ("need_score", "nan"),
        ("need_score", "1e400"),
        ("need_score", "0x10"),
        ("need_score", ""),
        ("lad24nm", ""),
        ("lad24nm", "x" * 501),
        ("lad24nm", "\x00"),
        ("wd24nm", "a\x1fb"),
        ("lad24nm", "Aldermouth\x7f"),
        ("population", "1_000"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(served, name, value):
    refused(served, f"{SCORES}/items?{urlencode({name: value})}", name)
    refused(served, "/ogc/collections/demo-sites/items?inside=maybe", "inside")


@pytest.mark.parametrize(("as_gdal", "plain"), [("1", "true"), ("0", "false")])
def test_a_truth_may_be_asked_for_as_gdal_writes_it(served, as_gdal, plain):
    found, wanted = (items(served, "demo-sites", inside=text)["features"] for text in (as_gdal, plain))
    assert found == wanted
    assert {feature["properties"]["inside"] for feature in found} <= {plain == "true"}
    refused(served, "/ogc/collections/demo-sites/items?inside=2", "inside")


@pytest.mark.parametrize("name", EVERY)
def test_features_keep_their_schema(served, name):
    schema = served.json(f"/ogc/collections/{name}/schema")
    checker = jsonschema.Draft202012Validator(schema)
    for feature in items(served, name, limit=1000)["features"]:
        known = {key: value for key, value in feature["properties"].items() if value is not None}
        assert not list(checker.iter_errors(feature | {"properties": known}))
        assert set(feature["properties"]) == set(schema["properties"]["properties"]["properties"])


# The same figures by another route


@pytest.mark.parametrize("asked", [{}, {"rho": "10"}, {"within": "team:Harbour"}])
def test_scores_are_those_of_the_table(served, asked):
    if "within" in asked:
        edition = served.app.state.editions.get("demo")
        asked = {"within": f"team:{edition.footprints('team')[0]['name']}"}
    table = served.json(f"/api/v1/places/demo/scores?{urlencode(asked)}")["rows"]
    found = items(served, limit=1000, **asked)["features"]
    assert [each["properties"] for each in found] == table
    assert [each["id"] for each in found] == [row["lsoa21cd"] for row in table]


def test_neighbourhoods_carry_what_the_layers_show(served):
    found = {each["id"]: each["properties"] for each in items(served, "demo-neighbourhoods", limit=1000)["features"]}
    deprivation = served.json("/geojson/demo/imd?detail=none")["features"]
    shown = served.json("/geojson/demo/indicator?indicator=income_rank&detail=none")["features"]
    for one, two in zip(deprivation, shown, strict=True):
        mine = found[one["id"]]
        assert {name: mine[name] for name in one["properties"]} == one["properties"]
        assert mine["income_rank"] == two["properties"]["income_rank"]


def test_sites_are_those_of_the_map(served):
    mapped = {each["id"]: each for each in served.json("/geojson/demo/sites")["features"]}
    found = items(served, "demo-sites", limit=1000)["features"]
    assert {each["id"] for each in found} == set(mapped)
    for each in found:
        assert each["geometry"] == mapped[each["id"]]["geometry"]
        assert each["properties"]["name"] == mapped[each["id"]]["properties"]["name"]


def test_a_column_has_one_kind_of_number(served):
    """Programs take the kind of a column from the first features: a whole number among others would cut the rest."""
    features = items(served, limit=1000)["features"]
    for name in features[0]["properties"]:
        kinds = {type(each["properties"][name]) for each in features} - {type(None)}
        assert len(kinds) <= 1, name


# Forms, tags, pages


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/geo+json"),
        ("*/*", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/html;q=0.4, application/geo+json;q=0.5", "application/geo+json"),
        ("text/html;q=0", "application/geo+json"),
        ("image/png", "application/geo+json"),
    ],
)
def test_accept_decides_where_f_does_not(served, accept, kind):
    answer = served.get(f"{SCORES}/items?limit=1", headers={"Accept": accept})
    assert answer.headers["content-type"] == kind
    assert {"Accept", "Accept-Encoding"} <= {part.strip() for part in answer.headers["vary"].split(",")}
    assert served.get(f"{SCORES}/items?limit=1&f=json", headers={"Accept": "text/html"}).json()["numberReturned"] == 1


PAGES = [
    "/ogc/",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    SCORES,
    f"{SCORES}/queryables",
    f"{SCORES}/schema",
    f"{SCORES}/items?limit=7&offset=3",
    f"{SCORES}/items?need_fifth=1&lad24nm=Elsewhere",
    f"{SCORES}/items/E01900004",
    "/ogc/collections/demo-sites/items?limit=200",
    "/ogc/collections/demo-neighbourhoods/items/E01900004",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_document_is_also_a_page_with_our_own_links_alone(served, path):
    answer = served.get(f"{path}{'&' if '?' in path else '?'}f=html")
    assert answer.status_code == 200
    text = answer.text
    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert not re.search(r"""(?:href|src|action)=["']https?:""", text)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    document = served.json(path)
    for link in document.get("links", []):
        shown = local(link["href"]) if link["rel"] != "alternate" else ""  # the page's own other form is JSON
        if link["rel"] == "self":
            shown = local(link["href"])
        if link["rel"] in ("next", "prev"):
            shown = shown.replace("f=json", "f=html")
        assert f'href="{shown.replace("&", "&amp;")}"' in text or not shown, link


def test_a_page_of_features_shows_every_figure(served):
    text = served.get(f"{SCORES}/items?limit=20&f=html").text
    for feature in items(served, limit=20)["features"]:
        row = re.search(rf"<tr[^>]*><th[^>]*><a[^>]*>{feature['id']}</a></th>(.*?)</tr>", text).group(1)
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        said = feature["properties"] | {"note": feature["properties"].get("note") or ""}  # nothing is missing
        wanted = ["not known" if said[name] is None else str(said[name]) for name in feature["properties"]]
        assert [html.unescape(cell) for cell in cells[:-1]] == wanted


def test_tags_and_pinned_editions(served):
    path = f"{SCORES}/items?limit=5"
    first = served.get(path)
    tag = first.headers["etag"]
    again = served.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert "Accept" in again.headers["vary"]
    assert served.get(f"{path}&rho=4").headers["etag"] != tag
    assert served.get(f"{path}&f=html").headers["etag"] != tag
    assert served.get(path).content == first.content
    edition = first.json()["evenreach"]["edition"]
    pinned = served.get(f"{path}&edition={edition}")
    assert "immutable" in pinned.headers["cache-control"]
    assert f"edition={edition}" in links(pinned.json(), "next")[0]["href"]
    assert f"edition={edition}" in links(pinned.json(), "collection")[0]["href"]
    assert served.get(local(links(pinned.json(), "collection")[0]["href"])).status_code == 200
    assert f"items/E01900001?edition={edition}&amp;f=html" in served.get(f"{path}&edition={edition}&f=html").text
    head = served.ask("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == tag


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("form", ["json", "html"])
def test_links_never_come_from_the_host_header(served, path, form):
    address = f"{path}{'&' if '?' in path else '?'}f={form}"
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = served.get(address, headers=forged | {"Forwarded": "host=evil.example;proto=https"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text + str(answer.headers)


def test_the_planner_says_how_to_use_its_data_elsewhere(served):
    text = served.get("/places/demo?focus=best-start&rho=5").text
    for piece in (
        BASE,
        "demo-scores-best-start",
        "http://127.0.0.1:8000/geojson/demo/targeting?focus=best-start&amp;rho=5",
        "http://127.0.0.1:8000/downloads/demo/targeting.excel.csv?focus=best-start&amp;rho=5",
    ):
        assert piece in text
    assert "http://127.0.0.1:8000/geojson/demo/sites" in served.get("/maps/demo/sites").text
