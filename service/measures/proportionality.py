"""Whether a resource that users bring is as steep as need: the same figures for page, JSON and command (methods M2).

On the arrays of an edition, no tables. Need is that of the chosen focus without access, supply and the outcome
itself, so that nothing is held against itself.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from layers.gradient import Vector
from layers.proportionality import ProportionalityRatio, proportionality_of, unsure_inverse
from layers.slope import RESAMPLING_NEEDS
from service.drawing.features import view_facts
from service.editions.at_work import edition_at_work
from service.editions.counted_shares import counted_share
from service.editions.edition import Edition
from service.editions.views import View
from service.measures.inequalities import DRAWN, NO_RATIOS
from service.measures.need_without import ACCESS, NeedWithout, need_without, why_left_out
from service.measures.withheld import hidden_in, slope_withheld, withheld_notes
from service.queries import BadQuery

DRAWS, SEED, CONFIDENCE = 10_000, 0, 0.95
SHARES = {"percent": 100.0, "%": 100.0}
NOT_POSITIVE = "A low value is worse, and it is no share that could be turned round."
PART_OF_NAME = 40
CIRCULAR = "It is the need itself that both are drawn against, and a score has no true zero."
NO_SCORE = "It is a need score: it has no true zero, so nothing can be said of how many times as much."
OF_PEOPLE = "Need fifths of both are means over the people who live there."
OF_COUNTS = "Need fifths of the outcome are summed again from counts, those of the resource are means over the people."


@dataclass(frozen=True)
class Proportionality:
    """A resource held against an outcome.

    Attributes
    ----------
    resource, outcome : str
        Ids; the outcome is an indicator, never a need score: that has no true zero.
    outcome_name : str
        What a reader is told; an outcome where low is worse is turned round and called "without ...".
    need : NeedWithout
        What both are drawn against.
    ratio : ProportionalityRatio or None
        None where no line can be drawn; `problem` says why.
    """

    edition: Edition
    view: View
    resource: str
    outcome: str
    outcome_name: str
    need: NeedWithout
    ratio: ProportionalityRatio | None
    problem: str
    notes: list[str] = field(default_factory=list)


def resources(edition: Edition) -> list[str]:
    """Name the resources that were imported into an edition."""
    return [name for name, facts in edition.indicators.items() if facts.get("kind") == "resource"]


def usable_outcomes(edition: Edition) -> list[str]:
    """Name the indicators that a resource can be held against: measured on a scale with a true zero."""
    return [name for name in edition.indicators if not why_not(edition, name)]


def why_not(edition: Edition, outcome: str) -> str:
    """Say why an indicator cannot be the outcome; nothing if it can."""
    facts, values = edition.indicators[outcome], edition.indicator_values(outcome)
    unit = str(facts["unit"])
    if facts.get("kind") == "resource":
        return "It is a resource, not an outcome."
    if why_left_out(facts) == ACCESS:
        return "It says how near a service is: access is not an outcome of need."
    for word in ("rank", "index"):
        if unit.startswith(word):
            return NO_RATIOS[word]
    known = values[np.isfinite(values)]
    if not len(known):
        return "It is not known for any neighbourhood here."
    if (known < 0).any():
        return NO_RATIOS["negative"]
    return NOT_POSITIVE if int(facts["polarity"]) < 0 and _whole(unit) is None else ""


def proportionality(edition: Edition, view: View, resource: str, outcome: str) -> Proportionality:
    """Hold a resource against an outcome, both along need.

    Parameters
    ----------
    edition, view
        The edition; focus and footprint of the view.
    resource : str
        An imported resource.
    outcome : str
        An indicator with a true zero.

    Returns
    -------
    Proportionality

    Raises
    ------
    BadQuery
        If the one is no resource, or the other cannot be an outcome.
    UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    if resource not in resources(edition):
        held = ", ".join(resources(edition)) or "none; `evenreach import` takes one in"
        raise BadQuery("resource", f"resource is {resource[:PART_OF_NAME]!r}.", hint=f"Resources here: {held}.")
    need = need_without(edition, view, beside=(outcome,))
    values, name = outcome_values(edition, view, outcome)
    given = edition.own.formula_values(resource)[need.rows]
    used = np.isfinite(given) & np.isfinite(values) & np.isfinite(need.position) & (need.people > 0)
    hidden = hidden_in(edition, resource, need.rows) | hidden_in(edition, outcome, need.rows)
    counts = outcome_counts(edition, outcome, need, values)
    ratio, problem = None, slope_withheld(hidden, used)
    try:
        if not problem:
            ratio = proportionality_of(
                np.asarray(given, dtype=np.float64), values, need.position, need.people, outcome_counts=counts,
                no_fifths=sorted(set(need.fifth[hidden].tolist())), confidence=CONFIDENCE, draws=DRAWS, seed=SEED,
                names=edition.codes[need.rows].tolist(),
            )  # fmt: skip
    except ValueError as error:
        problem = str(error)
    notes = _notes(edition, resource, outcome, need, given, values) + withheld_notes(hidden, used)
    if ratio is not None and ratio.fifths is not None:
        notes.append(OF_COUNTS if counts else OF_PEOPLE)
    return Proportionality(edition, view, resource, outcome, name, need, ratio, problem, notes)


def outcome_values(edition: Edition, view: View, outcome: str) -> tuple[Vector, str]:
    """Give the values of an outcome in the view, a high one bad, and its name.

    Raises
    ------
    BadQuery
        If it cannot be an outcome.
    """
    if outcome in edition.indicators:
        reason = why_not(edition, outcome)
    elif outcome in edition.focuses:
        reason = CIRCULAR if outcome == view.focus else NO_SCORE
    else:
        reason = "It is no indicator."
    if reason:
        said = f"{outcome[:PART_OF_NAME]!r} cannot be the outcome. {reason}"
        raise BadQuery("outcome", said, hint=f"Give one of {', '.join(usable_outcomes(edition))}.")
    facts = edition.indicators[outcome]
    held = edition.own.formula_values(outcome) if facts.get("own") else edition.indicator_values(outcome)
    values = np.asarray(held[edition.rows_within(view.within)], dtype=np.float64)
    if int(facts["polarity"]) > 0:
        return values, str(facts["name"])
    whole = _whole(str(facts["unit"]))
    assert whole is not None
    return whole - values, f"Without: {facts['name']}"


def outcome_counts(edition: Edition, outcome: str, need: NeedWithout, values: Vector) -> tuple[Vector, Vector] | None:
    """Give the counts behind an outcome, turned round as it is; None where one is missing or withheld."""
    found = counted_share(edition, outcome)
    if found is None:
        return None
    count, among = found.count[need.rows], found.denominator[need.rows]
    if (np.isfinite(values) & ~(np.isfinite(count) & np.isfinite(among))).any():
        return None
    return (count, among) if int(edition.indicators[outcome]["polarity"]) > 0 else (among - count, among)


def _whole(unit: str) -> float | None:
    """Give what a share of this unit is a share of, 1 or 100; None where it is no share."""
    return 1.0 if unit.startswith("share") else SHARES.get(unit.casefold())


def _notes(
    edition: Edition, resource: str, outcome: str, need: NeedWithout, given: Vector, values: Vector
) -> list[str]:
    found = [f"Need is taken without {part['name']}: {part['why']}." for part in need.left_out]
    missing = int(((~np.isfinite(given) | ~np.isfinite(values)) & np.isfinite(need.position)).sum())
    if missing:
        found.append(f"Neighbourhoods where one of the two is not known: {missing:,}. They are left out of both.")
    for name in (resource, outcome):
        protection = edition.indicators.get(name, {}).get("protection")
        if protection:
            hidden = f"{protection['hidden']:,} counts of {edition.indicators[name]['name']} are not shown"
            found.append(f"{protection['sentence']} {hidden}. {protection['stand_in']}")
    if edition.indicators.get(outcome, {}).get("grade") == "apportioned":
        found.append(
            "The outcome is carried over from GP practices, which smooths it: its true slope is steeper, so the "
            "resource looks steeper beside it than it is."
        )
    if len(need.rows) < RESAMPLING_NEEDS:
        found.append(f"With fewer than {RESAMPLING_NEEDS} neighbourhoods there are no limits, so no verdict.")
    else:
        found.append(f"{DRAWN.format(DRAWS)} and put the same random weights on resource and outcome.")
    return found


def proportionality_answer(found: Proportionality) -> dict[str, Any]:
    """Return a comparison as plain data; a limit without end is None."""
    edition, ratio = found.edition, found.ratio
    answer: dict[str, Any] = finite(
        {
            **{key: value for key, value in view_facts(edition, found.view).items() if key not in ("rho", "layer")},
            "resource": _named(edition, found.resource, edition.indicators[found.resource]["name"]),
            "outcome": _named(edition, found.outcome, found.outcome_name),
            **{key: getattr(ratio, key, None) for key in ("ratio", "lower", "upper", "fifths", "basis", "verdict")},
            "words": ratio.words if ratio else f"No ratio can be given: {found.problem}.",
            "resource_index": asdict(ratio.resource) if ratio else None,
            "outcome_index": asdict(ratio.outcome) if ratio else None,
            "need_without": list(found.need.left_out),
            "neighbourhoods": ratio.resource.units if ratio else 0,
            "confidence": CONFIDENCE,
            "draws": DRAWS,
            "seed": SEED,
            "notes": found.notes,
        }
    )
    return answer


def _named(edition: Edition, name: str, title: str) -> dict[str, Any]:
    facts = edition.indicators.get(name, {})
    kept = ("unit", "period", "source", "grade", "protection")
    return {"id": name, "name": title, **{key: facts.get(key) for key in kept}}


def finite(value: Any) -> Any:
    """Replace numbers without end, which JSON does not have, by None."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def compared(store: str, place: str, edition: str, focus: str, resource: str, outcome: str) -> dict[str, Any]:
    """Make the answer for the whole of a large place; the job that the workshop runs."""
    opened = edition_at_work(store, place, edition)
    view = View(place=place, focus=focus)
    return proportionality_answer(proportionality(opened, view, resource, outcome))


def overview(edition: Edition, resource: str, *, focus: str) -> list[dict[str, Any]]:
    """Hold a resource against every outcome that it can be held against, for the page of the resource."""
    view = View(place=edition.place["id"], focus=focus)
    rows = []
    for outcome in usable_outcomes(edition):
        found = proportionality(edition, view, resource, outcome)
        ratio = found.ratio
        if ratio is not None:
            kept = ("ratio", "lower", "upper", "fifths", "verdict", "words")
            row = {"outcome": outcome, "name": found.outcome_name, **{key: getattr(ratio, key) for key in kept}}
            row |= {"resource_rii": ratio.resource.rii, "outcome_rii": ratio.outcome.rii}
            row["perhaps"] = ratio.verdict == "inverse care" and unsure_inverse(ratio.resource)
            rows.append(finite(row | {"neighbourhoods": ratio.resource.units}))
    return rows
