"""The rule of a share-out: form, dial or floor, unit, minimum, and what missing need meets (methods M1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from layers.whole_units import exact

DIAL_DEFAULT = 3.0
DIAL_LOW, DIAL_HIGH = 1.0, 20.0
UNIT_SIZES = {None: Fraction(0), "pence": Fraction(1, 100), "whole": Fraction(1)}


def check_dial(rho: float) -> float:
    """Return the dial if it is a number from 1 to 20 with at most two decimals.

    Raises
    ------
    ValueError
        Otherwise, saying what came.
    """
    if not (math.isfinite(rho) and DIAL_LOW <= rho <= DIAL_HIGH):
        raise ValueError(f"rho is {rho}; the dial runs from 1 (equal per head) to 20")
    if round(rho, 2) != rho:
        raise ValueError(f"rho is {rho}; the dial takes at most two decimals")
    return rho


def _choice(name: str, value: str | None, choices: Sequence[str | None]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; choose {', '.join(map(str, choices))}")


@dataclass(frozen=True)
class Rule:
    """How a budget is shared out.

    Attributes
    ----------
    form : {"dial", "count"}
        By need position and the dial, or by a number of people in need above a floor.
    rho : float
        Dial form: share per head at the most needy end over the least needy end, 1 to 20, two decimals.
    floor : float
        Count form: part of the budget that goes equally per head, above 0 and at most 1.
    unit : {None, "pence", "whole"}
        None divides without end; "pence" rounds pounds to pence; "whole" gives whole posts or sessions.
    minimum : float
        Given to every recipient with people before the rest is shared, in the budget's own measure.
    missing : {"refuse", "average"}
        What a neighbourhood with no need score (count form: no count) meets: an error, or the average per head.

    Raises
    ------
    ValueError
        If a choice is unknown or a number lies outside its range.
    """

    form: Literal["dial", "count"] = "dial"
    rho: float = DIAL_DEFAULT
    floor: float = 0.5
    unit: Literal["pence", "whole"] | None = None
    minimum: float = 0
    missing: Literal["refuse", "average"] = "refuse"

    def __post_init__(self) -> None:
        _choice("form", self.form, ("dial", "count"))
        _choice("unit", self.unit, tuple(UNIT_SIZES))
        _choice("missing", self.missing, ("refuse", "average"))
        check_dial(self.rho)
        if not 0 < exact(self.floor, "the floor share") <= 1:
            raise ValueError(f"the floor share is {self.floor}; expected above 0 and at most 1")
        if exact(self.minimum, "the minimum") < 0:
            raise ValueError(f"the minimum is {self.minimum}; expected zero or more")
        self.in_units(self.minimum, "the minimum")

    def in_units(self, amount: float, what: str) -> Fraction:
        """Return an amount as a number of units (as it is where there are none); refuse a part of a unit."""
        size = UNIT_SIZES[self.unit] or Fraction(1)
        units = exact(amount, what) / size
        if self.unit and units.denominator != 1:
            raise ValueError(f"{what} is {amount}; expected whole {'units' if self.unit == 'whole' else 'pence'}")
        return units


STANDARD = Rule()
