"""The longest pages of ``/ogc`` over all of England, several at once: what they take of a worker's memory."""

from __future__ import annotations

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import RealStore
from tests.running import private_memory, running
from tests.soak.conftest import Note

pytestmark = [pytest.mark.soak, pytest.mark.realdata]
AT_ONCE, MEGABYTE = 8, 1e6
GROWTH_MB, SLOWEST, LONGEST = 100, 10.0, 3e6
COLLECTIONS = ("england-neighbourhoods", "england-scores-core")


def test_long_pages_of_england_stay_small(real_store: RealStore, tmp_path: Path, note: Note) -> None:
    with running(real_store("england"), tmp_path / "serve.log", log_level="warning") as server:
        (worker,) = server.workers()

        def ask(path: str) -> tuple[int, float]:
            begun = time.perf_counter()
            with urllib.request.urlopen(server.address + path, timeout=60) as answer:
                return len(answer.read()), time.perf_counter() - begun

        ask("/ogc/collections")
        before = private_memory(worker)
        paths = [
            f"/ogc/collections/{name}/items?limit=10000&f={form}" for name in COLLECTIONS for form in ("html", "json")
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            seen = [one for path in paths for one in pool.map(ask, [path] * AT_ONCE)]
        grown = private_memory(worker) - before
    longest, slowest = max(size for size, _ in seen), max(seconds for _, seconds in seen)
    note(
        f"{AT_ONCE} long pages of England at once: longest, slowest, memory more",
        f"{longest / MEGABYTE:.1f} MB, {slowest:.1f} s, {grown / MEGABYTE:.0f} MB",
        f"< {LONGEST / MEGABYTE:.0f} MB, {SLOWEST:.0f} s, {GROWTH_MB} MB",
    )
    assert longest < LONGEST
    assert slowest < SLOWEST
    assert grown < GROWTH_MB * MEGABYTE
