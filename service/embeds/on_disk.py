"""Puts written embeds on disk: whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONTENTS = "evenreach.json"
MADE_BY = "Evenreach"
MARK = b'<meta name="generator" content="Evenreach">'  # templates/embed/page.html writes it
MARK_WITHIN = 8_000
SEAL = b'<meta name="evenreach-sha256" content="%s">'
SEALED = re.compile(re.escape(MARK) + rb'(<meta name="evenreach-sha256" content="([0-9a-f]{64})">)')
HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


class InTheWay(ValueError):
    """What stands at the place to write to was not written by Evenreach, or was changed since."""


def sealed(body: bytes) -> bytes:
    """Write the hash of a page into it, behind the mark, so that a later change to the page shows.

    Parameters
    ----------
    body : bytes
        A page with the mark in its head.

    Returns
    -------
    bytes
        The page with a ``meta`` element that holds the SHA-256 of the page without that element.
    """
    return body.replace(MARK, MARK + SEAL % _sha256(body).encode(), 1)


def write_one_file(out: Path, body: bytes) -> None:
    """Write one page; one that Evenreach wrote before, and that nobody changed, is replaced.

    Parameters
    ----------
    out : Path
        Where to; its folder exists.
    body : bytes
        The page, by `sealed`.

    Raises
    ------
    InTheWay
        If something else stands there, or a page of ours that was changed.
    """
    _check_file(out)
    handle, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        _write(temporary, body)
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)


def _check_file(out: Path) -> None:
    """Refuse a place that holds anything but an unchanged page of ours, or nothing."""
    if not (out.exists() or out.is_symlink()):
        return
    body = out.read_bytes() if out.is_file() and not out.is_symlink() else b""
    if MARK not in body[:MARK_WITHIN]:
        raise InTheWay(f"{out} exists and is no map that Evenreach wrote: move it away, or choose another name")
    if not _unchanged(body):
        raise InTheWay(f"{out} was changed after it was written: move it away, or choose another name")


def _unchanged(body: bytes) -> bool:
    """Tell whether a page is as its seal says; one without a seal could have been changed."""
    seal = SEALED.search(body, 0, MARK_WITHIN)
    return seal is not None and _sha256(body[: seal.start(1)] + body[seal.end(1) :]) == seal[2].decode()


def write_folder(out: Path, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
    """Write files into a folder of their own; one that Evenreach wrote before is replaced as a whole.

    Parameters
    ----------
    out : Path
        The folder; the one above it exists.
    files : mapping of str to bytes
        Content by name.
    facts : mapping
        What the table of contents says beside the names and hashes of the files.

    Raises
    ------
    InTheWay
        If a file stands there, or a folder with anything in it that Evenreach did not write.
    """
    _check_folder(out)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        hashes = {name: _sha256(content) for name, content in sorted(files.items())}
        contents = {"made_by": MADE_BY, **facts, "files": hashes}
        text = json.dumps(contents, ensure_ascii=False, indent=1).encode() + b"\n"
        for name, content in {**files, CONTENTS: text}.items():
            _write(temporary / name, content)
        temporary.chmod(0o755)
        _exchange(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file that anybody may read, down to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def _check_folder(out: Path) -> None:
    """Refuse a place that holds anything but an unchanged folder of ours, or nothing."""
    if not (out.exists() or out.is_symlink()):
        return
    if out.is_symlink() or not out.is_dir():
        raise InTheWay(f"{out} exists and is no folder: move it away, or choose another name")
    found = sorted(path.name for path in out.iterdir())
    if not found:
        return
    ours = _listed(out)
    foreign = next((name for name in found if name != CONTENTS and name not in ours), "")
    if CONTENTS not in found or foreign:
        what = repr(foreign or found[0])
        raise InTheWay(f"{out} holds {what}, which Evenreach did not write: move it away, or choose another folder")
    changed = next((name for name in found if name != CONTENTS and not _same(out / name, ours[name])), "")
    if changed:
        raise InTheWay(f"{out / changed} was changed after it was written: move it away, or choose another folder")


def _listed(out: Path) -> dict[str, str]:
    """Names and hashes in the table of contents; none where it cannot be read."""
    try:
        contents = json.loads((out / CONTENTS).read_bytes())
        files = contents["files"] if contents["made_by"] == MADE_BY else {}
        return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _same(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and _sha256(path.read_bytes()) == digest


def _exchange(new: Path, out: Path) -> None:
    """Put a whole folder in place of the old one, at once where the system can."""
    if not out.exists():
        os.replace(new, out)
    elif not _swap(new, out):
        _replace_by_way_of_a_third(new, out)


def _swap(new: Path, out: Path) -> bool:
    """Let two folders change places in one step, so that at no moment there is none; tell whether that was done.

    What stood at `out` then stands at `new`, for the caller to clear away.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = (os.fsencode(new), os.fsencode(out))
    return bool(rename(HERE, ctypes.c_char_p(names[0]), HERE, ctypes.c_char_p(names[1]), EXCHANGE) == 0)


def _replace_by_way_of_a_third(new: Path, out: Path) -> None:
    """Let the old folder stand aside until the new one is there; whatever comes between, it goes back."""
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    try:
        os.replace(out, aside)  # an empty folder gives way
        os.replace(new, out)
    except BaseException:
        if not out.exists():
            os.replace(aside, out)
        raise
    finally:
        if out.exists():
            shutil.rmtree(aside, ignore_errors=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
