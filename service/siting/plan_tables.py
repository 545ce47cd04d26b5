"""A plan of sites as tables: sites, neighbourhoods, other plans, people; and the sentences that go with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from service.editions.edition import Edition
from service.editions.views import View
from service.files.column_words import ABOUT_COLUMNS
from service.files.file_table import Column, Table, about_column, facts_of
from service.pages.siting_words import proof_words
from service.siting.effects import SHOWN_DECIMALS

Plan = dict[str, Any]
Cell = tuple[str, str, str, Callable[[Plan], Any]]
MEASURES = (
    ("mean_min", "Average journey of the people counted, minutes"),
    ("worst_fifth_mean_min", "Average journey in the fifth of greatest need, minutes"),
    ("p95_min", "Journey that 95 of 100 people do not exceed, minutes"),
    ("maximum_min", "Longest journey, minutes"),
    ("fair_k", "Fair journey: the average, with long journeys counted for more (Kolm-Pollak), minutes"),
)
COVERED = ("covered", "People counted who are within the minutes asked for")
RANKS = {
    "mean": "Rank by the average journey of the best plan with this site; 1 is the best",
    "worst": "Rank by the longest journey that anybody has in the best plan with this site; 1 is the best",
    "coverage": "Rank by the people within reach of the best plan with this site; 1 is the best",
    "fair": "Rank by the fair journey (Kolm-Pollak) of the best plan with this site; 1 is the best",
}


def sites_table(edition: Edition, view: View, plan: Plan) -> Table:
    """Collect the sites of a plan: what becomes of each, and how those that could be chosen compare."""
    rivals = {rival["id"]: rival for rival in plan["rivals"]}
    rows = [{**site, "rival": rivals.get(site["id"], {})} for site in plan["sites"]]
    cells: list[Cell] = [
        ("site_id", "Code of the site in its list; point-1 and so on for points of your own", "text", _at("id")),
        ("name", "Name of the site", "text", _at("name")),
        ("service", "What the site provides today", "text", _at("service")),
        ("postcode", "Postcode of the site", "text", _at("postcode")),
        ("lon", "Longitude, degrees", "number", _at("lon")),
        ("lat", "Latitude, degrees", "number", _at("lat")),
        ("role", "What may become of it: kept, closable, candidate or forbidden", "text", _at("role")),
        ("status", "What becomes of it: kept, opened, closed, not_chosen or forbidden", "text", _at("status")),
        ("inside", "Whether it stands in the area that is looked at", "text", lambda row: _yes(row["inside"])),
        ("capacity", "People the site can take, where a limit was set", "whole", _at("capacity")),
        *((f"rank_{name}", about, "whole", _ranked(name)) for name, about in RANKS.items()),
        *((f"with_it_{name}", f"{about}; under the best plan with this site", "number", _rival_minutes(name))
          for name, about in MEASURES),
        (f"with_it_{COVERED[0]}", f"{COVERED[1]}; under the best plan with this site", "whole", _of_rival(COVERED[0])),
    ]  # fmt: skip
    return _table(edition, view, plan, "Sites", "sites", cells, rows)


def neighbourhoods_table(edition: Edition, view: View, plan: Plan) -> Table:
    """Collect the way to the nearest open site from every neighbourhood, before and after, in code order."""
    names = {site["id"]: site["name"] for site in plan["sites"]}
    rows = plan["neighbourhoods"]
    called = edition.names([edition.row(row["lsoa21cd"]) for row in rows])
    rows = [{**name, **row} for name, row in zip(called, rows, strict=True)]
    leading = ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24nm")
    cells: list[Cell] = [
        *((name, ABOUT_COLUMNS[name], "text", _at(name)) for name in leading),
        ("people", f"People of this neighbourhood: {plan['words']['demand']}", "whole", _at("people")),
        ("need_fifth", *about_column(edition, "need_fifth", view), _at("need_fifth")),
        ("before_min", "Minutes to the nearest site that is open today", "number", _minutes("before_min")),
        ("after_min", "Minutes to the nearest site that is open under the plan", "number", _minutes("after_min")),
        ("change_min", "Minutes more; below zero the way is shorter", "number", _change),
        ("site_before", "Name of the nearest site that is open today", "text", _named("site_before", names)),
        ("site_before_id", "Its code", "text", _at("site_before")),
        ("site_after", "Name of the site used under the plan", "text", _named("site_after", names)),
        ("site_after_id", "Its code", "text", _at("site_after")),
    ]
    return _table(edition, view, plan, "Neighbourhoods", "neighbourhoods", cells, rows)


def plans_table(edition: Edition, view: View, plan: Plan) -> Table:
    """Collect today, this plan, and the best plan of every objective."""
    rows = [{"step": "Today", **plan["before"]}] if plan["before"] else []
    rows += [{"step": "This plan", **plan["after"], "opened": _opened(plan)}, *plan["price"]["rows"]]
    cells: list[Cell] = [
        ("plan", "Which plan: today, this one, and the best by each aim", "text", _at("step")),
        ("opened", "Sites that open", "text", lambda row: "; ".join(row.get("opened", [])) or None),
        *((name, about, "number", _minutes(name)) for name, about in MEASURES),
        (*COVERED, "whole", _at(COVERED[0])),
        ("price", "Average journey over the shortest there is; 1.04 is 4 per cent longer", "number", _at("price")),
    ]
    return _table(edition, view, plan, "Plans", "plans", cells, rows)


def people_table(edition: Edition, view: View, plan: Plan) -> Table:
    """Collect what changes for whom: need fifths, then groups by where people live."""
    fifths = [{"title": "Need fifth", "name": f"Need fifth {row['fifth']}", **row} for row in plan["fifths"]]
    cells: list[Cell] = [
        ("kind", "How people are told apart", "text", _at("title")),
        ("group", "Need fifth (1 is the greatest need), or group by where people live", "text", _at("name")),
        ("people", "People counted; all ages in the rows of groups", "whole", _at("people")),
        ("mean_before_min", "Average journey today, minutes", "number", _minutes("mean_before_min")),
        ("mean_after_min", "Average journey under the plan, minutes", "number", _minutes("mean_after_min")),
        ("covered_before", "People within the minutes asked for, today", "whole", _at("covered_before")),
        ("covered_after", "People within the minutes asked for, under the plan", "whole", _at("covered_after")),
    ]
    return _table(edition, view, plan, "People", "need fifths and groups", cells, [*fifths, *plan["groups"]])


def _table(
    edition: Edition, view: View, plan: Plan, sheet: str, rows: str, cells: Sequence[Cell], records: Sequence[Plan]
) -> Table:
    columns = [Column(name, about, kind, [value(row) for row in records]) for name, about, kind, value in cells]
    facts = facts_of(edition, view.but(layer="sites")) | {
        "title": title_of(plan),
        "attribution": plan["attribution"],
        "siting": said_of(plan),
        "request": plan["request"],
        "sheet": sheet,
        "rows": rows,
    }
    return Table(columns, facts, None)


def title_of(plan: Plan) -> str:
    """Name a plan."""
    words = plan["words"]
    what = "What closing sites would mean" if plan["request"]["closure"] else "Where sites could go"
    return f"{what}: {words['services']} in {words['area']}"


def said_of(plan: Plan) -> list[str]:
    """Say in sentences what a plan rests on."""
    words, opened = plan["words"], _opened(plan)
    closed = [site["name"] for site in plan["sites"] if site["status"] == "closed"]
    return [
        *([f"Sites that open: {', '.join(opened)}."] if opened else []),
        *([f"Sites that close: {', '.join(closed)}."] if closed else []),
        *([] if plan["request"]["closure"] else [f"Aim: {words['objective']}."]),
        *filter(None, [proof_words(plan)]),
        f"Counted: {words['demand']}.",
        f"Travel {words['mode']}: {words['time_basis']}.",
        *plan["notes"],
    ]


def _at(name: str) -> Callable[[Plan], Any]:
    return lambda row: row.get(name)


def _minutes(name: str) -> Callable[[Plan], Any]:
    return lambda row: _rounded(row.get(name))


def _rival_minutes(name: str) -> Callable[[Plan], Any]:
    return lambda row: _rounded(row["rival"].get(name))


def _rounded(value: float | None) -> float | None:
    """Round minutes as files give them."""
    return None if value is None else round(value, SHOWN_DECIMALS) + 0.0


def _of_rival(name: str) -> Callable[[Plan], Any]:
    return lambda row: row["rival"].get(name)


def _ranked(name: str) -> Callable[[Plan], Any]:
    return lambda row: row["rival"].get("ranks", {}).get(name)


def _named(name: str, names: dict[str, str]) -> Callable[[Plan], Any]:
    return lambda row: names.get(row[name]) if row[name] else None


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _change(row: Plan) -> float | None:
    before, after = row["before_min"], row["after_min"]
    return None if before is None or after is None else _rounded(after - before)


def _opened(plan: Plan) -> list[str]:
    return [site["name"] for site in plan["sites"] if site["status"] == "opened"]
