"""The two coordinate systems: British National Grid in metres, and longitude and latitude in degrees.

Everything inside is in metres on the grid (EPSG:27700); degrees (EPSG:4326) come in from files and go
out to maps. The operation between them is pinned to the seven-parameter Helmert transformation
(EPSG:1314), so that every machine gives the same figures whatever grid files it has. It is good to
about 2 metres; the national grid file OSTN15 would be needed for better, and is not used.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from pyproj import Transformer

from geodata.errors import BadFile

GRID = "EPSG:27700"
DEGREES = "EPSG:4326"
ACCURACY_M = 2.0
Array = np.ndarray

# Airy ellipsoid and National Grid projection, then EPSG:1314 "OSGB36 to WGS 84 (6)".
_OPERATION = """
+proj=pipeline
+step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy
+step +proj=push +v_3
+step +proj=cart +ellps=airy
+step +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489
      +convention=position_vector
+step +inv +proj=cart +ellps=WGS84
+step +proj=pop +v_3
+step +proj=unitconvert +xy_in=rad +xy_out=deg
"""
# Great Britain and its waters.
GRID_RANGE = (0.0, 700_000.0, 0.0, 1_300_000.0)  # least and greatest easting, northing
DEGREES_RANGE = (-9.0, 2.5, 49.0, 61.5)  # least and greatest longitude, latitude
# Where England lies on the grid: (northing up to, least easting, greatest easting).
_ENGLAND_BANDS = (
    (150_000.0, 80_000.0, 645_000.0),
    (345_000.0, 205_000.0, 660_000.0),
    (450_000.0, 290_000.0, 570_000.0),
    (540_000.0, 288_000.0, 525_000.0),
    (660_000.0, 330_000.0, 445_000.0),
)


@cache
def _transformer() -> Transformer:
    return Transformer.from_pipeline(_OPERATION)


def to_degrees(easting: ArrayLike, northing: ArrayLike) -> tuple[Array, Array]:
    """Turn grid metres into degrees.

    Parameters
    ----------
    easting, northing : array_like of float, shape (n,)
        British National Grid, metres.

    Returns
    -------
    longitude, latitude : numpy.ndarray of float, shape (n,)
        WGS 84, degrees, good to about 2 metres; NaN where either input is NaN.
    """
    return _carried(easting, northing, "FORWARD")


def to_grid(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Array, Array]:
    """Turn degrees into grid metres; the reverse of `to_degrees` to within 5 millimetres.

    Parameters
    ----------
    longitude, latitude : array_like of float, shape (n,)
        WGS 84, degrees.

    Returns
    -------
    easting, northing : numpy.ndarray of float, shape (n,)
        British National Grid, metres, good to about 2 metres; NaN where either input is NaN.
    """
    return _carried(longitude, latitude, "INVERSE")


def _carried(x: ArrayLike, y: ArrayLike, direction: str) -> tuple[Array, Array]:
    first, second = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    one, two = _transformer().transform(first, second, direction=direction)
    gap = np.isnan(first) | np.isnan(second)
    return np.where(gap, np.nan, one), np.where(gap, np.nan, two)


def check_degrees(
    longitude: ArrayLike, latitude: ArrayLike, file: str, *, first_row: int | None = None, unit: str = "point"
) -> None:
    """Refuse coordinates that are not degrees in Great Britain, and name the likely cause.

    Parameters
    ----------
    longitude, latitude : array_like of float
        NaN is passed over.
    file : str
        For the message.
    first_row : int, optional
        Row number of the first pair, where pairs are rows.
    unit : str
        What one pair is, for the message.

    Raises
    ------
    BadFile
        swapped-axes, wrong-crs or out-of-range.
    """
    lon, lat = _pair(longitude, latitude)
    bad = ~_within(lon, lat, DEGREES_RANGE) & ~np.isnan(lon) & ~np.isnan(lat)
    if not bad.any():
        return
    i = int(np.flatnonzero(bad)[0])
    row = None if first_row is None else first_row + i
    shown = f"({lon[i]:.6g}, {lat[i]:.6g})"
    if _mostly(_within(lat, lon, DEGREES_RANGE), bad):
        raise BadFile(
            f"the {unit} {shown} has latitude first; longitude, then latitude is expected",
            rule="swapped-axes",
            file=file,
            row=row,
            hint="Swap the two coordinates.",
        )
    if _mostly(_within(lon, lat, GRID_RANGE) & ((np.abs(lon) > 180) | (np.abs(lat) > 90)), bad):
        raise BadFile(
            f"the {unit} {shown} looks like British National Grid metres; degrees are expected",
            rule="wrong-crs",
            file=file,
            row=row,
            hint="Export it in WGS 84 (EPSG:4326), or declare EPSG:27700.",
        )
    if _mostly((np.abs(lon) < 1_100_000) & (lat > 6_200_000) & (lat < 8_800_000), bad):
        raise BadFile(
            f"the {unit} {shown} looks like Web Mercator metres; degrees are expected",
            rule="wrong-crs",
            file=file,
            row=row,
            hint="Export it in WGS 84 (EPSG:4326).",
        )
    raise BadFile(
        f"the {unit} {shown} is not in Great Britain; longitude -9 to 2.5 and latitude 49 to 61.5 are expected",
        rule="out-of-range",
        file=file,
        row=row,
    )


def check_grid(
    easting: ArrayLike, northing: ArrayLike, file: str, *, first_row: int | None = None, unit: str = "point"
) -> None:
    """Refuse coordinates that are not grid metres in Great Britain, and name the likely cause.

    Swapped axes are told by points of which most fall outside England as given, and inside when
    swapped; a single point near the diagonal of the grid cannot be told apart.

    Parameters
    ----------
    easting, northing : array_like of float
        NaN is passed over.
    file : str
        For the message.
    first_row : int, optional
        Row number of the first pair, where pairs are rows.
    unit : str
        What one pair is, for the message.

    Raises
    ------
    BadFile
        swapped-axes, wrong-crs or out-of-range.
    """
    x, y = _pair(easting, northing)
    known = ~np.isnan(x) & ~np.isnan(y)
    degrees = known & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    bad = known & (~_within(x, y, GRID_RANGE) | degrees)
    swapped = known & ~_in_england(x, y) & _in_england(y, x)
    if not bad.any() and not (known.any() and swapped.sum() > known.sum() / 2):
        return
    i = int(np.flatnonzero(bad if bad.any() else swapped)[0])
    row = None if first_row is None else first_row + i
    shown = f"({x[i]:.6g}, {y[i]:.6g})"
    if not bad.any() or _mostly(_within(y, x, GRID_RANGE) & ~degrees, bad):
        raise BadFile(
            f"the {unit} {shown} has the northing first; easting, then northing is expected",
            rule="swapped-axes",
            file=file,
            row=row,
            hint="Swap the two coordinates.",
        )
    if _mostly(degrees, bad):
        raise BadFile(
            f"the {unit} {shown} looks like degrees; British National Grid metres are expected",
            rule="wrong-crs",
            file=file,
            row=row,
            hint="Declare the file as EPSG:4326, or export it in EPSG:27700.",
        )
    if _mostly((np.abs(x) < 1_100_000) & (y > 6_200_000) & (y < 8_800_000), bad):
        raise BadFile(
            f"the {unit} {shown} looks like Web Mercator metres; British National Grid metres are expected",
            rule="wrong-crs",
            file=file,
            row=row,
            hint="Export it in EPSG:27700.",
        )
    raise BadFile(
        f"the {unit} {shown} is not on the British National Grid; 0 to 700,000 and 0 to 1,300,000 are expected",
        rule="out-of-range",
        file=file,
        row=row,
    )


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    return np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))


def _within(x: Array, y: Array, limits: tuple[float, float, float, float]) -> Array:
    low_x, high_x, low_y, high_y = limits
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y))


def _in_england(x: Array, y: Array) -> Array:
    inside, below = np.zeros(len(x), dtype=bool), 0.0
    with np.errstate(invalid="ignore"):
        for top, west, east in _ENGLAND_BANDS:
            inside |= (y >= below) & (y < top) & (x >= west) & (x <= east)
            below = top
    return inside


def _mostly(sign: Array, bad: Array) -> bool:
    """Whether more than half of the bad points show a sign."""
    return bool((sign & bad).sum() * 2 > bad.sum())
