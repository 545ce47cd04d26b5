"""Every known error answers with its status, a stable type and a hint, and tells nothing of the inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from geodata import errors as data
from layers.map_layers import UnknownLayer
from service.queries import (
    check_parameters,
    read_bbox,
    read_detail,
    read_edition,
    read_name,
    read_page,
    read_rho,
    read_within,
)
from service.web.errors import (
    PLAIN,
    PROBLEMS,
    STATUS_CODES,
    BadQuery,
    Fault,
    UnknownIndicator,
    add_error_handlers,
    fault_of,
    plain_page,
    with_parameter,
)


def app_that_raises(error: Exception, page: Any = None) -> FastAPI:
    app = FastAPI()

    @app.get("/api/v1/broken")
    @app.get("/places/broken")
    async def broken() -> None:
        raise error

    add_error_handlers(app, page)
    return app


def get(app: FastAPI, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (data.UnknownPlace("No place 'x'."), 404, "unknown-place"),
        (data.UnknownFocus("No focus 'x'."), 404, "unknown-focus"),
        (data.UnknownNeighbourhood("None."), 404, "unknown-neighbourhood"),
        (data.UnknownFootprint("None."), 404, "unknown-footprint"),
        (data.UnknownPostcode("None."), 404, "unknown-postcode"),
        (UnknownLayer("x"), 404, "unknown-layer"),
        (data.BuildMissing("Nothing built."), 503, "build-missing"),
        (data.DamagedEdition("differs", rule="file-changed", file="luton/x/web.npy"), 503, "damaged-edition"),
        (BadQuery("rho", "rho is 'x'."), 422, "bad-query"),
        (data.BadFile("a cell is empty", rule="empty-cell", file="a.csv", row=3), 422, "empty-cell"),
        (HTTPException(404), 404, "not-found"),
    ],
)
def test_programs_get_a_problem_document(error: Exception, status: int, name: str) -> None:
    answer = get(app_that_raises(error), "/api/v1/broken")
    document = answer.json()
    assert answer.status_code == document["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert document["type"] == f"urn:evenreach:error:{name}"
    assert document["title"]


def test_an_answer_that_may_come_later_says_when() -> None:
    answer = get(app_that_raises(data.BuildMissing("Nothing built.")), "/api/v1/broken")
    assert int(answer.headers["retry-after"]) > 0


def test_an_unexpected_error_keeps_its_text_to_itself() -> None:
    for path in ("/api/v1/broken", "/places/broken"):
        answer = get(app_that_raises(RuntimeError("/srv/secret.py, line 3: SELECT")), path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "SELECT" not in answer.text


def test_a_client_that_leaves_while_it_is_answered_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async def part() -> AsyncIterator[bytes]:
        yield b"a"
        raise ClientDisconnect

    app = FastAPI()
    app.get("/api/parts")(lambda: StreamingResponse(part()))
    add_error_handlers(app)
    assert get(app, "/api/parts").content == b"a"
    assert "evenreach.errors" not in [record.name for record in caplog.records]


def test_a_damaged_edition_does_not_name_files_of_the_server() -> None:
    error = data.DamagedEdition("differs", rule="file-changed", file="luton/x/web.npy")
    assert "web.npy" not in get(app_that_raises(error), "/api/v1/broken").text


def test_people_get_a_page_with_their_input_escaped() -> None:
    answer = get(app_that_raises(data.UnknownPlace("No place '<script>alert(1)</script>'.")), "/places/broken")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_failing_error_page_gives_way_to_a_plain_one() -> None:
    def page(request: Any, fault: Any) -> str:
        raise ZeroDivisionError

    answer = get(app_that_raises(data.UnknownPlace("No place 'x'."), page), "/places/broken")
    assert answer.status_code == 404
    assert "No such place" in answer.text


def test_a_rejected_value_is_not_echoed_by_validation() -> None:
    app = FastAPI()

    @app.get("/api/number")
    async def number(n: int) -> int:
        return n

    add_error_handlers(app)
    answer = get(app, "/api/number?n=%3Cscript%3E")
    assert answer.status_code == 422
    assert answer.json()["parameter"] == "n"
    assert "script" not in answer.text


def test_types_are_unique_and_statuses_are_real() -> None:
    names = [problem.name for problem in PROBLEMS.values()]
    assert len(set(names)) == len(names)
    assert all(status == problem.status for status, problem in PLAIN.items())
    assert all(400 <= status < 600 for status in STATUS_CODES.values())


def test_a_subclass_is_answered_as_its_parent() -> None:
    class UnknownHamlet(data.UnknownPlace):
        pass

    assert fault_of(UnknownHamlet("x")).problem.name == "unknown-place"


def test_what_is_quoted_is_at_fault_and_not_what_is_listed_as_known() -> None:
    fault = Fault(PROBLEMS[UnknownIndicator], "No indicator 'nan' here; choose one of low_income, overcrowded.")
    assert with_parameter(fault, [("outcome", "overcrowded"), ("indicator", "nan")]).parameter == "indicator"


def test_the_plain_page_is_whole() -> None:
    page = plain_page("/places/nowhere", fault_of(data.UnknownPlace("No place.")), "abc")
    assert page.startswith("<!doctype html>")
    assert "abc" in page
    json.dumps(page)


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 3.0), ("1", 1.0), ("3", 3.0), ("4.25", 4.25), ("19.99", 19.99), ("20", 20.0), ("20.00", 20.0)],
)
def test_dials_that_are_read(text: str, value: float) -> None:
    assert read_rho(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.99",
        "20.01",
        "21",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "1e1",
        "1_0",
        "+3",
        "-3",
        "03",
        "3.",
        ".5",
        "4.255",
        "٣",
        "３",
        "3,5",
        "0x3",
        "true",
        " 3",
        "3 ",
        "3\n",
        "3\x00",
    ],
)
def test_dials_that_are_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="from 1 to 20") as caught:
        read_rho(text)
    assert caught.value.parameter == "rho"


@pytest.mark.parametrize("text", ["", "lad:E06000032", "ward:E05014000", "msoa:E02003253", "team:Upper Mill & Vale"])
def test_footprints_that_are_read(text: str) -> None:
    assert read_within(text) == text


@pytest.mark.parametrize(
    "text", ["E06000032", "lad:", "lad:e06000032", "lad:E06000032,E06000033", "team:", "team:a\nb", "x:y"]
)
def test_footprints_that_are_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="expected lad:CODE"):
        read_within(text)


def test_a_box_has_four_numbers_in_order() -> None:
    assert read_bbox("-0.5,51.8,-0.35,51.95") == (-0.5, 51.8, -0.35, 51.95)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "2,51,1,52",
        "0,52,1,51",
        "0,51,1,nan",
        "0,51,1,91",
        "-181,51,1,52",
        "0,51,0,52",
        "1e1,2,30,4",
    ],
)
def test_boxes_that_are_refused(text: str) -> None:
    with pytest.raises(BadQuery) as caught:
        read_bbox(text)
    assert caught.value.parameter == "bbox"


def test_small_words_are_read_strictly() -> None:
    assert (read_page(""), read_page("7"), read_detail(""), read_detail("none")) == (1, 7, "map", "none")
    assert (read_name("focus", "best-start"), read_edition("2026-11-21-c45f34de")) == (
        "best-start",
        "2026-11-21-c45f34de",
    )
    for wrong in (
        lambda: read_page("0"),
        lambda: read_page("1.5"),
        lambda: read_detail("some"),
        lambda: read_name("focus", "../etc"),
        lambda: read_edition("a/../b"),
    ):
        with pytest.raises(BadQuery):
            wrong()


def test_unknown_and_doubled_parameters_are_named() -> None:
    known = frozenset({"rho", "focus"})
    check_parameters([("rho", "3"), ("focus", "core")], known)
    with pytest.raises(BadQuery, match="no parameter 'roh'") as caught:
        check_parameters([("rho", "3"), ("roh", "3")], known)
    assert caught.value.hint == "This address understands focus, rho."
    with pytest.raises(BadQuery, match="rho is given twice"):
        check_parameters([("rho", "3"), ("rho", "3")], known)
