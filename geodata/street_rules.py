"""What the tags of a street say: who may use it, in which direction, and how fast a car goes on it.

The keys and values are those of OpenStreetMap. The more exact key wins: ``bicycle`` over ``vehicle`` over ``access``,
and each with ``:forward`` or ``:backward`` over the plain one. Conditions by the hour are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Tags = Mapping[str, str]
Directions = tuple[bool, bool]  # along the line as drawn, and against it

KM_PER_MILE = 1.609344
ROADS = {  # class of street: usual limit in miles an hour
    "motorway": 70.0, "motorway_link": 50.0, "trunk": 60.0, "trunk_link": 40.0, "primary": 40.0, "primary_link": 30.0,
    "secondary": 30.0, "secondary_link": 30.0, "tertiary": 30.0, "tertiary_link": 30.0, "unclassified": 30.0,
    "residential": 20.0, "living_street": 10.0, "road": 20.0, "service": 10.0,
}  # fmt: skip
OPEN_BY_CLASS = {
    "drive": frozenset(ROADS),
    "cycle": (frozenset(ROADS) - {"motorway", "motorway_link"}) | {"cycleway", "bridleway", "track"},
    "walk": (frozenset(ROADS) - {"motorway", "motorway_link"})
    | {"footway", "pedestrian", "path", "steps", "cycleway", "bridleway", "track", "corridor", "platform"},
}
STREETS = OPEN_BY_CLASS["walk"] | frozenset(ROADS) | {"busway"}
"""Every class of street that is read; others are not there (``construction``, ``proposed``) or not streets."""

KEYS = {  # from the general to the exact
    "walk": ("access", "foot"),
    "cycle": ("access", "vehicle", "bicycle"),
    "drive": ("access", "vehicle", "motor_vehicle", "motorcar"),
}
OWN_KEYS = {"walk": {"foot"}, "cycle": {"bicycle"}, "drive": {"motor_vehicle", "motorcar"}}
ALLOWED = frozenset({"yes", "permissive", "designated", "official", "public", "destination", "customers"})
REFUSED = frozenset({
    "no", "private", "permit", "residents", "employees", "staff", "members", "emergency", "military", "delivery",
    "agricultural", "forestry", "restricted", "use_sidepath", "dismount", "bus", "psv",
})  # fmt: skip

ONEWAY_KEYS = {
    "walk": ("oneway:foot",),
    "cycle": ("oneway", "oneway:vehicle", "oneway:bicycle"),
    "drive": ("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar"),
}
ROUND = frozenset({"roundabout", "circular"})
AGAINST = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})
CYCLEWAYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")

BARRIERS = {  # what stops whom, unless its own tags say otherwise
    "drive": frozenset({
        "bollard", "block", "chain", "cycle_barrier", "debris", "full-height_turnstile",
        "horse_stile", "jersey_barrier", "kissing_gate", "log", "motorcycle_barrier", "planter", "rope", "spikes",
        "stile", "sump_buster", "turnstile", "wedge", "bus_trap",
    }),
    "cycle": frozenset({"debris", "full-height_turnstile", "kissing_gate", "stile", "turnstile"}),
    "walk": frozenset(),
}  # fmt: skip

OPEN_ROAD_MPH = 50.0
FACTOR_TOWN, FACTOR_OPEN = 0.6, 0.8
"""Share of the limit that a car makes on the whole, with junctions, parking and other cars: this project's choice."""

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?")
_NAMED_LIMITS = {
    "gb:nsl_single": 60.0, "gb:nsl_dual": 70.0, "gb:motorway": 70.0, "gb:nsl_restricted": 30.0, "gb:urban": 30.0,
    "national": 60.0, "nsl": 60.0, "none": 70.0, "walk": 3.0,
}  # fmt: skip


def directions(tags: Tags, mode: str) -> Directions:
    """Tell whether a mode may use a street, along the line as it is drawn and against it.

    Parameters
    ----------
    tags : mapping
        Of a way with ``highway``.
    mode : {"walk", "cycle", "drive"}

    Returns
    -------
    tuple of bool
        Along, against.
    """
    kind = tags.get("highway", "")
    if kind not in STREETS:
        return False, False
    usual = kind in OPEN_BY_CLASS[mode] and not (tags.get("motorroad") == "yes" and mode != "drive")
    along, against = (_may_use(tags, mode, side, usual) for side in ("forward", "backward"))
    one_way = _one_way(tags, mode)
    return along and one_way != -1, against and one_way != 1


def passable(tags: Tags, mode: str) -> bool:
    """Tell whether a mode may pass a point of a street: a gate, a bollard, a stile."""
    usual = tags.get("barrier", "") not in BARRIERS[mode]
    return _decided(tags, KEYS[mode], usual)


def drive_km_h(tags: Tags, *, town: float = FACTOR_TOWN, open_road: float = FACTOR_OPEN) -> tuple[float, float]:
    """Return how fast a car goes on the whole, along and against the line.

    The limit of the tags (``maxspeed``, in miles an hour or kilometres an hour), else the usual one of the class of
    street, times ``town``, or ``open_road`` where the limit is 50 miles an hour or more.
    """
    usual = ROADS.get(tags.get("highway", ""), 10.0)
    plain = limit_mph(tags.get("maxspeed", ""))
    if plain is None:
        plain = limit_mph(tags.get("maxspeed:type", "")) or usual
    limits = [limit_mph(tags.get(f"maxspeed:{side}", "")) or plain for side in ("forward", "backward")]
    along, against = (mph * KM_PER_MILE * (open_road if mph >= OPEN_ROAD_MPH else town) for mph in limits)
    return along, against


def limit_mph(text: str) -> float | None:
    """Read a speed limit: ``30 mph``, ``50`` (kilometres an hour), ``GB:nsl_single``; None where it says nothing."""
    words = text.strip().lower().split(";")[0]
    if words in _NAMED_LIMITS:
        return _NAMED_LIMITS[words]
    found = _NUMBER.fullmatch(words)
    if found is None or not 3 <= float(found[1]) <= 200:
        return None
    unit = {"mph": 1.0, "knots": 1.852 / KM_PER_MILE}.get(found[2] or "", 1 / KM_PER_MILE)
    return float(found[1]) * unit


def _may_use(tags: Tags, mode: str, side: str, usual: bool) -> bool:
    sided = {key: tags[name] for key in KEYS[mode] for name in (key, f"{key}:{side}") if name in tags}
    return _decided(sided, KEYS[mode], usual, opens=OWN_KEYS[mode])


def _decided(tags: Tags, keys: tuple[str, ...], usual: bool, opens: set[str] | None = None) -> bool:
    """Go from the general key to the exact one; each says yes, says no, or leaves it as it was.

    Where a class of street is closed to a mode, only the mode's own key opens it: ``access=yes`` on a footway lets
    no car in.
    """
    found = usual
    for key in keys:
        value = tags.get(key, "").split(";")[0].strip()
        if value in REFUSED:
            found = False
        elif value in ALLOWED:
            found = usual if opens is not None and key not in opens else True
    return found


def _one_way(tags: Tags, mode: str) -> int:
    """Return 1 for along the line only, -1 for against it only, 0 for both."""
    found = 0
    if mode == "walk":
        found = {"forward": 1, "yes": 1, "backward": -1}.get(tags.get("conveying", ""), 0)
    elif tags.get("junction") in ROUND or tags.get("highway") == "motorway":
        found = 1
    for key in ONEWAY_KEYS[mode]:
        value = tags.get(key, "")
        if value in ("yes", "true", "1", "-1", "reverse", "no", "false", "0", "alternating", "reversible"):
            found = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}.get(value, 0)
    if mode == "cycle" and "oneway:bicycle" not in tags and any(tags.get(key) in AGAINST for key in CYCLEWAYS):
        found = 0
    return found
