"""Days as people read them."""

from __future__ import annotations

import datetime


def date_words(date: datetime.date) -> str:
    """Write a day as ``6 June 2023``."""
    return f"{date.day} {date:%B %Y}"


def in_words(date: datetime.date) -> str:
    """Write a day with its weekday: ``Tuesday 6 June 2023``."""
    return f"{date:%A} {date_words(date)}"


def day(text: str) -> str:
    """Write the date that a text begins with (2026-11-21) for people: 21 November 2026; else the text."""
    try:
        return date_words(datetime.date.fromisoformat(text[:10]))
    except ValueError:
        return text
