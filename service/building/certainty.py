"""How sure every rank of a place is, what moves it, and where values gather: worked out once, in the build."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layers.balance import correlations, effective_weights, rank_correlation
from layers.clusters import Contiguity, clusters_and_hot_spots, queen_neighbours
from layers.rank_summaries import DrawnRanks, Intervals
from layers.scaling import where_known
from layers.uncertainty import Evidence, drawn_ranks, drivers
from service.building.focus_scores import FocusScores
from service.building.material import Material
from service.editions.certainty import CERTAINTY_ROWS, CLUSTERS, HOT_SPOTS, KEEPS_DRAWS, cluster_name


def draw_focus(scored: FocusScores, material: Material) -> DrawnRanks:
    """Draw the ranks of a place for one focus (methods M9).

    Parameters
    ----------
    scored : FocusScores
        Over the reference set.
    material : Material
        The joined table, the place, definitions, and the counts behind indicators.

    Returns
    -------
    DrawnRanks
        An indicator that the score does not use here takes no part.
    """
    evidence = {name: _evidence(name, scored, material) for name in scored.focus.weights}
    council, _ = pd.factorize(material.nation["lad24cd"])
    councils = pd.Series(council, material.nation.index)
    return drawn_ranks(evidence, scored.eligible, members=material.table.index, councils=councils)


def _evidence(name: str, scored: FocusScores, material: Material) -> Evidence:
    """One indicator with its counts; in place of a rank the rate that is ranked, where its people are published."""
    scaled, weight = scored.scaled[name], scored.focus.weights[name]
    if name in material.rates:
        behind = material.rates[name]
        if (behind["rate"].notna() | scaled.isna()).all():
            return Evidence(where_known(behind["rate"], scaled), weight, 1, behind["count"], behind["denominator"])
    values = where_known(material.nation[name], scaled)
    if name not in material.counts:
        return Evidence(values, weight, material.indicators[name].polarity)
    counted = material.counts[name]
    return Evidence(values, weight, material.indicators[name].polarity, counted["count"], counted["denominator"])


def rank_changes(scored: FocusScores, members: pd.Index) -> np.ndarray:
    """Rank change in the place when each indicator is left out, shape (k, n); NaN = no score with or without it."""
    weights = scored.focus.weights
    if len(weights) < 2:
        return np.full((len(weights), len(members)), np.nan)
    found = drivers(scored.scaled, weights, aggregate=scored.focus.aggregate, members=members)
    return found[list(weights)].to_numpy(dtype=float).T.copy()


def balance_facts(scored: FocusScores, imd_score: pd.Series) -> dict[str, Any]:
    """Return what a focus's score rests on in effect, over the reference set (methods M4).

    Returns
    -------
    dict
        ``correlations`` (rows in the order of the ingredients), ``effective_weights`` by indicator, and
        ``imd_correlation``, Spearman's with the Index of Multiple Deprivation; None where there is none.
    """
    names = list(scored.focus.weights)
    together = correlations(scored.scaled[names]).to_numpy()
    effective = effective_weights(scored.need.parts[names])
    return {
        "correlations": [[_figure(value) for value in row] for row in together],
        "effective_weights": {name: _figure(effective[name]) for name in names},
        "imd_correlation": _figure(rank_correlation(scored.need.score, imd_score)),
    }


def _figure(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def write_certainty(web: Path, material: Material) -> None:
    """Write draws, intervals and rank changes of every focus.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process; it holds the footprints already.
    material : Material
        All that the build has computed.
    """
    members = material.table.index
    rows = np.load(web / "footprint_rows.npy").astype(np.int64)
    footprints = json.loads((web / "meta.json").read_text(encoding="utf-8"))["footprints"]
    for name, scored in material.scores.items():
        drawn = draw_focus(scored, material)
        figures = [_rows_of(drawn.within(), drawn.counted)]
        if len(members) <= KEEPS_DRAWS:
            np.save(web / f"draws-{name}.npy", drawn.ranks)
        else:
            figures.append(_rows_within(drawn, footprints, rows))
        np.save(web / f"certainty-{name}.npy", np.hstack(figures))
        np.save(web / f"drivers-{name}.npy", rank_changes(scored, members))
        np.save(web / f"scaled-{name}.npy", scored.scaled.loc[members].to_numpy(dtype=float).T.copy())


def _rows_within(drawn: DrawnRanks, footprints: Mapping[str, list[dict[str, Any]]], rows: np.ndarray) -> np.ndarray:
    """Figures within every footprint, in the columns of its place in the list of rows."""
    figures = np.full((CERTAINTY_ROWS, len(rows)), np.nan)
    for entries in footprints.values():
        places = [slice(entry["start"], entry["start"] + entry["count"]) for entry in entries]
        for inside, found in zip(places, drawn.within_each([rows[place] for place in places]), strict=True):
            figures[:, inside] = _rows_of(found, drawn.counted[rows[inside]])
    return figures


def _rows_of(found: Intervals, counted: np.ndarray) -> np.ndarray:
    return np.vstack([found.low, found.high, found.chance, found.code, counted]).astype(float)


def write_clusters(web: Path, material: Material) -> None:
    """Find where the scores of every focus and the values of every indicator gather in the place (methods M8).

    Writes ``clusters.npy``, and ``clusters.json`` with ``names`` in the order of the arrays, ``islands`` (codes that
    touch nothing and were joined to the nearest) and ``missing``: why there are none for a name.
    """
    table = material.table
    values = {cluster_name(focus=name): scored.need.score for name, scored in material.scores.items()}
    values |= {cluster_name(indicator=name): material.nation[name] for name in material.indicators}
    found: dict[str, np.ndarray] = {}
    missing: dict[str, str] = {}
    islands: list[str] = []
    if len(table) < 2:
        missing = dict.fromkeys(values, "one neighbourhood has no neighbours")
    else:
        neighbours = queen_neighbours(table.geometry)
        islands = list(neighbours.joined)
        for name, column in values.items():
            try:
                found[name] = clusters_of_values(column.loc[table.index].astype(float), neighbours)
            except ValueError as reason:
                missing[name] = str(reason)
    np.save(web / "clusters.npy", np.stack(list(found.values())) if found else np.empty((0, 5, len(table))))
    about = {"names": list(found), "islands": islands, "missing": missing}
    (web / "clusters.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def clusters_of_values(values: pd.Series, neighbours: Contiguity) -> np.ndarray:
    """Local Moran, Gi*, q-value and both classes as codes, shape (5, n); ValueError where nothing can be tested."""
    moran, spots = clusters_and_hot_spots(values, neighbours)
    codes = [_codes(moran["cluster"], CLUSTERS), _codes(spots["cluster"], HOT_SPOTS)]
    return np.vstack([moran["statistic"], spots["statistic"], moran["q_value"], *codes])


def _codes(names: pd.Series, known: tuple[str, ...]) -> np.ndarray:
    return np.asarray(pd.Categorical(names, categories=known).codes, dtype=float)
