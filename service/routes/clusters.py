"""``/api/v1/places/{place}/clusters``: where high or low values gather."""

from __future__ import annotations

import orjson
from fastapi import Request
from starlette.responses import Response

from service.measures.cluster_answers import cluster_answer
from service.routes.geojson import answer_key
from service.web.answers import answer
from service.web.dependencies import RequestedEdition, RequestedView
from service.web.late_routes import Routes

router = Routes(prefix="/api/v1", tags=["JSON"])


@router.get("/places/{place}/clusters", response_class=Response)
def list_clusters(request: Request, edition: RequestedEdition, view: RequestedView) -> Response:
    """Neighbourhoods that are like, or unlike, those they touch: of an indicator, or of a focus's need score."""
    return answer(
        request,
        answer_key(edition, view, "clusters"),
        lambda: orjson.dumps(cluster_answer(edition, view)),
        media_type="application/json",
        pinned=bool(view.edition),
    )
