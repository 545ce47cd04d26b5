"""Memory settings of the web processes: what is freed goes back to the system, and nothing is set aside for threads.

The C library keeps freed memory in an arena for each thread, and raises the size above which it gives memory back:
a process that now and then sends a large answer would hold on to the largest it ever made.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

ABOVE = 512 * 1024  # bytes
MALLOC = {-8: 1, -1: ABOVE, -3: ABOVE}  # mallopt(3): arenas at most, when to give back, when to ask the system
THREADS = "OPENBLAS_NUM_THREADS"  # no answer needs more than one thread of linear algebra


def keep_lean() -> None:
    """Put the settings in place for this process and those that it starts; other C libraries have no such thing."""
    os.environ.setdefault(THREADS, "1")
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        for option, value in MALLOC.items():
            set_option(option, value)
