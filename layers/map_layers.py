"""Map layers: what a map shows, how its values fall into classes, and the colours of those classes.

Nothing here draws. The page's script and the picture both draw from the same `MapLayer`, class numbers and legend,
so that a map on a screen and the same map on paper cannot differ.

Class 1 is always the greatest need (or the most deprived) and has the darkest colour. Class 0 is "no figure":
drawn hatched, never coloured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from layers.rank_summaries import SURELY_IN, SURELY_OUT

ClassRule = Literal["fifths", "decile pairs", "breaks", "named", "none"]

MAX_CLASSES = 5
SHORT_UNIT = 12
"""A longer unit is said once, above the classes, instead of after every number."""
MISSING = 0
"""The class number of a neighbourhood without a figure."""

PALETTES: dict[str, tuple[str, str, str, str, str]] = {
    # Darkest (class 1) to lightest. One hue family each, lightness falls evenly, so that the order survives
    # every common colour vision deficiency and a black-and-white printer.
    "need": ("#14305c", "#1f6a94", "#46a5ab", "#a3d6b4", "#f2f5cd"),
    "deprivation": ("#43103a", "#862f63", "#c3628a", "#e6a8b6", "#fae8e2"),
    "indicator": ("#52210b", "#944517", "#cb7d33", "#edbd7c", "#fcf0d6"),
    # Two hues against each other, dark where clusters are; the last is for "not significant", drawn plainly.
    "clusters": ("#7a1a1c", "#e0916c", "#8fbbdd", "#1f4b7f", "#efeee8"),
    "plain": ("#e9ece6", "#e9ece6", "#e9ece6", "#e9ece6", "#e9ece6"),
}

FIFTH_LABELS = ("Fifth 1: greatest need", "Fifth 2", "Fifth 3", "Fifth 4", "Fifth 5: least need")
DECILE_LABELS = ("1-2 most deprived", "3-4", "5-6", "7-8", "9-10 least deprived")
MISSING_LABEL = "No figure (hatched)"
CERTAINTY_LABELS = (
    "In it in at least 90 of 100 draws",
    "Borderline: in 10 to 90 of 100 draws",
    "In it in at most 10 of 100 draws",
)
CLUSTER_LABELS = (
    "Greater need among greater need",
    "Greater need among lesser need",
    "Lesser need among greater need",
    "Lesser need among lesser need",
    "No clear pattern (not significant)",
)
BORDERLINE_LABEL = "Hatched colour: borderline"
BORDERLINE = (SURELY_OUT, SURELY_IN)
"""A neighbourhood whose chance of the greatest-need fifth lies between these is hatched on maps of ranks."""
RANKED = ("targeting", "need")


@dataclass(frozen=True)
class SiteSymbol:
    """How a service is drawn: `path` is SVG path data in a box of 16 by 16, a shape of its own beside the colour."""

    name: str
    plural: str
    colour: str
    path: str


SITE_SYMBOLS = {
    "gp": SiteSymbol("GP practice", "GP practices", "#0b0c0c", "M8 2a6 6 0 1 0 .01 0z"),
    "dental": SiteSymbol("Dental practice", "Dental practices", "#6b2a84", "M8 .8 15.2 8 8 15.2 .8 8z"),
    "family_hub": SiteSymbol("Family hub", "Family hubs", "#c4290f", "M8 .8 15 7v8H1V7z"),
    "childrens_centre": SiteSymbol("Children's centre", "Children's centres", "#a34e00", "M8 1.2 15.4 14.6H.6z"),
}


OWN_SITES = ("#00625a", "M5.5 1h5v4.5H15v5h-4.5V15h-5v-4.5H1v-5h4.5z")
"""Colour and path of sites that users bring: one symbol for all of them."""


def site_symbols(services: Iterable[str]) -> dict[str, SiteSymbol]:
    """Give the symbol of each of these services: the published ones first, then those of own lists by name."""
    wanted = set(services)
    symbols = {service: symbol for service, symbol in SITE_SYMBOLS.items() if service in wanted}
    for service in sorted(wanted - set(SITE_SYMBOLS)):
        name = service.replace("_", " ").capitalize()
        symbols[service] = SiteSymbol(name, name, *OWN_SITES)
    return symbols


class UnknownLayer(LookupError):
    """No map layer has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No layer {name!r}; choose one of {', '.join(LAYERS)}.")


@dataclass(frozen=True)
class MapLayer:
    """One layer of a map.

    Attributes
    ----------
    id : str
        Name in addresses.
    title : str
        Heading of the map, plain text.
    column : str
        Column of the scores table whose value a reader is shown.
    class_column : str
        Column that puts a neighbourhood in its class (the same as `column` where classes are breaks).
    classes : {"fifths", "decile pairs", "breaks", "named", "none"}
        How a class follows from `class_column`.
    value_name : str
        What `column` holds, as written before a number.
    unit : str
        Unit of `column`, as written after a number; may be empty.
    about_classes : str
        What the classes are, in words for the legend.
    palette : str
        Name in `PALETTES`.
    note : str
        What to know before reading the map.
    decimals : int
        Decimals a value is shown and classed with.
    polarity : int
        -1 if a low value is the greater need, else +1.
    labels : tuple of str
        Names of the classes, for a layer whose classes are named.
    """

    id: str
    title: str
    column: str
    class_column: str
    classes: ClassRule
    value_name: str
    unit: str
    about_classes: str
    palette: str
    note: str
    decimals: int = 2
    polarity: int = 1
    labels: tuple[str, ...] = ()


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


def targeting(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """Per-head share as a multiple of the average, classed by need fifth."""
    return MapLayer(
        id="targeting",
        title="Targeting score: " + str(focus.get("title", "")),
        column="targeting_score",
        class_column="need_fifth",
        classes="fifths",
        value_name="Targeting score",
        unit="times the average",
        about_classes="Each fifth holds the same number of neighbourhoods. The range is what each gets per head, "
        "as a multiple of the average per head here.",
        palette="need",
        note="Everyone gets a share; it grows with need. The dial changes the ranges, not the order.",
    )


def need(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """Need score from 0 to 100, classed by need fifth."""
    return MapLayer(
        id="need",
        title="Need score: " + str(focus.get("title", "")),
        column="need_score",
        class_column="need_fifth",
        classes="fifths",
        value_name="Need score",
        unit="of 100",
        about_classes="Each fifth holds the same number of neighbourhoods. The range is their need score, 0 to 100.",
        palette="need",
        note="A high score means greater need. It compares places, not people.",
        decimals=1,
    )


def imd(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """National deciles of the Index of Multiple Deprivation, in pairs."""
    return MapLayer(
        id="imd",
        title="Index of Multiple Deprivation: national deciles",
        column="imd_decile",
        class_column="imd_decile",
        classes="decile pairs",
        value_name="National decile",
        unit="",
        about_classes="Tenths of all neighbourhoods in England, two to a class. Deciles 1 and 2 are the most deprived.",
        palette="deprivation",
        note="Places are deprived, people are not: not everyone in a deprived neighbourhood is deprived.",
        decimals=0,
    )


def indicator_layer(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """One indicator, classed by quantiles fixed when the place was built."""
    low_is_worse = int(indicator.get("polarity", 1)) < 0
    unit = str(indicator.get("unit", ""))
    short = len(unit) <= SHORT_UNIT
    return MapLayer(
        id="indicator",
        title=str(indicator.get("name", "Indicator")),
        column=str(indicator.get("id", "")),
        class_column=str(indicator.get("id", "")),
        classes="breaks",
        value_name=str(indicator.get("name", "Value")),
        unit=unit if short else "",
        about_classes=("" if short else f"Unit: {unit}. ")
        + "Classes of about equal size. "
        + ("A low value is the greater need here, so it is darkest." if low_is_worse else "The highest are darkest."),
        palette="indicator",
        note=str(indicator.get("about", "")),
        decimals=int(indicator.get("decimals", 1)),
        polarity=-1 if low_is_worse else 1,
    )


def sites(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """Sites by service over plain outlines."""
    return MapLayer(
        id="sites",
        title="Sites by service",
        column="",
        class_column="",
        classes="none",
        value_name="",
        unit="",
        about_classes="",
        palette="plain",
        note="A site stands at its postcode. Where a list is not complete, a gap on the map proves nothing.",
    )


def certainty(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """How often a neighbourhood is in the fifth of greatest need when the ranks are drawn again."""
    return MapLayer(
        id="certainty",
        title="How sure is it? " + str(focus.get("title", "")),
        column="top_fifth_chance",
        class_column="certainty_class",
        classes="named",
        value_name="Share of draws in the fifth of greatest need",
        unit="",
        about_classes="The score is worked out 2,000 times, each time with counts and weights moved a little and "
        "in another way of scoring. The classes say how often a neighbourhood is in the fifth of greatest need.",
        palette="need",
        note="Neighbours that are borderline may change places by chance. Look at the reasons before choosing one.",
        labels=CERTAINTY_LABELS,
    )


def clusters(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """Where high or low values gather, by local Moran's I."""
    named = bool(indicator)
    return MapLayer(
        id="clusters",
        title="Clusters: " + str(indicator.get("name", "") if named else focus.get("title", "")),
        column="value",
        class_column="cluster_class",
        classes="named",
        value_name=str(indicator.get("name", "Value")) if named else "Need score",
        unit="",
        about_classes="Neighbourhoods that are like, or unlike, those they touch, more than chance would make them "
        "(local Moran's I, 9,999 permutations, false discovery rate 5 %).",
        palette="clusters",
        note="Not significant does not mean low need. A cluster says where values gather, not why.",
        decimals=int(indicator.get("decimals", 1)),
        polarity=int(indicator.get("polarity", 1)),
        labels=CLUSTER_LABELS,
    )


LAYERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], MapLayer]] = {
    "targeting": targeting,
    "need": need,
    "imd": imd,
    "indicator": indicator_layer,
    "certainty": certainty,
    "clusters": clusters,
    "sites": sites,
}


def map_layer(
    name: str, *, focus: Mapping[str, Any] | None = None, indicator: Mapping[str, Any] | None = None
) -> MapLayer:
    """Return the layer with this name.

    Parameters
    ----------
    name : str
        A key of `LAYERS`.
    focus : mapping, optional
        Facts of the focus: `title` is used.
    indicator : mapping, optional
        Facts of the indicator: `id`, `name`, `unit`, `polarity`, `about`, `decimals` are used.

    Raises
    ------
    UnknownLayer
        If no layer has this name.
    """
    if name not in LAYERS:
        raise UnknownLayer(name)
    return LAYERS[name](focus or {}, indicator or {})


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
    """Class of each chance of the top fifth: 1 = at least 0.9, 2 = borderline, 3 = at most 0.1; NaN = not known."""
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
