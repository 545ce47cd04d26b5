"""Answers: tags, 304, compression and a small memory of the latest bodies."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import brotli
import pytest
from starlette.requests import Request

from service.memory import Memory
from service.web.answers import _MEMORY, CHANGES_WITH_EDITION, LARGEST_REMEMBERED, NEVER_CHANGES, answer

BODY = b"[1,2,3]" * 400


def request(**headers: str) -> Request:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": given, "query_string": b""})


def ask(key: str, *, pinned: bool = False, body: bytes = BODY, **headers: str) -> Any:
    return answer(request(**headers), key, lambda: body, media_type="application/json", pinned=pinned)


def test_a_plain_answer() -> None:
    found = ask("plain")
    assert (found.status_code, found.body) == (200, BODY)
    assert found.headers["content-type"] == "application/json"
    assert found.headers["vary"] == "Accept-Encoding"
    assert found.headers["cache-control"] == CHANGES_WITH_EDITION
    assert "content-encoding" not in found.headers
    assert found.headers["etag"].startswith('"')


def test_a_compressed_answer_is_kept_as_it_is_sent_and_not_plain_too() -> None:
    before = _MEMORY.held
    sent = ask("kept as sent", accept_encoding="br").body
    assert _MEMORY.held - before == len(sent)
    assert ask("kept as sent", body=b"made anew").body == b"made anew"


def test_a_pinned_answer_never_changes() -> None:
    assert ask("pinned", pinned=True).headers["cache-control"] == NEVER_CHANGES
    assert "immutable" in NEVER_CHANGES


def test_the_tag_follows_the_key_and_the_encoding() -> None:
    plain, same, other = (ask(key).headers["etag"] for key in ("a", "a", "b"))
    assert plain == same != other
    assert ask("a", accept_encoding="gzip").headers["etag"] not in (plain, other)


@pytest.mark.parametrize(
    ("wanted", "encoding"), [("gzip", "gzip"), ("br, gzip;q=0.8", "br"), ("gzip, deflate, br", "br")]
)
def test_compressed_answers_are_the_same_bytes_each_time(wanted: str, encoding: str) -> None:
    found = ask("squeezed", accept_encoding=wanted)
    assert found.headers["content-encoding"] == encoding
    assert {"gzip": gzip.decompress, "br": brotli.decompress}[encoding](found.body) == BODY
    assert len(found.body) < len(BODY) / 10
    assert found.body == ask("squeezed", accept_encoding=wanted).body
    assert int(found.headers["content-length"]) == len(found.body)


@pytest.mark.parametrize(
    "wanted",
    ["", "identity", "gzip;q=0", "gzip; q=0.0", "deflate, gzip;q=0, br;q=0", "*;q=0", "br;q=1.5", "br;level=3"],
)
def test_who_takes_no_encoding_of_ours_gets_none(wanted: str) -> None:
    found = ask("refused", accept_encoding=wanted)
    assert "content-encoding" not in found.headers
    assert found.body == BODY


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"other", {tag}', "*", ' W/"x" , {tag} '])
def test_a_known_tag_is_answered_without_a_body(form: str) -> None:
    tag = ask("known").headers["etag"]
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return BODY

    found = answer(request(if_none_match=form.format(tag=tag)), "known", make, media_type="application/json")
    assert (found.status_code, found.body, made) == (304, b"", [])
    assert found.headers["etag"] == tag
    assert found.headers["vary"] == "Accept-Encoding"
    assert found.headers["cache-control"] == CHANGES_WITH_EDITION


@pytest.mark.parametrize("form", ["", '"other"', "{tag}x", '"', "{bare}"])
def test_another_tag_gets_the_whole_answer(form: str) -> None:
    tag = ask("changed").headers["etag"]
    assert ask("changed", if_none_match=form.format(tag=tag, bare=tag.strip('"'))).status_code == 200


def test_the_tag_of_the_plain_bytes_does_not_stand_for_the_compressed_ones() -> None:
    plain = ask("two forms").headers["etag"]
    assert ask("two forms", if_none_match=plain, accept_encoding="gzip").status_code == 200


def test_a_body_is_made_once_and_then_remembered() -> None:
    memory, made = Memory(100, 50), []

    def make() -> bytes:
        made.append(1)
        return b"body"

    assert [memory.get("key", make) for _ in range(3)] == [b"body"] * 3
    assert made == [1]


def test_the_memory_forgets_the_least_used_and_never_holds_more_than_its_limit() -> None:
    memory = Memory(100, 50)
    made: list[str] = []

    def get(key: str) -> None:
        memory.get(key, lambda: made.append(key) or b"x" * 40)

    for key in ("a", "b", "a", "c"):  # c pushes out b, which was used longest ago
        get(key)
    get("a")
    assert made == ["a", "b", "c"]
    get("b")
    assert made == ["a", "b", "c", "b"]
    assert memory._held <= 100
    assert memory._held == sum(map(len, memory._bodies.values()))


def test_a_body_that_is_too_large_is_not_kept() -> None:
    memory = Memory(10 * LARGEST_REMEMBERED, LARGEST_REMEMBERED)
    made: list[int] = []
    for _ in range(2):
        memory.get("large", lambda: made.append(1) or bytes(LARGEST_REMEMBERED + 1))
    assert made == [1, 1]


def test_a_body_that_cannot_be_made_is_not_remembered() -> None:
    memory = Memory(100, 50)

    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        memory.get("key", fail)
    assert memory.get("key", lambda: b"good") == b"good"


def test_the_memory_counts_right_with_many_at_once() -> None:
    memory = Memory(2_000, 2_000)
    wrong: list[bytes] = []

    def work(seed: int) -> None:
        for number in range(300):
            key = str((number * seed) % 50)
            body = memory.get(key, lambda key=key: key.encode() * 20)
            if body != key.encode() * 20:
                wrong.append(body)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (3, 7, 11, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert memory._held == sum(map(len, memory._bodies.values())) <= 2_000
