"""Columns that a map layer carries after the names: the same for GeoJSON, files, map and picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.map_classes import certainty_classes, cluster_classes
from layers.map_layers import map_layer
from service.access import layer_columns as access
from service.access.figures import COLUMNS
from service.access.requests import asked
from service.editions.certainty import CLUSTERS, HOT_SPOTS, Clusters, cluster_name
from service.editions.scoring import LEADING
from service.editions.views import ACCESS

if TYPE_CHECKING:
    from layers.gradient import Vector
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

DEPRIVATION = ("imd_score", "imd_rank", "imd_decile")
CERTAINTY = ("need_score", "rank", "rank_low", "rank_high", "top_fifth_chance", "certainty", "certainty_class")
MAP_NAMES = ("lad24nm", "msoa21hclnm", "lsoa21nm")  # what a map calls a neighbourhood
POSITION_DECIMALS = 6  # so that a multiple made of it shows the same two decimals at any dial
Decimals = dict[str, int | None]
GATHERED = ("value", "cluster", "moran", "hot_spot", "hot_spot_z", "q_value", "cluster_class")


def column_names(scores: Scores, indicator: str) -> list[str]:
    """Name the columns of a view's layer after the leading ones; `indicator` is the one that is shown."""
    layer = scores.view.layer
    if layer == "imd":
        return list(DEPRIVATION)
    if layer == "indicator":
        return [indicator]
    if layer == "certainty":
        return list(CERTAINTY)
    if layer == "clusters":
        return list(GATHERED)
    if layer == ACCESS:
        return list(access.NAMES)
    return scores.names()[len(LEADING) :]


def map_decimals(edition: Edition, view: View, indicator: str) -> Decimals:
    """Name the columns that a layer's map draws, says or classes by, and the decimals that it shows; None for all.

    No figure among them changes with the dial: the multiple follows from the need position.
    """
    if view.layer == ACCESS:
        measured = asked(edition, view)
        return {COLUMNS[measured.measure]: measured.measured.decimals, "access_class": None, "nearest_site": None}
    facts = edition.indicators[indicator] if view.layer == "indicator" or view.indicator else {}
    decimals = map_layer(view.layer, indicator=facts).decimals
    ranked: Decimals = {"need_fifth": None, "top_fifth_chance": None}
    of_layers: dict[str, Decimals] = {
        "need": {"need_score": decimals, **ranked},
        "imd": {"imd_decile": None},
        "indicator": {indicator: decimals},
        "certainty": {"top_fifth_chance": None, "certainty": None, "certainty_class": None},
        "clusters": {"value": decimals, "cluster_class": None},
    }
    return of_layers.get(view.layer, {"need_position": POSITION_DECIMALS, **ranked})


def map_figures(edition: Edition, scores: Scores, indicator: str) -> dict[str, Any]:
    """Return the columns that a layer's map needs, rounded as it shows them; see `figures`."""
    found = {}
    for name, decimals in map_decimals(edition, scores.view, indicator).items():
        values = figures(edition, scores, name)
        found[name] = values if decimals is None else np.round(np.asarray(values, dtype=float), decimals)
    return found


def figures(edition: Edition, scores: Scores, name: str) -> Any:
    """Return one column of a layer over the rows of a view: an array, or a list of texts.

    Parameters
    ----------
    edition, scores
        The edition, and its scores for the view.
    name : str
        As `column_names` gives it.

    Returns
    -------
    array or list, shape (n,)
        NaN, 0 of ranks and fifths, and an empty text mean not known.
    """
    if name in access.NAMES and scores.view.layer == ACCESS:
        return access.column(edition, scores.view, name)
    if name in GATHERED and name not in edition.indicators:
        return _gathered(edition, scores, name)
    if name in DEPRIVATION:
        return edition.deprivation()[name][scores.rows]
    if name == "certainty_class":
        return certainty_classes(scores.top_fifth_chance)
    if name in edition.indicators and name not in scores.indicators:
        return edition.indicator_values(name)[scores.rows]
    return scores.column(name)


def clusters_of(edition: Edition, view: View) -> tuple[str, Clusters | None]:
    """Give the clusters that a view shows, of its indicator or else of its focus, and their name.

    For weights that a reader chose there are none of the focus.
    """
    name = cluster_name(focus=view.focus, indicator=view.indicator)
    if view.weights and not view.indicator:
        return name, None
    return name, edition.clusters(name)


def clustered_values(edition: Edition, scores: Scores) -> Vector:
    """Values whose clusters a view shows, over its rows."""
    if scores.view.indicator:
        return np.asarray(edition.indicator_values(scores.view.indicator), dtype=float)[scores.rows]
    return scores.need_score


def _gathered(edition: Edition, scores: Scores, name: str) -> Any:
    if name == "value":
        return clustered_values(edition, scores)
    _, found = clusters_of(edition, scores.view)
    if found is None:
        return [""] * len(scores) if name in ("cluster", "hot_spot") else np.full(len(scores), np.nan)
    if name in ("cluster", "hot_spot"):
        words, codes = (CLUSTERS, found.cluster) if name == "cluster" else (HOT_SPOTS, found.hot_spot)
        return [words[code] for code in codes[scores.rows].tolist()]
    if name == "cluster_class":
        facts = edition.indicators.get(scores.view.indicator, {})
        return cluster_classes(found.cluster[scores.rows], int(facts.get("polarity", 1)))
    return {"moran": found.moran, "hot_spot_z": found.hot_spot_z, "q_value": found.q_value}[name][scores.rows]
