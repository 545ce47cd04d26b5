"""Whom a service is usually for, and how people usually get there: taken where a request does not say."""

from __future__ import annotations

from dataclasses import replace

from service.editions.edition import Edition
from service.siting.requests import Asked


def usual_focus(edition: Edition, service: str) -> str:
    """Give the focus of `Edition.usual_focus`, for "new" and unknown services too."""
    return edition.usual_focus(service)


def usual_mode(edition: Edition, service: str) -> str:
    """Give the way to travel of `Edition.usual_mode`."""
    return edition.usual_mode(service)


def as_usual(edition: Edition, asked: Asked) -> Asked:
    """Fill in the mode of what was asked where it is left out."""
    return asked if asked.mode.strip() else replace(asked, mode=usual_mode(edition, asked.service.strip()))
