"""The letters of all that is printed: a font from a package, the same on every machine, and what it can write."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

FONT = "Roboto"
FONT_PACKAGE = "font_roboto"
REGULAR, BOLD = "Roboto-Regular.ttf", "Roboto-Bold.ttf"
UNKNOWN_SIGN = "\N{REPLACEMENT CHARACTER}"
"""Printed for a sign that the font does not have; the other files carry it as it is."""


def font_folder() -> Path:
    """Give the folder of the font's files."""
    with as_file(files(FONT_PACKAGE) / "files") as folder:  # a package on disk, as wheels are installed
        return folder


def printable(content: Any) -> Any:
    """Write every text in signs that the font has: composed, else taken apart, else `UNKNOWN_SIGN`."""
    if isinstance(content, str):
        return "".join(_sign(sign) for sign in unicodedata.normalize("NFC", content))
    if isinstance(content, dict):
        return {key: printable(part) for key, part in content.items()}
    if isinstance(content, list | tuple):
        return [printable(part) for part in content]
    return content


@cache
def _sign(sign: str) -> str:
    if unicodedata.category(sign) in ("Cf", "Cc") and sign != "\n":  # marks of direction, joiners, controls
        return " " if sign.isspace() else ""
    if sign == "\n" or ord(sign) in _letters():
        return sign
    apart = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return apart if apart and all(ord(part) in _letters() for part in apart) else UNKNOWN_SIGN


@cache
def _letters() -> frozenset[int]:
    held = [frozenset(TTFont(font_folder() / face, lazy=True).getBestCmap()) for face in (REGULAR, BOLD)]
    return held[0] & held[1]
