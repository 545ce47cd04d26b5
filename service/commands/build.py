"""``evenreach build`` and ``evenreach demo``: make an edition of a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.output import Json, Output, PlaceName, Quiet, Store, told

if TYPE_CHECKING:
    from service.building.prepare import BuildResult

Sources = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        help="Folder of published files; without it the publishers are asked.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Ask no publisher: use the folder and kept copies only.")]

MADE_UP = "The demo is fictional, and nobody publishes its files: `evenreach demo` builds it without a folder."

FocusFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--focus-file",
        help="A focus of your own as TOML; its name is that of the file. To be given at every build.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]

OldLists = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="Read a list that is years old and else left alone: gp_branches. To be given at every build.",
        show_default=False,
    ),
]

Network = Annotated[
    Path | None,
    typer.Option(
        "--network",
        help="Streets: an OpenStreetMap file (.osm.pbf), cut round the place. Later builds take them along.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Timetable = Annotated[
    Path | None,
    typer.Option(
        "--timetable",
        help="Buses, trams and trains: a GTFS file (.zip). Needs streets.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Day = Annotated[
    str | None,
    typer.Option(
        "--day",
        help="Day of the timetable, as 2023-06-06; else the first Tuesday on which most trips run.",
        show_default=False,
    ),
]
Window = Annotated[
    str | None,
    typer.Option("--window", help="When people leave, as 08:00-10:00, which is usual.", show_default=False),
]
WithoutNetwork = Annotated[
    bool, typer.Option("--without-network", help="Leave the streets of the edition before out: estimate all times.")
]


@told
def build(
    place: PlaceName,
    sources: Sources = None,
    focus_file: FocusFile = None,
    old_lists: OldLists = None,
    network: Network = None,
    timetable: Timetable = None,
    day: Day = None,
    window: Window = None,
    without_network: WithoutNetwork = False,
    offline: Offline = False,
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build an edition of PLACE from publishers' files."""
    output = Output(as_json, quiet)
    own = tuple(focus_file or ())
    old = tuple(old_lists or ())
    ways: dict[str, Any] = {"streets": network, "timetable": timetable, "day": day, "window": read_window(window)}
    if without_network and any(ways.values()):
        raise typer.BadParameter("--without-network leaves out what the other options name")
    ways["without"] = without_network
    result = build_edition(
        place, output, sources=sources, store=store, offline=offline, focus_files=own, old_lists=old, ways=ways
    )
    output.result(summary(result), _show)


@told
def demo(store: Store = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Build the fictional demo borough, without network or files."""
    output = Output(as_json, quiet)
    result = build_edition("demo", output, store=store)
    output.result(summary(result), _show)


def build_edition(
    place: str,
    output: Output,
    *,
    sources: Path | None = None,
    store: Path | None = None,
    offline: bool = False,
    focus_files: Sequence[Path] = (),
    old_lists: Sequence[str] = (),
    ways: Mapping[str, Any] | None = None,
) -> BuildResult:
    """Build one edition, showing each step; `ways` are the fields of `service.building.network_files.NetworkAsked`."""
    from geodata.errors import SourceMissing
    from service.settings import Settings

    settings = Settings()
    with output.progress(f"Building {place}") as step:
        step("loading")
        from service.building import prepare
        from service.building.network_files import NetworkAsked

        folder = sources or (settings.sources if place != "demo" else None)
        try:
            return prepare.build(
                place,
                sources=folder,
                store=store or settings.store,
                cache=settings.cache,
                offline=offline,
                progress=step,
                focus_files=focus_files,
                old_lists=old_lists,
                network=NetworkAsked(**(ways or {})),
            )
        except SourceMissing as error:
            if place == "demo":
                raise SourceMissing(error.message, rule=error.rule, file=error.file, hint=MADE_UP) from None
            raise


def read_window(text: str | None) -> tuple[str, str] | None:
    """Read ``08:00-10:00``; the reader of timetables checks the two times.

    Raises
    ------
    typer.BadParameter
        If it is not two times with a hyphen between.
    """
    if text is None:
        return None
    first, hyphen, last = text.partition("-")
    if not hyphen:
        raise typer.BadParameter(f"{text[:20]!r} is no window: two times are expected, as 08:00-10:00")
    return first.strip(), last.strip()


def summary(result: BuildResult) -> dict[str, Any]:
    """Reduce a build to what a person wants to know at once; the rest is in ``build_report.json``."""
    sources = result.report["sources"]
    shown = ("id", "title", "file", "landing_page")
    return {
        "place": result.place,
        "edition": result.edition,
        "folder": str(result.folder),
        "seconds": round(result.seconds, 1),
        "neighbourhoods": result.report["neighbourhoods"],
        "population": result.report["population"],
        "joined": result.report.get("reference", ""),
        "totals": result.report.get("totals", []),
        "sources_used": sum(source["status"] == "used" for source in sources),
        "sources_missing": [{key: source[key] for key in shown} for source in sources if source["status"] == "missing"],
        "warnings": [f"{source['title']}: {source['warning']}" for source in sources if source.get("warning")]
        + result.report["own_tables"]["lost"],
        "own_tables": result.report["own_tables"]["carried"],
        "network": network_summary(result.report.get("network")),
        "left_out": [
            {"source": source["title"], "reason": part["reason"], "rows": part["rows"], "examples": part["examples"]}
            for source in sources
            for part in source["left_out"]
            if part["reason"] != "outside the place"
        ],
    }


def network_summary(network: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Reduce what a build says of streets and timetable; None where it used none."""
    if network is None:
        return None
    return {
        "streets": network["streets"]["file"],
        "timetable": network["timetable"]["file"] if network["timetable"] else None,
        "basis": network["basis"],
        "taken_along": network["carried"],
        "notes": network["notes"],
    }


def _show(done: dict[str, Any]) -> None:
    print(f"Built {done['place']}, edition {done['edition']}, in {done['seconds']} s")
    print(f"  {done['neighbourhoods']:,} neighbourhoods, {done['population']:,} people, {done['sources_used']} sources")
    for total in done["totals"]:
        where = f"{done['joined'] or 'all that is held'}, before and after joining"
        print(f"  {total['name']} ({where}): {total['before']:,.10g} and {total['after']:,.10g}")
    if done["own_tables"]:
        print(f"  own tables taken along: {', '.join(done['own_tables'])}")
    if done["network"]:
        from service.travel.edition_times import MODE_WORDS

        for mode, words in done["network"]["basis"].items():
            print(f"  times {MODE_WORDS[mode]}: {words}")
        for note in done["network"]["notes"]:
            print(f"    {note}")
    for part in done["left_out"]:
        print(f"  left out of {part['source']}: {part['rows']:,} rows, {part['reason']}")
    for warning in done["warnings"]:
        print(f"  note: {warning}")
    for source in done["sources_missing"]:
        where = f", from {source['landing_page']}" if source["landing_page"] else ""
        print(f"  missing: {source['title']} ({source['file']}{where})")
    print(f"  {done['folder']}")
