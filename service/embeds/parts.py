"""What an embed is put together from: styles, scripts, a picture and data, each a file that can be made anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

Kind = Literal["style", "script", "picture", "data"]


@dataclass(frozen=True)
class Part:
    """One file that an embed needs.

    Attributes
    ----------
    kind : {"style", "script", "picture", "data"}
        What it is for the page.
    name : str
        Its file name: plain letters, digits, dots and underscores. For data, the word by which the page's script
        asks for it: ``areas``, ``outlines``, ``councils``, ``ground``, ``sites?service=gp``.
    address : str
        Where this site serves it, relative to the site.
    make : callable
        Gives its bytes, always the same.
    """

    kind: Kind
    name: str
    address: str
    make: Callable[[], bytes]


def data_script(parts: Sequence[Part]) -> bytes:
    """Write data as one classic script, for pages that cannot fetch.

    Parameters
    ----------
    parts : sequence of Part
        Of kind ``data``; each is JSON.

    Returns
    -------
    bytes
        Fills ``window.evenreachData`` by the names of the parts. No ``<`` is left in it, so that it may also
        stand inside a page; in JSON the sign occurs in texts alone, where its escape means the same.
    """
    filled = b"".join(b"d[" + orjson.dumps(part.name) + b"]=" + part.make() + b";\n" for part in parts)
    for sign in ("<", "\u2028", "\u2029"):
        filled = filled.replace(sign.encode(), b"\\u%04x" % ord(sign))
    return b"(function (d) {\n" + filled + b"}(window.evenreachData = window.evenreachData || {}));\n"
