"""Sites that stay in their file: the same as a plain reading of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from service.editions.kept_sites import KeptSites

HOSTILE = ["},{", 'a"},{"b', "},{x", "\\", '\\},{"', "}]", "[{", "\u2028", "Ordinary"]


@pytest.mark.parametrize("names", [[], ["one"], HOSTILE, HOSTILE[::-1]])
def test_it_reads_what_a_plain_reading_gives(tmp_path: Path, names: list[str]) -> None:
    rows: list[dict[str, Any]] = [{"lon": 0.5, "name": name, "open": None, "x": name} for name in names]
    path = tmp_path / "sites.json"
    path.write_bytes(orjson.dumps(rows))
    own = [{"name": "Of our own"}]
    kept = KeptSites(path, own)
    expected = rows + own
    assert list(kept) == expected
    assert len(kept) == len(expected)
    assert kept[-1] == own[0]
    assert kept[1:] == expected[1:]
    with pytest.raises(IndexError):
        kept[len(expected)]
