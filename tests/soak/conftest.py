"""What the long tests share: QGIS, and a table of the figures that they measured, printed at the end."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import program

Note = Callable[[str, str, str], None]
FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()
Qgis = Callable[..., dict[str, Any]]
PYTHON = "/usr/bin/python3"  # QGIS comes with the system's own
BEGIN = """
import json, sys
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
"""
END = """
print("ANSWER" + json.dumps(found))
sys.stdout.flush()
application.exitQgis()
"""


@pytest.fixture(scope="session")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> Qgis:
    """Run a script inside QGIS, without a screen, with some arguments; give what it left in ``found``."""
    if program(PYTHON) is None or subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("no QGIS: install python3-qgis")

    def run(script: str, *arguments: object) -> dict[str, Any]:
        home = tmp_path_factory.mktemp("qgis")
        environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "PATH": os.environ["PATH"]}
        command = [PYTHON, "-c", BEGIN + script + END, *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=180, check=False)
        answer = ran.stdout.partition("ANSWER")[2]
        assert answer, ran.stderr[-2000:]
        found: dict[str, Any] = json.loads(answer.splitlines()[0])
        return found

    return run


@pytest.fixture
def note(pytestconfig: pytest.Config) -> Note:
    """Keep a figure for the table: what was measured, what came out, what it must reach."""
    rows = pytestconfig.stash.setdefault(FIGURES, [])
    return lambda what, figure, reach: rows.append((what, figure, reach))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures as a Markdown table, to be kept in tests/benchmarks/RESULTS.md."""
    rows = config.stash.get(FIGURES, [])
    if rows:
        cores = len(os.sched_getaffinity(0))
        terminalreporter.write_line(f"\n{cores} cores, {platform.machine()}, Python {platform.python_version()}\n")
        for row in (("what", "measured", "must reach"), ("---",) * 3, *rows):
            terminalreporter.write_line(f"| {' | '.join(row)} |")
