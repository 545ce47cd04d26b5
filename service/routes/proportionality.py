"""JSON on proportionality: whether a resource that was imported is as steep as need."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import orjson
from anyio import from_thread
from fastapi import Depends, Query, Request
from starlette.responses import Response

from service.editions.edition import Edition
from service.editions.views import View
from service.measures.proportionality import proportionality, proportionality_answer
from service.queries import BadQuery
from service.routes.geojson import answer_key
from service.web.answers import answer
from service.web.dependencies import (
    EditionText,
    FocusText,
    RequestedEdition,
    RequestedWorkshop,
    ViewWords,
    WithinText,
    read_name,
    read_view,
)
from service.web.late_routes import Routes
from service.web.workshop import Workshop

router = Routes(prefix="/api/v1/places/{place}", tags=["JSON"])
JSON = "application/json"
JOB = "service.measures.proportionality:compared"
ResourceText = Annotated[str, Query(description="Name of an imported resource", max_length=64)]
OutcomeText = Annotated[str, Query(description="Name of an indicator with a true zero", max_length=64)]


async def view_of_need(
    opened: RequestedEdition,
    focus: FocusText = "",
    within: WithinText = "",
    edition: EditionText = "",
) -> View:
    """Give the view of an answer that has a focus and a footprint, and no dial."""
    return read_view(opened, ViewWords(focus=focus, within=within, edition=edition))


@router.get("/proportionality", response_class=Response)
def show_proportionality(
    request: Request,
    edition: RequestedEdition,
    view: Annotated[View, Depends(view_of_need)],
    workshop: RequestedWorkshop,
    resource: ResourceText = "",
    outcome: OutcomeText = "",
) -> Response:
    """Whether a resource rises with need as steeply as an outcome does: ratio, limits, verdict in words."""
    for parameter, text in (("resource", resource), ("outcome", outcome)):
        if not read_name(parameter, text):
            raise BadQuery(parameter, f"There is no {parameter}.", hint=f"Give {parameter}= and a name.")
    key = answer_key(edition, view, f"proportionality {resource} {outcome}")
    make = partial(_found, edition, view, workshop, resource, outcome)
    return answer(request, key, make, media_type=JSON, pinned=bool(view.edition))


def _found(edition: Edition, view: View, workshop: Workshop, resource: str, outcome: str) -> bytes:
    """Make the answer: here, or for a large place, which takes seconds, in the workshop."""
    if not edition.large or view.within:
        return orjson.dumps(proportionality_answer(proportionality(edition, view, resource, outcome)))
    asked: dict[str, Any] = {"store": str(edition.stored.folder.parent.parent), "place": view.place}
    asked |= {"edition": edition.id, "focus": view.focus, "resource": resource, "outcome": outcome}
    return orjson.dumps(from_thread.run(partial(workshop.run, JOB, **asked)))
