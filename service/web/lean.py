"""Memory of the web processes: what is freed goes back to the system, and what all of them need is held once.

The C library keeps freed memory in an arena for each thread, and raises the size above which it gives memory back:
a process that now and then sends a large answer would hold on to the largest it ever made. Holes between what is
still held it gives back only when asked.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import os
from contextlib import suppress

ABOVE = 512 * 1024  # bytes
AT_HAND = 2 * 2**20  # bytes for the next answers: to fetch them for each anew takes as long as to make a large answer
MALLOC = {-8: 1, -1: AT_HAND, -3: ABOVE}  # mallopt(3): arenas at most, when to give back, when to ask the system
GIVE_BACK_EVERY = 1.0  # seconds, at most
THREADS = "OPENBLAS_NUM_THREADS"  # no answer needs more than one thread of linear algebra


def keep_lean() -> None:
    """Put the settings in place for this process and those that it starts; other C libraries have no such thing."""
    os.environ.setdefault(THREADS, "1")
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in MALLOC.items():
            set_option(option, value)


def hold_once(application: str) -> None:
    """Import a module that every process to be begun from this one needs: they share it, and start at once.

    Parameters
    ----------
    application : str
        Its name.

    Notes
    -----
    What is here when they begin is set apart from the search for garbage, which would write into every page of it
    and so give each process a copy of its own. An import leaves next to no garbage: to search for it meanwhile, and
    once more at its end, would take an eighth of the time.
    """
    gc.disable()
    try:
        importlib.import_module(application)
        gc.freeze()
    finally:
        gc.enable()


class Holes:
    """Freed memory between what is still held; it is given back a moment after answers were made."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._trim = None
        with suppress(OSError, AttributeError):
            self._trim = ctypes.CDLL(None).malloc_trim

    def close_soon(self) -> None:
        """Give them back before long; to be called in the loop, however often."""
        if self._timer is None and self._trim is not None:
            self._timer = asyncio.get_running_loop().call_later(GIVE_BACK_EVERY, self._close)

    def _close(self) -> None:
        self._timer = None
        if self._trim is not None:
            self._trim(0)
