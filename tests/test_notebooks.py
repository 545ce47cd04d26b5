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


def printed(notebook: nbformat.NotebookNode) -> str:
    return "".join(output.get("text", "") for output in outputs(notebook))


def test_the_first_notebook_builds_the_demo_and_shows_a_folium_map():
    notebook = run(REPOSITORY / "notebooks" / "where_to_focus.ipynb")
    shown = [output.data["text/html"] for output in outputs(notebook) if "text/html" in output.get("data", {})]
    assert any(FOLIUM_MAP in html for html in shown)
    assert any("Aldermouth" in html or "adds" in html for html in shown)


# Each notebook asserts its own claims; here stands what a reader must see.
SAYS = {
    "share_out_a_budget": ["GOOD the digest and every law hold", "BROKEN digest", "get nothing"],
    "is_it_proportionate": ["Too flat:", "Proportionate:", "Inverse care:", "by where people live, not by person"],
    "how_sure_are_these_ranks": ["40% of the weight has counts", "method only", "surely in", "borderline"],
}


@pytest.mark.parametrize("name", SAYS)
def test_notebook_runs_on_the_demo(name, demo_store, monkeypatch):
    monkeypatch.setenv("EVENREACH_NOTEBOOK_STORE", str(demo_store))
    text = printed(run(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    assert text.startswith("Aldermouth 120 neighbourhoods")
    for words in SAYS[name]:
        assert words in text


# Reach and sites: the place to ask about on real data, and what a reader must see there.
REACH = {
    "where_next": ("luton", ["5 hubs stay, 20 candidates, 2 to add", "hardest to do without: Hockwell Ring"]),
    "is_the_town_centre_right": ("blmk", ["7 diagnostic centres stay; 30 candidates", "Luton Central Library: rank"]),
    "child_dental_access": ("bromley", ["{'yes': ", "with no child in reach", "blackspot"]),
}


@pytest.mark.parametrize("name", REACH)
def test_notebook_on_reach_runs_on_the_demo(name, demo_store, monkeypatch):
    monkeypatch.setenv("EVENREACH_NOTEBOOK_STORE", str(demo_store))
    text = printed(run(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    assert text.startswith("Aldermouth 120 neighbourhoods; street network")


@pytest.mark.realdata
@pytest.mark.parametrize("name", REACH)
def test_notebook_on_reach_runs_on_real_data(name, real_store, monkeypatch):
    place, words = REACH[name]
    monkeypatch.setenv("EVENREACH_NOTEBOOK_PLACE", place)
    monkeypatch.setenv("EVENREACH_NOTEBOOK_STORE", str(real_store(place)))
    text = printed(run(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    assert "estimated from distance" in text
    assert [said for said in words if said not in text] == []


def test_walk_and_bus_times_agree_with_those_worked_out_by_hand(monkeypatch):
    monkeypatch.delenv("EVENREACH_NOTEBOOK_SOURCES", raising=False)
    text = printed(run(REPOSITORY / "notebooks" / "walk_and_bus_times.ipynb"))
    assert text.startswith("Aldermouth 6,250 street points, 57 stops")
    assert "4 of 4 journeys agree within 0.1 minutes" in text


@pytest.mark.realdata
def test_walk_and_bus_times_of_newport_agree_with_those_worked_out_by_hand(sources_dir, monkeypatch):
    monkeypatch.setenv("EVENREACH_NOTEBOOK_SOURCES", str(sources_dir))
    text = printed(run(REPOSITORY / "notebooks" / "walk_and_bus_times.ipynb"))
    assert text.startswith("Newport 44,712 street points, 213 stops")
    assert "10 of 10 journeys agree within 0.1 minutes" in text


def test_every_notebook_is_run():
    assert {path.stem for path in NOTEBOOKS} == {"where_to_focus", "walk_and_bus_times", *SAYS, *REACH}


@pytest.fixture(scope="module")
def luton(sources_dir, tmp_path_factory) -> tuple[str, Path]:
    """What the first notebook says about Luton, and the store that it built."""
    folder = tmp_path_factory.mktemp("luton")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setenv("EVENREACH_NOTEBOOK_PLACE", "luton")
        patch.setenv("EVENREACH_NOTEBOOK_SOURCES", str(sources_dir))
        text = printed(run(REPOSITORY / "notebooks" / "where_to_focus.ipynb"))
    (built,) = folder.glob("*/luton")
    return text, built.parent


@pytest.mark.realdata
def test_the_first_notebook_runs_on_luton(luton):
    assert luton[0].startswith("Luton ")


@pytest.mark.realdata
@pytest.mark.parametrize("name", SAYS)
def test_notebook_runs_on_luton(name, luton, monkeypatch):
    monkeypatch.setenv("EVENREACH_NOTEBOOK_PLACE", "luton")
    monkeypatch.setenv("EVENREACH_NOTEBOOK_STORE", str(luton[1]))
    text = printed(run(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    assert text.startswith("Luton 125 neighbourhoods")
    assert all(words in text for words in SAYS[name])
