"""``evenreach access``: who can reach a service, as a summary and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.options import TABLE_FILE_HELP, Dial, EditionName, Weights, Within, readable, table_file
from service.commands.output import Json, Output, PlaceName, Quiet, Store, print_table, told

SPOTS_SHOWN = 20


def _minutes(text: str) -> str:
    from service.access.requests import read_minutes

    return readable(lambda: read_minutes(text), text)


@told
def access(
    place: PlaceName,
    service: Annotated[str, typer.Option("--service", help="A service, such as gp, dental or family_hub.")],
    mode: Annotated[
        str, typer.Option("--mode", help="walk, cycle, drive or transit. [default: the usual way to the service]")
    ] = "",
    minutes: Annotated[
        str, typer.Option("--minutes", callback=_minutes, help="T, 1 to 60. [default: 20]", show_default=False)
    ] = "",
    measure: Annotated[str, typer.Option("--measure", help="nearest, within, 2sfca or e2sfca.")] = "nearest",
    demand: Annotated[str, typer.Option("--demand", help="eligible, people or targeting.")] = "eligible",
    accepting: Annotated[
        str, typer.Option("--accepting", help="Only sites that take new NHS patients: children or adults.")
    ] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="The indicator of need that access is held against.")] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", callback=table_file, help=TABLE_FILE_HELP),
    ] = None,
    focus: Annotated[
        str, typer.Option("--focus", help="A focus, as `evenreach focuses` lists them. [default: that of the service]")
    ] = "",
    rho: Dial = "3",
    within: Within = "",
    weights: Weights = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say who in PLACE can reach a service: nearest site, sites within T minutes, supply shared out."""
    from service.access.answers import access_answer
    from service.access.requests import canonical, usual_focus
    from service.editions.edition import open_edition
    from service.editions.views import ACCESS, View
    from service.editions.weights import check_weights
    from service.files.downloads import kind_of, write_table
    from service.queries import read_rho
    from service.settings import Settings

    opened = open_edition(store or Settings().store, place, edition or None)
    words = {"service": service, "mode": mode, "minutes": minutes, "measure": measure, "demand": demand}
    read = canonical(opened, words | {"accepting": accepting})
    focus = focus or usual_focus(opened, service, accepting)
    opened.focus_arrays(focus)
    view = View(
        place=place, focus=focus, rho=read_rho(rho), within=within, layer=ACCESS, edition=edition,
        weights=check_weights(opened, focus, weights), **read,
    )  # fmt: skip
    found = access_answer(opened, view, outcome=outcome)
    if out is not None:
        write_table(opened, view, out, kind_of(out))
        found["file"] = str(out)
    Output(as_json, quiet).result(found, _show)


def _show(found: dict[str, Any]) -> None:
    service, question = found["service"], found["request"]
    print(f"{service['question']} {found['name']}, edition {found['edition']}, focus {found['focus']}")
    for sentence in found["words"]:
        print(f"  {sentence}")
    headings = ("need fifth", "people", "minutes", "within T, %", "sites within T", "per 1,000 in T", "per 1,000, near")
    rows = [("all", *_cells(found["everyone"])), *((row["fifth"], *_cells(row)) for row in found["fifths"])]
    print(
        f"\nBy need fifth, 1 = greatest need; T = {question['minutes']} minutes; supply in reach per 1,000 people, "
        "shared with everyone who reaches it: within T (2SFCA), and near sites counting more (E2SFCA)"
    )
    print_table(headings, rows)
    spots = found["blackspots"]["neighbourhoods"]
    if spots:
        print(f"\n{found['blackspots']['rule']}")
        print_table(
            ("neighbourhood", "name", "area", "people", "minutes", "nearest"),
            [
                (spot["lsoa21cd"], spot["lsoa21nm"], spot["msoa21hclnm"], f"{spot['people']:,.0f}",
                 _number(spot["nearest_min"], 1) or spot["status"], spot["nearest_site"])
                for spot in spots[:SPOTS_SHOWN]
            ],
        )  # fmt: skip
        if len(spots) > SPOTS_SHOWN:
            print(f"  and {len(spots) - SPOTS_SHOWN:,} more; --json lists them all")
    print("\nAgainst need")
    for sentence in found["need_words"]:
        print(f"  {sentence}")
    for note in [*found["notes"], *found["attribution"]]:
        print(f"  {note}")
    if "file" in found:
        print(f"{found['file']}: {len(found['neighbourhoods']):,} neighbourhoods")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    share = row["share_within"]
    return (
        f"{row['people']:,}",
        _number(row["nearest_min"], 1),
        _number(None if share is None else 100 * share, 1),
        _number(row["sites_within"], 1),
        _number(row["access_2sfca"], 3),
        _number(row["access_e2sfca"], 3),
    )


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
