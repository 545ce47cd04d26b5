"""The store: editions are written whole, published by rename, checked when opened, and never torn."""

from __future__ import annotations

import builtins
import io
import json
import os
import random
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geodata import store as editions
from geodata.errors import BuildMissing, DamagedEdition

DAY = "2026-02-03"
FACTS = {"method": "1.0", "neighbourhoods": 2, "sources": {"lookup": {"sha256": "ab", "bytes": 3}}}
FLIPS = 200
SEED = 33755


def content(word: str) -> dict[str, bytes]:
    """Give the files of a tiny edition."""
    return {
        "build_report.json": json.dumps({"word": word}).encode(),
        "neighbourhoods.parquet": word.encode() * 50,
        "web/codes.npy": b"\x93NUMPY" + word.encode(),
        "web/empty.npy": b"",
        "frames/map.html": b"<div></div>",
    }


def writes(files: dict[str, bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)

    return write


def publish(store: Path, word: str = "one", *, day: str = DAY, facts: Any = FACTS) -> editions.StoredEdition:
    return editions.publish(store, "demo", day, facts, writes(content(word)))


def held(edition: editions.StoredEdition) -> dict[str, bytes]:
    """Give the bytes of an edition's files, manifest apart."""
    found = (path for path in edition.folder.rglob("*") if path.is_file() and path.name != editions.MANIFEST)
    return {path.relative_to(edition.folder).as_posix(): path.read_bytes() for path in found}


def names(store: Path) -> set[str]:
    return {path.name for path in (store / "demo").iterdir()}


def test_an_edition_is_written_whole_and_becomes_the_current_one(tmp_path: Path) -> None:
    made = publish(tmp_path)
    assert editions.EDITION.fullmatch(made.id)
    assert made.id.startswith(f"{DAY}-")
    opened = editions.open_edition(tmp_path, "demo")
    assert (opened.id, opened.folder) == (made.id, tmp_path / "demo" / made.id)
    assert held(opened) == content("one")
    assert (tmp_path / "demo" / "current").read_text() == f"{made.id}\n"
    assert names(tmp_path) == {".lock", "current", made.id}
    manifest = opened.manifest
    assert set(manifest["files"]) == set(content("one"))
    assert {"sha256", "bytes"} == set(manifest["files"]["web/codes.npy"])
    assert (manifest["place"], manifest["edition"], manifest["built"]) == ("demo", made.id, DAY)
    assert manifest["sources"] == FACTS["sources"]


def test_the_same_content_again_adds_no_copy_even_on_another_day(tmp_path: Path) -> None:
    first = publish(tmp_path)
    again = publish(tmp_path, day="2026-02-04")
    assert again.id == first.id
    assert again.manifest["built"] == DAY
    assert names(tmp_path) == {".lock", "current", first.id}


def test_other_content_or_other_sources_make_another_edition_and_keep_the_first(tmp_path: Path) -> None:
    first = publish(tmp_path)
    second = publish(tmp_path, "two")
    third = publish(tmp_path, "two", facts=FACTS | {"sources": {}})
    assert len({first.id, second.id, third.id}) == 3
    assert editions.editions(tmp_path, "demo") == [first.id, second.id, third.id]
    assert editions.open_edition(tmp_path, "demo").id == third.id
    assert held(editions.open_edition(tmp_path, "demo", first.id)) == content("one")


def test_going_back_to_an_older_content_points_back_to_its_edition(tmp_path: Path) -> None:
    first = publish(tmp_path)
    publish(tmp_path, "two")
    assert publish(tmp_path).id == first.id
    assert editions.open_edition(tmp_path, "demo").id == first.id
    assert editions.open_newest_whole(tmp_path, "demo")[0].id == first.id


@pytest.mark.parametrize(
    ("place", "edition"),
    [
        ("nowhere", None),
        ("demo", "2020-01-01-00000000"),
        ("demo", "../demo"),
        ("demo", "/"),
        ("demo", "current"),
        ("demo", ".lock"),
    ],
)
def test_what_was_never_built_is_said_with_the_way_to_build_it(tmp_path: Path, place: str, edition: str | None) -> None:
    publish(tmp_path)
    with pytest.raises(BuildMissing) as caught:
        editions.open_edition(tmp_path, place, edition)
    assert f"evenreach build {place}" in str(caught.value)
    assert repr(edition or place) in str(caught.value)


def test_places_are_those_with_an_edition(tmp_path: Path) -> None:
    assert editions.places(tmp_path / "absent") == []
    publish(tmp_path)
    editions.publish(tmp_path, "abel", DAY, FACTS, writes(content("one")))
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("not a place")
    assert editions.places(tmp_path) == ["abel", "demo"]
    assert editions.editions(tmp_path, "empty") == []
    assert editions.editions(tmp_path, "note.txt") == []


def test_a_failing_build_leaves_the_old_edition_and_no_trace(tmp_path: Path) -> None:
    old = publish(tmp_path)

    def write(folder: Path) -> None:
        (folder / "half").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        editions.publish(tmp_path, "demo", DAY, FACTS, write)
    assert names(tmp_path) == {".lock", "current", old.id}
    assert editions.open_edition(tmp_path, "demo").id == old.id


def fail_once(monkeypatch: pytest.MonkeyPatch, step: str, number: int) -> list[int]:
    """Make the n-th call of a step fail, once; give a list that holds the number of calls so far."""
    calls = [0]

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if step == "open" and not set("wax+") & set(str(given[1] if len(given) > 1 else named.get("mode", "r"))):
                return real(*given, **named)
            calls[0] += 1
            if calls[0] == number:
                raise OSError(5, "Input/output error")
            return real(*given, **named)

        return call

    if step == "open":
        opened = failing(io.open)
        monkeypatch.setattr(io, "open", opened)
        monkeypatch.setattr(builtins, "open", opened)
    else:
        monkeypatch.setattr(os, step, failing(getattr(os, step)))
    return calls


@pytest.mark.parametrize("step", ["replace", "fsync", "open", "mkdir", "write", "stat"])
def test_any_step_that_fails_once_leaves_old_or_new_and_a_re_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    failed = 0
    for number in range(1, 400):
        store = tmp_path / str(number)
        old = publish(store)
        with monkeypatch.context() as patched:
            calls = fail_once(patched, step, number)
            try:
                publish(store, "two")
                broke = False
            except (OSError, DamagedEdition):
                broke = True
        if calls[0] < number:
            break
        failed += broke
        served = editions.open_edition(store, "demo")
        assert held(served) in (content("one"), content("two"))
        for name in editions.editions(store, "demo"):
            editions.open_edition(store, "demo", name)
        assert editions.open_newest_whole(store, "demo") == (served, [])
        new = publish(store, "two")
        assert held(editions.open_edition(store, "demo")) == content("two")
        assert names(store) == {".lock", "current", old.id, new.id}
    # os.write and os.stat are not what Python's own files and paths go through: nothing may break there.
    least = {"replace": 2, "fsync": 10, "open": 8, "mkdir": 3, "write": 0, "stat": 0}[step]
    assert failed >= least


def flip(path: Path, at: random.Random) -> None:
    """Turn one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at.randrange(len(data))] ^= 1 << at.randrange(8)
    path.write_bytes(data)


def test_two_hundred_flipped_bits_are_all_found_and_named(demo_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(demo_store / "demo", store / "demo")
    edition = editions.open_edition(store, "demo")
    at = random.Random(SEED)
    files = sorted(path for path in edition.folder.rglob("*") if path.is_file() and path.stat().st_size)
    manifest = edition.folder / editions.MANIFEST
    assert manifest in files
    for turn in range(FLIPS):
        path = manifest if turn % 8 == 0 else at.choice(files)
        before = path.read_bytes()
        flip(path, at)
        with pytest.raises(DamagedEdition) as caught:
            editions.open_edition(store, "demo")
        where = f"demo/{edition.id}/{path.relative_to(edition.folder).as_posix()}"
        assert caught.value.file == where
        assert caught.value.rule in ("file-changed", "schema-changed")
        assert str(caught.value).startswith(f"{where}: ")
        path.write_bytes(before)
    assert editions.open_edition(store, "demo").id == edition.id


def test_a_flipped_bit_in_the_pointer_never_leads_to_anything_but_a_whole_edition(tmp_path: Path) -> None:
    publish(tmp_path)
    newest = publish(tmp_path, "two")
    at = random.Random(SEED)
    pointer = tmp_path / "demo" / editions.POINTER
    before = pointer.read_bytes()
    for _ in range(50):
        flip(pointer, at)
        found, damaged = editions.open_newest_whole(tmp_path, "demo")
        assert (found.id, damaged) == (newest.id, [])
        pointer.write_bytes(before)


def spoil(edition: editions.StoredEdition, how: str) -> str:
    """Damage an edition; give the file at fault."""
    path = edition.folder / "web" / "codes.npy"
    if how == "lost":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif how == "grown":
        path.write_bytes(path.read_bytes() + b"\0")
    elif how == "a folder instead":
        path.unlink()
        path.mkdir()
    elif how == "no manifest":
        path = edition.folder / editions.MANIFEST
        path.unlink()
    elif how == "manifest empty":
        path = edition.folder / editions.MANIFEST
        path.write_bytes(b"")
    elif how == "manifest is a folder":
        path = edition.folder / editions.MANIFEST
        path.unlink()
        path.mkdir()
    elif how == "manifest of another edition":
        path = edition.folder / editions.MANIFEST
        shutil.copy(edition.folder.parent / editions.editions(edition.folder.parents[1], "demo")[0] / path.name, path)
    return path.relative_to(edition.folder).as_posix()


HARMS = {
    "lost": "file-missing",
    "cut": "file-changed",
    "grown": "file-changed",
    "a folder instead": "file-missing",
    "no manifest": "file-missing",
    "manifest empty": "file-changed",
    "manifest is a folder": "file-unreadable",
    "manifest of another edition": "schema-changed",
}


@pytest.mark.parametrize("how", list(HARMS))
def test_a_damaged_edition_is_named_and_the_older_whole_one_is_served(tmp_path: Path, how: str) -> None:
    old = publish(tmp_path)
    newest = publish(tmp_path, "two")
    name = spoil(newest, how)
    with pytest.raises(DamagedEdition) as caught:
        editions.open_edition(tmp_path, "demo")
    assert (caught.value.rule, caught.value.file) == (HARMS[how], f"demo/{newest.id}/{name}")
    assert name in str(caught.value)
    found, damaged = editions.open_newest_whole(tmp_path, "demo")
    assert found.id == old.id
    assert [error.file for error in damaged] == [f"demo/{newest.id}/{name}"]
    mended = publish(tmp_path, "two")
    assert held(editions.open_edition(tmp_path, "demo")) == content("two")
    assert editions.open_edition(tmp_path, "demo").id == mended.id
    assert held(editions.open_edition(tmp_path, "demo", old.id)) == content("one")


def test_a_file_that_the_disk_cannot_read_is_named_and_the_older_edition_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish(tmp_path)
    newest = publish(tmp_path, "two")
    real = editions.sha256_of

    def unreadable(path: Path) -> str:
        if newest.id in path.parts and path.name == "codes.npy":
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(editions, "sha256_of", unreadable)
    with pytest.raises(DamagedEdition, match=r"web/codes\.npy: .*\[file-unreadable\]"):
        editions.open_edition(tmp_path, "demo")
    assert editions.open_newest_whole(tmp_path, "demo")[0].id == old.id


def test_where_no_edition_is_whole_it_is_said(tmp_path: Path) -> None:
    spoil(publish(tmp_path), "cut")
    with pytest.raises(BuildMissing, match=r"no whole edition of 'demo'.*evenreach build demo"):
        editions.open_newest_whole(tmp_path, "demo")


def test_an_edition_without_its_pointer_is_found_as_the_newest_and_a_re_run_points_to_it(tmp_path: Path) -> None:
    edition = publish(tmp_path)
    (tmp_path / "demo" / editions.POINTER).unlink()
    with pytest.raises(BuildMissing, match="There is no edition of 'demo'"):
        editions.open_edition(tmp_path, "demo")
    assert editions.open_newest_whole(tmp_path, "demo")[0].id == edition.id
    assert publish(tmp_path, day="2026-02-05").id == edition.id
    assert editions.open_edition(tmp_path, "demo").id == edition.id


def test_a_pointer_to_an_edition_that_is_gone(tmp_path: Path) -> None:
    old = publish(tmp_path)
    newest = publish(tmp_path, "two")
    shutil.rmtree(newest.folder)
    with pytest.raises(BuildMissing):
        editions.open_edition(tmp_path, "demo")
    assert editions.open_newest_whole(tmp_path, "demo")[0].id == old.id


def test_an_edition_of_another_schema_is_named_and_building_again_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish(tmp_path)
    monkeypatch.setattr(editions, "SCHEMA", editions.SCHEMA + 1)
    with pytest.raises(DamagedEdition, match=r"manifest\.json: .*schema 2.*\[schema-changed\] Build the place again"):
        editions.open_edition(tmp_path, "demo")
    new = publish(tmp_path, day="2026-02-04")
    assert new.id != old.id
    assert editions.open_edition(tmp_path, "demo").manifest["schema"] == 2
    assert publish(tmp_path, day="2026-02-04").id == new.id


def test_what_an_earlier_build_left_behind_is_cleared_away(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    (home / f"{editions.WRITING}0123" / "web").mkdir(parents=True)
    (home / f"{editions.WRITING}0123" / "web" / "codes.npy").write_bytes(b"half")
    (home / f".{editions.POINTER}-0123").write_text("2026-")
    made = publish(tmp_path)
    assert names(tmp_path) == {".lock", "current", made.id}


def test_builds_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    words = [f"word {number}" for number in range(8)]
    inside: list[str] = []
    most = [0]

    def build(word: str) -> None:
        def write(folder: Path) -> None:
            inside.append(word)
            most[0] = max(most[0], len(inside))
            writes(content(word))(folder)
            inside.remove(word)

        editions.publish(tmp_path, "demo", DAY, FACTS, write)

    threads = [threading.Thread(target=build, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    stored = [held(editions.open_edition(tmp_path, "demo", name)) for name in editions.editions(tmp_path, "demo")]
    assert sorted(files["build_report.json"] for files in stored) == sorted(
        content(word)["build_report.json"] for word in words
    )
    assert names(tmp_path) == {".lock", "current", *editions.editions(tmp_path, "demo")}


def test_reading_while_publishing_always_finds_a_whole_edition(tmp_path: Path) -> None:
    publish(tmp_path, "0")
    wrong: list[object] = []
    reads = [0]
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                files = held(editions.open_edition(tmp_path, "demo"))
                word = json.loads(files["build_report.json"])["word"]
                if files != content(word):
                    wrong.append(word)
                reads[0] += 1
            except Exception as error:
                wrong.append(error)
                raise

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 60):
            publish(tmp_path, str(number % 7))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert reads[0] > 20


def test_what_is_published_can_be_read_by_the_account_that_serves_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        edition = publish(tmp_path)
    finally:
        os.umask(before)
    for path in edition.folder.rglob("*"):
        assert path.stat().st_mode & (stat.S_IROTH | stat.S_IRGRP), path.name
