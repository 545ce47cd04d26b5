"""Where high or low values gather in a place: one answer for page, JSON and command line (methods M8)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.map_layers import CLUSTER_LABELS
from service.drawing.features import view_facts
from service.editions.layer_figures import GATHERED, clusters_of, figures
from service.editions.scoring import score
from service.pages.certainty import cluster_notes

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.views import View

METHOD = {
    "statistics": ["local Moran's I", "Getis-Ord Gi*"],
    "neighbours": "queen contiguity on the published boundaries of the whole place; islands joined to the nearest",
    "permutations": 9_999,
    "seed": 20_211_201,
    "false_discovery_rate": 0.05,
}


def cluster_answer(edition: Edition, view: View) -> dict[str, Any]:
    """Gather the clusters of a view's indicator, or else of its focus's need score.

    Parameters
    ----------
    edition, view
        The edition, and what is asked: `indicator` or `focus`, and a footprint whose rows alone are wanted.

    Returns
    -------
    dict
        Facts of the view, ``method_of_clusters``, ``islands``, ``counts`` by ``cluster`` and ``hot_spot``,
        ``available`` with ``notes``, and ``rows``: code, names, value and what was found. Clusters are those of the
        whole place, also where a footprint is asked for.
    """
    view = view.but(layer="clusters")
    scores = score(edition, view)
    _, found = clusters_of(edition, view)
    columns = {name: _plain(figures(edition, scores, name)) for name in GATHERED}
    names = edition.names(scores.rows.tolist())
    rows = [
        {key: facts[key] for key in ("lsoa21cd", "lsoa21nm", "msoa21hclnm", "lad24nm")}
        | {name: values[place] for name, values in columns.items()}
        for place, facts in enumerate(names)
    ]
    return view_facts(edition, view) | {
        "of": view.indicator or f"need score of {view.focus}",
        "method_of_clusters": METHOD,
        "islands": edition.islands(),
        "available": found is not None,
        "notes": cluster_notes(edition, view),
        "classes": {str(number): label for number, label in enumerate(CLUSTER_LABELS, 1)},
        "counts": {kind: dict(Counter(word for word in columns[kind] if word)) for kind in ("cluster", "hot_spot")},
        "rows": rows,
    }


def _plain(values: Any) -> list[Any]:
    """Turn a column into plain values, None for what is not known."""
    if isinstance(values, list):
        return [text or None for text in values]
    return [float(value) if known else None for value, known in zip(values, np.isfinite(values), strict=True)]
