"""Counts of people that users bring, shown only protected (methods M12).

Profile ``nhs``: 0 stays 0, 1 to 7 are not shown, every other count goes to the nearest 5. All that is shown,
added up, ranked or coloured is worked out from protected counts, so that changing a raw count within 1 to 7
changes nothing that anyone can see. Plain arrays, so that the web process can use it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector

PROFILE = "nhs"
MARK = "*"
SMALL = 7  # counts from 1 to this are not shown
STAND_IN = 4.0  # what a formula takes for a count that is not shown
BASE = 5
HALF = BASE // 2
FIRST_SHOWN = 7.5  # what a model shared out may lie between whole numbers
SENTENCE = (
    "Counts of people are protected: 0 stays 0, 1 to 7 are not shown (*), others are rounded to the nearest 5; "
    "shares come from rounded counts."
)
STAND_IN_SENTENCE = "Where a sum needs a count that is not shown, 4 stands in for it."


@dataclass(frozen=True)
class Range:
    """A total of protected counts: what it can be at least and at most, and with the stand-in."""

    low: float
    used: float
    high: float


@dataclass(frozen=True)
class Protected:
    """Protected counts: the only form in which counts of people that users bring are kept or shown.

    Attributes
    ----------
    shown : array, shape (n,)
        0 or a multiple of 5; NaN where the count is not shown or not known.
    suppressed : array of bool, shape (n,)
        True where there is a count and it is not shown.
    """

    shown: Vector
    suppressed: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Refuse figures that no protection has made."""
        known = self.shown[np.isfinite(self.shown)]
        if (known % BASE != 0).any() or (known < 0).any() or np.isfinite(self.shown[self.suppressed]).any():
            raise ValueError("these counts are not protected: 0, multiples of 5 or nothing are expected")

    def used(self) -> Vector:
        """Give the counts as formulas take them: 4 where one is not shown, NaN where it is not known."""
        return np.where(self.suppressed, STAND_IN, self.shown)

    def total(self) -> Range:
        """Add up what is known, as a range: 1 to 7 for a count that is not shown, 2 either way for the others.

        Raises
        ------
        ValueError
            If nothing is known: the sum of unknown counts is not zero.
        """
        known = np.isfinite(self.shown)
        hidden = int(self.suppressed.sum())
        if not known.any() and not hidden:
            raise ValueError("no count is known: there is no total")
        some = self.shown[known & (self.shown > 0)]
        low = float(np.maximum(some - HALF, SMALL + 1).sum()) + hidden
        return Range(low, float(np.nansum(self.used())), float((some + HALF).sum()) + SMALL * hidden)

    def texts(self) -> list[str]:
        """Write the counts for a reader: ``*`` where one is not shown, nothing where it is not known."""
        return [
            MARK if hidden else "" if not np.isfinite(value) else f"{value:.0f}"
            for value, hidden in zip(self.shown.tolist(), self.suppressed.tolist(), strict=True)
        ]


def protect(counts: Vector, *, also: NDArray[np.bool_] | None = None) -> Protected:
    """Protect counts of people.

    Parameters
    ----------
    counts : array, shape (n,)
        Zero or more; NaN = not known, which stays so. What a model shared out need not be whole.
    also : array of bool, shape (n,), optional
        Counts that rest on one that is not shown: not shown either, unless not known.

    Returns
    -------
    Protected

    Raises
    ------
    ValueError
        If a count is negative or infinite.

    References
    ----------
    NHS England's rule for hospital statistics: 1 to 7 suppressed, others to the nearest 5. Methods M12.
    """
    raw = np.asarray(counts, dtype=float)
    if np.isinf(raw).any() or (raw < 0).any():
        raise ValueError("counts of people are finite and zero or more")
    known = np.isfinite(raw)
    hidden = known & (raw > 0) & (raw < FIRST_SHOWN)
    if also is not None:
        hidden |= known & also
    rounded = np.floor(raw / BASE + 0.5) * BASE
    return Protected(np.where(known & ~hidden, rounded, np.nan), hidden)


def protected_share(count: Protected, denominator: Protected, per: float) -> Vector:
    """Count over denominator from protected counts only, times ``per``; NaN where one of the two is not shown.

    A share of nobody (denominator 0) is not known.
    """
    below = np.where(denominator.shown > 0, denominator.shown, np.nan)
    return np.asarray(count.shown / below * per)
