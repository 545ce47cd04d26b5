"""How one indicator differs with need, for any place and footprint: the same figures for page, JSON and command.

On the arrays of an edition, no tables (methods M5). Need is that of the chosen focus without access, supply and the
indicator itself, so that nothing is held against itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from layers.gradient import Vector
from layers.inequality_arrays import Fifth, SlopeIndex, by_fifth, concentration_of, group_mean, slope_of, wilson
from service.editions.counted_shares import Counted, counted_share
from service.editions.edition import Edition
from service.editions.views import View
from service.measures.need_without import NeedWithout, need_without
from service.measures.withheld import Hidden, fifths_shown, hidden_in, slope_withheld, withheld_notes

Transform = Literal["log", "logit"]
TRANSFORMS = ("log", "logit")
BY_WHERE_PEOPLE_LIVE = "by where people live, not by person"
CONFIDENCE = 0.95
SEED = 0
DRAWN = "Limits are 95 per cent, from {:,} random draws that are the same every time"
DRAWS, DRAWS_LARGE = 10_000, 1_000
NO_RATIOS = {
    "rank": "It is a rank: it has no true zero, so nothing can be said of how many times as much.",
    "index": "It is an index without a true zero, so nothing can be said of how many times as much.",
    "negative": "Some values are below zero, so nothing can be said of how many times as much.",
}


@dataclass(frozen=True)
class Gap:
    """Fifth of greatest need against that of least: difference and ratio; None where one cannot be given."""

    worst: float | None
    best: float | None
    absolute: float | None
    relative: float | None


@dataclass(frozen=True)
class GroupMean:
    """A measure over where one group lives."""

    id: str
    name: str
    value: float | None
    difference: float | None
    people: float
    people_left_out: float
    neighbourhoods_unknown: int


@dataclass(frozen=True)
class GroupKind:
    """One way of telling people apart, and the measure for each of its groups."""

    kind: str
    title: str
    level: str
    source: str
    note: str
    groups: tuple[GroupMean, ...]


@dataclass(frozen=True)
class Inequality:
    """One indicator against need.

    Attributes
    ----------
    need : NeedWithout
        What it is held against.
    value, counts : array; Counted or None
        The indicator in the view's neighbourhoods, and what is behind it.
    slope : SlopeIndex or None
        None where there are too few neighbourhoods; `problem` says why.
    ratios : str
        Empty, or why no ratio is given.
    everyone : float or None
        The measure over all residents, beside which the groups stand.
    """

    edition: Edition
    view: View
    indicator: str
    need: NeedWithout
    value: Vector
    counts: Counted | None
    slope: SlopeIndex | None
    problem: str
    gap: Gap
    concentration: float | None
    fifths: list[Fifth]
    everyone: float | None
    groups: list[GroupKind]
    ratios: str
    notes: list[str] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts of the indicator."""
        return self.edition.indicators[self.indicator]

    @property
    def direction(self) -> str:
        """Tell whether it is "worse" or "better" where need is greater, or "unclear": no limits, or they include 0."""
        if self.slope is None or self.slope.sii_lower is None or self.slope.sii_upper is None:
            return "unclear"
        low, high = self.slope.sii_lower, self.slope.sii_upper
        if low <= 0 <= high:
            return "unclear"
        return "worse" if (low > 0) == (int(self.facts["polarity"]) > 0) else "better"


def inequality(edition: Edition, view: View, indicator: str, *, transform: Transform | None = None) -> Inequality:
    """Hold one indicator against need.

    Parameters
    ----------
    edition, view
        The edition; focus and footprint of the view.
    indicator : str
        Known to the edition.
    transform : {"log", "logit"}, optional
        Fit the line to the logarithm (rates) or log odds (proportions).

    Returns
    -------
    Inequality

    Raises
    ------
    BadQuery
        If nothing of the focus is left without the indicator.
    UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    need = need_without(edition, view, beside=(indicator,))
    facts = edition.indicators[indicator]
    held = edition.own.formula_values(indicator) if facts.get("own") else edition.indicator_values(indicator)
    value = np.asarray(held[need.rows], dtype=np.float64)
    counts = _counts(edition, indicator, need, value)
    draws = DRAWS_LARGE if edition.large and not view.within else DRAWS
    ratios = _no_ratios(facts, value)
    hidden = hidden_in(edition, indicator, need.rows)
    used = np.isfinite(value) & np.isfinite(need.position) & (need.people > 0)
    slope, problem = None, slope_withheld(hidden, used)
    if not problem:
        slope, problem = _slope(edition, need, value, counts, transform, draws)
    withheld = bool((hidden & used).any()) and slope is None
    people = need.people if counts is None else np.nan_to_num(counts.denominator)
    fifths = by_fifth(
        value,
        need.fifth,
        people,
        counts=None if counts is None else (counts.count, counts.denominator),
        scale=1.0 if counts is None else counts.scale,
        confidence=CONFIDENCE,
        draws=draws,
        seed=SEED,
    )
    fifths = fifths_shown(fifths, hidden, need.fifth)
    return Inequality(
        edition=edition,
        view=view,
        indicator=indicator,
        need=need,
        value=value,
        counts=counts,
        slope=slope,
        problem=problem,
        gap=_gap(fifths, with_ratio=not ratios),
        concentration=None if ratios or withheld else _concentration(need, value),
        fifths=fifths,
        everyone=_everyone(edition, need, value, hidden),
        groups=_groups(edition, need, value, hidden),
        ratios=ratios,
        notes=_notes(facts, need, value, counts)
        + withheld_notes(hidden, used)
        + _limit_notes(counts, slope, fifths, draws),
    )


def _counts(edition: Edition, indicator: str, need: NeedWithout, value: Vector) -> Counted | None:
    """Give the counts behind a measure, if none is withheld: sums of only some of them would be wrong."""
    found = counted_share(edition, indicator)
    if found is None:
        return None
    here = Counted(found.count[need.rows], found.denominator[need.rows], found.scale)
    withheld = np.isfinite(value) & ~(np.isfinite(here.count) & np.isfinite(here.denominator))
    return None if withheld.any() else here


def _no_ratios(facts: dict[str, Any], value: Vector) -> str:
    unit = str(facts["unit"])
    for word in ("rank", "index"):
        if unit.startswith(word):
            return NO_RATIOS[word]
    return NO_RATIOS["negative"] if bool((value[np.isfinite(value)] < 0).any()) else ""


def _slope(
    edition: Edition,
    need: NeedWithout,
    value: Vector,
    counts: Counted | None,
    transform: Transform | None,
    draws: int,
) -> tuple[SlopeIndex | None, str]:
    limits = None
    if counts is not None:
        low, high = (counts.scale * part for part in wilson(counts.count, counts.denominator, CONFIDENCE))
        limits = (np.fmin(low, value), np.fmax(high, value))  # the value is kept to fewer digits than the counts give
    try:
        return (
            slope_of(
                value,
                need.position,
                need.people,
                transform=transform,
                limits=limits,
                confidence=CONFIDENCE,
                draws=draws,
                seed=SEED,
                names=edition.codes[need.rows].tolist(),
            ),
            "",
        )
    except ValueError as error:
        return None, str(error)


def _gap(fifths: list[Fifth], *, with_ratio: bool) -> Gap:
    worst, best = fifths[0].value, fifths[-1].value
    if worst is None or best is None:
        return Gap(worst, best, None, None)
    return Gap(worst, best, worst - best, worst / best if with_ratio and best > 0 else None)


def _concentration(need: NeedWithout, value: Vector) -> float | None:
    known = np.isfinite(value) & np.isfinite(need.position) & (need.people > 0)
    if not (value[known] * need.people[known]).sum() > 0:
        return None
    return concentration_of(value[known], need.position[known], need.people[known])


def _everyone(edition: Edition, need: NeedWithout, value: Vector, hidden: Hidden) -> float | None:
    """Give the mean over all residents; None where it would rest on a count that is not shown."""
    people = edition.population()[need.rows]
    return None if hidden[people > 0].any() else group_mean(value, people)[0]


def _groups(edition: Edition, need: NeedWithout, value: Vector, hidden: Hidden) -> list[GroupKind]:
    everyone = _everyone(edition, need, value, hidden)
    kinds = []
    for entry in edition.group_kinds():
        people = edition.group_people(entry["kind"])
        groups = []
        for group in entry["groups"]:
            here = people[group["id"]][need.rows]
            mean, living, left_out, unknown = group_mean(value, here)
            mean = None if hidden[here > 0].any() else mean
            difference = None if mean is None or everyone is None else mean - everyone
            groups.append(GroupMean(group["id"], group["name"], mean, difference, living, left_out, unknown))
        note = str(entry.get("note") or "")
        kinds.append(GroupKind(entry["kind"], entry["title"], entry["level"], entry["source"], note, tuple(groups)))
    return kinds


def _notes(facts: dict[str, Any], need: NeedWithout, value: Vector, counts: Counted | None) -> list[str]:
    found = [f"Need is taken without {part['name']}: {part['why']}." for part in need.left_out]
    missing = int((~np.isfinite(value) & np.isfinite(need.position)).sum())
    if missing:
        found.append(f"Neighbourhoods where it is not known: {missing:,}. They are left out, not counted as 0.")
    if facts["grade"] == "apportioned":
        found.append(
            "It is carried over from GP practices, which smooths it towards their averages: "
            "the true difference is larger."
        )
    if counts is not None:
        found.append("Need fifths are summed again from counts, never averaged from rates.")
    return found


def _limit_notes(counts: Counted | None, slope: SlopeIndex | None, fifths: list[Fifth], draws: int) -> list[str]:
    """Say where limits come from; nothing where there are none."""
    by_slope = slope is not None and slope.sii_lower is not None
    by_fifths = any(row.lower is not None for row in fifths)
    if counts is not None:
        found = ["Limits of need fifths are 95 per cent and come from the counts."] if by_fifths else []
        return [*found, f"{DRAWN.format(draws)} within each neighbourhood’s own limits."] if by_slope else found
    if not (by_slope or by_fifths):
        return []
    found = ["No counts are published behind it: limits come from random weights on the neighbourhoods."]
    return [*found, f"{DRAWN.format(draws)}."]
