"""What the score of a focus rests on in effect, as the planner and the pages on methods show it (methods M4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.pages.wording import percent

if TYPE_CHECKING:
    from service.editions.edition import Edition


def focus_facts(edition: Edition, focus: str) -> dict[str, Any]:
    """Gather weights given and in effect, correlations, and the likeness to the Index of Multiple Deprivation.

    Parameters
    ----------
    edition : Edition
        Its focuses carry the facts that the build worked out.
    focus : str
        A focus of the edition.

    Returns
    -------
    dict
        For ``_focus_facts.html``; empty for an edition from before these were worked out.
    """
    facts = edition.focuses[focus]
    if "correlations" not in facts:
        return {}
    together, effective = facts["correlations"], facts["effective_weights"]
    total = sum(part["weight"] for part in facts["ingredients"])
    rows = [
        {
            "name": part["short"],
            "weight": percent(part["weight"] / total, 1),
            "effect": _share(effective[part["indicator"]]),
            "correlations": [_figure(value) for value in together[number]],
        }
        for number, part in enumerate(facts["ingredients"])
    ]
    return {"id": focus, "reference": facts["reference"], "rows": rows, "sentence": _sentence(facts["imd_correlation"])}


def _sentence(imd: float | None) -> str:
    said = "Indicators that run together count more than their weights say, and one that hardly varies counts less."
    if imd is None:
        return said
    return f"{said} The score has a rank correlation of {imd:.2f} with the Index of Multiple Deprivation."


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value, 1)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")
