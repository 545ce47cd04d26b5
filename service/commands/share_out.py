"""``evenreach share-out`` and ``evenreach verify``: divide a budget in the open, and check that it was."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.check import open_own_table, refuse_file
from service.commands.options import Dial, EditionName, FocusName, Weights, Within, amount_option, readable
from service.commands.output import BAD_INPUT, Json, Output, PlaceName, Quiet, Store, told

if TYPE_CHECKING:
    from service.sharing.requests import ShareRequest
    from service.sharing.share_outs import SharedBudget

FORMATS = ("csv", "xlsx", "pdf")
UNITS = ("pence", "pounds-exact", "whole")
FORMS = ("dial", "count")


def _format(out: Path) -> Path:
    if out.suffix.lower().lstrip(".") not in FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{', .'.join(FORMATS)}")
    return _in_folder(out)


def _in_folder(out: Path) -> Path:
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


def _certificate(out: Path | None) -> Path | None:
    return None if out is None else _in_folder(out)


def _unit(text: str) -> str:
    return _one_of(text, UNITS)


def _form(text: str) -> str:
    return _one_of(text, FORMS)


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}")
    return text


def _over(text: str) -> str:
    from service.sharing.requests import ABOUT_OVER, OVER

    if not re.fullmatch(OVER, text) and not Path(text).is_file():
        raise typer.BadParameter(f"{text!r} is neither a file nor one of {ABOUT_OVER}")
    return text


def _floor(text: str) -> str:
    from service.sharing.requests import read_floor

    return readable(lambda: read_floor(text), text)


def _refuse_idle(context: typer.Context, form: str) -> None:
    """Refuse what the form chosen leaves aside, where it was given."""
    idle, other = ("floor", "count") if form == "dial" else ("rho", "dial")
    source = context.get_parameter_source(idle)
    if source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter(f"--{idle} came with --form {form}; it belongs to --form {other}")


@told
def share_out(
    context: typer.Context,
    place: PlaceName,
    budget: Annotated[
        str, typer.Option("--budget", callback=amount_option, help="Pounds, or posts with --unit whole.")
    ],
    out: Annotated[Path, typer.Option("--out", callback=_format, help="File to write: .csv .xlsx .pdf")],
    focus: FocusName = "core",
    unit: Annotated[str, typer.Option("--unit", callback=_unit, help="pence, pounds-exact or whole")] = "pence",
    form: Annotated[str, typer.Option("--form", callback=_form, help="dial, or count: by people in need")] = "dial",
    rho: Dial = "3",
    counts: Annotated[
        str, typer.Option("--counts", help="Count form: income, idaci, idaopi or an indicator; else what fits.")
    ] = "",
    floor: Annotated[
        str, typer.Option("--floor", callback=_floor, help="Count form: part shared equally per head, to 1.")
    ] = "0.5",
    over: Annotated[
        str,
        typer.Option(
            "--over",
            callback=_over,
            help="Who receives: lsoa, wards, msoas, teams, own:NAME, or a table of footprints (footprint,lsoa21cd)",
        ),
    ] = "lsoa",
    within: Within = "",
    weights: Weights = "",
    minimum: Annotated[str, typer.Option("--minimum", callback=amount_option, help="For each recipient, first.")] = "0",
    match: Annotated[str, typer.Option("--match", help="Say which dial would match this measured outcome.")] = "",
    certificate: Annotated[
        Path | None, typer.Option("--certificate", callback=_certificate, help="File for the certificate (JSON).")
    ] = None,
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Share a budget out over PLACE: everyone gets something, more where need is greater."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.editions.weights import check_weights
    from service.measures.matched_dials import matched_dial, matched_summary
    from service.queries import read_rho
    from service.settings import Settings
    from service.sharing.files import write_certificate, write_share
    from service.sharing.requests import ShareRequest, read_amount, read_floor
    from service.sharing.share_outs import share_budget

    _refuse_idle(context, form)
    output, folder = Output(as_json, quiet), store or Settings().store
    opened = open_edition(folder, place, edition or None)
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition)
    request = ShareRequest(
        read_amount("budget", budget),
        unit,  # type: ignore[arg-type]  # checked by _unit
        over,
        read_amount("minimum", minimum),
        form,  # type: ignore[arg-type]  # checked by _form
        counts,
        read_floor(floor),
    )
    request = _with_file(request, place, folder, output)
    opened.focus_arrays(focus)  # an unknown focus is named before its weights are
    view = view.but(weights=check_weights(opened, focus, weights))
    shared = share_budget(opened, view, request)
    matched = matched_summary(matched_dial(opened, view, match)) if match else None
    write_share(shared, out)
    if certificate is not None:
        write_certificate(shared, certificate)
    output.result(_done(shared, out, certificate) | ({"need_matched": matched} if matched else {}), _show)


def _done(shared: SharedBudget, out: Path, certificate: Path | None) -> dict[str, Any]:
    """Say what was shared and written, for programs and for `_show`."""
    from service.sharing.files import share_summary

    view = shared.view
    return {
        "file": str(out),
        "certificate": str(certificate) if certificate else None,
        "rows": len(shared.receivers),
        "place": view.place,
        "edition": shared.edition.id,
        "focus": view.focus,
        "rho": view.rho,
        "within": view.within,
        "weights": view.weights,
        "attribution": shared.edition.attribution(),
        "summary": share_summary(shared),
    }


def _with_file(request: ShareRequest, place: str, store: Path, output: Output) -> ShareRequest:
    """Read the table of footprints that ``--over`` names, through the gate; other requests stay as they are."""
    from service.sharing.requests import FILE, OVER

    if re.fullmatch(OVER, request.over):
        return request
    path = Path(request.over)
    upload = open_own_table(path, "footprints", [], output, place=place, store=store)
    if upload.table is None:
        refuse_file(upload.report.as_dict(), output)
    areas = tuple(zip(upload.table["footprint"].tolist(), upload.table["lsoa21cd"].tolist(), strict=True))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(request, over=FILE, areas=areas, file=path.name, sha256=digest)


def _show(done: dict[str, Any]) -> None:
    print(f"{done['file']}: {done['summary']['recipients']}, edition {done['edition']}, focus {done['focus']}")
    print(f"  Shared {done['summary']['rule']}.")
    for sentence in done["summary"]["sentences"]:
        print(f"  {sentence}")
    for sentence in done["summary"]["warnings"]:
        print(f"  Warning: {sentence}")
    for sentence in done.get("need_matched", {}).get("sentences", []):
        print(f"  {sentence}")
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
