"""Turns: few requests are worked on at once, and those that wait too long in a long queue are asked to come back.

Answers are made by one processor at a time. Twenty requests worked on at once would each take twenty times as long,
so that at three times what a process can do nobody were served in time. Here a few are worked on, the others wait.

A short queue is served in the order in which they came, however slow the machine is: the handful of requests that one
reader's page makes are all answered. In a long one whoever came last is called first: in the order of their coming
everybody would be served as late as may be, while so most are served at once. A queue that is long because the machine
stood still for a moment empties soon, and nobody is sent away; in one that stays long whoever has waited too long is
asked to come back. There are no timers: the queue is looked at whenever somebody comes or goes.

A request that waits itself (for a job of the workshop, for the rest of its body, for its reader) lends its turn.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from math import inf
from typing import NamedTuple

SHORT_QUEUE = 16
"""As many may wait for as long as it takes, and are called in the order in which they came."""

STANDS_AFTER = 2.0
"""Seconds after which a queue that was never empty is one that will not empty by itself."""


class NoTurn(Exception):
    """Too many wait already; this request is to come back."""


class Place(NamedTuple):
    """A place in the queue."""

    since: float
    called: asyncio.Future[None]


class Turns:
    """Give turns: in a short queue in the order in which they are asked for, in a long one the latest first.

    Parameters
    ----------
    number : int
        Turns that may be had at once.
    patience : float
        Seconds that a request may wait in a queue that stays long.
    clock : callable
        Gives the time in seconds.
    """

    def __init__(self, number: int, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = number  # below 0 for a moment where one that was lent is taken back
        self._patience = patience
        self._clock = clock
        self._queue: deque[Place] = deque()
        self._waited_for_since = 0.0

    @property
    def waiting(self) -> int:
        """Requests that wait for a turn."""
        return len(self._queue)

    async def take(self) -> Turn:
        """Wait for a turn.

        Raises
        ------
        NoTurn
            If it did not come in time.
        """
        if self._free > 0 and not self._queue:
            self._free -= 1
            return Turn(self)
        place = Place(self._clock(), asyncio.get_running_loop().create_future())
        if not self._queue:
            self._waited_for_since = place.since
        self._queue.append(place)
        self._send_away()
        try:
            await place.called
        except asyncio.CancelledError:
            self._leave(place)
            raise
        return Turn(self)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block ends; see `take`."""
        turn = await self.take()
        CURRENT.set(turn)  # of this request alone: each is answered in a context of its own
        try:
            yield
        finally:
            turn.end()

    def put_back(self) -> None:
        """Hand a turn to the next who waits, if there is one."""
        self._free += 1
        self._send_away()
        while self._free > 0 and self._queue:
            place = self._queue.pop() if self._long else self._queue.popleft()
            if not place.called.done():
                self._free -= 1
                place.called.set_result(None)

    def make_room(self) -> bool:
        """Send away who has waited longest in a long queue; tell whether there was one."""
        if not self._long:
            return False
        self._refuse_first()
        return True

    def take_again(self) -> None:
        """Take back a turn that was lent: at once, even if that is one more than usual for a moment."""
        self._free -= 1

    def _send_away(self) -> None:
        """Refuse those who have waited too long in a queue that stays long."""
        now = self._clock()
        latest = now - self._patience if now - self._waited_for_since > STANDS_AFTER else -inf
        while self._long and self._queue[0].since < latest:
            self._refuse_first()

    @property
    def _long(self) -> bool:
        return len(self._queue) > SHORT_QUEUE

    def _refuse_first(self) -> None:
        place = self._queue.popleft()
        if not place.called.done():
            place.called.set_exception(NoTurn())

    def _leave(self, place: Place) -> None:
        """Let a request go that is given up while it waits; one that was just called hands its turn on."""
        if place in self._queue:
            self._queue.remove(place)
        elif place.called.done() and not place.called.cancelled() and place.called.exception() is None:
            self.put_back()


class Turn:
    """The turn of one request, until it ends.

    Parameters
    ----------
    turns : Turns
        Where it came from, and where it goes back to.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._lent = 0
        self._ended = False

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have it while the request waits."""
        self._lent += 1
        if self._lent == 1 and not self._ended:
            self._turns.put_back()
        try:
            yield
        finally:
            self._lent -= 1
            if not self._lent and not self._ended:
                self._turns.take_again()

    def end(self) -> None:
        """Put it back for good; to say so twice does no harm."""
        if not self._ended:
            self._ended = True
            if not self._lent:
                self._turns.put_back()


CURRENT: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def turn_lent() -> Iterator[None]:
    """Lend the turn of the request that is being answered, where there is one, while it waits."""
    turn = CURRENT.get()
    if turn is None:
        yield
        return
    with turn.lent():
        yield
