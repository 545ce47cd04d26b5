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
def served_store(demo_store: Path) -> Path:
    """The fictional borough; the store that EVENREACH_SOAK_STORE names, if any, is served instead."""
    named = os.environ.get("EVENREACH_SOAK_STORE")
    return Path(named) if named else demo_store
