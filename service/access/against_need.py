"""Whether access rises with need as steeply as an outcome does: the proportionality ratio of access (methods M2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.proportionality import ProportionalityRatio, proportionality_of, unsure_inverse
from service.access.requests import MEASURES
from service.measures.inequalities import CONFIDENCE, SEED
from service.measures.need_without import need_without
from service.measures.proportionality import outcome_counts, outcome_values, usable_outcomes
from service.measures.withheld import hidden_in, slope_withheld, withheld_notes

if TYPE_CHECKING:
    from service.access.figures import AccessFigures
    from service.editions.edition import Edition
    from service.editions.views import View

RESOURCE = "e2sfca"
NO_RESOURCE = (
    "Minutes to the nearest site are no share of anything, so access is taken here as supply in reach per 1,000 "
    "people, near sites counting more (E2SFCA)."
)
USUAL_OUTCOMES = ("household_deprived_share", "employment_deprived_share", "disabled_share")
NONE_USABLE = "No indicator here is measured on a scale with a true zero, so access cannot be held against need."


def usual_outcome(edition: Edition, focus: str) -> str:
    """Name the indicator of need that access is held against: the weightiest usable one of a focus, else a general one.

    Returns
    -------
    str
        Empty where the edition has none.
    """
    usable = usable_outcomes(edition)
    parts = sorted(edition.focuses[focus]["ingredients"], key=lambda part: -float(part["weight"]))
    wanted = [*(str(part["indicator"]) for part in parts), *USUAL_OUTCOMES, *usable]
    return next((name for name in wanted if name in usable), "")


def against_need(edition: Edition, view: View, figures: AccessFigures, outcome: str, draws: int) -> dict[str, Any]:
    """Hold access against an outcome, both along need without access, supply and that outcome.

    Parameters
    ----------
    edition, view, figures
        The edition, and a view with its access.
    outcome : str
        An indicator with a true zero; the usual one when empty.
    draws : int
        Behind the limits.

    Returns
    -------
    dict
        ``resource, resource_name, outcome, outcome_name, ratio, lower, upper, fifths, basis, verdict, words,
        resource_times, outcome_times (the greatest need's end over the least's), unsure, neighbourhoods,
        need_without, draws, notes``.

    Raises
    ------
    BadQuery
        If the outcome cannot be one.
    """
    measure = figures.asked.measure if MEASURES[figures.asked.measure].better > 0 else RESOURCE
    resource_name = MEASURES[measure].name.format(minutes=figures.asked.minutes)
    held = outcome or usual_outcome(edition, view.focus)
    found: dict[str, Any] = {"resource": measure, "resource_name": resource_name, "outcome": held or None}
    if not held:
        return found | _nothing(NONE_USABLE)
    values, name = outcome_values(edition, view, held)
    need = need_without(edition, view, beside=(held,))
    given = figures.measure(measure)
    hidden = hidden_in(edition, held, need.rows)
    used = np.isfinite(given) & np.isfinite(values) & np.isfinite(need.position) & (need.people > 0)
    problem, ratio = slope_withheld(hidden, used), None
    try:
        if not problem:
            ratio = proportionality_of(
                given, values, need.position, need.people, outcome_counts=outcome_counts(edition, held, need, values),
                no_fifths=sorted(set(need.fifth[hidden].tolist())), confidence=CONFIDENCE, draws=draws, seed=SEED,
                names=edition.codes[need.rows].tolist(),
            )  # fmt: skip
    except ValueError as error:
        problem = str(error)
    notes = [NO_RESOURCE] if measure != figures.asked.measure else []
    notes += withheld_notes(hidden, used)
    figures_of_it = _told(ratio) if ratio else _nothing(f"No ratio can be given: {problem}.")
    return (
        found
        | figures_of_it
        | {"outcome_name": name, "need_without": list(need.left_out), "draws": draws, "notes": notes}
    )


def _told(ratio: ProportionalityRatio) -> dict[str, Any]:
    kept = ("ratio", "lower", "upper", "fifths", "basis", "verdict", "words")
    told = {key: getattr(ratio, key) for key in kept}
    told |= {"resource_times": ratio.resource.rii, "outcome_times": ratio.outcome.rii}
    return told | {"unsure": unsure_inverse(ratio.resource), "neighbourhoods": ratio.resource.units}


def _nothing(words: str) -> dict[str, Any]:
    names = ("outcome_name", "ratio", "lower", "upper", "fifths", "basis", "verdict", "resource_times", "outcome_times")
    empty = dict.fromkeys((*names, "unsure"))
    return {**empty, "words": words, "neighbourhoods": 0, "need_without": [], "draws": 0, "notes": []}
