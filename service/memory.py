"""A small memory of the latest results, limited by bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


def length(body: Sized) -> int:
    """Count the bytes of a body."""
    return len(body)


class Met:
    """The latest keys by their hash, to tell what comes again from what comes once.

    Parameters
    ----------
    most : int
        How many are remembered.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: OrderedDict[int, None] = OrderedDict()

    def again(self, key: Hashable) -> bool:
        """Tell whether a key has been met before, and remember it."""
        number = hash(key)
        known = number in self._keys
        self._keys[number] = None
        self._keys.move_to_end(number)
        if len(self._keys) > self._most:
            self._keys.popitem(last=False)
        return known


class Memory(Generic[Kept]):
    """The latest results by key, up to a number of bytes in all.

    Parameters
    ----------
    limit : int
        Bytes in all.
    largest : int
        A result of more bytes than this is not kept.
    size : callable
        Bytes of one result.
    most : int, optional
        Results in all, where each holds more than bytes.
    """

    def __init__(self, limit: int, largest: int, size: Callable[..., int] = length, most: float = float("inf")) -> None:
        self._limit = limit
        self._largest = largest
        self._size = size
        self._most = most
        self._held = 0
        self._bodies: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    def find(self, key: Hashable) -> Kept | None:
        """Give what is held under a key, if anything."""
        with self._lock:
            found = self._bodies.get(key)
            if found is not None:
                self._bodies.move_to_end(key)
            return found

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Give the result of a key, made now if it is not held."""
        found = self.find(key)
        if found is not None:
            return found
        body = make()
        self.keep(key, body)
        return body

    def keep(self, key: Hashable, body: Kept) -> None:
        """Hold a result, and let go of the least used until all are within the limit."""
        size = self._size(body)
        if size > self._largest:
            return
        with self._lock:
            if key not in self._bodies:
                self._bodies[key] = body
                self._held += size
            while self._held > self._limit or len(self._bodies) > self._most:
                self._held -= self._size(self._bodies.popitem(last=False)[1])

    def forget_where(self, wanted: Callable[[Hashable], bool]) -> None:
        """Let go of the results whose keys are such."""
        with self._lock:
            keys = [key for key in self._bodies if wanted(key)]
        for key in keys:
            self.forget(key)

    def forget(self, key: Hashable) -> None:
        """Let go of one result."""
        with self._lock:
            body = self._bodies.pop(key, None)
            if body is not None:
                self._held -= self._size(body)
