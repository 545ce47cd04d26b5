"""Own tables of an edition: what users brought through the gate, kept beside what publishers say.

``own/<name>.parquet`` holds the figures as they may be shown, ``own/<name>.json`` what is known about them.
Counts of people are in neither as they came, only protected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.store import StoredEdition, verify

OWN = "own"
NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
LONGEST_NAME = 40


@dataclass(frozen=True)
class OwnTable:
    """One table that a user brought, settled on the neighbourhoods of a place.

    Attributes
    ----------
    name : str
        Its name in addresses and commands: small letters, digits, hyphens.
    kind : {"footprints", "indicator", "resource", "sites"}
        What it is.
    facts : dict
        Title, declarations, file and its sha256, day of import, rows, totals, protection, notes: plain data.
    table : pandas.DataFrame
        footprints: footprint, lsoa21cd. indicator: lsoa21cd, value, formula, count, denominator, note.
        resource: lsoa21cd, value, formula, amount, note. ``formula`` is the value that formulas take: the
        same, but with the fixed stand-in where a count is not shown. sites: as in the edition's list of sites.
    """

    name: str
    kind: str
    facts: dict[str, Any]
    table: pd.DataFrame


def good_name(text: str) -> bool:
    """Tell whether a table may be called so."""
    return len(text) <= LONGEST_NAME and NAME.fullmatch(text) is not None


def write_own(folder: Path, tables: Iterable[OwnTable]) -> None:
    """Write own tables into the folder of an edition that is being made."""
    for own in sorted(tables, key=lambda own: own.name):
        home = folder / OWN
        home.mkdir(exist_ok=True)
        own.table.to_parquet(home / f"{own.name}.parquet", compression="zstd", index=False)
        text = json.dumps({"name": own.name, "kind": own.kind, **own.facts}, ensure_ascii=False, indent=1)
        (home / f"{own.name}.json").write_text(text + "\n", encoding="utf-8")


def read_own(stored: StoredEdition) -> list[OwnTable]:
    """Read the own tables of an edition, by name, after comparing their files with the manifest.

    Raises
    ------
    DamagedEdition
        If one of their files is missing or changed.
    """
    verify(stored, f"{OWN}/")
    found = []
    for name in own_names(stored):
        facts = json.loads(stored.path(f"{OWN}/{name}.json").read_text(encoding="utf-8"))
        table = pd.read_parquet(stored.path(f"{OWN}/{name}.parquet"))
        found.append(OwnTable(facts.pop("name"), facts.pop("kind"), facts, table))
    return found


def own_names(stored: StoredEdition) -> list[str]:
    """Name the own tables of an edition."""
    prefix, suffix = f"{OWN}/", ".json"
    files = sorted(stored.manifest["files"])
    return [name[len(prefix) : -len(suffix)] for name in files if name.startswith(prefix) and name.endswith(suffix)]
