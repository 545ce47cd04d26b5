"""The workshop: heavy jobs in processes of their own, which can be killed and are limited.

A job is ``"module:function"`` with plain keyword arguments (what JSON can carry). It returns plain
data or bytes. A worker is started when the first job comes and stays warm, as long as it leaves the
next job room; a job that runs out of memory or time, or takes its process down, costs that process and
nothing else. Where earlier jobs of the process may be to blame, the job is tried once more in a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from service.queries import BadQuery
from service.web.hardening import DEAD_GDAL
from service.web.turns import turn_lent
from service.web.workshop_process import (
    BYTES,
    FAILED,
    FRAME,
    KNOWN_ERROR,
    LARGEST_ANSWER,
    OUT_OF_MEMORY,
    REFUSED,
    VALUE,
)

PROCESS = "service.web.workshop_process"
FULL = 0.6  # of the address space that a process may use: one that is fuller after a job makes no other
START_SECONDS = 60.0
ABOUT_TO_STOP = "The service is about to stop."
LAST_SECONDS = 4.0  # that a job has left when the server is told to stop: time enough to say so to who waits


class WorkshopBusy(RuntimeError):
    """Too many heavy jobs are waiting."""


class JobFailed(RuntimeError):
    """A heavy job was stopped at a limit, or its process died."""


class ProcessSpent(JobFailed):
    """A heavy job failed, perhaps through what earlier jobs of its process had left behind."""


@dataclass(frozen=True)
class JobLimits:
    """What one job may use.

    Attributes
    ----------
    memory_mb : int
        Address space of the process, in megabytes.
    cpu_seconds : int
        Processor time of the job.
    seconds : float
        Time on the clock of one try, without the wait for a free worker.
    """

    memory_mb: int = 2500
    cpu_seconds: int = 90
    seconds: float = 120.0


class Workshop:
    """A small pool of warm, killable worker processes.

    Parameters
    ----------
    workers : int
        Processes at most.
    waiting : int
        Jobs that may wait for a process; one more is refused.
    limits : JobLimits
        What each job may use.

    Attributes
    ----------
    ended : callable
        Is told how each job ended (made, refused, failed, left) and how long it took.
    """

    def __init__(self, *, workers: int = 1, waiting: int = 8, limits: JobLimits | None = None) -> None:
        self.limits = limits or JobLimits()
        self._most = workers + waiting
        self._inside = 0
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._free = asyncio.Semaphore(workers)
        self._stopping = False
        self.ended: Callable[[str, float], None] = lambda outcome, seconds: None

    @property
    def inside(self) -> int:
        """Jobs that run or wait."""
        return self._inside

    async def run(self, job: str, **arguments: object) -> Any:
        """Run one job and return its result; a cancelled call kills the job.

        Parameters
        ----------
        job : str
            ``module:function``; never from a request.
        **arguments : object
            Keyword arguments that JSON can carry.

        Raises
        ------
        WorkshopBusy
            If too many jobs wait already, or the server is about to stop.
        JobFailed
            If the job went over a limit, or its process died.
        BadQuery
            If the job said so: the request cannot be met.
        ValueError
            If the job itself refused its arguments (a ``ValueError`` or ``LookupError`` there).
        """
        if self._inside >= self._most:
            self._refuse(f"{self._inside} heavy jobs are being made or waiting.")
        self._inside += 1
        try:
            with turn_lent():
                async with self._free:
                    if self._stopping:
                        self._refuse(ABOUT_TO_STOP)
                    return await self._counted(job, arguments)
        except JobFailed:
            if self._stopping:
                raise WorkshopBusy(ABOUT_TO_STOP) from None
            raise
        finally:
            self._inside -= 1

    def _refuse(self, why: str) -> NoReturn:
        self.ended("refused", 0.0)
        raise WorkshopBusy(why)

    async def _counted(self, job: str, arguments: dict[str, object]) -> Any:
        began, outcome = time.perf_counter(), "failed"
        try:
            made = await self._run(job, arguments)
            outcome = "made"
            return made
        except (BadQuery, ValueError):
            outcome = "refused"
            raise
        except asyncio.CancelledError:
            outcome = "left"
            raise
        finally:
            self.ended(outcome, time.perf_counter() - began)

    async def wake(self, job: str) -> None:
        """Start a process and let it load what a job needs, if none has been started: its first job need not wait then.

        Parameters
        ----------
        job : str
            A job that does nothing, in the module that is to be loaded.
        """
        if not self._all and not self._inside:
            with contextlib.suppress(WorkshopBusy, JobFailed, ValueError):
                await self.run(job)

    async def _run(self, job: str, arguments: dict[str, object]) -> Any:
        used = await self._idle_worker()
        if used is not None:
            try:
                return await self._tried(used, job, arguments)
            except ProcessSpent:
                if self._stopping:
                    raise
        return await self._tried(await self._new_worker(), job, arguments)

    async def _tried(self, worker: Worker, job: str, arguments: dict[str, object]) -> Any:
        whole = False
        try:
            kind, body = await asyncio.wait_for(worker.ask(job, arguments, self.limits), self.limits.seconds)
            # after a failed allocation, or what nobody foresaw, a process is not to be trusted
            whole = kind not in (OUT_OF_MEMORY, FAILED) and not worker.is_full(self.limits)
        except TimeoutError:
            raise JobFailed(f"It took longer than {self.limits.seconds:g} seconds and was stopped.") from None
        except (EOFError, ConnectionError, asyncio.IncompleteReadError):
            if worker not in self._all:  # the workshop was closed
                raise JobFailed(ABOUT_TO_STOP) from None
            raise await worker.why_gone() from None
        finally:
            if whole:
                self._idle.append(worker)
            else:
                await self._end(worker)
        return _opened(kind, body)

    async def _idle_worker(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.process.returncode is None:
                return worker
            await self._end(worker)
        return None

    async def _new_worker(self) -> Worker:
        worker = await Worker.start(self.limits)
        self._all.add(worker)
        try:
            await worker.listens()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: Worker) -> None:
        self._all.discard(worker)
        await worker.kill()

    def stop_soon(self, seconds: float = LAST_SECONDS) -> None:
        """Take no more jobs, and end those that are not made by then: whoever waits is told so, and not cut off."""
        if not self._stopping:
            self._stopping = True
            asyncio.get_running_loop().call_later(seconds, self._stop)

    def _stop(self) -> None:
        for worker in self._all:
            worker.end()

    async def close(self) -> None:
        """Kill every worker; running jobs fail."""
        self._idle.clear()
        for worker in list(self._all):
            await self._end(worker)

    @property
    def process_ids(self) -> list[int]:
        """Ids of the worker processes that are alive."""
        return [worker.process.pid for worker in self._all if worker.process.returncode is None]


def _opened(kind: bytes, body: bytes) -> Any:
    if kind == BYTES:
        return body
    if kind == VALUE:
        return json.loads(body)
    if kind == REFUSED:
        raise BadQuery(**json.loads(body))
    if kind == KNOWN_ERROR:
        raise ValueError(body.decode())
    if kind == OUT_OF_MEMORY:
        raise ProcessSpent("It needed more memory than a job may use.")
    raise ProcessSpent("It stopped with an error.")


class Worker:
    """One process and the two pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin = process.stdin
        self.stdout = process.stdout

    @classmethod
    async def start(cls, limits: JobLimits) -> Worker:
        """Start a process; `listens` waits until it takes jobs."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        environment |= DEAD_GDAL
        environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # its own pool reserves a gigabyte of the address space
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            PROCESS,
            str(limits.memory_mb),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C at the server is not for the jobs; and one kill ends their children
        )
        return cls(process)

    async def listens(self) -> None:
        """Wait until the process takes jobs."""
        try:
            await asyncio.wait_for(self._answer(), START_SECONDS)
        except (TimeoutError, asyncio.IncompleteReadError):
            raise JobFailed("Its process did not start.") from None

    async def ask(self, job: str, arguments: dict[str, object], limits: JobLimits) -> tuple[bytes, bytes]:
        """Send a job and wait for its answer."""
        body = json.dumps({"job": job, "arguments": arguments, "cpu_seconds": limits.cpu_seconds}).encode()
        self.stdin.write(FRAME.pack(VALUE, len(body)) + body)
        await self.stdin.drain()
        return await self._answer()

    async def _answer(self) -> tuple[bytes, bytes]:
        kind, length = FRAME.unpack(await self.stdout.readexactly(FRAME.size))
        if length > LARGEST_ANSWER:
            raise EOFError
        return kind, await self.stdout.readexactly(length)

    def is_full(self, limits: JobLimits) -> bool:
        """Say whether little of the address space that the process may use is left."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[0])
        except (OSError, IndexError):  # it is gone, or this system does not say
            return False
        return pages * resource.getpagesize() > FULL * limits.memory_mb * 1_000_000

    async def why_gone(self) -> JobFailed:
        """Say why the process is gone."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), 5)
        if self.process.returncode == -signal.SIGXCPU:
            return JobFailed("It used more processor time than a job may use.")
        return ProcessSpent("Its process stopped unexpectedly.")

    def end(self) -> None:
        """End the process and whatever it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def kill(self) -> None:
        """End the process, and wait until it is gone."""
        self.end()
        self.stdin.close()
        await asyncio.shield(self.process.wait())
