"""Bad input to every route: each parameter that a route knows, doubled, unknown and with values that make no sense.

The routes and their parameters are asked of the application itself, so a new one cannot be forgotten. Programs must
get a refusal in the right form that names what was wrong; a page may forgive what a person typed, and says so.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from service.web.errors import TYPE_PREFIX, all_problems, wants_problem
from tests.service.conftest import Served
from tests.service.examples import EXAMPLES, REFUSED

TAKE_ANYTHING = ("/assets/{name:path}", "/docs", "/openapi.json")  # files, the same whatever stands behind the "?"
UNDERSTANDS = re.compile(r"This address understands ([a-z0-9_, -]+)\.")
LISTS = {"candidates", "close", "keep", "forbid", "point", "capacity", "growth", "council", "lsoa", "area", "picked"}
NONSENSE = (
    "nan",
    "-inf",
    "1e400",
    "-1",
    "1000000000000",
    "0x1F",
    "1_0",
    "%D9%A3",  # an Arabic-Indic three
    "%EF%BC%93",  # a full-width three
    "%00",
    "%ED%A0%80",  # half of a surrogate pair
    "%FF%FE",
    "x" * 1800,
    "'%20OR%201=1--",
    "%3Cimg%20src=x%20onerror=alert(1)%3E",
    "$%7Balert(1)%7D",
    "W01000001",
    "lad:S12000036",
    "../../etc/passwd",
    "a%0D%0ASet-Cookie:%20a=b",
    ",,,,",
    "null",
)
FREE_TEXT = {"title", "q", "find", "postcode", "url", "dnt"}
"""Where any text may stand: it is searched for, shown as text, or of no account."""

LEFT_ASIDE = {"/downloads/{place}/share-out.{kind}": {"counts", "floor"}}
"""Fields of another form of the question, which a page's form sends along."""
OF_THE_STANDARD = {"bbox", "bbox-crs", "crs", "datetime", "f", "limit", "offset", "edition", "within", "rho"}
"""Under /ogc every other parameter is a filter: no feature has a value that makes no sense, so none is found."""


def is_bound(template: str, name: str) -> bool:
    """Tell whether a parameter takes only some values, so that nonsense must be refused."""
    if template.startswith("/ogc"):
        return name in OF_THE_STANDARD
    return name not in FREE_TEXT | LEFT_ASIDE.get(template, set())


def with_query(address: str, *more: str) -> str:
    return address + ("&" if "?" in address else "?") + "&".join(more)


def without(address: str, name: str) -> str:
    """Take a parameter out of an address."""
    path, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != name]
    return path + ("?" + "&".join(kept) if kept else "")


def known_parameters(served: Served, address: str) -> list[str]:
    """Ask an address what it understands: the refusal of what it does not says so."""
    said = served.get(with_query(address, "no_such_thing=1")).text
    found = UNDERSTANDS.search(said)
    assert found or "takes no parameters" in said, said[:300]
    return found[1].split(", ") if found else []


def for_programs(address: str) -> bool:
    return wants_problem(address.partition("?")[0])


def fault(answer: httpx.Response) -> Any:
    """Give the refusal that a program got, after checking its form."""
    document = json.loads(answer.content)
    under_ogc = answer.request.url.path.startswith("/ogc")
    assert answer.headers["content-type"].startswith("application/json" if under_ogc else "application/problem+json")
    assert document["status"] == answer.status_code
    assert document["type"].removeprefix(TYPE_PREFIX) in {problem.name for problem in all_problems()}
    assert document["request_id"] == answer.headers["x-request-id"]
    if under_ogc:
        assert document["code"]
        assert document["description"]
    return document


STRICT = [template for template in EXAMPLES if template not in TAKE_ANYTHING]


@pytest.mark.parametrize("template", STRICT)
def test_a_parameter_that_a_route_does_not_know_is_refused_by_name(served: Served, template: str) -> None:
    answer = served.get(with_query(EXAMPLES[template][0], "no_such_thing=1"))
    assert answer.status_code == (400 if template.startswith("/ogc") else 422)
    assert "no_such_thing" in answer.text
    if for_programs(template):
        assert fault(answer)["parameter"] == "no_such_thing"


@pytest.mark.parametrize("template", STRICT)
def test_a_parameter_that_is_given_twice_is_refused_by_name(served: Served, template: str) -> None:
    address = EXAMPLES[template][0]
    for name in set(known_parameters(served, address)) - LISTS:
        answer = served.get(with_query(without(address, name), f"{name}=a", f"{name}=b"))
        assert answer.status_code in (400, 422), name
        assert f"{name} is given twice" in answer.text or fault(answer)["parameter"] == name


@pytest.mark.parametrize("template", STRICT)
def test_values_that_make_no_sense_are_refused_and_never_break_anything(served: Served, template: str) -> None:
    address = EXAMPLES[template][0]
    values = itertools.cycle(NONSENSE)
    for _ in range(STRICT.index(template) * 7 % len(NONSENSE)):
        next(values)  # each route begins elsewhere, so that all values meet all kinds of route
    for name in known_parameters(served, address):
        for value in itertools.islice(values, 2):
            answer = served.get(with_query(without(address, name), f"{name}={value}"))
            where = f"{address} with {name}={value}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code < 500, where
            assert "Traceback" not in answer.text, where
            if for_programs(address) and is_bound(template, name):
                assert 400 <= answer.status_code < 500, where
                assert fault(answer).get("parameter") == name or address in REFUSED, where


@pytest.mark.parametrize("value", NONSENSE)
@pytest.mark.parametrize("name", ["rho", "within", "focus", "weights", "bbox", "detail", "edition", "indicator"])
def test_every_kind_of_nonsense_is_refused_by_the_parameters_of_a_view(served: Served, name: str, value: str) -> None:
    answer = served.get(f"/geojson/demo/need?{name}={value}")
    assert answer.status_code in (404, 422)
    document = fault(answer)
    assert document["parameter"] == name
    assert "\u0000" not in answer.json()["detail"]
    assert len(answer.content) < 1000, "what came is repeated shortly, if at all"


@pytest.mark.parametrize(
    "box",
    [
        "51.8,-0.5,51.9,-0.4",  # latitude first: a box in the ocean, but one of England if read the other way round
        "30,-2,31,-1",  # in Africa, either way round
        "-0.4,51.8,-0.5,51.9",
        "-0.5,51.9,-0.4,51.8",
        "-0.5,51.8,-0.5,51.9",
        "170,50,-170,60",
        "500000,200000,510000,210000",
        "-0.5,51.8,-0.4",
        "-0.5,51.8,-0.4,51.9,1",
        "-0.5,51.8,,51.9",
        "-0.5;51.8;-0.4;51.9",
        "-181,51,0,52",
        "nan,nan,nan,nan",
        "-inf,-inf,inf,inf",
        "1e-400,0,1e400,1",
    ],
)
def test_boxes_that_are_none_are_refused_and_boxes_elsewhere_are_empty(served: Served, box: str) -> None:
    answer = served.get(f"/geojson/demo/need?bbox={quote(box, safe=',')}")
    if answer.status_code == 200:
        assert box.startswith("30"), "a real box, though of another country"
        assert answer.json()["features"] == []
    else:
        assert answer.status_code == 422
        assert fault(answer)["parameter"] == "bbox"
        assert box.startswith("51.8") == ("longitude first" in fault(answer)["hint"])
    if box.startswith("51.8"):
        of_the_standard = served.get(f"/ogc/collections/demo-sites/items?bbox={quote(box, safe=',')}")
        assert (of_the_standard.status_code, fault(of_the_standard)["parameter"]) == (400, "bbox")
        assert fault(of_the_standard)["detail"] == fault(answer)["detail"]
    if box.startswith("30"):
        of_the_standard = served.json(f"/ogc/collections/demo-sites/items?bbox={quote(box, safe=',')}")
        assert of_the_standard["features"] == [], "OGC API - Features has no error for a box elsewhere"


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/geojson/demo/nope", "layer"),
        ("/geojson/demo/a%00b", "layer"),
        ("/geojson/nope/need", "place"),
        ("/downloads/nope/need.csv", "place"),
        ("/geojson/demo/need?within=lad:E08000025", "within"),
        ("/api/v1/places/demo/missed-need?areas=lad:E08000025", "areas"),
        ("/oembed?url=nan", "url"),
        ("/oembed?url=http://127.0.0.1:8000/embed/nope/need", "url"),
    ],
)
def test_a_name_that_is_not_here_is_told_with_its_parameter(served: Served, address: str, parameter: str) -> None:
    answer = served.get(address)
    assert (answer.status_code, fault(answer)["parameter"]) == (404, parameter)


@pytest.mark.parametrize("code", ["W01000001", "S01006506", "N21000001", "E01999999", "e01900001", "E0190000", "%00"])
@pytest.mark.parametrize("address", ["/api/v1/places/demo/neighbourhoods/", "/places/demo/neighbourhoods/"])
def test_codes_of_other_countries_and_of_nowhere_are_not_found(served: Served, address: str, code: str) -> None:
    assert served.get(address + code).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/downloads/demo/need.exe", "/downloads/demo/need.", "/downloads/demo/need.csv.gz", "/pictures/demo/need.gif"],
)
def test_unknown_formats_are_not_found(served: Served, address: str) -> None:
    answer = served.get(address)
    assert answer.status_code == 404
    if address.endswith("exe"):
        assert fault(answer)["parameter"] == "kind"


@pytest.mark.parametrize("value", ["items=0-5", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes=" + "0-0," * 500, "x"])
@pytest.mark.parametrize("address", ["/geojson/demo/need", "/downloads/demo/need.csv", "/assets/map.js"])
def test_a_bad_range_is_ignored_or_refused(served: Served, address: str, value: str) -> None:
    answer = served.get(address, headers={"range": value})
    assert answer.status_code in (200, 416)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "' OR 1=1"},
        {"forwarded": "for=1.2.3.4;host=evil.example;proto=https"},
        {"x-forwarded-prefix": "/evil", "x-original-url": "/metrics", "x-rewrite-url": "/metrics"},
        {"host": "evil.example"},
    ],
)
@pytest.mark.parametrize("address", ["/places/demo", "/maps/demo/need", "/ogc/?f=json", "/api/v1/places"])
def test_nothing_of_an_answer_is_made_of_host_or_forwarded_headers(
    served: Served, address: str, headers: dict[str, str]
) -> None:
    assert served.get(address, headers=headers).content == served.get(address).content


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a@b", "<script>", "a\tb", "a" * 20 + ":999999", "[::1"])
def test_a_host_that_is_none_is_refused_by_name(served: Served, host: str) -> None:
    answer = served.get("/api/v1/places", headers={"host": host})
    assert answer.status_code == 400
    assert fault(answer)["parameter"] == "Host"


@pytest.mark.parametrize("host", ["maps.example.org", "maps.example.org:8443", "127.0.0.1:8000", "[::1]:8000", "a_b"])
def test_any_host_may_be_named(served: Served, host: str) -> None:
    assert served.get("/health/live", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("name", ["accept-encoding", "if-none-match", "x-anything"])
def test_a_header_beyond_all_bounds_is_refused(served: Served, name: str) -> None:
    assert served.get("/geojson/demo/need", headers={name: "a" * 8_192}).status_code == 200
    answer = served.get("/geojson/demo/need", headers={name: "a" * 8_193})
    assert (answer.status_code, fault(answer)["parameter"]) == (431, name)


def test_two_hosts_are_one_too_many(served: Served) -> None:
    answer = served.get("/health/live", headers=[("host", "a.example"), ("host", "b.example")])
    assert (answer.status_code, fault(answer)["detail"]) == (400, "Host is given twice.")


def test_a_path_beyond_all_bounds_is_refused(served: Served) -> None:
    assert served.get("/places/" + "a" * 2000).status_code == 404
    assert served.get("/places/" + "a" * 3000).status_code == 414


def test_a_body_whose_length_is_given_in_two_ways_is_refused(served: Served) -> None:
    answer = served.get("/", headers=[("content-length", "0"), ("transfer-encoding", "chunked")])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "address", ["/embed/demo/need?title=%ff", "/places/demo?find=%c3", "/?postcode=%ff", "/oembed?url=%ed%a0%80"]
)
def test_text_that_is_not_utf_8_is_not_guessed_at(served: Served, address: str) -> None:
    answer = served.get(address)
    assert answer.status_code == 422
    assert f"{address.partition('?')[2].partition('=')[0]} is not written in UTF-8" in answer.text


def test_a_picture_of_no_kind_is_a_problem_document_as_a_download_is(served: Served) -> None:
    for address in ("/pictures/demo/need.gif", "/downloads/demo/need.gif"):
        answer = served.get(address)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
@pytest.mark.parametrize("address", ["/", "/geojson/demo/need", "/api/v1/places/demo/share-outs", "/ogc/conformance"])
def test_methods_that_nobody_offers_are_refused_with_those_that_are(served: Served, method: str, address: str) -> None:
    answer = served.ask(method, address)
    assert answer.status_code == 405
    allowed = set(answer.headers["allow"].replace(" ", "").split(","))
    assert {"GET", "POST"} & allowed
    assert ("HEAD" in allowed) == ("GET" in allowed)


@pytest.mark.parametrize("template", EXAMPLES)
def test_head_answers_as_get_does_without_a_body(served: Served, template: str) -> None:
    address = EXAMPLES[template][0]
    get, head = served.get(address), served.ask("HEAD", address)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "content-encoding", "content-length", "vary", "etag", "cache-control"):
        if (template, name) != ("/metrics", "content-length"):  # it counts the first of the two
            assert head.headers.get(name) == get.headers.get(name), name


@pytest.mark.parametrize("template", EXAMPLES)
def test_every_answer_carries_the_headers_that_protect_it(served: Served, template: str) -> None:
    good = EXAMPLES[template][0]
    for address in (good, with_query(good, "no_such_thing=1")):
        headers = served.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
        assert headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["server"] == ""
        assert "set-cookie" not in headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "*" not in policy
        framed = "frame-ancestors 'self'" if address.startswith("/embed/") else "frame-ancestors 'none'"
        assert framed in policy
