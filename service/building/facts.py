"""What an edition says of itself: facts of place, focuses and indicators, and the account of its sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geodata import site_places
from geodata.catalogue import LICENCES, Source
from geodata.definitions import Indicator, Place
from geodata.locate import Located
from geodata.readers import LEANING_ON_POSTCODES
from geodata.reading import EXAMPLES_SHOWN, Reading
from geodata.services import load_services, sources_of
from layers.map_classes import class_breaks
from layers.travel_time import ESTIMATED
from service.building.carried_home import registration_facts
from service.building.certainty import balance_facts
from service.building.encode_people import people_facts
from service.building.focus_scores import focus_facts
from service.building.material import Material
from service.editions.scoring import METHOD_VERSION

BOUNDARIES = "lsoa21_boundaries"
FILE7 = "iod2025_file7"
NEXT_DOOR_M = 5_000.0  # councils that begin this near to where people of a place live


def edition_facts(
    material: Material, catalogue: Mapping[str, Source], readings: Mapping[str, Reading]
) -> dict[str, Any]:
    """Return what the web process knows of an edition beside its figures."""
    table, nation, indicators = material.table, material.nation, material.indicators
    reference = material.reference
    councils, services = set(table["lad24cd"]), services_in(catalogue, material.sites)
    complete_for = {service: complete_councils(material, catalogue, service) for service in services}
    neighbours = next_door(table, nation)
    return {
        "place": place_facts(material.place, table),
        "focuses": {
            name: focus_facts(scored, indicators, reference) | balance_facts(scored, nation["imd_score"])
            for name, scored in material.scores.items()
        },
        "indicators": {name: indicator_facts(part, nation, table) for name, part in indicators.items()},
        "attribution": attribution(catalogue, readings, indicators.values()),
        "method": METHOD_VERSION,
        "reference": reference,
        "complete": {service: councils <= set(whole) for service, whole in complete_for.items()},
        "complete_in": complete_for,
        "gaps_next_door": {service: gaps_next_door(neighbours, catalogue, service) for service in services},
        "accepting": {"date": catalogue[site_places.PAGES].period} if site_places.PAGES in readings else {},
        "ranked_areas": material.ranked_areas,
        "time_basis": ESTIMATED,
        "registration": registration_facts(material.carried, table.index),
    } | people_facts(material.groups, material.counts)


def services_in(catalogue: Mapping[str, Source], sites: pd.DataFrame) -> tuple[str, ...]:
    """Name the services that an edition speaks of: those with a site, and those with a list that is not old."""
    there = set(sites["service"])
    listed = [one for one in load_services().values() if one.id in there or (one.source in catalogue and not one.old)]
    return tuple(service.id for service in listed)


def complete_councils(material: Material, catalogue: Mapping[str, Source], service: str) -> list[str]:
    """Codes of the councils of the place where the list of a service is whole.

    A council that lies partly outside is judged by its sites in and near the place, not only by those inside.
    """
    listed = site_places.of_service(material.sites, service)
    councils = material.nation["lad24cd"]
    councils = councils[councils.isin(material.table["lad24cd"].unique())]
    whole = site_places.complete_in(catalogue, service, councils, listed)
    return sorted(councils[whole].unique())


def next_door(table: pd.DataFrame, nation: pd.DataFrame) -> pd.Series:
    """Name the councils outside a place with people within `NEXT_DOOR_M` of it.

    Parameters
    ----------
    table, nation : pandas.DataFrame, index lsoa21cd
        ``lad24cd``, ``lad24nm``, ``centroid_x_m`` and ``centroid_y_m`` (metres) of the place and of all that is held.

    Returns
    -------
    pandas.Series of str, index lad24cd
        Empty where nothing beside the place is held.
    """
    points = ["centroid_x_m", "centroid_y_m"]
    others = nation[~nation["lad24cd"].isin(table["lad24cd"].unique())].dropna(subset=points)
    own = table[points].dropna()
    if others.empty or own.empty:
        return pd.Series(dtype=str)
    near = cKDTree(own).query(others[points], distance_upper_bound=NEXT_DOOR_M)[0]
    councils = others.loc[np.isfinite(near), ["lad24cd", "lad24nm"]].drop_duplicates("lad24cd")
    return pd.Series(councils["lad24nm"].to_numpy(), index=councils["lad24cd"], dtype=str)


def gaps_next_door(councils: pd.Series, catalogue: Mapping[str, Source], service: str) -> list[str]:
    """Name, in order, the councils next door (see `next_door`) where the list of a service has gaps.

    By what lists say of themselves alone: of a council next door not all sites are held, so that none may be held
    where it has some.
    """
    return sorted(
        str(name) for code, name in councils.items() if not site_places.claimed_whole(catalogue, service, str(code))
    )


def place_facts(place: Place, table: pd.DataFrame) -> dict[str, Any]:
    """Return name, kind, dates and size of a place."""
    return {
        "id": place.id,
        "name": place.name,
        "kind": place.kind,
        "about": place.about,
        "fictional": place.fictional,
        "valid_from": place.valid_from.isoformat(),
        "valid_to": place.valid_to.isoformat() if place.valid_to else None,
        "neighbourhoods": len(table),
        "population": int(table["population"].sum()),
        "councils": int(table["lad24cd"].nunique()),
    }


def indicator_facts(indicator: Indicator, nation: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    """Return what is known of an indicator in a place, and its median over all that is held where all is known."""
    values = table[indicator.id]
    breaks = class_breaks(values.to_numpy(dtype=float), decimals=indicator.decimals)
    partial = indicator.from_sites and nation[indicator.id].isna().any()  # known in some councils only
    return {
        "id": indicator.id,
        "name": indicator.name,
        "short": indicator.short,
        "unit": indicator.unit,
        "polarity": indicator.polarity,
        "period": indicator.period,
        "about": indicator.about,
        "source": indicator.source,
        "also": list(indicator.also),
        "grade": indicator.grade,
        "not_for": indicator.not_for,
        "decimals": indicator.decimals,
        "known": int(values.notna().sum()),
        "breaks": list(breaks.upper),
        "counts": list(breaks.counts),
        "place_median": _median(values),
        "access": indicator.from_sites,
        "reference_median": None if partial else _median(nation[indicator.id]),
    }


def _median(values: pd.Series) -> float | None:
    return round(float(values.median()), 6) if values.notna().any() else None


def attribution(
    catalogue: Mapping[str, Source], readings: Mapping[str, Reading], indicators: Iterable[Indicator]
) -> dict[str, list[str]]:
    """Sentences each layer has to carry, boundaries and deprivation first; any indicator can be among its figures."""
    base = [
        *(BOUNDARIES, "lsoa21_lookup", FILE7, "population_mid2022", "census2021_age", "gp_registrations"),
        "patients_per_gp",
    ]
    sites = [*sources_of(load_services().values()), site_places.PAGES, "postcodes"]  # every map can show them
    behind = [name for indicator in indicators for name in (indicator.source, *indicator.also)]
    found = {}
    for layer in ("targeting", "need", "imd", "indicator", "sites"):
        names = [*(base[:3] if layer == "imd" else (*base, *behind)), *sites]
        found[layer] = list(dict.fromkeys(catalogue[name].attribution for name in names if name in readings))
    return found


def source_hashes(
    catalogue: Mapping[str, Source], located: Mapping[str, Located], readings: Mapping[str, Reading]
) -> dict[str, dict[str, Any]]:
    """Return edition, file, hash and size of every source that was read, for the manifest."""
    return {
        name: {
            "edition": catalogue[name].edition,
            "file": found.path.name,
            "sha256": found.sha256,
            "bytes": found.bytes,
        }
        for name, found in located.items()
        if name in readings
    }


def report(
    material: Material,
    catalogue: Mapping[str, Source],
    located: Mapping[str, Located],
    readings: Mapping[str, Reading],
    left: Collection[str],
) -> dict[str, Any]:
    """Account for every source: rows read, used, not used and why; and for people and sites.

    Parameters
    ----------
    left : collection of str
        Ids of the sources that are read only when asked for, and were not.
    """
    table, sites = material.table, material.sites
    inside = sites[sites["inside"]]
    return {
        "place": material.place.id,
        "neighbourhoods": len(table),
        "population": int(table["population"].sum()),
        "reference": material.reference,
        "totals": [vars(total) for total in material.totals],
        "registrations": registration_facts(material.carried, table.index),
        "sites": {
            service: {
                "inside": int((inside["service"] == service).sum()),
                "near": int((sites["service"] == service).sum() - (inside["service"] == service).sum()),
            }
            for service in services_in(catalogue, sites)
        },
        "sources": [
            _source_facts(source, located.get(name), readings.get(name), table.index, sites, asked=name not in left)
            | (_mended(table.index[material.boundaries.mended]) if name == BOUNDARIES else {})
            for name, source in catalogue.items()
        ],
    }


def _mended(codes: pd.Index) -> dict[str, Any]:
    """Say which published boundaries had to be mended, where any had to."""
    if codes.empty:
        return {}
    more = ", ..." if len(codes) > EXAMPLES_SHOWN else ""
    named = ", ".join(codes[:EXAMPLES_SHOWN]) + more
    return {
        "warning": f"boundaries that did not meet their neighbours exactly were mended: {named} ({len(codes)} in all)",
        "mended": codes.tolist(),
    }


def _source_facts(
    source: Source,
    found: Located | None,
    reading: Reading | None,
    members: pd.Index,
    sites: pd.DataFrame,
    *,
    asked: bool,
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "licence": LICENCES[source.licence][0],
        "licence_page": LICENCES[source.licence][1],
        "attribution": source.attribution,
        "edition": source.edition,
        "period": source.period,
        "landing_page": source.landing_page,
        "accepted_formats": source.accepted_formats,
        "note": source.note,
        "file": found.path.name if found else source.files[0],
        "sha256": found.sha256 if found else None,
        # a folder's files carry the date of the copy, which says nothing of the source
        "modified": found.modified.date().isoformat() if found and found.origin != "folder" else None,
        "origin": found.origin if found else None,
        "warning": _warning(source, found, reading),
    }
    if reading is None:
        status = "missing" if found is None else "held, not used in this edition"
        if not asked:
            status = "off unless asked for"
        if found is not None and source.id in LEANING_ON_POSTCODES:
            facts["warning"] = "placed by postcode, and no postcode look-up is held"
        return facts | {"status": status, "rows_read": None, "rows_used": None, "left_out": []}
    used, outside = _used(reading, members, sites, source)
    left_out = [vars(part) | {"examples": list(part.examples)} for part in reading.left_out]
    if outside:
        left_out.append({"reason": "outside the place", "rows": outside, "examples": []})
    return facts | {"status": "used", "rows_read": reading.rows_read, "rows_used": used, "left_out": left_out}


def _warning(source: Source, found: Located | None, reading: Reading | None) -> str | None:
    """Say what is not as it should be: a late copy, or another number of rows than the edition has."""
    expected = source.rows_expected_in(found.path.name) if found else None
    if found is None or found.warning or reading is None or expected in (None, reading.rows_read):
        return found.warning if found else None
    return f"{found.path.name} has {reading.rows_read:,} rows; this edition ({source.edition}) has {expected:,}"


def _used(reading: Reading, members: pd.Index, sites: pd.DataFrame, source: Source) -> tuple[int, int]:
    """Rows of a table that are about the place, and rows that are not."""
    table = reading.table
    if source.id in site_places.SITE_SOURCES:
        used = int(table["site_id"].isin(sites["site_id"]).sum())
    elif "lsoa21cd" in table.columns:
        used = int(table["lsoa21cd"].isin(members).sum())
    elif table.index.name == "lsoa21cd":
        used = int(table.index.isin(members).sum())
    else:
        used = len(table)
    return used, len(table) - used
