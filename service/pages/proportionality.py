"""The part of a resource's page that says whether it is as steep as need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.editions.views import DEFAULT_FOCUS
from service.measures.withheld import hidden_in, slope_withheld

if TYPE_CHECKING:
    from service.editions.edition import Edition

TITLES = {
    "inverse care": "Inverse care: less where need is greater",
    "too flat": "Too flat: it rises less than need",
    "proportionate": "Proportionate: as steep as need, as far as can be told",
    "steeper than need": "Steeper than need",
}
PERHAPS = "Perhaps inverse care: equal shares lie within the limits"
NO_VERDICT = "No verdict"


def proportionality_part(edition: Edition, resource: str) -> dict[str, Any] | None:
    """Gather what ``_proportionality.html`` shows of a resource; None for everything that is no resource.

    Parameters
    ----------
    edition : Edition
        An open edition.
    resource : str
        Id of an indicator or resource of it.

    Returns
    -------
    dict or None
        ``rows`` with a verdict first, ``lead`` (words of the first), ``protection`` and the ``address`` of the
        same figures for programs.
    """
    facts = edition.indicators[resource]
    if facts.get("kind") != "resource":
        return None
    rows = [_row(row) for row in edition.own.overview(resource)]
    rows.sort(key=lambda row: row["verdict"] == NO_VERDICT)
    return {
        "name": facts["name"],
        "focus_title": edition.focuses[DEFAULT_FOCUS]["title"],
        "lead": next((row for row in rows if row["verdict"] != NO_VERDICT), None),
        "rows": rows,
        "protection": facts.get("protection"),
        "withheld": _withheld(edition, resource),
        "address": f"/api/v1/places/{edition.place['id']}/proportionality?resource={resource}&outcome=",
        "example": rows[0]["outcome"] if rows else "OUTCOME",
    }


def _withheld(edition: Edition, resource: str) -> str:
    """Say why nothing is held against this resource over the whole place; nothing if it is."""
    rows = np.arange(edition.count)
    return slope_withheld(hidden_in(edition, resource, rows), np.isfinite(edition.own.formula_values(resource)))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    limits = "" if row["lower"] is None or row["ratio"] is None else f"{row['lower']:.2f} to {_end(row['upper'])}"
    return {
        "outcome": row["outcome"],
        "name": row["name"],
        "resource_rii": _times(row["resource_rii"]),
        "outcome_rii": _times(row["outcome_rii"]),
        "ratio": _times(row["ratio"]),
        "limits": limits,
        "fifths": _times(row["fifths"]),
        "verdict": PERHAPS if row.get("perhaps") else TITLES.get(row["verdict"], NO_VERDICT),
        "words": row["words"],
    }


def _times(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"


def _end(value: float | None) -> str:
    return "no end" if value is None else f"{value:.2f}"
