"""One map as an SVG picture: for print, PDF, pages without a script, and thumbnails.

Draws from prepared geometry with numpy alone. Colours are presentation attributes, so that the picture needs no
style sheet; every text from data is escaped; nothing in it refers to another file.
"""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layers.map_classes import MISSING, LegendClass, palette, range_text
from layers.map_layers import MapLayer, SiteSymbol, site_symbols
from service.drawing.picture_names import names_drawn
from service.drawing.svg_parts import GREY, INK, Ring, escaped, paragraph, path_data, symbol, text_line
from service.pages.wording import credits_once

WIDTH, HEIGHT = 1120, 792  # the proportions of A4, lying
MARGIN, HEAD, FOOT, SIDE = 28, 78, 74, 292
METRES_PER_DEGREE = 111_320.0
"""Metres of one degree of latitude: a mean value, good to half a per cent over England. It only sets the scale bar."""
GROUND_STROKES = {"water": ("#2a6db0", 2.2), "main_road": ("#4a4a4a", 1.1)}
HALO = 1.4
LINE = "#71808a"

TITLE_HIGH = 46
CREDIT_LINES = 6
CREDIT_SIZES = ((11.0, 200), (9.5, 232), (8.0, 276), (6.5, 340))
"""Sizes of the small print and how many letters a line of it has: the first that holds all of it is taken."""


@dataclass(frozen=True)
class Area:
    """One neighbourhood or council to draw: rings in degrees, its class number, the names of its MSOA and council.

    One that is `hatched` keeps the colour of its class under white lines.
    """

    code: str
    rings: Sequence[Ring]
    number: int
    label: str = ""
    council: str = ""
    hatched: bool = False


@dataclass(frozen=True)
class Site:
    """One site to draw, in degrees."""

    service: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Ground:
    """A main road or a stretch of water to draw, in degrees."""

    kind: str
    points: Ring


@dataclass(frozen=True)
class Caption:
    """The words of a picture; one that is not `headed` stands under a title of its own, so it draws none."""

    title: str
    subtitle: str
    description: str
    attribution: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    headed: bool = True


def rings_of(geometry: Mapping[str, Any] | None) -> list[Ring]:
    """Take all rings of a GeoJSON Polygon or MultiPolygon.

    Returns
    -------
    list of numpy.ndarray, shape (k, 2)
        Longitude, latitude in degrees. No geometry gives no ring.
    """
    if not geometry:
        return []
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [np.asarray(ring, dtype=float)[:, :2] for polygon in polygons for ring in polygon]


def picture(
    layer: MapLayer,
    areas: Sequence[Area],
    lines: Sequence[LegendClass],
    caption: Caption,
    *,
    sites: Sequence[Site] = (),
    symbols: Mapping[str, SiteSymbol] | None = None,
    ground: Sequence[Ground] = (),
) -> str:
    """Draw one map as SVG text on A4, lying.

    Parameters
    ----------
    layer : MapLayer
        What is drawn: palette, unit, words of the legend.
    areas : sequence of Area
        Neighbourhoods (or councils for a large place), in drawing order.
    lines : sequence of LegendClass
        From `layers.map_layers.legend`.
    caption : Caption
        Title, what it shows, sources.
    sites : sequence of Site
        Drawn over the areas; the key lists their services with counts.
    symbols : mapping of str to SiteSymbol, optional
        How each service is drawn, in the order of the key; the services' own symbols when left out.
    ground : sequence of Ground
        Main roads and water, drawn over the areas and under the sites.

    Returns
    -------
    str
        A whole SVG document. Equal input gives equal text.
    """
    view = _Projection.around([ring for area in areas for ring in area.rings])
    marks = symbols or site_symbols({site.service for site in sites})
    colours = palette(layer, max((line.number for line in lines), default=1))
    body = [
        *_head(caption),
        '<g stroke-linejoin="round">',
        *_area_paths(areas, colours, view, plain=layer.classes == "none"),
        *_ground_paths(ground, view),
        _outline(areas, view),
        "</g>",
        *_site_marks(sites, view, marks, size=9 if symbols is None else 20),
        *_labels(areas, sites, view),
        *_scale_bar(view),
        *_side(layer, lines, sites, caption, marks),
        *_foot(caption),
    ]
    return _document(caption, body)


@dataclass(frozen=True)
class _Projection:
    """Equirectangular at the middle latitude: straight, quick, and true in scale there."""

    west: float
    north: float
    stretch: float
    scale: float
    left: float
    top: float

    @classmethod
    def around(cls, rings: Sequence[Ring]) -> _Projection:
        if not rings:
            return cls(0.0, 0.0, 1.0, 1.0, MARGIN, HEAD)
        low = np.min([ring.min(axis=0) for ring in rings], axis=0)
        high = np.max([ring.max(axis=0) for ring in rings], axis=0)
        stretch = math.cos(math.radians(float(low[1] + high[1]) / 2))
        wide, tall = WIDTH - 2 * MARGIN - SIDE - 16, HEIGHT - HEAD - FOOT - 12
        across, up = max(float(high[0] - low[0]) * stretch, 1e-9), max(float(high[1] - low[1]), 1e-9)
        scale = min(wide / across, tall / up)
        left = MARGIN + (wide - across * scale) / 2
        return cls(float(low[0]), float(high[1]), stretch, scale, left, HEAD + (tall - up * scale) / 2)

    def page(self, points: Ring) -> Ring:
        x = self.left + (points[:, 0] - self.west) * self.stretch * self.scale
        y = self.top + (self.north - points[:, 1]) * self.scale
        return np.column_stack([x, y])

    @property
    def metres_per_unit(self) -> float:
        return METRES_PER_DEGREE / self.scale


def _document(caption: Caption, body: Iterable[str]) -> str:
    top = 0 if caption.headed else TITLE_HIGH
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top} {WIDTH} {HEIGHT - top}" width="{WIDTH}" '
            f'height="{HEIGHT - top}" '
            f'role="img" aria-labelledby="picture-title picture-desc" font-family="Arial, Helvetica, sans-serif">',
            f'<title id="picture-title">{escaped(caption.title)}</title>',
            f'<desc id="picture-desc">{escaped(caption.description)}</desc>',
            '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="7" height="7" fill="#ffffff"/>'
            '<rect width="2.5" height="7" fill="#7d858b"/></pattern>'
            '<pattern id="doubt" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
            '<rect width="1.1" height="6" fill="#ffffff"/><rect x="1.1" width=".5" height="6" fill="#1b242b"/>'
            f'</pattern><clipPath id="map"><rect x="{MARGIN}" y="{HEAD}" width="{WIDTH - 2 * MARGIN - SIDE - 16}" '
            f'height="{HEIGHT - HEAD - FOOT - 12}"/></clipPath></defs>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _head(caption: Caption) -> list[str]:
    title = [text_line(MARGIN, 42, caption.title, size=24, weight=700, most=78)] if caption.headed else []
    return [*title, text_line(MARGIN, 64, caption.subtitle, size=14, fill=GREY, most=140)]


def _area_paths(areas: Sequence[Area], colours: Sequence[str], view: _Projection, *, plain: bool) -> list[str]:
    drawn = []
    for area in areas:
        fill = "#e9ece6" if plain else _fill(area.number, colours)
        data = "".join(path_data(view.page(ring)) for ring in area.rings)
        if data:
            drawn.append(f'<path d="{data}" fill="{fill}" fill-rule="evenodd" stroke="{LINE}" stroke-width=".5"/>')
            if area.hatched:
                drawn.append(f'<path d="{data}" fill="url(#doubt)" fill-rule="evenodd"/>')
    return drawn


def _ground_paths(ground: Sequence[Ground], view: _Projection) -> list[str]:
    """Draw water, then main roads, cut at the edge of the map."""
    drawn = []
    for kind, (colour, width) in GROUND_STROKES.items():
        data = "".join(path_data(view.page(line.points), close=False) for line in ground if line.kind == kind)
        if data:
            drawn += [
                f'<path d="{data}" fill="none" stroke="{stroke}" stroke-width="{wide:g}"/>'
                for stroke, wide in (("#ffffff", width + HALO), (colour, width))
            ]
    return ['<g clip-path="url(#map)" stroke-linecap="round">', *drawn, "</g>"] if drawn else []


def _fill(number: int, colours: Sequence[str]) -> str:
    return "url(#hatch)" if number == MISSING else colours[min(number, len(colours)) - 1]


def _outline(areas: Sequence[Area], view: _Projection) -> str:
    """Draw the outline of the place: the edges that only one area has (neighbours share their corner points)."""
    rings = [ring for area in areas for ring in area.rings]
    if not rings:
        return ""
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    swap = (starts[:, 0] > ends[:, 0]) | ((starts[:, 0] == ends[:, 0]) & (starts[:, 1] > ends[:, 1]))
    edges = np.where(swap[:, None], np.hstack([ends, starts]), np.hstack([starts, ends]))
    _, first, times = np.unique(np.round(edges, 6), axis=0, return_index=True, return_counts=True)
    alone = np.sort(first[times == 1])
    # One stroke for edges that follow each other; a new one where a ring ends.
    breaks = np.flatnonzero((np.diff(alone) != 1) | (starts[alone[1:]] != ends[alone[:-1]]).any(axis=1)) + 1
    runs = [run for run in np.split(alone, breaks) if len(run)]
    data = "".join(path_data(view.page(np.vstack([starts[run[:1]], ends[run]])), close=False) for run in runs)
    return f'<path d="{data}" fill="none" stroke="#1b242b" stroke-width="1.2"/>'


def _labels(areas: Sequence[Area], sites: Sequence[Site], view: _Projection) -> list[str]:
    """Draw the names of councils where there are several, else of MSOAs."""
    by_council = len({area.council for area in areas if area.council}) > 3
    shapes: dict[str, list[Ring]] = {}
    for area in areas:
        name = area.council if by_council else area.label
        if name and area.rings:
            shapes.setdefault(name, []).append(view.page(max(area.rings, key=_size)))
    return names_drawn(shapes, view.page(np.array([[site.lon, site.lat] for site in sites]).reshape(-1, 2)))


def _size(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2


def _site_marks(
    sites: Sequence[Site], view: _Projection, symbols: Mapping[str, SiteSymbol], *, size: float
) -> list[str]:
    return [
        symbol(symbols[site.service], float(x), float(y), size=size)
        for site in sites
        for x, y in view.page(np.array([[site.lon, site.lat]]))
    ]


def _scale_bar(view: _Projection) -> list[str]:
    longest = 150 * view.metres_per_unit
    power = 10 ** math.floor(math.log10(longest))
    metres = max(step * power for step in (1, 2, 5) if step * power <= longest)
    length, x, y = metres / view.metres_per_unit, WIDTH - MARGIN - SIDE, HEIGHT - FOOT - 14
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return [
        f'<path d="M{x} {y - 5}v5h{length:.1f}v-5" fill="none" stroke="{INK}" stroke-width="1.4"/>',
        text_line(x + length + 7, y + 1, words, size=11, fill=GREY),
    ]


def _side(
    layer: MapLayer,
    lines: Sequence[LegendClass],
    sites: Sequence[Site],
    caption: Caption,
    symbols: Mapping[str, SiteSymbol],
) -> list[str]:
    """Legend with ranges and counts, key of sites, notes: a column on the right."""
    x, y = WIDTH - MARGIN - SIDE, HEAD + 18.0
    drawn: list[str] = []
    if lines:
        for words in textwrap.wrap(layer.value_name, 36)[:3]:
            drawn.append(text_line(x, y, words, size=14, weight=700))
            y += 18
        y = paragraph(drawn, x, y, layer.about_classes, most=50) + 10
    for line in lines:
        drawn.append(
            f'<rect x="{x}" y="{y - 2}" width="26" height="18" fill="'
            f'{"url(#hatch)" if line.number == MISSING else line.colour}" stroke="{LINE}" stroke-width=".8"/>'
        )
        first, *rest = legend_words(line, layer)
        drawn.append(text_line(x + 36, y + 10, first, size=12.5, weight=600, most=38))
        drawn.extend(
            text_line(x + 36, y + 24 + 14 * row, words, size=11.5, fill=GREY) for row, words in enumerate(rest)
        )
        y += 26 + 14 * len(rest)
    services = Counter(site.service for site in sites)
    if services:
        y += 14
        drawn.append(text_line(x, y, "Sites", size=14, weight=700))
        y += 20
        for service, mark in symbols.items():
            if service not in services:
                continue
            drawn.append(symbol(mark, x + 13, y - 4, size=13))
            drawn.append(text_line(x + 36, y, f"{mark.plural}: {services[service]:,}", size=12.5))
            y += 22
    y += 14
    for note in (layer.note, *caption.notes):
        y = paragraph(drawn, x, y, note, most=50) + 8 if note else y
    return drawn


def legend_words(line: LegendClass, layer: MapLayer) -> list[str]:
    """Words for one class: what it is, its range, how many neighbourhoods are in it."""
    count = f"{line.count:,} neighbourhood{'' if line.count == 1 else 's'}"
    return [words for words in (line.label, range_text(line, layer), count) if words]


def _foot(caption: Caption) -> list[str]:
    drawn: list[str] = []
    top = HEIGHT - FOOT + 14
    rule = f'<path d="M{MARGIN} {top - 14}H{WIDTH - MARGIN}" stroke="#b1b4b6"/>'
    said = " ".join(credits_once(caption.attribution))
    wrapped = [(size, textwrap.wrap(said, wide)) for size, wide in CREDIT_SIZES]
    size, words = next((each for each in wrapped if len(each[1]) <= CREDIT_LINES), wrapped[-1])
    step = min(1.15 * size, 58 / max(len(words) - 1, 1))
    drawn.extend(
        text_line(MARGIN, top + step * row, text, size=size, fill=GREY, most=400) for row, text in enumerate(words)
    )
    return [rule, *drawn]
