"""The numbers of people by which a budget can be shared in the count form (methods M1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from layers.disclosure import STAND_IN
from layers.gradient import Vector
from service.editions.edition import Edition
from service.editions.people import IN_NEED_KINDS
from service.pages.wording import lower_first
from service.queries import BadQuery

IN_NEED_TITLES = {
    "income": "people in income deprivation",
    "idaci": "children in income deprivation",
    "idaopi": "older people in income deprivation",
}


class PeopleInNeed(NamedTuple):
    """People in need of every neighbourhood of the place, NaN = not known; and what they are called.

    ``hidden`` tells where a protected count is not shown and the stand-in is used.
    """

    name: str
    title: str
    people: Vector
    hidden: NDArray[np.bool_] | None = None


def count_choices(edition: Edition) -> list[tuple[str, str]]:
    """List by whom a budget can be shared here: name and title, those of the Indices of Deprivation first."""
    held = [(kind, IN_NEED_TITLES[kind]) for kind in IN_NEED_KINDS if np.isfinite(edition.in_need(kind)).any()]
    counted = [
        (name, lower_first(str(facts["name"])))
        for name, facts in edition.indicators.items()
        if int(facts.get("polarity", 1)) > 0 and edition.indicator_counts(name) is not None
    ]
    return held + counted


def check_counts(edition: Edition, name: str) -> dict[str, str]:
    """Refuse the name of a count that is not among the `count_choices`; give their titles by name.

    Raises
    ------
    BadQuery
        If there is no such count, or it has no figures here.
    """
    titles = dict(count_choices(edition))
    if name not in titles:
        known = ", ".join(titles) or "none"
        raise BadQuery("counts", f"counts is {name[:64]!r}.", hint=f"People are counted here by: {known}.")
    return titles


def people_in_need(edition: Edition, focus: str, name: str) -> PeopleInNeed:
    """Return the people counted.

    Parameters
    ----------
    edition : Edition
        An open edition.
    focus : str
        For whom the service is, where no count is named.
    name : str
        ``income``, ``idaci``, ``idaopi`` or an indicator with counts; empty for those that fit the focus's ages.

    Raises
    ------
    BadQuery
        If there is no such count, or it has no figures here.
    """
    if not name:
        people, name = edition.in_need_for(focus)
        return PeopleInNeed(name, IN_NEED_TITLES[name], people)
    titles = check_counts(edition, name)
    if name in IN_NEED_KINDS:
        return PeopleInNeed(name, titles[name], edition.in_need(name))
    counts = edition.indicator_counts(name)
    assert counts is not None
    if not edition.indicators[name].get("protection"):
        return PeopleInNeed(name, titles[name], counts[0])
    hidden = edition.own.hidden_counts(name)
    return PeopleInNeed(name, titles[name], np.where(hidden, STAND_IN, counts[0]), hidden)
