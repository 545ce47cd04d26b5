"""Files of the workshop: what is asked for is cut where the file is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import Request
from starlette.responses import StreamingResponse

from service.routes.heavy import CHUNK, heavy_answer
from service.web.workshop import Workshop

SIZE = 3 * CHUNK
WHOLE = bytes(at % 251 for at in range(SIZE))


async def stays() -> Any:
    await asyncio.Event().wait()


async def asked(workshop: Workshop, headers: dict[str, str], **scope: Any) -> tuple[int, str, bytes]:
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    told = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": lines, **scope}
    request = Request(told, receive=stays)
    job = "tests.service.workshop_jobs:write"
    answer = await heavy_answer(request, workshop, job, {"n": SIZE}, key="bytes", kind="text/plain", pinned=True)
    assert isinstance(answer, StreamingResponse)
    body = b"".join([part async for part in answer.body_iterator if isinstance(part, bytes)])
    assert int(answer.headers["content-length"]) == len(body)
    return answer.status_code, answer.headers.get("content-range", ""), body


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        (f"bytes={SIZE - 100}-", SIZE - 100, SIZE),
        (f"bytes=10-{2 * CHUNK}", 10, 2 * CHUNK + 1),
        ("bytes=-5", SIZE - 5, SIZE),
    ],
)
def test_of_a_file_only_the_part_asked_for_is_read(wanted: str, start: int, stop: int) -> None:
    found = play({"range": wanted})
    assert found == (206, f"bytes {start}-{stop - 1}/{SIZE}", WHOLE[start:stop])


@pytest.mark.parametrize(
    ("headers", "scope"),
    [
        ({}, {}),
        ({"range": "bytes=0-1,5-6"}, {}),
        ({"range": f"bytes={SIZE}-"}, {}),
        ({"range": "bytes=0-9", "if-range": '"another"'}, {}),
        ({"range": "bytes=0-9"}, {"state": {"head": True}}),
        ({"range": "bytes=0-9"}, {"method": "POST"}),
    ],
)
def test_a_file_is_whole_where_no_part_is_to_be_cut(headers: dict[str, str], scope: dict[str, Any]) -> None:
    assert play(headers, **scope) == (200, "", WHOLE)


def play(headers: dict[str, str], **scope: Any) -> tuple[int, str, bytes]:
    async def story() -> tuple[int, str, bytes]:
        workshop = Workshop()
        try:
            return await asked(workshop, headers, **scope)
        finally:
            await workshop.close()

    return asyncio.run(story())
