"""JSON for programs: places, scores, and why a neighbourhood's score is what it is."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from service.access.near import near_over_streets
from service.drawing.features import records, view_facts
from service.editions.edition import Edition
from service.editions.scoring import LEADING, METHOD_VERSION, Scores, score
from service.editions.weights import ingredients_of
from service.measures.similar_neighbourhoods import better_facts, doing_better
from service.pages.certainty import certainty_notes, rank_movers
from service.routes.geojson import answer_key
from service.web.answers import answer
from service.web.dependencies import RequestedEdition, RequestedEditions, RequestedView
from service.web.late_routes import Routes

router = Routes(prefix="/api/v1", tags=["JSON"])
JSON = "application/json"


@router.get("/places", response_class=Response)
def list_places(request: Request, editions: RequestedEditions) -> Response:
    """Places that are served, each with its edition, focuses and footprints."""
    opened = editions.all()
    key = " ".join(["places", METHOD_VERSION, *(f"{edition.place['id']}={edition.id}" for edition in opened)])
    body = lambda: orjson.dumps({"method": METHOD_VERSION, "places": [place_facts(edition) for edition in opened]})  # noqa: E731
    return answer(request, key, body, media_type=JSON)


@router.get("/places/{place}/scores", response_class=Response)
def list_scores(request: Request, edition: RequestedEdition, view: RequestedView) -> Response:
    """List the scores table: one row per neighbourhood of the place or footprint, in code order."""
    key = answer_key(edition, view, "scores")
    return answer(
        request,
        key,
        lambda: records(edition, score(edition, view)),
        media_type=JSON,
        pinned=bool(view.edition),
        edition=edition,
    )


@router.get("/places/{place}/neighbourhoods/{lsoa21cd}", response_class=Response)
def explain(request: Request, edition: RequestedEdition, view: RequestedView, lsoa21cd: str) -> Response:
    """One neighbourhood: its figures, the parts that add up to its need score, and what is near."""
    row = edition.row(lsoa21cd)
    key = answer_key(edition, view, "neighbourhood", lsoa21cd)
    return answer(
        request,
        key,
        lambda: orjson.dumps(neighbourhood_facts(edition, score(edition, view), row)),
        media_type=JSON,
        pinned=bool(view.edition),
    )


def place_facts(edition: Edition) -> dict[str, Any]:
    """Return what the list of places says of one."""
    kinds = ("lad", "ward", "msoa", "team")
    return {
        **edition.place,
        "edition": edition.id,
        "focuses": [
            {key: focus[key] for key in ("id", "title", "strength", "ages", "measured_share", "oldest", "newest")}
            for focus in edition.focuses.values()
        ],
        "footprints": {kind: len(edition.footprints(kind)) for kind in kinds if edition.footprints(kind)},
        "own_tables": [{key: table[key] for key in ("name", "kind", "title")} for table in edition.own.tables],
        "deprivation": edition.summary(),
        "attribution": edition.attribution(),
    }


def neighbourhood_facts(edition: Edition, scores: Scores, row: int) -> dict[str, Any]:
    """One neighbourhood with its reasons; without figures if it lies outside the footprint asked for."""
    view, item = scores.view, scores.at(row)
    facts = view_facts(edition, view) | {"neighbourhood": edition.facts(row), "time_basis": edition.meta["time_basis"]}
    facts["near_over_streets"] = near_over_streets(edition, row)
    facts["registration"] = None if edition.registration is None else edition.registration.of(row)
    if item is None:
        return facts | {"scores": None, "reasons": [], "outcomes": []}
    names = [name for name in scores.names() if name not in LEADING]
    figures = {name: _value(scores, name, item) for name in names}
    moves = {mover["indicator"]: mover["change"] for mover in rank_movers(edition, scores, row)}
    reasons = [
        {
            "indicator": part["indicator"],
            "name": part["name"],
            "unit": edition.indicators[part["indicator"]]["unit"],
            "value": _finite(scores.indicators[part["indicator"]][item]),
            "weight": part["weight"],
            "part": _finite(scores.parts[part["indicator"]][item]),
            "grade": part["grade"],
            "rank_change_without": moves.get(part["indicator"]),
            "justification": part["justification"],
        }
        for part in ingredients_of(edition, view)
    ]
    outcomes = better_facts(doing_better(edition, view, row))
    return facts | {
        "scores": figures,
        "certainty_notes": certainty_notes(edition, scores),
        "reasons": reasons,
        "outcomes": outcomes,
    }


def _value(scores: Scores, name: str, item: int) -> Any:
    values = scores.column(name)
    if values is None:
        return None
    if isinstance(values, list):
        return values[item] or None
    return (int(values[item]) or None) if values.dtype.kind == "i" else _finite(values[item])


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if number - number == 0 else None
