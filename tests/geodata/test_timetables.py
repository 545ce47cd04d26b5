"""Timetables: what runs on a day, hop by hop; days, midnight, stops that are left out, and feeds that are refused."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import geodata.demo
from geodata import timetables
from geodata.crs import to_grid
from geodata.errors import BadFile
from geodata.gtfs import busiest_tuesday, read_feed, services_on
from geodata.street_network import StreetNetwork
from geodata.timetable_calls import calls_of
from geodata.timetables import Timetable, load_timetable, read_timetable, write_timetable

DEMO = Path(geodata.demo.__file__).parent / "files" / "networks" / "aldermouth_gtfs.zip"
MONDAY, TUESDAY, SATURDAY = "2025-06-02", "2025-06-03", "2025-06-07"
FEED = {
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,Alpha,51.880,-0.420\nB,Beta,51.885,-0.420\n"
    "C,Gamma,51.890,-0.420\nFAR,Far away,53.800,-1.550\n",
    "trips.txt": "route_id,service_id,trip_id\nR,week,T1\nR,week,T2\nR,night,N1\nR,sat,S1\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "week,1,1,1,1,1,0,0,20250601,20250831\nnight,1,0,0,0,0,0,0,20250601,20250831\n"
    "sat,0,0,0,0,0,1,0,20250601,20250831\n",
    "calendar_dates.txt": "service_id,date,exception_type\nweek,20250610,2\nsat,20250610,1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
    "T1,08:00:00,08:00:00,A,1,0,1\nT1,08:05:00,08:06:00,B,2,0,0\nT1,08:10:00,08:10:00,C,3,1,0\n"
    "T2,9:00:00,9:00:00,C,1,,\nT2,9:04:00,9:04:00,B,2,,\nT2,9:09:30,9:09:30,A,3,,\n"
    "N1,23:50:00,23:50:00,A,1,,\nN1,24:05:00,24:05:00,B,2,,\nN1,24:10:00,24:10:00,C,3,,\n"
    "S1,10:00:00,10:00:00,A,1,,\nS1,10:30:00,10:30:00,C,2,,\n",
}


def written(path: Path, tables: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def feed(tmp_path):
    return written(tmp_path / "feed.zip", FEED)


def changed(tmp_path: Path, name: str, before: str, after: str) -> Path:
    assert before in FEED[name]
    return written(tmp_path / "changed.zip", {**FEED, name: FEED[name].replace(before, after)})


def hops(timetable: Timetable) -> list[tuple[str, str, int, int]]:
    """Each connection as stops and seconds."""
    stop = timetable.stop_id
    return [
        (str(stop[start]), str(stop[end]), int(leaves), int(comes))
        for start, end, leaves, comes in zip(
            timetable.from_stop, timetable.to_stop, timetable.departure_s, timetable.arrival_s, strict=True
        )
    ]


def test_a_tuesday_by_hand(feed):
    timetable = read_timetable(feed, day=TUESDAY)
    # Monday's night bus sets out at 23:50 and leaves B at 24:05: on Tuesday that is 00:05, second 300.
    assert hops(timetable) == [
        ("B", "C", 300, 600), ("A", "B", 28_800, 29_100), ("B", "C", 29_160, 29_400), ("C", "B", 32_400, 32_640),
        ("B", "A", 32_640, 32_970),
    ]  # fmt: skip
    assert (timetable.day, timetable.window_s) == (TUESDAY, (28_800, 36_000))
    assert [len(set(timetable.trip[rows].tolist())) for rows in ([1, 2], [3, 4], [0, 1, 3])] == [1, 1, 3]
    assert timetable.stop_name.tolist() == ["Alpha", "Beta", "Gamma"]
    x, y = to_grid([-0.42], [51.88])
    assert (timetable.x_m[0], timetable.y_m[0]) == (pytest.approx(x[0]), pytest.approx(y[0]))


def test_calls_are_read_once_for_the_day_and_the_day_before(feed, monkeypatch):
    asked = []
    monkeypatch.setattr(timetables, "calls_of", lambda feed, running: asked.append(running) or calls_of(feed, running))
    read_timetable(feed, day=TUESDAY)
    assert [set(trips) for trips in asked] == [{"T1", "T2", "N1"}]


def test_past_midnight_runs_on_past_twenty_four_hours(feed):
    # The same bus on its own day: it leaves A at 23:50 and B at 24:05, second 86,700.
    assert hops(read_timetable(feed, day=MONDAY))[-2:] == [("A", "B", 85_800, 86_700), ("B", "C", 86_700, 87_000)]
    assert hops(read_timetable(feed, day=SATURDAY)) == [("A", "C", 36_000, 37_800)]


def test_who_may_get_on_and_off(feed):
    timetable = read_timetable(feed, day="2025-06-04")
    # T1: at A nobody may get off, at C nobody may get on: neither is the beginning or the end of such a hop.
    assert timetable.may_board.tolist() == [True] * 4
    assert timetable.may_alight.tolist() == [True] * 4
    closed = read_timetable(changed(feed.parent, "stop_times.txt", "B,2,0,0", "B,2,1,1"), day="2025-06-04")
    assert (closed.may_board[:2].tolist(), closed.may_alight[:2].tolist()) == ([True, False], [False, True])


def test_single_days_are_added_and_taken_away(feed):
    # On 10 June, a Tuesday, the week's buses are taken away and Saturday's added.
    assert hops(read_timetable(feed, day="2025-06-10"))[-1] == ("A", "C", 36_000, 37_800)
    assert len(hops(read_timetable(feed, day="2025-06-10"))) == 2  # with Monday's night bus
    tables = read_feed(feed)
    assert services_on(tables, datetime.date(2025, 6, 10)) == {"sat"}
    assert services_on(tables, datetime.date(2025, 9, 2)) == set()


def test_the_day_is_the_first_tuesday_on_which_most_trips_run(feed, tmp_path):
    timetable = read_timetable(feed)
    assert (timetable.day, timetable.facts["day_chosen"]) == (
        "2025-06-03", "the first Tuesday on which most trips run"
    )  # fmt: skip
    # Another service on one Tuesday in July makes that the busiest.
    later = changed(tmp_path, "calendar_dates.txt", "sat,20250610,1", "sat,20250708,1")
    assert busiest_tuesday(read_feed(later)) == datetime.date(2025, 7, 8)


def test_stops_outside_are_left_out_and_the_bus_rides_through(tmp_path):
    far = changed(tmp_path, "stop_times.txt", "08:05:00,08:06:00,B,2", "08:05:00,08:06:00,FAR,2")
    timetable = read_timetable(far, day=TUESDAY, box=(-0.5, 51.8, -0.4, 51.9))
    assert ("A", "C", 28_800, 29_400) in hops(timetable)
    assert timetable.facts["left_out"] == [{"reason": "stops outside the area of the streets", "rows": 1}]
    assert read_timetable(far, day=TUESDAY).facts["left_out"] == []
    x, y = to_grid([-0.42], [51.889])
    none = np.empty(0, dtype=np.int32)
    streets = StreetNetwork("walk", x, y, none, none, np.empty(0))
    # C is 111 m from the only street, B 445 m, A 1,001 m.
    near = read_timetable(far, day=TUESDAY, box=(-0.5, 51.8, -0.4, 51.9), streets=streets)
    assert near.stop_id.tolist() == ["B", "C"]
    assert {"reason": "stops more than 1 km from a street", "rows": 1} in near.facts["left_out"]
    assert near.facts["left_out"][-1] == {"reason": "trips that do not call twice near the streets", "rows": 1}


def test_calls_without_a_time_lie_evenly_between_timed_ones(tmp_path):
    untimed = changed(tmp_path, "stop_times.txt", "08:05:00,08:06:00,B", ",,B")
    timetable = read_timetable(untimed, day="2025-06-04")
    # Half way from 08:00 to 08:10.
    assert hops(timetable)[:2] == [("A", "B", 28_800, 29_100), ("B", "C", 29_100, 29_400)]
    assert timetable.facts["untimed_calls"] == 1


def test_headways_repeat_a_trip(tmp_path):
    headway = "trip_id,start_time,end_time,headway_secs\nT1,12:00:00,13:00:00,1800\n"
    timetable = read_timetable(written(tmp_path / "a.zip", {**FEED, "frequencies.txt": headway}), day="2025-06-04")
    starts = [leaves for start, _, leaves, _ in hops(timetable) if start == "A"]
    assert starts == [43_200, 45_000]  # 12:00 and 12:30; not at 08:00, and not at 13:00
    assert ("B", "C", 43_560, 43_800) in hops(timetable)


def test_connections_are_in_order_and_no_time_runs_backwards(sources_dir):
    for path in (DEMO, sources_dir / "networks" / "newport-20230613_gtfs.zip"):
        timetable = read_timetable(path)
        keys = list(zip(timetable.departure_s.tolist(), timetable.trip.tolist(), strict=True))
        assert keys == sorted(keys)
        assert (timetable.arrival_s >= timetable.departure_s).all()
        assert min(timetable.departure_s) >= 0
        for name in ("from_stop", "to_stop", "trip", "departure_s", "arrival_s"):
            assert getattr(timetable, name).dtype == np.int32


def rows(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
        return list(csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig")))


@pytest.mark.parametrize(
    ("day", "service"),
    [("2025-04-08", "weekday"), ("2025-05-05", "sunday"), ("2025-08-09", "saturday"), ("2025-12-26", "sunday")],
)
def test_the_demo_borough_by_a_second_route(day, service):
    """Every hop of the day, and those that run on from the day before, counted from the text."""
    calls: dict[str, list[dict[str, str]]] = {}
    for call in rows(DEMO, "stop_times.txt"):
        calls.setdefault(call["trip_id"], []).append(call)
    services = {row["trip_id"]: row["service_id"] for row in rows(DEMO, "trips.txt")}
    before = {"2025-04-08": "weekday", "2025-05-05": "sunday", "2025-08-09": "weekday", "2025-12-26": ""}[day]
    expected = 0
    for trip, listed in calls.items():
        late = sum(call["departure_time"] >= "24:00:00" for call in listed[:-1])
        expected += (len(listed) - 1) * (services[trip] == service) + late * (services[trip] == before)
    assert len(read_timetable(DEMO, day=day).trip) == expected


def test_newport_by_a_second_route(sources_dir):
    path = sources_dir / "networks" / "newport-20230613_gtfs.zip"
    week = {row["service_id"] for row in rows(path, "calendar.txt") if row["tuesday"] == "1"}
    running = {row["trip_id"] for row in rows(path, "trips.txt") if row["service_id"] in week}
    box = (-3.0941, 51.5175, -2.8683, 51.5994)
    inside = {
        row["stop_id"]
        for row in rows(path, "stops.txt")
        if box[0] <= float(row["stop_lon"]) <= box[2] and box[1] <= float(row["stop_lat"]) <= box[3]
    }
    calls: dict[str, int] = {}
    for call in rows(path, "stop_times.txt"):
        if call["trip_id"] in running and call["stop_id"] in inside:
            calls[call["trip_id"]] = calls.get(call["trip_id"], 0) + 1
    timetable = read_timetable(path, day="2023-06-13", box=box)
    assert timetable.facts["trips"] == sum(count > 1 for count in calls.values())
    # All the coaches that ran past midnight from Monday are out of the box by then.
    assert len(timetable.trip) == sum(count - 1 for count in calls.values() if count > 1)


def test_what_is_written_reads_back_the_same(feed, tmp_path):
    timetable = read_timetable(feed, day=TUESDAY, window=("07:30", "09:00"))
    write_timetable(tmp_path / "kept", timetable)
    back = load_timetable(tmp_path / "kept")
    for name, value in vars(timetable).items():
        assert np.array_equal(getattr(back, name), value), name
    with pytest.raises(ValueError, match="no timetable is held"):
        load_timetable(tmp_path / "nothing")


def refused(path: Path, rule: str, **options: object) -> BadFile:
    with pytest.raises(BadFile) as caught:
        read_timetable(path, **options)
    assert caught.value.rule == rule, caught.value
    return caught.value


@pytest.mark.parametrize("missing", ["stops.txt", "trips.txt", "stop_times.txt"])
def test_a_feed_with_a_missing_file_is_refused(tmp_path, missing):
    tables = {name: text for name, text in FEED.items() if name != missing}
    error = refused(written(tmp_path / "a.zip", tables), "missing-file")
    assert (error.file, error.message) == ("a.zip", f"the timetable has no {missing}")


def test_a_feed_needs_one_of_two_calendars(tmp_path):
    tables = {name: text for name, text in FEED.items() if not name.startswith("calendar")}
    assert "no calendar.txt" in refused(written(tmp_path / "a.zip", tables), "missing-file").message
    single = {**tables, "calendar_dates.txt": FEED["calendar_dates.txt"]}
    assert hops(read_timetable(written(tmp_path / "b.zip", single), day="2025-06-10")) == [("A", "C", 36_000, 37_800)]


def test_a_day_without_service_is_refused(feed):
    error = refused(feed, "no-service", day="2025-06-08")
    assert error.message == (
        "nothing runs on Sunday 8 June 2025; the timetable is for Sunday 1 June 2025 to Sunday 31 August 2025"
    )
    refused(feed, "no-service", day="2024-06-04")
    refused(feed, "bad-date", day="2025-06-31")
    refused(feed, "bad-date", day="Tuesday")


def test_no_service_near_the_streets_is_refused(feed):
    error = refused(feed, "no-service", day=TUESDAY, box=(-3.1, 51.5, -2.9, 51.6))
    assert error.message == "nothing runs between stops near the streets on Tuesday 3 June 2025"


def test_no_tuesday_with_service_is_refused(tmp_path):
    calendar = FEED["calendar.txt"].replace("week,1,1", "week,1,0")
    dates = {"calendar.txt": calendar, "calendar_dates.txt": "service_id,date,exception_type\n"}
    error = refused(written(tmp_path / "a.zip", {**FEED, **dates}), "no-service")
    assert "nothing runs on any Tuesday" in error.message


@pytest.mark.parametrize(
    ("before", "after", "row"),
    [
        ("T1,08:05:00,08:06:00", "T1,07:05:00,07:06:00", 3),
        ("T1,08:05:00,08:06:00", "T1,08:05:00,08:04:00", 3),
        ("T1,08:10:00,08:10:00", "T1,08:05:30,08:10:00", 4),
    ],
)
def test_times_that_run_backwards_are_refused(tmp_path, before, after, row):
    error = refused(changed(tmp_path, "stop_times.txt", before, after), "times-backwards", day=TUESDAY)
    assert (error.file, error.row) == ("stop_times.txt", row)
    assert error.message == "the times of the trip 'T1' run backwards"


@pytest.mark.parametrize(
    ("name", "before", "after", "rule", "row"),
    [
        ("stop_times.txt", "T2,9:00:00", "T2,9 o'clock", "bad-time", 5),
        ("stop_times.txt", "T2,9:04:00", "T2,9:64:00", "bad-time", 6),
        ("stop_times.txt", "T1,08:00:00,08:00:00", "T1,,", "bad-time", 2),
        ("stop_times.txt", ",B,2,0,0", ",B,two,0,0", "bad-number", 3),
        ("stop_times.txt", ",B,2,0,0", ",B,1,0,0", "duplicate-code", 3),
        ("stop_times.txt", ",B,2,0,0", ",NOWHERE,2,0,0", "unknown-stop", 3),
        ("stop_times.txt", "departure_time", "leaves", "missing-column", None),
        ("stops.txt", "B,Beta", "A,Beta", "duplicate-code", 3),
        ("stops.txt", "51.885,-0.420", "nan,-0.420", "bad-number", 3),
        ("stops.txt", "51.885,-0.420", "51.885,inf", "bad-number", 3),
        ("stops.txt", "51.885,-0.420", "51.885,west", "bad-number", 3),
        ("stops.txt", "51.885,-0.420", "51.885,-0.420e3", "out-of-range", 3),
        ("stops.txt", "51.885,-0.420", "518.85,-0.420", "out-of-range", 3),
        ("stops.txt", "51.885,-0.420", "-0.420,51.885", "swapped-axes", 3),
        ("trips.txt", "week,T2", "week,T1", "duplicate-code", 3),
        ("calendar.txt", "20250601,20250831\nnight", "1 June,20250831\nnight", "bad-date", 2),
    ],
)
def test_a_broken_table_is_refused_by_row(tmp_path, name, before, after, rule, row):
    error = refused(changed(tmp_path, name, before, after), rule)
    assert (error.file, error.row) == (name, row)
    assert name != "stops.txt" or error.column in {"stop_id", "stop_lon", "stop_lat"}


def test_what_is_no_whole_zip_is_refused(feed, tmp_path):
    whole = feed.read_bytes()
    for cut in (whole[: len(whole) // 2], b"", b"stop_id,stop_name\n"):
        (tmp_path / "cut.zip").write_bytes(cut)
        assert refused(tmp_path / "cut.zip", "unreadable-timetable").file == "cut.zip"
    spoilt = bytearray(whole)
    spoilt[60:90] = bytes(30)
    (tmp_path / "spoilt.zip").write_bytes(bytes(spoilt))
    refused(tmp_path / "spoilt.zip", "unreadable-timetable")
    refused(
        written(tmp_path / "latin.zip", {**FEED, "stops.txt": FEED["stops.txt"]} | {"trips.txt": "a\0"}),
        "missing-column",
    )


@pytest.mark.parametrize("window", [("10:00", "08:00"), ("08:00", "08:00"), ("8", "10"), ("08:00", "25:00"), ("", "")])
def test_a_window_that_is_none_is_refused(feed, window):
    refused(feed, "bad-window", window=window)
