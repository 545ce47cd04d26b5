"""What closing each of today's sites would mean, as the siting page shows it: one row a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service.pages.siting import closing_address
from service.pages.siting_words import minutes_words
from service.pages.wording import fixed, plain
from service.siting.requests import MINUTES_DEFAULT, Asked

if TYPE_CHECKING:
    from service.editions.views import View


def closure_table(view: View, asked: Asked, found: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what the page shows of closing each site by itself.

    Parameters
    ----------
    view, asked
        What was asked.
    found : mapping
        As `service.siting.closures.closures_of` gives it.

    Returns
    -------
    dict
        For ``parts/siting_closures.html``; every figure is text.
    """
    words = found["words"]
    minutes = float(asked.minutes) if asked.minutes.strip() else MINUTES_DEFAULT
    return {
        "heading": f"If one of the {fixed(len(found['rows']))} closes" if len(found["rows"]) > 1 else "If it closes",
        "lead": f"One site closes each time, with nothing in its place. The average journey today is "
        f"{minutes_words(found['before_min'])}.",
        "basis": f"Journeys {words['mode']}, {words['time_basis']}, for {words['demand']}",
        "lost": f"No longer within {plain(minutes)} min",
        "rows": [
            {
                "name": row["name"],
                "postcode": row["postcode"] or "",
                "href": closing_address(view, asked, row["id"]),
                "mean": "some reach none" if row["mean_min"] is None else minutes_words(row["mean_min"]),
                "longer": fixed(row["longer"]),
                "lost": fixed(row["lost"]),
            }
            for row in found["rows"]
        ],
    }
