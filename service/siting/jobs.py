"""Plans of sites as jobs of the workshop: what loads tables and solvers, and the files that are made from a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from service.editions.at_work import edition_at_work
from service.editions.edition import Edition
from service.editions.views import View
from service.siting.closures import closures_of
from service.siting.files import plan_bytes
from service.siting.plans import plan_sites
from service.siting.requests import SitingRequest


def wake() -> None:
    """Do nothing: what this module loads is then there when a plan is asked for."""


def result_link(edition: Edition, view: View, request: SitingRequest, public_url: str) -> str:
    """Give the address that opens the plan again with the same data; none without a public address."""
    query = request.query(view.but(layer="", edition=edition.id))
    return f"{public_url}/places/{view.place}/siting?{query}" if public_url and query else ""


def make(
    store: str, edition: str, view: dict[str, Any], request: dict[str, Any], kind: str, public_url: str, path: str
) -> None:
    """Write one plan as a kind of file; what the workshop runs."""
    opened = edition_at_work(store, view["place"], edition)
    seen, asked = View(**view), SitingRequest(**_tuples(request))
    plan = plan_sites(opened, seen, asked)
    Path(path).write_bytes(plan_bytes(opened, seen, plan, kind, link=result_link(opened, seen, asked, public_url)))


def make_closures(store: str, edition: str, view: dict[str, Any], request: dict[str, Any], path: str) -> None:
    """Write what closing each site of today would mean as JSON; what the workshop runs."""
    opened = edition_at_work(store, view["place"], edition)
    found = closures_of(opened, View(**view), SitingRequest(**_tuples(request)))
    Path(path).write_bytes(orjson.dumps(found))


def _tuples(request: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists that JSON carries back into tuples."""
    return {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
        if isinstance(value, list)
        else value
        for name, value in request.items()
    }
