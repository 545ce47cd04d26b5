"""A thousand generated requests over both API documents: no 5xx, no undocumented status, no break of a schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import fuzz
from tests.running import Running, running


@pytest.fixture(scope="module")
def server(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(demo_store, tmp_path_factory.mktemp("fuzz") / "log", log_level="warning") as found:
        yield found
        log = found.log.read_text()
    assert "Traceback" not in log, log[:3000]


def test_a_thousand_requests_keep_what_the_documents_say(server: Running, tmp_path: Path) -> None:
    api = fuzz(server.address, "/openapi.json", tmp_path / "api", examples=15, seed=None)
    features = fuzz(server.address, "/ogc/api", tmp_path / "features", examples=34, seed=None)
    assert api + features >= 1000
