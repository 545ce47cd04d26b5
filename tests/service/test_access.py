"""Access as served: a second route by hand, one answer everywhere, unknown is no zero, bad input by name."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from service.access.answers import BLACKSPOT_RULE, access_answer, answered
from service.access.figures import access_figures
from service.access.requests import asked as asked_of
from service.access.requests import usual_focus
from service.access.surroundings import CODES, FIGURES, REACH_M
from service.access.words import headlines
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.views import View
from service.queries import BadQuery
from service.web.dependencies import ViewWords, read_view

API = "/api/v1/places/demo/access"
STEPS = ((10, 1.0), (20, 0.68), (30, 0.22))
METRES_A_MINUTE = {"walk": 80.0, "cycle": 250.0, "drive": 500.0}


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def view(**words: str) -> View:
    return View(place="demo", layer="access", **words)


def straight_minutes(x: float, y: float, area: float, inside: bool, point: tuple[float, float], mode: str) -> float:
    """Minutes along the straight line; within the neighbourhood at least two thirds of its radius."""
    away = math.hypot(x - point[0], y - point[1])
    away = max(away, 2 / 3 * math.sqrt(area / math.pi)) if inside else away
    return away * 1.3 / METRES_A_MINUTE[mode]


def weight_of(minutes: float) -> float:
    return next((weight for end, weight in STEPS if minutes <= end), 0.0)


def by_hand(edition: Edition, service: str, mode: str, within: int) -> dict[str, list[float]]:
    """All four measures, pair by pair in plain Python; everyone of all ages shares the supply."""
    sites = edition.site_rows(service)
    east, north = edition.site_points()
    listed = edition.sites()
    people = [float(count) for count in edition.population()]
    codes = [str(code) for code in edition.codes]
    if edition.network:
        times = edition.minutes(mode, sites).tolist()
    else:
        places = zip(codes, *(column.tolist() for column in edition.centroids()), strict=True)
        times = [
            [straight_minutes(x, y, area, listed[s]["lsoa21cd"] == code, (east[s], north[s]), mode) for s in sites]
            for code, x, y, area in places
        ]
    held = edition.stored.folder / "web"
    round_codes = np.load(held / CODES).tolist()
    for code, x, y, area, living in zip(round_codes, *np.load(held / FIGURES)[:4].tolist(), strict=True):
        times.append(
            [straight_minutes(x, y, area, listed[s]["lsoa21cd"] == code, (east[s], north[s]), mode) for s in sites]
        )
        people.append(living)
    two: dict[int, float] = defaultdict(float)
    enhanced: dict[int, float] = defaultdict(float)
    for row, living in zip(times, people, strict=True):
        for site, minutes in enumerate(row):
            two[site] += living * (minutes <= within)
            enhanced[site] += living * weight_of(minutes)
    here = times[: edition.count]
    return {
        "nearest": [min(row) for row in here],
        "within": [sum(minutes <= within for minutes in row) for row in here],
        "2sfca": [1000 * sum(1 / two[s] for s, t in enumerate(row) if t <= within) for row in here],
        "e2sfca": [1000 * sum(weight_of(t) / enhanced[s] for s, t in enumerate(row) if weight_of(t)) for row in here],
    }


def agrees(edition: Edition, asked: View) -> None:
    found = access_figures(edition, asked)
    expected = by_hand(edition, found.asked.service, found.asked.mode, found.asked.minutes)
    assert found.nearest_min == pytest.approx(np.round(expected["nearest"], 1), abs=0.051)
    assert found.sites_within.tolist() == expected["within"]
    assert found.access_2sfca == pytest.approx(expected["2sfca"], abs=1e-6)
    assert found.access_e2sfca == pytest.approx(expected["e2sfca"], abs=1e-6)


@pytest.mark.parametrize(("service", "mode", "minutes"), [("gp", "walk", "15"), ("dental", "cycle", "")])
def test_the_four_measures_pair_by_pair(edition, service, mode, minutes):
    agrees(edition, view(service=service, mode=mode, minutes=minutes, demand="people"))


def test_times_by_public_transport_are_taken_too(edition):
    found = access_figures(edition, view(service="gp", mode="transit", demand="people"))
    walked = access_figures(edition, view(service="gp", demand="people"))
    assert (found.nearest_min <= walked.nearest_min + 0.06).all()
    assert any("public transport are known only inside" in note for note in answer_of(edition, mode="transit")["notes"])


@pytest.mark.realdata
def test_a_real_place_pair_by_pair_with_the_people_round_it(real_store):
    luton = open_edition(real_store("luton"), "luton")
    agrees(luton, View(place="luton", layer="access", service="gp", demand="people"))
    found = access_answer(luton, View(place="luton", layer="access", service="gp", measure="e2sfca"))
    assert found["time_basis"] == "estimated from distance"
    assert found["service"]["inside"] == 24
    x, y, _ = luton.centroids()
    round_x, round_y = np.load(luton.stored.folder / "web" / FIGURES)[:2]
    away = np.hypot(round_x[:, None] - x, round_y[:, None] - y).min(axis=1)
    assert away.max() <= REACH_M
    assert not set(np.load(luton.stored.folder / "web" / CODES).tolist()) & set(luton.codes.tolist())
    for part, limit in (("2sfca", 20), ("e2sfca", 30)):
        reached = sites_reached(luton, View(place="luton", layer="access", service="gp"), limit)
        assert found["supply"][part]["reachable"] == reached
        assert found["supply"][part]["shared_out"] == pytest.approx(reached, rel=1e-6)
    alone = floating_without_others(luton)
    assert (found["neighbourhoods"][0]["access_e2sfca"]) <= alone[0]  # others share the same surgeries


def floating_without_others(edition: Edition) -> list[float]:
    rows = edition.site_rows("gp")
    minutes = edition.minutes("walk", rows)
    weights = np.vectorize(weight_of)(minutes)
    in_reach = weights.T @ edition.population()
    ratios = np.divide(1000.0, in_reach, out=np.zeros(len(rows)), where=in_reach > 0)
    return [float(figure) for figure in weights @ ratios]


def answer_of(edition: Edition, **words: str) -> dict[str, Any]:
    return access_answer(edition, view(**words))


def test_what_is_shared_out_is_the_supply_in_reach(edition):
    for words in ({}, {"demand": "targeting"}, {"service": "dental", "accepting": "children", "mode": "drive"}):
        for part in ("2sfca", "e2sfca"):
            shared = answer_of(edition, **words)["supply"][part]
            assert shared["shared_out"] == pytest.approx(shared["reachable"], rel=1e-9)


def sites_reached(edition: Edition, asked: View, limit: float) -> float:
    """How many sites are within a limit of anybody in a view, from the whole table of minutes."""
    rows = edition.site_rows(asked.service)
    people = edition.population()[edition.rows_within(asked.within)] > 0
    minutes = edition.minutes("walk", rows)[edition.rows_within(asked.within)][people]
    return float((minutes <= limit).any(axis=0).sum())


def test_supply_in_reach_is_that_of_the_sites_that_people_of_the_view_reach(edition):
    ward = f"ward:{edition.footprints('ward')[0]['code']}"
    for within in ("", ward):
        asked = view(service="gp", demand="people", within=within, minutes="10")
        supply = access_answer(edition, asked)["supply"]
        for part, limit in (("2sfca", 10), ("e2sfca", 30)):
            assert supply[part]["reachable"] == sites_reached(edition, asked, limit)
            assert supply[part]["shared_out"] == pytest.approx(supply[part]["reachable"], rel=1e-9)


def test_means_are_over_the_people_of_the_records(edition):
    found = answer_of(edition, service="gp", measure="e2sfca")
    rows = found["neighbourhoods"]
    for fifth in found["fifths"]:
        here = [row for row in rows if row["need_fifth"] == fifth["fifth"]]
        people = sum(row["people"] for row in here)
        assert fifth["people"] == round(people)
        assert fifth["neighbourhoods"] == len(here) == 24
        within = sum(row["people"] for row in here if row["sites_within"])
        assert fifth["share_within"] == pytest.approx(within / people, abs=1e-6)
        for column, decimals in (("nearest_min", 4), ("sites_within", 4), ("access_2sfca", 6), ("access_e2sfca", 6)):
            mean = sum(row["people"] * row[column] for row in here) / people
            slack = 0.05 if column == "nearest_min" else 0.51 * 10**-decimals  # a record has minutes to a tenth
            assert fifth[column] == pytest.approx(mean, abs=slack)
        assert fifth["lower"] <= fifth["access_e2sfca"] <= fifth["upper"]
    (kind,) = [kind for kind in found["groups"] if kind["kind"] == "ethnic_group"]
    living = edition.group_people("ethnic_group")["asian"]
    mean = sum(count * row["nearest_min"] for count, row in zip(living, rows, strict=True)) / living.sum()
    (asian,) = [group for group in kind["groups"] if group["id"] == "asian"]
    assert asian["nearest_min"] == pytest.approx(mean, abs=0.05)


def test_a_mean_of_minutes_is_rounded_once_from_the_exact_minutes(edition):
    asked = view(service="gp", mode="cycle")
    exact = edition.minutes("cycle", edition.site_rows("gp")).min(axis=1)
    people = edition.population()
    mean = float((exact * people).sum() / people.sum())
    found = access_answer(edition, asked)
    assert found["everyone"]["nearest_min"] == pytest.approx(mean, abs=0.00006)
    assert f"{mean:.1f} minutes" in found["words"][0]
    line = found["slope"]["intercept"] + found["slope"]["sii"] / 2  # over its own middle the line is near the mean
    assert line == pytest.approx(mean, abs=0.5)


def test_the_first_sentence_says_for_how_many_and_where_it_is_known(edition, monkeypatch):
    gone = np.arange(edition.count) < 7
    part = edition.count - 7
    monkeypatch.setattr(Edition, "complete_rows", lambda self, service: ~gone)
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    found = answer_of(edition, service="gp", minutes="13")
    assert found["known"] == {"neighbourhoods": part, "of": edition.count, "councils": ["Aldermouth"], "councils_of": 1}
    assert found["words"][0].startswith(f"Known for {part} of {edition.count} neighbourhoods: elsewhere")
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    councils = found | {"known": found["known"] | {"councils": ["Luton", "Bedford"], "councils_of": 4}}
    councils["service"] = found["service"] | {"complete": False}
    first, second = headlines(councils)[:2]
    assert first.startswith(
        f"Known for {part} of {edition.count} neighbourhoods (Luton and Bedford): elsewhere the list"
    )
    assert "people in Luton and Bedford are on average" in second


def test_the_usual_focus_and_way_follow_the_service(edition, monkeypatch):
    known = dict(edition._services)
    known["library"] = known["library"] | {"focus": "best-start", "mode": "drive"}
    monkeypatch.setitem(edition.__dict__, "_services", known)
    by_default = read_view(edition, ViewWords(service="library"), "access")
    assert (by_default.focus, asked_of(edition, by_default).mode) == ("best-start", "drive")
    named = read_view(edition, ViewWords(service="library", focus="core", mode="walk"), "access")
    assert (named.focus, named.mode) == ("core", "walk")
    assert read_view(edition, ViewWords(service="library", mode="drive"), "access").mode == ""
    assert read_view(edition, ViewWords(service="library")).focus == "core"  # other layers keep their own
    assert usual_focus(edition, "dental", "adults") == "core"
    assert usual_focus(edition, "dental", "children") == usual_focus(edition, "dental") == "child-dental"
    assert edition.usual_mode("library") == "drive"
    assert edition.usual_mode("gp") == edition.usual_mode("new") == edition.modes()[0] == "walk"
    with monkeypatch.context() as changed:
        changed.setattr(Edition, "modes", lambda self: ["cycle", "drive"])  # streets without footpaths
        assert edition.usual_mode("gp") == asked_of(edition, view(service="gp")).mode == "cycle"
    hubs = view(service="family_hub")
    said = access_answer(edition, hubs)["words"][0]
    assert (
        said == "People of all ages are counted: for children aged 0 to 4 alone, choose the focus “Best start in life”."
    )
    assert hubs.query() == "focus=core&service=family_hub"  # without it the address would mean the service's own


def test_where_everybody_has_a_site_near_nothing_is_called_a_blackspot(edition):
    near = answer_of(edition, service="gp", mode="cycle", minutes="60")
    spots = near["blackspots"]
    assert (spots["kind"], spots["near"]) == ("worst here", spots["count"])
    assert spots["count"]
    assert "none is a blackspot" in spots["rule"]
    assert any("have the longest way here" in sentence or "has the longest" in sentence for sentence in near["words"])
    assert "All people here live within 60 minutes of one." in near["words"]
    far = answer_of(edition, service="gp", mode="walk", minutes="1")
    assert (far["blackspots"]["kind"], far["blackspots"]["near"]) == ("blackspots", 0)
    assert far["blackspots"]["rule"] == BLACKSPOT_RULE


def test_whether_access_keeps_up_with_need_is_said_plainly_first(edition):
    found = answer_of(edition, service="gp", mode="cycle")
    said = " ".join(found["need_words"])
    assert found["proportionality"]["verdict"] == "too flat"
    assert found["direction"] == "better"
    assert said.index("access is better there, yet not by enough") < said.index("(E2SFCA, proportionality ratio")
    assert "minutes shorter" in said
    times = f"{found['proportionality']['resource_times']:.2f} times as much in reach"
    assert times in said


def test_few_people_walk_for_hours(edition):
    found = answer_of(edition, service="gp")
    found["everyone"] = found["everyone"] | {"nearest_min": 258.9, "share_within": 0.0}
    said = " ".join(headlines(found))
    assert "Few people walk that far" in said
    assert "far from nearly everybody" in said
    assert "Access is better" not in said


def test_blackspots_are_where_need_is_great_and_access_poor(edition):
    for measure, column, sign in (("nearest", "nearest_min", 1), ("within", "sites_within", -1)):
        found = answer_of(edition, service="dental", measure=measure)
        rows = found["neighbourhoods"]
        worse = {row["lsoa21cd"]: sign * row[column] for row in rows}
        rank = {code: 1 + sum(other > figure for other in worse.values()) for code, figure in worse.items()}
        people = sum(row["people"] for row in rows)
        average = sum(row["people"] * worse[row["lsoa21cd"]] for row in rows) / people
        expected = {
            row["lsoa21cd"]
            for row in rows
            if row["need_fifth"] == 1
            and math.ceil(5 * rank[row["lsoa21cd"]] / len(rows)) == 1
            and worse[row["lsoa21cd"]] > average
        }
        spots = found["blackspots"]
        assert {row["lsoa21cd"] for row in spots["neighbourhoods"]} == expected
        assert (spots["count"], spots["rule"]) == (len(expected), BLACKSPOT_RULE)
        named = [row["nearest_min"] for row in spots["neighbourhoods"]]
        assert all(row["lsoa21nm"] and row["msoa21hclnm"] for row in spots["neighbourhoods"])
        assert measure != "nearest" or named == sorted(named, reverse=True)


def test_where_the_list_is_not_whole_access_is_not_known_and_never_zero(edition, monkeypatch):
    whole = answer_of(edition, service="gp", minutes="11")
    gone = np.arange(edition.count) < 7
    monkeypatch.setattr(Edition, "complete_rows", lambda self, service: ~gone)
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    found = answer_of(edition, service="gp", minutes="11")
    for row in found["neighbourhoods"][:7]:
        assert row["status"] == "not known here"
        assert {row[name] for name in ("nearest_min", "sites_within", "access_2sfca", "access_e2sfca")} == {None}
        assert row["nearest_site"] is None
        assert row["access_fifth"] is None
    kept = ("nearest_min", "access_e2sfca")
    assert [[row[name] for name in kept] for row in found["neighbourhoods"][7:]] == [
        [row[name] for name in kept] for row in whole["neighbourhoods"][7:]
    ]
    assert found["everyone"]["people_unknown"] == round(sum(row["people"] for row in whole["neighbourhoods"][:7]))
    assert any(note.startswith("Not known here: 7 neighbourhoods") for note in found["notes"])
    monkeypatch.setattr(Edition, "complete_rows", lambda self, service: np.zeros(self.count, bool))
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    with pytest.raises(BadQuery, match=r"^GP practices: access is not known here"):
        answer_of(edition, service="gp", minutes="11")


def _cache() -> Any:
    from service.access import figures

    return figures._LATEST


def test_an_edition_that_does_not_know_who_lives_round_it_says_so(edition, monkeypatch):
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    with_others = answer_of(edition, service="gp", minutes="12")
    monkeypatch.setattr("service.access.figures._LATEST", type(_cache())())
    monkeypatch.setattr("service.access.figures.surroundings_of", lambda *asked: None)
    alone = answer_of(edition, service="gp", minutes="12")
    assert any("does not know who lives round the place" in note for note in alone["notes"])
    pairs = list(zip(alone["neighbourhoods"], with_others["neighbourhoods"], strict=True))
    assert all(one["access_e2sfca"] >= other["access_e2sfca"] for one, other in pairs)
    assert any(one["access_e2sfca"] > other["access_e2sfca"] for one, other in pairs)


def test_the_workshop_makes_the_same_answer(edition, demo_store):
    asked = view(service="library", measure="within")
    assert answered(str(demo_store), asdict(asked), edition.id) == access_answer(edition, asked)


def test_a_footprint_keeps_the_times_and_ranks_anew(edition):
    within = f"team:{edition.footprints('team')[0]['name']}"
    whole = {row["lsoa21cd"]: row for row in answer_of(edition, service="gp")["neighbourhoods"]}
    part = answer_of(edition, service="gp", within=within)
    same = ("nearest_site", "nearest_min", "sites_within", "access_2sfca", "access_e2sfca", "people")
    for row in part["neighbourhoods"]:
        assert [row[name] for name in same] == [whole[row["lsoa21cd"]][name] for name in same]
    assert {row["fifth"]: row["neighbourhoods"] for row in part["fifths"]}.keys() == {1, 2, 3, 4, 5}
    assert any("outside this area" in note for note in part["notes"])


def test_only_those_known_to_take_children_count(edition):
    found = answer_of(edition, service="dental", accepting="children")
    everyone = answer_of(edition, service="dental")
    counts = found["accepting"]["children"]
    assert counts == edition.accepting_counts("dental", "children")
    assert sum(counts.values()) == everyone["service"]["inside"]
    assert min(counts.values()) > 0
    yes = {site["site_id"] for site in edition.sites("dental") if site["accepting_children"] is True}
    assert {row["nearest_site_id"] for row in found["neighbourhoods"]} <= yes
    assert found["everyone"]["nearest_min"] > everyone["everyone"]["nearest_min"]
    first = found["words"][0]
    assert first.startswith("Known to take new child NHS patients")
    assert f"{counts['yes']} of the {sum(counts.values())} dental practices inside the place" in first
    assert f"{counts['no']} do not take them, and of {counts['unknown']} it is not known" in first
    assert found["words"][2].startswith("Dental practice known to take new child NHS patients: people here")


def test_demand_weighted_by_need_shares_out_less_where_need_is_greater(edition):
    plain, weighted = answer_of(edition, measure="e2sfca"), answer_of(edition, measure="e2sfca", demand="targeting")
    assert weighted["demand"]["people"] == plain["demand"]["people"]  # the targeting score is 1 on average
    assert weighted["fifths"][0]["access_e2sfca"] < plain["fifths"][0]["access_e2sfca"]
    assert weighted["query"] == "focus=core&measure=e2sfca&demand=targeting"


def test_access_is_held_against_need_without_access(edition):
    found = answer_of(edition, service="family_hub", focus="best-start")
    assert "family_hub_walk_min" in {part["indicator"] for part in found["need_without"]}
    ratio = found["proportionality"]
    assert ratio["resource"] == "e2sfca"
    assert ratio["outcome"] == "overcrowded_share"  # the weightiest of the focus with a true zero
    assert ratio["outcome"] in {part["indicator"] for part in ratio["need_without"]}
    assert ratio["verdict"] or ratio["words"].startswith("No verdict")
    with pytest.raises(BadQuery, match=r"cannot be the outcome\. It is a rank"):
        access_answer(edition, view(), outcome="income_rank")


def test_the_same_answer_from_function_address_and_command(edition, served, demo_store, tmp_path):
    words = {"service": "gp", "minutes": "15", "measure": "e2sfca", "focus": "best-start"}
    made = json.loads(json.dumps(answer_of(edition, **words)))
    query = "&".join(f"{name}={word}" for name, word in words.items())
    assert served.json(f"{API}?{query}") == made
    asked = [part for name, word in words.items() for part in (f"--{name}", word)]
    file = tmp_path / "access.csv"
    done = CliRunner().invoke(app, ["access", "demo", *asked, "--store", str(demo_store), "--json", "--out", str(file)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told.pop("file") == str(file)
    assert told == made
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [float(row["access_e2sfca"]) for row in rows] == [row["access_e2sfca"] for row in made["neighbourhoods"]]
    shown = CliRunner().invoke(app, ["access", "demo", *asked, "--store", str(demo_store)]).output
    assert all(sentence in shown.replace("\n", " ") for sentence in made["words"])


def test_the_usual_words_fall_away_and_answers_carry_a_tag(edition, served):
    first = served.get(f"{API}?mode=walk&minutes=20&measure=nearest&demand=eligible")
    assert first.json()["query"] == "focus=gp-access"  # the usual one of the service, so that a link keeps it
    assert first.headers["etag"] == served.get(API).headers["etag"]
    assert served.get(API, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert "/api/v1/places/{place}/access" in served.json("/openapi.json")["paths"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("minutes=0", 422, "a whole number from 1 to 60"),
        ("minutes=61", 422, "a whole number from 1 to 60"),
        ("minutes=1e1", 422, "a whole number from 1 to 60"),
        ("mode=fly", 422, "one of walk, cycle, drive, transit"),
        ("mode=walk,drive", 422, "one way to travel"),
        ("measure=gravity", 422, "one of nearest, within, 2sfca, e2sfca"),
        ("demand=all", 422, "one of eligible, people, targeting"),
        ("accepting=dogs", 422, "one of children, adults"),
        ("service=gp&accepting=children", 422, "take new NHS patients is not listed"),
        ("service=Gp", 422, "a name in lower case"),
        ("service=spaceport", 404, "has no sites of a service"),
        ("service=hospital", 422, "access is not known here"),
        ("outcome=income_rank", 422, "cannot be the outcome"),
        ("indicator=idaci_rank", 422, "There is no parameter"),
        ("within=team:Nowhere", 404, "no footprint"),
    ],
)
def test_bad_words_are_refused_by_name(served, query, status, said):
    answer = served.get(f"{API}?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert said in answer.text.replace("\\", "")


def test_whose_new_patients_nobody_lists_cannot_be_asked_for(served, monkeypatch):
    every = Edition.sites
    listed = served.json(f"{API}?service=dental&accepting=adults")["accepting"]["adults"]
    assert listed["yes"] > 0

    def sites(self, service=None, within=""):
        return [site | {"accepting_adults": None} for site in every(self, service, within)]

    monkeypatch.setattr(Edition, "sites", sites)
    assert served.get(f"{API}?service=dental&accepting=children").status_code == 200
    for path in (API, "/geojson/demo/access", "/downloads/demo/access.csv"):
        refused = served.get(f"{path}?service=dental&accepting=adults")
        assert (refused.status_code, refused.json()["parameter"]) == (422, "accepting"), path
        assert "take new adult NHS patients is not listed" in refused.json()["detail"]


def test_the_command_refuses_with_a_reason(demo_store):
    for words, code, said in (
        (("--service", "spaceport"), 1, "no sites of a service"),
        (("--service", "gp", "--mode", "walk,drive"), 1, "one way to travel"),
        (("--service", "gp", "--out", "access.doc"), 2, "no known format"),
    ):
        done = CliRunner().invoke(app, ["access", "demo", *words, "--store", str(demo_store)])
        assert done.exit_code == code
        assert said in " ".join(done.output.split())
