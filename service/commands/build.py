"""``evenreach build`` and ``evenreach demo``: make an edition of a place."""

from __future__ import annotations

from collections.abc import Sequence
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


@told
def build(
    place: PlaceName,
    sources: Sources = None,
    focus_file: FocusFile = None,
    offline: Offline = False,
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build an edition of PLACE from publishers' files."""
    output = Output(as_json, quiet)
    own = tuple(focus_file or ())
    result = build_edition(place, output, sources=sources, store=store, offline=offline, focus_files=own)
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
) -> BuildResult:
    """Build one edition, showing each step."""
    from geodata.errors import SourceMissing
    from service.settings import Settings

    settings = Settings()
    with output.progress(f"Building {place}") as step:
        step("loading")
        from service.building import prepare

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
            )
        except SourceMissing as error:
            if place == "demo":
                raise SourceMissing(error.message, rule=error.rule, file=error.file, hint=MADE_UP) from None
            raise


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
        "totals": result.report.get("totals", []),
        "sources_used": sum(source["status"] == "used" for source in sources),
        "sources_missing": [{key: source[key] for key in shown} for source in sources if source["status"] == "missing"],
        "warnings": [f"{source['title']}: {source['warning']}" for source in sources if source.get("warning")]
        + result.report["own_tables"]["lost"],
        "own_tables": result.report["own_tables"]["carried"],
        "left_out": [
            {"source": source["title"], "reason": part["reason"], "rows": part["rows"], "examples": part["examples"]}
            for source in sources
            for part in source["left_out"]
            if part["reason"] != "outside the place"
        ],
    }


def _show(done: dict[str, Any]) -> None:
    print(f"Built {done['place']}, edition {done['edition']}, in {done['seconds']} s")
    print(f"  {done['neighbourhoods']:,} neighbourhoods, {done['population']:,} people, {done['sources_used']} sources")
    for total in done["totals"]:
        print(f"  {total['name']}: {total['before']:,.10g} before, {total['after']:,.10g} after")
    if done["own_tables"]:
        print(f"  own tables taken along: {', '.join(done['own_tables'])}")
    for part in done["left_out"]:
        print(f"  left out of {part['source']}: {part['rows']:,} rows, {part['reason']}")
    for warning in done["warnings"]:
        print(f"  note: {warning}")
    for source in done["sources_missing"]:
        where = f", from {source['landing_page']}" if source["landing_page"] else ""
        print(f"  missing: {source['title']} ({source['file']}{where})")
    print(f"  {done['folder']}")
