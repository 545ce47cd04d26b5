"""Neighbourhoods of the same need that do better, beyond noise: whom to learn from (methods M10).

Outcomes are shares with counts behind them, so that each has limits, and need is taken without the outcome itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layers.gradient import Vector
from layers.inequality_arrays import wilson
from layers.similar_arrays import better_than_expected
from service.editions.counted_shares import counted_share
from service.editions.edition import Edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.need_without import NeedWithout, need_without
from service.queries import BadQuery

ALIKE = 15  # neighbourhoods nearest in need
NAMED = 3
MOST_OUTCOMES = 6
FEWEST = 30  # neighbourhoods that a place needs before any are called alike
NOT_OUTCOMES = (
    "rented_share",
    "disabled_share",
    "older_share",
    "aged_75_share",
    "aged_85_share",
)  # who lives there, not how they fare
SERIES_LEVEL = "lsoa"


@dataclass(frozen=True)
class Better:
    """A neighbourhood of like need that does better beyond noise."""

    code: str
    name: str
    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class OutcomeHere:
    """One outcome of one neighbourhood beside others of the same need.

    Attributes
    ----------
    facts : dict
        ``name``, ``unit``, ``decimals``, ``period``, ``polarity`` and, for an indicator, ``id``.
    value, lower, upper : float
        With 95 % limits.
    expected : float
        From a line on need through all other neighbourhoods of the place.
    deviant : bool
        Whether this one itself does better than its need leads one to expect.
    alike : int
        How many neighbourhoods of like need have a figure.
    better : tuple of Better
        At most three of them, the best first.
    """

    facts: dict[str, Any]
    value: float
    lower: float
    upper: float
    expected: float
    deviant: bool
    alike: int
    better: tuple[Better, ...]


def doing_better(edition: Edition, view: View, row: int) -> list[OutcomeHere]:
    """Find neighbourhoods of the place that have like need and better outcomes.

    Parameters
    ----------
    edition, view
        The edition, and the focus (and weights) whose need is meant; always within the whole place.
    row : int
        Row number of the neighbourhood.

    Returns
    -------
    list of OutcomeHere
        Outcomes that are known here; none in a place of fewer than 30 neighbourhoods.
    """
    if edition.count < FEWEST:
        return []
    whole = view.but(within="")
    scores = score(edition, whole)
    found = []
    for facts, count, among in _outcomes(edition):
        try:
            need = need_without(edition, whole, beside=(facts["id"],), scores=scores)
        except BadQuery:
            continue
        here = _held_against(edition, need, facts, count, among, row)
        if here is not None:
            found.append(here)
    return found[:MOST_OUTCOMES]


def better_facts(found: list[OutcomeHere]) -> list[dict[str, Any]]:
    """Return the same for programs."""
    return [
        {
            "id": here.facts["id"],
            "name": here.facts["name"],
            "period": here.facts["period"],
            "polarity": here.facts["polarity"],
            "value": here.value,
            "lower": here.lower,
            "upper": here.upper,
            "expected": here.expected,
            "better_than_expected": here.deviant,
            "alike": here.alike,
            "doing_better": [asdict(other) for other in here.better],
        }
        for here in found
    ]


def _outcomes(edition: Edition) -> list[tuple[dict[str, Any], Vector, Vector]]:
    """List shares with counts: a user's own first, then series of neighbourhoods in their newest period."""
    own: list[tuple[dict[str, Any], Vector, Vector]] = []
    published: list[tuple[dict[str, Any], Vector, Vector]] = []
    for name, facts in edition.indicators.items():
        counted = None if name in NOT_OUTCOMES else counted_share(edition, name)
        if counted is not None:
            as_share = facts if counted.scale == 1 else {**facts, "unit": "share (0-1)", "decimals": 3}
            (own if facts.get("own") else published).append((as_share, counted.count, counted.denominator))
    return [*own, *_newest_of_series(edition), *published]


def _newest_of_series(edition: Edition) -> list[tuple[dict[str, Any], Vector, Vector]]:
    block = edition.context(SERIES_LEVEL)
    if block["counts"] is None or block["denominators"] is None:
        return []
    where = {code: at for at, code in enumerate(block["codes"])}
    at = np.array([where.get(str(code), -1) for code in edition.codes])
    found = []
    for k, part in enumerate(block["variables"]):
        last = len(part["years"]) - 1
        count, among = (np.where(at >= 0, block[name][k, last][at], np.nan) for name in ("counts", "denominators"))
        facts = {**part, "unit": "share (0-1)", "decimals": 3, "period": part["years"][last]}
        if int(part["polarity"]) != 0:
            found.append((facts, count, among))
    return found


def _held_against(
    edition: Edition, need: NeedWithout, facts: dict[str, Any], count: Vector, among: Vector, row: int
) -> OutcomeHere | None:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(among > 0, count / among, np.nan)
    known = np.isfinite(value) & np.isfinite(need.position) & (need.people > 0)
    if not known[row] or known.sum() < FEWEST:
        return None
    polarity = int(facts["polarity"])
    lower, upper = wilson(count, among)
    expected = better_than_expected(value, need.position, need.people, lower, upper, polarity=polarity)
    apart = np.where(known, np.abs(need.position - need.position[row]), np.inf)
    apart[row] = np.inf
    alike = np.argsort(apart, kind="stable")[:ALIKE]
    clear = upper[alike] < lower[row] if polarity > 0 else lower[alike] > upper[row]
    best = sorted(alike[clear].tolist(), key=lambda other: (polarity * value[other], str(edition.codes[other])))[:NAMED]
    names = {entry["lsoa21cd"]: f"{entry['msoa21hclnm']} ({entry['lsoa21nm']})" for entry in edition.names(best)}
    better = tuple(
        Better(str(edition.codes[o]), names[str(edition.codes[o])], float(value[o]), float(lower[o]), float(upper[o]))
        for o in best
    )
    return OutcomeHere(
        facts,
        float(value[row]),
        float(lower[row]),
        float(upper[row]),
        float(expected.expected[row]),
        bool(expected.deviant[row]),
        len(alike),
        better,
    )
