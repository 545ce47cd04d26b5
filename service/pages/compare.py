"""What the page of similar councils shows: who the peers are, by what, and how the council stands among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.measures.similar_places import (
    COMPARED_BY,
    MOST,
    NOT_KNOWN,
    Measure,
    SimilarCouncils,
    councils_of,
    notes,
    similar_councils,
)
from service.pages.wording import fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.editions.edition import Edition

STANDING = {
    "better": "Better than most peers",
    "worse": "Worse than most peers",
    "higher": "Higher than most peers",
    "lower": "Lower than most peers",
    "like": "Like its peers",
}
NAMED = 4
UNITS_BEFORE = ("%",)


def compare_page(
    edition: Edition, council: str, k: int, by: str, variables: Sequence[str], peers: Sequence[str] = ()
) -> dict[str, Any]:
    """Gather everything the page shows.

    Parameters
    ----------
    edition : Edition
    council : str
        Code of one of the place's councils.
    k : int
        How many peers.
    by : str
        The ready list that was chosen, or what was typed.
    variables : sequence of str
        What it stands for.
    peers : sequence of str
        A list that someone else made; the nearest when empty.

    Returns
    -------
    dict
        For ``compare.html``.

    Raises
    ------
    BadQuery
        As `similar_councils`.
    """
    found = similar_councils(edition, council, k, variables, peers)
    place = edition.place["id"]
    measures = [_row(part, place, council) for part in found.measures]
    return {
        "heading": f"How {found.name} compares with councils like it",
        "council_name": found.name,
        "councils": [
            {"value": part["code"], "text": part["name"], "selected": part["code"] == council}
            for part in councils_of(edition)
        ],
        "k": k,
        "most": MOST,
        "by": [
            {"value": name, "text": title, "selected": name == (by or "usual")} for name, title in COMPARED_BY.items()
        ],
        "peers": [
            {"name": name, "code": code, "distance": "–" if far is None else fixed(far, 2)}
            for code, name, far in found.peers
        ],
        "outcomes": [row for row in measures if not row["compared_by"]],
        "context": [row for row in measures if row["compared_by"]],
        "lead": _lead(found),
        "notes": notes(found),
        "named": ",".join(peers),
        "json_address": f"/api/v1/places/{place}/similar?council={council}&k={k}"
        + "".join(f"&{key}={value}" for key, value in (("variables", by), ("peers", ",".join(peers))) if value),
        "planner_address": f"/places/{place}",
    }


def _lead(found: SimilarCouncils) -> str:
    outcomes = [part for part in found.measures if not part.describes]
    judged = [part.standing for part in outcomes if part.standing != NOT_KNOWN]
    unknown = [part.name for part in outcomes if part.standing == NOT_KNOWN]
    if not outcomes:
        return ""
    said = "Nothing can be said of outcomes."
    if judged:
        better, worse, like = (judged.count(standing) for standing in ("better", "worse", "like"))
        said = (
            f"{found.name} is better than most of its {len(found.peers)} peers on {better} of {len(judged)} outcomes, "
            f"worse on {worse}, and like them on {like}."
        )
    if not unknown:
        return said
    more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
    return f"{said} Not known, here or for enough peers: {'; '.join(unknown[:NAMED])}{more}."


def _row(part: Measure, place: str, council: str) -> dict[str, Any]:
    line = part.line
    quartiles = "–"
    if line.lower_quartile is not None and line.upper_quartile is not None:
        quartiles = f"{figure(part.unit, line.lower_quartile)} to {figure(part.unit, line.upper_quartile)}"
    return {
        "name": part.name,
        "unit": part.unit,
        "year": part.year,
        "href": f"/indicators/{part.id}?place={place}&area={council}",
        "compared_by": part.compared_by,
        "value": figure(part.unit, part.value),
        "median": figure(part.unit, line.median),
        "quartiles": quartiles,
        "standing": _standing(part),
        "known": "" if line.known == line.peers else f"{line.known} of {line.peers} peers",
    }


def _standing(part: Measure) -> str:
    if part.standing != NOT_KNOWN:
        return STANDING[part.standing]
    return "Not known" if part.value is None or not part.line.known else "Not known: too few peers have a figure"


def figure(unit: str, value: float | None) -> str:
    """Write a figure of context with as many decimals as its size calls for."""
    if value is None:
        return fixed(None)
    size = abs(value)
    text = fixed(value, 0 if size >= 1_000 else 1 if size >= 10 else 2)
    return f"{text}%" if unit.startswith(UNITS_BEFORE) else text
