"""The siting page in a real browser: accessible, narrow, on paper, by keyboard, without a script or another host."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import assert_fits, assert_one_a4, assert_sound

PAGE = "/places/demo/siting"
HUB = "zx3-2db-guildhall-family-hub"
BOTH = "?service=family_hub&candidates=childrens_centre&candidates=gp&objective=fair"
VIEWS = [
    f"{BOTH}&add=2&close={HUB}",
    f"{BOTH}&add=many&growth=nowhere&rho=33",
]


@pytest.mark.parametrize("query", VIEWS)
def test_the_siting_page_is_accessible_narrow_and_calls_nobody_else(opened: Callable[..., Any], query: str) -> None:
    page = opened(PAGE + query)
    assert_sound(page, f"siting-{VIEWS.index(query)}")
    assert_fits(page, 320)
    tables = "[...document.querySelectorAll('.er-siting-table--fit')]"
    assert bool(page.evaluate(f"{tables}.length")) == ("add=many" not in query)  # a wrong number leads to no plan
    fits = f"() => {tables}.every(t => t.scrollWidth <= t.parentElement.clientWidth)"
    assert page.evaluate(fits)  # no column of “Before and after” is out of sight
    assert_one_a4(page)
    assert not page.locator(".er-siting-form").is_visible()


def test_the_form_and_its_picture_work_without_a_script(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGE)
    page.get_by_label("Which service?").select_option("library")
    page.get_by_role("button", name="Show its sites").click()
    assert page.locator("#close legend").inner_text().startswith("Libraries of today")
    assert page.locator("#candidates").get_by_label(re.compile("^Libraries")).count() == 0  # they are there already
    page.get_by_label("Family Hubs (3 here)", exact=True).check()
    page.get_by_label("Postcode").fill("ZX1 1AA")
    page.get_by_label("Nobody too far away").check()
    page.get_by_role("button", name="Find the best sites").click()
    assert "objective=worst" in page.url
    assert "ZX1" not in page.url
    assert "Open " in page.locator("#siting-sentences").inner_text()
    assert page.locator(".er-siting__paper > svg").is_visible()
    page.get_by_text("Change the question").click()
    assert page.get_by_label("Nobody too far away").is_checked()
    page.get_by_label("Postcode").fill("ZX1 1AA")
    page.get_by_role("button", name="Add it").click()
    assert page.locator('#points [name="point"]').count() == 1
    assert page.get_by_label("Family Hubs (3 here)", exact=True).is_checked()
    context.close()


def test_lists_follow_the_service_and_a_click_on_the_map_adds_a_candidate(browser: Any, site: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(site + PAGE, wait_until="networkidle")
    page.evaluate("() => { window.kept = true; }")
    shown = "count => Number(document.body.dataset.sitingMarks) === count"
    page.wait_for_function(shown, arg=3)
    page.get_by_label("Children’s centres and Family Hubs").focus()
    page.keyboard.press("Space")
    page.wait_for_function(shown, arg=6)
    assert page.evaluate("document.activeElement.value") == "childrens_centre"
    page.get_by_label("Guildhall Family Hub").check()
    assert page.locator(".evenreach-site--closable").count() == 1
    page.get_by_label("Who counts?").select_option("eligible")
    closing = page.get_by_role("link", name="What if it closes? Guildhall Family Hub").get_attribute("href")
    assert "demand=eligible" in closing
    assert "focus=best-start" in closing
    page.locator("[data-of]").first.uncheck()
    assert page.locator(".evenreach-site--forbidden").count() == 1
    page.get_by_role("button", name="Add a place on the map").click()
    page.locator(".evenreach-map__frame").click(position={"x": 420, "y": 300})
    page.wait_for_function(shown, arg=7)
    assert page.get_by_label("Place 1, a place of your own").is_checked()
    page.get_by_role("button", name="Add a place on the map").click()
    page.locator(".evenreach-map__frame").click(position={"x": 300, "y": 8})
    assert "outside the area" in page.locator("#add-place-said").inner_text()
    page.get_by_role("button", name="Add a place on the map").click()
    assert page.evaluate("window.kept") is True
    page.locator("#find-sites").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**point=**")
    assert "picked" not in page.url
    assert page.url.count("candidates=site") == 2  # two of three, each by name
    assert "growth" not in page.url  # what is empty stays out of the address
    assert page.locator("#rivals-caption").count() == 1
    assert page.get_by_role("row", name=re.compile("^Place 1")).count() == 1
    link = page.get_by_label("Link to this plan").input_value()
    said = page.locator("#siting-sentences").inner_text()
    page.goto(link)
    assert page.locator("#siting-sentences").inner_text() == said
    page.wait_for_function("() => Number(document.body.dataset.sitingMarks) > 0")
    marks = int(page.evaluate("document.body.dataset.sitingMarks"))
    assert page.locator(".evenreach-site svg").count() == marks
    drawn = "[...document.querySelectorAll('.evenreach-site svg')]"
    wrong = "s => !s.parentElement.classList.contains('evenreach-site--' + s.dataset.shape)"
    guessed = f"() => {drawn}.filter({wrong}).length"
    assert page.evaluate(guessed) == 0  # every mark has the shape of what becomes of it
    page.close()
