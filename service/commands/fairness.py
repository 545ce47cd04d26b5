"""``evenreach inequality``, ``missed-need`` and ``similar``: how a measure differs, who is missed, who is alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.options import Dial, EditionName, FocusName, Within, amount_option
from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, print_table, told

TRANSFORMS = ("log", "logit")


def _transform(text: str) -> str:
    if text and text not in TRANSFORMS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(TRANSFORMS)}")
    return text


@told
def inequality(
    place: PlaceName,
    indicator: Annotated[str, typer.Option("--indicator", help="An indicator of the place.")],
    focus: FocusName = "core",
    within: Within = "",
    transform: Annotated[
        str, typer.Option("--transform", callback=_transform, help="log (rates) or logit (shares)")
    ] = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say how an indicator differs with need in PLACE: slope, ratio, gap, need fifths, groups, with limits."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.measures.inequalities import inequality as compared
    from service.measures.inequality_words import inequality_answer
    from service.settings import Settings

    opened = open_edition(store or Settings().store, place, edition or None)
    if indicator not in opened.indicators:
        raise Refusal(f"no indicator {indicator!r} here; choose one of {', '.join(opened.indicators)}")
    view = View(place=place, focus=focus, within=within, edition=edition, indicator=indicator)
    found = compared(opened, view, indicator, transform=transform or None)  # type: ignore[arg-type]
    Output(as_json, quiet).result(inequality_answer(found), _show_inequality)


def _show_inequality(found: dict[str, Any]) -> None:
    print(f"{found['indicator']['name']}, {found['name']}, edition {found['edition']}, focus {found['focus']}")
    _say(found)
    rows = [
        (row["fifth"], _figure(row["value"]), _figure(row["lower"]), _figure(row["upper"]), f"{row['of']:,.0f}")
        for row in found["need_fifths"]
    ]
    print_table(("need fifth", "value", "lower", "upper", f"of {found['need_fifths_of']}"), rows)
    for kind in found["by_group"]["kinds"]:
        named = [(group["name"], _figure(group["value"]), f"{group['people']:,.0f}") for group in kind["groups"]]
        print_table((f"{kind['title']} ({found['by_group']['label']})", "value", "people"), named)
    _close(found)


@told
def missed_need(
    place: PlaceName,
    areas: Annotated[
        str,
        typer.Option("--areas", help="core20, worst-fifth, ward:CODE, msoa:CODE, team:NAME, or a CSV of footprints"),
    ] = "core20",
    focus: FocusName = "core",
    rho: Dial = "3",
    budget: Annotated[str, typer.Option("--budget", callback=amount_option, help="Pounds.")] = "250000",
    within: Within = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say who in need PLACE would miss with fixed areas, beside equal shares and the dial on the same money."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.measures.missed_needs import missed_answer, missed_needs
    from service.queries import read_rho
    from service.settings import Settings
    from service.sharing.requests import read_amount

    opened = open_edition(store or Settings().store, place, edition or None)
    view = View(place=place, focus=focus, rho=read_rho(rho), within=within, edition=edition)
    file = Path(areas)
    codes = _own_areas(file, place, store, Output(as_json, quiet)) if file.suffix.lower() == ".csv" else None
    name = file.name if codes is not None else areas
    title = f"Only the areas of {file.name}" if codes is not None else ""
    made = missed_needs(opened, view, name, budget=read_amount("budget", budget), codes=codes, title=title)
    Output(as_json, quiet).result(missed_answer(made), _show_missed)


def _own_areas(file: Path, place: str, store: Path | None, output: Output) -> list[str]:
    """Read the neighbourhoods of all footprints in a file, through the gate for files that people bring."""
    from service.commands.check import fault_line, open_own_table

    if not file.is_file():
        raise Refusal(f"{file}: there is no such file")
    upload = open_own_table(file, "footprints", [], output, place=place, store=store)
    if upload.table is None:
        first = next(item for item in upload.report.as_dict()["items"] if item["severity"] == "reject")
        said = f"{fault_line(file.name, first)}; `evenreach check {file} --as footprints` lists all that is wrong"
        raise Refusal(said)
    return sorted(set(upload.table["lsoa21cd"]))


def _show_missed(found: dict[str, Any]) -> None:
    print(f"{found['name']}, edition {found['edition']}, focus {found['focus']}, £{found['budget']:,.0f}")
    _say(found)
    names = ("under_coverage", "with_nothing", "leakage", "per_person_in_need")
    rows = [(design["title"], *(_figure(design[name]) for name in names)) for design in found["designs"]]
    print_table(("design", "in need below average", "with nothing", "to people not in need", "£ per person"), rows)
    _close(found)


@told
def similar(
    place: PlaceName,
    council: Annotated[str, typer.Option("--council", help="Code of a council of the place; its only one.")] = "",
    k: Annotated[int, typer.Option("--k", min=1, max=20, help="How many peers.")] = 8,
    variables: Annotated[
        str, typer.Option("--variables", help="Context variables to compare by, with commas; a fixed list.")
    ] = "",
    peers: Annotated[
        str, typer.Option("--peers", help="Codes of councils with commas, an official list for one; the nearest.")
    ] = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the councils most like one of PLACE, and how it compares with their middle and quartiles."""
    from service.editions.edition import open_edition
    from service.measures.similar_places import (
        read_council,
        read_peers,
        read_variables,
        similar_answer,
        similar_councils,
    )
    from service.settings import Settings

    opened = open_edition(store or Settings().store, place, edition or None)
    chosen, names = read_council(opened, council), read_variables(opened, variables)
    found = similar_councils(opened, chosen, k, names, read_peers(opened, chosen, peers))
    Output(as_json, quiet).result(similar_answer(found), _show_similar)


def _show_similar(found: dict[str, Any]) -> None:
    print(f"{found['council']['name']}, edition {found['edition']}: councils most like it")
    print_table(
        ("council", "code", "distance"),
        [(peer["name"], peer["code"], _figure(peer["distance"])) for peer in found["peers"]],
    )
    keys = ("value", "median", "lower_quartile", "upper_quartile")
    rows = [(row["name"], row["year"], *(_figure(row[key]) for key in keys)) for row in found["variables"]]
    print_table(("measure", "year", "here", "peers' middle", "lower quartile", "upper quartile"), rows)
    _close(found)


def _say(found: dict[str, Any]) -> None:
    for sentence in [*found["sentences"], *found.get("warnings", [])]:
        print(f"  {sentence}")


def _close(found: dict[str, Any]) -> None:
    for sentence in [*found.get("notes", []), *found["attribution"]]:
        print(f"  {sentence}")


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
