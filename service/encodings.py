"""Which encoding a client takes (RFC 9110, 12.5.3), and bodies under it: the same bytes each time."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Literal

import brotli

Encoding = Literal["br", "gzip", ""]
OFFERED: tuple[Encoding, ...] = ("br", "gzip")  # the better one first: it wins where a client wants both as much
BROTLI_QUALITY = 5  # on this work smaller than gzip at level 6, and no slower
GZIP_LEVEL = 6
QUICK_BROTLI_QUALITY = 2  # for what is asked once: a tenth larger, in a third of the time
QUICK_GZIP_LEVEL = 4
GZIP_WINDOW = 31  # zlib's word for its largest window inside a gzip frame
QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
REMEMBERED = 64  # headers; the shield lets none in that is long


@lru_cache(REMEMBERED)
def choose_encoding(header: str) -> Encoding:
    """Choose the encoding for an answer from ``Accept-Encoding``.

    Parameters
    ----------
    header : str
        As it came; empty if there was none.

    Returns
    -------
    {"br", "gzip", ""}
        The one of highest quality, brotli before gzip; empty for the plain bytes.
    """
    wanted: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameter = part.partition(";")
        given = QUALITY.fullmatch(parameter.replace(" ", "").replace("\t", ""))
        wanted[name.strip()] = float(given[1]) if given else 0.0 if parameter.strip() else 1.0
    best: Encoding = ""
    quality = wanted.get("identity", 0.0)
    for offered in reversed(OFFERED):
        found = wanted.get(offered, wanted.get("*", 0.0))
        if found > 0 and found >= quality:
            best, quality = offered, found
    return best


def compressed(body: bytes, encoding: Encoding, *, quick: bool = False) -> bytes:
    """Give a body under an encoding, the plain bytes where there is none; `quick` puts speed before size."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=QUICK_BROTLI_QUALITY if quick else BROTLI_QUALITY))
    if encoding == "gzip":
        packer = zlib.compressobj(QUICK_GZIP_LEVEL if quick else GZIP_LEVEL, wbits=GZIP_WINDOW)
        return packer.compress(body) + packer.flush()
    return body


def compressed_once(body: bytes, encoding: Encoding) -> bytes:
    """Give a body under an encoding, as small as it gets in a blink: for what is compressed once and sent often."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=9))
    packer = zlib.compressobj(9, wbits=GZIP_WINDOW)
    return packer.compress(body) + packer.flush()


class Packer:
    """Compress a body that comes in parts, quickly."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        if encoding == "br":
            self._brotli = brotli.Compressor(quality=QUICK_BROTLI_QUALITY)
        elif encoding == "gzip":
            self._gzip = zlib.compressobj(QUICK_GZIP_LEVEL, wbits=GZIP_WINDOW)

    def add(self, part: bytes) -> bytes:
        """Take a part in, and give what is ready."""
        if self._encoding == "br":
            return bytes(self._brotli.process(part))
        return self._gzip.compress(part) if self._encoding == "gzip" else part

    def end(self) -> bytes:
        """Give the rest."""
        if self._encoding == "br":
            return bytes(self._brotli.finish())
        return self._gzip.flush() if self._encoding == "gzip" else b""
