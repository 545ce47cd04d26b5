"""How far a list of patients stands for the people who live there (methods M6), on plain arrays.

`layers.carried_rates` carries the figures; the web process, which holds arrays and no tables, calls these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector

HIDE_BELOW = 0.50  # registered patients per resident
FLAG_OUTSIDE = (0.75, 1.25)


def hidden(coverage: Vector) -> NDArray[np.bool_]:
    """Tell where too few are registered for a figure to be shown, or residents are not known."""
    with np.errstate(invalid="ignore"):
        return np.asarray(~(coverage >= HIDE_BELOW))


def flagged(coverage: Vector) -> NDArray[np.bool_]:
    """Tell where a figure is doubtful or hidden: far fewer or more registered than live there."""
    with np.errstate(invalid="ignore"):
        return np.asarray(~((coverage >= FLAG_OUTSIDE[0]) & (coverage <= FLAG_OUTSIDE[1])))


def coverage_note(coverage: float) -> str:
    """Why GP figures are hidden or doubtful at this coverage; empty where there is nothing to say."""
    if not np.isfinite(coverage):
        return "GP figures: how many live here is not known, so none is shown"
    low, high = FLAG_OUTSIDE
    if low <= coverage <= high:
        return ""
    limit = HIDE_BELOW if coverage < HIDE_BELOW else low if coverage < low else high
    than = f"{'more' if coverage > high else 'fewer'} than {100 * limit:.0f}"
    care = "too few to show any" if coverage < HIDE_BELOW else "so read them with care"
    return f"GP figures: {than} patients are registered for every 100 residents, {care}"
