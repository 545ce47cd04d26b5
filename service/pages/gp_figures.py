"""Words beside figures that were carried over from GP practices: how far they stand for who lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.coverage import flagged, hidden
from service.pages.wording import fixed, people

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

SMOOTHED = "Every neighbourhood is pulled towards the mean of its practices, so real differences are larger than shown."


def carried_in(edition: Edition, indicators: list[str]) -> bool:
    """Whether any of the indicators was carried over from GP practices."""
    return any(edition.indicators[name]["grade"] == "apportioned" for name in indicators)


def gp_words(edition: Edition, view: View, row: int) -> str:
    """Say of one neighbourhood what its GP figures rest on; empty where its focus has none."""
    lists = edition.registration
    names = [entry["indicator"] for entry in edition.focuses[view.focus]["ingredients"]]
    if lists is None or not carried_in(edition, names):
        return ""
    coverage = float(lists.coverage[row])
    if hidden(np.array([coverage]))[0]:
        return f"{lists.note(row)}."
    care = ", so read them with care" if lists.note(row) else ""
    mixed = fixed(float(lists.effective_practices[row]), 1)
    return (
        f"The figures from GP practices are carried over to where patients live: {fixed(100 * coverage, 1)} are "
        f"registered for every 100 residents{care}, spread as if over {mixed} practices of equal size. {SMOOTHED}"
    )


def gp_place_words(edition: Edition) -> list[str]:
    """Account for a place: whose patients its GP figures rest on, and where they are hidden or doubtful."""
    lists = edition.registration
    if lists is None:
        return ["No list of registered patients is held, so no figure from GP practices is shown."]
    count, name = lists.lists, edition.place["name"]
    elsewhere = count["all"] - count["inside"]
    away, doubtful = hidden(lists.coverage), flagged(lists.coverage)
    words = [
        f"Carried over from {count['practices']:,.0f} practices that have any patient in {name}. Of the "
        f"{people(count['all'])} on their lists {people(count['inside'])} live here and {people(elsewhere)} elsewhere "
        f"({people(count['without_area'])} of them without a known area).",
        SMOOTHED,
    ]
    if away.any():
        words.append(
            f"Hidden in {int(away.sum()):,} neighbourhoods, where fewer than 50 in 100 residents are registered."
        )
    if (doubtful & ~away).any():
        words.append(
            f"Doubtful in {int((doubtful & ~away).sum()):,}, where fewer than 75 or more than 125 patients are "
            "registered for every 100 residents: lists keep people who have moved, and censuses miss others."
        )
    return words
