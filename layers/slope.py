"""A straight line of a measure on need position, and seeded draws of it (methods M2, M5).

`layers.inequality` and, for arrays without labels, `layers.inequality_arrays` make indices of what is fitted and
drawn here. Sums are numpy's own, never a matrix product: that would change in its last bits with the number of
threads. No tables at run time, so that the web process can fit a line too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Vector = NDArray[np.float64]
Rows = NDArray[np.bool_]
Block = tuple[np.random.SeedSequence, int]  # a seed of its own, and how many draws
Schedule = Callable[[Callable[[Block], Vector], Iterable[Block]], Iterable[Vector]]
Function = Callable[[Vector], Vector]
Limits = tuple[float, float] | tuple[None, None]

BLOCK = 64  # draws a block: its weights for all England take 17 MB
UNITS_NEEDED = 5
RESAMPLING_NEEDS = 30  # fewer neighbourhoods say too little about their own scatter


def _logit(share: Vector) -> Vector:
    return np.asarray(np.log(share) - np.log1p(-share))


def _share(logit: Vector) -> Vector:
    return np.asarray(np.exp(-np.logaddexp(0.0, -logit)))


TRANSFORMS: dict[str | None, tuple[Function, Function]] = {
    None: (np.positive, np.positive),
    "log": (np.log, np.exp),
    "logit": (_logit, _share),
}


@dataclass(frozen=True)
class Line:
    """What a line is fitted to, and the line.

    Attributes
    ----------
    value, error : array, shape (n,)
        Transformed value and its standard error (None: the values have no limits).
    position, people : array, shape (n,)
        Need position, 0 to 1, and people, above 0.
    back : callable
        Undoes the transform.
    """

    value: Vector
    error: Vector | None
    position: Vector
    people: Vector
    back: Function

    def weights(self) -> Vector:
        """Give the weights, shape (2, n), that turn the values into the fitted ends (positions 0 and 1)."""
        share = self.people / self.people.sum()
        middle = (share * self.position).sum()
        slope = share * (self.position - middle)
        slope = slope / (slope * self.position).sum()
        return np.vstack([share - middle * slope, share + (1 - middle) * slope])

    def ends(self) -> Vector:
        """Give the fitted values at positions 0 and 1 in the measure's unit, shape (2,)."""
        return self.back((self.weights() * self.value).sum(axis=1))

    def limits_from(self, draws: int) -> str:
        """Say what the draws can come from: the values' limits, the neighbourhoods, or nothing."""
        if draws == 0:
            return "none"
        if self.error is not None:
            return "values"
        return "neighbourhoods" if len(self.value) >= RESAMPLING_NEEDS else "none"


def line_of(
    value: pd.Series,
    need_position: pd.Series,
    people: pd.Series,
    *,
    transform: str | None,
    lower: pd.Series | None,
    upper: pd.Series | None,
    confidence: float,
) -> Line:
    """Check a measure and its limits, and transform them.

    Parameters
    ----------
    value, need_position, people, lower, upper : pandas.Series, shape (n,), same index
        As for `layers.inequality.slope_index`.

    Returns
    -------
    Line
        Over the rows that have a value, a position and people.

    Raises
    ------
    ValueError
        If a figure is impossible, fewer than 5 rows are left, all have one position, or the
        transform cannot take a value.
    """
    _check_indexes(value, need_position, people)
    limits = None
    if lower is not None or upper is not None:
        limits = limit_pair(value, lower, upper)
    return line_from(
        *(each.to_numpy(dtype=float) for each in (value, need_position, people)),
        transform=transform,
        limits=limits,
        confidence=confidence,
        names=value.index.tolist(),
    )


def line_from(
    value: Vector,
    position: Vector,
    people: Vector,
    *,
    transform: str | None,
    limits: tuple[Vector, Vector] | None,
    confidence: float,
    names: Sequence[object],
) -> Line:
    """Check a measure and its limits, and transform them: `line_of` on plain arrays.

    Parameters
    ----------
    value, position, people : array, shape (n,)
        NaN = not known.
    limits : (lower, upper) or None
        Of each value.
    names : sequence, shape (n,)
        What a message calls the rows.

    Returns
    -------
    Line

    Raises
    ------
    ValueError
        As `line_of`.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform is {transform!r}; choose log, logit or None")
    known = known_in(value, position, people, names)
    if known.sum() < UNITS_NEEDED:
        raise ValueError(f"{known.sum()} with a value; a slope needs at least {UNITS_NEEDED} neighbourhoods or groups")
    _check_limits(value, limits, known, names)
    u, p = position[known], people[known]
    if not u.max() > u.min():
        raise ValueError("every neighbourhood has the same need position: there is no slope")
    error = None
    if limits is not None:
        low, high = (_transformed(each, known, transform, names) for each in limits)
        error = (high - low) / (2 * NormalDist().inv_cdf((1 + confidence) / 2))
    return Line(_transformed(value, known, transform, names), error, u, p, TRANSFORMS[transform][1])


def known_rows(value: pd.Series, need_position: pd.Series, people: pd.Series) -> Rows:
    """Mark the rows with a value, a position and people; refuse what is impossible.

    Raises
    ------
    ValueError
        If indexes differ, people are missing or negative, or a figure is infinite or outside its range.
    """
    _check_indexes(value, need_position, people)
    y, u, p = (each.to_numpy(dtype=float) for each in (value, need_position, people))
    return known_in(y, u, p, value.index.tolist())


def known_in(value: Vector, position: Vector, people: Vector, names: Sequence[object]) -> Rows:
    """Mark the rows with a value, a position and people: `known_rows` on plain arrays."""
    _refuse("people", ~np.isfinite(people) | (people < 0), people, names, "zero or more")
    _refuse("value", np.isinf(value), value, names, "a finite number")
    _refuse("need position", (position < 0) | (position > 1), position, names, "0 to 1")
    return np.asarray(~np.isnan(value) & ~np.isnan(position) & (people > 0))


def check_limits(value: pd.Series, lower: pd.Series | None, upper: pd.Series | None, known: Rows) -> None:
    """Refuse limits that are missing, alone, for other rows, or not around their value.

    Raises
    ------
    ValueError
        Naming the first row that is wrong.
    """
    if lower is not None or upper is not None:
        _check_limits(value.to_numpy(dtype=float), limit_pair(value, lower, upper), known, value.index.tolist())


def _check_indexes(value: pd.Series, need_position: pd.Series, people: pd.Series) -> None:
    if not (value.index.equals(need_position.index) and value.index.equals(people.index)):
        raise ValueError("values, need positions and people are not for the same neighbourhoods in the same order")


def limit_pair(value: pd.Series, lower: pd.Series | None, upper: pd.Series | None) -> tuple[Vector, Vector]:
    """Give both limits as arrays; ValueError if one is missing or for other rows."""
    if lower is None or upper is None:
        raise ValueError("limits come in pairs: lower and upper")
    if not (lower.index.equals(value.index) and upper.index.equals(value.index)):
        raise ValueError("values and limits are not for the same neighbourhoods in the same order")
    return lower.to_numpy(dtype=float), upper.to_numpy(dtype=float)


def _check_limits(value: Vector, limits: tuple[Vector, Vector] | None, known: Rows, names: Sequence[object]) -> None:
    if limits is None:
        return
    y, low, high = (each[known] for each in (value, *limits))
    wrong = np.flatnonzero(~((low <= y) & (y <= high) & np.isfinite(low) & np.isfinite(high)))
    if len(wrong):
        first = wrong[0]
        name = names[int(np.flatnonzero(known)[first])]
        came = f"{name} has {y[first]:g} with limits {low[first]:g} to {high[first]:g}"
        raise ValueError(f"{came}; expected it between them")


def drawn_ends(line: Line, source: str, draws: int, entropy: list[int], schedule: Schedule = map) -> Vector | None:
    """Draw the fitted ends again and again, in blocks that each have a seed of their own.

    Parameters
    ----------
    source : {"values", "neighbourhoods", "none"}
        From `Line.limits_from`.
    draws, entropy
        How many, and what the `numpy.random.SeedSequence` starts from.
    schedule : callable like map
        Where the blocks run; their order and place change nothing.

    Returns
    -------
    array, shape (draws, 2), or None
        Ends at position 0 and 1 in the measure's unit; None from nothing.
    """
    if source == "none":
        return None
    seeds = np.random.SeedSequence(entropy).spawn(-(-draws // BLOCK))
    blocks = [(seed, min(BLOCK, draws - number * BLOCK)) for number, seed in enumerate(seeds)]
    draw = _through_values if source == "values" else _through_neighbourhoods
    return np.concatenate(list(schedule(partial(draw, line), blocks)))


def relative(ends: Vector) -> Vector:
    """Give upper end over lower end of each draw; endless where the lower end is not above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ends[:, 0] > 0, np.maximum(ends[:, 1], 0) / ends[:, 0], np.inf)


def limits_of(drawn: Vector, confidence: float) -> Limits:
    """Give the two draws that leave half of the rest outside on either side; none of no draws."""
    if not len(drawn):
        return None, None
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(drawn, tails, method="inverted_cdf")  # a draw itself: never between two endless ones
    return float(low), float(high)


def _refuse(what: str, wrong: Rows, numbers: Vector, names: Sequence[object], expected: str) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{what} of {names[first]} is {numbers[first]:g}; expected {expected}")


def _transformed(plain: Vector, known: Rows, transform: str | None, names: Sequence[object]) -> Vector:
    numbers = plain[known]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = TRANSFORMS[transform][0](numbers)
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        name = names[int(np.flatnonzero(known)[bad[0]])]
        came = f"{name} has {numbers[bad[0]]:g}, which {transform} cannot take"
        raise ValueError(f"{came}; merge neighbourhoods into groups first")
    return found


def _through_values(line: Line, block: Block) -> Vector:
    """Fit lines through values redrawn from their own limits.

    Each end is a weighted sum of independent normal values, so the two ends are jointly normal:
    drawing them instead of the values gives the same distribution, exactly, in two numbers a draw.
    """
    assert line.error is not None
    seed, size = block
    weights = line.weights()
    spread = weights * line.error
    first, second = np.sqrt((spread**2).sum(axis=1))
    across = float((spread[0] * spread[1]).sum() / first) if first > 0 else 0.0
    rest = np.sqrt(max(float(second**2 - across**2), 0.0))
    noise = np.random.default_rng(seed).standard_normal((size, 2))
    least, most = (weights * line.value).sum(axis=1)
    ends = [least + first * noise[:, 0], most + across * noise[:, 0] + rest * noise[:, 1]]
    return line.back(np.column_stack(ends))


def _through_neighbourhoods(line: Line, block: Block) -> Vector:
    """Fit lines where each neighbourhood counts with a random weight of mean 1 (Rubin 1981)."""
    seed, size = block
    share = line.people / line.people.sum()
    middle, level = (share * line.position).sum(), (share * line.value).sum()
    u, y = line.position - middle, line.value - level
    columns = np.vstack([share, share * u, share * u * u, share * y, share * u * y])
    weights = np.random.default_rng(seed).standard_exponential((size, len(y)))
    total, of_u, of_uu, of_y, of_uy = np.einsum("dn,kn->kd", weights, columns)
    slope = (total * of_uy - of_u * of_y) / (total * of_uu - of_u**2)
    centre = level + (of_y - slope * of_u) / total
    return line.back(np.column_stack([centre - slope * middle, centre + slope * (1 - middle)]))
