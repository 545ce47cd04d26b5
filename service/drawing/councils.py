"""Features of the usual focus within one council, at any dial, as they were encoded in the build.

What follows a feature's indicators (score, position, ranks, certainty) reads otherwise within a council than within the
whole place, so the features of each council are kept once more, one council after the other: at the usual dial they are
sent as they lie there, at any other they are cut where the figure of the dial goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from layers.gradient import Vector, multiples
from service.drawing.pieces import TURNED, encoded
from service.drawing.prepared import FIRST, LAYERS, Body
from service.editions.edition import WEB
from service.editions.fragments import Fragments, write_fragments
from service.editions.scoring import METHOD_VERSION
from service.editions.views import DEFAULT_FOCUS, DEFAULT_RHO

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

KIND = "lad"
DETAIL = "full"
FEATURES, DIALS, POSITIONS = "council_features", "council_dials", "council_positions"
DIAL_BEGINS = b',"%b":' % TURNED.encode()


def dial_of(feature: bytes) -> tuple[int, int]:
    """Find where in a feature the figure of the dial begins and ends; in a text a quotation mark has a backslash."""
    begins = feature.index(DIAL_BEGINS) + len(DIAL_BEGINS)
    return begins, feature.index(b",", begins)


def write_councils(web: Path, councils: Iterable[tuple[Vector, list[bytes]]]) -> None:
    """Write what `Councils` reads.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.
    councils : iterable of (Vector, list of bytes)
        Each council's need positions and features, in the order of the edition's footprint rows.
    """
    positions, within = zip(*councils, strict=True)
    features = [feature for found in within for feature in found]
    np.save(web / f"{DIALS}.npy", np.array([dial_of(feature) for feature in features], dtype=np.int32))
    np.save(web / f"{POSITIONS}.npy", np.concatenate(positions))
    write_fragments(web, FEATURES, (feature + b"," for feature in features))


def councils_of(edition: Edition, view: View, detail: str) -> Councils | None:
    """Give what is ready of the councils of an edition, if the features of this view can be made from it."""
    if detail != DETAIL or view.focus != DEFAULT_FOCUS or view.weights or view.layer not in LAYERS:
        return None
    if not view.within.startswith(f"{KIND}:") or not edition.prepared.holds(detail, METHOD_VERSION):
        return None
    if edition not in _OPENED:
        web = edition.stored.folder / WEB
        _OPENED[edition] = Councils(web) if (web / f"{FEATURES}.npy").is_file() else None
    return _OPENED[edition]


class Councils:
    """What an edition has ready of its councils.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.

    Notes
    -----
    Councils come first among the footprints of an edition, so the row at which one begins there is its first feature's
    place here.
    """

    def __init__(self, web: Path) -> None:
        self._features = Fragments(web, FEATURES)
        self._dials, self._positions = (
            np.asarray(np.load(web / f"{name}.npy", mmap_mode="r")) for name in (DIALS, POSITIONS)
        )

    def body(self, edition: Edition, view: View, end: bytes) -> Body:
        """Give the features of a view that `councils_of` gave this for; `end` is what follows them."""
        council = edition.footprint(view.within)
        areas = slice(council["start"], council["start"] + council["count"])
        if view.rho == DEFAULT_RHO:
            lying = (FIRST, self._features.run(areas)[:-1], end)  # no comma after the last
            body = b"".join(lying)
            return Body((body,), len(body), lying=lying)
        texts = self._features.around(areas, self._dials[areas])
        parts: list[bytes | memoryview] = [b""] * (2 * len(texts) + 1)
        parts[0], parts[-1] = FIRST, end
        parts[1::2] = [*texts[:-1], texts[-1][:-1]]
        parts[2:-1:2] = encoded(multiples(self._positions[areas], view.rho))
        body = b"".join(parts)
        return Body((body,), len(body))


_OPENED: WeakKeyDictionary[Edition, Councils | None] = WeakKeyDictionary()
