"""The demo borough: fictional, whole, in the publishers' formats, and true to its own story."""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import re
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from geodata.catalogue import load_catalogue
from geodata.crs import to_grid
from geodata.demo import outcomes
from geodata.demo.services import BADLY_PLACED, MISSING_PRACTICE
from geodata.demo.write import write
from geodata.readers import read_all

DEMO = Path(__file__).resolve().parents[2] / "geodata" / "demo"
FILES = DEMO / "files"
FAULTS = tomllib.loads((DEMO / "faults.toml").read_text("utf-8"))
RANK, DECILE = "Rank (where 1 is most deprived)", "Decile (where 1 is most deprived 10% of LSOAs)"
IMD = "Index of Multiple Deprivation (IMD)"
WEIGHTS = {
    "Income": 0.225,
    "Employment": 0.225,
    "Education, Skills and Training": 0.135,
    "Health Deprivation and Disability": 0.135,
    "Crime": 0.093,
    "Barriers to Housing and Services": 0.093,
    "Living Environment": 0.093,
}
CENSUS = sorted((FILES / "population").glob("lsoa21_census2021_*.csv"))


def table(path: str, **how) -> pd.DataFrame:
    return pd.read_csv(FILES / path, **how)


@pytest.fixture(scope="module")
def lookup() -> pd.DataFrame:
    return table("geography/lsoa21_lookup_demo.csv", index_col="LSOA21CD")


@pytest.fixture(scope="module")
def borough(lookup) -> pd.DataFrame:
    return lookup[lookup["LAD24CD"] == "E06900001"]


@pytest.fixture(scope="module")
def boundaries() -> gpd.GeoDataFrame:
    return gpd.read_file(FILES / "geography/lsoa21_bgc_demo.geojson").set_index("LSOA21CD")


@pytest.fixture(scope="module")
def file7() -> pd.DataFrame:
    return table("deprivation/iod2025_file7_lsoa21_demo.csv", index_col="LSOA code (2021)")


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return table("truth.csv", index_col="lsoa21cd", keep_default_na=False)


@pytest.fixture(scope="module")
def readings():
    catalogue = load_catalogue(DEMO / "sources.toml")
    return read_all({name: FILES / s.folder / s.files[0] for name, s in catalogue.items()}, catalogue)


@pytest.fixture(scope="module")
def postcodes() -> pd.DataFrame:
    return table("geography/postcodes_demo.csv", index_col="pcds")


@pytest.fixture(scope="module")
def feed() -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(FILES / "networks/aldermouth_gtfs.zip") as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8")))) for name in archive.namelist()
        }


# The generator


@pytest.mark.slow
def test_writing_it_again_gives_the_same_bytes(tmp_path):
    write(tmp_path)
    again = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {str(p.relative_to(FILES)): p.read_bytes() for p in FILES.rglob("*") if p.is_file()}
    assert sorted(again) == sorted(kept)
    assert [name for name in kept if kept[name] != again[name]] == []


def test_the_generator_shares_nothing_with_what_it_tests():
    for path in DEMO.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [f"{node.module}"] if isinstance(node, ast.ImportFrom) else []
            ours = [name for name in names if name.split(".")[0] in ("geodata", "layers", "service")]
            assert all(name.startswith("geodata.demo") for name in ours), (path.name, ours)


def test_the_files_are_small_and_all_of_them_are_listed():
    catalogue = load_catalogue(DEMO / "sources.toml")
    listed = {f"{source.folder}/{name}" for source in catalogue.values() for name in source.files}
    held = {str(path.relative_to(FILES)) for path in FILES.rglob("*") if path.is_file()}
    assert held - listed == {"truth.csv", "truth_times.csv"}
    assert listed <= held
    assert sum(path.stat().st_size for path in FILES.rglob("*") if path.is_file()) < 2_500_000


def test_every_source_says_that_it_is_fictional():
    for source in load_catalogue(DEMO / "sources.toml").values():
        assert source.attribution == "Fictional data made for Evenreach."
        assert "fictional" in source.title
        assert source.fetch == "none"


# Geography


def test_the_borough_has_120_neighbourhoods_in_24_msoas_12_wards_and_six_teams(lookup, borough):
    teams = table("geography/team_areas.csv")
    assert len(borough) == 120
    assert len(lookup) == 125
    assert borough["MSOA21CD"].nunique() == borough["MSOA21HCLNM"].nunique() == 24
    assert borough["WD24CD"].nunique() == borough["WD24NM"].nunique() == 12
    assert teams["footprint"].value_counts().tolist() == [20] * 6
    assert sorted(teams["lsoa21cd"]) == sorted(borough.index)


def test_neighbourhoods_meet_edge_to_edge_without_gap_or_overlap(boundaries, lookup):
    shapes = boundaries.geometry.to_numpy()
    assert sorted(boundaries.index) == sorted(lookup.index)
    assert shapely.is_valid(shapes).all()
    assert {shape.geom_type for shape in shapes} == {"Polygon"}
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-9)


def test_the_areas_of_2011_cover_the_same_land(boundaries):
    old = gpd.read_file(FILES / "geography/lsoa11_bgc_demo.geojson")
    assert shapely.coverage_is_valid(old.geometry.to_numpy())
    assert shapely.union_all(old.geometry.to_numpy()).equals(shapely.union_all(boundaries.geometry.to_numpy()))


def test_coordinates_have_six_decimals_and_lie_in_the_open_sea(boundaries):
    at = shapely.get_coordinates(boundaries.geometry.to_numpy())
    assert np.array_equal(at, np.round(at, 6))
    east, north = to_grid(at[:, 0], at[:, 1])
    assert 598_000 < east.min() < east.max() < 612_000
    assert 460_000 < north.min() < north.max() < 470_500


def test_centroids_and_postcodes_lie_in_their_own_neighbourhood(boundaries, postcodes):
    centroids = table("geography/lsoa21_population_weighted_centroids.csv", index_col="LSOA21CD")
    homes = shapely.points(centroids[["LONG", "LAT"]].to_numpy())
    assert shapely.contains(boundaries.loc[centroids.index].geometry.to_numpy(), homes).all()
    doors = shapely.points(postcodes[["long", "lat"]].to_numpy())
    assert shapely.contains(boundaries.loc[postcodes["lsoa21"]].geometry.to_numpy(), doors).all()
    assert postcodes.index.is_unique
    assert postcodes.index.str.fullmatch(r"ZX[1-7] [1-9][A-Z]{2}").all()
    east, north = to_grid(postcodes["long"].to_numpy(), postcodes["lat"].to_numpy())
    assert np.abs(east - postcodes["oseast1m"]).max() < 0.2
    assert np.abs(north - postcodes["osnrth1m"]).max() < 0.2


def test_the_exact_fit_has_a_split_a_merge_and_an_irregular_pair(lookup):
    fit = table("geography/lsoa11_lsoa21_exact_fit_lookup_demo.csv")
    assert fit["CHGIND"].value_counts().to_dict() == {"U": 120, "X": 3, "S": 2, "M": 2}
    assert sorted(fit["LSOA21CD"].unique()) == sorted(lookup.index)
    split = fit[fit["CHGIND"] == "S"]
    merged = fit[fit["CHGIND"] == "M"]
    assert (split["LSOA11CD"].nunique(), split["LSOA21CD"].nunique()) == (1, 2)
    assert (merged["LSOA11CD"].nunique(), merged["LSOA21CD"].nunique()) == (2, 1)
    unchanged = fit[fit["CHGIND"] == "U"]
    assert (unchanged["LSOA11CD"] == unchanged["LSOA21CD"]).all()


@pytest.mark.realdata
def test_no_code_postcode_or_council_name_is_in_use(sources_dir, lookup, postcodes):
    real = pd.read_csv(sources_dir / "geography/lsoa21_lookup_england.csv.gz", dtype=str)
    for column in [c for c in real if c.endswith("CD")]:
        ours = set(lookup.reset_index()[column].astype(str)) - {"UN1", "RLN1"}
        assert not ours & set(real[column]), column
    assert not set(lookup["LAD24NM"]) & set(real["LAD24NM"])
    assert not set(lookup["ICB24CDH"]) & set(real["ICB24CDH"])
    used = pd.read_parquet(sources_dir / "geography/postcodes_england.parquet", columns=["pcds"])["pcds"]
    assert not used.str.startswith("ZX").any()
    for name in ("epraccur.csv", "egdpprac.csv", "edispensary_active.csv"):
        codes = pd.read_csv(sources_dir / "sites" / name, header=None, dtype=str)[0]
        assert not set(table(f"sites/{name}", header=None, dtype=str)[0]) & set(codes)
    assert MISSING_PRACTICE.code not in set(pd.read_csv(sources_dir / "sites/epraccur.csv", header=None, dtype=str)[0])


@pytest.mark.realdata
def test_no_real_neighbourhood_is_within_fifty_kilometres(sources_dir):
    real = pd.read_csv(sources_dir / "geography/lsoa21_population_weighted_centroids.csv.gz")
    ours = table("geography/lsoa21_population_weighted_centroids.csv")
    gap = np.hypot(real["x"] - ours["x"].mean(), real["y"] - ours["y"].mean())
    assert gap.min() > 50_000


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("ours", "published"),
    [
        ("geography/lsoa21_lookup_demo.csv", "geography/lsoa21_lookup_england.csv.gz"),
        ("geography/lsoa21_population_weighted_centroids.csv",) * 2,
        (
            "geography/lsoa11_lsoa21_exact_fit_lookup_demo.csv",
            "geography/lsoa11_lsoa21_exact_fit_lookup_england.csv.gz",
        ),
        ("geography/postcodes_demo.csv", "geography/postcodes_seed_icbs.csv.gz"),
        ("deprivation/iod2025_file7_lsoa21_demo.csv", "deprivation/iod2025_file7_lsoa21_england.csv.gz"),
        ("deprivation/iod2025_underlying_indicators_lsoa21.csv",) * 2,
        ("deprivation/iod2019_file7_lsoa11_demo.csv", "deprivation/iod2019_file7_lsoa11_england.csv.gz"),
        ("population/lsoa21_mid2022_population_census2021_households.csv",) * 2,
        ("population/lsoa21_age_bands_mid2020_apportioned.csv",) * 2,
        *((f"population/{path.name}",) * 2 for path in CENSUS),
        ("population/msoa21_census2021_english_proficiency.csv",) * 2,
        ("sites/family_hubs_childrens_centres.csv", "sites/family_hubs_childrens_centres_seed_places.csv"),
        ("sites/ace_libraries_england_2023.csv",) * 2,
        ("sites/gias_open_establishments.csv", "sites/gias_open_establishments_seed_places_2022-07.csv"),
        ("indicators/qof_2021-22_prevalence_by_practice.csv",) * 2,
        (
            "indicators/gp-reg-pat-prac-lsoa-all_demo_2022-07.csv",
            "indicators/gp-reg-pat-prac-lsoa-all_seed_places_2022-07.csv",
        ),
        (
            "indicators/fingertips_all_data_lsoa_outcomes.csv",
            "indicators/fingertips_all_data_district_ua_disease_prevalence_estimates.csv",
        ),
        ("indicators/ons_health_index_2019-2021_indicators_ltla.csv",) * 2,
        ("indicators/talking_therapies_monthly_by_sicbl_2022-23.csv",) * 2,
        ("indicators/patients_per_gp_by_ltla.csv",) * 2,
    ],
)
def test_the_headers_are_the_publishers_own(sources_dir, ours, published):
    found = sources_dir / published
    real = pd.read_csv(found if found.exists() else found.with_name(found.name + ".gz"), nrows=1)
    assert list(table(ours, nrows=1)) == list(real)


# People


def test_every_neighbourhood_has_a_thousand_to_three_thousand_people(lookup):
    people = table("population/lsoa21_mid2022_population_census2021_households.csv", index_col="LSOA21CD")
    assert sorted(people.index) == sorted(lookup.index)
    assert people["population_mid2022"].between(1000, 3000).all()
    assert (people["LAD24CD"] == lookup.loc[people.index, "LAD24CD"]).all()


@pytest.mark.parametrize("path", CENSUS, ids=lambda path: path.stem.removeprefix("lsoa21_census2021_"))
def test_the_parts_of_a_census_table_add_up(path, lookup):
    census = pd.read_csv(path, index_col="LSOA21CD")
    assert sorted(census.index) == sorted(lookup.index)
    assert (census.iloc[:, 1:].sum(axis=1) == census.iloc[:, 0]).all()
    assert (census >= 0).all().all()


def test_census_totals_differ_by_the_perturbation_only():
    totals = pd.DataFrame({path.stem: pd.read_csv(path, index_col=0).iloc[:, 0] for path in CENSUS})
    persons = totals[[c for c in totals if re.search("age|ethnic|disability", c) and "deprivation" not in c]]
    homes = totals.drop(columns=persons.columns)
    assert (persons.max(axis=1) - persons.min(axis=1)).max() <= 4
    households = table("population/lsoa21_mid2022_population_census2021_households.csv", index_col=0)
    assert homes.sub(households["households_census2021"], axis=0).abs().max().max() <= 2


def test_single_years_and_age_bands_hold_the_same_people():
    single = table("population/lsoa11_mid2020_population_single_year.csv", index_col="LSOA11CD")
    bands = table("population/lsoa21_age_bands_mid2020_apportioned.csv", index_col="LSOA21CD")
    assert (single.drop(columns="All Ages").sum(axis=1) == single["All Ages"]).all()
    assert bands["all_ages"].sum() == pytest.approx(single["All Ages"].sum(), abs=1)
    summed = bands[["age_0_4", "age_5_10", "age_11_15", "age_16_17", "age_18_64", "age_65_plus"]].sum(axis=1)
    assert (summed - bands["all_ages"]).abs().max() < 0.05
    assert bands["age_0_4"].sum() == pytest.approx(single[[str(age) for age in range(5)]].to_numpy().sum(), abs=1)
    assert (bands["age_85_plus"] <= bands["age_75_plus"]).all()
    assert bands["basis"].value_counts().to_dict() == {"U": 120, "S": 2, "X": 2, "M": 1}


# Deprivation


@pytest.mark.parametrize(
    ("path", "ranked"), [("iod2025_file7_lsoa21_demo.csv", 33_755), ("iod2019_file7_lsoa11_demo.csv", 32_844)]
)
def test_each_decile_follows_from_its_national_rank(path, ranked):
    indices = table(f"deprivation/{path}")
    titles = [column.removesuffix(f" {RANK}") for column in indices if column.endswith(RANK)]
    assert len(titles) == 16
    for title in titles:
        rank = indices[f"{title} {RANK}"]
        assert rank.between(1, ranked).all()
        assert (indices[f"{title} {DECILE}"] == np.ceil(10 * rank / ranked)).all(), title
        score = indices[next(c for c in indices if c.startswith(f"{title} Score"))]
        assert (score.loc[rank.sort_values().index].diff().dropna() <= 0).all(), title


def test_the_imd_score_is_the_published_sum_of_exponential_domains(file7):
    total = 0
    for title, weight in WEIGHTS.items():
        r = (33_755 - file7[f"{title} {RANK}"] + 1) / 33_755
        total = total + weight * -23 * np.log(1 - r * (1 - math.exp(-100 / 23)))
    assert (total - file7[f"{IMD} Score"]).abs().max() <= 0.00051


def test_the_domains_follow_the_latent_need(file7, truth):
    need = truth["latent_need"]
    for title in WEIGHTS:
        assert 0.5 < file7[f"{title} {RANK}"].corr(-need, method="spearman") < 0.98, title
    assert file7[f"{IMD} Score"].corr(need, method="spearman") > 0.9


def test_small_numerators_are_blank_and_the_others_are_rounded_to_five():
    underlying = table("deprivation/iod2025_underlying_indicators_lsoa21.csv", index_col=0)
    counts = underlying.filter(like="numerator")
    assert counts.isna().to_numpy().any()
    assert (counts.stack().dropna() % 5 == 0).all()
    assert counts.min().min() >= 10


# The story


def test_the_river_divides_the_borough(boundaries, borough):
    river = _river()
    crossed = [code for code in borough.index if river.intersection(boundaries.geometry[code].buffer(-1e-4)).length > 0]
    assert crossed == []
    mid = boundaries.loc[borough.index].geometry.representative_point()
    line = shapely.get_coordinates(river)
    order = np.argsort(line[:, 0], kind="stable")
    north = mid.y > np.interp(mid.x, line[order, 0], line[order, 1])
    assert 35 <= (~north).sum() <= 45


def test_a_poor_pocket_hides_in_the_best_off_ward(file7, truth, borough):
    score = file7[f"{IMD} Score"].loc[borough.index]
    (pocket,) = truth.index[truth["story"] == "poor pocket in a well-off ward"]
    ward = borough.index[borough["WD24CD"] == borough.loc[pocket, "WD24CD"]]
    others = score[ward].drop(pocket).groupby(borough["WD24CD"]).mean()
    rest = score.drop(ward).groupby(borough["WD24CD"]).mean()
    assert others.iloc[0] < rest.min()
    assert file7.loc[pocket, f"{IMD} {DECILE}"] == 1
    assert (file7.loc[ward.drop(pocket), f"{IMD} {DECILE}"] > 2).all()  # fixed areas would find the pocket alone


def test_one_hub_is_where_few_small_children_live(borough):
    hubs = table("sites/family_hubs_childrens_centres.csv").query("local_authority == 'Aldermouth'")
    hubs = hubs[hubs["dfe_family_hub_site"] == "yes"].reset_index(drop=True)
    assert len(hubs) == 3
    east, north = to_grid(hubs["longitude"], hubs["latitude"])
    centroids = table("geography/lsoa21_population_weighted_centroids.csv", index_col=0).loc[borough.index]
    children = table("population/lsoa21_age_bands_mid2020_apportioned.csv", index_col=0).loc[borough.index, "age_0_4"]
    gap = np.hypot(centroids["x"].to_numpy()[:, None] - east, centroids["y"].to_numpy()[:, None] - north)
    within = children.to_numpy() @ (gap < 2000)
    assert hubs["name"][int(np.argmin(within))] == BADLY_PLACED
    assert within.min() < 0.25 * np.sort(within)[1]


def test_one_neighbourhood_does_well_despite_need(truth, borough):
    (code,) = truth.index[truth["story"] == "does well despite need"]
    assert truth.loc[borough.index, "latent_need"].rank(ascending=False)[code] <= 10
    every = table("indicators/fingertips_all_data_lsoa_outcomes.csv").query("`Area Type` == 'LSOA21'")
    mmr = (
        every[every["Indicator ID"] == 990301]
        .dropna(subset=["Count"])
        .groupby("Area Code")[["Count", "Denominator"]]
        .sum()
    )
    uptake = mmr["Count"] / mmr["Denominator"]
    alike = truth.index[(truth["latent_need"] - truth.loc[code, "latent_need"]).abs() < 0.3].drop(code)
    assert uptake[code] > uptake[alike].quantile(0.95)


def test_a_practice_with_patients_is_in_no_list():
    registered = table("indicators/gp-reg-pat-prac-lsoa-all_demo_2022-07.csv")
    held = set(table("sites/epraccur.csv", header=None)[0])
    absent = registered[~registered["PRACTICE_CODE"].isin(held)]
    assert absent["PRACTICE_CODE"].unique().tolist() == ["Z90020"]
    assert absent["NUMBER_OF_PATIENTS"].sum() > 5000
    assert "Z90020" in set(table("indicators/qof_2021-22_prevalence_by_practice.csv")["OrganisationCode"])


# Outcomes over time


def test_outcomes_fall_with_need_as_stated(truth):
    every = table("indicators/fingertips_all_data_lsoa_outcomes.csv").query("`Area Type` == 'LSOA21'")
    for outcome in outcomes.ANNUAL:
        rows = every[every["Indicator ID"] == outcome.number].dropna(subset=["Count"])
        sums = rows.groupby("Area Code")[["Count", "Denominator"]].sum()
        sums = sums[truth.loc[sums.index, "story"] != "does well despite need"]
        odds = np.log((sums["Count"] + 0.5) / (sums["Denominator"] - sums["Count"] + 0.5))
        slope = np.polyfit(truth.loc[sums.index, "latent_need"], odds, 1, w=np.sqrt(sums["Denominator"]))[0]
        assert slope == pytest.approx(outcome.slope, abs=0.12), outcome.name


def test_there_are_five_years_and_eight_quarters(borough):
    every = table("indicators/fingertips_all_data_lsoa_outcomes.csv")
    assert tuple(every["Time period"].unique()) == outcomes.YEARS
    assert every.groupby(["Indicator ID", "Time period"]).size().eq(137).all()
    quarters = table("indicators/quarterly_outcomes_by_lsoa.csv")
    assert tuple(quarters["quarter"].unique()) == outcomes.QUARTERS
    assert quarters.groupby(["indicator", "quarter"]).size().eq(len(borough)).all()
    assert (quarters["numerator"] <= quarters["denominator"]).all()


def test_a_shown_value_is_its_count_over_its_denominator():
    every = table("indicators/fingertips_all_data_lsoa_outcomes.csv")
    shown = every.dropna(subset=["Count"])
    assert (100 * shown["Count"] / shown["Denominator"] - shown["Value"]).abs().max() < 0.0001
    assert (shown["Lower CI 95.0 limit"] <= shown["Value"] + 1e-4).all()
    hidden = every[every["Count"].isna()]
    assert len(hidden) > 0
    assert hidden[["Value", "Lower CI 95.0 limit", "Upper CI 99.8 limit"]].isna().all().all()
    assert (hidden["Value note"] == outcomes.SUPPRESSED).all()


# Streets and buses


def _river() -> shapely.LineString:
    return next(line for line, tags in _ways() if tags.get("waterway") == "river")


def _ways() -> list[tuple[shapely.LineString, dict[str, str]]]:
    found = osmium.FileProcessor(str(FILES / "networks/aldermouth.osm.pbf"), osmium.osm.WAY | osmium.osm.NODE)
    return [
        (shapely.LineString([(node.lon, node.lat) for node in way.nodes]), dict(way.tags))
        for way in found.with_locations()
        if way.is_way()
    ]


def test_three_bridges_carry_the_only_streets_over_the_river():
    ways = _ways()
    river = next(line for line, tags in ways if tags.get("waterway") == "river")
    over = sorted(tags["name"] for line, tags in ways if "highway" in tags and line.crosses(river))
    assert over == ["Guildhall Bridge", "Harbour Bridge", "Heron Bridge"]
    kinds = {tags["name"]: tags["highway"] for _, tags in ways if tags.get("bridge") == "yes"}
    assert kinds == {"Guildhall Bridge": "primary", "Harbour Bridge": "secondary", "Heron Bridge": "footway"}


def test_one_can_walk_from_any_street_to_any_other():
    ends = [shapely.get_coordinates(line) for line, tags in _ways() if "highway" in tags]
    number: dict[tuple[float, float], int] = {}
    parent: list[int] = []

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for line in ends:
        keys = [number.setdefault(tuple(point), len(number)) for point in line.tolist()]
        parent += range(len(parent), len(number))
        for a, b in pairwise(keys):
            parent[root(a)] = root(b)
    assert len({root(k) for k in range(len(parent))}) == 1
    assert len(parent) > 6000


def test_the_timetable_holds_together(feed):
    stops = {row["stop_id"] for row in feed["stops.txt"]}
    trips = {row["trip_id"] for row in feed["trips.txt"]}
    services = {row["service_id"] for row in feed["calendar.txt"]}
    assert {row["service_id"] for row in feed["trips.txt"]} <= services
    assert {row["service_id"] for row in feed["calendar_dates.txt"]} <= services
    assert {row["exception_type"] for row in feed["calendar_dates.txt"]} == {"1", "2"}
    times: dict[str, list[str]] = {}
    for row in feed["stop_times.txt"]:
        assert row["stop_id"] in stops
        times.setdefault(row["trip_id"], []).append(row["arrival_time"])
    assert set(times) == trips
    assert all(called == sorted(called) and len(called) > 5 for called in times.values())
    assert any(time >= "24:10:00" for called in times.values() for time in called)
    assert len(feed["routes.txt"]) == 3


# Known faults


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_listed_fault_is_in_its_file(name):
    fault = FAULTS[name]
    content = (FILES / fault["where"]).read_bytes()
    assert fault["at"].encode("cp1252" if fault["where"].endswith("Hospital.csv") else "utf-8") in content
    assert {"fault", "expect"} <= set(fault)


def test_every_reader_opens_its_demo_file(readings):
    catalogue = load_catalogue(DEMO / "sources.toml")
    for name, reading in readings.items():
        assert reading.rows_read == catalogue[name].expected_rows, name
    assert {"lsoa21_boundaries", "lsoa21_lookup", "iod2025_file7", "population_mid2022"} <= set(readings)


def test_practices_that_cannot_be_used_are_accounted_for(readings):
    practices = readings["gp_practices"]
    reasons = {part.reason: part.examples for part in practices.left_out}
    assert reasons["closed"] == ("Z90011",)
    assert reasons["dormant"] == ("Z90012",)
    assert sum(part.rows for part in practices.left_out) == 6
    assert any("Z90010" in example for part in practices.left_out for example in part.examples)
    assert "Z90009" in set(practices.table["site_id"])
    assert len(practices.table) == 10  # nine in the borough, one in the council next to it


def test_a_hub_that_both_registers_list_is_one_hub(readings):
    hubs = readings["family_hubs"]
    assert len(hubs.table) == 7
    assert hubs.table["service"].value_counts().to_dict() == {"childrens_centre": 4, "family_hub": 3}
    assert sum(part.rows for part in hubs.left_out) == 1


def test_unknown_accepting_stays_unknown(readings):
    pages = readings["dental_pages"].table.set_index("site_id")
    assert pages.loc["V099507", "accepting_children"] is None
    assert pages["accepting_children"].map(lambda answer: answer is True).sum() == 4


def test_registrations_hold_a_welsh_row_and_rows_without_an_area():
    registered = table("indicators/gp-reg-pat-prac-lsoa-all_demo_2022-07.csv")
    other = registered[~registered["LSOA_CODE"].str.startswith("E01")]
    assert sorted(other["LSOA_CODE"]) == ["NO2011", "W01900001"]
    assert not registered.duplicated(["PRACTICE_CODE", "LSOA_CODE"]).any()


def test_hospitals_are_read_with_the_separator_and_encoding_of_their_publisher():
    lines = (FILES / "sites/Hospital.csv").read_bytes().decode("cp1252").splitlines()
    rows = [dict(zip(lines[0].split("¬"), line.split("¬"), strict=True)) for line in lines[1:]]
    assert len(rows[0]) == 22
    assert '("The Cottage")' in rows[1]["OrganisationName"]
    assert rows[2]["Latitude"] == ""


def test_ods_reports_have_27_columns_and_no_header():
    for name in ("epraccur", "egdpprac", "edispensary_active"):
        rows = list(csv.reader((FILES / f"sites/{name}.csv").read_text("utf-8").splitlines()))
        assert {len(row) for row in rows} == {27}
        assert rows[0][0] != "code"


def test_points_lie_in_the_neighbourhood_their_page_names(boundaries):
    pages = json.loads((FILES / "sites/nhsuk_dental_practices.geojson").read_text("utf-8"))["features"]
    for page in pages:
        code = page["properties"]["area_code"].removeprefix("LSOA::")
        assert boundaries.geometry[code].contains(shapely.Point(page["geometry"]["coordinates"]))


def test_plain_tables_have_the_columns_of_the_real_catalogue():
    real = load_catalogue()
    for name, source in load_catalogue(DEMO / "sources.toml").items():
        if name in real:
            assert dict(source.columns) == dict(real[name].columns), name
            assert source.reader == real[name].reader, name
