"""Whether the process is alive, and whether it has something to serve."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from service.dependencies import RequestedEditions

router = APIRouter(prefix="/health", tags=["operations"])


@router.get("/live")
async def live() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "live"}


@router.get("/ready")
async def ready(editions: RequestedEditions) -> JSONResponse:
    """Tell which places can be served; 503 while there are none."""
    served = {edition.place["id"]: edition.id for edition in editions.all()}
    status = {"status": "ready" if served else "empty", "places": served}
    return JSONResponse(status, 200 if served else 503, headers={"Cache-Control": "no-store"})
