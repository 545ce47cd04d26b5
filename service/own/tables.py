"""Import an own table: through the gate, settled on the place, and into a new edition beside the old one.

An edition is never changed: an import copies it, adds the table, and publishes the copy whole (`geodata.store`).
A build takes the own tables of the edition before it along.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geodata import store as editions
from geodata.errors import BuildMissing, DamagedEdition
from geodata.own import OWN, OwnTable, good_name, read_own
from geodata.site_places import by_point, near_place
from geodata.store import MANIFEST, StoredEdition
from geodata.stored import read_neighbourhoods
from geodata.upload.gate import Declared, Upload
from geodata.vintages import read_links
from service.editions.edition import WEB, Edition
from service.editions.layer_figures import DEPRIVATION, GATHERED
from service.editions.scoring import AFTER, LEADING
from service.own.encode import add_own
from service.own.settle import IMPORT_RULES, BadImport, Home, Settled, guarded, settle_figures, settle_footprints

TRIES = 3
FIGURES = ("indicator", "resource")
LONGEST_FOOTPRINT = 80  # what an address takes after ``team:``
OWN_FACTS = ("schema", "place", "edition", "content", "built", "files")  # of a manifest: the store writes them
RESERVED = {
    *LEADING, *AFTER, *DEPRIVATION, *GATHERED, "certainty_class", "eligible", "place_rank", "geometry", "site_id",
    "service", "inside",
}  # fmt: skip


class EditionMoved(RuntimeError):
    """Another build or import published an edition meanwhile; the work is to be done again on that one."""


@dataclass(frozen=True)
class Imported:
    """A table that is now part of an edition."""

    own: OwnTable
    edition: StoredEdition


def import_own(
    store: Path,
    place: str,
    upload: Upload,
    *,
    name: str,
    title: str = "",
    replace: bool = False,
    sha256: str,
    today: datetime.date | None = None,
) -> Imported:
    """Add an own table to a place: a new edition, or nothing.

    Parameters
    ----------
    store, place : Path, str
        A place that is built.
    upload : Upload
        From the gate, accepted.
    name, title : str
        What the table is called in addresses, and for people.
    replace : bool
        Take the place of an own table of the same name.
    sha256 : str
        Of the file as it came; not kept where the figures are protected.

    Returns
    -------
    Imported

    Raises
    ------
    BadImport
        A rule of `service.own.settle.IMPORT_RULES`.
    BuildMissing, DamagedEdition
        If there is no whole edition to add to.
    """
    day = today or datetime.date.today()
    for last in range(TRIES - 1, -1, -1):
        base = editions.open_edition(store, place)
        edition = Edition(base)
        check_name(name, edition, upload.declared, replace=replace)
        own = settled(upload, base, edition, name=name, title=title, sha256=sha256, day=day.isoformat())
        tables = [own, *(held for held in read_own(base) if held.name != name)]
        try:
            return Imported(own, _published(store, base, tables, day))
        except EditionMoved:
            if not last:
                raise
    raise AssertionError("unreachable")


def _published(store: Path, base: StoredEdition, tables: list[OwnTable], day: datetime.date) -> StoredEdition:
    facts = {key: value for key, value in base.manifest.items() if key not in OWN_FACTS}

    def write(folder: Path) -> None:
        """Copy the edition that was read, and add the tables, under the lock of the place."""
        # Under the lock of the place: the edition that was read is still the current one, and whole.
        standing = editions.open_edition(store, base.place)
        if standing.id != base.id:
            raise EditionMoved(f"{base.place} has a new edition, {standing.id}")
        _copy(standing, folder)
        add_own(folder, tables)

    return editions.publish(store, base.place, day.isoformat(), facts, write)


def _copy(stored: StoredEdition, folder: Path) -> None:
    """Copy every file of an edition but its own tables and what was encoded from them."""
    for name in stored.manifest["files"]:
        if not name.startswith((f"{OWN}/", f"{WEB}/own")) and name != MANIFEST:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stored.path(name), target)


def check_name(name: str, edition: Edition, declared: Declared, *, replace: bool) -> None:
    """Refuse a name that is none, that means something else, or that is taken.

    Raises
    ------
    BadImport
        bad-name or name-taken; service-listed for sites of a service that has a published list.
    """
    if not good_name(name):
        message = f"{name[:60]!r} is no name for a table: small letters, digits and hyphens, at most 40, such as visits"
        raise BadImport(message, rule="bad-name", hint=IMPORT_RULES["bad-name"])
    published = {key for key, facts in edition.indicators.items() if not facts.get("own")}
    if name in RESERVED | published | set(edition.focuses):
        message = f"{name!r} means something else here: a column, an indicator or a focus"
        raise BadImport(message, rule="bad-name", hint="Choose another name.")
    if not replace and name in {table["name"] for table in edition.own.tables}:
        message = f"{edition.place['name']} has an own table {name!r} already"
        raise BadImport(
            message, rule="name-taken", hint="Give another name, or --replace to put this one in its place."
        )
    service = declared.facts.get("service", "")
    if declared.kind == "sites" and service in edition.meta["complete"]:
        message = f"{service!r} is a service with a published list of sites"
        hint = f"Give the service a name of its own, such as {service}_own."
        raise BadImport(message, rule="service-listed", file=declared.file, hint=hint)


def settled(
    upload: Upload, base: StoredEdition, edition: Edition, *, name: str, title: str, sha256: str, day: str
) -> OwnTable:
    """Settle an accepted upload on the neighbourhoods of an edition; see `service.own.settle`."""
    declared, table = upload.declared, upload.table
    assert table is not None
    if declared.kind == "sites":
        found = _sites(table, declared, base, name)
    else:
        home = home_of(base, edition)
        found = (settle_footprints if declared.kind == "footprints" else settle_figures)(table, declared, home)
    if declared.kind == "footprints":
        _check_footprint_names(found.table["footprint"], name, declared)
    protected = guarded(declared)
    facts: dict[str, Any] = {
        "title": title or name.replace("-", " ").replace("_", " ").capitalize(),
        "declared": dict(declared.facts) | ({"only": dict(declared.only)} if declared.only else {}),
        "file": declared.file,
        # The hash of a file of small counts can be tried out: of a protected table only what is kept is hashed.
        "sha256": _content_hash(found.table) if protected else sha256,
        "hash_of": "protected table" if protected else "file",
        "imported": day,
        "rows": len(found.table),
        "grade": "modelled" if found.modelled or declared.says("about", "modelled") else "measured",
        "totals": found.totals,
        "notes": found.notes,
        "protection": found.protection,
        "report": _report(upload, protected=protected),
    }
    return OwnTable(name, declared.kind, facts, found.table)


def trial(upload: Upload, store: Path, place: str) -> BadImport | None:
    """Settle an accepted upload without keeping it; give what stands against it, if anything does.

    Parameters
    ----------
    place : str
        A built place; empty for none: then only what the table says itself is tried.
    """
    declared, table = upload.declared, upload.table
    if table is None or (not place and (declared.kind not in FIGURES or declared.vintage == 2011)):
        return None
    try:
        if place:
            base = editions.open_edition(store, place, check=False)
            settled(upload, base, Edition(base), name="trial", title="", sha256="", day="")
        else:
            settle_figures(table, declared, Home("the table", pd.Series(1.0, index=pd.Index(table["lsoa21cd"]))))
    except BadImport as error:
        return error
    except BuildMissing:  # sites may be checked before their place is built
        return None
    return None


def home_of(base: StoredEdition, edition: Edition) -> Home:
    """Collect what settling needs to know of a place."""
    population = pd.Series(edition.population(), index=pd.Index(edition.codes.astype(object), name="lsoa21cd"))
    return Home(str(edition.place["name"]), population, read_links(base))


def _check_footprint_names(names: pd.Series, set_name: str, declared: Declared) -> None:
    longest = max(names.unique(), key=len)
    if len(f"{set_name}/{longest}") > LONGEST_FOOTPRINT:
        message = (
            f"{longest[:60]!r} and the name of the set are longer than {LONGEST_FOOTPRINT - 1} characters together"
        )
        raise BadImport(message, rule="bad-name", file=declared.file, hint="Shorten the one or the other.")


def _report(upload: Upload, *, protected: bool) -> dict[str, Any]:
    """Keep the account of a file; of a protected table only counts of rows, since a message may hold a figure."""
    report = upload.report.as_dict()
    kept = {key: report[key] for key in ("rows_read", "stored", "rejected", "skipped")}
    if protected:
        return kept
    return kept | {"totals": report["totals"], "facts": report["facts"], "items": report["items"]}


def _content_hash(table: pd.DataFrame) -> str:
    text = "\n".join(
        "\t".join("" if cell is None else str(cell) for cell in row) for row in table.itertuples(index=False)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _sites(table: pd.DataFrame, declared: Declared, base: StoredEdition, name: str) -> Settled:
    """Put each site in its neighbourhood: by its point, else by its postcode; those far off are left out."""
    neighbourhoods = read_neighbourhoods(base)
    sites = table.drop(columns=["row"]).reset_index(drop=True)
    numbers = pd.Series(range(1, len(sites) + 1), index=sites.index).astype(str)
    sites["site_id"] = name + "-" + sites["site_id"].where(sites["site_id"] != "", numbers)
    sites["name"] = sites["name"].where(sites["name"] != "", sites["site_id"])
    inside = by_point(sites, neighbourhoods).reindex(sites.index).astype(object)
    given = sites["lsoa21cd"].astype(object)
    sites["lsoa21cd"] = inside.where(inside.notna(), given.where(given.notna(), None))
    sites["postcode"] = sites["postcode"].astype(object).where(sites["postcode"] != "", None)
    placed = near_place(sites.assign(service=declared.facts["service"]), neighbourhoods)
    if not len(placed):
        raise BadImport("no site lies in the place or within 30 km of it", rule="nothing-left", file=declared.file)
    placed = placed.assign(accepting_children=None, accepting_adults=None, source_date=declared.facts["period"])
    gone = len(sites) - len(placed)
    notes = [f"{int(placed['inside'].sum()):,} of {len(placed):,} sites stand in the place"]
    notes += [f"{gone:,} sites have no point within 30 km of the place and were left out"] if gone else []
    return Settled(placed.drop(columns="inside").astype({"easting": float, "northing": float}), notes=notes)


@dataclass(frozen=True)
class Carried:
    """Own tables of the edition before, and the names of those that can no longer be read."""

    tables: list[OwnTable]
    lost: list[str]


def standing_own(store: Path, place: str) -> Carried:
    """Read the own tables that a new build takes along: of the newest edition whose own tables are whole.

    Returns
    -------
    Carried
        Empty where nothing was built or imported. ``lost`` names the editions whose own tables are damaged.
    """
    lost: list[str] = []
    for stored in _newest_first(store, place):
        try:
            return Carried(read_own(stored), lost)
        except (DamagedEdition, OSError, ValueError) as error:
            lost.append(f"own tables of edition {stored.id} cannot be read: {error}")
    return Carried([], lost)


def _newest_first(store: Path, place: str) -> Iterable[StoredEdition]:
    """Give the current edition, then the older ones, as far as their manifests can be read."""
    seen = set()
    for name in (None, *reversed(editions.editions(store, place))):
        try:
            stored = editions.open_edition(store, place, name, check=False)
        except (BuildMissing, DamagedEdition):
            continue
        if stored.id not in seen:
            yield stored
        seen.add(stored.id)
