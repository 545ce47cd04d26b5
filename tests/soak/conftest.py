"""What the long tests share: a store to serve, and a table of the figures that they measured, printed at the end."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

Note = Callable[[str, str, str], None]
FIGURES = pytest.StashKey[list[tuple[str, str, str]]]()


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


@pytest.fixture(scope="session")
def large_store() -> Path:
    """The store that EVENREACH_SOAK_STORE names, with England in it."""
    named = os.environ.get("EVENREACH_SOAK_STORE", "")
    if not named or not Path(named, "england").is_dir():
        pytest.skip("EVENREACH_SOAK_STORE names no store with England")
    return Path(named)
