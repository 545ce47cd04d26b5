"""The numbers of people that an edition keeps beside its figures: in need, by group, behind a share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from geodata.errors import UnknownFocus, UnknownGroups
from layers.coverage import coverage_note
from layers.gradient import Vector
from service.own.figures import OwnFigures

REGISTRATION_COLUMNS = ("coverage", "effective_practices", "patients")
IN_NEED_KINDS = ("income", "idaci", "idaopi")
OLDEST_CHILD, YOUNGEST_OLDER = 17, 60


@dataclass(frozen=True)
class Registration:
    """How far the lists of GP practices stand for each neighbourhood (methods M6).

    Attributes
    ----------
    coverage, effective_practices, patients : array, shape (n,)
        Registered per resident, ``1 / sum(share^2)`` of practices, persons registered; NaN = not known.
    persons, lists : dict
        Patients of the whole file, and of the practices with patients in the place: ``all``, ``inside`` it,
        ``elsewhere``, ``abroad`` and ``without_area``.
    """

    coverage: Vector
    effective_practices: Vector
    patients: Vector
    persons: dict[str, float]
    lists: dict[str, float]

    def of(self, row: int) -> dict[str, float | str | None]:
        """Figures of one neighbourhood, None = not known, with the note."""
        figures = {name: float(getattr(self, name)[row]) for name in REGISTRATION_COLUMNS}
        return {name: value if np.isfinite(value) else None for name, value in figures.items()} | {
            "note": self.note(row)
        }

    def note(self, row: int) -> str:
        """Why GP figures of a neighbourhood are hidden or doubtful; empty where there is nothing to say."""
        return coverage_note(float(self.coverage[row]))


class PeopleOfEdition:
    """Part of `service.editions.edition.Edition`: arrays that `service.building.encode_people` wrote."""

    _web: Path
    codes: np.ndarray
    meta: dict[str, Any]
    focuses: dict[str, dict[str, Any]]
    own: OwnFigures

    def in_need(self, kind: str = "income") -> Vector:
        """People in need: ``income``, ``idaci`` (children) or ``idaopi`` (older people); NaN = not published.

        The published numerators of the Indices of Deprivation, rounded to 5 (methods M3).
        """
        if kind not in IN_NEED_KINDS:
            raise UnknownGroups(f"No people in need {kind[:40]!r}; choose one of {', '.join(IN_NEED_KINDS)}.")
        return np.asarray(self._in_need[IN_NEED_KINDS.index(kind)])

    def same_ages(self, kind: str) -> Vector:
        """People of the ages among whom people in need are counted; NaN where no table divides them there.

        Everyone for ``income``; modelled residents aged 0 to 15 for ``idaci``; for ``idaopi`` (60 and over) not known.
        """
        if kind == "income":
            return np.asarray(np.load(self._web / "population.npy", mmap_mode="r"))
        held = self._web / "children.npy"
        if kind == "idaci" and held.exists():
            return np.asarray(np.load(held, mmap_mode="r"))
        return np.full(len(self._in_need[0]), np.nan)

    def in_need_for(self, focus: str) -> tuple[Vector, str]:
        """People in need that fit a focus's ages, and which kind they are."""
        if focus not in self.focuses:
            raise UnknownFocus(f"No focus {focus[:80]!r}; choose one of {', '.join(self.focuses)}.")
        kind = need_kind(self.focuses[focus]["ages"])
        return self.in_need(kind), kind

    def group_kinds(self) -> list[dict[str, Any]]:
        """Kinds of group that are held: kind, title, level, source, note and groups ({id, name})."""
        found: list[dict[str, Any]] = self.meta.get("group_kinds", [])
        return found

    def group_people(self, kind: str) -> dict[str, Vector]:
        """Residents by group, for one kind; groups in the order of the table."""
        start = 0
        for entry in self.group_kinds():
            names = [group["id"] for group in entry["groups"]]
            if entry["kind"] == kind:
                rows = self._group_people[start : start + len(names)]
                return {name: np.asarray(row) for name, row in zip(names, rows, strict=True)}
            start += len(names)
        held = ", ".join(entry["kind"] for entry in self.group_kinds()) or "none"
        raise UnknownGroups(f"No kind of group {kind[:40]!r} is held here; there are: {held}.")

    def indicator_counts(self, name: str) -> tuple[Vector, Vector] | None:
        """Count and denominator behind an indicator; None where it is no share of counted people or homes."""
        if name in self.own.indicators:
            return self.own.counts(name)
        order: list[str] = self.meta.get("counted", [])
        if name not in order:
            return None
        count, denominator = self._counts[order.index(name)]
        return np.asarray(count), np.asarray(denominator)

    @cached_property
    def registration(self) -> Registration | None:
        """How far GP lists stand for each neighbourhood; None where no registrations were held."""
        facts = self.meta.get("registration")
        if not facts:
            return None
        arrays = np.load(self._web / "registration.npy", mmap_mode="r")
        coverage, practices, patients = (np.asarray(row) for row in arrays)
        return Registration(coverage, practices, patients, persons=facts["persons"], lists=facts["lists"])

    @cached_property
    def _in_need(self) -> np.ndarray:
        path = self._web / "in_need.npy"
        if not path.exists():  # an edition from before these were kept
            return np.full((len(IN_NEED_KINDS), len(self.codes)), np.nan)
        return np.asarray(np.load(path, mmap_mode="r"))

    @cached_property
    def _group_people(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "groups.npy", mmap_mode="r"))

    @cached_property
    def _counts(self) -> np.ndarray:
        return np.asarray(np.load(self._web / "counts.npy", mmap_mode="r"))


def need_kind(ages: list[int] | tuple[int, int] | None) -> str:
    """Which people in need fit the ages: children, older people, or everyone."""
    if ages and ages[1] <= OLDEST_CHILD:
        return "idaci"
    return "idaopi" if ages and ages[0] >= YOUNGEST_OLDER else "income"
