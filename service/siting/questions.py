"""What is asked of a plan of sites, with everything that answers it: people, sites, journeys, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from layers.gradient import Vector
from layers.siting import PlanMeasures, plan_measures, present_kappa
from service.editions.edition import Edition
from service.editions.scoring import Scores, score
from service.editions.views import View
from service.measures.need_without import NeedWithout, need_without
from service.queries import BadQuery
from service.siting.capacities import capacities
from service.siting.demand import Counted, counted
from service.siting.requests import NEW, SitingRequest, checked
from service.siting.sites import Option, area_words, listed, minutes_to, options

WORST = 1  # the need fifth of greatest need
MOST_LIMITED = 5_000  # journeys in a plan with limits on sites, up to which it is compared with others
UNPLACED = "Left out, as it is not known where on the network it stands: {}."


@dataclass(frozen=True)
class Question:
    """A request with everything that answers it: who is counted, which sites there are, how far it is.

    Attributes
    ----------
    sites : tuple of Option
        The columns of `cost`.
    cost : pandas.DataFrame, shape (n, m), index lsoa21cd, columns site id
        Minutes, infinite = out of reach; neighbourhoods and sites without a known place left out.
    counted : Counted
        Over all neighbourhoods of the view.
    used : array of int
        Of the view's neighbourhoods those that are in `cost`.
    capacity : pandas.Series or None
        People each site can take.
    kappa : float or None
        Aversion to long journeys, one for all plans; None where it is not defined.
    remarks : list of str
        What was left out, and why.
    """

    edition: Edition
    view: View
    request: SitingRequest
    scores: Scores
    need: NeedWithout
    sites: tuple[Option, ...]
    cost: pd.DataFrame
    counted: Counted
    used: np.ndarray
    capacity: pd.Series | None
    remarks: tuple[str, ...]

    @cached_property
    def demand(self) -> pd.Series:
        """What the plan weighs, of each row of `cost`."""
        return pd.Series(self.counted.demand[self.used], index=self.cost.index, name="demand")

    @cached_property
    def people(self) -> Vector:
        """Persons of each row of `cost`."""
        return np.asarray(self.counted.people[self.used])

    @cached_property
    def worst_fifth(self) -> pd.Series:
        """Tell which rows are in the fifth of greatest need."""
        return pd.Series(self.need.fifth[self.used] == WORST, index=self.cost.index)

    @property
    def area(self) -> str:
        """Name of the area that is looked at."""
        return area_words(self.edition, self.view)

    def ids(self, *roles: str) -> list[str]:
        """Ids of the sites of some roles."""
        return [site.id for site in self.sites if site.role in roles]

    @cached_property
    def existing(self) -> list[str]:
        """Ids of the sites that are open today."""
        return [site.id for site in self.sites if site.exists]

    @cached_property
    def kept(self) -> list[str]:
        """Ids of the sites that stay open whatever comes."""
        return self.ids("kept")

    @cached_property
    def free(self) -> list[str]:
        """Ids of the sites to choose among: those that may close first."""
        return self.ids("closable", "candidate")

    @property
    def choose(self) -> int:
        """How many of `free` are to be open."""
        return self.request.add + len(self.request.close)

    @property
    def compared(self) -> bool:
        """Tell whether other plans are worked out too: with limits on sites, each of them takes as long as the plan."""
        return self.capacity is None or self.cost.size <= MOST_LIMITED

    @cached_property
    def kappa(self) -> float | None:
        """Aversion to long journeys on the present network, or on the mean-optimal plan where none is open."""
        try:
            return present_kappa(
                self.cost, self.demand, self.existing, add=max(self.choose, 1), forbidden=self.ids("forbidden")
            )
        except ValueError:
            return None

    def measures(self, opened: Sequence[str], shares: pd.DataFrame | None = None) -> PlanMeasures:
        """Measure what some open sites give the people."""
        return plan_measures(
            self.cost,
            self.demand,
            opened,
            limit=self.request.minutes,
            kappa=self.kappa,
            worst_fifth=self.worst_fifth,
            shares=shares,
        )


def ask(edition: Edition, view: View, request: SitingRequest) -> Question:
    """Gather what a request needs; see `plan_sites` for what can be wrong."""
    request = checked(request)
    scores = score(edition, view)
    sites, remarks = options(edition, view, request)
    who = counted(edition, view, request, scores)
    _check_number(request, sites)
    table = minutes_to(edition, request.mode, scores.rows, sites)
    placed = [number for number in range(len(sites)) if not np.isnan(table[:, number]).all()]
    remarks += [UNPLACED.format(site.name) for number, site in enumerate(sites) if number not in set(placed)]
    sites, table = [sites[number] for number in placed], table[:, placed]
    listed_here = _listed_here(edition, request.service, scores)
    placed_here = np.isfinite(who.people) & ~np.isnan(table).any(axis=1)
    used = np.flatnonzero(placed_here & listed_here)
    if not sites or not who.demand[used].sum() > 0:
        raise _nothing(sites, edition, view)
    codes = pd.Index(edition.codes[scores.rows[used]], name="lsoa21cd")
    gone = int((~placed_here & listed_here).sum())
    if gone:
        remarks.append(f"{gone:,} neighbourhoods are left out: how many people live there, or where, is not known.")
    if not listed_here.all():
        remarks.append(_gaps_here(edition, request.service, scores.rows[~listed_here]))
    return Question(
        edition=edition,
        view=view,
        request=request,
        scores=scores,
        need=need_without(edition, view, scores=scores),
        sites=tuple(sites),
        cost=pd.DataFrame(table[used], index=codes, columns=[site.id for site in sites]),
        counted=who,
        used=used,
        capacity=capacities(request, sites),
        remarks=tuple(remarks),
    )


def _listed_here(edition: Edition, service: str, scores: Scores) -> np.ndarray:
    """Tell for which neighbourhoods of a view the list of the service is whole."""
    return np.ones(len(scores.rows), dtype=bool) if service == NEW else edition.complete_rows(service)[scores.rows]


def _gaps_here(edition: Edition, service: str, rows: np.ndarray) -> str:
    """Say which neighbourhoods are left out because of the list."""
    councils = listed(sorted({str(edition.facts(int(row))["lad24nm"]) for row in rows}))
    plural = edition.service(service)["plural"]
    return f"{len(rows):,} neighbourhoods in {councils} are left out: the list of {plural} is not complete there."


def _check_number(request: SitingRequest, sites: Sequence[Option]) -> None:
    """Refuse more sites than there are candidates, and a plan that would leave no site open at all."""
    free = sum(site.role in ("closable", "candidate") for site in sites)
    wanted = request.add + len(request.close)
    if wanted > 0 and not (request.candidates or request.points or request.close):
        said = "It is not said where a site could go: there is no candidate."
        raise BadQuery("candidates", said, hint="Name candidates: a service, a list of your own, one site or a point.")
    if wanted > free:
        said = f"More sites are wanted than there are candidates: {wanted} wanted, {free} to choose among."
        raise BadQuery("add", said, hint="Ask for fewer sites, or name more candidates.")
    if not sites:
        raise BadQuery("candidates", "There is no site and no candidate.", hint="Name candidates: where could it go?")
    if not wanted and not request.close:
        said = "Nothing is to be added and nothing may close, so there is nothing to choose."
        raise BadQuery("add", said, hint="Say how many sites to add, or name sites that may close.")


def _nothing(sites: Sequence[Option], edition: Edition, view: View) -> BadQuery:
    if not sites:
        return BadQuery("candidates", "It is not known where any of the sites stands.", hint="Build the place again.")
    said = "Nobody who is to be counted lives in this area, as far as is known."
    return BadQuery("demand", said, hint="Choose another focus, area or demand; or build the place again.")
