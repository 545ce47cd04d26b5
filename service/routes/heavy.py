"""Files made in the workshop and sent as they come, for as long as the client waits."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from service.editions.edition import Edition
from service.editions.views import ACCESS, View
from service.memory import Memory
from service.web.answers import CHANGES_WITH_EDITION, NEVER_CHANGES, is_known
from service.web.ranges import Part, read_range
from service.web.workshop import Workshop

CHUNK = 256 * 1024
KEPT, LARGEST_KEPT = 3 * 2**20, 2**20  # bytes of the latest files that are kept, and of one
_MEMORY: Memory[bytes] = Memory(KEPT, LARGEST_KEPT)
_IN_PARTS: Memory[BinaryIO] = Memory(256 * 2**20, 64 * 2**20, lambda file: os.fstat(file.fileno()).st_size, most=32)
"""The latest files that somebody reads range by range: no longer in any folder, gone when they are let go of."""
CLIENT_LEFT = 499  # never sent; for the log


async def heavy_answer(
    request: Request,
    workshop: Workshop,
    job: str,
    arguments: dict[str, Any],
    *,
    key: str,
    kind: str,
    pinned: bool,
    keep: bool = False,
) -> Response:
    """Answer with a file that a job of the workshop writes.

    Parameters
    ----------
    request, workshop : Request, Workshop
        Who asks, and who works.
    job, arguments : str, dict
        The job, which writes the file that its argument ``path`` names.
    key : str
        Everything the file depends on: it makes the strong tag.
    kind : str
        Its media type.
    pinned : bool
        The address names an edition, so the answer never changes.
    keep : bool
        Give it again without a job, if it is small: for pictures that stand in other people's pages.

    Returns
    -------
    Response
        200 and the file, or 206 and the range of it that is asked for; 304 where the client holds it.

    Raises
    ------
    BadQuery
        If the job says that the request cannot be met.
    """
    tag = f'"{hashlib.sha256(key.encode()).hexdigest()[:24]}"'
    headers = {"ETag": tag, "Cache-Control": NEVER_CHANGES if pinned else CHANGES_WITH_EDITION}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    held_as = f"{arguments.get('store', '')} {key}"
    kept = _MEMORY.find(held_as) if keep else None
    if kept is not None:
        return Response(kept, 200, headers, media_type=kind)
    in_parts = "range" in request.headers
    made = _IN_PARTS.find(held_as) if in_parts else None
    made = made or await unless_left(request, made_in_workshop(workshop, job, arguments))
    if made is None:
        return Response(None, CLIENT_LEFT)
    size = os.fstat(made.fileno()).st_size
    if keep and size <= LARGEST_KEPT:
        body = os.pread(made.fileno(), size, 0)
        _MEMORY.keep(held_as, body)
        return Response(body, 200, headers, media_type=kind)
    if in_parts:
        _IN_PARTS.keep(held_as, made)
    part = _part_asked_for(request, tag, size)
    if part is not None:  # cut here, so that nothing before it need be read
        headers |= {"Accept-Ranges": "bytes", "Content-Range": f"bytes {part.start}-{part.stop - 1}/{size}"}
        headers["Content-Length"] = str(part.stop - part.start)
        return StreamingResponse(_chunks(made, part), 206, headers, media_type=kind)
    headers["Content-Length"] = str(size)
    return StreamingResponse(_chunks(made, Part(0, size)), 200, headers, media_type=kind)


def _part_asked_for(request: Request, tag: str, size: int) -> Part | None:
    """Read which part of a file is wanted; None where `Ranges` gives the whole or a refusal."""
    if request.method != "GET" or request.scope.get("state", {}).get("head"):
        return None
    if request.headers.get("if-range", "") not in ("", tag):
        return None
    part = read_range(request.headers.get("range", "").encode("latin-1"), size)
    return part if part is not None and part.start < part.stop else None


async def unless_left(request: Request, job: Coroutine[Any, Any, BinaryIO]) -> BinaryIO | None:
    """Wait for a job as long as the client waits; a client that leaves takes its job along."""
    making = asyncio.ensure_future(job)
    leaving = asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return making.result() if making.done() else None
    finally:
        leaving.cancel()
        if making.cancel():
            with suppress(asyncio.CancelledError):
                await making


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def made_in_workshop(workshop: Workshop, job: str, arguments: dict[str, Any]) -> BinaryIO:
    """Have a file made, and open it; its folder is gone before the first byte is sent, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="evenreach-", ignore_cleanup_errors=True) as folder:
        path = str(Path(folder, "made"))
        await workshop.run(job, **arguments, path=path)
        return open(path, "rb")


def check_area(edition: Edition, view: View) -> None:
    """Refuse a footprint that the edition does not have, or access it knows nothing of, before a job is begun."""
    if view.within:
        edition.footprint(view.within)
    if view.layer == ACCESS:
        edition.site_points()


def _chunks(file: BinaryIO, part: Part) -> Iterator[bytes]:
    """Read of a file that others may read at the same time; it closes when nobody holds it any more."""
    at = part.start
    while chunk := os.pread(file.fileno(), min(CHUNK, part.stop - at), at):
        at += len(chunk)
        yield chunk
