"""Two processes that order their sets differently write the same bytes: maps, embeds and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KINDS = ("csv", "geojson", "xlsx", "gpkg", "pdf")
WRITE = """
import sys
from service.commands.main import app
store, *kinds = sys.argv[1:]
of_need, to_store = ("--focus", "best-start"), ("--store", store, "--quiet")
for words in (
    ("map", "demo", "--layer", "need", *of_need, "--out", "map.html"),
    ("embed", "demo", "--layer", "access", "--service", "gp", "--out", "embed"),
    *(("score", "demo", *of_need, "--out", f"scores.{kind}") for kind in kinds),
    ("share-out", "demo", "--budget", "1000", "--out", "share.xlsx", "--certificate", "share.json"),
):
    app([*words, *to_store], standalone_mode=False)
"""


def test_every_file_is_the_same_whatever_the_seed_of_hashes(demo_store: Path, tmp_path: Path) -> None:
    writing = {}
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        command = [sys.executable, "-c", WRITE, str(demo_store), *KINDS]
        writing[folder] = subprocess.Popen(command, cwd=folder, env=os.environ | {"PYTHONHASHSEED": seed})
    assert [process.wait() for process in writing.values()] == [0, 0]
    one, other = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in writing
    )
    assert {"map.html", "embed/index.html", "share.json", *(f"scores.{kind}" for kind in KINDS)} <= set(one)
    assert sorted(one) == sorted(other)
    assert [name for name, body in one.items() if other[name] != body] == []
