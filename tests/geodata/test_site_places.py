"""Where sites are, which of them matter to a place, and where a list of them is whole."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from geodata.catalogue import Source
from geodata.crs import GRID
from geodata.reading import Reading
from geodata.site_places import (
    REACH_M,
    all_sites,
    complete_in,
    near_place,
    of_service,
    supply_split,
    with_answers,
)
from geodata.sites import SITE_COLUMNS

LEFT, RIGHT = "E01000001", "E01000002"


@pytest.fixture
def boundaries() -> gpd.GeoDataFrame:
    """Two squares of a kilometre, side by side."""
    shapes = [box(500_000, 200_000, 501_000, 201_000), box(501_000, 200_000, 502_000, 201_000)]
    return gpd.GeoDataFrame(geometry=shapes, index=pd.Index([LEFT, RIGHT], name="lsoa21cd"), crs=GRID)


def sites(*rows: dict[str, Any]) -> pd.DataFrame:
    blank: dict[str, Any] = dict.fromkeys(SITE_COLUMNS) | {
        "service": "gp",
        "name": "A",
        "address": "",
        "source_date": "",
    }
    return pd.DataFrame([blank | row for row in rows], columns=list(SITE_COLUMNS))


def readings(table: pd.DataFrame, source: str = "family_hubs", postcodes: dict[str, str] | None = None) -> Any:
    found = {source: Reading(table, len(table))}
    if postcodes:
        known = pd.DataFrame({"pcds": list(postcodes), "lsoa21cd": list(postcodes.values())})
        known = known.assign(easting=500_500.0, northing=200_500.0, laua="E06000001")
        found["postcodes"] = Reading(known, len(known))
    return found


def test_a_site_lies_where_its_point_is(boundaries: gpd.GeoDataFrame) -> None:
    table = sites(
        {"site_id": "a", "easting": 500_500.0, "northing": 200_500.0},
        {"site_id": "b", "easting": 501_500.0, "northing": 200_500.0},
        {"site_id": "c", "easting": 509_000.0, "northing": 200_500.0},
    )
    placed = all_sites(readings(table), boundaries)
    assert placed["lsoa21cd"].tolist() == [LEFT, RIGHT, None]
    assert list(placed.columns) == list(SITE_COLUMNS)


def test_a_postcode_says_it_before_the_point_does(boundaries: gpd.GeoDataFrame) -> None:
    table = sites({"site_id": "a", "postcode": "AB1 2CD", "easting": 500_500.0, "northing": 200_500.0})
    assert all_sites(readings(table, postcodes={"AB1 2CD": RIGHT}), boundaries)["lsoa21cd"].tolist() == [RIGHT]
    # An unknown postcode: the point decides.
    assert all_sites(readings(table, postcodes={"ZZ9 9ZZ": RIGHT}), boundaries)["lsoa21cd"].tolist() == [LEFT]


def test_what_the_list_itself_says_comes_first(boundaries: gpd.GeoDataFrame) -> None:
    table = sites(
        {"site_id": "a", "lsoa21cd": LEFT, "postcode": "AB1 2CD", "easting": 501_500.0, "northing": 200_500.0}
    )
    assert all_sites(readings(table, postcodes={"AB1 2CD": RIGHT}), boundaries)["lsoa21cd"].tolist() == [LEFT]


def test_a_point_on_the_edge_of_two_is_in_the_lower_code_whatever_the_order(boundaries: gpd.GeoDataFrame) -> None:
    table = sites({"site_id": "a", "easting": 501_000.0, "northing": 200_500.0})
    for order in (boundaries, boundaries.iloc[::-1]):
        assert all_sites(readings(table), order)["lsoa21cd"].tolist() == [LEFT]


def test_sites_are_in_order_of_service_and_id_whatever_the_order_of_the_files(boundaries: gpd.GeoDataFrame) -> None:
    one = sites({"site_id": "b"}, {"site_id": "a"})
    two = sites({"site_id": "z", "service": "family_hub"})
    held = readings(one, "gp_practices") | readings(two)
    mixed = dict(reversed(held.items()))
    for found in (all_sites(held, boundaries), all_sites(mixed, boundaries)):
        assert found["site_id"].tolist() == ["z", "a", "b"]


def test_no_list_of_sites_gives_an_empty_table(boundaries: gpd.GeoDataFrame) -> None:
    none = all_sites({}, boundaries)
    assert none.empty
    assert list(none.columns) == list(SITE_COLUMNS)
    assert near_place(none, boundaries)["inside"].tolist() == []


def test_sites_near_a_place_are_kept_and_marked_and_far_ones_are_not(boundaries: gpd.GeoDataFrame) -> None:
    table = sites(
        {"site_id": "inside", "easting": 500_500.0, "northing": 200_500.0, "lsoa21cd": LEFT},
        {"site_id": "near", "easting": 500_000.0 - REACH_M + 1, "northing": 200_500.0, "lsoa21cd": "E01000009"},
        {"site_id": "far", "easting": 500_000.0 - REACH_M - 1, "northing": 200_500.0, "lsoa21cd": "E01000009"},
        {"site_id": "nowhere"},
    )
    near = near_place(all_sites(readings(table), boundaries), boundaries)
    assert dict(zip(near["site_id"], near["inside"], strict=True)) == {"inside": True, "near": False}
    assert near["inside"].dtype == bool


def test_a_site_without_a_point_is_on_no_map(boundaries: gpd.GeoDataFrame) -> None:
    table = sites({"site_id": "a", "lsoa21cd": LEFT})
    assert near_place(all_sites(readings(table), boundaries), boundaries).empty


def test_hubs_count_as_childrens_centres_and_not_the_reverse() -> None:
    table = sites(
        {"site_id": "a", "service": "family_hub"}, {"site_id": "b", "service": "childrens_centre"}, {"site_id": "c"}
    )
    assert of_service(table, "childrens_centre")["site_id"].tolist() == ["a", "b"]
    assert of_service(table, "family_hub")["site_id"].tolist() == ["a"]
    assert of_service(table, "gp")["site_id"].tolist() == ["c"]
    assert of_service(table, "pharmacy").empty


def source(**complete_for: tuple[str, ...]) -> dict[str, Source]:
    return {"hubs": Source("hubs", "", "", "", "", "", "", "sites", ("f.csv",), complete_for=complete_for)}


COUNCILS = pd.Series({LEFT: "E06000001", RIGHT: "E06000002"})


@pytest.mark.parametrize(
    ("complete_for", "listed", "whole"),
    [
        ({"gp": ("*",)}, [LEFT, RIGHT], [True, True]),
        ({"gp": ("*",)}, [LEFT], [True, False]),
        ({"gp": ("*",)}, [None], [False, False]),
        ({"gp": ("*",)}, [], [False, False]),
        ({"gp": ("E06000001",)}, [LEFT, RIGHT], [True, False]),
        ({"gp": ("E06000002",)}, [LEFT], [False, False]),
        ({"dental": ("*",)}, [LEFT, RIGHT], [False, False]),
        ({}, [LEFT, RIGHT], [False, False]),
    ],
)
def test_a_list_is_whole_where_it_says_so_and_lists_a_site(
    complete_for: dict[str, tuple[str, ...]], listed: list[str | None], whole: list[bool]
) -> None:
    table = sites(*({"site_id": str(number), "lsoa21cd": code} for number, code in enumerate(listed)))
    found = complete_in(source(**complete_for), "gp", COUNCILS, table)
    assert found.tolist() == whole
    assert found.dtype == bool


def test_a_national_list_of_what_councils_share_is_whole_where_a_council_has_none() -> None:
    centre = sites({"site_id": "c", "service": "diagnostic_centre", "lsoa21cd": LEFT})
    for codes, whole in ((("*",), [True, True]), (("E06000001",), [True, False])):
        listed = source(diagnostic_centre=codes)
        assert complete_in(listed, "diagnostic_centre", COUNCILS, centre).tolist() == whole


def test_what_a_practice_supplies_is_split_over_its_sites_and_never_repeated() -> None:
    table = sites(
        {"site_id": "p", "supply": 1.0},
        {"site_id": "p1", "service": "gp_branch", "supply": 1.0, "part_of": "p"},
        {"site_id": "p2", "service": "gp_branch", "supply": 1.0, "part_of": "p"},
        {"site_id": "q", "supply": 1.0},
        {"site_id": "own", "supply": 2.5},
    )
    split = supply_split(table)["supply"]
    assert split.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1, 2.5])
    assert split.sum() == pytest.approx(4.5)


def page(code: str, postcode: str, children: bool | None, adults: bool | None = None) -> dict[str, Any]:
    return {"site_id": code, "postcode": postcode, "accepting_children": children, "accepting_adults": adults}


def test_a_dentists_answer_comes_by_its_code_else_by_its_postcode_and_is_else_unknown() -> None:
    table = sites(
        {"site_id": "V00012", "service": "dental", "postcode": "AB1 1AA"},  # its page is V000012
        {"site_id": "V00013", "service": "dental", "postcode": "AB1 1AB"},  # by postcode
        {"site_id": "V00014", "service": "dental", "postcode": "AB1 1AC"},  # two pages there, two answers
        {"site_id": "V00015", "service": "dental", "postcode": "AB1 1AD"},  # no page
        {"site_id": "V00016", "service": "dental", "postcode": "AB1 1AB"},  # its own page says nothing
        {"site_id": "gp", "postcode": "AB1 1AB"},
    )
    pages = pd.DataFrame(
        [
            page("V000012", "ZZ9 9ZZ", True, False),
            page("V099999", "AB1 1AB", False),
            page("V000016_2", "ZZ9 9ZZ", None),
            page("V088888", "AB1 1AC", True),
            page("V077777", "AB1 1AC", False),
        ]
    )
    found = with_answers(table, pages).set_index("site_id")
    assert found["accepting_children"].tolist() == [True, False, None, None, None, None]
    assert found["accepting_adults"].tolist() == [False, None, None, None, None, None]
    assert found["accepting_by"].tolist() == ["code", "postcode", None, None, "code", None]
    assert with_answers(table, None)["accepting_children"].tolist() == [None] * 6
