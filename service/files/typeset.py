"""Typeset pages: tagged PDF by the rules of PDF/UA-1, and pictures in pixels, with the fonts of a package.

Text goes to the typesetter as data, never as markup, so nothing in it can be run. No font of the machine is used:
the same input gives the same bytes everywhere.
"""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import typst

from service.files.letters import font_folder, printable

DOTS_PER_INCH = 192.0  # the units of a picture are 96 to an inch: two dots for each
BARE_PICTURE = b"""#set page(width: auto, height: auto, margin: 0pt)
#set text(font: "Roboto")
#image(bytes(sys.inputs.picture), format: "svg")
"""


def tagged_pdf(template: Path, content: dict[str, Any], *, picture: str = "", built: str) -> bytes:
    """Fill a template and write it as tagged PDF.

    Parameters
    ----------
    template : pathlib.Path
        A page in the typesetter's language; it reads ``content`` and ``picture`` from its inputs.
    content : dict
        Plain data: texts, numbers, lists.
    picture : str
        An SVG document; may be empty.
    built : str
        Day of the edition, ``YYYY-MM-DD``: the only date in the file.

    Returns
    -------
    bytes
        PDF 1.7, PDF/UA-1; the same input gives the same bytes.
    """
    day = datetime.datetime.fromisoformat(f"{built[:10]}T00:00:00+00:00")
    inputs = {"content": orjson.dumps(printable(content)).decode(), "picture": printable(picture)}
    compiler = typst.Compiler(template.read_bytes(), font_paths=_fonts(), sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=day)
    assert isinstance(made, bytes)
    return made


def pixels(picture: str, *, dots_per_inch: float = DOTS_PER_INCH) -> bytes:
    """Draw an SVG document as PNG."""
    compiler = typst.Compiler(BARE_PICTURE, font_paths=_fonts(), sys_inputs={"picture": printable(picture)})
    made = compiler.compile(format="png", ppi=dots_per_inch)
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder()])
