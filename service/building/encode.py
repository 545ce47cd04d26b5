"""Encode an edition for the web: tables and shapes in, arrays and prepared bytes out.

The other half of `service.editions.edition`, which reads what this writes. Metres become degrees here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from geodata.crs import to_degrees
from service.building.encode_grid import GRID_DECIMALS, write_grid
from service.building.focus_scores import FocusScores
from service.building.outlines import write_outlines
from service.building.shared_edges import on_grid
from service.editions.edition import COUNCILS_ABOVE, WEB
from service.editions.fragments import write_fragments
from service.editions.scoring import LEADING

FULL_DECIMALS = 6
MAP_DECIMALS = 5  # about a metre
# Places with more neighbourhoods are drawn smaller, so their edges need fewer points: (areas, metres).
TOLERANCES = ((300, 8.0), (2_000, 25.0), (100_000, 60.0))
COUNCIL_TOLERANCE = ((2_000, 40.0), (100_000, 250.0))
FACT_COLUMNS = (
    "lsoa21nm", "msoa21cd", "msoa21nm", "msoa21hclnm", "wd24cd", "wd24nm", "lad24cd", "lad24nm", "icb24cd",
    "icb24nm", "rgn24nm", "population", "households", "imd_score", "imd_rank", "imd_decile",
)  # fmt: skip
FOOTPRINTS = {"lad": ("lad24cd", "lad24nm"), "ward": ("wd24cd", "wd24nm"), "msoa": ("msoa21cd", "msoa21hclnm")}
DETERMINISTIC = orjson.OPT_SORT_KEYS


def write_web(
    folder: Path,
    table: gpd.GeoDataFrame,
    boundaries: np.ndarray,
    scores: Mapping[str, FocusScores],
    sites: pd.DataFrame,
    near: Mapping[str, pd.DataFrame],
    teams: pd.DataFrame | None,
    postcodes: pd.DataFrame | None,
    meta: dict[str, Any],
) -> None:
    """Write everything that the web process reads.

    Parameters
    ----------
    folder : Path
        The edition's folder, empty or nearly.
    table : geopandas.GeoDataFrame, index lsoa21cd, EPSG:27700
        The place's neighbourhoods in code order.
    boundaries : array of polygons, the same length
        Theirs to the centimetre, sharing their edges.
    scores : mapping of focus id to FocusScores
        Over at least the place.
    sites, near : tables
        Sites in reach, and by service the nearest of each neighbourhood (missing = not known here).
    teams, postcodes : tables or None
        ``footprint, lsoa21cd``; ``pcds, lsoa21cd``.
    meta : dict
        Facts of the edition; bounds, footprints and indicator order are added here.
    """
    web = folder / WEB
    web.mkdir()
    np.save(web / "codes.npy", table.index.to_numpy().astype("S9"))
    np.save(web / "population.npy", table["population"].to_numpy(dtype=float))
    np.save(web / "imd.npy", table[["imd_score", "imd_rank", "imd_decile"]].to_numpy(dtype=float).T.copy())
    boxes = _write_shapes(web, table, boundaries)
    _write_words(web, table, near)
    names = list(meta["indicators"])
    np.save(web / "indicators.npy", table[names].to_numpy(dtype=float).T.copy())
    for focus, scored in scores.items():
        np.save(web / f"focus-{focus}.npy", _focus_rows(scored, table.index))
    footprints, rows = footprint_rows(table, teams)
    np.save(web / "footprint_rows.npy", rows)
    _write_postcodes(web, table.index, postcodes)
    (web / "sites.json").write_bytes(orjson.dumps(site_records(sites), option=DETERMINISTIC))
    meta = meta | {"bounds": boxes, "indicator_order": names, "footprints": footprints}
    meta["site_services"] = sorted(set(sites["service"].astype(str)))
    (web / "meta.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")


def in_degrees(shapes: np.ndarray, decimals: int) -> np.ndarray:
    """Shapes in degrees, rounded, outer rings against the clock (RFC 7946); those that met still do."""

    def carried(points: np.ndarray) -> np.ndarray:
        """Turn metres into degrees."""
        return np.column_stack(to_degrees(points[:, 0], points[:, 1]))

    return on_grid(shapely.transform(shapes, carried), decimals).shapes


def tolerance(areas: int, steps: Sequence[tuple[int, float]]) -> float:
    """Metres by which an edge may be moved, for so many areas on one map."""
    return next(metres for most, metres in steps if areas <= most)


def _write_shapes(web: Path, table: gpd.GeoDataFrame, boundaries: np.ndarray) -> list[float]:
    full = in_degrees(table.geometry.to_numpy(), FULL_DECIMALS)
    simple = shapely.coverage_simplify(boundaries, tolerance(len(table), TOLERANCES))
    write_fragments(web, "shapes_full", _encoded(full))
    write_fragments(web, "shapes_map", _encoded(in_degrees(simple, MAP_DECIMALS)))
    np.save(web / "boxes.npy", shapely.bounds(full))
    write_grid(web, boundaries)
    if len(table) <= COUNCILS_ABOVE:  # a larger place is never drawn at once
        write_outlines(web, table.index.tolist(), in_degrees(simple, FULL_DECIMALS))
    _write_councils(web, table, simple)
    return [round(float(edge), 6) for edge in shapely.total_bounds(full)]


def _write_councils(web: Path, table: gpd.GeoDataFrame, simple: np.ndarray) -> None:
    """Write the councils of a place and its outline, from the simplified shapes of its neighbourhoods."""
    grouped = table.groupby("lad24cd")
    listed = grouped.agg(name=("lad24nm", "first"), population=("population", "sum"), count=("lad24nm", "size"))
    merged = np.array([shapely.coverage_union_all(simple[grouped.indices[code]]) for code in listed.index])
    smooth = in_degrees(shapely.coverage_simplify(merged, tolerance(len(table), COUNCIL_TOLERANCE)), MAP_DECIMALS)
    records = [
        {"code": code, **facts, "population": float(facts["population"]), "geometry": orjson.Fragment(shape)}
        for code, facts, shape in zip(listed.index, listed.to_dict("records"), _encoded(smooth), strict=True)
    ]
    (web / "councils.json").write_bytes(orjson.dumps(records, option=DETERMINISTIC))
    outline = shapely.orient_polygons(shapely.coverage_union_all(smooth))
    (web / "outline.json").write_bytes(_encoded(np.array([outline]))[0])


def _encoded(shapes: np.ndarray) -> list[bytes]:
    return [text.replace(" ", "").encode() for text in shapely.to_geojson(shapes)]


def _write_words(web: Path, table: gpd.GeoDataFrame, near: Mapping[str, pd.DataFrame]) -> None:
    leading = table.reset_index()[list(LEADING)].to_dict("records")
    write_fragments(web, "names", (orjson.dumps(_plain(record))[1:-1] for record in leading))
    longitude, latitude = to_degrees(table["centroid_x_m"].to_numpy(), table["centroid_y_m"].to_numpy())
    facts = table[[column for column in FACT_COLUMNS if column in table]].to_dict("records")
    reach = {service: found.to_dict("index") for service, found in near.items()}
    write_fragments(
        web,
        "facts",
        (
            orjson.dumps(
                {"lsoa21cd": code, **_plain(fact)}
                | {"centroid": [_number(round(x, 5)), _number(round(y, 5))]}
                | {"near": {service: _plain(found[code]) for service, found in reach.items()}}
            )
            for code, fact, x, y in zip(table.index, facts, longitude, latitude, strict=True)
        ),
    )


def _plain(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _number(value) for key, value in record.items()}


def _number(value: Any) -> Any:
    """Turn numpy numbers into Python's, whole ones to int, and missing to None."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _focus_rows(scored: FocusScores, index: pd.Index) -> np.ndarray:
    parts = scored.need.parts.loc[index]
    return np.vstack(
        [
            scored.eligible.loc[index].to_numpy(dtype=float),
            scored.need.score.loc[index].to_numpy(dtype=float),
            parts.to_numpy(dtype=float).T,
        ]
    )


def footprint_rows(
    table: pd.DataFrame, teams: pd.DataFrame | None
) -> tuple[dict[str, list[dict[str, Any]]], np.ndarray]:
    """List the footprints of each kind, and the row numbers of each in one array.

    Returns
    -------
    dict of kind to list of {code, name, count, start}
        By name.
    array of int32
        Row numbers; each footprint holds ``count`` of them from ``start``.
    """
    groups: dict[str, list[tuple[str, str, np.ndarray]]] = {}
    for kind, (code, name) in FOOTPRINTS.items():
        labels = table[name].to_numpy()
        rows_of = table.groupby(code, sort=True).indices
        groups[kind] = [(str(key), str(labels[rows[0]]), np.sort(rows)) for key, rows in rows_of.items()]
    if teams is not None:
        inside = teams[teams["lsoa21cd"].isin(table.index)]
        by_team = inside.groupby("footprint", sort=True)["lsoa21cd"]
        groups["team"] = [
            (str(name), str(name), np.sort(table.index.get_indexer(pd.Index(part)))) for name, part in by_team
        ]
    listed: dict[str, list[dict[str, Any]]] = {}
    members: list[np.ndarray] = []
    start = 0
    for kind, entries in groups.items():
        found = []
        for key, label, rows in entries:
            found.append({"code": key, "name": label, "count": len(rows), "start": start})
            members.append(rows)
            start += len(rows)
        listed[kind] = sorted(found, key=lambda entry: (str(entry["name"]), str(entry["code"])))
    return listed, np.concatenate(members).astype(np.int32)


def _write_postcodes(web: Path, index: pd.Index, postcodes: pd.DataFrame | None) -> None:
    if postcodes is None:
        keys, rows = np.array([], dtype="S7"), np.array([], dtype=np.uint32)
        places = np.zeros((0, 2), dtype=np.float32)
    else:
        inside = postcodes[postcodes["lsoa21cd"].isin(index)]
        keys = inside["pcds"].str.replace(" ", "", regex=False).to_numpy().astype("S7")
        rows = index.get_indexer(pd.Index(inside["lsoa21cd"])).astype(np.uint32)
        degrees = to_degrees(inside["easting"].to_numpy(dtype=float), inside["northing"].to_numpy(dtype=float))
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        places = np.column_stack(degrees).astype(np.float32)[order]  # good to half a metre: postcodes are not
    np.save(web / "postcodes.npy", keys)
    np.save(web / "postcode_rows.npy", rows)
    np.save(web / "postcode_places.npy", places)


def site_records(sites: pd.DataFrame) -> list[dict[str, Any]]:
    """Sites as records with degrees and grid metres, ready to be served."""
    metres = sites[["easting", "northing"]].astype(float).round(GRID_DECIMALS)
    longitude, latitude = to_degrees(sites["easting"].to_numpy(dtype=float), sites["northing"].to_numpy(dtype=float))
    placed = sites.assign(
        easting=metres["easting"],
        northing=metres["northing"],
        lon=np.round(longitude, FULL_DECIMALS),
        lat=np.round(latitude, FULL_DECIMALS),
    )
    return [_plain(record) for record in placed.astype(object).to_dict("records")]
