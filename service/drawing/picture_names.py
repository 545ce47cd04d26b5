"""Names on a picture: the largest areas first, each where it fits, none over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from service.drawing.svg_parts import INK, Ring, escaped

LABELS = 60
"""The most names on a picture: the largest areas first."""

_Box = tuple[float, float, float, float]


def names_drawn(shapes: Mapping[str, Sequence[Ring]], sites: Ring) -> list[str]:
    """Draw names that fit without touching, the largest areas first.

    Parameters
    ----------
    shapes : mapping of str to sequence of numpy.ndarray, each of shape (k, 2)
        By name, the rings on the page that it stands for.
    sites : numpy.ndarray, shape (m, 2)
        Points on the page that a name should rather not cover.

    Returns
    -------
    list of str
        Elements of SVG.
    """
    avoid = [(float(x) - 5, float(y) - 5, float(x) + 5, float(y) + 5) for x, y in sites]
    groups = {name: [_centre(ring) for ring in rings] for name, rings in shapes.items()}
    names: list[_Box] = []
    drawn = []
    for name, parts in sorted(groups.items(), key=lambda item: (-sum(part[2] for part in item[1]), item[0]))[:LABELS]:
        x, y, size = np.array(parts).T
        at_x, at_y = float((x * size).sum() / size.sum()), float((y * size).sum() / size.sum())
        box = _free_box(at_x, at_y, len(name) * 2.75 + 4, names, avoid)
        if box is None:
            continue
        names.append(box)
        drawn.append(
            f'<text x="{at_x:.1f}" y="{(box[1] + box[3]) / 2 + 3.5:.1f}" font-size="10" font-weight="600" '
            f'text-anchor="middle" fill="{INK}" stroke="#ffffff" stroke-width="2.6" stroke-linejoin="round" '
            f'paint-order="stroke">{escaped(name)}</text>'
        )
    return drawn


def _free_box(x: float, y: float, half: float, names: Sequence[_Box], avoid: Sequence[_Box]) -> _Box | None:
    """Find room for a name at its place or a little above or below; a site may be covered, another name not."""
    boxes = [(x - half, y + move - 7, x + half, y + move + 7) for move in (0, -11, 11)]
    free = [box for box in boxes if not any(_touch(box, other) for other in names)]
    return next((box for box in free if not any(_touch(box, mark) for mark in avoid)), free[0] if free else None)


def _centre(ring: Ring) -> tuple[float, float, float]:
    """Centre of gravity and size of a ring, on the page."""
    origin = ring[0]
    x, y = (ring - origin).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    size = float(cross.sum()) / 2
    if abs(size) < 1e-9:
        return float(ring[:, 0].mean()), float(ring[:, 1].mean()), 1e-9
    at_x = float(((x[:-1] + x[1:]) * cross).sum()) / (6 * size)
    at_y = float(((y[:-1] + y[1:]) * cross).sum()) / (6 * size)
    return float(origin[0]) + at_x, float(origin[1]) + at_y, abs(size)


def _touch(a: _Box, b: _Box) -> bool:
    return not (a[2] < b[0] or a[0] > b[2] or a[3] < b[1] or a[1] > b[3])
