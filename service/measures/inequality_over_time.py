"""How a figure of neighbourhoods differs with need, period by period, and whether that has changed.

Only where an edition holds a series for neighbourhoods with counts (methods M5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from layers.inequality_arrays import SlopeIndex, slope_of, wilson
from service.editions.edition import Edition
from service.editions.views import View
from service.measures.inequalities import CONFIDENCE, DRAWS, SEED
from service.measures.need_without import need_without

LEVEL = "lsoa"
PERCENT = 100.0


@dataclass(frozen=True)
class OverTime:
    """The slope of each period, and what became of it.

    Attributes
    ----------
    periods : tuple of (str, SlopeIndex)
        In order of time; periods with too few neighbourhoods are left out.
    change, lower, upper : float or None
        Slope index of the last period minus that of the first, with limits.
    verdict : {"changed", "not changed", "not enough points"}
        Changed where the limits leave 0 outside.
    left_out : int
        Most neighbourhoods without a figure in any period: withheld small counts, never taken as 0.
    """

    periods: tuple[tuple[str, SlopeIndex], ...]
    change: float | None
    lower: float | None
    upper: float | None
    verdict: str
    left_out: int


def over_time(edition: Edition, name: str, view: View | None = None) -> OverTime | None:
    """Follow the slope of one variable over its periods.

    Parameters
    ----------
    edition : Edition
    name : str
        Id of a context variable.
    view : View, optional
        Focus and footprint; the usual focus over the whole place when left out.

    Returns
    -------
    OverTime or None
        None where there is no such series for neighbourhoods.
    """
    block = edition.context(LEVEL)
    ids = [part["id"] for part in block["variables"]]
    if name not in ids or block["counts"] is None or block["denominators"] is None:
        return None
    row = ids.index(name)
    need = need_without(edition, view or View(edition.place["id"]))
    where = {code: at for at, code in enumerate(block["codes"])}
    at = np.array([where.get(code, -1) for code in edition.codes[need.rows]])
    found, left_out = [], 0
    for step, period in enumerate(block["variables"][row]["years"]):
        count, among = (np.where(at >= 0, block[part][row, step][at], np.nan) for part in ("counts", "denominators"))
        value, low, high = _proportion(count, among)
        left_out = max(left_out, int((~np.isfinite(value)).sum()))
        try:
            slope = slope_of(
                value, need.position, need.people, limits=(low, high), confidence=CONFIDENCE, draws=DRAWS, seed=SEED
            )
        except ValueError:
            continue
        found.append((str(period), slope))
    return OverTime(tuple(found), *_change(found), left_out)


def _proportion(count: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(among > 0, count / among, np.nan)
    low, high = wilson(count, among, CONFIDENCE)
    return PERCENT * value, PERCENT * np.fmin(low, value), PERCENT * np.fmax(high, value)


def _change(found: list[tuple[str, SlopeIndex]]) -> tuple[float | None, float | None, float | None, str]:
    """Compare first and last: their draws are independent, so the squares of their half widths add."""
    if len(found) < 2:
        return None, None, None, "not enough points"
    first, last = found[0][1], found[-1][1]
    halves = [_half(slope) for slope in (first, last)]
    change = last.sii - first.sii
    if None in halves:
        return change, None, None, "not enough points"
    half = math.hypot(*(part for part in halves if part is not None))
    verdict = "changed" if abs(change) > half else "not changed"
    return change, change - half, change + half, verdict


def _half(slope: SlopeIndex) -> float | None:
    if slope.sii_lower is None or slope.sii_upper is None:
        return None
    return (slope.sii_upper - slope.sii_lower) / 2
