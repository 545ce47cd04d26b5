"""All that a build has computed, handed from the computing to the writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geodata.definitions import Indicator, Place
from geodata.neighbourhoods import ENGLAND, Total
from layers.carried_rates import CarriedRates
from service.building.context import Level
from service.building.focus_scores import FocusScores
from service.building.shared_edges import Rounded


@dataclass(frozen=True)
class Material:
    """All that a build has computed, ready to be written.

    Attributes
    ----------
    nation : pandas.DataFrame, index lsoa21cd
        The joined table of every neighbourhood held: what indicators are scaled over.
    table : geopandas.GeoDataFrame, index lsoa21cd
        The place's rows of it, with boundaries as they are published.
    boundaries : Rounded
        Those to the centimetre, sharing their edges.
    sites : pandas.DataFrame
        In the place and within reach of it.
    in_need : pandas.DataFrame, index lsoa21cd
        People in need over the nation, by kind.
    groups, counts : mapping to pandas.DataFrame, index lsoa21cd
        Over the nation: residents by group for each kind of group, and ``count`` and ``denominator`` behind
        each indicator that is a share.
    rates : mapping to pandas.DataFrame, index lsoa21cd
        Rate, count and denominator behind ranks, over the nation.
    carried : CarriedRates or None
        Figures of GP practices over the nation; None where no registrations are held.
    context : mapping of level to Level
        Figures of councils and sub-ICB locations, and series over time.
    """

    place: Place
    nation: pd.DataFrame
    table: gpd.GeoDataFrame
    boundaries: Rounded
    sites: pd.DataFrame
    scores: Mapping[str, FocusScores]
    indicators: Mapping[str, Indicator]
    totals: list[Total]
    ranked_areas: int
    in_need: pd.DataFrame
    groups: Mapping[str, pd.DataFrame]
    counts: Mapping[str, pd.DataFrame]
    rates: Mapping[str, pd.DataFrame]
    carried: CarriedRates | None
    context: Mapping[str, Level]

    @property
    def reference(self) -> str:
        """What indicators are scaled over, in words."""
        count = len(self.nation)
        return "England" if count == ENGLAND else f"the {count:,} neighbourhoods held"
