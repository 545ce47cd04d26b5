"""Prepared bytes of many areas in one memory-mapped file, with where each begins."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np


class Fragments:
    """Prepared bytes of many areas, as `write_fragments` wrote them."""

    def __init__(self, folder: Path, name: str) -> None:
        self._view = memoryview(np.load(folder / f"{name}.npy", mmap_mode="r"))
        self._starts = np.asarray(np.load(folder / f"{name}_starts.npy", mmap_mode="r"))

    def __getitem__(self, row: int) -> bytes:
        return bytes(self._view[self._starts[row] : self._starts[row + 1]])

    def many(self, rows: Iterable[int]) -> list[bytes]:
        """Bytes of several areas."""
        chosen = rows if isinstance(rows, np.ndarray) else np.fromiter(rows, np.int64)
        ends = zip(self._starts[chosen].tolist(), self._starts[chosen + 1].tolist(), strict=True)
        return [bytes(self._view[start:end]) for start, end in ends]

    def sizes(self, rows: np.ndarray) -> np.ndarray:
        """Count the bytes of several areas, without reading them."""
        return np.asarray(self._starts[rows + 1] - self._starts[rows])

    def runs(self, firsts: np.ndarray, lasts: np.ndarray) -> list[memoryview]:
        """Bytes of runs of neighbouring areas, each from its first up to and with its last, as they lie in the file."""
        ends = zip(self._starts[firsts].tolist(), self._starts[lasts + 1].tolist(), strict=True)
        return [self._view[start:end] for start, end in ends]

    def run(self, areas: slice) -> memoryview:
        """Bytes of neighbouring areas, as they lie in the file."""
        return self._view[self._starts[areas.start] : self._starts[areas.stop]]

    def around(self, areas: slice, holes: np.ndarray) -> list[memoryview]:
        """Bytes of neighbouring areas without a hole in each: before the first, between two, after the last.

        Parameters
        ----------
        areas : slice
            Of n areas.
        holes : array of int, shape (n, 2)
            Where in each its hole begins and ends.
        """
        starts = self._starts[areas]
        begins = [self._starts[areas.start], *(starts + holes[:, 1]).tolist()]
        ends = [*(starts + holes[:, 0]).tolist(), self._starts[areas.stop]]
        return [self._view[start:end] for start, end in zip(begins, ends, strict=True)]


def write_fragments(folder: Path, name: str, fragments: Iterable[bytes]) -> None:
    """Write prepared bytes for `Fragments` to read."""
    parts = list(fragments)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    np.save(folder / f"{name}.npy", np.frombuffer(b"".join(parts), dtype=np.uint8))
    np.save(folder / f"{name}_starts.npy", starts)
