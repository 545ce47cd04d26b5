"""``evenreach share-out`` and ``evenreach verify``: divide a budget in the open, and check that it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.output import BAD_INPUT, Json, Output, PlaceName, Quiet, Refusal, Store, told
from service.commands.score import dial_option, within_option

FORMATS = ("csv", "xlsx")
UNITS = ("pence", "pounds-exact", "whole")
OVER = ("lsoa", "wards", "msoas", "teams")


def _format(out: Path) -> Path:
    if out.suffix.lower().lstrip(".") not in FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{' or .'.join(FORMATS)}")
    return _in_folder(out)


def _in_folder(out: Path) -> Path:
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


def _certificate(out: Path | None) -> Path | None:
    return None if out is None else _in_folder(out)


def _unit(text: str) -> str:
    return _one_of(text, UNITS)


def _over(text: str) -> str:
    return _one_of(text, OVER)


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}")
    return text


def _amount(text: str) -> str:
    from service.queries import BadQuery
    from service.share_outs import read_amount

    try:
        read_amount("it", text)
    except BadQuery as error:
        raise typer.BadParameter(str(error)) from None
    return text


@told
def share_out(
    place: PlaceName,
    budget: Annotated[str, typer.Option("--budget", callback=_amount, help="Pounds, or posts with --unit whole.")],
    out: Annotated[Path, typer.Option("--out", callback=_format, help="File to write: .csv .xlsx")],
    focus: Annotated[str, typer.Option("--focus", help="A focus, as `evenreach focuses` lists them.")] = "core",
    unit: Annotated[str, typer.Option("--unit", callback=_unit, help="pence, pounds-exact or whole")] = "pence",
    rho: Annotated[str, typer.Option("--rho", callback=dial_option, help="The dial, 1 to 20.")] = "3",
    over: Annotated[
        str, typer.Option("--over", callback=_over, help="Who receives: lsoa, wards, msoas, teams")
    ] = "lsoa",
    within: Annotated[
        str, typer.Option("--within", callback=within_option, help="lad:CODE, ward:CODE, msoa:CODE or team:NAME")
    ] = "",
    minimum: Annotated[str, typer.Option("--minimum", callback=_amount, help="For each recipient, first.")] = "0",
    certificate: Annotated[
        Path | None, typer.Option("--certificate", callback=_certificate, help="File for the certificate (JSON).")
    ] = None,
    edition: Annotated[str, typer.Option("--edition", help="An edition; the newest when left out.")] = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Share a budget out over PLACE: everyone gets something, more where need is greater."""
    from service.edition import open_edition
    from service.queries import BadQuery, read_rho
    from service.settings import Settings
    from service.share_files import share_summary, write_certificate, write_share
    from service.share_outs import ShareRequest, read_amount, share_budget
    from service.views import View

    opened = open_edition(store or Settings().store, place, edition or None)
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition)
    request = ShareRequest(
        read_amount("budget", budget),
        unit,  # type: ignore[arg-type]  # checked by _unit
        over,  # type: ignore[arg-type]  # checked by _over
        read_amount("minimum", minimum),
    )
    try:
        shared = share_budget(opened, view, request)
    except BadQuery as error:
        raise Refusal(f"{error} {error.hint}".strip()) from None
    write_share(shared, out)
    if certificate is not None:
        write_certificate(shared, certificate)
    done = {
        "file": str(out),
        "certificate": str(certificate) if certificate else None,
        "rows": len(shared.receivers),
        "place": place,
        "edition": opened.id,
        "focus": focus,
        "rho": view.rho,
        "within": within,
        "attribution": opened.attribution(),
        "summary": share_summary(shared),
    }
    Output(as_json, quiet).result(done, _show)


def _show(done: dict[str, Any]) -> None:
    print(f"{done['file']}: {done['summary']['recipients']}, edition {done['edition']}, focus {done['focus']}")
    for sentence in done["summary"]["sentences"]:
        print(f"  {sentence}")
    for sentence in done["summary"]["warnings"]:
        print(f"  Warning: {sentence}")
    if done["certificate"]:
        print(f"{done['certificate']}: certificate; `evenreach verify {done['certificate']}` checks it")
    for sentence in done["attribution"]:
        print(f"  {sentence}")


@told
def verify(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", exists=True, dir_okay=False, help="A certificate (JSON).")
    ],
    content: Annotated[
        bool, typer.Option("--content", help="Leave the spacing of the file aside; check what it says.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a certificate: its digest, then every law of the method. Exit 0 = good, 1 = broken."""
    from layers.certificate_check import broken_laws

    try:
        text = certificate.read_bytes().decode()
    except UnicodeDecodeError:
        broken = ["form: the file is not UTF-8 text"]
    else:
        broken = broken_laws(text, content_only=content)
    found = {"file": str(certificate), "good": not broken, "broken": broken}
    if broken and not as_json:
        for law in broken:
            typer.echo(f"evenreach: {certificate}: {law}", err=True)
    else:
        Output(as_json, quiet).result(found, _show_good)
    if broken:
        raise typer.Exit(BAD_INPUT)


def _show_good(found: dict[str, Any]) -> None:
    print(f"{found['file']}: good. The digest fits and every law of the method holds.")
    print("  A digest is not a signature: it shows that nothing was changed since, not who wrote it.")
