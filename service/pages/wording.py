"""Numbers and codes as a reader sees them: one way of writing each, for pages and pictures alike."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from geodata.dates import day as day  # pages take it from here, with the other ways of writing
from geodata.services import load_services

UNKNOWN = "not known"
STRENGTH_WORDS = {
    "strong": "The figures measure what this focus asks about.",
    "fair": "The figures measure much of what this focus asks about, but not all.",
    "proxy": "The figures stand in for what this focus asks about, because that is not published for neighbourhoods.",
}
SERVICE_TITLES = {service.id: service.name for service in load_services().values()}
OLDEST = 100


def known(value: object) -> bool:
    """Tell whether a value is there: not None, not NaN."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def fixed(value: float | None, decimals: int = 0) -> str:
    """Write a number with thousands separated, or say that it is not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{float(value):,.{decimals}f}"


def plain(value: float | None) -> str:
    """Write a number with the decimals it has, at most six."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{float(value):,.6f}".rstrip("0").rstrip(".")


def dial(rho: float) -> str:
    """Write the dial as it stands in an address: 3, 4.5, 4.25."""
    return f"{rho:.2f}".rstrip("0").rstrip(".")


def pounds(value: float) -> str:
    """Write pounds and pence."""
    return f"£{value:,.2f}"


def percent(share: float, decimals: int = 0) -> str:
    """Write a share (0-1) as a percentage, without decimals that say nothing."""
    text = f"{100 * share:.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def people(count: float) -> str:
    """Write a number of people with its noun."""
    return f"{count:,.0f} {'person' if round(count) == 1 else 'people'}"


def ages_words(ages: tuple[int, int] | list[int] | None) -> str:
    """Say whom a focus counts."""
    if not ages:
        return "Everyone who lives here"
    first, last = int(ages[0]), int(ages[1])
    if last >= OLDEST:
        return f"People aged {first} and over"
    return f"{'Children' if last < 18 else 'People'} aged {first} to {last}"


def each_words(ages: tuple[int, int] | list[int] | None) -> str:
    """Name whom a focus counts, one at a time: each person, each child aged 0 to 4."""
    if not ages:
        return "each person"
    return "each " + ages_words(ages).replace("People", "person", 1).replace("Children", "child", 1)


def credits_once(attribution: Iterable[str]) -> list[str]:
    """List the sentences of several attributions in order, each once: publishers share some of theirs."""
    return list(dict.fromkeys(re.split(r"(?<=[.])\s+(?=[A-Z])", " ".join(attribution))))


def value_words(indicator: Mapping[str, Any], value: float | None) -> str:
    """Write the value of an indicator with its unit as short as it can be.

    Parameters
    ----------
    indicator : mapping
        Its facts: ``unit`` and ``decimals``.
    value : float or None
        Shares are 0-1 and shown as a percentage.

    Returns
    -------
    str
        "not known" where there is none.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    unit, decimals = str(indicator.get("unit", "")), int(indicator.get("decimals", 1))
    if is_share(unit):
        return f"{100 * value:.{max(decimals - 2, 0)}f}%"
    text = fixed(value, decimals)
    return f"{text} min" if unit.startswith("minutes") else text


def is_share(unit: str) -> bool:
    """Tell whether a unit is a share between 0 and 1."""
    return unit.startswith("share")


def unit_words(unit: str) -> str:
    """Write a unit for people: a share is shown as a percentage."""
    if is_share(unit):
        return unit.replace("share", "per cent", 1).removesuffix("(0-1)").strip()
    return unit


def labelled(error: Exception, parameter: str, label: str) -> str:
    """Say what was wrong in a field by the name that the form gives it, not by its parameter."""
    said = re.sub(f"^{re.escape(parameter)} is ", f"{label} is ", str(error))
    return f"{said} {getattr(error, 'hint', '')}".strip()


def lower_first(sentence: str) -> str:
    """Begin with a small letter, unless the first word is a name in capitals."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def upper_first(sentence: str) -> str:
    """Begin with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def and_words(names: Sequence[str]) -> str:
    """Name a few things: A, B and C."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def inside_sentence(name: str) -> str:
    """Begin with a small letter, unless it is a proper name: dental practices, but Family Hubs and GP practices."""
    second = name.split()[1:2]
    return name if second and second[0][:1].isupper() and not second[0].isupper() else lower_first(name)


def more_means(indicator: Mapping[str, Any]) -> str:
    """Say which way is worse, where it is not the higher value."""
    if int(indicator.get("polarity", 1)) > 0:
        return ""
    return "Rank 1 is the greatest need" if str(indicator.get("unit", "")).startswith("rank") else "Low is more need"


FILTERS: dict[str, Callable[..., str]] = {
    "number": lambda value: fixed(value, 0),
    "whole": lambda value: fixed(value, 0),
    "one": lambda value: fixed(value, 1),
    "two": lambda value: fixed(value, 2),
    "one_or_unknown": lambda value: fixed(value, 1),
    "two_or_unknown": lambda value: fixed(value, 2),
    "multiple": lambda value: fixed(value, 2) + " times",
    "plain": plain,
    "dial": dial,
    "pounds": pounds,
    "whole_pounds": lambda value: f"£{value:,.0f}",
}
