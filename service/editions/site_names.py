"""Names of sites as people read them, lists that publish in capitals shout, and the order of their columns."""

from __future__ import annotations

import string
from functools import lru_cache

ORDER_OF_SITES = (
    *("site_id", "service", "name", "address", "postcode", "lsoa21cd", "inside"),
    *("easting", "northing", "lon", "lat"),
)
SHORT_WORDS = {"NHS", "GP", "PCC", "LLP", "CYP", "UK"}


def calm(name: str) -> str:
    """Write a name that is published in capitals with small letters, known abbreviations kept."""
    if not name.isupper():
        return name
    words = (word if word.strip("().,") in SHORT_WORDS else string.capwords(word, "-") for word in name.split())
    return " ".join(words)


@lru_cache(maxsize=256)
def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Put the columns of sites in the published order: the same in files, GeoJSON and collections of features."""
    return (*(name for name in ORDER_OF_SITES if name in names), *(n for n in names if n not in ORDER_OF_SITES))
