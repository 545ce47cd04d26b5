"""Whether a resource rises with need as steeply as an outcome does, on plain arrays (methods M2).

`layers.inequality.proportionality_ratio` offers the same with labels. Need position runs from 0 (least need) to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layers.gradient import fifths, ranks
from layers.inequality_arrays import SlopeIndex, described
from layers.slope import Limits, Schedule, Vector, drawn_ends, known_in, limits_of, line_from, relative

ROUNDING = 1e-9  # an equal share per head is not "less where need is greater" by its last bit


@dataclass(frozen=True)
class ProportionalityRatio:
    """Whether a resource rises with need as steeply as an outcome does.

    Attributes
    ----------
    resource, outcome : SlopeIndex
        Both on the same need position and the same neighbourhoods.
    ratio, lower, upper : float or None
        RII of the resource over RII of the outcome, with limits; 1 = in proportion.
    fifths : float or None
        The plainer comparison: top to bottom need fifth of the resource over that of the outcome.
    basis : {"relative index", "fifths"}
        Which of the two to show; fifths where there can be no verdict.
    verdict : {"inverse care", "too flat", "proportionate", "steeper than need", None}
    words : str
        The verdict, or why there is none, in a few sentences. Inverse care is called "perhaps" where the resource's
        own limits include equal shares.
    """

    resource: SlopeIndex
    outcome: SlopeIndex
    ratio: float | None
    lower: float | None
    upper: float | None
    fifths: float | None
    basis: str
    verdict: str | None
    words: str


def proportionality_of(
    resource: Vector,
    outcome: Vector,
    position: Vector,
    people: Vector,
    *,
    resource_limits: tuple[Vector, Vector] | None = None,
    outcome_limits: tuple[Vector, Vector] | None = None,
    outcome_counts: tuple[Vector, Vector] | None = None,
    no_fifths: Sequence[int] = (),
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    schedule: Schedule = map,
    names: Sequence[object] | None = None,
) -> ProportionalityRatio:
    """Relative index of a resource per head over that of a need outcome: `layers.inequality.proportionality_ratio`.

    Parameters
    ----------
    resource, outcome, position, people : array, shape (n,)
        NaN = not known, but for people; neighbourhoods that lack resource or outcome are left out of both.
    resource_limits, outcome_limits : (lower, upper), optional
        Of each value.
    outcome_counts : (count, denominator), optional
        Behind the outcome: its need fifths are then summed again, as `layers.inequality_arrays.by_fifth` does.
    no_fifths : sequence of int
        Need fifths that are withheld: with 1 or 5 in it there is no comparison by fifths.
    confidence, draws, seed, schedule
        As there.
    names : sequence, shape (n,), optional
        What a message calls the rows; their numbers when left out.

    Returns
    -------
    ProportionalityRatio

    Raises
    ------
    ValueError
        As there.
    """
    called = range(1, len(resource) + 1) if names is None else names
    shared = ~np.isnan(resource) & ~np.isnan(outcome)
    measures = [np.where(shared, values, np.nan) for values in (resource, outcome)]
    pairs = list(zip(measures, (resource_limits, outcome_limits), strict=True))
    lines = []
    for values, limits in pairs:
        if (values < 0).any():
            first = int(np.flatnonzero(values < 0)[0])
            raise ValueError(f"{called[first]} has {np.nanmin(values):g}; a ratio needs values of zero or more")
        lines.append(
            line_from(values, position, people, transform=None, limits=limits, confidence=confidence, names=called)
        )
    resampled = resource_limits is None and outcome_limits is None
    slopes, drawn = [], []
    for number, line in enumerate(lines):
        source = "exact" if draws and line.error is None and not resampled else line.limits_from(draws)
        if source == "exact":
            ends: Vector | None = np.tile(line.ends(), (draws, 1))
        else:  # one stream for shared weights, so that both move together; one each for independent noise
            ends = drawn_ends(line, source, draws, [seed] if resampled else [seed, number], schedule)
        slopes.append(described(line, ends, source, len(resource), confidence, draws, seed, None))
        drawn.append(ends)
    low_ratio, high_ratio = _ratio_limits(drawn[0], drawn[1], confidence)
    by_fifth = None if {1, 5} & set(no_fifths) else _fifth_ratio(measures, position, people, called, outcome_counts)
    return _judged(slopes[0], slopes[1], low_ratio, high_ratio, by_fifth)


def _fifth_ratio(
    measures: list[Vector],
    position: Vector,
    people: Vector,
    names: Sequence[object],
    outcome_counts: tuple[Vector, Vector] | None,
) -> float | None:
    """Top to bottom need fifth of the resource over that of the outcome; None where one cannot be given."""
    fifth = fifths(ranks(position))
    top_to_bottom = []
    for values, counts in zip(measures, (None, outcome_counts), strict=True):
        known = known_in(values, position, people, names)
        ends = [known & (fifth == number) for number in (1, 5)]
        if not all(inside.any() for inside in ends):  # too few neighbourhoods, or ties, for fifths
            return None
        if counts is None:
            worst, best = (float(np.average(values[inside], weights=people[inside])) for inside in ends)
        else:
            among = [float(counts[1][inside].sum()) for inside in ends]
            if not min(among) > 0:
                return None
            worst, best = (float(counts[0][inside].sum()) / part for inside, part in zip(ends, among, strict=True))
        if not best > 0:
            return None
        top_to_bottom.append(worst / best)
    resource, outcome = top_to_bottom
    return resource / outcome if outcome else None


def _ratio_limits(resource: Vector | None, outcome: Vector | None, confidence: float) -> Limits:
    if resource is None or outcome is None:
        return None, None
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = relative(resource) / relative(outcome)
    return limits_of(ratio[~np.isnan(ratio)], confidence)


def _judged(
    resource: SlopeIndex, outcome: SlopeIndex, lower: float | None, upper: float | None, by_fifth: float | None
) -> ProportionalityRatio:
    """Verdict and words of methods M2."""
    plain = "not known for need fifths either" if by_fifth is None else f"{by_fifth:.2f} by need fifths"
    if resource.rii is None or outcome.rii is None:
        which = "outcome" if outcome.rii is None else "resource"
        words = (
            f"No verdict: the relative index of the {which} is not defined, as its line comes near 0 at one end. "
            f"Top to bottom, resource over outcome is {plain}."
        )
        return ProportionalityRatio(resource, outcome, None, None, None, by_fifth, "fifths", None, words)
    ratio = resource.rii / outcome.rii
    if outcome.rii_lower is None or outcome.rii_lower <= 1 or lower is None or upper is None:
        words = (
            "No verdict: it is not certain that the outcome is worse where need is greater. "
            f"Top to bottom, resource over outcome is {plain}."
        )
        return ProportionalityRatio(resource, outcome, ratio, lower, upper, by_fifth, "fifths", None, words)
    verdict, meaning = _verdict(resource, lower, upper)
    perhaps = verdict == "inverse care" and unsure_inverse(resource)
    headline = "Perhaps inverse care" if perhaps else verdict.capitalize()
    limits = (
        f"Its limits, {resource.rii_lower:.2f} to {resource.rii_upper:.2f}, include equal shares. " if perhaps else ""
    )
    words = (
        f"{headline}: {meaning}. {limits}The most needy end has {resource.rii:.2f} times the resource per head "
        f"of the least needy, and {outcome.rii:.2f} times the outcome; ratio {ratio:.2f} ({lower:.2f} to {upper:.2f})."
    )
    return ProportionalityRatio(resource, outcome, ratio, lower, upper, by_fifth, "relative index", verdict, words)


def unsure_inverse(resource: SlopeIndex) -> bool:
    """Tell whether a resource that falls as need rises might be shared equally, by its own limits."""
    return resource.rii_upper is None or resource.rii_upper >= 1


def _verdict(resource: SlopeIndex, lower: float, upper: float) -> tuple[str, str]:
    if lower <= 1 + ROUNDING and upper >= 1 - ROUNDING:
        return "proportionate", "the resource cannot be told from one that rises just as steeply as need"
    if resource.rii is not None and resource.rii < 1 - ROUNDING:
        meaning = "less of the resource goes where need is greater"
        return "inverse care", meaning + (", but this is not certain" if unsure_inverse(resource) else "")
    if upper < 1:
        return "too flat", "the resource rises less steeply than need"
    return "steeper than need", "the resource rises more steeply than need"
