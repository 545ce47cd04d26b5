"""Whom a service is usually for, and how people usually get there: taken where a request does not say."""

from __future__ import annotations

from dataclasses import replace

from geodata.services import load_services
from service.editions.edition import Edition
from service.editions.views import DEFAULT_FOCUS
from service.siting.requests import MODE_DEFAULT, Asked


def usual_focus(edition: Edition, service: str) -> str:
    """Give the focus that a service is usually asked for with: Best start in life for Family Hubs.

    Parameters
    ----------
    edition : Edition
    service : str
        Any name, "new" and unknown ones too.

    Returns
    -------
    str
        Id of a focus of the edition; the default one where the service has none of its own.
    """
    known = load_services().get(service)
    return known.focus if known and known.focus in edition.focuses else DEFAULT_FOCUS


def usual_mode(edition: Edition, service: str) -> str:
    """Give the way most people travel to a service, where the edition has times for it; else on foot."""
    known = load_services().get(service)
    return known.mode if known and known.mode and known.mode in edition.modes() else MODE_DEFAULT


def as_usual(edition: Edition, asked: Asked) -> Asked:
    """Fill in the mode of what was asked where it is left out."""
    return asked if asked.mode.strip() else replace(asked, mode=usual_mode(edition, asked.service.strip()))
