"""Minutes to any points, over the network of an edition where it has one; for the workshop and the command line.

What was worked out once is kept beside the editions of the place, by network, neighbourhoods, points and mode. It can
be thrown away at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from service.travel.edition_times import NETWORK, Minutes
from service.travel.route import minutes_over, ways_in

if TYPE_CHECKING:
    from service.editions.edition import Edition

CACHE = ".travel-cache"
KEPT = 64
POINT_COLUMNS = ("easting", "northing", "lsoa21cd")


def minutes_to_points(edition: Edition, mode: str, points: pd.DataFrame) -> Minutes:
    """Minutes from every neighbourhood to any points.

    Parameters
    ----------
    edition : Edition
    mode : str
        One of ``edition.modes()``.
    points : pandas.DataFrame, shape (k, ...)
        ``easting``, ``northing`` (EPSG:27700, metres), ``lsoa21cd`` (None where it is not known).

    Returns
    -------
    float64 array, shape (n, k)
        As ``edition.minutes`` gives them: inf out of reach; NaN where a centroid is not known, or a point
        lies more than 1 km from every street of the edition's network.

    Raises
    ------
    UnknownMode
        Naming the modes there are.
    """
    edition.time_basis(mode)
    if edition.network is None:
        x, y = (points[name].to_numpy(dtype=float) for name in ("easting", "northing"))
        return edition.estimated_minutes(mode, x, y, points["lsoa21cd"].tolist())
    if not len(points):
        return np.empty((edition.count, 0))
    kept = edition.stored.folder.parent / CACHE / f"{_key(edition, mode, points)}.npy"
    found = _read(kept, (edition.count, len(points)))
    if found is None:
        x, y, area = edition.centroids()
        origins = pd.DataFrame({"centroid_x_m": x, "centroid_y_m": y, "area_m2": area}, index=edition.codes)
        named = points.assign(site_id=[str(number) for number in range(len(points))]).reset_index(drop=True)
        found = minutes_over(ways_in(edition.network_folder, mode), mode, origins, named)
        _keep(kept, found)
    return found


def _key(edition: Edition, mode: str, points: pd.DataFrame) -> str:
    """Hash all that the minutes depend on."""
    files = edition.manifest["files"]
    network = {name: facts["sha256"] for name, facts in files.items() if name.startswith(f"{NETWORK}/")}
    told = json.dumps([mode, network, points[list(POINT_COLUMNS)].astype(object).to_numpy().tolist()], default=str)
    where = b"".join(np.ascontiguousarray(part).tobytes() for part in edition.centroids())
    return hashlib.sha256(told.encode() + where).hexdigest()


def _read(path: Path, shape: tuple[int, int]) -> Minutes | None:
    """Return what was kept, or None where it is not there, or not whole."""
    try:
        found = np.load(path).astype(float)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape else None


def _keep(path: Path, minutes: Minutes) -> None:
    """Keep what was worked out, if the store can be written; the oldest make way."""
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        try:
            with temporary.open("wb") as stream:
                np.save(stream, minutes.astype(np.float32))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        held = sorted(path.parent.glob("*.npy"), key=lambda each: each.stat().st_mtime_ns)
        for old in held[:-KEPT]:
            old.unlink(missing_ok=True)
