"""The need-matched dial: as steep as a measured outcome (methods M1). Plain numbers, no tables."""

from __future__ import annotations

import math
from typing import NamedTuple

from layers.share_rule import DIAL_HIGH

NOT_KNOWN = "The relative index of inequality or its limits are not known."


class MatchedDial(NamedTuple):
    """The dial that matches a measured outcome, or None; and why."""

    rho: float | None
    why: str


def need_matched_dial(
    rii: float | None, lower: float | None, upper: float | None, intercept: float | None
) -> MatchedDial:
    """Dial that is as steep as a measured outcome: the relative index of inequality, at least 1.

    Parameters
    ----------
    rii, lower, upper : float or None
        Relative index of inequality of the outcome (bad = high) over need position, and its limits; None = not known.
    intercept : float or None
        Fitted value at position 0, in the outcome's unit.

    Returns
    -------
    MatchedDial
        The dial to two decimals, at most 20; None where the limits include 1 or are not known, or the intercept is
        not positive. The reason is given either way.

    Raises
    ------
    ValueError
        If the limits do not enclose the index.

    References
    ----------
    Methods M1; the relative index of inequality: methods M5.
    """
    if intercept is not None and intercept <= 0:
        return MatchedDial(None, f"The fitted value at the least needy end is {intercept:g}, not above 0.")
    if rii is None or lower is None or upper is None or intercept is None:
        return MatchedDial(None, NOT_KNOWN)
    if not all(map(math.isfinite, (rii, lower, upper, intercept))):
        return MatchedDial(None, NOT_KNOWN)
    if not lower <= rii <= upper:
        raise ValueError(f"the limits {lower} to {upper} do not enclose the relative index of inequality {rii}")
    if lower <= 1 <= upper:
        return MatchedDial(None, f"The limits {lower:.2f} to {upper:.2f} include 1: no slope is shown.")
    if rii < 1:
        return MatchedDial(1.0, f"The outcome is no worse where need is greater ({rii:.2f}): equal per head.")
    if rii > DIAL_HIGH:
        return MatchedDial(DIAL_HIGH, f"The outcome is {rii:.2f} times as bad; the dial ends at {DIAL_HIGH:.0f}.")
    return MatchedDial(round(rii, 2), f"The outcome is {rii:.2f} times as bad at the most needy end.")
