"""Embeds by address: what they hold, what they weigh, how other sites' editors learn of them, what is refused."""

from __future__ import annotations

import colorsys
import gzip
import json
import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from layers.map_layers import LAYERS, PALETTES
from service.embeds.options import EmbedOptions, read_options
from service.embeds.parts import Part, data_script
from service.embeds.snippet import SHADES
from service.queries import BadQuery
from service.web.asset_files import AssetFiles
from service.web.lean_files import lean_script, lean_style, without_rules

PUBLIC = "http://127.0.0.1:8000"
NASTY = [
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    r"\x3cscript\x3e",
    "`",
    "</script><script>alert(1)</script>",
    r"C:\2019",
]
KILOBYTE = 1000


class Reader(HTMLParser):
    """Collects the elements of a page with their attributes, and the text of those that are wanted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[list[str]] = []
        self.inside = True
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        if tag == "table":
            self.inside = False

    def handle_data(self, text):
        if self.inside and self.cells and self.cells[-1]:
            self.cells[-1][-1] += text.strip()

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(served, path: str, *, status: int = 200) -> Reader:
    answer = served.get(path)
    assert answer.status_code == status, answer.text[:300]
    return Reader(answer.text)


def table_rows(page: Reader) -> list[list[str]]:
    return [row for row in page.cells[1:] if row]


@pytest.mark.parametrize("layer", list(LAYERS))
def test_every_layer_can_be_embedded_with_its_table(served, layer):
    page = read(served, f"/embed/demo/{layer}")
    assert len(page.all("h1")) == len(page.all("table")) == len(page.all("title")) == 1
    assert [link for link in page.all("a") if not str(link["href"]).startswith("/")] == []
    expected = 120 if layer != "sites" else len(
        {
            feature["id"]
            for feature in served.json("/geojson/demo/sites")["features"]
            if feature["properties"]["inside"]
        }
    )  # fmt: skip
    assert len(table_rows(page)) == expected
    assert all(len(row) == len(page.cells[0]) and all(row) for row in table_rows(page))


@pytest.mark.parametrize(("layer", "column"), [("need", "need_score"), ("targeting", "targeting_score")])
def test_the_table_says_what_the_map_says_the_greatest_need_first(served, layer, column):
    """The second route is the GeoJSON that the map is drawn from."""
    query = "?focus=best-start&rho=4"
    rows = table_rows(read(served, f"/embed/demo/{layer}{query}"))
    features = [feature["properties"] for feature in served.json(f"/geojson/demo/{layer}{query}")["features"]]
    decimals = len(rows[0][1].partition(".")[2])
    said = {facts["lsoa21nm"]: f"{facts[column]:.{decimals}f}" for facts in features if facts[column] is not None}
    fifths = {facts["lsoa21nm"]: facts["need_fifth"] for facts in features}
    shown = {next(name for name in fifths if row[0].endswith(name)): row for row in rows}
    assert {name: row[1] for name, row in shown.items() if name in said} == said
    assert all(row[1] == "No figure" for name, row in shown.items() if name not in said)
    assert all(str(fifths[name] or "No figure") in row[2] for name, row in shown.items())
    numbers = [float(row[1]) for row in rows if row[1] != "No figure"]
    assert numbers == sorted(numbers, reverse=True)


def test_without_a_mouse_the_table_leads_to_the_page_of_each_neighbourhood(served):
    page = read(served, "/embed/demo/need?focus=best-start")
    found = [link for link in page.all("a") if "/neighbourhoods/" in str(link["href"])]
    codes = [feature["id"] for feature in served.json("/geojson/demo/need")["features"]]
    assert sorted(str(link["href"]) for link in found) == sorted(
        f"/places/demo/neighbourhoods/{code}?focus=best-start" for code in codes
    )
    assert served.get(str(found[0]["href"])).status_code == 200


def test_where_low_is_worse_the_lowest_stands_first(served):
    """National deciles: 1 is the most deprived."""
    deciles = [int(row[1]) for row in table_rows(read(served, "/embed/demo/imd")) if row[1].isdigit()]
    assert deciles == sorted(deciles)
    assert deciles[0] < deciles[-1]


def test_an_embed_weighs_less_than_sixty_kilobytes_without_its_data(served):
    answer = served.get("/embed/demo/targeting")
    shell = re.sub(r"<tbody>.*?</tbody>", "", answer.text, flags=re.DOTALL)
    page = Reader(answer.text)
    files = [str(script["src"]) for script in page.all("script")]
    files += [str(link["href"]) for link in page.all("link") if link["rel"] == "stylesheet"]
    assert len(files) <= 6
    bodies = [shell.encode(), *(served.get(file).content for file in files)]
    assert sum(len(gzip.compress(body, 9, mtime=0)) for body in bodies) < 60 * KILOBYTE


def test_everything_an_embed_loads_may_be_used_in_a_frame_of_no_origin(served):
    """A frame in a sandbox has an origin of its own, so files need a policy that lets any page use them."""
    page = Reader(served.get("/embed/demo/need").text)
    found = [str(script["src"]) for script in page.all("script")]
    found += [str(link["href"]) for link in page.all("link") if link["rel"] == "stylesheet"]
    drawn = next(element for _, element in page.elements if "data-evenreach-map" in element)
    found += [str(drawn[f"data-{name}"]) for name in ("geojson", "sites", "ground") if drawn[f"data-{name}"]]
    found += [str(image["src"]) for image in page.all("img")]
    assert len(found) >= 9
    for address in found:
        answer = served.get(address)
        assert answer.status_code == 200
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin", address
        assert answer.headers["access-control-allow-origin"] == "*" or not address.startswith("/geojson"), address


def test_options_change_what_they_say_and_nothing_is_needed(served):
    plain = served.get("/embed/demo/need").text
    dressed = served.get("/embed/demo/need?title=Where%20help%20goes&table=open&legend=below").text
    assert "<h1>Where help goes</h1>" in dressed
    assert "Need score: Overall deprivation" in dressed  # its own name stays
    assert re.search(r"<details[^>]* open>", dressed)
    assert not re.search(r"<details[^>]* open>", plain)
    assert "evenreach-embed--below" in dressed
    assert "evenreach-embed--below" not in plain
    assert read_options() == EmbedOptions()
    assert read_options("  Two   words ", "closed", "beside").words() == {"title": "Two words"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("title=" + "x" * 121, "title"),
        ("title=a%00b", "title"),
        ("title=a%0Ab", "title"),
        ("title=a%E2%80%AEb", "title"),  # turns the text round
        ("title=a&title=b", "title"),
        ("table=shut", "table"),
        ("legend=left", "legend"),
        ("size=large", "size"),
        ("rho=0", "rho"),
        ("focus=" + "f" * 65, "focus"),
        ("within=lad:1", "within"),
        ("edition=../x", "edition"),
    ],
)
@pytest.mark.parametrize("path", ["/embed/demo/need", "/embed/demo/need/fragment"])
def test_a_bad_parameter_is_named(served, path, query, parameter):
    answer = served.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert parameter in answer.text


@pytest.mark.parametrize("path", ["/embed/nowhere/need", "/embed/demo/nothing", "/embed/demo", "/embed/demo/need/more"])
def test_what_there_is_not_is_not_found(served, path):
    assert served.get(path).status_code == 404


@pytest.mark.parametrize("text", NASTY)
def test_a_heading_is_text_wherever_it_goes(served, text):
    address = f"/embed/demo/need?title={quote(text)}"
    for path in (address, address.replace("?", "/fragment?"), f"/places/demo/embed?title={quote(text)}"):
        page = Reader(served.get(path).text)
        assert [image for image in page.all("img") if image.get("src") == "x"] == []
        assert [script for script in page.all("script") if "src" not in script] == []
    assert f"<h1>{text}</h1>" in unescape(served.get(address).text)
    snippet = served.json(f"/oembed?url={quote(PUBLIC + address, safe='')}")["html"]
    assert [name for name, _ in Reader(snippet).elements] == ["p", "a", "iframe", "script"]
    assert Reader(snippet).all("iframe")[0]["title"] == f"{text} – map of Aldermouth"


def test_the_same_question_gives_the_same_bytes_and_a_pinned_one_names_its_edition(served):
    path = "/embed/demo/need?focus=best-start"
    first, again = served.get(path), served.get(path)
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert served.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    edition = served.json("/api/v1/places")["places"][0]["edition"]
    pinned = read(served, f"/embed/demo/need?edition={edition}")
    drawn = next(element for _, element in pinned.elements if "data-evenreach-map" in element)
    assert f"edition={edition}" in str(drawn["data-geojson"])
    assert served.get("/embed/demo/need?edition=2001-01-01-00000000").status_code == 404


def test_a_fragment_holds_picture_table_and_sources_and_nothing_that_is_stripped(served):
    answer = served.get("/embed/demo/need/fragment")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    page = Reader(answer.text)
    assert {name for name, _ in page.elements}.isdisjoint({"script", "style", "iframe", "html", "link"})
    assert all({"style", "class"}.isdisjoint(element) for _, element in page.elements)
    assert len(table_rows(page)) == 120
    (image,) = page.all("img")
    assert "Map of Aldermouth" in str(image["alt"])
    assert (image["width"], "height" in image) == ("100%", False)  # it fits any column and keeps its shape
    for address in (image["src"], *(link["href"] for link in page.all("a"))):
        assert str(address).startswith(PUBLIC)
        assert served.get(str(address).removeprefix(PUBLIC)).status_code == 200
    for sentence in served.json("/geojson/demo/need")["evenreach"]["attribution"]:
        assert sentence in unescape(answer.text)


def test_a_table_without_rows_says_so(served):
    areas = [
        area["properties"] for area in served.json("/ogc/collections/demo-neighbourhoods/items?limit=500")["features"]
    ]
    sites = served.json("/geojson/demo/sites?service=diagnostic_centre")["features"]
    with_sites = {site["properties"]["lsoa21cd"] for site in sites}
    near = {area["msoa21cd"] for area in areas if area["lsoa21cd"] in with_sites}
    without = min({area["msoa21cd"] for area in areas} - near)
    for path in ("/embed/demo/sites/fragment", "/embed/demo/sites"):
        page = read(served, f"{path}?service=diagnostic_centre&within=msoa:{without}")
        assert table_rows(page) == [["None here."]]
    assert len(table_rows(read(served, "/embed/demo/sites/fragment"))) > 1


@pytest.mark.parametrize(
    "path", ["/embed/demo/need?rho=2&title=Here", "/maps/demo/imd", "/places/demo?focus=best-start"]
)
def test_oembed_is_found_from_a_page_and_gives_a_frame_of_it(served, path):
    """By the words of the oEmbed 1.0 specification, sections 2.3.4.4 (type rich) and 4 (discovery)."""
    links = [link for link in read(served, path).all("link") if link.get("type") == "application/json+oembed"]
    assert [link["rel"] for link in links] == ["alternate"]
    assert str(links[0]["href"]).startswith(f"{PUBLIC}/oembed?")
    found = served.get(str(links[0]["href"]).removeprefix(PUBLIC))
    assert found.headers["content-type"] == "application/json"
    assert found.headers["access-control-allow-origin"] == "*"
    told = json.loads(found.text)
    assert (told["version"], told["type"]) == ("1.0", "rich")
    assert {"html", "width", "height", "title", "provider_name", "provider_url"} <= set(told)
    (frame,) = Reader(told["html"]).all("iframe")
    assert {"title", "sandbox", "src"} <= set(frame)
    assert frame["loading"] == "lazy"
    assert frame["referrerpolicy"] == "no-referrer"
    assert "allow-same-origin" not in str(frame["sandbox"])
    asked, framed = urlsplit(path), urlsplit(str(frame["src"]).removeprefix(PUBLIC))
    assert framed.path == (
        "/embed/demo/targeting" if path.startswith("/places") else asked.path.replace("maps", "embed")
    )
    assert parse_qs(framed.query) == parse_qs(asked.query)
    assert served.get(str(frame["src"]).removeprefix(PUBLIC)).status_code == 200
    assert served.get(str(Reader(told["html"]).all("a")[0]["href"]).removeprefix(PUBLIC)).status_code == 200


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "sites"])
def test_a_fragment_names_each_colour_and_stays_with_its_edition(served, layer):
    """A copy in somebody's page does not change with the next build, so its picture may not either."""
    edition = served.json("/api/v1/places")["places"][0]["edition"]
    found = served.get(f"/embed/demo/{layer}/fragment?title=Our%20map&focus=best-start")
    image, link = re.search(r'src="([^"]*)".*?href="([^"]*)"', unescape(found.text), re.DOTALL).groups()
    for address in (image, link):
        words = parse_qs(urlsplit(address).query)
        assert words["edition"] == [edition]
        assert served.get(address.removeprefix(PUBLIC)).status_code == 200
    assert 'alt="Our map. Map of Aldermouth' in found.text
    lines = re.findall(r"<li>([^:]+): (.*), ([0-9]+) neighbourhoods?</li>", found.text)
    assert sum(int(count) for _, _, count in lines) == 120
    assert len({shade for shade, _, _ in lines}) == len(lines) >= 3
    assert ("Hatched", "No figure (hatched)") in {line[:2] for line in lines} or "No figure" not in found.text


def test_every_colour_of_a_map_has_a_name():
    assert {name: len(set(colours)) for name, colours in PALETTES.items() if name != "plain"} == {
        name: len(set(shades)) for name, shades in SHADES.items()
    }


HUES = {
    "red": (345, 375), "brown": (10, 30), "orange": (10, 45), "yellow": (45, 70), "green": (80, 190),
    "blue": (195, 250), "violet": (250, 285), "purple": (285, 330), "pink": (330, 380),
}  # fmt: skip
LIGHTNESS = {
    "darkest": (0, 0.25), "dark": (0, 0.35), "light": (0.55, 0.85), "pale": (0.75, 0.95), "palest": (0.9, 1),
    "cream": (0.9, 1), "almost": (0.9, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("shade", "colour"), [pair for name, shades in SHADES.items() for pair in zip(shades, PALETTES[name], strict=True)]
)
def test_a_colour_is_called_what_an_eye_would_call_it(shade, colour):
    hue, lightness, _ = colorsys.rgb_to_hls(*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)))
    words = shade.lower().replace("blue-", "").split()
    least, most = HUES.get(words[-1], (0, 360))
    assert any(least <= 360 * hue + turn <= most for turn in (0, 360)), hue
    least, most = LIGHTNESS.get(words[0], (0.25, 0.7))
    assert least <= lightness <= most


def test_a_map_that_cannot_be_shown_says_so_in_the_frame_alone(served):
    gone = read(served, "/embed/demo/need?edition=2001-01-01-00000000&title=a%26b", status=404)
    assert [link["href"] for link in gone.all("a")] == ["/embed/demo/need?title=a%26b"]
    assert served.get(str(gone.all("a")[0]["href"])).status_code == 200
    for path, status in (("/embed/demo/nothing", 404), ("/embed/demo/need?rho=99", 422)):
        page = read(served, path, status=status)
        assert [name for name, _ in page.elements if name in ("header", "nav", "footer", "form", "a")] == []
    for address in (str(script["src"]) for script in page.all("script")):
        assert b"evenreach: 'height'" in served.get(address).content


def test_a_size_in_which_nothing_can_be_read_gets_a_link_and_a_fixed_one_no_script(served):
    url = quote(f"{PUBLIC}/embed/demo/need", safe="")
    for words in ("maxwidth=199", "maxheight=199"):
        told = served.json(f"/oembed?url={url}&{words}")
        assert (told["type"], told["version"]) == ("link", "1.0")
        assert not {"html", "width", "height"} & set(told)
    for words, scripts in (("maxwidth=200", 1), ("maxheight=200", 0), ("", 1)):
        told = served.json(f"/oembed?url={url}&{words}")
        assert len(Reader(told["html"]).all("script")) == scripts, words


def test_oembed_keeps_to_the_size_that_is_asked_for(served):
    url = quote(f"{PUBLIC}/embed/demo/need", safe="")
    small = served.json(f"/oembed?url={url}&maxwidth=300&maxheight=200")
    assert (small["width"], small["height"]) == (300, 200)
    (frame,) = Reader(small["html"]).all("iframe")
    assert (frame["width"], frame["height"]) == ("300", "200")
    large = served.json(f"/oembed?url={url}&maxwidth=99999&maxheight=99999")
    assert large["width"] < 2000


def test_oembed_answers_as_wordpress_asks(served):
    """WordPress adds ``dnt=1`` to every question, after format and size."""
    asked = f"/oembed?url={quote(PUBLIC + '/embed/demo/need', safe='')}&format=json&maxwidth=500&maxheight=750"
    assert served.json(f"{asked}&dnt=1") == served.json(asked)


def test_oembed_has_no_xml_and_says_so_as_the_standard_asks(served):
    """oEmbed 1.0, section 2.3.2: a format that is not given is answered by 501."""
    answer = served.get(f"/oembed?url={PUBLIC}/embed/demo/need&format=xml")
    assert (answer.status_code, answer.headers["content-type"]) == (501, "application/problem+json")
    assert answer.json()["type"].endswith(":not-in-xml")
    documented = served.json("/openapi.json")["paths"]["/oembed"]["get"]["responses"]
    assert "501" in documented
    assert documented["200"]["content"]["application/json"]["schema"]["required"] == ["version", "type", "title"]


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("", 422, "url"),
        ("url=", 422, "url"),
        ("url=/embed/demo/need", 404, "url"),
        ("url=https://elsewhere.example/embed/demo/need", 404, "url"),
        (f"url={PUBLIC}.elsewhere.example/embed/demo/need", 404, "url"),
        (f"url={PUBLIC}/", 404, "url"),
        (f"url={PUBLIC}/places/demo/siting", 404, "url"),
        (f"url={PUBLIC}/embed/demo", 404, "url"),
        (f"url={PUBLIC}/embed/nowhere/need", 404, "url"),
        (f"url={PUBLIC}/embed/demo/nothing", 404, "url"),
        (f"url={PUBLIC}/embed/demo/need%3Ffocus=none", 404, "url"),
        (f"url={PUBLIC}/embed/demo/need%3Frho=99", 422, "url"),
        (f"url={PUBLIC}/embed/demo/need%3Frho=2%26rho=3", 422, "url"),
        (f"url={PUBLIC}/embed/demo/need%3Ftitle=%25FF", 422, "url"),
        (f"url={PUBLIC}/embed/demo/need%3Fcolour=red", 422, "url"),
        (f"url={PUBLIC}/embed/demo/need&format=yaml", 422, "format"),
        (f"url={PUBLIC}/embed/demo/need&maxwidth=0", 422, "maxwidth"),
        (f"url={PUBLIC}/embed/demo/need&maxheight=1e3", 422, "maxheight"),
        (f"url={PUBLIC}/embed/demo/need&maxwidth=-5", 422, "maxwidth"),
        (f"url={PUBLIC}/embed/demo/need&callback=x", 422, "callback"),
        (f"url={PUBLIC}/embed/demo/need&url=x", 422, "url"),
    ],
)
def test_oembed_says_what_it_cannot_answer(served, query, status, parameter):
    answer = served.get(f"/oembed?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("parameter") == parameter


def test_what_a_caller_calls_the_site_makes_no_link(served):
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for path in ("/places/demo/embed", "/embed/demo/need", "/embed/demo/need/fragment"):
        assert "evil.example" not in served.get(path, headers=headers).text


def test_the_page_that_makes_embeds_gives_what_the_embed_is(served):
    query = "layer=indicator&indicator=overcrowded_share&rho=5&title=Crowded%20homes&table=open&focus=best-start"
    page = read(served, f"/places/demo/embed?{query}")
    (frame,) = page.all("iframe")
    told = unescape(unescape(served.get(f"/places/demo/embed?{query}").text))  # HTML inside a text field
    assert f'src="{PUBLIC}{frame["src"]}"' in told  # the code to copy frames what the preview frames
    matters = query.replace("layer=indicator&", "").replace("rho=5&", "").replace("&focus=best-start", "")
    assert parse_qs(urlsplit(str(frame["src"])).query) == parse_qs(matters)
    assert served.get(str(frame["src"])).status_code == 200
    edition = served.json("/api/v1/places")["places"][0]["edition"]
    follows, kept = (read(served, f"/places/demo/embed?{query}&keep={word}") for word in ("updates", "today"))
    assert "edition=" not in str(follows.all("iframe")[0]["src"])
    assert f"edition={edition}" in str(kept.all("iframe")[0]["src"])
    assert "evenreach embed demo --layer indicator" in told


def test_the_form_of_embeds_names_every_slip_and_forgets_what_its_layer_does_not_use(served):
    answer = served.get("/places/demo/embed?rho=99&title=" + "x" * 121 + "&service=nothing")
    assert answer.status_code == 422
    summary = re.search(r'govuk-error-summary__list">(.*?)</ul>', answer.text, re.DOTALL)
    assert summary is not None
    assert re.findall(r'href="#(\w+)"', summary[1]) == ["service", "rho", "title"]
    unused = read(served, "/places/demo/embed?layer=need&indicator=overcrowded_share&minutes=10&mode=walk")
    assert str(unused.all("iframe")[0]["src"]) == "/embed/demo/need"
    with_access = read(served, "/places/demo/embed?layer=access&service=pharmacy&minutes=10&mode=walk")
    assert parse_qs(urlsplit(str(with_access.all("iframe")[0]["src"])).query).keys() >= {"service", "minutes"}
    for query, status in (("layer=nothing", 404), ("keep=ever", 422), ("table=no", 422), ("more=1", 422)):
        assert served.get(f"/places/demo/embed?{query}").status_code == status


@pytest.mark.parametrize(
    ("query", "idle", "unfolded"),
    [
        ("layer=targeting", {"indicator"}, False),
        ("layer=need", {"indicator", "rho"}, False),
        ("layer=imd", {"focus", "indicator", "rho"}, False),
        ("layer=sites", {"focus", "indicator", "rho"}, True),
        ("layer=indicator", {"rho"}, True),  # the focus chooses which indicator is the usual one
        ("layer=indicator&indicator=overcrowded_share", {"focus", "rho"}, True),
        ("layer=clusters", {"rho"}, True),
        ("layer=clusters&indicator=overcrowded_share", {"focus", "rho"}, True),
        ("layer=access", {"indicator", "rho"}, True),
        ("layer=access&demand=targeting", {"indicator"}, True),
    ],
)
def test_what_means_nothing_to_a_layer_steps_back_and_is_not_copied(served, query, idle, unfolded):
    page = read(served, f"/places/demo/embed?{query}&rho=5&focus=best-start")
    fields = {str(field["id"]): field for tag in ("select", "input") for field in page.all(tag) if field.get("id")}
    assert {name for name, field in fields.items() if "disabled" in field} == idle
    assert all(f"{name}-hint" in str(fields[name]["aria-describedby"]) for name in idle)
    assert ("open" in page.all("details")[0]) == unfolded
    framed = parse_qs(urlsplit(str(page.all("iframe")[0]["src"])).query)
    assert {"focus", "rho"} - framed.keys() == idle & {"focus", "rho"}


def test_a_field_that_is_wrong_can_be_put_right_even_where_it_means_nothing(served):
    answer = served.get("/places/demo/embed?layer=imd&rho=99")
    fields = {field.get("id"): field for field in Reader(answer.text).all("input")}
    assert "disabled" not in fields["rho"] or answer.status_code == 200


def test_while_the_form_is_wrong_its_code_waits(served):
    wrong, right = read(served, "/places/demo/embed?rho=99", status=422), read(served, "/places/demo/embed?rho=2")
    (field,) = [field for field in wrong.all("input") if field.get("id") == "rho"]
    assert field["aria-invalid"] == "true"
    assert "rho-error" in str(field["aria-describedby"]).split()
    for page, waits in ((wrong, True), (right, False)):
        buttons = [button for button in page.all("button") if "data-copy" in button]
        assert [("disabled" in button, button.get("aria-describedby")) for button in buttons] == (
            [(waits, "copy-waits" if waits else None)] * 4
        )
        assert any(part.get("id") == "copy-waits" for part in page.all("p")) == waits


def test_planner_and_map_lead_to_the_page_that_makes_their_embed(served):
    for path, layer in (("/places/demo?rho=2", "targeting"), ("/maps/demo/need?focus=best-start", "need")):
        links = [str(link["href"]) for link in read(served, path).all("a") if "/embed" in str(link["href"])]
        assert len(links) == 1
        frame = read(served, links[0]).all("iframe")[0]
        assert urlsplit(str(frame["src"])) == urlsplit(f"/embed/demo/{layer}?{urlsplit(path).query}")


def test_data_as_a_script_keep_their_meaning_and_end_no_element():
    text = {"name": "</script><!-- \u2028 \u2029 & é"}
    script = data_script([Part("data", "areas", "/geojson", lambda: json.dumps(text, ensure_ascii=False).encode())])
    assert b"<" not in script
    assert "\u2028".encode() not in script
    written = re.search(rb'd\["areas"\]=(.*);\n', script)
    assert written is not None
    assert json.loads(written[1]) == text


def test_titles_are_one_line_of_text():
    for text in ("x" * 121, "a\x7fb", "a\u200bb", "a\u2028b", "\ud800"):
        with pytest.raises(BadQuery, match="title"):
            read_options(text)


def test_a_style_loses_the_rules_of_what_is_not_drawn_and_no_other():
    style = ".a,\n.b .gone {\nc: d;\n}\n.gone, .gone-too {\ne: f;\n}\n@media print {\n.gone { g: h }\n.i { j: k }\n}\n"
    found = without_rules(style, re.compile(r"\.gone"))
    assert "".join(found.split()) == ".a{c:d;}@mediaprint{.i{j:k}}"
    kept = AssetFiles().file("vendor/leaflet/leaflet.css").body.decode()
    used = ("pane", "zoom-animated", "interactive", "control-zoom", "control-scale", "tooltip-top", "bar", "zoom-box")
    assert [name for name in used if f".leaflet-{name}" not in kept] == []
    assert "popup" not in kept


def test_lean_files_lose_comments_and_nothing_else():
    script = "/* A.\n * B */\nvar a = 'http://x'; // kept\n\n  // gone\n  var b = /\\/\\*/;\n    /* one */\n"
    assert lean_script(script) == "var a = 'http://x'; // kept\nvar b = /\\/\\*/;\n"
    beside = "var a = 1;  // gone\nvar b = 'one;  // kept';\nvar c = 2;  // it's kept\n"
    assert lean_script(beside) == "var a = 1;\nvar b = 'one;  // kept';\nvar c = 2;  // it's kept\n"
    literal = "/* gone? */\nvar a = `\n  // text\n`;\n"
    assert lean_script(literal) == literal
    assert lean_style("/* a\n b */\n.a { color: red; }\n\n  .b { margin: 0 } /* kept */\n") == (
        ".a { color: red; }\n.b { margin: 0 } /* kept */\n"
    )


def test_a_bundle_is_its_parts_in_order():
    assets = AssetFiles()
    parts = [assets.file(name).body for name in ("map_shapes.js", "map.js", "embed.js")]
    assert assets.file("embed_page.js").body == b"".join(parts)
    assert b"evenreachShapes" in parts[0]


def test_a_large_place_is_embedded_by_council(served, monkeypatch):
    """A place is large above 2,000 neighbourhoods; here above 100. The titles keep these answers apart."""
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 100)
    councils = served.json("/geojson/demo/councils")["features"]
    for layer in ("need", "clusters", "sites"):
        page = read(served, f"/embed/demo/{layer}?title=Large")
        assert {row[0] for row in table_rows(page)} == {each["properties"]["lad24nm"] for each in councils}
        drawn = next(element for _, element in page.elements if "data-evenreach-map" in element)
        assert str(drawn["data-councils"]).startswith("/geojson/demo/councils")
    shown = served.json("/geojson/demo/councils?indicator=overcrowded_share")["features"][0]["properties"]
    for layer, column, decimals in (
        ("targeting?", "targeting_score", 2),
        ("need?", "need_score", 1),
        ("imd?", "imd_decile", 0),
        ("indicator?indicator=overcrowded_share&", "overcrowded_share", 3),
    ):
        page = read(served, f"/embed/demo/{layer}title=Large")
        drawn = next(element for _, element in page.elements if "data-evenreach-map" in element)
        asked = served.json(str(drawn["data-councils"]))["features"][0]["properties"]
        assert asked[f"middle_{column}"] == shown[f"middle_{column}"], "the script colours by the figure of the table"
        assert table_rows(page)[0][2] == f"{shown[f'middle_{column}']:.{decimals}f}"
        leads = [str(link["href"]) for link in page.all("a") if "within=lad" in str(link["href"])]
        assert served.get(leads[0]).status_code == 200
    first = table_rows(read(served, "/embed/demo/clusters?title=Large"))[0]
    assert first[2] == str(councils[0]["properties"]["in_cluster_class_1"])
    listed = [site["properties"] for site in served.json("/geojson/demo/sites")["features"]]
    inside = Counter(site["service"] for site in listed if site["inside"])
    counted = table_rows(read(served, "/embed/demo/sites?title=Large&legend=below"))
    missing = {name for row in counted for name in row[2].split(", ")} - {"–"}
    assert missing == {"Hospitals"}
    assert sum(int(row[1]) for row in counted) == sum(inside.values()) - inside["hospital"]
    code = councils[0]["id"]
    near = read(served, f"/embed/demo/need?title=Large&within=lad:{code}")
    assert len(table_rows(near)) == councils[0]["properties"]["neighbourhoods"]
    too_large = served.get("/places/demo/embed?layer=access&title=Large")
    assert too_large.status_code == 422
    said = "too many for one map of access. Choose one council"
    assert (too_large.text.count(f"{said}</a>"), too_large.text.count(f"{said}.")) == (1, 0)
    for text in ("within=lad", "`"):
        assert text not in too_large.text
    assert 'href="#within"' in too_large.text
    for asked, offered in (("layer=need", False), (f"layer=need&within=lad:{code}", True), ("layer=access", True)):
        text = served.get(f"/places/demo/embed?{asked}&title=Large").text
        options = Reader(text.partition('id="layer"')[2].partition("</select>")[0]).all("option")
        assert ("access" in {option["value"] for option in options}) == offered
        assert ('id="layer-hint"' in text) != offered


def test_a_large_place_says_that_its_sites_appear_near(served, monkeypatch):
    monkeypatch.setattr("service.editions.edition.COUNCILS_ABOVE", 100)
    code = served.json("/geojson/demo/councils")["features"][0]["id"]
    for query, said in (("title=Large", True), (f"title=Large&within=lad:{code}", False)):
        page = served.get(f"/embed/demo/need?{query}").text
        assert "Sites on the map" in page
        assert ("Sites appear when you zoom in." in page) == said


def test_the_choices_of_the_builder_are_short(served):
    """At 320 pixels about 24 letters stand in a field."""
    page = served.get("/places/demo/embed").text
    for name in ("table", "legend"):
        options = re.findall(r"<option[^>]*>([^<]+)", page.partition(f'id="{name}"')[2].partition("</select>")[0])
        assert len(options) == 2
        assert max(len(text.strip()) for text in options) <= 20
