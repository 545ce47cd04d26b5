"""Sites that stay in their file: the same as a plain reading of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from service.editions import edition as editions
from service.editions.edition import Edition, open_edition
from service.editions.kept_sites import KeptSites
from service.editions.views import View
from service.pages.map_key import service_keys
from service.pages.neighbourhood import near_services

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


@pytest.fixture
def large(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> Edition:
    """The demo, as if it were a large place."""
    monkeypatch.setattr(editions, "COUNCILS_ABOVE", 0)
    return open_edition(demo_store, "demo")


def test_columns_say_of_every_site_what_it_says_itself(large: Edition) -> None:
    sites, columns = list(large.sites()), large.site_columns
    assert isinstance(large.sites(), KeptSites)
    assert columns.kinds == [site["service"] for site in sites]
    assert columns.inside.tolist() == [site["inside"] for site in sites]
    codes = [None if row < 0 else str(large.codes[row]) for row in columns.areas.tolist()]
    known = set(large.codes.tolist())
    assert codes == [site["lsoa21cd"] if site["lsoa21cd"] in known else None for site in sites]
    team = f"team:{large.footprints('team')[0]['name']}"
    here = set(large.codes[large.rows_within(team)].tolist())
    assert large.sites(within=team) == [site for site in sites if site["lsoa21cd"] in here]
    assert large.sites("gp") == [site for site in sites if site["service"] == "gp"]


def test_sites_are_found_by_their_ids(large: Edition) -> None:
    sites = list(large.sites())
    first, last = sites[0]["site_id"], sites[-1]["site_id"]
    assert large.sites_named([first, last, "none"]) == {first: sites[0], last: sites[-1]}
    assert large.sites_named([]) == {}


def test_pages_of_a_large_place_read_few_of_its_sites(large: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once are some 50 MB for England, and as much again is left in holes."""
    columns, read = large.site_columns, []
    real = KeptSites._read
    monkeypatch.setattr(KeptSites, "_read", lambda self, row: read.append(row) or real(self, row))
    near = near_services(large, large.facts(0))
    assert sum(entry["known"] for entry in near) >= len(read) > 0
    read.clear()
    keys = service_keys(large, View("demo", "core"), list(range(len(columns.kinds))), all_shown=False)
    assert keys
    assert not read
