"""What streets and timetable give for one place: minutes to its sites, and an account of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geodata.catalogue import LICENCES
from geodata.dates import day as day_words
from geodata.timetables import Timetable
from layers.routing import SNAP_LIMIT_M
from service.building.network_files import STREETS, TIMETABLE, BadNetwork, NetworkRead, refuse_elsewhere
from service.travel.edition_times import TRANSIT, Minutes
from service.travel.route import Ways, metres_to_street, minutes_over
from service.travel.write import origins_of

MOST_NEIGHBOURHOODS = 2_000
FICTIONAL = "MIT"
SHOWN_DISTANCES = ("median_m", "p95_m", "furthest_m")


@dataclass(frozen=True)
class Routed:
    """What streets and timetable give for one place.

    Attributes
    ----------
    read : NetworkRead
    minutes : mapping of mode to float64 array, shape (n, sites)
    about : dict
        As `service.travel.edition_times.TravelOfEdition.network` gives it.
    """

    read: NetworkRead
    minutes: Mapping[str, Minutes]
    about: dict[str, Any] = field(default_factory=dict)


def route(read: NetworkRead, table: pd.DataFrame, sites: pd.DataFrame, say: Callable[[str], None]) -> Routed:
    """Work out minutes from every neighbourhood of a place to every site in and near it.

    Parameters
    ----------
    table : geopandas.GeoDataFrame, index lsoa21cd
        The place's neighbourhoods.
    sites : pandas.DataFrame
        As `geodata.site_places.near_place` gives them.

    Raises
    ------
    BadNetwork
        network-too-large for places of more than 2,000 neighbourhoods; network-elsewhere where people live more than
        1 km from every street: the streets are of another place, or cut too tight; network-needs-homes where no
        centroid is known.
    """
    if len(table) > MOST_NEIGHBOURHOODS:
        message = f"the place has {len(table):,} neighbourhoods; times over streets are for at most "
        hint = "Build its councils or systems with streets, and this place without."
        raise BadNetwork(f"{message}{MOST_NEIGHBOURHOODS:,}", rule="network-too-large", hint=hint)
    origins = origins_of(table)
    ways = Ways(read.streets.networks, read.timetable)
    refuse_elsewhere(read.streets, origins[origins["centroid_x_m"].notna()])
    snap = _snap(ways, origins, sites)
    minutes = {}
    for mode in ways.modes():
        say(f"working out times: {mode}")
        minutes[mode] = minutes_over(ways, mode, origins, sites)
    about = {
        "streets": read.streets.facts,
        "timetable": None if read.timetable is None else read.timetable.facts,
        "basis": {mode: basis(read, mode) for mode in ways.modes()},
        "snap": snap,
        "carried": list(read.carried),
        "notes": _notes(read, snap),
        "timetable_notes": _timetable_notes(read.timetable),
        "sources": source_entries(read),
    }
    return Routed(read, minutes, about)


def _snap(ways: Ways, origins: pd.DataFrame, sites: pd.DataFrame) -> dict[str, Any]:
    """Measure how far people and sites are from a street."""
    placed = origins[origins["centroid_x_m"].notna()]
    found: dict[str, Any] = {}
    for mode, network in ways.networks.items():
        away = metres_to_street(network, placed["centroid_x_m"], placed["centroid_y_m"])
        figures = (np.median(away), np.percentile(away, 95), away.max())
        found[mode] = {name: round(float(value), 1) for name, value in zip(SHOWN_DISTANCES, figures, strict=True)} | {
            "past_limit": int((away > SNAP_LIMIT_M).sum()),
            "furthest": str(placed.index[int(away.argmax())]),
        }
    outside = metres_to_street(ways.networks["walk"], sites["easting"], sites["northing"]) > SNAP_LIMIT_M
    found["sites"] = {"all": len(sites), "outside": int(outside.sum())}
    return found


def basis(read: NetworkRead, mode: str) -> str:
    """Say what the times of a mode rest on."""
    source, date = read.sources[STREETS], read.streets.facts["date"]
    if source.licence != FICTIONAL:
        streets = f"street network, OpenStreetMap of {day_words(date)}" if date else "street network, OpenStreetMap"
    else:
        streets = "street network (fictional)"
    if mode != TRANSIT or read.timetable is None:
        return streets
    first, last = read.timetable.facts["window"]
    fictional = " (fictional)" if source.licence == FICTIONAL else ""
    return f"street network and timetable{fictional}, leaving {first} to {last} on {read.timetable.facts['day_words']}"


def _notes(read: NetworkRead, snap: Mapping[str, Any]) -> list[str]:
    """Sentences for the account of the build and the page of sources."""
    facts, walk, sites = read.streets.facts, snap["walk"], snap["sites"]
    speeds = facts["speeds"]
    shares = ", ".join(f"{mode} {about['largest_part_share']:.1%}" for mode, about in facts["modes"].items())
    found = [
        f"The middle of where people live lies {walk['median_m']:.0f} m from a street or path in half of the "
        f"neighbourhoods, and at most {walk['furthest_m']:.0f} m ({walk['furthest']}).",
        f"Share of the streets that hang together and are used: {shares}.",
        f"Walking is at {speeds['walk']:g} km/h and cycling at {speeds['cycle']:g} km/h. Cars make "
        f"{speeds['drive_town']:g} of the limit, and {speeds['drive_open']:g} of it from 50 miles an hour.",
    ]
    if sites["outside"]:
        found.append(
            f"{sites['outside']:,} of {sites['all']:,} sites in and near the place lie outside the streets of the "
            "file: times to them are not known."
        )
    if read.carried:
        found.append("Taken along from the edition before. Name newer files with --network and --timetable.")
    return found + list(read.notes)


def _timetable_notes(timetable: Timetable | None) -> list[str]:
    """Sentences on the day, the trips and what was left out."""
    if timetable is None:
        return []
    facts = timetable.facts
    (first, last), (begin, end) = facts["window"], facts["runs"]
    found = [
        f"Day: {facts['day_words']}, {facts['day_chosen']}; the timetable runs from {day_words(begin)} to "
        f"{day_words(end)}. Each time is the middle of those of all who leave from {first} to {last}.",
        f"{facts['trips']:,} trips call at {facts['stops']:,} stops near the streets.",
    ]
    found += [f"Left out: {part['rows']:,} {part['reason']}." for part in facts["left_out"]]
    if facts["untimed_calls"]:
        found.append(f"{facts['untimed_calls']:,} calls without a time lie evenly between timed stops.")
    return found


def source_entries(read: NetworkRead) -> list[dict[str, Any]]:
    """Account for both files in the form of the other sources of an edition."""
    walk = read.streets.facts["modes"]["walk"]
    nodes = {
        "rows_read": walk["nodes"] + walk["nodes_left_out"],
        "rows_used": walk["nodes"],
        "left_out": [{"reason": "points of paths that hang together with no others", "rows": walk["nodes_left_out"]}],
    }
    date = read.streets.facts["date"]
    found = [_entry(read, STREETS, read.streets.facts, f"data to {day_words(date)}" if date else "", nodes)]
    if read.timetable is not None:
        facts = read.timetable.facts
        lost = [part for part in facts["left_out"] if part["reason"].startswith("trips")]
        rows = sum(part["rows"] for part in lost)
        trips = {"rows_read": facts["trips"] + rows, "rows_used": facts["trips"], "left_out": lost}
        found.append(_entry(read, TIMETABLE, facts, f"trips of {facts['day_words']}", trips))
    return found


def _entry(
    read: NetworkRead, name: str, facts: Mapping[str, Any], edition: str, counted: Mapping[str, Any]
) -> dict[str, Any]:
    source = read.sources[name]
    left_out = [{"examples": [], **part} for part in counted["left_out"] if part["rows"]]
    known = ("id", "title", "publisher", "attribution", "period", "landing_page", "accepted_formats")
    return {
        **{key: getattr(source, key) for key in known},
        "licence": LICENCES[source.licence][0],
        "licence_page": LICENCES[source.licence][1],
        "edition": edition or (source.edition if source.licence == FICTIONAL else "not dated in the file"),
        "period": facts.get("day_words") or facts.get("date") or "",
        "note": "",
        "file": facts["file"],
        "sha256": facts["sha256"],
        "modified": None,
        "origin": "edition before" if name in read.carried else "folder",
        "warning": None,
        "status": "used",
        **counted,
        "left_out": left_out,
    }


def account_for(routed: Routed, account: dict[str, Any], facts: dict[str, Any]) -> None:
    """Add streets and timetable to the account of a build, and to the facts of its manifest."""
    entries = {entry["id"]: entry for entry in routed.about["sources"]}
    account["sources"] = [entries.get(source["id"], source) for source in account["sources"]]
    account["network"] = {
        key: routed.about[key] for key in ("streets", "timetable", "basis", "snap", "carried", "notes")
    }
    for name, entry in entries.items():
        facts["sources"][name] = {
            "edition": entry["edition"],
            "file": entry["file"],
            "sha256": entry["sha256"],
            "bytes": routed.read.sizes.get(name),
        }
    facts["attribution"] = with_attribution(facts["attribution"], routed)


def with_attribution(sentences: list[str], routed: Routed | None) -> list[str]:
    """Add what streets and timetable have to be shown with; nothing without a network."""
    more = [] if routed is None else [entry["attribution"] for entry in routed.about["sources"]]
    return list(dict.fromkeys([*sentences, *more]))
