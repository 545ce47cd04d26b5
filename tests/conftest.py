"""What the tests share: the real files, a real browser, real GIS programs, and what may be skipped."""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
SOAK_FOLDER = REPOSITORY / "tests" / "soak"
SHARED_SOURCES = REPOSITORY.parent / "shared" / "data"
SOAK = os.environ.get("EVENREACH_SOAK", "").lower() in {"1", "true", "yes"}
CONTINUOUS_INTEGRATION = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if CONTINUOUS_INTEGRATION else "desk")


def real_sources() -> Path | None:
    """Give the folder of published files, where there is one."""
    named = os.environ.get("EVENREACH_SOURCES")
    folder = Path(named) if named else SHARED_SOURCES
    return folder if folder.is_dir() else None


def program(*names: str) -> str | None:
    """Give the first of these programs that is installed."""
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def sources_dir() -> Path:
    folder = real_sources()
    if folder is None:
        pytest.skip("no folder of published files: set EVENREACH_SOURCES")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One headless Chromium for a file of tests; its event loop must not outlive them, others run their own."""
    chromium = program("chromium", "chromium-browser", "google-chrome")
    if chromium is None:
        pytest.skip("no chromium on PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def gdal() -> str:
    """The path of ogrinfo: GDAL as an analyst has it installed."""
    found = program("ogrinfo")
    if found is None:
        pytest.skip("no ogrinfo on PATH: install gdal-bin")
    return found


@pytest.fixture(scope="session")
def libreoffice() -> str:
    """The path of LibreOffice, to be run with --headless."""
    found = program("soffice", "libreoffice")
    if found is None:
        pytest.skip("no soffice on PATH: install libreoffice-calc-nogui")
    return found


REQUIRED_IN_CI = {"chromium", "gdal", "libreoffice"}
FIXTURE_MARKERS = {"browser": "chromium", "gdal": "gdal", "libreoffice": "libreoffice", "sources_dir": "realdata"}


# The longest files come first, so that two workers end at about the same time.
LONGEST = (
    "test_reference.py",
    "test_killed_build.py",
    "test_notebooks.py",
    "test_prepare.py",
    "test_pages.py",
    "test_own_tables.py",
    "test_share_out.py",
    "test_map.py",
    "test_access.py",
    "test_siting.py",
    "test_fuzz.py",
    "test_embeds.py",
    "test_hostile_text.py",
    "test_load.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest files; mark a test by what it asks for; leave the long ones of the soak out."""
    for item in items:
        if SOAK_FOLDER in item.path.parents or (SOAK and item.get_closest_marker("soak_too")):
            item.add_marker("soak")
    if not SOAK and (left_out := [item for item in items if item.get_closest_marker("soak")]):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in FIXTURE_MARKERS and item.get_closest_marker(FIXTURE_MARKERS[fixture]) is None:
                item.add_marker(FIXTURE_MARKERS[fixture])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip that would hide something into a failure: in CI every client and the real files are there."""
    report = yield
    if CONTINUOUS_INTEGRATION and report.skipped and not hasattr(report, "wasxfail"):
        required = REQUIRED_IN_CI | ({"realdata"} if real_sources() else set())
        hidden = required & {marker.name for marker in item.iter_markers()}
        if hidden:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped in CI, where {', '.join(sorted(hidden))} must run"
    return report


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """Let nothing wait until the disk has written: only after a power cut could a test tell the difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Give the folder that all processes of a run share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path, name: str, make: Callable[[], object]) -> None:
    """Make something of this name that no process of the run has made yet; others wait until it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            make()
            lock.write("made")


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the fictional borough, to be read only; built once through the same readers as real places."""
    from service.building.prepare import build

    folder = shared_folder(tmp_path_factory) / "demo"
    once(folder, "demo", lambda: build("demo", store=folder / "store", offline=True))
    return folder / "store"


def draw_less(patch: pytest.MonkeyPatch) -> None:
    """Let builds draw fewer ranks and permutations, and compress in haste, where no test looks at that."""
    from service.building import certainty, encode_answers

    patch.setattr(certainty, "drawn_ranks", partial(certainty.drawn_ranks, draws=100))
    patch.setattr(certainty, "clusters_and_hot_spots", partial(certainty.clusters_and_hot_spots, permutations=99))
    patch.setattr(encode_answers, "BEST", {"brotli_quality": 1, "gzip_level": 1})


# What a build works out for the whole nation from the publishers' files, the same for every place.
NATIONAL = {
    "service.building.prepare": ("read_all", "access_indicators", "carry_home", "rates_behind_ranks", "context_of"),
    "geodata.neighbourhoods": ("join",),
    "geodata.site_places": ("all_sites",),
    "geodata.counted": ("counts_behind", "people_in_need", "people_by_group"),
}


def keep_what_is_national(patch: pytest.MonkeyPatch, kept: dict[str, Any]) -> None:
    """Let builds take from each other what is national; a table is handed on as a copy, which shares its cells."""

    def copied(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(copied, value))
        return value.copy(deep=False) if hasattr(value, "iloc") else value

    def remembered(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if name not in kept:
                kept[name] = real(*given, **named)
            return copied(kept[name])

        return call

    for module, names in NATIONAL.items():
        for name in names:
            patch.setattr(f"{module}.{name}", remembered(name, getattr(importlib.import_module(module), name)))


class RealStore:
    """A store of real editions, to be read only; a place is built when a test of any process first asks for it."""

    def __init__(self, folder: Path, sources: Path) -> None:
        self.folder = folder
        self._sources = sources
        self._kept: dict[str, Any] = {}

    def __call__(self, *places: str) -> Path:
        for place in places:
            once(self.folder.parent, place, partial(self._build, place))
        return self.folder

    def _build(self, place: str) -> None:
        from service.building.prepare import build

        with pytest.MonkeyPatch.context() as patch:
            keep_what_is_national(patch, self._kept)
            if place != "luton":  # where some tests look at what is drawn
                draw_less(patch)
            build(place, sources=self._sources, store=self.folder, offline=True)
        if place == "england":  # the last that is asked for
            self._kept.clear()


@pytest.fixture(scope="session")
def real_store(sources_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> RealStore:
    """Call it with the places that a test needs; each is built once for the whole run."""
    folder = shared_folder(tmp_path_factory) / "real" / "store"
    folder.mkdir(parents=True, exist_ok=True)
    return RealStore(folder, sources_dir)
