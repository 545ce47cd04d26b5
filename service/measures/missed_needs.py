"""Who in need is missed: equal per head, fixed areas and the dial on the same money (methods M3).

One function for page, JSON and command. People in need are the published numerators of the Indices of Deprivation that
fit the focus's ages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector
from layers.missed_need import MissedNeed, Reach, missed_need
from service.drawing.features import view_facts
from service.editions.edition import FOOTPRINT_KINDS, Edition
from service.editions.scoring import Scores, score
from service.editions.views import View
from service.pages.wording import OLDEST, ages_words, fixed, lower_first, percent
from service.queries import BadQuery

CORE20_DECILES = 2
AREAS = {
    "core20": "Only the national most deprived fifth (Core20)",
    "worst-fifth": "Only the local fifth of greatest need",
}
OWN = "own:"
BUDGET = 250_000.0
IN_NEED_WORDS = {
    "income": "people on low incomes",
    "idaci": "children aged 0 to 15 in families on low incomes",
    "idaopi": "people aged 60 and over on low incomes",
}
COUNTED_AMONG = {"income": "people of all ages", "idaci": "children aged 0 to 15", "idaopi": "people aged 60 and over"}
COUNTED_AGES = {"income": None, "idaci": (0, 15), "idaopi": (60, OLDEST)}
MODELLED = "Children aged 0 to 15, among whom they are counted, are modelled from three sources."
NO_TABLE = "What reaches people in need is not given: no table counts people aged 60 and over by neighbourhood."


@dataclass(frozen=True)
class MissedNeeds:
    """Three designs in one view.

    Attributes
    ----------
    areas, areas_title : str
        The fixed areas as asked for, and in words.
    chosen : array of bool, shape (n,)
        The view's neighbourhoods that are in them.
    kind : str
        Which people in need: "income", "idaci" or "idaopi".
    found : MissedNeed or None
        None where it cannot be said; `problem` says why.
    """

    edition: Edition
    view: View
    areas: str
    areas_title: str
    budget: float
    scores: Scores
    chosen: NDArray[np.bool_]
    kind: str
    found: MissedNeed | None
    problem: str
    left_out: int

    @property
    def in_need_words(self) -> str:
        """Who counts as in need, in words."""
        return IN_NEED_WORDS[self.kind]

    @property
    def notes(self) -> list[str]:
        """What has to be said wherever the figures are shown."""
        said = [] if self.found is None else list(self.found.notes)
        if self.left_out:
            said.append(f"Neighbourhoods without a need score, left out of all three designs: {self.left_out:,}.")
        return [*said, *reach_notes(self.edition, self.view.focus)]


def counted_among(edition: Edition, focus: str) -> Vector:
    """People among whom a focus's people in need are counted; NaN where those whom the focus serves are others.

    What reaches people in need can be said only where both are of the same ages: with equal shares each of them then
    gets what everyone gets.
    """
    kind = edition.in_need_for(focus)[1]
    among = edition.same_ages(kind)
    return among if _ages(edition, focus) == COUNTED_AGES[kind] else np.full(len(among), np.nan)


def reach_notes(edition: Edition, focus: str) -> list[str]:
    """Say why what reaches people in need is not given, or how the people they are among were counted."""
    kind, ages = edition.in_need_for(focus)[1], _ages(edition, focus)
    if ages != COUNTED_AGES[kind]:
        served = lower_first(ages_words(ages)) if ages else "people of all ages"
        return [
            f"What reaches people in need is not given: they are counted among {COUNTED_AMONG[kind]}, and this service "
            f"is for {served}."
        ]
    return {"idaci": [MODELLED], "idaopi": [NO_TABLE]}.get(kind, [])


def _ages(edition: Edition, focus: str) -> tuple[int, int] | None:
    ages = edition.focuses[focus]["ages"]
    return (int(ages[0]), min(int(ages[1]), OLDEST)) if ages else None


def missed_needs(
    edition: Edition,
    view: View,
    areas: str,
    *,
    budget: float = BUDGET,
    codes: Collection[str] | None = None,
    title: str = "",
) -> MissedNeeds:
    """Compare three designs on the same money.

    Parameters
    ----------
    edition, view
        The edition; focus, dial and footprint of the view.
    areas : str
        ``core20``, ``worst-fifth``, or a footprint of the place such as ``ward:CODE`` or ``team:NAME``.
    budget : float
        Pounds, above 0.
    codes : collection of str, optional
        Neighbourhoods of the user's own areas; `areas` is then only their name.
    title : str
        What those are called.

    Returns
    -------
    MissedNeeds

    Raises
    ------
    BadQuery
        If the areas or the budget cannot be used.
    UnknownFocus, UnknownFootprint
        If the edition does not have them.
    """
    if not (np.isfinite(budget) and 0 < budget <= 1e12):
        raise BadQuery("budget", f"budget is {budget:g}; expected a number above 0.", hint="Give pounds, as 250000.")
    scores = score(edition, view)
    chosen = _own(edition, scores, codes) if codes is not None else _chosen(edition, scores, areas)
    kind = edition.in_need_for(view.focus)[1]
    counted = np.isfinite(scores.targeting_score) & np.isfinite(scores.eligible)
    found, problem = _compared(edition, scores, chosen, kind, counted, budget)
    named = title or AREAS.get(areas) or f"Only {_footprint_name(edition, areas)}"
    return MissedNeeds(edition, view, areas, named, budget, scores, chosen, kind, found, problem, int((~counted).sum()))


def _compared(
    edition: Edition, scores: Scores, chosen: NDArray[np.bool_], kind: str, counted: NDArray[np.bool_], budget: float
) -> tuple[MissedNeed | None, str]:
    need = edition.in_need(kind)[scores.rows][counted]
    try:
        found = missed_need(
            need,
            scores.eligible[counted],
            areas=chosen[counted],
            targeting_score=scores.targeting_score[counted],
            budget=budget,
            same_ages=counted_among(edition, scores.view.focus)[scores.rows][counted],
        )
    except ValueError as error:
        return None, str(error)
    return found, ""


def _chosen(edition: Edition, scores: Scores, areas: str) -> NDArray[np.bool_]:
    if areas == "core20":
        decile = edition.deprivation()["imd_decile"][scores.rows]
        return np.asarray(np.isfinite(decile) & (decile <= CORE20_DECILES))
    if areas == "worst-fifth":
        return np.asarray(scores.need_fifth == 1)
    if areas.startswith(OWN):
        return np.isin(scores.rows, _own_set(edition, areas))
    if areas.partition(":")[0] not in FOOTPRINT_KINDS:
        choices = ", ".join([*AREAS, *(f"{kind}:…" for kind in FOOTPRINT_KINDS)])
        raise BadQuery("areas", f"areas is {areas[:60]!r}.", hint=f"Give {choices}.")
    return np.isin(scores.rows, edition.rows_within(areas))


def _own_set(edition: Edition, areas: str) -> NDArray[np.int64]:
    """Give the row numbers of every footprint in an imported set."""
    members = edition.footprints(areas)
    if not members:
        raise BadQuery("areas", f"There is no imported set of footprints {areas.removeprefix(OWN)[:60]!r}.")
    return np.concatenate([edition.rows_within(f"team:{entry['code']}") for entry in members])


def _own(edition: Edition, scores: Scores, codes: Collection[str]) -> NDArray[np.bool_]:
    chosen = np.isin(edition.codes[scores.rows], sorted(codes))
    if not chosen.any():
        place = edition.place["name"]
        raise BadQuery("areas", f"None of the {len(codes):,} neighbourhoods of these areas is in {place}.")
    return chosen


def _footprint_name(edition: Edition, areas: str) -> str:
    if areas.startswith(OWN):
        return f"the imported footprints {areas.removeprefix(OWN)}"
    return str(edition.footprint(areas)["name"]) if ":" in areas else areas


def designs_titles(made: MissedNeeds) -> Sequence[str]:
    """Name the three designs."""
    return ("Equal per head", made.areas_title, f"The dial at {made.view.rho:g}")


def missed_sentences(made: MissedNeeds) -> list[str]:
    """Say who is missed, in this place's own numbers."""
    if made.found is None:
        return [f"Who is missed cannot be said: {made.problem}."]
    equal, fixed_areas, dial = made.found.designs
    total = made.found.people_in_need
    missed = fixed_areas.under_coverage * total
    said = [
        f"{fixed(total)} {made.in_need_words} live here. {made.areas_title}: "
        f"{fixed(missed)} of them ({percent(fixed_areas.under_coverage)}) live outside and get nothing."
    ]
    if fixed_areas.with_nothing == 1:
        said = [f"{fixed(total)} {made.in_need_words} live here, and none of them in the fixed areas."]
    said.append(
        f"With the dial everyone gets something; {percent(dial.under_coverage)} of them live where the amount per head "
        "is below the average."
    )
    if dial.per_person_in_need is not None:
        reaching = [_pounds(reach.per_person_in_need) for reach in (dial, equal, fixed_areas)]
        said.append(
            f"What reaches people in need, for each of them: {reaching[0]} with the dial, {reaching[1]} with equal "
            f"shares, {reaching[2]} with the fixed areas."
        )
    return said


def missed_answer(made: MissedNeeds) -> dict[str, Any]:
    """Return everything for programs: JSON, and the command's ``--json``."""
    return {
        **{
            key: value
            for key, value in view_facts(made.edition, made.view).items()
            if key not in ("layer", "indicator")
        },
        "areas": {
            "id": made.areas,
            "title": made.areas_title,
            "neighbourhoods": int(made.chosen.sum()),
            "people": round(float(np.nansum(made.scores.eligible[made.chosen])), 1),
        },
        "budget": made.budget,
        "in_need": {
            "kind": made.kind,
            "words": made.in_need_words,
            "people": None if made.found is None else made.found.people_in_need,
            "neighbourhoods_not_known": None if made.found is None else made.found.neighbourhoods_not_known,
        },
        "designs": []
        if made.found is None
        else [_design(made, reach, i) for i, reach in enumerate(made.found.designs)],
        "problem": made.problem,
        "sentences": missed_sentences(made),
        "notes": made.notes,
    }


def _design(made: MissedNeeds, reach: Reach, number: int) -> dict[str, Any]:
    return {**asdict(reach), "title": designs_titles(made)[number]}


def missed_part(made: MissedNeeds) -> dict[str, Any]:
    """Gather what the template ``_missed_need.html`` shows."""
    titles = designs_titles(made)
    rows: list[tuple[str, list[str]]] = []
    if made.found is not None:
        reaches = made.found.designs
        rows = [
            ("In need, and below the average per head", [percent(reach.under_coverage, 1) for reach in reaches]),
            ("In need, and given nothing", [percent(reach.with_nothing, 1) for reach in reaches]),
            ("Money that reaches people not in need", [_share(reach.leakage) for reach in reaches]),
            ("What reaches a person in need, on average", [_pounds(reach.per_person_in_need) for reach in reaches]),
        ]
        if all(reach.per_person_in_need is None for reach in reaches):
            del rows[2:]
    return {
        "titles": titles,
        "rows": rows,
        "sentences": missed_sentences(made),
        "notes": made.notes,
        "problem": made.problem,
        "in_need": made.in_need_words,
    }


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value, 1)


def _pounds(value: float | None) -> str:
    return "–" if value is None else f"£{value:,.2f}"
