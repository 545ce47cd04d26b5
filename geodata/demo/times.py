"""How long journeys take in the demo borough, straight from what its streets and buses were drawn from.

Tests ask whether the readers and the routing find the same again from the files.
"""

from __future__ import annotations

from itertools import combinations
from statistics import median

import networkx as nx  # type: ignore[import-untyped]
import pandas as pd

from geodata.demo.streets import PLACES, Streets, nearest_node
from geodata.demo.timetable import DAY_TIMES, METRES_A_SECOND, ROUTES, stops_on

WALK_M_A_MINUTE = 80.0
LEAVE = range(8 * 60, 10 * 60)  # every minute, after midnight


def own_times(streets: Streets) -> pd.DataFrame:
    """Return journeys between places in minutes: on foot, and by a bus from its first stop to its last and back.

    A bus journey is the median over every minute of departure from 08:00 to 09:59 on a weekday, waiting included.
    """
    rows = []
    for one, other in combinations(sorted(PLACES), 2):
        start, end = (nearest_node(streets.at, PLACES[place]) for place in (one, other))
        metres = nx.shortest_path_length(streets.graph, start, end, weight="length")
        rows.append(("walk", f"{one} to {other}", start, end, metres / WALK_M_A_MINUTE))
    for route, _, _, places in ROUTES:
        if route != "ALDN":  # the night bus sleeps by day
            calls = stops_on(streets, places)
            for direction, (start, end) in enumerate(((calls[0][0], calls[-1][0]), (calls[-1][0], calls[0][0]))):
                name = f"{places[-direction]} to {places[direction - 1]}"
                rows.append(("transit", name, start, end, _by_bus(calls[-1][1], direction)))
    found = pd.DataFrame(rows, columns=["mode", "journey", "start", "end", "minutes"])
    for place in ("start", "end"):
        nodes = found.pop(place).to_numpy()
        found[f"{place}_easting"] = streets.at[nodes, 0].round(1)
        found[f"{place}_northing"] = streets.at[nodes, 1].round(1)
    return found.round({"minutes": 3})


def _by_bus(metres: float, direction: int) -> float:
    """Return the median of waiting and riding from the first stop to the last."""
    first, last, gap = DAY_TIMES["weekday"]
    buses = range(first + 7 * direction, last + 1, gap)
    ride = round(metres / METRES_A_SECOND) / 60
    return median(min(bus for bus in buses if bus >= minute) - minute + ride for minute in LEAVE)
