"""Answers as bytes: strong tags, 304, the encoding that the client takes, and a small memory of the latest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from service.encodings import Encoding, choose_encoding, compressed
from service.memory import Memory

if TYPE_CHECKING:
    from service.editions.edition import Edition

REMEMBERED_BYTES = 2 * 2**20  # as they are sent: most readers take them compressed
LARGEST_REMEMBERED = 2**20
CHANGES_WITH_EDITION = "public, max-age=0, must-revalidate"
NEVER_CHANGES = "public, max-age=31536000, immutable"
HTML = "text/html; charset=utf-8"
LANE = "finished"  # under this name the fast lane passes its slot on in a request's state


_MEMORY: Memory[bytes] = Memory(REMEMBERED_BYTES, LARGEST_REMEMBERED)


@dataclass
class Slot:
    """Where an answer says that it depends on its address, one edition and the encoding, and on nothing else.

    Attributes
    ----------
    edition : Edition or None
        The edition; none while the answer may not be kept.
    pinned : bool
        The address names it.
    lying : tuple
        What the body is joined from, to be kept in its place; empty where that would hold as much.
    """

    edition: Edition | None = None
    pinned: bool = False
    lying: tuple[bytes | memoryview, ...] = ()


def answer(
    request: Request,
    key: str,
    make: Callable[[], bytes],
    *,
    media_type: str,
    pinned: bool = False,
    edition: Edition | None = None,
    quick: bool = False,
) -> Response:
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
    edition : Edition, optional
        The one edition that the answer depends on, where its address says all the rest: the finished answer
        is then kept as it is sent, until a newer edition takes its place.
    quick : bool
        Compress for speed before size: for large bodies that are seldom asked for twice.

    Returns
    -------
    Response
        200 with a strong tag, or 304 without a body.
    """
    encoding = choose_encoding(request.headers.get("accept-encoding", ""))
    headers = answer_headers(key, encoding, pinned=pinned)
    keep_in_lane(request, edition)
    if is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if encoding:
        body = _MEMORY.get(f"{key} {encoding}", lambda: compressed(make(), encoding, quick=quick))
        headers["Content-Encoding"] = encoding
    else:
        body = _MEMORY.get(key, make)
    return Response(body, headers=headers, media_type=media_type)


def answer_page(request: Request, body: bytes, edition: Edition | None = None, *, media_type: str = HTML) -> Response:
    """Answer with a page; its tag is its content's hash, so a page that has not changed is not sent again.

    Parameters
    ----------
    request : Request
        For ``If-None-Match`` and ``Accept-Encoding``.
    body : bytes
        The page.
    edition : Edition, optional
        Given by pages that are drawn from their address, one edition and the settings alone: see `answer`. A page
        that names other places is not one of them.
    media_type : str
        For what goes with pages: their style, and the API document.
    """
    key = f"page {hashlib.sha256(body).hexdigest()}"
    return answer(request, key, lambda: body, media_type=media_type, edition=edition)


def answer_headers(key: str, encoding: Encoding, *, pinned: bool) -> dict[str, str]:
    """Give the headers of an answer that depends on nothing but its key: a tag for each encoding."""
    tag = hashlib.sha256(key.encode()).hexdigest()[:24]
    return {
        "ETag": f'"{tag}-{encoding}"' if encoding else f'"{tag}"',
        "Vary": "Accept-Encoding",
        "Cache-Control": NEVER_CHANGES if pinned else CHANGES_WITH_EDITION,
    }


def is_known(given: str, etag: str) -> bool:
    """Tell whether ``If-None-Match`` names a tag: by weak comparison, as RFC 9110 asks."""
    return bool(given) and any(part.strip().removeprefix("W/") in (etag, "*") for part in given.split(","))


def keep_in_lane(request: Request, edition: Edition | None, *, lying: tuple[bytes | memoryview, ...] = ()) -> None:
    """Tell the fast lane, where there is one, that the answer may be kept, and as what."""
    state: dict[str, Any] = request.scope.get("state", {})
    slot = state.get(LANE)
    if slot is not None:
        slot.edition, slot.pinned, slot.lying = edition, bool(request.query_params.get("edition")), lying
