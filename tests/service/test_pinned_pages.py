"""A page that stays with an edition leads to the sources of that edition, not to those of a later one."""

from __future__ import annotations

import re
from html import unescape

import pytest

HOOD = "E01900001"
PAGES = (
    "/places/demo?rho=2",
    f"/places/demo/neighbourhoods/{HOOD}",
    "/maps/demo/need",
    "/embed/demo/need",
    "/places/demo/access?service=gp",
    "/sources?place=demo",
)


def to_sources(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]*/sources[^"]*)"', text)]


@pytest.fixture(scope="module")
def edition(served) -> str:
    return str(served.json("/api/v1/places")["places"][0]["edition"])


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_sources_stays_with_the_edition_of_its_page(served, edition, page):
    path, _, query = page.partition("?")
    usual, pinned = (served.get(f"{path}?{query}{words}").text for words in ("", f"&edition={edition}"))
    assert to_sources(usual)
    assert not [link for link in to_sources(usual) if "edition=" in link]
    assert all(f"/sources?place=demo&edition={edition}" in link for link in to_sources(pinned))
    assert len(to_sources(pinned)) == len(to_sources(usual))


def test_the_copied_picture_and_table_lead_to_their_own_sources(served, edition):
    text = served.get("/embed/demo/need/fragment").text
    assert [link.partition("/sources")[2] for link in to_sources(text)] == [f"?place=demo&edition={edition}"]


def test_the_sources_of_an_edition_are_shown_and_a_wrong_one_is_named(served, edition):
    page = served.get(f"/sources?place=demo&edition={edition}")
    assert page.status_code == 200
    assert f"edition {edition}" in page.text
    for query, status, words in (
        ("place=demo&edition=2001-01-01-00000000", 404, "2001-01-01-00000000"),
        ("place=demo&edition=../x", 422, "edition"),
        (f"edition={edition}", 422, "Give place too"),
    ):
        answer = served.get(f"/sources?{query}")
        assert answer.status_code == status
        assert words in answer.text
