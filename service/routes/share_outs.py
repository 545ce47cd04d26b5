"""Share-outs by address: the page, the files, and JSON for programs."""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from geodata.errors import UnknownFocus
from service.answers import answer
from service.dependencies import RequestedEdition, RequestedEditions, RequestedView
from service.downloads import MEDIA_TYPES, csv_bytes
from service.edition import Edition
from service.pages.furniture import breadcrumbs, furniture, site_pages
from service.pages.share_out import Asked, share_out_page
from service.queries import BadQuery, read_edition, read_name, read_rho, read_within
from service.routes.downloads import content_disposition
from service.share_files import answer_key, share_answer, share_table
from service.share_outs import Over, SharedBudget, ShareRequest, Unit, certificate_bytes, share_budget
from service.views import DEFAULT_FOCUS, View, dial_text
from service.workshop import WorkshopBusy

router = APIRouter()
HTML = "text/html; charset=utf-8"
JSON = "application/json"
ONE_LARGE = Lock()
AmountText = Annotated[str, Query(description="Pounds, or posts: a number above 0", max_length=40)]
UnitText = Annotated[str, Query(description="pence, pounds-exact or whole; pence when left out", max_length=40)]
OverText = Annotated[str, Query(description="lsoa, wards, msoas or teams; lsoa when left out", max_length=40)]
MinimumText = Annotated[str, Query(description="For each recipient first; nothing when left out", max_length=40)]


class ShareOutBody(BaseModel):
    """What is to be shared out, and how."""

    model_config = ConfigDict(extra="forbid", strict=True)

    budget: float = Field(
        gt=0, le=10**12, allow_inf_nan=False, description="Pounds, or posts and the like with unit `whole`"
    )
    focus: str = Field(DEFAULT_FOCUS, max_length=64, description="Name of a focus")
    rho: float = Field(3.0, ge=1, le=20, allow_inf_nan=False, description="The dial, at most two decimals")
    within: str = Field("", max_length=100, description="lad:CODE, ward:CODE, msoa:CODE or team:NAME; empty for all")
    unit: Unit = Field("pence", description="Pounds to the penny, pounds without rounding, or whole units")
    over: Over = Field("lsoa", description="Who receives")
    minimum: float = Field(0, ge=0, le=10**12, allow_inf_nan=False, description="For each recipient first")
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
def share_out(editions: RequestedEditions, place: str, body: ShareOutBody) -> Response:
    """Share a budget out: everyone gets something, more where need is greater."""
    edition = editions.get(place, read_edition(body.edition))
    if read_name("focus", body.focus) not in edition.focuses:
        raise UnknownFocus(f"No focus {body.focus!r} here; choose one of {', '.join(sorted(edition.focuses))}.")
    view = View(edition.place["id"], body.focus, _dial(body.rho), read_within(body.within), edition=body.edition)
    shared = shared_out(edition, view, ShareRequest(body.budget, body.unit, body.over, body.minimum))
    return Response(orjson.dumps(share_answer(shared)), headers={"Cache-Control": "no-store"}, media_type=JSON)


def shared_out(edition: Edition, view: View, asked: ShareRequest) -> SharedBudget:
    """Share a budget out; of large places one at a time, since each takes seconds.

    Raises
    ------
    WorkshopBusy
        If another large place is being shared out.
    """
    if not edition.large:
        return share_budget(edition, view, asked)
    if not ONE_LARGE.acquire(blocking=False):
        raise WorkshopBusy("Another large place is being shared out.")
    try:
        return share_budget(edition, view, asked)
    finally:
        ONE_LARGE.release()


def _dial(rho: float) -> float:
    if round(rho, 2) != rho:
        raise BadQuery("rho", f"rho is {rho}; expected at most two decimals.", hint="Give a dial such as 3 or 4.25.")
    return read_rho(dial_text(rho))


@router.get("/places/{place}/share-out", response_class=HTMLResponse, include_in_schema=False)
def show_share_out(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    budget: AmountText = "",
    unit: UnitText = "",
    over: OverText = "",
    minimum: MinimumText = "",
) -> Response:
    """Share a budget out on a page: form, sentences, amounts, designs, certificate."""
    view = view.but(layer="", indicator="")
    public_url = site_pages(request).tenant.public_url
    drawn = share_out_page(edition, view, Asked(budget, unit, over, minimum), public_url=public_url, share=shared_out)
    context = furniture(edition) | {
        "page_title": drawn["heading"],
        "wide": True,
        "view": view,
        "breadcrumbs": breadcrumbs((edition.place["name"], drawn["planner_address"]), ("Share out a budget", "")),
        **drawn,
    }
    body = site_pages(request).draw("share_out.html", context).encode()
    if drawn["errors"]:
        return HTMLResponse(body, 422, {"Cache-Control": "no-store"})
    return answer(request, f"page {sha256(body).hexdigest()}", lambda: body, media_type=HTML)


@router.get("/downloads/{place}/share-out.certificate.json", tags=["downloads"], response_class=Response)
def download_certificate(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    budget: AmountText,
    unit: UnitText = "",
    over: OverText = "",
    minimum: MinimumText = "",
) -> Response:
    """Give the certificate of a share-out: every figure as exact text, and a digest."""
    asked = Asked(budget, unit, over, minimum).request()
    return _file(
        request, edition, view, asked, "certificate.json", JSON,
        lambda: certificate_bytes(shared_out(edition, view, asked)),
    )  # fmt: skip


@router.get("/downloads/{place}/share-out.csv", tags=["downloads"], response_class=Response)
def download_csv(
    request: Request,
    edition: RequestedEdition,
    view: RequestedView,
    budget: AmountText,
    unit: UnitText = "",
    over: OverText = "",
    minimum: MinimumText = "",
) -> Response:
    """Give the recipients of a share-out as CSV, greatest need first."""
    asked = Asked(budget, unit, over, minimum).request()
    return _file(
        request, edition, view, asked, "csv", MEDIA_TYPES["csv"],
        lambda: csv_bytes(share_table(shared_out(edition, view, asked))),
    )  # fmt: skip


def _file(
    request: Request, edition: Edition, view: View, asked: ShareRequest, kind: str, media: str, make: Any
) -> Response:
    query = view.but(edition="", layer="", indicator="").query(**asked.parameters())
    key = answer_key(f"{kind} {view.place}", edition.id, query)
    response = answer(request, key, make, media_type=media, pinned=bool(view.edition))
    name = f"evenreach_{view.place}_share-out_{view.focus}_rho{dial_text(view.rho)}_{edition.id}.{kind}"
    response.headers["Content-Disposition"] = content_disposition(name)
    return response
