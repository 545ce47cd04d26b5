"""What the share-out page shows: the form, the result in sentences, who gets what, and three designs side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.pages.planner import FIFTHS, area_name, footprint_choices
from service.pages.ranked_table import question
from service.pages.wording import fixed, percent, pounds
from service.queries import BadQuery
from service.share_designs import designs
from service.share_outs import (
    ABOUT_AMOUNT,
    UNITS,
    Receiver,
    SharedBudget,
    ShareRequest,
    read_amount,
    recipient_kinds,
    share_budget,
)
from service.share_words import NOUNS, notes, sentences, warnings

if TYPE_CHECKING:
    from service.edition import Edition
    from service.views import View

MOST_ROWS = 300
UNIT_TITLES = {
    "pence": "Pounds, to the penny",
    "pounds-exact": "Pounds, without rounding",
    "whole": "Whole posts or sessions",
}
FIELDS = {"budget": "budget", "minimum": "minimum", "unit": "unit", "over": "over", "rho": "rho", "focus": "focus"}


@dataclass(frozen=True)
class Asked:
    """What the form sent, as it came; empty means the default."""

    budget: str = ""
    unit: str = ""
    over: str = ""
    minimum: str = ""

    def request(self) -> ShareRequest:
        """Read what was asked for.

        Raises
        ------
        BadQuery
            Naming the field that cannot be read.
        """
        unit, over = self.unit or "pence", self.over or "lsoa"
        if unit not in UNITS:
            raise BadQuery("unit", f"unit is {unit!r}; expected {', '.join(UNITS)}.", hint="Choose how to divide.")
        if over not in NOUNS:
            raise BadQuery("over", f"over is {over!r}; expected {', '.join(NOUNS)}.", hint="Choose who receives.")
        minimum = read_amount("minimum", self.minimum.strip()) if self.minimum.strip() else 0
        return ShareRequest(read_amount("budget", self.budget.strip()), unit, over, minimum)  # type: ignore[arg-type]


def share_out_page(
    edition: Edition,
    view: View,
    asked: Asked,
    *,
    public_url: str,
    share: Callable[[Edition, View, ShareRequest], SharedBudget] = share_budget,
) -> dict[str, Any]:
    """Gather everything the share-out page shows.

    Parameters
    ----------
    edition, view
        The edition and the view.
    asked : Asked
        The form; without a budget only the form is shown.
    public_url : str
        The site's address for the share link, without a closing slash; may be empty.
    share : callable
        Shares the budget out.

    Returns
    -------
    dict
        For ``share_out.html``: ``form``, ``errors`` and, where a budget was shared, ``result``.
    """
    shared, errors = None, []
    if asked.budget.strip():
        try:
            shared = share(edition, view, asked.request())
        except BadQuery as error:
            errors = [{"text": _plain(error), "href": f"#{FIELDS.get(error.parameter, 'budget')}"}]
    elif asked.minimum.strip():
        errors = [{"text": "Enter a budget", "href": "#budget"}]
    return {
        "heading": f"Share out a budget in {area_name(edition, view)}",
        "form": _form(edition, view, asked, errors),
        "errors": errors,
        "planner_address": f"/places/{view.place}{question(view.query())}",
        "result": _result(shared, public_url) if shared else None,
    }


def _plain(error: BadQuery) -> str:
    """Say what is wrong as the form's own words do."""
    if error.parameter in ("budget", "minimum") and "expected a number above 0" in str(error):
        return f"Enter the {error.parameter} as {ABOUT_AMOUNT}"
    return f"{str(error)[:1].upper()}{str(error)[1:]} {error.hint}".strip()


def _form(edition: Edition, view: View, asked: Asked, errors: list[dict[str, str]]) -> dict[str, Any]:
    over = asked.over or "lsoa"
    faults = {error["href"].removeprefix("#"): error["text"] for error in errors}
    return {
        "address": f"/places/{view.place}/share-out",
        "budget": asked.budget,
        "minimum": asked.minimum,
        "units": [
            {"value": name, "text": title, "selected": name == (asked.unit or "pence")}
            for name, title in UNIT_TITLES.items()
        ],
        "overs": [
            {
                "value": name,
                "text": NOUNS[name][1].capitalize() if name != "msoas" else "MSOAs",
                "selected": name == over,
            }
            for name in recipient_kinds(edition)
        ],
        "focuses": [
            {"value": name, "text": facts["title"], "selected": name == view.focus}
            for name, facts in edition.focuses.items()
        ],
        "footprints": footprint_choices(edition, view),
        "faults": faults,
    }


def _result(shared: SharedBudget, public_url: str) -> dict[str, Any]:
    query = question(shared.query())
    place = shared.view.place
    return {
        "sentences": sentences(shared),
        "warnings": warnings(shared),
        "notes": notes(shared),
        "wider": _wider(shared) if shared.share.below_one_unit else [],
        "focus_title": shared.edition.focuses[shared.view.focus]["title"],
        "noun": NOUNS[shared.request.over][0],
        "nouns": NOUNS[shared.request.over][1],
        "rows": [_row(shared, each) for each in shared.receivers[:MOST_ROWS]],
        "more": len(shared.receivers) - MOST_ROWS,
        "of_total": _amount(shared, float(shared.share.budget)) + (" units" if shared.request.unit == "whole" else ""),
        "total": _amount(shared, float(shared.share.budget)),
        "people": fixed(float(shared.people)),
        "designs": _designs(shared),
        "certificate_address": f"/downloads/{place}/share-out.certificate.json{query}",
        "csv_address": f"/downloads/{place}/share-out.csv{query}",
        "share_link": f"{public_url}/places/{place}/share-out{query}",
    }


def _row(shared: SharedBudget, each: Receiver) -> dict[str, Any]:
    row = each.share
    own = shared.request.over == "lsoa"
    query = question(shared.view.query())
    return {
        "name": each.name,
        "href": f"/places/{shared.view.place}/neighbourhoods/{row.code}{query}" if own else "",
        "people": fixed(float(row.people)),
        "multiple": fixed(float(row.multiple), 2),
        "achieved": "–" if row.achieved is None else fixed(float(row.achieved), 2),
        "amount": _amount(shared, float(row.amount)),
    }


def _amount(shared: SharedBudget, value: float) -> str:
    return fixed(value) if shared.request.unit == "whole" else pounds(value)


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
    empty = [design.name for design in found if not design.by_fifth]
    return {"names": [design.name for design in found], "rows": rows, "empty": empty}


def _wider(shared: SharedBudget) -> list[dict[str, str]]:
    """Offer the same budget over larger areas, where units are too few."""
    larger = [over for over in recipient_kinds(shared.edition) if over not in ("lsoa", shared.request.over)]
    found = []
    for over in larger:
        request = ShareRequest(shared.request.budget, shared.request.unit, over, 0)
        query = question(shared.view.query(**request.parameters()))
        found.append({"href": f"/places/{shared.view.place}/share-out{query}", "text": f"Share over {NOUNS[over][1]}"})
    return found
