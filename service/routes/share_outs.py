"""Share-outs by address: the page, the files, and JSON for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geodata.errors import UnknownFocus
from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import DEFAULT_FOCUS, View, dial_text
from service.editions.weights import check_weights
from service.files.downloads import MEDIA_TYPES, UnknownKind
from service.measures.matched_dials import matched_answer, matched_dial, outcomes
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.share_out import share_out_page
from service.queries import BadQuery, read_name, read_rho, read_within
from service.routes.downloads import content_disposition
from service.routes.heavy import CLIENT_LEFT, check_area, heavy_answer, made_in_workshop, unless_left
from service.sharing.counts import check_counts
from service.sharing.files import answer_key
from service.sharing.jobs import HEAVY, JOB, arguments, made
from service.sharing.requests import ABOUT_OVER, OVER, Asked, Form, ShareRequest, Unit
from service.sharing.share_outs import share_budget
from service.web.addresses import comment_address
from service.web.answers import answer, answer_page
from service.web.dependencies import (
    ForgivenView,
    IndicatorText,
    RequestedEdition,
    RequestedEditions,
    RequestedView,
    RequestedWorkshop,
    as_typed,
    edition_named,
)
from service.web.errors import UnknownIndicator
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes()
JSON = "application/json"
MEDIA = {
    "csv": MEDIA_TYPES["csv"],
    "xlsx": MEDIA_TYPES["xlsx"],
    "pdf": "application/pdf",
    "certificate.json": JSON,
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind: {} for kind in MEDIA.values()}}
}
AmountText = Annotated[str, Query(description="Pounds, or posts: a number above 0", max_length=40)]
UnitText = Annotated[str, Query(description="pence, pounds-exact or whole; pence when left out", max_length=40)]
OverText = Annotated[str, Query(description=f"{ABOUT_OVER}; lsoa when left out", max_length=80)]
MinimumText = Annotated[str, Query(description="For each recipient first; nothing when left out", max_length=40)]
FormText = Annotated[str, Query(description="dial or count; dial when left out", max_length=40)]
CountsText = Annotated[
    str, Query(description="Count form: income, idaci, idaopi or an indicator with counts", max_length=64)
]
FloorText = Annotated[
    str, Query(description="Count form: part shared equally per head, above 0 to 1; 0.5 when left out", max_length=40)
]


@dataclass(frozen=True)
class ShareWords:
    """The parameters of an address that say what is shared and how, as they came."""

    budget: AmountText = ""
    unit: UnitText = ""
    over: OverText = ""
    minimum: MinimumText = ""
    form: FormText = ""
    counts: CountsText = ""
    floor: FloorText = ""

    def asked(self, match: str = "") -> Asked:
        """Give them to be read, with the outcome whose dial is to be shown."""
        return Asked(**asdict(self), match=match)


AskedShare = Annotated[ShareWords, Depends()]
MatchText = Annotated[str, Query(description="Outcome whose need-matched dial is shown beside it", max_length=64)]


class ShareOutBody(BaseModel):
    """What is to be shared out, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    budget: float = Field(
        gt=0, le=10**12, allow_inf_nan=False, description="Pounds, or posts and the like with unit `whole`"
    )
    focus: str = Field(DEFAULT_FOCUS, max_length=64, description="Name of a focus")
    rho: float = Field(3.0, ge=1, le=20, allow_inf_nan=False, description="The dial, at most two decimals")
    within: str = Field("", max_length=100, description="lad:CODE, ward:CODE, msoa:CODE or team:NAME; empty for all")
    weights: str = Field(
        "",
        max_length=2000,
        description="indicator=weight,... in place of the focus's own weights",
    )
    unit: Unit = Field("pence", description="Pounds to the penny, pounds without rounding, or whole units")
    over: str = Field("lsoa", pattern=f"^(?:{OVER})$", description=f"Who receives: {ABOUT_OVER}")
    minimum: float = Field(0, ge=0, le=10**12, allow_inf_nan=False, description="For each recipient first")
    form: Form = Field("dial", description="By the order of need and the dial, or by a number of people in need")
    counts: str = Field("", max_length=64, description="Count form: income, idaci, idaopi or an indicator with counts")
    floor: float = Field(
        0.5, gt=0, le=1, allow_inf_nan=False, description="Count form: part of the budget shared equally per head"
    )
    edition: str = Field("", max_length=80, description="Id of an edition; empty for the newest")


class Summary(BaseModel):
    """A share-out summed up; the full list of members is in the answer."""

    model_config = ConfigDict(extra="allow")

    budget: float
    eligible: float
    below_one_unit: bool
    sentences: list[str]
    warnings: list[str]


class ShareOutAnswer(BaseModel):
    """A share-out: who gets what, in words and figures, and the certificate that proves it."""

    model_config = ConfigDict(extra="allow")

    place: str
    edition: str
    attribution: list[str]
    recipients: list[dict[str, Any]] = Field(description="Greatest need first; the amounts add up to the budget")
    summary: Summary
    certificate: dict[str, Any] = Field(description="Every figure as exact text, and a digest")


@router.post(
    "/api/v1/places/{place}/share-outs",
    tags=["JSON"],
    response_class=Response,
    responses={200: {"model": ShareOutAnswer, "description": "The budget shared out"}},
)
async def share_out(
    request: Request, editions: RequestedEditions, workshop: RequestedWorkshop, place: str, body: ShareOutBody
) -> Response:
    """Share a budget out: everyone gets something, more where need is greater."""
    _refuse_idle(body)
    edition = await edition_named(editions, place, body.edition)
    if read_name("focus", body.focus) not in edition.focuses:
        raise UnknownFocus(f"No focus {body.focus!r} here; choose one of {', '.join(sorted(edition.focuses))}.")
    weights = check_weights(edition, body.focus, body.weights)
    view = View(
        edition.place["id"],
        body.focus,
        _dial(body.rho),
        read_within(body.within),
        edition=body.edition,
        weights=weights,
    )
    asked = ShareRequest(body.budget, body.unit, body.over, body.minimum, body.form, body.counts, body.floor)
    content = await _made(request, workshop, edition, view, asked, "json")
    return Response(content, headers={"Cache-Control": "no-store"}, media_type=JSON)


async def _made(
    request: Request, workshop: Workshop, edition: Edition, view: View, asked: ShareRequest, kind: str, match: str = ""
) -> bytes:
    """Share a budget out here, or in the workshop where the place is large; empty where the client left."""
    public_url = site_pages(request).tenant.public_url
    check_area(edition, view)
    if not edition.large:
        return await run_in_threadpool(lambda: made(share_budget(edition, view, asked), kind, public_url, match))
    job = made_in_workshop(workshop, JOB, arguments(edition, view, asked, kind, public_url, match))
    file = await unless_left(request, job)
    if file is None:
        return b""
    with file:
        return file.read()


def _refuse_idle(body: ShareOutBody) -> None:
    """Refuse what the form chosen leaves aside, where it was given."""
    idle = "floor" if body.form == "dial" else "rho"
    if idle in body.model_fields_set:
        other = "count" if body.form == "dial" else "dial"
        raise BadQuery(idle, f"{idle} came with form={body.form}.", hint=f"It belongs to form={other}; leave it out.")


def _dial(rho: float) -> float:
    if round(rho, 2) != rho:
        raise BadQuery("rho", f"rho is {rho}; expected at most two decimals.", hint="Give a dial such as 3 or 4.25.")
    return read_rho(dial_text(rho))


@router.get("/api/v1/places/{place}/need-matched-dial", tags=["JSON"], response_class=Response)
def show_matched_dial(
    request: Request, edition: RequestedEdition, view: RequestedView, outcome: IndicatorText = ""
) -> Response:
    """Dial that is as steep as a measured outcome, beside the chosen one; none where it is not defined, and why."""
    view = view.but(layer="", indicator="")
    if not read_name("outcome", outcome):
        choices = ", ".join(name for name, _ in outcomes(edition))
        raise BadQuery("outcome", "There is no outcome.", hint=f"Give outcome=, one of {choices}.")
    key = f"matched-dial {view.place} {edition.id} {METHOD_VERSION} {view.but(edition='').query(outcome=outcome)}"

    def make() -> bytes:
        return orjson.dumps(matched_answer(matched_dial(edition, view, outcome)))

    return answer(request, key, make, media_type=JSON, pinned=bool(view.edition))


@router.get("/places/{place}/share-out", response_class=HTMLResponse, include_in_schema=False)
async def show_share_out(
    request: Request,
    edition: RequestedEdition,
    forgiven: ForgivenView,
    workshop: RequestedWorkshop,
    words: AskedShare,
    match: MatchText = "",
) -> Response:
    """Share a budget out on a page: form, sentences, amounts, designs, certificate."""
    view = forgiven.view.but(layer="", indicator="")
    asked = words.asked(read_name("match", match))
    result, error = b"", None
    if asked.match and asked.match not in edition.indicators:
        raise UnknownIndicator(f"No outcome {asked.match!r} here.")
    if "budget" in request.query_params and not words.budget.strip():
        error = BadQuery("budget", "Enter a budget")
    error = _wrong_choice(edition, asked) or error
    if words.budget.strip() and not forgiven.errors and not error:
        try:
            result = await _made(request, workshop, edition, view, asked.request(), "page", asked.match)
        except BadQuery as refusal:
            error = refusal
        else:
            if not result:
                return Response(None, CLIENT_LEFT)
    found = (orjson.loads(result) if result else {}) | {"error": error, "slips": forgiven.errors}
    return await run_in_threadpool(_page, request, edition, view, asked, found, forgiven.notices)


def _wrong_choice(edition: Edition, asked: Asked) -> BadQuery | None:
    """Say what is wrong with a word that is chosen from a list, also where nothing is shared yet."""
    try:
        asked.words()
        if asked.counts:
            check_counts(edition, asked.counts)
    except BadQuery as error:
        return error
    return None


def _page(
    request: Request, edition: Edition, view: View, asked: Asked, found: dict[str, Any], notices: list[str]
) -> Response:
    drawn = share_out_page(edition, view, asked, **found)
    context = furniture(edition) | {
        "page_title": drawn["heading"],
        "comment_address": comment_address(request),
        "wide": True,
        "view": view,
        "notices": notices,
        "typed": as_typed(request, found["slips"]),
        "breadcrumbs": breadcrumbs((edition.place["name"], drawn["planner_address"]), ("Share out a budget", "")),
        **drawn,
    }
    body = site_pages(request).draw("share_out.html", context).encode()
    if drawn["errors"]:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer_page(request, body, edition)


async def share_kind(kind: str) -> str:
    """Give the format that an address names."""
    if kind not in MEDIA:
        raise UnknownKind(kind[:40], MEDIA)
    return kind


@router.get("/downloads/{place}/share-out.{kind}", tags=["downloads"], response_class=Response, responses=FILES)
async def download_share_out(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    workshop: RequestedWorkshop,
    kind: Annotated[str, Depends(share_kind)],
    words: AskedShare,
) -> Response:
    """Give a share-out as CSV, XLSX, one A4 (PDF), or its certificate: the same figures in all."""
    view, public_url = view.but(layer="", indicator=""), site_pages(request).tenant.public_url
    asked = words.asked().request()
    if words.floor and asked.form == "dial":
        raise BadQuery("floor", "floor came with the dial.", hint="It belongs to form=count; leave it out.")
    check_area(edition, view)
    key = answer_key(f"{kind} {view.place}", edition.id, view.but(edition="").query(**asked.parameters()))
    pinned = bool(view.edition)
    if kind in HEAVY or edition.large:
        job = arguments(edition, view, asked, kind, public_url)
        response = await heavy_answer(request, workshop, JOB, job, key=key, kind=MEDIA[kind], pinned=pinned)
    else:

        def make() -> bytes:
            return made(share_budget(edition, view, asked), kind, public_url)

        response = await run_in_threadpool(answer, request, key, make, media_type=MEDIA[kind], pinned=pinned)
    name = f"evenreach_{view.place}_share-out_{view.focus}_rho{dial_text(view.rho)}_{edition.id}.{kind}"
    response.headers["Content-Disposition"] = content_disposition(name)
    return response
