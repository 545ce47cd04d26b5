"""A share-out as one A4 in PDF: what it means, who gets what, the other designs, the certificate's digest."""

from __future__ import annotations

from typing import Any

from service.editions.scoring import METHOD_VERSION
from service.files.a4 import FULL, GAP, HALF, HEIGHT, MARGIN, SMALL, Sheet
from service.pages.planner import area_name
from service.pages.share_out import result_of
from service.sharing.share_outs import SharedBudget
from service.sharing.words import amount_words

ROOMY = 20  # so many recipients or fewer stand in larger letters
DESIGN = 27.0


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
    sheet = Sheet(
        title=f"Share-out of a budget in {area_name(shared.edition, shared.view)}",
        subject=shared.edition.focuses[shared.view.focus]["title"],
        edition=shared.edition.id,
    )
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
    sheet.write_foot(foot)
    return bytes(sheet.output())


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
