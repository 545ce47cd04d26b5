"""JSON on fairness: how a measure differs with need, who in need is missed, which places are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response

from service.editions.edition import Edition
from service.editions.views import View
from service.measures.inequalities import TRANSFORMS, Transform, inequality
from service.measures.inequality_words import inequality_answer
from service.measures.missed_needs import BUDGET, missed_answer, missed_needs
from service.measures.series import series_answer, series_of
from service.measures.similar_places import (
    read_council,
    read_k,
    read_peers,
    read_variables,
    similar_answer,
    similar_councils,
)
from service.queries import BadQuery, read_name
from service.routes.geojson import answer_key
from service.sharing.requests import read_amount
from service.web.answers import answer
from service.web.dependencies import (
    EditionText,
    FocusText,
    IndicatorText,
    RequestedEdition,
    RequestedView,
    ViewWords,
    WithinText,
    read_view,
)
from service.web.late_routes import Routes

router = Routes(prefix="/api/v1/places/{place}", tags=["JSON"])
JSON = "application/json"
TransformText = Annotated[str, Query(description="log (rates) or logit (shares); none when left out", max_length=10)]
AreasText = Annotated[
    str, Query(description="core20, worst-fifth, or lad:CODE, ward:CODE, msoa:CODE, team:NAME", max_length=100)
]
BudgetText = Annotated[str, Query(description="Pounds; 250000 when left out", max_length=40)]
CouncilText = Annotated[str, Query(description="Code of a council of the place; its only one when left out")]
CountText = Annotated[str, Query(description="How many peers, 1 to 20; 8 when left out", max_length=4)]
VariablesText = Annotated[
    str, Query(description="Names of context variables, with commas; a fixed list when left out", max_length=1000)
]
PeersText = Annotated[
    str,
    Query(
        description="Codes of councils with commas, an official list for one; the nearest when left out", max_length=400
    ),
]
VariableText = Annotated[str, Query(description="Name of a context variable", max_length=64)]
AreaText = Annotated[str, Query(description="Code of a council or sub-ICB location of the place", max_length=9)]
GoalText = Annotated[str, Query(description="Value of a target; the peers' middle when left out", max_length=20)]
DueText = Annotated[str, Query(description="Period by which it is due, such as 2030 or 2026-Q2", max_length=10)]


@dataclass(frozen=True)
class PeerWords:
    """The parameters of an address that choose a council and its peers, as they came."""

    council: CouncilText = ""
    k: CountText = ""
    variables: VariablesText = ""
    peers: PeersText = ""


AskedPeers = Annotated[PeerWords, Depends()]


async def without_dial(
    opened: RequestedEdition,
    focus: FocusText = "",
    within: WithinText = "",
    indicator: IndicatorText = "",
    edition: EditionText = "",
) -> View:
    """Give the view of an answer that the dial does not change."""
    return read_view(opened, ViewWords(focus=focus, within=within, indicator=indicator, edition=edition))


ViewWithoutDial = Annotated[View, Depends(without_dial)]


@router.get("/inequality", response_class=Response)
def show_inequality(
    request: Request, edition: RequestedEdition, view: ViewWithoutDial, transform: TransformText = ""
) -> Response:
    """How one indicator differs with need: slope and relative index, gap, need fifths, groups, with limits."""
    if not view.indicator:
        raise BadQuery("indicator", "There is no indicator.", hint="Give indicator=, as the list of places names them.")
    fitted = read_transform(transform)
    return _answer(
        request,
        edition,
        view,
        f"inequality {transform}",
        lambda: inequality_answer(inequality(edition, view, view.indicator, transform=fitted)),
    )


def read_transform(text: str) -> Transform | None:
    """Read how a line is fitted: log, logit, or plainly when empty."""
    if text and text not in TRANSFORMS:
        raise BadQuery("transform", f"transform is {text!r}.", hint="Give log, logit or nothing.")
    return text or None  # type: ignore[return-value]  # just checked


@router.get("/missed-need", response_class=Response)
def show_missed_need(
    request: Request, edition: RequestedEdition, view: RequestedView, areas: AreasText = "", budget: BudgetText = ""
) -> Response:
    """Who in need is missed by fixed areas, beside equal shares and the dial on the same money."""
    chosen = areas or "core20"
    amount = read_amount("budget", budget) if budget else BUDGET
    return _answer(
        request,
        edition,
        view,
        f"missed-need {chosen} {amount:g}",
        lambda: missed_answer(missed_needs(edition, view, chosen, budget=amount)),
    )


@router.get("/similar", response_class=Response)
def show_similar(
    request: Request,
    opened: RequestedEdition,
    asked: AskedPeers,
    edition: EditionText = "",
) -> Response:
    """Councils most like one of this place's, and how it compares with their middle and quartiles."""
    chosen, names = read_council(opened, asked.council), read_variables(opened, asked.variables)
    wanted, named = read_k(asked.k), read_peers(opened, chosen, asked.peers)
    view = View(opened.place["id"], edition=edition)
    return _answer(
        request,
        opened,
        view,
        f"similar {chosen} {wanted} {' '.join(names)} {' '.join(named)}",
        lambda: similar_answer(similar_councils(opened, chosen, wanted, names, named)),
    )


@router.get("/series", response_class=Response)
def show_series(
    request: Request,
    opened: RequestedEdition,
    variable: VariableText = "",
    area: AreaText = "",
    goal: GoalText = "",
    due: DueText = "",
    edition: EditionText = "",
) -> Response:
    """One figure of a council over time: trend or control limits, peers, and the path to a target."""
    if not read_name("variable", variable):
        raise BadQuery("variable", "There is no variable.", hint="Give variable=, as `similar` lists them.")
    view = View(opened.place["id"], edition=edition)
    key = f"series {variable} {area} {goal} {due}"
    return _answer(request, opened, view, key, lambda: series_answer(series_of(opened, variable, area, goal, due)))


def _answer(request: Request, edition: Edition, view: View, kind: str, make: Callable[[], dict[str, Any]]) -> Response:
    key = answer_key(edition, view, kind)
    return answer(request, key, lambda: orjson.dumps(make()), media_type=JSON, pinned=bool(view.edition))
