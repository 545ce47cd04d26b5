"""Many readers at once, over real sockets: at a steady rate, as fast as answers come, half-sent and slow.

At a steady rate a request's time counts from the moment it was due, not from the moment a connection was free for
it: a server that stands still for a second is late for everything that was due in it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 60.0
HUNGER = 16  # bytes a second that a slow reader takes
CLOSED_WITHIN = 20.0  # seconds after which a server has let go of such clients
NOTHING, BROKEN = -1, 0  # what stands for a status: no byte came back, and not all of an answer


@dataclass(frozen=True)
class Read:
    """What is asked: an address and what the reader takes."""

    path: str
    encoding: str = "gzip, br"

    def bytes(self) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {self.encoding}\r\n\r\n".encode()


LARGE = Read("/assets/vendor/swagger/swagger-ui-bundle.js", "identity")  # more than a connection holds by itself


@dataclass(frozen=True)
class Answered:
    """What came back, and how long it took; `NOTHING` and `BROKEN` stand for a status where there is none."""

    read: Read
    status: int
    seconds: float
    size: int = 0
    retry_after: str = ""


@dataclass
class Seen:
    """All answers of one load."""

    answers: list[Answered] = field(default_factory=list)

    def p(self, share: float, *, status: int = 200) -> float:
        """Give the time in seconds within which this share of the answers of a status came."""
        times = sorted(one.seconds for one in self.answers if one.status == status)
        return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")

    @property
    def statuses(self) -> dict[int, int]:
        return dict(Counter(one.status for one in self.answers))

    def slowest(self, number: int = 3) -> str:
        """Name the slowest answers, for the message of a test."""
        worst = sorted(self.answers, key=lambda one: -one.seconds)[:number]
        return "; ".join(f"{one.read.path} {one.status} {1000 * one.seconds:.0f} ms" for one in worst)


class Connection:
    """One kept connection; it reads whole answers, by length or in chunks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.began = False  # whether any byte of the last answer came

    @property
    def open(self) -> bool:
        return self._writer is not None

    async def ask(self, read: Read) -> tuple[int, int, dict[bytes, bytes]]:
        """Send a request; give the status, the size of the body and the headers."""
        self.began = False
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self.port, limit=1 << 20)
        try:
            self._writer.write(read.bytes())
            head = await self._reader.readexactly(1)
            self.began = True
            head += await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].split(b"\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
            size = await self._body(headers)
        except BaseException:
            self.close()
            raise
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return int(first.split()[1]), size, headers

    async def _body(self, headers: dict[bytes, bytes]) -> int:
        assert self._reader is not None
        if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
            return len(await self._reader.readexactly(int(headers.get(b"content-length", b"0"))))
        size = 0
        while length := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            await self._reader.readexactly(length + 2)
            size += length
        await self._reader.readuntil(b"\r\n")
        return size

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def timed(connection: Connection, read: Read, due: float) -> Answered:
    """Ask; the time counts from when the request was due.

    A kept connection that the server had closed meanwhile is opened anew, as every client does.
    """
    kept = connection.open
    try:
        status, size, headers = await asyncio.wait_for(connection.ask(read), PATIENCE)
        return Answered(read, status, time.perf_counter() - due, size, headers.get(b"retry-after", b"").decode())
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        if kept and not connection.began:
            return await timed(connection, read, due)
        return Answered(read, BROKEN if connection.began else NOTHING, time.perf_counter() - due)


async def at_rate(port: int, reads: Iterable[Read], *, a_second: float, seconds: float) -> Seen:
    """Ask at a steady rate, whether or not answers keep up; connections are kept and used again."""
    seen, idle, everyone = Seen(), [], []
    began = time.perf_counter()

    async def one(read: Read, due: float) -> None:
        connection = idle.pop() if idle else Connection(port)
        seen.answers.append(await timed(connection, read, due))
        idle.append(connection)

    for number, read in enumerate(reads):
        due = began + number / a_second
        if number >= a_second * seconds:
            break
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        everyone.append(asyncio.create_task(one(read, due)))
    await asyncio.gather(*everyone)
    for connection in idle:
        connection.close()
    return seen


async def flat_out(
    port: int, reads: Iterable[Read], *, readers: int, number: int = 0, seconds: float = 0.0, rest: float = 0.0
) -> Seen:
    """Ask as fast as answers come, with so many readers, for a number of requests or of seconds.

    A reader that is told to come back later rests for a moment first.
    """
    seen, left, ends = Seen(), iter(reads), time.perf_counter() + (seconds or float("inf"))
    left = itertools.islice(left, number) if number else left

    async def reader() -> None:
        connection = Connection(port)
        for read in left:
            if (now := time.perf_counter()) >= ends:
                break
            seen.answers.append(await timed(connection, read, now))
            if seen.answers[-1].status != 200 and rest:
                await asyncio.sleep(rest)
        connection.close()

    await asyncio.gather(*(reader() for _ in range(readers)))
    return seen


SILENT = b""
HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))  # RFC 9113, section 3.4
HALF_A_BODY = (
    b"POST /api/v1/places/demo/share-outs HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)


async def half_sent(
    port: int, number: int, sent: bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
) -> list[float]:
    """Open connections that never finish what they ask, but for `sent` their headers; give when each was let go."""
    return await _until_let_go(port, sent, number)


async def slow_readers(port: int, read: Read, number: int) -> list[float]:
    """Ask for something large and take a few bytes a second; give the seconds after which each was let go."""
    return await _until_let_go(port, read.bytes(), number)


async def _until_let_go(port: int, sent: bytes, number: int) -> list[float]:
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    left: dict[int, socket.socket] = {}
    for _ in range(number):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # else the system reads for us
        line.setblocking(False)
        await loop.sock_connect(line, (HOST, port))
        line.send(sent)
        left[line.getsockname()[1]] = line
    times = []
    while left and time.perf_counter() - began < PATIENCE:
        await asyncio.sleep(1)
        for line in left.values():
            with suppress(OSError):
                line.recv(HUNGER)
        held = held_by_server(port)
        for own in [own for own in left if own not in held]:
            left.pop(own).close()
            times.append(time.perf_counter() - began)
    for line in left.values():
        line.close()
    return times + [PATIENCE] * len(left)


def held_by_server(port: int) -> set[int]:
    """Give the other ends of the connections that a process holds on this port.

    Asked of the system: bytes that still wait would hide the end of a connection from a reader that hardly reads.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[2][-4:], 16) for row in rows if int(row[1][-4:], 16) == port and row[9] != "0"}


FOCUSES = ("core", "building-blocks", "best-start", "long-term-conditions", "age-well", "child-dental")
ENCODINGS = ("br, gzip", "gzip", "identity")
Made = Callable[[random.Random], str]


def _view(chance: random.Random) -> str:
    return f"focus={chance.choice(FOCUSES)}&rho={chance.randint(100, 900) / 100:g}"


def _code(chance: random.Random) -> str:
    return f"E019{chance.randint(1, 120):05d}"


# What readers of the demo borough ask, and how often out of 1,000: mostly maps and their data, now and then a file
# that takes a second to write.
MIX: tuple[tuple[int, Made], ...] = (
    (180, lambda chance: "/geojson/demo/targeting"),
    (180, lambda chance: f"/geojson/demo/need?{_view(chance)}"),
    (40, lambda chance: f"/geojson/demo/targeting?detail=none&{_view(chance)}"),
    (30, lambda chance: "/geojson/demo/sites"),
    (60, lambda chance: f"/maps/demo/targeting?{_view(chance)}"),
    (30, lambda chance: f"/pictures/demo/need.svg?{_view(chance)}"),
    (60, lambda chance: f"/embed/demo/targeting?{_view(chance)}"),
    (40, lambda chance: "/"),
    (80, lambda chance: f"/places/demo?{_view(chance)}"),
    (70, lambda chance: f"/places/demo/neighbourhoods/{_code(chance)}"),
    (20, lambda chance: f"/places/demo/share-out?{_view(chance)}&budget=100000"),
    (20, lambda chance: "/places/demo/access"),
    (20, lambda chance: "/methods"),
    (16, lambda chance: "/sources"),
    (40, lambda chance: f"/api/v1/places/demo/scores?{_view(chance)}"),
    (30, lambda chance: f"/api/v1/places/demo/neighbourhoods/{_code(chance)}"),
    (40, lambda chance: f"/ogc/collections/demo-neighbourhoods/items?limit={chance.randint(1, 50)}"),
    (20, lambda chance: f"/downloads/demo/need.csv?{_view(chance)}"),
    (20, lambda chance: "/assets/map.js"),
    (4, lambda chance: f"/downloads/demo/need.xlsx?{_view(chance)}"),
)


def mixed(*, seed: int) -> Iterable[Read]:
    """Draw reads of `MIX` without end."""
    chance = random.Random(seed)
    weights = [weight for weight, _ in MIX]
    while True:
        (made,) = chance.choices([make for _, make in MIX], weights)
        yield Read(made(chance), chance.choice(ENCODINGS))


def of_each_kind(*, seed: int = 0) -> list[Read]:
    """Give one read of every kind, to warm a server with."""
    chance = random.Random(seed)
    return [Read(make(chance), encoding) for _, make in MIX for encoding in ENCODINGS]
