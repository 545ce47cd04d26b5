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
    """Tell which places can be served, which of the store cannot, and which are by an older edition; 503 while none."""
    served = {edition.place["id"]: edition.id for edition in await editions.served()}
    damaged = [place for place in editions.stored() if place not in served]
    behind = [place for place, edition in served.items() if editions.is_behind(place, edition)]
    status = {"status": _status(served, [*damaged, *behind]), "places": served, "damaged": damaged, "behind": behind}
    return JSONResponse(status, 200 if served else 503, headers={"Cache-Control": "no-store"})


def _status(served: dict[str, str], wrong: list[str]) -> str:
    if not served:
        return "empty"
    return "degraded" if wrong else "ready"
