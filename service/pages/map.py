"""What a page with a map holds: the layer, its legend, its key, and the addresses that its script reads.

One model serves the planner, the full-page map and the picture, so that they cannot tell different stories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import orjson
from markupsafe import Markup
from numpy.typing import NDArray

from layers.map_classes import (
    BORDERLINE,
    DECILE_LABELS,
    FIFTH_LABELS,
    MISSING,
    MISSING_LABEL,
    LegendClass,
    borderline,
    class_count,
    class_numbers,
    legend,
    palette,
    range_text,
)
from layers.map_layers import (
    HATCHED_LABEL,
    LAYERS,
    RANKED,
    SITE_SYMBOLS,
    MapLayer,
    SiteSymbol,
    map_layer,
    site_symbols,
)
from service.access import layer_columns as access
from service.access.requests import NEW_PATIENTS, asked
from service.drawing.features import councils, shown_indicator
from service.drawing.picture import Area, Caption, Ground, Site, picture, rings_of
from service.drawing.prepared import FIGURES
from service.editions.edition import Edition
from service.editions.layer_figures import figures
from service.editions.scoring import Scores
from service.editions.services import takes_new
from service.editions.views import ACCESS, DEFAULT_RHO, View, dial_text
from service.embeds.addresses import map_query
from service.memory import Memory
from service.pages.certainty import certainty_notes, cluster_notes
from service.pages.map_key import ServiceKey, service_keys
from service.pages.wording import credits_once, day

LAYER_NAMES = {
    "targeting": "Targeting score",
    "need": "Need score",
    "imd": "Index of Multiple Deprivation",
    "indicator": "Indicators",
    "certainty": "How sure the ranks are",
    "clusters": "Clusters",
    "sites": "Sites",
    "access": "Access to a service",
}
GO_NEAR = "Choose one on the map, or zoom in, to see its neighbourhoods."
KEYS_REMEMBERED = 300  # views
_KEYS: Memory[list[ServiceKey]] = Memory(KEYS_REMEMBERED, 1, lambda _: 1)
GROUND_WORDS = "Blue lines are rivers and other water, grey lines are main roads."


@dataclass(frozen=True)
class LegendLine:
    """One line of the legend, in words."""

    number: int
    colour: str
    label: str
    range: str
    count_text: str


@dataclass(frozen=True)
class OtherLayer:
    """A link to another map of the same view."""

    name: str
    href: str
    current: bool


@dataclass(frozen=True)
class Choice:
    """One indicator that the layer of indicators can show."""

    id: str
    name: str
    current: bool


@dataclass(frozen=True)
class MapPage:
    """Everything that `templates/map/` needs; addresses are relative to the site."""

    layer: MapLayer
    place_id: str
    subtitle: str
    description: str
    frame: Markup
    frame_script: str
    spec: str
    rho: str
    geojson: str
    outlines: str
    councils: str
    sites: str
    ground: str
    profile: str
    picture: str
    table: str
    legend: Sequence[LegendLine]
    hatched: str
    services: Sequence[ServiceKey]
    notes: Sequence[str]
    attribution: Sequence[str]
    other_layers: Sequence[OtherLayer]
    indicators: Sequence[Choice]
    kept: Sequence[tuple[str, str]]


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


def map_page(edition: Edition, view: View, scores: Scores, *, service: str = "") -> MapPage:
    """Gather what a page with a map needs.

    Parameters
    ----------
    edition : Edition
        The edition shown.
    view : View
        Place, focus, dial, footprint, layer, indicator.
    scores : Scores
        Of the same view.
    service : str
        Sites of this service alone; empty for all.

    Returns
    -------
    MapPage
        For the templates in `templates/map/`, as `map`.
    """
    drawn = drawn_layer(edition, view, scores)
    place, query = edition.place["id"], view.query()
    areas = "targeting" if drawn.layer.id == "sites" else drawn.layer.id  # sites stand over plain areas
    # of a large place only the footprint's own sites are sent
    kept = {
        "within": view.within if edition.large else "",
        "accepting": accepting_of(view),
        "edition": view.edition,
    }
    caption = _caption(edition, view, drawn, scores)
    keys = _keys(edition, view, service)
    edition_query = urlencode({"edition": view.edition}) if view.edition else ""
    return MapPage(
        layer=drawn.layer,
        place_id=place,
        subtitle=_subtitle(edition, view, drawn, scores),
        description=caption.description,
        frame=Markup(edition.frame()[0]),  # nosec B704 # by service.drawing.render alone, from numbers and escaped text
        frame_script=f"/maps/{place}/frame.js?edition={quote(edition.id)}",
        spec=spec(drawn, keys),
        rho=dial_text(view.rho),
        **_data_addresses(edition, view, areas),
        councils=_address("geojson", place, "councils", query) if edition.large and not view.within else "",
        sites=_address("geojson", place, "sites", _given(kept)) if keys else "",
        ground=_address("geojson", place, "lines", edition_query) if edition.network else "",
        profile=_address("places", place, "neighbourhoods/CODE", view.but(layer="").query()),
        picture=_address("pictures", place, f"{drawn.layer.id}.svg", picture_query(view, service)),
        table=_address("places", f"{place}/access" if drawn.layer.id == ACCESS else place, "", query),
        legend=[_legend_line(line, drawn.layer) for line in drawn.legend],
        hatched=hatched_words(drawn),
        services=keys,
        notes=_notes(edition, view, scores),
        attribution=credits_once(edition.attribution(drawn.layer.id)),
        other_layers=_other_layers(edition, view, place),
        indicators=_indicator_choices(edition, view, drawn.layer),
        kept=[(name, value) for name, value in parse_qsl(query) if name != "indicator"],
    )


def _data_addresses(edition: Edition, view: View, areas: str) -> dict[str, str]:
    """Say where the script gets the areas: of a whole place its outlines, the same in every view, and the figures.

    Of a footprint, and of a place so large that only a box of it is fetched, each area comes with its boundary.
    """
    place = edition.place["id"]
    if edition.large or view.within or not edition.prepared.has_outlines:
        detail = "full" if edition.large else "map"
        return {"geojson": _address("geojson", place, areas, view.query(detail=detail)), "outlines": ""}
    figures_query = view.but(rho=DEFAULT_RHO).query(detail=FIGURES)  # none of them changes with the dial
    return {
        "geojson": _address("geojson", place, areas, figures_query),
        "outlines": _address("geojson", place, "outlines", urlencode({"edition": edition.id})),
    }


def _keys(edition: Edition, view: View, service: str) -> list[ServiceKey]:
    """List the services of a map with their sites: the same at every dial, so that they are counted once."""

    def counted() -> list[ServiceKey]:
        """Count them."""
        whole = view.layer in ("sites", ACCESS) or bool(service)
        return service_keys(edition, view, _shown_sites(edition, view, service), all_shown=whole)

    same = view.but(rho=DEFAULT_RHO, weights="", edition="")
    return _KEYS.get((edition.serial, same, service), counted)


def _shown_sites(edition: Edition, view: View, service: str) -> list[int]:
    """Rows of the sites of one service or of all; on the layer of access of those that give the service asked about."""
    if view.layer == ACCESS:
        question = asked(edition, view)
        return edition.site_rows(question.service, accepting=question.accepting)
    listed, accepting = edition.sites(), accepting_of(view)
    rows = edition.site_columns.rows_of(service) if service else list(range(len(listed)))
    return [row for row in rows if takes_new(listed[row], accepting)] if accepting else rows


def accepting_of(view: View) -> str:
    """Name the ages whose being taken narrows the sites of a map; on maps of scores nothing does."""
    return view.accepting if view.layer in ("sites", ACCESS) else ""


def _given(words: Mapping[str, str]) -> str:
    return urlencode({name: text for name, text in words.items() if text})


def picture_query(view: View, service: str) -> str:
    """Write the query of a view's picture: all that it is drawn from."""
    return map_query(view if view.layer == ACCESS else view.but(service=service))


def services_of(edition: Edition) -> set[str]:
    """Name the services whose sites can be shown: those with a symbol of their own, and those of own lists."""
    return set(SITE_SYMBOLS) | {str(site["service"]) for site in edition.own.sites}


def spec(drawn: DrawnLayer, keys: Sequence[ServiceKey]) -> str:
    """Write the facts of a layer that the page's script needs, as JSON."""
    layer = drawn.layer
    labels = {
        "fifths": FIFTH_LABELS,
        "decile pairs": tuple(f"Deciles {label}" for label in DECILE_LABELS),
        "named": layer.labels,
    }
    return orjson.dumps(
        {
            "id": layer.id,
            "column": layer.column,
            "classColumn": layer.class_column,
            "classes": layer.classes,
            "valueName": layer.value_name,
            "unit": layer.unit,
            "decimals": layer.decimals,
            "polarity": layer.polarity,
            "breaks": drawn.breaks,
            "hatched": {"column": "top_fifth_chance", "between": BORDERLINE} if drawn.hatched.any() else None,
            "palette": palette(layer, class_count(layer, drawn.breaks)),
            "labels": (MISSING_LABEL, *labels.get(layer.classes, ())),
            "also": access.ALSO if layer.id == ACCESS else [],
            "services": {service: symbol.name for service, symbol in site_symbols(key.id for key in keys).items()},
        }
    ).decode()


def map_picture(edition: Edition, view: View, scores: Scores, *, service: str = "", headed: bool = True) -> str:
    """Draw the view's layer as an SVG picture; a large place is drawn by council.

    Parameters
    ----------
    edition, view, scores
        As for `map_page`.
    service : str
        Draw the sites of this service on any layer; empty for all of them on the layer `sites`.
    headed : bool
        Draw the heading; not where the picture stands under one.

    Returns
    -------
    str
        A whole SVG document.
    """
    wanted = (view.layer in ("sites", ACCESS) or bool(service)) and not (edition.large and not view.within)
    listed = edition.sites()
    shown = [listed[row] for row in (_shown_sites(edition, view, service) if wanted else [])]
    sites = [Site(site["service"], site["lon"], site["lat"]) for site in shown if site.get("inside", True)]
    return picture_with(edition, view, scores, sites, headed=headed)


def picture_with(
    edition: Edition,
    view: View,
    scores: Scores,
    sites: Sequence[Site],
    *,
    symbols: Mapping[str, SiteSymbol] | None = None,
    title: str = "",
    headed: bool = True,
) -> str:
    """Draw the view's layer as an SVG picture with these sites on it.

    Parameters
    ----------
    edition, view, scores
        As for `map_page`.
    sites : sequence of Site
        Drawn over the areas.
    symbols : mapping of str to SiteSymbol, optional
        How they are drawn, where they are no services of the published lists.
    title : str
        Heading; that of the layer when left out.
    headed : bool
        Draw the heading; not where the picture stands under one.
    """
    drawn = drawn_layer(edition, view, scores)
    by_council = edition.large and not view.within
    areas = _council_areas(edition, scores, drawn.layer) if by_council else _neighbourhood_areas(edition, scores, drawn)
    caption = _caption(edition, view, drawn, scores, by_council=by_council)
    caption = replace(caption, title=title or caption.title, headed=headed)
    return picture(drawn.layer, areas, drawn.legend, caption, sites=sites, symbols=symbols, ground=_ground(edition))


def _ground(edition: Edition) -> list[Ground]:
    """Take main roads and water, where the edition was built with streets."""
    return [
        Ground(feature["properties"]["kind"], np.array(path, dtype=float))
        for feature in edition.lines()
        for path in feature["geometry"]["coordinates"]
    ]


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


def _address(kind: str, place: str, rest: str, query: str) -> str:
    path = "/".join(part for part in (kind, place, rest) if part)
    return f"/{path}{'?' if query else ''}{query}"


def _legend_line(line: LegendClass, layer: MapLayer) -> LegendLine:
    count = f"{line.count:,} neighbourhood{'' if line.count == 1 else 's'}"
    return LegendLine(line.number, line.colour, line.label, range_text(line, layer), count)


def hatched_words(drawn: DrawnLayer) -> str:
    """Say what a hatched colour means and for how many neighbourhoods; nothing where none is hatched."""
    count = int(drawn.hatched.sum())
    if not count:
        return ""
    kind = f"{count:,} neighbourhood{'' if count == 1 else 's'}"
    return f"{HATCHED_LABEL}. {kind}."


def _notes(edition: Edition, view: View, scores: Scores) -> list[str]:
    notes = certainty_notes(edition, scores) if view.layer == "certainty" else []
    if view.layer == "clusters":
        notes = cluster_notes(edition, view)
    if view.layer == "sites" and view.accepting:
        notes.append(f"Only sites known to take new {NEW_PATIENTS[view.accepting]} NHS patients are shown.")
    if view.weights:
        notes.append("The indicators are weighted as you chose, not as the focus publishes.")
    if edition.network:
        notes.append(GROUND_WORDS)
    if edition.place.get("fictional"):
        notes.append("This place is fictional. Its figures are made up.")
    if edition.large and not view.within:
        named = LAYERS[view.layer or "targeting"]({}, {}).classes == "named"
        how = "most frequent class" if named else "mean need fifth"
        notes += [f"Councils are coloured by the {how} of their neighbourhoods.", GO_NEAR]
    return notes


def _other_layers(edition: Edition, view: View, place: str) -> list[OtherLayer]:
    return [
        OtherLayer(LAYER_NAMES[name], _address("maps", place, name, view.but(layer=name).query()), name == view.layer)
        for name in LAYERS
        if name != ACCESS or (edition.services() and (view.within or not edition.large))
    ]


def _indicator_choices(edition: Edition, view: View, layer: MapLayer) -> list[Choice]:
    if layer.id not in ("indicator", "clusters"):
        return []
    shown = layer.column if layer.id == "indicator" else view.indicator
    choices = [Choice(name, str(facts["name"]), name == shown) for name, facts in edition.indicators.items()]
    if layer.id == "clusters":
        return [Choice("", "The need score of this focus", not shown), *sorted(choices, key=lambda each: each.name)]
    return sorted(choices, key=lambda choice: choice.name)


def _where(edition: Edition, view: View) -> str:
    name = str(edition.place["name"])
    return f"{edition.footprint(view.within)['name']}, {name}" if view.within else name


def _subtitle(edition: Edition, view: View, drawn: DrawnLayer, scores: Scores) -> str:
    """Say under the heading of a map where it is, how the dial stands and what that means, and how old it is."""
    dial = ""
    if drawn.layer.id == "targeting":
        rho = dial_text(view.rho)
        means = "the same for all" if view.rho == 1 else f"up to {rho} times as much per head where need is greatest"
        dial = f" The dial is at {rho}: {means}."
    count = f"{len(scores):,} neighbourhoods"
    return f"{_where(edition, view)}: {count}.{dial} Figures built on {day(edition.id)}"


def _caption(edition: Edition, view: View, drawn: DrawnLayer, scores: Scores, *, by_council: bool = False) -> Caption:
    count = len(scores)
    where = _where(edition, view)
    dial = f". The dial is at {dial_text(view.rho)}" if drawn.layer.id == "targeting" else ""
    kind = "sites over outlines" if drawn.layer.classes == "none" else "darker means greater need"
    if drawn.layer.id == "imd":
        kind = "darker means more deprived"
    if drawn.layer.id in ("certainty", "clusters"):
        kind = "the legend names the classes"
    if drawn.layer.id == ACCESS:
        kind = "darker means worse access"
    notes = _notes(edition, view, scores)
    if drawn.hatched.any() and not by_council:
        notes = [hatched_words(drawn), *notes]
    return Caption(
        title=drawn.layer.title,
        subtitle=f"{where}: {count:,} neighbourhoods{dial}. Figures built on {day(edition.id)}",
        description=f"Map of {where}. {drawn.layer.title}; {kind}. {count:,} neighbourhoods. "
        "The ranked table holds the same figures.",
        attribution=[*edition.attribution(drawn.layer.id), f"Edition {edition.id}."],
        notes=tuple(note for note in notes if note != GO_NEAR) if by_council else notes,
    )


def _neighbourhood_areas(edition: Edition, scores: Scores, drawn: DrawnLayer) -> list[Area]:
    rows = scores.rows.tolist()
    names = edition.names(rows)
    return [
        Area(
            code=str(edition.codes[row]),
            rings=rings_of(edition.geometry(row)),
            number=int(number),
            label=str(facts.get("msoa21hclnm") or ""),
            council=str(facts.get("lad24nm") or ""),
            hatched=bool(hatched),
        )
        for row, number, hatched, facts in zip(rows, drawn.numbers, drawn.hatched, names, strict=True)
    ]


def _council_areas(edition: Edition, scores: Scores, layer: MapLayer) -> list[Area]:
    """Councils coloured by mean need fifth or most frequent class, the same figures as the page's script gets."""
    areas = []
    for feature in orjson.loads(councils(edition, scores))["features"]:
        facts = feature["properties"]
        number = council_class(facts, layer)
        areas.append(Area(feature["id"], rings_of(feature["geometry"]), number, facts["lad24nm"]))
    return areas


def council_class(facts: Mapping[str, Any], layer: MapLayer) -> int:
    """Give the class of a council: its most frequent one where classes are named, else by its mean need fifth."""
    if layer.classes == "named":
        return int(facts[layer.class_column] or MISSING)
    mean = facts["mean_need_fifth"]
    return MISSING if mean is None else int(min(5, max(1, np.floor(mean + 0.5))))
