"""The editions that one web process has open: each place's newest, and those that links pin."""

from __future__ import annotations

import logging
import os
import re
from collections import OrderedDict
from pathlib import Path

from geodata import store as editions_on_disk
from geodata.errors import BuildMissing, DamagedEdition, UnknownPlace
from service.editions.edition import Edition, open_edition
from service.web.errors import UnknownEdition

LOG = logging.getLogger("evenreach.editions")
PLACE = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
PINNED_AT_MOST = 16
DEFINITIONS = Path(editions_on_disk.__file__).parent / "places"


class OpenEditions:
    """Editions by place and id.

    Parameters
    ----------
    store : pathlib.Path
        The folder of all places.

    Notes
    -----
    A new edition is served from the next request on: the pointer file is looked at each time (one
    ``stat``). Where the newest is damaged, the newest whole one before it is served.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._home = str(store)
        self._newest: dict[str, tuple[tuple[int, int], Edition]] = {}
        self._pinned: OrderedDict[tuple[str, str], Edition] = OrderedDict()

    def open_all(self) -> list[str]:
        """Open the newest edition of every place in the store; return the places that could be opened."""
        opened = []
        for place in editions_on_disk.places(self.store):
            try:
                self.get(place)
            except (DamagedEdition, BuildMissing) as error:
                LOG.error("%s: %s", place, error)
            else:
                opened.append(place)
        return opened

    def stored(self) -> list[str]:
        """List the places that the store has a folder of, whole or not."""
        return editions_on_disk.places(self.store)

    def all(self) -> list[Edition]:
        """Give the newest edition of every place that can be served, in the order of their ids."""
        return [self.get(place) for place in self.open_all()]

    def get(self, place: str, edition: str = "") -> Edition:
        """Give one edition.

        Parameters
        ----------
        place : str
            Id of the place.
        edition : str
            Id of the edition; empty for the newest.

        Raises
        ------
        UnknownPlace
            If there is no such place.
        BuildMissing
            If nothing has been built for it.
        UnknownEdition
            If it has no such edition.
        DamagedEdition
            If a stored file differs from the manifest.
        """
        if not PLACE.fullmatch(place) or len(place) > 64:
            raise UnknownPlace(f"No place {place[:80]!r}.")
        newest = self._newest_edition(place)
        if not edition or edition == newest.id:
            return newest
        return self._pinned_edition(place, edition)

    def _newest_edition(self, place: str) -> Edition:
        stamp = self._stamp(place)
        standing = self._newest.get(place)
        if standing is not None and standing[0] == stamp:
            return standing[1]
        if stamp is None and standing is None:
            self._nothing_built(place)
        try:
            edition = open_edition(self.store, place, None)
        except (DamagedEdition, BuildMissing) as error:
            LOG.error(
                "%s: the newest edition cannot be opened, the one before it serves if it is whole: %s", place, error
            )
            edition = standing[1] if standing else self._newest_whole(place, error)
        if stamp is not None:
            self._newest[place] = (stamp, edition)
        return edition

    def _newest_whole(self, place: str, error: Exception) -> Edition:
        try:
            return Edition(editions_on_disk.open_newest_whole(self.store, place)[0])
        except BuildMissing:
            raise error from None

    def _stamp(self, place: str) -> tuple[int, int] | None:
        try:
            pointer = os.stat(f"{self._home}/{place}/{editions_on_disk.POINTER}")  # on every request: no Path is made
        except OSError:
            return None
        return pointer.st_ino, pointer.st_mtime_ns

    def _nothing_built(self, place: str) -> None:
        if (DEFINITIONS / f"{place}.toml").is_file():
            raise BuildMissing(f"Nothing has been built for {place!r} yet; build it with: evenreach build {place}")
        raise UnknownPlace(f"No place {place!r}.")

    def _pinned_edition(self, place: str, edition: str) -> Edition:
        key = (place, edition)
        if key not in self._pinned:
            try:
                self._pinned[key] = open_edition(self.store, place, edition)
            except BuildMissing:
                raise UnknownEdition(f"{place} has no edition {edition!r}.") from None
            if len(self._pinned) > PINNED_AT_MOST:
                self._pinned.popitem(last=False)
        self._pinned.move_to_end(key)
        return self._pinned[key]
