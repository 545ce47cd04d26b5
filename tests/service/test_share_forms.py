"""Other ways to share out: by people in need, over areas of one's own, matched to an outcome; who each way misses."""

from __future__ import annotations

import io
import json
import re
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from layers.certificate_check import broken_laws
from service.commands.main import app
from service.editions.edition import Edition, open_edition
from service.editions.scoring import score
from service.editions.views import View
from service.files.a4 import Sheet
from service.files.letters import FONT
from service.measures.inequalities import inequality
from service.measures.matched_dials import matched_answer, matched_dial, matched_sentences, outcomes
from service.measures.missed_needs import missed_needs
from service.queries import BadQuery
from service.sharing.counts import count_choices, people_in_need
from service.sharing.designs import designs, given
from service.sharing.files import share_answer, share_summary
from service.sharing.pdf import pdf_bytes
from service.sharing.requests import Asked, ShareRequest, read_floor
from service.sharing.share_outs import certificate_bytes, certificate_of, share_budget
from service.sharing.words import ages_note, notes

PAGE = "/places/demo/share-out"
API = "/api/v1/places/demo/share-outs"
FILES = "/downloads/demo/share-out"
BUDGET = 250_000


@pytest.fixture(scope="module")
def edition(demo_store: Path) -> Edition:
    return open_edition(demo_store, "demo")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, prog_name="evenreach")


def counted_by_hand(edition: Edition, in_need: np.ndarray, floor: float) -> dict[str, float]:
    """What each neighbourhood is due: a part of the budget by its people, the rest by its people in need."""
    people = score(edition, View("demo")).eligible
    due = BUDGET * (floor * people / people.sum() + (1 - floor) * in_need / in_need.sum())
    return dict(zip(map(str, edition.codes), due.tolist(), strict=True))


@pytest.mark.parametrize(("counts", "floor"), [("", 0.5), ("income", 0.2), ("overcrowded_share", 1.0)])
def test_the_count_form_is_the_sum_done_by_hand(edition: Edition, counts: str, floor: float) -> None:
    shared = share_budget(edition, View("demo"), ShareRequest(BUDGET, form="count", counts=counts, floor=floor))
    source = edition.indicator_counts(counts) if counts == "overcrowded_share" else (edition.in_need("income"), None)
    assert source is not None
    due = counted_by_hand(edition, source[0], floor)
    amounts = {row.code: row.amount for row in shared.share.recipients}
    assert sum(amounts.values()) == BUDGET
    assert all(abs(float(amounts[code]) - due[code]) < 0.01 for code in due)
    assert broken_laws(certificate_bytes(shared).decode()) == []


def test_the_dial_changes_nothing_in_the_count_form(edition: Edition) -> None:
    request = ShareRequest(40, "whole", "teams", form="count")
    amounts = [
        {row.code: row.amount for row in share_budget(edition, View("demo", rho=rho), request).share.recipients}
        for rho in (1.0, 20.0)
    ]
    assert amounts[0] == amounts[1]


def test_people_in_need_fit_the_service_unless_others_are_named(edition: Edition) -> None:
    assert people_in_need(edition, "core", "").name == "income"
    assert people_in_need(edition, "best-start", "").name == "idaci"
    assert people_in_need(edition, "best-start", "income").name == "income"
    names = [name for name, _ in count_choices(edition)]
    assert names[:3] == ["income", "idaci", "idaopi"]
    assert "overcrowded_share" in names
    assert "income_rank" not in names
    with pytest.raises(BadQuery, match="counts is 'income_rank'"):
        people_in_need(edition, "core", "income_rank")


def test_a_missing_count_gets_the_average_and_is_said(edition: Edition) -> None:
    missing = np.flatnonzero(np.isnan(edition.in_need("idaci")))
    assert len(missing)
    shared = share_budget(edition, View("demo", focus="best-start"), ShareRequest(BUDGET, form="count"))
    rows = {row.code: row for row in shared.share.recipients}
    assert all(rows[str(code)].multiple == 1 for code in edition.codes[missing])
    assert any("not known how much need" in note for note in shared.share.notes)
    assert sum(row.amount for row in shared.share.recipients) == BUDGET


QUERIES = ["form=count&floor=0.25&unit=pence", "form=count&counts=rented_share&over=wards&unit=whole&minimum=1"]


@pytest.mark.parametrize("query", QUERIES)
def test_page_json_csv_and_command_agree_in_the_count_form(
    served: Any, demo_store: Path, tmp_path: Path, query: str
) -> None:
    words = dict(part.split("=") for part in query.split("&"))
    body = {name: float(text) if name in ("floor", "minimum") else text for name, text in words.items()}
    told = served.ask("POST", API, json={"budget": BUDGET, **body})
    assert told.status_code == 200, told.text[:300]
    answer = told.json()
    out, proof = tmp_path / "shares.csv", tmp_path / "proof.json"
    options = [text for name, value in words.items() for text in (f"--{name}", value)]
    files = ["--out", str(out), "--certificate", str(proof), "--store", str(demo_store), "--json"]
    done = run("share-out", "demo", "--budget", str(BUDGET), *options, *files)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["summary"] == answer["summary"]
    assert out.read_bytes() == served.get(f"{FILES}.csv?budget={BUDGET}&{query}").content
    assert b",in_need," in out.read_bytes().splitlines()[0]
    assert json.loads(proof.read_text("utf-8")) == answer["certificate"]
    page = served.get(f"{PAGE}?budget={BUDGET}&{query}").text
    shown = re.findall(r'numeric">£?([\d,.]+)</td>\s*</tr>', page[page.index("amounts-caption") :])
    assert [float(text.replace(",", "")) for text in shown] == [row["amount"] for row in answer["recipients"]]
    assert answer["summary"]["rule"] in page
    assert "with the dial at" not in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"counts": "income"}, "counts"),
        ({"form": "count", "counts": "income_rank"}, "counts"),
        ({"form": "count", "floor": 0}, "floor"),
        ({"form": "count", "floor": 1.5}, "floor"),
        ({"form": "dial", "over": "own:nobody"}, "over"),
        ({"over": "file"}, "over"),
        ({"weights": "nothing:1"}, "weights"),
    ],
)
def test_a_bad_field_is_named(served: Any, change: dict[str, Any], field: str) -> None:
    answer = served.ask("POST", API, json={"budget": BUDGET, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["parameter"] == field


@pytest.mark.parametrize(
    ("query", "says", "field"),
    [
        ("form=count&floor=0", "Enter the part shared equally as a number above 0", "floor"),
        ("form=count&floor=nan", "Enter the part shared equally as a number above 0", "floor"),
        ("form=count&counts=nobody", "Counts is &#39;nobody&#39;", "counts"),
        ("form=ladder", "Form is &#39;ladder&#39;", "form"),
        ("over=file", "Over is &#39;file&#39;", "over"),
        ("over=own:nobody", "Over is &#39;own:nobody&#39;", "over"),
        ("rho=33", "Enter a dial from 1 to 20", "rho"),
        ("within=ward:W99999999", "Choose an area from the list", "within"),
    ],
)
def test_the_page_names_the_field_at_fault(served: Any, query: str, says: str, field: str) -> None:
    answer = served.get(f"{PAGE}?budget={BUDGET}&{query}")
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert says in answer.text
    assert f'id="{field}"' in answer.text
    assert "Who gets what" not in answer.text


def test_fields_of_the_count_form_come_with_the_dial_and_are_left_aside(served: Any) -> None:
    plain_page = served.get(f"{PAGE}?budget={BUDGET}").text
    sent = served.get(f"{PAGE}?budget={BUDGET}&form=dial&counts=income&floor=0.5&match=&minimum=&unit=pence&over=lsoa")
    assert 'value="/places/demo/share-out?budget=250000"' in sent.text
    assert sent.text.count("er-amounts") == plain_page.count("er-amounts")
    assert Asked("40", floor="0.25").request() == ShareRequest(40)
    assert [read_floor(text) for text in ("", ".5", "0.25", "1")] == [0.5, 0.5, 0.25, 1.0]


@pytest.mark.parametrize(("given", "field"), [({"floor": 0.3}, "floor"), ({"form": "count", "rho": 5}, "rho")])
def test_what_the_form_leaves_aside_is_refused_where_it_is_given(
    served: Any, demo_store: Path, tmp_path: Path, given: dict[str, Any], field: str
) -> None:
    answer = served.ask("POST", API, json={"budget": BUDGET, **given})
    assert (answer.status_code, answer.json()["parameter"]) == (422, field)
    words = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    out = tmp_path / "shares.csv"
    done = run("share-out", "demo", "--budget", "10", "--out", str(out), "--store", str(demo_store), *words)
    assert done.exit_code == 2, done.output
    assert f"--{field} came with" in done.output
    assert not out.exists()


def test_a_file_with_a_floor_and_the_dial_is_refused(served: Any) -> None:
    answer = served.get(f"{FILES}.csv?budget={BUDGET}&floor=0.3")
    assert (answer.status_code, answer.json()["parameter"]) == (422, "floor")


def test_hidden_counts_get_the_stand_in_and_the_certificate_names_the_table(
    edition: Edition, demo_store: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    count = np.where(np.arange(edition.count) % 3 == 0, 3.0, 20.0)
    rows = [f"{code},{n:.0f},40" for code, n in zip(edition.codes[1:], count[1:], strict=True)]
    own = tmp_path / "dep.csv"
    own.write_text("lsoa21cd,count,denominator\n" + "\n".join(rows) + "\n", encoding="utf-8")
    declared = ["about=people", "unit=percent", "polarity=1", "period=2024/25", "source=own"]
    words = [word for pair in declared for word in ("--declare", pair)]
    done = run(
        "import", "demo", str(own), "--as", "indicator", "--name", "dep", *words, "--store", str(store), "--json"
    )
    assert done.exit_code == 0, done.output
    shared = share_budget(open_edition(store, "demo"), View("demo"), ShareRequest(BUDGET, form="count", counts="dep"))
    counted = {row.code: row.in_need for row in shared.share.recipients}
    assert [counted[str(code)] for code in edition.codes[:4]] == [None, 20, 20, 4]
    table = {row["recipient"]: row["in_need"] for row in share_answer(shared)["recipients"]}
    assert [table[str(code)] for code in edition.codes[:4]] == [None, 20, 20, None]
    hidden = int((count[1:] == 3).sum())
    assert any(
        f"In {hidden} neighbourhoods the count is not shown" in said for said in share_summary(shared)["sentences"]
    )
    proof = certificate_of(shared)
    assert proof["inputs"]["own table dep"] == json.loads(done.stdout)["sha256"]
    assert not broken_laws(certificate_bytes(shared).decode())


# ---- areas of one's own -------------------------------------------------------------------------------------------


def footprint_file(folder: Path, rows: list[tuple[str, str]]) -> Path:
    path = folder / "areas.csv"
    path.write_text("footprint,lsoa21cd\n" + "".join(f"{name},{code}\n" for name, code in rows), "utf-8")
    return path


def test_a_file_of_areas_is_shared_over_and_named_in_the_certificate(
    edition: Edition, demo_store: Path, tmp_path: Path
) -> None:
    codes = [str(code) for code in edition.codes[:8]]
    path = footprint_file(tmp_path, [(f"Estate {'AB'[number % 2]}", code) for number, code in enumerate(codes)])
    out, proof = tmp_path / "out.csv", tmp_path / "proof.json"
    files = ["--out", str(out), "--certificate", str(proof), "--store", str(demo_store), "--json"]
    done = run("share-out", "demo", "--budget", "1000", "--over", str(path), *files)
    assert done.exit_code == 0, done.stderr
    lines = [line.split(",") for line in out.read_text("utf-8").splitlines()]
    assert {line[0] for line in lines[1:]} == {"Estate A", "Estate B", "rest of place"}
    people = score(edition, View("demo")).eligible
    living = {line[0]: float(line[2]) for line in lines[1:]}
    assert living["Estate A"] == pytest.approx(people[:8:2].sum())
    assert living["rest of place"] == pytest.approx(people[8:].sum())
    stated = json.loads(proof.read_text("utf-8"))
    assert stated["context"]["over"] == "areas.csv"
    assert len(stated["inputs"]["footprints"]) == 64
    assert run("verify", str(proof)).exit_code == 0


def test_overlapping_areas_are_refused_by_name(edition: Edition, demo_store: Path, tmp_path: Path) -> None:
    code = str(edition.codes[0])
    path = footprint_file(tmp_path, [("North", code), ("South", code)])
    done = run("share-out", "demo", "--budget", "1", "--over", str(path), "--out", str(tmp_path / "o.csv"), "--store",
               str(demo_store))  # fmt: skip
    assert done.exit_code == 1
    assert f"{code} is in North and in South" in done.stderr
    assert not (tmp_path / "o.csv").exists()


def test_a_bad_file_of_areas_is_refused_with_its_row(demo_store: Path, tmp_path: Path) -> None:
    path = footprint_file(tmp_path, [("North", "S01000001")])
    common = ["--budget", "1", "--out", str(tmp_path / "o.csv"), "--store", str(demo_store)]
    done = run("share-out", "demo", "--over", str(path), *common)
    assert done.exit_code == 1
    assert "S01000001" in done.stdout
    assert run("share-out", "demo", "--over", str(tmp_path / "none.csv"), *common).exit_code == 2


def test_an_imported_set_of_areas_gives_what_its_file_gives(
    edition: Edition, demo_store: Path, tmp_path: Path, serve: Any
) -> None:
    store = Path(shutil.copytree(demo_store, tmp_path / "store"))
    codes = [str(code) for code in edition.codes[:8]]
    path = footprint_file(tmp_path, [(f"Estate {'AB'[number % 2]}", code) for number, code in enumerate(codes)])
    assert (
        run("import", "demo", str(path), "--as", "footprints", "--name", "estates", "--store", str(store)).exit_code
        == 0
    )
    amounts = []
    for over in (str(path), "own:estates"):
        out = tmp_path / "out.csv"
        done = run("share-out", "demo", "--budget", "1000", "--over", over, "--out", str(out), "--store", str(store))
        assert done.exit_code == 0, done.stderr
        rows = [line.split(",") for line in out.read_text("utf-8").splitlines()[1:]]
        amounts.append({row[1]: row[6] for row in rows})
    assert amounts[0] == amounts[1]
    page = serve(store).get(f"{PAGE}?budget=1000&over=own:estates")
    assert page.status_code == 200
    assert '<option value="own:estates" selected>Your areas: estates</option>' in page.text
    for amount in amounts[0].values():
        assert f"£{float(amount):,.2f}" in page.text


# ---- who is missed ------------------------------------------------------------------------------------------------


def test_missed_need_by_hand_and_as_the_other_command_says(edition: Edition) -> None:
    shared = share_budget(edition, View("demo"), ShareRequest(BUDGET))
    equal, local, core20, dial = designs(shared)
    need, people = edition.in_need("income"), score(edition, View("demo")).eligible
    outside = score(edition, View("demo")).need_fifth != 1
    assert local.reach is not None
    assert local.reach.under_coverage == pytest.approx(need[outside].sum() / need.sum())
    assert dial.reach is not None
    assert dial.reach.with_nothing == 0
    spread = given(shared) * need / edition.same_ages("income")
    assert dial.reach.per_person_in_need == pytest.approx(spread.sum() / need.sum())
    assert spread.sum() / need.sum() > BUDGET / people.sum()
    for areas, design in (("worst-fifth", local), ("core20", core20)):
        found = missed_needs(edition, View("demo"), areas, budget=BUDGET).found
        assert found is not None
        assert equal.reach is not None
        assert design.reach is not None
        for told, own in zip(found.designs[:2], (equal.reach, design.reach), strict=True):
            assert own.under_coverage == pytest.approx(told.under_coverage)
            assert own.leakage == pytest.approx(told.leakage)
            assert own.per_person_in_need == pytest.approx(told.per_person_in_need)


def test_the_page_shows_who_each_way_misses(served: Any) -> None:
    page = served.get(f"{PAGE}?budget={BUDGET}").text
    answer = served.ask("POST", API, json={"budget": BUDGET}).json()
    missed = [design["missed_need"]["with_nothing"] for design in answer["summary"]["designs"]]
    row = page[page.index("In need, and given nothing") :].split("</tr>")[0]
    shown = [float(text) for text in re.findall(r"numeric\">([\d.]+)%", row)]
    assert shown == [pytest.approx(100 * share, abs=0.051) for share in missed]
    assert shown[1] > 0
    assert answer["summary"]["people_in_need"] in page


def test_words_about_the_missed_fit_the_table_where_units_are_too_few(served: Any, edition: Edition) -> None:
    page = served.get(f"{PAGE}?budget=40&unit=whole").text
    missed = designs(share_budget(edition, View("demo"), ShareRequest(40, "whole")))[-1].reach
    assert missed is not None
    assert missed.with_nothing > 0.1
    assert "everyone gets something; " not in page
    assert f"This share-out: {100 * missed.with_nothing:.0f}% of people in need live where nothing is given" in page
    assert "everyone gets something; " in served.get(f"{PAGE}?budget={BUDGET}").text


# ---- the need-matched dial ----------------------------------------------------------------------------------------


def test_what_a_dial_can_be_matched_to(edition: Edition) -> None:
    names = [name for name, _ in outcomes(edition)]
    assert "adult_skills_share" in names
    for left_out in ("income_rank", "family_hub_walk_min", "older_share", "illness_disability_ratio"):
        assert left_out not in names
    assert matched_dial(edition, View("demo"), "income_rank").rho is None


@pytest.mark.parametrize("focus", ["core", "age-well"])
def test_the_matched_dial_is_the_relative_index_where_it_is_sure(edition: Edition, focus: str) -> None:
    view, found = View("demo", focus=focus), {"sure": 0, "unsure": 0}
    for name, _ in outcomes(edition):
        made, slope = matched_dial(edition, view, name), inequality(edition, view, name).slope
        assert slope is not None
        if slope.rii is None or slope.rii_lower is None or slope.rii_upper is None or slope.intercept <= 0:
            assert made.rho is None
        elif slope.rii_lower <= 1 <= slope.rii_upper:
            found["unsure"] += 1
            assert made.rho is None
            assert "include 1" in made.why
        else:
            found["sure"] += slope.rii > 1
            assert made.rho == min(max(round(slope.rii, 2), 1), 20)
        assert matched_sentences(made)
    assert found["sure" if focus == "core" else "unsure"]


def test_the_matched_dial_is_offered_beside_the_chosen_one(served: Any, edition: Edition, demo_store: Path) -> None:
    made = matched_dial(edition, View("demo", rho=2.0), "adult_skills_share")
    page = served.get(f"{PAGE}?budget={BUDGET}&rho=2&match=adult_skills_share").text
    assert f"The need-matched dial is {made.rho:g}. The chosen dial is 2." in page
    link = re.search(r'href="([^"]+)">Use ', page)
    assert link is not None
    assert f"rho={made.rho:g}" in link[1]
    taken = served.get(link[1].replace("&amp;", "&")).text
    assert f"with the dial at {made.rho:g}" in taken
    told = served.json("/api/v1/places/demo/need-matched-dial?outcome=adult_skills_share&rho=2")
    assert told == json.loads(json.dumps(matched_answer(made)))
    assert told["edition"] == edition.id
    out = demo_store.parent / "matched.csv"
    words = ["--rho", "2", "--match", "adult_skills_share", "--out", str(out), "--store", str(demo_store), "--json"]
    done = json.loads(run("share-out", "demo", "--budget", "9", *words).stdout)
    assert done["need_matched"]["need_matched_rho"] == made.rho


def test_a_dial_that_is_not_defined_is_not_offered_and_the_reason_is_given(served: Any) -> None:
    page = served.get(f"{PAGE}?budget={BUDGET}&match=income_rank").text
    assert "it is no measured outcome" in page
    assert ">Use " not in page
    assert served.get(f"{PAGE}?budget={BUDGET}&match=nothing").status_code == 404
    assert served.get("/api/v1/places/demo/need-matched-dial").status_code == 422


# ---- files --------------------------------------------------------------------------------------------------------


def pages_of(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


@pytest.mark.parametrize("request_", [ShareRequest(BUDGET), ShareRequest(40, "whole", "teams", form="count")])
def test_the_pdf_is_one_tagged_a4_and_always_the_same(edition: Edition, request_: ShareRequest) -> None:
    shared = share_budget(edition, View("demo"), request_)
    content = pdf_bytes(shared, link="https://example.org/x")
    assert content.startswith(b"%PDF-")
    assert pages_of(content) == 1
    assert b"595.28 841.89" in content
    assert b"/Lang (en-GB)" in content
    assert b"/StructTreeRoot" in content
    assert {kind: content.count(b"/S /" + kind) for kind in (b"H1", b"H2")} == {b"H1": 1, b"H2": 2}
    assert pdf_bytes(shared, link="https://example.org/x") == content


def test_names_stand_in_the_pdf_in_their_own_letters(edition: Edition) -> None:
    sheet = Sheet(title="Names", subject="Names", edition=edition.id)
    sheet.sentence("Llŷn – “café” £5 Ω Łódź 中")
    pdf = PdfReader(io.BytesIO(sheet.output()))
    assert pdf.pages[0].extract_text().strip() == "Llŷn – “café” £5 Ω Łódź \N{REPLACEMENT CHARACTER}"


def test_workbook_and_pdf_come_from_the_workshop(served: Any, edition: Edition) -> None:
    import openpyxl

    query = "budget=40&unit=whole&over=teams&form=count"
    pdf = served.get(f"{FILES}.pdf?{query}")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pages_of(pdf.content) == 1
    assert pdf.headers["content-disposition"].startswith('attachment; filename="evenreach_demo_share-out_core_')
    book = served.get(f"{FILES}.xlsx?{query}")
    sheet = openpyxl.load_workbook(io.BytesIO(book.content))["Share-out"]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert sum(Fraction(repr(row[rows[0].index("amount")])) for row in rows[1:]) == 40
    again = served.get(f"{FILES}.xlsx?{query}", headers={"if-none-match": book.headers["etag"]})
    assert again.status_code == 304
    refused = served.get(f"{FILES}.pdf?budget=40&unit=whole&minimum=9")
    assert (refused.status_code, refused.json()["parameter"]) == (422, "minimum")
    assert served.get(f"{FILES}.docx?budget=40").status_code == 404


def test_a_large_place_is_shared_out_in_the_workshop_with_the_same_figures(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = BUDGET + 1  # which no other test asks for: what is asked for twice is kept
    query = f"budget={budget}&over=wards"
    small = served.get(f"{PAGE}?{query}").text
    answer = served.ask("POST", API, json={"budget": budget, "over": "wards"}).json()
    monkeypatch.setattr(Edition, "large", True)
    monkeypatch.setattr("service.routes.share_outs.share_budget", None)  # nothing is worked out in the web process
    large = served.get(f"{PAGE}?{query}").text
    assert "the answer takes about ten seconds" in large
    start = "What this share-out means"
    assert large[large.index(start) :] == small[small.index(start) :]
    assert served.ask("POST", API, json={"budget": budget, "over": "wards"}).json() == answer
    refused = served.ask("POST", API, json={"budget": 10, "over": "wards", "unit": "whole", "minimum": 5})
    assert (refused.status_code, refused.json()["parameter"]) == (422, "minimum")
    assert served.ask("POST", API, json={"budget": 10, "within": "team:nobody"}).status_code == 404


def test_a_name_is_shortened_and_its_code_never(edition: Edition) -> None:
    sheet = Sheet(title="Names", subject="Names", edition=edition.id)
    sheet.set_font(FONT, "", 7)
    names = [f"Broughton and Middleton Village (Milton Keynes 0{number}B)" for number in (21, 22)]
    cut = [sheet.cut(name, 45) for name in names]
    assert cut[0] != cut[1]
    assert all(text.endswith(f"0{number}B)") for text, number in zip(cut, (21, 22), strict=True))
    assert all(sheet.get_string_width(text) <= 43.5 for text in cut)
    assert sheet.cut("Gorsey Down (Aldermouth 024B)", 60) == "Gorsey Down (Aldermouth 024B)"


# ---- who is counted ----------------------------------------------------------------------------------------------


def test_other_ages_than_those_served_are_said_by_the_table_with_names(served: Any, edition: Edition) -> None:
    view, request = View("demo", focus="age-well"), ShareRequest(BUDGET, form="count")
    shared = share_budget(edition, view, request)
    said = "People in need are counted among people aged 60 and over; eligible here are people aged 65 and over."
    assert ages_note(shared).startswith(said)
    page = served.get(f"{PAGE}?focus=age-well&budget={BUDGET}&form=count").text
    assert page.index("amounts-heading") < page.index(said) < page.index("amounts-caption")
    above = [each.name for each in shared.receivers if (each.share.in_need or 0) > each.share.people]
    assert not above or above[0] in ages_note(shared)
    assert not any("more people in need than eligible" in note for note in notes(shared))
    assert ages_note(share_budget(edition, View("demo"), request)) == ""


def test_the_number_in_need_has_a_total(served: Any, edition: Edition) -> None:
    page = served.get(f"{PAGE}?budget={BUDGET}&form=count&counts=income").text
    foot = page[page.index("<tfoot>") : page.index("</tfoot>")]
    assert f">{np.nansum(edition.in_need('income')):,.0f}<" in foot


def test_notes_of_the_matched_dial_are_in_plain_words(served: Any) -> None:
    for outcome in ("adult_skills_share", "income_rank"):
        page = served.get(f"{PAGE}?budget={BUDGET}&match={outcome}").text
        assert "Wilson" not in page
        assert "draws that start" not in page
        assert "is the remedy" not in page
    assert 'href="#match"' in served.get(f"{PAGE}?budget={BUDGET}").text
