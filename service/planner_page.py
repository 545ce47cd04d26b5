"""What the planner shows: the dial in this place's own numbers, the ranked table, evidence, downloads."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from layers.gradient import multiples
from service.queries import BadQuery
from service.wording import STRENGTH_WORDS, ages_words, fixed, percent

if TYPE_CHECKING:
    from service.edition import Edition
    from service.scoring import Scores
    from service.views import View

WHOLE_TABLE = 200  # up to here the table stands on one page and the script may sort it
ROWS_A_PAGE = 100
MOST_COUNCILS = 40
MOST_NOTES = 4
COMPARED = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
BAR_PER_AVERAGE = 100.0  # a share of 1.00 is half of the bar's 200 units; the dial's end, 1.90, still fits
POUNDS_A_HEAD = 10.0
FIFTHS = ("Fifth 1: greatest need", "Fifth 2", "Fifth 3", "Fifth 4", "Fifth 5: least need")
FOOTPRINT_KINDS = {"team": "Team areas", "lad": "Councils", "ward": "Wards", "msoa": "MSOAs (groups of neighbourhoods)"}
SORT = "-?(?:rank|name|need|share|fifth|people)"
DOWNLOADS = (
    ("csv", "CSV", "for any program"),
    ("xlsx", "Excel workbook (XLSX)", "with notes on every column"),
    ("geojson", "GeoJSON", "areas and figures, for web maps"),
    ("gpkg", "GeoPackage", "areas and figures, for QGIS"),
    ("parquet", "Parquet", "for Python and R"),
)
NOT_FOR = (
    "judge, choose or contact any one person or family: it describes a place",
    "say that one neighbourhood is “twice as deprived” as another",
    "show change over time: other places move too",
    "split neighbours with almost the same score: look at the need fifth and the reasons",
)


@dataclass(frozen=True)
class TableRequest:
    """How the ranked table is to be shown: its order, the text to find, the page."""

    sort: str = "rank"
    find: str = ""
    page: int = 1


def read_sort(text: str) -> str:
    """Read the order of the table: a column, with ``-`` before it for the other way round."""
    if text and not re.fullmatch(SORT, text):
        raise BadQuery("sort", f"sort is {text[:80]!r}.", hint="Give rank, name, need, share, fifth or people.")
    return text or "rank"


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
    focus = focus_words(edition, view.focus)
    query = _question(view.query())
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
        "downloads": [
            {
                "href": f"/downloads/{view.place}/targeting.{kind}" + _question(view.query()),
                "title": title,
                "text": text,
            }
            for kind, title, text in DOWNLOADS
        ],
        "share_link": f"{public_url}/places/{view.place}{query}",
        "picture_address": f"/pictures/{view.place}/targeting.svg{query}",
        "not_for": NOT_FOR,
        "summaries": summaries(edition),
    }


def summaries(edition: Edition) -> list[dict[str, Any]]:
    """List the five summaries of deprivation for the place and, if they are few, for its councils."""
    found: dict[str, dict[str, float]] = edition.meta.get("summaries", {})
    councils = {f"lad:{item['code']}": str(item["name"]) for item in edition.footprints("lad")}
    listed = councils if 1 < len(councils) <= MOST_COUNCILS else {}
    names = {"place": f"All of {edition.place['name']}", **listed}
    return [{"name": name, **found[key]} for key, name in names.items() if key in found]


def _question(query: str) -> str:
    return f"?{query}" if query else ""


def area_name(edition: Edition, view: View) -> str:
    """Name the footprint of a view, or the place."""
    return str(edition.footprint(view.within)["name"] if view.within else edition.place["name"])


def focus_words(edition: Edition, focus: str) -> dict[str, Any]:
    """Say what a focus is made of, how strong it is and how old its figures are."""
    facts = edition.focuses[focus]
    place = edition.place["name"]
    over_england = facts.get("reference") == "England"
    return {
        "title": facts["title"],
        "question": facts.get("question", ""),
        "strength": facts["strength"],
        "strength_words": " ".join(filter(None, (STRENGTH_WORDS[facts["strength"]], facts.get("strength_why", "")))),
        "measured_pct": 100 * facts["measured_share"],
        "oldest": facts["oldest"],
        "newest": facts["newest"],
        "reference_words": "All neighbourhoods of England" if over_england else f"The neighbourhoods of {place} only",
        "ages_words": ages_words(facts.get("ages")),
        "ingredients": [{**part, "weight_words": percent(part["weight"], 1)} for part in facts["ingredients"]],
    }


def footprint_choices(edition: Edition, view: View) -> list[dict[str, Any]]:
    """List the areas a reader may choose, by kind; in a very large place councils only."""
    groups = []
    for kind, title in FOOTPRINT_KINDS.items():
        options: list[dict[str, Any]] = [
            {"value": f"{kind}:{item['name'] if kind == 'team' else item['code']}", **item}
            for item in edition.footprints(kind)
        ]
        if kind in ("ward", "msoa") and edition.large:
            options = [option for option in options if option["value"] == view.within]
        if options and not (kind == "lad" and len(options) == 1):
            groups.append({"title": title, "options": options})
    return groups


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
        "href": f"/places/{view.place}" + _question(view.but(rho=rho).query()),
        "least": least,
        "most": most,
        "ratio": most / least,
        "top_share_pct": 100 * top_share,
    }


def ranked_table(edition: Edition, scores: Scores, view: View, request: TableRequest) -> dict[str, Any]:
    """Sort, search and page the ranked table.

    Returns
    -------
    dict
        ``rows`` of this page, ``columns`` with their state, ``summary``, ``pagination`` and ``complete``
        (every row stands on this page).
    """
    chosen = _found(edition, scores, request.find)
    ordered = chosen[_order(edition, scores, chosen, request.sort)]
    complete = len(scores.rows) <= WHOLE_TABLE
    size = max(len(ordered), 1) if complete else ROWS_A_PAGE
    pages = max(1, math.ceil(len(ordered) / size))
    page = min(request.page, pages)
    shown = ordered[(page - 1) * size : page * size]
    query = _question(view.query())
    names = edition.names(scores.rows[shown].tolist())
    return {
        "rows": [_row(facts, scores, int(item), view.place, query) for facts, item in zip(names, shown, strict=True)],
        "columns": _columns(request.sort),
        "find": request.find,
        "complete": complete and not request.find,
        "summary": _summary(len(shown), len(ordered), len(scores.rows), page, size, request.find),
        "pagination": _pagination(view, request, page, pages),
        "notes": [f"{count:,} neighbourhoods. {note}." for note, count in _common_notes(scores)],
    }


def _common_notes(scores: Scores) -> list[tuple[str, int]]:
    """List what is not known and for how many neighbourhoods, the most frequent first."""
    return Counter(note for note in scores.note if note).most_common(MOST_NOTES)


def _found(edition: Edition, scores: Scores, find: str) -> NDArray[np.int64]:
    everything = np.arange(len(scores.rows), dtype=np.int64)
    words = find.casefold().split()
    if not words:
        return everything
    matching = [all(word in text for word in words) for text in _search_texts(edition, scores.rows)]
    return np.asarray(everything[np.array(matching, dtype=bool)])


def _search_texts(edition: Edition, rows: NDArray[np.int64]) -> list[str]:
    """Return what a reader may look for, in small letters: MSOA name, LSOA name, code."""
    keys = ("msoa21hclnm", "lsoa21nm", "lsoa21cd")
    return [" ".join(str(facts.get(key) or "") for key in keys).casefold() for facts in edition.names(rows.tolist())]


def _order(edition: Edition, scores: Scores, chosen: NDArray[np.int64], sort: str) -> NDArray[np.int64]:
    column, backward = sort.removeprefix("-"), sort.startswith("-")
    if column == "name":
        names = np.array(_search_texts(edition, scores.rows[chosen]), dtype=str)
        order = np.argsort(names, kind="stable")
        return order[::-1] if backward else order
    values = scores.eligible if column == "people" else scores.need_score  # the other columns follow the need score
    key = values[chosen] if backward else -values[chosen]
    unknown_last = np.where(np.isnan(key), np.inf, key)
    return np.asarray(np.argsort(unknown_last, kind="stable"))


def _row(facts: dict[str, Any], scores: Scores, item: int, place: str, query: str) -> dict[str, Any]:
    score, position, share = (
        float(values[item]) for values in (scores.need_score, scores.need_position, scores.targeting_score)
    )
    eligible = float(scores.eligible[item])
    scored = math.isfinite(score)
    return {
        "code": facts["lsoa21cd"],
        "name": facts["lsoa21nm"],
        "msoa_name": facts["msoa21hclnm"],
        "rank": int(scores.rank[item]) or None,
        "place_rank": int(scores.place_rank[item]) or None,
        "need_score": fixed(score, 1) if scored else "–",
        "need_score_raw": repr(score) if scored else "",
        "position_raw": repr(position) if scored else "",
        "target": fixed(share, 2) if scored else "–",
        "fifth": int(scores.need_fifth[item]) or None,
        "eligible": fixed(eligible, 0) if math.isfinite(eligible) else "–",
        "eligible_raw": repr(eligible) if math.isfinite(eligible) else "",
        "partial": scored and bool(scores.note[item]),
        "href": f"/places/{place}/neighbourhoods/{facts['lsoa21cd']}{query}",
    }


def _columns(sort: str) -> list[dict[str, Any]]:
    titles = {
        "rank": ("Rank", ""),
        "name": ("Neighbourhood", ""),
        "need": ("Need score", "(0 to 100)"),
        "share": ("Share per head", "(targeting score)"),
        "fifth": ("Need fifth", "(1 is greatest need)"),
        "people": ("Eligible people", ""),
    }
    column, backward = sort.removeprefix("-"), sort.startswith("-")
    columns: list[dict[str, Any]] = []
    for name, (title, hint) in titles.items():
        upward = name in ("rank", "name", "fifth")  # the first click sorts these from small to large
        state = "" if name != column else ("ascending" if upward != backward else "descending")
        columns.append(
            {
                "id": name,
                "title": title,
                "hint": hint,
                "numeric": name not in ("rank", "name"),
                "sortable": True,
                "sort": state,
                "next": f"-{name}" if state and not backward else name,
            }
        )
    return [*columns, {"id": "why", "title": "Why", "hint": "", "numeric": False, "sortable": False, "sort": ""}]


def _summary(shown: int, found: int, total: int, page: int, size: int, find: str) -> str:
    of = f"{found:,} of {total:,} neighbourhoods" if find else f"{total:,} neighbourhoods"
    if shown == found:
        return f"{of}." if not find else f"{of} match “{find}”."
    first = (page - 1) * size + 1
    return f"{first:,} to {first + shown - 1:,} of {of}."


def _pagination(view: View, request: TableRequest, page: int, pages: int) -> dict[str, Any] | None:
    if pages == 1:
        return None
    wanted = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    items: list[dict[str, Any]] = []
    for before, number in zip([0, *wanted], wanted, strict=False):
        if number > before + 1:
            items.append({"ellipsis": True})
        items.append({"number": number, "href": _page_address(view, request, number), "current": number == page})
    return {
        "landmarkLabel": "Pages of the table",
        "previous": {"href": _page_address(view, request, page - 1)} if page > 1 else None,
        "next": {"href": _page_address(view, request, page + 1)} if page < pages else None,
        "items": items,
    }


def _page_address(view: View, request: TableRequest, page: int) -> str:
    extra = {"sort": request.sort if request.sort != "rank" else "", "find": request.find, "page": str(page)}
    query = "&".join(filter(None, (view.query(), urlencode({key: text for key, text in extra.items() if text}))))
    return f"/places/{view.place}?{query}#ranked-heading"
