"""The share-out page in a real browser: accessible, narrow, on paper, without a script, without another host."""

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
PAGE = "/places/demo/share-out"
VIEWS = [
    "",
    "?budget=250000&match=adult_skills_share",
    "?budget=40&unit=whole",
    "?budget=lots&rho=33&form=count&floor=2",
    "?budget=40&unit=whole&over=teams&form=count&minimum=1",
]
LIVE_MS = 100


@pytest.mark.parametrize("query", VIEWS)
def test_the_share_out_page_is_accessible_narrow_and_calls_nobody_else(browser: Any, site: str, query: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.goto(site + PAGE + query, wait_until="networkidle")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:150]) for item in found] == []
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(site).netloc}
    assert complaints == []
    if folder := os.environ.get("EVENREACH_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/share-out-{VIEWS.index(query)}.png")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 690, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert not page.locator(".er-share-form").is_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    page.close()


def test_a_dozen_recipients_all_stand_on_the_printed_page(browser: Any, site: str) -> None:
    page = browser.new_page(viewport={"width": 690, "height": 1000})
    page.goto(f"{site}{PAGE}?budget=40&unit=whole&over=wards", wait_until="networkidle")
    page.emulate_media(media="print")
    rows = page.locator(".er-amounts tbody tr")
    assert rows.count() >= 12
    assert all(rows.nth(number).is_visible() for number in range(rows.count()))
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    page.close()


def test_the_form_works_without_a_script_and_keeps_its_state_in_the_address(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGE)
    page.get_by_label("Budget").fill("£40")
    page.get_by_label("How to divide it").select_option("whole")
    page.get_by_label("Who receives").select_option("teams")
    page.get_by_role("button", name="Share it out").click()
    assert "unit=whole" in page.url
    assert "over=teams" in page.url
    assert "6 team areas" in page.locator(".er-share-result").inner_text()
    page.goto(page.url)
    assert page.get_by_label("Who receives").input_value() == "teams"
    with page.expect_download() as started:
        page.get_by_role("link", name="Certificate (JSON)").click()
    assert started.value.suggested_filename.endswith(".certificate.json")
    context.close()


def test_figures_follow_the_dial_and_the_budget_without_a_reload(browser: Any, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}{PAGE}?budget=250000", wait_until="networkidle")
    page.evaluate(
        """() => { window.kept = true; window.took = [];
        document.addEventListener('evenreach:shared', () => window.took.push(performance.now() - window.begun)); }"""
    )
    move = """rho => { const dial = document.getElementById('rho-range');
        dial.value = rho; window.begun = performance.now();
        dial.dispatchEvent(new Event('input', {bubbles: true})); }"""
    for number, rho in enumerate(("5", "8.25", "1", "10.5", "3.5"), 1):
        page.evaluate(move, rho)
        page.wait_for_function("count => window.took.length >= count", arg=number)
        assert page.locator("#share-rule").inner_text() == f"Overall deprivation, with the dial at {rho}:"
    assert min(page.evaluate("window.took")) < LIVE_MS
    assert page.get_by_role("spinbutton").input_value() == "3.5"
    page.get_by_label("Budget").fill("300,000")
    page.wait_for_function("() => document.querySelector('.er-share-result').textContent.includes('£300,000.00')")
    page.wait_for_url("**rho=3.5")
    assert "budget=300000&" not in page.url  # as typed: the link below has it plain
    link = page.get_by_label("Link to this share-out").input_value()
    assert link == f"{site}{PAGE}?rho=3.5&budget=300000"
    page.wait_for_function("() => document.getElementById('share-said').textContent.includes('£300,000.00')")
    page.get_by_label("Budget").fill("lots")
    page.locator(".er-share-said--fault").wait_for()
    assert "Enter the budget as a number" in page.locator("#share-said").inner_text()
    assert page.get_by_label("Budget").get_attribute("aria-invalid") == "true"
    assert "£300,000.00" in page.locator(".er-share-result").inner_text()
    page.get_by_label("Budget").fill("")
    page.get_by_role("button", name="Share it out").click()
    assert page.locator("#share-said").inner_text().startswith("Enter a budget.")
    assert page.evaluate("window.kept") is True
    live = page.locator(".er-amounts tbody tr:not(.er-print-only) td:last-child").all_inner_texts()
    page.goto(link)
    assert page.locator(".er-amounts tbody tr:not(.er-print-only) td:last-child").all_inner_texts() == live
    page.close()
