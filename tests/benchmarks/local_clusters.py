"""Measure local Moran beside esda on the same grid of areas; prints a Markdown table.

    python tests/benchmarks/local_clusters.py [--side 182] [--repeat 5]

esda (with numba where it is installed, its best mode) gets its weights made beforehand and keeps no
simulations. The statistics must be equal, and the p-values agree within Monte Carlo error. Nothing here
passes or fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.clusters import Contiguity, local_clusters


def grid(side: int) -> Contiguity:
    """Queen neighbours of a square grid."""
    at = np.arange(side * side).reshape(side, side)
    pairs = [
        (at[max(0, -dy) : side - max(0, dy), max(0, -dx) : side - max(0, dx)].ravel(),
         at[max(0, dy) : side - max(0, -dy), max(0, dx) : side - max(0, -dx)].ravel())
        for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dx, dy) != (0, 0)
    ]  # fmt: skip
    first, second = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.lexsort((second, first))
    return Contiguity(pd.RangeIndex(side * side), first[order], second[order])


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    from esda import Moran_Local
    from libpysal.weights import W

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=182)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    neighbours, rng = grid(given.side), np.random.default_rng(8)
    values = pd.Series(rng.exponential(size=given.side**2), neighbours.codes)
    around = pd.Series(neighbours.second).groupby(neighbours.first).agg(list).to_dict()
    weights = W(around, silence_warnings=True)
    numba = f"numba {version('numba')}" if importlib.util.find_spec("numba") else "without numba"
    print("| permutations | ours, s | esda, s | ratio | agreement |\n|---|---|---|---|---|")
    for permutations in (999, 9_999):
        kept: dict[str, object] = {}

        def ours(permutations: int = permutations, kept: dict[str, object] = kept) -> None:
            kept["ours"] = local_clusters(values, neighbours, permutations=permutations)

        def theirs(permutations: int = permutations, kept: dict[str, object] = kept) -> None:
            kept["esda"] = Moran_Local(
                values.to_numpy(), weights, permutations=permutations, n_jobs=1, seed=1, keep_simulations=False
            )

        ours()
        theirs()
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(given.repeat)]
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        table, peer = kept["ours"], kept["esda"]
        gap = np.abs(table["statistic"] - peer.Is).max()
        apart = np.abs(table["p_value"].clip(upper=0.98) / 2 - np.minimum(peer.p_sim, 0.49)).max()
        print(f"| {permutations:,} | {mine:.3f} | {other:.2f} | {other / mine:.0f} | statistic {gap:.0e}, "
              f"p-values within {apart:.3f} |")  # fmt: skip
    print(f"\n{given.side**2:,} areas. esda {version('esda')}, {numba}, numpy {version('numpy')}.")


if __name__ == "__main__":
    main()
