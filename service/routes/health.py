"""Whether the process is alive, and whether it has something to serve."""

from __future__ import annotations

from starlette.responses import JSONResponse

from service.web.dependencies import RequestedEditions
from service.web.late_routes import Routes

router = Routes(prefix="/health", tags=["operations"])


@router.get("/live")
async def live() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "live"}


@router.get("/ready")
async def ready(editions: RequestedEditions) -> JSONResponse:
    """Tell which places can be served, and which of the store cannot; 503 while there are none."""
    served = {edition.place["id"]: edition.id for edition in await editions.served()}
    damaged = [place for place in editions.stored() if place not in served]
    status = {"status": _status(served, damaged), "places": served, "damaged": damaged}
    return JSONResponse(status, 200 if served else 503, headers={"Cache-Control": "no-store"})


def _status(served: dict[str, str], damaged: list[str]) -> str:
    if not served:
        return "empty"
    return "degraded" if damaged else "ready"
