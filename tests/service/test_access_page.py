"""The access page and its map layer: the same figures as the answer, in plain words, in every format."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
from openpyxl import load_workbook

from service.access.layer_columns import NAMES
from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.files.downloads import write_table

PAGE = "/places/demo/access"
SHARED = "service=dental&accepting=children&measure=e2sfca&minutes=15&focus=best-start"


@pytest.fixture(scope="module")
def demo(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def spec_of(page: str) -> dict:
    return json.loads(html.unescape(re.search(r'data-spec="([^"]*)"', page).group(1)))


def table_rows(page: str, heading: str) -> list[list[str]]:
    part = page.split(heading, 1)[1].split("</table>", 1)[0]
    rows = [re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row) for row in part.split("<tr")[2:]]
    return [[text_of(cell).strip() for cell in row] for row in rows]


@pytest.mark.parametrize("query", ["", SHARED])
def test_page_table_map_and_files_carry_the_figures_of_the_answer(served, query):
    page = served.get(f"{PAGE}?{query}").text
    answer = served.json(f"/api/v1/places/demo/access?{query}")
    by_code = {row["lsoa21cd"]: row for row in answer["neighbourhoods"]}
    fifths = table_rows(page, 'id="fifths-caption"')
    assert [row[1] for row in fifths] == [f"{row['people']:,}" for row in answer["fifths"]]
    assert [row[2] for row in fifths] == [f"{row['nearest_min']:,.1f}" for row in answer["fifths"]]
    assert [row[5] for row in fifths] == [f"{row['access_e2sfca']:,.3f}" for row in answer["fifths"]]

    features = {
        feature["id"]: feature["properties"]
        for feature in served.json(f"/geojson/demo/access?{query}&detail=none")["features"]
    }
    listed = list(csv.DictReader(io.StringIO(served.get(f"/downloads/demo/access.csv?{query}").text)))
    assert len(features) == len(listed) == len(by_code) == page.count('<tr class="govuk-table__row" id="row-')
    for row in listed:
        code, said = row["lsoa21cd"], by_code[row["lsoa21cd"]]
        for column in ("nearest_min", "sites_within", "access_2sfca", "access_e2sfca"):
            assert features[code][column] == said[column]
            assert float(row[column]) == said[column]
        assert row["nearest_site"] == features[code]["nearest_site"] == said["nearest_site"]
        assert row["access_status"] == said["status"]
        assert (row["access_status"] == "in reach") == (said["sites_within"] > 0)  # not: reached in whatever time
        assert int(row["access_fifth"]) == said["access_fifth"]
        assert int(row["need_fifth_without_access"]) == said["need_fifth"]
        shown = re.search(rf'(?s)id="row-{code}".*?</tr>', page).group(0)
        assert f">{said['nearest_min']:,.1f}<" in shown


@pytest.mark.parametrize("query", ["measure=nearest", "measure=within", SHARED])
def test_the_worst_access_is_darkest_and_comes_first(served, query):
    page, shown = served.get(f"/maps/demo/access?{query}"), served.json(f"/geojson/demo/access?{query}&detail=none")
    spec = spec_of(page.text)
    rows = [feature["properties"] for feature in shown["features"]]
    counts = [int(count) for count in re.findall(r"<span>(\d+) neighbourhoods?</span>", page.text)]
    assert [sum(row["access_class"] == number for row in rows) for number in range(1, len(counts) + 1)] == counts
    assert len(spec["labels"]) == len(counts) + 1
    worst = -1 if query != "measure=nearest" else 1
    by_class = [
        [worst * row[spec["column"]] for row in rows if row["access_class"] == n] for n in range(1, len(counts) + 1)
    ]
    assert all(min(darker) > max(lighter) for darker, lighter in pairwise(by_class))
    listed = re.findall(r'id="row-(E\d+)"', served.get(f"{PAGE}?{query}").text)
    values = {row["lsoa21cd"]: worst * row[spec["column"]] for row in rows}
    assert [values[code] for code in listed] == sorted(values.values(), reverse=True)


def test_every_output_says_what_times_rest_on(served, demo):
    basis = demo.time_basis("walk")
    for path in (PAGE, "/maps/demo/access", "/pictures/demo/access.svg"):
        assert basis in text_of(served.get(path).text)
    assert served.json("/geojson/demo/access?detail=none")["evenreach"]["access"]["time_basis"] == basis
    assert basis in served.get("/downloads/demo/access.csv-metadata.json").text


def test_a_list_that_is_not_complete_gives_no_figure_and_says_why(served, demo):
    unknown = next(entry for entry in demo.services() if not entry["complete_in"])
    page = served.get(f"{PAGE}?service={unknown['id']}")
    assert page.status_code == 200
    assert "is not known here" in page.text
    assert "evenreach-map" not in page.text
    shown = served.json(f"/geojson/demo/access?service={unknown['id']}&detail=none")["features"]
    assert {feature["properties"]["access_status"] for feature in shown} == {"not known here"}
    assert {feature["properties"]["access_class"] for feature in shown} == {None}
    assert {feature["properties"]["sites_within"] for feature in shown} == {None}
    picture = served.get(f"/pictures/demo/access.svg?service={unknown['id']}")
    assert "No figure (hatched)" in picture.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("minutes=0", "Enter a whole number of minutes from 1 to 60"),
        ("minutes=ten", "Enter a whole number of minutes from 1 to 60"),
        ("service=tea", "Choose a service from the list"),
        ("mode=walk,cycle", "Choose one way to travel from the list"),
        ("mode=rocket", "Choose one way to travel from the list"),
        ("measure=best", "Choose what the map shows from the list"),
        ("demand=cats", "Choose who shares what is in reach from the list"),
        ("service=dental&accepting=dogs", "Choose which practices count from the list"),
        ("within=team:Nowhere", "Choose an area from the list"),
        ("rho=99&minutes=99", "Enter a dial from 1 to 20"),
    ],
)
def test_a_slip_of_the_form_is_named_beside_its_field(served, query, said):
    page = served.get(f"{PAGE}?{query}")
    assert page.status_code == 422
    assert page.headers["cache-control"] == "no-store"
    assert "There is a problem" in page.text
    assert said in text_of(page.text)
    assert "In short" in page.text  # with the usual value in its place


def test_a_choice_that_belongs_to_another_service_falls_away_aloud(served):
    page = served.get(f"{PAGE}?service=library&accepting=children")
    assert page.status_code == 200
    assert "All of them are counted." in page.text
    assert 'name="accepting"' not in page.text
    assert 'name="accepting"' in served.get(f"{PAGE}?service=dental").text


def options_of(page: str, name: str) -> list[tuple[str, bool, str]]:
    inner = re.search(rf'(?s)<select[^>]*name="{name}".*?</select>', page).group(0)
    found = re.findall(r'(?s)<option value="([^"]*)"( selected)?[^>]*>(.*?)</option>', inner)
    return [(value, bool(chosen), text_of(said).strip()) for value, chosen, said in found]


def test_the_form_lets_focus_and_way_follow_the_service(served):
    page = served.get(f"{PAGE}?service=family_hub").text
    assert options_of(page, "focus")[0] == ("", True, "The usual: Best start in life")
    assert options_of(page, "mode")[0] == ("", True, "The usual way: on foot")
    assert "children aged 0 to 4 here are on average" in text_of(page)
    assert "Children aged 0 to 4, as the focus counts" in text_of(page)
    whole = served.get(f"{PAGE}?service=family_hub&focus=core&mode=cycle").text
    assert [value for value, chosen, _ in options_of(whole, "focus") if chosen] == ["core"]
    assert [value for value, chosen, _ in options_of(whole, "mode") if chosen] == ["cycle"]
    assert "focus=core" in re.search(r'id="share-link"[^>]*value="([^"]*)"', whole).group(1)
    sent = served.get(f"{PAGE}?service=dental&focus=&mode=")  # as the form sends them
    assert "children aged 0 to 17 here are on average" in text_of(sent.text)


def test_who_is_known_to_take_children_is_in_the_heading_the_first_point_and_the_map(served, demo):
    page = text_of(served.get(f"{PAGE}?service=dental&accepting=children").text)
    counts = demo.accepting_counts("dental", "children")
    assert "Who can reach an NHS dentist known to take new child patients in" in page
    short = page.split("In short", 1)[1].split("Times on foot", 1)[0]
    assert short.strip().startswith("Known to take new child NHS patients")
    assert f"{counts['yes']} of the {sum(counts.values())} dental practices" in short
    assert "Map: dental practices known to take new child NHS patients: time to the nearest" in page
    assert "adult NHS patients (" not in page


def test_groups_say_that_they_count_all_ages(served):
    page = text_of(served.get(f"{PAGE}?service=family_hub").text)
    assert "Map: Family Hubs: time to the nearest" in page
    assert "People of all ages are counted in these tables, not only children aged 0 to 4." in page
    assert "Ethnic group: all ages" in page
    assert "not only" not in text_of(served.get(f"{PAGE}?service=library").text).split("By group", 1)[1]


def test_a_table_says_how_many_rows_are_not_known(served, demo, monkeypatch):
    gone = np.arange(demo.count) < 7
    monkeypatch.setattr(Edition, "complete_rows", lambda self, service: ~gone)
    page = text_of(served.get(f"{PAGE}?service=gp&minutes=17").text)
    assert (
        f"{demo.count - 7} of the {demo.count - 7} neighbourhoods with a figure, worst first; then 7 of the 7" in page
    )
    assert page.split("In short", 1)[1].strip().startswith(f"Known for {demo.count - 7} of {demo.count}")


def test_who_takes_new_patients_is_counted_and_the_others_are_not_drawn(served, demo):
    counts = demo.accepting_counts("dental", "children")
    said = text_of(served.get(f"{PAGE}?service=dental").text)
    assert f"{counts['yes']} do, {counts['no']} do not, and of {counts['unknown']} it is not known" in said
    drawn = served.json("/geojson/demo/sites?service=dental&accepting=children")["features"]
    listed = served.json("/geojson/demo/sites?service=dental")["features"]
    assert 0 < len(drawn) < len(listed)
    assert {feature["properties"]["accepting_children"] for feature in drawn} == {True}
    assert f"({counts['yes']} here)" in text_of(served.get(f"/maps/demo/access?{SHARED}").text)


def test_blackspots_link_to_their_neighbourhoods(served):
    page, answer = served.get(PAGE).text, served.json("/api/v1/places/demo/access")
    spots = answer["blackspots"]["neighbourhoods"]
    assert spots
    part = page.split('id="blackspots-heading"', 1)[1].split("</section>", 1)[0]
    assert re.findall(r"neighbourhoods/(E\d+)", part) == [row["lsoa21cd"] for row in spots]
    assert all(row["need_fifth"] == row["access_fifth"] == 1 for row in spots)


def test_the_links_of_the_page_open_the_same_view(served):
    page = served.get(f"{PAGE}?{SHARED}").text
    for kind in ("csv", "geojson", "xlsx", "gpkg", "parquet"):
        address = html.unescape(re.search(rf'href="(/downloads/demo/access\.{kind}\?[^"]+)"', page).group(1))
        assert set(address.split("?")[1].split("&")) == set(SHARED.split("&"))
    name = served.get(f"/downloads/demo/access.csv?{SHARED}").headers["content-disposition"]
    assert "access_dental_15_e2sfca_children_best-start" in name
    planner = served.get("/places/demo?focus=best-start&rho=4.5").text
    assert 'href="/places/demo/access?focus=best-start&amp;rho=4.5"' in planner


def test_within_an_area_need_fifths_and_classes_are_its_own(served, demo):
    team = demo.footprints("team")[0]
    query = f"within=team:{team['name']}"
    shown = served.json(f"/geojson/demo/access?{query}&detail=none")["features"]
    assert len(shown) == team["count"]
    whole = served.json("/geojson/demo/access?detail=none")["features"]
    minutes = {feature["id"]: feature["properties"]["nearest_min"] for feature in whole}
    assert all(feature["properties"]["nearest_min"] == minutes[feature["id"]] for feature in shown)
    assert min(feature["properties"]["access_fifth"] for feature in shown) == 1
    assert team["name"] in served.get(f"{PAGE}?{query}").text


def test_heavy_files_hold_the_same_columns_and_figures(demo, tmp_path):
    view = View("demo", layer="access", service="library", minutes="15", measure="within")
    for kind in ("csv", "xlsx", "gpkg", "parquet"):
        write_table(demo, view, tmp_path / f"access.{kind}", kind)
    rows = list(csv.DictReader((tmp_path / "access.csv").open()))
    table = pq.read_table(tmp_path / "access.parquet").to_pydict()
    shapes = pyogrio.read_dataframe(tmp_path / "access.gpkg")
    book = load_workbook(tmp_path / "access.xlsx", read_only=True)
    cover = " ".join(str(cell.value) for row in book["Cover"].iter_rows() for cell in row if cell.value)
    assert "Libraries" in cover
    assert demo.time_basis("walk") in cover
    assert [name for name in rows[0] if name in NAMES] == list(NAMES)
    minutes = [float(row["nearest_min"]) for row in rows]
    assert table["nearest_min"] == minutes
    assert np.array_equal(shapes["nearest_min"].to_numpy(), minutes)
    sheet = list(book["Scores"].iter_rows(min_row=4, values_only=True))
    at = sheet[0].index("nearest_min")
    assert [row[at] for row in sheet[1:]] == minutes


def test_what_is_near_one_neighbourhood_is_the_access_of_that_neighbourhood(served, demo):
    code = str(demo.codes[60])
    near = served.json(f"/api/v1/places/demo/neighbourhoods/{code}")["near_over_streets"]
    page = text_of(served.get(f"/places/demo/neighbourhoods/{code}").text)
    assert ("walk" in near) == (demo.network is not None)
    for mode, services in near.items():
        assert set(services) == {entry["id"] for entry in demo.services() if entry["complete"]}
        for service in ("gp", "library"):
            answer = served.json(f"/api/v1/places/demo/access?service={service}&mode={mode}")
            row = next(row for row in answer["neighbourhoods"] if row["lsoa21cd"] == code)
            assert (services[service]["site_id"], services[service]["travel_time_min"]) == (
                row["nearest_site_id"],
                row["nearest_min"],
            )
            assert f"about {round(row['nearest_min'])} min" in page
    assert demo.time_basis("walk") in page


def test_all_of_a_large_place_is_not_worked_out_while_somebody_waits(served, demo, monkeypatch):
    monkeypatch.setattr(Edition, "large", True)
    page = served.get(f"{PAGE}?minutes=7")
    assert page.status_code == 200
    assert "too many for one page. Choose a council" in page.text
    for path in (
        "/maps/demo/access?minutes=7",
        "/pictures/demo/access.svg?minutes=7",
        "/geojson/demo/access?minutes=7",
    ):
        refused = served.get(path, headers={"Accept": "application/json"})
        assert refused.status_code == 422
        said, told = (refused.text if path.startswith("/maps") else refused.json()["detail"]), "within=lad:CODE"
        assert "too many for one map of access. Choose one council." in said
        assert told not in said
        assert path.startswith("/maps") or told in refused.json()["hint"]
    assert 'href="/places/demo/access"' in served.get("/maps/demo/access?minutes=7").text
    assert 'href="/places/demo/access"' not in served.get("/maps/demo/access?minutes=700").text
    assert '/maps/demo/access"' not in served.get("/maps/demo/need").text
    team = demo.footprints("team")[0]["name"]
    assert "In short" in served.get(f"{PAGE}?within=team:{team}").text
