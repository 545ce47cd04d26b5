"""Files and words that commands refuse: one rule for command line and web, and a reason even where little is said."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.commands.main import app
from service.editions.edition import open_edition

SITE = ("site", "demo", "--service", "family_hub", "--candidates", "library")
BOTH = {
    "too many": ("{code},1000000000", 1_000_000_000, "from 0 to 999,999"),
    "elsewhere": ("{code},5\nE01000001,7", 7, "E01000001, which is no neighbourhood of"),
}


def run(store: Path, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--store", str(store)], prog_name="evenreach")


def told(answer: Any) -> str:
    return " ".join(answer.stderr.split())


@pytest.mark.parametrize("fault", BOTH)
def test_people_to_come_are_refused_alike_by_command_and_web(demo_store, served, tmp_path, fault):
    line, people, said = BOTH[fault]
    code = str(open_edition(demo_store, "demo").codes[0])
    file = tmp_path / "homes.csv"
    file.write_text(f"lsoa21cd,people\n{line.format(code=code)}\n")
    out = tmp_path / "plan.json"
    for more in ((), ("--quiet",)):
        answer = run(demo_store, *SITE, "--demand", str(file), "--out", str(out), *more)
        assert answer.exit_code == 1
        assert f"homes.csv, row {2 if fault == 'too many' else 3}" in told(answer)
        assert said in told(answer)
    assert not out.exists()
    where = code if fault == "too many" else "E01000001"
    body = {"service": "family_hub", "candidates": ["library"], "growth": [{"lsoa21cd": where, "people": people}]}
    assert served.ask("POST", "/api/v1/places/demo/sitings", json=body).status_code == 422


def test_people_outside_the_area_of_a_plan_are_refused_too(demo_store, tmp_path):
    edition = open_edition(demo_store, "demo")
    within = f"ward:{edition.footprints('ward')[0]['code']}"
    inside = edition.rows_within(within).tolist()
    other = next(row for row in range(edition.count) if row not in inside)
    file = tmp_path / "homes.csv"
    file.write_text(f"lsoa21cd,people\n{edition.codes[inside[0]]},5\n{edition.codes[other]},7\n")
    answer = run(demo_store, *SITE, "--demand", str(file), "--within", within, "--out", str(tmp_path / "p.json"))
    assert answer.exit_code == 1
    assert f"homes.csv, row 3: people are added to {edition.codes[other]}" in told(answer)


@pytest.mark.parametrize(
    "words",
    [
        ("check", "{file}", "--as", "footprints", "--place", "demo"),
        ("import", "demo", "{file}", "--as", "footprints", "--name", "teams"),
        ("share-out", "demo", "--budget", "1000", "--over", "{file}", "--out", "{out}"),
        ("missed-need", "demo", "--areas", "{file}"),
        ("site", "demo", "--service", "family_hub", "--candidates", "{file}", "--out", "{out}"),
        (*SITE, "--demand", "{file}", "--out", "{out}"),
    ],
    ids=["check", "import", "share-out", "missed-need", "candidates", "growth"],
)
def test_a_refused_file_says_why_even_when_quiet(demo_store, tmp_path, words):
    file, out = tmp_path / "own.csv", tmp_path / "out.csv"
    file.write_text("team,lsoa21cd,people\nNorth,E01000zzz,x\n")
    answer = run(demo_store, *(word.format(file=file, out=out) for word in words), "--quiet")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "own.csv" in told(answer)
    assert "row 2" in told(answer) or "column" in told(answer)
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("closure", "demo", "--service", "family_hub", "--site", ""), 2, "id of a site is empty"),
        (("site", "demo", "--service", "family_hub"), 1, "there is no candidate"),
        *(((*SITE, "--minutes", text), 2, "minutes") for text in ("0", "241", "nan", "inf", "-1", "1e3")),
        *((("access", "demo", "--service", "gp", "--minutes", text), 2, "minutes") for text in ("0", "61", "nan")),
    ],
)
def test_words_that_cannot_be_read_are_wrong_usage(demo_store, tmp_path, words, code, said):
    out = ("--out", str(tmp_path / "out.csv"))
    answer = run(demo_store, *words, *out)
    assert answer.exit_code == code
    assert said in told(answer)
