"""What the page of one indicator shows: what it is, how it differs in a place, which focuses use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geodata.errors import UnknownFocus
from service.editions.views import DEFAULT_FOCUS, View
from service.measures.series import areas_with
from service.pages.gp_figures import gp_place_words
from service.pages.inequality import inequality_part
from service.pages.proportionality import proportionality_part
from service.pages.wording import fixed, is_share, lower_first, percent, unit_words, value_words
from service.queries import read_name, read_within

if TYPE_CHECKING:
    from service.editions.edition import Edition

GRADES = {
    "measured": "measured for each neighbourhood",
    "apportioned": "carried over from GP practices by where their patients live",
    "modelled": "worked out by a model",
    "imputed": "filled in where it was missing",
}
CHART_WIDTH, CHART_HEIGHT, BASE, TOP = 640, 220, 190, 24
BAR_SHARE = 0.82
MOST_BARS = 12
RELATED = {
    "overcrowded_share": "household_overcrowding",
    "employment_deprived_share": "unemployment",
    "employment_rank": "unemployment",
    "disabled_share": "disability",
    "idaci_rank": "child_poverty",
    "income_rank": "child_poverty",
    "children_education_rank": "pupil_attainment",
    "years_of_life_lost": "avoidable_mortality",
    "health_rank": "life_expectancy",
    "mental_health_indicator": "anxiety",
}


def indicator_view(edition: Edition, focus: str, within: str) -> View:
    """Read the view of an indicator's page: whose need it is held against, and where.

    Raises
    ------
    BadQuery, UnknownFocus, UnknownFootprint
        If they cannot be read, or the edition does not have them.
    """
    chosen = read_name("focus", focus) or DEFAULT_FOCUS
    if chosen not in edition.focuses:
        raise UnknownFocus(f"No focus {chosen!r} here; choose one of {', '.join(sorted(edition.focuses))}.")
    if read_within(within):
        edition.footprint(within)
    return View(edition.place["id"], chosen, within=within)


def indicator_page(edition: Edition, name: str, view: View) -> dict[str, Any]:
    """Gather everything the page of one indicator shows.

    Parameters
    ----------
    edition : Edition
        The place it is shown for.
    name : str
        Id of the indicator, known to the edition.
    view : View
        Focus and footprint that it is held against need in.

    Returns
    -------
    dict
        For ``indicator.html``.
    """
    facts = edition.indicators[name]
    return {
        "indicator": {
            "id": name,
            "name": facts["name"],
            "not_for": facts["not_for"],
            "not_for_words": "for this: " + lower_first(facts["not_for"]),
            "unit_title": unit_words(facts["unit"])[:1].upper() + unit_words(facts["unit"])[1:],
        },
        "facts": _facts(edition, facts),
        "gp_words": gp_place_words(edition) if facts["grade"] == "apportioned" and not facts.get("own") else [],
        "spread": spread(edition, name),
        "inequality": inequality_part(edition, view, name),
        "proportionality": proportionality_part(edition, name),
        "over_time": _over_time(edition, name),
        "uses": [
            {"id": focus, "title": part["title"], "weight_words": percent(entry["weight"], 1), **_why(entry)}
            for focus, part in edition.focuses.items()
            for entry in part["ingredients"]
            if entry["indicator"] == name
        ],
    }


def _over_time(edition: Edition, name: str) -> dict[str, str] | None:
    """Lead to a related figure over time, which is known for whole councils only."""
    related = RELATED.get(name)
    variables = {str(part["id"]): part for part in edition.context()["variables"]}
    if related is None or related not in variables or not areas_with(edition, related):
        return None
    part = variables[related]
    source = next((entry["title"] for entry in edition.sources if entry["id"] == part["source"]), part["source"])
    return {
        "href": f"/indicators/{related}?place={edition.place['id']}",
        "text": str(part["name"]),
        "differs": f"It is another measure ({part['unit']}, {source}): its figures need not agree with those here.",
    }


def _why(entry: dict[str, Any]) -> dict[str, str]:
    return {"justification": str(entry["justification"])}


def _source_words(edition: Edition, name: str) -> str:
    """Name a source, its publisher and its edition."""
    source = next((part for part in edition.sources if part["id"] == name), None)
    if source is None:
        return name
    dated = f", edition {source['edition']}" if source["edition"] else ""
    return f"{source['title']}, {source['publisher']}{dated}"


def _facts(edition: Edition, facts: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        ("What it says", facts["about"]),
        ("Unit", unit_words(facts["unit"])[:1].upper() + unit_words(facts["unit"])[1:]),
        ("Which way is worse", _worse(facts)),
        ("Time", facts["period"]),
        ("Source", "; ".join(_source_words(edition, name) for name in (facts["source"], *facts.get("also", ())))),
        ("Grade", f"{facts['grade'].capitalize()}: {GRADES[facts['grade']]}"),
        ("Middle value", _middles(edition, facts)),
        ("Known for", f"{facts['known']:,} of {edition.count:,} neighbourhoods"),
    ]
    return [{"key": {"text": key}, "value": {"text": value}} for key, value in rows]


def _worse(facts: dict[str, Any]) -> str:
    """Say which way is worse; a resource is what is put in, not a need."""
    if facts.get("kind") == "resource":
        return "Neither: it is a resource, not a need"
    if facts["unit"].startswith("rank"):
        return "Rank 1 is the greatest need"
    return "High is more need" if facts["polarity"] > 0 else "Low is more need"


def _middles(edition: Edition, facts: dict[str, Any]) -> str:
    here = f"{value_words(facts, facts.get('place_median'))} in {edition.place['name']}"
    if edition.meta["reference"] == "England" and edition.place["id"] != "england":
        return f"{here}, {value_words(facts, facts.get('reference_median'))} in England"
    return here


def spread(edition: Edition, name: str) -> dict[str, Any]:
    """Count neighbourhoods and people by class, and by bar of a histogram.

    Returns
    -------
    dict
        ``classes`` with the greatest need first and the unknown last, ``chart`` and ``sentence``; no
        classes where nothing is known.
    """
    facts = edition.indicators[name]
    values = np.round(edition.indicator_values(name), int(facts["decimals"]))
    known = np.isfinite(values)
    if not known.any():
        return {"classes": [], "chart": None, "sentence": ""}
    low, high = float(values[known].min()), float(values[known].max())
    return {
        "classes": _classes(edition, facts, values, known),
        "chart": _chart(facts, values[known]),
        "sentence": f"From {value_words(facts, low)} to {value_words(facts, high)}. "
        f"Half of the neighbourhoods lie on each side of {value_words(facts, facts.get('place_median'))}.",
    }


def _classes(
    edition: Edition, facts: dict[str, Any], values: NDArray[np.float64], known: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    people = edition.population()
    upper = np.asarray(facts["breaks"], dtype=float)
    number = np.minimum(np.searchsorted(upper, values, side="left"), len(upper) - 1)
    order = range(len(upper)) if int(facts["polarity"]) < 0 else range(len(upper) - 1, -1, -1)
    rows = []
    for place, item in enumerate(order, start=1):
        inside = known & (number == item)
        ends = (float(values[inside].min()), float(values[inside].max())) if inside.any() else ()
        rows.append(
            {
                "name": f"{place}{_end(place, len(upper), facts.get('kind') == 'resource')}",
                "range": " to ".join(dict.fromkeys(value_words(facts, end) for end in ends)),
                "count": int(inside.sum()),
                "people": float(people[inside].sum()),
            }
        )
    if not known.all():
        row = {"name": "Not known", "range": "–", "count": int((~known).sum()), "people": float(people[~known].sum())}
        rows.append(row)
    return rows


def _end(place: int, count: int, resource: bool) -> str:
    """Say which end a class is; a resource has most and least of itself, not of need."""
    of = "" if resource else " need"
    return f" (most{of})" if place == 1 else f" (least{of})" if place == count else ""


def _chart(facts: dict[str, Any], values: NDArray[np.float64]) -> dict[str, Any]:
    counts, edges = np.histogram(values, bins=min(MOST_BARS, max(1, len(np.unique(values)))))
    step = CHART_WIDTH / len(counts)
    bars = []
    for place, count in enumerate(counts):
        height = (BASE - TOP) * float(count) / float(counts.max())
        bars.append(
            {
                "x": round(place * step + step * (1 - BAR_SHARE) / 2, 1),
                "width": round(step * BAR_SHARE, 1),
                "y": round(BASE - height, 1),
                "height": round(height, 1),
                "middle": round((place + 0.5) * step, 1),
                "label_y": round(BASE - height - 6, 1),
                "count": int(count) or "",
                "name": _edge(facts, float(edges[place] + edges[place + 1]) / 2),
            }
        )
    return {"bars": bars, "width": CHART_WIDTH, "height": CHART_HEIGHT, "base": BASE, "name_y": BASE + 18}


def _edge(facts: dict[str, Any], value: float) -> str:
    if is_share(facts["unit"]):
        return f"{100 * value:.1f}%"
    return fixed(value, 0 if abs(value) >= 100 else 1)
