"""Names of sites as people read them: lists that publish in capitals shout."""

from __future__ import annotations

import string

SHORT_WORDS = {"NHS", "GP", "PCC", "LLP", "CYP", "UK"}


def calm(name: str) -> str:
    """Write a name that is published in capitals with small letters, known abbreviations kept."""
    if not name.isupper():
        return name
    words = (word if word.strip("().,") in SHORT_WORDS else string.capwords(word, "-") for word in name.split())
    return " ".join(words)
