"""What files say of themselves: whose data they hold, what their columns are, and nothing that does not matter."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyogrio
import pytest

from service.drawing.features import last
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.editions.weights import read_weights
from service.files.downloads import csv_bytes, write_table
from service.files.file_table import table_of
from service.files.spreadsheet import xlsx_bytes
from service.pages.map import map_page
from service.pages.map_pictures import map_picture
from service.queries import BadQuery


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def told_apart(edition: Edition) -> Edition:
    """The demo, each of its sources with a sentence of its own."""
    own = open_edition(edition.stored.folder.parent.parent, "demo", edition.id, check=False)
    own.sources = [{**source, "attribution": f"Sentence of {source['id']}."} for source in own.sources]
    return own


def credited(edition: Edition, **view: Any) -> set[str]:
    sentences = table_of(edition, View("demo", **view)).facts["attribution"]
    return {sentence.removeprefix("Sentence of ").removesuffix(".") for sentence in sentences}


def test_a_file_credits_the_sources_of_its_columns_and_no_others(told_apart: Edition) -> None:
    used = {source["id"] for source in told_apart.sources if source["status"] == "used"}
    for focus, facts in told_apart.focuses.items():
        parts = [told_apart.indicators[part["indicator"]] for part in facts["ingredients"]]
        wanted = {source for part in parts for source in (part["source"], *part["also"])} & used
        found = credited(told_apart, focus=focus, layer="targeting")
        assert wanted | {"lsoa21_boundaries", "lsoa21_lookup", "population_mid2022"} <= found < used
    assert "libraries" not in credited(told_apart, layer="imd")
    assert "census2021_tenure" in credited(told_apart, layer="indicator", indicator="rented_share")
    assert {"gp_practices", "postcodes"} <= credited(told_apart, layer="sites", service="gp")
    assert {"gp_practices", "lsoa21_centroids"} <= credited(told_apart, layer="access", service="gp")
    table = table_of(told_apart, View("demo", layer="targeting"))
    assert all(column.sources for column in table.columns)
    shown = last(told_apart, View("demo", layer="indicator", indicator="rented_share"))
    assert b"Sentence of census2021_tenure." in shown
    assert b"Sentence of libraries." not in shown


def sources_in(text: str) -> set[str]:
    return set(re.findall(r"Sentence of (\w+)\.", text))


def test_a_map_credits_what_it_shows_and_nobody_else(told_apart: Edition) -> None:
    need, near = View("demo", layer="need"), View("demo", layer="need", focus="best-start")
    areas = {"lsoa21_boundaries", "lsoa21_lookup"}
    figures = {"iod2025_file7", *areas}
    lists = {"gp_practices", "pharmacies", "libraries"}
    tenure, gp = View("demo", layer="indicator", indicator="rented_share"), View("demo", layer="access", service="gp")
    for view, service, shown, hidden in (
        (View("demo", layer="imd"), "", figures, lists),
        (View("demo", layer="imd"), "pharmacy", figures | {"pharmacies"}, lists - {"pharmacies"}),
        (View("demo", layer="sites"), "library", {"libraries", *areas}, {"gp_practices", "iod2025_file7"}),
        (tenure, "", {"census2021_tenure", *areas}, lists | {"iod2025_file7"}),
        (gp, "", {"gp_practices", "streets", "gp_registrations"}, {"libraries"}),
        (need, "", figures, {"libraries"}),
    ):
        drawn = sources_in(map_picture(told_apart, view, score(told_apart, view), service=service))
        assert shown <= drawn, view
        assert not hidden & drawn, view
        page = map_page(told_apart, view, score(told_apart, view), service=service)
        boxes = {key.id for key in page.services}
        said = sources_in(" ".join([*page.attribution, *page.site_attribution]))
        assert drawn <= said
        assert ("libraries" in said) == ("library" in boxes)  # sites that a box can bring are credited
        if not page.pictured:
            assert sources_in(" ".join(page.attribution)) == drawn
    assert sources_in(map_picture(told_apart, near, score(told_apart, near))) != sources_in(
        map_picture(told_apart, need, score(told_apart, need))
    )


def test_a_file_leaves_out_focus_and_dial_where_they_change_nothing(edition: Edition) -> None:
    assert not {"focus", "rho", "strength"} & set(table_of(edition, View("demo", layer="sites")).facts)
    assert "rho" not in table_of(edition, View("demo", layer="access", service="gp")).facts
    turned = View("demo", layer="access", service="gp", demand="targeting")
    assert table_of(edition, turned).facts["rho"] == 3
    assert {"focus", "rho"} <= set(table_of(edition, View("demo", layer="need")).facts)


def test_truths_and_ranks_have_kinds_of_their_own(edition: Edition, tmp_path: Path) -> None:
    sites = table_of(edition, View("demo", layer="sites", service="dental"))
    rows = list(csv.DictReader(io.StringIO(csv_bytes(sites).decode())))
    assert {row["inside"] for row in rows} == {"true", "false"}
    assert {row["accepting_children"] for row in rows} <= {"true", "false", ""}
    schema = pq.read_schema(write_table(edition, View("demo", layer="sites"), tmp_path / "a.parquet", "parquet"))
    assert str(schema.field("accepting_adults").type) == "bool"
    write_table(edition, View("demo", layer="sites"), tmp_path / "a.gpkg", "gpkg")
    facts = pyogrio.read_info(tmp_path / "a.gpkg", layer="sites")
    kinds = dict(zip(facts["fields"].tolist(), facts["dtypes"].tolist(), strict=True))
    assert (kinds["inside"], kinds["fte"]) == ("bool", "float64")
    kinds = {column.name: column.kind for column in table_of(edition, View("demo", layer="targeting")).columns}
    ranks = [name for name in kinds if name.endswith("_rank") and name != "place_rank"]
    assert ranks
    assert {kinds[name] for name in ranks} == {"whole"}
    assert xlsx_bytes(sites)


def test_sites_have_the_same_columns_in_the_same_order_everywhere(served: Any, edition: Edition) -> None:
    listed = [column.name for column in table_of(edition, View("demo", layer="sites")).columns]
    placed = [name for name in listed if name not in ("lon", "lat")]
    shown = served.json("/geojson/demo/sites")["features"][0]["properties"]
    assert list(shown) == [name for name in placed if name in shown]
    feature = served.json("/ogc/collections/demo-sites/items?limit=1")["features"][0]["properties"]
    assert list(feature) == placed


def test_web_geojson_says_what_has_to_be_known(served: Any) -> None:
    asked = "detail=none&focus=best-start&weights=overcrowded_share=2"
    notes = served.json(f"/geojson/demo/need?{asked}")["evenreach"]["notes"]
    assert "Places are deprived, people are not." in notes[0]
    assert "Strength of the evidence" in notes[1]
    assert "not worked out for weights of your own" in notes[2]
    assert len(served.json("/geojson/demo/imd?detail=none")["evenreach"]["notes"]) == 1


@pytest.mark.parametrize("kind", ["csv", "excel.csv"])
def test_a_csv_names_its_description(served: Any, kind: str) -> None:
    link = served.get(f"/downloads/demo/need.{kind}?rho=4").headers.get("Link", "")
    assert f"<need.{kind}-metadata.json?rho=4>" in link
    described = served.json(f"/downloads/demo/need.{kind}-metadata.json?rho=4")
    assert described["url"] == f"need.{kind}?rho=4"
    assert "(fictional). Focus: " in described["dc:description"]
    assert ". Edition: " in described["dc:description"]


def test_a_picture_under_a_title_draws_none(edition: Edition) -> None:
    view = View("demo", layer="need")
    with_title, without = (map_picture(edition, view, score(edition, view), headed=headed) for headed in (True, False))
    assert with_title.count(">Need score: Overall deprivation<") == 2
    assert without.count(">Need score: Overall deprivation<") == 1


def test_a_weight_below_zero_is_named() -> None:
    with pytest.raises(BadQuery, match=r"gives income_rank the weight -1; a weight is 0 or more"):
        read_weights("crime_rank=2,income_rank=-1")
    with pytest.raises(BadQuery, match="overcrowded_share=2"):
        read_weights("lots")


def sources_of(table: Any, column: str) -> set[str]:
    return set(next(each.sources for each in table.columns if each.name == column))


def test_a_column_names_the_sources_that_gave_its_figures(edition: Edition) -> None:
    titles = {source["id"]: f"{source['title']}, {source['publisher']}" for source in edition.sources}
    residents = {titles["population_mid2022"]}
    of_ages = residents | {titles["census2021_age"], titles["age_bands_mid2020"]}
    core, start = (table_of(edition, View("demo", focus, layer="need")) for focus in ("core", "best-start"))
    for table, eligible in ((core, residents), (start, of_ages)):
        assert sources_of(table, "population") == residents
        assert sources_of(table, "eligible") == eligible
        assert eligible <= sources_of(table, "need_position")
    behind = titles["iod2025_underlying"]
    assert behind in sources_of(core, "rank_low") & sources_of(core, "certainty")
    assert behind not in sources_of(core, "need_score")


def test_a_file_says_whom_it_counts_and_which_neighbourhoods_it_compares(edition: Edition) -> None:
    ward = edition.footprints("ward")[0]
    whole = View("demo", "best-start", layer="need")
    for view, among in (
        (whole, f"among all neighbourhoods of {edition.place['name']}"),
        (whole.but(within=f"ward:{ward['code']}"), f"among the neighbourhoods of {ward['name']}"),
        (View("demo", layer="access", service="gp"), f"among all neighbourhoods of {edition.place['name']}"),
    ):
        said = {column.name: column.about for column in table_of(edition, view).columns}
        assert not [about for about in said.values() if "within=" in about or "draws" in about]
        assert among in said["need_fifth_without_access" if view.layer == "access" else "need_fifth"]
    counted = [
        next(column.about for column in table_of(edition, view).columns if column.name == "eligible")
        for view in (whole, whole.but(focus="core"))
    ]
    assert counted[0].startswith("Children aged 0 to 4, estimated for mid-2022: residents in mid-2022 times the share")
    assert counted[1] == "Everyone who lives here: residents, mid-2022"
