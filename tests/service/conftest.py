"""What the tests of the service share: the demo borough served without a socket, and its files to spoil."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import geodata.demo
from service.app import create_app
from service.settings import Settings
from tests.conftest import draw_less

DEMO_FILES = Path(geodata.demo.__file__).parent / "files"
READ_FOLDERS = ("deprivation", "geography", "indicators", "population", "sites")


class Served:
    """Asks the application over one store, in an event loop of its own."""

    def __init__(self, store: Path, **settings: str) -> None:
        self.app = create_app(Settings.model_validate({"store": store, "log_level": "error"} | settings))
        self.loop = asyncio.new_event_loop()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test")

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def close(self) -> None:
        self.loop.run_until_complete(self.app.state.workshop.close())
        self.loop.run_until_complete(self.http.aclose())
        self.loop.close()


@pytest.fixture(scope="session")
def served(demo_store: Path) -> Iterator[Served]:
    """The application over the demo borough."""
    opened = Served(demo_store)
    yield opened
    opened.close()


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let builds draw less, which takes half of their time, where a test does not look at what is drawn."""
    draw_less(monkeypatch)


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    """Serve any store, until the test ends."""
    opened: list[Served] = []

    def over(store: Path) -> Served:
        opened.append(Served(store))
        return opened[-1]

    yield over
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo borough's files that a build reads, as they are."""
    sources = tmp_path_factory.mktemp("demo-files") / "sources"
    for folder in READ_FOLDERS:
        shutil.copytree(DEMO_FILES / folder, sources / folder)
    return sources


@pytest.fixture
def demo_copy(demo_files: Path, tmp_path: Path) -> Path:
    """The same files, to spoil one of them."""
    return Path(shutil.copytree(demo_files, tmp_path / "sources"))
