"""How a file for GIS programs is drawn when it is opened: the colours of the map, as QGIS and the OGC write styles.

One list of rules makes both: the same classes and words as the map's legend, hatching where there is no figure,
white lines over what may or may not be in the fifth of greatest need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from layers.map_classes import BORDERLINE, MISSING, LegendClass
from layers.map_layers import HATCHED_LABEL, MapLayer, site_symbols
from service.drawing.picture import legend_words

if TYPE_CHECKING:
    from service.pages.drawn_layers import DrawnLayer

Sign = Literal["=", ">", ">=", "<", "<=", "null"]
NAME = "Evenreach"
LINE = "#71808a"
HATCH, DOUBT = "#7d858b", "#ffffff"
SHAPES = {  # the nearest that QGIS and the OGC have to the symbols of the map
    "gp": ("circle", "circle"),
    "dental": ("diamond", "square"),
    "family_hub": ("pentagon", "square"),
    "childrens_centre": ("triangle", "triangle"),
    "pharmacy": ("hexagon", "circle"),
    "library": ("square", "square"),
    "school": ("half_square", "triangle"),
    "hospital": ("cross_fill", "cross"),
    "diagnostic_centre": ("star", "star"),
    "surgical_hub": ("asterisk_fill", "x"),
    "gp_branch": ("semi_circle", "circle"),
}
OWN_SHAPE = ("cross_fill", "cross")
QML_SIGNS = {"=": "=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
OGC_SIGNS = {
    "=": "PropertyIsEqualTo",
    ">": "PropertyIsGreaterThan",
    ">=": "PropertyIsGreaterThanOrEqualTo",
    "<": "PropertyIsLessThan",
    "<=": "PropertyIsLessThanOrEqualTo",
}


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a value; ``null`` asks whether there is none."""

    column: str
    sign: Sign
    value: float | int | str = 0


@dataclass(frozen=True)
class StyleRule:
    """Which features are drawn how.

    Attributes
    ----------
    label : str
        Words of the legend.
    tests : sequence of Condition
        All of them have to hold.
    look : {"fill", "hatch", "lines", "marker"}
        A colour, hatching for no figure, lines over a colour, or a site's mark.
    colour : str
        ``#rrggbb``.
    shape : tuple of str
        Of a mark: the name in QGIS and in the OGC's style language.
    """

    label: str
    tests: Sequence[Condition]
    look: Literal["fill", "hatch", "lines", "marker"]
    colour: str
    shape: tuple[str, str] = ("", "")


def area_rules(drawn: DrawnLayer) -> list[StyleRule]:
    """Give the rules of a layer of neighbourhoods: one for each class of its legend."""
    layer = drawn.layer
    rules = [
        StyleRule(", ".join(legend_words(line, layer)), tests, "fill" if line.number else "hatch", line.colour or HATCH)
        for line in drawn.legend
        if (tests := _tests_of(line, layer, drawn))
    ]
    if drawn.hatched.any():
        low, high = BORDERLINE
        tests = [Condition("top_fifth_chance", ">", low), Condition("top_fifth_chance", "<", high)]
        rules.append(StyleRule(HATCHED_LABEL, tests, "lines", DOUBT))
    return rules


def _tests_of(line: LegendClass, layer: MapLayer, drawn: DrawnLayer) -> list[Condition]:
    """Say in figures of the file which neighbourhoods are in a class; nothing for a class without any."""
    column = layer.class_column
    if line.number == MISSING:
        return [Condition(column, "null")]
    if layer.classes == "decile pairs":
        return [Condition(column, ">=", 2 * line.number - 1), Condition(column, "<=", 2 * line.number)]
    if layer.classes != "breaks":
        return [Condition(column, "=", line.number)]
    inside = drawn.values[(drawn.numbers == line.number) & ~np.isnan(drawn.values)]
    # The smallest and the largest value there are: a bound between two classes may have been rounded.
    return (
        [Condition(column, ">=", float(inside.min())), Condition(column, "<=", float(inside.max()))]
        if len(inside)
        else []
    )


def site_rules(services: Iterable[str]) -> list[StyleRule]:
    """Give the rules of a layer of sites: one for each service, by colour and by shape."""
    return [
        StyleRule(
            mark.plural, [Condition("service", "=", service)], "marker", mark.colour, SHAPES.get(service, OWN_SHAPE)
        )
        for service, mark in site_symbols(services).items()
    ]


def qml(rules: Sequence[StyleRule]) -> str:
    """Write rules as QGIS keeps a style."""
    listed = "".join(
        f'<rule key="{{{_key(number)}}}" symbol="{number}" label={quoteattr(_clean(rule.label))} '
        f"filter={quoteattr(_clean(' AND '.join(map(_qml_test, rule.tests))))}/>"
        for number, rule in enumerate(rules)
    )
    symbols = "".join(
        f'<symbol type="{"marker" if rule.look == "marker" else "fill"}" name="{number}" alpha="1" '
        f'clip_to_extent="1" force_rhr="0">{_qml_layers(rule)}</symbol>'
        for number, rule in enumerate(rules)
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        '<qgis version="3.22.0" styleCategories="Symbology">'
        '<renderer-v2 type="RuleRenderer" symbollevels="0" forceraster="0" enableorderby="0">'
        f'<rules key="{{{_key(len(rules))}}}">{listed}</rules><symbols>{symbols}</symbols></renderer-v2>'
        "<blendMode>0</blendMode><featureBlendMode>0</featureBlendMode><layerOpacity>1</layerOpacity></qgis>"
    )


def _key(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _qml_test(test: Condition) -> str:
    column = '"' + test.column.replace('"', '""') + '"'
    if test.sign == "null":
        return f"{column} IS NULL"
    value = "'" + test.value.replace("'", "''") + "'" if isinstance(test.value, str) else repr(test.value)
    return f"{column} {QML_SIGNS[test.sign]} {value}"


def _qml_layers(rule: StyleRule) -> str:
    if rule.look == "marker":
        facts = {"name": rule.shape[0], "size": "3", "size_unit": "MM", "outline_color": _rgb("#ffffff")}
        return _qml_layer("SimpleMarker", facts | {"color": _rgb(rule.colour), "outline_width": "0.3"})
    edge = {"outline_color": _rgb(LINE), "outline_style": "solid", "outline_width": "0.1", "outline_width_unit": "MM"}
    if rule.look == "fill":
        return _qml_layer("SimpleFill", {"color": _rgb(rule.colour), "style": "solid", **edge})
    lines = _qml_layer(
        "LinePatternFill",
        {"angle": "45", "distance": "1.5", "distance_unit": "MM", "line_width": "0.4", "color": _rgb(rule.colour)},
        inside=_qml_line(rule.colour),
    )
    return lines if rule.look == "lines" else _qml_layer("SimpleFill", {"color": _rgb("#ffffff"), **edge}) + lines


def _qml_line(colour: str) -> str:
    line = _qml_layer("SimpleLine", {"line_color": _rgb(colour), "line_width": "0.4", "line_width_unit": "MM"})
    return f'<symbol type="line" name="@0@1" alpha="1" clip_to_extent="1" force_rhr="0">{line}</symbol>'


def _qml_layer(kind: str, facts: dict[str, str], *, inside: str = "") -> str:
    listed = "".join(f"<prop k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in facts.items())
    return f'<layer class="{kind}" enabled="1" locked="0" pass="0">{listed}{inside}</layer>'


def _rgb(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},255"


def sld(rules: Sequence[StyleRule], layer: str) -> str:
    """Write rules as a style of the OGC (Styled Layer Descriptor 1.0), for other programs than QGIS."""
    listed = "".join(
        f"<Rule><Title>{escape(_clean(rule.label))}</Title>"
        f'<ogc:Filter xmlns:ogc="http://www.opengis.net/ogc">{_ogc_tests(rule.tests)}</ogc:Filter>'
        f"{_sld_symbol(rule)}</Rule>"
        for rule in rules
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld">'
        f"<NamedLayer><Name>{escape(_clean(layer))}</Name><UserStyle><Name>{NAME}</Name>"
        f"<FeatureTypeStyle>{listed}</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def _ogc_tests(tests: Sequence[Condition]) -> str:
    found = "".join(map(_ogc_test, tests))
    return f"<ogc:And>{found}</ogc:And>" if len(tests) > 1 else found


def _ogc_test(test: Condition) -> str:
    column = f"<ogc:PropertyName>{escape(test.column)}</ogc:PropertyName>"
    if test.sign == "null":
        return f"<ogc:PropertyIsNull>{column}</ogc:PropertyIsNull>"
    value = test.value if isinstance(test.value, str) else repr(test.value)
    sign = OGC_SIGNS[test.sign]
    return f"<ogc:{sign}>{column}<ogc:Literal>{escape(_clean(value))}</ogc:Literal></ogc:{sign}>"


def _sld_symbol(rule: StyleRule) -> str:
    colour = f'<CssParameter name="fill">{rule.colour}</CssParameter>'
    if rule.look == "marker":
        mark = f"<Mark><WellKnownName>{rule.shape[1]}</WellKnownName><Fill>{colour}</Fill></Mark>"
        return f"<PointSymbolizer><Graphic>{mark}<Size>8</Size></Graphic></PointSymbolizer>"
    stroke = f'<Stroke><CssParameter name="stroke">{LINE}</CssParameter></Stroke>'
    if rule.look == "fill":
        return f"<PolygonSymbolizer><Fill>{colour}</Fill>{stroke}</PolygonSymbolizer>"
    line = f'<Stroke><CssParameter name="stroke">{rule.colour}</CssParameter></Stroke>'
    mark = f"<Mark><WellKnownName>shape://slash</WellKnownName>{line}</Mark>"
    filled = f"<Fill><GraphicFill><Graphic>{mark}<Size>8</Size></Graphic></GraphicFill></Fill>"
    return f"<PolygonSymbolizer>{filled}{stroke if rule.look == 'hatch' else ''}</PolygonSymbolizer>"


def _clean(text: str) -> str:
    """Drop the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF)
