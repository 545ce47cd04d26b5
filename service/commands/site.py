"""``evenreach site`` and ``evenreach closure``: where the next site should go, and what closing one would mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.check import Declarations, Sources
from service.commands.options import Dial, EditionName, Weights, Within, readable
from service.commands.output import Json, Output, PlaceName, Quiet, Refusal, Store, told

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.siting.requests import SitingRequest

FORMATS = ("csv", "xlsx", "pdf", "geojson", "json")


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


def _demand(texts: list[str] | None) -> list[str]:
    from service.siting.requests import DEMANDS

    files = [text for text in texts or [] if text not in DEMANDS]
    for text in files:
        if not Path(text).is_file():
            raise typer.BadParameter(f"{text!r} is neither a file nor one of {', '.join(DEMANDS)}")
    if len(files) > 1 or len(texts or []) - len(files) > 1:
        raise typer.BadParameter("give one of the words and one file at most")
    return texts or []


def _whom(texts: list[str] | None) -> str:
    """Give the word among what --demand says, empty where there is none."""
    from service.siting.requests import DEMANDS

    return next((text for text in texts or [] if text in DEMANDS), "")


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


def _sites(texts: list[str]) -> list[str]:
    if not all(text.strip() for text in texts):
        raise typer.BadParameter("the id of a site is empty")
    return texts


ServiceName = Annotated[str, typer.Option("--service", help="The service to be placed; new where no site is open.")]
Out = Annotated[Path, typer.Option("--out", callback=_out, help="File to write: .csv .xlsx .pdf .geojson .json")]
DemandName = Annotated[
    list[str] | None,
    typer.Option(
        "--demand",
        callback=_demand,
        help="people (usual), eligible or targeting; and a CSV of people still to come (lsoa21cd, people), who are "
        "added to them. Repeatable: a word and a file.",
        show_default=False,
    ),
]
Minutes = Annotated[str, typer.Option("--minutes", callback=_minutes, help="What counts as within reach.")]
Mode = Annotated[
    str,
    typer.Option(
        "--mode", help="walk, cycle, drive, transit: as the place was built; usually walk, drive where most do."
    ),
]
Focus = Annotated[
    str, typer.Option("--focus", help="A focus, as `evenreach focuses` lists them; usually the one for the service.")
]


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
    demand: DemandName = None,
    minutes: Minutes = "15",
    mode: Mode = "",
    capacity: Annotated[
        list[str] | None,
        typer.Option("--capacity", help="each:PEOPLE, ID:PEOPLE or listed. Repeatable.", show_default=False),
    ] = None,
    focus: Focus = "",
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
    opened, view, folder = _opened(place, service, focus, rho, within, weights, edition, store)
    asked = Asked(
        service=service,
        candidates=[text for text in candidates or [] if not Path(text).is_file()],
        add=str(add),
        close=close or [],
        keep=keep or [],
        forbid=forbid or [],
        objective=objective,
        demand=_whom(demand),
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
    site: Annotated[
        list[str],
        typer.Option(
            "--site", callback=_sites, help="Id of a site to close, or of its feature. Repeatable: all close."
        ),
    ],
    out: Out,
    demand: DemandName = None,
    minutes: Minutes = "15",
    mode: Mode = "",
    focus: Focus = "",
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
    from service.siting.site_ids import with_site_ids

    output = Output(as_json, quiet)
    opened, view, folder = _opened(place, service, focus, rho, within, weights, edition, store)
    closing = {text.strip() for text in with_site_ids(opened, Asked(service=service, close=site)).close}
    asked = Asked(
        service=service,
        add=str(-len(closing)),
        close=sorted(closing),
        demand=_whom(demand),
        minutes=minutes,
        mode=mode,
    )
    request = _with_growth(opened, view, _request(opened, view, asked), demand, output, folder)
    _finish(opened, view, request, out, output)


def _opened(
    place: str, service: str, focus: str, rho: str, within: str, weights: str, edition: str, store: Path | None
) -> tuple[Edition, View, Path]:
    """Open the edition and read the view."""
    from service.editions.edition import open_edition
    from service.editions.views import View
    from service.editions.weights import check_weights
    from service.queries import read_rho
    from service.settings import Settings

    folder = store or Settings().store
    opened = open_edition(folder, place, edition or None)
    focus = focus or opened.usual_focus(service)
    opened.focus_arrays(focus)  # an unknown focus is named before its weights are
    weights = check_weights(opened, focus, weights)
    view = View(place, focus, read_rho(rho), within, "", edition=edition, weights=weights)
    return opened, view, folder


def _request(opened: Edition, view: View, asked: Any) -> SitingRequest:
    """Read what was asked."""
    from service.siting.site_ids import with_site_ids
    from service.siting.usual import as_usual

    if view.within:
        opened.footprint(view.within)
    return with_site_ids(opened, as_usual(opened, asked)).request()


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
    from service.queries import BadQuery
    from service.siting.requests import with_points

    for file in files:
        found = candidates_of(file, declared, opened, view, output, sources=sources, store=store)
        try:
            request = with_points(request, found)
        except BadQuery as error:
            raise Refusal(f"{file.name}: {error}") from None
    return request


def _with_growth(
    opened: Edition, view: View, request: SitingRequest, demand: list[str] | None, output: Output, store: Path
) -> SitingRequest:
    """Add the people that a file says are still to come, taken through the gate."""
    from dataclasses import replace

    from service.commands.candidate_files import growth_of

    file = next((text for text in demand or [] if text != _whom(demand)), "")
    if not file:
        return request
    return replace(request, growth=growth_of(Path(file), opened, view, output, store=store))


def _finish(opened: Edition, view: View, request: SitingRequest, out: Path, output: Output) -> None:
    """Make the plan, write it, and tell of it."""
    from service.commands.site_output import show_plan
    from service.siting.files import write_plan
    from service.siting.plans import plan_sites

    plan = plan_sites(opened, view, request)
    write_plan(opened, view, plan, out)
    output.result(plan | {"file": str(out)}, show_plan)
