"""A build: find the sources, read, join, score, encode, publish."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

import geodata.demo
from geodata import counted, neighbourhoods, site_places, vintages
from geodata import store as editions
from geodata.catalogue import Source, load_catalogue
from geodata.definitions import Focus, Indicator, Place, find_place, load_focuses, load_indicators, own_focuses
from geodata.errors import SourceMissing
from geodata.locate import Located, locate
from geodata.ranked_rates import rates_behind_ranks
from geodata.readers import read_all, readable
from geodata.reading import Reading
from geodata.services import old_sources
from layers.access import nearest
from layers.eligible import eligible_people
from service.access.surroundings import write_surroundings
from service.building.access_indicators import access_indicators, gp_fte
from service.building.carried_home import carry_home
from service.building.certainty import write_certainty, write_clusters
from service.building.context import context_of, write_context
from service.building.encode import write_web
from service.building.encode_answers import write_answers
from service.building.encode_grid import GRID_DECIMALS
from service.building.encode_people import write_people
from service.building.facts import FILE7, attribution, edition_facts, report, services_in, source_hashes
from service.building.focus_scores import score_focus
from service.building.material import Material
from service.building.network import Routed, account_for, route, with_attribution
from service.building.network_files import NetworkAsked, read_network
from service.building.shared_edges import on_grid
from service.drawing.render import frame
from service.editions.edition import FRAMES, WEB
from service.editions.scoring import METHOD_VERSION
from service.own.encode import add_own
from service.own.tables import Carried, standing_own
from service.travel.write import write_lines, write_network, write_points

CHILDREN_IN_NEED = (0, 15)  # among whom IDACI counts
NEAR_COLUMNS = ("site_id", "name", "distance_m", "travel_time_min")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildResult:
    """What a build made: the edition, how long it took, and its account."""

    place: str
    edition: str
    folder: Path
    seconds: float
    report: dict[str, Any]


def build(
    place_name: str,
    *,
    sources: Path | None = None,
    store: Path,
    cache: Path | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    today: datetime.date | None = None,
    focus_files: Sequence[Path] = (),
    old_lists: Sequence[str] = (),
    network: NetworkAsked | None = None,
) -> BuildResult:
    """Build one edition of a place and make it the current one.

    Parameters
    ----------
    place_name : str
        Id of a defined place.
    sources : Path, optional
        A folder of published files; without it the publishers are asked.
    store, cache : Path
        Where editions and downloads are kept.
    offline : bool
        Ask no publisher; use folder and cache only.
    progress : callable, optional
        Told what is being done, in a few words.
    focus_files : sequence of Path
        Focuses of a user's own, beside ours.
    old_lists : sequence of str
        Services or sources whose lists are years old, to be read all the same: ``gp_branches``.
    network : NetworkAsked, optional
        Streets and timetable to take times from; those of the edition before are taken along if none are named.

    Returns
    -------
    BuildResult

    Raises
    ------
    DataError
        When a required source is missing, or any file breaks a rule. Nothing is stored then.
    UnknownPlace
        When no place has this name.
    """
    begun = time.monotonic()
    say = progress or (lambda text: None)
    place = find_place(place_name)
    focuses = load_focuses() | own_focuses(focus_files)
    catalogue, folder = _catalogue(place, sources)
    left = old_sources(old_lists)
    wanted = {name: source for name, source in catalogue.items() if name not in left}
    located = _locate_all(wanted, folder, cache or store.parent / "cache", offline or place.fictional, say)
    ways = read_network(network or NetworkAsked(), place, catalogue, located, store, say)
    readings = read_all({name: found.path for name, found in located.items()}, catalogue, say)
    say("joining and scoring")
    material = _join_and_score(place, catalogue, readings, focuses)
    account = report(material, catalogue, located, readings, left)
    facts = {
        "method": METHOD_VERSION,
        "neighbourhoods": len(material.table),
        "population": int(material.table["population"].sum()),
        "sources": source_hashes(catalogue, located, readings),
        "attribution": attribution(catalogue, readings, material.indicators.values())["targeting"],
    }
    routed = None if ways is None else route(ways, material.table, material.sites, say)
    if routed is not None:
        account_for(routed, account, facts)
    say("encoding and publishing")
    published = editions.publish(
        store,
        place.id,
        (today or datetime.date.today()).isoformat(),
        facts,
        lambda target: _write(target, material, catalogue, readings, account, routed, standing_own(store, place.id)),
    )
    return BuildResult(place.id, published.id, published.folder, time.monotonic() - begun, account)


def _join_and_score(
    place: Place, catalogue: Mapping[str, Source], readings: Mapping[str, Reading], focuses: Mapping[str, Focus]
) -> Material:
    """Join all that the readings say, score every focus over the nation, and cut to the place."""
    indicators = load_indicators()
    nation, totals = neighbourhoods.join(readings, indicators)
    boundaries = gpd.GeoDataFrame(readings["lsoa21_boundaries"].table)
    nation["area_m2"] = boundaries.geometry.area.reindex(nation.index).round(1)
    sites = site_places.all_sites(readings, boundaries)
    sites["fte"] = gp_fte(sites, nation["lad24cd"], readings)
    nation = pd.concat([nation, access_indicators(nation, sites, catalogue, indicators)], axis=1)
    census_residents = _census_residents(nation)
    carried = carry_home(readings, indicators, nation["population"], census_residents)
    for indicator in indicators.values():
        if indicator.by_practice:
            nation[indicator.id] = np.nan if carried is None else carried.values[indicator.id]
    ranked_areas = catalogue[FILE7].ranked_areas or len(readings[FILE7].table)
    members = place.members(readings[neighbourhoods.BASE].table)
    fair = _without_partial_lists(nation, members, indicators)
    counts = counted.counts_behind(readings, indicators, nation.index)
    scores = {name: score_focus(fair, focus, indicators, ranked_areas, counts) for name, focus in focuses.items()}
    table = neighbourhoods.with_boundaries(nation.loc[members].drop(columns="area_m2"), boundaries)
    return Material(
        place=place,
        nation=nation,
        table=table,
        boundaries=on_grid(table.geometry.to_numpy(), GRID_DECIMALS),
        sites=site_places.near_place(sites, table),
        scores=scores,
        indicators=indicators,
        totals=totals,
        ranked_areas=ranked_areas,
        in_need=counted.people_in_need(readings, nation.index),
        groups=counted.people_by_group(readings, nation["msoa21cd"], census_residents),
        counts=counts,
        rates=rates_behind_ranks(readings, nation.index, eligible_people(nation, CHILDREN_IN_NEED)),
        carried=carried,
        context=context_of(readings, nation),
    )


def _without_partial_lists(
    nation: pd.DataFrame, members: pd.Index, indicators: Mapping[str, Indicator]
) -> pd.DataFrame:
    """Blank the distance to a service that is known in some councils of the place only.

    Neighbours on either side of a council's border are then scored on the same indicators.
    """
    distances = [indicator.id for indicator in indicators.values() if indicator.nearest]
    partial = [name for name in distances if nation.loc[members, name].isna().any()]
    return nation.assign(**dict.fromkeys(partial, np.nan)) if partial else nation


def _census_residents(nation: pd.DataFrame) -> pd.Series:
    """Residents on Census day where the table is held, else today's."""
    return nation["residents_total"] if nation["residents_total"].notna().any() else nation["population"]


def _write(
    target: Path,
    material: Material,
    catalogue: Mapping[str, Source],
    readings: Mapping[str, Reading],
    account: dict[str, Any],
    routed: Routed | None,
    own: Carried,
) -> None:
    """Write every file of an edition but its manifest; the own tables of the edition before are taken along."""
    table, sites = material.table, material.sites
    councils = material.nation["lad24cd"]
    near = {service: _near(table, sites, catalogue, councils, service) for service in services_in(catalogue, sites)}
    teams = readings["team_areas"].table if "team_areas" in readings else None
    postcodes = readings["postcodes"].table if "postcodes" in readings else None
    meta = edition_facts(material, catalogue, readings) | {"sources": account["sources"]}
    meta["attribution"] = {layer: with_attribution(said, routed) for layer, said in meta["attribution"].items()}
    write_web(target, table, material.boundaries.shapes, material.scores, sites, near, teams, postcodes, meta)
    write_points(target / WEB, table, sites)
    if routed is not None:
        write_network(target, target / WEB, routed.read.streets, routed.read.timetable, routed.minutes, routed.about)
        write_lines(target / WEB, routed.read.streets.lines, table.geometry)
    eligible = {name: scores.eligible for name, scores in material.scores.items()}
    write_surroundings(target / WEB, material.nation, table.index, eligible)
    children = eligible_people(table, CHILDREN_IN_NEED)
    write_people(target / WEB, table.index, material, children)
    write_certainty(target / WEB, material)
    write_clusters(target / WEB, material)
    write_context(target / WEB, material.context, _context_areas(readings, table.index))
    _write_frame(target, material.place.name)
    _write_tables(target, table, sites)
    if vintages.SOURCE in readings:
        residents = _census_residents(material.nation)
        vintages.write_links(target, vintages.links_of_place(readings[vintages.SOURCE].table, table.index, residents))
    add_own(target, own.tables)
    write_answers(target, material.place.id)
    account["own_tables"] = {"carried": [each.name for each in own.tables], "lost": own.lost}
    (target / "build_report.json").write_text(json.dumps(account, indent=1, ensure_ascii=False), encoding="utf-8")


def _context_areas(readings: Mapping[str, Reading], members: pd.Index) -> dict[str, dict[str, str]]:
    """Name the councils and sub-ICB locations that a place lies in, by code."""
    lookup = readings[neighbourhoods.BASE].table.loc[members]
    found = {}
    for level, code, name in (("lad", "lad24cd", "lad24nm"), ("sub_icb", "sicbl24cd", "sicbl24nm")):
        areas = lookup[[code, name]].drop_duplicates(code).sort_values(code)
        found[level] = dict(zip(areas[code], areas[name], strict=True))
    return found


def _catalogue(place: Place, sources: Path | None) -> tuple[dict[str, Source], Path | None]:
    if place.catalogue == "demo":
        home = Path(geodata.demo.__file__).parent
        return load_catalogue(home / "sources.toml"), sources or home / "files"
    return load_catalogue(), sources


def _locate_all(
    catalogue: Mapping[str, Source], folder: Path | None, cache: Path, offline: bool, say: Progress
) -> dict[str, Located]:
    """Find every source that a build opens; a missing one stops the build only if it is required."""
    found = {}
    for name, source in catalogue.items():
        try:
            say(f"finding {source.title}")
            found[name] = locate(
                source, folder=folder, cache=cache, offline=offline or not readable(source), counted=False
            )
        except SourceMissing:
            if source.required:
                raise
    return found


def _near(
    table: pd.DataFrame, sites: pd.DataFrame, catalogue: Mapping[str, Source], councils: pd.Series, service: str
) -> pd.DataFrame:
    """Nearest site of each neighbourhood of the place; missing where the list is not whole."""
    listed = site_places.of_service(sites, service)
    found = nearest(table, listed)
    found["name"] = found["site_id"].map(listed.drop_duplicates("site_id").set_index("site_id")["name"])
    known = site_places.complete_in(catalogue, service, councils, listed).reindex(table.index)
    return found[list(NEAR_COLUMNS)].astype(object).where(known, None)


def _write_frame(target: Path, name: str) -> None:
    folder = target / FRAMES
    folder.mkdir()
    bounds = json.loads((target / WEB / "meta.json").read_text(encoding="utf-8"))["bounds"]
    drawn = frame(tuple(bounds), title=f"Map of {name}")
    (folder / "map.html").write_text(drawn.html, encoding="utf-8")
    (folder / "map.js").write_text(drawn.script, encoding="utf-8")


def _write_tables(target: Path, table: gpd.GeoDataFrame, sites: pd.DataFrame) -> None:
    table.to_parquet(target / "neighbourhoods.parquet", compression="zstd")
    points = gpd.points_from_xy(sites["easting"], sites["northing"])
    gpd.GeoDataFrame(sites, geometry=points, crs=table.crs).to_parquet(target / "sites.parquet", compression="zstd")
