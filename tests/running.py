"""``evenreach serve`` as a person starts it, for tests that need a real server, real sockets and real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0
PRIVATE = re.compile(r"^Private_Dirty:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Running:
    """A server that runs: where it listens, and its processes."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """Give the ids of the web processes: what the parent started and what answers, not Python's own helpers."""
        return [child for child in children(self.process.pid) if b"resource_tracker" not in command(child)]

    def stop(self) -> float:
        """Ask the server to stop; give the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOPS_WITHIN + 5)
        return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(store: Path, log: Path, *, workers: int = 1, **settings: object) -> Iterator[Running]:
    """Serve a store until the block ends; settings are named as in the README, in lower case."""
    port = free_port()
    words = ["serve", "--store", str(store), "--port", str(port), "--workers", str(workers)]
    environment = os.environ | {f"EVENREACH_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.commands.main", *words], stdout=stream, stderr=stream, env=environment
        )
    server = Running(port, process, log)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        if process.poll() is None:
            assert server.stop() < STOPS_WITHIN


def _wait_until_it_answers(server: Running) -> None:
    ends = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            urllib.request.urlopen(f"{server.address}/health/live", timeout=2).close()
            return
        except OSError:
            assert server.process.poll() is None, server.log.read_text()
            assert time.monotonic() < ends, f"no answer after {STARTS_WITHIN:g} s: {server.log.read_text()}"
            time.sleep(0.1)


def children(process: int) -> list[int]:
    """Give the ids of the processes that a process started."""
    threads = Path(f"/proc/{process}/task").glob("*/children")
    return [int(word) for thread in threads for word in thread.read_text().split()]


def command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def private_memory(process: int) -> int:
    """Give the bytes that a process alone has written: pages of files that it reads the system can drop any time."""
    return 1024 * sum(map(int, PRIVATE.findall(Path(f"/proc/{process}/smaps_rollup").read_text())))


def descriptors(process: int) -> int:
    """Count the files, sockets and pipes that a process holds open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))
