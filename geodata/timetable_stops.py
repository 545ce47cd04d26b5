"""Where the stops of a GTFS feed stand: coordinates read strictly, the first wrong one named by row and column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.crs import DEGREES_RANGE
from geodata.errors import BadFile
from geodata.gtfs import first_row

FILE = "stops.txt"
LONGITUDE, LATITUDE = "stop_lon", "stop_lat"
FURTHEST = {LONGITUDE: 180.0, LATITUDE: 90.0}


def places_of(stops: pd.DataFrame) -> pd.DataFrame:
    """Read where stops stand.

    Parameters
    ----------
    stops : pandas.DataFrame, index row in the file
        ``stop_lon`` and ``stop_lat`` as text, degrees.

    Returns
    -------
    pandas.DataFrame, same index
        ``lon``, ``lat`` in degrees; NaN where nothing is written.

    Raises
    ------
    BadFile
        bad-number, out-of-range (not on the globe) or swapped-axes, naming the row and the column. A stop elsewhere
        on the globe is not refused here: it is far away.
    """
    lon, lat = _degrees(stops[LONGITUDE]), _degrees(stops[LATITUDE])
    west, east, south, north = DEGREES_RANGE
    swapped = lat.between(west, east) & lon.between(south, north)
    if swapped.any():
        row = first_row(swapped)
        message = f"the stop stands at latitude {lat[row]:g}, longitude {lon[row]:g}: the two are swapped"
        hint = "Put latitude in stop_lat and longitude in stop_lon."
        raise BadFile(message, rule="swapped-axes", file=FILE, row=row, column=LATITUDE, hint=hint)
    return pd.DataFrame({"lon": lon, "lat": lat})


def _degrees(texts: pd.Series) -> pd.Series:
    column, written = str(texts.name), texts.str.strip()
    found = pd.to_numeric(written, errors="coerce").astype(float)
    wrong = (written != "") & ~np.isfinite(found)
    if wrong.any():
        row = first_row(wrong)
        message = f"{texts[row][:20]!r} is no number; degrees are expected"
        raise BadFile(message, rule="bad-number", file=FILE, row=row, column=column, value=texts[row])
    most = FURTHEST[column]
    wrong = found.abs() > most
    if wrong.any():
        row = first_row(wrong)
        message = f"{texts[row][:20]} is not on the globe; degrees from -{most:g} to {most:g} are expected"
        raise BadFile(message, rule="out-of-range", file=FILE, row=row, column=column, value=texts[row])
    return found
