"""Sites of a place with many: they stay in their file, and are read when they are asked for."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import orjson

from service.editions.site_names import calm

Site = dict[str, Any]
BETWEEN = re.compile(rb'\},(?=\{"\w)')  # within a text, a quote is the text's end: no letter follows it


class KeptSites(Sequence[Site]):
    """Read like a list of dicts; what is read belongs to the reader.

    Parameters
    ----------
    path : pathlib.Path
        The edition's file of sites: a JSON array, without spaces, of objects that hold no other object.
    more : list of dict
        Sites that come after those of the file.
    """

    def __init__(self, path: Path, more: list[Site]) -> None:
        with path.open("rb") as file:
            self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        last = [len(self._text)] if len(self._text) > len(b"[]") else []
        self._starts = np.array([1, *(found.end() for found in BETWEEN.finditer(self._text)), *last])
        self._more = more

    def __len__(self) -> int:
        """Count the sites."""
        return len(self._starts) - 1 + len(self._more)

    @overload
    def __getitem__(self, row: int) -> Site: ...
    @overload
    def __getitem__(self, row: slice) -> list[Site]: ...
    def __getitem__(self, row: int | slice) -> Site | list[Site]:
        """Read one site, or a run of them."""
        rows = range(len(self))
        return [self._read(one) for one in rows[row]] if isinstance(row, slice) else self._read(rows[row])

    def __iter__(self) -> Iterator[Site]:
        """Read one after the other."""
        return map(self._read, range(len(self)))

    def as_published(self) -> Iterator[Site]:
        """Read one after the other, names as they are published: where they do not matter, this is half the work."""
        return map(self._published, range(len(self)))

    def _read(self, row: int) -> Site:
        site = self._published(row)
        if row < len(self._starts) - 1:
            site["name"] = calm(str(site["name"]))
        return site

    def _published(self, row: int) -> Site:
        held = len(self._starts) - 1
        if row >= held:
            return self._more[row - held]
        site: Site = orjson.loads(self._text[self._starts[row] : self._starts[row + 1] - 1])
        return site
