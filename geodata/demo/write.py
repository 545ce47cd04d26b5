"""Write the demo borough: ``python -m geodata.demo.write FOLDER``.

The files stand in the layout of a real sources folder (geography/, deprivation/, population/, sites/,
indicators/, networks/) and carry the faults that published files carry; `faults.toml` lists them. The same
seed gives the same bytes. Nothing here is true of any real place.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geodata.demo import councils, deprivation, names, outcomes, practices
from geodata.demo.areas import Areas, make_areas
from geodata.demo.degrees import geojson_geometry, to_degrees
from geodata.demo.need import make_need
from geodata.demo.people import People, age_bands, census_tables, make_people, single_year_2011
from geodata.demo.postcodes import AddressBook, make_postcodes
from geodata.demo.services import make_services
from geodata.demo.streets import make_streets, write_pbf
from geodata.demo.times import own_times
from geodata.demo.timetable import write_gtfs

SEED = 2040
# Lists of points in GeoJSON, and which column is the id of a feature.
IDENTITY = {"nhsuk_dental_practices": "practice_id", "govuk_community_diagnostic_centres": ""}
ODS_TABLES = ("epraccur", "egdpprac", "edispensary_active")


def stream(number: int) -> np.random.RandomState:
    """Return one of the numbered streams, so that a change to one part leaves the others as they are."""
    return np.random.RandomState([SEED, number])


def write_csv(
    table: pd.DataFrame, path: Path, *, header: bool = True, quoted: bool = False, encoding: str = "utf-8"
) -> None:
    """Write a table as its publisher does; an empty cell is a blank."""
    path.parent.mkdir(parents=True, exist_ok=True)
    quoting: Literal[0, 1] = 1 if quoted else 0
    table.to_csv(path, index=False, header=header, quoting=quoting, lineterminator="\n", encoding=encoding)


def write_json(content: object, path: Path) -> None:
    """Write JSON on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def boundaries(
    outline: dict[str, BaseGeometry], name_of: dict[str, str], edition: str, first_fid: int
) -> dict[str, object]:
    """Return boundaries as the ONS portal gives them."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "FID": first_fid + k, f"LSOA{edition}CD": code, f"LSOA{edition}NM": name_of[code],
                "GlobalID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"evenreach-demo/{edition}/{code}")),
            },
            "geometry": geojson_geometry(outline[code]),
        }
        for k, code in enumerate(sorted(outline))
    ]  # fmt: skip
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    return {"type": "FeatureCollection", "name": f"lsoa{edition}_bgc_demo", "crs": crs, "features": features}


def lookup(areas: Areas) -> pd.DataFrame:
    """Return the look-up from LSOA to everything above it."""
    table = areas.table.reset_index()
    upper = {column.upper(): table[column] for column in (
        "lsoa21cd", "lsoa21nm", "msoa21cd", "msoa21nm", "msoa21hclnm", "wd24cd", "wd24nm")}  # fmt: skip
    out = pd.DataFrame(upper)
    out["LAD22CD"] = out["LAD24CD"] = table["lad24cd"]
    out["LAD24NM"] = table["lad24nm"]
    out["LAD25CD"] = out["UTLA23CD"] = table["lad24cd"]
    out["UTLA23NM"] = table["lad24nm"]
    out["RGN24CD"], out["RGN24NM"] = names.REGION
    out["SICBL24CD"], out["SICBL24CDH"], out["SICBL24NM"] = names.SUB_ICB
    out["ICB24CD"], out["ICB24CDH"], out["ICB24NM"] = names.ICB
    out["RUC21CD"] = [(names.URBAN if inside else names.FRINGE)[0] for inside in table["inside"]]
    out["RUC21NM"] = [(names.URBAN if inside else names.FRINGE)[1] for inside in table["inside"]]
    return out


def centroids(areas: Areas) -> pd.DataFrame:
    """Return the population-weighted centroids."""
    at = areas.table[["x_m", "y_m"]].to_numpy()
    degrees = to_degrees(at)
    columns = {"LSOA21CD": areas.table.index, "x": at[:, 0], "y": at[:, 1], "LONG": degrees[:, 0], "LAT": degrees[:, 1]}
    return pd.DataFrame(columns)


def write_geography(areas: Areas, postcodes: pd.DataFrame, folder: Path) -> None:
    """Write boundaries, look-ups, centroids, postcodes and the team areas."""
    new_names = dict(zip(areas.table.index, areas.table["lsoa21nm"], strict=True))
    old_names = dict(zip(areas.exact_fit["LSOA11CD"], areas.exact_fit["LSOA11NM"], strict=True))
    write_json(boundaries(areas.outline, new_names, "21", 90_001), folder / "lsoa21_bgc_demo.geojson")
    write_json(boundaries(areas.outline_2011, old_names, "11", 80_001), folder / "lsoa11_bgc_demo.geojson")
    write_csv(lookup(areas), folder / "lsoa21_lookup_demo.csv")
    write_csv(centroids(areas), folder / "lsoa21_population_weighted_centroids.csv")
    write_csv(areas.exact_fit, folder / "lsoa11_lsoa21_exact_fit_lookup_demo.csv")
    write_csv(postcodes, folder / "postcodes_demo.csv")
    teams = areas.table[areas.table["inside"]].reset_index()[["team", "lsoa21cd"]]
    write_csv(
        teams.rename(columns={"team": "footprint"}).sort_values(["footprint", "lsoa21cd"]), folder / "team_areas.csv"
    )


def write_population(areas: Areas, people: People, single_year: pd.DataFrame, need: pd.Series, folder: Path) -> None:
    """Write the estimates and the Census tables."""
    table = people.table.reset_index()
    write_csv(
        pd.DataFrame(
            {
                "LSOA21CD": table["lsoa21cd"], "LAD24CD": areas.table["lad24cd"].to_numpy(),
                "population_mid2022": table["mid2022"], "households_census2021": table["households"],
            }
        ),
        folder / "lsoa21_mid2022_population_census2021_households.csv",
    )  # fmt: skip
    write_csv(single_year, folder / "lsoa11_mid2020_population_single_year.csv")
    write_csv(age_bands(areas, people, single_year), folder / "lsoa21_age_bands_mid2020_apportioned.csv")
    for name, census in census_tables(areas, people, need, stream(4)).items():
        write_csv(census, folder / f"{name}.csv")


def write_deprivation(
    areas: Areas, people: People, single_year: pd.DataFrame, truth: pd.DataFrame, folder: Path
) -> None:
    """Write the Indices of 2025 and 2019."""
    at = areas.table[["x_m", "y_m"]].to_numpy()
    calm = np.asarray(truth["story"] != "", dtype=np.float64)
    draws = stream(5)
    z = deprivation.positions(truth["latent_need"].to_numpy(), at, draws, calm)
    file7 = deprivation.file7(
        z, deprivation.named_2025(areas), deprivation.denominators_2025(people), deprivation.RANKED_2025
    )
    write_csv(file7, folder / "iod2025_file7_lsoa21_demo.csv")
    write_csv(deprivation.underlying(z, file7, people, draws), folder / "iod2025_underlying_indicators_lsoa21.csv")
    write_csv(deprivation.file7_2019(areas, single_year, z, draws), folder / "iod2019_file7_lsoa11_demo.csv")


def points(table: pd.DataFrame, identity: str = "") -> dict[str, object]:
    """Return a table with long and lat as GeoJSON points; ``identity`` names the column that is the id."""
    features = []
    for row in table.to_dict("records"):
        point = {"type": "Point", "coordinates": [row.pop("long"), row.pop("lat")]}
        head = {"type": "Feature", "id": row[identity]} if identity else {"type": "Feature"}
        features.append(head | {"geometry": point, "properties": row})
    return {"type": "FeatureCollection", "features": features}


def write_sites(book: AddressBook, folder: Path) -> None:
    """Write every list of sites."""
    for name, table in make_services(book).items():
        if name in IDENTITY:
            write_json(points(table, IDENTITY[name]), folder / f"{name}.geojson")
        elif name == "Hospital":
            lines = [table.columns.to_list(), *table.to_numpy().tolist()]
            text = "".join("\u00ac".join(line) + "\n" for line in lines)
            (folder / "Hospital.csv").write_bytes(text.encode("cp1252"))
        else:
            ods = name in ODS_TABLES
            encoding = "utf-8-sig" if name.startswith("ace_libraries") else "utf-8"
            write_csv(table, folder / f"{name}.csv", header=not ods, quoted=ods, encoding=encoding)


def write_indicators(
    areas: Areas, people: People, single_year: pd.DataFrame, truth: pd.DataFrame, folder: Path
) -> None:
    """Write registrations, QOF, the outcomes by year and by quarter, and what is published by council."""
    draws = stream(7)
    lists = practices.patients(areas, single_year, draws)
    write_csv(practices.registrations(lists), folder / "gp-reg-pat-prac-lsoa-all_demo_2022-07.csv")
    prevalence = practices.qof(areas, lists, people, truth["latent_need"], draws)
    write_csv(prevalence, folder / "qof_2021-22_prevalence_by_practice.csv")
    compared = councils.councils(areas, truth["latent_need"], stream(11))
    draws = stream(12)
    annual = [outcomes.annual(areas, people, truth, stream(8)), councils.peer_outcomes(compared, draws)]
    write_csv(pd.concat(annual), folder / "fingertips_all_data_lsoa_outcomes.csv")
    write_csv(outcomes.quarterly(areas, people, truth, stream(9)), folder / "quarterly_outcomes_by_lsoa.csv")
    write_csv(councils.health_index(compared, draws), folder / "ons_health_index_2019-2021_indicators_ltla.csv")
    write_csv(councils.patients_per_gp(compared, draws), folder / "patients_per_gp_by_ltla.csv")
    write_csv(councils.talking_therapies(draws), folder / "talking_therapies_monthly_by_sicbl_2022-23.csv")


def write(folder: Path) -> None:
    """Write every file of the demo borough into a folder."""
    areas = make_areas(stream(1))
    truth = make_need(areas, stream(2))
    people = make_people(areas, truth["latent_need"], stream(3))
    single_year = single_year_2011(areas, people)
    postcodes = make_postcodes(areas, stream(6))
    book = AddressBook(postcodes)
    write_geography(areas, postcodes, folder / "geography")
    write_population(areas, people, single_year, truth["latent_need"], folder / "population")
    write_deprivation(areas, people, single_year, truth, folder / "deprivation")
    write_sites(book, folder / "sites")
    write_indicators(areas, people, single_year, truth, folder / "indicators")
    streets = make_streets(areas, stream(10))
    write_pbf(streets, folder / "networks" / "aldermouth.osm.pbf")
    write_gtfs(streets, folder / "networks" / "aldermouth_gtfs.zip")
    write_csv(own_times(streets), folder / "truth_times.csv")
    write_csv(truth.reset_index(), folder / "truth.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m geodata.demo.write FOLDER")
    write(Path(sys.argv[1]))
