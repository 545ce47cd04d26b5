"""Names that try to run stay text: on every page, map and embed, in both written maps, and in every download."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pypdf
import pytest
from markupsafe import escape
from typer.testing import CliRunner

from service.commands.main import app as commands
from service.editions.edition import open_edition
from service.files.downloads import MEDIA_TYPES
from service.routes import share_outs, sitings
from tests.hostile import NASTY, OWN_TEAM, hostile_store
from tests.running import running
from tests.service.conftest import Served
from tests.service.examples import EXAMPLES, addresses
from tests.service.test_no_other_host import texts

TENANT = f"T {NASTY}"
MARK = "onerror=alert"
READY = '[data-evenreach-map][data-state="ready"]'
SHOWN = """(() => { const copy = document.documentElement.cloneNode(true);
    copy.querySelectorAll('script, style').forEach(part => part.remove());
    return copy.textContent; })()"""
OWN = [
    f"/places/demo?within=team:patches/{OWN_TEAM}",
    "/maps/demo/indicator?indicator=checks",
    "/indicators/checks?place=demo",
]
SHARED = [f"/downloads/demo/share-out.{kind}?budget=1000&over=msoas" for kind in share_outs.MEDIA]
PLANNED = [f"/downloads/demo/siting.{kind}?service=family_hub&candidates=library&add=1" for kind in sitings.MEDIA]
assert "siting.csv" in PLANNED[0]
assert "certificate" in SHARED[-1]
NAMES = ("lsoa21nm", "msoa21hclnm", "wd24nm", "lad24nm")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_store(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def tenant() -> Iterator[None]:
    """Somebody with a hostile name runs the site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENREACH_TENANT_NAME", TENANT)
        yield


@pytest.fixture(scope="module")
def answers(store: Path, tenant: None) -> dict[str, httpx.Response]:
    """What every route says; asked for once, and before a browser takes the event loop."""
    served = Served(store)
    found = {address: served.get(address) for address in [*addresses(), *OWN, *SHARED, *PLANNED]}
    served.close()
    return found


@pytest.fixture(scope="module")
def site(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site on a port of its own."""
    with running(store, tmp_path_factory.mktemp("site") / "log", tenant_name=TENANT) as server:
        yield server.address


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """One page for all: it notes dialogs, errors, what the policy refused, and every request with its address."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.problems, opened.asked = [], []
    opened.on("pageerror", lambda error: opened.problems.append(f"error {error}"))
    opened.on("console", lambda line: opened.problems.append(line.text) if line.type == "error" else None)
    opened.on("dialog", lambda dialog: (opened.problems.append(f"dialog {dialog.message}"), dialog.dismiss()))
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    context.close()


class Read(HTMLParser):
    """The texts of a page and its attributes as a browser reads them, and what would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.runs: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if (tag == "img" and given.get("src") == "x") or (tag == "script" and "src" not in given):
            self.runs.append(tag)
        self.runs += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        self.said += given.values()

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def broken(said: str) -> str:
    """Show where a hostile name does not stand as it was given: whole, cut off by "…", or as HTML to be copied."""
    names = [NASTY, str(escape(NASTY)), *(f"{NASTY[:end].rstrip()}…" for end in range(len(NASTY) - 1, 5, -1))]
    said = said.replace("\\\\", "\\")  # JSON in a data attribute
    for name in names:
        said = said.replace(name, "#")
    found = re.search(MARK, said)
    return said[max(0, found.start() - 60) : found.end() + 60] if found else ""


def kind_of(answer: httpx.Response) -> str:
    return answer.headers["content-type"].partition(";")[0]


# ---- as it is sent -------------------------------------------------------------------------------------------------


def test_every_page_holds_the_names_as_text(answers: dict[str, httpx.Response]) -> None:
    seen = 0
    for address, answer in answers.items():
        if kind_of(answer) != "text/html":
            continue
        read = Read(answer.text)
        said = "\n".join(read.said)
        assert read.runs == [], address
        assert broken(said) == "", address
        assert NASTY in said, address
        seen += said.count(NASTY)
    assert seen > 2_000


def said_in_mark_up(answer: httpx.Response) -> str:
    """Read a picture or a fragment to copy, which is HTML that is shown as text."""
    read = Read(answer.text)
    assert set(read.runs) <= {"img style"}  # a fragment's picture fits any page: fixed words of ours
    return "\n".join(read.said)


def said_in_cells(answer: httpx.Response) -> str:
    """Read every cell of a workbook."""
    sheets = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).worksheets
    rows = (row for sheet in sheets for row in sheet.iter_rows(values_only=True))
    return "\n".join(str(cell) for row in rows for cell in row if cell is not None)


def said_on_paper(answer: httpx.Response) -> str:
    """Read a PDF; a line may end at any space, so that every space is the same."""
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


SAID: dict[str, Callable[[httpx.Response], str]] = {
    "image/svg+xml": said_in_mark_up,
    "text/plain": said_in_mark_up,
    "text/csv": lambda answer: "\n".join(cell for row in csv.reader(io.StringIO(answer.text)) for cell in row),
    "text/css": lambda answer: answer.text,
    "text/javascript": lambda answer: answer.text,
    MEDIA_TYPES["xlsx"]: said_in_cells,
}


def said_in(answer: httpx.Response) -> str:
    """Give all that an answer says, as what it is made for would read it."""
    kind = kind_of(answer)
    return "\n".join(texts(answer.json())) if "json" in kind else SAID[kind](answer)


ELSEWHERE = {
    "text/html": "the test above",
    "application/pdf": "the test below: in a narrow column a name is cut off",
    "image/png": "made of the picture in SVG, which is read here",
}


def test_data_pictures_and_files_hold_the_names_whole(answers: dict[str, httpx.Response]) -> None:
    seen = 0
    for address, answer in answers.items():
        if kind_of(answer) in ELSEWHERE:
            continue
        said = said_in(answer)
        assert broken(said) == "", address
        seen += said.count(NASTY)
    assert seen > 2_000


def test_files_of_share_outs_and_plans_hold_every_name(answers: dict[str, httpx.Response], store: Path) -> None:
    edition = open_edition(store, "demo")
    areas = [area["name"] for area in edition.footprints("msoa")]
    hoods = [name for name, *_ in names_of(store, "")]
    candidates = [site["name"] for site in edition.sites() if site["service"] == "library" and site["inside"]]
    listed = dict.fromkeys(SHARED, areas) | dict.fromkeys(PLANNED, candidates)
    listed |= {PLANNED[0]: hoods, SHARED[-1]: []}  # a certificate knows recipients by their codes
    for address, names in listed.items():
        answer = answers[address]
        assert answer.status_code == 200, address
        if kind_of(answer) == "application/pdf":
            said = said_on_paper(answer)
            assert NASTY in said, address  # in its heading
            names = [name.partition("${")[0] for name in names]
        else:
            said = said_in(answer)
        assert [name for name in names if name not in said] == [], address


# ---- in a browser --------------------------------------------------------------------------------------------------


def watched(page: Any, address: str) -> str:
    """Open an address, let its map be drawn, and give all the text that then stands in it."""
    page.problems.clear()
    page.asked.clear()
    page.goto(address)
    if page.locator("[data-evenreach-map]").count():
        page.wait_for_selector(READY)
    assert page.locator("img[src=x], [onerror]").count() == 0, address
    said: str = page.evaluate(SHOWN)
    assert broken(said) == "", address
    return said


def test_a_browser_runs_nothing_of_them_and_asks_no_other_host(
    answers: dict[str, httpx.Response], page: Any, site: str
) -> None:
    pages = (next((each for each in group if kind_of(answers[each]) == "text/html"), "") for group in EXAMPLES.values())
    for address in filter(None, [*pages, *OWN]):  # one of each route
        said = watched(page, site + address)
        assert NASTY in said, address
        assert page.problems == [], address
        assert [asked for asked in page.asked if not asked.startswith(site)] == [], address


def run(*words: object) -> Any:
    names = {name: None for name in os.environ if name.startswith("EVENREACH_")}
    result = CliRunner().invoke(commands, list(map(str, words)), env=names | {"EVENREACH_TENANT_NAME": TENANT})
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def written(store: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One map as a file, another as a folder."""
    folder = tmp_path_factory.mktemp("written")
    title = ("--title", f"Ours {NASTY}", "--store", store)
    run("map", "demo", "--layer", "need", "--out", folder / "map.html", *title)
    run("embed", "demo", "--layer", "access", "--service", "gp", "--out", folder / "access", *title)
    return [folder / "map.html", folder / "access" / "index.html"]


def test_in_written_maps_the_names_are_text_too(page: Any, written: list[Path]) -> None:
    for path in written:
        said = watched(page, path.as_uri())
        assert said.count(NASTY) > 100, path
        for box in page.locator("[data-map-service]").all():
            box.check()
        page.wait_for_selector(".evenreach-site")
        labels = page.locator(".evenreach-label").all_inner_texts()
        assert labels
        assert all(label.endswith(NASTY) for label in labels)
        areas, sites = page.locator(".evenreach-area"), page.locator(".evenreach-site")
        for place in range(3):
            areas.nth(place).dispatch_event("click")
            areas.nth(place).dispatch_event("mouseover")
            assert page.locator("[data-map-details] strong").text_content().endswith(NASTY)
            assert page.locator(".evenreach-tip strong").first.text_content().endswith(NASTY)
            areas.nth(place).dispatch_event("mouseout")
            sites.nth(place).dispatch_event("mouseover")
            assert page.locator(".evenreach-tip strong").last.text_content().endswith(NASTY)
            sites.nth(place).dispatch_event("mouseout")
        assert page.problems == [], path
        assert [asked for asked in page.asked if not asked.startswith("file:")] == []


# ---- in files ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ward(store: Path) -> str:
    """A few neighbourhoods are enough for files."""
    return f"ward:{open_edition(store, 'demo').footprints('ward')[0]['code']}"


def names_of(store: Path, within: str) -> list[tuple[str, ...]]:
    edition = open_edition(store, "demo")
    return sorted(
        tuple(str(row[name]) for name in NAMES) for row in edition.names(edition.rows_within(within).tolist())
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
def test_a_file_of_scores_holds_the_names_whole(store: Path, ward: str, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"scores.{kind}"
    run("score", "demo", "--within", ward, "--out", out, "--store", store)
    assert sorted(_rows(out)) == names_of(store, ward)


def test_a_printed_table_holds_the_names_whole(store: Path, ward: str, tmp_path: Path) -> None:
    run("score", "demo", "--within", ward, "--out", tmp_path / "scores.pdf", "--store", store)
    pages = pypdf.PdfReader(tmp_path / "scores.pdf").pages
    said = "".join("".join(page.extract_text().split()) for page in pages)
    for piece in NASTY.split():  # a cell's lines may stand apart
        assert said.count(piece) > 2 * len(names_of(store, ward))


def _rows(path: Path) -> list[tuple[str, ...]]:
    """The names of each neighbourhood, read by the program that people read such a file with."""
    kind = path.suffix[1:]
    if kind == "csv":
        lines = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    elif kind == "geojson":
        lines = [feature["properties"] for feature in json.loads(path.read_text("utf-8"))["features"]]
    elif kind == "xlsx":
        lines = _sheet(path)
    else:
        import geopandas as gpd

        read = gpd.read_parquet(path) if kind == "parquet" else gpd.read_file(path, layer=0)
        lines = read.reset_index().to_dict("records")
    return [tuple(str(line[name]) for name in NAMES) for line in lines]


def _sheet(path: Path) -> list[dict[str, Any]]:
    """Rows of the sheet that has the names as headings."""
    for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        heading = next((place for place, row in enumerate(rows) if set(NAMES) <= set(map(str, row))), None)
        if heading is not None:
            return [dict(zip(rows[heading], row, strict=False)) for row in rows[heading + 1 :] if row[0]]
    raise AssertionError("no sheet has the names as headings")
