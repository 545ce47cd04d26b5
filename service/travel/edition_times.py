"""How long it takes from every neighbourhood of an edition to its sites, as the web process knows it: plain arrays.

Written by `service.travel.write`; the names of the files are fixed here, for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import ArrayLike, NDArray

from geodata.errors import EditionTooOld
from geodata.store import StoredEdition
from layers.estimated_times import ESTIMATED, SPEED_KM_H, estimated_minutes
from service.own.figures import OwnFigures

NETWORK = "network"  # folder of an edition: graphs, lines, timetable
ABOUT = "network.json"
LINES = "lines.json"
CENTROIDS = "centroids.npy"
SITE_POINTS, OWN_SITE_POINTS = "site_points.npy", "own_site_points.npy"
TRANSIT = "transit"
MODE_WORDS = {"walk": "on foot", "cycle": "by bicycle", "drive": "by car", TRANSIT: "by public transport"}
Minutes = NDArray[np.float64]


def matrix_name(mode: str, *, own: bool = False) -> str:
    """Name the file of minutes to the sites of an edition, or to those that users brought."""
    return f"{'own_' if own else ''}travel-{mode}.npy"


class UnknownMode(LookupError):
    """The edition has no travel times for this mode."""


class TravelOfEdition:
    """Part of `service.editions.edition.Edition`: where people and sites are, and the minutes between them."""

    _web: Path
    codes: np.ndarray
    place: dict[str, Any]
    own: OwnFigures
    stored: StoredEdition

    if TYPE_CHECKING:

        def sites(self, service: str | None = None, within: str = "") -> Sequence[dict[str, Any]]: ...  # noqa: D102

    def modes(self) -> list[str]:
        """Give the ways to travel that times are known for: those of the network, else the three that are estimated."""
        return [mode for mode in MODE_WORDS if mode in (self.network["basis"] if self.network else SPEED_KM_H)]

    def time_basis(self, mode: str) -> str:
        """Say what the times of a mode rest on; to be shown with every one of them.

        Raises
        ------
        UnknownMode
            Naming the modes there are.
        """
        self._check_mode(mode)
        return str(self.network["basis"][mode]) if self.network else ESTIMATED

    def minutes(self, mode: str, site_rows: ArrayLike | None = None) -> Minutes:
        """Minutes from every neighbourhood to sites.

        Parameters
        ----------
        mode : str
            One of `modes`.
        site_rows : array_like of int, shape (k,), optional
            Row numbers in the list that `sites` gives for all services; all of them if left out.

        Returns
        -------
        float64 array, shape (n, k)
            Door to door; inf out of reach, NaN where a centroid or a site has no known place on the network.

        Raises
        ------
        UnknownMode
            Naming the modes there are.
        """
        self._check_mode(mode)
        listed = self.sites()
        rows = np.arange(len(listed)) if site_rows is None else np.asarray(site_rows, dtype=np.intp)
        if self.network is None:
            east, north = self._points_of_sites
            return self.estimated_minutes(mode, east[rows], north[rows], [listed[row]["lsoa21cd"] for row in rows])
        held, own = self._matrix(mode), self._matrix(mode, own=True)
        first = held.shape[1]
        found = np.full((len(self.codes), len(rows)), np.nan)
        published = rows < first
        found[:, published] = held[:, rows[published]]
        if own.shape[1]:
            found[:, ~published] = own[:, rows[~published] - first]
        return found

    def estimated_minutes(
        self, mode: str, easting: ArrayLike, northing: ArrayLike, lsoa21cd: Sequence[str | None]
    ) -> Minutes:
        """Minutes from every neighbourhood to any points, estimated from distance whatever the edition holds.

        Parameters
        ----------
        mode : {"walk", "cycle", "drive"}
        easting, northing : array_like, shape (k,)
            EPSG:27700, metres.
        lsoa21cd : sequence of str or None, length k
            The neighbourhood that each point lies in, where it is known.

        Returns
        -------
        float64 array, shape (n, k)
            NaN where a centroid or a point is not known.

        Raises
        ------
        UnknownMode
            If a time of this mode cannot be estimated from distance.
        """
        if mode not in SPEED_KM_H:
            raise UnknownMode(f"No time by {mode[:40]!r} can be estimated; choose one of {', '.join(SPEED_KM_H)}.")
        inside = np.asarray(self.codes)[:, None] == np.array([code or "" for code in lsoa21cd], dtype="U9")[None, :]
        return estimated_minutes(self.centroids(), easting, northing, inside, mode=mode)

    def centroids(self) -> tuple[Minutes, Minutes, Minutes]:
        """Population-weighted centroids in metres east and north, and areas in square metres; NaN = not known."""
        x, y, area = self._centroids
        return x, y, area

    def site_points(self) -> tuple[Minutes, Minutes]:
        """Metres east and north of every site, in the order of the list that `sites` gives for all services.

        Raises
        ------
        EditionTooOld
            If the edition was built before it kept them.
        """
        east, north = self._points_of_sites
        if not (np.isfinite(east) & np.isfinite(north)).all():
            raise EditionTooOld(
                f"Edition {self.stored.id} was built before it kept where its sites are in metres. "
                "Who can reach them is not known until the place is built again."
            )
        return east, north

    @cached_property
    def network(self) -> dict[str, Any] | None:
        """What is known of the streets and timetable that the edition was built with; None without them.

        ``streets`` and ``timetable`` (facts of the files, as `geodata.networks` and `geodata.timetables` give
        them; timetable may be None), ``basis`` (mode to words), ``snap`` (for each mode how far centroids lie from
        a street, and under ``sites`` how many lie outside), ``carried`` (which of the two are those of the edition
        before), ``notes`` and ``timetable_notes`` (sentences to show), ``sources`` (entries as the edition's others).
        """
        path = self._web / ABOUT
        found: dict[str, Any] | None = orjson.loads(path.read_bytes()) if path.is_file() else None
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Give main roads and water to draw, as GeoJSON features with ``kind``; none without a network."""
        path = self._web / LINES
        found: list[dict[str, Any]] = orjson.loads(path.read_bytes()) if path.is_file() else []
        return found

    @property
    def network_folder(self) -> Path:
        """Where graphs, lines and timetable lie; see `geodata.networks` and `geodata.timetables`."""
        return self.stored.folder / NETWORK

    def _check_mode(self, mode: str) -> None:
        if mode in self.modes():
            return
        name, known = self.place["name"], ", ".join(self.modes())
        if self.network is None and mode == TRANSIT:
            raise UnknownMode(
                f"{name} was built without streets and timetable, which times by public transport need; "
                f"choose one of {known}."
            )
        raise UnknownMode(f"{name} has no travel times for {mode[:40]!r}; choose one of {known}.")

    def _matrix(self, mode: str, *, own: bool = False) -> np.ndarray:
        path = self._web / matrix_name(mode, own=own)
        if own and not path.is_file():
            return np.empty((len(self.codes), 0), dtype=np.float32)
        if path not in self._matrices:
            self._matrices[path] = np.load(path, mmap_mode="r")
        return self._matrices[path]

    @cached_property
    def _matrices(self) -> dict[Path, np.ndarray]:
        return {}

    @cached_property
    def _centroids(self) -> np.ndarray:
        path = self._web / CENTROIDS
        if not path.is_file():  # an edition from before times were kept
            return np.full((3, len(self.codes)), np.nan)
        return np.asarray(np.load(path, mmap_mode="r"))

    @cached_property
    def _points_of_sites(self) -> tuple[Minutes, Minutes]:
        parts = [np.load(self._web / name) for name in (SITE_POINTS, OWN_SITE_POINTS) if (self._web / name).is_file()]
        found = np.hstack(parts) if parts else np.empty((2, 0))
        count = len(self.sites())
        if found.shape[1] != count:  # an edition from before points were kept
            found = np.full((2, count), np.nan)
        return found[0], found[1]
