"""Counts behind an indicator, and by how much its values are larger than the share they make: 1, 100, 1,000."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.gradient import Vector
from service.editions.edition import Edition

SCALES = (1.0, 100.0, 1_000.0, 10_000.0, 100_000.0)  # shares, percentages, rates per so many
CLOSE = 0.02  # values are kept to fewer digits than their counts give


@dataclass(frozen=True)
class Counted:
    """Count and denominator over the whole place, and the scale of the values made from them."""

    count: Vector
    denominator: Vector
    scale: float


def counted_share(edition: Edition, indicator: str) -> Counted | None:
    """Give the counts behind an indicator, if it is a share of them.

    Returns
    -------
    Counted or None
        None where it has no counts, a count is above its denominator, or the values are no multiple of the share.
    """
    found = edition.indicator_counts(indicator)
    if found is None:
        return None
    count, among = (np.asarray(part, dtype=np.float64) for part in found)
    value = np.asarray(edition.indicator_values(indicator), dtype=np.float64)
    usable = np.isfinite(value) & (count > 0) & (among > 0)
    if not usable.any() or bool((count[usable] > among[usable]).any()):
        return None
    ratio = float(np.median(value[usable] * among[usable] / count[usable]))
    return next((Counted(count, among, scale) for scale in SCALES if abs(ratio / scale - 1) < CLOSE), None)
