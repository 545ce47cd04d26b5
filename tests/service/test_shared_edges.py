"""Boundaries on a grid: valid, and neighbours share whole edges, at every detail that an edition holds."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import orjson
import pytest
import shapely
from shapely import Polygon, box

from geodata.crs import to_grid
from service.building.encode import COUNCIL_TOLERANCE, TOLERANCES, tolerance
from service.building.shared_edges import on_grid
from service.editions.edition import Edition, open_edition
from service.editions.fragments import Fragments
from tests.conftest import RealStore

STEPS_M = {"full": 0.12, "grid": 0.01, "map": 1.2}  # the longer side of a step of each grid
DATA_THAT_OVERLAPS = ["E01025148", "E01025169"]  # by 0.0004 square metres, as they are published


def clean(shapes: np.ndarray) -> bool:
    return bool(shapely.is_valid(shapes).all() and shapely.is_empty(shapely.coverage_invalid_edges(shapes)).all())


def rounded(*shapes: shapely.Geometry) -> tuple[list[shapely.Geometry], list[bool]]:
    """Shapes on a grid of steps of 1."""
    found = on_grid(np.array(shapes), 0)
    assert clean(found.shapes)
    corners = shapely.get_coordinates(found.shapes)
    assert np.array_equal(corners, np.rint(corners))
    return found.shapes.tolist(), found.mended.tolist()


def decoded(fragments: list[bytes]) -> np.ndarray:
    return np.asarray(shapely.from_geojson([text.decode() for text in fragments]))


def shapes_of(edition: Edition, detail: str) -> np.ndarray:
    """Every neighbourhood as the edition holds it."""
    name = {"full": "shapes_full", "map": "shapes_map", "grid": "shapes_grid"}[detail]
    return decoded(Fragments(edition.stored.folder / "web", name).many(np.arange(edition.count)))


def published(edition: Edition) -> gpd.GeoDataFrame:
    columns = ["lad24cd", "geometry"]
    return gpd.read_parquet(edition.stored.folder / "neighbourhoods.parquet", columns=columns)


def in_metres(shapes: np.ndarray) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapely.transform(shapes, lambda points: np.column_stack(to_grid(*points.T))))


def most_change(shapes: gpd.GeoSeries, by_m: float) -> np.ndarray:
    """Give the area that a shape can gain or lose if its edges move by so many metres."""
    return shapes.length.to_numpy() * by_m + 4 * by_m**2


def test_areas_that_meet_are_rounded_and_no_more() -> None:
    west, east = Polygon([(0.2, 0), (5.4, 0.3), (5.4, 9), (0, 9)]), Polygon([(5.4, 0.3), (9, 0), (9, 9), (5.4, 9)])
    shapes, mended = rounded(west, east)
    assert shapes[0].equals_exact(Polygon([(0, 0), (5, 0), (5, 9), (0, 9)]))
    assert shapes[1].equals_exact(Polygon([(5, 0), (9, 0), (9, 9), (5, 9)]))
    assert mended == [False, False]
    clockwise = on_grid(np.array([west.reverse()]), 0).shapes[0]
    assert clockwise.exterior.is_ccw


def test_an_islet_and_a_pond_within_one_step_are_left_out_and_the_rest_stays() -> None:
    land = Polygon(box(0, 0, 20, 20).exterior, [box(4.1, 4.1, 4.3, 4.4).exterior])
    islet, island = box(30.1, 3, 30.4, 9), box(40, 3, 42, 9)
    shapes, mended = rounded(shapely.MultiPolygon([islet, land, island]))
    assert shapes[0].normalize() == shapely.MultiPolygon([box(0, 0, 20, 20), island]).normalize()
    assert mended == [True]


def test_a_creek_narrower_than_the_grid_closes_and_its_mouth_is_shared() -> None:
    land = Polygon([(0, 0), (10, 0), (10, 10), (5.2, 10), (5.1, 4), (4.9, 10), (0, 10)])
    shapes, mended = rounded(land, box(0, 10, 10, 20).union(Polygon([(4.9, 10), (5.1, 4), (5.2, 10)])))
    assert shapely.area(shapes).tolist() == [100, 100]
    assert True in mended


def test_a_corner_that_steps_over_an_edge_is_set_on_it_in_both() -> None:
    # The corner (10.6, 5.4) lies west of the edge from (10, 0) to (11.4, 11), its rounded place (11, 5) east of it.
    sliver = Polygon([(0, 0), (10, 0), (11.4, 11), (0, 11)]).difference(Polygon([(0, 5), (10.6, 5.4), (0, 6)]))
    inside = Polygon([(0, 5), (10.6, 5.4), (0, 6)])
    east = Polygon([(10, 0), (20, 0), (20, 11), (11.4, 11)])
    assert not clean(shapely.transform(np.array([sliver, inside, east]), np.rint))
    shapes, _ = rounded(sliver, inside, east)
    assert sum(shape.area for shape in shapes) == pytest.approx(20 * 11, abs=1)
    assert shapely.union_all(shapes).area == pytest.approx(sum(shape.area for shape in shapes))


def test_an_overlap_goes_to_one_of_both_and_areas_far_off_stay() -> None:
    shapes, mended = rounded(box(0, 0, 12, 10), box(10, 0, 20, 10), box(40, 0, 50, 10))
    assert sorted(shape.area for shape in shapes[:2]) == [80, 120]
    assert shapes[2].equals_exact(box(40, 0, 50, 10, ccw=True).normalize(), normalize=True)
    assert not mended[2]


def test_an_area_smaller_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="too small for this grid"):
        on_grid(np.array([box(0, 0, 10, 10), box(10, 0, 10.2, 0.2)]), 0)
    with pytest.raises(ValueError, match="too small for this grid"):
        on_grid(np.array([box(0.1, 0.1, 0.2, 0.2)]), 0)


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_a_crowded_country_stays_whole(seed: int) -> None:
    # Cells of 12 square steps on average, among them many edges shorter than a step.
    places = shapely.multipoints(np.random.default_rng(seed).uniform(0, 60, (300, 2)))
    frame = box(0, 0, 60, 60)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(places, extend_to=frame)), frame)
    cells = cells[shapely.area(cells) > 3]
    assert not clean(shapely.transform(cells, np.rint))
    found = on_grid(cells, 0)
    assert clean(found.shapes)
    assert shapely.area(found.shapes).sum() == pytest.approx(shapely.area(cells).sum(), rel=1e-3)
    change = np.abs(shapely.area(found.shapes) - shapely.area(cells))
    assert (change < 0.71 * shapely.length(cells)).all()  # a corner moves by half the diagonal of a step at most


@pytest.fixture(scope="module")
def demo(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def check(edition: Edition, detail: str) -> None:
    shapes, before = shapes_of(edition, detail), published(edition).geometry
    assert clean(shapes)
    assert shapely.is_ccw(shapely.get_exterior_ring(shapely.get_parts(shapes))).all()
    metres = gpd.GeoSeries(shapes) if detail == "grid" else in_metres(shapes)
    moved = STEPS_M[detail] + (tolerance(edition.count, TOLERANCES) if detail == "map" else 0)
    change = np.abs(metres.area.to_numpy() - before.area.to_numpy())
    assert (change <= most_change(before, moved)).all()
    assert metres.area.sum() == pytest.approx(before.area.sum(), rel=1e-3 if detail == "map" else 1e-6)


def check_councils(edition: Edition) -> None:
    listed = edition.councils()
    shapes = decoded([orjson.dumps(council["geometry"]) for council in listed])
    assert clean(shapes)
    before = published(edition)
    areas = before.geometry.area.groupby(before["lad24cd"]).sum()
    assert [council["code"] for council in listed] == areas.index.tolist()
    metres = in_metres(shapes)
    moved = tolerance(edition.count, COUNCIL_TOLERANCE) + tolerance(edition.count, TOLERANCES)
    assert (np.abs(metres.area.to_numpy() - areas.to_numpy()) <= most_change(metres, moved)).all()
    outline = decoded([edition.outline()])[0]
    assert outline.is_valid
    assert outline.equals(shapely.coverage_union_all(shapes))


@pytest.mark.parametrize("detail", list(STEPS_M))
def test_neighbourhoods_of_the_demo_are_valid_and_share_their_edges(demo: Edition, detail: str) -> None:
    check(demo, detail)


def test_councils_of_the_demo_are_valid_and_share_their_edges(demo: Edition) -> None:
    check_councils(demo)


@pytest.fixture(scope="module")
def england(real_store: RealStore) -> Edition:
    return open_edition(real_store("england"), "england")


@pytest.mark.realdata
def test_councils_of_england_are_valid_and_share_their_edges(england: Edition) -> None:
    check_councils(england)
    (account,) = [source for source in england.report["sources"] if source["id"] == "lsoa21_boundaries"]
    assert account["mended"] == DATA_THAT_OVERLAPS


@pytest.mark.realdata
@pytest.mark.soak
@pytest.mark.parametrize("detail", list(STEPS_M))
def test_neighbourhoods_of_england_are_valid_and_share_their_edges(england: Edition, detail: str) -> None:
    check(england, detail)
