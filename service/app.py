"""The web application: ``create_app()`` puts settings, editions, routes, errors and the shield together."""

from __future__ import annotations

import gc
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson
from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.editions.open_editions import OpenEditions
from service.routes import (
    access,
    access_pages,
    api,
    clusters,
    compare,
    downloads,
    embed_builder,
    embeds,
    fairness,
    geojson,
    health,
    maps,
    methods,
    ogc,
    operations,
    pages,
    proportionality,
    share_outs,
    siting_page,
    sitings,
)
from service.settings import Settings
from service.web.answers import answer_page
from service.web.api_document import completed
from service.web.asset_files import AssetFiles
from service.web.dependencies import only_known_parameters
from service.web.errors import add_error_handlers
from service.web.express import Express
from service.web.fast_lane import FastLane
from service.web.hardening import harden
from service.web.lean import Holes
from service.web.log import write_json_lines
from service.web.metrics import Metrics
from service.web.ranges import Ranges
from service.web.shield import READS, Limits, Shield
from service.web.stopping import when_told_to_stop
from service.web.workshop import JobLimits, Workshop

ABOUT = (
    "How need and access differ between neighbourhoods, and what each should get when everyone gets something. "
    "Public reads need no key and may be used from any web page. Every answer carries its edition and attribution. "
    "Errors are problem documents with a stable type: /problems lists them."
)


_AHEAD: list[FastAPI] = []  # one at most


class ShieldedApp(FastAPI):
    """FastAPI with the shield around everything else, its own error answers included."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self.state.settings = settings
        self.express: Express | None = None
        self._holes = Holes()

    def openapi(self) -> dict[str, Any]:
        """Give the API document, with what FastAPI leaves out of it."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        """Put the shield outermost, but for answers that are finished."""
        settings: Settings = self.state.settings
        lane = FastLane(super().build_middleware_stack(), self.state.editions, geojson.layer_answer)
        shield = Shield(
            Ranges(lane),
            limits=Limits(
                settings.body_bytes,
                settings.body_seconds,
                settings.query_bytes,
                settings.concurrency,
                settings.turns,
                settings.turn_seconds,
            ),
            embed_origins=settings.embed_origins,
            https=settings.public_url.startswith("https://"),
            metrics=self.state.metrics,
        )
        self.express = Express(shield, lane)
        return shield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, at once where the answer is finished."""
        express = self.express if scope["type"] == "http" and scope["method"] in READS else None
        if express is None or not await express.give(scope, send):
            await super().__call__(scope, receive, send)
            self._holes.close_soon()


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment when left out.

    Returns
    -------
    FastAPI
        With every edition of the store open, and on ``app.state``: ``settings``, ``editions``,
        ``workshop``, ``assets``.
    """
    settings = settings or Settings()
    write_json_lines(settings.log_level)
    app = ShieldedApp(
        settings,
        title=settings.tenant_name,
        description=ABOUT,
        version=_version(),
        docs_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would look for providers at each request
        openapi_url=None,  # given below, with a tag
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be made of the Host header
        lifespan=_lifespan,
        dependencies=[Depends(only_known_parameters)],
    )
    app.state.known_parameters = {}
    app.state.metrics = Metrics(settings.metrics_folder)
    app.state.assets = AssetFiles()
    app.state.editions = OpenEditions(settings.store)
    app.state.editions.open_all()
    app.state.workshop = Workshop(
        workers=settings.workshop_workers,
        waiting=settings.workshop_waiting,
        limits=JobLimits(settings.workshop_memory_mb, settings.workshop_cpu_seconds, settings.workshop_seconds),
    )
    for part in (
        share_outs,
        sitings,
        siting_page,
        access_pages,
        pages,
        methods,
        maps,
        geojson,
        api,
        fairness,
        compare,
        proportionality,
        access,
        downloads,
        embeds,
        embed_builder,
        clusters,
        ogc,
        health,
        operations,
    ):
        part.router.enter(app)
    _count(app)
    app.add_route("/assets/{name:path}", app.state.assets.serve, include_in_schema=False)
    app.add_route("/openapi.json", _give_api_document, include_in_schema=False)
    app.add_route("/docs", _show_api_document, include_in_schema=False)
    add_error_handlers(app, pages.error_page)
    return app


def make_ahead() -> None:
    """Make the application of the web processes that are to be begun as copies of this one.

    They share what they do not change of it, and nothing of it is searched for garbage: see `service.web.lean`.
    """
    _AHEAD[:] = [create_app()]
    gc.freeze()


def app_of_process() -> FastAPI:
    """Give a web process its application: the one made ahead, where it began as a copy of the process that made it."""
    return _AHEAD[0] if _AHEAD else create_app()


def _count(app: FastAPI) -> None:
    """Have the workshop and the editions counted beside the requests."""
    metrics, workshop, editions = app.state.metrics, app.state.workshop, app.state.editions
    metrics.gauges["evenreach_jobs_inside"] = lambda: workshop.inside
    metrics.gauges["evenreach_places_served"] = lambda: editions.places_open
    workshop.ended = metrics.count_job


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    harden()
    when_told_to_stop(app.state.workshop.stop_soon)
    yield
    await app.state.workshop.close()
    app.state.metrics.close()


async def _show_api_document(request: Request) -> Response:
    """Show the API document with Swagger UI, from our own files."""
    address = request.app.state.assets.address
    title = html.escape(request.app.title)
    body = (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>API – {title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{address("icon.svg")}" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{address("vendor/swagger/swagger-ui.css")}">'
        f'<script src="{address("vendor/swagger/swagger-ui-bundle.js")}" defer></script>'
        f'<script src="{address("docs.js")}" defer></script></head>'
        '<body><main id="api-document" data-address="/openapi.json"></main></body></html>'
    ).encode()
    return answer_page(request, body)


async def _give_api_document(request: Request) -> Response:
    """Give the API document (OpenAPI 3.1) as JSON."""
    return answer_page(request, orjson.dumps(request.app.openapi()), media_type="application/json")


def _version() -> str:
    try:
        return version("evenreach")
    except PackageNotFoundError:
        return "0"
