"""Immutable editions on disk: written whole, published by rename, opened by manifest.

``store/<place>/<edition>/`` holds the files of one build and ``manifest.json`` with the sha256 of
each; ``store/<place>/current`` names the edition that is served. A build that is cut off at any
moment leaves the old edition, or the new one, never a mixture.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geodata.errors import BuildMissing, DamagedEdition
from geodata.hashes import sha256_of

MANIFEST = "manifest.json"
POINTER = "current"
SCHEMA = 1
EDITION = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{8}")
WRITING = ".writing-"
UNREADABLE = "file-unreadable"  # the rule of what may be whole, and readable a moment later
HASHED_AT_ONCE = 2  # files; most of the time goes into reading and hashing, which lets other threads run


@dataclass(frozen=True)
class StoredEdition:
    """One edition in the store.

    Attributes
    ----------
    folder : Path
        Where its files are.
    manifest : dict
        Place, edition, dates, sources with hashes, and sha256 and size of every file.
    """

    place: str
    id: str
    folder: Path
    manifest: dict[str, Any]

    def path(self, name: str) -> Path:
        """Path of one of its files."""
        return self.folder / name


def publish(
    store: Path, place: str, date: str, facts: Mapping[str, Any], write: Callable[[Path], None]
) -> StoredEdition:
    """Write an edition whole and make it the current one.

    Parameters
    ----------
    store : Path
        The folder of all places; made if absent.
    place, date : str
        Place id and ISO date of the build.
    facts : mapping
        What the manifest says beside the files: sources, method version, area and row counts.
    write : callable
        Writes the files into the empty folder it is given.

    Returns
    -------
    StoredEdition
        The new edition, or the standing one if it has the same content.
    """
    home = store / place
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        _clear_abandoned(home)
        temporary = home / f"{WRITING}{uuid.uuid4().hex}"
        temporary.mkdir()
        try:
            write(temporary)
            files = {name: _file_facts(temporary / name) for name in _file_names(temporary)}
            content = _content_hash(files, facts)
            standing = _standing(home, content)
            edition = standing or f"{date}-{content[:8]}"
            if standing is None:
                manifest = {"schema": SCHEMA, "place": place, "edition": edition, "content": content} | dict(facts)
                _write_manifest(temporary, manifest | {"built": date, "files": files})
                _sync_tree(temporary)
                _put_aside(home, edition)
                os.replace(temporary, home / edition)
                _sync(home)
            _point_to(home, edition)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return open_edition(store, place, edition, check=False)


def open_edition(store: Path, place: str, edition: str | None = None, *, check: bool = True) -> StoredEdition:
    """Open the edition asked for, else the current one.

    Parameters
    ----------
    check : bool
        Read every file once and compare its sha256 with the manifest.

    Raises
    ------
    BuildMissing
        If nothing has been built for the place, or not this edition.
    DamagedEdition
        If a file is missing, cannot be read, or differs from the manifest; the file is named.
    """
    home = store / place
    wanted = edition or current(home)
    folder = home / wanted if wanted and EDITION.fullmatch(wanted) else None
    if folder is None or not folder.is_dir():
        what = f"edition {edition[:40]!r} of {place!r}" if edition else f"edition of {place!r}"
        raise BuildMissing(f"There is no {what} in the store; build one with: evenreach build {place}")
    stored = StoredEdition(place, folder.name, folder, _read_manifest(folder))
    if check:
        verify(stored)
    return stored


def open_newest_whole(store: Path, place: str) -> tuple[StoredEdition, list[DamagedEdition]]:
    """Open the current edition, or the newest older one that is whole, with what was wrong.

    Raises
    ------
    BuildMissing
        If there is no whole edition of the place.
    """
    damaged: list[DamagedEdition] = []
    try:
        newest = current(store / place)
    except DamagedEdition as error:
        damaged, newest = [error], None
    for name in dict.fromkeys(([newest] if newest else []) + list(reversed(editions(store, place)))):
        try:
            return open_edition(store, place, name), damaged
        except DamagedEdition as error:
            damaged.append(error)
        except BuildMissing:
            continue
    raise BuildMissing(f"There is no whole edition of {place!r} in the store; build one: evenreach build {place}")


def editions(store: Path, place: str) -> list[str]:
    """Names of the editions of a place, oldest first by date, then by when they were published."""
    home = store / place
    if not home.is_dir():
        return []
    found = [entry for entry in home.iterdir() if entry.is_dir() and EDITION.fullmatch(entry.name)]
    return [entry.name for entry in sorted(found, key=lambda entry: (entry.name[:10], entry.stat().st_mtime_ns))]


def places(store: Path) -> list[str]:
    """Names of the places that have an edition."""
    if not store.is_dir():
        return []
    return sorted(entry.name for entry in store.iterdir() if entry.is_dir() and editions(store, entry.name))


def verify(stored: StoredEdition, under: str = "") -> None:
    """Compare every file of an edition with its manifest, or only those whose names begin as given.

    Raises
    ------
    DamagedEdition
        Naming the first file that is missing, cut or changed.
    """
    names = [name for name in stored.manifest["files"] if name.startswith(under)]
    with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
        for _ in pool.map(lambda name: _compare(stored, name), names):
            pass  # the first that differs is raised here


def _compare(stored: StoredEdition, name: str) -> None:
    """Compare one file of an edition with its manifest."""
    path, expected = stored.folder / name, stored.manifest["files"][name]
    where = f"{stored.place}/{stored.id}/{name}"
    try:
        if not path.is_file():
            raise DamagedEdition("a stored file is missing", rule="file-missing", file=where)
        same = path.stat().st_size == expected["bytes"] and sha256_of(path) == expected["sha256"]
    except OSError as error:
        raise DamagedEdition("a stored file cannot be read", rule=UNREADABLE, file=where) from error
    if not same:
        raise DamagedEdition(
            "a stored file differs from the manifest of its edition",
            rule="file-changed",
            file=where,
            hint="Build the place again; editions that are whole are not touched.",
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the place's lock, so that two builds of one place come one after the other."""
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _clear_abandoned(home: Path) -> None:
    for leftover in home.glob(f"{WRITING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in home.glob(f".{POINTER}-*"):
        leftover.unlink(missing_ok=True)


def _put_aside(home: Path, edition: str) -> None:
    """Make way where a damaged folder of the very same content stands."""
    if (home / edition).exists():
        os.replace(home / edition, home / f"{WRITING}damaged-{uuid.uuid4().hex}")


def _file_names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _file_facts(path: Path) -> dict[str, Any]:
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}


def _content_hash(files: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([files, facts], sort_keys=True, default=str).encode()).hexdigest()


def _standing(home: Path, content: str) -> str | None:
    """Name an edition with the very same content that is whole, so that a re-run adds no copy."""
    for name in reversed(editions(home.parent, home.name)):
        try:
            stored = open_edition(home.parent, home.name, name, check=False)
            if stored.manifest.get("content") == content:
                verify(stored)
                return name
        except (DamagedEdition, BuildMissing):
            continue
    return None


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    plain = json.loads(json.dumps(manifest, default=str))
    text = json.dumps(plain | {"seal": _seal(plain)}, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _seal(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    where = f"{folder.parent.name}/{folder.name}/{MANIFEST}"
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedEdition("the edition has no manifest", rule="file-missing", file=where) from error
    except OSError as error:
        raise DamagedEdition("the manifest cannot be read", rule=UNREADABLE, file=where) from error
    except ValueError as error:
        raise DamagedEdition("the manifest is not JSON", rule="file-changed", file=where) from error
    if not isinstance(manifest, dict) or manifest.pop("seal", None) != _seal(manifest):
        raise DamagedEdition("the manifest differs from its own seal", rule="file-changed", file=where)
    if manifest.get("schema") != SCHEMA or manifest.get("edition") != folder.name:
        raise DamagedEdition(
            f"the manifest is not of schema {SCHEMA} and of this edition",
            rule="schema-changed",
            file=where,
            hint="Build the place again.",
        )
    return manifest


def _point_to(home: Path, edition: str) -> None:
    temporary = home / f".{POINTER}-{uuid.uuid4().hex}"
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(edition + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, home / POINTER)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(home)


def current(home: Path) -> str | None:
    """Name the edition that the pointer of a place names; None where there is no pointer, or none that names one.

    Raises
    ------
    DamagedEdition
        If the pointer cannot be read just now.
    """
    try:
        return (home / POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    except OSError as error:
        where = f"{home.name}/{POINTER}"
        raise DamagedEdition("the pointer to the newest edition cannot be read", rule=UNREADABLE, file=where) from error


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
