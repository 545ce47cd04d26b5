"""Share out a budget in exact arithmetic over neighbourhoods or footprints (methods M1).

Plain sequences, no tables and no rounding but to whole units: every figure is a `Fraction`. The web process, which
holds no tables, calls this; `layers.targeting` offers it for tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from layers.share_inputs import REST, budget_in_units, eligible_people, homes, known_values, people_in_need
from layers.share_rule import STANDARD, UNIT_SIZES, Rule
from layers.whole_units import AVERAGE, exact, in_common, whole_units, with_minimum

__all__ = ["REST", "Neighbourhood", "Recipient", "Rule", "ShareOut", "Span", "divide"]
CLOSE = 1e-12
HALF = Fraction(1, 2)
ORDER_NOT_DISTANCE = (
    "A need position uses the order of need, not its distance: at the same dial a flat place and a steep one get the "
    "same slope. The dial can be matched to a measured outcome instead."
)


class Neighbourhood(NamedTuple):
    """One neighbourhood in a share-out; missing need or count is None, never zero."""

    code: str
    need: Fraction | None
    people: Fraction
    in_need: Fraction | None
    position: Fraction
    multiple: Fraction
    recipient: str


class Recipient(NamedTuple):
    """Who gets an amount: a neighbourhood, a footprint, or the rest of the place.

    `need` is the need score of a neighbourhood and the position of a footprint; `multiple` is the targeting score
    (1 = average per head) before any minimum; `quota` includes the minimum; `achieved` is what the amount is per head
    as a multiple of the average, None where nobody lives. Quota and amount are in the budget's own measure.
    """

    code: str
    need: Fraction | None
    people: Fraction
    in_need: Fraction | None
    position: Fraction
    multiple: Fraction
    quota: Fraction
    amount: Fraction
    achieved: Fraction | None


class Span(NamedTuple):
    """Least and most per head as multiples of the average, and most over least (None where the least is nothing)."""

    least: Fraction
    most: Fraction
    ratio: Fraction | None


@dataclass(frozen=True)
class ShareOut:
    """A budget divided, every figure exact.

    Attributes
    ----------
    recipients, neighbourhoods : tuple
        By code. Without footprints the recipients are the neighbourhoods.
    planned, achieved : Span
        Floor, top and their ratio of the quotas, and of the amounts as rounded.
    below_one_unit : bool
        Some quota of a recipient with people is less than one unit, so that the floor does not survive rounding.
    with_nothing : tuple of str
        Recipients with people that get no unit.
    people_with_nothing : Fraction
        The people in them.
    notes : tuple of str
        What has to be said wherever the result is shown.
    """

    rule: Rule
    budget: Fraction
    footprints: bool
    neighbourhoods: tuple[Neighbourhood, ...]
    recipients: tuple[Recipient, ...]
    planned: Span
    achieved: Span
    below_one_unit: bool
    with_nothing: tuple[str, ...]
    people_with_nothing: Fraction
    notes: tuple[str, ...]


def divide(
    codes: Sequence[str],
    need_score: Sequence[float],
    people: Sequence[float],
    budget: float,
    *,
    rule: Rule = STANDARD,
    in_need: Sequence[float] | None = None,
    footprints: Iterable[tuple[str, str]] | None = None,
) -> ShareOut:
    """Divide a budget between neighbourhoods or footprints, exactly.

    Parameters
    ----------
    codes : sequence of str, length n
        Each neighbourhood once, in any order.
    need_score : sequence of float, length n
        High = more need; NaN = missing.
    people : sequence of float, length n
        Eligible people, zero or more.
    budget : float
        Pounds, posts, sessions: above 0, at most a million million.
    rule : Rule
        Form, dial or floor, unit, minimum, and what to do with missing need.
    in_need : sequence of float, length n, or None
        Count form: people in need, NaN = missing.
    footprints : pairs of footprint and code, or None
        Share over footprints; what none lists becomes the recipient "rest of place".

    Returns
    -------
    ShareOut

    Raises
    ------
    ValueError
        If an input is missing, negative, infinite or doubled, nobody is eligible or (count form) in need, footprints
        overlap or list an unknown code, or the budget is out of range, no whole number of units or below the minimum.

    References
    ----------
    Marmot et al. (2010): the principle. The formulas are this project's choice: methods M1.
    """
    units = budget_in_units(budget, rule)
    counts = eligible_people(codes, need_score, people)
    need = known_values(codes, need_score, "need score", rule)
    needy = people_in_need(codes, in_need, counts, rule)
    position = exact_positions(need_score, counts)
    multiple = _multiples(position, needy, counts, rule)
    rows = zip(codes, need, counts, needy, position, multiple, homes(codes, footprints), strict=True)
    neighbourhoods = tuple(sorted(map(Neighbourhood._make, rows), key=lambda row: row.code))
    recipients = _recipients(neighbourhoods, units, rule, footprints is not None)
    return _summed_up(rule, exact(budget, "the budget"), footprints is not None, neighbourhoods, recipients)


def exact_positions(need_score: Sequence[float], people: Sequence[Fraction]) -> list[Fraction]:
    """Need positions without rounding; a neighbourhood with no need score (NaN) stands in the middle, 1/2."""
    counts, _ = in_common(people)
    at_need: dict[float, int] = {}
    for need, count in zip(need_score, counts, strict=True):
        if not math.isnan(need):
            at_need[need] = at_need.get(need, 0) + count
    everyone, below, found = sum(at_need.values()), 0, {}
    for need in sorted(at_need):
        found[need] = Fraction(2 * below + at_need[need], 2 * everyone) if everyone else HALF
        below += at_need[need]
    return [found.get(need, HALF) for need in need_score]


def _multiples(
    position: Sequence[Fraction], in_need: Sequence[Fraction | None], people: Sequence[Fraction], rule: Rule
) -> list[Fraction]:
    """Share per head as a multiple of the average; the average itself where the count is missing."""
    if rule.form == "dial":
        rho = exact(rule.rho, "rho")
        p, q = rho.numerator, rho.denominator  # 2 (1 + (rho - 1) u) / (rho + 1) in one step
        return [Fraction(2 * (q * u.denominator + (p - q) * u.numerator), u.denominator * (p + q)) for u in position]
    floor = exact(rule.floor, "the floor share")
    pairs = list(zip(in_need, people, strict=True))
    total = sum((count for count, _ in pairs if count is not None), Fraction(0))
    rate = total / sum((living for count, living in pairs if count is not None), Fraction(0))
    above = (1 - floor) / rate
    return [AVERAGE if count is None else floor + (above * count / living if living else 0) for count, living in pairs]


def _mean(values: Sequence[Fraction], people: Sequence[Fraction]) -> Fraction:
    """Mean over the people, or over the rows where nobody lives."""
    weights = people if any(people) else [AVERAGE] * len(people)
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / sum(weights)


def _ratio(over: Fraction, under: Fraction, times: Fraction = AVERAGE) -> Fraction:
    """``over / under * times`` in one step."""
    return Fraction(
        over.numerator * under.denominator * times.numerator, over.denominator * under.numerator * times.denominator
    )


def _gathered(rows: Sequence[Neighbourhood], footprints: bool) -> list[tuple[Any, ...]]:
    """Add neighbourhoods up to recipients: code, need, people, in need, position, multiple."""
    if not footprints:
        return [row[:6] for row in rows]
    members: dict[str, list[Neighbourhood]] = {}
    for row in rows:
        members.setdefault(row.recipient, []).append(row)
    gathered = []
    for code in sorted(members):
        people = [row.people for row in members[code]]
        position = _mean([row.position for row in members[code]], people)
        multiple = _mean([row.multiple for row in members[code]], people)
        in_need = _total([row.in_need for row in members[code]])
        gathered.append((code, position, sum(people, Fraction(0)), in_need, position, multiple))
    return gathered


def _recipients(rows: Sequence[Neighbourhood], units: Fraction, rule: Rule, footprints: bool) -> list[Recipient]:
    """Give each recipient its quota and its amount."""
    gathered = _gathered(rows, footprints)
    codes, _, people, _, position, multiple = zip(*gathered, strict=True)
    counts, scale = in_common(people)
    each = Fraction(sum(counts), scale) / units  # people to a unit
    bare = [_ratio(living, each, share) for living, share in zip(people, multiple, strict=True)]
    minimum = rule.in_units(rule.minimum, "the minimum")
    size = UNIT_SIZES[rule.unit] or AVERAGE
    quota = amount = with_minimum(bare, units, minimum, people, size)
    if rule.unit:
        given = whole_units(bare, int(units), need=position, people=people, codes=codes, minimum=int(minimum))
        amount = [Fraction(whole) for whole in given]
    return [
        Recipient._make((*row, own * size, given * size, _ratio(given, living, each) if living else None))
        for row, living, own, given in zip(gathered, people, quota, amount, strict=True)
    ]


def _total(counts: Sequence[Fraction | None]) -> Fraction | None:
    """Add counts up; a sum with a missing part is missing."""
    known = [count for count in counts if count is not None]
    return sum(known, Fraction(0)) if len(known) == len(counts) else None


def _span(per_head: Sequence[Fraction]) -> Span:
    """Least and most: floating point finds those that may be it, exact comparison decides."""
    rough = [float(value) for value in per_head]
    low, high = min(rough) * (1 + CLOSE), max(rough) * (1 - CLOSE)
    least = min(value for value, about in zip(per_head, rough, strict=True) if about <= low)
    most = max(value for value, about in zip(per_head, rough, strict=True) if about >= high)
    return Span(least, most, most / least if least else None)


def _summed_up(
    rule: Rule,
    budget: Fraction,
    footprints: bool,
    neighbourhoods: tuple[Neighbourhood, ...],
    recipients: Sequence[Recipient],
) -> ShareOut:
    living = [row for row in recipients if row.people]
    counts, scale = in_common([row.people for row in living])
    each = Fraction(sum(counts), scale) / budget  # people to a unit of the budget's measure
    smallest = _span([row.quota for row in living]).least
    below = rule.unit is not None and smallest < UNIT_SIZES[rule.unit]
    nothing = tuple(row for row in living if not row.amount)
    without = sum((row.people for row in nothing), Fraction(0))
    notes = _notes(rule, neighbourhoods)
    if below:
        notes.insert(0, _too_few_units(rule, budget, len(living), smallest, nothing, without))
    return ShareOut(
        rule,
        budget,
        footprints,
        neighbourhoods,
        tuple(recipients),
        _span([_ratio(row.quota, row.people, each) if rule.minimum else row.multiple for row in living]),
        _span([row.achieved for row in living if row.achieved is not None]),
        below,
        tuple(row.code for row in nothing),
        without,
        tuple(notes),
    )


def _too_few_units(
    rule: Rule,
    budget: Fraction,
    recipients: int,
    smallest: Fraction,
    nothing: Sequence[Recipient],
    without: Fraction,
) -> str:
    """Say that the floor did not survive rounding, who is left out, and what to do."""
    units, least = (float(value / (UNIT_SIZES[rule.unit] or 1)) for value in (budget, smallest))
    advice = "Share over wards or team areas, or plan for a longer period"
    if units >= recipients:
        advice += ", or set a minimum for each"
    return (
        f"{units:,.0f} units over {recipients:,} recipients: the smallest quota is {least:.2g} of a unit. "
        f"{len(nothing):,} recipients with {float(without):,.0f} people get nothing. {advice}."
    )


def _notes(rule: Rule, rows: Sequence[Neighbourhood]) -> list[str]:
    """Say what was assumed, and what the figures cannot show."""
    notes = []
    if rule.form == "dial" and rule.rho > 1:
        notes.append(ORDER_NOT_DISTANCE)
        met = [row.position for row in rows if row.people]
        if all(position == met[0] for position in met):
            notes.append("No neighbourhood has more need than another: everyone gets the average per head.")
    missing = [row.code for row in rows if (row.need if rule.form == "dial" else row.in_need) is None]
    if missing:
        notes.append(f"{_listed(missing)}: not known how much need, so the average per head was put in its place.")
    above = [row.code for row in rows if row.in_need is not None and row.in_need > row.people]
    if above:
        notes.append(f"{_listed(above)}: more people in need than eligible people; the two may be of different ages.")
    empty = [row.code for row in rows if not row.people]
    if empty:
        notes.append(f"{_listed(empty)}: nobody eligible, so nothing is given.")
    return notes


def _listed(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - 3} more" if len(codes) > 3 else ""
    return ", ".join(codes[:3]) + more
