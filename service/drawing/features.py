"""GeoJSON and JSON answers: prepared bytes in, slices with the view's figures out (RFC 7946, degrees)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from layers.gradient import Counts, Vector
from layers.map_layers import RANKED
from service.access import layer_columns as access
from service.drawing.pieces import (
    NULL,
    TURNED,
    Pieces,
    cut,
    encoded_column,
    feature_halves,
    feature_starts,
    remember,
    remembered,
    remembered_starts,
    whole_features,
)
from service.drawing.prepared import FIGURES, FIRST
from service.editions.credits import sentences_of
from service.editions.edition import Edition
from service.editions.layer_figures import MAP_NAMES, column_names, figures, map_figures
from service.editions.scoring import METHOD_VERSION, OWN_WEIGHTS, Scores
from service.editions.services import takes_new
from service.editions.site_names import in_order
from service.editions.views import ACCESS, View, dial_text
from service.editions.weights import ingredients_of
from service.memory import Memory
from service.pages.certainty import certainty_notes

NO_POSITION = np.empty(0)
VIEWS_SAID = 256  # whose sentences are remembered
ABOUT_FOCUS = (*RANKED, "certainty", "clusters")


def collection(edition: Edition, scores: Scores, *, detail: str, chosen: Counts | None = None) -> bytes:
    """Neighbourhoods of a view as a FeatureCollection.

    Parameters
    ----------
    edition, scores : Edition, Scores
        The view's figures.
    detail : {"full", "map", "none", "figures"}
        Boundaries as published, simplified with shared edges kept, or none; figures: none, and of names and columns
        only what the layer's map shows, rounded as it shows them.
    chosen : array of int, optional
        Indexes into `scores` of the neighbourhoods wanted; all of them if left out.

    Returns
    -------
    bytes
        Feature id = ``lsoa21cd``; properties = the layer's columns; member ``evenreach`` says
        edition, method, attribution and view.
    """
    view, prepared = scores.view, edition.prepared
    if prepared.has(view, detail, METHOD_VERSION):
        rows = scores.rows if chosen is None else scores.rows[chosen]
        return b"".join(prepared.some(detail, rows, last(edition, view)).parts)
    if chosen is not None or view.weights:
        return FIRST + b",".join(feature_list(edition, scores, detail=detail, chosen=chosen)) + last(edition, view)
    return FIRST + pieces_of(edition, scores, detail=detail).at(view.rho) + last(edition, view)


def feature_list(edition: Edition, scores: Scores, *, detail: str, chosen: Counts | None = None) -> list[bytes]:
    """Encode the neighbourhoods of a view one by one, at its own dial; see `collection`."""
    return whole_features(*_parts(edition, scores, detail, chosen))


def pieces_of(edition: Edition, scores: Scores, *, detail: str) -> Pieces:
    """Encode the neighbourhoods of a view for any dial; see `collection`."""
    found = remembered(edition, scores.view, detail)
    if found is None:
        starts, names, columns = _parts(edition, scores, detail, None)
        if TURNED in names:
            found = cut(feature_halves(starts, names, columns), scores.need_position)
        else:
            found = Pieces([b",".join(whole_features(starts, names, columns))], NO_POSITION)
        remember(edition, scores.view, detail, found)
    return found


def _parts(
    edition: Edition, scores: Scores, detail: str, chosen: Counts | None
) -> tuple[list[bytes], list[str], list[list[bytes]]]:
    """Give the starts of a view's features, and the names and encoded columns that follow; all if none are chosen."""
    index = np.arange(len(scores)) if chosen is None else chosen
    if detail == FIGURES:
        return _map_parts(edition, scores, index)
    names = column_names(scores, shown_indicator(edition, scores.view))
    fixed = len([name for name in names if name == "eligible" or name in scores.indicators])
    fixed = fixed if names[:1] == ["eligible"] else 0  # else the layer shows other columns

    def starts() -> list[bytes]:
        rows = scores.rows[index]
        shapes = [NULL] * len(rows) if detail == "none" else edition.shapes(detail).many(rows)
        return feature_starts(edition, rows, shapes, names[:fixed], columns(names[:fixed]))

    def columns(wanted: list[str]) -> list[list[bytes]]:
        return [encoded_column(figures(edition, scores, name), index) for name in wanted]

    begun = starts() if chosen is not None else remembered_starts(edition, scores.view, detail, names[:fixed], starts)
    return begun, names[fixed:], columns(names[fixed:])


def _map_parts(edition: Edition, scores: Scores, index: Counts) -> tuple[list[bytes], list[str], list[list[bytes]]]:
    """Give what `_parts` gives, of the names and columns alone that the layer's map shows."""
    rows = scores.rows[index]
    known = map_figures(edition, scores, shown_indicator(edition, scores.view))
    named = zip(edition.codes[rows].tolist(), edition.names(rows), strict=True)
    starts = [
        b'{"type":"Feature","id":"%b","geometry":null,"properties":%b'
        % (code.encode(), orjson.dumps({name: names[name] for name in MAP_NAMES})[:-1])
        for code, names in named
    ]
    return starts, list(known), [encoded_column(values, index) for values in known.values()]


def last(edition: Edition, view: View) -> bytes:
    """Close a collection: after the features comes the member that says edition, method, attribution and view."""
    said = _SAID.get(
        (edition.serial, view.layer, view.focus, view.weights, view.indicator, view.service, view.accepting),
        lambda: _said(edition, view),
    )
    return b'],"evenreach":' + orjson.dumps(view_facts(edition, view) | said) + b"}"


def _said(edition: Edition, view: View) -> dict[str, list[str]]:
    """Give the sentences that a view has to carry: the same at every dial and in every footprint."""
    shown = view.but(indicator=shown_indicator(edition, view)) if view.layer == "indicator" else view
    return {"attribution": sentences_of(edition, shown), "notes": notes_of(edition, view)}


def notes_of(edition: Edition, view: View) -> list[str]:
    """Say in a sentence or two what whoever shows the figures of a view has to know."""
    notes = ["Places are deprived, people are not. A value of null means not known."]
    if view.layer in ABOUT_FOCUS:
        notes.append(f"Strength of the evidence for this focus: {edition.focuses[view.focus].get('strength', '')}.")
        notes += [f"How sure the ranks are is {OWN_WEIGHTS}."] if view.weights else []
    return notes


def records(edition: Edition, scores: Scores) -> bytes:
    """Return the scores table as JSON: the view's facts, the column names, and one object per neighbourhood."""
    index = np.arange(len(scores))
    words = edition.name_fragments.many(scores.rows)
    names, columns = score_columns(scores, index)
    template = b"{%b" + b"".join(b"," + orjson.dumps(name) + b":%b" for name in names) + b"}"
    rows = b",".join(template % parts for parts in zip(words, *columns, strict=True))
    facts = view_facts(edition, scores.view) | {"columns": scores.names(), "count": len(scores), "dial": scores.dial()}
    facts["certainty_notes"] = certainty_notes(edition, scores)
    return orjson.dumps(_finite(facts))[:-1] + b',"rows":[' + rows + b"]}"


def shown_indicator(edition: Edition, view: View) -> str:
    """Name the indicator that the layer ``indicator`` shows: the one asked for, else the focus's weightiest."""
    ingredients = ingredients_of(edition, view)
    return view.indicator or str(max(ingredients, key=lambda part: part["weight"])["indicator"])


def score_columns(scores: Scores, index: Counts) -> tuple[list[str], list[list[bytes]]]:
    """Columns of the scores table after the leading ones, each value as JSON."""
    names = scores.names()
    names = names[names.index("eligible") :]
    return names, [encoded_column(scores.column(name), index) for name in names]


def view_facts(edition: Edition, view: View) -> dict[str, Any]:
    """Return what every answer carries: edition, method, attribution and the view itself."""
    return {
        "place": edition.place["id"],
        "name": edition.place["name"],
        "fictional": bool(edition.place.get("fictional")),
        "edition": edition.id,
        "method": METHOD_VERSION,
        "layer": view.layer,
        "focus": view.focus,
        "weights": view.weights or None,
        "rho": float(dial_text(view.rho)),
        "within": view.within or None,
        "indicator": shown_indicator(edition, view) if view.layer == "indicator" else _clustered(view),
        **({"access": access.facts_of(edition, view)} if view.layer == ACCESS else {}),
        "attribution": edition.attribution(view.layer),
    }


def _clustered(view: View) -> str | None:
    """Name the indicator whose clusters are shown; None for those of the need score."""
    return (view.indicator or None) if view.layer == "clusters" else None


def councils(edition: Edition, scores: Scores) -> bytes:
    """Councils of a place with the means of a view, for maps too large to draw at once.

    Returns
    -------
    bytes
        FeatureCollection, feature id = ``lad24cd``. Means are over eligible people; ``mean_need_fifth``
        is the mean of the neighbourhoods' fifths, 1 = greatest need. ``middle_...`` are the figures of the middle
        neighbourhood, by need or by the column itself: half of the others lie below it and half above, and of an even
        number it is the lower one. ``certainty_class`` and ``cluster_class`` are the most frequent classes of these
        layers, ``in_certainty_class_1`` and ``in_cluster_class_1`` count the neighbourhoods in the first.
    """
    features = []
    named = {name: np.asarray(figures(edition, scores, name)) for name in ("certainty_class", "cluster_class")}
    columns = _middle_columns(edition, scores)
    for council in edition.councils():
        found = np.flatnonzero(np.isin(scores.rows, edition.rows_within(f"lad:{council['code']}")))
        if not len(found):
            continue
        people = scores.eligible[found]
        scored = np.isfinite(scores.need_score[found]) & np.isfinite(people) & (people > 0)
        means = {
            "mean_need_score": _mean(scores.need_score[found][scored], people[scored]),
            "mean_targeting_score": _mean(scores.targeting_score[found][scored], people[scored]),
            "mean_need_fifth": _mean(scores.need_fifth[found][scored].astype(float), people[scored]),
        }
        properties = {
            "lad24cd": council["code"],
            "lad24nm": council["name"],
            "neighbourhoods": len(found),
            "population": float(edition.population()[scores.rows[found]].sum()),
            "in_greatest_need_fifth": int((scores.need_fifth[found] == 1).sum()),
            **means,
            **{name: _usual(classes[found]) for name, classes in named.items()},
            **{f"in_{name}_1": int((classes[found] == 1).sum()) for name, classes in named.items()},
            **_middle_figures([{name: values[found] for name, values in kind.items()} for kind in columns]),
        }
        features.append(
            {"type": "Feature", "id": council["code"], "geometry": council["geometry"], "properties": properties}
        )
    return _feature_collection(features, view_facts(edition, scores.view))


def _middle_columns(edition: Edition, scores: Scores) -> list[dict[str, Vector]]:
    """Give the columns of which a council shows its middle neighbourhood; those that go together lie by the first."""
    view = scores.view
    fifth = scores.need_fifth.astype(float)
    columns = [
        {
            "need_position": scores.need_position,
            "need_score": scores.need_score,
            "need_fifth": np.where(fifth > 0, fifth, np.nan),
            "targeting_score": scores.targeting_score,
        }
    ]
    shown = ["imd_decile"]
    if view.indicator or view.layer == "indicator":
        shown.append(shown_indicator(edition, view))
    for name in shown:
        values = np.asarray(figures(edition, scores, name))
        unknown = values == 0 if values.dtype.kind == "i" else np.isnan(values)
        columns.append({name: np.where(unknown, np.nan, values.astype(float))})
    return columns


def _middle_figures(columns: list[dict[str, Vector]]) -> dict[str, float | None]:
    """Give the figures of the middle one of those whose first column is known; None where none is."""
    found: dict[str, float | None] = {}
    for kind in columns:
        by = next(iter(kind.values()))
        known = np.flatnonzero(np.isfinite(by))
        middle = known[np.argsort(by[known], kind="stable")[(len(known) - 1) // 2]] if len(known) else None
        for name, values in kind.items():
            found[f"middle_{name}"] = None if middle is None else float(values[middle])
    return found


def sites(edition: Edition, view: View, service: str | None) -> bytes:
    """Give sites in and near a place as points; ``inside`` says whether one lies in the view's footprint.

    Where the view asks for those that accept new NHS patients, only those known to do so.
    """
    inside = set(edition.codes[edition.rows_within(view.within)].tolist())
    features = [
        {
            "type": "Feature",
            "id": f"{site['service']}-{site['site_id']}",
            "geometry": {"type": "Point", "coordinates": [site["lon"], site["lat"]]},
            "properties": {key: site[key] for key in in_order(tuple(site)) if key not in ("lon", "lat")}
            | {"inside": site["lsoa21cd"] in inside},
        }
        for site in edition.sites(service, view.within)
        if takes_new(site, view.accepting)
    ]
    listed = view.but(layer="sites", service=service or "")
    facts = view_facts(edition, listed) | {"service": service, "attribution": sentences_of(edition, listed)}
    return _feature_collection(features, facts)


def lines(edition: Edition, view: View) -> bytes:
    """Give main roads and water of a place as lines; none where it was built without streets."""
    return _feature_collection(edition.lines(), view_facts(edition, view.but(layer="sites")))


def _feature_collection(features: Sequence[dict[str, Any]], facts: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": "FeatureCollection", "evenreach": facts, "features": features})


def _usual(classes: np.ndarray) -> int | None:
    """Return the most frequent class, the lowest of several."""
    known = classes[np.isfinite(classes)].astype(np.int64)
    return int(np.bincount(known).argmax()) if len(known) else None


def _mean(values: np.ndarray, people: np.ndarray) -> float | None:
    return round(float(np.average(values, weights=people)), 6) if len(values) else None


def _finite(value: Any) -> Any:
    """Replace what JSON has no number for by null."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


_SAID: Memory[dict[str, list[str]]] = Memory(VIEWS_SAID, 1, lambda _: 1)
