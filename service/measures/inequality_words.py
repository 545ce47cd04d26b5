"""Inequality in sentences and as plain data, in this place's own numbers."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from layers.inequality_arrays import Fifth, SlopeIndex
from service.drawing.features import view_facts
from service.measures.inequalities import BY_WHERE_PEOPLE_LIVE, Inequality
from service.pages.wording import fixed, is_share, lower_first, value_words

MEANING = {
    "worse": "It is worse where need is greater.",
    "better": "It is better where need is greater.",
    "unclear": "Whether it is worse or better where need is greater cannot be told from these figures.",
}

OF_A_RESOURCE = {
    "worse": "There is more of it where need is greater.",
    "better": "There is less of it where need is greater.",
    "unclear": "Whether there is more or less of it where need is greater cannot be told from these figures.",
}


def difference_words(facts: dict[str, Any], value: float | None) -> str:
    """Write a difference in the measure's unit: shares in percentage points."""
    if value is None:
        return "not known"
    decimals = int(facts.get("decimals", 1))
    if is_share(str(facts["unit"])):
        return f"{signed(100 * value, max(decimals - 2, 1))} points"
    return signed(value, decimals)


def signed(value: float, decimals: int) -> str:
    """Write a number with its sign; what rounds to nothing has none."""
    text = f"{value:+,.{decimals}f}"
    return text.replace("-", "−") if any(digit in text for digit in "123456789") else text[1:]


def range_words(facts: dict[str, Any], low: float, high: float) -> str:
    """Write two limits of a difference, the unit once."""
    return f"{difference_words(facts, low).removesuffix(' points')} to {difference_words(facts, high)}"


def sentences(found: Inequality) -> list[str]:
    """Say what the slope means, end to end, with limits, and what the ends are as a ratio."""
    slope, facts = found.slope, found.facts
    if slope is None:
        return [f"No slope can be given: {found.problem}."]
    said = [
        f"{_meaning(found)} {_ends(found, slope)}".strip(),
        f"The slope index of inequality is {difference_words(facts, slope.sii)}{_between(found)}.",
    ]
    if slope.rii is not None and not found.ratios:
        limits = ", without limits"
        if slope.rii_lower is not None:
            limits = f" ({slope.rii_lower:.2f} to {slope.rii_upper:.2f}): that many times as much at the most needy end"
        said.append(f"The relative index is {slope.rii:.2f}{limits}.")
    if found.gap.absolute is not None:
        said.append(
            f"The fifth of greatest need has {value_words(facts, found.gap.worst)}, the fifth of least need "
            f"{value_words(facts, found.gap.best)}: a gap of {difference_words(facts, found.gap.absolute)}."
        )
    return said


def _meaning(found: Inequality) -> str:
    """Say which way it goes; of a resource there is more or less, which is neither worse nor better by itself."""
    return (OF_A_RESOURCE if found.facts.get("kind") == "resource" else MEANING)[found.direction]


def _ends(found: Inequality, slope: SlopeIndex) -> str:
    """Say where the line begins and ends; not where a straight line leaves what the measure can be."""
    ends = (slope.intercept, slope.intercept + slope.sii)
    least, most = _possible(str(found.facts["unit"]))
    if min(ends) < least or max(ends) > most:
        return "A straight line through the neighbourhoods ends beyond what is possible: read its slope, not its ends."
    first, last = (value_words(found.facts, end) for end in ends)
    line = "On the line drawn through the neighbourhoods it runs from"
    return f"{line} {first} where need is least to {last} where need is greatest."


def _possible(unit: str) -> tuple[float, float]:
    """Give the least and most that a measure of this unit can be."""
    if is_share(unit):
        return 0.0, 1.0
    return (1.0, math.inf) if unit.startswith("rank") else (-math.inf, math.inf)


def _between(found: Inequality) -> str:
    slope, facts = found.slope, found.facts
    if slope is None or slope.sii_lower is None:
        return ", without limits"
    assert slope.sii_upper is not None
    return f" ({range_words(facts, slope.sii_lower, slope.sii_upper)})"


def warnings(found: Inequality) -> list[str]:
    """Say what is not given, and why; and what it must not be used for."""
    said = [found.ratios] if found.ratios else []
    if not found.ratios and found.slope is not None and found.slope.rii is None:
        said.append(found.slope.note)
    return [*said, f"Do not use it for this: {lower_first(found.facts['not_for'])}"] if found.facts["not_for"] else said


def inequality_answer(found: Inequality) -> dict[str, Any]:
    """Return everything for programs: JSON, and the command's ``--json``."""
    facts, slope = found.facts, found.slope
    figures = None if slope is None else asdict(slope)
    if figures is not None and found.ratios:
        figures |= {"rii": None, "rii_lower": None, "rii_upper": None}
    kept = ("id", "name", "unit", "polarity", "period", "source", "grade", "not_for")
    return {
        **{key: value for key, value in _view(found).items() if key not in ("layer", "rho")},
        "indicator": {key: facts[key] for key in kept},
        "need": {
            "focus": found.view.focus,
            "neighbourhoods": len(found.need.rows),
            "people": round(float(found.need.people.sum()), 1),
            "left_out": list(found.need.left_out),
        },
        "direction": found.direction,
        "slope": figures,
        "problem": found.problem,
        "gap": asdict(found.gap),
        "concentration_index": found.concentration,
        "need_fifths": [_fifth(row) for row in found.fifths],
        "need_fifths_of": of_whom(found),
        "everyone": found.everyone,
        "by_group": {
            "label": BY_WHERE_PEOPLE_LIVE,
            "kinds": [{**asdict(kind), "groups": [asdict(group) for group in kind.groups]} for kind in found.groups],
        },
        "sentences": sentences(found),
        "warnings": warnings(found),
        "notes": list(found.notes),
    }


def _fifth(row: Fifth) -> dict[str, Any]:
    """Give a need fifth with what its value is over: people, or the denominators behind a share."""
    figures = asdict(row)
    return {"of" if key == "people" else key: value for key, value in figures.items()}


def of_whom(found: Inequality) -> str:
    """Name what the values of need fifths are over: people, households."""
    if found.counts is None:
        return "people"
    unit = str(found.facts["unit"])
    return unit.removeprefix("share of ").removesuffix(" (0-1)") if unit.startswith("share of ") else "those counted"


def _view(found: Inequality) -> dict[str, Any]:
    return view_facts(found.edition, found.view.but(layer="indicator", indicator=found.indicator))


def fifth_text(found: Inequality, value: float | None) -> str:
    """Write the value of a need fifth."""
    return fixed(None) if value is None else value_words(found.facts, value)
