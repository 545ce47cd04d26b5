"""The few choices of whoever embeds a map, beside the view itself: a heading, the table, the legend."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from service.queries import BadQuery

TITLE_LENGTH = 120
TITLE = rf"[^\x00-\x1f\x7f]{{1,{TITLE_LENGTH}}}"
TABLES = {"closed": "Closed at first", "open": "Open"}
LEGENDS = {"beside": "Beside the map", "below": "Below the map"}


@dataclass(frozen=True)
class EmbedOptions:
    """How an embed looks.

    Attributes
    ----------
    title : str
        Heading in the words of the page it stands in; that of the layer when empty. Always plain text.
    table : {"closed", "open"}
        Whether the table of the same figures is unfolded at first. It is never left out.
    legend : {"beside", "below"}
        Where the legend stands in a wide frame.
    """

    title: str = ""
    table: str = "closed"
    legend: str = "beside"

    def words(self) -> dict[str, str]:
        """Give the options that differ from the usual, as an address carries them."""
        usual = EmbedOptions()
        return {name: value for name, value in vars(self).items() if value != getattr(usual, name)}


def read_options(title: str = "", table: str = "", legend: str = "") -> EmbedOptions:
    """Read the options of an embed; empty means usual.

    Raises
    ------
    BadQuery
        If the title is longer than 120 characters or is no line of text, or a word is not known.
    """
    return EmbedOptions(
        title=_read_title(title),
        table=_read_word("table", table, TABLES),
        legend=_read_word("legend", legend, LEGENDS),
    )


def _read_title(text: str) -> str:
    wanted = f"Give one line of at most {TITLE_LENGTH} characters."
    if len(text) > TITLE_LENGTH:
        raise BadQuery("title", f"title has {len(text)} characters.", hint=wanted)
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in text):
        raise BadQuery("title", "title holds a sign that is not text.", hint=wanted)
    return " ".join(text.split())


def _read_word(parameter: str, text: str, known: dict[str, str]) -> str:
    if text and text not in known:
        raise BadQuery(
            parameter, f"{parameter} is {text[:80]!r}.", hint=f"Give one of {', '.join(known)}, or leave it out."
        )
    return text or next(iter(known))
