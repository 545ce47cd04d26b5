"""What the tests share: the real files, a real browser, real GIS programs, and what may be skipped."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_SOURCES = REPOSITORY.parent / "shared" / "data"
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
LONGEST = ("test_reference.py", "test_killed_build.py", "test_notebooks.py", "test_prepare.py", "test_pages.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; mark a test by what it asks for, so that `-m "not chromium"` leaves them out."""
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


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the fictional borough, built once through the same readers as real places."""
    from service.building.prepare import build

    store = tmp_path_factory.mktemp("demo") / "store"
    build("demo", store=store, offline=True)
    return store


def draw_less(patch: pytest.MonkeyPatch) -> None:
    """Let builds draw fewer ranks and permutations, where no test looks at what is drawn."""
    from service.building import certainty

    patch.setattr(certainty, "drawn_ranks", partial(certainty.drawn_ranks, draws=100))
    patch.setattr(certainty, "clusters_and_hot_spots", partial(certainty.clusters_and_hot_spots, permutations=99))


class RealStore:
    """A store of real editions, to be read only; a place is built when a test of any process first asks for it."""

    def __init__(self, folder: Path, sources: Path) -> None:
        self.folder = folder
        self._sources = sources

    def __call__(self, *places: str) -> Path:
        from service.building.prepare import build

        for place in places:
            with (self.folder.parent / f"{place}.lock").open("a+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                lock.seek(0)
                if not lock.read():
                    with pytest.MonkeyPatch.context() as patch:
                        if place == "england":
                            draw_less(patch)
                        build(place, sources=self._sources, store=self.folder, offline=True)
                    lock.write("built")
        return self.folder


@pytest.fixture(scope="session")
def real_store(sources_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> RealStore:
    """Call it with the places that a test needs; each is built once for the whole run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "real" / "store"
    folder.mkdir(parents=True, exist_ok=True)
    return RealStore(folder, sources_dir)
