"""``evenreach score``: the scores table of a place as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, told

FORMATS = ("csv", "xlsx", "geojson", "gpkg", "parquet")


def _format(out: Path) -> Path:
    if out.suffix.lower().lstrip(".") not in FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{', .'.join(FORMATS)}")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


def dial_option(text: str) -> str:
    """Check the dial as typed."""
    from service.web.queries import BadQuery, read_rho

    try:
        read_rho(text)
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None
    return text


def within_option(text: str) -> str:
    """Check a footprint as typed."""
    from service.web.queries import BadQuery, read_within

    try:
        return read_within(text)
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None


def read_weights_option(text: str) -> str:
    """Read weights as typed: ``indicator=weight,...``, or a TOML file of ``indicator = weight`` lines.

    Raises
    ------
    typer.BadParameter
        If the text or the file cannot be read.
    """
    if not text:
        return ""
    from service.editions.weights import weights_text

    try:
        return weights_text(text)
    except ValueError as error:
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
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            callback=read_weights_option,
            help="indicator=weight,... or a TOML file of them, in place of the focus's own; 0 leaves one out.",
        ),
    ] = "",
    edition: Annotated[str, typer.Option("--edition", help="An edition; the newest when left out.")] = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the scores of PLACE to a file."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.editions.weights import check_weights
    from service.files.downloads import write_table
    from service.settings import Settings
    from service.web.queries import BadQuery, read_rho

    opened = open_edition(store or Settings().store, place, edition or None)
    opened.focus_arrays(focus)
    try:
        chosen = check_weights(opened, focus, weights)
    except BadQuery as error:
        raise Refusal(f"{error} {error.hint}") from None
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition, weights=chosen)
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
        "weights": chosen,
        "attribution": opened.attribution(),
    }
    Output(as_json, quiet).result(done, _show)


def _show(done: dict[str, Any]) -> None:
    print(f"{done['file']}: {done['rows']:,} neighbourhoods, edition {done['edition']}, focus {done['focus']}")
    for sentence in done["attribution"]:
        print(f"  {sentence}")
