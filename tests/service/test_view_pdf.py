"""A view as PDF, read back with another library: its structure, its letters, its table and its words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from service.editions.edition import Edition, open_edition
from service.editions.scoring import METHOD_VERSION, score
from service.editions.views import View
from service.files.file_table import table_of
from service.files.letters import UNKNOWN_SIGN, printable
from service.files.typeset import pixels, tagged_pdf
from service.files.view_pdf import TEMPLATE, pdf_bytes
from tests.service.conftest import Served

VIEW = View("demo", focus="best-start", rho=4.25)
TAGS = {"/H1", "/H2", "/P", "/L", "/Table", "/Figure"}
ODD_NAME = "Tŷ Łódź Ωmega Кириллица Ünïted"
MARKUP = "#emph[x] *b* $1$ @ref <label> `code` \\u{41} // no comment ${alert(1)} </script> C:\\2019"


@pytest.fixture(scope="module")
def edition(demo_store: Any) -> Edition:
    return open_edition(demo_store, "demo")


@pytest.fixture(scope="module")
def made(edition: Edition) -> bytes:
    return pdf_bytes(edition, VIEW)


@pytest.fixture(scope="module")
def pdf(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


def elements(node: Any) -> Iterator[DictionaryObject]:
    """Walk the tree of the document's structure in reading order."""
    node = node.get_object()
    if isinstance(node, list):
        for part in node:
            yield from elements(part)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node["/K"])


def inside(node: DictionaryObject, kind: str) -> list[DictionaryObject]:
    return [found for found in elements(node) if found["/S"] == kind]


@pytest.fixture(scope="module")
def words(pdf: PdfReader) -> str:
    return text_of(pdf)


def text_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def bare_content(**more: Any) -> dict[str, Any]:
    columns = [{"head": "Name", "width": 1, "right": False}, {"head": "Value", "width": 1, "right": True}]
    content = {
        "title": "A title", "description": "A map", "keywords": ["edition 1"], "fictional": False, "alt": "A map of it",
        "shows": ["One sentence"], "classes": None, "classes_title": "", "table_title": "Neighbourhoods",
        "table_notes": [], "table": {"columns": columns, "rows": [["a", "1"]], "size": 8}, "sources": ["A source"],
        "footer": "A foot",
    }  # fmt: skip
    return content | more


SMALL_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="10" height="10" fill="#112233"/></svg>'
)


def test_it_claims_the_standard_for_accessible_pdf_and_carries_what_it_asks_for(pdf: PdfReader) -> None:
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert pdf.metadata is not None
    assert pdf.metadata.title
    assert all(page["/Tabs"] == "/S" for page in pdf.pages if "/Annots" in page)


def test_headings_picture_and_tables_stand_in_reading_order(pdf: PdfReader) -> None:
    root: Any = pdf.trailer["/Root"]
    order = [str(found["/S"]) for found in elements(root["/StructTreeRoot"]["/K"]) if found["/S"] in TAGS]
    assert order[0] == "/H1"
    assert order.count("/H1") == order.count("/Figure") == 1
    assert order.index("/Figure") < order.index("/H2")
    assert order.count("/H2") == 4
    assert order.count("/Table") == 2


def test_the_picture_has_a_text_in_its_place(pdf: PdfReader, edition: Edition) -> None:
    root: Any = pdf.trailer["/Root"]
    (figure,) = inside(root["/StructTreeRoot"]["/K"], "/Figure")
    assert figure["/Alt"].startswith(f"Map of {edition.place['name']}")
    assert "darker means greater need" in figure["/Alt"]


def test_every_column_has_a_head_that_is_tagged_as_one(pdf: PdfReader, edition: Edition) -> None:
    root: Any = pdf.trailer["/Root"]
    legend, table = inside(root["/StructTreeRoot"]["/K"], "/Table")
    for each in (legend, table):
        heads = inside(each, "/TH")
        assert all(_scope(head) == "/Column" for head in heads)
        rows = [row for body in inside(each, "/TBody") for row in inside(body, "/TR")]
        assert all(len(inside(row, "/TD")) == len(heads) for row in rows)
    assert len(rows) == edition.count
    assert len(inside(legend, "/TR")) == 1 + 5 + 1  # heads, fifths, borderline


def _scope(head: DictionaryObject) -> Any:
    attributes: Any = head["/A"].get_object()
    listed = attributes if isinstance(attributes, list) else [attributes]
    return next((part.get_object()["/Scope"] for part in listed if "/Scope" in part.get_object()), None)


def test_all_letters_are_in_the_file(pdf: PdfReader) -> None:
    fonts = {str(font["/BaseFont"]): font for page in pdf.pages for font in _fonts(page)}
    assert fonts
    for font in fonts.values():
        inner = font["/DescendantFonts"][0].get_object()
        assert any(key in inner["/FontDescriptor"] for key in ("/FontFile2", "/FontFile3"))
        assert "/ToUnicode" in font


def _fonts(page: Any) -> list[Any]:
    fonts: Any = page["/Resources"].get("/Font", {})
    return [each.get_object() for each in fonts.get_object().values()]


def test_it_says_edition_method_sources_and_caution(words: str, edition: Edition) -> None:
    for sentence in (
        f"Edition: {edition.id}. Method version: {METHOD_VERSION}",
        "This place is fictional",
        "An empty cell means not known",
        *edition.attribution("targeting"),
    ):
        assert sentence in words


def test_the_table_lists_the_greatest_need_first_with_the_figures_of_the_other_files(
    words: str, edition: Edition
) -> None:
    columns = {column.name: column.values for column in table_of(edition, VIEW).columns}
    ranked = sorted(range(edition.count), key=lambda row: columns["rank"][row])
    places = [words.index(columns["lsoa21cd"][row]) for row in ranked]
    assert places == sorted(places)
    top = ranked[0]
    assert f"1 {columns['need_score'][top]:.1f} 1 {columns['targeting_score'][top]:.2f}" in words[places[0] :][:200]


def test_the_same_view_gives_the_same_bytes(made: bytes, edition: Edition) -> None:
    assert pdf_bytes(edition, VIEW) == made


def test_names_print_in_their_own_letters_and_no_text_is_markup() -> None:
    content = bare_content(shows=[ODD_NAME, MARKUP], table_notes=[MARKUP], title=MARKUP, alt=MARKUP)
    pdf = PdfReader(io.BytesIO(tagged_pdf(TEMPLATE, content, picture=SMALL_PICTURE, built="2026-01-31")))
    text = text_of(pdf)
    assert ODD_NAME in text
    assert text.count(MARKUP) >= 3
    assert pdf.metadata is not None
    assert pdf.metadata.title == MARKUP
    assert pdf.metadata.creation_date is not None
    assert pdf.metadata.creation_date.date().isoformat() == "2026-01-31"


def test_signs_that_no_font_here_has_are_shown_as_such() -> None:
    assert printable("e\u0301 ① a\u202eb") == "é 1 ab"
    assert printable({"a": ["中\t文", 3, None]}) == {"a": [f"{UNKNOWN_SIGN} {UNKNOWN_SIGN}", 3, None]}
    content = bare_content(title="中文 😀 \x00\ud800")
    assert UNKNOWN_SIGN in text_of(
        PdfReader(io.BytesIO(tagged_pdf(TEMPLATE, content, picture=SMALL_PICTURE, built="2026-01-31")))
    )


def test_a_picture_keeps_its_colours() -> None:
    from PIL import Image

    drawn = Image.open(io.BytesIO(pixels(SMALL_PICTURE))).convert("RGB")
    assert drawn.size == (40, 20)
    assert drawn.getpixel((5, 5)) == (0x11, 0x22, 0x33)
    assert drawn.getpixel((35, 5)) == (255, 255, 255)


@pytest.mark.parametrize("layer", ["indicator", "clusters", "access", "imd", "sites"])
def test_every_layer_prints(layer: str, edition: Edition) -> None:
    view = View("demo", layer=layer, indicator="child_dentists_per_1000" if layer == "indicator" else "")
    pdf = PdfReader(io.BytesIO(pdf_bytes(edition, view)))
    root: Any = pdf.trailer["/Root"]
    table = inside(root["/StructTreeRoot"]["/K"], "/Table")[-1]
    here = [site for site in edition.sites() if site["inside"]]
    assert len(inside(table, "/TR")) - 1 == (len(here) if layer == "sites" else edition.count)
    first = {"access": "Worst access first.", "imd": "Most deprived first.", "sites": ""}
    assert first.get(layer, "Greatest need first.") in text_of(pdf)


def test_within_a_footprint_only_its_neighbourhoods_are_listed(edition: Edition) -> None:
    team = edition.footprints("team")[0]
    view = View("demo", within=f"team:{team['name']}")
    text = text_of(PdfReader(io.BytesIO(pdf_bytes(edition, view))))
    inside_codes = set(edition.codes[edition.rows_within(view.within)])
    assert {code for code in edition.codes if code in text} == inside_codes
    assert team["name"] in text
    assert len(score(edition, view)) == len(inside_codes)


def test_it_is_served_under_its_name(served: Served, edition: Edition) -> None:
    answer = served.get("/downloads/demo/targeting.pdf?rho=2")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert f"rho2_{edition.id}.pdf" in answer.headers["content-disposition"]
    assert answer.content == pdf_bytes(edition, View("demo", rho=2.0))
    again = served.get("/downloads/demo/targeting.pdf?rho=2", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_csv_for_excel_is_served_under_an_address_of_its_own(served: Served) -> None:
    plain, marked = (served.get(f"/downloads/demo/targeting{kind}") for kind in (".csv", ".excel.csv"))
    assert marked.status_code == 200
    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked.headers["etag"] != plain.headers["etag"]
    assert ".excel.csv" in marked.headers["content-disposition"]
    assert served.get("/downloads/demo/targeting.excel.csv?excel=1").status_code == 422
    assert served.get("/downloads/demo/nothing.excel.csv").status_code == 404
