"""Drawings without a script: a measure against need with its line, and a series over time with its band."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector
from service.measures.inequalities import Inequality
from service.measures.withheld import hidden_in
from service.pages.wording import fixed, is_share, value_words

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 14, 46
MOST_DOTS = 400  # neighbourhoods; more are drawn as groups of equal number
GROUPS = 50
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """Values to pixels, downwards."""

    low: float
    high: float

    def y(self, value: float) -> float:
        """Give the height of a value."""
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low), 1)


def across(share: float) -> float:
    """Give the place of a share (0-1) along the drawing."""
    return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)


def axis_of(values: Sequence[float]) -> tuple[Axis, list[float]]:
    """Choose an axis with about five round steps that holds all values."""
    low, high = min(values), max(values)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in STEPS if power * part >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Axis(first * step, last * step), [number * step for number in range(first, last + 1)]


def slope_chart(found: Inequality) -> dict[str, Any] | None:
    """Draw the neighbourhoods by need position, the line through them, and the fifths' values.

    Returns
    -------
    dict or None
        For ``parts/slope_chart.html``; None where there is no slope.
    """
    if found.slope is None:
        return None
    known = np.isfinite(found.value) & np.isfinite(found.need.position) & (found.need.people > 0)
    known &= ~hidden_in(found.edition, found.indicator, found.need.rows)  # a stand-in is no dot
    x, y, people = found.need.position[known], found.value[known], found.need.people[known]
    grouped = len(x) > MOST_DOTS
    if grouped:
        x, y = _groups(x, y, people)
    line = None if found.slope.transform else [found.slope.intercept, found.slope.intercept + found.slope.sii]
    axis, ticks = axis_of([*y.tolist(), *(line or [])])
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "grouped": grouped,
        "dots": [{"x": across(float(a)), "y": axis.y(float(b))} for a, b in zip(x, y, strict=True)],
        "line": None if line is None else {"y1": axis.y(line[0]), "y2": axis.y(line[1])},
        "x1": across(0),
        "x2": across(1),
        "base": HEIGHT - BOTTOM,
        "ticks": [{"y": axis.y(tick), "text": tick_words(found.facts, tick, ticks)} for tick in ticks],
        "fifths": [
            {"x": across((5 - row.fifth + 0.5) / 5), "y": axis.y(row.value)}
            for row in found.fifths
            if row.value is not None and axis.low <= row.value <= axis.high
        ],
    }


def _groups(x: Vector, y: Vector, people: Vector) -> tuple[Vector, Vector]:
    order = np.argsort(x, kind="stable")
    number: NDArray[np.int64] = np.arange(len(x)) * GROUPS // len(x)
    total = np.bincount(number, weights=people[order])

    def mean(values: Vector) -> Vector:
        return np.asarray(np.bincount(number, weights=(values * people)[order]) / total)

    return mean(x), mean(y)


def tick_words(facts: dict[str, Any], value: float, ticks: Sequence[float]) -> str:
    """Write a mark of the axis with no more decimals than its steps need."""
    step = abs(ticks[1] - ticks[0])
    if is_share(str(facts["unit"])):
        return f"{100 * value:.{_decimals(100 * step)}f}%"
    return fixed(value, _decimals(step))


def _decimals(step: float) -> int:
    return next((count for count in range(5) if abs(step * 10**count - round(step * 10**count)) < 1e-6), 5)


def series_chart(
    labels: Sequence[str],
    values: Sequence[float | None],
    limits: Sequence[tuple[float, float] | None],
    *,
    band: Sequence[tuple[float, float, float] | None] = (),
    path: Sequence[tuple[float, float]] = (),
    rules: Sequence[tuple[str, float]] = (),
    places: Sequence[float] = (),
    words: Callable[[float], str],
) -> dict[str, Any] | None:
    """Draw a series over time.

    Parameters
    ----------
    labels, values, limits : sequence, shape (n,)
        Periods; figures and their limits, None = not known.
    band : sequence of (lower quartile, median, upper quartile) or None
        Of the peers.
    path : sequence of (share along the drawing, value)
        A target's path.
    rules : sequence of (name, value)
        Level lines, such as control limits.
    places : sequence of float
        Where each period stands, 0-1; evenly when left out.
    words : callable
        Writes a mark of the axis.

    Returns
    -------
    dict or None
        For ``parts/series_chart.html``; None where nothing is known.
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    spread = [part for pair in limits if pair for part in pair] + [part for three in band if three for part in three]
    axis, ticks = axis_of([*known, *spread, *(value for _, value in path), *(value for _, value in rules)])
    count = len(labels)
    at = [across(share) for share in (places or [(number + 0.5) / count for number in range(count)])]
    points = [(x, axis.y(value)) for x, value in zip(at, values, strict=True) if value is not None]
    bands = [(x, three) for x, three in zip(at, band, strict=False) if three]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "x1": across(0),
        "x2": across(1),
        "base": HEIGHT - BOTTOM,
        "ticks": [{"y": axis.y(tick), "text": words(tick)} for tick in ticks],
        "line": _points(points),
        "dots": [{"x": x, "y": y} for x, y in points],
        "whiskers": [
            {"x": x, "y1": axis.y(pair[0]), "y2": axis.y(pair[1])}
            for x, pair in zip(at, limits, strict=True)
            if pair is not None
        ],
        "median": _points([(x, axis.y(three[1])) for x, three in bands]),
        "band": _points(
            [(x, axis.y(three[0])) for x, three in bands] + [(x, axis.y(three[2])) for x, three in reversed(bands)]
        ),
        "path": _points([(across(share), axis.y(value)) for share, value in path]),
        "rules": [{"name": name, "y": axis.y(value)} for name, value in rules],
        "labels": _labels(at, labels),
        "label_y": HEIGHT - BOTTOM + 20,
    }


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _labels(at: Sequence[float], labels: Sequence[str]) -> list[dict[str, Any]]:
    every = max(1, -(-len(labels) // 6))
    return [{"x": x, "text": text} for n, (x, text) in enumerate(zip(at, labels, strict=True)) if n % every == 0]


def fifth_rows(found: Inequality) -> list[dict[str, str]]:
    """Give the rows of the table of need fifths."""
    names = ("1 (greatest need)", "2", "3", "4", "5 (least need)")
    return [
        {
            "name": name,
            "value": value_words(found.facts, row.value),
            "limits": "–"
            if row.lower is None or row.upper is None
            else f"{value_words(found.facts, row.lower)} to {value_words(found.facts, row.upper)}",
            "neighbourhoods": f"{row.neighbourhoods:,}",
        }
        for name, row in zip(names, found.fifths, strict=True)
    ]
