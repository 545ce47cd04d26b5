"""How sure ranks are, in the edition and on every surface: second routes, laws, words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from typer.testing import CliRunner

from geodata.stored import read_outlines
from layers.clusters import hot_spots, local_clusters, queen_neighbours
from layers.need import need_score
from layers.rank_summaries import CLASSES, DrawnRanks
from service.building.certainty import _rows_of, _rows_within
from service.commands.main import app
from service.editions.certainty import CLUSTERS, HOT_SPOTS
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.pages.certainty import of_100, rank_movers, short_words, sure_words

FOCUSES = ("core", "best-start", "building-blocks")


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.mark.parametrize("kind", ["", "team", "ward"])
@pytest.mark.parametrize("focus", FOCUSES)
def test_within_any_footprint_the_same_draws_are_ranked_again(edition: Edition, focus: str, kind: str) -> None:
    within = f"{kind}:{max(edition.footprints(kind), key=lambda part: part['count'])['code']}" if kind else ""
    rows = edition.rows_within(within)
    draws = np.load(edition.stored.folder / "web" / f"draws-{focus}.npy")
    again = rankdata(draws[rows], method="min", axis=0)
    ordered, found = np.sort(again, axis=1), edition.certainty(focus, within)
    assert found is not None
    assert found.low.tolist() == ordered[:, int(np.floor(0.05 * 1999))].tolist()
    assert found.high.tolist() == ordered[:, int(np.ceil(0.95 * 1999))].tolist()
    np.testing.assert_allclose(found.chance, (again <= len(rows) // 5).mean(axis=1), atol=1e-12)


@pytest.mark.parametrize("focus", FOCUSES)
def test_ranks_lie_in_their_intervals_and_the_chances_fill_the_fifth(edition: Edition, focus: str) -> None:
    scores = score(edition, View("demo", focus))
    inside = (scores.rank_low <= scores.rank) & (scores.rank <= scores.rank_high)
    assert inside.mean() > 0.8
    assert scores.top_fifth_chance.sum() == pytest.approx(24, abs=0.5)
    certain = np.array(scores.certainty)
    assert set(certain) <= set(CLASSES)
    assert (scores.top_fifth_chance[certain == "surely in"] >= 0.9).all()
    assert (scores.top_fifth_chance[certain == "surely out"] <= 0.1).all()


def test_ranks_of_the_indices_alone_are_never_sure(edition: Edition) -> None:
    # Income and employment have counts, .45 of .999; the other five domains have none.
    assert set(score(edition, View("demo", "core")).certainty) == {"method only"}
    assert {"surely in", "surely out"} <= set(score(edition, View("demo", "best-start")).certainty)


def test_a_large_place_finds_the_same_in_what_was_worked_out_before(demo_store: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    small, large = open_edition(demo_store, "demo"), open_edition(store, "demo")
    web = large.stored.folder / "web"
    figures, draws = np.load(web / "certainty-best-start.npy"), np.load(web / "draws-best-start.npy")
    drawn = DrawnRanks(draws, figures[4])
    kinds = {kind: small.footprints(kind) for kind in ("lad", "ward", "msoa", "team")}
    parts = [_rows_of(drawn.within(), drawn.counted), _rows_within(drawn, kinds, np.load(web / "footprint_rows.npy"))]
    np.save(web / "certainty-best-start.npy", np.hstack(parts))
    (web / "draws-best-start.npy").unlink()
    for within in ("", *(f"{kind}:{part['code']}" for kind, entries in kinds.items() for part in entries)):
        one, other = small.certainty("best-start", within), large.certainty("best-start", within)
        assert one is not None
        assert other is not None
        for name in ("low", "high", "chance", "code"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=within)


def test_an_edition_from_before_says_that_it_does_not_know(demo_store: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    web = open_edition(store, "demo").stored.folder / "web"
    for path in [*web.glob("certainty-*"), *web.glob("drivers-*"), *web.glob("clusters.*"), *web.glob("scaled-*")]:
        path.unlink()
    old = open_edition(store, "demo", check=False)
    scores = score(old, View("demo"))
    assert not scores.certain
    assert scores.certainty == [""] * 120
    assert rank_movers(old, scores, 0) == []
    assert old.clusters("focus:core") is None


# What moves a rank


@pytest.mark.parametrize("focus", FOCUSES)
def test_what_moves_a_rank_is_the_rank_without_the_indicator(edition: Edition, focus: str) -> None:
    names = [part["indicator"] for part in edition.focuses[focus]["ingredients"]]
    weights = {part["indicator"]: part["weight"] for part in edition.focuses[focus]["ingredients"]}
    scaled = pd.DataFrame(np.asarray(edition.scaled(focus)).T, columns=names)
    left_out = names[0]
    rest = {name: weights[name] for name in names[1:]}
    total = sum(rest.values())
    without = need_score(scaled, {name: weight / total for name, weight in rest.items()}).score
    change = without.rank(ascending=False, method="min") - pd.Series(score(edition, View("demo", focus)).rank)
    stored = edition.rank_changes(focus)
    assert stored is not None
    np.testing.assert_array_equal(stored[0], change.where(without.notna()), err_msg=left_out)


def test_programs_get_what_moves_a_rank(edition: Edition, served: Any) -> None:
    row, stored = 17, edition.rank_changes("best-start")
    assert stored is not None
    one = served.json(f"/api/v1/places/demo/neighbourhoods/{edition.codes[row]}?focus=best-start")
    assert [reason["rank_change_without"] for reason in one["reasons"]] == np.asarray(stored)[:, row].tolist()
    assert one["certainty_notes"] == served.json("/api/v1/places/demo/scores?focus=best-start")["certainty_notes"]


def test_the_balance_of_a_focus_is_told(edition: Edition, served: Any) -> None:
    facts = edition.focuses["best-start"]
    effective = [value for value in facts["effective_weights"].values() if value is not None]
    assert sum(effective) == pytest.approx(1, abs=1e-3)
    assert facts["correlations"][0][0] == 1
    assert 0.5 < facts["imd_correlation"] <= 1
    assert edition.focuses["core"]["imd_correlation"] == 1
    page = served.get("/places/demo?focus=best-start").text
    assert "Does any indicator weigh more than it seems?" in page
    assert f"rank correlation of {facts['imd_correlation']:.2f}" in page


# Clusters


@pytest.fixture(scope="module")
def neighbours(edition: Edition) -> Any:
    return queen_neighbours(read_outlines(edition.stored))


@pytest.mark.parametrize("name", ["focus:best-start", "indicator:rented_share"])
def test_clusters_are_those_of_the_published_boundaries(edition: Edition, neighbours: Any, name: str) -> None:
    kind, _, wanted = name.partition(":")
    values = score(edition, View("demo", wanted)).need_score if kind == "focus" else edition.indicator_values(wanted)
    column, found = pd.Series(values, neighbours.codes), edition.clusters(name)
    moran, spots = local_clusters(column, neighbours), hot_spots(column, neighbours)
    assert found is not None
    assert [CLUSTERS[code] for code in found.cluster] == moran["cluster"].tolist()
    assert [HOT_SPOTS[code] for code in found.hot_spot] == spots["cluster"].tolist()
    np.testing.assert_allclose(found.moran, moran["statistic"], rtol=1e-12)
    np.testing.assert_allclose(found.hot_spot_z, spots["statistic"], rtol=1e-12)
    np.testing.assert_allclose(found.q_value, spots["q_value"])


def test_clusters_are_the_same_for_programs_on_the_map_and_on_the_command_line(
    served: Any, demo_store: Path, edition: Edition
) -> None:
    answer = served.json("/api/v1/places/demo/clusters?focus=best-start")
    assert {"edition", "method", "attribution", "islands", "method_of_clusters", "notes"} <= set(answer)
    assert len(answer["rows"]) == 120
    assert sum(answer["counts"]["cluster"].values()) == 120
    assert answer["counts"]["cluster"]["high among high"] > 3
    done = CliRunner().invoke(app, ["clusters", "demo", "--focus", "best-start", "--store", str(demo_store), "--json"])
    assert json.loads(done.stdout) == answer
    drawn = served.json("/geojson/demo/clusters?focus=best-start&detail=none")["features"]
    columns = ("value", "cluster", "hot_spot", "q_value", "cluster_class")
    assert [[part["properties"][name] for name in columns] for part in drawn] == [
        [row[name] for name in columns] for row in answer["rows"]
    ]
    both = CliRunner().invoke(app, ["clusters", "demo", "--store", str(demo_store)])
    assert (both.exit_code, both.stderr.strip()) == (2, "evenreach clusters: give either --indicator or --focus")
    unknown = CliRunner().invoke(app, ["clusters", "demo", "--indicator", "altitude", "--store", str(demo_store)])
    assert unknown.exit_code == 1
    assert "No indicator 'altitude'" in unknown.stderr


def test_clusters_of_a_low_is_worse_indicator_are_coloured_by_need(served: Any) -> None:
    rows = served.json("/api/v1/places/demo/clusters?indicator=income_rank")["rows"]
    classes = {row["cluster"]: row["cluster_class"] for row in rows if row["cluster"]}
    assert classes["low among low"] == 1  # ranks near 1 are the greatest need
    assert classes["high among high"] == 4
    assert served.get("/api/v1/places/demo/clusters?indicator=altitude").status_code == 404
    assert served.get("/api/v1/places/demo/clusters?statistic=1").status_code == 422


# Words and maps


def test_words_for_a_chance() -> None:
    assert sure_words(0.97, "surely in") == "very likely among the fifth of greatest need (97 in 100)"
    assert sure_words(0.45, "borderline").startswith("borderline: ")
    assert "likely" not in sure_words(0.99, "method only")
    assert sure_words(float("nan"), "") == ""
    assert [of_100(chance) for chance in (1, 0.9995, 0.0005, 0)] == [
        "100 in 100", "over 99 in 100", "under 1 in 100", "0 in 100",
    ]  # fmt: skip
    assert [short_words(0.45, word) for word in ("borderline", "method only")] == ["borderline, 45 in 100", "45 in 100"]
    assert short_words(0.9995, "surely in") == "> 99 in 100"


def test_the_pages_say_how_sure_a_rank_is(served: Any, edition: Edition) -> None:
    planner = served.get("/places/demo?focus=best-start").text
    assert "How sure is the order?" in planner
    assert "in it at least 90 times in 100" in planner
    scores = score(edition, View("demo", "best-start"))
    item = int(np.flatnonzero(np.array(scores.certainty) == "surely in")[0])
    code = edition.codes[scores.rows[item]]
    page = re.sub(r"\s+", " ", served.get(f"/places/demo/neighbourhoods/{code}?focus=best-start").text)
    assert "very likely among the fifth of greatest need" in page
    assert "What moves this rank" in page
    core = re.sub(r"\s+", " ", served.get(f"/places/demo/neighbourhoods/{code}").text)
    assert "Method only: more than a third of the weight has no published counts" in core
    assert "very likely" not in core


def test_borderline_neighbourhoods_are_hatched_in_map_and_picture(served: Any, edition: Edition) -> None:
    scores = score(edition, View("demo", "best-start"))
    count = int(((scores.top_fifth_chance > 0.1) & (scores.top_fifth_chance < 0.9)).sum())
    words = f"may or may not be among the fifth of greatest need. {count} neighbourhoods."
    page = served.get("/maps/demo/need?focus=best-start").text
    assert words in page
    assert "top_fifth_chance" in page
    picture = served.get("/pictures/demo/need.svg?focus=best-start").text
    assert picture.count('fill="url(#doubt)"') == count
    assert served.get("/pictures/demo/imd.svg").text.count('fill="url(#doubt)"') == 0
    core = score(edition, View("demo", "core"))
    hatched = (core.top_fifth_chance > 0.1) & (core.top_fifth_chance < 0.9)
    assert set(core.certainty) == {"method only"}  # a class of the file: the map hatches some, in words of its own
    assert hatched.any()
    for path in ("/maps/demo/need", "/pictures/demo/need.svg", "/embed/demo/need", "/maps/demo/certainty"):
        assert "borderline" not in re.sub(r"<script.*?</script>", "", served.get(path).text, flags=re.S).lower(), path


@pytest.mark.parametrize("layer", ["certainty", "clusters"])
def test_the_new_layers_have_a_legend_that_adds_up(served: Any, layer: str) -> None:
    page = served.get(f"/maps/demo/{layer}?focus=best-start").text
    counts = [int(count) for count in re.findall(r"<span>(\d+) neighbourhoods?</span>", page)]
    assert sum(counts) == 120
    assert served.get(f"/pictures/demo/{layer}.svg?focus=best-start").status_code == 200
    assert served.get(f"/downloads/demo/{layer}.csv?focus=best-start").text.count("\n") == 121


def test_a_ward_of_fewer_than_five_has_no_fifth(served: Any, edition: Edition) -> None:
    small = [part for kind in ("ward", "msoa") for part in edition.footprints(kind) if part["count"] < 5]
    assert small
    kind = "msoa" if small[0] in edition.footprints("msoa") else "ward"
    rows = served.json(f"/api/v1/places/demo/scores?within={kind}:{small[0]['code']}")["rows"]
    assert {row["certainty"] for row in rows} == {None}
    assert all(1 <= row["rank_low"] <= row["rank_high"] <= len(rows) for row in rows)
    page = served.get(f"/places/demo?within={kind}:{small[0]['code']}").text
    assert "fewer than five neighbourhoods" in page


def test_luton_on_the_published_figures(real_store: Any) -> None:
    luton = open_edition(real_store("luton"), "luton")
    for focus in luton.focuses:
        scores = score(luton, View("luton", focus))
        known = np.isfinite(scores.need_score)  # a dentist's answer may not be known anywhere near
        assert known.sum() > 100, focus
        inside = (scores.rank_low <= scores.rank) & (scores.rank <= scores.rank_high)
        assert inside[known].mean() > 0.8, focus
        assert scores.top_fifth_chance[known].sum() == pytest.approx(known.sum() / 5, abs=0.9), focus
        assert np.isnan(scores.top_fifth_chance[~known]).all(), focus
    # Children in poverty, crowding and household deprivation are counted: .7 of the weight.
    sure = score(luton, View("luton", "best-start")).certainty
    assert {"surely in", "surely out", "borderline"} == set(sure)
    assert set(score(luton, View("luton", "core")).certainty) == {"method only"}
    found = luton.clusters("focus:best-start")
    assert found is not None
    high = luton.codes[found.cluster == CLUSTERS.index("high among high")]
    names = {luton.facts(luton.row(code))["msoa21hclnm"] for code in high}
    assert "Bury Park" in names
    assert luton.islands() == []
