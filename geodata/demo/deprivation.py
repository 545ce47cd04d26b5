"""The Indices of Deprivation of the demo borough, ranked as if it stood among all of England.

The latent need and a noise of its own give each domain a place on the national scale; from there the
published arithmetic is followed. Rank among N = 33,755: ``N (1 - Phi(z))``. Each domain's rank is made
exponential, ``X = -23 ln(1 - R (1 - exp(-100 / 23)))`` with ``R = (N - rank + 1) / N``; the score of the
IMD is the sum with the published weights; its rank comes from the fixed national curve ``IMD_CURVE``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from geodata.demo.areas import Areas
from geodata.demo.land import Array
from geodata.demo.need import waves
from geodata.demo.people import Counts, People

RANKED_2025, RANKED_2019 = 33_755, 32_844
WEIGHTS = {"income": 0.225, "employment": 0.225, "education": 0.135, "health": 0.135,
           "crime": 0.093, "barriers": 0.093, "living_environment": 0.093}  # fmt: skip
# How closely each measure follows need (correlation with the latent need, before its spread).
LOADING = {"income": 0.93, "employment": 0.91, "education": 0.84, "health": 0.87, "crime": 0.76, "barriers": 0.62,
           "living_environment": 0.66}  # fmt: skip
# The national curve: a score, and the share of all neighbourhoods that score lower.
IMD_CURVE = (
    (0.0, 0.0), (2.0, 0.01), (3.8, 0.05), (5.5, 0.10), (8.4, 0.20), (11.1, 0.30), (14.1, 0.40), (17.4, 0.50), (21.5,
    0.60),
    (26.6, 0.70), (33.5, 0.80), (44.9, 0.90), (54.3, 0.95), (68.8, 0.99), (80.7, 0.999), (100.0, 1.0),
)  # fmt: skip
TITLES = {
    "imd": "Index of Multiple Deprivation (IMD)", "income": "Income", "employment": "Employment",
    "education": "Education, Skills and Training", "health": "Health Deprivation and Disability", "crime": "Crime",
    "barriers": "Barriers to Housing and Services", "living_environment": "Living Environment",
    "idaci": "Income Deprivation Affecting Children Index (IDACI)",
    "idaopi": "Income Deprivation Affecting Older People (IDAOPI)",
    "children_education": "Children and Young People Sub-domain", "adult_skills": "Adult Skills Sub-domain",
    "geographical_barriers": "Geographical Barriers Sub-domain", "wider_barriers": "Wider Barriers Sub-domain",
    "indoors": "Indoors Sub-domain", "outdoors": "Outdoors Sub-domain",
}  # fmt: skip
PARENT = {"idaci": ("income", 0.95), "idaopi": ("income", 0.9), "children_education": ("education", 0.92),
          "adult_skills": ("education", 0.94), "geographical_barriers": ("barriers", 0.55),
          "wider_barriers": ("barriers", 0.88),
          "indoors": ("living_environment", 0.85), "outdoors": ("living_environment", 0.75)}  # fmt: skip
RATES = ("income", "employment", "idaci", "idaopi")
RANK, DECILE = "Rank (where 1 is most deprived)", "Decile (where 1 is most deprived 10% of LSOAs)"
DENOMINATORS_2025 = ("Total population: mid 2022", "Dependent Children aged 0-15: mid 2022",
                     "Older population aged 60 and over: mid 2022",
                     "Working age population 18-66 (for use with Employment Deprivation Domain): mid 2022")  # fmt: skip
DENOMINATORS_2019 = ("Total population: mid 2015 (excluding prisoners)",
                     "Dependent Children aged 0-15: mid 2015 (excluding prisoners)",
                     "Population aged 16-59: mid 2015 (excluding prisoners)",
                     "Older population aged 60 and over: mid 2015 (excluding prisoners)",
                     "Working age population 18-59/64: for use with Employment Deprivation Domain "
                     "(excluding prisoners)")  # fmt: skip


def positions(need: Array, at: Array, draws: np.random.RandomState, calm: Array) -> dict[str, Array]:
    """Return each measure's place on the national scale (standard deviations, high = more deprived).

    ``calm`` (0 or 1 per neighbourhood) damps the noise where the story must be told by every measure.
    """
    quiet = 1 - 0.75 * calm
    z: dict[str, Array] = {}
    spread = float(np.std(need))
    for name, loading in LOADING.items():
        noise = 0.75 * waves(at, draws, length_km=2.0) + 0.66 * draws.normal(size=len(need))
        z[name] = need + quiet * spread * np.sqrt(1 / loading**2 - 1) * noise
    for name, (parent, loading) in PARENT.items():
        z[name] = z[parent] + quiet * spread * np.sqrt(1 / loading**2 - 1) * draws.normal(size=len(need))
    return z


def ranks(z: Array, ranked: int) -> Counts:
    """Return distinct national ranks, 1 = most deprived."""
    wanted = np.clip(np.round(ranked * (1 - ndtr(z)) + 0.5), 1, ranked).astype(np.int64)
    taken: set[int] = set()
    for k in np.argsort(wanted, kind="stable"):
        while int(wanted[k]) in taken:
            wanted[k] += 1 if wanted[k] < ranked else -(ranked // 2)
        taken.add(int(wanted[k]))
    return np.asarray(wanted)


def exponential(rank: Counts, ranked: int) -> Array:
    """Return the exponentially transformed score of a rank, 0 to 100."""
    return np.asarray(-23 * np.log(1 - (ranked - rank + 1) / ranked * (1 - np.exp(-100 / 23))))


def imd_rank(score: Array, ranked: int) -> Counts:
    """Return the national rank of an IMD score from ``IMD_CURVE``."""
    curve = np.array(IMD_CURVE)
    lower = np.interp(score, curve[:, 0], curve[:, 1])
    return np.asarray(np.clip(np.round(ranked * (1 - lower) + 0.5), 1, ranked).astype(np.int64))


def score_of(name: str, rank: Counts, ranked: int) -> Array:
    """Return a published-looking score that falls with the rank, on the measure's own scale."""
    p = 1 - (rank - 0.5) / ranked
    if name in ("income", "idaci", "idaopi"):
        return np.round(0.02 + 0.60 * p**2.1, 3)
    if name == "employment":
        return np.round(0.02 + 0.34 * p**2.2, 3)
    if name == "adult_skills":
        return np.round(0.05 + 0.45 * p**1.3, 3)
    if name in ("education", "living_environment"):
        return np.round(0.5 + 75 * p**2.2, 3)
    if name in ("barriers", "geographical_barriers"):
        return np.round(3 + 50 * p**1.4, 3)
    return np.round(3.2 * (p - 0.5) + 1.6 * (2 * p - 1) ** 3, 3)


def decile(rank: Counts, ranked: int) -> Counts:
    """Return the national decile, 1 = most deprived."""
    return np.asarray(-(-10 * rank // ranked))


def file7(z: dict[str, Array], names: pd.DataFrame, denominators: dict[str, Counts], ranked: int) -> pd.DataFrame:
    """Return File 7: four name columns as given, score, rank and decile of 16 measures, the denominators."""
    rank = {name: ranks(z[name], ranked) for name in TITLES if name != "imd"}
    raw = sum(weight * exponential(rank[name], ranked) for name, weight in WEIGHTS.items())
    score = np.asarray(raw)
    rank["imd"] = imd_rank(score, ranked)
    table = names.reset_index(drop=True)
    for name, title in TITLES.items():
        table[f"{title} Score" + (" (rate)" if name in RATES else "")] = (
            np.round(score, 3) if name == "imd" else score_of(name, rank[name], ranked)
        )
        table[f"{title} {RANK}"] = rank[name]
        table[f"{title} {DECILE}"] = decile(rank[name], ranked)
    for name, counts in denominators.items():
        table[name] = counts
    return table


def denominators_2025(people: People) -> dict[str, Counts]:
    """Return the four mid-2022 denominators: ages of 2020 carried to the residents of 2022."""
    ages = people.by_age
    total = people.table["mid2022"].to_numpy()
    share = total / ages.sum(axis=1).to_numpy()
    limits = ((0, 90), (0, 15), (60, 90), (18, 66))
    counts = [np.round(ages.loc[:, low:high].sum(axis=1).to_numpy() * share).astype(np.int64) for low, high in limits]
    return dict(zip(DENOMINATORS_2025, [total, *counts[1:]], strict=True))


def named_2025(areas: Areas) -> pd.DataFrame:
    """Return the name columns of the 2025 edition."""
    table = areas.table.reset_index()
    columns = {"lsoa21cd": "LSOA code (2021)", "lsoa21nm": "LSOA name (2021)",
               "lad24cd": "Local Authority District code (2024)",
               "lad24nm": "Local Authority District name (2024)"}  # fmt: skip
    return table[list(columns)].rename(columns=columns)


def file7_2019(
    areas: Areas, single_year: pd.DataFrame, z: dict[str, Array], draws: np.random.RandomState
) -> pd.DataFrame:
    """Return the 2019 edition on the areas of 2011: the same places some years earlier, a little different."""
    fit = areas.exact_fit
    position = {code: k for k, code in enumerate(areas.table.index)}
    first = fit.drop_duplicates("LSOA11CD").sort_values("LSOA11CD")
    row = first["LSOA21CD"].map(position).to_numpy()
    earlier = {name: value[row] + 0.2 * draws.normal(size=len(row)) for name, value in z.items()}
    columns = {"LSOA11CD": "LSOA code (2011)", "LSOA11NM": "LSOA name (2011)",
               "LAD22CD": "Local Authority District code (2019)",
               "LAD22NM": "Local Authority District name (2019)"}  # fmt: skip
    ages = single_year.set_index("LSOA11CD").loc[first["LSOA11CD"]]
    years = ages.drop(columns="All Ages").to_numpy()
    limits = ((0, 91), (0, 16), (16, 60), (60, 91), (18, 62))
    counts = [np.round(years[:, low:high].sum(axis=1) * 0.97).astype(np.int64) for low, high in limits]
    counts[0] = counts[1] + counts[2] + counts[3]
    return file7(
        earlier,
        first[list(columns)].rename(columns=columns),
        dict(zip(DENOMINATORS_2019, counts, strict=True)),
        RANKED_2019,
    )


def rounded_count(rate: Array, people: Counts) -> Array:
    """Return a numerator rounded to 5 and blank where it is under 10, as the publisher releases it."""
    count = 5 * np.round(rate * people / 5)
    return np.asarray(np.where(count < 10, np.nan, count))


def underlying(z: dict[str, Array], table7: pd.DataFrame, people: People, draws: np.random.RandomState) -> pd.DataFrame:
    """Return the 25 underlying indicators of 2025 under the snake-case headers of the public copy."""
    total, children, older, working = (table7[name].to_numpy() for name in DENOMINATORS_2025)
    rate = {name: table7[f"{TITLES[name]} Score (rate)"].to_numpy() for name in RATES}
    crowd = np.clip(
        0.012 + 0.055 * ndtr(z["wider_barriers"]) + 0.12 * people.traits["diversity"].to_numpy(), 0.002, 0.4
    )

    def crime(mean: float) -> Array:
        """Draw a rate around a mean that follows the crime part of need."""
        return np.round(mean * np.exp(0.55 * z["crime"] + 0.2 * draws.normal(size=len(total)) - 0.2), 1)

    def ill(mean: float, slope: float, noise: float) -> Array:
        """Draw a measure around a mean that follows the health part of need."""
        return np.round(mean * np.exp(slope * z["health"] + noise * draws.normal(size=len(total))), 3)

    owner = np.clip(0.57 + 0.07 * z["wider_barriers"], 0.05, 0.98).round(3)
    rental = np.clip(0.33 + 0.09 * z["wider_barriers"], 0.04, 0.97).round(3)
    columns: dict[str, Array] = {
        "income_domain_numerator": rounded_count(rate["income"], total),
        "income_deprivation_affecting_children_index_idaci_numerator": rounded_count(rate["idaci"], children),
        "income_deprivation_affecting_older_people_index_idaopi_numerator": rounded_count(rate["idaopi"], older),
        "employment_domain_numerator": rounded_count(rate["employment"], working),
        "adult_skills_and_english_language_proficiency_indicator": table7["Adult Skills Sub-domain Score"].to_numpy(),
        "entry_to_higher_education_indicator": np.clip(0.883 + 0.035 * z["children_education"], 0.6, 0.99).round(3),
        "acute_morbidity_indicator": ill(105, 0.20, 0.05),
        "comparative_illness_and_disability_ratio_indicator": ill(105, 0.36, 0.05),
        "mental_health_indicator": (0.7 * z["health"] + 0.15 * draws.normal(size=len(total))).round(3),
        "years_of_potential_life_lost_indicator": ill(57, 0.20, 0.06),
        "violence_with_injury_rate_per_1_000_at_risk_population": crime(6.6),
        "violence_without_injury_rate_per_1_000_at_risk_population": crime(9.3),
        "stalking_and_harassment_rate_per_1_000_at_risk_population": crime(8.0),
        "burglary_rate_per_1_000_at_risk_properties": crime(10.7),
        "theft_rate_per_1_000_at_risk_population": crime(12.9),
        "criminal_damage_rate_per_1_000_at_risk_population": crime(6.7),
        "public_order_and_possession_of_weapons_rate_per_1_000_at_risk_population": crime(6.5),
        "anti_social_behaviour_rate_per_1_000_at_risk_population": crime(12.4),
        "owner_occupation_affordability_component_of_housing_affordability_indicator": owner,
        "private_rental_affordability_component_of_housing_affordability_indicator": rental,
        "housing_affordability_indicator": (0.8 * z["wider_barriers"] + 0.2 * draws.normal(size=len(total))).round(3),
        "core_homelessness_rate_percent_of_households": np.full(len(total), 1.412),
        "homelessness_indicator_rate_per_1_000_households": np.full(len(total), 3.871),
        "household_overcrowding_indicator_rooms": np.clip(1.4 * crowd, 0.002, 0.6).round(3),
        "household_overcrowding_indicator_bedrooms": crowd.round(3),
    }  # fmt: skip
    frame = pd.DataFrame(columns)
    frame.insert(0, "LSOA21CD", table7["LSOA code (2021)"])
    return frame
