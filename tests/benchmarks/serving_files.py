"""The row about reading: all England from our GeoParquet beside what else is downloaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
from peers.contests import Report, compete_once


def read_row(report: Report, scores: Path, folder: Path, rounds: int) -> None:
    """Read the scores of England with geopandas: our file, geopandas' own file of it, and older formats.

    Parameters
    ----------
    scores : pathlib.Path
        Our GeoParquet file.
    """
    table = gpd.read_parquet(scores)
    plain, package, text = folder / "plain.parquet", folder / "england.gpkg", folder / "england.geojson"
    table.to_parquet(plain)
    table.to_file(package)
    table.to_crs(4326).to_file(text)
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(gpd.read_parquet(plain)))
    for other in (package, text):
        read = gpd.read_file(other)
        assert read["lsoa21cd"].tolist() == table["lsoa21cd"].tolist(), other
        assert read["targeting_score"].tolist() == table["targeting_score"].tolist(), other

    def timed(read: Callable[[Path], object], path: Path) -> Callable[[], tuple[float, int]]:
        def once() -> tuple[float, int]:
            begun = time.perf_counter()
            read(path)
            return time.perf_counter() - begun, path.stat().st_size

        return once

    work, plain_name = f"read {len(table):,} areas into geopandas", "the same table written by geopandas, read_parquet"
    ours = {"Evenreach's GeoParquet": timed(gpd.read_parquet, scores)}
    compete_once(
        report, work, ours | {plain_name: timed(gpd.read_parquet, plain)}, {plain_name: ">= 0.83 x"}, rounds=4 * rounds
    )
    older = {"GeoPackage": timed(gpd.read_file, package), "GeoJSON": timed(gpd.read_file, text)}
    compete_once(report, f"{work}, older formats", ours | older, {"GeoJSON": ">= 9 x"}, rounds=rounds)
