"""What a page with a map holds: the layer, its legend, its key, and the addresses that its script reads.

One model serves the planner, the full-page map and the picture, so that they cannot tell different stories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

import orjson
from markupsafe import Markup

from layers.map_classes import (
    BORDERLINE,
    DECILE_LABELS,
    FIFTH_LABELS,
    MISSING_LABEL,
    LegendClass,
    class_count,
    palette,
    range_text,
)
from layers.map_layers import (
    LAYERS,
    MapLayer,
    site_symbols,
)
from service.access import layer_columns as access
from service.drawing.features import shown_indicator
from service.drawing.prepared import FIGURES
from service.editions.edition import Edition
from service.editions.scoring import Scores
from service.editions.views import ACCESS, DEFAULT_RHO, View, dial_text
from service.pages.drawn_layers import DrawnLayer, drawn_layer, hatched_words
from service.pages.map_credits import map_credits, site_credits
from service.pages.map_key import ServiceKey, accepting_of, keys_of
from service.pages.map_pictures import draws_sites, picture_query
from service.pages.map_words import caption, notes_on_map, subtitle

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
    """Everything that `templates/map/` needs; addresses are relative to the site.

    `site_attribution` credits the sites that can be shown, beside `attribution`; `pictured` says that the picture
    draws them too.
    """

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
    council: str
    picture: str
    table: str
    legend: Sequence[LegendLine]
    hatched: str
    services: Sequence[ServiceKey]
    notes: Sequence[str]
    attribution: Sequence[str]
    site_attribution: Sequence[str]
    pictured: bool
    other_layers: Sequence[OtherLayer]
    indicators: Sequence[Choice]
    kept: Sequence[tuple[str, str]]


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
    by_council = edition.large and not view.within
    said = caption(edition, view, drawn, scores, by_council=by_council)
    keys = keys_of(edition, view, service)
    credited = map_credits(edition, view)
    edition_query = urlencode({"edition": view.edition}) if view.edition else ""
    return MapPage(
        layer=drawn.layer,
        place_id=place,
        subtitle=subtitle(edition, view, drawn, scores),
        description=said.description,
        frame=Markup(edition.frame()[0]),  # nosec B704 # by service.drawing.render alone, from numbers and escaped text
        frame_script=f"/maps/{place}/frame.js?edition={quote(edition.id)}",
        spec=spec(drawn, keys),
        rho=dial_text(view.rho),
        **_data_addresses(edition, view, areas),
        councils=_address("geojson", place, "councils", _councils_query(edition, view)) if by_council else "",
        sites=_address("geojson", place, "sites", _given(kept)) if keys else "",
        ground=_address("geojson", place, "lines", edition_query) if edition.network else "",
        profile=_address("places", place, "neighbourhoods/CODE", view.but(layer="").query()),
        council=_address("maps", place, drawn.layer.id, view.but(within="lad:CODE").query()) if by_council else "",
        picture=_address("pictures", place, f"{drawn.layer.id}.svg", picture_query(view, service)),
        table=_address("places", f"{place}/access" if drawn.layer.id == ACCESS else place, "", query),
        legend=[_legend_line(line, drawn.layer) for line in drawn.legend],
        hatched=hatched_words(drawn),
        services=keys,
        notes=notes_on_map(edition, view, scores),
        attribution=credited,
        site_attribution=site_credits(edition, (key.id for key in keys), credited),
        pictured=draws_sites(edition, view, service),
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


def _councils_query(edition: Edition, view: View) -> str:
    """Name the indicator that the map shows: the address of councils does not name the layer."""
    return (view.but(indicator=shown_indicator(edition, view)) if view.layer == "indicator" else view).query()


def _given(words: Mapping[str, str]) -> str:
    return urlencode({name: text for name, text in words.items() if text})


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


def _address(kind: str, place: str, rest: str, query: str) -> str:
    path = "/".join(part for part in (kind, place, rest) if part)
    return f"/{path}{'?' if query else ''}{query}"


def _legend_line(line: LegendClass, layer: MapLayer) -> LegendLine:
    count = f"{line.count:,} neighbourhood{'' if line.count == 1 else 's'}"
    return LegendLine(line.number, line.colour, line.label, range_text(line, layer), count)


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
