"""``evenreach check``: read a table that a user brings as it would be imported, and say what is wrong with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service.commands.output import BAD_INPUT, Json, Output, Quiet, Store, print_table, told

if TYPE_CHECKING:
    from geodata.postcodes import Gazetteer
    from geodata.upload.gate import Areas, BadDeclaration, Upload

WRONG_USAGE = 2
HEADINGS = ("Row", "Column", "Code", "Value", "Rule", "Message")
WORDS = {"reject": "To be mended", "warning": "Warnings", "note": "Notes"}

OwnFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="The table: CSV, with any common delimiter.", exists=True, dir_okay=False),
]
Kind = Annotated[str, typer.Option("--as", help="What it is: footprints, indicator, resource or sites.")]
Declarations = Annotated[
    list[str] | None,
    typer.Option(
        "--declare",
        metavar="NAME=VALUE",
        help="What the table cannot say itself: unit, polarity, period, about, source, vintage, only, ... Repeatable.",
        show_default=False,
    ),
]
AnyPlace = Annotated[
    str, typer.Option("--place", help="Check against the neighbourhoods of a built place.", show_default=False)
]
Sources = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        help="Folder of published files, for the list of postcodes.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


@told
def check(
    file: OwnFile,
    kind: Kind,
    place: AnyPlace = "",
    declared: Declarations = None,
    sources: Sources = None,
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check FILE, a table of your own; nothing is stored."""
    output = Output(as_json, quiet)
    with output.progress(f"Checking {file.name}") as step:
        step("loading")
        upload = open_own_table(file, kind, declared or [], output, place=place, sources=sources, store=store)
        report = verdict(upload, place, store)
    if not report["accepted"]:
        refuse_file(report, output)
    output.result(report, show_report)


def verdict(upload: Upload, place: str, store: Path | None) -> dict[str, Any]:
    """Give the report on a file, with what would stand against its import."""
    from service.own.tables import trial
    from service.settings import Settings

    report = upload.report.as_dict()
    against = trial(upload, store or Settings().store, place)
    if against is None:
        return report
    item = dict.fromkeys(("sheet", "row", "column", "code", "value")) | against.item() | {"severity": "reject"}
    return report | {
        "accepted": False,
        "stored": 0,
        "rejected": report["stored"],
        "totals": report["totals"] | {against.rule: 1},
        "items": [{"file": report["file"], "hint": ""} | item, *report["items"]],
    }


def open_own_table(
    file: Path,
    kind: str,
    declared: list[str],
    output: Output,
    *,
    place: str = "",
    sources: Path | None = None,
    store: Path | None = None,
) -> Upload:
    """Take a user's file through the gate, with what is known about a place at hand.

    Parameters
    ----------
    file : Path
        The user's file.
    kind, declared : str, list of str
        As given to ``--as`` and ``--declare``.
    output : Output
        Where wrong usage is told.
    place : str
        A built place: rows outside it are left out; sites are kept wherever they are.
    sources : Path, optional
        Folder of published files, for the list of postcodes.
    store : Path, optional
        Folder of editions.

    Raises
    ------
    typer.Exit
        With code 2 where kind or declarations are wrong.
    BuildMissing
        If the place is not built.
    """
    from geodata.upload.gate import BadDeclaration, declare, open_upload
    from service.settings import Settings

    settings = Settings()
    try:
        facts = declare(kind, file.name, _pairs(declared, file.name))
    except BadDeclaration as error:
        _tell_wrong_usage(error, output)
    areas = areas_of(place, store or settings.store) if place and kind != "sites" else None
    gazetteer = middles = None
    if kind == "sites":
        gazetteer = gazetteer_of(place, sources or settings.sources, settings.cache)
        if gazetteer is None and place:
            gazetteer = middles = middles_of(place, store or settings.store)
    with file.open("rb") as stream:
        upload = open_upload(stream, facts, areas=areas, gazetteer=gazetteer)
    if middles is not None:
        upload.report.facts["postcodes"] = "no list is at hand: placed by the postcodes that the place was built with"
    return upload


def areas_of(place: str, store: Path) -> Areas:
    """Give the neighbourhoods of the place's newest edition."""
    from geodata.upload.gate import Areas
    from geodata.vintages import read_links
    from service.editions.edition import open_edition

    edition = open_edition(store, place, check=False)
    codes = edition.codes.tolist()
    links = read_links(edition.stored)
    of_2011 = [] if links is None else links.loc[links["lsoa21cd"].isin(codes), "lsoa11cd"].tolist()
    return Areas.of(edition.place["name"], codes, of_2011)


def middles_of(place: str, store: Path) -> Gazetteer | None:
    """Give the postcodes that a built place holds, each at its own point.

    In an edition built without these points, each is where its neighbourhood's people live on average.
    """
    import numpy as np

    from geodata.crs import to_grid
    from geodata.postcodes import Gazetteer
    from geodata.stored import read_neighbourhoods
    from service.editions.edition import open_edition

    edition = open_edition(store, place, check=False)
    postcodes, rows = edition.postcodes()
    if not postcodes:
        return None
    places = read_neighbourhoods(edition.stored).reset_index().iloc[rows]
    table = places[["lsoa21cd", "lad24cd", "centroid_x_m", "centroid_y_m"]]
    table = table.set_axis(["lsoa21cd", "laua", "easting", "northing"], axis=1).assign(pcds=postcodes)
    points = edition.postcode_points()
    if points is not None:
        easting, northing = to_grid(points[:, 0], points[:, 1])
        known = np.isfinite(easting)
        table = table.assign(
            easting=np.where(known, easting, table["easting"]), northing=np.where(known, northing, table["northing"])
        )
    return Gazetteer(table)


def gazetteer_of(place: str, sources: Path | None, cache: Path) -> Gazetteer | None:
    """Give the live postcodes from the sources folder or the kept copy; None if there is neither."""
    from geodata import demo
    from geodata.catalogue import load_catalogue
    from geodata.definitions import find_place
    from geodata.errors import DataError
    from geodata.locate import locate
    from geodata.postcodes import Gazetteer, read_postcodes

    catalogue = load_catalogue()
    if place and find_place(place).catalogue == "demo":
        home = Path(demo.__file__).parent
        catalogue, sources = load_catalogue(home / "sources.toml"), sources or home / "files"
    try:
        found = locate(catalogue["postcodes"], folder=sources, cache=cache, offline=True)
    except DataError:
        return None
    return Gazetteer(read_postcodes(found.path).table)


def _pairs(declared: list[str], file: str) -> dict[str, str]:
    from geodata.upload.gate import BadDeclaration

    facts: dict[str, str] = {}
    for text in declared:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise BadDeclaration(f"--declare {text[:60]!r}: NAME=VALUE is expected", rule="bad-declaration", file=file)
        if name in facts:
            raise BadDeclaration(f"{name[:60]} is declared twice", rule="bad-declaration", file=file)
        facts[name] = value
    return facts


def _tell_wrong_usage(error: BadDeclaration, output: Output) -> None:
    if output.as_json:
        print(json.dumps({"error": error.item()}, ensure_ascii=False, indent=1))
    else:
        print(f"evenreach: {error.sentence()}", file=sys.stderr)
    raise typer.Exit(WRONG_USAGE)


def refuse_file(report: dict[str, Any], output: Output) -> NoReturn:
    """End a command whose file the gate refused: with its report, or the faults alone where only errors are wanted.

    Raises
    ------
    typer.Exit
        Always, with code 1.
    """
    output.result(report, show_report)
    if output.quiet and not output.as_json:
        for item in report["items"]:
            if item["severity"] == "reject":
                print(f"evenreach: {fault_line(report['file'], item)}", file=sys.stderr)
    raise typer.Exit(BAD_INPUT)


def fault_line(file: str, item: dict[str, Any]) -> str:
    """Write what is wrong with a file on one line, after its name, row and column."""
    where = [f"{name} {item[name]}" for name in ("row", "column") if item[name] is not None]
    return f"{', '.join([file, *where])}: {item['message']}"


def show_report(report: dict[str, Any]) -> None:
    """Print the verdict on a file for people."""
    for severity, heading in WORDS.items():
        items = [item for item in report["items"] if item["severity"] == severity]
        if items:
            print(f"{heading}:")
            rows = [[item[heading.lower()] for heading in HEADINGS] for item in items]
            print_table(HEADINGS, rows)
            _show_more(items, report["totals"])
            print()
    verdict = "can be imported" if report["accepted"] else "cannot be imported; nothing would be stored"
    print(f"{report['file']} {verdict}.")
    print(
        f"  {report['rows_read']:,} rows read: {report['stored']:,} to store, {report['rejected']:,} rejected"
        f" ({report['rows_at_fault']:,} at fault themselves), {report['skipped']:,} passed over"
    )
    for name, value in report["facts"].items():
        print(f"  {name.replace('_', ' ').replace('column.', 'column for ')}: {value}")


def _show_more(items: list[dict[str, Any]], totals: dict[str, int]) -> None:
    """Print each rule's hint once, and how many more there are than are shown."""
    for rule in dict.fromkeys(item["rule"] for item in items):
        alike = [item for item in items if item["rule"] == rule]
        single = alike[0]["severity"] == "reject" and totals[rule] > len(alike)
        more = f" ({len(alike)} of {totals[rule]:,} are listed)" if single else ""
        hints = " ".join(dict.fromkeys(item["hint"] for item in alike if item["hint"]))
        if hints or more:
            print(f"  {rule}{more}: {hints}".rstrip(": "))
