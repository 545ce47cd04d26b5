"""Exact numbers, and quotas rounded to whole units by largest remainder (methods M1).

Plain sequences of `Fraction` and no floating point, so that a certificate can be checked to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

AVERAGE = Fraction(1)


def exact(value: float, what: str) -> Fraction:
    """Return a number as it is printed: 0.1 is one tenth, not the binary fraction nearest to it."""
    if not isinstance(value, float):
        return Fraction(int(value))
    if not math.isfinite(value):
        raise ValueError(f"{what} is {value}; expected a finite number")
    text = repr(float(value))
    if "e" in text:
        return Fraction(text)
    whole, _, decimals = text.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def in_common(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return numerators over one common denominator: whole numbers add and sort faster than fractions."""
    scale = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (scale // value.denominator) for value in values], scale


def whole_units(
    quota: Sequence[Fraction],
    total: int,
    *,
    need: Sequence[Fraction],
    people: Sequence[Fraction],
    codes: Sequence[str],
    minimum: int = 0,
) -> list[int]:
    """Round quotas to whole units that add up to the total, by largest remainder.

    Parameters
    ----------
    quota : sequence of Fraction, length n
        Zero or more, zero where nobody lives, summing to `total` exactly.
    total : int
        Units to give.
    need, people, codes : sequences, length n
        Equal remainders go to higher need, then more people, then the first code.
    minimum : int
        Given to each recipient with people first; the rest is shared in proportion to `quota`.

    Returns
    -------
    list of int, length n
        Each less than 1 from its quota (with a minimum: from the minimum plus its part of the rest).

    Raises
    ------
    ValueError
        If quotas are negative, go to nobody or do not add up, or the total is below the minimum.

    References
    ----------
    Hamilton's method of largest remainders: methods M1.
    """
    if any(part < 0 or (part > 0 and not living) for part, living in zip(quota, people, strict=True)):
        raise ValueError("a quota is negative or goes to nobody; expected zero or more, and zero where nobody lives")
    parts = with_minimum(quota, Fraction(total), Fraction(minimum), people)
    counts, one = in_common(parts)
    if sum(counts) != total * one:
        raise ValueError(f"quotas add up to {float(sum(quota))}, not to the {total} units")
    given, remainders = ([count // one for count in counts], [count % one for count in counts])
    left = total - sum(given)
    last = sorted(remainders, reverse=True)[left - 1] if left else one
    tied = [i for i, remainder in enumerate(remainders) if remainder == last]
    tied.sort(key=lambda i: (-need[i], -people[i], codes[i]))
    above = [i for i, remainder in enumerate(remainders) if remainder > last]
    for i in above + tied[: left - len(above)]:
        given[i] += 1
    return given


def with_minimum(
    quota: Sequence[Fraction], total: Fraction, minimum: Fraction, people: Sequence[Fraction], size: Fraction = AVERAGE
) -> list[Fraction]:
    """Quotas after each recipient with people was given the minimum and the rest was shared by the same quotas."""
    if not minimum:
        return list(quota)
    recipients = sum(living > 0 for living in people)
    rest = total - recipients * minimum
    if rest < 0:
        came, each, needed = (written(units * size) for units in (total, minimum, recipients * minimum))
        raise ValueError(
            f"the budget of {came} is below the minimum: {recipients} recipients at {each} each need {needed}"
        )
    part = rest / total
    return [minimum + part * own if living else Fraction(0) for own, living in zip(quota, people, strict=True)]


def written(value: Fraction) -> str:
    """Write a number in full: as a decimal where it ends, else as a fraction in lowest terms."""
    twos = (value.denominator & -value.denominator).bit_length() - 1
    fives, rest = 0, value.denominator >> twos
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    if rest != 1:
        return str(value)
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).zfill(places + 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits
