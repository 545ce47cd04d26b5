"""What stands beside a map says what the map says: picture, key, table, dots, the command and the code to copy."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from typer.testing import CliRunner

from layers.map_layers import LAYERS, SITE_SYMBOLS
from service.commands.main import app
from service.editions.edition import open_edition
from service.editions.views import View
from service.embeds import on_disk
from service.embeds.on_disk import write_folder
from service.embeds.options import EmbedOptions
from service.embeds.page import embed_page
from service.embeds.written import folder_files, one_file
from service.pages.furniture import Pages, Tenant
from service.pages.map_key import count_words
from service.web.asset_files import AssetFile, AssetFiles
from service.web.lean_files import lean_script, lean_style
from tests.service.conftest import Served
from tests.service.test_embeds import PUBLIC, Reader, read, table_rows
from tests.service.test_no_other_host import References

PLURALS = {symbol.plural: service for service, symbol in SITE_SYMBOLS.items()}
NAMES = {symbol.name: service for service, symbol in SITE_SYMBOLS.items()}


def drawn_map(page: Reader) -> dict[str, str | None]:
    return next(element for _, element in page.elements if "data-evenreach-map" in element)


@pytest.mark.parametrize(
    "query", ["", "?service=dental", "?accepting=children", "?service=dental&accepting=adults", "?service=library"]
)
def test_picture_key_table_and_dots_of_a_map_of_sites_are_the_same_sites(served: Served, query: str) -> None:
    """The second route is the list of sites itself."""
    _, _, words = query.partition("?")
    listed = served.json(f"/geojson/demo/sites{query}")["features"]
    expected = Counter(site["properties"]["service"] for site in listed if site["properties"]["inside"])
    answer = served.get(f"/embed/demo/sites{query}")
    page = Reader(answer.text)
    assert Counter(NAMES[row[1]] for row in table_rows(page)) == expected
    keyed = re.findall(r">\s*([A-Z][^<>(]+?) \(([\d,]+) (?:here|listed)", answer.text)
    assert {PLURALS[unescape(name)]: int(count) for name, count in keyed if int(count)} == dict(expected)
    shown = drawn_map(page)
    boxes = {str(box["value"]) for box in page.all("input") if "data-map-service" in box}
    dots: Counter[str] = Counter()
    for service in boxes:
        address = f"{shown['data-sites']}{'&' if '?' in str(shown['data-sites']) else '?'}service={service}"
        points = [point["properties"] for point in served.json(address)["features"]]
        dots.update(point["service"] for point in points if point["inside"])
    assert dots == expected
    (image,) = page.all("img")
    fragment = Reader(served.get(f"/embed/demo/sites/fragment{query}").text)
    for address in (image["src"], fragment.all("img")[0]["src"]):
        picture = unescape(served.get(str(address).removeprefix(PUBLIC)).text)
        said = {name: int(count) for name, count in re.findall(r">([A-Z][^<>:]+): (\d+)<", picture)}
        assert {PLURALS[name]: count for name, count in said.items() if name in PLURALS} == dict(expected)
    for link in page.all("a"):
        if str(link["href"]).startswith(("/maps", "/downloads")):
            assert all(word in str(link["href"]) for word in words.split("&"))
    builder = served.get(f"/places/demo/embed?layer=sites&{words}")
    assert str(Reader(builder.text).all("iframe")[0]["src"]) == f"/embed/demo/sites{query}"


def test_a_list_that_is_not_whole_is_never_called_whole(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list of hospitals is complete anywhere."""
    assert "Hospitals (3 listed, list not complete)" in " ".join(served.get("/embed/demo/sites?title=a").text.split())
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 100)
    ((_, hospitals),) = table_rows(read(served, "/embed/demo/sites?service=hospital&title=b"))
    assert hospitals == "3 listed, list not complete"
    ((_, libraries),) = table_rows(read(served, "/embed/demo/sites?service=library&title=b"))
    assert libraries.isdigit()
    ((_, _, missing),) = table_rows(read(served, "/embed/demo/sites?title=b"))
    assert missing == "Hospitals"
    assert count_words(0, False) == "not known here"


@pytest.mark.parametrize(
    "query",
    [
        "layer=access&service=pharmacy&mode=walk&minutes=10&measure=within&title=Near%20us",
        "layer=targeting&focus=best-start&rho=5&weights=income_rank:2&table=open&legend=below&keep=today",
        "layer=sites&service=dental&accepting=children",
    ],
)
def test_the_command_of_the_builder_makes_the_map_of_its_preview(
    served: Served, demo_store: Path, tmp_path: Path, query: str
) -> None:
    page = served.get(f"/places/demo/embed?{query}").text
    found = re.search(r">(evenreach embed [^<]+)</textarea>", page)
    assert found is not None
    words = shlex.split(unescape(found[1]))[1:]
    words[words.index("--out") + 1] = str(tmp_path / "map")
    result = CliRunner().invoke(app, [*words, "--store", str(demo_store)])
    assert result.exit_code == 0, result.output
    framed = served.get(str(Reader(page).all("iframe")[0]["src"]))
    shown, written = Reader(framed.text), Reader((tmp_path / "map" / "index.html").read_text("utf-8"))
    assert written.cells == shown.cells
    assert [each for each in written.elements if each[0] in ("h1", "details", "body")] == [
        each for each in shown.elements if each[0] in ("h1", "details", "body")
    ]
    script = (tmp_path / "map" / "data.js").read_text("utf-8")
    brought = dict(re.findall(r'^d\["([^"]+)"\]=(.+);$', script, re.MULTILINE))
    assert json.loads(brought["areas"])["features"] == served.json(str(drawn_map(shown)["data-geojson"]))["features"]


@pytest.mark.parametrize("layer", list(LAYERS))
def test_oembed_calls_a_map_what_it_calls_itself(served: Served, layer: str) -> None:
    path = f"/embed/demo/{layer}?within=team:Harbour+and+Lantern"
    told = served.json(f"/oembed?url={quote(PUBLIC + path, safe='')}")
    title = re.search(r"<title>(.*?)</title>", served.get(path).text)
    assert title is not None
    assert told["title"] == unescape(title[1])
    framed = urlsplit(str(Reader(told["html"]).all("iframe")[0]["src"]))
    assert (framed.path, parse_qs(framed.query)["within"]) == (f"/embed/demo/{layer}", ["team:Harbour and Lantern"])


def test_a_page_that_sends_its_reader_elsewhere_would_be_found() -> None:
    page = References('<meta http-equiv="Refresh" content="0; url=https://elsewhere.example/">')
    assert page.loaded == ["meta refresh"]


@pytest.mark.parametrize("tail", ["#map", "/", "/?rho=2#top"])
def test_oembed_takes_addresses_as_people_copy_them(served: Served, tail: str) -> None:
    told = served.json(f"/oembed?url={quote(f'{PUBLIC}/maps/demo/need{tail}', safe='')}")
    wanted = f"{PUBLIC}/embed/demo/need{'?rho=2' if 'rho' in tail else ''}"
    assert Reader(told["html"]).all("iframe")[0]["src"] == wanted


def test_what_is_wrong_inside_url_is_named_url(served: Served) -> None:
    for words in ("service=nothing", "rho=0", "title=%00"):
        answer = served.get(f"/oembed?url={quote(f'{PUBLIC}/embed/demo/sites?{words}', safe='')}")
        assert (answer.status_code, answer.json()["parameter"]) == (422, "url")


def test_what_the_form_has_no_field_for_falls_away_aloud(served: Served) -> None:
    answer = served.get("/places/demo/embed?layer=access&minutes=0")
    assert answer.status_code == 422
    assert '<a href="#layer">One setting of the map, minutes' in answer.text
    assert "One setting of the map, minutes, could not be used and fell away" in answer.text
    assert "minutes" not in str(Reader(answer.text).all("iframe")[0]["src"])


def test_a_pinned_embed_is_a_finished_answer_too(served: Served) -> None:
    edition = served.json("/api/v1/places")["places"][0]["edition"]
    for _ in range(3):
        answer = served.get(f"/embed/demo/imd?edition={edition}", headers={"accept-encoding": "identity"})
        assert "immutable" not in answer.headers["cache-control"]  # it names files of this version
    lane = served.app.express.lane
    assert lane.find(("/embed/demo/imd", f"edition={edition}".encode(), "", "")) is not None


def test_lean_files_lose_no_code_between_two_comments() -> None:
    assert lean_script("/* one */ var a = 1; /* two */\n") == "/* one */ var a = 1; /* two */\n"
    assert lean_style("/* one */\n.a { margin: 0 }\n/* two */\n") == ".a { margin: 0 }\n"


def test_a_file_is_not_compressed_on_the_event_loop(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    where: list[Any] = []
    real = AssetFile.under

    def noted(self: AssetFile, encoding: Any) -> bytes:
        where.append(threading.current_thread())
        return real(self, encoding)

    monkeypatch.setattr(AssetFile, "under", noted)
    monkeypatch.setattr(served.app.state.assets, "_files", {})
    for _ in range(2):
        assert served.get("/assets/map.css", headers={"accept-encoding": "gzip"}).status_code == 200
    assert [thread is threading.main_thread() for thread in where] == [False, True]


# ---- written -------------------------------------------------------------------------------------------------------


def test_every_layer_is_written_as_a_file_and_as_a_folder(demo_store: Path) -> None:
    edition, assets = open_edition(demo_store, "demo"), AssetFiles()
    pages = Pages(Tenant("x", "#1d3a5f", "#ffffff"), assets.address)
    for layer in LAYERS:
        page = embed_page(
            edition, View("demo", layer=layer), EmbedOptions(), assets=assets, theme=pages.theme(), tenant="x"
        )
        title = f"<title>{page.page_title}</title>".encode()
        files = folder_files(page, pages)
        assert title in one_file(page, pages)
        assert title in files["index.html"]
        geojson = [part for part in page.data if part.name != "outlines"]
    assert all(json.loads(part.make())["type"] == "FeatureCollection" for part in geojson)


def _old_folder(tmp_path: Path) -> Path:
    write_folder(tmp_path / "map", {"index.html": b"old"}, {})
    return tmp_path / "map"


def test_a_folder_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system can let two folders change places, nothing is ever renamed away."""
    out = _old_folder(tmp_path)

    def refuse(*_: object) -> None:
        raise AssertionError("renamed")

    monkeypatch.setattr(on_disk.os, "replace", refuse)
    write_folder(out, {"index.html": b"new"}, {})
    assert (out / "index.html").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["map"]


@pytest.mark.parametrize("step", [1, 2])
def test_a_folder_stays_whatever_stops_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    out, real, calls = _old_folder(tmp_path), on_disk.os.replace, []

    def stopped(source: Any, target: Any) -> None:
        calls.append(target)
        if len(calls) == step:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(on_disk, "_swap", lambda new, out: False)
    monkeypatch.setattr(on_disk.os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_folder(out, {"index.html": b"new"}, {})
    assert (out / "index.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["map"]


def test_the_read_me_of_a_folder_frames_it_as_safely_as_the_site_does(demo_store: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["embed", "demo", "--out", str(tmp_path / "map"), "--store", str(demo_store)])
    assert result.exit_code == 0, result.output
    told = (tmp_path / "map" / "read-me.txt").read_text("utf-8")
    code = Reader(told[told.index("<") :])
    (frame,) = code.all("iframe")
    assert frame["src"] == "FOLDER/index.html"
    assert frame["referrerpolicy"] == "no-referrer"
    assert "allow-same-origin" not in str(frame["sandbox"])
    assert [link["href"] for link in code.all("a")] == ["FOLDER/index.html"]
    (script,) = code.all("script")
    assert (tmp_path / "map" / str(script["src"]).removeprefix("FOLDER/")).is_file()


def test_on_a_map_of_scores_nobody_narrows_the_sites_by_whom_they_take(demo_store: Path) -> None:
    edition = open_edition(demo_store, "demo")

    def dots(accepting: str) -> list[Any]:
        view = View("demo", layer="need", accepting=accepting)
        page = embed_page(edition, view, EmbedOptions(), assets=AssetFiles(), theme="", tenant="")
        part = next(part for part in page.data if part.name == "sites?service=dental")
        return json.loads(part.make())["features"]

    assert dots("children") == dots("")
    assert len(dots("")) > 3
