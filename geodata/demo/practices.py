"""Who is registered where, and what practices record: the registrations by 2011 area, and QOF prevalence.

People choose a practice by its pull and by the distance, with the river counted as a detour. The
practice that no list holds has its patients here all the same.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.demo.areas import Areas
from geodata.demo.land import ORIGIN, Array
from geodata.demo.people import Counts, People, share_out
from geodata.demo.services import MISSING_PRACTICE, PRACTICES, Practice

REACH_KM = 0.9
RIVER_DETOUR_KM = 1.6
REGISTERED_PER_RESIDENT = 1.05
FEWEST = 3  # a practice with fewer patients of an area has none
ELSEWHERE = (("W01900001", 6), ("NO2011", 41))  # a Welsh area, and patients without an area
# Condition: share of the list at average need and age, change per unit of need, change per share aged 65 and over.
QOF = {
    "DM": (0.072, 0.012, 0.12), "CAN": (0.032, -0.002, 0.13), "CKD": (0.040, 0.003, 0.20), "NDH": (0.060, 0.006, 0.10),
    "PC": (0.004, 0.0003, 0.015), "AF": (0.020, 0.0, 0.14), "CHD": (0.030, 0.004, 0.10), "HF": (0.009, 0.0015, 0.05),
    "HYP": (0.140, 0.010, 0.45), "LVSD": (0.004, 0.0007, 0.02), "PAD": (0.006, 0.0016, 0.02), "STIA": (0.018, 0.002,
    0.09),
    "AST": (0.064, 0.004, 0.01), "COPD": (0.019, 0.008, 0.05), "OB": (0.100, 0.022, 0.0), "SMOK": (0.155, 0.045, -0.15),
    "DEM": (0.0075, 0.0, 0.05), "DEP": (0.125, 0.022, 0.0), "EP": (0.008, 0.0018, 0.0), "LD": (0.0055, 0.0016, 0.0),
    "MH": (0.0098, 0.0032, 0.0),
}  # fmt: skip


def with_lists() -> list[Practice]:
    """Return the practices that have patients, the one missing from every list included."""
    return sorted([*(p for p in PRACTICES if p.pull > 0), MISSING_PRACTICE], key=lambda p: p.code)


def attraction(areas: Areas, practices: list[Practice]) -> Array:
    """Return the weight of each practice (columns) for each neighbourhood (rows)."""
    km = (areas.table[["x_m", "y_m"]].to_numpy() - ORIGIN) / 1000
    at = np.array([practice.km for practice in practices])
    distance = np.sqrt(((km[:, None, :] - at[None, :, :]) ** 2).sum(axis=2))
    north = (areas.table["bank"] == "north").to_numpy()
    practice_north = at[:, 1] > 5.0
    distance += RIVER_DETOUR_KM * (north[:, None] != practice_north[None, :])
    pull = np.array([practice.pull for practice in practices])
    return np.asarray(pull * np.exp(-distance / REACH_KM))


def patients(areas: Areas, single_year: pd.DataFrame, draws: np.random.RandomState) -> pd.DataFrame:
    """Return lsoa11cd, code and patients: one row per practice and area of 2011."""
    practices = with_lists()
    first = areas.exact_fit.drop_duplicates("LSOA11CD").sort_values("LSOA11CD")
    row = {code: k for k, code in enumerate(areas.table.index)}
    weight = attraction(areas, practices)[[row[code] for code in first["LSOA21CD"]]]
    weight = weight * np.exp(0.25 * draws.normal(size=weight.shape))
    residents = single_year.set_index("LSOA11CD").loc[first["LSOA11CD"], "All Ages"].to_numpy()
    registered = np.round(residents * REGISTERED_PER_RESIDENT).astype(np.int64)
    counts: Counts = share_out(registered, weight)
    counts[counts < FEWEST] = 0
    area, practice = np.nonzero(counts)
    codes = np.array([p.code for p in practices])
    return pd.DataFrame(
        {"lsoa11cd": first["LSOA11CD"].to_numpy()[area], "code": codes[practice], "patients": counts[area, practice]}
    )


def registrations(lists: pd.DataFrame) -> pd.DataFrame:
    """Return the publisher's file, with a Welsh row and rows without an area."""
    name_of = {practice.code: practice.name for practice in with_lists()}
    home = PRACTICES[0].code
    elsewhere = pd.DataFrame([{"lsoa11cd": code, "code": home, "patients": count} for code, count in ELSEWHERE])
    rows = pd.concat([lists, elsewhere]).sort_values(["code", "lsoa11cd"], kind="stable")
    return pd.DataFrame(
        {
            "PUBLICATION": "GP_PRAC_PAT_LIST", "EXTRACT_DATE": "01JUL2022", "PRACTICE_CODE": rows["code"],
            "PRACTICE_NAME": rows["code"].map(name_of), "LSOA_CODE": rows["lsoa11cd"], "SEX": "ALL",
            "NUMBER_OF_PATIENTS": rows["patients"],
        }
    )  # fmt: skip


def qof(
    areas: Areas, lists: pd.DataFrame, people: People, need: pd.Series, draws: np.random.RandomState
) -> pd.DataFrame:
    """Return recorded prevalence by practice: fractions of the list, from the need and age of where patients live."""
    first = areas.exact_fit.drop_duplicates("LSOA11CD").set_index("LSOA11CD")["LSOA21CD"]
    now = lists["lsoa11cd"].map(first)
    old = people.by_age.loc[:, 65:].sum(axis=1) / people.by_age.sum(axis=1)
    weighted = lists.assign(need=now.map(need) * lists["patients"], old=now.map(old) * lists["patients"])
    sums = weighted.groupby("code")[["patients", "need", "old"]].sum()
    mean_need, mean_old = sums["need"] / sums["patients"], sums["old"] / sums["patients"]
    table = pd.DataFrame({"OrganisationCode": sums.index})
    table["QOF-DM"] = [f"{value:.6f}" for value in np.round(68 - 2.5 * mean_need + 3 * draws.normal(size=len(sums)), 2)]
    table["DM019-BP"] = [f"{value:.6f}" for value in 0.57 - 0.03 * mean_need + 0.04 * draws.normal(size=len(sums))]
    table["DM020-HbA1c"] = [f"{value:.6f}" for value in 0.52 - 0.03 * mean_need + 0.03 * draws.normal(size=len(sums))]
    for condition, (average, by_need, by_age) in QOF.items():
        rate = average + by_need * mean_need + by_age * (mean_old - 0.16)
        noise = np.sqrt(average / sums["patients"]) * draws.normal(size=len(sums))
        table[f"{condition}-prevalence"] = [f"{max(value, 0.0002):.6f}" for value in rate + noise]
    return table
