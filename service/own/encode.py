"""Encode the own tables of an edition for the web; `service.own.figures` reads what this writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.own import OwnTable, write_own
from geodata.store import StoredEdition
from geodata.stored import read_outlines
from geodata.upload.declared import Unit
from layers.clusters import queen_neighbours
from layers.map_classes import class_breaks
from service.building.certainty import clusters_of_values
from service.building.encode import site_records
from service.editions.certainty import cluster_name
from service.editions.edition import COUNCILS_ABOVE, WEB, Edition
from service.editions.views import DEFAULT_FOCUS
from service.measures.proportionality import overview, resources
from service.own.figures import ARRAYS, FACTS, OVERVIEWS
from service.travel.write import write_own_points

FIGURES = ("indicator", "resource")
COLUMNS = {"value": "value", "formula": "formula", "count": "count", "denominator": "denominator"}
MANY, SOME = 100, 10


def add_own(folder: Path, tables: Sequence[OwnTable]) -> None:
    """Put own tables into the folder of an edition that is being made: as kept, and as the web process reads them.

    Parameters
    ----------
    folder : Path
        With the web files of the edition already in it, and no own table.
    tables : sequence of OwnTable
        All own tables of the edition. Rows about neighbourhoods that the place does not have are left out.
    """
    if not tables:
        return
    tables = sorted(tables, key=lambda own: own.name)
    write_own(folder, tables)
    web = folder / WEB
    codes = pd.Index(np.load(web / "codes.npy").astype("U9"))
    figures = [own for own in tables if own.kind in FIGURES]
    arrays = [[_array(own, name, codes) for own in figures] for name in ARRAYS]
    np.save(web / "own_arrays.npy", np.array(arrays, dtype=float).reshape(len(ARRAYS), len(figures), len(codes)))
    sets, rows = _footprints([own for own in tables if own.kind == "footprints"], codes)
    np.save(web / "own_footprint_rows.npy", rows)
    facts = {
        "tables": [table_facts(own) for own in tables],
        "indicators": {own.name: indicator_facts(own, codes) for own in figures},
        "order": [own.name for own in figures],
        "notes": {own.name: _notes(own, codes) for own in figures},
        "sets": sets,
        "sites": [record for own in tables if own.kind == "sites" for record in _sites(own, codes)],
    }
    listed = [own.table for own in tables if own.kind == "sites"]
    if listed:
        write_own_points(folder, web, pd.concat(listed, ignore_index=True))
    facts |= _write_clusters(folder, figures, codes)
    (web / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    if any(own.kind == "resource" for own in figures) and len(codes) <= COUNCILS_ABOVE:
        _write_overviews(folder)


def _write_clusters(folder: Path, figures: Sequence[OwnTable], codes: pd.Index) -> dict[str, Any]:
    """Find where the values of own indicators and resources gather (methods M8); not in a large place."""
    found: dict[str, np.ndarray] = {}
    missing: dict[str, str] = {}
    if figures and 1 < len(codes) <= COUNCILS_ABOVE:
        neighbours = queen_neighbours(read_outlines(_being_made(folder)))
        for own in figures:
            name = cluster_name(indicator=own.name)
            try:
                found[name] = clusters_of_values(pd.Series(_array(own, "value", codes), index=codes), neighbours)
            except ValueError as reason:
                missing[name] = str(reason)
    if found:
        np.save(folder / WEB / "own_clusters.npy", np.stack(list(found.values())))
    return {"clusters": list(found), "without_clusters": missing}


def _being_made(folder: Path) -> StoredEdition:
    return StoredEdition(folder.parent.name, folder.name, folder, {})


def _write_overviews(folder: Path) -> None:
    """Hold every resource against every outcome once, for its page; a large place is asked for one at a time."""
    edition = Edition(_being_made(folder))
    found = {name: overview(edition, name, focus=DEFAULT_FOCUS) for name in resources(edition)}
    (folder / WEB / OVERVIEWS).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def table_facts(own: OwnTable) -> dict[str, Any]:
    """Return what pages and programs are told of an own table."""
    kept = ("title", "declared", "file", "imported", "rows", "totals", "notes", "protection", "report")
    hashed = {key: own.facts.get(key) for key in ("sha256", "hash_of")}
    return {"name": own.name, "kind": own.kind, **{key: own.facts[key] for key in kept}, **hashed}


def indicator_facts(own: OwnTable, codes: pd.Index) -> dict[str, Any]:
    """Return the facts of an own indicator or resource in the form of an edition's indicators."""
    declared, values = own.facts["declared"], _array(own, "value", codes)
    unit = unit_text(own)
    decimals = _decimals(unit, values)
    breaks = class_breaks(values, decimals=decimals)
    known = np.isfinite(values)
    protection = own.facts["protection"]
    return {
        "id": own.name,
        "name": own.facts["title"],
        "short": own.facts["title"],
        "unit": unit,
        "polarity": int(declared.get("polarity", "1")),
        "period": declared["period"],
        "about": _about(own),
        "source": f"Own table {own.facts['file']}, imported on {own.facts['imported']}",
        "grade": own.facts["grade"],
        "not_for": "Comparing with other places: it is known here only." + (_PROTECTED_NOT_FOR if protection else ""),
        "decimals": decimals,
        "known": int(known.sum()),
        "breaks": list(breaks.upper),
        "counts": list(breaks.counts),
        "place_median": round(float(np.median(values[known])), 6) if known.any() else None,
        "reference_median": None,
        "own": True,
        "kind": own.kind,
        "counted": _counted(own),
        "protection": protection,
        "imported": own.facts["imported"],
    }


_PROTECTED_NOT_FOR = " Small differences: counts are rounded, and the smallest are not shown."


def unit_text(own: OwnTable) -> str:
    """Write the unit of the values: a resource is shown per head, a percentage as declared."""
    unit = Unit.of(own.facts["declared"]["unit"])
    if own.kind == "resource" and unit.kind == "money":
        return "pounds per resident"
    if own.kind == "resource" and unit.kind not in ("percent", "share", "rate"):
        return f"{unit.text} per 1,000 residents"
    return "share (0-1)" if unit.kind == "share" else unit.text


def _about(own: OwnTable) -> str:
    protection = own.facts["protection"]
    what = "A resource" if own.kind == "resource" else "An indicator"
    about = {"people": "people", "providers": "providers", "places": "places", "modelled": "a modelled quantity"}
    sentences = [f"{what} of your own, about {about[own.facts['declared']['about']]}.", *own.facts["notes"]]
    if protection:
        sentences += [
            protection["sentence"],
            f"{protection['hidden']:,} neighbourhoods have a count that is not shown.",
        ]
    return " ".join(sentences)


def _counted(own: OwnTable) -> bool:
    """Tell whether count and denominator make a share of people or things."""
    if own.kind != "indicator" or not {"count", "denominator"} <= set(own.table.columns):
        return False
    count, denominator = own.table["count"], own.table["denominator"]
    return bool((count.notna() & denominator.notna()).any() and not (count > denominator).any())


def _array(own: OwnTable, name: str, codes: pd.Index) -> np.ndarray:
    column = "amount" if name == "count" and own.kind == "resource" else COLUMNS[name]
    if column not in own.table:
        return np.full(len(codes), np.nan)
    values = own.table.set_index("lsoa21cd")[column].reindex(codes)
    return np.asarray(values.to_numpy(dtype=float))


def _notes(own: OwnTable, codes: pd.Index) -> list[str]:
    notes = own.table.set_index("lsoa21cd")["note"].reindex(codes)
    return notes.fillna("no row in the table that was imported").tolist()


def _decimals(unit: str, values: np.ndarray) -> int:
    """Choose decimals that tell values apart and promise no more."""
    known = np.abs(values[np.isfinite(values)])
    if not len(known) or (known % 1 == 0).all():
        return 0
    if unit.startswith("share"):
        return 3
    middle = float(np.median(known))
    return 0 if middle >= MANY else 1 if middle >= SOME else 2


def _footprints(tables: list[OwnTable], codes: pd.Index) -> tuple[dict[str, list[dict[str, Any]]], np.ndarray]:
    sets: dict[str, list[dict[str, Any]]] = {}
    members: list[np.ndarray] = [np.array([], dtype=np.int32)]
    start = 0
    for own in tables:
        inside = own.table[own.table["lsoa21cd"].isin(codes)]
        entries = sets.setdefault(own.name, [])
        for name, part in inside.groupby("footprint", sort=True)["lsoa21cd"]:
            rows = np.sort(codes.get_indexer(pd.Index(part))).astype(np.int32)
            entry = {"code": f"{own.name}/{name}", "name": str(name), "set": own.name, "count": len(rows)}
            entries.append(entry | {"start": start})
            members.append(rows)
            start += len(rows)
    return sets, np.concatenate(members)


def _sites(own: OwnTable, codes: pd.Index) -> list[dict[str, Any]]:
    inside = own.table["lsoa21cd"].isin(codes)
    return [record | {"own": own.name} for record in site_records(own.table.assign(inside=inside))]
