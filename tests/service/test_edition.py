"""An edition as the web sees it: prepared arrays and bytes that fit each other and the joined table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geodata.definitions import load_focuses
from geodata.errors import BuildMissing, DamagedEdition, UnknownFocus, UnknownFootprint, UnknownNeighbourhood
from geodata.stored import read_neighbourhoods, read_outlines
from service.editions.edition import FOOTPRINT_KINDS, Edition, open_edition
from service.editions.fragments import Fragments, write_fragments
from service.editions.open_editions import OpenEditions

REPOSITORY = Path(__file__).resolve().parents[2]
TEAMS = 6
SERVICES = {"gp", "dental", "pharmacy", "family_hub", "childrens_centre", "school", "library", "hospital"}
SERVICES |= {"diagnostic_centre"}


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def test_it_is_the_joined_table_in_code_order(edition: Edition) -> None:
    table = read_neighbourhoods(edition.stored)
    assert edition.codes.tolist() == list(table.index) == sorted(table.index)
    assert edition.count == len(table) == 120
    assert not edition.large
    assert edition.population().tolist() == table["population"].tolist()
    for name, values in edition.deprivation().items():
        assert values.tolist() == table[name].tolist()
    for name in edition.indicators:
        assert np.array_equal(edition.indicator_values(name), table[name].to_numpy(dtype=float), equal_nan=True), name
    assert list(read_outlines(edition.stored).index) == list(table.index)


def test_the_facts_of_a_neighbourhood_are_its_own(edition: Edition) -> None:
    table = read_neighbourhoods(edition.stored)
    for row, code in enumerate(edition.codes.tolist()):
        facts = edition.facts(row)
        assert facts["lsoa21cd"] == code
        assert facts["lsoa21nm"] == table["lsoa21nm"].iloc[row]
        assert facts["population"] == table["population"].iloc[row]
        assert edition.row(code) == row
        assert set(facts["near"]) == SERVICES
    leading = edition.names(range(edition.count))
    assert [facts["lsoa21cd"] for facts in leading] == edition.codes.tolist()
    assert edition.names([]) == []


@pytest.mark.parametrize(
    "code", ["", "E01900000", "E01900126", "E01000001", "e01900001", "E01900001 ", "E019000010", "Z"]
)
def test_a_code_that_is_not_of_the_place_is_refused(edition: Edition, code: str) -> None:
    with pytest.raises(UnknownNeighbourhood, match="Aldermouth has no neighbourhood"):
        edition.row(code)


def test_focuses_keep_their_order_and_core_comes_first(edition: Edition) -> None:
    assert list(edition.focuses) == list(load_focuses())


def test_the_focus_arrays_hold_score_and_parts(edition: Edition) -> None:
    for focus, facts in edition.focuses.items():
        arrays = edition.focus_arrays(focus)
        assert list(arrays.parts) == [part["indicator"] for part in facts["ingredients"]]
        total = np.sum(list(arrays.parts.values()), axis=0)
        assert total == pytest.approx(arrays.need_score, abs=1e-6, nan_ok=True)
        assert (arrays.eligible <= edition.population()).all()
    with pytest.raises(UnknownFocus, match="No focus 'nope'; choose one of core, "):
        edition.focus_arrays("nope")


def test_footprints_share_out_the_place(edition: Edition) -> None:
    assert set(FOOTPRINT_KINDS) == {"lad", "ward", "msoa", "team"}
    assert len(edition.footprints("team")) == TEAMS
    for kind in FOOTPRINT_KINDS:
        rows = [row for entry in edition.footprints(kind) for row in edition.rows_within(f"{kind}:{entry['code']}")]
        assert sorted(rows) == list(range(edition.count)), kind
        names = [entry["name"] for entry in edition.footprints(kind)]
        assert names == sorted(names)
        for entry in edition.footprints(kind):
            assert len(edition.rows_within(f"{kind}:{entry['code']}")) == entry["count"] > 0
    assert edition.footprints("borough") == []
    assert edition.rows_within("").tolist() == list(range(edition.count))


def test_a_ward_holds_the_neighbourhoods_that_the_look_up_gives_it(edition: Edition) -> None:
    table = read_neighbourhoods(edition.stored)
    for code, part in table.groupby("wd24cd"):
        assert edition.codes[edition.rows_within(f"ward:{code}")].tolist() == list(part.index)


@pytest.mark.parametrize("within", ["ward:E05999999", "team:", "team", "lad:", ":", "msoa:E05900001", "x:y"])
def test_an_unknown_footprint_is_refused(edition: Edition, within: str) -> None:
    with pytest.raises(UnknownFootprint, match="Aldermouth has no footprint"):
        edition.rows_within(within)


def test_a_box_finds_the_neighbourhoods_that_touch_it(edition: Edition) -> None:
    west, south, east, north = edition.bounds
    assert edition.rows_in_box(*edition.bounds).tolist() == list(range(edition.count))
    assert edition.rows_in_box(west - 2, south - 2, west - 1, south - 1).tolist() == []
    halves = [
        edition.rows_in_box(west, south, (west + east) / 2, north),
        edition.rows_in_box((west + east) / 2, south, east, north),
    ]
    assert set(halves[0].tolist()) | set(halves[1].tolist()) == set(range(edition.count))
    assert all(0 < len(half) < edition.count for half in halves)


def test_every_postcode_of_the_look_up_finds_its_neighbourhood(edition: Edition) -> None:
    import pandas as pd

    import geodata.demo

    path = Path(geodata.demo.__file__).parent / "files" / "geography" / "postcodes_demo.csv"
    for postcode, code in pd.read_csv(path, dtype=str)[["pcds", "lsoa21"]].itertuples(index=False):
        row = edition.find_postcode(postcode)
        if code in edition.codes:
            assert row is not None
            assert edition.codes[row] == code
        else:
            assert row is None
    for unknown in ("ZX1 9ZZ", "LU1 2TL", "", "ZZZZZZZZZZ", "é1 1AA", "A"):
        assert edition.find_postcode(unknown) is None


def test_sites_are_of_the_place_or_near_it(edition: Edition) -> None:
    assert {site["service"] for site in edition.sites()} == SERVICES
    for site in edition.sites():
        assert site["inside"] == (site["lsoa21cd"] in edition.codes)
        assert -9 < site["lon"] < 2.5
        assert 49 < site["lat"] < 61.5
    assert edition.sites("surgical_hub") == []
    ward = edition.codes[edition.rows_within("ward:E05900001")].tolist()
    assert edition.sites(within="ward:E05900001") == [site for site in edition.sites() if site["lsoa21cd"] in ward]
    with pytest.raises(UnknownFootprint):
        edition.sites(within="ward:E05999999")


def test_councils_and_outline_cover_the_place(edition: Edition) -> None:
    councils = edition.councils()
    assert sum(council["count"] for council in councils) == edition.count
    assert sum(council["population"] for council in councils) == edition.population().sum()
    assert edition.outline().startswith(b'{"type":"')
    assert {council["geometry"]["type"] for council in councils} <= {"Polygon", "MultiPolygon"}


def test_fragments_come_back_as_they_were_written(tmp_path: Path) -> None:
    parts = [b"", b"one", b"", "zwö".encode(), b"\x00\xff", b""]
    write_fragments(tmp_path, "words", parts)
    fragments = Fragments(tmp_path, "words")
    assert [fragments[row] for row in range(len(parts))] == parts
    assert fragments.many([4, 1]) == [parts[4], parts[1]]


def test_every_figure_of_an_edition_is_read_only(edition: Edition) -> None:
    for values in (
        edition.population(),
        edition.indicator_values("imd_rank" if "imd_rank" in edition.indicators else next(iter(edition.indicators))),
    ):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def copy_of(demo_store: Path, tmp_path: Path) -> tuple[Path, str]:
    store = tmp_path / "store"
    shutil.copytree(demo_store / "demo", store / "demo")
    return store, open_edition(store, "demo").id


@pytest.mark.parametrize(
    "name", ["web/meta.json", "web/codes.npy", "web/focus-core.npy", "build_report.json", "frames/map.js"]
)
def test_a_cut_file_is_named_when_the_edition_is_opened(demo_store: Path, tmp_path: Path, name: str) -> None:
    store, edition = copy_of(demo_store, tmp_path)
    path = store / "demo" / edition / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedEdition) as caught:
        open_edition(store, "demo")
    assert caught.value.file == f"demo/{edition}/{name}"


def test_facts_that_cannot_be_read_are_named_even_without_the_check(demo_store: Path, tmp_path: Path) -> None:
    store, edition = copy_of(demo_store, tmp_path)
    (store / "demo" / edition / "web" / "meta.json").write_bytes(b"{")
    with pytest.raises(DamagedEdition, match=r"web/meta\.json: facts of the edition cannot be read \[file-changed\]"):
        open_edition(store, "demo", check=False)


@pytest.mark.usefixtures("few_draws")
def test_a_damaged_newest_edition_gives_way_to_the_older_whole_one(
    demo_store: Path, demo_copy: Path, tmp_path: Path
) -> None:
    from service.building.prepare import build

    store, old = copy_of(demo_store, tmp_path)
    hubs = demo_copy / "sites" / "family_hubs_childrens_centres.csv"
    hubs.write_text(hubs.read_text("utf-8").replace("Cold Lane Family Hub", "Warm Lane Family Hub"), "utf-8")
    new = build("demo", sources=demo_copy, store=store, offline=True).edition
    assert OpenEditions(store).get("demo").id == new != old
    path = store / "demo" / new / "web" / "sites.json"
    path.write_bytes(path.read_bytes().replace(b"Warm", b"Cool"))
    served = OpenEditions(store)
    assert served.get("demo").id == old
    with pytest.raises(DamagedEdition, match=r"web/sites\.json"):
        served.get("demo", new)
    assert served.get("demo", old).id == old


def test_what_was_never_built_is_said(demo_store: Path) -> None:
    with pytest.raises(BuildMissing, match="evenreach build luton"):
        open_edition(demo_store, "luton")


def test_an_open_edition_costs_little_memory(demo_store: Path) -> None:
    """The web process with the demo open: 95 MB when this was written, most of it Python and its libraries."""
    script = (
        "import os, sys\n"
        "from service.app import create_app\n"
        "from service.settings import Settings\n"
        "from pathlib import Path\n"
        f"create_app(Settings(store=Path({str(demo_store)!r}), log_level='error'))\n"
        "heavy = {'pandas', 'geopandas', 'shapely', 'pyproj', 'pyogrio', 'folium', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "pages = int(open('/proc/self/statm').read().split()[1])\n"
        "print(pages * os.sysconf('SC_PAGE_SIZE') // 2**20)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) < 160
