"""Weights that a reader chose for the indicators of a focus: read strictly, kept as text, honoured by every answer."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.weighting import weighted_score
from service.queries import NAME, BadQuery

if TYPE_CHECKING:
    from service.editions.edition import Edition, FocusArrays
    from service.editions.views import View

NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,6})?"
PAIR = f"{NAME}[:=]{NUMBER}"
WEIGHTS = f"{PAIR}(?:,{PAIR}){{0,39}}"
LARGEST = 10_000
ABOUT = "indicator=weight pairs with commas between, such as overcrowded_share=2,rented_share=0"


def read_weights(text: str) -> str:
    """Read weights as an address writes them, and give them in one order without idle zeros.

    Parameters
    ----------
    text : str
        ``indicator:weight,...`` or ``indicator=weight,...``; empty for the focus's own weights.

    Returns
    -------
    str
        The same weights always as the same text.

    Raises
    ------
    BadQuery
        If it cannot be read, an indicator is there twice, or every weight is 0.
    """
    if not text:
        return ""
    if below := re.search(rf"({NAME})[:=](-{NUMBER})(?=,|$)", text):
        said = f"weights gives {below[1]} the weight {below[2]}; a weight is 0 or more."
        raise BadQuery("weights", said, hint="Give 0 to leave an indicator out.")
    if not re.fullmatch(WEIGHTS, text):
        raise BadQuery("weights", f"weights is {text[:80]!r}; expected {ABOUT}.", hint=f"Give {ABOUT}.")
    pairs = [pair.split(":") for pair in text.replace("=", ":").split(",")]
    names = [name for name, _ in pairs]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise BadQuery("weights", f"weights names {doubled[0]!r} twice.", hint="Name each indicator once.")
    return ",".join(f"{name}:{_plain(float(number))}" for name, number in sorted(pairs))


def weights_text(typed: str) -> str:
    """Turn weights as typed on a command line into those of an address.

    Parameters
    ----------
    typed : str
        ``indicator=weight,...``, or the name of a TOML file that has one ``indicator = weight`` line each.

    Returns
    -------
    str
        As `read_weights`.

    Raises
    ------
    BadQuery
        If the file or the text cannot be read as weights; it names the file and the indicator.
    """
    if not typed.endswith(".toml"):
        return read_weights(typed.replace(" ", ""))
    try:
        entries = tomllib.loads(Path(typed).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadQuery("weights", f"{typed}: cannot be read as TOML: {error}") from None
    for name, number in entries.items():
        if type(number) not in (int, float) or not 0 <= number < LARGEST:
            raise BadQuery("weights", f"{typed}: {name} is {number!r}; expected a number from 0 to {LARGEST - 1}.")
    return read_weights(",".join(f"{name}:{_plain(number)}" for name, number in entries.items()))


def weights_sentence(edition: Edition, view: View) -> str:
    """Say which indicators of a view have weights of the user's own; empty where none has."""
    if not view.weights:
        return ""
    own = ", ".join(
        f"{edition.indicators[name]['name']} {_plain(number)}" for name, number in _pairs(view.weights).items()
    )
    return f"Your own weights replace those of the focus: {own}. All are then scaled to add up to 1."


def check_weights(edition: Edition, focus: str, text: str) -> str:
    """Refuse weights that do not fit a focus.

    Returns
    -------
    str
        As `read_weights`.

    Raises
    ------
    BadQuery
        If an indicator is not of the focus, no weight is left, or the edition cannot be weighed anew.
    """
    weights = read_weights(text)
    if not weights:
        return ""
    names = own_names(edition, focus)
    unknown = [name for name in names_in(weights) if name not in names]
    if unknown:
        said = f"weights names {unknown[0]!r}, which is not an indicator of the focus {focus!r}."
        raise BadQuery("weights", said, hint=f"Its indicators are {', '.join(names)}.")
    if edition.scaled(focus) is None:
        said = "This edition was built before weights could be chosen."
        raise BadQuery("weights", said, hint="Leave weights out, or build the place again.")
    if not any(part["weight"] > 0 for part in _weighed(edition, focus, weights)):
        raise BadQuery("weights", "Every weight is 0.", hint="Give at least one indicator a weight above 0.")
    return weights


def names_in(text: str) -> list[str]:
    """Name the indicators that weights are for."""
    return list(_pairs(text))


def own_names(edition: Edition, focus: str) -> list[str]:
    """Name the indicators of a focus."""
    return [str(part["indicator"]) for part in edition.focuses[focus]["ingredients"]]


def ingredients_of(edition: Edition, view: View) -> list[dict[str, Any]]:
    """List the indicators that a view scores with, each with the weight that it has there.

    Weights that a reader chose replace the focus's own, the rest keep theirs; all are then scaled to add up to 1,
    and those of weight 0 are left out.
    """
    if not view.weights:
        found: list[dict[str, Any]] = edition.focuses[view.focus]["ingredients"]
        return found
    parts = [part for part in _weighed(edition, view.focus, view.weights) if part["weight"] > 0]
    total = math.fsum(part["weight"] for part in parts)
    return [part | {"weight": round(part["weight"] / total, 9)} for part in parts]


def weighed_anew(edition: Edition, focus: str, text: str) -> FocusArrays:
    """Score a focus with other weights, from the scaled indicators that the edition keeps (methods M4)."""
    from service.editions.edition import FocusArrays

    stored, scaled = edition.focus_arrays(focus), edition.scaled(focus)
    if scaled is None:
        raise BadQuery("weights", "This edition was built before weights could be chosen.", hint="Leave weights out.")
    parts = _weighed(edition, focus, text)
    chosen = [number for number, part in enumerate(parts) if part["weight"] > 0]
    weight = np.array([parts[number]["weight"] for number in chosen], dtype=float)
    score, added, _ = weighted_score(
        np.asarray(scaled)[chosen].T, weight / weight.sum(), aggregate=edition.focuses[focus]["aggregate"]
    )
    return FocusArrays(
        stored.eligible,
        score,
        {parts[number]["indicator"]: added[:, place] for place, number in enumerate(chosen)},
    )


def _weighed(edition: Edition, focus: str, text: str) -> list[dict[str, Any]]:
    chosen = _pairs(text)
    return [
        part | {"weight": chosen.get(part["indicator"], part["weight"])}
        for part in edition.focuses[focus]["ingredients"]
    ]


def _pairs(text: str) -> dict[str, float]:
    return {name: float(number) for name, number in (pair.split(":") for pair in text.split(",") if pair)}


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
