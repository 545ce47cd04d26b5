"""The access page in a real browser: accessible, narrow, by keyboard, on paper, without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import assert_fits, assert_one_a4, assert_sound

PAGE = "/places/demo/access"
VIEWS = ["", "?service=dental&accepting=children&measure=e2sfca&minutes=99"]


@pytest.mark.parametrize("query", VIEWS)
def test_the_access_page_is_accessible_narrow_and_one_a4(opened: Callable[..., Any], query: str) -> None:
    page = opened(PAGE + query)
    page.wait_for_selector('[data-evenreach-map][data-state="ready"]')
    assert_sound(page, f"access-{VIEWS.index(query)}")
    assert_fits(page, 320)
    assert_one_a4(page)
    assert not page.locator(".er-access-form").is_visible()
    assert page.locator(".evenreach-map__print").is_visible()
    assert page.locator("strong", has_text="Times on foot:").is_visible()


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
    assert page.evaluate("document.activeElement.textContent").strip() == "Show"
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
