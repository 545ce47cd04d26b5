"""Supply within a walk, a second time, straight from the publishers' files (see `tests.reference`)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from tests.reference import Reference

METRES_A_MINUTE = 80 / 1.3  # 4.8 km an hour, the straight line times 1.3
STEPS = ((10, 1.0), (20, 0.68), (30, 0.22))
ABROAD = ("W00", "Y99", "YZZ", "S00")


def supply_in_reach(reference: Reference) -> dict[str, pd.Series]:
    """GPs, and dentists known to take children, per 1,000 people of those ages, over England."""
    gps, dentists = practices(reference), answers(reference)
    children = reference.eligible_tenths([0, 17]) / 10
    taking = shared(reference, dentists, dentists["answer"].eq("yes").astype(float), children)
    silent = mostly_silent(reference, dentists)
    return {
        "gp_supply_per_1000": shared(reference, gps, gps["gps"], reference.residents),
        "child_dentists_per_1000": taking.mask(silent),
    }


def open_sites(reference: Reference, name: str, status: str) -> pd.DataFrame:
    """Open organisations of an ODS report in England, each at its postcode."""
    rows = pd.read_csv(reference.sources / f"sites/{name}.csv", header=None, dtype=str, keep_default_na=False)
    rows = rows[(rows[12] == status) & ~rows[2].isin(ABROAD) & ~rows[0].str.fullmatch(r"W\d{5}")]
    if name == "epraccur":
        rows = rows[rows[25].str.split("|").str[0] == "RO76"]
    tight = rows[9].str.upper().str.replace(" ", "")
    found = pd.DataFrame({"code": rows[0], "pcds": tight.str[:-3] + " " + tight.str[-3:]})
    columns = ["pcds", "oseast1m", "osnrth1m", "lsoa21"]
    wanted = [("pcds", "in", set(found["pcds"]))]
    path = reference.sources / "geography/postcodes_england.parquet"
    postcodes = pq.read_table(path, columns=columns, filters=wanted).to_pandas()
    return found.merge(postcodes, on="pcds").sort_values("code", ignore_index=True)


@cache
def area(reference: Reference, code: str) -> float:
    """Square metres of a neighbourhood."""
    return reference.area(code)


def practices(reference: Reference) -> pd.DataFrame:
    """GP practices with the GPs of their council split by list size; a new one has the council's mean list."""
    sites = open_sites(reference, "epraccur", "ACTIVE")
    folder = reference.sources / "indicators"
    rows = pq.read_table(folder / "gp-reg-pat-prac-lsoa-all_england_2022-07.parquet").to_pandas()
    council = sites["lsoa21"].map(reference.lookup["LAD24CD"])
    lists = sites["code"].map(rows.groupby("PRACTICE_CODE")["NUMBER_OF_PATIENTS"].sum()).astype(float)
    lists = lists.where(lists.notna(), council.map(lists.groupby(council).mean()))
    gps = pd.read_csv(folder / "patients_per_gp_by_ltla.csv", index_col=0)["total_gp_fte"]
    return sites.assign(gps=council.map(gps) * lists / council.map(lists.groupby(council).sum()))


def answers(reference: Reference) -> pd.DataFrame:
    """Dentists with what their page says of children: by number, else by postcode where all pages there agree."""
    sites = open_sites(reference, "egdpprac", "A")
    pages = pd.read_json(reference.sources / "sites/nhsuk_dental_practices.geojson")["features"]
    said = pd.DataFrame([page["properties"] for page in pages])
    number = said["practice_id"].str.extract(r"^V0*(\d+)(?:_\d+)?$")[0]
    tight = said["postcode"].str.upper().str.replace(" ", "")
    said["pcds"] = tight.str[:-3] + " " + tight.str[-3:]
    by_number = {key: set(part) for key, part in said.groupby(number)["accepting_children"]}
    both = said["accepting_children"] + "/" + said["accepting_adults"]
    by_postcode = {key: set(part) for key, part in both.groupby(said["pcds"])}
    found = []
    for code, pcds in zip(sites["code"].str[1:].str.lstrip("0"), sites["pcds"], strict=True):
        said_here = by_number.get(code) or {each.split("/")[0] for each in by_postcode.get(pcds, ())}
        one = len(by_number[code]) == 1 if code in by_number else len(by_postcode.get(pcds, ())) == 1
        found.append(said_here.pop() if one else "unknown")
    return sites.assign(answer=found)


def weights(reference: Reference, sites: pd.DataFrame) -> pd.DataFrame:
    """Pairs of neighbourhood and site within half an hour, with the weight of the step."""
    homes = reference._csv("geography/lsoa21_population_weighted_centroids.csv.gz").reindex(reference.lookup.index)
    points = sites[["oseast1m", "osnrth1m"]].to_numpy(dtype=float)
    near = cKDTree(points).query_ball_point(homes[["x", "y"]].to_numpy(dtype=float), 30 * METRES_A_MINUTE + 1)
    home = np.repeat(np.arange(len(homes)), [len(part) for part in near])
    site = np.concatenate([np.asarray(part, dtype=int) for part in near])
    metres = np.hypot(*(homes[["x", "y"]].to_numpy(dtype=float)[home] - points[site]).T)
    for i in np.flatnonzero(homes.index.to_numpy()[home] == sites["lsoa21"].to_numpy()[site]):
        metres[i] = max(metres[i], 2 / 3 * np.sqrt(area(reference, homes.index[home[i]]) / np.pi))
    minutes = metres / METRES_A_MINUTE
    weight = np.select([minutes <= end for end, _ in STEPS], [value for _, value in STEPS], 0.0)
    return pd.DataFrame({"code": homes.index.to_numpy()[home], "site": site, "weight": weight}).query("weight > 0")


def shared(reference: Reference, sites: pd.DataFrame, supply: pd.Series, people: pd.Series) -> pd.Series:
    """E2SFCA per 1,000 people."""
    pairs = weights(reference, sites)
    demand = (pairs["weight"] * pairs["code"].map(people)).groupby(pairs["site"]).sum()
    got = pairs["weight"] * pairs["site"].map(supply / demand)
    return (1000 * got.groupby(pairs["code"]).sum()).reindex(reference.lookup.index).fillna(0.0).round(9)


def mostly_silent(reference: Reference, sites: pd.DataFrame) -> pd.Series:
    """Whether those that have not answered are at least half of the sites in reach, by weight."""
    pairs = weights(reference, sites)
    silent = pairs["weight"].where(pairs["site"].map(sites["answer"]).eq("unknown"), 0.0)
    share = (silent.groupby(pairs["code"]).sum() / pairs.groupby("code")["weight"].sum()).round(9)
    return share.reindex(reference.lookup.index).ge(0.5)
