"""Collections of features: neighbourhoods, sites and, for each focus, scores of every place that is served."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geodata.errors import UnknownPlace
from service.editions.edition import Edition
from service.editions.views import DEFAULT_RHO, View
from service.ogc.areas import Neighbourhoods, ScoredNeighbourhoods
from service.ogc.errors import UnknownCollection
from service.ogc.points import Sites

if TYPE_CHECKING:
    from service.editions.open_editions import OpenEditions

Features = Neighbourhoods | ScoredNeighbourhoods | Sites
SCORES = "scores-"
ATTRIBUTED = {"neighbourhoods": "indicator", "sites": "sites"}


@dataclass(frozen=True)
class Collection:
    """One collection of one place.

    Attributes
    ----------
    edition : Edition
        What it is of.
    kind : {"neighbourhoods", "sites", "scores-FOCUS"}
        What its features are.
    """

    edition: Edition
    kind: str

    @property
    def id(self) -> str:
        """Name of the collection: the place and the kind."""
        return f"{self.edition.place['id']}-{self.kind}"

    @property
    def focus(self) -> str:
        """Focus of the scores; empty for other kinds."""
        return self.kind.removeprefix(SCORES) if self.kind.startswith(SCORES) else ""

    @property
    def what(self) -> str:
        """What the features are, in a word or two."""
        return str(self.edition.focuses[self.focus]["title"]) if self.focus else self.kind

    @property
    def title(self) -> str:
        """Title for people."""
        fictional = " (fictional)" if self.edition.place.get("fictional") else ""
        return f"{self.edition.place['name']}{fictional}: {'scores, ' if self.focus else ''}{self.what}"

    @property
    def about(self) -> str:
        """One or two sentences about the features."""
        if self.focus:
            facts = self.edition.focuses[self.focus]
            return f"{facts.get('question', '')} Need score, rank and share per head of each neighbourhood.".strip()
        if self.kind == "sites":
            return "Sites of services in the place and within 30 km of it, each at its postcode."
        return "Neighbourhoods (2021 LSOAs) with names, residents, deprivation and every indicator."

    @property
    def attribution(self) -> list[str]:
        """Sentences that whoever shows the features has to show too."""
        return self.edition.attribution(ATTRIBUTED.get(self.kind, "targeting"))

    def features(self, *, within: str = "", rho: float = DEFAULT_RHO) -> Features:
        """Give the features, of the whole place or a footprint, and for scores at a setting of the dial."""
        if self.focus:
            place = str(self.edition.place["id"])
            return ScoredNeighbourhoods(self.edition, View(place, self.focus, rho, within))
        return (Sites if self.kind == "sites" else Neighbourhoods)(self.edition, within)


def collections_of(edition: Edition) -> list[Collection]:
    """List the collections of one edition."""
    kinds = ["neighbourhoods", "sites", *(SCORES + focus for focus in edition.focuses)]
    return [Collection(edition, kind) for kind in kinds]


def every_collection(editions: Iterable[Edition]) -> list[Collection]:
    """List the collections of all places."""
    return [collection for edition in editions for collection in collections_of(edition)]


def find_collection(editions: OpenEditions, name: str, edition: str = "") -> Collection:
    """Give a collection by its name, of the newest edition or the one asked for.

    Raises
    ------
    UnknownCollection
        If no place has it.
    """
    for place in sorted(editions.stored(), key=len, reverse=True):
        if not name.startswith(f"{place}-"):
            continue
        try:
            opened = editions.get(place, edition)
        except UnknownPlace:
            continue
        for collection in collections_of(opened):
            if collection.id == name:
                return collection
    raise UnknownCollection(f"No collection {name[:80]!r}; /ogc/collections lists them.")
