"""What a finished answer goes by, and which requests ask for none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from service.encodings import Encoding, choose_encoding
from service.ogc.forms import form_accepted
from service.web.heads import LONGEST_HEADER

if TYPE_CHECKING:
    from service.web.policies import Headers
    from service.web.shield import Scope

Key = tuple[str, bytes, Encoding, str]
UNCHANGED = (b"etag", b"vary", b"cache-control")
"""Headers that an answer shares with a 304 in its place."""

IN_SEVERAL_FORMS = "/ogc/"
UNUSUAL = (b"content-length", b"transfer-encoding", b"range")


def known_tags(headers: Headers) -> str | None:
    """Give ``If-None-Match`` as it came; None for a request with a body, or for a part."""
    known = b""
    for name, value in headers:
        if len(value) > LONGEST_HEADER:
            return None  # the shield refuses it
        if name == b"if-none-match":
            known = known or value
        elif name in UNUSUAL:
            return None
    return known.decode("latin-1")


def key_of(scope: Scope) -> Key:
    """Give all that an answer of an edition may depend on: address, encoding, and under ``/ogc`` the form accepted."""
    path: str = scope["path"]
    headers = scope["headers"]
    encoding = choose_encoding(_first(headers, b"accept-encoding"))
    form = form_accepted(_first(headers, b"accept")) if path.startswith(IN_SEVERAL_FORMS) else ""
    return path, scope["query_string"], encoding, form


def _first(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next((value for name, value in headers if name == wanted), b"").decode("latin-1")
