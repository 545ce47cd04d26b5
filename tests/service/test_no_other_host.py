"""Every answer refers to this site alone: other hosts stand in links to sources, and nowhere that a browser loads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from geodata.catalogue import load_catalogue
from service.web.asset_files import FOLDER
from tests.service.conftest import Served
from tests.service.examples import EXAMPLES, REFUSED, addresses, read_routes, without_example

OURS = "http://127.0.0.1:8000"  # the public address of a server that was told none
MADE_WITH = {"leafletjs.com", "python-visualization.github.io", "frontend.design-system.service.gov.uk"}
LICENCES = {"www.nationalarchives.gov.uk", "opensource.org", "www.openstreetmap.org", "opendatacommons.org"}
STANDARDS = {"www.opengis.net", "www.w3.org", "json-schema.org", "geojson.org"}  # names of things, never fetched
NAMES = re.compile(r"https?://www\.w3\.org/(?:2000/svg|1999/xlink|1999/xhtml)")
ABSOLUTE = re.compile(r"(?:https?|ftp|wss?):|//")
IN_STYLE = re.compile(r"@import|url\(\s*['\"]?(?:https?:|//)", re.IGNORECASE)
SAID = {"alt", "aria-label", "content", "label", "placeholder", "title", "value"}  # attributes that hold text


def source_hosts() -> set[str]:
    """Hosts of the publishers and licences that pages link to."""
    catalogue = load_catalogue().values()
    found = {urlsplit(text).hostname or "" for source in catalogue for text in (source.landing_page, source.address)}
    return found | LICENCES | MADE_WITH


class References(HTMLParser):
    """Everything in a page that leads elsewhere, and whatever would run or style it from inside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.loaded.append("meta refresh")
        described = tag == "link" and given.get("rel") in ("alternate", "canonical")
        for name, value in given.items():
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                self.inline.append(f"{tag} {name}")
            elif not ABSOLUTE.match(value.strip().lower()):
                continue
            elif name == "href" and (tag == "a" or described):
                self.links.add(value)
            elif name not in SAID and not NAMES.fullmatch(value):
                self.loaded.append(f"{tag} {name}={value}")


def texts(value: object) -> Iterator[str]:
    """Every text of a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def check_page(text: str) -> None:
    found = References(text)
    assert found.inline == []
    assert found.loaded == []
    assert {urlsplit(link).hostname for link in found.links if not link.startswith(OURS)} <= source_hosts()


def check_data(text: str) -> None:
    absolute = {part for part in texts(json.loads(text)) if re.match(r"https?://", part)}
    elsewhere = {urlsplit(part).hostname for part in absolute if not part.startswith(OURS)}
    assert elsewhere <= STANDARDS | source_hosts()


def test_every_route_has_an_example(served: Served) -> None:
    """A new route is walked by this file too: give its address in `tests.service.examples`."""
    assert without_example(read_routes(served.app)) == []


def test_no_example_is_of_a_route_that_is_gone(served: Served) -> None:
    assert set(EXAMPLES) <= set(read_routes(served.app))


@pytest.mark.parametrize("address", addresses())
def test_an_answer_refers_to_no_other_host(served: Served, address: str) -> None:
    answer = served.get(address)
    kind = answer.headers["content-type"].partition(";")[0]
    assert answer.status_code == REFUSED.get(address, 200), answer.text[:300]
    if kind == "text/html":
        check_page(answer.text)
    elif kind in ("text/css", "text/javascript", "image/svg+xml"):
        assert not IN_STYLE.search(answer.text)
        assert not re.search(r"https?://", NAMES.sub("", answer.text))
    elif "json" in kind:
        check_data(answer.text)


@pytest.mark.parametrize("address", ["/nothing/here", "/places/nowhere", "/places/demo?rho=21", "/embed/demo/nothing"])
def test_an_error_page_refers_to_no_other_host(served: Served, address: str) -> None:
    answer = served.get(address)
    assert answer.status_code in (404, 422)
    check_page(answer.text)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.css")), ids=lambda path: path.name)
def test_no_style_sheet_loads_from_another_host(path: Path) -> None:
    assert not IN_STYLE.search(path.read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_no_script_of_ours_names_another_host(path: Path) -> None:
    """Those of the npm packages name their makers; what they ask for is watched in a browser."""
    assert not re.search(r"https?://", NAMES.sub("", path.read_text("utf-8")))
