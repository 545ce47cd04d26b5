"""Weighing scaled indicators into a need score, on plain arrays (methods M4).

`layers.need` offers the same with labels and guards; the web process, which holds arrays and no tables, calls this for
weights that a user chose.
"""

from __future__ import annotations

import numpy as np

from layers.gradient import DECIMALS, Vector

WEIGHT_NEEDED = 2 / 3
WEIGHT_TOLERANCE = 1e-9
AGGREGATES = ("arithmetic", "geometric")


def weighted_score(
    scaled: Vector, weight: Vector, *, aggregate: str = "arithmetic", as_published: bool = False
) -> tuple[Vector, Vector, Vector]:
    """Weighted mean of scaled indicators, with the parts that add up to it.

    Parameters
    ----------
    scaled : array, shape (n, k)
        On 0-100, high = more need; NaN = missing.
    weight : array, shape (k,)
        Above 0.
    aggregate : {"arithmetic", "geometric"}
        Geometric is of ``max(1, value)``.
    as_published : bool
        Take the weights as they are, where everything is known.

    Returns
    -------
    score : array, shape (n,)
        NaN where less than two thirds of the weight is known.
    parts : array, shape (n, k)
        A row adds up to its score.
    carried : array, shape (n,)
        Share of the weight that is known.

    Raises
    ------
    ValueError
        If the aggregate is neither.
    """
    if aggregate not in AGGREGATES:
        raise ValueError(f"aggregate is {aggregate!r}; choose arithmetic or geometric")
    known = np.isfinite(scaled)
    carried = known @ weight / weight.sum()
    if as_published and known.all():
        effective = np.broadcast_to(weight, scaled.shape)
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            effective = np.where(known, weight, 0.0) / carried[:, None]
    enough = carried >= WEIGHT_NEEDED - WEIGHT_TOLERANCE
    parts = np.asarray(scaled * effective) if aggregate == "arithmetic" else _geometric(scaled, effective)
    score = np.where(enough, np.round(np.nansum(parts, axis=1), DECIMALS), np.nan)
    parts[~enough] = np.nan
    return score, parts, carried


def _geometric(values: Vector, weight: Vector) -> Vector:
    logs = np.log(np.maximum(1.0, values)) * weight
    total = np.nansum(logs, axis=1, keepdims=True)
    # Each part in proportion to its logarithm, so that the parts still add up to the score; where
    # every value is at the bottom the score is 1, shared by weight.
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(total > 0, np.exp(total) * logs / total, np.where(np.isfinite(values), weight, np.nan))
    return np.asarray(parts)
