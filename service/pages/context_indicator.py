"""What the page of a context variable shows: what it is, a council's figures over time, its peers, a target's path."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layers.trend_arrays import CHANCE_NEEDS
from service.measures.inequality_over_time import OverTime, over_time
from service.measures.inequality_words import signed
from service.measures.series import LEVEL_WORDS, Series, Target, areas_with, read_times, series_of
from service.pages.compare import figure
from service.pages.slope_chart import series_chart
from service.pages.wording import labelled, percent
from service.queries import BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition

WORSE = {1: "High is worse", -1: "Low is worse", 0: "Neither way is better"}
NOT_FOR = "for single neighbourhoods: these figures are of a whole {level}, and enter no score."
SUMMED = ("outcomes_quarterly",)
CARRIED = {
    "health_index": "; councils that have merged have the average over their people, and a year may repeat the last",
}
STEPS = {"year": "Each year", "quarter": "Each quarter", "month": "Each month"}
LABELS = {"goal": "Value wanted", "due": "By when"}
VERDICTS = {
    "met": "The target is met: the newest figure has reached it.",
    "missed": "The target is missed: it was due by the newest figure, which has not reached it.",
    "on track": "On track: the newest figure is on the good side of the path, limits and all.",
    "off track": "Off track: the newest figure is on the bad side of the path, limits and all.",
    "uncertain": "Uncertain: the path lies within the limits of the newest figure, or the figure has no limits.",
    "not enough points": "Not enough points: there is no figure after the first.",
}


def context_page(edition: Edition, name: str, area: str, goal: str, due: str) -> dict[str, Any]:
    """Gather everything the page shows; a slip in the target's form is named beside its field.

    Returns
    -------
    dict
        For ``context.html``; with ``errors`` where goal or due could not be used.

    Raises
    ------
    BadQuery
        If the area is none of the place's.
    """
    slips: dict[str, str] = {}
    try:
        found = series_of(edition, name, area, goal, due)
    except BadQuery as error:
        if error.parameter not in ("goal", "due"):
            raise
        slips[error.parameter] = labelled(error, error.parameter, LABELS[error.parameter])
        found = series_of(edition, name, area)
    place = edition.place["id"]
    query = "".join(f"&{key}={value}" for key, value in (("goal", goal), ("due", due)) if value and not slips)
    return {
        "indicator": {"id": name, "name": found.variable["name"]},
        "not_for": NOT_FOR.format(level=LEVEL_WORDS[found.level]),
        "facts": _facts(edition, found),
        "areas": [
            {"value": part["code"], "text": part["name"], "selected": part["code"] == found.code}
            for part in areas_with(edition, name)
        ],
        "area": {"code": found.code, "name": found.name},
        "rows": _rows(found),
        "chart": _chart(found),
        "sentences": sentences(found),
        "target": _target(found),
        "goal": goal,
        "due": due,
        "faults": slips,
        "errors": [{"text": text, "href": f"#{field}"} for field, text in slips.items()],
        "over_time": _over_time(over_time(edition, name)),
        "peer_names": found.peer_names,
        "compare_address": f"/places/{place}/compare?council={found.code}" if found.level == "lad" else "",
        "json_address": f"/api/v1/places/{place}/series?variable={name}&area={found.code}{query}",
    }


def _facts(edition: Edition, found: Series) -> list[dict[str, Any]]:
    source = next((part for part in edition.sources if part["id"] == found.variable["source"]), None)
    name, about = str(found.variable["name"]), str(found.variable.get("about") or "")
    rows = [
        ("What it says", about or f"{name}, by its publisher’s own definition."),
        ("Unit", str(found.variable["unit"])),
        ("Which way is worse", WORSE[int(found.variable["polarity"])]),
        ("Time", f"{STEPS[found.step]}, {found.periods[0]} to {found.periods[-1]}"),
        ("Source", f"{source['title']}, {source['publisher']}" if source else str(found.variable["source"])),
        ("Grade", _grade(found)),
        ("Known for", f"A whole {LEVEL_WORDS[found.level]}: context, in no score"),
    ]
    return [{"key": {"text": key}, "value": {"text": value}} for key, value in rows]


def _grade(found: Series) -> str:
    """Say how the figures came to be those of a council."""
    level, source = LEVEL_WORDS[found.level], str(found.variable["source"])
    if not found.variable.get("published") or (found.level == "lad" and source in SUMMED):
        return "Summed: from the neighbourhoods of the council"
    return f"As published for each {level}" + CARRIED.get(source, "")


def _rows(found: Series) -> list[dict[str, str]]:
    unit = str(found.variable["unit"])
    rows = []
    for n, period in enumerate(found.periods):
        line = found.peers[n] if found.peers else None
        rows.append(
            {
                "period": period,
                "value": figure(unit, _known(found.values[n])),
                "limits": _range(unit, _known(found.lower[n]), _known(found.upper[n])),
                "median": figure(unit, line.median) if line and line.known else "–",
                "quartiles": _range(unit, line.lower_quartile, line.upper_quartile) if line else "–",
            }
        )
    return rows


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _range(unit: str, low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{figure(unit, low)} to {figure(unit, high)}"


def _chart(found: Series) -> dict[str, Any] | None:
    unit = str(found.variable["unit"])
    target, first, last = found.target, float(found.times[0]), float(found.times[-1])
    end = max(last, _time(found, target.due)) if target else last
    width = (end - first) or 1.0
    places = [0.04 + 0.92 * (float(time) - first) / width for time in found.times]
    path: list[tuple[float, float]] = []
    if target is not None:
        start, due = _time(found, target.start), _time(found, target.due)
        path = [
            (0.04 + 0.92 * (start - first) / width, target.baseline),
            (0.04 + 0.92 * (due - first) / width, target.goal),
        ]
    rules = []
    if found.control is not None:
        rules = [("upper control limit", found.control.upper), ("lower control limit", found.control.lower)]
        rules = [(name, value) for name, value in rules if value >= 0 and not (unit.startswith("%") and value > 100)]
    return series_chart(
        [*found.periods, *([target.due] if target and end > last else [])],
        [*(_known(value) for value in found.values), *([None] if target and end > last else [])],
        [
            *(
                (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None
                for low, high in zip(found.lower, found.upper, strict=True)
            ),
            *([None] if target and end > last else []),
        ],
        band=[
            (line.lower_quartile, line.median, line.upper_quartile)
            if line.lower_quartile is not None and line.median is not None and line.upper_quartile is not None
            else None
            for line in found.peers
        ],
        path=path,
        rules=rules,
        places=[*places, *([0.96] if target and end > last else [])],
        words=lambda value: figure(unit, value),
    )


def _over_time(found: OverTime | None) -> dict[str, Any] | None:
    if found is None:
        return None
    said = "Not enough points to say."
    if found.lower is not None and found.upper is not None and found.change is not None:
        moved = f"{_points(found.change)} points ({_points(found.lower)} to {_points(found.upper)})"
        chance = "" if found.verdict == "changed" else ", which may be chance"
        said = f"{found.verdict.capitalize()}: from first to last the slope index moved by {moved}{chance}."
    rows = [
        {
            "period": period,
            "sii": _points(slope.sii),
            "limits": "–"
            if slope.sii_lower is None or slope.sii_upper is None
            else f"{_points(slope.sii_lower)} to {_points(slope.sii_upper)}",
            "rii": "–" if slope.rii is None else f"{slope.rii:.2f}",
        }
        for period, slope in found.periods
    ]
    return {"said": said, "rows": rows, "left_out": found.left_out}


def _points(value: float) -> str:
    return signed(value, 1)


def _time(found: Series, period: str) -> float:
    return float(read_times((period,))[1][0])


def sentences(found: Series) -> list[str]:
    """Say what the series does, and where it stands among the peers."""
    unit = str(found.variable["unit"])
    known = [n for n, value in enumerate(found.values) if math.isfinite(value)]
    first, last = known[0], known[-1]
    said = [f"{found.name}: {figure(unit, float(found.values[last]))} in {found.periods[last]}."]
    if last > first:
        change = float(found.values[last] - found.values[first])
        way = "up" if change > 0 else "down" if change < 0 else "unchanged"
        size = "" if change == 0 else f" by {figure('', abs(change))}{' points' if unit.startswith('%') else ''}"
        said.append(f"Since {found.periods[first]} it is {way}{size}.")
    if found.trend is not None and found.trend.first is not None:
        verdict = {"increasing": "It rose.", "decreasing": "It fell."}.get(found.trend.trend, "No significant change.")
        said.append(f"Recent trend over five years (Fingertips rule): {verdict}")
    elif found.step == "year":
        said.append(f"Recent trend over five years: {found.trend_words}.")
    if found.control is not None:
        outside = ", ".join(str(label) for label in found.control.outside)
        steady = "every point lies within them: no more than the usual ups and downs."
        limits = f"Control limits run from {figure(unit, found.control.lower)} to {figure(unit, found.control.upper)}; "
        said.append(limits + (f"outside them: {outside}." if outside else steady))
    if found.peers and found.peers[last].known:
        line = found.peers[last]
        said.append(
            f"The middle of its {line.known} peers is {figure(unit, line.median)}; half of them lie between "
            f"{figure(unit, line.lower_quartile)} and {figure(unit, line.upper_quartile)}."
        )
    return said


def _target(found: Series) -> dict[str, Any] | None:
    target = found.target
    if target is None:
        return None
    unit = str(found.variable["unit"])
    said = [f"From {figure(unit, target.baseline)} in {target.start} to {figure(unit, target.goal)} by {target.due}."]
    said += _still_to_do(found, target)
    return {
        "by_peers": target.chosen_by == "peers",
        "sentences": said,
        "goal": figure("", target.goal).replace(",", ""),
        "due": target.due,
    }


def _still_to_do(found: Series, target: Target) -> list[str]:
    """Say how the figures stand to a target; of one that is reached there is nothing left to work out."""
    unit, verdict, polarity = str(found.variable["unit"]), target.verdict, int(found.variable["polarity"])
    if verdict.verdict in ("met", "not enough points"):
        return [VERDICTS[verdict.verdict]]
    if verdict.value is not None and polarity * verdict.value <= polarity * target.goal:
        return ["The newest figure is already better than this value: as a target it would let things get worse."]
    said = [VERDICTS[verdict.verdict]]
    if verdict.verdict != "missed" and verdict.expected is not None:
        said.append(f"On the path the newest figure would be {figure(unit, verdict.expected)}.")
    if verdict.run_rate is not None:
        step = found.step
        change = figure("", abs(verdict.run_rate)) + (" points" if unit.startswith("%") else "")
        way = "rise" if verdict.run_rate > 0 else "fall"
        said.append(f"To arrive it has to {way} by {change} each {step} from now on.")
    if verdict.chance is not None:
        said.append(
            f"If it goes on as so far, the chance to arrive is about {percent(verdict.chance)} (a straight line)."
        )
    elif verdict.run_rate is not None:
        said.append(f"The chance to arrive is not given: there are fewer than {CHANCE_NEEDS} points.")
    return said
