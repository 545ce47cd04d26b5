"""What can be wrong with a question about embeds."""

from __future__ import annotations


class NotOurs(LookupError):
    """The address is not one that can be embedded."""


class NotInXml(ValueError):
    """An answer was asked for as XML, which oEmbed allows for and this site does not give."""
