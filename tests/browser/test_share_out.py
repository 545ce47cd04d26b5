"""The share-out page in a real browser: accessible, narrow, on paper, without a script, without another host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import assert_fits, assert_one_a4, assert_sound, commented

PAGE = "/places/demo/share-out"
VIEWS = [
    "",
    "?budget=250000&match=adult_skills_share",
    "?budget=40&unit=whole",
    "?budget=lots&rho=33&form=count&floor=2",
    "?budget=40&unit=whole&over=teams&form=count&minimum=1",
]
LIVE_MS = 250  # a tenth of a second on a quiet machine; here other tests run beside


@pytest.mark.parametrize("query", VIEWS)
def test_the_share_out_page_is_accessible_narrow_and_calls_nobody_else(opened: Callable[..., Any], query: str) -> None:
    page = opened(PAGE + query)
    assert_sound(page, f"share-out-{VIEWS.index(query)}")
    assert_fits(page, 320)
    assert_one_a4(page)
    assert not page.locator(".er-share-form").is_visible()


def test_a_dozen_recipients_all_stand_on_the_printed_page(opened: Callable[..., Any]) -> None:
    page = opened(f"{PAGE}?budget=40&unit=whole&over=wards", width=690, height=1000)
    assert_one_a4(page)
    rows = page.locator(".er-amounts tbody tr")
    assert rows.count() >= 12
    assert all(rows.nth(number).is_visible() for number in range(rows.count()))


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
    assert "rho=3.5" in commented(page)
    assert "budget=300%2C000" in commented(page)
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
