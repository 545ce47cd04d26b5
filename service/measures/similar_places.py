"""Councils like this one, and how it compares with their middle: the same figures for page, JSON and command.

Context is known for councils only and never enters a score. Distances are straight, over z-scored variables that are
named in every answer (methods M10).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.gradient import Vector
from layers.similar_arrays import PeerLine, distances, quartiles
from service.drawing.features import view_facts
from service.editions.edition import Edition
from service.editions.views import View
from service.queries import BadQuery

K, MOST = 8, 20
FEWEST_PEERS = 3  # with a figure; fewer have no middle half to stand beside
NOT_KNOWN = "not known"
COMPARED_BY = {
    "usual": "People, homes, poverty, work and health",
    "all": "Every measure that is held",
}


@dataclass(frozen=True)
class Measure:
    """One context variable: the council beside its peers, in its newest year.

    Attributes
    ----------
    compared_by : bool
        Whether it was used to find the peers.
    describes : bool
        Whether it tells what people and homes there are, so that neither side of the peers is called better.
    standing : {"better", "worse", "higher", "lower", "like", "not known"}
        Beside the middle half of the peers; not known below three peers with a figure, or half of all.
    """

    id: str
    name: str
    unit: str
    polarity: int
    source: str
    year: str
    value: float | None
    line: PeerLine
    compared_by: bool
    describes: bool
    standing: str


@dataclass(frozen=True)
class SimilarCouncils:
    """A council, its peers with their distances, and its measures beside theirs.

    Attributes
    ----------
    peers : tuple of (code, name, distance)
        The nearest first, or a list that someone else made (`named`); None where a distance is not known.
    lacking : int
        Councils that lack a variable and cannot be peers.
    """

    edition: Edition
    code: str
    name: str
    k: int
    variables: tuple[str, ...]
    peers: tuple[tuple[str, str, float | None], ...]
    named: bool
    lacking: int
    measures: tuple[Measure, ...]


def context_of(edition: Edition) -> dict[str, Any]:
    """Give the context of all councils that an edition holds.

    Raises
    ------
    BadQuery
        If it holds none.
    """
    found: dict[str, Any] | None = edition.context()
    if not found or not found["variables"]:
        raise BadQuery("council", "No figures of councils are held in this edition.", hint="Build it with them.")
    return found


def councils_of(edition: Edition) -> list[dict[str, Any]]:
    """Councils of the place for which context is held, the largest first."""
    held = set(context_of(edition)["codes"])
    councils = [part for part in edition.councils() if part["code"] in held]
    return sorted(councils, key=lambda part: (-float(part["population"]), str(part["code"])))


def read_council(edition: Edition, text: str) -> str:
    """Read which council is compared: a code of the place's; its largest when empty."""
    codes = [str(part["code"]) for part in councils_of(edition)]
    if not codes:
        raise BadQuery("council", f"No figures are held for a council of {edition.place['name']}.")
    if text and text not in codes:
        hint = f"Give one of {', '.join(codes[:12])}{' …' if len(codes) > 12 else ''}."
        raise BadQuery("council", f"council is {text[:40]!r}.", hint=hint)
    return text or codes[0]


def read_k(text: str) -> int:
    """Read how many peers are wanted, 1 to 20."""
    if not text:
        return K
    if not re.fullmatch("[1-9]|1[0-9]|20", text):
        raise BadQuery("k", f"k is {text!r}; expected a whole number from 1 to {MOST}.", hint="Give 8, for example.")
    return int(text)


def read_variables(edition: Edition, text: str) -> tuple[str, ...]:
    """Read what councils are compared by: names with commas, or one of the ready lists."""
    variables = context_of(edition)["variables"]
    held = [str(part["id"]) for part in variables]
    if text in ("", *COMPARED_BY):
        usual = tuple(str(part["id"]) for part in variables if part.get("peers"))
        return usual if text != "all" and usual else tuple(held)
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    unknown = [name for name in names if name not in held]
    if unknown:
        hint = f"Give {', '.join(COMPARED_BY)}, or some of {', '.join(held)}."
        raise BadQuery("variables", f"There is no context variable {unknown[0][:60]!r}.", hint=hint)
    return names


def read_peers(edition: Edition, council: str, text: str) -> tuple[str, ...]:
    """Read a list of peers that someone else made: codes of councils with commas; empty for the nearest."""
    if not text:
        return ()
    codes = tuple(part.strip() for part in text.split(","))
    held = set(context_of(edition)["codes"])
    wrong = [code for code in codes if code not in held]
    if wrong:
        raise BadQuery("peers", f"peers names {wrong[0][:40]!r}, which is no council here.", hint="Give codes.")
    if council in codes or len(set(codes)) < len(codes) or len(codes) > MOST:
        said = f"peers has {len(codes)} codes; a council is not its own peer, and each counts once, at most {MOST}."
        raise BadQuery("peers", said, hint="Give other codes.")
    return codes


def similar_councils(
    edition: Edition, council: str, k: int, variables: Sequence[str], peers: Sequence[str] = ()
) -> SimilarCouncils:
    """Find the councils most like one, and set it beside them.

    Parameters
    ----------
    edition : Edition
    council : str
        Code of a council with context; never its own peer.
    k : int
        How many peers; as many as there are if fewer have every variable.
    variables : sequence of str
        What is compared, at least one.
    peers : sequence of str
        A list that someone else made, from `read_peers`; the nearest when empty.

    Returns
    -------
    SimilarCouncils

    Raises
    ------
    BadQuery
        If the council lacks a variable, nothing varies, or there is no other council.
    """
    context = context_of(edition)
    codes = [str(code) for code in context["codes"]]
    newest, years = newest_values(context)
    ids = [str(part["id"]) for part in context["variables"]]
    chosen = newest[[ids.index(name) for name in variables]].T
    whole: NDArray[np.bool_] = np.asarray(np.isfinite(chosen).all(axis=1))
    row = codes.index(council)
    if not whole[row]:
        lacks = [name for name, value in zip(variables, chosen[row], strict=True) if not np.isfinite(value)]
        raise BadQuery("variables", f"{council} lacks {', '.join(lacks)}.", hint="Compare by other measures.")
    rows = np.flatnonzero(whole)
    if len(rows) < 2:
        raise BadQuery("variables", "No other council has these measures.", hint="Compare by other measures.")
    try:
        distance = distances(chosen[rows], int(np.flatnonzero(rows == row)[0]))
    except ValueError as error:
        raise BadQuery("variables", f"{error}.") from None
    apart = {codes[at]: float(far) for far, at in zip(distance, rows, strict=True) if at != row}
    chosen_peers = list(peers) or sorted(apart, key=lambda code: (apart[code], code))[:k]
    names = dict(zip(codes, context["names"], strict=True))
    found = tuple((code, str(names[code]), apart.get(code)) for code in chosen_peers)
    at = np.array([codes.index(code) for code in chosen_peers])
    measures = tuple(
        _measure(part, newest[number], years[number], row, at, str(part["id"]) in variables)
        for number, part in enumerate(context["variables"])
    )
    lacking = len(codes) - len(rows)
    named = bool(peers)
    return SimilarCouncils(edition, council, str(names[council]), k, tuple(variables), found, named, lacking, measures)


def newest_values(context: dict[str, Any]) -> tuple[NDArray[np.float64], list[str]]:
    """Give each variable of each council in the variable's newest year that has figures, and those years."""
    found, years = [], []
    for part, values in zip(context["variables"], context["values"], strict=True):
        series = np.asarray(values, dtype=float)[: len(part["years"])]
        held = np.flatnonzero(np.isfinite(series).any(axis=1))
        last = int(held[-1]) if len(held) else len(series) - 1
        found.append(series[last])
        years.append(str(part["years"][last]))
    return np.vstack(found), years


def _measure(
    part: dict[str, Any], values: Vector, year: str, row: int, peers: NDArray[np.int64], compared_by: bool
) -> Measure:
    line, value = quartiles(values[peers]), float(values[row])
    polarity = int(part["polarity"])
    describes = compared_by or bool(part.get("peers")) or polarity == 0
    return Measure(
        id=str(part["id"]),
        name=str(part["name"]),
        unit=str(part["unit"]),
        polarity=polarity,
        source=str(part["source"]),
        year=year,
        value=value if np.isfinite(value) else None,
        line=line,
        compared_by=compared_by,
        describes=describes,
        standing=_standing(value, line, 0 if describes else polarity),
    )


def _standing(value: float, line: PeerLine, polarity: int) -> str:
    if line.lower_quartile is None or line.upper_quartile is None or not np.isfinite(value):
        return NOT_KNOWN
    if line.known < max(FEWEST_PEERS, line.peers / 2):
        return NOT_KNOWN
    if line.lower_quartile <= value <= line.upper_quartile:
        return "like"
    low = value < line.lower_quartile
    if polarity == 0:
        return "lower" if low else "higher"
    return "better" if low == (polarity > 0) else "worse"


def similar_answer(found: SimilarCouncils) -> dict[str, Any]:
    """Return everything for programs: JSON, and the command's ``--json``."""
    facts = view_facts(found.edition, View(found.edition.place["id"], layer="targeting"))
    kept = ("place", "name", "fictional", "edition", "method", "attribution")
    return {
        **{key: facts[key] for key in kept},
        "council": {"code": found.code, "name": found.name},
        "asked_for": found.k,
        "compared_by": list(found.variables),
        "distance": "straight, in standard deviations over all councils with every measure",
        "peers": [{"code": code, "name": name, "distance": far} for code, name, far in found.peers],
        "variables": [_row(part) for part in found.measures],
        "notes": notes(found),
    }


def _row(part: Measure) -> dict[str, Any]:
    facts = asdict(part)
    line = facts.pop("line")
    return (
        facts
        | {key: line[key] for key in ("median", "lower_quartile", "upper_quartile")}
        | {"peers_known": line["known"]}
    )


def notes(found: SimilarCouncils) -> list[str]:
    """Say how peers were found, and what the comparison is not."""
    said = ["These figures are known for whole councils only. They are context and enter no score."]
    if found.named:
        return [*said, "The peers are a list that was given, not the nearest. Distances stand beside them."]
    said.append(
        f"Peers are the nearest over {len(found.variables)} measures, each in standard deviations and counting "
        "the same. Other measures would give other peers."
    )
    if len(found.peers) < found.k:
        said.append(f"Only {len(found.peers)} other councils have every measure; {found.k} were asked for.")
    if found.lacking:
        said.append(f"Councils that lack one of the measures and cannot be peers: {found.lacking}.")
    return said
