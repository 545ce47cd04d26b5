"""The pages over the fictional borough: their furniture, their figures, their words, and what they refuse."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.access.near import near_over_streets
from service.app import create_app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.site_names import calm
from service.editions.views import View
from service.pages import ranked_table as table_of_a_view
from service.pages.furniture import Pages, Tenant
from service.pages.indicator import spread
from service.pages.locator import locator
from service.pages.neighbourhood import distance_words, reasons_of
from service.pages.planner import dial_words, footprint_choices
from service.pages.ranked_table import TableRequest, ranked_table
from service.pages.wording import ages_words, day, percent, plain, value_words
from service.settings import Settings
from service.web.log import JsonLines

FIRST = "E01900001"
PATHS = {
    "home": "/",
    "planner": "/places/demo",
    "planner, other view": "/places/demo?focus=best-start&rho=4.25&sort=-people&find=e",
    "neighbourhood": f"/places/demo/neighbourhoods/{FIRST}",
    "indicator": "/indicators/income_rank?place=demo",
    "indicator, other view": "/indicators/overcrowded_share?place=demo&focus=best-start",
    "council over time": "/indicators/mmr_two_doses?place=demo&goal=95&due=2028/29",
    "compare": "/places/demo/compare",
    "access": "/places/demo/access?service=dental&measure=e2sfca&minutes=15",
    "methods": "/methods",
    "method": "/methods/m1",
    "sources": "/sources?place=demo",
    "accessibility": "/accessibility",
    "unknown place": "/places/nowhere",
    "unknown page": "/nothing/here",
    "bad dial": "/places/demo?rho=21",
}
VOID = {"meta", "link", "input", "img", "br", "hr", "path", "rect", "line", "circle", "wbr", "source"}


class Parsed(HTMLParser):
    """Elements of a page in order: tag, attributes, and the text inside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said: list[str] = []
        self.elements.append((tag, {key: value or "" for key, value in attrs}, said))
        if tag not in VOID:
            self._open.append((tag, said))

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, said in self._open:
            said.append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and tidy text of every element of this tag with these attributes (class_ = one of its classes)."""
        return [
            (attributes, " ".join("".join(said).split()))
            for name, attributes, said in self.elements
            if name == tag
            and all(
                value in attributes.get("class", "").split() if key == "class_" else attributes.get(key) == value
                for key, value in wanted.items()
            )
        ]


class Site:
    """Asks the application in one event loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._http.request(method, path, **options))

    def page(self, path: str) -> Parsed:
        return Parsed(self.ask("GET", path).text)

    def close(self) -> None:
        self._loop.run_until_complete(self.app.state.workshop.close())
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()


@pytest.fixture(scope="module")
def site(demo_store: Path) -> Iterator[Site]:
    opened = Site(create_app(Settings(store=demo_store, log_level="error", public_url="https://maps.example.org")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def demo(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


# ---- furniture -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_every_page_has_one_heading_a_language_a_title_and_a_way_past_the_menu(site: Site, path: str) -> None:
    page = site.page(path)
    assert len(page.all("h1")) == 1
    assert page.all("h1")[0][1]
    assert page.all("html")[0][0]["lang"] == "en-GB"
    assert page.all("title")[0][1].endswith("– Evenreach")
    assert page.all("a", class_="govuk-skip-link")[0][0]["href"] == "#main-content"
    assert len(page.all("main", id="main-content")) == 1
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_no_page_carries_a_style_a_script_another_host_or_a_cookie(site: Site, path: str) -> None:
    answer = site.ask("GET", path)
    assert "set-cookie" not in answer.headers
    for tag, attributes, said in Parsed(answer.text).elements:
        assert tag != "style"
        assert "style" not in attributes, (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert not "".join(said).strip()
        discovery = attributes.get("type") == "application/json+oembed"  # other sites read it: a whole address
        linked = tag == "link" and not discovery
        loaded = attributes.get("src") or (attributes.get("href") if linked else None)
        assert loaded is None or re.match(r"/(?!/)", loaded), loaded
        if tag == "form":
            assert attributes["action"].startswith("/")


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_every_link_within_a_page_has_its_target(site: Site, path: str) -> None:
    page = site.page(path)
    ids = {attributes["id"] for _, attributes, _ in page.elements if "id" in attributes}
    for attributes, text in page.all("a"):
        assert text or attributes.get("aria-label"), attributes
        if attributes["href"].startswith("#"):
            assert attributes["href"][1:] in ids


@pytest.mark.parametrize("path", ["/places/demo", f"/places/demo/neighbourhoods/{FIRST}", "/sources?place=demo",
                                  "/indicators/income_rank?place=demo", "/maps/demo/need"])  # fmt: skip
def test_every_page_about_the_demo_says_that_it_is_fictional_and_names_its_edition(
    site: Site, demo: Edition, path: str
) -> None:
    text = site.ask("GET", path).text
    assert "This place is fictional." in text
    assert f"edition {demo.id}" in text
    assert demo.attribution()[0] in text


def test_titles_tell_the_pages_apart(site: Site) -> None:
    titles = [site.page(path).all("title")[0][1] for name, path in PATHS.items() if name != "planner, other view"]
    assert len(set(titles)) >= len(titles) - 1  # an unknown place and an unknown page may say the same


def test_links_between_pages_lead_somewhere(site: Site) -> None:
    seen = set()
    for path in ("/", "/places/demo", f"/places/demo/neighbourhoods/{FIRST}", "/methods", "/sources?place=demo"):
        for attributes, _ in site.page(path).all("a"):
            address = attributes["href"].partition("#")[0]
            if address.startswith("/") and not address.startswith("/downloads"):
                seen.add(re.sub(r"E0190\d+", FIRST, address))
    for address in sorted(seen):
        assert site.ask("GET", address).status_code == 200, address


def test_a_page_that_has_not_changed_is_not_sent_again(site: Site) -> None:
    tag = site.ask("GET", "/places/demo").headers["etag"]
    assert site.ask("GET", "/places/demo", headers={"If-None-Match": tag}).status_code == 304
    assert site.ask("GET", "/places/demo?rho=2").headers["etag"] != tag


def test_the_tenants_name_and_colours_come_from_the_settings(demo_store: Path) -> None:
    settings = Settings(store=demo_store, log_level="error", tenant_name="Anyshire <Council>", tenant_colour="#123456")
    own = Site(create_app(settings))
    try:
        for style in ("/theme.css", "/embed/theme.css"):
            assert "--tenant-colour:#123456" in own.ask("GET", style).text
        assert own.page("/methods").all("title")[0][1] == "How it works – Anyshire <Council>"
        assert "<Council>" not in own.ask("GET", "/").text
    finally:
        own.close()


def test_text_from_data_stays_text() -> None:
    nasty = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    card = {"id": "x", "name": nasty, "count": 1, "fictional": False, "population": 1, "built": nasty}
    drawn = Pages(Tenant(), lambda name: f"/assets/{name}").draw(
        "home.html",
        {"page_title": nasty, "places": [card], "postcode_places": [card, card], "errors": [{"text": nasty}]},
    )
    assert "<img src=x" not in drawn
    assert "49" not in Parsed(drawn).all("h3")[0][1]
    assert Parsed(drawn).all("h3")[0][1] == nasty


# ---- planner -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("focus", ["core", "best-start", "building-blocks"])
@pytest.mark.parametrize("rho", ["1", "3", "4.25"])
def test_the_table_carries_the_figures_of_the_api(site: Site, focus: str, rho: str) -> None:
    query = f"?focus={focus}&rho={rho}"
    records = site.ask("GET", f"/api/v1/places/demo/scores{query}").json()["rows"]
    page = site.page(f"/places/demo{query}")
    rows = {row["data-code"]: (row, text) for row, text in page.all("tr") if "data-code" in row}
    assert len(rows) == len(records)
    for record in records:
        attributes, text = rows[record["lsoa21cd"]]
        assert float(attributes["data-need"]) == record["need_score"]
        assert float(attributes["data-position"]) == record["need_position"]
        assert int(attributes["data-rank"]) == record["rank"]
        assert f"{record['targeting_score']:.2f} × average" in text
        assert record["msoa21hclnm"] in text


def test_the_table_starts_with_the_greatest_need(site: Site) -> None:
    ranks = [int(row["data-rank"]) for row, _ in site.page("/places/demo").all("tr") if "data-rank" in row]
    assert ranks == sorted(ranks)
    assert ranks[0] == 1


def test_the_dials_words_are_this_places_own_numbers(demo: Edition) -> None:
    scores = score(demo, View("demo", rho=3.0))
    words = dial_words(scores, scores.view)
    assert words is not None
    assert words["least"] == scores.targeting_score.min()
    assert words["most"] == scores.targeting_score.max()
    assert words["ratio"] == pytest.approx(scores.dial()["ratio"])
    assert words["ratio"] < 3  # never rho itself: no neighbourhood stands at the very end
    assert words["pounds_high"] == pytest.approx(10 * words["most"])


def test_a_dial_of_one_is_the_same_for_everyone(site: Site) -> None:
    page = site.page("/places/demo?rho=1")
    assert {text for _, text in page.all("td", class_="er-ranked__target")} == {"1.00 × average"}
    assert {text for attributes, text in page.all("td") if attributes.get("data-dial") == "fifth"} == {"1.00"}


def test_shares_of_the_fifths_average_to_one(demo: Edition) -> None:
    scores = score(demo, View("demo", focus="best-start", rho=4.25))
    total = sum(
        float(scores.eligible[scores.need_fifth == number].sum()) * fifth["multiple"]
        for number, fifth in enumerate(dial_words(scores, scores.view)["fifths"], start=1)  # type: ignore[index]
    )
    assert total / scores.eligible.sum() == pytest.approx(1, abs=1e-6)


def test_settings_of_the_dial_stand_side_by_side(site: Site) -> None:
    text = site.ask("GET", "/places/demo?rho=7.5").text
    for rho in ("1", "1.5", "2", "3", "5", "7.5", "10"):
        assert f">{rho}</a>" in text


@pytest.mark.parametrize("kind", ["team", "ward", "msoa"])
def test_within_a_footprint_only_its_own_are_ranked_and_the_place_rank_is_kept(
    site: Site, demo: Edition, kind: str
) -> None:
    entry = demo.footprints(kind)[0]
    value = f"{kind}:{entry['name'] if kind == 'team' else entry['code']}"
    answer = site.ask("GET", "/places/demo", params={"within": value})
    page = Parsed(answer.text)
    rows = [(row, text) for row, text in page.all("tr") if "data-code" in row]
    assert len(rows) == entry["count"]
    whole = score(demo, View("demo"))
    for row, text in rows:
        place_rank = whole.rank[demo.row(row["data-code"])]
        assert text.startswith(f"{row['data-rank']} ({place_rank})")
    chosen = [attributes["value"] for attributes, _ in page.all("option") if "selected" in attributes]
    assert value in chosen


def test_six_team_areas_are_offered(site: Site, demo: Edition) -> None:
    offered = [attributes["value"] for attributes, _ in site.page("/places/demo").all("option")]
    assert sum(value.startswith("team:") for value in offered) == 6 == len(demo.footprints("team"))


def test_a_very_large_place_offers_no_small_areas_but_the_chosen_one(
    demo: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 0)
    code = demo.footprints("ward")[1]["code"]

    def small(view: View) -> list[dict[str, Any]]:
        offered = [option for group in footprint_choices(demo, view) for option in group["options"]]
        return [option for option in offered if option["value"].startswith(("ward:", "msoa:"))]

    assert small(View("demo")) == []
    assert small(View("demo", within=f"ward:{code}")) == [{"value": f"ward:{code}", **demo.footprints("ward")[1]}]


@pytest.mark.parametrize("sort", ["rank", "name", "need", "share", "fifth", "people"])
def test_sorting_backwards_is_the_other_way_round(demo: Edition, sort: str) -> None:
    scores = score(demo, View("demo", focus="best-start"))
    table = [ranked_table(demo, scores, scores.view, TableRequest(sort=way)) for way in (sort, f"-{sort}")]
    forward, backward = ([row["code"] for row in part["rows"]] for part in table)
    assert set(forward) == set(backward)
    key = {"rank": "rank", "name": "msoa_name", "people": "eligible_raw"}.get(sort, "need_score_raw")
    values = [[row[key] for row in part["rows"]] for part in table]
    assert values[0] == values[1][::-1]
    states = [column["sort"] for part in table for column in part["columns"] if column["id"] == sort]
    assert sorted(states) == ["ascending", "descending"]


def test_a_neighbourhood_is_found_by_name_or_code(site: Site, demo: Edition) -> None:
    name = demo.facts(5)["msoa21hclnm"]
    page = site.page(f"/places/demo?find={name.upper()}")
    found = [text for row, text in page.all("tr") if "data-code" in row]
    assert found
    assert all(name in text for text in found)
    only = site.page(f"/places/demo?find={demo.codes[5]}")
    assert [row["data-code"] for row, _ in only.all("tr") if "data-code" in row] == [demo.codes[5]]
    assert "No neighbourhood matches" in site.ask("GET", "/places/demo?find=zzzz").text


def test_a_long_table_comes_in_pages_that_lose_nobody(demo: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_of_a_view, "WHOLE_TABLE", 50)
    monkeypatch.setattr(table_of_a_view, "ROWS_A_PAGE", 35)
    scores = score(demo, View("demo", rho=2.0))
    pages = [ranked_table(demo, scores, scores.view, TableRequest(page=number)) for number in (1, 2, 3, 4)]
    codes = [row["code"] for page in pages for row in page["rows"]]
    assert len(codes) == len(set(codes)) == demo.count
    assert pages[1]["summary"] == f"36 to 70 of {demo.count} neighbourhoods."
    assert pages[1]["pagination"]["next"]["href"] == "/places/demo?rho=2&page=3#ranked-heading"
    assert not pages[1]["complete"]
    beyond = ranked_table(demo, scores, scores.view, TableRequest(page=99))
    assert [row["code"] for row in beyond["rows"]] == [row["code"] for row in pages[3]["rows"]]


def test_a_neighbourhood_without_a_score_comes_last_and_is_never_zero(demo: Edition) -> None:
    scores = score(demo, View("demo"))
    unknown = scores.need_score.copy()
    unknown[3] = np.nan
    rank = scores.rank.copy()
    rank[3] = 0
    lost = dataclasses.replace(scores, need_score=unknown, rank=rank)
    for way in ("rank", "-rank"):
        last = ranked_table(demo, lost, lost.view, TableRequest(sort=way))["rows"][-1]
        assert (last["rank"], last["need_score"], last["target"], last["need_score_raw"]) == (None, "–", "–", "")


@pytest.mark.parametrize("query", ["sort=age", "rho=0.5", "rho=3.123", "page=0", "within=ward", "colour=red"])
def test_an_address_that_cannot_be_used_gets_a_page_that_says_so(site: Site, query: str) -> None:
    answer = site.ask("GET", f"/places/demo?{query}")
    assert answer.status_code == 422
    assert "<h1" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("rho=25", "rho", "Enter a dial from 1 to 20"),
        ("rho=steep", "rho", "Enter a dial from 1 to 20"),
        ("within=ward", "within", "Choose an area from the list"),
        ("within=ward:E05999999", "within", "Choose an area from the list"),
    ],
)
def test_a_slip_in_the_form_is_named_beside_its_field_and_the_rest_is_shown(
    site: Site, query: str, field: str, words: str
) -> None:
    answer = site.ask("GET", f"/places/demo?focus=best-start&{query}")
    page = Parsed(answer.text)
    assert answer.status_code == 422
    assert answer.headers["cache-control"] == "no-store"
    assert page.all("title")[0][1].startswith("Error: ")
    summary = [text for attributes, text in page.all("a") if attributes.get("href") == f"#{field}"]
    assert summary[0].startswith(words)
    assert page.all("p", id=f"{field}-error")[0][1].startswith(f"Error: {words}")
    typed = query.removeprefix("rho=") if field == "rho" else "3"
    assert page.all("input", id="rho")[0][0]["value"] == typed
    assert page.all("span", **{"data-dial": "rho"})[0][1] == "3", "the usual dial stands in"
    assert len(page.all("tr", class_="er-ranked__row") or page.all("tbody")) > 0
    assert page.all("option", value="best-start")[0][0].get("selected") == "", "the other choices are kept"


def test_downloads_share_link_and_picture_carry_the_view(site: Site) -> None:
    page = site.page("/places/demo?focus=best-start&rho=4.25")
    query = "?focus=best-start&rho=4.25"
    links = [attributes["href"] for attributes, _ in page.all("a")]
    for kind in ("csv", "xlsx", "geojson", "gpkg", "parquet"):
        assert f"/downloads/demo/targeting.{kind}{query}" in links
    assert f"/pictures/demo/targeting.svg{query}" in links
    assert page.all("input", id="share-link")[0][0]["value"] == f"https://maps.example.org/places/demo{query}"


def test_the_planner_says_how_strong_its_evidence_is(site: Site, demo: Edition) -> None:
    text = " ".join(Parsed(site.ask("GET", "/places/demo?focus=best-start").text).all("main")[0][1].split())
    facts = demo.focuses["best-start"]
    assert f"{100 * facts['measured_share']:.0f}% of the weight is measured here" in text
    assert f"{facts['oldest']} (oldest) to {facts['newest']} (newest)" in text
    assert facts["strength_why"] in text
    assert "Do not use this score to" in text
    assert "Children aged 0 to 4" in text
    for part in facts["ingredients"]:
        assert part["justification"] in text


# ---- neighbourhood -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("focus", ["core", "best-start", "building-blocks"])
def test_the_reasons_of_every_neighbourhood_add_up_to_its_score(demo: Edition, focus: str) -> None:
    scores = score(demo, View("demo", focus=focus))
    for item in range(len(scores)):
        if not np.isfinite(scores.need_score[item]):
            continue
        reasons = reasons_of(demo, scores, item)
        known = [reason for reason in reasons if reason["part"] is not None]
        assert sum(reason["part"] for reason in known) == pytest.approx(scores.need_score[item], abs=1e-6)
        assert all(-1e-9 <= reason["scaled"] <= 100 + 1e-9 for reason in known)
        assert sum(reason["weight_used"] for reason in known) == pytest.approx(1, abs=0.0011)


def test_an_indicator_that_is_not_known_is_said_and_carries_no_weight(demo: Edition) -> None:
    scores = score(demo, View("demo", focus="best-start"))
    gone = {name: values.copy() for name, values in scores.parts.items()}
    values = {name: array.copy() for name, array in scores.indicators.items()}
    gone["idaci_rank"][0] = values["idaci_rank"][0] = np.nan
    reasons = reasons_of(demo, dataclasses.replace(scores, parts=gone, indicators=values), 0)
    missing = next(reason for reason in reasons if reason["id"] == "idaci_rank")
    assert (missing["part"], missing["scaled"], missing["value"], missing["weight"]) == (None, None, "not known", "–")
    rest = [reason["weight_used"] for reason in reasons if reason["part"] is not None]
    assert sum(rest) == pytest.approx(1)
    assert reasons[-1] is missing


def test_the_page_of_a_neighbourhood_shows_its_figures(site: Site, demo: Edition) -> None:
    scores = score(demo, View("demo", rho=4.25))
    item = int(scores.by_need()[0])
    facts = demo.facts(item)
    page = site.page(f"/places/demo/neighbourhoods/{demo.codes[item]}?rho=4.25")
    text = page.all("main")[0][1]
    assert facts["msoa21hclnm"] in page.all("h1")[0][1]
    assert f"{scores.need_score[item]:.1f}" in text
    assert f"1 of {demo.count}" in text
    assert f"{scores.targeting_score[item]:.2f} times the average" in text
    assert "the greatest need of all" in text
    assert f"Times on foot: {demo.time_basis('walk')}." in text
    walk = near_over_streets(demo, item)["walk"]["gp"]
    assert f"about {walk['travel_time_min']:.0f} min" in text


def test_a_share_a_head_names_whom_the_focus_counts(site: Site, demo: Edition) -> None:
    address = f"/places/demo/neighbourhoods/{demo.codes[0]}?focus="
    assert "each person aged 65 and over here gets" in site.page(address + "age-well").all("main")[0][1]
    assert "each child aged 0 to 4 here gets" in site.page(address + "best-start").all("main")[0][1]
    planner = site.page("/places/demo?focus=age-well").all("main")[0][1]
    assert "Where need is greatest, each person aged 65 and over gets" in planner
    assert "each person here gets" in site.page(address + "core").all("main")[0][1]


def test_a_service_whose_list_is_not_whole_is_not_known_here(demo: Edition) -> None:
    from service.pages.neighbourhood import near_services

    facts = demo.facts(0)
    facts["near"] = {"family_hub": {"site_id": None, "name": None, "distance_m": None, "travel_time_min": None}}
    (hub,) = near_services(demo, facts)
    assert hub["known"] is False
    assert facts["lad24nm"] in hub["reason"]


def test_another_areas_link_still_shows_the_neighbourhood(site: Site, demo: Edition) -> None:
    first, second = demo.footprints("team")[:2]
    row = int(demo.rows_within(f"team:{second['name']}")[0])
    elsewhere = {"within": f"team:{first['name']}"}
    answer = site.ask("GET", f"/places/demo/neighbourhoods/{demo.codes[row]}", params=elsewhere)
    assert answer.status_code == 200
    assert f"Rank in {first['name']}" not in answer.text


@pytest.mark.parametrize("code", ["E01999999", "e01900001", "W01000001", "..%2f..%2fetc"])
def test_a_neighbourhood_that_is_not_there_is_not_found(site: Site, code: str) -> None:
    assert site.ask("GET", f"/places/demo/neighbourhoods/{code}").status_code == 404


def test_the_locator_keeps_the_neighbourhood_inside_its_frame(demo: Edition) -> None:
    for row in (0, demo.count // 2, demo.count - 1):
        drawn = locator(demo, row)
        points = np.array([[float(x), float(y)] for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", drawn.here)])
        assert points.min() >= 0
        assert points[:, 0].max() <= drawn.width
        assert points[:, 1].max() <= drawn.height
        assert 0 <= drawn.spot[0] <= drawn.inset


# ---- postcode ------------------------------------------------------------------------------------------------------


def test_the_address_of_the_postcode_form_can_be_opened_again(site: Site) -> None:
    answer = site.ask("GET", "/postcode")
    assert answer.status_code == 200
    assert Parsed(answer.text).all("input", name="postcode")


@pytest.mark.parametrize("postcode", ["ZX1 1AA", " zx11aa ", "zx1  1AA"])
def test_a_postcode_leads_to_its_neighbourhood(site: Site, postcode: str) -> None:
    answer = site.ask("POST", "/postcode", data={"postcode": postcode, "place": "demo"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/places/demo/neighbourhoods/{FIRST}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("postcode", "says"),
    [("", "Enter a postcode"), ("nonsense", "Enter a full postcode"), ("AB1 2CD", "is not in Aldermouth")],
)
def test_a_bad_postcode_is_answered_by_the_form_again(site: Site, postcode: str, says: str) -> None:
    answer = site.ask("POST", "/postcode", data={"postcode": postcode, "place": "demo"})
    page = Parsed(answer.text)
    assert answer.status_code == 422
    assert says in page.all("div", class_="govuk-error-summary")[0][1]
    assert page.all("p", id="postcode-error")
    assert page.all("title")[0][1].startswith("Error: ")
    assert "postcode-error" in page.all("input", id="postcode")[0][0]["aria-describedby"]


def test_no_postcode_stands_in_a_log(demo_store: Path) -> None:
    own = Site(create_app(Settings(store=demo_store, log_level="debug")))
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logging.getLogger("evenreach").addHandler(handler)
    try:
        own.ask("POST", "/postcode", data={"postcode": "ZX1 1AA", "place": "demo"})
        own.ask("POST", "/postcode", data={"postcode": "AB1 2CD"})
    finally:
        logging.getLogger("evenreach").removeHandler(handler)
        logging.getLogger("evenreach").setLevel("ERROR")
        own.close()
    lines = written.getvalue().upper()
    assert lines.count('"ROUTE":"/POSTCODE"') == 2
    for text in ("ZX1 1AA", "ZX11AA", "ZX1+1AA", "AB1 2CD", "AB1+2CD"):
        assert text not in lines


# ---- indicator, methods, sources -----------------------------------------------------------------------------------


def test_the_classes_of_an_indicator_hold_everyone_once(demo: Edition) -> None:
    for name in demo.indicators:
        drawn = spread(demo, name)
        if not drawn["classes"]:
            assert not np.isfinite(demo.indicator_values(name)).any()
            continue
        assert sum(row["count"] for row in drawn["classes"]) == demo.count
        assert sum(row["people"] for row in drawn["classes"]) == pytest.approx(demo.population().sum())
        known = int(np.isfinite(demo.indicator_values(name)).sum())
        assert sum(bar["count"] or 0 for bar in drawn["chart"]["bars"]) == known


def test_every_indicator_says_what_it_must_not_be_used_for(site: Site, demo: Edition) -> None:
    for name, facts in demo.indicators.items():
        answer = site.ask("GET", f"/indicators/{name}?place=demo")
        assert answer.status_code == 200
        text = Parsed(answer.text).all("main")[0][1]
        assert facts["not_for"][1:] in text
        assert facts["about"] in text
    assert site.ask("GET", "/indicators/none?place=demo").status_code == 404


def test_the_methods_page_says_what_is_left_out(site: Site) -> None:
    text = site.page("/methods").all("main")[0][1].lower()
    for words in ("close relatives", "net zero", "shared care record", "radiotherapy bunker", "buying goods"):
        assert words in text
    assert "places are deprived, people are not" in text


def test_the_sources_page_accounts_for_every_row(site: Site, demo: Edition) -> None:
    page = site.page("/sources?place=demo")
    text = page.all("main")[0][1]
    used = [source for source in demo.sources if source["status"] == "used"]
    assert len(page.all("article", class_="er-source")) == len(used) > 10
    for source, (_, words) in zip(used, page.all("article", class_="er-source"), strict=True):
        assert source["title"] in words
        assert f"Rows read{source['rows_read']:,} Used{source['rows_used']:,}" in words
        assert f"Not used{source['rows_read'] - source['rows_used']:,}" in words
        for left in source["left_out"]:
            assert left["reason"] in words
    for source in demo.sources:
        assert source["title"] in text


def test_left_out_rows_explain_every_row_that_is_not_used(demo: Edition) -> None:
    for source in demo.sources:
        if source["status"] == "used":
            explained = sum(left["rows"] for left in source["left_out"])
            assert source["rows_read"] == source["rows_used"] + explained, source["id"]


# ---- words ---------------------------------------------------------------------------------------------------------


def test_values_are_written_with_their_units() -> None:
    share = {"unit": "share of households (0-1)", "decimals": 3}
    assert value_words(share, 0.1234) == "12.3%"
    assert value_words({"unit": "rank, 1 = most deprived", "decimals": 0}, 12345.0) == "12,345"
    assert value_words({"unit": "minutes, estimated from distance", "decimals": 1}, 7.0) == "7.0 min"
    assert value_words(share, None) == value_words(share, float("nan")) == "not known"
    assert value_words(share, 0.0) == "0.0%"


def test_small_words() -> None:
    assert ages_words(None) == "Everyone who lives here"
    assert ages_words([0, 4]) == "Children aged 0 to 4"
    assert ages_words((65, 120)) == "People aged 65 and over"
    assert (percent(0.225, 1), percent(0.35, 1)) == ("22.5%", "35%")
    assert (plain(0.5), plain(2000.0), plain(0.123456789)) == ("0.5", "2,000", "0.123457")
    assert day("2026-11-21-c45f34de") == "21 November 2026"
    assert day("mid-2022") == "mid-2022"
    assert calm("ST MARY'S MEDICAL CENTRE (NHS)") == "St Mary's Medical Centre (NHS)"
    assert calm("Redgrave CYP Centre") == "Redgrave CYP Centre"
    assert (distance_words(432.1), distance_words(1650.0)) == (
        "430 m away, as estimated",
        "1.6 km away, as estimated",
    )
