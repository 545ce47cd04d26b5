"""Write what an edition knows of travel: where people and sites are, and minutes over a network if there is one.

The other half of `service.travel.edition_times`, which reads what this writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.crs import to_degrees
from geodata.networks import StreetLine, Streets, held_modes, write_streets
from geodata.timetables import Timetable, write_timetable
from service.travel.edition_times import (
    ABOUT,
    CENTROIDS,
    LINES,
    NETWORK,
    OWN_SITE_POINTS,
    SITE_POINTS,
    Minutes,
    matrix_name,
)
from service.travel.route import minutes_over, ways_in

LINE_MARGIN_M = 150.0  # a river is often the border
DECIMALS = 5
ORIGIN_COLUMNS = ("centroid_x_m", "centroid_y_m", "area_m2")


def origins_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return where people live: centroid and area of each neighbourhood, from a table with boundaries."""
    return table[["centroid_x_m", "centroid_y_m"]].astype(float).assign(area_m2=table.geometry.area.round(1))


def write_points(web: Path, table: pd.DataFrame, sites: pd.DataFrame) -> None:
    """Write where people live and where sites are, in metres.

    Parameters
    ----------
    web : Path
        Folder of the edition's web files.
    table : geopandas.GeoDataFrame, index lsoa21cd, EPSG:27700
        The place's neighbourhoods with ``centroid_x_m``, ``centroid_y_m`` and boundaries.
    sites : pandas.DataFrame
        ``easting``, ``northing``, in the order of ``sites.json``.
    """
    np.save(web / CENTROIDS, origins_of(table).to_numpy(dtype=float).T.copy())
    np.save(web / SITE_POINTS, _points(sites))


def write_network(
    folder: Path,
    web: Path,
    streets: Streets,
    timetable: Timetable | None,
    minutes: Mapping[str, Minutes],
    about: Mapping[str, Any],
) -> None:
    """Write streets, timetable and what was worked out from them.

    Parameters
    ----------
    folder, web : Path
        The edition's folder, and that of its web files.
    minutes : mapping of mode to float64 array, shape (n, sites)
        From every neighbourhood to every published site.
    about : mapping
        As `TravelOfEdition.network` gives it.
    """
    write_streets(folder / NETWORK, streets)
    if timetable is not None:
        write_timetable(folder / NETWORK, timetable)
    for mode, matrix in minutes.items():
        np.save(web / matrix_name(mode), matrix.astype(np.float32))
    text = json.dumps(about, ensure_ascii=False, sort_keys=True)
    (web / ABOUT).write_text(text, encoding="utf-8")


def write_lines(web: Path, lines: Sequence[StreetLine], outlines: gpd.GeoSeries) -> None:
    """Write main roads and water inside a place, as GeoJSON features in degrees: one for each kind.

    Parameters
    ----------
    lines : sequence of StreetLine
    outlines : geopandas.GeoSeries, EPSG:27700
        Boundaries of the place's neighbourhoods.
    """
    place = shapely.buffer(shapely.union_all(outlines.to_numpy()), LINE_MARGIN_M).simplify(LINE_MARGIN_M / 4)
    features = []
    for kind in sorted({line.kind for line in lines}):
        drawn = shapely.MultiLineString([line.coords for line in lines if line.kind == kind])
        inside = shapely.get_parts(shapely.intersection(drawn, place))
        paths = [_in_degrees(part) for part in inside if isinstance(part, shapely.LineString) and part.length > 0]
        if paths:
            shape = {"type": "MultiLineString", "coordinates": paths}
            features.append({"type": "Feature", "geometry": shape, "properties": {"kind": kind}})
    (web / LINES).write_text(json.dumps(features), encoding="utf-8")


def _in_degrees(line: shapely.LineString) -> list[list[float]]:
    longitude, latitude = to_degrees(*shapely.get_coordinates(line).T)
    found: list[list[float]] = np.column_stack([longitude, latitude]).round(DECIMALS).tolist()
    return found


def write_own_points(folder: Path, web: Path, sites: pd.DataFrame) -> None:
    """Write where the sites that users brought are, and minutes to them where the edition has a network.

    Parameters
    ----------
    folder, web : Path
        The edition's folder, with its network already in it, and that of its web files.
    sites : pandas.DataFrame
        In the order of the edition's own sites: ``site_id``, ``easting``, ``northing``, ``lsoa21cd``.
    """
    np.save(web / OWN_SITE_POINTS, _points(sites))
    if not held_modes(folder / NETWORK):
        return
    codes = pd.Index(np.load(web / "codes.npy").astype("U9"))
    origins = pd.DataFrame(dict(zip(ORIGIN_COLUMNS, np.load(web / CENTROIDS), strict=True)), index=codes)
    ways = ways_in(folder / NETWORK)
    for mode in ways.modes():
        np.save(web / matrix_name(mode, own=True), minutes_over(ways, mode, origins, sites).astype(np.float32))


def _points(sites: pd.DataFrame) -> np.ndarray:
    return sites[["easting", "northing"]].to_numpy(dtype=float).T.copy()
