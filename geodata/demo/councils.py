"""Council and sub-ICB figures of the fictional region: the borough, its neighbour, and ten councils to compare with.

The ten have no neighbourhoods: they stand in the files that are published by council. Every figure is
drawn from the mean need of the council plus noise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.demo import names
from geodata.demo.areas import Areas
from geodata.demo.land import Array
from geodata.demo.outcomes import ANNUAL, FINGERTIPS_COLUMNS, YEARS, fingertips_rows

HEALTH_YEARS = (2019, 2020, 2021)
# As the Health Index names it: value at average need, change per unit of need, noise, decimals.
HEALTH = {
    "Child poverty": (16.0, 6.0, 1.2, 1),
    "Child vaccination coverage": (90.5, -2.2, 0.8, 1),
    "Disability": (20.5, 2.4, 0.8, 2),
    "Early years development": (71.0, -2.6, 0.9, 1),
    "Household overcrowding": (5.2, 2.1, 0.6, 2),
    "Life expectancy": (81.2, -1.5, 0.25, 2),
    "Avoidable mortality": (232.0, 42.0, 9.0, 1),
    "Low birth weight": (2.7, 0.45, 0.15, 2),
    "Overweight and obesity in children": (28.4, 2.6, 0.7, 1),
    "Physical activity": (66.0, -3.2, 1.1, 1),
    "Private outdoor space": (90.0, -3.5, 0.9, 1),
    "Smoking": (13.5, 2.7, 0.7, 1),
    "Suicides": (10.6, 1.2, 0.9, 1),
    "Unemployment": (4.2, 1.0, 0.25, 2),
    "Life satisfaction": (7.55, -0.16, 0.05, 2),
}
MONTHS = ("July 2022", "August 2022", "September 2022", "October 2022", "November 2022", "December 2022",
          "January 2023", "February 2023", "March 2023", "April 2023", "May 2023")  # fmt: skip
HELD_BACK = 5  # a count below this is a star


def councils(areas: Areas, need: pd.Series, draws: np.random.RandomState) -> pd.DataFrame:
    """Return name and mean need of every council, by code."""
    own = need.groupby(areas.table["lad24cd"]).mean()
    table = pd.DataFrame({"name": [names.BOROUGH, names.NEIGHBOUR]}, index=[names.BOROUGH_CODE, names.NEIGHBOUR_CODE])
    peers = pd.DataFrame({"name": list(names.PEERS.values())}, index=list(names.PEERS))
    table = pd.concat([table, peers])
    table["need"] = own.reindex(table.index)
    table.loc[peers.index, "need"] = np.round(0.25 + 0.55 * draws.normal(size=len(peers)), 4)
    return table


def health_index(table: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return three years of indicators by council: ltla21_code, year, indicator, value."""
    parts = []
    for name, (average, slope, noise, decimals) in HEALTH.items():
        steady = average + slope * table["need"].to_numpy() + noise * draws.normal(size=len(table))
        for year in HEALTH_YEARS:
            value = steady + 0.3 * noise * draws.normal(size=len(table))
            columns = {"ltla21_code": table.index, "year": year, "indicator": name, "value": value.round(decimals)}
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts)


def peer_outcomes(table: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return five years of the outcomes for the ten councils, in the layout of the Fingertips download."""
    peers = table.loc[list(names.PEERS)]
    codes, labels = peers.index.to_numpy(), peers["name"].to_numpy()
    above, above_code = (np.array([text] * len(peers)) for text in (names.REGION[1], names.REGION[0]))
    parts = []
    for outcome in ANNUAL:
        n = draws.randint(1600, 4200, len(peers))
        for t, year in enumerate(YEARS):
            chance = _logistic(outcome.base + outcome.slope * peers["need"].to_numpy() + outcome.drift[t])
            among = np.round(n * np.exp(0.02 * draws.normal(size=len(peers)))).astype(np.int64)
            count = draws.binomial(among, chance).astype(np.int64)
            parts.append(
                fingertips_rows(outcome, year, codes, labels, "UA (fictional)", above, above_code, count, among)
            )
    return pd.concat(parts)[list(FINGERTIPS_COLUMNS)]


def patients_per_gp(table: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return registered patients and GPs by council; fewer GPs where need is greater."""
    patients = draws.randint(90_000, 320_000, len(table)).astype(float)
    gps = (patients / (1850 + 160 * table["need"].to_numpy() + 90 * draws.normal(size=len(table)))).round(3)
    columns = {"ltla24_code": table.index, "total_patients": patients, "total_gp_fte": gps}
    return pd.DataFrame(columns).assign(patients_per_gp=(patients / gps).round(6))


def talking_therapies(draws: np.random.RandomState) -> pd.DataFrame:
    """Return eleven months of talking therapies by sub-ICB location: counts to the nearest 5, small ones a star."""
    rows: list[tuple[str, str, str, str]] = []
    for k, code in enumerate(names.SUB_ICBS):
        for month in MONTHS:
            referrals = (620, 1480, 60)[k] * float(np.exp(0.08 * draws.normal()))
            entered, finished = 0.7 * referrals, 0.38 * referrals
            worse = finished * 0.06
            counts = {"ReferralsReceived": referrals, "AccessingServices": entered,
                      "FinishedCourseTreatment": finished, "Deterioration": worse}  # fmt: skip
            rows += [(code, month, f"Count_{name}", _rounded(value)) for name, value in counts.items()]
            shares = {"AccessingServices6WeeksFinishedCourseTreatment": 88 + 4 * draws.normal(),
                      "AccessingServices18WeeksFinishedCourseTreatment": 99.0, "Recovery": 50 + 2 * draws.normal(),
                      "ReliableRecovery": 47 + 2 * draws.normal(), "Improvement": 67 + 2 * draws.normal()}  # fmt: skip
            rows += [
                (code, month, f"Percentage_{name}", f"{min(round(float(value)), 100)}")
                for name, value in shares.items()
            ]
    return pd.DataFrame(rows, columns=["sicbl22_code", "date", "name", "value"])


def _rounded(value: float) -> str:
    """Return a count as it is published: to the nearest 5, a small one held back."""
    return "*" if value < HELD_BACK else f"{5 * round(value / 5)}"


def _logistic(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-odds)))
