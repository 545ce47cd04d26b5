"""Features of a view as encoded texts around the one figure that the dial turns.

Everything else of a feature (geometry, names, indicators, rank, certainty) stays the same at every dial,
so it is encoded once a view and joined with the figures of the dial that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from layers.gradient import Counts, Vector, multiples
from service.drawing.prepared import FIGURES
from service.editions.edition import Edition
from service.editions.views import View
from service.memory import Memory

NULL = b"null"
TURNED = "targeting_score"  # the column that the dial turns
REMEMBERED_BYTES = 2 * 2**20
LARGEST_REMEMBERED = 2**20
BYTES_A_TEXT = 41  # what Python holds beside the bytes of a text and its place in a list


@dataclass(frozen=True)
class Pieces:
    """Features of a view, cut where the dial's figure goes.

    Attributes
    ----------
    texts : list of bytes
        Before the first figure, between two, and after the last: ``n + 1`` of them, or one where no figure is turned.
    position : array, shape (n,)
        Need positions, from which the dial makes the figures; NaN = not known.
    """

    texts: list[bytes]
    position: Vector

    @property
    def size(self) -> int:
        """Bytes that these pieces take in memory."""
        return sum(map(len, self.texts)) + BYTES_A_TEXT * len(self.texts) + self.position.nbytes

    def at(self, rho: float) -> bytes:
        """Give the features at one dial, with commas between."""
        if len(self.texts) == 1:
            return self.texts[0]
        joined = [b""] * (2 * len(self.texts) - 1)
        joined[0::2] = self.texts
        joined[1::2] = encoded(multiples(self.position, rho))
        return b"".join(joined)


def cut(features: Iterable[tuple[bytes, bytes]], position: Vector) -> Pieces:
    """Make pieces of features that come in two halves, the figure of the dial between them."""
    texts, open_end = [], b""
    for before, after in features:
        texts.append(open_end + before)
        open_end = after + b","
    return Pieces([*texts, open_end[:-1]], position)


def feature_starts(
    edition: Edition, rows: Counts, shapes: Sequence[bytes], names: Sequence[str], columns: Sequence[list[bytes]]
) -> list[bytes]:
    """Write features up to their last column that neither the dial nor a weight changes.

    Parameters
    ----------
    edition : Edition
    rows : array of int, shape (n,)
        Row numbers in the edition.
    shapes : sequence of bytes, length n
        Encoded geometries.
    names, columns : sequences
        Those columns after the leading ones, and their encoded values.
    """
    start = b'{"type":"Feature","id":"%b","geometry":%b,"properties":{%b' + b"".join(map(_slot, names))
    ids = edition.codes[rows].astype("S").tolist()
    return [start % parts for parts in zip(ids, shapes, edition.name_fragments.many(rows), *columns, strict=True)]


def whole_features(starts: Sequence[bytes], names: Sequence[str], columns: Sequence[list[bytes]]) -> list[bytes]:
    """Write features from `feature_starts` with the columns that follow, the dial's among them."""
    rest = b"".join(map(_slot, names)) + b"}}"
    return [parts[0] + rest % parts[1:] for parts in zip(starts, *columns, strict=True)]


def feature_halves(
    starts: Sequence[bytes], names: Sequence[str], columns: Sequence[list[bytes]]
) -> Iterator[tuple[bytes, bytes]]:
    """Write features, each in two halves round the figure that the dial turns.

    Parameters
    ----------
    starts : sequence of bytes, length n
        From `feature_starts`.
    names, columns : sequences
        The columns that follow and their encoded values; that of the dial is left out of the text.
    """
    turned = names.index(TURNED)
    before = b"%b" + b"".join(map(_slot, names[:turned]))
    before += _key_of(TURNED).replace(b"%", b"%%")
    after = b"".join(map(_slot, names[turned + 1 :])) + b"}}"
    firsts = zip(starts, *columns[:turned], strict=True)
    lasts = zip(*columns[turned + 1 :], strict=True) if columns[turned + 1 :] else iter([()] * len(starts))
    return ((before % first, after % last) for first, last in zip(firsts, lasts, strict=True))


def _slot(name: str) -> bytes:
    return _key_of(name).replace(b"%", b"%%") + b"%b"


def _key_of(name: str) -> bytes:
    return b"," + orjson.dumps(name) + b":"


def encoded_column(values: Any, index: Counts) -> list[bytes]:
    """Values of a column as JSON: 0 of ranks and fifths, NaN and an empty text are null."""
    if isinstance(values, list):
        texts = [values[item] for item in index.tolist()]
        known = {text: orjson.dumps(text or None) for text in set(texts)}
        return [known[text] for text in texts]
    if values.dtype.kind == "i":
        return [b"%d" % value if value else NULL for value in values[index].tolist()]
    return encoded(values[index])


def encoded(values: np.ndarray) -> list[bytes]:
    """Numbers as JSON texts, the shortest that read back the same; NaN is null, whole numbers have no point."""
    if not len(values):
        return []
    texts = orjson.dumps(np.ascontiguousarray(values, dtype=float), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return (texts + b",").replace(b".0,", b",")[:-1].split(b",")


_PIECES: Memory[Pieces] = Memory(REMEMBERED_BYTES, LARGEST_REMEMBERED, lambda pieces: pieces.size)
_STARTS: Memory[list[bytes]] = Memory(
    REMEMBERED_BYTES, LARGEST_REMEMBERED, lambda starts: sum(map(len, starts)) + BYTES_A_TEXT * len(starts)
)


def remembered(edition: Edition, view: View, detail: str) -> Pieces | None:
    """Give the pieces of a view, at whatever dial, if they are at hand."""
    return _PIECES.find(_key(edition, view, detail))


def remember(edition: Edition, view: View, detail: str, pieces: Pieces) -> None:
    """Keep the pieces of a view at hand."""
    _PIECES.keep(_key(edition, view, detail), pieces)


def remembered_starts(
    edition: Edition, view: View, detail: str, names: Sequence[str], make: Callable[[], list[bytes]]
) -> list[bytes]:
    """Give the starts of all features of a view with these columns, made now if they are not at hand."""
    # the focus says who is eligible, whatever the columns are
    return _STARTS.get((edition.serial, detail, view.focus, view.within, tuple(names)), make)


def _key(edition: Edition, view: View, detail: str) -> tuple[object, ...]:
    same = view.layer == "targeting" and detail != FIGURES  # both carry the scores table
    layer = "need" if same else view.layer
    return edition.serial, detail, view.but(rho=1.0, edition="", layer=layer)
