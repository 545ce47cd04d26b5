"""Large answers in pieces, each waiting for the last, and an end to readers that take almost nothing.

A body handed over whole lies in the server's memory until its reader has taken it: fifty readers who ask for
England and then stop reading would hold gigabytes. In pieces, no more waits than the system's own buffer holds.
What a reader has taken is asked of the system (``TCP_INFO``), so a slow but honest line is not cut.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

Message = MutableMapping[str, Any]
Address = tuple[str, int | str]

PIECE = 256 * 1024
LOOKS_EVERY = 3.0
LEAST_BYTES = 2_000  # that a reader must have taken from one look to the next
LOOKS = 3  # in a row at which too little was taken, and the connection is closed
BYTES_ACKED = struct.Struct("@Q")
AT_BYTES_ACKED = 120  # in Linux's struct tcp_info, since 4.1
AT_ONCE = struct.pack("ii", 1, 0)  # what was not taken yet is thrown away, and the reader is told so
OPEN_FILES = "/proc/self/fd"


class ReaderLetGo(ConnectionError):
    """A reader took next to nothing, and its connection was closed."""


class Outflow:
    """The body of one answer on its way to one reader.

    Parameters
    ----------
    send : callable
        The server's.
    reader : tuple of (host, port), optional
        The other end of the connection; without it nobody is watched.
    """

    def __init__(self, send: Callable[[Message], Awaitable[None]], reader: Address | None) -> None:
        self._send = send
        self._reader = reader
        self._connection: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = False
        self._passed = self._seen_passed = self._taken = self._meagre = 0
        self.cut = False

    async def pass_on(self, message: Message) -> None:
        """Send one part of a body, in pieces if it is large."""
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) <= PIECE and not more and self._timer is None:
            await self._send(message)
            return
        self._watch()
        for start in range(0, max(1, len(body)), PIECE):
            last = start + PIECE >= len(body)
            await self._piece({**message, "body": bytes(body[start : start + PIECE]), "more_body": more or not last})
            if self.cut:
                raise ReaderLetGo
        if not more:
            self.close()

    async def _piece(self, message: Message) -> None:
        self._waiting = True
        try:
            await self._send(message)
        finally:
            self._waiting = False
            self._passed += 1

    def _watch(self) -> None:
        if self._timer is None and self._reader is not None:
            self._timer = asyncio.get_running_loop().call_later(LOOKS_EVERY, self._look)

    def _look(self) -> None:
        """Count a look at which the same piece still waits and next to nothing was taken."""
        stuck = self._waiting and self._passed == self._seen_passed
        self._seen_passed = self._passed
        if stuck and self._connection is None and self._reader is not None:
            self._connection = connection_to(self._reader)
            stuck = self._connection is not None
        taken = bytes_taken(self._connection) if stuck else self._taken
        self._meagre = self._meagre + 1 if stuck and taken - self._taken < LEAST_BYTES else 0
        self._taken = taken
        if self._meagre >= LOOKS:
            self._let_go()
        else:
            self._timer = asyncio.get_running_loop().call_later(LOOKS_EVERY, self._look)

    def _let_go(self) -> None:
        self.cut = True
        if self._connection is not None:
            with suppress(OSError):  # gone already
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                self._connection.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connection_to(reader: Address) -> socket.socket | None:
    """Find, among the open files of this process, the connection whose other end is this; nothing where unknown."""
    with suppress(OSError):
        for name in os.listdir(OPEN_FILES):
            with suppress(OSError):
                if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                    continue
                copy = socket.socket(fileno=os.dup(int(name)))
                with suppress(OSError):  # a socket that listens has no other end
                    if copy.getpeername()[:2] == (reader[0], int(reader[1])):  # granian gives the port as text
                        return copy
                copy.close()
    return None


def bytes_taken(connection: socket.socket | None) -> int:
    """Give the bytes that the other end has taken so far; 0 where the system does not tell."""
    if connection is None or not hasattr(socket, "TCP_INFO"):
        return 0
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, AT_BYTES_ACKED + BYTES_ACKED.size)
        return int(BYTES_ACKED.unpack_from(told, AT_BYTES_ACKED)[0])
    except (OSError, struct.error):
        return 0
