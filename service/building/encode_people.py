"""Encode the numbers of people of an edition; `service.editions.people` reads what this writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.counted import GROUP_KINDS
from service.building.material import Material
from service.editions.people import IN_NEED_KINDS, REGISTRATION_COLUMNS


def people_facts(groups: Mapping[str, pd.DataFrame], counts: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return what the arrays hold and in which order, for the facts of the edition."""
    return {
        "group_kinds": [
            {
                "kind": kind.id,
                "title": kind.title,
                "level": kind.level,
                "source": kind.source,
                "note": kind.note,
                "groups": [{"id": name, "name": title} for name, title in kind.groups.items()],
            }
            for kind in GROUP_KINDS
            if kind.id in groups
        ],
        "counted": list(counts),
    }


def write_people(
    web: Path,
    index: pd.Index,
    material: Material,
    children: pd.Series,
) -> None:
    """Write the arrays.

    Parameters
    ----------
    web : Path
        The edition's folder for the web process.
    index : pandas.Index
        The place's neighbourhoods in code order.
    material : Material
        Its ``in_need``, ``groups``, ``counts`` and ``carried`` are written, cut to the place.
    children : pandas.Series, index lsoa21cd
        Residents aged 0 to 15, among whom children in need are counted.
    """
    in_need, groups, counts, carried = material.in_need, material.groups, material.counts, material.carried
    np.save(web / "in_need.npy", _rows(in_need, IN_NEED_KINDS, index))
    held = [_rows(groups[kind.id], kind.groups, index) for kind in GROUP_KINDS if kind.id in groups]
    np.save(web / "groups.npy", np.vstack(held) if held else np.empty((0, len(index))))
    np.save(web / "children.npy", children.reindex(index).to_numpy(dtype=float))
    pairs = [_rows(pair, ("count", "denominator"), index) for pair in counts.values()]
    np.save(web / "counts.npy", np.stack(pairs) if pairs else np.empty((0, 2, len(index))))
    if carried is not None:
        np.save(web / "registration.npy", _rows(carried.registration, REGISTRATION_COLUMNS, index))


def _rows(table: pd.DataFrame, columns: Any, index: pd.Index) -> np.ndarray:
    return table.loc[index, list(columns)].to_numpy(dtype=float).T.copy()
