"""What the siting page shows of a plan: sentences, before and after, who gains and who loses, other plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.pages.planner import FIFTHS
from service.pages.ranked_table import question
from service.pages.siting_chart import price_chart
from service.pages.siting_words import (
    Plan,
    aim_words,
    change_words,
    difference,
    minutes_words,
    price_words,
    proof_words,
    sentences,
    tenth,
)
from service.pages.wording import and_words, fixed, percent, plain

MOST_NAMED = 10  # neighbourhoods that gain or lose most, on the page; the files hold all
NAMED_ON_PAPER = 3
NOTE_LINE = 150  # letters of a note on one line of paper
MOST_RIVALS = 40
NONE = "–"  # somebody reaches no site, or it is not known; said below the tables
LINES_ON_PAPER = 8  # of other plans and rivals together, where a plan has both gainers and losers
MEASURES = (
    ("mean_min", "Average journey"),
    ("worst_fifth_mean_min", "Average journey where need is greatest (fifth 1)"),
    ("p95_min", "95 of 100 people travel at most"),
    ("maximum_min", "Longest journey"),
    ("fair_k", "Fair average: long journeys count for more"),
)
OBJECTIVES = {
    "mean": ("The shortest average journey", "Everybody’s minutes are added up. A few people may be left far away."),
    "worst": ("Nobody too far away", "The longest journey is made as short as it can be. The average may be longer."),
    "coverage": ("The most people within reach", "As many people as can be within the minutes you set."),
    "fair": ("Fair: short, and fairly shared", "Long journeys count for more, so few people are left far away."),
}
BECOMES = {
    "kept": "stays open",
    "opened": "opens",
    "closed": "closes",
    "not_chosen": "could open, not chosen",
    "forbidden": "ruled out",
}
RANKS = (("mean", "Average"), ("worst", "Longest"), ("coverage", "Reach"), ("fair", "Fair"))
FILES = (
    ("pdf", "One page (PDF)", "one A4 to print or send"),
    ("xlsx", "Excel workbook (XLSX)", "sites, people, neighbourhoods, rivals"),
    ("csv", "Neighbourhoods (CSV)", "minutes before and after, for any program"),
    ("geojson", "Sites (GeoJSON)", "for web maps and QGIS"),
    ("json", "The whole plan (JSON)", "everything on this page in full"),
)


def result_of(plan: Plan, *, minutes: float, public_url: str) -> dict[str, Any]:
    """Gather what the page shows of a plan.

    Parameters
    ----------
    plan : mapping
        As `service.siting.plans.plan_sites` gives it.
    minutes : float
        The journey that counts as within reach.
    public_url : str
        The site's address for the share link, without a closing slash; may be empty.

    Returns
    -------
    dict
        For ``siting.html``; every figure is text.
    """
    rivals = [_rival(row) for row in plan["rivals"]]
    price = price_part(plan)
    query = question(plan["query"])
    words = plan["words"]
    note_lines = sum(1 + len(note) // NOTE_LINE for note in plan["notes"])
    on_paper = max(LINES_ON_PAPER - len(price["rows"]) - note_lines // 2, 3)
    return {
        "heading": "What it would mean" if plan["request"]["closure"] else "The best choice",
        "aim": aim_words(plan),
        "sentences": sentences(plan, minutes),
        "proof": proof_words(plan),
        "notes": plan["notes"],
        "basis": f"Journeys {words['mode']}, {words['time_basis']}, for {words['demand']}",
        "demand": words["demand"],
        "measures": measure_rows(plan, minutes),
        "unreached": bool(plan["before"] is None or plan["before"]["out_of_reach"] or plan["after"]["out_of_reach"]),
        "fifths": fifth_rows(plan["fifths"]),
        "groups": group_tables(plan["groups"]),
        "gainers": _named(plan, plan["gainers"]),
        "losers": _named(plan, plan["losers"]),
        "more_gainers": max(len(plan["gainers"]) - MOST_NAMED, 0),
        "more_losers": max(len(plan["losers"]) - MOST_NAMED, 0),
        "named_on_paper": NAMED_ON_PAPER,
        "gainers_off_paper": max(len(plan["gainers"]) - NAMED_ON_PAPER, 0),
        "losers_off_paper": max(len(plan["losers"]) - NAMED_ON_PAPER, 0),
        "price": price,
        "rivals": rivals[:MOST_RIVALS],
        "more_rivals": max(len(rivals) - MOST_RIVALS, 0),
        "rivals_on_paper": on_paper,
        "rivals_off_paper": max(len(rivals) - on_paper, 0),
        "sites": [_site(site) for site in plan["sites"]],
        "rank_titles": [title for _, title in RANKS],
        "reach": f"Within {plain(minutes)} min",
        "files": [
            {"href": f"/downloads/{plan['place']}/siting.{kind}{query}", "title": title, "text": text}
            for kind, title, text in FILES
        ]
        if query
        else [],
        "link": f"{public_url}/places/{plan['place']}/siting{query}" if query else "",
    }


def measure_rows(plan: Plan, minutes: float) -> list[dict[str, str]]:
    """Put each measure before, after and by how much it changed."""
    before, after = plan["before"] or {}, plan["after"]
    rows = [
        {
            "name": title,
            "before": _reached(before, key),
            "after": _reached(after, key),
            "change": change_words(before.get(key), after[key]),
        }
        for key, title in MEASURES
    ]
    total = after["people"]
    weighed = ", counted more where need is greater" if plan["request"]["demand"] == "targeting" else ""
    return [
        *rows,
        {
            "name": f"People within {plain(minutes)} minutes{weighed}",
            "before": _part(before.get("covered"), total),
            "after": _part(after["covered"], total),
            "change": _people_change(before.get("covered"), after["covered"]),
        },
    ]


def _reached(measures: Mapping[str, Any], key: str) -> str:
    """Write a measure; where some people reach no site it has no figure."""
    value = measures.get(key)
    return "some reach none" if value is None and measures.get("out_of_reach") else minutes_words(value)


def fifth_rows(fifths: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the table of need fifths."""
    return [{"name": FIFTHS[row["fifth"] - 1], **_share_row(row)} for row in fifths]


def group_tables(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One table for each kind of group: by ethnic group, by disability, by how well people speak English."""
    tables: dict[str, dict[str, Any]] = {}
    for row in groups:
        table = tables.setdefault(row["kind"], {"title": row["title"], "rows": []})
        table["rows"].append({"name": row["name"], **_share_row(row)})
    return list(tables.values())


def price_part(plan: Plan) -> dict[str, Any]:
    """Say what fairness costs in minutes of the average, with the other plans as a chart and a table."""
    price = plan["price"]
    if not price["rows"]:
        return {"sentence": "", "rows": [], "chart": None}
    plans = _different(price["rows"])
    rows = [
        {
            "name": and_words([each["step"] for each in alike if each["objective"]] or [alike[0]["step"]]),
            "opened": and_words(alike[0]["opened"]) if alike[0]["opened"] else "none",
            "price": NONE if alike[0]["price"] is None else percent(alike[0]["price"] - 1, 2),
            **{key: _short(alike[0][key]) for key, _ in MEASURES},
            "covered": _whole(alike[0]["covered"]),
        }
        for alike in plans
    ]
    chart = price_chart([alike[0] for alike in plans])
    return {"sentence": price_words(price["price_of_fairness"]), "rows": rows, "chart": chart}


def _different(rows: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Put aims that lead to the same sites together, in the order of the first of each."""
    plans: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        plans.setdefault((*sorted(row["opened_ids"]), "", *sorted(row["closed_ids"])), []).append(row)
    return list(plans.values())


def _rival(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "postcode": row["postcode"] or "",
        "chosen": row["chosen"],
        "ranks": [NONE if row["ranks"].get(key) is None else str(row["ranks"][key]) for key, _ in RANKS],
        **{key: _short(row[key]) for key, _ in MEASURES},
        "covered": _whole(row["covered"]),
    }


def _named(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {
            "name": str(row["msoa21hclnm"] or row["lsoa21nm"]),
            "lsoa_name": str(row["lsoa21nm"]),
            "code": str(row["lsoa21cd"]),
            "href": f"/places/{plan['place']}/neighbourhoods/{row['lsoa21cd']}",
            "fifth": NONE if row["need_fifth"] is None else str(row["need_fifth"]),
            "people": _whole(row["people"]),
            "before": _short(row["before_min"]),
            "after": _short(row["after_min"]),
            "change": change_words(row["before_min"], row["after_min"]),
            "site": str(row["site_after"] or ""),
        }
        for row in rows[:MOST_NAMED]
    ]


def _share_row(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "people": _whole(row["people"]),
        "before": _short(row["mean_before_min"]),
        "after": _short(row["mean_after_min"]),
        "change": change_words(row["mean_before_min"], row["mean_after_min"]),
        "within_before": _share(row["within_before"]),
        "within_after": _share(row["within_after"]),
    }


def _people_change(before: float | None, after: float | None) -> str:
    change = difference(before, after)
    if change is None:
        return "not known"
    if not round(change):
        return "no change"
    return f"{fixed(abs(change))} {'more' if change > 0 else 'fewer'}"


def _site(site: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": site["name"],
        "postcode": site["postcode"] or "",
        "becomes": BECOMES[site["status"]],
        "where": "inside" if site["inside"] else "outside the area",
    }


def _short(value: float | None) -> str:
    return NONE if value is None else tenth(value)


def _whole(value: float | None) -> str:
    return fixed(value)


def _share(share: float | None) -> str:
    return "not known" if share is None else percent(share, 0)


def _part(count: float | None, total: float | None) -> str:
    if count is None or not total:
        return _whole(count)
    return f"{fixed(count)} ({percent(count / total)})"
