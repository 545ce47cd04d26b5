"""Measure a table of shortest times beside pandana on the same generated streets; prints a Markdown table.

    pip install --target PEERS pandana
    python tests/benchmarks/network_matrix.py --peers PEERS [--side 447] [--sources 100] [--repeat 3]

The streets are a grid of 100 metres with walking times of their own in whole thousandths of a minute, which
pandana works in (it gets them with a hair on top, since it cuts off the rest). pandana is asked for all pairs in
one call, as its documentation advises, with all threads it takes; making its contraction hierarchy is timed
apart, and ours has nothing to make. Its matrix knows no cut-off, so the rows with one compare it whole; its
search within a radius, which gives every node near by and no table, stands below. The times must be equal.
Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geodata.street_network import StreetNetwork
from layers.routing import network_minutes

LIMIT_MIN = 20


def grid(side: int) -> tuple[StreetNetwork, np.ndarray]:
    """A square grid, walked at 2.4 to 4.8 km/h both ways alike, and its streets once each."""
    at, rng = np.arange(side * side).reshape(side, side), np.random.default_rng(7)
    tail = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()]).astype(np.int32)
    head = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()]).astype(np.int32)
    minutes = rng.integers(1_250, 2_501, len(tail)) / 1_000
    x, y = (100.0 * part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    both = (np.concatenate(pair) for pair in ((tail, head), (head, tail), (minutes, minutes)))
    return StreetNetwork("walk", x, y, *both), np.column_stack([tail, head, minutes])


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--side", type=int, default=447)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--sites", type=int, nargs="+", default=[60, 500, 2_000])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    sys.path.append(str(given.peers.resolve()))
    import pandana

    network, streets = grid(given.side)
    begun = time.perf_counter()
    with open(os.devnull, "w") as silence:
        kept = os.dup(1)
        os.dup2(silence.fileno(), 1)
        peer = pandana.Network(
            pd.Series(network.x_m), pd.Series(network.y_m), pd.Series(streets[:, 0].astype(int)),
            pd.Series(streets[:, 1].astype(int)), pd.DataFrame({"minutes": streets[:, 2] + 1e-5}), twoway=True,
        )  # fmt: skip
        os.dup2(kept, 1)
    made = time.perf_counter() - begun
    rng = np.random.default_rng(8)
    starts = rng.choice(len(network.x_m), given.sources, replace=False)
    print("| sites | cut-off | ours, ms a source | pandana, ms a source | ratio | agreement, min |")
    print("|---|---|---|---|---|---|")
    for sites in given.sites:
        ends = rng.choice(len(network.x_m), sites, replace=False)
        for limit in (np.inf, LIMIT_MIN):
            kept_tables: dict[str, np.ndarray] = {}

            def ours(ends: np.ndarray = ends, limit: float = limit, kept: dict = kept_tables) -> None:
                kept["ours"] = network_minutes(network, starts, ends, limit_min=limit)

            def theirs(ends: np.ndarray = ends, kept: dict = kept_tables) -> None:
                pairs = np.repeat(starts, len(ends)), np.tile(ends, len(starts))
                kept["pandana"] = np.array(peer.shortest_path_lengths(*pairs)).reshape(len(starts), -1)

            ours()
            theirs()
            taken = [(seconds(ours), seconds(theirs)) for _ in range(given.repeat)]
            mine, other = (1_000 * statistics.median(column) / given.sources for column in zip(*taken, strict=True))
            table, pandanas = kept_tables["ours"], kept_tables["pandana"]
            apart = np.abs(table - pandanas)[np.isfinite(table)].max(initial=0)
            assert (pandanas[np.isinf(table)] > limit - 1e-6).all()
            cut = "none" if np.isinf(limit) else f"{limit} min"
            print(f"| {sites:,} | {cut} | {mine:.2f} | {other:.2f} | {other / mine:.1f} | {apart:.0e} |", flush=True)
    near = 1_000 * seconds(lambda: peer.nodes_in_range(starts, LIMIT_MIN)) / given.sources
    every = np.arange(len(network.x_m))
    print(f"\npandana `nodes_in_range`, {LIMIT_MIN} min: {near:.2f} ms a source, every node near by, no table.")
    print(f"{len(every):,} nodes, {len(network.tail):,} edges, {given.sources} sources. Made beforehand: pandana's "
          f"hierarchy in {made:.0f} s, ours nothing. pandana {version('pandana')}, numpy {version('numpy')}, "
          f"scipy {version('scipy')}.")  # fmt: skip


if __name__ == "__main__":
    main()
