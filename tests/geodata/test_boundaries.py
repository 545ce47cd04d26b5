"""Boundaries: three formats give the same polygons in metres; every fault is refused by row or code."""

from __future__ import annotations

import copy
import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.boundaries import read_boundaries
from geodata.crs import to_degrees, to_grid

CODES = ("E01015694", "E01015693")


def square(west: float) -> list[list[float]]:
    """Give a square of 100 m in Luton, in degrees, with 7 decimals."""
    east, south, north = west + 100, 221_000, 221_100
    lon, lat = to_degrees([west, east, east, west, west], [south, south, north, north, south])
    return np.round(np.column_stack([lon, lat]), 8).tolist()


def collection() -> dict:
    """Give two neighbourhoods side by side as the ONS portal writes them, not in the order of their codes."""
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"FID": i, "LSOA21CD": code, "LSOA21NM": f"Luton 007{'BA'[i]}"},
                "geometry": {"type": "Polygon", "coordinates": [square(509_000 + 100 * i)]},
            }
            for i, code in enumerate(CODES)
        ],
    }


@pytest.fixture
def geojson(written):
    return lambda data: written("lsoa.geojson", json.dumps(data))


@pytest.fixture
def frame():
    data = gpd.GeoDataFrame.from_features(collection(), crs="EPSG:4326")
    return data[["LSOA21CD", "LSOA21NM", "geometry"]]


def in_metres(frame):
    return shapely.transform(frame.geometry.to_numpy(), lambda xy: np.column_stack(to_grid(xy[:, 0], xy[:, 1])))


def assert_two_squares(reading):
    table = reading.table
    assert table.index.tolist() == sorted(CODES)
    assert table.index.name == "lsoa21cd"
    assert table["lsoa21nm"].tolist() == ["Luton 007A", "Luton 007B"]
    assert table.crs.to_epsg() == 27700
    assert table.area.tolist() == pytest.approx([10_000, 10_000], rel=1e-3)
    assert table.total_bounds.tolist() == pytest.approx([509_000, 221_000, 509_200, 221_100], abs=0.01)
    assert reading.rows_read == 2


def test_geojson_reads(geojson):
    assert_two_squares(read_boundaries(geojson(collection())))


def test_geojson_without_a_declared_system_is_degrees(geojson):
    data = collection()
    del data["crs"]
    assert_two_squares(read_boundaries(geojson(data)))


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:27700"])
def test_geoparquet_reads_in_degrees_and_in_metres(tmp_path, frame, crs):
    if crs == "EPSG:27700":
        frame = frame.assign(geometry=in_metres(frame)).set_crs(crs, allow_override=True)
    path = tmp_path / "lsoa.parquet"
    frame.to_parquet(path)
    assert_two_squares(read_boundaries(path))


@pytest.mark.filterwarnings("ignore:File .* has GPKG application_id")
def test_geopackage_reads_whatever_it_is_called(tmp_path, frame):
    path = tmp_path / "lsoa.gpkg"
    frame.to_file(path, driver="GPKG")
    assert_two_squares(read_boundaries(path))
    renamed = path.rename(tmp_path / "boundaries")
    assert_two_squares(read_boundaries(renamed))


def test_boundaries_of_2011_read_as_such(geojson):
    text = json.dumps(collection()).replace("LSOA21", "LSOA11")
    table = read_boundaries(geojson(json.loads(text)), vintage=2011).table
    assert table.index.name == "lsoa11cd"
    assert list(table) == ["lsoa11nm", "geometry"]


def changed(**parts):
    """Give the collection with the second feature's properties or geometry replaced."""
    data = copy.deepcopy(collection())
    feature = data["features"][1]
    feature["properties"] |= parts.get("properties", {})
    if "geometry" in parts:
        feature["geometry"] = parts["geometry"]
    return data


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


BOW_TIE = [[-0.42, 51.88], [-0.41, 51.89], [-0.41, 51.88], [-0.42, 51.89], [-0.42, 51.88]]


@pytest.mark.parametrize(
    ("data", "rule", "says"),
    [
        (changed(properties={"LSOA21CD": CODES[0]}), "doubled-code", ["row 2", CODES[0]]),
        (changed(properties={"LSOA21CD": "W01000001"}), "wrong-nation", ["row 2", "Wales"]),
        (changed(properties={"LSOA21CD": "S01006506"}), "wrong-nation", ["row 2", "Scotland"]),
        (changed(properties={"LSOA21CD": "E02003270"}), "wrong-level", ["row 2", "MSOA"]),
        (changed(properties={"LSOA21CD": "Luton"}), "bad-code", ["row 2", "LUTON"]),
        (changed(properties={"LSOA21CD": None}), "missing-code", ["row 2"]),
        (changed(geometry=None), "empty-geometry", ["row 2", CODES[1], "no shape"]),
        (changed(geometry=polygon()), "empty-geometry", ["row 2", CODES[1]]),
        (changed(geometry={"type": "Point", "coordinates": [-0.4, 51.9]}), "not-a-polygon", ["row 2", CODES[1]]),
        (changed(geometry=polygon(BOW_TIE)), "invalid-geometry", ["row 2", CODES[1], "Self-intersection"]),
        (changed(geometry=polygon(BOW_TIE[:-1])), "invalid-geometry", ["row 2", "does not close"]),
        (changed(geometry=polygon([[1, 2], "x"])), "invalid-geometry", ["row 2"]),
        (
            changed(geometry=polygon([[51.88, -0.42], [51.89, -0.42], [51.89, -0.41], [51.88, -0.42]])),
            "swapped-axes",
            ["row 2", "latitude first"],
        ),
        (
            changed(geometry=polygon([[509e3, 221e3], [510e3, 221e3], [510e3, 222e3], [509e3, 221e3]])),
            "wrong-crs",
            ["row 2", "British National Grid metres"],
        ),
        (
            changed(geometry=polygon([[-46e3, 678e4], [-45e3, 678e4], [-45e3, 679e4], [-46e3, 678e4]])),
            "wrong-crs",
            ["row 2", "Web Mercator"],
        ),
        ({"type": "FeatureCollection", "features": []}, "empty-file", ["no areas"]),
        ({"type": "Topology"}, "wrong-kind", ["not a GeoJSON FeatureCollection"]),
        ([], "wrong-kind", ["GeoJSON, GeoParquet or GeoPackage is expected"]),
        ({"type": "FeatureCollection", "features": ["x"]}, "wrong-kind", ["feature 1"]),
        (changed(geometry="x"), "invalid-geometry", ["row 2"]),
        (
            collection() | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}},
            "wrong-crs",
            ["Pseudo-Mercator"],
        ),
    ],
)
def test_a_fault_is_refused_by_row_and_code(geojson, refused, data, rule, says):
    refused(rule, says, read_boundaries, geojson(data))


def test_the_wrong_census_is_refused_both_ways(geojson, refused):
    of_2011 = json.loads(json.dumps(collection()).replace("LSOA21", "LSOA11"))
    refused("wrong-vintage", ["2011", "2021"], read_boundaries, geojson(of_2011))
    refused("wrong-vintage", ["2021", "2011"], read_boundaries, geojson(collection()), vintage=2011)


def test_a_code_outside_the_look_up_is_refused(geojson, refused):
    refused("wrong-vintage", [CODES[1], "row 2"], read_boundaries, geojson(collection()), known_codes={CODES[0]})


def test_a_column_of_codes_must_be_there(geojson, refused):
    data = json.loads(json.dumps(collection()).replace("LSOA21CD", "area"))
    refused("missing-column", ["'LSOA21CD'", "'area'"], read_boundaries, geojson(data))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"<!doctype html><html></html>", "wrong-kind"),
        (b"PK\x03\x04", "wrong-kind"),
        (b"LSOA21CD,LSOA21NM\n", "wrong-kind"),
        (b'{"type": "FeatureCollection", "features": [', "wrong-kind"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "wrong-kind"),
        (b"PAR1 and no more", "wrong-kind"),
        (b"SQLite format 3\0 and no more", "wrong-kind"),
    ],
)
def test_a_file_of_another_kind_is_refused(written, refused, content, rule):
    refused(rule, [], read_boundaries, written("lsoa.geojson", content))


def test_a_frame_in_another_system_is_refused(tmp_path, refused, frame):
    path = tmp_path / "lsoa.parquet"
    frame.to_crs("EPSG:3857").to_parquet(path)
    refused("wrong-crs", ["Pseudo-Mercator"], read_boundaries, path)
    frame.set_crs("EPSG:27700", allow_override=True).to_parquet(path)
    refused("wrong-crs", ["looks like degrees"], read_boundaries, path)


def test_a_table_without_shapes_is_refused(tmp_path, refused, frame):
    path = tmp_path / "lsoa.parquet"
    frame.drop(columns="geometry").to_parquet(path)
    refused("wrong-kind", ["no geometry"], read_boundaries, path)


# Areas in square kilometres: the README of the published files.
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "rows", "km2"),
    [
        ("lsoa21_bgc_luton.geojson", 125, 43.36),
        ("lsoa21_bgc_milton_keynes.geojson", 166, 308.65),
        ("lsoa21_bgc_bromley.geojson", 199, 150.15),
        ("lsoa21_bgc_blmk_icb.geojson", 587, None),
        ("lsoa21_bgc_south_east_london_icb.geojson", 1_040, None),
        ("lsoa21_bgc_lancashire_and_south_cumbria.geojson", 1_060, None),
        ("lsoa21_bgc_england.parquet", 33_755, 130_458),
    ],
)
def test_the_real_boundaries_have_their_rows_and_areas(sources_dir, name, rows, km2):
    table = read_boundaries(sources_dir / "geography" / name).table
    assert len(table) == rows
    assert table.is_valid.all()
    if km2 is not None:
        assert table.area.sum() / 1e6 == pytest.approx(km2, rel=2e-4)


@pytest.mark.realdata
def test_the_real_boundaries_of_2011_are_not_taken_for_those_of_2021(sources_dir, refused):
    path = sources_dir / "geography" / "lsoa11_bgc_seed_icbs.parquet"
    assert len(read_boundaries(path, vintage=2011).table) == 2_598
    refused("wrong-vintage", ["LSOA11CD"], read_boundaries, path)
