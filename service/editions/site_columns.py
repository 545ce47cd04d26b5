"""What is asked of every site of a place again and again, as columns: a large place's sites stay in their file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SiteColumns:
    """Columns of ``edition.sites()``, in its order.

    Attributes
    ----------
    kinds : list of str
        The service that each gives.
    areas : array of int, shape (n,)
        Row of the neighbourhood in which it lies; -1 = in none of the edition.
    inside : array of bool, shape (n,)
        Whether it lies in the place; a site that does not say so does.
    marks : array of int, shape (n,)
        A number made of its id, to find it by; two ids may have the same.
    """

    kinds: list[str]
    areas: NDArray[np.int32]
    inside: NDArray[np.bool_]
    marks: NDArray[np.int64]

    def rows_of(self, service: str) -> list[int]:
        """Rows of the sites that give a service."""
        return [row for row, kind in enumerate(self.kinds) if kind == service]

    def marked(self, site_ids: Iterable[str]) -> list[int]:
        """Rows of the sites that may have one of these ids."""
        found: list[int] = np.flatnonzero(np.isin(self.marks, [hash(one) for one in site_ids])).tolist()
        return found


def columns_of(sites: Iterable[dict[str, Any]], codes: NDArray[np.str_]) -> SiteColumns:
    """Read every site once.

    Parameters
    ----------
    sites : iterable of dict
    codes : array of str, shape (n,)
        Neighbourhoods of the edition, in order.
    """
    read = [
        (intern(str(site["service"])), site["lsoa21cd"] or "", site.get("inside", True), hash(site["site_id"]))
        for site in sites
    ]
    kinds, areas, inside, marks = map(list, zip(*read, strict=True)) if read else ([], [], [], [])
    lies_in = np.array(areas, dtype=codes.dtype)
    rows = np.searchsorted(codes, lies_in)
    known = codes[np.minimum(rows, len(codes) - 1)] == lies_in
    return SiteColumns(
        kinds, np.where(known, rows, -1).astype(np.int32), np.array(inside, dtype=bool), np.array(marks, dtype=np.int64)
    )
