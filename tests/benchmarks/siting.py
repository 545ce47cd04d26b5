"""Measure how long siting takes beside spopt with HiGHS; prints a Markdown table.

    python tests/benchmarks/siting.py [--repeat 3] [--small] [--growth]

Each side runs in a process of its own, in turn, on the same generated p-median questions: people at random points of a
square, minutes on foot. spopt builds its model and HiGHS solves it (pulp); both are timed, as ours has the reading of
the table in it. A ratio counts where both plans have the same mean to 1e-9 and our proved gap is at most 0.1 %. With
`--growth` our time is printed for 1, 4 and 16 times the cells of the first question. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

QUESTIONS = {"131 x 131, 5 sites": (131, 131, 5, "100"), "900 x 300, 5 sites": (900, 300, 5, "20")}
SEED = 4


def question(neighbourhoods: int, sites: int) -> tuple[pd.DataFrame, pd.Series]:
    """Minutes from random points to random sites (to the points themselves where there are as many), and people."""
    rng = np.random.default_rng(SEED)
    where = rng.uniform(0, 10_000, (neighbourhoods, 2))
    there = where if sites == neighbourhoods else rng.uniform(0, 10_000, (sites, 2))
    minutes = np.hypot(*(where[:, None] - there[None]).transpose(2, 0, 1)) * 1.3 / 80
    return pd.DataFrame(minutes), pd.Series(rng.integers(300, 3_000, neighbourhoods).astype(float))


def ours(neighbourhoods: int, sites: int, choose: int) -> dict[str, object]:
    """Answer with `layers.siting`."""
    from layers.siting import choose_sites

    cost, demand = question(neighbourhoods, sites)
    begun = time.perf_counter()
    plan = choose_sites(cost, demand, add=choose)
    taken = time.perf_counter() - begun
    return {"seconds": taken, "value": plan.value, "gap": plan.gap, "opened": list(plan.opened), "how": plan.method}


def theirs(neighbourhoods: int, sites: int, choose: int) -> dict[str, object]:
    """Answer with spopt and HiGHS."""
    warnings.simplefilter("ignore")
    import pulp
    from spopt.locate import PMedian

    cost, demand = question(neighbourhoods, sites)
    minutes, people = cost.to_numpy(), demand.to_numpy()
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        model = PMedian.from_cost_matrix(minutes, people, choose)
        built = time.perf_counter() - begun
        model.solve(pulp.HiGHS(msg=False))
    taken = time.perf_counter() - begun
    opened = [site for site, variable in enumerate(model.fac_vars) if variable.value() > 0.5]
    value = float(minutes[:, opened].min(axis=1) @ people / people.sum())
    return {"seconds": taken, "built": built, "value": value, "opened": opened}


def child(side: str, shape: tuple[int, int, int], repeat: int) -> None:
    """Answer a few times after a small question that is not counted; print seconds and memory."""
    answer = {"ours": ours, "theirs": theirs}[side]
    answer(20, 10, 2)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runs = [answer(*shape) for _ in range(repeat)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**runs[-1], "times": [run["seconds"] for run in runs], "mb": (peak - base) / 1024}))


def asked(side: str, shape: tuple[int, int, int], repeat: int) -> dict[str, object]:
    """Run one side in a process of its own."""
    command = [sys.executable, __file__, "--child", side, "--shape", *map(str, shape), "--repeat", str(repeat)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, shape: tuple[int, int, int], wanted: str, repeat: int) -> str:
    """One line of the table."""
    long = shape[0] * shape[1] > 100_000
    mine = asked("ours", shape, repeat)
    other = asked("theirs", shape, 1 if long else repeat)
    again = asked("ours", shape, repeat)
    times = [*mine["times"], *again["times"]]
    equal = abs(mine["value"] - other["value"]) <= 1e-9 * other["value"]
    ratio = statistics.median(other["times"]) / statistics.median(times)
    verdict = "same plan" if equal else f"DIFFERENT: {mine['value']}, {other['value']}"
    return (
        f"| p-median {name} | {spread(times, 4)}, {mine['mb']:.0f} MB, gap {100 * mine['gap']:.4f} % "
        f"| {spread(other['times'], 2)} ({other['built']:.2f} s to build), {other['mb']:.0f} MB "
        f"| {verdict} | {ratio:.0f} x | >= {wanted} x |"
    )


def spread(seconds: list[float], digits: int) -> str:
    """Median, smallest and largest."""
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{middle:.{digits}f} s [{low:.{digits}f}-{high:.{digits}f}]"


def growth(repeat: int) -> list[str]:
    """Our own time as the table grows."""
    lines = ["| cells | question | ours |", "|---|---|---|"]
    for times, shape in ((1, (131, 131, 5)), (4, (262, 262, 5)), (16, (524, 524, 5))):
        found = asked("ours", shape, repeat)
        seconds = statistics.median(found["times"])
        lines.append(
            f"| x{times} | {shape[0]} x {shape[1]}, 5 sites | {seconds:.3f} s, gap {100 * found['gap']:.4f} % |"
        )
    return lines


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="leave the large question out")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--child", choices=["ours", "theirs"])
    parser.add_argument("--shape", type=int, nargs=3)
    options = parser.parse_args()
    if options.child:
        child(options.child, tuple(options.shape), options.repeat)
        return
    lines = ["| question | ours | spopt + HiGHS | | ratio | wanted |", "|---|---|---|---|---|---|"]
    for name, (*shape, wanted) in QUESTIONS.items():
        if not (options.small and shape[0] > 500):
            lines.append(compare(name, tuple(shape), wanted, options.repeat))
            print(lines[-1], file=sys.stderr, flush=True)
    names = ("numpy", "spopt", "PuLP", "highspy")
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in names) + "; median [smallest-largest].\n")
    print("\n".join(lines))
    if options.growth:
        print("\n" + "\n".join(growth(options.repeat)))


if __name__ == "__main__":
    main()
