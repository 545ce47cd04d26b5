"""``evenreach site`` and ``evenreach closure``: where the next site should go, and what closing one would mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.check import Declarations, Sources
from service.commands.options import Dial, EditionName, FocusName, Weights, Within, readable
from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, print_table, told

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.siting.requests import SitingRequest

FORMATS = ("csv", "xlsx", "pdf", "geojson", "json")
MOST_SHOWN = 10
MEASURES = (
    ("mean_min", "average journey, minutes"),
    ("worst_fifth_mean_min", "average in the fifth of greatest need"),
    ("p95_min", "95 of 100 people travel at most"),
    ("maximum_min", "longest journey"),
    ("fair_k", "fair average (Kolm-Pollak)"),
    ("covered", "people within reach"),
)


def _out(out: Path) -> Path:
    if out.suffix.lower().lstrip(".") not in FORMATS:
        raise typer.BadParameter(f"{out.name!r} has no known format: use .{', .'.join(FORMATS)}")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(out.parent)!r}")
    return out


def _candidates(texts: list[str] | None) -> list[str]:
    import re

    from service.siting.requests import ABOUT_CANDIDATES, CANDIDATES

    for text in texts or []:
        if not re.fullmatch(CANDIDATES, text) and not Path(text).is_file():
            raise typer.BadParameter(f"{text!r} is neither a file nor {ABOUT_CANDIDATES}")
    return texts or []


def _demand(text: str) -> str:
    from service.siting.requests import DEMANDS

    if text not in DEMANDS and not Path(text).is_file():
        raise typer.BadParameter(f"{text!r} is neither a file nor one of {', '.join(DEMANDS)}")
    return text


def _objective(text: str) -> str:
    from service.siting.requests import OBJECTIVES

    if text not in OBJECTIVES:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(OBJECTIVES)}")
    return text


def _minutes(text: str) -> str:
    from service.siting.requests import read_minutes

    return readable(lambda: read_minutes(text), text)


def _points(texts: list[str] | None) -> list[str]:
    from service.siting.requests import read_point

    for text in texts or []:
        readable(lambda text=text: read_point(text), text)  # type: ignore[misc]
    return texts or []


ServiceName = Annotated[str, typer.Option("--service", help="The service to be placed; new where no site is open.")]
Out = Annotated[Path, typer.Option("--out", callback=_out, help="File to write: .csv .xlsx .pdf .geojson .json")]
DemandName = Annotated[
    str,
    typer.Option(
        "--demand",
        callback=_demand,
        help="people, eligible, targeting, or a CSV of people still to come (lsoa21cd, people), added to residents.",
    ),
]
Minutes = Annotated[str, typer.Option("--minutes", callback=_minutes, help="What counts as within reach.")]
Mode = Annotated[str, typer.Option("--mode", help="walk, cycle, drive, transit: as the place was built.")]


@told
def site(
    place: PlaceName,
    service: ServiceName,
    out: Out,
    candidates: Annotated[
        list[str] | None,
        typer.Option(
            "--candidates",
            callback=_candidates,
            help="Where it could go: a service, own:NAME, site:ID, or a CSV of sites. Repeatable.",
            show_default=False,
        ),
    ] = None,
    point: Annotated[
        list[str] | None,
        typer.Option("--point", callback=_points, help="A candidate: lon,lat,name. Repeatable.", show_default=False),
    ] = None,
    add: Annotated[int, typer.Option("--add", help="Sites more than now; below zero: fewer, of those --close.")] = 1,
    close: Annotated[
        list[str] | None, typer.Option("--close", help="A site that may close. Repeatable.", show_default=False)
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="A site that stays open. Repeatable.", show_default=False)
    ] = None,
    forbid: Annotated[
        list[str] | None, typer.Option("--forbid", help="A candidate not to be used. Repeatable.", show_default=False)
    ] = None,
    objective: Annotated[
        str, typer.Option("--objective", callback=_objective, help="mean, worst, coverage or fair")
    ] = "mean",
    demand: DemandName = "people",
    minutes: Minutes = "15",
    mode: Mode = "walk",
    capacity: Annotated[
        list[str] | None,
        typer.Option("--capacity", help="each:PEOPLE, ID:PEOPLE or listed. Repeatable.", show_default=False),
    ] = None,
    focus: FocusName = "core",
    rho: Dial = "3",
    within: Within = "",
    weights: Weights = "",
    declared: Declarations = None,
    sources: Sources = None,
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Choose sites in PLACE: the best plan, who gains and who loses, and how the other candidates compare."""
    from service.siting.requests import Asked

    output = Output(as_json, quiet)
    opened, view, folder = _opened(place, focus, rho, within, weights, edition, store)
    asked = Asked(
        service=service,
        candidates=[text for text in candidates or [] if not Path(text).is_file()],
        add=str(add),
        close=close or [],
        keep=keep or [],
        forbid=forbid or [],
        objective=objective,
        demand=demand if not Path(demand).is_file() else "",
        minutes=minutes,
        mode=mode,
        point=point or [],
        capacity=capacity or [],
    )
    files = [Path(text) for text in candidates or [] if Path(text).is_file()]
    request = _request(opened, view, asked)
    request = _with_files(opened, view, request, files, declared or [], output, sources, folder)
    request = _with_growth(opened, view, request, demand, output, folder)
    _finish(opened, view, request, out, output)


@told
def closure(
    place: PlaceName,
    service: ServiceName,
    site: Annotated[list[str], typer.Option("--site", help="Id of a site to close. Repeatable: all of them close.")],
    out: Out,
    demand: DemandName = "people",
    minutes: Minutes = "15",
    mode: Mode = "walk",
    focus: FocusName = "core",
    rho: Dial = "3",
    within: Within = "",
    weights: Weights = "",
    edition: EditionName = "",
    store: Store = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what closing sites of PLACE with nothing in their place would mean, and for whom."""
    from service.siting.requests import Asked

    output = Output(as_json, quiet)
    opened, view, folder = _opened(place, focus, rho, within, weights, edition, store)
    asked = Asked(
        service=service,
        add=str(-len(set(site))),
        close=site,
        demand=demand if not Path(demand).is_file() else "",
        minutes=minutes,
        mode=mode,
    )
    request = _with_growth(opened, view, _request(opened, view, asked), demand, output, folder)
    _finish(opened, view, request, out, output)


def _opened(
    place: str, focus: str, rho: str, within: str, weights: str, edition: str, store: Path | None
) -> tuple[Edition, View, Path]:
    """Open the edition and read the view."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.editions.weights import check_weights
    from service.settings import Settings
    from service.web.queries import BadQuery, read_rho

    folder = store or Settings().store
    opened = open_edition(folder, place, edition or None)
    opened.focus_arrays(focus)  # an unknown focus is named before its weights are
    try:
        weights = check_weights(opened, focus, weights)
    except BadQuery as error:
        raise Refusal(f"{error} {error.hint}".strip()) from None
    view = View(place, focus, read_rho(rho), within, "", edition=edition, weights=weights)
    return opened, view, folder


def _request(opened: Edition, view: View, asked: Any) -> SitingRequest:
    """Read what was asked."""
    from service.web.queries import BadQuery

    try:
        if view.within:
            opened.footprint(view.within)
        request: SitingRequest = asked.request()
    except BadQuery as error:
        raise Refusal(f"{error} {error.hint}".strip()) from None
    return request


def _with_files(
    opened: Edition,
    view: View,
    request: SitingRequest,
    files: list[Path],
    declared: list[str],
    output: Output,
    sources: Path | None,
    store: Path,
) -> SitingRequest:
    """Add the candidates of files, taken through the gate."""
    from service.commands.candidate_files import candidates_of
    from service.siting.requests import with_points
    from service.web.queries import BadQuery

    for file in files:
        found = candidates_of(file, declared, opened, view, output, sources=sources, store=store)
        try:
            request = with_points(request, found)
        except BadQuery as error:
            raise Refusal(f"{file.name}: {error}") from None
    return request


def _with_growth(
    opened: Edition, view: View, request: SitingRequest, demand: str, output: Output, store: Path
) -> SitingRequest:
    """Add the people that a file says are still to come, taken through the gate."""
    from dataclasses import replace

    from service.commands.candidate_files import growth_of

    if not Path(demand).is_file():
        return request
    return replace(request, growth=growth_of(Path(demand), opened, view, output, store=store))


def _finish(opened: Edition, view: View, request: SitingRequest, out: Path, output: Output) -> None:
    """Make the plan, write it, and tell of it."""
    from service.siting.files import write_plan
    from service.siting.plans import plan_sites
    from service.web.queries import BadQuery

    try:
        plan = plan_sites(opened, view, request)
    except BadQuery as error:
        raise Refusal(f"{error} {error.hint}".strip()) from None
    write_plan(opened, view, plan, out)
    output.result(plan | {"file": str(out)}, _show)


def _show(plan: dict[str, Any]) -> None:
    words, asked = plan["words"], plan["request"]
    print(f"{plan['file']}: {words['services']} in {words['area']}, edition {plan['edition']}, focus {asked['focus']}")
    print(f"  For {words['demand']}; {words['mode']}, {words['time_basis']}")
    if not asked["closure"]:
        proof = plan["proof"]
        print(f"  Aim: {words['objective']}. Proved gap: {100 * proof['gap']:.2f} per cent ({proof['method']})")
    for status, verb in (("opened", "Open"), ("closed", "Close")):
        for each in plan["sites"]:
            if each["status"] == status:
                print(f"  {verb}: {each['name']} ({each['id']})")
    before = plan["before"] or {}
    rows = [(title, _figure(before.get(key)), _figure(plan["after"][key])) for key, title in MEASURES]
    print_table((f"people within {asked['minutes']:g} minutes and journeys", "before", "after"), rows)
    _show_changes(plan)
    if plan["price"]["price_of_fairness"] is not None:
        print(f"Price of fairness: {plan['price']['price_of_fairness']:.4f} times the shortest average journey")
    for note in [*plan["notes"], *plan["attribution"]]:
        print(f"  {note}")


def _show_changes(plan: dict[str, Any]) -> None:
    """Print need fifths, who loses and who gains, and the candidates."""
    fifths = [
        (row["fifth"], f"{row['people']:,}", _figure(row["mean_before_min"]), _figure(row["mean_after_min"]))
        for row in plan["fifths"]
    ]
    print_table(("need fifth", "people", "before", "after"), fifths)
    for name, title in (("losers", "longer way"), ("gainers", "shorter way")):
        rows = [
            (f"{row['msoa21hclnm']} ({row['lsoa21nm']})", f"{row['people']:,}", _figure(row["change_min"]))
            for row in plan[name][:MOST_SHOWN]
        ]
        if rows:
            print_table((f"{title}: {len(plan[name])} neighbourhoods", "people", "minutes"), rows)
    rivals = [
        (row["name"], "chosen" if row["chosen"] else "", *(_rank(row, name) for name in row["ranks"]))
        for row in plan["rivals"][:MOST_SHOWN]
    ]
    if rivals:
        print_table(("candidate", "", "rank: mean", "worst", "coverage", "fair"), rivals)


def _rank(row: dict[str, Any], name: str) -> str:
    return "" if row["ranks"][name] is None else str(row["ranks"][name])


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.0f}" if isinstance(value, int) else f"{value:,.2f}"
