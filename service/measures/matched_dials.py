"""The need-matched dial of a view: as steep as a measured outcome, offered beside the chosen dial (methods M1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from layers.matched_dial import need_matched_dial
from service.drawing.features import view_facts
from service.editions.edition import Edition
from service.editions.views import View, dial_text
from service.measures.inequalities import inequality
from service.measures.need_without import why_left_out
from service.pages.wording import lower_first
from service.web.errors import UnknownIndicator

NO_RATIO_UNITS = ("rank", "index")  # no true zero, so no relative index
WHO_LIVES_HERE = ("older_share", "aged_75_share", "aged_85_share", "rented_share")  # no outcome, good or bad
NO_OUTCOME = "it is no measured outcome whose high values are bad: a rank, an index, access and supply do not count"
HOW_LIMITS = ("Need fifths are", "No counts are published", "Limits are")  # the notes of `inequality` about limits
STEEP = 10.0  # a relative index above this says little but that the line comes near 0 at the low end


@dataclass(frozen=True)
class NeedMatched:
    """The dial that one outcome gives.

    Attributes
    ----------
    outcome, name : str
        The indicator.
    rho : float or None
        None where it is not defined; `why` says why, and what the figures are.
    rii, lower, upper : float or None
        Relative index of inequality of the outcome, with its 95 per cent limits.
    """

    edition: Edition
    view: View
    outcome: str
    name: str
    rho: float | None
    why: str
    rii: float | None
    lower: float | None
    upper: float | None
    notes: tuple[str, ...]


def outcomes(edition: Edition) -> list[tuple[str, str]]:
    """List what a dial can be matched to: indicators with high = bad and a true zero, no access, no supply."""
    return [(name, str(facts["name"])) for name, facts in edition.indicators.items() if _is_outcome(name, facts)]


def _is_outcome(name: str, facts: dict[str, Any]) -> bool:
    return (
        int(facts.get("polarity", 1)) > 0
        and name not in WHO_LIVES_HERE
        and facts.get("grade") != "imputed"
        and not str(facts["unit"]).startswith(NO_RATIO_UNITS)
        and not why_left_out(facts)
    )


def matched_dial(edition: Edition, view: View, outcome: str) -> NeedMatched:
    """Find the dial that is as steep as an outcome.

    Parameters
    ----------
    edition, view
        The edition; focus and footprint of the view. Need is taken without access, supply and the outcome itself.
    outcome : str
        An indicator, as `outcomes` lists them.

    Returns
    -------
    NeedMatched
        ``max(1, RII)`` to two decimals, at most 20; none where its limits include 1 or the fitted value at the least
        needy end is not above 0.

    Raises
    ------
    UnknownIndicator
        If the edition does not have it.
    BadQuery
        If nothing of the focus is left without it.
    """
    if outcome not in edition.indicators:
        known = ", ".join(name for name, _ in outcomes(edition)) or "none"
        raise UnknownIndicator(f"No outcome {outcome[:64]!r} here; choose one of {known}.")
    facts = edition.indicators[outcome]
    name = str(facts["name"])
    if not _is_outcome(outcome, facts):
        return NeedMatched(edition, view, outcome, name, None, f"{name}: {NO_OUTCOME}.", None, None, None, ())
    found = inequality(edition, view, outcome)
    slope = found.slope
    if slope is None:
        why = f"{name}: {found.problem}."
        return NeedMatched(edition, view, outcome, name, None, why, None, None, None, tuple(plain_notes(found.notes)))
    rho, why = need_matched_dial(slope.rii, slope.rii_lower, slope.rii_upper, slope.intercept)
    ratio = (slope.rii, slope.rii_lower, slope.rii_upper)
    return NeedMatched(edition, view, outcome, name, rho, why, *ratio, tuple(found.notes))


def plain_notes(notes: Iterable[str]) -> list[str]:
    """Leave out how limits were drawn and how need fifths were summed: neither helps to choose a dial."""
    return [note for note in notes if not note.startswith(HOW_LIMITS)]


def matched_sentences(made: NeedMatched) -> list[str]:
    """Say what the outcome shows and which dial that gives."""
    said = [made.why if made.rho is None and made.rii is None else f"{made.name}: {lower_first(made.why)}"]
    if made.rho is not None and made.lower is not None and made.upper is not None:
        said.append(f"Its 95 per cent limits are {made.lower:.2f} to {made.upper:.2f}.")
    if made.rho is None:
        return [*said, "So no need-matched dial is offered for it."]
    if made.rho > STEEP:
        said.append(
            "The line comes near 0 where need is least, which makes any ratio large: take it as very steep, "
            "not as an exact dial."
        )
    return [*said, f"The need-matched dial is {dial_text(made.rho)}. The chosen dial is {dial_text(made.view.rho)}."]


def matched_answer(made: NeedMatched) -> dict[str, Any]:
    """Return everything for programs."""
    return {
        **{name: value for name, value in view_facts(made.edition, made.view).items() if name != "layer"},
        "outcome": {"id": made.outcome, "name": made.name},
        **matched_summary(made),
    }


def matched_summary(made: NeedMatched) -> dict[str, Any]:
    """Return the dial, the index and its limits, and why."""
    return {
        "need_matched_rho": made.rho,
        "chosen_rho": made.view.rho,
        "rii": made.rii,
        "rii_lower": made.lower,
        "rii_upper": made.upper,
        "why": made.why,
        "sentences": matched_sentences(made),
        "notes": list(made.notes),
    }
