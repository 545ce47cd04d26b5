"""The ranked table of a view: sorted, searched and paged on the server, so that it works without a script."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from service.pages.certainty import short_words, sure_words
from service.pages.wording import fixed
from service.queries import BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

WHOLE_TABLE = 200  # up to here the table stands on one page and the script may sort it
ROWS_A_PAGE = 100
MOST_NOTES = 4
SORT = "-?(?:rank|name|need|share|fifth|people)"


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


def question(query: str) -> str:
    """Put the question mark before a query string, if there is one."""
    return f"?{query}" if query else ""


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
    query = question(view.query())
    names = edition.names(scores.rows[shown].tolist())
    return {
        "rows": [_row(facts, scores, int(item), view.place, query) for facts, item in zip(names, shown, strict=True)],
        "columns": _columns(request.sort),
        "find": request.find,
        "complete": complete and not request.find,
        "summary": _summary(len(shown), len(ordered), len(scores.rows), page, size, request.find),
        "pagination": _pagination(view, request, page, pages),
        "notes": [
            f"{count:,} neighbourhood{'' if count == 1 else 's'}. {note}." for note, count in _common_notes(scores)
        ],
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
        "sure": short_words(float(scores.top_fifth_chance[item]), scores.certainty[item]),
        "sure_words": sure_words(float(scores.top_fifth_chance[item]), scores.certainty[item]),
        "interval": interval_words(int(scores.rank_low[item]), int(scores.rank_high[item])),
        "partial": scored and bool(scores.note[item]),
        "href": f"/places/{place}/neighbourhoods/{facts['lsoa21cd']}{query}",
    }


def interval_words(low: int, high: int) -> str:
    """Write the ends of a rank interval; nothing where they are not known."""
    return "" if not low else f"{low:,}" if low == high else f"{low:,} to {high:,}"


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
