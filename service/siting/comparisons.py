"""A plan beside the others there could be: what fairness costs, and how every candidate compares."""

from __future__ import annotations

import math
from typing import Any

from layers.siting import PlanMeasures, PriceRow, Rival, SitingStudy
from service.siting.effects import minutes, whole
from service.siting.sites import Option

RATIO_DECIMALS = 6
STEPS = {
    ("mean", 0.0): "The shortest average journey",
    ("fair", 0.5): "Between the shortest average and fair",
    ("fair", 1.0): "Fair",
    ("fair", 2.0): "Fair, with long journeys counted for more still",
    ("fair", 4.0): "Fair, with long journeys counted for most",
    ("worst", math.inf): "The shortest journey for whoever has the longest",
    ("coverage", None): "The most people within reach",
}
Sites = dict[str, Option]


def measures_of(found: PlanMeasures) -> dict[str, Any]:
    """Write the measures of a plan as every answer gives them: minutes to six decimals, people in whole numbers."""
    return {
        "mean_min": minutes(found.mean),
        "worst_fifth_mean_min": minutes(found.worst_fifth_mean),
        "p95_min": minutes(found.p95),
        "maximum_min": minutes(found.maximum),
        "fair_k": minutes(found.fair_k),
        "covered": whole(found.covered),
    }


def price_part(study: SitingStudy | None, sites: Sites) -> dict[str, Any]:
    """Give the best plan of each objective, from the least mean to the least maximum, and what the fair one costs."""
    if study is None or study.price is None:
        return {"rows": [], "price_of_fairness": None}
    return {
        "rows": [_price_row(row, sites) for row in study.price.rows],
        "price_of_fairness": round(study.price.price_of_fairness, RATIO_DECIMALS),
    }


def _price_row(row: PriceRow, sites: Sites) -> dict[str, Any]:
    named = row.objective != "fair" or row.strength == 1
    finite = row.strength is not None and math.isfinite(row.strength)
    return {
        "objective": row.objective if named else None,
        "step": STEPS[row.objective, row.strength],
        "strength": row.strength if finite else None,
        "opened": [sites[str(site)].name for site in row.plan.opened],
        "opened_ids": [str(site) for site in row.plan.opened],
        "closed_ids": [str(site) for site in row.plan.closed],
        **measures_of(row.measures),
        "price": round(row.price, RATIO_DECIMALS),
        "gap": round(row.plan.gap, 6),
    }


def rivals_part(study: SitingStudy | None, sites: Sites) -> list[dict[str, Any]]:
    """Compare the sites to choose among, those chosen first, then by their rank under the objective asked for."""
    if study is None:
        return []
    objective = study.plan.objective
    found = sorted(study.rivals, key=lambda rival: _rank(rival, objective))
    return [_rival(rival, sites[str(rival.site)]) for rival in found]


def _rank(rival: Rival, objective: str) -> tuple[bool, float]:
    rank = rival.ranks.get(objective)
    return not rival.chosen, math.inf if rank is None else rank


def _rival(rival: Rival, site: Option) -> dict[str, Any]:
    return {
        "id": site.id,
        "name": site.name,
        "postcode": site.postcode or None,
        "chosen": rival.chosen,
        "exists": site.exists,
        "opened_ids": [str(name) for name in rival.opened],
        "closed_ids": [str(name) for name in rival.closed],
        **measures_of(rival.measures),
        "ranks": {name: rival.ranks.get(name) for name in ("mean", "worst", "coverage", "fair")},
        "proved": rival.proved,
    }
