"""Ways to spend the same money, beside each other: equal per head, fixed areas, the share-out (methods M3).

What each need fifth gets, how many people get nothing, and who in need is missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector
from layers.missed_need import Reach, reach
from service.measures.missed_needs import AREAS, CORE20_DECILES, counted_among
from service.pages.wording import percent
from service.sharing.share_outs import SharedBudget


@dataclass(frozen=True)
class Design:
    """One way to spend the budget.

    Attributes
    ----------
    id, name : str
        For programs and for people.
    by_fifth : tuple of float or None
        What each need fifth gets, 1 = greatest need first; empty where no area is chosen.
    no_score : float
        What neighbourhoods without a need score get.
    top_fifth_share : float
        Share (0-1) of the budget that reaches the fifth of greatest need.
    people_with_nothing : float
        Eligible people who get nothing.
    reach : Reach or None
        Who in need is missed; None where nobody is known to be in need, or no area is chosen.
    """

    id: str
    name: str
    by_fifth: tuple[float, ...]
    no_score: float
    top_fifth_share: float
    people_with_nothing: float
    reach: Reach | None


@dataclass(frozen=True)
class _Living:
    """The neighbourhoods that are shared over: people, need fifth, people in need, and among whom they are counted."""

    people: Vector
    fifth: NDArray[np.int64]
    in_need: Vector
    same_ages: Vector


def designs(shared: SharedBudget) -> list[Design]:
    """Compare four designs on the same money.

    Returns
    -------
    list of Design
        Equal per head; the local worst fifth; the national most deprived fifth (Core20: IMD deciles 1 and 2); the
        budget as it was shared out, its amounts spread within a recipient as the rule spreads them. People in need
        are those that fit the focus's ages.
    """
    scores, edition = shared.scores, shared.edition
    counted = np.isfinite(scores.eligible)
    rows = scores.rows[counted]
    need = edition.in_need_for(shared.view.focus)[0]
    living = _Living(
        scores.eligible[counted],
        scores.need_fifth[counted],
        need[rows],
        counted_among(edition, shared.view.focus)[rows],
    )
    decile = edition.deprivation()["imd_decile"][rows]
    core20 = np.isfinite(decile) & (decile <= CORE20_DECILES)
    last = ("dial", "The dial") if shared.in_need is None else ("count", "By people in need")
    ways = [
        ("equal", "Equal per head", living.people),
        ("worst-fifth", AREAS["worst-fifth"], living.people * (living.fifth == 1)),
        ("core20", AREAS["core20"], living.people * core20),
        (last[0], f"{last[1]}, as shared out", given(shared)),
    ]
    return [_design(name, title, part, living, float(shared.share.budget)) for name, title, part in ways]


def given(shared: SharedBudget) -> Vector:
    """Give each neighbourhood its part of its recipient's amount, by people and share per head."""
    rows = shared.share.neighbourhoods
    amount = {row.code: float(row.amount) for row in shared.share.recipients}
    weight = [float(row.people * row.multiple) for row in rows]
    total = dict.fromkeys(amount, 0.0)
    for row, part in zip(rows, weight, strict=True):
        total[row.recipient] += part
    found = [amount[r.recipient] * w / total[r.recipient] if w else 0.0 for r, w in zip(rows, weight, strict=True)]
    return np.array(found)


def _design(name: str, title: str, part: Vector, living: _Living, budget: float) -> Design:
    if not part.sum() > 0:
        return Design(name, title, (), 0.0, 0.0, float(living.people.sum()), None)
    amount = budget * part / part.sum()
    by_fifth = tuple(float(amount[living.fifth == number].sum()) for number in range(1, 6))
    nothing = float(living.people[amount == 0].sum())
    no_score = float(amount[living.fifth == 0].sum())
    return Design(name, title, by_fifth, no_score, by_fifth[0] / budget, nothing, _reach(title, amount, living))


def _reach(title: str, amount: Vector, living: _Living) -> Reach | None:
    try:
        return reach(title, amount, living.in_need, living.people, same_ages=living.same_ages)
    except ValueError:  # nobody is known to be in need here
        return None


def missed_here(shared: SharedBudget) -> list[str]:
    """Say whom the share-out itself misses, as it was rounded."""
    found = designs(shared)[-1].reach
    if found is None:
        return []
    return [
        f"This share-out: {percent(found.with_nothing)} of people in need live where nothing is given, "
        f"{percent(found.under_coverage)} where the amount per head is below the average."
    ]
