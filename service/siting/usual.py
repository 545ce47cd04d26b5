"""How people usually get to a service: taken where a request does not say."""

from __future__ import annotations

from dataclasses import replace

from service.editions.edition import Edition
from service.siting.requests import Asked


def as_usual(edition: Edition, asked: Asked, otherwise: str = "") -> Asked:
    """Fill in the mode of what was asked where it is left out: that of its service or, if it names none, another's."""
    return asked if asked.mode.strip() else replace(asked, mode=edition.usual_mode(asked.service.strip() or otherwise))
