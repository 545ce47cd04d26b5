"""``evenreach import``: take a table of one's own into a place, as a new edition of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.check import Declarations, Kind, OwnFile, Sources, open_own_table, refuse_file
from service.commands.output import Json, Output, PlaceName, Quiet, Store, told

if TYPE_CHECKING:
    from service.own.tables import Imported


@told
def import_table(
    place: PlaceName,
    file: OwnFile,
    kind: Kind,
    name: Annotated[str, typer.Option("--name", help="What it is called in addresses, such as health-visits.")],
    title: Annotated[str, typer.Option("--title", help="What people read; made of the name when left out.")] = "",
    declared: Declarations = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of an own table of this name.")] = False,
    sources: Sources = None,
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Import FILE, a table of your own, into PLACE: a new edition, or nothing."""
    from service.own.tables import import_own
    from service.settings import Settings

    output = Output(as_json, quiet)
    folder = store or Settings().store
    with output.progress(f"Importing {file.name}") as step:
        step("checking")
        upload = open_own_table(file, kind, declared or [], output, place=place, sources=sources, store=folder)
        if upload.report.accepted:
            step("writing the new edition")
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            made = import_own(folder, place, upload, name=name, title=title, replace=replace, sha256=sha256)
    if not upload.report.accepted:
        refuse_file(upload.report.as_dict(), output)
    output.result(summary(made) | {"report": upload.report.as_dict()}, _show)


def summary(made: Imported) -> dict[str, Any]:
    """Say what was stored, what was left out, and what is protected."""
    facts = made.own.facts
    kept = ("title", "rows", "grade", "totals", "notes", "protection", "sha256", "hash_of")
    return {
        "place": made.edition.place,
        "edition": made.edition.id,
        "folder": str(made.edition.folder),
        "name": made.own.name,
        "kind": made.own.kind,
        **{key: facts[key] for key in kept},
        "attribution": made.edition.manifest["attribution"],
    }


def _show(done: dict[str, Any]) -> None:
    report = done["report"]
    print(f"{report['file']}: {done['kind']} {done['name']!r} of {done['place']}, edition {done['edition']}")
    print(f"  {report['rows_read']:,} rows read, {report['skipped']:,} passed over; {done['rows']:,} rows kept")
    before = "after protection" if done["protection"] else "before"
    for total in done["totals"]:
        gone = f", {total['outside']:,.10g} outside" if total["outside"] else ""
        gone += f", {total['not_known']:,.10g} where a part is not known" if total["not_known"] else ""
        print(f"  {total['name']}: {total['before']:,.10g} {before}, {total['inside']:,.10g} in the place{gone}")
    for note in done["notes"]:
        print(f"  {note}")
    if done["protection"]:
        print(f"  {done['protection']['sentence']}")
        print(f"  {done['protection']['hidden']:,} neighbourhoods have a count that is not shown.")
    for item in report["items"]:
        if item["severity"] == "warning":
            print(f"  warning, {item['rule']}: {item['message']}")
    print(f"  {done['folder']}")
