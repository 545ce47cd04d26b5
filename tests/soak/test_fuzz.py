"""Fifty thousand generated requests over both API documents, the files of the workshop among them."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.fuzz import fuzz
from tests.running import running
from tests.soak.conftest import Note

CASES = 50_000
EXAMPLES = 100


def test_fifty_thousand_requests_break_nothing(demo_store: Path, tmp_path: Path, note: Note) -> None:
    tried = 0
    with running(demo_store, tmp_path / "log", workers=2, log_level="warning") as server:
        for seed in itertools.count(1):
            for document in ("/openapi.json", "/ogc/api"):
                tried += fuzz(server.address, document, tmp_path / "fuzz", examples=EXAMPLES, seed=seed, heavy=True)
            if tried >= CASES:
                break
        assert "Traceback" not in server.log.read_text()
    note(
        "API fuzz", f"{tried:,} requests, {seed} seeds, none failed", "no 5xx, no undocumented status, no schema break"
    )
