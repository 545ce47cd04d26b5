"""Share-outs as served: figures by hand, one answer everywhere, a certificate that verifies, bad input by name."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from layers.certificate_check import broken_laws
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.sharing.designs import designs
from service.sharing.files import share_table
from service.sharing.recipients import KINDS, recipient_kinds
from service.sharing.requests import ShareRequest, read_amount
from service.sharing.share_outs import share_budget
from service.sharing.words import sentences, three_figures, turned_round, warnings

PAGE = "/places/demo/share-out"
API = "/api/v1/places/demo/share-outs"
CSV = "/downloads/demo/share-out.csv"
CERTIFICATE = "/downloads/demo/share-out.certificate.json"
BUDGET = 250_000


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, prog_name="evenreach")


def by_hand(edition: Edition, rho: float) -> dict[str, float]:
    """What each neighbourhood is due: people below plus half its own, the dial, its part of the budget."""
    scores = score(edition, View("demo"))
    need, people = scores.need_score, scores.eligible
    due = {}
    for code, own, living in zip(edition.codes, need, people, strict=True):
        position = (people[need < own].sum() + people[need == own].sum() / 2) / people.sum()
        due[str(code)] = BUDGET * living / people.sum() * 2 * (1 + (rho - 1) * position) / (rho + 1)
    return due


@pytest.mark.parametrize("rho", [1.0, 3.0, 4.25])
def test_amounts_are_the_sums_done_by_hand_and_add_up_to_the_penny(edition: Edition, rho: float) -> None:
    shared = share_budget(edition, View("demo", rho=rho), ShareRequest(BUDGET))
    due = by_hand(edition, rho)
    amounts = {row.code: row.amount for row in shared.share.recipients}
    assert sum(amounts.values()) == BUDGET
    assert all((100 * amount).denominator == 1 for amount in amounts.values())
    assert all(abs(float(amounts[code]) - due[code]) < 0.01 for code in due)


def test_the_neighbourhood_of_greatest_need(edition: Edition) -> None:
    # 216,563 people, 1,195 of them in the neighbourhood of greatest need: u = (216563 - 1195 / 2) / 216563 = 0.997241,
    # r = (1 + 2 u) / 2 = 1.497241, and 250,000 x 1195 / 216563 x 1.497241 = 2,065.4532
    first = share_budget(edition, View("demo"), ShareRequest(BUDGET)).receivers[0]
    assert first.name == "Gorsey Down (Aldermouth 024B)"
    assert first.share.people == 1195
    assert float(first.share.quota) == pytest.approx(2065.4532, abs=1e-4)
    assert first.share.amount == Fraction("2065.45")


def test_a_footprint_gets_what_its_neighbourhoods_are_due(edition: Edition) -> None:
    due = by_hand(edition, 3.0)
    assert recipient_kinds(edition) == ["lsoa", "wards", "msoas", "teams"]
    for over in recipient_kinds(edition)[1:]:
        shared = share_budget(edition, View("demo"), ShareRequest(BUDGET, "pounds-exact", over))
        for row in shared.share.recipients:
            members = edition.codes[edition.rows_within(f"{KINDS[over]}:{row.code}")]
            assert float(row.amount) == pytest.approx(sum(due[str(code)] for code in members))
        assert sum(row.amount for row in shared.share.recipients) == BUDGET


def test_within_a_team_area_its_own_people_share(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    shared = share_budget(edition, View("demo", within=f"team:{team['name']}"), ShareRequest(40, "whole", "wards"))
    assert len(shared.share.neighbourhoods) == team["count"]
    assert sum(row.amount for row in shared.share.recipients) == 40


def test_designs_spend_the_same_money(edition: Edition) -> None:
    scores = score(edition, View("demo"))
    equal, local, core20, dial = designs(share_budget(edition, View("demo"), ShareRequest(BUDGET)))
    for design in (equal, local, core20, dial):
        assert sum(design.by_fifth) + design.no_score == pytest.approx(BUDGET)
    people, fifth = scores.eligible, scores.need_fifth
    assert equal.by_fifth[0] == pytest.approx(BUDGET * people[fifth == 1].sum() / people.sum())
    assert local.by_fifth == (BUDGET, 0, 0, 0, 0)
    assert local.people_with_nothing == people[fifth != 1].sum()
    worst = edition.deprivation()["imd_decile"] <= 2
    assert core20.people_with_nothing == people[~worst].sum()
    assert core20.by_fifth[0] == pytest.approx(BUDGET * people[worst & (fifth == 1)].sum() / people[worst].sum())
    assert (equal.people_with_nothing, dial.people_with_nothing) == (0, 0)
    assert equal.by_fifth[0] < dial.by_fifth[0] < core20.by_fifth[0]


@pytest.mark.parametrize(
    ("budget", "unit", "over", "minimum", "rho"),
    [("250000", "pence", "lsoa", 0, 3.0), ("40", "whole", "teams", 2, 4.25), ("40", "whole", "lsoa", 0, 3.0)],
)
def test_page_api_csv_and_command_give_the_same_figures(
    served: Any, demo_store: Path, tmp_path: Path, budget: str, unit: str, over: str, minimum: int, rho: float
) -> None:
    query = f"rho={rho}&budget={budget}&unit={unit}&over={over}&minimum={minimum}"
    body = {"budget": float(budget), "unit": unit, "over": over, "minimum": minimum, "rho": rho}
    answer = served.ask("POST", API, json=body)
    assert answer.status_code == 200, answer.text[:300]
    told = answer.json()
    out, proof = tmp_path / "shares.csv", tmp_path / "proof.json"
    words = ["--budget", budget, "--unit", unit, "--over", over, "--minimum", str(minimum), "--rho", str(rho)]
    files = ["--out", str(out), "--certificate", str(proof), "--store", str(demo_store)]
    done = run("share-out", "demo", *words, *files, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["summary"] == told["summary"]
    assert served.get(f"{CSV}?{query}").content == out.read_bytes()
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert [row["recipient"] for row in rows] == [row["recipient"] for row in told["recipients"]]
    assert [float(row["amount"]) for row in rows] == [row["amount"] for row in told["recipients"]]
    assert sum(Fraction(row["amount"]) for row in rows) == int(budget)
    assert json.loads(proof.read_text("utf-8")) == told["certificate"]
    page = served.get(f"{PAGE}?{query}").text
    shown = re.findall(r'numeric">£?([\d,.]+)</td>\s*</tr>', page[page.index("amounts-caption") :])
    assert [float(text.replace(",", "")) for text in shown] == [row["amount"] for row in told["recipients"]]
    for sentence in (*told["summary"]["sentences"], *told["summary"]["warnings"]):
        assert sentence in page


def test_the_certificate_verifies_and_an_altered_one_does_not(served: Any, tmp_path: Path) -> None:
    text = served.get(f"{CERTIFICATE}?budget=250000&over=wards").text
    assert broken_laws(text) == []
    stated = json.loads(text)
    assert stated["context"]["place"] == "demo"
    assert "population_mid2022" in stated["inputs"]
    path = tmp_path / "certificate.json"
    path.write_text(text, "utf-8")
    good = run("verify", str(path))
    assert (good.exit_code, "good" in good.stdout) == (0, True)
    path.write_text(text.replace('"budget":"250000"', '"budget":"250001"'), "utf-8")
    bad = run("verify", str(path))
    assert bad.exit_code == 1
    assert "digest" in bad.stderr
    assert "total" in bad.stderr
    told = json.loads(run("verify", str(path), "--json").stdout)
    assert told["good"] is False
    assert run("verify", str(path), "--quiet").stdout == ""
    assert run("verify", str(tmp_path / "none.json")).exit_code == 2
    path.write_bytes(b"\xff\xfe")
    assert run("verify", str(path)).exit_code == 1


def test_too_few_units_are_said_with_a_way_out(served: Any) -> None:
    page = served.get(f"{PAGE}?budget=40&unit=whole").text
    assert "80 neighbourhoods with 139,835 people get nothing" in page
    assert f"{PAGE}?budget=40&amp;unit=whole&amp;over=teams" in page
    assert "get nothing" not in served.get(f"{PAGE}?budget=40&unit=whole&over=teams").text.split("<form")[0]


def test_a_workbook_holds_the_same_amounts(demo_store: Path, tmp_path: Path) -> None:
    import openpyxl

    out = tmp_path / "shares.xlsx"
    assert (
        run("share-out", "demo", "--budget", "1000", "--out", str(out), "--store", str(demo_store), "-q").stdout == ""
    )
    sheet = openpyxl.load_workbook(out)["Share-out"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    column = rows[0].index("amount")
    assert len(rows) == 121
    assert sum(Fraction(repr(row[column])) for row in rows[1:]) == 1000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"budget": -1}, "budget"),
        ({"budget": 0}, "budget"),
        ({"budget": "250000"}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": 10**13}, "budget"),
        ({"budget": 40.5, "unit": "whole"}, "budget"),
        ({"budget": 0.001}, "budget"),
        ({"unit": "groats"}, "unit"),
        ({"over": "counties"}, "over"),
        ({"minimum": -1}, "minimum"),
        ({"minimum": 10_000}, "minimum"),
        ({"rho": 21}, "rho"),
        ({"rho": 3.001}, "rho"),
        ({"within": "here"}, "within"),
        ({"form": "ladder"}, "form"),
    ],
)
def test_a_bad_field_is_named(served: Any, change: dict[str, Any], field: str) -> None:
    answer = served.ask("POST", API, json={"budget": BUDGET, **change})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == field


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(served: Any, number: str) -> None:
    headers = {"content-type": "application/json"}
    answer = served.ask("POST", API, content=f'{{"budget": {number}}}', headers=headers)
    assert (answer.status_code, answer.json()["parameter"]) == (422, "budget")
    assert served.ask("POST", API, content="{", headers=headers).status_code == 400
    assert served.ask("POST", API, json={"budget": 1, "focus": "none"}).status_code == 404
    assert served.ask("POST", "/api/v1/places/nowhere/share-outs", json={"budget": 1}).status_code == 404


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("budget=lots", "Enter the budget as a number"),
        ("budget=-5", "Enter the budget as a number"),
        ("budget=0", "The budget is 0"),
        ("budget=40.5&unit=whole", "expected whole posts"),
        (
            "budget=40&unit=whole&minimum=1",
            "The budget of 40 is below the least for each: 120 neighbourhoods at 1 each",
        ),
        ("budget=9&minimum=1000", "below the least for each: 120 neighbourhoods at £1,000 each need £120,000"),
        ("budget=999999999999999999", "at most £1,000,000,000,000"),
        ("budget=", "Enter a budget"),
        ("budget=40&minimum=x", "Enter “Least for each” as a number of 0 or more"),
        ("budget=40&unit=groats", "Unit is"),
        ("budget=40&over=counties", "Over is"),
    ],
)
def test_the_page_says_what_is_wrong_beside_the_form(served: Any, query: str, says: str) -> None:
    answer = served.get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert says in answer.text
    assert 'name="budget"' in answer.text
    assert "Traceback" not in answer.text


def test_the_command_refuses_in_one_sentence(demo_store: Path, tmp_path: Path) -> None:
    common = ["--store", str(demo_store), "--out", str(tmp_path / "a.csv")]
    for words, code, says in (
        (["--budget", "40", "--unit", "whole", "--minimum", "1"], 1, "below the least for each"),
        (["--budget", "40.5", "--unit", "whole"], 1, "expected whole posts"),
        (["--budget", "40", "--focus", "none"], 1, "none"),
        (["--budget", "lots"], 2, "--budget"),
        (["--budget", "40", "--unit", "groats"], 2, "--unit"),
        (["--budget", "40", "--over", "counties"], 2, "--over"),
        (["--budget", "40", "--rho", "21"], 2, "--rho"),
    ):
        done = run("share-out", "demo", *words, *common)
        assert done.exit_code == code, (words, done.stderr)
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "a.csv").exists()


def test_people_who_cannot_be_counted_are_left_out_aloud(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = open_edition(demo_store, "demo")  # scores of the shared one are remembered
    stored = edition.focus_arrays("core")
    eligible, need = stored.eligible.copy(), stored.need_score.copy()
    eligible[3], need[3], need[5] = np.nan, np.nan, np.nan
    broken = type(stored)(eligible, need, stored.parts)
    monkeypatch.setattr(edition, "focus_arrays", lambda focus: broken)
    shared = share_budget(edition, View("demo"), ShareRequest(BUDGET))
    assert shared.left_out == (str(edition.codes[3]),)
    assert shared.left_out[0] in warnings(shared)[0]
    unknown = next(row for row in shared.share.recipients if row.code == edition.codes[5])
    assert unknown.need is None
    assert unknown.multiple == 1
    assert sum(row.amount for row in shared.share.recipients) == BUDGET


def test_amounts_are_read_as_people_write_them() -> None:
    assert [read_amount("budget", text) for text in ("250000", "£250,000", "1,200.50", "£ 7")] == [
        250000,
        250000,
        1200.5,
        7,
    ]


def test_the_page_without_a_budget_is_the_form_and_it_is_linked(served: Any) -> None:
    page = served.get(PAGE)
    assert page.status_code == 200
    assert "Who gets what" not in page.text
    assert f'href="{PAGE}?rho=4.25"' in served.get("/places/demo?rho=4.25").text
    assert f'href="{PAGE}?budget=250000"' in served.get("/").text


def test_the_api_document_describes_it(served: Any) -> None:
    operation = served.json("/openapi.json")["paths"]["/api/v1/places/{place}/share-outs"]["post"]
    assert operation["requestBody"]["required"] is True
    assert {"200", "404", "422"} <= set(operation["responses"])
    assert "304" not in operation["responses"]


# ---- what is said ------------------------------------------------------------------------------------------------


def test_few_posts_are_said_in_words_and_only_larger_areas_are_offered(edition: Edition, served: Any) -> None:
    shared = share_budget(edition, View("demo"), ShareRequest(8, "whole", "wards"))
    said = " ".join([*sentences(shared), *warnings(shared)])
    assert not re.search("quota|recipient|unit|\\b0 wards", said)
    assert re.match(
        r"8 posts over \d+ wards: the least that one of them is due is 0\.\d+ of a post\. ", warnings(shared)[0]
    )
    assert f"{len(shared.share.with_nothing)} wards with " in warnings(shared)[0]
    page = served.get(f"{PAGE}?budget=8&unit=whole&over=wards").text
    assert "Share over team areas" in page
    assert "Share over MSOAs" not in page  # there are more of them than wards
    few = share_budget(edition, View("demo"), ShareRequest(12, "whole", "teams"))
    assert few.share.with_nothing == ()
    assert not any("nothing" in sentence for sentence in warnings(few))


def test_rounding_that_turns_need_round_is_said_with_the_worst_pair(edition: Edition) -> None:
    shared = share_budget(edition, View("demo"), ShareRequest(40, "whole", "wards"))
    living = [each.share for each in shared.receivers]
    swings = {
        (more.code, less.code): float(less.achieved - more.achieved)
        for more in living
        for less in living
        if more.multiple - less.multiple > 0.005 and less.achieved is not None and more.achieved is not None
    }
    worst = max(swings, key=lambda pair: swings[pair])
    assert swings[worst] > 0.005
    names = {each.share.code: each.name for each in shared.receivers}
    assert re.search(
        f"{re.escape(names[worst[0]])} was due .*, {re.escape(names[worst[1]])} was due", turned_round(shared)
    )
    assert turned_round(shared) in sentences(shared)
    assert turned_round(share_budget(edition, View("demo"), ShareRequest(BUDGET))) == ""


@pytest.mark.parametrize(
    ("budget", "unit", "says"),
    [
        (BUDGET, "whole", "1,154 for every 1,000 people on average"),
        (1, "pence", "share £1.00: less than 0.01 pence a head"),
        (1, "whole", "share 1 post: "),
    ],
)
def test_no_amount_has_an_exponent_or_a_wrong_noun(edition: Edition, budget: int, unit: Any, says: str) -> None:
    shared = share_budget(edition, View("demo"), ShareRequest(budget, unit))
    said = " ".join([*sentences(shared), *warnings(shared)])
    assert says in said
    assert not re.search(r"\de[+-]\d|1 units|100 units", said)
    assert three_figures(0.000_004_4) == "0.000004"
    assert (three_figures(0.1762), three_figures(1152.7), three_figures(0.5)) == ("0.176", "1,153", "0.5")


WEIGHED = "crime_rank:0,income_rank:5"


def test_own_weights_are_stated_wherever_the_share_out_is(served: Any, demo_store: Path, tmp_path: Path) -> None:
    query = f"budget={BUDGET}&over=wards&weights={WEIGHED.replace(':', '=')}"
    page = served.get(f"{PAGE}?{query}").text
    assert "with the dial at 3 and your own weights" in page
    assert "Your own weights replace those of the focus: " in page
    assert "rank in England 5. All are then scaled" in page
    out = tmp_path / "own.csv"
    words = ["--over", "wards", "--weights", WEIGHED, "--out", str(out), "--store", str(demo_store)]
    assert "Your own weights replace" in run("share-out", "demo", "--budget", str(BUDGET), *words).stdout
    assert "your own weights" not in served.get(f"{PAGE}?budget={BUDGET}").text.lower()


def test_amounts_without_rounding_say_that_they_are_shown_rounded(served: Any) -> None:
    said = "Amounts are shown rounded to the penny"
    assert said in served.get(f"{PAGE}?budget={BUDGET}&unit=pounds-exact&over=wards").text
    assert said not in served.get(f"{PAGE}?budget={BUDGET}&over=wards").text


def test_it_is_said_how_an_amount_is_spread_within_an_area(served: Any, edition: Edition) -> None:
    page = served.get(f"{PAGE}?budget={BUDGET}&over=wards").text
    assert "A ward’s amount is taken to be spread over its neighbourhoods as the dial spreads it" in page
    assert "taken to be spread over its" not in served.get(f"{PAGE}?budget={BUDGET}").text
    wards = share_table(share_budget(edition, View("demo"), ShareRequest(BUDGET, over="wards")))
    assert "dial" not in wards.facts  # the least and most of neighbourhoods are not those of wards
    assert "dial" in share_table(share_budget(edition, View("demo"), ShareRequest(BUDGET))).facts
