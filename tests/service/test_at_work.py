"""The edition that heavy jobs work on stays open, and is let go for another: no job costs the process a file."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from geodata.errors import BuildMissing
from geodata.store import editions
from service.editions.at_work import edition_at_work
from service.editions.scoring import score
from service.editions.views import View
from service.files.downloads import make


def files_of(store: Path) -> list[str]:
    """Name the files of a store that this process holds open, each as often as it does."""
    held = [os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if name.isdigit()]
    return [path for path in held if path.startswith(str(store.resolve()))]


@pytest.fixture
def stores(demo_store: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two stores of the borough that nothing else has open."""
    for name in ("one", "two"):
        shutil.copytree(demo_store, tmp_path / name, symlinks=True)
    return tmp_path / "one", tmp_path / "two"


def newest(store: Path) -> str:
    return editions(store, "demo")[-1]


def write(store: Path, rho: float, out: Path) -> None:
    view = View("demo", focus="core", rho=rho, layer="need")
    make(str(store), str(out), "csv", asdict(view), newest(store))


def test_jobs_hold_no_more_files_however_many_there_are(stores: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = stores
    write(one, 2.0, tmp_path / "a.csv")
    once = sorted(files_of(one))
    assert once
    for turn in range(6):
        write(one, 3.0 + turn, tmp_path / "a.csv")
    assert sorted(files_of(one)) == once
    for turn in range(3):
        write(other, 3.0 + turn, tmp_path / "b.csv")
        assert files_of(one) == []
        write(one, 3.0 + turn, tmp_path / "a.csv")
        assert files_of(other) == []
    assert sorted(files_of(one)) == once
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_it_is_the_edition_that_was_asked_for(stores: tuple[Path, Path]) -> None:
    one, other = map(str, stores)
    name = newest(stores[0])
    first = edition_at_work(one, "demo", name)
    assert edition_at_work(one, "demo", name) is first
    second = edition_at_work(other, "demo", name)
    assert second is not first
    assert second.stored.folder.is_relative_to(stores[1])
    kept = score(second, View("demo"))
    assert score(second, View("demo")) is kept
    with pytest.raises(BuildMissing):
        edition_at_work(other, "demo", "2020-01-01-no-such")
    assert edition_at_work(one, "demo", name) is not first, "it was let go meanwhile"
