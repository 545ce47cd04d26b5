"""The calls of vehicles at stops, from the tables of a GTFS feed: times read, checked and filled in."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from geodata.errors import BadFile
from geodata.gtfs import Feed, first_row

NOT_HERE = "1"  # pickup_type, drop_off_type


def calls_of(feed: Feed, running: Collection[str]) -> pd.DataFrame:
    """Return the calls of some trips, with times checked, filled in where a stop has none, and repeated by headway.

    Returns
    -------
    pandas.DataFrame
        ``row`` (in the file), ``trip_id``, ``run``, ``place`` (in the trip), ``stop``, ``arrival_s``, ``departure_s``
        (seconds after midnight of the day it sets out on), ``untimed``, ``may_board``, ``may_alight``; in the order
        of trips and places.

    Raises
    ------
    BadFile
        unknown-stop, bad-time, bad-number, times-backwards or duplicate-code.
    """
    table = feed["stop_times.txt"]
    table = table[table["trip_id"].isin(running)]
    unknown = ~table["stop_id"].isin(feed["stops.txt"]["stop_id"])
    if unknown.any():
        row = first_row(unknown)
        message = f"no stop has the code {table.at[row, 'stop_id']!r}"
        raise BadFile(message, rule="unknown-stop", file="stop_times.txt", row=row, column="stop_id")
    calls = pd.DataFrame(
        {
            "row": table.index.to_numpy(),
            "trip_id": table["trip_id"].to_numpy(),
            "place": _whole(table["stop_sequence"], "stop_times.txt").to_numpy(),
            "stop": table["stop_id"].to_numpy(),
            "arrival_s": seconds_of(table["arrival_time"], "stop_times.txt").to_numpy(),
            "departure_s": seconds_of(table["departure_time"], "stop_times.txt").to_numpy(),
            "may_board": (table["pickup_type"].str.strip() != NOT_HERE).to_numpy(),
            "may_alight": (table["drop_off_type"].str.strip() != NOT_HERE).to_numpy(),
        }
    ).sort_values(["trip_id", "place"], kind="stable", ignore_index=True)
    return _repeated(_timed(calls), feed["frequencies.txt"])


def _timed(calls: pd.DataFrame) -> pd.DataFrame:
    """Fill in the times between two timed stops in equal steps, as the format has it; refuse what runs backwards."""
    arrival, departure = calls["arrival_s"], calls["departure_s"]
    arrival, departure = arrival.fillna(departure), departure.fillna(arrival)
    untimed = arrival.isna()
    ends = ~calls["trip_id"].duplicated() | ~calls["trip_id"].duplicated(keep="last")
    if (untimed & ends).any():
        raise _bad_call("bad-time", "the first and the last call of the trip {} need a time", calls, untimed & ends)
    if untimed.any():
        at = np.arange(len(calls))
        known = at[~untimed]
        filled = np.interp(at, np.repeat(known, 2), np.column_stack([arrival[known], departure[known]]).ravel())
        arrival, departure = (part.where(~untimed, filled.round()) for part in (arrival, departure))
    before = departure.shift(1).where(calls["trip_id"].duplicated())
    wrong = (departure < arrival) | (arrival < before)
    if wrong.any():
        raise _bad_call("times-backwards", "the times of the trip {} run backwards", calls, wrong)
    doubled = calls.duplicated(["trip_id", "place"])
    if doubled.any():
        raise _bad_call("duplicate-code", "the trip {} has two calls with one number", calls, doubled)
    times = {"arrival_s": arrival.astype(np.int64), "departure_s": departure.astype(np.int64)}
    return calls.assign(untimed=untimed, run=0, **times)


def _repeated(calls: pd.DataFrame, headways: pd.DataFrame) -> pd.DataFrame:
    """Run a trip again and again where the feed gives a headway instead of times."""
    headways = headways[headways["trip_id"].isin(calls["trip_id"])]
    if not len(headways):
        return calls
    starts, ends = (seconds_of(headways[name], "frequencies.txt") for name in ("start_time", "end_time"))
    gaps = _whole(headways["headway_secs"], "frequencies.txt")
    if starts.isna().any() or ends.isna().any() or (gaps <= 0).any():
        raise BadFile("a headway needs start, end and seconds above 0", rule="bad-time", file="frequencies.txt")
    parts = [calls[~calls["trip_id"].isin(headways["trip_id"])]]
    run = 0
    for trip, start, end, gap in zip(headways["trip_id"], starts, ends, gaps, strict=True):
        pattern = calls[calls["trip_id"] == trip]
        begun = int(pattern["departure_s"].iloc[0])
        for departure in range(int(start), int(end), int(gap)):
            run += 1
            shift = departure - begun
            moved = {name: pattern[name] + shift for name in ("arrival_s", "departure_s")}
            parts.append(pattern.assign(run=run, **moved))
    return pd.concat(parts, ignore_index=True)


def seconds_of(texts: pd.Series, file: str) -> pd.Series:
    """Read times ``H:MM:SS``, also past 24:00, as seconds; NaN where nothing is written.

    Raises
    ------
    BadFile
        bad-time, naming the row.
    """
    codes, words = pd.factorize(texts.str.strip())
    parts = pd.Series(words, dtype=str).str.extract(r"^(\d{1,3}):([0-5]\d):([0-5]\d)$").astype(float)
    values = (parts[0] * 3600 + parts[1] * 60 + parts[2]).to_numpy()[codes] if len(texts) else np.empty(0)
    found = pd.Series(values, index=texts.index, dtype=float)
    wrong = found.isna() & (texts.str.strip() != "")
    if wrong.any():
        row = first_row(wrong)
        message = f"{texts[row][:20]!r} is no time; HH:MM:SS is expected"
        raise BadFile(message, rule="bad-time", file=file, row=row, column=str(texts.name), value=texts[row])
    return found


def _whole(texts: pd.Series, file: str) -> pd.Series:
    found = pd.to_numeric(texts, errors="coerce")
    wrong = found.isna() | (found != found.round())
    if wrong.any():
        row = first_row(wrong)
        message = f"{texts[row][:20]!r} is no whole number"
        raise BadFile(message, rule="bad-number", file=file, row=row, column=str(texts.name), value=texts[row])
    return found.astype(np.int64)


def _bad_call(rule: str, words: str, calls: pd.DataFrame, wrong: pd.Series) -> BadFile:
    at = int(np.flatnonzero(wrong.to_numpy())[0])
    message = words.format(repr(str(calls["trip_id"].iloc[at])))
    return BadFile(message, rule=rule, file="stop_times.txt", row=int(calls["row"].iloc[at]))
