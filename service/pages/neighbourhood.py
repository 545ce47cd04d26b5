"""What the page of one neighbourhood shows: its figures, the reasons that add up, what is near, where it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from geodata.services import load_services
from service.access.near import near_over_streets
from service.editions.site_names import calm
from service.editions.weights import ingredients_of, weighed_anew
from service.pages.certainty import rank_movers, rank_words
from service.pages.doing_better import better_part
from service.pages.gp_figures import gp_words
from service.pages.locator import locator, names_near
from service.pages.planner import area_name
from service.pages.ranked_table import WHOLE_TABLE, question
from service.pages.wording import (
    SERVICE_TITLES,
    each_words,
    fixed,
    lower_first,
    more_means,
    people,
    percent,
    value_words,
)
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

BAR = 100.0
ORDINALS = {1: "the greatest need of all", 2: "the second greatest need", 3: "the third greatest need"}
ACCEPTING = {"True": "Taking new child NHS patients", "False": "Not taking new child NHS patients"}
NEAR = tuple(load_services())
STRAIGHT = (
    "the straight line from where people live, times 1.3, at 4.8 km an hour. No street network is loaded, so a river "
    "or a railway is not seen."
)


def neighbourhood(edition: Edition, scores: Scores, view: View, row: int) -> dict[str, Any]:
    """Gather everything the page of one neighbourhood shows.

    Parameters
    ----------
    edition, scores, view
        The edition, its scores for the view, and the view.
    row : int
        The neighbourhood's row in the edition; it must be in the view.

    Returns
    -------
    dict
        For ``neighbourhood.html``.
    """
    facts = edition.facts(row)
    item = scores.at(row)
    if item is None:
        raise LookupError(f"{facts['lsoa21cd']} is not in {view.within}")
    reasons = reasons_of(edition, scores, item)
    over_england = edition.meta["reference"] == "England"
    return {
        "compared_with": "Middle of England" if over_england and edition.place["id"] != "england" else "",
        "locator": locator(edition, row),
        "locator_text": names_near(facts),
        "here": _here(edition, scores, view, facts, item),
        "focus": edition.focuses[view.focus],
        "area_name": area_name(edition, view),
        "sure": rank_words(edition, scores, item),
        "movers": rank_movers(edition, scores, row),
        "reasons": reasons,
        "reasons_note": _reasons_note(reasons),
        "gp_words": gp_words(edition, view, row),
        **near_part(edition, facts, row),
        "access_address": f"/places/{view.place}/access{question(view.but(layer='').query())}",
        "doing_better": better_part(edition, view, row),
        "used_sources": used_sources(edition, view.focus),
        "facts": _facts(edition, facts, float(scores.eligible[item]), view),
        "row_address": row_address(view, facts["lsoa21cd"], len(scores)),
        "planner_address": f"/places/{view.place}{question(view.query())}",
    }


def row_address(view: View, code: str, count: int) -> str:
    """Lead to a neighbourhood's row in the ranked table, which a long table shows only when it is looked for."""
    query = view.query(find=code if count > WHOLE_TABLE else "")
    return f"/places/{view.place}{question(query)}#row-{code}"


def _here(edition: Edition, scores: Scores, view: View, facts: dict[str, Any], item: int) -> dict[str, Any]:
    score, share = float(scores.need_score[item]), float(scores.targeting_score[item])
    scored = math.isfinite(score)
    weighed = weighed_anew(edition, view.focus, view.weights) if view.weights else edition.focus_arrays(view.focus)
    return {
        "code": facts["lsoa21cd"],
        "name": facts["lsoa21nm"],
        "msoa_name": facts["msoa21hclnm"],
        "ward": facts.get("wd24nm") or "",
        "council": facts.get("lad24nm") or "",
        "population_words": people(facts["population"])
        if facts.get("population") is not None
        else "people not counted",
        "need_score": score if scored else None,
        "targeting_score": share if scored else None,
        "rank": int(scores.rank[item]),
        "area_count": int((scores.rank > 0).sum()),
        "place_rank": int(scores.place_rank[item]),
        "place_count": int(np.isfinite(weighed.need_score).sum()),
        "sentence": _sentence(edition, scores, view, item) if scored else "",
        "missing_sentence": f"There is {scores.note[item]}. It is not counted as zero, and it gets no rank.",
    }


def _sentence(edition: Edition, scores: Scores, view: View, item: int) -> str:
    rank, count = int(scores.rank[item]), int((scores.rank > 0).sum())
    where = area_name(edition, view)
    share = float(scores.targeting_score[item])
    fifth = int(scores.need_fifth[item])
    position = ORDINALS.get(rank, f"need fifth {fifth} of 5, where 1 is the greatest need")
    verb = "has" if rank in ORDINALS else "is in"
    whom = each_words(edition.focuses[view.focus].get("ages"))
    more = "more than" if share > 1.005 else "less than" if share < 0.995 else "about the same as"
    return (
        f"Of the {count:,} neighbourhoods in {where}, it {verb} {position}. With the dial as it is set, "
        f"{whom} here gets {fixed(share, 2)} times the average: {more} an equal share."
    )


def reasons_of(edition: Edition, scores: Scores, item: int) -> list[dict[str, Any]]:
    """List the indicators of the focus with what each adds to the score, the largest first.

    Parameters
    ----------
    edition, scores
        The edition and its scores for the view.
    item : int
        Index in the arrays of `scores`.

    Returns
    -------
    list of dict
        ``part`` adds up to the need score; ``scaled`` times ``weight_used`` is the part. An indicator
        that is not known here has None for both.
    """
    ingredients = ingredients_of(edition, scores.view)
    parts = [float(scores.parts[entry["indicator"]][item]) for entry in ingredients]
    carried = math.fsum(entry["weight"] for entry, part in zip(ingredients, parts, strict=True) if math.isfinite(part))
    whole = math.fsum(entry["weight"] for entry in ingredients)
    complete = carried == whole
    longest = max((part for part in parts if math.isfinite(part)), default=0.0)
    reasons = []
    for entry, part in zip(ingredients, parts, strict=True):
        name, known = entry["indicator"], math.isfinite(part)
        facts = edition.indicators[name]
        weight = entry["weight"] if complete else entry["weight"] / carried if carried else math.nan
        reasons.append(
            {
                "id": name,
                "name": facts.get("short") or facts["name"],
                "period": facts["period"],
                "grade": facts["grade"],
                "more_means": more_means(facts),
                "value": value_words(facts, float(scores.indicators[name][item])),
                "middle": value_words(facts, facts.get("place_median")),
                "elsewhere": value_words(facts, facts.get("reference_median")),
                "part": part if known else None,
                "scaled": part / weight if known else None,
                "weight_used": weight if known else None,
                "weight": percent(weight, 1) if known else "–",
                "width": round(BAR * part / longest, 1) if known and longest > 0 else 0,
                "replaced": known and not complete,
            }
        )
    return sorted(reasons, key=lambda reason: -1.0 if reason["part"] is None else reason["part"], reverse=True)


def _reasons_note(reasons: list[dict[str, Any]]) -> str:
    missing = [lower_first(reason["name"]) for reason in reasons if reason["part"] is None]
    if not missing:
        return "Figures are rounded here; the download has them in full."
    return (
        f"Not known here: {', '.join(missing)}. The other indicators carry that weight, so their weights are larger "
        "than usual. Figures are rounded here; the download has them in full."
    )


def near_part(edition: Edition, facts: dict[str, Any], row: int) -> dict[str, Any]:
    """Gather what is near: over the streets where the edition has them, else as estimated from distance.

    Returns
    -------
    dict
        ``near`` (one entry a service), ``near_by_transit`` (whether times by public transport stand beside) and
        ``near_basis`` (what the times rest on, in words).
    """
    near, over = near_services(edition, facts), near_over_streets(edition, row)
    if not over:
        basis = f"Times are {edition.time_basis('walk')}: {STRAIGHT}"
        return {"near": near, "near_by_transit": False, "near_basis": basis}
    for entry in near:
        for mode, found in over.items():
            _put_over(edition, entry, mode, found.get(entry["id"]))
    said = [f"Times {MODE_WORDS[mode]}: {edition.time_basis(mode)}." for mode in over]
    return {"near": near, "near_by_transit": "transit" in over, "near_basis": " ".join(said)}


def _put_over(edition: Edition, entry: dict[str, Any], mode: str, found: dict[str, Any] | None) -> None:
    """Put the times over the streets in place of those estimated from distance."""
    if found is None or not entry["known"]:
        return
    minutes = f"about {fixed(found['travel_time_min'], 0)} min" if found["site_id"] else "none in reach"
    if mode != "walk":
        entry["by_transit"] = minutes
        entry["transit_name"] = "" if found["name"] is None else calm(str(found["name"]))
        return
    entry |= {"minutes": minutes, "distance": ""}
    if found["site_id"]:
        site = edition.sites_named([found["site_id"]])[found["site_id"]]
        entry |= _named(site, found, edition.accepting_date)


def near_services(edition: Edition, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Say which site of each service is nearest and how far, or that this is not known here."""
    council = str(facts.get("lad24nm") or "this council")
    dated = edition.accepting_date
    near = facts["near"]
    sites = edition.sites_named(found["site_id"] for found in near.values() if found and found.get("site_id"))
    return [_near(sites, service, near.get(service), council, dated) for service in NEAR if service in near]


def _near(
    sites: dict[str, dict[str, Any]], service: str, found: dict[str, Any] | None, council: str, dated: str
) -> dict[str, Any]:
    title = SERVICE_TITLES[service]
    if not found or found.get("site_id") is None:
        return {
            "id": service,
            "title": title,
            "known": False,
            "reason": f"The list we hold is not known to be complete for {council}.",
        }
    site = sites.get(found["site_id"], found)
    return {
        "id": service,
        "title": title,
        "known": True,
        **_named(site, found, dated),
        "minutes": f"about {fixed(found['travel_time_min'], 0)} min",
        "distance": distance_words(found["distance_m"]),
    }


def _named(site: dict[str, Any], found: dict[str, Any], dated: str) -> dict[str, Any]:
    """Name a site, where it stands, and whether it takes new patients."""
    flag = ACCEPTING.get(str(site.get("accepting_children")), "")
    return {
        "name": calm(str(found.get("name") or site.get("name") or found["site_id"])),
        "postcode": site.get("postcode") or "",
        "outside": site.get("inside") is False,
        "flag": f"{flag} ({dated})" if flag and dated else flag,
    }


def distance_words(metres: float) -> str:
    """Write a straight-line distance: metres to the nearest ten, or kilometres."""
    return (
        f"{round(metres, -1):,.0f} m away, as estimated"
        if metres < 995
        else f"{metres / 1000:.1f} km away, as estimated"
    )


def used_sources(edition: Edition, focus: str) -> list[dict[str, str]]:
    """List the sources of a focus's indicators, each with its edition and the indicators it gives."""
    by_source: dict[str, list[str]] = {}
    for entry in edition.focuses[focus]["ingredients"]:
        facts = edition.indicators[entry["indicator"]]
        for source in (facts["source"], *facts.get("also", ())):
            by_source.setdefault(source, []).append(facts["short"])
    known = {source["id"]: source for source in edition.sources}
    return [
        {
            "id": source,
            "title": known[source]["title"],
            "edition": known[source]["edition"],
            "gives": ", ".join(lower_first(name) for name in names),
        }
        for source, names in by_source.items()
        if source in known
    ]


def _facts(edition: Edition, facts: dict[str, Any], eligible: float, view: View) -> list[dict[str, Any]]:
    focus = edition.focuses[view.focus]
    rows: list[tuple[str, str]] = [
        ("People (mid-2022)", fixed(facts.get("population"))),
    ]
    if focus.get("ages"):
        rows.append(("Of the ages counted (modelled)", fixed(eligible)))
    rows += [
        ("Households (2021)", fixed(facts.get("households"))),
        ("Deprivation decile", _decile(facts)),
        ("Ward", str(facts.get("wd24nm") or "–")),
        ("Council", str(facts.get("lad24nm") or "–")),
        ("Code", str(facts["lsoa21cd"])),
    ]
    return [{"key": {"text": key}, "value": {"text": value}} for key, value in rows]


def _decile(facts: dict[str, Any]) -> str:
    decile = facts.get("imd_decile")
    if decile is None:
        return "not known"
    ends = {1: " (most deprived tenth)", 10: " (least deprived tenth)"}
    return f"{int(decile)}{ends.get(int(decile), ' of 10, 1 is most deprived')}"
