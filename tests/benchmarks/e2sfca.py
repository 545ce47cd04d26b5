"""Measure E2SFCA beside PySAL access on the same 2.1 million pairs; prints a Markdown table.

    python tests/benchmarks/e2sfca.py [--neighbourhoods 33755] [--sites 6200] [--each 63] [--repeat 5]

Both are warmed and take the same long table from memory. PySAL gets it with whole numbers for codes, its fastest way,
and with text; ours also as plain arrays, as the service holds them. The figures must be equal, but for the one
difference stated: where nothing is in reach ours is 0 and theirs is missing. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from layers.access import floating_catchment
from layers.access_arrays import E2SFCA_STEPS, Pairs, floating_catchment_of


def made_up(neighbourhoods: int, sites: int, each: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Make a long table of costs from 0 to 33 minutes, some out of reach, with demand and supply."""
    rng = np.random.default_rng(4)
    origin = np.repeat(np.arange(neighbourhoods, dtype=np.int32), each)
    site = np.sort((rng.integers(0, sites, neighbourhoods)[:, None] + np.arange(each) * 7) % sites, axis=1).ravel()
    cost = pd.DataFrame({"lsoa21cd": origin, "site": site.astype(np.int32), "cost": rng.uniform(0, 33, len(origin))})
    cost.loc[cost["lsoa21cd"] < 10, "cost"] += 31  # ten neighbourhoods that reach nothing
    demand = pd.Series(rng.integers(500, 3_000, neighbourhoods).astype(float), name="demand")
    return cost, demand, pd.Series(rng.integers(1, 20, sites).astype(float), name="supply")


def as_text(
    cost: pd.DataFrame, demand: pd.Series, supply: pd.Series, *, categories: bool = False
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Give the same table with codes as they are published."""
    areas = [f"E010{number:05d}" for number in range(len(demand))]
    places = [f"S{number:05d}" for number in range(len(supply))]
    codes = {
        "lsoa21cd": pd.Categorical.from_codes(cost["lsoa21cd"].to_numpy(), areas),
        "site": pd.Categorical.from_codes(cost["site"].to_numpy(), places),
    }
    text = cost.assign(**codes)
    text = text if categories else text.astype({"lsoa21cd": str, "site": str})
    return text, demand.set_axis(pd.Index(areas)), supply.set_axis(pd.Index(places))


def pysal(cost: pd.DataFrame, demand: pd.Series, supply: pd.Series) -> pd.Series:
    """Let PySAL work it out."""
    from access import fca, weights

    return fca.two_stage_fca(
        demand.to_frame("demand"), supply.to_frame("supply"), cost, demand_index=True, supply_index=True,
        demand_name="demand", supply_name="supply", cost_origin="lsoa21cd", cost_dest="site", cost_name="cost",
        weight_fn=weights.step_fn(dict(E2SFCA_STEPS)),
    )  # fmt: skip


def in_turn(works: dict[str, Callable[[], object]], repeat: int) -> dict[str, list[float]]:
    """Seconds of each piece of work, each done once before and then in turn."""
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeat):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neighbourhoods", type=int, default=33_755)
    parser.add_argument("--sites", type=int, default=6_200)
    parser.add_argument("--each", type=int, default=63)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    cost, demand, supply = made_up(given.neighbourhoods, given.sites, given.each)
    pairs = Pairs(
        cost["lsoa21cd"].to_numpy(), cost["site"].to_numpy(), cost["cost"].to_numpy(), len(demand), len(supply)
    )
    people, offered = demand.to_numpy(), supply.to_numpy()
    text, named = as_text(cost, demand, supply), as_text(cost, demand, supply, categories=True)
    works: dict[str, Callable[[], object]] = {
        "ours, arrays": lambda: floating_catchment_of(pairs, people, offered, method="e2sfca"),
        "ours, table with numbers": lambda: floating_catchment(cost, demand, supply, method="e2sfca"),
        "ours, table with categories": lambda: floating_catchment(*named, method="e2sfca"),
        "ours, table with text": lambda: floating_catchment(*text, method="e2sfca"),
        "PySAL access, table with numbers": lambda: pysal(cost, demand, supply),
        "PySAL access, table with text": lambda: pysal(*text),
    }
    seconds = in_turn(works, given.repeat)
    peer = statistics.median(seconds["PySAL access, table with numbers"])
    print("| way | median, s | fastest-slowest | PySAL's numbers over it |\n|---|---|---|---|")
    for name, each in seconds.items():
        middle = statistics.median(each)
        print(f"| {name} | {middle:.3f} | {min(each):.3f}-{max(each):.3f} | {peer / middle:.1f} |")
    ours, theirs = floating_catchment(cost, demand, supply, method="e2sfca"), pysal(cost, demand, supply)
    apart = (ours - theirs.reindex(ours.index)).abs().max()
    nothing = ours[theirs.reindex(ours.index).isna() | (theirs.reindex(ours.index) == 0)]
    print(
        f"\n{len(cost):,} pairs of {len(demand):,} neighbourhoods and {len(supply):,} sites. Largest difference "
        f"{apart:.0e}; {len(nothing):,} neighbourhoods reach nothing and have {nothing.max():g} here. PySAL access "
        f"{version('access')}, pandas {version('pandas')}, numpy {version('numpy')}. Peak of the whole run "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB."
    )


if __name__ == "__main__":
    main()
