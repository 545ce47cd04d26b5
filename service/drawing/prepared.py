"""Features of the usual view (default focus and dial, the whole place), encoded and compressed when it was built.

The member that names the edition comes last in a collection, because an edition's name is not known before all its
files are: so these bytes are sent as they lie in the edition, and only their end is written anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import brotli
import numpy as np
import orjson

from service.editions.fragments import Fragments
from service.editions.views import DEFAULT_FOCUS, DEFAULT_RHO, View

if TYPE_CHECKING:
    from layers.gradient import Counts
    from service.encodings import Encoding

FORM = 1  # to be raised whenever the same features would be written differently
FACTS = "prepared.json"
FIGURES = "figures"  # the detail without boundaries, and with no more than the layer's map shows
LAYERS = ("targeting", "need")  # both carry the scores table
FIRST = b'{"type":"FeatureCollection","features":['
CHUNK = 2**18
LARGEST_SINGLE = 2**20
GZIP_HEAD = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255))  # RFC 1952: deflate, no name, no time, no system
LONGEST_STORED = 2**16
BROTLI_END = b"\x03"  # RFC 7932, 9.2: the last meta-block, and it is empty


class Body(NamedTuple):
    """A body in parts.

    Attributes
    ----------
    parts : iterable of bytes
    length : int or None
        Of all parts together, where it is known.
    worked : bool
        Making a part takes work.
    lying : tuple
        What the body was joined from, where that is little more than a run of an edition's file: who keeps this
        instead of the body holds next to no memory.
    """

    parts: Iterable[bytes]
    length: int | None
    worked: bool = False
    lying: tuple[bytes | memoryview, ...] = ()


def features_name(detail: str) -> str:
    """Name the file of the features at one detail; each is followed by a comma."""
    return f"features_{detail}"


def packed_name(detail: str, encoding: Encoding) -> str:
    """Name the file of a compressed collection up to where its last member begins."""
    return f"collection_{detail}.{encoding}"


def outlines_name(encoding: Encoding) -> str:
    """Name the file of the outlines that the script of a place's map draws."""
    return f"outlines.json{encoding and '.'}{encoding}"


def usual_view(place: str) -> View:
    """Give the view of a place that is prepared."""
    return View(place, layer=LAYERS[0])


def is_usual(view: View) -> bool:
    """Tell whether a view is the one that is prepared."""
    usual = (view.focus, view.rho, view.weights, view.within) == (DEFAULT_FOCUS, DEFAULT_RHO, "", "")
    return usual and view.layer in LAYERS


def pack(start: bytes, encoding: Encoding, *, brotli_quality: int, gzip_level: int) -> bytes:
    """Compress the start of a body so that `packed_whole` can put an end to it."""
    if encoding == "br":
        packer = brotli.Compressor(quality=brotli_quality)
        return bytes(packer.process(start) + packer.flush())
    plain = zlib.compressobj(gzip_level, wbits=-zlib.MAX_WBITS)
    return plain.compress(start) + plain.flush(zlib.Z_SYNC_FLUSH)


def packed_end(end: bytes, encoding: Encoding, *, crc: int, length: int) -> bytes:
    """Close a compressed body whose start was made by `pack`.

    Parameters
    ----------
    end : bytes
        The rest of the body, plain, shorter than 64 KiB.
    encoding : {"br", "gzip"}
        That of the start.
    crc, length : int
        CRC-32 and length of the plain start.
    """
    if encoding == "br":  # a meta-block of plain bytes: not the last, four nibbles of length - 1, uncompressed
        return ((len(end) - 1) << 3 | 1 << 19).to_bytes(3, "little") + end + BROTLI_END
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    check = zlib.crc32(end, crc).to_bytes(4, "little") + ((length + len(end)) % 2**32).to_bytes(4, "little")
    return packer.compress(end) + packer.flush() + check


class Prepared:
    """What an edition has ready of its usual view; nothing where it was built without, or by another version."""

    def __init__(self, web: Path) -> None:
        self._web = web
        self._details: dict[str, dict[str, Any]] = {}
        self._features: dict[str, Fragments] = {}
        self._packed: dict[str, np.ndarray] = {}
        path = web / FACTS
        if path.is_file():
            facts = orjson.loads(path.read_bytes())
            self._details = facts["details"] if facts["form"] == FORM else {}
            self._method: str = facts["method"]

    @property
    def has_outlines(self) -> bool:
        """Whether the outlines of the whole place are ready for the script of its map."""
        return (self._web / outlines_name("")).is_file()

    def outlines(self, encoding: Encoding = "") -> bytes:
        """Give the outlines of the whole place under an encoding, as `service.building.outlines` wrote them."""
        return (self._web / outlines_name(encoding)).read_bytes()

    def has(self, view: View, detail: str, method: str) -> bool:
        """Tell whether the features of a view are ready, by the version of the method that is asked for."""
        same = detail != FIGURES or view.layer == LAYERS[0]  # of what its map shows each layer has its own
        return same and is_usual(view) and self.holds(detail, method)

    def holds(self, detail: str, method: str) -> bool:
        """Tell whether features are ready at a detail, by the version of the method that is asked for."""
        return detail in self._details and self._method == method

    def whole(self, detail: str, end: bytes, encoding: Encoding) -> Body | None:
        """Give the whole collection under an encoding; None if it is not ready under it.

        Parameters
        ----------
        detail : str
            For which `has` said yes.
        end : bytes
            What follows the features.
        encoding : {"br", "gzip", ""}
            As the client takes it.
        """
        facts = self._details[detail]
        if not encoding:
            features = self._of(detail).run(slice(0, facts["count"]))
            return _body([memoryview(FIRST), features[:-1], memoryview(end)])
        if len(end) >= LONGEST_STORED:
            return None
        head = GZIP_HEAD if encoding == "gzip" else b""
        close = packed_end(end, encoding, crc=facts["crc"], length=facts["length"])
        packed = self._compressed(detail, encoding).data
        return _body([memoryview(head), packed, memoryview(close)])

    def some(self, detail: str, rows: Counts, end: bytes) -> Body:
        """Give a collection of some features, in the order of the edition; neighbours are copied in one run."""
        parts = [memoryview(FIRST), memoryview(end)]
        if len(rows):
            ends = np.append(rows[1:] - rows[:-1] != 1, True)  # where the next is no neighbour
            begins = np.append(True, ends[:-1])
            runs = self._of(detail).runs(rows[begins], rows[ends])
            runs[-1] = runs[-1][:-1]
            parts[1:1] = runs
        return _body(parts)

    def _of(self, detail: str) -> Fragments:
        if detail not in self._features:
            self._features[detail] = Fragments(self._web, features_name(detail))
        return self._features[detail]

    def _compressed(self, detail: str, encoding: Encoding) -> np.ndarray:
        name = packed_name(detail, encoding)
        if name not in self._packed:
            self._packed[name] = np.memmap(self._web / name, dtype=np.uint8, mode="r")
        return self._packed[name]


def _body(parts: list[memoryview]) -> Body:
    """Give short parts as one, long ones a chunk at a time."""
    length = sum(map(len, parts))
    return Body((b"".join(parts),) if length <= LARGEST_SINGLE else _in_chunks(parts), length)


def _in_chunks(parts: Iterable[memoryview]) -> Iterator[bytes]:
    """Copy parts out of the map, a quarter of a megabyte at a time; short neighbours go out together."""
    held: list[memoryview] = []
    size = 0
    for part in parts:
        for start in range(0, len(part), CHUNK):
            piece = part[start : start + CHUNK]
            if size + len(piece) > CHUNK and held:
                yield b"".join(held)
                held, size = [], 0
            held.append(piece)
            size += len(piece)
    if held:
        yield b"".join(held)
