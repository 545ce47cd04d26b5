"""The tables of a stored edition, read back for the programs that need real geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

if TYPE_CHECKING:
    from geodata.store import StoredEdition

NEIGHBOURHOODS = "neighbourhoods.parquet"


def read_neighbourhoods(stored: StoredEdition) -> gpd.GeoDataFrame:
    """Read the joined table of an edition: index ``lsoa21cd``, EPSG:27700."""
    return gpd.read_parquet(stored.path(NEIGHBOURHOODS))


def read_outlines(stored: StoredEdition) -> gpd.GeoSeries:
    """Read the outlines alone: index ``lsoa21cd``, EPSG:27700."""
    return gpd.read_parquet(stored.path(NEIGHBOURHOODS), columns=["lsoa21cd", "geometry"]).geometry
