"""GeoJSON as a list of features, parsed without GDAL, which would pick another driver by the content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from geodata.errors import BadFile


@dataclass(frozen=True)
class Features:
    """The features of a GeoJSON file.

    Attributes
    ----------
    properties : list of dict
        One per feature, in the order of the file.
    geometries : list
        As parsed, None where there is none; not yet checked.
    crs : str
        The coordinate system that the file declares, longitude and latitude if it declares none.
    """

    properties: list[dict[str, Any]]
    geometries: list[Any]
    crs: str


def read_features(path: Path, things: str) -> Features:
    """Read the features of a GeoJSON file.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8, with or without a byte order mark.
    things : str
        What the features are, for messages: "areas", "sites".

    Raises
    ------
    BadFile
        wrong-kind or empty-file.
    """
    try:
        collection = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        says = f"this is not JSON, or it is cut short or damaged: {error}"
        raise BadFile(says, rule="wrong-kind", file=path.name) from None
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        raise BadFile("this JSON is not a GeoJSON FeatureCollection", rule="wrong-kind", file=path.name)
    if not features:
        raise BadFile(f"there are no {things} in the file", rule="empty-file", file=path.name)
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            says = f"feature {number} is not a GeoJSON feature"
            raise BadFile(says, rule="wrong-kind", file=path.name, row=number)
    declared = collection.get("crs")
    named = declared.get("properties") if isinstance(declared, dict) else None
    crs = named.get("name") if isinstance(named, dict) else None
    return Features(
        [feature.get("properties") or {} for feature in features],
        [feature.get("geometry") for feature in features],
        str(crs or "OGC:CRS84"),
    )
