"""Written maps in a browser: opened as files, from any web server, in another page's frame, and without a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.commands.main import app
from service.editions import edition
from tests.browser.conftest import assert_fits, violations

READY = '[data-evenreach-map][data-state="ready"]'
FAILED = '[data-evenreach-map][data-state="failed"]'
NEIGHBOURHOODS = 120


@pytest.fixture(scope="module")
def folder(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a council's web server has it: a map as a file, one as a folder, and a page that frames it."""
    home = tmp_path_factory.mktemp("council")
    words = ["demo", "--layer", "targeting", "--store", str(demo_store), "--quiet", "--out"]
    for command, out in (("map", home / "map.html"), ("embed", home / "maps" / "targeting")):
        out.parent.mkdir(exist_ok=True)
        result = CliRunner().invoke(app, [command, *words, str(out)])
        assert result.exit_code == 0, result.output
    within = ["--within", "team:Harbour and Lantern"]
    assert CliRunner().invoke(app, ["map", *words, str(home / "near.html"), *within]).exit_code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edition, "COUNCILS_ABOVE", 50)
        assert CliRunner().invoke(app, ["map", *words, str(home / "far.html")]).exit_code == 0
    told = (home / "maps" / "targeting" / "read-me.txt").read_text("utf-8")
    snippet = "\n".join(line for line in told.splitlines() if line.startswith(("<iframe", "<script")))
    head = '<!doctype html><link rel="icon" href="data:,"><title>Council</title><h1>Council</h1>'
    (home / "index.html").write_text(head + snippet.replace("FOLDER", "maps/targeting"), "utf-8")
    return home


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def council(folder: Path) -> Iterator[str]:
    """A plain web server over that folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """One page for all: it notes errors, what the policy refused, and every request with its address."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    opened.problems, opened.asked = [], []
    opened.on("pageerror", lambda error: opened.problems.append(f"error {error}"))
    opened.on("console", lambda line: opened.problems.append(line.text) if line.type in ("error", "warning") else None)
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    context.close()


def show(page: Any, address: str) -> None:
    page.problems.clear()
    page.asked.clear()
    page.goto(address)
    page.wait_for_selector(f"{READY}, {FAILED}")


@pytest.mark.parametrize("name", ["map.html", "maps/targeting/index.html"])
@pytest.mark.parametrize("way", ["as a file", "from a server"])
def test_it_is_the_whole_map(page: Any, folder: Path, council: str, name: str, way: str) -> None:
    root = folder.as_uri() if way == "as a file" else council
    show(page, f"{root}/{name}")
    assert page.locator(READY).count() == 1
    assert page.locator(".evenreach-area").count() == NEIGHBOURHOODS
    assert page.locator(".evenreach-label").count() > 3
    for box in page.locator("[data-map-service]").all():
        box.check()
    page.wait_for_selector('[data-map-service][value="gp"]:checked')
    page.wait_for_function("() => document.querySelectorAll('.evenreach-site').length > 15")
    page.locator(".evenreach-area").first.dispatch_event("click")
    assert "times the average" in page.locator("[data-map-details]").inner_text()
    assert page.locator("[data-map-details] a").count() == 0  # there is no site to lead to
    assert page.locator("tbody tr").count() == NEIGHBOURHOODS
    page.emulate_media(media="print")
    page.locator(".evenreach-map__print").wait_for()  # it has arrived
    assert page.locator("#map_evenreach").is_hidden()
    page.emulate_media(media="screen")
    assert page.problems == []
    assert all(asked.startswith(("data:", f"{root}/")) for asked in page.asked)


def test_a_footprint_fills_its_map(page: Any, folder: Path) -> None:
    show(page, f"{folder.as_uri()}/near.html")
    assert 5 < page.locator(".evenreach-area").count() < NEIGHBOURHOODS
    page.wait_for_function(
        """() => { const box = part => document.querySelector(part).getBoundingClientRect();
        const map = box('#map_evenreach'), areas = box('svg.leaflet-zoom-animated g');
        return Math.max(areas.width / map.width, areas.height / map.height) > .7; }"""
    )
    assert page.problems == []


def test_a_large_place_shows_its_councils_and_their_figures(page: Any, folder: Path) -> None:
    show(page, f"{folder.as_uri()}/far.html")
    page.locator(".evenreach-area").first.dispatch_event("click")
    assert "Its middle neighbourhood:\nTargeting score: " in page.locator("[data-map-details]").inner_text()
    page.get_by_role("button", name="Zoom in").click(click_count=4)
    assert page.locator(READY).count() == 1
    assert page.problems == []


def test_it_is_accessible_and_fits_a_phone(page: Any, folder: Path) -> None:
    show(page, f"{folder.as_uri()}/map.html")
    assert violations(page) == []
    assert_fits(page, 320)
    page.set_viewport_size({"width": 1200, "height": 900})


def test_the_snippet_of_the_folder_frames_it_and_fits_its_height(page: Any, council: str) -> None:
    page.problems.clear()
    page.goto(f"{council}/")
    frame = page.frame_locator("iframe")
    frame.locator(READY).wait_for()
    assert frame.locator(".evenreach-area").count() == NEIGHBOURHOODS
    page.wait_for_function("() => document.querySelector('iframe').height !== '760'")
    assert page.problems == []


@pytest.mark.parametrize("name", ["map.html", "maps/targeting/index.html"])
def test_without_a_script_the_picture_and_the_table_stand_in(browser: Any, folder: Path, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{folder.as_uri()}/{name}")
    picture = page.locator("noscript img, img.evenreach-map__picture").first
    assert picture.is_visible()
    assert picture.bounding_box()["height"] > 200  # an image that is not found has no height
    page.locator("summary").click()
    assert page.locator("tbody tr").first.is_visible()
    context.close()


def test_the_policy_of_a_file_stops_what_was_slipped_in(page: Any, folder: Path, tmp_path: Path) -> None:
    """A script or a style that was added afterwards does not run, nor does a picture of another host load."""
    text = (folder / "map.html").read_text("utf-8")
    slipped = '<script>window.ran = true</script><img src="https://other.example/x.png"><p onclick="1" id="p">x</p>'
    (tmp_path / "map.html").write_text(text.replace("</main>", f"{slipped}</main>"), "utf-8")
    show(page, f"{tmp_path.as_uri()}/map.html")
    assert page.evaluate("window.ran === undefined")
    assert len([problem for problem in page.problems if "Content Security Policy" in problem]) >= 2
    assert page.locator(READY).count() == 1
