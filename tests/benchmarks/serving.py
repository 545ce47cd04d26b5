"""Measure serving, maps and start-up beside what users would pick instead; prints one Markdown table.

    python tests/benchmarks/serving.py [--sources FOLDER] [--store DIR] [--peers FOLDER] [--rounds 5] [--seconds 3]

tipg, pygeoapi, and geopandas and folium in FastAPI are installed into a folder of their own; PostgreSQL with
PostGIS, nginx and wrk come from Debian (as root, once). All get the same figures, run one web process each and
are asked over loopback, in turn, round after round, warmed, in their best documented way. A peer whose answer
differs from ours by an area, a figure or more than rounding is not timed: the run stops and says where. Without
``--store`` the places are built first. Ratios are taken round by round; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
from peers import servers
from peers.contests import OURS, Report
from peers.installed import install, versions
from peers.load import body_of
from peers.postgres import postgis
from peers.tables import peer_table, score_file, write_table
from serving_files import read_row
from serving_geojson import (
    TO_JSON,
    Field,
    any_dial_row,
    any_focus_row,
    box_rows,
    council_row,
    councils_row,
    england_row,
    ogc_row,
    own_weights_row,
)
from serving_maps import map_rows
from serving_pygeoapi import pygeoapi_rows
from serving_start import memory_rows, start_row

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))
COUNCIL, CARE_BOARD, ENGLAND = "luton", "blmk", "england"
COUNCIL_CODE = "E06000032"
FOCUSES = ("best-start", "building-blocks", "core", "mental-health")
WEIGHTS = "income_rank:4,employment_rank:3,health_rank:2,crime_rank:1"
FROM_NOTHING = "geopandas in FastAPI, England read from GeoParquet"


def peer_tables(store: Path, folder: Path) -> dict[str, gpd.GeoDataFrame]:
    """Write what the peers hold into `folder`/tables, by way of the command that analysts use."""
    (folder / "tables").mkdir()
    wanted = {ENGLAND: {}, COUNCIL: {}, f"{COUNCIL}_weights": {"weights": WEIGHTS}}
    wanted |= {f"{COUNCIL}_focus_{focus.replace('-', '_')}": {"focus": focus} for focus in focuses(store)}
    tables = {}
    for name, more in wanted.items():
        scores = score_file(store, name.partition("_")[0], folder / f"{name}.parquet", **more)
        tables[name] = peer_table(scores, folder / "tables" / f"{name}.parquet")
    return tables


def focuses(store: Path) -> list[str]:
    """Name the focuses to turn through: those of the four that the council's edition has."""
    from service.editions.edition import open_edition

    return [focus for focus in FOCUSES if focus in open_edition(store, COUNCIL).focuses]


def write_map_tables(ours: servers.Running, folder: Path) -> None:
    """Give folium the very boundaries that our maps draw, and those as published."""
    for place in (COUNCIL, CARE_BOARD):
        for detail in ("map", "full"):
            body = body_of(ours.port, f"/geojson/{place}/targeting?detail={detail}")
            table = gpd.GeoDataFrame.from_features(json.loads(body)["features"], crs=4326)
            table = table.set_index("lsoa21cd", drop=False).rename_axis(None)
            table.to_parquet(folder / "tables" / f"{place}_{detail}.parquet")


def councils_table(ours: servers.Running, england: gpd.GeoDataFrame, out: Path) -> gpd.GeoDataFrame:
    """Write every council's own figures (positions and ranks are within it) beside the published boundaries."""
    found = []
    for code in sorted(england["lad24cd"].unique()):
        body = body_of(ours.port, f"/geojson/{ENGLAND}/targeting?within=lad:{code}&detail=none")
        found += [feature["properties"] for feature in json.loads(body)["features"]]
    figures = pd.DataFrame(found).set_index("lsoa21cd", drop=False)
    figures.index.name = None
    table = gpd.GeoDataFrame(figures, geometry=england.geometry.loc[figures.index], crs=england.crs)
    return write_table(table, out)


@contextmanager
def field_of(options: argparse.Namespace, folder: Path, report: Report) -> Iterator[tuple[Field, int]]:
    """Start every server but pygeoapi, with the same figures in all.

    Yields
    ------
    run, database : Field, int
        What runs, and PostgreSQL's port.
    """
    tables = peer_tables(options.store, folder)
    files = folder / "files"
    files.mkdir()
    with ExitStack() as stack:
        ours = stack.enter_context(servers.evenreach(folder, options.store))
        write_map_tables(ours, folder)
        (files / "council.json").write_bytes(body_of(ours.port, f"/geojson/{COUNCIL}/targeting"))
        tables["councils"] = councils_table(ours, tables[ENGLAND], folder / "tables" / "councils.parquet")
        kept = {name: tables[name] for name in (ENGLAND, COUNCIL, "councils")}
        database, _ = stack.enter_context(postgis(folder, kept))
        run = Field(
            council=COUNCIL,
            england=ENGLAND,
            tables=tables,
            files=files,
            ours=ours,
            naive=stack.enter_context(servers.naive(folder, options.peers, folder / "tables")),
            bare=stack.enter_context(servers.bare(folder, files)),
            nginx=stack.enter_context(servers.nginx(folder, files)),
            tipg=stack.enter_context(servers.tipg(folder, options.peers, database)),
            rounds=options.rounds,
            seconds=options.seconds,
            weights=WEIGHTS,
            report=report,
        )
        yield run, database


def measure(options: argparse.Namespace, folder: Path, report: Report) -> None:
    """Run every row that was asked for."""
    with field_of(options, folder, report) as (run, database):
        maps = {"rounds": run.rounds, "seconds": run.seconds}
        rows: dict[str, Callable[[], None]] = {
            "council": lambda: council_row(run),
            "ogc": lambda: ogc_row(run),
            "councils": lambda: councils_row(run),
            "dial": lambda: any_dial_row(run),
            "focus": lambda: any_focus_row(run),
            "weights": lambda: own_weights_row(run),
            "box": lambda: box_rows(run),
            "england": lambda: england_row(run),
            "map": lambda: map_rows(run.report, run.ours, run.naive, COUNCIL, **maps),
            "care-board-map": lambda: map_rows(run.report, run.ours, run.naive, CARE_BOARD, **maps),
            "pygeoapi": lambda: pygeoapi_alone(run, options, folder, database),
            "read": lambda: read_row(run.report, folder / f"{ENGLAND}.parquet", folder, run.rounds),
            "memory": lambda: memory_rows(
                run.report, {OURS: run.ours, "tipg, PostgreSQL not counted": run.tipg, TO_JSON: run.naive}
            ),
        }
        for name, row in rows.items():
            if not options.only or name in options.only:
                row()
    if not options.only or "start" in options.only:
        start_rows(report, options, folder)


def pygeoapi_alone(run: Field, options: argparse.Namespace, folder: Path, database: int) -> None:
    """Start pygeoapi for its own rows and stop it again."""
    with servers.pygeoapi(folder, options.peers, database, [COUNCIL, ENGLAND]) as pygeoapi:
        pygeoapi_rows(run, pygeoapi)


def start_rows(report: Report, options: argparse.Namespace, folder: Path) -> None:
    """Start ours, geopandas and the bare application again and again, with nothing else running."""
    only = folder / "start"
    only.mkdir()
    (only / f"{ENGLAND}.parquet").symlink_to(folder / "tables" / f"{ENGLAND}.parquet")
    start_row(
        report,
        {
            OURS: (
                lambda: servers.evenreach(folder, options.store, wait=False),
                f"/geojson/{ENGLAND}/targeting?within=lad:{COUNCIL_CODE}",
            ),
            FROM_NOTHING: (
                lambda: servers.naive(folder, options.peers, only, wait=False),
                f"/{ENGLAND}?lad24cd={COUNCIL_CODE}",
            ),
            "bare ASGI on the same server": (
                lambda: servers.bare(folder, folder / "files", wait=False),
                "/council.json",
            ),
        },
        rounds=options.rounds,
    )


def build(store: Path, sources: Path) -> Path:
    """Build the places that are measured."""
    evenreach = Path(sys.executable).parent / "evenreach"
    for place in (COUNCIL, CARE_BOARD, ENGLAND):
        print(f"Building {place}", file=sys.stderr, flush=True)
        command = [evenreach, "build", place, "--store", store, "--sources", sources, "--quiet"]
        subprocess.run(command, check=True, cwd=REPOSITORY)
    return store


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--sources", type=Path, default=os.environ.get("EVENREACH_SOURCES", shared))
    parser.add_argument("--store", type=Path, help="built editions of luton, blmk and england; else they are built")
    parser.add_argument("--peers", type=Path, default=Path("~/.cache/evenreach-peers").expanduser())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", nargs="*", default=[], help="rows: council councils dial focus weights box ...")
    return parser.parse_args()


def main() -> None:
    """Measure, then print the table."""
    options = read_options()
    install(options.peers)
    with tempfile.TemporaryDirectory(prefix="evenreach-bench-") as name:
        folder = Path(name)
        options.store = (options.store or build(folder / "store", options.sources)).resolve()
        report, began = Report(), os.getloadavg()[0]
        try:
            measure(options, folder, report)
        finally:  # what was measured before something went wrong is worth showing
            show(report, options, began)


def show(report: Report, options: argparse.Namespace, began: float) -> None:
    """Print the table with the machine, the versions and how busy the machine was."""
    ours = [f"{name} {version(name)}" for name in ("granian", "fastapi", "starlette", "numpy", "orjson")]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\n{machine}; ours: {', '.join(ours)}.")
    print(f"Peers: {', '.join(versions(options.peers))}.")
    timing = f"{options.rounds} rounds of {options.seconds:g} s each, median [spread]"
    print(f"Load {began:.1f} before, {os.getloadavg()[0]:.1f} after; {timing}.\n")
    print(report.table())


if __name__ == "__main__":
    main()
