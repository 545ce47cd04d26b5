"""The command that checks a table of one's own: the same verdict for people and programs, and nothing stored."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from geodata import demo
from service.commands.check import check

FILES = Path(demo.__file__).parent / "files"
QUARTERLY = FILES / "indicators" / "quarterly_outcomes_by_lsoa.csv"
INDICATOR = ("unit=percent", "polarity=-1", "period=2023-Q2", "about=people", "source=own")
ONE_QUARTER = "only=indicator=MMR first dose by 24 months; quarter=2023-Q2"

app = typer.Typer(pretty_exceptions_enable=False)
app.command("check")(check)


@app.callback()
def alone() -> None:
    """Keep `check` a command of its own."""


def run(*words: object, declare: tuple[str, ...] = (), exit_code: int = 0) -> Result:
    names = [name for name in os.environ if name.startswith("EVENREACH_")]
    declared = [part for text in declare for part in ("--declare", text)]
    arguments = ["check", *map(str, words), *declared]
    result = CliRunner().invoke(app, arguments, env=dict.fromkeys(names), terminal_width=200)
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    return result


def told(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def teams(tmp_path) -> Path:
    path = tmp_path / "teams.csv"
    path.write_text("footprint,lsoa21cd\nNorth,E01000001\nNorth,e01000002\nSouth,E01000003\n", encoding="utf-8")
    return path


@pytest.fixture
def bad_teams(tmp_path) -> Path:
    path = tmp_path / "bad.csv"
    rows = "".join(f"North,E02{i:06d}\n" for i in range(30))
    path.write_text(f"footprint,lsoa21cd\n\x1b[31mRed,E01000001\n{rows}", encoding="utf-8")
    return path


def test_a_good_table_is_accepted(teams):
    result = run(teams, "--as", "footprints")
    assert "teams.csv can be imported." in result.stdout
    assert "3 rows read: 3 to store, 0 rejected (0 at fault themselves), 0 passed over" in result.stdout
    assert "tidied-codes" in result.stdout


def test_a_bad_table_is_refused_row_by_row(bad_teams):
    result = run(bad_teams, "--as", "footprints", exit_code=1)
    assert "bad.csv cannot be imported; nothing would be stored." in result.stdout
    assert "wrong-level (20 of 30 are listed): Remove the other areas" in result.stdout
    assert "E02000019 is a Middle layer Super Output Area" in " ".join(result.stdout.split())
    assert "\x1b" not in result.stdout


def test_programs_get_the_same_report(bad_teams):
    report = told(run(bad_teams, "--as", "footprints", "--json", exit_code=1))
    assert report["accepted"] is False
    assert report["totals"] == {"wrong-level": 30, "control-character": 1}
    assert set(report["items"][0]) == {
        *("file", "sheet", "row", "column", "code", "value", "rule", "severity", "message", "hint"),
    }
    assert report["rows_read"] == report["stored"] + report["rejected"] + report["skipped"] == 31


def test_quiet_says_nothing_but_what_is_wrong(teams, bad_teams):
    assert run(teams, "--as", "footprints", "--quiet").output == ""
    refused = run(bad_teams, "--as", "footprints", "--quiet", exit_code=1)
    assert refused.stdout == ""
    assert "bad.csv, row 2, column footprint: the name holds a control character" in refused.stderr


def test_nothing_is_stored(teams, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(teams, "--as", "footprints")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["teams.csv"]


@pytest.mark.parametrize(
    ("words", "declare", "says"),
    [
        (("--as", "boundaries"), (), "unknown-kind"),
        (("--as", "indicator"), (), "polarity (1 if a high value means more need"),
        (("--as", "footprints"), ("polarity",), "NAME=VALUE is expected"),
        (("--as", "footprints"), ("vintage=2021", "vintage=2011"), "declared twice"),
        (("--as", "footprints"), ("colour=red",), "unknown-declaration"),
    ],
)
def test_wrong_usage_is_exit_code_two(teams, words, declare, says):
    assert says in run(teams, *words, declare=declare, exit_code=2).stderr
    error = told(run(teams, *words, "--json", declare=declare, exit_code=2))["error"]
    assert error["rule"] in says or error["message"]


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path):
    assert "does not exist" in run(tmp_path / "none.csv", "--as", "footprints", exit_code=2).stderr
    assert run(tmp_path, "--as", "footprints", exit_code=2).stderr


def test_a_place_that_is_not_built_is_said(teams, tmp_path):
    result = run(teams, "--as", "footprints", "--place", "luton", "--store", tmp_path / "store", exit_code=1)
    assert "evenreach build luton" in result.stderr


def test_a_quarter_of_a_long_table_against_a_place(demo_store):
    words = (QUARTERLY, "--as", "indicator", "--place", "demo", "--store", demo_store, "--json")
    report = told(run(*words, declare=(*INDICATOR, ONE_QUARTER)))
    assert (report["rows_read"], report["stored"], report["skipped"]) == (1920, 120, 1800)
    assert {"filtered-rows", "small-counts"} <= set(report["totals"])
    whole = told(run(*words, declare=INDICATOR, exit_code=1))
    assert whole["totals"]["doubled-code"] == 1800


def test_team_areas_of_another_place_are_refused(demo_store, teams):
    words = (teams, "--as", "footprints", "--place", "demo", "--store", demo_store, "--json")
    report = told(run(*words, exit_code=1))
    assert set(report["totals"]) == {"no-row-in-place", "outside-place", "tidied-codes"}


def test_sites_are_looked_up_in_the_postcodes_of_the_place(tmp_path):
    path = tmp_path / "pantries.csv"
    path.write_text("name,postcode\nPantry,zx11aa\nLarder,ZX9 9ZZ\n", encoding="utf-8")
    facts = ("service=food_bank", "period=June 2024", "source=own")
    report = told(run(path, "--as", "sites", "--place", "demo", "--json", declare=facts, exit_code=1))
    assert report["totals"] == {"unknown-postcode": 1}
    assert report["items"][0]["row"] == 3
    lenient = told(run(path, "--as", "sites", "--place", "demo", "--json", declare=(*facts, "unknown_postcodes=skip")))
    assert (lenient["stored"], lenient["skipped"]) == (1, 1)
