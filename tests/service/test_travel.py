"""Travel times of an edition: with streets and timetable, without, taken along, for own sites; and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata import store as editions
from geodata.catalogue import load_catalogue
from geodata.definitions import find_place
from geodata.errors import BadFile
from geodata.networks import Streets, load_streets, read_streets
from geodata.store import StoredEdition
from geodata.stored import read_neighbourhoods
from geodata.timetables import read_timetable
from layers.travel_time import travel_matrix
from service.building.network import Routed, basis, route, source_entries, with_attribution
from service.building.network_files import BadNetwork, NetworkAsked, NetworkRead, read_network
from service.building.prepare import build
from service.editions.edition import Edition, open_edition
from service.travel import routed
from service.travel.edition_times import ABOUT, UnknownMode
from service.travel.routed import CACHE, minutes_to_points
from service.travel.write import origins_of
from tests.service.conftest import DEMO_FILES, Served
from tests.service.test_own_tables import imported, run, written

MODES = ["walk", "cycle", "drive", "transit"]
STREETS, GTFS = DEMO_FILES / "networks" / "aldermouth.osm.pbf", DEMO_FILES / "networks" / "aldermouth_gtfs.zip"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def streets() -> Streets:
    return read_streets(STREETS)


@pytest.fixture(scope="module")
def plain(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """The same edition as if it had been built without streets."""
    stored = editions.open_edition(demo_store, "demo")
    folder = Path(shutil.copytree(stored.folder, tmp_path_factory.mktemp("plain") / stored.id))
    (folder / "web" / ABOUT).unlink()
    return Edition(StoredEdition(stored.place, stored.id, folder, stored.manifest))


def sites_of(edition: Edition) -> pd.DataFrame:
    x, y = edition.site_points()
    listed = edition.sites()
    return pd.DataFrame(
        {
            "site_id": [site["site_id"] for site in listed],
            "easting": x,
            "northing": y,
            "lsoa21cd": [site["lsoa21cd"] for site in listed],
        }
    )


def test_the_demo_has_four_ways_to_travel_and_says_what_they_rest_on(edition):
    assert edition.modes() == MODES
    assert edition.time_basis("walk") == "street network (fictional)"
    assert edition.time_basis("transit") == (
        "street network and timetable (fictional), leaving 08:00 to 10:00 on Tuesday 8 April 2025"
    )
    assert edition.network["snap"]["walk"]["furthest_m"] < 1_000
    assert edition.network["snap"]["sites"]["all"] == len(edition.sites())
    with pytest.raises(UnknownMode, match="no travel times for 'boat'; choose one of walk, cycle, drive, transit"):
        edition.minutes("boat")


@pytest.mark.parametrize("mode", MODES)
def test_minutes_kept_are_those_of_the_streets(edition, streets, mode):
    """Worked out again from the published files, not from what the edition keeps."""
    rows = [0, 7, 11]
    walk = streets.networks["walk"]
    timetable = read_timetable(GTFS, box=streets.facts["box"], streets=walk) if mode == "transit" else None
    network = walk if mode == "transit" else streets.networks[mode]
    origins, sites = origins_of(read_neighbourhoods(edition.stored)), sites_of(edition).iloc[rows]
    expected = travel_matrix(origins, sites.reset_index(drop=True), mode=mode, network=network, timetable=timetable)
    found = edition.minutes(mode, rows)
    assert found.shape == (edition.count, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(edition.minutes(mode)[:, rows], found)


def test_buses_never_make_a_journey_longer_and_streets_never_shorter_than_the_line(edition):
    assert (edition.minutes("transit") <= edition.minutes("walk") + 1e-4).all()
    x, y, _ = edition.centroids()
    sites = sites_of(edition)
    line = np.hypot(x[:, None] - sites["easting"].to_numpy(), y[:, None] - sites["northing"].to_numpy())
    assert (edition.minutes("walk") >= line / 80 - 1e-3).all()


def test_without_streets_times_are_estimated_and_say_so(plain, edition):
    assert plain.network is None
    assert plain.modes() == MODES[:3]
    assert plain.time_basis("drive") == "estimated from distance"
    with pytest.raises(UnknownMode, match="built without streets and timetable, which times by public transport need"):
        plain.minutes("transit")
    sites = sites_of(plain)
    origins = origins_of(read_neighbourhoods(plain.stored))
    for mode in plain.modes():
        np.testing.assert_allclose(plain.minutes(mode), travel_matrix(origins, sites, mode=mode))
        np.testing.assert_array_equal(minutes_to_points(plain, mode, sites), plain.minutes(mode))
    places = (sites["easting"], sites["northing"], sites["lsoa21cd"].tolist())
    np.testing.assert_array_equal(edition.estimated_minutes("walk", *places), plain.minutes("walk"))
    with pytest.raises(UnknownMode, match="can be estimated"):
        edition.estimated_minutes("transit", *places)


def test_estimated_minutes_by_hand(plain):
    x, y, area = plain.centroids()
    code = str(plain.codes[0])
    east = [x[0] + 800.0, x[0], x[0], np.nan]
    found = plain.estimated_minutes("walk", east, [y[0]] * 4, [None, None, code, None])[0]
    # 800 m x 1.3 at 80 m a minute; on the spot; in the neighbourhood itself; nowhere known.
    assert found[0] == pytest.approx(800 * 1.3 / 80)
    assert found[1] == 0
    assert found[2] == pytest.approx((2 / 3) * np.sqrt(area[0] / np.pi) * 1.3 / 80)
    assert np.isnan(found[3])


def test_any_point_has_the_minutes_that_a_site_there_would_have_and_they_are_kept(edition, monkeypatch):
    points = sites_of(edition).iloc[[3, 5]]
    home = edition.stored.folder.parent / CACHE
    for mode in ("drive", "transit"):
        np.testing.assert_array_equal(minutes_to_points(edition, mode, points), edition.minutes(mode, [3, 5]))
    monkeypatch.setattr(routed, "minutes_over", lambda *given: pytest.fail("worked out again"))
    np.testing.assert_array_equal(minutes_to_points(edition, "drive", points), edition.minutes("drive", [3, 5]))
    monkeypatch.undo()
    for kept in home.iterdir():
        kept.write_bytes(kept.read_bytes()[:100])  # what is kept and damaged is worked out again
    np.testing.assert_array_equal(minutes_to_points(edition, "drive", points), edition.minutes("drive", [3, 5]))
    outside = points.assign(easting=points["easting"] + 100_000)
    assert np.isnan(minutes_to_points(edition, "walk", outside)).all()
    assert minutes_to_points(edition, "walk", points.iloc[:0]).shape == (edition.count, 0)
    with pytest.raises(UnknownMode):
        minutes_to_points(edition, "boat", points)
    shutil.rmtree(home)


def test_streets_and_timetable_are_accounted_for_everywhere(edition, demo_store, served: Served):
    sources = {source["id"]: source for source in edition.sources}
    for name, file in (("streets", STREETS.name), ("timetable", GTFS.name)):
        assert (sources[name]["status"], sources[name]["file"]) == ("used", file)
        assert edition.manifest["sources"][name]["sha256"] == sources[name]["sha256"]
        lost = sum(part["rows"] for part in sources[name]["left_out"])
        assert sources[name]["rows_read"] == sources[name]["rows_used"] + lost
    page = served.get("/sources?place=demo").text
    assert "lies 41 m from a street or path in half of the neighbourhoods" in page
    assert "Share of the streets that hang together and are used: walk 100.0%" in page
    assert "Day: Tuesday 8 April 2025, the first Tuesday on which most trips run" in page


def test_main_roads_and_the_river_are_on_the_map_and_the_picture(served: Served, plain, edition):
    found = served.json("/geojson/demo/lines")
    assert {feature["properties"]["kind"] for feature in found["features"]} == {"main_road", "water"}
    points = np.vstack([path for feature in found["features"] for path in feature["geometry"]["coordinates"]])
    assert ((points > [1.0, 53.99]) & (points < [1.25, 54.1])).all()
    assert 'data-ground="/geojson/demo/lines"' in served.get("/maps/demo/need").text
    picture = served.get("/pictures/demo/need.svg").text
    assert 'stroke="#2a6db0"' in picture
    assert "Blue lines are rivers and other water" in picture
    assert plain.lines() == edition.lines() != []


def test_own_sites_have_times_over_the_streets_too(demo_store, edition, tmp_path):
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    near = sites_of(edition).iloc[0]
    rows = [("halls-1", "Market Hall", near["easting"] + 300, near["northing"] - 200)]
    file = written(tmp_path / "halls.csv", "site_id,name,easting,northing", rows)
    imported(store, file, "sites", "halls", declare=("service=hall", "period=2025", "source=own"))
    found = open_edition(store, "demo")
    row = len(found.sites()) - 1
    assert found.sites()[row]["name"] == "Market Hall"
    points = sites_of(found).iloc[[row]]
    for mode in ("walk", "transit"):
        np.testing.assert_array_equal(found.minutes(mode, [row]), minutes_to_points(found, mode, points))
    np.testing.assert_array_equal(found.minutes("walk", [row, 2])[:, 1], edition.minutes("walk", [2])[:, 0])


@pytest.mark.usefixtures("few_draws")
def test_a_later_build_takes_streets_and_timetable_along(demo_store, edition, demo_files, tmp_path):
    """The folder of this build holds no streets: those of the edition before are kept, and it says so."""
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    built = build("demo", sources=demo_files, store=store, offline=True)
    again = open_edition(store, "demo")
    assert built.report["network"]["carried"] == ["streets", "timetable"]
    assert "Taken along from the edition before." in built.report["network"]["notes"][-1]
    assert again.modes() == MODES
    for mode in MODES:
        np.testing.assert_array_equal(again.minutes(mode), edition.minutes(mode))
    assert next(each for each in again.sources if each["id"] == "streets")["origin"] == "edition before"


def asked(tmp_path: Path, **options: object) -> NetworkRead | None:
    place = find_place("luton")
    return read_network(NetworkAsked(**options), place, {}, {}, tmp_path / "store", lambda text: None)


def test_a_real_place_takes_no_streets_that_were_not_named(tmp_path):
    assert asked(tmp_path) is None
    assert asked(tmp_path, streets=None, without=True) is None


def test_a_timetable_needs_streets_and_a_day_needs_a_timetable(tmp_path):
    with pytest.raises(BadNetwork, match=r"Luton has no streets, which a timetable needs .* \[network-needed\]"):
        asked(tmp_path, timetable=GTFS)
    with pytest.raises(BadNetwork, match="network-needed"):
        asked(tmp_path, day="2025-04-08")


def test_a_file_that_cannot_be_read_stops_a_build_at_once(tmp_path):
    (tmp_path / "cut.osm.pbf").write_bytes(STREETS.read_bytes()[:9_000])
    store = ("--store", tmp_path / "store", "--json")
    answer = json.loads(run("build", "demo", "--network", tmp_path / "cut.osm.pbf", *store, exit_code=1).stdout)
    assert answer["error"]["rule"] == "unreadable-network"
    assert not (tmp_path / "store").exists()
    (tmp_path / "cut.zip").write_bytes(GTFS.read_bytes()[:9_000])
    assert "unreadable-timetable" in run(
        "build", "demo", "--timetable", tmp_path / "cut.zip", *store, exit_code=1
    ).stdout  # fmt: skip
    assert "no-service" in run("build", "demo", "--timetable", GTFS, "--day", "2025-12-25", *store, exit_code=1).stdout
    run("build", "demo", "--timetable", GTFS, "--window", "08:00", *store, exit_code=2)
    run("build", "demo", "--network", STREETS, "--without-network", *store, exit_code=2)


def test_streets_of_another_place_are_refused_by_name_and_distance(edition, sources_dir):
    leeds = read_streets(sources_dir / "networks" / "leeds-its-example.osm.pbf")
    table = read_neighbourhoods(edition.stored)
    with pytest.raises(BadNetwork) as caught:
        route(NetworkRead(leeds, None, {}, {}), table, sites_of(edition), lambda text: None)
    assert (caught.value.rule, caught.value.file) == ("network-elsewhere", "leeds-its-example.osm.pbf")
    assert caught.value.message.startswith("120 of 120 neighbourhoods lie more than 1,000 m from every street")
    assert caught.value.code in edition.codes


def test_streets_of_another_place_are_told_before_a_timetable_is_held_against_them(tmp_path, sources_dir):
    leeds = sources_dir / "networks" / "leeds-its-example.osm.pbf"
    for more in ((), ("--timetable", GTFS)):
        words = ("build", "demo", "--network", leeds, *more, "--store", tmp_path / "store", "--json")
        error = json.loads(run(*words, exit_code=1).stdout)["error"]
        assert (error["rule"], error["file"]) == ("network-elsewhere", leeds.name)
        assert error["message"].startswith("120 of 120 neighbourhoods lie more than 1,000 m from every street")


def test_real_streets_carry_their_date_licence_and_attribution(sources_dir):
    catalogue = load_catalogue()
    leeds = read_streets(sources_dir / "networks" / "leeds-its-example.osm.pbf")
    newport = read_timetable(sources_dir / "networks" / "newport-20230613_gtfs.zip", day="2023-06-06")
    read = NetworkRead(leeds, newport, {name: catalogue[name] for name in ("streets", "timetable")}, {})
    assert basis(read, "cycle") == "street network, OpenStreetMap of 14 March 2020"
    assert basis(read, "transit") == "street network and timetable, leaving 08:00 to 10:00 on Tuesday 6 June 2023"
    streets, timetable = source_entries(read)
    assert (streets["licence"], streets["edition"]) == ("Open Database Licence 1.0", "data to 14 March 2020")
    assert (timetable["file"], timetable["edition"]) == ("newport-20230613_gtfs.zip", "trips of Tuesday 6 June 2023")
    routed = Routed(read, {}, {"sources": [streets, timetable]})
    assert with_attribution(["Ours."], routed) == ["Ours.", catalogue["streets"].attribution, timetable["attribution"]]
    assert "© OpenStreetMap contributors" in streets["attribution"]
    assert with_attribution(["Ours."], None) == ["Ours."]


def test_too_many_neighbourhoods_are_refused(edition):
    table = read_neighbourhoods(edition.stored)
    many = pd.concat([table] * 17)
    with pytest.raises(
        BadNetwork, match="the place has 2,040 neighbourhoods; times over streets are for at most 2,000"
    ):
        route(NetworkRead(load_streets(edition.network_folder), None, {}, {}), many, sites_of(edition), print)


def test_streets_are_refused_where_it_is_not_known_where_people_live(edition):
    table = read_neighbourhoods(edition.stored).assign(centroid_x_m=np.nan, centroid_y_m=np.nan)
    with pytest.raises(BadNetwork, match="where people of the place live is not known") as caught:
        route(NetworkRead(load_streets(edition.network_folder), None, {}, {}), table, sites_of(edition), print)
    assert caught.value.rule == "network-needs-homes"


def test_a_bad_file_names_its_rule():
    with pytest.raises(BadFile, match=r"\[bad-window\]"):
        read_timetable(GTFS, window=("10:00", "08:00"))
