"""The fictional borough's own times (its generator wrote them down) are found again from its street and bus files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geodata.demo
from geodata.networks import read_streets
from geodata.timetables import read_timetable
from layers.travel_time import travel_times

FILES = Path(geodata.demo.__file__).parent / "files"


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """The generator's journeys, and the minutes that we make of the published files."""
    own = pd.read_csv(FILES / "truth_times.csv")
    streets = read_streets(FILES / "networks" / "aldermouth.osm.pbf")
    day = read_timetable(FILES / "networks" / "aldermouth_gtfs.zip", box=streets.facts["box"])
    parts = []
    for mode, listed in own.groupby("mode", sort=False):
        ends = {
            end: listed[[f"{end}_easting", f"{end}_northing"]].set_axis(["easting", "northing"], axis=1)
            for end in ("start", "end")
        }
        from_rows = ends["start"].rename(columns={"easting": "centroid_x_m", "northing": "centroid_y_m"})
        pairs = travel_times(
            from_rows.set_axis(listed["journey"]).assign(area_m2=1.0),
            ends["end"].assign(site_id=listed["journey"], lsoa21cd=""),
            mode=str(mode),
            network=streets.networks["walk"],
            timetable=day if mode == "transit" else None,
        )
        same = pairs[pairs["lsoa21cd"] == pairs["site_id"]].set_index("site_id")["travel_time_min"]
        parts.append(listed.assign(found=listed["journey"].map(same)))
    return pd.concat(parts)


def test_walks_take_what_the_generator_drew(found):
    walks = found[found["mode"] == "walk"]
    assert len(walks) == 55
    # The files hold degrees to seven places; back in metres they are good to about two.
    assert (walks["found"] - walks["minutes"]).abs().max() < 0.3
    assert (walks["found"] / walks["minutes"] - 1).abs().max() < 0.005


def test_buses_take_what_the_generator_drew(found):
    buses = found[found["mode"] == "transit"]
    assert len(buses) == 4
    assert np.abs(buses["found"] - buses["minutes"]).max() < 0.05
