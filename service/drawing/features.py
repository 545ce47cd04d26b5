"""GeoJSON and JSON answers: prepared bytes in, slices with the view's figures out (RFC 7946, degrees)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from layers.gradient import Counts
from service.access import layer_columns as access
from service.editions.edition import Edition
from service.editions.layer_figures import column_names, figures
from service.editions.scoring import METHOD_VERSION, Scores
from service.editions.views import ACCESS, View, dial_text
from service.editions.weights import ingredients_of
from service.pages.certainty import certainty_notes

NULL = b"null"
SCORED_LAYERS = ("targeting", "need")


def collection(edition: Edition, scores: Scores, *, detail: str, chosen: Counts | None = None) -> bytes:
    """Neighbourhoods of a view as a FeatureCollection.

    Parameters
    ----------
    edition, scores : Edition, Scores
        The view's figures.
    detail : {"full", "map", "none"}
        Boundaries as published, simplified with shared edges kept, or none.
    chosen : array of int, optional
        Indexes into `scores` of the neighbourhoods wanted; all of them if left out.

    Returns
    -------
    bytes
        Feature id = ``lsoa21cd``; properties = the layer's columns; member ``evenreach`` says
        edition, method, attribution and view.
    """
    index = np.arange(len(scores)) if chosen is None else chosen
    rows = scores.rows[index]
    shapes = [NULL] * len(rows) if detail == "none" else edition.shapes(detail).many(rows)
    words = edition.name_fragments.many(rows)
    names, columns = layer_columns(edition, scores, index)
    template = (
        b'{"type":"Feature","id":%b,"geometry":%b,"properties":{%b'
        + b"".join(b"," + orjson.dumps(name).replace(b"%", b"%%") + b":%b" for name in names)
        + b"}}"
    )
    ids = [b'"' + code.encode() + b'"' for code in edition.codes[rows]]
    features = b",".join(template % parts for parts in zip(ids, shapes, words, *columns, strict=True))
    about = orjson.dumps(view_facts(edition, scores.view))
    return b'{"type":"FeatureCollection","evenreach":' + about + b',"features":[' + features + b"]}"


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


def layer_columns(edition: Edition, scores: Scores, index: Counts) -> tuple[list[str], list[list[bytes]]]:
    """Columns that a layer's features carry beside their names, each value as JSON."""
    names = column_names(scores, shown_indicator(edition, scores.view))
    return names, [_encoded(figures(edition, scores, name), index) for name in names]


def shown_indicator(edition: Edition, view: View) -> str:
    """Name the indicator that the layer ``indicator`` shows: the one asked for, else the focus's weightiest."""
    ingredients = ingredients_of(edition, view)
    return view.indicator or str(max(ingredients, key=lambda part: part["weight"])["indicator"])


def score_columns(scores: Scores, index: Counts) -> tuple[list[str], list[list[bytes]]]:
    """Columns of the scores table after the leading ones, each value as JSON."""
    names = scores.names()
    names = names[names.index("eligible") :]
    return names, [_encoded(scores.column(name), index) for name in names]


def _encoded(values: Any, index: Counts) -> list[bytes]:
    if isinstance(values, list):
        return [orjson.dumps(values[item] or None) for item in index]
    if values.dtype.kind == "i":
        return [b"%d" % value if value else NULL for value in values[index].tolist()]
    return encoded(values[index])


def encoded(values: np.ndarray) -> list[bytes]:
    """Numbers as JSON texts, the shortest that read back the same; NaN is null, whole numbers have no point."""
    whole = np.isfinite(values) & (values == np.trunc(values))
    texts = orjson.dumps(np.ascontiguousarray(values, dtype=float), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    if texts == [b""]:
        return []
    return [text.removesuffix(b".0") if round_ else text for text, round_ in zip(texts, whole.tolist(), strict=True)]


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
        is the mean of the neighbourhoods' fifths, 1 = greatest need; ``certainty_class`` and ``cluster_class``
        are the most frequent classes of these layers.
    """
    features = []
    named = {name: np.asarray(figures(edition, scores, name)) for name in ("certainty_class", "cluster_class")}
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
        }
        features.append(
            {"type": "Feature", "id": council["code"], "geometry": council["geometry"], "properties": properties}
        )
    return _feature_collection(features, view_facts(edition, scores.view))


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
            "properties": {key: value for key, value in site.items() if key not in ("lon", "lat")}
            | {"inside": site["lsoa21cd"] in inside},
        }
        for site in edition.sites(service, view.within)
        if not view.accepting or site.get(f"accepting_{view.accepting}") is True
    ]
    facts = view_facts(edition, view.but(layer="sites")) | {"service": service}
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
