"""Ids of sites as people have them: those of their lists, and those of features, which name the service before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from service.editions.edition import Edition
from service.queries import BadQuery
from service.siting.requests import EACH, SITE, Asked, SitingRequest

Request = TypeVar("Request", Asked, SitingRequest)
TAKE_IDS = "Take ids from the list of sites."
UNKNOWN_SITE = "no site here has this id"


def with_site_ids(edition: Edition, asked: Request) -> Request:
    """Write the ids of features that a request names, ``family_hub-lu1-4lx``, as those of their sites, ``lu1-4lx``.

    Parameters
    ----------
    edition : Edition
        Whose sites they are.
    asked : Asked or SitingRequest
        What was asked, as it came.

    Returns
    -------
    Asked or SitingRequest
        The same, with the id of a site wherever a feature was named. An id that is a site's own is left as it is, and
        so is one that nothing here has: the plan refuses it by what came.
    """
    names = {name.strip() for name in (*asked.close, *asked.keep, *asked.forbid)}
    names |= {name.strip().removeprefix(SITE) for name in asked.candidates if name.strip().startswith(SITE)}
    names |= {name.strip().rpartition(":")[0] for name in asked.capacity}
    found = _of_features(edition, names - {"", EACH})
    if not found:
        return asked
    return replace(
        asked,
        close=tuple(found.get(name.strip(), name) for name in asked.close),
        keep=tuple(found.get(name.strip(), name) for name in asked.keep),
        forbid=tuple(found.get(name.strip(), name) for name in asked.forbid),
        candidates=tuple(_candidate(name, found) for name in asked.candidates),
        capacity=tuple(_capacity(name, found) for name in asked.capacity),
    )


def check_ids(parameter: str, wanted: Iterable[str], known: set[str], why: str) -> None:
    """Refuse ids that nothing has, by the parameter that names them."""
    gone = sorted(set(wanted) - known)
    if gone:
        raise BadQuery(parameter, f"{parameter} is {gone[0][:80]!r}, and {why}.", hint=TAKE_IDS)


def _of_features(edition: Edition, names: set[str]) -> dict[str, str]:
    """Give the ids of sites by those of their features; an id that is a site's own stands for that site alone."""
    if not names:
        return {}
    unknown = names - edition.sites_named(names).keys()
    read = [
        (name, service, name.removeprefix(f"{service}-"))
        for name in unknown
        for service in edition.site_services()
        if name.startswith(f"{service}-")
    ]
    sites = edition.sites_named(site for _, _, site in read)
    return {name: site for name, service, site in read if site in sites and sites[site]["service"] == service}


def _candidate(text: str, found: dict[str, str]) -> str:
    name = text.strip().removeprefix(SITE)
    return f"{SITE}{found[name]}" if text.strip().startswith(SITE) and name in found else text


def _capacity(text: str, found: dict[str, str]) -> str:
    name, _, people = text.strip().rpartition(":")
    return f"{found[name]}:{people}" if name in found else text
