"""A small picture of where one neighbourhood lies: it and its surroundings, and the place it is in.

Drawn into the page as SVG with classes for its colours, from the simplified geometry; numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.drawing.picture import rings_of

if TYPE_CHECKING:
    from service.editions.edition import Edition

WIDTH, HEIGHT = 480, 360
INSET = 130
AROUND = 1.1  # of the neighbourhood's own size, on every side
MARGIN = 6
SMALLEST_RING = 4

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Locator:
    """Shapes of the picture as SVG path data, and the box of the inset that shows the whole place."""

    width: int
    height: int
    around: tuple[str, ...]
    here: str
    inset: int
    inset_height: int
    outline: str
    spot: tuple[float, float]


def locator(edition: Edition, row: int) -> Locator:
    """Draw a neighbourhood with what lies around it, and its spot in the place.

    Parameters
    ----------
    edition : Edition
        An open edition.
    row : int
        Row of the neighbourhood.

    Returns
    -------
    Locator
        For ``parts/locator.html``.
    """
    own = rings_of(edition.geometry(row))
    view = _padded(_box(own))
    around = [int(other) for other in edition.rows_in_box(*view) if other != row]
    project = _Frame(view, WIDTH, HEIGHT, step=0.1)
    whole = rings_of(orjson.loads(edition.outline()))
    place = _Frame(_box(whole), INSET, INSET, step=0.5)
    middle = np.vstack(own).mean(axis=0)
    spot = place.points(middle[None, :])[0]
    return Locator(
        width=WIDTH,
        height=HEIGHT,
        around=tuple(project.path(rings_of(edition.geometry(other))) for other in around),
        here=project.path(own),
        inset=INSET,
        inset_height=round(place.height),
        outline=place.path(whole),
        spot=(round(float(spot[0]), 1), round(float(spot[1]), 1)),
    )


class _Frame:
    """Turns degrees into picture units: north up, shapes kept, the box filled as far as it goes."""

    def __init__(self, box: Box, width: float, height: float, *, step: float) -> None:
        self.step = step  # points are moved to the nearest one; those that then fall together are left out
        west, south, east, north = box
        self.squeeze = float(np.cos(np.radians((south + north) / 2)))
        across, up = (east - west) * self.squeeze, north - south
        self.scale = min((width - 2 * MARGIN) / across, (height - 2 * MARGIN) / up)
        self.west, self.north = west, north
        self.left = (width - across * self.scale) / 2
        self.height = up * self.scale + 2 * MARGIN
        self.top = (height - up * self.scale) / 2 if height != INSET else MARGIN

    def points(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (degrees[:, 0] - self.west) * self.squeeze * self.scale + self.left
        y = (self.north - degrees[:, 1]) * self.scale + self.top
        return np.column_stack([x, y])

    def path(self, rings: Iterable[NDArray[np.float64]]) -> str:
        return "".join(self._ring(ring) for ring in rings)

    def _ring(self, ring: NDArray[np.float64]) -> str:
        points = np.round(self.points(ring) / self.step) * self.step
        moved = np.ones(len(points), dtype=bool)
        moved[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
        kept = points[moved]
        return "M" + " ".join(f"{x:.4g},{y:.4g}" for x, y in kept) + "Z" if len(kept) >= SMALLEST_RING else ""


def _box(rings: list[NDArray[np.float64]]) -> Box:
    points = np.vstack(rings)
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _padded(box: Box) -> Box:
    """Widen a box on every side, and to the proportions of the picture."""
    west, south, east, north = box
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    up = (north - south) * (1 + 2 * AROUND)
    across = (east - west) * squeeze * (1 + 2 * AROUND)
    across, up = max(across, up * WIDTH / HEIGHT), max(up, across * HEIGHT / WIDTH)
    x, y = (west + east) / 2, (south + north) / 2
    return x - across / squeeze / 2, y - up / 2, x + across / squeeze / 2, y + up / 2


def names_near(facts: Mapping[str, Any]) -> str:
    """Say in words what the picture shows, for those who do not see it."""
    return f"{facts['lsoa21nm']} with the neighbourhoods around it, and its spot in the whole place"
