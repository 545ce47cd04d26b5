"""Pharmacies, branches, hospitals and map points: who is open and where, and why a row is not used."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geodata.health_sites import read_gp_branches, read_hospitals, read_map_points, read_pharmacies
from geodata.postcodes import Gazetteer
from geodata.reading import Reading
from geodata.sites import SITE_COLUMNS

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


def ods(code: str, **parts: str) -> str:
    """Give one row of an ODS report: 27 quoted cells and no header."""
    cells = [""] * 27
    cells[0:5] = [code, f"SITE {code}", parts.get("grouping", "Y61"), "QHG", "1 HIGH STREET"]
    cells[9], cells[10] = parts.get("postcode", "LU1 2TL"), parts.get("opened", "20040401")
    cells[11], cells[12] = parts.get("closed", ""), parts.get("status", "")
    cells[13], cells[14] = parts.get("kind", ""), parts.get("parent", "")
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def reasons(reading: Reading) -> dict[str, int]:
    return {part.reason: part.rows for part in reading.left_out}


def test_an_appliance_contractor_is_no_pharmacy(written: Any) -> None:
    text = (
        ods("FA1", status="A", kind="1", opened="20250301")
        + ods("FA2", status="A", kind="2")
        + ods("FA3", status="C", kind="1")
        + ods("FA4", status="A", kind="1", grouping="W00")
    )
    reading = read_pharmacies(written("edispensary.csv", text), GAZETTEER)
    assert tuple(reading.table) == SITE_COLUMNS
    assert reading.table[["site_id", "service", "supply"]].to_numpy().tolist() == [["FA1", "pharmacy", 1.0]]
    assert reading.table["source_date"].tolist() == ["2025-03-01"]
    assert reasons(reading) == {"appliance contractor, no pharmacy": 1, "closed": 1, "of NHS Wales": 1}


def test_a_branch_is_open_without_a_status_while_it_has_no_closing_date_and_its_practice_is_open(written: Any) -> None:
    text = (
        ods("E81001001", parent="E81001", postcode="LU1 1LZ")
        + ods("E81001002", parent="E81001", closed="20160331")
        + ods("E81009001", parent="E81009")
        + ods("E81001003", parent="E81001", status="CLOSED")
        + ods("E81001004", parent="E81001", postcode="LU9 9ZZ")
    )
    reading = read_gp_branches(written("ebranchs.csv", text), GAZETTEER, practices={"E81001"})
    assert reading.table["site_id"].tolist() == ["E81001001"]
    assert reading.table.loc[0, ["service", "part_of", "easting"]].tolist() == ["gp_branch", "E81001", 508_000]
    assert reasons(reading) == {
        "closed": 2,
        "its practice is not in the list of open practices": 1,
        "postcode not in the look-up": 1,
    }


def test_a_branch_of_no_practice_is_refused(written: Any, refused: Any) -> None:
    refused("missing-value", ["row 1", "names no practice"], read_gp_branches, written("b.csv", ods("X1")), GAZETTEER)


HEADERS = (
    "OrganisationCode¬OrganisationName¬OrganisationStatus¬Address1¬Address2¬Address3¬City¬Postcode¬Latitude¬Longitude"
)
HOSPITALS = (
    'RC1¬St Mary\'s ("The Cottage")¬Visible¬¬High Street¬¬Luton¬LU4 0DZ¬51.894¬-0.474\n'
    "RC2¬Clinic – East¬Visible¬¬¬¬Luton¬lu12tl¬¬\n"
    "RC3¬Nowhere¬Visible¬¬¬¬Luton¬LU9 9ZZ¬¬\n"
    "RC4¬Gone¬Hidden¬¬¬¬Luton¬LU1 2TL¬51.894¬-0.474\n"
)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_hospitals_stand_at_their_point_else_at_their_postcode(written: Any, encoding: str) -> None:
    reading = read_hospitals(written("Hospital.csv", f"{HEADERS}\n{HOSPITALS}".encode(encoding)), GAZETTEER)
    table = reading.table.set_index("site_id")
    assert table["name"].tolist() == ['St Mary\'s ("The Cottage")', "Clinic – East"]
    assert table.loc["RC1", "address"] == "High Street, Luton"
    assert table.loc["RC1", "easting"] == pytest.approx(505_060, abs=150)
    assert table.loc["RC2", ["easting", "northing", "postcode"]].tolist() == [509_000, 221_000, "LU1 2TL"]
    assert reasons(reading) == {"no point, and its postcode is not in the look-up": 1, "hidden by the publisher": 1}


def test_a_line_of_hospitals_ends_only_where_the_line_ends(written: Any) -> None:
    """Marks that Python calls ends of lines may stand inside a cell."""
    text = f"{HEADERS}\n{HOSPITALS}".replace("Clinic – East", "Clinic\x85\u2028\x0cEast").replace("\n", "\r\n")
    table = read_hospitals(written("Hospital.csv", text.encode()), GAZETTEER).table.set_index("site_id")
    assert table.index.tolist() == ["RC1", "RC2"]
    assert table.loc["RC2", "name"] == "Clinic\x85\u2028\x0cEast"


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("RC2¬", "", "wrong-width", ["row 3", "9 cells where 10"]),
        ("RC2¬", "RC1¬", "doubled-code", ["row 3", "RC1"]),
        ("RC2¬", "¬", "missing-code", ["row 3", "no code"]),
        ("51.894¬-0.474\nRC2", "north¬-0.474\nRC2", "not-a-number", ["row 2", "'north'"]),
        ("51.894¬-0.474\nRC2", "-0.474¬51.894\nRC2", "swapped-axes", ["row 2"]),
        ("Latitude", "Lat", "missing-column", ["'Latitude'"]),
    ],
)
def test_a_faulty_list_of_hospitals_is_refused(
    written: Any, refused: Any, old: str, new: str, rule: str, says: list[str]
) -> None:
    text = f"{HEADERS}\n{HOSPITALS}".replace(old, new, 1)
    refused(rule, says, read_hospitals, written("Hospital.csv", text.encode("cp1252")), GAZETTEER)


MAP = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-0.42, 51.88]},
            "properties": {"name": "Luton CDC", "address": "Luton, LU1 2TL ", "icbCode": "E54000048"},
        },
        {
            "type": "Feature",
            "geometry": None,
            "properties": {"name": "Unplaced CDC", "address": "somewhere"},
        },
    ],
}


def with_feature(**parts: Any) -> dict[str, Any]:
    changed = copy.deepcopy(MAP)
    feature = changed["features"][0]
    feature["geometry"] = parts.pop("geometry", feature["geometry"])
    feature["properties"] |= parts
    return changed


def test_a_map_point_is_used_with_the_postcode_that_ends_its_address(written: Any) -> None:
    reading = read_map_points(written("map.geojson", json.dumps(MAP)), "diagnostic_centre", source_date="2025")
    assert reading.table["site_id"].tolist() == ["lu1-2tl-luton-cdc"]
    assert reading.table.loc[0, ["service", "postcode", "lsoa21cd"]].tolist() == ["diagnostic_centre", "LU1 2TL", None]
    assert reading.table["northing"][0] == pytest.approx(221_200, abs=300)
    assert reasons(reading) == {"no point": 1}


@pytest.mark.parametrize(
    ("data", "rule", "says"),
    [
        (with_feature(name=""), "missing-value", ["row 1", "no name"]),
        (with_feature(geometry={"type": "Point", "coordinates": [51.88, -0.42]}), "swapped-axes", ["row 1"]),
        (with_feature(geometry={"type": "Polygon", "coordinates": []}), "not-a-point", ["row 1"]),
        ({**MAP, "features": [MAP["features"][0]] * 2}, "doubled-code", ["row 2"]),
        ({**MAP, "features": [{"type": "Feature", "properties": {"name": "A"}}]}, "missing-column", ["address"]),
    ],
)
def test_a_faulty_map_is_refused(written: Any, refused: Any, data: Any, rule: str, says: list[str]) -> None:
    refused(rule, says, read_map_points, written("map.geojson", json.dumps(data)), "surgical_hub")


@pytest.mark.realdata
def test_the_real_lists_hold_what_their_readme_counts(sources_dir: Path) -> None:
    folder = sources_dir / "sites"
    hospitals = read_hospitals(folder / "Hospital.csv")
    assert (hospitals.rows_read, len(hospitals.table)) == (1_217, 1_215)  # two have no coordinates
    assert "RC971" in set(hospitals.table["site_id"])  # Luton and Dunstable
    centres = read_map_points(folder / "govuk_community_diagnostic_centres.geojson", "diagnostic_centre").table
    assert len(centres) == 170
    assert len(read_map_points(folder / "govuk_surgical_hubs.geojson", "surgical_hub").table) == 134
    for name in ("Lloyds Court", "North Bedfordshire", "Whitehouse"):
        assert centres["name"].str.contains(name).sum() == 1
