"""Grid metres to degrees, by the seven-parameter transformation (EPSG:1314).

The generator keeps its own: it shares nothing with the readers that it is there to test.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from geodata.demo.land import Array

_GRID_TO_DEGREES = Transformer.from_pipeline(
    "+proj=pipeline +step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy "
    "+step +proj=push +v_3 +step +proj=cart +ellps=airy +step +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 "
    "+ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 "
    "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
)


def to_degrees(at: Array) -> Array:
    """Return longitude and latitude (n, 2), rounded to 6 decimals, of eastings and northings (n, 2)."""
    longitude, latitude = _GRID_TO_DEGREES.transform(at[:, 0], at[:, 1])
    return np.round(np.column_stack([longitude, latitude]), 6)


def geojson_geometry(shape: BaseGeometry) -> dict[str, Any]:
    """Return a shape in metres as a GeoJSON geometry in degrees; shared vertices stay shared."""
    return dict(mapping(shapely.transform(shape, to_degrees)))
