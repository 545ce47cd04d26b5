"""The editions that one web process has open: each place's newest, and those that links pin.

To open an edition means to read all its files once: seconds, for a large place. That is done in a thread of its own,
one edition at a time; those who ask wait a moment for it, and are then served by the edition that stood before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import NamedTuple

from geodata import store as editions_on_disk
from geodata.errors import BuildMissing, DamagedEdition, UnknownEdition, UnknownPlace
from service.editions.edition import Edition, open_edition
from service.editions.scoring import forget_scores

LOG = logging.getLogger("evenreach.editions")
PLACE = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
PINNED_AT_MOST = 16
PATIENCE = 1.0
"""Seconds for which a new edition is waited for where an older one can be served instead."""

AGAIN_AFTER = 10.0
"""Seconds after which files that could not be read are tried again: they may be whole."""

DEFINITIONS = Path(editions_on_disk.__file__).parent / "places"
Stamp = tuple[int, int]
Key = tuple[str, str]


class Newest(NamedTuple):
    """What serves as the newest edition of a place, for the pointer that it was opened by, and until when."""

    stamp: Stamp | None
    edition: Edition
    until: float = float("inf")


class Refused(NamedTuple):
    """Why an edition could not be opened, for the pointer of that time, and until when that is taken for known."""

    stamp: Stamp | None
    error: Exception
    until: float


class Opening(NamedTuple):
    """An edition that is being opened."""

    began: float
    found: Future[Edition]

    @property
    def patience(self) -> float:
        """Seconds for which it is still waited for, where that need not be."""
        return max(0.0, self.began + PATIENCE - time.monotonic())


class OpenEditions:
    """Editions by place and id.

    Parameters
    ----------
    store : pathlib.Path
        The folder of all places.

    Notes
    -----
    The pointer file is looked at each time (one ``stat``), so a new edition is served as soon as it is open. Where the
    newest is damaged, the newest whole one before it is served. What was found damaged is not read again before
    another edition is published; what could not be read, for want of descriptors or of a disk, soon is.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._home = str(store)
        self._newest: dict[str, Newest] = {}
        self._pinned: OrderedDict[Key, Edition] = OrderedDict()
        self._damaged: OrderedDict[Key, Refused] = OrderedDict()
        self._opening: dict[Key, Opening] = {}
        self._lock = Lock()
        self._one_by_one = Lock()  # held for as long as an edition is being opened

    def open_all(self) -> list[str]:
        """Open the newest edition of every place in the store; return the places that could be opened."""
        opened = []
        for place in self.stored():
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
        found = []
        for place in self.stored():
            with suppress(DamagedEdition, BuildMissing):
                found.append(self.get(place))
        return found

    async def served(self) -> list[Edition]:
        """Give the editions as `all` does, without those of places that are opened for the first time just now."""
        found = []
        for place in self.stored():
            with suppress(DamagedEdition, BuildMissing):
                if place in self._newest:
                    found.append(await self.find(place))
                elif self.now(place) is None:
                    self._open(place, "")
        return found

    def is_behind(self, place: str, edition: str) -> bool:
        """Tell whether the edition that serves a place is not the one that its pointer names."""
        try:
            return editions_on_disk.current(self.store / place) != edition
        except DamagedEdition:
            return True

    @property
    def standing(self) -> list[Edition]:
        """Give what is open, one edition for each place, in the order of their ids; nothing is waited for."""
        return [self._newest[place].edition for place in sorted(self._newest)]

    @property
    def places_open(self) -> int:
        """How many places have an edition open."""
        return len(self._newest)

    def get(self, place: str, edition: str = "") -> Edition:
        """Give one edition, waiting for it in this thread; where an event loop runs, see `find`.

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
        found = self.now(place, edition)
        if found is not None:
            return found
        opening, standing = self._open(place, edition), self._standing(place, edition)
        if standing is None:
            return opening.found.result()
        try:
            return opening.found.result(opening.patience)
        except TimeoutError:
            return standing

    async def find(self, place: str, edition: str = "") -> Edition:
        """Give one edition as `get` does, and let others be answered meanwhile."""
        found = self.now(place, edition)
        if found is not None:
            return found
        opening, standing = self._open(place, edition), self._standing(place, edition)
        coming = asyncio.wrap_future(opening.found)
        await asyncio.wait({coming}, timeout=None if standing is None else opening.patience)
        return coming.result() if standing is None or coming.done() else standing

    def now(self, place: str, edition: str = "") -> Edition | None:
        """Give the edition that is to be served at this moment; None if it has to be opened, or waited for.

        Raises
        ------
        UnknownPlace, DamagedEdition, BuildMissing
            As `get`, where that is known already.
        """
        if not PLACE.fullmatch(place) or len(place) > 64:
            raise UnknownPlace(f"No place {place[:80]!r}.")
        stamp = self._stamp(place)
        found = self._at_hand(place, edition, stamp)
        if found is None and (opening := self._opening.get((place, edition))) is not None and not opening.patience:
            found = self._standing(place, edition)
        refused = self._damaged.get((place, edition)) if found is None else None
        if refused is not None and refused.stamp == stamp and time.monotonic() < refused.until:
            raise refused.error.with_traceback(None)
        return found

    def _at_hand(self, place: str, edition: str, stamp: Stamp | None) -> Edition | None:
        standing = self._newest.get(place)
        if standing is not None and edition in ("", standing.edition.id):
            holds = stamp in (None, standing.stamp) and time.monotonic() < standing.until
            return standing.edition if edition or holds else None
        with self._lock:
            found = self._pinned.get((place, edition))
            if found is not None:
                self._pinned.move_to_end((place, edition))
        return found

    def _standing(self, place: str, edition: str) -> Edition | None:
        """Give the edition that serves while the newest is opened; none in place of one that is pinned."""
        standing = None if edition else self._newest.get(place)
        return standing.edition if standing else None

    def _open(self, place: str, edition: str) -> Opening:
        """Have an edition opened, unless that has begun already."""
        self._look_for(place, edition)
        with self._lock:
            opening = self._opening.get((place, edition))
            if opening is None:
                opening = self._opening[place, edition] = Opening(time.monotonic(), Future())
                opening.found.set_running_or_notify_cancel()  # nobody who leaves can stop it for the others
                Thread(target=self._work, args=(place, edition, opening.found), daemon=True).start()
        return opening

    def _look_for(self, place: str, edition: str) -> None:
        """Refuse what is not in the store, before a thread is begun for it."""
        if self._stamp(place) is None and place not in self._newest:
            self._nothing_built(place)
        if edition:
            named = editions_on_disk.EDITION.fullmatch(edition)
            if not named or not (self.store / place / edition).is_dir():
                raise UnknownEdition(f"{place} has no edition {edition!r}.")

    def _work(self, place: str, edition: str, found: Future[Edition]) -> None:
        try:
            with self._one_by_one:
                opened = self._at_hand(place, edition, self._stamp(place)) or self._opened(place, edition)
        except BaseException as error:
            self._opening.pop((place, edition), None)
            found.set_exception(error)
        else:
            self._opening.pop((place, edition), None)
            found.set_result(opened)

    def _opened(self, place: str, edition: str) -> Edition:
        stamp = self._stamp(place)
        try:
            return self._opened_pinned(place, edition) if edition else self._opened_newest(place, stamp)
        except (DamagedEdition, BuildMissing) as error:
            with self._lock:
                self._damaged[place, edition] = Refused(stamp, error, _until(error))
                if len(self._damaged) > PINNED_AT_MOST:
                    self._damaged.popitem(last=False)
            raise

    def _opened_newest(self, place: str, stamp: Stamp | None) -> Edition:
        standing, until = self._newest.get(place), float("inf")
        try:
            edition = open_edition(self.store, place, None)
        except (DamagedEdition, BuildMissing) as error:
            LOG.error(
                "%s: the newest edition cannot be opened, the one before it serves if it is whole: %s", place, error
            )
            edition = standing.edition if standing else self._newest_whole(place, error)
            until = _until(error)
        self._newest[place] = Newest(stamp, edition, until)
        if standing and standing.edition is not edition:
            forget_scores(standing.edition)
        return edition

    def _opened_pinned(self, place: str, edition: str) -> Edition:
        try:
            opened = open_edition(self.store, place, edition)
        except BuildMissing:
            raise UnknownEdition(f"{place} has no edition {edition!r}.") from None
        with self._lock:
            self._pinned[place, edition] = opened
            gone = self._pinned.popitem(last=False)[1] if len(self._pinned) > PINNED_AT_MOST else None
        if gone is not None:
            forget_scores(gone)
        return opened

    def _newest_whole(self, place: str, error: Exception) -> Edition:
        try:
            return Edition(editions_on_disk.open_newest_whole(self.store, place)[0])
        except BuildMissing:
            raise error from None

    def _stamp(self, place: str) -> Stamp | None:
        try:
            pointer = os.stat(f"{self._home}/{place}/{editions_on_disk.POINTER}")  # on every request: no Path is made
        except OSError:
            return None
        return pointer.st_ino, pointer.st_mtime_ns

    def _nothing_built(self, place: str) -> None:
        if (DEFINITIONS / f"{place}.toml").is_file():
            raise BuildMissing(f"Nothing has been built for {place!r} yet; build it with: evenreach build {place}")
        raise UnknownPlace(f"No place {place!r}.")


def _until(error: Exception) -> float:
    """Say until when an error is taken for known: files that could not be read may be whole."""
    unreadable = isinstance(error, DamagedEdition) and error.rule == editions_on_disk.UNREADABLE
    return time.monotonic() + AGAIN_AFTER if unreadable else float("inf")
