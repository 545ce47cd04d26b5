"""Read what a share-out is given, and refuse what cannot be shared by (methods M1)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from layers.share_rule import Rule
from layers.whole_units import exact

LARGEST_BUDGET = 10**12
REST = "rest of place"


def budget_in_units(budget: float, rule: Rule) -> Fraction:
    """Return the budget as a number of units; refuse one out of range or with a part of a unit."""
    if not 0 < exact(budget, "the budget") <= LARGEST_BUDGET:
        raise ValueError(f"the budget is {budget}; expected above 0 and at most {LARGEST_BUDGET:,}")
    return rule.in_units(budget, "the budget")


def eligible_people(codes: Sequence[str], need_score: Sequence[float], people: Sequence[float]) -> list[Fraction]:
    """Return the people of each neighbourhood; refuse doubled codes, missing or negative people, and nobody at all."""
    if not len(codes) == len(need_score) == len(people):
        raise ValueError(f"there are {len(codes)} codes, {len(need_score)} need scores and {len(people)} people")
    twice = [code for code, times in Counter(codes).items() if times > 1]
    if twice:
        raise ValueError(f"neighbourhood {twice[0]} is there more than once")
    for code, count in zip(codes, people, strict=True):
        if not (math.isfinite(count) and count >= 0):
            raise ValueError(f"people of {code} is {count}; expected zero or more")
    counts = [exact(count, "people") for count in people]
    if not any(counts):
        raise ValueError("nobody is eligible in these neighbourhoods; a share-out needs people")
    return counts


def known_values(codes: Sequence[str], values: Sequence[float], what: str, rule: Rule) -> list[Fraction | None]:
    """Read values with gaps: a gap is None if the rule says what it meets, else an error."""
    pairs = zip(codes, values, strict=True)
    known = [None if math.isnan(value) else exact(value, f"{what} of {code}") for code, value in pairs]
    gaps = [code for code, value in zip(codes, known, strict=True) if value is None]
    if len(gaps) == len(known):
        raise ValueError(f"no neighbourhood has a {what}")
    if gaps and rule.missing == "refuse":
        raise ValueError(
            f"{what} of {gaps[0]} is missing ({len(gaps)} in all); a missing value is never zero: "
            'leave the neighbourhood out or ask for missing="average"'
        )
    return known


def people_in_need(
    codes: Sequence[str], in_need: Sequence[float] | None, people: Sequence[Fraction], rule: Rule
) -> list[Fraction | None]:
    """Return the people in need of the count form; refuse counts that cannot be.

    They may be more than the eligible people, where the two are of different ages: only their proportions count.
    """
    if (in_need is None) != (rule.form == "dial"):
        given = "no counts" if in_need is None else "counts"
        raise ValueError(f"the {rule.form} form came with {given} of people in need; only the count form takes them")
    if in_need is None:
        return [None] * len(codes)
    if len(in_need) != len(codes):
        raise ValueError(f"there are {len(codes)} codes and {len(in_need)} counts of people in need")
    counts = known_values(codes, in_need, "count of people in need", rule)
    for code, count, living in zip(codes, counts, people, strict=True):
        if count is not None and (count < 0 or (count > 0 and not living)):
            raise ValueError(f"{float(count):g} of {float(living):g} people are in need in {code}; expected 0 or more")
    if not any(counts):
        raise ValueError("nobody is in need in these neighbourhoods; the count form needs somebody")
    return counts


def homes(codes: Sequence[str], footprints: Iterable[tuple[str, str]] | None) -> list[str]:
    """Name the recipient that each neighbourhood belongs to."""
    if footprints is None:
        return list(codes)
    home: dict[str, str] = {}
    known = set(codes)
    for footprint, code in footprints:
        if footprint == REST:
            raise ValueError(f"a footprint is called {REST!r}; that name is kept for what no footprint lists")
        if code not in known:
            raise ValueError(f"footprint {footprint} lists {code}, which is not among the neighbourhoods")
        if code in home:
            raise ValueError(f"{code} is in {home[code]} and in {footprint}; footprints of a share-out may not overlap")
        home[code] = footprint
    if not home:
        raise ValueError("no footprint lists a neighbourhood")
    return [home.get(code, REST) for code in codes]
