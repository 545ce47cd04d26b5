"""The buses of the demo borough as GTFS: two day routes and a night bus that runs past midnight.

Trips follow the main roads at a steady speed. Bank holidays run as Sundays and Christmas Day has no
buses (calendar_dates); the night bus writes 24:10:00 and later, as timetables do.
"""

from __future__ import annotations

import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from geodata.demo import names
from geodata.demo.degrees import to_degrees
from geodata.demo.streets import Streets, drive

METRES_A_SECOND = 5.0
STOP_EVERY_M = 420.0
ROUTES = (  # id, number, name, places called at
    ("ALD1", "1", "Harbour - Guildhall - Priory - Larkmead", ("Harbour", "Guildhall", "Priory", "Larkmead")),
    ("ALD2", "2", "Windmill - Station - Guildhall - Southbank - St Osyn's", ("Windmill", "Station", "Guildhall",
    "Southbank", "St Osyn's")),
    ("ALDN", "N3", "Night bus: Harbour - Guildhall - Southbank - Orchard", ("Harbour", "Guildhall", "Southbank",
    "Orchard")),
)  # fmt: skip
SERVICES = (("weekday", "1111100"), ("saturday", "0000010"), ("sunday", "0000001"))
VALID = ("20250407", "20260405")
EXCEPTIONS = (  # service, date, 1 = added, 2 = taken away
    ("weekday", "20250505", 2), ("sunday", "20250505", 1), ("weekday", "20250526", 2), ("sunday", "20250526", 1),
    ("weekday", "20251225", 2), ("weekday", "20251226", 2), ("sunday", "20251226", 1),
)  # fmt: skip
# First and last departure (minutes after midnight) and the gap between buses, by service.
DAY_TIMES = {"weekday": (360, 1350, 30), "saturday": (420, 1350, 45), "sunday": (540, 1260, 90)}
NIGHT_DEPARTURES = {"weekday": (1425,), "saturday": (1425, 1470, 1515), "sunday": ()}


def stops_on(streets: Streets, places: tuple[str, ...]) -> list[tuple[int, float]]:
    """Return (node, metres from the start) of each stop of a route, about every 420 m."""
    path: list[int] = []
    for start, end in pairwise(places):
        path += drive(streets.graph, streets.at, start, end)[1 if path else 0 :]
    step = [float(streets.graph.edges[a, b]["length"]) for a, b in pairwise(path)]
    along = np.concatenate([[0.0], np.cumsum(step)])
    chosen = [0]
    for k in range(1, len(path) - 1):
        if along[k] - along[chosen[-1]] >= STOP_EVERY_M and along[-1] - along[k] >= STOP_EVERY_M / 2:
            chosen.append(k)
    chosen.append(len(path) - 1)
    return [(path[k], float(along[k])) for k in chosen]


def clock(seconds: float) -> str:
    """Return HH:MM:SS; hours run past 24 for a trip that began the day before."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def make_timetable(streets: Streets) -> dict[str, str]:
    """Return the GTFS tables as text, by file name."""
    stop_id: dict[int, str] = {}
    trips, times = (
        ["route_id,service_id,trip_id,trip_headsign,direction_id"],
        ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"],
    )
    for route, _, _, places in ROUTES:
        forward = stops_on(streets, places)
        total = forward[-1][1]
        for direction, calls in ((0, forward), (1, [(node, total - along) for node, along in reversed(forward)])):
            for service, _ in SERVICES:
                first, last, gap = DAY_TIMES[service]
                starts = NIGHT_DEPARTURES[service] if route == "ALDN" else range(first + 7 * direction, last + 1, gap)
                for number, start in enumerate(starts, start=1):
                    trip = f"{route}-{service}-{direction}-{number:02d}"
                    trips.append(f"{route},{service},{trip},{places[-1] if direction == 0 else places[0]},{direction}")
                    for order, (node, along) in enumerate(calls, start=1):
                        stop_id.setdefault(node, f"999ZX{len(stop_id) + 1:04d}")
                        when = clock(60 * start + along / METRES_A_SECOND)
                        times.append(f"{trip},{when},{when},{stop_id[node]},{order}")
    return {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nALB,Alder Buses (fictional),https://example.org/,Europe/London\n",
        "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date\n"
        f"Evenreach demo (fictional),https://example.org/,en,{VALID[0]},{VALID[1]}\n",
        "stops.txt": _stops(streets, stop_id),
        "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\n"
        + "".join(f"{route},ALB,{number},{name},3\n" for route, number, name, _ in ROUTES),
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        + "".join(f"{service},{','.join(days)},{VALID[0]},{VALID[1]}\n" for service, days in SERVICES),
        "calendar_dates.txt": "service_id,date,exception_type\n"
        + "".join(f"{s},{date},{kind}\n" for s, date, kind in EXCEPTIONS),
        "trips.txt": "\n".join(trips) + "\n",
        "stop_times.txt": "\n".join(times) + "\n",
    }


def _stops(streets: Streets, stop_id: dict[int, str]) -> str:
    nodes = list(stop_id)
    degrees = to_degrees(streets.at[nodes])
    lines = ["stop_id,stop_code,stop_name,stop_lat,stop_lon"]
    for number, (node, (longitude, latitude)) in enumerate(zip(nodes, degrees, strict=True), start=1):
        roads = sorted({str(streets.graph.edges[node, other]["name"]) for other in streets.graph[node]})
        name = roads[0] if len(roads) == 1 else f"{roads[0]} / {roads[1]}"
        lines.append(f"{stop_id[node]},ald{number:04d},{name} ({names.BOROUGH}),{latitude:.6f},{longitude:.6f}")
    return "\n".join(lines) + "\n"


def write_gtfs(streets: Streets, path: Path) -> None:
    """Write the feed as a ZIP without compression and with fixed dates, so that the bytes are the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, text in make_timetable(streets).items():
            member = zipfile.ZipInfo(name, date_time=(2025, 4, 7, 0, 0, 0))
            member.create_system = 3
            archive.writestr(member, text)
