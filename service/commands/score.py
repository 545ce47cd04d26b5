"""``evenreach score``: the scores table of a place as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.output import Json, Output, PlaceName, Quiet, Store, told

FORMATS = ("csv", "xlsx", "geojson", "gpkg", "parquet")


def _format(out: Path) -> Path:
    if out.suffix.lower().lstrip(".") not in FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{', .'.join(FORMATS)}")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


def dial_option(text: str) -> str:
    """Check the dial as typed."""
    from service.queries import BadQuery, read_rho

    try:
        read_rho(text)
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None
    return text


def within_option(text: str) -> str:
    """Check a footprint as typed."""
    from service.queries import BadQuery, read_within

    try:
        return read_within(text)
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None


@told
def score(
    place: PlaceName,
    out: Annotated[
        Path, typer.Option("--out", callback=_format, help="File to write: .csv .xlsx .geojson .gpkg .parquet")
    ],
    focus: Annotated[str, typer.Option("--focus", help="A focus, as `evenreach focuses` lists them.")] = "core",
    rho: Annotated[str, typer.Option("--rho", callback=dial_option, help="The dial, 1 to 20.")] = "3",
    within: Annotated[
        str, typer.Option("--within", callback=within_option, help="lad:CODE, ward:CODE, msoa:CODE or team:NAME")
    ] = "",
    edition: Annotated[str, typer.Option("--edition", help="An edition; the newest when left out.")] = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the scores of PLACE to a file."""
    from service.downloads import write_table
    from service.edition import open_edition
    from service.queries import read_rho
    from service.settings import Settings
    from service.views import View

    opened = open_edition(store or Settings().store, place, edition or None)
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition)
    kind = out.suffix.lower().lstrip(".")
    write_table(opened, view, out, kind)
    done = {
        "file": str(out),
        "rows": len(opened.rows_within(within)),
        "place": place,
        "edition": opened.id,
        "focus": focus,
        "rho": view.rho,
        "within": within,
        "attribution": opened.attribution(),
    }
    Output(as_json, quiet).result(done, _show)


def _show(done: dict[str, Any]) -> None:
    print(f"{done['file']}: {done['rows']:,} neighbourhoods, edition {done['edition']}, focus {done['focus']}")
    for sentence in done["attribution"]:
        print(f"  {sentence}")
