"""oEmbed 1.0: tells another site's editor, from the address of a page or an embed here, how to frame it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urldefrag

from service.embeds.addresses import USUAL_LAYER
from service.embeds.errors import NotInXml, NotOurs
from service.embeds.page import Framed
from service.embeds.snippet import HEIGHT, HEIGHT_SCRIPT, WIDTH, frame_snippet
from service.pages.furniture import Pages
from service.queries import BadQuery

PATH = re.compile(r"/(?P<kind>embed|maps|places)/(?P<place>[a-z0-9-]{1,64})(?:/(?P<layer>[a-z0-9_]{1,64}))?")
SIZE = "[1-9][0-9]{0,4}"
NOT_OURS = "url is not the address of a map of this site."
HOW = "Give the full address of a map, such as {}/embed/demo/need."
KEPT_SECONDS = 86_400
LEAST = 200  # pixels either way; in less nobody can read a map


def read_size(parameter: str, text: str) -> int | None:
    """Read the most pixels that a frame may take; nothing when left out."""
    if not text:
        return None
    if not re.fullmatch(SIZE, text):
        raise BadQuery(parameter, f"{parameter} is {text[:40]!r}.", hint="Give a whole number of pixels, 1 to 99999.")
    return int(text)


def read_format(text: str) -> None:
    """Check that JSON is wanted; the standard's other format, XML, has an answer of its own there (501)."""
    if text == "xml":
        raise NotInXml("The answer is given as JSON alone.")
    if text not in ("", "json"):
        raise BadQuery("format", f"format is {text[:40]!r}.", hint="Give json, or leave it out; XML is not given.")


def read_url(url: str, public: str) -> tuple[str, str, dict[str, str]]:
    """Find the place, layer and query of an address of this site.

    Parameters
    ----------
    url : str
        Full address of an embed, a map page or a place's page.
    public : str
        The site's own address, without a closing slash.

    Returns
    -------
    tuple of (str, str, dict)
        Place, layer, and the parameters of its query.

    Raises
    ------
    BadQuery
        If there is no address, or its query has a parameter twice or with a broken sign.
    NotOurs
        If it leads elsewhere.
    """
    how = HOW.format(public)
    if not url:
        raise BadQuery("url", "url is missing.", hint=how)
    if not url.startswith(f"{public}/"):
        raise NotOurs(NOT_OURS)
    path, _, rest = urldefrag(url.removeprefix(public)).url.partition("?")
    found = PATH.fullmatch(path.removesuffix("/"))
    if found is None or (found["kind"] == "places") != (found["layer"] is None):
        raise NotOurs(NOT_OURS)
    try:
        given = parse_qsl(rest, keep_blank_values=True, strict_parsing=bool(rest), errors="strict")
    except ValueError:
        raise BadQuery("url", "The query of url cannot be read.", hint=how) from None
    if len({name for name, _ in given}) < len(given):
        raise BadQuery("url", "The query of url has a parameter twice.", hint=how)
    return found["place"], found["layer"] or USUAL_LAYER, dict(given)


def oembed(page: Framed, pages: Pages, public: str, *, width: int | None, height: int | None) -> dict[str, Any]:
    """Describe an embed as oEmbed 1.0 does: type ``rich``, or ``link`` where the frame would be too small to read.

    Parameters
    ----------
    page, pages, public
        The embed, the templates and the site's address.
    width, height : int or None
        The most that the frame may take.

    Returns
    -------
    dict
        Ready to be written as JSON.
    """
    wide, high = min(width or WIDTH, WIDTH), min(height or HEIGHT, HEIGHT)
    told = {
        "version": "1.0",
        "type": "rich" if min(wide, high) >= LEAST else "link",
        "provider_name": page.tenant,
        "provider_url": f"{public}/",
        "title": page.page_title,
        "cache_age": KEPT_SECONDS,
    }
    if told["type"] == "link":
        return told
    script = "" if height else HEIGHT_SCRIPT  # a frame that may not grow must not
    html = frame_snippet(page, pages, public, width=str(wide), height=high, script=script)
    return told | {"width": wide, "height": high, "html": html}
