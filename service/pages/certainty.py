"""How sure a rank is, and where values gather, in words: for the planner, a neighbourhood, maps and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.map_classes import borderline
from layers.rank_summaries import SURELY_IN
from service.editions.layer_figures import clusters_of
from service.editions.scoring import OWN_WEIGHTS
from service.editions.weights import ingredients_of

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

METHOD_ONLY = (
    "more than a third of the weight has no published counts, so this shows how much the rank depends on the way "
    "of scoring, not how far chance could move it"
)
AGAIN = "When the score is worked out again and again, each time with its figures moved a little,"
FEWEST = 5


def of_100(chance: float) -> str:
    """Write a chance as so many of 100; never 0 or 100 unless every draw agrees."""
    whole = round(100 * chance)
    if whole == 100 and chance < 1:
        return "over 99 in 100"
    if whole == 0 and chance > 0:
        return "under 1 in 100"
    return f"{whole} in 100"


def times_in_100(chance: float) -> str:
    """Write how often something happens: 52 times in 100."""
    words = of_100(chance)
    return words.replace(" in 100", " time in 100" if words.split()[-3] == "1" else " times in 100")


def sure_words(chance: float, certainty: str) -> str:
    """Say in a few words how sure it is that a neighbourhood is among the fifth of greatest need.

    Parameters
    ----------
    chance : float
        How often it is in the top fifth when ranks are drawn again, 0 to 1.
    certainty : str
        Its class.

    Returns
    -------
    str
        "method only" is never called likely or unlikely.
    """
    if not certainty:
        return ""
    if certainty == "method only":
        return f"method only: among the fifth of greatest need {times_in_100(chance)}"
    if certainty == "surely in":
        return f"very likely among the fifth of greatest need ({of_100(chance)})"
    if certainty == "surely out":
        return f"very unlikely to be among the fifth of greatest need ({of_100(chance)})"
    return f"borderline: it may or may not be among the fifth of greatest need ({of_100(chance)})"


def short_words(chance: float, certainty: str) -> str:
    """Say the same in a cell of a table."""
    if not certainty:
        return "–"
    short = of_100(chance).replace("over ", "> ").replace("under ", "< ")
    return f"borderline, {short}" if certainty == "borderline" else short


def certainty_notes(edition: Edition, scores: Scores) -> list[str]:
    """Say what a reader has to know about how sure the ranks of a view are."""
    if scores.view.weights:
        return [f"How sure the ranks are is {OWN_WEIGHTS}."]
    if not scores.certain:
        return ["How sure the ranks are was not worked out here."]
    if int((scores.rank > 0).sum()) < FEWEST:
        return ["There are fewer than five neighbourhoods with a score here, so there is no fifth of greatest need."]
    count = scores.certainty.count("method only")
    if not count:
        return []
    where = "everywhere here" if count == int((scores.rank > 0).sum()) else f"in {count:,} neighbourhoods"
    return [f"Method only {where}: {METHOD_ONLY}."]


def certainty_summary(edition: Edition, scores: Scores) -> dict[str, Any]:
    """Sum up for the planner how sure the ranks of a view are.

    Returns
    -------
    dict
        ``sentence``, empty where it is not known, and ``notes``.
    """
    notes = certainty_notes(edition, scores)
    chance = scores.top_fifth_chance
    if not np.isfinite(chance).any():
        return {"sentence": "", "notes": notes}
    inside, doubtful = int((chance >= SURELY_IN).sum()), int(borderline(chance).sum())
    fifth = int((scores.need_fifth == 1).sum())
    sentence = (
        f"The fifth of greatest need has {fifth:,} neighbourhoods here. When the score is worked out 2,000 times with "
        f"its counts, weights and method moved a little, {inside:,} "
        f"neighbourhood{' is' if inside == 1 else 's are'} in it at least 90 times in 100. "
        f"{doubtful:,} neighbourhood{'' if doubtful == 1 else 's'} may or may not be: 10 to 90 times in 100."
    )
    return {"sentence": sentence, "notes": notes}


def rank_words(edition: Edition, scores: Scores, item: int) -> dict[str, Any]:
    """Say for one neighbourhood how sure its rank is.

    Returns
    -------
    dict
        ``sentence`` and ``note``; both may be empty.
    """
    notes = certainty_notes(edition, scores)
    low, high = int(scores.rank_low[item]), int(scores.rank_high[item])
    if not low:
        return {"sentence": "", "note": " ".join(notes)}
    chance, certainty = float(scores.top_fifth_chance[item]), scores.certainty[item]
    span = f"at rank {low:,}" if low == high else f"between rank {low:,} and rank {high:,}"
    within = scores.view.within
    span += f" in {edition.footprint(within)['name']}" if within else ""
    known = f" It is {sure_words(chance, certainty)}." if certainty and certainty != "method only" else ""
    if certainty == "method only":
        known = f" It is among the fifth of greatest need {times_in_100(chance)}."
    note = f"Method only: {METHOD_ONLY}." if certainty == "method only" else "" if known else " ".join(notes)
    return {"sentence": f"{AGAIN} it lies {span} 9 times in 10.{known}", "note": note}


def rank_movers(edition: Edition, scores: Scores, row: int) -> list[dict[str, Any]]:
    """List what moves a neighbourhood's rank in the whole place: its change when each indicator is left out.

    Parameters
    ----------
    edition, scores
        The edition and its scores for the view.
    row : int
        The neighbourhood's row in the edition.

    Returns
    -------
    list of dict
        ``name``, ``change`` (above 0: without it the rank would be worse, so it lifts the neighbourhood towards
        greater need) and ``words``, the largest change first. Empty for weights of a reader's own and where it
        is not known.
    """
    changes = None if scores.view.weights else edition.rank_changes(scores.view.focus)
    if changes is None:
        return []
    found = []
    for entry, change in zip(ingredients_of(edition, scores.view), np.asarray(changes)[:, row].tolist(), strict=True):
        if change == change:
            facts = edition.indicators[entry["indicator"]]
            name = str(facts.get("short") or facts["name"])
            found.append(
                {"indicator": entry["indicator"], "name": name, "change": int(change), "words": _change(int(change))}
            )
    return sorted(found, key=lambda each: -abs(each["change"]))


def _change(change: int) -> str:
    if not change:
        return "the rank would stay"
    step = "place" if abs(change) == 1 else "places"
    way = "further from" if change > 0 else "nearer to"
    return f"{abs(change):,} {step} {way} the greatest need"


def cluster_notes(edition: Edition, view: View) -> list[str]:
    """Say what a reader has to know about the clusters that a view shows."""
    name, found = clusters_of(edition, view)
    if found is None:
        why = f"clusters of the score are {OWN_WEIGHTS}" if view.weights else edition.clusters_missing(name)
        return [f"There are no clusters to show: {why}."]
    islands = len(edition.islands())
    joined = f"{islands:,} touch{'es' if islands == 1 else ''} no other and {'was' if islands == 1 else 'were'} joined "
    notes = ["Found in the whole place; neighbours touch at an edge or a corner."]
    return [*notes, f"{joined}to the nearest."] if islands else notes
