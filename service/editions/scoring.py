"""Scores of a view: the arrays of an edition, cut to a footprint and turned by the dial.

The one place where served and written figures come from, so that page, map, GeoJSON, JSON and files
carry the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.coverage import flagged
from layers.gradient import Counts, Vector, fifths, multiples, positions, ranks
from layers.rank_summaries import class_names
from service.editions.edition import Edition
from service.editions.views import View
from service.editions.weights import weighed_anew
from service.memory import Memory

METHOD_VERSION = "1.0"
LEADING = ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "wd24nm", "lad24cd", "lad24nm", "population")
AFTER = (
    "need_score", "need_position", "need_fifth", "targeting_score", "rank", "rank_low", "rank_high",
    "top_fifth_chance", "certainty", "grade", "note",
)  # fmt: skip
CERTAINTY = ("rank_low", "rank_high", "top_fifth_chance", "certainty")
OWN_WEIGHTS = "not worked out for weights of your own"
NO_SCORE = "no need score: less than two thirds of the weight is known here"
NO_PEOPLE = "no need score: how many people of these ages live here is not known"
REMEMBERED_BYTES = 4 * 2**20
REMEMBERED_RANKS = 2**20
BYTES_BESIDE = 150  # of an array, in Python
Singles = NDArray[np.int32]


@dataclass(frozen=True)
class Scores:
    """Figures of the neighbourhoods of a view, in code order.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Row numbers in the edition.
    eligible, need_score, need_position, targeting_score : array, shape (n,)
        NaN = not known.
    rank, place_rank, need_fifth : array of int, shape (n,)
        Within the view and within the whole place; 0 = no score.
    rank_low, rank_high : array of int, shape (n,)
        5 and 95 % of the draws of its rank within the view; 0 = not known.
    top_fifth_chance, certainty : array and list, shape (n,)
        Share of draws among the fifth of greatest need of the view, and its class in words; NaN and empty where
        not known, and everywhere for weights that a reader chose.
    indicators, parts : dict of indicator id to array, shape (n,)
        Raw values, and what each adds to the score.
    """

    view: View
    rows: Counts
    eligible: Vector
    need_score: Vector
    need_position: Vector
    targeting_score: Vector
    rank: Counts
    place_rank: Counts
    need_fifth: Counts
    rank_low: Counts
    rank_high: Counts
    top_fifth_chance: Vector
    certainty: list[str]
    indicators: dict[str, Vector]
    parts: dict[str, Vector]
    grade: list[str]
    note: list[str]
    _index: dict[int, int] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Count the neighbourhoods."""
        return len(self.rows)

    def at(self, row: int) -> int | None:
        """Index in these arrays of a row of the edition, if it is in the view."""
        place = int(np.searchsorted(self.rows, row))
        return place if place < len(self.rows) and self.rows[place] == row else None

    def by_need(self) -> Counts:
        """Indexes from greatest to least need, those without a score last."""
        order = np.where(self.rank > 0, self.rank, np.iinfo(np.int64).max)
        return np.asarray(np.argsort(order, kind="stable"))

    def names(self) -> list[str]:
        """Columns of the scores table, in the published order."""
        after = list(AFTER)
        if self.view.within:
            after.insert(after.index("rank") + 1, "place_rank")
        return [*LEADING, "eligible", *self.indicators, *after]

    def column(self, name: str) -> Any:
        """Return one computed column as an array, or as a list of texts."""
        return self.indicators[name] if name in self.indicators else getattr(self, name)

    @property
    def certain(self) -> bool:
        """Whether it is known how sure the ranks are."""
        return bool((self.rank_low > 0).any())

    def dial(self) -> dict[str, float]:
        """Smallest and largest multiple in this view, and how many times the one is the other."""
        known = self.targeting_score[np.isfinite(self.targeting_score)]
        if not len(known):
            return {"least": float("nan"), "most": float("nan"), "ratio": float("nan")}
        least, most = float(known.min()), float(known.max())
        return {"least": least, "most": most, "ratio": most / least}


def score(edition: Edition, view: View) -> Scores:
    """Compute the figures of a view.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus, weights, dial and footprint.

    Returns
    -------
    Scores
        Position, rank and fifth are within the footprint; `place_rank` stays that of the place.

    Raises
    ------
    UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    key = (edition.serial, view.focus, view.weights, view.within)
    found = _MEMORY.get(key, lambda: _scored(edition, view))
    if found.view == view:
        return found
    return replace(found, view=view, targeting_score=multiples(found.need_position, view.rho))


def _scored(edition: Edition, view: View) -> Scores:
    """Compute what stays the same at every dial, and the figures of this one."""
    stored = weighed_anew(edition, view.focus, view.weights) if view.weights else edition.focus_arrays(view.focus)
    sure = None if view.weights else edition.certainty(view.focus, view.within)
    rows = edition.rows_within(view.within)

    def cut(values: Vector) -> Vector:
        """Give the values of the view's rows; those of a whole place stay in the edition's file."""
        return values[rows] if view.within else np.asarray(values)

    need, people = cut(stored.need_score), cut(stored.eligible)
    position = positions(need, people)
    rank = ranks(need)
    parts = {name: cut(values) for name, values in stored.parts.items()}
    return Scores(
        view=view,
        rows=rows,
        eligible=people,
        need_score=need,
        need_position=position,
        targeting_score=multiples(position, view.rho),
        rank=rank,
        place_rank=_place_ranks(edition, view, stored.need_score)[rows].astype(np.int64) if view.within else rank,
        need_fifth=fifths(rank),
        rank_low=np.zeros(len(rows), np.int64) if sure is None else sure.low,
        rank_high=np.zeros(len(rows), np.int64) if sure is None else sure.high,
        top_fifth_chance=np.full(len(rows), np.nan) if sure is None else sure.chance,
        certainty=[""] * len(rows) if sure is None else class_names(sure.code),
        indicators={name: cut(edition.indicator_values(name)) for name in parts},
        parts=parts,
        grade=_grades(edition, parts, len(rows)),
        note=_notes(edition, parts, need, people, rows),
    )


def _bytes_of(scores: Scores) -> int:
    """Bytes of a view's figures; those that lie in the edition's files take none of a process's own."""
    arrays = [value for value in vars(scores).values() if isinstance(value, np.ndarray)]
    arrays += [*scores.indicators.values(), *scores.parts.values()]
    held = sum(array.nbytes for array in arrays if array.flags.owndata)
    return held + BYTES_BESIDE * len(arrays) + 3 * 8 * len(scores)


_MEMORY: Memory[Scores] = Memory(REMEMBERED_BYTES, REMEMBERED_BYTES, _bytes_of)
_PLACE_RANKS: Memory[Singles] = Memory(REMEMBERED_RANKS, REMEMBERED_RANKS, lambda ranked: ranked.nbytes)


def forget_scores(edition: Edition) -> None:
    """Let go of the figures of an edition: its files stay open as long as they are remembered."""
    _MEMORY.forget_where(lambda key: isinstance(key, tuple) and key[0] == edition.serial)


def _place_ranks(edition: Edition, view: View, need: Vector) -> Singles:
    """Rank a whole place: the same for all its footprints."""
    key = (edition.serial, view.focus, view.weights)
    return _PLACE_RANKS.get(key, lambda: ranks(need).astype(np.int32))


def _grades(edition: Edition, parts: dict[str, Vector], count: int) -> list[str]:
    """Name the least sure grade among the indicators that a score really uses."""
    order = ("measured", "apportioned", "modelled", "imputed")
    worst = np.zeros(count, dtype=np.int64)
    for name, values in parts.items():
        level = order.index(edition.indicators[name]["grade"])
        worst = np.maximum(worst, np.where(np.isfinite(values), level, 0))
    return [order[level] for level in worst]


def _notes(edition: Edition, parts: dict[str, Vector], need: Vector, people: Vector, rows: Counts) -> list[str]:
    """Say which indicators are not known where, and where there is no score at all."""
    notes = [""] * len(need)
    for name, values in parts.items():
        short = edition.indicators[name]["short"]
        for index in np.flatnonzero(~np.isfinite(values) & np.isfinite(need)):
            sentence = f"{short}: not known here, the other weights are scaled up"
            notes[index] = f"{notes[index]}; {sentence}" if notes[index] else sentence
    lists = edition.registration
    if lists is not None and any(edition.indicators[name]["grade"] == "apportioned" for name in parts):
        for index in np.flatnonzero(flagged(lists.coverage[rows])):
            notes[index] = "; ".join(filter(None, [notes[index], lists.note(int(rows[index]))]))
    for index in np.flatnonzero(~np.isfinite(need)):
        notes[index] = NO_SCORE if np.isfinite(people[index]) else NO_PEOPLE
    return notes
