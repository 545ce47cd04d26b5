"""The two coordinate systems: known points, there and back, and the likely cause of a wrong number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.crs import ACCURACY_M, check_degrees, check_grid, to_degrees, to_grid
from geodata.errors import BadFile

LUTON_GRID, LUTON_DEGREES = (509_164.0, 221_374.0), (-0.4151, 51.8796)


def test_a_worked_point_of_ordnance_survey_is_met():
    # Ordnance Survey's guide: Caister water tower, 52 39 28.8282 N 1 42 57.8663 E (WGS 84) is near 651409.8, 313177.4.
    lon, lat = 1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600
    easting, northing = to_grid(lon, lat)
    assert np.hypot(easting[0] - 651_409.8, northing[0] - 313_177.4) < 2 * ACCURACY_M


def test_the_pinned_operation_is_the_published_helmert():
    # The same seven parameters as pyproj's own "OSGB36 to WGS 84 (6)", but not chosen by the machine.
    theirs = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True, allow_ballpark=False)
    lon, lat = to_degrees([LUTON_GRID[0]], [LUTON_GRID[1]])
    x, y = theirs.transform(*LUTON_GRID)
    assert lon[0] == pytest.approx(x, abs=5e-5)
    assert lat[0] == pytest.approx(y, abs=5e-5)


@given(st.floats(90_000, 650_000), st.floats(10_000, 650_000))
def test_there_and_back_is_the_same_place_to_five_millimetres(easting, northing):
    back = to_grid(*to_degrees([easting], [northing]))
    assert np.hypot(back[0][0] - easting, back[1][0] - northing) < 0.005


def test_a_missing_coordinate_stays_missing():
    lon, lat = to_degrees([np.nan, LUTON_GRID[0]], [LUTON_GRID[1], LUTON_GRID[1]])
    assert np.isnan(lon[0])
    assert np.isnan(lat[0])
    assert lon[1] == pytest.approx(LUTON_DEGREES[0], abs=0.01)


def test_good_coordinates_and_gaps_pass():
    check_grid([LUTON_GRID[0], np.nan], [LUTON_GRID[1], np.nan], "a.csv")
    check_degrees([LUTON_DEGREES[0], np.nan], [LUTON_DEGREES[1], np.nan], "a.csv")


@pytest.mark.parametrize(
    ("check", "x", "y", "rule", "hint"),
    [
        (check_degrees, 51.88, -0.42, "swapped-axes", "latitude first"),
        (check_degrees, *LUTON_GRID, "wrong-crs", "British National Grid metres"),
        (check_degrees, -46_200.0, 6_780_000.0, "wrong-crs", "Web Mercator"),
        (check_degrees, 2.35, 48.86, "out-of-range", "not in Great Britain"),
        (check_degrees, 0.0, 0.0, "out-of-range", "not in Great Britain"),
        (check_degrees, np.inf, 51.0, "out-of-range", "not in Great Britain"),
        (check_grid, *LUTON_DEGREES, "wrong-crs", "looks like degrees"),
        (check_grid, 0.0, 0.0, "wrong-crs", "looks like degrees"),
        (check_grid, 221_374.0, 509_164.0, "swapped-axes", "northing first"),
        (check_grid, 1_100_000.0, 500_000.0, "swapped-axes", "northing first"),
        (check_grid, -46_200.0, 6_780_000.0, "wrong-crs", "Web Mercator"),
        (check_grid, 900_000.0, 900_000.0, "out-of-range", "not on the British National Grid"),
    ],
)
def test_a_wrong_coordinate_is_refused_with_its_likely_cause(check, x, y, rule, hint):
    with pytest.raises(BadFile, match=hint) as caught:
        check([x], [y], "sites.csv", first_row=2)
    assert caught.value.rule == rule
    assert "sites.csv, row 2" in str(caught.value)
