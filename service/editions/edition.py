"""An edition as the web process sees it: memory-mapped arrays and prepared bytes, no tables.

Written by `service.building.encode`; the names of the files are fixed here, for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from geodata.errors import DamagedEdition, UnknownFocus, UnknownFootprint, UnknownNeighbourhood
from geodata.store import StoredEdition
from geodata.store import open_edition as open_stored
from layers.gradient import Counts, Vector
from layers.place_summaries import summarise
from service.drawing.prepared import Prepared
from service.editions.certainty import CertaintyOfEdition
from service.editions.context import ContextOfEdition
from service.editions.fragments import Fragments
from service.editions.kept_sites import KeptSites
from service.editions.people import PeopleOfEdition
from service.editions.services import ServicesOfEdition
from service.editions.site_columns import SiteColumns, columns_of
from service.editions.site_names import calm
from service.ogc.boxes import touching
from service.own.figures import OwnFigures
from service.travel.edition_times import TravelOfEdition

WEB = "web"
FRAMES = "frames"
DETAILS = ("full", "map")
FOOTPRINT_KINDS = {"lad": "Council", "ward": "Ward", "msoa": "MSOA", "team": "Team area"}
COUNCILS_ABOVE = 2_000  # places larger than this draw councils first
NEIGHBOURS = 64
OPENED = count(1)


@dataclass(frozen=True)
class FocusArrays:
    """Stored figures of one focus over the whole place."""

    eligible: Vector
    need_score: Vector
    parts: dict[str, Vector]


class Edition(PeopleOfEdition, CertaintyOfEdition, ContextOfEdition, ServicesOfEdition, TravelOfEdition):
    """One open edition; everything in it is read-only.

    Attributes
    ----------
    id : str
        The edition's name, for pinning a link.
    place, focuses, indicators, sources : dict, dict, dict, list
        Facts as `service.building.prepare` wrote them.
    codes : array of str, shape (n,)
        Neighbourhoods in code order.
    serial : int
        No other edition that this process opens has the same: for the keys of what is remembered.
    """

    def __init__(self, stored: StoredEdition) -> None:
        self.serial = next(OPENED)
        self.stored = stored
        self.id = stored.id
        self.manifest = stored.manifest
        self._web = stored.folder / WEB
        try:
            meta = orjson.loads((self._web / "meta.json").read_bytes())
        except (OSError, ValueError) as error:
            raise DamagedEdition(
                "facts of the edition cannot be read",
                rule="file-changed",
                file=f"{stored.place}/{stored.id}/web/meta.json",
            ) from error
        self.meta: dict[str, Any] = meta
        self.place: dict[str, Any] = meta["place"]
        self.focuses: dict[str, dict[str, Any]] = meta["focuses"]
        self.own = OwnFigures(self._web)
        self.indicators: dict[str, dict[str, Any]] = meta["indicators"] | self.own.indicators
        self.sources: list[dict[str, Any]] = meta["sources"]
        self.bounds: tuple[float, float, float, float] = tuple(meta["bounds"])
        self.codes: np.ndarray = np.load(self._web / "codes.npy").astype("U9")
        self._footprints: dict[str, list[dict[str, Any]]] = meta["footprints"]

    @property
    def count(self) -> int:
        """How many neighbourhoods."""
        return len(self.codes)

    @property
    def large(self) -> bool:
        """Too many neighbourhoods to draw at once: councils first."""
        return self.count > COUNCILS_ABOVE

    def row(self, code: str) -> int:
        """Row number of a neighbourhood; UnknownNeighbourhood if the place does not have it."""
        index = int(np.searchsorted(self.codes, code))
        if index == self.count or self.codes[index] != code:
            raise UnknownNeighbourhood(f"{self.place['name']} has no neighbourhood {code[:20]!r}.")
        return index

    def facts(self, row: int) -> dict[str, Any]:
        """Everything static about one neighbourhood: names, people, deprivation, what is near."""
        facts: dict[str, Any] = orjson.loads(self.fact_fragments[row])
        return facts

    def names(self, rows: Iterable[int]) -> list[dict[str, Any]]:
        """Return the leading columns of the scores table for some rows."""
        found: list[dict[str, Any]] = orjson.loads(b"[{" + b"},{".join(self.name_fragments.many(rows)) + b"}]")
        return [] if found == [{}] else found

    def geometry(self, row: int, detail: str = "map") -> dict[str, Any]:
        """GeoJSON geometry of one neighbourhood in degrees."""
        geometry: dict[str, Any] = orjson.loads(self.shapes(detail)[row])
        return geometry

    def shapes(self, detail: str) -> Fragments:
        """Give encoded geometries: ``full`` as published, ``map`` simplified with shared edges kept."""
        return self._shapes_full if detail == "full" else self._shapes_map

    def footprints(self, kind: str) -> list[dict[str, Any]]:
        """Footprints of one kind: code, name, count. An imported set is a kind of its own, ``own:NAME``."""
        return self.own.sets.get(kind[4:], []) if kind.startswith("own:") else self._footprints.get(kind, [])

    def footprint(self, within: str) -> dict[str, Any]:
        """Return the footprint that ``lad:CODE``, ``ward:CODE``, ``msoa:CODE`` or ``team:NAME`` means.

        A team area that was imported is ``team:SET/NAME``, or ``team:NAME`` where no other has that name.
        """
        kind, _, wanted = within.partition(":")
        if (coded := self._coded(kind).get(wanted)) is not None:
            return {"kind": kind, **coded}
        for entry in self.footprints(kind):
            if wanted in (entry["code"], entry["name"]):
                return {"kind": kind, **entry}
        own = [entry for part in self.own.sets.values() for entry in part] if kind == "team" else []
        found = [entry for entry in own if wanted == entry["code"]] or [e for e in own if wanted == e["name"]]
        if len(found) != 1:
            more = f"; write {' or '.join('team:' + str(entry['code']) for entry in found)}" if found else ""
            raise UnknownFootprint(f"{self.place['name']} has no footprint {within[:60]!r}{more}.")
        return {"kind": kind, **found[0]}

    def _coded(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give the footprints of one kind by their codes."""
        if kind not in self._footprints:  # imported sets are few and short
            return {}
        if kind not in self._codes_of:
            self._codes_of[kind] = {str(entry["code"]): entry for entry in self._footprints[kind]}
        return self._codes_of[kind]

    def rows_within(self, within: str) -> Counts:
        """Row numbers of a footprint, or of the whole place."""
        if not within:
            return np.arange(self.count)
        entry = self.footprint(within)
        if "set" in entry:
            return np.asarray(self.own.rows(entry), dtype=np.int64)
        return np.asarray(self._footprint_rows[entry["start"] : entry["start"] + entry["count"]], dtype=np.int64)

    def rows_in_box(self, west: float, south: float, east: float, north: float) -> Counts:
        """Row numbers of the neighbourhoods whose own box touches the one given, in degrees."""
        box = (west, south, east, north)
        near = np.flatnonzero(touching(self._boxes_of_neighbours, box))
        rows = (near[:, None] * NEIGHBOURS + np.arange(NEIGHBOURS)).ravel()
        rows = rows[: np.searchsorted(rows, self.count)]
        found: Counts = rows[touching(self.boxes.take(rows, axis=0), box)]
        return found

    def focus_arrays(self, focus: str) -> FocusArrays:
        """Return the stored figures of a focus, or UnknownFocus naming those there are."""
        if focus not in self.focuses:
            raise UnknownFocus(f"No focus {focus[:80]!r}; choose one of {', '.join(self.focuses)}.")
        if focus not in self._focus_cache:
            stored = np.asarray(np.load(self._web / f"focus-{focus}.npy", mmap_mode="r"))
            names = [part["indicator"] for part in self.focuses[focus]["ingredients"]]
            parts = dict(zip(names, stored[2:], strict=True))
            self._focus_cache[focus] = FocusArrays(stored[0], stored[1], parts)
        return self._focus_cache[focus]

    def indicator_values(self, name: str) -> Vector:
        """Values of one indicator over the whole place, NaN = not known."""
        if name in self.own.indicators:
            return self.own.values(name)
        return np.asarray(self._indicators[self.meta["indicator_order"].index(name)])

    def deprivation(self) -> dict[str, Vector]:
        """IMD score, rank and decile."""
        return dict(zip(("imd_score", "imd_rank", "imd_decile"), self._imd, strict=True))

    def summary(self, within: str = "") -> dict[str, float] | None:
        """Summarise the deprivation of the place or a footprint, with our own count of residents.

        None where a neighbourhood has no figure or nobody lives.
        """
        rows, deprivation = self.rows_within(within), self.deprivation()
        try:
            found = summarise(
                deprivation["imd_score"][rows],
                deprivation["imd_rank"][rows],
                self._population[rows],
                int(self.meta["ranked_areas"]),
            )
        except ValueError:
            return None
        return {name: round(value, 4) for name, value in vars(found).items()}

    def population(self) -> Vector:
        """Residents of each neighbourhood."""
        return self._population

    def sites(self, service: str | None = None, within: str = "") -> Sequence[dict[str, Any]]:
        """Sites in and near the place, of one service or all; with a footprint only those in its neighbourhoods."""
        if service is None and not within:
            return self._sites
        rows = range(len(self._sites)) if service is None else self.site_columns.rows_of(service)
        if within:
            inside = set(self.rows_within(within).tolist())
            areas = self.site_columns.areas.tolist()
            return [self._sites[row] for row in rows if areas[row] in inside]
        return [self._sites[row] for row in rows]

    def sites_named(self, site_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Give the sites that have one of these ids, by id."""
        wanted = set(site_ids)
        read = (self._sites[row] for row in self.site_columns.marked(wanted))
        return {site["site_id"]: site for site in read if site["site_id"] in wanted}

    def site_services(self) -> set[str]:
        """Name the services that `sites` give, without reading all of them where the build wrote the names down."""
        named = self.meta.get("site_services")
        return set(self.site_kinds) if named is None else {*named, *(str(site["service"]) for site in self.own.sites)}

    def attribution(self, layer: str = "targeting") -> list[str]:
        """Sentences that a layer has to carry."""
        found: dict[str, list[str]] = self.meta["attribution"]
        return found.get(layer, found["targeting"])

    def find_postcode(self, postcode: str) -> int | None:
        """Row number of the neighbourhood of a postcode written ``AB1 2CD``; None if not in the place."""
        index = self._postcode_index(postcode)
        return None if index is None else int(self._postcode_rows[index])

    def postcode_place(self, postcode: str) -> tuple[float, float] | None:
        """Longitude and latitude of a postcode written ``AB1 2CD``; None if it, or its place, is not known here."""
        index, file = self._postcode_index(postcode), self._web / "postcode_places.npy"
        if index is None or not file.is_file():  # editions built earlier have no such file
            return None
        longitude, latitude = np.load(file, mmap_mode="r")[index]
        return round(float(longitude), 6), round(float(latitude), 6)

    def postcode_points(self) -> np.ndarray | None:
        """Longitude and latitude of every postcode of `postcodes`, shape (n, 2); None in editions built earlier."""
        file = self._web / "postcode_places.npy"
        return np.asarray(np.load(file, mmap_mode="r"), dtype=np.float64) if file.is_file() else None

    def _postcode_index(self, postcode: str) -> int | None:
        key = postcode.replace(" ", "").encode("ascii", "replace")
        index = int(np.searchsorted(self._postcodes, key))
        known = index < len(self._postcodes) and self._postcodes[index] == key
        return index if known else None

    def postcodes(self) -> tuple[list[str], np.ndarray]:
        """Every postcode that is held, written ``AB1 2CD``, and the row number of its neighbourhood."""
        written = [f"{key[:-3].decode()} {key[-3:].decode()}" for key in self._postcodes.tolist()]
        return written, np.asarray(self._postcode_rows, dtype=np.int64)

    def councils(self) -> list[dict[str, Any]]:
        """Councils of the place: code, name, count, population and geometry (outline at map detail)."""
        found: list[dict[str, Any]] = orjson.loads((self._web / "councils.json").read_bytes())
        return found

    def outline(self) -> bytes:
        """Return the encoded outline of the place."""
        return (self._web / "outline.json").read_bytes()

    def frame(self) -> tuple[str, str]:
        """Return the prepared map fragment: its HTML and its script."""
        return self._frame

    @cached_property
    def _frame(self) -> tuple[str, str]:
        folder = self.stored.folder / FRAMES
        return (folder / "map.html").read_text(encoding="utf-8"), (folder / "map.js").read_text(encoding="utf-8")

    @cached_property
    def report(self) -> dict[str, Any]:
        """The account of the build."""
        report: dict[str, Any] = json.loads(self.stored.path("build_report.json").read_text(encoding="utf-8"))
        return report

    @cached_property
    def name_fragments(self) -> Fragments:
        """Encoded leading columns of the scores table."""
        return Fragments(self._web, "names")

    @cached_property
    def prepared(self) -> Prepared:
        """The collections that were encoded when the edition was built; none in editions built earlier."""
        return Prepared(self._web)

    @cached_property
    def fact_fragments(self) -> Fragments:
        """Encoded facts of each neighbourhood."""
        return Fragments(self._web, "facts")

    @cached_property
    def _shapes_full(self) -> Fragments:
        return Fragments(self._web, "shapes_full")

    @cached_property
    def _shapes_map(self) -> Fragments:
        return Fragments(self._web, "shapes_map")

    @cached_property
    def boxes(self) -> np.ndarray:
        """Box of each neighbourhood in degrees: west, south, east, north."""
        return np.asarray(np.load(self._web / "boxes.npy", mmap_mode="r"))

    @cached_property
    def _boxes_of_neighbours(self) -> np.ndarray:
        """Box round each run of so many neighbourhoods: those next to each other in code order lie close by."""
        starts = np.arange(0, self.count, NEIGHBOURS)
        least, most = (np.asarray(end.reduceat(self.boxes, starts)) for end in (np.fmin, np.fmax))
        return np.hstack([least[:, :2], most[:, 2:]])

    @cached_property
    def _indicators(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "indicators.npy", mmap_mode="r"))

    @cached_property
    def _imd(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "imd.npy", mmap_mode="r"))

    @cached_property
    def _population(self) -> Vector:
        return np.asarray(np.load(self._web / "population.npy", mmap_mode="r"))

    @cached_property
    def _footprint_rows(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "footprint_rows.npy", mmap_mode="r"))

    @cached_property
    def _postcodes(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "postcodes.npy", mmap_mode="r"))

    @cached_property
    def _postcode_rows(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "postcode_rows.npy", mmap_mode="r"))

    @property
    def site_kinds(self) -> list[str]:
        """The service that each of `sites` gives."""
        return self.site_columns.kinds

    @cached_property
    def site_columns(self) -> SiteColumns:
        """What is asked of all of `sites` at once."""
        sites = self._sites
        return columns_of(sites.as_published() if isinstance(sites, KeptSites) else sites, self.codes)

    @cached_property
    def _sites(self) -> Sequence[dict[str, Any]]:
        path = self._web / "sites.json"
        if self.large:
            return KeptSites(path, self.own.sites)
        found: list[dict[str, Any]] = orjson.loads(path.read_bytes())
        return [{**site, "name": calm(str(site["name"]))} for site in found] + self.own.sites

    @cached_property
    def _codes_of(self) -> dict[str, dict[str, dict[str, Any]]]:
        return {}

    @cached_property
    def _focus_cache(self) -> dict[str, FocusArrays]:
        return {}


def open_edition(store: Path, place: str, edition: str | None = None, *, check: bool = True) -> Edition:
    """Open an edition for serving; see `geodata.store.open_edition` for what can be wrong."""
    return Edition(open_stored(store, place, edition, check=check))
