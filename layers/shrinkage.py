"""Unreliable small numbers drawn towards their council (methods M4, step 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Shrunk:
    """Shares shrunk to the council, with what they were made of.

    Attributes
    ----------
    share : pandas.Series, shape (n,)
        0 to 1, exclusive; missing where count or denominator is missing.
    weight : pandas.Series, shape (n,)
        How much the neighbourhood's own figure counts, 0 (all council) to 1 (all its own).
    logit, logit_variance : pandas.Series, shape (n,)
        The shrunk log odds, and how uncertain they are: ``1 / (1 / s2 + 1 / t2)``.
    """

    share: pd.Series
    weight: pd.Series
    logit: pd.Series
    logit_variance: pd.Series


def shrink_to_council(count: pd.Series, denominator: pd.Series, council: pd.Series) -> Shrunk:
    """Draw each share towards its council's, the more the less reliable it is.

    Parameters
    ----------
    count, denominator : pandas.Series, shape (n,)
        People with the characteristic, and people it is counted among. Missing stays missing.
    council : pandas.Series, shape (n,)
        Code of the council of each neighbourhood, none missing.

    Returns
    -------
    Shrunk
        The council's own share where the denominator is 0, where it is the only neighbourhood of its
        council with people, or where the neighbourhoods of the council do not differ.

    Raises
    ------
    ValueError
        If a count is negative or above its denominator, or a council is missing.

    References
    ----------
    ``m = ln((r + .5) / (n - r + .5))``, ``s2 = (n + 1)(n + 2) / (n (r + 1)(n - r + 1))``, M the same as m
    for the whole council, ``t2 = sum (m_j - M)^2 / (k - 1)``, ``w = (1/s2) / (1/s2 + 1/t2)``,
    ``m* = w m + (1 - w) M``. English Indices of Deprivation, technical report, shrinkage appendix: methods M4.
    Neighbourhoods without people have no m, so they are not among the k.
    """
    _check(count, denominator, council)
    r, n = count.to_numpy(dtype=float), denominator.to_numpy(dtype=float)
    group, codes = pd.factorize(council, sort=True)
    held = np.isfinite(r) & np.isfinite(n)
    counted = held & (n > 0)
    own, sampling = _log_odds(r, n), _sampling_variance(r, n)
    totals = [np.bincount(group[held], weights=x[held], minlength=len(codes)) for x in (r, n)]
    of_council = _log_odds(*totals)[group]
    between = _between_variance(own, of_council, group, counted, len(codes))
    # w = t2 / (t2 + s2) is the formula of the report multiplied out: it needs no division by t2 = 0.
    weight = np.where(counted & (between > 0), between / (between + np.where(counted, sampling, 1.0)), 0.0)
    logit = weight * np.where(counted, own, 0.0) + (1 - weight) * of_council
    variance = np.where(counted, weight * np.where(counted, sampling, 0.0), between)
    made = {"share": 1 / (1 + np.exp(-logit)), "weight": weight, "logit": logit, "logit_variance": variance}
    made = {name: np.where(held, values, np.nan) for name, values in made.items()}
    return Shrunk(**{name: pd.Series(values, index=count.index, name=name) for name, values in made.items()})


def _check(count: pd.Series, denominator: pd.Series, council: pd.Series) -> None:
    if not (count.index.equals(denominator.index) and count.index.equals(council.index)):
        raise ValueError("count, denominator and council must be of the same neighbourhoods in the same order")
    negative = (count < 0) | (denominator < 0)
    if negative.any():
        raise ValueError(f"count and denominator must not be negative; they are in {count.index[negative][0]}")
    above = count > denominator
    if above.any():
        first = count.index[above][0]
        raise ValueError(f"the count of {first} is {count[first]:g}, above its denominator {denominator[first]:g}")
    if council.isna().any():
        raise ValueError(f"{council.index[council.isna()][0]} has no council to be shrunk to")


def _log_odds(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.asarray(np.log((r + 0.5) / (n - r + 0.5)))


def _sampling_variance(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1)))


def _between_variance(
    own: np.ndarray, of_council: np.ndarray, group: np.ndarray, counted: np.ndarray, councils: int
) -> np.ndarray:
    """Variance of a council's neighbourhoods about its own log odds; 0 where fewer than two have people."""
    areas = np.bincount(group[counted], minlength=councils)
    squares = np.bincount(group[counted], weights=(own - of_council)[counted] ** 2, minlength=councils)
    return np.asarray(np.where(areas > 1, squares / np.maximum(areas - 1, 1), 0.0)[group])
