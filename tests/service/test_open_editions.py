"""Editions are opened beside the requests: nobody waits long, and what is damaged is read once."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from geodata import store as stored
from geodata.errors import DamagedEdition, UnknownEdition, UnknownPlace
from service.editions import open_editions
from service.editions.open_editions import OpenEditions
from service.editions.scoring import score
from service.editions.views import View
from service.ogc.grid import grid_of


@pytest.fixture
def store(demo_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_store, tmp_path / "store"))


def point_again(store: Path) -> None:
    """Publish the same edition once more."""
    pointer = store / "demo" / stored.POINTER
    (store / "demo" / "next").write_text(pointer.read_text("utf-8"), "utf-8")
    (store / "demo" / "next").replace(pointer)


def test_reads_go_on_while_a_new_edition_is_opened(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editions, may_open, opened = OpenEditions(store), threading.Event(), []
    old, really = editions.get("demo"), open_editions.open_edition

    def slowly(*asked: Any) -> Any:
        opened.append(asked)
        may_open.wait(30)
        return really(*asked)

    monkeypatch.setattr(open_editions, "open_edition", slowly)
    monkeypatch.setattr(open_editions, "PATIENCE", 0.2)
    point_again(store)

    async def story() -> float:
        began = time.monotonic()
        found = await asyncio.gather(*(editions.find("demo") for _ in range(20)))
        waited = time.monotonic() - began
        assert all(edition is old for edition in found)
        assert editions.now("demo") is old, "for those who come later without waiting"
        may_open.set()
        while (found_now := await editions.find("demo")) is old:
            await asyncio.sleep(0.01)
        assert found_now.id == old.id
        return waited

    assert asyncio.run(story()) < 2
    assert len(opened) == 1


def test_what_is_damaged_is_read_once_until_something_is_published(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = OpenEditions(store).get("demo").stored.path("web/imd.npy")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    read: list[Any] = []
    really = open_editions.open_edition
    monkeypatch.setattr(open_editions, "open_edition", lambda *asked: (read.append(asked), really(*asked))[1])
    editions = OpenEditions(store)
    for _ in range(3):
        assert editions.all() == []
        with pytest.raises(DamagedEdition):
            editions.get("demo")
    assert (len(read), editions.places_open) == (1, 0)
    path.write_bytes(whole)
    point_again(store)
    assert [edition.place["id"] for edition in editions.all()] == ["demo"]
    assert editions.places_open == 1


def test_what_could_not_be_read_is_tried_again_soon(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editions, now = OpenEditions(store), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    old = editions.get("demo")
    shutil.copytree(store / "demo" / old.id, store / "demo" / "2020-01-01-00000000")
    really = stored.verify

    def no_descriptors(edition: stored.StoredEdition, under: str = "") -> None:
        raise DamagedEdition("a stored file cannot be read", rule=stored.UNREADABLE, file=edition.id)

    monkeypatch.setattr(stored, "verify", no_descriptors)
    monkeypatch.setattr(stored, "_read_manifest", lambda folder: old.stored.manifest)
    point_again(store)
    assert editions.get("demo") is old, "the edition that stood serves on"
    with pytest.raises(DamagedEdition):
        editions.get("demo", "2020-01-01-00000000")
    monkeypatch.setattr(stored, "verify", really)
    assert editions.now("demo") is old, "nobody tries again at once"
    with pytest.raises(DamagedEdition):
        editions.now("demo", "2020-01-01-00000000")
    now[0] += open_editions.AGAIN_AFTER
    assert editions.get("demo") is not old
    assert editions.get("demo", "2020-01-01-00000000").serial


def test_an_edition_that_is_replaced_leaves_no_file_open(store: Path) -> None:
    editions = OpenEditions(store)
    held = []
    for _ in range(3):
        edition = editions.get("demo")
        for focus in edition.focuses:
            score(edition, View("demo", focus=focus, layer="need"))
        grid_of(edition)
        point_again(store)
        edition = None
        editions.get("demo")
        gc.collect()
        held.append(sum("/web/" in name for name in open_files()))
    assert held[0] == held[1] == held[2]


def open_files() -> list[str]:
    """Give the files that this process holds open."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return found


def test_many_who_pin_an_edition_open_it_once_and_unknown_ones_open_nothing(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editions = OpenEditions(store)
    newest, opened = editions.get("demo").id, []
    (store / "demo" / newest).rename(store / "demo" / "aside")
    really = open_editions.open_edition
    shutil.copytree(store / "demo" / "aside", store / "demo" / newest)
    monkeypatch.setattr(open_editions, "open_edition", lambda *asked: (opened.append(asked), really(*asked))[1])
    editions._newest.clear()

    async def story() -> set[int]:
        return {found.serial for found in await asyncio.gather(*(editions.find("demo", newest) for _ in range(20)))}

    assert len(asyncio.run(story())) == len(opened) == 1
    for place, edition, error in (
        ("demo", "2020-01-01-00000000", UnknownEdition),
        ("demo", "..", UnknownEdition),
        ("nowhere", "", UnknownPlace),
        ("../demo", "", UnknownPlace),
    ):
        with pytest.raises(error):
            editions.get(place, edition)
    assert len(opened) == 1


def test_what_stands_open_is_listed_without_waiting(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editions = OpenEditions(store)
    assert editions.standing == []
    old = editions.get("demo")
    monkeypatch.setattr(open_editions, "open_edition", lambda *asked: pytest.fail("nothing is opened for a list"))
    point_again(store)
    assert editions.standing == [old]
