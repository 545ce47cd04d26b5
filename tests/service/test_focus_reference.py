"""The focuses that rest on figures of GP practices and on older ages, against sums made straight from the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.editions.edition import open_edition
from service.editions.scoring import score
from service.editions.views import View
from tests.reference import Reference

pytestmark = pytest.mark.realdata
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def reference(sources_dir: Path) -> Reference:
    return Reference(sources_dir)


NEW = ["gp-access", "child-dental", "immunisation"]


@pytest.mark.parametrize("focus", ["long-term-conditions", "mental-health", "age-well", *NEW])
def test_every_figure_is_the_one_worked_out_from_the_files(real_store: Any, reference: Reference, focus: str) -> None:
    edition = open_edition(real_store("luton"), "luton")
    members = reference.members("luton")
    wanted = reference.focus(focus, members)
    found = score(edition, View("luton", focus))
    assert edition.codes.tolist() == members.tolist()
    assert found.eligible.tolist() == wanted.eligible[members].tolist()
    for name, values in found.indicators.items():
        assert np.allclose(values, wanted.values.loc[members, name], rtol=0, atol=2e-12, equal_nan=True), name
    for name, parts in found.parts.items():
        expected = wanted.parts.loc[members, name].where(wanted.need[members].notna())
        assert np.allclose(parts, expected, rtol=0, atol=TOLERANCE, equal_nan=True), name
    assert np.allclose(found.need_score, wanted.need[members], rtol=0, atol=TOLERANCE, equal_nan=True)
    if focus in NEW:  # no figure of it was carried from practices
        return
    doubtful = [note for note in found.note if note]
    assert len(doubtful) == 14
    assert all(note.startswith("GP figures") for note in doubtful)
