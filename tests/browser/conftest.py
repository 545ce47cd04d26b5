"""A running site over the fictional borough, as ``evenreach serve`` starts it, and what every page of it must hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import service
from tests.running import running

AXE = Path(service.__file__).parent / "assets" / "vendor" / "axe" / "axe.min.js"
RESPOND = "https://council.example/comment/?form=7#write"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
A4_WIDTH = 690  # A4 less its margins, in CSS pixels
UNFOLD = "document.querySelectorAll('details').forEach(box => { box.open = true; })"


@pytest.fixture(scope="session")
def site(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, without a closing slash."""
    with running(demo_store, tmp_path_factory.mktemp("site") / "log", respond_url=RESPOND) as server:
        yield server.address


def commented(page: Any) -> str:
    """Give the address of the view that the link of a page lets people comment on."""
    link = urlsplit(page.get_by_role("link", name="Comment on this view").get_attribute("href"))
    words = dict(parse_qsl(link.query, strict_parsing=True))
    assert link._replace(query=f"form={words.pop('form')}").geturl() == RESPOND
    (view,) = words.items()
    assert view[0] == "view"
    return view[1]


@pytest.fixture
def opened(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Open a page of the site; every request to another host, error of a script and refusal of the policy is kept."""
    contexts = []

    def open_page(path: str, *, width: int = 1280, height: int = 900, script: bool = True, **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, bypass_csp=False, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.elsewhere, page.complaints = [], []
        page.on("request", lambda request: _note_host(page, site, request.url))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda line: _note_complaint(page, line))
        page.goto(site + path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note_host(page: Any, site: str, address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != site:
        page.elsewhere.append(address)


def _note_complaint(page: Any, line: Any) -> None:
    if line.type == "error" and "status of 4" not in line.text:
        page.complaints.append(line.text)


def violations(page: Any) -> list[str]:
    """What axe finds, every folded part open."""
    page.evaluate(UNFOLD)
    # Evaluated by the test's own channel: the page's policy would refuse it as a script element.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
    return [
        f"{item['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for item in found["violations"]
        for node in item["nodes"]
    ]


def assert_sound(page: Any, picture: str = "") -> None:
    """Check that a page is accessible, calls nobody else and breaks no rule; keep a picture where asked."""
    assert violations(page) == []
    assert page.elsewhere == []
    assert page.complaints == []
    if picture and (folder := os.environ.get("EVENREACH_SCREENSHOTS")):
        page.screenshot(path=f"{folder}/{picture}.png", full_page=True)


def assert_fits(page: Any, width: int, height: int = 640) -> None:
    """Make the window so wide, and check that nothing scrolls sideways."""
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def assert_one_a4(page: Any) -> None:
    """Show a page as it prints, and check that it is one A4 and nothing is cut off at its side."""
    page.emulate_media(media="print")
    assert_fits(page, A4_WIDTH, 1000)
    assert sheets(page) == 1


def sheets(page: Any) -> int:
    """Count the sheets of A4 that a page prints on."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True)))
