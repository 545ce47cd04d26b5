"""How sure a rank is, and which indicators drive it (methods M9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from layers import scaling
from layers.gradient import ranks
from layers.need import need_score
from layers.rank_draws import Combination, Part, Unit, Vector, draw_ranks, problem_of, units_of
from layers.rank_summaries import DrawnRanks, Ranks, class_names, classes, interval
from layers.shrinkage import shrink_to_council
from layers.weighting import WEIGHT_NEEDED, WEIGHT_TOLERANCE

DRAWS, SEED = 2_000, 20_250_101
SCALES = ("ridit", "z_score", "min_max", "exponential")
AGGREGATES = ("arithmetic", "geometric")
GAP_ALLOWED = 0.1  # of an indicator's range: typical distance between its values and what its counts give


@dataclass(frozen=True)
class Evidence:
    """One indicator of a score, with the counts behind it where there are any.

    Attributes
    ----------
    values : pandas.Series, shape (n,), index lsoa21cd
        Over the whole reference set, in the indicator's unit.
    weight : float
        Above 0; weights need not sum to 1.
    polarity : {1, -1}
        1: high = more need; -1: low = more need.
    count, denominator : pandas.Series, shape (n,), optional
        ``values = per x count / denominator``, as far as both are known.
    noise : {"proportion", "rate"}
        People among people (beta posterior), or events that may repeat (gamma posterior).
    per : float
        1 for shares, 100 for percentages, 100,000 for many rates.
    """

    values: pd.Series
    weight: float
    polarity: int = 1
    count: pd.Series | None = None
    denominator: pd.Series | None = None
    noise: str = "proportion"
    per: float = 1.0


def rank_intervals(
    evidence: Mapping[str, Evidence],
    people: pd.Series,
    *,
    members: pd.Index | None = None,
    councils: pd.Series | None = None,
    scales: Sequence[str] = SCALES,
    aggregates: Sequence[str] = AGGREGATES,
    shrinkage: Sequence[bool] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    run: Callable[[Callable[[Unit], Ranks], Iterable[Unit]], Iterable[Ranks]] = map,
) -> pd.DataFrame:
    """Rank interval, chance of the top fifth and class of each neighbourhood, by seeded draws.

    Each draw takes counts from their posterior (half an event added: Jeffreys), multiplies the weights by
    0.75 to 1.25, and scores by one of the scales, aggregates and with or without shrinkage, in turn.
    A scale is that of the observed values: a draw moves a neighbourhood along it, and beyond the highest and
    lowest of them the scale goes on at its average slope (z-scores stay cut at 3).

    Parameters
    ----------
    evidence : mapping of indicator id to Evidence
        All over the same neighbourhoods, the reference set.
    people : pandas.Series, shape (n,), index lsoa21cd
        Eligible people, for the ridit scale; a neighbourhood where they are not known has no score.
    members : pandas.Index, optional
        The place within which ranks are given; default the whole reference set.
    councils : pandas.Series, shape (n,), optional
        Council of each neighbourhood, to shrink shares to.
    scales, aggregates, shrinkage : sequences
        The ways of scoring that are drawn from; shrinkage by default both ways where councils are given.
    draws, seed : int
        The same seed gives the same table.
    run : callable
        ``map``, or the ordered map of a pool of processes: the table is the same.

    Returns
    -------
    pandas.DataFrame, index `members`
        ``rank_low``, ``rank_high`` (5 and 95 % of draws, 1 = greatest need), ``top_fifth_chance`` (0-1) and
        ``certainty``: "surely in" (0.9 or more), "borderline", "surely out" (0.1 or less), or "method only" where
        more than a third of the weight has no counts. Missing where there is no score.

    Raises
    ------
    ValueError
        If evidence is empty or of different neighbourhoods, a weight, polarity, count, denominator or option is
        impossible, counts do not give the values, or shrinkage lacks councils.

    References
    ----------
    Methods M9; the idea of drawing over a score's own choices: Saisana, Saltelli and Tarantola (2005).
    """
    index = people.index if members is None else members
    made = drawn_ranks(
        evidence, people, members=members, councils=councils, scales=scales, aggregates=aggregates,
        shrinkage=shrinkage, draws=draws, seed=seed, run=run,
    )  # fmt: skip
    result = pd.DataFrame({name: pd.array([pd.NA] * len(index), "Int64") for name in ("rank_low", "rank_high")}, index)
    result = result.assign(top_fifth_chance=np.nan, certainty=pd.Series(None, index, dtype=object))
    has_score = np.isfinite(made.counted)
    scored = index[has_score]
    if len(scored):
        low, high, chance = interval(made.ranks if has_score.all() else made.ranks[has_score])
        result.loc[scored, "rank_low"], result.loc[scored, "rank_high"] = low, high
        result.loc[scored, "top_fifth_chance"] = chance
        result.loc[scored, "certainty"] = class_names(classes(chance, made.counted[has_score]))
    return result


def drawn_ranks(
    evidence: Mapping[str, Evidence],
    people: pd.Series,
    *,
    members: pd.Index | None = None,
    councils: pd.Series | None = None,
    scales: Sequence[str] = SCALES,
    aggregates: Sequence[str] = AGGREGATES,
    shrinkage: Sequence[bool] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    run: Callable[[Callable[[Unit], Ranks], Iterable[Unit]], Iterable[Ranks]] = map,
) -> DrawnRanks:
    """Ranks of every draw within a place, to be summed up for it and for its parts.

    Parameters and errors are those of `rank_intervals`.

    Returns
    -------
    DrawnRanks, shape (members, draws)
        Its ``within`` gives the figures of `rank_intervals` for the place or any footprint in it.

    References
    ----------
    Methods M9.
    """
    index = people.index if members is None else members
    ways = _combinations(evidence, scales, aggregates, shrinkage, councils)
    _check(evidence, people, index, draws)
    rows = people.index.get_indexer(index)
    counted_people = people.notna().to_numpy()
    known = np.column_stack([item.values.notna().to_numpy() & counted_people for item in evidence.values()])[rows]
    weights = np.array([item.weight for item in evidence.values()])
    has_score = known @ weights / weights.sum() >= WEIGHT_NEEDED - WEIGHT_TOLERANCE
    scored, counted = index[has_score], np.full(len(index), np.nan)
    ranked = np.zeros((len(index), draws), dtype=np.uint16 if len(scored) < 2**16 else np.uint32)
    if not len(scored):
        return DrawnRanks(ranked, counted)
    parts = [_prepared(item, people, scored, councils, ways) for item in evidence.values()]
    problem = problem_of(parts, weights, ways, draws)
    counted[has_score] = np.column_stack([part.counted for part in parts]) @ weights / (problem.known @ weights)
    del parts  # the scales of all England; of no use to draws by moments
    units = units_of(draws, seed)
    for (first, size, _), block in zip(units, run(partial(draw_ranks, problem), units), strict=True):
        ranked[has_score, first : first + size] = block.T
    return DrawnRanks(ranked, counted)


def _combinations(
    evidence: Mapping[str, Evidence],
    scales: Sequence[str],
    aggregates: Sequence[str],
    shrinkage: Sequence[bool] | None,
    councils: pd.Series | None,
) -> list[Combination]:
    for given, allowed in ((scales, SCALES), (aggregates, AGGREGATES)):
        unknown = set(given) - set(allowed)
        if unknown or not given:
            raise ValueError(f"{sorted(unknown) or 'nothing'} to draw from; choose from {', '.join(allowed)}")
    if shrinkage is None:
        shrinkage = (False,) if councils is None else (False, True)
    if True in shrinkage and councils is None:
        raise ValueError("shrinkage is to the council: councils are needed")
    if not any(item.count is not None and item.noise == "proportion" for item in evidence.values()):
        shrinkage = (False,)  # nothing to shrink
    return list(product(scales, aggregates, sorted(set(shrinkage))))


def _check(evidence: Mapping[str, Evidence], people: pd.Series, members: pd.Index, draws: int) -> None:
    if not evidence:
        raise ValueError("there is no indicator to rank by")
    if draws < 20:
        raise ValueError(f"{draws} draws; at least 20 are needed for 5 and 95 %")
    if not (people.index.is_unique and members.is_unique):
        raise ValueError("a neighbourhood is there twice")
    strangers = members.difference(people.index)
    if len(strangers):
        raise ValueError(f"{strangers[0]} is not in the reference set")
    for name, item in evidence.items():
        if not np.isfinite(item.weight) or item.weight <= 0:
            raise ValueError(f"the weight of {name} is {item.weight}; it must be above 0")
        if item.polarity not in (1, -1) or item.noise not in ("proportion", "rate"):
            raise ValueError(f"{name} needs polarity 1 or -1 and noise proportion or rate")
        if (item.count is None) != (item.denominator is None):
            raise ValueError(f"{name} has a count or a denominator without the other")
        if any(s is not None and not s.index.equals(people.index) for s in (item.values, item.count, item.denominator)):
            raise ValueError(f"{name} is not of the same neighbourhoods as the people, in the same order")
        _check_counts(name, item)


def _check_counts(name: str, item: Evidence) -> None:
    if np.isinf(item.values.to_numpy(dtype=float)).any():
        raise ValueError(f"a value of {name} is infinite")
    if item.count is None or item.denominator is None:
        return
    if (item.count < 0).any() or (item.denominator < 0).any():
        raise ValueError(f"a count or denominator of {name} is negative")
    if item.noise == "proportion" and (item.count > item.denominator).any():
        raise ValueError(f"a count of {name} is above its denominator")
    gap = (item.per * item.count / item.denominator.where(item.denominator > 0) - item.values).abs().median()
    if gap > GAP_ALLOWED * (item.values.max() - item.values.min()):
        raise ValueError(f"the counts of {name} do not give its values (typically {gap:.3g} apart): see `per`")


def _prepared(
    item: Evidence, people: pd.Series, scored: pd.Index, councils: pd.Series | None, ways: Sequence[Combination]
) -> Part:
    pointed = scaling.where_known(item.values * item.polarity, people)
    knots, curves = _curves(pointed, people, {way[:2] for way in ways})
    rows = people.index.get_indexer(scored)
    n, nothing = len(scored), np.zeros(len(people))
    count, among = (nothing if s is None else s.to_numpy(dtype=float) for s in (item.count, item.denominator))
    usable = (np.isfinite(count) & (among > 0) & pointed.notna().to_numpy())[rows]
    r, size = np.where(usable, count[rows], 0.0), np.where(usable, among[rows], 1.0)
    rate, shrunk = item.noise == "rate", None
    if any(way[2] for way in ways) and not rate and item.count is not None and item.denominator is not None:
        assert councils is not None
        made = shrink_to_council(item.count, item.denominator, councils.reindex(people.index))
        logit, variance = (np.nan_to_num(s.to_numpy()[rows]) for s in (made.logit, made.logit_variance))
        shrunk = (logit, np.sqrt(variance))
    return Part(
        value=np.asarray(pointed.to_numpy()[rows], dtype=np.float64),
        knots=knots,
        curves=curves,
        counted=usable if item.count is not None else np.zeros(n, dtype=bool),
        posterior=(r + 0.5, size if rate else size - r + 0.5),
        rate=rate,
        factor=item.polarity * item.per,
        shrunk=shrunk,
    )


def _curves(
    pointed: pd.Series, people: pd.Series, ways: Iterable[tuple[str, str]]
) -> tuple[Vector, dict[tuple[str, str], Vector]]:
    """Return the distinct values of the reference set and, for each way of scoring, their scaled values."""
    values = pointed.to_numpy()
    knots, first = np.unique(values[np.isfinite(values)], return_index=True)
    if not len(knots):
        return np.zeros(1), {way: np.zeros(1) for way in ways}
    curves = {}
    for scale in sorted({way[0] for way in ways}):
        scaled = _gone_on(_scaled(pointed, people, scale).to_numpy()[np.isfinite(values)][first])
        scaled = np.clip(scaled, 0.0, 100.0) if scale == "z_score" else scaled
        curves[scale, "arithmetic"], curves[scale, "geometric"] = scaled, np.log(np.maximum(1.0, scaled))
    return _gone_on(knots), curves


def _gone_on(ends: Vector) -> Vector:
    """Return rising numbers with one more at either end, as far beyond it as the other end is away."""
    reach = ends[-1] - ends[0]
    return np.concatenate([[ends[0] - reach], ends, [ends[-1] + reach]]) if reach > 0 else ends


def _scaled(pointed: pd.Series, people: pd.Series, scale: str) -> pd.Series:
    if scale == "ridit":
        return scaling.ridit(pointed, people.fillna(0.0))
    if scale == "exponential":
        order = scaling.where_known(pd.Series(ranks(pointed.to_numpy()), pointed.index), pointed)
        return scaling.exponential(order, int(pointed.notna().sum()))
    return scaling.z_score(pointed) if scale == "z_score" else scaling.min_max(pointed)


def drivers(
    scaled: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    aggregate: str = "arithmetic",
    members: pd.Index | None = None,
) -> pd.DataFrame:
    """Rank change of each neighbourhood when each indicator is left out.

    Parameters
    ----------
    scaled : pandas.DataFrame, shape (n, k), index lsoa21cd
        Indicators on 0-100, high = more need.
    weights : mapping of column to float
        Two or more, above 0; the others are scaled up when one is left out.
    aggregate : {"arithmetic", "geometric"}
        As for `layers.need.need_score`.
    members : pandas.Index, optional
        The place within which ranks are given; default all.

    Returns
    -------
    pandas.DataFrame, shape (n, k), index `members`, columns as `weights`
        Rank without the indicator minus rank with it: above 0, the indicator lifts the neighbourhood towards
        greater need. Missing where there is no score with or without it.

    Raises
    ------
    ValueError
        If there is only one indicator, or as `layers.need.need_score`.
    """
    if len(weights) < 2:
        raise ValueError("leaving out the only indicator leaves nothing to rank by")
    index = scaled.index if members is None else members
    whole = _rank_by(scaled, weights, aggregate, index)
    changes = {
        left_out: _rank_by(scaled, {k: v for k, v in weights.items() if k != left_out}, aggregate, index) - whole
        for left_out in weights
    }
    return pd.DataFrame(changes, index=index)


def _rank_by(scaled: pd.DataFrame, weights: Mapping[str, float], aggregate: str, members: pd.Index) -> pd.Series:
    total = sum(weights.values())
    shares = {name: weight / total for name, weight in weights.items()}
    score = need_score(scaled.loc[members], shares, aggregate=aggregate).score
    return pd.Series(ranks(score.to_numpy()).astype(float), members).where(score.notna())
