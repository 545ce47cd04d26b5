"""Load for minutes (safety.md's figures): a steady rate, three times capacity, slow clients, memory, stopping."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load import (
    BROKEN,
    CLOSED_WITHIN,
    LARGE,
    NOTHING,
    Seen,
    at_rate,
    flat_out,
    half_sent,
    mixed,
    of_each_kind,
    slow_readers,
)
from tests.running import STOPS_WITHIN, Running, descriptors, private_memory, running
from tests.soak.conftest import Note

RATE, STEADY_SECONDS, P99 = 50, 600, 0.3
TIMES = 3
MEGABYTE = 1_000_000
GROWTH_MB = 20


@pytest.fixture(scope="module")
def server(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One web process over the fictional borough, every kind of read asked for once."""
    log = tmp_path_factory.mktemp("server") / "serve.log"
    with running(demo_store, log, log_level="warning") as opened:
        warm = asyncio.run(flat_out(opened.port, of_each_kind(), readers=1))
        assert warm.statuses == {200: len(warm.answers)}, [one for one in warm.answers if one.status != 200]
        yield opened


def steady(server: Running, a_second: float, seconds: float, seed: int = 1) -> Seen:
    return asyncio.run(at_rate(server.port, mixed(seed=seed), a_second=a_second, seconds=seconds))


def ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def test_fifty_mixed_reads_a_second_for_ten_minutes(server: Running, note: Note) -> None:
    seen = steady(server, RATE, STEADY_SECONDS)
    note(
        f"{RATE} mixed reads a second for {STEADY_SECONDS // 60} minutes: p50, p99, errors",
        f"{ms(seen.p(0.5))}, {ms(seen.p(0.99))}, {len(seen.answers) - seen.statuses.get(200, 0)}",
        f"p99 < {ms(P99)}, no error",
    )
    assert seen.statuses == {200: RATE * STEADY_SECONDS}
    assert seen.p(0.99) < P99, seen.slowest()


def test_at_three_times_capacity_those_let_in_are_served_and_the_rest_are_asked_to_come_back(
    server: Running, note: Note
) -> None:
    reads = (read for read in mixed(seed=2) if not read.path.startswith("/downloads/demo/need.xlsx"))
    begun = time.perf_counter()
    flat = asyncio.run(flat_out(server.port, reads, readers=16, seconds=20))
    capacity = len(flat.answers) / (time.perf_counter() - begun)
    normal = asyncio.run(at_rate(server.port, reads, a_second=capacity / 2, seconds=30))
    seen = asyncio.run(at_rate(server.port, reads, a_second=TIMES * capacity, seconds=30))
    admitted = seen.statuses.get(200, 0) / len(seen.answers)
    note(
        f"{TIMES} x capacity ({capacity:.0f} a second): p99 of those let in, normal p99, share let in",
        f"{ms(seen.p(0.99))}, {ms(normal.p(0.99))}, {admitted:.0%}",
        f"p99 within {TIMES} x normal, the rest 503 with Retry-After",
    )
    assert normal.statuses.keys() == {200}
    assert seen.statuses.keys() <= {200, 429, 503}, seen.statuses
    assert all(one.retry_after.isdigit() for one in seen.answers if one.status != 200)
    assert admitted > 1 / TIMES / 2, "a server that refuses nearly all is no answer to load"
    assert seen.p(0.99) <= TIMES * normal.p(0.99), seen.slowest()


def test_two_hundred_half_sent_requests_and_fifty_slow_readers_keep_nobody_waiting(server: Running, note: Note) -> None:
    normal = steady(server, RATE, 30, seed=3)

    async def crowded() -> tuple[Seen, list[float], list[float]]:
        half = asyncio.create_task(half_sent(server.port, 200))
        slow = asyncio.create_task(slow_readers(server.port, LARGE, 50))
        seen = await at_rate(server.port, mixed(seed=4), a_second=RATE, seconds=30)
        return seen, await half, await slow

    seen, half, slow = asyncio.run(crowded())
    note(
        "200 half-sent requests and 50 slow readers: others' p99, without them, last of each closed after",
        f"{ms(seen.p(0.99))}, {ms(normal.p(0.99))}, {max(half):.0f} s and {max(slow):.0f} s",
        f"p99 within 3 x, closed within {CLOSED_WITHIN:.0f} s",
    )
    assert seen.statuses.keys() == normal.statuses.keys() == {200}
    assert seen.p(0.99) <= 3 * normal.p(0.99), seen.slowest()
    assert max(half) <= CLOSED_WITHIN
    assert max(slow) <= CLOSED_WITHIN


def test_memory_does_not_grow_nor_do_open_files(server: Running, note: Note) -> None:
    (worker,) = server.workers()
    reads = mixed(seed=5)
    held = []
    for number in (10_000, 90_000):
        seen = asyncio.run(flat_out(server.port, reads, readers=8, number=number))
        assert seen.statuses == {200: number}
        time.sleep(2)  # for the last connections to be closed
        held.append((private_memory(worker), descriptors(worker)))
    (before, open_before), (after, open_after) = held
    note(
        "one web process after 10,000 and after 100,000 requests: private memory, descriptors",
        f"{before / MEGABYTE:.0f} and {after / MEGABYTE:.0f} MB, {open_before} and {open_after}",
        f"at most {GROWTH_MB} MB more, as many descriptors",
    )
    assert after - before <= GROWTH_MB * MEGABYTE
    assert open_after == open_before


def test_stopping_under_load_breaks_no_answer(demo_store: Path, tmp_path: Path, note: Note) -> None:
    longest, broken, answered, killed = 0.0, 0, 0, 0
    for turn in range(10):
        with running(demo_store, tmp_path / "serve.log", workers=2, log_level="warning") as server:
            seen: list[Seen] = []
            reads = itertools.islice(mixed(seed=turn), 1_000_000)
            load = threading.Thread(
                target=lambda: seen.append(asyncio.run(flat_out(server.port, reads, readers=16, seconds=8)))  # noqa: B023
            )
            load.start()
            time.sleep(3 + turn / 10)
            longest = max(longest, server.stop())
            load.join()
        statuses = seen[0].statuses
        assert statuses.keys() <= {200, 503, NOTHING, BROKEN}, statuses
        broken += statuses.get(BROKEN, 0)
        answered += statuses[200]
        killed += server.log.read_text().count("Killing")
    note(
        "ten servers stopped under load: answers, broken ones, longest stop, processes killed",
        f"{answered:,}, {broken}, {longest:.1f} s, {killed}",
        f"none broken, out within {STOPS_WITHIN:.0f} s, none killed",
    )
    assert broken == killed == 0
    assert longest < STOPS_WITHIN
