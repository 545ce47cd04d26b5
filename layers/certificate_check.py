"""Check a share-out certificate: its digest, then every law of the method (methods M1).

Stands alone: python certificate_check.py FILE   (standard library only; exit 0 = good, 1 = broken). A file that
another program spaced anew is refused as altered; --content checks what it says and leaves the spacing aside.
A digest is not a signature: it shows that nothing was changed since it was made, not who made it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

KIND = "evenreach share-out 1"
TIES = "largest remainder; equal remainders by higher need position, then more people, then code"
FORMS = [(form, missing) for form in ("dial", "count") for missing in ("refuse", "average")]
NUMBER = re.compile(r"-?[0-9]{1,2000}(\.[0-9]{1,2000}|/[0-9]{1,2000})?")
UNITS = {"none": Fraction(0), "pence": Fraction(1, 100), "whole": Fraction(1)}
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError, RecursionError)
Numbers = list[Fraction]
Gaps = list[Fraction | None]


def broken_laws(text: str, *, content_only: bool = False) -> list[str]:
    """Name what is wrong with a certificate, in the order of checking; empty = nothing."""
    try:
        stated = json.loads(text, object_pairs_hook=_each_name_once)
        whole, digest = canonical(stated), stated.pop("digest", None)
        made = hashlib.sha256(canonical(stated).encode()).hexdigest()
    except UNREADABLE as error:
        return [f"form: no certificate in JSON ({error})"]
    broken = [] if digest == made else [f"digest: the file states {digest!r}, its contents give {made}"]
    if whole != text and not content_only:
        broken.append("digest: the text is not spaced, ordered and spelt as it was written (see --content)")
    try:
        return broken + [law for law, holds in laws(stated) if not holds]
    except UNREADABLE as error:
        return [*broken, f"form: a part is missing or badly written ({error!r})"]


def laws(c: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Work every figure out anew, in exact fractions; yield each law and whether it holds."""
    rows, areas = c["recipients"], c.get("neighbourhoods", c["recipients"])
    codes, home = [row["code"] for row in rows], [area.get("recipient", area["code"]) for area in areas]
    dial, size, budget, minimum = c["form"] == "dial", UNITS[c["unit"]], number(c["budget"]), number(c["minimum"])
    rho = number(c["rho"]) if dial else Fraction(1)
    floor = 2 / (rho + 1) if dial else number(c["floor"])
    yield "form: a kind and a tie rule that this program knows", (c["certificate"], c["ties"]) == (KIND, TIES)
    yield "form: dial or count; missing need refused or averaged", (c["form"], c["missing"]) in FORMS
    yield "order: each recipient once, by code", codes == sorted(set(home))
    yield "order: each neighbourhood once, by code", [a["code"] for a in areas] == sorted({a["code"] for a in areas})
    yield "budget: above 0, and its minimum not below 0", minimum >= 0 < budget
    yield "budget: whole units", not size or budget / size % 1 == minimum / size % 1 == 0
    yield "dial: from 1 to 20, with two decimals", 1 <= rho <= 20 and 100 * rho % 1 == 0
    yield "floor: above 0, at most 1", 0 < floor <= 1

    people, need = [number(area["people"]) for area in areas], [maybe(area["need"]) for area in areas]
    in_need = need if dial else [maybe(area["in_need"]) for area in areas]
    position = positions(need, people)
    multiple = [2 * (1 + (rho - 1) * u) / (rho + 1) for u in position] if dial else count_form(in_need, people, floor)
    yield "people: zero or more, and somebody", min(people) >= 0 < sum(people)
    yield (
        "missing: refused, or averaged where it says so; never zero",
        c["missing"] == "average" or None not in need + in_need,
    )
    yield "need position: people of lower need and half of those of the same", column(areas, "position") == position
    living = added_up(home, people)
    everyone, empty = sum(living, Fraction(0)), {code for code, p in zip(codes, living, strict=True) if not p}
    weight = [Fraction(h in empty) or p for h, p in zip(home, people, strict=True)]
    u, r = mean(home, position, weight), mean(home, multiple, weight)
    yield "recipients: their people add up", column(rows, "people") == living
    yield "recipients: need position is the mean over their people", column(rows, "position") == u
    yield "recipients: a footprint's need is its position", areas is rows or column(rows, "need") == u
    yield "targeting score: the formula", column(rows, "multiple") == r
    yield "targeting score: nobody below the floor", min(r) >= floor
    yield "targeting score: 1 on average", sum(p * x for p, x in zip(living, r, strict=True)) == everyone

    rest = budget - minimum * sum(p > 0 for p in living)
    due = [minimum + rest * p * x / everyone if p else p for p, x in zip(living, r, strict=True)]
    amount = column(rows, "amount")
    given = list(zip(amount, due, living, strict=True))
    yield "minimum: the budget reaches it", rest >= 0
    yield "quota: the minimum, and a share of the rest", column(rows, "quota") == due
    yield "total: amounts add up to the budget", sum(amount) == budget
    yield "nobody: nothing where nobody lives", not any(a for a, _, p in given if not p)
    yield "minimum: everywhere that people live", all(a >= minimum for a, _, p in given if p)
    yield "units: whole", not size or not any(a / size % 1 for a in amount)
    yield "units: less than one from the quota", all(abs(a - q) < (size or 1) for a, q, _ in given)
    yield "units: largest remainder, ties by need, people, code", amount == rounded(due, size, budget, u, living)
    ranked = sorted(zip(living, u, amount, strict=True)) if dial else []
    yield (
        "order: at equal people, higher need never gets less",
        all(a[0] != b[0] or a[1] == b[1] or a[2] <= b[2] for a, b in pairwise(ranked)),
    )
    per_head = [a / p * everyone / budget for a, _, p in given if p]
    span = [min(per_head), max(per_head), max(per_head) / min(per_head) if min(per_head) else None]
    said = [maybe(c["achieved"][name]) for name in ("least", "most", "ratio")]
    yield "achieved: least and most per head, and their ratio", said == span
    yield "below one unit: said where it is so", c["below_one_unit"] is any(q < size for _, q, p in given if p)
    yield "people with nothing: added up", number(c["people_with_nothing"]) == sum(p for a, _, p in given if not a)


def positions(need: Gaps, people: Numbers) -> Numbers:
    """Need position; 1/2 where need is missing."""
    level, below, found = {x: Fraction(0) for x in need if x is not None}, Fraction(0), {}
    for x, p in zip(need, people, strict=True):
        if x is not None:
            level[x] += p
    everyone = sum(level.values())
    for x in sorted(level):
        found[x] = (below + level[x] / 2) / everyone if everyone else Fraction(1, 2)
        below += level[x]
    return [Fraction(1, 2) if x is None else found[x] for x in need]


def count_form(in_need: Gaps, people: Numbers, floor: Fraction) -> Numbers:
    """Targeting score of the count form; 1 where the count is missing."""
    pairs = list(zip(in_need, people, strict=True))
    if any(n and (n < 0 or not p) for n, p in pairs):
        raise ValueError("people in need are negative in number, or live where nobody does")
    rate = sum((n for n, _ in pairs if n), Fraction(0)) / sum(p for n, p in pairs if n is not None)
    return [Fraction(1) if n is None else floor + (1 - floor) * n / (p or 1) / rate for n, p in pairs]


def added_up(home: list[str], values: Numbers) -> Numbers:
    """Sum for each recipient, by code."""
    total = dict.fromkeys(sorted(set(home)), Fraction(0))
    for code, value in zip(home, values, strict=True):
        total[code] += value
    return list(total.values())


def mean(home: list[str], values: Numbers, weight: Numbers) -> Numbers:
    """Weighted mean for each recipient, by code."""
    weighted = added_up(home, [v * w for v, w in zip(values, weight, strict=True)])
    return [v / w for v, w in zip(weighted, added_up(home, weight), strict=True)]


def rounded(due: Numbers, size: Fraction, budget: Fraction, u: Numbers, living: Numbers) -> Numbers:
    """Quotas in whole units by largest remainder; rows are by code, and sorting keeps that order in a tie."""
    if not size:
        return due
    given = [q // size * size for q in due]
    first = sorted(range(len(due)), key=lambda i: (given[i] - due[i], -u[i], -living[i]))
    for i in first[: int((budget - sum(given)) / size)]:
        given[i] += size
    return given


def canonical(value: object) -> str:
    """JSON with its names sorted and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def number(text: str) -> Fraction:
    """Read a number in full: a decimal, or a fraction p/q."""
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no plain number")
    return Fraction(text)


def maybe(text: str | None) -> Fraction | None:
    """Read a number that may be missing."""
    return None if text is None else number(text)


def column(rows: list[dict[str, str]], name: str) -> Numbers:
    """Read one number of every row."""
    return [number(row[name]) for row in rows]


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def main(arguments: list[str]) -> int:
    """Check the file that is named; print what is broken, or that nothing is."""
    *options, name = arguments or [""]
    try:
        with open(name, encoding="utf-8", newline="") as file:
            broken = broken_laws(file.read(), content_only="--content" in options)
    except (OSError, ValueError) as error:
        broken = [f"form: {name or 'no file'} cannot be read as text ({error})"]
    print("\n".join(f"BROKEN {law}" for law in broken) or "GOOD the digest and every law hold")
    print("A digest is not a signature: it shows that nothing was changed since it was made, not who made it.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
