"""Where sites are: in which neighbourhood, and which of them matter to a place."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.catalogue import Source
from geodata.crs import GRID
from geodata.postcodes import Gazetteer
from geodata.reading import Reading
from geodata.services import giving, load_services, sources_of
from geodata.sites import SITE_COLUMNS

SITE_SOURCES = sources_of(load_services().values())
PAGES = "dental_pages"  # where practices say whether they take new NHS patients
REACH_M = 30_000.0  # sites outside a place are kept this far from it
BY_POINT = ("hospital", "diagnostic_centre", "surgical_hub")  # their lists give points, and some postcodes are wrong
ANSWERS = ("accepting_children", "accepting_adults")


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
        `SITE_COLUMNS`; ``lsoa21cd`` is None where neither postcode nor point finds one. The supply of a practice
        is split over its sites, and dentists have their answers (see `with_answers`).
    """
    held = [readings[name].table for name in SITE_SOURCES if name in readings]
    if not held:
        return pd.DataFrame(columns=list(SITE_COLUMNS))
    sites = pd.concat([table.astype(object) for table in held], ignore_index=True)
    if "postcodes" in readings:
        by_postcode = Gazetteer(readings["postcodes"].table).find(sites["postcode"].astype("str"))["lsoa21cd"]
        found = sites["lsoa21cd"].notna() | sites["service"].isin(BY_POINT)
        sites["lsoa21cd"] = sites["lsoa21cd"].where(found, by_postcode)
    lost = sites["lsoa21cd"].isna() & sites["easting"].notna()
    if lost.any():
        sites.loc[lost, "lsoa21cd"] = by_point(sites[lost], boundaries)
    sites["lsoa21cd"] = sites["lsoa21cd"].astype(object).where(sites["lsoa21cd"].notna(), None)
    sites = with_answers(supply_split(sites), readings[PAGES].table if PAGES in readings else None)
    return sites.astype({"easting": float, "northing": float}).sort_values(["service", "site_id"], ignore_index=True)


def supply_split(sites: pd.DataFrame) -> pd.DataFrame:
    """Return sites with what a practice supplies split evenly over it and its branches, never repeated.

    Parameters
    ----------
    sites : pandas.DataFrame
        ``site_id``, ``supply`` and ``part_of``: the site that a branch belongs to, None for others.
    """
    whole = sites["part_of"].where(sites["part_of"].notna(), sites["site_id"])
    branched = whole.isin(sites["part_of"].dropna())
    of_whole = sites.drop_duplicates("site_id").set_index("site_id")["supply"].astype(float)
    shares = whole[branched].map(of_whole) / whole[branched].map(whole[branched].value_counts())
    return sites.assign(supply=sites["supply"].astype(float).mask(branched, shares.reindex(sites.index)))


def with_answers(sites: pd.DataFrame, pages: pd.DataFrame | None) -> pd.DataFrame:
    """Return sites with what dental practices say of new NHS patients, from their pages of the NHS website.

    Parameters
    ----------
    sites : pandas.DataFrame
        `SITE_COLUMNS`.
    pages : pandas.DataFrame or None
        ``site_id``, ``postcode``, ``accepting_children`` and ``accepting_adults`` of each page.

    Returns
    -------
    pandas.DataFrame
        With ``accepting_by``: "code" where the page of a practice has its code (written with one more 0 and
        perhaps a number behind it), "postcode" where there is none and all pages at its postcode say the same,
        else None. An answer that is not known stays None: it is never a no.
    """
    sites = sites.assign(accepting_by=None)
    dental = sites["service"] == "dental"
    if pages is None or not dental.any():
        return sites
    numbers, postcodes = _practice_number(sites.loc[dental, "site_id"]), sites.loc[dental, "postcode"]
    by_code = _agreed(pages, _practice_number(pages["site_id"])).reindex(numbers).set_axis(numbers.index)
    by_postcode = _agreed(pages, pages["postcode"]).reindex(postcodes).set_axis(postcodes.index)
    coded, placed = by_code["pages"].notna(), by_postcode["pages"].notna() & by_postcode["agree"].eq(True)
    for answer in ANSWERS:
        joined = by_code[answer].where(coded, by_postcode[answer].where(placed, None))
        sites.loc[dental, answer] = joined.astype(object).where(joined.notna(), None)
    how = np.where(coded, "code", np.where(placed, "postcode", ""))
    sites.loc[dental, "accepting_by"] = pd.Series(how, index=numbers.index, dtype=object).replace("", None)
    return sites


def _practice_number(ids: pd.Series) -> pd.Series:
    """Return the number in a dental practice's code: V00123, V000123 and V000123_1 are one practice."""
    return ids.astype("str").str.extract(r"^V0*([1-9]\d*)(?:_\d+)?$")[0]


def _agreed(pages: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Return, for each key, the answers that all its pages give (None where they differ), and how many pages."""
    words = pages[list(ANSWERS)].astype(object).map(lambda answer: "" if answer is None else str(answer))
    grouped = words.groupby(key.to_numpy())
    same = grouped.nunique() <= 1
    first = grouped.first().map({"True": True, "False": False, "": None}.get)
    return first.where(same, None).assign(pages=grouped.size(), agree=same.all(axis=1))


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
    return sites[sites["service"].isin(giving(service))].reset_index(drop=True)


def complete_in(catalogue: Mapping[str, Source], service: str, councils: pd.Series, sites: pd.DataFrame) -> pd.Series:
    """Whether the list of a service is whole in each neighbourhood's council.

    Parameters
    ----------
    councils : pandas.Series of str, index lsoa21cd
        ``lad24cd`` of each neighbourhood.
    sites : pandas.DataFrame
        Sites of that service; a council with no listed site is never complete, unless councils share the sites
        of this service and the list is of the whole nation.

    Returns
    -------
    pandas.Series of bool, index lsoa21cd
    """
    known = load_services().get(service)
    shared = known is not None and known.shared
    listed = set(councils.reindex(sites["lsoa21cd"].dropna().unique()).dropna())
    whole = {
        council: (shared or council in listed) and claimed_whole(catalogue, service, council)
        for council in councils.unique()
    }
    return councils.map(whole).astype(bool)


def claimed_whole(catalogue: Mapping[str, Source], service: str, council: str) -> bool:
    """Whether some list of a service is said to be whole in a council (``lad24cd``), whatever sites it has there."""
    return any(source.is_complete_for(service, council) for source in catalogue.values())
