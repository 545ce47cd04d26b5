"""Bodies in JSON: what cannot be read is told in plain words, and nothing comes twice."""

from __future__ import annotations

from typing import Any

import pytest

from service.queries import BadQuery
from service.web.json_bodies import is_json, read_body

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
