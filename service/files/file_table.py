"""The figures of a view as the columns of a file, with what has to be said about them.

Every format is written from this one table, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layers.map_layers import RANKED, map_layer, site_symbols
from service.access import layer_columns as access
from service.drawing.features import shown_indicator
from service.editions.credits import credits_for, sources_behind
from service.editions.edition import Edition
from service.editions.layer_figures import column_names, figures
from service.editions.scoring import LEADING, METHOD_VERSION, OWN_WEIGHTS, Scores, score
from service.editions.services import takes_new
from service.editions.site_names import ORDER_OF_SITES, in_order
from service.editions.views import ACCESS, View, dial_text
from service.files.column_words import ABOUT_COLUMNS, ABOUT_SITES, words_in_view

TEXT = (
    *access.TEXT,
    *(name for name in LEADING if name != "population"),
    "certainty",
    "grade",
    "note",
    "cluster",
    "hot_spot",
)
WHOLE = (
    "population",
    "need_fifth",
    "rank",
    "place_rank",
    "rank_low",
    "rank_high",
    "imd_rank",
    "imd_decile",
    "certainty_class",
    "cluster_class",
    *access.WHOLE,
)
NONE_IS_ZERO = ("need_fifth", "rank", "place_rank", "rank_low", "rank_high", *access.NONE_IS_ZERO)
TRUTHS_OF_SITES = ("inside", "accepting_children", "accepting_adults")
NUMBERS_OF_SITES = ("lon", "lat", "easting", "northing", "supply", "capacity", "fte")
DECIMALS_SHOWN = {"need_score": 1, "need_position": 3, "targeting_score": 2, "top_fifth_chance": 2, "imd_score": 1}
DECIMALS_SHOWN |= access.DECIMALS


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    name, about : str
        Its published name and one sentence.
    kind : {"text", "whole", "number", "truth"}
        What its values are; truths are true or false.
    values : list
        Plain text, int, float or bool; None = not known.
    decimals : int
        Decimals a spreadsheet shows; the figure itself is whole.
    sources : tuple of str
        Titles of the published sources it rests on, the nearest first.
    """

    name: str
    about: str
    kind: str
    values: list[Any]
    decimals: int = 2
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """What a file holds: columns in the published order, and what has to be said about them.

    Attributes
    ----------
    facts : dict
        Place, edition, method, view, attribution and sources.
    scores : Scores or None
        What the rows are; None for a table of sites.
    """

    columns: list[Column]
    facts: dict[str, Any]
    scores: Scores | None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns[0].values)


WITHOUT_FOCUS = ("imd", "indicator", "sites")
WITHOUT_DIAL = ("imd", "indicator", "sites", ACCESS)  # layers that the dial does not change


def table_of(edition: Edition, view: View) -> Table:
    """Collect the figures of a view as the columns of a file.

    Parameters
    ----------
    edition : Edition
        An open edition of the view's place.
    view : View
        Focus, dial, footprint and layer. The layers ``targeting`` and ``need`` are the scores table;
        the others carry their own columns after the names; ``sites`` is the list of sites.

    Returns
    -------
    Table
        One row per neighbourhood of the view, in code order, or per site.
    """
    if view.layer == "sites":
        return _sites_table(edition, view)
    scores = score(edition, view)
    names = edition.names(scores.rows)
    columns = [_column(edition, view, name, [row.get(name) for row in names]) for name in LEADING]
    for name in layer_names(edition, scores):
        kind = about_column(edition, name)[1]
        columns.append(_column(edition, view, name, _plain(figures(edition, scores, name), name, kind)))
    columns, facts = _credited(edition, view, columns)
    facts |= dial_facts(scores)
    shown = shown_indicator(edition, view)
    if view.layer == "indicator" and shown in edition.own.indicators:
        columns.append(_notes(edition, shown, scores))
        facts |= {"own": edition.own.sentences(shown)}
    return Table(columns, facts, scores)


def _credited(edition: Edition, view: View, columns: list[Column]) -> tuple[list[Column], dict[str, Any]]:
    """Say of each column where it comes from, and of the file whom it has to credit: the sources of its columns."""
    facts = facts_of(edition, view)
    asked = view.but(service=facts["access"]["service"]) if "access" in facts else view
    behind = sources_behind(edition, asked, [column.name for column in columns])
    sources, sentences = credits_for(behind)
    named = [
        replace(column, sources=tuple(f"{source['title']}, {source['publisher']}" for source in behind[column.name]))
        for column in columns
    ]
    return named, _that_matter(facts) | {"attribution": sentences, "sources": _plain_sources(sources)}


def _that_matter(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave out the focus and the dial where they change nothing in the file."""
    idle = {"focus", "focus_title", "strength", "weights"} if facts["layer"] in WITHOUT_FOCUS else set()
    turned = facts.get("access", {}).get("demand") == "targeting"  # then the dial says who shares what is in reach
    idle |= {"rho"} if facts["layer"] in WITHOUT_DIAL and not turned else set()
    return {name: value for name, value in facts.items() if name not in idle}


def _plain_sources(sources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: source.get(key, "") for key in ("title", "publisher", "edition", "licence")} for source in sources]


def _notes(edition: Edition, name: str, scores: Scores) -> Column:
    """Say of an own table why a figure is missing, or what it was marked with."""
    notes = edition.own.notes(name)
    values = [notes[row] or None for row in scores.rows.tolist()]
    return Column(f"{name}_note", "Why a figure is missing, or what it was marked with", "text", values)


def dial_facts(scores: Scores) -> dict[str, dict[str, float]]:
    """Give the smallest and largest share per head in a view, for what a file says of the dial."""
    spread = scores.dial()
    return {"dial": spread} if np.isfinite(spread["ratio"]) else {}


def layer_names(edition: Edition, scores: Scores) -> list[str]:
    """Name the columns of a layer after the leading ones."""
    return column_names(scores, shown_indicator(edition, scores.view))


def _column(edition: Edition, view: View, name: str, values: list[Any]) -> Column:
    return Column(name, *about_column(edition, name, view), values, _decimals(edition, name))


def _sites_table(edition: Edition, view: View) -> Table:
    found = [site for site in edition.sites(view.service or None, view.within) if takes_new(site, view.accepting)]
    held = list(dict.fromkeys(name for site in edition.sites() for name in site)) or list(ORDER_OF_SITES)
    columns = [
        Column(name, *_about_site(name), [site.get(name) for site in found], 6) for name in in_order(tuple(held))
    ]
    columns, facts = _credited(edition, view, columns)
    facts |= {"rows": "sites", "sheet": "Sites"}
    if view.service:
        facts["title"] = f"{edition.place['name']}: {site_symbols([view.service])[view.service].plural}"
    if view.accepting:
        facts["choice"] = [f"Only sites known to take new NHS patients: {view.accepting}"]
    return Table(columns, facts, None)


def _about_site(name: str) -> tuple[str, str]:
    kind = "number" if name in NUMBERS_OF_SITES else "truth" if name in TRUTHS_OF_SITES else "text"
    return ABOUT_SITES.get(name, name.replace("_", " ")), kind


def _plain(values: Any, name: str, kind: str) -> list[Any]:
    """Turn an array into plain values, with None for what is not known."""
    if name in TEXT:
        return [text or None for text in values]
    known = np.isfinite(values) & ((np.asarray(values) > 0) if name in NONE_IS_ZERO else True)
    plain = [int(value) for value in np.where(known, values, 0)] if kind == "whole" else np.asarray(values).tolist()
    return [value if is_known else None for value, is_known in zip(plain, known.tolist(), strict=True)]


def about_column(edition: Edition, name: str, view: View | None = None) -> tuple[str, str]:
    """Say what a column of neighbourhoods is.

    Parameters
    ----------
    edition : Edition
        Where indicators are looked up.
    name : str
        A column that every place has, or an indicator of the edition.
    view : View, optional
        Whose column it is: its words then name the neighbourhoods compared and the ages counted.

    Returns
    -------
    tuple of (str, str)
        One sentence about it, and its kind: ``text``, ``whole`` or ``number``.
    """
    if name in ABOUT_COLUMNS:
        words = words_in_view(edition, view, name, ABOUT_COLUMNS[name]) if view else ABOUT_COLUMNS[name]
        return words, "text" if name in TEXT else "whole" if name in WHOLE else "number"
    indicator = edition.indicators[name]
    about = [str(indicator["name"]), str(indicator.get("unit") or ""), str(indicator.get("period") or "")]
    return ", ".join(part for part in about if part), _kind_of_indicator(indicator)


def _kind_of_indicator(facts: dict[str, Any]) -> str:
    """Tell whole numbers from others: a published rank is whole by nature, a share or a mean is not."""
    is_rank = str(facts.get("unit") or "").startswith("rank") and not facts.get("decimals", 2)
    return "whole" if is_rank else "number"


def _decimals(edition: Edition, name: str) -> int:
    return (
        int(edition.indicators[name].get("decimals", 2)) if name in edition.indicators else DECIMALS_SHOWN.get(name, 2)
    )


def facts_of(edition: Edition, view: View) -> dict[str, Any]:
    """Collect what every file says about itself.

    Returns
    -------
    dict
        Plain data: title, place, edition, method, focus, rho, within, layer, attribution, sources, caution.
    """
    focus = edition.focuses[view.focus]
    used = [source for source in edition.sources if source.get("status") == "used"]
    shown = access.facts_of(edition, view) if view.layer == ACCESS else {}
    return {
        "title": f"{edition.place['name']}: {shown.get('title') or _subject(edition, view)}",
        "place": edition.place["id"],
        "place_name": edition.place["name"],
        "fictional": bool(edition.place.get("fictional")),
        "edition": edition.id,
        "built": str(edition.manifest.get("built") or edition.id[:10]),
        "method": METHOD_VERSION,
        "focus": view.focus,
        "focus_title": focus["title"],
        "strength": focus.get("strength", ""),
        "rho": view.rho,
        "weights": view.weights,
        "within": view.within,
        "layer": view.layer,
        "indicator": shown_indicator(edition, view) if view.layer == "indicator" else "",
        "attribution": edition.attribution(view.layer or "targeting"),
        "sources": _plain_sources(used),
        "caution": "Places are deprived, people are not. An empty cell means not known.",
        **({"access": shown, "access_words": access.words_of(edition, view)} if shown else {}),
    }


def _subject(edition: Edition, view: View) -> str:
    """Name what a file holds: its focus, or its layer where that is not about a focus."""
    focus = edition.focuses[view.focus]
    if (view.layer or "targeting") in RANKED:
        return str(focus["title"])
    indicator = shown_indicator(edition, view) if view.layer == "indicator" else view.indicator
    wanted = {"id": indicator, **edition.indicators[indicator]} if indicator else {}
    return map_layer(view.layer, focus=focus, indicator=wanted).title


def _dial_lines(facts: dict[str, Any]) -> list[str]:
    """Say what the dial means in this place's own numbers, where there are any."""
    spread = facts.get("dial")
    if facts["layer"] in WITHOUT_DIAL or spread is None:
        return []
    return [
        f"Dial {dial_text(facts['rho'])}: per head, the least is {spread['least']:.2f} times the average, the most "
        f"{spread['most']:.2f} times; that is {spread['ratio']:.2f} times as much where need is greatest"
    ]


def describing_lines(facts: dict[str, Any]) -> list[str]:
    """Say in plain sentences what a file shows: for a cover sheet or a description field."""
    lines = [f"Place: {facts['place_name']}" + (" (fictional)" if facts["fictional"] else "")]
    if facts["within"]:
        lines.append(f"Within: {facts['within']}")
    if facts["layer"] not in WITHOUT_FOCUS or "siting" in facts:
        lines.append(f"Focus: {facts['focus_title']} ({facts['focus']}), strength of the evidence: {facts['strength']}")
    lines += _dial_lines(facts)
    if facts.get("weights"):
        lines.append(
            f"Own weights, not the published ones: {facts['weights']}. How sure the ranks are is {OWN_WEIGHTS}"
        )
    lines += facts.get("choice", [])
    lines += facts.get("access_words", [])
    lines += facts.get("share_out", [])
    lines += facts.get("siting", [])
    lines += facts.get("own", [])
    lines.append(f"Edition: {facts['edition']}. Method version: {facts['method']}")
    return [*lines, facts["caution"]]


def describing_text(facts: dict[str, Any]) -> str:
    """Say the same in one text, each sentence with its full stop."""
    return " ".join(line if line.endswith(".") else f"{line}." for line in describing_lines(facts))
