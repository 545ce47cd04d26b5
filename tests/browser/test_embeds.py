"""Embeds in a real Chromium, in pages of other origins: who may frame them, and what is left where they may not."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.browser.conftest import sheets, violations
from tests.running import running

READY = '[data-evenreach-map][data-state="ready"]'
STRICT = "default-src 'none'; img-src data:; frame-src {site}"
FIXED = 400
NOTE_READY = """new MutationObserver(() => {
  if (document.querySelector('[data-state="ready"]')) { window.readyAt = window.readyAt || performance.now(); }
}).observe(document, {subtree: true, attributes: true, attributeFilter: ['data-state']})"""


class HostPages(ThreadingHTTPServer):
    """The pages of a council on an origin of its own: each path is a body, some with a strict policy."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: dict[str, str] = {}
        self.policies: dict[str, str] = {}
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def put(self, path: str, body: str, policy: str = "") -> str:
        head = "<!doctype html><html lang=en><title>Council</title><link rel=icon href='data:,'>"
        self.bodies[path] = f"{head}<h1>Our town</h1>{body}"
        self.policies[path] = policy
        return self.origin + path


class _Handler(BaseHTTPRequestHandler):
    server: HostPages

    def do_GET(self) -> None:
        body = self.server.bodies.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.server.policies.get(self.path):
            self.send_header("Content-Security-Policy", self.server.policies[self.path])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def listed() -> Iterator[HostPages]:
    """A site whose origin stands in the settings."""
    host = HostPages()
    yield host
    host.shutdown()


@pytest.fixture(scope="module")
def unlisted() -> Iterator[HostPages]:
    """A site that nobody has listed."""
    host = HostPages()
    yield host
    host.shutdown()


@pytest.fixture(scope="module")
def site(demo_store: Path, listed: HostPages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site on a port of its own, with one origin listed."""
    log = tmp_path_factory.mktemp("embeds") / "log"
    with running(demo_store, log, embed_origins=listed.origin) as server:
        yield server.address


@pytest.fixture
def opened(browser) -> Iterator[Callable[..., Any]]:
    """Open an address; what is asked of other hosts and what goes wrong is kept."""
    contexts = []

    def open_page(
        address: str, *, width: int = 1000, script: bool = True, note_ready: bool = False, **options: Any
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.hosts, page.errors = set(), []
        context.on("request", lambda request: page.hosts.add("/".join(request.url.split("/")[:3])))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: page.errors.append(line.text) if line.type == "error" else None)
        if note_ready:
            page.add_init_script(NOTE_READY)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def snippet(site: str, path: str) -> str:
    """The code that the page which makes embeds hands out, with a height that does not fit."""
    with urllib.request.urlopen(f"{site}/places/demo/embed?{path}") as answer:
        text = answer.read().decode()
    code = unescape(text[text.index('id="snippet"') :].partition(">")[2].partition("</textarea>")[0])
    assert 'height="760"' in code
    return code.replace('height="760"', f'height="{FIXED}"')


def frame_of(page: Any) -> Any:
    """The document inside the page's one frame."""
    return page.query_selector("iframe").content_frame()


def assert_prints_the_picture(page: Any, document: Any) -> None:
    """Show the page as it prints: the whole place as a picture in place of the drawn map."""
    picture = document.locator(".evenreach-map__print")
    picture.wait_for(state="attached")
    page.emulate_media(media="print")
    picture.wait_for()
    assert picture.evaluate("picture => picture.naturalWidth") > 500
    assert document.locator("#map_evenreach").is_hidden()


def test_a_listed_site_shows_the_map_at_its_full_height_and_its_links_work(opened, site, listed):
    page = opened(listed.put("/map", snippet(site, "layer=need&title=Where%20help%20goes")))
    page.locator("iframe").scroll_into_view_if_needed()
    inside = frame_of(page)
    inside.wait_for_selector(READY)
    assert inside.locator("path.evenreach-area").count() == 120
    assert inside.locator("h1").inner_text() == "Where help goes"
    assert inside.evaluate("window.origin") == "null"  # the sandbox gives it an origin of its own
    fits = "() => { const f = document.querySelector('iframe'); return Number(f.height) > 900 }"
    page.wait_for_function(fits)
    assert inside.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    before = int(page.get_attribute("iframe", "height"))
    inside.locator("summary").click()
    page.wait_for_function("before => Number(document.querySelector('iframe').height) > before + 200", arg=before)
    inside.locator("path.evenreach-area").first.dispatch_event("click")
    assert inside.locator("[data-map-details] strong").inner_text()
    assert_prints_the_picture(page, inside)
    assert inside.locator("tbody:visible").count() == 0  # the frame would cut it
    assert inside.get_by_text("is not printed here").is_visible()
    page.emulate_media(media="screen")
    assert inside.locator("tbody").is_visible()
    assert inside.get_by_text("is not printed here").is_hidden()
    assert page.hosts == {site, listed.origin}
    assert page.errors == []
    with page.context.expect_page() as event:
        inside.get_by_role("link", name="Open this map as a page").click()
    event.value.wait_for_selector(READY)  # its own page: out of the sandbox, so that its forms work
    assert event.value.evaluate("window.origin") == site


def test_a_script_that_comes_late_still_learns_the_height(opened, site, listed):
    code, script = snippet(site, "layer=need").split("<script")
    page = opened(listed.put("/late", code.replace(' loading="lazy"', "")))
    frame_of(page).wait_for_selector(READY)
    page.wait_for_load_state("networkidle")
    assert page.get_attribute("iframe", "height") == str(FIXED)
    page.add_script_tag(url=script.partition('src="')[2].partition('"')[0])
    page.wait_for_function("least => Number(document.querySelector('iframe').height) > least", arg=FIXED)
    assert page.errors == []


def test_a_site_that_is_not_listed_keeps_the_plain_link(opened, site, unlisted):
    page = opened(unlisted.put("/map", snippet(site, "layer=need")))
    page.wait_for_load_state("networkidle")
    assert any("frame-ancestors" in error for error in page.errors)
    assert frame_of(page).locator("path.evenreach-area").count() == 0
    link = page.locator("p a")
    assert link.is_visible()
    link.click()
    page.wait_for_selector(READY)
    assert page.url.startswith(f"{site}/maps/demo/need")


def test_under_a_strict_policy_the_frame_keeps_its_height_and_the_map_works(opened, site, listed):
    page = opened(listed.put("/strict", snippet(site, "layer=imd"), STRICT.format(site=site)))
    inside = frame_of(page)
    inside.wait_for_selector(READY)
    assert inside.locator("path.evenreach-area").count() == 120
    assert page.get_attribute("iframe", "height") == str(FIXED)
    assert inside.evaluate("document.documentElement.scrollHeight > window.innerHeight")  # and scrolls inside
    assert [error for error in page.errors if "embed_height.js" not in error] == []


def test_without_scripts_there_are_the_picture_and_the_table(opened, site, listed):
    # The driver switches scripts off in a frame of its own process only once it is there; the sandbox, from the start.
    unscripted = snippet(site, "layer=need").replace("allow-scripts ", "")
    page = opened(listed.put("/map", unscripted), script=False)
    page.wait_for_load_state("networkidle")
    inside = frame_of(page)
    picture = inside.locator(".evenreach-map__picture")
    picture.wait_for(state="visible")
    assert picture.evaluate("picture => picture.naturalWidth") > 500
    assert inside.locator(".evenreach-map__legend").is_hidden()  # the picture has its own
    assert picture.bounding_box()["width"] > 0.9 * page.locator("iframe").bounding_box()["width"]
    assert inside.locator("#map_evenreach").is_hidden()
    assert inside.locator("td").first.is_hidden()
    inside.locator("summary").click()
    assert inside.locator("td").first.is_visible()
    assert inside.locator("tbody tr").count() == 120
    assert page.locator("p a").is_visible()
    page.set_viewport_size({"width": 320, "height": 900})  # its legend is too small there: the page's own stands alone
    inside.locator(".evenreach-map__legend").wait_for(state="visible")
    cut = inside.locator(".evenreach-map__pictured")
    wide = "box => box.scrollWidth / box.clientWidth"
    assert cut.evaluate(wide) > 1.3  # the side of the picture with the legend lies outside
    assert cut.evaluate("box => getComputedStyle(box).overflowX") == "hidden"
    assert inside.locator(".evenreach-key").is_hidden()  # the picture draws no site


@pytest.mark.parametrize("width", [320, 1280])
def test_the_picture_and_the_table_fit_a_page_that_allows_no_style(opened, site, listed, width):
    with urllib.request.urlopen(f"{site}/embed/demo/need/fragment") as answer:
        copied = answer.read().decode()
    policy = f"default-src 'none'; img-src {site}"
    page = opened(listed.put("/fragment", copied, policy), width=width)
    page.wait_for_load_state("networkidle")
    shape = page.locator("img").evaluate("img => [img.naturalWidth, img.width / img.height]")
    assert shape == [1120, pytest.approx(1120 / 792, abs=0.02)]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [error for error in page.errors if "style" in error] == []


def test_the_code_that_oembed_gives_is_framed_too(opened, site, listed):
    url = quote(f"{site}/embed/demo/clusters?focus=best-start", safe="")
    with urllib.request.urlopen(f"{site}/oembed?url={url}") as answer:
        told = json.load(answer)
    page = opened(listed.put("/oembed", told["html"]))
    frame_of(page).wait_for_selector(READY)
    assert page.locator("iframe").bounding_box()["width"] == told["width"]


@pytest.mark.parametrize(("layer", "width", "colours"), [("targeting", 320, "none"), ("access", 1100, "active")])
def test_an_embed_is_accessible_and_fits_its_frame(opened, site, layer, width, colours):
    page = opened(f"{site}/embed/demo/{layer}", width=width, bypass_csp=True, forced_colors=colours)
    page.wait_for_selector(READY)
    stroke = "getComputedStyle(document.querySelector('.evenreach-label')).webkitTextStrokeWidth"
    assert page.evaluate(stroke) == ("3px" if colours == "none" else "0px")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.evaluate("document.querySelector('details').open = false")
    assert_prints_the_picture(page, page)
    assert page.locator("details").is_hidden()
    assert sheets(page) == 1
    page.evaluate("document.querySelector('details').open = true")
    assert page.locator("tbody").is_visible()
    assert page.get_by_text("is not printed here").is_hidden()
    assert page.errors == []


def test_a_council_is_drawn_within_a_second(opened, site):
    drawn: list[float] = []
    while len(drawn) < 5 and min(drawn, default=1000) >= 1000:  # the best of five: other programs may run here too
        page = opened(f"{site}/embed/demo/targeting", note_ready=True)
        page.wait_for_selector(READY)
        drawn.append(page.evaluate("window.readyAt"))
        assert page.errors == []
    assert min(drawn) < 1000


def test_the_choice_of_maps_follows_the_area(opened, site):
    """The server leaves access out while all of a large place is shown; no place of this site is large."""
    page = opened(f"{site}/places/demo/embed?layer=need", width=1300)
    option = re.compile(r'<option value="access"[^>]*>[^<]*</option>')

    def as_large(route):
        answer = route.fetch()
        whole = "within=" not in route.request.url and "layer=access" not in route.request.url
        text = option.sub("", answer.text()) if whole else answer.text()
        route.fulfill(response=answer, body=text)

    page.route(re.compile(r"/places/demo/embed"), as_large)
    page.reload()
    offered = page.locator("#layer option[value=access]")
    assert offered.count() == 0
    page.locator("#within").select_option(index=1)
    offered.wait_for(state="attached")
    assert page.input_value("#layer") == "need"
    page.locator("#layer").select_option("access")
    page.wait_for_function("() => document.querySelector('iframe').src.includes('/embed/demo/access')")
    assert page.input_value("#layer") == "access"
    page.locator("#layer").select_option("need")
    page.wait_for_function("() => document.querySelector('iframe').src.includes('/embed/demo/need')")
    page.locator("#within").select_option("")
    offered.wait_for(state="detached")
    assert page.input_value("#layer") == "need"


def test_the_page_that_makes_embeds_shows_each_change_at_once(opened, site):
    page = opened(f"{site}/places/demo/embed?layer=need", width=1300)
    frame_of(page).wait_for_selector(READY)
    page.locator("#layer").select_option("imd")
    page.wait_for_function("() => document.querySelector('iframe').src.includes('/embed/demo/imd')")
    assert "/embed/demo/imd" in page.input_value("#snippet")
    page.locator("#title").fill("Our map")
    page.get_by_label("Keep as today").check()
    page.wait_for_function("() => document.querySelector('#snippet').value.includes('edition=')")
    assert "Our map" in page.input_value("#snippet")
    frame_of(page).wait_for_selector(READY)
    assert "keep=today" in page.url
    assert page.evaluate("document.activeElement.name") == "keep"  # the reader's place in the form is kept
    assert page.locator("#rho").is_disabled()  # the dial changes nothing here
    page.locator("#layer").select_option("indicator")
    page.locator("#indicator").wait_for(state="visible")  # the choice that matters unfolds
    assert page.locator("#indicator").is_enabled()
    page.locator("#layer").select_option("targeting")
    page.wait_for_function("() => !document.querySelector('#rho').disabled")
    page.locator("#rho").fill("99")
    page.locator("#builder-errors a[href='#rho']").wait_for()
    assert "There is a problem" in page.inner_text("#builder-said")
    rho, copy = page.locator("#rho"), page.locator("[data-copy=snippet]")
    assert (rho.get_attribute("aria-invalid"), rho.input_value(), copy.is_disabled()) == ("true", "99", True)
    assert "rho-error" in rho.get_attribute("aria-describedby")
    assert page.locator("#rho-error").is_visible()
    assert page.evaluate("document.activeElement.id") == "rho"
    page.locator("#rho").fill("4")
    page.wait_for_function("() => document.querySelector('#snippet').value.includes('rho=4')")
    assert page.locator("#builder-errors a").count() == page.locator("#rho-error").count() == 0
    assert (rho.get_attribute("aria-invalid"), copy.is_enabled()) == (None, True)
    assert page.hosts == {site}
    assert [error for error in page.errors if "422" not in error] == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [fault for fault in violations(page) if "iframe" not in fault] == []
