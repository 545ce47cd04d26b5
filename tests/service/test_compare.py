"""Similar councils, series with targets, and neighbourhoods that do better: second routes, truth found, bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import geodata.demo
from layers import trends
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.measures.inequality_over_time import over_time
from service.measures.series import period_text, read_times, series_of
from service.measures.similar_neighbourhoods import doing_better
from service.measures.similar_places import read_council, read_variables, similar_councils
from service.queries import BadQuery

TRUTH = Path(geodata.demo.__file__).parent / "files" / "truth.csv"
API = "/api/v1/places/demo"


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, prog_name="evenreach")


def newest_by_hand(edition: Edition) -> pd.DataFrame:
    """Each variable in its newest year with any figure, councils as rows."""
    context = edition.context()
    columns = {}
    for part, block in zip(context["variables"], context["values"], strict=True):
        years = [np.asarray(block[number], dtype=float) for number in range(len(part["years"]))]
        columns[part["id"]] = next(year for year in reversed(years) if np.isfinite(year).any())
    return pd.DataFrame(columns, index=context["codes"])


# Similar councils


def test_peers_by_a_second_route_and_never_its_own(edition: Edition) -> None:
    council, names = read_council(edition, ""), read_variables(edition, "")
    found = similar_councils(edition, council, 4, names)
    table = newest_by_hand(edition)[list(names)].dropna()
    z = (table - table.mean()) / table.std(ddof=0).replace(0, 1)
    apart = ((z - z.loc[council]) ** 2).sum(axis=1) ** 0.5
    expected = apart.drop(council).sort_values(kind="stable").head(4)
    assert [code for code, _, _ in found.peers] == list(expected.index)
    assert [far for _, _, far in found.peers] == pytest.approx(expected.tolist())
    assert council not in [code for code, _, _ in found.peers]
    everyone = newest_by_hand(edition)
    for part in found.measures:
        theirs = everyone.loc[expected.index, part.id].dropna()
        assert part.line.known == len(theirs)
        if len(theirs):
            quartiles = (part.line.lower_quartile, part.line.median, part.line.upper_quartile)
            assert quartiles == pytest.approx(tuple(np.percentile(theirs, [25, 50, 75])))
        assert part.compared_by == (part.id in names)


def test_standing_follows_polarity(edition: Edition) -> None:
    found = similar_councils(edition, read_council(edition, ""), 8, read_variables(edition, ""))
    for part in found.measures:
        if part.standing in ("like", "not known"):
            continue
        assert part.value is not None
        assert part.line.median is not None
        assert (part.standing in ("higher", "lower")) == part.describes
        if part.describes:
            assert (part.standing == "lower") == (part.value < part.line.median)
        else:
            assert (part.standing == "better") == (part.polarity * part.value < part.polarity * part.line.median)


def test_nothing_is_said_beside_too_few_peers(served: Any, edition: Edition) -> None:
    found = similar_councils(edition, read_council(edition, ""), 8, read_variables(edition, ""))
    few = [part for part in found.measures if part.line.known < 4]
    assert few
    assert {part.standing for part in few} == {"not known"}
    page = re.sub(r"\s+", " ", served.get("/places/demo/compare").text)
    outcomes = [part for part in found.measures if not part.describes]
    counts = [sum(part.standing == word for part in outcomes) for word in ("better", "worse", "like", "not known")]
    assert f"on {counts[0]} of {sum(counts[:3])} outcomes, worse on {counts[1]}, and like them on {counts[2]}." in page
    unknown = next(part for part in outcomes if part.standing == "not known")
    assert f"Not known, here or for enough peers: {unknown.name}" in page


def test_what_makes_councils_alike_is_higher_or_lower_never_better(edition: Edition) -> None:
    found = similar_councils(edition, read_council(edition, ""), 8, read_variables(edition, "residents,under_16"))
    usual = read_variables(edition, "usual")
    assert all(part.standing not in ("better", "worse") for part in found.measures if part.id in usual)


def test_more_peers_than_there_are_is_said(edition: Edition) -> None:
    found = similar_councils(edition, read_council(edition, ""), 20, read_variables(edition, ""))
    others = len(edition.context()["codes"]) - 1 - found.lacking
    assert len(found.peers) == min(20, others)


def test_a_list_of_peers_that_someone_else_made(served: Any, edition: Edition, demo_store: Path) -> None:
    council = read_council(edition, "")
    others = [code for code in edition.context()["codes"] if code != council][:3]
    told = served.json(f"{API}/similar?peers={','.join(others)}")
    assert [peer["code"] for peer in told["peers"]] == others
    table = newest_by_hand(edition)
    row = next(row for row in told["variables"] if row["id"] == "residents")
    assert row["median"] == pytest.approx(table.loc[others, "residents"].median())
    assert "a list that was given" in " ".join(told["notes"])
    command = run("similar", "demo", "--peers", ",".join(others), "--store", str(demo_store), "--json")
    assert json.loads(command.output) == told
    for wrong in (council, f"{others[0]},{others[0]}", "E99999999"):
        assert served.get(f"{API}/similar?peers={wrong}").status_code == 422


def test_similar_is_one_answer_everywhere(served: Any, demo_store: Path) -> None:
    told = served.json(f"{API}/similar?k=3")
    command = run("similar", "demo", "--k", "3", "--store", str(demo_store), "--json")
    assert command.exit_code == 0, command.output
    assert json.loads(command.output) == told
    assert len(told["peers"]) == 3
    assert told["compared_by"]
    page = served.get("/places/demo/compare?k=3").text
    for peer in told["peers"]:
        assert f"{peer['name']}</th>" in page
        assert f"{peer['distance']:.2f}" in page
    shown = run("similar", "demo", "--k", "3", "--store", str(demo_store))
    assert told["peers"][0]["name"] in shown.output


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("k=0", "k is"),
        ("k=21", "k is"),
        ("k=two", "k is"),
        ("variables=nothing", "no context variable"),
        ("council=E99999999", "council is"),
        ("rho=3", "no parameter"),
    ],
)
def test_bad_questions_about_similar(served: Any, demo_store: Path, query: str, about: str) -> None:
    answer = served.get(f"{API}/similar?{query}")
    assert answer.status_code == 422
    assert about in answer.json()["detail"]
    page = served.get(f"/places/demo/compare?{query}")
    assert page.status_code == 422
    name, value = query.split("=")
    if name in ("k", "variables"):  # a slip of the form: the page stays, with the field named
        assert "There is a problem" in page.text
        assert "k is" not in page.text
        assert "Compare</button>" in page.text.replace("\n", "").replace("  ", "")
    if name in ("variables", "council"):
        assert run("similar", "demo", f"--{name}", value, "--store", str(demo_store)).exit_code == 1


# Series, trends, targets


def test_periods_become_numbers_and_back() -> None:
    assert read_times(("2019", "2020"))[0] == "year"
    assert read_times(("2020/21", "2021/22"))[1].tolist() == [2020, 2021]
    assert read_times(("2023-Q4", "2024-Q1"))[1].tolist() == [2023 * 4 + 3, 2024 * 4]
    assert read_times(("2022-12", "2023-01"))[1].tolist() == [2022 * 12 + 11, 2023 * 12]
    for text in ("2019", "2023-Q4", "2022-07"):
        step, (number,) = read_times((text,))
        assert period_text(step, number) == text
    assert period_text("year", 2029, "2020/21") == "2029/30"
    assert period_text("year", 1999, "2020/21") == "1999/00"
    with pytest.raises(ValueError, match="neither years"):
        read_times(("2019", "2020-Q1"))


def test_recent_trend_is_that_of_the_method(edition: Edition) -> None:
    found = series_of(edition, "mmr_two_doses")
    context = edition.context()
    row = [part["id"] for part in context["variables"]].index("mmr_two_doses")
    at = context["codes"].index(found.code)
    index = pd.Index([2020, 2021, 2022, 2023, 2024])
    count, among = (pd.Series(context[name][row, :5, at], index=index) for name in ("counts", "denominators"))
    assert found.trend == trends.recent_trend(count, among)
    assert found.values == pytest.approx((100 * count / among).to_numpy(), abs=1e-3)
    assert (found.lower < found.values).all()
    assert (found.values < found.upper).all()


def test_control_limits_by_hand(edition: Edition) -> None:
    found = series_of(edition, "mmr_first_dose")
    assert found.step == "quarter"
    assert found.control is not None
    moving = np.abs(np.diff(found.values)).mean()
    assert found.control.mean == pytest.approx(found.values.mean())
    assert found.control.upper == pytest.approx(found.values.mean() + 2.66 * moving)
    assert found.trend is None


def test_a_targets_path_and_verdict(edition: Edition) -> None:
    found = series_of(edition, "mmr_two_doses", goal="95", due="2028/29")
    target = found.target
    assert target is not None
    first = found.values[0]
    # Half the way after four of eight years.
    assert target.path[4] == pytest.approx(first + (95 - first) / 2)
    assert (target.baseline, target.start, target.due) == (first, "2020/21", "2028/29")
    points = pd.DataFrame({"value": found.values, "lower": found.lower, "upper": found.upper}, index=found.times)
    assert target.verdict == trends.verdict(points, baseline=first, goal=95, start=2020, due=2028, polarity=-1)
    assert target.verdict.verdict == "off track"
    assert target.verdict.run_rate == pytest.approx((95 - found.values[-1]) / 4)


def test_without_a_goal_the_target_is_the_middle_of_the_peers_if_that_is_better(edition: Edition) -> None:
    found = series_of(edition, "mmr_two_doses")
    middle = found.peers[-1].median
    assert middle is not None
    if middle > found.values[-1]:
        assert found.target is not None
        assert (found.target.goal, found.target.chosen_by) == (middle, "peers")
    else:
        assert found.target is None


def test_series_page_and_json_agree(served: Any) -> None:
    told = served.json(f"{API}/series?variable=mmr_two_doses&goal=95&due=2028/29")
    page = served.get("/indicators/mmr_two_doses?place=demo&goal=95&due=2028/29").text
    assert f"{told['points'][-1]['value']:.1f}%" in page
    assert "Off track" in page
    assert told["target"]["verdict"]["verdict"] == "off track"


def test_council_figures_say_what_they_are_and_how_they_differ(served: Any) -> None:
    page = served.get("/indicators/household_overcrowding?place=demo").text
    for said in ("What it says", "finds another share", "Grade", "As published for each council"):
        assert said in page
    households = served.get("/indicators/overcrowded_share?place=demo").text
    assert "It is another measure (% of households," in households
    crumbs = households[households.index("govuk-breadcrumbs") : households.index("<h1")]
    assert "Overcrowded households" in crumbs
    assert "Overcrowded homes" not in crumbs


@pytest.mark.parametrize(
    ("name", "query", "says", "never"),
    [
        ("mmr_two_doses", "goal=95&due=2024/25", "The target is missed", "fewer than"),
        ("mmr_two_doses", "goal=60&due=2024/25", "The target is met", "has to"),
        ("mmr_two_doses", "goal=60&due=2030/31", "it would let things get worse", "has to"),
        ("smoking", "goal=5&due=2030", "chance to arrive is not given: there are fewer than 5 points", "in 100"),
    ],
)
def test_what_is_said_of_a_target(served: Any, name: str, query: str, says: str, never: str) -> None:
    page = served.get(f"/indicators/{name}?place=demo&{query}").text
    part = re.sub(r"\s+", " ", page[page.index("A target, and the path") :])
    assert says in part
    assert never not in part[: part.index("<form")]


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("goal=many", "Value wanted is"),
        ("goal=150", "from 0 to 100"),
        ("goal=-5", "from 0 to 100"),
        ("goal=95&due=2019", "For example 2029/30"),
        ("goal=95&due=2030-Q1", "By when is"),
        ("goal=95&due=never", "By when is"),
    ],
)
def test_a_slip_in_a_target_is_named_beside_its_field(served: Any, query: str, about: str) -> None:
    page = served.get(f"/indicators/mmr_two_doses?place=demo&{query}")
    assert page.status_code == 422
    assert "There is a problem" in page.text
    assert about in page.text
    assert "goal is" not in page.text
    assert "due is" not in page.text
    assert served.get(f"{API}/series?variable=mmr_two_doses&{query}").status_code == 422


def test_unknown_variables_and_areas_are_refused(served: Any, edition: Edition) -> None:
    assert served.get(f"{API}/series?variable=nothing").status_code == 404
    assert served.get(f"{API}/series").status_code == 422
    assert served.get("/indicators/mmr_two_doses?place=demo&area=E99999999").status_code == 422
    with pytest.raises(BadQuery, match="A target needs"):
        series_of(edition, "residents", goal="5", due="2030")


# Neighbourhoods


def test_inequality_over_time_finds_what_the_truth_says(edition: Edition) -> None:
    found = over_time(edition, "mmr_two_doses")
    assert found is not None
    assert [period for period, _ in found.periods] == ["2020/21", "2021/22", "2022/23", "2023/24", "2024/25"]
    # In the truth uptake falls with need by the same log-odds each year: a slope below 0 that does not change.
    for _, slope in found.periods:
        assert slope.sii_upper is not None
        assert slope.sii_upper < 0
    assert found.verdict == "not changed"
    obesity = over_time(edition, "overweight_year_6")
    assert obesity is not None
    assert all(slope.sii > 0 for _, slope in obesity.periods)
    assert over_time(edition, "nothing") is None


def test_the_neighbourhood_that_does_well_despite_need_is_found(edition: Edition) -> None:
    truth = pd.read_csv(TRUTH, index_col="lsoa21cd")
    does_well = truth.index[truth["story"] == "does well despite need"]
    assert len(does_well) == 1
    here = doing_better(edition, View("demo"), edition.row(does_well[0]))
    marked = [str(each.facts["id"]) for each in here if each.deviant]
    assert {"mmr_two_doses", "health_checks"} <= set(marked)


def test_who_does_better_is_alike_in_need_and_clear_of_noise(edition: Edition) -> None:
    row = int(np.argsort(score(edition, View("demo")).need_score)[60])
    found = doing_better(edition, View("demo"), row)
    assert found
    for here in found:
        assert here.lower <= here.value <= here.upper
        polarity = int(here.facts["polarity"])
        for other in here.better:
            assert other.code != edition.codes[row]
            assert other.upper < here.lower if polarity > 0 else other.lower > here.upper
        values = [polarity * other.value for other in here.better]
        assert values == sorted(values)


def test_the_neighbourhoods_page_and_json_name_the_same_places(served: Any) -> None:
    named = 0
    for code in ("E01900014", "E01900060", "E01900117"):
        told = served.json(f"{API}/neighbourhoods/{code}")["outcomes"]
        page = served.get(f"/places/demo/neighbourhoods/{code}").text
        assert "Similar neighbourhoods that do better" in page
        for outcome in told:
            for other in outcome["doing_better"]:
                assert f"/places/demo/neighbourhoods/{other['code']}" in page
                named += 1
    assert named > 0


@pytest.mark.realdata
def test_luton_among_councils_like_it(real_store: Any) -> None:
    edition = open_edition(real_store("luton"), "luton")
    found = similar_councils(edition, "E06000032", 8, read_variables(edition, ""))
    names = [name for _, name, _ in found.peers]
    assert "Luton" not in names
    assert {"Slough", "Sandwell"} <= set(names)
    series = series_of(edition, "child_vaccination", "E06000032")
    assert series.periods == ("2019", "2020", "2021")
    assert series.values[-1] == pytest.approx(85.32, abs=0.01)
    assert series.trend_words == "not enough points"
    assert series.peers[-1].known == 8
