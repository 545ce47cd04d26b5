"""Ask a server: many times with wrk, or once from start to end; and read what its processes hold in memory."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ASK = """
local asked, at = {}, 0
function init(arguments)
  for line in io.lines(os.getenv("WRK_PATHS")) do asked[#asked + 1] = wrk.format("GET", line) end
end
function request()
  at = at % #asked + 1
  return asked[at]
end
function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "bytes": %d, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f}',
    summary.requests, summary.duration / 1e6, summary.bytes,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Answers:
    """What wrk counted."""

    a_second: float
    body_bytes: float
    p50_ms: float
    p99_ms: float


class WrongAnswer(RuntimeError):
    """A server failed, or did not answer what it should; nothing it did may be counted."""


def ask_often(
    port: int,
    paths: Sequence[str],
    *,
    seconds: float,
    connections: int = 4,
    headers: Mapping[str, str] | None = None,
) -> Answers:
    """Ask for these paths in turn for some seconds, over connections that stay open, one wrk thread.

    Raises
    ------
    WrongAnswer
        One answer failed, or none came within a minute.
    """
    for longer in (1, 4, 16):
        answers = _wrk(port, paths, min(60.0, seconds * longer), connections, headers or {})
        if answers is not None:
            return answers
    raise WrongAnswer(f"{paths[0]} on port {port}: no answer came")


def _wrk(
    port: int, paths: Sequence[str], seconds: float, connections: int, headers: Mapping[str, str]
) -> Answers | None:
    """Run wrk once; None where no answer came in time."""
    with tempfile.TemporaryDirectory() as folder:
        script, listed = Path(folder) / "ask.lua", Path(folder) / "paths"
        script.write_text(ASK)
        listed.write_text("\n".join(paths) + "\n")
        command = [
            str(shutil.which("wrk")),
            "-t1",
            f"-c{connections}",
            f"-d{seconds:g}",
            "--timeout",
            "60",
            "-s",
            script,
        ]
        command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/"],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "WRK_PATHS": str(listed)},
        )
    counted = json.loads(done.stdout[done.stdout.rindex("{") :])
    if counted["failed"]:
        raise WrongAnswer(f"{paths[0]} on port {port}: {counted['failed']} of {counted['requests']} answers failed")
    if not counted["requests"]:
        return None
    return Answers(
        counted["requests"] / counted["seconds"],
        counted["bytes"] / counted["requests"],
        counted["p50_ms"],
        counted["p99_ms"],
    )


def seconds_of_one(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[float, int]:
    """Time one answer from connecting to its last byte; also how many bytes came.

    The bytes are read by the plainest means there is, so that the reader does not become the limit.
    """
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    room, came = bytearray(2**20), 0
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=600) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while count := line.recv_into(room):
            if not came and room[:12] not in (b"HTTP/1.1 200", b"HTTP/1.0 200"):
                raise WrongAnswer(f"{path} on port {port}: {bytes(room[:60])!r}")
            came += count
    return time.perf_counter() - begun, came


def body_of(port: int, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return one answer's body."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers or {}))
    with urllib.request.urlopen(asked, timeout=600) as answer:
        return bytes(answer.read())


def first_answer(port: int, path: str, seconds: float = 120) -> float:
    """Return the clock at the last byte of the first good answer of a server that may not listen yet."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            seconds_of_one(port, path)
        except (OSError, WrongAnswer):
            time.sleep(0.002)
        else:
            return time.perf_counter()
    raise WrongAnswer(f"{path} on port {port}: no answer within {seconds:g} s")


def processes(pid: int) -> list[int]:
    """List a process and all that it started, parents first."""
    found = [pid]
    for listed in found:
        for task in Path(f"/proc/{listed}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def memory_mb(pid: int) -> dict[str, float]:
    """Read what one process holds, in MB.

    ``own`` is what it alone has written. ``files`` are pages of files that it alone reads just now: the system drops
    them when it needs the room. ``pss`` counts its part of what is shared too, and ``peak`` is its most, shared or not.
    """
    rollup = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"))
    return {
        "own": rollup["Private_Dirty"] / 1024,
        "files": rollup["Private_Clean"] / 1024,
        "pss": rollup["Pss"] / 1024,
        "rss": rollup["Rss"] / 1024,
        "peak": _kilobytes(Path(f"/proc/{pid}/status"))["VmHWM"] / 1024,
    }


def _kilobytes(path: Path) -> dict[str, int]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {part[0].rstrip(":"): int(part[1]) for part in lines if len(part) == 3 and part[2] == "kB"}
