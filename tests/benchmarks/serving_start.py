"""Rows about starting and memory: from nothing to the first answer, and what a web process holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from peers.contests import OURS, Report, compete_once, spread
from peers.load import first_answer, memory_mb, processes
from peers.servers import Running

Start = Callable[[], AbstractContextManager[Running]]


def start_row(report: Report, starts: dict[str, tuple[Start, str]], *, rounds: int) -> None:
    """Start each from nothing to the last byte of its first answer, in turn; then read its memory.

    Parameters
    ----------
    starts : dict
        Name -> how to start it without waiting, and the address of its first answer; ours first.
    """
    held: dict[str, list[float]] = {name: [] for name in starts}

    def attempt(name: str) -> Callable[[], tuple[float, int]]:
        def once() -> tuple[float, int]:
            start, path = starts[name]
            begun = time.perf_counter()
            with start() as server:
                taken = first_answer(server.port, path) - begun
                held[name].append(memory_mb(web_process(server.pid))["pss"])
            return taken, 0

        return once

    wanted = dict.fromkeys(list(starts)[1:2], ">= 4 x (0.25 of its time)")
    compete_once(
        report,
        "from start to the last byte of a first answer",
        {name: attempt(name) for name in starts},
        wanted,
        rounds=rounds,
    )
    mine = next(iter(held.values()))
    for place, (name, figures) in enumerate(held.items()):
        ratio = f"{statistics.median(mine) / statistics.median(figures):.2f} of its memory" if place else ""
        report.add(
            "memory of the web process after it (PSS)",
            name,
            spread(figures, "MB"),
            "",
            "",
            ratio,
            "<= 0.25" if place == 1 else "",
        )


def memory_rows(report: Report, servers: dict[str, Running]) -> None:
    """Say what each web process holds after all rows of the table."""
    for name, server in servers.items():
        own = memory_mb(web_process(server.pid))
        figure = f"{own['own']:.0f} MB of its own, {own['files']:.0f} of files that nobody else reads now"
        figure += f", {own['pss']:.0f} with its part of what is shared (PSS)"
        figure += f", peak {own['peak']:.0f}"
        wanted = "<= 60 MB of its own" if name == OURS else ""
        report.add("memory of a web process after all of it", name, figure, "", "", "", wanted)


def web_process(pid: int) -> int:
    """Find the process that answers: the largest of those that a server started, workshop left out; else itself."""
    first = [child for child in processes(pid)[1:] if _parent(child) == pid] or [pid]
    return max(first, key=lambda one: memory_mb(one)["rss"])


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
