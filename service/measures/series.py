"""One figure of a council over time: trend or control limits, its peers, and where a target's path would lead.

For pages and JSON from one function. Context is known for whole councils (or sub-ICB locations, or in the demo for
neighbourhoods) and never enters a score (methods M5, M10).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layers.gradient import Vector
from layers.inequality_arrays import wilson
from layers.similar_arrays import PeerLine, quartiles
from layers.trend_arrays import (
    NOT_ENOUGH,
    ControlLimits,
    RecentTrend,
    TargetVerdict,
    control_limits_of,
    path_at,
    recent_trend_of,
    verdict_of,
)
from service.drawing.features import view_facts
from service.editions.edition import Edition
from service.editions.views import View
from service.measures.similar_places import K, read_variables, similar_councils
from service.queries import BadQuery
from service.web.errors import UnknownIndicator

LEVELS = ("lad", "sub_icb")
LEVEL_WORDS = {"lad": "council", "sub_icb": "sub-ICB location"}
YEAR = re.compile(r"(\d{4})(?:/\d{2})?")
QUARTER = re.compile(r"(\d{4})-Q([1-4])")
MONTH = re.compile(r"(\d{4})-(\d{2})")
PER_YEAR = {"year": 1, "quarter": 4, "month": 12}
YEARS_AHEAD = 5
DRAWS, SEED = 10_000, 0
PERCENT = 100.0
NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?"
MOST = {"%": 100.0, "mean of 0 to 10": 10.0}  # by how a unit begins; no figure of context is below 0
NOT_PROPORTION = "no trend is judged: no counts are published beside the figures"


@dataclass(frozen=True)
class Target:
    """A target, its path, and how the figures stand to it.

    Attributes
    ----------
    goal, due : float, str
        What is to be reached, and the period by which.
    baseline, start : float, str
        From where and when the path leads.
    path : tuple of float or None
        Where the figure should be in each period of the series; None before the start.
    chosen_by : {"reader", "peers"}
        Who set it: a reader, or for want of one the middle of the peers.
    """

    goal: float
    due: str
    baseline: float
    start: str
    path: tuple[float | None, ...]
    verdict: TargetVerdict
    chosen_by: str


@dataclass(frozen=True)
class Series:
    """One variable of one area over time.

    Attributes
    ----------
    step : {"year", "quarter", "month"}
    periods, times : tuple of str, array
        As published, and as numbers that rise by one each step.
    values, lower, upper : array, shape (n,)
        NaN = not known; 95 % limits only where counts are published.
    trend : RecentTrend or None
        For years; None for shorter steps or where there are no counts: then `trend_words` says why.
    control : ControlLimits or None
        For quarters and months.
    peers : tuple of PeerLine
        One a period; empty where there are no peers.
    """

    edition: Edition
    variable: dict[str, Any]
    level: str
    code: str
    name: str
    step: str
    periods: tuple[str, ...]
    times: Vector
    values: Vector
    lower: Vector
    upper: Vector
    trend: RecentTrend | None
    trend_words: str
    control: ControlLimits | None
    peers: tuple[PeerLine, ...]
    peer_names: tuple[str, ...]
    target: Target | None


def is_context(edition: Edition, name: str) -> bool:
    """Tell whether a name is that of a context variable of councils or sub-ICB locations."""
    return any(name == part["id"] for level in LEVELS for part in edition.context(level)["variables"])


def areas_with(edition: Edition, name: str) -> list[dict[str, str]]:
    """Areas of the place for which a variable is held: level, code and name."""
    found = []
    for level in LEVELS:
        block = edition.context(level)
        ids = [part["id"] for part in block["variables"]]
        if name not in ids:
            continue
        values = block["values"][ids.index(name)]
        for area in edition.context_areas(level):
            if area["code"] in block["codes"] and np.isfinite(values[:, block["codes"].index(area["code"])]).any():
                found.append({"level": level, **area})
    return found


def series_of(edition: Edition, name: str, area: str = "", goal: str = "", due: str = "") -> Series:
    """Follow one variable of one area over time.

    Parameters
    ----------
    edition : Edition
    name : str
        Id of a context variable.
    area : str
        Code of a council or sub-ICB location of the place; the first that has the figure when empty.
    goal, due : str
        A target and the period it is due, as typed; the peers' middle in five years when empty.

    Returns
    -------
    Series

    Raises
    ------
    UnknownIndicator
        If there is no such variable here.
    BadQuery
        If the area, the goal or the due period cannot be used.
    """
    if not is_context(edition, name):
        raise UnknownIndicator(f"No context variable {name[:64]!r} here.")
    chosen = _area(edition, name, area)
    block = edition.context(chosen["level"])
    row, at = [part["id"] for part in block["variables"]].index(name), block["codes"].index(chosen["code"])
    variable = block["variables"][row]
    periods = tuple(str(period) for period in variable["years"])
    step, times = read_times(periods)
    values = np.asarray(block["values"][row, : len(periods)], dtype=float)
    counts = _counts(block, row, len(periods), at)
    own = values[:, at]
    lower, upper = _limits(counts, own)
    peers, names = _peers(edition, chosen, values)
    trend, words = _trend(step, times, own, counts)
    known = np.isfinite(own)
    return Series(
        edition=edition,
        variable=variable,
        level=chosen["level"],
        code=chosen["code"],
        name=chosen["name"],
        step=step,
        periods=periods,
        times=times,
        values=own,
        lower=lower,
        upper=upper,
        trend=trend,
        trend_words=words,
        control=_control(step, own, periods) if step != "year" and known.sum() > 1 else None,
        peers=peers,
        peer_names=names,
        target=_target(variable, step, periods, times, (own, lower, upper), peers, goal, due),
    )


def _area(edition: Edition, name: str, text: str) -> dict[str, str]:
    areas = areas_with(edition, name)
    if not areas:
        raise BadQuery("area", f"It is not known for any area of {edition.place['name']}.")
    if not text:
        return areas[0]
    for area in areas:
        if text == area["code"]:
            return area
    raise BadQuery("area", f"area is {text[:40]!r}.", hint=f"Give one of {', '.join(a['code'] for a in areas[:12])}.")


def read_times(periods: tuple[str, ...]) -> tuple[str, Vector]:
    """Read years (``2019``, ``2020/21``), quarters (``2023-Q2``) or months (``2022-07``) as rising numbers.

    Raises
    ------
    ValueError
        If the periods are of no known form, or of several.
    """
    forms = {"year": YEAR, "quarter": QUARTER, "month": MONTH}
    for step, form in forms.items():
        found = [form.fullmatch(period) for period in periods]
        if all(found):
            numbers = [[int(part) for part in match.groups() if part] for match in found if match]
            return step, np.array([_number(step, parts) for parts in numbers])
    raise ValueError(f"periods {', '.join(periods[:3])} are neither years, nor quarters, nor months")


def _number(step: str, parts: list[int]) -> float:
    return float(parts[0] if step == "year" else PER_YEAR[step] * parts[0] + parts[1] - 1)


def _counts(block: dict[str, Any], row: int, steps: int, at: int) -> tuple[Vector, Vector] | None:
    if block["counts"] is None or block["denominators"] is None:
        return None
    count, among = (np.asarray(block[name][row, :steps, at], dtype=float) for name in ("counts", "denominators"))
    return (count, among) if (np.isfinite(count) & np.isfinite(among)).any() else None


def _limits(counts: tuple[Vector, Vector] | None, values: Vector) -> tuple[Vector, Vector]:
    if counts is None:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    low, high = (PERCENT * part for part in wilson(*counts))
    return np.fmin(low, values), np.fmax(high, values)


def _peers(edition: Edition, area: dict[str, str], values: np.ndarray) -> tuple[tuple[PeerLine, ...], tuple[str, ...]]:
    """Give the middle and quartiles of the similar councils in each period; nothing where there are none."""
    if area["level"] != "lad":
        return (), ()
    try:
        found = similar_councils(edition, area["code"], K, read_variables(edition, ""))
    except BadQuery:
        return (), ()
    codes = edition.context("lad")["codes"]
    rows = [codes.index(code) for code, _, _ in found.peers]
    lines = tuple(quartiles(np.asarray(step[rows], dtype=float)) for step in values)
    return (lines, tuple(name for _, name, _ in found.peers)) if any(line.known for line in lines) else ((), ())


def _trend(
    step: str, times: Vector, values: Vector, counts: tuple[Vector, Vector] | None
) -> tuple[RecentTrend | None, str]:
    if step != "year":
        return None, ""
    if int(np.isfinite(values).sum()) < 5:
        return None, NOT_ENOUGH
    if counts is None:
        return None, NOT_PROPORTION
    known = np.isfinite(counts[0]) & (counts[1] > 0)
    found = recent_trend_of(times[known].astype(np.int64), counts[0][known], counts[1][known])
    return found, found.trend


def _control(step: str, values: Vector, periods: tuple[str, ...]) -> ControlLimits | None:
    try:
        return control_limits_of(values, periods)
    except ValueError:
        return None


def _target(
    variable: dict[str, Any],
    step: str,
    periods: tuple[str, ...],
    times: Vector,
    figures: tuple[Vector, Vector, Vector],
    peers: tuple[PeerLine, ...],
    goal: str,
    due: str,
) -> Target | None:
    own, lower, upper = figures
    known = np.flatnonzero(np.isfinite(own))
    polarity = int(variable["polarity"])
    if not len(known) or polarity == 0:
        if goal or due:
            raise BadQuery("goal", "A target needs a figure, and a side of it that is better.")
        return None
    first, last = int(known[0]), int(known[-1])
    unit = str(variable["unit"])
    wanted, chosen_by = _goal(goal, unit, polarity, float(own[last]), peers[last].median if peers else None)
    if wanted is None:
        return None
    usual = float(times[last]) + YEARS_AHEAD * PER_YEAR[step]
    by = _due(due, step, float(times[first]), usual, periods[0]) if due else usual
    baseline, start = float(own[first]), float(times[first])
    path = [
        float(path_at(np.array([time]), baseline=baseline, goal=wanted, start=start, due=by)[0])
        if time >= start
        else None
        for time in times
    ]
    found = verdict_of(
        times[known],
        own[known],
        lower[known],
        upper[known],
        baseline=baseline,
        goal=wanted,
        start=start,
        due=by,
        polarity=polarity,
        draws=DRAWS,
        seed=SEED,
    )
    return Target(wanted, period_text(step, by, periods[0]), baseline, periods[first], tuple(path), found, chosen_by)


def _goal(text: str, unit: str, polarity: int, now: float, middle: float | None) -> tuple[float | None, str]:
    if text:
        if not re.fullmatch(NUMBER, text):
            raise BadQuery("goal", f"goal is {text[:40]!r}; expected a number such as 95.", hint="Use digits only.")
        most = next((end for start, end in MOST.items() if unit.startswith(start)), None)
        if float(text) < 0 or (most is not None and float(text) > most):
            expected = "0 or more" if most is None else f"a number from 0 to {most:.0f}"
            raise BadQuery("goal", f"goal is {text[:40]!r}; expected {expected}.", hint=f"The unit is {unit}.")
        return float(text), "reader"
    return (middle, "peers") if middle is not None and polarity * middle < polarity * now else (None, "")


def _due(text: str, step: str, start: float, usual: float, like: str) -> float:
    try:
        read, number = read_times((text,))
    except ValueError:
        read, number = "", np.array([np.nan])
    if read != step or not number[0] > start:
        first, example = (period_text(step, number, like) for number in (start, usual))
        said = f"due is {text[:40]!r}; expected a {step} after the first figure, {first}."
        raise BadQuery("due", said, hint=f"For example {example}.")
    return float(number[0])


def period_text(step: str, number: float, like: str = "") -> str:
    """Write a number of time as a period: 2026, 2026/27 (if another is written like that), 2026-Q2, 2026-07."""
    whole = round(number)
    if step == "year":
        return f"{whole}/{(whole + 1) % 100:02}" if "/" in like else str(whole)
    year, part = divmod(whole, PER_YEAR[step])
    return f"{year}-Q{part + 1}" if step == "quarter" else f"{year}-{part + 1:02}"


def series_answer(found: Series) -> dict[str, Any]:
    """Return everything for programs."""
    facts = view_facts(found.edition, View(found.edition.place["id"], layer="targeting"))
    kept = ("place", "name", "fictional", "edition", "method", "attribution")
    return {
        **{key: facts[key] for key in kept},
        "variable": {key: found.variable[key] for key in ("id", "name", "unit", "polarity", "source")},
        "area": {"level": found.level, "code": found.code, "name": found.name},
        "step": found.step,
        "points": [
            {
                "period": period,
                "value": _plain(found.values[n]),
                "lower": _plain(found.lower[n]),
                "upper": _plain(found.upper[n]),
                "peers": asdict(found.peers[n]) if found.peers else None,
            }
            for n, period in enumerate(found.periods)
        ],
        "peers": list(found.peer_names),
        "trend": found.trend_words,
        "recent_trend": None if found.trend is None else asdict(found.trend),
        "control_limits": None if found.control is None else asdict(found.control),
        "target": None if found.target is None else asdict(found.target),
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
