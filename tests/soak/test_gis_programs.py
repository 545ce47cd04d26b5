"""QGIS and R read ``/ogc`` over a socket, as the README says: every feature, by value, by box, in metres."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from service.editions.edition import Edition, open_edition
from service.editions.scoring import Scores, score
from service.editions.views import View
from tests.conftest import program
from tests.running import running
from tests.soak.conftest import Note, Qgis

COLLECTION = "demo-scores-core"
QGIS = """
from osgeo import gdal
from qgis.core import Qgis, QgsFeatureRequest, QgsRectangle, QgsVectorLayer

def layer(name):
    return QgsVectorLayer(f"url='{sys.argv[1]}' typename='{name}'", name, "OAPIF")

scores, sites = layer("demo-scores-core"), layer("demo-sites")
found = {
    "versions": [Qgis.QGIS_VERSION, gdal.__version__],
    "valid": scores.isValid() and sites.isValid(),
    "kinds": {field.name(): field.typeName() for field in scores.fields()},
    "scores": {feature["lsoa21cd"]: [feature["need_score"], feature["rank"]] for feature in scores.getFeatures()},
    "sites": sites.featureCount(),
}
box = QgsRectangle(*map(float, sys.argv[2].split(",")))
found["box"] = sorted(each["lsoa21cd"] for each in scores.getFeatures(QgsFeatureRequest().setFilterRect(box)))
scores.setSubsetString('"need_fifth" = 1')
found["fifth"] = sorted(each["lsoa21cd"] for each in scores.getFeatures())
"""
R = """
library(sf)
asked <- commandArgs(trailingOnly = TRUE)
scores <- st_read(paste0("OAPIF:", asked[1]), layer = "demo-scores-core", quiet = TRUE)
areas <- st_read(paste0("OAPIF:", asked[1]), layer = "demo-neighbourhoods", quiet = TRUE)
cat(sprintf("%d|%.10f|%d|%s|%d|%s|%s|%s", nrow(scores), sum(scores$need_score), sum(areas$population),
            st_crs(areas)$input, sum(st_is_valid(areas)), getRversion(), packageVersion("sf"),
            sf_extSoftVersion()["GDAL"]))
"""
BOX = "1.10,54.03,1.13,54.05"


@pytest.fixture(scope="module")
def address(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(demo_store, tmp_path_factory.mktemp("clients") / "log", log_level="error") as server:
        yield f"{server.address}/ogc"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def scores(edition: Edition) -> Scores:
    return score(edition, View("demo"))


def touching(address: str, box: str) -> list[str]:
    """Codes of the shapes that touch a box, as shapely sees it, and as QGIS must."""
    with urllib.request.urlopen(f"{address}/collections/{COLLECTION}/items?limit=10000") as answer:
        features = json.load(answer)["features"]
    area = shapely.box(*map(float, box.split(",")))
    shapes = {each["id"]: shapely.from_geojson(json.dumps(each["geometry"])) for each in features}
    return sorted(code for code, shape in shapes.items() if shapely.intersects(shape, area))


def test_qgis_reads_every_feature(qgis: Qgis, address: str, edition: Edition, scores: Scores, note: Note) -> None:
    found = qgis(QGIS, address, BOX)
    codes = edition.codes[scores.rows].tolist()
    ours = zip(scores.need_score.tolist(), scores.rank.tolist(), strict=True)
    assert found["valid"]
    assert found["scores"] == {code: [need, rank] for code, (need, rank) in zip(codes, ours, strict=True)}
    assert {name: found["kinds"][name] for name in ("need_score", "top_fifth_chance", "rank", "lad24nm")} == {
        "need_score": "Real",
        "top_fifth_chance": "Real",
        "rank": "Integer",
        "lad24nm": "String",
    }
    assert found["sites"] == len(edition.sites())
    assert found["fifth"] == [code for code, fifth in zip(codes, scores.need_fifth.tolist(), strict=True) if fifth == 1]
    assert 1 < len(found["box"]) < edition.count
    assert found["box"] == touching(address, BOX)
    note("QGIS {} (GDAL {}) reads /ogc".format(*found["versions"]), f"{len(found['scores'])} features", "all, exactly")


def test_r_reads_every_feature(address: str, edition: Edition, scores: Scores, note: Note) -> None:
    rscript = program("Rscript")
    if rscript is None or subprocess.run([rscript, "-e", "library(sf)"], capture_output=True).returncode:
        pytest.skip("no R with sf: install r-cran-sf")
    ran = subprocess.run([rscript, "-e", R, address], capture_output=True, text=True, timeout=180, check=True)
    count, need, people, system, valid, *versions = ran.stdout.split("|")
    assert int(count) == int(valid) == edition.count
    assert float(need) == pytest.approx(float(scores.need_score.sum()), abs=1e-8)
    assert int(people) == int(edition.population().sum())
    assert system == "WGS 84"
    note("R {}, sf {} (GDAL {}) reads /ogc".format(*versions), f"{count} features", "all, exactly")
