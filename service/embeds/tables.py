"""The table under an embedded map: what the map says, in words and numbers, the most needy first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from layers.map_classes import MISSING, MISSING_LABEL, value_text
from layers.map_layers import MapLayer, site_symbols
from service.access import layer_columns as access
from service.drawing.features import councils
from service.editions.layer_figures import figures
from service.editions.services import takes_new
from service.editions.views import ACCESS
from service.pages.drawn_layers import DrawnLayer, council_class, council_figure, drawn_layer
from service.pages.map_key import count_words

if TYPE_CHECKING:
    from service.editions.edition import Edition
    from service.editions.scoring import Scores
    from service.editions.views import View

CLASS_ON_MAP = "Class on the map"
NOT_CERTAIN = ("but not certain", "but may be in fifth 1")  # of a neighbourhood in fifth 1, and in another


@dataclass(frozen=True)
class Row:
    """One line: who, a second name in smaller letters, the other columns, and the code its own page goes by."""

    name: str
    also: str
    cells: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True)
class EmbedTable:
    """A table with its caption; `numeric` says which columns after the first hold numbers."""

    caption: str
    count_text: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[Row, ...]


def embed_table(edition: Edition, view: View, scores: Scores, *, service: str = "") -> EmbedTable:
    """Write what a map shows as a table.

    Parameters
    ----------
    edition, view, scores
        As for `service.pages.map.map_page`.
    service : str
        On the layer ``sites``: those of this service alone.

    Returns
    -------
    EmbedTable
        One row for each neighbourhood, council (of a large place) or site, the greatest need first.
    """
    drawn = drawn_layer(edition, view, scores)
    if drawn.layer.classes == "none":
        by_council = edition.large and not view.within
        return _site_counts(edition, view, service) if by_council else _sites(edition, view, service)
    if edition.large and not view.within:
        return _councils(edition, scores, drawn)
    return _neighbourhoods(edition, view, scores, drawn)


def _neighbourhoods(edition: Edition, view: View, scores: Scores, drawn: DrawnLayer) -> EmbedTable:
    layer, names = drawn.layer, edition.names(scores.rows.tolist())
    labels = {line.number: line.label for line in drawn.legend} | {MISSING: MISSING_LABEL}
    extra = access.ALSO if view.layer == ACCESS else ()
    also = [figures(edition, scores, part["column"]) for part in extra]
    rows = tuple(
        Row(
            str(names[item].get("msoa21hclnm") or ""),
            str(names[item].get("lsoa21nm") or names[item].get("lsoa21cd") or ""),
            (
                _value(drawn, item),
                *(str(column[item] or "") for column in also),
                *_class_cell(drawn, labels, item),
            ),
            str(names[item]["lsoa21cd"]),
        )
        for item in _order(drawn).tolist()
    )
    classes = (CLASS_ON_MAP,) if layer.classes != "breaks" else ()
    return EmbedTable(
        caption=layer.title,
        count_text=_counted(len(rows), "neighbourhood"),
        columns=("Neighbourhood", _value_title(layer), *(part["name"] for part in extra), *classes),
        numeric=(True, *(False for _ in extra), *(False for _ in classes)),
        rows=rows,
    )


def _class_cell(drawn: DrawnLayer, labels: dict[int, str], item: int) -> tuple[str, ...]:
    if drawn.layer.classes == "breaks":
        return ()
    number = int(drawn.numbers[item])
    if not drawn.hatched[item]:
        return (labels[number],)
    return (f"{labels[number].partition(':')[0]}, {NOT_CERTAIN[number != 1]}",)


def _value(drawn: DrawnLayer, item: int) -> str:
    """Write a figure; a dash where the class says why there is none."""
    without = "No figure" if drawn.numbers[item] == MISSING else "–"
    return value_text(float(drawn.values[item]), drawn.layer.decimals) or without


def _value_title(layer: MapLayer) -> str:
    return f"{layer.value_name} ({layer.unit})" if layer.unit else layer.value_name


def _order(drawn: DrawnLayer) -> Any:
    """Order by class, then by value; those without a figure come last."""
    numbers = np.where(drawn.numbers == MISSING, np.iinfo(np.int64).max, drawn.numbers)
    upward = drawn.layer.polarity < 0 or drawn.layer.classes == "decile pairs"
    values = drawn.values if upward else -drawn.values
    return np.lexsort((np.where(np.isnan(values), np.inf, values), numbers))


def _councils(edition: Edition, scores: Scores, drawn: DrawnLayer) -> EmbedTable:
    layer = drawn.layer
    found = [feature["properties"] for feature in orjson.loads(councils(edition, scores))["features"]]
    if layer.classes == "named":
        measures: tuple[str, ...] = (f"In the class “{layer.labels[0]}”", "Most frequent class")
        numeric: tuple[bool, ...] = (True, True, False)
    else:
        classes = (CLASS_ON_MAP,) if layer.classes != "breaks" else ()
        measures = (f"Its middle neighbourhood: {_value_title(layer)}", *classes)
        numeric = (True, True, *(False for _ in classes))
    ordered = sorted(found, key=lambda facts: _council_order(facts, drawn))
    rows = tuple(
        Row(str(facts["lad24nm"]), "", _council_cells(facts, drawn), str(facts["lad24cd"])) for facts in ordered
    )
    return EmbedTable(
        caption=f"{layer.title}, by council",
        count_text=_counted(len(rows), "council"),
        columns=("Council", "Neighbourhoods", *measures),
        numeric=numeric,
        rows=rows,
    )


def _council_cells(facts: dict[str, Any], drawn: DrawnLayer) -> tuple[str, ...]:
    layer, count = drawn.layer, f"{facts['neighbourhoods']:,}"
    labels = {line.number: line.label for line in drawn.legend} | {MISSING: MISSING_LABEL}
    if layer.classes == "named":
        return count, f"{facts[f'in_{layer.class_column}_1']:,}", labels[council_class(facts, drawn)]
    figure = value_text(council_figure(facts, layer.column), layer.decimals) or "No figure"
    return (count, figure) if layer.classes == "breaks" else (count, figure, labels[council_class(facts, drawn)])


def _council_order(facts: dict[str, Any], drawn: DrawnLayer) -> tuple[float, float, str]:
    """Order councils as neighbourhoods are: by class, then by figure or by how many are in the first class."""
    layer, number = drawn.layer, council_class(facts, drawn)
    if layer.classes == "named":
        share = facts[f"in_{layer.class_column}_1"] / facts["neighbourhoods"]
        return -share, number or 9, str(facts["lad24nm"])
    figure = np.nan_to_num(council_figure(facts, layer.column))
    upward = layer.polarity < 0 or layer.classes == "decile pairs"
    return number or 9, float(figure if upward else -figure), str(facts["lad24nm"])


def _sites(edition: Edition, view: View, service: str) -> EmbedTable:
    listed = edition.sites(service or None, view.within)
    sites = [site for site in listed if site.get("inside", True) and takes_new(site, view.accepting)]
    names = {name: symbol.name for name, symbol in site_symbols({site["service"] for site in sites}).items()}
    rows = tuple(
        Row(str(site["name"]), "", (names[site["service"]], str(site.get("postcode") or "")))
        for site in sorted(sites, key=lambda site: (names[site["service"]], str(site["name"])))
    )
    return EmbedTable(
        caption="Sites in this place",
        count_text=_counted(len(rows), "site"),
        columns=("Site", "Service", "Postcode"),
        numeric=(False, False),
        rows=rows,
    )


def _site_counts(edition: Edition, view: View, service: str) -> EmbedTable:
    """Count the listed sites of each council: a large place has too many to name.

    Without a service those are counted whose list is whole in the council; the others are named beside the number.
    """
    sites = [site for site in edition.sites(service or None) if takes_new(site, view.accepting)]
    symbols = site_symbols([service] if service else {str(site["service"]) for site in sites})
    councils = sorted(edition.councils(), key=lambda council: str(council["name"]))
    codes = [str(council["code"]) for council in councils]
    counts = _counts_by_council(edition, codes, list(symbols), sites)
    whole_in = {entry["id"]: frozenset(entry["complete_in"]) for entry in edition.services()}
    whole = np.array([[code in whole_in.get(name, ()) for name in symbols] for code in codes], dtype=bool)
    whole = whole.reshape(counts.shape)
    cells: list[tuple[str, ...]]
    if service:
        cells = [(_one_count(int(line[0]), bool(known[0])),) for line, known in zip(counts, whole, strict=True)]
    else:
        names = [symbol.plural for symbol in symbols.values()]
        cells = [_all_counts(line, known, names) for line, known in zip(counts, whole, strict=True)]
    return EmbedTable(
        caption="Sites that are listed, by council",
        count_text=_counted(len(councils), "council"),
        columns=("Council", "Sites") if service else ("Council", "Sites", "Not counted: list not complete here"),
        numeric=(True,) if service else (True, False),
        rows=tuple(Row(str(each["name"]), "", text) for each, text in zip(councils, cells, strict=True)),
    )


def _counts_by_council(
    edition: Edition, codes: list[str], services: list[str], sites: list[dict[str, Any]]
) -> NDArray[np.int64]:
    """Count sites by council and service, shape (councils, services)."""
    council_of_row = np.full(edition.count, -1)
    for number, code in enumerate(codes):
        council_of_row[edition.rows_within(f"lad:{code}")] = number
    where = np.array([site["lsoa21cd"] for site in sites], dtype=edition.codes.dtype)
    at = np.minimum(np.searchsorted(edition.codes, where), edition.count - 1)
    councils = np.where(edition.codes[at] == where, council_of_row[at], -1)
    kinds = np.array([services.index(site["service"]) for site in sites], dtype=np.int64)
    cells = (councils * len(services) + kinds)[councils >= 0]
    return np.bincount(cells, minlength=len(codes) * len(services)).reshape(len(codes), len(services))


def _one_count(count: int, whole: bool) -> str:
    return f"{count:,}" if whole else count_words(count, whole)


def _all_counts(counts: NDArray[np.int64], whole: NDArray[np.bool_], names: list[str]) -> tuple[str, str]:
    missing = ", ".join(name for name, known in zip(names, whole, strict=True) if not known)
    return (f"{int(counts[whole].sum()):,}" if whole.any() else "not known here", missing or "–")


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
