"""Outlines of a place for the script of its map: every edge that neighbours share is written once.

The form is our own, read by `unpack` in ``service/assets/map_shapes.js``; GeoJSON stays what others ask for. Corners
lie on a grid of about three metres, so that none moves by more than 2.3: less than the published boundaries are good
to, and three pixels at the nearest that a map goes. They are written as steps from one to the next.

References
----------
Steps are written as in Google's encoded polyline algorithm format, longitude first.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import brotli
import numpy as np
import orjson
import shapely

from service.drawing.prepared import outlines_name

Point = tuple[int, int]
Line = tuple[Point, ...]
Shapes = list[list[list[Line]]]  # areas of polygons of closed rings

STEP = (4.5e-5, 3e-5)  # degrees east and north: about three metres each
FINER = (1, 10, 100)  # how much finer the grid is made where a part would vanish on it
LEAST_CORNERS = 3


def write_outlines(web: Path, codes: Sequence[str], shapes: np.ndarray) -> None:
    """Write the outlines of a place, plain and compressed; see `encode_outlines`."""
    body = encode_outlines(codes, shapes)
    packer = zlib.compressobj(9, wbits=31)  # a gzip frame without a name or a time
    (web / outlines_name("")).write_bytes(body)
    (web / outlines_name("br")).write_bytes(brotli.compress(body))
    (web / outlines_name("gzip")).write_bytes(packer.compress(body) + packer.flush())


def encode_outlines(codes: Sequence[str], shapes: np.ndarray) -> bytes:
    """Write the outlines of neighbourhoods.

    Parameters
    ----------
    codes : sequence of str
        In code order.
    shapes : array of polygons, the same length
        In degrees; neighbours share their corners.

    Returns
    -------
    bytes
        JSON: ``step`` (degrees), ``lines`` (text; each line begins where the one before ended, the first at 0, 0),
        ``codes`` (text; of each code only where it ends otherwise than the one before) and ``areas``: polygons of
        rings of lines, 0 = the next line that was not used yet, k = the line k before that one, backwards.
    """
    for finer in FINER:
        step = (STEP[0] / finer, STEP[1] / finer)
        found = _on_grid(shapes, step)
        if found is not None:
            lines, areas = _shared(found)
            return orjson.dumps({"step": step, "codes": _ends_of(codes), "lines": _text(lines), "areas": areas})
    raise ValueError("a neighbourhood is too small to be drawn")


def _on_grid(shapes: np.ndarray, step: tuple[float, float]) -> Shapes | None:
    """Move the corners to the grid; None if a part would vanish. Holes that vanish are left out."""
    areas: Shapes = []
    for shape in shapes:
        polygons = [_rings(polygon, step) for polygon in shapely.get_parts(shape)]
        if not all(rings and len(rings[0]) > LEAST_CORNERS for rings in polygons):
            return None
        areas.append([[ring for ring in rings if len(ring) > LEAST_CORNERS] for rings in polygons])
    return areas


def _rings(polygon: shapely.Polygon, step: tuple[float, float]) -> list[Line]:
    """Give closed rings, the outer one first, no corner twice in a row."""
    found = []
    for ring in (polygon.exterior, *polygon.interiors):
        corners = np.rint(shapely.get_coordinates(ring) / step).astype(int)
        moved = np.r_[True, (np.diff(corners, axis=0) != 0).any(axis=1)]
        found.append(tuple(map(tuple, corners[moved].tolist())))
    return found


def _shared(areas: Shapes) -> tuple[list[Line], list[list[list[list[int]]]]]:
    """Cut rings into lines where neighbours change, and name each line that runs back along another by that one."""
    ends = _ends(ring for area in areas for polygon in area for ring in polygon)
    lines: list[Line] = []
    unused: dict[Line, int] = {}

    def numbered(line: Line) -> int:
        """Give the number of one line, as it is written."""
        met = unused.pop(line[::-1], None)
        if met is not None:
            return len(lines) - met
        unused[line] = len(lines)
        lines.append(line)
        return 0

    named = [[[[numbered(line) for line in _cut(ring, ends)] for ring in rings] for rings in area] for area in areas]
    return lines, named


def _ends(rings: Iterable[Line]) -> set[Point]:
    """Corners at which not all rings go the same way."""
    beside: dict[Point, frozenset[Point]] = {}
    ends: set[Point] = set()
    for ring in rings:
        for before, corner, after in zip((ring[-2], *ring), ring[:-1], ring[1:], strict=False):
            if beside.setdefault(corner, frozenset((before, after))) != {before, after}:
                ends.add(corner)
    return ends


def _cut(ring: Line, ends: set[Point]) -> Iterator[Line]:
    """Cut a ring at its ends; one without any is turned to begin at its lowest corner, as its neighbour's does."""
    open_ring = ring[:-1]
    places = [place for place, corner in enumerate(open_ring) if corner in ends]
    begun = places or [open_ring.index(min(open_ring))]
    turned = open_ring[begun[0] :] + open_ring[: begun[0]]
    cuts = [place - begun[0] for place in begun] + [len(turned)]
    for start, stop in pairwise(cuts):
        yield (*turned[start:stop], turned[stop % len(turned)])


def _ends_of(codes: Sequence[str]) -> str:
    """Write codes, all as long as each other, each without the beginning that it shares with the one before."""
    found = []
    for before, code in pairwise((" " * len(codes[0]), *codes)):
        found.append(code[next(place for place, sign in enumerate(code) if sign != before[place]) :])
    return " ".join(found)


def _text(lines: Iterable[Line]) -> str:
    words, last = [], (0, 0)
    for line in lines:
        steps = []
        for corner in line:
            steps += [_step_text(corner[0] - last[0]), _step_text(corner[1] - last[1])]
            last = corner
        words.append("".join(steps))
    return " ".join(words)


def _step_text(step: int) -> str:
    """Write a whole number: five bits to a sign, the lowest first, the sign of the number as its lowest bit."""
    rest = ~(step << 1) if step < 0 else step << 1
    signs = []
    while rest >= 32:
        signs.append(chr((32 | rest & 31) + 63))
        rest >>= 5
    return "".join((*signs, chr(rest + 63)))
