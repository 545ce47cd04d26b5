"""What can be wrong with an address under ``/ogc``, beside a parameter."""

from __future__ import annotations


class UnknownCollection(LookupError):
    """There is no collection of this name."""


class UnknownFeature(LookupError):
    """The collection has no feature of this name."""
