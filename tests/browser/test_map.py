"""The map in a real Chromium: what it draws, what it says, what it must never run, and how it is used by keyboard."""

from __future__ import annotations

import json
import math
import re

import pytest
import shapely

from service.web.asset_files import FOLDER
from tests.benchmarks.peers.outlines import read_outlines
from tests.browser.conftest import sheets

NASTY = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    r"\x3cimg src=x onerror=alert(1)\x3e",
    "`+alert(1)+`",
    "</script><script>alert(1)</script>",
    "C:\\2019",
]
READY = '[data-evenreach-map][data-state="ready"]'
WHOLE = """() => {
  const map = document.querySelector('#map_evenreach').getBoundingClientRect();
  const boxes = [...document.querySelectorAll('.evenreach-area')].map(path => path.getBoundingClientRect());
  const wide = Math.max(...boxes.map(box => box.right)) - Math.min(...boxes.map(box => box.left));
  const high = Math.max(...boxes.map(box => box.bottom)) - Math.min(...boxes.map(box => box.top));
  return boxes.every(box => box.left >= map.left && box.right <= map.right && box.top >= map.top &&
    box.bottom <= map.bottom) && Math.max(wide / map.width, high / map.height) > 0.7;
}"""
PANES = "['evenreach-labels', 'markerPane'].map(name => getComputedStyle(map_evenreach.getPane(name)).zIndex)"
AXE = FOLDER / "vendor" / "axe" / "axe.min.js"


@pytest.fixture
def page(browser):
    """A page that notes what went wrong: errors, refused policies, dialogs, requests to other hosts."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(45_000)
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(f"error {error}"))
    opened.on("console", lambda line: opened.problems.append(line.text) if line.type == "error" else None)
    opened.on("dialog", lambda dialog: (opened.problems.append(f"dialog {dialog.message}"), dialog.dismiss()))
    opened.on("request", lambda asked: opened.problems.append(asked.url) if "127.0.0.1" not in asked.url else None)
    yield opened
    context.close()


def show(page, address):
    page.goto(address)
    page.wait_for_selector(READY)
    return page


def rewrite(page, pattern, change):
    """Let the application answer, and change the GeoJSON on its way to the page."""

    def handle(route):
        answer = route.fetch()
        data = json.loads(answer.text())
        change(data)
        route.fulfill(status=200, content_type="application/geo+json", body=json.dumps(data))

    page.route(re.compile(pattern), handle)


def center_of_area(page, place=0):
    return page.evaluate(
        """place => { const path = document.querySelectorAll('.evenreach-area')[place];
        const box = path.getBoundingClientRect();
        for (let i = 1; i < 20; i++) for (let j = 1; j < 20; j++) {
          const x = box.x + box.width * i / 20, y = box.y + box.height * j / 20;
          if (document.elementFromPoint(x, y) === path) return [x, y]; }
        return null; }""",
        place,
    )


def test_every_neighbourhood_is_drawn_and_nothing_is_refused(page, site):
    show(page, f"{site}/maps/demo/targeting")
    areas = page.locator(".evenreach-area").count()
    assert areas == int(page.get_attribute("[data-evenreach-map]", "data-areas")) > 50
    fills = page.eval_on_selector_all(".evenreach-area", "paths => paths.map(path => path.getAttribute('fill'))")
    swatches = page.eval_on_selector_all(
        ".evenreach-legend [data-class] rect", "rects => rects.map(rect => rect.getAttribute('fill'))"
    )
    doubtful = {f"url(#evenreach-doubt-{number})" for number in range(1, 6)}  # a class's colour, hatched
    assert set(fills) <= set(swatches) | {"url(#evenreach-hatch)"} | doubtful
    assert len(set(fills)) >= 5
    assert page.locator(".evenreach-label").count() > 3
    assert page.problems == []


def test_map_and_legend_count_the_same_classes(page, site):
    for layer in ("need", "imd", "indicator"):
        show(page, f"{site}/maps/demo/{layer}")
        drawn = page.eval_on_selector_all(
            ".evenreach-area",
            "paths => paths.map(path => path.getAttribute('fill'))",
        )
        for line in page.locator(".evenreach-legend li").all():
            count = int(line.locator("span").last.inner_text().split()[0].replace(",", ""))
            number = line.get_attribute("data-class")
            colour = line.locator("rect").first.get_attribute("fill") if number != "0" else "url(#evenreach-hatch)"
            doubtful = drawn.count(f"url(#evenreach-doubt-{number})")
            assert drawn.count(colour) + doubtful == count, (layer, number)


def test_the_map_is_one_labelled_region_and_its_areas_are_no_tab_stops(page, site):
    show(page, f"{site}/maps/demo/need")
    region = page.get_by_role("region", name=re.compile("^Map of "))
    assert region.count() == 1
    assert page.locator("#map_evenreach svg.leaflet-zoom-animated:not([aria-hidden])").count() <= 2  # in hidden panes
    stops = page.evaluate(
        """() => [...document.querySelectorAll('#map_evenreach *')]
        .filter(e => e.tabIndex >= 0 && e.checkVisibility()).map(e => e.textContent)"""
    )
    assert stops == ["+", "−"]  # and the way back, once the map was moved


def test_names_stay_text_everywhere(page, site):
    def poison(data):
        for place, feature in enumerate(data["features"]):
            for key, value in feature["properties"].items():
                if isinstance(value, str) and key != "service":
                    feature["properties"][key] = NASTY[place % len(NASTY)]

    rewrite(page, r"/geojson/demo/(?!outlines)", poison)
    show(page, f"{site}/maps/demo/need")
    for box in page.locator("[data-map-service]").all():
        box.check()
    page.wait_for_selector(".evenreach-site")
    assert set(page.locator(".evenreach-label").all_inner_texts()) <= set(NASTY)
    seen = set()
    for place in range(40):
        at = center_of_area(page, place)
        if at:
            page.mouse.move(*at)
            page.mouse.click(*at)
            seen.add(page.locator("[data-map-details] strong").inner_text())
    markers = page.locator(".evenreach-site")
    for place in range(min(12, markers.count())):
        markers.nth(place).dispatch_event("mouseover")
    assert seen == set(NASTY)
    assert page.locator(".evenreach-map img:not(.evenreach-map__print), .evenreach-map script").count() == 0
    assert [problem for problem in page.problems if "dialog" in problem or "error " in problem] == []


def test_the_script_reads_outlines_as_they_are_written(page, site):
    show(page, f"{site}/maps/demo/need")
    asked = page.get_attribute("[data-evenreach-map]", "data-outlines")
    written, drawn = page.evaluate(
        """async address => { const outlines = await (await fetch(address)).text();
        const figures = await (await fetch('/geojson/demo/need?detail=figures')).json();
        return [outlines, window.evenreachShapes.outlined(figures, JSON.parse(outlines)).features]; }""",
        asked,
    )
    shapes = read_outlines(written.encode()).shapes
    assert len(drawn) == len(shapes) == page.locator(".evenreach-area").count()
    for feature in drawn:
        read = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shapely.equals_exact(read, shapes[feature["id"]], 1e-9), feature["id"]


def test_a_missing_figure_is_hatched(page, site):
    def lose(data):
        for name in ("need_fifth", "need_score", "need_position", "targeting_score"):
            data["features"][0]["properties"][name] = None

    rewrite(page, r"/geojson/demo/need", lose)
    show(page, f"{site}/maps/demo/need")
    assert page.locator(".evenreach-area").first.get_attribute("fill") == "url(#evenreach-hatch)"
    page.mouse.move(*center_of_area(page, 0))
    assert "No figure" in page.locator(".evenreach-tip").inner_text()


def test_pointing_at_the_map_tells_the_page_and_the_other_way_round(page, site):
    show(page, f"{site}/maps/demo/need")
    page.evaluate("window.told = []; document.addEventListener('evenreach:highlight', e => window.told.push(e.detail))")
    page.mouse.move(*center_of_area(page, 3))
    told = page.evaluate("window.told")
    assert told[-1]["from"] == "map"
    assert re.fullmatch("[A-Z][0-9]{8}", told[-1]["code"])
    page.mouse.move(5, 5)
    page.evaluate(
        "code => document.dispatchEvent(new CustomEvent('evenreach:highlight', {detail: {code, from: 'table'}}))",
        told[-1]["code"],
    )
    assert page.locator(".leaflet-evenreach-mark-pane path").count() == 2
    page.wait_for_function("() => document.querySelectorAll('.evenreach-tip strong').length === 1")
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('evenreach:highlight', {detail: {code: null, from: 'table'}}))"
    )
    assert page.locator(".leaflet-evenreach-mark-pane path").count() == 0
    page.wait_for_function("() => document.querySelectorAll('.evenreach-tip').length === 0")


def test_choosing_a_neighbourhood_leads_to_its_page(page, site):
    show(page, f"{site}/maps/demo/need?rho=2")
    page.mouse.click(*center_of_area(page, 4))
    link = page.locator("[data-map-details] a")
    assert re.fullmatch(r"/places/demo/neighbourhoods/[A-Z]\d{8}\?rho=2", link.get_attribute("href"))


def test_the_dial_moves_the_legend_and_no_colour(page, site):
    show(page, f"{site}/maps/demo/targeting")
    fills = "paths => paths.map(path => path.getAttribute('fill'))"
    before = page.eval_on_selector_all(".evenreach-area", fills)
    page.evaluate("document.dispatchEvent(new CustomEvent('evenreach:dial', {detail: {rho: 1}}))")
    assert page.locator("[data-range]").all_inner_texts() == ["1.00 times the average"] * 5
    page.evaluate("document.dispatchEvent(new CustomEvent('evenreach:dial', {detail: {rho: 4.25}}))")
    moved = page.locator("[data-range]").all_inner_texts()
    assert page.eval_on_selector_all(".evenreach-area", fills) == before
    page.goto(f"{site}/maps/demo/targeting?rho=4.25")
    assert page.locator("[data-range]").all_inner_texts() == moved  # the server says the same


def test_a_failure_is_said_and_can_be_tried_again(page, site):
    page.route(re.compile("/geojson/"), lambda route: route.fulfill(status=503, body="{}"))
    page.goto(f"{site}/maps/demo/need")
    page.wait_for_selector('[data-state="failed"]')
    message = page.locator("[data-map-message]")
    assert message.is_visible()
    assert "could not be loaded" in message.inner_text()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(READY)
    assert not message.is_visible()


@pytest.mark.parametrize("times_slower", [1, 8])
def test_a_map_that_is_ready_shows_its_whole_place(page, site, times_slower):
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times_slower})
    page.add_init_script(f"""new MutationObserver(() => {{
      const root = document.querySelector('[data-evenreach-map]'), whole = {WHOLE};
      if (root && root.dataset.state === 'ready') {{ root.dataset.whole ??= whole(); }}
    }}).observe(document, {{subtree: true, attributeFilter: ['data-state']}})""")
    for _ in range(2):  # the figures of the second come at once
        show(page, f"{site}/maps/demo/need")
        assert page.locator(READY).get_attribute("data-whole") == "true"


def test_a_missing_library_is_said(page, site):
    page.route(re.compile("leaflet.js"), lambda route: route.abort())
    page.goto(f"{site}/maps/demo/need")
    page.wait_for_selector('[data-state="failed"]')
    assert "could not be started" in page.locator("[data-map-message]").inner_text()


def test_the_keyboard_moves_and_zooms(page, site):
    show(page, f"{site}/maps/demo/need")
    page.locator("#map_evenreach").focus()
    before = page.evaluate("[map_evenreach.getZoom(), map_evenreach.getCenter().lng]")
    page.keyboard.press("+")
    page.wait_for_function("zoom => map_evenreach.getZoom() > zoom", arg=before[0])
    page.keyboard.press("ArrowRight")
    page.wait_for_function("lng => map_evenreach.getCenter().lng > lng", arg=before[1])
    page.get_by_role("button", name="Whole place").click()
    page.wait_for_function("zoom => map_evenreach.getZoom() === zoom", arg=before[0])
    assert page.get_by_role("button", name="Whole place").count() == 0
    assert page.evaluate("document.activeElement.id") == "map_evenreach"


def test_the_wheel_belongs_to_the_page_until_the_map_is_chosen(page, site):
    show(page, f"{site}/maps/demo/need")
    assert page.evaluate("map_evenreach.scrollWheelZoom.enabled()") is False
    page.locator("#map_evenreach").focus()
    assert page.evaluate("map_evenreach.scrollWheelZoom.enabled()") is True


def drag_up_with_a_finger(page):
    box, touch = page.locator("#map_evenreach").bounding_box(), page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for moved in range(10, 101, 10):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - moved}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(500)  # a tap while the page still glides would only stop it


@pytest.fixture
def phone(browser, site):
    """The map on a phone, in the middle of its page."""
    context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    opened = show(context.new_page(), f"{site}/maps/demo/need")
    opened.evaluate("document.querySelector('#map_evenreach').scrollIntoView({block: 'center'})")
    yield opened
    context.close()


def test_one_finger_scrolls_the_page_until_the_map_is_tapped(phone):
    where = "[window.scrollY, map_evenreach.getCenter().lat]"
    begun, centre = phone.evaluate(where)
    drag_up_with_a_finger(phone)
    phone.wait_for_function("begun => window.scrollY > begun + 40", arg=begun)
    assert phone.evaluate(where)[1] == centre
    phone.evaluate("document.querySelector('#map_evenreach').scrollIntoView({block: 'center'})")
    phone.touchscreen.tap(*center_of_area(phone, 3))
    phone.wait_for_function("() => map_evenreach.dragging.enabled()")
    scrolled = phone.evaluate("window.scrollY")
    drag_up_with_a_finger(phone)
    phone.wait_for_function("centre => map_evenreach.getCenter().lat < centre", arg=centre)
    assert phone.evaluate("window.scrollY") == scrolled
    touch_action = "getComputedStyle(document.querySelector('#map_evenreach')).touchAction"
    assert phone.evaluate(touch_action) == "none"
    phone.evaluate("document.activeElement.blur()")
    assert phone.evaluate(touch_action) == "pan-x pan-y"  # two fingers still zoom


def test_a_mouse_moves_the_map_at_once(page, site):
    show(page, f"{site}/maps/demo/need")
    assert page.evaluate("map_evenreach.dragging.enabled()") is True


CARDS = """() => {
  const map = document.querySelector('#map_evenreach').getBoundingClientRect();
  return [...document.querySelectorAll('.evenreach-tip')].map(tip => tip.getBoundingClientRect()).map(card =>
    Math.min(card.left - map.left, map.right - card.right, card.top - map.top, map.bottom - card.bottom));
}"""


def test_no_card_is_cut_at_the_edge_of_the_map(phone):
    phone.locator("[data-map-service]").first.check()
    phone.wait_for_selector(".evenreach-site")
    phone.evaluate("""() => map_evenreach.eachLayer(layer => {
      if (layer.feature) { layer.feature.properties.msoa21hclnm = 'A neighbourhood with quite a long name'; }
    })""")
    rooms = []
    for place in range(0, phone.locator(".evenreach-area").count(), 4):
        if at := center_of_area(phone, place):
            phone.touchscreen.tap(*at)
            rooms += phone.evaluate(CARDS)
    for site in phone.locator(".evenreach-site").all():
        site.dispatch_event("mouseover")
        rooms += phone.evaluate(CARDS)
        site.dispatch_event("mouseout")
    assert len(rooms) > 15
    assert min(rooms) > -0.5


def test_escape_closes_any_card_wherever_the_focus_is(page, site):
    show(page, f"{site}/maps/demo/sites")
    card = page.locator(".evenreach-tip")
    page.mouse.move(*center_of_area(page, 3))
    card.wait_for()
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.press("Escape")
    card.wait_for(state="detached")
    page.locator(".evenreach-site").first.dispatch_event("mouseover")
    card.wait_for()
    page.locator("[data-map-service]").first.focus()
    page.keyboard.press("Escape")
    card.wait_for(state="detached")
    page.evaluate("""() => document.dispatchEvent(new CustomEvent('evenreach:highlight', {detail: {from: 'table',
      code: Object.values(map_evenreach._layers).find(layer => layer.feature?.id).feature.id}}))""")
    card.wait_for()
    page.keyboard.press("Escape")
    card.wait_for(state="detached")


def test_sites_can_be_shown_and_hidden_by_service(page, site):
    show(page, f"{site}/maps/demo/sites")
    all_shown = page.locator(".evenreach-site").count()
    different = "paths => [...new Set(paths.map(p => p.getAttribute('d')))]"
    shapes = page.eval_on_selector_all(".evenreach-site path", different)
    services = page.locator("[data-map-service]")
    assert len(shapes) == services.count() >= 3
    names, marks = page.evaluate(PANES)
    assert int(names) > int(marks)  # no mark covers a letter
    services.first.uncheck()
    assert 0 < page.locator(".evenreach-site").count() < all_shown


def test_services_are_fetched_when_first_wanted(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/sites?" in request.url else None)
    show(page, f"{site}/maps/demo/need")
    assert not any("service=dental" in address for address in asked)
    page.locator('[data-map-service][value="dental"]').check()
    page.wait_for_function("() => document.querySelectorAll('.evenreach-site').length > 0")
    assert sum("service=dental" in address for address in asked) == 1


@pytest.mark.parametrize("width", [320, 768, 1400])
def test_no_width_scrolls_sideways(page, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, f"{site}/maps/demo/targeting")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#map_evenreach").bounding_box()
    assert box["width"] > 0.5 * min(width, 900)
    assert 300 <= box["height"] <= (380 if width == 320 else 600)  # however long the legend beside it is
    for turned in ((320, 800), (640, 360), (360, 640)):
        page.set_viewport_size(dict(zip(("width", "height"), turned, strict=True)))
        page.wait_for_function(WHOLE)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(f"() => !map_evenreach._animatingZoom && !({WHOLE})()")
    chosen = page.evaluate("map_evenreach.getZoom()")
    page.set_viewport_size({"width": 390, "height": 640})
    page.wait_for_function("() => map_evenreach.getSize().x > 340")
    assert page.evaluate("map_evenreach.getZoom()") == chosen  # a reader's own choice is kept


def test_without_a_script_the_picture_stands_in(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/maps/demo/targeting")
    picture = page.locator(".evenreach-map__picture")
    assert picture.is_visible()
    assert page.locator("#map_evenreach").is_hidden()
    assert "Map of" in picture.get_attribute("alt")
    assert page.evaluate("document.querySelector('.evenreach-map__picture').naturalWidth") == 1120
    key, legend = page.locator(".evenreach-key"), page.locator(".evenreach-map__legend")
    assert (key.is_visible(), legend.is_visible()) == (False, False)  # the picture has no sites, and its own legend
    page.set_viewport_size({"width": 320, "height": 640})
    assert (key.is_visible(), legend.is_visible()) == (False, True)  # too small to read there
    context.close()


def test_paper_gets_the_picture_of_the_map(page, site):
    show(page, f"{site}/maps/demo/targeting?rho=5")
    printed = page.locator(".evenreach-map__print")
    assert printed.is_hidden()
    page.locator(".evenreach-map__print[src*='rho=5']").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.emulate_media(media="print")
    assert printed.is_visible()
    assert printed.evaluate("picture => picture.naturalWidth") == 1120
    assert page.locator("#map_evenreach").is_hidden()
    assert sheets(page) == 1
    legend = page.locator(".evenreach-legend span").first
    assert legend.is_visible()
    assert legend.evaluate("line => 0.75 * parseFloat(getComputedStyle(line).fontSize)") >= 7  # points
    assert page.locator(".evenreach-layers, #take-heading").all_inner_texts()  # on the screen alone
    assert page.locator(".evenreach-layers:visible, #take-heading:visible").count() == 0
    page.evaluate("document.dispatchEvent(new CustomEvent('evenreach:dial', {detail: {rho: 2}}))")
    page.locator(".evenreach-map__print[src*='rho=2']").wait_for(state="attached")


def test_borderline_areas_are_hatched_in_the_colour_of_their_class(page, site):
    show(page, f"{site}/maps/demo/need?focus=best-start")
    counted = int(re.search(r"(\d+) neighbourhoods", page.locator(".evenreach-legend__hatched").inner_text())[1])
    hatched = page.locator("path.evenreach-area[fill^='url(#evenreach-doubt-']")
    assert hatched.count() == counted > 0
    assert page.locator("#evenreach-doubt-1 rect").count() == 3
    show(page, f"{site}/maps/demo/imd")
    assert page.locator("path.evenreach-area[fill^='url(#evenreach-doubt-']").count() == 0


def test_named_classes_have_their_colours(page, site):
    show(page, f"{site}/maps/demo/clusters?focus=best-start")
    for line in page.locator(".evenreach-legend li").all():
        colour = line.locator("rect").first.get_attribute("fill")
        counted = int(re.search(r"(\d+) neighbourhood", line.inner_text())[1])
        assert page.locator(f"path.evenreach-area[fill='{colour}']").count() == counted


@pytest.mark.parametrize("layer", ["targeting", "indicator", "certainty", "clusters", "sites"])
def test_axe_finds_nothing(browser, site, layer):
    if not AXE.is_file():
        pytest.skip("axe-core is not among the browser assets")
    context = browser.new_context(bypass_csp=True, viewport={"width": 1200, "height": 900})
    page = show(context.new_page(), f"{site}/maps/demo/{layer}")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]] == []
    context.close()


def many_squares(count, corners=60):
    """Round neighbourhoods side by side, as many and as detailed as those of a care board."""
    side = math.ceil(math.sqrt(count))
    features = []
    for place in range(count):
        west, south = -3 + place % side * 0.01, 53.5 + place // side * 0.006
        ring = [
            [west + 0.005 * math.cos(2 * math.pi * k / corners), south + 0.003 * math.sin(2 * math.pi * k / corners)]
            for k in range(corners)
        ]
        facts = {"need_fifth": 1 + place % 5, "need_score": place / 20, "msoa21hclnm": f"Area {place // 5}"}
        features.append(
            {
                "type": "Feature",
                "id": f"E{place:08d}",
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
                "properties": facts,
            }
        )
    return {"type": "FeatureCollection", "features": features}


def test_a_thousand_neighbourhoods_draw_in_two_seconds(page, site):
    body = json.dumps(many_squares(1060))
    page.route(
        re.compile(r"/geojson/demo/need"),
        lambda route: route.fulfill(status=200, content_type="application/geo+json", body=body),
    )
    drawn = []
    while len(drawn) < 3 and min(drawn, default=2000) >= 2000:  # three turns: other programs may run on the machine
        show(page, f"{site}/maps/demo/need")
        assert page.locator(".evenreach-area").count() == 1060
        drawn.append(int(page.get_attribute("[data-evenreach-map]", "data-drawn-ms")))
    assert min(drawn) < 2000


def test_no_name_lies_under_a_button_or_the_scale_or_is_cut_at_a_side(page, site):
    show(page, f"{site}/maps/demo/need")
    hidden = """() => {
      const covers = (a, b) => a.right > b.left && a.left < b.right && a.bottom > b.top && a.top < b.bottom;
      const boxes = which => [...document.querySelectorAll(which)].map(each => each.getBoundingClientRect());
      const names = boxes('.evenreach-label'), controls = boxes('.leaflet-control').filter(box => box.width);
      const map = document.querySelector('#map_evenreach').getBoundingClientRect();
      const cut = names.filter(name => name.left < map.left || name.right > map.right);
      return [names.length, controls.length, names.filter(a => controls.some(b => covers(a, b))).length + cut.length];
    }"""
    seen = 0
    for x, y in ((0, 0), (80, 0), (0, 60), (80, 60), (-80, -60)):  # names pass under the buttons as the map moves
        page.evaluate("by => map_evenreach.panBy(by, {animate: false})", [x, y])
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        names, controls, covered = page.evaluate(hidden)
        assert controls >= 2
        assert covered == 0
        seen += names
    assert seen > 20


def test_a_large_place_shows_councils_first_and_neighbourhoods_when_near(page, site):
    def as_large(route):
        answer = route.fetch()
        text = answer.text().replace('data-councils=""', 'data-councils="/geojson/demo/councils"')
        text = text.replace("detail=figures", "detail=map")
        route.fulfill(status=200, headers={"content-type": "text/html"}, body=text)

    asked = []
    page.on("request", lambda request: asked.append(request.url) if "bbox=" in request.url else None)
    page.route(re.compile(r"/maps/demo/need$"), as_large)
    show(page, f"{site}/maps/demo/need")
    councils = page.locator(".evenreach-area").count()
    assert councils < 20
    page.locator(".evenreach-area").first.dispatch_event("mouseover")  # the map may still settle under a real mouse
    card = page.locator(".evenreach-tip").inner_text()
    assert "neighbourhoods" in card
    middle = page.request.get(f"{site}/geojson/demo/councils").json()["features"][0]["properties"]
    assert f"Its middle neighbourhood:\nNeed score: {middle['middle_need_score']:.1f} of 100" in card
    assert f"\nFifth {middle['middle_need_fifth']:.0f}" in card
    page.mouse.click(*center_of_area(page, 0))  # a council that is chosen shows its neighbourhoods
    page.wait_for_function("count => document.querySelectorAll('.evenreach-area').length > count", arg=councils)
    page.wait_for_selector(READY)
    assert len(asked) == 1  # one request for a move, not one for every frame of it
    page.evaluate("map_evenreach.setZoom(9, {animate: false})")
    page.wait_for_function("count => document.querySelectorAll('.evenreach-area').length === count", arg=councils)
