"""Half a minute of load on a real server, with clients that send half and read slowly: the short form of the soak."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.load import (
    CLOSED_WITHIN,
    HALF_A_BODY,
    HTTP_2,
    LARGE,
    SILENT,
    Seen,
    at_rate,
    flat_out,
    half_sent,
    mixed,
    of_each_kind,
    slow_readers,
)
from tests.running import running

RATE = 25  # half of the soak, since other tests keep the cores busy
ALONE, CROWDED = 8, 22  # seconds
P99 = 0.3
AT_ONCE = 5.0  # seconds, on busy cores


async def crowded(port: int) -> tuple[Seen, Seen, dict[str, list[float]]]:
    """Read at a steady rate, first alone, then among clients that send half and clients that read slowly."""
    alone = await at_rate(port, mixed(seed=1), a_second=RATE, seconds=ALONE)
    trouble = {
        "half a head": half_sent(port, 200),
        "silent": half_sent(port, 20, SILENT),
        "HTTP/2": half_sent(port, 20, HTTP_2),
        "half a body": half_sent(port, 10, HALF_A_BODY),
        "slow reader": slow_readers(port, LARGE, 50),
    }
    begun = {name: asyncio.create_task(story) for name, story in trouble.items()}
    seen = await at_rate(port, mixed(seed=2), a_second=RATE, seconds=CROWDED)
    return alone, seen, {name: await task for name, task in begun.items()}


def allowed() -> float:
    """Give the time that 99 of 100 answers may take beside other tests on the same cores; the soak is strict."""
    return 4 * P99 * max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


@pytest.mark.slow
def test_steady_reads_among_slow_clients(demo_store: Path, tmp_path: Path) -> None:
    # A machine that is kept busy by other tests may stand still for a second: the soak has the usual patience.
    patience = {"turn_seconds": 5, "body_seconds": 10}
    with running(demo_store, tmp_path / "serve.log", log_level="warning", **patience) as server:
        warm = asyncio.run(flat_out(server.port, of_each_kind(), readers=1))
        assert warm.statuses == {200: len(warm.answers)}, [one for one in warm.answers if one.status != 200]
        alone, seen, let_go = asyncio.run(crowded(server.port))
    assert alone.statuses == {200: RATE * ALONE}
    assert seen.statuses == {200: RATE * CROWDED}, "slow clients cost nobody an answer"
    assert alone.p(0.99) < allowed(), alone.slowest()
    assert seen.p(0.5) < 3 * max(alone.p(0.5), 0.05), seen.slowest()  # a median stands busy cores better
    assert seen.p(0.99) < max(allowed(), 3 * alone.p(0.99)), seen.slowest()
    assert {name: max(times) for name, times in let_go.items() if max(times) > CLOSED_WITHIN} == {}
    assert max(let_go["HTTP/2"]) < AT_ONCE, "no time limit holds for it, so it is not spoken"
