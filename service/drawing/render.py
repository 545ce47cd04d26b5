"""The frame of a map: the only folium code, used when a place is built.

Folium draws an empty map: its element, size, zoom and bounds. The page's own script fetches the neighbourhoods
and draws them. Only folium's map part is kept: no header, no files of other hosts, no text from data. The same
bounds always give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import folium
from jinja2.environment import Template

ELEMENT_ID = "map_evenreach"
"""Identifier of the map's element and of the global variable that holds the Leaflet map."""

OPTIONS: dict[str, Any] = {
    # Leaflet's names in folium's spelling. Zoom in quarter steps, so that a place fills its frame.
    "zoom_snap": 0.25,
    "zoom_delta": 0.5,
    # The wheel scrolls the page until a reader has stepped into the map; the page's script switches it.
    "scroll_wheel_zoom": False,
    # Our attribution is part of the page, readable without the script.
    "attribution_control": False,
    "max_bounds_viscosity": 0.8,
    "bounce_at_zoom_limits": False,
}


@dataclass(frozen=True)
class Frame:
    """A map fragment: `html` goes into a page, `script` is served at its own address as a classic script."""

    html: str
    script: str


def frame(bounds: tuple[float, float, float, float], *, title: str = "Map") -> Frame:
    """Draw the empty map of a place.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north in degrees (EPSG:4326).
    title : str
        What a screen reader calls the map. The only text in a frame; it goes into an HTML attribute, escaped.

    Returns
    -------
    Frame
        Deterministic: equal bounds and title give equal bytes.

    Raises
    ------
    ValueError
        If the bounds are not finite, not in order or not degrees.
    """
    west, south, east, north = _checked(bounds)
    drawn = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],  # folium takes (lat, lon)
        tiles=None,
        control_scale=False,  # folium's own call cannot switch miles off; the page's script adds the scale
        zoom_start=10,
        **OPTIONS,
    )
    drawn._name, drawn._id = ELEMENT_ID.rsplit("_", 1)
    fit = folium.FitBounds([[south, west], [north, east]], padding=(8, 8))
    fit._name, fit._id = "fit", "evenreach"
    fit.options["animate"] = False  # whatever the page's script shows next would have to wait for its end
    return Frame(html=_html_part(drawn, title), script=_script_part(drawn) + _script_part(fit, drawn))


def _checked(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = (round(float(edge), 6) for edge in bounds)
    in_order = -180 <= west < east <= 180 and -90 <= south < north <= 90
    if not all(math.isfinite(edge) for edge in bounds) or not in_order:
        raise ValueError(f"bounds are {bounds}; expected west, south, east, north in degrees")
    return west, south, east, north


def _html_part(element: folium.Map, title: str) -> str:
    html = _tidy(_macro(element._template, "html")(element, {}))
    return html.replace("<div ", f'<div role="region" aria-label="{escape(title, quote=True)}" ', 1)


def _script_part(element: folium.Map | folium.FitBounds, parent: folium.Map | None = None) -> str:
    if parent is not None:
        element._parent = parent  # its script names the map it belongs to
    return _tidy(_macro(element._template, "script")(element, {}))


def _macro(template: Template, name: str) -> Callable[[object, dict[str, object]], str]:
    macro: Callable[[object, dict[str, object]], str] = getattr(template.module, name)
    return macro


def _tidy(text: str) -> str:
    """Drop folium's indentation and empty lines."""
    return "".join(line.strip() + "\n" for line in text.splitlines() if line.strip())
