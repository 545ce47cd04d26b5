"""Which sites a plan chooses among: those that exist, candidates from lists, and points of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import shapely

from geodata.crs import to_grid
from layers.gradient import Counts, Vector
from service.editions.edition import Edition
from service.editions.views import View
from service.queries import BadQuery
from service.siting.requests import NEW, OWN, SITE, SitingRequest
from service.siting.site_ids import TAKE_IDS, UNKNOWN_SITE, check_ids
from service.travel.routed import minutes_to_points

Role = Literal["kept", "closable", "candidate", "forbidden"]
REACH_M = 30_000.0  # sites farther from everybody who is counted are left aside
MOST_UNKNOWN = 0.05  # share of the neighbourhoods that may be left out, as the list has gaps there
NEXT_DOOR_M = 5_000.0
LARGEST = 20_000_000  # journeys that one plan may weigh
POINT = "point"
MINUTES_DECIMALS = 4  # stored times are float32: the same spot as a site and as a point is equally far
SHOWN = 5
Held = tuple[int, dict[str, Any]]
"""A site of the edition: its row number, and what is known of it."""


@dataclass(frozen=True)
class Option:
    """A site that stands, or a place where one could.

    Attributes
    ----------
    id, name, postcode, service : str
        Its list's own words; a point of one's own is ``point-1``, of service "point".
    longitude, latitude : float
        Degrees.
    role : {"kept", "closable", "candidate", "forbidden"}
        What may become of it.
    exists : bool
        It is open today.
    inside : bool
        It stands in the area that is looked at.
    lsoa21cd : str or None
        The neighbourhood it stands in.
    capacity : float or None
        People it can take, as its own list has it; None where the list says nothing.
    row : int
        Row number in ``edition.sites()``; -1 for a point.
    """

    id: str
    name: str
    postcode: str
    service: str
    longitude: float
    latitude: float
    role: Role
    exists: bool
    inside: bool
    lsoa21cd: str | None
    capacity: float | None
    row: int


def options(edition: Edition, view: View, request: SitingRequest) -> tuple[list[Option], list[str]]:
    """Collect the sites of a request: kept, closable, candidates, forbidden ones, in this order.

    Parameters
    ----------
    edition, view, request
        The edition, the area looked at, and what is asked.

    Returns
    -------
    list of Option, list of str
        The sites, and sentences about what was left out.

    Raises
    ------
    BadQuery
        For a service or site that is not there, a list that is not complete here, a candidate outside the area.
    """
    rows, area = edition.rows_within(view.within), area_words(edition, view)
    inside = set(edition.codes[rows].tolist())
    existing = _existing(edition, view, request, rows)
    ids = {site["site_id"] for _, site in existing}
    check_ids("close", request.close, ids, "no open site of this service has this id")
    make = partial(_option, inside=inside)
    never, may_close = set(request.forbid), set(request.close)
    found = [make(row, site, "closable" if site["site_id"] in may_close else "kept") for row, site in existing]
    kept_too = _kept_candidates(edition, request, ids)
    found += [make(row, site, "kept") for row, site in kept_too]
    ids |= {site["site_id"] for _, site in kept_too}
    candidates, notes = _candidates(edition, request, inside, area, ids)
    points = _points(edition, request, rows, area)
    known = {site["site_id"] for _, site in candidates} | {point.id for point in points} | may_close
    check_ids("forbid", request.forbid, known, "no candidate has this id")
    new = [make(row, site, "candidate", exists=False) for row, site in candidates] + points
    found = [_with_role(option, "forbidden") if option.id in never else option for option in [*found, *new]]
    return sorted(found, key=_order), notes


def _order(option: Option) -> int:
    return ("kept", "closable", "candidate", "forbidden").index(option.role)


def area_words(edition: Edition, view: View) -> str:
    """Name the area that is looked at."""
    return str(edition.footprint(view.within)["name"] if view.within else edition.place["name"])


def _existing(edition: Edition, view: View, request: SitingRequest, rows: Counts) -> list[Held]:
    """Find the sites of the service that people of the area can use: in it, and within 30 km of somebody there."""
    if request.service == NEW:
        return []
    known = {entry["id"]: entry for entry in edition.services()}
    if request.service not in known:
        choices = ", ".join([*known, NEW])
        raise BadQuery("service", f"There is no service {request.service!r} here.", hint=f"Choose one of {choices}.")
    _check_complete(edition, request.service, rows)
    sites = edition.sites()
    listed = edition.site_rows(request.service)
    near = _near(edition, rows, listed) if view.within else listed
    return [(row, sites[row]) for row in near]


def _near(edition: Edition, rows: Counts, listed: Sequence[int]) -> list[int]:
    """Keep the sites within 30 km of where somebody of the area lives."""
    x, y, _ = edition.centroids()
    east, north = edition.site_points()
    known = rows[np.isfinite(x[rows])]
    kept = []
    for row in listed:
        away = np.hypot(x[known] - east[row], y[known] - north[row])
        if len(away) and away.min() <= REACH_M:
            kept.append(row)
    return kept


def _check_complete(edition: Edition, service: str, rows: Counts) -> None:
    """Refuse a service whose list has gaps here: a site that is not listed would count as one that is not there.

    A few neighbourhoods of a council that lies mostly outside do not stand in the way: they are left out.
    """
    whole = edition.complete_rows(service)[rows]
    if (~whole).mean() <= MOST_UNKNOWN:
        return
    councils = {str(edition.facts(int(row))["lad24nm"]) for row in rows[~whole]}
    plural, where = edition.service(service)["plural"], listed(sorted(councils))
    said = f"{plural}: the list is not complete in {where}, so it is not known where all of them are."
    raise BadQuery("service", said, hint="Choose an area where it is complete, or bring a list of your own.")


def gaps_near(edition: Edition, service: str, rows: Counts) -> list[str]:
    """Name the councils next door to an area where the list of a service has gaps.

    Parameters
    ----------
    edition : Edition
    service : str
    rows : array of int
        Neighbourhoods of the area.

    Returns
    -------
    list of str
        In order: of the place's own councils those within 5 km of the area's people, and those just outside the place.
    """
    whole, here = edition.complete_rows(service), np.zeros(edition.count, dtype=bool)
    here[rows] = True
    x, y, _ = edition.centroids()
    known = rows[np.isfinite(x[rows])]
    gaps = [
        str(edition.facts(int(row))["lad24nm"])
        for row in np.flatnonzero(~whole & ~here & np.isfinite(x))
        if len(known) and np.hypot(x[known] - x[row], y[known] - y[row]).min() <= NEXT_DOOR_M
    ]
    return sorted({*gaps, *edition.service(service)["gaps_next_door"]})


def _kept_candidates(edition: Edition, request: SitingRequest, existing: set[str]) -> list[Held]:
    """Find sites of other kinds that are to count as open, such as one that is decided already."""
    wanted = set(request.keep) - existing
    found = [(row, site) for row, site in enumerate(edition.sites()) if site["site_id"] in wanted]
    check_ids("keep", wanted, {site["site_id"] for _, site in found}, UNKNOWN_SITE)
    return found


def _candidates(
    edition: Edition, request: SitingRequest, inside: set[str], area: str, existing: set[str]
) -> tuple[list[Held], list[str]]:
    """Collect candidates in the area from services, own lists and single sites."""
    sites, notes = edition.sites(), []
    chosen: dict[int, dict[str, Any]] = {}
    for text in request.candidates:
        rows = _rows_of(edition, text)
        here = [row for row in rows if sites[row].get("lsoa21cd") in inside]
        gone = [row for row in rows if sites[row].get("lsoa21cd") not in inside]
        if text.startswith(SITE) and gone:
            said = f"{sites[gone[0]]['name']} ({text.removeprefix(SITE)}) stands outside {area}."
            raise BadQuery("candidates", said, hint="Choose candidates inside the area, or a wider area.")
        if not here:
            said = f"Of the candidates {text!r} none stands in {area}."
            raise BadQuery("candidates", said, hint="Choose candidates inside the area, or a wider area.")
        if text.startswith(OWN) and gone:
            names = listed([str(sites[row]["name"]) for row in gone])
            notes.append(f"Left out of your list {text.removeprefix(OWN)!r}, as outside {area}: {names}.")
        chosen |= {row: sites[row] for row in here if sites[row]["site_id"] not in existing}
    return sorted(chosen.items()), notes


def _rows_of(edition: Edition, text: str) -> list[int]:
    """Row numbers of what one word for candidates means."""
    sites = edition.sites()
    if text.startswith(OWN):
        name = text.removeprefix(OWN)
        found = [row for row, site in enumerate(sites) if site.get("own") == name]
        if not found:
            lists = ", ".join(sorted({OWN + str(site["own"]) for site in sites if site.get("own")})) or "none"
            raise BadQuery("candidates", f"There is no list of sites {name!r} here.", hint=f"There are: {lists}.")
        return found
    if text.startswith(SITE):
        site_id = text.removeprefix(SITE)
        found = [row for row, site in enumerate(sites) if site["site_id"] == site_id]
        if not found:
            raise BadQuery("candidates", f"No site here has the id {site_id[:80]!r}.", hint=TAKE_IDS)
        return found
    known = [entry["id"] for entry in edition.services()]
    if text not in known:
        hint = f"Choose one of {', '.join(known)}; or own:NAME, or site:ID."
        raise BadQuery("candidates", f"There is no service {text!r} here.", hint=hint)
    return edition.site_rows(text)


def _points(edition: Edition, request: SitingRequest, rows: Counts, area: str) -> list[Option]:
    """Place points of one's own in their neighbourhoods; refuse one that lies outside the area."""
    found, within = [], set(rows.tolist())
    for number, (name, longitude, latitude) in enumerate(request.points, 1):
        row = row_of_point(edition, longitude, latitude)
        if row is None or row not in within:
            said = f"{name!r} at {longitude:g}, {latitude:g} lies outside {area}."
            hint = "Candidates stand inside the area that is looked at; give longitude first, then latitude."
            raise BadQuery("point", said, hint=hint)
        code = str(edition.codes[row])
        found.append(
            Option(f"{POINT}-{number}", name, "", POINT, longitude, latitude, "candidate", False, True, code, None, -1)
        )
    return found


def row_of_point(edition: Edition, longitude: float, latitude: float) -> int | None:
    """Row number of the neighbourhood a point lies in, by the outlines as published; the lower code on an edge."""
    point = shapely.Point(longitude, latitude)
    for row in edition.rows_in_box(longitude, latitude, longitude, latitude).tolist():
        shape = shapely.from_geojson(edition.shapes("full")[row])
        if shapely.intersects(shape, point):
            return int(row)
    return None


def _option(row: int, site: dict[str, Any], role: Role, *, inside: set[str], exists: bool = True) -> Option:
    capacity = site.get("capacity")
    return Option(
        id=str(site["site_id"]),
        name=str(site["name"]),
        postcode=str(site.get("postcode") or ""),
        service=str(site["service"]),
        longitude=float(site["lon"]),
        latitude=float(site["lat"]),
        role=role,
        exists=exists,
        inside=site.get("lsoa21cd") in inside,
        lsoa21cd=site.get("lsoa21cd"),
        capacity=None if capacity is None else float(capacity),
        row=row,
    )


def _with_role(option: Option, role: Role) -> Option:
    return Option(**{**vars(option), "role": role})


def listed(names: Sequence[str], between: str = ", ") -> str:
    """Name a few things, and say how many more there are."""
    shown = [*names[:SHOWN], f"{len(names) - SHOWN} more"] if len(names) > SHOWN else list(names)
    return shown[0] if len(shown) == 1 else f"{between.join(shown[:-1])} and {shown[-1]}"


def minutes_to(edition: Edition, mode: str, rows: Counts, sites: Sequence[Option]) -> Vector:
    """Minutes from the neighbourhoods of a view to its sites, shape (n, m); inf out of reach, NaN not known.

    Raises
    ------
    BadQuery
        If the edition has no such mode, or the table would be too large.
    """
    if mode not in edition.modes():
        said = f"There are no travel times by {mode[:40]!r} here."
        raise BadQuery("mode", said, hint=f"Choose one of {', '.join(edition.modes())}.")
    if len(rows) * len(sites) > LARGEST:
        said = f"{len(rows):,} neighbourhoods and {len(sites):,} sites are too many to weigh at once."
        raise BadQuery("within", said, hint="Choose an area, such as one council with within=lad:CODE.")
    held = [(number, site.row) for number, site in enumerate(sites) if site.row >= 0]
    found = np.full((len(rows), len(sites)), np.nan)
    if held:
        columns, site_rows = (list(part) for part in zip(*held, strict=True))
        found[:, columns] = edition.minutes(mode, site_rows)[rows]
    points = [number for number, site in enumerate(sites) if site.row < 0]
    if points:
        found[:, points] = _to_points(edition, mode, [sites[number] for number in points])[rows]
    return np.round(found, MINUTES_DECIMALS)


def _to_points(edition: Edition, mode: str, points: Sequence[Option]) -> Vector:
    import pandas as pd

    easting, northing = to_grid([point.longitude for point in points], [point.latitude for point in points])
    codes = [point.lsoa21cd for point in points]
    return minutes_to_points(edition, mode, pd.DataFrame({"easting": easting, "northing": northing, "lsoa21cd": codes}))
