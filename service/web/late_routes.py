"""Routes that FastAPI looks into when they are first asked for, not all of them before the first answer.

It takes milliseconds to read what a route asks for and to make what checks it, and a router that is included in an
application is read twice. Here the routes of a part are entered into the application themselves, by their address
alone; the rest follows for each at its first request, or for all with the API document.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from threading import Lock
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import compile_path, get_name

from service.web.json_bodies import with_read_body

OF_THE_APPLICATION = "dependency_overrides_provider"


class LateRoute(APIRoute):
    """A route that is whole once something is asked of it beyond its address and methods."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.endpoint, self.options = path, endpoint, options
        self.name = options.get("name") or get_name(endpoint)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._being_made = Lock()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_being_made" not in self.__dict__:
            raise AttributeError(name)
        with self._being_made:
            if "app" not in self.__dict__:  # which is made last
                super().__init__(self.path, self.endpoint, **self.options)
        return object.__getattribute__(self, name)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give what answers; a body in JSON is read by our own rules."""
        answer = super().get_route_handler()
        if self.body_field is None or isinstance(self.body_field.field_info, Form):
            return answer

        async def answer_json(request: Request) -> Response:
            return await answer(await with_read_body(request))

        return answer_json


class Routes(APIRouter):
    """The routes of one part of the service."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=LateRoute, **options)

    def enter(self, app: FastAPI) -> None:
        """Enter them into the application, in their order."""
        app.router.route_class = LateRoute
        for route in self.routes:
            assert isinstance(route, LateRoute)
            options = {name: value for name, value in route.options.items() if name != OF_THE_APPLICATION}
            app.router.add_api_route(route.path, route.endpoint, **options)
