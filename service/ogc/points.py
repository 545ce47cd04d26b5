"""Sites as features: points in a place and within 30 km of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import orjson

from service.editions.edition import Edition
from service.ogc import boxes
from service.ogc.properties import Property, Value, properties_of_sites, room_for
from service.ogc.systems import DEGREES, NATIONAL_GRID, System

if TYPE_CHECKING:
    from layers.gradient import Counts

TEXTS = 200  # bytes for the name, the address and the point of a site: more than most have
PLACED = ("lon", "lat")  # said by the geometry


class _Facts(NamedTuple):
    properties: list[Property]
    on_grid: bool
    extent: list[float]


_KNOWN: WeakKeyDictionary[Edition, _Facts] = WeakKeyDictionary()


def _facts_of(edition: Edition) -> _Facts:
    """Look through all sites of an edition once."""
    if edition not in _KNOWN:
        sites = edition.sites()
        east, north = [site["lon"] for site in sites], [site["lat"] for site in sites]
        _KNOWN[edition] = _Facts(
            [part for part in properties_of_sites(sites) if part.name not in PLACED],
            all("easting" in site for site in sites),
            [min(east), min(north), max(east), max(north)] if sites else list(edition.bounds),
        )
    return _KNOWN[edition]


class Sites:
    """Sites as features, in the order of their list.

    Attributes
    ----------
    edition : Edition
        What they are of.
    within : str
        The footprint that they lie in; empty for all in and near the place.
    properties : list of Property
        What each feature carries; where it stands is its geometry.
    systems : tuple of System
        Systems the points can be given in.
    extent : list of float
        Box of all sites of the edition in degrees; that of the place where there is none.
    """

    def __init__(self, edition: Edition, within: str = "") -> None:
        self.edition = edition
        self.within = within
        self._sites = edition.sites(within=within)
        facts = _facts_of(edition)
        self.properties: list[Property] = facts.properties
        self.systems: tuple[System, ...] = (*DEGREES, NATIONAL_GRID) if facts.on_grid else DEGREES
        self.extent: list[float] = facts.extent

    def __len__(self) -> int:
        """Count the sites."""
        return len(self._sites)

    def ids(self, index: Counts) -> list[str]:
        """Name some features by service and site."""
        return [self._id(self._sites[place]) for place in index.tolist()]

    def find(self, identity: str) -> int | None:
        """Give the index of a feature, or None if there is no such site."""
        return next((place for place, site in enumerate(self._sites) if self._id(site) == identity), None)

    def in_box(self, box: boxes.Box, system: System) -> np.ndarray:
        """Tell which sites stand in a box: bool, shape (n,)."""
        points = self._points(np.arange(len(self)), system)
        return boxes.touching(np.hstack([points, points]), box)

    def sizes(self, index: Counts, system: System) -> Counts:
        """Say about how many bytes some features have when they are written."""
        return np.full(len(index), TEXTS + sum(map(room_for, self.properties)), dtype=np.int64)

    def geometries(self, index: Counts, system: System) -> list[bytes]:
        """Give encoded points in a system."""
        points = self._points(index, system)[:, :: -1 if system.swapped else 1]
        return [orjson.dumps({"type": "Point", "coordinates": point}) for point in points.tolist()]

    def matching(self, name: str, value: Value) -> np.ndarray:
        """Tell which sites have a value of a property: bool, shape (n,)."""
        return np.array([site.get(name) == value for site in self._sites], dtype=bool)

    def records(self, index: Counts) -> list[dict[str, Any]]:
        """Give the properties of some sites; None where one has not what others have."""
        names = [part.name for part in self.properties]
        return [{name: self._sites[place].get(name) for name in names} for place in index.tolist()]

    @staticmethod
    def _id(site: dict[str, Any]) -> str:
        return f"{site['service']}-{site['site_id']}"

    def _points(self, index: Counts, system: System) -> np.ndarray:
        x, y = ("easting", "northing") if system.grid else ("lon", "lat")
        found = [(self._sites[place][x], self._sites[place][y]) for place in index.tolist()]
        return np.array(found, dtype=float).reshape(len(found), 2)
