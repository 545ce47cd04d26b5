"""Need without the indicators that an answer is about, so that no figure is held against itself (methods M2).

How access, supply or an outcome follows need says nothing if the need score holds that very measure. Here the score of
a focus is taken apart and put together again without them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.gradient import Counts, Vector, fifths, positions, ranks
from layers.weighting import weighted_score
from service.editions.edition import Edition
from service.editions.scoring import Scores, score
from service.editions.views import View
from service.editions.weights import ingredients_of
from service.queries import BadQuery

ACCESS = "it says how well a service can be reached"
SUPPLY = "it says what is supplied"
ITSELF = "it is the measure itself"
RELATED = "it holds the measure, or is part of it"
# A domain of the Indices of Deprivation and what it is made from, of the indicators that can be shown.
HOLDS = {
    "income_rank": ("idaci_rank", "idaopi_rank"),
    "employment_rank": ("employment_deprived_share",),
    "education_rank": ("children_education_rank", "adult_skills_share"),
    "health_rank": ("illness_disability_ratio", "acute_morbidity", "years_of_life_lost", "mental_health_indicator"),
    "barriers_rank": ("overcrowded_share", "housing_affordability"),
}


@dataclass(frozen=True)
class NeedWithout:
    """Need of the neighbourhoods of a view, in code order.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Row numbers in the edition.
    people : array, shape (n,)
        Of the ages that the focus counts; 0 where not known.
    need, position : array, shape (n,)
        NaN = no need score.
    fifth : array of int, shape (n,)
        1 = greatest need, 0 = no need score.
    left_out : tuple of dict
        What is not in it: ``indicator``, ``name``, ``weight``, ``why``.
    """

    rows: Counts
    people: Vector
    need: Vector
    position: Vector
    fifth: Counts
    left_out: tuple[dict[str, Any], ...]


def need_without(
    edition: Edition, view: View, *, beside: Collection[str] = (), scores: Scores | None = None
) -> NeedWithout:
    """Need of a view without access and supply, and without the measures it is held against.

    Parameters
    ----------
    edition, view
        The edition, and the focus and footprint asked for.
    beside : collection of str
        Indicators that the answer is about.
    scores : Scores, optional
        Of the view, where they are at hand.

    Returns
    -------
    NeedWithout
        Position and fifth are within the footprint, as everywhere.

    Raises
    ------
    BadQuery
        If nothing of the focus is left.
    UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    scores = scores or score(edition, view)
    left_out = _left_out(edition, scores, beside)
    gone = {str(part["indicator"]) for part in left_out}
    need = scores.need_score if not gone else _without(edition, scores, gone)
    people = np.nan_to_num(scores.eligible)
    return NeedWithout(scores.rows, people, need, positions(need, people), fifths(ranks(need)), tuple(left_out))


def why_left_out(facts: dict[str, Any]) -> str:
    """Say why an indicator never stands on the side of need; nothing if it may."""
    if facts.get("kind") == "resource":
        return SUPPLY
    return ACCESS if facts.get("access") or str(facts["unit"]).startswith("minutes") else ""


def related(first: str, second: str) -> bool:
    """Tell whether one of two indicators is made from the other."""
    return second in HOLDS.get(first, ()) or first in HOLDS.get(second, ())


def _left_out(edition: Edition, scores: Scores, beside: Collection[str]) -> list[dict[str, Any]]:
    found = []
    for part in ingredients_of(edition, scores.view):
        name = str(part["indicator"])
        why = ITSELF if name in beside else why_left_out(edition.indicators[name])
        if not why and any(related(name, other) for other in beside):
            why = RELATED
        if why:
            found.append({"indicator": name, "name": part["short"], "weight": part["weight"], "why": why})
    return found


def _without(edition: Edition, scores: Scores, gone: set[str]) -> Vector:
    """Weigh the scaled indicators that stay, as every need score is."""
    view = scores.view
    kept = {str(part["indicator"]): float(part["weight"]) for part in ingredients_of(edition, view)}
    kept = {name: weight for name, weight in kept.items() if name not in gone}
    if not kept:
        said = f"Nothing is left of the need score of {view.focus!r} without the measure it is held against."
        raise BadQuery("focus", said, hint="Choose another focus.")
    scaled = edition.scaled(view.focus)
    if scaled is None:
        said = "This edition was built before need could be taken apart."
        raise BadQuery("focus", said, hint="Choose a focus without this measure, or build the place again.")
    order = [str(part["indicator"]) for part in edition.focuses[view.focus]["ingredients"]]
    chosen = np.asarray(scaled)[[order.index(name) for name in kept]][:, scores.rows]
    weight = np.array(list(kept.values()))
    need, _, _ = weighted_score(chosen.T, weight / weight.sum(), aggregate=edition.focuses[view.focus]["aggregate"])
    return np.asarray(np.where(np.isfinite(scores.eligible), need, np.nan))
