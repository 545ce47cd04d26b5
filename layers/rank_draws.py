"""Draws of ranks from counts, weights and ways of scoring: the arithmetic under `layers.uncertainty` (methods M9).

Draws come in units of a hundred, each from a child of one seed, so that one process and many give the
same bytes. Plain arrays only; a `Problem` can be sent to another process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from layers.rank_summaries import Ranks

BLOCK = 100
WEIGHT_RANGE = (0.75, 1.25)
# Up to this many posterior draws (cells with counts x draws) each is made; above it, one normal per
# neighbourhood and draw, with the mean and variance that the posteriors give the weighted sum.
DRAWN_ONE_BY_ONE = 40_000_000
_POINTS, _POINT_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)  # of the standard normal
_POINT_WEIGHTS = _POINT_WEIGHTS / _POINT_WEIGHTS.sum()
# The standard normal in 65,536 equal parts: one of them at random is as good, and four times as quick.
_NORMALS = ndtri((np.arange(2**16) + 0.5) / 2**16).astype(np.float32)
# Above this many neighbourhoods a draw is ranked by counting scores in steps of its range, in place of
# sorting: a third of the time, and scores within a step (a hundred thousandth of the range) count as equal.
RANKED_EXACTLY = 4_096
_STEPS = 2**17
_KNOTS = 2**14  # of the curves by which means and variances are found

Vector = NDArray[np.float64]
Singles = NDArray[np.float32]
Unit = tuple[int, int, np.random.SeedSequence]  # first draw, number of draws, seed
Combination = tuple[str, str, bool]  # scale, aggregate, shrunk or not
Turn = tuple[Combination, NDArray[np.int64]]  # a way of scoring, and which draws of a unit take it


@dataclass(frozen=True)
class Part:
    """One indicator over the scored neighbourhoods: what a draw of it needs."""

    value: Vector  # high = more need; NaN = missing
    knots: Vector  # the distinct values of the reference set
    curves: Mapping[tuple[str, str], Vector]  # by scale and aggregate: the scaled value at each knot
    counted: NDArray[np.bool_]
    posterior: tuple[Vector, Vector]  # parameters of the beta or gamma
    rate: bool
    factor: float  # polarity x per
    shrunk: tuple[Vector, Vector] | None  # log odds and their standard deviation
    even: bool = False  # whether the knots are at equal distances
    settled: Mapping[tuple[str, str], Vector] = field(default_factory=dict)  # scaled values where nothing is drawn

    def drawn(self, rng: np.random.Generator, shrunk: bool, draws: int) -> Vector:
        """Values of some draws from the posterior, shape (draws, n)."""
        shape = (draws, len(self.value))
        if shrunk and self.shrunk is not None:
            drawn = expit(self.shrunk[0] + self.shrunk[1] * rng.standard_normal(shape))
        elif self.rate:
            drawn = rng.standard_gamma(self.posterior[0], shape) / self.posterior[1]
        else:
            drawn = rng.beta(*self.posterior, shape)
        return np.where(self.counted, self.factor * drawn, self.value)

    def at_points(self, shrunk: bool) -> Vector:
        """Posterior values at the integration points, shape (points, n)."""
        z = _POINTS[:, None]
        if shrunk and self.shrunk is not None:
            found = expit(self.shrunk[0] + self.shrunk[1] * z)
        elif self.rate:
            found = gamma_quantile(z, self.posterior[0]) / self.posterior[1]
        else:
            found = beta_quantile(z, *self.posterior)
        return np.where(self.counted, self.factor * found, self.value)

    def on_even_knots(self) -> Part:
        """Return the same curves with knots at equal distances, so that none has to be searched for."""
        knots = np.linspace(self.knots[0], self.knots[-1], _KNOTS)
        curves = {way: np.interp(knots, self.knots, curve) for way, curve in self.curves.items()}
        return replace(self, knots=knots, curves=curves, even=True)

    def positions(self, values: Vector) -> tuple[NDArray[np.int64], Vector]:
        """Return the knot below each value and how far it is on the way to the next."""
        values, last = np.nan_to_num(values), len(self.knots) - 1
        if self.even:
            length = self.knots[-1] - self.knots[0]
            along = np.clip((values - self.knots[0]) * (last / length if length > 0 else 0.0), 0.0, last)
        else:
            along = np.interp(values, self.knots, np.arange(last + 1))
        below = along.astype(np.int64)
        return below, along - below

    def scaled(self, at: tuple[NDArray[np.int64], Vector], way: tuple[str, str]) -> Vector:
        """Scaled values at positions; 0 where the indicator is missing."""
        curve, below = self.curves[way], at[0]
        here = curve[below]
        step = curve[np.minimum(below + 1, len(curve) - 1)] - here
        return np.where(np.isfinite(self.value), here + at[1] * step, 0.0)

    def without_counts(self, ways: Iterable[tuple[str, str]]) -> Part:
        """Return the part with its scaled values worked out once, if no draw can change them."""
        if self.counted.any():
            return self
        at = self.positions(self.value)
        return replace(self, settled={way: self.scaled(at, way) for way in ways})


def beta_quantile(z: Vector, a: Vector, b: Vector) -> Vector:
    """Quantile of the beta distribution at a standard normal deviate, in closed form.

    References
    ----------
    Cube root of the F ratio as a ratio of two normals: Paulson (1942). The larger parameter divides.
    """
    turned = a > b
    a, b, z = np.minimum(a, b), np.maximum(a, b), np.where(turned, -z, z)
    top, bottom = 1 - 1 / (9 * a), 1 - 1 / (9 * b)
    spread = np.sqrt(np.maximum(bottom**2 / (9 * a) + top**2 / (9 * b) - z**2 / (81 * a * b), 0.0))
    root = np.maximum(top * bottom + z * spread, 0.0) / np.maximum(bottom**2 - z**2 / (9 * b), 1e-3)
    share = a * root**3 / (a * root**3 + b)
    return np.where(turned, 1 - share, share)


def gamma_quantile(z: Vector, a: Vector) -> Vector:
    """Quantile of the gamma distribution of scale 1 at a standard normal deviate: Wilson and Hilferty (1931)."""
    return np.asarray(a * np.maximum(1 - 1 / (9 * a) + z / (3 * np.sqrt(a)), 0.0) ** 3)


@dataclass(frozen=True)
class Problem:
    """All that a unit of draws needs: it can be sent to another process."""

    parts: tuple[Part, ...]
    weights: Vector
    ways: tuple[Combination, ...]
    known: NDArray[np.bool_]  # (n, k)
    moments: Mapping[Combination, tuple[Singles, Singles]]  # mean and variance, each (k, n); empty: draw one by one


def problem_of(parts: Sequence[Part], weights: Vector, ways: Sequence[Combination], draws: int) -> Problem:
    """Choose how to draw, by the number of posterior draws that one by one would take."""
    one_by_one = draws * sum(int(part.counted.sum()) for part in parts) <= DRAWN_ONE_BY_ONE
    known = np.column_stack([np.isfinite(part.value) for part in parts])
    if one_by_one:
        scales = {way[:2] for way in ways}
        return Problem(tuple(part.without_counts(scales) for part in parts), weights, tuple(ways), known, {})
    return Problem((), weights, tuple(ways), known, _moments(parts, ways))


def _moments(parts: Sequence[Part], ways: Sequence[Combination]) -> dict[Combination, tuple[Singles, Singles]]:
    shape = (len(parts), len(parts[0].value))
    found = {way: (np.empty(shape, np.float32), np.zeros(shape, np.float32)) for way in ways}
    for row, part in enumerate(parts):
        for shrunk in {way[2] for way in ways}:
            noisy = bool(part.counted.any())
            curve = part.on_even_knots() if noisy else part
            at = curve.positions(part.at_points(shrunk) if noisy else part.value[None])
            for way in (way for way in ways if way[2] == shrunk):
                scaled = curve.scaled(at, way[:2])
                mean = _POINT_WEIGHTS @ scaled if noisy else scaled[0]
                found[way][0][row] = mean
                if noisy:
                    found[way][1][row] = _POINT_WEIGHTS @ (scaled - mean) ** 2
    return found


def units_of(draws: int, seed: int) -> list[Unit]:
    """Return the units of a number of draws: first draw, how many, and a child of the seed."""
    starts = range(0, draws, BLOCK)
    children = np.random.SeedSequence(seed).spawn(len(starts))
    return [(start, min(BLOCK, draws - start), child) for start, child in zip(starts, children, strict=True)]


def draw_ranks(problem: Problem, unit: Unit) -> Ranks:
    """Ranks of one unit of draws, shape (draws of the unit, n): the same in whatever process it runs."""
    first, size, child = unit
    rng = np.random.default_rng(child)
    weights = problem.weights * rng.uniform(*WEIGHT_RANGE, (size, len(problem.weights)))
    weights /= weights.sum(axis=1, keepdims=True)
    way_of = (first + np.arange(size)) % len(problem.ways)
    turns = [(problem.ways[number], np.flatnonzero(way_of == number)) for number in np.unique(way_of)]
    scores = (_sums_by_moments if problem.moments else _drawn_sums)(problem, weights, turns, rng)
    if not problem.known.all():
        for _, rows in turns:
            scores[rows] /= weights[rows].astype(np.float32) @ problem.known.T.astype(np.float32)
    return _ranked(scores)


def _sums_by_moments(problem: Problem, weights: Vector, turns: Sequence[Turn], rng: np.random.Generator) -> Singles:
    """Weighted sums of every draw, shape (draws, n), from the mean and variance of each; logarithms if geometric."""
    sums = np.empty((len(weights), len(problem.known)), dtype=np.float32)
    for way, rows in turns:
        mean, variance = problem.moments[way]
        # Both products at once: many small ones would wait for one another's threads.
        middles = weights[rows].astype(np.float32) @ mean
        spreads = (weights[rows] ** 2).astype(np.float32) @ variance
        np.sqrt(spreads, out=spreads)
        for row, middle, spread in zip(rows, middles, spreads, strict=True):
            normals = _NORMALS[rng.integers(2**16, size=len(problem.known), dtype=np.uint16)]
            sums[row] = middle + spread * normals
    return sums


def _drawn_sums(problem: Problem, weights: Vector, turns: Sequence[Turn], rng: np.random.Generator) -> Vector:
    """Weighted sums of every draw, shape (draws, n), each value drawn; logarithms if geometric, which rank the same."""
    shape = (len(weights), len(problem.known))
    values = [None if part.settled else np.empty(shape) for part in problem.parts]
    for way, rows in turns:
        for part, drawn in zip(problem.parts, values, strict=True):
            if drawn is not None:
                drawn[rows] = part.drawn(rng, way[2], len(rows))
    total = np.zeros(shape)
    for part, drawn, share in zip(problem.parts, values, weights.T, strict=True):
        at = None if drawn is None else part.positions(drawn)
        for way, rows in turns:
            scaled = part.settled[way[:2]] if at is None else part.scaled((at[0][rows], at[1][rows]), way[:2])
            total[rows] += share[rows, None] * scaled
    return total


def _ranked(scores: Vector | Singles) -> Ranks:
    """Rank each draw, 1 = highest; equal scores share the better rank."""
    n = scores.shape[1]
    ranked = np.empty(scores.shape, dtype=np.uint16 if n < 2**16 else np.uint32)
    if n > RANKED_EXACTLY:
        for row, each in enumerate(scores):
            ranked[row] = _ranked_by_steps(each)
        return ranked
    fallen = -scores.astype(np.float64)
    order = np.argsort(fallen, axis=1)
    fallen = np.take_along_axis(fallen, order, axis=1)
    begins = np.zeros(scores.shape, dtype=np.int64)  # where the run of equals begins that each belongs to
    begins[:, 1:] = np.where(fallen[:, 1:] != fallen[:, :-1], np.arange(1, n), 0)
    np.put_along_axis(ranked, order, (np.maximum.accumulate(begins, axis=1) + 1).astype(ranked.dtype), axis=1)
    return ranked


def _ranked_by_steps(scores: Vector | Singles) -> NDArray[np.int64]:
    """Rank one draw of many neighbourhoods; see `RANKED_EXACTLY`."""
    high, low = scores.max(), scores.min()
    if high == low:
        return np.ones(len(scores), dtype=np.int64)
    steps = ((high - scores) * (np.float32(_STEPS - 1) / (high - low))).astype(np.int64)
    better = np.empty(_STEPS + 1, dtype=np.int64)
    better[0] = 1
    np.cumsum(np.bincount(steps, minlength=_STEPS), out=better[1:])
    better[1:] += 1
    return np.asarray(better[steps])
