"""The style inside a GeoPackage: its filters, run as the SQL they also are, against the classes of the map."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from layers.map_classes import MISSING
from layers.map_layers import SITE_SYMBOLS, site_symbols
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import write_table
from service.files.map_style import OWN_SHAPE, SHAPES, Condition, StyleRule, qml, site_rules, sld
from service.pages.drawn_layers import drawn_layer

VIEWS = {
    "targeting": View("demo"),
    "imd": View("demo", layer="imd"),
    "dentists": View("demo", layer="indicator", indicator="child_dentists_per_1000"),  # 17 are not known
    "certainty": View("demo", layer="certainty"),
    "clusters": View("demo", layer="clusters"),
    "access": View("demo", layer="access"),
}
OGC, SLD = "{http://www.opengis.net/ogc}", "{http://www.opengis.net/sld}"
HOSTILE = "<img onerror=alert(1)> \" ' ]]> & \x07"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("styles")


def styles_in(path: Path, layer: str) -> tuple[ElementTree.Element, ElementTree.Element]:
    """Find the styles as QGIS does: by the layer's name and its geometry, the default first."""
    with closing(sqlite3.connect(path)) as package:
        geometry = package.execute("SELECT column_name FROM gpkg_geometry_columns").fetchone()[0]
        found = package.execute(
            "SELECT styleQML, styleSLD, useAsDefault FROM layer_styles "
            "WHERE f_table_schema = '' AND f_table_name = ? AND f_geometry_column = ?",
            (layer, geometry),
        ).fetchall()
        assert package.execute("SELECT table_name, data_type FROM gpkg_contents ORDER BY 2").fetchall() == [
            ("layer_styles", "attributes"),
            (layer, "features"),
        ]
    ((written, open_style, default),) = found
    assert default == 1
    return ElementTree.fromstring(written), ElementTree.fromstring(open_style)


def colour_of(style: ElementTree.Element, rule: ElementTree.Element) -> str:
    symbol = style.find(f"renderer-v2/symbols/symbol[@name='{rule.get('symbol')}']")
    assert symbol is not None
    shown = symbol.find("layer[last()]/prop[@k='color']")
    assert shown is not None
    return "#" + "".join(f"{int(part):02x}" for part in str(shown.get("v")).split(",")[:3])


def sql_of(rule: ElementTree.Element) -> str:
    """Write a filter of the OGC as SQL: the second style must choose the same rows as the first."""
    signs = {"EqualTo": "=", "LessThan": "<", "GreaterThan": ">", "LessThanOrEqualTo": "<="}
    signs["GreaterThanOrEqualTo"] = ">="
    parts = []
    for test in rule.iter():
        if not test.tag.startswith(f"{OGC}PropertyIs"):
            continue
        name = test.findtext(f"{OGC}PropertyName")
        kind = test.tag.removeprefix(f"{OGC}PropertyIs")
        parts.append(
            f'"{name}" IS NULL' if kind == "Null" else f'"{name}" {signs[kind]} {test.findtext(f"{OGC}Literal")}'
        )
    return " AND ".join(parts)


@pytest.mark.parametrize("name", VIEWS)
def test_each_neighbourhood_is_drawn_in_the_class_of_the_map(name: str, edition: Edition, folder: Path) -> None:
    view = VIEWS[name]
    path = write_table(edition, view, folder / f"{name}.gpkg", "gpkg")
    style, open_style = styles_in(path, "scores")
    drawn = drawn_layer(edition, view, score(edition, view))
    wanted = {
        line.colour or "#7d858b": set(edition.codes[drawn.numbers == line.number])
        for line in drawn.legend
        if line.count
    }
    if drawn.hatched.any():
        wanted["#ffffff"] = set(edition.codes[drawn.hatched])
    rules = style.findall("renderer-v2/rules/rule")
    with closing(sqlite3.connect(path)) as package:

        def codes(condition: str) -> set[str]:
            return {row[0] for row in package.execute(f"SELECT lsoa21cd FROM scores WHERE {condition}")}

        chosen = {colour_of(style, rule): codes(str(rule.get("filter"))) for rule in rules}
        again = [codes(sql_of(rule)) for rule in open_style.iter(f"{SLD}Rule")]
    assert {colour: found for colour, found in chosen.items() if found} == wanted
    assert again == list(chosen.values())
    classes = [found for colour, found in chosen.items() if colour != "#ffffff"]
    assert sum(map(len, classes)) == edition.count == len(set().union(*classes))  # every one once
    assert (drawn.numbers == MISSING).sum() == (17 if name == "dentists" else 0)


def test_what_is_not_known_is_hatched_and_said_so(edition: Edition, folder: Path) -> None:
    path = write_table(edition, VIEWS["dentists"], folder / "missing.gpkg", "gpkg")
    style, open_style = styles_in(path, "scores")
    rule = style.findall("renderer-v2/rules/rule")[-1]
    assert rule.get("filter") == '"child_dentists_per_1000" IS NULL'
    assert rule.get("label") == "No figure (hatched), 17 neighbourhoods"
    kinds = [layer.get("class") for layer in style.findall("renderer-v2/symbols/symbol[last()]/layer")]
    assert kinds == ["SimpleFill", "LinePatternFill"]
    assert len(list(open_style.iter(f"{SLD}GraphicFill"))) == 1


def test_sites_are_told_apart_by_colour_and_by_shape(edition: Edition, folder: Path) -> None:
    path = write_table(edition, View("demo", layer="sites"), folder / "sites.gpkg", "gpkg")
    style, _ = styles_in(path, "sites")
    services = {site["service"] for site in edition.sites()}
    rules = style.findall("renderer-v2/rules/rule")
    assert [rule.get("label") for rule in rules] == [mark.plural for mark in site_symbols(services).values()]
    with closing(sqlite3.connect(path)) as package:
        counts = [
            package.execute(f"SELECT count(*) FROM sites WHERE {rule.get('filter')}").fetchone()[0] for rule in rules
        ]
    assert sum(counts) == len(edition.sites())
    shapes = [layer.get("v") for layer in style.findall("renderer-v2/symbols/symbol/layer/prop[@k='name']")]
    assert len(set(shapes)) == len(shapes)


def test_every_service_has_a_shape_of_its_own_in_qgis() -> None:
    assert set(SHAPES) == set(SITE_SYMBOLS)
    assert len({shape for shape, _ in SHAPES.values()} | {OWN_SHAPE[0]}) >= len(SHAPES)


def test_names_and_values_from_users_stay_text() -> None:
    rules = [StyleRule(HOSTILE, [Condition('a"b', "=", "it's <b>")], "fill", "#123456"), *site_rules([HOSTILE])]
    (rule, site) = ElementTree.fromstring(qml(rules)).findall("renderer-v2/rules/rule")
    assert rule.get("label") == HOSTILE.replace("\x07", "")
    assert rule.get("filter") == "\"a\"\"b\" = 'it''s <b>'"
    assert str(site.get("filter")).startswith('"service" = \'<img onerror')
    titles = [found.text for found in ElementTree.fromstring(sld(rules, HOSTILE)).iter(f"{SLD}Title")]
    assert titles[0] == HOSTILE.replace("\x07", "")


def test_numbers_are_written_whole() -> None:
    value = float(np.nextafter(0.1, 1))
    (rule,) = ElementTree.fromstring(qml([StyleRule("", [Condition("a", "<=", value)], "fill", "#123456")])).iter(
        "rule"
    )
    assert float(str(rule.get("filter")).rpartition(" ")[2]) == value
