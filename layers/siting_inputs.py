"""Read what a siting question is given, and refuse what has no answer (methods M7)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.siting_arrays import OBJECTIVES, Matrix, Rows, Vector
from layers.siting_errors import Nobody, NoRoom, TooManySites


def checked_cost(cost: pd.DataFrame) -> Matrix:
    """Return the minutes of a cost table; refuse gaps, negatives, doubled names and a table of the wrong shape."""
    if cost.ndim != 2 or 0 in cost.shape:
        raise ValueError(
            f"the cost table has shape {cost.shape}; expected neighbourhoods x sites, at least one of each"
        )
    for what, names in (("neighbourhood", cost.index), ("site", cost.columns)):
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise ValueError(f"{what} {twice[0]} is there more than once in the cost table")
    try:
        minutes = cost.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the cost table holds something that is no number: {error}") from None
    for wrong, why in ((np.isnan(minutes), "not known"), (minutes < 0, "below 0")):
        if wrong.any():
            row, column = (int(part[0]) for part in np.nonzero(wrong))
            raise ValueError(
                f"the cost from {cost.index[row]} to {cost.columns[column]} is {why} ({int(wrong.sum())} such cells); "
                "expected minutes, or infinity where a site is out of reach"
            )
    return minutes


def checked_demand(demand: pd.Series, cost: pd.DataFrame) -> Vector:
    """Return the people of each row of the cost table; refuse gaps, negatives, other codes and nobody at all."""
    if not demand.index.is_unique:
        raise ValueError(f"demand of {demand.index[demand.index.duplicated()][0]} is there more than once")
    lacking, extra = cost.index.difference(demand.index), demand.index.difference(cost.index)
    if len(lacking) or len(extra):
        which = f"no demand for {lacking[0]}" if len(lacking) else f"demand for {extra[0]}, which has no row of costs"
        raise ValueError(f"{which}: the cost table has {len(cost)} neighbourhoods and demand {len(demand)}")
    people = demand.reindex(cost.index).to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(people) & (people >= 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"demand of {cost.index[row]} is {people[row]}; expected zero or more")
    if not people.sum() > 0:
        raise Nobody("nobody is in these neighbourhoods: siting needs people")
    return people


def checked_fifth(worst_fifth: pd.Series | None, cost: pd.DataFrame) -> NDArray[np.bool_] | None:
    """Return whether each row of the cost table is in the fifth of greatest need; refuse gaps and doubled codes."""
    if worst_fifth is None:
        return None
    if not worst_fifth.index.is_unique:
        twice = worst_fifth.index[worst_fifth.index.duplicated()][0]
        raise ValueError(f"the need fifth of {twice} is there more than once")
    given = worst_fifth.reindex(cost.index)
    if given.isna().any():
        lacking = given.index[given.isna()]
        raise ValueError(f"no need fifth for {lacking[0]} ({len(lacking)} in all); expected true or false for each")
    return given.to_numpy(dtype=bool)


def checked_sites(
    cost: pd.DataFrame, existing: Iterable[Hashable], closable: Iterable[Hashable], forbidden: Iterable[Hashable]
) -> tuple[Rows, Rows]:
    """Columns that stay open, and columns to choose among (closable sites first, each in the table's order)."""
    groups = {"existing": list(existing), "closable": list(closable), "forbidden": list(forbidden)}
    for what, names in groups.items():
        columns_of(cost, names, what)
    now, may_close, never = (set(names) for names in groups.values())
    for name in groups["closable"]:
        if name not in now:
            raise ValueError(f"site {name} may close but is not open today; only an existing site can be closed")
    both = [name for name in groups["forbidden"] if name in now - may_close]
    if both:
        raise ValueError(f"site {both[0]} is both kept and forbidden; name it as closable or take one of the two away")
    columns = list(cost.columns)
    kept = [column for column, name in enumerate(columns) if name in now - may_close]
    staying = [column for column, name in enumerate(columns) if name in may_close - never]
    new = [column for column, name in enumerate(columns) if name not in now | never]
    return np.array(kept, dtype=np.intp), np.array(staying + new, dtype=np.intp)


def columns_of(cost: pd.DataFrame, names: Sequence[Hashable], what: str) -> Rows:
    """Column numbers of named sites; refuse unknown ones and one named twice."""
    for name, times in Counter(names).items():
        if name not in cost.columns:
            raise ValueError(f"{what} site {name} is not in the cost table")
        if times > 1:
            raise ValueError(f"{what} site {name} is named more than once")
    return np.array([cost.columns.get_loc(name) for name in names], dtype=np.intp)


def checked_choice(add: int, closable: int, free: int) -> int:
    """Return how many sites are chosen: those to add and one for each that may close."""
    if isinstance(add, bool) or not isinstance(add, int | np.integer) or add < 0:
        raise ValueError(f"{add!r} sites to add; expected a whole number, zero or more")
    choose = int(add) + closable
    if choose > free:
        named = f"{add} to add" + (f" and {closable} in place of those that may close" if closable else "")
        raise TooManySites(f"more sites wanted than candidates: {choose} wanted ({named}), {free} to choose among")
    return choose


def checked_objective(objective: str, limit: float | None, kappa: float | None) -> None:
    """Refuse an objective that is none, coverage without minutes, and numbers out of range."""
    if objective not in OBJECTIVES:
        raise ValueError(f"no objective {objective!r}; choose one of {', '.join(OBJECTIVES)}")
    if objective == "coverage" and limit is None:
        raise ValueError("coverage needs a limit in minutes")
    for name, number in (("limit", limit), ("kappa", kappa)):
        if number is not None and not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} is {number}; expected a number above 0")


def checked_capacity(
    capacity: pd.Series | None, cost: pd.DataFrame, demand: Vector, kept: Rows, free: Rows, choose: int
) -> Vector | None:
    """Return the people each site can take; refuse gaps, and plans that are all too small, saying by how much."""
    if capacity is None:
        return None
    usable = cost.columns[np.concatenate([kept, free])]
    if not capacity.index.is_unique:
        raise ValueError(f"capacity of {capacity.index[capacity.index.duplicated()][0]} is there more than once")
    lacking = [name for name in usable if name not in capacity.index]
    if lacking:
        raise ValueError(f"no capacity for site {lacking[0]} ({len(lacking)} in all); give infinity for no limit")
    room = capacity.reindex(cost.columns).to_numpy(dtype=np.float64)
    wrong = [name for name in usable if not room[cost.columns.get_loc(name)] >= 0]
    if wrong:
        raise ValueError(f"capacity of site {wrong[0]} is {capacity[wrong[0]]}; expected zero or more")
    room = np.asarray(np.nan_to_num(room, nan=0.0, posinf=np.inf))
    most = float(room[kept].sum() + np.sort(room[free])[::-1][:choose].sum())
    if float(demand.sum()) - most > 1e-9 * float(demand.sum()):
        raise NoRoom(most, float(demand.sum()))
    return room
