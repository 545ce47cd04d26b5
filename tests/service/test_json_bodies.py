"""Bodies in JSON: what cannot be read is told in plain words, and nothing comes twice."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from service.queries import BadQuery
from service.web.json_bodies import is_json, read_body
from tests.running import running

JSON = "application/json"
SHARE_OUTS, SITINGS = "/api/v1/places/demo/share-outs", "/api/v1/places/demo/sitings"


@pytest.mark.parametrize("path", [SHARE_OUTS, SITINGS])
@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"{", JSON, 400, "The body is not JSON: expecting property name enclosed in double quotes at character 2."),
        (b'{"budget":\n 1,]', JSON, 400, "at character 4 of line 2."),
        (b"", JSON, 400, "The body is empty; send a JSON object."),
        (b" \n", "", 400, "The body is empty; send a JSON object."),
        (b"[1]", JSON, 400, "The body is JSON, but not an object; send a JSON object."),
        (b"null", JSON, 400, "not an object"),
        (b'{"budget":"\xff"}', JSON, 400, "not written in UTF-8"),
        (b"[" * 100_000, JSON, 400, "nested too deeply"),
        (b'{"budget":' + b"9" * 5_000 + b"}", JSON, 400, "a number that is too long"),
        (b'{"budget":100}', "text/plain", 415, "The body came as 'text/plain'; send application/json."),
        (b'{"budget":100}', "", 415, "The body came without a content type; send application/json."),
    ],
)
def test_a_body_that_cannot_be_read_is_told_in_plain_words(
    served: Any, path: str, body: bytes, kind: str, status: int, said: str
) -> None:
    answer = served.ask("POST", path, content=body, headers={"content-type": kind} if kind else {})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == "body"
    assert said in answer.json()["detail"]


def test_a_body_that_breaks_off_is_told_as_one_that_cannot_be_read(demo_store: Path, tmp_path: Path) -> None:
    head = "POST {} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    bodies = (
        b"zz\r\n",
        b'5\r\n{"bud\r\nzz\r\n',
        b"f" * 40 + b"\r\nabc",
        b"-5\r\nabc\r\n",
        b'2\r\n{"budget\r\n0\r\n\r\n',
    )
    with running(demo_store, tmp_path / "log") as server:
        for path, body in product((SHARE_OUTS, SITINGS), bodies):
            with socket.create_connection(("127.0.0.1", server.port), timeout=15) as line:
                line.sendall(head.format(path).encode() + body)
                answer = HTTPResponse(line)
                answer.begin()
                told = json.loads(answer.read())
            assert answer.status == told["status"] == 400, body
            assert answer.headers["content-type"] == "application/problem+json"
            assert (told["parameter"], told["detail"]) == ("body", "The body broke off or could not be read.")
        log = server.log.read_text()
    assert '"level":"error"' not in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"budget":100,"budget":200}', "budget"),
        ('{"capacity":{"each":1,"each":1}}', "each"),
        ('{"points":[{"lon":1},{"lon":1,"lat":2,"lon":1}]}', "lon"),
    ],
)
def test_a_field_that_comes_twice_is_refused_at_every_depth(served: Any, body: str, field: str) -> None:
    with pytest.raises(BadQuery) as caught:
        read_body(body.encode(), JSON)
    assert (caught.value.parameter, str(caught.value)) == (field, f"{field} is given twice.")
    answer = served.ask("POST", SHARE_OUTS, content=body, headers={"content-type": JSON})
    assert (answer.status_code, answer.json()["parameter"]) == (422, field)
    assert answer.json()["type"] == "urn:evenreach:error:bad-field"


@pytest.mark.parametrize(
    ("path", "body", "status", "name", "parameter"),
    [
        (SHARE_OUTS, {"budget": 100, "within": "lad:W06000001"}, 404, "unknown-footprint", "within"),
        (SHARE_OUTS, {"budget": 100, "focus": "none"}, 404, "unknown-focus", "focus"),
        (SHARE_OUTS, {"budget": 100, "edition": "2001-01-01-00000000"}, 404, "unknown-edition", "edition"),
        (SHARE_OUTS, {"budget": 100, "rho": 3.333}, 422, "bad-field", "rho"),
        (SHARE_OUTS + "?budget=1", {"budget": 100}, 422, "bad-query", "budget"),
        (SHARE_OUTS.replace("demo", "nope"), {"budget": 100}, 404, "unknown-place", "place"),
        (SITINGS, {"service": "gp", "within": "lad:W06000001"}, 404, "unknown-footprint", "within"),
        (SITINGS, {"service": "tea"}, 422, "bad-field", "service"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_as_one_of_the_body(
    served: Any, path: str, body: dict[str, Any], status: int, name: str, parameter: str
) -> None:
    answer = served.ask("POST", path, json=body)
    told = answer.json()
    assert (answer.status_code, told["type"]) == (status, f"urn:evenreach:error:{name}")
    assert told["parameter"] == parameter
    assert ("address" in told["title"]) == (name == "bad-query")


def test_a_name_in_two_objects_is_not_twice() -> None:
    body = '{"points":[{"lon":1},{"lon":2}],"lon":3}'
    assert read_body(body.encode(), JSON) == {"points": [{"lon": 1}, {"lon": 2}], "lon": 3}


def test_a_body_of_json_by_any_of_its_content_types_is_taken(served: Any) -> None:
    for kind in (JSON, "application/json; charset=utf-8", "Application/JSON", "application/vnd.example+json"):
        answer = served.ask("POST", SHARE_OUTS, content=b'{"budget":100}', headers={"content-type": kind})
        assert answer.status_code == 200, answer.text[:200]
    assert not is_json("application/jsonp")
    assert not is_json("text/json")


def test_the_api_document_names_the_refusal_of_another_content_type(served: Any) -> None:
    for path in (SHARE_OUTS, SITINGS):
        answers = served.json("/openapi.json")["paths"][path.replace("demo", "{place}")]["post"]["responses"]
        assert {"400", "415", "422"} <= answers.keys()
