"""In CI a test that needs a real client may not be skipped unseen; on a desk it may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TESTS = """
import pytest

@pytest.mark.chromium
@pytest.mark.skip(reason="no chromium on PATH")
def test_page(): ...

def test_workbook(libreoffice): ...

def test_real_files(sources_dir): ...

@pytest.mark.skip(reason="of no importance")
def test_other(): ...
"""


@pytest.mark.parametrize(
    ("in_ci", "shared", "outcome"),
    [
        (False, False, "4 skipped"),
        (True, False, "2 skipped, 2 errors"),
        (True, True, "1 passed, 1 skipped, 2 errors"),
    ],
)
def test_skips_that_hide_something_fail_in_ci(tmp_path, in_ci, shared, outcome):
    (tmp_path / "test_clients.py").write_text(TESTS)
    sources = tmp_path / "sources"
    if shared:
        sources.mkdir()
    environment = os.environ | {"PATH": "", "CI": str(in_ci).lower(), "EVENREACH_SOURCES": str(sources)}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "pyproject.toml", str(tmp_path)]
    answer = subprocess.run(run, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert outcome in answer.stdout.splitlines()[-1], answer.stdout + answer.stderr
