"""Points of own lists of sites: held against Great Britain, and carried to the grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geodata import crs
from geodata.errors import BadFile
from geodata.upload.report import Findings

_RULES = {"swapped-axes": "swapped-axes", "wrong-crs": "wrong-crs", "out-of-range": "outside-britain"}
Numbers = list[float | None]


def on_grid(
    x: Sequence[float | None],
    y: Sequence[float | None],
    system: str,
    rows: Sequence[int],
    column: str,
    findings: Findings,
) -> tuple[Numbers, Numbers]:
    """Return eastings and northings in metres; refuse points outside Great Britain, with the likely cause.

    Parameters
    ----------
    x, y : sequence of float or None
        Both or neither of a pair; easting and northing, or longitude and latitude.
    system : {"EPSG:27700", "EPSG:4326"}
        What they are.
    rows, column, findings
        Where each pair stands, and what takes the faults.
    """
    one, two = np.array(x, dtype=float), np.array(y, dtype=float)
    _refuse_misplaced(one, two, system, rows, column, findings)
    if system == crs.DEGREES:
        one, two = crs.to_grid(one, two)
    return _plain(one), _plain(two)


def _plain(values: np.ndarray) -> Numbers:
    return [round(float(value), 2) if np.isfinite(value) else None for value in values]


def _refuse_misplaced(
    x: np.ndarray, y: np.ndarray, system: str, rows: Sequence[int], column: str, findings: Findings
) -> None:
    check, limits = (crs.check_grid, crs.GRID_RANGE) if system == crs.GRID else (crs.check_degrees, crs.DEGREES_RANGE)
    try:
        check(x, y, findings.file, unit="site")
    except BadFile as fault:
        known = np.isfinite(x) & np.isfinite(y)
        inside = (x >= limits[0]) & (x <= limits[1]) & (y >= limits[2]) & (y <= limits[3])
        if system == crs.GRID:
            inside &= (np.abs(x) > 180) | (np.abs(y) > 90)
        bad = known & ~inside
        for i in np.flatnonzero(bad if bad.any() else known).tolist():
            pair = f"({x[i]:.6g}, {y[i]:.6g})"
            message = f"the site at {pair} is not where {system} has Great Britain" if bad.any() else fault.message
            findings.add(_RULES[fault.rule], message, row=rows[i], column=column, value=pair, hint=fault.hint)
