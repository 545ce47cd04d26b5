"""The notebooks run from first to last cell, as a reader would run them, on the demo and on real data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
FOLIUM_MAP = "leaflet"


def run(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(REPOSITORY)}}
    )
    return client.execute(
        env=dict(os.environ, PYTHONPATH=str(REPOSITORY), PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    )


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_there_is_a_notebook_and_it_carries_no_outputs():
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        assert outputs(nbformat.read(path, as_version=4)) == [], f"{path.name}: clear its outputs before committing"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_on_the_demo_and_shows_a_folium_map(path):
    shown = [output.data["text/html"] for output in outputs(run(path)) if "text/html" in output.get("data", {})]
    assert any(FOLIUM_MAP in html for html in shown)
    assert any("Aldermouth" in html or "adds" in html for html in shown)


@pytest.mark.realdata
def test_notebook_runs_on_luton(sources_dir, monkeypatch):
    monkeypatch.setenv("EVENREACH_NOTEBOOK_PLACE", "luton")
    monkeypatch.setenv("EVENREACH_NOTEBOOK_SOURCES", str(sources_dir))
    notebook = run(REPOSITORY / "notebooks" / "where_to_focus.ipynb")
    text = "".join(output.get("text", "") for output in outputs(notebook))
    assert text.startswith("Luton ")
