"""The tables of a GTFS feed (a ZIP of CSV files), as text; and which of its services run on a day."""

from __future__ import annotations

import datetime
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from geodata.dates import in_words
from geodata.errors import BadFile

TABLES = {  # columns that are needed, and those that are read where they are there
    "stops.txt": (("stop_id", "stop_lat", "stop_lon"), ("stop_name",)),
    "trips.txt": (("trip_id", "service_id"), ()),
    "stop_times.txt": (
        ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"),
        ("pickup_type", "drop_off_type"),
    ),
    "calendar.txt": (
        ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date",
         "end_date"),
        (),
    ),
    "calendar_dates.txt": (("service_id", "date", "exception_type"), ()),
    "frequencies.txt": (("trip_id", "start_time", "end_time", "headway_secs"), ()),
}  # fmt: skip
NEEDED = ("stops.txt", "trips.txt", "stop_times.txt")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ADDED, TAKEN_AWAY = "1", "2"
TUESDAY = 1
FURTHEST_DAYS = 800
HINT = "Download the timetable again from its publisher."
Feed = Mapping[str, pd.DataFrame]


def read_feed(path: Path) -> dict[str, pd.DataFrame]:
    """Read the tables that a timetable is made of.

    Returns
    -------
    dict of file name to DataFrame
        All text, empty where nothing is written; the index is the row in the file, the header being row 1. Tables
        that a feed may leave out are empty.

    Raises
    ------
    BadFile
        unreadable-timetable, missing-file, missing-column or duplicate-code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = {name: _table(archive, name) for name in TABLES if name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        message = f"not a whole ZIP file: {str(error)[:120]}"
        raise BadFile(message, rule="unreadable-timetable", file=path.name, hint=HINT) from error
    except (UnicodeDecodeError, pd.errors.ParserError) as error:
        message = f"a table is not CSV in UTF-8: {str(error)[:120]}"
        raise BadFile(message, rule="unreadable-timetable", file=path.name, hint=HINT) from error
    missing = [name for name in NEEDED if name not in held]
    if not missing and not {"calendar.txt", "calendar_dates.txt"} & set(held):
        missing = ["calendar.txt"]
    if missing:
        message = f"the timetable has no {' and no '.join(missing)}"
        raise BadFile(message, rule="missing-file", file=path.name, hint="A GTFS feed has it at the top of the ZIP.")
    for name, key in (("stops.txt", "stop_id"), ("trips.txt", "trip_id")):
        _refuse_doubled(held[name], key, name)
    return {name: held.get(name, _empty(name)) for name in TABLES}


def _table(archive: zipfile.ZipFile, name: str) -> pd.DataFrame:
    needed, more = TABLES[name]
    with archive.open(name) as stream:
        try:
            table = pd.read_csv(
                stream,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                skipinitialspace=True,
                usecols=lambda column: column.strip() in needed + more,
            )
        except pd.errors.EmptyDataError:
            table = pd.DataFrame()
    table.columns = pd.Index([str(column).strip() for column in table.columns])
    absent = [column for column in needed if column not in table.columns]
    if absent:
        raise BadFile(f"the column {absent[0]} is missing", rule="missing-column", file=name, column=absent[0])
    table.index = pd.RangeIndex(2, len(table) + 2)
    return table.assign(**{column: "" for column in more if column not in table.columns})


def _empty(name: str) -> pd.DataFrame:
    needed, more = TABLES[name]
    return pd.DataFrame({column: pd.Series(dtype=str) for column in needed + more})


def _refuse_doubled(table: pd.DataFrame, key: str, name: str) -> None:
    doubled = table[key].duplicated()
    if doubled.any():
        row = table.index[doubled.to_numpy()].tolist()[0]
        message = f"{table.at[row, key]!r} is listed twice"
        raise BadFile(message, rule="duplicate-code", file=name, row=row, column=key)


def span(feed: Feed) -> tuple[datetime.date, datetime.date]:
    """First and last day that any service may run.

    Raises
    ------
    BadFile
        If the calendar is empty, or a date is none.
    """
    days = [
        _date(text, name, row, column)
        for name, columns in (("calendar.txt", ("start_date", "end_date")), ("calendar_dates.txt", ("date",)))
        for column in columns
        for row, text in zip(feed[name].index.tolist(), feed[name][column].tolist(), strict=True)
    ]
    if not days:
        raise BadFile("no service has a day", rule="no-service", file="calendar.txt")
    return min(days), max(days)


def services_on(feed: Feed, day: datetime.date) -> set[str]:
    """Services that run on a day: by the week, with single days added or taken away."""
    week, single = feed["calendar.txt"], feed["calendar_dates.txt"]
    text = f"{day:%Y%m%d}"
    runs = (week[DAYS[day.weekday()].lower()] == "1") & (week["start_date"] <= text) & (week["end_date"] >= text)
    today = single[single["date"] == text]
    added = set(today.loc[today["exception_type"] == ADDED, "service_id"])
    taken = set(today.loc[today["exception_type"] == TAKEN_AWAY, "service_id"])
    return (set(week.loc[runs, "service_id"]) | added) - taken


def busiest_tuesday(feed: Feed) -> datetime.date:
    """Return the first Tuesday of the feed on which most trips run.

    Raises
    ------
    BadFile
        If nothing runs on any Tuesday.
    """
    first, last = span(feed)
    trips = feed["trips.txt"]["service_id"].value_counts()
    tuesday = first + datetime.timedelta(days=(TUESDAY - first.weekday()) % 7)
    counted: dict[datetime.date, int] = {}
    while tuesday <= min(last, first + datetime.timedelta(days=FURTHEST_DAYS)):
        counted[tuesday] = int(trips.reindex(sorted(services_on(feed, tuesday))).fillna(0).sum())
        tuesday += datetime.timedelta(days=7)
    best = max(counted, key=lambda each: (counted[each], -each.toordinal()), default=None)
    if best is None or not counted[best]:
        message = f"nothing runs on any Tuesday from {in_words(first)} to {in_words(last)}"
        raise BadFile(message, rule="no-service", file="calendar.txt", hint="Name another day.")
    return best


def first_row(wrong: pd.Series) -> int:
    """Return the row, as the file counts, of the first that is wrong."""
    return int(wrong.index.to_numpy()[wrong.to_numpy()][0])


def _date(text: str, name: str, row: int, column: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError as error:
        raise BadFile(
            f"{text[:20]!r} is no date; YYYYMMDD is expected", rule="bad-date", file=name, row=row,
            column=column, value=text,
        ) from error  # fmt: skip
