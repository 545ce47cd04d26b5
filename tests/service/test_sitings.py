"""Where sites go, as served: plans tried out by hand, one answer everywhere, bad input by name."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from layers.siting_arrays import kappa_of
from service.commands.check import gazetteer_of, middles_of
from service.commands.main import app
from service.drawing.features import sites
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.need_without import need_without
from service.pages.siting_words import proof_words
from service.queries import BadQuery
from service.siting.files import plan_bytes
from service.siting.plan_tables import said_of
from service.siting.plans import plan_sites
from service.siting.requests import Asked, SitingRequest, checked, read_point
from service.siting.site_ids import with_site_ids
from service.siting.words import refusal

if TYPE_CHECKING:
    from service.siting.questions import Question

API = "/api/v1/places/demo/sitings"
JSON = "/downloads/demo/siting.json"
CANDIDATES = ("childrens_centre", "library")
BODY: dict[str, Any] = {"service": "family_hub", "candidates": list(CANDIDATES)}
LAWFUL = ("mean_min", "worst_fifth_mean_min", "p95_min", "maximum_min", "fair_k", "covered")


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def plan(edition: Edition, view: View | None = None, **wanted: Any) -> dict[str, Any]:
    return plan_sites(edition, view or View("demo"), SitingRequest(**{"service": "family_hub", **wanted}))


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, prog_name="evenreach")


class ByHand:
    """The demo borough's hubs and candidates, and every plan tried out."""

    def __init__(self, edition: Edition, people: np.ndarray, *, minutes: float = 15) -> None:
        sites = edition.sites()
        self.rows = {site["site_id"]: row for row, site in enumerate(sites)}
        self.hubs = [site["site_id"] for site in sites if site["service"] == "family_hub"]
        self.others = [s["site_id"] for s in sites if s["service"] in CANDIDATES and s["inside"]]
        self.table = edition.minutes("walk")
        self.people, self.minutes = people, minutes
        fifth = need_without(edition, View("demo")).fifth
        self.worst = fifth == 1
        now = self.way(self.hubs)
        self.kappa = float((people * now).sum() / (people * now**2).sum())

    def way(self, opened: Any) -> np.ndarray:
        return self.table[:, [self.rows[site] for site in opened]].min(axis=1)

    def measures(self, opened: Any) -> dict[str, float]:
        way, people = self.way(opened), self.people
        order = np.argsort(way)
        far = order[np.searchsorted(people[order].cumsum(), 0.95 * people.sum())]
        return {
            "mean_min": (way * people).sum() / people.sum(),
            "worst_fifth_mean_min": (way * people)[self.worst].sum() / people[self.worst].sum(),
            "p95_min": way[far],
            "maximum_min": way.max(),
            "fair_k": np.log((people * np.exp(self.kappa * way)).sum() / people.sum()) / self.kappa,
            "covered": people[way <= self.minutes].sum(),
        }

    def best(self, objective: str, count: int, kept: Any, free: Any) -> tuple[str, ...]:
        key = {"mean": "mean_min", "worst": "maximum_min", "coverage": "covered", "fair": "fair_k"}[objective]
        sign = -1 if objective == "coverage" else 1
        tried = [
            (round(sign * found[key], 9), round(found["mean_min"], 9), chosen)
            for chosen in combinations(free, count)
            for found in [self.measures([*kept, *chosen])]
        ]
        return min(tried, key=lambda each: each[:2])[2]


@pytest.fixture(scope="module")
def by_hand(edition: Edition) -> ByHand:
    return ByHand(edition, edition.population())


def opened(found: dict[str, Any]) -> set[str]:
    return {site["id"] for site in found["sites"] if site["status"] == "opened"}


def closed(found: dict[str, Any]) -> set[str]:
    return {site["id"] for site in found["sites"] if site["status"] == "closed"}


def assert_measured(found: dict[str, Any], hand: dict[str, float]) -> None:
    for name in LAWFUL:
        assert found[name] == pytest.approx(hand[name], abs=0.5 if name == "covered" else 0.0051), name


# ---- plans ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", ["mean", "worst", "coverage", "fair"])
@pytest.mark.parametrize("add", [1, 2])
def test_every_plan_tried_out_by_hand_gives_no_better_one(
    edition: Edition, by_hand: ByHand, objective: str, add: int
) -> None:
    found = plan(edition, candidates=CANDIDATES, add=add, objective=objective)
    best = by_hand.best(objective, add, by_hand.hubs, by_hand.others)
    assert opened(found) == set(best)
    assert found["kappa"] == pytest.approx(by_hand.kappa, abs=1e-6)
    assert_measured(found["before"], by_hand.measures(by_hand.hubs))
    assert_measured(found["after"], by_hand.measures([*by_hand.hubs, *best]))
    assert (found["proof"]["gap"], found["losers"]) == (0, [])
    key = {"mean": "mean_min", "worst": "maximum_min", "coverage": "covered", "fair": "fair_k"}[objective]
    assert found["proof"]["value"] == found["proof"]["bound"] == pytest.approx(found["after"][key], abs=0.5)


def test_sites_that_may_close_are_replaced_only_where_that_is_better(edition: Edition, by_hand: ByHand) -> None:
    free = [*by_hand.hubs[:2], *by_hand.others]
    found = plan(edition, candidates=CANDIDATES, add=0, close=tuple(by_hand.hubs[:2]))
    best = set(by_hand.best("mean", 2, by_hand.hubs[2:], free))
    assert opened(found) == best - set(by_hand.hubs)
    assert closed(found) == set(by_hand.hubs[:2]) - best
    assert {row["id"] for row in found["rivals"]} == set(free)


def test_fewer_sites_are_those_whose_closing_does_least_harm(edition: Edition, by_hand: ByHand) -> None:
    found = plan(edition, close=tuple(by_hand.hubs), add=-1)
    assert closed(found) == set(by_hand.hubs) - set(by_hand.best("mean", 2, [], by_hand.hubs))
    assert found["gainers"] == []


def test_a_site_that_must_close_is_replaced(edition: Edition, by_hand: ByHand) -> None:
    gone = by_hand.hubs[0]
    found = plan(edition, candidates=CANDIDATES, add=0, close=(gone,), forbid=(gone,))
    assert closed(found) == {gone}
    assert opened(found) == set(by_hand.best("mean", 1, by_hand.hubs[1:], by_hand.others))


def test_what_is_forbidden_never_opens_and_what_is_kept_always_counts(edition: Edition, by_hand: ByHand) -> None:
    first = by_hand.best("mean", 1, by_hand.hubs, by_hand.others)[0]
    free = [site for site in by_hand.others if site != first]
    without = plan(edition, candidates=CANDIDATES, forbid=(first,))
    assert opened(without) == set(by_hand.best("mean", 1, by_hand.hubs, free))
    assert next(site["status"] for site in without["sites"] if site["id"] == first) == "forbidden"
    decided = plan(edition, candidates=CANDIDATES, keep=(first,))
    assert opened(decided) == set(by_hand.best("mean", 1, [*by_hand.hubs, first], free))
    assert decided["before"]["mean_min"] == pytest.approx(
        by_hand.measures([*by_hand.hubs, first])["mean_min"], abs=0.0051
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_closing_each_hub_in_turn(edition: Edition, by_hand: ByHand, number: int) -> None:
    gone = by_hand.hubs[number]
    left = [hub for hub in by_hand.hubs if hub != gone]
    found = plan(edition, close=(gone,), add=-1)
    assert found["request"]["closure"]
    assert closed(found) == {gone}
    assert_measured(found["after"], by_hand.measures(left))
    before, after = by_hand.way(by_hand.hubs), by_hand.way(left)
    longer = edition.codes[np.round(after, 2) > np.round(before, 2)]
    assert sorted(row["lsoa21cd"] for row in found["losers"]) == longer.tolist()
    assert (found["gainers"], found["rivals"], found["price"]["rows"]) == ([], [], [])
    assert found["proof"]["gap"] is None
    changes = [row["change_min"] for row in found["losers"]]
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] > 0


def test_closing_the_last_site_leaves_nobody_with_one(edition: Edition, by_hand: ByHand) -> None:
    found = plan(edition, close=tuple(by_hand.hubs), add=-3)
    people = round(by_hand.people.sum())
    assert found["after"] == dict.fromkeys(LAWFUL[:5]) | {"covered": 0, "people": people, "out_of_reach": people}
    assert {row["after_min"] for row in found["neighbourhoods"]} == {None}


def test_a_service_that_is_new_has_no_before(edition: Edition, by_hand: ByHand) -> None:
    found = plan(edition, service="new", candidates=("library",), add=2)
    libraries = [site["site_id"] for site in edition.sites("library")]
    assert found["before"] is None
    assert opened(found) == set(by_hand.best("mean", 2, [], libraries))
    assert {row["mean_before_min"] for row in found["fifths"]} == {None}
    assert (found["gainers"], found["losers"]) == ([], [])
    # kappa comes from the plan with the least mean, the one found here
    way = by_hand.way(opened(found))
    assert found["kappa"] == pytest.approx((by_hand.people * way).sum() / (by_hand.people * way**2).sum(), abs=1e-6)


# ---- who is counted ------------------------------------------------------------------------------------------------


def test_eligible_people_and_those_counted_more_where_need_is_greater(edition: Edition) -> None:
    view = View("demo", "best-start")
    scores = score(edition, view)
    for demand, people in (("eligible", scores.eligible), ("targeting", scores.eligible * scores.targeting_score)):
        hand = ByHand(edition, people)
        found = plan(edition, view, candidates=CANDIDATES, demand=demand)
        best = hand.best("mean", 1, hand.hubs, hand.others)
        assert opened(found) == set(best)
        assert found["after"]["mean_min"] == pytest.approx(hand.measures([*hand.hubs, *best])["mean_min"], abs=0.0051)
        assert sum(row["people"] for row in found["fifths"]) == pytest.approx(scores.eligible.sum(), abs=5)


def test_a_focus_for_all_ages_counts_everybody_and_says_so(edition: Edition) -> None:
    for demand in ("eligible", "targeting"):
        found = plan(edition, View("demo", "core"), candidates=CANDIDATES, demand=demand)
        assert "the focus “Overall deprivation” is for all ages" in found["words"]["demand"]
        said = next(note for note in found["notes"] if "everybody is counted" in note)
        assert said.endswith("The focus “Best start in life” counts children aged 0 to 4.")
        aged = plan(edition, View("demo", "best-start"), candidates=CANDIDATES, demand=demand)
        assert not any("everybody is counted" in note for note in aged["notes"])
        assert any(row["title"].endswith(", all ages") for row in aged["groups"])


def test_people_still_to_come_draw_the_site_to_them(edition: Edition, by_hand: ByHand) -> None:
    usual = by_hand.best("mean", 1, by_hand.hubs, by_hand.others)
    other = next(site for site in by_hand.others if site not in usual and "ropewalk" in site)
    far = int((by_hand.way([other]) - by_hand.way(by_hand.hubs)).argmin())
    people = by_hand.people.copy()
    people[far] += 600_000
    hand = ByHand(edition, people)
    found = plan(edition, candidates=CANDIDATES, growth=((str(edition.codes[far]), 600_000.0),))
    best = hand.best("mean", 1, hand.hubs, hand.others)
    assert opened(found) == set(best) != set(usual)
    assert found["after"]["people"] == round(people.sum())
    assert "600,000 people who are still to come" in found["words"]["demand"]


def test_fifths_and_groups_add_up(edition: Edition, by_hand: ByHand) -> None:
    found = plan(edition, candidates=CANDIDATES)
    for side in ("before", "after"):
        assert sum(row[f"covered_{side}"] for row in found["fifths"]) == pytest.approx(found[side]["covered"], abs=3)
        total = sum(row["people"] * row[f"mean_{side}_min"] for row in found["fifths"])
        assert total / by_hand.people.sum() == pytest.approx(found[side]["mean_min"], abs=0.02)
    assert found["fifths"][0]["mean_after_min"] == found["after"]["worst_fifth_mean_min"]
    exact = float((by_hand.way(by_hand.hubs) * by_hand.people).sum() / by_hand.people.sum())
    assert found["before"]["mean_min"] == pytest.approx(exact, abs=1e-4)  # whoever shows it rounds it, once
    way = by_hand.way([*by_hand.hubs, *opened(found)])
    for row in found["groups"]:
        here = np.nan_to_num(edition.group_people(row["kind"])[row["group"]])
        assert row["mean_after_min"] == pytest.approx((way * here).sum() / here.sum(), abs=0.0051)
        assert row["within_after"] == pytest.approx(here[way <= 15].sum() / here.sum(), abs=1e-4)


def test_a_part_of_the_place_counts_its_own_people_and_the_sites_next_door(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    view = View("demo", within=f"team:{team['code']}")
    rows = edition.rows_within(view.within)
    found = plan(edition, view, service="gp", candidates=("library", "school"))
    assert len(found["neighbourhoods"]) == len(rows)
    assert found["after"]["people"] == round(edition.population()[rows].sum())
    today = [site for site in found["sites"] if site["role"] == "kept"]
    outside = sum(not site["inside"] for site in today)
    assert len(today) == len(edition.site_rows("gp"))
    assert outside
    away = [site["name"] for site in today if not site["inside"]]
    said = next(note for note in found["notes"] if "open today" in note)
    assert said.startswith(f"{outside} of the {len(today)} sites that are open today stand outside {team['name']}: ")
    assert sum(name in said for name in away) >= min(3, outside)  # the first few are named
    assert all(site["inside"] for site in found["sites"] if site["role"] == "candidate")


# ---- limits --------------------------------------------------------------------------------------------------------


def test_with_limits_no_site_takes_more_than_it_can(edition: Edition, by_hand: ByHand) -> None:
    room = 60_000
    found = plan(edition, candidates=CANDIDATES, add=1, capacity=(f"each:{room}",))
    assert {site["capacity"] for site in found["sites"]} == {room}
    assert found["after"]["mean_min"] >= by_hand.measures([*by_hand.hubs, *opened(found)])["mean_min"] - 0.0051
    with pytest.raises(BadQuery, match=r"at most 200,000 of 216,563 people\. 16,563 have no place\."):
        plan(edition, candidates=CANDIDATES, add=1, capacity=("each:50000",))


def test_sites_outside_take_nobody_from_here_unless_they_have_a_limit_of_their_own(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    view = View("demo", within=f"team:{team['code']}")
    people = edition.population()[edition.rows_within(view.within)].sum()
    inside = sum(site["inside"] for site in plan(edition, view, candidates=("library",), add=1)["sites"]
                 if site["role"] == "kept")  # fmt: skip
    room = int(people / (inside + 1)) + 1_000
    limits = (f"each:{room}",)
    found = plan(edition, view, candidates=("library", "school"), add=1, capacity=limits)
    away = {site["id"] for site in found["sites"] if not site["inside"]}
    assert away
    assert {site["capacity"] for site in found["sites"] if site["id"] in away} == {0}
    assert not away & {row["site_after"] for row in found["neighbourhoods"]}
    assert any("take nobody from here" in note or "takes nobody from here" in note for note in found["notes"])
    with pytest.raises(BadQuery, match=r"Sites outside .* take nobody from here"):
        plan(edition, view, candidates=("library", "school"), add=1, capacity=(f"each:{int(people / (inside + 2))}",))
    one = min(away)
    named = plan(edition, view, candidates=("library", "school"), add=1, capacity=(*limits, f"{one}:500"))
    assert next(site["capacity"] for site in named["sites"] if site["id"] == one) == 500


# ---- points, and lists of one's own --------------------------------------------------------------------------------


def test_a_point_where_a_library_stands_is_as_good_as_the_library(edition: Edition) -> None:
    library = edition.sites("library")[0]
    by_list = plan(edition, candidates=(f"site:{library['site_id']}",))
    by_point = plan(edition, points=(("Here", library["lon"], library["lat"]),))
    assert opened(by_point) == {"point-1"}
    for name in ("mean_min", "maximum_min"):
        assert by_point["after"][name] == pytest.approx(by_list["after"][name], abs=0.3)


@pytest.fixture(scope="module")
def halls(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a list of halls: two in the borough, where libraries stand, and one next door."""
    folder = tmp_path_factory.mktemp("halls")
    store = Path(shutil.copytree(demo_store, folder / "store"))
    opened = open_edition(store, "demo")
    inside = [(site["lon"], site["lat"]) for site in opened.sites("library")[:2]]
    outside = next((site["lon"], site["lat"]) for site in opened.sites("gp") if not site["inside"])
    rows = [f"Hall {n},{lon},{lat},{50_000 + n}" for n, (lon, lat) in enumerate([*inside, outside], 1)]
    (folder / "halls.csv").write_text("\n".join(["name,longitude,latitude,capacity", *rows]) + "\n")
    declared = [f"--declare={fact}" for fact in ("service=hall", "period=2026", "source=own")]
    words = ("import", "demo", str(folder / "halls.csv"), "--as", "sites", "--name", "halls", *declared)
    assert run(*words, "--store", str(store)).exit_code == 0
    return store


def test_candidates_of_an_own_list_stand_inside_and_bring_their_limits(halls: Path) -> None:
    opened_here = open_edition(halls, "demo")
    found = plan(opened_here, candidates=("own:halls",), capacity=("listed", "each:100000"))
    room = {site["name"]: site["capacity"] for site in found["sites"] if site["service"] == "hall"}
    assert room == {"Hall 1": 50_001, "Hall 2": 50_002}
    assert any("Hall 3" in note and "outside Aldermouth" in note for note in found["notes"])
    halls_today = plan(opened_here, service="hall", candidates=("library",))
    assert sum(site["role"] == "kept" for site in halls_today["sites"]) == 3


# ---- one answer everywhere -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served_plan(served: Any) -> dict[str, Any]:
    answer = served.ask("POST", API, json=BODY | {"add": 2, "objective": "fair", "close": [], "minutes": 20})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return dict(answer.json())


def test_program_command_and_file_give_the_same_plan(
    served: Any, served_plan: Any, demo_store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan.json"
    words = ("site", "demo", "--service", "family_hub", "--add", "2", "--objective", "fair", "--minutes", "20")
    lists = [f"--candidates={name}" for name in CANDIDATES]
    told = run(*words, *lists, "--store", str(demo_store), "--out", str(out), "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == served_plan | {"file": str(out)}
    proof = proof_words(served_plan)
    printed = run(*words, *lists, "--store", str(demo_store), "--out", str(tmp_path / "again.json")).stdout
    assert [text.count(proof) for text in (printed, " ".join(said_of(served_plan)))] == [1, 1]
    assert json.loads(out.read_bytes()) == served_plan
    again = served.get(f"{JSON}?{served_plan['query']}")
    assert again.json() == served_plan
    assert (
        served.get(f"{JSON}?{served_plan['query']}", headers={"If-None-Match": again.headers["etag"]}).status_code
        == 304
    )
    for name in ("place", "edition", "method", "attribution"):
        assert served_plan[name]


def test_the_address_of_a_plan_asks_for_it_again() -> None:
    request = checked(
        SitingRequest(
            "family_hub", ("library", "own:halls", "site:a b,c"), -1, ("x", "y"), ("k",), ("f",), "coverage",
            "eligible", 7.5, "drive", (("Corner, north", 1.1, 54.05),), ("each:500", "x:7"), (("E01900001", 12.5),),
        )
    )  # fmt: skip
    from urllib.parse import parse_qs

    given = parse_qs(request.query(View("demo", "best-start", 4.0)), strict_parsing=True)
    assert (given.pop("focus"), given.pop("rho")) == (["best-start"], ["4"])
    lists = {name: texts if isinstance(getattr(Asked(), name), tuple) else texts[0] for name, texts in given.items()}
    assert Asked(**lists).request() == request
    assert SitingRequest("pharmacy").query(View("demo")) == "service=pharmacy"
    # read without these, an address would mean the focus and the mode of the service
    assert SitingRequest("gp").query(View("demo")) == "focus=core&service=gp"
    assert SitingRequest("hospital").query(View("demo")) == "service=hospital&mode=walk"


def test_a_request_as_the_answer_repeats_it_can_be_posted_again(served: Any, served_plan: Any) -> None:
    limits = {"capacity": {"each": 70_000, served_plan["sites"][0]["id"]: 60_000}, "within": "", "closure": False}
    found = served.ask("POST", API, json=BODY | limits).json()
    again = served.ask("POST", API, json=found["request"])
    assert again.status_code == 200, again.text[:300]
    assert again.json() == found
    wrong = served.ask("POST", API, json=BODY | {"growth": [{"lsoa21cd": "E01900001", "people": -1}]})
    assert wrong.json()["parameter"] == "growth.0.people"
    said = served.ask("POST", API, json=BODY | {"closure": True}).json()
    assert (said["parameter"], said["detail"]) == ("closure", "closure is true, and close and add say otherwise.")


def test_a_service_brings_its_focus_and_mode_where_none_is_named(served: Any, edition: Edition) -> None:
    for body, focus, mode in (
        (BODY, "best-start", "walk"),
        (BODY | {"focus": "core"}, "core", "walk"),
        ({"service": "diagnostic_centre", "candidates": ["library"]}, "diagnostics", "drive"),
        ({"service": "new", "candidates": ["library"]}, "core", "walk"),
    ):
        asked = served.ask("POST", API, json=body).json()
        assert (asked["request"]["focus"], asked["request"]["mode"]) == (focus, mode)
        assert served.get(f"{JSON}?{asked['query']}").json() == asked
    assert served.get(f"{JSON}?service=family_hub&candidates=library").json()["request"]["focus"] == "best-start"


def test_sites_and_neighbourhoods_as_files(edition: Edition, served: Any, served_plan: Any) -> None:
    query = served_plan["query"]
    rows = list(csv.DictReader(io.StringIO(served.get(f"/downloads/demo/siting.csv?{query}").text)))
    assert [row["lsoa21cd"] for row in rows] == edition.codes.tolist()
    exact = [row["after_min"] for row in served_plan["neighbourhoods"]]
    assert [float(row["after_min"]) for row in rows] == [round(minutes, 2) for minutes in exact]
    assert exact != [round(minutes, 2) for minutes in exact]  # rounded once, where it is shown
    assert sum(int(row["people"]) for row in rows) == pytest.approx(served_plan["after"]["people"], abs=60)
    sites = list(csv.DictReader(io.StringIO(served.get(f"/downloads/demo/siting.sites.csv?{query}").text)))
    assert [(row["site_id"], row["status"]) for row in sites] == [(s["id"], s["status"]) for s in served_plan["sites"]]
    ranks = {rival["id"]: rival["ranks"]["fair"] for rival in served_plan["rivals"]}
    assert {row["site_id"]: int(row["rank_fair"]) for row in sites if row["rank_fair"]} == ranks
    points = served.get(f"/downloads/demo/siting.geojson?{query}")
    assert points.headers["content-type"] == "application/geo+json"
    assert [each["properties"]["status"] for each in points.json()["features"]] == [
        s["status"] for s in served_plan["sites"]
    ]
    assert served.get(f"/downloads/demo/siting.docx?{query}").status_code == 404


def test_workbook_and_one_page_of_a_plan(edition: Edition, served_plan: Any) -> None:
    import openpyxl

    view = View("demo", layer="")
    book = openpyxl.load_workbook(io.BytesIO(plan_bytes(edition, view, served_plan, "xlsx")))
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Sites", "Neighbourhoods", "Plans", "People"]
    cells = list(book["Neighbourhoods"].iter_rows(min_row=5, values_only=True))
    assert [row[8] for row in cells] == [round(row["after_min"], 2) for row in served_plan["neighbourhoods"]]
    page = plan_bytes(edition, view, served_plan, "pdf", link="https://maps.example/places/demo/siting?x=1")
    assert page.count(b"/Type /Page\n") == 1
    assert page == plan_bytes(edition, view, served_plan, "pdf", link="https://maps.example/places/demo/siting?x=1")


def test_rivals_rank_each_candidate_by_its_best_plan(edition: Edition, by_hand: ByHand) -> None:
    found = plan(edition, candidates=CANDIDATES)
    means = {site: by_hand.measures([*by_hand.hubs, site])["mean_min"] for site in by_hand.others}
    order = sorted(means, key=lambda site: means[site])
    assert [row["id"] for row in found["rivals"]] == order
    assert [row["ranks"]["mean"] for row in found["rivals"]] == list(range(1, len(order) + 1))
    assert [row["chosen"] for row in found["rivals"]] == [True] + [False] * (len(order) - 1)


def test_the_price_of_fairness_is_the_fair_mean_over_the_best_mean(edition: Edition) -> None:
    found = plan(edition, candidates=CANDIDATES, add=2)
    rows = {row["objective"]: row for row in found["price"]["rows"] if row["objective"]}
    assert list(rows) == ["mean", "fair", "worst", "coverage"]
    assert rows["mean"]["mean_min"] == min(row["mean_min"] for row in found["price"]["rows"])
    assert rows["worst"]["maximum_min"] == min(row["maximum_min"] for row in found["price"]["rows"])
    assert rows["coverage"]["covered"] == max(row["covered"] for row in found["price"]["rows"])
    ratio = rows["fair"]["mean_min"] / rows["mean"]["mean_min"]
    assert found["price"]["price_of_fairness"] == pytest.approx(ratio, abs=1e-3)


def test_the_id_of_a_feature_means_its_site(edition: Edition, by_hand: ByHand) -> None:
    hub, other = by_hand.hubs[:2]
    features = json.loads(sites(edition, View("demo"), None))["features"]
    feature = {part["properties"]["site_id"]: part["id"] for part in features}
    candidate = next(site["site_id"] for site in edition.sites() if site["service"] == "library")
    asked = Asked(
        "family_hub",
        candidates=("library", f"site:{feature[candidate]}", "own:x"),
        close=(f" {feature[hub]} ", other),
        keep=(feature[other],),
        forbid=(feature[candidate], feature[hub], "gp-nothing"),
        capacity=(f"{feature[hub]}:30", "each:40", "listed"),
    )
    named = with_site_ids(edition, asked)
    assert named.candidates == ("library", f"site:{candidate}", "own:x")
    assert (named.close, named.keep, named.forbid) == ((hub, other), (other,), (candidate, hub, "gp-nothing"))
    assert named.capacity == (f"{hub}:30", "each:40", "listed")
    assert with_site_ids(edition, named) == named
    assert with_site_ids(edition, Asked("gp", close=(f"gp-{hub}",))).close == (f"gp-{hub}",)  # no such feature


def test_pages_files_and_programs_take_the_id_of_a_feature(served: Any, by_hand: ByHand) -> None:
    hub = by_hand.hubs[0]
    for path in ("/places/demo/siting", JSON):
        query = "?service=family_hub&add=-1&close="
        one, other = served.get(f"{path}{query}{hub}"), served.get(f"{path}{query}family_hub-{hub}")
        assert (one.status_code, one.content) == (200, other.content)
    bodies = [{"service": "family_hub", "add": -1, "close": [name]} for name in (hub, f"family_hub-{hub}")]
    one, other = (served.ask("POST", API, json=body) for body in bodies)
    assert (one.status_code, one.content) == (200, other.content)


def test_closure_as_a_command(demo_store: Path, by_hand: ByHand, edition: Edition, tmp_path: Path) -> None:
    out = tmp_path / "closure.csv"
    words = ("closure", "demo", "--service", "family_hub", "--site", by_hand.hubs[0], "--out", str(out))
    told = run(*words, "--store", str(demo_store), "--json")
    assert told.exit_code == 0, told.output
    found = plan(edition, View("demo", "best-start"), close=(by_hand.hubs[0],), add=-1)
    assert json.loads(told.stdout)["losers"] == found["losers"]
    beside = {path.name for path in tmp_path.iterdir()}
    assert beside == {
        "closure.csv",
        "closure.csv-metadata.json",
        "closure-sites.csv",
        "closure-sites.csv-metadata.json",
    }
    again = (f" {by_hand.hubs[0]}", f"family_hub-{by_hand.hubs[0]}")  # the same site, once by the id of its feature
    said = run(*words, "--site", again[0], "--site", again[1], "--store", str(demo_store)).stdout
    assert f"({by_hand.hubs[0]})" in said
    assert "longer way" in said
    more = len(found["losers"]) - 10
    assert (f"and {more:,} more: --json" in said) == (more > 0)
    assert edition.time_basis("walk") in said


# ---- files of one's own --------------------------------------------------------------------------------------------


def site_words(store: Path, tmp_path: Path, *more: str) -> Any:
    words = ("site", "demo", "--service", "family_hub", "--out", str(tmp_path / "plan.json"), "--store", str(store))
    return run(*words, "--json", *more)


def test_candidates_and_people_to_come_from_files(demo_store: Path, edition: Edition, tmp_path: Path) -> None:
    library, hub = edition.sites("library")[0], edition.sites("family_hub")[0]
    places = tmp_path / "places.csv"
    places.write_text(
        f"name,longitude,latitude\nOld mill,{library['lon']},{library['lat']}\nB,{hub['lon']},{hub['lat']}\n"
    )
    homes = tmp_path / "homes.csv"
    homes.write_text(f"lsoa21cd,people\n{edition.codes[3]},250\n{edition.codes[5]},40.5\n")
    told = site_words(demo_store, tmp_path, "--candidates", str(places), "--demand", str(homes))
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert [site["name"] for site in found["sites"] if site["role"] == "candidate"] == ["Old mill", "B"]
    assert found["request"]["growth"] == [
        {"lsoa21cd": str(edition.codes[3]), "people": 250.0}, {"lsoa21cd": str(edition.codes[5]), "people": 40.5},
    ]  # fmt: skip
    assert found["after"]["people"] == round(edition.population().sum() + 290.5)


def test_a_word_and_a_file_of_people_are_both_taken(demo_store: Path, edition: Edition, tmp_path: Path) -> None:
    homes = tmp_path / "homes.csv"
    homes.write_text(f"lsoa21cd,people\n{edition.codes[3]},250\n")
    words = ("--candidates", "library", "--demand", "eligible", "--demand", str(homes))
    found = json.loads(site_words(demo_store, tmp_path, *words).stdout)
    assert found["request"]["demand"] == "eligible"
    assert found["words"]["demand"] == "children aged 0 to 4, and 250 people who are still to come"
    twice = site_words(demo_store, tmp_path, *words, "--demand", "people")
    assert (twice.exit_code, "one of the words and one file" in re.sub(r"\W+", " ", twice.output)) == (2, True)


def test_a_postcode_stands_at_its_own_point_with_and_without_the_published_list(
    demo_store: Path, edition: Edition
) -> None:
    postcodes, rows = edition.postcodes()
    held = middles_of("demo", demo_store)
    published = gazetteer_of("demo", None, Path())
    assert held is not None
    assert published is not None
    wanted = pd.Series(postcodes[::50])
    mine, theirs = held.find(wanted), published.find(wanted)
    assert (np.hypot(mine["easting"] - theirs["easting"], mine["northing"] - theirs["northing"]) < 1).all()
    assert mine["lsoa21cd"].tolist() == edition.codes[rows[::50]].tolist()


def test_candidates_at_one_address_are_said_to_be_equal(edition: Edition) -> None:
    library = edition.sites("library")[0]
    here = tuple((name, library["lon"], library["lat"]) for name in ("Upstairs", "Downstairs"))
    found = plan(edition, points=here)
    assert "At the same address, so equally good: Upstairs and Downstairs (one point)." in found["notes"]
    assert not any("same address" in note for note in plan(edition, points=here[:1])["notes"])


def test_a_few_neighbourhoods_without_a_whole_list_are_left_out(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = edition.complete_rows("family_hub").copy()
    whole[:2] = False
    monkeypatch.setattr(edition, "complete_rows", lambda service: whole)
    entry = edition.service("family_hub")
    monkeypatch.setitem(entry, "gaps_next_door", ["Farborough"])
    found = plan(edition, candidates=CANDIDATES)
    assert len(found["neighbourhoods"]) == edition.count - 2
    assert (
        "2 neighbourhoods in Aldermouth are left out: the list of Family Hubs is not complete there." in found["notes"]
    )
    assert "The list of Family Hubs for Farborough is not complete: a site there may be nearer." in found["notes"]
    whole[: edition.count // 10] = False
    with pytest.raises(BadQuery, match="Family Hubs: the list is not complete in Aldermouth"):
        plan(edition, candidates=CANDIDATES)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("candidates", "name,longitude,latitude\nA,1.15,54.05\nFar,0.1,51.5\n", "row 3: 'Far' lies outside Aldermouth"),
        ("candidates", "name,longitude,latitude\nA,1.15\n", ""),
        ("demand", "lsoa21cd,people\nE01900001,-5\n", "-5"),
        ("demand", "lsoa21cd,people\nE01900001,\nE01900002,9\n", "how many people is not known"),
        ("demand", "lsoa21cd,people\nE01000001,5\n", ""),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_are_refused(
    demo_store: Path, tmp_path: Path, name: str, text: str, said: str
) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    told = site_words(demo_store, tmp_path, "--candidates", "library", f"--{name}", str(file))
    assert told.exit_code == 1
    assert said in told.output
    assert not (tmp_path / "plan.json").exists()


# ---- what cannot be met --------------------------------------------------------------------------------------------

NEVER = "is to be both"


@pytest.mark.parametrize(
    ("change", "parameter", "said"),
    [
        ({"service": "bakery"}, "service", "There is no service 'bakery' here."),
        ({"service": "hospital"}, "service", "Hospitals: the list is not complete in Aldermouth, so"),
        ({"add": 30}, "add", "More sites are wanted than there are candidates: 30 wanted, 7 to choose among."),
        ({"candidates": []}, "candidates", "It is not said where a site could go"),
        ({"add": 0}, "add", "Nothing is to be added and nothing may close"),
        ({"add": -1}, "add", "add is -1, and 0 sites may be closed."),
        ({"close": ["nowhere"]}, "close", "close is 'nowhere', and no open site of this service has this id."),
        ({"close": ["a"], "keep": ["a"]}, "close", f"The site a {NEVER} kept and closed."),
        ({"keep": ["b"], "forbid": ["b"]}, "forbid", f"The site b {NEVER} kept and forbidden."),
        ({"keep": ["nowhere"]}, "keep", "keep is 'nowhere', and no site here has this id."),
        ({"forbid": ["nowhere"]}, "forbid", "forbid is 'nowhere', and no candidate has this id."),
        ({"candidates": ["bakery"]}, "candidates", "There is no service 'bakery' here."),
        ({"candidates": ["own:halls"]}, "candidates", "There is no list of sites 'halls' here."),
        ({"candidates": ["site:x"]}, "candidates", "No site here has the id 'x'."),
        ({"candidates": ["Library"]}, "candidates", "expected a service, own:NAME"),
        ({"points": [{"name": "Far", "lon": 0.1, "lat": 51.5}]}, "point", "'Far' at 0.1, 51.5 lies outside"),
        ({"mode": "boat"}, "mode", "There are no travel times by 'boat' here."),
        ({"objective": "coverage", "minutes": 0.01}, "minutes", "No candidate is within 0.01 minutes of anybody"),
        ({"capacity": {"each": 10}}, "capacity", "There is not room for everybody: sites can take at most 40 of"),
        ({"capacity": {"nowhere": 10}}, "capacity", "which is no site of this plan."),
        ({"listed_capacity": True}, "capacity", "None of the sites has a capacity that is listed."),
        ({"growth": [{"lsoa21cd": "E01000001", "people": 5}]}, "growth", "which is no neighbourhood of"),
        ({"growth": [{"lsoa21cd": "E01900001", "people": 5}] * 2}, "growth", "E01900001 is there twice"),
        ({"rho": 3.333}, "rho", "at most two decimals"),
        ({"within": "ward:X"}, "within", "within is 'ward:X'"),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_refused_by_name(served: Any, change: dict[str, Any], parameter: str, said: str) -> None:
    answer = served.ask("POST", API, json=BODY | change)
    assert answer.status_code == 422, answer.text[:300]
    assert answer.json()["parameter"] == parameter
    assert said in answer.json()["detail"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("minutes", [np.array([np.inf, np.inf]), np.zeros(2)])
def test_why_a_fair_plan_cannot_be_made_is_said_plainly(minutes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="kappa") as caught:
        kappa_of(minutes, np.ones(2))
    said = refusal(caught.value, cast("Question", None))  # the words of this one ask nothing of the question
    assert said.parameter == "objective"
    assert str(said).startswith("How fair journeys are cannot be said: ")
    assert "kappa" not in str(said).lower()


@pytest.mark.parametrize(
    "change",
    [
        {"service": ""}, {"candidate": []}, {"add": 1.5}, {"add": 51}, {"minutes": 0}, {"minutes": 241},
        {"objective": "best"}, {"demand": "file"}, {"points": [{"name": "x", "lon": 181, "lat": 0}]},
        {"capacity": {"each": -1}}, {"growth": [{"lsoa21cd": "E019", "people": 1}]},
        {"growth": [{"lsoa21cd": "E01900001", "people": -1}]}, {"close": ["x"] * 301},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(served: Any, change: dict[str, Any]) -> None:
    assert served.ask("POST", API, json=BODY | change).status_code == 422


@pytest.mark.parametrize(
    "query", ["", "service=gp&service=gp", "service=gp&where=1", "service=gp&add=x", "service=gp&point=1"]
)
def test_an_address_that_is_no_request_is_refused(served: Any, query: str) -> None:
    assert served.get(f"{JSON}?{query}").status_code == 422


def test_places_editions_and_areas_that_are_not_there(served: Any) -> None:
    assert served.ask("POST", "/api/v1/places/nowhere/sitings", json=BODY).status_code == 404
    assert served.ask("POST", API, json=BODY | {"edition": "2020-01-01-00000000"}).status_code == 404
    assert served.ask("POST", API, json=BODY | {"focus": "nothing"}).status_code == 404
    assert served.ask("POST", API, json=BODY | {"within": "team:nobody"}).status_code == 404


def test_points_are_read_strictly() -> None:
    assert read_point("-0.4145,51.8797,Town, centre") == ("Town, centre", -0.4145, 51.8797)
    assert read_point("1,2", 4) == ("Point 4", 1.0, 2.0)
    for text in ("1", "1,2,3\n4", "nan,1", "181,1", "1,91", "1e1,2", "１,2"):
        with pytest.raises(BadQuery, match="point is"):
            read_point(text)


# ---- the real place ------------------------------------------------------------------------------------------------


def test_two_more_hubs_for_luton(real_store: Any) -> None:
    """Of Luton's 20 other centres the two that shorten the way of 0-4s most, all 190 pairs tried here."""
    luton = open_edition(real_store("luton"), "luton")
    view = View("luton", "best-start")
    found = plan(luton, view, candidates=("childrens_centre",), add=2, demand="eligible")
    sites, table = luton.sites(), luton.minutes("walk")
    people = score(luton, view).eligible
    hubs = [row for row, site in enumerate(sites) if site["service"] == "family_hub"]
    centres = [row for row, s in enumerate(sites) if s["service"] == "childrens_centre" and s["inside"]]
    assert (sum(sites[row]["inside"] for row in hubs), len(centres)) == (5, 20)
    way = table[:, hubs].min(axis=1)
    means = {
        pair: float((np.minimum(way, table[:, list(pair)].min(axis=1)) * people).sum() / people.sum())
        for pair in combinations(centres, 2)
    }
    best = min(means, key=lambda pair: means[pair])
    assert opened(found) == {sites[row]["site_id"] for row in best}
    assert found["after"]["mean_min"] == pytest.approx(means[best], abs=0.0051)
    assert re.fullmatch(r"every combination tried \(190\)", found["proof"]["method"])
    assert any("for Central Bedfordshire" in note and "may be nearer" in note for note in found["notes"])
    with pytest.raises(BadQuery, match=r"at most 126,000 of 226,\d+ people"):  # seven hubs in Luton, none in Bedford
        plan(luton, view, candidates=("childrens_centre",), add=2, capacity=("each:18000",))
