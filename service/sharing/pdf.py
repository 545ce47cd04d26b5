"""A share-out as one A4 in PDF: what it means, who gets what, the other designs, the certificate's digest.

Headings and lines are tagged in reading order, and the document has a language and a title. Its letters are those of
Western Europe; a name with others is written with the nearest there are.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences

from service.editions.scoring import METHOD_VERSION
from service.pages.planner import area_name
from service.pages.share_out import result_of
from service.sharing.share_outs import SharedBudget
from service.sharing.words import amount_words

MARGIN = 12.0  # millimetres, as everything here
WIDTH, HEIGHT = 210.0, 297.0
INK, QUIET, LINE = (11, 12, 12), (72, 79, 85), (177, 180, 182)
BODY, SMALL, FOOT = 9.0, 7.0, 6.2  # points
ROW, ROOMY_ROW, ROOMY = 3.75, 5.2, 20  # so many recipients or fewer stand in larger letters
GAP = 6.0
LEADING = 0.46  # of a line, in millimetres for each point
LETTERS = "cp1252"
DESIGN = 27.0
SHORTEST = 12  # letters of a name that must stay before the bracket is shortened too
FULL = WIDTH - 2 * MARGIN
HALF = (FULL - GAP) / 2


def pdf_bytes(shared: SharedBudget, *, link: str = "") -> bytes:
    """Draw the page.

    Parameters
    ----------
    shared : SharedBudget
        A budget shared out.
    link : str
        Where it can be opened again; may be empty.

    Returns
    -------
    bytes
        One A4; the same share-out gives the same bytes.
    """
    sheet = Sheet(shared)
    result = result_of(shared, "")
    sheet.heading("H1", f"Share-out of {result['of_total']} in {area_name(shared.edition, shared.view)}", 15)
    if shared.edition.place.get("fictional"):
        sheet.sentence("This place is fictional: its names, people and figures are made up.", size=SMALL)
    sheet.sentence(f"{result['focus_title']}, {result['rule']}.", bold=True)
    for sentence in [*result["sentences"], *result["warnings"]]:
        sheet.sentence(sentence, bullet=True)
    foot = _foot(shared, result["digest"], link)
    sheet.roomy = len(shared.receivers) <= ROOMY
    _designs(sheet, result)
    _amounts(sheet, shared, result, HEIGHT - MARGIN - sheet.height_of(foot))
    _write_foot(sheet, foot)
    return bytes(sheet.output())


class Sheet(FPDF):
    """One A4 that tags what it writes and never breaks into a second page.

    Attributes
    ----------
    roomy : bool
        Rows of tables are larger.
    """

    roomy = False

    def __init__(self, shared: SharedBudget) -> None:
        super().__init__(format="A4", unit="mm")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.set_lang("en-GB")
        title = f"Share-out of a budget in {area_name(shared.edition, shared.view)}"
        self.set_title(title)
        self.set_author("Evenreach")
        self.set_subject(shared.edition.focuses[shared.view.focus]["title"])
        self.set_creation_date(datetime.datetime.fromisoformat(f"{shared.edition.id[:10]}T00:00:00+00:00"))
        self.set_display_mode("fullpage", "single")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.core_fonts_encoding = LETTERS
        self.add_page()
        self.set_text_color(*INK)

    @contextmanager
    def tagged(self, kind: str) -> Iterator[None]:
        """Mark what is written within as one element of the document: H1, H2, P."""
        with self._marked_sequence() as element:  # fpdf2 tags figures alone by itself
            element.s = f"/{kind}"
            yield

    def heading(self, kind: str, text: str, size: float) -> None:
        """Write a heading."""
        self.ln(1.2)
        self.set_font("Helvetica", "B", size)
        with self.tagged(kind):
            self.multi_cell(0, size * LEADING, plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.ln(0.8)

    def sentence(self, text: str, *, size: float = BODY, bold: bool = False, bullet: bool = False) -> None:
        """Write a sentence over the width of the page."""
        self.set_font("Helvetica", "B" if bold else "", size)
        with self.tagged("P"):
            if bullet:
                self.cell(3.5, size * LEADING, "•")
            self.multi_cell(0, size * LEADING, plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")

    def row(self, cells: Sequence[str], widths: Sequence[float], *, left: float = MARGIN, bold: bool = False) -> None:
        """Write one row of a table: the first cell to the left, the others to the right, one line beneath."""
        self.set_font("Helvetica", "B" if bold else "", BODY if self.roomy else SMALL)
        self.set_x(left)
        with self.tagged("P"):
            for number, (text, width) in enumerate(zip(cells, widths, strict=True)):
                self.cell(width, self.row_height, self.cut(text, width), align="R" if number else "L")
        self.set_draw_color(*LINE)
        self.set_line_width(0.1)
        self.line_under(left, left + sum(widths))
        self.ln(self.row_height)

    def heads(self, cells: Sequence[str], widths: Sequence[float]) -> None:
        """Write the heads of a table in full, over as many lines as they need."""
        size = BODY if self.roomy else SMALL
        self.set_font("Helvetica", "B", size)
        lines = [
            self.multi_cell(width, text=plain(text), dry_run=True, output="LINES")
            for text, width in zip(cells, widths, strict=True)
        ]
        most, top, left = max(len(found) for found in lines if isinstance(found, list)), self.y, MARGIN
        with self.tagged("P"):
            for number, (text, width) in enumerate(zip(cells, widths, strict=True)):
                self.set_xy(left, top)
                self.multi_cell(width, size * LEADING, plain(text), align="R" if number else "L")
                left += width
        self.set_xy(MARGIN, top + most * size * LEADING + 0.6 - self.row_height)
        self.set_draw_color(*LINE)
        self.set_line_width(0.1)
        self.line_under(MARGIN, MARGIN + sum(widths))
        self.ln(self.row_height)

    @property
    def row_height(self) -> float:
        """Height of a row of a table."""
        return ROOMY_ROW if self.roomy else ROW

    def height_of(self, texts: Sequence[str]) -> float:
        """Height of the lines at the foot."""
        self.set_font("Helvetica", "", FOOT)
        lines = [self.multi_cell(0, text=plain(text), dry_run=True, output="LINES") for text in texts]
        return sum(len(found) for found in lines if isinstance(found, list)) * FOOT * LEADING

    def line_under(self, start: float, end: float) -> None:
        """Draw the line beneath a row; for the eye alone."""
        self._out("/Artifact BMC")
        self.line(start, self.y + self.row_height, end, self.y + self.row_height)
        self._out("EMC")

    def cut(self, text: str, width: float) -> str:
        """Shorten a text to a width: of ``Name (Code)`` first the name, and of the code only what stands before it."""
        text = plain(text)
        name, bracket, code = text.rpartition(" (")
        if bracket and code.endswith(")"):
            while len(name) > SHORTEST and self.get_string_width(f"{name} ({code}") > width - 1.5:
                name = name[:-2].rstrip(" .") + "."
            while " " in code and self.get_string_width(f"{name} ({code}") > width - 1.5:
                code = code.partition(" ")[2]  # the words of the council's name, never its number
            while len(name) > 1 and self.get_string_width(f"{name} ({code}") > width - 1.5:
                name = name[:-2].rstrip(" .") + "."
            return f"{name} ({code}"
        while len(text) > 4 and self.get_string_width(text) > width - 1.5:
            text = text[:-2].rstrip(" .") + "."
        return text


def plain(text: str) -> str:
    """Write a text in the letters of the page: accents they lack fall away, other signs are question marks."""
    found = []
    for sign in text:
        for form in (sign, unicodedata.normalize("NFKD", sign)[:1]):
            if form.encode(LETTERS, "ignore"):
                found.append(form)
                break
        else:
            found.append("?")
    return "".join(found)


def _designs(sheet: Sheet, result: dict[str, Any]) -> None:
    """Put the ways to spend the same money beside each other."""
    made = result["designs"]
    sheet.heading("H2", "Other ways to spend the same money", 10.5)
    widths = [FULL - 4 * DESIGN, *[DESIGN] * 4]
    sheet.heads(["What each need fifth gets", *made["names"]], widths)
    for label, cells in made["rows"]:
        sheet.row([label, *cells], widths)
    said = [f"In need: {made['in_need']}.", result["spread"], *result["reach_notes"]]
    sheet.sentence(" ".join([*said, "Places are deprived, people are not."]), size=SMALL)


def _amounts(sheet: Sheet, shared: SharedBudget, result: dict[str, Any], bottom: float) -> None:
    """List who gets what: all figures in one column where there is room, else name, people and amount in two."""
    rows = result["rows"]
    sheet.heading("H2", "Who gets what, greatest need first", 10.5)
    for note in result["table_notes"]:
        sheet.sentence(note, size=SMALL)
    if not _fits(sheet, shared, bottom):
        sheet.roomy = False
    room = max(int((bottom - sheet.y) / sheet.row_height) - 4, 1)  # heading, what is left over, total, air
    noun = result["noun"][:1].upper() + result["noun"][1:]
    if len(shared.receivers) <= room:
        widths = [FULL - 4 * 27, *[27] * 4]
        heads = [noun, "Eligible people", "Planned a head", "Given a head", "Amount"]
        sheet.row(heads, widths, bold=True)
        for row in rows:
            sheet.row([row["name"], row["people"], row["multiple"], row["achieved"], row["amount"]], widths)
    else:
        room = min(room, -(-len(rows) // 2))  # halves, not a full column and what is left
        _two_columns(sheet, rows[: 2 * room], noun, room)
        rest = shared.receivers[2 * room :]
        if rest:
            left = amount_words(shared, float(sum(each.share.amount for each in rest)))
            sheet.row([f"{len(rest):,} more, listed in the CSV file and the certificate", left], [FULL - 27, 27])
    sheet.row([f"All {result['nouns']}: {result['people']} people", result["total"]], [FULL - 40, 40], bold=True)


def _fits(sheet: Sheet, shared: SharedBudget, bottom: float) -> bool:
    return len(shared.receivers) <= int((bottom - sheet.y) / sheet.row_height) - 4


def _two_columns(sheet: Sheet, rows: list[dict[str, Any]], noun: str, room: int) -> None:
    """Write the first half to the left, then the rest to the right."""
    widths = [HALF - 2 * 20, 20, 20]
    top = sheet.y
    for number, left in enumerate((MARGIN, MARGIN + HALF + GAP)):
        sheet.y = top
        sheet.row([noun, "People", "Amount"], widths, left=left, bold=True)
        for row in rows[number * room : (number + 1) * room]:
            sheet.row([row["name"], row["people"], row["amount"]], widths, left=left)
    sheet.y = top + (room + 1) * sheet.row_height


def _foot(shared: SharedBudget, digest: str, link: str) -> list[str]:
    """Say how to open it again, how to check it, and where the figures come from."""
    return [
        *([f"Opens again at: {link}"] if link else []),
        f"Certificate: {digest}. evenreach verify FILE checks it; it shows no change since, not who wrote it.",
        f"Data edition {shared.edition.id}, method version {METHOD_VERSION}.",
        " ".join(shared.edition.attribution()),
    ]


def _write_foot(sheet: Sheet, texts: Sequence[str]) -> None:
    sheet.y = HEIGHT - MARGIN - sheet.height_of(texts)
    sheet.set_text_color(*QUIET)
    for text in texts:
        sheet.sentence(text, size=FOOT)
