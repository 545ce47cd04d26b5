"""What stands in a frame whose map cannot be shown: a few words in the embed's own dress, without the site around."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from fastapi import Request

from service.embeds.addresses import with_query
from service.embeds.page import STYLE, THEME
from service.pages.furniture import site_pages

if TYPE_CHECKING:
    from service.web.errors import Problem

TEMPLATE = "embed/error.html"
HEIGHT = "embed.js"


def embed_error(request: Request, problem: Problem, detail: str, hint: str) -> str:
    """Draw an error under ``/embed``.

    Parameters
    ----------
    request : Request
        Whose answer this is.
    problem : Problem
        What went wrong.
    detail, hint : str
        What may be told, and what to do.

    Returns
    -------
    str
        A whole page; for an edition that is not kept, with a link to the same map of the newest one.
    """
    assets = request.app.state.assets
    newest = _newest(request) if problem.name == "unknown-edition" else ""
    context = {
        "title": problem.title,
        "detail": detail,
        "hint": "" if newest else hint,
        "newest": newest,
        "styles": (assets.address(STYLE), THEME),
        "script": assets.address(HEIGHT),
    }
    return site_pages(request).draw(TEMPLATE, context)


def _newest(request: Request) -> str:
    """Give the address that was asked for without its edition."""
    kept = [(name, text) for name, text in request.query_params.multi_items() if name != "edition"]
    return with_query(quote(request.url.path), urlencode(kept))
