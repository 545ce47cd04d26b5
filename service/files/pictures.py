"""A map as a picture in pixels, for slides and documents; its credits stand in it and travel inside the file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from service.editions.at_work import edition_at_work
from service.editions.edition import Edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import put
from service.files.file_table import describing_text, facts_of
from service.files.typeset import pixels
from service.pages.map_pictures import map_picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25  # the header's chunk: length, name, 13 bytes, checksum


def png_bytes(edition: Edition, view: View, *, service: str = "") -> bytes:
    """Draw the view's map as PNG, twice as fine as the SVG picture that it is made from.

    Parameters
    ----------
    edition, view
        As for `service.pages.map.map_picture`.
    service : str
        Draw the sites of this service alone; empty for the usual.

    Returns
    -------
    bytes
        PNG whose text fields hold title, description, attribution, edition and method version.
    """
    picture = map_picture(edition, view, score(edition, view), service=service)
    return with_texts(pixels(picture), texts_of(facts_of(edition, view)))


def texts_of(facts: dict[str, Any]) -> dict[str, str]:
    """Say what a picture shows, in the fields that PNG names."""
    return {
        "Title": facts["title"],
        "Author": "Evenreach",
        "Description": describing_text(facts),
        "Copyright": " ".join(facts["attribution"]),
        "Source": f"Edition {facts['edition']}, method version {facts['method']}",
    }


def with_texts(png: bytes, texts: dict[str, str]) -> bytes:
    """Put texts into a PNG, as its international text fields."""
    fields = b"".join(_field(key, text) for key, text in texts.items())
    return png[:HEADER_END] + fields + png[HEADER_END:]


def _field(key: str, text: str) -> bytes:
    body = b"iTXt" + key.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def make_png(store: str, path: str, view: dict[str, Any], edition: str, service: str) -> str:
    """Write one picture; the job that the workshop runs."""
    opened = edition_at_work(store, view["place"], edition)
    put(Path(path), png_bytes(opened, View(**view), service=service))
    return path
