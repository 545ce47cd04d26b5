"""The price of fairness, drawn: each plan by its average journey and by the journey that few have to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.pages.slope_chart import HEIGHT, WIDTH, across, axis_of
from service.pages.wording import fixed

BOTTOM = 46


def price_chart(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Draw plans as points: to the right the average journey is longer, further up the longest ones are.

    Parameters
    ----------
    rows : sequence of mapping
        ``objective`` or ``step``, ``mean_min`` and ``p95_min``.

    Returns
    -------
    dict or None
        For ``parts/siting_price.html``; None where fewer than two different plans are known.
    """
    shown: dict[tuple[float, float], list[str]] = {}
    for number, row in enumerate(rows, 1):
        if row["mean_min"] is not None and row["p95_min"] is not None:
            shown.setdefault((row["mean_min"], row["p95_min"]), []).append(str(number))
    if len(shown) < 2:
        return None
    level, ticks = axis_of([y for _, y in shown])
    wide, marks = axis_of([x for x, _ in shown])

    def x(value: float) -> float:
        return across((value - wide.low) / (wide.high - wide.low))

    return {
        "width": WIDTH,
        "height": HEIGHT,
        "x1": across(0),
        "x2": across(1),
        "base": HEIGHT - BOTTOM,
        "ticks": [{"y": level.y(tick), "text": _tick(tick, ticks)} for tick in ticks],
        "marks": [{"x": x(mark), "text": _tick(mark, marks)} for mark in marks],
        "points": [
            {"x": x(mean), "y": level.y(late), "text": " and ".join(names), "text_y": level.y(late) - 9}
            for (mean, late), names in shown.items()
        ],
    }


def _tick(value: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    return fixed(
        value, next((count for count in range(4) if abs(step * 10**count - round(step * 10**count)) < 1e-6), 4)
    )
