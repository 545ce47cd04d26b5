"""What a web editor copies: the frame with its plain link, and the picture with a table where frames are refused."""

from __future__ import annotations

from typing import Any

from service.embeds.addresses import with_query
from service.embeds.page import EmbedPage
from service.pages.furniture import Pages

SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads"
"""What a frame may do. Its links open pages of their own, which need their forms: they leave the sandbox."""
WIDTH, HEIGHT = 960, 760
PICTURE_SIZE = (1120, 792)


def frame_snippet(page: EmbedPage, pages: Pages, public: str, *, width: str = "100%", height: int = HEIGHT) -> str:
    """Write the frame of an embed, a plain link under it, and the script that fits its height.

    Parameters
    ----------
    page : EmbedPage
        The embed.
    pages : Pages
        The templates.
    public : str
        The site's address, without a closing slash.
    width : str
        As HTML takes it.
    height : int
        In CSS pixels; the height that stays where the script may not run.

    Returns
    -------
    str
        HTML without inline style or script. A page that refuses the script, or the frame, keeps what it can use.
    """
    given: dict[str, Any] = {"embed": page, "public": public, "width": width, "height": height, "sandbox": SANDBOX}
    return pages.draw("embed/snippet.html", given)


def fragment(page: EmbedPage, pages: Pages, public: str) -> str:
    """Write the picture and the table of an embed, for content systems that strip frames.

    Returns
    -------
    str
        A ``figure`` and a ``table``, whole, with attribution and a link: no script, no style, no frame.
    """
    width, height = PICTURE_SIZE
    return pages.draw("embed/fragment.html", {"embed": page, "public": public, "width": width, "height": height})


def fragment_address(page: EmbedPage) -> str:
    """Give the address of the picture and table of an embed."""
    path, _, query = page.address.partition("?")
    return with_query(f"{path}/fragment", query)
