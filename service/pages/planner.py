"""What the planner shows: the dial in this place's own numbers, the ranked table, evidence, downloads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from layers.gradient import multiples
from service.editions.weights import ingredients_of
from service.embeds.addresses import builder_address
from service.pages.certainty import certainty_summary
from service.pages.focus_facts import focus_facts
from service.pages.ranked_table import TableRequest, question, ranked_table
from service.pages.take_away import downloads_of
from service.pages.wording import STRENGTH_WORDS, ages_words, each_words, percent

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

MOST_COUNCILS = 40
COMPARED = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
BAR_PER_AVERAGE = 100.0  # a share of 1.00 is half of the bar's 200 units; the dial's end, 1.90, still fits
POUNDS_A_HEAD = 10.0
FIFTHS = ("Fifth 1: greatest need", "Fifth 2", "Fifth 3", "Fifth 4", "Fifth 5: least need")
FOOTPRINT_KINDS = {"team": "Team areas", "lad": "Councils", "ward": "Wards", "msoa": "MSOAs (groups of neighbourhoods)"}
NOT_FOR = (
    "judge, choose or contact any one person or family: it describes a place",
    "say that one neighbourhood is “twice as deprived” as another",
    "show change over time: other places move too",
    "split neighbours with almost the same score: look at the need fifth and the reasons",
)


def planner(edition: Edition, scores: Scores, view: View, table: TableRequest, *, public_url: str) -> dict[str, Any]:
    """Gather everything the planner page shows of one view.

    Parameters
    ----------
    edition, scores, view
        The edition, its scores for the view, and the view.
    table : TableRequest
        Order, text to find and page of the ranked table.
    public_url : str
        The site's address for the share link, without a closing slash; may be empty.

    Returns
    -------
    dict
        For ``planner.html``.
    """
    focus = focus_words(edition, view)
    query = question(view.query())
    return {
        "heading": f"Where to focus in {area_name(edition, view)}",
        "lead": focus["question"],
        "area_name": area_name(edition, view),
        "address": f"/places/{view.place}{query}",
        "focuses": [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()],
        "focus": focus,
        "footprints": footprint_choices(edition, view),
        "dial": dial_words(scores, view),
        "eligible_total": float(np.nansum(scores.eligible)),
        "table": ranked_table(edition, scores, view, table),
        "hidden_fields": parse_qsl(view.query()),
        "downloads": downloads_of(view, "targeting"),
        "share_out_address": f"/places/{view.place}/share-out{query}",
        "access_address": f"/places/{view.place}/access{query}" if edition.services() else "",
        "siting_address": f"/places/{view.place}/siting{query}" if edition.services() else "",
        "share_link": f"{public_url}/places/{view.place}{query}",
        "picture_address": f"/pictures/{view.place}/targeting.svg{query}",
        "embed_address": builder_address(view),
        "pixels_address": f"/pictures/{view.place}/targeting.png{query}",
        "not_for": NOT_FOR,
        "sure": certainty_summary(edition, scores),
        "weights": weights_words(edition, view),
        "own_weights": bool(view.weights),
        "usual_weights_address": f"/places/{view.place}{question(view.but(weights='').query())}",
        "facts": focus_facts(edition, view.focus),
        "map_addresses": {layer: f"/maps/{view.place}/{layer}{query}" for layer in ("certainty", "clusters")},
        "summaries": summaries(edition, view.within),
    }


def summaries(edition: Edition, within: str = "") -> list[dict[str, Any]]:
    """List the five summaries of deprivation for the footprint, the place and, if they are few, its councils."""
    councils = {f"lad:{item['code']}": str(item["name"]) for item in edition.footprints("lad")}
    shown = {within: str(edition.footprint(within)["name"])} if within else {}
    shown |= {"": f"All of {edition.place['name']}"} | (councils if 1 < len(councils) <= MOST_COUNCILS else {})
    found = ((name, edition.summary(footprint)) for footprint, name in shown.items())
    return [{"name": name, **summary} for name, summary in found if summary is not None]


def area_name(edition: Edition, view: View) -> str:
    """Name the footprint of a view, or the place."""
    return str(edition.footprint(view.within)["name"] if view.within else edition.place["name"])


def weights_words(edition: Edition, view: View) -> str:
    """Write the weights of a view as an address takes them, for a reader to change."""
    return view.weights or ",".join(f"{part['indicator']}:{part['weight']}" for part in ingredients_of(edition, view))


def focus_words(edition: Edition, view: View) -> dict[str, Any]:
    """Say what a focus is made of, how strong it is and how old its figures are."""
    facts = edition.focuses[view.focus]
    parts = ingredients_of(edition, view)
    measured = sum(part["weight"] for part in parts if part["grade"] == "measured" and part.get("used", True))
    total = sum(part["weight"] for part in parts if part.get("used", True))
    place = edition.place["name"]
    over_england = facts.get("reference") == "England"
    return {
        "title": facts["title"],
        "question": facts.get("question", ""),
        "strength": facts["strength"],
        "strength_words": " ".join(filter(None, (STRENGTH_WORDS[facts["strength"]], facts.get("strength_why", "")))),
        "measured_pct": 100 * (measured / total if view.weights and total else facts["measured_share"]),
        "oldest": facts["oldest"],
        "newest": facts["newest"],
        "reference_words": "All neighbourhoods of England" if over_england else f"The neighbourhoods of {place} only",
        "ages_words": ages_words(facts.get("ages")),
        "each_words": each_words(facts.get("ages")),
        "ingredients": [{**part, "weight_words": percent(part["weight"], 1)} for part in parts],
    }


def footprint_choices(edition: Edition, view: View) -> list[dict[str, Any]]:
    """List the areas a reader may choose, by kind; in a very large place councils only."""
    groups = []
    for kind, title in FOOTPRINT_KINDS.items():
        options: list[dict[str, Any]] = [
            {"value": f"{kind}:{item['name'] if kind == 'team' else item['code']}", **item}
            for item in _offered(edition, view, kind)
        ]
        if options and not (kind == "lad" and len(options) == 1):
            groups.append({"title": title, "options": options})
    for name, entries in edition.own.sets.items():
        options = [{"value": f"team:{item['code']}", **item} for item in entries]
        groups.append({"title": edition.own.title(name), "options": options})
    return groups


def _offered(edition: Edition, view: View, kind: str) -> list[dict[str, Any]]:
    """List the footprints of a kind; of the thousands of small ones in a very large place the chosen one alone."""
    if kind not in ("ward", "msoa") or not edition.large:
        return edition.footprints(kind)
    if not view.within.startswith(f"{kind}:"):
        return []
    return [item for item in edition.footprints(kind) if f"{kind}:{item['code']}" == view.within]


def dial_words(scores: Scores, view: View) -> dict[str, Any] | None:
    """Say what the dial means here: smallest and largest share per head, and the mean of each need fifth.

    Returns
    -------
    dict or None
        None where nothing here has a need score. Positions are given too, so that the page's script
        can say the same at another setting.
    """
    position, people = scores.need_position, scores.eligible
    scored = np.isfinite(position) & (people > 0)
    if not scored.any():
        return None
    ends = np.array([position[scored].min(), position[scored].max()])
    least, most = (float(end) for end in multiples(ends, view.rho))
    fifths = _fifth_positions(scores, scored)
    return {
        "least_position": float(ends[0]),
        "most_position": float(ends[1]),
        "least": least,
        "most": most,
        "ratio": most / least,
        "pounds_low": POUNDS_A_HEAD * least,
        "pounds_high": POUNDS_A_HEAD * most,
        "fifths": [
            {
                "label": FIFTHS[number - 1],
                "position": mean,
                "multiple": float(multiples(np.array([mean]), view.rho)[0]),
                "width": round(BAR_PER_AVERAGE * float(multiples(np.array([mean]), view.rho)[0]), 1),
            }
            for number, mean, _ in fifths
        ],
        "settings": [_setting(ends, fifths, rho, view) for rho in sorted({*COMPARED, view.rho})],
    }


def _fifth_positions(scores: Scores, scored: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
    """Give number, mean position and share of people of each need fifth that has people."""
    everyone = float(scores.eligible[scored].sum())
    found = []
    for number in range(1, 6):
        inside = scored & (scores.need_fifth == number)
        people = float(scores.eligible[inside].sum())
        if people > 0:
            mean = float(np.average(scores.need_position[inside], weights=scores.eligible[inside]))
            found.append((number, mean, people / everyone))
    return found


def _setting(
    ends: NDArray[np.float64], fifths: list[tuple[int, float, float]], rho: float, view: View
) -> dict[str, Any]:
    least, most = (float(end) for end in multiples(ends, rho))
    number, mean, share = fifths[0]
    top_share = share * float(multiples(np.array([mean]), rho)[0]) if number == 1 else math.nan
    return {
        "rho": rho,
        "current": rho == view.rho,
        "href": f"/places/{view.place}" + question(view.but(rho=rho).query()),
        "least": least,
        "most": most,
        "ratio": most / least,
        "top_share_pct": 100 * top_share,
    }
