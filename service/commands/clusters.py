"""``evenreach clusters``: where high or low values gather in a place."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.options import EditionName, Within
from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, print_table, told

SHOWN = ("high among high", "high among low", "low among high", "low among low")


@told
def clusters(
    place: PlaceName,
    indicator: Annotated[str, typer.Option("--indicator", help="An indicator of the place.")] = "",
    focus: Annotated[str, typer.Option("--focus", help="A focus: clusters of its need score.")] = "",
    within: Within = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List where high or low values of an indicator or a focus gather in PLACE."""
    from service.editions.edition import open_edition
    from service.editions.views import DEFAULT_FOCUS, View
    from service.measures.cluster_answers import cluster_answer
    from service.settings import Settings

    if bool(indicator) == bool(focus):
        typer.echo("evenreach clusters: give either --indicator or --focus", err=True)
        raise typer.Exit(2)
    opened = open_edition(store or Settings().store, place, edition or None)
    if indicator and indicator not in opened.indicators:
        raise Refusal(f"No indicator {indicator[:80]!r} here; choose one of {', '.join(sorted(opened.indicators))}.")
    if focus:
        opened.focus_arrays(focus)
    view = View(place, focus or DEFAULT_FOCUS, within=within, indicator=indicator, edition=edition)
    Output(as_json, quiet).result(cluster_answer(opened, view), _show)


def _show(found: dict[str, Any]) -> None:
    print(f"{found['name']}, edition {found['edition']}: clusters of {found['of']}")
    for note in found["notes"]:
        print(f"  {note}")
    for kind, counts in found["counts"].items():
        said = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()))
        if said:
            print(f"  {kind.replace('_', ' ')}: {said}")
    rows = [row for row in found["rows"] if row["cluster"] in SHOWN]
    rows.sort(key=lambda row: (SHOWN.index(row["cluster"]), row["q_value"]))
    print_table(
        ("code", "neighbourhood", "value", "cluster", "q"),
        [
            (row["lsoa21cd"], row["msoa21hclnm"], f"{row['value']:.4g}", row["cluster"], f"{row['q_value']:.4f}")
            for row in rows
        ],
    )
