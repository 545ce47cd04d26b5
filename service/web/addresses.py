"""The address that people use, for the few links that must be absolute.

It comes from the settings alone: ``Host`` and forwarded headers are what a caller wrote, so a link made of them
would send readers wherever the caller likes. Links between our own pages stay relative.
"""

from __future__ import annotations

from service.settings import Settings

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
