"""Numbers of people behind the figures: people in need, people by group, counts and denominators of shares.

All over every neighbourhood that is held. An unknown number is missing, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.definitions import Indicator
from geodata.errors import BadJoin
from geodata.reading import Reading

UNDERLYING = "iod2025_underlying"
# People in need (methods M3): the published numerators, rounded to 5, blank where small.
IN_NEED = {
    "income": "income_domain_numerator",
    "idaci": "income_deprivation_affecting_children_index_idaci_numerator",
    "idaopi": "income_deprivation_affecting_older_people_index_idaopi_numerator",
}
TOTAL_TOLERANCE = 1e-9


@dataclass(frozen=True)
class GroupKind:
    """One way in which the Census tells residents apart.

    Attributes
    ----------
    level : str
        "lsoa", or "msoa" where the table is published for MSOAs and spread to their neighbourhoods.
    groups : mapping of column to name
        In the order of the table.
    """

    id: str
    title: str
    source: str
    level: str
    groups: Mapping[str, str]
    note: str = ""


GROUP_KINDS = (
    GroupKind(
        "ethnic_group",
        "Ethnic group",
        "census2021_ethnic_group",
        "lsoa",
        {
            "asian": "Asian, Asian British or Asian Welsh",
            "black": "Black, Black British, Black Welsh, Caribbean or African",
            "mixed": "Mixed or multiple ethnic groups",
            "white": "White",
            "other": "Other ethnic group",
        },
    ),
    GroupKind(
        "disability",
        "Disability",
        "census2021_disability",
        "lsoa",
        {"disabled": "Disabled under the Equality Act", "not_disabled": "Not disabled under the Equality Act"},
    ),
    GroupKind(
        "english_proficiency",
        "How well people aged 3 and over speak English",
        "census2021_english_proficiency",
        "msoa",
        {
            "english_main": "English is the main language",
            "english_very_well": "Speaks English very well",
            "english_well": "Speaks English well",
            "english_not_well": "Does not speak English well",
            "english_not_at_all": "Does not speak English",
        },
        "Published for MSOAs only; spread over the neighbourhoods of each by residents, so it cannot tell them apart.",
    ),
)


def people_in_need(readings: Mapping[str, Reading], index: pd.Index) -> pd.DataFrame:
    """Return people in need as the Indices of Deprivation publish them.

    Returns
    -------
    pandas.DataFrame, shape (n, 3), index lsoa21cd
        ``income`` (everyone), ``idaci`` (children 0-15), ``idaopi`` (60 and over): persons, rounded to 5;
        missing where held back, and everywhere if the source is not held.
    """
    if UNDERLYING not in readings:
        return pd.DataFrame(np.nan, index=index, columns=list(IN_NEED))
    table = readings[UNDERLYING].table
    found = {kind: table.get(column, np.nan) for kind, column in IN_NEED.items()}
    return pd.DataFrame(found, index=table.index).reindex(index).astype(float)


def people_by_group(readings: Mapping[str, Reading], msoa: pd.Series, residents: pd.Series) -> dict[str, pd.DataFrame]:
    """Return residents by group, for each kind of group whose table is held.

    Parameters
    ----------
    readings : mapping of source id to Reading
    msoa : pandas.Series, index lsoa21cd
        The MSOA of each neighbourhood.
    residents : pandas.Series, same index
        People by which a table of MSOAs is spread.

    Returns
    -------
    dict of kind to pandas.DataFrame, index as `msoa`
        One column a group, persons.

    Raises
    ------
    BadJoin
        If an MSOA of the look-up has no row in a table of MSOAs.
    """
    found = {}
    for kind in GROUP_KINDS:
        if kind.source not in readings:
            continue
        counts = readings[kind.source].table[list(kind.groups)]
        if kind.level == "msoa":
            file = readings[kind.source].file or kind.source
            counts = spread_over_neighbourhoods(counts, msoa, residents, file)
        found[kind.id] = counts.reindex(msoa.index).astype(float)
    return found


def spread_over_neighbourhoods(counts: pd.DataFrame, msoa: pd.Series, residents: pd.Series, file: str) -> pd.DataFrame:
    """Spread numbers of people of MSOAs over their neighbourhoods, in proportion to residents.

    Parameters
    ----------
    counts : pandas.DataFrame, index msoa21cd
        Persons.
    msoa, residents : pandas.Series, index lsoa21cd
        The MSOA and the people of each neighbourhood.
    file : str
        Name of the file, for the message.

    Returns
    -------
    pandas.DataFrame, index lsoa21cd
        The sum over an MSOA is its count; missing where the residents of any of its neighbourhoods are.

    Raises
    ------
    BadJoin
        If an MSOA has no row.
    """
    lost = pd.Index(msoa.dropna().unique()).difference(counts.index)
    if len(lost) or msoa.isna().any():
        code = str(lost[0]) if len(lost) else str(msoa.index[msoa.isna()][0])
        raise BadJoin(
            f"there is no row for {len(lost):,} MSOAs of the look-up, the first {code}",
            rule="code-lost",
            file=file,
            code=code,
        )
    whole = residents.groupby(msoa).transform("sum")
    unknown = residents.isna().groupby(msoa).transform("any")
    share = residents / whole.where((whole > 0) & ~unknown)
    spread = counts.loc[msoa].set_axis(msoa.index).mul(share, axis=0)
    known = share.notna()
    before = counts.loc[pd.Index(msoa[known].unique())].sum()
    if not np.allclose(before, spread[known].sum(), rtol=TOTAL_TOLERANCE, atol=0):
        raise AssertionError(f"the people of {file} do not add up after being spread")
    return spread


def counts_behind(
    readings: Mapping[str, Reading], indicators: Mapping[str, Indicator], index: pd.Index
) -> dict[str, pd.DataFrame]:
    """Return count and denominator of every indicator that is a share of counted people or homes.

    Returns
    -------
    dict of indicator id to pandas.DataFrame, index lsoa21cd
        ``count`` and ``denominator``; an indicator whose source is not held is left out.
    """
    found = {}
    for indicator in indicators.values():
        if not indicator.count or indicator.source not in readings:
            continue
        table = readings[indicator.source].table
        pair = {
            "count": table[list(indicator.count)].sum(axis=1, skipna=False),
            "denominator": table[indicator.denominator],
        }
        found[indicator.id] = pd.DataFrame(pair).reindex(index).astype(float)
    return found
