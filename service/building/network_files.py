"""The streets and the timetable of a build: named, the demo's own, or those of the edition before.

They are read before anything is joined, so that a bad file stops a build at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geodata import store as editions
from geodata.catalogue import Source
from geodata.definitions import Place
from geodata.errors import BuildMissing, DamagedEdition, DataError
from geodata.locate import Located
from geodata.neighbourhoods import BASE
from geodata.networks import Streets, load_facts, load_streets, read_streets
from geodata.readers import read_all
from geodata.timetables import WINDOW, Timetable, holds_timetable, load_timetable, read_timetable
from layers.routing import SNAP_LIMIT_M
from service.travel.edition_times import NETWORK
from service.travel.route import metres_to_street

STREETS, TIMETABLE = "streets", "timetable"
CENTROIDS = "lsoa21_centroids"


class BadNetwork(DataError):
    """Streets or a timetable were named that cannot serve this place; nothing was stored."""


@dataclass(frozen=True)
class NetworkAsked:
    """What a build was told about streets and timetable.

    Attributes
    ----------
    streets, timetable : Path or None
        Named files.
    day : str or None
        ISO date of the timetable's day; the reader chooses one if left out.
    window : tuple of str or None
        First and last departure, HH:MM; 08:00 to 10:00 if left out.
    without : bool
        Take no network, not even that of the edition before.
    """

    streets: Path | None = None
    timetable: Path | None = None
    day: str | None = None
    window: tuple[str, str] | None = None
    without: bool = False


@dataclass(frozen=True)
class NetworkRead:
    """Streets and timetable of a build.

    Attributes
    ----------
    streets : Streets
    timetable : Timetable or None
    sources : mapping of str to Source
        Of ``streets`` and ``timetable``, from the catalogue.
    sizes : mapping of str to int
        Bytes of the files.
    carried : tuple of str
        Which of the two are those of the edition before.
    notes : tuple of str
        What became of the edition before's.
    """

    streets: Streets
    timetable: Timetable | None
    sources: Mapping[str, Source]
    sizes: Mapping[str, int]
    carried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_network(
    asked: NetworkAsked,
    place: Place,
    catalogue: Mapping[str, Source],
    located: Mapping[str, Located],
    store: Path,
    say: Callable[[str], None],
) -> NetworkRead | None:
    """Read the streets and the timetable that a build uses.

    Named files come first. The demo takes its own from its folder; any other place takes those of the edition before
    along, and never a file that merely lies in a folder.

    Raises
    ------
    BadNetwork
        network-needed: a timetable without streets, or a day without a timetable; network-elsewhere, before a
        timetable is read that streets of another place would be held against.
    BadFile
        From `geodata.networks.read_streets` and `geodata.timetables.read_timetable`.
    """
    if asked.without:
        return None
    own = {name: located[name].path for name in (STREETS, TIMETABLE) if place.fictional and name in located}
    paths = own | {name: path for name in (STREETS, TIMETABLE) if (path := getattr(asked, name)) is not None}
    held = _standing(store, place.id) if len(paths) < 2 else None
    carried: list[str] = []
    if STREETS in paths:
        say("reading streets")
        streets = read_streets(paths[STREETS])
    elif held is not None:
        streets = load_streets(held)
        carried.append(STREETS)
    elif asked.timetable or asked.day or asked.window:
        message = f"{place.name} has no streets, which a timetable needs to walk to its stops"
        raise BadNetwork(message, rule="network-needed", hint="Name an OpenStreetMap file with --network.")
    else:
        return None
    if TIMETABLE in paths:  # streets of another place are told as such, not as a timetable without service
        _check_fit(streets, place, catalogue, located)
    timetable, notes = _timetable(asked, paths, held, streets, carried, say)
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    sources = {name: catalogue[name] for name in (STREETS, TIMETABLE)}
    return NetworkRead(streets, timetable, sources, sizes, tuple(carried), notes)


def _check_fit(streets: Streets, place: Place, catalogue: Mapping[str, Source], located: Mapping[str, Located]) -> None:
    """Look whether the streets are of the place, as far as it is known yet where its people live."""
    if not {BASE, CENTROIDS} <= set(located):
        return
    readings = read_all({name: located[name].path for name in (BASE, CENTROIDS)}, catalogue)
    middles = readings[CENTROIDS].table.reindex(place.members(readings[BASE].table))
    refuse_elsewhere(streets, middles[middles["centroid_x_m"].notna()])


def refuse_elsewhere(streets: Streets, placed: pd.DataFrame) -> None:
    """Refuse streets that are not of the place.

    Parameters
    ----------
    streets : Streets
    placed : pandas.DataFrame, index lsoa21cd
        ``centroid_x_m``, ``centroid_y_m`` (EPSG:27700) of neighbourhoods, without gaps.

    Raises
    ------
    BadNetwork
        network-elsewhere, naming the neighbourhood that lies furthest from every street; network-needs-homes where
        no neighbourhood is left: no time can begin anywhere.
    """
    if placed.empty:
        message = "where people of the place live is not known, so no time over streets can be worked out"
        hint = "Add the file of population-weighted centroids to the sources, or build with --without-network."
        raise BadNetwork(message, rule="network-needs-homes", hint=hint)
    away = metres_to_street(streets.networks["walk"], placed["centroid_x_m"], placed["centroid_y_m"])
    count = int((away > SNAP_LIMIT_M).sum())
    if not count:
        return
    worst = int(away.argmax())
    message = (
        f"{count:,} of {len(placed):,} neighbourhoods lie more than {SNAP_LIMIT_M:,.0f} m from every street "
        f"of the file; the furthest by {away[worst]:,.0f} m"
    )
    hint = "The streets are of another place, or cut too tight: cut them with some kilometres to spare."
    file = str(streets.facts["file"])
    raise BadNetwork(message, rule="network-elsewhere", file=file, code=str(placed.index[worst]), hint=hint)


def _timetable(
    asked: NetworkAsked,
    paths: Mapping[str, Path],
    held: Path | None,
    streets: Streets,
    carried: list[str],
    say: Callable[[str], None],
) -> tuple[Timetable | None, tuple[str, ...]]:
    """Read the timetable, or take that of the edition before along with its streets."""
    if TIMETABLE in paths:
        say("reading the timetable")
        window, box = asked.window or WINDOW, streets.facts["box"]
        walk = streets.networks["walk"]
        return read_timetable(paths[TIMETABLE], day=asked.day, window=window, box=box, streets=walk), ()
    if asked.day or asked.window:
        raise BadNetwork("a day or a window is for a timetable, and none is named", rule="network-needed",
                         hint="Name the GTFS file with --timetable.")  # fmt: skip
    if held is None or not holds_timetable(held):
        return None, ()
    if carried:
        carried.append(TIMETABLE)
        return load_timetable(held), ()
    return None, ("The timetable of the edition before is left out: it was made for other streets. Name it again.",)


def _standing(store: Path, place: str) -> Path | None:
    """Return where the current edition of a place keeps its network, if it has one."""
    try:
        stored = editions.open_edition(store, place, check=False)
        if load_facts(stored.path(NETWORK)) is None:
            return None
        editions.verify(stored, f"{NETWORK}/")
    except (BuildMissing, DamagedEdition):
        return None
    return stored.path(NETWORK)
