"""Answers as bytes: strong tags, 304, compression once, and a small memory of the latest."""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

REMEMBERED_BYTES = 24 * 2**20
LARGEST_REMEMBERED = 4 * 2**20
WORTH_COMPRESSING = 1_000
GZIP_LEVEL = 6
CHANGES_WITH_EDITION = "public, max-age=0, must-revalidate"
NEVER_CHANGES = "public, max-age=31536000, immutable"


class Memory:
    """The latest bodies by key, up to a number of bytes in all."""

    def __init__(self, limit: int = REMEMBERED_BYTES) -> None:
        self._limit = limit
        self._held = 0
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the body of a key, made now if it is not held."""
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
                return self._bodies[key]
        body = make()
        if len(body) <= LARGEST_REMEMBERED:
            self._keep(key, body)
        return body

    def _keep(self, key: str, body: bytes) -> None:
        with self._lock:
            if key not in self._bodies:
                self._bodies[key] = body
                self._held += len(body)
            while self._held > self._limit:
                self._held -= len(self._bodies.popitem(last=False)[1])


_MEMORY = Memory()


def answer(request: Request, key: str, make: Callable[[], bytes], *, media_type: str, pinned: bool = False) -> Response:
    """Answer with bytes that depend on nothing but their key.

    Parameters
    ----------
    request : Request
        For ``If-None-Match`` and ``Accept-Encoding``.
    key : str
        Everything the body depends on: edition, method, canonical parameters.
    make : callable
        Makes the body when it is not held.
    media_type : str
        With charset where it is text.
    pinned : bool
        The address names an edition, so the answer never changes.

    Returns
    -------
    Response
        200 with a strong tag, or 304 without a body.
    """
    compress = "gzip" in _accepted(request.headers.get("accept-encoding", ""))
    tag = hashlib.sha256(key.encode()).hexdigest()[:24]
    etag = f'"{tag}-gzip"' if compress else f'"{tag}"'
    headers = {
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": NEVER_CHANGES if pinned else CHANGES_WITH_EDITION,
    }
    given = request.headers.get("if-none-match", "")
    if given and any(part.strip().removeprefix("W/") in (etag, "*") for part in given.split(",")):
        return Response(status_code=304, headers=headers)
    if compress:
        body = _MEMORY.get(f"{key} gzip", lambda: gzip.compress(_MEMORY.get(key, make), GZIP_LEVEL, mtime=0))
        headers["Content-Encoding"] = "gzip"
    else:
        body = _MEMORY.get(key, make)
    return Response(body, headers=headers, media_type=media_type)


def _accepted(header: str) -> set[str]:
    """List the encodings a client takes, those refused by ``q=0`` left out."""
    names = set()
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            names.add(name.strip())
    return names
