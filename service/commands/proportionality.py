"""``evenreach proportionality``: say whether a resource that was imported is as steep as need."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.options import EditionName, Within
from service.commands.output import Json, Output, PlaceName, Quiet, Store, print_table, told


@told
def proportionality(
    place: PlaceName,
    resource: Annotated[str, typer.Option("--resource", help="An imported resource.")],
    outcome: Annotated[str, typer.Option("--outcome", help="An indicator with a true zero.")],
    focus: Annotated[str, typer.Option("--focus", help="The need that both are drawn against.")] = "core",
    within: Within = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say whether a resource of PLACE rises with need as steeply as an outcome does."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.measures.proportionality import proportionality as compared
    from service.measures.proportionality import proportionality_answer
    from service.settings import Settings

    opened = open_edition(store or Settings().store, place, edition or None)
    view = View(place=place, focus=focus, within=within, edition=edition)
    found = compared(opened, view, resource, outcome)
    Output(as_json, quiet).result(proportionality_answer(found), _show)


def _show(found: dict[str, Any]) -> None:
    print(f"{found['resource']['name']} against {found['outcome']['name']}")
    print(f"  {found['name']}, edition {found['edition']}, need of focus {found['focus']}")
    print(f"  {found['words']}")
    rows = [
        (title, *(_figure(found[part][key]) for key in ("rii", "rii_lower", "rii_upper")))
        for title, part in (("resource", "resource_index"), ("outcome", "outcome_index"))
        if found[part]
    ]
    rows.append(("ratio", *(_figure(found[key]) for key in ("ratio", "lower", "upper"))))
    print_table(("most over least needy end", "times", "lower", "upper"), rows)
    if found["fifths"] is not None:
        print(f"  By need fifths, top to bottom: {found['fifths']:.2f}")
    for note in found["notes"]:
        print(f"  {note}")
    for sentence in found["attribution"]:
        print(f"  {sentence}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
