"""Services and their sites as an edition knows them: which there are, where lists are complete, what sites supply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from geodata.errors import UnknownService
from geodata.services import giving, load_services
from service.editions.views import DEFAULT_FOCUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.editions.site_columns import SiteColumns
    from service.own.figures import OwnFigures

ONE_EACH = "Every site counts as 1."
BY_CAPACITY = "A site counts as its capacity; where the list gives none, what it supplies is not known."
ACCEPTING = ("children", "adults")


def takes_new(site: dict[str, Any], accepting: str) -> bool:
    """Tell whether a site is known to take new NHS patients of these ages; every site counts where none are asked."""
    return not accepting or site.get(f"accepting_{accepting}") is True


class ServicesOfEdition:
    """Part of `Edition`: its services, as `service.building.facts` counted them, and the lists of its users."""

    meta: dict[str, Any]
    place: dict[str, Any]
    focuses: dict[str, dict[str, Any]]
    own: OwnFigures

    if TYPE_CHECKING:

        @property
        def count(self) -> int: ...  # noqa: D102

        @property
        def site_kinds(self) -> list[str]: ...  # noqa: D102
        @property
        def site_columns(self) -> SiteColumns: ...  # noqa: D102

        def sites(self, service: str | None = None, within: str = "") -> Sequence[dict[str, Any]]: ...  # noqa: D102
        def footprints(self, kind: str) -> list[dict[str, Any]]: ...  # noqa: D102
        def rows_within(self, within: str) -> Any: ...  # noqa: D102
        def modes(self) -> list[str]: ...  # noqa: D102

    def services(self) -> list[dict[str, Any]]:
        """Every service that has a site in or near the place, the published ones first.

        Returns
        -------
        list of dict
            ``id``, ``name``, ``plural``, ``question``, ``supply`` (what a site counts, in words), ``old`` (the
            list is years old), ``own`` (brought by users), ``inside`` and ``near`` (sites in the place, and
            others within 30 km; those that the service includes are counted with it), ``complete`` (the list is
            whole in every council of the place), ``complete_in`` (codes of the councils where it is), ``focus``
            and ``mode`` (those it is usually asked for with; empty where it has none or the edition has not), and
            ``gaps_next_door`` (names of councils just outside the place whose list is not whole).
        """
        return list(self._services.values())

    def service(self, name: str) -> dict[str, Any]:
        """Return one entry of `services`.

        Raises
        ------
        UnknownService
            If no site of it is in or near the place.
        """
        if name not in self._services:
            there = ", ".join(self._services) or "none"
            raise UnknownService(f"{self.place['name']} has no sites of a service {name[:60]!r}; there are {there}.")
        return self._services[name]

    def usual_focus(self, service: str) -> str:
        """Name the focus that a service is usually asked for with: Best start in life for Family Hubs.

        Parameters
        ----------
        service : str
            Any name, those of services that are not here too.

        Returns
        -------
        str
            The default focus where the service has none of its own, or the edition has not.
        """
        return str(self._services.get(service, {}).get("focus") or DEFAULT_FOCUS)

    def usual_mode(self, service: str) -> str:
        """Name the way most people travel to a service, else, or without times for it, the first of the edition."""
        return str(self._services.get(service, {}).get("mode") or self.modes()[0])

    def complete_rows(self, service: str) -> NDArray[np.bool_]:
        """Whether the list of a service is whole in each neighbourhood's council, shape (n,); else not known here."""
        whole = np.zeros(self.count, dtype=bool)
        for code in self.service(service)["complete_in"]:
            whole[self.rows_within(f"lad:{code}")] = True
        return whole

    def site_rows(self, service: str, *, accepting: str = "") -> list[int]:
        """Row numbers, in `sites`, of every site that gives a service.

        Parameters
        ----------
        service : str
            Sites of the services it includes are among them: a Family Hub is a children's centre too.
        accepting : {"", "children", "adults"}
            Only those known to take new NHS patients of these ages.
        """
        kinds, sites = set(giving(self.service(service)["id"])), self.sites()
        rows = [row for row, kind in enumerate(self.site_kinds) if kind in kinds]
        return [row for row in rows if takes_new(sites[row], accepting)] if accepting else rows

    def site_supply(self, rows: Sequence[int]) -> NDArray[np.float64]:
        """Give what each of these sites counts as supply, shape (k,).

        1, or its part of 1 for a site of a practice with branches; NaN for a branch whose practice is not held.
        Where users brought a capacity for any site of a service, a site of it counts as its capacity, NaN where it
        has none: unknown, never 0.
        """
        sites = self.sites()
        return np.array([self._supply(sites[row]) for row in rows], dtype=float)

    def _supply(self, site: dict[str, Any]) -> float:
        if site["service"] in self._by_capacity:
            return np.nan if site.get("capacity") is None else float(site["capacity"])
        supply = site.get("supply", 1.0)  # an edition built before supply was kept says nothing
        return np.nan if supply is None else float(supply)

    @cached_property
    def _by_capacity(self) -> frozenset[str]:
        """Services of own lists that give a capacity for some site."""
        return frozenset(str(site["service"]) for site in self.own.sites if site.get("capacity") is not None)

    def accepting_counts(self, service: str = "dental", who: str = "children") -> dict[str, int]:
        """How many sites of a service inside the place take new NHS patients: ``yes``, ``no`` and ``unknown``."""
        sites = self.sites()
        answers = [sites[row].get(f"accepting_{who}") for row in self.site_rows(service) if sites[row].get("inside")]
        said = Counter("unknown" if answer is None else "yes" if answer else "no" for answer in answers)
        return {answer: said[answer] for answer in ("yes", "no", "unknown")}

    @property
    def accepting_date(self) -> str:
        """When practices said whether they take new NHS patients; empty where no such list is held."""
        return str(self.meta.get("accepting", {}).get("date", ""))

    @cached_property
    def _services(self) -> dict[str, dict[str, Any]]:
        columns = self.site_columns
        inside, listed = Counter(compress(columns.kinds, columns.inside.tolist())), Counter(columns.kinds)
        councils = [str(entry["code"]) for entry in self.footprints("lad")]
        found: dict[str, dict[str, Any]] = {}
        for service in load_services().values():
            total = sum(listed[name] for name in service.includes)
            if not total:
                continue
            here = sum(inside[name] for name in service.includes)
            found[service.id] = {
                "id": service.id,
                "name": service.name,
                "plural": service.plural,
                "question": service.question,
                "supply": service.supply,
                "old": service.old,
                "own": False,
                "focus": service.focus if service.focus in self.focuses else "",
                "mode": service.mode if service.mode in self.modes() else "",
                "gaps_next_door": list(self.meta.get("gaps_next_door", {}).get(service.id, [])),
                "inside": here,
                "near": total - here,
                **self._completeness(service.id, councils),
            }
        for name in sorted({str(site["service"]) for site in self.own.sites} - set(found)):
            supply = BY_CAPACITY if name in self._by_capacity else ONE_EACH
            found[name] = _own_service(name, supply, inside[name], listed[name], councils)
        return found

    def _completeness(self, service: str, councils: list[str]) -> dict[str, Any]:
        """Tell where the list of a service is whole, as the build found it."""
        whole = self.meta.get("complete_in", {}).get(service)
        if whole is None:  # an edition built before councils were told apart
            whole = councils if self.meta.get("complete", {}).get(service) else []
        return {"complete": bool(councils) and set(councils) <= set(whole), "complete_in": list(whole)}


def _own_service(name: str, supply: str, inside: int, listed: int, councils: list[str]) -> dict[str, Any]:
    """Describe a service that users brought: they answer for its list, so it counts as whole."""
    title = name.replace("_", " ").capitalize()
    return {
        "id": name,
        "name": title,
        "plural": title,
        "question": f"Who can reach a site of {title}?",
        "supply": supply,
        "old": False,
        "own": True,
        "focus": "",
        "mode": "",
        "gaps_next_door": [],
        "inside": inside,
        "near": listed - inside,
        "complete": True,
        "complete_in": councils,
    }
