"""What an edition keeps of the exact-fit table, so that files on the areas of 2011 can be carried over to it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geodata.store import StoredEdition

EXACT_FIT = "exact_fit.parquet"
SOURCE = "lsoa_2011_2021_exact_fit"


def links_of_place(exact_fit: pd.DataFrame, members: pd.Index, residents: pd.Series) -> pd.DataFrame:
    """Cut the exact-fit table to a place, with everything its areas of 2011 were made into.

    Parameters
    ----------
    exact_fit : pandas.DataFrame
        ``lsoa11cd, lsoa21cd, chgind`` of the nation.
    members : pandas.Index
        ``lsoa21cd`` of the place.
    residents : pandas.Series, index lsoa21cd
        Residents by which a split area is shared out (Census 2021).

    Returns
    -------
    pandas.DataFrame
        Every link of the areas of 2011 that touch the place, also to neighbourhoods outside it, with ``residents``.
    """
    sources = exact_fit.loc[exact_fit["lsoa21cd"].isin(members), "lsoa11cd"].unique()
    targets = exact_fit.loc[exact_fit["lsoa11cd"].isin(sources), "lsoa21cd"].unique()
    found = exact_fit[exact_fit["lsoa21cd"].isin(targets)]
    found = found.assign(residents=found["lsoa21cd"].map(residents).astype(float))
    return found.sort_values(["lsoa21cd", "lsoa11cd"]).reset_index(drop=True)


def write_links(folder: Path, links: pd.DataFrame) -> None:
    """Write the links into the folder of an edition that is being made."""
    links.to_parquet(folder / EXACT_FIT, compression="zstd", index=False)


def read_links(stored: StoredEdition) -> pd.DataFrame | None:
    """Read the links of an edition; None where it was built without the exact-fit table."""
    path = stored.path(EXACT_FIT)
    return pd.read_parquet(path) if path.is_file() else None
