"""Plans of sites by address: JSON for programs, and files; made in the workshop, for as long as the client waits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from geodata.errors import UnknownFocus
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import View
from service.editions.weights import check_weights
from service.files.downloads import MEDIA_TYPES, UnknownKind
from service.pages.furniture import site_pages
from service.queries import BadQuery, read_name, read_rho, read_within
from service.routes.downloads import content_disposition
from service.routes.heavy import CLIENT_LEFT, check_area, heavy_answer, made_in_workshop, unless_left
from service.siting.requests import (
    ABOUT_CANDIDATES,
    ABOUT_CAPACITY,
    ABOUT_GROWTH,
    ABOUT_POINT,
    LISTED,
    LONGEST_MINUTES,
    LONGEST_NAME,
    MINUTES_DEFAULT,
    MOST_ADDED,
    MOST_GROWTH,
    MOST_PEOPLE,
    MOST_POINTS,
    MOST_ROOM,
    MOST_SITES,
    NEW,
    Asked,
    Demand,
    Objective,
    SitingRequest,
    checked,
)
from service.siting.site_ids import with_site_ids
from service.siting.usual import as_usual
from service.web.dependencies import (
    LSOA,
    EditionText,
    FocusText,
    RequestedEdition,
    RequestedEditions,
    RequestedWorkshop,
    RhoText,
    ViewWords,
    WeightsText,
    WithinText,
    edition_named,
    read_view,
)
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes()
JOB = "service.siting.jobs:make"
CLOSURES_JOB = "service.siting.jobs:make_closures"
WAKE = "service.siting.jobs:wake"
JSON = "application/json"
MEDIA = {
    "csv": MEDIA_TYPES["csv"],
    "sites.csv": MEDIA_TYPES["csv"],
    "xlsx": MEDIA_TYPES["xlsx"],
    "pdf": "application/pdf",
    "geojson": MEDIA_TYPES["geojson"],
    "json": JSON,
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind: {} for kind in MEDIA.values()}}
}


def _word(about: str) -> Any:
    return Query(description=about, max_length=80)


def _words(about: str) -> Any:
    return Query(description=f"{about}; may be repeated")


@dataclass(frozen=True)
class SitingWords:
    """The parameters of an address that say what is asked of a plan, as they came."""

    service: Annotated[str, _word(f"Service to be placed; {NEW} where no site of it is open")] = ""
    candidates: Annotated[list[str], _words(f"Where a site could go: {ABOUT_CANDIDATES}")] = ()  # type: ignore[assignment]
    add: Annotated[str, _word("Sites more than now, 1 when left out; below zero: fewer, of those that may close")] = ""
    close: Annotated[list[str], _words("Id of an existing site that may close, or of its feature")] = ()  # type: ignore[assignment]
    keep: Annotated[list[str], _words("Id of a site that stays open")] = ()  # type: ignore[assignment]
    forbid: Annotated[list[str], _words("Id of a candidate that is not to be used")] = ()  # type: ignore[assignment]
    objective: Annotated[str, _word("mean, worst, coverage or fair; mean when left out")] = ""
    demand: Annotated[str, _word("people, eligible or targeting; people when left out")] = ""
    minutes: Annotated[str, _word("Journey that counts as within reach; 15 when left out")] = ""
    mode: Annotated[str, _word("walk, cycle, drive or transit; the service's usual way when left out")] = ""
    point: Annotated[list[str], _words(f"Candidate of your own: {ABOUT_POINT}")] = ()  # type: ignore[assignment]
    capacity: Annotated[list[str], _words(f"Limit: {ABOUT_CAPACITY}")] = ()  # type: ignore[assignment]
    growth: Annotated[list[str], _words(f"People added: {ABOUT_GROWTH}")] = ()  # type: ignore[assignment]

    def asked(self) -> Asked:
        """Give them to be read."""
        return Asked(**asdict(self))


AskedSiting = Annotated[SitingWords, Depends()]


class CandidatePoint(BaseModel):
    """A place of your own where a site could go."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field("", max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$", description="What people read")
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="Longitude, degrees")
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Latitude, degrees")


class PeopleAdded(BaseModel):
    """People who are still to come to a neighbourhood, such as by new homes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lsoa21cd: str = Field(pattern=f"^{LSOA}$", description="Code of the neighbourhood (2021)")
    people: float = Field(ge=0, le=MOST_PEOPLE, allow_inf_nan=False, description="Persons added")


Names = Annotated[list[Annotated[str, Field(max_length=165)]], Field(max_length=MOST_SITES)]


class SitingBody(BaseModel):
    """What is asked of a plan of sites."""

    model_config = ConfigDict(extra="forbid", strict=True)

    service: str = Field(max_length=64, description=f"Service to be placed; `{NEW}` where no site of it is open")
    candidates: Names = Field([], description=f"Where a site could go: {ABOUT_CANDIDATES}")
    points: list[CandidatePoint] = Field([], max_length=MOST_POINTS, description="Candidates of your own")
    add: int = Field(
        1,
        ge=-MOST_ADDED,
        le=MOST_ADDED,
        description="Sites more than now. Below zero: fewer, of those in `close`; `close` with one id and `add` -1 "
        "tells what closing that site without a replacement means",
    )
    close: Names = Field(
        [],
        description="Ids of existing sites that may close, each replaced if that is better. Here and below, the "
        "id of a site's feature in GeoJSON is taken too",
    )
    keep: Names = Field([], description="Ids of sites that stay open; existing ones do unless named in `close`")
    forbid: Names = Field(
        [], description="Ids of candidates that are not to be used; one in `close` too closes for certain"
    )
    objective: Objective = Field("mean", description="What the best plan is best at")
    demand: Demand = Field("people", description="Residents, the ages of the focus, or these by targeting score")
    growth: list[PeopleAdded] = Field([], max_length=MOST_GROWTH, description="People who are still to come")
    minutes: float = Field(
        MINUTES_DEFAULT, gt=0, le=LONGEST_MINUTES, allow_inf_nan=False, description="What counts as within reach"
    )
    mode: str = Field("", max_length=20, description="walk, cycle, drive or transit; empty for the service's usual way")
    capacity: dict[Annotated[str, Field(max_length=160)], Annotated[int, Field(ge=0, le=MOST_ROOM)]] = Field(
        {}, max_length=MOST_SITES, description="People a site can take, by its id; `each` for every other"
    )
    listed_capacity: bool = Field(False, description="Take the capacities of your own lists of sites")
    closure: bool | None = Field(None, description="As an answer repeats it; it follows from `close` and `add`")
    focus: str = Field(
        "", max_length=64, description="Name of a focus: its ages and its need; empty for that of the service"
    )
    rho: float = Field(3.0, ge=1, le=20, allow_inf_nan=False, description="The dial, at most two decimals")
    within: str = Field("", max_length=100, description="lad:CODE, ward:CODE, msoa:CODE or team:NAME; empty for all")
    weights: str = Field("", max_length=2000, description="indicator=weight,... in place of the focus's own")
    edition: str = Field("", max_length=80, description="Id of an edition; empty for the newest")

    def request(self, edition: Edition) -> SitingRequest:
        """Read what is asked; BadQuery names the field that cannot be used."""
        room = [f"{name}:{people}" for name, people in self.capacity.items()]
        wanted = SitingRequest(
            service=self.service,
            candidates=tuple(self.candidates),
            add=self.add,
            close=tuple(self.close),
            keep=tuple(self.keep),
            forbid=tuple(self.forbid),
            objective=self.objective,
            demand=self.demand,
            minutes=self.minutes,
            mode=self.mode or edition.usual_mode(self.service),
            points=tuple((p.name.strip() or f"Point {n}", p.lon, p.lat) for n, p in enumerate(self.points, 1)),
            capacity=tuple(room + [LISTED] * self.listed_capacity),
            growth=tuple((row.lsoa21cd, row.people) for row in self.growth),
        )
        asked = checked(with_site_ids(edition, wanted))
        if self.closure is not None and self.closure != asked.closure:
            said = f"closure is {str(self.closure).lower()}, and close and add say otherwise."
            raise BadQuery("closure", said, hint="Leave closure out: it follows from close and add.")
        return asked


class Measures(BaseModel):
    """What open sites give the people who are counted; minutes to six decimals, to be rounded where shown."""

    model_config = ConfigDict(extra="allow")

    mean_min: float | None
    worst_fifth_mean_min: float | None
    p95_min: float | None
    maximum_min: float | None
    fair_k: float | None
    covered: float | None
    people: float


class SitingAnswer(BaseModel):
    """A plan of sites: which open and close, what is proved, who gains and who loses."""

    model_config = ConfigDict(extra="allow")

    place: str
    edition: str
    method: str
    attribution: list[str]
    query: str = Field(description="Query string that asks for this plan again")
    words: dict[str, str]
    sites: list[dict[str, Any]] = Field(description="Kept, closable, candidate and forbidden sites, with their status")
    before: Measures | None = Field(description="None where no site is open")
    after: Measures
    proof: dict[str, Any] = Field(description="Value of the objective, what no plan can better, and the gap")
    price: dict[str, Any] = Field(description="The best plan of each objective, and what the fair one costs")
    rivals: list[dict[str, Any]] = Field(description="Every site to choose among, with its rank under each objective")
    fifths: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    gainers: list[dict[str, Any]]
    losers: list[dict[str, Any]]
    neighbourhoods: list[dict[str, Any]]
    notes: list[str]


@router.post(
    "/api/v1/places/{place}/sitings",
    tags=["JSON"],
    response_class=Response,
    responses={200: {"model": SitingAnswer, "description": "The plan"}},
)
async def choose_sites(
    request: Request, editions: RequestedEditions, workshop: RequestedWorkshop, place: str, body: SitingBody
) -> Response:
    """Choose sites: the best plan by one objective, what it changes for whom, and how the others compare.

    Nothing is stored. With sites in `close`, no candidates and `add` as many below zero, it is a closure test.
    """
    edition = await edition_named(editions, place, body.edition)
    made = await planned(request, workshop, edition, _view(edition, body), body.request(edition))
    if made is None:
        return Response(None, CLIENT_LEFT)
    return Response(made, headers={"Cache-Control": "no-store"}, media_type=JSON)


def _view(edition: Edition, body: SitingBody) -> View:
    focus = read_name("focus", body.focus) or edition.usual_focus(body.service)
    if focus not in edition.focuses:
        raise UnknownFocus(f"No focus {body.focus!r} here; choose one of {', '.join(sorted(edition.focuses))}.")
    if round(body.rho, 2) != body.rho:
        raise BadQuery("rho", f"rho is {body.rho}; expected at most two decimals.", hint="Give a dial such as 3.")
    return View(
        place=edition.place["id"],
        focus=focus,
        rho=read_rho(f"{body.rho:g}"),
        within=read_within(body.within),
        layer="",
        edition=body.edition,
        weights=check_weights(edition, focus, body.weights),
    )


async def planned(
    request: Request, workshop: Workshop, edition: Edition, view: View, asked: SitingRequest
) -> bytes | None:
    """Make a plan in the workshop; None where the client left, which ends the work.

    Returns
    -------
    bytes or None
        What `service.siting.plans.plan_sites` gives, as JSON.

    Raises
    ------
    BadQuery
        If the request cannot be met; it names the field.
    UnknownFootprint
        If the edition does not have the view's footprint.
    """
    public_url = site_pages(request).tenant.public_url
    return await _worked(request, workshop, edition, view, JOB, arguments(edition, view, asked, "json", public_url))


async def closed_one_by_one(
    request: Request, workshop: Workshop, edition: Edition, view: View, asked: SitingRequest
) -> bytes | None:
    """Have every site of today closed by itself; None where the client left, which ends the work.

    Returns
    -------
    bytes or None
        What `service.siting.closures.closures_of` gives, as JSON.

    Raises
    ------
    BadQuery, UnknownFootprint
        As `planned`.
    """
    job = arguments(edition, view, asked, "json", "")
    del job["kind"], job["public_url"]
    return await _worked(request, workshop, edition, view, CLOSURES_JOB, job)


async def _worked(
    request: Request, workshop: Workshop, edition: Edition, view: View, job: str, wanted: dict[str, Any]
) -> bytes | None:
    """Read what a job of the workshop writes."""
    check_area(edition, view)
    file = await unless_left(request, made_in_workshop(workshop, job, wanted))
    if file is None:
        return None
    with file:
        return file.read()


def arguments(edition: Edition, view: View, asked: SitingRequest, kind: str, public_url: str) -> dict[str, Any]:
    """Write a job of the workshop down as plain data."""
    return {
        "store": str(edition.stored.folder.parent.parent),
        "edition": edition.id,
        "view": asdict(siting_view(view)),
        "request": asdict(asked),
        "kind": kind,
        "public_url": public_url,
    }


def siting_view(view: View) -> View:
    """Leave what a plan of sites does not look at out of a view."""
    return View(view.place, view.focus, view.rho, view.within, "", "", view.edition, view.weights)


async def requested_view(
    opened: RequestedEdition,
    service: Annotated[str, _word("Service to be placed")] = "",
    focus: FocusText = "",
    rho: RhoText = "",
    within: WithinText = "",
    edition: EditionText = "",
    weights: WeightsText = "",
) -> View:
    """Give the view of an address, its focus that of the service if it names none; minutes are the plan's own."""
    focus = focus or opened.usual_focus(service)
    return siting_view(read_view(opened, ViewWords(focus, rho, within, "", edition, weights)))


async def siting_kind(kind: str) -> str:
    """Give the format that an address names."""
    if kind not in MEDIA:
        raise UnknownKind(kind[:40], MEDIA)
    return kind


@router.get("/downloads/{place}/siting.{kind}", tags=["downloads"], response_class=Response, responses=FILES)
async def download_siting(
    request: Request,
    edition: RequestedEdition,
    seen: Annotated[View, Depends(requested_view)],
    workshop: RequestedWorkshop,
    kind: Annotated[str, Depends(siting_kind)],
    words: AskedSiting,
) -> Response:
    """Give a plan of sites: neighbourhoods (CSV), sites (sites.csv, GeoJSON), both (XLSX), one A4 (PDF), all (JSON)."""
    asked = with_site_ids(edition, as_usual(edition, words.asked())).request()
    check_area(edition, seen)
    public_url = site_pages(request).tenant.public_url
    key = " ".join(
        ("siting", kind, seen.place, edition.id, METHOD_VERSION, public_url, asked.state(seen.but(edition="")))
    )
    job = arguments(edition, seen, asked, kind, public_url)
    response = await heavy_answer(request, workshop, JOB, job, key=key, kind=MEDIA[kind], pinned=bool(seen.edition))
    name = f"evenreach_{seen.place}_siting_{asked.service}_{asked.objective}_{edition.id}.{kind}"
    response.headers["Content-Disposition"] = content_disposition(name)
    return response
