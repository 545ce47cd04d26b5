"""Maps written out: the served page's figures, a policy that fits, and nothing overwritten."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from service.commands.main import app
from service.editions import edition as editions
from service.embeds import on_disk
from service.embeds.on_disk import CONTENTS
from service.embeds.parts import Part, data_script
from service.embeds.written import CannotStandInside, SelfContained
from service.pages.map_words import GO_NEAR
from tests.service.conftest import Served
from tests.service.test_no_other_host import References

PUBLIC = "https://maps.example.org"


def run(*words: object, exit_code: int = 0, **settings: str) -> Result:
    names: dict[str, str | None] = {name: None for name in os.environ if name.startswith("EVENREACH_")}
    result = CliRunner().invoke(app, list(map(str, words)), env=names | settings, terminal_width=200)
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def folder(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same view as one file and as a folder, for tests that only read."""
    home = tmp_path_factory.mktemp("written")
    words = ("--layer", "need", "--focus", "best-start", "--title", "Where to begin", "--store", demo_store, "--quiet")
    run("map", "demo", *words, "--out", home / "need.html")
    run("embed", "demo", *words, "--out", home / "need")
    return home


def traces(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Inside(HTMLParser):
    """The scripts and styles that stand in a page, its policy, and the text that people read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.held: dict[str, list[str]] = {"script": [], "style": []}
        self.policy = ""
        self.said: list[str] = []
        self._open = ""
        self._heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag in self.held and "src" not in given:
            self.held[tag].append("")
        self._heading = self._heading or tag == "th"
        if tag in self.held or (tag == "a" and not self._heading):
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open
        self._heading = self._heading and tag != "th"

    def handle_data(self, data: str) -> None:
        if self._open in self.held:
            self.held[self._open][-1] += data
        elif self._open:
            return
        elif data.strip():
            self.said.append(" ".join(data.split()))


# ---- what is written -----------------------------------------------------------------------------------------------


def test_the_policy_of_a_file_allows_what_stands_in_it_and_nothing_else(folder: Path) -> None:
    page = Inside((folder / "need.html").read_text("utf-8"))
    parts = dict(part.split(" ", 1) for part in page.policy.split("; "))
    for kind, held in page.held.items():
        hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in held]
        assert len(hashes) >= 2
        assert parts[f"{kind}-src"].split() == [f"'sha256-{digest}'" for digest in hashes]
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    assert parts["img-src"] == "data:"


def test_a_folder_holds_every_file_that_it_names_and_nothing_inside_the_page(folder: Path) -> None:
    text = (folder / "need" / "index.html").read_text("utf-8")
    assert References(text).inline == []
    named = {name for name in re.findall(r'(?:src|href)="([^"]+)"', text) if not name.startswith("data:")}
    present = {path.name for path in (folder / "need").iterdir()}
    assert named <= present
    assert present - named == {"index.html", CONTENTS, "embed_height.js", "read-me.txt"}
    contents = json.loads((folder / "need" / CONTENTS).read_text("utf-8"))
    files = {name: body for name, body in traces(folder / "need").items() if name != CONTENTS}
    assert contents["files"] == {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    assert contents["attribution"]


def test_nothing_written_refers_to_any_host(folder: Path) -> None:
    for path in (folder / "need.html", folder / "need" / "index.html"):
        found = References(path.read_text("utf-8"))
        assert found.loaded == []
        assert found.links == set()  # no public address was set
    for path in (folder / "need").glob("*.css"):
        assert "url(" not in path.read_text("utf-8").replace("url(#default#VML)", "")


def test_links_lead_to_the_public_address_where_one_is_set(demo_store: Path, tmp_path: Path) -> None:
    run("map", "demo", "--out", tmp_path / "a.html", "--store", demo_store, EVENREACH_PUBLIC_URL=PUBLIC)
    text = (tmp_path / "a.html").read_text("utf-8")
    links = References(text).links
    assert f"{PUBLIC}/maps/demo/targeting" in links
    assert all(link.startswith(PUBLIC) for link in links)
    assert f'data-profile="{PUBLIC}/places/demo/neighbourhoods/CODE"' in text


def test_the_colours_of_whoever_runs_the_site_go_along(demo_store: Path, tmp_path: Path) -> None:
    colours = {"EVENREACH_TENANT_COLOUR": "#123456", "EVENREACH_TENANT_TEXT_COLOUR": "#fedcba"}
    run("embed", "demo", "--out", tmp_path / "map", "--store", demo_store, **colours)
    theme = "--tenant-colour:#123456;--tenant-text-colour:#fedcba"
    assert (tmp_path / "map" / "theme.css").read_text("utf-8") == f":root{{{theme}}}\n"
    assert '<link rel="stylesheet" href="theme.css">' in (tmp_path / "map" / "index.html").read_text("utf-8")
    assert "var(--tenant-colour" in (tmp_path / "map" / "embed_page.css").read_text("utf-8")


def test_it_says_what_the_served_page_says(folder: Path, served: Served) -> None:
    shown = Inside(served.get("/embed/demo/need?focus=best-start&title=Where+to+begin").text)
    for name in ("need.html", "need/index.html"):
        assert words_of(Inside((folder / name).read_text("utf-8"))) == words_of(shown)


def words_of(page: Inside) -> str:
    """All that a page says but its links to other pages of the site, which files have only where it can be reached."""
    return re.sub(r"[\s.]+", " ", " ".join(page.said))


def test_its_data_are_the_answers_of_the_service(folder: Path, served: Served) -> None:
    script = (folder / "need" / "data.js").read_text("utf-8")
    brought = dict(re.findall(r'^d\["([^"]+)"\]=(.+);$', script, re.MULTILINE))
    page = served.get("/embed/demo/need?focus=best-start").text
    address = re.search(r'data-geojson="([^"]+)"', page)
    assert address is not None
    assert json.loads(brought["areas"]) == served.json(address[1].replace("&amp;", "&"))
    assert json.loads(brought["sites?service=gp"]) == served.json("/geojson/demo/sites?service=gp")
    assert script in (folder / "need.html").read_text("utf-8")


def test_a_large_place_brings_its_councils_and_a_footprint_its_neighbourhoods(
    demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "COUNCILS_ABOVE", 50)
    run("embed", "demo", "--layer", "need", "--out", tmp_path / "far", "--store", demo_store)
    words = ("--layer", "need", "--within", "team:Harbour and Lantern")
    run("embed", "demo", *words, "--out", tmp_path / "near", "--store", demo_store)
    far, near = ((tmp_path / name / "index.html").read_text("utf-8") for name in ("far", "near"))
    assert 'data-councils="councils"' in far
    assert 'data-geojson=""' in far
    assert GO_NEAR not in far
    assert "data-map-service" not in far  # its sites stay behind
    assert 'd["areas"]' not in (tmp_path / "far" / "data.js").read_text("utf-8")
    assert 'data-councils=""' in near
    assert 'data-geojson="areas"' in near


def test_data_in_a_script_cannot_end_it() -> None:
    nasty = {"name": "</script><!--<script>\u2028", "other": "`${alert(1)}"}
    body = data_script([Part("data", "areas", "/x", lambda: json.dumps(nasty, ensure_ascii=False).encode())]).decode()
    assert "<" not in body
    assert "\u2028" not in body
    found = re.search(r'd\["areas"\]=(.+);', body)
    assert found is not None
    assert json.loads(found[1]) == nasty


@pytest.mark.parametrize("text", [b"a</script>", b"<!-- a", b"'<SCRIPT>'"])
def test_a_script_that_would_end_its_element_is_refused(text: bytes) -> None:
    with pytest.raises(CannotStandInside, match=r"odd\.js"):
        SelfContained().script(Part("script", "odd.js", "/x", lambda: text))


# ---- where it is written -------------------------------------------------------------------------------------------


@pytest.fixture
def write(demo_store: Path) -> Callable[..., Result]:
    def command(name: str, out: Path, *more: object, exit_code: int = 0) -> Result:
        return run(name, "demo", "--out", out, "--store", demo_store, *more, exit_code=exit_code)

    return command


def test_what_it_wrote_before_is_replaced(folder: Path, tmp_path: Path, write: Callable[..., Result]) -> None:
    shutil.copytree(folder, tmp_path / "out")
    write("map", tmp_path / "out" / "need.html", "--layer", "imd")
    write("embed", tmp_path / "out" / "need", "--layer", "imd")
    assert "Index of Multiple Deprivation" in (tmp_path / "out" / "need.html").read_text("utf-8")
    assert "Index of Multiple Deprivation" in (tmp_path / "out" / "need" / "index.html").read_text("utf-8")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["need", "need.html"]


def _page_of_somebody_else(out: Path) -> Path:
    (out / "mine.html").write_text("<p>Mine</p>")
    return out / "mine.html"


def _folder_where_a_page_should_be(out: Path) -> Path:
    (out / "mine.html").mkdir()
    return out / "mine.html"


def _link(out: Path) -> Path:
    (out / "mine.html").symlink_to(out / "elsewhere.html")
    return out / "mine.html"


def _a_word_changed(body: bytes) -> bytes:
    return body.replace(b"Where to begin", b"Where we begin")


def _of_an_older_version(body: bytes) -> bytes:
    return re.sub(rb'<meta name="evenreach-sha256"[^>]*>', b"", body)


@pytest.mark.parametrize("change", [_a_word_changed, _of_an_older_version])
def test_a_page_of_ours_that_was_changed_stays(
    folder: Path, tmp_path: Path, write: Callable[..., Result], change: Callable[[bytes], bytes]
) -> None:
    before, out = (folder / "need.html").read_bytes(), tmp_path / "need.html"
    out.write_bytes(change(before))
    assert out.read_bytes() != before
    assert "need.html was changed after it was written" in write("map", out, exit_code=1).stderr
    assert traces(tmp_path) == {"need.html": change(before)}


@pytest.mark.parametrize("make", [_page_of_somebody_else, _folder_where_a_page_should_be, _link])
def test_a_file_of_somebody_else_stays(
    tmp_path: Path, write: Callable[..., Result], make: Callable[[Path], Path]
) -> None:
    out = make(tmp_path)
    before = traces(tmp_path)
    told = write("map", out, exit_code=1).stderr
    assert "mine.html exists and is no map that Evenreach wrote" in told
    assert traces(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == 1


def _a_file(out: Path) -> str:
    shutil.rmtree(out)
    out.write_text("a file")
    return "is no folder"


def _one_more(out: Path) -> str:
    (out / "notes.txt").write_text("my notes")
    return "holds 'notes.txt', which Evenreach did not write"


def _a_change(out: Path) -> str:
    (out / "index.html").write_text("my own words")
    return "was changed after it was written"


def _no_contents(out: Path) -> str:
    (out / CONTENTS).unlink()
    return "which Evenreach did not write"


def _other_contents(out: Path) -> str:
    (out / CONTENTS).write_text('["not ours"]')
    return "which Evenreach did not write"


@pytest.mark.parametrize("change", [_a_file, _one_more, _a_change, _no_contents, _other_contents])
def test_a_folder_that_is_not_ours_alone_stays(
    folder: Path, tmp_path: Path, write: Callable[..., Result], change: Callable[[Path], str]
) -> None:
    out = Path(shutil.copytree(folder / "need", tmp_path / "need"))
    said = change(out)
    before = traces(tmp_path)
    told = write("embed", out, exit_code=1).stderr
    assert said in told
    assert traces(tmp_path) == before


def test_an_empty_folder_is_filled(tmp_path: Path, write: Callable[..., Result]) -> None:
    (tmp_path / "new").mkdir()
    write("embed", tmp_path / "new")
    assert (tmp_path / "new" / "index.html").is_file()


@pytest.mark.parametrize("command", ["map", "embed"])
def test_a_write_that_fails_leaves_what_was_there(
    folder: Path, tmp_path: Path, write: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    shutil.copytree(folder, tmp_path / "out")
    before, real = traces(tmp_path), os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(target).name in ("need", "need.html") and "-old-" not in Path(source).name:
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(on_disk, "_swap", lambda new, out: False)  # as on a system that cannot
    monkeypatch.setattr(on_disk.os, "replace", replace)
    out = tmp_path / "out" / ("need.html" if command == "map" else "need")
    assert "No space left on device" in write(command, out, "--layer", "imd", exit_code=1).stderr
    assert traces(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("--layer", "nope"), 1, "No layer 'nope'"),
        (("--focus", "nope"), 1, "No focus 'nope'"),
        (("--indicator", "nope"), 1, "No indicator 'nope'"),
        (("--service", "nope"), 1, "service is 'nope'"),
        (("--layer", "access", "--service", "nope"), 1, "nope"),
        (("--layer", "access", "--minutes", "0"), 1, "minutes"),
        (("--within", "team:Nobody"), 1, "no footprint 'team:Nobody'"),
        (("--edition", "2020-01-01-00000000"), 1, "no edition '2020-01-01-00000000'"),
        (("--title", "a" * 121), 1, "title has 121 characters"),
        (("--table", "maybe"), 1, "table is 'maybe'"),
        (("--rho", "21"), 2, "rho is '21'"),
    ],
)
def test_what_cannot_be_shown_is_said(
    tmp_path: Path, write: Callable[..., Result], words: tuple[str, ...], exit_code: int, said: str
) -> None:
    assert said in write("map", tmp_path / "a.html", *words, exit_code=exit_code).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_page_or_has_no_folder_is_refused(tmp_path: Path, write: Callable[..., Result]) -> None:
    assert "end its name with .html" in write("map", tmp_path / "a.txt", exit_code=2).stderr
    assert "there is no folder" in write("map", tmp_path / "no" / "a.html", exit_code=2).stderr
    assert "there is no folder" in write("embed", tmp_path / "no" / "a", exit_code=2).stderr
