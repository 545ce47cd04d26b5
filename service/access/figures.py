"""Access figures of the neighbourhoods of a view: one source for page, map layer, GeoJSON, JSON, files and commands.

Figures of a neighbourhood are rounded once, here, so that every format carries the same number. Means over people are
taken from the minutes before they are rounded, so that pages on access and on siting write the same mean.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.access_arrays import E2SFCA_STEPS, Catchment, floating_catchment_of, within_of
from layers.gradient import Counts, Vector, fifths, multiples, positions, ranks
from service.access.reach import Reach, reach_of
from service.access.requests import MEASURES, AccessAsked, asked
from service.access.surroundings import Surroundings, surroundings_of
from service.measures.need_without import NeedWithout, need_without

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.editions.edition import Edition
    from service.editions.views import View

MINUTE_DECIMALS, PER_1000_DECIMALS = 1, 6
IN_REACH, FURTHER, OUT_OF_REACH, UNKNOWN = "in reach", "further", "out of reach", "not known here"
COLUMNS = {"nearest": "nearest_min", "within": "sites_within", "2sfca": "access_2sfca", "e2sfca": "access_e2sfca"}
REMEMBERED, REMEMBERED_BYTES = 8, 5 * 2**20  # at most; one is kept, whatever its size


@dataclass(frozen=True)
class Shared:
    """How a floating catchment shared the supply out.

    Attributes
    ----------
    reachable, shared_out : float
        Supply of the sites that the view's people reach; and what everybody who shares these sites gets of them,
        inside the view and around it, ``sum(demand * access)``: the same, or the sum is wrong.
    stranded : float
        Supply of sites inside the view that nobody has in reach.
    stranded_sites : array of int
        Those sites, by row in ``edition.sites()``.
    """

    reachable: float
    shared_out: float
    stranded: float
    stranded_sites: Counts


@dataclass(frozen=True)
class AccessFigures:
    """Access of the neighbourhoods of a view, in code order.

    Attributes
    ----------
    asked : AccessAsked
        The question with nothing left out.
    need : NeedWithout
        ``rows``, ``people`` (of the focus's ages), need position and fifth, without access and supply.
    known : array of bool, shape (n,)
        Whether the list of the service is whole here and it is known where people live.
    site : array of int, shape (n,)
        The nearest site by row in ``edition.sites()``; -1 = none in reach, or not known.
    nearest_min : array, shape (n,)
        Minutes to it, to a tenth; inf = out of reach, NaN = not known.
    nearest_exact : array, shape (n,)
        The same, not rounded: for means alone.
    sites_within : array, shape (n,)
        Sites within T minutes; NaN = not known.
    access_2sfca, access_e2sfca : array, shape (n,)
        Supply per 1,000 of the demand asked for; 0 where nothing is in reach, NaN = not known.
    demand : array, shape (n,)
        Who shares the supply; NaN where not known, and so are the floating catchments wherever they share a site.
    others : float
        Demand, as far as known, of the neighbourhoods outside the view that reach a site which the view reaches.
    demand_unknown : int
        Neighbourhoods of the view where the demand is not known.
    surrounded : bool
        Whether people who live round the place are among the demand.
    shared : dict of "2sfca" and "e2sfca" to Shared
    """

    asked: AccessAsked
    need: NeedWithout
    known: NDArray[np.bool_]
    site: Counts
    nearest_min: Vector
    nearest_exact: Vector
    sites_within: Vector
    access_2sfca: Vector
    access_e2sfca: Vector
    demand: Vector
    others: float
    demand_unknown: int
    surrounded: bool
    shared: dict[str, Shared]

    def measure(self, name: str) -> Vector:
        """Give one of the four measures by name."""
        return np.asarray(getattr(self, COLUMNS[name]))

    def exact(self, name: str) -> Vector:
        """Give one of the four measures for means and lines: minutes before they are rounded."""
        return self.nearest_exact if name == "nearest" else self.measure(name)

    @property
    def value(self) -> Vector:
        """Give the measure asked for; inf = out of reach, NaN = not known."""
        return self.measure(self.asked.measure)

    @property
    def fifth(self) -> Counts:
        """Fifth by the measure asked for, as need fifths are made: 1 = worst access, 0 = not known."""
        worse = -MEASURES[self.asked.measure].better * self.value
        return fifths(_ranks(worse))

    @property
    def status(self) -> list[str]:
        """Say of each neighbourhood whether a site is within the minutes asked for, further, or out of reach."""
        choices = (~self.known, self.sites_within > 0, np.isfinite(self.nearest_min))
        return [str(word) for word in np.select(choices, (UNKNOWN, IN_REACH, FURTHER), OUT_OF_REACH)]


def access_figures(edition: Edition, view: View) -> AccessFigures:
    """Work out the four measures of access for a view.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus, weights, dial, footprint, and the access words.

    Returns
    -------
    AccessFigures
        Kept for a while, so that a map's many questions are worked out once.

    Raises
    ------
    BadQuery
        If a word cannot be read, or nothing of the focus is left without access and supply.
    UnknownService, UnknownMode, UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    question = asked(edition, view)
    key = f"{edition.stored.folder} {view.but(layer='', indicator='', edition='').query()} {question}"
    with _LOCK:
        if key in _LATEST:
            _LATEST.move_to_end(key)
            return _LATEST[key]
    found = _worked_out(edition, view, question)
    with _LOCK:
        _LATEST[key] = found
        while len(_LATEST) > 1 and (len(_LATEST) > REMEMBERED or _held() > REMEMBERED_BYTES):
            _LATEST.popitem(last=False)
    return found


def _held() -> int:
    """Count the bytes of the figures that are kept."""
    parts = [part for found in _LATEST.values() for part in (*vars(found).values(), *vars(found.need).values())]
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


_LATEST: OrderedDict[str, AccessFigures] = OrderedDict()
_LOCK = Lock()


def _worked_out(edition: Edition, view: View, question: AccessAsked) -> AccessFigures:
    need = need_without(edition, view)
    around = surroundings_of(edition, None if question.demand == "people" else view.focus)
    reach = reach_of(edition, need.rows, question, around)
    everyone = _demand(edition, view, question)
    demand = np.concatenate([everyone[reach.rows], _others(around, reach)])
    supply = edition.site_supply(reach.sites.tolist())
    two = floating_catchment_of(reach.pairs, demand, supply, limit=float(question.minutes))
    enhanced = floating_catchment_of(reach.pairs, demand, supply, method="e2sfca")
    at = np.searchsorted(reach.rows, need.rows)
    known = edition.complete_rows(question.service)[need.rows] & ~np.isnan(reach.nearest_min[at])
    inside = _inside(edition, view, reach)
    return AccessFigures(
        asked=question,
        need=need,
        known=known,
        site=np.where(known & (reach.nearest[at] >= 0), _sites_at(reach, at), -1),
        nearest_min=_where(known, np.round(reach.nearest_min[at], MINUTE_DECIMALS)),
        nearest_exact=_where(known, reach.nearest_min[at]),
        sites_within=_where(known, within_of(reach.pairs, question.minutes)[at]),
        access_2sfca=_where(known, np.round(1000 * two.access[at], PER_1000_DECIMALS)),
        access_e2sfca=_where(known, np.round(1000 * enhanced.access[at], PER_1000_DECIMALS)),
        demand=demand[at],
        others=_sharing(reach, at, demand),
        demand_unknown=int(np.isnan(demand[at]).sum()),
        surrounded=around is not None,
        shared={
            "2sfca": _shared(two, demand, supply, inside, reach, at, {"limit": float(question.minutes)}),
            "e2sfca": _shared(enhanced, demand, supply, inside, reach, at, {"method": "e2sfca"}),
        },
    )


def _demand(edition: Edition, view: View, question: AccessAsked) -> Vector:
    """Who shares the supply, over the whole place; NaN = not known. It does not change with the footprint."""
    if question.demand == "people":
        return edition.population()
    eligible = edition.focus_arrays(view.focus).eligible
    if question.demand == "eligible":
        return eligible
    need = need_without(edition, view.but(within=""))
    position = positions(need.need, need.people)
    times = multiples(position, view.rho)
    return np.asarray(eligible * np.where(np.isfinite(times), times, 1.0))  # no score: as the average


def _others(around: Surroundings | None, reach: Reach) -> Vector:
    """Give the demand round the place; it counts as the average where demand is weighted by need."""
    return np.empty(0) if around is None else around.people[reach.others]


def _reached(reach: Reach, at: Counts, demand: Vector, limit: float) -> NDArray[np.bool_]:
    """Whether each site is within a limit of anybody in the view."""
    pairs = reach.pairs
    people = np.zeros(pairs.n, bool)
    people[at] = demand[at] != 0  # where it is not known how many they are, somebody is there
    used = np.zeros(pairs.m, bool)
    used[pairs.site[people[pairs.origin] & (pairs.minutes <= limit)]] = True
    return used


def _sharing(reach: Reach, at: Counts, demand: Vector) -> float:
    """Add up the demand outside the view that reaches a site which the view reaches."""
    pairs = reach.pairs
    inside = np.zeros(pairs.n, bool)
    inside[at] = True
    used = np.zeros(pairs.m, bool)
    used[pairs.site[inside[pairs.origin]]] = True
    sharing = np.zeros(pairs.n, bool)
    sharing[pairs.origin[used[pairs.site]]] = True
    return float(np.nansum(demand[sharing & ~inside]))


def _sites_at(reach: Reach, at: Counts) -> Counts:
    if not len(reach.sites):
        return np.full(len(at), -1)
    return reach.sites[np.maximum(reach.nearest[at], 0)]


def _where(known: NDArray[np.bool_], values: Vector) -> Vector:
    return np.where(known, values, np.nan)


def _inside(edition: Edition, view: View, reach: Reach) -> NDArray[np.bool_]:
    """Whether each site stands in the view."""
    codes = set(edition.codes[edition.rows_within(view.within)].tolist())
    listed = edition.sites()
    return np.array([listed[row]["lsoa21cd"] in codes for row in reach.sites.tolist()], dtype=bool)


def _shared(
    part: Catchment,
    demand: Vector,
    supply: Vector,
    inside: NDArray[np.bool_],
    reach: Reach,
    at: Counts,
    how: dict[str, Any],
) -> Shared:
    alone = inside & (part.ratios == 0) & (supply > 0)
    used = _reached(reach, at, demand, max(E2SFCA_STEPS) if "method" in how else how["limit"])
    theirs = floating_catchment_of(reach.pairs, demand, np.where(used, supply, 0.0), **how)
    known = np.isfinite(theirs.access)
    return Shared(
        theirs.reachable,
        float(np.nansum(demand[known] * theirs.access[known])),
        float(supply[alone].sum()),
        reach.sites[alone],
    )


def _ranks(worse: Vector) -> Counts:
    """Rank from the worst, which shares the better number among equals; out of reach comes first, 0 = not known."""
    known = ~np.isnan(worse)
    ends = np.where(np.isposinf(worse), np.finfo(float).max, worse)
    return ranks(np.where(known, ends, np.nan))


def nearest_names(edition: Edition, figures: AccessFigures) -> list[dict[str, Any] | None]:
    """Give the record of the nearest site of each neighbourhood; None where there is none."""
    listed = edition.sites()
    return [listed[row] if row >= 0 else None for row in figures.site.tolist()]
