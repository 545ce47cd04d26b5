"""Sites: who is open and where; every row that is not used is accounted for with its reason."""

from __future__ import annotations

import copy
import json

import geopandas as gpd
import pandas as pd
import pytest

from geodata.boundaries import read_boundaries
from geodata.lookups import read_lookup
from geodata.postcodes import Gazetteer, read_postcodes
from geodata.sites import (
    SITE_COLUMNS,
    read_dental_pages,
    read_dental_practices,
    read_family_hubs,
    read_gp_practices,
)

A = "E01015693"
GAZETTEER = Gazetteer(
    pd.DataFrame(
        {
            "pcds": ["LU1 2TL", "LU1 1LZ"],
            "easting": [509_000.0, 508_000.0],
            "northing": [221_000.0, 221_500.0],
            "lsoa21cd": [A, A],
            "laua": ["E06000032"] * 2,
        }
    )
)


def ods(
    code: str, status: str, setting: str = "", postcode: str = "LU1 2TL", grouping: str = "Y61", **parts: str
) -> str:
    """Give one row of an ODS report: 27 quoted cells and no header."""
    cells = [""] * 27
    cells[0:5] = [code, parts.get("name", f"SURGERY {code}"), grouping, "QHG", "1 HIGH STREET"]
    cells[7], cells[9], cells[10] = "LUTON", postcode, parts.get("opened", "19740401")
    cells[12], cells[25] = status, setting
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def reasons(reading) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {part.reason: (part.rows, part.examples) for part in reading.left_out}


@pytest.mark.parametrize(
    ("opened", "closed", "practice", "other"),
    [("ACTIVE", "INACTIVE", "RO76", "RO72"), ("A", "C", "4", "9")],
    ids=["words", "letters"],
)
def test_open_practices_are_placed_under_both_value_sets(written, opened, closed, practice, other):
    text = (
        ods("E81002", opened, practice, name='THE ""OLD"" MILL, LUTON', opened="20250301")
        + ods("E81001", opened, practice, postcode="lu11lz")
        + ods("E81003", closed, practice)
        + ods("E81004", opened, other)
        + ods("E81005", opened, practice, postcode="LU9 9ZZ")
        + ods("W91001", opened, practice, grouping="")
        + ods("W93019", opened, practice, grouping="Y58")
    )
    reading = read_gp_practices(written("epraccur.csv", text), GAZETTEER)
    table = reading.table
    assert tuple(table) == SITE_COLUMNS
    assert table["site_id"].tolist() == ["E81001", "E81002"]
    assert table["name"][1] == 'THE "OLD" MILL, LUTON'
    assert table.loc[0, ["service", "postcode", "easting", "lsoa21cd"]].tolist() == ["gp", "LU1 1LZ", 508_000, A]
    assert table["address"][0] == "1 HIGH STREET, LUTON"
    assert table["source_date"].unique().tolist() == ["2025-03-01"]
    assert table["accepting_children"].tolist() == [None, None]
    assert reasons(reading) == {
        "closed": (1, ("E81003",)),
        "another prescribing setting, not a GP practice": (1, ("E81004",)),
        "postcode not in the look-up": (1, ("E81005 at LU9 9ZZ",)),
        "a practice of NHS Wales": (2, ("W91001", "W93019")),
    }


def test_a_practice_with_two_roles_is_a_practice_and_a_dormant_one_is_not_open(written):
    text = ods("E81001", "ACTIVE", "RO76|RO268") + ods("E81002", "DORMANT", "RO76") + ods("E81003", "P", "4")
    reading = read_gp_practices(written("epraccur.csv", text), GAZETTEER, source_date="2026-02-03")
    assert reading.table["site_id"].tolist() == ["E81001"]
    assert reading.table["source_date"].tolist() == ["2026-02-03"]
    assert set(reasons(reading)) == {"dormant", "proposed"}


def test_dental_contracts_at_one_postcode_stay_apart(written):
    text = ods("V00001", "A") + ods("V00002", "ACTIVE") + ods("V00003", "C") + ods("V00004", "A", grouping="W00")
    reading = read_dental_practices(written("egdpprac.csv", text), GAZETTEER)
    assert reading.table["site_id"].tolist() == ["V00001", "V00002"]
    assert reading.table["service"].unique().tolist() == ["dental"]
    assert set(reasons(reading)) == {"closed", "of NHS Wales"}


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        (ods("E1", "OPEN", "4"), "unknown-status", ["row 1", "E1", "'OPEN'"]),
        (ods("E1", "A", "4") + ods("E1", "C", "4"), "doubled-code", ["row 2", "E1"]),
        (ods("", "A", "4"), "missing-code", ["row 1"]),
        (ods("E1", "A", "4") + ods("E2", "A", "4")[:-1] + ',"x"\n', "wrong-width", ["row 2", "28 cells where 27"]),
        ("Code,Name\nE1,Surgery\n", "wrong-width", ["row 1", "2 cells where 27"]),
        ("<html>Log in</html>", "wrong-kind", ["web page"]),
        ("", "empty-file", ["empty"]),
    ],
)
def test_a_faulty_report_is_refused(written, refused, text, rule, says):
    for reader in (read_gp_practices, read_dental_practices):
        refused(rule, says, reader, written("report.csv", text), GAZETTEER)


def pages() -> dict:
    """Give three pages: accepting children, not accepting, and one that does not say."""
    rows = [("V3", "yes", "no", f"LSOA::{A}"), ("V1", "no", "no", None), ("V2", "unknown", "unknown", "COUNTY::BEDS")]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-0.42, 51.88]},
                "properties": {
                    "practice_id": code,
                    "practice_name": f"Dentist {code}",
                    "address": "1 High Street",
                    "postcode": "LU1 2TL",
                    "area_code": area,
                    "accepting_adults": adults,
                    "accepting_children": children,
                },
            }
            for code, children, adults, area in rows
        ],
    }


def with_page(**changes) -> dict:
    data = copy.deepcopy(pages())
    feature = data["features"][1]
    feature["geometry"] = changes.pop("geometry", feature["geometry"])
    feature["properties"] |= changes
    return data


def test_accepting_is_yes_no_or_unknown(written):
    table = read_dental_pages(written("pages.geojson", json.dumps(pages()))).table
    assert table["site_id"].tolist() == ["V1", "V2", "V3"]
    assert table["accepting_children"].tolist() == [False, None, True]
    assert table["accepting_adults"].tolist() == [False, None, False]
    assert table["lsoa21cd"].tolist() == [None, None, A]
    assert table["easting"].tolist() == pytest.approx([508_700] * 3, abs=500)


def test_a_page_abroad_or_without_a_point_is_accounted_for(written):
    data = with_page(area_code="LSOA::W01000001")
    data["features"][2]["geometry"] = None
    reading = read_dental_pages(written("pages.geojson", json.dumps(data)))
    assert reasons(reading) == {"not in England": (1, ("V1",)), "no point": (1, ("V2",))}


@pytest.mark.parametrize(
    ("data", "rule", "says"),
    [
        (with_page(accepting_children="maybe"), "unknown-status", ["row 2", "V1", "'maybe'", "accepting_children"]),
        (with_page(practice_id="V3"), "doubled-code", ["row 2", "V3"]),
        (with_page(geometry={"type": "Point", "coordinates": [51.88, -0.42]}), "swapped-axes", ["row 2"]),
        (with_page(geometry={"type": "Point", "coordinates": [509e3, 221e3]}), "wrong-crs", ["row 2", "metres"]),
        ({"type": "FeatureCollection", "features": []}, "empty-file", ["no sites"]),
        ({"type": "FeatureCollection", "features": [{"properties": {}}]}, "missing-column", ["practice_id"]),
        (with_page(geometry={"type": "LineString", "coordinates": []}), "not-a-point", ["row 2"]),
        (with_page(geometry={"type": "Point", "coordinates": ["west", None]}), "not-a-number", ["row 2"]),
        ({"type": "FeatureCollection", "features": ["V1"]}, "wrong-kind", ["feature 1"]),
        ({"type": "Topology"}, "wrong-kind", ["FeatureCollection"]),
    ],
)
def test_a_faulty_page_is_refused(written, refused, data, rule, says):
    refused(rule, says, read_dental_pages, written("pages.geojson", json.dumps(data)))


def test_pages_that_are_not_json_are_refused(written, refused):
    refused("wrong-kind", ["not JSON"], read_dental_pages, written("pages.geojson", "<html>"))


HUBS = (
    "local_authority,name,address,postcode,latitude,longitude,dfe_family_hub_site\n"
    "Bedford,Bluebells Family Hub,,MK43 8JP,52.15006,-0.527433,yes\n"
    "Bedford,Bluebells Family Hub (Bedford Borough),Village Road,MK43 8NR,52.149559,-0.530475,no\n"
    'Luton,Flying Start,"Dallow Road, Luton",LU1 1LZ,51.881363,-0.42913,no\n'
    "Luton,Bluebells Family Hub,,LU1 2TL,51.88,-0.42,no\n"
)


def test_a_site_that_two_registers_list_is_kept_once_as_a_hub(written):
    reading = read_family_hubs(written("hubs.csv", HUBS))
    services = reading.table.set_index("site_id")["service"].to_dict()
    assert services == {
        "mk43-8jp-bluebells-family-hub": "family_hub",
        "lu1-1lz-flying-start": "childrens_centre",
        "lu1-2tl-bluebells-family-hub": "childrens_centre",
    }
    assert reasons(reading) == {
        "listed twice: kept once, as a family hub": (1, ("Bluebells Family Hub (Bedford Borough)",))
    }
    assert reading.table["lsoa21cd"].tolist() == [None] * 3


@pytest.mark.parametrize(
    ("old", "new"),
    [("Bedford,Blue", ",Blue"), ("52.149559,-0.530475", ","), ("Hub (Bedford", "Hub East (Bedford")],
    ids=["no council", "no point", "another name"],
)
def test_what_is_not_known_to_be_the_same_site_is_not_left_out_as_such(written, old, new):
    assert not any("twice" in reason for reason in reasons(read_family_hubs(written("h.csv", HUBS.replace(old, new)))))


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("-0.42913,no", "-0.42913,perhaps", "unknown-status", ["row 4", "'perhaps'"]),
        ("Luton,Flying Start", "Luton,", "missing-value", ["row 4", "no name"]),
        ("51.881363,-0.42913", "-0.42913,51.881363", "swapped-axes", ["row 4"]),
        ("51.881363", "north", "not-a-number", ["row 4", "latitude"]),
        ("dfe_family_hub_site", "hub", "missing-column", ["dfe_family_hub_site"]),
    ],
)
def test_a_faulty_list_of_hubs_is_refused(written, refused, old, new, rule, says):
    refused(rule, says, read_family_hubs, written("hubs.csv", HUBS.replace(old, new)))


@pytest.fixture(scope="module")
def england(sources_dir):
    folder = sources_dir / "geography"
    councils = read_lookup(folder / "lsoa21_lookup_england.csv.gz").table["lad24nm"]
    return Gazetteer(read_postcodes(folder / "postcodes_england.parquet").table), councils


@pytest.mark.realdata
def test_the_real_practices_are_those_counted_for_each_council(sources_dir, england):
    gazetteer, councils = england
    practices = read_gp_practices(sources_dir / "sites" / "epraccur.csv", gazetteer)
    counts = practices.table["lsoa21cd"].map(councils).value_counts()
    expected = {"Luton": 24, "Bedford": 15, "Central Bedfordshire": 23, "Milton Keynes": 23, "Bromley": 41}
    assert counts[list(expected)].to_dict() == expected
    assert practices.rows_read == 15_389
    assert practices.table["source_date"][0] == "2026-02-03"
    # The six whose postcodes no look-up holds, as the README says.
    assert reasons(practices)["postcode not in the look-up"][0] == 6
    letters = read_gp_practices(sources_dir / "sites" / "epraccur_letter_status_layout_seed_icbs.csv", gazetteer)
    assert len(letters.table) == 480


@pytest.mark.realdata
def test_the_real_dentists_are_those_counted(sources_dir, england):
    gazetteer, councils = england
    practices = read_dental_practices(sources_dir / "sites" / "egdpprac.csv", gazetteer)
    counts = practices.table["lsoa21cd"].map(councils).value_counts()
    assert counts[["Luton", "Bromley"]].to_dict() == {"Luton": 20, "Bromley": 64}
    assert reasons(practices)["closed"][0] == 364
    seen = read_dental_pages(sources_dir / "sites" / "nhsuk_dental_practices.geojson").table
    assert len(seen) == 6_050
    answers = [
        seen[f"accepting_{who}"].map({True: "yes", False: "no"}).fillna("unknown") for who in ("adults", "children")
    ]
    assert answers[0].value_counts().to_dict() == {"yes": 1_864, "no": 3_647, "unknown": 539}
    assert answers[1].value_counts().to_dict() == {"yes": 2_647, "no": 2_864, "unknown": 539}


@pytest.mark.realdata
def test_luton_has_its_25_hubs_and_centres(sources_dir):
    reading = read_family_hubs(sources_dir / "sites" / "family_hubs_childrens_centres_seed_places.csv")
    luton = read_boundaries(sources_dir / "geography" / "lsoa21_bgc_luton.geojson").table.union_all()
    points = gpd.GeoSeries.from_xy(reading.table["easting"], reading.table["northing"], crs="EPSG:27700")
    inside = reading.table[points.within(luton).to_numpy()]
    assert inside["service"].value_counts().to_dict() == {"childrens_centre": 20, "family_hub": 5}
    assert "Bluebells Family Hub (Bedford Borough)" in reading.left_out[0].examples
    assert reading.rows_read == 230
