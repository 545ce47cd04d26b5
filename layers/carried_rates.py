"""Many figures of GP practices carried home at once, over a whole nation (methods M6 and M11).

`layers.apportion` carries one figure and accounts for it. This does the same sums for all figures of a
release in one go, so that a build of England takes a second or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from layers.coverage import flagged, hidden

TOTAL_TOLERANCE = 1e-9
PERSON_DECIMALS = 6
DECIMALS = 12  # the parts of a split area have one value, which floating point must not tell apart: they tie


@dataclass(frozen=True)
class CarriedRates:
    """Rates of GP practices by neighbourhood, and how many patients they rest on.

    Attributes
    ----------
    values : pandas.DataFrame, index lsoa21cd
        One column a rate, to 12 decimals; missing where hidden, or where no practice with patients there has it.
    known_share : pandas.DataFrame, same shape
        Share of the patients of a neighbourhood who are at practices that have the rate (0-1).
    registration : pandas.DataFrame, index lsoa21cd
        ``patients``, ``coverage`` (registered per resident), ``effective_practices``, ``hidden``, ``flagged``.
    persons : mapping of str to float
        Patients in the file: ``all``, ``placed`` in a neighbourhood that is held, ``without_area``, and ``abroad``
        (in Wales or Scotland, or in an area that is not held).
    lists : pandas.DataFrame, index practice_code
        The same by practice.
    """

    values: pd.DataFrame
    known_share: pd.DataFrame
    registration: pd.DataFrame
    persons: Mapping[str, float]
    lists: pd.DataFrame
    _patients: csr_array

    def account(self, members: pd.Index) -> dict[str, float]:
        """Say of the practices with patients in some neighbourhoods where all their patients live.

        Returns
        -------
        dict
            ``practices`` (number); persons on their lists: ``all``, ``inside`` those neighbourhoods, and of the
            rest ``elsewhere`` (in other neighbourhoods), ``abroad`` and ``without_area``.
        """
        rows = self.values.index.get_indexer(members)
        inside = np.asarray(self._patients[rows].sum(axis=0)).ravel()
        lists = self.lists[inside > 0].sum()
        return {
            "practices": float((inside > 0).sum()),
            "all": float(lists["all"]),
            "inside": float(inside.sum()),
            "elsewhere": float(lists["placed"] - inside.sum()),
            "abroad": float(lists["abroad"]),
            "without_area": float(lists["without_area"]),
        }


def carry_rates(
    registrations: pd.DataFrame,
    rates: pd.DataFrame,
    residents: pd.Series,
    links: pd.DataFrame | None = None,
) -> CarriedRates:
    """Carry rates of GP practices to the neighbourhoods where their patients live.

    The mean over the registered patients whose practice has the rate. It smooths towards the mean of each
    practice, so it understates how much neighbourhoods differ.

    Parameters
    ----------
    registrations : pandas.DataFrame
        ``practice_code``, ``lsoa11cd`` or ``lsoa21cd``, and ``patients``, one row per pair, from every area.
    rates : pandas.DataFrame, index practice_code
        One column a rate; NaN = the practice does not have it.
    residents : pandas.Series, index lsoa21cd
        Residents of every neighbourhood of the nation, at about the date of the registrations.
    links : pandas.DataFrame, optional
        ``lsoa11cd``, ``lsoa21cd`` and ``weight``: the share of an area of 2011 that goes to each of 2021, from
        `link_weights`. Needed where the registrations are by areas of 2011.

    Returns
    -------
    CarriedRates

    Raises
    ------
    ValueError
        If a practice is doubled among the rates, links are missing where they are needed, or nobody in the
        registrations lives in any of the neighbourhoods.

    References
    ----------
    ``sum_g n_gi r_g / sum_g n_gi``; coverage = registered / residents, hidden below 50 %, flagged outside 75 to
    125 %; effective practices ``1 / sum(share^2)``: methods M6. Areas of 2011 go to 2021 by Census residents: M11.
    """
    if not rates.index.is_unique:
        raise ValueError(f"practice {rates.index[rates.index.duplicated()][0]} is there twice")
    practice, codes = pd.factorize(registrations["practice_code"], sort=True)
    by_area, areas = _by_area(registrations, practice, len(codes))
    spread = _spread(registrations, areas, residents.index, links)
    patients = csr_array(spread.T @ by_area)
    if patients.sum() == 0:
        raise ValueError("nobody in the registrations lives in these neighbourhoods: are the codes of the same year?")
    held = rates.reindex(codes).to_numpy(dtype=float)
    known = patients @ np.isfinite(held).astype(float)
    carried = patients @ np.nan_to_num(held)
    registered = np.asarray(patients.sum(axis=1)).ravel()
    registration = _registration(patients, registered, residents)
    with np.errstate(divide="ignore", invalid="ignore"):
        values, share = (carried / known).round(DECIMALS), known / registered[:, None]
    values[registration["hidden"].to_numpy()] = np.nan
    lists = _lists(by_area, areas, spread, patients, pd.Index(codes))
    persons = {str(kind): round(float(total), PERSON_DECIMALS) for kind, total in lists.sum().items()}
    return CarriedRates(
        pd.DataFrame(values, index=residents.index, columns=rates.columns),
        pd.DataFrame(share, index=residents.index, columns=rates.columns),
        registration,
        persons,
        lists,
        patients,
    )


def link_weights(exact_fit: pd.DataFrame, residents: pd.Series) -> pd.DataFrame:
    """Give the share of each area of 2011 that goes to each area of 2021, by Census residents of the targets.

    Parameters
    ----------
    exact_fit : pandas.DataFrame
        ``lsoa11cd`` and ``lsoa21cd``, one row per pair that shares land.
    residents : pandas.Series, index lsoa21cd
        Census 2021 residents.

    Returns
    -------
    pandas.DataFrame
        ``lsoa11cd``, ``lsoa21cd``, ``weight``; weights of an area of 2011 sum to 1. An area of 2011 none of whose
        targets has residents given is left out.

    Raises
    ------
    ValueError
        If an area was split, and the residents of some of its targets are not known.
    """
    pairs = exact_fit[["lsoa11cd", "lsoa21cd"]]
    held = residents.index.get_indexer(pd.Index(pairs["lsoa21cd"])) >= 0
    before = pd.Index(pairs["lsoa11cd"])
    pairs = pairs[before[held].unique().get_indexer(before) >= 0]
    pairs = pairs.reset_index(drop=True)
    people = pairs["lsoa21cd"].map(residents).astype(float)
    by_area = people.groupby(pairs["lsoa11cd"])
    targets, total = by_area.transform("size"), by_area.transform("sum")
    lacking = people.isna() & (targets > 1)
    if lacking.any():
        raise ValueError(f"the residents of {pairs.loc[lacking, 'lsoa21cd'].iloc[0]} in 2021 are not known")
    weight = np.where(targets == 1, 1.0, np.where(total > 0, people / total.where(total > 0, 1.0), 1 / targets))
    return pd.DataFrame(pairs.assign(weight=weight))


def _by_area(registrations: pd.DataFrame, practice: np.ndarray, practices: int) -> tuple[csr_array, pd.Index]:
    """Patients by area of the file and practice, and the codes of those areas."""
    name = "lsoa11cd" if "lsoa11cd" in registrations else "lsoa21cd"
    area, areas = pd.factorize(registrations[name])
    counts = registrations["patients"].to_numpy(dtype=float)
    return csr_array((counts, (area, practice)), shape=(len(areas), practices)), pd.Index(areas)


def _spread(registrations: pd.DataFrame, areas: pd.Index, index: pd.Index, links: pd.DataFrame | None) -> csr_array:
    """Which share of each area of the file goes to each neighbourhood."""
    if "lsoa11cd" not in registrations:
        links = pd.DataFrame({"lsoa11cd": index, "lsoa21cd": index, "weight": 1.0})
    if links is None:
        raise ValueError("registrations by areas of 2011 need the links to those of 2021")
    at = areas.get_indexer(pd.Index(links["lsoa11cd"]))
    target = index.get_indexer(pd.Index(links["lsoa21cd"]))
    used = (at >= 0) & (target >= 0)
    weight = links["weight"].to_numpy(dtype=float)[used]
    return csr_array((weight, (at[used], target[used])), shape=(len(areas), len(index)))


def _lists(
    by_area: csr_array, areas: pd.Index, spread: csr_array, patients: csr_array, codes: pd.Index
) -> pd.DataFrame:
    """Account for each practice's list: all, placed, without an area, and abroad. Nobody is lost on the way."""
    nowhere = areas.str.startswith("NO20").astype(float)
    share_placed = np.asarray(spread.sum(axis=1)).ravel()
    table = {
        "all": np.asarray(by_area.sum(axis=0)).ravel(),
        "placed": np.asarray(patients.sum(axis=0)).ravel(),
        "without_area": np.asarray(by_area.T @ nowhere).ravel(),
        "abroad": np.asarray(by_area.T @ ((1 - share_placed.round(DECIMALS)) * (1 - nowhere))).ravel(),
    }
    lists = pd.DataFrame(table, index=codes.rename("practice_code"))
    lost = (lists["all"] - lists[["placed", "without_area", "abroad"]].sum(axis=1)).abs()
    if (lost > TOTAL_TOLERANCE * lists["all"].clip(lower=1)).any() or (share_placed > 1 + TOTAL_TOLERANCE).any():
        raise AssertionError("patients are lost or doubled on their way to the neighbourhoods")
    return lists


def _registration(patients: csr_array, registered: np.ndarray, residents: pd.Series) -> pd.DataFrame:
    squares = np.asarray(patients.power(2).sum(axis=1)).ravel()
    people = residents.to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = np.where(people > 0, registered / people, np.nan)
        effective = np.where(squares > 0, registered**2 / squares, np.nan)
    return pd.DataFrame(
        {
            "patients": registered,
            "coverage": coverage,
            "effective_practices": effective,
            "hidden": hidden(coverage),
            "flagged": flagged(coverage),
        },
        index=residents.index,
    )
