"""Measure draws of ranks for all of England beside a pandas loop that does the same; prints a Markdown table.

    python tests/benchmarks/rank_draws.py [--draws 1000] [--peer-draws 60] [--check-draws 400] [--repeat 3]

Two peers: the usual loop that adds a normal to every cell (given the standard deviations for nothing),
and a loop that draws every cell's posterior. The loops make fewer draws and are scaled up, which is to
their advantage in memory only. Intervals of equally many draws are compared before a ratio is printed.
Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.rank_draws import Part, problem_of
from layers.scaling import ridit
from layers.uncertainty import Evidence, rank_intervals


def made_up(areas: int, indicators: int) -> tuple[dict[str, Evidence], pd.Series]:
    """Counts among about 1,500 people, from one latent need and noise of each indicator's own."""
    rng = np.random.default_rng(20)
    codes = pd.Index([f"E01{i:06d}" for i in range(areas)], name="lsoa21cd")
    need, people = rng.standard_normal(areas), pd.Series(rng.integers(1_000, 3_000, areas).astype(float), codes)
    evidence = {}
    for j in range(indicators):
        odds = -2 + 0.4 * need + 0.3 * rng.standard_normal(areas)
        among = pd.Series(rng.integers(500, 2_500, areas).astype(float), codes)
        count = pd.Series(rng.binomial(among.astype(int), 1 / (1 + np.exp(-odds))).astype(float), codes)
        evidence[f"i{j}"] = Evidence(count / among, 1.0, count=count, denominator=among)
    return evidence, people


def ours(evidence: dict[str, Evidence], people: pd.Series, draws: int) -> pd.DataFrame:
    return rank_intervals(evidence, people, scales=("ridit",), aggregates=("arithmetic",), draws=draws)


def spreads(evidence: dict[str, Evidence], people: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean and standard deviation of every cell on the ridit scale."""
    parts = []
    for item in evidence.values():
        order = np.argsort(item.values.to_numpy(), kind="stable")
        knots, first = np.unique(item.values.to_numpy()[order], return_index=True)
        curve = ridit(item.values, people).to_numpy()[order][first]
        r, n = item.count.to_numpy(), item.denominator.to_numpy()
        counted = np.ones(len(people), dtype=bool)
        parts.append(
            Part(item.values.to_numpy(), knots, {("ridit", "arithmetic"): curve}, counted, (r + 0.5, n - r + 0.5),
                 False, 1.0, None)
        )  # fmt: skip
    problem = problem_of(parts, np.ones(len(parts)), [("ridit", "arithmetic", False)], 10**9)
    mean, variance = problem.moments["ridit", "arithmetic", False]
    columns = list(evidence)
    return pd.DataFrame(mean.T, people.index, columns), pd.DataFrame(np.sqrt(variance.T), people.index, columns)


def pandas_loop(draw: Callable[[np.random.Generator], pd.DataFrame], columns: list[str], draws: int) -> pd.DataFrame:
    """The loop an analyst would write."""
    rng, ranks = np.random.default_rng(1), []
    for _ in range(draws):
        weights = pd.Series(rng.uniform(0.75, 1.25, len(columns)), columns)
        score = (draw(rng) * (weights / weights.sum())).sum(axis=1)
        ranks.append(score.rank(ascending=False, method="min"))
    table = pd.concat(ranks, axis=1)
    interval = table.quantile([0.05, 0.95], axis=1).T
    return interval.set_axis(["rank_low", "rank_high"], axis=1)


def peers(evidence: dict[str, Evidence], people: pd.Series) -> dict[str, Callable[[np.random.Generator], pd.DataFrame]]:
    mean, deviation = spreads(evidence, people)
    curves = {}
    for name, item in evidence.items():
        scaled = ridit(item.values, people)
        knots, first = np.unique(item.values.to_numpy(), return_index=True)
        curves[name] = (knots, scaled.to_numpy()[first])

    def with_normals(rng: np.random.Generator) -> pd.DataFrame:
        return mean + rng.standard_normal(mean.shape) * deviation

    def with_posteriors(rng: np.random.Generator) -> pd.DataFrame:
        drawn = {
            name: np.interp(rng.beta(item.count + 0.5, item.denominator - item.count + 0.5), *curves[name])
            for name, item in evidence.items()
        }
        return pd.DataFrame(drawn, people.index)

    return {"pandas loop, a normal for every cell": with_normals, "pandas loop, every posterior": with_posteriors}


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s [{min(values):.2f}-{max(values):.2f}]"


def peak(areas: int, indicators: int, draws: int) -> int:
    """Most memory of a process of its own that makes our draws, in MB."""
    command = [sys.executable, __file__, "--alone", *("--areas", str(areas), "--indicators", str(indicators))]
    answer = subprocess.run([*command, "--draws", str(draws)], check=True, capture_output=True, text=True)
    return int(answer.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (
        ("areas", 33_755),
        ("indicators", 20),
        ("draws", 1_000),
        ("peer-draws", 60),
        ("check-draws", 400),
        ("repeat", 3),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    evidence, people = made_up(given.areas, given.indicators)
    if given.alone:
        ours(evidence, people, given.draws)
        status = Path("/proc/self/status").read_text()  # getrusage would count the memory of the parent
        print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
        return
    loops = peers(evidence, people)
    mine = ours(evidence, people, given.check_draws)
    print("| work | seconds | ratio | agreement |\n|---|---|---|---|")
    for name, draw in loops.items():
        pairs = []
        for _ in range(given.repeat):
            own = seconds(lambda: ours(evidence, people, given.draws))
            other = seconds(lambda draw=draw: pandas_loop(draw, list(evidence), given.peer_draws))
            pairs.append((own, other * given.draws / given.peer_draws))
        table = pandas_loop(draw, list(evidence), given.check_draws)
        gap = (mine[["rank_low", "rank_high"]].astype(float) - table).abs().to_numpy() / given.areas
        width = (table["rank_high"] - table["rank_low"]).mean()
        ratio = statistics.median(other for _, other in pairs) / statistics.median(own for own, _ in pairs)
        print(f"| ours | {spread([own for own, _ in pairs])} | | |")
        print(
            f"| {name} | {spread([other for _, other in pairs])} | {ratio:.1f} | ends {100 * gap.mean():.2f} % of the "
            f"ranks apart on average; widths {(mine['rank_high'] - mine['rank_low']).mean():.0f} and {width:.0f} |"
        )
    print(f"\nMost memory of ours: {peak(given.areas, given.indicators, given.draws)} MB. {given.areas:,} areas, "
          f"{given.indicators} indicators, {given.draws:,} draws. Python {platform.python_version()}, numpy "
          f"{version('numpy')}, pandas {version('pandas')}.")  # fmt: skip


if __name__ == "__main__":
    main()
