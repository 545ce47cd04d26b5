"""QGIS opens our GeoPackage in the colours of the map: its own reading of the style, feature by feature."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import write_table
from service.pages.drawn_layers import drawn_layer
from tests.soak.conftest import Qgis

LAYERS = ("targeting", "imd", "indicator", "certainty", "clusters", "access")
SCRIPT = """
from qgis.core import QgsRenderContext, QgsVectorLayer
layer = QgsVectorLayer(sys.argv[1] + "|layername=scores", "scores", "ogr")
drawer, context, colours = layer.renderer(), QgsRenderContext(), {}
drawer.startRender(context, layer.fields())
for feature in layer.getFeatures():
    context.expressionContext().setFeature(feature)
    symbols = drawer.symbolsForFeature(feature, context)
    colours[feature["lsoa21cd"]] = [symbol.color().name() for symbol in symbols]
drawer.stopRender(context)
found = {"type": drawer.type(), "colours": colours}
"""


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.mark.parametrize("name", LAYERS)
def test_qgis_draws_each_neighbourhood_in_its_class(qgis: Qgis, name: str, edition: Edition, tmp_path: Path) -> None:
    view = View("demo", layer=name, indicator="child_dentists_per_1000" if name == "indicator" else "")
    path = write_table(edition, view, tmp_path / "a.gpkg", "gpkg")
    answer = qgis(SCRIPT, path)
    drawn = drawn_layer(edition, view, score(edition, view))
    colours = {line.number: line.colour or "#7d858b" for line in drawn.legend}
    assert answer["type"] == "RuleRenderer"
    for code, number, hatched in zip(
        edition.codes.tolist(), drawn.numbers.tolist(), drawn.hatched.tolist(), strict=True
    ):
        shown = answer["colours"][code]
        assert len(shown) == 1 + hatched
        if number:
            assert shown[0] == colours[number]
