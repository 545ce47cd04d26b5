"""GIS programs that people have, reading ``/ogc`` over a socket: GDAL of Debian, GDAL of pyogrio, OWSLib."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from owslib.ogcapi.features import Features

from tests.running import running

COLLECTION = "demo-scores-core"
COLUMNS = {"need_score": "float64", "top_fifth_chance": "float64", "rank": "int32", "population": "int32"}


@pytest.fixture(scope="module")
def site(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site over the demo borough; of another process, for GDAL lets no thread of its own run."""
    with running(demo_store, tmp_path_factory.mktemp("clients") / "log", log_level="error") as server:
        yield server.address


@pytest.fixture(scope="module")
def address(site: str) -> str:
    return f"{site}/ogc"


@pytest.fixture(scope="module")
def table(site: str) -> list[dict[str, object]]:
    """The scores as the JSON API gives them: another route to the same figures."""
    with urllib.request.urlopen(f"{site}/api/v1/places/demo/scores", timeout=10) as answer:
        return json.load(answer)["rows"]


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_ogrinfo_reads_schema_filters_and_boxes(gdal: str, address: str, table) -> None:
    source = f"OAPIF:{address}"
    summary = said(gdal, "-so", source, COLLECTION)
    assert "Feature Count: 120" in summary
    assert "TITLE=Aldermouth (fictional): scores, Overall deprivation" in summary
    for kind in ("need_score: Real", "top_fifth_chance: Real", "rank: Integer", "lad24nm: String"):
        assert kind in summary
    wanted = [row for row in table if row["need_fifth"] == 1]
    assert f"Feature Count: {len(wanted)}" in said(gdal, "-so", source, COLLECTION, "-where", "need_fifth = 1")
    west, south, east, north = 1.10, 54.03, 1.13, 54.05
    box = said(gdal, "-so", source, COLLECTION, "-spat", *map(str, (west, south, east, north)))
    asked = f"{address}/collections/{COLLECTION}/items?limit=1&bbox={west},{south},{east},{north}"
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert f"Feature Count: {json.load(answer)['numberMatched']}" in box


def test_ogr2ogr_writes_every_row_of_a_geopackage(gdal: str, address: str, table, tmp_path: Path) -> None:
    file = tmp_path / "scores.gpkg"
    said(str(Path(gdal).with_name("ogr2ogr")), str(file), f"OAPIF:{address}", COLLECTION)
    found = pyogrio.read_dataframe(file)
    assert found["lsoa21cd"].tolist() == [row["lsoa21cd"] for row in table]
    assert np.allclose(found["need_score"], [row["need_score"] for row in table], rtol=0, atol=0)


def test_ogr2ogr_asks_for_a_truth(gdal: str, site: str) -> None:
    """GDAL writes a truth as 1 or 0."""
    program = str(Path(gdal).with_name("ogr2ogr"))
    asked = ("-f", "CSV", "/vsistdout/", f"OAPIF:{site}/ogc", "demo-sites", "-where", "inside = 1")
    with urllib.request.urlopen(f"{site}/geojson/demo/sites", timeout=10) as answer:
        inside = [feature for feature in json.load(answer)["features"] if feature["properties"]["inside"]]
    assert len(said(program, *asked).splitlines()) == 1 + len(inside) > 1


def test_newer_gdal_reads_the_same_figures_in_metres(address: str, table) -> None:
    found = pyogrio.read_dataframe(f"OAPIF:{address}", layer=COLLECTION)
    assert found["lsoa21cd"].tolist() == [row["lsoa21cd"] for row in table]
    assert found.crs == "EPSG:27700"  # the system they are kept in
    for name, kind in COLUMNS.items():
        assert found[name].dtype == kind, name
        assert found[name].tolist() == [row[name] for row in table]
    asked = pyogrio.read_dataframe(f"OAPIF:{address}", layer=COLLECTION, where="need_fifth = 1 AND rank = 3")
    assert asked["rank"].tolist() == [3]
    sites = pyogrio.read_dataframe(f"OAPIF:{address}", layer="demo-sites")
    assert sites["fte"].dtype == "float64"
    assert set(sites.geometry.geom_type) == {"Point"}


def test_owslib_reads_what_it_asks_for(address: str, table) -> None:
    service = Features(f"{address}/")
    assert service.api()["openapi"].startswith("3.0")
    assert any(name.endswith("/conf/crs") for name in service.conformance()["conformsTo"])
    assert COLLECTION in service.feature_collections()
    assert service.collection(COLLECTION)["itemType"] == "feature"
    assert "need_fifth" in service.collection_queryables(COLLECTION)["properties"]
    found = service.collection_items(COLLECTION, limit=7, offset=3, bbox=[1.0, 54.0, 1.3, 54.1])
    assert [each["id"] for each in found["features"]] == [row["lsoa21cd"] for row in table[3:10]]
    assert service.collection_item(COLLECTION, "E01900004")["properties"] == table[3]
