"""The scores table for GIS programs: GeoPackage and GeoParquet in EPSG:27700, with their facts inside."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
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
from service.files.geopackage_notes import add_style, describe_columns

if TYPE_CHECKING:
    from geodata.store import StoredEdition
    from service.files.file_table import Column, Table
    from service.files.map_style import StyleRule

LAYER = "scores"
KINDS = {"text": "str", "whole": "Int64", "number": "float64", "truth": "boolean"}


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


def write_geopackage(table: Table, stored: StoredEdition, path: Path, rules: Sequence[StyleRule] = ()) -> None:
    """Write one layer, ``scores`` or ``sites``, and how it is drawn; every time stamp is the day of the edition."""
    layer = "sites" if table.scores is None else LAYER
    temporary = path.with_name(f".{path.stem}.part.gpkg")
    temporary.unlink(missing_ok=True)
    facts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in table.facts.items()}
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{table.facts['built'][:10]}T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(
            frame(table, stored),
            temporary,
            layer=layer,
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
    describe_columns(temporary, layer, {column.name: column.about for column in table.columns})
    if rules:
        add_style(temporary, layer, rules, description=table.facts["title"], day=table.facts["built"])
    temporary.replace(path)


def parquet_bytes(table: Table, stored: StoredEdition) -> bytes:
    """Write GeoParquet 1.0: the facts under the key ``evenreach`` of its metadata, what a column means in its own."""
    shapes = frame(table, stored)
    arrow = pa.table(shapes.to_arrow(index=False, geometry_encoding="WKB"))
    metadata = {b"geo": json.dumps(_geo(shapes)).encode(), b"evenreach": json.dumps(table.facts).encode()}
    meanings = {column.name: {"description": column.about} for column in table.columns}
    fields = [pa.field(field.name, field.type, metadata=meanings.get(field.name)) for field in arrow.schema]
    plain = pa.schema(fields, metadata=metadata)
    target = io.BytesIO()
    named = [column.name for column in table.columns]  # outlines are all different: a dictionary only slows them
    pq.write_table(arrow.cast(plain), target, compression="snappy", use_dictionary=named)
    return target.getvalue()


def _geo(shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    """Describe the geometry column as GeoParquet wants it."""
    column = {
        "encoding": "WKB",
        "geometry_types": sorted(shapes.geom_type.unique()),
        "crs": CRS.from_user_input(GRID).to_json_dict(),
        **({"bbox": [float(edge) for edge in shapes.total_bounds]} if len(shapes) else {}),
    }
    return {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
