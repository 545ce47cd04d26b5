"""Three ways to spend the same money, beside each other: equal per head, fixed areas, the dial (methods M3).

Who in need is missed needs a count of people in need, which an edition does not hold; here stands what each need
fifth gets, and how many people get nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector
from service.share_outs import SharedBudget

CORE20_DECILES = 2


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
    """

    id: str
    name: str
    by_fifth: tuple[float, ...]
    no_score: float
    top_fifth_share: float
    people_with_nothing: float


def designs(shared: SharedBudget) -> list[Design]:
    """Compare what each need fifth gets under four designs on the same money.

    Returns
    -------
    list of Design
        Equal per head; the local worst fifth; the national most deprived fifth (Core20: IMD deciles 1 and 2); the
        dial as it was shared out, its amounts spread within a recipient as the dial spreads them.
    """
    scores = shared.scores
    counted = np.isfinite(scores.eligible)
    people, fifth = scores.eligible[counted], scores.need_fifth[counted]
    decile = shared.edition.deprivation()["imd_decile"][scores.rows[counted]]
    core20 = np.isfinite(decile) & (decile <= CORE20_DECILES)
    ways = [
        ("equal", "Equal per head", people),
        ("worst-fifth", "Only the local fifth of greatest need", people * (fifth == 1)),
        ("core20", "Only the national most deprived fifth (Core20)", people * core20),
        ("dial", "The dial, as shared out", _given(shared)),
    ]
    return [_design(name, title, part, people, fifth, float(shared.share.budget)) for name, title, part in ways]


def _given(shared: SharedBudget) -> Vector:
    """Give each neighbourhood its part of its recipient's amount, by people and share per head."""
    rows = shared.share.neighbourhoods
    amount = {row.code: float(row.amount) for row in shared.share.recipients}
    weight = [float(row.people * row.multiple) for row in rows]
    total = dict.fromkeys(amount, 0.0)
    for row, part in zip(rows, weight, strict=True):
        total[row.recipient] += part
    given = [amount[r.recipient] * w / total[r.recipient] if w else 0.0 for r, w in zip(rows, weight, strict=True)]
    return np.array(given)


def _design(name: str, title: str, part: Vector, people: Vector, fifth: NDArray[np.int64], budget: float) -> Design:
    if not part.sum() > 0:
        return Design(name, title, (), 0.0, 0.0, float(people.sum()))
    amount = budget * part / part.sum()
    by_fifth = tuple(float(amount[fifth == number].sum()) for number in range(1, 6))
    nothing = float(people[amount == 0].sum())
    return Design(name, title, by_fifth, float(amount[fifth == 0].sum()), by_fifth[0] / budget, nothing)
