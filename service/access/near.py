"""What is near one neighbourhood over the streets and timetable of an edition, where it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from service.editions.edition import Edition

WAYS = ("walk", "transit")
"""Ways to travel that are told of one neighbourhood: on foot, and how far a bus or train takes those without a car."""


def near_over_streets(edition: Edition, row: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Find the nearest site of each service by each way to travel.

    Parameters
    ----------
    edition : Edition
    row : int
        The neighbourhood's row.

    Returns
    -------
    dict of mode to dict of service to dict
        ``site_id``, ``name`` and ``travel_time_min`` (one decimal), None where none is in reach or it is not known;
        services whose list is not complete here are left out. Empty without a network.
    """
    if edition.network is None:
        return {}
    listed = edition.sites()
    near: dict[str, dict[str, dict[str, Any]]] = {}
    for mode in (mode for mode in WAYS if mode in edition.modes()):
        minutes = edition.minutes(mode)[row]
        near[mode] = {}
        for service in edition.services():
            if not edition.complete_rows(service["id"])[row]:
                continue
            rows = [at for at in edition.site_rows(service["id"]) if np.isfinite(minutes[at])]
            best = min(rows, key=lambda at: (minutes[at], at), default=None)
            near[mode][service["id"]] = {
                "site_id": None if best is None else listed[best]["site_id"],
                "name": None if best is None else listed[best]["name"],
                "travel_time_min": None if best is None else round(float(minutes[best]), 1),
            }
    return near
