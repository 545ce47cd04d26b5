"""What an installation rests on: pins with hashes and no address, and a wheel that holds every data file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PINS = sorted((REPOSITORY / ".ci").glob("requirements*.txt"))
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*==[^\s;]+(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_pins_are_versions_and_hashes_alone(path):
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if not (PINNED.fullmatch(line) or HASH.fullmatch(line))] == []
    assert all(HASH.fullmatch(after) for line, after in pairwise(lines) if PINNED.fullmatch(line))


def pinned(name):
    text = (REPOSITORY / ".ci" / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def test_tests_run_against_the_versions_that_are_served():
    development = pinned("requirements-dev.txt")
    assert {name: development.get(name) for name in pinned("requirements.txt")} == pinned("requirements.txt")


def test_every_declared_dependency_is_pinned():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]}
    assert names <= pinned("requirements.txt").keys()
    assert {re.match(r"[\w.-]+", line)[0] for line in project["optional-dependencies"]["dev"]} <= pinned(
        "requirements-dev.txt"
    ).keys()


def test_browser_packages_are_exact_and_locked_without_addresses():
    folder = REPOSITORY / "service" / "assets"
    wanted = json.loads((folder / "package.json").read_text("utf-8"))
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package for name, package in lock.items() if name)
    assert "http" not in (folder / "package-lock.json").read_text("utf-8")


def test_wheel_holds_every_file_of_the_packages(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    not_served = ("build.py", "govuk.scss", "package.json", "package-lock.json", "readme-picture.svg")
    tools = {f"service/assets/{name}" for name in not_served}
    unwanted = {"__pycache__", "node_modules", "axe"}
    here = {
        path.as_posix()
        for package in ("geodata", "layers", "service")
        for path in (file.relative_to(REPOSITORY) for file in (REPOSITORY / package).rglob("*") if file.is_file())
        if not unwanted & set(path.parts) and not any(part.startswith(".") for part in path.parts)
    }
    assert here - held == tools
    assert not [name for name in held if unwanted & set(name.split("/"))]


VENDOR = REPOSITORY / "service" / "assets" / "vendor"


@pytest.mark.skipif(not VENDOR.is_dir(), reason="the browser assets are not built: make test builds them")
def test_browser_styles_fetch_nothing_that_is_not_there():
    for style in VENDOR.rglob("*.css"):
        text = style.read_text("utf-8")
        assert "@font-face" not in text
        assert "@import" not in text
        for target in re.findall(r"url\(\s*[\"']?([^)\"']+)", text):
            there = target.startswith(("data:", "#")) or (style.parent / target).exists()
            assert there, f"{style.name} asks for {target}"


@pytest.mark.skipif(not VENDOR.is_dir(), reason="the browser assets are not built: make test builds them")
def test_every_asset_that_a_template_names_is_there():
    templates = (REPOSITORY / "service" / "templates").rglob("*.html")
    named = {name for page in templates for name in re.findall(r"asset\(['\"]([^'\"]+)", page.read_text("utf-8"))}
    assert {name for name in named if not (REPOSITORY / "service" / "assets" / name).is_file()} == set()
