"""Rows about pygeoapi, apart: its queue of slow answers outlives a round and would spoil the next one's."""

from __future__ import annotations

from peers.contests import OURS, Contestant, compete, compete_once
from peers.load import body_of, seconds_of_one
from peers.same import same
from peers.servers import Running
from serving_geojson import Field, box_of

PYGEOAPI = "pygeoapi, PostgreSQL provider"


def pygeoapi_rows(run: Field, pygeoapi: Running) -> None:
    """Ask for a council, a box and all England over one connection."""
    box = box_of(run.tables[run.england])
    everyone = {name: len(run.tables[name]) for name in (run.council, run.england)}
    rows = (
        (
            "GeoJSON of a council, one connection",
            f"/geojson/{run.council}/targeting",
            f"/collections/{run.council}/items?f=json&limit={everyone[run.council]}",
            ">= 100 x",
        ),
        (
            "bbox of England, one connection",
            f"/geojson/{run.england}/targeting?bbox={box}",
            f"/collections/{run.england}/items?f=json&limit=5000&bbox={box}",
            ">= 80 x",
        ),
    )
    for work, ours, theirs, wanted in rows:
        same(body_of(run.ours.port, ours), body_of(pygeoapi.port, theirs), more_ours=True)
        pair = [
            Contestant(OURS, run.ours.port, [ours], connections=1),
            Contestant(PYGEOAPI, pygeoapi.port, [theirs], wanted, connections=1),
        ]
        compete(run.report, work, pair, rounds=run.rounds, seconds=run.seconds)
    ours, theirs = (
        f"/geojson/{run.england}/targeting",
        f"/collections/{run.england}/items?f=json&limit={everyone[run.england]}",
    )
    same(body_of(run.ours.port, ours), body_of(pygeoapi.port, theirs))
    compete_once(
        run.report,
        "all England once, beside pygeoapi",
        {OURS: lambda: seconds_of_one(run.ours.port, ours), PYGEOAPI: lambda: seconds_of_one(pygeoapi.port, theirs)},
        {},
        rounds=run.rounds,
    )
