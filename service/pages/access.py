"""What the access page shows: a service in short, on a map, by neighbourhood, by need fifth and by group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layers.access_arrays import E2SFCA_STEPS
from layers.map_classes import value_text
from service.access.answers import access_answer
from service.access.figures import COLUMNS
from service.access.layer_columns import title
from service.access.requests import MEASURES, NEW_PATIENTS, AccessAsked, asked
from service.access.words import WORST_HERE
from service.editions.scoring import score
from service.editions.site_names import calm
from service.editions.views import ACCESS
from service.pages.access_form import access_form
from service.pages.map import map_page
from service.pages.planner import FIFTHS, area_name
from service.pages.ranked_table import question
from service.pages.take_away import downloads_of
from service.pages.wording import fixed, inside_sentence, lower_first, percent
from service.queries import BadQuery
from service.travel.edition_times import MODE_WORDS

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

MOST_ROWS = 300
SPOTS_ON_PAPER = 6
ALL_AGES = "People of all ages are counted in these tables, not only {}."
WITHOUT = "Need is taken without"  # said beside the need fifths, not again among the notes
NO_NETWORK = (
    "The straight line from where people live, times 1.3, at a steady speed: a river, a railway or a steep hill is "
    "not seen.",
)
STATUS = {"out of reach": "none in reach", "not known here": "not known"}
WORSE_IS = {1: "ascending", -1: "descending"}
TOO_MANY = "{} has {:,} neighbourhoods: too many for one page. Choose a council under “Which area?”."
SPOTS_TITLE = "Great need and poor access"
NEAR_TITLES = {"nearest": "Great need and the longest way here", "within": "Great need and the fewest sites here"}
LEAST_TITLE = "Great need and the least in reach here"
UNITS = {"nearest": "minutes", "within": "", "2sfca": "for each 1,000 people", "e2sfca": "for each 1,000 people"}


def access_page(edition: Edition, view: View, errors: list[dict[str, str]], *, public_url: str) -> dict[str, Any]:
    """Gather everything the access page shows.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    view : View
        Layer ``access``, with the usual values in place of fields at fault.
    errors : list of dict
        ``text`` and ``href`` of each field at fault.
    public_url : str
        The site's address for the share link, without a closing slash; may be empty.

    Returns
    -------
    dict
        For ``access.html``: ``heading``, ``lead``, ``form``, ``map``, ``result`` or else ``problem``.
    """
    wanted = asked(edition, view)
    service = edition.service(wanted.service)
    where = area_name(edition, view)
    page: dict[str, Any] = {
        "heading": f"{_question(service, wanted)} in {where}?",
        "lead": "How near it is, how many share it, and whether it is as good where need is greater.",
        "form": access_form(edition, view, wanted, errors),
        "planner_address": f"/places/{view.place}{question(view.but(layer='').query())}",
        "map": None,
        "result": None,
        "problem": "",
    }
    if edition.large and not view.within:
        return page | {"problem": TOO_MANY.format(edition.place["name"], edition.count)}
    try:
        answer = access_answer(edition, view)
    except BadQuery as error:
        return page | {"problem": f"{error} {error.hint}".strip()}
    drawn = map_page(edition, view, score(edition, view))
    return page | {"map": drawn, "result": _result(edition, view, answer, public_url)}


def _question(service: dict[str, Any], wanted: AccessAsked) -> str:
    """Ask who can reach a service, or those of its sites that are known to take new patients."""
    asks = str(service["question"]).removesuffix("?")
    return f"{asks} known to take new {NEW_PATIENTS[wanted.accepting]} patients" if wanted.accepting else asks


def _result(edition: Edition, view: View, answer: dict[str, Any], public_url: str) -> dict[str, Any]:
    query = question(view.query())
    minutes = answer["request"]["minutes"]
    return {
        "sentences": answer["words"],
        "shown": inside_sentence(title(edition, asked(edition, view))),
        "mode": MODE_WORDS[answer["request"]["mode"]],
        "basis": answer["time_basis"],
        "basis_notes": () if edition.network else NO_NETWORK,
        "slope": answer["need_words"],
        "fifths": {
            "caption": f"By need fifth: {edition.focuses[view.focus]['title']}",
            "columns": ["Need fifth", *_columns(minutes)],
            "rows": [(FIFTHS[row["fifth"] - 1], _cells(row)) for row in answer["fifths"]],
        },
        "need_notes": _need_notes(answer),
        "groups": {
            "note": ALL_AGES.format(answer["who"]) if edition.focuses[view.focus]["ages"] else "",
            "columns": ["Group", *_columns(minutes)],
            "rows": [
                {
                    "caption": f"{kind['title']}: all ages",
                    "rows": [(group["name"], _cells(group)) for group in kind["groups"]],
                }
                for kind in answer["groups"]
            ],
        },
        "blackspots": _blackspots(view, answer),
        "table": _table(view, answer),
        "notes": [*_supply_notes(answer), *(note for note in answer["notes"] if not note.startswith(WITHOUT))],
        "downloads": _downloads(view, query),
        "share_link": f"{public_url}/places/{view.place}/access{query}",
    }


def _columns(minutes: int) -> list[str]:
    return [
        "People",
        "Minutes to the nearest",
        f"People within {minutes} minutes",
        f"Sites within {minutes} minutes",
        "For each 1,000 people",
    ]


def _cells(row: dict[str, Any]) -> list[str]:
    """Write one row of people: how many, and the means of their access."""
    share = row["share_within"]
    return [
        fixed(row["people"]),
        fixed(row["nearest_min"], 1),
        "not known" if share is None else percent(share),
        fixed(row["sites_within"], 1),
        fixed(row["access_e2sfca"], 3),
    ]


def _need_notes(answer: dict[str, Any]) -> list[str]:
    people = "Figures are means over people, by where they live. “For each 1,000 people” is what is in reach, shared "
    notes = [people + "with everyone who reaches it; near sites count more."]
    without = [lower_first(str(part["name"])) for part in answer["need_without"]]
    if without:
        notes.append(f"{WITHOUT} {', '.join(without)}, so that access is not held against itself.")
    return notes


def _supply_notes(answer: dict[str, Any]) -> list[str]:
    """Say which supply nobody reaches, and how many practices are known to take new patients."""
    found = []
    shared = answer["supply"]["e2sfca"]
    alone = [calm(str(site["name"])) for site in shared["stranded_sites"]]
    if alone:
        found.append(f"Nobody lives within reach of {', '.join(alone)}: what they offer is counted for nobody.")
    said = answer["accepting"] or {}
    for who, ages in NEW_PATIENTS.items():
        if who not in said or answer["request"]["accepting"]:  # the answer's first sentence counts those asked for
            continue
        counts, dated = said[who], f" ({said['date']})" if said.get("date") else ""
        found.append(
            f"Taking new {ages} NHS patients{dated}, of the sites inside the place: {counts['yes']:,} do, "
            f"{counts['no']:,} do not, and of {counts['unknown']:,} it is not known."
        )
    return found


def _blackspots(view: View, answer: dict[str, Any]) -> dict[str, Any]:
    spots = answer["blackspots"]
    rows = [
        {
            "name": row["msoa21hclnm"],
            "detail": row["lsoa21nm"],
            "href": _profile(view, row["lsoa21cd"]),
            "words": _spot_words(row, answer),
            "off_paper": number >= SPOTS_ON_PAPER,
        }
        for number, row in enumerate(spots["neighbourhoods"])
    ]
    more = len(rows) - SPOTS_ON_PAPER
    title = NEAR_TITLES.get(answer["measure"]["id"], LEAST_TITLE) if spots["kind"] == WORST_HERE else SPOTS_TITLE
    return {
        "title": title,
        "rule": spots["rule"] + ("" if rows else " There is none here."),
        "rows": rows,
        "more": f"And {more:,} more: see the page at the address below." if more > 0 else "",
    }


def _spot_words(row: dict[str, Any], answer: dict[str, Any]) -> str:
    if row["nearest_min"] is None:
        return "none in reach"
    near = f"{fixed(row['nearest_min'], 1)} minutes to {calm(str(row['nearest_site']))}"
    if answer["measure"]["id"] == "nearest":
        return near
    return f"{near}; {_shown(row, answer)}"


def _profile(view: View, code: str) -> str:
    return f"/places/{view.place}/neighbourhoods/{code}{question(view.but(layer='').query())}#near"


def _shown(row: dict[str, Any], answer: dict[str, Any]) -> str:
    """Write the measure asked for of a neighbourhood where a site can be reached."""
    name, value = answer["measure"]["id"], row[answer["measure"]["column"]]
    within = f"within {max(E2SFCA_STEPS) if name == 'e2sfca' else answer['request']['minutes']:g} minutes"
    if not value:
        return f"none {within}"
    return f"{value_text(value, MEASURES[name].decimals)} {within if name == 'within' else UNITS[name]}"


def _table(view: View, answer: dict[str, Any]) -> dict[str, Any]:
    """List the neighbourhoods, worst access first, those that are not known last."""
    rows = sorted(answer["neighbourhoods"], key=lambda row: _worst_first(row, answer))
    minutes, chosen = answer["request"]["minutes"], answer["measure"]["id"]
    descending = WORSE_IS[MEASURES[chosen].better]
    titles = {
        "nearest": "Minutes",
        "within": f"Sites within {minutes} minutes",
        "e2sfca": "For each 1,000 people",
    } | ({"2sfca": f"For each 1,000 people, within {minutes} minutes"} if chosen == "2sfca" else {})
    shown = rows[:MOST_ROWS]
    known = [row for row in rows if row["status"] != "not known here"]
    named = [row for row in shown if row["access_fifth"]]
    return {
        "caption": f"{answer['counted']['plural']}, neighbourhoods with the worst access first",
        "summary": _summary(len(shown), len(known), len(rows)),
        "columns": [
            {"title": "Nearest", "numeric": False, "sorted": ""},
            *(
                {"title": text, "numeric": True, "sorted": descending if name == chosen else ""}
                for name, text in titles.items()
            ),
        ],
        "rows": [_row(view, row, list(titles)) for row in shown],
        "key": "“Not known” means that the list of sites is not complete there, or it is not known where people live."
        if len(named) < len(shown)
        else "",
    }


def _summary(shown: int, known: int, count: int) -> str:
    """Say how many rows are shown of how many, and how many of them are not known."""
    if shown == count == known:
        return f"{count:,} of {count:,} neighbourhoods"
    if known == count:
        return f"{shown:,} of {count:,} neighbourhoods, the worst"
    first = f"{min(shown, known):,} of the {known:,} neighbourhoods with a figure, worst first"
    unknown = shown - known
    if unknown <= 0:
        return f"{first}; {count - known:,} that are not known are not shown"
    return f"{first}; then {unknown:,} of the {count - known:,} that are not known"


def _worst_first(row: dict[str, Any], answer: dict[str, Any]) -> tuple[int, float, int, float, str]:
    """Put those that are not known last; among equals greater need first, then the longer way."""
    value, better = row[answer["measure"]["column"]], MEASURES[answer["measure"]["id"]].better
    if row["status"] == "not known here":
        return 2, 0.0, 0, 0.0, row["lsoa21cd"]
    worst = math.inf if value is None else -better * value
    minutes = math.inf if row["nearest_min"] is None else row["nearest_min"]
    return 1, -worst, row["need_fifth"] or len(FIFTHS) + 1, -minutes, row["lsoa21cd"]


def _row(view: View, row: dict[str, Any], measures: list[str]) -> dict[str, Any]:
    said = STATUS.get(row["status"], "")
    near = calm(str(row["nearest_site"])) if row["nearest_site"] else said
    cells = [{"text": near, "numeric": False}]
    for name in measures:
        value = row[COLUMNS[name]]
        text = value_text(value, MEASURES[name].decimals) if value is not None else "–"
        cells.append({"text": text, "numeric": True})
    return {
        "code": row["lsoa21cd"],
        "name": row["msoa21hclnm"],
        "detail": row["lsoa21nm"],
        "href": _profile(view, row["lsoa21cd"]),
        "fifth": row["need_fifth"],
        "cells": cells,
    }


def _downloads(view: View, query: str) -> list[dict[str, Any]]:
    files = [download | {"file": True} for download in downloads_of(view, ACCESS)]
    pages = [
        (f"/api/v1/places/{view.place}/access{query}", "The whole answer (JSON)", "for programs"),
        (f"/pictures/{view.place}/access.svg{query}", "Map as a picture (SVG)", "for print"),
        (f"/maps/{view.place}/access{query}", "Map on a page of its own", "to link to"),
    ]
    return [*files, *({"href": href, "title": name, "text": text, "file": False} for href, name, text in pages)]
