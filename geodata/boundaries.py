"""LSOA boundaries: GeoJSON, GeoParquet or GeoPackage in, one polygon per neighbourhood in metres out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from geodata.cells import refuse_where, tidy_header
from geodata.codes import checked_codes
from geodata.crs import GRID, check_degrees, check_grid, to_grid
from geodata.errors import BadFile
from geodata.geojson import read_features
from geodata.reading import Reading

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def read_boundaries(path: Path, *, vintage: int = 2021, known_codes: Collection[str] | None = None) -> Reading:
    """Read the boundaries of neighbourhoods.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON, GeoParquet or GeoPackage; the content decides, not the name. Degrees (EPSG:4326) or
        grid metres (EPSG:27700).
    vintage : {2021, 2011}
        Which LSOA codes are wanted: column ``LSOA21CD`` or ``LSOA11CD``.
    known_codes : collection of str, optional
        Every code of that vintage; any other is refused.

    Returns
    -------
    Reading
        GeoDataFrame indexed by ``lsoa21cd`` (or ``lsoa11cd``), sorted: ``lsoa21nm`` and ``geometry``
        (Polygon or MultiPolygon, EPSG:27700, metres).

    Raises
    ------
    BadFile
        wrong-kind, empty-file, missing-column, wrong-vintage, wrong-nation, wrong-level, bad-code,
        doubled-code, wrong-crs, swapped-axes, out-of-range, empty-geometry, not-a-polygon or
        invalid-geometry, naming the row or code.
    """
    table, geometry, crs = _opened(path)
    year = str(vintage)[2:]
    codes = _codes(table, path.name, vintage, known_codes)
    names = _column(table, f"LSOA{year}NM", path.name)
    _check_shapes(geometry, codes, path.name)
    metres = _in_metres(geometry, _is_grid(crs, path.name), path.name)
    frame = gpd.GeoDataFrame(
        {f"lsoa{year}nm": names.astype("str").to_numpy()},
        geometry=metres,
        index=pd.Index(codes, name=f"lsoa{year}cd"),
        crs=GRID,
    )
    return Reading(frame.sort_index(), len(table))


def _opened(path: Path) -> tuple[pd.DataFrame, np.ndarray, object]:
    """Return attributes, shapes and the coordinate system as the file declares it."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start.strip():
        raise BadFile("the file is empty", rule="empty-file", file=path.name)
    if start.startswith(b"PAR1"):
        return _from_frame(path, _read_parquet(path))
    if start.startswith(b"SQLite format 3"):
        return _from_frame(path, _read_geopackage(path))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return _from_geojson(path)
    kinds = {b"<": "a web page", b"PK\x03\x04": "a zip archive"}
    kind = next((name for mark, name in kinds.items() if start.lstrip().startswith(mark)), "another kind of file")
    says = f"this is {kind}; GeoJSON, GeoParquet or GeoPackage is expected"
    raise BadFile(says, rule="wrong-kind", file=path.name)


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        says = "the Parquet file has no geometry" if "geo" in str(error).lower() else "the Parquet file is damaged"
        raise BadFile(says, rule="wrong-kind", file=path.name) from None


def _read_geopackage(path: Path) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_file(path, engine="pyogrio")
    except Exception as error:  # pyogrio and GDAL raise many kinds
        raise BadFile(f"the GeoPackage cannot be read: {error}", rule="wrong-kind", file=path.name) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise BadFile("the GeoPackage has no geometry", rule="wrong-kind", file=path.name)
    return frame


def _from_frame(path: Path, frame: gpd.GeoDataFrame) -> tuple[pd.DataFrame, np.ndarray, object]:
    if frame.empty:
        raise BadFile("there are no areas in the file", rule="empty-file", file=path.name)
    shapes = np.asarray(frame.geometry.array)
    return pd.DataFrame(frame.drop(columns=frame.geometry.name)), shapes, frame.crs


def _from_geojson(path: Path) -> tuple[pd.DataFrame, np.ndarray, object]:
    features = read_features(path, "areas")
    shapes = np.empty(len(features.geometries), dtype=object)
    for i, geometry in enumerate(features.geometries):
        shapes[i] = _shape(geometry, path.name, i + 1)
    return pd.DataFrame(features.properties), shapes, features.crs


def _shape(geometry: Any, file: str, row: int) -> shapely.Geometry | None:
    """Return one geometry; a ring that does not close is refused, since shapely would close it silently."""
    if not geometry:
        return None
    try:
        if not geometry["coordinates"]:
            return None
        parts = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
        for part in parts.get(geometry["type"], []):
            if any(ring[0] != ring[-1] for ring in part):
                raise BadFile("a ring of the polygon does not close", rule="invalid-geometry", file=file, row=row)
        return shapely.from_geojson(orjson.dumps(geometry))
    except BadFile:
        raise
    except (shapely.errors.GEOSException, KeyError, IndexError, TypeError, ValueError):
        raise BadFile("the geometry cannot be read", rule="invalid-geometry", file=file, row=row) from None


def _find(table: pd.DataFrame, header: str) -> str | None:
    return next((str(name) for name in table.columns if tidy_header(str(name)) == tidy_header(header)), None)


def _column(table: pd.DataFrame, header: str, file: str) -> pd.Series:
    found = _find(table, header)
    if found is None:
        has = ", ".join(repr(str(name)) for name in table.columns[:6])
        raise BadFile(f"there is no column {header!r}; the file has {has}", rule="missing-column", file=file)
    return table[found]


def _codes(table: pd.DataFrame, file: str, vintage: int, known_codes: Collection[str] | None) -> pd.Series:
    year, other = ("21", "11") if vintage == 2021 else ("11", "21")
    header = f"LSOA{year}CD"
    if _find(table, header) is None and _find(table, f"LSOA{other}CD") is not None:
        raise BadFile(
            f"the boundaries are those of 20{other} (LSOA{other}CD); those of {vintage} are needed",
            rule="wrong-vintage",
            file=file,
            column=f"LSOA{other}CD",
        )
    codes = _column(table, header, file).astype("str")
    return checked_codes(codes, file=file, column=header, vintage=vintage, first_row=1, known_codes=known_codes)


def _check_shapes(shapes: np.ndarray, codes: pd.Series, file: str) -> None:
    """Refuse a shape that is missing, not a polygon, not finite or not valid."""

    def refuse(bad: np.ndarray, rule: str, says: str) -> None:
        """Refuse the first area that is marked bad."""
        refuse_where(bad, says, rule=rule, file=file, first_row=1, codes=codes)

    refuse(np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes)), "empty-geometry", "the area has no shape")
    kinds = shapely.get_type_id(shapes)
    refuse(~np.isin(kinds, _POLYGONS), "not-a-polygon", "the shape is not a polygon")
    finite = np.asarray(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    refuse(~finite, "not-finite", "a coordinate is not a finite number")
    valid = np.asarray(shapely.is_valid(shapes))
    if not valid.all():
        reason = shapely.is_valid_reason(shapes[~valid][0])
        refuse(~valid, "invalid-geometry", f"the polygon is not valid: {reason}")


def _is_grid(crs: object, file: str) -> bool:
    """Whether coordinates are declared as grid metres; anything but those or degrees is refused."""
    try:
        declared = pyproj.CRS.from_user_input(crs) if crs is not None else None
    except pyproj.exceptions.CRSError:
        declared = None
    if declared is not None:
        if declared.equals(pyproj.CRS(GRID), ignore_axis_order=True) or declared.to_epsg(min_confidence=60) == 27700:
            return True
        if declared.equals(pyproj.CRS("EPSG:4326"), ignore_axis_order=True):
            return False
    name = declared.name if declared is not None else crs
    raise BadFile(
        f"the coordinate system is {name}; WGS 84 (EPSG:4326) or British National Grid (EPSG:27700) is expected",
        rule="wrong-crs",
        file=file,
    )


def _in_metres(shapes: np.ndarray, is_grid: bool, file: str) -> np.ndarray:
    """Check the range of the coordinates against what they are declared to be, then go to the grid."""
    shapes = shapely.force_2d(shapes)
    box = shapely.bounds(shapes)
    check = check_grid if is_grid else check_degrees
    for x, y in ((box[:, 0], box[:, 1]), (box[:, 2], box[:, 3])):
        check(x, y, file, first_row=1, unit="corner")
    if is_grid:
        return shapes
    return shapely.transform(shapes, lambda xy: np.column_stack(to_grid(xy[:, 0], xy[:, 1])))
