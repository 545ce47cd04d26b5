"""Who is missed: three ways of spending the same money, and what each leaves out (methods M3).

Equal per head, fixed priority areas, and the dial. Within a neighbourhood money is taken to be spread evenly over
its people, since nobody is picked out: places are deprived, people are not. Plain arrays, no tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.gradient import DECIMALS, Vector

DESIGNS = ("equal per head", "fixed areas", "dial")
SAME = 10.0**-DECIMALS  # multiples come rounded to so many decimals; the average itself is not below average


@dataclass(frozen=True)
class Reach:
    """What one way of spending reaches, over the neighbourhoods whose people in need are known.

    Attributes
    ----------
    design : str
        Its name.
    under_coverage : float
        Share (0-1) of people in need where the amount per head is below the average. For fixed areas: outside them.
    with_nothing : float
        Share (0-1) of people in need where nothing is given at all.
    leakage : float or None
        Share (0-1) of the money that reaches people not in need; None if no money is given there. Both are None
        where people of the same ages are not known.
    per_person_in_need : float or None
        Money that reaches a person in need on average, in the budget's measure.
    money_not_judged : float
        Share (0-1) of the money given where the people in need are not known.
    """

    design: str
    under_coverage: float
    with_nothing: float
    leakage: float | None
    per_person_in_need: float | None
    money_not_judged: float


@dataclass(frozen=True)
class MissedNeed:
    """Three designs on the same money.

    Attributes
    ----------
    designs : tuple of Reach
        Equal per head, fixed areas, dial.
    people_in_need, people : float
        Of the neighbourhoods that were judged.
    neighbourhoods_not_known, people_not_known : int, float
        Where the people in need are missing, and who lives there: left out of every share but `money_not_judged`.
    notes : tuple of str
        What has to be said wherever the result is shown.
    """

    designs: tuple[Reach, ...]
    people_in_need: float
    people: float
    neighbourhoods_not_known: int
    people_not_known: float
    notes: tuple[str, ...]


def missed_need(
    people_in_need: Vector,
    people: Vector,
    *,
    areas: NDArray[np.bool_],
    targeting_score: Vector,
    budget: float = 1.0,
    same_ages: Vector | None = None,
) -> MissedNeed:
    """Compare equal per head, fixed areas and the dial on the same money.

    Parameters
    ----------
    people_in_need : array, shape (n,)
        Persons, rounded to 5 as published; NaN = missing, never zero.
    people : array, shape (n,)
        Persons who are served, zero or more: the money is shared over them.
    areas : array of bool, shape (n,)
        The priority areas, such as the national Core20 or the place's worst need fifth.
    targeting_score : array, shape (n,)
        Per head as a multiple of the average, from `layers.targeting`; the dial.
    budget : float
        The money, above 0.
    same_ages : array, shape (n,), optional
        Persons of the ages that people in need are counted among, where those served are of other ages; NaN = not
        known, and then what reaches people in need is not known either.

    Returns
    -------
    MissedNeed

    Raises
    ------
    ValueError
        If lengths differ, people or scores are missing or negative, nobody is in need, or more people are in need
        than there are.

    References
    ----------
    Under-coverage and leakage as in the targeting of social programmes (Coady, Grosh and Hoddinott 2004): methods M3.
    """
    need, living, score = (np.asarray(v, dtype=float) for v in (people_in_need, people, targeting_score))
    chosen = np.asarray(areas)
    among = living if same_ages is None else np.asarray(same_ages, dtype=float)
    _check(need, living, score, chosen, budget, among)
    inside = living * chosen
    spent = [living, inside, living * score]
    amounts = [budget * part / part.sum() if part.sum() > 0 else np.zeros(len(part)) for part in spent]
    known = np.isfinite(need)
    return MissedNeed(
        tuple(
            reach(name, amount, need, living, same_ages=among) for name, amount in zip(DESIGNS, amounts, strict=True)
        ),
        float(need[known].sum()),
        float(living[known].sum()),
        int((~known).sum()),
        float(living[~known].sum()),
        tuple(_notes(need, among, inside)),
    )


def reach(
    design: str, amount: Vector, people_in_need: Vector, people: Vector, *, same_ages: Vector | None = None
) -> Reach:
    """Judge one way of spending, such as the amounts of a share-out after rounding.

    Parameters
    ----------
    design : str
        Its name.
    amount : array, shape (n,)
        What each neighbourhood gets, zero or more.
    people_in_need, people, same_ages : array, shape (n,)
        As for `missed_need`; people in need NaN = missing.

    Returns
    -------
    Reach
        Where more people are in need than live there (rounding, other ages) all of them count as in need.

    Raises
    ------
    ValueError
        If nobody is in need, or an amount is missing or negative.

    References
    ----------
    Methods M3.
    """
    _refuse("amount", amount, ~(np.isfinite(amount) & (amount >= 0)), "zero or more")
    among = people if same_ages is None else same_ages
    known = np.isfinite(people_in_need) & ~(among <= 0)
    needy, living, given, whole = (each[known] for each in (people_in_need, people, amount, among))
    if not needy.sum() > 0:
        raise ValueError("nobody is in need in these neighbourhoods; a share of them needs somebody")
    total, average = float(amount.sum()), amount.sum() / people.sum()
    low = given < living * average * (1 - SAME)
    hit = float((given * np.minimum(needy / whole, 1)).sum())
    judged = math.isfinite(hit)
    return Reach(
        design,
        float(needy[low | (given == 0)].sum() / needy.sum()),
        float(needy[given == 0].sum() / needy.sum()),
        float(1 - hit / given.sum()) if judged and given.sum() > 0 else None,
        float(hit / needy.sum()) if judged else None,
        1 - float(given.sum()) / total if total > 0 else 0.0,
    )


def _check(
    need: Vector, people: Vector, score: Vector, areas: NDArray[np.generic], budget: float, among: Vector
) -> None:
    if not need.shape == people.shape == score.shape == areas.shape == among.shape:
        shapes = [array.shape for array in (need, people, score, areas)]
        raise ValueError(f"people in need, people, scores and areas have shapes {shapes}; expected the same")
    if areas.dtype != np.bool_:
        raise ValueError(f"areas are {areas.dtype}; expected true or false for each neighbourhood")
    if not (np.isfinite(budget) and budget > 0):
        raise ValueError(f"the budget is {budget}; expected a number above 0")
    _refuse("people", people, ~(np.isfinite(people) & (people >= 0)), "zero or more")
    _refuse("people in need", need, (need < 0) | np.isinf(need), "zero or more, or missing")
    _refuse("people in need", need, (need > 0) & (among == 0), "none where nobody lives")
    _refuse("targeting score", score, ~(np.isfinite(score) & (score > 0)), "a number above 0")
    known = np.isfinite(need)
    all_of_them = float(among[known].sum())
    if not need[known].sum() > 0 or need[known].sum() > all_of_them:
        raise ValueError(f"{need[known].sum():g} of {all_of_them:g} people are in need; expected some, and at most all")


def _refuse(what: str, values: Vector, bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{what} in row {first + 1} is {values[first]:g}; expected {expected}")


def _notes(need: Vector, people: Vector, inside: Vector) -> Sequence[str]:
    notes = ["People in need are rounded to 5. Places are deprived, people are not."]
    missing, above = int(np.isnan(need).sum()), int((need > people).sum())
    if missing:
        notes.append(f"Neighbourhoods where people in need are not known: {missing:,}. Left out, not counted as 0.")
    if above:
        notes.append(
            f"Neighbourhoods with more people in need than people: {above:,}. Everyone there counts as in need."
        )
    if not inside.any():
        notes.append("Nobody lives in the fixed areas: that design spends nothing here.")
    return notes
