"""Coordinate reference systems that features are given in, by the addresses that OGC gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CRS84_ADDRESS = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True)
class System:
    """One coordinate reference system.

    Attributes
    ----------
    address : str
        What ``crs=`` and ``bbox-crs=`` call it.
    name : str
        What people call it.
    grid : bool
        Metres of the British National Grid; else degrees.
    swapped : bool
        Latitude comes first, as EPSG defines it.
    """

    address: str
    name: str
    grid: bool = False
    swapped: bool = False


CRS84 = System(CRS84_ADDRESS, "WGS 84, longitude then latitude")
WGS84 = System("http://www.opengis.net/def/crs/EPSG/0/4326", "WGS 84, latitude then longitude", swapped=True)
NATIONAL_GRID = System("http://www.opengis.net/def/crs/EPSG/0/27700", "British National Grid, metres", grid=True)
DEGREES = (CRS84, WGS84)
EVERY = (*DEGREES, NATIONAL_GRID)


def stored_in(systems: Sequence[System]) -> System:
    """Give the system that features are kept in without loss: the publisher's metres, where an edition has them."""
    return NATIONAL_GRID if NATIONAL_GRID in systems else CRS84
