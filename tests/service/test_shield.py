"""The shield in front of small applications of its own: limits, headers, HEAD, log."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brotli
import pytest

from service.web import turns
from service.web.log import JsonLines
from service.web.policies import security_headers
from service.web.shield import Limits, Shield
from service.web.turns import SHORT_QUEUE

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Answer:
    def __init__(self, sent: list[Any]) -> None:
        self.status = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(part.get("body", b"") for part in sent[1:])

    def problem(self) -> Any:
        assert self.headers["content-type"] == "application/problem+json"
        return json.loads(self.body)


def scope(method: str = "GET", path: str = "/", query: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return {"type": "http", "method": method, "path": path, "query_string": query, "headers": pairs, "state": {}}


async def ask_async(app: Any, request: Any, body: list[bytes] | None = None, *, stalls: bool = False) -> Answer:
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in body or []]
    if not stalls:
        parts.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        if parts:
            return parts.pop(0)
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(request, receive, send)
    return Answer(sent)


def ask(app: Any, request: Any | None = None, body: list[bytes] | None = None, *, stalls: bool = False) -> Answer:
    return asyncio.run(ask_async(app, request or scope(), body, stalls=stalls))


async def hello(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"5"), (b"server", b"secret/1.0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def page(scope: Any, receive: Any, send: Any) -> None:
    body = b"<p>hello</p>" * 1000
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RuntimeError("the client left")
        size += len(message["body"])
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@contextmanager
def access_log() -> Iterator[list[dict[str, Any]]]:
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines().format(record)))

    logger, handler = logging.getLogger("evenreach"), Keep()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("INFO")
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.parametrize("path", ["/", "/places/demo", "/maps/demo/need", "/docs", "/embedded", "/apiary"])
def test_pages_carry_the_strict_policy(path: str) -> None:
    headers = ask(Shield(hello), scope(path=path)).headers
    assert headers["content-security-policy"] == PAGE_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert {"referrer-policy", "permissions-policy", "x-request-id"} <= set(headers)


@pytest.mark.parametrize("path", ["/geojson/demo/need", "/api/v1/places", "/assets/map.js", "/downloads/demo/need.csv"])
def test_data_and_assets_can_be_read_from_any_page_and_run_nothing(path: str) -> None:
    headers = ask(Shield(hello), scope(path=path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in headers["content-security-policy"]
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-credentials" not in headers


def test_embeds_may_be_framed_by_the_origins_of_the_settings_alone() -> None:
    def policy(*origins: str) -> str:
        return dict(security_headers("/embed/demo/need", origins))[b"content-security-policy"].decode()

    assert policy().endswith("frame-ancestors 'self'")
    assert policy("https://a.example", "https://b.example").endswith(
        "frame-ancestors 'self' https://a.example https://b.example"
    )


def test_the_page_that_makes_embeds_alone_may_hold_a_frame_of_this_site() -> None:
    def policy(path: str) -> str:
        return dict(security_headers(path, ("https://a.example",)))[b"content-security-policy"].decode()

    assert "; frame-src 'self';" in policy("/places/demo/embed")
    assert policy("/places/demo/embed").endswith("frame-ancestors 'none'")
    assert policy("/places/demo/embed").replace("frame-src 'self'; ", "") == PAGE_POLICY
    for path in ("/places/demo", "/places/demo/embed/more", "/maps/demo/need", "/embed/demo/need", "/oembed"):
        assert "frame-src" not in policy(path)


def test_a_write_is_not_open_to_other_pages() -> None:
    assert "access-control-allow-origin" not in ask(Shield(hello), scope("POST")).headers


def test_https_is_kept_to_only_where_the_public_address_has_it() -> None:
    assert "strict-transport-security" not in ask(Shield(hello)).headers
    assert "strict-transport-security" in ask(Shield(hello, https=True)).headers


def test_the_server_does_not_name_itself() -> None:
    assert ask(Shield(hello)).headers["server"] == ""


def test_head_is_answered_as_get_without_a_body() -> None:
    answer = ask(Shield(hello), scope("HEAD"))
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "5")


def test_preflight_allows_reading_alone() -> None:
    request = scope("OPTIONS", "/geojson/demo/need", headers={"access-control-request-method": "GET"})
    answer = ask(Shield(hello), request)
    assert answer.status == 204
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"


def test_a_declared_body_over_the_limit_is_refused_unread() -> None:
    shield = Shield(reads_all, limits=Limits(body_bytes=10))
    answer = ask(shield, scope("POST", headers={"content-length": "11"}))
    assert answer.status == 413
    assert answer.problem()["type"] == "urn:evenreach:error:too-large"


def test_an_undeclared_body_is_counted() -> None:
    shield = Shield(reads_all, limits=Limits(body_bytes=10))
    assert ask(shield, scope("POST"), [b"12345", b"67890"]).body == b"10"
    assert ask(shield, scope("POST"), [b"12345", b"67890", b"1"]).status == 413


def test_a_body_that_lies_about_its_length_is_counted_too() -> None:
    shield = Shield(reads_all, limits=Limits(body_bytes=10))
    assert ask(shield, scope("POST", headers={"content-length": "3"}), [b"x" * 11]).status == 413


def test_a_body_that_never_ends_is_given_up() -> None:
    shield = Shield(reads_all, limits=Limits(body_seconds=0.05))
    assert ask(shield, scope("POST"), [b"half"], stalls=True).status == 408


def test_a_long_query_is_refused_and_the_longest_allowed_is_not() -> None:
    shield = Shield(hello, limits=Limits(query_bytes=2048))
    assert ask(shield, scope(query=b"a" * 2048)).status == 200
    assert ask(shield, scope(query=b"a" * 2049)).problem()["type"] == "urn:evenreach:error:query-too-long"


def test_a_query_that_came_unescaped_is_read_as_it_was_meant() -> None:
    read: list[bytes] = []

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        read.append(scope["query_string"])
        await hello(scope, receive, send)

    for query in ("find=Café&x=%C3%A9".encode(), b"find=%zz\xff", b"find=a+b"):
        ask(Shield(noted), scope(query=query))
    assert read == [b"find=Caf%C3%A9&x=%C3%A9", b"find=%zz%FF", b"find=a+b"]


@pytest.mark.parametrize("path", ["/places/luton/siting", "/downloads/luton/siting.pdf"])
def test_a_plan_names_its_sites_one_by_one_so_its_address_may_be_longer(path: str) -> None:
    shield = Shield(hello, limits=Limits(query_bytes=2048))
    assert ask(shield, scope(path=path, query=b"a" * 8192)).status == 200
    assert ask(shield, scope(path=path, query=b"a" * 8193)).status == 414
    assert ask(shield, scope(path=f"{path}/x", query=b"a" * 2049)).status == 414


def test_requests_beyond_the_cap_are_asked_to_come_back_but_health_answers() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(0.3)
        await hello(scope, receive, send)

    async def story() -> tuple[Answer, Answer, Answer]:
        shield = Shield(slow, limits=Limits(concurrency=1))
        first = asyncio.create_task(ask_async(shield, scope(path="/slow")))
        await asyncio.sleep(0.05)
        refused = await ask_async(shield, scope(path="/other"))
        health = await ask_async(shield, scope(path="/health/live"))
        await first
        return refused, health, await ask_async(shield, scope(path="/other"))

    refused, health, later = asyncio.run(story())
    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert (health.status, later.status) == (200, 200)


def test_in_a_full_house_the_latest_is_let_in_and_who_waited_longest_is_asked_to_come_back() -> None:
    waiting = SHORT_QUEUE + 1

    async def story() -> list[Answer]:
        doors = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await doors.wait()
            await hello(scope, receive, send)

        shield = Shield(slow, limits=Limits(concurrency=1 + waiting, turns=1))
        asked = [asyncio.create_task(ask_async(shield, scope(path=f"/{number}"))) for number in range(2 + waiting)]
        await asyncio.sleep(0)
        doors.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(story())
    assert [answer.status for answer in answers] == [200, 503] + [200] * waiting
    assert answers[1].headers["retry-after"] == "2"


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/places/demo", "/embed/demo/need"])
def test_people_who_are_refused_get_a_page_and_programs_a_problem(path: str) -> None:
    full = Shield(hello, limits=Limits(concurrency=0))
    busy = ask(full, scope(path=path, headers=BROWSER))
    assert (busy.status, busy.headers["retry-after"], busy.headers["cache-control"]) == (503, "2", "no-store")
    assert busy.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in busy.headers["content-security-policy"]
    assert b"<h1>The service is busy</h1><p>Try again in a moment.</p>" in busy.body
    assert (b"<a" in busy.body) == (path != "/embed/demo/need"), "a frame cannot show the home page"
    too_long = ask(Shield(hello), scope(path=path, query=b"a" * 9999, headers=BROWSER))
    assert (too_long.status, b"<h1>The address is too long</h1>" in too_long.body) == (414, True)
    assert ask(full, scope(path=path)).problem()["status"] == 503
    assert ask(full, scope(path="/geojson/demo/need", headers=BROWSER)).problem()["status"] == 503


def test_a_reader_who_takes_an_answer_slowly_counts_for_nothing() -> None:
    async def story() -> tuple[Answer, int]:
        shield = Shield(hello, limits=Limits(concurrency=1))
        taken = asyncio.Event()

        async def nothing_to_say() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def slow(message: Any) -> None:
            if message["type"] == "http.response.body":
                await taken.wait()

        reader = asyncio.create_task(shield(scope(), nothing_to_say, slow))
        await asyncio.sleep(0)
        other = await ask_async(shield, scope())
        taken.set()
        await reader
        return other, shield.running

    other, running = asyncio.run(story())
    assert other.status == 200
    assert running == 0


def test_in_a_long_queue_who_waited_too_long_is_refused_and_a_body_that_is_late_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "STANDS_AFTER", 0.0)

    async def works(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            await receive()
        elif scope["path"] == "/works":
            await free.wait()
        await hello(scope, receive, send)

    async def story() -> tuple[list[int], int]:
        shield = Shield(works, limits=Limits(turns=1, turn_seconds=0.0001))
        late = asyncio.create_task(ask_async(shield, scope("POST"), stalls=True))
        await asyncio.sleep(0)
        assert (await ask_async(shield, scope())).status == 200, "the turn was lent"
        asked = [asyncio.create_task(ask_async(shield, scope(path="/works"))) for _ in range(SHORT_QUEUE + 4)]
        await asyncio.sleep(0.01)
        assert (await ask_async(shield, scope(path="/health/live"))).status == 200
        assert (await ask_async(shield, scope(path="/assets/map.js"))).status == 200
        asked.append(asyncio.create_task(ask_async(shield, scope(path="/works"))))
        await asyncio.sleep(0)
        free.set()
        late.cancel()
        return [one.status for one in await asyncio.gather(*asked)], shield.running

    free = asyncio.Event()
    statuses, running = asyncio.run(story())
    assert statuses == [200, 503, 503, 503, 503] + [200] * SHORT_QUEUE
    assert running == 0


def test_an_error_that_escapes_tells_nothing_but_its_number() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("/secret/path")

    with access_log() as lines:
        answer = ask(Shield(broken))
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert answer.problem()["request_id"] == answer.headers["x-request-id"] == lines[0]["request_id"]
    assert "/secret/path" in lines[0]["traceback"]


def test_an_answer_that_breaks_off_breaks_the_connection() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        ask(Shield(broken))


def test_each_request_has_its_own_id() -> None:
    shield = Shield(hello)
    assert ask(shield).headers["x-request-id"] != ask(shield).headers["x-request-id"]


@pytest.mark.parametrize(("wanted", "encoding"), [("gzip", "gzip"), ("gzip, br", "br"), ("gzip;q=1, br;q=0", "gzip")])
def test_pages_are_sent_compressed_to_those_who_take_it(wanted: str, encoding: str) -> None:
    plain, squeezed = ask(Shield(page)), ask(Shield(page), scope(headers={"accept-encoding": wanted}))
    assert squeezed.headers["content-encoding"] == encoding
    assert {"gzip": gzip.decompress, "br": brotli.decompress}[encoding](squeezed.body) == plain.body
    assert int(squeezed.headers["content-length"]) == len(squeezed.body) < len(plain.body) / 10
    assert squeezed.headers["vary"] == "Accept-Encoding"


def test_the_log_has_the_route_and_neither_query_nor_address() -> None:
    class Route:
        path = "/places/{place}"

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        scope["route"] = Route()
        await hello(scope, receive, send)

    with access_log() as lines:
        ask(Shield(routed), scope(path="/places/LU1-2TL", query=b"postcode=LU1+2TL"))
    (line,) = lines
    assert (line["route"], line["status"], line["bytes"], line["method"]) == ("/places/{place}", 200, 5, "GET")
    assert "LU1" not in json.dumps(line)


def test_a_log_line_stays_one_line_whatever_comes() -> None:
    record = logging.LogRecord("evenreach", logging.INFO, "", 0, "a\nb\x1b[31m\u2028", (), None)
    text = JsonLines().format(record)
    assert "\n" not in text
    assert "\x1b" not in text
    assert json.loads(text)["message"] == "a\nb\x1b[31m\u2028"
