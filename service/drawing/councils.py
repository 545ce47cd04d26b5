"""Features of the usual focus within one council, at any dial: joined from what was encoded in the build.

What a feature says up to its indicators is the same in a council as in the whole place, so it is taken from the
prepared features of the place. What follows (score, position, ranks, certainty) is kept once more, as it reads within
its council.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from layers.gradient import Vector, multiples
from service.drawing.pieces import TURNED, encoded
from service.drawing.prepared import FIRST, LAYERS, Body, features_name
from service.editions.edition import WEB
from service.editions.fragments import Fragments, write_fragments
from service.editions.scoring import METHOD_VERSION
from service.editions.views import DEFAULT_FOCUS, DEFAULT_RHO

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

KIND = "lad"
DETAIL = "full"
HEADS, TAILS, DIALS, POSITIONS = "council_heads", "council_tails", "council_dials", "council_positions"
TAIL_BEGINS = b',"need_score":'
DIAL_BEGINS = b',"%b":' % TURNED.encode()


class Tail(NamedTuple):
    """The end of a feature, and where in it the figure of the dial begins and ends."""

    text: bytes
    dial: tuple[int, int]


def head_of(feature: bytes) -> int:
    """Count the bytes of a feature before its score; inside a text a quotation mark has a backslash."""
    return feature.index(TAIL_BEGINS)


def tail_of(feature: bytes) -> Tail:
    """Cut off the end of a feature, from its score on, and put the comma to it that follows in a collection."""
    text = feature[head_of(feature) :] + b","
    begins = text.index(DIAL_BEGINS) + len(DIAL_BEGINS)
    return Tail(text, (begins, text.index(b",", begins)))


def write_councils(web: Path, features: Iterable[bytes], councils: Iterable[tuple[Vector, list[bytes]]]) -> None:
    """Write what `Councils` joins.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.
    features : iterable of bytes
        Those of the whole place, in its order.
    councils : iterable of (Vector, list of bytes)
        Each council's need positions and features, in the order of the edition's footprint rows.
    """
    positions, within = zip(*councils, strict=True)
    tails = [tail_of(feature) for found in within for feature in found]
    np.save(web / f"{HEADS}.npy", np.array([head_of(feature) for feature in features], dtype=np.int32))
    np.save(web / f"{DIALS}.npy", np.array([tail.dial for tail in tails], dtype=np.int32))
    np.save(web / f"{POSITIONS}.npy", np.concatenate(positions))
    write_fragments(web, TAILS, (tail.text for tail in tails))


def councils_of(edition: Edition, view: View, detail: str) -> Councils | None:
    """Give what is ready of the councils of an edition, if the features of this view can be joined from it."""
    if detail != DETAIL or view.focus != DEFAULT_FOCUS or view.weights or view.layer not in LAYERS:
        return None
    if not view.within.startswith(f"{KIND}:") or not edition.prepared.holds(detail, METHOD_VERSION):
        return None
    if edition not in _OPENED:
        web = edition.stored.folder / WEB
        _OPENED[edition] = Councils(web) if (web / f"{TAILS}.npy").is_file() else None
    return _OPENED[edition]


class Councils:
    """What an edition has ready of its councils.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.
    """

    def __init__(self, web: Path) -> None:
        self._features = Fragments(web, features_name(DETAIL))
        self._tails = Fragments(web, TAILS)
        self._heads, self._dials, self._positions = (
            np.asarray(np.load(web / f"{name}.npy", mmap_mode="r")) for name in (HEADS, DIALS, POSITIONS)
        )

    def body(self, edition: Edition, view: View, end: bytes) -> Body:
        """Join the features of a view that `councils_of` gave this for; `end` is what follows them."""
        start = int(edition.footprint(view.within)["start"])
        rows = edition.rows_within(view.within)
        tails = slice(start, start + len(rows))
        step = 2 if view.rho == DEFAULT_RHO else 4
        parts: list[bytes | memoryview] = [b""] * (step * len(rows) + 2)
        parts[0], parts[-1] = FIRST, end
        parts[1:-1:step] = self._features.cuts(rows, self._heads[rows])
        if step == 2:
            parts[2:-1:step] = self._tails.next_to(tails)
        else:
            parts[2:-1:step] = self._tails.next_to(tails, ends=self._dials[tails, 0])
            parts[3:-1:step] = encoded(multiples(self._positions[tails], view.rho))
            parts[4:-1:step] = self._tails.next_to(tails, begins=self._dials[tails, 1])
        parts[-2] = parts[-2][:-1]  # no comma after the last
        body = b"".join(parts)
        return Body((body,), len(body))


_OPENED: WeakKeyDictionary[Edition, Councils | None] = WeakKeyDictionary()
