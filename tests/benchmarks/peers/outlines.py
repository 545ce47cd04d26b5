"""Reads the outlines that a map's script draws, by a second route: from what is written of their form alone."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import orjson
import shapely


class Outlines(NamedTuple):
    """Shapes by code in degrees, the grid in degrees, and the lines each area goes along (backwards: below 0)."""

    shapes: dict[str, shapely.MultiPolygon]
    step: np.ndarray
    used: list[list[int]]


def read_outlines(body: bytes) -> Outlines:
    """Read an answer of ``/geojson/PLACE/outlines``; an AssertionError tells where it is not as it should be."""
    data = orjson.loads(body)
    step = np.array(data["step"])
    moves = [np.array(_numbers(word)).reshape(-1, 2) for word in data["lines"].split(" ")]
    corners = np.split(np.cumsum(np.vstack(moves), axis=0), np.cumsum([len(part) for part in moves])[:-1])
    lines = [part * step for part in corners]
    code, fresh, shapes, used = "", 0, {}, []
    for ending, area in zip(data["codes"].split(" "), data["areas"], strict=True):
        code = code[: len(code) - len(ending)] + ending
        numbered = []
        for number in (number for rings in area for ring in rings for number in ring):
            numbered.append(number - fresh - 1 if number else fresh)
            fresh += not number
        going = (lines[number] if number >= 0 else lines[~number][::-1] for number in numbered)
        polygons = [[_ring([next(going) for _ in ring]) for ring in rings] for rings in area]
        shapes[code] = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
        used.append(numbered)
    assert fresh == len(lines), "every line is used"
    return Outlines(shapes, step, used)


def _ring(parts: list[np.ndarray]) -> np.ndarray:
    assert all((one[-1] == two[0]).all() for one, two in pairwise([*parts, parts[0]])), "lines meet"
    return np.vstack([parts[0], *(part[1:] for part in parts[1:])])


def _numbers(text: str) -> list[int]:
    """Read numbers in groups of five bits, the lowest group first; the lowest bit of each number is its sign."""
    found, bits = [], ""
    for sign in text:
        group = ord(sign) - 63
        bits = f"{group & 31:05b}{bits}"
        if group < 32:
            size = int(bits[:-1], 2)
            found.append(-size - 1 if bits[-1] == "1" else size)
            bits = ""
    return found
