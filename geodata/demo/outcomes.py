"""Outcomes over time, drawn from the latent need: five years in the Fingertips layout, eight quarters tidy.

The log-odds of an outcome in neighbourhood i in period t are ``base + slope x need_i + drift_t``, the
count is binomial. Two known departures: the neighbourhood that does well despite need has
``DOES_WELL`` added in every period, and from the fifth quarter one team area has ``TEAM_GAIN`` added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.demo import names
from geodata.demo.areas import Areas
from geodata.demo.land import Array
from geodata.demo.need import STORIES
from geodata.demo.people import Counts, People

Texts = NDArray[Any]

YEARS = ("2020/21", "2021/22", "2022/23", "2023/24", "2024/25")
QUARTERS = ("2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1")
FEWEST = 5  # a count from 1 to 4 is blank
DOES_WELL = 1.6
TEAM_GAIN, GAINING_TEAM, GAINS_FROM = 0.55, "Harbour and Lantern", 4
FINGERTIPS_COLUMNS = (
    *(
        "Indicator ID",
        "Indicator Name",
        "Parent Code",
        "Parent Name",
        "Area Code",
        "Area Name",
        "Area Type",
        "Sex",
        "Age",
    ),
    *("Category Type", "Category", "Time period", "Value", "Lower CI 95.0 limit", "Upper CI 95.0 limit"),
    *("Lower CI 99.8 limit", "Upper CI 99.8 limit", "Count", "Denominator", "Value note", "Recent Trend"),
    *("Compared to England value or percentiles", "Compared to Region value or percentiles", "Time period Sortable"),
    *("New data", "Compared to goal"),
)
SUPPRESSED = "Value suppressed: small count"


@dataclass(frozen=True)
class Outcome:
    """One outcome: who is counted and how it follows need (log-odds).

    ``good`` says whether a high value is good; ``ages`` are counted at ``take_up`` of their number.
    """

    number: int
    name: str
    age: str
    ages: tuple[int, int]
    share: float
    base: float
    slope: float
    drift: tuple[float, ...]
    good: bool


ANNUAL = (
    Outcome(990301, "MMR vaccination: two doses by the age of 5", "5 yrs", (5, 5), 1.0, 1.75, -0.50, (0.10, 0.04,
    0.0, -0.02, 0.05), True),
    Outcome(990602, "Year 6: prevalence of overweight and obesity", "10-11 yrs", (10, 10), 0.95, -0.75, 0.32, (0.0,
    0.06, 0.03, 0.02, 0.04), False),
    Outcome(990912, "NHS Health Checks taken up by those invited", "40-74 yrs", (40, 74), 0.2, -0.15, -0.28, (-0.5,
    -0.3, 0.0, 0.1, 0.15), True),
)  # fmt: skip
QUARTERLY = (
    Outcome(1, "MMR first dose by 24 months", "2 yrs", (1, 1), 0.25, 2.0, -0.50, (0.0, 0.0, -0.02, 0.0, 0.03, 0.05,
    0.04, 0.06), True),
    Outcome(2, "Women attending breast screening", "50-70 yrs", (50, 70), 0.045, 0.75, -0.30, (0.0, 0.02, 0.0, 0.03,
    0.02, 0.05, 0.04, 0.06), True),
)  # fmt: skip


def counts_of(
    outcome: Outcome,
    areas: Areas,
    people: People,
    truth: pd.DataFrame,
    draws: np.random.RandomState,
    *,
    quarterly: bool,
) -> tuple[Counts, Counts]:
    """Return count and denominator, both (neighbourhoods, periods)."""
    low, high = outcome.ages
    cohort = people.by_age.loc[:, low:high].sum(axis=1).to_numpy()
    periods = len(outcome.drift)
    mean = np.maximum(cohort * outcome.share, 1)[:, None] * np.ones(periods)
    denominator = np.maximum(np.round(mean * np.exp(0.08 * draws.normal(size=mean.shape))), 1).astype(np.int64)
    sign = 1 if outcome.good else -1
    odds = outcome.base + outcome.slope * truth["latent_need"].to_numpy()[:, None] + np.array(outcome.drift)[None, :]
    odds = odds + sign * DOES_WELL * (truth["story"] == STORIES[1]).to_numpy()[:, None]
    if quarterly:
        gaining = (areas.table["team"] == GAINING_TEAM).to_numpy()[:, None] & (np.arange(periods) >= GAINS_FROM)[
            None, :
        ]
        odds = odds + sign * TEAM_GAIN * gaining
    chance = 1 / (1 + np.exp(-odds))
    return draws.binomial(denominator, chance).astype(np.int64), denominator


def wilson(count: Counts, n: Counts, z: float) -> tuple[Array, Array]:
    """Return Wilson's limits of a proportion, in per cent."""
    p = count / n
    middle, spread = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return 100 * (middle - spread) / (1 + z**2 / n), 100 * (middle + spread) / (1 + z**2 / n)


def annual(areas: Areas, people: People, truth: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return five years of outcomes for the neighbourhoods, the borough and its neighbour."""
    parts = []
    council = areas.table["lad24cd"].to_numpy()
    for outcome in ANNUAL:
        count, n = counts_of(outcome, areas, people, truth, draws, quarterly=False)
        for t, year in enumerate(YEARS):
            at, called = areas.table.index.to_numpy(), areas.table["lsoa21nm"].to_numpy()
            above = areas.table["lad24nm"].to_numpy()
            parts.append(fingertips_rows(outcome, year, at, called, "LSOA21", above, council, count[:, t], n[:, t]))
            codes = [names.BOROUGH_CODE, names.NEIGHBOUR_CODE]
            sums = [np.array([values[council == code, t].sum() for code in codes]) for values in (count, n)]
            labels = np.array([names.BOROUGH, names.NEIGHBOUR])
            region = [np.array([text] * 2) for text in (names.REGION[1], names.REGION[0])]
            parts.append(
                fingertips_rows(
                    outcome, year, np.array(codes), labels, "UA (fictional)", region[0], region[1], sums[0], sums[1]
                )
            )
    return pd.concat(parts)[list(FINGERTIPS_COLUMNS)]


def fingertips_rows(
    outcome: Outcome,
    year: str,
    codes: Texts,
    labels: Texts,
    kind: str,
    parents: Texts,
    parent_codes: Texts,
    count: Counts,
    n: Counts,
) -> pd.DataFrame:
    """Return one indicator and year in the layout of the Fingertips download; small counts are blank."""
    small = (count > 0) & (count < FEWEST)
    frame = pd.DataFrame(dict.fromkeys(FINGERTIPS_COLUMNS, ""), index=range(len(codes)))
    frame["Indicator ID"], frame["Indicator Name"] = outcome.number, outcome.name
    frame["Parent Code"], frame["Parent Name"] = parent_codes, parents
    frame["Area Code"], frame["Area Name"], frame["Area Type"] = codes, labels, kind
    frame["Sex"], frame["Age"], frame["Time period"] = "Persons", outcome.age, year
    frame["Time period Sortable"] = f"{year[:4]}0000"
    frame["Recent Trend"] = "Cannot be calculated"
    frame["Compared to England value or percentiles"] = frame["Compared to Region value or percentiles"] = (
        "Not compared"
    )
    limits95, limits998 = wilson(count, n, 1.959964), wilson(count, n, 3.090232)
    numbers = {"Value": 100 * count / n, "Lower CI 95.0 limit": limits95[0], "Upper CI 95.0 limit": limits95[1],
               "Lower CI 99.8 limit": limits998[0], "Upper CI 99.8 limit": limits998[1]}  # fmt: skip
    for column, values in numbers.items():
        frame[column] = [f"{value:.4f}" if show else "" for value, show in zip(values, ~small, strict=True)]
    frame["Count"] = [str(value) if show else "" for value, show in zip(count, ~small, strict=True)]
    frame["Denominator"] = n
    frame["Value note"] = np.where(small, SUPPRESSED, "")
    return frame


def quarterly(areas: Areas, people: People, truth: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return eight quarters of the borough's outcomes: indicator, quarter, lsoa21cd, numerator, denominator."""
    inside = areas.table["inside"].to_numpy()
    parts = []
    for outcome in QUARTERLY:
        count, n = counts_of(outcome, areas, people, truth, draws, quarterly=True)
        for t, quarter in enumerate(QUARTERS):
            columns = {"indicator": outcome.name, "quarter": quarter, "lsoa21cd": areas.table.index[inside],
                       "numerator": count[inside, t], "denominator": n[inside, t]}  # fmt: skip
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts)
