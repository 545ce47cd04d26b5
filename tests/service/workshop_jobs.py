"""Jobs that behave, and jobs that do not."""

from __future__ import annotations

import errno
import mmap
import os
import resource
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import orjson

_held: list[Any] = []


def add(a: int, b: int) -> int:
    """Return a sum."""
    return a + b


def raw(n: int) -> bytes:
    """Return bytes."""
    return b"x" * n


def write(n: int, path: str) -> None:
    """Write a file in which every byte tells where it is."""
    Path(path).write_bytes(bytes(at % 251 for at in range(n)))


def process_id() -> int:
    """Return the id of the worker."""
    return os.getpid()


def chatty() -> str:
    """Print, as libraries do."""
    print("a library is talking")
    os.system("echo a child is talking")
    return "said"


def sleep(seconds: float) -> None:
    """Take time."""
    time.sleep(seconds)


def spin() -> None:
    """Use the processor for ever."""
    while True:
        pass


def fill(megabytes: int) -> int:
    """Use memory."""
    return len(bytearray(megabytes * 1_000_000))


def hold(megabytes: int) -> int:
    """Take address space and never give it back."""
    _held.append(mmap.mmap(-1, megabytes * 1_000_000))
    return os.getpid()


def use_arrow() -> int:
    """Let Arrow take memory."""
    import pyarrow

    _held.append(pyarrow.array([1, 2, 3]))
    return os.getpid()


def fail_once_used(how: str) -> int:
    """Fail where an earlier job held something, as libraries do then."""
    if _held and how == "crash":
        os.abort()
    if _held and how == "system":
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    if _held and how == "unforeseen":
        raise RuntimeError("no memory, says a library of its own accord")
    if _held and how == "damaged":
        _read_out_of_memory()
    return os.getpid()


def _read_out_of_memory() -> None:
    try:
        fill_with_json()
    except ValueError as error:
        raise LookupError("a file that cannot be read") from error


def fill_with_json() -> None:
    """Run out of memory in a reader of JSON, which calls that an error of the JSON."""
    orjson.loads(b"[" + b"1," * 15_000_000 + b"1]")


def crash() -> None:
    """Take the process down."""
    os.abort()


def refuse() -> None:
    """Refuse politely."""
    raise ValueError("no such layer")


def break_down() -> None:
    """Fail with something that must not be told."""
    raise RuntimeError("secret path")


def start_child() -> int:
    """Leave a child behind."""
    return subprocess.Popen(["sleep", "60"]).pid


def what_it_may(network: str) -> dict[str, Any]:
    """Tell what this process may still do, and whether its network is another than this."""
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=2).close()
        call = "answered"
    except OSError as error:
        call = str(error)
    return {
        "status": Path("/proc/self/status").read_text(),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "largest": resource.getrlimit(resource.RLIMIT_FSIZE),
        "own_network": os.readlink("/proc/self/ns/net") != network,
        "addresses": [name for _, name in socket.if_nameindex()],
        "call": call,
    }
