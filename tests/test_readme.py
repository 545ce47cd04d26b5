"""The README says what is so: its commands, settings, places and sources are the program's own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from service.commands.main import app
from service.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text("utf-8")


def test_first_screen_says_what_it_is_and_how_to_start():
    first_screen = README.splitlines()[:12]
    assert first_screen[0] == "# Evenreach"
    assert any(line.startswith("    make serve") for line in first_screen)
    assert any(line.startswith("    make test") for line in first_screen)


def test_picture_and_local_links_exist():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [name for name in targets if not name.startswith("http") and not (REPOSITORY / name).exists()]
    assert missing == []


def test_make_has_every_target_that_is_named():
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make (\w+)`", README):
        assert f"\n{target}:" in makefile


def test_make_serves_where_the_setting_or_the_word_says():
    for words, port in (
        ({}, 8000),
        ({"EVENREACH_PORT": "8123"}, 8123),
        ({"EVENREACH_PORT": "8123", "PORT": "9000"}, 9000),
    ):
        names = {name: text for name, text in os.environ.items() if name not in ("EVENREACH_PORT", "PORT")}
        for target, said in (("serve", f"serve --port {port}\n"), ("help", f"http://127.0.0.1:{port} ")):
            told = subprocess.run(
                ["make", "-n", target], cwd=REPOSITORY, env=names | words, capture_output=True, text=True
            )
            assert said in told.stdout


def test_the_check_and_the_import_of_a_table_are_told_in_full(demo_store, tmp_path):
    commands = README.replace("\\\n", " ").splitlines()
    (line,) = (line.strip() for line in commands if line.startswith("    .venv/bin/evenreach check "))
    words = shlex.split(line.replace("luton", "demo"), comments=True)[1:]
    file = tmp_path / words[1]
    file.write_text("code,amount\n" + "".join(f"E0190{n:04d},12\n" for n in range(1, 121)))
    result = CliRunner().invoke(app, [words[0], str(file), *words[2:]], env={"EVENREACH_STORE": str(demo_store)})
    assert result.exit_code == 0, result.output


def test_settings_and_defaults_are_those_of_the_program():
    shown = dict(re.findall(r"^\| `EVENREACH_(\w+)` \| `?([^|`]+)`? \|", README, re.MULTILINE))
    actual = {
        name.upper(): "none" if field.default in (None, "", ()) else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert {name: value.strip() for name, value in shown.items()} == actual


def test_places_are_those_of_the_program():
    sentence = re.search(r"The places that come with Evenreach are (.*?)\. A place", README, re.DOTALL)[1]
    defined = {path.stem for path in (REPOSITORY / "geodata" / "places").glob("*.toml")}
    assert set(re.findall(r"`([\w-]+)`", sentence)) == defined | {"demo"}


def test_sources_are_those_of_the_catalogue():
    check = [sys.executable, ".ci/readme", "--check"]
    answer = subprocess.run(check, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
