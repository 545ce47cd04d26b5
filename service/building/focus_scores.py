"""Scores of every focus over the reference set, from the joined table: what a build computes once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geodata.definitions import Focus, Indicator
from layers import scaling
from layers.eligible import eligible_people
from layers.need import NeedScore, need_score
from layers.shrinkage import shrink_to_council

YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class FocusScores:
    """One focus over all neighbourhoods that are held; `scaled` has its indicators on 0-100, high = more need."""

    focus: Focus
    eligible: pd.Series
    need: NeedScore
    scaled: pd.DataFrame


def score_focus(
    table: pd.DataFrame,
    focus: Focus,
    indicators: Mapping[str, Indicator],
    ranked_areas: int,
    counts: Mapping[str, pd.DataFrame] | None = None,
) -> FocusScores:
    """Scale, weigh and add up the indicators of a focus.

    Parameters
    ----------
    table : pandas.DataFrame, index lsoa21cd
        The joined table of the whole reference set.
    focus : Focus
        Weights, scale, ages.
    indicators : mapping
        Definitions, for polarity.
    ranked_areas : int
        How many areas a published rank runs over.
    counts : mapping of indicator id to pandas.DataFrame, optional
        ``count`` and ``denominator``, for a focus that draws small numbers towards their council.

    Returns
    -------
    FocusScores
        Where the number of eligible people is not known there is no score.
    """
    eligible = eligible_people(table, focus.ages)
    if focus.shrink:
        table = _shrunk(table, focus, counts or {})
    scaled = pd.DataFrame(
        {
            part.indicator: _scaled(table, focus, indicators[part.indicator], eligible, ranked_areas)
            for part in focus.ingredients
        }
    )
    need = need_score(scaled, focus.weights, aggregate=focus.aggregate, as_published=focus.as_published)
    return FocusScores(focus, eligible, need, scaled)


def _shrunk(table: pd.DataFrame, focus: Focus, counts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the table with the focus's shares drawn towards those of their council."""
    drawn = {
        name: shrink_to_council(counts[name]["count"], counts[name]["denominator"], table["lad24cd"]).share
        for name in focus.weights
        if name in counts
    }
    return table.assign(**{name: share.where(table[name].notna()) for name, share in drawn.items()})


def _scaled(
    table: pd.DataFrame, focus: Focus, indicator: Indicator, eligible: pd.Series, ranked_areas: int
) -> pd.Series:
    values = scaling.where_known(table[indicator.id], eligible)
    if focus.scale == "exponential":
        return scaling.exponential(values, ranked_areas)
    pointed = values * indicator.polarity
    if focus.scale == "ridit":
        return scaling.ridit(pointed, eligible.fillna(0.0))
    return scaling.z_score(pointed) if focus.scale == "z_score" else scaling.min_max(pointed)


def focus_facts(scores: FocusScores, indicators: Mapping[str, Indicator], reference: str) -> dict[str, Any]:
    """Return what a page says about a focus beside its figures.

    Returns
    -------
    dict
        Title, strength, ages, ingredients with weights and reasons, share of the weight that is
        measured at this level, oldest and newest year, and the reference set.
    """
    focus = scores.focus
    parts = [(part, indicators[part.indicator]) for part in focus.ingredients]
    used = scores.need.parts.notna().any()
    total = sum(part.weight for part, _ in parts if used[part.indicator])
    measured = sum(part.weight for part, indicator in parts if used[part.indicator] and indicator.grade == "measured")
    years = [int(year) for part, indicator in parts if used[part.indicator] for year in YEAR.findall(indicator.period)]
    return {
        "id": focus.id,
        "title": focus.title,
        "question": focus.question,
        "strength": focus.strength,
        "strength_why": focus.strength_why,
        "ages": list(focus.ages) if focus.ages else None,
        "scale": focus.scale,
        "aggregate": focus.aggregate,
        "shrink": focus.shrink,
        "reference": reference,
        "measured_share": round(measured / total, 4) if total else 0.0,
        "oldest": min(years, default=0),
        "newest": max(years, default=0),
        "ingredients": [
            {
                "indicator": part.indicator,
                "name": indicator.name,
                "short": indicator.short,
                "weight": part.weight,
                "justification": part.justification,
                "grade": indicator.grade,
                "used": bool(used[part.indicator]),
                "listed_only": bool(indicator.nearest),
            }
            for part, indicator in parts
        ],
    }
