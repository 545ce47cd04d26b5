"""Measure the slope index with limits, and a share-out of all England; prints a Markdown table.

    python tests/benchmarks/slope_index.py [--areas 33755] [--draws 1000] [--store STORE] [--repeat 3]

The slope index stands beside what an analyst writes with pandas and numpy: every value redrawn from its limits, a
weighted line through each draw by polyfit, quantiles of the slopes. The point estimates must be equal, and the limits
agree within Monte Carlo error. With a store that holds England, its scores and a share-out are timed from memory.
Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.inequality import SlopeIndex, slope_index
from layers.share_out import Rule, divide
from service.editions.edition import open_edition
from service.editions.scoring import score
from service.editions.views import View

BUDGET = 250_000_000.0


def made_up(areas: int) -> pd.DataFrame:
    """A share that rises with need, with limits, people and positions."""
    rng = np.random.default_rng(5)
    people = rng.integers(900, 3_000, areas).astype(float)
    order = np.argsort(rng.random(areas))
    position = np.empty(areas)
    position[order] = (np.cumsum(people[order]) - people[order] / 2) / people.sum()
    error = np.full(areas, 0.02)
    value = 0.1 + 0.2 * position + error * rng.standard_normal(areas)
    limits = {"lower": value - 1.959964 * error, "upper": value + 1.959964 * error}
    return pd.DataFrame({"value": value, "position": position, "people": people, **limits})


def by_polyfit(table: pd.DataFrame, draws: int) -> tuple[float, float, float]:
    """Slope and its limits as an analyst would: one weighted polyfit a draw."""
    rng = np.random.default_rng(1)
    root = np.sqrt(table["people"])
    error = (table["upper"] - table["lower"]) / (2 * 1.959964)
    found = np.polyfit(table["position"], table["value"], 1, w=root)[0]
    drawn = []
    for _ in range(draws):
        noisy = table["value"] + error * rng.standard_normal(len(table))
        drawn.append(np.polyfit(table["position"], noisy, 1, w=root)[0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(found), float(low), float(high)


def by_weighted_polyfit(table: pd.DataFrame, draws: int) -> tuple[float, float]:
    """Limits where the values have none: random weights on the areas, one polyfit a draw."""
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(draws):
        root = np.sqrt(table["people"] * rng.standard_exponential(len(table)))
        drawn.append(np.polyfit(table["position"], table["value"], 1, w=root)[0])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Median of a few runs."""
    taken = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def share_of_england(store: Path) -> float:
    """Score England and divide a budget over it, exactly, with the edition in memory; seconds of the second time."""
    edition = open_edition(store, "england")

    def once() -> None:
        scores = score(edition, View("england", focus="core"))
        codes = [str(code) for code in edition.codes[scores.rows]]
        rule = Rule(rho=3, unit="pence", missing="average")
        shared = divide(codes, scores.need_score.tolist(), scores.eligible.tolist(), BUDGET, rule=rule)
        assert sum(row.amount for row in shared.recipients) == BUDGET

    once()
    return seconds(once, 3)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=33_755)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    table = made_up(given.areas)

    def ours() -> SlopeIndex:
        return slope_index(
            table["value"], table["position"], table["people"],
            lower=table["lower"], upper=table["upper"], draws=given.draws,
        )  # fmt: skip

    found = ours()
    slope, low, high = by_polyfit(table, given.draws)
    assert found.sii_lower is not None and found.sii_upper is not None  # noqa: PT018
    assert abs(found.sii - slope) < 1e-9
    width = high - low
    assert max(abs(found.sii_lower - low), abs(found.sii_upper - high)) < 0.15 * width
    mine, theirs = seconds(ours, given.repeat), seconds(lambda: by_polyfit(table, given.draws), 1)

    def resampled() -> SlopeIndex:
        return slope_index(table["value"], table["position"], table["people"], draws=given.draws)

    bare = resampled()
    low, high = by_weighted_polyfit(table, given.draws)
    assert bare.sii_lower is not None and bare.sii_upper is not None  # noqa: PT018
    assert max(abs(bare.sii_lower - low), abs(bare.sii_upper - high)) < 0.15 * (high - low)
    mine_too, theirs_too = (
        seconds(resampled, given.repeat),
        seconds(lambda: by_weighted_polyfit(table, given.draws), 1),
    )
    print("| what | figure | wanted |\n|---|---|---|")
    what = f"slope index, {given.areas:,} areas, {given.draws:,} draws, against pandas and polyfit"
    print(f"| {what} | {mine:.3g} s against {theirs:.3g} s: {theirs / mine:,.0f} x | >= 12 x |")
    what = "the same where the values have no limits (random weights on the areas)"
    print(f"| {what} | {mine_too:.3g} s against {theirs_too:.3g} s: {theirs_too / mine_too:,.0f} x | |")
    if given.store:
        taken = share_of_england(given.store)
        print(f"| scores and a share-out of all England, to the penny, from memory | {taken:.2f} s | < 3 s |")


if __name__ == "__main__":
    main()
