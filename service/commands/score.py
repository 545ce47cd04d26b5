"""``evenreach score``: the scores table of a place as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.options import TABLE_FILE_HELP, Dial, EditionName, FocusName, Weights, Within, table_file
from service.commands.output import Json, Output, PlaceName, Quiet, Store, told


@told
def score(
    place: PlaceName,
    out: Annotated[Path, typer.Option("--out", callback=table_file, help=TABLE_FILE_HELP)],
    focus: FocusName = "core",
    rho: Dial = "3",
    within: Within = "",
    weights: Weights = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the scores of PLACE to a file."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.editions.weights import check_weights
    from service.files.downloads import kind_of, write_table
    from service.queries import read_rho
    from service.settings import Settings

    opened = open_edition(store or Settings().store, place, edition or None)
    opened.focus_arrays(focus)
    chosen = check_weights(opened, focus, weights)
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition, weights=chosen)
    write_table(opened, view, out, kind_of(out))
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
