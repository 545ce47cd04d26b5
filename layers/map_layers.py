"""Map layers: what a map shows, in which colours and words.

Nothing here draws. The page's script and the picture both draw from the same `MapLayer`, class numbers and legend,
so that a map on a screen and the same map on paper cannot differ.

Class 1 is always the greatest need (or the most deprived) and has the darkest colour. Class 0 is "no figure":
drawn hatched, never coloured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

ClassRule = Literal["fifths", "decile pairs", "breaks", "named", "none"]

SHORT_UNIT = 12
"""A longer unit is said once, above the classes, instead of after every number."""

PALETTES: dict[str, tuple[str, str, str, str, str]] = {
    # Darkest (class 1) to lightest. One hue family each, lightness falls evenly, so that the order survives
    # every common colour vision deficiency and a black-and-white printer.
    "need": ("#14305c", "#1f6a94", "#46a5ab", "#a3d6b4", "#f2f5cd"),
    "deprivation": ("#43103a", "#862f63", "#c3628a", "#e6a8b6", "#fae8e2"),
    "indicator": ("#52210b", "#944517", "#cb7d33", "#edbd7c", "#fcf0d6"),
    "access": ("#2d1a4a", "#5b3a8c", "#8e74b8", "#c3b3dc", "#f3eef8"),
    # Two hues against each other, dark where clusters are; the last is for "not significant", drawn plainly.
    "clusters": ("#7a1a1c", "#e0916c", "#8fbbdd", "#1f4b7f", "#efeee8"),
    "plain": ("#e9ece6", "#e9ece6", "#e9ece6", "#e9ece6", "#e9ece6"),
}

CERTAINTY_LABELS = (
    "In it at least 90 times in 100",
    "May be in it: 10 to 90 times in 100",
    "In it at most 10 times in 100",
)
CLUSTER_LABELS = (
    "Greater need, like its neighbours",
    "Greater need than its neighbours",
    "Lesser need than its neighbours",
    "Lesser need, like its neighbours",
    "No clear pattern",
)
HATCHED_LABEL = "Hatched colour: may or may not be among the fifth of greatest need"
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
    "pharmacy": SiteSymbol("Pharmacy", "Pharmacies", "#00563f", "M4 1.2h8L15.6 8 12 14.8H4L.4 8z"),
    "library": SiteSymbol("Library", "Libraries", "#5c3d00", "M1 2h6v12H1zM9 2h6v12H9z"),
    "school": SiteSymbol("School or college", "Schools and colleges", "#1b3f8b", "M.6 1.4h14.8L8 14.8z"),
    "hospital": SiteSymbol("Hospital", "Hospitals", "#8a0f2f", "M2 1h4v5h4V1h4v14h-4v-5H6v5H2z"),
    "diagnostic_centre": SiteSymbol(
        "Community diagnostic centre",
        "Community diagnostic centres",
        "#00437a",
        "M8 .4l2.3 5 5.4.6-4 3.7 1.1 5.4L8 12.4l-4.8 2.7 1.1-5.4-4-3.7 5.4-.6z",
    ),
    "surgical_hub": SiteSymbol(
        "Surgical hub", "Surgical hubs", "#4c2c92", "M3 1l5 5 5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z"
    ),
    "gp_branch": SiteSymbol("GP branch surgery", "GP branch surgeries", "#3d3d3d", "M1 11.5a7 7 0 0 1 14 0z"),
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
        value_name="How often it is in the fifth of greatest need, 0 to 1",
        unit="",
        about_classes="The score is worked out 2,000 times, each time with counts and weights moved a little and "
        "in another way of scoring. The classes say how often a neighbourhood is in the fifth of greatest need.",
        palette="need",
        note="Neighbours that may or may not be in it may change places. Look at the reasons before choosing one.",
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
        about_classes="Neighbourhoods that are more like those they touch, or more unlike them, than chance alone "
        "would often make them.",
        palette="clusters",
        note="No clear pattern does not mean low need. A cluster says where values gather, not why.",
        decimals=int(indicator.get("decimals", 1)),
        polarity=int(indicator.get("polarity", 1)),
        labels=CLUSTER_LABELS,
    )


def access(focus: Mapping[str, Any], indicator: Mapping[str, Any]) -> MapLayer:
    """Who can reach a service, by one measure; `indicator` holds its words and the names of its classes."""
    return MapLayer(
        id="access",
        title=str(indicator.get("title", "Access to a service")),
        column=str(indicator.get("id", "")),
        class_column="access_class",
        classes="named",
        value_name=str(indicator.get("name", "Access")),
        unit=str(indicator.get("unit", "")),
        about_classes="Classes of about equal size; the darkest has the worst access.",
        palette="access",
        note=str(indicator.get("about", "")),
        decimals=int(indicator.get("decimals", 1)),
        polarity=int(indicator.get("polarity", 1)),
        labels=tuple(indicator.get("labels", ())),
    )


LAYERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], MapLayer]] = {
    "targeting": targeting,
    "need": need,
    "imd": imd,
    "indicator": indicator_layer,
    "certainty": certainty,
    "clusters": clusters,
    "sites": sites,
    "access": access,
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
