"""Public transport from a GTFS timetable: every hop between two stops on one day, in order of departure."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.crs import DEGREES_RANGE, to_grid
from geodata.dates import in_words
from geodata.errors import BadFile
from geodata.gtfs import Feed, busiest_tuesday, read_feed, services_on, span
from geodata.hashes import sha256_of
from geodata.street_network import StreetNetwork
from geodata.timetable_calls import calls_of
from geodata.timetable_stops import places_of

DAY_S = 86_400
WINDOW = ("08:00", "10:00")  # first and last departure of the people who travel, where nothing else is asked
LINK_LIMIT_M = 1_000.0
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
CHOSEN = "the first Tuesday on which most trips run"
FACTS = "timetable.json"
_ARRAYS = ("x_m", "y_m", "from_stop", "to_stop", "trip", "departure_s", "arrival_s", "may_board", "may_alight")


@dataclass(frozen=True)
class Timetable:
    """What runs on one day.

    Attributes
    ----------
    stop_id, stop_name : str array, shape (stops,)
    x_m, y_m : float64 array, shape (stops,)
        EPSG:27700, metres.
    from_stop, to_stop, trip : int32 array, shape (connections,)
        Row numbers of the stops, and a number for each trip: one run of one vehicle.
    departure_s, arrival_s : int32 array, shape (connections,)
        Seconds after midnight of ``day``; above 86,400 after the next midnight. In order of departure, then trip
        and place in the trip.
    may_board, may_alight : bool array, shape (connections,)
        Whether people may get on where a connection begins, and off where it ends; who is aboard may ride on. All
        true if left out.
    day : str
        ISO date.
    window_s : tuple of int
        First and last departure of the people who travel, seconds after midnight of ``day``.
    facts : dict
        ``file``, ``sha256``, ``day``, ``day_words``, ``day_chosen`` (how), ``window`` (HH:MM), ``runs`` (first and
        last day of the feed), ``trips``, ``connections``, ``stops``, ``untimed_calls`` and ``left_out`` (reason and
        number).
    """

    stop_id: NDArray[np.str_]
    stop_name: NDArray[np.str_]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    from_stop: NDArray[np.int32]
    to_stop: NDArray[np.int32]
    trip: NDArray[np.int32]
    departure_s: NDArray[np.int32]
    arrival_s: NDArray[np.int32]
    day: str
    window_s: tuple[int, int]
    facts: dict[str, Any] = field(default_factory=dict)
    may_board: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=bool))
    may_alight: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=bool))

    def __post_init__(self) -> None:
        """Let people on and off everywhere, where nothing else is said."""
        for name in ("may_board", "may_alight"):
            if len(getattr(self, name)) != len(self.trip):
                object.__setattr__(self, name, np.ones(len(self.trip), dtype=bool))


def read_timetable(
    path: Path,
    *,
    day: str | None = None,
    window: tuple[str, str] = WINDOW,
    box: Sequence[float] | None = None,
    streets: StreetNetwork | None = None,
) -> Timetable:
    """Read one day of a GTFS feed.

    What set out the day before and still runs after midnight belongs to the day; what sets out on it runs on past
    24:00. A vehicle that calls outside the box rides through.

    Parameters
    ----------
    path : Path
        A ZIP.
    day : str, optional
        ISO date; the first Tuesday on which most trips run if left out.
    window : tuple of str
        First and last departure of the people who travel, HH:MM.
    box : sequence of float, optional
        West, south, east, north in degrees: stops outside it are left out.
    streets : StreetNetwork, optional
        Stops further than 1 km from any of its streets are left out.

    Returns
    -------
    Timetable

    Raises
    ------
    BadFile
        unreadable-timetable, missing-file, missing-column, duplicate-code, bad-date, bad-time, times-backwards,
        bad-number, out-of-range, swapped-axes, unknown-stop, bad-window, or no-service (nothing runs on the day, or
        between the stops that are left).
    """
    window_s = _window(window)
    feed = read_feed(path)
    chosen = _day(feed, day, path.name)
    calls = _calls_of_day(feed, chosen, path.name)
    trips = calls["trip"].nunique()
    stops, left_out = _stops_kept(feed, calls, box, streets)
    inside = calls[calls["stop"].isin(stops.index)]
    found = _connections(inside.assign(stop=stops.index.get_indexer(pd.Index(inside["stop"]))))
    if not len(found):
        where = "between stops near the streets" if box is not None or streets is not None else "between two stops"
        hint = "Take a timetable of the place that the streets are of."
        raise BadFile(f"nothing runs {where} on {in_words(chosen)}", rule="no-service", file=path.name, hint=hint)
    kept = int(found["trip"].nunique())
    first, last = span(feed)
    if trips > kept:
        left_out.append({"reason": "trips that do not call twice near the streets", "rows": trips - kept})
    facts = {
        "file": path.name,
        "sha256": sha256_of(path),
        "day": chosen.isoformat(),
        "day_words": in_words(chosen),
        "day_chosen": "as named" if day else CHOSEN,
        "window": list(window),
        "runs": [first.isoformat(), last.isoformat()],
        "trips": kept,
        "connections": len(found),
        "stops": len(stops),
        "untimed_calls": int(calls["untimed"].sum()),
        "left_out": left_out,
    }
    numbers = ("from_stop", "to_stop", "trip", "departure_s", "arrival_s")
    arrays = {name: found[name].to_numpy(dtype=np.int32) for name in numbers}
    return Timetable(
        stop_id=stops.index.to_numpy(dtype=np.str_),
        stop_name=stops["stop_name"].to_numpy(dtype=np.str_),
        x_m=stops["x_m"].to_numpy(dtype=float),
        y_m=stops["y_m"].to_numpy(dtype=float),
        day=chosen.isoformat(),
        window_s=window_s,
        facts=facts,
        may_board=found["may_board"].to_numpy(dtype=bool),
        may_alight=found["may_alight"].to_numpy(dtype=bool),
        **arrays,
    )


def _window(window: tuple[str, str]) -> tuple[int, int]:
    found = [CLOCK.fullmatch(text.strip()) for text in window]
    seconds = [3600 * int(part[1]) + 60 * int(part[2]) if part else -1 for part in found]
    if min(seconds) < 0 or not seconds[0] < seconds[1] <= DAY_S:
        message = f"the window is {window[0][:20]!r} to {window[1][:20]!r}; 08:00 to 10:00, or the like, is expected"
        raise BadFile(message, rule="bad-window", hint="The first comes before the second.")
    return seconds[0], seconds[1]


def _day(feed: Feed, day: str | None, file: str) -> datetime.date:
    if day is None:
        return busiest_tuesday(feed)
    try:
        wanted = datetime.date.fromisoformat(day)
    except ValueError as error:
        message = f"{day[:20]!r} is no day; a date such as 2023-06-06 is expected"
        raise BadFile(message, rule="bad-date", file=file, value=day) from error
    if not feed["trips.txt"]["service_id"].isin(services_on(feed, wanted)).any():
        first, last = span(feed)
        message = f"nothing runs on {in_words(wanted)}; the timetable is for {in_words(first)} to {in_words(last)}"
        raise BadFile(message, rule="no-service", file=file, hint="Name another day.")
    return wanted


def _calls_of_day(feed: Feed, day: datetime.date, file: str) -> pd.DataFrame:
    """Return every call at a stop on the day: ``trip``, ``stop``, times in seconds, and who may get on and off.

    In the order of trips and of calls within each.
    """
    trips = feed["trips.txt"]
    running = {}
    for shift in (0, -1):
        services = services_on(feed, day + datetime.timedelta(days=shift))
        running[shift] = set(trips.loc[trips["service_id"].isin(services), "trip_id"])
    read = calls_of(feed, set().union(*running.values()))  # once for both days: most trips run on both
    parts = []
    for shift, ids in running.items():
        calls = read[read["trip_id"].isin(ids)].assign(shift=shift)
        for name in ("arrival_s", "departure_s"):
            calls[name] += shift * DAY_S
        if shift:
            calls = calls[calls["departure_s"] >= 0]
        parts.append(calls)
    whole = pd.concat(parts, ignore_index=True)
    if not len(whole):
        raise BadFile(f"nothing runs on {in_words(day)}", rule="no-service", file=file, hint="Name another day.")
    whole["trip"] = whole.groupby(["shift", "trip_id", "run"], sort=True).ngroup()
    return whole.sort_values(["trip", "place"], kind="stable", ignore_index=True)


def _stops_kept(
    feed: Feed, calls: pd.DataFrame, box: Sequence[float] | None, streets: StreetNetwork | None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the stops that the day's vehicles call at, in the order of their codes, and account for the others."""
    called = feed["stops.txt"]
    called = called[called["stop_id"].isin(calls["stop"])]
    stops = called.join(places_of(called)).set_index("stop_id").sort_index()
    lon, lat = stops["lon"], stops["lat"]
    placed = lon.notna() & lat.notna()
    west, east, south, north = DEGREES_RANGE
    if box is not None:
        west, south, east, north = box
    inside = placed & lon.between(west, east) & lat.between(south, north)
    left_out: list[dict[str, Any]] = [
        {"reason": "stops without a place", "rows": int((~placed).sum())},
        {"reason": "stops outside the area of the streets" if box is not None else "stops outside Great Britain",
         "rows": int((placed & ~inside).sum())},
    ]  # fmt: skip
    x, y = to_grid(lon[inside], lat[inside])
    kept = pd.DataFrame({"stop_name": stops["stop_name"][inside], "x_m": x, "y_m": y}, index=stops.index[inside])
    if streets is not None and len(kept):
        away, _ = streets.tree.query(kept[["x_m", "y_m"]].to_numpy())
        left_out.append({"reason": "stops more than 1 km from a street", "rows": int((away > LINK_LIMIT_M).sum())})
        kept = kept[away <= LINK_LIMIT_M]
    return kept, [part for part in left_out if part["rows"]]


def _connections(calls: pd.DataFrame) -> pd.DataFrame:
    """Pair each call with the next one of its trip."""
    same = (calls["trip"].to_numpy()[1:] == calls["trip"].to_numpy()[:-1]) if len(calls) else np.zeros(0, dtype=bool)
    start, end = calls.iloc[:-1][same], calls.iloc[1:][same]
    found = pd.DataFrame(
        {
            "from_stop": start["stop"].to_numpy(),
            "to_stop": end["stop"].to_numpy(),
            "trip": start["trip"].to_numpy(),
            "departure_s": start["departure_s"].to_numpy(),
            "arrival_s": end["arrival_s"].to_numpy(),
            "may_board": start["may_board"].to_numpy(),
            "may_alight": end["may_alight"].to_numpy(),
        }
    )
    found["trip"] = pd.factorize(found["trip"], sort=True)[0]
    place = np.arange(len(found))
    return found.iloc[np.lexsort((place, found["trip"], found["departure_s"]))].reset_index(drop=True)


def write_timetable(folder: Path, timetable: Timetable) -> None:
    """Write a timetable into a folder; it is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _ARRAYS:
        np.save(folder / f"timetable-{name}.npy", getattr(timetable, name))
    told = {
        "day": timetable.day,
        "window_s": list(timetable.window_s),
        "stop_id": timetable.stop_id.tolist(),
        "stop_name": timetable.stop_name.tolist(),
        "facts": timetable.facts,
    }
    (folder / FACTS).write_text(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def holds_timetable(folder: Path) -> bool:
    """Tell whether a folder holds a timetable."""
    return (folder / FACTS).is_file()


def load_timetable(folder: Path) -> Timetable:
    """Read a timetable back.

    Raises
    ------
    ValueError
        If the folder holds none.
    """
    if not holds_timetable(folder):
        raise ValueError(f"no timetable is held in {folder.name}")
    told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    arrays = {name: np.load(folder / f"timetable-{name}.npy") for name in _ARRAYS}
    return Timetable(
        stop_id=np.array(told["stop_id"], dtype=np.str_),
        stop_name=np.array(told["stop_name"], dtype=np.str_),
        day=told["day"],
        window_s=(int(told["window_s"][0]), int(told["window_s"][1])),
        facts=told["facts"],
        **arrays,
    )
