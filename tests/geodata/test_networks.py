"""Streets: who may use which, in which direction and how fast; what is kept, and which files are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import osmium
import pytest

from geodata.crs import to_grid
from geodata.errors import BadFile
from geodata.networks import Speeds, StreetNetwork, Streets, load_network, load_streets, read_streets, write_streets
from geodata.street_rules import drive_km_h, limit_mph

WEST, SOUTH, STEP = -0.45, 51.86, 0.001
Node = tuple[float, float, dict[str, str]]
Way = tuple[list[int], dict[str, str]]


def written(path: Path, nodes: Mapping[int, Node], ways: list[Way], date: str = "") -> Path:
    """Write a PBF of these nodes (longitude, latitude, tags) and ways."""
    path.unlink(missing_ok=True)
    header = osmium.io.Header()
    if date:
        header.set("osmosis_replication_timestamp", date)
    writer = osmium.SimpleWriter(str(path), header=header)
    for number, (lon, lat, tags) in sorted(nodes.items()):
        writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=(lon, lat), tags=tags))
    for number, (refs, tags) in enumerate(ways, start=1):
        writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=refs, tags=tags))
    writer.close()
    return path


CASE_FILE = Path(__file__).with_name("street_cases.txt")


def read_cases() -> list[tuple[dict[str, str], dict[str, str], str, str]]:
    """Tags of the street and of its middle point, what is expected, and the case in words."""
    found = []
    lines = CASE_FILE.read_text(encoding="utf-8").splitlines()
    for text in (line for line in lines if not line.startswith("#")):
        words, _, expected = text.strip().rpartition(" ")
        street, _, middle = words.partition("|")
        highway, *tags = street.split()
        pairs = [dict(tag.split("=", 1) for tag in part) for part in (tags, middle.split())]
        found.append(({"highway": highway, **pairs[0]}, pairs[1], expected, words))
    return found


CASES = read_cases()


def case_nodes(case: int) -> tuple[tuple[float, float], ...]:
    """Where a case begins, has its middle, and ends."""
    lon = WEST + STEP * case
    return (lon, SOUTH), (lon, SOUTH + STEP / 2), (lon, SOUTH + STEP)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Streets:
    """All cases in one file: a ladder whose rails are open to everybody."""
    nodes: dict[int, Node] = {}
    ways: list[Way] = []
    count = len(CASES)
    for case, (tags, middle, _, _) in enumerate(CASES):
        for place, point in enumerate(case_nodes(case)):
            nodes[3 * case + place + 1] = (*point, middle if place == 1 else {})
        ways.append(([3 * case + 1, 3 * case + 2, 3 * case + 3], tags))
    rails = [[3 * case + 1 for case in range(count)], [3 * case + 3 for case in range(count)]]
    ways += [(rail, {"highway": "residential"}) for rail in rails]
    ways += [([rails[0][side], rails[1][side]], {"highway": "residential"}) for side in (0, -1)]
    return read_streets(
        written(tmp_path_factory.mktemp("streets") / "cases.osm.pbf", nodes, ways, "2023-06-12T20:21:00Z")
    )


def gets_through(
    network: StreetNetwork, start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]
) -> bool:
    """Tell whether one node at the middle is entered from the start and left for the end."""
    at = [set(np.flatnonzero(np.hypot(network.x_m - x, network.y_m - y) < 0.5)) for x, y in
          (np.ravel(to_grid(*point)) for point in (start, middle, end))]  # fmt: skip
    out = set(network.head[np.isin(network.tail, list(at[0]))].tolist()) & at[1]
    into = set(network.tail[np.isin(network.head, list(at[2]))].tolist()) & at[1]
    return bool(out & into)


def test_there_are_more_than_two_hundred_cases_and_none_twice():
    assert len(CASES) >= 200
    assert len({words for *_, words in CASES}) == len(CASES)


@pytest.mark.parametrize("case", range(len(CASES)), ids=[re.sub(r"\W+", "-", words) for *_, words in CASES])
def test_who_may_use_a_street_and_in_which_direction(cases, case):
    points = case_nodes(case)
    found = ""
    for mode in ("walk", "cycle", "drive"):
        along = gets_through(cases.networks[mode], *points)
        against = gets_through(cases.networks[mode], *reversed(points))
        found += {(True, True): "=", (True, False): ">", (False, True): "<", (False, False): "."}[along, against]
    assert found == CASES[case][2], CASES[case][3]


@pytest.mark.parametrize(
    ("text", "mph"),
    [
        ("30 mph", 30), ("20mph", 20), ("70 mph", 70), ("50", 50 / 1.609344), ("50 km/h", 50 / 1.609344),
        ("30 mph;20 mph", 30), ("GB:nsl_single", 60), ("gb:nsl_dual", 70), ("GB:motorway", 70), ("none", 70),
        ("walk", 3), ("national", 60), ("signals", None), ("variable", None), ("", None), ("0", None),
        ("999 mph", None), ("fast", None), ("mph", None),
    ],
)  # fmt: skip
def test_speed_limits_are_read(text, mph):
    assert limit_mph(text) == (None if mph is None else pytest.approx(mph))


@pytest.mark.parametrize(
    ("tags", "km_h"),
    [
        # A limit of 30 miles an hour is 48.28 km/h; cars make 0.6 of it: 28.97.
        ({"highway": "residential", "maxspeed": "30 mph"}, 30 * 1.609344 * 0.6),
        ({"highway": "residential"}, 20 * 1.609344 * 0.6),
        ({"highway": "motorway"}, 70 * 1.609344 * 0.8),
        ({"highway": "trunk", "maxspeed": "GB:nsl_dual"}, 70 * 1.609344 * 0.8),
        ({"highway": "primary", "maxspeed": "50 mph"}, 50 * 1.609344 * 0.8),
        ({"highway": "primary", "maxspeed": "49 mph"}, 49 * 1.609344 * 0.6),
        ({"highway": "primary", "maxspeed": "signals"}, 40 * 1.609344 * 0.6),
        ({"highway": "primary", "maxspeed:type": "GB:nsl_single"}, 60 * 1.609344 * 0.8),
        ({"highway": "track", "motor_vehicle": "yes"}, 10 * 1.609344 * 0.6),
    ],
)
def test_how_fast_cars_go(tags, km_h):
    assert drive_km_h(tags) == (pytest.approx(km_h), pytest.approx(km_h))


def test_a_limit_may_differ_by_direction():
    along, against = drive_km_h({"highway": "primary", "maxspeed": "40 mph", "maxspeed:backward": "20 mph"})
    assert along == pytest.approx(40 * 1.609344 * 0.6)
    assert against == pytest.approx(20 * 1.609344 * 0.6)


def square(more: list[Way] | None = None, nodes: Mapping[int, Node] | None = None) -> tuple[dict[int, Node], list[Way]]:
    """Four streets round a block, and what a test adds."""
    corners = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}
    found = {number: (WEST + STEP * x, SOUTH + STEP * y, {}) for number, (x, y) in corners.items()}
    return {**found, **(nodes or {})}, [
        ([1, 2, 3, 4, 1], {"highway": "residential", "maxspeed": "30 mph"}),
        *(more or []),
    ]


def test_minutes_are_metres_by_speed(tmp_path):
    streets = read_streets(written(tmp_path / "a.osm.pbf", *square()), speeds=Speeds(walk=6.0))
    walk, cycle, drive = (streets.networks[mode] for mode in ("walk", "cycle", "drive"))
    metres = np.hypot(walk.x_m[walk.tail] - walk.x_m[walk.head], walk.y_m[walk.tail] - walk.y_m[walk.head])
    # One thousandth of a degree of latitude is 111.25 m at 51.86 north; 6 km/h is 100 m a minute.
    assert metres.max() == pytest.approx(111.25, abs=0.1)
    assert walk.minutes == pytest.approx(metres / 100)
    assert cycle.minutes == pytest.approx(metres / 250)
    assert drive.minutes == pytest.approx(metres / (30 * 1.609344 * 0.6 * 1000 / 60))
    assert (len(walk.x_m), len(walk.tail), walk.tail.dtype, walk.minutes.dtype) == (4, 8, np.int32, np.float64)


def test_of_two_streets_between_the_same_corners_the_quicker_is_kept(tmp_path):
    quick = ([1, 2], {"highway": "primary", "maxspeed": "40 mph"})
    streets = read_streets(written(tmp_path / "a.osm.pbf", *square([quick])))
    drive = streets.networks["drive"]
    assert len(drive.tail) == 8
    metres = np.hypot(drive.x_m[drive.tail] - drive.x_m[drive.head], drive.y_m[drive.tail] - drive.y_m[drive.head])
    speed = np.round(metres / drive.minutes * 60 / 1609.344 / 0.6)
    assert sorted(speed.tolist()) == [30.0] * 6 + [40.0] * 2


def test_only_the_largest_part_is_kept_and_its_share_is_said(tmp_path):
    island = {number: (WEST + 0.1, SOUTH + STEP * number, {}) for number in (11, 12)}
    dead_end = {21: (WEST - STEP, SOUTH, {})}
    more = [([11, 12], {"highway": "footway"}), ([1, 21], {"highway": "residential", "oneway": "yes"})]
    streets = read_streets(written(tmp_path / "a.osm.pbf", *square(more, {**island, **dead_end})))
    assert streets.facts["modes"]["walk"] == {
        "nodes": 5, "edges": 10, "largest_part_share": pytest.approx(5 / 7, abs=1e-6), "nodes_left_out": 2
    }  # fmt: skip
    # A street that leads out and never back would strand a driver: it is left out by car, not on foot.
    assert streets.facts["modes"]["drive"]["nodes"] == 4
    assert streets.facts["modes"]["drive"]["largest_part_share"] == pytest.approx(4 / 5)


def test_points_past_the_edge_of_the_file_and_bans_are_counted(tmp_path):
    streets = read_streets(written(tmp_path / "a.osm.pbf", *square([([1, 2, 999], {"highway": "residential"})])))
    assert {"reason": "points of streets past the edge of the file", "rows": 1} in streets.facts["left_out"]
    assert streets.facts["date"] is None


def test_main_roads_and_water_are_lines_to_draw(tmp_path):
    high = {"highway": "primary", "name": "High Street"}
    more = [
        ([1, 2], high), ([2, 3], high),
        ([4, 3], {"waterway": "river", "name": "Alder"}), ([1, 4], {"waterway": "drain"}),
        ([1, 4], {"waterway": "canal", "tunnel": "yes"}),
    ]  # fmt: skip
    lines = read_streets(written(tmp_path / "a.osm.pbf", *square(more))).lines
    assert [(line.kind, line.name, len(line.coords)) for line in lines] == [
        ("main_road", "High Street", 3), ("water", "Alder", 2)
    ]  # fmt: skip


def test_what_is_written_reads_back_the_same(cases, tmp_path):
    write_streets(tmp_path / "network", cases)
    back = load_streets(tmp_path / "network")
    assert back.facts == cases.facts
    assert back.facts["date"] == "2023-06-12"
    for mode, network in cases.networks.items():
        for name in ("x_m", "y_m", "tail", "head", "minutes"):
            assert np.array_equal(getattr(back.networks[mode], name), getattr(network, name))
    assert [line.name for line in back.lines] == [line.name for line in cases.lines]
    with pytest.raises(ValueError, match="no streets are held for 'boat'; there are walk, cycle, drive"):
        load_network(tmp_path / "network", "boat")
    with pytest.raises(ValueError, match="no streets are held in nothing"):
        load_streets(tmp_path / "nothing")


def refused(path: Path) -> BadFile:
    with pytest.raises(BadFile) as caught:
        read_streets(path)
    assert caught.value.file == path.name
    return caught.value


def test_a_file_cut_short_is_refused(tmp_path):
    whole = written(tmp_path / "whole.osm.pbf", *square()).read_bytes()
    for share in (0.2, 0.5, 0.9):
        (tmp_path / "cut.osm.pbf").write_bytes(whole[: int(len(whole) * share)])
        error = refused(tmp_path / "cut.osm.pbf")
        assert error.rule == "unreadable-network"
        assert "not a whole OpenStreetMap PBF file" in error.message
    (tmp_path / "text.osm.pbf").write_text("lsoa21cd,value\n")
    assert refused(tmp_path / "text.osm.pbf").rule == "unreadable-network"
    (tmp_path / "empty.osm.pbf").write_bytes(b"")
    assert refused(tmp_path / "empty.osm.pbf").rule == "unreadable-network"


def test_a_file_without_streets_is_refused(tmp_path):
    nodes, _ = square()
    assert refused(written(tmp_path / "a.osm.pbf", nodes, [([1, 2, 3, 1], {"building": "yes"})])).rule == "no-streets"
    paths = refused(written(tmp_path / "b.osm.pbf", nodes, [([1, 2, 3], {"highway": "footway"})]))
    assert (paths.rule, paths.message) == ("no-streets", "the file has no street for cycle or drive")


def test_streets_of_another_country_are_refused(tmp_path):
    nodes = {number: (24.94 + STEP * number, 60.17, {}) for number in (1, 2)}
    error = refused(written(tmp_path / "helsinki.osm.pbf", nodes, [([1, 2], {"highway": "residential"})]))
    assert error.rule == "out-of-range"
    assert "is not in Great Britain" in error.message


def test_leeds_as_it_was_published(sources_dir):
    streets = read_streets(sources_dir / "networks" / "leeds-its-example.osm.pbf")
    west, south, east, north = streets.facts["box"]
    assert -1.57 < west < east < -1.54
    assert 53.80 < south < north < 53.82
    assert streets.facts["date"] == "2020-03-14"
    assert [streets.facts["modes"][mode]["nodes"] for mode in ("walk", "cycle", "drive")] == [584, 315, 123]
    assert "Woodhouse Lane" in {line.name for line in streets.lines}
