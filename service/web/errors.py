"""One answer for everything that can go wrong: a status, a stable type, a hint; never a stack."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response

from geodata import errors as data
from layers.map_layers import UnknownLayer
from service.embeds.errors import NotInXml, NotOurs
from service.files.downloads import UnknownKind
from service.ogc.errors import UnknownCollection, UnknownFeature
from service.queries import BadQuery
from service.travel.edition_times import UnknownMode
from service.web.json_bodies import BadBody, DoubledField, NotJson
from service.web.policies import starts_with
from service.web.slow_readers import ReaderLetGo
from service.web.workshop import JobFailed, WorkshopBusy

LOG = logging.getLogger("evenreach.errors")
PROBLEM_PATHS = (
    "/api",
    "/geojson",
    "/downloads",
    "/pictures",
    "/health",
    "/openapi.json",
    "/oembed",
    "/metrics",
    "/.well-known",
)
OGC_PATHS = ("/ogc",)
TYPE_PREFIX = "urn:evenreach:error:"


class UnknownIndicator(LookupError):
    """No indicator has this name."""


@dataclass(frozen=True)
class Problem:
    """What one kind of error answers.

    Attributes
    ----------
    status : int
        HTTP status.
    name : str
        Stable, closes the ``type`` of the problem document.
    title : str
        A few plain words, the same for every case.
    hint : str
        What to do, when the error itself does not say.
    retry_after : int
        Seconds after which to come back; 0 means no such header.
    """

    status: int
    name: str
    title: str
    hint: str = ""
    retry_after: int = 0


BAD_FIELD = Problem(422, "bad-field", "The request has a field that cannot be used")
PROBLEMS: dict[type[Exception], Problem] = {
    data.UnknownPlace: Problem(404, "unknown-place", "No such place", "GET /api/v1/places lists the places."),
    data.UnknownFocus: Problem(404, "unknown-focus", "No such focus", "GET /api/v1/places lists the focuses."),
    data.UnknownNeighbourhood: Problem(404, "unknown-neighbourhood", "No such neighbourhood"),
    data.UnknownFootprint: Problem(404, "unknown-footprint", "No such area within the place"),
    data.UnknownService: Problem(404, "unknown-service", "No such service here"),
    data.UnknownGroups: Problem(404, "unknown-groups", "No such groups of people"),
    data.UnknownPostcode: Problem(404, "unknown-postcode", "Postcode not found"),
    UnknownLayer: Problem(404, "unknown-layer", "No such map layer"),
    UnknownKind: Problem(404, "unknown-kind", "No download of this kind"),
    UnknownIndicator: Problem(404, "unknown-indicator", "No such indicator"),
    UnknownCollection: Problem(404, "unknown-collection", "No such collection", "GET /ogc/collections lists them."),
    UnknownFeature: Problem(404, "unknown-feature", "No such feature in this collection"),
    data.UnknownEdition: Problem(404, "unknown-edition", "No such edition", "Leave out edition= for the newest one."),
    NotOurs: Problem(404, "not-a-map", "Not the address of a map of this site"),
    data.EditionTooOld: Problem(
        410, "edition-too-old", "This edition does not hold what this needs", "Leave out edition= for the newest one."
    ),
    UnknownMode: Problem(422, "unknown-mode", "No travel times of this kind here"),
    DoubledField: BAD_FIELD,
    BadQuery: Problem(422, "bad-query", "The address has a parameter that cannot be used"),
    BadBody: Problem(400, "bad-request", "The request could not be read"),
    NotJson: Problem(415, "wrong-kind", "The request is not of a kind that can be read"),
    NotInXml: Problem(501, "not-in-xml", "Not given as XML", "Give format=json, or leave it out."),
    data.BuildMissing: Problem(503, "build-missing", "Nothing has been built for this place yet", "", 60),
    data.DamagedEdition: Problem(503, "damaged-edition", "A stored file of this edition is damaged", "", 60),
    WorkshopBusy: Problem(503, "busy", "Too many downloads are being made", "Try again in a moment.", 5),
    JobFailed: Problem(503, "job-failed", "The file could not be made", "CSV and GeoJSON need the least work.", 30),
}
STATUS_CODES = {kind: problem.status for kind, problem in PROBLEMS.items()}
PLAIN = {
    400: Problem(400, "bad-request", "The request could not be read"),
    401: Problem(401, "no-token", "A token is needed here", "Send the token as Authorization: Bearer TOKEN."),
    404: Problem(404, "not-found", "Page not found", "Check the address, or start from the home page."),
    405: Problem(405, "wrong-method", "This address cannot be used in that way"),
    408: Problem(408, "too-slow", "The request took too long to arrive"),
    413: Problem(413, "too-large", "The request is too large"),
    414: Problem(414, "query-too-long", "The address is too long", "Shorten the query string."),
    415: Problem(415, "wrong-kind", "The request is not of a kind that can be read"),
    416: Problem(416, "beyond-the-end", "The range begins after the end", "Content-Range says how long the whole is."),
    422: Problem(422, "bad-query", "The address has a parameter that cannot be used"),
    431: Problem(431, "header-too-long", "The request has a header that is too long", "Leave out what is not needed."),
    500: Problem(500, "internal", "Something went wrong here", "Try again; if it stays, report the request id."),
    503: Problem(503, "busy", "The service is busy", "Try again in a moment.", 2),
}
NAMING = {
    "unknown-place": ("place",),
    "unknown-layer": ("layer",),
    "unknown-focus": ("focus",),
    "unknown-footprint": ("within", "areas"),
    "unknown-indicator": ("indicator", "outcome", "match", "variable"),
    "unknown-edition": ("edition",),
    "unknown-service": ("service",),
    "unknown-mode": ("mode",),
    "unknown-groups": ("groups", "need"),
}
"""Parameters that can name something unknown, by the name of the problem; of a body in JSON it is the first."""

UNREMARKABLE = (data.BuildMissing, NotInXml, ReaderLetGo, ClientDisconnect, WorkshopBusy)
"""No fault of ours: not logged."""


def all_problems() -> list[Problem]:
    """List every kind of error once, by status and name."""
    kinds = {problem.name: problem for problem in (*PLAIN.values(), *PROBLEMS.values(), BAD_FIELD)}
    return sorted(kinds.values(), key=lambda problem: (problem.status, problem.name))


@dataclass(frozen=True)
class Fault:
    """One error, ready to be written as a problem document or a page."""

    problem: Problem
    detail: str = ""
    parameter: str = ""
    hint: str = ""
    more: dict[str, object] = field(default_factory=dict)

    def document(self, request_id: str) -> dict[str, object]:
        """Return the members of ``application/problem+json``, without the empty ones."""
        members: dict[str, object] = {
            "type": TYPE_PREFIX + self.problem.name,
            "title": self.problem.title,
            "status": self.problem.status,
            "detail": self.detail,
            "parameter": self.parameter,
            "hint": self.hint or self.problem.hint,
            "request_id": request_id,
            **self.more,
        }
        return {name: value for name, value in members.items() if value not in ("", None)}


def fault_of(error: Exception) -> Fault:
    """Translate an error into what may be told about it.

    Parameters
    ----------
    error : Exception
        Anything a route raised.

    Returns
    -------
    Fault
        Of the nearest class in ``PROBLEMS``; an unexpected error tells nothing but its status.
    """
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            return _known(error, PROBLEMS[kind])
    if isinstance(error, data.DataError):
        return Fault(Problem(422, error.rule, "The data break a rule"), error.sentence(), more=error.item())
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, ClientDisconnect):
        return Fault(PLAIN[400], "The body broke off or could not be read.", "body")
    if isinstance(error, HTTPException):
        problem = PLAIN.get(error.status_code) or Problem(error.status_code, "error", "The request failed")
        return Fault(problem)
    return Fault(PLAIN[500])


def _known(error: Exception, problem: Problem) -> Fault:
    if isinstance(error, data.DamagedEdition):  # names files of the server: for the log only
        return Fault(problem, "The edition failed its check and is not served.")
    if isinstance(error, BadQuery):
        return Fault(problem, str(error), error.parameter, error.hint)
    return Fault(problem, str(error), "kind" if isinstance(error, UnknownKind) else "")


def with_parameter(fault: Fault, given: Iterable[tuple[str, str]]) -> Fault:
    """Name the parameter of an address that names something unknown: its value is what the fault speaks of."""
    names = NAMING.get(fault.problem.name, ())
    shown = {name: repr(text[:20])[1:-1] for name, text in given if name in names}  # as a fault quotes it
    found = {name: text for name, text in shown.items() if text and text in fault.detail}
    quoted = [name for name, text in found.items() if f"'{text}" in fault.detail]  # names that are known are listed too
    told = quoted or list(found)
    return fault if fault.parameter or len(told) != 1 else replace(fault, parameter=told[0])


def fault_at(request: Request, error: Exception) -> Fault:
    """Translate an error as `fault_of`, and name what of this request is at fault: its path, query or body."""
    fault = with_parameter(fault_of(error), [*request.query_params.multi_items(), *request.path_params.items()])
    if request.method == "POST" and not request.url.query:
        return _of_body(fault)
    if request.url.path == "/oembed" and fault.problem.status == 404 and not fault.parameter:
        return replace(fault, parameter="url")  # which alone names a place, a layer and what is shown of it
    return fault


def _of_body(fault: Fault) -> Fault:
    """Speak of a field of the body where nothing of the address can be at fault."""
    problem = BAD_FIELD if fault.problem is PROBLEMS[BadQuery] else fault.problem
    return replace(fault, problem=problem, parameter=fault.parameter or next(iter(NAMING.get(problem.name, ())), ""))


def _validation(error: RequestValidationError) -> Fault:
    first = error.errors()[0]  # its "input" is never echoed
    where = [str(part) for part in first.get("loc", ())]
    kind = PLAIN[422]
    if where[:1] == ["body"]:
        kind = BAD_FIELD if len(where) > 1 else PLAIN[400]
    return Fault(kind, str(first.get("msg", "")), _field(where))


def _field(where: list[str]) -> str:
    """Name the parameter, or the field of a body with the entry and its part: ``growth.0.people``."""
    return ".".join(where[1:]) if where[:1] == ["body"] else (where[-1] if where else "")


def request_id(scope: Any) -> str:
    """Return the id that the shield gave this request, or nothing."""
    return str(scope.get("state", {}).get("request_id", ""))


def wants_problem(path: str) -> bool:
    """Tell whether errors on this path are for programs rather than for people."""
    return starts_with(path, (*PROBLEM_PATHS, *OGC_PATHS))


def problem_bytes(fault: Fault, identity: str) -> bytes:
    """Return the problem document as JSON."""
    return orjson.dumps(fault.document(identity))


def status_at(path: str, fault: Fault) -> int:
    """Give the status of a fault: under ``/ogc`` the standard asks for 400 where a parameter cannot be used."""
    return 400 if fault.problem.status == 422 and starts_with(path, OGC_PATHS) else fault.problem.status


def error_body(path: str, fault: Fault, identity: str) -> tuple[bytes, str]:
    """Write a fault for programs, and name its media type: under ``/ogc`` as an exception, else as a problem."""
    if not starts_with(path, OGC_PATHS):
        return problem_bytes(fault, identity), "application/problem+json"
    members = fault.document(identity) | {"status": status_at(path, fault)}
    said = {"code": fault.problem.name, "description": fault.detail or fault.problem.title}
    return orjson.dumps(said | members), "application/json"


def plain_page(path: str, fault: Fault, identity: str) -> str:
    """Return a page that needs no template: what is shown when the template itself fails, or there is no time for it.

    In a frame of another site's page it has no link home, which could not be shown there.
    """
    title, said = html.escape(fault.problem.title), (fault.detail, fault.hint or fault.problem.hint)
    words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in (*said, f"Request id: {identity}") if sentence)
    home = "" if starts_with(path, ("/embed",)) else '<p><a href="/">Home</a></p>'
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1>{words}{home}</main></body></html>"
    )


def short_body(path: str, fault: Fault, identity: str, *, page: bool) -> tuple[bytes, str]:
    """Write a fault without a template, and name its media type: as a page where people read and `page` is taken."""
    if page and not wants_problem(path):
        return plain_page(path, fault, identity).encode(), "text/html; charset=utf-8"
    return error_body(path, fault, identity)


def answer(request: Request, fault: Fault, page: Callable[[Request, Fault], str] | None) -> Response:
    """Write a fault as a problem document or as a page, with its headers."""
    headers = {"Cache-Control": "no-store"}
    if fault.problem.retry_after:
        headers["Retry-After"] = str(fault.problem.retry_after)
    identity = request_id(request.scope)
    if wants_problem(request.url.path):
        body, kind = error_body(request.url.path, fault, identity)
        return Response(body, status_at(request.url.path, fault), headers, media_type=kind)
    text = ""
    if page is not None:
        try:
            text = page(request, fault)
        except Exception:
            LOG.exception("the error page failed", extra={"request_id": identity})
    return HTMLResponse(text or plain_page(request.url.path, fault, identity), fault.problem.status, headers)


def add_error_handlers(app: FastAPI, page: Callable[[Request, Fault], str] | None = None) -> None:
    """Answer every known error by its status, and every other one by 500 without its text.

    Parameters
    ----------
    app : FastAPI
        The application.
    page : callable, optional
        Draws the error page of browsers from the request and the fault.
    """

    async def handle(request: Request, error: Exception) -> Response:
        fault = fault_at(request, error)
        come = (error, error.__cause__)  # the framework wraps what comes after the head of an answer
        if fault.problem.status >= 500 and not any(isinstance(each, UNREMARKABLE) for each in come):
            LOG.error("%s", fault.problem.name, exc_info=error, extra={"request_id": request_id(request.scope)})
        response = answer(request, fault, page)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        if response.headers.get("allow") == "GET":
            response.headers["allow"] = "GET, HEAD"  # the shield answers HEAD wherever there is GET
        return response

    for kind in (*PROBLEMS, data.DataError, RequestValidationError, ClientDisconnect, HTTPException, Exception):
        app.add_exception_handler(kind, handle)
