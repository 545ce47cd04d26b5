"""Run contestants in turn and keep what came out as lines of one Markdown table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .load import Answers, ask_often, seconds_of_one

OURS = "Evenreach"
WARMING = 8
"""Addresses asked for once before anything is timed."""
HEADINGS = ("work", "who", "median [spread]", "p50, p99", "size", "ours against it", "wanted")


@dataclass(frozen=True)
class Contestant:
    """One server with the addresses it is asked for; `wanted` is the ratio to reach against it."""

    name: str
    port: int
    paths: Sequence[str]
    wanted: str = ""
    connections: int = 4
    headers: Mapping[str, str] = field(default_factory=dict)
    requests_each: int = 1
    """How many requests make one piece of work."""


@dataclass
class Report:
    """The lines of the table so far."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def add(
        self, work: str, who: str, figure: str, latency: str = "", size: str = "", ratio: str = "", wanted: str = ""
    ) -> None:
        """Keep one line, and show it at once."""
        self.lines.append((work, who, figure, latency, size, ratio, wanted))
        print(" | ".join(self.lines[-1]), file=sys.stderr, flush=True)

    def table(self) -> str:
        """Return the whole table as Markdown."""
        rule = "|" + "---|" * len(HEADINGS)
        return "\n".join(
            ["| " + " | ".join(HEADINGS) + " |", rule, *("| " + " | ".join(line) + " |" for line in self.lines)]
        )


def compete(report: Report, work: str, contestants: Sequence[Contestant], *, rounds: int, seconds: float) -> None:
    """Ask each contestant for some seconds, in turn, several rounds; the first is ours.

    The ratio of a round is ours over theirs; the median of the rounds' ratios is given with its spread.
    """
    counted: dict[str, list[Answers]] = {one.name: [] for one in contestants}
    for one in contestants:
        for path in one.paths[:WARMING]:
            seconds_of_one(one.port, path, one.headers)
    for _ in range(rounds):
        for one in contestants:
            counted[one.name].append(_asked(one, seconds))
    mine = [answers.a_second for answers in counted[contestants[0].name]]
    for one in contestants:
        answers = counted[one.name]
        rates = [each.a_second / one.requests_each for each in answers]
        own = [rate / contestants[0].requests_each for rate in mine]
        ratio = "" if one is contestants[0] else spread([a / b for a, b in zip(own, rates, strict=True)], "x")
        report.add(
            work,
            one.name if one.connections == 4 else f"{one.name} ({one.connections} connection)",
            spread(rates, "/s"),
            f"{short(middle(answers, lambda a: a.p50_ms))}, {short(middle(answers, lambda a: a.p99_ms))} ms",
            f"{middle(answers, lambda a: a.body_bytes) * one.requests_each / 1000:,.0f} kB",
            ratio,
            one.wanted,
        )


def _asked(one: Contestant, seconds: float) -> Answers:
    return ask_often(one.port, one.paths, seconds=seconds, connections=one.connections, headers=one.headers)


def compete_once(
    report: Report,
    work: str,
    tries: Mapping[str, Callable[[], tuple[float, int]]],
    wanted: Mapping[str, str],
    *,
    rounds: int,
) -> None:
    """Time one piece of work of each, in turn, several rounds; the first is ours, ratios are theirs over ours."""
    taken: dict[str, list[float]] = {name: [] for name in tries}
    sizes = {name: attempt()[1] for name, attempt in tries.items()}  # warm
    for _ in range(rounds):
        for name, attempt in tries.items():
            taken[name].append(attempt()[0])
    mine = taken[next(iter(tries))]
    for place, (name, seconds) in enumerate(taken.items()):
        ratio = spread([theirs / own for own, theirs in zip(mine, seconds, strict=True)], "x") if place else ""
        size = f"{sizes[name] / 1000:,.0f} kB" if sizes[name] else ""
        report.add(
            work, name, spread([1000 * second for second in seconds], "ms"), "", size, ratio, wanted.get(name, "")
        )


def middle(answers: Sequence[Answers], figure: Callable[[Answers], float]) -> float:
    """Return the median of one figure."""
    return statistics.median(figure(each) for each in answers)


def spread(figures: Sequence[float], unit: str) -> str:
    """Write the median with the smallest and the largest."""
    return f"{short(statistics.median(figures))} {unit} [{short(min(figures))}-{short(max(figures))}]"


def short(figure: float) -> str:
    """Write a figure with three digits that count."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
