"""Rows about GeoJSON: a council at the default dial and at any other, a box, and all England once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
from peers.contests import OURS, Contestant, Report, compete, compete_once
from peers.load import body_of, seconds_of_one
from peers.same import same
from peers.servers import Running

BOX_AREAS = 1_000
BOXES = 50
DIALS = [f"{1 + step / 100:.2f}".rstrip("0").rstrip(".") for step in range(1, 1901) if step != 200]
TO_JSON = "geopandas to_json in FastAPI"


@dataclass(frozen=True)
class Field:
    """Everything that runs, and what it is asked about.

    Attributes
    ----------
    council, england : str
        The place whose whole table is asked for, and the one of which a part is.
    tables : dict
        What the peers hold, by name; ``{council}_{focus}`` are tables of other focuses.
    files : pathlib.Path
        The folder that nginx and the bare application serve.
    """

    council: str
    england: str
    tables: dict[str, gpd.GeoDataFrame]
    files: Path
    ours: Running
    naive: Running
    bare: Running
    nginx: Running
    tipg: Running
    rounds: int
    seconds: float
    weights: str = ""
    report: Report = field(default_factory=Report)


def council_row(run: Field) -> None:
    """One council, the default dial: every answer the same."""
    path = f"/geojson/{run.council}/targeting"
    body = body_of(run.ours.port, path)
    (run.files / "council.json").write_bytes(body)
    everyone = f"limit={len(run.tables[run.council])}"
    rivals = [
        Contestant(
            "tipg and PostGIS",
            run.tipg.port,
            [f"/collections/public.{run.council}/items?f=geojson&{everyone}"],
            ">= 100 x",
        ),
        Contestant(TO_JSON, run.naive.port, [f"/{run.council}"], ">= 150 x"),
    ]
    check(run, path, rivals)
    limits = [
        Contestant("bare ASGI, the same bytes, same server", run.bare.port, ["/council.json"], ">= 0.5 x"),
        Contestant("nginx, the same bytes as a file", run.nginx.port, ["/council.json"]),
    ]
    limits += [
        Contestant(f"{OURS}, {encoding} accepted", run.ours.port, [path], headers={"Accept-Encoding": encoding})
        for encoding in ("br", "gzip")
    ]
    work = f"GeoJSON of a council ({len(run.tables[run.council])} areas), default dial"
    _compete(run, work, [path], rivals + limits)


def ogc_row(run: Field) -> None:
    """The same council through OGC API - Features, as tipg and GIS programs speak it."""
    everyone = f"limit={len(run.tables[run.council])}"
    path = f"/ogc/collections/{run.council}-scores-core/items?f=json&{everyone}"
    theirs = f"/collections/public.{run.council}/items?f=geojson&{everyone}"
    rivals = [Contestant("tipg and PostGIS", run.tipg.port, [theirs])]
    check(run, path, rivals)
    _compete(run, "OGC API items of a council, default dial", [path], rivals)


def councils_row(run: Field) -> None:
    """Each council of England in turn, so that nobody can keep one answer ready."""
    codes = sorted(run.tables[run.england]["lad24cd"].unique())
    random.Random(1).shuffle(codes)
    most = int(run.tables[run.england]["lad24cd"].value_counts().max())
    ours = [f"/geojson/{run.england}/targeting?within=lad:{code}" for code in codes]
    theirs = [f"/collections/public.councils/items?f=geojson&limit={most}&lad24cd={code}" for code in codes]
    naive = [f"/councils?lad24cd={code}" for code in codes]
    for at in range(0, len(codes), max(1, len(codes) // 5)):
        for port, path in ((run.tipg.port, theirs[at]), (run.naive.port, naive[at])):
            same(body_of(run.ours.port, ours[at]), body_of(port, path))
    rivals = [
        Contestant("tipg and PostGIS", run.tipg.port, theirs, ">= 100 x"),
        Contestant(TO_JSON, run.naive.port, naive, ">= 150 x"),
    ]
    _compete(run, f"GeoJSON of each of {len(codes)} councils of England in turn, default dial", ours, rivals)


def any_dial_row(run: Field) -> None:
    """One council at 1,899 dials in turn: more than any memory of answers holds."""
    dials = DIALS.copy()
    random.Random(2).shuffle(dials)
    path = f"/geojson/{run.council}/targeting?rho="
    rival = Contestant(TO_JSON, run.naive.port, [f"/{run.council}?rho={dial}" for dial in dials], ">= 20 x")
    for dial in dials[:4]:
        same(body_of(run.ours.port, path + dial), body_of(run.naive.port, f"/{run.council}?rho={dial}"))
    _compete(run, "the same, a new dial each time", [path + dial for dial in dials], [rival])


def any_focus_row(run: Field) -> None:
    """Dials and focuses in turn; the peer is given every focus's scores ready-made."""
    start = f"{run.council}_"
    focuses = sorted(name.removeprefix(start) for name in run.tables if name.startswith(start + "focus_"))
    asked = [(focus.removeprefix("focus_").replace("_", "-"), focus) for focus in focuses]
    pairs = [
        (f"focus={name}&rho={dial}", f"/{start}{table}?rho={dial}") for dial in DIALS[::4] for name, table in asked
    ]
    random.Random(3).shuffle(pairs)
    ours = [f"/geojson/{run.council}/targeting?{query}" for query, _ in pairs]
    rival = Contestant(TO_JSON, run.naive.port, [theirs for _, theirs in pairs], ">= 20 x")
    for at in range(12):
        same(body_of(run.ours.port, ours[at]), body_of(run.naive.port, rival.paths[at]))
    _compete(run, f"the same, {len(asked)} focuses and {len(DIALS[::4])} dials in turn", ours, [rival])


def own_weights_row(run: Field) -> None:
    """A user's own weights at a new dial each time; the peer is given the scores by these weights ready-made."""
    dials = DIALS.copy()
    random.Random(4).shuffle(dials)
    ours = [f"/geojson/{run.council}/targeting?weights={run.weights}&rho={dial}" for dial in dials]
    rival = Contestant(TO_JSON, run.naive.port, [f"/{run.council}_weights?rho={dial}" for dial in dials], ">= 20 x")
    same(body_of(run.ours.port, ours[0]), body_of(run.naive.port, rival.paths[0]))
    _compete(run, "the same, own weights, a new dial each time", ours, [rival])


def box_rows(run: Field) -> None:
    """A box of about 1,000 areas of inner London, the same each time; then 50 such boxes in turn."""
    boxes = [box_of(run.tables[run.england], shift) for shift in range(BOXES)]
    for work, chosen in (
        (f"bbox, {BOX_AREAS:,} areas of England, the same each time", boxes[:1]),
        (f"bbox, {BOX_AREAS:,} areas of England, {BOXES} boxes in turn", boxes),
    ):
        ours = [f"/geojson/{run.england}/targeting?bbox={box}" for box in chosen]
        theirs = [f"/collections/public.{run.england}/items?f=geojson&limit=5000&bbox={box}" for box in chosen]
        naive = [f"/{run.england}?bbox={box}" for box in chosen]
        found = [
            same(body_of(run.ours.port, ours[0]), body_of(port, path), more_ours=True)
            for port, path in ((run.tipg.port, theirs[0]), (run.naive.port, naive[0]))
        ]
        (run.files / "box.json").write_bytes(body_of(run.ours.port, ours[0]))
        rivals = [
            Contestant("tipg and PostGIS", run.tipg.port, theirs, ">= 80 x"),
            Contestant(TO_JSON, run.naive.port, naive),
            Contestant("nginx, the same bytes as a file", run.nginx.port, ["/box.json"], ">= 0.15 x"),
        ]
        extra = f" (ours {found[0][1]} more, whose own box touches)" if found[0][1] else ""
        _compete(run, work + extra, ours, rivals)


def england_row(run: Field) -> None:
    """All England, once from start to end."""
    path = f"/geojson/{run.england}/targeting"
    theirs = f"/collections/public.{run.england}/items?f=geojson&limit={len(run.tables[run.england])}"
    body = body_of(run.ours.port, path)
    (run.files / "england.json").write_bytes(body)
    for port, other in ((run.tipg.port, theirs), (run.naive.port, f"/{run.england}")):
        same(body, body_of(port, other))
    names = (OURS, "nginx, the same bytes as a file", "tipg and PostGIS", TO_JSON)
    asked = ((run.ours, path), (run.nginx, "/england.json"), (run.tipg, theirs), (run.naive, f"/{run.england}"))
    tries = {
        name: (lambda who=who, what=what: seconds_of_one(who.port, what))
        for name, (who, what) in zip(names, asked, strict=True)
    }
    compete_once(
        run.report,
        f"all England once ({len(run.tables[run.england]):,} areas)",
        tries,
        {names[1]: ">= 0.2 x", names[3]: ">= 50 x"},
        rounds=run.rounds,
    )


def check(run: Field, path: str, rivals: list[Contestant]) -> None:
    """Let nobody compete who says something else.

    Raises
    ------
    Differs
        With the first difference.
    """
    body = body_of(run.ours.port, path)
    for rival in rivals:
        same(body, body_of(rival.port, rival.paths[0]))


def _compete(run: Field, work: str, ours: list[str], rivals: list[Contestant]) -> None:
    first = Contestant(OURS, run.ours.port, ours)
    compete(run.report, work, [first, *rivals], rounds=run.rounds, seconds=run.seconds)


def box_of(table: gpd.GeoDataFrame, shift: int = 0) -> str:
    """Find a box with about 1,000 areas, a little further west each time."""
    bounds = table.geometry.bounds.to_numpy()
    low, high = 0.0, 1.0
    x, y = -0.10 - shift / 2000, 51.51 + shift / 5000
    while high - low > 1e-5:
        half = (low + high) / 2
        inside = (bounds[:, 0] <= x + half) & (bounds[:, 2] >= x - half)
        inside &= (bounds[:, 1] <= y + half / 1.6) & (bounds[:, 3] >= y - half / 1.6)
        low, high = (half, high) if int(np.count_nonzero(inside)) < BOX_AREAS else (low, half)
    return f"{x - high:.5f},{y - high / 1.6:.5f},{x + high:.5f},{y + high / 1.6:.5f}"
