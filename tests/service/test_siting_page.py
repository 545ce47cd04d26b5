"""The siting page: the form, the words of a plan, its tables, a place added by postcode; the same figures as JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.pages.siting import as_asked
from service.pages.siting_chart import price_chart
from service.pages.siting_lists import listed_words
from service.pages.siting_map import PLAN_SYMBOLS, key_lines, marks_of, shapes
from service.pages.siting_result import result_of
from service.pages.siting_words import change_words, proof_words, sentences
from service.siting.closures import closures_of
from service.siting.plans import plan_sites
from service.siting.requests import Asked, SitingRequest

PAGE = "/places/demo/siting"
API = "/api/v1/places/demo/sitings"
ASKED = "service=family_hub&candidates=childrens_centre&add=1&objective=fair"
HUB = "zx3-2db-guildhall-family-hub"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def measures(mean: float, worst: float, covered: int) -> dict[str, Any]:
    ends = {"p95_min": 2 * mean, "maximum_min": 3 * mean, "fair_k": mean + 1, "out_of_reach": 0}
    return {"mean_min": mean, "worst_fifth_mean_min": worst, **ends, "covered": covered, "people": 1000}


def price_row(objective: str | None, step: str, opened: str, mean: float, price: float) -> dict[str, Any]:
    names = {"objective": objective, "step": step, "opened": [opened.upper()], "opened_ids": [opened], "closed_ids": []}
    return names | measures(mean, mean, 100) | {"price": price}


def site(name: str, status: str, *, inside: bool = True) -> dict[str, Any]:
    return {"id": name, "name": name, "postcode": None, "lon": 1.0, "lat": 54.0, "status": status, "inside": inside}


def moved(name: str, before: float, after: float, people: int) -> dict[str, Any]:
    names = {"lsoa21cd": "E01900001", "lsoa21nm": f"Town {name}", "msoa21hclnm": "", "need_fifth": 2, "people": people}
    return names | {"before_min": before, "after_min": after, "change_min": after - before, "site_after": "B"}


def hand_made() -> dict[str, Any]:
    """Two neighbourhoods of 600 and 400 people: B opens, A closes."""
    share = {"mean_before_min": 20.0, "mean_after_min": 12.0, "within_before": 0.25, "within_after": 0.5}
    return {
        "place": "demo",
        "query": "service=gp&add=1",
        "words": {
            "objective": "the shortest journey on average",
            "demand": "all residents",
            "time_basis": "estimated from distance",
            "mode": "on foot",
            "service": "Library",
            "services": "Libraries",
            "area": "Town",
        },
        "request": {"add": 1, "close": ["A"], "closure": False, "minutes": 15.0, "demand": "people"},
        "sites": [site("A", "closed"), site("B", "opened"), site("C", "kept", inside=False)],
        "before": measures(20.04, 25.0, 250),
        "after": measures(12.06, 25.0, 500),
        "proof": {"value": 12.06, "bound": 12.06, "gap": 0.0, "method": "tried all plans"},
        "price": {
            "rows": [
                price_row("mean", "Shortest average", "b", 12.0, 1.0),
                price_row(None, "Half way", "b", 12.0, 1.0),
                price_row("fair", "Fair", "b", 12.0, 1.0),
                price_row("worst", "Longest", "d", 15.0, 1.25),
            ],
            "price_of_fairness": 1.0,
        },
        "rivals": [],
        "fifths": [{"fifth": number, "people": 200, **share} for number in range(1, 6)],
        "groups": [{"kind": "age", "title": "By age", "group": "a", "name": "0 to 4", "people": 50, **share}],
        "gainers": [moved("1", 30.0, 10.0, 600)],
        "losers": [moved("2", 5.0, 9.0, 400)],
        "neighbourhoods": [],
        "notes": [],
    }


def test_a_plan_in_words_is_the_sum_done_by_hand() -> None:
    plan = hand_made()
    assert sentences(plan, 15.0) == [
        "Open B, and close A.",
        "The average journey falls from 20.0 to 12.1 min.",
        "Where need is greatest, it stays at 25.0 min.",
        "250 more people are within 15 minutes.",
        "The way gets shorter for 600 people, and longer for 400 people.",
    ]
    shown = result_of(plan, minutes=15.0, public_url="")
    assert shown["aim"].startswith("1 more library in Town, and 1 of today may close.")
    rows = {row["name"]: row for row in shown["measures"]}
    assert rows["Average journey"]["change"] == "7.9 min shorter"  # 20.0 - 12.1, as the two are read
    assert rows["People within 15 minutes"]["before"] == "250 (25%)"
    assert rows["People within 15 minutes"]["change"] == "250 more"
    assert [row["name"] for row in shown["price"]["rows"]] == ["Shortest average and Fair", "Longest"]
    assert [row["price"] for row in shown["price"]["rows"]] == ["0%", "25%"]
    assert shown["groups"][0]["rows"][0]["change"] == "8.0 min shorter"
    assert shown["gainers"][0]["name"] == "Town 1"  # no MSOA name: the neighbourhood's own


def test_those_who_count_are_named_and_nobody_gains_is_not_said_first() -> None:
    plan = hand_made() | {"gainers": []}
    plan["request"]["demand"] = "eligible"
    plan["words"]["demand"] = "children aged 0 to 4"
    assert "250 more children aged 0 to 4 are within 15 minutes." in sentences(plan, 15.0)
    assert sentences(plan, 15.0)[-1] == "The way gets longer for 400 people."
    plan["words"]["services"] = "Children’s centres and Family Hubs"
    assert result_of(plan | {"request": plan["request"] | {"add": 2}}, minutes=15.0, public_url="")["aim"].startswith(
        "2 more children’s centres and Family Hubs in Town"
    )
    plan["request"] |= {"service": "new", "add": 1, "close": []}
    assert result_of(plan, minutes=15.0, public_url="")["aim"].startswith("1 site for something new in Town.")


def test_what_is_not_known_is_said_and_never_nought() -> None:
    plan = hand_made() | {"before": None, "gainers": [], "losers": []}
    said = sentences(plan, 15.0)
    assert said[1:] == ["The average journey is then 12.1 min. There was no open site before."]
    assert {row["before"] for row in result_of(plan, minutes=15.0, public_url="")["measures"]} == {"not known"}
    assert change_words(None, 3.0) == "not known"
    plan = hand_made()
    plan["after"] |= {"mean_min": None, "worst_fifth_mean_min": None, "covered": 240, "out_of_reach": 12}
    assert sentences(plan, 15.0)[1:] == [
        "10 fewer people are within 15 minutes.",
        "The way gets shorter for 600 people, and longer for 400 people.",
        "No open site is in reach for 12 people; before it was nobody.",
    ]
    assert result_of(plan, minutes=15.0, public_url="")["measures"][0]["after"] == "some reach none"
    assert change_words(3.0, 3.004) == "no change"
    assert change_words(3.0, 3.02) == "under 0.1 min longer"


@pytest.mark.parametrize(
    ("gap", "said"), [(None, ""), (0.0, "it is proved"), (0.0025, "more than 0.25%"), (1e-7, "0.01%")]
)
def test_the_proof_is_said_with_its_gap(gap: float | None, said: str) -> None:
    assert said in proof_words({"proof": {"gap": gap}})
    assert bool(said) == bool(proof_words({"proof": {"gap": gap}}))


def test_the_chart_has_one_dot_for_each_different_plan() -> None:
    chart = price_chart([{"mean_min": 10.0, "p95_min": 30.0}, {"mean_min": 12.0, "p95_min": 20.0}])
    assert chart is not None
    left, right = chart["points"]
    assert left["x"] < right["x"]
    assert left["y"] < right["y"]  # further up: 30 minutes
    assert price_chart([{"mean_min": 10.0, "p95_min": 30.0}] * 2) is None
    assert price_chart([{"mean_min": None, "p95_min": None}, {"mean_min": 10.0, "p95_min": 30.0}]) is None


def test_the_key_counts_the_sites_inside_and_each_status_has_its_own_shape() -> None:
    plan = hand_made()
    lines = [line["text"] for line in key_lines(plan["sites"])]
    assert lines == ["Opening: 1", "Closing: 1", "Open outside the area: 1"]
    assert {line["status"] for line in shapes()} == set(PLAN_SYMBOLS)  # the map never has to guess a shape
    assert "\\u003c" not in marks_of([site("<b>", "kept")])  # the template escapes it, the script sets it as text
    paths = [PLAN_SYMBOLS[name].path for name in ("kept", "closable", "opened", "closed", "candidate", "forbidden")]
    assert len(set(paths)) == len(paths)


def body_of(served: Any, query: str, status: int = 200) -> str:
    answer = served.get(f"{PAGE}?{query}", headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text[:2000]
    return unescape(answer.text)


def test_the_form_lists_the_sites_of_today_and_the_buildings_that_were_asked_for(served: Any) -> None:
    page = body_of(served, "service=family_hub&candidates=childrens_centre&show=sites")
    assert page.count('name="close"') == 3
    assert page.count('value="site:') == 3
    assert f"close={HUB}" in page
    assert 'id="siting-sentences"' not in page
    assert "tick those that may close" in page


def test_page_and_json_give_the_same_figures(served: Any) -> None:
    page = body_of(served, ASKED)
    answer = served.ask(
        "POST",
        API,
        json={"service": "family_hub", "candidates": ["childrens_centre"], "add": 1, "objective": "fair"},
    )
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    for row in result_of(plan, minutes=15.0, public_url="")["measures"]:
        assert f"<strong>{row['after']}</strong>" in page
    for sentence in sentences(plan, 15.0):
        assert sentence in page
    assert plan["words"]["time_basis"] in page
    assert f'value="{"/places/demo/siting?" + plan["query"]}"' in page


def test_closing_one_says_who_loses_and_has_no_rivals(served: Any) -> None:
    page = body_of(served, f"service=family_hub&close={HUB}&add=-1")
    assert "Close Guildhall Family Hub." in page
    assert "The way gets longer for " in page
    assert "nobody" not in page
    assert "rivals-heading" not in page
    assert "price-heading" not in page


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("service=family_hub&candidates=childrens_centre&add=9", "add", "to choose among"),
        ("service=family_hub&add=1", "", ""),
        ("service=family_hub&candidates=gp&add=some", "add", "“How many more sites?” is 'some'"),
        ("service=family_hub&candidates=gp&close=nobody", "close", "nobody"),
        ("close=nobody", "close", "no site here has this id"),
        ("service=family_hub&candidates=gp&point=1,2,<script>", "point", "outside"),
        ("service=family_hub&candidates=gp&minutes=0", "minutes", "“Within how many minutes?”"),
    ],
)
def test_what_cannot_be_met_is_said_beside_its_field(served: Any, query: str, field: str, said: str) -> None:
    answer = served.get(f"{PAGE}?{query}", headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "<script>" not in re.sub(r"<script [^>]*></script>", "", answer.text)
    assert said in unescape(answer.text)
    assert f'href="#{field}' in answer.text
    assert f'id="{field}' in answer.text


def test_a_number_of_people_is_room_at_every_site(served: Any) -> None:
    page = body_of(served, "service=family_hub&candidates=gp&add=1&capacity=100,000&show=sites")
    assert re.search(r'id="capacity" name="capacity"[^>]*value="100000"', page)


def test_a_comma_in_the_id_of_a_site_stays() -> None:
    given = Asked(capacity=["own:a,b:30", " 1,000 ", "listed", "each:20"])
    assert as_asked(given).capacity == ["own:a,b:30", "each:1000", "listed", "each:20"]


def test_a_place_is_added_by_postcode_and_the_postcode_is_in_no_address(served: Any, edition: Edition) -> None:
    state = "service=family_hub&candidates=gp&close=a&close=b&rogue=1"
    answer = served.ask("POST", f"{PAGE}/points", data={"state": state, "postcode": "zx1 1aa"})
    assert answer.status_code == 303
    address = urlsplit(answer.headers["location"])
    assert "zx1" not in answer.headers["location"].lower()
    found = parse_qs(address.query)
    assert (found["close"], found["candidates"], found["show"]) == (["a", "b"], ["gp"], ["sites"])
    assert "rogue" not in found
    longitude, latitude, name = found["point"][0].split(",", 2)
    row = edition.find_postcode("ZX1 1AA")
    assert row in edition.rows_in_box(float(longitude), float(latitude), float(longitude), float(latitude))
    assert name.endswith("place 1")
    page = body_of(served, address.query)
    assert f"{name}, a place of your own" in page


@pytest.mark.parametrize(("postcode", "said"), [("", "full postcode"), ("LU1 2TL", "is not in Aldermouth")])
def test_a_postcode_that_is_not_here_is_said_and_the_form_stays(served: Any, postcode: str, said: str) -> None:
    data = {"state": f"service=family_hub&candidates=gp&within=nowhere&close={HUB}", "postcode": postcode}
    answer = served.ask("POST", f"{PAGE}/points", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert re.search(rf'value="{HUB}"[^>]*checked', answer.text)
    assert answer.headers["cache-control"] == "no-store"


def boxes(page: str) -> dict[str, bool]:
    """Give the buildings that the page lists one by one, with whether each is ticked."""
    found = re.findall(r'<input[^>]*value="site:([^"]+)"[^>]*>', page)
    return {name: bool(re.search(rf'value="site:{re.escape(name)}"[^>]* checked', page)) for name in found}


def test_buildings_are_ticked_one_by_one_and_a_whole_list_is_the_list(served: Any) -> None:
    listed = boxes(body_of(served, "service=family_hub&candidates=childrens_centre&show=sites"))
    assert list(listed.values()) == [True] * 3
    gone, *kept = listed
    all_but_one = "&".join(f"candidates=site:{name}" for name in kept)
    form = f"service=family_hub&candidates=childrens_centre&picked=childrens_centre&{all_but_one}"
    page = body_of(served, f"{form}&add=1")
    assert boxes(page) == {gone: False, **dict.fromkeys(kept, True)}
    link = re.search(r'id="share-link"[^>]*value="([^"]*)"', page)
    assert link is not None
    asked = parse_qs(urlsplit(link[1]).query)["candidates"]
    assert asked == sorted(f"site:{name}" for name in kept)
    assert boxes(body_of(served, urlsplit(link[1]).query)) == boxes(page)
    whole = body_of(served, f"{form}&candidates=site:{gone}&add=1")
    assert "candidates=childrens_centre&" in whole.replace('"', "&")
    assert "candidates=site" not in whole
    left = body_of(served, f"service=family_hub&picked=childrens_centre&{all_but_one}&show=sites")
    assert boxes(left) == {}  # the list itself was unticked


def test_closing_each_one_has_the_figures_of_closing_it_alone(edition: Edition) -> None:
    view = View("demo", focus="best-start")
    asked = SitingRequest("family_hub", demand="eligible", minutes=20.0)
    found = closures_of(edition, view, asked)
    assert len(found["rows"]) == 3
    for row in found["rows"]:
        alone = plan_sites(edition, view, replace(asked, add=-1, close=(row["id"],)))
        assert found["before_min"] == alone["before"]["mean_min"]
        assert row["mean_min"] == alone["after"]["mean_min"]
        assert row["longer"] == sum(each["people"] for each in alone["losers"])
        assert row["lost"] == alone["before"]["covered"] - alone["after"]["covered"]


def test_closures_side_by_side_carry_what_was_asked(served: Any) -> None:
    query = "service=family_hub&focus=best-start&demand=eligible&minutes=20&rho=4&show=closures"
    page = body_of(served, query)
    assert page.count('id="closed-heading"') == 1
    links = re.findall(r'<tr class="govuk-table__row"><th[^>]*><a class="govuk-link" href="([^"]+)"', page)
    assert len(links) == 3
    for link in links:
        words = parse_qs(urlsplit(link).query)
        shared = {name: words[name] for name in ("focus", "demand", "minutes", "rho", "add")}
        expected = {"focus": ["best-start"], "demand": ["eligible"], "minutes": ["20"], "rho": ["4"], "add": ["-1"]}
        assert shared == expected


def test_where_no_focus_is_named_it_is_that_of_the_service(served: Any) -> None:
    chosen = '<option value="best-start" selected>'
    assert chosen in body_of(served, "service=family_hub&show=sites")
    assert chosen not in body_of(served, "service=family_hub&focus=core&show=sites")
    link = re.search(r'id="share-link"[^>]*value="([^"]*)"', body_of(served, f"{ASKED}&focus=core"))
    assert link is not None
    assert parse_qs(urlsplit(link[1]).query)["focus"] == ["core"]  # else it would open with another focus


def test_what_the_lists_show_is_said_without_noughts() -> None:
    lists = [{"sites": [], "checked": False}]
    assert listed_words("Hospitals", 0, lists, "", too_large=False).startswith("Hospitals: none is listed here today.")
    assert "a gap" in listed_words("Hospitals", 1, lists, "a gap", too_large=False)


def test_unknown_words_are_refused(served: Any) -> None:
    assert served.get(f"{PAGE}?colour=red").status_code == 422
    assert served.get(f"{PAGE}?show=everything").status_code == 422
    assert served.get(f"{PAGE}?keep=nobody").status_code == 422
    assert served.get("/places/nowhere/siting").status_code == 404
