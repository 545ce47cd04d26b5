"""Inequality and missed need as served: second routes, never circular, one answer everywhere, bad input by name."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.inequalities import Inequality, inequality
from service.measures.inequality_words import difference_words, inequality_answer, sentences
from service.measures.missed_needs import missed_answer, missed_needs
from service.measures.need_without import ACCESS, ITSELF, RELATED, need_without
from service.queries import BadQuery

API = "/api/v1/places/demo"
NOT_SHARED = ("edition",)


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, prog_name="evenreach")


def position_by_hand(need: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Each neighbourhood against each other."""
    return (((need[None, :] < need[:, None]) + (need[None, :] == need[:, None]) / 2) * people).sum(
        axis=1
    ) / people.sum()


def ends_by_hand(value: np.ndarray, position: np.ndarray, people: np.ndarray) -> tuple[float, float]:
    """Fitted ends by numpy's own least squares on square-root weights."""
    root = np.sqrt(people)
    design = np.column_stack([np.ones(len(value)), position]) * root[:, None]
    (least, slope), *_ = np.linalg.lstsq(design, value * root, rcond=None)
    return float(least), float(least + slope)


def without_by_hand(edition: Edition, focus: str, gone: set[str]) -> np.ndarray:
    """Weighted mean of what stays, neighbourhood by neighbourhood."""
    parts = edition.focuses[focus]["ingredients"]
    scaled = edition.scaled(focus)
    assert scaled is not None
    found = []
    for column in range(edition.count):
        kept = [
            (part["weight"], float(scaled[row, column]))
            for row, part in enumerate(parts)
            if part["indicator"] not in gone and math.isfinite(scaled[row, column])
        ]
        found.append(sum(weight * value for weight, value in kept) / sum(weight for weight, _ in kept))
    return np.array(found)


# Need without what it is held against


def test_need_is_the_score_where_nothing_is_left_out(edition: Edition) -> None:
    need, scores = need_without(edition, View("demo")), score(edition, View("demo"))
    assert need.left_out == ()
    assert (need.need == scores.need_score).all()
    assert (need.position == scores.need_position).all()
    assert (need.fifth == scores.need_fifth).all()


def test_access_and_the_measure_itself_never_stand_on_the_side_of_need(edition: Edition) -> None:
    need = need_without(edition, View("demo", "best-start"), beside=["overcrowded_share"])
    why = {part["indicator"]: part["why"] for part in need.left_out}
    assert why == {"family_hub_walk_min": ACCESS, "overcrowded_share": ITSELF}
    expected = without_by_hand(edition, "best-start", set(why))
    assert need.need == pytest.approx(expected, abs=1e-8)
    assert need.position == pytest.approx(position_by_hand(need.need, need.people), abs=1e-9)


def test_a_domain_that_holds_the_measure_is_left_out_too(edition: Edition) -> None:
    need = need_without(edition, View("demo"), beside=["overcrowded_share"])
    assert [(part["indicator"], part["why"]) for part in need.left_out] == [("barriers_rank", RELATED)]
    parts = need_without(edition, View("demo", "best-start"), beside=["income_rank"])
    assert ("idaci_rank", RELATED) in [(part["indicator"], part["why"]) for part in parts.left_out]


def test_changing_the_measure_does_not_change_the_need_it_is_held_against(edition: Edition) -> None:
    before = need_without(edition, View("demo", "building-blocks"), beside=["rented_share"])
    order = [part["indicator"] for part in edition.focuses["building-blocks"]["ingredients"]]
    scaled = np.array(edition.scaled("building-blocks"))
    scaled[order.index("rented_share")] = np.random.default_rng(1).permutation(scaled[order.index("rented_share")])
    expected = without_by_hand(edition, "building-blocks", {"rented_share"})
    assert before.need == pytest.approx(expected, abs=1e-8)


def test_nothing_left_of_a_focus_is_refused(edition: Edition) -> None:
    everything = [part["indicator"] for part in edition.focuses["core"]["ingredients"]]
    with pytest.raises(BadQuery, match="Nothing is left of the need score of 'core'") as refused:
        need_without(edition, View("demo"), beside=everything)
    assert refused.value.parameter == "focus"


# Inequality


@pytest.mark.parametrize("focus", ["core", "best-start", "building-blocks"])
@pytest.mark.parametrize("indicator", ["overcrowded_share", "housing_affordability", "income_rank"])
def test_slope_by_a_second_route(edition: Edition, focus: str, indicator: str) -> None:
    found = inequality(edition, View("demo", focus), indicator)
    gone = {part["indicator"] for part in found.need.left_out}
    need = without_by_hand(edition, focus, gone) if gone else score(edition, View("demo", focus)).need_score
    people = score(edition, View("demo", focus)).eligible
    position = position_by_hand(np.round(need, 9), people)
    least, most = ends_by_hand(edition.indicator_values(indicator), position, people)
    slope = found.slope
    assert slope is not None
    assert (slope.intercept, slope.sii) == pytest.approx((least, most - least), rel=1e-7)
    assert slope.sii_lower is not None
    assert slope.sii_upper is not None
    assert slope.sii_lower < slope.sii < slope.sii_upper
    assert slope.limits_from == ("values" if indicator == "overcrowded_share" else "neighbourhoods")


def test_need_fifths_gap_and_groups_by_hand(edition: Edition) -> None:
    found = inequality(edition, View("demo", "best-start"), "household_deprived_share")
    counts = edition.indicator_counts("household_deprived_share")
    assert counts is not None
    for row in found.fifths:
        inside = found.need.fifth == row.fifth
        assert row.value == pytest.approx(counts[0][inside].sum() / counts[1][inside].sum())
        assert row.neighbourhoods == inside.sum()
    assert found.gap.worst == found.fifths[0].value
    assert found.gap.absolute == pytest.approx(found.fifths[0].value - found.fifths[4].value)
    assert found.gap.relative == pytest.approx(found.fifths[0].value / found.fifths[4].value)
    value = edition.indicator_values("household_deprived_share")
    kinds = {kind.kind: kind for kind in found.groups}
    assert set(kinds) == {"ethnic_group", "disability", "english_proficiency"}
    disabled = kinds["disability"].groups[0]
    people = edition.group_people("disability")[disabled.id]
    assert disabled.value == pytest.approx(np.average(value, weights=people))
    assert disabled.people == people.sum()
    everyone = np.average(value, weights=edition.population())
    assert found.everyone == pytest.approx(everyone)
    assert disabled.difference == pytest.approx(disabled.value - everyone)
    assert kinds["english_proficiency"].level == "msoa"


def test_a_rank_has_no_ratio(edition: Edition) -> None:
    answer = inequality_answer(inequality(edition, View("demo", "best-start"), "income_rank"))
    assert (answer["slope"]["rii"], answer["gap"]["relative"], answer["concentration_index"]) == (None, None, None)
    assert answer["gap"]["absolute"] < 0
    assert answer["direction"] == "worse"  # rank 1 is the most deprived: lower ranks where need is greater
    assert any("no true zero" in said for said in answer["warnings"])
    assert not any("times as much at" in said for said in answer["sentences"])


def test_within_a_footprint_positions_are_its_own(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    found = inequality(edition, View("demo", within=f"team:{team['name']}"), "overcrowded_share")
    assert len(found.need.rows) == team["count"]
    assert np.average(found.need.position, weights=found.need.people) == pytest.approx(0.5)
    people = edition.population()[found.need.rows]
    assert found.everyone == pytest.approx(np.average(found.value, weights=people))


def test_without_limits_no_direction_is_stated(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    assert team["count"] < 30
    found = inequality(edition, View("demo", within=f"team:{team['name']}"), "housing_affordability")
    assert found.slope is not None
    assert found.slope.sii_lower is None
    assert found.direction == "unclear"
    assert "cannot be told" in sentences(found)[0]


def test_too_few_neighbourhoods_give_no_slope_and_say_why(edition: Edition) -> None:
    small = next(entry for entry in edition.footprints("msoa") if entry["count"] < 5)
    answer = inequality_answer(inequality(edition, View("demo", within=f"msoa:{small['code']}"), "overcrowded_share"))
    assert answer["slope"] is None
    assert "a slope needs at least 5 neighbourhoods" in answer["problem"]
    assert "No slope can be given" in answer["sentences"][0]


def test_a_constant_indicator_has_no_slope_and_no_direction(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Edition, "indicator_values", lambda self, name: np.full(self.count, 12.0))
    found = inequality(edition, View("demo", "best-start"), "housing_affordability")
    assert found.slope is not None
    assert found.slope.sii == pytest.approx(0, abs=1e-9)
    assert found.direction == "unclear"


def test_an_unknown_value_is_left_out_and_counted(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = inequality(edition, View("demo"), "housing_affordability")
    values = np.array(edition.indicator_values("housing_affordability"))
    values[:7] = np.nan
    monkeypatch.setattr(Edition, "indicator_values", lambda self, name: values)
    found = inequality(edition, View("demo"), "housing_affordability")
    assert found.slope is not None
    assert whole.slope is not None
    assert (whole.slope.units - found.slope.units, found.slope.left_out) == (7, 7)
    assert any("not known: 7" in note for note in found.notes)


def plain(text: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(text).items() if key not in NOT_SHARED}


@pytest.mark.parametrize(("indicator", "focus"), [("overcrowded_share", "best-start"), ("income_rank", "core")])
def test_inequality_is_one_answer_everywhere(served: Any, demo_store: Path, indicator: str, focus: str) -> None:
    told = served.get(f"{API}/inequality?indicator={indicator}&focus={focus}")
    assert told.status_code == 200, told.text
    command = run(
        "inequality", "demo", "--indicator", indicator, "--focus", focus, "--store", str(demo_store), "--json"
    )
    assert command.exit_code == 0, command.output
    assert plain(command.output) == plain(told.text)
    page = served.get(f"/indicators/{indicator}?place=demo&focus={focus}").text
    for sentence in told.json()["sentences"]:
        assert sentence in page
    again = served.get(f"{API}/inequality?indicator={indicator}&focus={focus}")
    assert again.headers["etag"] == told.headers["etag"]
    assert again.content == told.content  # seeded: the same to the last bit
    assert told.json()["attribution"]


def test_inequality_in_words_for_people(demo_store: Path) -> None:
    shown = run("inequality", "demo", "--indicator", "overcrowded_share", "--store", str(demo_store))
    assert shown.exit_code == 0
    assert "It is worse where need is greater." in shown.output
    assert "by where people live, not by person" in shown.output
    assert run("inequality", "demo", "--indicator", "overcrowded_share", "--store", str(demo_store), "-q").output == ""


def test_need_fifths_are_named_after_what_they_are_over(demo_store: Path, edition: Edition) -> None:
    counts = edition.indicator_counts("overcrowded_share")
    assert counts is not None
    answer = inequality_answer(inequality(edition, View("demo"), "overcrowded_share"))
    assert answer["need_fifths_of"] == "households"
    assert sum(row["of"] for row in answer["need_fifths"]) == pytest.approx(counts[1].sum())
    assert "people" not in answer["need_fifths"][0]
    assert (
        "of households"
        in run("inequality", "demo", "--indicator", "overcrowded_share", "--store", str(demo_store)).output
    )
    assert inequality_answer(inequality(edition, View("demo"), "income_rank"))["need_fifths_of"] == "people"


def test_draws_are_told_only_where_there_are_limits(edition: Edition) -> None:
    small = next(entry for entry in edition.footprints("msoa") if entry["count"] < 5)
    view = View("demo", within=f"msoa:{small['code']}")
    for indicator in ("overcrowded_share", "income_rank"):
        assert "draws" in " ".join(inequality(edition, View("demo"), indicator).notes)
        notes = " ".join(inequality(edition, view, indicator).notes)
        assert "draws" not in notes
        assert "Wilson" not in notes


def test_what_rounds_to_nothing_has_no_sign() -> None:
    share = {"unit": "share of patients (0-1)", "decimals": 3}
    assert [difference_words(share, value) for value in (-0.0004, 0.0004, 0.0006, -0.0123)] == [
        "0.0 points", "0.0 points", "+0.1 points", "−1.2 points",
    ]  # fmt: skip
    assert difference_words({"unit": "index", "decimals": 1}, -0.01) == "0.0"


@pytest.mark.parametrize(
    ("query", "status", "about"),
    [
        ("", 422, "indicator"),
        ("indicator=nothing", 404, "No indicator"),
        ("indicator=income_rank&focus=nothing", 404, "No focus"),
        ("indicator=income_rank&within=msoa:E02999999", 404, "no footprint"),
        ("indicator=income_rank&transform=square", 422, "transform"),
        ("indicator=income_rank&rho=3", 422, "no parameter"),
        ("indicator=income_rank&indicator=crime_rank", 422, "twice"),
    ],
)
def test_bad_questions_about_inequality(served: Any, query: str, status: int, about: str) -> None:
    answer = served.get(f"{API}/inequality?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert about in answer.text


def test_a_transform_that_cannot_be_taken_is_said(served: Any) -> None:
    told = served.json(f"{API}/inequality?indicator=housing_affordability&transform=logit")
    assert told["slope"] is None
    assert "which logit cannot take" in told["problem"]
    logged = served.json(f"{API}/inequality?indicator=overcrowded_share&transform=logit")
    assert logged["slope"]["transform"] == "logit"


def test_the_commands_refuse_by_name(demo_store: Path) -> None:
    assert run("inequality", "demo", "--indicator", "no", "--store", str(demo_store)).exit_code == 1
    wrong = run("inequality", "demo", "--indicator", "income_rank", "--transform", "x", "--store", str(demo_store))
    assert wrong.exit_code == 2
    assert run("missed-need", "demo", "--areas", "here", "--store", str(demo_store)).exit_code == 1
    assert run("missed-need", "demo", "--budget", "-5", "--store", str(demo_store)).exit_code == 2
    assert run("missed-need", "demo", "--areas", "missing.csv", "--store", str(demo_store)).exit_code == 1


def test_an_own_percentage_is_held_against_need_in_per_cent(demo_store: Path, edition: Edition, tmp_path: Path) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    random = np.random.default_rng(5)
    among = 10 * random.integers(8, 20, edition.count)
    count = np.round(among * (0.3 + 0.4 * score(edition, View("demo")).need_position) / 5) * 5
    rows = [f"{code},{x:.0f},{n}" for code, x, n in zip(edition.codes, count, among, strict=True)]
    own = tmp_path / "own.csv"
    own.write_text("lsoa21cd,count,denominator\n" + "\n".join(rows) + "\n", encoding="utf-8")
    declared = ["about=people", "unit=percent", "polarity=1", "period=2024/25", "source=own"]
    words = [word for pair in declared for word in ("--declare", pair)]
    done = run("import", "demo", str(own), "--as", "indicator", "--name", "own-rate", *words, "--store", str(store))
    assert done.exit_code == 0, done.output
    found = inequality(open_edition(store, "demo"), View("demo"), "own-rate")
    assert found.slope is not None
    assert (found.slope.intercept, found.slope.sii) == pytest.approx((30, 40), abs=3)
    assert found.slope.limits_from == "values"
    assert found.slope.sii_lower is not None
    assert found.slope.sii_lower > 30
    inside = found.need.fifth == 1
    assert found.fifths[0].value == pytest.approx(100 * count[inside].sum() / among[inside].sum(), abs=0.1)
    assert found.fifths[0].lower < found.fifths[0].value < found.fifths[0].upper


# Missed need


@pytest.mark.parametrize("areas", ["core20", "worst-fifth"])
def test_missed_need_by_hand(edition: Edition, areas: str) -> None:
    view = View("demo", rho=4.0)
    made = missed_needs(edition, view, areas, budget=100_000)
    scores = score(edition, view)
    need, people = edition.in_need("income"), scores.eligible
    inside = edition.deprivation()["imd_decile"] <= 2 if areas == "core20" else scores.need_fifth == 1
    known = np.isfinite(need)
    assert made.found is not None
    equal, fixed, dial = made.found.designs
    total = need[known].sum()
    assert made.found.people_in_need == total
    assert fixed.under_coverage == pytest.approx(need[known & ~inside].sum() / total)
    below = scores.targeting_score < 1
    assert dial.under_coverage == pytest.approx(need[known & below].sum() / total)
    assert equal.under_coverage == 0
    given = 100_000 * people * inside / (people * inside).sum()
    hit = (given * np.minimum(need / people, 1))[known].sum()
    assert fixed.per_person_in_need == pytest.approx(hit / total)
    assert fixed.leakage == pytest.approx(1 - hit / given[known].sum())


def test_a_childrens_focus_counts_children_in_need(edition: Edition) -> None:
    made = missed_needs(edition, View("demo", "best-start"), "worst-fifth")
    assert made.kind == "idaci"
    assert made.found is not None
    assert made.found.designs[1].under_coverage > 0


@pytest.mark.parametrize("focus", ["core", "building-blocks", "best-start", "mental-health", "age-well"])
def test_equal_shares_give_a_person_in_need_what_anyone_gets_or_nothing_is_said(edition: Edition, focus: str) -> None:
    made = missed_needs(edition, View("demo", focus), "worst-fifth")
    assert made.found is not None
    equal = made.found.designs[0]
    if edition.focuses[focus]["ages"] is None:
        average = made.budget / made.scores.eligible.sum()
        assert equal.per_person_in_need == pytest.approx(average)
        return
    reached = [(each.per_person_in_need, each.leakage) for each in made.found.designs]
    assert reached == [(None, None)] * 3
    assert any("this service is for" in note for note in made.notes)


def test_what_reaches_older_people_in_need_is_not_made_up(edition: Edition) -> None:
    made = missed_needs(edition, View("demo", "age-well"), "worst-fifth")
    assert made.kind == "idaopi"
    assert made.found is not None
    assert [each.leakage for each in made.found.designs] == [None] * 3
    assert made.found.designs[1].under_coverage > 0
    assert any("among people aged 60 and over, and this service is for people aged 65" in n for n in made.notes)


def test_missed_need_is_one_answer_everywhere_and_own_areas_are_areas(
    served: Any, demo_store: Path, edition: Edition, tmp_path: Path
) -> None:
    query = "areas=worst-fifth&focus=building-blocks&rho=5&budget=40000"
    told = served.get(f"{API}/missed-need?{query}")
    assert told.status_code == 200, told.text
    words = ["--areas", "worst-fifth", "--focus", "building-blocks", "--rho", "5", "--budget", "40000"]
    command = run("missed-need", "demo", *words, "--store", str(demo_store), "--json")
    assert plain(command.output) == plain(told.text)
    ward = edition.footprints("ward")[0]
    codes = edition.codes[edition.rows_within(f"ward:{ward['code']}")]
    own = tmp_path / "areas.csv"
    own.write_text("footprint,lsoa21cd\n" + "".join(f"Ours,{code}\n" for code in codes), encoding="utf-8")
    by_file = run("missed-need", "demo", "--areas", str(own), "--store", str(demo_store), "--json")
    assert by_file.exit_code == 0, by_file.output
    by_ward = served.json(f"{API}/missed-need?areas=ward:{ward['code']}")
    assert json.loads(by_file.output)["designs"][1]["under_coverage"] == by_ward["designs"][1]["under_coverage"]
    assert by_ward["areas"]["neighbourhoods"] == ward["count"]
    outside = tmp_path / "elsewhere.csv"
    outside.write_text("footprint,lsoa21cd\nTheirs,E01000001\n", encoding="utf-8")
    refused = run("missed-need", "demo", "--areas", str(outside), "--store", str(demo_store))
    assert refused.exit_code == 1, refused.output


@pytest.mark.parametrize(
    ("query", "status", "about"),
    [
        ("areas=nowhere", 422, "areas"),
        ("areas=team:Nowhere", 404, "no footprint"),
        ("areas=own:nothing", 422, "no imported set"),
        ("budget=-5", 422, "budget"),
        ("budget=0", 422, "budget"),
        ("rho=21", 422, "rho"),
        ("indicators=1", 422, "no parameter"),
    ],
)
def test_bad_questions_about_missed_need(served: Any, query: str, status: int, about: str) -> None:
    answer = served.get(f"{API}/missed-need?{query}")
    assert answer.status_code == status, answer.text
    assert about in answer.text


def test_areas_where_nobody_lives_say_so(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    other = next(w for w in edition.footprints("ward") if not set(edition.rows_within(f"ward:{w['code']}"))
                 & set(edition.rows_within(f"team:{team['name']}")))  # fmt: skip
    made = missed_answer(missed_needs(edition, View("demo", within=f"team:{team['name']}"), f"ward:{other['code']}"))
    assert made["areas"]["neighbourhoods"] == 0
    assert "none of them in the fixed areas" in made["sentences"][0]


# Real places


def second_route(found: Inequality) -> float:
    known = np.isfinite(found.value) & np.isfinite(found.need.position)
    position = position_by_hand(found.need.need[known], found.need.people[known])
    least, most = ends_by_hand(found.value[known], position, found.need.people[known])
    return most - least


@pytest.mark.realdata
def test_luton_by_a_second_route(real_store: Any) -> None:
    edition = open_edition(real_store("luton"), "luton")
    for indicator in ("overcrowded_share", "household_deprived_share", "employment_deprived_share", "rented_share"):
        found = inequality(edition, View("luton"), indicator)
        assert found.slope is not None
        assert found.slope.sii == pytest.approx(second_route(found), rel=1e-7)
        assert found.direction == "worse"
        assert found.slope.rii is not None
        assert found.slope.rii > 1
    made = missed_needs(edition, View("luton"), "core20")
    assert made.found is not None
    assert 0.3 < made.found.designs[1].under_coverage < 0.7  # half of Luton's people on low incomes live outside Core20
    assert made.found.designs[2].with_nothing == 0
