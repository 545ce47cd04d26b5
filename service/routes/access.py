"""``/api/v1/places/{place}/access``: who can reach a service, by need fifth, group and neighbourhood."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import orjson
from anyio import from_thread
from fastapi import Depends, Query, Request
from starlette.responses import Response

from service.access.answers import access_answer
from service.editions.edition import Edition
from service.editions.views import ACCESS, View
from service.routes.geojson import answer_key
from service.routes.heavy import check_area
from service.web.answers import answer
from service.web.dependencies import (
    AcceptingText,
    DemandText,
    EditionText,
    FocusText,
    MeasureText,
    MinutesText,
    ModeText,
    RequestedEdition,
    RequestedWorkshop,
    RhoText,
    ServiceText,
    ViewWords,
    WeightsText,
    WithinText,
    read_name,
    read_view,
)
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes(prefix="/api/v1", tags=["JSON"])
JOB = "service.access.answers:answered"
OutcomeText = Annotated[
    str,
    Query(description="Indicator of need that access is held against; the focus's own when left out", max_length=64),
]


async def view_of_access(
    opened: RequestedEdition,
    service: ServiceText = "",
    mode: ModeText = "",
    minutes: MinutesText = "",
    measure: MeasureText = "",
    demand: DemandText = "",
    accepting: AcceptingText = "",
    focus: FocusText = "",
    weights: WeightsText = "",
    rho: RhoText = "",
    within: WithinText = "",
    edition: EditionText = "",
) -> View:
    """Give the view of an answer about access."""
    words = ViewWords(
        focus=focus, rho=rho, within=within, edition=edition, weights=weights, service=service, mode=mode,
        minutes=minutes, measure=measure, demand=demand, accepting=accepting,
    )  # fmt: skip
    return read_view(opened, words, ACCESS)


@router.get("/places/{place}/access", response_class=Response)
def show_access(
    request: Request,
    edition: RequestedEdition,
    view: Annotated[View, Depends(view_of_access)],
    workshop: RequestedWorkshop,
    outcome: OutcomeText = "",
) -> Response:
    """Who can reach a service: nearest, within T minutes, 2SFCA and E2SFCA, by need fifth, group and neighbourhood."""
    key = answer_key(edition, view, "access", read_name("outcome", outcome))
    make = partial(_found, edition, view, workshop, outcome)
    return answer(request, key, make, media_type="application/json", pinned=bool(view.edition))


def _found(edition: Edition, view: View, workshop: Workshop, outcome: str) -> bytes:
    """Make the answer: here, or for a large place, where it may take seconds, in the workshop."""
    if not edition.large:
        return orjson.dumps(access_answer(edition, view, outcome=outcome))
    check_area(edition, view)
    asked: dict[str, Any] = {"store": str(edition.stored.folder.parent.parent), "edition": edition.id}
    asked |= {"view": asdict(view), "outcome": outcome}
    return orjson.dumps(from_thread.run(partial(workshop.run, JOB, **asked)))
