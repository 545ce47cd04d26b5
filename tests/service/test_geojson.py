"""GeoJSON over HTTP: the form of RFC 7946, the figures of the API, strict parameters, caching, hostile text."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from shapely.geometry import Point, box, shape

from service.building.prepare import build
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from tests.conftest import draw_less

LAYERS = ("targeting", "need", "imd", "indicator")
WITHIN = ("", "lad:E06900001", "ward:E05900001", "msoa:E02900003", "team:Harbour and Lantern")
DIALS = ("1", "3", "4.25")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    r"\x3cscript\x3e",
    "`",
    "</script><script>alert(1)</script>",
    r"C:\2019",
    "quote \" and ' and & and %s %b %(x)s {0}",
    "=1+1",
    "Ynys Môn \u2028 \u202e 💧",
)


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def address(layer: str, **parameters: str) -> str:
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items() if value)
    return f"/geojson/demo/{layer}" + (f"?{query}" if query else "")


def rings_of(geometry: dict[str, Any]) -> list[list[list[list[float]]]]:
    """Give the polygons of a geometry, each a list of rings."""
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]


def turns_left(ring: list[list[float]]) -> bool:
    """Whether a ring runs against the clock."""
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) > 0


@pytest.mark.parametrize("detail", ["", "full", "map"])
def test_the_form_is_that_of_rfc_7946(served: Any, edition: Edition, detail: str) -> None:
    answer = served.get(address("need", detail=detail))
    assert answer.headers["content-type"] == "application/geo+json"
    data = answer.json()
    assert data["type"] == "FeatureCollection"
    assert "crs" not in data
    assert [feature["id"] for feature in data["features"]] == edition.codes.tolist()
    west, south, east, north = edition.bounds
    decimals = 5 if detail == "map" else 6
    for feature in data["features"]:
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] in ("Polygon", "MultiPolygon")
        for polygon in rings_of(feature["geometry"]):
            for number, ring in enumerate(polygon):
                assert ring[0] == ring[-1]
                assert len(ring) >= 4
                assert turns_left(ring) == (number == 0), "outer rings against the clock, holes with it"
                for longitude, latitude in ring:
                    assert west - 1e-4 <= longitude <= east + 1e-4
                    assert south - 1e-4 <= latitude <= north + 1e-4
                    assert round(longitude, decimals) == longitude
                    assert round(latitude, decimals) == latitude


def test_longitude_comes_first(served: Any) -> None:
    point = served.json("/geojson/demo/sites")["features"][0]["geometry"]["coordinates"]
    assert point[0] == pytest.approx(1.1, abs=0.2)
    assert point[1] == pytest.approx(54.05, abs=0.2)


def test_detail_changes_the_geometry_and_nothing_else(served: Any) -> None:
    full, drawn, none = (served.json(address("need", detail=detail)) for detail in ("full", "map", "none"))
    assert full == served.json(address("need"))
    for one, two, three in zip(full["features"], drawn["features"], none["features"], strict=True):
        assert one["properties"] == two["properties"] == three["properties"]
        assert one["id"] == two["id"] == three["id"]
        assert three["geometry"] is None
    assert full["evenreach"] == drawn["evenreach"] == none["evenreach"]
    assert len(json.dumps(drawn)) <= len(json.dumps(full))


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("rho", DIALS)
@pytest.mark.parametrize("focus", ["core", "best-start", "building-blocks"])
def test_layers_and_the_api_carry_the_same_rows_and_figures(
    served: Any, edition: Edition, focus: str, rho: str, within: str
) -> None:
    asked = {"focus": focus, "rho": rho, "within": within}
    table = served.json(address("x", **asked).replace("/geojson/demo/x", "/api/v1/places/demo/scores"))
    rows = {row["lsoa21cd"]: row for row in table["rows"]}
    expected = score(edition, View("demo", focus, float(rho), within))
    assert list(rows) == edition.codes[expected.rows].tolist()
    assert table["columns"] == expected.names()
    for at, row in enumerate(rows.values()):
        assert list(row) == table["columns"]
        assert row["targeting_score"] == expected.targeting_score[at]
        assert row["need_score"] == expected.need_score[at]
        assert row["rank"] == expected.rank[at]
    for layer in LAYERS:
        data = served.json(address(layer, detail="none", **asked))
        assert [feature["id"] for feature in data["features"]] == list(rows)
        for feature in data["features"]:
            properties, row = feature["properties"], rows[feature["id"]]
            if layer in ("targeting", "need"):
                assert properties == row
            for name in set(properties) & set(row):
                assert properties[name] == row[name], name
        facts = data["evenreach"]
        assert (facts["layer"], facts["focus"], facts["within"]) == (layer, focus, within or None)
        assert facts["rho"] == float(rho)
        assert facts["edition"] == table["edition"] == edition.id
        assert facts["attribution"]


@pytest.mark.parametrize("rho", DIALS)
def test_the_dial_runs_between_its_floor_and_its_top_and_spends_what_there_is(served: Any, rho: str) -> None:
    rows = [feature["properties"] for feature in served.json(address("need", rho=rho, detail="none"))["features"]]
    shares = np.array([row["targeting_score"] for row in rows])
    people = np.array([row["eligible"] for row in rows])
    dial = float(rho)
    assert shares.min() >= 2 / (dial + 1) - 1e-9
    assert shares.max() <= 2 * dial / (dial + 1) + 1e-9
    assert np.average(shares, weights=people) == pytest.approx(1, abs=1e-8)
    by_need = sorted(rows, key=lambda row: row["need_score"])
    assert [row["targeting_score"] for row in by_need] == sorted(shares.tolist())


def test_the_deprivation_layer_carries_the_published_index(served: Any, edition: Edition) -> None:
    features = served.json(address("imd", detail="none"))["features"]
    for at, feature in enumerate(features):
        properties = feature["properties"]
        assert list(properties)[-3:] == ["imd_score", "imd_rank", "imd_decile"]
        assert properties["imd_decile"] == edition.deprivation()["imd_decile"][at]
        assert properties["imd_decile"] == -(-10 * properties["imd_rank"] // 33_755)


def test_the_indicator_layer_carries_the_one_asked_for(served: Any, edition: Edition) -> None:
    for name in edition.indicators:
        data = served.json(address("indicator", indicator=name, detail="none"))
        assert data["evenreach"]["indicator"] == name
        shown = [feature["properties"][name] for feature in data["features"]]
        held = edition.indicator_values(name)
        assert [np.nan if value is None else value for value in shown] == pytest.approx(held.tolist(), nan_ok=True)
        assert list(data["features"][0]["properties"])[-1] == name


@pytest.mark.parametrize("within", WITHIN)
def test_within_a_footprint_and_in_a_box_each_neighbourhood_keeps_its_own_figures(
    served: Any, edition: Edition, within: str
) -> None:
    west, south, east, north = edition.bounds
    box = f"{(west + east) / 2:.6f},{south:.6f},{east:.6f},{north:.6f}"
    for bbox in ("", box):
        index = served.json(address("imd", within=within, bbox=bbox, detail="none"))["features"]
        shares = served.json(
            address("indicator", indicator="overcrowded_share", within=within, bbox=bbox, detail="none")
        )["features"]
        assert [feature["id"] for feature in index] == [feature["id"] for feature in shares]
        for one, other in zip(index, shares, strict=True):
            row = edition.row(one["id"])
            assert one["properties"]["imd_score"] == edition.deprivation()["imd_score"][row]
            assert other["properties"]["overcrowded_share"] == edition.indicator_values("overcrowded_share")[row]
            assert one["properties"]["lsoa21nm"] == edition.facts(row)["lsoa21nm"]


def test_within_a_footprint_the_rank_starts_again_and_the_one_of_the_place_stays(served: Any) -> None:
    place = {f["id"]: f["properties"] for f in served.json(address("need", detail="none"))["features"]}
    for within in WITHIN[2:]:
        rows = [f["properties"] for f in served.json(address("need", within=within, detail="none"))["features"]]
        assert 0 < len(rows) < len(place)
        assert min(row["rank"] for row in rows) == 1
        assert max(row["rank"] for row in rows) <= len(rows)
        for row in rows:
            assert row["place_rank"] == place[row["lsoa21cd"]]["rank"]
            assert row["need_score"] == place[row["lsoa21cd"]]["need_score"]


def test_a_box_gives_what_touches_it_with_the_same_figures(served: Any, edition: Edition) -> None:
    whole = {f["id"]: f for f in served.json(address("need", detail="map"))["features"]}
    west, south, east, north = edition.bounds
    box = f"{west:.6f},{south:.6f},{(west + east) / 2:.6f},{(south + north) / 2:.6f}"
    some = served.json(address("need", detail="map", bbox=box))["features"]
    assert 0 < len(some) < len(whole)
    assert all(whole[feature["id"]] == feature for feature in some)
    everything = served.json(address("need", detail="map", bbox=",".join(f"{edge:.6f}" for edge in edition.bounds)))
    assert len(everything["features"]) == len(whole)
    assert served.json(address("need", bbox="-1,50,-0.9,50.1"))["features"] == []
    inside = {f["id"] for f in served.json(address("need", within="ward:E05900001", bbox=box))["features"]}
    assert inside < set(edition.codes[edition.rows_within("ward:E05900001")].tolist()) | {"none"}


def test_a_box_meets_rectangles_here_and_boundaries_under_ogc(served: Any) -> None:
    areas = {f["id"]: shape(f["geometry"]) for f in served.json(address("need", detail="full"))["features"]}
    corners = {code: area.bounds[:2] for code, area in areas.items()}
    code = max(areas, key=lambda code: areas[code].distance(Point(corners[code])))  # the farthest from its own corner
    west, south = corners[code]
    near = box(west + 1e-5, south + 1e-5, west + 2e-5, south + 2e-5)
    assert not areas[code].intersects(near)
    asked = ",".join(f"{edge:.9f}" for edge in near.bounds)
    found = {f["id"] for f in served.json(address("need", bbox=asked, detail="none"))["features"]}
    assert found == {other for other, area in areas.items() if box(*area.bounds).intersects(near)}
    under_ogc = served.json(f"/ogc/collections/demo-neighbourhoods/items?f=json&bbox={asked}")["features"]
    assert {f["id"] for f in under_ogc} == {other for other, area in areas.items() if area.intersects(near)}
    parameters = served.json("/openapi.json")["paths"]["/geojson/{place}/{layer}"]["get"]["parameters"]
    (told,) = [part["description"] for part in parameters if part["name"] == "bbox"]
    assert "whose outer rectangle touches this box" in told


def test_sites_by_service_and_by_footprint(served: Any, edition: Edition) -> None:
    every = served.json("/geojson/demo/sites")["features"]
    assert len(every) == len(edition.sites())
    for service in ("gp", "dental", "family_hub", "childrens_centre"):
        some = served.json(f"/geojson/demo/sites?service={service}")["features"]
        assert some
        assert some == [feature for feature in every if feature["properties"]["service"] == service]
    near = [feature for feature in every if not feature["properties"]["inside"]]
    assert near
    assert all(feature["properties"]["lsoa21cd"] not in edition.codes for feature in near)
    shares = [
        served.json(address("sites", within=f"ward:{ward['code']}"))["features"] for ward in edition.footprints("ward")
    ]
    assert sum(map(len, shares)) == len(every) - len(near)
    assert served.get(address("sites", within="ward:E05999999")).status_code == 404


def test_councils_of_a_place(served: Any) -> None:
    (council,) = served.json("/geojson/demo/councils?rho=4.25")["features"]
    assert council["id"] == "E06900001"
    assert council["properties"]["neighbourhoods"] == 120
    assert council["properties"]["mean_targeting_score"] == pytest.approx(1, abs=1e-6)
    assert council["geometry"]["type"] in ("Polygon", "MultiPolygon")


# Caching


ADDRESSES = (
    "/geojson/demo/need",
    "/geojson/demo/targeting?detail=map&rho=4.25",
    "/geojson/demo/sites",
    "/geojson/demo/councils",
    "/api/v1/places",
    "/api/v1/places/demo/scores?focus=best-start",
    "/api/v1/places/demo/neighbourhoods/E01900001",
)


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_has_a_tag_that_saves_the_body(served: Any, path: str) -> None:
    first = served.get(path, headers={"accept-encoding": "identity"})
    assert first.status_code == 200
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert first.headers["access-control-allow-origin"] == "*"
    again = served.get(path, headers={"accept-encoding": "identity", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert served.get(path, headers={"if-none-match": '"stale"'}).status_code == 200
    assert served.get(path, headers={"accept-encoding": "identity"}).content == first.content


@pytest.mark.parametrize("path", ADDRESSES)
def test_compressed_and_plain_are_the_same_answer_with_their_own_tags(served: Any, path: str) -> None:
    plain = served.get(path, headers={"accept-encoding": "identity"})
    request = served.http.build_request("GET", path, headers={"accept-encoding": "gzip"})
    squeezed = served.loop.run_until_complete(served.http.send(request, stream=True))
    raw = served.loop.run_until_complete(collect(squeezed))
    assert squeezed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content)
    assert squeezed.headers["etag"] != plain.headers["etag"]
    assert int(squeezed.headers["content-length"]) == len(raw)


async def collect(response: Any) -> bytes:
    return b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize("path", ADDRESSES)
def test_head_tells_the_same_without_the_body(served: Any, path: str) -> None:
    get, head = (served.ask(method, path, headers={"accept-encoding": "identity"}) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "vary", "cache-control", "content-type", "content-length"):
        assert head.headers[name] == get.headers[name], name


@pytest.mark.parametrize("path", [path for path in ADDRESSES if path != "/api/v1/places"])
def test_a_pinned_edition_never_changes(served: Any, edition: Edition, path: str) -> None:
    pinned = served.get(f"{path}{'&' if '?' in path else '?'}edition={edition.id}")
    assert pinned.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert pinned.content == served.get(path).content


@pytest.mark.usefixtures("few_draws")
def test_an_older_edition_stays_open_to_those_who_name_it(
    demo_store: Path, demo_copy: Path, tmp_path: Path, serve: Callable[[Path], Any]
) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    old = open_edition(store, "demo").id
    web = serve(store)
    before = web.get("/api/v1/places/demo/scores")
    people = demo_copy / "population" / "lsoa21_mid2022_population_census2021_households.csv"
    people.write_text(people.read_text("utf-8").replace("E01900001,E06900001,1875,", "E01900001,E06900001,2875,"))
    new = build("demo", sources=demo_copy, store=store, offline=True).edition
    after = web.get("/api/v1/places/demo/scores", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200, "a new edition has a new tag"
    assert after.json()["edition"] == new != old
    assert after.json()["rows"][0]["population"] == 2875
    pinned = web.get(f"/api/v1/places/demo/scores?edition={old}")
    assert pinned.content == before.content
    assert "immutable" in pinned.headers["cache-control"]


# Bad parameters: the same answers on every address


BAD = (
    ("rho=nan", "rho"),
    ("rho=inf", "rho"),
    ("rho=-inf", "rho"),
    ("rho=1e400", "rho"),
    ("rho=1e1", "rho"),
    ("rho=21", "rho"),
    ("rho=20.01", "rho"),
    ("rho=0.99", "rho"),
    ("rho=0", "rho"),
    ("rho=-3", "rho"),
    ("rho=3.001", "rho"),
    ("rho=%D9%A3", "rho"),
    ("rho=%EF%BC%93", "rho"),
    ("rho=1_0", "rho"),
    ("rho=0x3", "rho"),
    ("rho=03", "rho"),
    ("rho=3,5", "rho"),
    ("rho=%2B3", "rho"),
    ("rho=3%20", "rho"),
    ("rho=3%0A", "rho"),
    ("rho=%00", "rho"),
    (f"rho={'3' * 300}", "rho"),
    ("rho=3&rho=3", "rho"),
    ("rho=3&rho=", "rho"),
    ("RHO=3", "RHO"),
    ("rho[]=3", "rho[]"),
    ("focus=Core", "focus"),
    (f"focus={'a' * 65}", "focus"),
    ("focus=core%00", "focus"),
    ("focus=..%2Fcore", "focus"),
    ("focus=core;x", "focus"),
    ("focus=core&focus=core", "focus"),
    ("within=E06900001", "within"),
    ("within=lad:e06900001", "within"),
    ("within=lad:E0690000", "within"),
    ("within=oa:E00900001", "within"),
    ("within=team:", "within"),
    ("within=team:a%0Ab", "within"),
    (f"within=team:{'x' * 81}", "within"),
    ("within=ward:E05900001&within=ward:E05900002", "within"),
    ("edition=..", "edition"),
    ("edition=..%2F..%2Fetc", "edition"),
    ("edition=%0d%0aSet-Cookie:x", "edition"),
    (f"edition={'9' * 81}", "edition"),
    ("indicator=1'%20or%201=1", "indicator"),
    ("focsu=core", "focsu"),
    ("callback=alert", "callback"),
    ("__proto__=1", "__proto__"),
)
BAD_BOXES = (
    "1.2,54,1.1,54.1",
    "1,54.1,1.1,54",
    "1,54,1,54.1",
    "1,54,1.1,54",
    "1,54,1.1",
    "1,54,1.1,54.1,0",
    "nan,54,1.1,54.1",
    "1,54,inf,54.1",
    "1e0,54,1.1,54.1",
    "-181,54,1.1,54.1",
    "1,54,1.1,91",
    "1, 54, 1.1, 54.1",
    ",,,",
    "a,b,c,d",
    "%D9%A1,54,1.1,54.1",
)
UNKNOWN = (
    ("focus=no-such", "unknown-focus", "no-such"),
    ("within=lad:E06999999", "unknown-footprint", "lad:E06999999"),
    ("within=ward:E05999999", "unknown-footprint", "ward:E05999999"),
    ("within=team:No%20such", "unknown-footprint", "team:No such"),
    ("indicator=no_such", "unknown-indicator", "no_such"),
    ("edition=2020-01-01-00000000", "unknown-edition", "2020-01-01-00000000"),
)
SCORED = ("/geojson/demo/need", "/geojson/demo/sites", "/api/v1/places/demo/scores")


def is_problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    assert document["type"] == f"urn:evenreach:error:{kind}"
    assert document["status"] == status
    assert document["request_id"]
    for word in ("Traceback", "site-packages", "/tmp", ".py", "numpy"):
        assert word not in answer.text
    return dict(document)


@pytest.mark.parametrize(("query", "parameter"), BAD)
def test_a_parameter_that_cannot_be_read_is_named(served: Any, query: str, parameter: str) -> None:
    for path in (*SCORED, "/api/v1/places/demo/neighbourhoods/E01900001"):
        document = is_problem(served.get(f"{path}?{query}"), 422, "bad-query")
        assert document["parameter"] == parameter
        assert parameter in document["detail"]
        assert document["hint"]
        assert len(document["detail"]) < 300


@pytest.mark.parametrize("box", BAD_BOXES)
def test_a_box_that_is_none_is_named(served: Any, box: str) -> None:
    document = is_problem(served.get(f"/geojson/demo/need?bbox={box}"), 422, "bad-query")
    assert document["parameter"] == "bbox"
    assert "west,south,east,north" in document["hint"]


@pytest.mark.parametrize(("query", "kind", "words"), UNKNOWN)
def test_what_there_is_not_is_named(served: Any, query: str, kind: str, words: str) -> None:
    for path in SCORED:
        assert words in is_problem(served.get(f"{path}?{query}"), 404, kind)["detail"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/geojson/nowhere/need", 404, "unknown-place"),
        ("/geojson/demo/heat", 404, "unknown-layer"),
        ("/geojson/demo/need%20", 404, "unknown-layer"),
        ("/geojson/luton/need", 503, "build-missing"),
        ("/geojson/demo/sites?service=tea", 422, "bad-query"),
        ("/geojson/demo/sites?detail=map", 422, "bad-query"),
        ("/geojson/demo/need?service=%20gp", 422, "bad-query"),
        ("/geojson/demo/need?a=" + "b" * 3000, 414, "query-too-long"),
        ("/geojson/..%2f..%2fetc/need", 404, "not-found"),
    ],
)
def test_an_address_that_leads_nowhere(served: Any, path: str, status: int, kind: str) -> None:
    is_problem(served.get(path), status, kind)


# Text from data stays data


# five neighbourhoods, each in the ward that stands at its place below
NEIGHBOURHOODS = ("Aldermouth 001A", "Aldermouth 004D", "Aldermouth 006C", "Aldermouth 009E", "Aldermouth 011B")
WARDS = ("Kiln Park", "Larkmead & Westering", "Northgate", "Lantern Hill", "Guildhall")
TEAMS = (
    "Harbour and Lantern",
    "Larkmead and Heron",
    "Orchards and Meads",
    "Priory and Kiln",
    "Southbank and St Osyn's",
)
HUBS = ("Guildhall Family Hub", "Cold Lane Family Hub", "Ropewalk Children's Centre", "Southbank Children's Centre")
HUBS += ("Orchard Fold Children's Centre",)


@pytest.mark.parametrize("names", [HOSTILE[:5], HOSTILE[5:]], ids=["that run", "that break"])
def test_text_from_data_comes_through_as_it_is(
    demo_copy: Path,
    tmp_path: Path,
    serve: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
) -> None:
    """Each name is that of one neighbourhood, a ward, a team area and a hub of one borough."""
    for file, old in (
        ("geography/lsoa21_lookup_demo.csv", NEIGHBOURHOODS),
        ("geography/lsoa21_lookup_demo.csv", WARDS),
        ("geography/team_areas.csv", TEAMS),
        ("sites/family_hubs_childrens_centres.csv", HUBS),
    ):
        for before, name in zip(old, names, strict=False):
            replace_cells(demo_copy / file, before, name)
    draw_less(monkeypatch)
    build("demo", sources=demo_copy, store=tmp_path / "store", offline=True)
    web = serve(tmp_path / "store")
    features = web.json("/geojson/demo/need?detail=none")["features"]
    codes = {feature["properties"]["lsoa21nm"]: feature["id"] for feature in features}
    rows = {row["lsoa21cd"]: row for row in web.json("/api/v1/places/demo/scores")["rows"]}
    sites = {feature["properties"]["name"] for feature in web.json("/geojson/demo/sites")["features"]}
    for name in names:
        properties = next(feature["properties"] for feature in features if feature["id"] == codes[name])
        row, path = rows[codes[name]], f"demo/neighbourhoods/{codes[name]}"
        facts = web.json(f"/api/v1/places/{path}")["neighbourhood"]
        assert properties["lsoa21nm"] == row["lsoa21nm"] == facts["lsoa21nm"] == name
        assert properties["wd24nm"] == row["wd24nm"] == facts["wd24nm"] == name
        assert name in sites
        within = web.json(f"/geojson/demo/need?detail=none&within={quote('team:' + name)}")
        assert 0 < len(within["features"]) < 120
        assert within["evenreach"]["within"] == f"team:{name}"
        for page in (web.get("/places/demo"), web.get(f"/places/{path}")):
            assert page.status_code == 200
            assert "<img src=x" not in page.text
            assert "<script>alert" not in page.text


def replace_cells(path: Path, old: str, new: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[new if cell == old else cell for cell in row] for row in csv.reader(file)]
    assert any(new in row for row in rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
