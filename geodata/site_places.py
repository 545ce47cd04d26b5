"""Where sites are: in which neighbourhood, and which of them matter to a place."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from geodata.catalogue import Source
from geodata.crs import GRID
from geodata.postcodes import Gazetteer
from geodata.reading import Reading
from geodata.sites import SITE_COLUMNS

SITE_SOURCES = ("gp_practices", "dental_practices", "family_hubs")
REACH_M = 30_000.0  # sites outside a place are kept this far from it
INCLUDES = {"childrens_centre": ("childrens_centre", "family_hub")}  # hubs count as centres too


def all_sites(readings: Mapping[str, Reading], boundaries: gpd.GeoDataFrame) -> pd.DataFrame:
    """All sites of all services, each in its neighbourhood.

    Parameters
    ----------
    readings : mapping of source id to Reading
        The site sources that are held, and the postcodes.
    boundaries : geopandas.GeoDataFrame, index lsoa21cd, EPSG:27700
        Published boundaries, for sites whose postcode is not in the look-up.

    Returns
    -------
    pandas.DataFrame
        `SITE_COLUMNS`; ``lsoa21cd`` is None where neither postcode nor point finds one.
    """
    held = [readings[name].table for name in SITE_SOURCES if name in readings]
    if not held:
        return pd.DataFrame(columns=list(SITE_COLUMNS))
    sites = pd.concat([table.astype(object) for table in held], ignore_index=True)
    if "postcodes" in readings:
        by_postcode = Gazetteer(readings["postcodes"].table).find(sites["postcode"].astype("str"))["lsoa21cd"]
        sites["lsoa21cd"] = sites["lsoa21cd"].where(sites["lsoa21cd"].notna(), by_postcode)
    lost = sites["lsoa21cd"].isna() & sites["easting"].notna()
    if lost.any():
        sites.loc[lost, "lsoa21cd"] = by_point(sites[lost], boundaries)
    sites["lsoa21cd"] = sites["lsoa21cd"].astype(object).where(sites["lsoa21cd"].notna(), None)
    return sites.astype({"easting": float, "northing": float}).sort_values(["service", "site_id"], ignore_index=True)


def by_point(sites: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> pd.Series:
    """Neighbourhood in which each site's point lies, missing where it lies in none.

    Parameters
    ----------
    sites : pandas.DataFrame
        ``easting``, ``northing`` in metres, EPSG:27700.
    boundaries : geopandas.GeoDataFrame, index lsoa21cd, EPSG:27700
        Published boundaries.
    """
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(sites["easting"].astype(float), sites["northing"].astype(float)),
        index=sites.index,
        crs=GRID,
    )
    found = gpd.sjoin(points, boundaries[["geometry"]], how="left", predicate="intersects")
    key = boundaries.index.name or "index_right"
    # A point on a shared edge touches two: the lower code wins, whatever the order of the file.
    return found[key].sort_values().groupby(level=0).first().reindex(sites.index)


def near_place(sites: pd.DataFrame, place: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sites in a place or within 30 km of it, with ``inside``.

    Parameters
    ----------
    sites : pandas.DataFrame
        As `all_sites` gives them.
    place : geopandas.GeoDataFrame, index lsoa21cd, EPSG:27700
        Neighbourhoods of the place.

    Returns
    -------
    pandas.DataFrame
        With ``inside`` (bool): in a neighbourhood of the place. A site without a point is left out.
    """
    sites = sites[sites[["easting", "northing"]].notna().all(axis=1)]
    points = shapely.points(sites["easting"].to_numpy(dtype=float), sites["northing"].to_numpy(dtype=float))
    tree = shapely.STRtree(place.geometry.to_numpy())
    near = tree.query_nearest(points, max_distance=REACH_M, all_matches=False)[0] if len(sites) else []
    inside = sites["lsoa21cd"].isin(place.index)
    kept = inside | sites.index.isin(sites.index[near])
    return sites.assign(inside=inside)[kept].reset_index(drop=True)


def of_service(sites: pd.DataFrame, service: str) -> pd.DataFrame:
    """Sites that give a service: children's centres include Family Hubs."""
    return sites[sites["service"].isin(INCLUDES.get(service, (service,)))].reset_index(drop=True)


def complete_in(catalogue: Mapping[str, Source], service: str, councils: pd.Series, sites: pd.DataFrame) -> pd.Series:
    """Whether the list of a service is whole in each neighbourhood's council.

    Parameters
    ----------
    councils : pandas.Series of str, index lsoa21cd
        ``lad24cd`` of each neighbourhood.
    sites : pandas.DataFrame
        Sites of that service; a council with no listed site is never complete.

    Returns
    -------
    pandas.Series of bool, index lsoa21cd
    """
    lists = [source for source in catalogue.values() if service in source.complete_for]
    listed = set(councils.reindex(sites["lsoa21cd"].dropna().unique()).dropna())
    whole = {
        council: council in listed and any(source.is_complete_for(service, council) for source in lists)
        for council in councils.unique()
    }
    return councils.map(whole).astype(bool)
