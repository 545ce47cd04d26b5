"""Single elements of an SVG picture: paths, symbols, lines of text. Every text from data is escaped here."""

from __future__ import annotations

import textwrap
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from layers.map_layers import SiteSymbol

MOST_TENTHS = 30_000  # more than a page has
INK, GREY = "#0b0c0c", "#40474d"

Ring = NDArray[np.float64]


def path_data(points: Ring, *, close: bool = True) -> str:
    """Give path data to a tenth of a unit, without points that fall on the one before."""
    tenths = np.round(points * 10).astype(np.int64)
    keep = np.append(True, (np.diff(tenths, axis=0) != 0).any(axis=1))
    tenths = tenths[keep]
    if close and len(tenths) > 1 and (tenths[0] == tenths[-1]).all():
        tenths = tenths[:-1]
    if len(tenths) < (3 if close else 2):
        return ""
    steps = np.diff(tenths, axis=0)
    first = " ".join(map(_TENTHS.__getitem__, tenths[0].tolist()))
    return f"M{first}l" + " ".join(map(_TENTHS.__getitem__, steps.ravel().tolist())) + ("z" if close else "")


class _Tenths(dict[int, str]):
    """Whole tenths as a path has them, each written once: a picture has thousands, and few that differ."""

    def __missing__(self, value: int) -> str:
        whole, rest = divmod(abs(value), 10)
        sign = "-" if value < 0 else ""
        written = f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
        if len(self) < MOST_TENTHS:
            self[value] = written
        return written


_TENTHS = _Tenths()


def symbol(mark: SiteSymbol, x: float, y: float, *, size: float) -> str:
    """Draw the symbol of a service around a point."""
    return (
        f'<path transform="translate({x - size / 2:.1f} {y - size / 2:.1f}) scale({size / 16:.3f})" d="{mark.path}" '
        f'fill="{mark.colour}" stroke="#ffffff" stroke-width="2.4" paint-order="stroke"/>'
    )


def paragraph(drawn: list[str], x: float, y: float, words: str, *, most: int) -> float:
    """Add wrapped small text; return where the next line goes."""
    for part in textwrap.wrap(words, most)[:8]:
        drawn.append(text_line(x, y, part, size=11.5, fill=GREY))
        y += 15
    return y


def text_line(
    x: float, y: float, words: str, *, size: float, weight: int = 400, fill: str = INK, most: int = 260
) -> str:
    """Draw one line of text, cut off at the most letters it may have."""
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    cut = words if len(words) <= most else words[: most - 1].rstrip() + "…"
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{bold} fill={quoteattr(fill)}>{escaped(cut)}</text>'


def escaped(words: str) -> str:
    """Escape text for XML and drop the control characters that XML cannot hold."""
    return escape("".join(letter for letter in words if letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF))
