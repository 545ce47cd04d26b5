"""What a plan changes for whom: by need fifth, by group, and by name (methods M7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layers.gradient import Counts, Vector
from service.editions.edition import Edition

FIFTHS = 5
MINUTES_DECIMALS = 6  # of a plan's own figures: whoever shows them rounds them, once
SHOWN_DECIMALS = 2  # what is less is no change
SHARE_DECIMALS = 4
Row = dict[str, Any]


@dataclass(frozen=True)
class Journeys:
    """The way to the nearest open site before and after a plan, in code order.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Row numbers in the edition.
    people : array, shape (n,)
        Persons of the ages counted, whatever the plan weighs.
    fifth : array of int, shape (n,)
        Need fifth without access; 1 = greatest need, 0 = no need score.
    before, after : array, shape (n,)
        Minutes; infinite where no open site is in reach, NaN before where none is open at all.
    site_before, site_after : sequence of str or None
        Ids of the sites used.
    limit : float
        Minutes that count as within reach.
    """

    rows: Counts
    people: Vector
    fifth: Counts
    before: Vector
    after: Vector
    site_before: Sequence[str | None]
    site_after: Sequence[str | None]
    limit: float


def by_need_fifth(journeys: Journeys) -> list[Row]:
    """Mean journey and people within reach for each need fifth, 1 = greatest need."""
    found = []
    for fifth in range(1, FIFTHS + 1):
        here = np.where(journeys.fifth == fifth, journeys.people, 0.0)
        found.append({"fifth": fifth, **_changes(journeys, here)})
    return found


def by_group(edition: Edition, journeys: Journeys) -> list[Row]:
    """Mean journey and people within reach for each group, all ages, by where people live, not by person."""
    found = []
    for kind in edition.group_kinds():
        living = edition.group_people(kind["kind"])
        for group in kind["groups"]:
            here = np.nan_to_num(living[group["id"]][journeys.rows])
            names = {
                "kind": kind["kind"],
                "title": _all_ages(kind["title"]),
                "group": group["id"],
                "name": group["name"],
            }
            found.append(names | _changes(journeys, here))
    return found


def _all_ages(title: str) -> str:
    """Say in a title that groups count all ages, whatever ages the plan counts."""
    return title if "aged" in title else f"{title}, all ages"


def _changes(journeys: Journeys, people: Vector) -> Row:
    """Mean minutes before and after over some people; the share (0-1) and number of them within the limit."""
    return {
        "people": whole(people.sum()),
        "mean_before_min": minutes(_mean(journeys.before, people)),
        "mean_after_min": minutes(_mean(journeys.after, people)),
        "within_before": _share(journeys.before, people, journeys.limit),
        "within_after": _share(journeys.after, people, journeys.limit),
        "covered_before": _within(journeys.before, people, journeys.limit),
        "covered_after": _within(journeys.after, people, journeys.limit),
    }


def _mean(value: Vector, people: Vector) -> float:
    """Mean over the people; infinite where some of them reach no site, NaN where nobody lives or no site is open."""
    here = people > 0
    return float((value[here] * people[here]).sum() / people[here].sum()) if here.any() else np.nan


def _within(value: Vector, people: Vector, limit: float) -> int | None:
    if np.isnan(value[people > 0]).any():
        return None
    return whole(people[value <= limit].sum())


def _share(value: Vector, people: Vector, limit: float) -> float | None:
    within = _within(value, people, limit)
    if within is None or not people.sum() > 0:
        return None
    return round(float(people[value <= limit].sum() / people.sum()), SHARE_DECIMALS)


def neighbourhoods(edition: Edition, journeys: Journeys) -> list[Row]:
    """Give the way before and after from every neighbourhood, in code order."""
    codes = edition.codes[journeys.rows].tolist()
    return [
        {
            "lsoa21cd": str(code),
            "need_fifth": int(fifth) or None,
            "people": whole(people),
            "before_min": minutes(before),
            "after_min": minutes(after),
            "site_before": site_before,
            "site_after": site_after,
        }
        for code, fifth, people, before, after, site_before, site_after in zip(
            codes,
            journeys.fifth,
            journeys.people,
            journeys.before,
            journeys.after,
            journeys.site_before,
            journeys.site_after,
            strict=True,
        )
    ]


def changed(edition: Edition, journeys: Journeys, names: dict[str, str]) -> tuple[list[Row], list[Row]]:
    """List neighbourhoods whose way gets shorter, and those whose way gets longer, by how much, greatest change first.

    Parameters
    ----------
    edition, journeys
    names : dict of site id to name
    """
    change = change_of(journeys.before, journeys.after)
    gainers = [_named(edition, journeys, index, names) for index in _sorted(-change)]
    losers = [_named(edition, journeys, index, names) for index in _sorted(change)]
    return gainers, losers


def change_of(before: Vector, after: Vector) -> Vector:
    """Minutes by which each way gets longer; 0 where that is too little to be shown, NaN where no site is in reach."""
    seen = np.round(before, SHOWN_DECIMALS) != np.round(after, SHOWN_DECIMALS)
    with np.errstate(invalid="ignore"):  # NaN where no site is in reach before and after
        return np.where(seen, np.round(after - before, MINUTES_DECIMALS), 0.0)


def _sorted(change: Vector) -> list[int]:
    """Numbers of the rows where it is above 0, greatest first, then in code order."""
    above = np.flatnonzero(change > 0)
    return [int(index) for index in above[np.argsort(-change[above], kind="stable")]]


def _named(edition: Edition, journeys: Journeys, index: int, names: dict[str, str]) -> Row:
    before, after = float(journeys.before[index]), float(journeys.after[index])
    site = journeys.site_after[index]
    name = edition.names([int(journeys.rows[index])])[0]
    fifth = int(journeys.fifth[index])
    before_min, after_min = minutes(before), minutes(after)
    change = None if before_min is None or after_min is None else round(after_min - before_min, MINUTES_DECIMALS)
    return {
        "lsoa21cd": name["lsoa21cd"],
        "lsoa21nm": name["lsoa21nm"],
        "msoa21hclnm": name["msoa21hclnm"],
        "need_fifth": fifth or None,
        "people": whole(journeys.people[index]),
        "before_min": before_min,
        "after_min": after_min,
        "change_min": change,
        "site_after": names[site] if site else None,
        "site_after_id": site,
    }


def minutes(value: float | None) -> float | None:
    """Give minutes with the decimals they are known to; None where they are not known or no site is in reach."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), MINUTES_DECIMALS) + 0.0


def whole(value: float | None) -> int | None:
    """Round people to whole numbers; None where they are not known."""
    return None if value is None or not np.isfinite(value) else round(float(value))
