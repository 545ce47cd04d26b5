"""How many people each site can take, as a request says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from service.queries import BadQuery
from service.siting.requests import EACH, LISTED, SitingRequest
from service.siting.sites import Option


def capacities(request: SitingRequest, sites: Sequence[Option]) -> pd.Series | None:
    """Limits of the sites of a request; None where there are none.

    Parameters
    ----------
    request : SitingRequest
        ``each:PEOPLE`` is for every site, ``listed`` takes those of your own lists in its place, ``ID:PEOPLE`` one
        site's own in the place of both. A site outside the area has its own people to serve: it has no room for
        those who are counted here, unless it is named by its id.
    sites : sequence of Option

    Returns
    -------
    pandas.Series or None, index site id
        People; infinite where a site has no limit.

    Raises
    ------
    BadQuery
        If a site is not among those of the plan, or none of them has a capacity that is listed.
    """
    if not request.capacity:
        return None
    given = _given(request)
    room = pd.Series(given.pop(EACH, np.inf), index=[site.id for site in sites], dtype=float)
    if LISTED in request.capacity:
        listed = {site.id: site.capacity for site in sites if site.capacity is not None}
        if not listed:
            said = "None of the sites has a capacity that is listed."
            raise BadQuery("capacity", said, hint="Import a list of sites with a column capacity, or give each:PEOPLE.")
        room.update(pd.Series(listed, dtype=float))
    room[[site.id for site in sites if not site.inside]] = 0.0
    for site_id, people in given.items():
        if site_id not in room.index:
            said = f"capacity names {site_id[:80]!r}, which is no site of this plan."
            raise BadQuery("capacity", said, hint="Give ID:PEOPLE with the id of a site or candidate.")
        room[site_id] = people
    return room


def without_room(request: SitingRequest, sites: Sequence[Option]) -> list[Option]:
    """List the sites outside the area that take nobody from it: sites have limits, and these have none of their own."""
    if not request.capacity:
        return []
    given = _given(request)
    return [site for site in sites if not site.inside and site.id not in given]


def capacity_facts(request: SitingRequest) -> dict[str, Any]:
    """Write the limits of a request as JSON asks for them: people by site id, and whether those listed are taken."""
    given = {name: int(people) for name, people in _given(request).items()}
    return {"capacity": given, "listed_capacity": LISTED in request.capacity}


def _given(request: SitingRequest) -> dict[str, float]:
    """People by site id, and by "each"."""
    pairs = [text.rpartition(":") for text in request.capacity if text != LISTED]
    names = [name for name, _, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadQuery("capacity", f"capacity is given twice for {twice[:80]!r}.", hint="Give each site once.")
    return {name: float(number) for name, _, number in pairs}
