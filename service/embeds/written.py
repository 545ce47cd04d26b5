"""An embed written out: as one file that holds everything, or as a folder of files that stand side by side.

Both are strategies for `service.embeds.render.render`, so that they are the served page in other clothes. Neither
asks any host for anything: data come as a script, because a page that is opened as a file cannot fetch.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from markupsafe import Markup

from service.embeds.on_disk import sealed
from service.embeds.page import EmbedPage
from service.embeds.parts import Part, data_script
from service.embeds.render import Placed, render
from service.pages.furniture import Pages

PAGE = "index.html"
DATA = "data.js"
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; "
PICTURES_OF_CONTROLS = re.compile(rb"url\((?!#)[^)]*\)")  # Leaflet's own buttons and pins, which our maps do not have
ENDS_A_SCRIPT = re.compile(r"</script|<!--|<script", re.IGNORECASE)
ENDS_A_STYLE = re.compile(r"</style|<!--", re.IGNORECASE)


class CannotStandInside(ValueError):
    """A text would end the element that it is put into."""


class _Written:
    """What both ways of writing share: which data were brought, and where links lead."""

    def __init__(self, public: str = "") -> None:
        self._public = public
        self._brought: set[str] = set()

    def data_address(self, name: str, served: str) -> str:
        """Give the name under which the data were brought; nothing where they stayed behind."""
        return name if name in self._brought else ""

    def page(self, address: str) -> str:
        """Link a page of the site by its public address; leave the link out where none is set."""
        return f"{self._public}{address}" if self._public else ""

    def _note(self, parts: Sequence[Part]) -> bytes:
        self._brought = {part.name.partition("?")[0] for part in parts}
        return data_script(parts)


class SelfContained(_Written):
    """One file: styles, scripts, data and picture stand inside; the policy allows exactly these, by their hashes.

    Parameters
    ----------
    public : str
        Address of the site for links, without a closing slash; no links when empty.
    """

    def style(self, part: Part) -> Placed:
        """Put a style sheet inside."""
        return Placed(text=_inside(_plain_style(part.make()), ENDS_A_STYLE, part.name))

    def script(self, part: Part) -> Placed:
        """Put a script inside."""
        return Placed(text=_inside(part.make(), ENDS_A_SCRIPT, part.name))

    def picture(self, part: Part) -> str:
        """Put the picture into its address."""
        return "data:image/svg+xml;base64," + base64.b64encode(part.make()).decode()

    def data(self, parts: Sequence[Part]) -> Sequence[Placed]:
        """Put the data inside."""
        return (Placed(text=_inside(self._note(parts), ENDS_A_SCRIPT, DATA)),)

    def policy(self, styles: Sequence[Placed], scripts: Sequence[Placed]) -> str:
        """Allow these very styles and scripts, and nothing else."""
        return f"{CLOSED}script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:"


class Folder(_Written):
    """A folder: every part is a file beside the page, by its name.

    Parameters
    ----------
    public : str
        As for `SelfContained`.

    Attributes
    ----------
    files : dict of str to bytes
        What stands beside the page, filled while it is drawn.
    """

    def __init__(self, public: str = "") -> None:
        super().__init__(public)
        self.files: dict[str, bytes] = {}

    def style(self, part: Part) -> Placed:
        """Keep a style sheet beside the page."""
        return Placed(self._keep(part.name, _plain_style(part.make())))

    def script(self, part: Part) -> Placed:
        """Keep a script beside the page."""
        return Placed(self._keep(part.name, part.make()))

    def picture(self, part: Part) -> str:
        """Keep the picture beside the page."""
        return self._keep(part.name, part.make())

    def data(self, parts: Sequence[Part]) -> Sequence[Placed]:
        """Keep the data beside the page, as a script."""
        return (Placed(self._keep(DATA, self._note(parts))),)

    def policy(self, styles: Sequence[Placed], scripts: Sequence[Placed]) -> str:
        """Allow files of the same folder's site, or of this disk, and nothing else."""
        return f"{CLOSED}script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:"

    def _keep(self, name: str, content: bytes) -> str:
        if self.files.setdefault(name, content) != content:
            raise ValueError(f"two different files are called {name!r}")
        return name


def one_file(page: EmbedPage, pages: Pages, public: str = "") -> bytes:
    """Write an embed as one HTML file with the hash of what it holds; equal arguments give equal bytes.

    Parameters
    ----------
    page : EmbedPage
        What it shows.
    pages : Pages
        The templates.
    public : str
        Address of the site for links, without a closing slash; no links when empty.
    """
    return sealed(render(page, SelfContained(public), pages).encode())


def folder_files(page: EmbedPage, pages: Pages, public: str = "") -> dict[str, bytes]:
    """Write an embed as files that stand in one folder, ``index.html`` among them; equal arguments give equal bytes.

    Parameters
    ----------
    page, pages, public
        As for `one_file`.

    Returns
    -------
    dict of str to bytes
        Content by file name, in the order of the names.
    """
    strategy = Folder(public)
    body = render(page, strategy, pages).encode()
    return dict(sorted({PAGE: body, **strategy.files}.items()))


def _plain_style(body: bytes) -> bytes:
    """Take the pictures out of a style sheet: they are not written, and nothing of ours needs them."""
    return PICTURES_OF_CONTROLS.sub(b"none", body)


def _inside(body: bytes, ends: re.Pattern[str], name: str) -> Markup:
    """Give a text that may stand inside its element as it is."""
    text = body.decode().replace("\r\n", "\n").replace("\r", "\n")  # as browsers read, and hash, it
    if ends.search(text):
        raise CannotStandInside(f"{name} holds a text that would end its element")
    return Markup(text)  # nosec B704 # our own files and `data_script`, checked above


def _hashes(parts: Sequence[Placed]) -> str:
    digests = (hashlib.sha256(str(part.text).encode()).digest() for part in parts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
