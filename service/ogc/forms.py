"""In which form a document is wanted: by ``f``, else by ``Accept``, else as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.queries import BadQuery

KINDS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/*": "html",
    "application/json": "json",
    "application/geo+json": "json",
    "application/schema+json": "json",
    "application/vnd.oai.openapi+json": "json",
    "application/openapi+json": "json",
    "application/*": "json",
    "*/*": "json",
}
USUAL = "json"
NEWER = "openapi31"
REMEMBERED = 64  # headers; the shield lets none in that is long


def choose_form(given: Mapping[str, str], accept: str, forms: Sequence[str] = ("json", "html")) -> str:
    """Choose the form of an answer.

    Parameters
    ----------
    given : mapping
        Parameters of the address.
    accept : str
        The header ``Accept``; what it names is only a wish, and JSON is given where none of it can be.
    forms : sequence of str
        Those there are.

    Raises
    ------
    BadQuery
        If ``f`` names another form.
    """
    if "f" in given:
        if given["f"] not in forms:
            raise BadQuery("f", f"f is {given['f'][:40]!r}.", hint=f"Give {' or '.join(forms)}.")
        return given["f"]
    best, wish = 0.0, USUAL
    for part in accept.lower().split(","):
        kind, *options = (piece.strip() for piece in part.split(";"))
        form = KINDS.get(kind, "")
        form = NEWER if form == "json" and "version=3.1" in options else form
        quality = _quality(options)
        if form in forms and quality > best:
            best, wish = quality, form
    return wish


def _quality(options: Sequence[str]) -> float:
    text = next((option[2:] for option in options if option.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


@lru_cache(REMEMBERED)
def form_accepted(accept: str) -> str:
    """Choose by ``Accept`` alone; see `choose_form`."""
    return choose_form({}, accept)
