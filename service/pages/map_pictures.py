"""The picture of a map, for paper and for readers without scripts: drawn from the layer that the script draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import orjson

from layers.map_layers import SiteSymbol
from service.drawing.features import councils
from service.drawing.picture import Area, Ground, Site, picture, rings_of
from service.editions.edition import Edition
from service.editions.scoring import Scores
from service.editions.views import ACCESS, View
from service.embeds.addresses import map_query
from service.pages.drawn_layers import DrawnLayer, council_class, drawn_layer
from service.pages.map_credits import map_credits, site_credits
from service.pages.map_key import shown_sites
from service.pages.map_words import caption


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
    listed, wanted = edition.sites(), draws_sites(edition, view, service)
    shown = [listed[row] for row in (shown_sites(edition, view, service) if wanted else [])]
    sites = [Site(site["service"], site["lon"], site["lat"]) for site in shown if site.get("inside", True)]
    return picture_with(edition, view, scores, sites, headed=headed)


def draws_sites(edition: Edition, view: View, service: str) -> bool:
    """Tell whether the picture of a view draws sites: on maps of scores those asked for alone, by council none."""
    return (view.layer in ("sites", ACCESS) or bool(service)) and not (edition.large and not view.within)


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
    areas = _council_areas(edition, scores, drawn) if by_council else _neighbourhood_areas(edition, scores, drawn)
    credited = edition.attribution(drawn.layer.id) if symbols else _credits(edition, view, sites)
    said = caption(edition, view, drawn, scores, attribution=credited, by_council=by_council)
    said = replace(said, title=title or said.title, headed=headed)
    return picture(drawn.layer, areas, drawn.legend, said, sites=sites, symbols=symbols, ground=_ground(edition))


def _credits(edition: Edition, view: View, sites: Sequence[Site]) -> list[str]:
    """Credit the publishers of what is drawn."""
    found = map_credits(edition, view)
    return [*found, *site_credits(edition, dict.fromkeys(site.service for site in sites), found)]


def _ground(edition: Edition) -> list[Ground]:
    """Take main roads and water, where the edition was built with streets."""
    return [
        Ground(feature["properties"]["kind"], np.array(path, dtype=float))
        for feature in edition.lines()
        for path in feature["geometry"]["coordinates"]
    ]


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


def _council_areas(edition: Edition, scores: Scores, drawn: DrawnLayer) -> list[Area]:
    """Councils coloured by their middle neighbourhood or most frequent class, by the same figures as the script's."""
    areas = []
    for feature in orjson.loads(councils(edition, scores))["features"]:
        facts = feature["properties"]
        number = council_class(facts, drawn)
        areas.append(Area(feature["id"], rings_of(feature["geometry"]), number, facts["lad24nm"]))
    return areas


def picture_query(view: View, service: str) -> str:
    """Write the query of a view's picture: all that it is drawn from."""
    return map_query(view if view.layer == ACCESS else view.but(service=service))
