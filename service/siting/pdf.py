"""A plan of sites as one A4 in PDF: what to do, what it changes for whom, and how the other candidates compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.editions.edition import Edition
from service.editions.scoring import METHOD_VERSION
from service.editions.views import View
from service.files.a4 import FULL, HEIGHT, LEADING, MARGIN, SMALL, Sheet
from service.files.letters import FONT, printable
from service.pages.siting_result import result_of
from service.pages.wording import credits_once
from service.siting.plan_tables import title_of

CHANGED = (
    ("losers", "A longer journey, the greatest change first"),
    ("gainers", "A shorter journey, the greatest change first"),
)
RIVALS = "The rivals: each candidate in its best plan"
LEAST_ROWS, MOST_NAMED = 3, 10
FIGURE = 24.0
RANK = 17.0


def pdf_bytes(edition: Edition, view: View, plan: dict[str, Any], *, link: str = "") -> bytes:
    """Draw the page.

    Parameters
    ----------
    edition, view : Edition, View
        What the plan was made on.
    plan : dict
        As `service.siting.plans.plan_sites` gives it.
    link : str
        Where it can be opened again; may be empty.

    Returns
    -------
    bytes
        One A4; the same plan gives the same bytes.
    """
    title = title_of(plan)
    sheet = Sheet(title=title, subject=edition.focuses[view.focus]["title"], edition=edition.id)
    result = result_of(plan, minutes=plan["request"]["minutes"], public_url="")
    sheet.heading("H1", title, 15)
    if plan["fictional"]:
        sheet.sentence("This place is fictional: its names, people and figures are made up.", size=SMALL)
    sheet.sentence(result["aim"], bold=True)
    for sentence in filter(None, [*result["sentences"], result["proof"], f"{result['basis']}."]):
        sheet.sentence(sentence, bullet=True)
    foot = _foot(plan, edition, link)
    _measures(sheet, result)
    _fifths(sheet, result)
    bottom = HEIGHT - MARGIN - sheet.height_of(foot) - _height_of_notes(sheet, plan)
    _compared(sheet, plan, result, bottom)
    sheet.ln(1.2)
    sheet.sentence(_notes(plan), size=SMALL)
    sheet.write_foot(foot)
    return bytes(sheet.output())


def _measures(sheet: Sheet, result: dict[str, Any]) -> None:
    """Put today and the plan beside each other."""
    sheet.heading("H2", "Before and after", 10.5)
    widths = [FULL - 3 * 32, 32, 32, 32]
    sheet.row(["", "Before", "After", "Change"], widths, bold=True)
    for row in result["measures"]:
        sheet.row([row["name"], row["before"], row["after"], row["change"]], widths)


def _fifths(sheet: Sheet, result: dict[str, Any]) -> None:
    """Say what changes for each need fifth."""
    sheet.heading("H2", "By need: fifths of neighbourhoods", 10.5)
    widths = [FULL - 6 * FIGURE, *[FIGURE] * 6]
    reach = result["reach"]
    heads = ["Need fifth", "People", "Before (min)", "After (min)", "Change", f"{reach}, before", "After"]
    sheet.heads(heads, widths)
    names = ("name", "people", "before", "after", "change", "within_before", "within_after")
    for row in result["fifths"]:
        sheet.row([row[name] for name in names], widths)


def _compared(sheet: Sheet, plan: dict[str, Any], result: dict[str, Any], bottom: float) -> None:
    """List losers, gainers and candidates, as many as there is room for."""
    parts: list[tuple[str, list[str], list[float], list[list[str]], int]] = []
    widths = [FULL - 4 * FIGURE, *[FIGURE] * 4]
    heads = ["Neighbourhood", "People", "Before (min)", "After (min)", "Change"]
    for name, title in CHANGED:
        rows = [
            [f"{row['name']} ({row['lsoa_name']})", row["people"], row["before"], row["after"], row["change"]]
            for row in result[name][:MOST_NAMED]
        ]
        parts.append((title, heads, widths, rows, len(plan[name])))
    rivals = [
        [f"{row['name']}{' – chosen' if row['chosen'] else ''}", row["mean_min"], row["worst_fifth_mean_min"],
         *row["ranks"]]
        for row in result["rivals"]
    ]  # fmt: skip
    ranks = [f"Rank: {title.lower()}" for title in result["rank_titles"]]
    wide = [FULL - 2 * FIGURE - 4 * RANK, FIGURE, FIGURE, *[RANK] * 4]
    parts.append((RIVALS, ["Candidate", "Average", "Greatest need", *ranks], wide, rivals, len(plan["rivals"])))
    if result["price"]["sentence"]:
        sheet.ln(1.2)
        sheet.sentence(result["price"]["sentence"])
    _write_parts(sheet, [part for part in parts if part[3]], bottom)
    _groups(sheet, result, bottom)


def _write_parts(
    sheet: Sheet, parts: Sequence[tuple[str, list[str], list[float], list[list[str]], int]], bottom: float
) -> None:
    """Write tables one below the other; each gets its part of the room that is left."""
    for number, (title, heads, widths, rows, total) in enumerate(parts):
        room = (bottom - sheet.y) / (len(parts) - number)
        most = max(int(room / sheet.row_height) - 5, LEAST_ROWS)  # heading, heads, and what is left over
        sheet.heading("H2", title, 10.5)
        sheet.heads(heads, widths)
        for row in rows[:most]:
            sheet.row(row, widths)
        left = total - min(len(rows), most)
        if left:
            sheet.row([f"{left:,} more, listed in the files", *[""] * (len(widths) - 1)], widths)


def _groups(sheet: Sheet, result: dict[str, Any], bottom: float) -> None:
    """Say what changes for each group, where there is room for all of them."""
    count = sum(len(kind["rows"]) for kind in result["groups"])
    if not count or (bottom - sheet.y) / sheet.row_height < count + 4:
        return
    sheet.heading("H2", "By group, by where people live, not by person", 10.5)
    widths = [FULL - 4 * FIGURE, *[FIGURE] * 4]
    sheet.row(["Group", "People", "Before (min)", "After (min)", "Change"], widths, bold=True)
    for kind in result["groups"]:
        for row in kind["rows"]:
            sheet.row([row[name] for name in ("name", "people", "before", "after", "change")], widths)


def _notes(plan: dict[str, Any]) -> str:
    return " ".join([*plan["notes"], "Places are deprived, people are not."])


def _height_of_notes(sheet: Sheet, plan: dict[str, Any]) -> float:
    sheet.set_font(FONT, "", SMALL)
    lines = sheet.multi_cell(0, text=printable(_notes(plan)), dry_run=True, output="LINES")
    return (len(lines) if isinstance(lines, list) else 0) * SMALL * LEADING + 3.0


def _foot(plan: dict[str, Any], edition: Edition, link: str) -> list[str]:
    """Say how to open it again, and where the figures come from; without the site's name where it is not known."""
    opens = link or (f"/places/{plan['place']}/siting?{plan['query']} on this website" if plan["query"] else "")
    return [
        *([f"Opens again at: {opens}"] if opens else []),
        f"Data edition {edition.id}, method version {METHOD_VERSION}.",
        " ".join(credits_once(plan["attribution"])),
    ]
