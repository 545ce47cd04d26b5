"""The figures that every peer gets: the published boundaries with the scores of a place, in degrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

WHOLE = "int64"


def score_file(store: Path, place: str, out: Path, *, focus: str = "core", weights: str = "") -> Path:
    """Write the scores of a place as an analyst would: with the command, as GeoParquet."""
    evenreach = Path(sys.executable).parent / "evenreach"
    command = [evenreach, "score", place, "--store", store, "--focus", focus, "--out", out, "--quiet"]
    subprocess.run([*command, *(["--weights", weights] if weights else [])], check=True)
    return out


def peer_table(scores: Path, out: Path) -> gpd.GeoDataFrame:
    """Turn a score file into what a peer holds: the same columns, boundaries in degrees, the code as index."""
    table = gpd.read_parquet(scores).to_crs(4326).set_index("lsoa21cd", drop=False)
    table.index.name = None
    return write_table(table, out)


def write_table(table: gpd.GeoDataFrame, out: Path) -> gpd.GeoDataFrame:
    """Write a table of the peers; columns without any figure hold nothing, of no type."""
    empty = [name for name in table.columns if name != table.geometry.name and table[name].isna().all()]
    table[empty] = table[empty].astype("object").where(table[empty].notna(), None)
    table.to_parquet(out)
    return table


def column_types(table: gpd.GeoDataFrame) -> dict[str, str]:
    """Name the PostgreSQL type of each column but the boundaries."""
    types = {}
    for name in table.columns.drop(table.geometry.name):
        values = table[name]
        number = pd.api.types.is_numeric_dtype(values)
        whole = values.dtype == WHOLE
        types[name] = "integer" if whole else "double precision" if number else "text"
    return types


def copy_text(table: gpd.GeoDataFrame) -> str:
    """Write a table as CSV for PostgreSQL's COPY, boundaries last as hexadecimal WKB."""
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    plain["geom"] = table.geometry.to_wkb(hex=True)
    return plain.to_csv(index=False, header=False)
