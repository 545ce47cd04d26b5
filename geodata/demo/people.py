"""Residents and households: mid-year estimates by age, and the Census 2021 tables.

Every table is cut from one set of residents: ages from a smooth pyramid that is younger where need
is high and older by the sea, then counts that are shared out with largest remainders, so that the
parts of each row add up. Census totals differ by a person or two between tables, as published ones do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.demo.areas import Areas
from geodata.demo.land import ORIGIN, Array
from geodata.demo.need import waves

PEOPLE_PER_HOME = 35.0
AGES = np.arange(91)
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class People:
    """Residents of every neighbourhood.

    Attributes
    ----------
    by_age : pandas.DataFrame, index lsoa21cd, columns 0 to 90
        Mid-2020 residents by single year (90 = 90 and over), whole persons.
    table : pandas.DataFrame, index lsoa21cd
        ``mid2022``, ``census2021``, ``households``.
    traits : pandas.DataFrame, index lsoa21cd
        What varies from place to place: ``diversity``, ``coast``, ``flats``, ``students`` and the like.
    """

    by_age: pd.DataFrame
    table: pd.DataFrame
    traits: pd.DataFrame


def share_out(total: Counts, weight: Array) -> Counts:
    """Share whole totals (n,) over parts in proportion to weights (n, k); each row adds up exactly."""
    quota = weight / weight.sum(axis=1, keepdims=True) * total[:, None]
    whole = np.floor(quota).astype(np.int64)
    left = total - whole.sum(axis=1)
    order = np.argsort(-(quota - whole), axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    return np.asarray(whole + (place < left[:, None]))


def jitter(mean: Array, draws: np.random.RandomState, spread: float = 0.12) -> Array:
    """Multiply weights by log-normal noise."""
    return np.asarray(mean * np.exp(spread * draws.normal(size=mean.shape)))


def make_people(areas: Areas, need: pd.Series, draws: np.random.RandomState) -> People:
    """Return the residents, with 1,000 to 3,000 people in every neighbourhood."""
    at = areas.table[["x_m", "y_m"]].to_numpy()
    km = (at - ORIGIN) / 1000
    z = need.to_numpy()
    centre = np.exp(-((km[:, 0] - 6.4) ** 2 + (km[:, 1] - 5.4) ** 2) / (2 * 1.4**2))
    coast = np.exp(-np.maximum(0, 10.6 - km[:, 0]) / 1.2)
    traits = pd.DataFrame(
        {
            "centre": centre,
            "coast": coast,
            "diversity": 1 / (1 + np.exp(-(-1.9 + 2.0 * centre + 0.45 * z + 0.5 * waves(at, draws)))),
            "age": 0.5 * waves(at, draws) - 0.35 * z - 0.8 * centre + 1.0 * coast,
        },
        index=need.index,
    )
    size = areas.table["homes"].to_numpy() * PEOPLE_PER_HOME * np.exp(0.14 * draws.normal(size=len(z)))
    mid2020 = np.clip(np.round(size), 1010, 2950).astype(np.int64)
    growth = np.clip(0.006 + 0.012 * draws.normal(size=len(z)), -0.02, 0.05)
    growth[draws.choice(120, 2, replace=False)] = 0.16  # new estates since 2020
    mid2022 = np.minimum(np.round(mid2020 * (1 + growth)).astype(np.int64), 3000)
    census = np.maximum(np.round(mid2020 * (1 + growth * 0.4)).astype(np.int64), 1000)
    young = traits["age"].to_numpy()[:, None]
    pyramid = (
        np.where(AGES < 18, 0.86, 1.0)
        * np.exp(-np.maximum(0, AGES - 62) / 22)
        * np.exp(0.013 * young * (AGES - 38))
        * (1 + 0.9 * centre[:, None] * np.exp(-((AGES - 24) ** 2) / 60))
        * np.where(AGES == 90, 2.6, 1.0)
    )
    by_age = share_out(mid2020, jitter(pyramid, draws, 0.18))
    per_home = np.clip(
        2.36 + 0.10 * z - 0.25 * centre - 0.12 * young[:, 0] + 0.08 * draws.normal(size=len(z)), 1.7, 3.2
    )
    table = pd.DataFrame(
        {"mid2022": mid2022, "census2021": census, "households": np.round(census / per_home).astype(np.int64)},
        index=need.index,
    )
    return People(pd.DataFrame(by_age, index=need.index, columns=[int(a) for a in AGES]), table, traits)


def single_year_2011(areas: Areas, people: People) -> pd.DataFrame:
    """Return mid-2020 residents by single year on the areas of 2011: LSOA11CD, All Ages, 0..89, 90+."""
    pairs = areas.shares_2011
    total = pairs.groupby("lsoa21cd")["homes"].transform("sum")
    rows = people.by_age.loc[pairs["lsoa21cd"]].to_numpy()
    part = np.floor(rows * (pairs["homes"] / total).to_numpy()[:, None] + 0.5).astype(np.int64)
    last = ~pairs.duplicated("lsoa21cd", keep="last")
    for k in np.flatnonzero(last & pairs.duplicated("lsoa21cd", keep=False)):
        others = [j for j in np.flatnonzero(pairs["lsoa21cd"] == pairs["lsoa21cd"].iloc[k]) if j != k]
        part[k] = rows[k] - part[others].sum(axis=0)
    table = pd.DataFrame(part, columns=[*(str(a) for a in range(90)), "90+"])
    table = table.groupby(pairs["lsoa11cd"].to_numpy()).sum()
    table.insert(0, "All Ages", table.sum(axis=1))
    return table.rename_axis("LSOA11CD").reset_index()


def age_bands(areas: Areas, people: People, single_year: pd.DataFrame) -> pd.DataFrame:
    """Carry the ages to LSOA 2021 as the derived table does: split areas by Census 2021 residents."""
    fit = areas.exact_fit
    residents = fit["LSOA21CD"].map(people.table["census2021"]).astype(float)
    split = fit["CHGIND"].isin(["S", "X"])
    share = (residents / residents.groupby(fit["LSOA11CD"]).transform("sum")).where(split, 1.0)
    ages = single_year.set_index("LSOA11CD").drop(columns="All Ages")
    carried = ages.loc[fit["LSOA11CD"]].to_numpy() * share.to_numpy()[:, None]
    table = pd.DataFrame(carried).groupby(fit["LSOA21CD"].to_numpy()).sum()
    limits = {
        "0_4": (0, 4),
        "5_10": (5, 10),
        "11_15": (11, 15),
        "16_17": (16, 17),
        "18_64": (18, 64),
        "65_plus": (65, 90),
    }
    bands = pd.DataFrame({f"age_{name}": table.loc[:, low:high].sum(axis=1) for name, (low, high) in limits.items()})
    bands = bands.round(1)
    bands.insert(0, "all_ages", bands.sum(axis=1).round(1))
    bands["age_75_plus"], bands["age_85_plus"] = (
        table.loc[:, 75:].sum(axis=1).round(1),
        table.loc[:, 85:].sum(axis=1).round(1),
    )
    basis = fit.groupby("LSOA21CD")["CHGIND"].agg(lambda kinds: "X" if "X" in set(kinds) else kinds.iloc[0])
    return bands.assign(basis=basis).rename_axis("LSOA21CD").reset_index()


def perturbed(total: pd.Series, draws: np.random.RandomState) -> Counts:
    """Return totals moved by up to two, as the Census moves cells to protect people."""
    return np.asarray(total.to_numpy() + draws.randint(-2, 3, len(total)))


def table_of(total: Counts, weights: dict[str, Array], index: pd.Index, draws: np.random.RandomState) -> pd.DataFrame:
    """Return one Census table: key, Total and its parts, which add up."""
    counts = share_out(total, jitter(np.column_stack(list(weights.values())), draws))
    table = pd.DataFrame(counts, columns=list(weights), index=index)
    table.insert(0, "Total", total)
    return table.rename_axis("LSOA21CD").reset_index()


def census_tables(
    areas: Areas, people: People, need: pd.Series, draws: np.random.RandomState
) -> dict[str, pd.DataFrame]:
    """Return the Census 2021 tables under the publishers' headers, by file stem."""
    z, index = need.to_numpy(), need.index
    persons, homes = people.table["census2021"], people.table["households"]
    mixed = people.traits["diversity"].to_numpy()
    centre, coast = people.traits["centre"].to_numpy(), people.traits["coast"].to_numpy()
    one = np.ones(len(z))
    rise = 1 / (1 + np.exp(-z))  # 0 to 1 with need
    ages = people.by_age
    six = {"Aged 15 years and under": (0, 15), "Aged 16 to 24 years": (16, 24), "Aged 25 to 34 years": (25, 34),
           "Aged 35 to 49 years": (35, 49), "Aged 50 to 64 years": (50, 64), "Aged 65 years and over": (65,
           90)}  # fmt: skip
    bands = {name: ages.loc[:, low:high].sum(axis=1).to_numpy(dtype=float) for name, (low, high) in six.items()}
    age = table_of(perturbed(persons, draws), bands, index, draws).rename(columns={"Total": "All usual residents"})
    old = bands["Aged 65 years and over"] / persons.to_numpy()
    disabled = np.clip(0.08 + 0.15 * rise + 0.28 * old, 0.05, 0.5)
    return {
        "lsoa21_census2021_age_six_bands": age,
        "lsoa21_census2021_ethnic_group": table_of(perturbed(persons, draws), {
            "Asian, Asian British or Asian Welsh": 0.55 * mixed + 0.004,
            "Black, Black British, Black Welsh, Caribbean or African": 0.22 * mixed + 0.003,
            "Mixed or Multiple ethnic groups": 0.015 + 0.07 * mixed, "White": 1.0 - 0.9 * mixed,
            "Other ethnic group": 0.003 + 0.06 * mixed}, index, draws),
        "lsoa21_census2021_disability": table_of(perturbed(persons, draws), {
            "Disabled under the Equality Act": disabled, "Not disabled under the Equality Act": 1 - disabled},
            index, draws),
        "lsoa21_census2021_tenure": table_of(perturbed(homes, draws), {
            "Owned: Owns outright": 0.42 - 0.30 * rise + 0.6 * old,
            "Owned: Owns with a mortgage or loan": 0.48 - 0.32 * rise,
            "Shared ownership: Shared ownership": 0.012 * one,
            "Social rented: Rents from council or Local Authority": 0.02 + 0.22 * rise,
            "Social rented: Other social rented": 0.02 + 0.10 * rise,
            "Private rented: Private landlord or letting agency": 0.06 + 0.12 * rise + 0.22 * centre,
            "Private rented: Other private rented": 0.014 * one, "Lives rent free": 0.002 * one}, index, draws),
        "lsoa21_census2021_accommodation_type": table_of(perturbed(homes, draws), {
            "Detached": 0.50 * (1 - rise) * (1 - centre) + 0.01, "Semi-detached": 0.42 - 0.3 * centre,
            "Terraced": 0.12 + 0.3 * rise,
            "In a purpose-built block of flats or tenement": 0.04 + 0.30 * centre + 0.10 * rise,
            "Part of a converted or shared house, including bedsits": 0.01 + 0.08 * centre + 0.04 * coast,
            "Part of another converted building, for example, former school, church or warehouse":
                0.003 + 0.02 * centre,
            "In a commercial building, for example, in an office building, hotel or over a shop": 0.003 + 0.02 * centre,
            "A caravan or other mobile or temporary structure": 0.001 + 0.006 * coast}, index, draws),
        "lsoa21_census2021_occupancy_rating": table_of(perturbed(homes, draws), {
            "+2 or more (under-occupied)": 0.55 - 0.45 * rise, "+1 (under-occupied)": 0.36 * one,
            "0 (ideal)": 0.12 + 0.32 * rise,
            "-1 (overcrowded)": 0.004 + 0.05 * rise + 0.10 * mixed,
            "-2 or less (overcrowded)": 0.001 + 0.007 * rise + 0.02 * mixed},
            index, draws),
        "lsoa21_census2021_household_deprivation": table_of(perturbed(homes, draws), {
            "Household is not deprived in any dimension": 0.68 - 0.42 * rise,
            "Household is deprived in one dimension": 0.34 * one,
            "Household is deprived in two dimensions": 0.04 + 0.20 * rise,
            "Household is deprived in three dimensions": 0.004 + 0.075 * rise,
            "Household is deprived in four dimensions": 0.0004 + 0.006 * rise}, index, draws),
        "msoa21_census2021_english_proficiency": english_proficiency(areas, people, draws),
    }  # fmt: skip


def english_proficiency(areas: Areas, people: People, draws: np.random.RandomState) -> pd.DataFrame:
    """Return TS029 at MSOA level: residents aged 3 and over by main language and how well they speak English."""
    table = areas.table
    adults = (people.table["census2021"] * 0.965).groupby(table["msoa21cd"]).sum().round().astype(int)
    weighted = people.traits["diversity"] * people.table["census2021"]
    mixed = (
        weighted.groupby(table["msoa21cd"]).sum() / people.table["census2021"].groupby(table["msoa21cd"]).sum()
    ).to_numpy()
    speaks_other = np.round(adults.to_numpy() * np.clip(0.01 + 0.42 * mixed, 0, 0.6)).astype(np.int64)
    levels = np.column_stack([0.48 - 0.1 * mixed, 0.32 + 0 * mixed, 0.12 + 0.12 * mixed, 0.02 + 0.05 * mixed])
    counts = share_out(speaks_other, jitter(levels, draws))
    other = "Main language is not English (English or Welsh in Wales)"
    out = pd.DataFrame({"MSOA21CD": adults.index})
    out["Main language is English (English or Welsh in Wales)"] = adults.to_numpy() - speaks_other
    out[other] = speaks_other
    for k, level in enumerate(
        ("Can speak English very well", "Can speak English well", "Cannot speak English well", "Cannot speak English")
    ):
        out[f"{other}: {level}"] = counts[:, k]
    return out
