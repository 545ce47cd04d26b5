"""Whom a plan counts: residents, the ages of a focus, or these times the targeting score; and people still to come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.gradient import Vector
from service.editions.edition import Edition
from service.editions.scoring import Scores
from service.editions.views import View, dial_text
from service.queries import BadQuery
from service.siting.requests import SitingRequest

EVERYBODY = "all residents"


@dataclass(frozen=True)
class Counted:
    """Who lives where, for a plan.

    Attributes
    ----------
    people : array, shape (n,)
        Persons, with those who are still to come; NaN = not known.
    demand : array, shape (n,)
        What the plan weighs: persons, or persons times the targeting score.
    words : str
        Who they are.
    notes : tuple of str
        What was put in place of something that is not known.
    """

    people: Vector
    demand: Vector
    words: str
    notes: tuple[str, ...] = ()


def counted(edition: Edition, view: View, request: SitingRequest, scores: Scores) -> Counted:
    """Count the people of a view as a request wants them counted.

    Parameters
    ----------
    edition, view, request
        The edition, the area and focus, and what is asked.
    scores : Scores
        Of the view.

    Returns
    -------
    Counted

    Raises
    ------
    BadQuery
        If people are added to a neighbourhood that the area does not have.
    """
    everyone = request.demand == "people"
    people = edition.population()[scores.rows] if everyone else scores.eligible
    people = np.asarray(people, dtype=np.float64) + _added(edition, view, request, scores)
    words = EVERYBODY if everyone else _ages(edition, view)
    notes = () if everyone else _all_ages(edition, view, request.service)
    added = sum(number for _, number in request.growth)
    if added:
        words += f", and {added:,.0f} people who are still to come"
    if request.demand != "targeting":
        return Counted(people, people, words, notes)
    return _weighed(people, words, view, scores, notes)


def _weighed(people: Vector, words: str, view: View, scores: Scores, notes: tuple[str, ...]) -> Counted:
    """Count people more where need is greater; a neighbourhood without a need score counts at the average."""
    unknown = ~np.isfinite(scores.targeting_score)
    demand = people * np.where(unknown, 1.0, scores.targeting_score)
    said = f"{words}, counted more where need is greater (dial {dial_text(view.rho)})"
    missing = int((unknown & (people > 0)).sum())
    if missing:
        notes += (f"{missing:,} neighbourhoods have no need score: their people count at the average.",)
    return Counted(people, demand, said, notes)


def _ages(edition: Edition, view: View) -> str:
    """Say in words which ages a focus counts."""
    ages = ages_of(edition, view.focus)
    return _aged(ages) if ages else f"{EVERYBODY} (the focus “{edition.focuses[view.focus]['title']}” is for all ages)"


def ages_of(edition: Edition, focus: str) -> tuple[int, int] | None:
    """Give the ages that a focus counts; None for all."""
    ages = edition.focuses[focus].get("ages")
    return (int(ages[0]), int(ages[1])) if ages else None


def _all_ages(edition: Edition, view: View, service: str) -> tuple[str, ...]:
    """Say that everybody is counted where the ages of a focus were asked for that has none."""
    if ages_of(edition, view.focus):
        return ()
    said = f"The focus “{edition.focuses[view.focus]['title']}” is for all ages, so everybody is counted."
    usual = edition.usual_focus(service)
    ages = ages_of(edition, usual)
    if ages:
        said += f" The focus “{edition.focuses[usual]['title']}” counts {_aged(ages)}."
    return (said,)


def _aged(ages: tuple[int, int]) -> str:
    """Name people of some ages."""
    youngest, oldest = ages
    if youngest == 0:
        return f"children aged 0 to {oldest}" if oldest < 18 else f"residents aged up to {oldest}"
    return f"residents aged {youngest} and over" if oldest >= 90 else f"residents aged {youngest} to {oldest}"


def _added(edition: Edition, view: View, request: SitingRequest, scores: Scores) -> Vector:
    """People added to each neighbourhood of the view."""
    added = np.zeros(len(scores.rows))
    place = {code: number for number, code in enumerate(edition.codes[scores.rows].tolist())}
    for code, people in request.growth:
        if code not in place:
            said = f"People are added to {code}, which is no neighbourhood of {view.within or edition.place['name']}."
            raise BadQuery("growth", said, hint="Give 2021 codes of neighbourhoods in the area that is looked at.")
        added[place[code]] += people
    return added
