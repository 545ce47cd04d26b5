"""Figures carried from GP practices to neighbourhoods, and from areas of 2011 to those of 2021 (methods M6, M11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layers.coverage import FLAG_OUTSIDE, HIDE_BELOW

TOTAL_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Apportioned:
    """A practice figure by neighbourhood, and an account of every patient.

    Attributes
    ----------
    table : pandas.DataFrame, index as `residents`
        ``value`` (missing where hidden or unknown), ``patients`` registered, ``known_share`` of them (0-1) at
        practices that have the figure, ``coverage`` (registered per resident), ``effective_practices``, ``hidden``
        and ``flagged`` (bool), ``note`` (why, or empty).
    patients : pandas.Series
        Persons: ``all``, ``inside`` the neighbourhoods, ``outside`` them, and ``without_figure`` among those inside.
    practices : pandas.Series
        Number: ``registered`` in the file, ``without_figure``, and ``without_patients`` (have the figure and nobody
        in the file).
    amounts : pandas.Series
        For counts: ``all``, ``inside`` (hidden ones too), ``outside``, and ``unplaced`` at practices without
        patients in the file; empty for rates.
    grade : str
        Always "apportioned".
    """

    table: pd.DataFrame
    patients: pd.Series
    practices: pd.Series
    amounts: pd.Series
    grade: str = "apportioned"


def practice_to_neighbourhood(
    registrations: pd.DataFrame,
    values: pd.Series,
    residents: pd.Series,
    *,
    kind: str = "rate",
    whole_lists: bool = False,
) -> Apportioned:
    """Carry a figure of GP practices to where their patients live.

    It smooths towards the mean of each practice, so it understates how much neighbourhoods differ.

    Parameters
    ----------
    registrations : pandas.DataFrame
        ``practice_code``, an area code (``lsoa11cd`` or ``lsoa21cd``) and ``patients``: one row per pair, of
        every area patients live in, also outside the place and in Wales.
    values : pandas.Series, index practice_code
        A rate, or a number of people; practices without it may be missing or NaN.
    residents : pandas.Series, index lsoa11cd or lsoa21cd
        Residents of the wanted neighbourhoods, by the areas of the registrations.
    kind : {"rate", "count"}
        Rate: mean over registered patients whose practice has it. Count (mass preserving; only for
        registers of the whole list): shared out by where a practice's patients live.
    whole_lists : bool
        Whether the registrations hold every patient of each practice: needed for counts.

    Returns
    -------
    Apportioned
        Hidden where fewer than half as many are registered as live there, flagged outside 75 to 125 %.

    Raises
    ------
    ValueError
        If a pair is there twice, patients, residents or counts are negative or not finite, nothing is
        registered in any of the neighbourhoods, the kind is unknown, or counts meet lists that may be cut short.

    References
    ----------
    Rate ``sum_g n_gi r_g / sum_g n_gi``; count ``sum_g c_g n_gi / sum_j n_gj``; effective practices
    ``1 / sum(share^2)``: methods M6.
    """
    if kind not in ("rate", "count"):
        raise ValueError(f"kind is {kind!r}; rates and counts can be carried over, medians and ranks cannot")
    if kind == "count" and not whole_lists:
        raise ValueError(
            "counts need every practice's whole list, and these registrations may be cut to a place: "
            "use the file of all England, or carry a rate"
        )
    area = _area_column(registrations)
    _check_registrations(registrations, area, values, residents)
    rows = registrations[["practice_code", area, "patients"]].rename(columns={area: "area"})
    rows = rows[rows["patients"] > 0].assign(value=lambda r: r["practice_code"].map(values).to_numpy(dtype=float))
    inside = rows[rows["area"].isin(residents.index)]
    if inside.empty:
        raise ValueError("nobody in the registrations lives in these neighbourhoods: are the codes of the same year?")
    lists = rows.groupby("practice_code")["patients"].sum()
    table = _by_area(inside, residents, lists, kind)
    return Apportioned(
        table,
        patients=_patients(rows, inside),
        practices=_practices(rows, lists, values),
        amounts=_amounts(inside, rows, values, lists) if kind == "count" else pd.Series(dtype=float),
    )


def _area_column(registrations: pd.DataFrame) -> str:
    found = [name for name in ("lsoa11cd", "lsoa21cd") if name in registrations.columns]
    if len(found) != 1:
        raise ValueError(f"registrations need one column lsoa11cd or lsoa21cd; there are {list(registrations.columns)}")
    return found[0]


def _check_registrations(registrations: pd.DataFrame, area: str, values: pd.Series, residents: pd.Series) -> None:
    patients = registrations["patients"].to_numpy(dtype=float)
    if not np.isfinite(patients).all() or (patients < 0).any():
        raise ValueError("patients must be zero or more in every row")
    doubled = registrations.duplicated(["practice_code", area])
    if doubled.any():
        pair = registrations.loc[doubled, ["practice_code", area]].iloc[0]
        raise ValueError(f"practice {pair.iloc[0]} and area {pair.iloc[1]} are there twice")
    for name, series in (("practice", values), ("neighbourhood", residents)):
        if not series.index.is_unique:
            raise ValueError(f"{name} {series.index[series.index.duplicated()][0]} is there twice")
    if np.isinf(values.to_numpy(dtype=float)).any() or (values < 0).any():
        wrong = values.index[np.isinf(values.to_numpy(dtype=float)) | (values < 0)][0]
        raise ValueError(f"the figure of practice {wrong} is {values[wrong]}; zero or more is expected")
    if (residents < 0).any():
        raise ValueError(f"residents of {residents.index[residents < 0][0]} are negative")


def _by_area(inside: pd.DataFrame, residents: pd.Series, lists: pd.Series, kind: str) -> pd.DataFrame:
    known = inside["value"].notna()
    share = 1.0 if kind == "rate" else 1 / inside["practice_code"].map(lists).to_numpy(dtype=float)
    work = pd.DataFrame(
        {
            "area": inside["area"],
            "patients": inside["patients"],
            "squares": inside["patients"].astype(float) ** 2,
            "known": inside["patients"].where(known, 0.0),
            "carried": (inside["value"] * inside["patients"] * share).fillna(0.0),
        }
    )
    sums = work.groupby("area").sum().reindex(residents.index)
    registered = sums["patients"].fillna(0.0)
    held = sums["known"].where(sums["known"] > 0)
    value = sums["carried"] / held if kind == "rate" else sums["carried"].where(held.notna())
    coverage = registered / residents.where(residents > 0)
    table = pd.DataFrame(
        {
            "value": value,
            "patients": registered,
            "known_share": sums["known"] / sums["patients"],
            "coverage": coverage,
            "effective_practices": sums["patients"] ** 2 / sums["squares"],
            "hidden": ~(coverage >= HIDE_BELOW),
            "flagged": ~coverage.between(*FLAG_OUTSIDE),
        }
    )
    table["note"] = _notes(table)
    table["value"] = table["value"].mask(table["hidden"])
    return table


def _notes(table: pd.DataFrame) -> pd.Series:
    """Why a value is hidden, doubtful or missing; empty where there is nothing to say."""
    percent = (100 * table["coverage"]).map("{:.1f} % as many registered as live here".format)
    note = percent.where(table["flagged"], "").mask(table["hidden"], percent + ": not shown")
    note = note.mask(table["coverage"].isna(), "no residents known: not shown")
    return note.mask(table["value"].isna() & ~table["hidden"], "no practice with patients here has the figure")


def _patients(rows: pd.DataFrame, inside: pd.DataFrame) -> pd.Series:
    everyone, here = rows["patients"].sum(), inside["patients"].sum()
    unknown = inside.loc[inside["value"].isna(), "patients"].sum()
    return pd.Series({"all": everyone, "inside": here, "outside": everyone - here, "without_figure": unknown})


def _practices(rows: pd.DataFrame, lists: pd.Series, values: pd.Series) -> pd.Series:
    known = values.index[values.notna()]
    return pd.Series(
        {
            "registered": len(lists),
            "without_figure": int((~lists.index.isin(known)).sum()),
            "without_patients": int((~known.isin(lists.index)).sum()),
        }
    )


def _amounts(inside: pd.DataFrame, rows: pd.DataFrame, values: pd.Series, lists: pd.Series) -> pd.Series:
    """Account for the whole count: what is inside, leaves the place, or has no patients to follow."""
    carried = rows["value"] * rows["patients"] / rows["practice_code"].map(lists)
    here = carried[inside.index].sum()
    unplaced = values[~values.index.isin(lists.index)].sum()
    whole = values.sum()
    if abs(carried.sum() + unplaced - whole) > TOTAL_TOLERANCE * max(1.0, abs(whole)):
        raise AssertionError(f"{whole} was to be shared out, {carried.sum() + unplaced} was")
    return pd.Series({"all": whole, "inside": here, "outside": carried.sum() - here, "unplaced": unplaced})


def to_2021(
    values: pd.Series,
    exact_fit: pd.DataFrame,
    residents: pd.Series,
    *,
    kind: str = "count",
    denominators: pd.Series | None = None,
) -> pd.DataFrame:
    """Carry counts or rates from LSOA 2011 to LSOA 2021 by the exact-fit table.

    Parameters
    ----------
    values : pandas.Series, index lsoa11cd
        Numbers of people or things, or rates; missing stays missing.
    exact_fit : pandas.DataFrame
        ``lsoa11cd``, ``lsoa21cd``, ``chgind``: one row per pair that shares land.
    residents : pandas.Series, index lsoa21cd
        Census 2021 residents, by which a split area's count is shared out.
    kind : {"count", "rate"}
        A rate goes as two counts, what it counts and what it is counted among, and is divided again after.
    denominators : pandas.Series, index lsoa11cd, optional
        What a rate is counted among.

    Returns
    -------
    pandas.DataFrame, index lsoa21cd, sorted
        ``value``, and ``grade``: "modelled" where any part comes from an area that was split, else "" (the
        grade of the figure itself). Areas of 2021 that take land from an area without a value are missing.

    Raises
    ------
    ValueError
        If the values are medians, ranks or another kind; a code is not of 2011, is doubled or lacks
        residents; or a rate comes without denominators.

    References
    ----------
    Unchanged = same, merged = sum, split and irregular = by residents of the targets: methods M11.
    """
    if kind == "rate":
        return _rate_to_2021(values, exact_fit, residents, denominators)
    if kind != "count":
        raise ValueError(f"kind is {kind!r}; only counts and rates can be carried over: a {kind} does not add up")
    links = _links(values, exact_fit, residents)
    shared = links["value"] * links["weight"]
    known = links["value"].notna()
    before, after = float(values.sum()), float(shared.sum())
    if abs(before - after) > TOTAL_TOLERANCE * max(1.0, float(values.abs().sum())):
        raise AssertionError(f"the total was {before} on areas of 2011 and is {after} on those of 2021")
    grouped = links.assign(shared=shared, known=known, split=links["targets"] > 1).groupby("lsoa21cd")
    # All of an area must be known: an unknown part is not zero.
    value = grouped["shared"].sum().where(grouped["known"].all())
    grade = grouped["split"].any().map({True: "modelled", False: ""})
    return pd.DataFrame({"value": value, "grade": grade}).sort_index()


def _rate_to_2021(
    rates: pd.Series, exact_fit: pd.DataFrame, residents: pd.Series, denominators: pd.Series | None
) -> pd.DataFrame:
    if denominators is None:
        raise ValueError("a rate is carried over with its denominators: it does not add up by itself")
    among = denominators.reindex(rates.index)
    above = to_2021(rates * among, exact_fit, residents)
    below = to_2021(among.where(rates.notna()), exact_fit, residents)["value"]
    return above.assign(value=above["value"] / below.where(below > 0))


def _links(values: pd.Series, exact_fit: pd.DataFrame, residents: pd.Series) -> pd.DataFrame:
    """Pairs of 2011 and 2021 areas that the values touch, with value, share and number of targets of the source."""
    if not values.index.is_unique:
        raise ValueError(f"{values.index[values.index.duplicated()][0]} is there twice")
    infinite = np.isinf(values.to_numpy(dtype=float))
    if infinite.any():
        raise ValueError(f"the value of {values.index[infinite][0]} is not finite")
    unknown = values.index.difference(pd.Index(exact_fit["lsoa11cd"]))
    if len(unknown):
        raise ValueError(f"{unknown[0]} is not an LSOA of 2011 in the exact-fit table ({len(unknown)} such codes)")
    touched = exact_fit.loc[exact_fit["lsoa11cd"].isin(values.index), "lsoa21cd"]
    links = exact_fit[exact_fit["lsoa21cd"].isin(touched)].copy()
    links = links.assign(people=links["lsoa21cd"].map(residents).to_numpy(dtype=float))
    lacking = links["people"].isna() | (links["people"] < 0)
    if lacking.any():
        raise ValueError(f"the residents of {links.loc[lacking, 'lsoa21cd'].iloc[0]} in 2021 are not known")
    from_area = links.groupby("lsoa11cd")["people"]
    links["targets"], total = from_area.transform("size"), from_area.transform("sum")
    # Nobody in any of the targets: equal parts, so that no count is lost.
    links["weight"] = np.where(total > 0, links["people"] / total.where(total > 0, 1.0), 1 / links["targets"])
    return links.assign(value=links["lsoa11cd"].map(values).to_numpy(dtype=float))
