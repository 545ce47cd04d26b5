"""Libraries and schools: which are open to all, where they stand, and why a row is not used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geodata.postcodes import Gazetteer, read_postcodes
from geodata.public_sites import read_libraries, read_schools
from geodata.reading import Reading
from tests.geodata.test_health_sites import GAZETTEER, A

LIBRARIES = (
    "\ufeffname,address1,address2,address3,postcode,type,operation_22,operation_23\n"
    'Central,"1, High Street",,Luton,LU1 1LZ,Static Library,LA,LA\n'
    "Friends,,,,lu12tl,Static Library,LA,CR\n"
    "Commissioned,,,,LU1 2TL,Static Library,LA,c\n"
    "Shut,,,,LU1 2TL,Static Library,LA,closed\n"
    "Being mended,,,,LU1 2TL,Static Library,LA,Temporary Closure\n"
    "Van,,,,LU1 2TL,Mobile Library,LA,LA\n"
    "HMP,,,,LU1 2TL,Prison Library,LA,LA\n"
    "Papers,,,,LU1 2TL,static archive,LA,LA\n"
    "Moved,,,,LU9 9ZZ,Static Library,LA,LA\n"
)
SCHOOLS = (
    "urn,name,town,postcode,lead_school,open_date,close_date\n"
    "100002,Park School,Luton,LU1 2TL,false,,\n"
    "100001,Hill School,Luton,LU1 1LZ,false,,\n"
    "100003,Old School,Luton,LU1 1LZ,false,,2022-08-31\n"
    "100004,Far School,Luton,LU9 9ZZ,false,,\n"
)


def reasons(reading: Reading) -> dict[str, int]:
    return {part.reason: part.rows for part in reading.left_out}


def test_a_library_is_used_while_people_can_walk_in_whoever_runs_it(written: Any) -> None:
    reading = read_libraries(written("libraries.csv", LIBRARIES), GAZETTEER, source_date="2023")
    table = reading.table.set_index("name")
    assert sorted(table.index) == ["Central", "Commissioned", "Friends"]
    assert table.loc["Central", ["site_id", "address", "easting", "lsoa21cd"]].tolist() == [
        "lu1-1lz-central", "1, High Street, Luton", 508_000, A,
    ]  # fmt: skip
    assert reasons(reading) == {
        "closed": 1,
        "closed for the time being": 1,
        "mobile library, with no place of its own": 1,
        "prison library, not open to the public": 1,
        "archive, not a lending library": 1,
        "postcode not in the look-up": 1,
    }


def test_the_latest_year_says_whether_a_library_is_open(written: Any) -> None:
    later = LIBRARIES.replace("operation_23", "operation_24").replace("LA,closed", "closed,LA")
    assert "Shut" in set(read_libraries(written("libraries.csv", later), GAZETTEER).table["name"])


def test_a_library_that_is_there_twice_is_refused(written: Any, refused: Any) -> None:
    twice = LIBRARIES + "Central,,,,LU1 1LZ,Static Library,LA,LA\n"
    refused("doubled-code", ["row 11", "Central"], read_libraries, written("libraries.csv", twice), GAZETTEER)
    # A closed one of the same name does no harm.
    shut = LIBRARIES + "Central,,,,LU1 1LZ,Static Library,LA,Closed\n"
    assert len(read_libraries(written("shut.csv", shut), GAZETTEER).table) == 3


def test_schools_stand_at_their_postcodes(written: Any) -> None:
    reading = read_schools(written("schools.csv", SCHOOLS), GAZETTEER)
    assert reading.table[["site_id", "service", "easting"]].to_numpy().tolist() == [
        ["100001", "school", 508_000.0],
        ["100002", "school", 509_000.0],
    ]
    assert reasons(reading) == {"closed": 1, "postcode not in the look-up": 1}


@pytest.mark.parametrize(
    ("old", "new", "rule", "says"),
    [
        ("100001", "100002", "doubled-code", ["row 3", "100002"]),
        ("100001", "", "missing-code", ["row 3"]),
        ("Hill School", "", "missing-value", ["row 3", "no name"]),
        ("postcode", "post", "missing-column", ["'postcode'"]),
    ],
)
def test_a_faulty_register_is_refused(
    written: Any, refused: Any, old: str, new: str, rule: str, says: list[str]
) -> None:
    refused(rule, says, read_schools, written("schools.csv", SCHOOLS.replace(old, new, 1)), GAZETTEER)


@pytest.mark.realdata
def test_the_real_lists_of_luton(sources_dir: Path) -> None:
    postcodes = read_postcodes(sources_dir / "geography" / "postcodes_seed_icbs.csv.gz").table
    gazetteer = Gazetteer(postcodes)
    luton = set(postcodes.loc[postcodes["laua"] == "E06000032", "lsoa21cd"])
    libraries = read_libraries(sources_dir / "sites" / "ace_libraries_england_2023.csv", gazetteer)
    assert libraries.rows_read == 3_487
    assert reasons(libraries)["closed"] == 353  # in any case of letters
    inside = libraries.table[libraries.table["lsoa21cd"].isin(luton)]
    assert len(inside) == 5  # nine are listed; four were closed for the time being
    assert "Luton Central Library" in set(inside["name"])
    schools = read_schools(sources_dir / "sites" / "gias_open_establishments_seed_places_2022-07.csv", gazetteer)
    assert schools.rows_read == 2_040
    assert schools.table["lsoa21cd"].isin(luton).sum() == 80
