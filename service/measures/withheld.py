"""What is not said because it would rest on counts that are not shown (methods M12).

A need fifth or group that holds such a count has no figure; a slope has none where more than a tenth of its
neighbourhoods do. Below that the stand-in is used, and it is said.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Counts
from layers.inequality_arrays import Fifth
from service.editions.edition import Edition

Hidden = NDArray[np.bool_]
MOST_HIDDEN = 0.1  # of the neighbourhoods that a slope rests on


def hidden_in(edition: Edition, indicator: str, rows: Counts) -> Hidden:
    """Tell in which neighbourhoods a formula takes a measure from a stand-in for a count that is not shown."""
    if not edition.indicators.get(indicator, {}).get("protection"):
        return np.zeros(len(rows), dtype=bool)
    shown, used = edition.own.values(indicator)[rows], edition.own.formula_values(indicator)[rows]
    return np.asarray(np.isfinite(used) & ~np.isfinite(shown))


def slope_withheld(hidden: Hidden, used: Hidden) -> str:
    """Say why no slope is drawn through the neighbourhoods used; nothing if it may be."""
    some, among = int((hidden & used).sum()), int(used.sum())
    if some <= MOST_HIDDEN * among:
        return ""
    return (
        f"{some:,} of {among:,} neighbourhoods rest on a count that is not shown (1 to 7), more than one in ten; "
        "what they would say is withheld"
    )


def fifths_shown(fifths: list[Fifth], hidden: Hidden, fifth: Counts) -> list[Fifth]:
    """Withhold the figures of the need fifths that hold a count that is not shown."""
    return [
        replace(row, value=None, lower=None, upper=None) if hidden[fifth == row.fifth].any() else row for row in fifths
    ]


def withheld_notes(hidden: Hidden, used: Hidden) -> list[str]:
    """Say what is withheld, and where the stand-in is used."""
    some = int((hidden & used).sum())
    if not some:
        return []
    found = ["Need fifths and groups with a neighbourhood whose count is not shown (1 to 7) are withheld."]
    if not slope_withheld(hidden, used):
        found.append(f"In {some:,} of {int(used.sum()):,} neighbourhoods 4 stands in for a count that is not shown.")
    return found
