"""Classes of a map: breaks, which class a figure is in, the legend and its words (methods M8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.map_layers import PALETTES, MapLayer
from layers.rank_summaries import SURELY_IN, SURELY_OUT

MAX_CLASSES = 5
MISSING = 0
"""The class number of a neighbourhood without a figure."""
FIFTH_LABELS = ("Fifth 1: greatest need", "Fifth 2", "Fifth 3", "Fifth 4", "Fifth 5: least need")
DECILE_LABELS = ("1-2 most deprived", "3-4", "5-6", "7-8", "9-10 least deprived")
MISSING_LABEL = "No figure (hatched)"
BORDERLINE = (SURELY_OUT, SURELY_IN)
"""A neighbourhood whose chance of the greatest-need fifth lies between these is hatched on maps of ranks."""


@dataclass(frozen=True)
class Breaks:
    """Upper bounds of the classes, ascending and inclusive, with the number of values in each."""

    upper: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class LegendClass:
    """One line of a legend; `low` and `high` are None where the class is empty or has no range."""

    number: int
    colour: str
    label: str
    low: float | None
    high: float | None
    count: int


def class_breaks(values: NDArray[np.float64], *, decimals: int | None = None, classes: int = MAX_CLASSES) -> Breaks:
    """Quantile classes of one column: at most five, none empty, equal values always together.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
        Any unit; NaN is left out.
    decimals : int, optional
        Decimals the values are published with. Rounding first keeps a printed value in the class it was put in.
    classes : int
        The most classes wanted, 1 to 5.

    Returns
    -------
    Breaks
        Inclusive upper bounds, ascending, each a value that occurs, and the counts (they add up to the values present).
        No value at all gives no class; a constant gives one.

    Raises
    ------
    ValueError
        If `classes` is not between 1 and 5, or a value is infinite.

    References
    ----------
    Quantile classes, the same as those of the library mapclassify (a test compares them).
    """
    if not 1 <= classes <= MAX_CLASSES:
        raise ValueError(f"{classes} classes asked for; a map has 1 to {MAX_CLASSES}")
    present = _rounded(np.asarray(values, dtype=float), decimals)
    present = present[~np.isnan(present)]
    if np.isinf(present).any():
        raise ValueError("an infinite value cannot be put in a class")
    distinct = np.unique(present)
    if len(distinct) <= 1:
        return Breaks(tuple(distinct.tolist()), (len(present),) * len(distinct))
    wanted = min(classes, len(distinct))
    bounds = np.quantile(present, np.arange(1, wanted + 1) / wanted)
    # A quantile may fall between two values: move each bound down to the value that occurs, and drop empty classes.
    position = np.searchsorted(distinct, bounds, side="right") - 1
    upper = np.unique(np.append(distinct[position[position >= 0]], distinct[-1]))
    counts = np.bincount(np.searchsorted(upper, present, side="left"), minlength=len(upper))
    return Breaks(tuple(upper.tolist()), tuple(int(count) for count in counts))


def class_numbers(layer: MapLayer, values: NDArray[np.float64], breaks: Sequence[float] = ()) -> NDArray[np.int64]:
    """Put every value of the layer's class column in its class.

    Parameters
    ----------
    layer : MapLayer
        Says how a class follows from a value.
    values : numpy.ndarray of float, shape (n,)
        The class column: need fifth, national decile or the indicator's value. NaN = no figure.
    breaks : sequence of float
        Inclusive upper bounds, ascending, for a layer classed by breaks.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        1 = greatest need, 0 = no figure. A layer without classes gives 1 everywhere.
    """
    value = np.asarray(values, dtype=float)
    if layer.classes == "none":
        return np.ones(value.shape, dtype=np.int64)
    known = ~np.isnan(value)
    number = np.zeros(value.shape, dtype=np.int64)
    if layer.classes in ("fifths", "named"):
        number[known] = value[known].astype(np.int64)
    elif layer.classes == "decile pairs":
        number[known] = np.ceil(value[known] / 2).astype(np.int64)
    elif len(breaks):
        step = np.searchsorted(np.asarray(breaks), _rounded(value[known], layer.decimals), side="left")
        step = np.minimum(step, len(breaks) - 1)
        number[known] = step + 1 if layer.polarity < 0 else len(breaks) - step
    return number


def certainty_classes(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Class of each chance of the top fifth: 1 = at least 0.9, 2 = between, 3 = at most 0.1; NaN = not known."""
    number = np.select([chance >= SURELY_IN, chance <= SURELY_OUT], [1.0, 3.0], 2.0)
    return np.where(np.isnan(chance), np.nan, number)


def cluster_classes(codes: NDArray[np.int64], polarity: int = 1) -> NDArray[np.float64]:
    """Class of each cluster by need: 1 = greater need among greater need, 5 = not significant; NaN = no figure.

    Parameters
    ----------
    codes : array of int, shape (n,)
        0, 1 = no value or no neighbour, 2 = not significant, then high among high, high among low, low among high,
        low among low.
    polarity : {1, -1}
        -1 where a low value is the greater need.
    """
    found = np.array([np.nan, np.nan, 5.0, *((1.0, 2.0, 3.0, 4.0) if polarity > 0 else (4.0, 3.0, 2.0, 1.0))])
    return np.asarray(found[codes])


def borderline(chance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which neighbourhoods may or may not be in the fifth of greatest need."""
    with np.errstate(invalid="ignore"):
        return (chance > BORDERLINE[0]) & (chance < BORDERLINE[1])


def palette(layer: MapLayer, classes: int = MAX_CLASSES) -> tuple[str, ...]:
    """Colours of a layer's classes, darkest first; fewer classes are spread over the whole range."""
    colours = PALETTES[layer.palette]
    if classes <= 1:
        return (colours[2],)
    return tuple(colours[round(step * (MAX_CLASSES - 1) / (classes - 1))] for step in range(classes))


def class_count(layer: MapLayer, breaks: Sequence[float] = ()) -> int:
    """Count the classes of a layer: five, unless its breaks or names say fewer or it has none."""
    if layer.classes == "none":
        return 0
    if layer.classes == "named":
        return len(layer.labels)
    return len(breaks) if layer.classes == "breaks" else MAX_CLASSES


def legend(
    layer: MapLayer, numbers: NDArray[np.int64], values: NDArray[np.float64], breaks: Sequence[float] = ()
) -> list[LegendClass]:
    """List the classes of a layer, greatest need first, with the range of the shown values and the counts.

    Parameters
    ----------
    layer : MapLayer
        The layer drawn.
    numbers : numpy.ndarray of int, shape (n,)
        From `class_numbers`.
    values : numpy.ndarray of float, shape (n,)
        The shown column (`layer.column`), in the same order.
    breaks : sequence of float
        As given to `class_numbers`.

    Returns
    -------
    list of LegendClass
        Counts add up to n. A line for "no figure" comes last, and only where there is one.
    """
    count = class_count(layer, breaks)
    colours = palette(layer, count)
    lines = [
        _legend_class(layer, number, colours[number - 1], values[numbers == number]) for number in range(1, count + 1)
    ]
    missing = int((numbers == MISSING).sum())
    if missing:
        lines.append(LegendClass(MISSING, "", MISSING_LABEL, None, None, missing))
    return lines


def value_text(value: float | None, decimals: int) -> str:
    """Write a number for a reader: fixed decimals, thousands separated; nothing for a missing value."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:,.{decimals}f}"


def range_text(line: LegendClass, layer: MapLayer) -> str:
    """Write the range of one class, with the unit; empty where the label already says it or nothing is in the class."""
    if line.low is None or layer.classes == "decile pairs":
        return ""
    low, high = value_text(line.low, layer.decimals), value_text(line.high, layer.decimals)
    text = low if low == high else f"{low} to {high}"
    return f"{text} {layer.unit}".strip()


def _rounded(values: NDArray[np.float64], decimals: int | None) -> NDArray[np.float64]:
    return values if decimals is None else np.round(values, decimals)


def _legend_class(layer: MapLayer, number: int, colour: str, values: NDArray[np.float64]) -> LegendClass:
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
    names = {"fifths": FIFTH_LABELS, "decile pairs": DECILE_LABELS, "named": layer.labels}
    label = names.get(layer.classes, ("",) * MAX_CLASSES)[number - 1]
    return LegendClass(number, colour, label, low, high, len(values))
