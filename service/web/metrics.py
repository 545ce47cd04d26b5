"""What ``/metrics`` tells: requests by route template, their times, jobs, memory; in Prometheus' text format.

Each web process counts for itself and writes its counts to a shared folder at most once a second. Whichever process
is asked adds them up, so the answer is the same from all, and a process that ended keeps its part.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import resource
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

WRITES_EVERY = 1.0
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")
LOOPBACK = ("127.0.0.1", "::1")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SPLIT = "\t"  # between the labels of one series, in the file

COUNTERS = {
    "evenreach_requests_total": ("Requests by route template, method and status.", ("route", "method", "status")),
    "evenreach_answer_bytes_total": ("Bytes of answers' bodies by route template.", ("route",)),
    "evenreach_slow_readers_cut_total": ("Readers let go because they took next to nothing.", ()),
    "evenreach_jobs_total": ("Jobs of the workshop by how they ended.", ("outcome",)),
    "evenreach_job_seconds_total": ("Time that jobs of the workshop took.", ()),
    "evenreach_cpu_seconds_total": ("Processor time of the web processes.", ()),
}
GAUGES = {
    "evenreach_requests_running": "Requests let in and not answered yet.",
    "evenreach_requests_waiting": "Of these, those that wait for their turn.",
    "evenreach_jobs_inside": "Jobs of the workshop that run or wait now.",
    "evenreach_resident_bytes": "Resident memory of the web processes.",
    "evenreach_open_files": "Files and connections that the web processes hold open.",
    "evenreach_processes": "Web processes.",
    "evenreach_places_served": "Places with an edition to serve.",
}
SECONDS = "evenreach_request_seconds"


class Metrics:
    """The counts of one web process.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where the processes of one server leave their counts for each other; without it a process tells its own.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._counts: dict[str, dict[str, float]] = {name: defaultdict(float) for name in COUNTERS}
        self._seconds: dict[str, list[float]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.gauges: dict[str, Callable[[], float]] = {}

    def count_request(self, route: str, method: str, status: int, seconds: float, size: int) -> None:
        """Count one answer."""
        method = method if method in METHODS else "other"
        route = route or "other"
        self._counts["evenreach_requests_total"][SPLIT.join((route, method, str(status)))] += 1
        self._counts["evenreach_answer_bytes_total"][route] += size
        times = self._seconds.setdefault(route, [0.0] * (len(BOUNDS) + 2))
        times[next((place for place, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))] += 1
        times[-1] += seconds
        self._write_soon()

    def add(self, name: str, labels: str = "", amount: float = 1) -> None:
        """Add to one counter."""
        self._counts[name][labels] += amount
        self._write_soon()

    def count_job(self, outcome: str, seconds: float) -> None:
        """Count one job of the workshop."""
        self.add("evenreach_jobs_total", outcome)
        self.add("evenreach_job_seconds_total", amount=seconds)

    def told(self) -> dict[str, Any]:
        """Give the counts of this process, as they are left for others."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._counts["evenreach_cpu_seconds_total"][""] = used.ru_utime + used.ru_stime
        here = {name: read() for name, read in self.gauges.items()}
        return {"counts": self._counts, "seconds": self._seconds, "gauges": {**process_gauges(), **here}}

    def text(self) -> str:
        """Write the counts of all processes of this server."""
        return written([self.told(), *self._others()])

    def close(self) -> None:
        """Leave the last counts."""
        if self._timer is not None:
            self._timer.cancel()
        self._write()

    def _others(self) -> Iterable[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.json")) if self._folder else ():
            if path.stem != str(os.getpid()):
                with suppress(OSError, orjson.JSONDecodeError):
                    told = orjson.loads(path.read_bytes())
                    yield told if alive(path.stem) else told | {"gauges": {}}

    def _write_soon(self) -> None:
        if self._folder is not None and self._timer is None:
            with suppress(RuntimeError):  # outside an event loop nobody else asks
                self._timer = asyncio.get_running_loop().call_later(WRITES_EVERY, self._write)

    def _write(self) -> None:
        self._timer = None
        if self._folder is not None:
            with suppress(OSError):  # counting must never cost an answer
                path = self._folder / f"{os.getpid()}.json"  # not of the process that made this ahead
                path.with_suffix(".new").write_bytes(orjson.dumps(self.told()))
                path.with_suffix(".new").replace(path)


def written(told: list[dict[str, Any]]) -> str:
    """Add up what processes told and write it in the text format.

    Parameters
    ----------
    told : list of dict
        As `Metrics.told` gives it, one for each process; one that ended has no gauges.

    Returns
    -------
    str
        One block for each metric, in a fixed order.
    """
    lines: list[str] = []
    for name, (about, labels) in COUNTERS.items():
        sums: dict[str, float] = defaultdict(float)
        for one in told:
            for key, amount in one["counts"].get(name, {}).items():
                sums[key] += amount
        lines += [f"# HELP {name} {about}", f"# TYPE {name} counter"]
        lines += [_line(name, dict(zip(labels, key.split(SPLIT), strict=False)), sums[key]) for key in sorted(sums)]
    lines += [f"# HELP {SECONDS} Time from the request to the end of its answer.", f"# TYPE {SECONDS} histogram"]
    lines += _histograms([one["seconds"] for one in told])
    for name, about in GAUGES.items():
        found = [one["gauges"][name] for one in told if name in one["gauges"]]
        total = max(found, default=0) if name == "evenreach_places_served" else sum(found)
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", _line(name, {}, total)]
    return "\n".join(lines) + "\n"


def _histograms(told: list[Mapping[str, list[float]]]) -> list[str]:
    lines = []
    for route in sorted({route for one in told for route in one}):
        sums = [sum(column) for column in zip(*(one[route] for one in told if route in one), strict=True)]
        so_far = 0.0
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), sums, strict=False):
            so_far += number
            lines.append(_line(f"{SECONDS}_bucket", {"route": route, "le": bound}, so_far))
        lines.append(_line(f"{SECONDS}_sum", {"route": route}, sums[-1]))
        lines.append(_line(f"{SECONDS}_count", {"route": route}, so_far))
    return lines


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    given = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{given}}} {value:.12g}" if given else f"{name} {value:.12g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def process_gauges() -> dict[str, float]:
    """Measure this process: resident memory and open files, where the system tells."""
    found: dict[str, float] = {"evenreach_processes": 1}
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        found["evenreach_resident_bytes"] = pages * resource.getpagesize()
        found["evenreach_open_files"] = len(os.listdir("/proc/self/fd"))
    return found


def alive(process: str) -> bool:
    """Tell whether a process of this id runs."""
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def may_read(scope: Mapping[str, Any], *, token: str, public: bool) -> bool:
    """Tell whether a request may see the counts.

    Parameters
    ----------
    scope : dict
        The ASGI scope.
    token : str
        What ``Authorization: Bearer`` must carry; empty where none is set.
    public : bool
        A public address is set: without a token nobody is let in then, since behind a proxy everyone is local.

    Returns
    -------
    bool
        With a token set, whether it was given; else whether the request came straight from this machine.
    """
    headers = dict(scope["headers"])
    if token:
        return hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {token}".encode())
    here = (scope.get("client") or ("",))[0] in LOOPBACK
    return here and not public and not any(name in headers for name in FORWARDED)
