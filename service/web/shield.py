"""The ASGI shield in front of the application: limits, headers, request id, access log.

It knows nothing of pages or editions and is tested without them. Half-sent request headers never
reach an ASGI application: the server's own header-read timeout closes those.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from service.encodings import Encoding, choose_encoding, compressed
from service.web.errors import PLAIN, Fault, short_body
from service.web.heads import slip_in
from service.web.log import write_access
from service.web.metrics import Metrics
from service.web.policies import OPEN_TO_ALL, PREFLIGHT, Headers, security_headers, starts_with
from service.web.slow_readers import Outflow
from service.web.turns import NoTurn, Turns, turn_lent

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ERRORS = logging.getLogger("evenreach.errors")
READS = ("GET", "HEAD")
ID = b"x-request-id"
WORTH_SQUEEZING = 1_000
ALWAYS_ANSWERED = ("/health/live", "/health/ready", "/metrics")
IN_NO_TURN = (*ALWAYS_ANSWERED, "/assets")  # nothing is made for them
LONG_QUERY = re.compile(r"/(?:places|downloads)/[^/]+/siting(?:\.[a-z.]+)?")  # names its sites one by one
LONGER = 4


@dataclass(frozen=True)
class Limits:
    """What one request, and all at once, may use.

    Attributes
    ----------
    body_bytes, query_bytes : int
        The largest body and the longest query string.
    body_seconds : float
        From the first wait for the body to its last byte.
    concurrency : int
        Requests that this process has let in, those that wait for something included.
    turns : int
        Of these, how many are worked on at once.
    turn_seconds : float
        How long one may wait for its turn in a queue that stays long.
    """

    body_bytes: int = 25_000_000
    body_seconds: float = 20.0
    query_bytes: int = 2048
    concurrency: int = 256
    turns: int = 3
    turn_seconds: float = 0.1

    def query_bytes_at(self, path: str) -> int:
        """Give the longest query string of a path: a plan of sites may have four times as much."""
        return self.query_bytes * (LONGER if LONG_QUERY.fullmatch(path) else 1)


def escaped(query: bytes) -> bytes:
    """Write what is not ASCII in a query string as %C3%A9 and so on."""
    return re.sub(rb"[\x80-\xff]", lambda found: b"%%%02X" % found[0][0], query)


class Shield:
    """Wrap an ASGI application.

    Parameters
    ----------
    app : callable
        What answers.
    limits : Limits
        What a request may use.
    embed_origins : tuple of str
        Origins that may frame embeds.
    https : bool
        The public address begins with https.
    metrics : Metrics, optional
        Where answers are counted.
    """

    def __init__(
        self,
        app: Application,
        *,
        limits: Limits | None = None,
        embed_origins: tuple[str, ...] = (),
        https: bool = False,
        metrics: Metrics | None = None,
    ) -> None:
        self.app = app
        self.metrics = metrics or Metrics()
        self.metrics.gauges["evenreach_requests_running"] = lambda: self.running
        self.limits = limits or Limits()
        self.embed_origins = embed_origins
        self.https = https
        self.running = 0
        self.turns = Turns(self.limits.turns, self.limits.turn_seconds)
        self.metrics.gauges["evenreach_requests_waiting"] = lambda: self.turns.waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass a start-up or shut-down message through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        exchange = Exchange(self, scope, receive, send)
        try:
            await self._answer(exchange)
        finally:
            exchange.end()

    def headers_for(self, path: str, given: Headers, read: bool = True) -> Headers:
        """Give the headers of an answer with those that protect it, all but the request's id."""
        page = any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in given)
        own = security_headers(path, self.embed_origins, https=self.https, page=page)
        own += [(b"server", b"")]  # else the server adds its own name
        own += OPEN_TO_ALL if read else []
        taken = {ID, *(name for name, _ in own)}
        return [(name, value) for name, value in given if name.lower() not in taken] + own

    async def _answer(self, exchange: Exchange) -> None:
        path = exchange.path
        if exchange.method == "OPTIONS" and exchange.header(b"access-control-request-method"):
            await exchange.preflight()
        elif slip := slip_in(exchange.scope):
            await exchange.refuse(slip.status, slip.detail, slip.parameter)
        elif len(exchange.scope.get("query_string", b"")) > self.limits.query_bytes_at(path):
            await exchange.refuse(414)
        elif exchange.declared_bytes() > self.limits.body_bytes:
            await exchange.refuse(413)
        elif self._full() and path not in ALWAYS_ANSWERED and not self.turns.make_room():
            await exchange.refuse(503)
        else:
            await self._let_in(exchange)

    def _full(self) -> bool:
        return self.running >= self.limits.concurrency

    async def _let_in(self, exchange: Exchange) -> None:
        """Have a request answered in its turn."""
        self.running += 1
        exchange.counted = 1
        try:
            if starts_with(exchange.path, IN_NO_TURN):
                await exchange.run(self.app)
            else:
                async with self.turns.turn():
                    await exchange.run(self.app)
        except NoTurn:
            await exchange.refuse(503)
        finally:
            self.running -= 1


class Exchange:
    """One request and its answer on their way through the shield."""

    def __init__(self, shield: Shield, scope: Scope, receive: Receive, send: Send) -> None:
        self.shield = shield
        self.receive = receive
        self.send = send
        self.outflow = Outflow(send, scope.get("client"))
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.identity = secrets.token_hex(8)
        self.scope = dict(scope)
        self.scope["state"] = {**scope.get("state", {}), "request_id": self.identity, "head": self.method == "HEAD"}
        if not self.scope.get("query_string", b"").isascii():  # would be read as other signs than were sent
            self.scope["query_string"] = escaped(self.scope["query_string"])
        if self.method == "HEAD":  # answered as GET, without the body
            self.scope["method"] = "GET"
        self.began = time.perf_counter()
        self.body_ends: float | None = None
        self.received = 0
        self.status = 0
        self.sent = 0
        self.refusal = 0
        self.counted = 0
        self.held: Message | None = None

    def header(self, name: bytes) -> bytes:
        """Return a request header, or nothing."""
        return next((value for key, value in self.scope["headers"] if key.lower() == name), b"")

    def declared_bytes(self) -> int:
        """Return the length that the request claims; a claim that is no number counts as nothing."""
        claim = self.header(b"content-length")
        return int(claim) if claim.isdigit() and len(claim) < 16 else 0

    async def run(self, app: Application) -> None:
        """Let the application answer; turn what escapes it into a 500 without its text."""
        try:
            await app(self.scope, self._receive, self._send)
        except Exception as error:
            if self.outflow.cut:
                return  # the connection is closed already
            if self.status not in (0, 500):  # cut off in the middle: the server must break the connection
                ERRORS.error("cut off", exc_info=error, extra={"request_id": self.identity})
                raise
            if not self.status and not self.refusal:
                ERRORS.error("unhandled", exc_info=error, extra={"request_id": self.identity})
            self.refusal = self.refusal or 500
        if not self.status and self.refusal:
            await self.refuse(self.refusal)

    async def _receive(self) -> Message:
        if self.refusal:
            return {"type": "http.disconnect"}
        if self.body_ends is None:
            self.body_ends = time.perf_counter() + self.shield.limits.body_seconds
        whole = self.received < 0
        wait = None if whole else max(0.0, self.body_ends - time.perf_counter())
        try:
            with nullcontext() if whole else turn_lent():
                message = await asyncio.wait_for(self.receive(), wait)
        except TimeoutError:
            self.refusal = 408
            return {"type": "http.disconnect"}
        if message["type"] == "http.request" and not whole:
            self.received += len(message.get("body", b""))
            if self.received > self.shield.limits.body_bytes:
                self.refusal = 413
                return {"type": "http.disconnect"}
            if not message.get("more_body", False):
                self.received = -1  # the body is whole: what comes next is only the client leaving
        return message

    async def _send(self, message: Message) -> None:
        if self.refusal and not self.status:
            return  # an answer to half a body: run() sends the refusal instead
        if message["type"] == "http.response.start":
            message = {**message, "headers": self._headers(message.get("headers", []))}
            self.status = message["status"]
            if self._squeezes(message["headers"]):
                self.held = message  # until its body is here
                return
        elif message["type"] == "http.response.body":
            if self.held is not None:
                message = await self._send_held(message)
            if self.method == "HEAD":
                if message.get("more_body", False):
                    return
                message = {"type": "http.response.body", "body": b""}
            self.sent += len(message.get("body", b""))
            await self._pass_on(message)
            return
        await self.send(message)

    async def _pass_on(self, message: Message) -> None:
        """Send a part of the body; a request whose reader is waited for is none that is worked on."""
        self.shield.running -= self.counted
        try:
            with turn_lent():
                await self.outflow.pass_on(message)
        finally:
            self.shield.running += self.counted

    def _squeezes(self, headers: Headers) -> bool:
        """Tell whether this is a page that may be sent compressed; other answers bring their own encoding."""
        found = dict(headers)
        page = found.get(b"content-type", b"").startswith(b"text/html")
        return page and not found.keys() & {b"content-encoding", b"vary"} and self.method in READS

    def encoding(self) -> Encoding:
        """Return the encoding that the client takes."""
        return choose_encoding(self.header(b"accept-encoding").decode("latin-1"))

    async def _send_held(self, message: Message) -> Message:
        """Send the start that was held, and give the body, squeezed if it is whole and worth it."""
        start, self.held = self.held or {}, None
        body = message.get("body", b"")
        headers = [*start["headers"], (b"vary", b"Accept-Encoding")]
        encoding = self.encoding()
        if encoding and len(body) >= WORTH_SQUEEZING and not message.get("more_body", False):
            body = compressed(body, encoding)
            headers = [(name, value) for name, value in headers if name != b"content-length"]
            headers += [(b"content-encoding", encoding.encode()), (b"content-length", str(len(body)).encode())]
        await self.send({**start, "headers": headers})
        return {**message, "body": body}

    def _headers(self, given: Headers) -> Headers:
        return [*self.shield.headers_for(self.path, given, self.method in READS), (ID, self.identity.encode())]

    async def refuse(self, status: int, detail: str = "", parameter: str = "") -> None:
        """Answer without asking the application."""
        problem = PLAIN[status]
        page = b"text/html" in self.header(b"accept").lower()
        body, kind = short_body(self.path, Fault(problem, detail, parameter), self.identity, page=page)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        headers += [(b"retry-after", str(problem.retry_after).encode())] if problem.retry_after else []
        headers += [(b"connection", b"close")] if status in (408, 413) else []
        self.refusal = 0
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def preflight(self) -> None:
        """Tell a browser that anyone may read."""
        await self._send({"type": "http.response.start", "status": 204, "headers": [*PREFLIGHT, *OPEN_TO_ALL]})
        await self._send({"type": "http.response.body", "body": b""})

    def template(self) -> str:
        """Return the route's template: ``/places/{place}``, never the address itself."""
        if self.path.startswith("/assets/"):
            return "/assets/{name}"
        return str(getattr(self.scope.get("route"), "path", "") or "")

    def end(self) -> None:
        """Count the answer, and write one line: no query, no address, no postcode."""
        self.outflow.close()
        seconds, route = time.perf_counter() - self.began, self.template()
        self.shield.metrics.count_request(route, self.method, self.status, seconds, self.sent)
        if self.outflow.cut:
            self.shield.metrics.add("evenreach_slow_readers_cut_total")
        said = "the reader was let go" if self.outflow.cut else "request"
        write_access(self.identity, self.method, route, self.status, self.sent, seconds, said)
