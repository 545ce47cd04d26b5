"""Options that several commands share, checked as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def readable(read: Callable[[], object], text: str) -> str:
    """Give a text back if it can be read; else refuse it as an option."""
    from service.queries import BadQuery

    try:
        read()
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None
    return text


def amount_option(text: str) -> str:
    """Check an amount of money or posts as typed."""
    from service.sharing.requests import read_amount

    return readable(lambda: read_amount("it", text), text)


def dial_option(text: str) -> str:
    """Check the dial as typed."""
    from service.queries import read_rho

    return readable(lambda: read_rho(text), text)


def within_option(text: str) -> str:
    """Check a footprint as typed."""
    from service.queries import read_within

    return readable(lambda: read_within(text), text)


TABLE_FORMATS = ("csv", "xlsx", "geojson", "gpkg", "parquet", "pdf")
TABLE_FILE_HELP = (
    "File to write: .csv .xlsx .geojson .gpkg .parquet .pdf, or .excel.csv for a CSV that Excel reads rightly"
)


def table_file(out: Path | None) -> Path | None:
    """Check the name of a file that a table of neighbourhoods is written to."""
    if out is None:
        return None
    if out.suffix.lower().lstrip(".") not in TABLE_FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{', .'.join(TABLE_FORMATS)}")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


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


FocusName = Annotated[str, typer.Option("--focus", help="A focus, as `evenreach focuses` lists them.")]
Dial = Annotated[str, typer.Option("--rho", callback=dial_option, help="The dial, 1 to 20.")]
Within = Annotated[
    str, typer.Option("--within", callback=within_option, help="lad:CODE, ward:CODE, msoa:CODE or team:NAME")
]
Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        callback=read_weights_option,
        help="indicator=weight,... or a TOML file of them, in place of the focus's own; 0 leaves one out.",
    ),
]
EditionName = Annotated[str, typer.Option("--edition", help="An edition; the newest when left out.")]
