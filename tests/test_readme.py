"""The README says what is so: its commands, settings, places and sources are the program's own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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
