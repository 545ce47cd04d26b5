"""Addresses of embeds: of one, of the page that makes it, of what describes it to other sites' editors."""

from __future__ import annotations

from urllib.parse import urlencode

from service.editions.views import ACCESS, View
from service.embeds.options import EmbedOptions

USUAL_LAYER = "targeting"


def with_query(path: str, query: str) -> str:
    """Put a query string behind a path, if there is one."""
    return f"{path}?{query}" if query else path


def embed_address(view: View, options: EmbedOptions | None = None) -> str:
    """Give the canonical address of an embed, relative to the site; what is usual is left out."""
    layer, words = view.layer or USUAL_LAYER, (options or EmbedOptions()).words()
    return with_query(f"/embed/{view.place}/{layer}", map_query(view, **words))


def map_query(view: View, **more: str) -> str:
    """Write a view as a query string, with the service whose sites any layer may show, and who is taken there."""
    if view.layer == ACCESS:
        return view.query(**more)
    accepting = view.accepting if view.layer == "sites" else ""
    return view.query(service=view.service, accepting=accepting, **more)


def builder_address(view: View) -> str:
    """Give the address of the page that makes an embed of a view."""
    layer = "" if view.layer in ("", USUAL_LAYER) else view.layer
    return with_query(f"/places/{view.place}/embed", map_query(view, layer=layer))


def oembed_address(public: str, address: str) -> str:
    """Give the address that describes a map to other sites' editors.

    Parameters
    ----------
    public : str
        The site's address, without a closing slash.
    address : str
        Of an embed, a map page or a place's page, relative to the site.
    """
    return f"{public}/oembed?{urlencode({'url': f'{public}{address}', 'format': 'json'})}"
