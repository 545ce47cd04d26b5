"""Draws an embed: the same page whether it is served, written out as a folder or as one file.

What differs is where its parts come from, and a `Strategy` says that. `Linked` is the strategy of the served page:
every part has an address on this site. A strategy for files keeps the parts it is handed and answers with relative
names or with the text itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from markupsafe import Markup

from service.embeds.page import EmbedPage
from service.embeds.parts import Part
from service.pages.furniture import Pages
from service.pages.map_words import GO_NEAR

TEMPLATE = "embed/page.html"


@dataclass(frozen=True)
class Placed:
    """A style or a script as it stands in the page: linked by its address, or its text inside the page.

    `text` goes into the page as it is; whoever gives it answers for it: no ``</script`` or ``</style`` in it.
    """

    address: str = ""
    text: Markup = field(default_factory=Markup)


class Strategy(Protocol):
    """Where the parts of an embed come from. Called once for each part, in the order in which they stand."""

    def style(self, part: Part) -> Placed:
        """Place a style sheet."""
        ...

    def script(self, part: Part) -> Placed:
        """Place a classic script; those that are linked are deferred, those inside stand at the page's end."""
        ...

    def picture(self, part: Part) -> str:
        """Give the address of the picture for readers without a script; nothing to leave it out."""
        ...

    def data(self, parts: Sequence[Part]) -> Sequence[Placed]:
        """Bring the data; give the scripts that carry it, none where the page fetches it by address."""
        ...

    def data_address(self, name: str, served: str) -> str:
        """Give what the page's script asks for: ``served``, or the name under which the data were brought."""
        ...

    def page(self, address: str) -> str:
        """Give the address of a page of this site for a link; nothing where the site cannot be reached."""
        ...

    def policy(self, styles: Sequence[Placed], scripts: Sequence[Placed]) -> str:
        """Give the content policy that stands in the page itself; nothing where the server sends it."""
        ...


class Linked:
    """The served page: every part has its address on this site, and the server sends the policy."""

    def style(self, part: Part) -> Placed:
        """Link a style sheet."""
        return Placed(part.address)

    def script(self, part: Part) -> Placed:
        """Link a script."""
        return Placed(part.address)

    def picture(self, part: Part) -> str:
        """Link the picture."""
        return part.address

    def data(self, parts: Sequence[Part]) -> Sequence[Placed]:
        """Bring nothing: the page's script fetches its data."""
        return ()

    def data_address(self, name: str, served: str) -> str:
        """Give the address on this site."""
        return served

    def page(self, address: str) -> str:
        """Link a page of this site."""
        return address

    def policy(self, styles: Sequence[Placed], scripts: Sequence[Placed]) -> str:
        """Leave the policy to the server."""
        return ""


def render(page: EmbedPage, strategy: Strategy, pages: Pages, *, oembed: str = "") -> str:
    """Draw an embed.

    Parameters
    ----------
    page : EmbedPage
        What it shows, by `service.embeds.page.embed_page`.
    strategy : Strategy
        Where its parts come from.
    pages : Pages
        The templates.
    oembed : str
        Absolute address that describes the embed to other sites' editors; left out of files.

    Returns
    -------
    str
        A whole HTML document; equal arguments give equal text.
    """
    styles = [strategy.style(part) for part in page.styles]
    data = strategy.data(page.data)
    scripts = [*data, *(strategy.script(part) for part in page.scripts)]
    return pages.draw(TEMPLATE, _context(page, strategy, styles, scripts) | {"oembed": oembed})


def _context(page: EmbedPage, strategy: Strategy, styles: list[Placed], scripts: list[Placed]) -> dict[str, Any]:
    shown = page.map
    addresses = {name: name for name in ("outlines", "councils", "sites", "ground")} | {"geojson": "areas"}
    given: dict[str, Any] = {
        attribute: strategy.data_address(name, getattr(shown, attribute)) for attribute, name in addresses.items()
    }
    drawn = replace(
        shown,
        **given,
        profile=strategy.page(shown.profile),
        council=strategy.page(shown.council),
        table=strategy.page(shown.table),
        picture=strategy.picture(page.picture),
        notes=[note for note in shown.notes if given["geojson"] or note != GO_NEAR],
        services=shown.services if given["sites"] else [],
        site_attribution=shown.site_attribution if given["sites"] or shown.pictured else [],
    )
    return {
        "embed": page,
        "map": drawn,
        "styles": styles,
        "scripts": scripts,
        "policy": strategy.policy(styles, scripts),
        "links": [replace(link, address=strategy.page(link.address)) for link in page.links],
        "sources_address": strategy.page(page.sources),
    }
