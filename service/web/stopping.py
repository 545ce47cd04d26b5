"""Hearing early that the server is to stop.

An ASGI server says so only when its last answer is sent. What may take longer than the server waits has to know
before: else its connection is cut, and the reader gets nothing instead of a refusal.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def when_told_to_stop(act: Callable[[], None]) -> None:
    """Have something done in the running loop on SIGTERM, beside what the server itself does then.

    Parameters
    ----------
    act : callable
        Is called in the loop. Never, where no server listens to the signal, or outside the main thread.
    """
    server = signal.getsignal(signal.SIGTERM)
    if not callable(server) or threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def told(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        server(number, frame)

    signal.signal(signal.SIGTERM, told)  # a loop that listens by itself is woken by the system all the same
