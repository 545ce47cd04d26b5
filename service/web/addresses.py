"""The address that people use, for the few links that must be absolute.

It comes from the settings alone: ``Host`` and forwarded headers are what a caller wrote, so a link made of them
would send readers wherever the caller likes. Links between our own pages stay relative.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.requests import Request

from service.settings import Settings

OF_THE_TABLE = ("find", "page", "sort")  # how a table is turned: the view stays the same

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # bound to every address: a reader needs one that answers


def readable_host(host: str) -> str:
    """Give a host to bind to as a reader types it into an address."""
    return ANYWHERE.get(host, f"[{host}]" if ":" in host else host)


def public_address(settings: Settings) -> str:
    """Give the address that people use, without a closing slash.

    Parameters
    ----------
    settings : Settings
        ``public_url`` as set; without it, the host and port that ``evenreach serve`` was told.

    Returns
    -------
    str
        Such as ``https://maps.example.org`` or ``http://127.0.0.1:8000``.
    """
    return settings.public_url or f"http://{readable_host(settings.host)}:{settings.port}"


def comment_address(request: Request) -> str:
    """Give the address where the view of a request may be commented on.

    Parameters
    ----------
    request : Request
        Of a page that shows a view.

    Returns
    -------
    str
        ``respond_url`` as set, with the public address of the view as one more word of its query, ``view``; nothing
        where none is set.
    """
    settings: Settings = request.app.state.settings
    if not settings.respond_url:
        return ""
    words = parse_qsl(request.scope["query_string"].decode("latin-1"))
    query = urlencode([(name, text) for name, text in words if name not in OF_THE_TABLE])
    shown = public_address(settings) + quote(request.scope["path"]) + (f"?{query}" if query else "")
    where = urlsplit(settings.respond_url)
    return where._replace(query=f"{where.query}&{urlencode({'view': shown})}".lstrip("&")).geturl()
