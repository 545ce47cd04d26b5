"""What the share-out page shows: the form, the result in sentences, who gets what, and three designs side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.editions.views import dial_text
from service.measures.matched_dials import matched_dial, matched_sentences, outcomes, plain_notes
from service.measures.missed_needs import missed_needs, missed_part, missed_sentences, reach_notes
from service.pages.planner import FIFTHS, area_name, footprint_choices
from service.pages.ranked_table import question
from service.pages.wording import fixed, percent, pounds
from service.queries import BadQuery
from service.sharing.counts import count_choices
from service.sharing.designs import Design, designs, missed_here
from service.sharing.recipients import Receiver, footprint_pairs, nouns, recipient_kinds
from service.sharing.requests import ABOUT_AMOUNT, ABOUT_FLOOR, ABOUT_LEAST, OWN, Asked
from service.sharing.share_outs import SharedBudget, certificate_of
from service.sharing.words import (
    PER,
    ages_note,
    amount_words,
    budget_words,
    in_need_words,
    notes,
    order_note,
    rounding_note,
    rule_words,
    sentences,
    spread_note,
    three_figures,
    warnings,
)

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View
    from service.web.dependencies import Slip

MOST_ROWS = 300
ROWS_ON_PAPER = 24  # less two lines for each sentence and warning: with the designs they fill one A4
ROWS_SET_CLOSE = 40  # in smaller letters; less two lines for each sentence about who is missed, too
UNIT_TITLES = {
    "pence": "Pounds, to the penny",
    "pounds-exact": "Pounds, without rounding",
    "whole": "Whole posts or sessions",
}
FORM_TITLES = {"dial": "By the order of need (the dial)", "count": "By the number of people in need"}
FIELDS = ("budget", "minimum", "unit", "over", "rho", "within", "focus", "form", "counts", "floor", "match")
MISSED_ROWS = (
    ("In need, and given nothing", "with_nothing"),
    ("In need, below the average per head", "under_coverage"),
    ("Share that reaches people not in need", "leakage"),
)
FOLDED = ("minimum", "form", "counts", "floor", "match")


def share_out_page(
    edition: Edition,
    view: View,
    asked: Asked,
    *,
    result: dict[str, Any] | None = None,
    matched: dict[str, Any] | None = None,
    error: BadQuery | None = None,
    slips: Iterable[Slip] = (),
) -> dict[str, Any]:
    """Gather everything the share-out page shows.

    Parameters
    ----------
    edition, view
        The edition and the view.
    asked : Asked
        The form; without a budget only the form is shown.
    result : dict or None
        From `result_of`, where a budget was shared.
    matched : dict or None
        From `matched_part`, where an outcome was asked for.
    error : BadQuery or None
        Why it could not be shared.
    slips : iterable of Slip
        Fields of the view that could not be used.

    Returns
    -------
    dict
        For ``share_out.html``: ``form``, ``errors``, ``result`` and ``matched``.
    """
    errors = [{"text": sentence, "href": f"#{field}"} for field, sentence, _ in slips]
    if error is not None:
        field = error.parameter if error.parameter in FIELDS else "budget"
        errors.append({"text": _plain(error), "href": f"#{field}"})
    elif result is None and asked.minimum.strip() and not errors:
        errors.append({"text": "Enter a budget", "href": "#budget"})
    return {
        "heading": f"Share out a budget in {area_name(edition, view)}",
        "form": _form(edition, view, asked, errors),
        "errors": errors,
        "planner_address": f"/places/{view.place}{question(view.query())}",
        "result": result,
        "matched": matched if result else None,
    }


def matched_part(shared: SharedBudget, outcome: str) -> dict[str, Any]:
    """Offer the need-matched dial of an outcome beside the chosen one, as plain data that JSON can carry."""
    edition, view = shared.edition, shared.view
    try:
        made = matched_dial(edition, view, outcome)
    except BadQuery as error:
        return {"sentences": [f"{error} {error.hint}".strip()], "notes": [], "rho": "", "href": ""}
    taken = None if made.rho in (None, view.rho) else view.but(rho=made.rho)
    request = replace(shared.request, form="dial", counts="")
    query = taken.query(**request.parameters(), match=outcome) if taken else ""
    return {
        "sentences": matched_sentences(made),
        "notes": plain_notes(made.notes),
        "rho": dial_text(made.rho) if made.rho else "",
        "href": f"/places/{view.place}/share-out{question(query)}" if taken else "",
    }


def _plain(error: BadQuery) -> str:
    """Say what is wrong as the form's own words do."""
    if error.parameter == "budget" and "expected a number above 0" in str(error):
        return f"Enter the budget as {ABOUT_AMOUNT}"
    if error.parameter == "minimum" and "expected a number of 0 or more" in str(error):
        return f"Enter “Least for each” as {ABOUT_LEAST}"
    if error.parameter == "floor" and "expected a number above 0" in str(error):
        return f"Enter the part shared equally as {ABOUT_FLOOR}"
    return f"{str(error)[:1].upper()}{str(error)[1:]} {error.hint}".strip()


def _form(edition: Edition, view: View, asked: Asked, errors: list[dict[str, str]]) -> dict[str, Any]:
    faults = {error["href"].removeprefix("#"): error["text"] for error in errors}
    counts = count_choices(edition)
    more = bool(
        asked.minimum.strip()
        or asked.match
        or asked.form == "count"
        or {"minimum", "counts", "floor", "match"} & {*faults}
    )
    return {
        "address": f"/places/{view.place}/share-out",
        "live": not edition.large,
        "wait": edition.count if edition.large else 0,
        "budget": asked.budget,
        "minimum": asked.minimum,
        "floor": asked.floor or "0.5",
        "more": bool(more),
        "units": _options(UNIT_TITLES.items(), asked.unit or "pence"),
        "overs": _options(((over, _over_title(over)) for over in recipient_kinds(edition)), asked.over or "lsoa"),
        "forms": _options(FORM_TITLES.items(), asked.form or "dial") if counts else [],
        "counts": _options((("", "The people in need that fit the service"), *_titled(counts)), asked.counts),
        "outcomes": _options((("", "None"), *outcomes(edition)), asked.match),
        "focuses": [{"id": name, "title": facts["title"]} for name, facts in edition.focuses.items()],
        "footprints": footprint_choices(edition, view),
        "faults": faults,
    }


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> list[dict[str, Any]]:
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in choices]


def _titled(choices: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((value, f"{text[:1].upper()}{text[1:]}") for value, text in choices)


def _over_title(over: str) -> str:
    """Name a kind of recipient as a choice."""
    if over.startswith(OWN):
        return f"Your areas: {over.removeprefix(OWN)}"
    many = nouns(over)[1]
    return many if many == "MSOAs" else many.capitalize()


def result_of(shared: SharedBudget, public_url: str, *, beside: int = 0) -> dict[str, Any]:
    """Gather what a shared budget shows, as plain data that JSON can carry.

    Parameters
    ----------
    shared : SharedBudget
        A budget shared out.
    public_url : str
        The site's address for the share link, without a closing slash; may be empty.
    beside : int
        Number of sentences about a matched dial that stand on the same paper.
    """
    query = question(shared.query())
    place = shared.view.place
    one, many = nouns(shared.request.over)
    rows = [_row(shared, each) for each in shared.receivers[:MOST_ROWS]]
    missed = _missed_words(shared)
    return {
        "rule": rule_words(shared),
        "sentences": sentences(shared),
        "warnings": warnings(shared),
        "notes": [note for note in notes(shared) if note not in (ages_note(shared), rounding_note(shared))],
        "wider": _wider(shared) if shared.share.below_one_unit else [],
        "focus_title": shared.edition.focuses[shared.view.focus]["title"],
        "noun": one,
        "nouns": many,
        "counted": shared.in_need.title if shared.in_need else "",
        "rows": rows,
        "more": len(shared.receivers) - MOST_ROWS,
        "paper": _on_paper(shared, missed, beside),
        "of_total": budget_words(shared),
        "in_need": fixed(float(sum(row.in_need or 0 for row in shared.share.recipients))) if shared.in_need else "",
        "table_notes": [note for note in (ages_note(shared), rounding_note(shared)) if note],
        "spread": spread_note(shared),
        "order": bool(order_note(shared)),
        "reach_notes": reach_notes(shared.edition, shared.view.focus),
        "total": amount_words(shared, float(shared.share.budget)),
        "people": fixed(float(shared.people)),
        "designs": _designs(shared),
        "missed": missed,
        "digest": certificate_of(shared)["digest"],
        "certificate_address": f"/downloads/{place}/share-out.certificate.json{query}",
        **{f"{kind}_address": f"/downloads/{place}/share-out.{kind}{query}" for kind in ("csv", "xlsx", "pdf")},
        "share_link": f"{public_url}/places/{place}/share-out{query}",
    }


def _on_paper(shared: SharedBudget, missed: dict[str, Any], beside: int) -> dict[str, Any] | None:
    """Say how many rows one A4 holds where they must be set close, and sum up the rest; None where all have room."""
    above = 2 * len(sentences(shared)) + 3 * len(warnings(shared))
    if len(shared.receivers) <= max(ROWS_ON_PAPER - above, 5):
        return None
    room = max(ROWS_SET_CLOSE - above - 2 * (len(missed["sentences"]) + beside), 5)
    rest = shared.receivers[room:]
    return {
        "rows": room,
        "count": len(rest),
        "people": fixed(float(sum(each.share.people for each in rest))),
        "amount": amount_words(shared, float(sum(each.share.amount for each in rest))),
    }


def _row(shared: SharedBudget, each: Receiver) -> dict[str, Any]:
    row = each.share
    own = shared.request.over == "lsoa"
    query = question(shared.view.query())
    return {
        "name": each.name,
        "href": f"/places/{shared.view.place}/neighbourhoods/{row.code}{query}" if own else "",
        "people": fixed(float(row.people)),
        "in_need": fixed(None if row.in_need is None or row.code in shared.stood_in else float(row.in_need)),
        "multiple": fixed(float(row.multiple), 2),
        "achieved": "–" if row.achieved is None else fixed(float(row.achieved), 2),
        "amount": amount_words(shared, float(row.amount)),
    }


def _designs(shared: SharedBudget) -> dict[str, Any]:
    """Put the designs in columns, need fifths in rows."""
    found = designs(shared)
    decimals = 1 if shared.request.unit == "whole" else 0

    def money(value: float) -> str:
        return fixed(value, 1) if decimals else f"£{value:,.0f}"

    rows = [
        (label, [money(design.by_fifth[number]) if design.by_fifth else "–" for design in found])
        for number, label in enumerate(FIFTHS)
    ]
    if any(design.no_score for design in found):
        rows.append(("No need score", [money(design.no_score) for design in found]))
    share = [percent(design.top_fifth_share, 1) if design.by_fifth else "–" for design in found]
    rows.append(("Share of the budget for fifth 1", share))
    rows.append(("People who get nothing", [fixed(design.people_with_nothing) for design in found]))
    rows += _missed(shared, found)
    empty = [design.name for design in found if not design.by_fifth]
    return {"names": [design.name for design in found], "rows": rows, "empty": empty, "in_need": in_need_words(shared)}


def _missed(shared: SharedBudget, found: list[Design]) -> list[tuple[str, list[str]]]:
    """Say who in need each design misses, and what reaches those in need."""
    if found[0].reach is None:
        return []
    whole = shared.request.unit == "whole"
    each = [design.reach for design in found]
    rows = [
        (label, [_or_dash(None if one is None else getattr(one, name), _tenth) for one in each])
        for label, name in MISSED_ROWS
    ]
    if whole:
        label, per = f"Reaches every {PER:,} people in need", PER
    else:
        label, per = "Reaches each person in need", 1
    reached = [None if one is None or one.per_person_in_need is None else per * one.per_person_in_need for one in each]
    rows.append((label, [_or_dash(value, _units if whole else pounds) for value in reached]))
    return [row for row in rows if set(row[1]) != {"–"}]


def _missed_words(shared: SharedBudget) -> dict[str, Any]:
    """Say in words whom fixed areas and this share-out miss; the rows of the designs carry the figures."""
    made = missed_needs(shared.edition, shared.view, "core20", budget=float(shared.share.budget))
    said = missed_sentences(made)
    if (
        shared.in_need is not None or shared.request.unit == "whole" or shared.share.with_nothing
    ):  # theirs are of the dial before rounding
        said = [*said[:1], *missed_here(shared)]
    return missed_part(made) | {"rows": [], "sentences": said}


def _or_dash(value: float | None, write: Callable[[float], str]) -> str:
    return "–" if value is None else write(value)


def _tenth(share: float) -> str:
    return percent(share, 1)


def _units(value: float) -> str:
    return three_figures(value)


def _wider(shared: SharedBudget) -> list[dict[str, str]]:
    """Offer the same budget over fewer and larger areas, where it is too small."""
    codes = {row.code for row in shared.share.neighbourhoods}
    found = []
    for over in recipient_kinds(shared.edition):
        request = replace(shared.request, over=over, minimum=0)
        pairs = footprint_pairs(shared.edition, request, codes)
        if pairs is None or len({footprint for footprint, _ in pairs}) >= len(shared.receivers):
            continue
        query = question(shared.view.query(**request.parameters()))
        found.append({"href": f"/places/{shared.view.place}/share-out{query}", "text": f"Share over {_lower(over)}"})
    return found


def _lower(over: str) -> str:
    title = _over_title(over)
    return title if title == "MSOAs" else f"{title[:1].lower()}{title[1:]}"
