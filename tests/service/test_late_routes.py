"""Routes are looked into when they are first asked for, each once, and answer as those of FastAPI do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Query
from fastapi.routing import APIRoute, APIRouter

from service.app import create_app
from service.settings import Settings
from service.web.late_routes import LateRoute, Routes


def looked_into(app: FastAPI) -> list[str]:
    return [route.path for route in app.routes if isinstance(route, LateRoute) and "dependant" in vars(route)]


def test_no_route_of_the_application_is_looked_into_before_it_is_asked_for(tmp_path: Path) -> None:
    app = create_app(Settings(store=tmp_path, log_level="error"))
    late = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(late) > 60
    assert all(isinstance(route, LateRoute) for route in late)
    assert looked_into(app) == []
    assert "/health/live" in app.openapi()["paths"]
    assert "/health/live" in looked_into(app)


async def asked(place: str, page: Annotated[int, Query(ge=1)] = 1) -> dict[str, Any]:
    return {"place": place, "page": page}


async def _needs_limit(limit: int = 1) -> None:
    """Stand for what the whole application asks for."""


def application(router: Routes | APIRouter) -> FastAPI:
    """Make a small application whose routes, of either kind, are the same."""

    @router.get("/{place}", tags=["more"], responses={404: {"description": "Not there"}})
    async def show(found: Annotated[dict[str, Any], Depends(asked)]) -> dict[str, Any]:
        """Show a place."""
        return found

    @router.post("/{place}", status_code=201)
    def make(place: str) -> str:
        return place

    app = FastAPI(dependencies=[Depends(_needs_limit)])
    if isinstance(router, Routes):
        router.enter(app)
    else:
        app.include_router(router)
    return app


def test_they_are_described_as_routes_that_are_included() -> None:
    options: dict[str, Any] = {"prefix": "/places", "tags": ["places"]}
    late, usual = application(Routes(**options)), application(APIRouter(**options))
    assert json.dumps(late.openapi()) == json.dumps(usual.openapi())


def test_a_route_is_made_whole_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(Routes())
    route = next(route for route in app.routes if isinstance(route, LateRoute))
    made: list[str] = []
    really = APIRoute.__init__
    monkeypatch.setattr(APIRoute, "__init__", lambda self, *a, **o: (made.append(self.path), really(self, *a, **o))[1])
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: route.dependant, range(8)))
    assert made == ["/{place}"]
    assert all(one is found[0] for one in found)
    assert not hasattr(route, "nothing_of_this_name")
