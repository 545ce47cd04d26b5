"""The part of a neighbourhood's page on places of the same need that do better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.measures.similar_neighbourhoods import ALIKE, OutcomeHere, doing_better
from service.pages.ranked_table import question
from service.pages.wording import value_words

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View


def better_part(edition: Edition, view: View, row: int) -> dict[str, Any]:
    """Gather what ``parts/doing_better.html`` shows.

    Returns
    -------
    dict
        ``outcomes``: those with a neighbourhood that does better, or that this one does well in; ``none``: the names
        of the rest.
    """
    found = doing_better(edition, view, row)
    shown = [each for each in found if each.better or each.deviant]
    return {
        "known": bool(found),
        "alike": ALIKE,
        "outcomes": [_outcome(view, each) for each in shown],
        "none": [str(each.facts["name"]) for each in found if each not in shown],
    }


def _outcome(view: View, found: OutcomeHere) -> dict[str, Any]:
    facts = found.facts
    return {
        "name": facts["name"],
        "period": facts["period"],
        "value": value_words(facts, found.value),
        "limits": f"{value_words(facts, found.lower)} to {value_words(facts, found.upper)}",
        "expected": value_words(facts, found.expected),
        "deviant": found.deviant,
        "better": [
            {
                "name": other.name,
                "value": value_words(facts, other.value),
                "href": f"/places/{view.place}/neighbourhoods/{other.code}" + question(view.but(within="").query()),
            }
            for other in found.better
        ],
    }
