"""What closing one site without a replacement does (methods M7)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.siting_arrays import kappa_of
from layers.siting_inputs import checked_cost, checked_demand, checked_fifth, columns_of
from layers.siting_plans import PlanMeasures, measured, nearest_open


@dataclass(frozen=True)
class Closure:
    """What closing one site without a replacement does.

    Attributes
    ----------
    site : hashable
    moved : float
        People whose nearest site it is today.
    before, after : PlanMeasures
    changes : pandas.DataFrame, shape (n, 5), index of the cost table
        ``site_before``, ``site_after``, ``before_min``, ``after_min`` and ``change_min`` (0 or more, infinite where
        the site was the only one in reach; NaN where none was in reach before).
    """

    site: Hashable
    moved: float
    before: PlanMeasures
    after: PlanMeasures
    changes: pd.DataFrame


def closure_test(
    cost: pd.DataFrame,
    demand: pd.Series,
    existing: Sequence[Hashable],
    site: Hashable,
    *,
    limit: float | None = None,
    kappa: float | None = None,
    worst_fifth: pd.Series | None = None,
) -> Closure:
    """Close one site without a replacement: everybody goes to the nearest of the others.

    Parameters
    ----------
    cost, demand, existing
        As for `choose_sites`.
    site : hashable
        One of `existing`, of at least two.
    limit, kappa, worst_fifth
        As for `plan_measures`; kappa from the network before the closure (`present_kappa`) if left out, and none
        where everybody is at a site.

    Returns
    -------
    Closure

    Raises
    ------
    ValueError
        As `choose_sites`; if the site is not open today, or is the only one.
    """
    minutes, people = checked_cost(cost), checked_demand(demand, cost)
    now = np.sort(columns_of(cost, list(existing), "existing"))
    if site not in list(existing):
        raise ValueError(f"site {site} is not open today; only an existing site can be closed")
    if len(now) == 1:
        raise ValueError(f"site {site} is the only one open: closing it leaves nobody with a site to go to")
    closing = int(columns_of(cost, [site], "closing")[0])
    others = now[now != closing]
    if kappa is None:
        nearest = minutes[:, now].min(axis=1)
        travelling = (people > 0) & np.isfinite(nearest) & (nearest > 0)
        kappa = kappa_of(nearest, people) if travelling.any() else None
    before_site, before = nearest_open(cost, minutes, now)
    after_site, after = nearest_open(cost, minutes, others)
    reached = np.isfinite(before.to_numpy())
    with np.errstate(invalid="ignore"):
        change = np.where(reached, after.to_numpy() - before.to_numpy(), np.nan)
    changes = pd.DataFrame(
        {
            "site_before": before_site,
            "site_after": after_site,
            "before_min": before,
            "after_min": after,
            "change_min": change,
        }
    )
    worst = checked_fifth(worst_fifth, cost)
    return Closure(
        site=site,
        moved=float(people[(before_site == site).to_numpy()].sum()),
        before=measured(before.to_numpy(), people, limit, kappa, worst),
        after=measured(after.to_numpy(), people, limit, kappa, worst),
        changes=changes,
    )
