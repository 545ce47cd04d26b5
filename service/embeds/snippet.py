"""What a web editor copies: the frame with its plain link, and the picture with a table where frames are refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from layers.map_layers import PALETTES
from service.embeds.addresses import with_query
from service.embeds.page import EmbedPage, Framed
from service.pages.furniture import Pages
from service.pages.map import LegendLine

SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads"
"""What a frame may do. Its links open pages of their own, which need their forms: they leave the sandbox."""
WIDTH, HEIGHT = 960, 760
HEIGHT_SCRIPT = "/assets/embed_height.js"
HATCHED = "Hatched"
SHADES = {
    "need": ("Darkest blue", "Blue", "Blue-green", "Light green", "Pale yellow"),
    "deprivation": ("Darkest purple", "Purple", "Pink", "Light pink", "Palest pink"),
    "indicator": ("Darkest brown", "Brown", "Orange", "Light orange", "Cream"),
    "access": ("Darkest violet", "Violet", "Light violet", "Pale violet", "Almost white"),
    "clusters": ("Dark red", "Orange", "Light blue", "Dark blue", "Pale grey"),
}
"""The colours of `layers.map_layers.PALETTES` as a reader would name them."""


def frame_snippet(
    page: Framed, pages: Pages, public: str, *, width: str = "100%", height: int = HEIGHT, script: str = HEIGHT_SCRIPT
) -> str:
    """Write a plain link to a map, the frame of its embed, and the script that fits its height.

    Parameters
    ----------
    page : Framed
        The embed.
    pages : Pages
        The templates.
    public : str
        The site's address, or that of a written folder, without a closing slash.
    width : str
        As HTML takes it.
    height : int
        In CSS pixels; the height that stays where the script may not run.
    script : str
        Address of the script that fits the height, after `public`; empty for none.

    Returns
    -------
    str
        HTML without inline style or script. A page that refuses the script, or the frame, keeps what it can use.
    """
    given: dict[str, Any] = {"embed": page, "public": public, "width": width, "height": height, "sandbox": SANDBOX}
    return pages.draw("embed/snippet.html", given | {"script": script})


def fragment(page: EmbedPage, pages: Pages, public: str) -> str:
    """Write the picture and the table of an embed, for content systems that strip frames.

    The copy stays as it is, so its picture and its links stay with the same edition.

    Returns
    -------
    str
        A ``figure``, the legend in words and a ``table``, with attribution and a link: no script, no frame and no
        style. The picture is as wide as the column it stands in and keeps its shape.
    """
    given: dict[str, Any] = {"embed": page, "public": public, "shades": _shades(page)}
    given |= {"picture": _pinned(page, page.picture.address), "link": _pinned(page, page.links[0].address)}
    given |= {"sources": _pinned(page, page.sources)}
    return pages.draw("embed/fragment.html", given)


def _pinned(page: EmbedPage, address: str) -> str:
    """Let an address name the edition that the page shows."""
    path, _, query = address.partition("?")
    kept = [(name, text) for name, text in parse_qsl(query) if name != "edition"]
    return with_query(path, urlencode([*kept, ("edition", page.edition)]))


def _shades(page: EmbedPage) -> list[tuple[str, str]]:
    """Write the legend in words: each colour, and what it stands for; nothing where areas have one colour."""
    shades = dict(zip(PALETTES[page.map.layer.palette], SHADES.get(page.map.layer.palette, ()), strict=False))
    return [(shades.get(line.colour, HATCHED), _class_words(line)) for line in page.map.legend if shades]


def _class_words(line: LegendLine) -> str:
    """Say in a row what a colour stands for; its own colon gives way to the one behind the colour's name."""
    name = line.label.replace(": ", ", ", 1)
    return ", ".join(filter(None, (name, line.range, line.count_text)))


def fragment_address(page: EmbedPage) -> str:
    """Give the address of the picture and table of an embed."""
    path, _, query = page.address.partition("?")
    return with_query(f"{path}/fragment", query)
