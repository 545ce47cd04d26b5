"""One process of the workshop: reads jobs from standard input and answers them, within limits, until it closes."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import resource
import signal
import struct
import sys
import time
from typing import IO, Any

from service.queries import BadQuery
from service.web.hardening import harden, leave_the_network, limit_files
from service.web.log import without_postcodes

FRAME = struct.Struct(">cQ")  # kind, length
VALUE, BYTES, REFUSED, KNOWN_ERROR, OUT_OF_MEMORY, FAILED = b"v", b"b", b"q", b"k", b"m", b"f"
LARGEST_ANSWER = 2_000_000_000
"""Bytes of one answer at most."""


def serve_jobs(memory_mb: int) -> None:
    """Read jobs from standard input and answer them until it closes: what a worker process does.

    Parameters
    ----------
    memory_mb : int
        Limit of the address space.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between two answers
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000, resource.RLIM_INFINITY))
    harden()
    limit_files(LARGEST_ANSWER)
    leave_the_network()
    jobs = sys.stdin.buffer
    with contextlib.suppress(BrokenPipeError):  # the web process is gone
        _write(answers, VALUE, b"null")
        while header := jobs.read(FRAME.size):
            request = json.loads(jobs.read(FRAME.unpack(header)[1]))
            _limit_processor_time(request["cpu_seconds"])
            _write(answers, *_result(request["job"], request["arguments"]))


def _limit_processor_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _result(job: str, arguments: dict[str, Any]) -> tuple[bytes, bytes]:
    started = time.perf_counter()
    try:
        module, _, function = job.partition(":")
        value = getattr(importlib.import_module(module), function)(**arguments)
        answer = (BYTES, bytes(value)) if isinstance(value, bytes | bytearray) else (VALUE, json.dumps(value).encode())
    except Exception as error:
        answer = _told(error)
        if answer[0] in (KNOWN_ERROR, FAILED):
            _log(job, started, error)
    return answer


def _told(error: Exception) -> tuple[bytes, bytes]:
    if _ran_out_of_memory(error):
        return OUT_OF_MEMORY, b""
    if isinstance(error, BadQuery):
        told = {"parameter": error.parameter, "message": str(error), "hint": error.hint}
        return REFUSED, json.dumps(told).encode()
    if isinstance(error, ValueError | LookupError):
        return KNOWN_ERROR, str(error).encode()
    return FAILED, b""


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Say whether memory was wanting, be it behind another error: a file that could not be read counts as damaged."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if isinstance(error, json.JSONDecodeError) and error.msg.startswith("Not enough memory"):  # as orjson says it
            return True
        error = error.__cause__ or error.__context__
    return False


def _log(job: str, started: float, error: Exception) -> None:
    line = {"logger": "evenreach.workshop", "job": job, "seconds": round(time.perf_counter() - started, 3)}
    told = without_postcodes(f"{type(error).__name__}: {error}")
    print(json.dumps({**line, "message": told}), file=sys.stderr, flush=True)


def _write(answers: IO[bytes], kind: bytes, body: bytes) -> None:
    answers.write(FRAME.pack(kind, len(body)))
    answers.write(body)
    answers.flush()


if __name__ == "__main__":
    serve_jobs(int(sys.argv[1]))
