"""Find a published file: in the folder given, else in the cache, else by asking its publisher.

What a publisher sends is written to a temporary file, checked, and only then moved into the cache, so the
cache holds whole files and nothing else. If a publisher is down, slow or changed, the last good copy stays
in use, and its date is said.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from geodata.catalogue import Source
from geodata.dates import date_words
from geodata.download import Line, Patience, Progress
from geodata.errors import BadSource, DataError, SourceMissing
from geodata.hashes import sha256_of
from geodata.publishers import ask_publisher, count_rows

POINTER = "copy.json"
PARTIAL = ".partial-"
ABANDONED_S = 86_400


@dataclass(frozen=True)
class Located:
    """A source that was found.

    Attributes
    ----------
    path : pathlib.Path
        The file; ``path.name`` ends in its format.
    source : Source
        What it is.
    sha256 : str
        Hash of its bytes.
    bytes : int
        Its size.
    modified : datetime.datetime
        UTC: when the publisher was asked, or when the file in the folder was last written.
    origin : str
        ``folder``, ``cache`` or ``publisher``.
    warning : str or None
        A sentence to show, where something is not as it should be.
    """

    path: Path
    source: Source
    sha256: str
    bytes: int
    modified: datetime
    origin: Literal["folder", "cache", "publisher"]
    warning: str | None = None


def locate(
    source: Source,
    *,
    folder: Path | None,
    cache: Path,
    offline: bool = False,
    progress: Progress | None = None,
    place: str = "",
    patience: Patience | None = None,
    counted: bool = True,
) -> Located:
    """Find one source.

    With a folder: the folder, else the last good copy, else the publisher. Without one: the publisher, unless
    a copy is still fresh; the last good copy serves if the publisher fails.

    Parameters
    ----------
    source : Source
        What to find.
    folder : pathlib.Path or None
        A sources folder as the user gave it; files lie in ``source.folder`` or at the top.
    cache : pathlib.Path
        Where copies are kept; made if it is not there.
    offline : bool
        Ask no publisher.
    progress : callable, optional
        Called with the bytes received so far and the bytes announced, or None where none are.
    place : str
        A place id: of several files that each cover one place, the one so named is preferred.
    patience : Patience, optional
        Time limits and attempts.
    counted : bool
        Compare the rows of a folder's file with its edition; a build leaves this to the reader, which
        counts them anyway.

    Returns
    -------
    Located
        Where the file is, what it weighs, and a warning where there is one.

    Raises
    ------
    SourceMissing
        If it is nowhere, or its publisher does not answer and no copy is kept.
    BadSource
        If the publisher sent something else and no copy is kept, or the file found is empty.
    """
    patience = patience or Patience()
    if folder is not None and (found := _in_folder(source, folder, place, counted)) is not None:
        return found
    copy, damage = _last_good_copy(source, cache)
    if copy is not None and folder is not None:
        return _kept(copy, f"not in the sources folder; the copy of {date_words(copy.modified)} is used")
    fresh_s = patience.fresh_s if source.living else patience.settled_s
    if copy is not None and time.time() - copy.modified.timestamp() < fresh_s:
        return copy
    if offline or source.fetch == "none":
        if copy is not None:
            return _kept(copy, f"no publisher was asked; the copy of {date_words(copy.modified)} is used")
        raise _nowhere(source, folder, damage, asked=source.fetch != "none")
    try:
        return _from_publisher(source, cache, progress, patience)
    except DataError as error:
        if copy is None:
            raise
        day = date_words(copy.modified)
        return _kept(copy, f"{error.message} [{error.rule}]; the last good copy, of {day}, is used")


def _in_folder(source: Source, folder: Path, place: str, counted: bool) -> Located | None:
    if not folder.is_dir():
        raise SourceMissing("the sources folder is not there", rule="folder-missing", file=folder.name)
    path = _preferred(source, folder, place)
    if path is None:
        return None
    facts = path.stat()
    if not facts.st_size:
        raise BadSource("the file is empty", rule="empty-file", file=path.name, hint=source.where_to_get_it)
    written = datetime.fromtimestamp(facts.st_mtime, UTC)
    warning = _count_warning(source, path) if counted else None
    return Located(path, source, sha256_of(path), facts.st_size, written, "folder", warning)


def _preferred(source: Source, folder: Path, place: str) -> Path | None:
    """Pick the file: the first accepted name, then one named after the place, then the order of the catalogue."""
    slug = place.replace("-", "_").lower()
    ranked = []
    for depth, inside in enumerate((folder / source.folder, folder)):
        for path in sorted(inside.iterdir()) if inside.is_dir() else ():
            order = _order(source, path.name)
            if order is not None and path.is_file():
                elsewhere = order > 0 and not (slug and slug in path.name.lower())
                ranked.append(((order > 0, elsewhere, order, depth), path))
    return min(ranked)[1] if ranked else None


def _order(source: Source, name: str) -> int | None:
    matches = (order for order, wanted in enumerate(source.files) if fnmatchcase(name.lower(), wanted.lower()))
    return next(matches, None)


def _count_warning(source: Source, path: Path) -> str | None:
    """Compare a kept file with its edition; a reader decides whether a difference matters."""
    expected = source.rows_expected_in(path.name)
    try:
        rows = None if expected is None else count_rows(path, name=path.name, headless=source.fetch == "ods")
    except ValueError as error:
        return str(error)
    if rows is None or rows == expected:
        return None
    return f"{path.name} has {rows:,} rows; this edition ({source.edition}) has {expected:,}"


def _last_good_copy(source: Source, cache: Path) -> tuple[Located | None, str]:
    """Return the copy that the pointer names if it is whole, else a sentence that says what is wrong with it."""
    try:
        told = json.loads((cache / source.id / POINTER).read_text(encoding="utf-8"))
        path = cache / source.id / told["copy"] / told["file"]
        whole = path.stat().st_size == told["bytes"] and sha256_of(path) == told["sha256"]
        fetched = datetime.fromisoformat(told["fetched"])
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError, KeyError, TypeError):
        return None, " The copy in the cache cannot be read."
    if not whole:
        return None, f" The copy of {date_words(fetched)} in the cache is damaged and was not used."
    return Located(path, source, told["sha256"], told["bytes"], fetched, "cache"), ""


def _from_publisher(source: Source, cache: Path, progress: Progress | None, patience: Patience) -> Located:
    home = cache / source.id
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _partial_file(home) as partial:
            with Line(source, patience, progress) as line:
                name = ask_publisher(line, partial)
            return _keep(source, home, partial, name)
    except OSError as error:
        why = f"the cache cannot be written: {error.strerror or error}"
        raise BadSource(why, rule="cache-not-writable", file=source.id) from error


@contextmanager
def _partial_file(home: Path) -> Iterator[Path]:
    """Give a temporary file beside its goal, and leave none behind; clear what a killed run left."""
    for left in home.glob(f"{PARTIAL}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_S:
            left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=home)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _keep(source: Source, home: Path, partial: Path, name: str) -> Located:
    """Move a checked file into the cache, then the pointer to it: at any moment the old copy or the new one holds."""
    sha256, size, now = sha256_of(partial), partial.stat().st_size, datetime.now(UTC).replace(microsecond=0)
    before = _pointed_at(home)
    goal = home / sha256[:16] / name
    goal.parent.mkdir(exist_ok=True)
    partial.chmod(0o644)
    _fsync(partial)
    os.replace(partial, goal)
    _fsync(goal.parent)
    told = {"copy": goal.parent.name, "file": name, "sha256": sha256, "bytes": size, "fetched": now.isoformat()}
    with _partial_file(home) as pointer:
        pointer.write_text(json.dumps(told | {"address": source.address}, indent=1), encoding="utf-8")
        _fsync(pointer)
        os.replace(pointer, home / POINTER)
    _fsync(home)
    for old in home.iterdir():
        # The copy before this one stays: another build may be reading it.
        if old.is_dir() and old.name not in (goal.parent.name, before):
            shutil.rmtree(old, ignore_errors=True)
    return Located(goal, source, sha256, size, now, "publisher")


def _pointed_at(home: Path) -> str | None:
    try:
        return str(json.loads((home / POINTER).read_text(encoding="utf-8"))["copy"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _kept(copy: Located, why: str) -> Located:
    return replace(copy, warning=f"{copy.source.title}: {why}")


def _nowhere(source: Source, folder: Path | None, damage: str, *, asked: bool) -> SourceMissing:
    looked = "not in the sources folder and no copy is kept" if folder is not None else "no copy is kept"
    why = "its publisher was not asked" if asked else "its publisher offers no download that this reads"
    names = " or ".join(source.files[:3])
    message = f"{source.title}: {looked}, and {why}; looked for {names}.{damage}"
    return SourceMissing(message, rule="source-missing", file=source.files[0], hint=source.where_to_get_it)
