"""One polite line to a publisher: bounded waits, bounded retries, and no taking a login page for data."""

from __future__ import annotations

import html
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import httpx
import orjson

from geodata.catalogue import Source
from geodata.errors import BadSource, DataError, SourceMissing

Progress = Callable[[int, int | None], None]
Kept = TypeVar("Kept")

MOST_REDIRECTS = 5
MOST_BYTES_IN_MEMORY = 64_000_000
REPEATABLE = {408, 425, 429, 500, 502, 503, 504}
# Mozilla/5.0 in front: some of these publishers' firewalls answer 403 to anything else.
WHO_ASKS = "Mozilla/5.0 (compatible; Evenreach; reads open data)"


@dataclass(frozen=True)
class Patience:
    """How long to wait for a publisher, how often to ask again, and how old a kept copy may be.

    Attributes
    ----------
    connect_s, read_s : float
        Longest wait for a connection and for the next bytes.
    whole_s : float
        Longest time for one whole answer, however steadily it drips.
    attempts : int
        How often a broken answer is asked for again, the first time included.
    back_off_s, longest_pause_s : float
        First pause between attempts, doubled each time up to the longest.
    most_bytes : int
        Largest file that is taken.
    page_rows : int
        Rows asked for at once where a publisher hands out pages.
    fresh_s, settled_s : float
        Age up to which a kept copy is used without asking, for a list that changes and for a fixed edition.
    """

    connect_s: float = 10
    read_s: float = 60
    whole_s: float = 900
    attempts: int = 4
    back_off_s: float = 1
    longest_pause_s: float = 30
    most_bytes: int = 2_000_000_000
    page_rows: int = 1000
    fresh_s: float = 86_400
    settled_s: float = 30 * 86_400


class _TryAgain(Exception):
    """A failure that may pass: asked again while attempts are left, then raised as ``error``."""

    def __init__(self, error: DataError, pause_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause_s = pause_s


class Line:
    """A connection to the publisher of one source; use it in a ``with`` block."""

    def __init__(self, source: Source, patience: Patience, progress: Progress | None = None) -> None:
        self.source = source
        self.patience = patience
        self.progress = progress
        self.received = 0
        timeout = httpx.Timeout(patience.read_s, connect=patience.connect_s)
        asks = {"User-Agent": WHO_ASKS}
        self._client = httpx.Client(timeout=timeout, headers=asks, verify=_trusted(), follow_redirects=False)

    def __enter__(self) -> Line:
        """Open the line."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._client.close()

    def save(self, address: str, to: Path) -> None:
        """Write the file at an address, as it comes, into ``to``; compare its length with what was announced.

        Raises
        ------
        SourceMissing
            If the publisher does not answer after every attempt, or has no such file.
        BadSource
            If the answer is cut short, too large, or a web page.
        """
        self._attempt(lambda: self._save_once(address, to))

    def json(self, address: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Return a JSON object; an error told inside it (as ArcGIS does, with status 200) is raised."""
        return self._attempt(lambda: self._json_once(address, params))

    def page(self, address: str) -> tuple[str, str]:
        """Return the text of a web page, and the address it was found at."""
        body, where = self._attempt(lambda: self._body(address, None, web_page=True))
        return body.decode("utf-8", "replace"), where

    def fail(self, rule: str, message: str, *, row: int | None = None, column: str | None = None) -> NoReturn:
        """Refuse what the publisher sent."""
        raise self.bad(rule, message, row=row, column=column)

    def bad(self, rule: str, message: str, *, row: int | None = None, column: str | None = None) -> BadSource:
        """Make the error for an answer that is not the file that was asked for."""
        file, hint = self.source.id, self.source.where_to_get_it
        return BadSource(message, rule=rule, file=file, row=row, column=column, hint=hint)

    def missing(self, rule: str, message: str) -> SourceMissing:
        """Make the error for a publisher that gave no answer."""
        return SourceMissing(message, rule=rule, file=self.source.id, hint=self.source.where_to_get_it)

    def _attempt(self, ask: Callable[[], Kept]) -> Kept:
        pause = self.patience.back_off_s
        for left in reversed(range(self.patience.attempts)):
            try:
                return ask()
            except _TryAgain as failure:
                if not left:
                    raise failure.error from failure
                time.sleep(min(failure.pause_s or pause, self.patience.longest_pause_s))
                pause *= 2
        raise AssertionError("at least one attempt is made")

    def _save_once(self, address: str, to: Path) -> None:
        before = self.received
        try:
            with self._answer(address, None) as (response, total), to.open("wb") as out:
                for chunk in self._chunks(response, total, web_page=False):
                    out.write(chunk)
        except _TryAgain:
            self.received = before
            raise

    def _json_once(self, address: str, params: Mapping[str, str]) -> dict[str, Any]:
        body, _ = self._body(address, params, web_page=False)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            self.fail("wrong-shape", f"JSON was expected, and {_start(body)} came")
        if not isinstance(answer, dict):
            self.fail("wrong-shape", f"a JSON object was expected, and {_start(body)} came")
        if isinstance(told := answer.get("error"), dict):
            code, words = told.get("code"), str(told.get("message", ""))[:80]
            if code in (498, 499, 401, 403):
                self.fail("login-page", f"the publisher asks for a login now: {code} {words}")
            error = self.bad("publisher-error", f"the publisher answered with an error: {code} {words}")
            raise _TryAgain(error) if code in REPEATABLE else error
        return answer

    def _body(self, address: str, params: Mapping[str, str] | None, *, web_page: bool) -> tuple[bytes, str]:
        body = bytearray()
        with self._answer(address, params) as (response, total):
            for chunk in self._chunks(response, total, web_page=web_page):
                body += chunk
                if len(body) > MOST_BYTES_IN_MEMORY:
                    self.fail("too-large", f"one answer is over {MOST_BYTES_IN_MEMORY:,} bytes")
            return bytes(body), str(response.url)

    @contextmanager
    def _answer(self, address: str, params: Mapping[str, str] | None) -> Iterator[tuple[httpx.Response, int | None]]:
        """Open an answer with status 200, following redirects within the publisher's own hosts only."""
        try:
            request = self._client.build_request("GET", address, params=params)
            for _ in range(MOST_REDIRECTS + 1):
                response = self._client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        self._check_status(response)
                        announced = response.headers.get("Content-Length", "")
                        yield response, int(announced) if announced.isdigit() else None
                        return
                    request = self._allowed(response.next_request)
                finally:
                    response.close()
        except httpx.TimeoutException as error:
            slow = "the publisher is too slow: no answer in time"
            raise _TryAgain(self.missing("publisher-slow", slow)) from error
        except httpx.RemoteProtocolError as error:
            raise _TryAgain(self.bad("cut-short", "the answer was cut short by the publisher")) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _TryAgain(self.missing("publisher-down", "the publisher could not be reached")) from error
        except httpx.DecodingError as error:
            raise _TryAgain(self.bad("cut-short", "the compressed answer cannot be unpacked")) from error
        self.fail("login-page", f"more than {MOST_REDIRECTS} redirects: this is how a login page behaves")

    def _allowed(self, request: httpx.Request) -> httpx.Request:
        asked = httpx.URL(self.source.address)
        hosts = {asked.host, *self.source.hosts}
        if request.url.host not in hosts or (asked.scheme == "https" and request.url.scheme != "https"):
            where = f"{request.url.scheme}://{request.url.host}"
            self.fail("login-page", f"the publisher redirects to {where}, which is not its own: likely a login page")
        return request

    def _check_status(self, response: httpx.Response) -> None:
        code = response.status_code
        if code == 200:
            return
        if code in REPEATABLE:
            wait = response.headers.get("Retry-After", "")
            error = self.missing("publisher-down", f"the publisher answers {code}, out of service")
            raise _TryAgain(error, float(wait) if wait.isdigit() else None)
        if code in (401, 403, 407):
            self.fail("login-page", f"the publisher answers {code}: it asks for a login, or refuses us")
        raise self.missing("moved", f"the publisher answers {code}: the file is not at its address any more")

    def _chunks(self, response: httpx.Response, total: int | None, *, web_page: bool) -> Iterator[bytes]:
        """Hand on the body as it comes; refuse a web page at its first bytes, and a wrong length at its end."""
        ends = time.monotonic() + self.patience.whole_s
        size, first = 0, True
        for chunk in response.iter_bytes():
            if first and not web_page:
                self._refuse_web_page(response, chunk)
            first = False
            size += len(chunk)
            if size > self.patience.most_bytes:
                self.fail("too-large", f"the file is over {self.patience.most_bytes:,} bytes")
            if time.monotonic() > ends:
                slow = f"the publisher is too slow: {size:,} bytes in {self.patience.whole_s:g} s"
                raise _TryAgain(self.missing("publisher-slow", slow))
            self.received += len(chunk)
            if self.progress:
                self.progress(self.received, total)
            yield chunk
        came = response.num_bytes_downloaded
        if total is not None and came != total:
            raise _TryAgain(self.bad("cut-short", f"{came:,} bytes came of {total:,} announced"))
        if not size:
            raise _TryAgain(self.bad("empty-file", "the publisher sent nothing"))

    def _refuse_web_page(self, response: httpx.Response, start: bytes) -> None:
        opening = start[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        says_html = "html" in response.headers.get("Content-Type", "").lower()
        if not says_html and not re.match(rb"<(!doctype html|html|head|body|script)\b", opening):
            return
        title = re.search(rb"<title[^>]*>(.*?)</title", start[:4096], re.IGNORECASE | re.DOTALL)
        named = html.unescape(title[1].decode("utf-8", "replace")).strip()[:60] if title else ""
        titled = f" titled {named!r}" if named else ""
        self.fail("login-page", f"a web page{titled} came in place of the file: likely a login or error page")


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the certificates takes longer than most questions, so it is done once.
    return httpx.create_ssl_context()


def _start(body: bytes) -> str:
    return repr(body[:40].decode("utf-8", "replace"))
