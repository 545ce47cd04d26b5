"""What the first lines of a request must be: one readable ``Host``, and an address of bearable length.

Nothing of an answer is made of ``Host``, and forwarded headers are not read at all: a request that names two hosts,
or something that is no host, is only refused because a server and a proxy may read it in two ways.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, NamedTuple

LONGEST_PATH = 2048
LONGEST_HEADER = 8_192
HOST = re.compile(rb"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


class Slip(NamedTuple):
    """What is wrong with the first lines of a request."""

    status: int
    detail: str
    parameter: str = ""


def slip_in(scope: MutableMapping[str, Any]) -> Slip | None:
    """Find what is wrong with a request's address or its ``Host``.

    Parameters
    ----------
    scope : dict
        The ASGI scope; without an HTTP version (in tests) a missing ``Host`` is let pass.

    Returns
    -------
    Slip or None
        400 for a ``Host`` that is missing (HTTP/1.1), doubled or no host, and for a body whose length is given in two
        ways; 414 for a path that is too long, 431 for a header that is.
    """
    if len(scope.get("raw_path") or scope["path"]) > LONGEST_PATH:
        return Slip(414, f"The path is longer than {LONGEST_PATH:,} bytes.")
    for name, value in scope["headers"]:
        if len(value) > LONGEST_HEADER:
            said = name[:40].decode("latin-1")
            return Slip(431, f"The header {said} is longer than {LONGEST_HEADER:,} bytes.", said)
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    if len(hosts) > 1:
        return Slip(400, "Host is given twice.", "Host")
    if scope.get("http_version") == "1.1" and not any(hosts):  # granian puts an empty one where there was none
        return Slip(400, "Host is missing.", "Host")
    if any(hosts) and not HOST.fullmatch(hosts[0]):
        return Slip(400, "Host is not the name of a host.", "Host")
    if {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in scope["headers"]}:
        return Slip(400, "Content-Length and Transfer-Encoding are both given.", "Transfer-Encoding")
    return None
