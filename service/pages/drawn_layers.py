"""A layer with the figures of one view: each neighbourhood in its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.map_classes import (
    MISSING,
    LegendClass,
    borderline,
    class_numbers,
    legend,
)
from layers.map_layers import (
    HATCHED_LABEL,
    RANKED,
    MapLayer,
    map_layer,
)
from service.access import layer_columns as access
from service.access.requests import asked
from service.drawing.features import shown_indicator
from service.editions.edition import Edition
from service.editions.layer_figures import figures
from service.editions.scoring import Scores
from service.editions.views import ACCESS, View


@dataclass(frozen=True)
class DrawnLayer:
    """A layer with the figures of one view: class numbers and shown values, in the order of `Scores.rows`.

    `hatched` says, on a map of ranks, which neighbourhoods are borderline.
    """

    layer: MapLayer
    numbers: NDArray[np.int64]
    values: NDArray[np.float64]
    breaks: tuple[float, ...]
    hatched: NDArray[np.bool_]

    @property
    def legend(self) -> list[LegendClass]:
        """Lines of the legend, greatest need first."""
        return legend(self.layer, self.numbers, self.values, self.breaks)


def drawn_layer(edition: Edition, view: View, scores: Scores) -> DrawnLayer:
    """Put the neighbourhoods of a view in the classes of its layer.

    Raises
    ------
    UnknownLayer
        If the view's layer does not exist.
    """
    if view.layer == ACCESS:
        return _drawn_access(edition, view, scores)
    facts = _indicator_facts(edition, view)
    layer = _layer(edition, view, facts)
    breaks = tuple(float(bound) for bound in facts.get("breaks") or ()) if layer.classes == "breaks" else ()
    shown = _column(edition, scores, layer.column)
    classed = shown if layer.class_column == layer.column else _column(edition, scores, layer.class_column)
    hatched = borderline(scores.top_fifth_chance) if layer.id in RANKED else np.zeros(len(scores), dtype=bool)
    return DrawnLayer(layer, class_numbers(layer, classed, breaks), shown, breaks, hatched)


def layer_title(edition: Edition, view: View) -> str:
    """Name the map of a view without working it out."""
    if view.layer == ACCESS:
        access.check_area(edition, view)
        return access.title(edition, asked(edition, view))
    return _layer(edition, view, _indicator_facts(edition, view)).title


def _layer(edition: Edition, view: View, facts: dict[str, Any]) -> MapLayer:
    return map_layer(view.layer or "targeting", focus=edition.focuses[view.focus], indicator=facts)


def _drawn_access(edition: Edition, view: View, scores: Scores) -> DrawnLayer:
    access.check_area(edition, view)
    layer = access.layer_of(edition, view)
    shown, classed = (_column(edition, scores, name) for name in (layer.column, layer.class_column))
    return DrawnLayer(layer, class_numbers(layer, classed), shown, (), np.zeros(len(scores), dtype=bool))


def _indicator_facts(edition: Edition, view: View) -> dict[str, Any]:
    """Facts of the indicator asked for, or of the focus's weightiest one; none on layers that show no indicator."""
    if view.layer != "indicator" and not (view.layer == "clusters" and view.indicator):
        return {}
    name = shown_indicator(edition, view)
    return {"id": name, **edition.indicators[name]}


def _column(edition: Edition, scores: Scores, column: str) -> NDArray[np.float64]:
    if not column:
        return np.ones(len(scores.rows))
    return np.asarray(figures(edition, scores, column), dtype=float)


def hatched_words(drawn: DrawnLayer) -> str:
    """Say what a hatched colour means and for how many neighbourhoods; nothing where none is hatched."""
    count = int(drawn.hatched.sum())
    if not count:
        return ""
    kind = f"{count:,} neighbourhood{'' if count == 1 else 's'}"
    return f"{HATCHED_LABEL}. {kind}."


def council_class(facts: Mapping[str, Any], drawn: DrawnLayer) -> int:
    """Give the class of a council: its most frequent one where classes are named, else that of its middle figure."""
    layer = drawn.layer
    if layer.classes == "named":
        return int(facts[layer.class_column] or MISSING)
    return int(class_numbers(layer, np.array([council_figure(facts, layer.class_column)]), drawn.breaks)[0])


def council_figure(facts: Mapping[str, Any], column: str) -> float:
    """Give a column's figure of the middle neighbourhood of a council; NaN where it has none."""
    figure = facts.get(f"middle_{column}")
    return float("nan") if figure is None else float(figure)
