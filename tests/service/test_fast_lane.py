"""The fast lane: the same answers, errors, headers and log lines as by the long way, and never a replaced edition."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geodata import store as editions
from service.app import create_app
from service.drawing import layer_body, prepared
from service.editions.edition import open_edition
from service.settings import Settings
from service.web import fast_lane
from service.web.log import ACCESS

PLAIN = {"accept-encoding": "identity"}
GOOD = (
    "/geojson/demo/targeting",
    "/geojson/demo/need?rho=4.25&detail=map",
    "/geojson/demo/imd?within=ward:E05900001",
    "/geojson/demo/indicator?indicator=overcrowded_share&detail=none",
    "/geojson/demo/targeting?focus=&rho=&bbox=&edition=",
    "/geojson/demo/targeting?weights=income_rank:2,crime_rank:0",
    "/geojson/demo/access?service=gp&minutes=10",
    "/geojson/demo/certainty?bbox=1,54,1.15,54.2",
    "/geojson/demo/clusters",
    "/geojson/demo/need?within=team:Harbour%20and%20Lantern",
    "/geojson/demo/need?within=team:Harbour+and+Lantern",
    "/geojson/demo/sites?service=gp",
    "/geojson/demo/councils",
    "/ogc/collections/demo-scores-core/items?f=json&limit=5",
    "/ogc/collections/demo-neighbourhoods/items/E01900007",
    "/ogc/collections/demo-sites/items?limit=2&f=html",
)
BAD = (
    "/geojson/demo/need?rho=nan",
    "/geojson/demo/need?rho=1e400",
    "/geojson/demo/need?rho=3&rho=3",
    "/geojson/demo/need?unknown=1",
    "/geojson/demo/need?focus=none",
    "/geojson/demo/need?bbox=1,2,3",
    "/geojson/demo/need?bbox=2,54,1,55",
    "/geojson/demo/need?detail=most",
    "/geojson/demo/need?within=ward:E05999999",
    "/geojson/demo/need?within=ward:W05000001",
    "/geojson/demo/need?edition=2020-01-01-00000000",
    "/geojson/demo/need?weights=income_rank:x",
    "/geojson/demo/nothing",
    "/geojson/nowhere/need",
    "/geojson/Demo/need",
    "/geojson/demo/need/",
    "/geojson/demo/indicator?indicator=none",
    "/geojson/demo/access?minutes=0",
    "/geojson/demo/need?rho=%ff",
    "/geojson/demo/need?=1",
)


@pytest.fixture(scope="module")
def by_the_long_way(demo_store: Path) -> Any:
    """Ask the same application without the lane."""
    import httpx

    app = create_app(Settings(store=demo_store, log_level="error"))
    app.build_middleware_stack()
    app.express = None  # type: ignore[attr-defined]
    app.middleware_stack = shield = app.build_middleware_stack()
    app.express = None  # type: ignore[attr-defined]
    shield.app = shield.app.app  # type: ignore[attr-defined]
    loop = asyncio.new_event_loop()
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
    yield lambda method, path, **more: loop.run_until_complete(http.request(method, path, **more))
    loop.run_until_complete(app.state.workshop.close())
    loop.run_until_complete(http.aclose())
    loop.close()


def alike(one: Any, other: Any) -> None:
    hidden = ("x-request-id", "date")
    assert one.status_code == other.status_code
    assert one.content.replace(one.headers["x-request-id"].encode(), b"") == other.content.replace(
        other.headers["x-request-id"].encode(), b""
    )
    told = [{name: value for name, value in answer.headers.items() if name not in hidden} for answer in (one, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [*GOOD, *BAD])
def test_three_times_the_same_answer_as_by_the_long_way(
    served: Any, by_the_long_way: Any, path: str, method: str
) -> None:
    for more in (PLAIN, {"accept-encoding": "br"}, {"accept-encoding": "gzip"}):
        expected = by_the_long_way(method, path, headers=more)
        for _ in range(2):
            alike(served.ask(method, path, headers=more), expected)
        etag = expected.headers.get("etag", "")
        if etag:
            assert expected.status_code == 200
            known = more | {"if-none-match": f'"other", W/{etag}'}
            alike(served.ask(method, path, headers=known), by_the_long_way(method, path, headers=known))
            assert served.ask(method, path, headers=known).status_code == 304


def test_what_the_lane_reads_is_what_its_route_declares(served: Any) -> None:
    declared = served.json("/openapi.json")["paths"][fast_lane.LAYER_ROUTE]["get"]["parameters"]
    assert {part["name"] for part in declared if part["in"] == "query"} == fast_lane.KNOWN


def test_finished_answers_are_kept_within_their_bytes(serve: Callable[[Path], Any], demo_store: Path) -> None:
    web = serve(demo_store)
    for number in range(120):
        for _ in range(2):
            web.get(f"/geojson/demo/targeting?rho={1 + number / 100:.2f}", headers=PLAIN)
    lane = web.app.express.lane
    assert 0 < lane.finished.held <= fast_lane.REMEMBERED_BYTES
    assert lane.find(("/geojson/demo/targeting", b"rho=2.19", "", "")) is not None
    assert lane.find(("/geojson/demo/targeting", b"rho=1.00", "", "")) is None


def test_what_is_asked_once_pushes_nothing_out(served: Any) -> None:
    lane, path = served.app.express.lane, "/geojson/demo/targeting"
    served.get(f"{path}?rho=4.44", headers=PLAIN)
    assert lane.find((path, b"rho=4.44", "", "")) is None
    served.get(f"{path}?rho=4.44", headers=PLAIN)
    assert lane.find((path, b"rho=4.44", "", "")) is not None


def test_a_council_is_kept_as_the_run_of_the_file_that_it_is(served: Any, by_the_long_way: Any) -> None:
    path, query = "/geojson/demo/targeting", "within=lad:E06900001"
    expected = by_the_long_way("GET", f"{path}?{query}", headers=PLAIN)
    for _ in range(3):
        alike(served.get(f"{path}?{query}", headers=PLAIN), expected)
    kept = served.app.express.lane.find((path, query.encode(), "", ""))
    assert (kept.body, kept.length) == (expected.content, len(expected.content))
    assert kept.size < kept.length / 10


@pytest.mark.parametrize(
    "path",
    [
        "/geojson/demo/targeting?within=lad:E06900001",
        "/geojson/demo/need?rho=4.75",
        "/places/demo?rho=4",
        "/embed/demo/need?rho=4",
        "/maps/demo/frame.js?",
        "/embed/demo/frame.js?",
    ],
)
def test_an_answer_that_is_pinned_is_kept_for_good_and_keeps_no_edition_open(
    served: Any, by_the_long_way: Any, path: str
) -> None:
    address = f"{path}&edition={served.app.state.editions.get('demo').id}".replace("?&", "?")
    expected = by_the_long_way("GET", address, headers=PLAIN)
    for _ in range(3):
        alike(served.get(address, headers=PLAIN), expected)
    page, _, query = address.partition("?")
    kept = served.app.express.lane.find((page, query.encode(), "", ""))
    assert kept.edition is None
    assert all(isinstance(piece, bytes) for piece in kept.pieces)


def test_a_page_and_data_of_one_address_are_not_taken_for_each_other(served: Any) -> None:
    path, lane = "/ogc/collections/demo-scores-core/items", served.app.express.lane
    for accepted, kind in (("application/geo+json", "application/geo+json"), ("text/html", "text/html")) * 3:
        answer = served.get(f"{path}?limit=3", headers=PLAIN | {"accept": accepted})
        assert answer.headers["content-type"].startswith(kind)
    assert lane.find((path, b"limit=3", "", "json")).body.startswith(b"{")
    assert lane.find((path, b"limit=3", "", "html")) is None


PAGES = ("", "/access", "/share-out?budget=100000", "/compare", "/embed", "/neighbourhoods/E01900007")


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_one_place_are_finished_answers_with_a_tag(served: Any, by_the_long_way: Any, page: str) -> None:
    path, _, query = f"/places/demo{page}".partition("?")
    asked = f"{path}?{query}" if query else path
    expected = by_the_long_way("GET", asked, headers={"accept-encoding": "gzip"})
    for _ in range(3):
        alike(served.get(asked, headers={"accept-encoding": "gzip"}), expected)
    assert served.app.express.lane.find((path, query.encode(), "gzip", "")) is not None
    known = {"accept-encoding": "gzip", "if-none-match": expected.headers["etag"]}
    assert served.get(asked, headers=known).status_code == 304


@pytest.mark.parametrize("page", ["/", "/sources", "/indicators/overcrowded_share", "/places/demo/siting"])
def test_pages_that_name_other_places_or_start_a_job_have_a_tag_and_are_drawn_anew(served: Any, page: str) -> None:
    tags = {served.get(page, headers=PLAIN).headers["etag"] for _ in range(3)}
    assert len(tags) == 1
    assert served.app.express.lane.find((page, b"", "", "")) is None


def publish_again(store: Path) -> str:
    """Publish the same files once more, as an edition of their own."""
    standing = editions.open_edition(store, "demo")

    def write(target: Path) -> None:
        shutil.copytree(standing.folder, target, dirs_exist_ok=True)
        (target / editions.MANIFEST).unlink()

    return editions.publish(store, "demo", "2031-01-01", {"method": "1.0"}, write).id


def test_a_replaced_edition_is_never_given_again(
    demo_store: Path, tmp_path: Path, serve: Callable[[Path], Any]
) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    web, old = serve(store), open_edition(demo_store, "demo").id
    newest, pinned = "/geojson/demo/targeting", f"/geojson/demo/targeting?edition={old}"
    before = {path: web.get(path, headers=PLAIN) for path in (newest, newest, pinned, pinned)}
    new = publish_again(store)
    known = PLAIN | {"if-none-match": before[newest].headers["etag"]}
    for _ in range(2):
        after = web.get(newest, headers=known)
        assert (after.status_code, after.json()["evenreach"]["edition"]) == (200, new)
        assert web.get(pinned, headers=PLAIN).content == before[pinned].content
    assert before[pinned].json()["evenreach"]["edition"] == old != new


def test_finished_answers_are_logged_by_their_route_and_counted(
    served: Any, demo_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Any] = []
    monkeypatch.setattr(ACCESS, "handle", lines.append)
    monkeypatch.setattr(ACCESS, "level", 20)
    monkeypatch.setattr(ACCESS, "_cache", {})
    for _ in range(3):
        served.get("/geojson/demo/targeting?within=team:Harbour%20and%20Lantern")
        served.get("/geojson/demo/councils")
    assert [line.route for line in lines] == ["/geojson/{place}/{layer}", "/geojson/{place}/councils"] * 3
    assert all((line.status, line.method) == (200, "GET") and line.bytes > 0 for line in lines)
    assert len({line.request_id for line in lines}) == 6


@pytest.mark.parametrize(
    "path", ["/geojson/demo/need", "/geojson/demo/need?rho=2", "/geojson/demo/need?rho=2&detail=map"]
)
def test_a_long_answer_comes_in_parts_and_only_the_body_is_missing_from_head(
    serve: Callable[[Path], Any], demo_store: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    whole = serve(demo_store).get(path, headers=PLAIN)
    monkeypatch.setattr(prepared, "LARGEST_SINGLE", 1_000)
    monkeypatch.setattr(layer_body, "AT_ONCE", 10)
    web = serve(demo_store)
    for _ in range(2):
        head, answer = web.ask("HEAD", path, headers=PLAIN), web.get(path, headers=PLAIN)
        assert (head.status_code, head.content) == (200, b"")
        assert (answer.status_code, answer.content) == (200, whole.content)
        assert head.headers["etag"] == answer.headers["etag"] == whole.headers["etag"]
        assert head.headers.get("content-length") == answer.headers.get("content-length")
        part = web.get(path, headers={"range": "bytes=5-1500"})
        if "content-length" in answer.headers:  # else it is made as it is sent, and nothing can be cut
            assert (part.status_code, part.content) == (206, whole.content[5:1501])
        else:
            assert (part.status_code, part.content) == (200, whole.content)
        for wanted in ("br", "gzip"):
            assert web.get(path, headers={"accept-encoding": wanted}).content == whole.content


def test_a_full_house_still_gives_what_is_finished_and_a_doubled_host_is_refused(served: Any) -> None:
    path = "/geojson/demo/targeting"
    assert {served.get(path).status_code for _ in range(2)} == {200}  # what is asked for twice is kept
    shield = served.app.express.shield
    shield.running += shield.limits.concurrency
    try:
        finished, other = served.get(path), served.get("/geojson/demo/targeting?rho=7.13")
    finally:
        shield.running -= shield.limits.concurrency
    assert finished.status_code == 200
    assert (other.status_code, other.headers["retry-after"]) == (503, "2")
    assert served.get(path, headers=[("host", "a"), ("host", "b")]).status_code == 400
    assert served.get(path, headers={"host": "a b"}).status_code == 400
    assert served.get(path).status_code == 200


def test_a_reader_who_leaves_a_finished_answer_is_counted_and_told_as_it_is(served: Any) -> None:
    path = "/geojson/demo/need?rho=2.25"
    for _ in range(3):
        served.get(path, headers=PLAIN)
    seen: list[Any] = []

    async def leave(message: Any) -> None:
        seen.append(message)
        raise ConnectionResetError

    scope = {"type": "http", "method": "GET", "path": "/geojson/demo/need", "query_string": b"rho=2.25"}
    scope["headers"] = [(b"host", b"test"), (b"accept-encoding", b"identity")]
    with pytest.raises(ConnectionResetError):
        served.loop.run_until_complete(served.app.express.give(scope, leave))
    assert seen[0]["status"] == 200
