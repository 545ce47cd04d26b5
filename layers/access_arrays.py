"""Who can reach what, on plain arrays: the nearest site, sites within a time, floating catchments (methods M7).

`layers.access` offers the same with labels; the web process, which holds arrays and no tables, calls these. A time
without end (inf) is out of reach; NaN is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Numbers = NDArray[np.int32]
Rows = NDArray[np.bool_]

E2SFCA_STEPS: dict[float, float] = {10: 1.0, 20: 0.68, 30: 0.22}
METHODS = ("2sfca", "e2sfca")


@dataclass(frozen=True)
class Pairs:
    """Neighbourhoods and the sites they can reach.

    Attributes
    ----------
    origin, site : array of int32, shape (k,)
        Row number of the neighbourhood and of the site; no pair is there twice.
    minutes : array, shape (k,)
        How long it takes, 0 or more.
    n, m : int
        How many neighbourhoods and sites there are in all.
    unknown : array of bool, shape (n,), optional
        Neighbourhoods from where no time is known: they have no pairs, and every measure is NaN there.
    """

    origin: Numbers
    site: Numbers
    minutes: Vector
    n: int
    m: int
    unknown: Rows | None = None


@dataclass(frozen=True)
class Catchment:
    """Access by floating catchments.

    Attributes
    ----------
    access : array, shape (n,)
        Supply per person of the demand used; 0 where nothing is in reach, NaN where it is not known.
    ratios : array, shape (m,)
        Supply per person of each site, 0 where nobody is in reach; NaN where the supply or who is in reach is not
        known.
    stranded, reachable : float
        Supply of sites without demand in reach, and of the others; the latter is ``sum(demand * access)``. NaN where
        a supply among them is not known, and the latter also where it is not known how many are in reach of one.
    """

    access: Vector
    ratios: Vector
    stranded: float
    reachable: float


def pairs_within(matrix: NDArray[np.floating[Any]], limit: float = np.inf) -> Pairs:
    """Keep the pairs of a table of times that are within a limit.

    Parameters
    ----------
    matrix : array, shape (n, m)
        Minutes from each neighbourhood to each site; inf = out of reach, NaN = not known.
    limit : float
        Minutes; exactly the limit is still within. Without one, every pair that is in reach at all.

    Returns
    -------
    Pairs
        By neighbourhood, then site. A neighbourhood with a time that is not known is `unknown`.

    Raises
    ------
    ValueError
        If a time is negative or the limit is not a number above or at zero.
    """
    if not limit >= 0:
        raise ValueError(f"the limit is {limit}; expected minutes, zero or more")
    if (matrix < 0).any():
        row, column = (int(part[0]) for part in np.nonzero(matrix < 0))
        raise ValueError(f"row {row + 1}, column {column + 1} is {matrix[row, column]:g}; a time is zero or more")
    origin, site = np.nonzero((matrix <= limit) & np.isfinite(matrix))
    minutes = matrix[origin, site].astype(np.float64)
    unknown = np.isnan(matrix).any(axis=1)
    if unknown.any():
        keep = ~unknown[origin]
        origin, site, minutes = origin[keep], site[keep], minutes[keep]
    n, m = matrix.shape
    return Pairs(origin.astype(np.int32), site.astype(np.int32), minutes, n, m, unknown)


def nearest_of(matrix: NDArray[np.floating[Any]]) -> tuple[Numbers, Vector]:
    """Find the nearest site of each neighbourhood.

    Parameters
    ----------
    matrix : array, shape (n, m)
        Minutes; inf = out of reach, NaN = not known.

    Returns
    -------
    site : array of int32, shape (n,)
        Column of the nearest site, the first of equally near ones; -1 where none is in reach or it is not known.
    minutes : array, shape (n,)
        inf where none is in reach, NaN where one of the times is not known.
    """
    n, m = matrix.shape
    if not m:
        return np.full(n, -1, np.int32), np.full(n, np.inf)
    unknown = np.isnan(matrix).any(axis=1)
    site = np.where(unknown[:, None], np.inf, matrix).argmin(axis=1)
    minutes = matrix[np.arange(n), site].astype(np.float64)
    minutes[unknown] = np.nan
    return np.where(np.isfinite(minutes), site, -1).astype(np.int32), minutes


def within_of(pairs: Pairs, minutes: float) -> Vector:
    """Count the sites within a time.

    Parameters
    ----------
    pairs : Pairs
        At least all pairs within the time.
    minutes : float
        Exactly this many minutes is still within.

    Returns
    -------
    array, shape (n,)
        Sites of each neighbourhood, 0 where there is none, NaN where it is not known.
    """
    found = np.bincount(pairs.origin[pairs.minutes <= minutes], minlength=pairs.n).astype(np.float64)
    return _known(found, pairs)


def floating_catchment_of(
    pairs: Pairs,
    demand: Vector,
    supply: Vector,
    *,
    method: str = "2sfca",
    limit: float | None = None,
    steps: Mapping[float, float] | None = None,
) -> Catchment:
    """Share each site's supply among the people in its reach, and sum the shares that each neighbourhood gets.

    Parameters
    ----------
    pairs : Pairs
        At least all pairs within the limit, or within the last step.
    demand : array, shape (n,)
        People who may use a site; zero or more. NaN = not known, and so is access wherever a site is in reach that
        these people reach too.
    supply : array, shape (m,)
        What each site offers, zero or more; NaN = not known, and so is access wherever that site is in reach. A
        supply of 0 gives 0 to everybody, however many they are.
    method : {"2sfca", "e2sfca"}
        One limit for all, or weights that fall by steps.
    limit : float, optional
        Minutes of "2sfca"; needed there.
    steps : mapping of minutes to weight, optional
        Of "e2sfca": up to 10 minutes 1, to 20 0.68, to 30 0.22 if left out; a step's end still belongs to it.

    Returns
    -------
    Catchment
        Where all is known, ``sum(demand * access)`` is the supply with demand in reach.

    Raises
    ------
    ValueError
        For another method, a missing limit, steps that do not rise in minutes or have a weight below zero, arrays
        of another shape, a negative or infinite demand or supply.

    References
    ----------
    Luo and Wang (2003) for 2SFCA; Luo and Qi (2009) for steps; methods M7. Their answer is left empty where nothing
    is in reach; here it is 0.
    """
    _check(pairs, demand, supply)
    weight, used = _weights(pairs.minutes, method, limit, steps)
    origin, site = pairs.origin, pairs.site
    if not used.all():
        origin, site, weight = origin[used], site[used], None if weight is None else weight[used]
    wanted = demand[origin] if weight is None else demand[origin] * weight
    in_reach = np.bincount(site, wanted, minlength=pairs.m)
    served = in_reach > 0  # not where some of those in reach are not counted
    ratios = np.divide(supply, in_reach, out=np.zeros(pairs.m), where=served)
    uncounted = np.isnan(in_reach) & (supply != 0)
    ratios[uncounted | np.isnan(supply)] = np.nan
    given = ratios[site] if weight is None else ratios[site] * weight
    access = np.bincount(origin, given, minlength=pairs.n).astype(np.float64)
    stranded = float(supply[in_reach == 0].sum())
    reachable = float(np.where(uncounted, np.nan, supply)[in_reach != 0].sum())
    return Catchment(_known(access, pairs), ratios, stranded, reachable)


def _known(values: Vector, pairs: Pairs) -> Vector:
    """Put NaN where no time is known, never 0."""
    if pairs.unknown is not None:
        values[pairs.unknown] = np.nan
    return values


def _check(pairs: Pairs, demand: Vector, supply: Vector) -> None:
    for name, values, count in (("demand", demand, pairs.n), ("supply", supply, pairs.m)):
        if values.shape != (count,):
            raise ValueError(f"{name} has shape {values.shape}; expected {count} figures")
        wrong = (values < 0) | np.isinf(values)
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"{name} {first + 1} is {values[first]:g}; expected a number, zero or more")


def _weights(
    minutes: Vector, method: str, limit: float | None, steps: Mapping[float, float] | None
) -> tuple[Vector | None, Rows]:
    """Weight of each pair (None: 1 for all), and which pairs have one above zero."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    if method == "2sfca":
        if limit is None or not limit >= 0:
            raise ValueError(f"2sfca needs a limit in minutes, zero or more; it is {limit}")
        return None, minutes <= limit
    chosen = E2SFCA_STEPS if steps is None else steps
    ends, weights = np.array(list(chosen), dtype=float), np.array(list(chosen.values()), dtype=float)
    if not len(ends) or not (np.diff(ends, prepend=0) > 0).all() or not np.isfinite(ends).all():
        raise ValueError(f"steps end at {', '.join(f'{end:g}' for end in ends) or 'nothing'}; expected rising minutes")
    if not ((weights >= 0) & np.isfinite(weights)).all():
        raise ValueError(f"weights are {', '.join(f'{weight:g}' for weight in weights)}; expected zero or more")
    by_step = np.append(weights, 0.0)
    step = np.zeros(len(minutes), dtype=np.intp)  # a few comparisons are faster than a search
    for end in ends.tolist():
        step += minutes > end
    found = by_step[step]
    return found, found > 0
