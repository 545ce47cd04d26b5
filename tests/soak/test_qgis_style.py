"""QGIS opens our GeoPackage in the colours of the map: its own reading of the style, feature by feature."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import write_table
from service.pages.map import drawn_layer
from tests.conftest import program

PYTHON = "/usr/bin/python3"  # QGIS comes with the system's own
LAYERS = ("targeting", "imd", "indicator", "certainty", "clusters", "access")
SCRIPT = """
import json, sys
from qgis.core import QgsApplication, QgsRenderContext, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=scores", "scores", "ogr")
drawer, context, found = layer.renderer(), QgsRenderContext(), {}
drawer.startRender(context, layer.fields())
for feature in layer.getFeatures():
    context.expressionContext().setFeature(feature)
    symbols = drawer.symbolsForFeature(feature, context)
    found[feature["lsoa21cd"]] = [symbol.color().name() for symbol in symbols]
drawer.stopRender(context)
print("ANSWER" + json.dumps({"type": drawer.type(), "colours": found}))
sys.stdout.flush()
application.exitQgis()
"""


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    if program(PYTHON) is None or subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("no QGIS: install python3-qgis")
    return open_edition(demo_store, "demo")


@pytest.mark.parametrize("name", LAYERS)
def test_qgis_draws_each_neighbourhood_in_its_class(name: str, edition: Edition, tmp_path: Path) -> None:
    view = View("demo", layer=name, indicator="child_dentists_per_1000" if name == "indicator" else "")
    path = write_table(edition, view, tmp_path / "a.gpkg", "gpkg")
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    ran = subprocess.run(
        [PYTHON, "-c", SCRIPT, path], capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    answer = json.loads(ran.stdout.partition("ANSWER")[2].splitlines()[0])
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
