"""One A4 in PDF: headings, sentences, tables, tagged in reading order, in a language and with a title."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences

from service.files.letters import BOLD, FONT, REGULAR, font_folder, printable

MARGIN = 12.0  # millimetres, as everything here
WIDTH, HEIGHT = 210.0, 297.0
INK, QUIET, LINE = (11, 12, 12), (72, 79, 85), (177, 180, 182)
BODY, SMALL, FOOT = 9.0, 7.0, 6.2  # points
ROW, ROOMY_ROW = 3.75, 5.2
GAP = 6.0
LEADING = 0.46  # of a line, in millimetres for each point
SHORTEST = 12  # letters of a name that must stay before the bracket is shortened too
FULL = WIDTH - 2 * MARGIN
HALF = (FULL - GAP) / 2


class Sheet(FPDF):
    """One A4 that tags what it writes and never breaks into a second page.

    Attributes
    ----------
    roomy : bool
        Rows of tables are larger.
    """

    roomy = False

    def __init__(self, *, title: str, subject: str, edition: str) -> None:
        super().__init__(format="A4", unit="mm")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.set_lang("en-GB")
        self.set_title(title)
        self.set_author("Evenreach")
        self.set_subject(subject)
        self.set_creation_date(datetime.datetime.fromisoformat(f"{edition[:10]}T00:00:00+00:00"))
        self.set_display_mode("fullpage", "single")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        for style, face in (("", REGULAR), ("B", BOLD)):
            self.add_font(FONT, style, font_folder() / face)
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
        self.set_font(FONT, "B", size)
        with self.tagged(kind):
            self.multi_cell(0, size * LEADING, printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.ln(0.8)

    def sentence(self, text: str, *, size: float = BODY, bold: bool = False, bullet: bool = False) -> None:
        """Write a sentence over the width of the page."""
        self.set_font(FONT, "B" if bold else "", size)
        with self.tagged("P"):
            if bullet:
                self.cell(3.5, size * LEADING, "•")
            self.multi_cell(0, size * LEADING, printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")

    def row(self, cells: Sequence[str], widths: Sequence[float], *, left: float = MARGIN, bold: bool = False) -> None:
        """Write one row of a table: the first cell to the left, the others to the right, one line beneath."""
        self.set_font(FONT, "B" if bold else "", BODY if self.roomy else SMALL)
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
        self.set_font(FONT, "B", size)
        lines = [
            self.multi_cell(width, text=printable(text), dry_run=True, output="LINES")
            for text, width in zip(cells, widths, strict=True)
        ]
        most, top, left = max(len(found) for found in lines if isinstance(found, list)), self.y, MARGIN
        with self.tagged("P"):
            for number, (text, width) in enumerate(zip(cells, widths, strict=True)):
                self.set_xy(left, top)
                self.multi_cell(width, size * LEADING, printable(text), align="R" if number else "L")
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
        self.set_font(FONT, "", FOOT)
        lines = [self.multi_cell(0, text=printable(text), dry_run=True, output="LINES") for text in texts]
        return sum(len(found) for found in lines if isinstance(found, list)) * FOOT * LEADING

    def write_foot(self, texts: Sequence[str]) -> None:
        """Write the lines at the foot of the page, in quiet letters."""
        self.y = HEIGHT - MARGIN - self.height_of(texts)
        self.set_text_color(*QUIET)
        for text in texts:
            self.sentence(text, size=FOOT)

    def line_under(self, start: float, end: float) -> None:
        """Draw the line beneath a row; for the eye alone."""
        self._out("/Artifact BMC")
        self.line(start, self.y + self.row_height, end, self.y + self.row_height)
        self._out("EMC")

    def cut(self, text: str, width: float) -> str:
        """Shorten a text to a width: of ``Name (Code)`` first the name, and of the code only what stands before it."""
        text = printable(text)
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
