"""Parts of an answer: one range of bytes (RFC 9110, section 14), for programs that read a file piece by piece.

It lies between the shield and what answers. An answer that has a length, a strong tag and no encoding can be cut;
a request for several ranges, or one that cannot be read, gets the whole, as the standard allows; one for what lies
beyond the end is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from service.web.errors import PLAIN, Fault, error_body, request_id

Message = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]
ONE_RANGE = re.compile(rb"bytes[ \t]*=[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+))[ \t]*", re.IGNORECASE)
DIGITS_READ = 18


class Part(NamedTuple):
    """Bytes `start` to `stop`, the latter left out."""

    start: int
    stop: int


def read_range(header: bytes, length: int) -> Part | None:
    """Read a ``Range`` header.

    Parameters
    ----------
    header : bytes
        As it came.
    length : int
        Bytes of the whole.

    Returns
    -------
    Part or None
        What is asked for, cut at the end of the whole; empty where it lies beyond the end. None for the whole:
        several ranges, another unit, an end before the start, or nothing that can be read.
    """
    found = ONE_RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        return Part(max(0, length - _number(tail)), length)
    start, stop = _number(first), _number(last) + 1 if last else length
    if stop <= start and last:
        return None
    return Part(min(start, length), min(stop, length))


def _number(digits: bytes) -> int:
    """Read a number; one of more digits than are read is beyond any end."""
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= DIGITS_READ else 10**DIGITS_READ


class Ranges:
    """Wrap an application whose whole answers may be cut."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a part where one is asked for."""
        wanted = _header(scope["headers"], b"range") if scope["type"] == "http" else b""
        if not wanted or scope["method"] != "GET" or scope.get("state", {}).get("head"):
            await self.app(scope, receive, send)
            return
        beyond = error_body(scope["path"], Fault(PLAIN[416]), request_id(scope))
        cut = Cut(send, wanted, _header(scope["headers"], b"if-range"), beyond)
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app(scope, receive, cut)


class Cut:
    """Pass on what of an answer lies within a range.

    Parameters
    ----------
    send : callable
        What takes the messages.
    wanted, only_if : bytes
        The headers ``Range`` and ``If-Range``.
    beyond : tuple of (bytes, str)
        Body and media type of the refusal where nothing lies within the range.
    """

    def __init__(self, send: Send, wanted: bytes, only_if: bytes, beyond: tuple[bytes, str]) -> None:
        self._send = send
        self._wanted = wanted
        self._only_if = only_if
        self._beyond = beyond
        self._refused = False
        self._part: Part | None = None
        self._at = 0

    async def __call__(self, message: Message) -> None:
        """Pass one message on, or what is left of it."""
        if self._refused:
            return  # of the whole nothing is sent
        if message["type"] == "http.response.start":
            await self._send(self._started(message))
            if self._refused:
                await self._send({"type": "http.response.body", "body": self._beyond[0]})
        elif message["type"] == "http.response.body" and self._part is not None:
            await self._send({**message, "body": self._kept(message.get("body", b""), self._part)})
        else:
            await self._send(message)

    def _started(self, message: Message) -> Message:
        headers: Headers = list(message.get("headers", []))
        length, tag = _header(headers, b"content-length"), _header(headers, b"etag")
        whole = message["status"] != 200 or not length or not tag or _header(headers, b"content-encoding")
        part = None if whole or self._only_if not in (b"", tag) else read_range(self._wanted, int(length))
        if part is None:
            return message
        left = part.stop - part.start
        if not left:
            return self._refusal(message, length)
        self._part = part
        kept = [(name, value) for name, value in headers if name not in (b"content-length", b"content-range")]
        said = b"bytes %d-%d/%b" % (part.start, part.stop - 1, length)
        kept += [(b"accept-ranges", b"bytes"), (b"content-range", said), (b"content-length", b"%d" % left)]
        return {**message, "status": 206, "headers": kept}

    def _refusal(self, message: Message, length: bytes) -> Message:
        """Say how long the whole is, as RFC 9110 asks in 15.5.17; what the headers of the whole tell is not of this."""
        self._refused = True
        body, kind = self._beyond
        told = {b"content-type": kind.encode(), b"content-length": b"%d" % len(body), b"cache-control": b"no-store"}
        headers = [*told.items(), (b"accept-ranges", b"bytes"), (b"content-range", b"bytes */" + length)]
        return {**message, "status": 416, "headers": headers}

    def _kept(self, body: bytes, part: Part) -> bytes:
        """Give what of the next bytes lies within the part."""
        begins, self._at = self._at, self._at + len(body)
        return body[max(0, part.start - begins) : max(0, part.stop - begins)]


def _header(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name.lower() == wanted), b"")
