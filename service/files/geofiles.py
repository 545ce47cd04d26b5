"""The scores table for GIS programs: GeoPackage and GeoParquet in EPSG:27700, with their facts inside."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyproj import CRS

from geodata.crs import GRID, to_grid
from geodata.stored import read_outlines

if TYPE_CHECKING:
    from geodata.store import StoredEdition
    from service.files.file_table import Column, Table

LAYER = "scores"
KINDS = {"text": "str", "whole": "Int64", "number": "float64"}


def frame(table: Table, stored: StoredEdition) -> gpd.GeoDataFrame:
    """Join the columns with the outlines of the edition, or place the sites at their points.

    Parameters
    ----------
    table : Table
        Columns of the file; neighbourhoods have ``lsoa21cd`` first, sites ``lon`` and ``lat``.
    stored : StoredEdition
        Whose outlines are taken.

    Returns
    -------
    geopandas.GeoDataFrame, shape (n, columns + 1)
        In EPSG:27700; not known is null.
    """
    columns = {column.name: _series(column) for column in table.columns}
    if table.scores is None:
        easting, northing = to_grid(columns["lon"].to_numpy(), columns["lat"].to_numpy())
        return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(easting.round(), northing.round()), crs=GRID)
    outlines = read_outlines(stored).reindex(columns["lsoa21cd"])
    return gpd.GeoDataFrame(columns, geometry=outlines.array, crs=GRID)


def _series(column: Column) -> pd.Series[Any]:
    return pd.Series(column.values, dtype=KINDS[column.kind], name=column.name)


def write_geopackage(table: Table, stored: StoredEdition, path: Path) -> None:
    """Write one layer, ``scores``; every time stamp in it is the day of the edition."""
    temporary = path.with_name(f".{path.stem}.part.gpkg")
    temporary.unlink(missing_ok=True)
    facts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in table.facts.items()}
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{table.facts['built'][:10]}T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(
            frame(table, stored),
            temporary,
            layer="sites" if table.scores is None else LAYER,
            driver="GPKG",
            dataset_options={"VERSION": "1.2"},  # what GDAL and QGIS of the last years read without a warning
            use_arrow=True,
            geometry_type="Point" if table.scores is None else "MultiPolygon",
            promote_to_multi=table.scores is not None,
            dataset_metadata=facts,
            layer_options={"IDENTIFIER": table.facts["title"], "DESCRIPTION": " ".join(table.facts["attribution"])},
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    temporary.replace(path)


def parquet_bytes(table: Table, stored: StoredEdition) -> bytes:
    """Write GeoParquet 1.0 with the facts under the key ``evenreach`` of the file's metadata."""
    shapes = frame(table, stored)
    arrow = pa.table(shapes.to_arrow(index=False, geometry_encoding="WKB"))
    metadata = {b"geo": json.dumps(_geo(shapes)).encode(), b"evenreach": json.dumps(table.facts).encode()}
    plain = pa.schema([pa.field(field.name, field.type) for field in arrow.schema], metadata=metadata)
    target = io.BytesIO()
    pq.write_table(arrow.cast(plain), target, compression="zstd")
    return target.getvalue()


def _geo(shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    """Describe the geometry column as GeoParquet wants it."""
    column = {
        "encoding": "WKB",
        "geometry_types": sorted(shapes.geom_type.unique()),
        "crs": CRS.from_user_input(GRID).to_json_dict(),
        "bbox": [float(edge) for edge in shapes.total_bounds],
    }
    return {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
