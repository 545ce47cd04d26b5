"""The access page in a real browser: accessible, narrow, by keyboard, on paper, without a script."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import service

AXE = Path(service.__file__).parent / "assets" / "vendor" / "axe" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGE = "/places/demo/access"
VIEWS = ["", "?service=dental&accepting=children&measure=e2sfca&minutes=99"]


@pytest.mark.parametrize("query", VIEWS)
def test_the_access_page_is_accessible_narrow_and_one_a4(browser: Any, site: str, query: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.goto(site + PAGE + query, wait_until="networkidle")
    page.wait_for_selector('[data-evenreach-map][data-state="ready"]')
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:150]) for item in found] == []
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(site).netloc}
    assert complaints == []
    if folder := os.environ.get("EVENREACH_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/access-{VIEWS.index(query)}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})
    assert not page.locator(".er-access-form").is_visible()
    assert page.locator(".evenreach-map__print").is_visible()
    assert page.locator("strong", has_text="Times on foot:").is_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.close()


def test_by_keyboard_the_table_points_at_the_map_and_the_form_asks_anew(browser: Any, site: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(site + PAGE, wait_until="networkidle")
    page.wait_for_selector('[data-evenreach-map][data-state="ready"]')
    assert (
        int(page.get_attribute("[data-evenreach-map]", "data-areas") or 0) == page.locator("#ranked tbody tr").count()
    )
    page.locator("#ranked a").first.focus()
    assert "er-row--lit" in (page.locator("#ranked tbody tr").first.get_attribute("class") or "")
    assert "Nearest:" in page.locator(".evenreach-tip").inner_text()
    assert page.locator(".leaflet-interactive[tabindex='0']").count() == 0
    page.get_by_label("Which service?").focus()
    for _ in range(8):  # the choices, the folded part's summary, the button
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
        page.keyboard.press("Tab")
    page.get_by_label("Within how many minutes?").fill("12")
    page.keyboard.press("Enter")
    page.wait_for_url("**minutes=12**")
    assert "within 12 minutes" in page.locator(".er-access-short").inner_text()
    page.close()


def test_without_a_script_the_form_table_and_picture_are_there(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGE)
    page.get_by_label("Which service?").select_option("library")
    page.get_by_role("button", name="Show").click()
    assert "service=library" in page.url
    assert "library" in page.locator("h1").inner_text()
    assert page.locator(".evenreach-map__picture").is_visible()
    assert page.locator("#ranked tbody tr").count() > 100
    context.close()
