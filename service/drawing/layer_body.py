"""The body of a layer's GeoJSON under an encoding, in the quickest way that there is for the view asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layers.gradient import Counts
from service.drawing.councils import councils_of
from service.drawing.features import collection, feature_list, last
from service.drawing.pieces import remembered
from service.drawing.prepared import FIRST, Body
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION, Scores, score
from service.editions.views import View
from service.encodings import Encoding, Packer, compressed
from service.queries import Box

AT_ONCE = 2_000  # neighbourhoods; more are written and compressed block by block
BLOCK = 500
SMALL = 300  # neighbourhoods; their remembered pieces are joined and compressed in a few milliseconds


def layer_body(edition: Edition, view: View, detail: str, box: Box | None, encoding: Encoding) -> Body:
    """Write the neighbourhoods of a view.

    Parameters
    ----------
    edition, view : Edition, View
        The view, with its layer.
    detail : {"full", "map", "none"}
        As `service.drawing.features.collection` takes it.
    box : (west, south, east, north), optional
        Only those that touch it.
    encoding : {"br", "gzip", ""}
        As the client takes it.
    """
    ready = edition.prepared.has(view, detail, METHOD_VERSION)
    if ready and box is None:
        found = edition.prepared.whole(detail, last(edition, view), encoding)
        if found is not None:
            return found
    if ready and box is not None:
        return _packed(edition.prepared.some(detail, edition.rows_in_box(*box), last(edition, view)), encoding)
    councils = councils_of(edition, view, detail) if box is None else None
    if councils is not None:
        return _packed(councils.body(edition, view, last(edition, view)), encoding)
    if box is None and remembered(edition, view, detail) is None and _is_long(edition, view):
        return Body(_in_blocks(edition, score(edition, view), detail, None, encoding), None, worked=True)
    scores = score(edition, view)
    chosen = None if box is None else _inside(edition, scores, box)
    if chosen is not None and len(chosen) > AT_ONCE:
        return Body(_in_blocks(edition, scores, detail, chosen, encoding), None, worked=True)
    return _single(compressed(collection(edition, scores, detail=detail, chosen=chosen), encoding, quick=True))


def is_at_hand(edition: Edition, view: View, detail: str, encoding: Encoding, *, boxed: bool) -> bool:
    """Tell whether the body takes next to no work; `boxed` where a box is asked for."""
    if edition.prepared.has(view, detail, METHOD_VERSION):
        return not encoding or not (edition.large or boxed)
    if not boxed and not encoding and councils_of(edition, view, detail) is not None:
        return True
    return edition.count <= SMALL and not boxed and remembered(edition, view, detail) is not None


def _is_long(edition: Edition, view: View) -> bool:
    return edition.count > AT_ONCE and len(edition.rows_within(view.within)) > AT_ONCE


def _inside(edition: Edition, scores: Scores, box: Box) -> Counts:
    """Indexes into the scores of the neighbourhoods that touch a box."""
    rows = edition.rows_in_box(*box)
    return np.flatnonzero(np.isin(scores.rows, rows)) if scores.view.within else rows


def _single(body: bytes) -> Body:
    return Body((body,), len(body))


def _packed(plain: Body, encoding: Encoding) -> Body:
    if not encoding:
        return plain
    parts = list(plain.parts)
    if len(parts) == 1:
        return _single(compressed(parts[0], encoding, quick=True))
    return Body(_under(parts, encoding), None, worked=True)


def _under(parts: list[bytes], encoding: Encoding) -> Iterator[bytes]:
    packer = Packer(encoding)
    for part in parts:
        yield packer.add(part)
    yield packer.end()


def _in_blocks(
    edition: Edition, scores: Scores, detail: str, chosen: Counts | None, encoding: Encoding
) -> Iterator[bytes]:
    """Write many features, a block at a time."""
    index = np.arange(len(scores)) if chosen is None else chosen
    packer, before = Packer(encoding), FIRST
    for start in range(0, len(index), BLOCK):
        features = feature_list(edition, scores, detail=detail, chosen=index[start : start + BLOCK])
        yield packer.add(before + b",".join(features))
        before = b","
    yield packer.add(last(edition, scores.view)) + packer.end()
