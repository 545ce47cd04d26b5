"""What those who run the service, use it by program or find a weakness ask for: counts, errors, whom to tell.

And what browsers and search engines ask of every site.
"""

from __future__ import annotations

from datetime import date

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from service.pages.furniture import site_pages
from service.settings import Settings
from service.web import metrics
from service.web.addresses import public_address
from service.web.answers import answer_page
from service.web.errors import TYPE_PREFIX, all_problems
from service.web.late_routes import Routes

router = Routes(include_in_schema=False)
WHERE = "/.well-known/security.txt"
FOR_A_DAY = {"Cache-Control": "public, max-age=86400"}
ROBOTS = "User-agent: *\nDisallow: /downloads/\nDisallow: /metrics\n"
"""Every page may be read and listed; files are made for people, and counts are for who runs the service."""


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    """Give the counts of all web processes, to whoever has the token, or to this machine where none is set."""
    settings: Settings = request.app.state.settings
    if not metrics.may_read(request.scope, token=settings.metrics_token, public=bool(settings.public_url)):
        if settings.metrics_token:
            raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        raise HTTPException(404)
    counts: metrics.Metrics = request.app.state.metrics
    return Response(counts.text(), 200, {"Cache-Control": "no-store"}, media_type=metrics.CONTENT_TYPE)


@router.get(WHERE)
async def show_security_contact(request: Request) -> Response:
    """Tell whom to write to about a weakness (RFC 9116); not found where the settings name nobody."""
    settings: Settings = request.app.state.settings
    until = settings.security_expires
    if not settings.security_contact or until is None or until <= date.today():  # one that is past helps nobody
        raise HTTPException(404)
    return PlainTextResponse(security_text(settings), 200, FOR_A_DAY)


@router.get("/robots.txt")
async def tell_robots() -> Response:
    """Tell search engines what to leave alone (RFC 9309)."""
    return PlainTextResponse(ROBOTS, 200, FOR_A_DAY)


@router.get("/favicon.ico")
async def show_icon(request: Request) -> Response:
    """Give the icon of the site to who asks where it was of old; pages link it."""
    icon = request.app.state.assets.file("icon.svg")
    return Response(icon.body, 200, FOR_A_DAY, media_type=icon.kind)


@router.get("/problems")
async def list_problems(request: Request) -> Response:
    """List every kind of error by its stable name."""
    context = {"page_title": "Errors and what they mean", "problems": all_problems(), "prefix": TYPE_PREFIX}
    return answer_page(request, site_pages(request).draw("problems.html", context).encode())


def security_text(settings: Settings) -> str:
    """Write the fields of ``security.txt``.

    Parameters
    ----------
    settings : Settings
        The contact, and until when it holds.

    Returns
    -------
    str
        One field a line.
    """
    lines = [f"Contact: {settings.security_contact}", f"Expires: {settings.security_expires}T00:00:00Z"]
    lines += ["Preferred-Languages: en"]
    lines += [f"Canonical: {public_address(settings)}{WHERE}"] if settings.public_url else []
    return "\n".join(lines) + "\n"
