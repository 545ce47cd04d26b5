"""A second calculation of the real scores, straight from the publishers' files.

Nothing here comes from `geodata`, `layers` or `service`: the files are read with pandas, people are
counted in whole tenths so that shares of people are exact, and the grid is reached by the formulas that
Ordnance Survey prints. `tests/service/test_reference.py` compares it with everything that is served.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from tests.reference_access import supply_in_reach

REPOSITORY = Path(__file__).resolve().parent.parent
DEFINITIONS = REPOSITORY / "geodata"
PUBLISHED_DECIMALS = 9  # scores are published to nine decimals; equal there means a tie
CARRIED_DECIMALS = 12  # the parts of an area that was split have one value: they tie
RANKED = 33_755
RANK = "{} Rank (where 1 is most deprived)"
DOMAINS = {
    "income_rank": "Income",
    "employment_rank": "Employment",
    "education_rank": "Education, Skills and Training",
    "health_rank": "Health Deprivation and Disability",
    "crime_rank": "Crime",
    "barriers_rank": "Barriers to Housing and Services",
    "living_environment_rank": "Living Environment",
    "idaci_rank": "Income Deprivation Affecting Children Index (IDACI)",
    "children_education_rank": "Children and Young People Sub-domain",
    "idaopi_rank": "Income Deprivation Affecting Older People (IDAOPI)",
}
UNDERLYING = {
    "illness_disability_ratio": "comparative_illness_and_disability_ratio_indicator",
    "acute_morbidity": "acute_morbidity_indicator",
    "years_of_life_lost": "years_of_potential_life_lost_indicator",
    "mental_health_indicator": "mental_health_indicator",
}
QOF = {
    "gp_diabetes_share": "DM", "gp_hypertension_share": "HYP", "gp_chd_share": "CHD", "gp_copd_share": "COPD",
    "gp_depression_share": "DEP", "gp_mental_illness_share": "MH", "gp_dementia_share": "DEM",
    "gp_cancer_share": "CAN", "gp_heart_failure_share": "HF",
}  # fmt: skip
PLACES = {
    "luton": ("LAD24CD", "E06000032"),
    "milton-keynes": ("LAD24CD", "E06000042"),
    "bromley": ("LAD24CD", "E09000006"),
    "blmk": ("ICB24CD", "E54000024"),
    "south-east-london": ("ICB24CD", "E54000030"),
    "lancashire-and-south-cumbria": ("ICB24CD", "E54000048"),
}
COMPLETE_HUB_LISTS = ("E06000008", "E06000032")  # Blackburn with Darwen, Luton: sites/README.md
WALK_M_A_MINUTE = 80.0  # 4.8 km an hour
DETOUR = 1.3


@dataclass(frozen=True)
class FocusReference:
    """One focus over England, index LSOA21CD: eligible people (NaN-free), values, parts, need score."""

    eligible: pd.Series
    values: pd.DataFrame
    parts: pd.DataFrame
    need: pd.Series


class Reference:
    """The figures of every focus over England and of every place, from a folder of published files."""

    def __init__(self, sources: Path) -> None:
        self.sources = sources
        self._scores: dict[tuple[str, str, float], pd.DataFrame] = {}
        self._focuses: dict[tuple[str, bool], FocusReference] = {}

    def _csv(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.sources / name, index_col=0).sort_index()

    @cached_property
    def lookup(self) -> pd.DataFrame:
        return self._csv("geography/lsoa21_lookup_england.csv.gz")

    @cached_property
    def deprivation(self) -> pd.DataFrame:
        return self._csv("deprivation/iod2025_file7_lsoa21_england.csv.gz")

    @cached_property
    def residents(self) -> pd.Series:
        return self._csv("population/lsoa21_mid2022_population_census2021_households.csv.gz")["population_mid2022"]

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Every indicator of the focuses, as published, counted from published counts, or carried from practices."""
        underlying = self._csv("deprivation/iod2025_underlying_indicators_lsoa21.csv.gz")
        rooms = self._csv("population/lsoa21_census2021_occupancy_rating.csv.gz")
        households = self._csv("population/lsoa21_census2021_household_deprivation.csv.gz")
        tenure = self._csv("population/lsoa21_census2021_tenure.csv.gz")
        found = {own: self.deprivation[RANK.format(title)] for own, title in DOMAINS.items()}
        found["employment_deprived_share"] = self.deprivation["Employment Score (rate)"]
        found["adult_skills_share"] = underlying["adult_skills_and_english_language_proficiency_indicator"]
        found["housing_affordability"] = underlying["housing_affordability_indicator"]
        found["overcrowded_share"] = (rooms["-1 (overcrowded)"] + rooms["-2 or less (overcrowded)"]) / rooms["Total"]
        not_so = households["Household is not deprived in any dimension"]
        found["household_deprived_share"] = (
            households["Total"] - not_so - households["Household is deprived in one dimension"]
        ) / households["Total"]
        owners = ["Owned: Owns outright", "Owned: Owns with a mortgage or loan", "Shared ownership: Shared ownership"]
        renting = tenure["Total"] - tenure[owners].sum(axis=1) - tenure["Lives rent free"]
        found["rented_share"] = renting / tenure["Total"]
        private = [column for column in tenure if column.startswith("Private rented")]
        found["private_rented_share"] = tenure[private].sum(axis=1) / tenure["Total"]
        found["family_hub_walk_min"] = self.hub_minutes
        found |= {own: underlying[column] for own, column in UNDERLYING.items()}
        census = self._csv("population/lsoa21_census2021_age_six_bands.csv.gz")
        found["older_share"] = census["Aged 65 years and over"] / census["All usual residents"]
        found["young_adult_share"] = census["Aged 25 to 34 years"] / census["All usual residents"]
        for age in (75, 85):
            found[f"aged_{age}_share"] = self.older[f"age_{age}_plus"] / self.older["age_65_plus"]
        equality = self._csv("population/lsoa21_census2021_disability.csv.gz")
        found["disabled_share"] = equality["Disabled under the Equality Act"] / equality["Total"]
        return pd.DataFrame(found).join(self.from_practices).astype(float)

    @cached_property
    def in_reach(self) -> pd.DataFrame:
        """What is supplied within a walk."""
        return pd.DataFrame(supply_in_reach(self))

    @cached_property
    def older(self) -> pd.DataFrame:
        """Ages of mid-2020, as carried to the areas of 2021."""
        return self._csv("population/lsoa21_age_bands_mid2020_apportioned.csv.gz")

    @cached_property
    def from_practices(self) -> pd.DataFrame:
        """Recorded shares of practices as means over the patients of an area; hidden where few are registered."""
        lists = pq.read_table(self.sources / "indicators/gp-reg-pat-prac-lsoa-all_england_2022-07.parquet").to_pandas()
        fit = pd.read_csv(self.sources / "geography/lsoa11_lsoa21_exact_fit_lookup_england.csv.gz")
        census = self._csv("population/lsoa21_census2021_age_six_bands.csv.gz")["All usual residents"]
        people = fit["LSOA21CD"].map(census)
        fit["part"] = people / people.groupby(fit["LSOA11CD"]).transform("sum")
        rows = lists.merge(fit[["LSOA11CD", "LSOA21CD", "part"]], left_on="LSOA_CODE", right_on="LSOA11CD")
        rows["living"] = rows["NUMBER_OF_PATIENTS"] * rows["part"]
        qof = pd.read_csv(self.sources / "indicators/qof_2021-22_prevalence_by_practice.csv")
        rows = rows.merge(qof, left_on="PRACTICE_CODE", right_on="OrganisationCode", how="left")
        found = {}
        for own, condition in QOF.items():
            held = rows[rows[f"{condition}-prevalence"].notna()]
            recorded = (held[f"{condition}-prevalence"] * held["living"]).groupby(held["LSOA21CD"]).sum()
            found[own] = recorded / held.groupby("LSOA21CD")["living"].sum()
        registered = rows.groupby("LSOA21CD")["living"].sum().reindex(self.residents.index).fillna(0)
        shown = pd.DataFrame(found).reindex(self.residents.index).where(registered / self.residents >= 0.5)
        return shown.round(CARRIED_DECIMALS)

    def eligible_tenths(self, ages: object) -> pd.Series:
        """Eligible people in whole tenths of a person, in whole numbers throughout; a half goes to the even tenth."""
        if ages == "all":
            return self.residents * 10
        census = self._csv("population/lsoa21_census2021_age_six_bands.csv.gz")
        if ages != [0, 4]:
            return self.adult_tenths(ages, census)
        older = self.older[["age_0_4", "age_5_10", "age_11_15"]]
        older = (older * 10).round().astype(int)  # published to one decimal
        children = older.sum(axis=1)
        assert (children > 0).all(), "a neighbourhood without children needs the rule for an empty band"
        above = 10 * self.residents * census["Aged 15 years and under"] * older["age_0_4"]
        below = census["All usual residents"] * children
        return pd.Series([_to_even(*pair) for pair in zip(above.tolist(), below.tolist(), strict=True)], above.index)

    def adult_tenths(self, ages: object, census: pd.DataFrame) -> pd.Series:
        """Those of other ages in whole tenths: the Census band of 16 to 64 is parted by its 16 and 17 year olds."""
        assert ages in ([65, 120], [18, 120], [0, 17]), "a focus has other ages: count them here too"
        rest = "Aged 15 years and under" if ages == [0, 17] else "Aged 65 years and over"
        above, below = 10 * self.residents * census[rest], census["All usual residents"]
        if ages != [65, 120]:
            parts = (self.older[["age_16_17", "age_18_64"]] * 10).round().astype(int)
            working = parts.sum(axis=1)
            assert (working > 0).all(), "a neighbourhood without adults needs the rule for an empty band"
            bands = ["Aged 16 to 24 years", "Aged 25 to 34 years", "Aged 35 to 49 years", "Aged 50 to 64 years"]
            adults = census[bands].sum(axis=1) * parts["age_16_17" if ages == [0, 17] else "age_18_64"]
            above, below = above * working + 10 * self.residents * adults, below * working
        return pd.Series([_to_even(*pair) for pair in zip(above.tolist(), below.tolist(), strict=True)], above.index)

    @cached_property
    def hubs(self) -> pd.DataFrame:
        """Listed Family Hubs with grid reference and neighbourhood (of the postcode, else of the point)."""
        sites = pd.read_csv(self.sources / "sites/family_hubs_childrens_centres_seed_places.csv")
        hubs = sites[sites["dfe_family_hub_site"] == "yes"].reset_index(drop=True)
        hubs["x"], hubs["y"] = national_grid(hubs["latitude"].to_numpy(), hubs["longitude"].to_numpy())
        columns = ["pcds", "lsoa21"]
        postcodes = pq.read_table(self.sources / "geography/postcodes_england.parquet", columns=columns).to_pandas()
        by_postcode = postcodes.set_index("pcds")["lsoa21"]
        hubs["lsoa21"] = hubs["postcode"].map(by_postcode)
        for row in hubs.index[hubs["lsoa21"].isna()]:
            point = shapely.Point(hubs["longitude"][row], hubs["latitude"][row])
            hubs.loc[row, "lsoa21"] = self.outlines.index[shapely.intersects(self.outlines.to_numpy(), point)].min()
        return hubs

    @cached_property
    def outlines(self) -> pd.Series:
        """Published outlines in degrees."""
        columns = ["LSOA21CD", "geometry"]
        table = pq.read_table(self.sources / "geography/lsoa21_bgc_england.parquet", columns=columns).to_pandas()
        return pd.Series(shapely.from_wkb(table["geometry"]), index=table["LSOA21CD"]).sort_index()

    def area(self, code: str) -> float:
        """Square metres on the grid."""

        def carried(points: np.ndarray) -> np.ndarray:
            return np.column_stack(national_grid(points[:, 1], points[:, 0]))

        return float(shapely.area(shapely.transform(self.outlines[code], carried)))

    @cached_property
    def hub_minutes(self) -> pd.Series:
        """Minutes on foot to the nearest hub, to 0.1, where the council's list of hubs is whole."""
        origins = self._csv("geography/lsoa21_population_weighted_centroids.csv.gz")
        whole = self.lookup.index[self.lookup["LAD24CD"].isin(COMPLETE_HUB_LISTS)]
        own_area = {code: self.area(code) for code in set(self.hubs["lsoa21"]) & set(whole)}
        nearest = {}
        for code in whole:
            away = np.sqrt((self.hubs["x"] - origins["x"][code]) ** 2 + (self.hubs["y"] - origins["y"][code]) ** 2)
            if code in own_area:
                least = 2 / 3 * np.sqrt(own_area[code] / np.pi)
                away = away.where(self.hubs["lsoa21"] != code, away.clip(lower=least))
            nearest[code] = round(away.min() * DETOUR / WALK_M_A_MINUTE, 1)
        return pd.Series(nearest).reindex(self.lookup.index)

    @cached_property
    def definitions(self) -> dict[str, dict[str, object]]:
        names = ("core", "building-blocks", "best-start", "long-term-conditions", "mental-health", "age-well")
        names += ("gp-access", "child-dental", "immunisation")
        return {name: tomllib.loads((DEFINITIONS / f"focuses/{name}.toml").read_text()) for name in names}

    def focus(self, name: str, members: pd.Index) -> FocusReference:
        """One focus over England; distances that are not known all over the place take no part."""
        distances = {part["indicator"] for part in self.definitions[name]["ingredients"]} & {"family_hub_walk_min"}
        partial = bool(distances) and bool(self.hub_minutes.reindex(members).isna().any())
        if (name, partial) not in self._focuses:
            self._focuses[name, partial] = self._focus(self.definitions[name], distances if partial else set())
        return self._focuses[name, partial]

    def _focus(self, definition: dict[str, object], left_out: set[str]) -> FocusReference:
        polarity = {
            name: entry["polarity"]
            for name, entry in tomllib.loads((DEFINITIONS / "indicators.toml").read_text()).items()
        }
        weights = {part["indicator"]: part["weight"] for part in definition["ingredients"]}
        tenths = self.eligible_tenths(definition["ages"])
        every = self.indicators if set(weights) <= set(self.indicators) else self.indicators.join(self.in_reach)
        values = every[list(weights)]
        if definition["scale"] == "exponential":
            scaled = values.apply(exponential)
        else:
            assert definition["scale"] == "ridit"
            scaled = pd.DataFrame({name: 100 * position(values[name] * polarity[name], tenths) for name in weights})
        scaled[list(left_out)] = np.nan
        weight = pd.Series(weights)
        known = scaled.notna().mul(weight, axis=1).sum(axis=1)
        parts = scaled.mul(weight, axis=1).div(known / weight.sum(), axis=0)
        need = parts.sum(axis=1).where(known / weight.sum() > 2 / 3 - 1e-9).round(PUBLISHED_DECIMALS)
        return FocusReference(tenths / 10, values, parts, need)

    def members(self, place: str) -> pd.Index:
        if place == "england":
            return self.lookup.index
        column, code = PLACES[place]
        return self.lookup.index[self.lookup[column] == code]

    def scores(self, place: str, focus: str, rho: float) -> pd.DataFrame:
        """The computed columns of the scores table, index LSOA21CD in code order; worked out once for each view."""
        key = (place, focus, rho)
        if key not in self._scores:
            self._scores[key] = self._calculate(*key)
        return self._scores[key]

    def _calculate(self, place: str, focus: str, rho: float) -> pd.DataFrame:
        members = self.members(place)
        found = self.focus(focus, members)
        need, eligible = found.need[members], found.eligible[members]
        u = position(need, (eligible * 10).round().astype(np.int64))
        rank = need.rank(ascending=False, method="min")
        return pd.DataFrame(
            {
                "population": self.residents[members],
                "eligible": eligible,
                **found.values.loc[members],
                "need_score": need,
                "need_position": u,
                "need_fifth": np.ceil(5 * rank / need.notna().sum()),
                "targeting_score": (2 + 2 * (rho - 1) * u) / (1 + rho),
                "rank": rank,
            }
        )


def position(values: pd.Series, tenths: pd.Series) -> pd.Series:
    """Share of people below plus half of those level, from whole numbers: the mean of "below" and "up to"."""
    known = values.dropna().sort_values()
    counted = np.concatenate([[0], np.cumsum(tenths[known.index].to_numpy())])
    ordered = known.to_numpy()
    below = counted[np.searchsorted(ordered, ordered, side="left")]
    up_to = counted[np.searchsorted(ordered, ordered, side="right")]
    return pd.Series((below + up_to) / (2 * counted[-1]), index=known.index).reindex(values.index)


def _to_even(above: int, below: int) -> int:
    """Quotient of two whole numbers to the nearest whole number, a half to the even one."""
    whole, rest = divmod(above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole % 2))


def exponential(rank: pd.Series) -> pd.Series:
    """The Indices' transformation of a domain rank."""
    from_bottom = 1 - (rank - 1) / RANKED  # 1 = most deprived
    return -23 * np.log1p(from_bottom * np.expm1(-100 / 23))


def national_grid(latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """WGS 84 degrees to easting and northing by EPSG:1314 and the printed National Grid projection.

    Ordnance Survey, A guide to coordinate systems in Great Britain, annexes B and C.
    """
    x, y, z = _cartesian(np.radians(latitude), np.radians(longitude), 6378137.0, 6356752.314245)
    seconds = np.pi / 180 / 3600
    rx, ry, rz, scale = 0.15 * seconds, 0.247 * seconds, 0.842 * seconds, 1 - 20.489e-6
    turn = scale * np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])  # OSGB36 to WGS 84; undone here
    moved = np.vstack([x - 446.448, y + 125.157, z - 542.06])
    x, y, z = np.linalg.solve(turn, moved)
    a, b = 6377563.396, 6356256.909
    e2 = 1 - b**2 / a**2
    flat = np.hypot(x, y)
    phi = np.arctan2(z, flat * (1 - e2))
    for _ in range(8):
        nu = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
        phi = np.arctan2(z + e2 * nu * np.sin(phi), flat)
    return _transverse_mercator(phi, np.arctan2(y, x), a, b, e2)


def _cartesian(phi: np.ndarray, lam: np.ndarray, a: float, b: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    e2 = 1 - b**2 / a**2
    nu = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    return nu * np.cos(phi) * np.cos(lam), nu * np.cos(phi) * np.sin(lam), nu * (1 - e2) * np.sin(phi)


def _transverse_mercator(
    phi: np.ndarray, lam: np.ndarray, a: float, b: float, e2: float
) -> tuple[np.ndarray, np.ndarray]:
    f0, phi0, lam0, e0, n0 = 0.9996012717, np.radians(49), np.radians(-2), 400_000.0, -100_000.0
    n = (a - b) / (a + b)
    sin, cos, tan = np.sin(phi), np.cos(phi), np.tan(phi)
    nu = a * f0 / np.sqrt(1 - e2 * sin**2)
    rho = a * f0 * (1 - e2) / (1 - e2 * sin**2) ** 1.5
    eta2 = nu / rho - 1
    less, more = phi - phi0, phi + phi0
    m = (b * f0) * (
        (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * less
        - (3 * n + 3 * n**2 + 21 / 8 * n**3) * np.sin(less) * np.cos(more)
        + (15 / 8 * n**2 + 15 / 8 * n**3) * np.sin(2 * less) * np.cos(2 * more)
        - 35 / 24 * n**3 * np.sin(3 * less) * np.cos(3 * more)
    )
    first = m + n0
    second = nu / 2 * sin * cos
    third = nu / 24 * sin * cos**3 * (5 - tan**2 + 9 * eta2)
    third_a = nu / 720 * sin * cos**5 * (61 - 58 * tan**2 + tan**4)
    fourth = nu * cos
    fifth = nu / 6 * cos**3 * (nu / rho - tan**2)
    sixth = nu / 120 * cos**5 * (5 - 18 * tan**2 + tan**4 + 14 * eta2 - 58 * tan**2 * eta2)
    away = lam - lam0
    northing = first + second * away**2 + third * away**4 + third_a * away**6
    easting = e0 + fourth * away + fifth * away**3 + sixth * away**5
    return easting, northing
