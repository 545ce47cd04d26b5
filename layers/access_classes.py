"""Classes of a map of access: out of reach first, then from the worst access to the best (methods M7).

Class 1 is always the worst: the longest time, or the least within reach. Out of reach is a class of its own and never
"no figure": that is kept for what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.map_classes import MAX_CLASSES, class_breaks

TIME = "nearest"
LABELS = {
    TIME: ("Longest", "Longer", "Middle", "Shorter", "Shortest"),
    "": ("Least", "Less", "Middle", "More", "Most"),
}
CHOSEN: dict[int, tuple[int, ...]] = {0: (), 1: (), 2: (0, 4), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
"""Which of five labels stand for fewer classes; one class alone is neither end."""
NONE_IN_REACH = {TIME: "Out of reach", "": "None within reach"}
ALL_ALIKE, ALL_OTHERS = "The same everywhere", "All others"


@dataclass(frozen=True)
class AccessClasses:
    """Classes of one measure of access.

    Attributes
    ----------
    numbers : array, shape (n,)
        1 = worst access; NaN = not known.
    labels : tuple of str
        Names of the classes, worst first.
    """

    numbers: NDArray[np.float64]
    labels: tuple[str, ...]


def access_classes(values: NDArray[np.float64], *, measure: str, decimals: int) -> AccessClasses:
    """Put a measure of access in at most five classes of about equal size, those out of reach apart.

    Parameters
    ----------
    values : array, shape (n,)
        Minutes for the measure "nearest", where inf is out of reach; for every other measure how much is within
        reach, where 0 is nothing. NaN = not known.
    measure : str
        "nearest", or any other name: more is better.
    decimals : int
        Decimals the values are shown with.

    Returns
    -------
    AccessClasses
    """
    timed = measure == TIME
    value = np.asarray(values, dtype=np.float64)
    none = np.isinf(value) if timed else value == 0
    some = ~np.isnan(value) & ~none
    upper = class_breaks(value[some], decimals=decimals, classes=MAX_CLASSES - bool(none.any())).upper
    step = np.searchsorted(np.asarray(upper), np.round(value[some], decimals), side="left")
    numbers = np.full(value.shape, np.nan)
    numbers[some] = (len(upper) - step if timed else step + 1) + bool(none.any())
    numbers[none] = 1
    kind = TIME if timed else ""
    words = tuple(LABELS[kind][place] for place in CHOSEN[len(upper)])
    if len(upper) == 1:
        words = (ALL_OTHERS if none.any() else ALL_ALIKE,)
    return AccessClasses(numbers, ((NONE_IN_REACH[kind],) if none.any() else ()) + words)
