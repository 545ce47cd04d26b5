"""Context in a build: figures of councils and sub-ICB locations, and series over time, put into blocks of numbers.

One block a kind of area: variables, periods, areas. What is not known is missing. None of it is part of a
neighbourhood's score. `service.editions.context` reads what `write_context` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
import orjson
import pandas as pd

from geodata.context import Variable, load_variables
from geodata.neighbourhoods import BASE
from geodata.reading import Reading
from layers.similar import merge_predecessors

SERIES = ["variable", "area", "period", "value", "count", "denominator"]
BLOCKS = ("values", "counts", "denominators")
M2_IN_KM2 = 1_000_000
DECIMALS = 9
EVERYONE = "Persons"


@dataclass(frozen=True)
class Level:
    """All context of one kind of area.

    Attributes
    ----------
    codes, names : list of str
        Areas in code order.
    variables : list of Variable
        Those with any figure.
    periods : list of list of str
        Of each variable, in order of time.
    values, counts, denominators : array, shape (variables, most periods, areas)
        Missing = not known; counts and denominators only where the source has them.
    """

    codes: list[str]
    names: list[str]
    variables: list[Variable]
    periods: list[list[str]]
    values: np.ndarray
    counts: np.ndarray
    denominators: np.ndarray


def context_of(readings: Mapping[str, Reading], nation: pd.DataFrame) -> dict[str, Level]:
    """Put together all the context that the sources hold.

    Parameters
    ----------
    readings : mapping of source id to Reading
    nation : pandas.DataFrame, index lsoa21cd
        The joined table, with ``area_m2`` where boundaries are held.

    Returns
    -------
    dict of level to Level
        ``lad`` (councils of 2024; districts that have merged are averaged over their people), ``sub_icb`` and
        ``lsoa``; a level without any figure is left out.
    """
    lookup = readings[BASE].table
    names = _names(readings, lookup)
    series = {
        "lad": pd.concat([_health_index(readings, nation), _patients_per_gp(readings), _summed(readings, nation),
                          _fingertips(readings, "council"), _quarterly(readings, lookup["lad24cd"])]),
        "sub_icb": _talking_therapies(readings),
        "lsoa": pd.concat([_fingertips(readings, "neighbourhood"), _quarterly(readings, None)]),
    }  # fmt: skip
    return {level: _block(table, names) for level, table in series.items() if len(table)}


def _of(source: str) -> dict[str, str]:
    """Map the published name of each variable of a source to its id."""
    return {part.published: part.id for part in load_variables().values() if part.source == source and part.published}


def _series(**columns: object) -> pd.DataFrame:
    table = pd.DataFrame(columns)
    for name in SERIES:
        if name not in table:
            table[name] = np.nan
    return table[SERIES]


def _health_index(readings: Mapping[str, Reading], nation: pd.DataFrame) -> pd.DataFrame:
    """Carry the Health Index to councils of 2024, by the people of the districts each was made from."""
    if "health_index" not in readings:
        return _series()
    ids = _of("health_index")
    table = readings["health_index"].table
    table = table[table["indicator"].isin(list(ids))].assign(variable=lambda part: part["indicator"].map(ids))
    wide = table.set_index(["variable", "year", "lad21cd"])["value"].unstack("lad21cd")
    merged = merged_districts(wide, readings[BASE].table, nation["population"])
    long = cast("pd.Series[float]", merged.stack(["variable", "year"])).reset_index(name="value")
    return _series(
        variable=long["variable"], area=long["lad24cd"], period=long["year"].astype(str), value=long["value"]
    )


def merged_districts(wide: pd.DataFrame, lookup: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Turn figures of districts of 2021 into those of councils of 2024.

    Parameters
    ----------
    wide : pandas.DataFrame, columns lad21cd
        Figures; the districts of 2021 are those of 2022.
    lookup : pandas.DataFrame, index lsoa21cd
        ``lad22cd`` and ``lad24cd``.
    people : pandas.Series, index lsoa21cd
        Residents, by which the districts of a merged council are weighted.

    Returns
    -------
    pandas.DataFrame, index lad24cd, columns as the rows of `wide`
        Missing where any predecessor's is; a district that the look-up does not have keeps its code.
    """
    by_district = people.reindex(lookup.index).groupby(lookup["lad22cd"]).sum()
    council = lookup.groupby("lad22cd")["lad24cd"].first()
    known = [code for code in wide.columns if by_district.get(code, 0) > 0]
    districts = pd.Index(known, name="lad24cd")
    merged = merge_predecessors(
        wide[known].T.set_axis(districts), by_district.reindex(districts), council.reindex(districts)
    ).round(DECIMALS)
    unknown = wide.drop(columns=known).T.rename_axis("lad24cd")
    return pd.concat([merged, unknown]).sort_index()


def _patients_per_gp(readings: Mapping[str, Reading]) -> pd.DataFrame:
    if "patients_per_gp" not in readings:
        return _series()
    table = readings["patients_per_gp"].table
    return _series(variable="patients_per_gp", area=table.index, period="2024", value=table["patients_per_gp"].array)


def _talking_therapies(readings: Mapping[str, Reading]) -> pd.DataFrame:
    if "talking_therapies" not in readings:
        return _series()
    ids = _of("talking_therapies")
    table = readings["talking_therapies"].table
    table = table[table["measure"].isin(list(ids))]
    return _series(
        variable=table["measure"].map(ids), area=table["sicbl22cd"], period=table["month"], value=table["value"]
    )


def _fingertips(readings: Mapping[str, Reading], kind: str) -> pd.DataFrame:
    """Outcomes in the Fingertips layout: of councils, or of neighbourhoods."""
    if "outcomes_annual" not in readings:
        return _series()
    ids = _of("outcomes_annual")
    table = readings["outcomes_annual"].table
    neighbourhood = table["area_code"].str.startswith("E01")
    wanted = table["indicator_id"].isin(list(ids)) & (table["sex"] == EVERYONE)
    table = table[wanted & (neighbourhood == (kind == "neighbourhood"))]
    return _series(
        variable=table["indicator_id"].map(ids),
        area=table["area_code"],
        period=table["period"],
        value=table["value"],
        count=table["count"],
        denominator=table["denominator"].where(table["count"].notna()),
    )


def _quarterly(readings: Mapping[str, Reading], council: pd.Series | None) -> pd.DataFrame:
    """Quarterly outcomes as percentages: of neighbourhoods, or summed to their councils."""
    if "outcomes_quarterly" not in readings:
        return _series()
    table = readings["outcomes_quarterly"].table.assign(
        variable=lambda part: part["indicator"].map(_of("outcomes_quarterly")), area=lambda part: part["area_code"]
    )
    table = table[table["variable"].notna()]
    if council is not None:
        table = table.assign(area=table["area_code"].map(council))
        table = table.groupby(["variable", "area", "period"])[["count", "denominator"]].sum().reset_index()
    value = 100 * table["count"] / table["denominator"].where(table["denominator"] > 0)
    return _series(**{name: table[name] for name in SERIES if name in table and name != "value"}, value=value)


def _summed(readings: Mapping[str, Reading], nation: pd.DataFrame) -> pd.DataFrame:
    """Figures of councils summed from their neighbourhoods; missing where any of them is."""
    council, people = nation["lad24cd"], nation["population"]

    def total(values: pd.Series) -> pd.Series:
        """Sum over each council; missing where a neighbourhood is."""
        return values.groupby(council).sum().mask(values.isna().groupby(council).any())

    def percent(source: str, columns: list[str], among: str) -> pd.Series | None:
        """Per cent of each council, from the sums of both counts."""
        if source not in readings:
            return None
        table = readings[source].table.reindex(nation.index)
        return 100 * total(table[columns].sum(axis=1, skipna=False)) / total(table[among])

    rented = ["rented_council", "rented_other_social", "rented_private_landlord", "rented_private_other"]
    found = {
        "residents": total(people),
        "residents_per_km2": total(people) / total(nation["area_m2"]) * M2_IN_KM2,
        "under_16": percent("census2021_age", ["residents_0_15"], "residents_total"),
        "aged_65_plus": percent("census2021_age", ["residents_65_plus"], "residents_total"),
        "ethnic_minority": percent("census2021_ethnic_group", ["asian", "black", "mixed", "other"], "residents_total"),
        "rented_homes": percent("census2021_tenure", rented, "households_total"),
        "average_imd_score": total(people * nation["imd_score"]) / total(people),
    }
    period = {"residents": "2022", "residents_per_km2": "2022", "average_imd_score": "2025"}
    parts = [
        _series(variable=name, area=values.index, period=period.get(name, "2021"), value=values.array)
        for name, values in found.items()
        if values is not None and values.notna().any()
    ]
    return pd.concat(parts)


def _names(readings: Mapping[str, Reading], lookup: pd.DataFrame) -> dict[str, str]:
    """Name councils, sub-ICB locations and the areas of outcomes."""
    names: dict[str, str] = {}
    if "outcomes_annual" in readings:
        table = readings["outcomes_annual"].table.drop_duplicates("area_code")
        names |= dict(zip(table["area_code"], table["area_name"], strict=True))
    for code, name in (("lad24cd", "lad24nm"), ("sicbl24cd", "sicbl24nm")):
        areas = lookup[[code, name]].drop_duplicates(code)
        names |= dict(zip(areas[code], areas[name], strict=True))
    return names


def _block(table: pd.DataFrame, names: Mapping[str, str]) -> Level:
    """Long rows to one block of numbers."""
    table = table[table["area"].notna()]
    codes = sorted(table["area"].unique())
    if table.duplicated(["variable", "area", "period"]).any():
        raise AssertionError("a figure of context is there twice")
    held = set(table["variable"].unique())
    order = [part for name, part in load_variables().items() if name in held]
    row = {part.id: k for k, part in enumerate(order)}
    pairs = table[["variable", "period"]].drop_duplicates().sort_values(["variable", "period"])
    periods = [pairs.loc[pairs["variable"] == part.id, "period"].tolist() for part in order]
    step = pairs.groupby("variable").cumcount().to_numpy()
    k = table["variable"].map(row).to_numpy()
    t = step[pd.MultiIndex.from_frame(pairs).get_indexer(pd.MultiIndex.from_frame(table[["variable", "period"]]))]
    at = pd.Index(codes).get_indexer(pd.Index(table["area"]))
    shape = (len(order), max(map(len, periods)), len(codes))
    blocks = {}
    for column in ("value", "count", "denominator"):
        blocks[column] = np.full(shape, np.nan)
        blocks[column][k, t, at] = table[column].to_numpy(dtype=float)
    titles = [names.get(code, code) for code in codes]
    return Level(codes, titles, order, periods, blocks["value"], blocks["count"], blocks["denominator"])


def write_context(web: Path, levels: Mapping[str, Level], place: Mapping[str, Mapping[str, str]]) -> None:
    """Write the blocks, and what they hold, for the web process.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.
    levels : mapping of level to Level
        From `context_of`.
    place : mapping of level to mapping of code to name
        The councils and sub-ICB locations that the place lies in.
    """
    facts = {
        level: {
            "codes": block.codes,
            "names": block.names,
            "variables": _variables(block),
        }
        for level, block in levels.items()
    }
    (web / "context.json").write_bytes(orjson.dumps({"levels": facts, "place": place}, option=orjson.OPT_SORT_KEYS))
    for level, block in levels.items():
        for name in BLOCKS:
            if name == "values" or np.isfinite(getattr(block, name)).any():
                np.save(web / f"context_{level}_{name}.npy", getattr(block, name))


def _variables(block: Level) -> list[dict[str, object]]:
    """Return the facts of each variable; peers are sought only by what is known for most areas."""
    known = np.isfinite(block.values).any(axis=1).sum(axis=1)
    return [
        asdict(part)
        | {
            "years": block.periods[k],
            "known": int(known[k]),
            "peers": part.peers and bool(2 * known[k] > len(block.codes)),
        }
        for k, part in enumerate(block.variables)
    ]
