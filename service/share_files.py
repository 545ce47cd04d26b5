"""A share-out as a table: what CSV, XLSX and JSON carry, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from service.downloads import csv_bytes, csv_metadata, put
from service.features import view_facts
from service.file_table import Column, Table, dial_facts, facts_of
from service.scoring import METHOD_VERSION
from service.share_designs import Design, designs
from service.share_outs import Receiver, SharedBudget, certificate_bytes, certificate_of
from service.share_words import amount_words, notes, recipients_words, sentences, warnings

COLUMNS: tuple[tuple[str, str, int, Callable[[Receiver], Any]], ...] = (
    ("recipient", "Code of the recipient: LSOA, ward, MSOA or team area", 0, lambda r: r.share.code),
    ("name", "Name of the recipient", 0, lambda r: r.name),
    ("eligible", "People of the ages the focus is about", 1, lambda r: _number(r.share.people)),
    ("need_position", "Need position, 0 to 1; 1 is the greatest need", 3, lambda r: _number(r.share.position)),
    ("targeting_score", "Planned share per head; 1 is the average", 2, lambda r: _number(r.share.multiple)),
    ("quota", "What is due before rounding to units, with any minimum", 2, lambda r: _number(r.share.quota)),
    ("amount", "What the recipient gets; the amounts add up to the budget", 2, lambda r: _number(r.share.amount)),
    ("achieved", "Share per head of the amount; 1 is the average", 2, lambda r: _number(r.share.achieved)),
)  # fmt: skip
TEXTS = ("recipient", "name")


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def share_table(shared: SharedBudget) -> Table:
    """Collect the recipients as the columns of a file, greatest need first."""
    columns = [
        Column(name, about, "text" if name in TEXTS else "number", [value(row) for row in shared.receivers], decimals)
        for name, about, decimals, value in COLUMNS
    ]
    facts = facts_of(shared.edition, shared.view.but(layer="targeting")) | dial_facts(shared.scores)
    title = f"{facts['title']}: {amount_words(shared, float(shared.share.budget))} shared out"
    said = [*sentences(shared), *warnings(shared), *notes(shared)]
    request = shared.request.parameters() | {"unit": shared.request.unit, "over": shared.request.over}
    return Table(
        columns,
        {**facts, "title": title, "share_out": said, "request": request, "rows": "recipients", "sheet": "Share-out"},
        None,
    )


def write_share(shared: SharedBudget, path: Path) -> None:
    """Write the recipients to a ``.csv`` (with ``FILE-metadata.json`` beside it) or ``.xlsx`` file."""
    table = share_table(shared)
    if path.suffix.lower() == ".xlsx":
        from service.spreadsheet import xlsx_bytes

        put(path, xlsx_bytes(table))
    else:
        put(path, csv_bytes(table))
        put(path.with_name(f"{path.name}-metadata.json"), csv_metadata(table, path.name))


def write_certificate(shared: SharedBudget, path: Path) -> None:
    """Write the certificate of a share-out."""
    put(path, certificate_bytes(shared))


def share_answer(shared: SharedBudget) -> dict[str, Any]:
    """Return the share-out for programs: view, recipients, summary and certificate."""
    table = share_table(shared)
    rows = zip(*(column.values for column in table.columns), strict=True)
    names = [column.name for column in table.columns]
    return {
        **view_facts(shared.edition, shared.view.but(layer="targeting")),
        "recipients": [dict(zip(names, row, strict=True)) for row in rows],
        "summary": share_summary(shared),
        "certificate": certificate_of(shared),
    }


def share_summary(shared: SharedBudget) -> dict[str, Any]:
    """Sum a share-out up: budget, least, most and ratio as planned and achieved, who gets nothing, the designs."""
    share = shared.share
    return {
        "budget": float(share.budget),
        "unit": shared.request.unit,
        "over": shared.request.over,
        "minimum": float(shared.request.minimum),
        "recipients": recipients_words(shared),
        "eligible": float(shared.people),
        "average_per_head": float(shared.average),
        "planned": {name: _number(value) for name, value in share.planned._asdict().items()},
        "achieved": {name: _number(value) for name, value in share.achieved._asdict().items()},
        "below_one_unit": share.below_one_unit,
        "recipients_with_nothing": len(share.with_nothing),
        "people_with_nothing": float(share.people_with_nothing),
        "left_out": list(shared.left_out),
        "sentences": sentences(shared),
        "warnings": warnings(shared),
        "notes": notes(shared),
        "designs": [_design(design) for design in designs(shared)],
    }


def _design(design: Design) -> dict[str, Any]:
    return {
        "id": design.id,
        "name": design.name,
        "by_need_fifth": list(design.by_fifth) or None,
        "without_need_score": design.no_score,
        "top_fifth_share": design.top_fifth_share,
        "people_with_nothing": design.people_with_nothing,
    }


def answer_key(shared_from: str, edition: str, query: str) -> str:
    """Everything that an answer about a share-out depends on."""
    return " ".join(("share-out", shared_from, edition, METHOD_VERSION, query))
