"""What a page, a frame and a copied fragment say to readers without statistics: plain words, and only true ones."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from layers.map_layers import CERTAINTY_LABELS, CLUSTER_LABELS, HATCHED_LABEL, map_layer

STATISTICS = re.compile(r"\bdraws?\b|Moran|permutations|false discovery|among greater need|among lesser need")
PUBLIC_PAGES = (
    "/places/demo?focus=best-start",
    "/places/demo/neighbourhoods/E01900007?focus=best-start",
    "/embed/demo/need?focus=best-start&table=open",
    "/embed/demo/certainty?table=open",
    "/embed/demo/clusters?table=open",
    "/embed/demo/clusters/fragment",
    "/pictures/demo/clusters.svg",
)


def words_of(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_leave_statistics_to_the_methods(served: Any, path: str) -> None:
    assert STATISTICS.findall(words_of(served.get(path).text)) == []


def test_the_methods_keep_the_exact_statistic(served: Any) -> None:
    clusters, certainty = (words_of(served.get(f"/methods/{name}").text) for name in ("m8", "m9"))
    assert "Moran" in clusters
    assert "9,999" in clusters
    assert "90 of 100 draws" in certainty
    assert len({*CERTAINTY_LABELS, *CLUSTER_LABELS, HATCHED_LABEL}) == 9
    assert not STATISTICS.search(map_layer("clusters").about_classes)


@pytest.mark.parametrize("layer", ["clusters", "certainty", "need", "imd"])
def test_no_word_of_a_pictures_legend_is_cut(served: Any, layer: str) -> None:
    assert "…" not in served.get(f"/pictures/demo/{layer}.svg").text


def test_a_table_says_which_neighbourhoods_are_not_certain(served: Any) -> None:
    text = served.get("/embed/demo/need?focus=best-start&table=open").text
    cells = [unescape(cell) for cell in re.findall(r"<td>([^<]*)</td>", text)]
    doubtful = [cell for cell in cells if " but " in cell]
    kinds = {"Fifth 1, but not certain", *(f"Fifth {number}, but may be in fifth 1" for number in (2, 3, 4, 5))}
    assert "Fifth 1, but not certain" in doubtful
    assert set(doubtful) <= kinds
    (count,) = re.findall(rf"{HATCHED_LABEL}\. (\d+) neighbourhood", text)
    assert len(doubtful) == int(count)


def test_a_map_says_when_its_figures_were_built_and_what_its_dial_means(served: Any) -> None:
    edition = served.json("/api/v1/places")["places"][0]["edition"]
    for path in ("/embed/demo/targeting?rho=5", "/maps/demo/targeting?rho=5", "/pictures/demo/targeting.svg?rho=5"):
        said = words_of(served.get(path).text)
        assert re.search(r"Figures built on \d{1,2} [A-Z][a-z]+ 20\d\d", said), path
        assert edition in said, path
    assert "The dial is at 5: up to 5 times as much per head where need is greatest." in said_of(served, "rho=5")
    assert "The dial is at 1: the same for all." in said_of(served, "rho=1")
    assert f"Edition {edition}" in served.get("/embed/demo/need/fragment").text


def said_of(served: Any, query: str) -> str:
    return words_of(served.get(f"/embed/demo/targeting?{query}").text)


def test_what_is_copied_by_hand_says_that_it_stays_only_where_the_map_does_not(served: Any) -> None:
    stays = "These stay as they are today: copy them again when new figures come."
    follows, kept = (served.get(f"/places/demo/embed?keep={word}").text for word in ("updates", "today"))
    assert stays in follows
    assert stays not in kept
    assert follows.index("Skip the preview") < follows.index("<iframe") < follows.index('id="copy-heading"')
    assert 'data-copy="command"' in follows


def test_a_copied_legend_has_one_colon_a_line(served: Any) -> None:
    lines = re.findall(r"<li>([^<]*)</li>", served.get("/embed/demo/need/fragment").text)
    assert lines[0].startswith("Darkest blue: Fifth 1, greatest need, ")
    assert all(line.count(":") == 1 for line in lines)


@pytest.mark.parametrize(
    "page", ["/places/demo", "/places/demo/share-out", "/places/demo/siting", "/places/demo/embed"]
)
@pytest.mark.parametrize("typed", ["99", "0.5"])
def test_a_dial_that_cannot_be_used_stays_in_its_field(served: Any, page: str, typed: str) -> None:
    answer = served.get(f"{page}?rho={typed}")
    assert answer.status_code == 422
    (field,) = re.findall(r'<input[^>]*id="rho"[^>]*>', answer.text)
    assert f'value="{typed}"' in field
    (field,) = re.findall(r'<input[^>]*id="rho"[^>]*>', served.get(f"{page}?rho=4").text)
    assert 'value="4"' in field
